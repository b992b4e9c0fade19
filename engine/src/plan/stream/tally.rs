//! Totals over the records of a unit, and what the unit says of them.
//!
//! **Invariant.** Exact; a record that cannot be added up holds the unit, it is never left out.

use super::reading::{forgive, path_of};
use super::{Tell, Unread, broken, renamed, told};
use crate::expr::{Aggregate, Names, Totals};
use crate::json;
use crate::plan::model::Model;
use crate::plan::query::project::only;
use crate::plan::read::{ReadPlan, Reader};
use crate::program::{Ambient, EventPlan};
use crate::value::Value;
use kernel::{Decimal, DecodeError, Interest, PartId, Scalar, Stop, TypeId, Visitor};
use std::sync::Arc;

/// How the records of an event block are added up.
#[derive(Debug)]
pub(crate) struct TallyPlan {
    /// What the records are called, when there are several and when there is one.
    names: (Box<str>, Box<str>),
    /// Reads the fields that are added up; `None` where records are only counted.
    summed: Option<Arc<ReadPlan>>,
    /// What becomes of each value of a record, by check and by its number there.
    asked: Vec<(Aggregate, usize)>,
    /// Reads what stands beside the last record: one value for each check.
    beside: Arc<ReadPlan>,
    pub(crate) checks: Vec<Check>,
}

/// One line of `verify:`.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    /// The legacy path as the mapping writes it.
    pub(crate) path: Box<str>,
    /// The legacy field that holds the total.
    pub(crate) leaf: Box<str>,
    /// The part beside the record that it is in, with its name.
    pub(crate) part: (PartId, Box<str>),
    pub(crate) totals: Totals,
    pub(crate) wording: Wording,
    /// The number of its first total among all.
    first: usize,
}

/// A total that the unit claims, beside that of its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The legacy field that holds the total.
    pub field: Box<str>,
    /// What it says.
    pub said: Decimal,
    /// What it is compared with, as the mapping writes it: `sum(amount)`.
    pub totals: Box<str>,
    /// What that comes to; empty where it is nothing.
    pub found: Box<str>,
    /// The difference in words, where there is one.
    pub difference: Option<String>,
}

/// How a difference is worded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wording {
    /// `there are 2 bookings`.
    Count,
    /// `the bookings add up to 1254.55`.
    Sum,
    /// `… of the bookings is …`.
    Other,
}

impl Check {
    pub(crate) fn new(path: Box<str>, leaf: Box<str>, part: (PartId, Box<str>), totals: Totals) -> Self {
        let whole = |wanted: &str| totals.typed.text() == wanted;
        let wording = match totals.asked.as_slice() {
            [] if whole("count") => Wording::Count,
            [one] if one.what == Aggregate::Sum && is_call(totals.typed.text(), &one.names) => Wording::Sum,
            _ => Wording::Other,
        };
        Self { path, leaf, part, totals, wording, first: 0 }
    }
}

/// Returns whether an expression is the sum of a field and nothing more.
fn is_call(text: &str, names: &[Arc<str>]) -> bool {
    let dense: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    dense == format!("sum({})", names.join("."))
}

impl TallyPlan {
    /// Makes a plan. `beside` is the model of what stands beside the last record: one field for each check.
    pub(crate) fn new(model: &Model, beside: &Model, name: &str, mut checks: Vec<Check>) -> Self {
        let (mut paths, mut asked): (Vec<Vec<usize>>, Vec<_>) = (Vec::new(), Vec::new());
        for check in &mut checks {
            check.first = asked.len();
            for total in &check.totals.asked {
                let names: Vec<&str> = total.names.iter().map(|name| &**name).collect();
                let path = path_of(&model.body, &names).unwrap_or_default();
                let known = paths.iter().position(|known| *known == path);
                let value = known.unwrap_or(paths.len());
                if known.is_none() {
                    paths.push(path);
                }
                asked.push((total.what, value));
            }
        }
        let summed = (!paths.is_empty()).then(|| {
            let mut narrow = only(model, &paths);
            silence(&mut narrow);
            Arc::new(ReadPlan::of_values(&narrow, paths, false))
        });
        let mut beside = beside.clone();
        silence(&mut beside);
        let values = (0..beside.body.fields.len()).map(|index| vec![index]).collect();
        let beside = Arc::new(ReadPlan::of_values(&beside, values, false));
        Self { names: (plural(name).into(), name.into()), summed, asked, beside, checks }
    }
}

/// Makes a model whose records give values and no JSON.
fn silence(model: &mut Model) {
    forgive(&mut model.body);
    model.body.fields.iter_mut().for_each(|field| field.hidden = true);
}

/// Returns what several things of a name are called: `bookings`, `entries`, `boxes`.
fn plural(name: &str) -> String {
    let vowel_before_y = ["ay", "ey", "iy", "oy", "uy"].iter().any(|end| name.ends_with(end));
    match name {
        _ if name.ends_with('y') && !vowel_before_y => format!("{}ies", &name[..name.len() - 1]),
        _ if ["s", "x", "z", "ch", "sh"].iter().any(|end| name.ends_with(end)) => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

/// Totals over the records of a unit.
#[derive(Debug)]
pub struct Tally {
    plan: Arc<TallyPlan>,
    ambient: Ambient,
    reader: Option<Reader>,
    count: u64,
    totals: Vec<Option<Decimal>>,
}

impl Tally {
    /// Starts; `None` where the block verifies nothing.
    pub fn new(plan: &EventPlan, ambient: &Ambient) -> Option<Self> {
        let plan = Arc::clone(plan.stream.as_ref()?.tally.as_ref()?);
        let reader = plan
            .summed
            .as_ref()
            .map(|summed| Reader::new(Arc::clone(summed), ambient).without_fingerprints());
        let totals = plan.asked.iter().map(|(what, _)| (*what == Aggregate::Sum).then_some(Decimal::ZERO));
        Some(Self { totals: totals.collect(), ambient: ambient.clone(), reader, count: 0, plan })
    }

    /// Counts a record of the block's type and adds it up.
    ///
    /// # Errors
    /// A field that is summed cannot be read: the unit is held.
    pub fn add(&mut self, tell: &mut Tell<'_>) -> Result<(), Unread> {
        self.count += 1;
        let Some(reader) = &mut self.reader else { return Ok(()) };
        reader.again();
        told(tell, reader)?;
        if let Err(error) = reader.record() {
            return Err(Unread { error: renamed(error), field: reader.bad_field() });
        }
        let (_, values, _) = reader.given();
        for ((what, value), total) in self.plan.asked.iter().zip(&mut self.totals) {
            let Some(value) = values.get(*value).and_then(number) else { continue };
            *total = Some(match (*total, what) {
                (None, _) => value,
                (Some(total), Aggregate::Sum) => total
                    .checked_add(value)
                    .map_err(|_| Unread::contract("a sum has more digits than can be counted"))?,
                (Some(total), Aggregate::Min) => total.min(value),
                (Some(total), Aggregate::Max) => total.max(value),
            });
        }
        Ok(())
    }

    /// Counts a record whose type nobody knows.
    pub fn add_unknown(&mut self) {
        self.count += 1;
    }

    /// Compares with what stands beside the last record, and returns what was compared, in the order of the mapping.
    ///
    /// # Errors
    /// What the totals are compared with is not there or cannot be read.
    pub fn close(&self, tell: &mut Tell<'_>) -> Result<Vec<Compared>, Unread> {
        let mut reader = Reader::new(Arc::clone(&self.plan.beside), &self.ambient);
        let mut seen = Seen { reader: &mut reader, parts: Vec::new(), depth: 0 };
        told(tell, &mut seen)?;
        let parts = seen.parts;
        if let Err(error) = reader.record() {
            return Err(Unread { error: renamed(error), field: reader.bad_field() });
        }
        let (_, values, _) = reader.given();
        let both = self.plan.checks.iter().zip(values);
        both.map(|(check, said)| self.compared(check, self.said(check, said, &parts)?)).collect()
    }

    fn compared(&self, check: &Check, said: Decimal) -> Result<Compared, Unread> {
        let total = self.total(check)?;
        let differs = number(&total).is_none_or(|total| total != said);
        Ok(Compared {
            field: check.leaf.clone(),
            said,
            totals: check.totals.typed.text().into(),
            found: json::text_of(&total).unwrap_or_default().into(),
            difference: differs.then(|| self.difference(check, said, &total)),
        })
    }

    /// Returns the total that the unit claims.
    fn said(&self, check: &Check, value: &Value, parts: &[PartId]) -> Result<Decimal, Unread> {
        let missing = |reason: String| Unread {
            error: broken().with("path", &check.path).with("reason", reason),
            field: None,
        };
        if !parts.contains(&check.part.0) {
            return Err(missing(format!("there is no {} to compare with", check.part.1)));
        }
        match value {
            Value::Text(text) => Decimal::parse(text.trim()).map_err(|_| missing("it is no number".into())),
            Value::Absent | Value::Null => {
                Err(missing("it is empty, so there is nothing to compare with".into()))
            }
            other => number(other).ok_or_else(|| missing("it is no number".into())),
        }
    }

    /// Returns the total of the records.
    fn total(&self, check: &Check) -> Result<Value, Unread> {
        let totals = self.totals.get(check.first..).unwrap_or_default();
        check.totals.typed.eval(&Kept { count: self.count, totals }).map_err(|error| Unread {
            error: broken()
                .with("path", &check.path)
                .with("reason", format_args!("cannot be computed: {error}")),
            field: None,
        })
    }

    fn difference(&self, check: &Check, said: Decimal, total: &Value) -> String {
        let leaf = &check.leaf;
        let (many, one) = &self.plan.names;
        let total = json::text_of(total);
        let found = match (&check.wording, total) {
            (Wording::Count, _) if self.count == 1 => format!("there is 1 {one}"),
            (Wording::Count, _) => format!("there are {} {many}", self.count),
            (Wording::Sum, Some(total)) => format!("the {many} add up to {total}"),
            (_, Some(total)) => format!("{} of the {many} is {total}", check.totals.typed.text()),
            (_, None) => format!("{} of the {many} is nothing", check.totals.typed.text()),
        };
        format!("{leaf}: the file says {said}, {found}")
    }
}

fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Float(float) => Decimal::from_f64(*float),
        _ => None,
    }
}

/// The names of an expression over totals.
struct Kept<'a> {
    count: u64,
    totals: &'a [Option<Decimal>],
}

impl Names for Kept<'_> {
    fn value(&self, index: usize) -> Value {
        match index.checked_sub(1) {
            None => Value::Number(i64::try_from(self.count).unwrap_or(i64::MAX).into()),
            Some(n) => self.totals.get(n).copied().flatten().map_or(Value::Absent, Value::Number),
        }
    }
}

/// Notes which parts stand beside the record at all.
struct Seen<'a> {
    reader: &'a mut Reader,
    parts: Vec<PartId>,
    depth: usize,
}

impl Visitor for Seen<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if self.depth == 0 && !self.parts.contains(&part) {
            self.parts.push(part);
        }
        let interest = self.reader.enter(part, ty);
        self.depth += usize::from(interest == Interest::Descend);
        interest
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.reader.leaf(part, scalar)
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.reader.unreadable(part, error)
    }

    fn unknown(&mut self, name: &str) {
        self.reader.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.depth = self.depth.saturating_sub(1);
        self.reader.leave(part)
    }
}
