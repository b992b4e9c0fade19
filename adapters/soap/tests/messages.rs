//! Real messages: read by their schema and written again they say the same; damaged ones are refused with a place.

#[path = "support/project.rs"]
mod project;

use adapters_soap::{Decoder, Index, Recoder, difference, load_xsd, wellformed};
use kernel::{
    DecodeError, Document, Interest, Limits, PartId, Progress, Scalar, Shape, Sources, Stop, TypeId, Visitor,
};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// A schema and what is made of it.
struct Loaded {
    index: Index,
    recoder: Recoder,
}

impl Loaded {
    fn of(folder: &Path, file: &str) -> Self {
        let mut sources = Sources::default();
        let schema = load_xsd(file, &project::Folder(folder.to_owned()), &mut sources)
            .unwrap_or_else(|wrong| panic!("{file}: {}", wrong[0]));
        Self { index: Index::new(schema.shape.clone()), recoder: Recoder::new(schema.shape) }
    }

    fn shape(&self) -> &Arc<Shape> {
        self.index.shape()
    }

    fn root(&self, name: &str) -> Option<PartId> {
        let globals = self.shape().globals();
        globals.iter().copied().find(|&id| *self.shape().part(id).name.local == *name)
    }
}

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

/// Wants everything.
struct Everything {
    shape: Arc<Shape>,
    unknown: Vec<String>,
    told: usize,
}

impl Visitor for Everything {
    fn enter(&mut self, _part: PartId, ty: TypeId) -> Interest {
        self.told += 1;
        if self.shape.scalar(ty).is_some() { Interest::Leaf } else { Interest::Descend }
    }

    fn leaf(&mut self, _part: PartId, _scalar: Scalar<'_>) -> Result<(), Stop> {
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

/// Decodes a message that arrives in pieces of this size; every error has a place within it.
fn decode(loaded: &Loaded, root: PartId, bytes: &[u8], piece: usize) -> Result<usize, DecodeError> {
    let mut decoder = Decoder::new(&loaded.index, root, Limits::default(), None);
    let mut all = Everything { shape: loaded.shape().clone(), unknown: Vec::new(), told: 0 };
    let mut pieces = bytes.chunks(piece);
    loop {
        match decoder.advance(&mut all)? {
            Progress::End => return Ok(all.told),
            Progress::NeedInput => match pieces.next() {
                Some(piece) => decoder.feed(piece),
                None => decoder.close(),
            },
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn no_attack_does_harm() {
    let Some(folder) = project::shared("fixtures/security") else { return };
    let Some(ota) = project::shared("fixtures/ota/schema-alpinebits") else { return };
    let loaded = Loaded::of(&ota, "alpinebits-2018-10.xsd");
    let root = loaded.root("OTA_HotelAvailNotifRQ").unwrap();
    let mut count = 0;
    for folder in ["xml-attacks-own", "xml-attacks-defusedxml"].map(|name| folder.join(name)) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let mut bytes = std::fs::read(&path).unwrap();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.ends_with(".json") {
                continue;
            }
            if name.ends_with(".gz") {
                // What is in it: a hundred thousand nested elements.
                bytes = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000)).into_bytes();
            }
            harmless(&name, &bytes, &loaded, root);
            count += 1;
        }
    }
    let mib = "x".repeat(1 << 20);
    for (name, xml) in [
        ("long name", format!("<{mib}/>")),
        ("long attribute name", format!("<a {mib}='1'/>")),
        ("long attribute", format!("<a b='{mib}{mib}'/>")),
        ("long comment", format!("<!--{mib}--><a/>")),
        ("long entity", format!("<a>&{mib};</a>")),
        (
            "long text",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{mib}{mib}</OTA_HotelAvailNotifRQ>"
            ),
        ),
        ("many entities", format!("<a>{}</a>", "&lt;".repeat(1 << 18))),
        ("many elements", format!("<a>{}</a>", "<b/>".repeat(1 << 18))),
        ("many namespaces", (0..20_000).map(|n| format!("<a xmlns:p{n}='u{n}'>")).collect()),
        (
            "many contexts",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{}</OTA_HotelAvailNotifRQ>",
                (0..50_000).map(|n| format!("<p:b xmlns:p='u{n}'/>")).collect::<String>()
            ),
        ),
        (
            "many names",
            format!(
                "<OTA_HotelAvailNotifRQ xmlns='http://www.opentravel.org/OTA/2003/05'>{}</OTA_HotelAvailNotifRQ>",
                (0..100_000).map(|n| format!("<b{n}/>")).collect::<String>()
            ),
        ),
        ("unfinished", "<a ".repeat(1 << 18)),
        ("quotes", format!("<a b=\"{}", "'".repeat(1 << 20))),
    ] {
        harmless(name, xml.as_bytes(), &loaded, root);
        count += 1;
    }
    println!("{count} attacks");
    assert!(count > 35, "{count}");
}

/// An attack is judged in less than a second each way, with little memory, and every refusal has its place.
fn harmless(name: &str, bytes: &[u8], loaded: &Loaded, root: PartId) {
    let before = peak_memory_kib();
    for piece in [bytes.len().max(1), 4096] {
        let started = std::time::Instant::now();
        let decoded = decode(loaded, root, bytes, piece);
        let elapsed = started.elapsed();
        assert!(elapsed.as_secs_f64() < 1.0, "{name}: {elapsed:?}");
        if let Err(error) = &decoded {
            assert!(error.offset <= bytes.len() as u64 * 3, "{name}: {error}");
            assert!(error.message.len() < 1000, "{name}: {} bytes of message", error.message.len());
        }
    }
    let started = std::time::Instant::now();
    let _ = wellformed(bytes, Limits::default());
    assert!(started.elapsed().as_secs_f64() < 1.0, "{name}: {:?}", started.elapsed());
    let grown = peak_memory_kib().saturating_sub(before);
    assert!(grown < 64 << 10, "{name}: {grown} KiB");
    if bytes.windows(9).any(|window| window == b"<!DOCTYPE") {
        assert!(wellformed(bytes, Limits::default()).is_err(), "{name}");
    }
}

/// Most memory that the process has had, where the system tells; else nought.
fn peak_memory_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
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
    let long = std::env::var_os("SEAWALL_LONG").is_some();
    let count = if long { 10_000 } else { 3_000 };
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
