//! The nearest name to one that does not exist.
//!
//! **Invariant.** A suggestion is a name that does exist, and near enough to be a slip.

/// Returns a hint with the nearest of the names, or else with all of them if they are few.
pub(super) fn closest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let names: Vec<&str> = names.collect();
    let near = names.iter().map(|name| (distance(wrong, name), *name)).min()?;
    if near.0 <= wrong.chars().count().div_ceil(3).max(1) {
        return Some(format!("did you mean `{}`?", near.1));
    }
    let all = (names.len() <= 12).then(|| format!("there are: {}", names.join(", ")));
    all.or_else(|| Some(format!("there are {} names, such as {}", names.len(), names[..8].join(", "))))
}

/// Counts the characters that must be changed, added, removed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.to_lowercase().chars().collect(), b.to_lowercase().chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
