//! Words, literals and full stops of a copybook.
//!
//! **Invariant.** A picture is one word, whatever characters it has.

use super::Findings;
use super::source::Char;
use kernel::Span;

/// A word of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A name, a keyword or a number, as it was written.
    Word(Box<str>),
    /// What stands behind `PIC`.
    Picture(Box<str>),
    /// A literal, without its quotes; `prefix` is what stands in front of it: `X`, `N`, `G`, `Z`.
    Quoted { prefix: Box<str>, text: Box<str> },
    /// The full stop that ends an entry.
    Stop,
}

/// Most characters of a literal, a word or a picture that are kept.
const WORD_MAX: usize = 10_000;

/// Takes the text apart.
pub(crate) fn tokens(code: &[Char], found: &mut Findings) -> Vec<Token> {
    let mut lexer = Lexer { code, at: 0, out: Vec::new() };
    while lexer.next(found) {}
    lexer.out
}

struct Lexer<'a> {
    code: &'a [Char],
    at: usize,
    out: Vec<Token>,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.code.get(self.at + ahead).map(|c| c.c)
    }

    fn is_space(&self, ahead: usize) -> bool {
        self.peek(ahead).is_none_or(char::is_whitespace)
    }

    fn next(&mut self, found: &mut Findings) -> bool {
        let Some(c) = self.peek(0) else { return false };
        match c {
            _ if c.is_whitespace() => self.at += 1,
            ',' | ';' if self.is_space(1) => self.at += 1,
            '.' if self.is_space(1) => {
                let span = self.span(self.at, self.at + 1, found);
                self.out.push(Token { kind: TokenKind::Stop, span });
                self.at += 1;
            }
            '"' | '\'' => self.quoted("", self.at, found),
            _ if self.wants_picture() => self.picture(found),
            _ => self.word(found),
        }
        true
    }

    /// The word before is `PIC`, perhaps with `IS`.
    fn wants_picture(&self) -> bool {
        let is = |back: usize, wanted: &[&str]| {
            let token = self.out.len().checked_sub(back).and_then(|n| self.out.get(n));
            let Some(Token { kind: TokenKind::Word(word), .. }) = token else { return false };
            wanted.iter().any(|wanted| word.eq_ignore_ascii_case(wanted))
        };
        let pic = ["PIC", "PICTURE"];
        is(1, &pic) || (is(1, &["IS"]) && is(2, &pic))
    }

    fn picture(&mut self, found: &mut Findings) {
        let rest = self.code.get(self.at..).unwrap_or_default();
        let mut length = rest.iter().take_while(|c| !c.c.is_whitespace()).count();
        if length == 2 && rest.iter().take(2).map(|c| c.c.to_ascii_uppercase()).eq("IS".chars()) {
            return self.word(found);
        }
        // The stop of the entry and separators are no part of it, though they may stand within.
        while length > 1 && matches!(rest.get(length - 1).map(|c| c.c), Some('.' | ',' | ';')) {
            length -= 1;
        }
        let text = self.take(length);
        let span = self.span(self.at - length, self.at, found);
        self.out.push(Token { kind: TokenKind::Picture(text), span });
    }

    fn word(&mut self, found: &mut Findings) {
        let start = self.at;
        let mut length = 0;
        while let Some(c) = self.peek(length) {
            let ends = match c {
                '"' | '\'' => true,
                '.' | ',' | ';' => self.is_space(length + 1),
                _ => c.is_whitespace(),
            };
            if ends {
                break;
            }
            length += 1;
        }
        let prefix = self.take(length.max(1));
        if matches!(self.peek(0), Some('"' | '\'')) {
            return self.quoted(&prefix, start, found);
        }
        let span = self.span(start, self.at, found);
        self.out.push(Token { kind: TokenKind::Word(prefix), span });
    }

    /// A literal; a quote within it is written twice.
    fn quoted(&mut self, prefix: &str, start: usize, found: &mut Findings) {
        let quote = self.peek(0);
        let opened = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek(0) {
                None | Some('\n') => {
                    let span = self.span(opened, opened + 1, found);
                    found.unreadable(
                        span,
                        "the literal is not closed",
                        "a literal ends on its line, or goes on in a line with `-` in column 7",
                    );
                    break;
                }
                c if c == quote && self.peek(1) == quote => {
                    text.extend(c);
                    self.at += 2;
                }
                c if c == quote => {
                    self.at += 1;
                    break;
                }
                Some(c) => {
                    text.push(c);
                    self.at += 1;
                }
            }
        }
        if text.len() > WORD_MAX {
            let span = self.span(opened, self.at, found);
            found.unreadable(span, format!("the literal has more than {WORD_MAX} bytes"), "");
        }
        let span = self.span(start, self.at, found);
        self.out.push(Token { kind: TokenKind::Quoted { prefix: prefix.into(), text: text.into() }, span });
    }

    fn take(&mut self, length: usize) -> Box<str> {
        let text: String = self.code.iter().skip(self.at).take(length).map(|c| c.c).collect();
        self.at += length;
        text.into()
    }

    /// The span of characters `from..to`, in bytes of the text.
    fn span(&self, from: usize, to: usize, found: &Findings) -> Span {
        let start = self.code.get(from).map_or(0, |c| c.at);
        let last = self.code.get(to.saturating_sub(1)).filter(|c| c.at >= start);
        let end = last.map_or(start, |c| c.at + u32::try_from(c.c.len_utf8()).unwrap_or(1));
        found.span(start, end)
    }
}
