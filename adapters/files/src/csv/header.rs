//! The header of a file: which field is which column.
//!
//! **Invariant.** Names are compared as they stand, blanks around them aside; two fields of one name are refused if a column
//! has it.

use super::dialect::Dialect;
use super::fields::Fields;
use super::{Csv, offset};
use kernel::DecodeError;

/// How the order of fields is known.
#[derive(Debug, Clone)]
pub(super) enum Order {
    /// It is that of the columns.
    Declared,
    /// A header says it, which was not read yet.
    Unknown,
    /// A header says it.
    Header(std::sync::Arc<Header>),
}

/// A header.
#[derive(Debug)]
pub(super) struct Header {
    /// The names of all fields.
    pub(super) names: Vec<String>,
    /// The column of each field, by type of record.
    columns: Vec<Vec<Option<usize>>>,
}

impl Header {
    /// Returns the column of a field.
    #[inline]
    pub(super) fn column(&self, number: usize, field: usize) -> Option<usize> {
        *self.columns.get(number)?.get(field)?
    }

    /// Returns the field of a column.
    pub(super) fn field(&self, number: usize, column: usize) -> Option<usize> {
        self.columns.get(number)?.iter().position(|found| *found == Some(column))
    }
}

/// Reads a header and holds it against the columns.
///
/// # Errors
/// It cannot be read, or a column is missing or there twice.
pub(super) fn read(csv: &Csv, record: &[u8]) -> Result<Header, DecodeError> {
    let names = names(&csv.dialect, record)?;
    let mut columns = Vec::new();
    for ty in csv.columns.iter() {
        let mut of_fields = vec![None; names.len()];
        for (number, column) in ty.iter().enumerate() {
            let mut found =
                (0..names.len()).filter(|field| names.get(*field).is_some_and(|n| **n == *column.name));
            match (found.next(), found.next()) {
                (Some(_), Some(_)) => {
                    return Err(DecodeError::new(
                        format!("the header has the column {} twice", column.name),
                        0,
                    ));
                }
                (Some(field), None) => of_fields[field] = Some(number),
                (None, _) if csv.ragged => {}
                (None, _) => {
                    let message =
                        format!("the header lacks the column {}; it has {}", column.name, listed(&names));
                    return Err(DecodeError::new(message, 0));
                }
            }
        }
        columns.push(of_fields);
    }
    Ok(Header { names, columns })
}

/// Returns the names of a header.
///
/// # Errors
/// It cannot be read.
pub(super) fn names(dialect: &Dialect, record: &[u8]) -> Result<Vec<String>, DecodeError> {
    let mut text = String::new();
    let mut names = Vec::new();
    for field in Fields::new(dialect, record) {
        let field = field.map_err(|wrong| DecodeError::new(wrong.message, offset(wrong.at)))?;
        let name = field.value(dialect, record, None, &mut text);
        let name = name.map_err(|message| DecodeError::new(message, offset(field.raw.start)))?;
        names.push(name.trim().to_owned());
    }
    Ok(names)
}

fn listed(names: &[String]) -> String {
    const LISTED_MAX: usize = 12;
    let more = if names.len() > LISTED_MAX { " …" } else { "" };
    let names: Vec<&str> = names.iter().map(String::as_str).take(LISTED_MAX).collect();
    format!("{}{more}", names.join(", "))
}
