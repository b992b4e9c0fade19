//! Writes that go on though their clients have gone.
//!
//! **Invariant.** A write that nobody waits for any more is in the list until it has ended.

use super::flow::{Done, Failure};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::task::{JoinError, JoinHandle};

/// Writes whose clients have gone; the process waits for them before it ends.
#[derive(Debug, Default)]
pub(super) struct Left(Mutex<Vec<Task>>);

type Task = JoinHandle<Result<Done, Failure>>;

impl Left {
    /// Waits for a write; if nobody waits any more, it is left behind here.
    pub(super) fn awaited(
        &self,
        task: Task,
    ) -> impl Future<Output = Result<Result<Done, Failure>, JoinError>> {
        Awaited { left: self, task: Some(task) }
    }

    /// Waits until no such write is under way.
    pub(super) async fn ended(&self) {
        loop {
            let Some(task) = self.tasks().pop() else { return };
            // What became of it is in the store and in the log.
            let _ = task.await;
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Vec<Task>> {
        // A push or a pop that panicked leaves the list whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write that a client waits for; it is left behind where nobody does any more.
struct Awaited<'a> {
    left: &'a Left,
    task: Option<Task>,
}

impl Future for Awaited<'_> {
    type Output = Result<Result<Done, Failure>, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(task) = &mut self.task else { return Poll::Pending };
        let ended = Pin::new(task).poll(cx);
        if ended.is_ready() {
            self.task = None;
        }
        ended
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            let mut tasks = self.left.tasks();
            tasks.retain(|task| !task.is_finished());
            tasks.push(task);
        }
    }
}
