//! Content as it is read: unpacked, within bounds, from the beginning as often as is needed.
//!
//! **Invariant.** No more than a step is unpacked at once, and never more than the bounds allow.

use super::plain::{BLOCK_BYTES, Blocks};
use super::wide::{Decoder, Wide};
use super::zip::Archive;
use super::{Compression, Trouble};
use bytes::BytesMut;
use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, Read};
use zstd::stream::read::Decoder as Zstd;

/// Bytes that are unpacked at once.
const STEP_BYTES: usize = 64 << 10;
/// Unpacked bytes below which no ratio is judged.
const RATIO_FREE: u64 = 64 << 20;
/// Largest window of a Zstandard frame: two to this power, 32 MiB.
const ZSTD_WINDOW_LOG: u32 = 25;

/// Bounds on what is unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Most bytes.
    pub bytes: u64,
    /// Most unpacked bytes for each packed one, beyond the first 64 MiB.
    pub ratio: u32,
}

/// The content of a unit.
pub(crate) struct Content {
    state: State,
    compression: Compression,
    bounds: Bounds,
    unpacked: u64,
    step: Vec<u8>,
    /// Makes UTF-8 of it, where it is UTF-16.
    decoder: Option<Decoder>,
}

/// The content of the file, packed or not.
enum State {
    Plain(Stream),
    Gzip(Box<MultiGzDecoder<Stream>>),
    Zstd(Box<Zstd<'static, Stream>>),
    Zip(Box<Archive>),
    /// It could not be opened, so that it can only be begun anew.
    Closed(Stream),
    /// Between two states.
    Moved,
}

/// The blocks of a file, one behind the other.
#[derive(Debug)]
pub(super) struct Stream {
    blocks: Blocks,
    block: Vec<u8>,
    /// The block that is read next.
    next: usize,
    at: usize,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("unpacked", &self.unpacked).finish_non_exhaustive()
    }
}

impl Content {
    /// Starts at the beginning.
    ///
    /// # Errors
    /// It cannot be read, or is no archive.
    pub(crate) fn open(blocks: Blocks, compression: Compression, bounds: Bounds) -> Result<Self, Trouble> {
        let stream = Stream { blocks, block: Vec::new(), next: 0, at: 0 };
        let (state, step, decoder) = (State::Closed(stream), Vec::new(), None);
        let mut content = Self { state, compression, bounds, unpacked: 0, step, decoder };
        content.restart()?;
        Ok(content)
    }

    /// Gives UTF-8 where it is UTF-16.
    pub(crate) fn wide(self, wide: Option<Wide>) -> Self {
        Self { decoder: wide.map(Decoder::new), ..self }
    }

    /// Returns whether what is read is not what is stored, but UTF-8 that was made of it.
    pub(crate) fn is_wide(&self) -> bool {
        self.decoder.is_some()
    }

    /// Begins again.
    ///
    /// # Errors
    /// As for [`Content::open`].
    pub(crate) fn restart(&mut self) -> Result<(), Trouble> {
        self.unpacked = 0;
        self.decoder.iter_mut().for_each(Decoder::restart);
        let mut stream = std::mem::replace(&mut self.state, State::Moved).into_stream()?;
        stream.seek(0);
        let start = stream.fill_buf().map(|start| self.compression.of(start));
        let compression = match start.map_err(trouble) {
            Ok(compression) => compression,
            Err(trouble) => {
                self.state = State::Closed(stream);
                return Err(trouble);
            }
        };
        self.state = match compression {
            Compression::Gzip => State::Gzip(Box::new(MultiGzDecoder::new(stream))),
            Compression::Zstd => {
                let mut decoder = Zstd::with_buffer(stream).map_err(trouble)?;
                decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(trouble)?;
                State::Zstd(Box::new(decoder))
            }
            Compression::Zip => match Archive::open(stream) {
                Ok(archive) => State::Zip(Box::new(archive)),
                Err(failed) => {
                    let (stream, trouble) = *failed;
                    self.state = stream.map_or(State::Moved, State::Closed);
                    return Err(trouble);
                }
            },
            Compression::Off | Compression::Auto => State::Plain(stream),
        };
        Ok(())
    }

    /// Moves on to the next file of an archive; false if there is none.
    ///
    /// # Errors
    /// It is not where it should be.
    pub(crate) fn advance(&mut self) -> Result<bool, Trouble> {
        let more = match &mut self.state {
            State::Zip(archive) => archive.enter().map_err(trouble)?,
            _ => false,
        };
        self.decoder.iter_mut().for_each(Decoder::restart);
        if !more {
            // An archive may have bytes that nobody unpacks; they are of its identity too.
            self.stream_mut()?.blocks.examine()?;
        }
        Ok(more)
    }

    /// Appends what comes next; nothing at the end of the file, of that of the archive.
    ///
    /// # Errors
    /// It cannot be read, is another one than before, is damaged, or is too much.
    pub(crate) fn read(&mut self, into: &mut BytesMut) -> Result<usize, Trouble> {
        let Some(mut decoder) = self.decoder.take() else { return self.bytes(into) };
        let read = self.decoded(&mut decoder, into);
        self.decoder = Some(decoder);
        read
    }

    fn decoded(&mut self, decoder: &mut Decoder, into: &mut BytesMut) -> Result<usize, Trouble> {
        let before = into.len();
        loop {
            decoder.raw.clear();
            if self.bytes(&mut decoder.raw)? == 0 {
                decoder.end()?;
                return Ok(0);
            }
            decoder.decode(into)?;
            // A step may end before its first character does.
            if into.len() > before {
                return Ok(into.len() - before);
            }
        }
    }

    /// Appends what comes next, as it is stored.
    fn bytes(&mut self, into: &mut BytesMut) -> Result<usize, Trouble> {
        let read = match &mut self.state {
            State::Plain(stream) => {
                let block = stream.fill_buf().map_err(trouble)?;
                into.extend_from_slice(block);
                let read = block.len();
                stream.consume(read);
                read
            }
            State::Gzip(decoder) => step(decoder, &mut self.step, into)?,
            State::Zstd(decoder) => step(decoder, &mut self.step, into)?,
            State::Zip(archive) => step(archive, &mut self.step, into)?,
            State::Closed(_) | State::Moved => return Err(Trouble::Io("it was given up before".into())),
        };
        self.unpacked = self.unpacked.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        self.bounded()?;
        Ok(read)
    }

    fn bounded(&self) -> Result<(), Trouble> {
        let packed = self.position();
        let most = packed.saturating_mul(u64::from(self.bounds.ratio)).max(RATIO_FREE);
        let bad = |message| Err(Trouble::Bad { message, at: Some(packed) });
        if matches!(self.state, State::Plain(_)) {
            return Ok(());
        }
        if self.unpacked > self.bounds.bytes {
            return bad(format!("it holds more than `limits.content` of {} bytes", self.bounds.bytes));
        }
        if self.unpacked > most {
            let ratio = self.bounds.ratio;
            return bad(format!("it unpacks to more than `limits.ratio` of {ratio} times its size"));
        }
        Ok(())
    }

    /// Returns the blocks of the file.
    pub(crate) fn blocks(&self) -> Option<&Blocks> {
        self.stream().map(|stream| &stream.blocks)
    }

    /// Reads what was not read yet, so that the identity is known.
    ///
    /// # Errors
    /// It cannot be read, or it changed meanwhile.
    pub(crate) fn examine(&mut self) -> Result<(), Trouble> {
        self.stream_mut()?.blocks.examine()
    }

    /// Makes it content that is read once only and has no identity.
    ///
    /// # Errors
    /// It was given up.
    pub(crate) fn once(&mut self) -> Result<(), Trouble> {
        self.stream_mut().map(|stream| stream.blocks.once())
    }

    /// Returns how far the file was read in this pass, in bytes as they are stored.
    pub(crate) fn position(&self) -> u64 {
        let Some(stream) = self.stream() else { return 0 };
        let read = u64::try_from(stream.next).unwrap_or(0).saturating_mul(BLOCK_BYTES as u64);
        let left = u64::try_from(stream.block.len().saturating_sub(stream.at)).unwrap_or(0);
        read.min(stream.blocks.size()).saturating_sub(left)
    }

    /// Returns the file of an archive that is being read.
    pub(crate) fn entry(&self) -> Option<&str> {
        match &self.state {
            State::Zip(archive) => archive.entry(),
            _ => None,
        }
    }

    fn stream(&self) -> Option<&Stream> {
        Some(match &self.state {
            State::Plain(stream) | State::Closed(stream) => stream,
            State::Gzip(decoder) => decoder.get_ref(),
            State::Zstd(decoder) => decoder.get_ref(),
            State::Zip(archive) => archive.stream()?,
            State::Moved => return None,
        })
    }

    fn stream_mut(&mut self) -> Result<&mut Stream, Trouble> {
        let stream = match &mut self.state {
            State::Plain(stream) | State::Closed(stream) => Some(stream),
            State::Gzip(decoder) => Some(decoder.get_mut()),
            State::Zstd(decoder) => Some(decoder.get_mut()),
            State::Zip(archive) => archive.stream_mut(),
            State::Moved => None,
        };
        stream.ok_or_else(|| Trouble::Io("it was given up before".into()))
    }
}

impl State {
    fn into_stream(self) -> Result<Stream, Trouble> {
        let stream = match self {
            Self::Plain(stream) | Self::Closed(stream) => Some(stream),
            Self::Gzip(decoder) => Some(decoder.into_inner()),
            Self::Zstd(decoder) => Some(decoder.finish()),
            Self::Zip(archive) => archive.into_stream(),
            Self::Moved => None,
        };
        stream.ok_or_else(|| Trouble::Io("it was given up before".into()))
    }
}

fn step(from: &mut impl Read, buffer: &mut Vec<u8>, into: &mut BytesMut) -> Result<usize, Trouble> {
    buffer.resize(STEP_BYTES, 0);
    loop {
        match from.read(buffer) {
            Ok(read) => {
                into.extend_from_slice(buffer.get(..read).unwrap_or_default());
                return Ok(read);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(trouble(error)),
        }
    }
}

/// Returns the trouble that an error of a decoder is.
pub(super) fn trouble(error: io::Error) -> Trouble {
    match error.downcast::<Trouble>() {
        Ok(trouble) => trouble,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Trouble::Bad { message: "it ends before it is complete".into(), at: None }
        }
        Err(error) => Trouble::Bad { message: format!("it cannot be unpacked: {error}"), at: None },
    }
}

impl Stream {
    pub(super) fn size(&self) -> u64 {
        self.blocks.size()
    }

    /// Moves to a byte.
    pub(super) fn seek(&mut self, to: u64) {
        let block = BLOCK_BYTES as u64;
        let (index, at) = (to.checked_div(block).unwrap_or(0), to.checked_rem(block).unwrap_or(0));
        self.block.clear();
        self.next = usize::try_from(index).unwrap_or(usize::MAX);
        self.at = usize::try_from(at).unwrap_or(0);
    }
}

impl BufRead for Stream {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.block.len() {
            // Only a seek leaves a place within a block that is not there yet.
            let within = if self.block.is_empty() { self.at } else { 0 };
            self.blocks.read(self.next, &mut self.block).map_err(io::Error::other)?;
            if !self.block.is_empty() {
                self.next = self.next.saturating_add(1);
            }
            self.at = within.min(self.block.len());
        }
        Ok(self.block.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.at.saturating_add(amount).min(self.block.len());
    }
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut found = self.fill_buf()?;
        let read = found.read(into)?;
        self.consume(read);
        Ok(read)
    }
}
