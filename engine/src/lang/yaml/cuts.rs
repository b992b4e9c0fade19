//! Recognises texts that YAML cut at `, ` or `: `, and puts the parser's errors into words.
//!
//! **Invariant.** E006 is said only where quoting the text is the remedy.

use super::builder::Builder;
use kernel::{Diagnostic, Span, Style};
use saphyr_parser::ScanError;

/// Returns E006 for a text that was cut at a comma.
pub(super) fn cut_at_comma(span: Span) -> Diagnostic {
    Diagnostic::new("E006", span, "YAML cut this text at `, `")
        .hint("quote it, or write the map over several lines")
}

/// Returns whether a text has a parenthesis that it does not close.
pub(super) fn is_open(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    depth > 0
}

/// Returns what a syntax error means, if that was not already told.
pub(super) fn explain(builder: &Builder<'_>, error: &ScanError) -> Option<Diagnostic> {
    let cut = builder.innermost().is_some_and(|frame| frame.cut);
    (!cut).then(|| in_words(builder, error))
}

fn in_words(builder: &Builder<'_>, error: &ScanError) -> Diagnostic {
    let at = builder.byte(error.marker().index());
    if let Some((start, end)) = colon(builder, at) {
        let span = Span::new(builder.file, start, end);
        return Diagnostic::new("E006", span, "YAML cut this text at `: `").hint("quote the whole text");
    }
    if let Some((start, end, Style::Plain)) = builder.scalars.last()
        && builder.innermost().is_some_and(|frame| frame.flow)
        && let Some(end) = bracket(builder.text, *end)
    {
        return cut_at_bracket(Span::new(builder.file, *start, end));
    }
    let span = builder.character(at);
    let said = error.info();
    if said.contains("unknown anchor") {
        return Diagnostic::new("E008", span, "aliases are not allowed")
            .hint("write the value where it is used; shared policies have `use:`");
    }
    let found = Diagnostic::new("E008", span, format!("this is not YAML: {said}"));
    match hint(said) {
        Some(hint) => found.hint(hint),
        None => found,
    }
}

fn hint(said: &str) -> Option<&'static str> {
    let hints = [
        ("block scalar", "a field line needs a path before the first `|`"),
        ("unexpected character", "quote the text"),
        ("mapping values", "check the indentation of this line and of the one above"),
        (
            "expected key",
            "check the indentation; a text that begins with `[`, `{` or a quote must be quoted as a whole",
        ),
        ("expected ',' or", "is a bracket not closed, or a text not quoted?"),
        ("quoted scalar", "the closing quote is missing"),
    ];
    hints.iter().find(|(part, _)| said.contains(part)).map(|(_, hint)| *hint)
}

/// Returns E006 for a text within braces that was cut at a bracket: `{ at: Customer[1] }`.
pub(super) fn cut_at_bracket(span: Span) -> Diagnostic {
    Diagnostic::new("E006", span, "YAML cut this text at a bracket").hint("quote the whole text")
}

/// Returns where a text ends behind which a bracket opens at once, if one does.
pub(super) fn bracket(text: &str, end: usize) -> Option<usize> {
    let rest = text.get(end..)?;
    if !rest.starts_with(['[', '{']) {
        return None;
    }
    let line = rest.find('\n').map_or(rest, |at| &rest[..at]);
    Some(end + line.find([',', '}', ' ']).unwrap_or(line.len()).max(1))
}

/// Returns the place of a plain text before `at` on the same line that a colon ended, up to the end of the line.
fn colon(builder: &Builder<'_>, at: usize) -> Option<(usize, usize)> {
    let (start, end, style) = *builder.scalars.last()?;
    let text = builder.text;
    let value = text.get(start..end)?;
    let rest = text.get(end..)?;
    let colon = rest.trim_start_matches(' ').starts_with(':') && !builder.is_key(start);
    if style != Style::Plain || value.contains('\n') || !colon || at < end || text[end..at].contains('\n') {
        return None;
    }
    let mut stop = rest.find('\n').map_or(text.len(), |n| end + n);
    if builder.innermost().is_some_and(|frame| frame.flow) {
        stop = rest.find(['}', ',']).map_or(stop, |n| (end + n).min(stop));
    }
    let line = text[start..stop].trim_end();
    let line = line.find(" #").map_or(line, |n| line[..n].trim_end());
    Some((start, start + line.len().max(value.len())))
}
