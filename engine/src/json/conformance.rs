//! The parser against the public conformance files for JSON: `y_` must be read, `n_` must be refused.
//!
//! **Invariant.** Every deviation is named here with its reason.

use super::{JsonLimits, parse};
use std::path::PathBuf;

/// Valid JSON that is refused on purpose.
const REFUSED: &[(&str, &str)] = &[
    ("y_number_double_close_to_zero.json", "more than 38 digits"),
    ("y_number_real_exponent.json", "more than 38 digits"),
    ("y_number_real_fraction_exponent.json", "more than 38 digits"),
    ("y_object_duplicated_key.json", "stands twice"),
];

/// Implementation-defined files that are read; all others of that kind are refused.
const READ: &[&str] = &["i_number_too_big_neg_int.json", "i_number_too_big_pos_int.json"];

#[test]
fn the_conformance_files_are_read_or_refused_as_they_should_be() {
    let shared = std::env::var_os("SEAWALL_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let folder = shared.join("fixtures/conformance/json-parsing");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("SKIPPED: {} is missing", folder.display());
        return;
    };
    for name in REFUSED.iter().map(|(name, _)| name).chain(READ) {
        assert!(folder.join(name).exists(), "{name} is listed and does not exist");
    }
    let (mut wrong, mut count) = (Vec::new(), 0);
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let expected = match name.as_bytes() {
            [b'y', b'_', ..] => !REFUSED.iter().any(|(refused, _)| *refused == name),
            [b'n', b'_', ..] => false,
            [b'i', b'_', ..] => READ.contains(&name.as_str()),
            _ => continue,
        };
        count += 1;
        let bytes = std::fs::read(&path).unwrap();
        let parsed = parse(&bytes, JsonLimits::default());
        let reason = REFUSED.iter().find(|(refused, _)| *refused == name).map(|(_, reason)| *reason);
        if let (Some(reason), Err(error)) = (reason, &parsed) {
            assert!(error.message.contains(reason), "{name}: {error}");
        }
        if parsed.is_ok() != expected {
            wrong.push(format!("{name}: {parsed:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 189, "only {count} files");
}
