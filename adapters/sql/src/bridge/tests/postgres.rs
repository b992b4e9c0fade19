//! What the bridge copies as bytes from PostgreSQL is what it would have told value by value.
//!
//! **Invariant.** Both ways read the same rows of the same server; only how they read differs.

mod server;

use super::kit::{Answer, Bridge, Session};
use adapters_sql_protocol::{Execute, Fetch, Open, Parameter, Value, ValueKind};
use server::Server;

/// The columns of the table of all types.
const COLUMNS: &[&str] = &[
    "n", "a", "v", "c", "nm", "d", "e", "f38", "i2", "i4", "i8", "oi", "dt", "ts", "ts0", "tz", "tm", "tmz",
    "b", "f", "r", "by", "u", "j", "jb", "x", "iv", "bi", "bv", "ar", "ta", "mo", "ip", "en", "dm", "rg",
    "pt",
];

/// Those of which every driver and format tells the same number.
const EXACT: &[&str] = &["n", "d", "e", "f38", "i2", "i4", "i8", "dt", "ts", "ts0", "dm"];

/// A table of all types, and what is hard of each.
const TABLE: &str = r#"
CREATE TYPE mood AS ENUM ('glad', E'mü\\de');
CREATE DOMAIN cents AS numeric(12,2);
CREATE TABLE odd (n int PRIMARY KEY, a text, v varchar(80), c char(5), nm name, d numeric, e numeric(18,0),
    f38 numeric(38,10), i2 smallint, i4 int, i8 bigint, oi oid, dt date, ts timestamp, ts0 timestamp(0), tz timestamptz,
    tm time, tmz timetz, b boolean, f float8, r real, by bytea, u uuid, j json, jb jsonb, x xml, iv interval, bi bit(4),
    bv varbit, ar int[], ta text[], mo money, ip inet, en mood, dm cents, rg int4range, pt point);
INSERT INTO odd VALUES
(1, E'tab\tnew\nline\\back\bslash\r\v\f', E'\\N', 'ab', 'name', -12.50, 123456789012345678, 1234567890123456789012345678.0123456789,
    -32768, -2147483648, -9223372036854775808, 4294967295, '0001-01-01', '2026-03-29 02:30:00.123456', '2026-03-29 02:30:00',
    '2026-10-25 02:30:00.5+02', '23:59:59.999', '12:00:00+05:30', true, 1e300, 0.1, '\x00ff10',
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": "\\t"}', '{"a": "\\t"}', '<a>ü</a>', '1 year 2 days 03:04:05.6', '1010', '101',
    '{1,NULL,2}', '{"a,b",NULL,"\"",""}', 1234.56, '10.0.0.1/8', 'glad', -0.05, '[1,5)', '(1.5,2)'),
(2, '🦀 Zoë', 'äöü', 'ä', 'zoë', 'NaN', -1, -0.0000000001, 32767, 2147483647, 9223372036854775807, 0, 'infinity', 'infinity',
    'infinity', 'infinity', '00:00', '00:00:00+00', false, 'NaN', 'Infinity', '', '00000000-0000-0000-0000-000000000000',
    'null', 'null', '', '-1 mon', '0000', '', '{}', '{}', -0.01, '::1', E'mü\\de', 0, 'empty', '(NaN,-Infinity)'),
(3, '', '', '', '', 0.000000000000000000000000001, 0, 0, 0, 0, 0, 1, '-infinity', '-infinity', '-infinity', '-infinity', '24:00',
    '24:00:00-12', NULL, '-Infinity', 1.5, '\x', NULL, '""', '""', 'x', '0', '1111', '1', '{{1,2},{3,4}}', '{é}', 0, '0.0.0.0',
    NULL, 9999999999.99, '(,)', NULL),
(4, E'\\N', ' lead and trail ', NULL, NULL, 99999999999999999999999999999999999999, NULL, NULL, NULL, NULL, NULL, NULL,
    '0044-03-15 BC', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00 BC', '0044-03-15 12:00:00.25 BC', '01:02:03.000001', NULL, NULL, -0.0,
    1e-45, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
(5, E'\\', 'x', 'xxxxx', 'x', 1e-20, -999999999999999999, NULL, -1, -1, -1, NULL, '12026-01-01', '12026-01-01 01:02:03.5',
    '12026-01-01 01:02:04', '12026-01-01 01:02:03.5+00', '12:00:00.100', NULL, true, 5e-324, 16777216, '\x0a', NULL, NULL, NULL, NULL,
    '-00:00:00.000001', NULL, NULL, NULL, NULL, '-92233720368547758.08', NULL, NULL, NULL, NULL, NULL),
(6, repeat('xyzäö🦀', 50), repeat('ß', 80), 'é  ', repeat('n', 63), '-0.00', 1, NULL, NULL, NULL, NULL, NULL, '9999-12-31',
    '2026-01-01 00:00:00', '9999-12-31 23:59:59', '2026-01-01 00:00:00+00', '12:30', NULL, NULL, 0.1, 3.4028235e38, decode(repeat('00ff', 9000), 'hex'),
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
(7, repeat('y', 32), repeat('y', 33), 'y', repeat('y', 7), 1234567, 12, NULL, NULL, NULL, NULL, NULL, '1582-10-10',
    '1582-10-10 10:10:10.100', '1900-01-01 00:00:00', '1900-01-01 00:00:00+01:05:21', '12:30:00.120000', NULL, NULL, 123456789.123456789, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE DATABASE raw TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C';
"#;

/// Settings of a session that change how values are written.
const SETTINGS: &[&[&str]] = &[
    &["SET TIME ZONE 'UTC'"],
    &[
        "SET TIME ZONE 'America/St_Johns'",
        "SET bytea_output = 'escape'",
        "SET extra_float_digits = 0",
        "SET IntervalStyle = 'iso_8601'",
        "SET xmloption = 'content'",
    ],
];

/// The same server, spoken to in three ways.
struct Ways {
    /// Bytes are copied.
    direct: Session,
    /// Values are told.
    told: Session,
    /// Values are told, of what pgjdbc asks for in binary if it likes.
    binary: Session,
}

struct Bridges([Bridge; 2]);

impl Bridges {
    fn start() -> Option<Self> {
        let jar = "postgresql.jar";
        Some(Self([Bridge::with(jar, &[])?, Bridge::with(jar, &["-Dseawall.direct=false"])?]))
    }

    fn ways(&self, server: &Server, database: &str, settings: &[&str]) -> Ways {
        let open = |bridge: &Bridge, binary: bool| {
            let mut session = bridge.session(1);
            let product = session.open_as(Open {
                url: server.url(database),
                user: "seawall".into(),
                login_ms: 10_000,
                properties: if binary { vec![("binaryTransfer".into(), "true".into())] } else { Vec::new() },
                settings: settings.iter().map(|&setting| setting.to_owned()).collect(),
                ..Open::default()
            });
            assert_eq!(product, "PostgreSQL");
            session
        };
        let Self([direct, told]) = self;
        Ways { direct: open(direct, false), told: open(told, false), binary: open(told, true) }
    }
}

impl Ways {
    /// Holds that a statement answers alike both ways, so often that pgjdbc asks for binary where it does at all.
    fn check(&mut self, execute: &Execute, times: usize) -> Answer {
        let mut last = Answer::default();
        for _ in 0..times {
            last = self.told.execute(execute);
            assert_eq!(self.direct.execute(execute), last, "{} {:?}", execute.sql, execute.fetch);
        }
        last
    }

    /// Holds that it does not matter either whether pgjdbc asks for binary.
    fn check_binary(&mut self, execute: &Execute, times: usize) {
        let told = self.check(execute, 1);
        for _ in 0..times {
            let binary = self.binary.execute(execute);
            // What is no value of the wanted kind is refused in other words.
            let alike = binary == told || binary.fault.is_some() && told.fault.is_some();
            assert!(alike, "{} {:?}: {binary:?} and not {told:?}", execute.sql, execute.fetch);
        }
    }
}

fn rows(sql: &str, fetch: &[Fetch]) -> Execute {
    Execute { rows: true, fetch: fetch.to_vec(), ..Execute::new(sql) }
}

#[test]
fn postgresql_rows_are_the_same_whether_they_are_copied_or_told() {
    let (Some(server), Some(bridges)) = (Server::start(), Bridges::start()) else { return };
    server.run(TABLE);
    for settings in SETTINGS {
        let mut ways = bridges.ways(&server, "postgres", settings);
        let (mut told, mut flipped) = (0, Vec::new());
        for column in COLUMNS {
            let sql = format!("SELECT {column} FROM odd ORDER BY n");
            let early = ways.check(&rows(&sql, &[Fetch::Text]), 1);
            ways.check(&rows(&sql, &[]), 7);
            let late = ways.check(&rows(&sql, &[Fetch::Text]), 1);
            // Of a point pgjdbc says `2.0` then, and cannot be told otherwise.
            if early != late && *column != "pt" {
                flipped.push(format!("{column}: {early:?} {late:?}"));
            }
            for &fetch in Fetch::ALL {
                told += ways.check(&rows(&sql, &[fetch]), 1).row_count;
                // A number that comes in binary may be told with an exponent, unless a number is asked for.
                if EXACT.contains(column) && matches!(fetch, Fetch::Integer | Fetch::Decimal | Fetch::Decide)
                {
                    ways.check_binary(&rows(&sql, &[fetch]), 7);
                }
            }
            for n in 1..=7 {
                let parameters = vec![Parameter::input(ValueKind::Integer, Value::Text(n.to_string()))];
                let sql = format!("SELECT {column} FROM odd WHERE n = ?");
                ways.check(&Execute { parameters, ..rows(&sql, &[]) }, 1);
            }
        }
        assert_eq!(flipped, [""; 0], "the same statement answers something else when it is run more often");
        assert!(told > COLUMNS.len() * 7 * 6, "only {told} values could be told");
    }
}

#[test]
fn postgresql_statements_of_all_kinds_answer_the_same_both_ways() {
    let (Some(server), Some(bridges)) = (Server::start(), Bridges::start()) else { return };
    server.run(TABLE);
    let mut ways = bridges.ways(&server, "postgres", SETTINGS[0]);
    for (sql, fetch) in [
        ("SELECT * FROM odd ORDER BY n", &[][..]),
        ("TABLE odd", &[]),
        ("SELECT 1 FROM nothere", &[]),
        ("SELEC 1", &[]),
        ("SELECT 1/(n-3) FROM odd ORDER BY n", &[]),
        ("SELECT 1 WHERE true /* x */ -- end", &[]),
        ("SELECT jb ?? 'a' AS has FROM odd ORDER BY n", &[]),
        ("SELECT {d '2026-06-01'} AS d, {fn ucase('ä')} AS u", &[]),
        ("VALUES (1, $$a$$), (2, NULL)", &[]),
        ("WITH x AS (SELECT n FROM odd) SELECT n FROM x WHERE false", &[]),
        ("SHOW server_version", &[]),
        ("SELECT d::float8 AS x FROM odd WHERE n IN (1, 3)", &[Fetch::Decimal]),
        ("SELECT repeat('x', 5000000)", &[Fetch::Text]),
        ("SELECT repeat('ä', 1500) || i FROM generate_series(1, 3000) i", &[Fetch::Text]),
        ("SELECT i::text, i, NULLIF(i % 7, 0), repeat('x', i % 70) FROM generate_series(1, 5000) i", &[]),
        (
            "SELECT i::text COLLATE \"C\", i::numeric(18,0) FROM generate_series(1, 2500) i",
            &[Fetch::Text, Fetch::Integer],
        ),
        (
            "INSERT INTO odd (n, a, dt, ts) VALUES (100, 'ö', '2026-06-01', now()) ON CONFLICT (n) DO UPDATE SET a = 'ö' RETURNING n, a, dt",
            &[],
        ),
    ] {
        ways.check(&rows(sql, fetch), 7);
    }
}

#[test]
fn postgresql_bytes_that_are_no_text_are_refused_both_ways() {
    let (Some(server), Some(bridges)) = (Server::start(), Bridges::start()) else { return };
    server.run(TABLE);
    let mut ways = bridges.ways(&server, "raw", SETTINGS[0]);
    let check = |ways: &mut Ways, values: &str, is_text: bool| {
        let execute = rows(&format!("SELECT * FROM (VALUES {values}) x (a)"), &[Fetch::Text]);
        let direct = ways.direct.execute(&execute);
        let told = ways.told.execute(&execute);
        match is_text {
            true => assert_eq!(direct, told, "{values}"),
            false => {
                assert!(direct.fault.is_some() && direct.row_count == 0, "{values}: {direct:?}");
                assert!(told.fault.is_some(), "{values}: {told:?}");
            }
        }
    };
    check(
        &mut ways,
        r"(E'\xc3\xa9'), (E'\xf0\x9f\xa6\x80'), (E'\xf4\x8f\xbf\xbf'), (E'\xed\x9f\xbf\xee\x80\x80')",
        true,
    );
    check(&mut ways, r"('all of it is ascii'), ('')", true);
    for bad in [
        r"(E'\xff')",
        r"(E'\x80')",
        r"('longer than a word, then '), (E'\xe9t\xe9')",
        // Both are broken, and what stands between them in a batch is whole.
        r"(E'\xc3'), (E'\xa9')",
        r"(E'\xf0\x9f'), (E'\xa6\x80'), ('x')",
        r"(E'\xc0\xaf')",
        r"(E'\xe0\x80\xaf')",
        r"(E'\xed\xa0\x80')",
        r"(E'\xf4\x90\x80\x80')",
        r"(E'\xf8\x88\x80\x80\x80')",
        r"('x'), (E'y\xe2\x82')",
    ] {
        check(&mut ways, bad, false);
    }
}
