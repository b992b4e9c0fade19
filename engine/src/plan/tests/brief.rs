//! The short way of a record gives what the long way gives, on random values, or leaves the record to it.
//!
//! **Invariant.** Both read the same record: the one is told its parts, the other takes its leaves.

use super::{Case, case};
use crate::codec::tests::kit::Random;
use crate::plan::stream::{EventReader, Said};
use crate::plan::testing::Told;
use crate::program::Ambient;
use kernel::{Document, Name, PartId, PartKind, Pen, Sheet, Slot, Taken, Taker};

const SHAPE: &str = "
    type Row { ID NAME CODE QTY:int AMOUNT:dec DAY:int NOTE AGAIN { FLAG:text RATE:dec } SPARE }
    record row=Row";

const MAPPING: &str = r#"
connections: { pms: { type: double, timezone: Europe/Vienna } }
codes: { status: { active: A, closed: C } }
models:
  M:
    legacy: pms/row
    key: id
    ignore: [SPARE]
    fields:
      name: NAME
      id: ID
      detail.status: CODE | codes(status)
      detail.unit: = "piece"
      quantity: QTY
      detail.more.amount: AMOUNT
      source: = "shop"
      day: DAY | date(yyyyMMdd)
      note: NOTE | default(none)
      flag: AGAIN/FLAG | flag(Y, N)
      rate: AGAIN/RATE
      twice: NAME | upper
      version: = 3
events:
  M:
    topic: rows
    type: row
    time: = day
    subject: = name
"#;

const PARTS: [&str; 9] = ["ID", "NAME", "CODE", "QTY", "AMOUNT", "DAY", "NOTE", "FLAG", "RATE"];

/// A value of a part; one in 40 is no usual one.
fn value(random: &mut Random, part: &str) -> String {
    let odd = random.below(40) == 0;
    match part {
        _ if odd => random
            .one(&["", " ", "x", "-0", "0", "99999999", "a\\b", "é", "  lead", "null", "[1]"])
            .to_owned(),
        "ID" => format!("A{}", random.below(1_000)),
        "NAME" => random.one(&["HUBER", "Müller", "a b", "tab\there", "back\\slash", "trail  "]).to_owned(),
        "CODE" => random.one(&["A", "C"]).to_owned(),
        "QTY" => random.below(500).to_string(),
        "AMOUNT" | "RATE" => format!("{}.{:02}", random.below(10_000), random.below(100)),
        "DAY" => format!("{}{:02}{:02}", 2000 + random.below(30), 1 + random.below(12), 1 + random.below(28)),
        "NOTE" => random.one(&["", "none", "late", " "]).to_owned(),
        _ => random.one(&["Y", "N"]).to_owned(),
    }
}

/// A record of the shape.
struct Row(Vec<String>);

impl Row {
    fn document(&self) -> String {
        let part = |n: usize| format!("({} \"{}\")", PARTS[n], self.0[n]);
        let plain: Vec<String> = (0..7).map(part).collect();
        format!("{} (AGAIN {} {}) (SPARE x)", plain.join(" "), part(7), part(8))
    }

    /// What an adapter that knows its fields writes of one.
    fn taken(&self, name: &str, pen: &mut Pen<'_>) -> Option<Taken> {
        let text = &self.0[PARTS.iter().position(|part| *part == name)?];
        pen.put_all(text.as_bytes())?;
        let number = matches!(name, "QTY" | "AMOUNT" | "DAY" | "RATE");
        let is_json = serde_json::from_str::<serde_json::Number>(text).is_ok() && text != "-0";
        match number {
            // What is no number cannot be read.
            true if !is_json => None,
            true => Some(Taken::Number),
            false => {
                let plain = text.chars().all(|c| (' '..='~').contains(&c) && c != '"' && c != '\\');
                Some(Taken::Text { plain })
            }
        }
    }

    fn take(&self, names: &[String], slots: &[Slot], to: &mut dyn Taker, sheet: &mut Sheet) -> bool {
        sheet.reserve(2_000);
        let mut at = sheet.end();
        for (index, (name, slot)) in names.iter().zip(slots).enumerate() {
            match slot.fill(index, |pen| self.taken(name, pen), to, (sheet, at)) {
                Some(end) => at = end,
                None => return false,
            }
        }
        sheet.set_end(at);
        true
    }
}

struct Both {
    case: Case,
    long: EventReader,
    short: EventReader,
    slots: Vec<Slot>,
    names: Vec<String>,
}

impl Both {
    fn new(mapping: &str, facts: bool) -> Option<Self> {
        let case = case(SHAPE, mapping, &[]);
        assert_eq!(case.findings(), []);
        let event = case.program().events.first().expect("an event");
        let reader = || EventReader::new(event, &Ambient::for_tests());
        let (long, short) = (reader(), reader());
        let slots = short.slots(facts)?.to_vec();
        let name = |part: PartId| match &case.catalogue.shape.part(part).name {
            Name { local, .. } if case.catalogue.shape.part(part).kind == PartKind::Element => {
                local.to_string()
            }
            other => panic!("{other:?}"),
        };
        let names = slots.iter().map(|slot| name(slot.part)).collect();
        Some(Self { long, short, slots, names, case })
    }

    /// Reads a record both ways, and returns whether the short one was gone.
    fn check(&mut self, row: &Row) -> bool {
        let Self { case, long, short, slots, names } = self;
        let model = case.program().find_model("M").expect("the model M");
        let (shape, ty) = (case.catalogue.shape.clone(), model.ty);
        let document = row.document();
        let mut json = Vec::new();
        let mut tell = |to: &mut dyn kernel::Visitor| Told::new(&shape, ty, &document).advance(to);
        let told = long.read(&mut tell, &mut json);
        let mut sheet = Sheet::default();
        sheet.put(b"before");
        let mut take = |to: &mut dyn Taker, sheet: &mut Sheet| row.take(names, slots, to, sheet);
        let said = short.take(&mut take, &mut sheet);
        match (&said, told) {
            (None, _) => assert_eq!(sheet.written(), b"before", "{document}"),
            (Some(said), Ok(told)) => {
                let text = String::from_utf8_lossy(sheet.written()).into_owned();
                assert_eq!(text.strip_prefix("before"), str::from_utf8(&json).ok(), "{document}");
                assert_eq!(facts(said), facts(&told), "{document}");
            }
            (Some(_), Err(error)) => panic!("{document}: {error:?}"),
        }
        let mut lines = Sheet::default();
        let is_line = short.take_json(&mut take, &mut lines);
        assert!(said.is_none() || is_line, "{document}");
        if is_line {
            assert_eq!(str::from_utf8(lines.written()), str::from_utf8(&json), "{document}");
        }
        said.is_some()
    }
}

fn facts(said: &Said) -> impl PartialEq + std::fmt::Debug {
    let Said { key, partition, id, time, subject, deleted, newest, content } = said.clone();
    (key, partition, id, time, subject, (deleted, format!("{newest:?}"), content))
}

#[test]
fn both_ways_give_the_same_events() {
    let mut both = Both::new(MAPPING, true).expect("a short way");
    let mut random = Random(0xB41E_F001);
    let (mut gone, mut all) = (0, 0);
    for _ in 0..20_000 {
        let row = Row(PARTS.iter().map(|part| value(&mut random, part)).collect());
        gone += u32::from(both.check(&row));
        all += 1;
    }
    assert!(gone > all / 2 && gone < all, "{gone} of {all}");
}

#[test]
fn a_record_without_a_short_way_has_none() {
    let check = |from: &str, to: &str, lines: bool, facts: bool| {
        assert!(MAPPING.contains(from), "{from}");
        let mapping = MAPPING.replacen(from, to, 1);
        assert_eq!(Both::new(&mapping, false).is_some(), lines, "lines, {to}");
        assert_eq!(Both::new(&mapping, true).is_some(), facts, "facts, {to}");
    };
    check("note: NOTE", "note: NOTE", true, true);
    // An expression of several fields, several sources, an object, blanks that count.
    check("subject: = name", "subject: = name + id", false, false);
    check("name: NAME", "name: NAME + NOTE | join(-)", false, false);
    check("name: NAME", "name: NAME | raw", false, false);
    // What has a memory is compared by all that was read.
    check("time: = day", "time: = day\n    newest: quantity", true, false);
    check("time: = day", "time: = day\n    onlyChanges: [quantity]", true, false);
}
