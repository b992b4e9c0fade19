//! What is said of objects.

use super::*;

#[test]
fn keys_are_escaped_as_paths_of_urls() {
    let check = |key: &str, expected: &str| assert_eq!(escaped(key), expected);
    check("in/a-b_c.~1", "in/a-b_c.~1");
    check("in/ä b+c?%", "in/%C3%A4%20b%2Bc%3F%25");
}

#[test]
fn a_version_is_known_by_its_tag_and_not_by_quotes() {
    assert_eq!(stamp(1, 2, "\"abc\""), stamp(1, 2, "abc"));
    assert_ne!(stamp(1, 2, "\"abc\""), stamp(1, 2, "abd"));
}
