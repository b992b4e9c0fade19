//! One file of a topic: a header, then records, and beside it an index once the file is finished.
//!
//! **Invariant.** A file has all of its header or does not exist; an index that does not fit its file is not used.

use crate::crc::crc32c;
use crate::record::{self, HEAD_BYTES, MARK, Stamp};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes of a file before its first record.
pub(crate) const HEADER_BYTES: u64 = 32;

const MAGIC: &[u8; 8] = b"SEAWLOG1";
const INDEX_MAGIC: &[u8; 8] = b"SEAWIDX1";
/// Bytes between two entries of the index.
const INDEX_EVERY: u64 = 64 << 10;
/// Bytes that are read at once.
const READ_BYTES: usize = 256 << 10;

/// What is known of a file.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// Number of its first record, whether that is there yet or not.
    pub base: u64,
    /// Number of its last record; `base - 1` where it has none.
    pub last: u64,
    /// When its last record was published; 0 where it has none.
    pub last_ms: i64,
    /// Which life of the topic it belongs to.
    pub epoch: u32,
    /// Seed of its checksums.
    pub salt: u32,
    /// Bytes that are durable.
    pub bytes: u64,
    /// Numbers of some records, and where they begin.
    index: Vec<(u64, u64)>,
}

/// A place in a file where no record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damage {
    /// The byte.
    pub offset: u64,
    /// What is wrong there.
    pub why: &'static str,
}

/// Why a file cannot be read.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The system says no.
    Io(io::Error),
    /// It is not what it should be.
    Damage(Damage),
}

/// Reads records one after the other.
pub(crate) struct Walk {
    file: File,
    salt: u32,
    buffer: Vec<u8>,
    start: usize,
    /// Where `buffer[start]` is in the file.
    offset: u64,
    /// Where the records end.
    end: u64,
}

impl Segment {
    /// Makes an empty file for records from a number on.
    pub(crate) fn create(folder: &Path, base: u64, epoch: u32) -> io::Result<(File, Self)> {
        let path = folder.join(format!("{base:020}.seg"));
        let salt = random();
        let temporary = folder.join("next.tmp");
        let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&temporary)?;
        file.write_all(&header(base, epoch, salt))?;
        file.sync_all()?;
        fs::rename(&temporary, &path)?;
        sync_folder(folder)?;
        let segment = Self {
            path,
            base,
            last: base - 1,
            last_ms: 0,
            epoch,
            salt,
            bytes: HEADER_BYTES,
            index: Vec::new(),
        };
        Ok((file, segment))
    }

    /// Reads what a file is; its records are not looked at.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        let mut file = File::open(path)?;
        let mut head = [0; HEADER_BYTES as usize];
        let why = "it does not begin as a file of an event log";
        file.read_exact(&mut head).map_err(|_| Trouble::Damage(Damage { offset: 0, why }))?;
        let (base, epoch, salt) = parse_header(&head).ok_or(Trouble::Damage(Damage { offset: 0, why }))?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            path: path.into(),
            base,
            last: base - 1,
            last_ms: 0,
            epoch,
            salt,
            bytes,
            index: Vec::new(),
        })
    }

    /// Reads all records, or, for a finished file, its index.
    ///
    /// With `last` the file is the newest: what was being written when the process ended may stand half at its end.
    /// `bytes` is then shorter than the file.
    pub(crate) fn load(&mut self, last: bool) -> Result<Option<Damage>, Trouble> {
        if !last && self.load_index() {
            return Ok(None);
        }
        match self.scan() {
            Ok(()) => Ok(None),
            Err(Trouble::Damage(damage)) if last && !self.durable_behind(damage.offset)? => {
                self.bytes = damage.offset;
                Ok(Some(damage))
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Notes a record that is durable.
    pub(crate) fn note(&mut self, stamp: Stamp, offset: u64) {
        let (_, before) = self.index.last().copied().unwrap_or((0, 0));
        if self.index.is_empty() || offset - before >= INDEX_EVERY {
            self.index.push((stamp.seq, offset));
        }
        (self.last, self.last_ms) = (stamp.seq, stamp.at_ms);
    }

    /// Returns a byte from which reading finds the record with a number.
    pub(crate) fn near(&self, seq: u64) -> u64 {
        let at = self.index.partition_point(|(known, _)| *known <= seq);
        at.checked_sub(1).map_or(HEADER_BYTES, |at| self.index[at].1)
    }

    /// Reads from a byte on, as far as it is durable.
    pub(crate) fn walk(&self, from: u64) -> io::Result<Walk> {
        let mut file = File::open(&self.path)?;
        file.seek(io::SeekFrom::Start(from))?;
        Ok(Walk { file, salt: self.salt, buffer: Vec::new(), start: 0, offset: from, end: self.bytes })
    }

    /// Writes the index beside a file that is finished. Without it the file is read as a whole at the next start.
    pub(crate) fn save_index(&self) -> io::Result<()> {
        let mut out = INDEX_MAGIC.to_vec();
        out.extend_from_slice(&self.salt.to_le_bytes());
        for number in [self.bytes, self.last, self.last_ms.cast_unsigned()] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        for (seq, offset) in &self.index {
            out.extend_from_slice(&seq.to_le_bytes());
            out.extend_from_slice(&offset.to_le_bytes());
        }
        out.extend_from_slice(&crc32c(0, &out).to_le_bytes());
        let mut file = File::create(self.index_path())?;
        file.write_all(&out)?;
        file.sync_all()
    }

    /// Where its index is.
    pub(crate) fn index_path(&self) -> PathBuf {
        self.path.with_extension("idx")
    }

    fn load_index(&mut self) -> bool {
        let read = fs::read(self.index_path()).ok();
        let Some(index) = read.as_deref().and_then(|bytes| parse_index(bytes, self.salt)) else {
            return false;
        };
        let Index { bytes, last, last_ms, entries } = index;
        if bytes != self.bytes || last < self.base - 1 {
            return false;
        }
        (self.last, self.last_ms, self.index) = (last, last_ms, entries);
        true
    }

    fn scan(&mut self) -> Result<(), Trouble> {
        let mut walk = self.walk(HEADER_BYTES)?;
        (self.last, self.index) = (self.base - 1, Vec::new());
        while let Some((offset, payload)) = walk.next()? {
            let damage = |why| Trouble::Damage(Damage { offset, why });
            let stamp = record::stamp(payload).map_err(|error| damage(error.0))?;
            if stamp.seq != self.last + 1 {
                return Err(damage("the numbers of records do not follow each other"));
            }
            self.note(stamp, offset);
        }
        Ok(())
    }

    /// Returns whether a record behind a byte proves that what was there had been durable.
    fn durable_behind(&self, offset: u64) -> Result<bool, Trouble> {
        let mut file = File::open(&self.path)?;
        file.seek(io::SeekFrom::Start(offset))?;
        let mut rest = Vec::new();
        file.read_to_end(&mut rest)?;
        let found = memchr::memmem::find_iter(&rest, &MARK).filter(|at| *at > 0).any(|at| {
            let stamp = record::frame(&rest[at..], self.salt).and_then(record::stamp);
            stamp.is_ok_and(|stamp| stamp.first && stamp.seq > self.last)
        });
        Ok(found)
    }
}

impl Walk {
    /// Returns the next record and where it begins; nothing at the end.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, &[u8])>, Trouble> {
        let left = usize::try_from(self.end.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        if left == 0 {
            return Ok(None);
        }
        let offset = self.offset;
        self.fill(HEAD_BYTES.min(left), left)?;
        let whole =
            record::length(&self.buffer[self.start..]).map_or(HEAD_BYTES, |length| HEAD_BYTES + length);
        self.fill(whole.min(left), left)?;
        let here = &self.buffer[self.start..];
        let payload = record::frame(&here[..here.len().min(left)], self.salt)
            .map_err(|error| Trouble::Damage(Damage { offset, why: error.0 }))?;
        let bytes = HEAD_BYTES + payload.len();
        self.start += bytes;
        self.offset += u64::try_from(bytes).expect("a record is smaller than any file");
        Ok(Some((offset, payload)))
    }

    /// Makes sure that so many bytes are there; the file ends at the latest behind `left`.
    fn fill(&mut self, wanted: usize, left: usize) -> io::Result<()> {
        while self.buffer.len() - self.start < wanted {
            self.buffer.drain(..self.start);
            self.start = 0;
            let held = self.buffer.len();
            let more = (wanted - held).max(READ_BYTES).min(left - held);
            self.buffer.resize(held + more, 0);
            let read = self.file.read(&mut self.buffer[held..])?;
            self.buffer.truncate(held + read);
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Writes records at a byte.
pub(crate) fn write(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns a number that nobody can foretell.
pub(crate) fn random() -> u32 {
    use std::hash::{BuildHasher as _, Hasher as _};
    let number = std::hash::RandomState::new().build_hasher().finish();
    u32::try_from(number >> 32).expect("32 bits are left")
}

fn header(base: u64, epoch: u32, salt: u32) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend_from_slice(&epoch.to_le_bytes());
    head.extend_from_slice(&salt.to_le_bytes());
    head.extend_from_slice(&base.to_le_bytes());
    head.extend_from_slice(&[0; 4]);
    head.extend_from_slice(&crc32c(0, &head).to_le_bytes());
    head
}

fn parse_header(head: &[u8]) -> Option<(u64, u32, u32)> {
    let base = u64::from_le_bytes(*head.get(16..)?.first_chunk()?);
    let number = |at: usize| Some(u32::from_le_bytes(*head.get(at..)?.first_chunk()?));
    let (epoch, salt) = (number(8)?, number(12)?);
    (base > 0 && header(base, epoch, salt) == head).then_some((base, epoch, salt))
}

struct Index {
    bytes: u64,
    last: u64,
    last_ms: i64,
    entries: Vec<(u64, u64)>,
}

fn parse_index(bytes: &[u8], salt: u32) -> Option<Index> {
    let (body, crc) = bytes.split_last_chunk::<4>()?;
    let rest = body.strip_prefix(INDEX_MAGIC)?.strip_prefix(&salt.to_le_bytes())?;
    if crc32c(0, body) != u32::from_le_bytes(*crc) || rest.len() % 8 != 0 {
        return None;
    }
    let (numbers, _) = rest.as_chunks::<8>();
    let numbers: Vec<u64> = numbers.iter().map(|number| u64::from_le_bytes(*number)).collect();
    let (&[bytes, last, last_ms], entries) = numbers.split_first_chunk::<3>()?;
    let (pairs, []) = entries.as_chunks::<2>() else { return None };
    let entries = pairs.iter().map(|&[seq, offset]| (seq, offset)).collect();
    Some(Index { bytes, last, last_ms: last_ms.cast_signed(), entries })
}
