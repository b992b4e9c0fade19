//! Reads a unit: unpacks, frames, finds the types of records, batch by batch.
//!
//! **Invariant.** Records before a place that cannot be read are given first, and the error then, however large batches are.

use super::records::{Chunk, Kept, NO_KIND, Placed};
use crate::content::{Content, Trouble};
use crate::format::Format;
use crate::frame::{Framer, Framing, Mark, Skip, Step};
use crate::select::{Found, Rule, Select};
use crate::shape::Layout;
use adapters_ports::Position;
use bytes::{Bytes, BytesMut};
use kernel::{Cause, Class, Error};
use std::collections::HashMap;
use std::sync::Arc;

/// Most records of a batch.
const RECORDS_MAX: usize = 4_096;

/// How units are read.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The types of records.
    pub layout: Arc<Layout>,
    /// Which type a record has.
    pub rules: Arc<[Rule]>,
    /// Where records begin and end.
    pub framing: Framing,
    /// Bytes of no record.
    pub skip: Skip,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds on what is held at once, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// One record.
    pub record: u32,
    /// A batch, beyond which no record is added.
    pub batch: u32,
    /// A record with all that belong to it.
    pub group: u32,
}

/// A unit that is being read.
#[derive(Debug)]
pub(crate) struct Reader {
    plan: Arc<Plan>,
    unit: Arc<str>,
    content: Content,
    framer: Framer,
    select: Select,
    buffer: BytesMut,
    /// What was given so far.
    at: Position,
    /// All bytes are in the buffer.
    whole: bool,
    /// Nothing more is given.
    over: Option<Over>,
    beside: Arc<[Option<Kept>]>,
    /// The beginning of the file is passed, with the header if it has one.
    begun: bool,
    format: Arc<dyn Format>,
    header: Option<Bytes>,
}

/// Why nothing more is given.
#[derive(Debug, Clone)]
enum Over {
    End,
    Broken { at: u64, record: u64, message: String, entry: Option<String> },
}

/// A batch that is being gathered.
#[derive(Default)]
struct Gathered {
    placed: Vec<Placed>,
    reasons: HashMap<usize, String>,
    /// Bytes of the buffer that are used up.
    cursor: usize,
    /// The types of the records that are open, outermost first.
    open: Vec<usize>,
    /// Where the latest record begins that comes by itself.
    cut: Option<(usize, usize, Mark)>,
}

impl Reader {
    /// Starts at the beginning.
    pub(crate) fn new(plan: Arc<Plan>, unit: Arc<str>, content: Content) -> Self {
        Self {
            framer: plan.framer(),
            select: Select::new(Arc::clone(&plan.rules)),
            beside: vec![None; plan.layout.kinds.len()].into(),
            format: Arc::clone(&plan.layout.format),
            header: None,
            begun: false,
            plan,
            unit,
            content,
            buffer: BytesMut::new(),
            at: Position::START,
            whole: false,
            over: None,
        }
    }

    /// Returns the content.
    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Returns what reads its records: it knows the header of the file.
    pub(crate) fn format(&self) -> &dyn Format {
        &*self.format
    }

    /// Returns how far it was read.
    pub(crate) fn position(&self) -> Position {
        self.at
    }

    /// Returns the latest records of all types at the place that is reached.
    pub(crate) fn beside(&self) -> &[Option<Kept>] {
        &self.beside
    }

    /// Reads what was not read yet, so that the identity is known.
    ///
    /// # Errors
    /// It cannot be read, or it changed meanwhile.
    pub(crate) fn examine(&mut self) -> Result<(), Error> {
        let examined = self.content.examine();
        examined.map_err(|trouble| self.trouble(trouble))
    }

    /// Makes it a unit that is read once only and has no identity.
    ///
    /// # Errors
    /// It was given up.
    pub(crate) fn once(&mut self) -> Result<(), Error> {
        let once = self.content.once();
        once.map_err(|trouble| self.trouble(trouble))
    }

    /// Begins again, at a position of an earlier pass.
    ///
    /// # Errors
    /// It cannot be read, or has no such position.
    pub(crate) fn rewind(&mut self, to: Position) -> Result<(), Error> {
        let restarted = self.content.restart();
        restarted.map_err(|trouble| self.trouble(trouble))?;
        self.buffer.clear();
        (self.at, self.over) = (Position::START, None);
        self.begin();
        while self.at.records < to.records {
            if self.gather(Some(to))?.is_none() {
                break;
            }
        }
        if self.at == to || to == Position::START {
            return Ok(());
        }
        Err(Error::new(Class::Defect, Cause::Internal, "the file has no such position")
            .with("records", to.records)
            .with("bytes", to.bytes)
            .with("file", &self.unit))
    }

    /// Gets ready for the beginning of a file, or of one of an archive.
    fn begin(&mut self) {
        self.framer = self.plan.framer();
        self.beside = vec![None; self.plan.layout.kinds.len()].into();
        self.format = Arc::clone(&self.plan.layout.format);
        (self.whole, self.begun, self.header) = (false, false, None);
    }

    /// Reads the next batch; nothing at the end.
    ///
    /// # Errors
    /// It cannot be read, is another one than before, or is not framed as it should be.
    pub(crate) fn batch(&mut self) -> Result<Option<Chunk>, Error> {
        match self.gather(None)? {
            Some(chunk) => Ok(Some(chunk)),
            None => match &self.over {
                Some(Over::Broken { at, record, message, entry }) => {
                    let error = Error::new(
                        Class::Poison,
                        Cause::Contract,
                        "the file is not framed as its mapping says",
                    );
                    let error = error.with("reason", message).with("record", record).with("offset", at);
                    let error = error.with("file", &self.unit);
                    let error = match self.content.is_wide() {
                        true => error.with("counted", "in UTF-8, as which UTF-16 is read"),
                        false => error,
                    };
                    Err(match entry {
                        Some(entry) => error.with("entry", entry),
                        None => error,
                    })
                }
                _ => Ok(None),
            },
        }
    }

    /// Gathers records up to the size of a batch, or up to a position.
    fn gather(&mut self, until: Option<Position>) -> Result<Option<Chunk>, Error> {
        let mut gathered = Gathered::default();
        while self.over.is_none() && !self.is_full(&gathered, until) {
            if !self.begun {
                self.pass_beginning(&mut gathered)?;
                continue;
            }
            let visible = self.visible();
            let window = self.buffer.get(gathered.cursor..visible).unwrap_or_default();
            let before = self.framer.mark();
            match self.framer.next(window, self.whole) {
                Ok(Step::Frame(frame)) => {
                    let record = window.get(frame.start..frame.start + frame.length).unwrap_or_default();
                    let found = self.select.find(&*self.format, record);
                    let placed = (gathered.cursor + frame.start, frame.length);
                    self.place(&mut gathered, found, placed, before);
                    gathered.cursor += frame.next;
                }
                Ok(Step::End(_)) if !gathered.placed.is_empty() => {
                    // What is left belongs to no record, so no position lies behind it.
                    return Ok(self.emit(gathered));
                }
                Ok(Step::End(_)) => self.end(&mut gathered)?,
                Ok(Step::More) if self.whole => self.broken(&gathered, 0, "its last record is cut".into()),
                Ok(Step::More) => self.fill()?,
                Err(error) => self.broken(&gathered, error.at, error.message),
            }
        }
        if !until.is_some_and(|until| self.reaches(&gathered, until)) {
            self.cut(&mut gathered);
        }
        Ok(self.emit(gathered))
    }

    /// Returns how many bytes of the buffer may be of records.
    fn visible(&self) -> usize {
        self.buffer.len().saturating_sub(self.plan.skip.tail as usize)
    }

    /// Ends a file: there is another one in the archive, or that was all.
    fn end(&mut self, gathered: &mut Gathered) -> Result<(), Error> {
        gathered.cursor = self.buffer.len();
        match self.content.advance() {
            Ok(true) => self.begin(),
            Ok(false) => self.over = Some(Over::End),
            Err(trouble) => return Err(self.trouble(trouble)),
        }
        Ok(())
    }

    /// Passes what stands before the first record, and reads the header.
    fn pass_beginning(&mut self, gathered: &mut Gathered) -> Result<(), Error> {
        let window = self.buffer.get(gathered.cursor..self.visible()).unwrap_or_default();
        let start = match self.framer.prelude(window, self.whole) {
            Ok(Some(start)) => start,
            Ok(None) => return self.fill(),
            Err(error) => {
                self.broken(gathered, error.at, error.message);
                return Ok(());
            }
        };
        if !self.format.has_header() {
            gathered.cursor += start;
            self.begun = true;
            return Ok(());
        }
        match self.framer.next(window.get(start..).unwrap_or_default(), self.whole) {
            Ok(Step::Frame(frame)) => {
                let from = start + frame.start;
                let header =
                    Bytes::copy_from_slice(window.get(from..from + frame.length).unwrap_or_default());
                match self.format.headed(&header) {
                    Ok(format) => (self.format, self.header) = (format, Some(header)),
                    Err(error) => {
                        let within = usize::try_from(error.offset).unwrap_or(0);
                        self.broken(gathered, from + within, error.message);
                        return Ok(());
                    }
                }
                gathered.cursor += start + frame.next;
                self.begun = true;
            }
            // An empty file has no records, and needs no header to say so.
            Ok(Step::End(_)) if window.is_empty() => self.begun = true,
            Ok(Step::End(_)) => self.broken(gathered, start, "the file has no header".into()),
            Ok(Step::More) if self.whole => self.broken(gathered, start, "its header is cut".into()),
            Ok(Step::More) => return self.fill(),
            Err(error) => self.broken(gathered, start + error.at, error.message),
        }
        Ok(())
    }

    fn is_full(&self, gathered: &Gathered, until: Option<Position>) -> bool {
        if until.is_some_and(|until| self.reaches(gathered, until)) {
            return true;
        }
        let count = gathered.placed.len();
        let full = gathered.cursor >= self.plan.limits.batch as usize || count >= RECORDS_MAX;
        full && (!self.plan.layout.grouped || gathered.cut.is_some() || gathered.open.is_empty())
    }

    fn reaches(&self, gathered: &Gathered, until: Position) -> bool {
        let count = u64::try_from(gathered.placed.len()).unwrap_or(u64::MAX);
        self.at.records.saturating_add(count) >= until.records
    }

    fn fill(&mut self) -> Result<(), Error> {
        let read = self.content.read(&mut self.buffer);
        self.whole = read.map_err(|trouble| self.trouble(trouble))? == 0;
        let tail = self.plan.skip.tail as usize;
        if self.whole && !self.begun && self.buffer.len() < tail {
            let message = format!("it has {} bytes, and `skip.tail` is {tail}", self.buffer.len());
            self.broken(&Gathered::default(), 0, message);
        }
        Ok(())
    }

    /// Notes a record.
    fn place(&mut self, gathered: &mut Gathered, found: Found, (at, length): (usize, usize), before: Mark) {
        let layout = &self.plan.layout;
        let index = gathered.placed.len();
        let mut kind = match found {
            Found::One(kind) => kind,
            Found::None | Found::Two(..) => {
                gathered.reasons.insert(index, self.select.reason(found));
                NO_KIND
            }
        };
        if layout.grouped
            && let Some(own) = layout.kinds.get(usize::from(kind))
        {
            match own.parent {
                None => {
                    if index > 0 {
                        gathered.cut = Some((gathered.cursor, index, before));
                    }
                    gathered.open = vec![usize::from(kind)];
                }
                Some(parent) => match gathered.open.iter().rposition(|open| *open == parent) {
                    Some(depth) => {
                        gathered.open.truncate(depth + 1);
                        gathered.open.push(usize::from(kind));
                    }
                    None => {
                        let above = layout.kinds.get(parent).map_or("", |parent| &*parent.name);
                        let reason =
                            format!("a {} belongs to a {above}, and none stands before it", own.name);
                        gathered.reasons.insert(index, reason);
                        kind = NO_KIND;
                    }
                },
            }
        }
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        gathered.placed.push(Placed { at: small(at), length: small(length), kind });
        let group = gathered.cut.as_ref().map_or(0, |(cursor, ..)| *cursor);
        let limit = self.plan.limits.group as usize;
        if layout.grouped && at + length - group > limit && !gathered.open.is_empty() {
            let message =
                format!("a record with all that belong to it is larger than `limits.group` of {limit} bytes");
            self.broken(gathered, 0, message);
        }
    }

    /// Leaves the last record that others may belong to for the next batch.
    fn cut(&mut self, gathered: &mut Gathered) {
        if !self.plan.layout.grouped || matches!(self.over, Some(Over::End)) {
            return;
        }
        let broken = self.over.is_some();
        match gathered.cut.take() {
            Some((cursor, count, mark)) => {
                gathered.cursor = cursor;
                gathered.placed.truncate(count);
                self.framer.reset(mark);
            }
            None if broken => (gathered.cursor, gathered.placed) = (0, Vec::new()),
            None => {}
        }
    }

    fn emit(&mut self, gathered: Gathered) -> Option<Chunk> {
        let data = self.buffer.split_to(gathered.cursor.min(self.buffer.len())).freeze();
        let (at, count) = (self.at, gathered.placed.len());
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.at = Position {
            records: at.records.saturating_add(wide(count)),
            bytes: at.bytes.saturating_add(wide(data.len())),
        };
        if count == 0 {
            return None;
        }
        let chunk = Chunk {
            data,
            at: at.bytes,
            number: at.records,
            placed: gathered.placed,
            reasons: gathered.reasons,
            before: Arc::clone(&self.beside),
            format: Arc::clone(&self.format),
            header: self.header.clone(),
        };
        self.keep(&chunk);
        Some(chunk)
    }

    /// Keeps the latest record of each type, as what stands beside the next batch.
    fn keep(&mut self, chunk: &Chunk) {
        let kinds = self.plan.layout.kinds.len();
        if kinds < 2 {
            return;
        }
        let mut latest: Vec<Option<&Placed>> = vec![None; kinds];
        for placed in &chunk.placed {
            if let Some(slot) = latest.get_mut(usize::from(placed.kind)) {
                *slot = Some(placed);
            }
        }
        let kept = latest.iter().zip(self.beside.iter()).map(|(placed, before)| match placed {
            Some(placed) => Some(Kept {
                bytes: Bytes::copy_from_slice(chunk.bytes(placed)),
                at: chunk.at.saturating_add(u64::from(placed.at)),
            }),
            None => before.clone(),
        });
        self.beside = kept.collect();
    }

    fn broken(&mut self, gathered: &Gathered, within: usize, message: String) {
        let wide = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        self.over = Some(Over::Broken {
            at: self.at.bytes.saturating_add(wide(gathered.cursor + within)),
            record: self.at.records.saturating_add(wide(gathered.placed.len())).saturating_add(1),
            message,
            entry: self.content.entry().map(str::to_owned),
        });
    }

    fn trouble(&self, trouble: Trouble) -> Error {
        let error = trouble.error(&self.unit);
        match self.content.entry() {
            Some(entry) => error.with("entry", entry),
            None => error,
        }
    }
}

impl Plan {
    fn framer(&self) -> Framer {
        Framer::new(self.framing.clone(), self.skip, self.limits.record)
    }
}
