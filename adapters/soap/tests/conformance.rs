//! The tokenizer against the W3C XML conformance suite, as far as it applies without a DTD, and against shared files
//! that are not well-formed.

#[path = "support/project.rs"]
mod project;

use adapters_soap::wellformed;
use kernel::Limits;
const VERSION: &str =
    "XML 1.1 forbids U+007F to U+009F as such; as XML 1.0, which we read, the document is well-formed";
const HIDDEN: &str = "it is UTF-16 and has a DOCTYPE, which the list of expected results does not see";

/// Tests of the suite whose listed verdict we do not share, with the reason.
const DEVIATIONS: &[(&str, &str)] = &[
    ("ibm/xml-1.1/not-wf/P02/ibm02n32.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n33.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n34.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n35.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n36.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n37.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n38.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n39.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n40.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n41.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n42.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n43.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n44.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n45.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n46.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n47.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n48.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n49.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n50.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n51.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n52.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n53.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n54.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n55.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n56.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n57.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n59.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n60.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n61.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n62.xml", VERSION),
    ("ibm/xml-1.1/not-wf/P02/ibm02n63.xml", VERSION),
    ("japanese/pr-xml-little-endian.xml", HIDDEN),
    ("japanese/pr-xml-utf-16.xml", HIDDEN),
    ("japanese/weekly-little-endian.xml", HIDDEN),
    ("japanese/weekly-utf-16.xml", HIDDEN),
    ("xmltest/valid/sa/049.xml", HIDDEN),
    ("xmltest/valid/sa/050.xml", HIDDEN),
    ("xmltest/valid/sa/051.xml", HIDDEN),
];

#[test]
fn the_w3c_suite_is_judged_right_as_far_as_there_is_no_dtd() {
    let Some(fixtures) = project::shared("fixtures") else { return };
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
            wrong.push(format!(
                "{path}: {kind}, edition {}, namespace {}, version {}: {result:?}",
                case["edition"], case["namespace"], case["version"]
            ));
        }
    }
    println!("{judged} judged, {refused_doctype} with a DOCTYPE, {} deviations", DEVIATIONS.len());
    assert!(DEVIATIONS.iter().all(|(_, reason)| !reason.is_empty()));
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(judged > 100, "{judged}");
}

#[test]
fn shared_files_that_are_not_well_formed_are_refused_with_their_place() {
    let Some(fixtures) = project::shared("fixtures") else { return };
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
