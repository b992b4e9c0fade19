//! Finds the name that was probably meant.
//!
//! **Invariant.** A suggestion is near enough to be meant, or there is none.

use crate::edits::{edits, folded};
use std::fmt::Write;

const LISTED_MAX: usize = 12;

/// Returns the name nearest to a misspelt one, if one is near enough.
pub(crate) fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (wrong.chars().count() / 3).clamp(1, 3);
    names
        .into_iter()
        .map(|name| (distance(wrong, name), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Returns a hint: the name that was probably meant, else the names that there are.
pub(crate) fn hint<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(name) = nearest(wrong, names.clone()) {
        return Some(format!("did you mean `{name}`?"));
    }
    let mut names: Vec<&str> = names.into_iter().collect();
    if names.is_empty() {
        return None;
    }
    let left = names.len().saturating_sub(LISTED_MAX);
    names.truncate(LISTED_MAX);
    let mut text = format!("there is: {}", names.join(", "));
    if left > 0 {
        let _ = write!(text, " and {left} more");
    }
    Some(text)
}

/// Returns how many letters must be inserted, removed, replaced or swapped; case counts half as much, rounded up.
fn distance(left: &str, right: &str) -> usize {
    const LENGTH_MAX: usize = 64;
    let (a, b): (Vec<char>, Vec<char>) = (folded(left), folded(right));
    if a.len().max(b.len()) > LENGTH_MAX {
        return usize::MAX;
    }
    if a == b {
        return usize::from(left != right);
    }
    edits(&a, &b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_finds_its_neighbour_and_a_strange_one_does_not() {
        let names = ["fields", "legacy", "key", "schema"];
        let check = |wrong, expected| assert_eq!(nearest(wrong, names), expected, "{wrong}");
        check("feilds", Some("fields"));
        check("field", Some("fields"));
        check("Legacy", Some("legacy"));
        check("keys", Some("key"));
        check("schmea", Some("schema"));
        check("x", None);
        check("policy", None);
        check("", None);
    }

    #[test]
    fn a_hint_lists_what_there_is_where_nothing_is_near() {
        assert_eq!(hint("zzz", ["a1", "b1"]).as_deref(), Some("there is: a1, b1"));
        assert_eq!(hint("zzz", []), None);
        let many: Vec<String> = (0..20).map(|n| format!("name{n:02}")).collect();
        let text = hint("zzz", many.iter().map(String::as_str)).expect("a list");
        assert!(text.ends_with("name11 and 8 more"), "{text}");
    }
}
