//! Fetches the rows of one result in blocks and writes them as batches.
//!
//! A block is bound column by column; a value that does not fit is read again in pieces where the driver can, else the
//! statement is executed again with more room, as long as nothing was told.
//!
//! **Invariant.** No value is cut: it is answered whole, or the answer ends by a fault.

use crate::execute::Ended;
use crate::form::{self, Style};
use crate::kinds::{self, Plan};
use crate::native::{Cell, Cells, Described, Form, Statement};
use crate::output::{Early, Output};
use adapters_sql_protocol::{BatchWriter, Execute, Fetch, FromWorker, Phase};

/// The fetching of one result.
#[derive(Debug)]
pub(crate) struct Fetching<'a> {
    /// What the driver is like.
    pub(crate) traits: crate::database::Traits,
    /// The statement.
    pub(crate) execute: &'a Execute,
    /// Something of the answer has left already.
    pub(crate) told: bool,
    /// What is known of its columns.
    pub(crate) widths: Widths,
}

/// What was learnt of the columns of a result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Widths {
    /// Bytes that the values of a column need at least.
    content_bytes: Vec<usize>,
    /// Rows are read one by one, in pieces.
    piecewise: bool,
}

/// Bytes that are bound at most for one block.
const BLOCK_BYTES_MAX: usize = 4 << 20;
/// A value longer than this is read in pieces.
const BOUND_BYTES_MAX: usize = 64 << 10;
/// Rows of the first block, so that the first rows leave soon.
const ROWS_MIN: usize = 1;

impl Fetching<'_> {
    /// Tells all rows; nothing if all went well.
    pub(crate) fn run(
        &self,
        statement: &mut Statement<'_>,
        output: &mut Output,
    ) -> Result<Option<Ended>, Early> {
        let described =
            (1..=statement.width()?).map(|n| statement.describe(n)).collect::<Result<Vec<_>, _>>()?;
        let plans: Vec<Plan> = described.iter().enumerate().map(|(n, column)| self.plan(n, column)).collect();
        output.put(&FromWorker::Columns(described.iter().map(kinds::told).collect()));
        match self.widths.piecewise {
            true => self.rows_in_pieces(statement, &plans, output).map(|()| None),
            false => self.blocks(statement, &plans, output),
        }
    }

    fn plan(&self, index: usize, described: &Described) -> Plan {
        let fetch = self.execute.fetch.get(index).copied().unwrap_or(Fetch::Decide);
        let mut plan = kinds::plan(described, fetch, self.traits.narrow, self.traits.loose);
        let learnt = self.widths.content_bytes.get(index).copied().unwrap_or(0);
        plan.content_bytes = plan.content_bytes.max(learnt);
        plan
    }

    fn block_rows(&self, plans: &[Plan]) -> usize {
        let width: usize = plans.iter().map(|plan| Cells::width(plan.form, plan.content_bytes) + 8).sum();
        let rows_max = (self.execute.batch_rows_max as usize).clamp(1, 65_536);
        // What cannot be read again must be the only row if executing again is no way out.
        let single = !self.traits.rereads && !self.repeats();
        if single { ROWS_MIN } else { (BLOCK_BYTES_MAX / width.max(1)).clamp(ROWS_MIN, rows_max) }
    }

    /// Returns whether the statement may be executed again, because it only reads.
    fn repeats(&self) -> bool {
        let word = self.execute.sql.trim_ascii_start().get(..7).unwrap_or_default();
        !self.execute.call && word.eq_ignore_ascii_case("select ")
    }

    fn blocks(
        &self,
        statement: &mut Statement<'_>,
        plans: &[Plan],
        output: &mut Output,
    ) -> Result<Option<Ended>, Early> {
        let rows = self.block_rows(plans);
        statement
            .bind(plans.iter().map(|plan| Cells::new(plan.form, plan.content_bytes, rows)).collect(), rows)?;
        let mut told = self.told;
        loop {
            let count = statement.fetch()?;
            if count == 0 {
                return Ok(None);
            }
            let block = Block::of(statement, plans, count);
            if block.cut.is_empty() || self.traits.rereads {
                self.write(&block, statement, output)?;
                told = true;
                continue;
            }
            if count == 1 && rows == 1 {
                self.write(&block, statement, output)?;
                told = true;
                continue;
            }
            let widths = self.wider(plans, &block);
            return match told || !self.repeats() {
                true => Ok(Some(Ended::TooLate(widths))),
                false => {
                    // COLUMNS was put, but has not left: it is put again.
                    output.buffer().clear();
                    Ok(Some(Ended::Again(widths)))
                }
            };
        }
    }

    /// The room that is needed as far as this block shows.
    fn wider(&self, plans: &[Plan], block: &Block<'_>) -> Widths {
        let mut content_bytes: Vec<usize> = plans.iter().map(|plan| plan.content_bytes).collect();
        for &(_, column) in &block.cut {
            let needed = block.longest(column);
            // Twice as much as was seen, since longer ones may follow.
            content_bytes[column] = content_bytes[column].max(needed).saturating_mul(2);
        }
        let piecewise = content_bytes.iter().any(|bytes| *bytes > BOUND_BYTES_MAX);
        Widths { content_bytes, piecewise }
    }

    /// Writes a block as one batch, or as several where it is large.
    fn write(&self, block: &Block<'_>, statement: &Statement<'_>, output: &mut Output) -> Result<(), Early> {
        let bytes_max = self.execute.batch_bytes_max.max(1) as usize;
        if block.cut.is_empty() && block.bytes() <= bytes_max + bytes_max / 4 {
            return block.put(0..block.rows, &[], output);
        }
        let (mut begin, mut bytes, mut long) = (0, 0, Vec::new());
        for row in 0..block.rows {
            let mut of_row = block.row_bytes(row);
            for &(_, column) in block.cut.iter().filter(|(cut, _)| *cut == row) {
                let value = self.reread(block, statement, row, column)?;
                of_row += value.len();
                long.push((row, column, value));
            }
            bytes += of_row;
            if bytes >= bytes_max || row + 1 == block.rows {
                block.put(begin..row + 1, &long, output)?;
                (begin, bytes) = (row + 1, 0);
                long.clear();
            }
        }
        Ok(())
    }

    fn reread(
        &self,
        block: &Block<'_>,
        statement: &Statement<'_>,
        row: usize,
        column: usize,
    ) -> Result<Vec<u8>, Early> {
        let mut value = Vec::new();
        if block.rows > 1 {
            statement.position(row)?;
        }
        let number = u16::try_from(column + 1).unwrap_or(u16::MAX);
        let bytes_max = self.execute.value_bytes_max as usize;
        statement.read(number, block.plans[column].form, &mut value, bytes_max)?;
        Ok(value)
    }

    /// Reads every cell on its own: the way for long values of drivers that cannot read a bound one again.
    fn rows_in_pieces(
        &self,
        statement: &mut Statement<'_>,
        plans: &[Plan],
        output: &mut Output,
    ) -> Result<(), Early> {
        let (mut rows, mut bytes): (Vec<Vec<Option<Vec<u8>>>>, usize) = (Vec::new(), 0);
        let bytes_max = self.execute.batch_bytes_max as usize;
        while statement.step()? {
            let mut row = Vec::with_capacity(plans.len());
            for (number, plan) in (1..).zip(plans) {
                // A float in pieces is a text; the host reads both.
                let form = if plan.form == Form::Double { Form::Narrow } else { plan.form };
                let mut value = Vec::new();
                let is = statement.read(number, form, &mut value, self.execute.value_bytes_max as usize)?;
                bytes += value.len() + 8;
                row.push(is.then_some(value));
            }
            rows.push(row);
            if bytes >= bytes_max || rows.len() >= self.execute.batch_rows_max as usize {
                put_pieces(&rows, plans, output)?;
                (rows, bytes) = (Vec::new(), 0);
            }
        }
        if rows.is_empty() { Ok(()) } else { put_pieces(&rows, plans, output) }
    }
}

fn put_pieces(rows: &[Vec<Option<Vec<u8>>>], plans: &[Plan], output: &mut Output) -> Result<(), Early> {
    let mut bad = None;
    BatchWriter::write(output.buffer(), rows.len(), |batch| {
        for (n, plan) in plans.iter().enumerate() {
            let cells = rows.iter().map(|row| row[n].as_deref());
            match plan.form {
                Form::Bytes => batch.bytes(cells),
                form => {
                    let good = batch.texts_by(cells, |out, cell| put_text(out, form, plan.style, cell));
                    note(good, n, &mut bad);
                }
            }
        }
    });
    sent(bad, plans.len(), output)
}

/// A block as it was fetched.
struct Block<'a> {
    columns: &'a [Cells],
    plans: &'a [Plan],
    rows: usize,
    /// The cells that did not fit, by row and column.
    cut: Vec<(usize, usize)>,
}

impl<'a> Block<'a> {
    fn of(statement: &'a Statement<'_>, plans: &'a [Plan], rows: usize) -> Self {
        let columns = statement.columns();
        let mut cut = Vec::new();
        for (column, cells) in columns.iter().enumerate() {
            cut.extend(cells.cut(rows).map(|row| (row, column)));
        }
        Self { columns, plans, rows, cut }
    }

    fn bytes(&self) -> usize {
        self.columns.iter().map(|cells| cells.bytes(0..self.rows)).sum()
    }

    fn row_bytes(&self, row: usize) -> usize {
        self.columns.iter().map(|cells| cells.bytes(row..row + 1)).sum()
    }

    /// The longest value of a column that did not fit; twice the room if the driver does not know.
    fn longest(&self, column: usize) -> usize {
        let cells = &self.columns[column];
        let lengths =
            self.cut.iter().filter(|(_, of)| *of == column).map(|(row, _)| match cells.cell(*row) {
                Cell::Cut(Some(length)) => length,
                _ => self.plans[column].content_bytes * 2,
            });
        lengths.max().unwrap_or(0)
    }

    fn put(
        &self,
        rows: std::ops::Range<usize>,
        long: &[(usize, usize, Vec<u8>)],
        output: &mut Output,
    ) -> Result<(), Early> {
        let mut bad = None;
        let of = |row: usize, column: usize| {
            let found = long.iter().find(|(r, c, _)| (*r, *c) == (row, column));
            found.map(|(_, _, value)| value.as_slice())
        };
        BatchWriter::write(output.buffer(), rows.len(), |batch| {
            for (n, (cells, plan)) in self.columns.iter().zip(self.plans).enumerate() {
                if plan.form == Form::Narrow && long.is_empty() {
                    let good = put_narrow(batch, cells.narrow(rows.clone()), plan.style);
                    note(good, n, &mut bad);
                    continue;
                }
                let bytes = rows.clone().map(|row| match cells.cell(row) {
                    Cell::Null | Cell::Double(_) => None,
                    Cell::Bytes(bytes) | Cell::Wide(bytes) => Some(bytes),
                    Cell::Cut(_) => of(row, n),
                });
                match plan.form {
                    Form::Double => batch.doubles(rows.clone().map(|row| match cells.cell(row) {
                        Cell::Double(value) => Some(value),
                        _ => None,
                    })),
                    Form::Bytes => batch.bytes(bytes),
                    form => {
                        let good = batch.texts_by(bytes, |out, cell| put_text(out, form, plan.style, cell));
                        note(good, n, &mut bad);
                    }
                }
            }
        });
        sent(bad, self.plans.len(), output)
    }
}

/// Puts a column of which every cell fits, which is nearly every column.
fn put_narrow<'c>(
    batch: &mut BatchWriter<'_>,
    cells: impl Iterator<Item = Option<&'c [u8]>>,
    style: Style,
) -> bool {
    match style {
        Style::Plain => batch.texts_by(cells, |out, cell| out.extend_from_slice(cell)),
        Style::Decimal => batch.texts_by(cells, |out, cell| form::put(out, Style::Decimal, cell)),
        style => batch.texts_by(cells, |out, cell| form::put(out, style, cell)),
    }
}

/// Remembers the first column that holds something else than texts.
fn note(good: bool, column: usize, bad: &mut Option<usize>) {
    if !good {
        bad.get_or_insert(column);
    }
}

/// Appends a text. What is no UTF-16 becomes what is no UTF-8, so that it is noticed as any other.
#[inline]
fn put_text(out: &mut Vec<u8>, form: Form, style: Style, cell: &[u8]) {
    if form != Form::Wide {
        return form::put(out, style, cell);
    }
    let units = cell.chunks_exact(2).map(|pair| u16::from_ne_bytes([pair[0], pair[1]]));
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(_) => out.push(0xFF),
        }
    }
}

/// Sends a batch, unless a text in it is none.
fn sent(bad: Option<usize>, columns: usize, output: &mut Output) -> Result<(), Early> {
    if let Some(column) = bad {
        output.buffer().clear();
        let message = format!(
            "column {} of {columns} holds a text that is not in the encoding of the connection",
            column + 1
        );
        return Err(Early::own("22021", message, Phase::Within));
    }
    Ok(output.flush()?)
}
