//! What is written to Seawall, and why an answer ends early.
//!
//! **Invariant.** A fault ends the answer and not the session; a socket that breaks ends the session.

use crate::native::Diagnostic;
use adapters_sql_protocol::{Fault, FromWorker, Phase};
use std::io::{self, Write as _};
use std::os::unix::net::UnixStream;

/// Frames on their way.
#[derive(Debug)]
pub(crate) struct Output {
    stream: UnixStream,
    buffer: Vec<u8>,
}

/// Why an answer ends early.
#[derive(Debug)]
pub(crate) enum Early {
    /// The driver or the database refused.
    Fault(Fault),
    /// Seawall is gone.
    Gone,
}

/// Bytes of the buffer that are kept for the next answer.
const KEPT_MAX: usize = 1 << 20;

impl Output {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Puts a frame behind what waits, to leave with it.
    pub(crate) fn put(&mut self, frame: &FromWorker<'_>) {
        frame.encode(&mut self.buffer);
    }

    /// Returns what waits, to append a frame.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Sends what waits; this blocks while Seawall does not read.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let result = self.stream.write_all(&self.buffer);
        self.buffer.clear();
        if self.buffer.capacity() > KEPT_MAX {
            self.buffer = Vec::new();
        }
        result
    }
}

impl From<io::Error> for Early {
    fn from(_: io::Error) -> Self {
        Self::Gone
    }
}

impl From<Diagnostic> for Early {
    fn from(diagnostic: Diagnostic) -> Self {
        let phase = phase(&diagnostic);
        let Diagnostic { state, native, message } = diagnostic;
        Self::Fault(Fault { sqlstate: state, native, message, phase })
    }
}

impl Early {
    /// A fault of our own.
    pub(crate) fn own(state: &str, message: impl Into<String>, phase: Phase) -> Self {
        Self::Fault(Fault { sqlstate: state.to_owned(), native: 0, message: message.into(), phase })
    }
}

/// What may have happened: a statement in autocommit that the database refuses has done nothing.
fn phase(diagnostic: &Diagnostic) -> Phase {
    if diagnostic.is_gone() {
        return Phase::Gone;
    }
    match diagnostic.state.as_str() {
        "HY008" | "57014" | "70100" | "54000" => Phase::Within,
        // HYT00: the query time-out of the driver; HYT01: that of the connection.
        "HYT00" | "S1T00" => Phase::Within,
        "HYT01" => Phase::Gone,
        _ => Phase::Before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_statement_did_nothing_and_a_lost_connection_may_have_done_anything() {
        let check = |state: &str, native: i32, expected: Phase| {
            let diagnostic = Diagnostic { native, ..Diagnostic::own(state, "") };
            assert_eq!(phase(&diagnostic), expected, "{state} {native}");
        };
        check("23505", 0, Phase::Before);
        check("42601", 0, Phase::Before);
        check("HY000", 1205, Phase::Before);
        check("HY000", 2013, Phase::Gone);
        check("08S01", 0, Phase::Gone);
        check("57P01", 0, Phase::Gone);
        check("HYT00", 0, Phase::Within);
        check("HY008", 0, Phase::Within);
    }
}
