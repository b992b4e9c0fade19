//! The memory of one parameter, in, out or both.
//!
//! **Invariant.** A slot does not move while it is bound: its memory is on the heap and never grows.

use super::ffi::{self, Handle};

/// What a slot holds.
#[derive(Debug)]
pub(crate) enum Held {
    /// Text in the driver's narrow encoding.
    Narrow(Vec<u8>),
    /// Text in UTF-16.
    Wide(Vec<u16>),
    /// An integer.
    Integer(Box<i64>),
    /// A binary float.
    Double(Box<f64>),
    /// A truth value, 0 or 1.
    Bit(Box<u8>),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// A parameter.
#[derive(Debug)]
pub(crate) struct Slot {
    held: Held,
    /// What `held` has at most, in bytes, when it is an output.
    room: usize,
    sql_type: i16,
    size: usize,
    digits: i16,
    direction: i16,
    indicator: Box<isize>,
}

impl Slot {
    /// Makes a parameter that goes in; `null` sends NULL and not what is held.
    pub(crate) fn input(held: Held, null: bool, sql_type: i16, size: usize, digits: i16) -> Self {
        let length = match &held {
            Held::Narrow(text) => text.len(),
            Held::Wide(text) => text.len() * 2,
            Held::Bytes(bytes) => bytes.len(),
            Held::Integer(_) | Held::Double(_) | Held::Bit(_) => 0,
        };
        let indicator = if null { ffi::NULL_DATA } else { isize::try_from(length).unwrap_or(isize::MAX) };
        Self { held, room: length, sql_type, size, digits, direction: 1, indicator: Box::new(indicator) }
    }

    /// Makes it go out too, or only, with room for `content_bytes`.
    pub(crate) fn output(mut self, only: bool, content_bytes: usize) -> Self {
        self.direction = if only { 4 } else { 2 };
        match &mut self.held {
            Held::Narrow(text) => text.resize(text.len().max(content_bytes) + 1, 0),
            Held::Wide(text) => text.resize(text.len().max(content_bytes / 2) + 1, 0),
            Held::Bytes(bytes) => bytes.resize(bytes.len().max(content_bytes), 0),
            Held::Integer(_) | Held::Double(_) | Held::Bit(_) => {}
        }
        self.room = match &self.held {
            Held::Narrow(bytes) | Held::Bytes(bytes) => bytes.len(),
            Held::Wide(units) => units.len() * 2,
            Held::Integer(_) | Held::Double(_) | Held::Bit(_) => 8,
        };
        self
    }

    /// Returns whether it goes out.
    pub(crate) fn goes_out(&self) -> bool {
        self.direction != 1
    }

    /// Returns what came out, as text; bytes as hexadecimal digits.
    ///
    /// # Errors
    /// It was longer than its room, or is no Unicode.
    pub(crate) fn taken(&self) -> Result<Option<String>, &'static str> {
        const CUT: &str = "the value of an OUT parameter is longer than its declaration says";
        let length = match *self.indicator {
            ffi::NULL_DATA => return Ok(None),
            ffi::NO_TOTAL => return Err(CUT),
            length => usize::try_from(length).map_err(|_| CUT)?,
        };
        let text = match &self.held {
            Held::Narrow(bytes) => {
                let bytes = bytes.get(..length).filter(|_| length < self.room).ok_or(CUT)?;
                String::from_utf8(bytes.to_vec()).map_err(|_| "an OUT parameter is no UTF-8")?
            }
            Held::Wide(units) => {
                let units = units.get(..length / 2).filter(|_| length < self.room).ok_or(CUT)?;
                String::from_utf16(units).map_err(|_| "an OUT parameter is no UTF-16")?
            }
            Held::Bytes(bytes) => {
                bytes.get(..length).ok_or(CUT)?.iter().map(|byte| format!("{byte:02x}")).collect()
            }
            Held::Integer(value) => value.to_string(),
            Held::Double(value) => value.to_string(),
            Held::Bit(value) => (**value != 0).to_string(),
        };
        Ok(Some(text))
    }

    /// Binds it.
    ///
    /// # Safety
    /// The slot must live, unmoved on the heap, until the statement's parameters are reset or it is freed.
    pub(super) unsafe fn bind(&mut self, statement: Handle, number: u16) -> ffi::Code {
        let (c_type, value): (i16, Handle) = match &mut self.held {
            Held::Narrow(text) => (ffi::C_CHAR, text.as_mut_ptr().cast()),
            Held::Wide(text) => (ffi::C_WCHAR, text.as_mut_ptr().cast()),
            Held::Integer(value) => (ffi::C_SBIGINT, (&raw mut **value).cast()),
            Held::Double(value) => (ffi::C_DOUBLE, (&raw mut **value).cast()),
            Held::Bit(value) => (ffi::C_BIT, (&raw mut **value).cast()),
            Held::Bytes(bytes) => (ffi::C_BINARY, bytes.as_mut_ptr().cast()),
        };
        let room = isize::try_from(self.room).unwrap_or(isize::MAX);
        // SAFETY: the memory is on the heap and as long as said, and the caller keeps it.
        unsafe {
            ffi::SQLBindParameter(
                statement,
                number,
                self.direction,
                c_type,
                self.sql_type,
                self.size,
                self.digits,
                value,
                room,
                &raw mut *self.indicator,
            )
        }
    }
}
