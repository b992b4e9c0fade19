//! Suggestions for misspelt names.
//!
//! **Invariant.** Few and near: nobody reads a list of everything.

use crate::edits::{edits, folded};

/// Returns the known names that are nearest to one that is not known, at most three.
///
/// Where none is near and there are few, all are returned, so that a hint can say what there is.
pub fn suggestions<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted_folded = folded(wanted);
    let far = (wanted.chars().count() / 3).max(2);
    let mut all: Vec<(usize, &str)> = Vec::new();
    for name in known {
        if !all.iter().any(|(_, other)| *other == name) {
            all.push((edits(&wanted_folded, &folded(name)), name));
        }
    }
    let mut near: Vec<(usize, &str)> = all.iter().copied().filter(|(steps, _)| *steps <= far).collect();
    near.sort_by_key(|(steps, _)| *steps);
    near.truncate(3);
    if near.is_empty() && all.len() <= 8 {
        near = all;
    }
    near.into_iter().map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested_and_far_ones_only_where_there_are_few() {
        let check = |wanted: &str, known: &[&str], expected: &[&str]| {
            assert_eq!(suggestions(wanted, known.iter().copied()), expected, "{wanted}");
        };
        check("KDANLT", &["KDANLD", "KDMATC", "KDMAIL", "PLZ"], &["KDANLD"]);
        check("hotelid", &["hotelId", "roomType"], &["hotelId"]);
        check("Sruname", &["GivenName", "Surname"], &["Surname"]);
        check("x", &["alpha", "beta"], &["alpha", "beta"]);
        check("x", &["a0", "a1aa", "a2aa", "a3aa", "a4aa", "a5aa", "a6aa", "a7aa", "a8aa"], &["a0"]);
        check(
            "xyzzy",
            &["aaaaaa", "baaaaa", "caaaaa", "daaaaa", "eaaaaa", "faaaaa", "gaaaaa", "haaaaa", "iaaaaa"],
            &[],
        );
    }
}
