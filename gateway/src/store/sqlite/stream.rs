//! Streams in the embedded store.
//!
//! **Invariant.** Every statement runs in the writer's transaction, so a position and its keys are kept as one.

use super::Sqlite;
use crate::store::{
    Advance, BlockKey, Hash, KeyState, NamedPlace, Place, Refusal, StoreError, Streams, UNITS_MAX,
    UnitProgress,
};
use adapters_ports::{BoxFuture, Identity, Position};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use std::sync::Arc;

// It goes by the number of a row; a test looks at how it is planned.
pub(super) const FORGET: &str = "DELETE FROM unit WHERE stream = ?1 AND settled AND row <=
    (SELECT row FROM unit WHERE stream = ?1 ORDER BY row DESC LIMIT 1 OFFSET ?2)";

impl Streams for Sqlite {
    fn stream(&self, name: Hash) -> BoxFuture<'_, Result<i64, StoreError>> {
        self.work(move |db| {
            db.prepare_cached("INSERT OR IGNORE INTO stream (name) VALUES (?1)")?.execute([name])?;
            db.prepare_cached("SELECT id FROM stream WHERE name = ?1")?.query_row([name], |row| row.get(0))
        })
    }

    fn places(&self, stream: i64) -> BoxFuture<'_, Result<Vec<NamedPlace>, StoreError>> {
        self.work(move |db| {
            let mut find =
                db.prepare_cached("SELECT name, stamp, reason, version FROM place WHERE stream = ?1")?;
            let found = find.query_map([stream], place)?;
            found.collect()
        })
    }

    fn place(&self, stream: i64, name: Arc<str>, place: Place) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(move |db| {
            let Place { stamp, refused } = &place;
            let (reason, version) = match refused {
                Some(Refusal { reason, version }) => (Some(reason), Some(version)),
                None => (None, None),
            };
            db.prepare_cached(
                "INSERT OR REPLACE INTO place (stream, name, stamp, reason, version) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![stream, name, stamp, reason, version])
            .map(drop)
        })
    }

    fn unplace(&self, stream: i64, names: Vec<Arc<str>>) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(move |db| {
            let mut remove = db.prepare_cached("DELETE FROM place WHERE stream = ?1 AND name = ?2")?;
            names.iter().try_for_each(|name| remove.execute(params![stream, name]).map(drop))
        })
    }

    fn progress(
        &self,
        stream: i64,
        identity: Identity,
    ) -> BoxFuture<'_, Result<Option<UnitProgress>, StoreError>> {
        self.work(move |db| {
            db.prepare_cached(
                "SELECT name, stamp, records, bytes, settled, counted FROM unit WHERE stream = ?1 AND identity = ?2",
            )?
            .query_row(params![stream, identity], progress)
            .optional()
        })
    }

    fn keys(&self, keys: Vec<BlockKey>) -> BoxFuture<'_, Result<Vec<Option<KeyState>>, StoreError>> {
        self.work(move |db| {
            let mut find = db.prepare_cached(
                "SELECT content, change, deleted, newest FROM keyed WHERE block = ?1 AND key = ?2",
            )?;
            keys.iter()
                .map(|(block, key)| find.query_row(params![block, key], key_state).optional())
                .collect()
        })
    }

    fn advance(&self, stream: i64, advance: Advance) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(move |db| keep(db, stream, &advance))
    }

    fn letters(&self, topic: Hash) -> BoxFuture<'_, Result<Option<String>, StoreError>> {
        self.work(move |db| {
            db.prepare_cached("SELECT cursor FROM letters WHERE topic = ?1")?
                .query_row([topic], |row| row.get(0))
                .optional()
        })
    }

    fn letters_done(&self, topic: Hash, cursor: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.work(move |db| {
            db.prepare_cached("INSERT OR REPLACE INTO letters (topic, cursor) VALUES (?1, ?2)")?
                .execute(params![topic, cursor])
                .map(drop)
        })
    }
}

fn keep(db: &Connection, stream: i64, advance: &Advance) -> rusqlite::Result<()> {
    let Advance { identity, progress, keys } = advance;
    let UnitProgress { name, stamp, position, settled, counted } = progress;
    let counted = serde_json::to_string(counted)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    db.prepare_cached(
        "INSERT INTO unit (stream, identity, name, stamp, records, bytes, settled, counted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (stream, identity) DO UPDATE SET name = excluded.name, stamp = excluded.stamp,
             records = excluded.records, bytes = excluded.bytes, settled = excluded.settled, counted = excluded.counted",
    )?
    .execute(params![
        stream,
        identity,
        name,
        stamp,
        number(position.records),
        number(position.bytes),
        settled,
        counted
    ])?;
    let mut see = db.prepare_cached(
        "INSERT OR REPLACE INTO keyed (block, key, content, change, deleted, newest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for ((block, key), KeyState { content, change, deleted, newest }) in keys {
        see.execute(params![block, key, content.to_be_bytes(), change, deleted, newest])?;
    }
    // Counting many units takes its time, so one in 256 does it for all.
    if *settled && identity[0] == 0 { forget(db, stream, UNITS_MAX) } else { Ok(()) }
}

/// Forgets all but so many of the latest units of a stream. One that is not settled is read on some day.
fn forget(db: &Connection, stream: i64, units_max: u32) -> rusqlite::Result<()> {
    db.prepare_cached(FORGET)?.execute(params![stream, units_max]).map(drop)
}

fn place(row: &Row<'_>) -> rusqlite::Result<NamedPlace> {
    let (reason, version): (Option<String>, Option<Arc<str>>) = (row.get(2)?, row.get(3)?);
    let refused = reason.map(|reason| Refusal { reason, version: version.unwrap_or_default() });
    Ok((row.get(0)?, Place { stamp: row.get(1)?, refused }))
}

fn progress(row: &Row<'_>) -> rusqlite::Result<UnitProgress> {
    let counted: String = row.get(5)?;
    let counted = serde_json::from_str(&counted).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(UnitProgress {
        name: row.get(0)?,
        stamp: row.get(1)?,
        position: Position { records: count(row.get(2)?), bytes: count(row.get(3)?) },
        settled: row.get(4)?,
        counted,
    })
}

fn key_state(row: &Row<'_>) -> rusqlite::Result<KeyState> {
    let content: [u8; 16] = row.get(0)?;
    Ok(KeyState {
        content: u128::from_be_bytes(content),
        change: row.get(1)?,
        deleted: row.get(2)?,
        newest: row.get(3)?,
    })
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests;
