//! Snapshots: written, read, compared, made of what drivers tell.

use super::*;
use kernel::FileId;

fn parse(text: &str) -> Snapshot {
    Snapshot::parse(text, FileId(0)).unwrap_or_else(|wrong| panic!("{wrong:?}"))
}

const WHOLE: &str = r#"{
  "dialect": "postgresql",
  "product": "PostgreSQL",
  "version": "15.4",
  "tables": {
    "erp.\"a.b\"": {
      "kind": "view",
      "columns": {
        "x": "integer"
      }
    },
    "erp.customer": {
      "key": ["id"],
      "columns": {
        "id": "bigint NOT NULL GENERATED",
        "name": "character varying(35) NOT NULL",
        "note": "text DEFAULT",
        "at": "timestamp(3) with time zone"
      },
      "indexes": [
        { "columns": ["name", "id"], "unique": true }
      ]
    }
  },
  "procedures": {
    "erp.block": {
      "parameters": {
        "RETURN_VALUE": "RETURN integer",
        "p_id": "IN bigint",
        "p_rc": "INOUT character(2)"
      },
      "results": [
        {
          "columns": {
            "a": "integer"
          }
        }
      ]
    }
  }
}
"#;

#[test]
fn what_is_written_reads_as_the_same_snapshot() {
    let snapshot = parse(WHOLE);
    assert_eq!(snapshot.write(), WHOLE);
    let table = &snapshot.tables[1];
    let flags = |name: &str| {
        let column = table.column(name).unwrap();
        (column.nullable, column.default, column.generated)
    };
    assert_eq!(flags("id"), (false, false, true));
    assert_eq!(flags("name"), (false, false, false));
    assert_eq!(flags("note"), (true, true, false));
    assert_eq!(flags("at"), (true, false, false));
    assert!(snapshot.tables[0].read_only() && !table.read_only());
    assert_eq!(snapshot.major(), Some(15));
}

#[test]
fn a_catalog_without_a_dialect_is_of_db2_for_i_and_keys_are_not_null() {
    let snapshot =
        parse(r#"{ "tables": { "L.T": { "key": ["A"], "columns": { "A": "CHAR(1)", "B": "CHAR(1)" } } } }"#);
    assert_eq!(snapshot.dialect, Dialect::Db2i);
    let nullable: Vec<bool> = snapshot.tables[0].columns.iter().map(|column| column.nullable).collect();
    assert_eq!(nullable, [false, true]);
}

#[test]
fn everything_that_is_wrong_is_told_with_its_place() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let wrong = Snapshot::parse(text, FileId(0)).unwrap_err();
        let found: Vec<(String, &str)> = wrong
            .iter()
            .map(|one| {
                let span = one.span.unwrap();
                (one.message.clone(), &text[span.start as usize..span.end as usize])
            })
            .collect();
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((message, place), (part, expected)) in found.iter().zip(expected) {
            assert!(message.contains(part) && place == expected, "{found:?}");
        }
    };
    check(r#"{ "dialect": "db3" }"#, &[("`dialect` is a dialect, not `db3`", "\"db3\"")]);
    check(r#"{ "tabels": {} }"#, &[("no key `tabels`", "\"tabels\"")]);
    check(
        r#"{ "tables": { "T": { "key": ["B"], "columns": { "A": "CHAR(" } }, "a..b": { "columns": {} }, "U": { "columns": {} } } }"#,
        &[
            ("no closing parenthesis", "\"CHAR(\""),
            ("names no column: `B`", "\"B\""),
            ("no name of a table", "\"a..b\""),
            ("has no columns", "\"U\""),
        ],
    );
    check(
        r#"{ "tables": { "T": { "columns": { "A": "CHAR(1) NOT NULL UNIQUE" } } } }"#,
        &[("`UNIQUE` behind a type", "\"CHAR(1) NOT NULL UNIQUE\"")],
    );
    check(
        r#"{ "procedures": { "P": { "parameters": { "A": "DECIMAL(7,0)" } } } }"#,
        &[("does not begin with IN", "\"DECIMAL(7,0)\"")],
    );
    check(r#"{ "tables": { "T": { "columns": { "A": [] } } } }"#, &[("expected a type", "[]")]);
}

#[test]
fn names_have_parts() {
    let check = |text: &str, parts: Option<&[&str]>| {
        let found = QName::parse(text);
        assert_eq!(
            found.as_ref().map(|name| name.0.iter().map(String::as_str).collect::<Vec<_>>()),
            parts.map(<[_]>::to_vec),
            "{text}"
        );
        if let Some(name) = found {
            assert_eq!(name.to_string(), text);
        }
    };
    check("A", Some(&["A"]));
    check("L.T", Some(&["L", "T"]));
    check("\"a.b\".\"c\"\"d\"", Some(&["a.b", "c\"d"]));
    check("", None);
    check("a.", None);
    check("\"a", None);
    check("\"a\"b", None);
}

#[test]
fn a_difference_is_told_by_table_and_column() {
    let check = |old: &str, new: &str, expected: &[&str]| {
        let changes = parse(old).diff(&parse(new));
        let lines: Vec<String> = changes
            .iter()
            .map(|change| {
                let member = change.member.as_deref().map(|name| format!(".{name}")).unwrap_or_default();
                let what = match &change.kind {
                    ChangeKind::Added(text) => format!("+{text}"),
                    ChangeKind::Removed(text) => format!("-{text}"),
                    ChangeKind::Changed { from, to } => format!("{from} -> {to}"),
                };
                format!("{}{member} {what}", change.owner)
            })
            .collect();
        assert_eq!(lines, expected);
    };
    let one = r#"{ "tables": { "T": { "key": ["A"], "columns": { "A": "CHAR(1)", "B": "CHAR(1)" } } } }"#;
    check(one, one, &[]);
    let other = r#"{ "tables": { "T": { "key": ["A"], "columns": { "B": "CHAR(1)", "A": "CHAR(1)" } } } }"#;
    check(one, other, &[]);
    check(
        one,
        r#"{ "tables": { "T": { "key": [], "columns": { "A": "CHAR(2) NOT NULL", "C": "DATE" },
             "indexes": [ { "columns": ["C"], "unique": false } ] }, "V": { "kind": "view", "columns": { "A": "DATE" } } } }"#,
        &[
            "T.A CHAR(1) NOT NULL -> CHAR(2) NOT NULL",
            "T.B -CHAR(1)",
            "T.C +DATE",
            "T key (A) -> key ()",
            "T +index (C)",
            "V +view",
        ],
    );
    check(
        one,
        r#"{ "dialect": "db2", "version": "11.5", "tables": {} }"#,
        &[".product db2i -> db2 11.5", "T -table"],
    );
    check(
        r#"{ "procedures": { "P": { "parameters": { "A": "IN DATE", "B": "OUT DATE" } }, "Q": {} } }"#,
        r#"{ "procedures": { "P": { "parameters": { "B": "OUT DATE", "A": "INOUT DATE" } }, "R": {} } }"#,
        &[
            "P.A IN DATE -> INOUT DATE",
            "P parameters in the order A, B -> parameters in the order B, A",
            "Q -procedure",
            "R +procedure",
        ],
    );
}

#[test]
fn a_raw_catalog_becomes_a_snapshot() {
    let raw = serde_json::json!({
        "product": "PostgreSQL", "version": "15.4", "driver": "pgjdbc", "identifierQuote": "\"",
        "storesUpperCase": false, "storesLowerCase": true,
        "tables": [ { "schema": "erp", "name": "t", "kind": "TABLE", "key": ["id"],
            "columns": [
                { "name": "id", "type": -5, "typeName": "bigserial", "precision": 19, "scale": 0, "nullable": false,
                  "default": "nextval('t_id_seq'::regclass)", "generated": false },
                { "name": "a", "type": 2, "typeName": "numeric", "precision": 11, "scale": 2, "nullable": true, "default": null, "generated": false },
                { "name": "n", "type": 2, "typeName": "numeric", "precision": 131089, "scale": 0, "nullable": true, "default": null, "generated": false },
                { "name": "b", "type": 12, "typeName": "varchar", "precision": 35, "scale": 0, "nullable": false, "default": "''", "generated": false },
                { "name": "c", "type": 93, "typeName": "timestamptz", "precision": 35, "scale": 6, "nullable": true, "default": null, "generated": false },
                { "name": "d", "type": 12, "typeName": "text", "precision": 2147483647, "scale": 0, "nullable": true, "default": null, "generated": false }
            ],
            "indexes": [ { "name": "t_pkey", "unique": true, "columns": ["id"] }, { "name": "x", "unique": false, "columns": ["lower(a)"] } ] } ],
        "procedures": [ { "schema": "erp", "name": "p", "parameters": [
            { "name": "x", "direction": "IN", "type": 1, "typeName": "bpchar", "precision": 2, "scale": 0 },
            { "name": "", "direction": "RETURN", "type": 4, "typeName": "int4", "precision": 10, "scale": 0 } ] } ]
    });
    let snapshot = Snapshot::from_raw(&raw).unwrap();
    let columns: Vec<String> = snapshot.tables[0].columns.iter().map(ColumnDef::declaration).collect();
    assert_eq!(
        columns,
        [
            "bigserial NOT NULL GENERATED",
            "numeric(11,2)",
            "numeric",
            "varchar(35) NOT NULL DEFAULT",
            "timestamptz(6)",
            "text"
        ]
    );
    assert_eq!(snapshot.tables[0].indexes, [IndexDef { columns: vec!["id".into()], unique: true }]);
    let parameters: Vec<String> =
        snapshot.procedures[0].parameters.iter().map(|one| format!("{} {}", one.name, one.text)).collect();
    assert_eq!(parameters, ["x bpchar(2)", "RETURN_VALUE int4"]);
    assert_eq!(parse(&snapshot.write()).write(), snapshot.write());
}

#[test]
fn types_of_other_products_are_written_with_their_lengths() {
    let check = |product: &str, name: &str, precision: i64, scale: i64, expected: &str| {
        let column = serde_json::json!({ "name": "A", "typeName": name, "type": 0, "precision": precision, "scale": scale, "nullable": true });
        let raw = serde_json::json!({ "product": product, "tables": [ { "name": "T", "columns": [column], "key": [] } ] });
        let snapshot = Snapshot::from_raw(&raw).unwrap();
        assert_eq!(snapshot.tables[0].columns[0].text, expected, "{product} {name}");
    };
    check("DB2 UDB for AS/400", "DECIMAL", 11, 2, "DECIMAL(11,2)");
    check("DB2/LINUXX8664", "CHAR () FOR BIT DATA", 10, 0, "CHAR(10) FOR BIT DATA");
    check("H2", "CHARACTER VARYING", 35, 0, "CHARACTER VARYING(35)");
    check("H2", "TIMESTAMP WITH TIME ZONE", 32, 6, "TIMESTAMP(6) WITH TIME ZONE");
    check("Oracle", "NUMBER", 0, -127, "NUMBER");
    check("Oracle", "TIMESTAMP(6)", 11, 6, "TIMESTAMP(6)");
    check("MySQL", "DECIMAL UNSIGNED", 5, 2, "DECIMAL(5,2) UNSIGNED");
    check("MySQL", "TINYINT", 1, 0, "TINYINT(1)");
    check("Microsoft SQL Server", "int identity", 10, 0, "int");
    check("Microsoft SQL Server", "nvarchar", 2147483647, 0, "nvarchar(MAX)");
    check("SQLite", "VARCHAR(20)", 20, 0, "VARCHAR(20)");
    check("SQLite", "", 0, 0, "TYPE0");
}
