//! A table, a store and a sink in memory, around the real store; each of their calls may be the last of the process.

use crate::events::feed::{Ask, DatabaseClock, Feed, Page, Poison, Row, Rules, Seen};
use crate::events::inbox::{Ended, Inbox};
use crate::events::mark::{Mark, MarkKind};
use crate::events::pump::{Publish, Pump, Step, Trouble};
use crate::store::{
    Dirty, Hash, Keyed, Known, Numbers, Outgoing, Settled, Sqlite, StoreError, WatchState, Watches, hash,
};
use adapters_ports::{BoxFuture, Event, Outcomes};
use jiff::Timestamp;
use kernel::{Cause, Class, Decimal, Error};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Rows of a page.
const PAGE_ROWS: usize = 3;

/// A change of the table.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Put(i64, &'static str),
    Remove(i64),
    Own(i64, &'static str),
    OwnRemove(i64),
}

/// Numbers that look random and are the same each time.
pub(super) struct Random(pub u64);

impl Random {
    pub(super) fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }
}

/// Everything outside of the process.
#[derive(Clone)]
pub(super) struct World {
    state: Arc<Mutex<State>>,
    store: Arc<Sqlite>,
    since: Option<MarkKind>,
}

struct State {
    table: BTreeMap<i64, (String, Mark)>,
    /// What transactions will write once they commit: when they began, key, mark.
    open: Vec<(Timestamp, i64, Mark)>,
    events: Vec<Event>,
    now: Timestamp,
    sequence: i64,
    horizon: bool,
    sink_down: bool,
    feed_down: bool,
    skip: bool,
    reads: usize,
    /// Moments until the process ends.
    left: Option<u64>,
    /// It has ended; everything fails until it is started again.
    dead: bool,
    crashed: bool,
}

impl World {
    pub(super) fn new(since: Option<MarkKind>) -> Self {
        let state = State {
            table: BTreeMap::new(),
            open: Vec::new(),
            events: Vec::new(),
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            sequence: 0,
            horizon: true,
            sink_down: false,
            feed_down: false,
            skip: false,
            reads: 0,
            left: None,
            dead: false,
            crashed: false,
        };
        let store = Arc::new(Sqlite::open(Path::new(":memory:")).unwrap());
        Self { state: Arc::new(Mutex::new(state)), store, since }
    }

    pub(super) fn crash_at(&self, moment: Option<u64>) {
        self.lock().left = moment;
    }

    pub(super) fn has_crashed(&self) -> bool {
        self.lock().crashed
    }

    pub(super) fn tell_horizon(&self, horizon: bool) {
        self.lock().horizon = horizon;
    }

    pub(super) fn sink_down(&self, down: bool) {
        self.lock().sink_down = down;
    }

    pub(super) fn feed_down(&self, down: bool) {
        self.lock().feed_down = down;
    }

    pub(super) fn skip_rows(&self, skip: bool) {
        self.lock().skip = skip;
    }

    pub(super) fn reads(&self) -> usize {
        self.lock().reads
    }

    pub(super) fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    pub(super) fn unique(&self) -> BTreeSet<Arc<str>> {
        self.lock().events.iter().map(|event| Arc::clone(&event.id)).collect()
    }

    /// What consumers should know.
    pub(super) fn live(&self) -> BTreeMap<String, String> {
        let state = self.lock();
        let live = state.table.iter().filter(|(_, (text, _))| !matches!(text.as_str(), "deleted" | "poison"));
        live.map(|(key, (text, _))| (key.to_string(), text.clone())).collect()
    }

    pub(super) fn pass(&self, time: Duration) {
        self.lock().now += time;
    }

    pub(super) fn put(&self, key: i64, text: &str) {
        let mut state = self.lock();
        let mark = state.mark(self.since);
        state.table.insert(key, (text.to_owned(), mark));
    }

    /// Stamps rows, which nobody sees before the commit.
    pub(super) fn begin(&self, rows: &[(i64, String)]) {
        let mut state = self.lock();
        for (key, _) in rows {
            let mark = state.mark(self.since);
            let now = state.now;
            state.open.push((now, *key, mark));
        }
    }

    pub(super) fn commit(&self, rows: &[(i64, String)]) {
        let mut state = self.lock();
        for (key, text) in rows {
            let at = state.open.iter().position(|(_, own, _)| own == key).unwrap();
            let (_, key, mark) = state.open.remove(at);
            state.table.insert(key, (text.clone(), mark));
        }
    }

    /// Makes a change; `false` if the process ended before it was made.
    pub(super) async fn change(&self, inbox: &Arc<Inbox>, change: Change) -> bool {
        match change {
            Change::Put(key, text) => self.put(key, text),
            Change::Remove(key) => drop(self.lock().table.remove(&key)),
            Change::Own(key, text) => {
                let Ok(noted) = inbox.note(format!("[{key}]").into(), false).await else { return false };
                self.put(key, text);
                noted.ended(Ended::Done(None));
            }
            Change::OwnRemove(key) => {
                let Ok(noted) = inbox.note(format!("[{key}]").into(), true).await else { return false };
                self.lock().table.remove(&key);
                noted.ended(Ended::Done(None));
            }
        }
        true
    }

    /// Starts the process, as often as it ends while it starts.
    pub(super) async fn open(&self, rules: &Rules) -> Pump<World> {
        loop {
            self.lock().dead = false;
            let world = self.clone();
            let now = Arc::new(move || world.lock().now);
            let (store, sink) = (Arc::new(self.clone()), Arc::new(self.clone()));
            if let Ok(pump) = Pump::open(self.clone(), rules.clone(), store, sink, now).await {
                return pump;
            }
        }
    }

    /// Runs until there is nothing to do; `false` if the process ended.
    pub(super) async fn run(&self, pump: &mut Pump<World>) -> bool {
        for _ in 0..10_000 {
            match pump.step().await {
                Ok(Step::Again) | Err(Trouble::Held { .. }) => {}
                Ok(Step::Wait(_)) => return true,
                Err(_) if self.lock().dead => return false,
                Err(trouble) => panic!("{trouble}"),
            }
        }
        panic!("it never comes to rest");
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A moment at which the process may end.
    fn moment(&self) -> Result<(), ()> {
        let mut state = self.lock();
        match &mut state.left {
            Some(0) => {
                (state.left, state.dead, state.crashed) = (None, true, true);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        if state.dead { Err(()) } else { Ok(()) }
    }

    fn row(&self, key: i64, text: &str, mark: Mark) -> Row {
        if text == "poison" {
            return Row::Poison(Box::new(Poison {
                key: Some(format!("[{key}]").into()),
                position: key.to_string().into(),
                raw: format!("{key} poison").into(),
                content_type: "text/plain",
                reason: "it is poison".into(),
            }));
        }
        Row::Seen(Box::new(Seen {
            key: format!("[{key}]").into(),
            content: hash(&[text.as_bytes()]),
            data: text.to_owned().into(),
            deleted: text == "deleted",
            mark: self.since.map(|_| mark),
            partition: key.to_string().into(),
            subject: None,
            time: Some("2026-01-01T00:00:00Z".into()),
            id: None,
        }))
    }

    /// Wraps a call of the store between two moments.
    fn around<T: Send + 'static>(
        &self,
        call: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        Box::pin(async move {
            let dead = |()| StoreError("the process has ended".into());
            self.moment().map_err(dead)?;
            let result = call.await;
            self.moment().map_err(dead)?;
            result
        })
    }
}

impl State {
    fn mark(&mut self, since: Option<MarkKind>) -> Mark {
        self.sequence += 1;
        match since {
            Some(MarkKind::Sequence) => Mark::Sequence(Decimal::new(i128::from(self.sequence), 0).unwrap()),
            _ => Mark::Instant(self.now),
        }
    }
}

fn ended() -> Error {
    Error::new(Class::Transient, Cause::Unavailable, "the process has ended")
}

impl Feed for World {
    type Position = (Option<Mark>, i64);

    async fn clock(&self) -> Result<Option<DatabaseClock>, Error> {
        self.moment().map_err(|()| ended())?;
        let state = self.lock();
        let oldest = state.open.iter().map(|(begun, ..)| *begun).min().unwrap_or(state.now);
        Ok(state.horizon.then_some(DatabaseClock { now: state.now, oldest }))
    }

    async fn page(&self, ask: &Ask, after: Option<&Self::Position>) -> Result<Page<Self::Position>, Error> {
        self.moment().map_err(|()| ended())?;
        let mut state = self.lock();
        state.reads += 1;
        if state.feed_down {
            return Err(ended());
        }
        let mut found: Vec<(Option<Mark>, i64)> = match ask {
            Ask::All => state.table.keys().map(|key| (None, *key)).collect(),
            Ask::Since(from) => {
                let late = state.table.iter().filter(|(_, (_, mark))| mark >= from);
                late.map(|(key, (_, mark))| (Some(*mark), *key)).collect()
            }
        };
        found.sort();
        if state.skip {
            found.retain(|(_, key)| key % 3 != 0);
        }
        found.retain(|place| after.is_none_or(|after| place > after));
        let next = found.get(PAGE_ROWS - 1).copied().filter(|_| found.len() > PAGE_ROWS);
        let rows = found.iter().take(PAGE_ROWS).map(|(_, key)| {
            let (text, mark) = &state.table[key];
            self.row(*key, text, *mark)
        });
        Ok(Page { rows: rows.collect(), next })
    }

    async fn one(&self, key: &str) -> Result<Option<Row>, Error> {
        self.moment().map_err(|()| ended())?;
        let key: i64 = key.trim_matches(['[', ']']).parse().unwrap();
        let state = self.lock();
        Ok(state.table.get(&key).map(|(text, mark)| self.row(key, text, *mark)))
    }
}

impl Publish for World {
    fn publish(&self, rejected: bool, events: Vec<Event>) -> BoxFuture<'_, Outcomes> {
        Box::pin(async move {
            let refused = |_: &Event| Err(ended());
            if self.lock().sink_down || self.moment().is_err() {
                return events.iter().map(refused).collect();
            }
            if !rejected {
                self.lock().events.extend(events.iter().cloned());
            }
            if self.moment().is_err() {
                return events.iter().map(refused).collect();
            }
            events.iter().map(|_| Ok(())).collect()
        })
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

impl Watches for World {
    fn open(&self, name: Hash) -> BoxFuture<'_, Result<(i64, WatchState), StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.open(name).await })
    }

    fn known(
        &self,
        watch: i64,
        keys: Vec<Arc<str>>,
    ) -> BoxFuture<'_, Result<Vec<Option<Known>>, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.known(watch, keys).await })
    }

    fn settle(&self, watch: i64, settled: Settled) -> BoxFuture<'_, Result<Numbers, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.settle(watch, settled).await })
    }

    fn outgoing(&self, watch: i64, count_max: usize) -> BoxFuture<'_, Result<Vec<Outgoing>, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.outgoing(watch, count_max).await })
    }

    fn scan(
        &self,
        watch: i64,
        after: i64,
        count_max: usize,
    ) -> BoxFuture<'_, Result<Vec<Keyed>, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.scan(watch, after, count_max).await })
    }

    fn note(&self, watch: i64, key: Arc<str>, deletes: bool) -> BoxFuture<'_, Result<i64, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.note(watch, key, deletes).await })
    }

    fn dirty(&self, watch: i64) -> BoxFuture<'_, Result<Vec<Dirty>, StoreError>> {
        let store = Arc::clone(&self.store);
        self.around(async move { store.dirty(watch).await })
    }
}
