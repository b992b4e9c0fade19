//! Opens the format that a mapping names.
//!
//! **Invariant.** What is not built into this program is refused with its name, never read as something else.

use crate::config::{FormatConfig, FormatKind};
use crate::format::Format;
use crate::frame::Split;
use adapters_ports::Files;
use kernel::{Diagnostic, ShapeBuilder, Sources};
use std::sync::Arc;

/// A format that is open.
pub(crate) struct Open {
    /// What reads and writes records.
    pub format: Arc<dyn Format>,
    /// Its code page is an EBCDIC one.
    pub ebcdic: bool,
    /// Its records are found by what they hold.
    pub split: Option<Arc<dyn Split>>,
}

/// Opens a format.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn open(
    config: &FormatConfig,
    files: &dyn Files,
    sources: &mut Sources,
    shape: &mut ShapeBuilder,
    findings: &mut Vec<Diagnostic>,
) -> Result<Open, Vec<Diagnostic>> {
    let _ = (files, sources, shape, findings);
    let name = match config.kind {
        FormatKind::Csv => "csv",
        FormatKind::Fixed => "fixed",
        FormatKind::Copybook => "copybook",
    };
    let message = format!("this program has no format `{name}`");
    Err(vec![Diagnostic::new("E007", config.node.span, message)])
}
