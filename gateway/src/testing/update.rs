//! `--update`: files with expected data are rewritten where they differ.
//!
//! **Invariant.** Only files below the project are written, and none that already says the same.

use crate::project::Folder;
use engine::json;
use engine::lang::Payload;
use engine::value::Value;
use std::fs;
use std::path::{Component, Path};

/// What was rewritten.
#[derive(Debug)]
pub(super) struct Updates<'a> {
    folder: &'a Folder,
    active: bool,
    written: Vec<String>,
}

/// What became of expected data that differs.
pub(super) enum Rewritten {
    /// It was not asked for.
    No,
    /// The file says now what was found.
    Yes,
    /// It cannot be rewritten; why.
    Cannot(String),
}

impl<'a> Updates<'a> {
    pub(super) fn new(folder: &'a Folder, active: bool) -> Self {
        Self { folder, active, written: Vec::new() }
    }

    /// Returns the files that were rewritten, in the order in which that happened.
    pub(super) fn written(self) -> Vec<String> {
        self.written
    }

    /// Puts JSON in the place of what was expected.
    pub(super) fn json(&mut self, payload: &Payload, found: &Value) -> Rewritten {
        let mut text = String::new();
        pretty(found, 0, &mut text);
        text.push('\n');
        self.put(payload, text.as_bytes())
    }

    /// Puts data in wire form in the place of what was expected.
    pub(super) fn wire(&mut self, payload: &Payload, found: &[u8]) -> Rewritten {
        self.put(payload, &[found, b"\n"].concat())
    }

    fn put(&mut self, payload: &Payload, content: &[u8]) -> Rewritten {
        if !self.active {
            return Rewritten::No;
        }
        let Payload::File(name) = payload else {
            return Rewritten::Cannot("it stands in the mapping, which is not rewritten".into());
        };
        match self.write(&name.value, content) {
            Ok(()) => Rewritten::Yes,
            Err(why) => Rewritten::Cannot(why),
        }
    }

    fn write(&mut self, name: &str, content: &[u8]) -> Result<(), String> {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
        let path = self.folder.root().join(name);
        let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
        let known = folder.is_some_and(|folder| folder.starts_with(self.folder.root()));
        let link = path.symlink_metadata().is_ok_and(|meta| meta.file_type().is_symlink());
        if !Path::new(name).components().all(inside) || !known || link {
            return Err(format!("{name} leads out of the project, or its folder is missing"));
        }
        fs::write(&path, content).map_err(|error| format!("{name}: {error}"))?;
        if !self.written.iter().any(|written| written == name) {
            self.written.push(name.to_owned());
        }
        Ok(())
    }
}

impl Rewritten {
    /// Returns the lines of a failure: none where the file says now what was found.
    pub(super) fn failure(self, mut wrong: Vec<String>) -> Vec<String> {
        match self {
            Self::Yes => Vec::new(),
            Self::No => wrong,
            Self::Cannot(why) => {
                wrong.push(format!("not updated: {why}"));
                wrong
            }
        }
    }
}

/// Widest object or array that stands on one line, in characters.
const LINE_MAX: usize = 80;

/// Writes JSON for people: short objects and arrays on one line, members in their order, numbers as they are.
fn pretty(value: &Value, indent: usize, out: &mut String) {
    let line = one_line(value);
    if indent + line.chars().count() <= LINE_MAX {
        return out.push_str(&line);
    }
    let items: Vec<(Option<&str>, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (Some(&**name), value)).collect(),
        Value::List(items) => items.iter().map(|item| (None, item)).collect(),
        _ => return out.push_str(&line),
    };
    let (open, close) = if matches!(value, Value::Object(_)) { ('{', '}') } else { ('[', ']') };
    out.push(open);
    for (n, (name, item)) in items.into_iter().enumerate() {
        out.push_str(if n > 0 { ",\n" } else { "\n" });
        out.extend(std::iter::repeat_n(' ', indent + 2));
        if let Some(name) = name {
            out.push_str(&quoted(name));
            out.push_str(": ");
        }
        pretty(item, indent + 2, out);
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push(close);
}

fn one_line(value: &Value) -> String {
    let joined = |items: Vec<String>, open: &str, close: &str| {
        if items.is_empty() {
            format!("{open}{close}")
        } else {
            format!("{open} {} {close}", items.join(", "))
        }
    };
    match value {
        Value::Object(members) => joined(
            members.iter().map(|(name, value)| format!("{}: {}", quoted(name), one_line(value))).collect(),
            "{",
            "}",
        ),
        Value::List(items) => joined(items.iter().map(one_line).collect(), "[", "]"),
        scalar => {
            let mut out = Vec::new();
            json::write(scalar, &mut out);
            String::from_utf8_lossy(&out).into_owned()
        }
    }
}

fn quoted(name: &str) -> String {
    let mut out = Vec::new();
    json::write_text(name, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::json::JsonLimits;
    use engine::lang::Spanned;
    use kernel::{FileId, Span};

    #[test]
    fn what_is_written_for_people_reads_back_and_keeps_the_digits() {
        let long = format!(r#"{{"a":420.50,"b":[{{"c":"{}"}},{{}}],"d":[],"e\"":null}}"#, "x".repeat(90));
        let value = json::parse(long.as_bytes(), JsonLimits::default()).unwrap();
        let mut text = String::new();
        pretty(&value, 0, &mut text);
        assert!(text.contains("\n  \"a\": 420.50,\n"), "{text}");
        assert!(text.contains("\"d\": []"), "{text}");
        assert!(json::parse(text.as_bytes(), JsonLimits::default()).unwrap().same(&value));
    }

    #[test]
    fn only_files_below_the_project_are_rewritten() {
        let root = std::env::temp_dir().join(format!("seawall-update-{}", crate::ids::request_id()));
        fs::create_dir_all(root.join("project/tests")).unwrap();
        let folder = Folder::open(&root.join("project")).unwrap();
        let mut updates = Updates::new(&folder, true);
        let file = |name: &str| Payload::File(Spanned::new(name.into(), Span::new(FileId(0), 0, 0)));
        assert!(matches!(updates.wire(&file("tests/a.xml"), b"<a/>"), Rewritten::Yes));
        assert_eq!(fs::read(root.join("project/tests/a.xml")).unwrap(), b"<a/>\n");
        for name in ["../b.xml", "/tmp/b.xml", "tests/../../b.xml", "missing/b.xml"] {
            assert!(matches!(updates.wire(&file(name), b"<a/>"), Rewritten::Cannot(_)), "{name}");
        }
        std::os::unix::fs::symlink(root.join("outside.xml"), root.join("project/tests/link.xml")).unwrap();
        assert!(matches!(updates.wire(&file("tests/link.xml"), b"<a/>"), Rewritten::Cannot(_)));
        assert!(!root.join("b.xml").exists() && !root.join("outside.xml").exists());
        assert_eq!(updates.written(), ["tests/a.xml"]);
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn nothing_is_rewritten_unless_that_is_asked_for() {
        let folder = Folder::open(&std::env::temp_dir()).unwrap();
        let payload = Payload::File(Spanned::new("seawall-never.json".into(), Span::new(FileId(0), 0, 0)));
        let kept = Updates::new(&folder, false).json(&payload, &Value::Null).failure(vec!["differs".into()]);
        assert_eq!(kept, ["differs"]);
        assert!(!std::env::temp_dir().join("seawall-never.json").exists());
    }
}
