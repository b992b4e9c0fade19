//! The nearest name to one that does not exist.
//!
//! **Invariant.** A suggestion is a name that does exist, and near enough to be a slip.

use crate::edits::{edits, folded};

/// Returns a hint with the nearest of the names, or else with all of them if they are few.
pub(super) fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let wrong_folded = folded(wrong);
    let near = names.iter().map(|name| (edits(&wrong_folded, &folded(name)), *name)).min()?;
    if near.0 <= wrong.chars().count().div_ceil(3).max(1) {
        return Some(format!("did you mean `{}`?", near.1));
    }
    let all = (names.len() <= 12).then(|| format!("there are: {}", names.join(", ")));
    all.or_else(|| Some(format!("there are {} names, such as {}", names.len(), names[..8].join(", "))))
}
