//! Code tables of a project: modern names and the legacy codes that stand for them.
//!
//! **Invariant.** A legacy code stands in one line only, and at most one line takes all other codes.

use kernel::{Diagnostic, Span};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The code tables of a project by name.
pub type CodeTables = BTreeMap<Arc<str>, Arc<CodeTable>>;

/// A line of a code table: a modern name and its legacy codes, of which the first is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeLine {
    /// The modern name.
    pub modern: String,
    /// Where it stands.
    pub modern_span: Span,
    /// The legacy codes; `*` takes all codes that no line names, and is never written.
    pub legacy: Vec<(String, Span)>,
}

/// A checked code table.
#[derive(Debug, Clone)]
pub struct CodeTable {
    /// Its name.
    pub name: Arc<str>,
    /// Its lines, without those that were wrong.
    pub lines: Vec<CodeLine>,
}

impl CodeTable {
    /// Checks a table. What is wrong is left out of it and reported as E060.
    pub fn new(name: impl Into<Arc<str>>, lines: Vec<CodeLine>) -> (Self, Vec<Diagnostic>) {
        let name = name.into();
        let mut found = Vec::new();
        let mut codes: BTreeMap<String, Span> = BTreeMap::new();
        let mut moderns: BTreeMap<String, Span> = BTreeMap::new();
        let mut kept: Vec<CodeLine> = Vec::new();
        for mut line in lines {
            if let Some(&first) = moderns.get(&line.modern) {
                found.push(
                    Diagnostic::new(
                        "E060",
                        line.modern_span,
                        format!("code table {name} has two lines for `{}`", line.modern),
                    )
                    .also(Some(first), "first here")
                    .hint("write one line with a list of legacy codes"),
                );
                continue;
            }
            line.legacy.retain(|(code, span)| match complaint(&name, code, *span, &codes) {
                Some(diagnostic) => {
                    found.push(diagnostic);
                    false
                }
                None => {
                    codes.insert(code.trim_end().to_owned(), *span);
                    true
                }
            });
            moderns.insert(line.modern.clone(), line.modern_span);
            kept.push(line);
        }
        (Self { name, lines: kept }, found)
    }

    /// The modern names that reading can give, in the order of the table.
    pub fn moderns(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(|line| !line.legacy.is_empty()).map(|line| line.modern.as_str())
    }
}

fn complaint(table: &str, code: &str, span: Span, known: &BTreeMap<String, Span>) -> Option<Diagnostic> {
    if code.trim().is_empty() {
        let message =
            format!("code table {table} has a blank code, which never arrives: blank text is absent");
        return Some(Diagnostic::new("E060", span, message).hint("use `| default(…)` behind `codes`"));
    }
    let first = *known.get(code.trim_end())?;
    let message = match code {
        "*" => format!("code table {table} has two lines for all other codes"),
        _ => format!("legacy code `{code}` stands twice in code table {table}"),
    };
    let hint = "a legacy code can mean one modern value only";
    Some(Diagnostic::new("E060", span, message).also(Some(first), "first here").hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::FileId;

    #[test]
    fn a_table_reports_what_is_ambiguous_and_keeps_the_rest() {
        let check = |lines: &[(&str, &[&str])], messages: &[&str]| {
            let lines = lines.iter().map(|(modern, legacy)| line(modern, legacy)).collect();
            let (_, found) = CodeTable::new("t", lines);
            let found: Vec<&str> = found.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
            assert_eq!(found, messages);
        };
        check(&[("a", &["A", "B"]), ("other", &["*"])], &[]);
        check(&[("a", &["A"]), ("b", &["B", "A"])], &["legacy code `A` stands twice in code table t"]);
        check(&[("a", &["A"]), ("a", &["B"])], &["code table t has two lines for `a`"]);
        check(&[("a", &["*"]), ("b", &["*"])], &["code table t has two lines for all other codes"]);
        check(
            &[("a", &[" "])],
            &["code table t has a blank code, which never arrives: blank text is absent"],
        );
    }

    fn line(modern: &str, legacy: &[&str]) -> CodeLine {
        let span = Span::new(FileId(0), 0, 1);
        let legacy = legacy.iter().map(|code| ((*code).to_owned(), span)).collect();
        CodeLine { modern: modern.to_owned(), modern_span: span, legacy }
    }
}
