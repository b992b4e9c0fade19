//! How fast a reply of 200 KB is decoded, beside checking that it is UTF-8 and copying it, in one run.
//!
//! `cargo bench -p adapters-soap` prints the table; a word behind `--` prints only the rows that have it.

#![allow(clippy::panic, reason = "a benchmark that cannot go on says so")]

use adapters_soap::{Decoder, Index};
use kernel::{
    Document, Group, Interest, Limits, Name, Occurs, Part, PartId, PartKind, Progress, Scalar, ScalarType,
    Shape, ShapeBuilder, Stop, Type, TypeId, TypeKind, Visitor,
};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

const SPACE: &str = "http://www.opentravel.org/OTA/2003/05";

/// An element below the root: name, depth, attributes.
type Element = (&'static str, usize, &'static [(&'static str, &'static str)]);

/// Each record has all of them.
const RECORD: &[Element] = &[
    (
        "HotelReservation",
        0,
        &[
            ("ResStatus", "Book"),
            ("CreateDateTime", "2026-03-01T09:30:00Z"),
            ("LastModifyDateTime", "2026-03-02T10:00:00Z"),
        ],
    ),
    ("UniqueID", 1, &[("Type", "14"), ("ID", "R-1001")]),
    ("RoomStays", 1, &[]),
    ("RoomStay", 2, &[]),
    ("RoomTypes", 3, &[]),
    ("RoomType", 4, &[("RoomTypeCode", "DBL")]),
    ("RatePlans", 3, &[]),
    ("RatePlan", 4, &[("RatePlanCode", "BAR")]),
    ("GuestCounts", 3, &[]),
    ("GuestCount", 4, &[("AgeQualifyingCode", "10"), ("Count", "2")]),
    ("ResGuests", 1, &[]),
    ("ResGuest", 2, &[]),
    ("GivenName", 3, &[]),
    ("Surname", 3, &[]),
    ("Email", 3, &[]),
    ("ResGlobalInfo", 1, &[]),
    ("TimeSpan", 2, &[("Start", "2026-06-01"), ("End", "2026-06-04")]),
    ("Total", 2, &[("AmountAfterTax", "420.50"), ("CurrencyCode", "EUR")]),
    ("BasicPropertyInfo", 2, &[("HotelCode", "VIE01")]),
];

fn main() {
    let (shape, root) = shape();
    let index = Index::new(shape);
    let message = message(200_000);
    println!("message: {} bytes", message.len());
    let plain = measure("check UTF-8 and copy", &message, || {
        let text = std::str::from_utf8(black_box(&message)).unwrap_or_default();
        black_box(text.to_owned());
    });
    for (name, wanted) in [
        ("nothing wanted", &[][..]),
        (
            "a tenth wanted (status, id, dates)",
            &["HotelReservation", "ResStatus", "UniqueID", "ID", "ResGlobalInfo", "TimeSpan", "Start", "End"],
        ),
        ("everything wanted", &["*"]),
    ] {
        if std::env::args().nth(1).is_some_and(|word| !word.starts_with('-') && !name.contains(&word)) {
            continue;
        }
        let mut wants = Wants::new(&index, wanted);
        let seconds = measure(name, &message, || {
            let mut decoder = Decoder::new(&index, root, Limits::default(), None);
            decoder.feed(black_box(&message));
            decoder.close();
            assert_eq!(decoder.advance(&mut wants), Ok(Progress::End));
        });
        println!("    {:.1} times the copy, {} leaves", seconds / plain, wants.leaves);
    }
}

/// Runs for about a second and prints the best of it.
fn measure(name: &str, message: &[u8], mut run: impl FnMut()) -> f64 {
    let mut best = f64::MAX;
    let until = Instant::now() + std::time::Duration::from_secs(1);
    while Instant::now() < until {
        let started = Instant::now();
        run();
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("{name}: {:.0} MB/s, {:.0} µs", message.len() as f64 / best / 1e6, best * 1e6);
    best
}

fn message(bytes: usize) -> Vec<u8> {
    let mut xml = format!("<OTA_ResRetrieveRS xmlns=\"{SPACE}\">");
    while xml.len() < bytes {
        let mut open: Vec<&str> = Vec::new();
        for (name, depth, attributes) in RECORD {
            while open.len() > *depth {
                xml += &format!("</{}>\n", open.pop().unwrap_or_default());
            }
            xml += &format!("{:width$}<{name}", "", width = depth * 2);
            for (attribute, value) in *attributes {
                xml += &format!(" {attribute}=\"{value}\"");
            }
            xml += ">";
            if matches!(*name, "GivenName" | "Surname" | "Email") {
                xml += "Ada Lovelace";
            }
            open.push(name);
        }
        while let Some(name) = open.pop() {
            xml += &format!("</{name}>\n");
        }
    }
    (xml + "</OTA_ResRetrieveRS>").into_bytes()
}

/// The shape of the message.
fn shape() -> (Arc<Shape>, PartId) {
    let mut build = ShapeBuilder::new();
    let text = build.add_scalar(ScalarType::text());
    let mut children: Vec<Vec<PartId>> = vec![Vec::new(); 8];
    for (name, depth, attributes) in RECORD.iter().rev() {
        let mut parts: Vec<PartId> = attributes
            .iter()
            .map(|(name, _)| build.add_part(Part::new(Name::local(*name), PartKind::Attribute, text)))
            .collect();
        let mut inner = std::mem::take(&mut children[depth + 1]);
        inner.reverse();
        parts.append(&mut inner);
        let leaf = matches!(*name, "GivenName" | "Surname" | "Email");
        let ty = if leaf { text } else { group(&mut build, parts) };
        let name = Name::new(Some(SPACE.into()), *name);
        let part = Part { occurs: Occurs::ANY, ..Part::new(name, PartKind::Element, ty) };
        children[*depth].push(build.add_part(part));
    }
    let record = std::mem::take(&mut children[0]);
    let ty = group(&mut build, record);
    let name = Name::new(Some(SPACE.into()), "OTA_ResRetrieveRS");
    let root = build.add_part(Part::new(name, PartKind::Element, ty));
    (Arc::new(build.finish()), root)
}

fn group(build: &mut ShapeBuilder, parts: Vec<PartId>) -> TypeId {
    let kind = TypeKind::Group(Group { parts, ..Group::default() });
    build.add_type(Type { name: None, kind, span: None })
}

/// Wants parts by name, found out beforehand.
struct Wants {
    wanted: Vec<bool>,
    scalar: Vec<bool>,
    leaves: usize,
}

impl Wants {
    fn new(index: &Index, names: &[&str]) -> Self {
        let shape = index.shape();
        let wants = |part: &Part| names.contains(&"*") || names.contains(&&*part.name.local);
        Self {
            wanted: shape.parts().map(|(_, part)| wants(part)).collect(),
            scalar: shape.parts().map(|(_, part)| shape.scalar(part.ty).is_some()).collect(),
            leaves: 0,
        }
    }
}

impl Visitor for Wants {
    fn enter(&mut self, part: PartId, _ty: TypeId) -> Interest {
        match (self.wanted[part.0 as usize], self.scalar[part.0 as usize]) {
            (false, _) => Interest::Skip,
            (true, true) => Interest::Leaf,
            (true, false) => Interest::Descend,
        }
    }

    fn leaf(&mut self, _part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        self.leaves += 1;
        black_box(scalar);
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        panic!("{name} is not in the shape");
    }

    fn leave(&mut self, _part: PartId) -> Result<(), Stop> {
        Ok(())
    }
}
