//! How far one name is from another.
//!
//! **Invariant.** It only counts; each room says itself how near is near enough to be suggested.

/// Returns how many insertions, deletions, substitutions and swaps of neighbours lead from one text to the other.
pub(crate) fn edits(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
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

/// Returns the characters of a text in lower case.
pub(crate) fn folded(text: &str) -> Vec<char> {
    text.to_lowercase().chars().collect()
}
