//! EXECUTE: a statement and its parameters.
//!
//! **Invariant.** A value never stands in the text of a statement, only beside it; `Debug` shows the text and no value.

use crate::scan::{Malformed, Scan, put_bytes, put_list, put_text};
use std::fmt;

/// A statement to be executed.
#[derive(Clone, PartialEq)]
pub struct Execute {
    /// How long it may take; 0 is as long as it likes. Stands first, so that it can be set in an encoded frame.
    pub timeout_ms: u32,
    /// Rows are expected.
    pub rows: bool,
    /// It is a procedure call.
    pub call: bool,
    /// Most rows in one batch.
    pub batch_rows_max: u32,
    /// About how many bytes one batch may have; one row may have more.
    pub batch_bytes_max: u32,
    /// Most bytes of one value; a longer one is a fault with SQLSTATE 54000.
    pub value_bytes_max: u32,
    /// The text, with `?` for each parameter.
    pub sql: String,
    /// The parameters, in the order of the text.
    pub parameters: Vec<Parameter>,
    /// What is expected of each column, in their order; columns beyond the list are [`Fetch::Decide`].
    pub fetch: Vec<Fetch>,
    /// The columns whose generated values are the answer, where the driver is asked for them; else empty.
    pub generated: Vec<String>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The type as which it is bound.
    pub kind: ValueKind,
    /// Whether it goes in, out or both.
    pub direction: Direction,
    /// Digits of a number, characters of a text, bytes; 0 where nothing is known.
    pub precision: u16,
    /// Decimals of a number, fractional digits of seconds.
    pub scale: u16,
    /// Its value; `Null` for one that only goes out.
    pub value: Value,
}

/// A value.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// NULL.
    Null,
    /// A text, in the lexical form of its kind.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$of:meta])* $variant:ident = $number:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$of])* $variant = $number,)+ }

        impl $name {
            /// All, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub(crate) fn take(scan: &mut Scan<'_>) -> Result<Self, Malformed> {
                match scan.u8()? {
                    $($number => Ok(Self::$variant),)+
                    _ => Err(scan.wrong($what)),
                }
            }
        }
    };
}

numbered! {
    /// The type of a parameter or a column.
    ValueKind, "no such kind of a value" {
        /// Text.
        Text = 1,
        /// Text that is padded with blanks.
        Char = 2,
        /// An integer, `-12`.
        Integer = 3,
        /// An exact number, `-12.50`.
        Decimal = 4,
        /// A binary float.
        Double = 5,
        /// `2026-06-01`.
        Date = 6,
        /// `09:30:00.25`.
        Time = 7,
        /// `2026-06-01T09:30:00.25`.
        Timestamp = 8,
        /// Bytes.
        Bytes = 9,
        /// `true` or `false`.
        Boolean = 10,
        /// Text in the national character set.
        National = 11,
        /// `2026-06-01T09:30:00.25+02:00`, or `Z`.
        Instant = 12,
    }
}

numbered! {
    /// Where a parameter goes.
    Direction, "no such direction" {
        /// In.
        In = 0,
        /// Out.
        Out = 1,
        /// Both.
        InOut = 2,
    }
}

numbered! {
    /// What is expected of a column: how it is fetched, and in which lexical form it is answered.
    Fetch, "no such kind of fetching" {
        /// Text as it is.
        Text = 0,
        /// An integer of at most 18 digits.
        Integer = 1,
        /// A binary float.
        Double = 2,
        /// Bytes.
        Bytes = 3,
        /// As the driver describes the column.
        Decide = 4,
        /// An exact number, as text.
        Decimal = 5,
        /// A date, `2026-06-01`.
        Date = 6,
        /// A time, `09:30:00`.
        Time = 7,
        /// A timestamp, `2026-06-01T09:30:00`.
        Timestamp = 8,
        /// A timestamp with its offset.
        Instant = 9,
        /// `true` or `false`.
        Boolean = 10,
    }
}

impl Execute {
    /// Returns a statement without parameters, with the usual sizes of batches.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            timeout_ms: 0,
            rows: false,
            call: false,
            batch_rows_max: 1000,
            batch_bytes_max: 256 << 10,
            value_bytes_max: 1 << 20,
            sql: sql.into(),
            parameters: Vec::new(),
            fetch: Vec::new(),
            generated: Vec::new(),
        }
    }

    /// Appends the payload of the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timeout_ms.to_le_bytes());
        let generated = !self.generated.is_empty();
        out.push(u8::from(self.rows) | u8::from(self.call) << 1 | u8::from(generated) << 2);
        for bound in [self.batch_rows_max, self.batch_bytes_max, self.value_bytes_max] {
            out.extend_from_slice(&bound.to_le_bytes());
        }
        put_text(out, &self.sql);
        put_list(out, &self.parameters, |out, parameter| parameter.put(out));
        put_list(out, &self.fetch, |out, fetch| out.push(*fetch as u8));
        put_list(out, &self.generated, |out, name| put_text(out, name));
    }

    /// Reads the payload of a frame.
    ///
    /// # Errors
    /// It breaks the protocol.
    pub fn decode(payload: &[u8]) -> Result<Self, Malformed> {
        let mut scan = Scan::new(payload);
        let (timeout_ms, flags) = (scan.u32()?, scan.u8()?);
        let execute = Self {
            timeout_ms,
            rows: flags & 1 != 0,
            call: flags & 2 != 0,
            batch_rows_max: scan.u32()?,
            batch_bytes_max: scan.u32()?,
            value_bytes_max: scan.u32()?,
            sql: scan.owned()?,
            parameters: scan.list(Parameter::take)?,
            fetch: scan.list(Fetch::take)?,
            generated: scan.list(Scan::owned)?,
        };
        scan.end()?;
        if flags > 7 || (flags & 4 != 0) == execute.generated.is_empty() {
            return Err(Malformed { what: "flags that say nothing or do not fit", at: 4 });
        }
        Ok(execute)
    }
}

impl Parameter {
    /// Returns a parameter that goes in.
    pub fn input(kind: ValueKind, value: Value) -> Self {
        Self { kind, direction: Direction::In, precision: 0, scale: 0, value }
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&[self.kind as u8, self.direction as u8, u8::from(self.value == Value::Null)]);
        out.extend_from_slice(&self.precision.to_le_bytes());
        out.extend_from_slice(&self.scale.to_le_bytes());
        match &self.value {
            Value::Null => put_bytes(out, &[]),
            Value::Text(text) => put_text(out, text),
            Value::Bytes(bytes) => put_bytes(out, bytes),
        }
    }

    fn take(scan: &mut Scan<'_>) -> Result<Self, Malformed> {
        let (kind, direction, null) = (ValueKind::take(scan)?, Direction::take(scan)?, scan.flag()?);
        let (precision, scale) = (scan.u16()?, scan.u16()?);
        let value = match kind {
            _ if null => match scan.bytes()? {
                [] => Value::Null,
                _ => return Err(scan.wrong("NULL has a value")),
            },
            ValueKind::Bytes => Value::Bytes(scan.bytes()?.to_vec()),
            _ => Value::Text(scan.owned()?),
        };
        Ok(Self { kind, direction, precision, scale, value })
    }
}

impl fmt::Debug for Execute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Execute({:?}, {} parameters)", self.sql, self.parameters.len())
    }
}

impl fmt::Debug for Value {
    /// Values are a client's and stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "NULL",
            Self::Text(_) => "***",
            Self::Bytes(_) => "*** bytes",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(execute: &Execute) {
        let mut payload = Vec::new();
        execute.encode(&mut payload);
        assert_eq!(Execute::decode(&payload).as_ref(), Ok(execute));
        for cut in 0..payload.len() {
            assert!(Execute::decode(&payload[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_statement_survives_the_way_and_none_of_its_beginnings_does() {
        check(&Execute::new(""));
        let text = |kind, text: &str| Parameter::input(kind, Value::Text(text.into()));
        let mut parameters: Vec<_> = ValueKind::ALL
            .iter()
            .map(|&kind| match kind {
                ValueKind::Bytes => Parameter::input(kind, Value::Bytes(vec![0, 255])),
                _ => text(kind, "\u{1F30A} ' OR 1=1"),
            })
            .collect();
        parameters.push(Parameter {
            direction: Direction::InOut,
            precision: 38,
            scale: 10,
            ..text(ValueKind::Decimal, "-12.50")
        });
        parameters
            .push(Parameter { direction: Direction::Out, ..Parameter::input(ValueKind::Bytes, Value::Null) });
        check(&Execute {
            timeout_ms: 1500,
            rows: true,
            call: true,
            parameters,
            fetch: Fetch::ALL.to_vec(),
            generated: vec!["ID".into()],
            ..Execute::new("SELECT ? FROM t")
        });
    }

    #[test]
    fn the_time_out_stands_in_the_first_four_bytes() {
        let mut payload = Vec::new();
        Execute { timeout_ms: 0x0102_0304, ..Execute::new("x") }.encode(&mut payload);
        assert_eq!(payload[..4], [4, 3, 2, 1]);
    }
}
