//! What follows a statement that changed a table: the new record, or the row that was not there any more.
//!
//! **Invariant.** A change that met another row than the one that was read has changed nothing, and is told apart from
//! one that has.

use super::exchange::Mapped;
use super::flow::{Admitted, etag};
use super::once::Effect;
use super::write::End;
use super::{Endpoint, Service};
use crate::http::answer::Answer;
use crate::problem::{Kind, Problem};
use engine::plan::query::Listing;
use engine::program::{Inputs, Page, Verb};
use engine::value::Value;
use kernel::{Cause, Class, Error};

impl Service {
    /// Answers a write whose statement was executed.
    pub(super) async fn row_written(&self, admitted: &Admitted, mapped: Mapped) -> Result<Answer, End> {
        let endpoint = &admitted.endpoint;
        match (endpoint.plan.verb, mapped.affected) {
            (Verb::Create, _) => Ok(self.created(admitted, &mapped).await),
            (Verb::Delete, Some(0)) if admitted.inputs.old.is_none() => {
                let gone = Error::new(Class::NotFound, Cause::Legacy, "there is no such thing");
                Err(End { effect: Effect::None, ..self.end(endpoint, &gone) })
            }
            (Verb::Update | Verb::Replace | Verb::Delete, Some(0)) => Err(missed()),
            (Verb::Update | Verb::Replace | Verb::Delete, None) => {
                let message = "the database did not say how many rows it changed";
                Err(self.end(endpoint, &Error::new(Class::Poison, Cause::Contract, message)))
            }
            _ => Ok(Answer::new(endpoint.plan.success)),
        }
    }

    /// Answers with the new record as it stands in the table now, if there is an operation that reads it.
    async fn created(&self, admitted: &Admitted, mapped: &Mapped) -> Answer {
        let endpoint = &admitted.endpoint;
        let key = key(endpoint, mapped, &admitted.inputs.body);
        let answer = Answer::new(endpoint.plan.success);
        let read = match endpoint.read_back.filter(|_| key.iter().all(|value| !value.is_absent())) {
            Some(number) => self.read_back(&self.endpoints[number], &key, admitted).await,
            None => None,
        };
        let shown = read.as_ref().map_or(&key, |read| &read.key);
        let location = endpoint.location.as_ref().and_then(|location| location.path(shown));
        let answer = match location {
            Some(location) => answer.header("location", location),
            None => answer,
        };
        match read {
            Some(read) => answer.header("etag", etag(read.fingerprint).into_string()).json(read.json),
            None => answer,
        }
    }

    /// Reads a record that was made. That it cannot be read does not undo it, so that is no error.
    async fn read_back(&self, get: &Endpoint, key: &[Value], admitted: &Admitted) -> Option<Mapped> {
        let model = get.model.as_deref()?;
        let value = |field: usize| {
            model.key.iter().position(|&known| known == field).and_then(|n| key.get(n)).cloned()
        };
        let params = get.plan.params.iter().map(|param| param.field.and_then(value).unwrap_or_default());
        let inputs = Inputs {
            params: params.collect(),
            body: Value::Absent,
            ambient: admitted.inputs.ambient.clone(),
            page: Page::default(),
            old: None,
        };
        match self.perform(get, &inputs, &Listing::default(), &admitted.cx).await {
            Ok(mapped) => Some(mapped).filter(|mapped| mapped.found),
            Err(error) => {
                tracing::warn!(operation = %get.plan.key, %error, "a new record could not be read back");
                None
            }
        }
    }
}

/// The key of a new record: what the database made of it, else what the client sent.
fn key(endpoint: &Endpoint, mapped: &Mapped, body: &Value) -> Vec<Value> {
    let Some(model) = &endpoint.model else { return Vec::new() };
    let made = |n: usize| mapped.key.get(n).filter(|value| !value.is_absent()).cloned();
    let sent = |field: usize| {
        model.body.fields.get(field).and_then(|field| body.member(&field.name)).cloned().unwrap_or_default()
    };
    model.key.iter().enumerate().map(|(n, &field)| made(n).unwrap_or_else(|| sent(field))).collect()
}

fn missed() -> End {
    let problem = Problem::new(Kind::ConcurrentChange)
        .detail("others changed the record each time it was about to be written; nothing was written");
    End { failure: problem.into(), effect: Effect::None, is_missed: true }
}
