//! The lines of a copybook: reference format or free form, comments, continued lines.
//!
//! **Invariant.** What is left are the characters that count, each with the byte where it stands in the text.

use super::{Findings, Lines};

/// A character, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Char {
    /// The character.
    pub c: char,
    /// Its first byte in the text.
    pub at: u32,
}

/// Columns of the reference format, counted from 0.
const INDICATOR: usize = 6;
const CODE_END: usize = 72;
/// Columns 73 to 80 identify the line.
const LINE_END: usize = 80;

/// A tab leads to the next multiple of so many columns.
const TAB: usize = 8;

/// Returns the characters that count.
pub(crate) fn code(text: &str, lines: Lines, found: &mut Findings) -> Vec<Char> {
    let free = match lines {
        Lines::Free => true,
        Lines::Columns => false,
        Lines::Guess => looks_free(text),
    };
    let mut reader = Reader { out: Vec::with_capacity(text.len()), quote: None, room: 0 };
    for (line, at) in numbered(text) {
        match free {
            true => reader.free(line, at),
            false => reader.columns(line, at, found),
        }
    }
    reader.out
}

/// The lines with the byte where each begins, without what ends them.
fn numbered(text: &str) -> impl Iterator<Item = (&str, u32)> {
    let mut at = 0_usize;
    text.split_inclusive('\n').map(move |line| {
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        at += line.len();
        (line.trim_end_matches(['\n', '\r', '\u{1a}']), start)
    })
}

/// Nothing but white space, and what editors and transfers leave behind.
fn is_blank(line: &str) -> bool {
    line.chars().all(|c| c.is_whitespace() || c == '\u{1a}' || c == '\u{feff}' || c == '\0')
}

/// Tells free form from columns. A line that begins with a level number where columns have their line number is free,
/// unless other lines do have numbers.
fn looks_free(text: &str) -> bool {
    let mut free = false;
    for (line, _) in numbered(text) {
        let line = line.trim_start_matches('\u{feff}');
        if is_blank(line) || line.trim_start().starts_with('*') {
            continue;
        }
        if line.trim_start().get(..2) == Some(">>") {
            return line.to_ascii_uppercase().contains("FREE");
        }
        let cells = cells(line, 0);
        let area: String = cells.iter().filter(|(_, column)| *column < INDICATOR).map(|(c, _)| c.c).collect();
        let indicator = cells.iter().find(|(_, column)| *column == INDICATOR).map_or(' ', |(c, _)| c.c);
        let has_number = area.trim().len() == INDICATOR && area.bytes().all(|byte| byte.is_ascii_digit());
        if has_number && is_indicator(indicator) {
            return false;
        }
        free |= !area.trim().is_empty() && (!is_indicator(indicator) || begins_with_level(line));
    }
    free
}

fn is_indicator(c: char) -> bool {
    matches!(c, ' ' | '*' | '/' | '-' | 'D' | 'd' | '$')
}

fn begins_with_level(line: &str) -> bool {
    let line = line.trim_start();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=2).contains(&digits) && line.get(digits..).is_some_and(|rest| rest.starts_with([' ', '\t']))
}

/// The characters of a line with their columns; tabs lead to stops.
fn cells(line: &str, at: u32) -> Vec<(Char, usize)> {
    let mut column = 0;
    let mut cells = Vec::with_capacity(line.len());
    for (offset, c) in line.char_indices() {
        let place = at.saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
        match c {
            '\t' => {
                cells.push((Char { c: ' ', at: place }, column));
                column = (column / TAB + 1) * TAB;
            }
            // A mark of byte order takes no column, and the end-of-file character of old systems says nothing.
            '\u{feff}' => {}
            _ => {
                let c = if matches!(c, '\u{1a}' | '\0') || c.is_whitespace() { ' ' } else { c };
                cells.push((Char { c, at: place }, column));
                column += 1;
            }
        }
    }
    cells
}

struct Reader {
    out: Vec<Char>,
    /// The quote of a literal that is open.
    quote: Option<char>,
    /// How many columns of the line before were not written; a literal that goes on has blanks there.
    room: usize,
}

impl Reader {
    fn free(&mut self, line: &str, at: u32) {
        let start = line.trim_start_matches(['\u{feff}', ' ', '\t']);
        if start.starts_with('*') || start.starts_with(">>") || start.starts_with('$') {
            return;
        }
        let cells: Vec<Char> = cells(line, at).into_iter().map(|(c, _)| c).collect();
        self.end_line(at);
        self.quote = None;
        self.push(&cells);
    }

    fn columns(&mut self, line: &str, at: u32, found: &mut Findings) {
        let cells = cells(line, at);
        let indicator = cells.iter().find(|(_, column)| *column >= INDICATOR);
        let Some(&(indicator, column)) = indicator else {
            self.only_number(&cells, found);
            return;
        };
        let room = CODE_END.saturating_sub(cells.last().map_or(0, |(_, column)| column + 1));
        // A level number may begin a column too early: compilers say so, and read it.
        let is_early = column == INDICATOR
            && indicator.c.is_ascii_digit()
            && cells.iter().all(|(c, column)| *column >= INDICATOR || c.c == ' ');
        let indicator =
            Char { c: if column == INDICATOR && !is_early { indicator.c } else { ' ' }, ..indicator };
        let begin = if is_early { INDICATOR } else { INDICATOR + 1 };
        let code: Vec<Char> =
            cells.iter().filter(|(_, column)| (begin..CODE_END).contains(column)).map(|(c, _)| *c).collect();
        match indicator.c {
            '*' | '/' | '$' => return,
            '-' => {
                self.continued(&code, found);
                self.room = room;
                return;
            }
            ' ' => {}
            'D' | 'd' => {
                let span = found.span(indicator.at, indicator.at + 1);
                found.passed_over(
                    span,
                    "a debugging line is passed over",
                    "compilers read it only WITH DEBUGGING MODE",
                );
                return;
            }
            other => {
                let span = found.span(indicator.at, indicator.at);
                found.unreadable(
                    span,
                    format!("column 7 holds `{other}`, which is no indicator"),
                    "columns 1 to 6 are for numbers, column 7 for `*`, `/`, `-` and `D`, columns 8 to 72 for text",
                );
                return;
            }
        }
        let beyond = cells.iter().find(|(c, column)| *column >= LINE_END && c.c != ' ');
        if let Some((beyond, _)) = beyond.filter(|_| code.iter().any(|c| c.c != ' ')) {
            let span = found.span(beyond.at, beyond.at);
            found.passed_over(span, "the line goes on behind column 80", "only columns 8 to 72 are read");
        }
        self.end_line(at);
        self.quote = None;
        self.push(&code);
        self.room = room;
    }

    /// A line that ends before its indicator.
    fn only_number(&mut self, cells: &[(Char, usize)], found: &mut Findings) {
        let text: String = cells.iter().map(|(c, _)| c.c).collect();
        let text = text.trim();
        if text.is_empty() || text.starts_with('*') || text.bytes().all(|byte| byte.is_ascii_digit()) {
            return;
        }
        let first = cells.iter().find(|(c, _)| c.c != ' ').map_or(0, |(c, _)| c.at);
        let span = found.span(first, first);
        found.unreadable(span, "there is text before column 7", "columns 1 to 6 are for numbers only");
    }

    /// "If the continued line has a literal that is not closed, the first character of the continuation must be a quote."
    fn continued(&mut self, code: &[Char], found: &mut Findings) {
        let Some(first) = code.iter().position(|c| c.c != ' ') else { return };
        let code = code.get(first..).unwrap_or_default();
        match (self.quote, code.split_first()) {
            (Some(quote), Some((head, rest))) if head.c == quote => {
                let blank = Char { c: ' ', at: head.at };
                self.out.extend(std::iter::repeat_n(blank, self.room));
                self.push(rest);
            }
            (Some(_), Some((head, _))) => {
                let span = found.span(head.at, head.at);
                found.unreadable(span, "a continued literal goes on without a quote", "");
                self.quote = None;
            }
            _ => {
                while self.out.last().is_some_and(|c| c.c == ' ' || c.c == '\n') {
                    self.out.pop();
                }
                self.push(code);
            }
        }
    }

    /// A line ends a word; whether it ends a literal too is seen by the next one.
    fn end_line(&mut self, at: u32) {
        self.out.push(Char { c: '\n', at });
    }

    fn push(&mut self, code: &[Char]) {
        for (n, c) in code.iter().enumerate() {
            match (self.quote, c.c) {
                (None, '*') if code.get(n + 1).is_some_and(|next| next.c == '>') => return,
                (None, '"' | '\'') => self.quote = Some(c.c),
                (Some(quote), same) if quote == same => self.quote = None,
                _ => {}
            }
            self.out.push(*c);
        }
    }
}
