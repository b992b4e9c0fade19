//! One operation, ready to be called: its plan, its validator, what its policy says of the client side.
//!
//! **Invariant.** Everything is decided at the start; a request only looks it up.

use super::location::Location;
use super::readers::Readers;
use super::wanted::Projections;
use engine::lang::{Dedupe, Idempotency};
use engine::plan::model::Model;
use engine::plan::query::Projection;
use engine::program::{Ambient, OperationPlan, Program, Reader, Residue, Verb};
use jiff::tz::TimeZone;
use jsonschema::Validator;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Time for all tries where no policy says otherwise.
const DEADLINE_DEFAULT: Duration = Duration::from_secs(30);

/// An operation.
#[derive(Debug)]
pub struct Endpoint {
    /// Its plan.
    pub plan: Arc<OperationPlan>,
    /// Its number: the index into the program's operations.
    pub number: usize,
    /// Its model.
    pub model: Option<Arc<Model>>,
    /// Judges bodies.
    pub validator: Option<Validator>,
    /// How long a whole request may take.
    pub deadline: Duration,
    /// How long an answer is fresh, and how long after that it may serve instead of an error.
    pub cache: Option<(Duration, Duration)>,
    /// How long idempotency keys are remembered.
    pub idempotency: Option<Duration>,
    /// What was accepted last time is not sent again.
    pub dedupe: bool,
    /// Where the day begins.
    pub timezone: TimeZone,
    /// Longest reply, if the connection's policy says it; the adapter's own limit holds beside it.
    pub reply_bytes_max: Option<u64>,
    /// The operation that reads the record before it is changed, by its number.
    pub read_by: Option<usize>,
    /// Where a record that was made can be read.
    pub location: Option<Location>,
    /// The operation that reads a record that was made in a table, by its number.
    pub read_back: Option<usize>,
    /// Readers of some of the fields.
    pub projections: Projections,
    readers: Readers,
    residue: AtomicU64,
}

impl Endpoint {
    /// Makes an operation of a program ready.
    ///
    /// # Errors
    /// The JSON Schema of its body cannot be used.
    pub fn new(program: &Program, number: usize) -> Result<Self, String> {
        let plan = Arc::clone(&program.operations[number]);
        let policy = &plan.policy;
        let called = plan.call.as_ref().map(|call| &program.connections[call.connection]);
        let connection = called.map(|connection| &connection.policy);
        let deadline = policy.deadline.or(connection.and_then(|policy| policy.deadline));
        let idempotency = match policy.idempotency.map(|spanned| spanned.value) {
            Some(Idempotency::For(keep)) => Some(keep),
            Some(Idempotency::Off) | None => None,
        };
        let stale = policy.stale.map_or(Duration::ZERO, |stale| stale.value);
        Ok(Self {
            number,
            model: plan.model.map(|model| Arc::clone(program.model(model))),
            validator: plan.body_schema.as_deref().map(|schema| validator(&plan, schema)).transpose()?,
            deadline: deadline.map_or(DEADLINE_DEFAULT, |deadline| deadline.value),
            cache: policy.cache.map(|fresh| (fresh.value, stale)),
            idempotency,
            dedupe: policy.dedupe.is_some_and(|dedupe| dedupe.value == Dedupe::Unchanged),
            timezone: called.map_or(TimeZone::UTC, |connection| connection.timezone.clone()),
            reply_bytes_max: connection.and_then(|policy| policy.max_bytes).map(|bytes| bytes.value),
            read_by: plan
                .read_by
                .as_ref()
                .and_then(|key| program.operations.iter().position(|it| it.key == *key)),
            location: Location::of(program, &plan),
            read_back: super::location::read_back(program, &plan),
            projections: Projections::default(),
            readers: Readers::default(),
            residue: AtomicU64::new(0),
            plan,
        })
    }

    /// Returns whether it needs a store.
    pub fn needs_store(&self) -> bool {
        self.idempotency.is_some() || self.dedupe
    }

    /// Returns the operation that reads the record before it is written, by its number.
    ///
    /// `named` says that the client names the record that it means, by `If-Match`.
    pub(super) fn old_by(&self, named: bool) -> Option<usize> {
        let on_table = self.plan.call.as_ref().is_some_and(|call| call.table().is_some());
        match self.plan.verb {
            Verb::Update | Verb::Replace if on_table => Some(self.number),
            Verb::Delete if on_table && named => Some(self.number),
            _ => self.read_by,
        }
    }

    /// Returns a reader for one reply, of some fields instead of all where that is wanted.
    ///
    /// Only one of all fields may be given back.
    pub(super) fn reader(&self, fields: Option<&Projection>, ambient: &Ambient) -> Option<Reader> {
        match fields {
            Some(fields) => Some(Reader::new(Arc::clone(&fields.read), ambient)),
            None => self.readers.take(&self.plan, ambient),
        }
    }

    /// Takes a reader back.
    pub(super) fn give_back(&self, reader: Reader) {
        self.readers.give(reader);
    }

    /// Counts what arrived and the schema does not know. The first times it is said in the log, names only.
    pub(super) fn note_residue(&self, residue: &Residue) {
        if residue.paths.is_empty() {
            return;
        }
        let count: u64 = residue.paths.iter().map(|(_, count)| count).sum();
        let before = self.residue.fetch_add(count, Ordering::Relaxed);
        if before == 0 {
            let paths: Vec<&str> = residue.paths.iter().map(|(path, _)| path.as_str()).collect();
            tracing::warn!(operation = %self.plan.key, ?paths, "parts arrived that the legacy schema does not know");
        }
    }

    /// Returns how many parts arrived that the legacy schema does not know.
    pub fn residue(&self) -> u64 {
        self.residue.load(Ordering::Relaxed)
    }
}

fn validator(plan: &OperationPlan, schema: &serde_json::Value) -> Result<Validator, String> {
    jsonschema::options()
        .offline()
        .should_validate_formats(true)
        .build(schema)
        .map_err(|error| format!("{}: the JSON Schema of the body cannot be used: {error}", plan.key))
}
