//! Reads one row after the other, each on its own.
//!
//! **Invariant.** A row that breaks the contract does not stop those behind it.

use crate::plan::query::Keyset;
use crate::plan::read::Reader;
use crate::plan::tree::Leaf;
use crate::program::{Ambient, WatchPlan};
use crate::value::Value;
use kernel::{Datum, Error, Interest, Order, PartId, Scalar, Stop, TypeId, Visitor};
use std::collections::VecDeque;
use std::sync::Arc;

/// Most rows that wait to be taken before the telling is paused.
const WAITING_MAX: usize = 256;

/// A row.
#[derive(Debug)]
pub struct Noticed {
    /// Where it stands in the order of the question.
    pub place: Keyset,
    /// The value of the `since` field; absent where there is none.
    pub since: Value,
    /// All columns that were told, as they came.
    pub columns: Vec<(PartId, Datum)>,
    /// What it says, or why it cannot be read.
    pub content: Result<Content, Error>,
}

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The values of the model's key, joined by `/`.
    pub key: Arc<str>,
    /// The record as JSON.
    pub json: Vec<u8>,
    /// Fingerprint of the mapped legacy values.
    pub fingerprint: u128,
}

/// Reads the rows of an answer. It pauses where rows wait to be taken.
#[derive(Debug)]
pub struct RowReader {
    reader: Reader,
    ambient: Ambient,
    row: PartId,
    order: Vec<Order>,
    since: Option<(crate::codec::Chain, Vec<PartId>)>,
    inside: bool,
    wanted: bool,
    place: Vec<Datum>,
    leaves: Vec<Leaf>,
    columns: Vec<(PartId, Datum)>,
    ready: VecDeque<Noticed>,
}

impl RowReader {
    pub(super) fn new(plan: &WatchPlan, order: Vec<Order>, ambient: &Ambient) -> Self {
        let since = plan.since.as_ref().map(|since| {
            (since.chain.clone(), since.columns.iter().map(|column| column.part).collect::<Vec<_>>())
        });
        let leaves = since.as_ref().map_or(0, |(_, columns)| columns.len());
        Self {
            reader: Reader::new(Arc::clone(&plan.read), ambient),
            ambient: ambient.clone(),
            row: plan.table.table.part,
            place: vec![Datum::Null; order.len()],
            order,
            since,
            inside: false,
            wanted: false,
            leaves: vec![Leaf::Nil; leaves],
            columns: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// Takes the next row that was read.
    #[expect(clippy::should_implement_trait, reason = "there may be more rows after it gave none")]
    pub fn next(&mut self) -> Option<Noticed> {
        self.ready.pop_front()
    }

    fn keep(&mut self, part: PartId, scalar: Scalar<'_>) {
        let datum = crate::plan::query::datum(scalar);
        for (order, value) in self.order.iter().zip(&mut self.place) {
            if order.column == part {
                *value = datum.clone();
            }
        }
        self.columns.push((part, datum));
        let columns = self.since.iter().flat_map(|(_, columns)| columns);
        for (column, leaf) in columns.zip(&mut self.leaves) {
            if *column == part {
                *leaf = Leaf::from_scalar(scalar);
            }
        }
    }

    fn finish(&mut self) {
        let content = self.reader.finish().map(|answer| {
            let texts: Vec<String> =
                answer.key.iter().map(|value| crate::json::text_of(value).unwrap_or_default()).collect();
            Content {
                key: texts.join("/").into(),
                json: answer.json.to_vec(),
                fingerprint: answer.fingerprint,
            }
        });
        let since = self.since.as_ref().map_or(Value::Absent, |(chain, _)| {
            let scalars: Vec<Scalar<'_>> = self.leaves.iter().map(Leaf::as_scalar).collect();
            chain.read(&scalars).unwrap_or_default()
        });
        let place =
            Keyset::new(&self.order, std::mem::replace(&mut self.place, vec![Datum::Null; self.order.len()]));
        self.leaves.fill(Leaf::Nil);
        let columns = std::mem::take(&mut self.columns);
        self.ready.push_back(Noticed { place, since, columns, content });
        self.reader.reset(&self.ambient);
    }
}

impl Visitor for RowReader {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if !self.inside {
            return match part == self.row {
                true if self.ready.len() >= WAITING_MAX => Interest::Pause,
                true => {
                    self.inside = true;
                    Interest::Descend
                }
                false => Interest::Skip,
            };
        }
        let interest = self.reader.enter(part, ty);
        self.wanted = interest == Interest::Leaf;
        // A row that cannot be read is handed over with all that it had.
        if interest == Interest::Skip { Interest::Leaf } else { interest }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.keep(part, scalar);
        if self.wanted {
            // A reader that wants no more of a row does not end those behind it.
            let _ = self.reader.leaf(part, scalar);
        }
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.reader.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        if part == self.row {
            self.inside = false;
            self.finish();
        }
        Ok(())
    }
}
