//! Filters against reading: a predicate holds for a row if and only if its modern value is wanted.
//!
//! **Invariant.** Rows are judged as SQL does, NULL and blanks included; nothing is asked of a database.

use super::{Ask, Column, Unfit, Wanted};
use crate::codec::Chain;
use crate::codec::tests::kit::{Random, chain, try_chain, value};
use crate::value::Value;
use kernel::{Comparison, Datum, Decimal, PartId, Predicate, Scalar};
use std::cmp::Ordering;

const COMPARISONS: [(Comparison, &str); 6] = [
    (Comparison::Equal, "="),
    (Comparison::NotEqual, "<>"),
    (Comparison::Less, "<"),
    (Comparison::LessOrEqual, "<="),
    (Comparison::Greater, ">"),
    (Comparison::GreaterOrEqual, ">="),
];

/// Prints a predicate; columns are `a`, `b`, `c`.
fn shown(predicate: &Predicate) -> String {
    let name = |part: &PartId| char::from(b'a' + u8::try_from(part.0).unwrap()).to_string();
    let text = |datum: &Datum| match datum {
        Datum::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    };
    let sign = |op| COMPARISONS.iter().find(|(known, _)| *known == op).unwrap().1;
    let folded = |name: String, fold: bool| if fold { format!("lower({name})") } else { name };
    match predicate {
        Predicate::All(of) if of.is_empty() => "true".into(),
        Predicate::Any(of) if of.is_empty() => "false".into(),
        Predicate::All(of) => format!("({})", of.iter().map(shown).collect::<Vec<_>>().join(" and ")),
        Predicate::Any(of) => format!("({})", of.iter().map(shown).collect::<Vec<_>>().join(" or ")),
        Predicate::Compare { column, op, value, fold } => {
            format!("{} {} {}", folded(name(column), *fold), sign(*op), text(value))
        }
        Predicate::In { column, values, fold } => {
            let values: Vec<String> = values.iter().map(text).collect();
            format!("{} in [{}]", folded(name(column), *fold), values.join(","))
        }
        Predicate::Like { column, text, anywhere, fold } => {
            let any = if *anywhere { "%" } else { "" };
            format!("{} like {any}{text}%", folded(name(column), *fold))
        }
        Predicate::Null { column, is } => {
            format!("{} is{} null", name(column), if *is { "" } else { " not" })
        }
        Predicate::Same { .. } => panic!("a filter asks for values, not for sameness"),
    }
}

fn columns(chain: &Chain, nullable: bool) -> Vec<Column> {
    (0..chain.inner.leaves.len()).map(|n| (PartId(u32::try_from(n).unwrap()), nullable)).collect()
}

fn wanted(ask: &str) -> Wanted {
    let (word, text) = ask.split_once(' ').unwrap();
    let operators = COMPARISONS.iter().find(|(_, sign)| *sign == word);
    match (operators, word) {
        (Some((op, _)), _) => Wanted::Compare(*op, value(text)),
        (_, "in") => match value(text) {
            Value::List(values) => Wanted::In(values),
            other => panic!("{other:?}"),
        },
        (_, "starts") => Wanted::Starts(text.into()),
        _ => Wanted::Contains(text.into()),
    }
}

#[test]
fn a_filter_on_the_modern_value_becomes_one_on_columns() {
    let check = |line: &str, nullable: bool, ask: &str, expected: &str| {
        let chain = chain(line);
        let rows = chain.rows(&columns(&chain, nullable), &wanted(ask)).unwrap();
        assert_eq!(shown(&rows), expected, "{line}: {ask}");
    };
    check("char(3) | codes(country)", false, "= \"AT\"", "a = 038");
    check("char(3) | codes(country)", false, "= \"XX\"", "false");
    check("text | flag(A, [S, G])", false, "= false", "a in [S,G]");
    check("text | flag(A, [S, G])", true, "<> false", "((a <> S and a <> G) or a is null)");
    check("text | flag(A, [S, G])", true, "<> true", "(a <> A or a is null)");
    check("text | flag(A, [S, G])", true, "in [true,false]", "a in [A,S,G]");
    check("char(10) | lower", false, "= \"Ada\"", "lower(a) = ada");
    check("char(10) | lower", false, "starts Ad", "lower(a) like ad%");
    check("char(10) | lower", false, "contains Ad", "lower(a) like %ad%");
    check("text(10)", true, "= \"x\"", "a = x");
    check("text(10)", true, "<> \"x\"", "(a <> x or a is null)");
    check("text(10)", false, "< \"x\"", "(a < x and a <> )");
    check("text(3)", true, "= \"long\"", "false");
    check("text(3)", true, "<> \"long\"", "true");
    check("decimal(7,0)", false, "= 12345678", "false");
    check("decimal(7,0)", true, "< 12345678", "a is not null");
    check("decimal(7,0)", true, "> 12345678", "false");
    check("decimal(7,0)", true, "> -12345678", "a is not null");
    check("decimal(7,2)", false, ">= 1.005", "a > 1");
    check("decimal(7,2)", false, "< -1.005", "a <= -1.01");
    check("decimal(7,2)", false, "= 1.10", "a = 1.1");
    check("integer | nullIf(0)", true, "<> 5", "(a <> 5 or a is null)");
    check("integer | nullIf(0)", true, "< 5", "(a < 5 and a <> 0)");
    check("integer | nullIf(0)", true, "> 5", "a > 5");
    check("integer | nullIf(0)", true, "= 0", "false");
    check("integer | default(7)", true, "= 7", "(a = 7 or a is null)");
    check("integer | default(7)", true, "= 8", "a = 8");
    check("integer | default(7)", true, "<> 7", "a <> 7");
    check("integer | nullIf(0) | default(7)", false, ">= 5", "(a >= 5 or a = 0)");
    check("integer | nullIf(0) | date(yyyyMMdd)", false, ">= \"2026-03-01\"", "a >= 20260301");
    check("integer | nullIf(0) | date(yyyyMMdd)", false, "< \"2026-03-01\"", "(a < 20260301 and a <> 0)");
    check("integer | decimal(1)", false, "> 3.85", "a > 38");
    check("integer | decimal(1)", false, "= 3.8", "a = 38");
    check("integer | decimal(1)", false, "= 3.85", "false");
    check("text(6) | pad(left, 4, 0)", false, "= \"42\"", "a in [42,042,0042,00042,000042]");
    check("text(6) | pad(left, 4, 0)", false, "= \"042\"", "false");
    check("char(6) | slice(1, 3)", false, "= \"VIE\"", "a like VIE%");
    check("char(6) | slice(1, 3)", false, "= \"VI\"", "(a = VI or a like VI %)");
    check("char(6) | slice(1, 3)", false, "starts VI", "a like VI%");
    let when = "integer + integer | datetime(yyyyMMdd + HHmmss)";
    check(when, false, ">= \"2026-03-01T00:00:00Z\"", "(a > 20260301 or (a = 20260301 and b >= 10000))");
    check(when, false, "> \"2026-03-01T00:00:00.5Z\"", "(a > 20260301 or (a = 20260301 and b > 10000))");
    check(when, false, ">= \"2026-03-01T00:00:00.5Z\"", "(a > 20260301 or (a = 20260301 and b > 10000))");
    check(when, false, "< \"2026-03-01T00:00:00.5Z\"", "(a < 20260301 or (a = 20260301 and b <= 10000))");
    check(when, false, "= \"2026-03-01T00:00:00Z\"", "(a = 20260301 and b = 10000)");
    check(
        when,
        true,
        "<> \"2026-03-01T00:00:00Z\"",
        "(a <> 20260301 or a is null or b <> 10000 or b is null)",
    );
    check("char(10) + char(10) | lines(10)", false, "starts Hu", "(a like Hu% or (a =  and b like Hu%))");
    check(
        "char(10) + char(10) | lines(10)",
        false,
        "starts Anna Hu",
        "(a like Anna Hu% or (a = Anna and b like Hu%) or (a =  and b like Anna Hu%))",
    );
    check("char(5) + char(5) | lines(5)", false, "= \"Anna Hu\"", "(a = Anna and b = Hu)");
    check(
        "text + text | join(-)",
        false,
        "= \"a-b\"",
        "((a = a-b and b = ) or (a = a and b = b) or (a =  and b = a-b))",
    );
}

#[test]
fn the_hour_that_the_clocks_repeat_is_cut_where_it_reads() {
    let check = |line: &str, ask: &str, expected: &str| {
        let chain = chain(line);
        assert_eq!(
            shown(&chain.rows(&columns(&chain, false), &wanted(ask)).unwrap()),
            expected,
            "{line} {ask}"
        );
    };
    // 00:30Z is the first 02:30 of the night, 01:30Z the second, which is never read.
    check("timestamp", ">= \"2026-10-25T00:30:00Z\"", "a >= 2026-10-25T02:30:00");
    check("timestamp", ">= \"2026-10-25T01:30:00Z\"", "a >= 2026-10-25T03:00:00");
    check("timestamp", "> \"2026-10-25T01:30:00Z\"", "a >= 2026-10-25T03:00:00");
    check("timestamp", "< \"2026-10-25T01:30:00Z\"", "a < 2026-10-25T03:00:00");
    check("timestamp", "<= \"2026-10-25T01:30:00Z\"", "a < 2026-10-25T03:00:00");
    check("timestamp", "= \"2026-10-25T01:30:00Z\"", "false");
    check("timestamp", "= \"2026-10-25T00:30:00Z\"", "a = 2026-10-25T02:30:00");
    check("timestamp", ">= \"2026-10-25T02:00:00Z\"", "a >= 2026-10-25T03:00:00");
    check(
        "integer + integer | datetime(yyyyMMdd + HHmmss)",
        "<= \"2026-10-25T01:30:00Z\"",
        "(a < 20261025 or (a = 20261025 and b < 30000))",
    );
}

#[test]
fn what_a_codec_cannot_answer_is_known_before() {
    let check = |line: &str, ask: Ask, expected: Option<&str>| {
        let found = chain(line).takes(ask);
        let found = found.err().map(|unfit| match unfit {
            Unfit::Order => "order",
            Unfit::Inverse(_) => "inverse",
        });
        assert_eq!(found, expected, "{line} {ask:?}");
    };
    check("text | codes(country)", Ask::Range, Some("order"));
    check("text | codes(country)", Ask::Starts, None);
    check("char(5) + char(5) | lines(5)", Ask::Range, Some("order"));
    check("char(5) + char(5) | lines(5)", Ask::Contains, Some("inverse"));
    check("char(5) + char(5) | lines(5)", Ask::Starts, None);
    check("text | date(yyMMdd)", Ask::Range, Some("order"));
    check("text | date(yyMMdd)", Ask::Same, None);
    check("text | decimal(2)", Ask::Same, Some("inverse"));
    check("text | integer", Ask::Same, Some("inverse"));
    check("text | datetime(unix)", Ask::Range, Some("order"));
    check("integer", Ask::Starts, Some("inverse"));
    check("text | split(;)", Ask::Same, Some("inverse"));
    check("text | slice(2, 3)", Ask::Same, Some("inverse"));
    check("text(9) | slice(1, 3)", Ask::Other, Some("inverse"));
    check("text | pad(left, 4, 0)", Ask::Same, Some("inverse"));
    check("text(8) | pad(left, 4, 0)", Ask::Starts, Some("inverse"));
    check("text | lower", Ask::Range, Some("order"));
    check("bool", Ask::Range, Some("order"));
    check("blob(9) | base64", Ask::Starts, Some("inverse"));
    check("blob(9) | base64", Ask::Same, None);
    check("integer | raw", Ask::Same, Some("inverse"));
}

/// A line, texts that its columns may hold, and modern values that are asked for.
type Line = (&'static str, &'static [&'static [&'static str]], &'static [&'static str]);

const LINES: &[Line] = &[
    ("char(3) | codes(country)", &[&["038", "004", "", "756"]], &["\"AT\"", "\"DE\"", "\"CH\"", "\"XX\""]),
    ("text(3) | flag(A, [S, G])", &[&["A", "S", "G", ""]], &["true", "false"]),
    ("text(3) | flag(A, [S, G]) | default(true)", &[&["A", "S", "G", ""]], &["true", "false"]),
    ("integer | flag(1, [0, 2])", &[&["1", "0", "2"]], &["true", "false"]),
    ("integer", &[&["0", "5", "-3", "70"]], &["0", "5", "4.5", "71"]),
    ("integer | nullIf(0, 5)", &[&["0", "5", "-3", "70"]], &["0", "5", "-3", "71"]),
    ("integer | nullIf(0) | default(5)", &[&["0", "5", "-3", "70"]], &["0", "5", "-3", "71"]),
    ("decimal(5,2)", &[&["0", "1.10", "-1.01", "999.99"]], &["1.1", "1.105", "-1.005", "1000", "-1000"]),
    ("integer | decimal(1)", &[&["38", "-5", "0"]], &["3.8", "3.85", "-0.55", "0"]),
    (
        "integer | nullIf(0) | date(yyyyMMdd)",
        &[&["0", "20260301", "19991231"]],
        &["\"2026-03-01\"", "\"2000-01-01\""],
    ),
    ("text(8) | date(yyyyMMdd)", &[&["", "20260301", "19991231"]], &["\"2026-03-01\"", "\"2000-01-01\""]),
    ("text(6) | time(HHmm)", &[&["", "0930", "2359"]], &["\"09:30:00\"", "\"09:30:01\"", "\"00:00:00\""]),
    (
        "integer + integer | datetime(yyyyMMdd + HHmmss)",
        &[&["20260301", "20261025"], &["0", "90500", "23000", "25959", "30000"]],
        &[
            "\"2026-03-01T08:05:00Z\"",
            "\"2026-10-25T00:30:00Z\"",
            "\"2026-10-25T01:30:00Z\"",
            "\"2026-03-01T08:05:00.5Z\"",
        ],
    ),
    (
        "integer + integer | nullIf(0) | datetime(yyyyMMdd + HHmmss)",
        &[&["0", "20261025"], &["0", "90500"]],
        &["\"2026-10-25T08:05:00Z\"", "\"1999-10-25T00:30:00Z\""],
    ),
    (
        "timestamp",
        &[&["2026-10-25T02:30:00", "2026-10-25T03:00:00", "2026-10-25T01:59:59"]],
        &["\"2026-10-25T00:30:00Z\"", "\"2026-10-25T01:30:00Z\"", "\"2026-10-25T02:00:00Z\""],
    ),
    ("xdate", &[&["2026-03-01", "1999-12-31"]], &["\"2026-03-01\"", "\"2027-03-01\""]),
    ("text(9)", &[&["ab", "", "Ab", "abc", "b"]], &["\"ab\"", "\"abc\"", "\"\"", "\"much too long\""]),
    ("char(9) | lower", &[&["ab", "", "Ab", "ABC"]], &["\"ab\"", "\"AB\"", "\"abc\""]),
    ("text(5) | pad(left, 4, 0)", &[&["42", "0042", "00000", "420", ""]], &["\"42\"", "\"0\"", "\"042\""]),
    ("text(5) | pad(right, 4, x)", &[&["ab", "abxx", "xxxx", "a", ""]], &["\"ab\"", "\"x\"", "\"abx\""]),
    ("text(6) | slice(1, 3)", &[&["VIE1", "VI", "VI 1", "", "   1"]], &["\"VIE\"", "\"VI\"", "\"V\""]),
    (
        "char(6) + char(6) + char(6) | lines(6)",
        &[&["ab", "ab cd", "", "x"], &["cd", "cd ef", "", "ab"], &["", "ef", "cd"]],
        &["\"ab cd\"", "\"ab cd ef\"", "\"cd\"", "\"ab\"", "\"ab cd cd ef ef\""],
    ),
    (
        "char(6) + char(6) | lines(6) | lower",
        &[&["Ab", "ab CD", ""], &["cd", "CD ef", ""]],
        &["\"ab cd\"", "\"ab cd ef\"", "\"cd\""],
    ),
    (
        "text(6) + text(6) | join(-)",
        &[&["a", "a-b", ""], &["b", "a-b", ""]],
        &["\"a-b\"", "\"a\"", "\"a-a-b\"", "\"b-\""],
    ),
    ("hexbytes", &[&["0AFF", "00"]], &["\"0AFF\"", "\"0aff\"", "\"00\""]),
];

#[test]
fn a_predicate_holds_for_a_row_if_and_only_if_its_value_is_wanted() {
    let mut random = Random(7);
    let (mut asked, mut held) = (0, 0);
    for (line, texts, values) in LINES {
        for nulls in [&[][..], &["5", "ab"][..]] {
            let Ok(chain) = try_chain(line, Some("Europe/Vienna"), nulls) else { continue };
            for row in rows(texts) {
                let scalars: Vec<Scalar<'_>> =
                    row.iter().map(|text| text.map_or(Scalar::Nil, Scalar::Text)).collect();
                let Ok(read) = chain.read(&scalars) else { continue };
                for value in *values {
                    for (ask, wanted) in asks(value, &mut random) {
                        if chain.takes(ask).is_err() {
                            continue;
                        }
                        let expected = is_wanted(&chain, &read, &wanted);
                        let Some(expected) = expected else { continue };
                        let Ok(found) = chain.rows(&columns(&chain, true), &wanted) else { continue };
                        let found_row = holds(&found, &chain, &row);
                        assert_eq!(
                            found_row,
                            expected,
                            "{line} {nulls:?}: {row:?} reads {read:?}, asked {wanted:?}: {}",
                            shown(&found)
                        );
                        asked += 1;
                        held += usize::from(found_row);
                    }
                }
            }
        }
    }
    assert!(asked > 3000 && held > 500, "{asked} questions, {held} of them with yes");
}

/// Every row of these texts and NULL.
fn rows<'t>(texts: &[&[&'t str]]) -> Vec<Vec<Option<&'t str>>> {
    texts.iter().fold(vec![Vec::new()], |all, texts| {
        let choices = || texts.iter().copied().map(Some).chain([None]);
        let with = |row: &Vec<Option<&'t str>>, one| row.iter().copied().chain([one]).collect();
        all.iter().flat_map(|row| choices().map(move |one| with(row, one))).collect()
    })
}

fn asks(text: &str, random: &mut Random) -> Vec<(Ask, Wanted)> {
    let value = value(text);
    let mut all: Vec<(Ask, Wanted)> = COMPARISONS
        .iter()
        .map(|(op, _)| {
            let ask = match op {
                Comparison::Equal => Ask::Same,
                Comparison::NotEqual => Ask::Other,
                _ => Ask::Range,
            };
            (ask, Wanted::Compare(*op, value.clone()))
        })
        .collect();
    all.push((Ask::Same, Wanted::In(vec![value.clone(), value.clone()])));
    if let Value::Text(text) = &value {
        let end = text.char_indices().map(|(at, _)| at).nth(random.below(3)).unwrap_or(text.len());
        for part in [&text[..end], text] {
            all.push((Ask::Starts, Wanted::Starts(part.into())));
            all.push((Ask::Contains, Wanted::Contains(part.into())));
        }
    }
    all
}

/// Judges the modern value; nothing where only the system can say how texts compare.
fn is_wanted(chain: &Chain, read: &Value, wanted: &Wanted) -> Option<bool> {
    let equal = |value: &Value| {
        let value = chain.canonical(value).ok()?;
        Some(!read.is_absent() && !value.is_absent() && read.same(&value))
    };
    let folded = chain.inner.steps.iter().any(|step| matches!(step, crate::codec::step::Step::Case { .. }));
    let fold = |text: &str| if folded { text.to_lowercase() } else { text.to_owned() };
    match wanted {
        Wanted::Compare(Comparison::Equal, value) => equal(value),
        Wanted::Compare(Comparison::NotEqual, value) => equal(value).map(|same| !same),
        Wanted::Compare(op, value) => {
            let value = chain.canonical(value).ok()?;
            let order = match (read, &value) {
                (Value::Absent, _) => return Some(false),
                (Value::Text(a), Value::Text(b)) => a.cmp(b),
                _ => super::condition::compare(read, &value, super::condition::By::Value)?,
            };
            Some(match op {
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                _ => order.is_ge(),
            })
        }
        Wanted::In(values) => equal(&values[0]),
        Wanted::Starts(part) => match read {
            Value::Text(text) => Some(text.starts_with(&fold(part))),
            Value::Absent => Some(false),
            _ => None,
        },
        Wanted::Contains(part) => match read {
            Value::Text(text) => Some(text.contains(&fold(part))),
            Value::Absent => Some(false),
            _ => None,
        },
    }
}

/// Judges a row as a database does: a comparison with NULL does not hold.
fn holds(predicate: &Predicate, chain: &Chain, row: &[Option<&str>]) -> bool {
    let cell = |column: &PartId| row[column.0 as usize];
    let case = |text: &str, fold: bool| if fold { text.to_lowercase() } else { text.to_owned() };
    let order = |column: &PartId, datum: &Datum, fold: bool| -> Option<Ordering> {
        let cell = cell(column)?;
        match datum {
            Datum::Text(text) => match &chain.inner.leaves[column.0 as usize].ty {
                kernel::ScalarType::Decimal { .. } => {
                    let number = |text: &str| text.parse::<Decimal>().unwrap();
                    Some(number(cell).cmp(&number(text)))
                }
                _ => Some(case(cell, fold).cmp(&case(text, fold))),
            },
            Datum::Bytes(bytes) => {
                let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
                Some(cell.cmp(&hex))
            }
            Datum::Null => panic!("NULL is not compared with"),
        }
    };
    match predicate {
        Predicate::All(of) => of.iter().all(|one| holds(one, chain, row)),
        Predicate::Any(of) => of.iter().any(|one| holds(one, chain, row)),
        Predicate::Compare { column, op, value, fold } => {
            order(column, value, *fold).is_some_and(|order| match op {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            })
        }
        Predicate::In { column, values, fold } => {
            values.iter().any(|value| order(column, value, *fold) == Some(Ordering::Equal))
        }
        Predicate::Like { column, text, anywhere, fold } => cell(column).is_some_and(|cell| {
            let (cell, text) = (case(cell, *fold), case(text, *fold));
            if *anywhere { cell.contains(&text) } else { cell.starts_with(&text) }
        }),
        Predicate::Null { column, is } => cell(column).is_none() == *is,
        Predicate::Same { .. } => panic!("a filter asks for values, not for sameness"),
    }
}
