//! Prints the reference of expressions from the tables that the checker and the evaluator use.
//!
//! **Invariant.** Nothing is described here that the tables do not hold, but the operators.

use super::check::MACROS;
use super::functions;
use super::limits::{DEPTH_MAX, EXPRESSION_BYTES_MAX, LIST_MAX, NESTING_MAX, STEPS_MAX, TEXT_BYTES_MAX};
use std::fmt::Write as _;

/// The operators: how they are written, what they take and give.
pub(super) const OPERATORS: &[(&str, &str, (&str, &str))] = &[
    ("`+ - * / %`", "Exact arithmetic. A quotient has at most 20 digits behind the point.", ("7 / 2", "3.5")),
    (
        "`date - date`, `date + n`, `date - n`",
        "Whole days.",
        ("date('2026-03-01') - date('2026-02-27')", "2"),
    ),
    (
        "`timestamp ± duration`, `timestamp - timestamp`, `time - time`",
        "Spans of time.",
        ("timestamp('2026-06-01T12:00:00Z') - timestamp('2026-06-01T10:30:00Z') == duration('90m')", "true"),
    ),
    ("`text + text`, `list + list`, `bytes + bytes`", "Puts them together.", ("[1] + [2]", "[1,2]")),
    (
        "`== != < <= > >=`",
        "Compare values of one type. `== null` and `!= null` test for absence.",
        ("1.0 == 1.00", "true"),
    ),
    (
        "`&&`, `||`, `!`",
        "A side that decides wins over an error or an absent value on the other one.",
        ("1 / 0 > 1 || true", "true"),
    ),
    ("`test ? yes : no`", "Only the chosen side is evaluated.", ("2 > 1 ? 'a' : 'b'", r#""a""#)),
    ("`x in list`, `'name' in object`", "Says whether it is there.", ("2 in [1, 2]", "true")),
    (
        "`list[n]`, `object['name']`, `object.name`",
        "An element or a member; absent behind the end of a list.",
        ("['a', 'b'][1]", r#""b""#),
    ),
    (
        "`[…]`, `{'name': …}`",
        "A list, an object. Absent elements are `null`, absent members are left out.",
        ("{'a': [1, null]}", r#"{"a":[1,null]}"#),
    ),
];

/// Returns the reference of operators, macros and functions in Markdown.
pub fn reference() -> String {
    let mut out = String::from("# Expressions\n\n");
    out.push_str(
        "An expression is CEL over modern names.\n\
         Numbers are exact decimals of at most 38 digits.\n\
         A result whose inputs are absent is absent, unless the expression tests them by `has()` or `!= null`.\n",
    );
    section(&mut out, "Operators");
    for (written, doc, example) in OPERATORS {
        row(&mut out, written, doc, *example);
    }
    section(&mut out, "Macros");
    for (_, signature, doc, example) in MACROS {
        row(&mut out, &format!("`{signature}`"), doc, *example);
    }
    for (title, rows) in functions::groups() {
        section(&mut out, title);
        for function in rows {
            row(&mut out, &format!("`{}`", function.signature()), function.doc, function.example);
        }
    }
    out.push_str(&limits());
    out
}

fn section(out: &mut String, title: &str) {
    // Writing to a String does not fail.
    let _ =
        write!(out, "\n## {title}\n\n| Written | Meaning | Example | Value |\n| --- | --- | --- | --- |\n");
}

fn row(out: &mut String, written: &str, doc: &str, (example, value): (&str, &str)) {
    let cell = |text: &str| text.replace('|', "\\|");
    let _ = writeln!(out, "| {} | {} | `{}` | `{}` |", cell(written), cell(doc), cell(example), cell(value));
}

fn limits() -> String {
    format!(
        "\n## Limits\n\n\
         An expression has at most {EXPRESSION_BYTES_MAX} bytes, is nested at most {DEPTH_MAX} deep, \
         and has at most {NESTING_MAX} macros within each other.\n\
         One evaluation makes texts of at most {TEXT_BYTES_MAX} bytes and lists of at most {LIST_MAX} elements, \
         and takes at most {STEPS_MAX} steps.\n"
    )
}
