//! Lays the file of an environment over a project.
//!
//! **Invariant.** What a project means is the same in all environments: only addresses, credentials, sizes, times and
//! topics change.

use super::suggest;
use super::syntax::Line;
use kernel::{Diagnostic, Entry, Node, NodeKind, Sources};

/// A type of connection and the ports that it has.
#[derive(Debug, Clone, Copy)]
pub struct Kind<'a> {
    /// The word behind `type:`.
    pub name: &'a str,
    /// Its ports: `backend`, `source`, `sink`.
    pub ports: &'a [&'a str],
}

/// Keys that give a connection its meaning.
const MEANING: [&str; 12] = [
    "type",
    "wsdl",
    "catalog",
    "openapi",
    "operations",
    "format",
    "errors",
    "timezone",
    "nulls",
    "send",
    "strict",
    "namespaces",
];

/// Keys of a policy that say what calls mean, or who may call.
const MEANING_OF_POLICY: [&str; 3] = ["scope", "repeatable", "dedupe"];

/// Lays an overlay over the merged sections. Reports E080.
pub(crate) fn apply(
    root: &mut Node,
    overlay: &Node,
    kinds: &[Kind<'_>],
    sources: &Sources,
    found: &mut Vec<Diagnostic>,
) {
    let entries = match &overlay.kind {
        NodeKind::Null => return,
        NodeKind::Map(entries) => entries,
        _ => return found.push(overlay.expected("a flat map of dotted keys")),
    };
    for entry in entries {
        if let Err(diagnostic) = lay(root, entry, kinds, sources) {
            found.push(*diagnostic);
        }
    }
}

fn lay(root: &mut Node, entry: &Entry, kinds: &[Kind<'_>], sources: &Sources) -> Result<(), Box<Diagnostic>> {
    let Some(way) = locate(root, &entry.key) else { return Err(Box::new(missing(root, entry, sources))) };
    let mut names = Vec::new();
    let mut at = &*root;
    for step in &way {
        let next = &at.map().unwrap_or_default()[*step];
        names.push(next.key.as_str());
        at = &next.value;
    }
    if let Err(why) = may_change(&names) {
        let diagnostic =
            Diagnostic::new("E080", entry.key_span, format!("an overlay cannot change `{}`", entry.key));
        return Err(Box::new(diagnostic.also(Some(at.span), "defined here").hint(why)));
    }
    if let ["connections", _] = names.as_slice() {
        same_ports(at, entry, kinds)?;
    }
    let mut target = root;
    for step in way {
        let NodeKind::Map(entries) = &mut target.kind else { return Ok(()) };
        target = &mut entries[step].value;
    }
    *target = entry.value.clone();
    Ok(())
}

/// Returns the way to a dotted key: the index of the entry in each map. Keys may have dots of their own.
fn locate(node: &Node, key: &str) -> Option<Vec<usize>> {
    let mut candidates: Vec<(usize, &str)> = Vec::new();
    for (index, entry) in node.map()?.iter().enumerate() {
        candidates.extend(rest(key, &entry.key).map(|rest| (index, rest)));
    }
    candidates.sort_by_key(|(_, rest)| rest.len());
    candidates.into_iter().find_map(|(index, rest)| {
        if rest.is_empty() {
            return Some(vec![index]);
        }
        let mut way = locate(&node.map()?.get(index)?.value, rest)?;
        way.insert(0, index);
        Some(way)
    })
}

/// Returns what is left of a dotted key behind a name, which may be quoted.
fn rest<'k>(key: &'k str, name: &str) -> Option<&'k str> {
    let behind = |key: &'k str| match key.strip_prefix(name)? {
        "" => Some(""),
        rest => rest.strip_prefix('.').filter(|rest| !rest.is_empty()),
    };
    if let Some(quoted) = key.strip_prefix('"')
        && let Some(rest) = quoted.strip_prefix(name).and_then(|rest| rest.strip_prefix('"'))
    {
        return if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix('.').filter(|rest| !rest.is_empty())
        };
    }
    behind(key)
}

fn missing(root: &Node, entry: &Entry, sources: &Sources) -> Diagnostic {
    let mut at = root;
    let mut left = entry.key.as_str();
    while let Some((next, rest)) = at
        .map()
        .unwrap_or_default()
        .iter()
        .filter_map(|next| Some((next, rest(left, &next.key)?)))
        .min_by_key(|(_, rest)| rest.len())
    {
        (at, left) = (&next.value, rest);
    }
    let line = Line::of_key(&entry.key, entry.key_span, sources);
    let from = entry.key.len() - left.len();
    let message = format!("the project has no `{}`", entry.key);
    let diagnostic = Diagnostic::new("E080", line.place(from, entry.key.len()), message);
    let names: Vec<&str> = at.map().unwrap_or_default().iter().map(|entry| entry.key.as_str()).collect();
    let first = left.split('.').next().unwrap_or(left);
    match suggest::hint(first, names) {
        Some(hint) => diagnostic.hint(format!("an overlay changes what is there; {hint}")),
        None => diagnostic.hint("an overlay changes what is there"),
    }
}

/// Returns why a place cannot be changed.
fn may_change(names: &[&str]) -> Result<(), &'static str> {
    const TRANSLATION: &str = "production must translate exactly as the tests did";
    const FLAT: &str = "an overlay is a flat list of dotted keys: connections.name.url";
    match names {
        [_] if names != ["auth"] => Err(FLAT),
        ["auth", ..] | ["connections", _] => Ok(()),
        ["connections", _, "policy", rest @ ..] | ["rest" | "events", _, "policy", rest @ ..] => policy(rest),
        ["connections", _, key, ..] if MEANING.contains(key) => {
            Err("this gives the connection its meaning; a whole connection may be replaced")
        }
        ["connections", ..] => Ok(()),
        ["policies", _, rest @ ..] => policy(rest),
        ["rest", _, "page", "size" | "max"] => Ok(()),
        ["events", _, "topic" | "reject"] | ["events", _, "watch", "every" | "overlap" | "sweep"] => Ok(()),
        ["reconcile", _, "every"] => Ok(()),
        ["versions", _, "deprecated" | "sunset" | "link" | "gone"] => Ok(()),
        _ => Err(TRANSLATION),
    }
}

fn policy(rest: &[&str]) -> Result<(), &'static str> {
    match rest {
        [] => Err("name the key of the policy"),
        [key, ..] if MEANING_OF_POLICY.contains(key) => Err("this says what calls mean, or who may call"),
        _ => Ok(()),
    }
}

fn same_ports(base: &Node, entry: &Entry, kinds: &[Kind<'_>]) -> Result<(), Box<Diagnostic>> {
    let new = entry.value.at("type").and_then(Node::text);
    let Some(new) = new else {
        let diagnostic = Diagnostic::new(
            "E080",
            entry.value.span,
            format!("`{}` is replaced by nothing that has a `type`", entry.key),
        );
        return Err(Box::new(
            diagnostic.also(Some(base.span), "defined here").hint("write a whole connection"),
        ));
    };
    let old = base.at("type").and_then(Node::text).unwrap_or_default();
    let ports = |name: &str| kinds.iter().find(|kind| kind.name == name).map(|kind| kind.ports);
    match (ports(old), ports(new)) {
        (Some(before), Some(after)) if before.iter().any(|port| !after.contains(port)) => {
            let message =
                format!("`{new}` has the ports {}, but `{old}` has {}", after.join(", "), before.join(", "));
            let diagnostic =
                Diagnostic::new("E080", entry.value.span, message).also(Some(base.span), "replaces this");
            Err(Box::new(diagnostic.hint("a connection is replaced by one with the same ports")))
        }
        _ => Ok(()),
    }
}
