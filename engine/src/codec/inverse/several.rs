//! Codecs that combine several leaves, turned around: conditions on one column depend on another.
//!
//! **Invariant.** Every way in which columns can make up a value is among the alternatives, or the filter is refused.

use super::condition::{Atom, By, Test, Want};
use super::leaf::{all, any, predicate, text};
use super::single::{Logic, moment, part};
use super::{CodecError, Column};
use crate::codec::leaf::Leaf;
use crate::codec::step::Step;
use crate::value::Value;
use kernel::{Comparison, Predicate, ScalarType, TextType};

/// What is wanted of several leaves.
#[derive(Debug, Clone)]
pub(super) enum Cond {
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Leaf(usize, Want),
}

/// Most alternatives that one filter may need.
const ALTERNATIVES_MAX: usize = 256;

impl Cond {
    fn equal(leaf: usize, value: Value, fold: bool) -> Self {
        Self::Leaf(leaf, Want { absent: false, some: Test::Atom(Atom::OneOf(vec![value]), fold) })
    }

    fn absent(leaf: usize) -> Self {
        Self::Leaf(leaf, Want { absent: true, some: Test::never() })
    }

    fn negated(self) -> Result<Self, CodecError> {
        let each = |conds: Vec<Self>| conds.into_iter().map(Self::negated).collect::<Result<_, _>>();
        Ok(match self {
            Self::All(conds) => Self::Any(each(conds)?),
            Self::Any(conds) => Self::All(each(conds)?),
            Self::Leaf(n, want) => Self::Leaf(n, Want { absent: !want.absent, some: want.some.negated()? }),
        })
    }

    /// Returns whether leaves with these values have it, if that is certain.
    fn holds(&self, values: &[Option<&Value>], leaves: &[Leaf]) -> Option<bool> {
        let every = |conds: &[Self], each: bool| {
            let mut certain = true;
            for cond in conds {
                match cond.holds(values, leaves) {
                    Some(holds) if holds != each => return Some(!each),
                    Some(_) => {}
                    None => certain = false,
                }
            }
            certain.then_some(each)
        };
        match self {
            Self::All(conds) => every(conds, true),
            Self::Any(conds) => every(conds, false),
            Self::Leaf(n, want) => match values.get(*n).copied().flatten() {
                None => Some(want.absent),
                Some(value) => {
                    let number = matches!(leaves.get(*n)?.ty, ScalarType::Decimal { .. });
                    want.some.holds(value, if number { By::Number } else { By::Value })
                }
            },
        }
    }

    /// Returns the rows.
    pub(super) fn predicate(
        self,
        leaves: &[Leaf],
        column: &dyn Fn(usize) -> Column,
    ) -> Result<Predicate, CodecError> {
        let each = |conds: Vec<Self>| conds.into_iter().map(|cond| cond.predicate(leaves, column));
        Ok(match self {
            Self::All(conds) => all(each(conds).collect::<Result<_, _>>()?),
            Self::Any(conds) => any(each(conds).collect::<Result<_, _>>()?),
            Self::Leaf(n, want) => match leaves.get(n) {
                Some(leaf) => predicate(leaf, column(n), want)?,
                None => Predicate::nothing(),
            },
        })
    }

    fn size(&self) -> usize {
        match self {
            Self::All(conds) | Self::Any(conds) => conds.iter().map(Self::size).sum(),
            Self::Leaf(..) => 1,
        }
    }
}

impl Logic for Cond {
    fn any(of: Vec<Self>) -> Self {
        Self::Any(of)
    }

    fn opposite(it: Self) -> Result<Self, CodecError> {
        it.negated()
    }
}

/// Returns what is wanted of the leaves, if this is wanted of what a step makes of them.
pub(super) fn apart(step: &Step, want: Want, leaves: &[Leaf]) -> Result<Cond, CodecError> {
    let some = condition(step, want.some, leaves)?;
    let nothing = Cond::All((0..leaves.len()).map(Cond::absent).collect());
    let none = vec![None; leaves.len()];
    let whole = match (want.absent, some.holds(&none, leaves)) {
        (true, Some(true)) | (false, Some(false)) => some,
        (true, _) => Cond::Any(vec![some, nothing]),
        (false, _) => Cond::All(vec![some, nothing.negated()?]),
    };
    if whole.size() > ALTERNATIVES_MAX * leaves.len() {
        return Err(CodecError::new("the text has too many words to be looked for"));
    }
    Ok(whole)
}

/// A `nullIf` on several leaves: they mean nothing if each is one of its texts or absent.
pub(super) fn nothing(step: &Step, cond: Cond, leaves: &[Leaf]) -> Result<Cond, CodecError> {
    let Step::NullIfLegacy { texts, .. } = step else { return Ok(cond) };
    let values: Vec<Vec<Value>> =
        texts.iter().map(|texts| texts.iter().map(|text| Value::Text((&**text).into())).collect()).collect();
    let means = |n: usize, values: &Vec<Value>| {
        Cond::Leaf(n, Want { absent: true, some: Test::Atom(Atom::OneOf(values.clone()), false) })
    };
    let means: Vec<Cond> = values.iter().enumerate().map(|(n, values)| means(n, values)).collect();
    let absent = cond.holds(&vec![None; leaves.len()], leaves) == Some(true);
    let agrees = combinations(&values).iter().all(|one| cond.holds(one, leaves) == Some(absent));
    Ok(match (absent, agrees) {
        (_, true) => cond,
        (true, false) => Cond::Any(vec![cond, Cond::All(means)]),
        (false, false) => Cond::All(vec![cond, Cond::All(means).negated()?]),
    })
}

/// Every way in which each leaf is one of its texts or absent.
fn combinations(values: &[Vec<Value>]) -> Vec<Vec<Option<&Value>>> {
    let mut all: Vec<Vec<Option<&Value>>> = vec![Vec::new()];
    for values in values {
        let choices = || values.iter().map(Some).chain([None]);
        all = all
            .iter()
            .flat_map(|before| choices().map(|one| before.iter().copied().chain([one]).collect()))
            .collect();
    }
    all
}

fn condition(step: &Step, test: Test, leaves: &[Leaf]) -> Result<Cond, CodecError> {
    Ok(match test {
        Test::All(tests) => {
            Cond::All(tests.into_iter().map(|test| condition(step, test, leaves)).collect::<Result<_, _>>()?)
        }
        Test::Any(tests) => {
            Cond::Any(tests.into_iter().map(|test| condition(step, test, leaves)).collect::<Result<_, _>>()?)
        }
        Test::Atom(atom, fold) => match step {
            Step::Moment { pattern, zone, numeric, .. } => {
                moment(pattern, zone, &atom, &|texts, op| columns(texts, numeric, op))?
            }
            Step::Join { separator, .. } => {
                Texts { leaves, separator, trims: false, fold }.condition(&atom)?
            }
            Step::Lines { .. } => Texts { leaves, separator: " ", trims: true, fold }.condition(&atom)?,
            _ => return Err(CodecError::new("the field cannot be asked for")),
        },
    })
}

/// Compares the parts of a moment: the first one decides, then the next.
fn columns(texts: &[String], numeric: &[bool], op: Comparison) -> Cond {
    let value = |n: usize| part(&texts[n], numeric.get(n).copied().unwrap_or_default());
    let leaf = |n: usize, op: Comparison| {
        let atom = match op {
            Comparison::Equal => Atom::OneOf(vec![value(n)]),
            op => Atom::Range(op, value(n)),
        };
        Cond::Leaf(n, Want { absent: false, some: Test::Atom(atom, false) })
    };
    let last = texts.len().saturating_sub(1);
    if op == Comparison::Equal {
        return Cond::All((0..texts.len()).map(|n| leaf(n, op)).collect());
    }
    let strict = match op {
        Comparison::LessOrEqual => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::Greater,
        op => op,
    };
    (0..last).rev().fold(leaf(last, op), |rest, n| {
        Cond::Any(vec![leaf(n, strict), Cond::All(vec![leaf(n, Comparison::Equal), rest])])
    })
}

/// Texts of several leaves with a separator between those that are there.
struct Texts<'a> {
    leaves: &'a [Leaf],
    separator: &'a str,
    /// Each is trimmed before.
    trims: bool,
    fold: bool,
}

impl Texts<'_> {
    fn condition(&self, atom: &Atom) -> Result<Cond, CodecError> {
        let equal = |values: &[Value]| {
            let texts = values.iter().filter_map(text);
            texts.map(|text| self.is(0, &text)).collect::<Result<Vec<_>, _>>().map(Cond::Any)
        };
        match atom {
            Atom::OneOf(values) => equal(values),
            Atom::NoneOf(values) => equal(values)?.negated(),
            Atom::Starts(text) => self.starts(0, text),
            Atom::Range(..) | Atom::Contains(_) => Err(CodecError::new("the field cannot be asked for this")),
        }
    }

    /// The leaves from `n` on make up exactly this text.
    fn is(&self, n: usize, text: &str) -> Result<Cond, CodecError> {
        let mut ways = Vec::new();
        if n + 1 == self.leaves.len() {
            if self.fits(n, text) {
                ways.push(Cond::equal(n, Value::Text(text.into()), self.fold));
            }
            return Ok(Cond::Any(ways));
        }
        if self.fits(n, text) {
            let rest = (n + 1..self.leaves.len()).map(Cond::absent);
            let whole = Cond::equal(n, Value::Text(text.into()), self.fold);
            ways.push(Cond::All([whole].into_iter().chain(rest).collect()));
        }
        for (piece, rest) in self.splits(text).filter(|(piece, _)| self.fits(n, piece)) {
            let rest = self.is(n + 1, rest)?;
            if rest.size() > 0 {
                ways.push(Cond::All(vec![Cond::equal(n, Value::Text(piece.into()), self.fold), rest]));
            }
        }
        let later = self.is(n + 1, text)?;
        if later.size() > 0 {
            ways.push(Cond::All(vec![Cond::absent(n), later]));
        }
        self.few(Cond::Any(ways))
    }

    /// What the leaves from `n` on make up begins with this text.
    fn starts(&self, n: usize, text: &str) -> Result<Cond, CodecError> {
        let begins = Test::Atom(Atom::Starts(text.into()), self.fold);
        let mut ways = Vec::new();
        let blank_first = self.trims && text.starts_with(' ');
        if self.short(n, text) && !blank_first {
            ways.push(Cond::Leaf(n, Want { absent: false, some: begins }));
        }
        if n + 1 < self.leaves.len() {
            for (piece, rest) in self.splits(text).filter(|(piece, _)| self.fits(n, piece)) {
                let rest = if rest.is_empty() {
                    let there = |n| Cond::Leaf(n, Want { absent: false, some: Test::always() });
                    Cond::Any((n + 1..self.leaves.len()).map(there).collect())
                } else {
                    self.starts(n + 1, rest)?
                };
                if rest.size() > 0 {
                    ways.push(Cond::All(vec![Cond::equal(n, Value::Text(piece.into()), self.fold), rest]));
                }
            }
            let later = self.starts(n + 1, text)?;
            if later.size() > 0 {
                ways.push(Cond::All(vec![Cond::absent(n), later]));
            }
        }
        self.few(Cond::Any(ways))
    }

    fn few(&self, cond: Cond) -> Result<Cond, CodecError> {
        if cond.size() > ALTERNATIVES_MAX {
            return Err(CodecError::new("the text has too many words to be looked for"));
        }
        Ok(cond)
    }

    /// The text in front of each separator, and what is behind it.
    fn splits<'t>(&self, text: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
        text.match_indices(self.separator).map(move |(at, found)| (&text[..at], &text[at + found.len()..]))
    }

    /// Returns whether a leaf can be read as this text.
    fn fits(&self, n: usize, text: &str) -> bool {
        let blank = text.trim().is_empty();
        let ends = if self.trims { text != text.trim() } else { self.padded(n) && text.ends_with(' ') };
        !blank && !ends && self.short(n, text)
    }

    fn padded(&self, n: usize) -> bool {
        matches!(&self.leaves[n].ty, ScalarType::Text(TextType { padded: true, .. }))
    }

    /// Folding may change how long a text is.
    fn short(&self, n: usize, text: &str) -> bool {
        match &self.leaves[n].ty {
            ScalarType::Text(TextType { length_max: Some(length), .. }) if !self.fold => {
                text.chars().count() <= *length as usize
            }
            _ => true,
        }
    }
}
