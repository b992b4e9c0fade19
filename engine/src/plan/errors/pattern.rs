//! The values of conditions on legacy data: `T`, `CPF*`, `*`, `!00`.
//!
//! **Invariant.** Legacy text is compared without the blanks around it, and never changed otherwise.

use std::fmt;
use std::sync::Arc;

/// A value of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `"*"`: it is there.
    Present,
    /// This text.
    Text(Arc<str>),
    /// Pieces around stars: `CPF*`, `*x*`.
    Pieces(Vec<Arc<str>>),
    /// `!…`: there, and not like this.
    Not(Box<Pattern>),
}

impl Pattern {
    /// Returns the pattern that a text of a mapping is.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('!') {
            Some(rest) if !rest.is_empty() => Self::Not(Box::new(Self::positive(rest))),
            _ => Self::positive(text),
        }
    }

    fn positive(text: &str) -> Self {
        match text {
            "*" => Self::Present,
            _ if text.contains('*') => Self::Pieces(text.split('*').map(Arc::from).collect()),
            _ => Self::Text(text.into()),
        }
    }

    /// Returns whether a text that is there matches.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.trim();
        match self {
            Self::Present => true,
            Self::Text(wanted) => **wanted == *text,
            Self::Pieces(pieces) => pieces_match(pieces, text),
            Self::Not(pattern) => !pattern.matches(text),
        }
    }

    /// Returns whether it only asks whether something is there.
    pub fn is_presence(&self) -> bool {
        *self == Self::Present
    }
}

fn pieces_match(pieces: &[Arc<str>], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else { return false };
    let Some(mut rest) = text.strip_prefix(&**first) else { return false };
    for piece in middle {
        match rest.find(&**piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    rest.ends_with(&**last)
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Present => f.write_str("*"),
            Self::Text(text) => f.write_str(text),
            Self::Pieces(pieces) => f.write_str(&pieces.join("*")),
            Self::Not(pattern) => write!(f, "!{pattern}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_conditions_match_as_the_reference_says() {
        let check = |pattern: &str, text: &str, expected: bool| {
            assert_eq!(Pattern::parse(pattern).matches(text), expected, "{pattern} on {text}");
            assert_eq!(Pattern::parse(pattern).to_string(), pattern);
        };
        check("245", "245", true);
        check("245", " 245 ", true);
        check("245", "2450", false);
        check("245", "0245", false);
        check("CPF*", "CPF9999", true);
        check("CPF*", "XCPF", false);
        check("*x*", "axb", true);
        check("*x*", "ab", false);
        check("a*a", "a", false);
        check("a*b*c", "a1b2c", true);
        check("a*b*c", "acb", false);
        check("*", "", true);
        check("!00", "01", true);
        check("!00", "00", false);
        check("!CPF*", "CPF1", false);
        check("!", "!", true);
    }
}
