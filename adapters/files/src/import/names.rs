//! Names of a copybook as a mapping writes them in paths.
//!
//! **Invariant.** What YAML or a path would take for something else stands in quotes.

/// A name as a step of a legacy path.
pub(super) fn step(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_plain = name.chars().all(is_plain) && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// A path, perhaps with a codec behind it, as YAML has it.
pub(super) fn yaml(path: &str) -> String {
    if path.contains('"') { format!("'{}'", path.replace('\'', "''")) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_path_cannot_hold_are_quoted() {
        let check = |name: &str, expected: &str| assert_eq!(yaml(&step(name)), expected);
        check("TRX-SEQ", "TRX-SEQ");
        check("KD#NR", "'\"KD#NR\"'");
        check("1ST", "'\"1ST\"'");
    }
}
