//! The adapters of databases as subjects of the suite: a catalog, and a fake behind a worker that only relays.

use crate::relay;
use crate::script::{self, Pace, Peered};
use adapters_ports::{Adapter, BoxFuture, Files, Settings};
use adapters_sql_protocol::{
    BatchWriter, ColumnInfo, Fault, Framed, FromWorker, HEADER_BYTES, Phase, ToWorker, Value, ValueKind,
    write_frame,
};
use contracts::adapter::{Ask, Asked, Callee, Fake, Keeper, Limit, Manner, POISON, SECRET, Subject, Tables};
use kernel::{
    Catalogue, Comparison, Datum, Delete, Entry, FileId, From, Insert, Node, NodeKind, Order, Own, PartId,
    Predicate, Query, Select, Sources, Span, Style, Text, Update,
};
use std::time::Duration;

const CATALOG: &str = r#"{ "tables": { "ERP.CUST": { "key": ["ID"], "columns": {
    "ID": "DECIMAL(7,0)", "NAME": "VARCHAR(40)", "CODE": "CHAR(3)", "CREDIT": "DECIMAL(11,2)", "SINCE": "DATE",
    "PHOTO": "VARBINARY(8)", "NOTE": "VARCHAR(200)" } } },
  "procedures": { "ERP.BLOCK": {
    "parameters": { "P_ID": "IN DECIMAL(7,0)", "P_WHY": "INOUT VARCHAR(40)", "P_RC": "OUT CHAR(2)" },
    "results": [ { "columns": { "ID": "DECIMAL(7,0)", "NAME": "VARCHAR(40)" } } ] } } }"#;

/// Which column of the table is which.
const ID: usize = 0;
const NAME: usize = 1;
const CODE: usize = 2;
const NOTE: usize = 6;

/// The subject.
#[derive(Debug)]
pub(crate) struct Sql {
    adapter: &'static dyn Adapter,
}

#[derive(Debug)]
struct Catalog;

impl Files for Catalog {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "erp.json" => Ok(CATALOG.as_bytes().to_vec()),
            _ => Err("it does not exist".into()),
        }
    }
}

impl Sql {
    pub(crate) fn new(adapter: &'static dyn Adapter) -> Self {
        Self { adapter }
    }

    fn is_jdbc(&self) -> bool {
        self.adapter.kind() == "jdbc"
    }

    fn url(&self, address: impl std::fmt::Display) -> String {
        if self.is_jdbc() {
            format!("jdbc:relay://{address}")
        } else {
            format!("Driver=Relay;Server={address}")
        }
    }
}

impl Subject for Sql {
    fn adapter(&self) -> &dyn Adapter {
        self.adapter
    }

    fn files(&self) -> &dyn Files {
        &Catalog
    }

    fn settings(&self, address: &str) -> Vec<(&'static str, String)> {
        let program = relay::program(self.is_jdbc()).display().to_string();
        let mut settings = vec![
            ("url", address.to_owned()),
            ("catalog", "erp.json".to_owned()),
            ("auth.user", "seawall".to_owned()),
            ("auth.password", SECRET.to_owned()),
        ];
        if self.is_jdbc() {
            settings.extend([("java", program), ("driver", "relay.jar".to_owned())]);
        } else {
            settings.push(("worker", program));
        }
        settings
    }

    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        let mut mistakes = vec![
            ("catalog", "nowhere.json"),
            ("auth.type", "wsse"),
            ("pool.max", "0"),
            ("pool.idle", "soon"),
            ("login", "5"),
            ("readOnly", "perhaps"),
            ("properties", "none"),
            ("charset", "klingon"),
            ("fetch.rows", "0"),
            ("fetch.bytes", "1GiB"),
            ("limits.text", "ten"),
        ];
        if self.is_jdbc() {
            mistakes.push(("url", "postgresql://erp"));
        }
        mistakes
    }

    fn nowhere(&self) -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        self.url(listener.local_addr().unwrap())
    }

    fn callee(&self) -> Option<&dyn Callee> {
        Some(self)
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        None
    }
}

impl Callee for Sql {
    fn limit(&self) -> Limit {
        Limit::None("rows are told while they come, and the bytes of a value are the worker's to count")
    }

    fn request(&self) -> (&'static str, Vec<u8>) {
        ("ERP.BLOCK", br#"{ "P_ID": "4711", "P_WHY": "won't pay" }"#.to_vec())
    }

    fn part(&self) -> (&'static str, Vec<u8>) {
        let row = r#"{ "ID": "4711", "NAME": "O'Brien", "CODE": "007", "CREDIT": "12.50", "SINCE": "2026-06-01",
            "PHOTO": "00ff", "NOTE": "ä \"1\"" }"#;
        ("ERP.CUST", row.as_bytes().to_vec())
    }

    fn poisoned(&self, ask: Ask) -> Vec<Vec<u8>> {
        let faults = [Phase::Before, Phase::Within, Phase::Gone].into_iter().flat_map(|phase| {
            [POISON, "23505"].map(|sqlstate| {
                let (sqlstate, message) = (sqlstate.to_owned(), format!("duplicate {POISON}"));
                frame(&FromWorker::Fault(Fault { sqlstate, native: -803, message, phase }))
            })
        });
        let faults: Vec<Vec<u8>> = faults.collect();
        let rows = [columns(&["ID", "NAME"]), rows(&[["1", "A"], ["2", "B"]])].concat();
        let behind_rows: Vec<Vec<u8>> = faults.iter().map(|fault| [&*rows, fault].concat()).collect();
        let unknown = |kind| {
            let mut out = Vec::new();
            write_frame(&mut out, kind, |out| out.extend_from_slice(POISON.as_bytes()));
            out
        };
        let opened = FromWorker::Opened { product: POISON.into(), version: "".into(), driver: "".into() };
        let out = |values: &[&str]| {
            frame(&FromWorker::Out(values.iter().map(|value| Some((*value).to_owned())).collect()))
        };
        let mut poisoned = faults;
        poisoned.extend(behind_rows);
        poisoned.extend([unknown(0x44), unknown(0x84), unknown(0x85), unknown(0x8F), frame(&opened)]);
        poisoned.push([rows.clone(), unknown(0x84)].concat());
        poisoned.push([columns(&[POISON, "NAME"]), out(&["", ""]), done(None)].concat());
        poisoned.push(format!("{POISON} is no frame at all").into_bytes());
        if ask == Ask::Operation {
            poisoned.push([rows, out(&[POISON]), done(None)].concat());
        }
        poisoned
    }

    fn start(&self, manner: Manner, ask: Ask) -> BoxFuture<'_, Box<dyn Fake>> {
        let rows = [columns(&["ID", "NAME"]), rows(&[["1", "O'Brien"], ["2", "Ü"]]), rows(&[["3", "C"]])];
        let values = FromWorker::Out(vec![Some("won't pay".into()), Some("00".into())]);
        let answer = match ask {
            Ask::Operation => [rows.concat(), frame(&values), done(None)].concat(),
            Ask::Reading => [rows.concat(), done(None)].concat(),
        };
        let script =
            script::of(manner, &answer, b"HTTP/1.1 200 OK\r\n\r\n<html>", Pace { pieces: 5, crawl: 1 });
        Box::pin(async move { Peered::start(is_whole, script, |at| self.url(at)).await })
    }

    fn patience(&self) -> Duration {
        // A process is started first.
        Duration::from_secs(2)
    }

    fn tables(&self) -> Option<&dyn Tables> {
        Some(self)
    }
}

impl Tables for Sql {
    fn reading(&self, catalogue: &Catalogue) -> Query {
        select(catalogue, From::Table, Predicate::everything())
    }

    fn queries(&self, catalogue: &Catalogue, value: &str) -> Vec<Asked> {
        let rows = [columns(&["ID", "NAME"]), rows(&[["1", "A"]]), done(None)].concat();
        let reading = |query| Asked { query, answer: rows.clone(), affected: None };
        let changing = |query| Asked { query, answer: done(Some(1)), affected: Some(1) };
        let (table, column) = table(catalogue);
        let text = || Datum::Text(value.into());
        let set = || vec![(column[NAME], text())];
        let own = |sql: &str| Own { text: sql.into(), values: vec![("name".into(), text())] };
        let mut queries: Vec<Asked> = filters(&column, value)
            .into_iter()
            .map(|filter| reading(select(catalogue, From::Table, filter)))
            .collect();
        let from = From::Own(own("SELECT ID, NAME FROM ERP.CUST WHERE NAME = :name"));
        queries.push(reading(select(catalogue, from, Predicate::everything())));
        let same = Predicate::Same { column: column[NOTE], value: text() };
        let id = (column[ID], Datum::Text("1".into()));
        let values = vec![id, (column[NAME], text())];
        queries.extend([
            changing(Query::Insert(Insert { table, values, returning: Vec::new() })),
            changing(Query::Update(Update { table, set: set(), filter: same.clone() })),
            changing(Query::Delete(Delete { table, filter: same })),
            changing(Query::Run(own("UPDATE ERP.CUST SET NAME = :name WHERE ID = 1"))),
        ]);
        queries
    }

    fn misfits(&self, catalogue: &Catalogue, value: &str) -> Vec<Query> {
        let (table, column) = table(catalogue);
        let insert = |part: PartId, text: String| {
            let values = vec![(part, Datum::Text(text.into()))];
            Query::Insert(Insert { table, values, returning: Vec::new() })
        };
        vec![
            insert(column[ID], value.to_owned()),
            insert(column[CODE], value.to_owned()),
            insert(column[NAME], value.repeat(20)),
            insert(column[4], value.to_owned()),
        ]
    }

    fn statement(&self, received: &[u8]) -> (String, Vec<String>) {
        let ToWorker::Execute(execute) = ToWorker::decode(received[4], &received[HEADER_BYTES..]).unwrap()
        else {
            panic!("the fake got something else")
        };
        let values = execute.parameters.iter().map(|parameter| match &parameter.value {
            Value::Text(text) => text.to_string(),
            other => format!("{other:?}"),
        });
        (execute.sql.clone(), values.collect())
    }
}

/// Returns whether workers of the JDBC adapter can be started at all: it is built with its bridge where there is a JDK.
pub(crate) fn has_bridge(subject: &dyn Subject) -> bool {
    let entry = |(key, value): (&str, String)| Entry {
        key: key.to_owned(),
        key_span: Span::new(FileId(0), 0, 0),
        value: Node {
            span: Span::new(FileId(0), 0, 0),
            kind: NodeKind::Text(Text { value, style: Style::Plain }),
        },
    };
    let mut entries: Vec<Entry> = subject
        .settings(&subject.nowhere())
        .into_iter()
        .filter(|(key, _)| !key.contains('.'))
        .map(entry)
        .collect();
    entries.push(entry(("readOnly", "true".to_owned())));
    let node = Node { span: Span::new(FileId(0), 0, 0), kind: NodeKind::Map(entries) };
    let settings = Settings { name: "subject", node: &node, offline: false };
    let (mut sources, mut findings) = (Sources::default(), Vec::new());
    sources.add("suite.yaml", " ");
    subject.adapter().open(&settings, subject.files(), &mut sources, &mut findings).unwrap();
    !findings.iter().any(|finding| finding.message.contains("without a JDK"))
}

fn table(catalogue: &Catalogue) -> (PartId, Vec<PartId>) {
    let (table, shape) = (catalogue.tables[0].part, &catalogue.shape);
    (table, shape.group(shape.part(table).ty).unwrap().parts.clone())
}

fn select(catalogue: &Catalogue, from: From, filter: Predicate) -> Query {
    let (table, column) = table(catalogue);
    let order = vec![Order { column: column[ID], descending: false }];
    Query::Select(Select { table, from, columns: column[..2].to_vec(), filter, order, limit: Some(51) })
}

fn filters(column: &[PartId], value: &str) -> Vec<Predicate> {
    let (name, text) = (column[NAME], || Datum::Text(value.into()));
    let compare = |op, fold| Predicate::Compare { column: name, op, value: text(), fold };
    let like = |anywhere| Predicate::Like { column: name, text: value.into(), anywhere, fold: false };
    vec![
        compare(Comparison::Equal, false),
        compare(Comparison::Less, false),
        Predicate::In { column: name, values: vec![text(), Datum::Text("A".into())], fold: false },
        like(false),
        like(true),
        Predicate::Same { column: column[NOTE], value: text() },
        Predicate::Any(vec![
            Predicate::Null { column: column[NOTE], is: true },
            Predicate::All(vec![compare(Comparison::GreaterOrEqual, false), like(true)]),
        ]),
    ]
}

fn is_whole(bytes: &[u8]) -> bool {
    matches!(Framed::peek(bytes), Ok(Some(framed)) if bytes.len() >= HEADER_BYTES + framed.payload_bytes)
}

fn frame(frame: &FromWorker<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    frame.encode(&mut out);
    out
}

fn done(affected: Option<u64>) -> Vec<u8> {
    frame(&FromWorker::Done { affected })
}

fn columns(names: &[&str]) -> Vec<u8> {
    let column = |name: &&str| {
        let (name, kind) = ((*name).to_owned(), ValueKind::Text);
        ColumnInfo { name, kind, precision: 0, scale: 0, nullable: true }
    };
    frame(&FromWorker::Columns(names.iter().map(column).collect()))
}

fn rows(rows: &[[&str; 2]]) -> Vec<u8> {
    let mut out = Vec::new();
    BatchWriter::write(&mut out, rows.len(), |batch| {
        for column in 0..2 {
            batch.texts(rows.iter().map(|row| Some(row[column].as_bytes())));
        }
    });
    out
}
