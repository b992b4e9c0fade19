//! One database with the tables of the customers, and the facade in front of it.
//!
//! **Invariant.** The project is a copy of the committed one; only its snapshot and its drivers are put beside it.

use super::seed::seed;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tests::databases::{Product, Server, Sqlite, jdbc_driver};
use tests::process::{FacadeOptions, scratch, seawall};
use tests::shared::repository;
use tests::{Client, Facade, KeySet};

/// A database, and the way to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    SqliteOdbc,
    PostgresOdbc,
    PostgresJdbc,
    MariadbOdbc,
    H2Jdbc,
}

/// A database of another maker.
pub(crate) enum Database {
    Sqlite(Sqlite),
    Server(Server),
}

/// A project on a database.
pub(crate) struct World<'a> {
    pub(crate) engine: Engine,
    pub(crate) database: &'a Database,
    pub(crate) project: PathBuf,
    keys: KeySet,
    env: Vec<(String, String)>,
}

impl Engine {
    pub(crate) fn folder(self) -> &'static str {
        match self {
            Self::SqliteOdbc => "sqlite-odbc",
            Self::PostgresOdbc => "postgresql-odbc",
            Self::PostgresJdbc => "postgresql-jdbc",
            Self::MariadbOdbc => "mariadb-odbc",
            Self::H2Jdbc => "h2-jdbc",
        }
    }

    /// The file with its tables.
    fn tables(self) -> &'static str {
        match self {
            Self::SqliteOdbc => "sqlite",
            Self::PostgresOdbc | Self::PostgresJdbc => "postgresql",
            Self::MariadbOdbc => "mariadb",
            Self::H2Jdbc => "h2",
        }
    }

    /// A name as this database takes it in upper case.
    pub(crate) fn name(self, name: &str) -> String {
        match self {
            Self::PostgresOdbc | Self::PostgresJdbc => format!("\"{name}\""),
            _ => name.to_owned(),
        }
    }

    /// A table with its schema.
    pub(crate) fn table(self, name: &str) -> String {
        format!("{}.{}", self.name("KDLIB"), self.name(name))
    }

    /// Whether it has procedures.
    pub(crate) fn has_procedures(self) -> bool {
        self != Self::SqliteOdbc
    }

    fn drops(self) -> &'static str {
        match self {
            Self::SqliteOdbc => "DROP TABLE IF EXISTS KDLIB.KDBUCH; DROP TABLE IF EXISTS KDLIB.KDSTAMM;",
            Self::PostgresOdbc | Self::PostgresJdbc => "DROP SCHEMA IF EXISTS \"KDLIB\" CASCADE;",
            Self::MariadbOdbc => "DROP DATABASE IF EXISTS KDLIB;",
            Self::H2Jdbc => "DROP SCHEMA IF EXISTS KDLIB CASCADE;",
        }
    }
}

impl Database {
    /// Starts a server; nothing, said loudly, where there is none.
    pub(crate) fn server(product: Product) -> Option<Self> {
        Server::start(product).unwrap().map(Self::Server)
    }

    /// Runs statements.
    pub(crate) fn run(&self, sql: &str) -> String {
        match self {
            Self::Sqlite(sqlite) => {
                sqlite.run(&format!("{}; {sql}", attach(sqlite))).unwrap();
                String::new()
            }
            Self::Server(server) => server.run(sql).unwrap_or_else(|error| panic!("{error}\n{}", head(sql))),
        }
    }

    /// The end of the server's log, for what a test says when it fails.
    pub(crate) fn end_of_log(&self) -> String {
        let Self::Server(server) = self else { return String::new() };
        let log = server.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(12)..].join("\n")
    }

    /// Where the log of statements ends now. SQLite and H2 keep none.
    pub(crate) fn mark(&self) -> Option<u64> {
        fs::metadata(self.log_of_statements()?).ok().map(|about| about.len())
    }

    /// How many statements with this part have arrived since.
    pub(crate) fn since(&self, mark: Option<u64>, part: &str) -> usize {
        let (Some(mark), Some(path)) = (mark, self.log_of_statements()) else { return 0 };
        let mut log = fs::File::open(path).unwrap();
        log.seek(SeekFrom::Start(mark)).unwrap();
        let mut text = Vec::new();
        log.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        text.lines().filter(|line| is_statement(line) && line.contains(part)).count()
    }

    fn log_of_statements(&self) -> Option<PathBuf> {
        let Self::Server(server) = self else { return None };
        match server.product {
            Product::Postgres => Some(server.folder().join("server.log")),
            Product::Mariadb => Some(server.folder().join("general.log")),
            Product::H2 => None,
        }
    }
}

/// Tells the line of a statement from those about its length and its values.
fn is_statement(line: &str) -> bool {
    ["LOG:  execute ", "LOG:  statement: ", " Execute\t", " Query\t"].iter().any(|word| line.contains(word))
}

impl<'a> World<'a> {
    /// Makes the tables anew, fills them, and copies the project.
    pub(crate) fn open(engine: Engine, database: &'a Database) -> Option<Self> {
        let project = scratch("customers").unwrap();
        let projects = repository().join("tests/projects/customers");
        tests::bench::copy(&projects.join(engine.folder()), &project).unwrap();
        let secrets = scratch("secrets").unwrap();
        fs::write(secrets.join("erp-password"), "secret").unwrap();
        let keys = KeySet::new("https://idp.example", "crm-apps");
        let jwks = secrets.join("jwks.json");
        fs::write(&jwks, keys.jwks().to_string()).unwrap();
        let mut env = vec![
            ("ERP_URL".to_owned(), url(engine, database)?),
            ("ERP_USER".to_owned(), "seawall".to_owned()),
            ("SEAWALL_SECRETS".to_owned(), secrets.display().to_string()),
            ("OIDC_ISSUER".to_owned(), keys.issuer.clone()),
            ("OIDC_JWKS".to_owned(), jwks.display().to_string()),
        ];
        if let Database::Sqlite(sqlite) = database {
            env.push(("ERP_FILE".to_owned(), attached(sqlite)));
        }
        if let Some(driver) = jdbc_name(engine) {
            fs::create_dir_all(project.join("drivers")).unwrap();
            fs::copy(jdbc_driver(driver)?, project.join(format!("drivers/{driver}.jar"))).unwrap();
        }
        let world = Self { engine, database, project, keys, env };
        world.refill();
        Some(world)
    }

    /// Makes the tables anew and fills them.
    pub(crate) fn refill(&self) {
        let file = format!("tests/projects/customers/ddl/{}.sql", self.engine.tables());
        let tables = fs::read_to_string(repository().join(file)).unwrap();
        self.database.run(&format!("{}\n{tables}\n{}", self.engine.drops(), seed(self.engine)));
    }

    /// Runs `seawall` on the project.
    pub(crate) fn seawall(&self, command: &[&str], behind: &[&str]) -> Output {
        let lib = lib();
        self.at(&self.project, command, &[&["--lib", &lib], behind].concat())
    }

    /// Runs `seawall` on another project on this database.
    pub(crate) fn at(&self, project: &Path, command: &[&str], behind: &[&str]) -> Output {
        let mut run = Command::new(seawall());
        run.args(command);
        if matches!(command[0], "snapshot" | "import") {
            run.arg("--project");
        }
        run.arg(project).args(behind).envs(self.env.iter().map(|(name, value)| (name, value)));
        run.output().unwrap()
    }

    /// Starts the facade.
    pub(crate) fn serve(&self) -> Facade {
        self.serve_at(&self.project, vec!["--lib".to_owned(), lib()])
    }

    /// Starts the facade of another project on this database.
    pub(crate) fn serve_at(&self, project: &Path, args: Vec<String>) -> Facade {
        let env = self.env.clone();
        let options = FacadeOptions { project, env, args, keys: &self.keys, store: None };
        Facade::start(&options).unwrap_or_else(|error| panic!("{:?}: {error}", self.engine))
    }

    /// A client that may do everything.
    pub(crate) fn client(&self, facade: &Facade) -> Client {
        facade.client().bearer(&self.keys.token("tester", "customers:read customers:write", 3600))
    }
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            drop(fs::remove_dir_all(&self.project));
        }
    }
}

/// The folder with what all projects share.
fn lib() -> String {
    repository().join("tests/projects/customers/lib").display().to_string()
}

fn jdbc_name(engine: Engine) -> Option<&'static str> {
    match engine {
        Engine::PostgresJdbc => Some("postgresql"),
        Engine::H2Jdbc => Some("h2"),
        _ => None,
    }
}

fn url(engine: Engine, database: &Database) -> Option<String> {
    match database {
        Database::Sqlite(sqlite) => sqlite.odbc_url(),
        Database::Server(server) => match engine {
            Engine::PostgresJdbc => Some(server.jdbc_url("postgres")),
            Engine::H2Jdbc => Some(server.jdbc_url("test")),
            Engine::MariadbOdbc => server.odbc_url("mysql"),
            _ => server.odbc_url("postgres"),
        },
    }
}

fn attached(sqlite: &Sqlite) -> String {
    sqlite.path.with_file_name("kdlib").display().to_string()
}

fn attach(sqlite: &Sqlite) -> String {
    format!("ATTACH DATABASE '{}' AS KDLIB", attached(sqlite))
}

fn head(sql: &str) -> String {
    sql.chars().take(400).collect()
}
