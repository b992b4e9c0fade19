//! The laws of reading and writing, on examples and on random records.
//!
//! **Invariant.** Judged by values and by whole legacy structures; a refusal is counted, never taken for success.

mod random;
mod record;
#[cfg(test)]
mod tests;

use crate::json;
use crate::plan::model::{Field, FieldKind, Model, ObjectMap, WriteRule};
use crate::plan::read::{ReadPlan, Reader};
use crate::plan::tree::Tree;
use crate::plan::write::{Write, put, read_back, with_defaults};
use crate::program::Ambient;
use crate::value::Value;
use random::Random;
use std::sync::Arc;

/// A law that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `GetPut`, `PutGet` or `CreateGet`.
    pub law: &'static str,
    /// The number of the random record, from 0; an example is number 0.
    pub record: u32,
    /// What was expected and what came, as JSON.
    pub what: String,
}

/// What a run over random records found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Records that were made and could be read.
    pub records: u32,
    /// Records that were made and break the contract of the model.
    pub unreadable: u32,
    /// Writes that were refused, which is allowed where a codec is partial or a field read-only.
    pub refused: u32,
    /// Why; the first ten.
    pub refusals: Vec<String>,
    /// Laws that do not hold; the first ten.
    pub broken: Vec<Broken>,
}

/// Checks laws for one model.
#[derive(Debug)]
pub struct Laws<'a> {
    model: &'a Model,
    plan: Arc<ReadPlan>,
    /// The same model as a created record is read: what only the legacy system fills may be missing.
    created: Arc<ReadPlan>,
    ambient: Ambient,
}

/// Most broken laws and refusals that a report lists.
const LISTED_MAX: usize = 10;

/// What became of a law: it holds, or the write was refused and why.
type Held = Result<(), String>;

impl<'a> Laws<'a> {
    /// Makes the laws of a model ready.
    pub fn new(model: &'a Model, ambient: Ambient) -> Self {
        let mut lenient = model.clone();
        // Random texts obey no pattern, and laws are about the mapping.
        uncheck(&mut lenient.body);
        let plan = Arc::new(ReadPlan::of_record(&lenient));
        forgive(&mut lenient.body);
        Self { model, plan, created: Arc::new(ReadPlan::of_record(&lenient)), ambient }
    }

    /// Checks all laws on random records, the same ones for the same seed.
    pub fn random(&self, records: u32, seed: u64) -> Report {
        let mut random = Random::new(seed);
        let mut report = Report::default();
        let mut last: Option<Tree> = None;
        while report.records < records && report.unreadable < records.max(10) {
            let record = record::random(self.model, &mut random);
            if self.read(&record).is_err() {
                report.unreadable += 1;
                continue;
            }
            let other = last.as_ref().unwrap_or(&record);
            self.check(report.records, &record, other, &mut report);
            report.records += 1;
            last = Some(record);
        }
        report
    }

    /// Returns random records that can be read, the same ones for the same seed.
    pub fn samples(&self, records: usize, seed: u64) -> Vec<Tree> {
        let mut random = Random::new(seed);
        let made = (0..records.saturating_mul(10)).map(|_| record::random(self.model, &mut random));
        made.filter(|record| self.read(record).is_ok()).take(records).collect()
    }

    /// Checks all laws on one example.
    pub fn example(&self, record: &Tree) -> Report {
        let mut report = Report { records: 1, ..Report::default() };
        self.check(0, record, record, &mut report);
        report
    }

    /// Reads a record as an answer would show it, which obeys the JSON Schema.
    ///
    /// # Errors
    /// It breaks the contract; in words.
    pub fn answer(&self, record: &Tree) -> Result<Value, String> {
        read(&Arc::new(ReadPlan::of_record(self.model)), record, &self.ambient)
    }

    /// Reads a record, whatever the JSON Schema demands of values.
    ///
    /// # Errors
    /// It breaks the contract; in words.
    pub fn read(&self, record: &Tree) -> Result<Value, String> {
        read(&self.plan, record, &self.ambient)
    }

    fn check(&self, number: u32, record: &Tree, other: &Tree, report: &mut Report) {
        let laws: [(&'static str, Result<Held, String>); 3] = [
            ("GetPut", self.get_put(record).map(Ok)),
            ("PutGet", self.put_get(record, other)),
            ("CreateGet", self.create_get(record)),
        ];
        for (law, outcome) in laws {
            match outcome {
                Ok(Ok(())) => {}
                Ok(Err(why)) => {
                    report.refused += 1;
                    if report.refusals.len() < LISTED_MAX {
                        report.refusals.push(format!("{law}: {why}"));
                    }
                }
                Err(what) if report.broken.len() < LISTED_MAX => {
                    report.broken.push(Broken { law, record: number, what })
                }
                Err(_) => {}
            }
        }
    }

    /// Writing back what was read changes nothing.
    fn get_put(&self, record: &Tree) -> Result<(), String> {
        let modern = self.read(record)?;
        let mut written = record.clone();
        let root = written.root();
        let outcome =
            put(self.model, &modern, &mut written, root, Write::Put, &self.ambient).map_err(refusal)?;
        if outcome.changed || !written.same(root, record, root) {
            return Err(format!("unchanged, and yet something was written: {}", text(&modern)));
        }
        Ok(())
    }

    /// What was written is what is read.
    fn put_get(&self, record: &Tree, other: &Tree) -> Result<Held, String> {
        let before = self.read(record)?;
        let mut other = other.clone();
        other.take_beside(record);
        // Beside this record the other one may make no sense.
        let Ok(other) = self.read(&other) else { return Ok(Ok(())) };
        let sent = keep(&self.model.body, &other, &|field| sendable(field));
        let mut written = record.clone();
        let root = written.root();
        if let Err(errors) = put(self.model, &sent, &mut written, root, Write::Put, &self.ambient) {
            return Ok(Err(refusal(errors)));
        }
        let after = self.read(&written)?;
        same("what was sent", &sent, &keep(&self.model.body, &after, &|field| sendable(field)))?;
        let untouched = |value| keep(&self.model.body, value, &|field| legacy_owned(field));
        same("what only the legacy system writes", &untouched(&before), &untouched(&after)).map(Ok)
    }

    /// What was created is what is read, defaults filled in.
    fn create_get(&self, record: &Tree) -> Result<Held, String> {
        let sent = keep(&self.model.body, &self.read(record)?, &|field| sendable(field));
        let mut written = Tree::new(Arc::clone(&self.model.shape), self.model.ty);
        written.take_beside(record);
        let root = written.root();
        if let Err(errors) = put(self.model, &sent, &mut written, root, Write::Create, &self.ambient) {
            return Ok(Err(refusal(errors)));
        }
        let after = read(&self.created, &written, &self.ambient)?;
        let expected = with_defaults(&self.model.body, &sent);
        same("what was created", &expected, &keep(&self.model.body, &after, &|field| sendable(field))).map(Ok)
    }
}

fn read(plan: &Arc<ReadPlan>, record: &Tree, ambient: &Ambient) -> Result<Value, String> {
    let mut reader = Reader::new(Arc::clone(plan), ambient);
    read_back(record, record.root(), &mut reader).map_err(|error| error.to_string())?;
    let answer = reader.finish().map_err(|error| error.to_string())?;
    json::parse(answer.json, json::JsonLimits::default()).map_err(|error| error.to_string())
}

/// Returns whether a client sends the field.
fn sendable(field: &Field) -> bool {
    let written = !matches!(
        field.kind,
        FieldKind::Computed(_) | FieldKind::Value { write: WriteRule::Expr(_) | WriteRule::Never, .. }
    );
    written && !field.facts.read_only && !field.hidden
}

/// Returns whether only the legacy system writes the field.
fn legacy_owned(field: &Field) -> bool {
    let read = matches!(field.kind, FieldKind::Value { write: WriteRule::Inverse | WriteRule::Never, .. });
    let owned =
        field.facts.read_only || matches!(field.kind, FieldKind::Value { write: WriteRule::Never, .. });
    read && owned && !field.hidden
}

/// Returns the value with only those members for which `wanted` holds, and the objects and arrays around them.
fn keep(map: &ObjectMap, value: &Value, wanted: &dyn Fn(&Field) -> bool) -> Value {
    let Value::Object(members) = value else { return value.clone() };
    let kept = members.iter().filter_map(|(name, value)| {
        let Some(field) = map.fields.iter().find(|field| field.name == *name) else {
            // The tag of a case is no field of its own.
            return Some((name.clone(), value.clone()));
        };
        let value = match (&field.kind, value) {
            (FieldKind::Object(inner), Value::Object(_)) => keep(inner, value, wanted),
            (FieldKind::Each { element, .. }, Value::List(items)) if wanted(field) => {
                Value::List(items.iter().map(|item| keep(element, item, wanted)).collect())
            }
            // Which case it is belongs to whoever writes the field.
            (FieldKind::Cases { tag, cases, .. }, Value::Object(_)) if wanted(field) => {
                let case = cases
                    .iter()
                    .find(|case| matches!(value.member(tag), Some(Value::Text(name)) if *name == case.name));
                case.map_or_else(|| value.clone(), |case| keep(&case.fields, value, wanted))
            }
            _ if wanted(field) => value.clone(),
            _ => return None,
        };
        Some((name.clone(), value))
    });
    Value::Object(kept.collect())
}

/// Makes optional what a created record cannot have yet.
fn forgive(map: &mut ObjectMap) {
    for field in &mut map.fields {
        if field.facts.read_only || !sendable(field) {
            field.facts.required = false;
        }
        maps_in(field).for_each(forgive);
    }
}

/// Lets each field have any value of its type.
fn uncheck(map: &mut ObjectMap) {
    for field in &mut map.fields {
        field.facts.checks = Arc::default();
        maps_in(field).for_each(uncheck);
    }
}

/// The maps within a field.
fn maps_in(field: &mut Field) -> impl Iterator<Item = &mut ObjectMap> {
    let (one, cases) = match &mut field.kind {
        FieldKind::Object(inner) | FieldKind::Each { element: inner, .. } => (Some(inner), [].iter_mut()),
        FieldKind::Cases { cases, .. } => (None, cases.iter_mut()),
        _ => (None, [].iter_mut()),
    };
    one.into_iter().chain(cases.map(|case| &mut case.fields))
}

/// Compares by value; absent, `null` and an object without members are one.
fn same(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let (expected, found) = (prune(expected), prune(found));
    if expected.same(&found) {
        return Ok(());
    }
    Err(format!("{what}: expected {}, found {}", text(&expected), text(&found)))
}

fn prune(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut kept: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.clone(), prune(value)))
                .filter(|(_, value)| !value.is_absent())
                .collect();
            kept.sort_by(|a, b| a.0.cmp(&b.0));
            if kept.is_empty() { Value::Absent } else { Value::Object(kept) }
        }
        Value::List(items) => Value::List(items.iter().map(prune).collect()),
        other => other.clone(),
    }
}

fn refusal(errors: Vec<crate::plan::write::WriteError>) -> String {
    let errors: Vec<String> =
        errors.into_iter().map(|error| format!("{}: {}", error.pointer, error.message)).collect();
    format!("the write was refused: {}", errors.join("; "))
}

fn text(value: &Value) -> String {
    let mut out = Vec::new();
    json::write(value, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
