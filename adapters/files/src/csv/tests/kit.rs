//! Opens a format as a mapping writes it, and notes what it tells.
//!
//! **Invariant.** Nothing here knows how fields are told apart.

use crate::codepage::CodePage;
use crate::csv::{Csv, open};
use crate::format::Format;
use adapters_ports::{Files, Forms};
use kernel::{
    DecodeError, Document, Entry, FileId, Interest, Node, NodeKind, PartId, Progress, Scalar, ShapeBuilder,
    Span, Stop, Style, Text, TypeId, Visitor,
};
use std::sync::Arc;

#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "legacy/sample.csv" => Ok(b"\xEF\xBB\xBFid;\"full name\"; amount \n1;x;2\n".to_vec()),
            _ => Err(format!("there is no `{path}`")),
        }
    }
}

pub(crate) fn span() -> Span {
    Span::new(FileId(0), 0, 0)
}

/// Makes a node of JSON.
pub(crate) fn node(value: &serde_json::Value) -> Node {
    let kind = match value {
        serde_json::Value::Array(items) => NodeKind::List(items.iter().map(node).collect()),
        serde_json::Value::Object(map) => NodeKind::Map(
            map.iter()
                .map(|(key, value)| Entry { key: key.clone(), key_span: span(), value: node(value) })
                .collect(),
        ),
        serde_json::Value::String(text) => NodeKind::Text(Text { value: text.clone(), style: Style::Quoted }),
        other => NodeKind::Text(Text { value: other.to_string(), style: Style::Plain }),
    };
    Node { span: span(), kind }
}

/// Opens a format, or says what is wrong with it.
pub(crate) fn try_open(format: &serde_json::Value, page: &str) -> Result<Csv, Vec<String>> {
    let mut forms = Forms::new(false);
    let mut shape = ShapeBuilder::new();
    let page = CodePage::named(page).unwrap();
    let csv = open(&node(format), page, &mut forms, &NoFiles, &mut shape);
    match forms.finish(csv) {
        Ok(csv) => Ok(csv.expect("nothing is wrong")),
        Err(wrong) => Err(wrong.into_iter().map(|found| found.message).collect()),
    }
}

pub(crate) fn opened(format: serde_json::Value) -> Csv {
    try_open(&format, "utf-8").unwrap()
}

/// What was told of a record.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The leaves in order.
    pub(crate) leaves: Vec<(PartId, String)>,
    /// What the shape does not know.
    pub(crate) unknown: Vec<String>,
    /// What cannot be read, and where.
    pub(crate) unreadable: Vec<(PartId, String, u64)>,
}

impl Visitor for Told {
    fn enter(&mut self, _: PartId, _: TypeId) -> Interest {
        Interest::Leaf
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let Scalar::Text(text) = scalar else { panic!("{scalar:?}") };
        self.leaves.push((part, text.to_owned()));
        Ok(())
    }

    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.unreadable.push((part, error.message.clone(), error.offset));
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Tells a record that begins at byte 100.
pub(crate) fn tell(format: &dyn Format, number: usize, record: &[u8]) -> Result<Told, String> {
    let mut told = Told::default();
    let progress = format.tell(number, record, 100, &mut String::new(), &mut told);
    match progress {
        Ok(progress) => assert_eq!(progress, Progress::End),
        Err(error) => return Err(error.to_string()),
    }
    Ok(told)
}

/// The values of a record, by the names of their columns.
pub(crate) fn values(
    format: &dyn Format,
    number: usize,
    record: &[u8],
) -> Result<Vec<(String, String)>, String> {
    let (told, names) = (tell(format, number, record)?, format.names(number));
    let place = |part: PartId| format.types()[number].parts.iter().position(|other| *other == part).unwrap();
    Ok(told.leaves.into_iter().map(|(part, text)| (names[place(part)].clone(), text)).collect())
}

/// The values alone.
pub(crate) fn texts(format: &dyn Format, record: &[u8]) -> Result<Vec<String>, String> {
    Ok(tell(format, 0, record)?.leaves.into_iter().map(|(_, text)| text).collect())
}

/// Tells texts as parts.
pub(crate) struct Given(pub(crate) Vec<(PartId, Option<String>)>);

impl Document for Given {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        for (part, text) in self.0.drain(..) {
            if to.enter(part, TypeId(0)) == Interest::Leaf {
                let told = to.leaf(part, text.as_deref().map_or(Scalar::Nil, Scalar::Text));
                if told.is_err() {
                    return Ok(Progress::Stopped);
                }
            }
        }
        Ok(Progress::End)
    }
}

/// The texts as parts of a type of records.
pub(crate) fn given(format: &dyn Format, number: usize, texts: &[&str]) -> Given {
    let parts = &format.types()[number].parts;
    Given(parts.iter().zip(texts).map(|(part, text)| (*part, Some((*text).to_owned()))).collect())
}

pub(crate) fn written(format: &dyn Format, number: usize, texts: &[&str]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    format.write(number, &mut given(format, number, texts), &mut out).map_err(|error| error.to_string())?;
    Ok(out)
}

pub(crate) fn rewritten(format: &dyn Format, old: &[u8], texts: &[&str]) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    let done = format.rewrite(0, old, &mut given(format, 0, texts), &mut out);
    done.map_err(|error| error.to_string())?;
    Ok(out)
}

pub(crate) fn shared(path: &str) -> Option<std::path::PathBuf> {
    let root = std::env::var("SEAWALL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let full = std::path::Path::new(&root).join(path);
    if !full.exists() {
        eprintln!("SKIPPED: {path} is missing; set SEAWALL_SHARED");
        return None;
    }
    Some(full)
}

/// The format of a file whose first record is this one.
pub(crate) fn headed(csv: &Csv, header: &str) -> Result<Arc<dyn Format>, String> {
    csv.headed(header.as_bytes()).map_err(|error| error.to_string())
}
