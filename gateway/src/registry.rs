//! The visible list of adapters.
//!
//! **Invariant.** Each stands behind a feature of its own name, and nothing else in the gateway names one.

use adapters_ports::{Adapter, Connection, Files};
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
