//! Where records begin and end in a stream of bytes, and the inverse.
//!
//! **Invariant.** No byte is passed over but those that frame: what does not fit its framing is an error with its place.

mod block;
mod field;
mod lines;
mod write;

pub(crate) use field::{LengthField, LengthForm};
pub(crate) use lines::Ending;
pub(crate) use write::Writer;

use block::{Blocks, Words};
use std::fmt::Debug;
use std::sync::Arc;

/// How records are framed.
#[derive(Debug, Clone)]
pub(crate) enum Framing {
    /// Each ends with a line end.
    Lines(Ending),
    /// Each has this many bytes.
    Fixed(u32),
    /// Each stands behind its length, a record descriptor word.
    Rdw(Rdw),
    /// Blocks, each behind its length, of records behind their lengths.
    Bdw(Rdw),
    /// The length of each stands in the record itself.
    Length(LengthField),
    /// The format itself knows: separated values, whose quotes may hold line ends.
    Split(Arc<dyn Split>),
}

/// Finds the end of a record by what it holds.
pub(crate) trait Split: Send + Sync + Debug + 'static {
    /// Looks for the record at the beginning of a window; `last`: nothing comes behind the window.
    ///
    /// # Errors
    /// The offset in the window, and why there is no record.
    fn split(&self, window: &[u8], last: bool) -> Result<Step, FrameError>;

    /// Returns how many bytes stand before the first record; nothing if the window has to be longer.
    ///
    /// # Errors
    /// The offset in the window, and why there can be no record.
    fn prelude(&self, window: &[u8], last: bool) -> Result<Option<usize>, FrameError>;

    /// Appends a record with what ends it.
    fn join(&self, record: &[u8], out: &mut Vec<u8>);
}

/// A record descriptor word: four bytes, two of which are a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rdw {
    /// The length stands in the last two bytes, low byte first; else in the first two, high byte first.
    pub little: bool,
    /// The length counts the word itself, as on the host.
    pub whole: bool,
    /// Added to the length that is read.
    pub adjust: i32,
}

/// Bytes that belong to no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Skip {
    /// At the beginning of the file.
    pub head: u32,
    /// At the end of the file.
    pub tail: u32,
    /// At the beginning of each record.
    pub before: u32,
    /// At the end of each record.
    pub after: u32,
}

/// What a framer finds at the beginning of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A record.
    Frame(Frame),
    /// The window ends before the record does.
    More,
    /// Nothing is left; this many bytes were framing only.
    End(usize),
}

/// A record in a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Where it begins.
    pub start: usize,
    /// How many bytes it has.
    pub length: usize,
    /// Where the next one begins.
    pub next: usize,
}

/// There is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FrameError {
    /// Where in the window.
    pub at: usize,
    /// Why.
    pub message: String,
}

/// Finds records, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Framer {
    framing: Framing,
    skip: Skip,
    record_max: usize,
    /// What is left of the block that is open.
    block: Blocks,
}

/// What is known at a place beside its bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark(Blocks);

impl FrameError {
    /// Returns an error at an offset of the window.
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

impl Framing {
    /// Returns what there is in words.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Lines(_) => "lines",
            Self::Fixed(_) => "fixed",
            Self::Rdw(_) => "rdw",
            Self::Bdw(_) => "bdw",
            Self::Length(_) => "length",
            Self::Split(_) => "csv",
        }
    }
}

impl Framer {
    /// Starts at the beginning of a file, behind its head. `record_max` bounds a record in bytes.
    pub(crate) fn new(framing: Framing, skip: Skip, record_max: u32) -> Self {
        Self { framing, skip, record_max: record_max as usize, block: Blocks::default() }
    }

    /// Returns how many bytes stand before the first record of a file; nothing if the window has to be longer.
    ///
    /// # Errors
    /// The file is shorter, or can have no records.
    pub(crate) fn prelude(&self, window: &[u8], last: bool) -> Result<Option<usize>, FrameError> {
        let head = self.skip.head as usize;
        let Some(rest) = window.get(head..) else {
            let message = format!("the file has {} bytes, and `skip.head` is {head}", window.len());
            return if last { Err(FrameError::new(0, message)) } else { Ok(None) };
        };
        let own = match &self.framing {
            Framing::Split(split) => split.prelude(rest, last)?,
            Framing::Lines(ending) if !ending.is_ebcdic() => match rest.first_chunk::<3>() {
                None if !last => None,
                Some(first) if *first == MARK => Some(MARK.len()),
                _ => Some(0),
            },
            _ => Some(0),
        };
        Ok(own.map(|own| head + own))
    }

    /// Looks for the record at the beginning of the window; `last`: nothing comes behind the window.
    ///
    /// # Errors
    /// There is none, or it is too long. Nothing behind it can be found.
    pub(crate) fn next(&mut self, window: &[u8], last: bool) -> Result<Step, FrameError> {
        let step = match &self.framing {
            Framing::Lines(ending) => ending.next(window, last, self.record_max),
            Framing::Fixed(length) => fixed(*length as usize, window, last),
            Framing::Rdw(rdw) => Words(*rdw).next(window, last, self.record_max),
            Framing::Bdw(rdw) => self.block.next(Words(*rdw), window, last, self.record_max),
            Framing::Length(field) => field.next(window, last, self.record_max),
            Framing::Split(split) => split.split(window, last),
        }?;
        // Empty lines may be those with which a file ends, so several are looked at together.
        let most = self.record_max.saturating_add(SLACK).max(lines::EMPTY_MAX);
        match step {
            Step::Frame(frame) if frame.length > self.record_max => Err(self.too_long(frame.start)),
            // A length that stands in front was judged already; here a line never ends.
            Step::More if window.len() > most && !self.is_counted() => Err(self.too_long(0)),
            Step::Frame(frame) => self.cut(frame).map(Step::Frame),
            step => Ok(step),
        }
    }

    /// Returns what has to be known to go on at the place that is reached.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.block)
    }

    /// Goes back to a place.
    pub(crate) fn reset(&mut self, to: Mark) {
        self.block = to.0;
    }

    fn is_counted(&self) -> bool {
        !matches!(self.framing, Framing::Lines(_) | Framing::Split(_))
    }

    fn too_long(&self, at: usize) -> FrameError {
        FrameError::new(at, format!("the record is longer than `limits.record` of {} bytes", self.record_max))
    }

    fn cut(&self, frame: Frame) -> Result<Frame, FrameError> {
        let (before, after) = (self.skip.before as usize, self.skip.after as usize);
        let Some(length) = frame.length.checked_sub(before + after) else {
            let message = format!(
                "the record has {} bytes, and `skip` takes {before} before and {after} after it",
                frame.length
            );
            return Err(FrameError::new(frame.start, message));
        };
        Ok(Frame { start: frame.start + before, length, next: frame.next })
    }
}

/// The byte order mark of UTF-8.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Bytes of framing that a window may hold beside one record of the largest size.
const SLACK: usize = 64;

fn fixed(length: usize, window: &[u8], last: bool) -> Result<Step, FrameError> {
    match window.len() {
        0 if last => Ok(Step::End(0)),
        found if found >= length => Ok(Step::Frame(Frame { start: 0, length, next: length })),
        found if last => {
            Err(FrameError::new(0, format!("the last record has {found} bytes, and a record has {length}")))
        }
        _ => Ok(Step::More),
    }
}

#[cfg(test)]
mod tests;
