//! The visible list of adapters.
//!
//! **Invariant.** Each stands behind a feature of its own name, and nothing else in the gateway names one.

use adapters_ports::{Adapter, AdapterError, Connection, Files, Settings};
use engine::lang::Kind;
use std::path::PathBuf;
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
