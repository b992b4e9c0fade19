//! Tables in memory that answer queries, behave as a test wants, and remember what they were asked.
//!
//! **Invariant.** Queries are understood as `kernel::Query` says; no text of any dialect occurs here.

mod answer;
mod rows;

use answer::Told;
pub(super) use rows::{Row, Rows, row};

use crate::auth::Auth;
use crate::problem::Types;
use crate::service::{Parts, Service};
use crate::store::{Sqlite, Store};
use adapters_ports::{Backend, BoxFuture, CallContext, Connection, FaultReply, Reply, Request, Wire};
use engine::lang;
use engine::plan::compile::{Environment, compile};
use engine::program::{Ambient, Program};
use kernel::{
    Catalogue, Cause, Class, Document, Error, Group, Name, Occurs, OperationId, Part, PartId, PartKind,
    Query, ScalarType, ShapeBuilder, Sources, Table, TextType, Type, TypeKind,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A table of a catalogue: its name, its key, and its columns with their types.
pub(super) struct Declared {
    pub schema: &'static str,
    pub name: &'static str,
    pub key: &'static [&'static str],
    pub generated: &'static [&'static str],
    pub columns: &'static [(&'static str, Column)],
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    /// `DECIMAL(p, s) NOT NULL`.
    Number(u16, u16),
    /// `CHAR(n) NOT NULL`.
    Text(u32),
    /// The same, and it may be NULL.
    MaybeText(u32),
}

/// The database.
#[derive(Debug)]
pub(super) struct Database {
    catalogue: Arc<Catalogue>,
    encoded: Mutex<Vec<Query>>,
    asked: Mutex<Vec<Query>>,
    state: Mutex<State>,
    /// Answers that somebody still holds.
    open: Arc<AtomicUsize>,
    /// Rows that were told.
    told: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct State {
    rows: Rows,
    mood: Mood,
    /// What others do just before each of the next writes.
    meanwhile: Vec<fn(&mut Rows)>,
    /// Rows that arrive at once, and how long each such batch takes.
    batch: (usize, Duration),
    /// The connection breaks after so many rows.
    breaks_after: Option<usize>,
}

/// How it behaves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mood {
    /// It answers.
    Answer,
    /// It answers after a while.
    Slow(Duration),
    /// The call fails.
    Error(Class, Cause),
    /// It refuses every write, in one word and by an SQLSTATE.
    Refuses(&'static str, &'static str),
}

impl Database {
    /// Returns the queries that it was asked.
    pub(super) fn asked(&self) -> Vec<Query> {
        self.asked.lock().unwrap().clone()
    }

    /// Returns what it offers.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Returns how many statements of each kind it was asked: selects, inserts, updates, deletes.
    pub(super) fn counts(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        for query in self.asked() {
            match query {
                Query::Select(_) => counts[0] += 1,
                Query::Insert(_) => counts[1] += 1,
                Query::Update(_) => counts[2] += 1,
                Query::Delete(_) => counts[3] += 1,
                Query::Run(_) | Query::Horizon => {}
            }
        }
        counts
    }

    pub(super) fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Lets others do something just before the next write.
    pub(super) fn meanwhile(&self, does: fn(&mut Rows)) {
        self.state.lock().unwrap().meanwhile.push(does);
    }

    pub(super) fn batches(&self, rows: usize, pause: Duration) {
        self.state.lock().unwrap().batch = (rows, pause);
    }

    pub(super) fn breaks_after(&self, rows: usize) {
        self.state.lock().unwrap().breaks_after = Some(rows);
    }

    /// Returns how many answers somebody still holds, and how many rows were told in all.
    pub(super) fn reading(&self) -> (usize, usize) {
        (self.open.load(Ordering::SeqCst), self.told.load(Ordering::SeqCst))
    }

    /// Does something with the rows.
    pub(super) fn rows<T>(&self, does: impl FnOnce(&mut Rows) -> T) -> T {
        does(&mut self.state.lock().unwrap().rows)
    }

    async fn answer(&self, request: &Request) -> Result<Reply, Error> {
        assert_eq!(request.operation, OperationId::QUERY);
        let number: usize = std::str::from_utf8(&request.body).unwrap().parse().unwrap();
        let query = self.encoded.lock().unwrap()[number].clone();
        self.asked.lock().unwrap().push(query.clone());
        let mood = self.state.lock().unwrap().mood;
        let writes = !matches!(query, Query::Select(_) | Query::Horizon);
        match mood {
            Mood::Answer => {}
            Mood::Slow(pause) => tokio::time::sleep(pause).await,
            Mood::Error(class, cause) => return Err(Error::new(class, cause, "as the test wants it")),
            Mood::Refuses(error, sqlstate) if writes => return Ok(fault(error, sqlstate)),
            Mood::Refuses(..) => {}
        }
        let mut state = self.state.lock().unwrap();
        if writes && !state.meanwhile.is_empty() {
            state.meanwhile.remove(0)(&mut state.rows);
        }
        let (batch, pause) = state.batch;
        let breaks_after = state.breaks_after;
        let result = match state.rows.run(&self.catalogue, &query) {
            Ok(result) => result,
            Err((error, sqlstate)) => return Ok(fault(error, sqlstate)),
        };
        let told = Told::new(result, batch, pause, breaks_after, (&self.open, &self.told));
        Ok(Reply::Answer(Box::new(told)))
    }
}

fn fault(error: &'static str, sqlstate: &str) -> Reply {
    Reply::Fault(FaultReply {
        code: sqlstate.into(),
        text: "poisoned text of the database".into(),
        sqlstate: Some(sqlstate.into()),
        error: Some(error),
        ..FaultReply::default()
    })
}

impl Connection for Database {
    fn encode(&self, _operation: OperationId, _content: &mut dyn Document) -> Result<Wire, Error> {
        Err(Error::new(Class::Defect, Cause::Internal, "the double has no procedures"))
    }

    fn encode_part(&self, _part: PartId, _content: &mut dyn Document) -> Result<Wire, Error> {
        Err(Error::new(Class::Defect, Cause::Internal, "the double has no wire form"))
    }

    fn decode_part(&self, _part: PartId, _wire: &[u8]) -> Result<Box<dyn Document + Send>, String> {
        Err("the double has no wire form".into())
    }

    fn difference(&self, _expected: &[u8], _found: &[u8]) -> Result<Option<String>, String> {
        Err("the double has no wire form".into())
    }

    /// The number of the query stands for it on the wire.
    fn query(&self, query: &Query) -> Result<Wire, Error> {
        let mut encoded = self.encoded.lock().unwrap();
        encoded.push(query.clone());
        Ok((encoded.len() - 1).to_string().into())
    }

    fn shown(&self, wire: &[u8]) -> Option<String> {
        let number: usize = std::str::from_utf8(wire).unwrap().parse().unwrap();
        Some(format!("{:?}", self.encoded.lock().unwrap()[number]))
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self)
    }
}

impl Backend for Database {
    fn call<'a>(&'a self, cx: &'a CallContext, request: &'a Request) -> BoxFuture<'a, Result<Reply, Error>> {
        cx.sent.mark();
        Box::pin(self.answer(request))
    }
}

/// Returns the catalogue of tables.
fn catalogue(tables: &[Declared]) -> Catalogue {
    let mut build = ShapeBuilder::new();
    let tables = tables.iter().map(|declared| table(&mut build, declared)).collect();
    Catalogue { shape: Arc::new(build.finish()), tables, ..Catalogue::default() }
}

fn table(build: &mut ShapeBuilder, declared: &Declared) -> Table {
    let group =
        |parts| Type { name: None, kind: TypeKind::Group(Group { parts, ..Group::default() }), span: None };
    let columns: Vec<PartId> =
        declared.columns.iter().map(|(name, column)| self::column(build, name, *column)).collect();
    let ty = build.add_type(group(columns.clone()));
    let name = Name { space: Some(declared.schema.into()), local: declared.name.into() };
    let part = build.add_part(Part { occurs: Occurs::ANY, ..Part::new(name, PartKind::Element, ty) });
    build.add_global(part);
    let rows = build.add_type(group(vec![part]));
    let find = |names: &[&str]| -> Vec<PartId> {
        names
            .iter()
            .map(|name| columns[declared.columns.iter().position(|(known, _)| known == name).unwrap()])
            .collect()
    };
    let (key, generated) = (find(declared.key), find(declared.generated));
    Table { part, rows, key, generated, read_only: false }
}

fn column(build: &mut ShapeBuilder, name: &str, column: Column) -> PartId {
    let nullable = matches!(column, Column::MaybeText(_));
    let scalar = match column {
        Column::Number(digits, scale) => {
            ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned: false }
        }
        Column::Text(length) | Column::MaybeText(length) => {
            ScalarType::Text(TextType { length_max: Some(length), ..TextType::default() })
        }
    };
    let ty = build.add_scalar(scalar);
    let mut part = Part::new(Name::local(name), PartKind::Field, ty);
    if nullable {
        part.nillable = true;
        part.occurs = Occurs::OPTIONAL;
    }
    build.add_part(part)
}

/// Returns the service of a mapping over tables, and its database. The connection is called `erp`.
pub(super) fn service(mapping: &str, tables: &[Declared], rows: Rows) -> (Arc<Service>, Arc<Database>) {
    let catalogue = Arc::new(catalogue(tables));
    let database = Arc::new(Database {
        catalogue: Arc::clone(&catalogue),
        encoded: Mutex::default(),
        asked: Mutex::default(),
        state: Mutex::new(State {
            rows,
            mood: Mood::Answer,
            meanwhile: Vec::new(),
            batch: (100, Duration::ZERO),
            breaks_after: None,
        }),
        open: Arc::default(),
        told: Arc::default(),
    });
    let program = compiled(mapping, catalogue);
    let store = Sqlite::open(Path::new(":memory:")).unwrap();
    let connections = program
        .connections
        .iter()
        .map(|plan| (&*plan.name == "erp").then(|| Arc::clone(&database) as Arc<dyn Connection>));
    let service = Service::new(Parts {
        connections: connections.collect(),
        program: Arc::clone(&program),
        auth: Auth::none(),
        types: Types::new(""),
        store: Some(Arc::new(store) as Arc<dyn Store>),
        clock: Arc::new(|_, zone| Ambient::at(Ambient::for_tests().now.at, zone, "test-request".into())),
        openapi: bytes::Bytes::new(),
        signing_key: b"test".to_vec(),
        body_bytes_max: 1 << 20,
    });
    (Arc::new(service.unwrap()), database)
}

/// Compiles a mapping whose only connection is `erp`.
pub(super) fn compiled(mapping: &str, catalogue: Arc<Catalogue>) -> Arc<Program> {
    let mut sources = Sources::default();
    let kinds = crate::registry::kinds();
    let options = lang::Options { overlay: None, variables: None, kinds: &kinds };
    let files = vec![("facade.yaml".to_owned(), mapping.to_owned())];
    let (written, mut found) = lang::load_with(files, &mut sources, &options);
    let mut environment = Environment {
        catalogues: &BTreeMap::from([("erp".to_owned(), catalogue)]),
        failed: &BTreeSet::new(),
        statements: &|_, _| Err(Vec::new()),
        files: &|path| Err(format!("{path}: there is no file")),
        sources: &mut sources,
    };
    let compiled = compile(&written, &mut environment);
    found.extend(compiled.findings);
    let program = compiled.program.filter(|program| program.unsupported.is_empty());
    Arc::new(program.unwrap_or_else(|| panic!("{}", engine::diagnostics::render(&found, &sources))))
}
