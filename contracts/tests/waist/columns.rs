//! A double of a database: batches of rows, column by column, as typed values.

use super::kit::{decimal, element, field, first_of, group, padded, taken};
use engine::plan::tree::Tree;
use jiff::civil::{DateTime, date};
use kernel::{
    Catalogue, Decimal, DecodeError, Document, Interest, Occurs, PartId, Progress, Scalar, ScalarType,
    ShapeBuilder, Stop, Table, TypeId, Visitor,
};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// A column of a batch.
#[derive(Debug, Clone)]
pub(crate) enum Column {
    Texts(Vec<Option<String>>),
    Ints(Vec<Option<i64>>),
    Decimals(Vec<Option<Decimal>>),
    Moments(Vec<Option<DateTime>>),
}

/// The table ACCOUNT.
pub(crate) fn catalogue() -> Arc<Catalogue> {
    static ONCE: OnceLock<Arc<Catalogue>> = OnceLock::new();
    ONCE.get_or_init(|| {
        let mut build = ShapeBuilder::new();
        let columns = [
            ("NO", decimal(8, 0)),
            ("NAME1", padded(10)),
            ("NAME2", padded(10)),
            ("KIND", padded(1)),
            ("BALANCE", decimal(38, 2)),
            ("OPENED", decimal(8, 0)),
            ("CHANGED", ScalarType::LocalDateTime),
            ("FILLER", padded(20)),
        ];
        let columns = columns.map(|(name, ty)| field(&mut build, name, ty));
        let changed = build.part_mut(columns[6]);
        (changed.nillable, changed.occurs) = (true, Occurs::OPTIONAL);
        let row = group(&mut build, &columns);
        let part = element(&mut build, "ACCOUNT", row, Occurs::ANY);
        let rows = group(&mut build, &[part]);
        build.add_global(part);
        let table = Table { part, rows, key: vec![columns[0]], generated: Vec::new(), read_only: false };
        Arc::new(Catalogue { shape: Arc::new(build.finish()), tables: vec![table], ..Catalogue::default() })
    })
    .clone()
}

fn parts() -> Vec<PartId> {
    let catalogue = catalogue();
    let row = catalogue.shape.part(catalogue.tables[0].part).ty;
    catalogue.shape.group(row).expect("a row is a group").parts.clone()
}

pub(crate) fn three_accounts() -> Vec<Column> {
    let texts = |all: [&str; 3]| Column::Texts(all.map(|text| Some(text.to_owned())).to_vec());
    let number = |text: &str| Decimal::parse(text).ok();
    let noon = date(2026, 12, 24).at(18, 0, 0, 250_000_000);
    vec![
        Column::Ints(vec![Some(1), Some(2), Some(3)]),
        texts(["Jo        ", "Ann       ", "Zoë       "]),
        texts(["Miller    ", "          ", ""]),
        texts(["C", "T", "S"]),
        Column::Decimals(vec![
            number("-12.50"),
            number("99999999999999999999999999999999999.99"),
            number("0.00"),
        ]),
        Column::Ints(vec![Some(0), Some(20_240_229), Some(19_991_231)]),
        Column::Moments(vec![Some(date(2026, 7, 1).at(9, 30, 0, 0)), None, Some(noon)]),
        texts(["?", "?", "?"]),
    ]
}

/// The document: one batch after the other, as they arrive.
pub(crate) struct Rows {
    arriving: VecDeque<Vec<Column>>,
    batch: Option<Vec<Column>>,
    row: usize,
    /// The next column, once the row has begun.
    column: Option<usize>,
    parts: Vec<PartId>,
    row_part: PartId,
}

impl Rows {
    pub(crate) fn new(columns: &[Column], sizes: &[usize]) -> Self {
        let mut from = 0;
        let mut arriving = VecDeque::new();
        for size in sizes {
            arriving.push_back(columns.iter().map(|column| column.part(from, *size)).collect());
            from += size;
        }
        let row_part = catalogue().tables[0].part;
        Self { arriving, batch: None, row: 0, column: None, parts: parts(), row_part }
    }

    fn tell_row(&mut self, batch: &[Column], to: &mut dyn Visitor) -> Result<Progress, Stop> {
        let shape = catalogue().shape.clone();
        if self.column.is_none() {
            match to.enter(self.row_part, shape.part(self.row_part).ty) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Descend => self.column = Some(0),
                Interest::Skip | Interest::Leaf => {
                    self.row += 1;
                    return Ok(Progress::End);
                }
            }
        }
        while let Some(column) = self.column.filter(|&column| column < self.parts.len()) {
            let part = self.parts[column];
            match to.enter(part, shape.part(part).ty) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Leaf => batch[column].tell(self.row, |scalar| to.leaf(part, scalar))?,
                Interest::Skip | Interest::Descend => {}
            }
            self.column = Some(column + 1);
        }
        self.column = None;
        self.row += 1;
        to.leave(self.row_part)?;
        Ok(Progress::End)
    }
}

impl Document for Rows {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        loop {
            let Some(batch) = self.batch.take() else {
                self.batch = self.arriving.pop_front();
                self.row = 0;
                return Ok(if self.batch.is_some() { Progress::NeedInput } else { Progress::End });
            };
            if self.row == batch[0].len() {
                continue;
            }
            let told = self.tell_row(&batch, to);
            self.batch = Some(batch);
            match told {
                Ok(Progress::End) => {}
                Ok(progress) => return Ok(progress),
                Err(Stop) => return Ok(Progress::Stopped),
            }
        }
    }
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Texts(all) => all.len(),
            Self::Ints(all) => all.len(),
            Self::Decimals(all) => all.len(),
            Self::Moments(all) => all.len(),
        }
    }

    fn part(&self, from: usize, count: usize) -> Self {
        match self {
            Self::Texts(all) => Self::Texts(all[from..from + count].to_vec()),
            Self::Ints(all) => Self::Ints(all[from..from + count].to_vec()),
            Self::Decimals(all) => Self::Decimals(all[from..from + count].to_vec()),
            Self::Moments(all) => Self::Moments(all[from..from + count].to_vec()),
        }
    }

    fn tell(&self, row: usize, mut leaf: impl FnMut(Scalar<'_>) -> Result<(), Stop>) -> Result<(), Stop> {
        leaf(match self {
            Self::Texts(all) => all[row].as_deref().map_or(Scalar::Nil, Scalar::Text),
            Self::Ints(all) => all[row].map_or(Scalar::Nil, Scalar::Int),
            Self::Decimals(all) => all[row].map_or(Scalar::Nil, Scalar::Decimal),
            Self::Moments(all) => all[row].map_or(Scalar::Nil, Scalar::DateTime),
        })
    }
}

/// The encoder: a write plan tells a row, and its values become bound parameters.
struct Bound {
    values: Vec<Option<String>>,
    parts: Vec<PartId>,
}

impl Visitor for Bound {
    fn enter(&mut self, _: PartId, _: TypeId) -> Interest {
        Interest::Leaf
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let column = self.parts.iter().position(|&known| known == part).expect("it is a column");
        self.values[column] = match scalar {
            Scalar::Nil => None,
            Scalar::Text(text) => Some(text.to_owned()),
            other => panic!("a write plan gives texts, not {other:?}"),
        };
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        panic!("{name} is no column");
    }

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Writes a row and reads it again, as a database would give it back.
pub(crate) fn written_and_read(row: &Tree) -> Tree {
    let mut bound = Bound { values: vec![None; parts().len()], parts: parts() };
    let told = row.replay(row.root()).advance(&mut bound).expect("a tree can be told");
    assert_eq!(told, Progress::End);
    let columns: Vec<Column> = bound.values.into_iter().map(|value| Column::Texts(vec![value])).collect();
    let catalogue = catalogue();
    let mut rows = Rows::new(&columns, &[1]);
    first_of(&taken(&catalogue.shape, catalogue.tables[0].rows, &mut rows).expect("it can be read"))
}
