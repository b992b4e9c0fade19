//! Examples out of the tests of a mapping.
//!
//! **Invariant.** An example is a test that is run; nothing is made up for the document.

use serde_json::Value;

/// The examples of a project.
#[derive(Debug, Clone, Default)]
pub struct Examples(pub Vec<Example>);

/// One test, as far as it shows something.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The name of the test.
    pub name: String,
    /// The operation: `GET /reservations/{id}`; `None` for a test of a model.
    pub operation: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// What is sent.
    pub request: Option<Value>,
    /// The status of the answer.
    pub status: Option<u16>,
    /// The body of the answer.
    pub response: Option<Value>,
}

impl Examples {
    /// Returns the examples of requests to an operation: names and bodies.
    pub(super) fn requests<'e>(&'e self, operation: &str) -> impl Iterator<Item = (&'e str, &'e Value)> {
        let own = self.0.iter().filter(move |example| example.operation.as_deref() == Some(operation));
        own.filter_map(|example| Some((example.name.as_str(), example.request.as_ref()?)))
    }

    /// Returns the examples of good answers: of the operation itself, and of its model.
    pub(super) fn answers<'e>(
        &'e self,
        operation: &str,
        success: u16,
        model: Option<&str>,
    ) -> impl Iterator<Item = (&'e str, &'e Value)> {
        let shows = move |example: &&Example| match &example.operation {
            Some(own) => own == operation && example.status.is_none_or(|status| status == success),
            None => model.is_some() && example.model.as_deref() == model,
        };
        self.0
            .iter()
            .filter(shows)
            .filter_map(|example| Some((example.name.as_str(), example.response.as_ref()?)))
    }
}
