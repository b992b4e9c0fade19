//! A database behind a network that can be cut, and the facade in front of it.
//!
//! **Invariant.** One world per test; whatever it started is gone when the test ends.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tests::databases::{Product, Server, Sqlite, jdbc_driver};
use tests::family::{Process, descendants};
use tests::process::{FacadeOptions, scratch, seawall};
use tests::shared::repository;
use tests::{Client, Facade, KeySet, Proxy};

/// How a database is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    SqliteOdbc,
    PostgresOdbc,
    PostgresJdbc,
    MariadbOdbc,
    H2Jdbc,
}

/// The most sessions of `erp`.
pub(crate) const SESSIONS_MAX: usize = 4;
/// What a request on `erp` may take.
pub(crate) const DEADLINE: Duration = Duration::from_secs(3);
/// The number of accounts that all worlds but the large have.
pub(crate) const ACCOUNTS: u64 = 8000;

pub(crate) struct World {
    pub(crate) way: Way,
    pub(crate) facade: Facade,
    pub(crate) server: Option<Server>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) project: PathBuf,
    pub(crate) keys: KeySet,
    sqlite: Option<Sqlite>,
}

/// A project whose facade was not started yet.
pub(crate) struct Plan {
    pub(crate) way: Way,
    pub(crate) server: Option<Server>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) project: PathBuf,
    pub(crate) keys: KeySet,
    sqlite: Option<Sqlite>,
    pub(crate) url: String,
}

impl Way {
    fn is_jdbc(self) -> bool {
        matches!(self, Self::PostgresJdbc | Self::H2Jdbc)
    }

    fn product(self) -> Option<Product> {
        match self {
            Self::SqliteOdbc => None,
            Self::PostgresOdbc | Self::PostgresJdbc => Some(Product::Postgres),
            Self::MariadbOdbc => Some(Product::Mariadb),
            Self::H2Jdbc => Some(Product::H2),
        }
    }

    /// A name as this database takes it in upper case.
    fn name(self, name: &str) -> String {
        match self.product() {
            Some(Product::Postgres) => format!("\"{name}\""),
            _ => name.to_owned(),
        }
    }

    pub(crate) fn table(self) -> String {
        format!("{}.{}", self.name("KDLIB"), self.name("KONTEN"))
    }

    /// A query for account 1 that takes so long.
    fn sleep(self, seconds: f32) -> String {
        let (table, number) = (self.table(), self.name("NR"));
        let wait = match self {
            Self::PostgresOdbc | Self::PostgresJdbc => format!("pg_sleep({seconds}) IS NOT NULL"),
            Self::MariadbOdbc => format!("SLEEP({seconds}) = 0"),
            Self::H2Jdbc => {
                let rows = (seconds * 4e3) as u64;
                format!("(SELECT SUM(A.X * B.X) FROM SYSTEM_RANGE(1, {rows}) A, SYSTEM_RANGE(1, 4000) B) > 0")
            }
            Self::SqliteOdbc => format!(
                "(WITH RECURSIVE N(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM N WHERE I < {}) SELECT COUNT(*) FROM N) > 0",
                (seconds * 4e6) as u64
            ),
        };
        format!("SELECT * FROM {table} WHERE {number} = 1 AND {wait}")
    }

    /// Makes the table and fills it. An UPDATE of account 7 takes a minute where the database can be told so.
    fn ddl(self, accounts: u64) -> String {
        let table = self.table();
        let (nr, stand, name) = (self.name("NR"), self.name("STAND"), self.name("NAME"));
        let columns = format!(
            "({nr} INTEGER NOT NULL PRIMARY KEY, {stand} INTEGER NOT NULL, {name} VARCHAR(80) NOT NULL)"
        );
        let make = format!("CREATE TABLE {table} {columns};");
        match self {
            Self::PostgresOdbc | Self::PostgresJdbc => format!(
                "CREATE SCHEMA \"KDLIB\"; {make} INSERT INTO {table} SELECT N, 0, 'account number ' || N || repeat(' of many', 5) \
                 FROM generate_series(1, {accounts}) N; CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS \
                 'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'; CREATE TRIGGER doze BEFORE UPDATE ON {table} FOR EACH ROW \
                 WHEN (OLD.\"NR\" = 7) EXECUTE FUNCTION doze(); ANALYZE {table};"
            ),
            Self::MariadbOdbc => format!(
                "CREATE DATABASE KDLIB; {make} SET max_recursive_iterations = 1000000; INSERT INTO {table} WITH RECURSIVE N(I) AS \
                 (SELECT 1 UNION ALL SELECT I + 1 FROM N WHERE I < {accounts}) SELECT I, 0, \
                 CONCAT('account number ', I, REPEAT(' of many', 5)) FROM N; CREATE TRIGGER KDLIB.DOZE BEFORE UPDATE ON {table} FOR \
                 EACH ROW SET NEW.STAND = IF(OLD.NR = 7, NEW.STAND + SLEEP(60), NEW.STAND);"
            ),
            Self::H2Jdbc => format!(
                "SET WRITE_DELAY 0; CREATE SCHEMA KDLIB; {make} INSERT INTO {table} SELECT X, 0, \
                 'account number ' || X || REPEAT(' of many', 5) FROM SYSTEM_RANGE(1, {accounts});"
            ),
            Self::SqliteOdbc => format!(
                "{make} INSERT INTO {table} WITH RECURSIVE N(I) AS (SELECT 1 UNION ALL SELECT I + 1 FROM N WHERE I < {accounts}) \
                 SELECT I, 0, 'account number ' || I || ' of many of many of many of many of many' FROM N;"
            ),
        }
    }
}

impl Plan {
    /// Makes a database with so many accounts, and a project for it; nothing, said loudly, where something is missing.
    pub(crate) fn new(way: Way, accounts: u64) -> Option<Self> {
        let project = scratch("outages").unwrap();
        let keys = KeySet::new("https://idp.example", "bank");
        fs::write(project.join("erp-password"), "secret").unwrap();
        fs::write(project.join("jwks.json"), keys.jwks().to_string()).unwrap();
        let (mut server, mut sqlite, mut proxy) = (None, None, None);
        let url = match way.product() {
            Some(product) => {
                let started = Server::start(product).unwrap()?;
                started.run(&way.ddl(accounts)).unwrap();
                let through = Proxy::start(started.port).unwrap();
                let url = match (way.is_jdbc(), product) {
                    (true, Product::H2) => started.jdbc_url("test"),
                    (true, _) => started.jdbc_url("postgres"),
                    (false, Product::Mariadb) => started.odbc_url("mysql")?,
                    (false, _) => started.odbc_url("postgres")?,
                };
                let url = url.replace(&started.port.to_string(), &through.address.port().to_string());
                (server, proxy) = (Some(started), Some(through));
                url
            }
            None => {
                let file = Sqlite::new().unwrap();
                let attach = format!("ATTACH DATABASE '{}' AS KDLIB;", attached(&file));
                file.run(&format!("{attach}{}", way.ddl(accounts))).unwrap();
                let url = file.odbc_url()?;
                sqlite = Some(file);
                url
            }
        };
        let plan = Self { way, server, proxy, project, keys, sqlite, url };
        plan.write();
        let taken = plan.seawall(&["snapshot", "erp", "--write", "--tables", "KDLIB.KONTEN"]);
        assert!(taken.status.success(), "{way:?}: {}", String::from_utf8_lossy(&taken.stderr));
        Some(plan)
    }

    /// Writes the project.
    fn write(&self) {
        let shared = repository().join("tests/projects/outages/accounts.yaml");
        fs::copy(shared, self.project.join("accounts.yaml")).unwrap();
        let kind = if self.way.is_jdbc() { "jdbc" } else { "odbc" };
        let mut more = String::new();
        if let Some(driver) = match self.way {
            Way::PostgresJdbc => Some("postgresql"),
            Way::H2Jdbc => Some("h2"),
            _ => None,
        } {
            let jar = jdbc_driver(driver).unwrap();
            more = format!("\n    driver: [{}]", jar.display());
        }
        if let Some(sqlite) = &self.sqlite {
            more = format!("\n    settings: [\"ATTACH DATABASE '{}' AS KDLIB\"]", attached(sqlite));
        }
        let connection = |name: &str, policy: &str, max: usize| {
            format!(
                "  {name}:\n    type: {kind}\n    url: {}{more}\n    catalog: erp.catalog.json\n    \
                 auth: {{ user: seawall, password: \"${{secret:erp-password}}\" }}\n    \
                 login: 2s\n    pool: {{ max: {max}, acquire: 2s }}\n    policy: {policy}\n",
                self.url
            )
        };
        let erp = connection("erp", "{ timeout: 1500ms, deadline: 3s, retry: 1 }", SESSIONS_MAX);
        let calm = connection("calm", "{ timeout: 120s, deadline: 120s, retry: 0, concurrency: 16 }", 16);
        let list = |path: &str, model: &str, sql: &str| {
            format!(
                "  GET /{path}:\n    list: {model}\n    sql: |\n      {sql}\n    policy: {{ scope: bank }}\n"
            )
        };
        let text = format!(
            "facade: outages\nformat: 1\ntitle: Accounts behind a database that fails\n\nauth: {{ type: oidc, issuer: \
             \"${{env:OIDC_ISSUER}}\", jwks: \"${{env:OIDC_JWKS}}\", audience: bank }}\n\nconnections:\n{erp}{calm}\nrest:\n{}{}{}",
            list("slow", "Account", &self.way.sleep(60.0)),
            list("nap", "Account", &self.way.sleep(0.7)),
            list("calm-slow", "CalmAccount", &self.way.sleep(60.0)),
        );
        fs::write(self.project.join("facade.yaml"), text).unwrap();
    }

    /// Changes the mapping.
    pub(crate) fn change(&self, from: &str, to: &str) {
        let file = self.project.join("facade.yaml");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from:?} is not in {text}");
        fs::write(file, text.replace(from, to)).unwrap();
    }

    fn env(&self) -> Vec<(String, String)> {
        let folder = self.project.display().to_string();
        vec![
            ("SEAWALL_SECRETS".to_owned(), folder.clone()),
            ("OIDC_ISSUER".to_owned(), self.keys.issuer.clone()),
            ("OIDC_JWKS".to_owned(), format!("{folder}/jwks.json")),
        ]
    }

    /// Runs `seawall` in the project.
    pub(crate) fn seawall(&self, arguments: &[&str]) -> Output {
        let mut run = Command::new(seawall());
        run.args(arguments).current_dir(&self.project).envs(self.env());
        run.output().unwrap()
    }

    /// Starts the facade.
    pub(crate) fn serve(self) -> World {
        let options = FacadeOptions {
            project: &self.project,
            env: self.env(),
            args: Vec::new(),
            keys: &self.keys,
            store: None,
        };
        let facade = Facade::start(&options).unwrap_or_else(|error| panic!("{:?}: {error}", self.way));
        let Self { way, server, proxy, project, keys, sqlite, .. } = self;
        World { way, facade, server, proxy, project, keys, sqlite }
    }
}

impl World {
    pub(crate) fn start(way: Way) -> Option<Self> {
        Plan::new(way, ACCOUNTS).map(Plan::serve)
    }

    pub(crate) fn client(&self) -> Client {
        self.facade.client().bearer(&self.keys.token("tester", "bank", 3600))
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("a database with a server")
    }

    /// The workers that live.
    pub(crate) fn workers(&self) -> Vec<Process> {
        descendants(self.facade.pid()).into_iter().filter(Process::is_alive).collect()
    }

    /// The sessions that the server has for the workers; `None` where it cannot be asked cheaply.
    pub(crate) fn sessions(&self) -> Option<usize> {
        let sql = match self.way {
            Way::PostgresOdbc | Way::PostgresJdbc => {
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'psql'"
            }
            Way::MariadbOdbc => "SELECT COUNT(*) FROM information_schema.processlist WHERE USER = 'seawall'",
            _ => return None,
        };
        self.server().run(sql).ok()?.trim().parse().ok()
    }

    /// The statements that the server executes for the workers; those that hold a cursor open among them.
    pub(crate) fn busy(&self) -> usize {
        let sql = match self.way {
            Way::PostgresOdbc | Way::PostgresJdbc => {
                "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name <> 'psql' \
                 AND state <> 'idle'"
            }
            Way::MariadbOdbc => {
                "SELECT COUNT(*) FROM information_schema.processlist WHERE USER = 'seawall' AND COMMAND <> 'Sleep'"
            }
            _ => {
                "SELECT COUNT(*) FROM INFORMATION_SCHEMA.SESSIONS WHERE SESSION_STATE <> 'SLEEP' AND SESSION_ID <> SESSION_ID()"
            }
        };
        let told = self.server().run(sql).unwrap();
        let number = |line: &str| line.trim().parse().ok();
        told.lines().find_map(number).unwrap_or_else(|| panic!("{told}"))
    }

    /// Ends all sessions of the workers on the server.
    pub(crate) fn kill_sessions(&self) {
        match self.way {
            Way::PostgresOdbc | Way::PostgresJdbc => {
                let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' \
                           AND application_name <> 'psql'";
                self.server().run(sql).unwrap();
            }
            Way::MariadbOdbc => {
                let sql = "SELECT CONCAT('KILL CONNECTION ', ID, ';') FROM information_schema.processlist WHERE USER = 'seawall'";
                for kill in self.server().run(sql).unwrap().lines() {
                    // It may have ended by itself.
                    drop(self.server().run(kill));
                }
            }
            _ => self.proxy.as_ref().unwrap().cut(),
        }
    }

    /// Waits until requests are answered again, three in a row, and returns how long that took.
    pub(crate) fn recovered(&self, since: Instant) -> Duration {
        let (mut client, mut good) = (self.client(), 0);
        while good < 3 {
            assert!(since.elapsed() < Duration::from_secs(20), "{:?} does not recover", self.way);
            match client.get("/accounts/1") {
                Ok(answer) if answer.status == 200 => good += 1,
                _ => {
                    good = 0;
                    std::thread::sleep(Duration::from_millis(20));
                }
            }
        }
        since.elapsed()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(self.facade.kill());
            drop(fs::remove_dir_all(&self.project));
        }
        drop(self.sqlite.take());
    }
}

/// Waits until something holds.
pub(crate) fn within(limit: Duration, what: &str, holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}

fn attached(sqlite: &Sqlite) -> String {
    sqlite.path.with_file_name("kdlib").display().to_string()
}
