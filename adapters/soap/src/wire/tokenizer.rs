//! Tokens of an XML message: tags, text, nothing else; comments and processing instructions are checked and passed.
//!
//! **Invariant.** A token is told only when all of it has arrived, and nothing is used up before the caller says so.
//! A DOCTYPE is refused wherever it stands.

mod open;

pub(crate) use open::{Open, shortened};

use super::chars::{self, NAME, NAME_START, SPACE};
use super::input::Input;
use super::scan::{self, LeafEnd};
use super::warm::Room;
use kernel::{DecodeError, Limits};
use memchr::{memchr, memchr2, memchr3, memmem};
use std::mem::take;

/// A message as tokens.
#[derive(Debug)]
pub(crate) struct Tokenizer {
    /// The characters.
    pub(crate) input: Input,
    /// The elements that are open.
    pub(crate) open: Open,
    /// The limits of this message.
    pub(crate) limits: Limits,
    /// The quote that is open where the search for the end of a tag stopped.
    quote: Option<u8>,
    /// The innermost element is empty: its end comes next, though nothing is written.
    empty: bool,
    rooted: bool,
}

/// What stands at the beginning of the unused input; positions are those of the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Token {
    /// A start tag or an empty element.
    Start(Tag),
    /// The end tag of the innermost open element; its name was compared.
    End {
        /// Behind the tag.
        end: usize,
    },
    /// Character data as written, up to the next markup.
    Text {
        /// Behind the text.
        end: usize,
    },
    /// A CDATA section.
    Data {
        /// The first character of its content.
        from: usize,
        /// Behind its content.
        to: usize,
        /// Behind the section.
        end: usize,
    },
    /// The document is complete.
    Finish,
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tag {
    /// Where `<` stands.
    pub(crate) start: usize,
    /// Behind the name.
    pub(crate) name_end: usize,
    /// Behind the attributes.
    pub(crate) attributes_end: usize,
    /// Behind the tag.
    pub(crate) end: usize,
    /// It is an empty element, `<a/>`.
    pub(crate) empty: bool,
}

impl Tokenizer {
    /// Starts with nothing. `charset` is what the transport says.
    pub(crate) fn new(limits: Limits, charset: Option<&str>) -> Self {
        Self::within(&mut Room::default(), limits, charset)
    }

    /// Starts with nothing but memory, which it takes.
    pub(crate) fn within(room: &mut Room, limits: Limits, charset: Option<&str>) -> Self {
        Self {
            input: Input::new(take(&mut room.text), &limits, charset),
            open: take(&mut room.open),
            limits,
            quote: None,
            empty: false,
            rooted: false,
        }
    }

    /// Gives its memory back.
    pub(crate) fn leave_room(&mut self, room: &mut Room) {
        room.text = self.input.take_text();
        room.open = take(&mut self.open);
    }

    /// Takes a piece of the message.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.input.feed(piece, &mut self.open);
    }

    /// Says that nothing more will come.
    pub(crate) fn close(&mut self) {
        self.input.close();
    }

    /// Returns the next token, or nothing if more input is needed for it.
    ///
    /// # Errors
    /// What stands there is not XML, or the message ends within it.
    pub(crate) fn peek(&mut self) -> Result<Option<Token>, DecodeError> {
        if self.empty {
            return Ok(Some(Token::End { end: self.input.at }));
        }
        loop {
            let at = self.input.at;
            let bytes = self.input.bytes();
            if bytes.get(at) != Some(&b'<') {
                return self.text();
            }
            match bytes.get(at + 1) {
                None => return self.wait(at, "a tag"),
                Some(b'/') => return self.end_tag(),
                Some(b'?') => {
                    if !self.instruction()? {
                        return Ok(None);
                    }
                }
                Some(b'!') => match self.declaration()? {
                    Passed::Comment => {}
                    Passed::Waiting => return Ok(None),
                    Passed::Data(token) => return Ok(Some(token)),
                },
                Some(_) => return self.start_tag(),
            }
        }
    }

    /// Uses a start tag up; the element is open from now on, until its end was told, also if it is empty.
    #[inline]
    pub(crate) fn enter(&mut self, tag: &Tag) {
        self.rooted = true;
        self.open.push(tag.start + 1, tag.name_end);
        self.empty = tag.empty;
        self.input.consume(tag.end);
    }

    /// Uses up the beginning of a message, in which elements begin whose names stand here.
    pub(crate) fn enter_all(&mut self, names: &[(usize, usize)], end: usize) {
        self.rooted = true;
        names.iter().for_each(|&(from, to)| self.open.push(from, to));
        self.input.consume(end);
    }

    /// Uses an end tag up.
    #[inline]
    pub(crate) fn leave(&mut self, end: usize) {
        self.empty = false;
        self.open.pop();
        self.input.consume(end);
    }

    /// Returns whether the innermost element is empty, so that its end comes next.
    pub(crate) fn is_in_empty(&self) -> bool {
        self.empty
    }

    /// Uses up an element that was found by `near_leaf`.
    pub(crate) fn pass_leaf(&mut self, end: usize) {
        self.rooted = true;
        self.input.consume(end);
    }

    /// Finds the text of an element that holds nothing but one text and is here as a whole.
    pub(crate) fn near_leaf(&self, tag: &Tag) -> Option<LeafEnd> {
        let bytes = self.input.bytes();
        scan::leaf(bytes, tag.end, &bytes[tag.start + 1..tag.name_end], self.limits.text_bytes_max)
    }

    /// Its parts, to be used apart: the characters, the open elements, the limits.
    pub(crate) fn parts(&mut self) -> (&Input, &mut Open, &Limits) {
        (&self.input, &mut self.open, &self.limits)
    }

    /// The name of a tag, as written.
    pub(crate) fn name(&self, tag: &Tag) -> &str {
        self.input.text(tag.start + 1, tag.name_end)
    }

    /// Returns an error at a position of the buffer.
    pub(crate) fn error(&self, at: usize, message: impl Into<String>) -> DecodeError {
        DecodeError::new(message, self.input.offset(at))
    }

    /// Answers that a token is incomplete.
    pub(crate) fn wait<T>(&mut self, searched: usize, what: &'static str) -> Result<Option<T>, DecodeError> {
        self.input.incomplete(searched, what).map(|()| None)
    }

    fn text(&mut self) -> Result<Option<Token>, DecodeError> {
        let at = self.input.at;
        let from = at + self.input.searched;
        let length = self.input.bytes().len();
        match scan::find(self.input.bytes(), from, b'<') {
            Some(end) if self.open.depth() > 0 => {
                self.bounded(end - at, at)?;
                Ok(Some(Token::Text { end }))
            }
            Some(end) => {
                self.outside(end)?;
                self.peek()
            }
            None if self.open.depth() > 0 => {
                self.bounded(length - at, at)?;
                match self.input.is_used_up(length) {
                    true => Err(self.error(length, format!("the message ends within {}", self.innermost()))),
                    false => self.wait(length, "an element"),
                }
            }
            None => self.epilogue(length),
        }
    }

    /// The input is used up outside of the root.
    fn epilogue(&mut self, length: usize) -> Result<Option<Token>, DecodeError> {
        self.outside(length)?;
        if self.input.is_used_up(length) {
            if !self.rooted {
                return Err(self.error(length, "there is no element in the message"));
            }
            return Ok(Some(Token::Finish));
        }
        self.wait(length, "nothing")
    }

    /// Passes white space over that stands outside of the root.
    fn outside(&mut self, end: usize) -> Result<(), DecodeError> {
        let at = self.input.at;
        let blank = chars::run(&self.input.bytes()[at..end], SPACE);
        if at + blank < end {
            let place = if self.rooted { "behind" } else { "before" };
            return Err(self.error(at + blank, format!("text stands {place} the root element")));
        }
        self.input.consume(end);
        Ok(())
    }

    fn start_tag(&mut self) -> Result<Option<Token>, DecodeError> {
        let start = self.input.at;
        let bytes = self.input.bytes();
        if !chars::is(bytes[start + 1], NAME_START) {
            return Err(self.error(start + 1, "a name was expected behind <"));
        }
        let (from, quote) = match self.input.searched {
            0 => (start + 1, None),
            searched => (start + searched, self.quote),
        };
        let plain = scan::tag_end(bytes, from).filter(|_| quote.is_none());
        let close = match plain.map_or_else(|| tag_close(bytes, from, quote), |end| Close::At(end.close)) {
            Close::At(close) => close,
            Close::Bad(at) => return Err(self.error(at, "< stands within a tag")),
            Close::Open(quote) => {
                let length = bytes.len();
                self.quote = quote;
                return self.wait(length, "a tag");
            }
        };
        let name_end = start + 1 + chars::run(&bytes[start + 1..close], NAME);
        let empty = bytes[close - 1] == b'/' && close > name_end;
        let attributes_end = close - usize::from(empty);
        if name_end < attributes_end && !chars::is(bytes[name_end], SPACE) {
            return Err(self.error(name_end, "a name holds a character that names cannot have"));
        }
        let depth = self.open.depth() + 1;
        if depth > self.limits.depth_max as usize {
            let (max, at) = (u64::from(self.limits.depth_max), self.input.offset(start));
            return Err(DecodeError::limit("limits.depth", max, at));
        }
        if depth == 1 && self.rooted {
            return Err(self.error(start, "a second root element begins"));
        }
        Ok(Some(Token::Start(Tag { start, name_end, attributes_end, end: close + 1, empty })))
    }

    fn end_tag(&mut self) -> Result<Option<Token>, DecodeError> {
        let at = self.input.at;
        let bytes = self.input.bytes();
        let Some(found) = memchr(b'>', &bytes[at + 2..]) else {
            return self.wait(at, "an end tag");
        };
        let close = at + 2 + found;
        let name = &bytes[at + 2..close];
        let name = name.trim_ascii_end();
        if self.open.last(bytes) == Some(name) {
            return Ok(Some(Token::End { end: close + 1 }));
        }
        Err(self.error(at, format!("an end tag does not match {}", self.innermost())))
    }

    /// The innermost open element in words.
    fn innermost(&self) -> String {
        self.open.describe(self.input.bytes())
    }

    /// Passes a processing instruction or the XML declaration; `false` if it is incomplete.
    fn instruction(&mut self) -> Result<bool, DecodeError> {
        let at = self.input.at;
        let bytes = self.input.bytes();
        let from = (at + 2).max(at + self.input.searched);
        let Some(found) = memmem::find(&bytes[from..], b"?>") else {
            let searched = bytes.len().saturating_sub(1);
            return self.wait::<()>(searched, "a processing instruction").map(|_| false);
        };
        let close = from + found;
        let content = self.input.text(at + 2, close);
        let target = &content[..chars::run(content.as_bytes(), NAME)];
        let rest = &content[target.len()..];
        let spaced = rest.is_empty() || chars::is(rest.as_bytes()[0], SPACE);
        let message = if target == "xml" && self.input.offset(at) == 0 {
            super::declaration::check(rest).err()
        } else if target.eq_ignore_ascii_case("xml") {
            Some("an XML declaration stands only at the beginning")
        } else if !chars::is_ncname(target) || !spaced {
            Some("a processing instruction has no valid target")
        } else {
            None
        };
        if let Some(message) = message {
            return Err(self.error(at, message));
        }
        self.input.consume(close + 2);
        Ok(true)
    }

    /// Passes a comment, finds a CDATA section, refuses the rest of what begins with `<!`.
    fn declaration(&mut self) -> Result<Passed, DecodeError> {
        const DATA: &[u8] = b"<![CDATA[";
        let at = self.input.at;
        let bytes = &self.input.bytes()[at..];
        if bytes.starts_with(b"<!--") {
            return self.comment();
        }
        if bytes.starts_with(DATA) {
            if self.open.depth() == 0 {
                return Err(self.error(at, "a CDATA section stands outside of the root element"));
            }
            let from = at + DATA.len();
            let search = from.max(at + self.input.searched);
            let found = memmem::find(&self.input.bytes()[search..], b"]]>");
            let Some(found) = found else {
                let length = self.input.bytes().len();
                self.bounded(length - from, at)?;
                self.wait::<()>(length.saturating_sub(2), "a CDATA section")?;
                return Ok(Passed::Waiting);
            };
            let to = search + found;
            self.bounded(to - from, at)?;
            return Ok(Passed::Data(Token::Data { from, to, end: to + 3 }));
        }
        if b"<!--".starts_with(bytes) || DATA.starts_with(bytes) || b"<!DOCTYPE".starts_with(bytes) {
            self.wait::<()>(at, "markup")?;
            return Ok(Passed::Waiting);
        }
        let doctype = bytes.starts_with(b"<!DOCTYPE");
        Err(self.error(at, if doctype { "a DOCTYPE is not allowed" } else { "unknown markup behind <!" }))
    }

    fn comment(&mut self) -> Result<Passed, DecodeError> {
        let at = self.input.at;
        let from = (at + 4).max(at + self.input.searched);
        let bytes = self.input.bytes();
        let found = memmem::find(&bytes[from..], b"--").map(|found| from + found);
        let Some(dashes) = found.filter(|dashes| dashes + 2 < bytes.len()) else {
            let searched = found.unwrap_or(bytes.len().saturating_sub(1)).max(at + 4);
            self.wait::<()>(searched, "a comment")?;
            return Ok(Passed::Waiting);
        };
        if bytes[dashes + 2] != b'>' {
            return Err(self.error(dashes, "-- stands within a comment"));
        }
        self.input.consume(dashes + 3);
        Ok(Passed::Comment)
    }

    fn bounded(&self, length: usize, at: usize) -> Result<(), DecodeError> {
        let max = u64::from(self.limits.text_bytes_max);
        match length as u64 > max {
            true => Err(DecodeError::limit("limits.text", max, self.input.offset(at))),
            false => Ok(()),
        }
    }
}

/// What became of markup that begins with `<!`.
enum Passed {
    Comment,
    Data(Token),
    Waiting,
}

/// Where a tag ends.
enum Close {
    At(usize),
    /// There is a `<` in it.
    Bad(usize),
    /// Not here; the quote that is open.
    Open(Option<u8>),
}

/// Finds the `>` of a tag outside of quotes.
fn tag_close(bytes: &[u8], mut from: usize, mut quote: Option<u8>) -> Close {
    loop {
        let rest = &bytes[from..];
        let found = match quote {
            Some(quote) => memchr2(quote, b'<', rest),
            None => memchr3(b'>', b'"', b'\'', rest),
        };
        let Some(found) = found else { return Close::Open(quote) };
        match (rest[found], quote) {
            (b'<', _) => return Close::Bad(from + found),
            (b'>', _) => return Close::At(from + found),
            (_, Some(_)) => quote = None,
            (open, None) => quote = Some(open),
        }
        from += found + 1;
    }
}
