//! The visible list of adapters.
//!
//! **Invariant.** Each stands behind a feature of its own name, and nothing else in the gateway names one.

use adapters_ports::{Adapter, AdapterError, Connection, Files, SeenField, Settings};
use engine::lang::Kind;
use kernel::{Diagnostic, FileId, Node, Sources};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Returns all adapters of this program.
pub fn adapters() -> Vec<&'static dyn Adapter> {
    vec![
        #[cfg(feature = "soap")]
        &adapters_soap::Soap,
        #[cfg(feature = "odbc")]
        &adapters_sql::Odbc,
        #[cfg(feature = "jdbc")]
        &adapters_sql::Jdbc,
        #[cfg(feature = "log")]
        &adapters_log::Log,
        #[cfg(feature = "files")]
        &adapters_files::Files,
        #[cfg(feature = "kafka")]
        &adapters_kafka::Kafka,
    ]
}

/// Returns the adapter of a type of connection.
pub fn adapter(kind: &str) -> Option<&'static dyn Adapter> {
    adapters().into_iter().find(|adapter| adapter.kind() == kind)
}

/// Returns the log that events go to where no connection is named; `None` where this program has no adapter for it.
pub fn default_log(folder: PathBuf) -> Option<Arc<dyn Connection>> {
    #[cfg(feature = "log")]
    return Some(adapters_log::Log::at(folder));
    #[cfg(not(feature = "log"))]
    {
        let _ = folder;
        None
    }
}

/// Returns what a WSDL offers; `None` where this program has no adapter for it.
pub fn inspect(file: &str, files: &dyn Files) -> Option<serde_json::Value> {
    #[cfg(feature = "soap")]
    return Some(adapters_soap::inspect(file, files));
    #[cfg(not(feature = "soap"))]
    None
}

/// What a file of records has, one after the other.
pub struct Look<'a> {
    /// How it is read: what a `files` connection has under `format`.
    pub format: &'a Node,
    /// Gives the copybook.
    pub files: &'a dyn Files,
    /// The file.
    pub path: &'a Path,
    /// Is told every record, and how many bytes of how many were read; answers whether it wants more.
    pub each: &'a mut dyn FnMut(Value, u64, u64) -> bool,
}

/// Looks into a file of records, and returns whether all of it could be read; `None` where this program has no adapter for
/// it.
///
/// # Errors
/// Everything that is wrong with the format, or why the file cannot be read.
pub fn look(look: Look<'_>, sources: &mut Sources) -> Option<Result<bool, Vec<Diagnostic>>> {
    #[cfg(feature = "files")]
    return Some(look_at(look, sources));
    #[cfg(not(feature = "files"))]
    {
        let _ = (look, sources);
        None
    }
}

#[cfg(feature = "files")]
fn look_at(look: Look<'_>, sources: &mut Sources) -> Result<bool, Vec<Diagnostic>> {
    let Look { format, files, path, each } = look;
    let mut findings = Vec::new();
    let mut inspection = adapters_files::Inspection::open(format, files, sources, &mut findings, path)?;
    let mut good = true;
    while let Some(record) = inspection.next() {
        let record = record.map_err(|why| vec![Diagnostic::new("E091", None, why)])?;
        good &= record.kind.is_ok() && record.problem.is_none();
        good &= record.fields.iter().all(|field| !matches!(field.value, Some(Err(_))));
        let mut line = json!({
            "record": record.number,
            "offset": record.offset,
            "length": record.length,
            "type": record.kind.as_deref().ok(),
            "fields": record.fields.iter().map(field_json).collect::<Vec<_>>(),
        });
        if let Some(why) = record.kind.err().or(record.problem) {
            line["error"] = why.into();
        }
        if !each(line, inspection.bytes_read(), inspection.bytes()) {
            break;
        }
    }
    Ok(good)
}

/// A field as people look at it: its value as text, or null with the reason under `error`.
pub(crate) fn field_json(field: &SeenField) -> Value {
    let (value, error) = match &field.value {
        Some(Ok(value)) => (Value::from(value.as_str()), None),
        Some(Err(why)) => (Value::Null, Some(why.as_str())),
        None => (Value::Null, None),
    };
    let mut seen = json!({ "field": field.path, "value": value, "offset": field.offset, "hex": field.hex });
    if let Some(error) = error {
        seen["error"] = error.into();
    }
    seen
}

/// What a file of records probably is.
#[derive(Debug, Clone)]
pub struct Guess {
    /// What is proposed, as a mapping writes it.
    pub proposal: String,
    /// How likely it is, 0 to 100: a rank, no probability.
    pub confidence: u8,
    /// What speaks for it.
    pub evidence: String,
}

/// Guesses what a file of records is, from its beginning; `None` where this program has no adapter for it.
pub fn guess(bytes: &[u8]) -> Option<Vec<Guess>> {
    #[cfg(feature = "files")]
    {
        use adapters_files::Proposal;
        let found = adapters_files::guess(bytes);
        let guess = |guess: adapters_files::Guess| {
            let proposal = match guess.proposal {
                Proposal::Framing(framing) => format!("framing: {framing}"),
                Proposal::Length(length) => format!("framing: fixed, length: {length}"),
                Proposal::Encoding(encoding) => format!("encoding: {encoding}"),
            };
            Guess { proposal, confidence: guess.confidence, evidence: guess.evidence }
        };
        Some(found.framing.into_iter().chain(found.encoding).map(guess).collect())
    }
    #[cfg(not(feature = "files"))]
    {
        let _ = bytes;
        None
    }
}

/// Returns a first mapping of a copybook; `None` where this program has no adapter for it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn import_copybook(
    text: &str,
    file: FileId,
    place: &str,
    connection: &str,
) -> Option<Result<String, Vec<Diagnostic>>> {
    #[cfg(feature = "files")]
    return Some(adapters_files::import_copybook(text, file, place, connection));
    #[cfg(not(feature = "files"))]
    {
        let _ = (text, file, place, connection);
        None
    }
}

/// The catalog of a database as it is now.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The file in which the project has it, relative to its folder.
    pub path: String,
    /// What belongs into it.
    pub text: String,
    /// How it differs from what is there; `None` where there is nothing that can be read.
    pub changes: Option<Vec<Change>>,
}

/// One thing that has changed since the last catalog.
#[derive(Debug, Clone)]
pub struct Change {
    /// The table or procedure, as a mapping names it.
    pub owner: String,
    /// The column or parameter.
    pub member: Option<String>,
    /// What happened to it, in words.
    pub what: String,
}

/// Asks a database for its catalog; `None` where a connection of this kind has none.
///
/// # Errors
/// The configuration is wrong, or the database cannot be asked.
pub fn snapshot(
    kind: &str,
    settings: &Settings<'_>,
    files: &dyn Files,
    tables: &[String],
) -> Option<Result<Taken, AdapterError>> {
    #[cfg(any(feature = "odbc", feature = "jdbc"))]
    if matches!(kind, "odbc" | "jdbc") && adapter(kind).is_some() {
        return Some(adapters_sql::snapshot_of(kind, settings, files, tables).map(taken));
    }
    let _ = (kind, settings, files, tables);
    None
}

#[cfg(any(feature = "odbc", feature = "jdbc"))]
fn taken(taken: adapters_sql::Taken) -> Taken {
    use adapters_sql::ChangeKind;
    let change = |change: adapters_sql::Change| {
        let what = match change.kind {
            ChangeKind::Added(what) => format!("added, {what}"),
            ChangeKind::Removed(what) => format!("removed, was {what}"),
            ChangeKind::Changed { from, to } => format!("{from} became {to}"),
        };
        Change { owner: change.owner, member: change.member, what }
    };
    let changes = taken.old.map(|old| old.diff(&taken.snapshot).into_iter().map(change).collect());
    Taken { path: taken.path, text: taken.snapshot.write(), changes }
}

/// Returns the types of connections that the language knows, served here or not, with their ports.
pub fn kinds() -> [Kind<'static>; 10] {
    const BACKEND: &[&str] = &["backend"];
    const STREAM: &[&str] = &["source", "sink"];
    let kind = |name, ports| Kind { name, ports };
    [
        kind("soap", BACKEND),
        kind("http", BACKEND),
        kind("odbc", BACKEND),
        kind("jdbc", BACKEND),
        kind("files", STREAM),
        kind("mqtt", STREAM),
        kind("kafka", STREAM),
        kind("amqp", STREAM),
        kind("amqp1", STREAM),
        kind("log", STREAM),
    ]
}
