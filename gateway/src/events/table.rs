//! The feed of a block whose model is on a table: asks through the layers of the connection, reads row by row.
//!
//! **Invariant.** A page has all rows of the answer or is an error; nothing is concluded from a part of one.

use super::feed::{Ask, DatabaseClock, Feed, Page, Poison, Row, Seen};
use super::mark::{Mark, MarkKind};
use crate::service::{Asked, Service};
use crate::store::hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use engine::codec::Wanted;
use engine::json::{self, JsonLimits};
use engine::plan::model::{FieldKind, Model};
use engine::plan::query::Keyset;
use engine::plan::watch::Noticed;
use engine::program::{EventPlan, FieldPath, Param, Place, WatchPlan};
use engine::value::{Instant, Value};
use kernel::{Cause, Class, Comparison, Datum, Error, Order, PartId, Predicate, Query};
use serde_json::Value as Json;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Rows of a page.
const PAGE_ROWS: u32 = 256;

/// The rows of a table.
pub(super) struct TableFeed {
    pub service: Arc<Service>,
    pub plan: Arc<EventPlan>,
    pub model: Arc<Model>,
    pub watch: WatchPlan,
    /// It was said that other sessions cannot be seen.
    pub hidden: AtomicBool,
}

impl Feed for TableFeed {
    type Position = Keyset;

    async fn clock(&self) -> Result<Option<DatabaseClock>, Error> {
        if !self.watch.horizon {
            return Ok(None);
        }
        let (now, oldest) = self.service.horizon(self.watch.connection).await?;
        if oldest.is_none() && !self.hidden.swap(true, Ordering::Relaxed) {
            let model = &*self.model.name;
            tracing::warn!(
                model,
                "the user may not see the sessions of others, so only the overlap covers what is committed late; on \
                 PostgreSQL the role pg_read_all_stats helps"
            );
        }
        Ok(Some(DatabaseClock { now, oldest: oldest.unwrap_or(now) }))
    }

    async fn page(&self, ask: &Ask, after: Option<&Keyset>) -> Result<Page<Keyset>, Error> {
        let (query, order) = match ask {
            Ask::All => (self.watch.all(after, Some(PAGE_ROWS)), self.watch.by_key()),
            Ask::Since(mark) => {
                let from = value(self.begins(*mark));
                let query =
                    self.watch.changes(Some(&from), after, PAGE_ROWS).map_err(|error| unaskable(&error))?;
                (query, self.watch.order())
            }
        };
        let rows = self.ask(query, order).await?;
        let whole = rows.len() < PAGE_ROWS as usize;
        let next = if whole { None } else { rows.last().map(|row| row.place.clone()) };
        Ok(Page { rows: rows.into_iter().map(|row| self.row(row)).collect(), next })
    }

    async fn one(&self, key: &str) -> Result<Option<Row>, Error> {
        let order = self.watch.by_key();
        let Query::Select(mut select) = self.watch.all(None, Some(1)) else {
            return Err(internal("no selection"));
        };
        select.filter = self.is(key)?;
        let mut rows = self.ask(Query::Select(select), order).await?;
        Ok(rows.pop().map(|row| self.row(row)))
    }
}

impl TableFeed {
    async fn ask(&self, query: Query, order: Vec<Order>) -> Result<Vec<Noticed>, Error> {
        self.service.rows(&Asked { watch: &self.watch, query, order }).await
    }

    /// A field may be coarser than the mark, and may live in another zone than its connection: then the hour that repeats
    /// is another one.
    fn begins(&self, mark: Mark) -> Mark {
        match (mark, &self.watch.since) {
            (Mark::Instant(at), Some(since)) => {
                let coarse = since.coarse(at);
                Mark::Instant(coarse.min(since.begins(at)).min(since.begins(coarse)))
            }
            _ => mark,
        }
    }

    /// The condition that a row has a key.
    fn is(&self, key: &str) -> Result<Predicate, Error> {
        let values: Vec<serde_json::Value> = serde_json::from_str(key).unwrap_or_default();
        if values.len() != self.model.key.len() {
            return Err(internal("a key that was kept is not that of the model any more"));
        }
        let mut all = Vec::new();
        for (&field, value) in self.model.key.iter().zip(values) {
            let field = &self.model.body.fields[field];
            let FieldKind::Value { sources, chain, .. } = &field.kind else {
                return Err(internal("a part of the key is no value of the table"));
            };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let (allowed, default) = (Vec::new(), None);
            let name = Arc::clone(&field.name);
            let param =
                Param { name, place: Place::Path, ty: field.ty.clone(), allowed, default, field: None };
            let value =
                param.parse(&text).map_err(|_| internal("a key that was kept has another type now"))?;
            let shape = &self.model.shape;
            let columns = sources.iter().filter_map(|path| {
                let part = *path.steps.last()?.parts.first()?;
                Some((part, shape.part(part).nillable))
            });
            let columns: Vec<_> = columns.collect();
            let wanted = Wanted::Compare(Comparison::Equal, value);
            all.push(chain.rows(&columns, &wanted).map_err(|error| unaskable(&error))?);
        }
        Ok(Predicate::All(all))
    }

    fn row(&self, row: Noticed) -> Row {
        let columns = row.columns.clone();
        self.seen(row).unwrap_or_else(|(key, reason)| {
            let raw = self.columns(&columns, |_| true).into();
            let order = self.watch.by_key();
            let is_key = |column| order.iter().any(|one| one.column == column);
            let position = self.columns(&columns, is_key).into();
            Row::Poison(Box::new(Poison { key, position, raw, content_type: "application/json", reason }))
        })
    }

    /// Columns by their names as JSON, each as it came.
    fn columns(&self, columns: &[(PartId, Datum)], which: impl Fn(PartId) -> bool) -> String {
        let text = |datum: &Datum| match datum {
            Datum::Null => Json::Null,
            Datum::Text(text) => Json::from(&**text),
            Datum::Bytes(bytes) => Json::from(STANDARD.encode(bytes)),
        };
        let told = columns.iter().filter(|(column, _)| which(*column));
        let named = told.map(|(column, datum)| {
            (self.watch.table.shape.part(*column).name.local.to_string(), text(datum))
        });
        Json::Object(named.collect()).to_string()
    }

    fn seen(&self, row: Noticed) -> Result<Row, Unreadable> {
        let content = row.content.map_err(|error| (None, reason(&error)))?;
        let data = Bytes::from(content.json);
        let modern = json::parse(&data, JsonLimits::default())
            .map_err(|_| (None, "the record is no JSON that can be read again".to_owned()))?;
        let key: Arc<str> = self.key(&modern).ok_or_else(|| (None, "the key is absent".to_owned()))?;
        let fail = |reason| (Some(Arc::clone(&key)), reason);
        let zone = self.service.zone(self.watch.connection);
        let ambient = self.service.ambient_now(zone);
        let facts = self.plan.facts(&self.model, &modern, &row.since, (&ambient, zone)).map_err(fail)?;
        Ok(Row::Seen(Box::new(Seen {
            content: self.content(&modern, &data),
            deleted: facts.deleted,
            mark: mark(&row.since),
            partition: facts.key.unwrap_or(content.key),
            subject: facts.subject,
            time: facts.time,
            id: facts.id,
            data,
            key,
        })))
    }

    /// The key as a JSON array, by which a record is known for ever.
    fn key(&self, modern: &Value) -> Option<Arc<str>> {
        let fields = self.model.key.iter().map(|&field| &self.model.body.fields[field].name);
        let values: Option<Vec<Value>> = fields
            .map(|name| modern.member(name).filter(|value| !value.is_absent()).map(Value::plain))
            .collect();
        let mut text = Vec::new();
        json::write(&Value::List(values?), &mut text);
        String::from_utf8(text).ok().map(Arc::from)
    }

    /// Hash of what has to change for an event.
    fn content(&self, modern: &Value, data: &[u8]) -> crate::store::Hash {
        if self.plan.only_changes.is_empty() {
            return hash(&[data]);
        }
        let mut parts = Vec::new();
        for path in &self.plan.only_changes {
            json::write(at(modern, path), &mut parts);
            parts.push(b'\n');
        }
        hash(&[b"fields", &parts])
    }
}

/// What is known of a row that cannot be read: its key, and why.
type Unreadable = (Option<Arc<str>>, String);

fn at<'v>(modern: &'v Value, path: &FieldPath) -> &'v Value {
    let found = path.names.iter().try_fold(modern, |value, name| value.member(name));
    found.unwrap_or(&Value::Null)
}

/// Returns the mark that a value of the `since` field is.
fn mark(since: &Value) -> Option<Mark> {
    match since {
        Value::Instant(instant) => Some(Mark::Instant(instant.at)),
        Value::Date(date) => Some(Mark::Date(*date)),
        Value::Number(number) => Some(Mark::Sequence(*number)),
        _ => None,
    }
}

fn value(mark: Mark) -> Value {
    match mark {
        Mark::Instant(at) => Value::Instant(Instant { at, offset_s: 0 }),
        Mark::Date(date) => Value::Date(date),
        Mark::Sequence(number) => Value::Number(number),
    }
}

impl From<engine::program::SinceKind> for MarkKind {
    fn from(kind: engine::program::SinceKind) -> Self {
        use engine::program::SinceKind;
        match kind {
            SinceKind::Instant => Self::Instant,
            SinceKind::Date => Self::Date,
            SinceKind::Sequence => Self::Sequence,
        }
    }
}

/// What is wrong with a record: places and reasons, no values.
fn reason(error: &Error) -> String {
    let mut text = error.message.to_owned();
    for (key, value) in error.context.iter().filter(|(key, _)| matches!(*key, "path" | "pointer" | "codec")) {
        text.push_str(&format!(", {key} {value}"));
    }
    text
}

fn unaskable(error: &impl fmt::Display) -> Error {
    Error::new(Class::Defect, Cause::Unwritable, "a value cannot be asked for").with("reason", error)
}

fn internal(message: &'static str) -> Error {
    Error::new(Class::Defect, Cause::Internal, message)
}

impl fmt::Debug for TableFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableFeed").field("model", &self.model.name).finish_non_exhaustive()
    }
}
