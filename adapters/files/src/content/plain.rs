//! Blocks of a file or of bytes at hand, each known by its hash once it was read.
//!
//! **Invariant.** A file that shrinks, grows, is written to, is replaced or is gone gives no further block.

use super::Trouble;
use adapters_ports::Identity;
use aws_lc_rs::digest::{Context, SHA256, digest};
use bytes::Bytes;
use std::fmt;
use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// Bytes of a block. The identity of content depends on it, so it never changes.
pub(crate) const BLOCK_BYTES: usize = 256 << 10;

/// Where content comes from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// Bytes at hand.
    Memory(Bytes),
    /// A file that is open, and where it was found.
    File {
        /// The file.
        file: File,
        /// Its path.
        path: PathBuf,
        /// What it was when it was found.
        stamp: Stamp,
    },
    /// A file of another machine.
    #[cfg_attr(
        not(any(feature = "sftp", feature = "s3")),
        expect(dead_code, reason = "there is none in this build")
    )]
    Remote(Box<dyn Remote>),
}

/// A file of another machine, as it was found.
pub(crate) trait Remote: fmt::Debug + Send + Sync {
    /// Returns what it was when it was found.
    fn stamp(&self) -> Stamp;

    /// Appends `wanted` bytes from a place on, all below its size: of the very file that was found, or none.
    ///
    /// # Errors
    /// They cannot be had, or something happened to the file.
    fn read(&mut self, at: u64, wanted: usize, into: &mut Vec<u8>) -> Result<(), Trouble>;

    /// Makes sure that it is the file that was found, and that nobody wrote to it.
    ///
    /// # Errors
    /// What happened to it.
    fn still(&mut self) -> Result<(), Trouble>;
}

/// What changes when a file is written to or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was written to last: seconds and nanoseconds.
    pub written: (i64, i64),
    /// The device and the number of the file there; of an object, what its version is known by.
    pub file: (u64, u64),
}

/// The blocks of a unit.
#[derive(Debug)]
pub(crate) struct Blocks {
    origin: Origin,
    size: u64,
    hashes: Vec<Option<Identity>>,
    /// It is read once only and nobody asks for its identity, so no block needs a hash.
    once: bool,
}

impl Stamp {
    /// Returns the stamp of a file.
    pub(crate) fn of(found: &Metadata) -> Self {
        Self {
            size: found.len(),
            written: (found.mtime(), found.mtime_nsec()),
            file: (found.dev(), found.ino()),
        }
    }
}

impl Blocks {
    /// Starts; nothing is read yet.
    pub(crate) fn new(origin: Origin) -> Self {
        let size = match &origin {
            Origin::Memory(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            Origin::File { stamp, .. } => stamp.size,
            Origin::Remote(file) => file.stamp().size,
        };
        Self { origin, size, hashes: Vec::new(), once: false }
    }

    /// Makes it content that is read once only and has no identity.
    pub(crate) fn once(&mut self) {
        self.once = true;
    }

    /// Returns how many bytes there are.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Returns where the content comes from.
    pub(crate) fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the hash of all content, once every block was read.
    pub(crate) fn identity(&self) -> Option<Identity> {
        let mut context = Context::new(&SHA256);
        context.update(&self.size.to_be_bytes());
        for index in 0..self.count() {
            context.update(self.hashes.get(index)?.as_ref()?);
        }
        context.finish().as_ref().try_into().ok()
    }

    /// Returns how many blocks there are.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.size.div_ceil(BLOCK_BYTES as u64)).unwrap_or(usize::MAX)
    }

    /// Reads all blocks that were not read yet.
    ///
    /// # Errors
    /// As for [`Blocks::read`].
    pub(crate) fn examine(&mut self) -> Result<(), Trouble> {
        let mut block = Vec::new();
        let is_known = |blocks: &Self, index: usize| matches!(blocks.hashes.get(index), Some(Some(_)));
        for index in 0..if self.once { 0 } else { self.count() } {
            // Whoever reads a known block again has it compared then.
            if !is_known(self, index) {
                self.read(index, &mut block)?;
            }
        }
        match &mut self.origin {
            Origin::Remote(file) => file.still(),
            Origin::Memory(_) | Origin::File { .. } => self.still(),
        }
    }

    /// Reads a block; behind the last one there is an empty one.
    ///
    /// # Errors
    /// It cannot be read, or something happened to the file; nothing of the block is given then.
    pub(crate) fn read(&mut self, index: usize, into: &mut Vec<u8>) -> Result<(), Trouble> {
        into.clear();
        let at = u64::try_from(index).unwrap_or(u64::MAX).saturating_mul(BLOCK_BYTES as u64);
        let wanted = self.size.saturating_sub(at).min(BLOCK_BYTES as u64);
        let wanted = usize::try_from(wanted).unwrap_or(BLOCK_BYTES);
        let read = self.fill(at, wanted, into).and_then(|()| self.still());
        let known = read.and_then(|()| self.know(index, into));
        if known.is_err() {
            into.clear();
        }
        known
    }

    fn fill(&mut self, at: u64, wanted: usize, into: &mut Vec<u8>) -> Result<(), Trouble> {
        match &mut self.origin {
            // What it gives is of the file that was found; it is read ahead, so that it is not asked for each block.
            Origin::Remote(file) if wanted > 0 => file.read(at, wanted, into)?,
            Origin::Remote(_) => {}
            Origin::Memory(bytes) => {
                let from = usize::try_from(at).unwrap_or(usize::MAX);
                into.extend_from_slice(bytes.get(from..from.saturating_add(wanted)).unwrap_or_default());
            }
            Origin::File { file, .. } => {
                into.resize(wanted, 0);
                let mut filled = 0;
                while let Some(rest) = into.get_mut(filled..).filter(|rest| !rest.is_empty()) {
                    let place = at.saturating_add(u64::try_from(filled).unwrap_or(0));
                    match file.read_at(rest, place) {
                        Ok(0) => {
                            let message = format!("it had {} bytes, and ends after {place} now", self.size);
                            return Err(Trouble::Changed(message));
                        }
                        Ok(read) => filled += read,
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(Trouble::Io(format!("{error}, at byte {place}"))),
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes sure that the file is the one that was found, and that nobody wrote to it.
    ///
    /// # Errors
    /// What happened to it.
    pub(crate) fn still(&self) -> Result<(), Trouble> {
        let Origin::File { file, path, stamp } = &self.origin else { return Ok(()) };
        let open = file.metadata().map_err(|error| Trouble::Io(error.to_string()))?;
        let now = Stamp::of(&open);
        let changed = |message: String| Err(Trouble::Changed(message));
        if now.size < stamp.size {
            return changed(format!("it had {} bytes, and has {} now", stamp.size, now.size));
        }
        if now.size > stamp.size {
            return changed(format!("it had {} bytes, and grew to {}", stamp.size, now.size));
        }
        match std::fs::metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return changed("it was removed or renamed".into());
            }
            Err(error) => return Err(Trouble::Io(error.to_string())),
            Ok(found) if Stamp::of(&found).file != stamp.file => {
                return changed("another file took its place".into());
            }
            Ok(_) => {}
        }
        if now.written != stamp.written {
            return changed("it was written to".into());
        }
        Ok(())
    }

    fn know(&mut self, index: usize, block: &[u8]) -> Result<(), Trouble> {
        if block.is_empty() || self.once {
            return Ok(());
        }
        let found = digest(&SHA256, block);
        let found: Identity =
            found.as_ref().try_into().map_err(|_| Trouble::Io("a hash has no 32 bytes".into()))?;
        if self.hashes.len() <= index {
            self.hashes.resize(index + 1, None);
        }
        match self.hashes.get_mut(index) {
            Some(Some(known)) if *known != found => {
                let at = u64::try_from(index).unwrap_or(0).saturating_mul(BLOCK_BYTES as u64);
                let to = at.saturating_add(u64::try_from(block.len()).unwrap_or(0));
                Err(Trouble::Changed(format!("its bytes {at} to {to} are others than before")))
            }
            Some(slot) => {
                *slot = Some(found);
                Ok(())
            }
            None => Ok(()),
        }
    }
}
