//! Counts the rows of a page while they are read, and remembers where it ended.
//!
//! **Invariant.** The row too many that tells of a next page is never read.

use super::Keyset;
use crate::plan::read::Reader;
use crate::plan::tree::Leaf;
use kernel::{Datum, Interest, Leaf as Told, Order, PartId, Scalar, Stop, TakeRows, TypeId, Visitor};

/// The rows of one answer, as far as they were read.
#[derive(Debug, Clone)]
pub struct Paged {
    /// The part that a row is.
    row: PartId,
    order: Vec<Order>,
    /// Rows that the page has at the most.
    size: Option<u32>,
    rows: u64,
    more: bool,
    depth: u32,
    /// The reader wants the leaf that is open.
    wanted: bool,
    /// The row that is open is the last one of a full page.
    ends: bool,
    /// The values of its order, in lexical form.
    last: Vec<Datum>,
}

/// Passes rows on to a reader.
#[derive(Debug)]
pub struct PagedTo<'p> {
    paged: &'p mut Paged,
    reader: &'p mut Reader,
}

impl Paged {
    pub(crate) fn new(row: PartId, order: Vec<Order>, size: Option<u32>) -> Self {
        let last = vec![Datum::Null; order.len()];
        Self { row, order, size, rows: 0, more: false, depth: 0, wanted: false, ends: false, last }
    }

    /// Returns a visitor that passes the rows of the page on to a reader.
    pub fn to<'p>(&'p mut self, reader: &'p mut Reader) -> PagedTo<'p> {
        PagedTo { paged: self, reader }
    }

    /// Rows that arrived, those beyond the page not counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns the cursor behind the last row, if there are more.
    pub fn cursor(&self) -> Option<String> {
        self.more.then(|| Keyset::new(&self.order, self.last.clone()).text())
    }

    fn orders_by(&self, part: PartId) -> bool {
        self.ends && self.order.iter().any(|order| order.column == part)
    }

    /// Remembers a value by which the last row of a page is found again.
    fn note(&mut self, part: PartId, scalar: Scalar<'_>) {
        if self.ends {
            let values = self.order.iter().zip(&mut self.last).filter(|(order, _)| order.column == part);
            values.for_each(|(_, value)| *value = datum(scalar));
        }
    }

    fn is_full(&self) -> bool {
        self.size.is_some_and(|size| self.rows >= u64::from(size))
    }
}

impl Visitor for PagedTo<'_> {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        let paged = &mut *self.paged;
        match paged.depth {
            0 if part == paged.row && paged.is_full() => {
                paged.more = true;
                return Interest::Skip;
            }
            1 => {
                let interest = self.reader.enter(part, ty);
                paged.wanted = interest == Interest::Leaf;
                if interest == Interest::Skip && paged.orders_by(part) {
                    return Interest::Leaf;
                }
                return interest;
            }
            _ => {}
        }
        let interest = self.reader.enter(part, ty);
        if interest == Interest::Descend {
            paged.depth += 1;
            if part == paged.row {
                paged.rows += 1;
                paged.ends = paged.is_full();
                if paged.ends {
                    paged.last.fill(Datum::Null);
                }
            }
        }
        interest
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let paged = &mut *self.paged;
        if paged.depth == 1 {
            paged.note(part, scalar);
            if !paged.wanted {
                return Ok(());
            }
        }
        self.reader.leaf(part, scalar)
    }

    fn leaves(&mut self, leaves: &[Told<'_>]) -> Result<usize, Stop> {
        let told = self.reader.leaves(leaves)?;
        if self.paged.depth == 1 && self.paged.ends {
            leaves[..told].iter().for_each(|leaf| self.paged.note(leaf.part, leaf.scalar));
        }
        Ok(told)
    }

    fn rows(&mut self, part: PartId, rows: &mut dyn TakeRows, most: usize) -> usize {
        let paged = &mut *self.paged;
        if paged.depth != 0 || part != paged.row {
            return 0;
        }
        // The last row of a full page is told, for the values by which it is found again.
        let left = paged.size.map_or(u64::MAX, |size| u64::from(size).saturating_sub(paged.rows + 1));
        let most = usize::try_from(left).map_or(most, |left| most.min(left));
        let taken = self.reader.rows(part, rows, most);
        paged.rows += u64::try_from(taken).unwrap_or(u64::MAX);
        taken
    }

    fn unknown(&mut self, name: &str) {
        self.reader.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.paged.depth = self.paged.depth.saturating_sub(1);
        self.reader.leave(part)
    }
}

/// Returns a value as it is bound.
pub(crate) fn datum(scalar: Scalar<'_>) -> Datum {
    match scalar {
        Scalar::Nil => Datum::Null,
        Scalar::Bytes(bytes) => Datum::Bytes(bytes.into()),
        Scalar::Text(text) => Datum::Text(text.into()),
        other => Datum::Text(Leaf::from_scalar(other).text().unwrap_or_default().into()),
    }
}
