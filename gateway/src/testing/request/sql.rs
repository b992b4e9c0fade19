//! Statements of a test: taken apart and compared, white space aside.
//!
//! **Invariant.** What stands between quotes is compared as it stands.

use crate::testing::script::Stated;

/// Takes a text apart into statements, at every `;` outside of quotes.
pub(super) fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let mut quote = None;
    for letter in text.chars() {
        match quote {
            Some(open) if open == letter => quote = None,
            None if matches!(letter, '\'' | '"' | '`') => quote = Some(letter),
            None if letter == ';' => {
                statements.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = statements.last_mut() {
            last.push(letter);
        }
    }
    statements.iter().map(|statement| statement.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

/// Returns how the statements that were made differ from those that a test names.
pub(super) fn differences(expected: Option<&str>, made: &[Stated]) -> Vec<String> {
    let expected = expected.map(statements).unwrap_or_default();
    let mut wrong: Vec<String> = made.iter().filter_map(|stated| stated.wrong.clone()).collect();
    if expected.len() != made.len() {
        let texts: Vec<&str> = made.iter().map(|stated| stated.text.as_str()).collect();
        let list = if texts.is_empty() { "none".to_owned() } else { format!("\n  {}", texts.join(";\n  ")) };
        wrong.push(format!("sql: expected {}, made {list}", count(expected.len())));
        return wrong;
    }
    for (expected, made) in expected.iter().zip(made) {
        if words(expected) != words(&made.text) {
            wrong.push(format!("sql:\n  expected {}\n  made     {}", words(expected).join(" "), made.text));
        }
    }
    wrong
}

fn count(statements: usize) -> String {
    match statements {
        0 => "no statement".into(),
        1 => "one statement".into(),
        count => format!("{count} statements"),
    }
}

/// Returns the words, quoted texts and signs of a statement.
fn words(text: &str) -> Vec<String> {
    let is_word =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '$' | '#' | '@' | ':');
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' | '`' => quoted(rest, first),
            _ if is_word(first) => rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (word, behind) = rest.split_at(length);
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

/// Returns how long the quoted text is with which a text begins; a doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> usize {
    let mut from = quote.len_utf8();
    while let Some(at) = text[from..].find(quote) {
        from += at + quote.len_utf8();
        if !text[from..].starts_with(quote) {
            return from;
        }
        from += quote.len_utf8();
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stated(text: &str) -> Stated {
        Stated { text: text.into(), wrong: None }
    }

    #[test]
    fn statements_are_compared_but_for_white_space() {
        let check = |expected: &str, made: &str, same| {
            let found = differences(Some(expected), &[stated(made)]);
            assert_eq!(found.is_empty(), same, "{expected} / {made}: {found:?}");
        };
        check(
            "SELECT a, b FROM t\nWHERE (x = 'A' AND y >= 2)",
            "SELECT a,b FROM t WHERE ( x='A' AND y>=2 )",
            true,
        );
        check("SELECT a FROM t WHERE x = 'A  B'", "SELECT a FROM t WHERE x = 'A B'", false);
        check("SELECT a FROM t WHERE x = 'it''s'", "SELECT a FROM t WHERE x='it''s'", true);
        check("SELECT a FROM t WHERE x = 'its'", "SELECT a FROM t WHERE x = 'it''s'", false);
        check("SELECT a FROM t", "SELECT A FROM t", false);
        check("SELECT ab FROM t", "SELECT a b FROM t", false);
        check("SELECT 'a FROM t", "SELECT 'a  FROM t", false);
        check("x = 'A' AND y", "x = 'A'AND y", true);
    }

    #[test]
    fn several_statements_stand_behind_each_other() {
        assert_eq!(
            statements("SELECT ';' FROM \"a;b\" ;\n UPDATE t SET a = 1;\n"),
            ["SELECT ';' FROM \"a;b\"", "UPDATE t SET a = 1"]
        );
        let made = [stated("SELECT 1"), stated("UPDATE t SET a = 1")];
        assert_eq!(differences(Some("SELECT 1; UPDATE t SET a = 1"), &made), Vec::<String>::new());
        let found = differences(Some("SELECT 1"), &made);
        assert!(found[0].contains("expected one statement") && found[0].contains("UPDATE"), "{found:?}");
        assert!(differences(None, &made)[0].contains("expected no statement"));
        assert!(differences(Some("SELECT 1"), &[])[0].contains("made none"));
    }
}
