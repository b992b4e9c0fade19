//! The database: how it is opened, and what its driver is like.
//!
//! **Invariant.** A connection string is completed, never contradicted: what it says stands. Its text is in no fault.

use crate::native::{Connection, Diagnostic, Environment, info};
use crate::output::Early;
use adapters_sql_protocol::{FromWorker, Open, Phase};

/// An open database.
#[derive(Debug)]
pub(crate) struct Database<'e> {
    /// The connection.
    pub(crate) connection: Connection<'e>,
    /// What its driver is like.
    pub(crate) traits: Traits,
    /// The product.
    pub(crate) product: String,
    /// Its version.
    pub(crate) version: String,
    /// The driver and its version.
    pub(crate) driver: String,
}

/// What a driver is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Narrow texts are UTF-8 both ways; else UTF-16 is used.
    pub(crate) narrow: bool,
    /// Values may be longer than their column says.
    pub(crate) loose: bool,
    /// A cell of a fetched block can be read again, in pieces.
    pub(crate) rereads: bool,
}

/// What is known of a family of drivers.
struct Family {
    /// What its file or its name in a connection string contains, in lower case.
    names: &'static [&'static str],
    /// What is added to a connection string that does not say it.
    additions: &'static [(&'static str, &'static str)],
    narrow: bool,
    loose: bool,
    /// Makes a session read only.
    read_only: Option<&'static str>,
    /// What is worth having and not known to all versions.
    wish: Option<&'static str>,
}

const FAMILIES: [Family; 3] = [
    Family {
        names: &["psqlodbc", "postgres"],
        // Without it the driver keeps the whole result in memory.
        additions: &[("UseDeclareFetch", "1"), ("Fetch", "1000")],
        narrow: true,
        loose: false,
        read_only: Some("SET default_transaction_read_only = on"),
        // A server does not notice by itself that a client was killed while a statement runs.
        wish: Some("SET client_connection_check_interval = 1000"),
    },
    Family {
        names: &["maodbc", "myodbc", "mariadb", "mysql"],
        additions: &[("CHARSET", "utf8mb4")],
        narrow: true,
        loose: false,
        read_only: Some("SET SESSION TRANSACTION READ ONLY"),
        wish: None,
    },
    Family {
        names: &["sqlite"],
        // Without it the driver keeps the whole result in memory.
        additions: &[("StepAPI", "1")],
        narrow: true,
        loose: true,
        read_only: Some("PRAGMA query_only = 1"),
        wish: None,
    },
];

/// Opens a database.
pub(crate) fn open<'e>(environment: &'e Environment, open: &Open) -> Result<Database<'e>, Early> {
    let login_seconds = open.login_ms.div_ceil(1000);
    let family = family(&driver_of(&open.url));
    let text = connection_string(open, family);
    let connect = |text: &str| {
        environment.connect(text, login_seconds, open.read_only).map_err(|error| refused(error, open))
    };
    let mut connection = connect(&text)?;
    let driver = connection.info_text(info::DRIVER_NAME);
    let mut known = self::family(&driver).or(family);
    if let (None, Some(found)) = (family, known) {
        // The string names a data source and not the driver: now that it is known, it is told what it needs.
        let completed = connection_string(open, Some(found));
        if completed != text {
            drop(connection);
            connection = connect(&completed)?;
        }
        known = Some(found);
    }
    let database = described(connection, driver, known);
    database.prepare(open, known)?;
    Ok(database)
}

fn described<'e>(connection: Connection<'e>, driver: String, family: Option<&Family>) -> Database<'e> {
    // SQL_GD_BLOCK and SQL_GD_BOUND.
    const REREADS: u32 = 4 | 8;
    let rereads = connection.info_number(info::GETDATA_EXTENSIONS) & REREADS == REREADS;
    let traits = Traits {
        narrow: family.is_some_and(|family| family.narrow),
        loose: family.is_none_or(|family| family.loose),
        rereads,
    };
    let product = connection.info_text(info::PRODUCT);
    let version = connection.info_text(info::PRODUCT_VERSION);
    let driver = format!("{driver} {}", connection.info_text(info::DRIVER_VERSION));
    Database { connection, traits, product, version, driver: driver.trim().to_owned() }
}

impl Database<'_> {
    /// Runs what a new session begins with.
    fn prepare(&self, open: &Open, family: Option<&Family>) -> Result<(), Early> {
        if let Some(wish) = family.and_then(|family| family.wish) {
            let _ = self.run(wish);
        }
        let read_only = family.and_then(|family| family.read_only).filter(|_| open.read_only);
        for sql in read_only.into_iter().chain(open.settings.iter().map(String::as_str)) {
            self.run(sql)?;
        }
        Ok(())
    }

    /// Runs a statement whose result is of no interest.
    fn run(&self, sql: &str) -> Result<(), Diagnostic> {
        let mut statement = self.connection.statement()?;
        statement.execute(sql, Vec::new())?;
        if statement.width()? > 0 {
            statement.step()?;
        }
        Ok(())
    }

    /// Asks the database for a sign of life.
    pub(crate) fn ping(&self) -> Result<(), Early> {
        if self.connection.is_dead() {
            return Err(Early::own("08003", "the connection is gone", Phase::Gone));
        }
        let product = self.product.to_ascii_lowercase();
        let sql = match () {
            () if product.contains("oracle") => "SELECT 1 FROM DUAL",
            () if product.contains("db2") || product.contains("as/400") => "SELECT 1 FROM SYSIBM.SYSDUMMY1",
            () if product.contains("firebird") => "SELECT 1 FROM RDB$DATABASE",
            () => "SELECT 1",
        };
        Ok(self.run(sql)?)
    }

    /// Describes it to Seawall.
    pub(crate) fn told(&self) -> FromWorker<'static> {
        FromWorker::Opened {
            product: self.product.clone(),
            version: self.version.clone(),
            driver: self.driver.clone(),
        }
    }
}

fn family(name: &str) -> Option<&'static Family> {
    let name = name.to_ascii_lowercase();
    FAMILIES.iter().find(|family| family.names.iter().any(|part| name.contains(part)))
}

/// The driver that a connection string names, if it does.
fn driver_of(text: &str) -> String {
    value_of(text, "driver").unwrap_or_default()
}

/// The value of a key of a connection string; braces quote, and `}}` in them is one brace.
fn value_of(text: &str, wanted: &str) -> Option<String> {
    let mut rest = text;
    while let Some((key, behind)) = rest.split_once('=') {
        let behind = behind.trim_start();
        let (value, next) = match behind.strip_prefix('{') {
            Some(quoted) => {
                let end = closing(quoted);
                let value = quoted[..end].replace("}}", "}");
                (value, quoted[end..].split_once(';').map_or("", |(_, next)| next))
            }
            None => {
                let (value, next) = behind.split_once(';').unwrap_or((behind, ""));
                (value.trim().to_owned(), next)
            }
        };
        if key.trim().trim_start_matches(';').trim().eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// Where the brace is that closes a value.
fn closing(quoted: &str) -> usize {
    let bytes = quoted.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'}', Some(b'}')) => at += 2,
            (b'}', _) => return at,
            _ => at += 1,
        }
    }
    at
}

fn connection_string(open: &Open, family: Option<&Family>) -> String {
    let mut text = open.url.trim().trim_end_matches(';').to_owned();
    let mut add = |key: &str, value: &str| {
        if value_of(&text, key).is_none() {
            let plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte));
            let value = if plain { value.to_owned() } else { format!("{{{}}}", value.replace('}', "}}")) };
            text.push_str(&format!(";{key}={value}"));
        }
    };
    for (key, value) in &open.properties {
        add(key, value);
    }
    for (key, value) in [("UID", &open.user), ("PWD", &open.password)] {
        if !value.is_empty() {
            add(key, value);
        }
    }
    for (key, value) in family.map_or(&[][..], |family| family.additions) {
        add(key, value);
    }
    text
}

/// A refused login; drivers like to repeat what they were given.
fn refused(mut diagnostic: Diagnostic, open: &Open) -> Early {
    let value = value_of(&open.url, "PWD").or_else(|| value_of(&open.url, "PASSWORD")).unwrap_or_default();
    for secret in [open.password.as_str(), value.as_str(), open.url.as_str()] {
        if !secret.is_empty() {
            diagnostic.message = diagnostic.message.replace(secret, "***");
        }
    }
    diagnostic.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: &str) {
        let open = Open {
            url: url.into(),
            user: "u".into(),
            password: "a;b}c".into(),
            properties: vec![("Timeout".into(), "100".into())],
            ..Open::default()
        };
        let text = connection_string(&open, family(&driver_of(url)));
        assert_eq!(text, expected);
        assert_eq!(
            value_of(&text, "pwd").as_deref(),
            Some(value_of(url, "PWD").as_deref().unwrap_or("a;b}c"))
        );
    }

    #[test]
    fn a_connection_string_is_completed_and_never_contradicted() {
        check(
            "Driver=SQLite3;Database=a.db",
            "Driver=SQLite3;Database=a.db;Timeout=100;UID=u;PWD={a;b}}c};StepAPI=1",
        );
        check(
            "DRIVER={PostgreSQL Unicode};UseDeclareFetch=0;uid=x;pwd={p;q};timeout=5;",
            "DRIVER={PostgreSQL Unicode};UseDeclareFetch=0;uid=x;pwd={p;q};timeout=5;Fetch=1000",
        );
        check("DSN=legacy", "DSN=legacy;Timeout=100;UID=u;PWD={a;b}}c}");
    }

    #[test]
    fn the_driver_is_found_whatever_stands_around_it() {
        assert_eq!(driver_of("Database=x;Driver = {A;B}}C} ;UID=u"), "A;B}C");
        assert_eq!(driver_of("Database={a;Driver=no};driver=yes"), "yes");
        assert_eq!(driver_of("DSN=x"), "");
        assert_eq!(driver_of("Driver={never closed"), "never closed");
    }

    #[test]
    fn a_refused_login_repeats_no_secret() {
        let open = Open { url: "DSN=x;PWD=hidden".into(), password: "geheim".into(), ..Open::default() };
        let Early::Fault(fault) = refused(Diagnostic::own("28000", "no geheim, no hidden"), &open) else {
            panic!("no fault")
        };
        assert_eq!(fault.message, "no ***, no ***");
    }
}
