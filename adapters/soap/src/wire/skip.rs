//! Passes over what nobody wants, as fast as its bytes can be looked at.
//!
//! **Invariant.** End tags match start tags and depth, number of attributes and size stay limited, as everywhere;
//! names are not resolved, entities not decoded, attributes not told apart.

use super::attributes;
use super::chars::{self, NAME, NAME_START, SPACE};
use super::tokenizer::{Token, Tokenizer};
use kernel::DecodeError;
use memchr::{memchr, memchr_iter, memchr2};

/// Passes over everything until only `depth` elements are open; `false` if more input is needed first.
///
/// # Errors
/// What stands there is not XML or exceeds a limit.
pub(crate) fn pass(tokens: &mut Tokenizer, depth: usize) -> Result<bool, DecodeError> {
    while tokens.open.depth() > depth {
        if !tokens.is_in_empty() && run(tokens, depth) {
            return Ok(true);
        }
        match tokens.peek()? {
            None => return Ok(false),
            Some(Token::Start(tag)) => {
                attributes::parse(tokens, &tag, &mut Vec::new())?;
                tokens.enter(&tag);
            }
            Some(Token::End { end }) => tokens.leave(end),
            Some(Token::Text { end } | Token::Data { end, .. }) => tokens.input.consume(end),
            Some(Token::Finish) => return Ok(true),
        }
    }
    Ok(true)
}

/// Passes over plain tags and text, up to the first thing that is not plain; `true` if `depth` was reached.
fn run(tokens: &mut Tokenizer, depth: usize) -> bool {
    let Tokenizer { input, open, limits, .. } = tokens;
    let bytes = input.bytes();
    let depth_max = limits.depth_max as usize;
    let attributes_max = limits.attributes_max.min(limits.namespaces_max) as usize;
    let mut at = input.at;
    let mut reached = open.depth() == depth;
    while !reached {
        let Some(found) = memchr(b'<', &bytes[at..]) else {
            at = bytes.len();
            break;
        };
        at += found;
        let Some(rest) = bytes.get(at + 1..).filter(|rest| !rest.is_empty()) else { break };
        if rest[0] == b'/' {
            let name = open.last().unwrap_or_default();
            if rest.get(1 + name.len()) != Some(&b'>') || !rest[1..].starts_with(name) {
                break;
            }
            at += name.len() + 3;
            open.pop();
            reached = open.depth() == depth;
            continue;
        }
        if !chars::is(rest[0], NAME_START) || open.depth() >= depth_max {
            break;
        }
        let name = chars::run(rest, NAME);
        let Some((end, empty)) = close(&rest[name..], attributes_max) else { break };
        if !empty {
            open.push(&rest[..name]);
        }
        at += 1 + name + end;
    }
    if at != input.at {
        input.consume(at);
    }
    reached
}

/// Finds the end of a tag behind its name, if there is nothing odd in it; and whether the element is empty.
fn close(rest: &[u8], attributes_max: usize) -> Option<(usize, bool)> {
    if rest.first() == Some(&b'>') {
        return Some((1, false));
    }
    let end = memchr(b'>', rest)?;
    let inside = &rest[..end];
    let empty = inside.last() == Some(&b'/');
    let spaced = chars::is(inside[0], SPACE) || (empty && inside.len() == 1);
    // With an even number of double quotes and no other, `>` does not stand in a value.
    let quotes = memchr_iter(b'"', inside).count();
    let plain = quotes % 2 == 0 && quotes / 2 <= attributes_max && memchr2(b'\'', b'<', inside).is_none();
    (spaced && plain).then_some((end + 1, empty))
}
