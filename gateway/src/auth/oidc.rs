//! Callers by access tokens: key set, cache of verified tokens, refresh.
//!
//! **Invariant.** A cached caller is used only until its token expires and only under the key set that verified it.

use super::keys::{Algorithms, Keys};
use super::source::{Fetch, KeySource};
use super::token::{Demands, Parts, TOKEN_BYTES_MAX, Verified};
use super::{Caller, Refusal};
use arc_swap::ArcSwapOption;
use aws_lc_rs::digest;
use moka::sync::Cache;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::Mutex;

/// Verified tokens that are remembered.
const CACHED_MAX: u64 = 10_000;
/// An unknown key causes a refresh at most this often.
const REFRESH_PAUSE: Duration = Duration::from_secs(30);
/// Time limit for a refresh that a request waits for.
const REFRESH_TIMEOUT: Duration = Duration::from_secs(5);
/// Keys are fetched anew this often.
const REFRESH_EVERY: Duration = Duration::from_secs(600);
/// A file is read again this often.
const REREAD_EVERY: Duration = Duration::from_secs(30);
/// While there are no keys at all, they are asked for this often.
const RETRY_EVERY: Duration = Duration::from_secs(2);

/// What `auth: { type: oidc, … }` says.
#[derive(Debug, Clone)]
pub struct OidcConfig {
    /// The issuer, literally.
    pub issuer: String,
    /// The audiences of which a token must have one; never empty.
    pub audience: Vec<String>,
    /// The algorithms.
    pub algorithms: Algorithms,
    /// Where the keys are.
    pub source: KeySource,
    /// How far the clocks may differ.
    pub leeway: Duration,
}

/// Knows callers by tokens of one issuer.
pub struct Oidc {
    demands: Demands,
    source: KeySource,
    fetch: Fetch,
    keys: ArcSwapOption<Keys>,
    cache: Cache<[u8; 32], Arc<Known>>,
    refresh: Mutex<Refresh>,
    warned: AtomicBool,
}

#[derive(Debug, Default)]
struct Refresh {
    tried: Option<Instant>,
    document: Vec<u8>,
    generation: u64,
}

#[derive(Debug)]
struct Known {
    caller: Arc<Caller>,
    expires_s: i64,
    generation: u64,
}

impl Oidc {
    /// Returns it without any keys yet.
    pub fn new(config: OidcConfig, fetch: Fetch) -> Self {
        let leeway_s = i64::try_from(config.leeway.as_secs()).unwrap_or(i64::MAX);
        let OidcConfig { issuer, audience, algorithms, source, .. } = config;
        Self {
            demands: Demands { issuer, audience, algorithms, leeway_s },
            source,
            fetch,
            keys: ArcSwapOption::empty(),
            cache: Cache::new(CACHED_MAX),
            refresh: Mutex::new(Refresh::default()),
            warned: AtomicBool::new(false),
        }
    }

    /// Gets the keys for the first time.
    ///
    /// # Errors
    /// A file that cannot be used. A URL that does not answer is no error: the service is not ready until it does.
    pub async fn start(&self) -> Result<(), String> {
        match self.reload().await {
            Err(error) if self.source.is_local() => Err(error),
            Err(error) => {
                tracing::warn!(error, "the keys of the token issuer cannot be had yet");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Keeps the keys fresh, for ever.
    pub async fn keep_fresh(self: Arc<Self>) {
        loop {
            let pause = match (self.is_ready(), self.source.is_local()) {
                (false, _) => RETRY_EVERY,
                (true, true) => REREAD_EVERY,
                (true, false) => REFRESH_EVERY,
            };
            tokio::time::sleep(pause).await;
            self.note(self.reload().await);
        }
    }

    /// Returns whether there are keys.
    pub fn is_ready(&self) -> bool {
        self.keys.load().is_some()
    }

    /// Finds out who calls by a token.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub async fn caller(&self, token: &str) -> Result<Arc<Caller>, Refusal> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refusal::Invalid("the token is too large"));
        }
        let now_s = now_s();
        let hash = sha256(token.as_bytes());
        if let Some(known) = self.cache.get(&hash) {
            let current = self.keys.load().as_ref().is_some_and(|keys| keys.generation == known.generation);
            if current && now_s < known.expires_s {
                return Ok(Arc::clone(&known.caller));
            }
            self.cache.invalidate(&hash);
        }
        self.verify(token, hash, now_s).await
    }

    async fn verify(&self, token: &str, hash: [u8; 32], now_s: i64) -> Result<Arc<Caller>, Refusal> {
        let parts = Parts::parse(token, &self.demands.algorithms).map_err(Refusal::Invalid)?;
        let unknown = |keys: &Keys| parts.key_id.as_deref().is_some_and(|id| !keys.knows(id));
        let mut keys = self.keys.load_full();
        if keys.as_deref().is_none_or(unknown) {
            self.refresh_for(parts.key_id.as_deref()).await;
            keys = self.keys.load_full();
        }
        let keys = keys.ok_or(Refusal::NoKeys)?;
        let Verified { caller, expires_s } =
            parts.verify(&keys, &self.demands, now_s).map_err(Refusal::Invalid)?;
        let caller = Arc::new(caller);
        let known = Known { caller: Arc::clone(&caller), expires_s, generation: keys.generation };
        self.cache.insert(hash, Arc::new(known));
        Ok(caller)
    }

    /// Fetches the keys because one is unknown: not more often than the pause allows, and once for all who wait.
    async fn refresh_for(&self, key_id: Option<&str>) {
        let refreshed = tokio::time::timeout(REFRESH_TIMEOUT, async {
            let mut state = self.refresh.lock().await;
            let known = self.keys.load().as_ref().is_some_and(|keys| key_id.is_none_or(|id| keys.knows(id)));
            if known || state.tried.is_some_and(|tried| tried.elapsed() < REFRESH_PAUSE) {
                return Ok(());
            }
            self.reload_into(&mut state).await
        });
        self.note(refreshed.await.unwrap_or_else(|_| Err("no answer in time".into())));
    }

    async fn reload(&self) -> Result<(), String> {
        let mut state = self.refresh.lock().await;
        self.reload_into(&mut state).await
    }

    async fn reload_into(&self, state: &mut Refresh) -> Result<(), String> {
        state.tried = Some(Instant::now());
        let document = self.source.read(&self.fetch).await?;
        if document == state.document && self.is_ready() {
            return Ok(());
        }
        let keys = Keys::parse(&document, state.generation + 1)?;
        state.generation += 1;
        state.document = document;
        tracing::info!(?keys, "keys of the token issuer");
        self.keys.store(Some(Arc::new(keys)));
        Ok(())
    }

    /// Says once that keys cannot be had, and once that they can again.
    fn note(&self, result: Result<(), String>) {
        match result {
            Ok(()) if self.warned.swap(false, Ordering::Relaxed) => {
                tracing::info!("the keys of the token issuer can be had again");
            }
            Ok(()) => {}
            Err(error) if !self.warned.swap(true, Ordering::Relaxed) => {
                tracing::warn!(error, "the keys of the token issuer cannot be refreshed");
            }
            Err(_) => {}
        }
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Oidc")
            .field("demands", &self.demands)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
