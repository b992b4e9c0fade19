//! All keys of database connections beside the common ones, for the editor and the reference.
//!
//! **Invariant.** Every key that `config.rs` reads stands here.

use adapters_ports::KeyDoc;

/// Keys of `odbc`.
pub(crate) const ODBC_KEYS: &[KeyDoc] = &joined::<23>(&[
    key(
        "url",
        "text",
        "",
        "The ODBC connection string: `Driver=PostgreSQL Unicode;Server=db;Database=erp`, or `DSN=erp`.",
    ),
    key(
        "worker",
        "text",
        "beside `seawall`, then PATH",
        "The program `seawall-odbc`, which loads the driver.",
    ),
]);

/// Keys of `jdbc`.
pub(crate) const JDBC_KEYS: &[KeyDoc] = &joined::<26>(&[
    key("url", "text", "", "The JDBC URL: `jdbc:postgresql://db/erp`."),
    key(
        "driver",
        "list",
        "",
        "The jars of the JDBC driver: paths relative to the project, with `*` for any part of a name.",
    ),
    key("driverClass", "text", "as the jars say", "The class of the driver, where the jars do not name it."),
    key("java", "text", "of JAVA_HOME, then PATH", "The program `java`, 17 or newer."),
    key("jvm", "list", "", "Further arguments of the Java virtual machine: `-Xmx512m`."),
]);

/// Keys of both.
const SHARED: &[KeyDoc] = &[
    key(
        "catalog",
        "text",
        "",
        "The snapshot of tables and procedures, relative to the project; `seawall snapshot` writes it.",
    ),
    key("auth", "map", "", "Who we are to the database; without it, what `url` says."),
    key("auth.type", "basic", "basic", "A user and a password."),
    key("auth.user", "text", "", "The user."),
    key("auth.password", "text", "", "The password; a `${secret:…}`."),
    key("pool", "map", "", "Bounds of the pool of sessions."),
    key("pool.min", "number", "0", "Sessions that stay open when there is nothing to do."),
    key("pool.max", "number", "policy.concurrency, else 10", "Most sessions."),
    key("pool.idle", "duration", "5m", "How long a session may be idle before it is closed."),
    key(
        "pool.lifetime",
        "duration",
        "30m",
        "How long a session may live; it is replaced when nobody uses it.",
    ),
    key("pool.acquire", "duration", "2s", "How long a call waits for a session."),
    key("login", "duration", "5s", "How long opening a session may take."),
    key(
        "readOnly",
        "true|false",
        "false",
        "Nothing is written: operations that write are refused by `check`.",
    ),
    key("settings", "list", "", "SQL statements that are run in each new session: `SET search_path TO erp`."),
    key("properties", "map", "", "Properties of the driver, added to `url`."),
    key(
        "charset",
        "text",
        "utf-8",
        "The charset of texts in the database. A text with a character that it lacks is refused before it is sent.",
    ),
    key("fetch", "map", "", "How much is fetched at once."),
    key("fetch.rows", "number", "1000", "Most rows in one batch."),
    key("fetch.bytes", "size", "256KiB", "About how many bytes one batch may have."),
    key("limits", "map", "", "Limits of what is read."),
    key("limits.text", "size", "1MiB", "Most bytes of one value that is read; a longer one is an error."),
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

const fn key(key: &'static str, form: &'static str, default: &'static str, doc: &'static str) -> KeyDoc {
    KeyDoc { key, form, default, doc }
}
