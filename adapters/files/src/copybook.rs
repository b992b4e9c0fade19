//! Reads COBOL copybooks: what is declared, as a tree of items with places in the text.
//!
//! **Invariant.** All mistakes of a text are found at once; a clause that is not understood is never passed over.
//!
//! Source: Enterprise COBOL for z/OS Language Reference, "Reference format" and "Data division--data description entry".

mod clause;
mod lex;
mod picture;
mod source;
mod tree;

pub(crate) use clause::{Condition, Literal, SignClause, Usage};
pub(crate) use picture::{Picture, PictureKind};

use kernel::{Diagnostic, FileId, Span};

/// Most bytes of a source.
const SOURCE_BYTES_MAX: usize = 1 << 20;

/// Most items of a copybook.
pub(crate) const ITEMS_MAX: usize = 10_000;

/// Most findings that are told of one copybook.
const FINDINGS_MAX: usize = 50;

/// A copybook that was read.
#[derive(Debug, Clone)]
pub(crate) struct Copybook {
    /// All items but conditions, in the order of the text.
    pub items: Vec<Item>,
    /// The items that are records: 01 levels, 77 levels, and what stands without an 01 level.
    pub records: Vec<usize>,
    /// What somebody should look at.
    pub warnings: Vec<Diagnostic>,
}

/// A data item.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// Its level number; 0 for a record that was never declared itself.
    pub level: u8,
    /// Its name; nothing for FILLER and for items without a name.
    pub name: Option<Box<str>>,
    /// Where its name, else its level number stands.
    pub span: Span,
    /// The group that it belongs to.
    pub parent: Option<usize>,
    /// The items that belong to it.
    pub children: Vec<usize>,
    /// The item whose place it takes.
    pub redefines: Option<usize>,
    /// How often it occurs, if it is a table.
    pub occurs: Option<Occurs>,
    /// Its picture.
    pub picture: Option<Picture>,
    /// Its usage, inherited where it has none itself; `None` is DISPLAY.
    pub usage: Option<Usage>,
    /// Where its sign is, inherited where it says nothing itself.
    pub sign: Option<SignClause>,
    /// It is aligned.
    pub synchronized: bool,
    /// Its text stands at the right.
    pub justified: bool,
    /// Zero is written as blanks.
    pub blank_when_zero: bool,
    /// Its 88 levels.
    pub conditions: Vec<Condition>,
}

/// How often a table occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Occurs {
    /// Fewest elements.
    pub min: u32,
    /// Most elements.
    pub max: u32,
    /// The item that says how many there are; nothing where there are always `max`.
    pub counter: Option<usize>,
}

/// How the lines of a text are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lines {
    /// As they look.
    #[default]
    Guess,
    /// Reference format: numbers in columns 1 to 6, the indicator in 7, text up to 72.
    Columns,
    /// Free form.
    Free,
}

/// Reads a copybook. `name` is given to a record that has no 01 level.
///
/// # Errors
/// All that is wrong, in the order of the text.
pub(crate) fn parse(text: &str, file: FileId, lines: Lines, name: &str) -> Result<Copybook, Vec<Diagnostic>> {
    if text.len() > SOURCE_BYTES_MAX {
        let message = format!("the copybook has {} bytes; at most {SOURCE_BYTES_MAX} are read", text.len());
        return Err(vec![Diagnostic::new("E091", Span::new(file, 0, 0), message)]);
    }
    let mut found = Findings { file, kept: Vec::new() };
    let code = source::code(text, lines, &mut found);
    let tokens = lex::tokens(&code, &mut found);
    let entries = clause::entries(&tokens, &mut found);
    let copybook = tree::build(entries, name, &mut found);
    found.close(copybook)
}

/// What was found so far.
#[derive(Debug)]
pub(crate) struct Findings {
    file: FileId,
    kept: Vec<Diagnostic>,
}

impl Findings {
    /// Returns a span over `start..end` of the copybook.
    pub(crate) fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.file, start, end: end.max(start) }
    }

    /// Adds something that cannot be read.
    pub(crate) fn unreadable(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.push(Diagnostic::new("E091", span, message), hint);
    }

    /// Adds something that is read, and refused.
    pub(crate) fn refused(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.push(Diagnostic::new("E092", span, message), hint);
    }

    /// Adds something that was passed over.
    pub(crate) fn passed_over(&mut self, span: Span, message: impl Into<String>, hint: &str) {
        self.push(Diagnostic::new("W091", span, message), hint);
    }

    /// Returns whether there is an error among them.
    pub(crate) fn failed(&self) -> bool {
        self.kept.iter().any(|it| it.severity == kernel::Severity::Error)
    }

    /// Adds a finding, unless there are very many of its kind already.
    pub(crate) fn push(&mut self, finding: Diagnostic, hint: &str) {
        let alike = self.kept.iter().filter(|it| it.severity == finding.severity).count();
        if alike < FINDINGS_MAX {
            self.kept.push(if hint.is_empty() { finding } else { finding.hint(hint) });
        }
    }

    /// Gives what was made if nothing was wrong, with the warnings.
    fn close(mut self, copybook: Copybook) -> Result<Copybook, Vec<Diagnostic>> {
        self.kept.sort_by_key(|it| it.span);
        match self.failed() {
            true => Err(self.kept),
            false => Ok(Copybook { warnings: self.kept, ..copybook }),
        }
    }
}

impl Copybook {
    /// Returns the name of an item as messages call it.
    pub(crate) fn called(&self, item: usize) -> &str {
        self.items.get(item).and_then(|it| it.name.as_deref()).unwrap_or("FILLER")
    }

    /// Returns an item and all groups around it, the innermost first.
    pub(crate) fn around(&self, item: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(item), |&it| self.items.get(it).and_then(|it| it.parent))
    }
}

#[cfg(test)]
mod tests;
