//! The one table of codecs: lookup, suggestions and the printed reference come from it.
//!
//! **Invariant.** Every line has an example, and every example is run by a test.

use super::compile::Build;

/// A codec of the language.
pub(crate) struct Codec {
    /// Its name.
    pub(crate) name: &'static str,
    /// How it is written.
    usage: &'static str,
    reads: &'static str,
    writes: &'static str,
    class: &'static str,
    example: Example,
    /// Checks a call and adds its step.
    pub(crate) build: Build,
}

/// A field line, what its sources hold, and what it reads as.
pub(crate) struct Example {
    /// The line, with legacy types instead of paths.
    pub(crate) field: &'static str,
    /// The text of each source.
    pub(crate) legacy: &'static [&'static str],
    /// The JSON text, or `absent`.
    pub(crate) json: &'static str,
}

/// Returns the codec with this name.
pub(crate) fn find(name: &str) -> Option<&'static Codec> {
    CODECS.iter().find(|codec| codec.name == name)
}

/// Returns the names of all codecs.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    CODECS.iter().map(|codec| codec.name)
}

/// Returns the codec that somebody may have meant.
pub(crate) fn suggest(name: &str) -> Option<&'static str> {
    let alias = match name.to_ascii_lowercase().as_str() {
        "code" | "map" | "table" | "enum" => Some("codes"),
        "bool" | "boolean" | "yesno" => Some("flag"),
        "timestamp" => Some("datetime"),
        "int" | "long" => Some("integer"),
        "lowercase" | "tolower" => Some("lower"),
        "uppercase" | "toupper" => Some("upper"),
        "substring" | "substr" | "mid" => Some("slice"),
        "concat" => Some("join"),
        "wrap" => Some("lines"),
        "lpad" | "rpad" => Some("pad"),
        "coalesce" | "orelse" => Some("default"),
        _ => None,
    };
    alias.or_else(|| nearest(name, names()))
}

/// Returns the name with the fewest edits, if these are few.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let edits = |known: &str| distance(&lower, &known.to_lowercase());
    let (best, known) = names.map(|known| (edits(known), known)).min_by_key(|(edits, _)| *edits)?;
    (best <= 1 + name.chars().count() / 4).then_some(known)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.iter().enumerate() {
            let changed = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Prints the reference as Markdown.
pub(crate) fn reference() -> String {
    let mut page = String::from(HEAD);
    page.push_str("| Codec | Reads | Writes | Class | Example |\n| --- | --- | --- | --- | --- |\n");
    for Codec { usage, reads, writes, class, example, .. } in CODECS {
        let Example { field, legacy, json } = example;
        let legacy = legacy.iter().map(|text| format!("`{text}`")).collect::<Vec<_>>().join(" + ");
        let field = field.replace('|', "\\|");
        page.push_str(&format!(
            "| `{usage}` | {reads} | {writes} | {class} | `{field}`: {legacy} ↔ `{json}` |\n"
        ));
    }
    page.push_str(TAIL);
    page
}

const HEAD: &str = "\
# Codecs

A codec is a pair of functions: one reads, one writes.
A field without codecs is read by its legacy type.
Blank text, NULL and an explicit nothing read as absent.
What is written is read again; a value that would come back as another one is refused.

";

const TAIL: &str = "
**exact**: what was read is written again literally.
**canonical**: reads several forms, writes one.
**lossy**: several legacy values read alike; a value that did not change is not written.
**partial**: some modern values cannot be written and are refused.

Two-digit years from 70 on are of the last century.
A timestamp without a zone is read in the `timezone:` of its connection.
In the hour that the clocks repeat it reads as the earlier instant, and the later one is refused when it is written.
A local time that the clocks skip is refused in both directions.
";

/// All codecs, in the order of the reference.
const CODECS: &[Codec] = &[
    Codec {
        name: "codes",
        usage: "codes(table)",
        reads: "a legacy code as its modern name",
        writes: "the first legacy code of the line",
        class: "exact; lossy if a line lists several",
        example: Example { field: "text | codes(status)", legacy: &["Cancel"], json: "\"cancelled\"" },
        build: |builder, call| builder.codes(call),
    },
    Codec {
        name: "flag",
        usage: "flag(A, [S, G])",
        reads: "true for the codes of the first side, false for those of the second",
        writes: "the first code of the side",
        class: "exact; lossy if a side lists several",
        example: Example { field: "text | flag(A, [S, G])", legacy: &["S"], json: "false" },
        build: |builder, call| builder.flag(call),
    },
    Codec {
        name: "date",
        usage: "date(yyyyMMdd)",
        reads: "a date by its pattern; a number has its leading zeros restored",
        writes: "the same",
        class: "exact",
        example: Example { field: "integer | date(yyyyMMdd)", legacy: &["20260601"], json: "\"2026-06-01\"" },
        build: |builder, call| builder.date(call),
    },
    Codec {
        name: "time",
        usage: "time(HHmmss)",
        reads: "a time by its pattern",
        writes: "the same",
        class: "exact",
        example: Example { field: "integer | time(HHmmss)", legacy: &["90500"], json: "\"09:05:00\"" },
        build: |builder, call| builder.time(call),
    },
    Codec {
        name: "datetime",
        usage: "datetime(yyyyMMdd + HHmmss)",
        reads: "an instant by its pattern, one part per source; `datetime(p, Europe/Vienna)` names the zone, `datetime(unix)` reads seconds since 1970",
        writes: "the same",
        class: "exact; the doubled autumn hour is refused",
        example: Example {
            field: "integer + integer | datetime(yyyyMMdd + HHmmss, Europe/Vienna)",
            legacy: &["20260301", "90500"],
            json: "\"2026-03-01T09:05:00+01:00\"",
        },
        build: |builder, call| builder.datetime(call),
    },
    Codec {
        name: "decimal",
        usage: "decimal(n)",
        reads: "digits of which the last n are decimals; without n, a number with a point",
        writes: "the same; more decimals are refused",
        class: "exact; canonical for text",
        example: Example { field: "integer | decimal(1)", legacy: &["215"], json: "21.5" },
        build: |builder, call| builder.decimal(call),
    },
    Codec {
        name: "integer",
        usage: "integer",
        reads: "text as a whole number",
        writes: "its digits",
        class: "canonical",
        example: Example { field: "text | integer", legacy: &["42"], json: "42" },
        build: |builder, call| builder.integer(call),
    },
    Codec {
        name: "number",
        usage: "number(de)",
        reads: "text as a number with the separators of `de`, `en` or `fr`",
        writes: "the same without groups",
        class: "canonical",
        example: Example { field: "text | number(de)", legacy: &["1234,50"], json: "1234.50" },
        build: |builder, call| builder.number(call),
    },
    Codec {
        name: "nullIf",
        usage: "nullIf(v, …)",
        reads: "v as absent",
        writes: "absent as the first v",
        class: "exact; lossy with several",
        example: Example { field: "integer | nullIf(0) | date(yyyyMMdd)", legacy: &["0"], json: "absent" },
        build: |builder, call| builder.null_if(call),
    },
    Codec {
        name: "default",
        usage: "default(v)",
        reads: "absent as v",
        writes: "v as v",
        class: "lossy",
        example: Example { field: "integer | default(0)", legacy: &["3"], json: "3" },
        build: |builder, call| builder.default(call),
    },
    Codec {
        name: "join",
        usage: "join(-)",
        reads: "several sources as one text; absent ones leave no separator",
        writes: "the parts, if there are exactly as many as sources",
        class: "partial",
        example: Example { field: "text + text | join(-)", legacy: &["4711", "17"], json: "\"4711-17\"" },
        build: |builder, call| builder.join(call),
    },
    Codec {
        name: "lines",
        usage: "lines(35)",
        reads: "several lines as one text",
        writes: "the text wrapped at words; what does not fit is refused",
        class: "canonical, partial",
        example: Example {
            field: "text + text | lines(10)",
            legacy: &["Müller und", "Söhne"],
            json: "\"Müller und Söhne\"",
        },
        build: |builder, call| builder.lines(call),
    },
    Codec {
        name: "split",
        usage: "split(;)",
        reads: "text as an array of texts",
        writes: "the elements with the separator between them",
        class: "partial",
        example: Example { field: "text | split(;)", legacy: &["sea;spa"], json: "[\"sea\",\"spa\"]" },
        build: |builder, call| builder.split(call),
    },
    Codec {
        name: "slice",
        usage: "slice(1, 3)",
        reads: "the characters from the first to the last, counted from 1",
        writes: "only these characters; the others stay",
        class: "exact",
        example: Example { field: "text | slice(1, 3)", legacy: &["VIE01"], json: "\"VIE\"" },
        build: |builder, call| builder.slice(call),
    },
    Codec {
        name: "pad",
        usage: "pad(left, 8, 0)",
        reads: "strips the character from the left or the right; of nothing else one stays",
        writes: "pads to the width",
        class: "canonical",
        example: Example { field: "text | pad(left, 8, 0)", legacy: &["00004711"], json: "\"4711\"" },
        build: |builder, call| builder.pad(call),
    },
    Codec {
        name: "lower",
        usage: "lower",
        reads: "text in lower case",
        writes: "the same",
        class: "canonical",
        example: Example { field: "text | lower", legacy: &["ada@example.com"], json: "\"ada@example.com\"" },
        build: |builder, call| builder.lower(call),
    },
    Codec {
        name: "upper",
        usage: "upper",
        reads: "text in upper case",
        writes: "the same",
        class: "canonical",
        example: Example { field: "text | upper", legacy: &["VIE"], json: "\"VIE\"" },
        build: |builder, call| builder.upper(call),
    },
    Codec {
        name: "raw",
        usage: "raw",
        reads: "the legacy text as it stands, blanks included",
        writes: "the text as it stands",
        class: "exact",
        example: Example { field: "char(4) | raw", legacy: &["A   "], json: "\"A   \"" },
        build: |builder, call| builder.raw(call),
    },
    Codec {
        name: "hex",
        usage: "hex",
        reads: "bytes as pairs of lower-case hexadecimal digits",
        writes: "bytes",
        class: "exact",
        example: Example { field: "bytes | hex", legacy: &["AQL/"], json: "\"0102ff\"" },
        build: |builder, call| builder.hex(call),
    },
    Codec {
        name: "base64",
        usage: "base64",
        reads: "bytes as base64",
        writes: "bytes",
        class: "exact",
        example: Example { field: "bytes | base64", legacy: &["AQL/"], json: "\"AQL/\"" },
        build: |builder, call| builder.base64(call),
    },
    Codec {
        name: "readOnly",
        usage: "readOnly",
        reads: "as without it",
        writes: "nothing",
        class: "–",
        example: Example { field: "text | readOnly", legacy: &["A"], json: "\"A\"" },
        build: |builder, call| builder.read_only(call),
    },
    Codec {
        name: "writeOnly",
        usage: "writeOnly",
        reads: "nothing: the field is not in answers",
        writes: "as without it",
        class: "–",
        example: Example { field: "text | writeOnly", legacy: &["A"], json: "\"A\"" },
        build: |builder, call| builder.write_only(call),
    },
];

/// Returns all examples, for the test that runs them.
#[cfg(test)]
pub(crate) fn examples() -> impl Iterator<Item = &'static Example> {
    CODECS.iter().map(|codec| &codec.example)
}
