//! Executes statements in worker processes.
//!
//! **Invariant.** A statement is sent once, unless it only reads and the session was found dead before it answered;
//! how a failed write is called says whether it may have happened.

mod fail;
mod launch;
mod outcome;
mod reply;

#[cfg(test)]
use launch::Program;
pub(crate) use launch::{missing, raw_catalog};

use crate::call::{Answer, Call};
use crate::config::Config;
use crate::dialect::Dialect;
#[cfg(test)]
use crate::pool::Bounds;
use crate::pool::{Lease, Pool};
#[cfg(test)]
use crate::worker::Launch;
use adapters_ports::{Backend, BoxFuture, CallContext, FaultReply, Reply, Request};
#[cfg(test)]
use adapters_sql_protocol::Open;
use adapters_sql_protocol::{Execute, Fault, FromWorker, Phase};
use fail::Effect;
use kernel::{Catalogue, Cause, Class, Error};
use outcome::Collected;
use reply::{Counted, RowReply};
use std::sync::Arc;

/// A database that can be called.
#[derive(Debug)]
pub(crate) struct SqlBackend {
    pool: Arc<Pool>,
    catalogue: Arc<Catalogue>,
    dialect: Dialect,
    word: Word,
    limits: Limits,
}

/// Finds the word of an error by its SQLSTATE, its native code and its text: see `FaultReply::error`.
pub(crate) type Word = fn(Dialect, &str, i32, &str) -> Option<&'static str>;

/// Bounds of what is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Most rows of a batch.
    pub(crate) batch_rows_max: u32,
    /// About how many bytes a batch has.
    pub(crate) batch_bytes_max: u32,
    /// Most bytes of a value.
    pub(crate) value_bytes_max: u32,
}

impl SqlBackend {
    /// Makes the backend of a connection. Starts nothing and needs no runtime.
    pub(crate) fn new(config: &Config, catalogue: Arc<Catalogue>, dialect: Dialect, word: Word) -> Self {
        let launch = launch::of(config);
        let limits = Limits {
            batch_rows_max: config.fetch.rows,
            batch_bytes_max: config.fetch.bytes,
            value_bytes_max: config.value_bytes_max,
        };
        let pool = Pool::new(launch, launch::open(config), launch::bounds(config));
        Self { pool, catalogue, dialect, word, limits }
    }

    /// As [`SqlBackend::new`], of the pieces themselves.
    #[cfg(test)]
    pub(crate) fn of(
        launch: Arc<dyn Launch>,
        open: Open,
        bounds: Bounds,
        catalogue: Arc<Catalogue>,
        limits: Limits,
    ) -> Self {
        let word: Word = |_, state, _, _| (state == "23505").then_some("unique");
        let pool = Pool::new(launch, open, bounds);
        Self { pool, catalogue, dialect: Dialect::Sqlite, word, limits }
    }

    /// Returns its sessions.
    #[cfg(test)]
    pub(crate) fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    async fn exchange(&self, cx: &CallContext, request: &Request) -> Result<Reply, Error> {
        let strange = || Error::new(Class::Defect, Cause::Internal, "the request is no statement");
        let call = Call::decode(&request.body).ok_or_else(strange)?;
        let effect = if call.writes { Effect::Writes } else { Effect::Reads };
        cx.sent.hold();
        let mut lease = self.pool.lease(cx).await?;
        // Kept sessions may all be dead; a new one is not tried twice.
        loop {
            let reused = lease.is_reused();
            match self.executed(cx, &call, effect, lease).await {
                Err(Ended::Unsent) if reused => {}
                Err(Ended::Lost(_)) if reused && effect == Effect::Reads => {}
                Err(Ended::Unsent) => return Err(fail::unsent()),
                Err(Ended::Lost(error) | Ended::Failed(error)) => return Err(error),
                Ok(reply) => return Ok(reply),
            }
            lease = self.pool.lease(cx).await?;
        }
    }

    async fn executed(
        &self,
        cx: &CallContext,
        call: &Call,
        effect: Effect,
        lease: Lease,
    ) -> Result<Reply, Ended> {
        let mut run = Run { backend: self, cx, effect, lease };
        if let Some(follow) = &call.follow {
            if let Some(reply) = run.first(&call.execute).await? {
                return Ok(reply);
            }
            return match run.reply(follow, &call.answer).await {
                Ok(Reply::Fault(fault)) => Err(Ended::Failed(fail::behind(&fault))),
                ended => ended.map_err(Ended::certainly_sent),
            };
        }
        run.reply(&call.execute, &call.answer).await
    }

    fn fault(&self, fault: Fault) -> Reply {
        let error = (self.word)(self.dialect, &fault.sqlstate, fault.native, &fault.message);
        let sqlstate = fault.state().map(str::to_owned);
        let code = sqlstate.clone().unwrap_or_default();
        Reply::Fault(FaultReply { code, sqlstate, text: fault.message, error, ..FaultReply::default() })
    }
}

impl Backend for SqlBackend {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        Box::pin(async move {
            let deadline = tokio::time::Instant::from_std(cx.deadline);
            match tokio::time::timeout_at(deadline, self.exchange(cx, request)).await {
                Ok(result) => result,
                Err(_) => Err(fail::late(&cx.sent)),
            }
        })
    }
}

/// How a statement ended that has no reply.
#[derive(Debug)]
enum Ended {
    /// The session was dead: not a byte has left.
    Unsent,
    /// The session died before it answered.
    Lost(Error),
    /// Something else.
    Failed(Error),
}

impl Ended {
    /// The statement is the second one of its call: the first has been executed.
    fn certainly_sent(self) -> Self {
        match self {
            Self::Unsent => Self::Failed(Error::new(
                Class::Ambiguous,
                Cause::Broken,
                "the connection to the database broke within a call",
            )),
            other => other,
        }
    }
}

/// A statement that is being executed.
struct Run<'a> {
    backend: &'a SqlBackend,
    cx: &'a CallContext,
    effect: Effect,
    lease: Lease,
}

impl Run<'_> {
    /// Executes the first of two statements; a reply only if it is the last word.
    async fn first(&mut self, execute: &Execute) -> Result<Option<Reply>, Ended> {
        self.send(execute).await?;
        loop {
            let (kind, payload) = self.receive().await?;
            match self.decoded(FromWorker::decode(kind, &payload, usize::from(u16::MAX)))? {
                FromWorker::Done { .. } => return Ok(None),
                FromWorker::Fault(fault) => return self.refused(fault).map(Some),
                _ => {}
            }
        }
    }

    async fn reply(mut self, execute: &Execute, answer: &Answer) -> Result<Reply, Ended> {
        self.send(execute).await?;
        match answer {
            Answer::Affected => self.count().await,
            Answer::Rows(rows) => self.rows(rows).await,
            Answer::Procedure(outcome) => {
                let mut collected = Collected::default();
                loop {
                    let (kind, payload) = self.receive().await?;
                    match collected.take(kind, &payload) {
                        Ok(None) => {}
                        Ok(Some(FromWorker::Fault(fault))) => return self.refused(fault),
                        Ok(Some(_)) => break,
                        Err(error) => return Err(self.rogue(error)),
                    }
                }
                self.lease.done();
                let told = collected.told(outcome, &self.backend.catalogue.shape).map_err(Ended::Failed)?;
                Ok(Reply::Answer(Box::new(told)))
            }
        }
    }

    async fn send(&mut self, execute: &Execute) -> Result<(), Ended> {
        let mut execute = execute.clone();
        let limits = &self.backend.limits;
        let left_ms = u32::try_from(self.cx.remaining().as_millis()).unwrap_or(u32::MAX);
        execute.timeout_ms = left_ms.max(1);
        execute.batch_rows_max = limits.batch_rows_max;
        execute.batch_bytes_max = limits.batch_bytes_max;
        execute.value_bytes_max = limits.value_bytes_max;
        let Some(session) = self.lease.session() else { return Err(Ended::Unsent) };
        let left = || {
            if self.effect == Effect::Writes {
                self.cx.sent.mark();
            }
        };
        match session.execute(execute, left).await {
            Ok(()) => Ok(()),
            Err((0, _)) => {
                self.lease.broken();
                Err(Ended::Unsent)
            }
            Err((_, error)) => Err(self.lost(error)),
        }
    }

    async fn receive(&mut self) -> Result<(u8, bytes::Bytes), Ended> {
        let Some(session) = self.lease.session() else { return Err(Ended::Unsent) };
        match session.line.receive().await {
            Ok(frame) => Ok(frame),
            Err(error) => Err(self.lost(error)),
        }
    }

    async fn count(mut self) -> Result<Reply, Ended> {
        loop {
            let (kind, payload) = self.receive().await?;
            // Rows that nobody asked for are passed over.
            if matches!(kind, adapters_sql_protocol::kind::COLUMNS | adapters_sql_protocol::kind::BATCH) {
                continue;
            }
            match self.decoded(FromWorker::decode(kind, &payload, 0))? {
                FromWorker::Done { affected } => {
                    self.lease.done();
                    return Ok(Reply::Answer(Box::new(Counted(affected))));
                }
                FromWorker::Fault(fault) => return self.refused(fault),
                _ => return Err(self.rogue(fail::strange())),
            }
        }
    }

    /// Waits for the first rows, since many an error shows only with them.
    async fn rows(mut self, rows: &crate::call::Rows) -> Result<Reply, Ended> {
        let mut reply = RowReply::new(rows.clone(), self.effect);
        loop {
            let (kind, payload) = self.receive().await?;
            match reply.take(kind, &payload, &self.backend.catalogue.shape) {
                Ok(None) if kind == adapters_sql_protocol::kind::COLUMNS => {}
                Ok(None) => return Ok(Reply::Answer(Box::new(reply.going(self.lease)))),
                Ok(Some(FromWorker::Fault(fault))) => return self.refused(fault),
                Ok(Some(_)) => {
                    self.lease.done();
                    return Ok(Reply::Answer(Box::new(reply.ended())));
                }
                Err(error) => return Err(self.rogue(error)),
            }
        }
    }

    /// The database or the driver said no.
    fn refused(&mut self, fault: Fault) -> Result<Reply, Ended> {
        match (fault.phase, self.effect) {
            (Phase::Gone, _) => {
                self.lease.broken();
                Err(Ended::Lost(fail::gone(self.effect, &fault)))
            }
            (Phase::Within, Effect::Writes) => {
                self.lease.done();
                Err(Ended::Failed(fail::within(&fault)))
            }
            _ => {
                self.lease.done();
                Ok(self.backend.fault(fault))
            }
        }
    }

    fn decoded<'f>(
        &mut self,
        frame: Result<FromWorker<'f>, adapters_sql_protocol::Malformed>,
    ) -> Result<FromWorker<'f>, Ended> {
        frame.map_err(|wrong| self.rogue(fail::malformed(wrong)))
    }

    fn lost(&mut self, error: std::io::Error) -> Ended {
        if error.kind() == std::io::ErrorKind::InvalidData {
            return self.rogue(fail::broken(self.effect, error));
        }
        self.lease.broken();
        Ended::Lost(fail::broken(self.effect, error))
    }

    /// The worker says what makes no sense: it is not spoken to again.
    fn rogue(&mut self, error: Error) -> Ended {
        self.lease.rogue();
        Ended::Failed(fail::judged(self.effect, error))
    }
}

#[cfg(test)]
mod double;
#[cfg(test)]
mod tests;
