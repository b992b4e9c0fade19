//! The bulkhead: so many calls in flight, so many waiting, the rest is refused.
//!
//! **Invariant.** A place is given back when its holder is dropped, whatever the reason.

use kernel::{Cause, Class, Error};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Bounds calls in flight and calls that wait.
#[derive(Debug)]
pub(crate) struct Bulkhead {
    places: Arc<Semaphore>,
    concurrency: u32,
    queue: u32,
    waiting: AtomicU32,
}

/// A place among the calls in flight; free again when it is dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Bulkhead {
    pub(crate) fn new(concurrency: NonZeroU32, queue: u32) -> Self {
        let concurrency = concurrency.get();
        Self {
            places: Arc::new(Semaphore::new(concurrency as usize)),
            concurrency,
            queue,
            waiting: AtomicU32::new(0),
        }
    }

    /// Takes a place, or waits for one if the queue is not full. Whoever waits longest comes first.
    ///
    /// # Errors
    /// `Transient`: the queue is full, or no place was free in time. Nothing was sent.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the queue.
    pub(crate) async fn enter(&self, deadline: Instant) -> Result<Place, Error> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Place { _permit: permit });
        }
        let _waiting = Waiting::join(&self.waiting, self.queue).ok_or_else(|| {
            refused("too many calls wait for the system")
                .with("in_flight_max", self.concurrency)
                .with("queue_max", self.queue)
        })?;
        match timeout_at(deadline, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            // The semaphore is never closed; if it were, there would be no place either.
            Ok(Err(_)) | Err(_) => {
                Err(refused("no place among the calls in flight in time")
                    .with("in_flight_max", self.concurrency))
            }
        }
    }

    /// Returns how many calls are in flight.
    pub(crate) fn in_flight(&self) -> u32 {
        let free = u32::try_from(self.places.available_permits()).unwrap_or(u32::MAX);
        self.concurrency.saturating_sub(free)
    }

    /// Returns how many calls wait for a place.
    pub(crate) fn waiting(&self) -> u32 {
        self.waiting.load(Ordering::Relaxed)
    }
}

fn refused(message: &'static str) -> Error {
    Error::new(Class::Transient, Cause::Unavailable, message)
}

/// A place in a queue that is counted; left when it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    /// Joins a queue unless `max` are in it already.
    pub(crate) fn join(count: &'a AtomicU32, max: u32) -> Option<Self> {
        let joined = count.fetch_update(Ordering::AcqRel, Ordering::Relaxed, |waiting| {
            (waiting < max).then_some(waiting + 1)
        });
        joined.ok().map(|_| Self(count))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
