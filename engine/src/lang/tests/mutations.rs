//! Tests that no damaged project makes the loader panic.

use super::*;
use crate::codec::tests::kit::Random;

/// A project with every section and every form, so that edits reach all of the reader.
const SAMPLE: &str = include_str!("sample.yaml");
const OVERLAY: &str =
    "connections.pms.url: b\nrest.\"GET /a/{id}\".policy.cache: 2s\nevents.Booking.watch.every: 10s\n";
const ROUNDS: usize = 3_000;

/// Pieces that mean something to YAML or to the language.
const PIECES: [&str; 40] = [
    ": ", ", ", "| ", "= ", "[", "]", "{", "}", "(", ")", "\"", "'", "\n", "\n  ", "\t", "#", "&a ", "*a",
    "!t ", "<<: ", "~", "${", "${env:", "}", "/", "..", "[0]", "[*]", "$", "@", "- ", "---\n", "\u{feff}",
    "é", "名", "\0", "\r\n", "|", ">", "? ",
];

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn edited(text: &str, random: &mut Random) -> String {
    let mut text = text.to_owned();
    for _ in 0..=random.below(3) {
        let from = boundary(&text, random.below(text.len()));
        let to = boundary(&text, (from + random.below(12)).min(text.len()));
        match random.below(5) {
            0 => text.replace_range(from..to, ""),
            1 => text.insert_str(from, PIECES[random.below(PIECES.len())]),
            2 => text.replace_range(from..to.max(from), PIECES[random.below(PIECES.len())]),
            3 => {
                let part = text[from..to].to_owned();
                let at = boundary(&text, random.below(text.len()));
                text.insert_str(at, &part);
            }
            _ => {
                let mut bytes = text.clone().into_bytes();
                if let Some(byte) = bytes.get_mut(from) {
                    *byte ^= 1 << random.below(8);
                }
                text = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
    text
}

fn holds(text: &str, overlay: &str) -> Vec<Diagnostic> {
    let mut sources = Sources::default();
    let options = Options { overlay: Some(("env/x.yaml", overlay)), ..Options::default() };
    let (_, found) = load_with(vec![("a.yaml".into(), text.to_owned())], &mut sources, &options);
    for one in &found {
        for span in one.span.iter().chain(one.others.iter().map(|label| &label.span)) {
            let text = &sources.file(span.file).expect("a file of the project").text;
            let (start, end) = (span.start as usize, span.end as usize);
            assert!(start <= end && text.get(start..end).is_some(), "{one:?} in\n{text}");
        }
        assert!(crate::diagnostics::explain(one.code.0).is_some(), "{}", one.code.0);
    }
    assert!(crate::diagnostics::render(&found, &sources).is_empty() == found.is_empty());
    let json = crate::diagnostics::to_json(&found, &sources);
    assert!(json.as_array().is_some_and(|all| all.len() <= found.len()));
    found
}

#[test]
fn the_sample_itself_is_flawless() {
    assert_eq!(holds(SAMPLE, OVERLAY), []);
}

#[test]
fn no_edit_of_a_project_panics_and_each_finding_has_a_place() {
    let mut random = Random(0x5EED_CAFE_F00D_0001);
    let mut noticed = 0;
    for _ in 0..ROUNDS {
        let found = holds(&edited(SAMPLE, &mut random), OVERLAY);
        noticed += usize::from(found.iter().any(|one| one.severity == Severity::Error));
    }
    for _ in 0..ROUNDS / 4 {
        holds(SAMPLE, &edited(OVERLAY, &mut random));
    }
    // Many edits hit comments or texts; if nearly none is noticed, the reader is asleep.
    assert!(noticed > ROUNDS / 2, "{noticed} of {ROUNDS}");
}
