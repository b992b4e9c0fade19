//! Checks the keys of a connection that belong to its adapter.
//!
//! **Invariant.** Which keys an adapter has is told from outside; nothing here knows one.

use super::ast::Connection;
use super::suggest;
use kernel::{Diagnostic, Node};

/// A key of an adapter, for the check, the editor schema and the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdapterKey {
    /// The key, dotted below the connection: `auth.user`.
    pub key: &'static str,
    /// Its form: `text`, `duration`, `size`, `map`, or the allowed words separated by `|`.
    pub form: &'static str,
    /// The default in words, empty where it is required or nothing.
    pub default: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

/// Keys that the engine reads itself, whatever the type of a connection.
pub(crate) const COMMON: [&str; 7] = ["type", "timezone", "nulls", "send", "errors", "policy", "strict"];

/// Returns E007 for each key of a connection that neither the language nor its adapter knows.
pub fn unknown_adapter_keys(connection: &Connection, keys: &[AdapterKey]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let own = format!("a connection of type {}", connection.kind.value);
    check(&connection.node, "", keys, &own, &mut found);
    found
}

fn check(node: &Node, prefix: &str, keys: &[AdapterKey], owner: &str, found: &mut Vec<Diagnostic>) {
    for entry in node.map().unwrap_or_default() {
        let name = format!("{prefix}{}", entry.key);
        let below = format!("{name}.");
        if prefix.is_empty() && COMMON.contains(&entry.key.as_str()) || keys.iter().any(|key| key.key == name)
        {
            continue;
        }
        if keys.iter().any(|key| key.key.starts_with(&below)) {
            match entry.value.map() {
                Some(_) => check(&entry.value, &below, keys, owner, found),
                None => found.push(entry.value.expected("a map")),
            }
            continue;
        }
        let message = format!("unknown key `{name}` in {owner}");
        let diagnostic = Diagnostic::new("E007", entry.key_span, message);
        found.push(match suggest::hint(&entry.key, siblings(prefix, keys)) {
            Some(hint) => diagnostic.hint(hint),
            None => diagnostic,
        });
    }
}

/// Returns the keys that may stand in one map, without repetition.
fn siblings(prefix: &str, keys: &[AdapterKey]) -> Vec<&'static str> {
    let common = if prefix.is_empty() { COMMON.as_slice() } else { &[] };
    let mut names: Vec<&'static str> = Vec::new();
    let own = keys.iter().filter_map(|key| key.key.strip_prefix(prefix)?.split('.').next());
    for name in own.chain(common.iter().copied()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
