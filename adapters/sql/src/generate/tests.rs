//! Golden statements: the literal SQL of every dialect.

use super::*;
use crate::catalog::Snapshot;
use kernel::{Comparison, Delete, FileId, From, Insert, Order, Own, Predicate, Select, Update};

/// A table with a column of each kind, in the words of each dialect.
fn schema(dialect: Dialect, version: &str) -> Schema {
    let types = match dialect {
        Dialect::Postgresql => {
            ["numeric(7,0)", "character(3)", "character varying(35)", "timestamptz", "numeric(11,2)", "text"]
        }
        Dialect::Oracle => ["NUMBER(7)", "CHAR(3)", "VARCHAR2(35)", "DATE", "NUMBER(11,2)", "CLOB"],
        Dialect::Sqlserver => {
            ["NUMERIC(7,0)", "CHAR(3)", "NVARCHAR(35)", "DATETIME", "DECIMAL(11,2)", "VARCHAR(MAX)"]
        }
        _ => ["DECIMAL(7,0)", "CHAR(3)", "VARCHAR(35)", "TIMESTAMP", "DECIMAL(11,2)", "CLOB"],
    };
    let names = ["ID", "LKZ", "NAME", "AT", "LIM", "TXT"];
    let columns: Vec<String> = names
        .iter()
        .zip(types)
        .map(|(name, ty)| format!("\"{name}\": \"{ty}{}\"", if *name == "ID" { " GENERATED" } else { "" }))
        .collect();
    let text = format!(
        r#"{{ "dialect": "{dialect}", "version": "{version}", "tables": {{ "L.T": {{ "key": ["ID"], "columns": {{ {} }} }} }} }}"#,
        columns.join(", ")
    );
    let text = if dialect == Dialect::Postgresql { lower(&text, &names) } else { text };
    Schema::new(Snapshot::parse(&text, FileId(0)).unwrap())
}

fn lower(text: &str, names: &[&str]) -> String {
    let mut text = text.replace("\"L.T\"", "\"l.t\"");
    for name in names {
        text = text.replace(&format!("\"{name}\""), &format!("\"{}\"", name.to_lowercase()));
    }
    text
}

/// The columns of the table by their place, and its row.
struct Parts {
    row: PartId,
    columns: Vec<PartId>,
}

fn parts(schema: &Schema) -> Parts {
    let row = schema.catalogue.tables[0].part;
    Parts { row, columns: schema.shape().group(schema.shape().part(row).ty).unwrap().parts.clone() }
}

fn made(schema: &Schema, way: Way, query: &Query) -> Call {
    let statements = Statements::default();
    let maker = Maker { schema, statements: &statements, way, charset: None, read_only: false };
    let call = generate(maker, query).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(call.marks.len(), call.execute.parameters.len());
    for &mark in &call.marks {
        assert_eq!(call.execute.sql.as_bytes()[mark as usize], b'?');
    }
    call
}

/// Checks a query against the text per dialect, with the values in place.
fn check(query: impl Fn(&Parts) -> Query, expected: &[(&[Dialect], &str)]) {
    let seen: usize = expected.iter().map(|(dialects, _)| dialects.len()).sum();
    assert_eq!(seen, Dialect::ALL.len(), "every dialect is held");
    for (dialects, text) in expected {
        for &dialect in *dialects {
            let schema = schema(dialect, "");
            let call = made(&schema, Way::Odbc, &query(&parts(&schema)));
            let shown = call.shown(|parameter| literal(dialect, parameter));
            assert_eq!(shown, *text, "{dialect}");
        }
    }
}

const DB2I: Dialect = Dialect::Db2i;
const DB2: Dialect = Dialect::Db2;
const PG: Dialect = Dialect::Postgresql;
const MY: Dialect = Dialect::Mysql;
const MA: Dialect = Dialect::Mariadb;
const LITE: Dialect = Dialect::Sqlite;
const MS: Dialect = Dialect::Sqlserver;
const ORA: Dialect = Dialect::Oracle;
const ANSI: Dialect = Dialect::Ansi;

fn text(text: &str) -> Datum {
    Datum::Text(text.into())
}

fn compare(column: PartId, op: Comparison, value: &str) -> Predicate {
    Predicate::Compare { column, op, value: text(value), fold: false }
}

fn select(parts: &Parts, columns: &[usize], filter: Predicate) -> Select {
    let columns = columns.iter().map(|&n| parts.columns[n]).collect();
    Select { table: parts.row, from: From::Table, columns, filter, order: Vec::new(), limit: None }
}

#[test]
fn a_page_has_its_filter_its_order_and_its_limit() {
    let query = |parts: &Parts| {
        let (lkz, name, lim) = (parts.columns[1], parts.columns[2], parts.columns[4]);
        let keyset = Predicate::Any(vec![
            compare(name, Comparison::Greater, "x"),
            Predicate::All(vec![
                compare(name, Comparison::Equal, "x"),
                compare(lim, Comparison::GreaterOrEqual, "7.5"),
            ]),
        ]);
        let filter = Predicate::All(vec![compare(lkz, Comparison::Equal, "A"), keyset]);
        Query::Select(Select {
            order: vec![
                Order { column: lim, descending: true },
                Order { column: name, descending: false },
                Order { column: parts.columns[0], descending: false },
            ],
            limit: Some(51),
            ..select(parts, &[0, 2], filter)
        })
    };
    let filter = "FROM L.T WHERE LKZ = 'A' AND (NAME > 'x' OR (NAME = 'x' AND LIM >= 7.5))";
    let exact = "FROM L.T WHERE LKZ = 'A' AND CONVERT(LKZ USING utf8mb4) COLLATE utf8mb4_bin = 'A' AND (NAME > 'x' OR \
                 (NAME = 'x' AND CONVERT(CONCAT(NAME, '.') USING utf8mb4) COLLATE utf8mb4_bin = 'x.' AND LIM >= 7.5))";
    let case = |column: &str| format!("CASE WHEN {column} IS NULL THEN 1 ELSE 0 END, {column}");
    check(
        query,
        &[
            (
                &[DB2I, DB2],
                &format!(
                    "SELECT ID, NAME {filter} ORDER BY {} DESC, NAME, ID FETCH FIRST 51 ROWS ONLY",
                    case("LIM")
                ),
            ),
            (
                &[ANSI],
                &format!(
                    "SELECT ID, NAME {filter} ORDER BY LIM DESC NULLS LAST, NAME NULLS LAST, ID FETCH FIRST 51 ROWS ONLY"
                ),
            ),
            (
                &[ORA],
                "SELECT ID, NAME FROM L.T WHERE LKZ = CAST('A' AS CHAR(3)) AND (NAME > 'x' OR (NAME = 'x' AND LIM >= 7.5)) \
                  ORDER BY LIM DESC NULLS LAST, NAME, ID FETCH FIRST 51 ROWS ONLY",
            ),
            (&[LITE], &format!("SELECT ID, NAME {filter} ORDER BY LIM DESC, {}, ID LIMIT 51", case("NAME"))),
            (&[MY, MA], &format!("SELECT ID, NAME {exact} ORDER BY LIM DESC, {}, ID LIMIT 51", case("NAME"))),
            (
                &[MS],
                &format!(
                    "SELECT TOP (51) ID, NAME {} ORDER BY LIM DESC, {}, ID",
                    "FROM L.T WHERE LKZ = 'A' AND LKZ COLLATE Latin1_General_100_BIN2 = 'A' AND (NAME > N'x' OR (NAME = N'x' \
                     AND (NAME + N'.') COLLATE Latin1_General_100_BIN2 = N'x.' AND LIM >= 7.5))",
                    case("NAME")
                ),
            ),
            (
                &[PG],
                "SELECT id, name FROM l.t WHERE lkz = CAST('A' AS bpchar) AND (name > 'x' OR (name = 'x' AND lim >= 7.5)) \
                 ORDER BY lim DESC NULLS LAST, name, id LIMIT 51",
            ),
        ],
    );
}

#[test]
fn texts_are_searched_in_the_words_of_the_database() {
    let like = |anywhere, fold| {
        move |parts: &Parts| {
            let filter = Predicate::Like { column: parts.columns[2], text: "10%_!*".into(), anywhere, fold };
            Query::Select(select(parts, &[0], filter))
        }
    };
    check(
        like(false, false),
        &[
            (&[DB2I, DB2, ORA, ANSI], "SELECT ID FROM L.T WHERE NAME LIKE '10!%!_!!*%' ESCAPE '!'"),
            (
                &[MY, MA],
                "SELECT ID FROM L.T WHERE NAME LIKE '10!%!_!!*%' ESCAPE '!' \
                 AND CONVERT(NAME USING utf8mb4) COLLATE utf8mb4_bin LIKE '10!%!_!!*%' ESCAPE '!'",
            ),
            (
                &[MS],
                "SELECT ID FROM L.T WHERE NAME LIKE N'10!%!_!!*%' ESCAPE '!' \
                 AND NAME COLLATE Latin1_General_100_BIN2 LIKE N'10!%!_!!*%' ESCAPE '!'",
            ),
            (&[LITE], "SELECT ID FROM L.T WHERE NAME GLOB '10%_![*]*'"),
            (&[PG], "SELECT id FROM l.t WHERE name LIKE '10!%!_!!*%' ESCAPE '!'"),
        ],
    );
    check(
        like(true, true),
        &[
            (
                &[DB2I, DB2, ANSI],
                "SELECT ID FROM L.T WHERE LOWER(NAME) LIKE LOWER(CAST('%10!%!_!!*%' AS VARCHAR(4000))) ESCAPE '!'",
            ),
            (&[ORA, LITE], "SELECT ID FROM L.T WHERE LOWER(NAME) LIKE LOWER('%10!%!_!!*%') ESCAPE '!'"),
            (
                &[MY, MA],
                "SELECT ID FROM L.T WHERE LOWER(CONVERT(NAME USING utf8mb4)) COLLATE utf8mb4_bin \
                 LIKE LOWER('%10!%!_!!*%') ESCAPE '!'",
            ),
            (
                &[MS],
                "SELECT ID FROM L.T WHERE LOWER(NAME) COLLATE Latin1_General_100_BIN2 \
                 LIKE LOWER(N'%10!%!_!!*%') ESCAPE '!'",
            ),
            (&[PG], "SELECT id FROM l.t WHERE LOWER(name) LIKE LOWER('%10!%!_!!*%') ESCAPE '!'"),
        ],
    );
}

#[test]
fn an_update_holds_only_if_everything_is_still_the_same() {
    let at = |dialect: Dialect| if dialect == PG { "2026-06-01T09:30:00Z" } else { "2026-06-01T09:30:00" };
    let query = |parts: &Parts, dialect: Dialect| {
        let same = |n: usize, value| Predicate::Same { column: parts.columns[n], value };
        Query::Update(Update {
            table: parts.row,
            set: vec![(parts.columns[2], text("neu")), (parts.columns[4], Datum::Null)],
            filter: Predicate::All(vec![
                compare(parts.columns[0], Comparison::Equal, "7"),
                same(1, text("A  ")),
                same(2, text("alt ")),
                same(3, text(at(dialect))),
                same(4, Datum::Null),
                same(5, text("large")),
            ]),
        })
    };
    let check = |dialect: Dialect, expected: &str| {
        let schema = schema(dialect, "");
        let call = made(&schema, Way::Jdbc, &query(&parts(&schema), dialect));
        assert_eq!(call.shown(|parameter| literal(dialect, parameter)), expected, "{dialect}");
        assert!(call.writes && call.answer == Answer::Affected);
    };
    let standard = "UPDATE L.T SET NAME = 'neu', LIM = NULL WHERE ID = 7 AND LKZ = 'A' AND NAME || '.' = 'alt .' \
                    AND \"AT\" = TIMESTAMP '2026-06-01 09:30:00' AND LIM IS NULL";
    [DB2I, DB2, ANSI].into_iter().for_each(|dialect| check(dialect, standard));
    check(
        PG,
        "UPDATE l.t SET name = 'neu', lim = NULL WHERE id = 7 AND CAST(lkz AS text) COLLATE \"C\" = 'A' \
               AND CAST(name AS text) COLLATE \"C\" = 'alt ' AND at = CAST('2026-06-01T09:30:00+00:00' AS timestamptz) \
               AND lim IS NULL AND CAST(txt AS text) COLLATE \"C\" = 'large'",
    );
    let mysql = "UPDATE L.T SET NAME = 'neu', LIM = NULL WHERE ID = 7 AND CONVERT(LKZ USING utf8mb4) COLLATE utf8mb4_bin = 'A' \
                 AND CONVERT(CONCAT(NAME, '.') USING utf8mb4) COLLATE utf8mb4_bin = 'alt .' \
                 AND AT = TIMESTAMP '2026-06-01 09:30:00' AND LIM IS NULL \
                 AND CONVERT(CONCAT(TXT, '.') USING utf8mb4) COLLATE utf8mb4_bin = 'large.'";
    check(MY, mysql);
    check(MA, mysql);
    check(
        LITE,
        "UPDATE L.T SET NAME = 'neu', LIM = NULL WHERE ID = 7 AND LKZ COLLATE BINARY = 'A  ' \
                 AND NAME COLLATE BINARY = 'alt ' AND strftime('%Y-%m-%d %H:%M:%f', AT) = \
                 strftime('%Y-%m-%d %H:%M:%f', '2026-06-01 09:30:00') AND LIM IS NULL AND TXT COLLATE BINARY = 'large'",
    );
    check(
        MS,
        "UPDATE L.T SET NAME = N'neu', LIM = NULL WHERE ID = 7 AND LKZ COLLATE Latin1_General_100_BIN2 = 'A' \
               AND (NAME + N'.') COLLATE Latin1_General_100_BIN2 = N'alt .' \
               AND AT = CAST('2026-06-01T09:30:00' AS DATETIME) AND LIM IS NULL",
    );
    check(
        ORA,
        "UPDATE L.T SET NAME = 'neu', LIM = NULL WHERE ID = 7 AND LKZ = CAST('A' AS CHAR(3)) AND NAME = 'alt ' \
                AND AT = CAST(TIMESTAMP '2026-06-01 09:30:00' AS DATE) AND LIM IS NULL",
    );
}

#[test]
fn a_new_row_tells_what_the_database_made() {
    let query = |parts: &Parts| {
        let values = vec![(parts.columns[1], text("A")), (parts.columns[4], text("5000.00"))];
        Query::Insert(Insert { table: parts.row, values, returning: vec![parts.columns[0]] })
    };
    let plain = "INSERT INTO L.T (LKZ, LIM) VALUES ('A', 5000)";
    check(
        query,
        &[
            (&[DB2I, DB2, ANSI], &format!("SELECT ID FROM FINAL TABLE ({plain})")),
            (&[PG], "INSERT INTO l.t (lkz, lim) VALUES (CAST('A' AS bpchar), 5000) RETURNING id"),
            (&[MA], &format!("{plain} RETURNING ID")),
            (&[MY, LITE], plain),
            (&[MS], "INSERT INTO L.T (LKZ, LIM) OUTPUT INSERTED.ID VALUES ('A', 5000)"),
            (&[ORA], "INSERT INTO L.T (LKZ, LIM) VALUES (CAST('A' AS CHAR(3)), 5000) RETURNING ID INTO ?"),
        ],
    );
    let generated = |dialect, way| {
        let schema = schema(dialect, "");
        let call = made(&schema, way, &query(&parts(&schema)));
        (call.execute.generated, call.follow.map(|follow| follow.sql))
    };
    assert_eq!(generated(ORA, Way::Jdbc), (vec!["ID".to_owned()], None));
    assert_eq!(generated(ANSI, Way::Jdbc), (vec!["ID".to_owned()], None));
    assert_eq!(generated(MY, Way::Odbc), (Vec::new(), Some("SELECT LAST_INSERT_ID() AS ID".to_owned())));
    assert_eq!(generated(LITE, Way::Odbc), (Vec::new(), Some("SELECT last_insert_rowid() AS ID".to_owned())));
    assert_eq!(generated(LITE, Way::Jdbc), (Vec::new(), None));
}

#[test]
fn predicates_without_members_mean_every_row_or_none() {
    let shown = |filter: fn(&Parts) -> Predicate| {
        let schema = schema(DB2I, "");
        let parts = parts(&schema);
        let call = made(&schema, Way::Odbc, &Query::Select(select(&parts, &[0], filter(&parts))));
        let text = call.shown(|parameter| literal(DB2I, parameter));
        text.strip_prefix("SELECT ID FROM L.T").unwrap().to_owned()
    };
    assert_eq!(shown(|_| Predicate::everything()), "");
    assert_eq!(shown(|_| Predicate::nothing()), " WHERE 1 = 0");
    assert_eq!(shown(|_| Predicate::All(vec![Predicate::everything()])), "");
    assert_eq!(
        shown(|parts| Predicate::Any(vec![Predicate::Null { column: parts.columns[1], is: false }])),
        " WHERE LKZ IS NOT NULL"
    );
    assert_eq!(
        shown(|parts| Predicate::All(vec![
            Predicate::Any(vec![Predicate::everything(), Predicate::nothing()]),
            Predicate::In {
                column: parts.columns[0],
                values: vec![text("1"), text("99999999"), text("2")],
                fold: false
            },
            Predicate::In { column: parts.columns[0], values: Vec::new(), fold: false },
            compare(parts.columns[0], Comparison::Less, "99999999"),
            compare(parts.columns[4], Comparison::Less, "99999999999"),
        ])),
        " WHERE (1 = 1 OR 1 = 0) AND ID IN (1, 2) AND 1 = 0 AND 1 = 1 AND LIM IS NOT NULL"
    );
    assert_eq!(shown(|parts| Predicate::Same { column: parts.columns[5], value: text("x") }), "");
    assert_eq!(
        shown(|parts| Predicate::Compare {
            column: parts.columns[1],
            op: Comparison::Equal,
            value: text("a"),
            fold: true
        }),
        " WHERE LOWER(LKZ) = LOWER(CAST('a' AS VARCHAR(4000)))"
    );
}

#[test]
fn a_folded_char_is_compared_without_its_blanks() {
    let schema = schema(ANSI, "");
    let parts = parts(&schema);
    let folded = |column: usize| {
        let (column, value) = (parts.columns[column], text("a"));
        let filter = Predicate::Compare { column, op: Comparison::Equal, value, fold: true };
        let query = Query::Select(select(&parts, &[0], filter));
        made(&schema, Way::Jdbc, &query).shown(|parameter| literal(ANSI, parameter))
    };
    let shown = folded(1);
    let expected = "WHERE LOWER(TRIM(TRAILING FROM LKZ)) = LOWER(CAST('a' AS VARCHAR(4000)))";
    assert!(shown.ends_with(expected), "{shown}");
}

/// The condition of a query, with the values in place.
fn filtered(dialect: Dialect, filter: impl Fn(&Parts) -> Predicate) -> String {
    let schema = schema(dialect, "");
    let parts = parts(&schema);
    let query = Query::Select(select(&parts, &[0], filter(&parts)));
    let shown = made(&schema, Way::Odbc, &query).shown(|parameter| literal(dialect, parameter));
    shown.split_once(" WHERE ").unwrap().1.to_owned()
}

#[test]
fn moments_in_texts_are_compared_whatever_zeros_stand_at_their_end() {
    let check = |op, value: &str, expected: &str| {
        let found = filtered(LITE, |parts| {
            let at = compare(parts.columns[3], op, value);
            Predicate::All(vec![compare(parts.columns[4], Comparison::Equal, "1"), at])
        });
        assert_eq!(found, format!("LIM = 1 AND {expected}"), "{op:?} {value}");
    };
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let half = "2026-06-01T09:30:00.5";
    check(Less, half, "AT < '2026-06-01 09:30:00.5'");
    check(GreaterOrEqual, half, "AT >= '2026-06-01 09:30:00.5'");
    check(LessOrEqual, half, "AT <= '2026-06-01 09:30:00.500000000'");
    check(Greater, "2026-06-01T09:30:00", "AT > '2026-06-01 09:30:00.000000000'");
    check(Equal, half, "AT >= '2026-06-01 09:30:00.5' AND AT <= '2026-06-01 09:30:00.500000000'");
    check(
        NotEqual,
        "2026-06-01T09:30:00",
        "(AT < '2026-06-01 09:30:00' OR AT > '2026-06-01 09:30:00.000000000')",
    );
    let found = filtered(LITE, |parts| Predicate::In {
        column: parts.columns[3],
        values: vec![text("2026-06-01T09:30:00"), text(half)],
        fold: false,
    });
    assert_eq!(
        found,
        "(AT >= '2026-06-01 09:30:00' AND AT <= '2026-06-01 09:30:00.000000000') \
         OR (AT >= '2026-06-01 09:30:00.5' AND AT <= '2026-06-01 09:30:00.500000000')"
    );
}

#[test]
fn no_collation_makes_other_texts_the_wanted_ones() {
    let name = |op, around: fn(Vec<Predicate>) -> Predicate| {
        move |parts: &Parts| {
            around(vec![
                compare(parts.columns[2], op, "Wien"),
                compare(parts.columns[4], Comparison::Equal, "1"),
            ])
        }
    };
    let exact = "CONVERT(CONCAT(NAME, '.') USING utf8mb4) COLLATE utf8mb4_bin";
    let check = |filter: &dyn Fn(&Parts) -> Predicate, expected: String| {
        assert_eq!(filtered(MA, filter), expected);
    };
    check(
        &name(Comparison::Equal, Predicate::All),
        format!("NAME = 'Wien' AND {exact} = 'Wien.' AND LIM = 1"),
    );
    check(
        &name(Comparison::Equal, Predicate::Any),
        format!("(NAME = 'Wien' AND {exact} = 'Wien.') OR LIM = 1"),
    );
    check(&name(Comparison::NotEqual, Predicate::All), format!("{exact} <> 'Wien.' AND LIM = 1"));
    check(
        &|parts| Predicate::In {
            column: parts.columns[2],
            values: vec![text("Wien"), text("Graz ")],
            fold: false,
        },
        format!("NAME IN ('Wien', 'Graz ') AND {exact} IN ('Wien.', 'Graz .')"),
    );
    check(
        &|parts| Predicate::Compare {
            column: parts.columns[2],
            op: Comparison::Equal,
            value: text("Wien"),
            fold: true,
        },
        "LOWER(CONVERT(NAME USING utf8mb4)) COLLATE utf8mb4_bin = LOWER('Wien')".to_owned(),
    );
    // How texts are ordered is the affair of the collation.
    check(&name(Comparison::Less, Predicate::All), "NAME < 'Wien' AND LIM = 1".to_owned());
}

#[test]
fn letters_that_sqlite_cannot_fold_are_folded_one_by_one() {
    let check = |value: &str, expected: &str| {
        let found = filtered(LITE, |parts| Predicate::Compare {
            column: parts.columns[2],
            op: Comparison::Equal,
            value: text(value),
            fold: true,
        });
        assert_eq!(found, expected, "{value}");
    };
    check("wien", "LOWER(NAME) = LOWER('wien')");
    check("Bäckerei", "REPLACE(LOWER(NAME), 'Ä', 'ä') = LOWER('Bäckerei')");
    check("ÖBB Züge Öl ß", "REPLACE(REPLACE(LOWER(NAME), 'Ö', 'ö'), 'Ü', 'ü') = LOWER('öBB Züge öl ß')");
    let found = filtered(LITE, |parts| Predicate::Like {
        column: parts.columns[2],
        text: "ÄRZ".into(),
        anywhere: false,
        fold: true,
    });
    assert_eq!(found, "REPLACE(LOWER(NAME), 'Ä', 'ä') LIKE LOWER('äRZ%') ESCAPE '!'");
}

#[test]
fn the_blanks_that_fill_a_char_are_not_found() {
    let check = |dialect, wanted: &str, expected: &str| {
        let found = filtered(dialect, |parts| Predicate::Like {
            column: parts.columns[1],
            text: wanted.into(),
            anywhere: true,
            fold: false,
        });
        assert_eq!(found, expected, "{dialect}");
    };
    check(DB2I, "A ", "RTRIM(LKZ) LIKE '%A %' ESCAPE '!'");
    check(ANSI, "A ", "RTRIM(LKZ) LIKE '%A %' ESCAPE '!'");
    check(DB2I, " A", "LKZ LIKE '% A%' ESCAPE '!'");
}

#[test]
fn long_lists_are_parted() {
    let schema = schema(ORA, "");
    let parts = parts(&schema);
    let list: Vec<Datum> = (0..2001).map(|n| text(&n.to_string())).collect();
    let filter = Predicate::All(vec![
        compare(parts.columns[4], Comparison::Equal, "1"),
        Predicate::In { column: parts.columns[0], values: list, fold: false },
    ]);
    let call = made(&schema, Way::Jdbc, &Query::Select(select(&parts, &[0], filter)));
    assert_eq!(call.execute.sql.matches(" IN (").count(), 3);
    assert!(call.execute.sql.contains("AND (ID IN (") && call.execute.sql.ends_with("OR ID IN (?))"));
}

#[test]
fn old_oracle_counts_rows_outside_of_the_query() {
    let schema = schema(ORA, "11.2.0.4");
    let parts = parts(&schema);
    let query = Query::Select(Select { limit: Some(5), ..select(&parts, &[0], Predicate::everything()) });
    assert_eq!(
        made(&schema, Way::Jdbc, &query).execute.sql,
        "SELECT * FROM (SELECT ID FROM L.T) WHERE ROWNUM <= 5"
    );
}

#[test]
fn a_statement_of_the_author_is_a_table_like_any_other() {
    let schema = schema(DB2I, "");
    let parts = parts(&schema);
    let own = Own {
        text: "SELECT ID, NAME FROM L.T WHERE LIM > :lim AND LKZ = :lkz -- all\n;".into(),
        values: vec![("lkz".into(), text("A")), ("lim".into(), text("10.5"))],
    };
    let query = Query::Select(Select {
        from: From::Own(own.clone()),
        order: vec![Order { column: parts.columns[0], descending: false }],
        limit: Some(2),
        ..select(&parts, &[0], compare(parts.columns[0], Comparison::Greater, "7"))
    });
    let call = made(&schema, Way::Odbc, &query);
    assert_eq!(
        call.shown(|parameter| literal(DB2I, parameter)),
        "SELECT ID FROM (SELECT ID, NAME FROM L.T WHERE LIM > 10.5 AND LKZ = 'A' -- all\n\n) q WHERE ID > 7 ORDER BY ID \
         FETCH FIRST 2 ROWS ONLY"
    );
    let run = Own { text: "UPDATE L.T SET LIM = :lim WHERE LKZ = :lkz".into(), ..own };
    let call = made(&schema, Way::Odbc, &Query::Run(run));
    assert_eq!(call.shown(|parameter| literal(DB2I, parameter)), "UPDATE L.T SET LIM = 10.5 WHERE LKZ = 'A'");
    assert!(call.writes);
}

#[test]
fn a_column_that_the_database_fills_in_is_not_written() {
    let schema = schema(DB2I, "");
    let parts = parts(&schema);
    let statements = Statements::default();
    let maker =
        Maker { schema: &schema, statements: &statements, way: Way::Odbc, charset: None, read_only: false };
    let insert =
        Insert { table: parts.row, values: vec![(parts.columns[0], text("1"))], returning: Vec::new() };
    assert!(generate(maker, &Query::Insert(insert)).unwrap_err().message.contains("fills in itself"));
    let delete =
        Query::Delete(Delete { table: parts.row, filter: compare(parts.columns[0], Comparison::Equal, "1") });
    assert_eq!(generate(maker, &delete).unwrap().execute.sql, "DELETE FROM L.T WHERE ID = ?");
    let read_only = Maker { read_only: true, ..maker };
    assert!(generate(read_only, &delete).unwrap_err().message.contains("read-only"));
    assert!(generate(maker, &Query::Horizon).unwrap_err().message.contains("open transactions"));
}

#[test]
fn the_horizon_is_one_row_of_two_instants() {
    for dialect in [PG, MS, ORA] {
        let schema = schema(dialect, "");
        let call = made(&schema, Way::Jdbc, &Query::Horizon);
        let Answer::Rows(rows) = &call.answer else { panic!("{:?}", call.answer) };
        let names: Vec<&str> = rows.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["now", "oldest"]);
        assert!(call.execute.sql.starts_with("SELECT") && !call.writes);
        // A driver that leaves out the zone of a time would shift it.
        assert!(
            rows.columns.iter().all(|column| column.kind == adapters_sql_protocol::ValueKind::Text),
            "{:?}",
            rows.columns
        );
        assert!(call.execute.sql.contains("AS VARCHAR(40)") || dialect != PG, "{}", call.execute.sql);
    }
}
