//! Writes records: fields that are the same as before stay as they were.
//!
//! **Invariant.** What is written is read again as the same fields, or is refused.

use super::dialect::Dialect;
use super::fields::Fields;
use super::{Column, Csv};
use crate::columns::Values;
use kernel::{Cause, Class, Document, Error};

/// Appends a record; `old` is what stood there before.
pub(super) fn record(
    csv: &Csv,
    number: usize,
    old: Option<&[u8]>,
    content: &mut dyn Document,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let columns = csv.columns(number);
    let mut values = Values::new(columns.iter().map(|column| column.part).collect());
    values.gather(content)?;
    let start = out.len();
    let width = csv.width(number);
    let mut written = 0;
    let mut text = String::new();
    for field in old.into_iter().flat_map(|old| Fields::new(&csv.dialect, old)) {
        let field = field.map_err(|wrong| refused(wrong.message, None))?;
        let old = old.unwrap_or_default();
        separate(csv, written, out);
        let column = column(csv, number, written);
        let told = column.and_then(|(at, column)| Some((column, values.get(at)?)));
        match told {
            Some((column, value)) if field.value(&csv.dialect, old, None, &mut text).ok() != Some(value) => {
                put(csv, column, value, out)?;
            }
            _ => out.extend_from_slice(old.get(field.raw.clone()).unwrap_or_default()),
        }
        written += 1;
    }
    // A ragged record that had fewer fields grows only as far as there are values.
    let wanted = match old {
        Some(_) => {
            (written..width).filter(|field| is_there(csv, number, *field, &values)).max().map_or(0, |n| n + 1)
        }
        None => width,
    };
    for field in written..wanted {
        separate(csv, field, out);
        if let Some((at, column)) = column(csv, number, field) {
            put(csv, column, values.get(at).unwrap_or_default(), out)?;
        }
    }
    match out.get(start) {
        Some(first) if Some(*first) != csv.dialect.comment => Ok(()),
        _ => keep(&csv.dialect, start, out),
    }
}

fn column(csv: &Csv, number: usize, field: usize) -> Option<(usize, &Column)> {
    let column = csv.column(number, field)?;
    let at = csv.columns(number).iter().position(|other| other.part == column.part)?;
    Some((at, column))
}

fn is_there(csv: &Csv, number: usize, field: usize, values: &Values) -> bool {
    column(csv, number, field).and_then(|(at, _)| values.get(at)).is_some_and(|value| !value.is_empty())
}

fn separate(csv: &Csv, field: usize, out: &mut Vec<u8>) {
    if field > 0 {
        out.push(csv.dialect.separator);
    }
}

fn put(csv: &Csv, column: &Column, value: &str, out: &mut Vec<u8>) -> Result<(), Error> {
    let dialect = &csv.dialect;
    let start = out.len();
    let encoded = dialect.page.encode_into(value, out);
    encoded
        .map_err(|error| refused("the code page lacks a character", Some(column)).with("reason", error))?;
    let special = out.get(start..).is_some_and(|bytes| bytes.iter().any(|byte| dialect.is_special(*byte)));
    if !special && !dialect.quote_always {
        return Ok(());
    }
    let bytes = out.split_off(start);
    match (dialect.quote, dialect.escape) {
        (Some(quote), escape) => {
            out.push(quote);
            for byte in bytes {
                if byte == quote || Some(byte) == escape {
                    out.push(escape.unwrap_or(quote));
                }
                out.push(byte);
            }
            out.push(quote);
        }
        (None, Some(escape)) => {
            for byte in bytes {
                if dialect.is_special(byte) {
                    out.push(escape);
                }
                out.push(byte);
            }
        }
        (None, None) => {
            return Err(refused(
                "the value holds a separator or a line end, and there are no quotes",
                Some(column),
            ));
        }
    }
    Ok(())
}

/// Puts the first field into quotes, so that its record is taken neither for a blank line nor for a comment.
fn keep(dialect: &Dialect, start: usize, out: &mut Vec<u8>) -> Result<(), Error> {
    if out.len() == start && !dialect.pass_blank {
        return Ok(());
    }
    let Some(quote) = dialect.quote else {
        return match (dialect.escape, out.len() > start) {
            (Some(escape), true) => {
                out.insert(start, escape);
                Ok(())
            }
            _ => Err(refused("the record would be passed over as a comment or a blank line", None)),
        };
    };
    let bytes = out.get(start..).unwrap_or_default();
    // A field that holds a separator is in quotes already, so it does not begin with the mark of a comment.
    let end = bytes.iter().position(|byte| *byte == dialect.separator).unwrap_or(bytes.len());
    out.insert(start + end, quote);
    out.insert(start, quote);
    Ok(())
}

fn refused(message: &'static str, column: Option<&Column>) -> Error {
    let error = Error::new(Class::Client, Cause::Unwritable, message);
    match column {
        Some(column) => error.with("part", &column.name),
        None => error,
    }
}
