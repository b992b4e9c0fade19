//! Functions of texts: those of CEL and of its `strings` extension.
//!
//! **Invariant.** Positions count characters (code points) from 0, as in CEL; no text grows beyond the limit.

use super::super::limits::{LIST_MAX, TEXT_BYTES_MAX};
use super::convert::format;
use super::{Form, Function, Outcome, Param, Ready, count_at, integer, list, made, text, whole};
use crate::value::Value;

const METHOD: Function = Function {
    name: "",
    form: Form::Method,
    params: &[Param::Text],
    optional: 0,
    rest: false,
    result: Outcome::Text,
    doc: "",
    example: ("", ""),
    run: |_, _| Ok(Value::Absent),
};

const TWO: &[Param] = &[Param::Text, Param::Text];

pub(super) const ROWS: &[Function] = &[
    Function {
        name: "size",
        form: Form::Either,
        result: Outcome::Integer,
        doc: "Counts the characters.",
        example: ("size('Café')", "4"),
        run: |args, _| Ok(whole(text(args, 0)?.chars().count())),
        ..METHOD
    },
    Function {
        name: "contains",
        params: TWO,
        result: Outcome::Bool,
        doc: "Says whether the other text stands in it.",
        example: ("'reservation'.contains('serv')", "true"),
        run: |args, _| Ok(Value::Bool(text(args, 0)?.contains(&**text(args, 1)?))),
        ..METHOD
    },
    Function {
        name: "startsWith",
        params: TWO,
        result: Outcome::Bool,
        doc: "Says whether it begins with the other text.",
        example: ("'R-1001'.startsWith('R-')", "true"),
        run: |args, _| Ok(Value::Bool(text(args, 0)?.starts_with(&**text(args, 1)?))),
        ..METHOD
    },
    Function {
        name: "endsWith",
        params: TWO,
        result: Outcome::Bool,
        doc: "Says whether it ends with the other text.",
        example: ("'R-1001'.endsWith('R')", "false"),
        run: |args, _| Ok(Value::Bool(text(args, 0)?.ends_with(&**text(args, 1)?))),
        ..METHOD
    },
    Function {
        name: "matches",
        form: Form::Either,
        params: &[Param::Text, Param::Pattern],
        result: Outcome::Bool,
        doc: "Says whether the pattern matches somewhere; the pattern is written out, and linear in time.",
        example: ("'R-1001'.matches('^R-[0-9]+$')", "true"),
        run: |args, ready| match ready {
            Ready::Pattern(pattern) => Ok(Value::Bool(pattern.is_match(text(args, 0)?))),
            _ => Err("the pattern was not prepared".into()),
        },
        ..METHOD
    },
    Function {
        name: "charAt",
        params: &[Param::Text, Param::Integer],
        doc: "Returns the character at a position; at the end, nothing but an empty text.",
        example: ("'abc'.charAt(1)", r#""b""#),
        run: |args, _| {
            let (text, at) = (text(args, 0)?, count_at(args, 1)?);
            match text.chars().nth(at) {
                Some(c) => made(c.into()),
                None if at == text.chars().count() => made(String::new()),
                None => Err("the position is behind the end of the text".into()),
            }
        },
        ..METHOD
    },
    Function {
        name: "indexOf",
        params: &[Param::Text, Param::Text, Param::Integer],
        optional: 1,
        result: Outcome::Integer,
        doc: "Returns where the other text first stands, from a position on; -1 if nowhere.",
        example: ("'banana'.indexOf('an', 2)", "3"),
        run: |args, _| index_of(args, false),
        ..METHOD
    },
    Function {
        name: "lastIndexOf",
        params: &[Param::Text, Param::Text, Param::Integer],
        optional: 1,
        result: Outcome::Integer,
        doc: "Returns where the other text last stands, up to a position; -1 if nowhere.",
        example: ("'banana'.lastIndexOf('an')", "3"),
        run: |args, _| index_of(args, true),
        ..METHOD
    },
    Function {
        name: "lowerAscii",
        doc: "Makes the letters A to Z small.",
        example: ("'ÄBc'.lowerAscii()", r#""Äbc""#),
        run: |args, _| made(text(args, 0)?.to_ascii_lowercase()),
        ..METHOD
    },
    Function {
        name: "upperAscii",
        doc: "Makes the letters a to z large.",
        example: ("'äBc'.upperAscii()", r#""äBC""#),
        run: |args, _| made(text(args, 0)?.to_ascii_uppercase()),
        ..METHOD
    },
    Function {
        name: "trim",
        doc: "Removes white space at both ends.",
        example: ("'  a b '.trim()", r#""a b""#),
        run: |args, _| made(text(args, 0)?.trim().to_owned()),
        ..METHOD
    },
    Function {
        name: "reverse",
        doc: "Turns the order of the characters.",
        example: ("'abc'.reverse()", r#""cba""#),
        run: |args, _| made(text(args, 0)?.chars().rev().collect()),
        ..METHOD
    },
    Function {
        name: "substring",
        params: &[Param::Text, Param::Integer, Param::Integer],
        optional: 1,
        doc: "Returns the characters from a position, up to but without another.",
        example: ("'tacocat'.substring(0, 4)", r#""taco""#),
        run: substring,
        ..METHOD
    },
    Function {
        name: "replace",
        params: &[Param::Text, Param::Text, Param::Text, Param::Integer],
        optional: 1,
        doc: "Replaces one text by another, at most so many times; -1 is always.",
        example: ("'a-b-c'.replace('-', '+', 1)", r#""a+b-c""#),
        run: replace,
        ..METHOD
    },
    Function {
        name: "split",
        params: &[Param::Text, Param::Text, Param::Integer],
        optional: 1,
        result: Outcome::Texts,
        doc: "Cuts at a separator, into at most so many parts; an empty separator cuts into characters.",
        example: ("'a,b,c'.split(',', 2)", r#"["a","b,c"]"#),
        run: split,
        ..METHOD
    },
    Function {
        name: "join",
        params: &[Param::Texts, Param::Text],
        optional: 1,
        doc: "Puts texts together, with a separator between them.",
        example: ("['a', 'b'].join('/')", r#""a/b""#),
        run: join,
        ..METHOD
    },
    Function {
        name: "format",
        params: &[Param::Text, Param::List],
        doc: "Fills in values: `%s` any, `%d` whole, `%.2f` with decimals, `%e` with exponent, `%x %X %o %b` in another base, `%%` the sign itself.",
        example: ("'%s costs %.2f'.format(['Room', 99.5])", r#""Room costs 99.50""#),
        run: |args, _| format(text(args, 0)?, list(args, 1)?).and_then(made),
        ..METHOD
    },
    Function {
        name: "strings.quote",
        form: Form::Function,
        doc: "Returns the text in double quotes, with escapes.",
        example: (r#"strings.quote('a"b')"#, r#""\"a\\\"b\"""#),
        run: |args, _| quote(text(args, 0)?).and_then(made),
        ..METHOD
    },
];

fn index_of(args: &[Value], last: bool) -> Result<Value, String> {
    let (text, other) = (text(args, 0)?, text(args, 1)?);
    let length = text.chars().count();
    let from = match args.get(2) {
        Some(_) => count_at(args, 2)?,
        None if last => length,
        None => 0,
    };
    if from > length {
        return Err("the position is behind the end of the text".into());
    }
    let byte = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let found = if last {
        // The match may begin at `from` at the latest.
        let end = byte(from).saturating_add(other.len()).min(text.len());
        let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
        text[..end].rfind(&**other).filter(|at| *at <= byte(from))
    } else {
        let start = byte(from);
        text[start..].find(&**other).map(|at| start + at)
    };
    Ok(match found {
        Some(at) => whole(text[..at].chars().count()),
        None => Value::Number((-1).into()),
    })
}

fn substring(args: &[Value], _: &Ready) -> Result<Value, String> {
    let text = text(args, 0)?;
    let length = text.chars().count();
    let from = count_at(args, 1)?;
    let to = if args.len() > 2 { count_at(args, 2)? } else { length };
    if from > to || to > length {
        return Err("the positions do not lie in the text, or the first is behind the second".into());
    }
    made(text.chars().skip(from).take(to - from).collect())
}

fn replace(args: &[Value], _: &Ready) -> Result<Value, String> {
    let (source, old, new) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    let most = match args.get(3) {
        Some(value) => usize::try_from(integer(value)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let mut out = String::new();
    let mut from = 0;
    for (at, found) in source.match_indices(&**old).take(most) {
        out.push_str(&source[from..at]);
        out.push_str(new);
        from = at + found.len();
        within_limit(out.len())?;
    }
    out.push_str(&source[from..]);
    made(out)
}

fn split(args: &[Value], _: &Ready) -> Result<Value, String> {
    let (source, separator) = (text(args, 0)?, text(args, 1)?);
    let most = match args.get(2) {
        Some(value) => usize::try_from(integer(value)?).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    if most == 0 {
        return Ok(Value::List(Vec::new()));
    }
    let mut parts = Vec::new();
    let mut rest: &str = source;
    while parts.len() + 1 < most {
        let cut = match separator.len() {
            // Into characters: the last one stays as the rest.
            0 => rest.char_indices().nth(1).map(|(at, _)| (at, at)),
            width => rest.find(&**separator).map(|at| (at, at + width)),
        };
        let Some((end, next)) = cut else { break };
        parts.push(Value::Text(rest[..end].into()));
        rest = &rest[next..];
        if parts.len() >= LIST_MAX {
            return Err(format!("a list of more than {LIST_MAX} elements"));
        }
    }
    if !(separator.is_empty() && rest.is_empty()) {
        parts.push(Value::Text(rest.into()));
    }
    Ok(Value::List(parts))
}

fn join(args: &[Value], _: &Ready) -> Result<Value, String> {
    let separator: &str = if args.len() > 1 { text(args, 1)? } else { "" };
    let mut out = String::new();
    for (n, item) in list(args, 0)?.iter().enumerate() {
        match item {
            Value::Absent | Value::Null => return Ok(Value::Absent),
            Value::Text(item) => {
                out.push_str(if n > 0 { separator } else { "" });
                out.push_str(item);
            }
            _ => return Err("an element of the list is no text".into()),
        }
        within_limit(out.len())?;
    }
    made(out)
}

fn quote(text: &str) -> Result<String, String> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c => out.push(c),
        }
    }
    out.push('"');
    within_limit(out.len()).map(|()| out)
}

fn within_limit(bytes: usize) -> Result<(), String> {
    if bytes > TEXT_BYTES_MAX { Err(format!("a text of more than {TEXT_BYTES_MAX} bytes")) } else { Ok(()) }
}
