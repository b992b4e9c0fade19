//! Zip archives: the files that their directory lists, one behind the other.
//!
//! **Invariant.** Only what the directory lists is read, whole and with the right checksum; nothing is passed over.

use super::Trouble;
use super::unpack::{Stream, trouble};
use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use std::io::{self, BufRead, Read};

/// Most files of an archive.
const ENTRIES_MAX: u64 = 10_000;
/// Most bytes of a directory.
const DIRECTORY_MAX: u64 = 8 << 20;
/// Bytes in which the end of the directory is found: its own 22, and a comment.
const END_MAX: u64 = 22 + 65_535;

const END: [u8; 4] = *b"PK\x05\x06";
const END64: [u8; 4] = *b"PK\x06\x06";
const LOCATOR64: [u8; 4] = *b"PK\x06\x07";
const LISTED: [u8; 4] = *b"PK\x01\x02";
const LOCAL: [u8; 4] = *b"PK\x03\x04";

/// An archive that is being read.
pub(super) struct Archive {
    entries: Vec<Entry>,
    /// The entry that is read next.
    next: usize,
    open: Open,
    crc: Crc,
    unpacked: u64,
}

/// A file of an archive.
#[derive(Debug)]
struct Entry {
    name: String,
    deflated: bool,
    crc: u32,
    packed: u64,
    unpacked: u64,
    at: u64,
}

/// What is being read.
enum Open {
    Nothing(Stream),
    Stored(Window),
    Deflated(Box<DeflateDecoder<Window>>),
    Moved,
}

/// So many bytes of a stream.
struct Window {
    stream: Stream,
    left: u64,
}

impl Archive {
    /// Reads the directory.
    ///
    /// # Errors
    /// It has none, or one that is not to be trusted.
    pub(super) fn open(mut stream: Stream) -> Result<Self, Box<(Option<Stream>, Trouble)>> {
        let entries = match directory(&mut stream) {
            Ok(entries) => entries,
            Err(error) => return Err(Box::new((Some(stream), trouble(error)))),
        };
        let mut archive =
            Self { entries, next: 0, open: Open::Nothing(stream), crc: Crc::new(), unpacked: 0 };
        match archive.enter() {
            Ok(_) => Ok(archive),
            Err(error) => Err(Box::new((archive.into_stream(), trouble(error)))),
        }
    }

    pub(super) fn stream(&self) -> Option<&Stream> {
        match &self.open {
            Open::Nothing(stream) => Some(stream),
            Open::Stored(window) => Some(&window.stream),
            Open::Deflated(decoder) => Some(&decoder.get_ref().stream),
            Open::Moved => None,
        }
    }

    pub(super) fn stream_mut(&mut self) -> Option<&mut Stream> {
        match &mut self.open {
            Open::Nothing(stream) => Some(stream),
            Open::Stored(window) => Some(&mut window.stream),
            Open::Deflated(decoder) => Some(&mut decoder.get_mut().stream),
            Open::Moved => None,
        }
    }

    pub(super) fn into_stream(self) -> Option<Stream> {
        self.open.into_stream()
    }

    /// Returns the name of the file that is being read.
    pub(super) fn entry(&self) -> Option<&str> {
        self.entries.get(self.next.checked_sub(1)?).map(|entry| entry.name.as_str())
    }

    /// Moves on to the next file; false at the end.
    pub(super) fn enter(&mut self) -> io::Result<bool> {
        let open = std::mem::replace(&mut self.open, Open::Moved);
        let Some(mut stream) = open.into_stream() else {
            return Err(bad("it was given up before"));
        };
        let Some(entry) = self.entries.get(self.next) else {
            self.open = Open::Nothing(stream);
            return Ok(false);
        };
        let found = local(&mut stream, entry);
        let (deflated, left) = (entry.deflated, entry.packed);
        if let Err(error) = found {
            self.open = Open::Nothing(stream);
            return Err(error);
        }
        self.next += 1;
        self.crc = Crc::new();
        self.unpacked = 0;
        let window = Window { stream, left };
        self.open = match deflated {
            true => Open::Deflated(Box::new(DeflateDecoder::new(window))),
            false => Open::Stored(window),
        };
        Ok(true)
    }

    /// Makes sure that the file was read whole.
    fn complete(&self) -> io::Result<()> {
        let Some(entry) = self.next.checked_sub(1).and_then(|at| self.entries.get(at)) else { return Ok(()) };
        let left = match &self.open {
            Open::Stored(window) => window.left,
            Open::Deflated(decoder) => decoder.get_ref().left,
            Open::Nothing(_) | Open::Moved => return Ok(()),
        };
        let name = &entry.name;
        if left > 0 {
            return Err(bad(format!("the file {name} of the archive has {left} bytes behind its end")));
        }
        if self.unpacked != entry.unpacked {
            let (is, should) = (self.unpacked, entry.unpacked);
            return Err(bad(format!(
                "the file {name} of the archive has {is} bytes, and should have {should}"
            )));
        }
        if self.crc.sum() != entry.crc {
            return Err(bad(format!(
                "the file {name} of the archive has another checksum than it should have"
            )));
        }
        Ok(())
    }
}

impl Open {
    fn into_stream(self) -> Option<Stream> {
        match self {
            Self::Nothing(stream) => Some(stream),
            Self::Stored(window) => Some(window.stream),
            Self::Deflated(decoder) => Some(decoder.into_inner().stream),
            Self::Moved => None,
        }
    }
}

impl Read for Archive {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.open {
            Open::Nothing(_) | Open::Moved => 0,
            Open::Stored(window) => window.read(into)?,
            Open::Deflated(decoder) => decoder.read(into)?,
        };
        if read == 0 && !into.is_empty() {
            self.complete()?;
        }
        self.crc.update(into.get(..read).unwrap_or_default());
        self.unpacked = self.unpacked.saturating_add(u64::try_from(read).unwrap_or(0));
        Ok(read)
    }
}

impl BufRead for Window {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Ok(&[]);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX);
        let found = self.stream.fill_buf()?;
        Ok(found.get(..most).unwrap_or(found))
    }

    fn consume(&mut self, amount: usize) {
        self.left = self.left.saturating_sub(u64::try_from(amount).unwrap_or(0));
        self.stream.consume(amount);
    }
}

impl Read for Window {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut found = self.fill_buf()?;
        let read = found.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

fn bad(message: impl Into<String>) -> io::Error {
    io::Error::other(Trouble::Bad { message: message.into(), at: None })
}

fn take(stream: &mut Stream, at: u64, length: u64) -> io::Result<Vec<u8>> {
    stream.seek(at);
    let mut bytes = Vec::new();
    stream.take(length).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(found) if found == length => Ok(bytes),
        _ => Err(bad(format!("the archive ends within what it has at byte {at}"))),
    }
}

/// Reads a number of `N` bytes, low byte first.
fn number(bytes: &[u8], at: usize, width: usize) -> io::Result<u64> {
    let raw =
        bytes.get(at..at.saturating_add(width)).ok_or_else(|| bad("the directory of the archive is cut"))?;
    Ok(raw.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}

/// Source: APPNOTE.TXT 6.3.10, 4.3.16 (end of central directory), 4.3.14 and 4.3.15 (zip64).
fn directory(stream: &mut Stream) -> io::Result<Vec<Entry>> {
    let size = stream.size();
    let from = size.saturating_sub(END_MAX);
    let tail = take(stream, from, size - from)?;
    let at = memchr::memmem::rfind(&tail, &END)
        .ok_or_else(|| bad("it has no directory at its end, so it is no whole zip archive"))?;
    let end = tail.get(at..).unwrap_or_default();
    let (mut count, mut length, mut start) = (number(end, 10, 2)?, number(end, 12, 4)?, number(end, 16, 4)?);
    if number(end, 4, 2)? != 0 || number(end, 6, 2)? != 0 {
        return Err(bad("it is one part of an archive of several"));
    }
    if count == 0xFFFF || length == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
        let locator = at.checked_sub(20).and_then(|at| tail.get(at..)).unwrap_or_default();
        if !locator.starts_with(&LOCATOR64) {
            return Err(bad("its directory is said to be large, and is not found"));
        }
        let end64 = take(stream, number(locator, 8, 8)?, 56)?;
        if !end64.starts_with(&END64) {
            return Err(bad("its directory is said to be large, and is not found"));
        }
        (count, length, start) = (number(&end64, 32, 8)?, number(&end64, 40, 8)?, number(&end64, 48, 8)?);
    }
    if count > ENTRIES_MAX || length > DIRECTORY_MAX {
        return Err(bad(format!("it has {count} files, and at most {ENTRIES_MAX} are read")));
    }
    let listed = take(stream, start, length)?;
    let mut entries = Vec::new();
    let mut rest = listed.as_slice();
    for _ in 0..count {
        let (entry, behind) = entry(rest)?;
        rest = behind;
        entries.extend(entry);
    }
    Ok(entries)
}

/// Reads one entry of the directory; folders are none.
///
/// Source: APPNOTE.TXT 6.3.10, 4.3.12.
fn entry(listed: &[u8]) -> io::Result<(Option<Entry>, &[u8])> {
    if !listed.starts_with(&LISTED) {
        return Err(bad("its directory lists less than it says"));
    }
    let (name_length, extra, comment) =
        (number(listed, 28, 2)?, number(listed, 30, 2)?, number(listed, 32, 2)?);
    let wide = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let name_end = 46_usize.saturating_add(wide(name_length));
    let extra_end = name_end.saturating_add(wide(extra));
    let (Some(name), Some(extra), Some(behind)) = (
        listed.get(46..name_end),
        listed.get(name_end..extra_end),
        listed.get(extra_end.saturating_add(wide(comment))..),
    ) else {
        return Err(bad("the directory of the archive is cut"));
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let (flags, method) = (number(listed, 8, 2)?, number(listed, 10, 2)?);
    let crc = u32::try_from(number(listed, 16, 4)?).unwrap_or(0);
    let (packed, unpacked, at) = sizes(listed, extra)?;
    if flags & 1 != 0 {
        return Err(bad(format!("the file {name} of the archive is encrypted")));
    }
    if name.ends_with('/') {
        return Ok((None, behind));
    }
    let deflated = match method {
        0 => false,
        8 => true,
        other => return Err(bad(format!("the file {name} of the archive is packed by method {other}"))),
    };
    Ok((Some(Entry { name, deflated, crc, packed, unpacked, at }), behind))
}

/// Returns packed size, unpacked size and place, which stand in an extra field where they are large.
fn sizes(listed: &[u8], extra: &[u8]) -> io::Result<(u64, u64, u64)> {
    const LARGE: u64 = 0xFFFF_FFFF;
    let (mut packed, mut unpacked, mut at) =
        (number(listed, 20, 4)?, number(listed, 24, 4)?, number(listed, 42, 4)?);
    let mut rest = extra;
    while rest.len() >= 4 {
        let (id, length) = (number(rest, 0, 2)?, usize::try_from(number(rest, 2, 2)?).unwrap_or(0));
        let Some(body) = rest.get(4..4 + length) else { break };
        if id == 1 {
            let mut place = 0;
            for value in [&mut unpacked, &mut packed, &mut at] {
                if *value == LARGE {
                    *value = number(body, place, 8)?;
                    place += 8;
                }
            }
        }
        rest = rest.get(4 + length..).unwrap_or_default();
    }
    Ok((packed, unpacked, at))
}

/// Moves to the bytes of an entry, which its own header must agree with.
///
/// Source: APPNOTE.TXT 6.3.10, 4.3.7.
fn local(stream: &mut Stream, entry: &Entry) -> io::Result<()> {
    let header = take(stream, entry.at, 30)?;
    let length = number(&header, 26, 2)?;
    let name = take(stream, entry.at.saturating_add(30), length)?;
    if !header.starts_with(&LOCAL) || String::from_utf8_lossy(&name) != entry.name {
        return Err(bad(format!("the file {} of the archive is not where its directory says", entry.name)));
    }
    let data = entry.at.saturating_add(30).saturating_add(length).saturating_add(number(&header, 28, 2)?);
    if data.saturating_add(entry.packed) > stream.size() {
        return Err(bad(format!("the file {} of the archive ends behind the archive", entry.name)));
    }
    stream.seek(data);
    Ok(())
}
