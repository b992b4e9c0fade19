//! Legacy codes and the modern values for which they stand: `codes` and `flag`.
//!
//! **Invariant.** Every legacy code has one modern value; of several codes for one value the first is written.

use super::leaf::comparable;
use super::{CodeTable, CodecError};
use crate::json;
use crate::value::Value;
use kernel::ScalarType;
use std::sync::Arc;

/// A compiled table: a sorted list of codes and a list of values.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    source: ScalarType,
    codes: Vec<(Box<str>, usize)>,
    lines: Vec<Line>,
    other: Option<usize>,
    what: String,
}

#[derive(Debug, Clone)]
struct Line {
    modern: Value,
    json: Box<[u8]>,
    legacy: Vec<Arc<str>>,
}

impl Lookup {
    /// Compiles a code table for leaves of a legacy type.
    pub(crate) fn codes(table: &CodeTable, source: &ScalarType) -> Self {
        let lines = table.lines.iter().map(|line| {
            let legacy: Vec<&str> = line.legacy.iter().map(|(code, _)| code.as_str()).collect();
            (Value::Text(line.modern.as_str().into()), legacy)
        });
        Self::new(lines.collect(), source, format!("code table {}", table.name))
    }

    /// Compiles `flag(true codes, false codes)`.
    pub(crate) fn flag(yes: &[&str], no: &[&str], source: &ScalarType) -> Self {
        let lines = vec![(Value::Bool(true), yes.to_vec()), (Value::Bool(false), no.to_vec())];
        Self::new(lines, source, "the flag".into())
    }

    fn new(table: Vec<(Value, Vec<&str>)>, source: &ScalarType, what: String) -> Self {
        let (mut codes, mut lines, mut other) = (Vec::new(), Vec::new(), None);
        for (n, (modern, legacy)) in table.into_iter().enumerate() {
            let mut text = Vec::new();
            json::write(&modern, &mut text);
            if legacy.contains(&"*") {
                other = Some(n);
            }
            let legacy: Vec<&str> = legacy.into_iter().filter(|code| *code != "*").collect();
            codes.extend(legacy.iter().map(|code| (comparable(source, code.trim_end()).into(), n)));
            let legacy = legacy.into_iter().map(Arc::from).collect();
            lines.push(Line { modern, json: text.into(), legacy });
        }
        codes.sort();
        Self { source: source.clone(), codes, lines, other, what }
    }

    /// Returns whether two codes are one when they are compared as the legacy type does.
    pub(crate) fn clash(&self) -> Option<&str> {
        self.codes.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| &*pair[0].0)
    }

    fn line(&self, text: &str) -> Result<&Line, CodecError> {
        let code = comparable(&self.source, text);
        let found = self.codes.binary_search_by(|(known, _)| (**known).cmp(&code)).ok();
        match found.map(|n| self.codes[n].1).or(self.other) {
            Some(n) => Ok(&self.lines[n]),
            None => Err(CodecError::new(format!("{} is not in {}", shown(&code), self.what))),
        }
    }

    /// Returns all legacy codes, as written.
    pub(crate) fn legacy_codes(&self) -> Vec<String> {
        self.lines.iter().flat_map(|line| line.legacy.iter().map(ToString::to_string)).collect()
    }

    /// Reads a code.
    pub(crate) fn read(&self, text: &str) -> Result<Value, CodecError> {
        self.line(text).map(|line| line.modern.clone())
    }

    /// Reads a code as JSON text.
    pub(crate) fn read_json(&self, text: &str) -> Result<&[u8], CodecError> {
        self.line(text).map(|line| &*line.json)
    }

    /// Writes the first code of a value.
    pub(crate) fn write(&self, modern: &Value) -> Result<Value, CodecError> {
        let line = self.lines.iter().find(|line| line.modern.same(modern));
        match line.and_then(|line| line.legacy.first()) {
            Some(code) => Ok(Value::Text(code.clone())),
            None if line.is_some() => {
                Err(CodecError::new("this value stands for all other codes and cannot be written"))
            }
            None => {
                let known: Vec<String> = self
                    .lines
                    .iter()
                    .filter(|line| !line.legacy.is_empty())
                    .filter_map(|line| json::text_of(&line.modern))
                    .take(8)
                    .collect();
                let more = if self.lines.len() > known.len() { " …" } else { "" };
                let message = format!("{} has no such value; it has {}{more}", self.what, known.join(", "));
                Err(CodecError::new(message))
            }
        }
    }

    /// Returns the codes whose values are wanted; with `false` instead those whose values are not, where `open` says that
    /// codes which no line knows are wanted too, or the line for all others is.
    pub(crate) fn codes_of(&self, wanted: impl Fn(&Value) -> bool, open: bool) -> (Vec<Arc<str>>, bool) {
        let others = self.other.map_or(open, |n| wanted(&self.lines[n].modern));
        let codes = |take: bool| {
            let lines = self.lines.iter().filter(|line| wanted(&line.modern) == take);
            lines.flat_map(|line| line.legacy.iter().cloned()).collect()
        };
        (codes(!others), !others)
    }

    /// Returns the modern values that reading can give.
    pub(crate) fn outcomes(&self) -> Vec<Value> {
        let reached = |(n, line): &(usize, &Line)| !line.legacy.is_empty() || self.other == Some(*n);
        self.lines.iter().enumerate().filter(reached).map(|(_, line)| line.modern.clone()).collect()
    }

    /// Returns whether several legacy codes read alike.
    pub(crate) fn is_lossy(&self) -> bool {
        self.other.is_some() || self.lines.iter().any(|line| line.legacy.len() > 1)
    }

    /// Returns the lines that lose something: `Book, Modify → booked → Book`.
    pub(crate) fn notes(&self) -> Vec<String> {
        let note = |(n, line): (usize, &Line)| {
            let modern = json::text_of(&line.modern).unwrap_or_default();
            let codes = line.legacy.join(", ");
            match line.legacy.first() {
                _ if self.other == Some(n) => Some(format!("all other codes → {modern}, which is read only")),
                Some(first) if line.legacy.len() > 1 => Some(format!("{codes} → {modern} → {first}")),
                _ => None,
            }
        };
        self.lines.iter().enumerate().filter_map(note).collect()
    }
}

/// Shows a code that a person needs to mend a table; anything longer is payload.
fn shown(code: &str) -> String {
    let short = code.chars().count() <= 12 && code.chars().all(|c| !c.is_control());
    if short { format!("code `{code}`") } else { "the code".into() }
}
