//! The XML declaration: `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`.
//!
//! **Invariant.** Only its form is checked here; the encoding was decided from the bytes before.
//!
//! Source: XML 1.0 (Fifth Edition), productions 23 to 26, 32 and 80 to 81. A version `1.x` is read as 1.0, section 2.8.

use super::chars::{self, SPACE};

/// Checks what stands between `<?xml` and `?>`.
///
/// # Errors
/// In words.
pub(crate) fn check(content: &str) -> Result<(), &'static str> {
    let wrong = "the XML declaration is not well-formed";
    let mut rest = content;
    let version =
        attribute(&mut rest, "version").map_err(|()| wrong)?.ok_or("the XML declaration has no version")?;
    if !version.strip_prefix("1.").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
        return Err("the version of XML is not 1.0");
    }
    if let Some(encoding) = attribute(&mut rest, "encoding").map_err(|()| wrong)? {
        let named = encoding.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'));
        if !named || !encoding.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Err("the XML declaration names no valid encoding");
        }
    }
    if let Some(standalone) = attribute(&mut rest, "standalone").map_err(|()| wrong)?
        && !matches!(standalone, "yes" | "no")
    {
        return Err("standalone is neither yes nor no");
    }
    if chars::is_blank(rest) { Ok(()) } else { Err(wrong) }
}

/// Takes ` name = "value"` from the beginning, if this name comes next.
fn attribute<'a>(rest: &mut &'a str, name: &str) -> Result<Option<&'a str>, ()> {
    let trimmed = trim(rest);
    let Some(behind) = trimmed.strip_prefix(name) else { return Ok(None) };
    if trimmed.len() == rest.len() {
        return Err(());
    }
    let value = trim(trim(behind).strip_prefix('=').ok_or(())?);
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(())?;
    let (value, behind) = value[1..].split_once(quote).ok_or(())?;
    *rest = behind;
    Ok(Some(value))
}

fn trim(text: &str) -> &str {
    &text[chars::run(text.as_bytes(), SPACE)..]
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_declaration_has_its_attributes_in_order_and_apart() {
        let check =
            |content: &str, expected: bool| assert_eq!(super::check(content).is_ok(), expected, "{content}");
        check(" version='1.0'", true);
        check(" version = \"1.0\" encoding='UTF-8' standalone='no' ", true);
        check(" version='1.1' standalone='yes'", true);
        check("", false);
        check(" encoding='UTF-8'", false);
        check(" version='1.0'encoding='UTF-8'", false);
        check(" version='1.0' standalone='yes' encoding='UTF-8'", false);
        check(" version='2.0'", false);
        check(" version=1.0", false);
        check(" version='1.0' encoding=''", false);
        check(" version='1.0' standalone='YES'", false);
        check(" version='1.0' other='x'", false);
    }
}
