//! What a driver says about a call that failed.
//!
//! **Invariant.** A driver that says nothing still gives a diagnostic, with the name of the call.

use super::ffi::{self, Code, Handle};

/// An error of the driver manager, the driver or the database.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Diagnostic {
    /// The SQLSTATE.
    pub(crate) state: String,
    /// The code of the product.
    pub(crate) native: i32,
    /// The text.
    pub(crate) message: String,
}

/// Most records that are looked at.
const RECORDS_MAX: i16 = 8;
/// UTF-16 units of the longest text that is taken.
const TEXT_UNITS: usize = 2048;

impl Diagnostic {
    /// An error of our own making.
    pub(crate) fn own(state: &str, message: impl Into<String>) -> Self {
        Self { state: state.to_owned(), native: 0, message: message.into() }
    }

    /// Returns whether the connection to the database is gone.
    pub(crate) fn is_gone(&self) -> bool {
        // MariaDB reports a lost server as HY000 with 2006, 2013 or 2055; PostgreSQL that it is being shut down as 57P0x.
        self.state.starts_with("08")
            || self.state.starts_with("57P0")
            || matches!(self.native, 2006 | 2013 | 2055)
    }
}

/// Turns a return code into a result; warnings are passed over.
pub(super) fn check(code: Code, kind: i16, handle: Handle, call: &'static str) -> Result<(), Diagnostic> {
    match code {
        ffi::SUCCESS | ffi::SUCCESS_WITH_INFO | ffi::NO_DATA => Ok(()),
        _ => Err(read(kind, handle, call)),
    }
}

/// The first record that is an error, since some drivers put warnings before it.
pub(super) fn read(kind: i16, handle: Handle, call: &'static str) -> Diagnostic {
    let mut first = None;
    for number in 1..=RECORDS_MAX {
        let Some(record) = record(kind, handle, number) else { break };
        if !record.state.starts_with("01") {
            return record;
        }
        first.get_or_insert(record);
    }
    first
        .unwrap_or_else(|| Diagnostic::own("HY000", format!("{call} failed and the driver does not say why")))
}

fn record(kind: i16, handle: Handle, number: i16) -> Option<Diagnostic> {
    let (mut state, mut text) = ([0_u16; 6], vec![0_u16; TEXT_UNITS]);
    let (mut native, mut told) = (0, 0);
    // SAFETY: the buffers are as long as said, and a handle that is gone gives INVALID_HANDLE.
    let code = unsafe {
        ffi::SQLGetDiagRecW(
            kind,
            handle,
            number,
            state.as_mut_ptr(),
            &raw mut native,
            text.as_mut_ptr(),
            TEXT_UNITS as i16,
            &raw mut told,
        )
    };
    if !matches!(code, ffi::SUCCESS | ffi::SUCCESS_WITH_INFO) {
        return None;
    }
    Some(Diagnostic { state: text_of(&state), native, message: text_of(&text) })
}

/// The text before the first zero.
pub(super) fn text_of(units: &[u16]) -> String {
    let end = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
    String::from_utf16_lossy(&units[..end])
}

impl std::fmt::Debug for Diagnostic {
    /// The text is the database's and may hold values.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Diagnostic({}, {})", self.state, self.native)
    }
}
