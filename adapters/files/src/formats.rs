//! Opens the format that a mapping names.
//!
//! **Invariant.** Files of the project are read once, and whatever is wrong in them is told where it stands.

use crate::codepage::{self, CodePage};
use crate::columns;
use crate::config::{FormatConfig, FormatKind};
use crate::content::Wide;
use crate::copybook;
use crate::csv::{self, Csv, Cut};
use crate::field::Setting;
use crate::format::{Building, Format};
use crate::frame::{Frame, FrameError, Split, Step};
use crate::layout::{Dialect, Layout};
use adapters_ports::{Files, Forms};
use kernel::{Diagnostic, ShapeBuilder, Sources};
use std::sync::Arc;

/// The name of the record of a copybook that has no 01 level.
const ONLY: &str = "record";

/// A format that is open.
pub(crate) struct Open {
    /// What reads and writes records.
    pub format: Arc<dyn Format>,
    /// Its code page is an EBCDIC one.
    pub is_ebcdic: bool,
    /// Its records are text, so they are lines if nothing else is said.
    pub is_text: bool,
    /// Its records are found by what they hold.
    pub split: Option<Arc<dyn Split>>,
    /// Its files are UTF-16, which is read as UTF-8.
    pub wide: Option<Wide>,
}

/// Opens a format.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn open(
    config: &FormatConfig,
    (files, offline): (&dyn Files, bool),
    sources: &mut Sources,
    shape: &mut ShapeBuilder,
    findings: &mut Vec<Diagnostic>,
) -> Result<Open, Vec<Diagnostic>> {
    let (page, wide) = page(config, offline)?;
    let is_ebcdic = page.is_ebcdic();
    let mut forms = Forms::new(offline);
    match config.kind {
        FormatKind::Copybook => {
            let setting = Setting { page, fillers: config.fillers };
            let format = layout(config, files, sources, &mut Building { shape, setting }, findings)?;
            Ok(Open { format: Arc::new(format), is_ebcdic, is_text: false, split: None, wide })
        }
        FormatKind::Fixed => {
            let format = columns::open(&config.node, page, &mut forms, shape);
            let format = forms.finish(format)?.ok_or_else(Vec::new)?;
            Ok(Open { format: Arc::new(format), is_ebcdic, is_text: true, split: None, wide })
        }
        FormatKind::Csv => {
            let format = csv::open(&config.node, page, &mut forms, files, shape);
            let format = forms.finish(format)?.ok_or_else(Vec::new)?;
            let split = Arc::new(CsvSplit { format: format.clone() });
            Ok(Open { format: Arc::new(format), is_ebcdic, is_text: true, split: Some(split), wide })
        }
    }
}

/// Returns the code page of records, and how files lie that are not of it.
fn page(config: &FormatConfig, offline: bool) -> Result<(CodePage, Option<Wide>), Vec<Diagnostic>> {
    let default = match config.kind {
        FormatKind::Csv | FormatKind::Fixed => "utf-8",
        FormatKind::Copybook => "cp037",
    };
    let (name, span) = match &config.encoding {
        Some((name, span)) if !(offline && name.contains("${")) => (name.as_str(), *span),
        _ => (default, config.node.span),
    };
    if let Some(wide) = Wide::named(name) {
        if config.kind != FormatKind::Copybook {
            return Ok((CodePage::Utf8, Some(wide)));
        }
        let message = format!("`{name}` is for `csv` and `fixed`, and a copybook describes bytes");
        let found = Diagnostic::new("E007", span, message);
        return Err(vec![found.hint("fields of UTF-16 are `USAGE NATIONAL` there")]);
    }
    CodePage::named(name).map(|page| (page, None)).ok_or_else(|| {
        let found = Diagnostic::new("E007", span, format!("there is no code page `{name}`"));
        let near = codepage::nearest(name);
        let known = if near.is_empty() { vec!["utf-8", "latin1", "cp037", "cp273", "cp1047"] } else { near };
        vec![found.hint(format!("there is: {}", known.join(", ")))]
    })
}

fn layout(
    config: &FormatConfig,
    files: &dyn Files,
    sources: &mut Sources,
    building: &mut Building<'_>,
    findings: &mut Vec<Diagnostic>,
) -> Result<Layout, Vec<Diagnostic>> {
    let Some((path, span)) = &config.source.copybook else { return Err(Vec::new()) };
    let bytes = files.read(path).map_err(|why| {
        vec![Diagnostic::new("E091", *span, format!("the copybook `{path}` cannot be read: {why}"))]
    })?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        // Only comments and literals of old sources have such letters, and these say nothing of the layout.
        Err(error) => error.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    };
    let file = sources.add(path.as_str(), text.as_str());
    let mut copybook = copybook::parse(&text, file, config.source.lines, ONLY)?;
    findings.append(&mut copybook.warnings);
    let dialect = Dialect {
        ibm_floats: config.source.ibm_floats,
        little: config.source.little,
        full_binary: config.source.full_binary,
        texts: config.source.texts.clone(),
    };
    Layout::build(&copybook, &dialect, building)
}

/// Finds records of separated values.
#[derive(Debug)]
struct CsvSplit {
    format: Csv,
}

impl Split for CsvSplit {
    fn prelude(&self, window: &[u8], last: bool) -> Result<Option<usize>, FrameError> {
        let broken = |broken: csv::Broken| FrameError::new(broken.at, broken.message);
        self.format.dialect().prelude(window, last).map_err(broken)
    }

    fn split(&self, window: &[u8], last: bool) -> Result<Step, FrameError> {
        match self.format.dialect().split(window, last) {
            Ok(Cut::Record { start, length, next }) => Ok(Step::Frame(Frame { start, length, next })),
            Ok(Cut::More) => Ok(Step::More),
            Ok(Cut::End(framing)) => Ok(Step::End(framing)),
            Err(broken) => Err(FrameError::new(broken.at, broken.message)),
        }
    }

    fn join(&self, record: &[u8], out: &mut Vec<u8>) {
        out.extend_from_slice(record);
        out.extend_from_slice(self.format.dialect().ending());
    }
}
