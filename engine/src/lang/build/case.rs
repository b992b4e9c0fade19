//! Builds the cases of a field.
//!
//! **Invariant.** Something decides on each case, or there is an error about it.

use super::Reader;
use super::field::whole;
use crate::lang::ast::{Case, CaseWhen, FieldKind, Spanned};
use kernel::{Entry, Node};

impl Reader<'_> {
    /// Builds alternatives.
    pub(super) fn cases(&mut self, node: &Node) -> Option<FieldKind> {
        let selector = match node.at("oneOf") {
            Some(path) => Some(self.path_of(path)?),
            None => None,
        };
        let entries = self.entries(node, "cases");
        if entries.is_empty() && node.at("cases").is_some_and(|cases| cases.map().is_some()) {
            self.wrong(node.span, "`cases` is empty", "name the alternatives");
        }
        let compared = selector.is_some();
        let cases = entries.iter().filter_map(|entry| self.case(entry, compared)).collect();
        Some(FieldKind::Cases { selector, tag: self.text(node, "as"), cases })
    }

    fn case(&mut self, entry: &Entry, compared: bool) -> Option<Case> {
        let node = &entry.value;
        let when = match node.at("when") {
            None => CaseWhen::Present,
            Some(when)
                if when.map().is_some()
                    || when.list().is_some_and(|l| l.iter().any(|n| n.map().is_some())) =>
            {
                CaseWhen::Conditions(self.conditions(when))
            }
            Some(when) => CaseWhen::Values(self.values(when)),
        };
        let at = self.prefix(node);
        self.case_is_decided(entry, &when, compared);
        Some(Case {
            name: Spanned::new(entry.key.clone(), entry.key_span),
            when,
            at: at?,
            fields: self.fields(node),
            span: whole(entry),
        })
    }

    fn case_is_decided(&mut self, entry: &Entry, when: &CaseWhen, compared: bool) {
        let (node, name) = (&entry.value, &entry.key);
        match (when, compared) {
            (CaseWhen::Present, true) => {
                let message = format!("case {name} has no `when`");
                self.wrong(entry.key_span, message, "say for which values of `oneOf` it applies");
            }
            (CaseWhen::Present, false) if node.at("at").is_none() => {
                let message = format!("case {name} has neither `when` nor `at`: nothing decides on it");
                self.wrong(entry.key_span, message, "write `at:` with the element whose presence decides");
            }
            (CaseWhen::Values(_), false) => {
                let span = node.at("when").map_or(entry.key_span, |when| when.span);
                self.wrong(
                    span,
                    "a value needs something to compare with",
                    "write `oneOf: PATH` beside `cases`",
                );
            }
            _ => {}
        }
    }
}
