//! Tables of messages, port types and bindings by name.
//!
//! **Invariant.** A name that does not match by namespace is taken by its local part only where there is exactly one.

use super::read::Place;
use crate::schema::findings::Findings;
use std::collections::HashMap;

/// Definitions of one kind, by namespace and name and in order.
#[derive(Debug)]
pub(crate) struct Table<'a, T> {
    pub(crate) all: Vec<(&'a str, T)>,
    by_key: HashMap<(Option<&'a str>, &'a str), usize>,
    by_local: HashMap<&'a str, Vec<usize>>,
}

impl<T> Default for Table<'_, T> {
    fn default() -> Self {
        Self { all: Vec::new(), by_key: HashMap::new(), by_local: HashMap::new() }
    }
}

impl<'a, T> Table<'a, T> {
    /// Adds what `make` reads at a place, under the name that is written there.
    pub(crate) fn add(
        &mut self,
        place: Place<'a>,
        what: &str,
        findings: &mut Findings,
        make: impl FnOnce(Place<'a>) -> T,
    ) {
        let name = place.node.attribute("name").unwrap_or_default().trim();
        if self.by_key.contains_key(&(place.space, name)) {
            findings.pass_over(
                place.span(),
                format!("the {what} `{name}` is declared twice; the first one counts"),
            );
            return;
        }
        let at = self.all.len();
        self.all.push((name, make(place)));
        self.by_key.insert((place.space, name), at);
        self.by_local.entry(name).or_default().push(at);
    }

    /// Finds a definition by a prefixed name; the index in `all`.
    pub(crate) fn find(
        &self,
        at: Place<'a>,
        name: &'a str,
        what: &str,
        findings: &mut Findings,
    ) -> Option<usize> {
        let key = match at.key(name) {
            Ok(key) => key,
            Err(prefix) => {
                findings.refuse(at.span(), format!("the prefix `{prefix}` is not declared"), None);
                return None;
            }
        };
        if let Some(&found) = self.by_key.get(&key) {
            return Some(found);
        }
        if let Some(&found) = self.by_key.get(&(at.space, key.1)) {
            // A name without a prefix means the namespace of the definitions to many writers of WSDLs.
            return Some(found);
        }
        let others = self.by_local.get(key.1).map(Vec::as_slice).unwrap_or_default();
        let space = key.0.unwrap_or("no namespace");
        if let [only] = others {
            let message =
                format!("no {what} `{}` is declared in `{space}`; the only one of that name is taken", key.1);
            findings.pass_over(at.span(), message);
            return Some(*only);
        }
        findings.refuse(at.span(), format!("no {what} `{}` is declared in `{space}`", key.1), None);
        None
    }
}
