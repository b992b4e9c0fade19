//! Reads CEL by the parser of the crate `cel`, and gives every node the range of its whole text.
//!
//! **Invariant.** Nothing of `cel` but its parser is used, and no type of that crate leaves this file.
//!
//! The parser is asked without macros, so that `has(name)` may test a plain name and `map` stays a call with a place.
//! It knows one token per node; the ranges are completed from the children and from the brackets in the text.
//! Numbers with a point are read from the text again, because the parser makes binary floats of them.

use super::ast::{Ast, AstKind, Binary, Unary};
use super::limits::{DEPTH_MAX, EXPRESSION_BYTES_MAX};
use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, MapExpr, SourceInfo, operators};
use kernel::Decimal;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// What is wrong with an expression's text.
#[derive(Debug)]
pub(super) struct Unreadable {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
}

/// Parses an expression.
pub(super) fn parse(text: &str) -> Result<Ast, Vec<Unreadable>> {
    if text.trim().is_empty() {
        return Err(vec![unreadable(0..text.len(), "the expression is empty", None)]);
    }
    if text.len() > EXPRESSION_BYTES_MAX {
        let message = format!("the expression is longer than {EXPRESSION_BYTES_MAX} bytes");
        return Err(vec![unreadable(0..text.len(), message, None)]);
    }
    let parser = cel::Env::default().parser().enable_optional_syntax(false).enable_ident_escape_syntax(true);
    match parser.parse_with_source_info(text) {
        Ok((expr, info)) => {
            let mut reader = Reader { text, closers: closers(text), info, found: Vec::new() };
            let ast = reader.node(&expr, 0);
            if reader.found.is_empty() { Ok(ast) } else { Err(reader.found) }
        }
        // The first error is the cause; what the parser says after it is guessing.
        Err(errors) => Err(vec![match errors.errors.first() {
            Some(error) => explain(text, error.pos, &error.msg),
            None => unreadable(0..text.len(), "the expression cannot be read", None),
        }]),
    }
}

struct Reader<'a> {
    text: &'a str,
    /// Offset of the closing bracket by that of the opening one.
    closers: HashMap<usize, usize>,
    info: SourceInfo,
    found: Vec<Unreadable>,
}

impl Reader<'_> {
    fn node(&mut self, expr: &IdedExpr, depth: usize) -> Ast {
        let token = self.token(expr.id);
        if depth > DEPTH_MAX {
            // One report is enough: the whole expression has the same cause.
            if self.found.is_empty() {
                let message = format!("the expression is nested more than {DEPTH_MAX} deep");
                self.found.push(unreadable(
                    token.clone(),
                    message,
                    Some("split it into hidden fields, whose names begin with `_`"),
                ));
            }
            return Ast { range: token, kind: AstKind::Broken };
        }
        let depth = depth + 1;
        match &expr.expr {
            Expr::Literal(literal) => self.literal(literal, token),
            Expr::Ident(name) => {
                Ast { range: token, kind: AstKind::Name(name.strip_prefix('.').unwrap_or(name).into()) }
            }
            Expr::Select(select) => {
                let of = Box::new(self.node(&select.operand, depth));
                let name_range = self.name_behind(token, &select.field);
                let range = of.range.start..name_range.end;
                Ast { range, kind: AstKind::Select { of, name: select.field.as_str().into(), name_range } }
            }
            Expr::Call(call) => self.call(call, token, depth),
            Expr::List(list) => {
                let items = list.elements.iter().map(|item| self.node(item, depth)).collect();
                Ast { range: token.start..self.closer(token), kind: AstKind::List(items) }
            }
            Expr::Map(map) => self.object(map, token, depth),
            Expr::Struct(_) => {
                self.refuse(token, "objects of a named type do not exist", Some("write { 'name': value }"))
            }
            Expr::Comprehension(_) | Expr::Unspecified => {
                self.refuse(token, "the expression cannot be read", None)
            }
        }
    }

    fn refuse(&mut self, range: Range<usize>, message: impl Into<String>, hint: Option<&'static str>) -> Ast {
        self.found.push(unreadable(range.clone(), message, hint));
        Ast { range, kind: AstKind::Broken }
    }

    fn literal(&mut self, literal: &LiteralValue, token: Range<usize>) -> Ast {
        let (negative, kind) = match literal {
            LiteralValue::Null => (false, AstKind::Null),
            LiteralValue::Boolean(value) => (false, AstKind::Bool(*value.inner())),
            LiteralValue::String(value) => (false, AstKind::Text(value.inner().into())),
            LiteralValue::Bytes(value) => (false, AstKind::Bytes(value.inner().into())),
            LiteralValue::Int(value) => (*value.inner() < 0, AstKind::Number(Decimal::from(*value.inner()))),
            LiteralValue::UInt(value) => match Decimal::new(i128::from(*value.inner()), 0) {
                Ok(number) => (false, AstKind::Number(number)),
                Err(error) => return self.refuse(token, error.to_string(), None),
            },
            LiteralValue::Double(value) => {
                let negative = value.inner().is_sign_negative();
                match Decimal::parse(&self.text[token.clone()]) {
                    Ok(number) if negative => (true, AstKind::Number(number.negated())),
                    Ok(number) => (false, AstKind::Number(number)),
                    Err(error) => return self.refuse(token, format!("the number has {error}"), None),
                }
            }
        };
        let start = if negative { self.minus_before(token.start) } else { token.start };
        Ast { range: start..token.end, kind }
    }

    fn minus_before(&self, at: usize) -> usize {
        let before = self.text[..at].trim_end();
        before.strip_suffix('-').map_or(at, str::len)
    }

    fn call(&mut self, call: &CallExpr, token: Range<usize>, depth: usize) -> Ast {
        let target = call.target.as_ref().map(|target| Box::new(self.node(target, depth)));
        let mut args: Vec<Ast> = call.args.iter().map(|arg| self.node(arg, depth)).collect();
        let name = call.func_name.as_str();
        if target.is_none()
            && let Some(node) = self.operator(name, &mut args, &token)
        {
            return node;
        }
        let end = self.closer(token.clone());
        let name_range = self.name_before(token.start, name);
        let start = target.as_ref().map_or(name_range.start, |target| target.range.start);
        Ast { range: start..end, kind: AstKind::Call { target, name: name.into(), name_range, args } }
    }

    fn operator(&mut self, name: &str, args: &mut Vec<Ast>, token: &Range<usize>) -> Option<Ast> {
        let mut taken = std::mem::take(args);
        let span = taken
            .iter()
            .fold(token.clone(), |all, arg| all.start.min(arg.range.start)..all.end.max(arg.range.end));
        let kind = match (name, taken.len()) {
            (operators::CONDITIONAL, 3) => {
                let (no, yes, test) = (taken.pop()?, taken.pop()?, taken.pop()?);
                AstKind::Choice(Box::new([test, yes, no]))
            }
            (operators::INDEX, 2) => {
                let (at, of) = (Box::new(taken.pop()?), Box::new(taken.pop()?));
                let end = self.closer(token.clone());
                return Some(Ast { range: of.range.start..end, kind: AstKind::Index { of, at } });
            }
            (operators::LOGICAL_NOT, 1) => AstKind::Unary(Unary::Not, Box::new(taken.pop()?)),
            (operators::NEGATE, 1) => AstKind::Unary(Unary::Negate, Box::new(taken.pop()?)),
            (_, 2) if binary(name).is_some() => {
                let (right, left) = (taken.pop()?, taken.pop()?);
                AstKind::Binary(binary(name)?, Box::new([left, right]))
            }
            _ => {
                *args = taken;
                return None;
            }
        };
        Some(Ast { range: span, kind })
    }

    fn object(&mut self, map: &MapExpr, token: Range<usize>, depth: usize) -> Ast {
        let mut entries = Vec::with_capacity(map.entries.len());
        for entry in &map.entries {
            if let EntryExpr::MapEntry(entry) = &entry.expr {
                let key = self.node(&entry.key, depth);
                entries.push((key, self.node(&entry.value, depth)));
            }
        }
        Ast { range: token.start..self.closer(token), kind: AstKind::Object(entries) }
    }

    /// Returns the bytes of the token that the parser remembers for a node.
    fn token(&self, id: u64) -> Range<usize> {
        let Some((start, stop)) = self.info.offset_for(id) else { return 0..self.text.len() };
        // The parser counts bytes, and the last one belongs to the token.
        let (start, end) = (boundary(self.text, start as usize), boundary(self.text, stop as usize + 1));
        start..end.max(start)
    }

    fn closer(&self, token: Range<usize>) -> usize {
        self.closers.get(&token.start).map_or(token.end, |at| at + 1)
    }

    fn name_behind(&self, dot: Range<usize>, name: &str) -> Range<usize> {
        let rest = &self.text[dot.end..];
        let start = dot.end + rest.len() - rest.trim_start().len();
        let written = [format!("`{name}`"), name.to_owned()];
        match written.iter().find(|written| self.text[start..].starts_with(written.as_str())) {
            Some(written) => start..start + written.len(),
            None => dot,
        }
    }

    fn name_before(&self, bracket: usize, name: &str) -> Range<usize> {
        let before = self.text[..bracket].trim_end();
        if before.ends_with(name) { before.len() - name.len()..before.len() } else { bracket..bracket }
    }
}

fn binary(name: &str) -> Option<Binary> {
    Some(match name {
        operators::LOGICAL_OR => Binary::Or,
        operators::LOGICAL_AND => Binary::And,
        operators::EQUALS => Binary::Equal,
        operators::NOT_EQUALS => Binary::Unequal,
        operators::LESS => Binary::Less,
        operators::LESS_EQUALS => Binary::LessOrEqual,
        operators::GREATER => Binary::Greater,
        operators::GREATER_EQUALS => Binary::GreaterOrEqual,
        operators::IN => Binary::In,
        operators::ADD => Binary::Add,
        operators::SUBSTRACT => Binary::Subtract,
        operators::MULTIPLY => Binary::Multiply,
        operators::DIVIDE => Binary::Divide,
        operators::MODULO => Binary::Remainder,
        _ => return None,
    })
}

/// Returns the nearest offset, from here on, at which a character begins.
fn boundary(text: &str, at: usize) -> usize {
    (at..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

/// Finds the partner of every bracket outside texts and comments.
fn closers(text: &str) -> HashMap<usize, usize> {
    let bytes = text.as_bytes();
    let (mut pairs, mut open, mut at) = (HashMap::new(), Vec::new(), 0);
    while at < bytes.len() {
        match bytes[at] {
            b'(' | b'[' | b'{' => open.push(at),
            b')' | b']' | b'}' => {
                if let Some(start) = open.pop() {
                    pairs.insert(start, at);
                }
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                while at < bytes.len() && bytes[at] != b'\n' {
                    at += 1;
                }
            }
            b'\'' | b'"' => at = text_end(bytes, at),
            _ => {}
        }
        at += 1;
    }
    pairs
}

/// Returns the offset of the last quote of the text that begins at `start`.
fn text_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let before = |n: usize| start.checked_sub(n).map(|at| bytes[at].to_ascii_lowercase());
    let raw = before(1) == Some(b'r') || (before(1) == Some(b'b') && before(2) == Some(b'r'));
    let triple = bytes[start..].starts_with(&[quote; 3]);
    let closing: &[u8] = if triple { &[quote; 3] } else { &[quote] };
    let mut at = start + closing.len();
    while at < bytes.len() {
        if bytes[at] == b'\\' && !raw {
            at += 2;
        } else if bytes[at..].starts_with(closing) {
            return at + closing.len() - 1;
        } else {
            at += 1;
        }
    }
    bytes.len()
}

fn unreadable(range: Range<usize>, message: impl Into<String>, hint: Option<&'static str>) -> Unreadable {
    Unreadable { range, message: message.into(), hint }
}

/// Turns a message of the parser into one for people, and its line and column into a range.
fn explain(text: &str, (line, column): (isize, isize), message: &str) -> Unreadable {
    let at = offset(text, line, column);
    let next = text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
    let message = message.strip_prefix("Syntax error: ").unwrap_or(message);
    let quoted =
        message.split_once('\'').and_then(|(_, rest)| rest.split_once("' expecting").map(|(token, _)| token));
    if message.contains("<EOF>") && quoted == Some("<EOF>") {
        return unreadable(text.len()..text.len(), "the expression ends too early", None);
    }
    if let Some(token) = quoted {
        let end = if text[at..].starts_with(token) { at + token.len() } else { next };
        return unreadable(at..end, format!("`{token}` is not expected here"), None);
    }
    if message.starts_with("token recognition error") {
        let quote = text[at..].starts_with(['\'', '"']);
        let message = if quote { "this text has no end" } else { "this character is not expected here" };
        return unreadable(at..if quote { text.len() } else { next }, message, None);
    }
    if message.contains("ecursion limit") {
        return unreadable(at..next, "the expression is nested too deeply", None);
    }
    if message.contains("invalid int literal") {
        let hint = Some("write it with a point, such as 9223372036854775808.0: that has up to 38 digits");
        return unreadable(at..next, "a whole number beyond 64 bits", hint);
    }
    let first_line: String = message.lines().next().unwrap_or_default().chars().take(120).collect();
    unreadable(at..next, first_line.to_lowercase(), None)
}

fn offset(text: &str, line: isize, column: isize) -> usize {
    let back = |n: isize| usize::try_from(n - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(back(line)).map(str::len).sum();
    let rest = &text[start..];
    start + rest.char_indices().nth(back(column)).map_or(rest.len(), |(at, _)| at)
}

/// Returns the text that an argument is, if it was written out.
pub(super) fn literal_text(ast: &Ast) -> Option<&Arc<str>> {
    match &ast.kind {
        AstKind::Text(text) => Some(text),
        _ => None,
    }
}
