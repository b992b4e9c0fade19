//! Batches on their way: one is read while others are mapped, on as many threads as there are processors.
//!
//! **Invariant.** What is in flight is bounded in bytes and in batches; a batch whose mapping ended without a result is never
//! taken for one without records.

use super::counts::StreamCounts;
use super::map::{Mapped, Shared};
use adapters_ports::{Batch, Position, Records, Token, Unit};
use kernel::Error;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// Batches that are in flight at most.
pub(super) const BATCHES_MAX: usize = 16;
/// Bytes of records that are in flight at most, in KiB; one batch may be larger.
const IN_FLIGHT_KIB_MAX: u32 = 4 << 10;

/// A batch on its way.
pub(super) struct Job {
    pub mapped: oneshot::Receiver<Mapped>,
    pub token: Token,
    pub bytes: u64,
    pub _permit: OwnedSemaphorePermit,
}

/// Records that are to be mapped, and who waits for what comes of them.
struct Work {
    records: Box<dyn Records>,
    done: oneshot::Sender<Mapped>,
}

impl Job {
    /// Returns whether nobody has to wait for it.
    pub(super) fn is_mapped(&self) -> bool {
        !self.mapped.is_empty()
    }
}

/// Reads batches, as long as somebody takes them: while one waits to be mapped, the next one is read. Gives the unit back.
pub(super) async fn read(
    mut unit: Box<dyn Unit>,
    batches: mpsc::Sender<Batch>,
    counts: Arc<StreamCounts>,
) -> (Box<dyn Unit>, Result<(), Error>) {
    loop {
        let batch = match unit.batch().await {
            Ok(Some(batch)) => batch,
            Ok(None) => return (unit, Ok(())),
            Err(error) => return (unit, Err(error)),
        };
        StreamCounts::set(&counts.unit_bytes_read, unit.bytes_read());
        if batches.send(batch).await.is_err() {
            return (unit, Ok(()));
        }
    }
}

/// Has batches mapped, as long as somebody takes them. Returns whether these were all.
pub(super) async fn spread(
    mut batches: mpsc::Receiver<Batch>,
    shared: Arc<Shared>,
    jobs: mpsc::Sender<Job>,
    from: Position,
) -> bool {
    let permits = Arc::new(Semaphore::new(IN_FLIGHT_KIB_MAX as usize));
    let work = workers(&shared);
    let mut at = from.bytes;
    while let Some(Batch { records, token }) = batches.recv().await {
        let bytes = token.position().bytes.saturating_sub(at);
        at = token.position().bytes;
        let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX).clamp(1, IN_FLIGHT_KIB_MAX);
        let permit = tokio::select! {
            permit = Arc::clone(&permits).acquire_many_owned(kib) => permit,
            () = jobs.closed() => return false,
        };
        let Ok(permit) = permit else { return false };
        let (done, mapped) = oneshot::channel();
        let sent = work.send(Work { records, done }).await.is_ok();
        if !sent || jobs.send(Job { mapped, token, bytes, _permit: permit }).await.is_err() {
            return false;
        }
    }
    true
}

/// Starts threads that map what they are sent, until nothing more can come.
///
/// There are no more of them than processors: more would only stand in the way of those who read and write.
fn workers(shared: &Arc<Shared>) -> mpsc::Sender<Work> {
    let count = available_parallelism().map_or(1, NonZero::get);
    // One more lies ready, so that nobody waits; more than that would be out of the processor's cache when its turn comes.
    let (work, queue) = mpsc::channel(count);
    let queue = Arc::new(Mutex::new(queue));
    for _ in 0..count {
        let (queue, shared) = (Arc::clone(&queue), Arc::clone(shared));
        tokio::task::spawn_blocking(move || {
            while let Some(Work { records, done }) = next(&queue) {
                // Whoever waited for it may have gone.
                let _ = done.send(shared.map(records));
            }
        });
    }
    work
}

fn next(queue: &Mutex<mpsc::Receiver<Work>>) -> Option<Work> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}
