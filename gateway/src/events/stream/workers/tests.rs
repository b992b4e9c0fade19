//! Batches that take their time, that fail, and that end by a mistake.
//!
//! **Invariant.** Whatever a batch does, those before it are given out in order, and the workers come to an end.

use super::*;
use crate::events::stream::map::SinkRefused;
use adapters_ports::{BoxFuture, Framed, Identity, RawRecord, Records, UnitEnd};
use kernel::{Cause, Class, DecodeError, PartId, Progress, Visitor};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a unit does at a batch.
#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Error(u64),
    PanicReading(u64),
    PanicMapping(u64),
    Never,
}

/// A unit of batches of equal records.
#[derive(Debug)]
struct Numbers {
    name: Arc<str>,
    batches: u64,
    bytes: u64,
    records: u64,
    at: At,
    read: u64,
    /// Batches that were read, for others to see.
    seen: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Same {
    number: u64,
    panics: bool,
    left: u64,
}

impl Records for Same {
    fn next(&mut self) -> Option<Framed> {
        assert!(!self.panics, "wanted");
        if self.left == 0 {
            // Later ones are often done earlier.
            std::thread::sleep(Duration::from_micros(self.number * 7919 % 500));
            return None;
        }
        self.left -= 1;
        let part = Err(DecodeError::new("unknown", 0));
        Some(Framed { number: self.number, offset: 0, length: 1, part })
    }

    fn tell(&mut self, _: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        Ok(Progress::End)
    }

    fn raw(&self) -> RawRecord {
        RawRecord { number: self.number, ..RawRecord::default() }
    }
}

impl Unit for Numbers {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn examine(&mut self) -> BoxFuture<'_, Result<Identity, Error>> {
        Box::pin(async { Ok([0; 32]) })
    }

    fn identity(&self) -> Option<Identity> {
        None
    }

    fn batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.read == self.batches {
            return Ok(None);
        }
        self.read += 1;
        self.seen.store(self.read, Ordering::Relaxed);
        let number = self.read;
        assert!(self.at != At::PanicReading(number), "wanted");
        if self.at == At::Error(number) {
            return Err(Error::new(Class::Poison, Cause::Contract, "torn"));
        }
        let after = Position { records: number, bytes: number * self.bytes };
        let records = Same { number, panics: self.at == At::PanicMapping(number), left: self.records };
        Ok(Some(Batch { records: Box::new(records), token: Token::new(after) }))
    }

    fn rewind(&mut self, _: Position) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn beside(&mut self, _: PartId, _: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        Ok(Progress::End)
    }

    fn bytes(&self) -> Option<u64> {
        None
    }

    fn bytes_read(&self) -> u64 {
        self.read * self.bytes
    }

    fn end(self: Box<Self>, _: UnitEnd) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }
}

/// Works on batches of so many bytes and records each.
fn workers(batches: u64, (bytes, records): (u64, u64), at: At) -> (Workers, Arc<AtomicU64>) {
    let seen = Arc::<AtomicU64>::default();
    let unit = Numbers { name: "n".into(), batches, bytes, records, at, read: 0, seen: Arc::clone(&seen) };
    let of = ("v".into(), "t".into());
    let shared = Shared::new(Arc::from([]), Arc::default(), &[0; 32], SinkRefused::new(), of);
    (Workers::new(Box::new(unit), Arc::new(shared), Arc::default(), Position::START), seen)
}

/// Takes all batches, each as soon as it is there; returns how many there were.
async fn take(workers: &mut Workers) -> u64 {
    let mut taken = 0;
    while let Some(job) = workers.next().await {
        taken += 1;
        assert_eq!(job.token.position().records, taken, "they come in order");
        assert_eq!(job.mapped.records.values().sum::<u64>(), 1);
    }
    taken
}

#[tokio::test]
async fn batches_come_in_the_order_in_which_they_were_read() {
    let (mut workers, _) = workers(1_000, (100, 1), At::Never);
    assert_eq!(take(&mut workers).await, 1_000);
    assert!(workers.next().await.is_none(), "the end stays the end");
    let (unit, ended) = workers.close().await;
    assert!(unit.is_some() && ended.is_ok());
}

#[tokio::test]
async fn what_is_in_flight_is_bounded_in_batches_bytes_and_events() {
    let threads = u64::try_from(available_parallelism().map_or(1, usize::from).min(WORKERS_MAX)).unwrap();
    for (size, most) in [((1, 1), 16), ((1 << 20, 1), 4 + threads), ((1, 2_000), 4 + threads)] {
        let (mut workers, seen) = workers(500, size, At::Never);
        let first = workers.next().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        let read = seen.load(Ordering::Relaxed);
        assert!((2..=most).contains(&read), "{read} batches of {size:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(seen.load(Ordering::Relaxed), read, "nothing more is read as long as nobody takes it");
        drop(first);
        let mut taken = 1;
        while workers.next().await.is_some() {
            taken += 1;
        }
        assert_eq!(taken, 500);
    }
}

#[tokio::test]
async fn a_batch_that_fails_ends_the_unit_behind_those_before_it() {
    for (at, comes_back) in
        [(At::Error(20), true), (At::PanicMapping(20), true), (At::PanicReading(20), false)]
    {
        let (mut workers, _) = workers(1_000, (100, 1), at);
        assert_eq!(take(&mut workers).await, 19, "{at:?}");
        let (unit, ended) = workers.close().await;
        assert_eq!(unit.is_some(), comes_back, "{at:?}");
        let expected = if at == At::Error(20) { Class::Poison } else { Class::Defect };
        assert_eq!(ended.unwrap_err().class, expected, "{at:?}");
    }
}

#[tokio::test]
async fn who_takes_no_more_gets_the_unit_back_at_once() {
    let (mut workers, seen) = workers(100_000, (100, 1), At::Never);
    for _ in 0..3 {
        assert!(workers.next().await.is_some());
    }
    let (unit, ended) = workers.close().await;
    assert!(unit.is_some() && ended.is_ok());
    let read = seen.load(Ordering::Relaxed);
    assert!(read < 100, "{read} batches were read");
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(seen.load(Ordering::Relaxed), read);
}
