//! The tables of the embedded store and the statements on them.
//!
//! **Invariant.** Every statement runs inside the writer's transaction; none commits.

use crate::http::answer::Answer;
use crate::store::Hash;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

/// How long the start waits for another process to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Version of the tables, in `user_version`.
const VERSION: i64 = 4;
/// Statements that are kept prepared: more than there are.
const STATEMENTS: usize = 64;
/// Expired rows that are removed at once.
const PURGE_MAX: usize = 1_000;

/// The rows of one watch, or of one stream, are read in the order of their numbers: an index has that of a row behind its
/// own columns.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS request (
        key BLOB PRIMARY KEY, payload BLOB NOT NULL, expires_s INTEGER NOT NULL,
        status INTEGER, headers TEXT, body BLOB
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS request_expires ON request (expires_s);
    CREATE TABLE IF NOT EXISTS accepted (key BLOB PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS watch (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE, state TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS watched (
        row INTEGER PRIMARY KEY, watch INTEGER NOT NULL, key TEXT NOT NULL, content BLOB NOT NULL,
        change INTEGER NOT NULL, kind INTEGER NOT NULL, partition TEXT, subject TEXT, UNIQUE (watch, key)
    );
    CREATE TABLE IF NOT EXISTS outgoing (
        row INTEGER PRIMARY KEY AUTOINCREMENT, watch INTEGER NOT NULL, rejected INTEGER NOT NULL,
        attributes TEXT NOT NULL, data BLOB NOT NULL
    );
    CREATE TABLE IF NOT EXISTS dirty (
        row INTEGER PRIMARY KEY AUTOINCREMENT, watch INTEGER NOT NULL, key TEXT NOT NULL, deletes INTEGER NOT NULL
    );
    CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);
    CREATE TABLE IF NOT EXISTS unit (
        row INTEGER PRIMARY KEY, stream INTEGER NOT NULL, identity BLOB NOT NULL, name TEXT NOT NULL,
        stamp TEXT NOT NULL, records INTEGER NOT NULL, bytes INTEGER NOT NULL, settled INTEGER NOT NULL,
        counted TEXT NOT NULL, UNIQUE (stream, identity)
    );
    CREATE TABLE IF NOT EXISTS place (
        stream INTEGER NOT NULL, name TEXT NOT NULL, stamp TEXT NOT NULL, reason TEXT, version TEXT,
        PRIMARY KEY (stream, name)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS keyed (
        block INTEGER NOT NULL, key TEXT NOT NULL, content BLOB NOT NULL, change INTEGER NOT NULL,
        deleted INTEGER NOT NULL, newest TEXT, PRIMARY KEY (block, key)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS letters (topic BLOB PRIMARY KEY, cursor TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS watched_in_order ON watched (watch);
    CREATE INDEX IF NOT EXISTS outgoing_in_order ON outgoing (watch);
    CREATE INDEX IF NOT EXISTS dirty_in_order ON dirty (watch);
    CREATE INDEX IF NOT EXISTS unit_in_order ON unit (stream);
";

/// What version 2 lacks.
const FROM_2: &str =
    "ALTER TABLE watched ADD COLUMN partition TEXT; ALTER TABLE watched ADD COLUMN subject TEXT;";

/// A request that was started; with an answer if it was finished.
pub(super) struct Row {
    pub payload: Hash,
    pub expires_s: i64,
    pub answer: Option<Answer>,
}

/// Opens the file, takes it for this process alone, and makes the tables.
pub(super) fn open(path: &Path) -> Result<Connection, String> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    }
    let connection = Connection::open(path).map_err(describe)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(describe)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Exclusive: what is in flight is known in the memory of one process, so there must be only one.
    connection
        .execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        )
        .map_err(describe)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(describe)?;
    if version > VERSION {
        return Err(format!("it is of version {version}; this program knows versions up to {VERSION}"));
    }
    let older = if version == 2 { FROM_2 } else { "" };
    connection
        .execute_batch(&format!("BEGIN IMMEDIATE; {older} {TABLES} PRAGMA user_version = {VERSION}; COMMIT;"))
        .map_err(describe)?;
    Ok(connection)
}

fn describe(error: rusqlite::Error) -> String {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseBusy | DatabaseLocked) => "another process uses it".into(),
        Some(NotADatabase) => "it is not a store of this program".into(),
        _ => error.to_string(),
    }
}

pub(super) fn find(db: &Connection, key: &Hash) -> rusqlite::Result<Option<Row>> {
    db.prepare_cached("SELECT payload, expires_s, status, headers, body FROM request WHERE key = ?1")?
        .query_row([key], |row| {
            let status: Option<u16> = row.get(2)?;
            let answer = match status {
                Some(status) => Some(answer(status, &row.get::<_, String>(3)?, row.get(4)?)?),
                None => None,
            };
            Ok(Row { payload: row.get(0)?, expires_s: row.get(1)?, answer })
        })
        .optional()
}

fn answer(status: u16, headers: &str, body: Vec<u8>) -> rusqlite::Result<Answer> {
    let headers: Vec<(String, String)> = serde_json::from_str(headers).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(error))
    })?;
    let empty = Answer::new(status).body(body);
    Ok(headers.into_iter().fold(empty, |answer, (name, value)| answer.header(name, value)))
}

pub(super) fn start(db: &Connection, key: &Hash, payload: &Hash, expires_s: i64) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO request (key, payload, expires_s) VALUES (?1, ?2, ?3)")?
        .execute(params![key, payload, expires_s])
        .map(drop)
}

pub(super) fn finish(db: &Connection, key: &Hash, answer: &Answer) -> rusqlite::Result<()> {
    let headers = serde_json::to_string(answer.headers())
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    db.prepare_cached("UPDATE request SET status = ?2, headers = ?3, body = ?4 WHERE key = ?1")?
        .execute(params![key, answer.status(), headers, answer.bytes().as_ref()])
        .map(drop)
}

pub(super) fn remove(db: &Connection, key: &Hash) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM request WHERE key = ?1")?.execute([key]).map(drop)
}

/// Writes something that changes nothing.
pub(super) fn probe(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(&format!("PRAGMA user_version = {VERSION}"))
}

/// Removes what has expired, but for the keys that are `kept`. Returns whether there may be more.
pub(super) fn purge(db: &Connection, now_s: i64, kept: &HashSet<Hash>) -> rusqlite::Result<bool> {
    // The kept ones may all have expired and must not stand in the way of the others.
    let limit = PURGE_MAX.saturating_add(kept.len());
    let limit_sql = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut expired = db.prepare_cached("SELECT key FROM request WHERE expires_s <= ?1 LIMIT ?2")?;
    let rows = expired.query_map(params![now_s, limit_sql], |row| row.get::<_, Hash>(0))?;
    let found = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    for key in found.iter().filter(|key| !kept.contains(*key)) {
        remove(db, key)?;
    }
    Ok(found.len() == limit)
}

pub(super) fn accepted(db: &Connection, key: &Hash) -> rusqlite::Result<Option<Hash>> {
    db.prepare_cached("SELECT content FROM accepted WHERE key = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()
}

pub(super) fn accept(db: &Connection, key: &Hash, content: &Hash) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT OR REPLACE INTO accepted (key, content) VALUES (?1, ?2)")?
        .execute(params![key, content])
        .map(drop)
}

pub(super) fn forget(db: &Connection, key: &Hash) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM accepted WHERE key = ?1")?.execute([key]).map(drop)
}
