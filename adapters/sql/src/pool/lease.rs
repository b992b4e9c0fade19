//! A session that is lent to one call.
//!
//! **Invariant.** A lease that is dropped within an answer stops the statement, or kills the worker; its place in the
//! pool is free only after that.

use super::Pool;
use crate::worker::{Session, Stop, spawn};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// A lent session.
#[derive(Debug)]
pub(crate) struct Lease {
    lent: Option<Lent>,
    reused: bool,
}

#[derive(Debug)]
struct Lent {
    session: Session,
    pool: Weak<Pool>,
    permit: OwnedSemaphorePermit,
    /// Something was sent whose answer is not read to the end.
    busy: bool,
    /// It was asked for a sign of life, and has not given one.
    asked: bool,
}

/// How long a statement has to stop after it was cancelled.
const GRACE: Duration = Duration::from_secs(1);
/// How long sessions of a process that is shared have to end, once one of them did not stop.
const SHARED_GRACE: Duration = Duration::from_secs(3);

impl Lease {
    pub(super) fn new(
        session: Session,
        pool: Weak<Pool>,
        permit: OwnedSemaphorePermit,
        reused: bool,
    ) -> Self {
        Self { lent: Some(Lent { session, pool, permit, busy: false, asked: false }), reused }
    }

    /// Returns whether it was used before this call.
    pub(crate) fn is_reused(&self) -> bool {
        self.reused
    }

    /// Asks it for a sign of life. Without one it is ended, and its place is returned, which is free then.
    pub(super) async fn answers(mut self, within: Duration) -> Result<Self, Option<OwnedSemaphorePermit>> {
        if let Some(lent) = &mut self.lent {
            lent.asked = true;
            if lent.session.ping(within).await {
                lent.asked = false;
                return Ok(self);
            }
        }
        match self.lent.take() {
            Some(lent) if lent.is_shared() => Err(Some(lent.permit)),
            Some(lent) => Err(lent.ended().await.ok()),
            None => Err(None),
        }
    }

    /// Returns the session, to send something on it.
    pub(crate) fn session(&mut self) -> Option<&mut Session> {
        let lent = self.lent.as_mut()?;
        lent.busy = true;
        Some(&mut lent.session)
    }

    /// Gives it back: its answer was read to the end.
    pub(crate) fn done(&mut self) {
        if let Some(mut lent) = self.lent.take() {
            lent.busy = false;
            lent.give_back();
        }
    }

    /// Ends it: its connection is gone.
    pub(crate) fn broken(&mut self) {
        if let Some(lent) = self.lent.take() {
            if let Some(pool) = lent.pool.upgrade() {
                pool.suspect();
            }
            lent.abandon();
        }
    }
}

impl Lease {
    /// Ends its worker: what it says makes no sense.
    pub(crate) fn rogue(&mut self) {
        if let Some(lent) = self.lent.take() {
            drop(lent.ended());
        }
    }
}

impl Lent {
    fn give_back(self) {
        match self.pool.upgrade() {
            Some(pool) => pool.put(self.session),
            None => drop(self.session),
        }
        drop(self.permit);
    }

    /// Ends a session that may still be doing something, or nothing that makes sense.
    fn abandon(self) {
        match self.is_shared() {
            // Closing the socket ends the session there, and the others go on.
            true => drop(self.session),
            false => drop(self.ended()),
        }
    }

    /// Ends its worker, and gives its place to who waits for it; where nobody does, the place is free then.
    fn ended(self) -> oneshot::Receiver<OwnedSemaphorePermit> {
        let (tell, told) = oneshot::channel();
        spawn(async move {
            self.session.process.end().await;
            drop(tell.send(self.permit));
        });
        told
    }

    fn is_shared(&self) -> bool {
        self.pool.upgrade().is_some_and(|pool| pool.shared.is_some())
    }

    /// Stops the statement, or kills its worker.
    async fn stop(self) {
        let shared = self.is_shared();
        let Self { session, pool, permit, .. } = self;
        let process = Arc::clone(&session.process);
        // A line belongs to the runtime of its call, and this is another one.
        let mut end = Stop::Unheeded;
        if let Some(mut session) = session.moved() {
            end = session.stop(GRACE).await;
            if end == Stop::Stopped {
                return Self { session, pool, permit, busy: false, asked: false }.give_back();
            }
        }
        // Of a worker that hears nothing no other session has anything to hope for.
        if end != Stop::Deaf && shared {
            // No new session is opened in it; those that are at work may end.
            process.retire();
            tokio::time::sleep(SHARED_GRACE).await;
        }
        process.end().await;
        drop(permit);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.lent.take() {
            Some(lent) if lent.busy => spawn(lent.stop()),
            Some(lent) if lent.asked => lent.abandon(),
            Some(lent) => lent.give_back(),
            None => {}
        }
    }
}
