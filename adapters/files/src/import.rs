//! A first mapping of a copybook: a connection, a model per record, a code table per item with 88 levels.
//!
//! **Invariant.** What is printed names every item once, as a field, under `ignore`, or in a comment; what only people can
//! know is marked by TODO.

mod names;

use crate::codepage::CodePage;
use crate::copybook::{self, Condition, Copybook, Lines, Literal};
use crate::field::{Field, Fillers, Form, Setting};
use crate::format::{Building, Format};
use crate::layout::{Dialect, Layout, Outline, Shown};
use adapters_ports::names::{camel, capitalized, kebab, unused};
use kernel::{Diagnostic, FileId, ShapeBuilder};
use names::{step, yaml};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Returns a first mapping of a copybook as YAML, to be read and changed by people.
///
/// `place` is the path of the copybook in the project, `connection` the name that its connection gets.
///
/// # Errors
/// All that is wrong with the copybook, with spans in `file`.
pub fn import_copybook(
    text: &str,
    file: FileId,
    place: &str,
    connection: &str,
) -> Result<String, Vec<Diagnostic>> {
    let stem = place.rsplit('/').next().unwrap_or(place).split('.').next().unwrap_or_default();
    let copybook = copybook::parse(text, file, Lines::Guess, if stem.is_empty() { "RECORD" } else { stem })?;
    let page = CodePage::named("cp037").unwrap_or(CodePage::Utf8);
    let setting = Setting { page, fillers: Fillers::default() };
    let mut shape = ShapeBuilder::new();
    let layout = Layout::build(&copybook, &Dialect::default(), &mut Building { shape: &mut shape, setting })?;
    let mut import = Import { copybook: &copybook, codes: String::new(), tables: BTreeSet::new() };
    let mut taken = BTreeSet::new();
    let records: Vec<String> = layout.types().iter().map(|ty| unused(camel(&ty.name), &mut taken)).collect();
    let mut models = String::new();
    for (n, record) in records.iter().enumerate() {
        let shown = layout.shown(n);
        import.model(
            connection,
            record,
            (records.len() == 1).then(|| &*layout.types()[n].name),
            &shown,
            &mut models,
        );
    }
    let mut out = String::new();
    head(connection, place, &records, &layout, &mut out);
    if !import.codes.is_empty() {
        let _ = write!(out, "\ncodes:{}# modern: legacy\n{}", " ".repeat(43), import.codes);
    }
    let _ = write!(out, "\nmodels:{models}");
    Ok(out)
}

/// The connection. Writing to a string cannot fail.
fn head(connection: &str, place: &str, records: &[String], layout: &Layout, out: &mut String) {
    let _ = writeln!(out, "connections:\n  {connection}:\n    type: files");
    line(out, 4, "path: /inbound/*", "TODO: where the files arrive");
    let _ = writeln!(out, "    format:\n      type: copybook\n      copybook: {place}");
    line(out, 6, "encoding: cp037", "TODO: the code page of the host");
    match (records.len(), layout.types().first().and_then(|ty| ty.length)) {
        (1, Some(length)) => {
            line(out, 6, "framing: fixed", "TODO: `seawall inspect` shows what speaks for it");
            let _ = writeln!(out, "      length: {length}");
        }
        _ => line(out, 6, "framing: rdw", "TODO: `seawall inspect` shows what speaks for it"),
    }
    if records.len() < 2 {
        return;
    }
    line(out, 6, "records:", "TODO: the field that says which record it is, and its values");
    for (n, record) in records.iter().enumerate() {
        let shown = layout.shown(n);
        let _ = match first_leaf(&shown) {
            Some((name, field)) => {
                writeln!(out, "        {record}: {{ {}: {} }}", yaml(&name), placeholder(n, field))
            }
            None => writeln!(out, "        # {record} has no field by which it could be known"),
        };
    }
}

/// A line with a comment behind it.
fn line(out: &mut String, indent: usize, text: &str, about: &str) {
    let width = 46_usize.saturating_sub(indent);
    let _ = writeln!(out, "{:indent$}{text:width$} # {about}", "");
}

/// The first field that has no other meaning, with its path.
fn first_leaf(shown: &[Shown<'_>]) -> Option<(String, Field)> {
    shown.iter().find_map(|area| match area {
        Shown { outline: Outline::Leaf(field), repeats: false, .. } => {
            Some((step(area.name), (*field).clone()))
        }
        Shown { outline: Outline::Group(members), repeats: false, name, .. } => {
            first_leaf(members).map(|(inner, field)| (format!("{}/{inner}", step(name)), field))
        }
        _ => None,
    })
}

/// A value that is another one for each record.
fn placeholder(n: usize, field: Field) -> String {
    let most = usize::try_from(field.width).unwrap_or(1).clamp(1, 2);
    match field.form {
        Form::Text | Form::TextRight if most == 1 => format!("\"{}\"", n % 10),
        Form::Text | Form::TextRight => format!("\"{n:02}\""),
        _ => format!("\"{n}\""),
    }
}

struct Import<'a> {
    copybook: &'a Copybook,
    codes: String,
    /// The names of all code tables.
    tables: BTreeSet<String>,
}

impl Import<'_> {
    fn model(
        &mut self,
        connection: &str,
        record: &str,
        only: Option<&str>,
        shown: &[Shown<'_>],
        out: &mut String,
    ) {
        let legacy = format!("{connection}/{}", only.map_or_else(|| record.to_owned(), step));
        let _ = writeln!(out, "\n  {}:\n    legacy: {}", capitalized(record), yaml(&legacy));
        line(out, 4, "fields:", "modern: legacy");
        let mut ignored = Vec::new();
        self.fields(shown, ("", 6), &mut ignored, out);
        if !ignored.is_empty() {
            let _ = writeln!(out, "    ignore: [{}]", ignored.join(", "));
        }
    }

    /// Fields of a group. Paths are relative to it, those that are ignored to the record.
    fn fields(
        &mut self,
        shown: &[Shown<'_>],
        (within, indent): (&str, usize),
        ignored: &mut Vec<String>,
        out: &mut String,
    ) {
        let mut taken = BTreeSet::new();
        for item in shown {
            let legacy = step(item.name);
            let full = if within.is_empty() { legacy.clone() } else { format!("{within}/{legacy}") };
            if item.redefines {
                let _ = writeln!(
                    out,
                    "{:indent$}# {} is another meaning of the same bytes: oneOf, or another model",
                    "", item.name
                );
                ignored.push(yaml(&full));
                continue;
            }
            if item.counts {
                ignored.push(yaml(&full));
                continue;
            }
            let field = unused(camel(item.name), &mut taken);
            match &item.outline {
                Outline::Leaf(leaf) if matches!(leaf.form, Form::Bytes | Form::Dbcs) => {
                    ignored.push(yaml(&full))
                }
                Outline::Leaf(leaf) => {
                    let (codec, about) = self.codec(item, leaf);
                    let all = if item.repeats { "[*]" } else { "" };
                    line(
                        out,
                        indent,
                        &format!("{field}: {}", yaml(&format!("{legacy}{all}{codec}"))),
                        &about,
                    );
                }
                Outline::Group(members) => {
                    let how = if item.repeats { "each" } else { "at" };
                    let _ = writeln!(
                        out,
                        "{:indent$}{field}:\n{:indent$}  {how}: {}\n{:indent$}  fields:",
                        "",
                        "",
                        yaml(&legacy),
                        ""
                    );
                    let before = out.len();
                    self.fields(members, (&full, indent + 4), ignored, out);
                    if !out
                        .get(before..)
                        .unwrap_or_default()
                        .lines()
                        .any(|line| !line.trim_start().starts_with('#'))
                    {
                        out.insert_str(before.saturating_sub(1), " {}");
                    }
                }
            }
        }
    }

    /// The codec of a field, and what it is in words.
    fn codec(&mut self, item: &Shown<'_>, leaf: &Field) -> (String, String) {
        let words = words(leaf);
        let conditions = self.copybook.items.get(item.item).map_or(&[][..], |it| &it.conditions);
        if !conditions.is_empty() {
            return match table(conditions, leaf) {
                Some(lines) => {
                    let name = unused(kebab(item.name), &mut self.tables);
                    let _ = write!(self.codes, "  {name}:\n{lines}");
                    (format!(" | codes({name})"), words)
                }
                None => (String::new(), format!("{words}; its 88 levels are ranges, or overlap")),
            };
        }
        let hint = match leaf.form {
            Form::Zoned { digits: 8, scale: 0, .. } | Form::Packed { digits: 8 | 9, scale: 0, .. } => {
                "; a date? | date(yyyyMMdd)"
            }
            Form::Text if leaf.width == 8 && item.name.to_ascii_uppercase().contains("DAT") => {
                "; a date? | date(yyyyMMdd)"
            }
            Form::Text if leaf.width == 10 && item.name.to_ascii_uppercase().contains("DATE") => {
                "; a date? | date(yyyy-MM-dd)"
            }
            Form::Text if leaf.width == 1 => "; yes or no? | flag(Y, N), or a code? | codes(…)",
            _ => "",
        };
        (String::new(), format!("{words}{hint}"))
    }
}

/// The lines of a code table; nothing if its values are no codes that are each in one line.
fn table(conditions: &[Condition], leaf: &Field) -> Option<String> {
    let mut taken = BTreeSet::new();
    let mut codes = BTreeSet::new();
    let mut out = String::new();
    for condition in conditions {
        let mut values = Vec::new();
        for (value, end) in &condition.values {
            let code = code(value, leaf).filter(|_| end.is_none())?;
            if !codes.insert(code.clone()) {
                return None;
            }
            values.push(format!("\"{}\"", code.replace('\\', "\\\\").replace('"', "\\\"")));
        }
        let name = unused(kebab(&condition.name), &mut taken);
        let _ = match values.as_slice() {
            [one] => writeln!(out, "    {name}: {one}"),
            several => writeln!(out, "    {name}: [{}]", several.join(", ")),
        };
    }
    Some(out)
}

/// A value as it is read from the field: numbers without leading zeros, texts without trailing blanks.
fn code(value: &Literal, leaf: &Field) -> Option<String> {
    let is_text = matches!(leaf.form, Form::Text | Form::TextRight | Form::National);
    match value {
        Literal::Text(text) if is_text => Some(text.trim_end().to_owned()).filter(|text| !text.is_empty()),
        Literal::Text(text) | Literal::Number(text) => {
            let digits = text.trim_start_matches('0');
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            match (is_number, is_text) {
                (true, false) => Some(if digits.is_empty() { "0".into() } else { digits.into() }),
                (true, true) => Some(text.to_string()),
                _ => None,
            }
        }
        Literal::Other(word) if !is_text && word.to_ascii_uppercase().starts_with("ZERO") => Some("0".into()),
        Literal::Other(_) => None,
    }
}

fn words(leaf: &Field) -> String {
    let decimal = |digits: u8, scale: i16| match scale {
        0 => format!("{digits} digits"),
        scale => format!("decimal({digits},{scale})"),
    };
    match leaf.form {
        Form::Text | Form::TextRight => format!("text({})", leaf.width),
        Form::National => format!("text({})", leaf.width / 2),
        Form::Zoned { digits, scale, .. } => decimal(digits, scale),
        Form::Pointed { digits, scale } => decimal(digits, i16::from(scale)),
        Form::Packed { digits, scale, .. } | Form::PackedUnsigned { digits, scale } => {
            format!("{}, packed", decimal(digits, scale))
        }
        Form::Binary { digits, scale, .. } => format!("{}, binary", decimal(digits, scale)),
        Form::Float { .. } => "binary float".into(),
        Form::Bytes | Form::Dbcs => "bytes".into(),
    }
}

#[cfg(test)]
mod tests;
