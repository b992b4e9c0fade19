//! Dates and times: read in ISO 8601, written in the form that the database compares rightly.
//!
//! **Invariant.** A fraction of a second that the column does not hold is noticed, never cut.

use super::{DECIMALS, Misfit};
use crate::dialect::Dialect;
use crate::types::{Timestamp, TimestampName};
use adapters_sql_protocol::Value;
use jiff::civil;
use std::fmt::Write as _;

/// Returns a date.
pub(super) fn date(text: &str) -> Result<Value, Misfit> {
    let date: civil::Date = text.parse().map_err(|_| Misfit::Form("it is no date"))?;
    in_range(date)?;
    Ok(Value::Text(date.to_string()))
}

/// Returns a time of day.
pub(super) fn time(dialect: Dialect, digits: u8, text: &str) -> Result<Value, Misfit> {
    let time: civil::Time = text.parse().map_err(|_| Misfit::Form("it is no time"))?;
    let (nanos, cut) = fraction(time.subsec_nanosecond(), digits);
    let written = |nanos| Value::Text(clock(dialect, time, nanos));
    if cut { Err(Misfit::Between(DECIMALS, written(nanos))) } else { Ok(written(nanos)) }
}

/// Returns date and time, or a point in time.
pub(super) fn timestamp(dialect: Dialect, ty: Timestamp, text: &str) -> Result<Value, Misfit> {
    let (at, zoned) = read(ty, text)?;
    in_range(at.date())?;
    let minutes = ty.named == TimestampName::Smalldatetime && at.second() > 0;
    let (nanos, cut) = fraction(at.subsec_nanosecond(), ty.digits);
    let time = if minutes { at.time().with().second(0).build().unwrap_or(at.time()) } else { at.time() };
    // SQLite compares texts, and writes a blank itself.
    let between = if dialect == Dialect::Sqlite { ' ' } else { 'T' };
    let offset = if zoned { "+00:00" } else { "" };
    let written = Value::Text(format!("{}{between}{}{offset}", at.date(), clock(dialect, time, nanos)));
    if cut || minutes { Err(Misfit::Between(DECIMALS, written)) } else { Ok(written) }
}

fn read(ty: Timestamp, text: &str) -> Result<(civil::DateTime, bool), Misfit> {
    if ty.zone {
        let instant: jiff::Timestamp = text.parse().map_err(|_| Misfit::Form("it is no point in time"))?;
        return Ok((jiff::tz::Offset::UTC.to_datetime(instant), true));
    }
    // A parser that passes over an offset would change the time.
    let zoned =
        text.ends_with(['Z', 'z']) || text.get(10..).is_some_and(|time| time.contains(['+', '-', '[']));
    if zoned {
        return Err(Misfit::Form("it has a zone, and the column has none"));
    }
    text.parse().map(|at| (at, false)).map_err(|_| Misfit::Form("it is no date and time"))
}

fn in_range(date: civil::Date) -> Result<(), Misfit> {
    if date.year() < 1 {
        return Err(Misfit::Beyond("databases begin with the year 1", false));
    }
    Ok(())
}

/// Cuts a fraction to so many digits, and tells whether something was cut.
fn fraction(nanos: i32, digits: u8) -> (i32, bool) {
    let unit = 10_i32.pow(9 - u32::from(digits.min(9)));
    (nanos / unit * unit, nanos % unit != 0)
}

fn clock(dialect: Dialect, time: civil::Time, nanos: i32) -> String {
    let mut text = format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    if nanos != 0 {
        let digits = format!("{nanos:09}");
        let digits = digits.trim_end_matches('0');
        // SQLite itself writes three digits.
        let width = if dialect == Dialect::Sqlite { 3 } else { 0 };
        let _ = write!(text, ".{digits:0<width$}");
    }
    text
}
