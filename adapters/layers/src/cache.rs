//! The cache: mapped answers by key, bounded in bytes, made once for all who wait.
//!
//! It stands outside all other layers: what it answers costs the system nothing and counts for no policy.
//!
//! **Invariant.** What was read before an invalidation is never stored after it.

use kernel::{Cause, Error};
use moka::sync::Cache as Store;
use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// What an entry costs beside its key and its value.
const ENTRY_BYTES: usize = 128;

/// Answers by key. `V` is cheap to clone: bytes behind a counter.
pub struct Cache<V: Clone + Send + Sync + 'static> {
    store: Store<Arc<str>, Entry<V>>,
    /// Keys that are being read. Locked for a look-up or a change, never across a wait.
    flights: Mutex<HashMap<Arc<str>, Flight<V>>>,
    next: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
    stale: AtomicU64,
}

/// An answer and how old it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cached<V> {
    /// The answer.
    pub value: V,
    /// How long ago it was made.
    pub age: Duration,
    /// It is older than it should be, and serves because there is no newer one.
    pub stale: bool,
}

#[derive(Clone)]
struct Entry<V> {
    value: V,
    bytes: u32,
    made: Instant,
}

/// A reading on its way: its number, and where its end is told.
struct Flight<V> {
    number: u64,
    end: watch::Receiver<Option<Landing<V>>>,
}

/// How a reading ended, for those who wait.
type Landing<V> = Result<Cached<V>, Arc<Error>>;

impl<V: Clone + Send + Sync + 'static> Cache<V> {
    /// Returns an empty cache that holds about so many bytes.
    pub fn new(bytes_max: u64) -> Self {
        let store =
            Store::builder().max_capacity(bytes_max).weigher(|_, entry: &Entry<V>| entry.bytes).build();
        Self {
            store,
            flights: Mutex::default(),
            next: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            stale: AtomicU64::new(0),
        }
    }

    /// Returns the answer for a key: the kept one while it is younger than `fresh`, else one that `make` makes,
    /// else, if the class of the error permits it, the kept one for `stale` longer.
    ///
    /// `make` returns the answer and its size in bytes. Callers of one key share one `make`; whoever waits for
    /// another's goes on waiting until `deadline` only.
    ///
    /// # Errors
    /// What `make` ended with, or out of time while waiting for another's.
    ///
    /// # Cancel safety
    /// Dropping the future of whoever makes lets the next one who waits make.
    pub async fn get_or_make<F>(
        &self,
        key: &str,
        fresh: Duration,
        stale: Duration,
        deadline: std::time::Instant,
        make: impl FnOnce() -> F,
    ) -> Result<Cached<V>, Error>
    where
        F: Future<Output = Result<(V, usize), Error>>,
    {
        loop {
            if let Some(found) = self.kept(key, fresh) {
                self.hits.fetch_add(1, Ordering::Relaxed);
                return Ok(found);
            }
            let mut end = match self.join(key) {
                Joined::Leads(lead) => return self.lead(lead, fresh, stale, make).await,
                Joined::Waits(end) => end,
            };
            let landed = timeout_at(Instant::from_std(deadline), end.wait_for(Option::is_some)).await;
            match landed {
                Err(_) => return Err(waited()),
                // Whoever made it has gone without an end: somebody else has to.
                Ok(Err(_)) => {}
                Ok(Ok(landing)) => match landing.as_ref() {
                    Some(Ok(cached)) => {
                        self.hits.fetch_add(1, Ordering::Relaxed);
                        return Ok(cached.clone());
                    }
                    // Their time was up, ours need not be.
                    Some(Err(error)) if error.cause == Cause::TimedOut => {}
                    Some(Err(error)) => return Err(replica(error)),
                    None => {}
                },
            }
        }
    }

    /// Forgets the answer for a key; a reading of it that is on its way will not be stored.
    pub fn invalidate(&self, key: &str) {
        let mut flights = self.flights();
        flights.remove(key);
        self.store.invalidate(key);
    }

    /// Forgets everything, also what is on its way.
    pub fn clear(&self) {
        let mut flights = self.flights();
        flights.clear();
        self.store.invalidate_all();
    }

    /// Returns hits, misses and answers that were served stale.
    pub fn counts(&self) -> [u64; 3] {
        [&self.hits, &self.misses, &self.stale].map(|counter| counter.load(Ordering::Relaxed))
    }

    async fn lead<F>(
        &self,
        lead: Lead<'_, V>,
        fresh: Duration,
        stale: Duration,
        make: impl FnOnce() -> F,
    ) -> Result<Cached<V>, Error>
    where
        F: Future<Output = Result<(V, usize), Error>>,
    {
        self.misses.fetch_add(1, Ordering::Relaxed);
        match make().await {
            Ok((value, bytes)) => {
                let cached = Cached { value, age: Duration::ZERO, stale: false };
                lead.land(Ok(cached.clone()), Some(bytes));
                Ok(cached)
            }
            Err(error) => {
                let kept = self.kept(&lead.key, fresh.saturating_add(stale));
                match kept.filter(|_| error.class.permits_stale()) {
                    Some(kept) => {
                        self.stale.fetch_add(1, Ordering::Relaxed);
                        let kept = Cached { stale: true, ..kept };
                        lead.land(Ok(kept.clone()), None);
                        Ok(kept)
                    }
                    None => {
                        lead.land(Err(Arc::new(replica(&error))), None);
                        Err(error)
                    }
                }
            }
        }
    }

    fn kept(&self, key: &str, age_max: Duration) -> Option<Cached<V>> {
        let entry = self.store.get(key)?;
        let age = entry.made.elapsed();
        (age < age_max).then_some(Cached { value: entry.value, age, stale: false })
    }

    fn join(&self, key: &str) -> Joined<'_, V> {
        let mut flights = self.flights();
        // Whoever made it may have gone without an end; then this flight is dead and replaced.
        if let Some(flight) = flights.get(key)
            && flight.end.has_changed().is_ok()
        {
            return Joined::Waits(flight.end.clone());
        }
        let (tell, end) = watch::channel(None);
        let (key, number) = (Arc::<str>::from(key), self.next.fetch_add(1, Ordering::Relaxed));
        flights.insert(Arc::clone(&key), Flight { number, end });
        Joined::Leads(Lead { cache: self, key, number, begun: Instant::now(), tell })
    }

    fn flights(&self) -> MutexGuard<'_, HashMap<Arc<str>, Flight<V>>> {
        // Only map operations happen under the lock; a panic elsewhere leaves it whole.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone + Send + Sync + 'static> std::fmt::Debug for Cache<V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cache({} entries, {} bytes)", self.store.entry_count(), self.store.weighted_size())
    }
}

enum Joined<'a, V: Clone + Send + Sync + 'static> {
    Leads(Lead<'a, V>),
    Waits(watch::Receiver<Option<Landing<V>>>),
}

/// The duty to make an answer; dropped unfulfilled, it passes to whoever waits.
struct Lead<'a, V: Clone + Send + Sync + 'static> {
    cache: &'a Cache<V>,
    key: Arc<str>,
    number: u64,
    begun: Instant,
    tell: watch::Sender<Option<Landing<V>>>,
}

impl<V: Clone + Send + Sync + 'static> Lead<'_, V> {
    /// Stores the answer, unless its key was invalidated meanwhile, and tells those who wait.
    fn land(self, landing: Landing<V>, bytes: Option<usize>) {
        let mut flights = self.cache.flights();
        if flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            flights.remove(&self.key);
            if let (Ok(cached), Some(bytes)) = (&landing, bytes) {
                let bytes = bytes.saturating_add(self.key.len()).saturating_add(ENTRY_BYTES);
                let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                // Its age counts from when it was asked for: that is what the system certainly knew.
                let entry = Entry { value: cached.value.clone(), bytes, made: self.begun };
                self.cache.store.insert(Arc::clone(&self.key), entry);
            }
        }
        drop(flights);
        self.tell.send_replace(Some(landing));
    }
}

impl<V: Clone + Send + Sync + 'static> Drop for Lead<'_, V> {
    fn drop(&mut self) {
        let mut flights = self.cache.flights();
        if flights.get(&self.key).is_some_and(|flight| flight.number == self.number) {
            flights.remove(&self.key);
        }
    }
}

/// The same error for another caller; what caused it stays with the first one.
fn replica(error: &Error) -> Error {
    Error {
        class: error.class,
        cause: error.cause,
        message: error.message,
        entry: error.entry,
        retry_after: error.retry_after,
        counts: error.counts,
        detail: error.detail.clone(),
        context: error.context.clone(),
        source: None,
    }
}

fn waited() -> Error {
    // Reading may have happened for somebody else, but reads are all that is cached.
    Error::new(
        kernel::Class::Transient,
        Cause::TimedOut,
        "no answer in time to a call that others wait for too",
    )
}

#[cfg(test)]
mod tests;
