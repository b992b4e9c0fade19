//! Texts that are taken apart and put together: `join`, `lines`, `split`, `slice`, `pad`.
//!
//! **Invariant.** A text that could not be told apart again is refused.

use super::CodecError;
use std::sync::Arc;

/// Splits a text at a separator into exactly `parts` parts.
pub(crate) fn split_exactly(text: &str, separator: &str, parts: usize) -> Result<Vec<Arc<str>>, CodecError> {
    let found: Vec<Arc<str>> = text.split(separator).map(Arc::from).collect();
    if found.len() != parts || found.iter().any(|part| part.trim().is_empty()) {
        let message = format!("the text does not have exactly {parts} parts separated by `{separator}`");
        return Err(CodecError::new(message));
    }
    Ok(found)
}

/// Wraps a text at blanks into at most `lines` lines of `width` characters.
pub(crate) fn wrap(text: &str, width: usize, lines: usize) -> Result<Vec<String>, CodecError> {
    let refuse = || CodecError::new(format!("the text does not fit {lines} lines of {width} characters"));
    let mut wrapped: Vec<String> = Vec::new();
    let mut room = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if length < room {
            let line = wrapped.last_mut().expect("there is room in a line only if there is a line");
            line.push(' ');
            line.push_str(word);
            room -= length + 1;
        } else if length <= width && wrapped.len() < lines {
            wrapped.push(word.to_owned());
            room = width - length;
        } else {
            return Err(refuse());
        }
    }
    Ok(wrapped)
}

/// Returns the characters `first..=last`, counted from 1, without blanks at the end.
pub(crate) fn slice(text: &str, first: usize, last: usize) -> Option<Arc<str>> {
    let part: String = text.chars().skip(first - 1).take(last + 1 - first).collect();
    let part = part.trim_end_matches(' ');
    (!part.trim().is_empty()).then(|| part.into())
}

/// Replaces the characters `first..=last` of the old text.
pub(crate) fn replace(old: &str, part: &str, first: usize, last: usize) -> Result<String, CodecError> {
    let width = last + 1 - first;
    let length = part.chars().count();
    if length > width {
        return Err(CodecError::new(format!("at most {width} characters have room there")));
    }
    let mut text: Vec<char> = old.chars().collect();
    let needed = if length == 0 { 0 } else { first - 1 + length };
    if text.len() < needed {
        text.resize(needed, ' ');
    }
    let end = text.len().min(last);
    for (n, place) in text[first.min(end + 1) - 1..end].iter_mut().enumerate() {
        *place = part.chars().nth(n).unwrap_or(' ');
    }
    Ok(text.into_iter().collect())
}

/// Which side is padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// Strips padding; of padding alone one character stays, unless it is a blank.
pub(crate) fn strip(text: &str, side: Side, with: char) -> Option<&str> {
    let stripped = match side {
        Side::Left => text.trim_start_matches(with),
        Side::Right => text.trim_end_matches(with),
    };
    match stripped.is_empty() {
        false => Some(stripped),
        true if with == ' ' => None,
        true => text.get(..with.len_utf8()),
    }
}

/// Pads to `width` characters.
pub(crate) fn pad(text: &str, side: Side, width: usize, with: char) -> Result<String, CodecError> {
    let length = text.chars().count();
    if length > width {
        return Err(CodecError::new(format!("the text is longer than {width} characters")));
    }
    let padding = with.to_string().repeat(width - length);
    Ok(match side {
        Side::Left => format!("{padding}{text}"),
        Side::Right => format!("{text}{padding}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_wrap_at_words_or_are_refused() {
        let check = |text: &str, width, lines, expected: Option<&[&str]>| {
            let wrapped = wrap(text, width, lines).ok();
            assert_eq!(
                wrapped.as_deref().map(|lines| lines.iter().map(String::as_str).collect::<Vec<_>>()),
                expected.map(<[&str]>::to_vec),
                "{text}"
            );
        };
        check("Müller und Söhne", 10, 2, Some(&["Müller und", "Söhne"]));
        check("Müller und Söhne", 9, 2, Some(&["Müller", "und Söhne"]));
        check("Müller und Söhne", 9, 1, None);
        check("Donaudampfschiff", 10, 3, None);
        check("abc", 3, 1, Some(&["abc"]));
    }

    #[test]
    fn a_slice_replaces_its_own_characters_only() {
        let check = |old: &str, part: &str, first, last, expected: &str| {
            assert_eq!(replace(old, part, first, last).as_deref(), Ok(expected), "{old:?} {part:?}");
        };
        check("ABCDEF", "xy", 3, 4, "ABxyEF");
        check("ABCDEF", "x", 3, 4, "ABx EF");
        check("AB", "xy", 3, 4, "ABxy");
        check("A", "xy", 3, 4, "A xy");
        check("ABC", "x", 3, 6, "ABx");
        check("ABCD", "x", 3, 6, "ABx ");
        check("", "x", 1, 2, "x");
        check("A", "", 3, 4, "A");
        check("ABCDEF", "", 3, 4, "AB  EF");
        assert!(replace("ABCDEF", "xyz", 3, 4).is_err());
        assert_eq!(slice("ABxyEF", 3, 4).as_deref(), Some("xy"));
        assert_eq!(slice("AB  EF", 3, 4), None);
        assert_eq!(slice("A", 3, 4), None);
    }

    #[test]
    fn padding_is_stripped_but_for_the_last_character() {
        assert_eq!(strip("00042", Side::Left, '0'), Some("42"));
        assert_eq!(strip("00000", Side::Left, '0'), Some("0"));
        assert_eq!(strip("    ", Side::Left, ' '), None);
        assert_eq!(pad("42", Side::Left, 5, '0').as_deref(), Ok("00042"));
        assert!(pad("123456", Side::Left, 5, '0').is_err());
    }
}
