//! The records of one file with their fields, and where each stands in the bytes.
//!
//! **Invariant.** What cannot be read is shown as such with its bytes; no record is left out.

use crate::config;
use crate::connection::FilesConnection;
use crate::content::{Blocks, Content, Origin, Stamp};
use crate::format::Format;
use crate::formats;
use crate::select::{Found, Select};
use crate::shape::Kind;
use crate::source::{FileRecords, Reader, headed};
use adapters_ports::{Files, RawRecord, Records, SeenField, Settings};
use bytes::Bytes;
use kernel::{
    DecodeError, Diagnostic, Entry, Interest, Node, NodeKind, PartId, Scalar, Shape, ShapeBuilder, Sources,
    Stop, Style, Text, TypeId, Visitor,
};
use std::fmt::Write as _;
use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// One file that is looked into, record by record.
#[derive(Debug)]
pub struct Inspection {
    connection: FilesConnection,
    reader: Reader,
    records: Option<FileRecords>,
    over: bool,
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// Its number in the file, from 1.
    pub number: u64,
    /// Where it begins in the file, after decompression and behind its length.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u32,
    /// Its type, or why it has none.
    pub kind: Result<Arc<str>, String>,
    /// Its fields, in order.
    pub fields: Vec<SeenField>,
    /// Why the telling of its fields ended early.
    pub problem: Option<String>,
}

impl Inspection {
    /// Opens a file. `format` is what a connection has under that key; `files` gives the copybook.
    ///
    /// # Errors
    /// Everything that is wrong with the format, or why the file cannot be read.
    pub fn open(
        format: &Node,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
        path: &Path,
    ) -> Result<Self, Vec<Diagnostic>> {
        let refuse = |why: String| {
            let message = format!("{} cannot be read: {why}", path.display());
            vec![Diagnostic::new("E091", None, message)]
        };
        let file = File::open(path).map_err(|error| refuse(error.to_string()))?;
        let found = file.metadata().map_err(|error| refuse(error.to_string()))?;
        if !found.is_file() {
            return Err(refuse("it is no regular file".into()));
        }
        let origin = Origin::File { file, path: path.to_owned(), stamp: Stamp::of(&found) };
        Self::of(format, files, sources, findings, (&path.display().to_string(), origin))
    }

    /// Looks into bytes at hand.
    ///
    /// # Errors
    /// As for [`Inspection::open`].
    pub fn of_bytes(format: &Node, files: &dyn Files, bytes: Bytes) -> Result<Self, Vec<Diagnostic>> {
        let (mut sources, mut findings) = (Sources::default(), Vec::new());
        Self::of(format, files, &mut sources, &mut findings, ("bytes", Origin::Memory(bytes)))
    }

    fn of(
        format: &Node,
        files: &dyn Files,
        sources: &mut Sources,
        findings: &mut Vec<Diagnostic>,
        (name, origin): (&str, Origin),
    ) -> Result<Self, Vec<Diagnostic>> {
        let node = connection(format);
        let settings = Settings { name: "inspect", node: &node, offline: false };
        let config = config::read(&settings, files)?;
        let mut shape = ShapeBuilder::new();
        let open = formats::open(&config.format, (files, false), sources, &mut shape, findings)?;
        let (compression, bounds) = (config.compression, config.bounds);
        let connection = FilesConnection::new(config, open, shape)?;
        let content = Content::open(Blocks::new(origin), compression, bounds);
        let content = content.map_err(|why| vec![Diagnostic::new("E091", None, format!("{name}: {why}"))])?;
        let content = content.wide(connection.wide());
        let reader = Reader::new(Arc::clone(connection.plan()), name.into(), content);
        Ok(Self { connection, reader, records: None, over: false })
    }

    /// Returns how many bytes the file has, as it is stored.
    pub fn bytes(&self) -> u64 {
        self.reader.content().blocks().map_or(0, Blocks::size)
    }

    /// Returns how many of them were read.
    pub fn bytes_read(&self) -> u64 {
        self.reader.content().position()
    }

    fn step(&mut self) -> Result<Option<Inspected>, String> {
        loop {
            if let Some(records) = &mut self.records
                && let Some(framed) = records.next()
            {
                return Ok(Some(see(&self.connection, records, framed)));
            }
            match self.reader.batch().map_err(|error| error.to_string())? {
                None => return Ok(None),
                Some(chunk) => {
                    let layout = Arc::clone(&self.connection.plan().layout);
                    self.records = Some(FileRecords::new(layout, chunk, None));
                }
            }
        }
    }
}

impl Iterator for Inspection {
    type Item = Result<Inspected, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        let step = self.step().transpose();
        self.over = !matches!(step, Some(Ok(_)));
        step
    }
}

/// Returns a connection that has this format.
fn connection(format: &Node) -> Node {
    let entry = |key: &str, value: Node| Entry { key: key.into(), key_span: format.span, value };
    let path = NodeKind::Text(Text { value: "*".into(), style: Style::Quoted });
    let path = entry("path", Node { span: format.span, kind: path });
    Node { span: format.span, kind: NodeKind::Map(vec![path, entry("format", format.clone())]) }
}

fn see(connection: &FilesConnection, records: &mut FileRecords, framed: adapters_ports::Framed) -> Inspected {
    let (layout, shape) = (&connection.plan().layout, connection.shape());
    let mut seen = Inspected {
        number: framed.number,
        offset: framed.offset,
        length: framed.length,
        kind: framed.part.as_ref().map(|_| Arc::default()).map_err(|error| error.message.clone()),
        fields: Vec::new(),
        problem: None,
    };
    let Some(kind) =
        framed.part.ok().and_then(|part| layout.index(part)).and_then(|kind| layout.kinds.get(kind))
    else {
        return seen;
    };
    seen.kind = Ok(Arc::clone(&kind.name));
    let format = &*layout.format;
    (seen.fields, seen.problem) = fields(shape, format, kind, &records.raw().bytes, framed.offset);
    seen
}

/// Returns the fields of a record that begins at `at`, and why their telling ended early.
fn fields(
    shape: &Shape,
    format: &dyn Format,
    kind: &Kind,
    bytes: &[u8],
    at: u64,
) -> (Vec<SeenField>, Option<String>) {
    let places = format.places(kind.number, bytes).into_iter();
    let mut see = See { shape, places, bytes, at, path: Vec::new(), fields: Vec::new() };
    let told = format.tell(kind.number, bytes, at, &mut String::new(), &mut see);
    (see.fields, told.err().map(|error| error.to_string()))
}

/// Returns the fields of the record of a dead letter; none where it has no type.
pub(crate) fn letter_fields(connection: &FilesConnection, raw: &RawRecord) -> Vec<SeenField> {
    let plan = connection.plan();
    let Ok((format, _)) = headed(plan, raw) else { return Vec::new() };
    let Found::One(kind) = Select::new(Arc::clone(&plan.rules)).find(&*format, &raw.bytes) else {
        return Vec::new();
    };
    let Some(kind) = plan.layout.kinds.get(usize::from(kind)) else { return Vec::new() };
    fields(connection.shape(), &*format, kind, &raw.bytes, raw.offset).0
}

/// Gathers fields with their places.
struct See<'a> {
    shape: &'a Shape,
    places: std::vec::IntoIter<Option<Range<usize>>>,
    bytes: &'a [u8],
    at: u64,
    path: Vec<Open>,
    fields: Vec<SeenField>,
}

/// A group that is open.
#[derive(Default)]
struct Open {
    /// The path of what is in it, up to its name.
    path: String,
    /// How often parts that repeat were told.
    counts: Vec<(PartId, u32)>,
}

impl See<'_> {
    /// Returns the name of a part, with its number where it repeats.
    fn named(&mut self, part: PartId) -> String {
        let declared = self.shape.part(part);
        if !declared.occurs.repeats() {
            return declared.name.to_string();
        }
        let Some(Open { counts, .. }) = self.path.last_mut() else { return declared.name.to_string() };
        let at = counts.iter().position(|(known, _)| *known == part).unwrap_or_else(|| {
            counts.push((part, 0));
            counts.len() - 1
        });
        let number = counts.get_mut(at).map_or(1, |(_, number)| {
            *number += 1;
            *number
        });
        format!("{}[{number}]", declared.name)
    }
}

impl Visitor for See<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if self.path.is_empty() {
            self.path.push(Open::default());
        }
        let name = self.named(part);
        let mut path = self.path.last().map_or(String::new(), |open| open.path.clone());
        path.push_str(&name);
        if self.shape.group(ty).is_some() {
            path.push('/');
            self.path.push(Open { path, counts: Vec::new() });
            return Interest::Descend;
        }
        let place = self.places.next().flatten();
        let hex = hex(place.clone().and_then(|place| self.bytes.get(place)).unwrap_or_default());
        let offset = place.map(|place| self.at.saturating_add(u64::try_from(place.start).unwrap_or(0)));
        self.fields.push(SeenField { path, value: None, offset, hex });
        Interest::Leaf
    }

    fn leaf(&mut self, _: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let value = match scalar {
            Scalar::Nil => return Ok(()),
            Scalar::Text(text) => text.trim_end().to_owned(),
            Scalar::Bytes(bytes) => hex(bytes),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Decimal(value) => value.to_string(),
            Scalar::Float(value) => value.to_string(),
            Scalar::Date(value) => value.to_string(),
            Scalar::Time(value) => value.to_string(),
            Scalar::DateTime(value) => value.to_string(),
            Scalar::Instant(value) => value.to_string(),
        };
        if let Some(field) = self.fields.last_mut() {
            field.value = Some(Ok(value));
        }
        Ok(())
    }

    fn unreadable(&mut self, _: PartId, error: &DecodeError) -> Result<(), Stop> {
        if let Some(field) = self.fields.last_mut() {
            field.value = Some(Err(error.message.clone()));
            if let (true, Some(bad)) = (field.hex.is_empty(), &error.field) {
                field.hex = hex(&bad.bytes);
            }
        }
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        self.path.pop();
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}
