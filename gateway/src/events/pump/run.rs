//! Runs a pump for ever: step after step, with pauses after trouble, and counts what it does.
//!
//! **Invariant.** Trouble never ends a pump; only its owner does.

use super::{Feed, Pump, Step, Trouble};
use jiff::Timestamp;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The first pause after trouble, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What a pump counts, for `/metrics`.
#[derive(Debug, Default)]
pub struct Counts {
    /// Events that were published.
    pub published: AtomicU64,
    /// Records that were given to the dead letters.
    pub rejected: AtomicU64,
    /// Records that are held because they cannot be read.
    pub held: AtomicU64,
    /// Events that are kept and not published.
    pub waiting: AtomicU64,
    /// Steps that were not done.
    pub troubles: AtomicU64,
    /// Polls that came to their end.
    pub polls: AtomicU64,
    /// How long the last of them took, in milliseconds.
    pub poll_ms: AtomicU64,
    /// When the last of them began, in milliseconds since 1970; 0 before the first.
    pub polled_at_ms: AtomicI64,
}

impl Counts {
    pub(super) fn published(&self, rejected: bool) {
        let counter = if rejected { &self.rejected } else { &self.published };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn waiting(&self, count: usize) {
        self.waiting.store(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn held(&self, count: u64) {
        self.held.store(count, Ordering::Relaxed);
    }

    /// Returns how long ago the last whole poll began, in seconds; `NaN` before the first.
    pub(in crate::events) fn lag_s(&self) -> String {
        let at_ms = self.polled_at_ms.load(Ordering::Relaxed);
        if at_ms == 0 {
            return "NaN".into();
        }
        let lag_ms = Timestamp::now().as_millisecond().saturating_sub(at_ms).max(0);
        Duration::from_millis(lag_ms.unsigned_abs()).as_secs_f64().to_string()
    }

    pub(super) fn polled(&self, begun: Timestamp, ended: Timestamp) {
        let took = ended.duration_since(begun).as_millis();
        self.polls.fetch_add(1, Ordering::Relaxed);
        self.poll_ms.store(u64::try_from(took).unwrap_or(0), Ordering::Relaxed);
        self.polled_at_ms.store(begun.as_millisecond(), Ordering::Relaxed);
    }
}

impl<F: Feed> Pump<F> {
    /// Runs until it is told to stop. A step that is under way is finished first.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let mut pause = PAUSES.0;
        while !*stop.borrow() {
            let wait = match self.step().await {
                Ok(Step::Again) => {
                    pause = PAUSES.0;
                    continue;
                }
                Ok(Step::Wait(wait)) => wait,
                Err(Trouble::Held { .. }) => continue,
                Err(trouble) => {
                    self.tell(&trouble);
                    let wait = pause;
                    pause = (pause * 2).min(PAUSES.1);
                    Some(wait)
                }
            };
            self.wait(wait, &mut stop).await;
        }
    }

    async fn wait(&self, wait: Option<Duration>, stop: &mut watch::Receiver<bool>) {
        let sleep = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = sleep => {}
            () = self.inbox.changed() => {}
            // Whoever could say stop is gone: then there is nobody to run for.
            changed = stop.wait_for(|stop| *stop) => drop(changed),
        }
    }

    fn tell(&self, trouble: &Trouble) {
        self.counts.troubles.fetch_add(1, Ordering::Relaxed);
        let model = &*self.rules.name;
        match trouble {
            Trouble::TooManyRejects(_) => {
                tracing::error!(model, %trouble, "the watch is stopped until they are mended")
            }
            _ => tracing::warn!(model, %trouble, "events wait; nothing is lost"),
        }
    }
}
