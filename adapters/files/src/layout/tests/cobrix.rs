//! Files of Cobrix with what Cobrix made of them, and the copybooks of CardDemo.
//!
//! Cobrix takes bytes that its code page does not know as blanks and what it cannot read as nothing; so is compared here.

use super::json::{Json, parse};
use super::kit::{Read, connect, json, kit_with, read, shared, written_back};
use crate::connection::FilesConnection;
use crate::format::Format;
use crate::frame::Framing;
use crate::layout::Dialect;
use kernel::Decimal;

/// A case: what is read how, and what Cobrix did that a mapping does here.
struct Case {
    copybook: &'static str,
    /// What the mapping says beside the copybook.
    format: &'static str,
    data: &'static str,
    golden: &'static str,
    /// The conditions by which each record has a type, with the name that Cobrix gives its group.
    records: &'static [(&'static str, &'static str)],
    /// Parts that Cobrix leaves out of this record.
    without: fn(&Json) -> &'static [&'static str],
    /// The field that says in which order the golden file has them, and how many it has.
    order: Option<&'static str>,
    /// Edited numbers that a mapping reads by `decimal(n)`.
    decimals: &'static [(&'static str, u16)],
    /// The golden file has zeros where Cobrix read nothing.
    zeros: bool,
    /// Why not all records are the same when they are written anew and not over themselves.
    anew: Anew,
}

/// Why a record that is written anew is not the one that was read. What is written over itself is always the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Anew {
    /// It is.
    Same,
    /// FILLER and bytes that no field is for hold something.
    Fillers,
    /// Fields are no values, so they become zeros or blanks.
    Unreadable,
    /// Its table leaves room.
    Room,
}

fn nothing(_: &Json) -> &'static [&'static str] {
    &[]
}

const BASE: Case = Case {
    copybook: "",
    format: "encoding: cp037",
    data: "",
    golden: "",
    records: &[("", "")],
    without: nothing,
    order: None,
    decimals: &[],
    zeros: false,
    anew: Anew::Same,
};

fn fixture(path: &str) -> Option<Vec<u8>> {
    shared(&format!("fixtures/ebcdic/cobrix/{path}")).map(|path| std::fs::read(path).unwrap())
}

impl Case {
    fn check(&self) {
        let (Some(data), Some(golden)) = (fixture(self.data), fixture(self.golden)) else { return };
        let golden = String::from_utf8_lossy(&golden).into_owned();
        let golden: Vec<Json> = match parse(&golden) {
            Json::List(all) => all,
            _ => golden.lines().filter(|line| !line.trim().is_empty()).map(parse).collect(),
        };
        let Some(mut ours) = self.told(&data) else { return };
        if let Some(order) = self.order {
            let key = |json: &Json| number(json.get(order)).expect("a number to order by");
            ours.sort_by(|a, b| key(a).partial_cmp(&key(b)).expect("numbers have an order"));
        }
        assert!(
            !golden.is_empty() && golden.len() <= ours.len(),
            "{}: {} of {}",
            self.data,
            golden.len(),
            ours.len()
        );
        for (n, (golden, ours)) in golden.iter().zip(&ours).enumerate() {
            self.same(golden, ours, &format!("{}[{n}]", self.golden));
        }
    }

    /// Reads the file once for each type that its records have, and writes it back.
    fn told(&self, data: &[u8]) -> Option<Vec<Json>> {
        let copybook = fixture(self.copybook)?;
        let mut all: Vec<Json> = Vec::new();
        for (conditions, name) in self.records {
            let connection = connect(&copybook, &format!("{}{conditions}", self.format));
            let records = read(&connection, data);
            let (back, anew) = written_back(&connection, &records);
            self.same_bytes(&connection, data, &back);
            assert_eq!(anew, self.anew == Anew::Same, "{} {}: written anew", self.data, self.copybook);
            let told = |read: &Read| {
                assert_eq!(read.unknown, Vec::<String>::new());
                json(connection.shape(), &read.said)
            };
            if name.is_empty() {
                return Some(records.iter().map(told).collect());
            }
            all.resize(records.len(), Json::Object(Vec::new()));
            for (all, one) in all.iter_mut().zip(records.iter().map(told)) {
                if let Json::Object(members) = all {
                    members.push(((*name).to_owned(), one));
                }
            }
        }
        Some(all)
    }

    /// What is skipped around records is written as zeros; everything else is as it was.
    fn same_bytes(&self, connection: &FilesConnection, data: &[u8], back: &[u8]) {
        let skip = connection.plan().skip;
        let mut data = data.to_vec();
        if let Framing::Fixed(length) = connection.plan().framing {
            for record in data.chunks_exact_mut(length as usize) {
                let (front, behind) = (skip.before as usize, record.len() - skip.after as usize);
                record[..front].fill(0);
                record[behind..].fill(0);
            }
        }
        let at = data.iter().zip(back).take_while(|(a, b)| a == b).count();
        assert!(
            data == back,
            "{}: {} bytes back as {}, the same up to {at}",
            self.data,
            data.len(),
            back.len()
        );
    }

    /// Compares; `ours` may have what the case says is left out, and nothing else.
    fn same(&self, golden: &Json, ours: &Json, at: &str) {
        match (golden, ours) {
            (Json::Object(golden), Json::Object(ours)) => {
                // These are about the reading, not about the record.
                let about = ["File_Id", "Record_Id", "Record_Byte_Length", "Seg_Id0", "Seg_Id1"];
                let find = |name: &str| ours.iter().find(|(ours, _)| ours.replace('-', "_") == name);
                for (name, value) in golden.iter().filter(|(name, _)| !about.contains(&name.as_str())) {
                    let at = format!("{at}/{name}");
                    match find(name) {
                        Some((_, ours)) => self.same(value, ours, &at),
                        None => assert!(self.is_nothing(value), "{at}: {value:?} is not told"),
                    }
                }
                let whole = Json::Object(ours.clone());
                for (name, value) in ours {
                    let known = golden.iter().any(|(golden, _)| *golden == name.replace('-', "_"));
                    let left_out = (self.without)(&whole).contains(&name.as_str());
                    assert!(known || left_out || self.is_nothing(value), "{at}/{name}: {value:?} is told");
                }
            }
            (Json::List(golden), Json::List(ours)) => {
                assert_eq!(golden.len(), ours.len(), "{at}");
                golden
                    .iter()
                    .zip(ours)
                    .enumerate()
                    .for_each(|(n, (g, o))| self.same(g, o, &format!("{at}[{n}]")));
            }
            (Json::Number(golden), ours) => {
                let scale =
                    self.decimals.iter().find(|(name, _)| at.ends_with(&format!("/{name}"))).map(|(_, n)| *n);
                assert!(equal(golden, ours, scale), "{at}: {golden} and {ours:?}");
            }
            (Json::Text(golden), Json::Text(ours)) => {
                // Of characters that it does not know, Cobrix makes blanks, or nothing where texts are ASCII.
                let known: String = ours.chars().filter(|c| !c.is_control()).collect();
                let ours = if blanked(&known) == blanked(golden) { &known } else { ours };
                assert_eq!(blanked(golden), blanked(ours), "{at}");
            }
            _ => panic!("{at}: {golden:?} and {ours:?}"),
        }
    }

    fn is_nothing(&self, json: &Json) -> bool {
        match json {
            Json::Null => true,
            Json::Text(text) => blanked(text).is_empty(),
            Json::Number(number) => self.zeros && Decimal::parse(number).is_ok_and(|it| it.mantissa() == 0),
            Json::List(all) => all.iter().all(|it| self.is_nothing(it)),
            Json::Object(all) => all.iter().all(|(_, it)| self.is_nothing(it)),
        }
    }
}

/// Characters that Cobrix does not know are blanks, and blanks around do not count. All golden texts are ASCII.
fn blanked(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() || !c.is_ascii() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

fn number(json: Option<&Json>) -> Option<f64> {
    match json? {
        Json::Text(text) | Json::Number(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The same number; as exact as it is written, unless it is a float.
fn equal(golden: &str, ours: &Json, scale: Option<u16>) -> bool {
    let is_float = matches!(ours, Json::Number(_));
    let (Json::Text(ours) | Json::Number(ours)) = ours else { return false };
    if is_float {
        let (golden, ours): (f64, f64) = (golden.parse().unwrap(), ours.parse().unwrap());
        return golden == ours || golden as f32 == ours as f32;
    }
    // As edited numbers are read: the sign may stand behind.
    let ours = ours.trim();
    let ours = match ours.strip_suffix(['-', '+']) {
        Some(digits) if ours.ends_with('-') => format!("-{digits}"),
        Some(digits) => digits.to_owned(),
        None => ours.strip_prefix('+').unwrap_or(ours).to_owned(),
    };
    let ours = Decimal::parse(ours.trim()).ok().and_then(|it| match scale {
        Some(scale) => Decimal::new(it.mantissa(), it.scale() + scale).ok(),
        None => Some(it),
    });
    ours.zip(Decimal::parse(golden).ok())
        .is_some_and(|(ours, golden)| ours.normalized() == golden.normalized())
}

#[test]
fn groups_are_texts_where_a_mapping_wants_them() {
    Case {
        copybook: "test10_copybook.cob",
        format: "encoding: latin1, texts: [NAME, ACCOUNT-NO]",
        data: "test10_data/data.dat",
        golden: "test10_expected/test10.txt",
        records: &[("", "RECORD")],
        ..BASE
    }
    .check_group_texts();
}

impl Case {
    /// Cobrix tells the text of a group beside it, with a name of its own; here it is in it.
    fn check_group_texts(self) {
        let lift = |json: Json| {
            let Json::Object(mut record) = json else { panic!("a record") };
            let texts: Vec<(String, Json)> = record
                .iter()
                .filter_map(|(name, value)| {
                    let own = format!("{name}-NT");
                    value.get(&own).map(|text| (own, text.clone()))
                })
                .collect();
            for (_, value) in &mut record {
                if let Json::Object(members) = value {
                    members.retain(|(name, _)| !name.ends_with("-NT"));
                }
            }
            record.extend(texts);
            Json::Object(record)
        };
        let (Some(data), Some(golden)) = (fixture(self.data), fixture(self.golden)) else { return };
        let Some(all) = self.told(&data) else { return };
        let Some(Json::Object(mut told)) = all.into_iter().next() else { panic!("a record") };
        let (name, record) = told.remove(0);
        self.same(
            &parse(&String::from_utf8_lossy(&golden)),
            &Json::Object(vec![(name, lift(record))]),
            "test10",
        );
    }
}

#[test]
fn several_records_have_the_same_bytes() {
    Case {
        copybook: "test12_copybook.cob",
        format: "encoding: latin1",
        data: "test12_data/data.dat",
        golden: "test12_expected/test12.txt",
        records: &[
            (", records: { RECORD-A: { NAME/SHORT-NAME/NAME-CHAR-1: \"*\" } }", "RECORD_A"),
            (", records: { RECORD-B: { NAME: \"*\" } }", "RECORD_B"),
        ],
        ..BASE
    }
    .check();
}

/// Which area belongs to which segment, as a mapping says by `when:`.
fn segment(record: &Json) -> &'static [&'static str] {
    match record.get("SEGMENT-ID") {
        Some(Json::Text(id)) if blanked(id) == "P" => &["STATIC-DETAILS"],
        _ if record.get("TAXPAYER-TYPE").is_some() => &["TAXPAYER-NUM", "TAXPAYER-STR"],
        _ => &["CONTACTS"],
    }
}

#[test]
fn segments_stand_behind_their_length() {
    for format in [
        "encoding: cp037, range: bytes, framing: { type: rdw, order: little }",
        "encoding: cp037, range: bytes, framing: { type: rdw, order: little, counts: content, adjust: -4 }",
    ] {
        Case {
            copybook: "test14_copybook.cob",
            data: "test14_data/COMP.DETAILS.JUL02.DATA.dat",
            golden: "test14_expected/test14.txt",
            format,
            without: segment,
            ..BASE
        }
        .check();
    }
}

#[test]
fn segments_are_read_as_all_that_they_may_be() {
    for (data, golden) in [("test4_data", "test4.txt"), ("test4a_data", "test4a.txt")] {
        let data = format!("{data}/COMP.DETAILS.SEP30.DATA.dat").leak();
        let golden = format!("test4_expected/{golden}").leak();
        Case {
            copybook: "test4_copybook.cob",
            format: "encoding: latin1, range: bytes, framing: { type: rdw, order: little, counts: content }",
            data,
            golden,
            ..BASE
        }
        .check();
    }
}

#[test]
fn a_table_may_leave_room_in_records_of_one_length() {
    let whole = "encoding: cp037, framing: fixed, length: 2202";
    let cut = "encoding: cp037, framing: fixed, length: 2202, skip: { before: 2, after: 27 }";
    for (copybook, golden, format) in [
        ("test1_copybook.cob", "test1_expected/test1.txt", whole),
        ("test1_copybook.cob", "test1b_expected/test1b.txt", whole),
        ("test1a_copybook.cob", "test1a_expected/test1a.txt", cut),
    ] {
        let anew = Anew::Room;
        Case { copybook, data: "test1_data/example.bin", golden, format, anew, ..BASE }.check();
    }
}

#[test]
fn binary_amounts_have_their_decimals() {
    let data = "test3_data/TRAN2.AUG31.DATA.dat";
    Case { copybook: "test3_copybook.cob", data, golden: "test3_expected/test3.txt", ..BASE }.check();
}

#[test]
fn numbers_are_read_in_every_form() {
    Case {
        copybook: "test6_copybook.cob",
        data: "test6_data/INTEGR.TYPES.NOV28.DATA.dat",
        golden: "test6_expected/test6.txt",
        anew: Anew::Unreadable,
        format: "encoding: cp037, floats: ieee",
        order: Some("ID"),
        decimals: &[("EX_NUM_DEC01", 2), ("EX_NUM_DEC02", 2)],
        zeros: true,
        ..BASE
    }
    .check();
}

#[test]
fn fillers_are_not_told() {
    Case {
        copybook: "test7_fillers.cob",
        data: "test7_data/TEST.FILLERS.DEC07.DATA.dat",
        golden: "test7_expected/test7.txt",
        anew: Anew::Fillers,
        order: Some("AMOUNT"),
        // Fields in a group without a name can be named all the same; Cobrix drops them with it.
        without: |_| &["STR1", "STR2", "STR4"],
        ..BASE
    }
    .check();
}

#[test]
fn what_is_no_number_is_not_told() {
    Case {
        copybook: "test19_display_num.cob",
        data: "test19_display_num/data.dat",
        golden: "test19_display_num_expected/test19.txt",
        anew: Anew::Unreadable,
        zeros: true,
        ..BASE
    }
    .check();
}

#[test]
fn records_have_the_lengths_that_their_files_have() {
    let check = |path: &str, expected: &[u32]| {
        let Some(path) = shared(&format!("fixtures/ebcdic/{path}")) else { return };
        let text = std::fs::read(&path).unwrap();
        let kit = kit_with(&String::from_utf8_lossy(&text), "cp037", &Dialect::default());
        let lengths: Vec<u32> = kit.layout.types().iter().filter_map(|ty| ty.bytes_max).collect();
        assert_eq!(lengths, expected, "{}", path.display());
    };
    check("cobrix/test10_copybook.cob", &[46]);
    check("cobrix/test12_copybook.cob", &[46, 46]);
    check("cobrix/test12_copybook_a.cob", &[46]);
    check("cobrix/test12_copybook_b.cob", &[46]);
    check("cobrix/test14_copybook.cob", &[64]);
    check("cobrix/test19_display_num.cob", &[80]);
    check("cobrix/test1_copybook.cob", &[2202]);
    check("cobrix/test1a_copybook.cob", &[2173]);
    check("cobrix/test2_copybook.cob", &[2202]);
    check("cobrix/test3_copybook.cob", &[45]);
    check("cobrix/test4_copybook.cob", &[64]);
    check("cobrix/test6_copybook.cob", &[1493]);
    check("cobrix/test7_fillers.cob", &[60]);
    check("cobrix/test8_copybook.cob", &[45]);
    check("carddemo/cpy/CVACT01Y.cpy", &[300]);
    check("carddemo/cpy/CVACT02Y.cpy", &[150]);
    check("carddemo/cpy/CVACT03Y.cpy", &[50]);
    check("carddemo/cpy/CVTRA02Y.cpy", &[50]);
    check("carddemo/cpy/CVTRA03Y.cpy", &[60]);
    check("carddemo/cpy/CVTRA04Y.cpy", &[60]);
    check("carddemo/cpy/CSUSR01Y.cpy", &[80]);
    check("carddemo/cpy/COCOM01Y.cpy", &[160]);
    check("carddemo/cpy/CVTRA07Y.cpy", &[115, 114, 114, 133, 112, 112, 112]);
}

#[test]
fn files_of_bookings_and_of_carddemo_are_written_back_as_they_were() {
    let check = |copybook: &str, data: &str, format: &str, count: usize, anew: bool| {
        let read_file = |path: &str| shared(path).map(|path| std::fs::read(path).unwrap());
        let (Some(copybook), Some(bytes)) = (read_file(copybook), read_file(data)) else { return };
        let connection = connect(&copybook, format);
        let records = read(&connection, &bytes);
        assert_eq!(records.len(), count, "{data}");
        let strange = records.iter().find(|record| !record.bad.is_empty() || !record.unknown.is_empty());
        assert!(strange.is_none_or(|it| it.bad.iter().all(|bad| bad.starts_with("TRX-"))), "{data}");
        let (back, same) = written_back(&connection, &records);
        let is_mixed = format.contains("any");
        let plain = |bytes: &[u8]| -> Vec<u8> {
            bytes.iter().copied().filter(|byte| !(is_mixed && b"\r\n".contains(byte))).collect()
        };
        assert!(plain(&back) == plain(&bytes), "{data}");
        assert_eq!(same, anew, "{data}: written anew");
    };
    let bookings = |data: &str| {
        let types = "header: { HDR-TYPE: \"00\" }, booking: { TRX-TYPE: 10 }, trailer: { TRL-TYPE: 99 }";
        let format = format!("encoding: cp273, framing: rdw, records: {{ {types} }}");
        let copybook = "examples/bookings/legacy/TRXFILE.cpy";
        check(copybook, &format!("examples/bookings/tests/{data}"), &format, 4, true);
    };
    bookings("TRX20260331.DAT");
    bookings("TRX-BADTOTAL.DAT");
    // A new record has blanks in its FILLER, where those of discgrp, trantype and trancatg have zeros, and the lines of
    // cardxref.txt end before it. The lines of trantype.txt end with CRLF, but the last one with LF, so that its file is
    // compared without line ends.
    for (copybook, host, ascii, ending, count, anew) in [
        ("CVACT01Y", "ACCTDATA", "acctdata", "lf", 50, [true, true]),
        ("CVACT02Y", "CARDDATA", "carddata", "lf", 50, [true, true]),
        ("CVACT03Y", "CARDXREF", "cardxref", "lf", 50, [true, false]),
        ("CVTRA02Y", "DISCGRP", "discgrp", "lf", 51, [false, false]),
        ("CVTRA03Y", "TRANTYPE", "trantype", "any", 7, [false, false]),
        ("CVTRA04Y", "TRANCATG", "trancatg", "crlf", 18, [false, false]),
    ] {
        let copybook = format!("fixtures/ebcdic/carddemo/cpy/{copybook}.cpy");
        let host = format!("fixtures/ebcdic/carddemo/ebcdic/AWS.M2.CARDDEMO.{host}.PS");
        check(&copybook, &host, "encoding: cp037", count, anew[0]);
        let ascii = format!("fixtures/ebcdic/carddemo/ascii/{ascii}.txt");
        let format = format!("encoding: latin1, framing: {{ type: lines, ending: {ending} }}");
        check(&copybook, &ascii, &format, count, anew[1]);
    }
}

#[test]
fn carddemo_files_say_the_same_in_ebcdic_and_in_ascii() {
    let check = |copybook: &str, ebcdic: &str, ascii: &str, count: usize| {
        let read = |path: &str| {
            shared(&format!("fixtures/ebcdic/carddemo/{path}")).map(|path| std::fs::read(path).unwrap())
        };
        let (Some(book), Some(ebcdic), Some(ascii)) = (read(copybook), read(ebcdic), read(ascii)) else {
            return;
        };
        let book = String::from_utf8_lossy(&book).into_owned();
        let kits = ["cp037", "latin1"].map(|page| kit_with(&book, page, &Dialect::default()));
        let length = kits[0].layout.types()[0].bytes_max.expect("a bound") as usize;
        let hosts: Vec<&[u8]> = ebcdic.chunks_exact(length).collect();
        let lines: Vec<&[u8]> = ascii.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
        assert_eq!((hosts.len(), lines.len()), (count, count), "{copybook}");
        for (n, (host, line)) in hosts.into_iter().zip(lines).enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let told =
                [(&kits[0], host), (&kits[1], line)].map(|(kit, record)| kit.shown(0, record).unwrap());
            // The files themselves differ in these: a postcode, and a rate of 15.00 that is 0.00 in the other.
            let is_other = [("cpy/CVACT01Y.cpy", 48), ("cpy/CVTRA02Y.cpy", 33)].contains(&(copybook, n));
            assert_eq!(told[0] != told[1], is_other, "{copybook} {n}: {} and {}", told[0], told[1]);
            assert!(!told[0].contains('!'), "{}", told[0]);
        }
    };
    check("cpy/CVACT01Y.cpy", "ebcdic/AWS.M2.CARDDEMO.ACCTDATA.PS", "ascii/acctdata.txt", 50);
    check("cpy/CVACT02Y.cpy", "ebcdic/AWS.M2.CARDDEMO.CARDDATA.PS", "ascii/carddata.txt", 50);
    check("cpy/CVACT03Y.cpy", "ebcdic/AWS.M2.CARDDEMO.CARDXREF.PS", "ascii/cardxref.txt", 50);
    check("cpy/CVTRA02Y.cpy", "ebcdic/AWS.M2.CARDDEMO.DISCGRP.PS", "ascii/discgrp.txt", 51);
    check("cpy/CVTRA03Y.cpy", "ebcdic/AWS.M2.CARDDEMO.TRANTYPE.PS", "ascii/trantype.txt", 7);
    check("cpy/CVTRA04Y.cpy", "ebcdic/AWS.M2.CARDDEMO.TRANCATG.PS", "ascii/trancatg.txt", 18);
}
