//! The adapters for databases by ODBC and by JDBC, and a connection of either.
//!
//! **Invariant.** Opening a connection reads the project's files and nothing else; a worker is started by the first call.

use crate::catalog::Snapshot;
use crate::config::{self, Config, Way};
use crate::schema::Schema;
use adapters_ports::{Adapter, AdapterError, Backend, Connection, Files, KeyDoc, Opened, Settings, Wire};
use kernel::{Diagnostic, Document, Error, OperationId, PartId, Sources};
use std::sync::Arc;

/// Connections to databases by ODBC.
#[derive(Debug, Clone, Copy, Default)]
pub struct Odbc;

/// Connections to databases by JDBC.
#[derive(Debug, Clone, Copy, Default)]
pub struct Jdbc;

impl Adapter for Odbc {
    fn kind(&self) -> &'static str {
        "odbc"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::ODBC_KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        _findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        open(Way::Odbc, settings, files, sources)
    }
}

impl Adapter for Jdbc {
    fn kind(&self) -> &'static str {
        "jdbc"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::JDBC_KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        sources: &mut Sources,
        _findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        open(Way::Jdbc, settings, files, sources)
    }
}

fn open(
    way: Way,
    settings: &Settings<'_>,
    files: &dyn Files,
    sources: &mut Sources,
) -> Result<Opened, AdapterError> {
    let mut config = config::read(way, settings).map_err(AdapterError)?;
    config.root = files.root().map(std::path::Path::to_owned);
    let snapshot = read_snapshot(&config, files, sources).map_err(AdapterError)?;
    let schema = Arc::new(Schema::new(snapshot));
    let catalogue = Arc::clone(&schema.catalogue);
    let connection = SqlConnection { schema, config: Arc::new(config) };
    Ok(Opened { catalogue, connection: Arc::new(connection) })
}

fn read_snapshot(
    config: &Config,
    files: &dyn Files,
    sources: &mut Sources,
) -> Result<Snapshot, Vec<Diagnostic>> {
    let unreadable = |reason: String| {
        let message = format!("the catalog `{}` cannot be read: {reason}", config.catalog);
        let hint = format!("write it from the database: seawall snapshot {}", config.name);
        vec![Diagnostic::new("E091", config.catalog_span, message).hint(hint)]
    };
    let bytes = files.read(&config.catalog).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let file = sources.add(config.catalog.as_str(), text.as_str());
    Snapshot::parse(&text, file)
}

/// A connection to a database.
#[derive(Debug)]
struct SqlConnection {
    schema: Arc<Schema>,
    config: Arc<Config>,
}

impl Connection for SqlConnection {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        let _ = (operation, content, &self.schema, &self.config);
        Err(Error::new(kernel::Class::Defect, kernel::Cause::Internal, "not yet"))
    }

    fn encode_part(&self, part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        let _ = (part, content);
        Err(Error::new(kernel::Class::Defect, kernel::Cause::Internal, "not yet"))
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        let _ = (part, wire);
        Err("not yet".into())
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        let _ = (expected, found);
        Err("not yet".into())
    }

    fn backend(&self) -> Option<&dyn Backend> {
        None
    }
}
