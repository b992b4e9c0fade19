//! Cursors, and reading by them from the mock cluster.

use super::*;

fn kept(marks: &[(i64, i64)]) -> Kept {
    (0..).zip(marks.iter().copied()).collect()
}

#[test]
fn a_cursor_is_read_as_it_was_written() {
    for text in ["0:17,1:5", "0:0", "3:9223372036854775807"] {
        assert_eq!(offsets(text).map(|place| cursor(&place)), Ok(text.to_owned()));
    }
    for text in ["", "0", "0:", ":1", "0:-1", "-1:0", "0:1,0:2", "0:1,", "a:b", "2147483648:1", "0:1;1:2"] {
        assert!(
            matches!(offsets(text), Err(TopicError::Unknown(why)) if why.contains("`0:17,1:5`")),
            "{text}"
        );
    }
}

#[test]
fn reading_begins_where_the_cursor_says_or_says_why_not() {
    let check = |marks: &[(i64, i64)], given: Option<&str>, expected: Result<&str, TopicError>| {
        let given = given.map(|given| offsets(given).unwrap());
        let found = begin(&kept(marks), given.as_ref()).map(|place| cursor(&place));
        assert_eq!(found, expected.map(str::to_owned));
    };
    check(&[(0, 5), (3, 9)], None, Ok("0:0,1:3"));
    check(&[(0, 5), (3, 9)], Some("0:5,1:3"), Ok("0:5,1:3"));
    // A partition that came later.
    check(&[(0, 5), (0, 9)], Some("0:5"), Ok("0:5,1:0"));
    check(&[(0, 5), (3, 9)], Some("0:1,1:2"), Err(TopicError::Expired { resume: "0:1,1:3".into() }));
    let beyond = "partition 0 has no offset 6; it ends at 5";
    check(&[(0, 5)], Some("0:6"), Err(TopicError::Unknown(beyond.into())));
    let gone = "the topic has no partition 1";
    check(&[(0, 5)], Some("0:1,1:0"), Err(TopicError::Unknown(gone.into())));
}
