//! Calls of PostgreSQL, which has procedures for CALL and functions for SELECT, and whose drivers take `{call}` for the
//! latter.
//!
//! **Invariant.** A cast names a type without its length, so that nothing is cut or rounded by it.

use super::super::{Maker, Sql};
use super::parameter;
use crate::catalog::{ParameterDef, ParameterDirection, ProcedureDef};
use adapters_sql_protocol::{Direction, Parameter};
use kernel::{Datum, Error};

/// Writes a call of what returns no value of its own; the values that come out are a row.
pub(super) fn write(
    sql: &mut Sql<'_>,
    maker: Maker<'_>,
    procedure: &ProcedureDef,
    value: impl Fn(usize) -> Option<Datum>,
) -> Result<(), Error> {
    sql.push(if procedure.results.is_empty() { "CALL " } else { "SELECT * FROM " });
    sql.qualified(&procedure.name);
    sql.push("(");
    for (n, declared) in procedure.parameters.iter().enumerate() {
        sql.push(if n > 0 { ", " } else { "" });
        argument(sql, maker, declared, value(n).as_ref())?;
    }
    sql.push(")");
    Ok(())
}

fn argument(
    sql: &mut Sql<'_>,
    maker: Maker<'_>,
    declared: &ParameterDef,
    value: Option<&Datum>,
) -> Result<(), Error> {
    if declared.direction == ParameterDirection::Out {
        sql.push("NULL");
        return Ok(());
    }
    // What comes out is in the row.
    let bound = Parameter { direction: Direction::In, ..parameter(maker, declared, value)? };
    // A procedure is found by the types of its arguments, and a driver gives a number the widest one.
    match cast(&declared.text) {
        Some(ty) => {
            sql.push("CAST(");
            sql.bind(bound);
            sql.push(" AS ");
            sql.push(&ty);
            sql.push(")");
        }
        None => sql.bind(bound),
    }
    Ok(())
}

/// A type without what stands in its parentheses; nothing if it is not made of words.
fn cast(declared: &str) -> Option<String> {
    let (before, rest) = declared.split_once('(').unwrap_or((declared, ""));
    let behind = rest.split_once(')').map_or("", |(_, behind)| behind);
    let ty = format!("{before}{behind}");
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ');
    (!ty.is_empty() && ty.bytes().all(is_word)).then_some(ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cast_has_no_length() {
        let check = |declared: &str, expected: Option<&str>| assert_eq!(cast(declared).as_deref(), expected);
        check("numeric(28,6)", Some("numeric"));
        check("int4", Some("int4"));
        check("timestamp(6) with time zone", Some("timestamp with time zone"));
        check("\"Own\"", None);
        check("int4); DROP TABLE x; --", None);
    }
}
