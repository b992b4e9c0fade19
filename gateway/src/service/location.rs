//! Where a record that was made can be read: the value of `Location`.
//!
//! **Invariant.** A value of the key is percent-encoded, so that it cannot become more than one segment.

use engine::json;
use engine::plan::model::Model;
use engine::program::{OperationPlan, Param, Program, Segment, Verb};
use engine::value::Value;

/// A path with places for the values of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// The value of the key's field of this number.
    Key(usize),
}

impl Location {
    /// Returns the location of what an operation makes: by the `get` of its model, or below its own path.
    pub fn of(program: &Program, operation: &OperationPlan) -> Option<Self> {
        if operation.verb != Verb::Create {
            return None;
        }
        let model = program.model(operation.model?);
        let gets = program
            .operations
            .iter()
            .filter(|other| other.verb == Verb::Get && other.model == operation.model);
        let by_get = gets.filter_map(|get| Self::by(get, model)).next();
        by_get.or_else(|| Self::below(operation, model))
    }

    /// The path of a `get` whose parameters are just the fields of the key.
    fn by(get: &OperationPlan, model: &Model) -> Option<Self> {
        let pieces = get.path.iter().map(|segment| match segment {
            Segment::Literal(text) => Some(Piece::Text(format!("/{}", encode(text)))),
            Segment::Param(index) => {
                let field = get.params.get(*index)?.field?;
                model.key.iter().position(|&key| key == field).map(Piece::Key)
            }
        });
        let pieces: Vec<_> = pieces.collect::<Option<_>>()?;
        let places = pieces.iter().filter(|piece| matches!(piece, Piece::Key(_))).count();
        (places == model.key.len() && places > 0).then_some(Self { pieces })
    }

    fn below(operation: &OperationPlan, model: &Model) -> Option<Self> {
        let constant = operation.path.iter().all(|segment| matches!(segment, Segment::Literal(_)));
        let keys = (0..model.key.len()).map(Piece::Key);
        let path = Piece::Text(operation.template.trim_end_matches('/').to_owned());
        (constant && !model.key.is_empty())
            .then(|| Self { pieces: std::iter::once(path).chain(keys).collect() })
    }

    /// Returns the path of a record. `None` where a value of the key is missing.
    pub fn path(&self, key: &[Value]) -> Option<String> {
        let mut path = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => path.push_str(text),
                Piece::Key(number) => {
                    let value = key.get(*number).filter(|value| !value.is_absent())?;
                    path.push('/');
                    path.push_str(&encode(&json::text_of(value)?));
                }
            }
        }
        Some(path)
    }
}

/// Returns the operation by which a record that was made in a table can be read: its only parameters are the key.
pub(crate) fn read_back(program: &Program, operation: &OperationPlan) -> Option<usize> {
    let on_table = operation.call.as_ref().is_some_and(|call| call.table().is_some());
    if operation.verb != Verb::Create || !on_table {
        return None;
    }
    let model = program.model(operation.model?);
    let fits = |get: &&std::sync::Arc<OperationPlan>| {
        let by_key = |param: &Param| param.field.is_some_and(|field| model.key.contains(&field));
        get.verb == Verb::Get
            && get.model == operation.model
            && get.params.len() == model.key.len()
            && get.params.iter().all(by_key)
    };
    let get = program.operations.iter().find(fits)?;
    program.operations.iter().position(|known| known.key == get.key)
}

/// RFC 3986, section 2.3: everything but unreserved characters is escaped.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_the_key_stays_one_segment() {
        let location = Location { pieces: vec![Piece::Text("/a".into()), Piece::Key(0), Piece::Key(1)] };
        let key = |one: &str| [Value::Text(one.into()), Value::Text("2026-01-01".into())];
        assert_eq!(location.path(&key("R-1")).as_deref(), Some("/a/R-1/2026-01-01"));
        assert_eq!(
            location.path(&key("x/../y?z#ä")).as_deref(),
            Some("/a/x%2F..%2Fy%3Fz%23%C3%A4/2026-01-01")
        );
        assert_eq!(location.path(&[Value::Absent, Value::Null]), None);
        assert_eq!(location.path(&[]), None);
    }
}
