//! The adapters for databases by ODBC and by JDBC, and a connection of either.
//!
//! **Invariant.** Opening a connection reads the project's files and nothing else; a worker is started by the first call.

use crate::backend::{self, SqlBackend};
use crate::call::Call;
use crate::catalog::Snapshot;
use crate::config::{self, Config, Way};
use crate::fault;
use crate::generate::{self, Maker};
use crate::schema::Schema;
use crate::statement::Statements;
use crate::testdata;
use adapters_ports::{Adapter, AdapterError, Backend, Connection, Files, KeyDoc, Opened, Settings, Wire};
use kernel::{
    Diagnostic, Document, Error, OperationId, PartId, Query, Sources, Span, Statement, StatementError,
};
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
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        open(Way::Odbc, settings, files, sources, findings)
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
        findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        open(Way::Jdbc, settings, files, sources, findings)
    }
}

fn open(
    way: Way,
    settings: &Settings<'_>,
    files: &dyn Files,
    sources: &mut Sources,
    findings: &mut Vec<Diagnostic>,
) -> Result<Opened, AdapterError> {
    let mut config = match config::read(way, settings) {
        Ok(config) => config,
        Err(mut wrong) => {
            wrong.extend(mistakes_of_catalog(settings, files, sources));
            return Err(AdapterError(wrong));
        }
    };
    config.root = files.root().map(std::path::Path::to_owned);
    let span = settings
        .node
        .at("driver")
        .or_else(|| settings.node.at("type"))
        .map_or(settings.node.span, |it| it.span);
    findings
        .extend(backend::missing(way, &config).into_iter().map(|what| Diagnostic::new("W092", span, what)));
    let (path, at) = (&config.catalog, config.catalog_span);
    let snapshot = read_snapshot(settings.name, path, at, files, sources).map_err(AdapterError)?;
    let schema = Arc::new(Schema::new(snapshot));
    let catalogue = Arc::clone(&schema.catalogue);
    let callable = config.url.is_some() && !config.offline;
    let backend =
        callable.then(|| SqlBackend::new(&config, Arc::clone(&catalogue), schema.dialect(), fault::word));
    let connection = SqlConnection { schema, config, statements: Statements::default(), backend };
    Ok(Opened { catalogue, connection: Arc::new(connection) })
}

/// Returns what is wrong with the catalog, where the rest is wrong already.
fn mistakes_of_catalog(settings: &Settings<'_>, files: &dyn Files, sources: &mut Sources) -> Vec<Diagnostic> {
    let catalog = settings.node.at("catalog").and_then(|node| Some((node.text()?, node.span)));
    let Some((path, span)) = catalog.filter(|(path, _)| !path.is_empty()) else { return Vec::new() };
    read_snapshot(settings.name, path, span, files, sources).err().unwrap_or_default()
}

fn read_snapshot(
    name: &str,
    path: &str,
    span: Span,
    files: &dyn Files,
    sources: &mut Sources,
) -> Result<Snapshot, Vec<Diagnostic>> {
    let unreadable = |reason: String| {
        let message = format!("the catalog `{path}` cannot be read: {reason}");
        let hint = format!("write it from the database: seawall snapshot {name} --write");
        vec![Diagnostic::new("E091", span, message).hint(hint)]
    };
    let bytes = files.read(path).map_err(unreadable)?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("it is not UTF-8".to_owned()))?;
    let file = sources.add(path, text.as_str());
    Snapshot::parse(&text, file)
}

/// A connection to a database.
#[derive(Debug)]
struct SqlConnection {
    schema: Arc<Schema>,
    config: Config,
    statements: Statements,
    /// Nothing, where the address is not known or nothing will be called.
    backend: Option<SqlBackend>,
}

impl SqlConnection {
    fn maker(&self) -> Maker<'_> {
        Maker {
            schema: &self.schema,
            statements: &self.statements,
            way: self.config.way,
            charset: self.config.charset,
            read_only: self.config.read_only,
        }
    }
}

impl Connection for SqlConnection {
    fn encode(&self, operation: OperationId, content: &mut dyn Document) -> Result<Wire, Error> {
        let sent = generate::request_parts(content)?;
        let call = generate::call(self.maker(), operation.0, &sent)?;
        Ok(call.encode().into())
    }

    fn encode_part(&self, _part: PartId, content: &mut dyn Document) -> Result<Wire, Error> {
        testdata::encode(self.schema.shape(), content).map(Wire::from)
    }

    fn decode_part(&self, part: PartId, wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        Ok(Box::new(testdata::decode(self.schema.shape(), part, wire)?))
    }

    fn difference(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        match (Call::decode(expected), Call::decode(found)) {
            (Some(expected), Some(found)) => Ok(self.differ(&expected, &found)),
            _ => testdata::difference(expected, found),
        }
    }

    fn query(&self, query: &Query) -> Result<Wire, Error> {
        Ok(generate::generate(self.maker(), query)?.encode().into())
    }

    fn shown(&self, wire: &[u8]) -> Option<String> {
        let dialect = self.schema.dialect();
        Some(Call::decode(wire)?.shown(|parameter| generate::literal(dialect, parameter)))
    }

    fn statement(&self, text: &str) -> Result<Statement, Vec<StatementError>> {
        let statement = self.statements.read(&self.schema, text)?;
        if self.config.read_only && statement.writes {
            let message = "the connection is read-only, and this writes".to_owned();
            let hint = Some("take `readOnly: true` away from the connection".to_owned());
            return Err(vec![StatementError { range: 0..text.len(), message, hint }]);
        }
        Ok(statement.statement())
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.backend.as_ref().map(|backend| backend as _)
    }
}

impl SqlConnection {
    fn differ(&self, expected: &Call, found: &Call) -> Option<String> {
        let shown = |call: &Call| call.shown(|parameter| generate::literal(self.schema.dialect(), parameter));
        let (expected, found) = (shown(expected), shown(found));
        (expected != found).then(|| format!("expected `{expected}`, found `{found}`"))
    }
}

#[cfg(test)]
mod tests;
