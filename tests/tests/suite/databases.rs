//! Databases of other makers, on their own: that the servers of these tests come and go as they should.

use std::process::Command;
use tests::databases::{Product, Server, Sqlite, jdbc_driver};
use tests::process::{scratch, seawall};

#[test]
fn servers_start_forget_nothing_when_they_are_killed_and_freeze() {
    for product in [Product::Postgres, Product::Mariadb, Product::H2] {
        let Some(server) = Server::start(product).unwrap() else { continue };
        server.run("CREATE SCHEMA KEPT").unwrap();
        server.run("CREATE TABLE KEPT.T (A INT)").unwrap();
        server.run("INSERT INTO KEPT.T VALUES (42)").unwrap();
        server.run("SELEC 1").unwrap_err();
        server.freeze(true);
        server.freeze(false);
        server.restart().unwrap();
        assert!(server.run("SELECT A FROM KEPT.T").unwrap().contains("42"), "{product:?}");
    }
    let sqlite = Sqlite::new().unwrap();
    sqlite.run("CREATE TABLE T (A INT); INSERT INTO T VALUES (1)").unwrap();
    sqlite.run("SELEC 1").unwrap_err();
}

/// The snapshot of what matches a pattern.
fn snapshot(connection: &str, pattern: &str) -> serde_json::Value {
    let project = scratch("snapshot").unwrap();
    let text = format!(
        "facade: x\nformat: 1\ntitle: X\nconnections:\n  erp:\n{connection}    catalog: erp.catalog.json\n    auth: {{ user: seawall, password: secret }}\n"
    );
    std::fs::write(project.join("facade.yaml"), text).unwrap();
    let mut run = Command::new(seawall());
    let told = run.args(["snapshot", "erp", "--tables", pattern]).current_dir(&project).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    std::fs::remove_dir_all(project).unwrap();
    serde_json::from_slice(&told.stdout).unwrap()
}

fn odbc(server: &Server, database: &str) -> Option<String> {
    server.odbc_url(database).map(|url| format!("    type: odbc\n    url: \"{url}\"\n"))
}

fn jdbc(server: &Server, database: &str, driver: &str) -> Option<String> {
    let (url, jar) = (server.jdbc_url(database), jdbc_driver(driver)?);
    Some(format!("    type: jdbc\n    url: \"{url}\"\n    driver: [{}]\n", jar.display()))
}

#[test]
fn snapshots_find_tables_procedures_and_functions_of_other_schemas() {
    let check = |connection: Option<String>, routines: &[(&str, &[&str])]| {
        let Some(connection) = connection else { return };
        let taken = snapshot(&connection, "l.%");
        assert_eq!(taken["tables"]["l.t"]["key"], serde_json::json!(["id"]), "{connection}: {taken:#}");
        assert_eq!(taken["tables"].as_object().unwrap().len(), 1, "{connection}: {taken:#}");
        for (name, expected) in routines {
            let parameters = taken["procedures"][*name]["parameters"].as_object();
            let parameters = parameters.unwrap_or_else(|| panic!("no {name}: {connection}: {taken:#}"));
            let told: Vec<String> = parameters
                .iter()
                .map(|(name, text)| format!("{name} {}", text.as_str().unwrap().split(' ').next().unwrap()))
                .collect();
            assert_eq!(told, *expected, "{connection}: {name}");
        }
        let all = snapshot(&connection, "%.%");
        assert!(all["tables"]["l.t"].is_object(), "{connection}");
        let own = ["pg_catalog.", "information_schema.", "mysql.", "sys."];
        let names = ["tables", "procedures"].map(|kind| all[kind].as_object().into_iter().flatten());
        let found = names.into_iter().flatten().find(|(name, _)| own.iter().any(|own| name.starts_with(own)));
        assert!(found.is_none(), "{connection}: {found:?} is the database's own");
    };
    if let Some(server) = Server::start(Product::Postgres).unwrap() {
        let sql = "CREATE SCHEMA l; CREATE TABLE l.t (id int PRIMARY KEY, name text); CREATE FUNCTION l.f(a int, OUT b int) \
                   AS 'SELECT a + 1' LANGUAGE sql; CREATE FUNCTION l.v(a int) RETURNS int AS 'SELECT a' LANGUAGE sql; \
                   CREATE PROCEDURE l.p(a int, INOUT b int) AS 'BEGIN b := a; END' LANGUAGE plpgsql;";
        server.run(sql).unwrap();
        let routines: &[(&str, &[&str])] = &[("l.f", &["a IN", "b OUT"]), ("l.p", &["a IN", "b INOUT"])];
        check(odbc(&server, "postgres"), routines);
        check(jdbc(&server, "postgres", "postgresql"), routines);
    }
    if let Some(server) = Server::start(Product::Mariadb).unwrap() {
        let sql = "CREATE DATABASE l; CREATE TABLE l.t (id int PRIMARY KEY, name varchar(20)); CREATE PROCEDURE l.p(IN a int, \
                   INOUT b int) SET b = a; CREATE FUNCTION l.v(a int) RETURNS int DETERMINISTIC RETURN a;";
        server.run(sql).unwrap();
        let routines: &[(&str, &[&str])] =
            &[("l.p", &["a IN", "b INOUT"]), ("l.v", &["RETURN_VALUE RETURN", "a IN"])];
        check(odbc(&server, "mysql"), routines);
        check(jdbc(&server, "mysql", "mariadb-java-client"), routines);
    }
}
