//! Test data: a record with what stands beside it as a small file, and back.
//!
//! **Invariant.** What a mapping says of a record's type is written into it where the test does not say it.

use super::FilesConnection;
use crate::frame::Writer;
use crate::shape::Kind;
use crate::source::FileRecords;
use crate::told::{Gather, Held, Replay, Told, Value};
use adapters_ports::{Framed, Records};
use bytes::Bytes;
use kernel::{Cause, Class, Document, Error, PartId, Progress, TypeId};
use std::sync::Arc;

/// Groups within one another that are searched for a field.
const DEPTH_MAX: usize = 32;

impl FilesConnection {
    /// Writes a record, behind those that stand beside it.
    ///
    /// # Errors
    /// A value that its field cannot hold, or a record that the framing cannot hold.
    pub(super) fn encode_file(&self, part: PartId, content: &mut dyn Document) -> Result<Vec<u8>, Error> {
        let layout = &self.plan.layout;
        let unknown = || Error::new(Class::Defect, Cause::Internal, "the connection has no such record");
        let index = layout.index(part).ok_or_else(unknown)?;
        let mut records = Vec::new();
        let mut own = Vec::new();
        for told in self.gather(content)? {
            let beside = layout.kinds.iter().position(|kind| kind.beside.0 == told.part);
            match (beside, told.held) {
                (Some(beside), Held::Parts(parts)) => self.write(beside, parts, &mut records)?,
                (None, held) if told.part != layout.file.0 => own.push(Told { held, ..told }),
                _ => {}
            }
        }
        self.write(index, own, &mut records)?;
        let mut writer = Writer::new(&self.plan.framing, self.plan.skip);
        for record in &records {
            writer.push(record).map_err(|why| unwritable("the record does not fit its framing", &why))?;
        }
        let file = writer.finish();
        let Some(wide) = self.wide else { return Ok(file) };
        let text = std::str::from_utf8(&file).map_err(|_| unwritable("the record is no text", ""))?;
        Ok(wide.encode(text))
    }

    fn gather(&self, content: &mut dyn Document) -> Result<Vec<Told>, Error> {
        let is_group = |ty: TypeId| self.shape.group(ty).is_some();
        let mut gather = Gather::new(&is_group);
        match content.advance(&mut gather) {
            Ok(Progress::End) => Ok(gather.finish()),
            Ok(_) => Err(unwritable("the record is not told to its end", "")),
            Err(error) => Err(unwritable("the record cannot be told", &error.to_string())),
        }
    }

    /// Appends the bytes of a record and of those that belong to it.
    fn write(&self, index: usize, parts: Vec<Told>, records: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        let layout = &self.plan.layout;
        let Some(kind) = layout.kinds.get(index) else { return Ok(()) };
        let (mut own, mut children) = (Vec::new(), Vec::new());
        for told in parts {
            let child =
                layout.kinds.iter().position(|kind| kind.parent == Some(index) && kind.part == told.part);
            match (child, told.held) {
                (Some(child), Held::Parts(parts)) => children.push((child, parts)),
                (_, held) => own.push(Told { held, ..told }),
            }
        }
        self.say_type(index, kind, &mut own);
        let mut bytes = Vec::new();
        layout.format.write(kind.number, &mut Replay::new(own), &mut bytes)?;
        records.push(bytes);
        children.into_iter().try_for_each(|(child, parts)| self.write(child, parts, records))
    }

    /// Adds the values by which the type is known, where nothing is said of these fields.
    fn say_type(&self, index: usize, kind: &Kind, own: &mut Vec<Told>) {
        let Some(rule) = self.plan.rules.get(index) else { return };
        for check in rule.any.first().into_iter().flatten() {
            let Some(value) = check.values.iter().find_map(|value| value.only()) else { continue };
            let record = self.plan.layout.format.types().get(kind.number);
            let path = record.and_then(|ty| check.path.strip_prefix(&*ty.name)?.strip_prefix('/'));
            let steps: Vec<&str> = path.unwrap_or(&check.path).split('/').collect();
            let plain = kind.beside.1;
            if let Some(way) = self.way(plain, &steps, 0) {
                self.add(plain, &way, value, own);
            }
        }
    }

    /// Finds the parts on the way to a field; groups on it may be left out.
    fn way(&self, ty: TypeId, steps: &[&str], depth: usize) -> Option<Vec<PartId>> {
        let (first, rest) = steps.split_first()?;
        let group = self.shape.group(ty).filter(|_| depth < DEPTH_MAX)?;
        for &part in &group.parts {
            let declared = self.shape.part(part);
            if *declared.name.local != **first {
                continue;
            }
            if rest.is_empty() {
                return Some(vec![part]);
            }
            if let Some(mut way) = self.way(declared.ty, rest, depth + 1) {
                way.insert(0, part);
                return Some(way);
            }
        }
        group.parts.iter().find_map(|&part| {
            let declared = self.shape.part(part);
            let mut way = (!declared.occurs.repeats()).then(|| self.way(declared.ty, steps, depth + 1))??;
            way.insert(0, part);
            Some(way)
        })
    }

    /// Adds a value at the end of a way, in the order of the group.
    fn add(&self, ty: TypeId, way: &[PartId], value: &str, told: &mut Vec<Told>) {
        let (Some((&part, rest)), Some(group)) = (way.split_first(), self.shape.group(ty)) else { return };
        let inner = self.shape.part(part).ty;
        let known = told.iter().position(|told| told.part == part);
        if rest.is_empty() && known.is_some() {
            return;
        }
        let at = known.unwrap_or_else(|| {
            let place = |part: PartId| group.parts.iter().position(|&other| other == part);
            let at = told.iter().position(|told| place(told.part) > place(part)).unwrap_or(told.len());
            let held = if rest.is_empty() {
                Held::Value(Value::Text(value.into()))
            } else {
                Held::Parts(Vec::new())
            };
            told.insert(at, Told { part, ty: inner, held });
            at
        });
        if let Some(Told { held: Held::Parts(parts), .. }) = told.get_mut(at) {
            self.add(inner, rest, value, parts);
        }
    }

    /// Reads a small file and returns its last record of a type.
    ///
    /// # Errors
    /// In words: it cannot be read, or has no such record.
    pub(super) fn decode_file(&self, part: PartId, wire: &[u8]) -> Result<Replay, String> {
        let index = self.plan.layout.index(part).ok_or("the connection has no such record")?;
        let (mut found, mut strange) = (None, None);
        self.each(wire, &mut |framed, records| match framed.part {
            Ok(this) if this == part => {
                found = Some(self.told(records)?);
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) => {
                strange.get_or_insert(format!("record {}: {error}", framed.number));
                Ok(())
            }
        })?;
        match (found, strange) {
            (Some(parts), _) => Ok(Replay::new(parts)),
            (None, Some(strange)) => Err(strange),
            (None, None) => {
                let name = self.plan.layout.kinds.get(index).map_or("", |kind| &*kind.name);
                Err(format!("it has no record of type {name}"))
            }
        }
    }

    /// Tells all records of a small file.
    fn each(
        &self,
        wire: &[u8],
        to: &mut dyn FnMut(Framed, &mut FileRecords) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut reader = self.reader("", Bytes::copy_from_slice(wire))?;
        while let Some(chunk) = reader.batch().map_err(|error| error.to_string())? {
            let mut records = FileRecords::new(Arc::clone(&self.plan.layout), chunk, None);
            while let Some(framed) = records.next() {
                to(framed, &mut records)?;
            }
        }
        Ok(())
    }

    fn told(&self, records: &mut FileRecords) -> Result<Vec<Told>, String> {
        let is_group = |ty: TypeId| self.shape.group(ty).is_some();
        let mut gather = Gather::new(&is_group);
        records.tell(&mut gather).map_err(|error| error.to_string())?;
        Ok(gather.finish())
    }

    /// Says how two small files differ, record by record.
    ///
    /// # Errors
    /// In words: one of them cannot be read.
    pub(super) fn compare(&self, expected: &[u8], found: &[u8]) -> Result<Option<String>, String> {
        let (expected, found) = (self.records(expected)?, self.records(found)?);
        for (n, (expected, found)) in expected.iter().zip(&found).enumerate() {
            if expected.bytes == found.bytes {
                continue;
            }
            let record = n + 1;
            if expected.part != found.part {
                return Ok(Some(format!("record {record} is of another type")));
            }
            if let Some(part) =
                expected.parts.iter().zip(&found.parts).find_map(|(a, b)| self.differs(a, b, ""))
            {
                return Ok(Some(format!("record {record}: {part}")));
            }
            let at = expected.bytes.iter().zip(&found.bytes).take_while(|(a, b)| a == b).count();
            let shown = |bytes: &[u8]| bytes.get(at).map_or("nothing".into(), |byte| format!("{byte:02X}"));
            let (a, b) = (shown(&expected.bytes), shown(&found.bytes));
            return Ok(Some(format!("record {record}: its byte {} is {b}, expected {a}", at + 1)));
        }
        let (a, b) = (expected.len(), found.len());
        Ok((a != b).then(|| format!("it has {b} records, expected {a}")))
    }

    fn records(&self, wire: &[u8]) -> Result<Vec<Compared>, String> {
        let mut all = Vec::new();
        self.each(wire, &mut |framed, records| {
            let raw = records.raw();
            let children = raw.beside.iter().filter(|(name, _)| {
                let kind = self.plan.layout.named(name).and_then(|kind| self.plan.layout.kinds.get(kind));
                kind.is_some_and(|kind| kind.parent.is_some())
            });
            let bytes = children.fold(raw.bytes.to_vec(), |mut bytes, (_, child)| {
                bytes.extend_from_slice(child);
                bytes
            });
            let part = framed.part.ok();
            let parts = if part.is_some() { self.told(records)? } else { Vec::new() };
            all.push(Compared { bytes, part, parts });
            Ok(())
        })?;
        Ok(all)
    }

    fn differs(&self, expected: &Told, found: &Told, path: &str) -> Option<String> {
        let name = |told: &Told| format!("{path}{}", self.shape.part(told.part).name);
        if expected.part != found.part {
            return Some(format!("{} stands where {} is expected", name(found), name(expected)));
        }
        match (&expected.held, &found.held) {
            (Held::Parts(a), Held::Parts(b)) => {
                let path = format!("{}/", name(expected));
                let inner = a.iter().zip(b).find_map(|(a, b)| self.differs(a, b, &path));
                inner.or_else(|| (a.len() != b.len()).then(|| format!("{} has other parts", name(expected))))
            }
            (a, b) => (a != b).then(|| format!("{} is {}, expected {}", name(expected), shown(b), shown(a))),
        }
    }
}

/// A record that is compared.
struct Compared {
    bytes: Vec<u8>,
    part: Option<PartId>,
    parts: Vec<Told>,
}

fn shown(held: &Held) -> String {
    match held {
        Held::Parts(_) => "a group".into(),
        Held::Value(Value::Text(text)) => format!("`{}`", text.trim_end()),
        Held::Value(Value::Bytes(bytes)) => bytes.iter().map(|byte| format!("{byte:02X}")).collect(),
        Held::Value(Value::Plain(kernel::Scalar::Decimal(number))) => number.to_string(),
        Held::Value(Value::Plain(scalar)) => format!("{scalar:?}"),
        Held::Unreadable(error) => format!("unreadable: {}", error.message),
    }
}

fn unwritable(message: &'static str, why: &str) -> Error {
    Error::new(Class::Poison, Cause::Unwritable, message).with("reason", why)
}
