//! Reads JSON (RFC 8259) into values.
//!
//! **Invariant.** It never recurses deeper than its limit and never rounds a number.

use crate::value::Value;
use kernel::{Decimal, DecimalError};
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

/// Limits on one JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Nesting of arrays and objects. Default 64.
    pub depth_max: u32,
    /// Size in bytes. Default 10 MiB.
    pub bytes_max: usize,
}

/// What is wrong with a JSON text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong: lower case, no payload.
    pub message: String,
    /// Offset in bytes.
    pub offset: usize,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// Reads a JSON text with exact numbers.
///
/// # Errors
/// It is no JSON, exceeds a limit, has a member name twice in one object, or a number of more than 38 digits.
pub fn parse(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonError> {
    let fail = |message: String, offset: usize| located(message, offset, bytes);
    if bytes.len() > limits.bytes_max {
        return Err(fail(format!("longer than {} bytes", limits.bytes_max), limits.bytes_max));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| fail("not UTF-8".into(), e.valid_up_to()))?;
    let mut parser = Parser { text, at: 0, depth: 0, limits };
    let mut run = || {
        let value = parser.value()?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.fail("something follows the value"));
        }
        Ok(value)
    };
    run().map_err(|Failure { message, offset }| fail(message, offset))
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
    limits: JsonLimits,
}

struct Failure {
    message: String,
    offset: usize,
}

/// From this many members on, names are looked up in a set.
const MEMBERS_LINEAR_MAX: usize = 12;

impl Parser<'_> {
    fn fail(&self, message: impl Into<String>) -> Failure {
        Failure { message: message.into(), offset: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Result<Value, Failure> {
        self.blanks();
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Value::Text(self.string()?.into())),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.fail("a value was expected")),
            None => Err(self.fail("the text ends where a value was expected")),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Failure> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.fail("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Failure>) -> Result<Value, Failure> {
        if self.depth == self.limits.depth_max {
            return Err(self.fail(format!("nested deeper than {}", self.limits.depth_max)));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<Value, Failure> {
        let mut items = Vec::new();
        self.blanks();
        if self.eat(b']') {
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.ends_with(b']', "`,` or `]` was expected")? {
                return Ok(Value::List(items));
            }
        }
    }

    fn object(&mut self) -> Result<Value, Failure> {
        let mut members: Vec<(Arc<str>, Value)> = Vec::new();
        let mut names = HashSet::new();
        self.blanks();
        if self.eat(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.blanks();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.fail("a member name in quotes was expected"));
            }
            let name: Arc<str> = self.string()?.into();
            if is_known(&name, &members, &mut names) {
                return Err(Failure { message: "the member name stands twice".into(), offset: start });
            }
            self.blanks();
            if !self.eat(b':') {
                return Err(self.fail("`:` was expected"));
            }
            members.push((name, self.value()?));
            if self.ends_with(b'}', "`,` or `}` was expected")? {
                return Ok(Value::Object(members));
            }
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// Returns whether the array or object is over; else passes over a comma.
    fn ends_with(&mut self, close: u8, expected: &str) -> Result<bool, Failure> {
        self.blanks();
        if self.eat(close) {
            return Ok(true);
        }
        if self.eat(b',') { Ok(false) } else { Err(self.fail(expected)) }
    }

    fn number(&mut self) -> Result<Value, Failure> {
        let start = self.at;
        self.eat(b'-');
        let whole = self.at;
        self.digits()?;
        if self.text.as_bytes()[whole] == b'0' && self.at > whole + 1 {
            self.at = whole;
            return Err(self.fail("a number must not begin with 0"));
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Decimal::parse(&self.text[start..self.at]).map(Value::Number).map_err(|error| Failure {
            message: match error {
                DecimalError::Overflow => "the number has more than 38 digits".into(),
                error => error.to_string(),
            },
            offset: start,
        })
    }

    /// Passes over one digit or more.
    fn digits(&mut self) -> Result<(), Failure> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.fail("a digit was expected")) } else { Ok(()) }
    }

    fn string(&mut self) -> Result<String, Failure> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let run = self.at;
            while !matches!(self.peek(), None | Some(b'"' | b'\\' | 0..=0x1f)) {
                self.at += 1;
            }
            text.push_str(&self.text[run..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => return Err(self.fail("a control character must be written as an escape")),
                None => return Err(Failure { message: "the text never ends".into(), offset: start }),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Failure> {
        self.at += 1;
        let escaped = match self.peek() {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.fail("unknown escape")),
        };
        self.at += 1;
        Ok(escaped)
    }

    /// Reads `uXXXX`, or two of them that make a surrogate pair.
    fn unicode(&mut self) -> Result<char, Failure> {
        let start = self.at - 1;
        let lone = || Failure { message: "half of a surrogate pair".into(), offset: start };
        let unit = self.hex4()?;
        if !(0xd800..0xe000).contains(&unit) {
            return char::from_u32(unit).ok_or_else(lone);
        }
        if unit >= 0xdc00 || !self.text[self.at..].starts_with("\\u") {
            return Err(lone());
        }
        self.at += 1;
        let low = self.hex4()?;
        if !(0xdc00..0xe000).contains(&low) {
            return Err(lone());
        }
        char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00)).ok_or_else(lone)
    }

    fn hex4(&mut self) -> Result<u32, Failure> {
        let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else {
            return Err(self.fail("four hexadecimal digits were expected"));
        };
        self.at += 5;
        Ok(digits.iter().fold(0, |n, &digit| n * 16 + char::from(digit).to_digit(16).unwrap_or(0)))
    }
}

fn is_known(name: &Arc<str>, members: &[(Arc<str>, Value)], names: &mut HashSet<Arc<str>>) -> bool {
    if members.len() < MEMBERS_LINEAR_MAX {
        return members.iter().any(|(known, _)| known == name);
    }
    if names.is_empty() {
        names.extend(members.iter().map(|(known, _)| known.clone()));
    }
    !names.insert(name.clone())
}

fn located(message: String, offset: usize, bytes: &[u8]) -> JsonError {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |n| n + 1);
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let starts = before[line_start..].iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    let line = memchr::memchr_iter(b'\n', before).count();
    JsonError { message, offset, line: count(line + 1), column: count(starts + 1) }
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { depth_max: 64, bytes_max: 10 << 20 }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {}, column {}", self.message, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::write;

    #[test]
    fn what_was_read_is_written_with_the_same_digits() {
        let check = |text: &str, expected: &str| {
            let mut out = Vec::new();
            write(&parse(text.as_bytes(), JsonLimits::default()).unwrap(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{text}");
        };
        check("{ \"total\" : 420.50 }", r#"{"total":420.50}"#);
        check(
            "[0.1, -0, 1e3, 12.5E-2, 99999999999999999999999999999999999999]",
            "[0.1,0,1000,0.125,99999999999999999999999999999999999999]",
        );
        check(r#""\u00e9 \ud83d\ude00 \/ \n \u0000""#, r#""é 😀 / \n \u0000""#);
        check("[true, false, null, [], {}]", "[true,false,null,[],{}]");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |text: &str, expected: &str| {
            let error = parse(text.as_bytes(), JsonLimits::default()).unwrap_err();
            assert_eq!(error.to_string(), expected, "{text}");
        };
        check("", "the text ends where a value was expected at line 1, column 1");
        check("{\n \"é\": 1, \"é\": 2}", "the member name stands twice at line 2, column 10");
        check("[1,]", "a value was expected at line 1, column 4");
        check("[01]", "a number must not begin with 0 at line 1, column 2");
        check("[1e99]", "the number has more than 38 digits at line 1, column 2");
        check("\"a", "the text never ends at line 1, column 1");
        check("\"\\ud800\"", "half of a surrogate pair at line 1, column 2");
        check("\"\\udc00\\udc00\"", "half of a surrogate pair at line 1, column 2");
        check("\"\\ud800\\u0041\"", "half of a surrogate pair at line 1, column 2");
        check("1 2", "something follows the value at line 1, column 3");
        check(&"[".repeat(65), "nested deeper than 64 at line 1, column 65");
        let many: Vec<String> = (0..40).map(|n| format!("\"m{}\":0", n % 30)).collect();
        let text = format!("{{{}}}", many.join(","));
        assert!(parse(text.as_bytes(), JsonLimits::default()).unwrap_err().message.contains("twice"));
    }
}
