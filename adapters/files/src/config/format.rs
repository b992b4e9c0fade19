//! What records are, as written.
//!
//! **Invariant.** A key that the type of format does not know is told; none is passed over.

use super::framing::{self, FramingConfig};
use super::{records, word};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Source {
    /// The source is free form, else columns 7 to 72; nothing where its lines decide.
    pub free: Option<bool>,
    /// COMP-1 and COMP-2 are IEEE 754, else hexadecimal.
    pub ieee: bool,
    /// Binary numbers have their low byte first.
    pub little: bool,
}

const COMMON: [&str; 8] = ["type", "encoding", "framing", "length", "skip", "records", "parents", "numbers"];
const CSV: [&str; 4] = ["separator", "quote", "header", "columns"];
const FIXED: [&str; 1] = ["columns"];
const COPYBOOK: [&str; 4] = ["copybook", "floats", "binary", "source"];

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
        "csv" => (FormatKind::Csv, &CSV),
        "fixed" => (FormatKind::Fixed, &FIXED),
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
        source: source(forms, format),
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

fn source(forms: &mut Forms, format: &Node) -> Source {
    Source {
        free: word(forms, format, "source", &[("auto", None), ("free", Some(true)), ("fixed", Some(false))])
            .flatten(),
        ieee: word(forms, format, "floats", &[("ibm", false), ("ieee", true)]).unwrap_or(false),
        little: word(forms, format, "binary", &[("big", false), ("little", true)]).unwrap_or(false),
    }
}
