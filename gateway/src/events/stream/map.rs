//! Maps batches of records, on whatever thread: each record becomes an event or a dead letter.
//!
//! **Invariant.** What comes of a batch depends on the batch and the unit alone, so the threads may take them in any order.

use super::block::{Block, ReadRecord};
use super::judge::{Newest, Pending};
use super::letter::{self, Letter, Why};
use crate::events::feed::Types;
use crate::events::judge::hex;
use crate::store::hash;
use adapters_ports::{Event, Framed, Identity, RawRecord, Records};
use bytes::Bytes;
use engine::plan::stream::{Said, Unread};
use kernel::{DecodeError, PartId, Sheet, Taker, Visitor};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What a record whose type nobody knows is counted as.
const UNKNOWN: &str = "unknown";

/// The names of record types.
pub(super) type TypeNames = HashMap<PartId, Arc<str>>;

/// Records that the sink of a block refused for good, by the number of the block and their own, and why.
pub(super) type SinkRefused = HashMap<(usize, u64), String>;

/// What is the same for all batches of a unit.
pub(super) struct Shared {
    blocks: Arc<[Block]>,
    types: Arc<TypeNames>,
    /// For each block, what the ids of its events and of its letters begin with.
    prefixes: Vec<(String, String)>,
    /// What the ids of letters begin with that are nobody's.
    unknown_prefix: String,
    identity: Identity,
    refused: SinkRefused,
    /// Events become lines, where nothing has to be judged first.
    in_lines: bool,
    version: Arc<str>,
    time: Arc<str>,
    /// Readers that are free, a set of one per block.
    readers: Mutex<Vec<Vec<Box<dyn ReadRecord>>>>,
    /// The most JSON that came of a batch so far.
    sheet_bytes: AtomicUsize,
    /// Sheets whose lines were shown.
    sheets: Mutex<Vec<Sheet>>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(super) struct Mapped {
    pub entries: Vec<Entry>,
    /// Records by the name of their type.
    pub records: BTreeMap<String, u64>,
    /// The data of events that are lines, in the order of their records.
    pub lines: Sheet,
    /// How many of these there are, by block.
    pub read: Vec<(usize, u64)>,
}

/// What came of a record.
#[derive(Debug)]
pub(super) struct Entry {
    /// The block, by its number; nothing for a letter that is nobody's.
    pub block: Option<usize>,
    /// The number of the record.
    pub number: u64,
    pub outcome: Outcome,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// An event; with what has to be judged first, if anything.
    Event(Event, Option<Box<Pending>>),
    /// A letter, and the outlet that takes it.
    Letter(Event, usize),
    /// It cannot be read, and nothing takes it; why.
    Nowhere(String),
}

impl Shared {
    pub(super) fn new(
        blocks: Arc<[Block]>,
        types: Arc<TypeNames>,
        identity: &Identity,
        refused: SinkRefused,
        (version, time): (Arc<str>, Arc<str>),
    ) -> Self {
        let event_prefix = |block: &Block| hex(&hash(&[b"record", &block.id, identity])).to_string();
        let both = |block: &Block| (event_prefix(block), letter::prefix(&block.id, identity));
        let prefixes = blocks.iter().map(both).collect();
        let nobody = blocks.first().map_or([0; 32], |block| hash(&[b"nobody", block.source.as_bytes()]));
        let unknown_prefix = letter::prefix(&nobody, identity);
        let readers = Mutex::default();
        let identity = *identity;
        Self {
            blocks,
            types,
            prefixes,
            unknown_prefix,
            identity,
            refused,
            in_lines: false,
            version,
            time,
            readers,
            sheet_bytes: AtomicUsize::new(0),
            sheets: Mutex::default(),
        }
    }

    /// Has events become lines of their data and nothing else, if none of them has to be judged first.
    pub(super) fn in_lines(mut self) -> Self {
        self.in_lines = !self.blocks.iter().any(Block::has_memory);
        self
    }

    /// Maps a batch.
    pub(super) fn map(&self, mut records: Box<dyn Records>) -> Mapped {
        let mut readers = self.lock().pop().unwrap_or_else(|| self.new_readers());
        let excerpts = self.blocks.iter().zip(&readers);
        let excerpts =
            excerpts.map(|(block, reader)| records.excerpt(block.record, reader.slots(!self.in_lines)?));
        let mut work = Work {
            shared: self,
            excerpts: excerpts.collect(),
            sheet: self.sheet(),
            json: Vec::new(),
            read: Vec::new(),
            id: String::new(),
            counts: Vec::new(),
            lines: vec![0; self.blocks.len()],
        };
        while let Some(framed) = records.next() {
            work.record(&framed, &mut *records, &mut readers);
        }
        self.lock().push(readers);
        // Batches are nearly alike, so the next one needs about as much.
        self.sheet_bytes.fetch_max(work.sheet.end(), Ordering::Relaxed);
        work.finish()
    }

    /// Returns a sheet with room for what came of other batches.
    fn sheet(&self) -> Sheet {
        let used = self.sheets.lock().unwrap_or_else(PoisonError::into_inner).pop();
        used.unwrap_or_else(|| Sheet::with_room(self.sheet_bytes.load(Ordering::Relaxed)))
    }

    /// Takes a sheet back whose lines were shown.
    pub(super) fn give_back(&self, mut sheet: Sheet) {
        sheet.truncate(0);
        self.sheets.lock().unwrap_or_else(PoisonError::into_inner).push(sheet);
    }

    fn new_readers(&self) -> Vec<Box<dyn ReadRecord>> {
        self.blocks.iter().map(|block| block.mapping.reader()).collect()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Vec<Box<dyn ReadRecord>>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self, part: PartId) -> &str {
        self.types.get(&part).map_or(UNKNOWN, |name| name)
    }

    fn letter(&self, block: Option<usize>, part: Option<PartId>, raw: RawRecord, why: &Why) -> Outcome {
        let own = block.map(|number| (&self.blocks[number], &self.prefixes[number].1));
        let taker = match own {
            Some((block, _)) => block.rejects,
            // Nobody knows whose it is; the first who takes any takes it.
            None => self.blocks.iter().find_map(|block| block.rejects),
        };
        let Some(outlet) = taker else {
            let RawRecord { number, offset, .. } = raw;
            let reason = format!(
                "record {number} at byte {offset} cannot be read: {}; a `reject:` topic would take it",
                why.reason
            );
            return Outcome::Nowhere(reason);
        };
        let empty = Arc::from("");
        let letter = Letter {
            raw,
            record_type: part.map(|part| self.name(part)),
            block: own.map(|(block, _)| block),
            prefix: own.map_or(&self.unknown_prefix, |(_, prefix)| prefix),
            source: self.blocks.first().map_or(&empty, |block| &block.source),
            version: &self.version,
            time: &self.time,
            identity: &self.identity,
        };
        Outcome::Letter(letter.event(why), outlet)
    }
}

/// A batch that is being mapped.
struct Work<'s> {
    shared: &'s Shared,
    /// How leaves are taken, by block, where records need not be told.
    excerpts: Vec<Option<usize>>,
    /// The events of all records, one behind the other.
    sheet: Sheet,
    /// The event of a record that is told.
    json: Vec<u8>,
    read: Vec<(Entry, Range<usize>)>,
    /// Where ids are written.
    id: String,
    counts: Vec<(Option<PartId>, u64)>,
    /// Events that are lines, by block.
    lines: Vec<u64>,
}

impl Work<'_> {
    fn record(&mut self, framed: &Framed, records: &mut dyn Records, readers: &mut [Box<dyn ReadRecord>]) {
        let part = framed.part.as_ref().ok().copied();
        self.count(part);
        match &framed.part {
            Ok(part) => {
                for (number, block) in self.shared.blocks.iter().enumerate() {
                    if block.record == *part {
                        self.read(number, framed, records, &mut readers[number]);
                    }
                }
            }
            Err(error) => self.unknown(framed, error, records),
        }
    }

    fn read(
        &mut self,
        block: usize,
        framed: &Framed,
        records: &mut dyn Records,
        reader: &mut Box<dyn ReadRecord>,
    ) {
        let begin = self.sheet.end();
        let refused = self.shared.refused.get(&(block, framed.number));
        let result = match refused {
            Some(reason) => Err(Why { reason: reason.clone(), field: None }),
            None => match self.taken(block, reader, records) {
                Some(said) => Ok(said),
                None => self.told(reader, records).map_err(Why::unread),
            },
        };
        let outcome = match result {
            Ok(None) => {
                self.sheet.put(b"\n");
                self.lines[block] += 1;
                return;
            }
            Ok(Some(said)) => self.event(block, said, framed.number),
            Err(why) => {
                self.sheet.truncate(begin);
                let part = self.shared.blocks[block].record;
                self.shared.letter(Some(block), Some(part), records.raw(), &why)
            }
        };
        let entry = Entry { block: Some(block), number: framed.number, outcome };
        self.read.push((entry, begin..self.sheet.end()));
    }

    /// Reads a record by taking its leaves; nothing where it has to be told.
    #[inline]
    fn taken(
        &mut self,
        block: usize,
        reader: &mut Box<dyn ReadRecord>,
        records: &mut dyn Records,
    ) -> Option<Option<Said>> {
        let excerpt = (*self.excerpts.get(block)?)?;
        let take = &mut |to: &mut dyn Taker, sheet: &mut Sheet| records.take(excerpt, to, sheet);
        if self.shared.in_lines {
            return reader.take_json(take, &mut self.sheet).then_some(None);
        }
        reader.take(take, &mut self.sheet).map(Some)
    }

    /// Reads a record; what it says beside its JSON, where that is wanted.
    fn told(
        &mut self,
        reader: &mut Box<dyn ReadRecord>,
        records: &mut dyn Records,
    ) -> Result<Option<Said>, Unread> {
        let tell = &mut |to: &mut dyn Visitor| records.tell(to);
        self.json.clear();
        let said = match self.shared.in_lines {
            true => reader.read_json(tell, &mut self.json).map(|()| None),
            false => reader.read(tell, &mut self.json).map(Some),
        };
        self.sheet.put(&self.json);
        said
    }

    /// Makes the event of a record, for now without its data. What depends on the past of its key is left open.
    fn event(&mut self, number: usize, said: Said, record: u64) -> Outcome {
        let Self { shared, id, .. } = self;
        let (block, (prefix, _)) = (&shared.blocks[number], &shared.prefixes[number]);
        let pending = block.has_memory().then(|| {
            let newest = Newest::of(&said.newest);
            let (has_id, deleted) = (said.id.is_some(), said.deleted);
            Box::new(Pending { key: Arc::clone(&said.key), content: said.content, deleted, newest, has_id })
        });
        let ty = match &block.types {
            Types::Record(ty) => Arc::clone(ty),
            // The judge knows.
            Types::State { .. } => Arc::from(""),
        };
        let own = || {
            id.clear();
            // Writing to a string cannot fail.
            let _ = write!(id, "{prefix}-{record}");
            id.as_str().into()
        };
        let event = Event {
            id: said.id.unwrap_or_else(own),
            source: Arc::clone(&block.source),
            ty,
            subject: said.subject,
            time: said.time,
            dataschema: block.dataschema.clone(),
            key: said.partition,
            data: Bytes::new(),
            content_type: Cow::Borrowed("application/json"),
            extensions: Vec::new(),
        };
        Outcome::Event(event, pending)
    }

    fn unknown(&mut self, framed: &Framed, error: &DecodeError, records: &mut dyn Records) {
        let outcome = self.shared.letter(None, None, records.raw(), &Why::unknown(error));
        let end = self.sheet.end();
        self.read.push((Entry { block: None, number: framed.number, outcome }, end..end));
    }

    fn count(&mut self, part: Option<PartId>) {
        match self.counts.iter_mut().find(|(own, _)| *own == part) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((part, 1)),
        }
    }

    fn finish(self) -> Mapped {
        let Self { shared, sheet, read, counts, lines: numbers, .. } = self;
        let (json, lines) = match shared.in_lines {
            true => (Bytes::new(), sheet),
            false => (sheet.into_bytes().into(), Sheet::default()),
        };
        let entries = read.into_iter().map(|(mut entry, range)| {
            if let Outcome::Event(event, _) = &mut entry.outcome {
                event.data = json.slice(range);
            }
            entry
        });
        let entries = entries.collect();
        let name = |part: Option<PartId>| part.map_or(UNKNOWN, |part| shared.name(part)).to_owned();
        let records = counts.into_iter().map(|(part, count)| (name(part), count)).collect();
        Mapped { entries, records, lines, read: numbers.into_iter().enumerate().collect() }
    }
}
