//! How long a record of a stream takes from its told parts to its JSON and the facts of its event, and to its totals.
//!
//! `cargo bench -p engine` prints the table. The document tells values that are decoded already, so what is measured is
//! the plan alone.

#![allow(clippy::panic, clippy::expect_used, reason = "a benchmark that cannot go on says so")]

use engine::lang;
use engine::plan::compile::{Environment, compile};
use engine::plan::stream::{EventReader, Tally};
use engine::program::{Ambient, Program};
use kernel::{
    Catalogue, DecodeError, Group, Interest, Name, Occurs, Part, PartId, PartKind, Progress, Scalar,
    ScalarType, ShapeBuilder, Sources, Stop, Type, TypeId, TypeKind, Visitor,
};
use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const MAPPING: &str = r#"
facade: bench
format: 1
auth: { type: none }
connections: { core: { type: double, timezone: Europe/Vienna } }
codes: { direction: { debit: D, credit: C } }
models:
  Booking:
    legacy: core/booking
    key: id
    fields:
      id: $header/FILE-NO + SEQ | join(-)
      bookedOn: $header/BUS-DATE | date(yyyyMMdd)
      account: ACCOUNT
      direction: DC | codes(direction)
      amount.value: AMOUNT
      amount.currency: CCY
      detail:
        oneOf: KIND
        cases:
          transfer: { when: T, at: TRANSFER, fields: { iban: IBAN, reference: REF } }
          card: { when: C, at: CARD, fields: { lastDigits: DIGITS, merchant: MERCHANT } }
events:
  Booking:
    topic: bookings
    type: booked
    key: = account
    id: = id
    time: = bookedOn
    verify: { $trailer/COUNT: = count, $trailer/TOTAL: = sum(amount.value) }
"#;

/// Something that a record tells.
#[derive(Debug, Clone, Copy)]
enum Told {
    Group(PartId, TypeId, usize),
    Leaf(PartId, TypeId, Scalar<'static>),
    Bad(PartId, TypeId),
    Leave(PartId),
}

fn main() {
    let (program, record) = world();
    let plan = program.events.first().expect("the mapping has events");
    let ambient = Ambient::for_tests();
    let mut reader = EventReader::new(plan, &ambient);
    let mut json = Vec::with_capacity(1 << 20);
    reader.read(&mut |to| tell(&record, to), &mut json).expect("the record is read");
    println!("{}", String::from_utf8_lossy(&json));
    measure("nobody wants anything", || {
        let _ = tell(black_box(&record), &mut Nobody);
    });
    measure("JSON and the facts of the event", || {
        json.clear();
        let said = reader.read(&mut |to| tell(black_box(&record), to), &mut json);
        black_box(said.expect("the record is read"));
    });
    let mut tally = Tally::new(plan, &ambient).expect("the block verifies");
    measure("totals", || tally.add(&mut |to| tell(black_box(&record), to)).expect("the record is read"));
}

fn measure(what: &str, mut run: impl FnMut()) {
    const ROUNDS: u32 = 2_000;
    let mut best = f64::MAX;
    for _ in 0..400 {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| run());
        best = best.min(start.elapsed().as_secs_f64() / f64::from(ROUNDS));
    }
    println!("{what:<34} {:>7.0} ns", best * 1e9);
}

fn tell(record: &[Told], to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
    let mut at = 0;
    while let Some(told) = record.get(at) {
        at += 1;
        let done = match *told {
            Told::Group(part, ty, end) => {
                if to.enter(part, ty) != Interest::Descend {
                    at = end;
                }
                Ok(())
            }
            Told::Leaf(part, ty, scalar) => match to.enter(part, ty) {
                Interest::Leaf => to.leaf(part, scalar),
                _ => Ok(()),
            },
            Told::Bad(part, ty) => match to.enter(part, ty) {
                Interest::Leaf => to.unreadable(part, &DecodeError::new("these are no digits", 60)),
                _ => Ok(()),
            },
            Told::Leave(part) => to.leave(part),
        };
        if done.is_err() {
            return Ok(Progress::Stopped);
        }
    }
    Ok(Progress::End)
}

/// Wants nothing.
struct Nobody;

impl Visitor for Nobody {
    fn enter(&mut self, _: PartId, _: TypeId) -> Interest {
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

/// Makes the program, and a record of about 100 bytes whose other area cannot be read.
fn world() -> (Program, Vec<Told>) {
    let mut build = ShapeBuilder::new();
    let b = &mut build;
    let header = [number(b, "FILE-NO", 7, 0), number(b, "BUS-DATE", 8, 0)];
    let header_type = group(b, &header);
    let trailer = [number(b, "COUNT", 9, 0), number(b, "TOTAL", 15, 2)];
    let trailer_type = group(b, &trailer);
    let beside_header = part(b, "header", PartKind::Beside, header_type, Occurs::OPTIONAL);
    let beside_trailer = part(b, "trailer", PartKind::Beside, trailer_type, Occurs::OPTIONAL);
    let own = [
        number(b, "SEQ", 9, 0),
        text(b, "ACCOUNT", 20),
        number(b, "AMOUNT", 13, 2),
        text(b, "CCY", 3),
        text(b, "DC", 1),
        text(b, "KIND", 1),
    ];
    let transfer = [text(b, "IBAN", 34), text(b, "REF", 26)];
    let transfer_type = group(b, &transfer);
    let area = part(b, "TRANSFER", PartKind::Field, transfer_type, Occurs::ONCE);
    let card = [number(b, "DIGITS", 4, 0), text(b, "MERCHANT", 40)];
    let card_type = group(b, &card);
    let card_area = part(b, "CARD", PartKind::Field, card_type, Occurs::ONCE);
    let mut parts = vec![beside_header, beside_trailer];
    parts.extend(own);
    parts.extend([area, card_area]);
    let record_type = group(b, &parts);
    let records = [("header", header_type), ("booking", record_type), ("trailer", trailer_type)];
    let records = records.map(|(name, ty)| part(b, name, PartKind::Element, ty, Occurs::ANY)).to_vec();
    records.iter().for_each(|&record| b.add_global(record));
    let ty = |part: PartId| build.part(part).ty;
    let leaf = |part: PartId, scalar| Told::Leaf(part, ty(part), scalar);
    let told = vec![
        Told::Group(beside_header, header_type, 4),
        leaf(header[0], Scalar::Text("4711")),
        leaf(header[1], Scalar::Text("20260331")),
        Told::Leave(beside_header),
        leaf(own[0], Scalar::Text("17")),
        leaf(own[1], Scalar::Text("AT-0000123          ")),
        leaf(own[2], Scalar::Text("1234.56")),
        leaf(own[3], Scalar::Text("EUR")),
        leaf(own[4], Scalar::Text("D")),
        leaf(own[5], Scalar::Text("T")),
        Told::Group(area, transfer_type, 14),
        leaf(transfer[0], Scalar::Text("AT611904300234573201              ")),
        leaf(transfer[1], Scalar::Text("INVOICE 88                ")),
        Told::Leave(area),
        Told::Group(card_area, card_type, 18),
        Told::Bad(card[0], ty(card[0])),
        leaf(card[1], Scalar::Text("04300234573201              INVOICE 88  ")),
        Told::Leave(card_area),
    ];
    let catalogue = Catalogue { shape: Arc::new(build.finish()), records, ..Catalogue::default() };
    (program(catalogue), told)
}

fn program(catalogue: Catalogue) -> Program {
    let mut sources = Sources::default();
    let (project, mut found) = lang::load(vec![("facade.yaml".into(), MAPPING.into())], &mut sources);
    let catalogues = BTreeMap::from([("core".to_owned(), Arc::new(catalogue))]);
    let mut environment = Environment {
        catalogues: &catalogues,
        failed: &BTreeSet::new(),
        files: &|path| Err(format!("{path} is not there")),
        statements: &|_, _| Err(Vec::new()),
        sources: &mut sources,
    };
    let compiled = compile(&project, &mut environment);
    found.extend(compiled.findings);
    compiled.program.unwrap_or_else(|| panic!("{}", engine::diagnostics::render(&found, &sources)))
}

fn part(build: &mut ShapeBuilder, name: &str, kind: PartKind, ty: TypeId, occurs: Occurs) -> PartId {
    build.add_part(Part { occurs, ..Part::new(Name::local(name), kind, ty) })
}

fn group(build: &mut ShapeBuilder, parts: &[PartId]) -> TypeId {
    let kind = TypeKind::Group(Group { parts: parts.to_vec(), ..Group::default() });
    build.add_type(Type { name: None, kind, span: None })
}

fn number(build: &mut ShapeBuilder, name: &str, digits: u16, scale: u16) -> PartId {
    let ty = ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned: false };
    let ty = build.add_scalar(ty);
    part(build, name, PartKind::Field, ty, Occurs::ONCE)
}

fn text(build: &mut ShapeBuilder, name: &str, length: u32) -> PartId {
    let ty = ScalarType::Text(kernel::TextType {
        length_max: Some(length),
        padded: true,
        ..kernel::TextType::default()
    });
    let ty = build.add_scalar(ty);
    part(build, name, PartKind::Field, ty, Occurs::ONCE)
}
