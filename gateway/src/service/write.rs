//! Requests that change something: one effect per key, nothing sent that was accepted last time.
//!
//! **Invariant.** A write that has begun runs to its end even if its client has gone.

use super::exchange::Mapped;
use super::flow::{Admitted, Changes, Done, Failure, Origin, etag};
use super::once::{self, Effect, Turn};
use super::watch::ended;
use super::{Endpoint, Service};
use crate::http::answer::Answer;
use crate::problem::{Kind, Problem};
use crate::store::{self, Hash, Offer, Store};
use adapters_ports::Wire;
use engine::json;
use engine::plan::query::Listing;
use engine::program::{Place, Verb};
use engine::value::Value;
use kernel::{Cause, Class, Error};
use std::sync::Arc;

/// How often a write meets a row that somebody else has just changed before it is given up.
const MEETINGS_MAX: usize = 10;

impl Service {
    /// Runs a write in a task of its own, so that a client that goes away does not leave its outcome unknown.
    pub(super) async fn write(self: &Arc<Self>, admitted: Admitted) -> Result<Done, Failure> {
        let service = Arc::clone(self);
        let mut admitted = admitted;
        let task = tokio::spawn(async move { service.write_to_the_end(&mut admitted).await });
        let ended = self.left.awaited(task).await;
        ended.unwrap_or_else(|_| Err(Problem::new(Kind::Internal).into()))
    }

    async fn write_to_the_end(&self, admitted: &mut Admitted) -> Result<Done, Failure> {
        let result = match (admitted.endpoint.idempotency, &self.store) {
            (Some(keep), Some(store)) => self.write_once(admitted, store, keep).await,
            _ => match self.prepared(admitted).await {
                Ok(prepared) => self.write_settled(admitted, prepared).await,
                Err(end) => Err(end),
            },
        };
        result.map_err(|end| end.failure)
    }

    async fn write_once(
        &self,
        admitted: &mut Admitted,
        store: &Arc<dyn Store>,
        keep: std::time::Duration,
    ) -> Result<Done, End> {
        let key = once::key(admitted.once.as_deref(), &admitted.caller, &admitted.endpoint.plan.key)?;
        let payload = payload(admitted);
        // What cannot be encoded is refused before the key is used up. Where the record is read first, the key comes
        // before it: a repetition would find the record that it has changed itself, and not the one that it names.
        let early = match admitted.endpoint.old_by(admitted.if_match.is_some()) {
            None => Some(self.prepared(admitted).await?),
            Some(_) => None,
        };
        let ticket = match once::begin(store, key, payload, keep).await? {
            Turn::Go(ticket) => ticket,
            Turn::Replay(answer) => return Ok((answer, Some(Origin::Replay))),
        };
        let prepared = match early {
            Some(prepared) => Ok(prepared),
            None => self.prepared(admitted).await,
        };
        let result = match prepared {
            Ok(prepared) => self.write_settled(admitted, prepared).await,
            Err(end) => Err(End { effect: Effect::None, ..end }),
        };
        match &result {
            Ok((answer, _)) => ticket.end(Effect::Settled, answer).await,
            Err(end) => {
                let answer = end.failure.problem.answer(&self.types, &admitted.cx.request_id);
                ticket.end(end.effect, &answer).await;
            }
        }
        result
    }

    /// Reads the old record if need be and encodes the request. Nothing is changed by that, whatever becomes of it.
    async fn prepared(&self, admitted: &mut Admitted) -> Result<(Wire, Changes), End> {
        let nothing = |failure| End { failure, effect: Effect::None, is_missed: false };
        self.with_old(admitted).await.map_err(nothing)?;
        self.encoded(admitted)
    }

    /// Writes; a row that somebody else changed in between is read again, and the change is made anew.
    async fn write_settled(&self, admitted: &mut Admitted, prepared: (Wire, Changes)) -> Result<Done, End> {
        let mut prepared = prepared;
        for _ in 1..MEETINGS_MAX {
            match self.write_prepared(admitted, prepared).await {
                Err(end) if end.is_missed => prepared = self.prepared(admitted).await?,
                ended => return ended,
            }
        }
        self.write_prepared(admitted, prepared).await
    }

    async fn write_prepared(
        &self,
        admitted: &Admitted,
        (wire, changes): (Wire, Changes),
    ) -> Result<Done, End> {
        match changes {
            Changes::Nothing => Ok(unchanged(&admitted.endpoint)),
            Changes::Something => self.write_news(admitted, wire).await,
        }
    }

    fn encoded(&self, admitted: &Admitted) -> Result<(Wire, Changes), End> {
        let endpoint = &admitted.endpoint;
        let encoded = self.called(endpoint).and_then(|(call, connected)| {
            self.encode(endpoint, call, connected, &admitted.inputs, &Listing::default())
        });
        encoded.map_err(|error| self.end(endpoint, &error))
    }

    /// Sends what is news.
    async fn write_news(&self, admitted: &Admitted, wire: Wire) -> Result<Done, End> {
        let endpoint = &admitted.endpoint;
        let Some(store) = self.store.as_ref().filter(|_| endpoint.dedupe) else {
            return self.write_now(admitted, wire).await.map(|answer| (answer, Some(Origin::Call)));
        };
        let (key, content) = (target(admitted), content(admitted));
        match store.offer(key, content).await {
            Ok(Offer::Unchanged) => return Ok(unchanged(endpoint)),
            Ok(Offer::Changed) => {}
            Err(error) => return Err(once::unusable(&error).into()),
        }
        let result = self.write_now(admitted, wire).await;
        let accepted = result.is_ok().then_some(content);
        if let Err(error) = store.settle(key, accepted).await {
            tracing::error!(%error, "what was accepted could not be kept; it will be sent again");
        }
        result.map(|answer| (answer, Some(Origin::Call)))
    }

    async fn write_now(&self, admitted: &Admitted, wire: Wire) -> Result<Answer, End> {
        let Admitted { endpoint, inputs, cx, .. } = admitted;
        let noted = self.noted(admitted).await?;
        let mut overlap = self.answers.write(endpoint, inputs);
        let result = match self.called(endpoint) {
            Ok((call, connected)) => self.send(endpoint, call, connected, wire, &inputs.ambient, cx).await,
            Err(error) => Err(error),
        };
        if let Ok(mapped) = &result {
            overlap.found(&mapped.key);
        }
        drop(overlap);
        noted.ended(&ended(&result));
        let mapped = result.and_then(|mapped| promised(endpoint, mapped));
        let mapped = mapped.map_err(|error| self.end(endpoint, &error))?;
        if endpoint.plan.call.as_ref().is_some_and(|call| call.table().is_some()) {
            return self.row_written(admitted, mapped).await;
        }
        Ok(answer(endpoint, mapped))
    }

    pub(super) fn end(&self, endpoint: &Endpoint, error: &Error) -> End {
        End { effect: Effect::of(error), failure: self.failure(endpoint, error), is_missed: false }
    }
}

/// A bad end of a write, and what is known of its effect.
pub(super) struct End {
    pub failure: Failure,
    pub effect: Effect,
    /// The row was not there any more as it was read.
    pub is_missed: bool,
}

impl From<Problem> for End {
    /// A problem of ours comes before anything is sent.
    fn from(problem: Problem) -> Self {
        Self { failure: problem.into(), effect: Effect::None, is_missed: false }
    }
}

/// The answer to a write that changes nothing.
fn unchanged(endpoint: &Endpoint) -> Done {
    (Answer::new(endpoint.plan.success), Some(Origin::Unchanged))
}

/// A write that answers with the record has none in its reply: the contract is broken, and nobody knows what was done.
fn promised(endpoint: &Endpoint, mapped: Mapped) -> Result<Mapped, Error> {
    let plan = &endpoint.plan;
    let writes = matches!(plan.verb, Verb::Create | Verb::Update | Verb::Replace);
    if mapped.found || !writes || plan.reply_schema.is_none() {
        return Ok(mapped);
    }
    Err(Error::new(Class::Poison, Cause::Contract, "the reply has no record where the mapping receives one"))
}

fn answer(endpoint: &Endpoint, mapped: Mapped) -> Answer {
    let mut answer = Answer::new(endpoint.plan.success);
    let location = endpoint.location.as_ref().and_then(|location| location.path(&mapped.key));
    if let Some(location) = location {
        answer = answer.header("location", location);
    }
    if mapped.json.is_empty() || !mapped.found || endpoint.plan.reply_schema.is_none() {
        return answer;
    }
    if endpoint.plan.verb != Verb::List {
        answer = answer.header("etag", etag(mapped.fingerprint).into_string());
    }
    answer.json(mapped.json)
}

/// What a client sent: the body as it came, and the parameters.
fn payload(admitted: &Admitted) -> Hash {
    store::hash(&[&parameters(admitted, |_| true), &admitted.payload])
}

/// What a write is for: the operation and its path.
fn target(admitted: &Admitted) -> Hash {
    let operation = admitted.endpoint.plan.key.as_bytes();
    store::hash(&[b"accepted", operation, &parameters(admitted, |place| place == Place::Path)])
}

/// What a write says, whatever the order of its members was.
fn content(admitted: &Admitted) -> Hash {
    let mut body = Vec::new();
    json::write(&sorted(&admitted.inputs.body), &mut body);
    store::hash(&[&parameters(admitted, |_| true), &body])
}

fn parameters(admitted: &Admitted, wanted: impl Fn(Place) -> bool) -> Vec<u8> {
    let mut out = Vec::new();
    for (param, value) in admitted.endpoint.plan.params.iter().zip(&admitted.inputs.params) {
        if wanted(param.place) {
            json::write(value, &mut out);
            out.push(b'\n');
        }
    }
    out
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.iter().map(|(name, value)| (name.clone(), sorted(value))).collect();
            members.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Object(members)
        }
        Value::List(items) => Value::List(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
