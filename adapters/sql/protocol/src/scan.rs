//! Reading and writing the simple pieces of a payload.
//!
//! **Invariant.** A scan never reads behind the end of its payload, and a count is never believed before the bytes
//! that it announces are there.

use std::fmt;

/// A payload that breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong: lower case, no payload.
    pub what: &'static str,
    /// The byte of the payload.
    pub at: usize,
}

/// Reads a payload from its beginning to its end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn wrong(&self, what: &'static str) -> Malformed {
        Malformed { what, at: self.at }
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        if length > self.left() {
            return Err(self.wrong("the payload ends too early"));
        }
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes were taken as the array has"))
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong("a flag is neither 0 nor 1")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Malformed> {
        let at = self.at;
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed { what: "a text is no UTF-8", at })
    }

    pub(crate) fn owned(&mut self) -> Result<String, Malformed> {
        self.text().map(str::to_owned)
    }

    /// Reads a u16 count and as many items.
    pub(crate) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let count = self.u16()?;
        // Every item has at least one byte: a count that lies allocates no more than the payload is long.
        let mut items = Vec::with_capacity(usize::from(count).min(self.left()));
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        match self.left() {
            0 => Ok(()),
            _ => Err(self.wrong("the payload does not end where it should")),
        }
    }
}

/// Writes a u32 length and the bytes.
pub(crate) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&saturated(bytes.len()).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// Writes a text.
pub(crate) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_bytes(out, text.as_bytes());
}

/// Writes a u16 count and the items.
///
/// A list that is longer than the count can say is a mistake of the caller that the other side refuses: the count
/// then says 65,535 and the payload does not end where it should.
pub(crate) fn put_list<T>(out: &mut Vec<u8>, items: &[T], mut item: impl FnMut(&mut Vec<u8>, &T)) {
    let count = u16::try_from(items.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&count.to_le_bytes());
    for one in items {
        item(out, one);
    }
}

/// A length as it stands in a frame; one that does not fit makes a frame that is refused for its size.
pub(crate) fn saturated(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for Malformed {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_lies_is_refused_where_it_stands() {
        let mut scan = Scan::new(&[255, 255, 255, 255, b'a']);
        assert_eq!(scan.text(), Err(Malformed { what: "the payload ends too early", at: 4 }));
        let mut scan = Scan::new(&[1, 0, 0, 0, 0xFF]);
        assert_eq!(scan.text(), Err(Malformed { what: "a text is no UTF-8", at: 0 }));
        assert_eq!(Scan::new(&[2]).flag().map_err(|wrong| wrong.at), Err(1));
        let mut scan = Scan::new(&[255, 255, 1]);
        assert!(scan.list(Scan::u8).is_err());
    }
}
