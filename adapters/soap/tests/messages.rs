//! Real messages: read by their schema and written again they say the same; damaged ones are refused with a place.

#![allow(clippy::unwrap_used, clippy::panic, reason = "all of it is tests, helpers too")]

#[path = "support/loaded.rs"]
mod loaded;
#[path = "support/project.rs"]
mod project;

use adapters_soap::{Decoder, difference, wellformed};
use kernel::{Document, Limits, PartId, Progress};
use loaded::{Everything, Loaded, decode};
use std::collections::BTreeMap;
use std::path::Path;

#[test]
fn every_valid_ota_message_is_read_and_written_again_with_the_same_content() {
    let Some(folder) = project::shared("fixtures/ota") else { return };
    let expected = std::fs::read_to_string(folder.join("_expected/ota-validity.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let mut schemas: BTreeMap<String, Loaded> = BTreeMap::new();
    let (mut same, mut wrong) = (0, Vec::new());
    for (path, facts) in expected["files"].as_object().unwrap() {
        if facts["xsd_valid"] != true {
            continue;
        }
        let file = facts["schema"].as_str().unwrap();
        let loaded = schemas
            .entry(file.to_owned())
            .or_insert_with(|| Loaded::of(&folder.join("schema-alpinebits"), file));
        let bytes = std::fs::read(folder.join(path)).unwrap();
        match again(loaded, facts["root"].as_str().unwrap(), &bytes) {
            Ok(None) => same += 1,
            Ok(Some(difference)) => wrong.push(format!("{path}: {difference}")),
            Err(message) => wrong.push(format!("{path}: {message}")),
        }
    }
    println!("{same} messages say the same");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(same, 175);
}

fn again(loaded: &Loaded, root: &str, bytes: &[u8]) -> Result<Option<String>, String> {
    let root = loaded.root(root).ok_or("no such root")?;
    let decode = || {
        let mut decoder = Decoder::new(&loaded.index, root, Limits::default(), None);
        decoder.feed(bytes);
        decoder.close();
        decoder
    };
    let mut all = Everything { shape: loaded.shape().clone(), unknown: Vec::new(), told: 0 };
    let progress = decode().advance(&mut all).map_err(|error| error.to_string())?;
    if progress != Progress::End || !all.unknown.is_empty() {
        return Err(format!("{progress:?}, unknown: {:?}", all.unknown));
    }
    let written = loaded.recoder.element(root, &mut decode()).map_err(|error| error.to_string())?;
    difference(bytes, &written)
}

#[test]
fn damaged_messages_are_refused_with_a_place_or_read() {
    let Some(shared) = project::shared("fixtures") else { return };
    let loaded = Loaded::of(&shared.join("ota/schema-alpinebits"), "alpinebits-2018-10.xsd");
    let root = loaded.root("OTA_HotelDescriptiveContentNotifRQ").unwrap();
    let mut messages = Vec::new();
    for folder in ["ota/messages", "gds", "soap/node-soap-cases"] {
        collect(&shared.join(folder), &mut messages);
    }
    messages.sort();
    let count = 10_000;
    let mut random = Random(0x5EA_0A11);
    let (mut refused, mut read) = (0, 0);
    for n in 0..count {
        let mut bytes = std::fs::read(&messages[n % messages.len()]).unwrap();
        random.damage(&mut bytes);
        // Both ways: as a message of a schema that mostly does not fit, and for being well-formed.
        let root = root_of(&loaded, &bytes).unwrap_or(root);
        for result in [
            decode(&loaded, root, &bytes, 1 + random.below(5000)).map(|_| ()),
            wellformed(&bytes, Limits::default()),
        ] {
            match result {
                Ok(()) => read += 1,
                Err(error) => {
                    assert!(error.offset <= bytes.len() as u64 * 3, "{error}");
                    assert!(!error.message.is_empty());
                    refused += 1;
                }
            }
        }
    }
    println!("{count} mutations of {} messages: {refused} refused, {read} read", messages.len());
    assert!(refused > count / 2 && read > 0, "{refused} refused, {read} read");
}

/// The root that a message names, if the schema has it.
fn root_of(loaded: &Loaded, bytes: &[u8]) -> Option<PartId> {
    let text = String::from_utf8_lossy(bytes);
    let at = text.find("<OTA_")?;
    let name: String = text[at + 1..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    loaded.root(&name)
}

fn collect(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|end| end == "xml" || end == "txt") {
            found.push(path);
        }
    }
}

/// Numbers that look random and are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// Changes, removes, doubles or inserts something, one to four times.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        const PIECES: &[&[u8]] = &[
            b"<",
            b">",
            b"</",
            b"/>",
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
            b"<?",
            b"?>",
            b"&",
            b"&#0;",
            b"&lt;",
            b"\"",
            b"'",
            b"=",
            b" xmlns=''",
            b" xmlns:a='b'",
            b"<!DOCTYPE a>",
            b"\0",
            b"\xFF",
            b"\xC3\x28",
            b"a:",
            b" ",
        ];
        for _ in 0..1 + self.below(4) {
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes[at] = self.next() as u8,
                1 => {
                    let end = (at + 1 + self.below(40)).min(bytes.len());
                    bytes.drain(at..end);
                }
                2 => bytes.truncate(at),
                3 => {
                    let end = (at + self.below(200)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
                _ => {
                    let piece = PIECES[self.below(PIECES.len())];
                    bytes.splice(at..at, piece.iter().copied());
                }
            }
            if bytes.is_empty() {
                return;
            }
        }
    }
}
