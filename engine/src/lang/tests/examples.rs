//! Tests on the example projects.

use super::*;
use std::path::{Path as FilePath, PathBuf};

/// Returns the folder with the shared examples; says so loudly where it is missing.
pub(super) fn examples() -> Option<PathBuf> {
    let shared = std::env::var_os("SEAWALL_SHARED").map_or_else(
        || FilePath::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).to_owned(),
        PathBuf::from,
    );
    let folder = shared.join("examples");
    if !folder.is_dir() {
        eprintln!("SKIPPED: no examples at {}; set SEAWALL_SHARED", folder.display());
        return None;
    }
    Some(folder)
}

pub(super) fn text(path: &FilePath) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

pub(super) const NAMES: [&str; 5] = ["availability", "bookings", "customers", "reservations", "rooms"];

#[test]
fn all_example_projects_load_without_a_finding_in_each_environment() {
    let Some(folder) = examples() else { return };
    let kinds = [
        Kind { name: "kafka", ports: &["source", "sink"] },
        Kind { name: "log", ports: &["source", "sink"] },
    ];
    for name in NAMES {
        let base = text(&folder.join(name).join("facade.yaml"));
        let overlay = text(&folder.join(name).join("env/demo.yaml"));
        for overlay in [None, Some(("env/demo.yaml", overlay.as_str()))] {
            let mut sources = Sources::default();
            let options = Options { overlay, variables: None, kinds: &kinds };
            let files = vec![("facade.yaml".into(), base.clone())];
            let (project, found) = load_with(files, &mut sources, &options);
            assert_eq!(found, [], "{name}\n{}", crate::diagnostics::render(&found, &sources));
            assert_eq!(project.facade.as_deref().map(String::as_str), Some(name));
            let bus = project.connection("bus").map(|bus| bus.kind.value.as_str());
            if name != "rooms" || bus.is_some() {
                assert_eq!(bus, Some(if overlay.is_some() { "log" } else { "kafka" }), "{name}");
            }
        }
    }
}

#[test]
fn the_reservations_are_read_as_they_are_written() {
    let Some(folder) = examples() else { return };
    let mut sources = Sources::default();
    let base = text(&folder.join("reservations/facade.yaml"));
    let (project, _) = load(vec![("facade.yaml".into(), base)], &mut sources);
    let pms = project.connection("pms").expect("pms");
    assert_eq!((pms.send.len(), pms.errors.len()), (2, 5));
    assert_eq!(pms.errors[2].when[0].all[0].1.len(), 2);
    assert_eq!(pms.policy.timeout.map(|timeout| timeout.as_secs()), Some(5));
    assert_eq!(pms.policy.breaker.map(|breaker| breaker.failures), Some(Failures::Percent(50)));
    let model = project.model("Reservation").expect("the model");
    assert_eq!(model.fields.len(), 12);
    let names: Vec<_> = model.fields.iter().map(|field| field.name.text.as_str()).collect();
    assert_eq!(&names[5..8], ["nights", "total.amount", "total.currency"]);
    let FieldKind::Value(id) = &model.fields[0].kind else { panic!("id is a value") };
    let Pick::Where(all) = &id.sources[0].steps[0].pick else { panic!("a condition") };
    assert_eq!((all[0].path[0].name.as_str(), all[0].value.value.as_str()), ("Type", "14"));
    assert_eq!(under(&sources, Some(all[0].value.span)), "14");
    let FieldKind::List { at: Some(at), fields, .. } = &model.fields[9].kind else {
        panic!("guests is a list")
    };
    assert_eq!((at.steps.len(), fields.len()), (4, 3));
    assert_eq!(at.steps[1].pick, Pick::Nth(1));
    let create = &project.rest[1];
    assert_eq!(
        create.verb.as_ref().map(|(verb, model)| (*verb, model.value.as_str())),
        Some((Verb::Create, "Reservation"))
    );
    assert!(matches!(create.policy.idempotency.map(|it| it.value), Some(Idempotency::For(_))));
    assert_eq!(
        project.events[0].topic.as_ref().and_then(|topic| topic.connection.as_deref()).map(String::as_str),
        Some("bus")
    );
    assert!(matches!(project.tests[0].legacy, Some(Payload::File(_))));
}
