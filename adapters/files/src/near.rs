//! How far a misspelt name is from one that exists, for suggestions.
//!
//! **Invariant.** It only suggests; nothing is ever read by a name that is merely near.

/// Counts the letters that differ, case aside: inserted, left out or another one.
pub(crate) fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<u8>, Vec<u8>) = (a.to_ascii_uppercase().into(), b.to_ascii_uppercase().into());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            left = (corner + usize::from(x != y)).min(above + 1).min(left + 1);
            corner = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}
