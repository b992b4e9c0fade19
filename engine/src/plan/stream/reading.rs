//! One pass over a record: its JSON, and all that an event of it says beside that.
//!
//! **Invariant.** Nothing is read twice: expressions of the block are hidden fields of the model, whose values are given
//! together with the JSON.

use super::brief::Brief;
use super::{Said, Take, Tell, Unread, renamed, told};
use crate::json;
use crate::plan::model::{Absent, Facts as Wanted, Field, FieldKind, Formula, Model, ObjectMap};
use crate::plan::read::{FINGERPRINT_SEED, ReadPlan, Reader, Residue, Short, mixed};
use crate::plan::watch::instant;
use crate::program::{Ambient, EventPlan, EventTypes, FieldPath};
use crate::value::Value;
use jiff::civil;
use jiff::tz::TimeZone;
use kernel::{Cause, Class, Error, Sheet, Slot};
use std::sync::Arc;

/// How the records of an event block are read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) read: Arc<ReadPlan>,
    /// The short way of it, if it has one.
    pub(super) short: Option<Short>,
    pub(super) zone: TimeZone,
    /// How many of the values make the model's key; they come first.
    pub(super) key: usize,
    pub(super) partition: Option<usize>,
    pub(super) id: Option<usize>,
    pub(super) time: Option<usize>,
    pub(super) subject: Option<usize>,
    pub(super) deleted: Option<usize>,
    pub(super) newest: Option<usize>,
    pub(super) only_changes: Vec<usize>,
}

/// What an event block asks of a record beside its JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) key: Option<&'a Formula>,
    pub(crate) id: Option<&'a Formula>,
    pub(crate) time: Option<&'a Formula>,
    pub(crate) subject: Option<&'a Formula>,
    pub(crate) deleted_when: Option<&'a Formula>,
    pub(crate) newest: Option<&'a FieldPath>,
    pub(crate) only_changes: &'a [FieldPath],
}

impl Reading {
    /// Makes a reading of records of a model, whose connection lives in a zone and may be strict.
    pub(crate) fn new(model: &Model, facts: &Facts<'_>, (zone, strict): (TimeZone, bool)) -> Self {
        let paths = model.key.iter().map(|&index| vec![index]).collect();
        let mut values = Values { model: model.clone(), paths };
        let key = model.key.len();
        let mut of = |formula: Option<&Formula>| formula.map(|formula| values.formula(formula));
        let (partition, id, time) = (of(facts.key), of(facts.id), of(facts.time));
        let (subject, deleted) = (of(facts.subject), of(facts.deleted_when));
        let newest = facts.newest.and_then(|path| values.field(path));
        let only_changes = facts.only_changes.iter().filter_map(|path| values.field(path)).collect();
        let read = Arc::new(ReadPlan::of_values(&values.model, values.paths, strict));
        let short = Short::of(&read);
        Self { read, short, zone, key, partition, id, time, subject, deleted, newest, only_changes }
    }
}

impl Reading {
    /// Refuses a record without the values that its event cannot do without.
    fn demand(&self, values: &[Value]) -> Result<(), Unread> {
        let key = values.get(..self.key).unwrap_or_default();
        if !key.is_empty() && key.iter().all(Value::is_absent) {
            return Err(Unread::contract("the key of the record is absent"));
        }
        let is_there = |slot: usize| values.get(slot).is_some_and(json::has_text);
        if self.partition.is_some_and(|slot| !is_there(slot)) {
            return Err(Unread::contract("the key of the event is absent"));
        }
        let is_empty = |slot: usize| matches!(values.get(slot), Some(Value::Text(text)) if text.is_empty());
        if self.id.is_some_and(|slot| !is_there(slot) || is_empty(slot)) {
            return Err(Unread::contract("the id of the event is absent"));
        }
        Ok(())
    }
}

/// The values that are asked of a model beside its JSON.
struct Values {
    model: Model,
    paths: Vec<Vec<usize>>,
}

impl Values {
    /// Returns the number of an expression's value. One that is the name of a field is that field.
    fn formula(&mut self, formula: &Formula) -> usize {
        let names: Vec<&str> = formula.typed.text().split('.').map(str::trim).collect();
        if let Some(path) = path_of(&self.model.body, &names) {
            return self.path(path);
        }
        let index = self.model.body.fields.len();
        self.model.body.fields.push(Field {
            name: format!("_{index}").into(),
            hidden: true,
            sensitive: false,
            span: self.model.span,
            ty: formula.typed.ty().clone(),
            facts: Wanted::default(),
            kind: FieldKind::Computed(Box::new(formula.clone())),
        });
        self.path(vec![index])
    }

    fn field(&mut self, field: &FieldPath) -> Option<usize> {
        let names: Vec<&str> = field.names.iter().map(|name| &**name).collect();
        path_of(&self.model.body, &names).map(|path| self.path(path))
    }

    fn path(&mut self, path: Vec<usize>) -> usize {
        let known = self.paths.iter().position(|known| *known == path);
        known.unwrap_or_else(|| {
            self.paths.push(path);
            self.paths.len() - 1
        })
    }
}

/// Returns the indexes that lead to a field by its names.
pub(super) fn path_of(map: &ObjectMap, names: &[&str]) -> Option<Vec<usize>> {
    let (first, rest) = names.split_first()?;
    let at = map.fields.iter().position(|field| *field.name == **first)?;
    let mut path = vec![at];
    if !rest.is_empty() {
        let FieldKind::Object(inner) = &map.fields[at].kind else { return None };
        path.extend(path_of(inner, rest)?);
    }
    Some(path)
}

/// Reads the records of one event block, one after the other.
#[derive(Debug)]
pub struct EventReader {
    reading: Option<(Arc<Reading>, Reader)>,
    empty: Arc<str>,
    /// The last date that a time was made of, with that time.
    midnight: Option<(civil::Date, Arc<str>)>,
    scratch: Vec<u8>,
    brief: Brief,
}

impl EventReader {
    /// Starts; the block must be one of a stream.
    pub fn new(plan: &EventPlan, ambient: &Ambient) -> Self {
        let reading = plan.stream.as_ref().map(|stream| {
            let reading = Arc::clone(&stream.reading);
            let reader = Reader::new(Arc::clone(&reading.read), ambient);
            let compared = stream.newest.is_some() || matches!(plan.types, EventTypes::State { .. });
            // `onlyChanges` has a fingerprint of its own.
            let compared = compared && reading.only_changes.is_empty();
            (reading, if compared { reader } else { reader.without_fingerprints() })
        });
        let is_state = matches!(plan.types, EventTypes::State { .. });
        let brief = Brief::new(reading.as_ref().map(|(reading, _)| &**reading).filter(|_| !is_state));
        Self { reading, empty: "".into(), midnight: None, scratch: Vec::new(), brief }
    }

    /// Returns the leaves that the short way takes, in this order; nothing where there is none. `facts`: what stands beside
    /// the JSON is wanted too.
    pub fn slots(&self, facts: bool) -> Option<&[Slot]> {
        let (reading, _) = self.reading.as_ref()?;
        let short = reading.short.as_ref().filter(|_| !facts || self.brief.is_possible)?;
        Some(short.slots())
    }

    /// Does what [`EventReader::read`] does, by taking the leaves; nothing, and nothing is appended, where the record has to
    /// be told.
    pub fn take(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> Option<Said> {
        let (reading, _) = self.reading.as_ref()?;
        self.brief.read(reading, take, &self.empty, sheet)
    }

    /// Does what [`EventReader::read_json`] does, by taking the leaves; `false`, and nothing is appended, where the record has
    /// to be told.
    pub fn take_json(&mut self, take: &mut Take<'_>, sheet: &mut Sheet) -> bool {
        let Some((reading, _)) = self.reading.as_ref() else { return false };
        self.brief.read_json(reading, take, sheet)
    }

    /// Reads the record that `tell` tells, and appends it to `json`. Nothing is appended where it cannot be read.
    ///
    /// # Errors
    /// The record breaks the contract, or an expression of the block has no value.
    pub fn read(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<Said, Unread> {
        let (reading, reader) = passed(&mut self.reading, tell)?;
        let mut say =
            Say { reading, empty: &self.empty, midnight: &mut self.midnight, scratch: &mut self.scratch };
        let (text, values, fingerprint) = reader.given();
        let said = say.said(values, fingerprint)?;
        json.extend_from_slice(text);
        Ok(said)
    }

    /// Does what [`EventReader::read`] does for those who want nothing but the JSON.
    ///
    /// # Errors
    /// The same.
    pub fn read_json(&mut self, tell: &mut Tell<'_>, json: &mut Vec<u8>) -> Result<(), Unread> {
        let (reading, reader) = passed(&mut self.reading, tell)?;
        let (text, values, _) = reader.given();
        reading.demand(values)?;
        json.extend_from_slice(text);
        Ok(())
    }
}

impl EventReader {
    /// What the last record had and its schema does not know.
    pub fn residue(&self) -> Option<&Residue> {
        self.reading.as_ref().map(|(_, reader)| reader.residue())
    }
}

/// Reads a record to its end.
fn passed<'r>(
    reading: &'r mut Option<(Arc<Reading>, Reader)>,
    tell: &mut Tell<'_>,
) -> Result<(&'r Reading, &'r mut Reader), Unread> {
    let Some((reading, reader)) = reading else {
        let error = Error::new(Class::Defect, Cause::Internal, "the block is about no stream");
        return Err(Unread { error, field: None });
    };
    reader.again();
    told(tell, reader)?;
    if let Err(error) = reader.record() {
        return Err(Unread { error: renamed(error), field: reader.bad_field() });
    }
    Ok((reading, reader))
}

/// What is needed to say what a record says.
struct Say<'a> {
    reading: &'a Reading,
    empty: &'a Arc<str>,
    midnight: &'a mut Option<(civil::Date, Arc<str>)>,
    scratch: &'a mut Vec<u8>,
}

impl Say<'_> {
    fn said(&mut self, values: &[Value], fingerprint: u128) -> Result<Said, Unread> {
        let value = |slot: Option<usize>| slot.and_then(|slot| values.get(slot)).unwrap_or(&Value::Absent);
        let reading = self.reading;
        reading.demand(values)?;
        let (key, shown) = self.key(values.get(..reading.key).unwrap_or_default());
        let partition = match reading.partition {
            None => None,
            slot => shared(value(slot)),
        };
        Ok(Said {
            partition: partition.unwrap_or(shown),
            key,
            id: shared(value(reading.id)),
            time: self.time(value(reading.time)),
            subject: shared(value(reading.subject)),
            deleted: matches!(value(reading.deleted), Value::Bool(true)),
            newest: value(reading.newest).clone(),
            content: self.content(values, fingerprint),
        })
    }

    /// Returns the key by which a record is known, and the one that is shown. They differ where the values of two records
    /// could be joined to the same text.
    fn key(&self, values: &[Value]) -> (Arc<str>, Arc<str>) {
        let several = match values {
            [] => return (Arc::clone(self.empty), Arc::clone(self.empty)),
            [one] => {
                let key = shared(one).unwrap_or_else(|| Arc::clone(self.empty));
                return (Arc::clone(&key), key);
            }
            several => several,
        };
        let texts: Vec<Option<String>> = several.iter().map(json::text_of).collect();
        let shown: Vec<&str> = texts.iter().map(|text| text.as_deref().unwrap_or_default()).collect();
        let shown: Arc<str> = shown.join("/").into();
        // As in a JSON pointer; `~` alone is a value that is absent.
        let is_plain = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.contains(['/', '~']));
        if texts.iter().all(is_plain) {
            return (Arc::clone(&shown), shown);
        }
        let escaped = |text: &Option<String>| match text {
            Some(text) => text.replace('~', "~0").replace('/', "~1"),
            None => "~".to_owned(),
        };
        (texts.iter().map(escaped).collect::<Vec<_>>().join("/").into(), shown)
    }

    fn time(&mut self, value: &Value) -> Option<Arc<str>> {
        let Value::Date(date) = value else { return instant(value, &self.reading.zone) };
        if let Some((known, text)) = &self.midnight
            && known == date
        {
            return Some(Arc::clone(text));
        }
        let text = instant(value, &self.reading.zone)?;
        *self.midnight = Some((*date, Arc::clone(&text)));
        Some(text)
    }

    fn content(&mut self, values: &[Value], all: u128) -> u128 {
        if self.reading.only_changes.is_empty() {
            return all;
        }
        let mut content = FINGERPRINT_SEED;
        for (place, &slot) in (0..).zip(&self.reading.only_changes) {
            self.scratch.clear();
            json::write(values.get(slot).unwrap_or(&Value::Absent), self.scratch);
            content = mixed(content, place, self.scratch);
        }
        content
    }
}

/// Returns the plain text of a value.
fn shared(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Text(text) => Some(Arc::clone(text)),
        other => json::text_of(other).map(Arc::from),
    }
}

/// Lets each field be absent, whatever the JSON Schema says: nothing of it is shown.
pub(super) fn forgive(map: &mut ObjectMap) {
    for field in &mut map.fields {
        field.facts = Wanted::default();
        debug_assert_eq!(field.facts.absent(), Absent::Null);
        match &mut field.kind {
            FieldKind::Object(inner) | FieldKind::Each { element: inner, .. } => forgive(inner),
            FieldKind::Cases { cases, .. } => cases.iter_mut().for_each(|case| forgive(&mut case.fields)),
            FieldKind::Value { .. } | FieldKind::Computed(_) => {}
        }
    }
}
