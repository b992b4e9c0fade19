//! Names of a copybook as names of today.
//!
//! **Invariant.** Two items of one group never get the same name.

use std::collections::BTreeSet;

/// `TRX-SPLIT-CNT` as `trxSplitCnt`.
pub(super) fn camel(name: &str) -> String {
    let mut out = String::new();
    for word in words(name) {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !out.is_empty() => out.extend(first.to_uppercase()),
            first => out.extend(first),
        }
        out.push_str(letters.as_str());
    }
    // A member begins with a letter, so that expressions can name it.
    if out.starts_with(char::is_alphabetic) { out } else { format!("field{out}") }
}

/// `trxRec` as `TrxRec`.
pub(super) fn pascal(camel: &str) -> String {
    let mut letters = camel.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.clone()).collect()
}

/// `TRX-SPLIT-CNT` as `trx-split-cnt`.
pub(super) fn kebab(name: &str) -> String {
    words(name).join("-")
}

fn words(name: &str) -> Vec<String> {
    // Names in small letters with humps keep their words.
    let is_humped = name.contains(char::is_lowercase);
    let mut words = vec![String::new()];
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (is_humped && letter.is_uppercase()) {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            last.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

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

/// A name that is not taken yet.
pub(super) fn unused(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unused = name.clone();
    let mut number = 2;
    while !taken.insert(unused.clone()) {
        unused = format!("{name}{number}");
        number += 1;
    }
    unused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_today() {
        let check = |name: &str, expected: [&str; 3]| {
            assert_eq!([camel(name), pascal(&camel(name)), kebab(name)], expected);
        };
        check("TRX-SPLIT-CNT", ["trxSplitCnt", "TrxSplitCnt", "trx-split-cnt"]);
        check("Company_Name", ["companyName", "CompanyName", "company-name"]);
        check("companyName", ["companyName", "CompanyName", "company-name"]);
        check("1ST-NAME", ["field1stName", "Field1stName", "1st-name"]);
    }

    #[test]
    fn names_that_a_path_cannot_hold_are_quoted() {
        let check = |name: &str, expected: &str| assert_eq!(yaml(&step(name)), expected);
        check("TRX-SEQ", "TRX-SEQ");
        check("KD#NR", "'\"KD#NR\"'");
        check("1ST", "'\"1ST\"'");
    }

    #[test]
    fn two_items_of_one_name_are_two_fields() {
        let mut taken = BTreeSet::new();
        let names = ["A-B", "AB", "A_B"].map(|name| unused(camel(name), &mut taken));
        assert_eq!(names, ["aB", "ab", "aB2"]);
    }
}
