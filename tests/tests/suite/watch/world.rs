//! A database with orders and memos, and the facade that watches it.
//!
//! **Invariant.** The project is a copy of the committed one, with what a test changes; store and log outlive the facade.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::databases::{Product, Server, Sqlite, jdbc_driver};
use tests::process::{FacadeOptions, scratch, seawall};
use tests::shared::repository;
use tests::{Client, Facade, KeySet};

/// How the orders are watched where no test says otherwise.
pub(crate) const WATCH: &str = "watch: { every: 200ms, since: changedAt }";

/// Everything that a client may be allowed.
pub(crate) const SCOPES: &str = "orders:read orders:write events:orders events:memos events:reject";

/// A database, and the way to it.
#[derive(Clone, Copy)]
pub(crate) enum Database<'a> {
    Sqlite(&'a Sqlite),
    Odbc(&'a Server),
    Jdbc(&'a Server),
}

/// A project on a database.
pub(crate) struct World<'a> {
    pub(crate) database: Database<'a>,
    pub(crate) project: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) keys: KeySet,
    pub(crate) args: Vec<String>,
    store: PathBuf,
}

/// The rows of a table: version and state by key.
pub(crate) type Rows = BTreeMap<i64, (u64, String)>;

impl Database<'_> {
    fn folder(self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite-odbc",
            Self::Odbc(server) if server.product == Product::Mariadb => "mariadb-odbc",
            Self::Odbc(_) => "postgresql-odbc",
            Self::Jdbc(_) => "postgresql-jdbc",
        }
    }

    fn url(self) -> Option<String> {
        match self {
            Self::Sqlite(sqlite) => sqlite.odbc_url(),
            Self::Odbc(server) if server.product == Product::Mariadb => server.odbc_url("mysql"),
            Self::Odbc(server) => server.odbc_url("postgres"),
            Self::Jdbc(server) => Some(server.jdbc_url("postgres")),
        }
    }

    fn file(sqlite: &Sqlite) -> PathBuf {
        sqlite.path.with_file_name("shop")
    }

    /// Runs statements.
    pub(crate) fn run(self, sql: &str) -> String {
        match self {
            Self::Sqlite(sqlite) => {
                let file = Self::file(sqlite);
                sqlite.run(&format!("ATTACH DATABASE '{}' AS shop; {sql}", file.display())).unwrap();
                String::new()
            }
            Self::Odbc(server) | Self::Jdbc(server) => {
                server.run(sql).unwrap_or_else(|error| panic!("{error}\n{sql}"))
            }
        }
    }

    /// Makes the tables anew.
    fn tables(self) {
        let (drops, moment) = match self {
            Self::Sqlite(_) => {
                ("DROP TABLE IF EXISTS shop.orders; DROP TABLE IF EXISTS shop.memos;", "TIMESTAMP")
            }
            Self::Odbc(server) if server.product == Product::Mariadb => {
                ("DROP DATABASE IF EXISTS shop; CREATE DATABASE shop;", "DATETIME(6)")
            }
            _ => ("DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop;", "TIMESTAMP(6)"),
        };
        self.run(&format!(
            "{drops}
             CREATE TABLE shop.orders (id INTEGER NOT NULL PRIMARY KEY, ver DECIMAL(18,0) NOT NULL, note VARCHAR(40),
                                       state CHAR(1) NOT NULL, changed {moment} NOT NULL);
             CREATE TABLE shop.memos (id INTEGER NOT NULL PRIMARY KEY, text VARCHAR(40));"
        ));
    }

    /// What the orders are now.
    pub(crate) fn rows(self) -> Rows {
        let text = match self {
            Self::Sqlite(sqlite) => {
                let database = rusqlite::Connection::open(Self::file(sqlite)).unwrap();
                let mut all =
                    database.prepare("SELECT id || ' ' || ver || ' ' || state FROM orders").unwrap();
                let rows = all.query_map([], |row| row.get::<_, String>(0)).unwrap();
                rows.map(Result::unwrap).collect::<Vec<_>>().join("\n")
            }
            _ => self.run("SELECT CONCAT(id, ' ', ver, ' ', state) FROM shop.orders;"),
        };
        let row = |line: &str| {
            let mut words = line.split_whitespace();
            let mut next = || words.next().unwrap_or_default();
            (next().parse().unwrap(), (next().parse().unwrap(), state(next()).to_owned()))
        };
        text.lines().filter(|line| !line.trim().is_empty()).map(row).collect()
    }
}

fn state(code: &str) -> &'static str {
    match code {
        "O" => "open",
        "D" => "done",
        _ => "cancelled",
    }
}

impl<'a> World<'a> {
    /// Makes the tables and a copy of the project, with the mapping changed. Nothing, said loudly, without a driver.
    pub(crate) fn open(database: Database<'a>, change: impl Fn(String) -> String) -> Option<Self> {
        let (project, kept) = (scratch("watch").unwrap(), scratch("watch-kept").unwrap());
        let committed = repository().join("tests/projects/watch");
        tests::bench::copy(&committed.join(database.folder()), &project).unwrap();
        fs::copy(committed.join("lib/orders.yaml"), project.join("orders.yaml")).unwrap();
        if let Database::Jdbc(_) = database {
            fs::create_dir_all(project.join("drivers")).unwrap();
            fs::copy(jdbc_driver("postgresql")?, project.join("drivers/postgresql.jar")).unwrap();
        }
        let keys = KeySet::new("https://idp.example", "shop-apps");
        let (log, store) = (kept.join("log"), kept.join("store"));
        fs::write(kept.join("erp-password"), "secret").unwrap();
        fs::write(kept.join("jwks.json"), keys.jwks().to_string()).unwrap();
        let file = match database {
            Database::Sqlite(sqlite) => Database::file(sqlite).display().to_string(),
            _ => String::new(),
        };
        let named = |name: &str, value: String| (name.to_owned(), value);
        let env = vec![
            named("ERP_URL", database.url()?),
            named("ERP_FILE", file),
            named("LOG_PATH", log.display().to_string()),
            named("SEAWALL_SECRETS", kept.display().to_string()),
            named("OIDC_ISSUER", keys.issuer.clone()),
            named("OIDC_JWKS", kept.join("jwks.json").display().to_string()),
        ];
        database.tables();
        let world = Self { database, project, log, env, keys, args: Vec::new(), store };
        world.change(change);
        Some(world)
    }

    /// Changes the mapping.
    pub(crate) fn change(&self, change: impl Fn(String) -> String) {
        for name in ["facade.yaml", "orders.yaml"] {
            let file = self.project.join(name);
            fs::write(&file, change(fs::read_to_string(&file).unwrap())).unwrap();
        }
    }

    /// Starts a facade on store and log of the one before.
    pub(crate) fn serve(&self) -> Facade {
        let options = FacadeOptions {
            project: &self.project,
            env: self.env.clone(),
            args: self.args.clone(),
            keys: &self.keys,
            store: Some(self.store.clone()),
        };
        Facade::start(&options).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A client with these scopes.
    pub(crate) fn client(&self, facade: &Facade, scopes: &str) -> Client {
        facade.client().bearer(&self.keys.token("tester", scopes, 3600))
    }

    /// All events of a topic.
    pub(crate) fn told(&self, facade: &Facade, topic: &str) -> Vec<Value> {
        whole(&mut self.client(facade, SCOPES), topic)
    }

    /// Waits until a topic has so many events and a while longer for one too many.
    pub(crate) fn wait(&self, facade: &Facade, topic: &str, count: usize) -> Vec<Value> {
        super::until(|| match self.told(facade, topic).len() {
            found if found >= count => Ok(()),
            found => Err(format!("{topic}: {found} events of {count}")),
        });
        std::thread::sleep(std::time::Duration::from_millis(700));
        let told = self.told(facade, topic);
        assert_eq!(told.len(), count, "{topic}: {told:#?}");
        told
    }

    /// Runs `seawall` on the project.
    pub(crate) fn seawall(&self, command: &str, behind: &[&str]) -> Output {
        let mut run = Command::new(seawall());
        run.arg(command).arg(&self.project).args(behind);
        run.envs(self.env.iter().map(|(name, value)| (name, value))).output().unwrap()
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.project));
            drop(fs::remove_dir_all(self.store.parent().unwrap_or(Path::new("nothing"))));
        }
    }
}

/// Reads a topic by pages to its end.
pub(crate) fn whole(client: &mut Client, topic: &str) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    loop {
        let after = events.last().map(|event| format!("&after={}", text(&event["cursor"])));
        let page = client.get(&format!("/events/{topic}?limit=500{}", after.unwrap_or_default())).unwrap();
        assert_eq!(page.status, 200, "{}", page.text());
        let before = events.len();
        events.extend(page.text().lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        if events.len() == before {
            return events;
        }
    }
}

/// A text of an event, or nothing.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Type and data of each event.
pub(crate) fn types(events: &[Value]) -> Vec<(String, Value)> {
    events.iter().map(|event| (text(&event["type"]).to_owned(), event["data"].clone())).collect()
}

/// The data of an event about a record that is gone.
pub(crate) fn gone(id: i64) -> Value {
    json!({ "id": id })
}
