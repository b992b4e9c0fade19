//! Units, topics and a store in memory, around the real store; each of their calls may be the last of the process.
//!
//! A unit is text. A record is a line: `B key amount` is a booking, `T count sum` a trailer, anything else is of no type;
//! a booking whose amount is `bad` cannot be read.

use super::*;
use crate::events::feed::Types;
use crate::events::stream::block::{Mapping, ReadRecord, Total};
use crate::store::{
    Advance, BlockKey, Hash, KeyState, NamedPlace, Place, Sqlite, Streams, UnitProgress, hash,
};
use adapters_ports::{
    Batch, BoxFuture, CallContext, Event, EventBatch, Framed, Identity, KeptEvent, Listing, Outcomes,
    Position, RawRecord, Records, Sink, Source, Token, TopicAsk, TopicError, TopicPage, Topics, Unit,
    UnitEnd, UnitRef,
};
use bytes::Bytes;
use engine::plan::stream::{Compared, Said, Tell, Unread};
use engine::value::Value;
use kernel::{
    BadField, Cause, Class, Decimal, DecodeError, Interest, PartId, Progress, Scalar, Stop, TypeId, Visitor,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::watch;

pub(super) const BOOKING: PartId = PartId(1);
const TRAILER: PartId = PartId(2);

/// Everything outside of the process.
#[derive(Clone)]
pub(super) struct World {
    state: Arc<Mutex<State>>,
    store: Arc<Sqlite>,
}

/// What one look came to.
#[derive(Debug)]
pub(super) struct Looked {
    pub(super) reports: Vec<UnitReport>,
    pub(super) held: Vec<(Arc<str>, String)>,
}

struct State {
    /// Units by their names: stamp and content.
    units: BTreeMap<String, (u32, String)>,
    ended: Vec<(String, UnitEnd)>,
    topics: BTreeMap<String, Vec<Event>>,
    published: usize,
    /// What the sink does with an event.
    sink: Decide,
    opened: usize,
    batch_records: usize,
    /// What happens to a unit after so many batches were read of it.
    torn: Option<(usize, Class)>,
    in_flight_bytes: u64,
    in_flight_bytes_max: u64,
    left: Option<u64>,
    dead: bool,
    crashed: bool,
}

/// What becomes of an event of a topic; nothing is that it is kept.
type Decide = Box<dyn FnMut(&str, &Event) -> Option<Class> + Send>;

/// How a block is declared.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    pub types: Types,
    pub only_changes: bool,
    pub newest: bool,
    pub rejects: bool,
    pub rejects_max: Option<u64>,
    pub verifies: bool,
    pub own_id: bool,
    pub version: &'static str,
    pub patience: Patience,
    /// What could not be read can be.
    pub mended: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            types: Types::Record("posted".into()),
            only_changes: false,
            newest: false,
            rejects: true,
            rejects_max: None,
            verifies: false,
            own_id: false,
            version: "v1",
            patience: None,
            mended: false,
        }
    }
}

impl World {
    pub(super) fn new() -> Self {
        let state = State {
            units: BTreeMap::new(),
            ended: Vec::new(),
            topics: BTreeMap::new(),
            published: 0,
            sink: Box::new(|_, _| None),
            opened: 0,
            batch_records: 3,
            torn: None,
            in_flight_bytes: 0,
            in_flight_bytes_max: 0,
            left: None,
            dead: false,
            crashed: false,
        };
        let store = Arc::new(Sqlite::open(Path::new(":memory:")).unwrap());
        Self { state: Arc::new(Mutex::new(state)), store }
    }

    pub(super) fn put(&self, name: &str, content: &str) {
        let mut state = self.lock();
        let stamp = state.units.get(name).map_or(1, |(stamp, _)| stamp + 1);
        state.units.insert(name.into(), (stamp, content.into()));
    }

    pub(super) fn crash_at(&self, moment: Option<u64>) {
        self.lock().left = moment;
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.lock().crashed
    }

    pub(super) fn batches_of(&self, records: usize) {
        self.lock().batch_records = records;
    }

    pub(super) fn tear(&self, torn: Option<(usize, Class)>) {
        self.lock().torn = torn;
    }

    /// Says what becomes of each event; `None` is that it is kept.
    pub(super) fn sink(&self, sink: impl FnMut(&str, &Event) -> Option<Class> + Send + 'static) {
        self.lock().sink = Box::new(sink);
    }

    pub(super) fn topic(&self, name: &str) -> Vec<Event> {
        self.lock().topics.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn published(&self) -> usize {
        self.lock().published
    }

    pub(super) fn opened(&self) -> usize {
        self.lock().opened
    }

    pub(super) fn in_flight_bytes_max(&self) -> u64 {
        self.lock().in_flight_bytes_max
    }

    pub(super) fn ended(&self) -> Vec<(String, UnitEnd)> {
        self.lock().ended.clone()
    }

    /// What a consumer has that drops events whose id it has seen: their data, in order; it checks what ids promise.
    pub(super) fn consumed(&self, topic: &str) -> Vec<String> {
        let mut by_id: HashMap<Arc<str>, Event> = HashMap::new();
        let mut seen = Vec::new();
        for event in self.topic(topic) {
            if let Some(first) = by_id.get(&event.id) {
                assert_eq!((&first.ty, &first.key, &first.data), (&event.ty, &event.key, &event.data));
                continue;
            }
            seen.push(format!("{} {}", event.ty, String::from_utf8_lossy(&event.data)));
            by_id.insert(Arc::clone(&event.id), event);
        }
        seen
    }

    pub(super) fn ids(&self, topic: &str) -> BTreeSet<Arc<str>> {
        self.topic(topic).into_iter().map(|event| event.id).collect()
    }

    /// Starts the process, as often as it ends while it starts.
    pub(super) async fn open(&self, rules: &Rules) -> Stream {
        loop {
            self.lock().dead = false;
            if let Ok(stream) = self.try_open(rules).await {
                return stream;
            }
        }
    }

    async fn try_open(&self, rules: &Rules) -> Result<Stream, Trouble> {
        let outlet = |topic: &str| Outlet { topic: topic.into(), sink: Arc::new(self.clone()) };
        let block = Block {
            model: "Booking".into(),
            id: hash(&[b"test"]),
            number: 100,
            record: BOOKING,
            source: "/facade/test".into(),
            types: rules.types.clone(),
            only_changes: rules.only_changes,
            newest: rules.newest,
            dataschema: None,
            rejects_max: rules.rejects_max,
            outlet: 0,
            rejects: rules.rejects.then_some(1),
            mapping: Arc::new(FakeMapping { rules: rules.clone() }),
            counts: Arc::default(),
        };
        let parts = StreamParts {
            connection: "bank".into(),
            name: hash(&[b"stream"]),
            source: Arc::new(self.clone()),
            blocks: vec![block],
            outlets: vec![outlet("t"), outlet("t.rejected")],
            types: [(BOOKING, "booking".into()), (TRAILER, "trailer".into())].into(),
            store: Arc::new(self.clone()),
            version: rules.version.into(),
            patience: rules.patience,
        };
        let mut stream = Stream::open(parts).await?;
        stream.keep_every = Duration::ZERO;
        Ok(stream)
    }

    /// One round; `None` if the process ended.
    pub(super) async fn round(&self, stream: &Stream) -> Option<Looked> {
        let (_stop, stopped) = watch::channel(false);
        let mut reports = Vec::new();
        match stream.round(&stopped, &mut |report| reports.push(report)).await {
            Ok(Round { worked, held, .. }) => {
                assert_eq!(worked, reports.len());
                Some(Looked { reports, held })
            }
            Err(_) if self.lock().dead => None,
            Err(trouble) => panic!("{trouble}"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A moment at which the process may end.
    fn moment(&self) -> Result<(), ()> {
        let mut state = self.lock();
        match &mut state.left {
            Some(0) => (state.left, state.dead, state.crashed) = (None, true, true),
            Some(left) => *left -= 1,
            None => {}
        }
        if state.dead { Err(()) } else { Ok(()) }
    }

    /// Wraps a call between two moments.
    fn around<'a, T: Send + 'a>(
        &'a self,
        call: impl Future<Output = Result<T, StoreError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            let dead = |()| StoreError("the process has ended".into());
            self.moment().map_err(dead)?;
            let result = call.await;
            self.moment().map_err(dead)?;
            result
        })
    }
}

fn ended() -> kernel::Error {
    kernel::Error::new(Class::Transient, Cause::Unavailable, "the process has ended")
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl Source for World {
    fn list(&self) -> BoxFuture<'_, Result<Listing, kernel::Error>> {
        Box::pin(async move {
            self.moment().map_err(|()| ended())?;
            let state = self.lock();
            let ready = state.units.iter().map(|(name, (stamp, _))| UnitRef {
                name: name.as_str().into(),
                stamp: stamp.to_string().into(),
            });
            Ok(Listing { ready: ready.collect(), waiting: Vec::new() })
        })
    }

    fn open<'a>(&'a self, unit: &'a UnitRef) -> BoxFuture<'a, Result<Box<dyn Unit>, kernel::Error>> {
        Box::pin(async move {
            self.moment().map_err(|()| ended())?;
            self.lock().opened += 1;
            let content = self.lock().units.get(&*unit.name).map(|(_, content)| content.clone());
            let gone = || kernel::Error::new(Class::NotFound, Cause::Unavailable, "it is gone");
            let content: Arc<str> = content.ok_or_else(gone)?.into();
            let mut offsets = vec![0];
            for line in content.lines() {
                offsets.push(offsets.last().unwrap() + line.len() as u64 + 1);
            }
            let (world, name, offsets) = (self.clone(), Arc::clone(&unit.name), offsets.into());
            let unit = FakeUnit { world, name, content, offsets, at: 0, batches: 0, whole: false };
            Ok(Box::new(unit) as Box<dyn Unit>)
        })
    }

    fn wait(&self) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(10)))
    }

    fn sample(&self, _: &str, _: Bytes) -> Result<Box<dyn Unit>, String> {
        Err("no samples".into())
    }

    fn letter(&self, raw: &RawRecord) -> Result<Box<dyn Records>, String> {
        let line = String::from_utf8_lossy(&raw.bytes).into_owned();
        Ok(Box::new(FakeRecords {
            lines: vec![(raw.number, raw.offset, line)],
            at: None,
            name: Arc::clone(&raw.unit),
            world: None,
            bytes: 0,
        }))
    }
}

struct FakeUnit {
    world: World,
    name: Arc<str>,
    content: Arc<str>,
    /// Where each record begins, and the end.
    offsets: Arc<[u64]>,
    /// Records that were read.
    at: usize,
    batches: usize,
    whole: bool,
}

impl FakeUnit {
    fn offset(&self, record: usize) -> u64 {
        self.offsets[record.min(self.offsets.len() - 1)]
    }
}

impl std::fmt::Debug for FakeUnit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Unit for FakeUnit {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn examine(&mut self) -> BoxFuture<'_, Result<Identity, kernel::Error>> {
        Box::pin(async move {
            self.world.moment().map_err(|()| ended())?;
            self.whole = true;
            Ok(hash(&[self.content.as_bytes()]))
        })
    }

    fn identity(&self) -> Option<Identity> {
        self.whole.then(|| hash(&[self.content.as_bytes()]))
    }

    fn batch(&mut self) -> Result<Option<Batch>, kernel::Error> {
        self.world.moment().map_err(|()| ended())?;
        let count = self.world.lock().batch_records;
        let torn = self.world.lock().torn;
        self.batches += 1;
        if let Some((_, class)) = torn.filter(|(after, _)| self.batches > *after) {
            return Err(kernel::Error::new(class, Cause::Broken, "it is torn"));
        }
        let lines: Vec<(u64, u64, String)> = self
            .content
            .lines()
            .enumerate()
            .skip(self.at)
            .take(count)
            .map(|(n, line)| (n as u64 + 1, self.offset(n), line.to_owned()))
            .collect();
        if lines.is_empty() {
            self.whole = true;
            return Ok(None);
        }
        let before = self.offset(self.at);
        self.at += lines.len();
        let bytes = self.offset(self.at) - before;
        let after = Position { records: self.at as u64, bytes: before + bytes };
        let mut state = self.world.lock();
        state.in_flight_bytes += bytes;
        state.in_flight_bytes_max = state.in_flight_bytes_max.max(state.in_flight_bytes);
        drop(state);
        let records = FakeRecords {
            lines,
            at: None,
            name: Arc::clone(&self.name),
            world: Some(self.world.clone()),
            bytes,
        };
        Ok(Some(Batch { records: Box::new(records), token: Token::new(after) }))
    }

    fn rewind(&mut self, to: Position) -> BoxFuture<'_, Result<(), kernel::Error>> {
        Box::pin(async move {
            self.world.moment().map_err(|()| ended())?;
            self.at = usize::try_from(to.records).unwrap();
            assert_eq!(self.offset(self.at), to.bytes, "no batch ended there");
            self.batches = 0;
            Ok(())
        })
    }

    fn beside(&mut self, _: PartId, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let trailer = self.content.lines().rfind(|line| line.starts_with('T'));
        tell(trailer.unwrap_or(""), to)
    }

    fn bytes(&self) -> Option<u64> {
        Some(self.content.len() as u64)
    }

    fn bytes_read(&self) -> u64 {
        self.offset(self.at)
    }

    fn end(self: Box<Self>, how: UnitEnd) -> BoxFuture<'static, Result<(), kernel::Error>> {
        Box::pin(async move {
            self.world.moment().map_err(|()| ended())?;
            self.world.lock().ended.push((self.name.to_string(), how));
            if matches!(how, UnitEnd::Settled | UnitEnd::Duplicate) && !self.name.starts_with("stays") {
                self.world.lock().units.remove(&*self.name);
            }
            self.world.moment().map_err(|()| ended())
        })
    }
}

struct FakeRecords {
    lines: Vec<(u64, u64, String)>,
    at: Option<usize>,
    name: Arc<str>,
    world: Option<World>,
    bytes: u64,
}

impl FakeRecords {
    fn line(&self) -> &(u64, u64, String) {
        &self.lines[self.at.unwrap()]
    }
}

impl std::fmt::Debug for FakeRecords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("records")
    }
}

impl Drop for FakeRecords {
    fn drop(&mut self) {
        if let Some(world) = &self.world {
            world.lock().in_flight_bytes -= self.bytes;
        }
    }
}

impl Records for FakeRecords {
    fn next(&mut self) -> Option<Framed> {
        let next = self.at.map_or(0, |at| at + 1);
        let (number, offset, line) = self.lines.get(next)?;
        let part = match line.as_bytes().first() {
            Some(b'B') => Ok(BOOKING),
            Some(b'T') => Ok(TRAILER),
            _ => Err(DecodeError::new("no record type fits", *offset)),
        };
        let framed =
            Framed { number: *number, offset: *offset, length: u32::try_from(line.len()).unwrap(), part };
        self.at = Some(next);
        Some(framed)
    }

    fn tell(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        tell(&self.line().2, to)
    }

    fn raw(&self) -> RawRecord {
        let (number, offset, line) = self.line().clone();
        let beside = vec![("header".into(), Bytes::from_static(b"H"))];
        RawRecord { bytes: line.into(), beside, unit: Arc::clone(&self.name), number, offset }
    }
}

fn tell(line: &str, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
    to.enter(PartId(9), TypeId(9));
    let _ = to.leaf(PartId(9), Scalar::Text(line));
    Ok(Progress::End)
}

/// Takes the line that is told.
#[derive(Default)]
struct Line(String);

impl Visitor for Line {
    fn enter(&mut self, _: PartId, _: TypeId) -> Interest {
        Interest::Leaf
    }

    fn leaf(&mut self, _: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        if let Scalar::Text(text) = scalar {
            self.0 = text.into();
        }
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

#[derive(Debug)]
struct FakeMapping {
    rules: Rules,
}

impl Mapping for FakeMapping {
    fn reader(&self) -> Box<dyn ReadRecord> {
        Box::new(FakeReader { rules: self.rules.clone() })
    }

    fn tally(&self) -> Option<Box<dyn Total>> {
        self.rules.verifies.then(|| Box::new(FakeTotal::default()) as Box<dyn Total>)
    }
}

struct FakeReader {
    rules: Rules,
}

fn unread(message: &'static str, field: &str) -> Unread {
    let error = kernel::Error::new(Class::Poison, Cause::Contract, message).with("path", field);
    let field = BadField { path: field.into(), bytes: Box::new([0x40, 0x0c]) };
    Unread { error, field: Some(Box::new(field)) }
}

impl ReadRecord for FakeReader {
    fn read(&mut self, to: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<Said, Unread> {
        let mut line = Line::default();
        to(&mut line).unwrap();
        let parts: Vec<&str> = line.0.split(' ').collect();
        json.extend_from_slice(line.0.as_bytes());
        if parts[2] == "bad" && !self.rules.mended {
            return Err(unread("no digits", "AMOUNT"));
        }
        let fields = parts[2].as_bytes();
        Ok(Said {
            key: parts[1].into(),
            partition: parts[1].into(),
            id: self.rules.own_id.then(|| line.0.as_str().into()),
            time: None,
            subject: None,
            deleted: parts[2] == "0",
            newest: parts.get(3).map_or(Value::Absent, |at| Value::Number(Decimal::parse(at).unwrap())),
            content: fields.iter().fold(7, |hash, byte| hash * 31 + u128::from(*byte)),
        })
    }
}

#[derive(Default)]
struct FakeTotal {
    count: u64,
    sum: i64,
}

impl Total for FakeTotal {
    fn add(&mut self, to: &mut Tell<'_>) -> Result<(), Unread> {
        let mut line = Line::default();
        to(&mut line).unwrap();
        self.count += 1;
        let amount = line.0.split(' ').nth(2).unwrap();
        self.sum += amount.parse::<i64>().map_err(|_| unread("no digits", "AMOUNT"))?;
        Ok(())
    }

    fn add_unknown(&mut self) {
        self.count += 1;
    }

    fn close(&self, to: &mut Tell<'_>) -> Result<Vec<Compared>, Unread> {
        let mut line = Line::default();
        to(&mut line).unwrap();
        let mut said = line.0.split(' ').skip(1).map(|text| text.parse::<i64>().unwrap());
        let (Some(count), Some(sum)) = (said.next(), said.next()) else {
            return Err(unread("there is no trailer", "$trailer"));
        };
        let own = i64::try_from(self.count).unwrap();
        let compared = |field: &str, said: i64, found: i64, words: String| Compared {
            field: field.into(),
            said: said.into(),
            totals: field.to_lowercase().into(),
            found: found.to_string().into(),
            difference: (said != found).then(|| format!("{field}: the file says {said}, {words}")),
        };
        Ok(vec![
            compared("COUNT", count, own, format!("there are {own}")),
            compared("SUM", sum, self.sum, format!("the bookings add up to {}", self.sum)),
        ])
    }
}

impl Sink for World {
    fn publish<'a>(&'a self, _: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move {
            let refused = || batch.events.iter().map(|_| Err(ended())).collect();
            if self.moment().is_err() {
                return refused();
            }
            let mut held: BTreeSet<Arc<str>> = BTreeSet::new();
            let mut outcomes = Vec::new();
            for event in &batch.events {
                let mut state = self.lock();
                // What follows a failed event of its key fails too.
                let class = match held.contains(&event.key) {
                    true => Some(Class::Transient),
                    false => (state.sink)(&batch.topic, event),
                };
                match class {
                    None => {
                        state.published += 1;
                        state.topics.entry(batch.topic.to_string()).or_default().push(event.clone());
                        outcomes.push(Ok(()));
                    }
                    Some(class) => {
                        held.insert(Arc::clone(&event.key));
                        outcomes.push(Err(kernel::Error::new(class, Cause::Unavailable, "not kept")));
                    }
                }
            }
            if self.moment().is_err() { refused() } else { outcomes }
        })
    }
}

impl Streams for World {
    fn stream(&self, name: Hash) -> BoxFuture<'_, Result<i64, StoreError>> {
        self.around(self.store.stream(name))
    }

    fn places(&self, stream: i64) -> BoxFuture<'_, Result<Vec<NamedPlace>, StoreError>> {
        self.around(self.store.places(stream))
    }

    fn place(&self, stream: i64, name: Arc<str>, place: Place) -> BoxFuture<'_, Result<(), StoreError>> {
        self.around(self.store.place(stream, name, place))
    }

    fn unplace(&self, stream: i64, names: Vec<Arc<str>>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.around(self.store.unplace(stream, names))
    }

    fn progress(
        &self,
        stream: i64,
        identity: Identity,
    ) -> BoxFuture<'_, Result<Option<UnitProgress>, StoreError>> {
        self.around(self.store.progress(stream, identity))
    }

    fn keys(&self, keys: Vec<BlockKey>) -> BoxFuture<'_, Result<Vec<Option<KeyState>>, StoreError>> {
        self.around(self.store.keys(keys))
    }

    fn advance(&self, stream: i64, advance: Advance) -> BoxFuture<'_, Result<(), StoreError>> {
        self.around(self.store.advance(stream, advance))
    }

    fn letters(&self, topic: Hash) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.around(self.store.letters(topic))
    }

    fn letters_done(&self, topic: Hash, cursor: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.around(self.store.letters_done(topic, cursor))
    }
}

impl Topics for World {
    fn open(&self) -> Result<(), String> {
        Ok(())
    }

    fn read<'a>(&'a self, ask: TopicAsk<'a>) -> BoxFuture<'a, Result<TopicPage, TopicError>> {
        Box::pin(async move {
            let begin = ask.after.map_or(0, |after| after.parse::<usize>().unwrap() + 1);
            let kept = self.topic(ask.topic).into_iter().enumerate().skip(begin).take(2);
            let events: Vec<KeptEvent> =
                kept.map(|(at, event)| KeptEvent { cursor: at.to_string(), event }).collect();
            let next = events.last().map(|kept| kept.cursor.clone()).or_else(|| ask.after.map(str::to_owned));
            Ok(TopicPage { events, next, more: false })
        })
    }

    fn wait<'a>(&'a self, _: &'a str, _: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(std::future::pending())
    }
}
