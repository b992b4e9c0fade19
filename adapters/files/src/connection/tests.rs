//! A connection as mappings use it: test data in, test data out, files from end to end.

mod damage;
mod wide;

use super::*;
use crate::nodes::node;
use crate::told::{Gather, Held, Told, Value};
use adapters_ports::{Position, UnitEnd};
use kernel::{Interest, PartKind, Scalar, Stop, TypeId, Visitor};

/// A copybook with a header, bookings and a trailer.
const COPYBOOK: &str = "       01  HDR-REC.
           05  HDR-TYPE            PIC X(2).
           05  HDR-NO              PIC 9(4).
       01  TRX-REC.
           05  TRX-TYPE            PIC X(2).
           05  TRX-SEQ             PIC 9(9)      COMP.
           05  TRX-AMOUNT          PIC S9(5)V99  COMP-3.
           05  TRX-NAME            PIC X(6).
           05  TRX-CNT             PIC 9.
           05  TRX-SPLIT OCCURS 0 TO 3 TIMES DEPENDING ON TRX-CNT.
               10  SPL-CODE        PIC X(2).
       01  TRL-REC.
           05  TRL-TYPE            PIC X(2).
           05  TRL-COUNT           PIC 9(4).
";

pub(crate) const BOOKINGS: &str = r#"{ path: /nowhere/*.DAT, format: { type: copybook, copybook: a.cpy, encoding: cp273,
    framing: rdw, records: { header: { HDR-TYPE: "00" }, booking: { TRX-TYPE: "10" }, trailer: { TRL-TYPE: "99" } } } }"#;

#[derive(Debug)]
struct Project;

impl ProjectFiles for Project {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "a.cpy" => Ok(COPYBOOK.into()),
            _ => Err("it does not exist".into()),
        }
    }
}

fn open(text: &str) -> Result<Opened, Vec<Diagnostic>> {
    let node = node(text);
    let settings = Settings { name: "in", node: &node, offline: false };
    Files.open(&settings, &Project, &mut Sources::default(), &mut Vec::new()).map_err(|error| error.0)
}

fn part(opened: &Opened, name: &str) -> PartId {
    let is = |part: &PartId| *opened.catalogue.shape.part(*part).name.local == *name;
    opened.catalogue.records.iter().copied().find(is).unwrap_or_else(|| panic!("no record {name}"))
}

/// What a record tells, on one line.
fn line(shape: &Shape, told: &[Told]) -> String {
    let one = |told: &Told| {
        let part = shape.part(told.part);
        let mark = if part.kind == PartKind::Beside { "$" } else { "" };
        let held = match &told.held {
            Held::Parts(parts) => format!("{{{}}}", line(shape, parts)),
            Held::Value(Value::Text(text)) => text.trim_end().to_owned(),
            Held::Value(Value::Plain(Scalar::Decimal(number))) => number.to_string(),
            Held::Value(Value::Plain(Scalar::Int(number))) => number.to_string(),
            other => format!("{other:?}"),
        };
        format!("{mark}{}={held}", part.name)
    };
    told.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn told(shape: &Shape, tell: impl FnOnce(&mut dyn Visitor)) -> String {
    let is_group = |ty: TypeId| shape.group(ty).is_some();
    let mut gather = Gather::new(&is_group);
    tell(&mut gather);
    line(shape, &gather.finish())
}

/// Writes a record from names and texts.
struct Written(Vec<Told>);

fn written(shape: &Shape, ty: TypeId, text: &str) -> Written {
    Written(fill(shape, ty, &node(text)))
}

fn fill(shape: &Shape, ty: TypeId, node: &kernel::Node) -> Vec<Told> {
    let group = shape.group(ty).expect("a group");
    let mut told = Vec::new();
    for entry in node.map().expect("a map") {
        let name = entry.key.trim_start_matches('$');
        let part = group.parts.iter().copied().find(|part| *shape.part(*part).name.local == *name);
        let part = part.unwrap_or_else(|| panic!("no {name}"));
        let inner = shape.part(part).ty;
        for item in entry.value.list().unwrap_or(std::slice::from_ref(&entry.value)) {
            let held = match item.text() {
                Some(text) => Held::Value(Value::Text(text.to_owned())),
                None => Held::Parts(fill(shape, inner, item)),
            };
            told.push(Told { part, ty: inner, held });
        }
    }
    told
}

fn encode(opened: &Opened, name: &str, text: &str) -> Wire {
    let part = part(opened, name);
    let shape = &opened.catalogue.shape;
    let Written(parts) = written(shape, shape.part(part).ty, text);
    opened.connection.encode_part(part, &mut crate::told::Replay::new(parts)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn test_data_becomes_a_small_file_and_is_read_again_with_what_stands_beside_it() {
    let opened = open(BOOKINGS).unwrap();
    let shape = &opened.catalogue.shape;
    let wire = encode(
        &opened,
        "booking",
        "{ $header: { HDR-NO: 4711 }, TRX-SEQ: 17, TRX-AMOUNT: 12.50, TRX-NAME: ABC, TRX-SPLIT: [ { SPL-CODE: K1 } ] }",
    );
    // The types and the counter were not written.
    let header = "000A0000F0F0F4F7F1F1";
    let booking = "00170000F1F0000000110001250CC1C2C3404040F1D2F1";
    assert_eq!(hex(&wire), format!("{header}{booking}"));
    let mut document = opened.connection.decode_part(part(&opened, "booking"), &wire).unwrap();
    let found = told(shape, |to| assert_eq!(document.advance(to), Ok(kernel::Progress::End)));
    assert_eq!(
        found,
        "$header={HDR-TYPE=00 HDR-NO=4711} TRX-TYPE=10 TRX-SEQ=17 TRX-AMOUNT=12.50 TRX-NAME=ABC TRX-CNT=1 \
         TRX-SPLIT={SPL-CODE=K1}"
    );
    let wrong = opened.connection.decode_part(part(&opened, "trailer"), &wire).err().unwrap();
    assert!(wrong.contains("no record of type trailer"), "{wrong}");
}

#[test]
fn fields_by_which_records_are_known_follow_from_their_types() {
    let shape = open(BOOKINGS).unwrap().catalogue.shape.clone();
    let mut names: Vec<&str> =
        shape.parts().filter(|(_, part)| part.implied).map(|(_, part)| &*part.name.local).collect();
    names.sort_unstable();
    assert_eq!(names, ["HDR-TYPE", "TRL-TYPE", "TRX-CNT", "TRX-TYPE"]);
}

#[test]
fn files_differ_by_record_and_field() {
    let opened = open(BOOKINGS).unwrap();
    let one = encode(&opened, "booking", "{ TRX-SEQ: 17, TRX-AMOUNT: 1, TRX-NAME: ABC }");
    let two = encode(&opened, "booking", "{ TRX-SEQ: 17, TRX-AMOUNT: 1, TRX-NAME: ABD }");
    let difference = |a: &[u8], b: &[u8]| opened.connection.difference(a, b).unwrap();
    assert_eq!(difference(&one, &one), None);
    assert_eq!(difference(&one, &two).unwrap(), "record 1: TRX-NAME is `ABD`, expected `ABC`");
    let both = [&one[..], &two[..]].concat();
    assert_eq!(difference(&one, &both).unwrap(), "it has 2 records, expected 1");
    assert!(opened.connection.difference(&one, &one[1..]).is_err());
}

#[tokio::test]
async fn a_whole_file_is_told_record_by_record() {
    let opened = open(BOOKINGS).unwrap();
    let shape = &opened.catalogue.shape;
    let mut file =
        encode(&opened, "booking", "{ $header: { HDR-NO: 1 }, TRX-SEQ: 1, TRX-AMOUNT: 1, TRX-NAME: A }")
            .to_vec();
    file.extend(b"\x00\x06\x00\x00\xF7\xF7");
    file.extend_from_slice(&encode(&opened, "trailer", "{ TRL-COUNT: 1 }"));
    let source = opened.connection.source().unwrap();
    let mut unit = source.sample("TRX.DAT", file.into()).unwrap();
    let identity = unit.examine().await.unwrap();
    let mut batch = unit.batch().unwrap().unwrap();
    let mut lines = Vec::new();
    while let Some(framed) = batch.records.next() {
        let told = told(shape, |to| {
            if framed.part.is_ok() {
                batch.records.tell(to).unwrap();
            }
        });
        lines.push(format!("{}@{}+{} {told}", framed.number, framed.offset, framed.length));
        if let Err(error) = framed.part {
            assert!(error.message.contains("none of header, booking, trailer"), "{error}");
            let mut letter = source.letter(&batch.records.raw()).unwrap();
            assert!(letter.next().unwrap().part.is_err());
        }
    }
    assert_eq!(
        lines,
        [
            "1@4+6 $file=TRX.DAT HDR-TYPE=00 HDR-NO=1",
            "2@14+17 $header={HDR-TYPE=00 HDR-NO=1} $file=TRX.DAT TRX-TYPE=10 TRX-SEQ=1 TRX-AMOUNT=1.00 TRX-NAME=A TRX-CNT=0",
            "3@35+2 ",
            "4@41+6 $header={HDR-TYPE=00 HDR-NO=1} $booking={TRX-TYPE=10 TRX-SEQ=1 TRX-AMOUNT=1.00 TRX-NAME=A TRX-CNT=0} $file=TRX.DAT TRL-TYPE=99 TRL-COUNT=1",
        ]
    );
    assert!(unit.batch().unwrap().is_none());
    assert_eq!(unit.identity(), Some(identity));
    let beside = told(shape, |to| {
        unit.beside(part(&opened, "booking"), to).unwrap();
    });
    assert_eq!(beside, "$header={HDR-TYPE=00 HDR-NO=1} $trailer={TRL-TYPE=99 TRL-COUNT=1} $file=TRX.DAT");
    assert_eq!(batch.token.settle(), Position { records: 4, bytes: 47 });
    unit.end(UnitEnd::Settled).await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_is_read_on_its_own() {
    let opened = open(BOOKINGS).unwrap();
    let shape = &opened.catalogue.shape;
    let file =
        encode(&opened, "booking", "{ $header: { HDR-NO: 1 }, TRX-SEQ: 1, TRX-AMOUNT: 1, TRX-NAME: A }");
    let source = opened.connection.source().unwrap();
    let mut unit = source.sample("TRX.DAT", file).unwrap();
    let mut records = unit.batch().unwrap().unwrap().records;
    records.next();
    let framed = records.next().unwrap();
    let raw = records.raw();
    assert_eq!((raw.number, raw.offset, &*raw.unit, raw.beside.len()), (2, 14, "TRX.DAT", 1));
    let mut letter = source.letter(&raw).unwrap();
    assert_eq!(letter.next(), Some(framed));
    let again = |records: &mut Box<dyn Records>| {
        told(shape, |to| {
            records.tell(to).unwrap();
        })
    };
    assert_eq!(again(&mut letter), again(&mut records));
    assert!(letter.next().is_none());
}

/// The fields of a letter, each `path=value hex@offset`.
fn seen(source: &dyn Source, raw: &RawRecord) -> Vec<String> {
    let one = |field: SeenField| {
        let value = match field.value {
            Some(Ok(value)) => format!("={value}"),
            Some(Err(why)) => format!(": {why}"),
            None => " absent".into(),
        };
        let at = field.offset.map(|offset| format!("@{offset}")).unwrap_or_default();
        format!("{}{value} {}{at}", field.path, field.hex)
    };
    source.fields(raw).into_iter().map(one).collect()
}

#[tokio::test]
async fn the_fields_of_a_dead_letter_are_seen_with_their_bytes_and_what_is_wrong_with_them() {
    let opened = open(BOOKINGS).unwrap();
    let source = opened.connection.source().unwrap();
    let raw = |bytes: &[u8]| RawRecord {
        bytes: bytes.to_vec().into(),
        beside: vec![("header".into(), b"\xF0\xF0\xF0\xF0\xF0\xF1".to_vec().into())],
        unit: "TRX.DAT".into(),
        number: 2,
        offset: 14,
    };
    let booking = b"\xF1\xF0\x00\x00\x00\x07\x00\x01\xAB\x0C\xC1\x40\x40\x40\x40\x40\xF1\xD2\xF1";
    assert_eq!(
        seen(source, &raw(booking)),
        [
            "TRX-TYPE=10 F1F0@14",
            "TRX-SEQ=7 00000007@16",
            "TRX-AMOUNT: TRX-AMOUNT: half byte 5 is no digit 0001AB0C@20",
            "TRX-NAME=A C14040404040@24",
            "TRX-CNT=1 F1@30",
            "TRX-SPLIT[1]/SPL-CODE=K1 D2F1@31",
        ]
    );
    assert_eq!(seen(source, &raw(b"\xF7\xF7")), Vec::<String>::new(), "nobody knows its type");
    // Which column is which is said by the header of its file.
    let opened =
        open("{ path: /x/*.csv, format: { type: csv, columns: [ID, NAME], header: true, encoding: utf-8 } }");
    let opened = opened.unwrap();
    let source = opened.connection.source().unwrap();
    let mut unit = source.sample("a.csv", Bytes::from_static(b"NAME,ID\nb\xFFd,7\n")).unwrap();
    let mut records = unit.batch().unwrap().unwrap().records;
    records.next().unwrap();
    let seen = seen(source, &records.raw());
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].starts_with("NAME: ") && seen[0].ends_with(" 62FF64"), "{seen:?}");
    assert_eq!(seen[1], "ID=7 ");
}

#[test]
fn what_does_not_fit_the_copybook_is_told_with_its_place() {
    let check = |from: &str, to: &str, code: &str, part: &str| {
        let text = BOOKINGS.replace(from, to);
        let found = open(&text).expect_err(&text);
        let fits = |found: &&Diagnostic| found.code.0 == code && format!("{found:?}").contains(part);
        assert!(found.iter().any(|found| fits(&found)), "{text}: {found:?}");
    };
    check("booking: { TRX-TYPE", "booking: { TRX-TIPE", "E015", "did you mean `TRX-TYPE`?");
    check(
        "trailer: { TRL-TYPE: \"99\"",
        "trailer: { TRL-TYPE: \"10\"",
        "E050",
        "`10` selects both booking and trailer",
    );
    check("TRX-TYPE: \"10\"", "TRX-TYPE: [\"10\", \"!11\"]", "E050", "selects both");
    // Numbers are the same, however many zeros they have.
    let by_number =
        BOOKINGS.replace("HDR-TYPE: \"00\"", "HDR-NO: \"0007\"").replace("TRL-TYPE: \"99\"", "TRL-COUNT: 7");
    let found = open(&by_number).expect_err("both are 7");
    assert!(found.iter().any(|found| found.message.contains("selects both header and trailer")), "{found:?}");
    check("framing: rdw", "framing: fixed", "E007", "not all the same length");
    check("framing: rdw", "framing: rwd", "E007", "lines, fixed, rdw, bdw");
    check("framing: rdw", "length: 3", "E007", "`length` is 3, and a record of HDR-REC has 6 bytes");
    check(
        "framing: rdw,",
        "framing: rdw, parents: { boking: header },",
        "E014",
        "there is no record type `boking`",
    );
    check(
        "framing: rdw,",
        "framing: rdw, parents: { booking: trailer, trailer: booking },",
        "E007",
        "belong to itself",
    );
    check("cp273", "cp9273", "E007", "there is no code page `cp9273`");
    check("a.cpy", "b.cpy", "E091", "it does not exist");
    check("header: {", "file: {", "E007", "cannot be called `file`");
    let none = BOOKINGS.split(", records").next().unwrap().to_owned() + " } }";
    let found = open(&none).unwrap_err();
    assert!(found[0].message.contains("HDR-REC, TRX-REC, TRL-REC"), "{found:?}");
}

#[test]
fn records_that_belong_to_others_come_with_them() {
    let text = BOOKINGS.replace("framing: rdw,", "framing: rdw, parents: { booking: header },");
    let opened = open(&text).unwrap();
    let shape = &opened.catalogue.shape;
    let wire = encode(
        &opened,
        "header",
        "{ HDR-NO: 1, booking: [ { TRX-SEQ: 1, TRX-AMOUNT: 1, TRX-NAME: A }, { TRX-SEQ: 2, TRX-AMOUNT: 2, TRX-NAME: B } ] }",
    );
    let mut document = opened.connection.decode_part(part(&opened, "header"), &wire).unwrap();
    let found = told(shape, |to| assert_eq!(document.advance(to), Ok(kernel::Progress::End)));
    assert!(found.starts_with("HDR-TYPE=00 HDR-NO=1 booking={TRX-TYPE=10 TRX-SEQ=1 "), "{found}");
    assert!(found.contains("booking={TRX-TYPE=10 TRX-SEQ=2 "), "{found}");
    let orphan = open(BOOKINGS)
        .map(|plain| encode(&plain, "booking", "{ TRX-SEQ: 1, TRX-AMOUNT: 1, TRX-NAME: A }"))
        .unwrap();
    let wrong = opened.connection.decode_part(part(&opened, "header"), &orphan).err().unwrap();
    assert!(wrong.contains("a booking belongs to a header, and none stands before it"), "{wrong}");
}

#[test]
fn a_visitor_that_pauses_is_told_the_same_part_again() {
    struct Once(bool, usize);
    impl Visitor for Once {
        fn enter(&mut self, _: PartId, _: TypeId) -> Interest {
            if std::mem::replace(&mut self.0, false) {
                return Interest::Pause;
            }
            self.1 += 1;
            Interest::Skip
        }
        fn leaf(&mut self, _: PartId, _: Scalar<'_>) -> Result<(), Stop> {
            Ok(())
        }
        fn unknown(&mut self, _: &str) {}
        fn leave(&mut self, _: PartId) -> Result<(), Stop> {
            Ok(())
        }
    }
    let opened = open(BOOKINGS).unwrap();
    let wire = encode(&opened, "trailer", "{ TRL-COUNT: 1 }");
    let mut document = opened.connection.decode_part(part(&opened, "trailer"), &wire).unwrap();
    let mut visitor = Once(true, 0);
    assert_eq!(document.advance(&mut visitor), Ok(kernel::Progress::Paused));
    assert_eq!(document.advance(&mut visitor), Ok(kernel::Progress::End));
    assert_eq!(visitor.1, 2);
}
