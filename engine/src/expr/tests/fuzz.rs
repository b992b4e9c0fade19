//! Compiles and evaluates random expressions: nothing may panic, whatever is written and whatever the values are.

use super::{Scope, scope};
use crate::codec::tests::kit::Random;
use crate::expr::compile;
use crate::value::Value;
use kernel::{FileId, Span};

const LEAVES: &[&str] = &[
    "checkIn",
    "checkOut",
    "status",
    "net",
    "count",
    "note",
    "nothing",
    "vip",
    "flag",
    "now",
    "today",
    "float",
    "nan",
    "any",
    "total",
    "guests",
    "total.amount",
    "guests[0].email",
    "any.x",
    "0",
    "1",
    "-1",
    "0.5",
    "'a'",
    "''",
    "'é☃'",
    "true",
    "null",
    "9223372036854775807",
    "1e37",
    "99999999999999999999999999999999999999.0",
    "1e-38",
    "duration('1h')",
    "duration('9223372036s')",
    "b'x'",
    "[]",
    "[1, 2]",
    "['a', note]",
    "{'a': 1}",
    "date(9999, 12, 31)",
    "timestamp(253402207200)",
    "timestamp(-62135596800)",
    "'%d %s %.37f %e %x'",
    "time('23:59:59.999')",
];
const BINARY: &[&str] = &["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];
const FUNCTIONS: &[&str] = &[
    "size",
    "string",
    "int",
    "decimal",
    "double",
    "bool",
    "bytes",
    "date",
    "time",
    "timestamp",
    "duration",
    "hash",
    "sum",
    "count",
    "min",
    "max",
    "math.round",
    "math.ceil",
    "math.floor",
    "math.trunc",
    "math.abs",
    "math.sign",
    "math.greatest",
    "math.least",
    "has",
    "dyn",
    "strings.quote",
];
const METHODS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "charAt",
    "indexOf",
    "lastIndexOf",
    "lowerAscii",
    "trim",
    "reverse",
    "substring",
    "replace",
    "split",
    "join",
    "format",
    "getFullYear",
    "getDayOfYear",
    "getHours",
    "getMilliseconds",
];
const MACROS: &[&str] = &["all", "exists", "exists_one", "map", "filter"];
const TOKENS: &[&str] = &[
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ".",
    ",",
    "?",
    ":",
    "'",
    "\"",
    "'''",
    "r'",
    "b\"",
    "\\",
    "\\u12",
    "\\x",
    "//",
    "\n",
    "`",
    "-",
    "!",
    "&&",
    "0x",
    "1.",
    ".5",
    "1e",
    "u",
    "é",
    "\u{1F600}",
    "\0",
    "$",
    "has(",
    ".map(",
    "x,",
    "in",
    "null",
    " ",
    "a.?b",
    "[?0]",
    "Foo{",
    "0xFFFFFFFFFFFFFFFFFF",
    "1e999",
];

fn expression(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(6) == 0 {
        return random.one(LEAVES).to_owned();
    }
    let sub = |random: &mut Random| expression(random, depth - 1);
    match random.below(9) {
        0..=2 => format!("({} {} {})", sub(random), random.one(BINARY), sub(random)),
        3 => format!("({} ? {} : {})", sub(random), sub(random), sub(random)),
        4 => format!("{}({})", random.one(FUNCTIONS), arguments(random, depth)),
        5 => format!("{}.{}({})", sub(random), random.one(METHODS), arguments(random, depth)),
        6 => format!("{}.{}(each, {})", sub(random), random.one(MACROS), sub(random)),
        7 => format!("{}[{}]", sub(random), sub(random)),
        _ => format!("{}{}", random.one(&["!", "-"]), sub(random)),
    }
}

fn arguments(random: &mut Random, depth: usize) -> String {
    let arguments: Vec<String> = (0..random.below(4)).map(|_| expression(random, depth - 1)).collect();
    arguments.join(", ")
}

/// Compiles, and evaluates with values of the declared types, and with values that break every promise.
fn run(text: &str, scopes: &[Scope]) -> bool {
    let span = Span::new(FileId(0), 5, 5 + text.len());
    match compile(text, span, &scopes[0].record) {
        Ok(typed) => {
            for (n, scope) in scopes.iter().enumerate() {
                let value = typed.eval(scope);
                if n == 0
                    && let Ok(value) = value
                {
                    assert!(
                        typed.ty().optional || !value.is_absent(),
                        "{text} is absent, its type says it never is"
                    );
                }
            }
            true
        }
        Err(found) => {
            assert!(!found.is_empty(), "{text}");
            for mistake in found {
                let at = mistake.span.expect("every mistake has a place");
                assert!(span.start <= at.start && at.start <= at.end && at.end <= span.end, "{text}: {at:?}");
                assert!(
                    text.is_char_boundary(at.start as usize - 5)
                        && text.is_char_boundary(at.end as usize - 5)
                );
            }
            false
        }
    }
}

fn scopes() -> [Scope; 3] {
    let mut turned = scope();
    turned.values.reverse();
    let mut absent = scope();
    absent.values.fill(Value::Absent);
    [scope(), turned, absent]
}

#[test]
fn random_trees_never_panic() {
    let (mut random, scopes, mut compiled) = (Random(0x5EA_3A11), scopes(), 0);
    for n in 0..20_000 {
        let text = expression(&mut random, 1 + n % 4);
        compiled += usize::from(run(&text, &scopes));
    }
    assert!(compiled > 2_000, "only {compiled} of 20,000 had no mistake: the generator has lost its aim");
}

#[test]
fn random_texts_never_panic() {
    let (mut random, scopes) = (Random(0xB1D_5EED), scopes());
    for _ in 0..10_000 {
        let tokens = 1 + random.below(12);
        let text: String = (0..tokens)
            .map(|_| if random.below(3) == 0 { random.one(LEAVES) } else { random.one(TOKENS) })
            .collect();
        run(&text, &scopes);
        let bytes: Vec<u8> =
            (0..random.below(20)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        run(&String::from_utf8_lossy(&bytes), &scopes);
        let mut cut = expression(&mut random, 3);
        let at = random.below(cut.len() + 1);
        if cut.is_char_boundary(at) {
            cut.insert_str(at, random.one(TOKENS));
        }
        run(&cut, &scopes);
    }
}
