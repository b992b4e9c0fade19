//! What is done with a leaf: it becomes JSON text, is kept as it is, or decides something.
//!
//! **Invariant.** A leaf that nothing but the JSON needs is copied once, into the arena of its level.

use super::layout::{Act, Read};
use super::state::{Cell, Held, State, UNTIDY};
use crate::codec::Chain;
use crate::json;
use crate::plan::tree::Leaf;
use crate::value::Value;
use kernel::{Cause, Class, DecodeError, Error, Scalar};
use std::cmp::Ordering;

impl State {
    /// Reads a leaf into its cell.
    #[inline(never)]
    pub(super) fn read(&mut self, read: &Read, scalar: Scalar<'_>) {
        self.fingerprint_leaf(read.cell, scalar);
        let arena = &mut self.arenas[read.level as usize];
        let start = arena.text.len();
        read.label.append(&mut arena.text);
        if !read.chain.read_at_once(scalar, &mut arena.text) {
            return self.read_slowly(read, scalar, start);
        }
        self.cells[read.cell as usize].set(Cell::Json(start, arena.text.len()));
        arena.tidy = if arena.tidy == read.place { read.place + 1 } else { UNTIDY };
        if read.keep {
            self.keep_value(read, scalar);
        }
    }

    /// Reads a leaf by way of its value; its label begins here.
    #[inline(never)]
    fn read_slowly(&mut self, read: &Read, scalar: Scalar<'_>, start: usize) {
        let memo = &mut self.memos[read.cell as usize];
        let arena = &mut self.arenas[read.level as usize];
        let cell = &mut self.cells[read.cell as usize];
        let known = matches!(scalar, Scalar::Text(text) if !text.is_empty() && memo.text == text);
        let value = if known { Ok(memo.value.clone()) } else { read.chain.read(&[scalar]) };
        let value = match value {
            Ok(value) if !value.is_absent() => value,
            nothing => {
                arena.text.truncate(start);
                arena.tidy = UNTIDY;
                cell.set(nothing.map_or_else(|error| Cell::Failed(Box::new(error)), |_| Cell::Nothing));
                if read.keep {
                    self.values[read.cell as usize] = Value::Absent;
                }
                return;
            }
        };
        if known {
            arena.text.extend_from_slice(&memo.json);
        } else {
            let json = arena.text.len();
            json::write(&value, &mut arena.text);
            if let Scalar::Text(text) = scalar {
                memo.keep(text, &arena.text[json..], value.clone());
            }
        }
        cell.set(Cell::Json(start, arena.text.len()));
        arena.tidy = if arena.tidy == read.place { read.place + 1 } else { UNTIDY };
        if read.keep {
            self.values[read.cell as usize] = value;
        }
    }

    /// Keeps the value of a leaf too.
    #[inline(never)]
    fn keep_value(&mut self, read: &Read, scalar: Scalar<'_>) {
        self.values[read.cell as usize] = read.chain.read(&[scalar]).unwrap_or_default();
    }

    /// Keeps a leaf as it is.
    #[inline(never)]
    fn keep(&mut self, cell: u32, level: u32, scalar: Scalar<'_>) {
        self.fingerprint_leaf(cell, scalar);
        self.cells[cell as usize] = match scalar {
            Scalar::Text(text) => {
                let arena = &mut self.arenas[level as usize];
                let start = arena.text.len();
                arena.text.extend_from_slice(text.as_bytes());
                arena.tidy = UNTIDY;
                Cell::Text(start, arena.text.len())
            }
            other => Cell::Raw(Box::new(Leaf::from_scalar(other))),
        };
    }

    /// Does with a leaf what a branch asks for.
    pub(super) fn act(&mut self, act: &Act, scalar: Scalar<'_>) {
        match act {
            Act::Read(read) => self.read(read, scalar),
            Act::Append { cell, chain, keep } => self.append(*cell, chain, *keep, scalar),
            Act::Raw { cell, level } => self.keep(*cell, *level, scalar),
            Act::Condition { number, value } => {
                let held = &mut self.conditions[*number as usize];
                if *held != Held::Yes {
                    let yes = match scalar {
                        Scalar::Text(text) => is_trimmed(text, value),
                        other => with_text(other, |text| is_trimmed(text, value)),
                    };
                    *held = if yes { Held::Yes } else { Held::No };
                }
            }
            Act::Test { number, patterns } => {
                self.tests[*number as usize] |=
                    with_text(scalar, |text| patterns.iter().any(|pattern| pattern.matches(text)));
            }
        }
    }

    /// Notes at what an act would have filled that there is nothing to read.
    pub(super) fn act_unreadable(&mut self, act: &Act, error: &DecodeError) {
        let unread = || Box::new(error.clone());
        match act {
            Act::Read(Read { cell, .. }) | Act::Raw { cell, .. } => {
                self.cells[*cell as usize].set(Cell::Unread(unread()));
                self.values[*cell as usize] = Value::Absent;
            }
            Act::Append { cell, .. } => {
                if let Cell::List(list) = &mut self.cells[*cell as usize] {
                    list.unread.get_or_insert_with(unread);
                }
            }
            // Whether a condition holds decides what else is read, so nothing can be said without it.
            Act::Condition { .. } | Act::Test { .. } => {
                let failure = Error::new(Class::Poison, Cause::Contract, "the reply breaks the contract")
                    .with("reason", &error.message)
                    .with("offset", error.offset);
                self.bad = error.field.clone();
                self.fail(Box::new(failure));
            }
        }
    }

    #[inline(never)]
    fn append(&mut self, cell: u32, chain: &Chain, keep: bool, scalar: Scalar<'_>) {
        self.fingerprint_leaf(cell, scalar);
        let Cell::List(list) = &mut self.cells[cell as usize] else { return };
        let start = list.json.len();
        if list.count > 0 {
            list.json.push(b',');
        }
        match chain.read_json(scalar, &mut list.json) {
            Ok(true) => list.count += 1,
            Ok(false) => list.json.truncate(start),
            Err(error) => {
                list.json.truncate(start);
                // The list as a whole cannot be read; whoever writes it says where it is.
                list.failed.get_or_insert(Box::new(error));
                return;
            }
        }
        if keep
            && let Ok(value) = chain.read(&[scalar])
            && !value.is_absent()
        {
            push_value(&mut self.values[cell as usize], value);
        }
    }

    #[inline]
    fn fingerprint_leaf(&mut self, cell: u32, scalar: Scalar<'_>) {
        match scalar {
            // Only a single record has one.
            _ if !self.fingerprints => {}
            Scalar::Text(text) => self.mix(cell, text.as_bytes()),
            other => self.fingerprint_any(cell, other),
        }
    }

    #[inline(never)]
    fn fingerprint_any(&mut self, cell: u32, scalar: Scalar<'_>) {
        match scalar {
            Scalar::Bytes(bytes) => self.mix(cell, bytes),
            Scalar::Nil => self.mix(cell, b"\0nil"),
            other => {
                if let Some(text) = any_text(other) {
                    self.mix(cell, text.as_bytes());
                }
            }
        }
    }
}

/// Adds an element to a list value.
pub(super) fn push_value(list: &mut Value, value: Value) {
    match list {
        Value::List(values) => values.push(value),
        other => *other = Value::List(vec![value]),
    }
}

/// Returns whether a text is this one when blanks around it are not counted.
#[inline]
fn is_trimmed(text: &str, value: &str) -> bool {
    // Nearly all texts differ by length or by a byte; only what could still be the same is trimmed.
    match text.len().cmp(&value.len()) {
        Ordering::Less => false,
        Ordering::Equal => text.bytes().eq(value.bytes()) && !has_blank_ends(text),
        Ordering::Greater => has_blank_ends(text) && text.trim() == value,
    }
}

fn has_blank_ends(text: &str) -> bool {
    let solid = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    let solid = solid(text.as_bytes().first()) && solid(text.as_bytes().last());
    !solid && text.trim().len() != text.len()
}

/// Returns whether a leaf is there and its text is as wanted.
fn with_text(scalar: Scalar<'_>, wanted: impl Fn(&str) -> bool) -> bool {
    match scalar {
        Scalar::Nil => false,
        Scalar::Text(text) => wanted(text),
        other => any_text(other).is_some_and(|text| wanted(&text)),
    }
}

#[inline(never)]
fn any_text(scalar: Scalar<'_>) -> Option<String> {
    Leaf::from_scalar(scalar).text()
}

#[cfg(test)]
mod tests {
    use super::is_trimmed;

    #[test]
    fn blanks_around_a_text_do_not_count_and_those_of_the_mapping_do() {
        for text in ["", "10", " 10", "10\u{a0}", "100", "1", " 1", "  ", "1 0", "\t10\n"] {
            for value in ["", "10", " 1", "  ", "1 0"] {
                assert_eq!(is_trimmed(text, value), text.trim() == value, "{text:?} and {value:?}");
            }
        }
    }
}
