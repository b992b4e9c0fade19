//! Sessions with one database, bounded, and kept while they are good.
//!
//! **Invariant.** No more than `max` sessions are in use at a time, those included that are being opened or stopped for a
//! call that is over; a session is lent to one call at a time and comes back only when its answer was read to the end.

mod lease;

pub(crate) use lease::Lease;

use crate::worker::{Failure, Idle, Launch, Process, Session, spawn, start};
use adapters_ports::CallContext;
use adapters_sql_protocol::Open;
use kernel::{Cause, Class, Error};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::timeout;

/// Bounds of a pool.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Sessions that stay open when there is nothing to do.
    pub(crate) min: usize,
    /// Most sessions.
    pub(crate) max: usize,
    /// How long a session may be idle.
    pub(crate) idle: Duration,
    /// How long a session may live.
    pub(crate) lifetime: Duration,
    /// How long a call waits for a session.
    pub(crate) acquire: Duration,
}

/// The sessions with one database.
#[derive(Debug)]
pub(crate) struct Pool {
    launch: Arc<dyn Launch>,
    open: Open,
    bounds: Bounds,
    slots: Arc<Semaphore>,
    /// The process of all sessions, where it is one.
    shared: Option<tokio::sync::Mutex<Option<Arc<Process>>>>,
    state: Mutex<State>,
    /// For the tasks that outlive a call.
    myself: Weak<Self>,
}

#[derive(Debug, Default)]
struct State {
    /// The one that was used last is the last.
    idle: Vec<Idle>,
    /// Sessions that were idle at this time are asked for a sign of life before they are used.
    suspect: Option<Instant>,
    /// Failures to open a session, one behind the other, and the last.
    failures: u32,
    failed: Option<(Instant, Failure)>,
    /// Somebody closes what is idle for too long.
    tended: bool,
}

/// A session that is idle for longer is asked for a sign of life.
const TRUSTED: Duration = Duration::from_secs(30);
/// How long the answer may take.
const PING_MAX: Duration = Duration::from_secs(1);
/// How long nothing is tried after the first failure, and at most.
const BACKOFF_MIN: Duration = Duration::from_millis(50);
const BACKOFF_MAX: Duration = Duration::from_secs(1);
/// How often idle sessions are looked at.
const TENDED_EVERY: Duration = Duration::from_secs(1);

impl Pool {
    pub(crate) fn new(launch: Arc<dyn Launch>, open: Open, bounds: Bounds) -> Arc<Self> {
        let shared = launch.is_shared().then(tokio::sync::Mutex::default);
        Arc::new_cyclic(|myself| Self {
            launch,
            open,
            bounds,
            slots: Arc::new(Semaphore::new(bounds.max)),
            shared,
            state: Mutex::default(),
            myself: myself.clone(),
        })
    }

    /// Takes a session, opens one, or waits for one.
    ///
    /// # Errors
    /// `Transient`: none became free in time, or none can be opened. Nothing was sent.
    ///
    /// # Cancel safety
    /// A session that is being opened when the future is dropped is kept for the next call.
    pub(crate) async fn lease(&self, cx: &CallContext) -> Result<Lease, Error> {
        let late = || Error::new(Class::Transient, Cause::TimedOut, "no database session was opened in time");
        if cx.remaining().is_zero() {
            return Err(late());
        }
        let within = self.bounds.acquire.min(cx.remaining());
        let mut permit = match timeout(within, Arc::clone(&self.slots).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_)) | Err(_) => {
                let error =
                    Error::new(Class::Transient, Cause::Unavailable, "no database session became free");
                return Err(error.with("waited_ms", within.as_millis()).with("sessions", self.bounds.max));
            }
        };
        while let Some((idle, trusted)) = self.take() {
            let Some(session) = idle.session() else { continue };
            let lease = self.lent(session, permit, true);
            if trusted {
                return Ok(lease);
            }
            permit = match lease.answers(PING_MAX.min(cx.remaining())).await {
                Ok(lease) => return Ok(lease),
                Err(permit) => permit.ok_or_else(|| unreachable(&gone()))?,
            };
        }
        match timeout(cx.remaining(), self.opened(permit)).await {
            Ok(opened) => opened.map(|(session, permit)| self.lent(session, permit, false)),
            Err(_) => Err(late()),
        }
    }

    fn lent(&self, session: Session, permit: OwnedSemaphorePermit, reused: bool) -> Lease {
        Lease::new(session, self.myself.clone(), permit, reused)
    }

    /// The idle session that was used last, and whether it can be used without asking it.
    fn take(&self) -> Option<(Idle, bool)> {
        let now = Instant::now();
        let mut old = Vec::new();
        let mut state = self.state();
        let taken = loop {
            match state.idle.pop() {
                Some(idle) if now.duration_since(idle.born) >= self.bounds.lifetime => old.push(idle),
                other => break other,
            }
        };
        let suspect = state.suspect;
        drop(state);
        // What is dropped closes a socket, without the lock.
        drop(old);
        taken.map(|idle| {
            let since = idle.since;
            (idle, now.duration_since(since) < TRUSTED && suspect.is_none_or(|suspect| since > suspect))
        })
    }

    /// Opens a session. Its place stays taken until it is open, or cannot be opened, also if nobody waits any more.
    async fn opened(&self, permit: OwnedSemaphorePermit) -> Result<(Session, OwnedSemaphorePermit), Error> {
        self.paused()?;
        let (tell, told) = oneshot::channel();
        let Some(pool) = self.myself.upgrade() else { return Err(unreachable(&gone())) };
        spawn(async move {
            let opened = start(&*pool.launch, pool.shared.as_ref(), &pool.open).await;
            pool.note(&opened);
            // A line belongs to a runtime, and this is not the caller's.
            let opened = opened.map(|session| (session.idle(), permit));
            if let Err(Ok((Some(idle), permit))) = tell.send(opened) {
                pool.keep(idle);
                drop(permit);
            }
        });
        let opened = told.await.map_err(|_| unreachable(&gone()))?;
        let (idle, permit) = opened.map_err(|failure| unreachable(&failure))?;
        let session = idle.and_then(Idle::session).ok_or_else(|| unreachable(&gone()))?;
        Ok((session, permit))
    }

    /// Refuses at once while the last failure is young.
    fn paused(&self) -> Result<(), Error> {
        let state = self.state();
        let Some((at, failure)) = &state.failed else { return Ok(()) };
        let pause =
            BACKOFF_MIN.saturating_mul(1 << state.failures.saturating_sub(1).min(16)).min(BACKOFF_MAX);
        match at.elapsed() < pause {
            true => Err(unreachable(failure)),
            false => Ok(()),
        }
    }

    fn note(&self, opened: &Result<Session, Failure>) {
        let mut state = self.state();
        match opened {
            Ok(_) => (state.failures, state.failed) = (0, None),
            Err(failure) => {
                state.failures = state.failures.saturating_add(1);
                state.failed = Some((Instant::now(), failure.clone()));
            }
        }
    }

    /// Notes that a connection to the database was lost: the idle ones probably are, too.
    pub(crate) fn suspect(&self) {
        self.state().suspect = Some(Instant::now());
    }

    /// Takes a session back.
    fn put(&self, session: Session) {
        if session.born.elapsed() < self.bounds.lifetime
            && let Some(idle) = session.idle()
        {
            self.keep(idle);
        }
    }

    fn keep(&self, idle: Idle) {
        let mut state = self.state();
        if state.idle.len() < self.bounds.max {
            state.idle.push(idle);
        }
        if !std::mem::replace(&mut state.tended, true) {
            spawn(tend(self.myself.clone()));
        }
    }

    /// Closes what is idle for too long; whether something is left.
    fn close_idle(&self) -> bool {
        let mut state = self.state();
        let mut closed = Vec::new();
        while state.idle.len() > self.bounds.min
            && state.idle.first().is_some_and(|idle| idle.since.elapsed() >= self.bounds.idle)
        {
            closed.push(state.idle.remove(0));
        }
        state.tended = !state.idle.is_empty();
        let left = state.tended;
        drop(state);
        drop(closed);
        left
    }

    /// Returns how many sessions are idle, and how many more calls could have one.
    #[cfg(test)]
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.state().idle.len(), self.slots.available_permits())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A push or a pop that panicked leaves the list whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn tend(pool: Weak<Pool>) {
    loop {
        tokio::time::sleep(TENDED_EVERY).await;
        let left = pool.upgrade().is_some_and(|pool| pool.close_idle());
        if !left {
            return;
        }
    }
}

fn gone() -> Failure {
    Failure::new("a database worker cannot be started", "the connection is being closed")
}

/// There is no session: nothing was sent.
fn unreachable(failure: &Failure) -> Error {
    // A login that is refused stays refused until somebody changes something.
    let refused = failure.sqlstate.as_deref().is_some_and(|state| state.starts_with("28"));
    let (class, cause) = match refused {
        true => (Class::Defect, Cause::Internal),
        false => (Class::Transient, Cause::Unavailable),
    };
    let error = Error::new(class, cause, failure.message).with("reason", &failure.reason);
    match &failure.sqlstate {
        Some(state) => error.with("sqlstate", state),
        None => error,
    }
}
