//! Where records begin and end, as written.
//!
//! **Invariant.** A length that a format knows is never written twice without being compared.

use super::{no_word, word};
use crate::format::{Format, RecordType};
use crate::frame::{Ending, Framing, LengthField, LengthForm, Rdw, Skip};
use adapters_ports::Forms;
use kernel::{Diagnostic, Node, Span};
use std::collections::BTreeSet;

/// The short words.
const WORDS: [&str; 6] = ["lines", "fixed", "rdw", "bdw", "length", "csv"];
/// Most bytes of a length field.
const LENGTH_BYTES_MAX: usize = 8;
/// Most digits of a length field.
const LENGTH_DIGITS_MAX: usize = 18;

/// Framing as written.
#[derive(Debug, Clone)]
pub(crate) struct FramingConfig {
    /// What was written; nothing where the format decides.
    pub chosen: Option<Chosen>,
    /// `length:`.
    pub length: Option<(u32, Span)>,
    /// Bytes of no record.
    pub skip: Skip,
    /// Where it is written.
    pub span: Span,
}

/// What was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Lines; without an ending, the code page decides.
    Lines(Option<Ending>),
    /// All of the same length.
    Fixed,
    /// Behind descriptor words.
    Rdw(Rdw),
    /// In blocks.
    Bdw(Rdw),
    /// By a field.
    Length(LengthField),
}

/// Reads `framing`, `length` and `skip` of a format.
pub(super) fn read(forms: &mut Forms, format: &Node) -> FramingConfig {
    let span = format.at("framing").map_or(format.span, |written| written.span);
    let length = format
        .at("length")
        .and_then(|written| forms.number(format, "length").map(|length| (length, written.span)));
    FramingConfig { chosen: chosen(forms, format), length, skip: skip(forms, format), span }
}

fn chosen(forms: &mut Forms, format: &Node) -> Option<Chosen> {
    let written = format.at("framing")?;
    let host = Rdw { little: false, whole: true, adjust: 0 };
    if written.text().is_some() {
        let (text, span) = forms.text(format, "framing")?;
        return match text {
            "lines" => Some(Chosen::Lines(None)),
            "fixed" => Some(Chosen::Fixed),
            "rdw" => Some(Chosen::Rdw(host)),
            "bdw" => Some(Chosen::Bdw(host)),
            "length" => {
                let found = Diagnostic::new("E007", span, "`framing: length` needs the place of the length");
                forms.diagnose(found.hint("write { type: length, at: 1-4 }"));
                None
            }
            other => {
                if forms.is_known(other) {
                    no_word(forms, "framing", other, span, WORDS.into_iter().take(4));
                }
                None
            }
        };
    }
    written.map().or_else(|| {
        forms.diagnose(written.expected("a word or a map"));
        None
    })?;
    let Some((kind, span)) = forms.text(written, "type") else {
        forms.missing(written, "type", "write { type: rdw, order: little }");
        return None;
    };
    match kind {
        "lines" => {
            forms.keys(written, "framing", &["type", "ending"]);
            Some(Chosen::Lines(word(forms, written, "ending", &Ending::WORDS)))
        }
        "fixed" => {
            forms.keys(written, "framing", &["type"]);
            Some(Chosen::Fixed)
        }
        "rdw" => Some(Chosen::Rdw(rdw(forms, written))),
        "bdw" => Some(Chosen::Bdw(rdw(forms, written))),
        "length" => field(forms, written),
        other => {
            no_word(forms, "framing.type", other, span, WORDS.into_iter().take(5));
            None
        }
    }
}

fn rdw(forms: &mut Forms, written: &Node) -> Rdw {
    forms.keys(written, "framing", &["type", "order", "counts", "adjust"]);
    let little = word(forms, written, "order", &[("big", false), ("little", true)]).unwrap_or(false);
    let whole = word(forms, written, "counts", &[("all", true), ("content", false)]).unwrap_or(true);
    Rdw { little, whole, adjust: signed(forms, written, "adjust") }
}

fn field(forms: &mut Forms, written: &Node) -> Option<Chosen> {
    forms.keys(written, "framing", &["type", "at", "form", "counts", "adjust"]);
    let forms_of = [("big", LengthForm::Big), ("little", LengthForm::Little), ("digits", LengthForm::Digits)];
    let form = word(forms, written, "form", &forms_of).unwrap_or(LengthForm::Big);
    let rest = word(forms, written, "counts", &[("all", false), ("rest", true)]).unwrap_or(false);
    let adjust = signed(forms, written, "adjust");
    let Some((at, span)) = forms.text(written, "at") else {
        forms.missing(written, "at", "write the bytes of the record that hold its length: 1-4");
        return None;
    };
    let (from, to) = at.split_once('-').unwrap_or((at, at));
    let ends = (from.trim().parse::<usize>(), to.trim().parse::<usize>());
    let most = if form == LengthForm::Digits { LENGTH_DIGITS_MAX } else { LENGTH_BYTES_MAX };
    let bytes = match ends {
        (Ok(from), Ok(to)) if from >= 1 && from <= to && to - from < most && to <= 1 << 16 => from - 1..to,
        _ => {
            let message = format!("`framing.at` is bytes of the record, from 1 and at most {most}: 1-4");
            forms.wrong(span, message);
            return None;
        }
    };
    Some(Chosen::Length(LengthField { bytes, form, rest, adjust }))
}

fn signed(forms: &mut Forms, node: &Node, key: &str) -> i32 {
    let Some((text, span)) = forms.text(node, key) else { return 0 };
    match text.parse::<i32>() {
        Ok(number) if (-65_536..=65_536).contains(&number) => return number,
        _ if forms.is_known(text) => forms.wrong(span, format!("`{key}` is a number of bytes: -4")),
        _ => {}
    }
    0
}

fn skip(forms: &mut Forms, format: &Node) -> Skip {
    const KNOWN: [&str; 4] = ["head", "tail", "before", "after"];
    let Some(written) = forms.map(format, "skip", &KNOWN) else { return Skip::default() };
    let mut read = |key: &str| {
        let count = forms.count(written, key).unwrap_or(0);
        if count > 1 << 24 {
            forms.wrong(written.span, format!("`skip.{key}` is at most 16777216 bytes"));
        }
        count.min(1 << 24)
    };
    Skip { head: read("head"), tail: read("tail"), before: read("before"), after: read("after") }
}

/// Returns the framing of a format whose records are known.
///
/// # Errors
/// Nothing was chosen and the format does not decide, or the lengths contradict each other.
pub(crate) fn settle(
    config: &FramingConfig,
    format: &dyn Format,
    is_ebcdic: bool,
    (is_text, is_quoted): (bool, bool),
) -> Result<Framing, Diagnostic> {
    if is_quoted && matches!(config.chosen, Some(Chosen::Lines(_))) {
        let message = "values in quotes may hold line ends, so lines are no records of `csv`";
        return Err(Diagnostic::new("E007", config.span, message).hint("leave `framing` out"));
    }
    let fixed = || fixed(config, format).map(Framing::Fixed);
    let lines = if is_ebcdic { Ending::EbcdicAuto } else { Ending::Auto };
    let framing = match &config.chosen {
        Some(Chosen::Lines(ending)) => Ok(Framing::Lines(ending.unwrap_or(lines))),
        Some(Chosen::Fixed) => fixed(),
        Some(Chosen::Rdw(rdw)) => Ok(Framing::Rdw(*rdw)),
        Some(Chosen::Bdw(rdw)) => Ok(Framing::Bdw(*rdw)),
        Some(Chosen::Length(field)) => Ok(Framing::Length(field.clone())),
        None if is_text => Ok(Framing::Lines(lines)),
        None => fixed(),
    }?;
    if let (Some((_, span)), false) = (config.length, matches!(framing, Framing::Fixed(_))) {
        let message = format!("`length` says nothing where records are framed by {}", framing.word());
        return Err(Diagnostic::new("E007", span, message).hint("leave it out, or write `framing: fixed`"));
    }
    Ok(framing)
}

/// Returns whether the mapping itself says that records have a fixed length.
fn is_chosen(config: &FramingConfig) -> bool {
    matches!(config.chosen, Some(Chosen::Fixed))
}

/// Returns the bytes of each record, those that are skipped around it included.
fn fixed(config: &FramingConfig, format: &dyn Format) -> Result<u32, Diagnostic> {
    let around = config.skip.before.saturating_add(config.skip.after);
    // A file whose records are fixed has room for the longest; what a record lacks of it may only be its end.
    let most = |ty: &RecordType| ty.length.or(ty.bytes_max.filter(|_| is_chosen(config)));
    let lengths: BTreeSet<Option<u32>> = format.types().iter().map(most).collect();
    if let Some((length, span)) = config.length {
        if let Some(ty) = format.types().iter().find(|ty| ty.bytes_min.saturating_add(around) > length) {
            let message =
                format!("`length` is {length}, and a record of {} has {} bytes", ty.name, ty.bytes_min);
            return Err(Diagnostic::new("E007", span, message).also(ty.span, "declared here"));
        }
        return Ok(length);
    }
    match lengths.first() {
        Some(Some(length)) if lengths.len() == 1 && *length > 0 => Ok(length.saturating_add(around)),
        _ => {
            let message = "the records have not all the same length, so `framing` or `length` has to say where they end";
            Err(Diagnostic::new("E007", config.span, message)
                .hint("write framing: rdw, bdw or lines, or `length` for records that are padded"))
        }
    }
}
