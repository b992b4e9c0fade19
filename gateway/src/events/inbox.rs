//! What Seawall changes itself: each write is noted before it is sent, and its record is looked at once it has ended.
//!
//! **Invariant.** A note goes only after its record was looked at, so a write through Seawall is an event even if the
//! process ends in between.

use crate::store::{Dirty, StoreError, Watches};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// After a write of unknown outcome its record is looked at once more, when the outcome must have come about.
const SECOND_LOOK: Duration = Duration::from_secs(60);

/// Notes of one event block.
#[derive(Debug)]
pub struct Inbox {
    store: Arc<dyn Watches>,
    watch: i64,
    ready: Mutex<BTreeMap<i64, Look>>,
    changed: Notify,
}

/// A record that is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The number of its note.
    pub row: i64,
    /// Its key; empty where nobody knows it.
    pub key: Arc<str>,
    /// It was to be taken away.
    pub deletes: bool,
    /// Nothing was changed, so the note only goes.
    pub nothing: bool,
    /// When.
    pub at: Instant,
    /// It is looked at again then, and only then the note goes.
    pub again: Option<Instant>,
}

/// A write that was noted and is on its way.
#[derive(Debug)]
pub struct Noted {
    inbox: Arc<Inbox>,
    dirty: Option<Dirty>,
}

/// How a write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Well; the key of its record, as far as the answer tells it.
    Done(Option<Arc<str>>),
    /// Certainly without any effect.
    Nothing,
    /// Nobody knows.
    Unknown,
}

impl Inbox {
    /// Opens the notes of a watch, with those that are left from before.
    ///
    /// # Errors
    /// They cannot be read.
    pub async fn open(store: Arc<dyn Watches>, watch: i64) -> Result<Arc<Self>, StoreError> {
        let left = store.dirty(watch).await?;
        let now = Instant::now();
        let look = |Dirty { row, key, deletes }| {
            (row, Look { row, key, deletes, nothing: false, at: now, again: None })
        };
        let ready = Mutex::new(left.into_iter().map(look).collect());
        Ok(Arc::new(Self { store, watch, ready, changed: Notify::new() }))
    }

    /// Notes durably that a record is about to be changed. `key` is empty where it is not known yet.
    ///
    /// # Errors
    /// It is not noted; the record must not be changed.
    pub async fn note(self: &Arc<Self>, key: Arc<str>, deletes: bool) -> Result<Noted, StoreError> {
        let row = self.store.note(self.watch, Arc::clone(&key), deletes).await?;
        Ok(Noted { inbox: Arc::clone(self), dirty: Some(Dirty { row, key, deletes }) })
    }

    /// Returns records that are to be looked at now. They stay until [`Inbox::done`].
    pub(super) fn ready(&self, count_max: usize) -> Vec<Look> {
        let now = Instant::now();
        self.lock().values().filter(|look| look.at <= now).take(count_max).cloned().collect()
    }

    /// Takes away what was looked at, or puts it off to its second look.
    pub(super) fn done(&self, looks: &[Look]) {
        let mut ready = self.lock();
        for look in looks {
            match look.again {
                None => drop(ready.remove(&look.row)),
                Some(at) => drop(ready.insert(look.row, Look { at, again: None, ..look.clone() })),
            }
        }
    }

    /// Returns when the next record is to be looked at.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lock().values().map(|look| look.at).min()
    }

    /// Waits until something is to be looked at that was not before.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn add(&self, look: Look) {
        self.lock().insert(look.row, look);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<i64, Look>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    /// Keeps the note for a later look.
    pub(super) fn put_off(&mut self) {
        self.again = Some(Instant::now() + SECOND_LOOK);
    }
}

impl Noted {
    /// Says how the write ended.
    pub fn ended(mut self, ended: Ended) {
        self.end(ended);
    }

    fn end(&mut self, ended: Ended) {
        let Some(Dirty { row, key, deletes }) = self.dirty.take() else { return };
        let at = Instant::now();
        let look = Look { row, key, deletes, nothing: false, at, again: None };
        self.inbox.add(match ended {
            Ended::Done(Some(key)) => Look { key, ..look },
            Ended::Done(None) => look,
            Ended::Nothing => Look { nothing: true, ..look },
            Ended::Unknown => Look { again: Some(at + SECOND_LOOK), ..look },
        });
    }
}

impl Drop for Noted {
    /// A write that was given up may still have an effect.
    fn drop(&mut self) {
        self.end(Ended::Unknown);
    }
}
