//! Reads real WSDLs and schemas of many makers.
//!
//! **Invariant.** Fixtures are read where they are shared, never copied; where they are missing it is said aloud.

#[path = "support/folder.rs"]
mod folder;

use adapters_soap::{Payload, SoapVersion, inspect, load, load_xsd};
use folder::{Folder, Texts, shared};
use kernel::{Shape, Sources, TypeKind};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[test]
fn the_example_wsdls_load_into_catalogues() {
    let Some(root) = shared("examples") else { return };
    let check = |project: &str, wsdl: &str, expected: &[(&str, &str, &str)]| {
        let loaded = load(wsdl, &Folder::new(root.join(project)), &mut Sources::default()).expect(wsdl);
        assert_eq!(loaded.findings, [], "{wsdl}");
        let shape = &loaded.catalogue.shape;
        let name = |part| shape.part(part).name.local.to_string();
        let found: Vec<_> = loaded
            .catalogue
            .operations
            .iter()
            .map(|operation| {
                (operation.name.to_string(), name(operation.request), name(operation.reply.expect("a reply")))
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect();
        assert_eq!(found, expected);
        for binding in &loaded.bindings {
            assert_eq!((binding.soap, binding.request), (SoapVersion::V11, Payload::Element));
            assert!(binding.action.starts_with("urn:example:") && binding.address.is_some());
        }
    };
    check(
        "reservations",
        "legacy/pms.wsdl",
        &[
            ("ReadReservation", "OTA_ReadRQ", "OTA_ResRetrieveRS"),
            ("CreateReservation", "OTA_HotelResRQ", "OTA_HotelResRS"),
        ],
    );
    check(
        "availability",
        "legacy/ari.wsdl",
        &[
            ("NotifyAvailability", "OTA_HotelAvailNotifRQ", "OTA_HotelAvailNotifRS"),
            ("ReadAvailability", "OTA_HotelAvailGetRQ", "OTA_HotelAvailGetRS"),
        ],
    );
}

/// Facts of 203 WSDLs by an independent reader; five of them are no XML.
#[test]
fn every_shared_wsdl_is_inspected_and_agrees_with_the_inventory() {
    let Some(root) = shared("fixtures") else { return };
    let inventory = std::fs::read(root.join("soap/_expected/soap-inventory.json")).expect("the inventory");
    let inventory: Value = serde_json::from_slice(&inventory).expect("the inventory is JSON");
    let files = inventory["files"].as_object().expect("files");
    let started = Instant::now();
    let (mut agree, mut unreadable, mut differ) = (0, 0, Vec::new());
    let mut slowest = (Duration::ZERO, "");
    for (path, facts) in files {
        // A WSDL may import its neighbours, as deep below the root as the maker's folders go.
        let begun = Instant::now();
        let told = inspect(path, &Folder::new(root.clone()));
        slowest = slowest.max((begun.elapsed(), path.as_str()));
        for finding in told["findings"].as_array().expect("findings") {
            assert!(!finding["message"].as_str().unwrap_or_default().is_empty(), "{path}: {finding}");
            let counted = finding["message"].as_str().is_some_and(|text| text.contains("further findings"));
            assert!(finding["line"].is_u64() || counted, "{path}: {finding}");
        }
        for refused in told["refused"].as_array().into_iter().flatten() {
            assert!(refused["line"].is_u64() && refused["reason"].is_string(), "{path}: {refused}");
        }
        if facts["inventory"].is_null() {
            unreadable += 1;
            let errors = told["findings"].as_array().expect("findings");
            assert!(errors.iter().any(|e| e["code"] == "E091" && e["line"].is_u64()), "{path}: {told}");
            continue;
        }
        match disagreement(path, &told, &facts["inventory"]) {
            None => agree += 1,
            Some(reason) => differ.push(format!("{path}: {reason}")),
        }
    }
    println!(
        "{agree} of {} agree, {unreadable} are no XML, {:?}; the slowest: {slowest:?}",
        files.len(),
        started.elapsed()
    );
    assert_eq!((unreadable, differ), (5, Vec::new()));
    assert_eq!(agree, 198);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

/// The first difference between what was told of this very file and the inventory of it.
fn disagreement(path: &str, told: &Value, facts: &Value) -> Option<String> {
    let here = |list: &Value| -> Vec<Value> {
        list.as_array().into_iter().flatten().filter(|item| item["file"] == path).cloned().collect()
    };
    if told["targetNamespace"] != facts["targetNamespace"] {
        return Some(format!(
            "namespace {} instead of {}",
            told["targetNamespace"], facts["targetNamespace"]
        ));
    }
    let names = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(|o| o["name"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    for port_type in here(&told["portTypes"]) {
        let name = port_type["name"].as_str().unwrap_or_default();
        let expected: Vec<&str> =
            facts["portTypes"][name].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        if names(&port_type["operations"]) != expected {
            return Some(format!(
                "port type {name}: {:?} instead of {expected:?}",
                names(&port_type["operations"])
            ));
        }
    }
    let keys = |value: &Value| -> BTreeSet<String> {
        value.as_object().into_iter().flat_map(|map| map.keys().cloned()).collect()
    };
    let found = |list: &Value| -> BTreeSet<String> { names(&Value::Array(here(list))).into_iter().collect() };
    for kind in ["portTypes", "bindings", "services"] {
        if found(&told[kind]) != keys(&facts[kind]) {
            return Some(format!("{kind}: {:?} instead of {:?}", found(&told[kind]), keys(&facts[kind])));
        }
    }
    here(&told["bindings"]).iter().find_map(|binding| {
        let expected = &facts["bindings"][binding["name"].as_str().unwrap_or_default()];
        binding_differs(binding, expected).map(|reason| format!("binding {}: {reason}", binding["name"]))
    })
}

fn binding_differs(found: &Value, expected: &Value) -> Option<String> {
    // One WSDL has two bindings of one name; the inventory has the transport of the last, we take the first.
    if found["protocol"] != expected["protocol"] {
        return Some(format!("protocol {} instead of {}", found["protocol"], expected["protocol"]));
    }
    let (ours, theirs) = (found["operations"].as_array()?, expected["operations"].as_array()?);
    if ours.len() != theirs.len() {
        return Some(format!("{} operations instead of {}", ours.len(), theirs.len()));
    }
    ours.iter().zip(theirs).find_map(|(ours, theirs)| {
        let style = if theirs["style"].is_null() { &Value::Null } else { &ours["style"] };
        let same = ours["name"] == theirs["name"]
            && ours["action"] == theirs["soapAction"]
            && *style == theirs["style"]
            && ours["input"]["use"] == theirs["use"];
        (!same).then(|| format!("{ours} instead of {theirs}"))
    })
}

#[test]
fn the_schemas_of_ota_and_alpinebits_load_without_a_refusal() {
    let Some(root) = shared("fixtures/ota") else { return };
    let started = Instant::now();
    let mut count = 0;
    for folder in ["schema-alpinebits", "schema-ota2015a"] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            let path = format!("{folder}/{name}");
            let schema = load_xsd(&path, &Folder::new(root.clone()), &mut Sources::default());
            let schema = schema.unwrap_or_else(|findings| panic!("{path}: {findings:#?}"));
            assert_sound(&path, &schema.shape);
            println!(
                "{path}: {} globals, {} types, {} parts, {} findings",
                schema.shape.globals().len(),
                schema.shape.types().count(),
                schema.shape.parts().count(),
                schema.findings.len()
            );
            for finding in &schema.findings {
                println!("  {finding}");
            }
            count += 1;
        }
    }
    println!("{count} schemas in {:?}", started.elapsed());
    assert!(count >= 64, "{count}");
}

/// What every shape must hold, wherever it came from.
fn assert_sound(path: &str, shape: &Shape) {
    for (id, ty) in shape.types() {
        let TypeKind::Group(group) = &ty.kind else { continue };
        assert!(group.base != Some(id), "{path}: {:?} is its own base", ty.name);
        let mut names = BTreeSet::new();
        let mut ranks = Vec::new();
        for &part in &group.parts {
            let part = shape.part(part);
            assert!(
                names.insert((part.kind as u8, part.name.clone())),
                "{path}: {:?} twice {}",
                ty.name,
                part.name
            );
            ranks.push(match part.kind {
                kernel::PartKind::Attribute => 0,
                kernel::PartKind::Text => 1,
                _ => 2,
            });
        }
        assert!(ranks.is_sorted(), "{path}: {:?} has its parts out of order", ty.name);
    }
}

/// Attribute values take each other's place, and bytes are lost: what a careless edit does to a schema.
#[test]
fn no_mutation_of_a_schema_panics_or_hangs() {
    let Some(root) = shared("fixtures/soap") else { return };
    let rounds = if std::env::var_os("SEAWALL_LONG").is_some() { 5000 } else { 150 };
    let mut random = Random(0x5EA_3A11);
    let started = Instant::now();
    let (mut refused, mut read) = (0, 0);
    for path in
        ["cxf-testutils/type_test/type_test.xsd", "zeep/soap_header.wsdl", "membrane/mocks/xsd-features.wsdl"]
    {
        let Ok(text) = std::fs::read_to_string(root.join(path)) else { continue };
        read += 1;
        for _ in 0..rounds {
            let mutated = mutate(&text, &mut random);
            let files = Texts::new([("s", mutated)]);
            let told = inspect("s", &files);
            let wrong = told["findings"].as_array().expect("findings");
            assert!(wrong.iter().all(|finding| finding["message"].is_string()));
            refused += usize::from(load_xsd("s", &files, &mut Sources::default()).is_err());
        }
    }
    println!("{refused} of {} refused in {:?}", read * rounds, started.elapsed());
    assert!(read == 3 && refused > 0);
}

/// A small generator whose sequence is always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % bound.max(1) as u64).expect("below the bound")
    }
}

fn mutate(text: &str, random: &mut Random) -> String {
    let mut pieces: Vec<&str> = text.split('"').collect();
    for _ in 0..=random.below(6) {
        // Every second piece is the value of an attribute.
        let value = |n: usize| (n * 2 + 1).min(pieces.len() - 1);
        let (from, to) = (value(random.below(pieces.len() / 2)), value(random.below(pieces.len() / 2)));
        pieces[to] = pieces[from];
    }
    let mut mutated = pieces.join("\"");
    if random.below(3) == 0 {
        let from = random.below(mutated.len());
        let to = (from + random.below(80)).min(mutated.len());
        if mutated.is_char_boundary(from) && mutated.is_char_boundary(to) {
            mutated.replace_range(from..to, "");
        }
    }
    mutated
}
