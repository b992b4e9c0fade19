//! Unpacks gzip piece by piece.
//!
//! **Invariant.** One step gives a bounded amount, so that a limit is met long before memory is.

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;
use std::io::{self, Write};

/// A step stops once it has this many bytes. The decoder adds at most its own buffer of 32 KiB.
const STEP_BYTES: usize = 32 << 10;

/// A gzip stream that is being unpacked.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Bytes,
    begun: bool,
}

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed: Bytes::new(), begun: false }
    }

    /// Takes the next packed piece. All of the one before has been pulled out.
    pub(crate) fn push(&mut self, packed: Bytes) {
        self.begun |= !packed.is_empty();
        self.packed = packed;
    }

    /// Unpacks up to a step's worth; nothing when more input is needed.
    ///
    /// # Errors
    /// What was pushed is no gzip.
    pub(crate) fn pull(&mut self) -> io::Result<Option<Bytes>> {
        while !self.packed.is_empty() && self.decoder.get_ref().len() < STEP_BYTES {
            let taken = self.decoder.write(&self.packed)?;
            if taken == 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.packed.advance(taken);
        }
        Ok(self.unpacked())
    }

    /// Unpacks what is left and checks length and checksum. An empty body is an empty body.
    ///
    /// # Errors
    /// The stream is cut off, or its checksum is wrong.
    pub(crate) fn finish(&mut self) -> io::Result<Option<Bytes>> {
        if self.begun {
            self.decoder.try_finish()?;
        }
        Ok(self.unpacked())
    }

    fn unpacked(&mut self) -> Option<Bytes> {
        let out = std::mem::take(self.decoder.get_mut());
        (!out.is_empty()).then(|| out.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    #[test]
    fn a_step_is_bounded_however_well_the_input_was_packed() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&vec![b'x'; 8 << 20]).unwrap();
        let mut gunzip = Gunzip::new();
        gunzip.push(encoder.finish().unwrap().into());
        let (mut steps, mut total) = (0, 0);
        while let Some(piece) = gunzip.pull().unwrap() {
            assert!(piece.len() <= 3 * STEP_BYTES, "{}", piece.len());
            (steps, total) = (steps + 1, total + piece.len());
        }
        total += gunzip.finish().unwrap().map_or(0, |rest| rest.len());
        assert_eq!(total, 8 << 20);
        assert!(steps > 80, "{steps}");
    }
}
