//! Goes through what a source has, unit after unit, once or for ever.
//!
//! **Invariant.** Units are taken in the order of the source; one that cannot be read for the moment holds those behind it,
//! one that is refused does not.

use super::Trouble;
use super::block::Block;
use super::counts::StreamCounts;
use super::deliver::{Outlet, PAUSES, Patience};
use super::dry::Show;
use super::map::TypeNames;
use super::publish::KEEP_EVERY;
use super::unit::{UnitOutcome, UnitReport};
use crate::events::pump::Counts;
use crate::store::{Hash, Place, Streams};
use adapters_ports::{Listing, Source, UnitRef};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// What a stream is made of.
pub struct StreamParts {
    /// The name of the connection.
    pub connection: Arc<str>,
    /// What its state is kept under: facade and connection.
    pub name: Hash,
    /// Where records come from.
    pub source: Arc<dyn Source>,
    /// Its event blocks.
    pub blocks: Vec<Block>,
    /// The topics that they publish to.
    pub outlets: Vec<Outlet>,
    /// The names of record types.
    pub types: HashMap<kernel::PartId, Arc<str>>,
    /// What must not be forgotten.
    pub store: Arc<dyn Streams>,
    /// The version of the mapping.
    pub version: Arc<str>,
    /// How long a sink that takes nothing is waited for.
    pub patience: Patience,
}

/// The stream of one connection.
pub struct Stream {
    pub(super) connection: Arc<str>,
    pub(super) source: Arc<dyn Source>,
    pub(super) blocks: Arc<[Block]>,
    pub(super) outlets: Vec<Outlet>,
    pub(super) types: Arc<TypeNames>,
    pub(super) store: Arc<dyn Streams>,
    pub(super) id: i64,
    pub(super) version: Arc<str>,
    pub(super) patience: Patience,
    pub(super) keep_every: Duration,
    /// Everything is shown here, and nothing published.
    pub(super) dry: Option<Arc<dyn Show>>,
    /// What is known of the units that are there, by their names.
    places: Mutex<HashMap<Arc<str>, Place>>,
    /// What is counted.
    pub counts: Arc<StreamCounts>,
}

/// What one look at a source came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// How many units were ready, all of which were worked on.
    pub worked: usize,
    /// Units that are not ready, and why.
    pub waiting: Vec<(Arc<str>, String)>,
    /// Units that were refused before, and why.
    pub held: Vec<(Arc<str>, String)>,
}

impl Stream {
    /// Opens a stream where it was left.
    ///
    /// # Errors
    /// Its state cannot be read.
    pub async fn open(parts: StreamParts) -> Result<Self, Trouble> {
        let StreamParts { connection, name, source, blocks, outlets, types, store, version, patience } =
            parts;
        let id = store.stream(name).await?;
        let places = Mutex::new(store.places(id).await?.into_iter().collect());
        let (blocks, types, counts) = (blocks.into(), Arc::new(types), Arc::default());
        let keep_every = KEEP_EVERY;
        Ok(Self {
            connection,
            source,
            blocks,
            outlets,
            types,
            store,
            id,
            version,
            patience,
            keep_every,
            dry: None,
            places,
            counts,
        })
    }

    /// Returns the name of the connection.
    pub fn connection(&self) -> &Arc<str> {
        &self.connection
    }

    /// Returns what its event blocks count, with their models and topics.
    pub(in crate::events) fn counted(&self) -> Vec<(Arc<str>, Arc<str>, Arc<Counts>)> {
        let of = |block: &Block| {
            let topic = &self.outlets[block.outlet].topic;
            (Arc::clone(&block.model), Arc::clone(topic), Arc::clone(&block.counts))
        };
        self.blocks.iter().map(of).collect()
    }

    /// Looks at what there is, and works through what is ready. `each` is told of every unit as it ends.
    ///
    /// # Errors
    /// It cannot go on for the moment; what was settled is settled.
    pub async fn round(
        &self,
        stop: &watch::Receiver<bool>,
        each: &mut (dyn FnMut(UnitReport) + Send),
    ) -> Result<Round, Trouble> {
        let listing = self.source.list().await.map_err(Trouble::Source)?;
        self.forget(&listing).await?;
        let mut round = Round::default();
        let mut ready = Vec::new();
        for unit in listing.ready {
            match self.place_of(&unit) {
                None => ready.push(unit),
                Some(Place { refused: Some(refusal), .. }) => round.held.push((unit.name, refusal.reason)),
                Some(_) => {}
            }
        }
        round.waiting = listing.waiting;
        round.worked = ready.len();
        self.gauge(ready.len(), &round);
        for (done, unit) in ready.iter().enumerate() {
            if *stop.borrow() {
                return Err(Trouble::Stopped);
            }
            let report = self.unit(unit, stop.clone()).await?;
            if let UnitOutcome::Refused(reason) = &report.outcome {
                round.held.push((Arc::clone(&unit.name), reason.clone()));
            }
            each(report);
            self.gauge(ready.len() - done - 1, &round);
        }
        self.gauge(0, &round);
        Ok(round)
    }

    /// Waits until there may be something that was not there at the last round.
    pub async fn wait(&self) {
        self.source.wait().await;
    }

    /// Runs until it is told to stop. What is in hand is finished first, or left as it was.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSES.0;
        while !*stop.borrow() {
            let result = self.round(&stop, &mut |report| tell(&self.connection, &report)).await;
            let wait = async {
                match &result {
                    Ok(round) if round.worked == 0 => self.wait().await,
                    Ok(_) => {}
                    Err(_) => tokio::time::sleep(pause).await,
                }
            };
            match &result {
                Ok(_) => {}
                Err(Trouble::Stopped) => continue,
                Err(trouble) => {
                    StreamCounts::add(&self.counts.troubles, 1);
                    let connection = &*self.connection;
                    tracing::warn!(connection, %trouble, "a stream waits; nothing is lost");
                }
            }
            tokio::select! {
                () = wait => {}
                // Whoever could say stop is gone: then there is nobody to run for.
                changed = stop.wait_for(|stop| *stop) => drop(changed),
            }
            pause = if result.is_ok() { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
        }
    }

    /// Keeps what is known of a unit by its name.
    pub(super) async fn known(&self, name: &Arc<str>, place: Place) -> Result<(), Trouble> {
        self.store.place(self.id, Arc::clone(name), place.clone()).await?;
        self.lock().insert(Arc::clone(name), place);
        Ok(())
    }

    /// Returns what is known of a unit as it is now. What another mapping refused is tried again.
    fn place_of(&self, unit: &UnitRef) -> Option<Place> {
        let place = self.lock().get(&unit.name).filter(|place| place.stamp == unit.stamp).cloned()?;
        let stale = place.refused.as_ref().is_some_and(|refusal| refusal.version != self.version);
        (!stale).then_some(place)
    }

    /// Forgets names under which there is nothing any more: what comes under them next is something else.
    async fn forget(&self, listing: &Listing) -> Result<(), Trouble> {
        let ready = listing.ready.iter().map(|unit| &unit.name);
        let there: HashSet<&Arc<str>> = ready.chain(listing.waiting.iter().map(|(name, _)| name)).collect();
        let gone: Vec<Arc<str>> = self.lock().keys().filter(|name| !there.contains(name)).cloned().collect();
        if gone.is_empty() {
            return Ok(());
        }
        self.store.unplace(self.id, gone.clone()).await?;
        let mut places = self.lock();
        for name in gone {
            places.remove(&name);
        }
        Ok(())
    }

    fn gauge(&self, ready: usize, round: &Round) {
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        StreamCounts::set(&self.counts.ready, number(ready));
        StreamCounts::set(&self.counts.waiting, number(round.waiting.len()));
        StreamCounts::set(&self.counts.held, number(round.held.len()));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(connection: &str, report: &UnitReport) {
    let UnitReport { name, outcome: UnitOutcome::Settled, counted, took, .. } = report else { return };
    let records: u64 = counted.records.values().sum();
    let (events, rejected): (u64, u64) = (counted.events.values().sum(), counted.rejected_in_all());
    let took_ms = took.as_millis();
    tracing::info!(connection, unit = &**name, records, events, rejected, took_ms, "a unit is settled");
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("connection", &self.connection).finish_non_exhaustive()
    }
}
