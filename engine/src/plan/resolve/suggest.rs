//! Suggestions for misspelt names.
//!
//! **Invariant.** Few and near: nobody reads a list of everything.

/// Returns the known names that are nearest to one that is not known, at most three.
///
/// Where none is near and there are few, all are returned, so that a hint can say what there is.
pub fn suggestions<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = wanted.to_lowercase();
    let far = (wanted.chars().count() / 3).max(2);
    let mut all: Vec<(usize, &str)> = Vec::new();
    for name in known {
        if !all.iter().any(|(_, other)| *other == name) {
            all.push((distance(&folded, &name.to_lowercase()), name));
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

/// Returns how many insertions, deletions, substitutions and swaps of neighbours lead from one text to the other.
fn distance(one: &str, other: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let swap = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + swap);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
