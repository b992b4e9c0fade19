//! Reports names that lead nowhere and elements that do not belong where they stand.
//!
//! **Invariant.** A complaint points at the reference, and its hint at what may have been meant.

use super::builtin;
use super::compile::Compiler;
use super::index::{Decl, Key};

impl<'a> Compiler<'a> {
    /// Reports a prefix that nobody declared.
    pub(crate) fn undeclared(&mut self, at: Decl<'a>, prefix: &str) {
        self.findings.refuse(
            at.span(),
            format!("the prefix `{prefix}` is not declared"),
            Some(format!("declare it by xmlns:{prefix}=\"…\"")),
        );
    }

    /// Reports a name that is declared nowhere.
    pub(crate) fn unresolved(&mut self, at: Decl<'a>, what: &str, key: Key<'a>) {
        let (space, local) = key;
        let message = match space {
            Some(space) => format!("no {what} `{local}` is declared in `{space}`"),
            None => format!("no {what} `{local}` is declared without a namespace"),
        };
        let hint = match self.index.unread.get(&space) {
            Some((url, _)) => Some(format!(
                "`{url}` declares it and was not read: save it and import it by a relative path"
            )),
            None if self.findings.full() => None,
            None => self.elsewhere(what, local),
        };
        self.findings.refuse(at.span(), message, hint);
    }

    fn elsewhere(&self, what: &str, local: &str) -> Option<String> {
        if what == "type" && builtin::scalar(local).is_some() {
            return Some(format!(
                "if the built-in type is meant, write it with the prefix of XML Schema: xs:{local}"
            ));
        }
        let table = match what {
            "type" => &self.index.types,
            "element" => &self.index.elements,
            "group" => &self.index.groups,
            "attribute" => &self.index.attributes,
            _ => &self.index.attribute_groups,
        };
        let mut spaces: Vec<_> =
            table.keys().filter(|key| key.1 == local).map(|key| key.0.unwrap_or("no namespace")).collect();
        spaces.sort_unstable();
        spaces.first().map(|space| format!("one of that name is declared in `{space}`"))
    }

    /// Notes a child that does not belong here.
    pub(crate) fn unexpected(&mut self, child: Decl<'a>) {
        self.findings
            .pass_over(child.span(), format!("`{}` is not understood here and is passed over", child.tag()));
    }
}
