//! Rows told from batches, at every pause and with every lie.

use super::*;
use adapters_sql_protocol::{BatchWriter, Fetch, FromWorker, HEADER_BYTES, ValueKind};
use kernel::{
    Name, Part, PartKind, Scalar, ScalarType, ShapeBuilder, Sheet, Slot, Snippet, TakeRows, Taken, Taker,
    Usual,
};

/// Writes down what it is told, and pauses before the n-th part if asked to.
#[derive(Default)]
struct Notes {
    told: Vec<String>,
    pause_at: Option<usize>,
    entered: usize,
    skip: Option<PartId>,
    row: Option<PartId>,
}

impl Visitor for Notes {
    fn enter(&mut self, part: PartId, _ty: TypeId) -> Interest {
        self.entered += 1;
        if self.pause_at == Some(self.entered) {
            return Interest::Pause;
        }
        match () {
            () if self.skip == Some(part) => Interest::Skip,
            () if self.row == Some(part) => Interest::Descend,
            () => Interest::Leaf,
        }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.told.push(format!("{}={scalar:?}", part.0));
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.told.push(format!("?{name}"));
    }

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        self.told.push("/".to_owned());
        Ok(())
    }
}

fn shape() -> (Shape, Rows) {
    let mut build = ShapeBuilder::new();
    let text = build.add_scalar(ScalarType::text());
    let row_type = build.reserve();
    let a = build.add_part(Part::new(Name::local("A"), PartKind::Field, text));
    let b = build.add_part(Part::new(Name::local("B"), PartKind::Field, text));
    let row = build.add_part(Part::new(Name::local("T"), PartKind::Element, row_type));
    let column =
        |part, name: &str| Column { part, name: name.into(), kind: ValueKind::Text, fetch: Fetch::Text };
    (build.finish(), Rows { row, columns: vec![column(a, "A"), column(b, "B")] })
}

fn infos(names: &[&str]) -> Vec<ColumnInfo> {
    let info = |name: &&str| ColumnInfo {
        name: (*name).into(),
        kind: ValueKind::Text,
        precision: 0,
        scale: 0,
        nullable: true,
    };
    names.iter().map(info).collect()
}

fn load(set: &mut RowSet, rows: usize) {
    let mut bytes = Vec::new();
    BatchWriter::write(&mut bytes, rows, |batch| {
        batch.texts((0..rows).map(|row| (row != 1).then_some(&b"\xC3\xA4x"[..])));
        batch.integers((0..rows).map(|row| Some(row as i64)));
        if set.width() > 2 {
            batch.doubles((0..rows).map(|_| Some(0.5)));
        }
    });
    let payload = Bytes::from(bytes.split_off(HEADER_BYTES));
    let Ok(FromWorker::Batch(batch)) = FromWorker::decode(bytes[4], &payload, set.width()) else {
        panic!("no batch")
    };
    set.load(&batch, &payload);
}

#[test]
fn rows_are_told_column_by_column_with_null_as_nothing() {
    let (shape, rows) = shape();
    let mut set = RowSet::new(&rows, &infos(&["a", "B"]), &shape).unwrap();
    load(&mut set, 2);
    let mut notes = Notes { row: Some(rows.row), ..Notes::default() };
    assert_eq!(set.advance(&mut notes), Ok(Progress::End));
    assert_eq!(notes.told, ["1=Text(\"äx\")", "2=Int(0)", "/", "1=Nil", "2=Int(1)", "/"]);
    load(&mut set, 1);
    notes.told.clear();
    set.advance(&mut notes).unwrap();
    assert_eq!(notes.told.len(), 3, "the second batch is told like the first");
}

#[test]
fn a_document_goes_on_where_it_paused_wherever_that_was() {
    let (shape, rows) = shape();
    let whole = {
        let mut set = RowSet::new(&rows, &infos(&["A", "B"]), &shape).unwrap();
        load(&mut set, 3);
        let mut notes = Notes { row: Some(rows.row), ..Notes::default() };
        set.advance(&mut notes).unwrap();
        notes.told
    };
    for pause_at in 1..=9 {
        let mut set = RowSet::new(&rows, &infos(&["A", "B"]), &shape).unwrap();
        load(&mut set, 3);
        let mut notes = Notes { row: Some(rows.row), pause_at: Some(pause_at), ..Notes::default() };
        assert_eq!(set.advance(&mut notes), Ok(Progress::Paused), "{pause_at}");
        assert_eq!(set.advance(&mut notes), Ok(Progress::End), "{pause_at}");
        assert_eq!(notes.told, whole, "{pause_at}");
    }
}

#[test]
fn columns_are_found_by_name_and_a_missing_one_is_said() {
    let (shape, rows) = shape();
    assert_eq!(RowSet::new(&rows, &infos(&["A", "X"]), &shape).map(|_| ()), Err("B".to_owned()));
    let mut set = RowSet::new(&rows, &infos(&["b", "a", "EXTRA"]), &shape).unwrap();
    load(&mut set, 1);
    let mut notes = Notes { row: Some(rows.row), ..Notes::default() };
    set.advance(&mut notes).unwrap();
    assert_eq!(notes.told, ["?EXTRA", "1=Int(0)", "2=Text(\"äx\")", "/"]);
}

#[test]
fn a_row_that_is_skipped_is_not_told() {
    let (shape, rows) = shape();
    let mut set = RowSet::new(&rows, &infos(&["A", "B"]), &shape).unwrap();
    load(&mut set, 2);
    let mut notes = Notes { skip: Some(rows.row), ..Notes::default() };
    assert_eq!(set.advance(&mut notes), Ok(Progress::End));
    assert!(notes.told.is_empty());
}

/// Takes rows where it can, and refuses those with nothing in the first column.
#[derive(Default)]
struct Takes {
    notes: Notes,
    most: usize,
    taken: Vec<String>,
}

impl Taker for Takes {
    fn take(&mut self, _: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> bool {
        sheet.truncate(start);
        if let Taken::Float { bits } = taken {
            sheet.put(f64::from_bits(bits).to_string().as_bytes());
        }
        taken != Taken::Nil
    }

    fn mark(&mut self, _: usize, _: std::ops::Range<usize>) {}
}

impl Visitor for Takes {
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest {
        self.notes.enter(part, ty)
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.notes.leaf(part, scalar)
    }

    fn unknown(&mut self, name: &str) {
        self.notes.unknown(name);
    }

    fn leave(&mut self, part: PartId) -> Result<(), Stop> {
        self.notes.leave(part)
    }

    fn rows(&mut self, part: PartId, rows: &mut dyn TakeRows, most: usize) -> usize {
        assert_eq!(self.notes.row, Some(part));
        let slot = |part: u32, before: &[u8], usual| {
            let (part, before) = (PartId(part), Snippet::new(before));
            Slot { part, before, usual, marked: false }
        };
        let slots =
            [slot(2, b"B=", Usual::Number), slot(1, b" A=\"", Usual::Text), slot(3, b" C=", Usual::Nothing)];
        assert!(rows.excerpt(&slots));
        assert!(!rows.excerpt(&[slot(9, b"", Usual::Text)]), "there is no such column");
        assert!(rows.excerpt(&slots));
        for taken in 0..most.min(self.most) {
            let mut sheet = Sheet::default();
            if !rows.take(&slots, self, &mut sheet) {
                return taken;
            }
            let row = String::from_utf8(sheet.into_bytes()).unwrap();
            self.taken.push(row.clone());
            self.notes.told.push(row);
        }
        most.min(self.most)
    }
}

#[test]
fn rows_are_taken_where_they_can_be_and_the_others_told_in_between() {
    let mut build = ShapeBuilder::new();
    let text = build.add_scalar(ScalarType::text());
    let whole = build.add_scalar(ScalarType::Decimal { digits: None, scale: Some(0), unsigned: false });
    let float = build.add_scalar(ScalarType::Float { bits: 64 });
    let row_type = build.reserve();
    let mut add = |name: &str, ty| build.add_part(Part::new(Name::local(name), PartKind::Field, ty));
    let (a, b, c) = (add("A", text), add("B", whole), add("C", float));
    let row = build.add_part(Part::new(Name::local("T"), PartKind::Element, row_type));
    let column =
        |part, name: &str| Column { part, name: name.into(), kind: ValueKind::Text, fetch: Fetch::Text };
    let rows = Rows { row, columns: vec![column(a, "A"), column(b, "B"), column(c, "C")] };
    let shape = build.finish();
    let told = |most: usize, names: &[&str]| {
        let mut set = RowSet::new(&rows, &infos(names), &shape).unwrap();
        let mut takes = Takes { most, ..Takes::default() };
        takes.notes.row = Some(row);
        load(&mut set, 4);
        assert_eq!(set.advance(&mut takes), Ok(Progress::End));
        takes.notes.told
    };
    let second = ["1=Nil", "2=Int(1)", "3=Float(0.5)", "/"];
    let (first, third, fourth) = ("B=0 A=\"äx\" C=0.5", "B=2 A=\"äx\" C=0.5", "B=3 A=\"äx\" C=0.5");
    let all = [&[first][..], &second, &[third, fourth]].concat();
    assert_eq!(told(100, &["A", "B", "C"]), all);
    // Whoever takes few at a time is told the next one, and asked again behind that.
    let one = [&[first][..], &second, &[third, "1=Text(\"äx\")", "2=Int(3)", "3=Float(0.5)", "/"]].concat();
    assert_eq!(told(1, &["A", "B", "C"]), one);
}
