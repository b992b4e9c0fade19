//! Damaged files of real formats: each is refused with a place, or each of its records is told or refused with one.

use super::*;
use crate::source::tests::{Random, mutate};
use std::time::Instant;

const TYPES: &str =
    r#"records: { header: { HDR-TYPE: "00" }, booking: { TRX-TYPE: "10" }, trailer: { TRL-TYPE: "99" } }"#;

/// A connection to files of bookings.
fn bookings(format: &str) -> FilesConnection {
    connection(&format!("type: copybook, copybook: a.cpy, {format}, {TYPES}"))
}

fn connection(format: &str) -> FilesConnection {
    let node = node(&format!("{{ path: /nowhere/*, limits: {{ record: 1 KiB }}, format: {{ {format} }} }}"));
    let settings = Settings { name: "in", node: &node, offline: false };
    let config = config::read(&settings, &Project).unwrap_or_else(|found| panic!("{format}: {found:?}"));
    let (mut sources, mut shape) = (Sources::default(), ShapeBuilder::new());
    let opened = formats::open(&config.format, (&Project, false), &mut sources, &mut shape, &mut Vec::new());
    let opened = opened.unwrap_or_else(|found| panic!("{format}: {found:?}"));
    FilesConnection::new(config, opened, shape).unwrap_or_else(|found| panic!("{format}: {found:?}"))
}

/// A header, bookings with more and more splits, and a trailer; all of them as long as the longest where they have to be.
fn host_file(connection: &FilesConnection, ebcdic: bool) -> Vec<u8> {
    let mut writer = crate::frame::Writer::new(&connection.plan.framing, connection.plan.skip);
    let digits = |text: &str| -> Vec<u8> {
        text.bytes().map(|digit| if ebcdic { digit + 0xC0 } else { digit }).collect()
    };
    let mut push = |mut record: Vec<u8>| {
        if let crate::frame::Framing::Fixed(length) = connection.plan.framing {
            let around = connection.plan.skip.before + connection.plan.skip.after;
            record.resize((length - around) as usize, if ebcdic { 0x40 } else { b' ' });
        }
        writer.push(&record).unwrap();
    };
    push(digits("004711"));
    for n in 0..40_u8 {
        let mut record = digits("10");
        record.extend([0, 0, 1, 30 + n, 0x00, 0x12, 0x34, if n % 3 == 0 { 0x5D } else { 0x5C }]);
        record.extend(digits("123456"));
        record.extend(digits(&char::from(b'0' + n % 4).to_string()));
        record.extend(digits("12").repeat(usize::from(n % 4)));
        push(record);
    }
    push(digits("990040"));
    writer.finish()
}

/// What became of a file.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    lines: Vec<String>,
    refused: usize,
    error: Option<String>,
}

/// Reads a file to its end, or to where it cannot be read.
fn outcome(connection: &FilesConnection, unit: &mut dyn Unit, bytes: u64) -> Outcome {
    let mut found = Outcome::default();
    loop {
        let mut records = match unit.batch() {
            Ok(Some(batch)) => batch.records,
            Ok(None) => return found,
            Err(error) => {
                found.error = Some(error.to_string());
                return found;
            }
        };
        while let Some(framed) = records.next() {
            let is_group = |ty: TypeId| connection.shape().group(ty).is_some();
            let mut gather = Gather::new(&is_group);
            let told = match framed.part {
                Ok(_) => records.tell(&mut gather).map(|_| line(connection.shape(), &gather.finish())),
                Err(error) => Err(error),
            };
            assert!(framed.offset + u64::from(framed.length) <= bytes, "record {}", framed.number);
            match told {
                Ok(told) => found.lines.push(told),
                Err(error) => {
                    assert!(error.offset <= bytes && !error.message.is_empty(), "{error}");
                    found.refused += 1;
                }
            }
        }
    }
}

/// Damages a file again and again; some files have to be read and some refused.
fn check(name: &str, connection: &FilesConnection, good: &[u8]) {
    let count = if std::env::var_os("SEAWALL_LONG").is_some() { 10_000 } else { 60 };
    let read = |bytes: &[u8]| {
        let mut unit = connection.sample("a.dat", Bytes::copy_from_slice(bytes)).unwrap();
        let length = u64::try_from(bytes.len()).unwrap();
        let once = outcome(connection, &mut *unit, length);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(unit.rewind(Position::START)).unwrap();
        assert_eq!(outcome(connection, &mut *unit, length), once, "{name}: two passes differ");
        once
    };
    let whole = read(good);
    assert_eq!((whole.error, whole.refused, whole.lines.len()), (None, 0, 42), "{name}");
    let mut random = Random(0x5EA_3A11);
    let (mut same, mut refused) = (0, 0);
    for n in 0..count {
        let mut bytes = good.to_vec();
        mutate(&mut bytes, &mut random);
        let begin = Instant::now();
        let found = read(&bytes);
        assert!(begin.elapsed() < Duration::from_secs(5), "{name} {n} took {:?}", begin.elapsed());
        if let Some(error) = &found.error {
            assert!(error.contains("offset=") && error.contains("record="), "{name} {n}: {error}");
        }
        let is_refused = found.error.is_some() || found.refused > 0;
        refused += usize::from(is_refused);
        same += usize::from(!is_refused);
    }
    // A separator too many is no mistake in ragged records, so only a byte that is no character is refused.
    assert!(same + refused == count && (refused > 0 || name.contains("ragged")), "{name}: {refused} refused");
}

#[test]
fn damaged_files_of_copybooks_are_refused_with_a_place_and_never_hang() {
    for (format, ebcdic) in [
        ("encoding: cp273, framing: rdw", true),
        ("encoding: cp273, framing: bdw", true),
        ("encoding: latin1, framing: { type: rdw, order: little, counts: content }", false),
        ("encoding: cp273, framing: fixed, length: 24", true),
        (
            "encoding: cp273, framing: fixed, length: 36, skip: { head: 7, tail: 5, before: 2, after: 4 }",
            true,
        ),
    ] {
        let connection = bookings(format);
        check(format, &connection, &host_file(&connection, ebcdic));
    }
}

/// Lines of three values.
fn lines(open: &str, between: &str, close: &str) -> Vec<u8> {
    let row = |n: usize| {
        let sum = format!("{:04}.{:02}", n / 3, n * 33 % 100);
        format!("{open}{n:04}{between}\u{e9}t\u{e9} {:04}{between}{sum}{close}\n", n % 7)
    };
    (0..42).map(row).collect::<String>().into_bytes()
}

#[test]
fn damaged_files_of_text_are_refused_with_a_place_and_never_hang() {
    for (format, good) in [
        ("type: csv, columns: [NO, NAME, SUM]", lines("", ",", "")),
        (r#"type: csv, columns: [NO, NAME, SUM], ragged: true, separator: ";""#, lines("", ";", "")),
        (
            "type: csv, columns: [SUM, NO, NAME], header: true, separator: tab",
            [b"NO\tNAME\tSUM\n".to_vec(), lines("", "\t", "")].concat(),
        ),
        (
            r##"type: csv, columns: [NO, NAME, SUM], escape: "+", comment: "#", preamble: 1"##,
            [b"a preamble\n# no record\n".to_vec(), lines("\"", "\",\"", "\"")].concat(),
        ),
        ("type: fixed, columns: { NO: 1-4, NAME: 5-12, SUM: 13-19 }, short: refuse", lines("", "", "")),
    ] {
        check(format, &connection(format), &good);
    }
}
