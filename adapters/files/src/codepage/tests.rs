//! Code pages against the shared fixtures, against `iconv`, and against themselves.
//!
//! **Invariant.** Two sources that were made by others, so a table that was copied wrongly is found.

use super::*;
use std::io::Write as _;
use std::process::{Command, Stdio};

fn all() -> Vec<&'static SinglePage> {
    names::TABLES.into_iter().chain(web::PAGES.iter()).collect()
}

#[test]
fn every_character_of_every_page_is_encoded_as_the_byte_it_was_decoded_from() {
    assert_eq!(web::PAGES.len(), web::NAMES.len());
    for page in all() {
        let code = CodePage::Single(page);
        for (byte, character) in (0u8..=255).zip(page.chars) {
            let (mut text, mut out) = (String::new(), Vec::new());
            let decoded = code.decode_into(&[byte], &mut text);
            if character == single::NONE {
                assert!(decoded.is_err() && text.is_empty(), "{} {byte:02X}", page.name);
                continue;
            }
            assert_eq!((decoded, &*text), (Ok(()), &*String::from(character)), "{} {byte:02X}", page.name);
            assert_eq!(code.encode_into(&text, &mut out), Ok(()));
            assert_eq!(out, [byte], "{} {character:?}", page.name);
        }
        assert_eq!(page.byte(' '), Some(code.blank()), "{}", page.name);
        assert_eq!(page.byte('0'), Some(code.zero()), "{}", page.name);
    }
}

#[test]
fn the_pages_are_those_of_the_shared_fixtures() {
    let path = std::env::var("SEAWALL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{path}/fixtures/ebcdic/codepages/ebcdic-codepages.json"))
    else {
        eprintln!("SKIPPED: the shared fixtures are not there; set SEAWALL_SHARED");
        return;
    };
    let fixtures: serde_json::Value = serde_json::from_str(&text).unwrap();
    let pages = fixtures["pages"].as_object().unwrap();
    assert_eq!(pages.len(), 9);
    for (name, expected) in pages {
        let Some(CodePage::Single(page)) = CodePage::named(name) else { panic!("no page {name}") };
        for (byte, expected) in expected.as_array().unwrap().iter().enumerate() {
            let expected = char::from_u32(u32::try_from(expected.as_u64().unwrap()).unwrap()).unwrap();
            // The fixtures say of 15 and 25 that either is right.
            if byte == 0x15 || byte == 0x25 {
                assert!(['\u{85}', '\n'].contains(&expected));
            } else {
                assert_eq!(page.chars[byte], expected, "{name} {byte:02X}");
            }
        }
    }
}

/// Asks `iconv` what the bytes of a page are. Rows name the bytes where glibc is of another mind than IBM, and why.
#[test]
fn the_pages_are_those_of_iconv_but_for_what_is_known() {
    let rows: &[(&str, &str, &[u8])] = &[
        ("cp037", "IBM037", &[]),
        // An overline for the macron, as Python has it too.
        ("cp273", "IBM273", &[0xBC]),
        ("cp277", "IBM277", &[]),
        // RFC 1345 has the backslash and É the other way round.
        ("cp278", "IBM278", &[0x71, 0xE0]),
        ("cp280", "IBM280", &[]),
        ("cp284", "IBM284", &[]),
        // An overline for the macron.
        ("cp285", "IBM285", &[0xA1]),
        ("cp297", "IBM297", &[]),
        ("cp500", "IBM500", &[]),
        // A dot in the middle for the dot above.
        ("cp870", "IBM870", &[0xB0]),
        // RFC 1345 has Þ and þ the other way round.
        ("cp871", "IBM871", &[0x4A, 0xC0]),
        // Older glyphs of the Greek page.
        ("cp875", "IBM875", &[0x6A, 0x74, 0xDD]),
        ("cp1025", "IBM1025", &[]),
        // An ogonek for the cedilla, a dash for the macron.
        ("cp1026", "IBM1026", &[0x9D, 0xBC]),
        ("cp1047", "IBM1047", &[]),
        ("cp1112", "IBM1112", &[]),
        // A macron for the overline.
        ("cp1122", "IBM1122", &[0xBC]),
        ("cp1123", "IBM1123", &[]),
        ("cp1140", "IBM1140", &[]),
        ("cp1141", "IBM1141", &[]),
        ("cp1142", "IBM1142", &[]),
        ("cp1143", "IBM1143", &[]),
        ("cp1144", "IBM1144", &[]),
        ("cp1145", "IBM1145", &[]),
        ("cp1146", "IBM1146", &[]),
        ("cp1147", "IBM1147", &[]),
        ("cp1148", "IBM1148", &[]),
        ("cp1149", "IBM1149", &[]),
        ("cp437", "IBM437", &[]),
        ("cp850", "IBM850", &[]),
        ("cp852", "IBM852", &[]),
        ("cp858", "IBM858", &[]),
        ("iso-8859-9", "ISO-8859-9", &[]),
        ("iso-8859-15", "ISO-8859-15", &[]),
        ("latin1", "ISO-8859-1", &[]),
    ];
    for (name, theirs, known) in rows {
        let Some(CodePage::Single(page)) = CodePage::named(name) else { panic!("no page {name}") };
        let (bytes, expected): (Vec<u8>, String) = (0u8..=255)
            .zip(page.chars)
            .filter(|(byte, character)| !known.contains(byte) && *character != single::NONE)
            .unzip();
        match iconv(theirs, &bytes) {
            Ok(text) => assert_eq!(text, expected, "{name}"),
            Err(error) => return eprintln!("SKIPPED: there is no iconv: {error}"),
        }
        let lacking = page.chars.iter().filter(|character| **character == single::NONE).count();
        assert_eq!(bytes.len() + known.len() + lacking, 256, "{name}");
        assert!(lacking == 0 || *name == "cp875", "{name} has no characters for {lacking} bytes");
    }
}

fn iconv(page: &str, bytes: &[u8]) -> std::io::Result<String> {
    let mut child = Command::new("iconv")
        .args(["-f", page, "-t", "UTF-8"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    child.stdin.take().unwrap().write_all(bytes)?;
    let output = child.wait_with_output()?;
    assert!(output.status.success(), "{page}");
    Ok(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn names_are_found_however_they_are_spelt() {
    let check = |name: &str, expected: Option<&str>| {
        assert_eq!(CodePage::named(name).map(CodePage::name), expected, "{name}");
    };
    check("cp037", Some("cp037"));
    check("IBM-37", Some("cp037"));
    check("IBM01140", Some("cp1140"));
    check("CCSID 273", Some("cp273"));
    check("Cp1047", Some("cp1047"));
    check("latin1", Some("latin1"));
    check("ISO-8859-1", Some("latin1"));
    check("ISO_8859-15", Some("iso-8859-15"));
    check("Windows-1252", Some("windows-1252"));
    check("cp1252", Some("windows-1252"));
    check("UTF-8", Some("utf-8"));
    check("US-ASCII", Some("ascii"));
    check("cp866", Some("ibm866"));
    check("ebcdic", None);
    check("", None);
}

#[test]
fn a_misspelt_name_is_answered_by_near_ones() {
    assert!(nearest("cp1074").contains(&"cp1047"));
    assert_eq!(nearest("latin-l"), ["latin1"]);
    assert_eq!(nearest("utf8x"), ["utf-8"]);
    assert!(nearest("klingon").is_empty());
}

#[test]
fn what_a_page_lacks_is_refused_with_its_place() {
    let encode = |page: &str, text: &str| {
        let mut out = Vec::new();
        CodePage::named(page).unwrap().encode_into(text, &mut out).map(|()| out).map_err(|e| e.to_string())
    };
    assert_eq!(encode("cp273", "Ärger"), Ok(vec![0x4A, 0x99, 0x87, 0x85, 0x99]));
    assert_eq!(encode("cp273", "5 €"), Err("character 3 of the text does not exist in cp273".into()));
    assert_eq!(encode("cp1141", "5 €"), Ok(vec![0xF5, 0x40, 0x9F]));
    assert_eq!(encode("ascii", "für"), Err("character 2 of the text does not exist in ascii".into()));
    assert_eq!(encode("latin1", "für"), Ok(vec![b'f', 0xFC, b'r']));
    assert_eq!(encode("latin1", "€"), Err("character 1 of the text does not exist in latin1".into()));
    assert_eq!(encode("windows-1252", "€"), Ok(vec![0x80]));
    assert_eq!(encode("cp037", "😀"), Err("character 1 of the text does not exist in cp037".into()));
    assert_eq!(encode("utf-8", "😀").map(|bytes| bytes.len()), Ok(4));

    let decode = |page: &str, raw: &[u8]| {
        let mut text = String::new();
        CodePage::named(page).unwrap().decode(raw, &mut text).map(str::to_owned).map_err(|e| e.to_string())
    };
    assert_eq!(decode("ascii", b"f\xFCr"), Err("byte 2 of the text is no character of ascii".into()));
    assert_eq!(decode("utf-8", b"abc\xFC"), Err("byte 4 of the text is no character of utf-8".into()));
    assert_eq!(decode("cp875", &[0xDC]), Err("byte 1 of the text is no character of cp875".into()));
    let mut long = vec![0xC1; 200];
    long[150] = 0x4A;
    let expected: String = (0..200).map(|n| if n == 150 { 'Ä' } else { 'A' }).collect();
    assert_eq!(decode("cp273", &long), Ok(expected));
    long[199] = 0xFC;
    assert_eq!(decode("cp875", &long), Err("byte 200 of the text is no character of cp875".into()));
}
