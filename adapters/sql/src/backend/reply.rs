//! Answers while they arrive: rows, or how many rows were changed.
//!
//! **Invariant.** The session is given back with the last frame and not before; who stops reading lets it be stopped.

use super::fail::{self, Effect};
use crate::call::Rows;
use crate::pool::Lease;
use crate::rows::RowSet;
use adapters_ports::{BoxFuture, CallContext, ReplyBody};
use adapters_sql_protocol::{FromWorker, HEADER_BYTES};
use bytes::Bytes;
use kernel::{DecodeError, Document, Error, Progress, Shape, Visitor};

/// The answer of a statement that reads no rows.
#[derive(Debug)]
pub(crate) struct Counted(pub(crate) Option<u64>);

impl Document for Counted {
    fn advance(&mut self, _to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        Ok(Progress::End)
    }
}

impl ReplyBody for Counted {
    fn more<'a>(&'a mut self, _cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Ok(()) })
    }

    fn bytes_read(&self) -> u64 {
        0
    }

    fn affected(&self) -> Option<u64> {
        self.0
    }
}

/// The answer of a statement that reads rows.
#[derive(Debug)]
pub(crate) struct RowReply {
    rows: Rows,
    effect: Effect,
    set: Option<RowSet>,
    /// While it is going on.
    lease: Option<Lease>,
    affected: Option<u64>,
    bytes: u64,
}

impl RowReply {
    pub(crate) fn new(rows: Rows, effect: Effect) -> Self {
        Self { rows, effect, set: None, lease: None, affected: None, bytes: 0 }
    }

    /// Takes a frame; the last one is returned.
    pub(crate) fn take(
        &mut self,
        kind: u8,
        payload: &Bytes,
        shape: &Shape,
    ) -> Result<Option<FromWorker<'static>>, Error> {
        self.bytes += (payload.len() + HEADER_BYTES) as u64;
        let width = self.set.as_ref().map_or(0, RowSet::width);
        match (FromWorker::decode(kind, payload, width).map_err(fail::malformed)?, &mut self.set) {
            (FromWorker::Columns(columns), None) => {
                let set =
                    RowSet::new(&self.rows, &columns, shape).map_err(|column| fail::unasked(&column))?;
                self.set = Some(set);
                Ok(None)
            }
            (FromWorker::Batch(batch), Some(set)) => {
                set.load(&batch, payload);
                Ok(None)
            }
            (FromWorker::Done { affected }, Some(_)) => {
                self.affected = affected;
                Ok(Some(FromWorker::Done { affected }))
            }
            (FromWorker::Fault(fault), _) => Ok(Some(FromWorker::Fault(fault))),
            _ => Err(fail::strange()),
        }
    }

    /// The answer goes on.
    pub(crate) fn going(self, lease: Lease) -> Self {
        Self { lease: Some(lease), ..self }
    }

    /// The answer has ended already.
    pub(crate) fn ended(self) -> Self {
        self
    }

    async fn next(&mut self, shape: &Shape) -> Result<(), Error> {
        let Some(lease) = &mut self.lease else { return Ok(()) };
        let Some(session) = lease.session() else { return Err(fail::strange()) };
        let (kind, payload) = match session.line.receive().await {
            Ok(frame) => frame,
            Err(error) => {
                lease.broken();
                self.lease = None;
                return Err(fail::broken(self.effect, error));
            }
        };
        let taken = self.take(kind, &payload, shape);
        if matches!(taken, Ok(None)) {
            return Ok(());
        }
        let Some(mut lease) = self.lease.take() else { return Ok(()) };
        match taken {
            Ok(Some(FromWorker::Fault(fault))) => {
                match fault.phase {
                    adapters_sql_protocol::Phase::Gone => lease.broken(),
                    _ => lease.done(),
                }
                Err(fail::midway(self.effect, &fault))
            }
            Ok(_) => {
                lease.done();
                Ok(())
            }
            Err(error) => {
                lease.rogue();
                Err(fail::judged(self.effect, error))
            }
        }
    }
}

impl Document for RowReply {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let Some(set) = &mut self.set else { return Ok(Progress::End) };
        match set.advance(to)? {
            Progress::End if self.lease.is_some() => Ok(Progress::NeedInput),
            progress => Ok(progress),
        }
    }
}

impl ReplyBody for RowReply {
    fn more<'a>(&'a mut self, cx: &'a CallContext) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let deadline = tokio::time::Instant::from_std(cx.deadline);
            // Only COLUMNS needs the shape, and they have come.
            let shape = Shape::default();
            match tokio::time::timeout_at(deadline, self.next(&shape)).await {
                Ok(result) => result,
                Err(_) => {
                    // Dropping the lease stops the statement.
                    self.lease = None;
                    Err(fail::slow(self.effect))
                }
            }
        })
    }

    fn bytes_read(&self) -> u64 {
        self.bytes
    }

    fn affected(&self) -> Option<u64> {
        self.affected
    }
}
