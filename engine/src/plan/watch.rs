//! Watching a table: what is asked for, what a row says, and what an event is made of.
//!
//! **Invariant.** A question reaches back at least as far as the mapping says, and further over the hour that the clocks
//! repeat; a row that cannot be read is handed over as such, with its place.

mod rows;
#[cfg(test)]
mod tests;

pub use rows::{Content, Noticed, RowReader};

use crate::codec::{CodecError, Wanted};
use crate::plan::model::Model;
use crate::plan::query::Keyset;
use crate::plan::write::evaluate_on;
use crate::program::{Ambient, EventPlan, SincePlan, WatchPlan};
use crate::value::{Instant, Value};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use kernel::{Comparison, From, Order, Predicate, Query, Select};
use std::sync::Arc;

/// What an event says beside its data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The record counts as deleted although it is there.
    pub deleted: bool,
    /// `key`, if the mapping has an expression for it.
    pub key: Option<Arc<str>>,
    /// `id`, if the mapping has an expression for it.
    pub id: Option<Arc<str>>,
    /// `time` as RFC 3339, by the expression of the mapping or by the `since` field; `None`: when it was noticed.
    pub time: Option<Arc<str>>,
    /// `subject`.
    pub subject: Option<Arc<str>>,
}

impl WatchPlan {
    /// Makes the query of what changed since `from`, in the order of [`WatchPlan::order`]; `None` asks for all.
    ///
    /// `from` is a value of the `since` field, as far back as may be needed. Rows without one are seen only where all are
    /// asked for.
    ///
    /// # Errors
    /// The value cannot be compared with the columns: it is out of their bounds.
    pub fn changes(
        &self,
        from: Option<&Value>,
        after: Option<&Keyset>,
        limit: u32,
    ) -> Result<Query, CodecError> {
        let mut filter = Vec::new();
        if let (Some(since), Some(from)) = (&self.since, from) {
            let columns: Vec<_> = since.columns.iter().map(|column| (column.part, column.nullable)).collect();
            filter.push(
                since.chain.rows(&columns, &Wanted::Compare(Comparison::GreaterOrEqual, from.clone()))?,
            );
        }
        Ok(self.select(filter, self.order(), after, Some(limit)))
    }

    /// Makes the query of all rows in the order of the key, from behind a row on.
    pub fn all(&self, after: Option<&Keyset>, limit: Option<u32>) -> Query {
        self.select(Vec::new(), self.by_key(), after, limit)
    }

    /// The order in which changes are asked for: by `since`, then by the key.
    pub fn order(&self) -> Vec<Order> {
        let since = self.since.iter().flat_map(|since| &since.columns).map(|column| column.part);
        let mut order: Vec<Order> = since.map(|column| Order { column, descending: false }).collect();
        order.extend(self.by_key().into_iter().filter(|key| {
            !self.since.iter().flat_map(|since| &since.columns).any(|column| column.part == key.column)
        }));
        order
    }

    /// The order of the key.
    pub fn by_key(&self) -> Vec<Order> {
        self.table.total(Some(&[]))
    }

    fn select(
        &self,
        mut filter: Vec<Predicate>,
        order: Vec<Order>,
        after: Option<&Keyset>,
        limit: Option<u32>,
    ) -> Query {
        filter.extend(after.map(|after| after.behind(&self.table.shape, &order)));
        Query::Select(Select {
            table: self.table.table.part,
            from: From::Table,
            columns: self.table.with(&self.table.columns, &order),
            filter: crate::plan::query::all(filter),
            order,
            limit,
        })
    }

    /// Returns what a row answers, told in this order.
    pub fn reader(&self, order: Vec<Order>, ambient: &Ambient) -> RowReader {
        RowReader::new(self, order, ambient)
    }

    /// Says in words how rows are seen that are committed late.
    pub fn lateness(&self) -> String {
        let overlap = span(self.overlap);
        let swept = match self.sweep {
            Some(sweep) => format!("; what is committed later is found by the sweep every {}", span(sweep)),
            None => "; what is committed later is not noticed, because there is no `sweep`".to_owned(),
        };
        match &self.since {
            None => "all rows are compared each time, so nothing is late".into(),
            Some(_) if self.horizon => format!(
                "the watermark stops at the oldest open transaction, so nothing is late; where the user may not see the \
                 sessions of others, rows are seen that are committed up to {overlap} late{swept}"
            ),
            Some(_) => format!("rows are seen that are committed up to {overlap} late{swept}"),
        }
    }
}

impl SincePlan {
    /// Returns the earliest point that a row may tell which was changed at this point or later: as much before it as the
    /// legacy value cuts off.
    pub fn coarse(&self, at: jiff::Timestamp) -> jiff::Timestamp {
        at.checked_sub(SignedDuration::from_secs(i64::from(self.chain.grain_s()))).unwrap_or(at)
    }

    /// Returns the point itself, or the beginning of the hour that the clocks repeat where it is in one of its passes:
    /// rows of the second pass read like those of the first.
    pub fn begins(&self, at: jiff::Timestamp) -> jiff::Timestamp {
        self.chain.zone().and_then(|zone| zone.repeated(at)).unwrap_or(at)
    }
}

impl EventPlan {
    /// Returns what an event says beside its data.
    ///
    /// # Errors
    /// In words: an expression has no value, or the key is absent.
    pub fn facts(
        &self,
        model: &Model,
        modern: &Value,
        since: &Value,
        (ambient, zone): (&Ambient, &TimeZone),
    ) -> Result<Facts, String> {
        let value = |formula: &Option<crate::plan::model::Formula>| {
            formula.as_ref().map(|formula| evaluate_on(model, formula, modern, ambient)).transpose()
        };
        let text = |value: Option<Value>| value.as_ref().and_then(crate::json::text_of).map(Arc::<str>::from);
        let key = value(&self.key)?;
        if key.as_ref().is_some_and(Value::is_absent) {
            return Err("the key of the event is absent".into());
        }
        let time = value(&self.time)?.filter(|time| !time.is_absent());
        Ok(Facts {
            deleted: matches!(value(&self.deleted_when)?, Some(Value::Bool(true))),
            key: text(key),
            id: text(value(&self.id)?),
            time: instant(time.as_ref().unwrap_or(since), zone),
            subject: text(value(&self.subject)?),
        })
    }
}

/// Returns a moment as RFC 3339: a date is its midnight in the zone.
pub(crate) fn instant(value: &Value, zone: &TimeZone) -> Option<Arc<str>> {
    let at = match value {
        Value::Date(date) => {
            let midnight = date.to_datetime(jiff::civil::Time::midnight());
            let at = zone.to_ambiguous_timestamp(midnight).compatible().ok()?;
            Value::Instant(Instant { at, offset_s: zone.to_offset(at).seconds() / 60 * 60 })
        }
        Value::Instant(_) => value.clone(),
        _ => return None,
    };
    crate::json::text_of(&at).map(Arc::from)
}

fn span(time: std::time::Duration) -> String {
    match time.as_secs() {
        0 => "0s".into(),
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
