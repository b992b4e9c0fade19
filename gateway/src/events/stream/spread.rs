//! Batches on their way: one is read while others are mapped, on as many threads as there are processors.
//!
//! **Invariant.** What is in flight is bounded in bytes and in batches; a batch whose mapping ended without a result is never
//! taken for one without records.

use super::counts::StreamCounts;
use super::map::{Mapped, Shared};
use adapters_ports::{Batch, Position, Records, Token, Unit};
use kernel::Error;
use std::collections::VecDeque;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    let workers = Workers::new(shared);
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
        workers.take(Work { records, done }).await;
        if jobs.send(Job { mapped, token, bytes, _permit: permit }).await.is_err() {
            return false;
        }
    }
    true
}

/// Batches that wait to be mapped, and the threads that map them.
///
/// There are no more of these than processors: more would only stand in the way of those who read and write. A thread ends
/// when nothing waits, so that one which waits for nothing keeps nobody from anything.
struct Workers {
    shared: Arc<Shared>,
    queue: Mutex<Queue>,
    /// As many wait as there are threads, so that none of these has to wait itself; more would be out of the processor's
    /// cache when their turn comes.
    room: Arc<Semaphore>,
    most: usize,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Work, OwnedSemaphorePermit)>,
    threads: usize,
}

impl Workers {
    fn new(shared: Arc<Shared>) -> Arc<Self> {
        let most = available_parallelism().map_or(1, NonZero::get);
        Arc::new(Self { shared, queue: Mutex::default(), room: Arc::new(Semaphore::new(most)), most })
    }

    /// Has records mapped as soon as it is their turn; waits until there is room for them.
    async fn take(self: &Arc<Self>, work: Work) {
        // It is never closed.
        let Ok(room) = Arc::clone(&self.room).acquire_owned().await else { return };
        let mut queue = self.lock();
        queue.waiting.push_back((work, room));
        if queue.threads < self.most {
            queue.threads += 1;
            let workers = Arc::clone(self);
            tokio::task::spawn_blocking(move || workers.work());
        }
    }

    fn work(&self) {
        while let Some(Work { records, done }) = self.next() {
            // Whoever waits for records whose mapping panicked is told by `done` that nothing comes.
            if let Ok(mapped) = catch_unwind(AssertUnwindSafe(|| self.shared.map(records))) {
                // Whoever waited for it may have gone.
                let _ = done.send(mapped);
            }
        }
    }

    /// Returns what is next; nothing where the thread ends.
    fn next(&self) -> Option<Work> {
        let mut queue = self.lock();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            queue.threads -= 1;
        }
        next.map(|(work, _room)| work)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
