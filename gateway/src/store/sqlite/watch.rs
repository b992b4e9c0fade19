//! Watches in the embedded store.
//!
//! **Invariant.** Every statement runs in the writer's transaction, so a page of records and its events are kept as one.

use super::Sqlite;
use super::writer::{Done, Task, answer};
use crate::store::{
    Dirty, Hash, Keyed, Known, KnownKind, Numbers, Outgoing, Settled, StoreError, WatchState, Watches,
};
use adapters_ports::{BoxFuture, Event};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use tokio::sync::oneshot;

// These go by the number of a row; a test looks at how they are planned.
pub(super) const OUTGOING: &str =
    "SELECT row, rejected, attributes, data FROM outgoing WHERE watch = ?1 ORDER BY row LIMIT ?2";
pub(super) const SCAN: &str = "SELECT key, row, content, change, kind, partition, subject FROM watched
    WHERE watch = ?1 AND row > ?2 ORDER BY row LIMIT ?3";
pub(super) const DIRTY: &str = "SELECT row, key, deletes FROM dirty WHERE watch = ?1 ORDER BY row";

impl Sqlite {
    /// Runs work in the writer's transaction and answers once that is on disk.
    pub(super) fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let (reply, wait) = oneshot::channel();
        let task = Task::Run(Box::new(move |db: &Connection, usable: bool, done: &mut Vec<Done>| {
            if !usable {
                // Whoever waits is told by the end of the channel.
                return Ok(());
            }
            answer(work(db), reply, |_: &T| None, done)
        }));
        let sent = self.enqueue(task);
        Box::pin(async move {
            sent?;
            wait.await.unwrap_or_else(|_| Err(StoreError("the transaction failed".into())))
        })
    }
}

impl Watches for Sqlite {
    fn open(&self, name: Hash) -> BoxFuture<'_, Result<(i64, WatchState), StoreError>> {
        self.work(move |db| {
            db.prepare_cached("INSERT OR IGNORE INTO watch (name, state) VALUES (?1, '{}')")?
                .execute([name])?;
            let mut find = db.prepare_cached("SELECT id, state FROM watch WHERE name = ?1")?;
            find.query_row([name], |row| Ok((row.get(0)?, json(1, &row.get::<_, String>(1)?)?)))
        })
    }

    fn known(
        &self,
        watch: i64,
        keys: Vec<Arc<str>>,
    ) -> BoxFuture<'_, Result<Vec<Option<Known>>, StoreError>> {
        self.work(move |db| {
            let mut find = db.prepare_cached(
                "SELECT row, content, change, kind, partition, subject FROM watched WHERE watch = ?1 AND key = ?2",
            )?;
            keys.iter()
                .map(|key| find.query_row(params![watch, key], |row| known(row, 0)).optional())
                .collect()
        })
    }

    fn settle(&self, watch: i64, settled: Settled) -> BoxFuture<'_, Result<Numbers, StoreError>> {
        self.work(move |db| settle(db, watch, &settled))
    }

    fn outgoing(&self, watch: i64, count_max: usize) -> BoxFuture<'_, Result<Vec<Outgoing>, StoreError>> {
        let limit = i64::try_from(count_max).unwrap_or(i64::MAX);
        self.work(move |db| {
            let mut find = db.prepare_cached(OUTGOING)?;
            let found = find.query_map([watch, limit], |row| {
                let attributes: Attributes = json(2, &row.get::<_, String>(2)?)?;
                let event = attributes.event(row.get::<_, Vec<u8>>(3)?.into());
                Ok(Outgoing { row: row.get(0)?, rejected: row.get(1)?, event })
            })?;
            found.collect()
        })
    }

    fn scan(
        &self,
        watch: i64,
        after: i64,
        count_max: usize,
    ) -> BoxFuture<'_, Result<Vec<Keyed>, StoreError>> {
        let limit = i64::try_from(count_max).unwrap_or(i64::MAX);
        self.work(move |db| {
            let mut find = db.prepare_cached(SCAN)?;
            let found = find
                .query_map([watch, after, limit], |row| Ok((row.get::<_, Arc<str>>(0)?, known(row, 1)?)))?;
            found.collect()
        })
    }

    fn note(&self, watch: i64, key: Arc<str>, deletes: bool) -> BoxFuture<'_, Result<i64, StoreError>> {
        self.work(move |db| {
            let mut note =
                db.prepare_cached("INSERT INTO dirty (watch, key, deletes) VALUES (?1, ?2, ?3)")?;
            note.insert(params![watch, key, deletes])
        })
    }

    fn dirty(&self, watch: i64) -> BoxFuture<'_, Result<Vec<Dirty>, StoreError>> {
        self.work(move |db| {
            let mut find = db.prepare_cached(DIRTY)?;
            let dirty =
                |row: &Row<'_>| Ok(Dirty { row: row.get(0)?, key: row.get(1)?, deletes: row.get(2)? });
            let found = find.query_map([watch], dirty)?;
            found.collect()
        })
    }
}

fn settle(db: &Connection, watch: i64, settled: &Settled) -> rusqlite::Result<Numbers> {
    let mut see = db.prepare_cached(
        "INSERT INTO watched (watch, key, content, change, kind, partition, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (watch, key) DO UPDATE SET content = excluded.content, change = excluded.change, kind = excluded.kind,
             partition = excluded.partition, subject = excluded.subject
         RETURNING row",
    )?;
    let mut rows = Vec::with_capacity(settled.seen.len());
    for (key, Known { content, change, kind, partition, subject, .. }) in &settled.seen {
        let values = params![watch, key, content, change, kind.number(), partition, subject];
        rows.push(see.query_row(values, |row| row.get(0))?);
    }
    for key in &settled.gone {
        db.prepare_cached("DELETE FROM watched WHERE watch = ?1 AND key = ?2")?
            .execute(params![watch, key])?;
    }
    for row in &settled.published {
        db.prepare_cached("DELETE FROM outgoing WHERE row = ?1")?.execute([row])?;
    }
    for row in &settled.clean {
        db.prepare_cached("DELETE FROM dirty WHERE row = ?1")?.execute([row])?;
    }
    let mut send = db
        .prepare_cached("INSERT INTO outgoing (watch, rejected, attributes, data) VALUES (?1, ?2, ?3, ?4)")?;
    let mut numbers = Vec::with_capacity(settled.events.len());
    for (rejected, event) in &settled.events {
        let attributes = text(&Attributes::of(event))?;
        numbers.push(send.insert(params![watch, rejected, attributes, event.data.as_ref()])?);
    }
    if let Some(state) = &settled.state {
        let state = text(state)?;
        db.prepare_cached("UPDATE watch SET state = ?2 WHERE id = ?1")?.execute(params![watch, state])?;
    }
    Ok((numbers, rows))
}

fn known(row: &Row<'_>, at: usize) -> rusqlite::Result<Known> {
    let kind = KnownKind::of(row.get(at + 3)?);
    Ok(Known {
        row: row.get(at)?,
        content: row.get(at + 1)?,
        change: row.get(at + 2)?,
        kind,
        partition: row.get(at + 4)?,
        subject: row.get(at + 5)?,
    })
}

/// An event but for its data.
#[derive(Serialize, Deserialize)]
struct Attributes<'e> {
    id: Cow<'e, str>,
    source: Cow<'e, str>,
    ty: Cow<'e, str>,
    subject: Option<Cow<'e, str>>,
    time: Option<Cow<'e, str>>,
    dataschema: Option<Cow<'e, str>>,
    key: Cow<'e, str>,
    content_type: Cow<'e, str>,
    extensions: Vec<(Cow<'e, str>, Cow<'e, str>)>,
}

impl<'e> Attributes<'e> {
    fn of(event: &'e Event) -> Self {
        Self {
            id: (&*event.id).into(),
            source: (&*event.source).into(),
            ty: (&*event.ty).into(),
            subject: event.subject.as_deref().map(Cow::from),
            time: event.time.as_deref().map(Cow::from),
            dataschema: event.dataschema.as_deref().map(Cow::from),
            key: (&*event.key).into(),
            content_type: (&*event.content_type).into(),
            extensions: event
                .extensions
                .iter()
                .map(|(name, value)| ((&**name).into(), (&**value).into()))
                .collect(),
        }
    }

    fn event(self, data: Bytes) -> Event {
        let shared = |text: Cow<'e, str>| Arc::<str>::from(text);
        Event {
            id: shared(self.id),
            source: shared(self.source),
            ty: shared(self.ty),
            subject: self.subject.map(shared),
            time: self.time.map(shared),
            dataschema: self.dataschema.map(shared),
            key: shared(self.key),
            data,
            content_type: Cow::Owned(self.content_type.into_owned()),
            extensions: self
                .extensions
                .into_iter()
                .map(|(name, value)| (shared(name), shared(value)))
                .collect(),
        }
    }
}

fn json<T: serde::de::DeserializeOwned>(column: usize, text: &str) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

fn text<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

#[cfg(test)]
mod tests;
