//! Names of yesterday as names of today, for those who print a first mapping.
//!
//! **Invariant.** Two names that are the same without signs and humps never become one: the second gets a number.

use std::collections::BTreeSet;

/// Returns `TRX-SPLIT-CNT` as `trxSplitCnt`.
pub fn camel(name: &str) -> String {
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

/// Returns `trxSplitCnt` as `TrxSplitCnt`.
pub fn capitalized(camel: &str) -> String {
    let mut letters = camel.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters.clone()).collect()
}

/// Returns `TRX-SPLIT-CNT` as `trx-split-cnt`.
pub fn kebab(name: &str) -> String {
    words(name).join("-")
}

/// Returns a name that is not taken yet, and takes it.
pub fn unused(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut unused = name.clone();
    let mut number = 2;
    while !taken.insert(unused.clone()) {
        unused = format!("{name}{number}");
        number += 1;
    }
    unused
}

/// Takes a name apart where people see words: at signs, and where small letters end.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_small = false;
    for letter in name.chars() {
        let is_sign = !letter.is_alphanumeric();
        if is_sign || (before_is_small && letter.is_uppercase()) {
            words.push(String::new());
        }
        if let Some(last) = words.last_mut().filter(|_| !is_sign) {
            last.extend(letter.to_lowercase());
        }
        before_is_small = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_today() {
        let check = |name: &str, expected: [&str; 3]| {
            assert_eq!([camel(name), capitalized(&camel(name)), kebab(name)], expected);
        };
        check("KDNAM1", ["kdnam1", "Kdnam1", "kdnam1"]);
        check("TRX-SPLIT-CNT", ["trxSplitCnt", "TrxSplitCnt", "trx-split-cnt"]);
        check("CUSTOMER_NAME", ["customerName", "CustomerName", "customer-name"]);
        check("Company_Name", ["companyName", "CompanyName", "company-name"]);
        check("companyName", ["companyName", "CompanyName", "company-name"]);
        check("companyID", ["companyId", "CompanyId", "company-id"]);
        check("KD#NR", ["kdNr", "KdNr", "kd-nr"]);
        check("KD1-NR", ["kd1Nr", "Kd1Nr", "kd1-nr"]);
        check("1ST-NAME", ["field1stName", "Field1stName", "1st-name"]);
        check("GRÖSSE", ["grösse", "Grösse", "grösse"]);
    }

    #[test]
    fn two_of_one_name_are_two_fields() {
        let mut taken = BTreeSet::new();
        let names = ["A_B", "AB", "A B", "a#b"].map(|name| unused(camel(name), &mut taken));
        assert_eq!(names, ["aB", "ab", "aB2", "aB3"]);
    }
}
