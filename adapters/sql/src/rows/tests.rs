//! Rows told from batches, at every pause and with every lie.

use super::*;
use adapters_sql_protocol::{BatchWriter, Fetch, FromWorker, HEADER_BYTES, ValueKind};
use kernel::{Name, Part, PartKind, Scalar, ScalarType, ShapeBuilder};

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
    let Ok(FromWorker::Batch(batch)) = FromWorker::decode(bytes[4], &bytes[HEADER_BYTES..], set.width())
    else {
        panic!("no batch")
    };
    set.load(&batch);
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
