//! The laws hold where they should, and a mapping that breaks them is caught.
//!
//! **Invariant.** Random records are the same for the same seed.

use super::Laws;
use crate::plan::model::{Field, FieldKind, Model};
use crate::plan::read::ReadPlan;
use crate::plan::write::kit::Kit;
use crate::program::Ambient;
use std::sync::Arc;

const SHAPE: &str = "
Rec
  @id text 0..1
  State text
  Start date 0..1
  Total 0..1
    @Amount dec 0..1
    @Currency text 0..1
  Row 0..5
    @No int
    Value text 0..1
    Other text 0..3
  Tag text 0..4
  Mail text 0..1
";

const MODEL: &str = "
fields:
  id: id | readOnly
  state: State | codes(state)
  start: Start
  amount: Total/Amount
  currency: Total/Currency
  rows:
    each: Row
    fields:
      no: No
      value: Value | upper
  tags: Tag[*]
  mail: Mail | lower
";

#[test]
fn the_laws_hold_on_random_records_of_every_kind_of_field() {
    let kit = Kit::new(SHAPE, MODEL);
    let report = Laws::new(kit.model(), Ambient::for_tests()).random(500, 1);
    assert_eq!(report.records, 500);
    assert!(report.broken.is_empty(), "{:#?}", report.broken);
    assert!(report.unreadable < 50, "{report:?}");
    assert_eq!(report, Laws::new(kit.model(), Ambient::for_tests()).random(500, 1));
}

#[test]
fn an_example_is_judged_by_all_three_laws() {
    let kit = Kit::new(SHAPE, MODEL);
    let record = kit.record("@id=1 State=P Total(@Amount=007.50) Row(@No=1 Value=a Other=x) Tag=t Mail=A@B");
    let report = Laws::new(kit.model(), Ambient::for_tests()).example(&record);
    assert_eq!((report.records, report.refused, report.broken.as_slice()), (1, 0, &[][..]), "{report:?}");
}

/// The same model, but one field comes from the leaf of another one.
fn crossed(model: &Model) -> Model {
    let mut model = model.clone();
    let kind = |model: &Model, name: &str| {
        let field: Option<&Field> = model.body.fields.iter().find(|field| &*field.name == name);
        field.map(|field| field.kind.clone()).expect("a known field")
    };
    let FieldKind::Value { sources: mail, .. } = kind(&model, "mail") else { panic!("mail is a value") };
    for field in model.body.fields.iter_mut().filter(|field| &*field.name == "currency") {
        if let FieldKind::Value { sources, .. } = &mut field.kind {
            sources.clone_from(&mail);
        }
    }
    model
}

#[test]
fn what_is_read_from_one_place_and_written_to_another_one_breaks_laws() {
    let kit = Kit::new(SHAPE, MODEL);
    let reads = crossed(kit.model());
    let laws =
        Laws { plan: Arc::new(ReadPlan::of_record(&reads)), ..Laws::new(kit.model(), Ambient::for_tests()) };
    let report = laws.random(200, 1);
    for law in ["GetPut", "PutGet"] {
        assert!(report.broken.iter().any(|broken| broken.law == law), "{law}: {report:?}");
    }
}

#[test]
fn samples_are_readable_and_the_same_for_the_same_seed() {
    let kit = Kit::new(SHAPE, MODEL);
    let laws = Laws::new(kit.model(), Ambient::for_tests());
    let (one, two) = (laws.samples(20, 3), laws.samples(20, 3));
    assert_eq!(one.len(), 20);
    assert!(one.iter().all(|record| laws.read(record).is_ok()));
    assert!(one.iter().zip(&two).all(|(a, b)| a.same(a.root(), b, b.root())));
}
