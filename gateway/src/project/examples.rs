//! The tests of a mapping as examples of its API.
//!
//! **Invariant.** Data that cannot be read is left out: `seawall test` is there to complain.

use super::Project;
use crate::openapi::{Example, Examples};
use crate::testing;
use engine::json;
use engine::lang::{Payload, Test};
use engine::program::{OperationPlan, Segment};
use serde_json::Value;

impl Project {
    /// Returns the examples that the tests of the mapping are.
    pub fn examples(&self) -> Examples {
        Examples(self.written.tests.iter().map(|test| self.example(test)).collect())
    }

    fn example(&self, test: &Test) -> Example {
        let data = |payload: &Option<Payload>| payload.as_ref().and_then(|payload| self.data(payload));
        let operation = test.request.as_ref().and_then(|request| {
            let path = request.target.split('?').next().unwrap_or_default();
            let plans = self.program.operations.iter();
            plans.filter(|plan| plan.method.name() == request.method).find(|plan| leads_to(plan, path))
        });
        Example {
            name: test.name.value.clone(),
            operation: operation.map(|plan| plan.key.to_string()),
            model: test.model.as_ref().map(|model| model.value.clone()),
            request: data(&test.body),
            status: test.response.as_ref().and_then(|response| response.status.map(|status| status.value)),
            response: test
                .response
                .as_ref()
                .map_or_else(|| data(&test.modern), |response| data(&response.body)),
        }
    }

    fn data(&self, payload: &Payload) -> Option<Value> {
        testing::data(&self.folder, payload).ok().map(|value| json::to_serde(&value))
    }
}

/// Returns whether a path is one of an operation.
fn leads_to(plan: &OperationPlan, path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let fits = |(segment, text): (&Segment, &&str)| match segment {
        Segment::Literal(literal) => **literal == **text,
        Segment::Param(_) => !text.is_empty(),
    };
    segments.len() == plan.path.len() && plan.path.iter().zip(&segments).all(fits)
}
