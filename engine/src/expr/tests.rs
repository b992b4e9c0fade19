//! Tests of expressions: tables of expressions with their values, types and mistakes, and a fuzz.

mod fuzz;

use super::{EvalError, Names, Typed, check, compile, functions, reference};
use crate::json;
use crate::ty::{Kind, Record, Type};
use crate::value::{Instant, Value};
use kernel::{Decimal, FileId, Span};
use std::sync::Arc;

/// Names with their types and values.
struct Scope {
    record: Record,
    values: Vec<Value>,
}

impl Names for Scope {
    fn value(&self, index: usize) -> Value {
        self.values[index].clone()
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn record(fields: &[(&str, Type)]) -> Record {
    Record { fields: fields.iter().map(|(name, ty)| ((*name).into(), ty.clone())).collect() }
}

const INTEGER: Kind = Kind::Number { integer: true };
const NUMBER: Kind = Kind::Number { integer: false };

/// Returns a reservation: every type, some values absent.
fn scope() -> Scope {
    let (must, may) = (Type::required, Type::optional);
    let guest =
        record(&[("firstName", must(Kind::Text)), ("email", may(Kind::Text)), ("age", must(INTEGER))]);
    let total = record(&[("amount", must(NUMBER)), ("currency", may(Kind::Text))]);
    let guest_value = |name: &str, email: Option<&str>, age: &str| {
        let email = email.map_or(Value::Absent, text);
        Value::Object(vec![
            ("firstName".into(), text(name)),
            ("email".into(), email),
            ("age".into(), number(age)),
        ])
    };
    let now = Instant { at: "2026-01-01T00:00:00Z".parse().unwrap(), offset_s: 0 };
    let fields = [
        ("checkIn", must(Kind::Date), Value::Date("2026-06-01".parse().unwrap())),
        ("checkOut", must(Kind::Date), Value::Date("2026-06-04".parse().unwrap())),
        ("status", must(Kind::Text), text("booked")),
        ("net", must(NUMBER), number("100.10")),
        ("count", must(INTEGER), number("3")),
        ("note", may(Kind::Text), Value::Absent),
        ("nothing", may(INTEGER), Value::Null),
        ("vip", may(Kind::Text), text("VIP")),
        ("flag", must(Kind::Bool), Value::Bool(true)),
        ("now", must(Kind::Instant), Value::Instant(now)),
        ("today", must(Kind::Date), Value::Date("2026-01-01".parse().unwrap())),
        ("float", must(Kind::Float), Value::Float(0.1)),
        ("nan", must(Kind::Float), Value::Float(f64::NAN)),
        ("any", must(Kind::Any), Value::Object(vec![("n".into(), number("1")), ("s".into(), text("x"))])),
        (
            "total",
            may(Kind::Object(Arc::new(total))),
            Value::Object(vec![("amount".into(), number("420.50")), ("currency".into(), text("EUR"))]),
        ),
        (
            "guests",
            must(Kind::List(Arc::new(must(Kind::Object(Arc::new(guest)))))),
            Value::List(vec![
                guest_value("Ada", Some("ada@example.com"), "36"),
                guest_value("Bob", None, "7"),
            ]),
        ),
    ];
    Scope {
        record: record(&fields.iter().map(|(name, ty, _)| (*name, ty.clone())).collect::<Vec<_>>()),
        values: fields.into_iter().map(|(_, _, value)| value).collect(),
    }
}

fn typed(expression: &str) -> Typed {
    let span = Span::new(FileId(0), 0, expression.len());
    compile(expression, span, &scope().record).unwrap_or_else(|errors| panic!("{expression}: {errors:?}"))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Absent => "absent".into(),
        Value::Duration(_) | Value::Bytes(_) => format!("{value:?}"),
        value => {
            let mut out = Vec::new();
            json::write(value, &mut out);
            String::from_utf8(out).unwrap()
        }
    }
}

#[track_caller]
fn check_value(expression: &str, expected: &str) {
    let typed = typed(expression);
    let value = typed.eval(&scope()).unwrap_or_else(|error| panic!("{expression}: {error}"));
    assert_eq!(shown(&value), expected, "{expression}");
    assert!(
        typed.ty().optional || !value.is_absent(),
        "{expression} is absent, and its type says that it never is"
    );
}

#[track_caller]
fn check_error(expression: &str, at: &str, message: &str) {
    let error: EvalError = typed(expression).eval(&scope()).expect_err(expression);
    let part = &expression[error.span.start as usize..error.span.end as usize];
    assert_eq!((part, &*error.message), (at, message), "{expression}");
}

/// Checks code, marked part, message and hint of each mistake.
#[track_caller]
fn check_mistakes(expression: &str, expected: &[(&str, &str, &str, &str)]) {
    let span = Span::new(FileId(3), 100, 100 + expression.len());
    let found = compile(expression, span, &scope().record).expect_err(expression);
    let found: Vec<_> = (found.iter())
        .map(|mistake| {
            let span = mistake.span.unwrap();
            assert_eq!(span.file, FileId(3));
            let part = &expression[span.start as usize - 100..span.end as usize - 100];
            (mistake.code.0, part, &*mistake.message, mistake.hint.as_deref().unwrap_or_default())
        })
        .collect();
    assert_eq!(found, expected, "{expression}");
}

#[track_caller]
fn check_type(expression: &str, expected: &str) {
    let typed = typed(expression);
    let optional = if typed.ty().optional { "?" } else { "" };
    assert_eq!(format!("{}{optional}", typed.ty().kind.describe()), expected, "{expression}");
}

#[test]
fn numbers_are_exact() {
    check_value("0.1 + 0.1 + 0.1 == 0.3", "true");
    check_value("0.1234567890123456789012345678 * 10", "1.2345678901234567890123456780");
    check_value("net * 1.19", "119.1190");
    check_value("- 1.50", "-1.50");
    check_value("-net", "-100.10");
    check_value("--count", "3");
    check_value("7 / 2", "3.5");
    check_value("1 / 3 < 0.34", "true");
    check_value("-7 % 3", "-1");
    check_value("0x1F + 1u", "32");
    check_value("1 - 2 - 3", "-4");
    check_value("2 + 3 * 4", "14");
    check_value("(2 + 3) * 4", "20");
    check_value("1e3", "1000");
    check_value("float * 3 == 0.3", "true");
    check_value("float < 1 && 0.1 == float", "true");
    check_value("nan == nan", "false");
}

#[test]
fn dates_and_timestamps_count_in_days_and_durations() {
    check_value("checkOut - checkIn", "3");
    check_value("today + 365", r#""2027-01-01""#);
    check_value("1 + today - 1", r#""2026-01-01""#);
    check_value("now + duration('36h')", r#""2026-01-02T12:00:00Z""#);
    check_value("now - duration('1s') < now", "true");
    check_value("now - timestamp('2025-12-31T23:00:00Z') == duration('1h')", "true");
    check_value("string(now - timestamp('2025-12-31T22:30:00.5Z'))", r#""5399.5s""#);
    check_value("timestamp('2026-06-01T02:00:00+02:00') == timestamp('2026-06-01T00:00:00Z')", "true");
    check_value("checkIn < checkOut && checkIn.getMonth() == 5", "true");
    check_value("-duration('1m') == duration('-60s')", "true");
    check_value("time('10:00') - time('09:30') == duration('30m')", "true");
}

#[test]
fn names_members_lists_and_objects_are_selected() {
    check_value("total.amount", "420.50");
    check_value("total['currency']", r#""EUR""#);
    check_value("guests[0].firstName + ' ' + guests[1].firstName", r#""Ada Bob""#);
    check_value("guests[2].firstName", "absent");
    check_value("guests[1].email", "absent");
    check_value("any.n + 1", "2");
    check_value("any.missing", "absent");
    check_value("any['s'] == 'x'", "true");
    check_value("any . n", "1");
    check_value("{'a': note, 'b': [note, 1], 'c': null}", r#"{"b":[null,1],"c":null}"#);
    check_value("{'a': {'b': 5}}.a.b", "5");
    check_value("[1, 2] + [3]", "[1,2,3]");
    check_value("[1, 'a', true]", r#"[1,"a",true]"#);
    check_value("'booked' in [status, 'x']", "true");
    check_value("'amount' in total && !('x' in any)", "true");
    check_value("any.`n`", "1");
    check_value("total // the sum\n .amount", "420.50");
}

#[test]
fn macros_walk_over_lists() {
    check_value("guests.map(g, g.firstName)", r#"["Ada","Bob"]"#);
    check_value("guests.map(g, g.email)", r#"["ada@example.com",null]"#);
    check_value("guests.map(g, has(g.email), g.email)", r#"["ada@example.com"]"#);
    check_value("guests.filter(g, g.age >= 18).size()", "1");
    check_value("guests.all(g, g.age > 5)", "true");
    check_value("guests.exists(g, g.email == 'ada@example.com')", "true");
    check_value("guests.exists(g, g.email == 'x')", "absent");
    check_value("guests.exists_one(g, g.age < 18)", "true");
    check_value("guests.filter(g, g.email == 'x')", "absent");
    check_value("sum(guests.map(g, g.age))", "43");
    check_value("[1, 2].map(a, [10, 20].map(b, a * b + count))", "[[13,23],[23,43]]");
    check_value("[1, 0].exists(n, 1 / n > 0)", "true");
    check_value("[0, 1].exists(n, 1 / n > 0)", "true");
    check_value("any.all(name, name != 'z')", "true");
    check_value("[].all(n, n == 1)", "true");
    check_value("[3, 4].map(count, count)", "[3,4]");
}

#[test]
fn absent_inputs_make_an_absent_result_unless_they_are_tested() {
    check_value("note + '!'", "absent");
    check_value("note == 'x'", "absent");
    check_value("note == null", "true");
    check_value("null != vip", "true");
    check_value("nothing == null", "true");
    check_value("nothing + 1", "absent");
    check_value("!(note == 'x')", "absent");
    check_value("has(note)", "false");
    check_value("has(note) ? note + '!' : 'none'", r#""none""#);
    check_value("note != null && note.size() > 3", "false");
    check_value("note == null || note.size() > 3", "true");
    check_value("note == 'x' && false", "false");
    check_value("true || note == 'x'", "true");
    check_value("note == 'x' || true", "true");
    check_value("note == 'x' || false", "absent");
    check_value("note == 'x' ? 1 : 2", "absent");
    check_value("vip == 'VIP' ? 'Welcome back' : 'Welcome'", r#""Welcome back""#);
    check_value("note.lowerAscii()", "absent");
    check_value("hash(status, note)", "absent");
    check_value("min([note, 'a'])", "absent");
    check_value("[note].join()", "absent");
    check_value("flag ? note : 'x'", "absent");
    check_value("flag ? null : 'x'", "null");
    check_value("false && 1 / 0 == 1", "false");
    check_value("1 / 0 == 1 || true", "true");
}

#[test]
fn types_say_whether_a_result_may_be_absent() {
    check_type("checkOut - checkIn", "whole number");
    check_type("checkIn + 1", "date");
    check_type("net / 2", "number");
    check_type("count / 2", "number");
    check_type("count % 2", "whole number");
    check_type("float + 1", "number");
    check_type("note", "text?");
    check_type("note + 'x'", "text?");
    check_type("has(note)", "true or false");
    check_type("has(note) ? note : 'x'", "text");
    check_type("!has(note) ? 'x' : note", "text");
    check_type("note != null ? note : 'x'", "text");
    check_type("null == note ? 'x' : note", "text");
    check_type("note != null ? 'x' : note", "text?");
    check_type("note != null && note.size() > 3", "true or false");
    check_type("note.size() > 3 && note != null", "true or false?");
    check_type("note == null || note.size() > 3", "true or false");
    check_type("note == null || vip == null ? 'x' : note + vip", "text");
    check_type("note != null && vip != null ? note + vip : 'x'", "text");
    check_type("note != null || vip != null ? note + vip : 'x'", "text?");
    check_type("!(note == null) ? note : vip", "text?");
    check_type("total.amount", "number?");
    check_type("has(total) ? total.amount : 0", "number");
    check_type("has(total.currency) ? total.currency + string(total.amount) : ''", "text");
    check_type("has(total) ? total.currency : ''", "text?");
    check_type("guests[0].firstName", "text?");
    check_type("has(guests[0]) ? guests[0].firstName : ''", "text");
    check_type("has(guests[0]) ? guests[1].firstName : ''", "text?");
    check_type("guests.map(g, g.email)", "list of text");
    check_type("guests.map(g, g.email).join(' ')", "text?");
    check_type("guests.map(g, has(g.email), g.email).join(' ')", "text");
    check_type("guests.filter(g, g.age > 3)", "list of object");
    check_type("guests.filter(g, g.email == 'x')", "list of object?");
    check_type("guests.exists(g, g.email == 'x')", "true or false?");
    check_type("min([count, net])", "number?");
    check_type("min(count, net)", "number");
    check_type("sum(guests.map(g, g.age))", "whole number");
    check_type("math.greatest(count, 2)", "whole number");
    check_type("any", "anything");
    check_type("any.x", "anything?");
    check_type("has(any.x) ? any.x : 1", "anything");
    check_type("flag ? null : 'x'", "text?");
    check_type("[1, 2.5]", "list of number");
    check_type("date(now)", "date");
}

#[test]
fn inputs_are_the_names_that_are_used() {
    let check = |expression: &str, expected: &[&str]| {
        let record = scope().record;
        let names: Vec<&str> = typed(expression).inputs().iter().map(|n| &*record.fields[*n].0).collect();
        assert_eq!(names, expected, "{expression}");
    };
    check("checkOut - checkIn", &["checkIn", "checkOut"]);
    check("guests.map(status, status.age + count)", &["count", "guests"]);
    check("has(note) ? total.amount : 1", &["note", "total"]);
    check("'constant'", &[]);
    assert_eq!(typed(" 1 ").text(), "1");
}

#[test]
fn evaluation_errors_name_the_part_that_failed() {
    check_error("1 + net / 0", "net / 0", "division by zero");
    check_error("5 % 0", "5 % 0", "division by zero");
    let large = "99999999999999999999999999999999999999.0 * 99999999999";
    let span = Span::new(FileId(0), 0, large.len());
    assert_eq!(
        compile(large, span, &Record::default()).unwrap_err()[0].message,
        "the number has more than 38 digits"
    );
    check_error(
        "9999999999999999999999999999999999999.0 * 100000",
        "9999999999999999999999999999999999999.0 * 100000",
        "more than 38 digits",
    );
    check_error("1 + int(status)", "int(status)", "the text is no whole number");
    check_error("date(status)", "date(status)", "the text is no date such as 2026-06-01");
    check_error(
        "date('2026-06-01T10:00')",
        "date('2026-06-01T10:00')",
        "the text is no date such as 2026-06-01",
    );
    check_error(
        "timestamp('2026-06-01T10:00:00')",
        "timestamp('2026-06-01T10:00:00')",
        "the text is no timestamp such as 2026-06-01T10:00:00Z",
    );
    check_error("duration('5')", "duration('5')", "the text is no duration such as 1h30m");
    check_error("today + 99999999", "today + 99999999", "the date or time is out of range");
    check_error("any.s + 1", "any.s + 1", "`+` does not go with text and number");
    check_error("any.s < 1", "any.s < 1", "text and number cannot be compared");
    check_error("any.s.t", "any.s.t", "only an object has members");
    check_error("any.n.size()", "any.n.size()", "`size` does not take values of these types");
    check_error("status.charAt(7)", "status.charAt(7)", "the position is behind the end of the text");
    check_error("any && true", "any", "this is neither true nor false");
    check_error("nan + 1", "nan + 1", "the float is no number of at most 38 digits");
    check_error("nan < 1", "nan < 1", "a float that is no number has no order");
    check_error("guests.map(g, 1 / (g.age - 7))", "1 / (g.age - 7", "division by zero");
    check_error("guests[-1]", "guests[-1]", "the index is negative");
}

#[test]
fn mistakes_are_found_with_their_place_and_a_hint() {
    check_mistakes(
        "chekOut - checkIn",
        &[("E030", "chekOut", "there is no `chekOut` here", "did you mean `checkOut`?")],
    );
    check_mistakes(
        "total.amuont",
        &[("E030", "amuont", "the object has no `amuont`", "did you mean `amount`?")],
    );
    check_mistakes(
        "total['curency']",
        &[("E030", "'curency'", "the object has no `curency`", "did you mean `currency`?")],
    );
    check_mistakes(
        "x1 + guests.map(g, g.emial).size()",
        &[
            (
                "E030",
                "x1",
                "there is no `x1` here",
                "there are 16 names, such as checkIn, checkOut, status, net, count, note, nothing, vip",
            ),
            ("E030", "emial", "the object has no `emial`", "did you mean `email`?"),
        ],
    );
    check_mistakes(
        "guests.firstName",
        &[(
            "E042",
            "guests.firstName",
            "a list has no `firstName`",
            "take one, such as [0].firstName, or all by map(each, each.firstName)",
        )],
    );
    check_mistakes("status.x", &[("E042", "status.x", "a value of type text has no `x`", "")]);
    check_mistakes(
        "'é' == 'é' && status == 1",
        &[(
            "E042",
            "status == 1",
            "`==` does not go with text and whole number",
            "make a text of the number by string(…), or a number of the text by decimal(…)",
        )],
    );
    check_mistakes(
        "checkIn == '2026-06-01'",
        &[(
            "E042",
            "checkIn == '2026-06-01'",
            "`==` does not go with date and text",
            "make a date of the text by date(…), or a text of the date by string(…)",
        )],
    );
    check_mistakes(
        "checkIn + 1.5",
        &[(
            "E042",
            "checkIn + 1.5",
            "`+` does not go with date and number",
            "a date moves by whole days: cut the number by int(…)",
        )],
    );
    check_mistakes(
        "now + 1",
        &[(
            "E042",
            "now + 1",
            "`+` does not go with timestamp and whole number",
            "a timestamp moves by a duration: now + duration('24h')",
        )],
    );
    check_mistakes(
        "checkIn < now",
        &[(
            "E042",
            "checkIn < now",
            "`<` does not go with date and timestamp",
            "make a date of the timestamp by date(…)",
        )],
    );
    check_mistakes("count && flag", &[("E042", "count", "`&&` needs true or false, not whole number", "")]);
    check_mistakes(
        "status ? 1 : 'a'",
        &[
            ("E042", "status", "`? :` needs true or false, not text", ""),
            ("E042", "status ? 1 : 'a'", "the two results have unlike types: whole number and text", ""),
        ],
    );
    check_mistakes("!status", &[("E042", "!status", "`!` does not go with text", "")]);
    check_mistakes("-status", &[("E042", "-status", "`-` does not go with text", "")]);
    check_mistakes("null.x", &[("E042", "null.x", "a value of type anything has no `x`", "")]);
}

#[test]
fn mistakes_in_calls_are_found() {
    check_mistakes(
        "lowerAsci(status)",
        &[("E036", "lowerAsci", "there is no function `lowerAsci`", "did you mean `lowerAscii`?")],
    );
    check_mistakes(
        "lowerAscii(status)",
        &[("E036", "lowerAscii", "`lowerAscii` is not called like this", "write text.lowerAscii() → text")],
    );
    check_mistakes(
        "1 + math.ceil()",
        &[("E036", "ceil", "`math.ceil` is not called like this", "write math.ceil(number) → integer")],
    );
    check_mistakes(
        "status.contains( 1 )",
        &[("E042", "1", "`contains` takes text here, not whole number", "write text.contains(text) → bool")],
    );
    check_mistakes(
        "sum(guests.map(g, g.firstName))",
        &[(
            "E042",
            "guests.map(g, g.firstName)",
            "`sum` takes list of numbers here, not list of text",
            "write sum(list of numbers) → number",
        )],
    );
    check_mistakes(
        "status.matches(vip)",
        &[(
            "E036",
            "vip",
            "the pattern must be written out as a text",
            "a pattern is compiled once; use contains, startsWith or == for texts of the record",
        )],
    );
    check_mistakes(
        "status.matches('(')",
        &[("E036", "'('", "the pattern cannot be used: unclosed group", "")],
    );
    check_mistakes(
        "date(now, 'Europe/Berln')",
        &[(
            "E036",
            "'Europe/Berln'",
            "there is no time zone `Europe/Berln`",
            "such as Europe/Berlin, UTC or +02:00",
        )],
    );
    check_mistakes(
        "has(1)",
        &[("E036", "has", "`has` tests a name or a member", "write has(name) or has(a.b)")],
    );
    check_mistakes(
        "map(guests, g)",
        &[("E036", "map", "`map` stands behind a list", "write list.map(each, …)")],
    );
    check_mistakes(
        "guests.map(g)",
        &[("E036", "map", "`map` takes a name and an expression", "write list.map(each, …)")],
    );
    check_mistakes(
        "guests.map(1, 2)",
        &[("E036", "1", "this names the element, so it is a plain name", "such as `each`")],
    );
    check_mistakes(
        "count.map(c, c)",
        &[("E042", "count", "`map` walks over a list, not over whole number", "")],
    );
    check_mistakes(
        "[1].map(a, [1].map(b, [1].all(c, true)))",
        &[(
            "E036",
            "all",
            "walks over lists are nested more than 2 deep",
            "use a hidden field for the inner one",
        )],
    );
    check_mistakes("min(1, 'a')", &[("E042", "min(1, 'a')", "`min` needs values of one type", "")]);
    check_mistakes(
        "{count: 1}",
        &[("E042", "count", "the name of a member is written as a text", "put it in quotes")],
    );
    check_mistakes("{'a': 1, 'a': 2}", &[("E042", "'a'", "the object has two members `a`", "")]);
}

#[test]
fn what_cannot_be_read_is_marked() {
    check_mistakes("", &[("E035", "", "the expression is empty", "")]);
    check_mistakes("a + ", &[("E035", "", "the expression ends too early", "")]);
    check_mistakes("count + + 1", &[("E035", "+", "`+` is not expected here", "")]);
    check_mistakes("count count", &[("E035", "count", "`count` is not expected here", "")]);
    check_mistakes("count @ 1", &[("E035", "@", "this character is not expected here", "")]);
    check_mistakes("'éé' == 'é' @ 1", &[("E035", "@", "this character is not expected here", "")]);
    check_mistakes("'é' == é", &[("E035", "é", "this character is not expected here", "")]);
    check_mistakes("1 +\n 'é' @", &[("E035", "@", "this character is not expected here", "")]);
    check_mistakes(
        "'☃'.contains(  'é' , 'é')",
        &[("E036", "contains", "`contains` is not called like this", "write text.contains(text) → bool")],
    );
    check_mistakes("status == 'booked", &[("E035", "'booked", "this text has no end", "")]);
    check_mistakes(
        "Foo{a: 1}",
        &[("E035", "{", "objects of a named type do not exist", "write { 'name': value }")],
    );
    check_mistakes(
        "9223372036854775808",
        &[(
            "E035",
            "9",
            "a whole number beyond 64 bits",
            "write it with a point, such as 9223372036854775808.0: that has up to 38 digits",
        )],
    );
    let deep = "(".repeat(200) + "1" + &")".repeat(200);
    let found = compile(&deep, Span::new(FileId(0), 0, 401), &Record::default()).unwrap_err();
    assert_eq!(found[0].message, "the expression is nested too deeply");
    let wide = vec!["1"; 200].join("+");
    let found = compile(&wide, Span::new(FileId(0), 0, wide.len()), &Record::default()).unwrap_err();
    assert_eq!(found[0].message, "the expression is nested more than 100 deep");
    let long = vec!["1"; 4000].join("+");
    let found = compile(&long, Span::new(FileId(0), 0, long.len()), &Record::default()).unwrap_err();
    assert_eq!(found[0].message, "the expression is longer than 4096 bytes");
}

#[test]
fn an_expression_that_the_file_shows_otherwise_is_marked_as_a_whole() {
    let span = Span::new(FileId(0), 10, 90);
    assert_eq!(compile("nowhere + 1", span, &Record::default()).unwrap_err()[0].span, Some(span));
}

#[test]
fn hashes_go_by_value() {
    let check = |a: &str, b: &str, same: bool| {
        let hash = |expression: &str| shown(&typed(expression).eval(&scope()).unwrap());
        assert_eq!(hash(a) == hash(b), same, "{a} and {b}");
    };
    check("hash(1.0)", "hash(1.00)", true);
    check("hash('a', 'b')", "hash('ab')", false);
    check("hash({'a': 1, 'b': 2})", "hash({'b': 2, 'a': 1.0})", true);
    check("hash(timestamp('2026-06-01T02:00:00+02:00'))", "hash(timestamp('2026-06-01T00:00:00Z'))", true);
    check("hash(today)", "hash(checkIn)", false);
}

#[test]
fn work_is_bounded() {
    let items = Value::List((0..5000).map(|n| Value::Number(Decimal::from(n))).collect());
    let list = Type::required(Kind::List(Arc::new(Type::required(INTEGER))));
    let scope = Scope {
        record: record(&[("xs", list), ("long", Type::required(Kind::Text))]),
        values: vec![items, text(&"a".repeat(1 << 19))],
    };
    let check = |expression: &str, message: &str| {
        let typed = compile(expression, Span::new(FileId(0), 0, 0), &scope.record).unwrap();
        assert_eq!(typed.eval(&scope).expect_err(expression).message, message, "{expression}");
    };
    check("xs.map(a, xs.map(b, a * b))", "the expression takes more than 1000000 steps");
    check("xs.all(a, xs.all(b, true))", "the expression takes more than 1000000 steps");
    check("xs.map(a, long + long)", "the expression takes more than 1000000 steps");
    check("long + long + 'a'", "a text of more than 1048576 bytes");
    check("long.replace('a', long)", "a text of more than 1048576 bytes");
    check("[long, long, long].join()", "a text of more than 1048576 bytes");
    check("'%s%s%s'.format([long, long, long])", "a text of more than 1048576 bytes");
    check("long.split('')", "a list of more than 100000 elements");
}

#[test]
fn the_deepest_expressions_fit_on_the_stack_of_a_thread() {
    check_value(&vec!["1"; 100].join("+"), "100");
    check_value(&("false?0:".repeat(20) + "7"), "7");
    check_value(
        &("[".repeat(80) + "1" + &"]".repeat(80) + &"[0]".repeat(20)),
        &("[".repeat(60) + "1" + &"]".repeat(60)),
    );
    check_value(&("dyn(".repeat(80) + "any" + &")".repeat(80) + ".n"), "1");
}

#[test]
fn every_example_of_the_reference_holds() {
    let rows = functions::all().map(|row| row.example);
    let operators = super::reference::OPERATORS.iter().map(|row| row.2);
    let macros = check::MACROS.iter().map(|row| row.3);
    let mut count = 0;
    for (expression, expected) in rows.chain(operators).chain(macros) {
        check_value(expression, expected);
        count += 1;
    }
    assert!(count > 80, "{count} examples");
}

#[test]
fn every_example_calls_its_own_function() {
    for row in functions::all() {
        assert!(row.example.0.contains(&format!("{}(", row.name)), "{}", row.name);
        assert!(!row.doc.is_empty() && row.optional <= row.params.len(), "{}", row.name);
    }
}

#[test]
fn the_reference_holds_every_function_and_limit() {
    let page = reference();
    for row in functions::all() {
        assert!(page.contains(&row.signature()), "{}", row.name);
    }
    assert!(page.contains("at most 4096 bytes") && page.contains("`list.exists_one(each, test) → bool`"));
}
