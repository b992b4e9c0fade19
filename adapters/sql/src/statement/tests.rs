//! Statements of an author, held against a catalog.

use super::*;
use crate::catalog::Snapshot;
use kernel::FileId;

fn schema(dialect: Dialect) -> Schema {
    let upper = dialect.case() != crate::dialect::Case::Lower;
    let text = r#"{ "dialect": "DIALECT", "tables": {
        "L.K": { "key": ["ID"], "columns": { "ID": "DECIMAL(7,0)", "NAME": "CHAR(35)", "SEIT": "DATE", "PLZ": "CHAR(8)" } },
        "L.B": { "key": ["NR"], "columns": { "NR": "INTEGER", "KID": "DECIMAL(7,0)", "SUMME": "DECIMAL(11,2)" } } } }"#;
    let text = if upper {
        text.to_owned()
    } else {
        text.replace("\"L.K\"", "\"l.k\"").replace("\"ID\"", "\"id\"").replace("\"NAME\"", "\"name\"")
    };
    Schema::new(Snapshot::parse(&text.replace("DIALECT", dialect.name()), FileId(0)).unwrap())
}

fn good(dialect: Dialect, text: &str) -> Arc<Analysed> {
    read(&schema(dialect), text).unwrap_or_else(|wrong| panic!("{dialect} {text}: {wrong:?}"))
}

#[test]
fn parameters_are_typed_by_what_they_are_compared_with() {
    let check = |text: &str, expected: &[(&str, &str)]| {
        let statement = good(Dialect::Db2i, text).statement();
        let found: Vec<(String, String)> = statement
            .parameters
            .iter()
            .map(|(name, ty)| {
                (name.to_string(), ty.as_ref().map_or("?".into(), kernel::ScalarType::describe))
            })
            .collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        assert_eq!(found, expected, "{text}");
    };
    let id = "integer of at most 7 digits";
    check("SELECT ID FROM L.K WHERE ID = :id AND NAME LIKE :n", &[("id", id), ("n", "text")]);
    check(
        "SELECT ID FROM L.K k WHERE :from <= k.SEIT AND SEIT BETWEEN :from AND :to",
        &[("from", "date"), ("to", "date")],
    );
    check("SELECT ID FROM L.K WHERE ID IN (:a, :b) OR UPPER(NAME) = :c", &[("a", id), ("b", id), ("c", "?")]);
    check("SELECT ID FROM L.K WHERE ID = CAST(:a AS DECIMAL(11,2))", &[("a", "decimal(11,2)")]);
    check("UPDATE L.K SET NAME = :n WHERE ID = :id", &[("n", "text of at most 35 characters"), ("id", id)]);
    check(
        "INSERT INTO L.B (NR, SUMME) VALUES (:nr, :s)",
        &[("nr", "integer of at most 10 digits"), ("s", "decimal(11,2)")],
    );
    check("DELETE FROM L.K WHERE ID = :id", &[("id", id)]);
    check(
        "SELECT ID FROM L.K WHERE EXISTS (SELECT 1 AS X FROM L.B b WHERE b.KID = K.ID AND b.SUMME > :s)",
        &[("s", "decimal(11,2)")],
    );
}

#[test]
fn the_columns_of_a_result_have_the_names_of_the_catalog() {
    let check = |dialect, text: &str, expected: &[&str]| {
        let found = good(dialect, text).columns.clone().unwrap();
        assert_eq!(found.iter().map(|name| &**name).collect::<Vec<_>>(), expected, "{text}");
    };
    check(
        Dialect::Db2i,
        "select id, k.name, count(*) as n from l.k k group by id, k.name",
        &["ID", "NAME", "N"],
    );
    check(Dialect::Db2i, "SELECT * FROM L.K", &["ID", "NAME", "SEIT", "PLZ"]);
    check(
        Dialect::Db2i,
        "SELECT b.*, K.NAME FROM L.K JOIN L.B b ON b.KID = ID",
        &["NR", "KID", "SUMME", "NAME"],
    );
    check(Dialect::Db2i, "WITH x AS (SELECT ID FROM L.K) SELECT ID FROM x UNION SELECT NR FROM L.B", &["ID"]);
    check(Dialect::Postgresql, "SELECT Id, name::text AS nm FROM l.k WHERE id = :a::numeric", &["id", "nm"]);
    check(Dialect::Mysql, "SELECT id AS Id FROM K LIMIT :n", &["Id"]);
    check(Dialect::Sqlserver, "SELECT TOP 5 ID FROM [L].[K] ORDER BY NAME", &["ID"]);
    check(Dialect::Oracle, "SELECT ID FROM L.K WHERE SEIT < SYSDATE AND ROWNUM <= 5", &["ID"]);
    assert_eq!(good(Dialect::Db2i, "DELETE FROM L.K WHERE ID = 1").columns, None);
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let check = |dialect, text: &str, expected: &[(&str, &str)]| {
        let wrong = read(&schema(dialect), text).unwrap_err();
        let found: Vec<(&str, &str)> =
            wrong.iter().map(|one| (one.message.as_str(), text.get(one.range.clone()).unwrap())).collect();
        assert_eq!(found.len(), expected.len(), "{text}: {found:?}");
        for ((message, place), (part, at)) in found.iter().zip(expected) {
            assert!(message.contains(part) && place == at, "{text}: {found:?}");
        }
    };
    let db2 = Dialect::Db2i;
    check(
        db2,
        "SELECT IDD FROM L.K WHERE k.X = 1",
        &[("L.K has no column `IDD`", "IDD"), ("has no column `X`", "X")],
    );
    check(db2, "SELECT ID FROM L.KK", &[("the catalog has no table `L.KK`", "L.KK")]);
    check(db2, "SELECT z.ID FROM L.K", &[("`z` is no table of this statement", "ID")]);
    check(db2, "SELECT ID FROM L.K; DROP TABLE L.K", &[("a second statement", "DROP TABLE L.K")]);
    check(db2, "DROP TABLE L.K", &[("only SELECT", "DROP TABLE L.K")]);
    check(db2, "SELECT COUNT(*) FROM L.K", &[("this column has no name", "COUNT")]);
    check(db2, "SELECT ID FROM L.K WHERE ID = ?", &[("a parameter has a name", "?")]);
    check(db2, "SELECT ID FROM L.K WHERE NAME = 'a", &[("does not end", "'a")]);
    check(db2, "SELEC ID", &[("cannot be read", "SELEC")]);
    check(db2, "", &[("there is no statement", "")]);
    check(db2, "UPDATE L.K SET NAMEE = 'x' WHERE ID = 1", &[("no column `NAMEE`", "NAMEE")]);
    check(db2, "INSERT INTO L.B (NRR) VALUES (1)", &[("no column `NRR`", "NRR")]);
    check(Dialect::Postgresql, "SELECT \"ID\" FROM l.k", &[("no column `ID`", "\"ID\"")]);
    check(
        Dialect::Postgresql,
        "WITH x AS (DELETE FROM l.k RETURNING id) SELECT id FROM x",
        &[("cannot write", "DELETE FROM l.k RETURNING id")],
    );
    check(Dialect::Sqlserver, "SELECT ID FROM L.K ORDER BY ID", &[("no ORDER BY here", "ID")]);
    check(Dialect::Postgresql, "SELECT id FROM l.k FOR UPDATE", &[("cannot lock", "SELECT id FROM l.k")]);
}

#[test]
fn what_looks_like_a_parameter_in_a_text_is_none() {
    let check = |dialect, text: &str, expected: &[&str]| {
        let (pieces, names) = pieces::split(text, dialect).unwrap();
        assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), expected, "{text}");
        let joined: String = pieces
            .iter()
            .map(|piece| {
                format!(
                    "{}{}",
                    piece.text,
                    piece.parameter.map_or(String::new(), |n| format!(":{}", names[n]))
                )
            })
            .collect();
        assert_eq!(joined, text.trim_end().trim_end_matches(';'));
    };
    check(Dialect::Db2, "A = :a AND B = ':b' AND \"C:c\" = :d -- :e\n AND /* :f */ G = :a;", &["a", "d"]);
    check(Dialect::Postgresql, "A = :a::text AND B = $x$ :b ' $x$ AND C = E'\\':c'", &["a"]);
    check(Dialect::Mysql, "A = '\\':a' AND `B:b` = :c # :d", &["c"]);
    check(Dialect::Sqlserver, "[A:a] = :b AND C = 'x'':c'", &["b"]);
    check(Dialect::Db2, "T = '10:30' AND A = :_x1", &["_x1"]);
}

#[test]
fn a_statement_is_read_once() {
    let schema = schema(Dialect::Db2i);
    let statements = Statements::default();
    let one = statements.read(&schema, "SELECT ID FROM L.K").unwrap();
    let other = statements.read(&schema, "SELECT ID FROM L.K").unwrap();
    assert!(Arc::ptr_eq(&one, &other));
}
