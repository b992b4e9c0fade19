//! The keys of `odbc` and `jdbc` connections: from what is written to what it means.
//!
//! **Invariant.** Every reason why a configuration cannot be used is told, not the first; secrets are never in a message.

mod keys;

pub(crate) use keys::{JDBC_KEYS, ODBC_KEYS};

use adapters_ports::{Forms, Settings};
use kernel::{Diagnostic, Node, Secret, Span};
use std::time::Duration;

/// The way to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// By an ODBC driver manager.
    Odbc,
    /// By a Java virtual machine.
    Jdbc,
}

/// A connection's configuration, understood.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// The way to the database.
    pub(crate) way: Way,
    /// The ODBC connection string or the JDBC URL; nothing where it is not known offline.
    pub(crate) url: Option<Secret<String>>,
    /// The catalog snapshot.
    pub(crate) catalog: String,
    /// Where the catalog is named.
    pub(crate) catalog_span: Span,
    /// The user, if one is named.
    pub(crate) user: Option<Secret<String>>,
    /// The password, if there is one.
    pub(crate) password: Option<Secret<String>>,
    /// Jars of the JDBC driver: paths or globs, relative to the project.
    pub(crate) driver: Vec<String>,
    /// The driver's class, where the jars do not name it.
    pub(crate) driver_class: Option<String>,
    /// The `java` program, where it is not the one of the system.
    pub(crate) java: Option<String>,
    /// Further arguments of the virtual machine.
    pub(crate) jvm: Vec<String>,
    /// The ODBC worker program, where it is not beside this one.
    pub(crate) worker: Option<String>,
    /// Bounds of the pool.
    pub(crate) pool: Pool,
    /// How long opening a session may take.
    pub(crate) login: Duration,
    /// Nothing may be written.
    pub(crate) read_only: bool,
    /// Statements that are run in each new session.
    pub(crate) settings: Vec<String>,
    /// Properties of the driver.
    pub(crate) properties: Vec<(String, Secret<String>)>,
    /// The charset of texts in the database, where the catalog does not say Unicode.
    pub(crate) charset: Option<&'static encoding_rs::Encoding>,
    /// Bounds of what is fetched at once.
    pub(crate) fetch: Fetch,
    /// Most bytes of one value that is read.
    pub(crate) value_bytes_max: u32,
    /// Whether nothing will be called.
    pub(crate) offline: bool,
    /// The project's folder, which paths are relative to; nothing where there is none.
    pub(crate) root: Option<std::path::PathBuf>,
}

/// Bounds of the pool of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Sessions that stay open when there is nothing to do.
    pub(crate) min: u32,
    /// Most sessions.
    pub(crate) max: u32,
    /// How long a session may be idle.
    pub(crate) idle: Duration,
    /// How long a session may live.
    pub(crate) lifetime: Duration,
    /// How long a call waits for a session.
    pub(crate) acquire: Duration,
}

/// Bounds of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fetch {
    /// Most rows.
    pub(crate) rows: u32,
    /// About how many bytes.
    pub(crate) bytes: u32,
}

/// Reads the configuration.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read(way: Way, settings: &Settings<'_>) -> Result<Config, Vec<Diagnostic>> {
    let mut forms = Forms::new(settings.offline);
    let node = settings.node;
    let catalog = forms.text(node, "catalog");
    if catalog.is_none() {
        let hint = format!("write it from the database: seawall snapshot {} --write", settings.name);
        forms.missing(node, "catalog", &hint);
    }
    let url = forms.text(node, "url");
    if node.at("url").is_none() {
        let hint = match way {
            Way::Odbc => "an ODBC connection string: Driver=PostgreSQL Unicode;Server=db;Database=erp",
            Way::Jdbc => "a JDBC URL: jdbc:postgresql://db/erp",
        };
        forms.missing(node, "url", hint);
    }
    if let (Way::Jdbc, Some((text, span))) = (way, url)
        && forms.is_known(text)
        && !text.starts_with("jdbc:")
    {
        forms.wrong(span, "`url` of a JDBC connection begins with `jdbc:`".to_owned());
    }
    let (user, password) = credentials(&mut forms, node);
    let config = Config {
        way,
        url: url.filter(|(text, _)| forms.is_known(text)).map(|(text, _)| Secret::new(text.to_owned())),
        catalog: catalog.map(|(text, _)| text.to_owned()).unwrap_or_default(),
        catalog_span: catalog.map_or(node.span, |(_, span)| span),
        user,
        password,
        driver: drivers(&mut forms, node, way, settings.offline),
        driver_class: forms.owned(node, "driverClass"),
        java: forms.owned(node, "java"),
        jvm: forms.texts(node, "jvm"),
        worker: forms.owned(node, "worker"),
        pool: pool(&mut forms, node),
        login: forms.duration(node, "login").unwrap_or(Duration::from_secs(5)),
        read_only: forms.truth(node, "readOnly").unwrap_or(false),
        settings: forms.texts(node, "settings"),
        properties: forms.pairs(node, "properties", "a map from properties of the driver to values"),
        charset: charset(&mut forms, node),
        fetch: fetch(&mut forms, node),
        value_bytes_max: limits(&mut forms, node),
        offline: settings.offline,
        root: None,
    };
    forms.finish(config)
}

fn credentials(forms: &mut Forms, node: &Node) -> (Option<Secret<String>>, Option<Secret<String>>) {
    let Some(auth) = node.at("auth") else { return (None, None) };
    forms.keys(auth, "auth", &["type", "user", "password"]);
    if let Some((kind, span)) = forms.text(auth, "type")
        && kind != "basic"
    {
        forms.wrong(span, format!("`auth.type` of a database is basic, not `{kind}`"));
    }
    let user = forms.owned(auth, "user").map(Secret::new);
    let password = forms.owned(auth, "password").map(Secret::new);
    if auth.at("password").is_some() && auth.at("user").is_none() {
        forms.missing(auth, "user", "a password belongs to a user");
    }
    (user, password)
}

fn drivers(forms: &mut Forms, node: &Node, way: Way, offline: bool) -> Vec<String> {
    let jars = forms.texts(node, "driver");
    if way == Way::Jdbc && jars.is_empty() && node.at("driver").is_none() && !offline {
        forms.missing(node, "driver", "name the jars of the JDBC driver, relative to the project");
    }
    jars
}

fn pool(forms: &mut Forms, node: &Node) -> Pool {
    let policy = node.at("policy").filter(|policy| policy.map().is_some());
    let concurrency = policy.and_then(|policy| forms.number(policy, "concurrency"));
    let mut pool = Pool {
        min: 0,
        max: concurrency.unwrap_or(10),
        idle: Duration::from_secs(300),
        lifetime: Duration::from_secs(1800),
        acquire: Duration::from_secs(2),
    };
    let Some(node) = node.at("pool") else { return pool };
    forms.keys(node, "pool", &["min", "max", "idle", "lifetime", "acquire"]);
    pool.max = forms.number(node, "max").unwrap_or(pool.max);
    pool.min = forms.count(node, "min").unwrap_or(pool.min);
    if pool.min > pool.max {
        forms.wrong(node.span, format!("`pool.min` ({}) is above `pool.max` ({})", pool.min, pool.max));
    }
    let durations =
        [("idle", &mut pool.idle), ("lifetime", &mut pool.lifetime), ("acquire", &mut pool.acquire)];
    for (key, duration) in durations {
        *duration = forms.duration(node, key).unwrap_or(*duration);
    }
    pool
}

fn fetch(forms: &mut Forms, node: &Node) -> Fetch {
    let mut fetch = Fetch { rows: 1000, bytes: 256 << 10 };
    let Some(node) = node.at("fetch") else { return fetch };
    forms.keys(node, "fetch", &["rows", "bytes"]);
    fetch.rows = forms.number(node, "rows").unwrap_or(fetch.rows);
    // A batch has to fit into a frame of the worker with room to spare.
    fetch.bytes = bytes(forms.size(node, "bytes", 4 << 20)).unwrap_or(fetch.bytes);
    fetch
}

fn limits(forms: &mut Forms, node: &Node) -> u32 {
    const DEFAULT: u32 = 1 << 20;
    let Some(node) = node.at("limits") else { return DEFAULT };
    forms.keys(node, "limits", &["text"]);
    bytes(forms.size(node, "text", 8 << 20)).unwrap_or(DEFAULT)
}

/// A size whose bound is far below what fits.
fn bytes(size: Option<u64>) -> Option<u32> {
    size.and_then(|size| u32::try_from(size).ok())
}

fn charset(forms: &mut Forms, node: &Node) -> Option<&'static encoding_rs::Encoding> {
    let (name, span) = forms.text(node, "charset")?;
    let found = encoding_rs::Encoding::for_label(name.as_bytes());
    if found.is_none() && forms.is_known(name) {
        let hint = "it is a name of the WHATWG list: utf-8, latin1, windows-1252, iso-8859-15, shift_jis";
        let message = format!("the charset `{name}` is not known");
        forms.diagnose(Diagnostic::new("E007", span, message).hint(hint));
    }
    found
}

#[cfg(test)]
mod tests;
