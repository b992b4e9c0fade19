//! Query strings, read strictly.
//!
//! **Invariant.** A parameter that nobody declared, or that is there twice and is no list, is refused; nothing is silently
//! ignored.

use super::router::decode;
use crate::problem::{Kind, Problem};
use std::borrow::Cow;

/// Most parameters of one query.
const PARAMETERS_MAX: usize = 64;

/// A query taken apart: names and values, decoded.
pub type Query<'q> = Vec<(Cow<'q, str>, Cow<'q, str>)>;

/// Takes a query apart, as forms write it: `&` between parameters, `+` for a blank.
///
/// # Errors
/// The problem `invalid-parameter`: an escape that is broken, a name that occurs twice, or too many of them.
pub fn parse(query: &str) -> Result<Query<'_>, Problem> {
    parse_with(query, |_| false)
}

/// The same, where some names may occur more than once.
///
/// # Errors
/// As [`parse`].
pub fn parse_with(query: &str, repeats: impl Fn(&str) -> bool) -> Result<Query<'_>, Problem> {
    let mut parameters: Query<'_> = Vec::new();
    for piece in query.split('&').filter(|piece| !piece.is_empty()) {
        let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
        let (Some(name), Some(value)) = (text(name), text(value)) else {
            return Err(invalid("the query holds an escape that cannot be read"));
        };
        if parameters.iter().any(|(known, _)| *known == name) && !repeats(&name) {
            return Err(refused(&name, "the parameter occurs twice"));
        }
        if parameters.len() == PARAMETERS_MAX {
            return Err(invalid("the query has too many parameters"));
        }
        parameters.push((name, value));
    }
    Ok(parameters)
}

/// Returns the problem of a parameter that does not fit.
pub fn refused(parameter: &str, why: impl Into<String>) -> Problem {
    Problem::new(Kind::InvalidParameter).detail(why).with("parameter", parameter)
}

fn invalid(why: &'static str) -> Problem {
    Problem::new(Kind::InvalidParameter).detail(why)
}

fn text(piece: &str) -> Option<Cow<'_, str>> {
    if !piece.contains('+') {
        return decode(piece);
    }
    let blanks = piece.replace('+', " ");
    decode(&blanks).map(|text| Cow::Owned(text.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_taken_apart_or_refused() {
        let check = |query: &str, expected: Result<&[(&str, &str)], &str>| {
            let found = parse(query).map_err(|problem| problem.slug().to_owned());
            let expected = expected.map(|pairs| {
                pairs
                    .iter()
                    .map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value)))
                    .collect::<Vec<_>>()
            });
            assert_eq!(found, expected.map_err(str::to_owned), "{query}");
        };
        check("", Ok(&[]));
        check("&&", Ok(&[]));
        check("a=1&b=2", Ok(&[("a", "1"), ("b", "2")]));
        check("a=x+y%2Bz&b", Ok(&[("a", "x y+z"), ("b", "")]));
        check("a==&%C3%A4=%20", Ok(&[("a", "="), ("ä", " ")]));
        check("a=1&a=2", Err("invalid-parameter"));
        check("a=1&%61=2", Err("invalid-parameter"));
        check("a=%zz", Err("invalid-parameter"));
        check("a=%00", Err("invalid-parameter"));
        check("a=%FF", Err("invalid-parameter"));
        check(&(0..65).map(|n| format!("p{n}=1&")).collect::<String>(), Err("invalid-parameter"));
    }

    #[test]
    fn only_what_may_be_repeated_is() {
        let repeats = |name: &str| name == "in";
        let found = parse_with("in=a&b=1&in=c%2Cd", repeats).unwrap();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, [("in", "a"), ("b", "1"), ("in", "c,d")]);
        assert_eq!(parse_with("b=1&b=2", repeats).unwrap_err().slug(), "invalid-parameter");
        let many = "in=1&".repeat(65);
        assert_eq!(parse_with(&many, repeats).unwrap_err().slug(), "invalid-parameter");
    }
}
