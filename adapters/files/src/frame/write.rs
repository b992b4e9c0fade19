//! Frames records: the inverse of reading them.
//!
//! **Invariant.** What is written is read again as the same records, or is refused.

use super::{Framing, Rdw, Skip};

/// Most bytes of a block, as on the host.
const BLOCK_MAX: usize = 32_760;
/// Bytes of a descriptor word.
const WORD: usize = 4;

/// Writes records one behind the other.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    framing: &'a Framing,
    skip: Skip,
    out: Vec<u8>,
    block: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// Starts a file.
    pub(crate) fn new(framing: &'a Framing, skip: Skip) -> Self {
        Self { framing, skip, out: vec![0; skip.head as usize], block: Vec::new() }
    }

    /// Appends a record. Bytes that are skipped when it is read are written as zeros.
    ///
    /// # Errors
    /// In words: a record that this framing cannot hold.
    pub(crate) fn push(&mut self, record: &[u8]) -> Result<(), String> {
        let (before, after) = (self.skip.before as usize, self.skip.after as usize);
        if before + after == 0 {
            return self.frame(record);
        }
        let mut whole = vec![0; before];
        whole.extend_from_slice(record);
        whole.resize(whole.len() + after, 0);
        self.frame(&whole)
    }

    fn frame(&mut self, record: &[u8]) -> Result<(), String> {
        match self.framing {
            Framing::Lines(ending) => {
                self.out.extend_from_slice(record);
                self.out.extend_from_slice(ending.bytes());
            }
            Framing::Fixed(length) if record.len() != *length as usize => {
                return Err(format!("the record has {} bytes, and a record has {length}", record.len()));
            }
            Framing::Fixed(_) | Framing::Length(_) => self.out.extend_from_slice(record),
            Framing::Rdw(rdw) => word(*rdw, record, &mut self.out)?,
            Framing::Bdw(rdw) => {
                if self.block.len() + WORD + record.len() > BLOCK_MAX - WORD {
                    self.close();
                }
                word(*rdw, record, &mut self.block)?;
            }
            Framing::Split(split) => split.join(record, &mut self.out),
        }
        Ok(())
    }

    /// Writes the block that is open.
    fn close(&mut self) {
        if self.block.is_empty() {
            return;
        }
        let length = self.block.len() + WORD;
        match u16::try_from(length) {
            Ok(short) => {
                self.out.extend(short.to_be_bytes());
                self.out.extend([0, 0]);
            }
            Err(_) => {
                let large = u32::try_from(length).unwrap_or(u32::MAX) | 0x8000_0000;
                self.out.extend(large.to_be_bytes());
            }
        }
        self.out.append(&mut self.block);
    }

    /// Ends the file.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.close();
        self.out.resize(self.out.len() + self.skip.tail as usize, 0);
        self.out
    }
}

fn word(rdw: Rdw, record: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let own = if rdw.whole { WORD } else { 0 };
    let length = i64::try_from(record.len() + own).unwrap_or(i64::MAX) - i64::from(rdw.adjust);
    let length = u16::try_from(length).map_err(|_| {
        format!("the record has {} bytes, which a record descriptor word cannot say", record.len())
    })?;
    match rdw.little {
        true => {
            out.extend([0, 0]);
            out.extend(length.to_le_bytes());
        }
        false => {
            out.extend(length.to_be_bytes());
            out.extend([0, 0]);
        }
    }
    out.extend_from_slice(record);
    Ok(())
}
