//! What records are, as written.
//!
//! **Invariant.** A key that the type of format does not know is told; none is passed over.

use super::framing::{self, FramingConfig};
use super::{records, word};
use crate::columns;
use crate::copybook::Lines;
use crate::csv;
use crate::field::{Filler, Fillers};
use crate::select::Named;
use crate::shape::Belongs;
use adapters_ports::Forms;
use kernel::{Diagnostic, Node, Span};

/// What `format` says.
#[derive(Debug, Clone)]
pub(crate) struct FormatConfig {
    /// Its type.
    pub kind: FormatKind,
    /// All its keys, for what only its type knows.
    pub node: Node,
    /// The code page, if it is written.
    pub encoding: Option<(String, Span)>,
    /// What is made of numbers that are none.
    pub fillers: Fillers,
    /// How copybooks are read.
    pub source: Source,
    /// Where records begin and end.
    pub framing: FramingConfig,
    /// The types of records.
    pub records: Vec<Named>,
    /// Who belongs to whom.
    pub parents: Vec<Belongs>,
}

/// The types of formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FormatKind {
    /// Separated values.
    Csv,
    /// Columns of a fixed width.
    Fixed,
    /// A copybook.
    Copybook,
}

/// How copybooks are read, and the bytes that they describe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Source {
    /// The copybook.
    pub copybook: Option<(String, Span)>,
    /// How its lines are laid out.
    pub lines: Lines,
    /// COMP-1 and COMP-2 are hexadecimal, else IEEE 754; nothing where the code page decides.
    pub ibm_floats: Option<bool>,
    /// Native binary numbers have their low byte first; nothing where the code page decides.
    pub little: Option<bool>,
    /// Binary numbers hold all that their bytes can.
    pub full_binary: bool,
    /// Groups that are told as one text, too.
    pub texts: Vec<String>,
}

const COMMON: [&str; 8] = ["type", "encoding", "framing", "length", "skip", "records", "parents", "numbers"];
const COPYBOOK: [&str; 6] = ["copybook", "floats", "binary", "range", "source", "texts"];

/// Reads `format`; nothing where it cannot be understood at all.
pub(super) fn read(forms: &mut Forms, node: &Node) -> Option<FormatConfig> {
    let Some(format) = node.at("format") else {
        forms.missing(
            node,
            "format",
            "write { type: copybook, copybook: legacy/FILE.cpy }, or csv, or fixed",
        );
        return None;
    };
    if format.map().is_none() {
        forms.diagnose(format.expected("a map"));
        return None;
    }
    let Some((kind, span)) = forms.text(format, "type") else {
        forms.missing(format, "type", "it is one of: csv, fixed, copybook");
        return None;
    };
    let (kind, own): (FormatKind, &[&str]) = match kind {
        "csv" => (FormatKind::Csv, &csv::KEYS),
        "fixed" => (FormatKind::Fixed, &columns::KEYS),
        "copybook" => (FormatKind::Copybook, &COPYBOOK),
        "xml" | "json" => {
            let found = Diagnostic::new("E007", span, format!("`files` does not offer the format `{kind}`"));
            forms.diagnose(found.hint("it offers: csv, fixed, copybook"));
            return None;
        }
        other => {
            if forms.is_known(other) {
                super::no_word(forms, "format.type", other, span, ["csv", "fixed", "copybook"].into_iter());
            }
            return None;
        }
    };
    let known: Vec<&str> = COMMON.iter().chain(own).copied().collect();
    forms.keys(format, "format", &known);
    Some(FormatConfig {
        kind,
        encoding: forms.text(format, "encoding").map(|(text, span)| (text.to_owned(), span)),
        fillers: fillers(forms, format),
        source: source(forms, format, kind),
        framing: framing::read(forms, format),
        records: records::records(forms, format),
        parents: records::parents(forms, format),
        node: format.clone(),
    })
}

fn fillers(forms: &mut Forms, format: &Node) -> Fillers {
    const WORDS: [(&str, Filler); 3] =
        [("refuse", Filler::Refuse), ("absent", Filler::Absent), ("zero", Filler::Zero)];
    let Some(written) = forms.map(format, "numbers", &["blank", "low", "high"]) else {
        return Fillers::default();
    };
    let mut read = |key| word(forms, written, key, &WORDS).unwrap_or_default();
    Fillers { blank: read("blank"), low: read("low"), high: read("high") }
}

fn source(forms: &mut Forms, format: &Node, kind: FormatKind) -> Source {
    const LINES: [(&str, Lines); 3] =
        [("auto", Lines::Guess), ("columns", Lines::Columns), ("free", Lines::Free)];
    if kind != FormatKind::Copybook {
        return Source::default();
    }
    if format.at("copybook").is_none() {
        forms.missing(format, "copybook", "name the file of the project: legacy/FILE.cpy");
    }
    Source {
        copybook: forms.text(format, "copybook").map(|(path, span)| (path.to_owned(), span)),
        lines: word(forms, format, "source", &LINES).unwrap_or_default(),
        ibm_floats: word(forms, format, "floats", &[("ibm", true), ("ieee", false)]),
        little: word(forms, format, "binary", &[("big", false), ("little", true)]),
        full_binary: word(forms, format, "range", &[("picture", false), ("bytes", true)]).unwrap_or(false),
        texts: forms.texts(format, "texts"),
    }
}
