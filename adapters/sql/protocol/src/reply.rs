//! What a worker says to Seawall, rows aside.
//!
//! **Invariant.** The text of a fault is the database's and may hold values: it is in no `Debug`.

use crate::batch::Batch;
use crate::execute::ValueKind;
use crate::scan::{Malformed, Scan, put_list, put_text};
use crate::{kind, write_frame};
use std::fmt;

/// A frame from the worker.
#[derive(Debug, Clone, PartialEq)]
pub enum FromWorker<'a> {
    /// Answers HELLO, and PING.
    Ready {
        /// The version that the worker speaks.
        version: u16,
    },
    /// Answers OPEN.
    Opened {
        /// The name of the database product.
        product: String,
        /// Its version.
        version: String,
        /// The driver's name and version.
        driver: String,
    },
    /// Begins a result set.
    Columns(Vec<ColumnInfo>),
    /// Rows of the result set that was begun last.
    Batch(Batch<'a>),
    /// Ends an answer.
    Done {
        /// Rows that were changed; nothing where it is not known.
        affected: Option<u64>,
    },
    /// Answers CATALOG.
    Catalog(&'a str),
    /// Values of OUT and INOUT parameters, in their order.
    Out(Vec<Option<String>>),
    /// Ends an answer by an error.
    Fault(Fault),
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// Its name, as the database says it.
    pub name: String,
    /// Its type.
    pub kind: ValueKind,
    /// Digits or characters.
    pub precision: u16,
    /// Decimals.
    pub scale: u16,
    /// It may be NULL.
    pub nullable: bool,
}

/// An error of the driver or the database.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fault {
    /// The SQLSTATE.
    pub sqlstate: String,
    /// The native code.
    pub native: i32,
    /// What the driver says.
    pub message: String,
    /// What may have happened.
    pub phase: Phase,
}

/// What may have happened to the statement of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Phase {
    /// It was certainly not executed, or the database took it back.
    #[default]
    Before = 0,
    /// It may have been executed.
    Within = 1,
    /// The connection is gone; it may have been executed.
    Gone = 2,
}

impl FromWorker<'_> {
    /// Appends the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Ready { version } => {
                write_frame(out, kind::READY, |out| out.extend_from_slice(&version.to_le_bytes()));
            }
            Self::Opened { product, version, driver } => write_frame(out, kind::OPENED, |out| {
                [product, version, driver].into_iter().for_each(|text| put_text(out, text));
            }),
            Self::Columns(columns) => write_frame(out, kind::COLUMNS, |out| {
                put_list(out, columns, |out, column| column.put(out));
            }),
            Self::Batch(batch) => write_frame(out, kind::BATCH, |out| batch.put(out)),
            Self::Done { affected } => write_frame(out, kind::DONE, |out| {
                let affected = affected.map_or(-1, |rows| i64::try_from(rows).unwrap_or(i64::MAX));
                out.extend_from_slice(&affected.to_le_bytes());
            }),
            Self::Catalog(json) => write_frame(out, kind::RAW_CATALOG, |out| put_text(out, json)),
            Self::Out(values) => write_frame(out, kind::OUT, |out| {
                put_list(out, values, |out, value| {
                    out.push(u8::from(value.is_none()));
                    put_text(out, value.as_deref().unwrap_or_default());
                });
            }),
            Self::Fault(fault) => write_frame(out, kind::FAULT, |out| {
                put_text(out, &fault.sqlstate);
                out.extend_from_slice(&fault.native.to_le_bytes());
                put_text(out, &fault.message);
                out.push(fault.phase as u8);
            }),
        }
    }
}

impl<'a> FromWorker<'a> {
    /// Reads the payload of a frame of a kind; `columns` is how many the result set has that was begun last.
    ///
    /// # Errors
    /// It breaks the protocol.
    pub fn decode(kind: u8, payload: &'a [u8], columns: usize) -> Result<Self, Malformed> {
        let mut scan = Scan::new(payload);
        let frame = match kind {
            kind::READY => Self::Ready { version: scan.u16()? },
            kind::OPENED => {
                Self::Opened { product: scan.owned()?, version: scan.owned()?, driver: scan.owned()? }
            }
            kind::COLUMNS => Self::Columns(scan.list(ColumnInfo::take)?),
            kind::BATCH => return Batch::decode(payload, columns).map(Self::Batch),
            kind::DONE => Self::Done { affected: u64::try_from(scan.i64()?).ok() },
            kind::RAW_CATALOG => Self::Catalog(scan.text()?),
            kind::OUT => Self::Out(scan.list(|scan| {
                let (null, text) = (scan.flag()?, scan.owned()?);
                Ok((!null).then_some(text))
            })?),
            kind::FAULT => Self::Fault(Fault::take(&mut scan)?),
            _ => return Err(scan.wrong("a frame of a kind that no worker sends")),
        };
        scan.end()?;
        Ok(frame)
    }
}

impl ColumnInfo {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(out, &self.name);
        out.push(self.kind as u8);
        out.extend_from_slice(&self.precision.to_le_bytes());
        out.extend_from_slice(&self.scale.to_le_bytes());
        out.push(u8::from(self.nullable));
    }

    fn take(scan: &mut Scan<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            name: scan.owned()?,
            kind: ValueKind::take(scan)?,
            precision: scan.u16()?,
            scale: scan.u16()?,
            nullable: scan.flag()?,
        })
    }
}

impl Fault {
    /// Returns the SQLSTATE, if it is one: five letters and digits. Anything else that stands in its place is text of
    /// the database like the message.
    pub fn state(&self) -> Option<&str> {
        let is = self.sqlstate.len() == 5 && self.sqlstate.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is.then_some(self.sqlstate.as_str())
    }

    fn take(scan: &mut Scan<'_>) -> Result<Self, Malformed> {
        let (sqlstate, native, message) = (scan.owned()?, scan.i32()?, scan.owned()?);
        let phase = match scan.u8()? {
            0 => Phase::Before,
            1 => Phase::Within,
            2 => Phase::Gone,
            _ => return Err(scan.wrong("no such phase")),
        };
        Ok(Self { sqlstate, native, message, phase })
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({:?}, {}, {:?})", self.state(), self.native, self.phase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HEADER_BYTES;

    fn check(frame: &FromWorker<'_>) {
        let mut bytes = Vec::new();
        frame.encode(&mut bytes);
        let (kind, payload) = (bytes[4], &bytes[HEADER_BYTES..]);
        assert_eq!(FromWorker::decode(kind, payload, 0).as_ref(), Ok(frame));
        for cut in 0..payload.len() {
            assert!(FromWorker::decode(kind, &payload[..cut], 0).is_err(), "{frame:?} cut at {cut}");
        }
    }

    #[test]
    fn a_state_that_is_none_is_not_shown() {
        let check = |sqlstate: &str, expected: Option<&str>| {
            let fault = Fault { sqlstate: sqlstate.into(), ..Fault::default() };
            assert_eq!(fault.state(), expected);
            assert_eq!(format!("{fault:?}"), format!("Fault({expected:?}, 0, Before)"));
        };
        check("23505", Some("23505"));
        check("HYT00", Some("HYT00"));
        check("", None);
        check("O'Brien", None);
        check("a b c", None);
        check("ääa", None);
    }

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_cut_is_refused() {
        check(&FromWorker::Ready { version: 1 });
        check(&FromWorker::Opened { product: "PostgreSQL".into(), version: "15".into(), driver: "".into() });
        check(&FromWorker::Columns(vec![ColumnInfo {
            name: "KDNR".into(),
            kind: ValueKind::Decimal,
            precision: 38,
            scale: 2,
            nullable: true,
        }]));
        check(&FromWorker::Done { affected: Some(3) });
        check(&FromWorker::Done { affected: None });
        check(&FromWorker::Catalog("{}"));
        check(&FromWorker::Out(vec![None, Some("ä".into()), Some("".into())]));
        for phase in [Phase::Before, Phase::Within, Phase::Gone] {
            let fault = Fault { sqlstate: "23505".into(), native: -803, message: "dup".into(), phase };
            check(&FromWorker::Fault(fault));
        }
    }
}
