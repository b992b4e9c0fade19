//! The tests of a mapping as examples of its API.
//!
//! **Invariant.** Data that cannot be read is left out: `seawall test` is there to complain.

use super::Project;
use crate::asyncapi::EventExample;
use crate::openapi::{Example, Examples};
use crate::testing::{self, Subject, file};
use adapters_ports::Event;
use engine::json::{self, JsonLimits};
use engine::lang::{Payload, Test};
use engine::program::{OperationPlan, Segment, TopicPlan};
use engine::value::Value;
use std::sync::Arc;

/// Events of one test that are shown.
const EXAMPLES_MAX: usize = 10;

impl Project {
    /// Returns the examples that the tests of the mapping are.
    pub fn examples(&self) -> Examples {
        Examples(self.written.tests.iter().map(|test| self.example(test)).collect())
    }

    /// Returns the events that the tests of whole files publish, as examples.
    pub fn event_examples(&self) -> Vec<EventExample> {
        let subject = Subject {
            project: &self.written,
            program: &self.program,
            connections: &self.connections,
            folder: &self.folder,
            sources: &self.sources,
        };
        let files: Vec<&Test> = self.written.tests.iter().filter(|test| test.file.is_some()).collect();
        if files.is_empty() {
            return Vec::new();
        }
        // A test drives a runtime of its own, and that needs a thread of its own.
        std::thread::scope(|scope| {
            let played = scope.spawn(|| {
                let found = files.iter().filter_map(|test| Some((*test, file::play(&subject, test).ok()??)));
                found.flat_map(|(test, found)| events(test, found)).collect()
            });
            played.join().unwrap_or_default()
        })
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
        testing::data(&self.folder, payload).ok()
    }
}

/// The first events of a test.
fn events(test: &Test, found: file::Found) -> Vec<EventExample> {
    let example = |(topic, event): (TopicPlan, Event)| {
        let optional = [("subject", event.subject), ("time", event.time), ("dataschema", event.dataschema)];
        let fixed = [
            ("specversion", "1.0".into()),
            ("id", event.id),
            ("source", event.source),
            ("type", Arc::clone(&event.ty)),
            ("partitionkey", event.key),
        ];
        let told = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let attributes = fixed.into_iter().chain(told).map(|(name, value)| (name, value.to_string()));
        Some(EventExample {
            test: test.name.value.clone(),
            topic: topic.topic.to_string(),
            ty: event.ty.to_string(),
            attributes: attributes.collect(),
            data: json::parse(&event.data, JsonLimits::default()).ok()?,
        })
    };
    found.events.into_iter().take(EXAMPLES_MAX).filter_map(example).collect()
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
