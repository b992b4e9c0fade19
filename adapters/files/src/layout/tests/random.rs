//! What can be read can be written, byte for byte; and no copybook is too strange to be refused.

use super::kit::{Kit, Recorder, Say, built, kit, kit_with, shared};
use crate::copybook::{Lines, parse};
use crate::field::{Field, Form};
use crate::format::Format;
use crate::layout::{Dialect, Kind, Layout};
use kernel::{Decimal, FileId, PartId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        // SplitMix64, by Sebastiano Vigna (public domain).
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(n.max(1)).unwrap()).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn is_long() -> bool {
    std::env::var_os("SEAWALL_LONG").is_some()
}

/// A record of the bookings, written by hand: packed digits, binary numbers and letters of cp273 in their bytes.
fn booking(random: &mut Random) -> (Vec<u8>, char, String) {
    // A to I, S to Z, digits, and the capital umlauts of the German page.
    const LETTERS: [u8; 24] = [
        0xC1, 0xC2, 0xC9, 0xE2, 0xE9, 0xF0, 0xF1, 0xF9, 0x4A, 0xE0, 0x5A, 0x40, 0x60, 0x61, 0xD1, 0xD9, 0xC5,
        0xC6, 0xE3, 0xE4, 0xF5, 0xF6, 0x81, 0xA9,
    ];
    let text = |random: &mut Random, length: usize, out: &mut Vec<u8>| {
        let used = random.below(length + 1);
        out.extend((0..length).map(|n| if n < used { *random.of(&LETTERS) } else { 0x40 }));
    };
    let packed = |random: &mut Random, digits: usize, out: &mut Vec<u8>| -> String {
        let used = random.below(digits + 1);
        let number: String = (0..digits)
            .map(|n| {
                if n + used < digits {
                    '0'
                } else {
                    char::from(b'0' + u8::try_from(random.below(10)).unwrap())
                }
            })
            .collect();
        let is_zero = number.bytes().all(|digit| digit == b'0');
        let negative = !is_zero && random.below(2) == 1;
        let halves = format!("{number}{}", if negative { 'D' } else { 'C' });
        out.extend(super::kit::hex(&halves));
        let (whole, cents) = number.split_at(digits - 2);
        let whole = whole.trim_start_matches('0');
        format!("{}{}.{cents}", if negative { "-" } else { "" }, if whole.is_empty() { "0" } else { whole })
    };
    let mut out = vec![0xF1, 0xF0];
    out.extend(u32::try_from(random.below(1_000_000_000)).unwrap().to_be_bytes());
    text(random, 20, &mut out);
    let amount = packed(random, 13, &mut out);
    text(random, 3, &mut out);
    text(random, 1, &mut out);
    let (kind, byte) = *random.of(&[('T', 0xE3), ('C', 0xC3), ('F', 0xC6)]);
    out.push(byte);
    match kind {
        'T' => [34, 26].iter().for_each(|length| text(random, *length, &mut out)),
        'C' => {
            [4, 40].iter().for_each(|length| text(random, *length, &mut out));
            out.extend([0x40; 16]);
        }
        _ => text(random, 60, &mut out),
    }
    let count = random.below(21);
    out.extend(format!("{count:02}").bytes().map(|digit| digit | 0xF0));
    for _ in 0..count {
        text(random, 6, &mut out);
        packed(random, 11, &mut out);
    }
    (out, kind, amount)
}

#[test]
fn thousands_of_bookings_are_written_as_they_were_read() {
    let Some(path) = shared("examples/bookings/legacy/TRXFILE.cpy") else { return };
    let kit = kit(&std::fs::read_to_string(path).unwrap(), "cp273");
    let [detail, transfer, card, amount] =
        ["TRX-DETAIL", "TRX-TRANSFER", "TRX-CARD", "TRX-AMOUNT"].map(|name| kit.part(name));
    let mut random = Random(4711);
    for n in 0..if is_long() { 10_000 } else { 1_000 } {
        let (mut record, kind, expected) = booking(&mut random);
        let chosen = match kind {
            'T' => transfer,
            'C' => card,
            _ => detail,
        };
        let wants = |part: PartId| ![detail, transfer, card].contains(&part) || part == chosen;
        let mut recorder = Recorder { wants: Some(&wants), tolerant: false, ..kit.recorder() };
        kit.tell(1, &record, &mut recorder).unwrap_or_else(|error| panic!("{n}: {error}"));
        assert!(recorder.said.contains(&Say::Text(amount, expected)), "{n}: {:?}", kit.show(&recorder.said));
        assert_eq!(kit.write(1, &recorder.said).unwrap(), record, "{n}");
        // What is no canonical form, and what nothing describes, stays when it is written over.
        record[33 - 1] = record[33 - 1] & 0xF0 | [0xA, 0xB, 0xC, 0xD, 0xE, 0xF][random.below(6)];
        if kind == 'C' {
            let at = record.len() - random.below(4) - 1;
            record[98 - 1] = u8::try_from(at % 256).unwrap();
        }
        let mut recorder = kit.recorder();
        kit.tell(1, &record, &mut recorder).unwrap();
        assert_eq!(kit.rewrite(1, &record, &|_| true, &recorder.said).unwrap(), record, "{n}");
    }
}

/// Tells a random record of a layout.
struct Author<'a> {
    kit: &'a Kit,
    number: usize,
    random: &'a mut Random,
    /// Which meaning each area has in this record.
    chosen: BTreeMap<Vec<u32>, usize>,
    skipped: BTreeSet<PartId>,
    counts: BTreeMap<u8, u32>,
    said: Vec<Say>,
}

impl Author<'_> {
    fn layout(&self) -> &Layout {
        &self.kit.layout
    }

    fn node(&mut self, number: u32) {
        let kit = self.kit;
        let node = &kit.layout.records[self.number].nodes[number as usize];
        let count = match node.table {
            None => 1,
            Some(table) => match table.counter {
                None => table.max,
                Some(slot) => {
                    let few = table.min + u32::try_from(self.random.below(4)).unwrap();
                    *self.counts.entry(slot).or_insert(few.min(table.max))
                }
            },
        };
        for _ in 0..count {
            match (&node.kind, node.part) {
                (Kind::Leaf(leaf), Some(part)) => self.leaf(*leaf, part),
                (Kind::Leaf(_), None) => {}
                (Kind::Group(members), part) => {
                    self.said.extend(part.map(Say::Enter));
                    for area in &members.areas {
                        self.area(area);
                    }
                    self.said.extend(part.map(Say::Leave));
                }
            }
        }
    }

    fn area(&mut self, area: &[u32]) {
        let pick = self.random.below(area.len());
        let pick = *self.chosen.entry(area.to_vec()).or_insert(pick);
        for (n, &node) in area.iter().enumerate() {
            if n == pick {
                self.node(node);
            } else {
                self.skip(node);
            }
        }
    }

    fn skip(&mut self, node: u32) {
        let kit = self.kit;
        let it = &kit.layout.records[self.number].nodes[node as usize];
        match (&it.kind, it.part) {
            (_, Some(part)) => drop(self.skipped.insert(part)),
            (Kind::Group(members), None) => members.areas.iter().flatten().for_each(|&node| self.skip(node)),
            _ => {}
        }
    }

    fn leaf(&mut self, leaf: u32, part: PartId) {
        let record = &self.layout().records[self.number];
        // A counter is not told; the table says what it is.
        if record.slot(leaf).is_some() {
            let slot = record.slot(leaf).unwrap();
            self.counts.remove(&slot);
            return;
        }
        let field = record.leaves[leaf as usize].field.clone();
        let said = value(&field, part, self.random);
        self.said.push(said);
    }
}

fn value(field: &Field, part: PartId, random: &mut Random) -> Say {
    let mut number = |digits: u8, scale: i16, signed: bool| {
        let used = u32::try_from(random.below(usize::from(digits) + 1)).unwrap();
        let most = 10_i128.pow(used);
        let mantissa = (i128::from(random.next()) << 64 | i128::from(random.next())).rem_euclid(most);
        let mantissa = if signed && random.below(2) == 1 { -mantissa } else { mantissa };
        let power = 10_i128.pow(u32::from(scale.min(0).unsigned_abs()));
        Say::Text(part, Decimal::new(mantissa * power, scale.max(0).unsigned_abs()).unwrap().to_string())
    };
    match field.form {
        Form::Text | Form::TextRight | Form::National => {
            let room = field.width / if field.form == Form::National { 2 } else { 1 };
            let text: String = (0..random.below(room as usize + 1))
                .map(|_| *random.of(&['A', 'z', '0', ' ', '/']))
                .collect();
            Say::Text(part, text.trim_matches(' ').to_owned())
        }
        Form::Zoned { digits, scale, sign } => number(digits, scale, sign != crate::field::Sign::None),
        Form::Pointed { digits, scale } => number(digits, i16::from(scale), true),
        Form::Packed { digits, scale, signed } | Form::Binary { digits, scale, signed, .. } => {
            number(digits, scale, signed)
        }
        Form::PackedUnsigned { digits, scale } => number(digits, scale, false),
        Form::Float { .. } => {
            Say::Float(part, f64::from(i32::try_from(random.below(1 << 19)).unwrap() - (1 << 19)) / 64.0)
        }
        Form::Bytes | Form::Dbcs => {
            Say::Bytes(part, (0..field.width).map(|_| u8::try_from(random.below(256)).unwrap()).collect())
        }
    }
}

/// The same values, whatever padding and trailing zeros they have.
fn same(a: &Say, b: &Say) -> bool {
    match (a, b) {
        (Say::Text(a, x), Say::Text(b, y)) => {
            let number = |text: &str| Decimal::parse(text).ok().map(Decimal::normalized);
            a == b
                && (x.trim_matches(' ') == y.trim_matches(' ')
                    || number(x).is_some() && number(x) == number(y))
        }
        _ => a == b,
    }
}

/// Writes random records, reads them, and writes them again, anew and over themselves; then with a few bytes changed.
fn round(name: &str, kit: &Kit, count: usize) {
    let mut random = Random(u64::try_from(name.len()).unwrap());
    for number in 0..kit.layout.types().len() {
        for n in 0..count {
            let mut author = Author {
                kit,
                number,
                random: &mut random,
                chosen: BTreeMap::new(),
                skipped: BTreeSet::new(),
                counts: BTreeMap::new(),
                said: Vec::new(),
            };
            match &kit.layout.records[number].nodes[0].kind {
                Kind::Group(members) => members.areas.iter().for_each(|area| author.area(area)),
                Kind::Leaf(_) => author.node(0),
            }
            let (said, skipped) = (author.said, author.skipped);
            let record = kit.write(number, &said).unwrap_or_else(|error| panic!("{name} {n}: {error}"));
            let wants = |part: PartId| !skipped.contains(&part);
            let mut recorder = Recorder { wants: Some(&wants), tolerant: false, ..kit.recorder() };
            kit.tell(number, &record, &mut recorder).unwrap_or_else(|error| panic!("{name} {n}: {error}"));
            let told: Vec<&Say> = recorder.said.iter().filter(|say| !is_counter(kit, number, say)).collect();
            assert_eq!(told.len(), said.len(), "{name} {n}");
            let differs = told.iter().zip(&said).find(|(a, b)| !same(a, b));
            assert_eq!(differs, None, "{name} {n}");
            assert_eq!(kit.write(number, &recorder.said).unwrap(), record, "{name} {n}");
            over(kit, number, &record, &format!("{name} {n}"));
            let mut noisy = record;
            for _ in 0..random.below(4) {
                let at = random.below(noisy.len());
                noisy[at] = u8::try_from(random.below(256)).unwrap();
            }
            over(kit, number, &noisy, &format!("{name} {n} with noise"));
        }
    }
}

fn is_counter(kit: &Kit, number: usize, say: &Say) -> bool {
    let Say::Text(part, _) = say else { return false };
    let record = &kit.layout.records[number];
    (0_u32..).zip(&record.leaves).any(|(n, leaf)| leaf.part == *part && record.slot(n).is_some())
}

/// A record that can be told is written over itself without any change.
fn over(kit: &Kit, number: usize, record: &[u8], what: &str) {
    let mut recorder = kit.recorder();
    // An element that cannot be read is not told, so the table would be another one.
    let is_whole = |recorder: &Recorder<'_>| {
        recorder.bad.iter().all(|bad| !bad.contains('[') && !bad.contains("counter"))
    };
    if kit.tell(number, record, &mut recorder).is_ok() && is_whole(&recorder) {
        let written = kit
            .rewrite(number, record, &|_| true, &recorder.said)
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(written, record, "{what}");
    }
}

#[test]
fn random_records_of_every_layout_are_written_as_they_were_read() {
    let count = if is_long() { 10_000 } else { 100 };
    for path in [
        "cobrix/test10_copybook.cob",
        "cobrix/test12_copybook.cob",
        "cobrix/test14_copybook.cob",
        "cobrix/test19_display_num.cob",
        "cobrix/test1_copybook.cob",
        "cobrix/test1a_copybook.cob",
        "cobrix/test2_copybook.cob",
        "cobrix/test3_copybook.cob",
        "cobrix/test4_copybook.cob",
        "cobrix/test6_copybook.cob",
        "cobrix/test7_fillers.cob",
        "cobrix/test8_copybook.cob",
        "carddemo/cpy/CVACT01Y.cpy",
        "carddemo/cpy/CVTRA07Y.cpy",
        "carddemo/cpy/COCOM01Y.cpy",
    ] {
        let Some(file) = shared(&format!("fixtures/ebcdic/{path}")) else { return };
        let text = String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned();
        for page in ["cp037", "latin1"] {
            round(path, &kit_with(&text, page, &Dialect::default()), count / 2);
        }
    }
}

/// Copybooks that have everything that makes places depend on what was read.
const STRANGE: [&str; 4] = [
    "01 R. 05 N PIC 9. 05 T OCCURS 1 TO 5 DEPENDING ON N. 10 M PIC 99 COMP. 10 U OCCURS 0 TO 3 DEPENDING ON M. 15 A PIC S9(5)V99 COMP-3. 15 B PIC XX. 10 C PIC X. 05 FILLER PIC XX. 05 V OCCURS 1 TO 6 DEPENDING ON N PIC S999. 05 Z PIC X(4).",
    "01 R. 05 K PIC X. 05 A. 10 N PIC 9. 10 T OCCURS 0 TO 3 DEPENDING ON N PIC XX. 10 L PIC X. 05 B REDEFINES A. 10 X PIC 9(4) COMP. 10 Y PIC X(9). 05 C REDEFINES A PIC X(3).",
    "01 R. 05 A PIC X(3). 05 B SYNC. 10 C PIC 9(9) COMP. 10 D COMP-2. 10 E OCCURS 3. 15 F PIC X. 15 G PIC S9(4) COMP. 05 H PIC X(8). 05 FILLER REDEFINES H. 10 I PIC N(2). 10 J PIC S9(4) COMP-5. 05 FILLER REDEFINES H. 10 K POINTER. 10 L PIC X. 05 M PIC S9(7) LEADING SEPARATE.",
    "01 R. 05 P OCCURS 2. 10 N PIC 9(3) COMP-3. 10 Q OCCURS 0 TO 4 DEPENDING ON N. 15 S PIC X. 15 W PIC 9(3) COMP-6. 10 O PIC X(2). 10 O2 REDEFINES O PIC 99. 05 LAST-ONE PIC X(3) JUST RIGHT.",
];

#[test]
fn records_whose_places_depend_on_counters_are_written_as_they_were_read() {
    let count = if is_long() { 10_000 } else { 500 };
    for (n, text) in STRANGE.iter().enumerate() {
        for page in ["cp037", "latin1"] {
            round(&format!("strange {n} {page}"), &kit(text, page), count);
        }
    }
}

/// Changes a text as damage does, or as a person who copies and forgets.
fn mutated(text: &str, random: &mut Random) -> String {
    const PIECES: [&str; 24] = [
        "01 ",
        "05 ",
        "88 X VALUE ",
        "77 ",
        "66 ",
        ".",
        "'",
        "\"",
        "PIC ",
        "PIC X(9999999).",
        "9(18)V9(20)",
        "(",
        ")",
        "OCCURS ",
        "OCCURS 99999 TIMES ",
        "DEPENDING ON ",
        "REDEFINES ",
        "COMP-3 ",
        "SYNC ",
        "\n",
        "      -",
        "\t",
        "ä€",
        "COPY X.",
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(3) {
        let (from, to) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (from, to) = (from.min(to), from.max(to));
        let near = to.min(from + random.below(40));
        match random.below(6) {
            0 => drop(bytes.splice(from..near, [])),
            1 => drop(bytes.splice(from..from, random.of(&PIECES).bytes().collect::<Vec<u8>>())),
            2 => {
                let piece = bytes[from..to.min(from + 2000)].to_vec();
                drop(bytes.splice(to..to, piece));
            }
            3 if from < bytes.len() => bytes[from] = u8::try_from(random.below(256)).unwrap(),
            4 => bytes.truncate(to.max(bytes.len() / 2)),
            _ => drop(bytes.splice(from..near, random.of(&PIECES).bytes().collect::<Vec<u8>>())),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn damaged_copybooks_are_refused_with_a_place_or_read_and_never_hang() {
    let mut texts: Vec<String> = STRANGE.iter().map(|text| (*text).to_owned()).collect();
    for path in ["cobrix/test6_copybook.cob", "cobrix/test1_copybook.cob", "carddemo/cpy/CVTRA07Y.cpy"] {
        let Some(file) = shared(&format!("fixtures/ebcdic/{path}")) else { continue };
        texts.push(String::from_utf8_lossy(&std::fs::read(file).unwrap()).into_owned());
    }
    let mut random = Random(1);
    let (mut read, mut refused) = (0, 0);
    for n in 0..if is_long() { 10_000 } else { 700 } {
        let text = mutated(&texts[n % texts.len()], &mut random);
        let start = Instant::now();
        match built(&text, "cp037", &Dialect::default()) {
            Err(found) => {
                refused += 1;
                assert!(
                    !found.is_empty() && found.iter().all(|it| it.span.is_some()),
                    "{n}: {found:?}\n{text}"
                );
            }
            Ok(kit) => {
                read += 1;
                let record: Vec<u8> =
                    (0..500).map(|_| *random.of(&[0xF0, 0xF1, 0xF2, 0x40, 0x0C, 0x00])).collect();
                for number in 0..kit.layout.types().len() {
                    over(&kit, number, &record, &format!("{n}: {text}"));
                }
            }
        }
        assert!(start.elapsed() < Duration::from_secs(1), "{n} took {:?}:\n{text}", start.elapsed());
    }
    assert!(read > 50 && refused > 50, "{read} were read and {refused} refused");
}

#[test]
fn the_greatest_copybooks_take_no_second() {
    // As many as there may be take long without optimization, and beside other tests.
    let few = if is_long() { 1 } else { 8 };
    let many = |entry: &str, count: usize| {
        let entries: String = (0..count / few).map(|n| entry.replace('#', &n.to_string())).collect();
        format!("01 R. 05 N PIC 9. 05 A PIC X. {entries}")
    };
    for text in [
        many("05 F# PIC X. ", 9_500),
        many("05 F# REDEFINES A PIC X. ", 9_500),
        many("05 F PIC X. ", 9_500),
        many("05 T# OCCURS 0 TO 2 DEPENDING ON N PIC X. ", 9_500),
        many("05 N PIC 9. 05 T# OCCURS 0 TO 2 DEPENDING ON N PIC X. ", 4_500),
        many("05 X# PIC X 05 Y ", 4_500),
        many("(((( ", 100_000),
        "'".repeat((1 << 20) / few),
        "01 ".repeat((1 << 18) / few),
        "\n".repeat((1 << 20) / few),
    ] {
        let start = Instant::now();
        let parsed = parse(&text, FileId(0), Lines::Guess, "R");
        let built = built(&text, "cp037", &Dialect::default());
        // It was read twice.
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}: {:.60}", start.elapsed(), text);
        assert!(parsed.is_err() <= built.is_err());
    }
}
