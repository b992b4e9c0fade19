//! One unit from its beginning to its end: known by its content, verified, published, put away.
//!
//! **Invariant.** A unit whose content was settled is not published again, whatever its name.

use super::counts::StreamCounts;
use super::map::{Shared, SinkRefused};
use super::publish::{Halt, Pass};
use super::round::Stream;
use super::verify::{Failed, UnitTotal, Verified};
use super::{Trouble, verify};
use super::{dry, letter};
use crate::store::{Counted, Place, Refusal, UnitProgress};
use adapters_ports::{Identity, Position, Unit, UnitEnd, UnitRef};
use jiff::Timestamp;
use kernel::{Class, Error};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitReport {
    /// Its name.
    pub name: Arc<str>,
    /// How it ended.
    pub outcome: UnitOutcome,
    /// What was counted in it, before and now.
    pub counted: Counted,
    /// Whether its totals hold; nothing where none were compared.
    pub verified: Option<bool>,
    /// What was compared.
    pub totals: Vec<UnitTotal>,
    /// From which record on it was read now; 0 is the beginning.
    pub from_record: u64,
    /// Bytes that were read now, after decompression.
    pub bytes: u64,
    /// How long it took.
    pub took: Duration,
    /// What could not be done at its end, such as moving it away.
    pub left_behind: Option<String>,
}

/// How a unit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnitOutcome {
    /// All its records are settled.
    Settled,
    /// Its content was settled before.
    Duplicate,
    /// It is refused; why.
    Refused(String),
    /// It is not there any more, or not what it was; why.
    Left(String),
}

/// A unit that is being worked on.
struct Work<'s> {
    stream: &'s Stream,
    of: &'s UnitRef,
    stop: watch::Receiver<bool>,
    begun: Instant,
    verified: Option<bool>,
    totals: Vec<UnitTotal>,
    from: Position,
}

impl Stream {
    /// Works through one unit, and says what became of it.
    pub(super) async fn unit(
        &self,
        of: &UnitRef,
        stop: watch::Receiver<bool>,
    ) -> Result<UnitReport, Trouble> {
        let (begun, verified, from) = (Instant::now(), None, Position::START);
        let work = Work { stream: self, of, stop, begun, verified, totals: Vec::new(), from };
        let result = work.run().await;
        self.counts.doing(None);
        for gauge in [&self.counts.position, &self.counts.unit_bytes, &self.counts.unit_bytes_read] {
            StreamCounts::set(gauge, 0);
        }
        result
    }
}

impl Work<'_> {
    async fn run(mut self) -> Result<UnitReport, Trouble> {
        let counts = &self.stream.counts;
        counts.doing(Some((&self.of.name, "checking")));
        let unit = match self.stream.source.open(self.of).await {
            Ok(unit) => unit,
            Err(error) => return self.unreadable(None, Counted::default(), error).await,
        };
        StreamCounts::set(&counts.unit_bytes, unit.bytes().unwrap_or(0));
        let (unit, (identity, differences)) = match self.first_pass(unit).await {
            Ok(found) => found,
            Err((unit, error)) => return self.unreadable(unit, Counted::default(), *error).await,
        };
        let known = self.stream.store.progress(self.stream.id, identity).await?;
        if let Some(known) = known.as_ref().filter(|known| known.settled) {
            return self.known(unit, known).await;
        }
        let progress = known.unwrap_or_default();
        if !differences.is_empty() {
            return self.refused(Some(unit), progress.counted, differences.join("; ")).await;
        }
        let (name, stamp) = (Arc::clone(&self.of.name), Arc::clone(&self.of.stamp));
        self.from = progress.position;
        self.publish(unit, identity, UnitProgress { name, stamp, ..progress }).await
    }

    /// Reads everything once: what it is known by, and whether its totals hold.
    async fn first_pass(
        &mut self,
        mut unit: Box<dyn Unit>,
    ) -> Result<(Box<dyn Unit>, (Identity, Vec<String>)), Failed> {
        let stream = self.stream;
        let (blocks, mut differences) = (Arc::clone(&stream.blocks), Vec::new());
        if blocks.iter().any(|block| block.mapping.tally().is_some()) {
            let verified = verify::verify(unit, blocks, Arc::clone(&stream.counts)).await?;
            (unit, Verified { totals: self.totals, differences }) = verified;
            self.verified = Some(differences.is_empty());
        } else if stream.dry.is_some() {
            // Nothing is kept by it.
            unit.once();
            return Ok((unit, (dry::stand_in(self.of), differences)));
        }
        let identity = match unit.identity() {
            Some(identity) => Ok(identity),
            None => unit.examine().await,
        };
        match identity {
            Ok(identity) => Ok((unit, (identity, differences))),
            Err(error) => Err((Some(unit), Box::new(error))),
        }
    }

    async fn publish(
        &mut self,
        mut unit: Box<dyn Unit>,
        identity: Identity,
        mut progress: UnitProgress,
    ) -> Result<UnitReport, Trouble> {
        let stream = self.stream;
        let mut refused = SinkRefused::new();
        loop {
            stream.counts.doing(Some((&self.of.name, "publishing")));
            if let Err(error) = unit.rewind(progress.position).await {
                return self.unreadable(Some(unit), progress.counted, error).await;
            }
            let time: Arc<str> = Timestamp::now().to_string().into();
            let (blocks, types) = (Arc::clone(&stream.blocks), Arc::clone(&stream.types));
            let version = Arc::clone(&stream.version);
            let shared = Shared::new(blocks, types, &identity, refused.clone(), (version, time));
            let shared = if stream.dry.is_some() { shared.in_lines() } else { shared };
            let mut pass = Pass::new(stream, identity, progress.clone(), self.stop.clone());
            let (back, result) = pass.run(unit, Arc::new(shared)).await;
            let done = pass.progress;
            let halt = match (back, result) {
                (Some(unit), Ok(())) => return self.settled(unit, done.counted).await,
                (None, Ok(())) => Halt::Stopped,
                (back, Err(halt)) => match (back, halt) {
                    (Some(back), Halt::Again(more)) => {
                        let more = more.into_iter();
                        let named =
                            more.filter_map(|(origin, why)| Some(((origin.block?, origin.number), why)));
                        refused.extend(named);
                        let kept = stream.store.progress(stream.id, identity).await?;
                        let (name, stamp) = (Arc::clone(&self.of.name), Arc::clone(&self.of.stamp));
                        progress = UnitProgress { name, stamp, ..kept.unwrap_or_default() };
                        unit = back;
                        continue;
                    }
                    (back, Halt::Refused(why)) => return self.refused(back, done.counted, why).await,
                    (back, Halt::Source(error)) => {
                        return self.unreadable(back, done.counted, error).await;
                    }
                    (back, halt) => {
                        self.leave(back).await;
                        halt
                    }
                },
            };
            return Err(halt.trouble().unwrap_or(Trouble::Stopped));
        }
    }

    async fn settled(&self, unit: Box<dyn Unit>, counted: Counted) -> Result<UnitReport, Trouble> {
        StreamCounts::add(&self.stream.counts.settled, 1);
        let bytes = unit.bytes_read();
        let left_behind = self.end(unit, UnitEnd::Settled).await;
        self.put_away(None).await?;
        Ok(self.report(UnitOutcome::Settled, counted, bytes, left_behind))
    }

    /// Its content was settled before: under its own name, and then only its end is missing; or under another one.
    async fn known(&self, unit: Box<dyn Unit>, known: &UnitProgress) -> Result<UnitReport, Trouble> {
        let again = known.name == self.of.name && known.stamp == self.of.stamp;
        let (end, outcome) = if again {
            (UnitEnd::Settled, UnitOutcome::Settled)
        } else {
            StreamCounts::add(&self.stream.counts.duplicates, 1);
            let (unit, settled_as) = (&*self.of.name, &*known.name);
            tracing::warn!(
                unit,
                settled_as,
                "a unit with this content was settled before; nothing of it is published"
            );
            (UnitEnd::Duplicate, UnitOutcome::Duplicate)
        };
        let left_behind = self.end(unit, end).await;
        self.put_away(None).await?;
        Ok(self.report(outcome, known.counted.clone(), 0, left_behind))
    }

    async fn refused(
        &self,
        unit: Option<Box<dyn Unit>>,
        counted: Counted,
        reason: String,
    ) -> Result<UnitReport, Trouble> {
        StreamCounts::add(&self.stream.counts.refused, 1);
        tracing::error!(unit = &*self.of.name, reason, "a unit is refused");
        let left_behind = match unit {
            Some(unit) => self.end(unit, UnitEnd::Refused).await,
            None => None,
        };
        let version = Arc::clone(&self.stream.version);
        self.put_away(Some(Refusal { reason: reason.clone(), version })).await?;
        Ok(self.report(UnitOutcome::Refused(reason), counted, 0, left_behind))
    }

    /// The unit cannot be read: for the moment, or never as it is.
    async fn unreadable(
        &self,
        unit: Option<Box<dyn Unit>>,
        counted: Counted,
        error: Error,
    ) -> Result<UnitReport, Trouble> {
        match error.class {
            Class::NotFound => {
                self.leave(unit).await;
                tracing::warn!(unit = &*self.of.name, %error, "a unit is gone");
                Ok(self.report(UnitOutcome::Left(error.to_string()), counted, 0, None))
            }
            Class::Client | Class::Conflict | Class::Poison | Class::Defect => {
                self.refused(unit, counted, letter::words(&error)).await
            }
            Class::Auth | Class::RateLimited | Class::Transient | Class::Maintenance | Class::Ambiguous => {
                self.leave(unit).await;
                Err(Trouble::Source(error))
            }
        }
    }

    async fn leave(&self, unit: Option<Box<dyn Unit>>) {
        if let Some(unit) = unit {
            self.end(unit, UnitEnd::Left).await;
        }
    }

    /// Ends the unit, and returns what could not be done then.
    async fn end(&self, unit: Box<dyn Unit>, how: UnitEnd) -> Option<String> {
        let how = if self.stream.dry.is_some() { UnitEnd::Left } else { how };
        let error = unit.end(how).await.err()?;
        tracing::error!(unit = &*self.of.name, ?how, %error, "a unit cannot be put away; move it by hand");
        Some(error.to_string())
    }

    async fn put_away(&self, refused: Option<Refusal>) -> Result<(), Trouble> {
        let place = Place { stamp: Arc::clone(&self.of.stamp), refused };
        self.stream.known(&self.of.name, place).await
    }

    fn report(
        &self,
        outcome: UnitOutcome,
        counted: Counted,
        bytes: u64,
        left_behind: Option<String>,
    ) -> UnitReport {
        UnitReport {
            name: Arc::clone(&self.of.name),
            outcome,
            counted,
            verified: self.verified,
            totals: self.totals.clone(),
            from_record: self.from.records,
            bytes,
            took: self.begun.elapsed(),
            left_behind,
        }
    }
}
