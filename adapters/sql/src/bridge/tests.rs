//! The bridge itself, with H2 behind it, spoken to in frames.
//!
//! The drivers are put into place by `tests/jdbc`; where Java, Maven or they are missing, that is said loudly.

mod kit;
mod postgres;

use super::*;
use adapters_sql_protocol::{Execute, Fetch, Parameter, Phase, Value, ValueKind};
use kit::{Answer, Bridge, text};
use std::time::{Duration, Instant};

#[test]
fn the_command_names_the_bridge_first_and_no_secret() {
    let jvm = Jvm {
        java: Some("/bin/sh".into()),
        jars: vec!["a.jar".into(), "b.jar".into()],
        class: Some("org.example.Driver".into()),
        arguments: vec!["-Xmx64m".into()],
    };
    let command = jvm.command(Path::new("bridge.jar"), Path::new("socket")).unwrap();
    let text: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let tail = ["-cp", "bridge.jar:a.jar:b.jar", "seawall.jdbc.Main", "socket"];
    assert!(text.ends_with(&tail.map(String::from)), "{text:?}");
    assert!(text.contains(&"-Dseawall.driver=org.example.Driver".to_owned()), "{text:?}");
}

#[test]
fn what_is_missing_is_said_all_at_once() {
    let jvm = Jvm { java: Some("/nonexistent/java".into()), jars: vec!["gone.jar".into()], ..Jvm::default() };
    let missing = jvm.missing();
    assert!(missing.iter().any(|text| text.contains("/nonexistent/java")), "{missing:?}");
    assert!(missing.iter().any(|text| text.contains("gone.jar")), "{missing:?}");
}

#[test]
fn values_at_their_bounds_arrive_exactly() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:bounds");
    session.run(
        "CREATE TABLE T (ID INT PRIMARY KEY, D DECIMAL(38,10), I BIGINT, C CHAR(5), V VARCHAR(40), B VARBINARY(20), \
         DT DATE, TM TIME(3), TS TIMESTAMP(6), TZ TIMESTAMP(3) WITH TIME ZONE, F DOUBLE PRECISION, R REAL, \
         BO BOOLEAN, CL CLOB, BL BLOB)",
    );
    session.run(
        "INSERT INTO T VALUES (1, 9999999999999999999999999999.9999999999, -9223372036854775808, 'ab', \
         U&'\\+01F980 Zo\\00EB', X'00FF10', DATE '0001-01-01', TIME '23:59:59.999', \
         TIMESTAMP '2026-03-29 02:30:00.123456', TIMESTAMP WITH TIME ZONE '2026-10-25 02:30:00.5+02:00', 1e300, 0.1, TRUE, 'long', X'01')",
    );
    session.run("INSERT INTO T (ID) VALUES (2)");
    let answer = session.execute(&Execute { rows: true, ..Execute::new("SELECT * FROM T ORDER BY ID") });
    let rows = answer.rows();
    let expected = [
        "1",
        "9999999999999999999999999999.9999999999",
        "-9223372036854775808",
        "ab   ",
        "🦀 Zoë",
        "0x00ff10",
        "0001-01-01",
        "23:59:59.999",
        "2026-03-29T02:30:00.123456",
        "2026-10-25T02:30:00.5+02:00",
        "1e300",
        "0.1",
        "true",
        "long",
        "0x01",
    ];
    assert_eq!(rows[0].iter().map(|cell| cell.as_deref().unwrap_or("NULL")).collect::<Vec<_>>(), expected);
    assert!(rows[1][1..].iter().all(Option::is_none), "{:?}", rows[1]);
}

#[test]
fn bound_values_come_back_as_they_went_and_never_become_a_part_of_the_statement() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:bound");
    let check = |session: &mut kit::Session, ty: &str, kind: ValueKind, sent: &str, expected: &str| {
        let value = Value::Text(sent.to_owned());
        let parameters = vec![Parameter::input(kind, value)];
        let sql = format!("SELECT CAST(? AS {ty})");
        let answer = session.execute(&Execute { rows: true, parameters, ..Execute::new(sql) });
        assert_eq!(answer.rows(), [[text(expected)]], "{ty}");
    };
    let s = &mut session;
    check(s, "VARCHAR(99)", ValueKind::Text, "'; DROP TABLE T; --", "'; DROP TABLE T; --");
    check(s, "VARCHAR(99)", ValueKind::National, "Příliš 🦀", "Příliš 🦀");
    check(
        s,
        "DECIMAL(38,2)",
        ValueKind::Decimal,
        "-999999999999999999999999999999999999.99",
        "-999999999999999999999999999999999999.99",
    );
    check(s, "BIGINT", ValueKind::Integer, "9223372036854775807", "9223372036854775807");
    check(s, "DATE", ValueKind::Date, "2024-02-29", "2024-02-29");
    check(s, "TIME(2)", ValueKind::Time, "09:30:00.250", "09:30:00.25");
    check(
        s,
        "TIMESTAMP(6)",
        ValueKind::Timestamp,
        "2026-03-29T02:30:00.000001",
        "2026-03-29T02:30:00.000001",
    );
    check(
        s,
        "TIMESTAMP(0) WITH TIME ZONE",
        ValueKind::Instant,
        "2026-10-25T02:30:00+01:00",
        "2026-10-25T02:30:00+01:00",
    );
    check(s, "BOOLEAN", ValueKind::Boolean, "true", "true");
    check(s, "DOUBLE PRECISION", ValueKind::Double, "1.5e300", "1.5e300");
    let bad = Parameter::input(ValueKind::Date, Value::Text("2026-02-30".into()));
    let fault = s.execute(&Execute { parameters: vec![bad], ..Execute::new("SELECT ?") }).fault();
    assert_eq!((fault.sqlstate.as_str(), fault.phase), ("22018", Phase::Before));
    assert!(!fault.message.contains("2026"), "{}", fault.message);
}

#[test]
fn a_fault_says_what_it_was_and_the_session_goes_on() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:faults");
    session.run("CREATE TABLE T (ID INT PRIMARY KEY)");
    session.run("INSERT INTO T VALUES (1)");
    let fault = session.execute(&Execute::new("INSERT INTO T VALUES (1)")).fault();
    assert_eq!((fault.sqlstate.as_str(), fault.phase), ("23505", Phase::Before));
    let fault = session.execute(&Execute::new("SELEC 1")).fault();
    assert_eq!((&fault.sqlstate[..2], fault.phase), ("42", Phase::Before));
    let answer = session.execute(&Execute::new("UPDATE T SET ID = 2"));
    assert_eq!(answer.affected(), Some(1));
    session.ping();
}

#[test]
fn generated_keys_and_procedures_answer() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:keys");
    session.run("CREATE TABLE T (ID BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, N VARCHAR(9))");
    let generated = vec!["ID".to_owned()];
    let answer = session.execute(&Execute { generated, ..Execute::new("INSERT INTO T (N) VALUES ('a')") });
    assert_eq!((answer.rows(), answer.affected()), (vec![vec![text("1")]], Some(1)));
    session.run("CREATE ALIAS TWICE FOR 'java.lang.Math.multiplyExact(long, long)'");
    let one = |value: &str| Parameter::input(ValueKind::Integer, Value::Text(value.to_owned()));
    let call = Execute {
        call: true,
        rows: true,
        parameters: vec![one("6"), one("7")],
        ..Execute::new("{call TWICE(?, ?)}")
    };
    assert_eq!(session.execute(&call).rows(), [[text("42")]]);
}

#[test]
fn a_statement_that_takes_too_long_or_is_cancelled_ends_and_the_session_goes_on() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(7);
    session.open("jdbc:h2:mem:slow");
    let slow = "SELECT SUM(A.X * B.X) FROM SYSTEM_RANGE(1, 100000) A, SYSTEM_RANGE(1, 100000) B";
    let started = Instant::now();
    let fault = session.execute(&Execute { timeout_ms: 300, rows: true, ..Execute::new(slow) }).fault();
    assert_eq!((fault.sqlstate.as_str(), fault.phase), ("HYT00", Phase::Within));
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    session.send(&Execute { rows: true, ..Execute::new(slow) });
    std::thread::sleep(Duration::from_millis(300));
    bridge.session(0).cancel(7);
    let fault = session.answer().fault();
    assert_eq!((fault.sqlstate.as_str(), fault.phase), ("57014", Phase::Within));
    session.ping();
    session.send(&Execute { rows: true, ..Execute::new(slow) });
    drop(session);
    // What the other side does not wait for any more is stopped, so the database is free again.
    let mut other = bridge.session(8);
    other.open("jdbc:h2:mem:slow");
    other.run("CREATE TABLE FREE (X INT)");
}

#[test]
fn what_is_no_frame_ends_its_session_and_no_other() {
    let Some(bridge) = Bridge::start() else { return };
    let mut good = bridge.session(1);
    good.open("jdbc:h2:mem:hostile");
    for bytes in [
        &[0xff; 64][..],
        &[0, 0, 0, 0, 3],
        &[3, 0, 0, 0, 5, 9, 9],
        &[5, 0, 0, 0, 2, 255, 255, 255, 255],
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        assert!(bridge.session(2).hears_nothing_after(bytes), "{bytes:?}");
    }
    assert!(bridge.refuses_a_wrong_token());
    good.ping();
}

#[test]
fn the_catalog_tells_tables_keys_and_procedures() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:catalog");
    session.run(
        "CREATE TABLE \"odd_na%me\" (A INT NOT NULL, B DECIMAL(11,2) DEFAULT 1.5, C BIGINT GENERATED ALWAYS AS IDENTITY, \
         PRIMARY KEY (B, A))",
    );
    session.run("CREATE TABLE ODDXNAYME (Z INT)");
    session.run("CREATE UNIQUE INDEX U ON \"odd_na%me\" (C)");
    session.run("CREATE VIEW W AS SELECT A FROM \"odd_na%me\"");
    let catalog = session.catalog();
    for part in [
        r#""product":"H2""#,
        r#"{"schema":"PUBLIC","name":"odd_na%me","kind":"TABLE","columns":[{"name":"A","type":4,"typeName":"INTEGER","precision":32,"scale":0,"nullable":false,"default":null,"generated":false},{"name":"B","type":3,"#,
        r#""default":"1.5","generated":false}"#,
        r#""key":["B","A"]"#,
        r#"{"name":"U","unique":true,"columns":["C"]}"#,
        r#"{"schema":"PUBLIC","name":"W","kind":"VIEW""#,
    ] {
        assert!(catalog.contains(part), "{part} is not in {catalog}");
    }
    assert!(!catalog.contains("INFORMATION_SCHEMA"), "{catalog}");
}

#[test]
fn a_long_result_streams_in_batches_and_its_speed_is_printed() {
    let Some(bridge) = Bridge::start() else { return };
    let mut session = bridge.session(1);
    session.open("jdbc:h2:mem:speed");
    let sql = "SELECT X, CAST(X AS DECIMAL(20,2)), 'name ' || X, DATE '2026-06-01', X * 2, 'A' FROM SYSTEM_RANGE(1, 200000)";
    let started = Instant::now();
    let fetch = vec![Fetch::Integer, Fetch::Decimal, Fetch::Text, Fetch::Date, Fetch::Integer, Fetch::Text];
    let answer = session.execute(&Execute { rows: true, fetch, ..Execute::new(sql) });
    let Answer { batches, row_count, .. } = &answer;
    assert_eq!(*row_count, 200_000);
    assert!(*batches > 10, "{batches} batches");
    eprintln!("{:.0} rows/s", 200_000.0 / started.elapsed().as_secs_f64());
}
