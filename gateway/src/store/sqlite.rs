//! The embedded store: one SQLite file, one writer thread, group commit.
//!
//! **Invariant.** Nothing is answered before the transaction that holds it is on disk.

mod stream;
mod table;
mod watch;
mod writer;

use super::{Begin, Hash, Offer, Store, StoreError};
use crate::http::answer::Answer;
use adapters_ports::BoxFuture;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;
use writer::{Job, Task, Writer};

/// Jobs that may wait for the writer; more are refused.
const QUEUE_MAX: usize = 10_000;

/// Seconds since 1970, as the store sees them.
type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The embedded store.
pub struct Sqlite {
    jobs: Option<mpsc::Sender<Job>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Sqlite {
    /// Opens or creates a store. It belongs to this process alone.
    ///
    /// # Errors
    /// It cannot be created, is no store, or belongs to another process.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_at(path, Arc::new(wall_clock))
    }

    /// Opens a store of this process that is forgotten with it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn fleeting() -> Result<Self, StoreError> {
        // A database without a name is one in a temporary file, which is gone when it is closed (SQLite, "Temporary
        // databases").
        Self::open(Path::new(""))
    }

    fn open_at(path: &Path, clock: Clock) -> Result<Self, StoreError> {
        let connection =
            table::open(path).map_err(|error| StoreError(format!("{}: {error}", path.display())))?;
        let (jobs, inbox) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer::new(connection, clock, Arc::clone(&waiting));
        let thread = std::thread::Builder::new()
            .name("store".into())
            .spawn(move || writer.run(&inbox))
            .map_err(|error| StoreError(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), waiting, thread: Some(thread) })
    }

    fn send<T: Send + 'static>(
        &self,
        task: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Task,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let (reply, answer) = oneshot::channel();
        let sent = self.enqueue(task(reply));
        Box::pin(async move {
            sent?;
            answer.await.unwrap_or_else(|_| Err(StoreError("the writer has ended".into())))
        })
    }

    fn enqueue(&self, task: Task) -> Result<(), StoreError> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= QUEUE_MAX && !task.is_end() {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError(format!("more than {QUEUE_MAX} requests wait for it")));
        }
        let jobs = self.jobs.as_ref().ok_or_else(|| StoreError("it is closed".into()))?;
        jobs.send(Job(task)).map_err(|_| StoreError("the writer has ended".into()))
    }
}

impl Store for Sqlite {
    fn begin(&self, key: Hash, payload: Hash, keep: Duration) -> BoxFuture<'_, Result<Begin, StoreError>> {
        self.send(|reply| Task::Begin { key, payload, keep, reply })
    }

    fn finish(&self, key: Hash, answer: Answer) -> BoxFuture<'_, Result<(), StoreError>> {
        self.send(|reply| Task::Finish { key, answer, reply })
    }

    fn release(&self, key: Hash) -> BoxFuture<'_, Result<(), StoreError>> {
        self.send(|reply| Task::Release { key, reply })
    }

    fn leave(&self, key: Hash) {
        // A writer that has ended keeps nothing in flight either.
        let _ = self.enqueue(Task::Leave { key });
    }

    fn offer(&self, key: Hash, content: Hash) -> BoxFuture<'_, Result<Offer, StoreError>> {
        self.send(|reply| Task::Offer { key, content, reply })
    }

    fn settle(&self, key: Hash, accepted: Option<Hash>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.send(|reply| Task::Settle { key, accepted, reply })
    }

    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.send(|reply| Task::Check { reply })
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // The writer answers what it has and closes the file; a panic in it was reported already.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

fn wall_clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
