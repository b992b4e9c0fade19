//! What differs between databases: names, quoting, limits, the order of NULL, and what exactly the same is.
//!
//! **Invariant.** A dialect is chosen by the catalog and never guessed from a driver; what it writes is text of ours.

mod reserved;

use std::fmt::{self, Write as _};

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// DB2 for i.
    Db2i,
    /// DB2 for Linux, UNIX and Windows, and for z/OS.
    Db2,
    /// PostgreSQL.
    Postgresql,
    /// MySQL.
    Mysql,
    /// MariaDB.
    Mariadb,
    /// SQLite.
    Sqlite,
    /// Microsoft SQL Server.
    Sqlserver,
    /// Oracle.
    Oracle,
    /// What the standard says, for everything else: H2, Derby, HSQLDB.
    Ansi,
}

/// What a database does with a name without quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Case {
    /// It becomes upper case.
    Upper,
    /// It becomes lower case.
    Lower,
    /// It is found as it is written.
    Mixed,
}

/// How an order puts NULL last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NullsLast {
    /// It does so by itself.
    Itself,
    /// By `NULLS LAST`.
    Words,
    /// By a first order that tells NULL from the rest.
    Case,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 9] = [
        Self::Db2i,
        Self::Db2,
        Self::Postgresql,
        Self::Mysql,
        Self::Mariadb,
        Self::Sqlite,
        Self::Sqlserver,
        Self::Oracle,
        Self::Ansi,
    ];

    /// Returns the word of the catalog.
    pub fn name(self) -> &'static str {
        match self {
            Self::Db2i => "db2i",
            Self::Db2 => "db2",
            Self::Postgresql => "postgresql",
            Self::Mysql => "mysql",
            Self::Mariadb => "mariadb",
            Self::Sqlite => "sqlite",
            Self::Sqlserver => "sqlserver",
            Self::Oracle => "oracle",
            Self::Ansi => "ansi",
        }
    }

    /// Returns the dialect of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }

    /// Returns the dialect of a product, as a driver names it.
    pub fn of_product(product: &str) -> Self {
        let product = product.to_ascii_lowercase();
        let has = |part: &str| product.contains(part);
        match () {
            () if has("postgres") || has("enterprisedb") => Self::Postgresql,
            () if has("mariadb") => Self::Mariadb,
            () if has("mysql") => Self::Mysql,
            () if has("sqlite") => Self::Sqlite,
            () if has("sql server") || has("azure sql") => Self::Sqlserver,
            () if has("oracle") => Self::Oracle,
            () if has("as/400") || has("as400") || has("for i") || has("iseries") || has("db2/400") => {
                Self::Db2i
            }
            () if has("db2") => Self::Db2,
            () => Self::Ansi,
        }
    }

    /// What it does with names without quotes, if the catalog does not say.
    pub(crate) fn case(self) -> Case {
        match self {
            Self::Db2i | Self::Db2 | Self::Oracle | Self::Ansi => Case::Upper,
            Self::Postgresql => Case::Lower,
            Self::Mysql | Self::Mariadb | Self::Sqlite | Self::Sqlserver => Case::Mixed,
        }
    }

    /// MySQL or MariaDB.
    pub(crate) fn is_mysql(self) -> bool {
        matches!(self, Self::Mysql | Self::Mariadb)
    }

    /// DB2 of any kind.
    pub(crate) fn is_db2(self) -> bool {
        matches!(self, Self::Db2 | Self::Db2i)
    }

    /// A parameter needs a type where nothing beside it gives one: in functions and concatenations.
    pub(crate) fn types_parameters(self) -> bool {
        matches!(self, Self::Db2 | Self::Db2i | Self::Ansi)
    }

    /// The empty text is NULL.
    pub(crate) fn empty_is_null(self) -> bool {
        self == Self::Oracle
    }

    /// Lengths of texts without a unit are bytes.
    pub(crate) fn counts_bytes(self) -> bool {
        matches!(self, Self::Db2 | Self::Db2i | Self::Oracle | Self::Sqlserver)
    }

    /// How an order on a column puts NULL last.
    pub(crate) fn nulls_last(self, descending: bool) -> NullsLast {
        match self {
            Self::Postgresql | Self::Oracle if !descending => NullsLast::Itself,
            Self::Db2 | Self::Db2i if !descending => NullsLast::Itself,
            Self::Mysql | Self::Mariadb | Self::Sqlserver | Self::Sqlite if descending => NullsLast::Itself,
            Self::Postgresql | Self::Oracle | Self::Ansi => NullsLast::Words,
            _ => NullsLast::Case,
        }
    }

    /// Writes a name that stands in the catalog: without quotes where that means the same, else quoted.
    pub(crate) fn identifier(self, case: Case, name: &str, into: &mut String) {
        if self.is_regular(case, name) {
            into.push_str(name);
            return;
        }
        let (open, close) = match self {
            Self::Mysql | Self::Mariadb => ('`', '`'),
            Self::Sqlserver => ('[', ']'),
            _ => ('"', '"'),
        };
        into.push(open);
        for letter in name.chars() {
            into.push(letter);
            // A closing quote in a name is written twice.
            if letter == close {
                into.push(letter);
            }
        }
        into.push(close);
    }

    fn is_regular(self, case: Case, name: &str) -> bool {
        let special = |byte: u8| match self {
            // Names of OS/400 have these national letters.
            Self::Db2i | Self::Db2 | Self::Oracle => {
                matches!(byte, b'#' | b'$') || self == Self::Db2i && byte == b'@'
            }
            _ => false,
        };
        let letter = |byte: u8| match case {
            Case::Upper => byte.is_ascii_uppercase(),
            Case::Lower => byte.is_ascii_lowercase(),
            Case::Mixed => byte.is_ascii_alphabetic(),
        };
        let mut bytes = name.bytes();
        let begins = bytes.next().is_some_and(|byte| {
            // Oracle has no name that begins with one of its special letters.
            letter(byte) || byte == b'_' && case != Case::Upper || special(byte) && self != Self::Oracle
        });
        begins
            && bytes.all(|byte| letter(byte) || byte.is_ascii_digit() || byte == b'_' || special(byte))
            && !reserved::is_reserved(self, name)
    }

    /// Writes the beginning of a SELECT: some databases have the limit there.
    pub(crate) fn limit_before(self, limit: Option<u32>, into: &mut String) {
        if let (Self::Sqlserver, Some(limit)) = (self, limit) {
            let _ = write!(into, "TOP ({limit}) ");
        }
    }

    /// Writes the end of a SELECT. `version` is the one of the catalog.
    pub(crate) fn limit_after(self, limit: Option<u32>, into: &mut String) {
        let Some(limit) = limit else { return };
        let _ = match self {
            Self::Sqlserver => Ok(()),
            Self::Postgresql | Self::Mysql | Self::Mariadb | Self::Sqlite => write!(into, " LIMIT {limit}"),
            Self::Db2 | Self::Db2i | Self::Oracle | Self::Ansi => {
                write!(into, " FETCH FIRST {limit} ROWS ONLY")
            }
        };
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_where_it_would_mean_something_else() {
        let check = |dialect: Dialect, name: &str, expected: &str| {
            let mut text = String::new();
            dialect.identifier(dialect.case(), name, &mut text);
            assert_eq!(text, expected, "{dialect} {name}");
        };
        check(Dialect::Db2i, "KDNR", "KDNR");
        check(Dialect::Db2i, "KD#NR", "KD#NR");
        check(Dialect::Db2i, "@ID", "@ID");
        check(Dialect::Db2i, "Kdnr", "\"Kdnr\"");
        check(Dialect::Db2i, "ORDER", "\"ORDER\"");
        check(Dialect::Db2, "_A", "\"_A\"");
        check(Dialect::Oracle, "A$B", "A$B");
        check(Dialect::Oracle, "$B", "\"$B\"");
        check(Dialect::Oracle, "COMMENT", "\"COMMENT\"");
        check(Dialect::Postgresql, "kdnr", "kdnr");
        check(Dialect::Postgresql, "_a1", "_a1");
        check(Dialect::Postgresql, "KDNR", "\"KDNR\"");
        check(Dialect::Postgresql, "user", "\"user\"");
        check(Dialect::Postgresql, "a\"b", "\"a\"\"b\"");
        check(Dialect::Mysql, "KdNr", "KdNr");
        check(Dialect::Mysql, "rank", "`rank`");
        check(Dialect::Mariadb, "a`b", "`a``b`");
        check(Dialect::Sqlite, "KDNR", "KDNR");
        check(Dialect::Sqlite, "1a", "\"1a\"");
        check(Dialect::Sqlserver, "KdNr", "KdNr");
        check(Dialect::Sqlserver, "User", "[User]");
        check(Dialect::Sqlserver, "a]b", "[a]]b]");
        check(Dialect::Ansi, "KDNR", "KDNR");
        check(Dialect::Ansi, "kdnr", "\"kdnr\"");
        check(Dialect::Ansi, "Straße", "\"Straße\"");
        check(Dialect::Ansi, "VALUE", "\"VALUE\"");
        check(Dialect::Ansi, "a b; DROP TABLE x", "\"a b; DROP TABLE x\"");
    }

    #[test]
    fn a_product_has_its_dialect() {
        let check = |product: &str, dialect| assert_eq!(Dialect::of_product(product), dialect, "{product}");
        check("PostgreSQL", Dialect::Postgresql);
        check("MariaDB", Dialect::Mariadb);
        check("MySQL", Dialect::Mysql);
        check("SQLite", Dialect::Sqlite);
        check("Microsoft SQL Server", Dialect::Sqlserver);
        check("Oracle", Dialect::Oracle);
        check("DB2 UDB for AS/400", Dialect::Db2i);
        check("DB2 for i", Dialect::Db2i);
        check("DB2/LINUXX8664", Dialect::Db2);
        check("H2", Dialect::Ansi);
        check("Apache Derby", Dialect::Ansi);
        for dialect in Dialect::ALL {
            assert_eq!(Dialect::named(dialect.name()), Some(dialect));
        }
    }
}
