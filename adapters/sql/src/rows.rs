//! Rows as they arrive in batches, told as a document.
//!
//! **Invariant.** No cell is copied once its batch was taken over; a row is told whole, and a result whose columns are
//! not those that were asked for is told not at all.

mod cells;
mod take;

use crate::call::{Column, Rows};
use adapters_sql_protocol::{Batch, ColumnInfo};
use bytes::Bytes;
pub(crate) use cells::Cells;
use kernel::{
    DecodeError, Interest, Leaf, Lexical, PartId, Progress, ScalarType, Shape, Stop, TypeId, Visitor,
};

/// Rows that are told before it is asked again whether any can be taken, where none could.
const TOLD_AT_ONCE: usize = 64;

/// One result set: where it is in its rows.
#[derive(Debug)]
pub(crate) struct RowSet {
    row: (PartId, TypeId),
    columns: Vec<Told>,
    /// Columns that nobody asked for, until they are told.
    unknown: Vec<String>,
    /// How many columns arrive.
    width: usize,
    cells: Vec<Cells>,
    rows: usize,
    at: usize,
    /// Zero before the row, else the column that is next, counted from one.
    next: usize,
    /// The columns that are taken without being told, by slot.
    taken: Vec<(usize, Lexical)>,
    /// Bytes that a row of these needs beside its texts.
    need: usize,
}

/// A column that is told.
#[derive(Debug, Clone, Copy)]
struct Told {
    part: PartId,
    ty: TypeId,
    /// Which of the arriving columns it is.
    index: usize,
    /// Decimals that its numbers have by their type.
    scale: usize,
    /// What its texts are.
    lexical: Lexical,
}

impl RowSet {
    /// Begins a result set whose columns have arrived.
    ///
    /// # Errors
    /// The name of a column that is missing.
    pub(crate) fn new(rows: &Rows, arrived: &[ColumnInfo], shape: &Shape) -> Result<Self, String> {
        let mut columns = Vec::with_capacity(rows.columns.len());
        for (n, column) in rows.columns.iter().enumerate() {
            let index = place(column, n, arrived).ok_or_else(|| column.name.clone())?;
            let ty = shape.part(column.part).ty;
            let scalar = shape.scalar(ty);
            let lexical = scalar.map_or(Lexical::Text, Lexical::of);
            let scale = match scalar {
                Some(ScalarType::Decimal { scale: Some(scale), .. }) => usize::from(*scale),
                _ => 0,
            };
            columns.push(Told { part: column.part, ty, index, scale, lexical });
        }
        let is_told = |n: usize| columns.iter().any(|column| column.index == n);
        let unknown = arrived.iter().enumerate().filter(|(n, _)| !is_told(*n));
        let unknown = unknown.map(|(_, column)| column.name.clone()).collect();
        let row = (rows.row, shape.part(rows.row).ty);
        let (width, cells, taken) = (arrived.len(), Vec::new(), Vec::new());
        Ok(Self { row, columns, unknown, width, cells, rows: 0, at: 0, next: 0, taken, need: 0 })
    }

    /// How many columns arrive.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Takes over a batch that lies in a payload; the one before must have been told.
    pub(crate) fn load(&mut self, batch: &Batch<'_>, payload: &Bytes) {
        self.cells.resize_with(batch.columns.len(), Cells::default);
        for (cells, column) in self.cells.iter_mut().zip(&batch.columns) {
            cells.load(column, payload);
        }
        for column in self.columns.iter().filter(|column| column.scale > 0) {
            if let Some(cells) = self.cells.get_mut(column.index) {
                cells.scale(column.scale);
            }
        }
        (self.rows, self.at, self.next) = (batch.rows, 0, 0);
    }

    /// Tells what is left of the batch; `End` is the end of the batch.
    pub(crate) fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let told = self.advance_rows(to);
        if told == Ok(Progress::End) {
            // What arrives next may take its place.
            self.cells.clear();
        }
        Ok(told.unwrap_or(Progress::Stopped))
    }

    fn advance_rows(&mut self, to: &mut dyn Visitor) -> Result<Progress, Stop> {
        while self.at < self.rows {
            let mut told = TOLD_AT_ONCE;
            // Columns that nobody knows are told with the first row.
            if self.next == 0 && self.unknown.is_empty() {
                let left = self.rows - self.at;
                if to.rows(self.row.0, self, left) > 0 {
                    told = 1;
                }
            }
            let progress = self.tell(self.at.saturating_add(told).min(self.rows), to)?;
            if progress != Progress::End {
                return Ok(progress);
            }
        }
        Ok(Progress::End)
    }

    /// Tells rows up to one.
    fn tell(&mut self, end: usize, to: &mut dyn Visitor) -> Result<Progress, Stop> {
        let (row, ty) = self.row;
        let mut leaves = Vec::with_capacity(self.columns.len());
        while self.at < end {
            if self.next == 0 {
                match to.enter(row, ty) {
                    Interest::Pause => return Ok(Progress::Paused),
                    Interest::Skip | Interest::Leaf => {
                        self.at += 1;
                        continue;
                    }
                    Interest::Descend => self.next = 1,
                }
            }
            for name in std::mem::take(&mut self.unknown) {
                to.unknown(&name);
            }
            leaves.clear();
            leaves.extend(self.columns.iter().skip(self.next - 1).map(|column| Leaf {
                part: column.part,
                ty: column.ty,
                scalar: self.cells[column.index].scalar(self.at),
            }));
            let told = to.leaves(&leaves)?;
            if told < leaves.len() {
                self.next += told;
                return Ok(Progress::Paused);
            }
            (self.at, self.next) = (self.at + 1, 0);
            to.leave(row)?;
        }
        Ok(Progress::End)
    }
}

/// Where a column is: at its place, else wherever its name is.
fn place(column: &Column, n: usize, arrived: &[ColumnInfo]) -> Option<usize> {
    let is = |info: &ColumnInfo| info.name.eq_ignore_ascii_case(&column.name);
    match arrived.get(n) {
        Some(info) if is(info) => Some(n),
        _ => arrived.iter().position(is),
    }
}

#[cfg(test)]
mod tests;
