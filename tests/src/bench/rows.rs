//! Many rows of a database, for the benchmarks: where they are, who serves them, and who only fetches them.
//!
//! **Invariant.** Seawall and the bare loop read the same table by the same driver with the same settings.

use crate::databases::{Product, Server, Sqlite, jdbc_driver};
use crate::process::{scratch, seawall};
use crate::shared::repository;
use crate::{Facade, FacadeOptions, KeySet};
use std::error::Error;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// How many rows the table has.
pub const ROWS: usize = 200_000;

/// What reads all rows of the table.
pub const SELECT: &str = "SELECT \"KDNR\", \"KDNAM\", \"KDMAIL\", \"KDSTR\", \"KDPLZ\", \"KDORT\", \"KDLKZ\", \
                          \"KDNEWS\", \"KDKLIM\", \"KDANLD\" FROM \"KDLIB\".\"KUNDEN\" ORDER BY \"KDNR\"";

/// The columns in the words of both products.
const COLUMNS: &str = r#"("KDNR" INTEGER NOT NULL PRIMARY KEY, "KDNAM" VARCHAR(40) NOT NULL, "KDMAIL" VARCHAR(60),
    "KDSTR" VARCHAR(40), "KDPLZ" VARCHAR(8), "KDORT" VARCHAR(30), "KDLKZ" CHAR(2) NOT NULL,
    "KDNEWS" CHAR(1) NOT NULL, "KDKLIM" DECIMAL(11,2), "KDANLD" DATE)"#;

/// Where rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// SQLite by ODBC.
    Sqlite,
    /// PostgreSQL by ODBC.
    Postgres,
    /// PostgreSQL by JDBC.
    Jdbc,
}

/// The databases of a run, filled.
#[derive(Debug)]
pub struct Databases {
    sqlite: Sqlite,
    postgres: Option<Server>,
}

/// A program that fetches all rows whenever it is told to.
#[derive(Debug)]
pub struct Bare {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Jdbc];

    /// What it is called in the report.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "200,000 rows, SQLite by ODBC",
            Self::Postgres => "200,000 rows, PostgreSQL by ODBC",
            Self::Jdbc => "200,000 rows, PostgreSQL by JDBC",
        }
    }

    fn dialect(self) -> &'static str {
        if self == Self::Sqlite { "sqlite" } else { "postgresql" }
    }
}

impl Databases {
    /// Makes and fills them; what is not installed is left out, loudly.
    ///
    /// # Errors
    /// A database refuses its rows.
    pub fn start() -> io::Result<Self> {
        let sqlite = Sqlite::new()?;
        sqlite.run(&format!("CREATE TABLE \"KUNDEN\" {COLUMNS}; {}", filling("\"KUNDEN\"", false)))?;
        let postgres = Server::start(Product::Postgres)?;
        if let Some(server) = &postgres {
            let slow =
                "CREATE VIEW \"KDLIB\".\"LANGSAM\" AS SELECT 1 AS \"NR\", pg_sleep(20)::text AS \"TEXT\"";
            let table =
                format!("CREATE SCHEMA \"KDLIB\"; CREATE TABLE \"KDLIB\".\"KUNDEN\" {COLUMNS}; {slow};");
            server.run(&table)?;
            server.run(&filling("\"KDLIB\".\"KUNDEN\"", true))?;
            server.run("VACUUM ANALYZE \"KDLIB\".\"KUNDEN\"")?;
        }
        Ok(Self { sqlite, postgres })
    }

    /// Returns the URL of the rows; nothing where what it needs is not installed.
    pub fn url(&self, way: Way) -> Option<String> {
        match way {
            Way::Sqlite => self.sqlite.odbc_url(),
            Way::Postgres => {
                let url = self.postgres.as_ref()?.odbc_url("")?;
                Some(format!("{url};UID=seawall;PWD=secret"))
            }
            Way::Jdbc => jdbc_driver("postgresql").and(self.postgres.as_ref()).map(|it| it.jdbc_url("")),
        }
    }

    /// Starts the real binary in front of the rows.
    ///
    /// # Errors
    /// It does not start; the error holds its log.
    pub fn facade(&self, way: Way, keys: &KeySet) -> Result<Option<Facade>, Box<dyn Error>> {
        let Some(url) = self.url(way) else { return Ok(None) };
        let project = project(&[("erp", &connection(way))], way.dialect(), "")?;
        let env = vec![
            ("ERP_URL".to_owned(), url),
            ("ERP_FILE".to_owned(), self.sqlite.path.display().to_string()),
        ];
        Ok(Some(start(&project, env, keys)?))
    }

    /// Starts the real binary in front of two connections to PostgreSQL, of which one answers slowly.
    ///
    /// # Errors
    /// It does not start; the error holds its log.
    pub fn slow_neighbour(&self, keys: &KeySet) -> Result<Option<Facade>, Box<dyn Error>> {
        let Some(url) = self.url(Way::Postgres) else { return Ok(None) };
        let one = connection(Way::Postgres);
        let more =
            "\n  Slow:\n    legacy: slow/KDLIB.LANGSAM\n    key: id\n    fields: { id: NR, text: TEXT }\n";
        let project = project(&[("erp", &one), ("slow", &one)], "postgresql", more)?;
        Ok(Some(start(&project, vec![("ERP_URL".to_owned(), url)], keys)?))
    }

    /// Starts a program that only fetches them.
    ///
    /// # Errors
    /// It does not start.
    pub fn bare(&self, way: Way) -> io::Result<Option<Bare>> {
        let Some(url) = self.url(way) else { return Ok(None) };
        let mut command = match way {
            Way::Jdbc => {
                let mut command = Command::new("java");
                command.arg("-cp").args(jdbc_driver("postgresql"));
                command.arg(repository().join("tests/jdbc/FetchOnly.java"));
                command.args([&url, "seawall", "secret", SELECT]);
                command
            }
            _ => {
                let mut command = Command::new(seawall().with_file_name("seawall-odbc"));
                // The file itself is the schema here; Seawall attaches it under its name.
                let select =
                    if way == Way::Sqlite { SELECT.replace("\"KDLIB\".", "") } else { SELECT.to_owned() };
                command.arg("--fetch-only").args([url, select]);
                command
            }
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("a child has no pipes"));
        };
        Ok(Some(Bare { child, input, output: BufReader::new(output) }))
    }
}

impl Bare {
    /// Returns the number of the process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fetches all rows.
    ///
    /// # Errors
    /// It has ended, or there are not as many rows as there should be.
    pub fn fetch(&mut self) -> io::Result<()> {
        writeln!(self.input, "again")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        match line.trim().parse() {
            Ok(ROWS) => Ok(()),
            _ => Err(io::Error::other(format!("the bare loop fetched {:?} rows", line.trim()))),
        }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn start(project: &Path, env: Vec<(String, String)>, keys: &KeySet) -> io::Result<Facade> {
    // Pieces of a list are handed on by tasks, so that one worker is enough for one reader.
    let args = ["--workers", "1"].map(str::to_owned).to_vec();
    Facade::start(&FacadeOptions { project, env, args, keys, store: None })
}

/// A connection's lines below its name.
fn connection(way: Way) -> String {
    let specific = match way {
        Way::Sqlite => {
            "type: odbc\n    settings: [\"ATTACH DATABASE '${env:ERP_FILE}' AS KDLIB\"]".to_owned()
        }
        Way::Postgres => "type: odbc".to_owned(),
        Way::Jdbc => {
            "type: jdbc\n    driver: [drivers/postgresql.jar]\n    auth: { user: seawall, password: \
                      \"${secret:pms-password}\" }"
                .to_owned()
        }
    };
    format!(
        "    {specific}\n    url: ${{env:ERP_URL}}\n    catalog: erp.catalog.json\n    policy: {{ timeout: 30s, \
         deadline: 60s, concurrency: 16 }}\n"
    )
}

/// Writes a project: these connections, the models of `tests/projects/rows`, and one more.
fn project(connections: &[(&str, &str)], dialect: &str, model: &str) -> io::Result<PathBuf> {
    let (from, to) = (repository().join("tests/projects/rows"), scratch("rows")?);
    let library = fs::read_to_string(from.join("lib.yaml"))?;
    let mut library = library.replacen("\nrest:", &format!("{model}\nrest:"), 1);
    if !model.is_empty() {
        library.push_str("\n  GET /slow:\n    list: Slow\n    policy: { scope: rows:read }\n");
    }
    let connections: String = connections.iter().map(|(name, lines)| format!("  {name}:\n{lines}")).collect();
    let head = "facade: rows\nformat: 1\ntitle: Many rows\nauth: { type: oidc, issuer: \"${env:OIDC_ISSUER}\", \
                jwks: \"${env:OIDC_JWKS}\", audience: rows }\n";
    fs::write(to.join("facade.yaml"), format!("{head}connections:\n{connections}\n{library}"))?;
    let catalog = fs::read_to_string(from.join("erp.catalog.json"))?.replace("DIALECT", dialect);
    fs::write(to.join("erp.catalog.json"), catalog)?;
    if let Some(jar) = jdbc_driver("postgresql") {
        fs::create_dir(to.join("drivers"))?;
        fs::copy(jar, to.join("drivers/postgresql.jar"))?;
    }
    Ok(to)
}

/// A statement that fills a table: texts of all lengths, one row in ten without an address, umlauts in one of seven.
fn filling(table: &str, postgres: bool) -> String {
    let numbers = match postgres {
        true => format!("generate_series(1, {ROWS}) AS t(n)"),
        false => format!(
            "(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {ROWS}) SELECT n FROM t)"
        ),
    };
    let day = match postgres {
        true => "DATE '2000-01-01' + n % 9000",
        false => "date('2000-01-01', (n % 9000) || ' days')",
    };
    format!(
        "INSERT INTO {table} SELECT n, CASE WHEN n % 7 = 0 THEN 'Bäckerei Größing ' ELSE 'Customer and Sons ' END || n,
         'office' || n || '@customer-' || (n % 977) || '.example', CASE WHEN n % 10 = 0 THEN NULL ELSE 'Hauptplatz ' || (n % 311) END,
         CAST(1000 + n % 8999 AS VARCHAR(8)), 'Sankt Ort ' || (n % 1999), CASE n % 3 WHEN 0 THEN 'AT' WHEN 1 THEN 'DE' ELSE 'CH' END,
         CASE WHEN n % 4 = 0 THEN 'J' ELSE 'N' END, (n % 100000) + 0.25, {day} FROM {numbers}"
    )
}
