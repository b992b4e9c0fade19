//! Separated values: records of named columns.
//!
//! **Invariant.** A record with a field too many or too few is refused unless its mapping says `ragged`; then it is told.

mod config;
mod dialect;
mod fields;
mod header;
mod split;
mod take;
mod write;

pub(crate) use config::{KEYS, open};
pub(crate) use split::{Broken, Cut};

use crate::format::{Excerpt, Format, LeafRef, RecordType, Scratch};
use dialect::Dialect;
use fields::{Field, Fields};
use header::Order;
use kernel::{
    BadField, DecodeError, Document, Error, Interest, PartId, Progress, Scalar, Sheet, Slot, Taker, TypeId,
    Visitor,
};
use std::str;
use std::sync::Arc;

/// Records of separated values. Those of one file are headed, if files have a header.
#[derive(Debug, Clone)]
pub(crate) struct Csv {
    types: Arc<[RecordType]>,
    /// The columns of each type.
    columns: Arc<[Vec<Column>]>,
    /// The type of every column.
    ty: TypeId,
    dialect: Dialect,
    /// Records may have fewer fields than there are columns, or more.
    ragged: bool,
    order: Order,
}

/// A column of a type of records.
#[derive(Debug, Clone)]
struct Column {
    name: Arc<str>,
    part: PartId,
}

impl Csv {
    /// Returns what finds the records of a file.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn columns(&self, number: usize) -> &[Column] {
        self.columns.get(number).map_or(&[], Vec::as_slice)
    }

    /// Returns how many fields a record has.
    fn width(&self, number: usize) -> usize {
        match &self.order {
            Order::Declared | Order::Unknown => self.columns(number).len(),
            Order::Header(header) => header.names.len(),
        }
    }

    /// Returns the column of a field.
    fn column(&self, number: usize, field: usize) -> Option<&Column> {
        let column = match &self.order {
            Order::Declared | Order::Unknown => field,
            Order::Header(header) => header.column(number, field)?,
        };
        self.columns(number).get(column)
    }

    /// Returns the field of a column.
    fn field(&self, number: usize, column: usize) -> Option<usize> {
        match &self.order {
            Order::Declared | Order::Unknown => Some(column),
            Order::Header(header) => header.field(number, column),
        }
    }

    /// Tells that a record has a field that no column is for.
    fn tell_unknown(&self, field: usize, to: &mut dyn Visitor) {
        match &self.order {
            Order::Header(header) if field < header.names.len() => {
                to.unknown(header.names.get(field).map_or("", |name| name));
            }
            _ => to.unknown(&format!("field {}", field + 1)),
        }
    }

    fn count_wrong(&self, number: usize, found: usize, offset: u64) -> DecodeError {
        let width = self.width(number);
        let columns = if width == 1 { "column" } else { "columns" };
        let most = if found > width { " or more" } else { "" };
        DecodeError::new(
            format!("the record has {found} fields{most}, and there are {width} {columns}"),
            offset,
        )
    }
}

impl Format for Csv {
    fn types(&self) -> &[RecordType] {
        &self.types
    }

    fn tell(
        &self,
        number: usize,
        record: &[u8],
        at: u64,
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        if let Order::Unknown = self.order {
            return Err(DecodeError::new("the header in front of the record is not known", at));
        }
        let (columns, width) = (self.columns(number), self.width(number));
        let header = match &self.order {
            Order::Header(header) => Some(header),
            Order::Declared | Order::Unknown => None,
        };
        let whole = self.dialect.whole(record);
        let mut count = 0;
        for field in Fields::new(&self.dialect, record) {
            let field = field.map_err(|wrong| DecodeError::new(wrong.message, at + offset(wrong.at)))?;
            if count >= width && !self.ragged {
                return Err(self.count_wrong(number, count + 1, at + offset(field.raw.start)));
            }
            let column = match header {
                Some(header) => header.column(number, count),
                None => Some(count),
            };
            match column.and_then(|column| columns.get(column)) {
                None => self.tell_unknown(count, to),
                Some(column) => match to.enter(column.part, self.ty) {
                    Interest::Skip | Interest::Descend => {}
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Leaf => match field.value(&self.dialect, record, whole, text) {
                        Ok(value) => {
                            if to.leaf(column.part, Scalar::Text(value)).is_err() {
                                return Ok(Progress::Stopped);
                            }
                        }
                        Err(message) => unreadable(column, message, &field, record, at, to)?,
                    },
                },
            }
            count += 1;
        }
        if count < width && !self.ragged {
            return Err(self.count_wrong(number, count, at + offset(record.len())));
        }
        Ok(Progress::End)
    }

    fn excerpt(&self, number: usize, slots: &[Slot]) -> Option<Excerpt> {
        self.excerpt_of(number, slots)
    }

    fn take(
        &self,
        excerpt: &Excerpt,
        record: &[u8],
        scratch: &mut Scratch,
        to: &mut dyn Taker,
        sheet: &mut Sheet,
    ) -> bool {
        self.take_from(excerpt, record, scratch, to, sheet).is_some()
    }

    fn write(&self, number: usize, content: &mut dyn Document, out: &mut Vec<u8>) -> Result<(), Error> {
        write::record(self, number, None, content, out)
    }

    fn rewrite(
        &self,
        number: usize,
        old: &[u8],
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        write::record(self, number, Some(old), content, out)
    }

    fn leaf(&self, number: usize, path: &str) -> Option<LeafRef> {
        let leaf = self.columns(number).iter().position(|column| *column.name == *path)?;
        let part = self.columns(number).get(leaf)?.part;
        Some(LeafRef { number, leaf, part, bytes: None })
    }

    fn text(&self, leaf: &LeafRef, record: &[u8], text: &mut String) -> Option<String> {
        let wanted = self.field(leaf.number, leaf.leaf)?;
        let field = Fields::new(&self.dialect, record).nth(wanted)?.ok()?;
        field.value(&self.dialect, record, None, text).ok().map(str::to_owned)
    }

    fn names(&self, number: usize) -> Vec<String> {
        self.columns(number).iter().map(|column| column.name.to_string()).collect()
    }

    fn has_header(&self) -> bool {
        !matches!(self.order, Order::Declared)
    }

    fn headed(&self, header: &[u8]) -> Result<Arc<dyn Format>, DecodeError> {
        let order = Order::Header(Arc::new(header::read(self, header)?));
        Ok(Arc::new(Self { order, ..self.clone() }))
    }
}

#[cold]
fn unreadable(
    column: &Column,
    message: String,
    field: &Field,
    record: &[u8],
    at: u64,
    to: &mut dyn Visitor,
) -> Result<(), DecodeError> {
    let bytes = record.get(field.raw.clone()).unwrap_or_default().into();
    let mut error = DecodeError::new(message, at + offset(field.raw.start));
    error.field = Some(Box::new(BadField { path: column.name.to_string(), bytes }));
    to.unreadable(column.part, &error).map_err(|_| error)
}

fn offset(within: usize) -> u64 {
    u64::try_from(within).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
