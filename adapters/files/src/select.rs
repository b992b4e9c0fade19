//! Which type a record has: conditions on its fields.
//!
//! **Invariant.** A record has exactly one type or none; one that two types claim has none, and says so.

mod compile;
mod pattern;

pub(crate) use compile::{Asked, Named, compile};
pub(crate) use pattern::Pattern;

use crate::format::{Format, LeafRef};
use std::ops::Range;
use std::sync::Arc;

/// Most sets of discriminating bytes that are remembered.
const KNOWN_MAX: usize = 256;
/// Most bytes of such a set.
const KEY_BYTES_MAX: usize = 64;

/// A type under `records:` with its conditions.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Its name.
    pub name: Arc<str>,
    /// The type of the format that it is.
    pub number: usize,
    /// Maps that are alternatives, each of checks that hold together; empty where every record has the type.
    pub any: Vec<Vec<Check>>,
}

/// A field and the values of which it has one.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    /// The path as written.
    pub path: Arc<str>,
    /// The field.
    pub leaf: LeafRef,
    /// The values.
    pub values: Vec<Pattern>,
}

/// Finds the types of records. Each thread that reads has its own.
#[derive(Debug, Clone)]
pub(crate) struct Select {
    rules: Arc<[Rule]>,
    /// The bytes that decide, where all fields have always the same place.
    deciding: Option<Arc<[Range<usize>]>>,
    known: Vec<(Box<[u8]>, Found)>,
    latest: usize,
    key: Vec<u8>,
    text: String,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The rule of this index holds.
    One(u16),
    /// None does.
    None,
    /// These two do.
    Two(u16, u16),
}

impl Select {
    /// Starts with rules.
    pub(crate) fn new(rules: Arc<[Rule]>) -> Self {
        let deciding = deciding(&rules);
        Self { rules, deciding, known: Vec::new(), latest: 0, key: Vec::new(), text: String::new() }
    }

    /// Returns the type of a record.
    pub(crate) fn find(&mut self, format: &dyn Format, record: &[u8]) -> Found {
        if let [Rule { any, .. }] = &*self.rules
            && any.is_empty()
        {
            return Found::One(0);
        }
        if !self.fill_key(record) {
            return judge(&self.rules, format, record, &mut self.text);
        }
        if let Some((key, found)) = self.known.get(self.latest)
            && **key == *self.key
        {
            return *found;
        }
        if let Some(at) = self.known.iter().position(|(key, _)| **key == *self.key) {
            self.latest = at;
            return self.known.get(at).map_or(Found::None, |(_, found)| *found);
        }
        let found = judge(&self.rules, format, record, &mut self.text);
        if self.known.len() < KNOWN_MAX {
            self.latest = self.known.len();
            self.known.push((self.key.as_slice().into(), found));
        }
        found
    }

    /// Returns why a record has no type.
    pub(crate) fn reason(&self, found: Found) -> String {
        let name = |index: u16| self.rules.get(usize::from(index)).map_or("", |rule| &*rule.name);
        match found {
            Found::Two(a, b) => format!("two record types apply: {} and {}", name(a), name(b)),
            _ => {
                let names: Vec<&str> = self.rules.iter().map(|rule| &*rule.name).collect();
                format!("no record type applies: it is none of {}", names.join(", "))
            }
        }
    }

    /// Gathers the bytes that decide; false where they are not all there, or not known.
    fn fill_key(&mut self, record: &[u8]) -> bool {
        let Some(deciding) = &self.deciding else { return false };
        self.key.clear();
        for range in deciding.iter() {
            let Some(bytes) = record.get(range.clone()) else { return false };
            self.key.extend_from_slice(bytes);
        }
        true
    }
}

/// Returns the distinct places of all checks, if each has one and they are few.
fn deciding(rules: &[Rule]) -> Option<Arc<[Range<usize>]>> {
    let mut places: Vec<Range<usize>> = Vec::new();
    for check in rules.iter().flat_map(|rule| rule.any.iter().flatten()) {
        let place = check.leaf.bytes.clone()?;
        if !places.contains(&place) {
            places.push(place);
        }
    }
    (places.iter().map(Range::len).sum::<usize>() <= KEY_BYTES_MAX).then(|| places.into())
}

fn judge(rules: &[Rule], format: &dyn Format, record: &[u8], text: &mut String) -> Found {
    let mut found = Found::None;
    for (index, rule) in rules.iter().enumerate() {
        let holds = rule.any.is_empty()
            || rule.any.iter().any(|all| all.iter().all(|check| check.holds(format, record, text)));
        let index = u16::try_from(index).unwrap_or(u16::MAX);
        match found {
            Found::None if holds => found = Found::One(index),
            Found::One(first) if holds => return Found::Two(first, index),
            _ => {}
        }
    }
    found
}

impl Check {
    fn holds(&self, format: &dyn Format, record: &[u8], buffer: &mut String) -> bool {
        let Some(text) = format.text(&self.leaf, record, buffer) else { return false };
        let number = format.is_number(&self.leaf);
        self.values.iter().any(|value| value.matches(&text, number))
    }
}

#[cfg(test)]
mod tests;
