//! The catalog: a snapshot of tables and procedures that is committed beside the mapping.
//!
//! **Invariant.** A snapshot is all that is known of a database; a name that it does not hold never gets into a statement.

mod diff;
mod parse;
mod raw;
mod write;

pub use diff::{Change, ChangeKind};

use crate::dialect::{Case, Dialect};
use crate::types::SqlType;
use kernel::Span;

/// Tables and procedures of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The dialect.
    pub dialect: Dialect,
    /// What the database does with names without quotes, where that is not as in its dialect.
    pub case: Option<Case>,
    /// The product, as its driver names it.
    pub product: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Tables and views, in the order of the file.
    pub tables: Vec<TableDef>,
    /// Procedures and functions.
    pub procedures: Vec<ProcedureDef>,
}

/// A name with the schema it is in: the parts of `KDLIB.KDSTAMM`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QName(pub Vec<String>);

/// A table or a view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDef {
    /// Its name.
    pub name: QName,
    /// It is a view, which nothing is written to unless it has a key.
    pub view: bool,
    /// The columns of the primary key.
    pub key: Vec<String>,
    /// Its columns, in order.
    pub columns: Vec<ColumnDef>,
    /// Its indexes.
    pub indexes: Vec<IndexDef>,
    /// Where it is named.
    pub span: Option<Span>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnDef {
    /// Its name.
    pub name: String,
    /// Its type, as the catalog writes it.
    pub text: String,
    /// Its type.
    pub ty: SqlType,
    /// It may be NULL.
    pub nullable: bool,
    /// The database has a value for it where none is given.
    pub default: bool,
    /// The database fills it in itself; nobody writes it.
    pub generated: bool,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// An index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexDef {
    /// Its columns.
    pub columns: Vec<String>,
    /// No two rows have the same values in them.
    pub unique: bool,
}

/// A procedure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcedureDef {
    /// Its name.
    pub name: QName,
    /// Its parameters, in order; the return value is among them.
    pub parameters: Vec<ParameterDef>,
    /// The result sets that are known.
    pub results: Vec<Vec<ColumnDef>>,
    /// Where it is named.
    pub span: Option<Span>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterDef {
    /// Its name; `RETURN_VALUE` for the return value.
    pub name: String,
    /// Which way it goes.
    pub direction: ParameterDirection,
    /// Its type, as the catalog writes it.
    pub text: String,
    /// Its type.
    pub ty: SqlType,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// Which way a parameter of a procedure goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterDirection {
    /// To the procedure.
    In,
    /// From the procedure.
    Out,
    /// Both ways.
    InOut,
    /// It is the return value.
    Return,
}

impl Snapshot {
    /// What the database does with names without quotes.
    pub(crate) fn case(&self) -> Case {
        self.case.unwrap_or_else(|| self.dialect.case())
    }

    /// The first number of the version.
    pub(crate) fn major(&self) -> Option<u32> {
        let version = self.version.as_deref()?;
        let start = version.find(|letter: char| letter.is_ascii_digit())?;
        let digits = version[start..].split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse().ok()
    }
}

impl TableDef {
    /// Returns a column.
    pub fn column(&self, name: &str) -> Option<&ColumnDef> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns whether nothing can be written to it.
    pub fn read_only(&self) -> bool {
        self.view && self.key.is_empty()
    }
}

impl ParameterDirection {
    /// Returns the word of the catalog.
    pub fn word(self) -> &'static str {
        match self {
            Self::In => "IN",
            Self::Out => "OUT",
            Self::InOut => "INOUT",
            Self::Return => "RETURN",
        }
    }

    /// Returns whether a value goes to the procedure.
    pub fn goes_in(self) -> bool {
        matches!(self, Self::In | Self::InOut)
    }

    /// Returns whether a value comes back.
    pub fn comes_back(self) -> bool {
        !matches!(self, Self::In)
    }
}

impl QName {
    /// Reads `A.B` or `"a.b"."c"`; a part in double quotes may hold anything.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        loop {
            let (part, behind) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let end = closing_quote(quoted)?;
                    (quoted[..end].replace("\"\"", "\""), &quoted[end + 1..])
                }
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    (rest[..end].to_owned(), &rest[end..])
                }
            };
            if part.is_empty() {
                return None;
            }
            parts.push(part);
            match behind.strip_prefix('.') {
                Some(next) => rest = next,
                None => return behind.is_empty().then_some(Self(parts)),
            }
        }
    }

    /// Returns the name without its schema.
    pub fn last(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'"' {
            if bytes.get(at + 1) != Some(&b'"') {
                return Some(at);
            }
            at += 1;
        }
        at += 1;
    }
    None
}

impl std::fmt::Display for QName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, part) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str(".")?;
            }
            if part.contains(['.', '"']) {
                write!(f, "\"{}\"", part.replace('"', "\"\""))?;
            } else {
                f.write_str(part)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
