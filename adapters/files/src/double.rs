//! A format for tests: columns of ASCII text.
//!
//! **Invariant.** It is as strict as a real one: a short record and a byte that is no character are errors with their place.

use crate::format::{Format, LeafRef, RecordType};
use kernel::{
    BadField, Cause, Class, DecodeError, Document, Error, Group, Interest, Name, Part, PartId, PartKind,
    Progress, Scalar, ScalarType, ShapeBuilder, Stop, Type, TypeId, TypeKind, Visitor,
};
use std::ops::Range;

/// Types of records, each of columns.
#[derive(Debug)]
pub(crate) struct Columns {
    types: Vec<RecordType>,
    columns: Vec<Vec<(String, Range<usize>)>>,
    ty: TypeId,
}

impl Columns {
    /// Declares types by their names and columns with widths.
    pub(crate) fn new(shape: &mut ShapeBuilder, types: &[(&str, &[(&str, usize)])]) -> Self {
        let ty = shape.add_scalar(ScalarType::text());
        let mut made = Self { types: Vec::new(), columns: Vec::new(), ty };
        for (name, columns) in types {
            let mut at = 0;
            let mut own = Vec::new();
            let mut parts = Vec::new();
            for (column, width) in *columns {
                parts.push(shape.add_part(Part::new(Name::local(*column), PartKind::Field, ty)));
                own.push(((*column).to_owned(), at..at + width));
                at += width;
            }
            let kind = TypeKind::Group(Group { parts: parts.clone(), ..Group::default() });
            let plain = shape.add_type(Type { name: Some(Name::local(*name)), kind, span: None });
            let bytes = u32::try_from(at).unwrap();
            made.types.push(RecordType {
                name: (*name).into(),
                parts,
                plain,
                bytes_min: bytes,
                bytes_max: Some(bytes),
                length: Some(bytes),
                span: None,
            });
            made.columns.push(own);
        }
        made
    }
}

impl Format for Columns {
    fn types(&self) -> &[RecordType] {
        &self.types
    }

    fn tell(
        &self,
        number: usize,
        record: &[u8],
        at: u64,
        _: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        for (part, (name, range)) in self.types[number].parts.iter().zip(&self.columns[number]) {
            let offset = at + u64::try_from(range.start).unwrap();
            let raw = record.get(range.clone()).ok_or_else(|| {
                DecodeError::new(format!("the record ends before {name} does"), at + record.len() as u64)
            })?;
            match to.enter(*part, self.ty) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Leaf => {}
                _ => continue,
            }
            match std::str::from_utf8(raw) {
                Ok(text) => {
                    if to.leaf(*part, Scalar::Text(text.trim_end())).is_err() {
                        return Ok(Progress::Stopped);
                    }
                }
                Err(_) => {
                    let field = BadField { path: name.clone(), bytes: raw.into() };
                    let error =
                        DecodeError { field: Some(Box::new(field)), ..DecodeError::new("no text", offset) };
                    to.unreadable(*part, &error).map_err(|_| error)?;
                }
            }
        }
        Ok(Progress::End)
    }

    fn write(&self, number: usize, content: &mut dyn Document, out: &mut Vec<u8>) -> Result<(), Error> {
        let at = out.len();
        let width = self.types[number].bytes_min as usize;
        out.resize(at + width, b' ');
        let mut write = Write { columns: self, number, out: &mut out[at..], failed: false };
        let told = content.advance(&mut write);
        if told != Ok(Progress::End) || write.failed {
            return Err(Error::new(Class::Poison, Cause::Unwritable, "the value is too long"));
        }
        Ok(())
    }

    fn leaf(&self, number: usize, path: &str) -> Option<LeafRef> {
        let leaf = self.columns[number].iter().position(|(name, _)| name == path)?;
        let part = self.types[number].parts[leaf];
        Some(LeafRef { number, leaf, part, bytes: Some(self.columns[number][leaf].1.clone()) })
    }

    fn text(&self, leaf: &LeafRef, record: &[u8], _: &mut String) -> Option<String> {
        let raw = record.get(self.columns[leaf.number][leaf.leaf].1.clone())?;
        Some(std::str::from_utf8(raw).ok()?.trim_end().to_owned())
    }

    fn names(&self, number: usize) -> Vec<String> {
        self.columns[number].iter().map(|(name, _)| name.clone()).collect()
    }
}

struct Write<'a> {
    columns: &'a Columns,
    number: usize,
    out: &'a mut [u8],
    failed: bool,
}

impl Visitor for Write<'_> {
    fn enter(&mut self, part: PartId, _: TypeId) -> Interest {
        if self.columns.types[self.number].parts.contains(&part) { Interest::Leaf } else { Interest::Skip }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let at = self.columns.types[self.number].parts.iter().position(|own| *own == part).unwrap();
        let slot = &mut self.out[self.columns.columns[self.number][at].1.clone()];
        let Scalar::Text(text) = scalar else { return Err(Stop) };
        if text.len() > slot.len() {
            self.failed = true;
            return Err(Stop);
        }
        slot[..text.len()].copy_from_slice(text.as_bytes());
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}
