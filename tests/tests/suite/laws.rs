//! The laws of reading and writing on the model of `reservations`, with its real WSDL.
//!
//! **Invariant.** Records are random and the same each time; a refusal is counted and printed, never taken for success.

use engine::json::{self, JsonLimits};
use engine::plan::laws::Laws;
use engine::plan::model::Model;
use engine::plan::tree::{Leaf, NodeId, Tree, capture};
use engine::program::Ambient;
use engine::value::Value;
use gateway::cli::ProjectArgs;
use gateway::project::{Mode, Project};
use std::sync::Arc;
use tests::shared::repository;

/// Random records for the laws.
const RECORDS: u32 = 10_000;
/// Random records that go through the wire.
const WIRED: usize = 500;
/// Where the random numbers begin.
const SEED: u64 = 7;

fn project() -> Project {
    let project = repository().join("mappings/reservations");
    let args = ProjectArgs { project, env: None, libs: Vec::new() };
    Project::load(&args, Mode::Offline).unwrap_or_else(|findings| panic!("{}", findings.text()))
}

fn model(project: &Project) -> &Arc<Model> {
    project.program.find_model("Reservation").unwrap()
}

#[test]
fn the_three_laws_hold_on_ten_thousand_random_reservations() {
    let project = project();
    let report = Laws::new(model(&project), Ambient::for_tests()).random(RECORDS, SEED);
    eprintln!(
        "{} records, {} unreadable, {} refused, {} broken",
        report.records,
        report.unreadable,
        report.refused,
        report.broken.len()
    );
    report.refusals.iter().for_each(|why| eprintln!("  {why}"));
    assert!(report.broken.is_empty(), "{:#?}", report.broken);
    assert_eq!(report.records, RECORDS);
    assert!(report.unreadable <= RECORDS / 100, "{} records cannot be read", report.unreadable);
    assert!(report.refused <= RECORDS / 20, "{} writes were refused", report.refused);
}

#[test]
fn amounts_are_exact_to_the_last_digit() {
    let project = project();
    let model = model(&project);
    let laws = Laws::new(model, Ambient::for_tests());
    let mut seen = 0;
    for record in laws.samples(WIRED, SEED + 1) {
        let Some(written) = amount(&record) else { continue };
        let read = laws.read(&record).unwrap();
        let found =
            read.member("total").and_then(|total| total.member("amount")).cloned().unwrap_or_default();
        let expected = json::parse(written.as_bytes(), JsonLimits::default()).unwrap();
        assert!(
            matches!((&found, &expected), (Value::Number(a), Value::Number(b)) if a.to_string() == b.to_string()),
            "{written}: {found:?}"
        );
        seen += 1;
    }
    assert!(seen > WIRED / 4, "only {seen} records have an amount");
}

/// The text of `ResGlobalInfo/Total/AmountAfterTax`.
fn amount(record: &Tree) -> Option<String> {
    let child = |node: NodeId, name: &str| {
        let is = |child: &NodeId| {
            record.part(*child).is_some_and(|part| *record.shape().part(part).name.local == *name)
        };
        record.children(node).iter().copied().find(is)
    };
    let total = child(child(record.root(), "ResGlobalInfo")?, "Total")?;
    record.leaf(child(total, "AmountAfterTax")?).and_then(Leaf::text)
}

#[test]
fn what_goes_through_the_wire_reads_as_what_did_not() {
    let project = project();
    let model = model(&project);
    let laws = Laws::new(model, Ambient::for_tests());
    let connection = project.connections[model.connection].as_ref().unwrap();
    for (number, record) in laws.samples(WIRED, SEED + 2).into_iter().enumerate() {
        let wire = connection.encode_part(model.part, &mut record.replay(record.root())).unwrap();
        let mut document = connection.decode_part(model.part, &wire).unwrap();
        let back = capture(&model.shape, model.ty, &mut *document).unwrap();
        let (direct, wired) = (laws.read(&record).unwrap(), laws.read(&back).unwrap());
        assert!(direct.same(&wired), "record {number}: {direct:?} is not {wired:?}");
        let again = connection.encode_part(model.part, &mut back.replay(back.root())).unwrap();
        assert_eq!(connection.difference(&wire, &again).unwrap(), None, "record {number}");
    }
}
