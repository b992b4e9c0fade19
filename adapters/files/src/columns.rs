//! Columns of a fixed width: texts at their places in a record.
//!
//! **Invariant.** Places are bytes, but characters where the code page is UTF-8; a record that ends too early has blanks there,
//! or is refused.

mod config;
mod shape;
mod values;

pub(crate) use config::{KEYS, open};
pub(crate) use shape::{add_type, type_names};
pub(crate) use values::Values;

use crate::codepage::CodePage;
use crate::format::{Format, LeafRef, RecordType};
use kernel::{
    BadField, Cause, Class, DecodeError, Document, Error, Interest, PartId, Progress, Scalar, TypeId, Visitor,
};
use std::ops::Range;
use std::str;
use std::sync::Arc;

/// Records of fixed columns.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    types: Arc<[RecordType]>,
    /// The columns of each type, in the order of the mapping.
    columns: Arc<[Vec<Column>]>,
    page: CodePage,
    /// A record may end before its last columns do: blanks at the end of a line were cut off.
    short: bool,
}

/// A column.
#[derive(Debug, Clone)]
struct Column {
    name: Arc<str>,
    /// Where it stands: bytes, or characters of UTF-8.
    at: Range<usize>,
    part: PartId,
    ty: TypeId,
}

impl Columns {
    fn columns(&self, number: usize) -> &[Column] {
        self.columns.get(number).map_or(&[], Vec::as_slice)
    }

    /// Returns how long a whole record is.
    fn width(&self, number: usize) -> usize {
        self.columns(number).iter().map(|column| column.at.end).max().unwrap_or(0)
    }

    /// Returns whether places are to be counted in characters, since some have several bytes; nothing where a byte is none of
    /// a character, for all places behind it would be wrong.
    fn counts(&self, record: &[u8]) -> Option<bool> {
        match self.page {
            CodePage::Utf8 if !record.is_ascii() => str::from_utf8(record).ok().map(|_| true),
            _ => Some(false),
        }
    }

    /// Returns the bytes of a place; fewer where the record ends before it does.
    fn bytes<'r>(&self, record: &'r [u8], at: &Range<usize>, counts: bool) -> &'r [u8] {
        let range = if counts { characters(record, at) } else { at.clone() };
        let end = range.end.min(record.len());
        record.get(range.start.min(end)..end).unwrap_or_default()
    }

    /// Refuses a record that ends before its last column begins or ends.
    fn check(&self, number: usize, record: &[u8], at: u64, counts: bool) -> Result<(), DecodeError> {
        if self.short {
            return Ok(());
        }
        let length = if counts { count(record) } else { record.len() };
        match self.columns(number).iter().find(|column| column.at.end > length) {
            None => Ok(()),
            Some(column) => {
                let (first, last) = (column.at.start + 1, column.at.end);
                let message =
                    format!("the record ends at {length}, and its column {} is {first}-{last}", column.name);
                Err(DecodeError::new(message, at + offset(record.len())))
            }
        }
    }

    /// Tells that there is something behind the last column.
    fn tell_rest(&self, number: usize, record: &[u8], counts: bool, to: &mut dyn Visitor) {
        let width = self.width(number);
        let rest = self.bytes(record, &(width..usize::MAX), counts);
        if rest.iter().any(|byte| *byte != self.page.blank()) {
            to.unknown(&format!("columns from {}", width + 1));
        }
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
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        let Some(counts) = self.counts(record) else {
            let message = "the record is no utf-8, so that its places cannot be counted";
            return Err(DecodeError::new(message, at));
        };
        self.check(number, record, at, counts)?;
        for column in self.columns(number) {
            match to.enter(column.part, column.ty) {
                Interest::Skip | Interest::Descend => continue,
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Leaf => {}
            }
            let raw = self.bytes(record, &column.at, counts);
            match self.page.decode(raw, text) {
                Ok(value) if to.leaf(column.part, Scalar::Text(value)).is_err() => {
                    return Ok(Progress::Stopped);
                }
                Ok(_) => {}
                Err(error) => {
                    let mut wrong = DecodeError::new(error.to_string(), at + offset(column.at.start));
                    wrong.field =
                        Some(Box::new(BadField { path: column.name.to_string(), bytes: raw.into() }));
                    to.unreadable(column.part, &wrong).map_err(|_| wrong)?;
                }
            }
        }
        self.tell_rest(number, record, counts, to);
        Ok(Progress::End)
    }

    fn write(&self, number: usize, content: &mut dyn Document, out: &mut Vec<u8>) -> Result<(), Error> {
        self.put(number, vec![Cell::Blank; self.width(number)], content, out)
    }

    fn rewrite(
        &self,
        number: usize,
        old: &[u8],
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let cells = match (self.page, str::from_utf8(old)) {
            (CodePage::Utf8, Ok(text)) => text.chars().map(Cell::Old).collect(),
            (CodePage::Utf8, Err(_)) => {
                let message =
                    "the record that stands there is no utf-8, so that its places cannot be counted";
                return Err(Error::new(Class::Poison, Cause::Contract, message));
            }
            (CodePage::Single(_), _) => old.iter().map(|byte| Cell::Byte(*byte)).collect(),
        };
        self.put(number, cells, content, out)
    }

    fn leaf(&self, number: usize, path: &str) -> Option<LeafRef> {
        let leaf = self.columns(number).iter().position(|column| *column.name == *path)?;
        let column = self.columns(number).get(leaf)?;
        let bytes = (self.page != CodePage::Utf8).then(|| column.at.clone());
        Some(LeafRef { number, leaf, part: column.part, bytes })
    }

    fn text(&self, leaf: &LeafRef, record: &[u8], text: &mut String) -> Option<String> {
        let column = self.columns(leaf.number).get(leaf.leaf)?;
        let raw = self.bytes(record, &column.at, self.counts(record)?);
        if raw.is_empty() && !self.short {
            return None;
        }
        let value = self.page.decode(raw, text).ok()?;
        Some(value.trim_end_matches(' ').to_owned())
    }

    fn names(&self, number: usize) -> Vec<String> {
        self.columns(number).iter().map(|column| column.name.to_string()).collect()
    }
}

/// A place of a record that is being written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Nothing stands there yet.
    Blank,
    /// A byte of the old record.
    Byte(u8),
    /// A character of the old record.
    Old(char),
    /// A character of a column.
    New(char),
}

impl Columns {
    fn put(
        &self,
        number: usize,
        mut cells: Vec<Cell>,
        content: &mut dyn Document,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let (columns, least) = (self.columns(number), cells.len());
        let mut values = Values::new(columns.iter().map(|column| column.part).collect());
        values.gather(content)?;
        for (n, column) in columns.iter().enumerate() {
            let Some(value) = values.get(n) else { continue };
            place(column, value, self.page, &mut cells)?;
        }
        // Blanks that were cut off the old record stay cut off.
        while cells.len() > least && matches!(cells.last(), Some(Cell::Blank | Cell::New(' '))) {
            cells.pop();
        }
        let mut text = [0; 4];
        for cell in cells {
            let character = match cell {
                Cell::Blank => ' ',
                Cell::Byte(byte) => {
                    out.push(byte);
                    continue;
                }
                Cell::Old(character) | Cell::New(character) => character,
            };
            let encoded = self.page.encode_into(character.encode_utf8(&mut text), out);
            encoded.map_err(|error| {
                Error::new(Class::Defect, Cause::Internal, "a character is lost").with("reason", error)
            })?;
        }
        Ok(())
    }
}

/// Puts the characters of a column into their places.
fn place(column: &Column, value: &str, page: CodePage, cells: &mut Vec<Cell>) -> Result<(), Error> {
    let refuse = |message| Error::new(Class::Client, Cause::Unwritable, message).with("part", &column.name);
    let width = column.at.len();
    let value = value.trim_end_matches(' ');
    if value.chars().count() > width {
        return Err(refuse("the text is longer than its column").with("width", width));
    }
    if let CodePage::Single(single) = page
        && let Some(at) = value.chars().position(|character| single.byte(character).is_none())
    {
        return Err(refuse("the code page lacks a character")
            .with("character", at + 1)
            .with("page", page.name()));
    }
    if cells.len() < column.at.end {
        cells.resize(column.at.end, Cell::Blank);
    }
    let places = cells.get_mut(column.at.clone()).unwrap_or_default();
    for (cell, character) in places.iter_mut().zip(value.chars().chain(std::iter::repeat(' '))) {
        // What an overlapping column wrote has to be the same.
        if matches!(cell, Cell::New(before) if *before != character) {
            return Err(refuse("the column overlaps another one that has other characters"));
        }
        *cell = Cell::New(character);
    }
    Ok(())
}

/// Returns the bytes of a range of characters.
fn characters(record: &[u8], at: &Range<usize>) -> Range<usize> {
    let mut starts = record.iter().enumerate().filter(|(_, byte)| !is_continuation(**byte)).map(|(n, _)| n);
    let start = starts.nth(at.start).unwrap_or(record.len());
    match at.len() {
        0 => start..start,
        length => start..starts.nth(length - 1).unwrap_or(record.len()),
    }
}

fn count(record: &[u8]) -> usize {
    record.iter().filter(|byte| !is_continuation(**byte)).count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

fn offset(within: usize) -> u64 {
    u64::try_from(within).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
