//! Answers that are kept for a while, and forgotten when the record is written through here.
//!
//! **Invariant.** A write forgets the answers that it may have changed, whatever became of it.

use super::Endpoint;
use super::flow::{Kept, Origin};
use super::wanted::Wanted;
use adapters_layers::Cache;
use engine::json;
use engine::plan::model::ModelId;
use engine::program::{Inputs, OperationPlan, Place, Program, Verb};
use engine::value::Value;
use kernel::Error;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What all kept answers together may hold.
const BYTES_MAX: u64 = 64 << 20;

/// The kept answers of a service.
#[derive(Debug)]
pub(super) struct Answers {
    cache: Cache<Arc<Kept>>,
    models: Vec<Records>,
    /// For each operation: how its answers are found again when a record is written.
    reach: Vec<Reach>,
}

/// What writes to a model have made old.
#[derive(Debug, Default)]
struct Records {
    /// The operations that answer one record by its key.
    by_key: Vec<usize>,
    /// Part of the key of every answer that may show any record; grows with each write.
    any: AtomicU64,
    /// Part of the key of every answer of the model; grows with a write of which nobody knows the record.
    all: AtomicU64,
}

/// Which records an answer may show.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reach {
    /// The one whose key is in the path: for each field of the key, the number of the parameter.
    One(Vec<usize>),
    /// Any.
    Any,
}

/// An answer, and where it comes from.
#[derive(Debug)]
pub(super) struct Found {
    pub kept: Arc<Kept>,
    pub origin: Origin,
    /// How old it is.
    pub age_s: Option<u64>,
}

/// A write under way; when it is dropped, what it may have changed is forgotten.
#[derive(Debug)]
pub(super) struct Overlap<'a> {
    answers: &'a Answers,
    model: Option<ModelId>,
    key: Option<Vec<Value>>,
}

impl Answers {
    /// Returns an empty store for the operations of a program.
    pub(super) fn new(program: &Program) -> Self {
        let mut models: Vec<Records> = program.models.iter().map(|_| Records::default()).collect();
        let reach: Vec<Reach> = program.operations.iter().map(|plan| reach(program, plan)).collect();
        for (number, plan) in program.operations.iter().enumerate() {
            let keyed = matches!(reach[number], Reach::One(_)) && plan.verb == Verb::Get;
            if let Some(model) = plan.model.filter(|_| keyed) {
                models[model.0 as usize].by_key.push(number);
            }
        }
        Self { cache: Cache::new(BYTES_MAX), models, reach }
    }

    /// Returns the kept answer of a request, or the one that `make` makes.
    pub(super) async fn find<F>(
        &self,
        endpoint: &Endpoint,
        inputs: &Inputs,
        wanted: &Wanted,
        deadline: std::time::Instant,
        make: impl FnOnce() -> F,
    ) -> Result<Found, Error>
    where
        F: Future<Output = Result<Kept, Error>>,
    {
        let (fresh, stale) = endpoint.cache.unwrap_or_default();
        let made = || async {
            let kept = make().await?;
            let bytes = kept.json.len() + kept.link.as_ref().map_or(0, String::len);
            Ok((Arc::new(kept), bytes))
        };
        let mut is_new = false;
        let noted = || {
            is_new = true;
            made()
        };
        let key = self.key(endpoint, inputs, wanted);
        let cached = self.cache.get_or_make(&key, fresh, stale, deadline, noted).await?;
        let origin = match (cached.stale, is_new) {
            (true, _) => Origin::Stale,
            (false, true) => Origin::Call,
            (false, false) => Origin::Cache,
        };
        let age_s = (origin != Origin::Call).then_some(cached.age.as_secs());
        Ok(Found { kept: cached.value, origin, age_s })
    }

    /// Begins a write.
    pub(super) fn write(&self, endpoint: &Endpoint, inputs: &Inputs) -> Overlap<'_> {
        let key = match &self.reach[endpoint.number] {
            Reach::One(params) => Some(params.iter().map(|&param| inputs.params[param].clone()).collect()),
            Reach::Any => None,
        };
        Overlap { answers: self, model: endpoint.plan.model, key }
    }

    /// Returns hits, misses and answers that were served stale.
    pub(super) fn counts(&self) -> [u64; 3] {
        self.cache.counts()
    }

    fn key(&self, endpoint: &Endpoint, inputs: &Inputs, wanted: &Wanted) -> String {
        match &self.reach[endpoint.number] {
            Reach::One(params) => {
                let values: Vec<&Value> = params.iter().map(|&param| &inputs.params[param]).collect();
                self.record_key(endpoint.number, endpoint.plan.model, &values)
            }
            Reach::Any => {
                let records = endpoint.plan.model.map(|model| &self.models[model.0 as usize]);
                let (any, all) = records.map_or((0, 0), Records::versions);
                let page = &inputs.page;
                let values: Vec<&Value> = inputs.params.iter().collect();
                let page =
                    format!("{} {} {}", page.size, page.offset, page.cursor.as_deref().unwrap_or_default());
                let shape = [&wanted.sort, &wanted.fields].map(|text| text.as_deref().unwrap_or_default());
                format!("{} {any} {all} {page} {shape:?} {}", endpoint.number, text(&values))
            }
        }
    }

    fn record_key(&self, operation: usize, model: Option<ModelId>, values: &[&Value]) -> String {
        let all = model.map_or(0, |model| self.models[model.0 as usize].versions().1);
        format!("{operation} {all} {}", text(values))
    }
}

impl Records {
    fn versions(&self) -> (u64, u64) {
        (self.any.load(Ordering::Acquire), self.all.load(Ordering::Acquire))
    }
}

impl Overlap<'_> {
    /// Says which record it was, where only the answer knows.
    pub(super) fn found(&mut self, key: &[Value]) {
        if self.key.is_none() && !key.is_empty() && key.iter().all(|value| !value.is_absent()) {
            self.key = Some(key.to_vec());
        }
    }
}

impl Drop for Overlap<'_> {
    fn drop(&mut self) {
        let Some(model) = self.model else {
            // Something was called that may have changed anything.
            return self.answers.cache.clear();
        };
        let records = &self.answers.models[model.0 as usize];
        records.any.fetch_add(1, Ordering::AcqRel);
        let Some(key) = &self.key else {
            records.all.fetch_add(1, Ordering::AcqRel);
            return;
        };
        let values: Vec<&Value> = key.iter().collect();
        for &operation in &records.by_key {
            self.answers.cache.invalidate(&self.answers.record_key(operation, Some(model), &values));
        }
    }
}

fn reach(program: &Program, plan: &OperationPlan) -> Reach {
    let Some(model) = plan.model.map(|model| program.model(model)) else { return Reach::Any };
    let place = |field: &usize| {
        plan.params.iter().position(|param| param.place == Place::Path && param.field == Some(*field))
    };
    let params: Option<Vec<usize>> = model.key.iter().map(place).collect();
    match params {
        // A read with further parameters may answer something else for each of them.
        Some(params) if !params.is_empty() && (!plan.is_read() || params.len() == plan.params.len()) => {
            if plan.verb == Verb::List {
                Reach::Any
            } else {
                Reach::One(params)
            }
        }
        _ => Reach::Any,
    }
}

fn text(values: &[&Value]) -> String {
    let mut out = Vec::with_capacity(32);
    for value in values {
        json::write(&value.plain(), &mut out);
        out.push(b'\n');
    }
    String::from_utf8_lossy(&out).into_owned()
}
