//! Values that are bound to a statement.
//!
//! **Invariant.** An exact number is bound as text with its precision, so that no driver makes a float of it.

use crate::native::{Held, Slot};
use crate::output::Early;
use adapters_sql_protocol::{Direction, Parameter, Phase, Value, ValueKind};

/// Source: ODBC Programmer's Reference, "SQL Data Types".
mod sql {
    pub(super) const CHAR: i16 = 1;
    pub(super) const DECIMAL: i16 = 3;
    pub(super) const DOUBLE: i16 = 8;
    pub(super) const VARCHAR: i16 = 12;
    pub(super) const DATE: i16 = 91;
    pub(super) const TIME: i16 = 92;
    pub(super) const TIMESTAMP: i16 = 93;
    pub(super) const LONG_VARCHAR: i16 = -1;
    pub(super) const VARBINARY: i16 = -3;
    pub(super) const LONG_VARBINARY: i16 = -4;
    pub(super) const BIGINT: i16 = -5;
    pub(super) const BIT: i16 = -7;
    pub(super) const WCHAR: i16 = -8;
    pub(super) const WVARCHAR: i16 = -9;
    pub(super) const WLONG_VARCHAR: i16 = -10;
}

/// Characters from which a text is bound as a large object.
const LONG_FROM: usize = 4000;
/// Room of an OUT parameter whose declaration says no length.
const OUT_BYTES: usize = 8000;

/// Makes the slots of all parameters. `narrow` says that the driver takes narrow texts as UTF-8.
pub(crate) fn slots(parameters: &[Parameter], narrow: bool) -> Result<Vec<Slot>, Early> {
    parameters.iter().map(|parameter| slot(parameter, narrow)).collect()
}

fn slot(parameter: &Parameter, narrow: bool) -> Result<Slot, Early> {
    let null = parameter.value == Value::Null;
    let text = match &parameter.value {
        Value::Text(text) => text.as_str(),
        Value::Null | Value::Bytes(_) => "",
    };
    let unfit = || Early::own("22018", "a value is not of the kind that it is said to be", Phase::Before);
    let ascii = |text: &str| Held::Narrow(text.as_bytes().to_vec());
    let slot = match parameter.kind {
        ValueKind::Text | ValueKind::Char | ValueKind::National => texts(parameter, text, null, narrow),
        ValueKind::Integer => match text.parse() {
            _ if null => Slot::input(Held::Integer(Box::new(0)), null, sql::BIGINT, 19, 0),
            Ok(number) => Slot::input(Held::Integer(Box::new(number)), null, sql::BIGINT, 19, 0),
            Err(_) => decimal(parameter, text, null),
        },
        ValueKind::Decimal => decimal(parameter, text, null),
        ValueKind::Double => {
            let number: f64 = if null { 0.0 } else { text.parse().map_err(|_| unfit())? };
            Slot::input(Held::Double(Box::new(number)), null, sql::DOUBLE, 15, 0)
        }
        ValueKind::Date => Slot::input(ascii(text), null, sql::DATE, 10, 0),
        ValueKind::Time => Slot::input(ascii(text), null, sql::TIME, text.len().max(8), fraction(text)),
        ValueKind::Timestamp => {
            let text = text.replacen('T', " ", 1);
            Slot::input(ascii(&text), null, sql::TIMESTAMP, text.len().max(19), fraction(&text))
        }
        // Drivers have no type for it; a text keeps the offset, and the statement says what it is.
        ValueKind::Instant => {
            let text = text.replacen('T', " ", 1);
            Slot::input(ascii(&text), null, sql::VARCHAR, text.len().max(1), 0)
        }
        ValueKind::Bytes => bytes(parameter, null),
        ValueKind::Boolean => {
            let held = match text {
                "true" | "1" => 1,
                "false" | "0" | "" => 0,
                _ => return Err(unfit()),
            };
            Slot::input(Held::Bit(Box::new(held)), null, sql::BIT, 1, 0)
        }
    };
    Ok(directed(slot, parameter))
}

fn directed(slot: Slot, parameter: &Parameter) -> Slot {
    let room = match parameter.kind {
        ValueKind::Text | ValueKind::Char | ValueKind::National | ValueKind::Bytes => {
            match usize::from(parameter.precision) {
                0 => OUT_BYTES,
                characters => characters * 4,
            }
        }
        _ => 128,
    };
    match parameter.direction {
        Direction::In => slot,
        Direction::Out => slot.output(true, room),
        Direction::InOut => slot.output(false, room),
    }
}

fn texts(parameter: &Parameter, text: &str, null: bool, narrow: bool) -> Slot {
    let units = text.encode_utf16().count();
    let size = units.max(usize::from(parameter.precision)).max(1);
    let long = units > LONG_FROM;
    let sql_type = match (narrow, parameter.kind) {
        (true, _) if long => sql::LONG_VARCHAR,
        (true, ValueKind::Char) => sql::CHAR,
        (true, _) => sql::VARCHAR,
        (false, _) if long => sql::WLONG_VARCHAR,
        (false, ValueKind::Char) => sql::WCHAR,
        (false, _) => sql::WVARCHAR,
    };
    let held = match narrow {
        true => Held::Narrow(text.as_bytes().to_vec()),
        false => Held::Wide(text.encode_utf16().collect()),
    };
    Slot::input(held, null, sql_type, size, 0)
}

/// A decimal with the precision of its declaration, or of its digits if it has more.
fn decimal(parameter: &Parameter, text: &str, null: bool) -> Slot {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let scale = part.len().max(usize::from(parameter.scale));
    let whole = whole.trim_start_matches('-').len().max(1);
    let size = (whole + scale).max(usize::from(parameter.precision));
    let digits = i16::try_from(scale).unwrap_or(i16::MAX);
    Slot::input(Held::Narrow(text.as_bytes().to_vec()), null, sql::DECIMAL, size, digits)
}

fn bytes(parameter: &Parameter, null: bool) -> Slot {
    let bytes = match &parameter.value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::Null | Value::Text(_) => Vec::new(),
    };
    let size = bytes.len().max(usize::from(parameter.precision)).max(1);
    let sql_type = if bytes.len() > LONG_FROM { sql::LONG_VARBINARY } else { sql::VARBINARY };
    Slot::input(Held::Bytes(bytes), null, sql_type, size, 0)
}

/// Digits of the fraction of a second.
fn fraction(text: &str) -> i16 {
    let digits = text.rsplit_once('.').map_or(0, |(_, part)| part.len());
    i16::try_from(digits).unwrap_or(9)
}
