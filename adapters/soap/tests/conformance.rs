//! The tokenizer against the W3C XML conformance suite, as far as it applies without a DTD, and against shared files
//! that are not well-formed.

use adapters_soap::wellformed;
use kernel::Limits;
use std::path::PathBuf;

/// Tests of the suite whose verdict we do not share, with the reason.
const DEVIATIONS: &[(&str, &str)] = &[];

/// Returns the folder of shared fixtures, or says loudly that there is none.
fn fixtures() -> Option<PathBuf> {
    let shared = std::env::var_os("SEAWALL_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")));
    let folder = shared.join("fixtures");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no shared fixtures in {}", folder.display());
    None
}

#[test]
fn the_w3c_suite_is_judged_right_as_far_as_there_is_no_dtd() {
    let Some(fixtures) = fixtures() else { return };
    let folder = fixtures.join("conformance/xmlconf");
    let expected = std::fs::read_to_string(folder.join("_expected.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let (mut judged, mut refused_doctype, mut wrong) = (0, 0, Vec::new());
    for (path, case) in expected["tests"].as_object().unwrap() {
        let Ok(bytes) = std::fs::read(folder.join(path)) else { continue };
        let result = wellformed(&bytes, Limits { depth_max: 1000, ..Limits::default() });
        let kind = case["type"].as_str().unwrap();
        if case["has_doctype"].as_bool().unwrap() {
            // What stands before the DOCTYPE may be wrong already; nothing with one may pass.
            refused_doctype += 1;
            if result.is_ok() {
                wrong.push(format!("{path}: accepted with a DOCTYPE"));
            }
            continue;
        }
        let right = match kind {
            "valid" | "invalid" => result.is_ok(),
            "not-wf" => result.is_err(),
            _ => continue,
        };
        judged += 1;
        if right == DEVIATIONS.iter().any(|(name, _)| name == path) {
            wrong.push(format!("{path}: {kind}, edition {}, namespace {}, version {}: {result:?}", case["edition"], case["namespace"], case["version"]));
        }
    }
    println!("{judged} judged, {refused_doctype} with a DOCTYPE, {} deviations", DEVIATIONS.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged > 100, "{judged}");
}

#[test]
fn shared_files_that_are_not_well_formed_are_refused_with_their_place() {
    let Some(fixtures) = fixtures() else { return };
    let list = std::fs::read_to_string(fixtures.join("NOT_WELL_FORMED.json")).unwrap();
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    for file in list["files"].as_array().unwrap() {
        let file = file.as_str().unwrap();
        let bytes = std::fs::read(fixtures.join(file)).unwrap();
        let error = wellformed(&bytes, Limits::default()).expect_err(file);
        assert!(error.offset <= bytes.len() as u64, "{file}: {error}");
        println!("{file}: {error}");
    }
}
