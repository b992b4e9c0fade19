//! Field lines as tests write them, and a small generator of random values.
//!
//! **Invariant.** Nothing here is compiled into the program.

use super::super::{
    Chain, CodeLine, CodeTable, CodeTables, CodecArg, CodecCall, Setting, Source, Written, compile,
};
use crate::value::Value;
use kernel::{Diagnostic, FileId, Scalar, ScalarType, Span, TextType};
use std::sync::Arc;

/// Compiles a line such as `char(4) + integer | join(-)`: legacy types instead of paths.
pub(crate) fn chain(line: &str) -> Chain {
    try_chain(line, Some("Europe/Vienna"), &[]).unwrap_or_else(|found| panic!("{line}: {found:?}"))
}

/// Compiles a line with a zone and null values of its connection.
pub(crate) fn try_chain(
    line: &str,
    timezone: Option<&str>,
    nulls: &[&str],
) -> Result<Chain, Vec<Diagnostic>> {
    let mut stages = line.split('|').map(str::trim);
    let types: Vec<ScalarType> = stages.next().unwrap().split('+').map(|name| ty(name.trim())).collect();
    let sources: Vec<Source<'_>> =
        types.iter().map(|ty| Source { ty, nillable: false, span: Some(span(90)) }).collect();
    let calls: Vec<CodecCall> = stages.map(call).collect();
    let codes = tables();
    let nulls: Vec<String> = nulls.iter().map(|null| (*null).to_owned()).collect();
    let setting = Setting { timezone, nulls: &nulls, codes: &codes, span: span(0), sources_span: span(1) };
    compile(&sources, &calls, &setting)
}

/// Reads one text per source and returns the JSON text, or `absent`, or `error: …`.
pub(crate) fn read(chain: &Chain, legacy: &[&str]) -> String {
    let scalars: Vec<Scalar<'_>> = legacy.iter().map(|text| Scalar::Text(text)).collect();
    match chain.read(&scalars) {
        Ok(value) if value.is_absent() => "absent".into(),
        Ok(value) => json(&value),
        Err(error) => format!("error: {error}"),
    }
}

/// Writes a value given as JSON (`absent` too) and returns the texts, joined by `+`, or `error: …`.
pub(crate) fn write(chain: &Chain, modern: &str, old: Option<&[&str]>) -> String {
    let old: Option<Vec<Written>> =
        old.map(|old| old.iter().map(|text| Written::Text((*text).into())).collect());
    match chain.write(&value(modern), old.as_deref()) {
        Ok(written) => written.iter().map(shown).collect::<Vec<_>>().join("+"),
        Err(error) => format!("error: {error}"),
    }
}

/// Returns a value out of JSON text.
pub(crate) fn value(text: &str) -> Value {
    match text {
        "absent" => Value::Absent,
        text => crate::json::parse(text.as_bytes(), Default::default()).unwrap(),
    }
}

/// Returns a value as JSON text.
pub(crate) fn json(value: &Value) -> String {
    let mut out = Vec::new();
    crate::json::write(value, &mut out);
    String::from_utf8(out).unwrap()
}

fn shown(written: &Written) -> String {
    match written {
        Written::Absent => "absent".into(),
        Written::Nil => "nil".into(),
        Written::Text(text) => text.clone(),
        Written::Bytes(bytes) => format!("{bytes:02x?}"),
    }
}

/// Returns a legacy type by the short name that tests use.
pub(crate) fn ty(name: &str) -> ScalarType {
    let (name, numbers) = name.split_once('(').unwrap_or((name, ""));
    let numbers: Vec<u16> = numbers.trim_end_matches(')').split(',').filter_map(|n| n.parse().ok()).collect();
    let text = TextType::default();
    match (name, numbers.as_slice()) {
        ("text", []) => ScalarType::Text(text),
        ("text", [n]) => ScalarType::Text(TextType { length_max: Some((*n).into()), ..text }),
        ("char", [n]) => ScalarType::Text(TextType { length_max: Some((*n).into()), padded: true, ..text }),
        ("token", []) => ScalarType::Text(TextType { collapse: true, ..text }),
        ("list", []) => ScalarType::Text(TextType { list: true, ..text }),
        ("enum", []) => {
            let codes = ["Book", "Modify", "Cancel", "No-show"].map(Box::from).into();
            ScalarType::Text(TextType { codes, collapse: true, ..text })
        }
        ("bool", []) => ScalarType::Bool,
        ("integer", []) => ScalarType::integer(),
        ("integer", [n]) => ScalarType::Decimal { digits: Some(*n), scale: Some(0), unsigned: true },
        ("decimal", []) => ScalarType::decimal(),
        ("decimal", [n, s]) => ScalarType::Decimal { digits: Some(*n), scale: Some(*s), unsigned: false },
        ("float", []) => ScalarType::Float { bits: 64 },
        ("real", []) => ScalarType::Float { bits: 32 },
        ("xdate", []) => ScalarType::Date,
        ("xtime", []) => ScalarType::Time,
        ("xdatetime", []) => ScalarType::DateTime,
        ("timestamp", []) => ScalarType::LocalDateTime,
        ("instant", []) => ScalarType::Instant,
        ("bytes", []) => ScalarType::Base64,
        ("hexbytes", []) => ScalarType::Hex,
        ("blob", [n]) => ScalarType::Bytes { length_max: Some((*n).into()) },
        _ => panic!("no type `{name}` {numbers:?}"),
    }
}

fn call(text: &str) -> CodecCall {
    let (name, args) = text.split_once('(').unwrap_or((text, ""));
    let args = args.strip_suffix(')').unwrap_or(args);
    CodecCall { name: name.into(), args: arguments(args), span: span(2), name_span: span(3) }
}

fn arguments(text: &str) -> Vec<CodecArg> {
    let mut args = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (arg, after) = match rest.strip_prefix('[') {
            Some(list) => {
                let (items, after) = list.split_once(']').unwrap();
                let items = items.split(',').map(|item| (item.trim().to_owned(), span(5))).collect();
                (CodecArg::List { items, span: span(5) }, after.trim_start_matches([',', ' ']))
            }
            None => {
                let (value, after) = rest.split_once(", ").unwrap_or((rest, ""));
                (CodecArg::Text { value: value.to_owned(), span: span(5) }, after)
            }
        };
        args.push(arg);
        rest = after;
    }
    args
}

fn tables() -> CodeTables {
    let table = |name: &str, lines: &[(&str, &[&str])]| {
        let line = |(modern, legacy): &(&str, &[&str])| CodeLine {
            modern: (*modern).into(),
            modern_span: span(7),
            legacy: legacy.iter().map(|code| ((*code).into(), span(8))).collect(),
        };
        let (table, found) = CodeTable::new(name, lines.iter().map(line).collect());
        assert_eq!(found, []);
        (Arc::from(name), Arc::new(table))
    };
    [
        table(
            "status",
            &[("booked", &["Book", "Modify"]), ("cancelled", &["Cancel"]), ("no-show", &["No-show"])],
        ),
        table("country", &[("AT", &["038"]), ("DE", &["004"]), ("é\"", &["7"])]),
        table("open", &[("a", &["A"]), ("unknown", &["*"])]),
    ]
    .into()
}

/// Returns a span that tells diagnostics apart.
pub(crate) fn span(at: usize) -> Span {
    Span::new(FileId(0), at, at + 1)
}

/// A generator of random numbers (xorshift), for tests that can be repeated.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % n
    }

    /// Returns one of these.
    pub(crate) fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }

    /// Returns a text of up to `n` of these characters.
    pub(crate) fn text(&mut self, of: &str, n: usize) -> String {
        let of: Vec<char> = of.chars().collect();
        (0..self.below(n + 1)).map(|_| of[self.below(of.len())]).collect()
    }

    /// Returns up to `n` digits, at least one.
    pub(crate) fn digits(&mut self, n: usize) -> String {
        let rest = self.text("0123456789", n - 1);
        format!("{}{rest}", self.below(10))
    }
}
