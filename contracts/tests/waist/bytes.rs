//! A double of a mainframe file: records behind their length, fields at offsets, packed digits, one area with two
//! meanings, a list that is as long as a counter says, and a header that stands beside the records behind it.

use super::kit::{decimal, digits, element, field, first_of, group, padded, taken};
use engine::plan::tree::Tree;
use kernel::{
    Catalogue, DecodeError, Document, Interest, Occurs, PartId, Progress, Scalar, Shape, ShapeBuilder, Stop,
    TypeId, Visitor,
};
use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

/// How a field stands in its record.
#[derive(Debug, Clone, Copy)]
enum Cell {
    /// Characters, four bytes each.
    Text(usize),
    /// Digits, one byte each.
    Digits(usize),
    /// Two digits a byte, the sign in the last half; so many bytes and decimals.
    Packed(usize, usize),
}

/// A step of telling a record.
#[derive(Debug, Clone, Copy)]
enum Tell {
    Enter(PartId),
    Leaf(PartId, Cell, usize),
    Leave(PartId),
}

struct Layout {
    shape: Arc<Shape>,
    file: TypeId,
    posting: PartId,
    /// The fixed fields in front, in the order of the record.
    front: Vec<(PartId, Cell)>,
    transfer: (PartId, [(PartId, Cell); 2]),
    card: (PartId, [(PartId, Cell); 1]),
    split: (PartId, [(PartId, Cell); 2]),
    /// What stands beside a posting: the header before it.
    header: (PartId, [(PartId, Cell); 2]),
    records: [PartId; 2],
}

/// How a header begins; a posting begins with digits.
const HEAD: &[u8] = b"HEAD";

/// Bytes of the area that has two meanings.
const AREA: usize = 48;

fn layout() -> &'static Layout {
    static ONCE: OnceLock<Layout> = OnceLock::new();
    ONCE.get_or_init(|| {
        let mut build = ShapeBuilder::new();
        let b = &mut build;
        let front = [
            ("SEQ", digits(4), Cell::Digits(4)),
            ("BANK", padded(1), Cell::Text(1)),
            ("AMOUNT", decimal(9, 2), Cell::Packed(5, 2)),
            ("KIND", padded(1), Cell::Text(1)),
            ("SPLIT-COUNT", digits(1), Cell::Digits(1)),
        ];
        let front = front.map(|(name, ty, cell)| (field(b, name, ty), cell)).to_vec();
        let to = [
            (field(b, "TO-ACCOUNT", padded(6)), Cell::Text(6)),
            (field(b, "TO-TEXT", padded(6)), Cell::Text(6)),
        ];
        let card = [(field(b, "CARD-DIGITS", digits(4)), Cell::Digits(4))];
        let split = [
            (field(b, "CENTER", padded(2)), Cell::Text(2)),
            (field(b, "PART", decimal(9, 2)), Cell::Packed(5, 2)),
        ];
        let one = Occurs::OPTIONAL;
        let to_type = group(b, &to.map(|(part, _)| part));
        let transfer = element(b, "TRANSFER", to_type, one);
        let card_type = group(b, &card.map(|(part, _)| part));
        let card_part = element(b, "CARD", card_type, one);
        let split_type = group(b, &split.map(|(part, _)| part));
        let split_part = element(b, "SPLIT", split_type, Occurs { min: 0, max: Some(9) });
        let day =
            [(field(b, "DAY", digits(8)), Cell::Digits(8)), (field(b, "BATCH", digits(4)), Cell::Digits(4))];
        let header_type = group(b, &day.map(|(part, _)| part));
        let beside = kernel::Part::new(kernel::Name::local("header"), kernel::PartKind::Beside, header_type);
        let beside = b.add_part(kernel::Part { occurs: one, ..beside });
        let mut parts: Vec<PartId> =
            [beside].into_iter().chain(front.iter().map(|(part, _)| *part)).collect();
        parts.extend([transfer, card_part, split_part]);
        let record = group(b, &parts);
        let posting = element(b, "posting", record, Occurs::ANY);
        let header = element(b, "header", header_type, Occurs::ANY);
        let file = group(b, &[posting]);
        [posting, header].into_iter().for_each(|record| b.add_global(record));
        let shape = Arc::new(build.finish());
        Layout {
            shape,
            file,
            posting,
            front,
            transfer: (transfer, to),
            card: (card_part, card),
            split: (split_part, split),
            header: (beside, day),
            records: [posting, header],
        }
    })
}

pub(crate) fn catalogue() -> Arc<Catalogue> {
    static ONCE: OnceLock<Arc<Catalogue>> = OnceLock::new();
    let make = || {
        let records = layout().records.to_vec();
        Arc::new(Catalogue { shape: layout().shape.clone(), records, ..Catalogue::default() })
    };
    ONCE.get_or_init(make).clone()
}

pub(crate) fn file_type() -> TypeId {
    layout().file
}

impl Cell {
    fn width(self) -> usize {
        match self {
            Self::Text(count) => count * 4,
            Self::Digits(count) => count,
            Self::Packed(bytes, _) => bytes,
        }
    }

    fn read(self, name: &str, raw: &[u8], offset: u64) -> Result<String, DecodeError> {
        let hex = || raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let bad = |what: &str| DecodeError::new(format!("{name} is not {what}: {}", hex()), offset);
        match self {
            Self::Text(_) => raw
                .chunks(4)
                .map(|four| char::from_u32(u32::from_be_bytes(four.try_into().unwrap_or_default())))
                .collect::<Option<String>>()
                .ok_or_else(|| bad("text")),
            // Blanks are how such files say that there is no number.
            Self::Digits(_) if raw.iter().all(|byte| byte.is_ascii_digit() || *byte == b' ') => {
                Ok(raw.iter().map(|&b| char::from(b)).collect())
            }
            Self::Digits(_) => Err(bad("a number")),
            Self::Packed(_, scale) => {
                let halves: Vec<u8> = raw.iter().flat_map(|byte| [byte >> 4, byte & 15]).collect();
                let (&sign, digits) = halves.split_last().ok_or_else(|| bad("packed decimal"))?;
                if digits.iter().any(|digit| *digit > 9) || !matches!(sign, 12 | 13) {
                    return Err(bad("packed decimal"));
                }
                let mut text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
                text.insert(text.len() - scale, '.');
                Ok(if sign == 13 { format!("-{text}") } else { text })
            }
        }
    }

    fn write(self, text: &str, out: &mut Vec<u8>) {
        match self {
            Self::Text(count) => {
                let all = text.chars().chain(std::iter::repeat(' ')).take(count);
                all.for_each(|c| out.extend(u32::from(c).to_be_bytes()));
            }
            Self::Digits(count) if text.is_empty() => out.extend(vec![b' '; count]),
            Self::Digits(count) => {
                let number: u64 = text.parse().expect("digits");
                out.extend(format!("{number:0>count$}").bytes());
            }
            Self::Packed(bytes, scale) => {
                let number =
                    kernel::Decimal::parse(if text.is_empty() { "0" } else { text }).expect("a number");
                let number =
                    number.rescaled(u16::try_from(scale).expect("small")).expect("no decimal is lost");
                let sign = if number.mantissa() < 0 { 'd' } else { 'c' };
                let width = bytes * 2 - 1;
                let digits = format!("{:0>width$}{sign}", number.mantissa().unsigned_abs());
                let half = |c: char| u8::try_from(c.to_digit(16).expect("a digit")).expect("small");
                let halves: Vec<u8> = digits.chars().map(half).collect();
                out.extend(halves.chunks(2).map(|two| two[0] << 4 | two[1]));
            }
        }
    }
}

/// The document: a file whose bytes arrive in pieces.
pub(crate) struct Records {
    arriving: VecDeque<Vec<u8>>,
    bytes: Vec<u8>,
    /// Where the record begins that is next, or is told now.
    start: usize,
    steps: Option<(Vec<Tell>, usize)>,
    /// Where the latest header is.
    header: Option<usize>,
    /// The area is told with both of its meanings.
    both: bool,
}

impl Records {
    pub(crate) fn new(pieces: Vec<Vec<u8>>) -> Self {
        Self { arriving: pieces.into(), bytes: Vec::new(), start: 0, steps: None, header: None, both: false }
    }

    /// Tells the area with both of its meanings, as a decoder does that knows nothing of kinds.
    pub(crate) fn with_both(self) -> Self {
        Self { both: true, ..self }
    }

    /// Tells everything to a visitor that never stops.
    pub(crate) fn tell_all(mut self, to: &mut dyn Visitor) {
        while self.advance(to).expect("the file can be read") != Progress::End {}
    }

    fn error(&self, message: String, at: usize) -> DecodeError {
        DecodeError::new(message, u64::try_from(at).unwrap_or(u64::MAX))
    }

    /// Finds the next record; nothing if more bytes are needed.
    fn next(&mut self) -> Result<Option<Vec<Tell>>, DecodeError> {
        let rest = &self.bytes[self.start..];
        let Some((head, body)) = rest.split_at_checked(2) else { return Ok(None) };
        let length = usize::from(u16::from_be_bytes([head[0], head[1]]));
        match body.get(..length) {
            Some(record) if record.starts_with(HEAD) => {
                self.header = Some(self.start + 2 + HEAD.len());
                self.start += 2 + length;
                self.next()
            }
            Some(record) => {
                let steps = plan(record, self.start + 2, self.header, self.both);
                steps.map(Some).ok_or_else(|| self.error("no record begins so".into(), self.start + 2))
            }
            None if self.arriving.is_empty() => {
                let message = format!("a record of {length} bytes is longer than its file");
                Err(self.error(message, self.start))
            }
            None => Ok(None),
        }
    }
}

/// Lists what a record tells, with offsets in the file. Nothing is decoded but the counter and the kind.
fn plan(record: &[u8], at: usize, header: Option<usize>, both: bool) -> Option<Vec<Tell>> {
    let layout = layout();
    let mut steps = vec![Tell::Enter(layout.posting)];
    if let Some(header) = header {
        list(&mut steps, layout.header.0, &layout.header.1, header);
    }
    let mut offset = 0;
    for &(part, cell) in &layout.front {
        steps.push(Tell::Leaf(part, cell, at + offset));
        offset += cell.width();
    }
    record.get(..4)?.iter().all(u8::is_ascii_digit).then_some(())?;
    let kind = *record.get(4 + 4 + 5 + 3)?;
    let count = usize::from(*record.get(offset - 1)? - b'0');
    if both || kind == b'T' {
        list(&mut steps, layout.transfer.0, &layout.transfer.1, at + offset);
    }
    if both || kind != b'T' {
        list(&mut steps, layout.card.0, &layout.card.1, at + offset);
    }
    offset += AREA;
    for _ in 0..count {
        list(&mut steps, layout.split.0, &layout.split.1, at + offset);
        offset += layout.split.1.iter().map(|(_, cell)| cell.width()).sum::<usize>();
    }
    steps.push(Tell::Leave(layout.posting));
    (offset == record.len()).then_some(steps)
}

fn list(steps: &mut Vec<Tell>, group: PartId, fields: &[(PartId, Cell)], mut at: usize) {
    steps.push(Tell::Enter(group));
    for &(part, cell) in fields {
        steps.push(Tell::Leaf(part, cell, at));
        at += cell.width();
    }
    steps.push(Tell::Leave(group));
}

impl Document for Records {
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        loop {
            let Some((steps, mut next)) = self.steps.take() else {
                match self.next()? {
                    Some(steps) => self.steps = Some((steps, 0)),
                    None => match self.arriving.pop_front() {
                        Some(piece) => {
                            self.bytes.extend(piece);
                            return Ok(Progress::NeedInput);
                        }
                        None => return Ok(Progress::End),
                    },
                }
                continue;
            };
            while let Some(&step) = steps.get(next) {
                match self.tell(step, &steps, &mut next, to) {
                    Ok(Ok(true)) => {}
                    Ok(Ok(false)) => {
                        self.steps = Some((steps, next));
                        return Ok(Progress::Paused);
                    }
                    Ok(Err(Stop)) => return Ok(Progress::Stopped),
                    Err(error) => return Err(error),
                }
            }
            let length = u16::from_be_bytes([self.bytes[self.start], self.bytes[self.start + 1]]);
            self.start += 2 + usize::from(length);
        }
    }
}

impl Records {
    /// Tells a step and moves on; `false` where the visitor wants a pause.
    fn tell(
        &self,
        step: Tell,
        steps: &[Tell],
        next: &mut usize,
        to: &mut dyn Visitor,
    ) -> Result<Result<bool, Stop>, DecodeError> {
        let shape = &layout().shape;
        let (part, cell) = match step {
            Tell::Leave(part) => {
                *next += 1;
                return Ok(to.leave(part).map(|()| true));
            }
            Tell::Enter(part) => (part, None),
            Tell::Leaf(part, cell, at) => (part, Some((cell, at))),
        };
        let interest = to.enter(part, shape.part(part).ty);
        if interest == Interest::Pause {
            return Ok(Ok(false));
        }
        *next += 1;
        match (interest, cell) {
            (Interest::Leaf, Some((cell, at))) => {
                let raw = &self.bytes[at..at + cell.width()];
                let offset = u64::try_from(at).unwrap_or_default();
                match cell.read(&shape.part(part).name.local, raw, offset) {
                    Ok(text) => Ok(to.leaf(part, Scalar::Text(&text)).map(|()| true)),
                    Err(error) => match to.unreadable(part, &error) {
                        Ok(()) => Ok(Ok(true)),
                        Err(Stop) => Err(error),
                    },
                }
            }
            (Interest::Skip, None) => {
                let end = |step: &Tell| matches!(step, Tell::Leave(left) if *left == part);
                *next += steps[*next..].iter().position(end).map_or(0, |ahead| ahead + 1);
                Ok(Ok(true))
            }
            _ => Ok(Ok(true)),
        }
    }
}

/// The encoder: a write plan tells a record, and its fields get their places.
#[derive(Default)]
struct Placed {
    leaves: Vec<(PartId, String)>,
}

impl Visitor for Placed {
    fn enter(&mut self, part: PartId, _: TypeId) -> Interest {
        let shape = &layout().shape;
        if shape.group(shape.part(part).ty).is_some() { Interest::Descend } else { Interest::Leaf }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let text = match scalar {
            Scalar::Text(text) => text.to_owned(),
            Scalar::Nil => String::new(),
            other => panic!("a write plan gives texts, not {other:?}"),
        };
        self.leaves.push((part, text));
        Ok(())
    }

    fn unknown(&mut self, name: &str) {
        panic!("{name} is no field");
    }

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}

impl Placed {
    fn texts(&self, part: PartId) -> Vec<&str> {
        self.leaves.iter().filter(|(known, _)| *known == part).map(|(_, text)| text.as_str()).collect()
    }

    fn record(&self) -> Vec<u8> {
        let layout = layout();
        let mut out = Vec::new();
        let put = |part: PartId, cell: Cell, n: usize, out: &mut Vec<u8>| {
            cell.write(self.texts(part).get(n).copied().unwrap_or_default(), out);
        };
        let splits = self.texts(layout.split.1[0].0).len().max(self.texts(layout.split.1[1].0).len());
        let (counter, front) = layout.front.split_last().expect("there are fields");
        front.iter().for_each(|&(part, cell)| put(part, cell, 0, &mut out));
        counter.1.write(&splits.to_string(), &mut out);
        let start = out.len();
        let kind = self.texts(front[3].0).first().copied().unwrap_or_default().trim();
        let area: &[(PartId, Cell)] = if kind == "T" { &layout.transfer.1 } else { &layout.card.1 };
        area.iter().for_each(|&(part, cell)| put(part, cell, 0, &mut out));
        out.resize(start + AREA, 0);
        for n in 0..splits {
            layout.split.1.iter().for_each(|&(part, cell)| put(part, cell, n, &mut out));
        }
        out
    }
}

/// Writes a record behind the header that stands beside it.
fn behind_header(placed: &Placed) -> Vec<u8> {
    let fields = layout().header.1;
    let mut out = Vec::new();
    if fields.iter().any(|(part, _)| !placed.texts(*part).is_empty()) {
        let mut header = HEAD.to_vec();
        for (part, cell) in fields {
            cell.write(placed.texts(part).first().copied().unwrap_or_default(), &mut header);
        }
        out.extend(framed(&header));
    }
    out.extend(framed(&placed.record()));
    out
}

fn framed(record: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(record.len()).expect("short").to_be_bytes().to_vec();
    out.extend(record);
    out
}

/// Two records behind one header, written by hand.
pub(crate) fn two_postings() -> Vec<u8> {
    let layout = layout();
    let (to, card, split) = (&layout.transfer.1, &layout.card.1, &layout.split.1);
    let front = |seq: &str, amount: &str, kind: &str| {
        let values = [seq, "B", amount, kind];
        layout.front.iter().map(|(part, _)| *part).zip(values.map(str::to_owned)).collect::<Vec<_>>()
    };
    let mut first = front("17", "1234.56", "T");
    let header = layout.header.1;
    first.extend([(header[0].0, "20260331".into()), (header[1].0, "7".into())]);
    first.extend([(to[0].0, "AT-1".into()), (to[1].0, "rent".into())]);
    for (center, part) in [("K1", "1000.00"), ("K2", "234.56")] {
        first.extend([(split[0].0, center.into()), (split[1].0, part.into())]);
    }
    let mut second = front("18", "-0.01", "C");
    second.push((card[0].0, "4242".into()));
    [first, second].into_iter().flat_map(|leaves| behind_header(&Placed { leaves })).collect()
}

/// Writes a record and reads it again.
pub(crate) fn written_and_read(record: &Tree) -> Tree {
    let mut placed = Placed::default();
    let told = record.replay(record.root()).advance(&mut placed).expect("a tree can be told");
    assert_eq!(told, Progress::End);
    let layout = layout();
    let mut file = Records::new(vec![behind_header(&placed)]);
    first_of(&taken(&layout.shape, layout.file, &mut file).expect("it can be read"))
}
