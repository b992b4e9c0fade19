//! Filters through codecs: which legacy values read as a modern value that is wanted.
//!
//! **Invariant.** The rows that a predicate holds for are those whose modern value is wanted; a question that a codec
//! cannot answer so is refused when the mapping is compiled.

mod condition;
mod leaf;
mod several;
mod single;
#[cfg(test)]
mod tests;

use super::step::Step;
use super::{Chain, CodecError};
use crate::value::Value;
use condition::{Atom, Test, Want};
use kernel::{Comparison, PartId, Predicate, ScalarType};
use std::sync::Arc;

/// What is wanted of a modern value.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// It compares so; absent is not equal to anything, and neither less nor greater.
    Compare(Comparison, Value),
    /// It is one of these.
    In(Vec<Value>),
    /// It is a text that begins so.
    Starts(Arc<str>),
    /// It is a text that holds this.
    Contains(Arc<str>),
}

/// What a filter asks, without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Whether it is this, or one of these.
    Same,
    /// Whether it is anything but this.
    Other,
    /// Whether it is less or greater.
    Range,
    /// How a text begins.
    Starts,
    /// What a text holds.
    Contains,
}

/// Why a filter cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unfit {
    /// A codec does not keep the order.
    Order,
    /// A codec cannot be turned around for this question, and why.
    Inverse(&'static str),
}

/// Longest column whose paddings are listed one by one.
const PADDED_MAX: u32 = 128;

/// A column of a chain: the part, and whether it may be NULL.
pub type Column = (PartId, bool);

impl Chain {
    /// Returns whether a filter can be asked, by the codecs alone.
    ///
    /// # Errors
    /// Why not.
    pub fn takes(&self, ask: Ask) -> Result<(), Unfit> {
        if self.is_coarse() {
            return Err(Unfit::Inverse(
                "a binary float of 32 bits is not the number as which it is shown, so comparisons miss it",
            ));
        }
        let mut ask = ask;
        let mut negated = ask == Ask::Other;
        for step in self.inner.steps.iter().rev() {
            (ask, negated) = through(step, ask, negated)?;
            if matches!(step, Step::Pad { .. }) && !self.is_short() {
                return Err(Unfit::Inverse("the column may hold more padding than can be listed"));
            }
        }
        if matches!(ask, Ask::Range) && self.counts_in_text() {
            return Err(Unfit::Order);
        }
        if self.counts_in_text() {
            return Err(Unfit::Inverse("the same number can be written in many ways in a text"));
        }
        let text = |ty: &ScalarType| matches!(ty, ScalarType::Text(text) if !text.list);
        let texts = self.inner.leaves.iter().all(|leaf| text(&leaf.ty));
        if matches!(ask, Ask::Starts | Ask::Contains) && !texts {
            return Err(Unfit::Inverse("only texts begin with something or hold it"));
        }
        if self.inner.leaves.iter().any(|leaf| leaf.raw) && !texts {
            return Err(Unfit::Inverse(
                "`raw` shows a value as it is stored, and the system compares by value",
            ));
        }
        Ok(())
    }

    /// Returns whether rows can be ordered by the columns of the chain, in the order of its sources.
    pub fn sorts(&self) -> bool {
        self.inner.steps.iter().all(|step| {
            step.keeps_order() || matches!(step, Step::Lines { .. } | Step::Join { .. } | Step::Case { .. })
        }) && !self.counts_in_text()
            && !self.is_coarse()
    }

    /// A binary float of 32 bits: 0.1 is stored as 0.100000001…, and a database compares that with the 0.1 that is asked for.
    fn is_coarse(&self) -> bool {
        self.inner.leaves.iter().any(|leaf| matches!(leaf.ty, ScalarType::Float { bits: 32 }))
    }

    /// The column holds few characters.
    fn is_short(&self) -> bool {
        self.inner.leaves.iter().all(|leaf| match &leaf.ty {
            ScalarType::Text(text) => text.length_max.is_some_and(|length| length <= PADDED_MAX),
            _ => false,
        })
    }

    /// Numbers that stand in texts: `9` would come after `10`.
    fn counts_in_text(&self) -> bool {
        let text = |leaf: &super::leaf::Leaf| matches!(leaf.ty, ScalarType::Text(_));
        let counts = |step: &Step| matches!(step, Step::Unix { .. });
        self.inner.steps.iter().any(counts) && self.inner.leaves.iter().any(text)
    }

    /// Returns the rows whose modern value is wanted; one column per source.
    ///
    /// # Errors
    /// The wanted value is of another type, or the condition would be too long.
    pub fn rows(&self, columns: &[Column], wanted: &Wanted) -> Result<Predicate, CodecError> {
        let inner = &*self.inner;
        let mut state = State::One(self.wanted(wanted)?);
        for step in inner.steps.iter().rev() {
            state = match state {
                State::One(want) => before(step, want, &inner.leaves)?,
                State::Many(cond) => State::Many(several::nothing(step, cond, &inner.leaves)?),
            };
        }
        let column = |n: usize| columns.get(n).copied().unwrap_or((PartId::TYPE, true));
        match state {
            State::One(want) => match inner.leaves.first() {
                Some(first) => leaf::predicate(first, column(0), want),
                None => Ok(Predicate::nothing()),
            },
            State::Many(cond) => cond.predicate(&inner.leaves, &column),
        }
    }

    fn wanted(&self, wanted: &Wanted) -> Result<Want, CodecError> {
        let only = |atom: Atom| Want { absent: false, some: Test::Atom(atom, false) };
        Ok(match wanted {
            Wanted::Compare(Comparison::Equal, value) => only(Atom::OneOf(vec![self.canonical(value)?])),
            Wanted::Compare(Comparison::NotEqual, value) => {
                Want { absent: true, ..only(Atom::NoneOf(vec![self.canonical(value)?])) }
            }
            Wanted::Compare(op, value) => only(Atom::Range(*op, self.canonical(value)?)),
            Wanted::In(values) => {
                only(Atom::OneOf(values.iter().map(|value| self.canonical(value)).collect::<Result<_, _>>()?))
            }
            Wanted::Starts(text) => only(Atom::Starts(Arc::clone(text))),
            Wanted::Contains(text) => only(Atom::Contains(Arc::clone(text))),
        })
    }
}

/// What is wanted at a stage of the chain.
enum State {
    /// Of one value.
    One(Want),
    /// Of several leaves.
    Many(several::Cond),
}

fn before(step: &Step, want: Want, leaves: &[super::leaf::Leaf]) -> Result<State, CodecError> {
    match step {
        Step::Moment { several: true, .. } | Step::Join { .. } | Step::Lines { .. } => {
            several::apart(step, want, leaves).map(State::Many)
        }
        Step::NullIfLegacy { types, .. } if types.len() > 1 => {
            Err(CodecError::new("several sources were not combined"))
        }
        _ => single::before(step, want, leaves).map(State::One),
    }
}

/// Returns what is asked before a step, and whether a negation may be among it.
fn through(step: &Step, ask: Ask, negated: bool) -> Result<(Ask, bool), Unfit> {
    let inverse = |why| Err(Unfit::Inverse(why));
    let points = matches!(ask, Ask::Same | Ask::Other);
    match step {
        Step::Default(_) => Ok((ask, negated)),
        Step::NullIf(_) | Step::NullIfLegacy { .. } => Ok((ask, true)),
        Step::Lookup(_) if ask == Ask::Range => Err(Unfit::Order),
        Step::Lookup(_) => Ok((if negated { Ask::Other } else { Ask::Same }, true)),
        Step::Native(native) => match (&native.ty, ask) {
            (ScalarType::Text(_), _) => inverse("a list in one column is not asked for its elements"),
            (ScalarType::Bool, Ask::Range) => Err(Unfit::Order),
            (ScalarType::Base64 | ScalarType::Hex | ScalarType::Bytes { .. }, Ask::Range) => {
                Err(Unfit::Order)
            }
            _ if points || ask == Ask::Range => Ok((ask, negated)),
            _ => inverse("only texts begin with something or hold it"),
        },
        Step::Moment { pattern, .. } => match ask {
            Ask::Range if !pattern.keeps_order() => Err(Unfit::Order),
            Ask::Starts | Ask::Contains => inverse("only texts begin with something or hold it"),
            _ => Ok((ask, negated)),
        },
        Step::Unix { .. } => match ask {
            Ask::Starts | Ask::Contains => inverse("only texts begin with something or hold it"),
            _ => Ok((ask, negated)),
        },
        Step::Implied { text: true, .. } | Step::Number { text: true, .. } => {
            inverse("the same number can be written in many ways in a text")
        }
        Step::Implied { .. } | Step::Number { .. } => match ask {
            Ask::Starts | Ask::Contains => inverse("only texts begin with something or hold it"),
            _ => Ok((ask, negated)),
        },
        Step::Join { .. } | Step::Lines { .. } => match ask {
            Ask::Range => Err(Unfit::Order),
            Ask::Contains => inverse("what is looked for may stand in two columns; ask by `starts`"),
            _ => Ok((ask, negated)),
        },
        Step::Split { .. } => inverse("a list in one column is not asked for its elements"),
        Step::Slice { first: 1, .. } if ask == Ask::Range => Err(Unfit::Order),
        Step::Slice { first: 1, .. } if !negated && ask != Ask::Contains => Ok((Ask::Starts, false)),
        Step::Slice { .. } => inverse("only the beginning of a column can be asked for, and only what it is"),
        Step::Pad { .. } if ask == Ask::Range => Err(Unfit::Order),
        Step::Pad { .. } if points => Ok((ask, negated)),
        Step::Pad { .. } => inverse("it is unknown how much padding stands before the text"),
        Step::Case { .. } if ask == Ask::Range => Err(Unfit::Order),
        Step::Case { .. } => Ok((ask, negated)),
        Step::Bytes { .. } if points => Ok((ask, negated)),
        Step::Bytes { .. } => inverse("bytes are asked for as a whole"),
    }
}
