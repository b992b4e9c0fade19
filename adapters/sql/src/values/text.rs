//! Texts: lengths in the unit of the column, and characters that its charset has.
//!
//! **Invariant.** A text is sent as it is, or refused; only blanks that a CHAR has anyway are left out.

use super::{Misfit, Rules};
use crate::dialect::Dialect;
use crate::types::Text;
use adapters_sql_protocol::Value;

/// Returns the text for a column.
pub(super) fn check(rules: Rules, ty: &Text, text: &str) -> Result<Value, Misfit> {
    let text = if ty.padded { text.trim_end_matches(' ') } else { text };
    // Drivers end a text at U+0000, so the rest would be lost.
    if text.contains('\0') {
        return Err(Misfit::Character('\0'));
    }
    let length = length(rules, ty, text)?;
    if ty.length.is_some_and(|most| length > most as usize) {
        return Err(Misfit::Beyond("it is too long", true));
    }
    // The empty text is NULL in Oracle, and a CHAR is never empty.
    let blank = ty.padded && text.is_empty() && rules.dialect.empty_is_null();
    Ok(Value::Text(if blank { " ".to_owned() } else { text.to_owned() }))
}

/// The length in the unit of the column.
fn length(rules: Rules, ty: &Text, text: &str) -> Result<usize, Misfit> {
    if ty.national {
        let by_units =
            rules.dialect == Dialect::Sqlserver || rules.dialect == Dialect::Oracle || rules.dialect.is_db2();
        return Ok(if by_units { text.encode_utf16().count() } else { text.chars().count() });
    }
    let Some(charset) = rules.charset else { return Ok(text.chars().count()) };
    if charset == encoding_rs::UTF_8 || text.is_ascii() {
        return Ok(if ty.bytes { text.len() } else { text.chars().count() });
    }
    let (encoded, _, lossy) = charset.encode(text);
    if lossy {
        let lacks = |letter: &char| charset.encode(letter.encode_utf8(&mut [0; 4])).2;
        return Err(Misfit::Character(text.chars().find(lacks).unwrap_or(char::REPLACEMENT_CHARACTER)));
    }
    Ok(if ty.bytes { encoded.len() } else { text.chars().count() })
}
