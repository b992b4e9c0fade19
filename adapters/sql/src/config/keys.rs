//! All keys of database connections beside the common ones, for the editor and the reference.
//!
//! **Invariant.** Every key that `config.rs` reads stands here.

use adapters_ports::KeyDoc;

/// Keys of `odbc`.
pub(crate) const ODBC_KEYS: &[KeyDoc] = &joined::<23>(&[
    KeyDoc::new(
        "url",
        "text",
        "",
        "The ODBC connection string: `Driver=PostgreSQL Unicode;Server=db;Database=erp`, or `DSN=erp`.",
    ),
    KeyDoc::new(
        "worker",
        "text",
        "beside `seawall`, then PATH",
        "The program `seawall-odbc`, which loads the driver.",
    ),
]);

/// Keys of `jdbc`.
pub(crate) const JDBC_KEYS: &[KeyDoc] = &joined::<26>(&[
    KeyDoc::new("url", "text", "", "The JDBC URL: `jdbc:postgresql://db/erp`."),
    KeyDoc::new(
        "driver",
        "list",
        "",
        "The jars of the JDBC driver: paths relative to the project, with `*` for any part of a name.",
    ),
    KeyDoc::new(
        "driverClass",
        "text",
        "as the jars say",
        "The class of the driver, where the jars do not name it.",
    ),
    KeyDoc::new("java", "text", "of JAVA_HOME, then PATH", "The program `java`, 17 or newer."),
    KeyDoc::new("jvm", "list", "", "Further arguments of the Java virtual machine: `-Xmx512m`."),
]);

/// Keys of both.
const SHARED: &[KeyDoc] = &[
    KeyDoc::new(
        "catalog",
        "text",
        "",
        "The snapshot of tables and procedures, relative to the project; `seawall snapshot CONNECTION --write` writes it.",
    ),
    KeyDoc::new("auth", "map", "", "Who we are to the database; without it, what `url` says."),
    KeyDoc::new("auth.type", "basic", "basic", "A user and a password."),
    KeyDoc::new("auth.user", "text", "", "The user."),
    KeyDoc::new("auth.password", "text", "", "The password; a `${secret:…}`."),
    KeyDoc::new("pool", "map", "", "Bounds of the pool of sessions."),
    KeyDoc::new("pool.min", "number", "0", "Sessions that stay open when there is nothing to do."),
    KeyDoc::new("pool.max", "number", "policy.concurrency, else 10", "Most sessions."),
    KeyDoc::new("pool.idle", "duration", "5m", "How long a session may be idle before it is closed."),
    KeyDoc::new(
        "pool.lifetime",
        "duration",
        "30m",
        "How long a session may live; it is replaced when nobody uses it.",
    ),
    KeyDoc::new("pool.acquire", "duration", "2s", "How long a call waits for a session."),
    KeyDoc::new("login", "duration", "5s", "How long opening a session may take."),
    KeyDoc::new(
        "readOnly",
        "true|false",
        "false",
        "Nothing is written: operations that write are refused by `check`.",
    ),
    KeyDoc::new(
        "settings",
        "list",
        "",
        "SQL statements that are run in each new session: `SET search_path TO erp`.",
    ),
    KeyDoc::new("properties", "map", "", "Properties of the driver, added to `url`."),
    KeyDoc::new(
        "charset",
        "text",
        "utf-8",
        "The charset of texts in the database. A text with a character that it lacks is refused before it is sent.",
    ),
    KeyDoc::new("fetch", "map", "", "How much is fetched at once."),
    KeyDoc::new("fetch.rows", "number", "1000", "Most rows in one batch."),
    KeyDoc::new("fetch.bytes", "size", "256KiB", "About how many bytes one batch may have."),
    KeyDoc::new("limits", "map", "", "Limits of what is read."),
    KeyDoc::new(
        "limits.text",
        "size",
        "1MiB",
        "Most bytes of one value that is read; a longer one is an error.",
    ),
];

/// Returns the keys of one kind of connection, then the shared ones.
const fn joined<const N: usize>(own: &[KeyDoc]) -> [KeyDoc; N] {
    let mut all = [own[0]; N];
    let mut n = 0;
    while n < N {
        all[n] = if n < own.len() { own[n] } else { SHARED[n - own.len()] };
        n += 1;
    }
    all
}
