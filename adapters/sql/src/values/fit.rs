//! Values that are compared: what a comparison means where the column cannot hold the value.
//!
//! **Invariant.** The rows that are found are those that the exact comparison finds.

use super::{Misfit, Rules, parameter, value};
use crate::types::SqlType;
use adapters_sql_protocol::Parameter;
use kernel::{Comparison, Datum};

/// What becomes of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fit {
    /// It stays, with this parameter.
    Compare(Comparison, Box<Parameter>),
    /// It holds for every row whose column is not NULL.
    Always,
    /// It holds for no row.
    Never,
}

/// Returns what becomes of a comparison with a value.
pub(crate) fn fit(rules: Rules, ty: &SqlType, op: Comparison, datum: &Datum) -> Fit {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    let bound = |op, value| Fit::Compare(op, Box::new(parameter(rules.dialect, ty, value)));
    let text = matches!(ty, SqlType::Text(_) | SqlType::Formed(_));
    match (value(rules, ty, datum), op) {
        // A comparison with NULL holds for no row.
        (Ok(adapters_sql_protocol::Value::Null), _) => Fit::Never,
        (Ok(adapters_sql_protocol::Value::Text(text)), Equal | NotEqual)
            if text.is_empty() && rules.dialect.empty_is_null() =>
        {
            if op == Equal {
                Fit::Never
            } else {
                Fit::Always
            }
        }
        (Ok(value), op) => bound(op, value),
        (Err(_), Equal) => Fit::Never,
        (Err(_), NotEqual) => Fit::Always,
        (Err(Misfit::Between(_, lower)), Less | LessOrEqual) => bound(LessOrEqual, lower),
        (Err(Misfit::Between(_, lower)), Greater | GreaterOrEqual) => bound(Greater, lower),
        // A text that is too long still has its place in the order.
        (Err(Misfit::Beyond(..)), op) if text => match datum {
            Datum::Text(text) => {
                let value = adapters_sql_protocol::Value::Text(text.to_string());
                bound(op, value)
            }
            _ => Fit::Never,
        },
        (Err(Misfit::Beyond(_, above)), Less | LessOrEqual) => {
            if above {
                Fit::Always
            } else {
                Fit::Never
            }
        }
        (Err(Misfit::Beyond(_, above)), Greater | GreaterOrEqual) => {
            if above {
                Fit::Never
            } else {
                Fit::Always
            }
        }
        (Err(Misfit::Form(_) | Misfit::Character(_)), _) => Fit::Never,
    }
}
