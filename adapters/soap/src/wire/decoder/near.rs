//! The short way to the next tag, which most tags of most messages go: what was expected, plainly written, all here.
//!
//! **Invariant.** It finds what the long way would find, or nothing; whatever is odd, wrong or incomplete is left to
//! the long way, which says what is wrong.

use super::{Decoder, Frame};
use crate::wire::attributes;
use crate::wire::chars::{self, SPACE};
use crate::wire::lookup::{Known, Own};
use crate::wire::scan;
use crate::wire::tokenizer::Tag;

/// What comes next in a group.
pub(super) enum Near {
    /// An element that was met here before; its attributes are read, and declare no namespace.
    Start(Tag, Known, u32),
    /// The end tag of the group; where it ends.
    End(usize),
}

impl Decoder {
    /// Finds the next tag of the innermost group if it is here as a whole and has a name that was met before.
    #[inline]
    pub(super) fn near(&mut self, frame: &Frame) -> Option<Near> {
        if self.tokens.is_in_empty() {
            return Some(Near::End(self.tokens.input.at));
        }
        if self.tokens.input.searched != 0 {
            return None;
        }
        self.pass_blank(frame)?;
        let Self { tokens, lookup, attributes, .. } = self;
        let start = tokens.input.at;
        let bytes = tokens.input.bytes();
        if *bytes.get(start)? != b'<' {
            return None;
        }
        if *bytes.get(start + 1)? == b'/' {
            let name = tokens.open.last()?;
            let close = start + 2 + name.len();
            let ends = *bytes.get(close)? == b'>' && scan::same(&bytes[start + 2..close], name);
            return ends.then_some(Near::End(close + 1));
        }
        let (known, length, hint) = lookup.expected(frame.table, &bytes[start + 1..], frame.hint)?;
        if tokens.open.depth() >= tokens.limits.depth_max as usize {
            return None;
        }
        let name_end = start + 1 + length;
        let rest = attributes::plain(bytes, start, name_end, &tokens.limits, attributes)?;
        let (attributes_end, end, empty) = (rest.attributes_end, rest.end, rest.empty);
        Some(Near::Start(Tag { start, name_end, attributes_end, end, empty }, known, hint))
    }

    /// Passes white space over that means nothing, up to a tag; nothing if something else comes.
    #[inline]
    fn pass_blank(&mut self, frame: &Frame) -> Option<()> {
        let tokens = &mut self.tokens;
        let at = tokens.input.at;
        let bytes = tokens.input.bytes();
        if !chars::is(*bytes.get(at)?, SPACE) {
            return Some(());
        }
        let blank = chars::run(&bytes[at..], SPACE);
        let short = blank as u64 <= u64::from(tokens.limits.text_bytes_max);
        if matches!(frame.own, Own::Between(_)) || !short || bytes.get(at + blank) != Some(&b'<') {
            return None;
        }
        tokens.input.consume(at + blank);
        Some(())
    }
}
