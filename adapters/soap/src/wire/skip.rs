//! Passes over what nobody wants, as fast as its bytes can be looked at.
//!
//! **Invariant.** End tags match start tags and depth, number of attributes and size stay limited, as everywhere;
//! names are not resolved, entities not decoded, attributes not told apart.

use super::attributes;
use super::chars::{self, NAME, NAME_START, SPACE};
use super::scan;
use super::tokenizer::{Token, Tokenizer};
use kernel::DecodeError;

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
    let quotes_max = 2 * limits.attributes_max.min(limits.namespaces_max);
    let mut at = input.at;
    while open.depth() > depth {
        if bytes.get(at) != Some(&b'<') {
            let Some(found) = scan::find(bytes, at, b'<') else {
                at = bytes.len();
                break;
            };
            at = found;
        }
        let Some(&next) = bytes.get(at + 1) else { break };
        if next == b'/' {
            let Some(end) = open.close(bytes, at) else { break };
            at = end;
            continue;
        }
        if !chars::is(next, NAME_START) || open.depth() >= depth_max {
            break;
        }
        let name_end = at + 1 + chars::run(&bytes[at + 1..], NAME);
        let Some((end, empty)) = close(bytes, name_end, quotes_max) else { break };
        if !empty {
            open.push(at + 1, name_end);
        }
        at = end;
    }
    let done = open.depth() == depth;
    if at != input.at {
        input.consume(at);
    }
    done
}

/// Finds the end of a tag behind its name, if there is nothing odd in it; and whether the element is empty.
#[inline]
fn close(bytes: &[u8], name_end: usize, quotes_max: u32) -> Option<(usize, bool)> {
    let first = *bytes.get(name_end)?;
    if first == b'>' {
        return Some((name_end + 1, false));
    }
    let end = scan::tag_end(bytes, name_end)?;
    let empty = bytes[end.close - 1] == b'/';
    let spaced = chars::is(first, SPACE) || (empty && end.close == name_end + 1);
    (spaced && end.quotes <= quotes_max).then_some((end.close + 1, empty))
}
