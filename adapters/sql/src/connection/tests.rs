//! Connections as the gateway uses them, without a database.

use super::*;
use kernel::{
    Comparison, Datum, Entry, FileId, From, Node, NodeKind, Order, Predicate, Select, Span, Style, Text,
};

const CATALOG: &str = r#"{ "tables": { "L.T": { "key": ["ID"], "columns": {
    "ID": "DECIMAL(7,0)", "NAME": "VARCHAR(100)", "X": "INTERVAL YEAR" } } },
  "procedures": { "L.P": { "parameters": { "A": "IN DECIMAL(7,0)", "B": "INOUT CHAR(5)", "R": "OUT CHAR(2)" } } } }"#;

#[derive(Debug)]
struct Catalog;

impl Files for Catalog {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "c.json" => Ok(CATALOG.as_bytes().to_vec()),
            "pg.json" => Ok(POSTGRESQL.as_bytes().to_vec()),
            "broken.json" => Ok(br#"{ "tabels": {} }"#.to_vec()),
            _ => Err("it does not exist".into()),
        }
    }
}

const POSTGRESQL: &str = r#"{ "dialect": "postgresql", "tables": {}, "procedures": {
    "L.p": { "parameters": { "a": "IN numeric(28,6)", "b": "INOUT int4", "r": "OUT varchar(255)" } },
    "L.f": { "parameters": { "a": "IN numeric" }, "results": [ { "columns": { "x": "int4" } } ] } } }"#;

fn node(entries: &[(&str, &str)]) -> Node {
    let span = Span::new(FileId(0), 0, 0);
    let entry = |(key, value): &(&str, &str)| Entry {
        key: (*key).to_owned(),
        key_span: span,
        value: Node { span, kind: NodeKind::Text(Text { value: (*value).to_owned(), style: Style::Plain }) },
    };
    Node { span, kind: NodeKind::Map(entries.iter().map(entry).collect()) }
}

fn opened(catalog: &str, more: &[(&str, &str)]) -> Result<Opened, AdapterError> {
    let mut entries = vec![("url", "DSN=x"), ("catalog", catalog)];
    entries.extend(more);
    let node = node(&entries);
    let mut sources = Sources::default();
    sources.add("facade.yaml", "");
    Odbc.open(&Settings { name: "erp", node: &node, offline: false }, &Catalog, &mut sources, &mut Vec::new())
}

/// The parts of the table's columns, and its row.
fn parts(opened: &Opened) -> (PartId, Vec<PartId>) {
    let shape = &opened.catalogue.shape;
    let row = opened.catalogue.tables[0].part;
    (row, shape.group(shape.part(row).ty).unwrap().parts.clone())
}

fn select(row: PartId, columns: Vec<PartId>, filter: Predicate) -> Query {
    Query::Select(Select { table: row, from: From::Table, columns, filter, order: Vec::new(), limit: None })
}

#[test]
fn a_query_is_shown_with_its_values_in_place() {
    let opened = opened("c.json", &[]).unwrap();
    let (row, columns) = parts(&opened);
    let compare = Predicate::Compare {
        column: columns[1],
        op: Comparison::Equal,
        value: Datum::Text("O'Brien".into()),
        fold: false,
    };
    let wire = opened.connection.query(&select(row, vec![columns[0], columns[1]], compare)).unwrap();
    let shown = opened.connection.shown(&wire);
    assert_eq!(shown.as_deref(), Some("SELECT ID, NAME FROM L.T WHERE NAME = 'O''Brien'"));
    assert_eq!(opened.connection.shown(b"SELECT 1"), None);
}

#[test]
fn every_string_of_an_attack_stays_a_parameter_in_every_place() {
    let path = std::env::var("SEAWALL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{path}/fixtures/security/sql-parameters.json")) else {
        eprintln!("SKIPPED: the shared fixtures are not there; set SEAWALL_SHARED");
        return;
    };
    let values: serde_json::Value = serde_json::from_str(&text).unwrap();
    let values: Vec<&str> =
        values["values"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(values.len() >= 10);
    let opened = opened("c.json", &[]).unwrap();
    let (row, columns) = parts(&opened);
    let name = columns[1];
    for text in values {
        let value = || Datum::Text(text.into());
        let own = "SELECT ID, NAME FROM L.T WHERE NAME = :n";
        let own = kernel::Own { text: own.into(), values: vec![("n".into(), value())] };
        let with = |filter| select(row, vec![columns[0]], filter);
        let queries = [
            with(Predicate::Compare { column: name, op: Comparison::Equal, value: value(), fold: false }),
            with(Predicate::Compare { column: name, op: Comparison::Less, value: value(), fold: true }),
            with(Predicate::In { column: name, values: vec![value(), value()], fold: false }),
            with(Predicate::Like { column: name, text: text.into(), anywhere: true, fold: false }),
            with(Predicate::Same { column: name, value: value() }),
            Query::Insert(kernel::Insert {
                table: row,
                values: vec![(name, value())],
                returning: Vec::new(),
            }),
            Query::Update(kernel::Update {
                table: row,
                set: vec![(name, value())],
                filter: Predicate::Same { column: name, value: value() },
            }),
            Query::Delete(kernel::Delete {
                table: row,
                filter: Predicate::Compare {
                    column: name,
                    op: Comparison::Equal,
                    value: value(),
                    fold: false,
                },
            }),
            Query::Select(Select {
                table: row,
                from: From::Own(own),
                columns: vec![columns[0]],
                filter: Predicate::everything(),
                order: vec![Order { column: columns[0], descending: false }],
                limit: Some(3),
            }),
        ];
        for query in queries {
            let call = Call::decode(&opened.connection.query(&query).unwrap()).unwrap();
            assert!(!call.execute.sql.contains(text), "{text}: {}", call.execute.sql);
            let harmless = ["DROP", "UNION", "SLEEP", "WAITFOR", "--", "/*", "Brien"];
            assert!(!harmless.iter().any(|part| call.execute.sql.contains(part)), "{}", call.execute.sql);
            assert_eq!(call.marks.len(), call.execute.parameters.len());
            assert_eq!(call.execute.sql.matches('?').count(), call.marks.len());
        }
    }
}

#[test]
fn a_procedure_is_called_with_all_its_parameters() {
    let opened = opened("c.json", &[]).unwrap();
    let request = opened.catalogue.operations[0].request;
    let mut sent = opened.connection.decode_part(request, br#"{ "A": 100234, "B": "X " }"#).unwrap();
    let wire = opened.connection.encode(OperationId(0), &mut *sent).unwrap();
    assert_eq!(opened.connection.shown(&wire).as_deref(), Some("{call L.P(100234, 'X', ?)}"));
    let call = Call::decode(&wire).unwrap();
    assert!(call.execute.call && call.writes);
    let crate::call::Answer::Procedure(outcome) = &call.answer else { panic!("{:?}", call.answer) };
    let names: Vec<&str> = outcome.values.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["B", "R"]);
    let mut long = opened.connection.decode_part(request, br#"{ "A": 123456789 }"#).unwrap();
    let error = opened.connection.encode(OperationId(0), &mut *long).unwrap_err();
    assert_eq!((error.class, error.cause), (kernel::Class::Client, kernel::Cause::Unwritable));
}

#[test]
fn procedures_of_postgresql_are_called_and_functions_selected() {
    let opened = opened("pg.json", &[]).unwrap();
    let check = |number: usize, sent: &str, expected: &str, values: &[&str]| {
        let request = opened.catalogue.operations[number].request;
        let mut sent = opened.connection.decode_part(request, sent.as_bytes()).unwrap();
        let number = OperationId(u32::try_from(number).unwrap());
        let wire = opened.connection.encode(number, &mut *sent).unwrap();
        assert_eq!(opened.connection.shown(&wire).as_deref(), Some(expected));
        let call = Call::decode(&wire).unwrap();
        let crate::call::Answer::Procedure(outcome) = &call.answer else { panic!("{:?}", call.answer) };
        let names: Vec<&str> = outcome.values.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, values);
    };
    let call = r#"CALL "L".p(CAST(1.5 AS numeric), CAST(7 AS int4), NULL)"#;
    check(0, r#"{ "a": 1.5, "b": 7 }"#, call, &["b", "r"]);
    check(1, r#"{ "a": 1.5 }"#, r#"SELECT * FROM "L".f(CAST(1.5 AS numeric))"#, &[]);
}

#[test]
fn what_cannot_be_opened_is_told_with_its_reasons() {
    let check = |catalog: &str, expected: &str| {
        let AdapterError(wrong) = opened(catalog, &[]).unwrap_err();
        assert!(wrong.iter().any(|one| one.message.contains(expected)), "{wrong:?}");
    };
    check("gone.json", "the catalog `gone.json` cannot be read: it does not exist");
    check("broken.json", "a catalog has no key `tabels`");
}

#[test]
fn a_read_only_connection_refuses_to_write() {
    let opened = opened("c.json", &[("readOnly", "true")]).unwrap();
    let (row, columns) = parts(&opened);
    let delete = Query::Delete(kernel::Delete { table: row, filter: Predicate::everything() });
    assert!(opened.connection.query(&delete).unwrap_err().message.contains("read-only"));
    let update = opened.connection.statement("UPDATE L.T SET NAME = 'x'").unwrap_err();
    assert!(update[0].message.contains("read-only"));
    assert!(opened.connection.query(&select(row, vec![columns[0]], Predicate::everything())).is_ok());
}

#[test]
fn a_column_of_a_type_that_is_not_read_cannot_be_asked_for() {
    let opened = opened("c.json", &[]).unwrap();
    let (row, columns) = parts(&opened);
    let error = opened.connection.query(&select(row, vec![columns[2]], Predicate::everything())).unwrap_err();
    assert!(error.message.contains("not supported"), "{error}");
}

/// The statement that `customers` demands in its tests, asked as the engine asks it.
#[test]
fn the_statement_of_the_customers_example_is_made_letter_by_letter() {
    let path = std::env::var("SEAWALL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let read = |file: &str| std::fs::read_to_string(format!("{path}/examples/customers/{file}"));
    let (Ok(catalog), Ok(facade)) = (read("legacy/erp.catalog.json"), read("facade.yaml")) else {
        eprintln!("SKIPPED: the shared examples are not there; set SEAWALL_SHARED");
        return;
    };
    let expected = facade.split("sql: >").nth(1).and_then(|text| text.split("reply:").next()).unwrap();
    let schema = Schema::new(Snapshot::parse(&catalog, FileId(0)).unwrap());
    let row = schema.catalogue.tables[0].part;
    let shape = schema.shape();
    let parts = shape.group(shape.part(row).ty).unwrap().parts.clone();
    let column = |name: &str| *parts.iter().find(|part| &*shape.part(**part).name.local == name).unwrap();
    let compare = |name: &str, op, value: &str| Predicate::Compare {
        column: column(name),
        op,
        value: Datum::Text(value.into()),
        fold: false,
    };
    let since = Predicate::Any(vec![
        compare("KDAEND", Comparison::Greater, "20260301"),
        Predicate::All(vec![
            compare("KDAEND", Comparison::Equal, "20260301"),
            compare("KDAENZ", Comparison::GreaterOrEqual, "10000"),
        ]),
    ]);
    let names =
        "KDNR KDTYP KDNAM1 KDNAM2 KDMAIL KDNEWS KDSTS KDSTR KDPLZ KDORT KDLKZ KDKLIM KDANLD KDAEND KDAENZ";
    let query = Query::Select(Select {
        table: row,
        from: From::Table,
        columns: names.split(' ').map(column).collect(),
        filter: Predicate::All(vec![compare("KDLKZ", Comparison::Equal, "A  "), since]),
        order: vec![Order { column: column("KDNR"), descending: false }],
        limit: Some(51),
    });
    let statements = Statements::default();
    let maker =
        Maker { schema: &schema, statements: &statements, way: Way::Odbc, charset: None, read_only: false };
    let call = generate::generate(maker, &query).unwrap();
    let shown = call.shown(|parameter| generate::literal(schema.dialect(), parameter));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&shown), words(expected));
}

/// The worker of a debug build and the driver SQLite3, or nothing, said loudly.
fn sqlite() -> Option<(String, std::path::PathBuf)> {
    let worker = std::env::current_exe().ok()?.parent()?.parent()?.join("seawall-odbc");
    let drivers = std::process::Command::new("odbcinst").args(["-q", "-d", "-n", "SQLite3"]).output();
    if !worker.is_file() || !drivers.is_ok_and(|drivers| drivers.status.success()) {
        eprintln!(
            "SKIPPED: seawall-odbc is not built, or the ODBC driver SQLite3 is not installed (libsqliteodbc)"
        );
        return None;
    }
    let file = std::env::temp_dir().join(format!("seawall-catalog-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&file);
    Some((worker.to_string_lossy().into_owned(), file))
}

#[test]
fn the_snapshot_of_a_real_database_reads_as_itself() {
    let Some((worker, file)) = sqlite() else { return };
    let url = format!("Driver=SQLite3;Database={}", file.display());
    let table = "CREATE TABLE KD (KDNR INTEGER PRIMARY KEY AUTOINCREMENT, NAME VARCHAR(35) NOT NULL, LIM DECIMAL(11,2), \
                 SEIT DATE DEFAULT '2020-01-01', AT TIMESTAMP)";
    let entries = [("url", url.as_str()), ("catalog", "gone.json"), ("worker", &worker), ("settings", table)];
    let node = node(&entries);
    let settings = Settings { name: "erp", node: &node, offline: false };
    let taken = crate::snapshot_of("odbc", &settings, &Catalog, &["%".to_owned()]);
    std::fs::remove_file(&file).ok();
    let taken = taken.unwrap_or_else(|AdapterError(wrong)| panic!("{wrong:?}"));
    assert_eq!(taken.snapshot.dialect, crate::Dialect::Sqlite);
    let table =
        taken.snapshot.tables.iter().find(|table| table.name.last() == "KD").expect("the table is there");
    let columns: Vec<String> =
        table.columns.iter().map(|column| format!("{} {}", column.name, column.declaration())).collect();
    assert_eq!(
        columns,
        [
            "KDNR INTEGER NOT NULL GENERATED",
            "NAME VARCHAR(35) NOT NULL",
            "LIM DECIMAL(11,2)",
            "SEIT DATE DEFAULT",
            "AT TIMESTAMP"
        ]
    );
    assert_eq!(table.key, ["KDNR"]);
    let text = taken.snapshot.write();
    assert_eq!(Snapshot::parse(&text, FileId(0)).unwrap().write(), text);
}

#[test]
fn what_a_jdbc_connection_needs_and_this_machine_lacks_is_a_warning() {
    let entries =
        [("url", "jdbc:x:"), ("catalog", "c.json"), ("driver", "gone/*.jar"), ("java", "gone/java")];
    let node = node(&entries);
    let mut sources = Sources::default();
    sources.add("facade.yaml", "");
    let mut found = Vec::new();
    let settings = Settings { name: "erp", node: &node, offline: true };
    Jdbc.open(&settings, &Catalog, &mut sources, &mut found).unwrap();
    let texts: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
    assert!(found.iter().all(|finding| finding.code.0 == "W092"), "{found:?}");
    for part in ["gone/java", "gone/*.jar"] {
        assert!(texts.iter().any(|text| text.contains(part)), "{part}: {texts:?}");
    }
}
