//! One try: a call to the legacy system and its judgement by the mapping's error table.
//!
//! **Invariant.** An error inside a good reply is an error here, so policies never see the difference.

use super::endpoint::Endpoint;
use adapters_layers::Exchange;
use adapters_ports::{Backend, CallContext, FaultReply, Reply, ReplyBody, Request};
use engine::plan::query::Projection;
use engine::program::{Ambient, FaultView, Reader};
use engine::value::Value;
use kernel::{Cause, Class, DecodeError, Error, Progress, Visitor};

/// A call that is ready to be sent, once or several times.
pub(super) struct LegacyCall<'a> {
    pub backend: &'a dyn Backend,
    pub request: Request,
    pub endpoint: &'a Endpoint,
    pub ambient: &'a Ambient,
    /// Some fields instead of all.
    pub fields: Option<&'a Projection>,
}

/// What a reply says, mapped.
#[derive(Debug, Clone)]
pub struct Mapped {
    /// The JSON text: an object, or an array for a list; empty where nothing is received.
    pub json: Vec<u8>,
    /// There was a record.
    pub found: bool,
    /// The values of the key's fields.
    pub key: Vec<Value>,
    /// Fingerprint of the mapped legacy values.
    pub fingerprint: u128,
    /// The legacy cursor of the next page.
    pub cursor: Option<String>,
    /// How many rows a statement changed, if the database said so.
    pub affected: Option<u64>,
}

/// A table or a column that a database does not know. Sources: PostgreSQL, Appendix A; Db2, "SQLSTATE values"; ODBC,
/// Appendix A; H2, `ErrorCode`.
const UNKNOWN_NAMES: [&str; 8] = ["42703", "42P01", "42704", "42S02", "42S22", "42102", "42104", "42122"];
/// What to do about it.
const STALE: &str = "the database is not what its snapshot says; `seawall snapshot CONNECTION --diff` tells";

impl Exchange for LegacyCall<'_> {
    type Answer = Mapped;

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<Mapped, Error> {
        let reply = self.backend.call(cx, &self.request).await?;
        let Some(mut reader) = self.endpoint.reader(self.fields, self.ambient) else {
            return Err(Error::new(Class::Defect, Cause::Internal, "the operation calls nothing"));
        };
        let result = match reply {
            Reply::Answer(body) => {
                let body = Limited { body, bytes_max: self.endpoint.reply_bytes_max };
                read(cx, body, &mut reader).await
            }
            Reply::Fault(fault) => Err(judge(&fault, &reader)),
        };
        self.endpoint.note_residue(reader.residue());
        if self.fields.is_none() {
            self.endpoint.give_back(reader);
        }
        result
    }

    fn repeatable(&self) -> bool {
        self.request.repeatable
    }
}

async fn read(cx: &CallContext, mut body: Limited, reader: &mut Reader) -> Result<Mapped, Error> {
    loop {
        match body.advance(reader) {
            Ok(Progress::NeedInput) => body.more(cx).await?,
            Ok(Progress::Paused) => {
                if let Some(error) = reader.judged() {
                    return Err(error);
                }
            }
            Ok(Progress::Stopped | Progress::End) => break,
            Err(error) => return Err(reader.broken(&error)),
        }
    }
    let answer = reader.finish()?;
    Ok(Mapped {
        json: answer.json.to_vec(),
        found: answer.found,
        key: answer.key,
        fingerprint: answer.fingerprint,
        cursor: answer.cursor,
        affected: body.body.affected(),
    })
}

/// A reply that may be only so long.
pub(super) struct Limited {
    pub body: Box<dyn ReplyBody>,
    /// `maxBytes` of the connection's policy.
    pub bytes_max: Option<u64>,
}

impl Limited {
    /// Goes on with the reply, unless too much of it has arrived.
    pub(super) fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let read = self.body.bytes_read();
        match self.bytes_max {
            Some(max) if read > max => Err(DecodeError::limit("policy.maxBytes", max, max)),
            _ => self.body.advance(to),
        }
    }

    /// Waits for more of it.
    pub(super) async fn more(&mut self, cx: &CallContext) -> Result<(), Error> {
        self.body.more(cx).await
    }
}

/// Returns what a fault is by the mapping's table.
///
/// A pause that the transport names holds only for errors that may pass by themselves.
pub(super) fn judge(fault: &FaultReply, reader: &Reader) -> Error {
    let mut error = reader.judge_fault(&view(fault));
    if let (Some(state), None) = (&fault.sqlstate, error.entry) {
        error = error.with("sqlstate", state);
        if UNKNOWN_NAMES.contains(&state.as_str()) {
            error = error.with("hint", STALE);
        }
    }
    let passes =
        matches!(error.class, Class::Transient | Class::RateLimited | Class::Maintenance | Class::Ambiguous);
    error.retry_after = fault.retry_after.filter(|_| passes);
    error
}

/// Returns a fault as error tables see it.
pub(super) fn view(fault: &FaultReply) -> FaultView<'_> {
    let known = |text: &'_ &str| !text.is_empty();
    let text = Some(fault.text.as_str()).filter(known);
    let database = fault.sqlstate.is_some() || fault.error.is_some();
    FaultView {
        code: Some(fault.code.as_str()).filter(known),
        text,
        status: fault.status,
        sqlstate: fault.sqlstate.as_deref(),
        message: text.filter(|_| database),
        error: fault.error,
    }
}
