//! How two records differ.
//!
//! **Invariant.** The order of names is no difference, and neither is how a number is written; everything else is.

use crate::json;
use kernel::{Decimal, FileId, Node, NodeKind};

/// Says how two records differ, or nothing.
///
/// # Errors
/// One of them is no JSON.
pub(crate) fn difference(expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
    Ok(differ(&read(expected)?, &read(found)?, ""))
}

fn read(wire: &[u8]) -> Result<Node, String> {
    let text = std::str::from_utf8(wire).map_err(|_| "the data is not UTF-8".to_owned())?;
    json::parse(text, FileId(0)).map_err(|wrong| wrong.message)
}

fn differ(expected: &Node, found: &Node, path: &str) -> Option<String> {
    let at =
        |message: String| Some(format!("{}: {message}", if path.is_empty() { "the record" } else { path }));
    match (&expected.kind, &found.kind) {
        (NodeKind::Null, NodeKind::Null) => None,
        (NodeKind::Text(one), NodeKind::Text(other)) => match same(&one.value, &other.value) {
            true => None,
            false => at(format!("expected `{}`, found `{}`", one.value, other.value)),
        },
        (NodeKind::List(one), NodeKind::List(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs.into_iter().find_map(|(n, (one, other))| differ(one, other, &format!("{path}[{}]", n + 1)))
        }
        (NodeKind::List(one), NodeKind::List(other)) => {
            at(format!("expected {} elements, found {}", one.len(), other.len()))
        }
        (NodeKind::Map(one), NodeKind::Map(other)) => {
            let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
            let missing = one.iter().find_map(|entry| match found.at(&entry.key) {
                None => at(format!("`{}` is missing", entry.key)),
                Some(value) => differ(&entry.value, value, &below(&entry.key)),
            });
            let more = || other.iter().find(|entry| expected.at(&entry.key).is_none());
            missing.or_else(|| more().and_then(|entry| at(format!("`{}` is not expected", entry.key))))
        }
        _ => at(format!("expected {}, found {}", expected.form(), found.form())),
    }
}

fn same(one: &str, other: &str) -> bool {
    let number = |text| Decimal::parse(text).ok().filter(|_| is_number(text));
    one == other || number(one).is_some_and(|one| number(other) == Some(one))
}

/// Whether a text can be a number: codes like `007` are none, and never the same as `7`.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    !matches!(digits, [b'0', b'0'..=b'9', ..]) && digits.first().is_some_and(u8::is_ascii_digit)
}
