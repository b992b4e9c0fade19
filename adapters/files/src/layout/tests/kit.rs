//! A copybook that is laid out, and visitors that look at its records.

use super::json::Json;
use crate::codepage::CodePage;
use crate::config;
use crate::connection::FilesConnection;
use crate::copybook::{Lines, parse};
use crate::field::{Fillers, Setting};
use crate::format::{Building, Format};
use crate::formats;
use crate::frame::Writer;
use crate::layout::{Dialect, Layout};
use crate::nodes::node;
use adapters_ports::{Files, Settings, Source};
use bytes::Bytes;
use kernel::{
    DecodeError, Diagnostic, Document, Error, FileId, Interest, PartId, Progress, Scalar, Shape,
    ShapeBuilder, Sources, Stop, TypeId, Visitor,
};
use std::path::PathBuf;

/// A copybook that is laid out.
pub(super) struct Kit {
    pub layout: Layout,
    pub shape: Shape,
}

/// Lays out a copybook.
pub(super) fn built(text: &str, page: &str, dialect: &Dialect) -> Result<Kit, Vec<Diagnostic>> {
    let copybook = parse(text, FileId(0), Lines::Guess, "RECORD")?;
    let mut shape = ShapeBuilder::new();
    let setting = Setting { page: CodePage::named(page).expect("a page"), fillers: Fillers::default() };
    let layout = Layout::build(&copybook, dialect, &mut Building { shape: &mut shape, setting })?;
    Ok(Kit { layout, shape: shape.finish() })
}

/// Lays out a copybook that is right.
pub(super) fn kit(text: &str, page: &str) -> Kit {
    kit_with(text, page, &Dialect::default())
}

/// Lays out a copybook that is right.
pub(super) fn kit_with(text: &str, page: &str, dialect: &Dialect) -> Kit {
    built(text, page, dialect).unwrap_or_else(|found| panic!("{found:?}"))
}

/// A project of one copybook.
#[derive(Debug)]
struct Only(Vec<u8>);

impl Files for Only {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Ok(self.0.clone())
    }
}

/// A connection to files of a copybook, as mappings open it; `format` is what the mapping says beside `copybook`.
pub(super) fn connect(copybook: &[u8], format: &str) -> FilesConnection {
    let format = format!("{{ type: copybook, copybook: a.cpy, {format} }}");
    let node = node(&format!("{{ path: /nowhere/*, format: {format} }}"));
    let settings = Settings { name: "in", node: &node, offline: false };
    let config = config::read(&settings, &Only(copybook.to_vec()))
        .unwrap_or_else(|found| panic!("{format}: {found:?}"));
    let (mut sources, mut shape, mut found) = (Sources::default(), ShapeBuilder::new(), Vec::new());
    let only = Only(copybook.to_vec());
    let opened = formats::open(&config.format, (&only, false), &mut sources, &mut shape, &mut found);
    let opened = opened.unwrap_or_else(|found| panic!("{format}: {found:?}"));
    FilesConnection::new(config, opened, shape).unwrap_or_else(|found| panic!("{format}: {found:?}"))
}

/// A record of a file.
pub(super) struct Read {
    /// Its type in the format.
    pub number: usize,
    pub bytes: Vec<u8>,
    pub said: Vec<Say>,
    /// What could not be read.
    pub bad: Vec<String>,
    /// Its residue.
    pub unknown: Vec<String>,
}

/// Reads a file as tests of mappings do: framed, told apart, told, with nothing beside the records.
pub(super) fn read(connection: &FilesConnection, data: &[u8]) -> Vec<Read> {
    let mut unit = connection.sample("a.dat", Bytes::copy_from_slice(data)).unwrap();
    let shape = connection.shape();
    let is_own = |part: PartId| shape.part(part).kind != kernel::PartKind::Beside;
    let mut all = Vec::new();
    while let Some(mut batch) = unit.batch().unwrap() {
        while let Some(framed) = batch.records.next() {
            let part = framed.part.unwrap_or_else(|error| panic!("record {}: {error}", framed.number));
            let index = connection.plan().layout.index(part).expect("a type of the connection");
            let mut recorder =
                Recorder { tolerant: true, shape: Some(shape), wants: Some(&is_own), ..Recorder::default() };
            let told = batch.records.tell(&mut recorder);
            assert_eq!(told, Ok(Progress::End), "record {}", framed.number);
            let Recorder { said, bad, unknown, .. } = recorder;
            let bytes = batch.records.raw().bytes.to_vec();
            all.push(Read {
                number: connection.plan().layout.kinds[index].number,
                bytes,
                said,
                bad,
                unknown,
            });
        }
    }
    all
}

/// Writes what was read of a file over itself, and says whether all its records are the same when they are written anew.
pub(super) fn written_back(connection: &FilesConnection, records: &[Read]) -> (Vec<u8>, bool) {
    let plan = connection.plan();
    let (format, shape) = (&plan.layout.format, connection.shape());
    let mut writer = Writer::new(&plan.framing, plan.skip);
    let mut anew = true;
    for Read { number, bytes, said, .. } in records {
        let mut out = Vec::new();
        format.rewrite(*number, bytes, &mut Replay { said, shape }, &mut out).unwrap();
        writer.push(&out).unwrap();
        out.clear();
        let written = format.write(*number, &mut Replay { said, shape }, &mut out);
        anew &= written.is_ok() && out == *bytes;
    }
    (writer.finish(), anew)
}

/// A file of the shared folder, or nothing with a loud word.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SEAWALL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let full = root.join(path);
    if !full.exists() {
        eprintln!("SKIPPED: {path} is missing; set SEAWALL_SHARED to the folder of shared fixtures");
        return None;
    }
    Some(full)
}

/// Bytes from hexadecimal; blanks are for people.
pub(super) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits.chunks(2).map(|two| u8::try_from(two[0] * 16 + two[1]).expect("a byte")).collect()
}

/// A group that is open, and what it has so far.
type Open = (Option<PartId>, Vec<(String, Json)>);

/// A part that was told.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Say {
    Enter(PartId),
    Text(PartId, String),
    Bytes(PartId, Vec<u8>),
    Float(PartId, f64),
    Nil(PartId),
    Leave(PartId),
}

/// Writes down what it is told, tells it again, and can be choosy.
#[derive(Default)]
pub(super) struct Recorder<'a> {
    pub said: Vec<Say>,
    /// What could not be read: `path: reason`.
    pub bad: Vec<String>,
    pub unknown: Vec<String>,
    /// Parts that it wants; all, if nothing says otherwise.
    pub wants: Option<&'a dyn Fn(PartId) -> bool>,
    pub tolerant: bool,
    pub shape: Option<&'a Shape>,
}

impl Visitor for Recorder<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        if self.wants.is_some_and(|wants| !wants(part)) {
            return Interest::Skip;
        }
        assert_eq!(self.shape.expect("a shape").part(part).ty, ty, "the type of a part is the declared one");
        if self.shape.is_some_and(|shape| shape.group(ty).is_some()) {
            self.said.push(Say::Enter(part));
            return Interest::Descend;
        }
        Interest::Leaf
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.said.push(match scalar {
            Scalar::Nil => Say::Nil(part),
            Scalar::Text(text) => Say::Text(part, text.into()),
            Scalar::Bytes(bytes) => Say::Bytes(part, bytes.into()),
            Scalar::Float(number) => Say::Float(part, number),
            Scalar::Int(number) => Say::Text(part, number.to_string()),
            Scalar::Decimal(number) => Say::Text(part, number.to_string()),
            other => panic!("a record has no {other:?}"),
        });
        Ok(())
    }

    fn unreadable(&mut self, _: PartId, error: &DecodeError) -> Result<(), Stop> {
        self.bad.push(error.to_string());
        if self.tolerant { Ok(()) } else { Err(Stop) }
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.into());
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.said.push(Say::Leave(part));
        Ok(())
    }
}

impl Kit {
    /// A recorder that wants everything and takes what cannot be read as absent.
    pub(super) fn recorder(&self) -> Recorder<'_> {
        Recorder { tolerant: true, shape: Some(&self.shape), ..Recorder::default() }
    }

    /// Tells a record that stands at byte 1000.
    pub(super) fn tell(&self, number: usize, bytes: &[u8], to: &mut Recorder<'_>) -> Result<(), DecodeError> {
        let told = self.layout.tell(number, bytes, 1000, &mut String::new(), to)?;
        assert_eq!(told, Progress::End);
        Ok(())
    }

    /// What a record tells, as `NAME=value` and `NAME{…}`.
    pub(super) fn shown(&self, number: usize, bytes: &[u8]) -> Result<String, DecodeError> {
        let mut recorder = self.recorder();
        self.tell(number, bytes, &mut recorder)?;
        let mut out = self.show(&recorder.said);
        recorder.bad.iter().for_each(|bad| out.push_str(&format!(" !{bad}")));
        recorder.unknown.iter().for_each(|name| out.push_str(&format!(" ?{name}")));
        Ok(out)
    }

    pub(super) fn show(&self, said: &[Say]) -> String {
        let mut out = String::new();
        for say in said {
            let blank = if out.is_empty() || out.ends_with('{') { "" } else { " " };
            match say {
                Say::Enter(part) => out.push_str(&format!("{blank}{}{{", self.name(*part))),
                Say::Text(part, text) => out.push_str(&format!("{blank}{}={text}", self.name(*part))),
                Say::Bytes(part, bytes) => out.push_str(&format!("{blank}{}={bytes:02X?}", self.name(*part))),
                Say::Float(part, number) => out.push_str(&format!("{blank}{}={number}", self.name(*part))),
                Say::Nil(part) => out.push_str(&format!("{blank}{}=nil", self.name(*part))),
                Say::Leave(_) => out.push('}'),
            }
        }
        out
    }

    pub(super) fn name(&self, part: PartId) -> &str {
        &self.shape.part(part).name.local
    }

    /// The part of a name that occurs once in the copybook.
    pub(super) fn part(&self, name: &str) -> PartId {
        let mut all = self.shape.parts().filter(|(_, part)| &*part.name.local == name);
        let (part, _) = all.next().unwrap_or_else(|| panic!("there is no {name}"));
        part
    }

    pub(super) fn write(&self, number: usize, said: &[Say]) -> Result<Vec<u8>, Error> {
        let mut out = vec![0xAA];
        let written = self.layout.write(number, &mut Replay { said, shape: &self.shape }, &mut out);
        assert_eq!(out.remove(0), 0xAA, "what stands before a record stays");
        assert!(written.is_ok() || out.is_empty(), "a record is written whole or not at all");
        written.map(|()| out)
    }

    pub(super) fn rewrite(
        &self,
        number: usize,
        old: &[u8],
        speaks: &dyn Fn(PartId) -> bool,
        said: &[Say],
    ) -> Result<Vec<u8>, Error> {
        let mut out = vec![0xAA];
        let replay = &mut Replay { said, shape: &self.shape };
        let written = self.layout.write_over(number, old, speaks, replay, &mut out);
        out.remove(0);
        written.map(|()| out)
    }
}

/// What was said, as JSON; what repeats is a list.
pub(super) fn json(shape: &Shape, said: &[Say]) -> Json {
    let mut open: Vec<Open> = vec![(None, Vec::new())];
    for say in said {
        let (part, value) = match say {
            Say::Enter(part) => {
                open.push((Some(*part), Vec::new()));
                continue;
            }
            Say::Leave(part) => {
                let (opened, members) = open.pop().expect("something is open");
                assert_eq!(opened, Some(*part));
                (*part, Json::Object(members))
            }
            Say::Text(part, text) => (*part, Json::Text(text.clone())),
            Say::Float(part, number) => (*part, Json::Number(format!("{number:?}"))),
            Say::Bytes(part, bytes) => (*part, Json::Text(format!("{bytes:02X?}"))),
            Say::Nil(part) => (*part, Json::Null),
        };
        let members = &mut open.last_mut().expect("the record is open").1;
        let mut name = shape.part(part).name.local.to_string();
        if shape.part(part).kind == kernel::PartKind::Text {
            name.push_str("-NT");
        }
        if !shape.part(part).occurs.repeats() {
            members.push((name, value));
            continue;
        }
        match members.iter_mut().find(|(known, _)| *known == name) {
            Some((_, Json::List(list))) => list.push(value),
            _ => members.push((name, Json::List(vec![value]))),
        }
    }
    Json::Object(open.pop().expect("the record").1)
}

/// Tells again what was told.
pub(super) struct Replay<'a> {
    pub said: &'a [Say],
    pub shape: &'a Shape,
}

impl Document for Replay<'_> {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let mut skip: Option<(PartId, usize)> = None;
        for say in self.said {
            if let Some((part, depth)) = &mut skip {
                match say {
                    Say::Enter(_) => *depth += 1,
                    Say::Leave(_) => *depth -= 1,
                    _ => {}
                }
                if *depth == 0 {
                    assert_eq!(say, &Say::Leave(*part));
                    skip = None;
                }
                continue;
            }
            let (part, scalar) = match say {
                Say::Leave(part) => {
                    if to.leave(*part).is_err() {
                        return Ok(Progress::Stopped);
                    }
                    continue;
                }
                Say::Enter(part) => (*part, None),
                Say::Text(part, text) => (*part, Some(Scalar::Text(text))),
                Say::Bytes(part, bytes) => (*part, Some(Scalar::Bytes(bytes))),
                Say::Float(part, number) => (*part, Some(Scalar::Float(*number))),
                Say::Nil(part) => (*part, Some(Scalar::Nil)),
            };
            let interest = to.enter(part, self.shape.part(part).ty);
            match scalar {
                None if interest == Interest::Skip => skip = Some((part, 1)),
                Some(scalar) if interest == Interest::Leaf && to.leaf(part, scalar).is_err() => {
                    return Ok(Progress::Stopped);
                }
                _ => {}
            }
        }
        Ok(Progress::End)
    }
}
