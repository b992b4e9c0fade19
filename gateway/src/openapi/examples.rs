//! Examples out of the tests of a mapping.
//!
//! **Invariant.** An example is a test that is run, to the last digit; nothing is made up for the document.

use engine::value::Value as Exact;
use serde_json::{Value, json};

/// The examples of a project.
#[derive(Debug, Clone, Default)]
pub struct Examples(pub Vec<Example>);

/// One test, as far as it shows something.
#[derive(Debug, Clone)]
pub struct Example {
    /// The name of the test.
    pub name: String,
    /// The operation: `GET /reservations/{id}`; `None` for a test of a model.
    pub operation: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// What is sent.
    pub request: Option<Exact>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The body of the answer.
    pub response: Option<Exact>,
}

/// A body that is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown<'e> {
    /// The name of the test.
    pub(super) name: &'e str,
    /// The body.
    pub(super) body: &'e Exact,
    /// The number of the example.
    number: usize,
    is_request: bool,
}

/// The only member of what stands for a body until it is filled in; no body and no schema has such a name.
const STAND_IN: &str = "\0body";

impl Shown<'_> {
    /// Returns the Example Object, with a stand-in for the body: the document is made of values that know binary numbers
    /// only.
    pub(super) fn object(self) -> Value {
        json!({ "summary": self.name, "value": { STAND_IN: [self.number, self.is_request] } })
    }
}

impl Examples {
    /// Returns the examples of requests to an operation.
    pub(super) fn requests<'e>(&'e self, operation: &str) -> impl Iterator<Item = Shown<'e>> {
        let all = self.0.iter().enumerate();
        let own = all.filter(move |(_, example)| example.operation.as_deref() == Some(operation));
        own.filter_map(|(number, example)| example.shown(number, true))
    }

    /// Returns the examples of good answers: of the operation itself, and of its model.
    pub(super) fn answers<'e>(
        &'e self,
        operation: &str,
        success: u16,
        model: Option<&str>,
    ) -> impl Iterator<Item = Shown<'e>> {
        let shows = move |(_, example): &(usize, &Example)| match &example.operation {
            Some(own) => own == operation && example.status.is_none_or(|status| status == success),
            None => model.is_some() && example.model.as_deref() == model,
        };
        self.0.iter().enumerate().filter(shows).filter_map(|(number, example)| example.shown(number, false))
    }

    /// Puts bodies where something stands for them.
    pub(super) fn fill_in(&self, document: &mut Exact) {
        match document {
            Exact::List(items) => items.iter_mut().for_each(|item| self.fill_in(item)),
            Exact::Object(members) => match members.as_slice() {
                [(name, Exact::List(place))] if **name == *STAND_IN => {
                    *document = self.body(place).cloned().unwrap_or(Exact::Null);
                }
                _ => members.iter_mut().for_each(|(_, value)| self.fill_in(value)),
            },
            _ => {}
        }
    }

    fn body(&self, place: &[Exact]) -> Option<&Exact> {
        let [Exact::Number(number), Exact::Bool(is_request)] = place else { return None };
        let example = self.0.get(usize::try_from(number.to_i64()?).ok()?)?;
        if *is_request { example.request.as_ref() } else { example.response.as_ref() }
    }
}

impl Example {
    fn shown(&self, number: usize, is_request: bool) -> Option<Shown<'_>> {
        let body = if is_request { &self.request } else { &self.response };
        Some(Shown { name: &self.name, body: body.as_ref()?, number, is_request })
    }
}
