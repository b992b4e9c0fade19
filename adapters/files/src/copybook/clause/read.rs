//! The clauses of an entry, one after the other.
//!
//! **Invariant.** A word that begins no clause is an error, and so is a clause that misses something.

use super::entry::{Entry, level_of};
use super::{SignClause, Usage, Words, is_name, occurs, usage, value};
use crate::copybook::Findings;
use crate::copybook::lex::{Token, TokenKind};
use crate::copybook::picture::{Picture, PictureKind, picture};

/// Reads a clause; `false` at the end of the entry.
pub(super) fn clause(words: &mut Words<'_>, entry: &mut Entry, found: &mut Findings) -> bool {
    let Some(token) = words.next() else {
        found.unreadable(entry.span, "the entry has no full stop", "every entry ends with a full stop");
        return false;
    };
    if token.kind == TokenKind::Stop {
        return false;
    }
    let Some(word) = token.upper() else {
        found.unreadable(token.span, "this belongs to no clause", "");
        words.skip_entry();
        return false;
    };
    match word.as_str() {
        // `IS` may stand before GLOBAL and EXTERNAL; these say who sees the item.
        "IS" | "GLOBAL" | "EXTERNAL" | "VOLATILE" => {}
        "REDEFINES" => match words.name() {
            Some(name) => entry.redefines = Some(name),
            None => return broken(token, "the name of the item that is redefined", words, found),
        },
        "PIC" | "PICTURE" => return pictured(token, words, entry, found),
        "USAGE" | "GROUP-USAGE" => {
            words.take(&["IS"]);
            match words.upper().and_then(|word| usage(&word)) {
                Some(_) => {}
                None => return broken(token, "a usage that is offered", words, found),
            }
        }
        "OCCURS" => match occurs::occurs(words, token.span, found) {
            Some(occurs) => entry.occurs = Some(occurs),
            None => return false,
        },
        "SIGN" => {
            words.take(&["IS"]);
            let leading = words.take(&["LEADING"]);
            if !leading && !words.take(&["TRAILING"]) {
                return broken(token, "LEADING or TRAILING", words, found);
            }
            signed(leading, words, entry);
        }
        "LEADING" | "TRAILING" => signed(word == "LEADING", words, entry),
        "SYNC" | "SYNCHRONIZED" => {
            words.take(&["LEFT", "RIGHT"]);
            entry.synchronized = true;
        }
        "JUST" | "JUSTIFIED" => {
            words.take(&["RIGHT"]);
            entry.justified = true;
        }
        "BLANK" => {
            words.take(&["WHEN"]);
            if !words.take(&["ZERO", "ZEROS", "ZEROES"]) {
                return broken(token, "ZERO", words, found);
            }
            entry.blank_when_zero = true;
        }
        "VALUE" | "VALUES" => {
            words.take(&["IS", "ARE"]);
            if value::range(words).is_none() {
                return broken(token, "a literal", words, found);
            }
        }
        _ => return other(&word, token, words, entry, found),
    }
    true
}

/// A clause misses something.
fn broken(token: &Token, wanted: &str, words: &mut Words<'_>, found: &mut Findings) -> bool {
    let word = token.upper().unwrap_or_default();
    found.unreadable(token.span, format!("behind `{word}` {wanted} is missing"), "");
    words.skip_entry();
    false
}

/// A usage, or a word that no clause begins with.
fn other(word: &str, token: &Token, words: &mut Words<'_>, entry: &mut Entry, found: &mut Findings) -> bool {
    if let Some(known) = usage(word) {
        entry.usage = Some(sized(known, words));
        return true;
    }
    let next_is_name = words.peek().and_then(Token::upper).is_some_and(|next| is_name(&next));
    if level_of(token).is_some() && next_is_name {
        found.unreadable(entry.span, "the entry has no full stop", "every entry ends with a full stop");
        // It is read as the entry that it is.
        words.at -= 1;
        return false;
    }
    found.refused(
        token.span,
        format!("`{word}` is no clause that is offered"),
        "the documentation lists all clauses that are read",
    );
    words.skip_entry();
    false
}

/// `BINARY-LONG UNSIGNED`.
fn sized(usage: Usage, words: &mut Words<'_>) -> Usage {
    match usage {
        Usage::Sized { bytes, .. } => {
            let unsigned = words.take(&["UNSIGNED"]);
            words.take(&["SIGNED"]);
            Usage::Sized { bytes, signed: !unsigned }
        }
        other => other,
    }
}

fn signed(leading: bool, words: &mut Words<'_>, entry: &mut Entry) {
    let separate = words.take(&["SEPARATE"]);
    words.take(&["CHARACTER"]);
    entry.sign = Some(SignClause { leading, separate });
}

fn pictured(token: &Token, words: &mut Words<'_>, entry: &mut Entry, found: &mut Findings) -> bool {
    words.take(&["IS"]);
    let Some(Token { kind: TokenKind::Picture(text), span }) = words.peek() else {
        return broken(token, "a picture", words, found);
    };
    words.next();
    match picture(text) {
        Ok(_) if entry.picture.is_some() => {
            found.unreadable(*span, "the entry has two pictures", "is a full stop missing?");
        }
        Ok(picture) => entry.picture = Some((picture, *span)),
        Err(reason) => {
            found.refused(*span, format!("the picture `{}` is refused: {reason}", shown(text)), "");
            // Something stands there, so that nothing else is said of it.
            entry.picture = Some((Picture { kind: PictureKind::Text, characters: 1 }, *span));
        }
    }
    true
}

/// A picture may be of any length; a message is not.
fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
