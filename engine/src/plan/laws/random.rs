//! Random numbers and random leaves, the same for the same seed.
//!
//! **Invariant.** Texts are in the lexical form of their type, and hold what breaks naive code: quotes, umlauts, edges.

use crate::ty::Kind;
use crate::value::{Instant, Value};
use jiff::civil;
use kernel::{ScalarType, TextType};

/// A small generator (xorshift64*), good enough for test data.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

const WORDS: &[&str] = &[
    "a",
    "Ada",
    "O'Brien",
    "Müller & Söhne",
    "\"quoted\"",
    "<tag>",
    "Zürich",
    "東京",
    "x y",
    "007",
    "-",
    "ß",
    "\\n",
    "𝔘",
    "É",
];

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `n`.
    pub(super) fn below(&mut self, n: usize) -> usize {
        usize::try_from((self.next() >> 33) % (n.max(1) as u64)).unwrap_or(0)
    }

    /// True in `percent` of 100 cases.
    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }

    /// A leaf in the lexical form of its type.
    pub(super) fn leaf(&mut self, ty: &ScalarType) -> String {
        match ty {
            ScalarType::Text(text) => self.text(text),
            ScalarType::Bool => ["true", "false", "1", "0"][self.below(4)].into(),
            ScalarType::Decimal { digits, scale, unsigned } => self.number(*digits, *scale, *unsigned),
            ScalarType::Float { .. } => format!("{}.5", self.below(1000)),
            ScalarType::Date => self.date().to_string(),
            ScalarType::Time => self.time().to_string(),
            ScalarType::DateTime | ScalarType::Instant => format!("{}T{}Z", self.date(), self.time()),
            ScalarType::LocalDateTime => format!("{}T{}", self.date(), self.time()),
            ScalarType::Base64 => ["", "AA==", "SGVsbG8="][self.below(3)].into(),
            ScalarType::Hex | ScalarType::Bytes { .. } => ["00", "CAFE", "0A0B0C"][self.below(3)].into(),
        }
    }

    /// A modern value of a kind.
    pub(super) fn value(&mut self, kind: &Kind) -> Value {
        match kind {
            Kind::Bool => Value::Bool(self.chance(50)),
            Kind::Number { integer: true } => {
                Value::Number(i64::try_from(self.below(10_000)).unwrap_or(0).into())
            }
            Kind::Number { .. } => Value::Number(
                kernel::Decimal::new(self.below(100_000) as i128, 1).unwrap_or(kernel::Decimal::ZERO),
            ),
            Kind::Date => Value::Date(self.date()),
            Kind::Time => Value::Time(self.time()),
            Kind::Instant => {
                let text = format!("{}T{}Z", self.date(), self.time());
                text.parse().map_or(Value::Absent, |at| Value::Instant(Instant { at, offset_s: 0 }))
            }
            _ => Value::Text(WORDS[self.below(WORDS.len())].into()),
        }
    }

    fn text(&mut self, ty: &TextType) -> String {
        if let Some(code) = self.pick(&ty.codes) {
            return code.to_string();
        }
        let mut text = String::new();
        for n in 0..=self.below(3) {
            if n > 0 {
                text.push(' ');
            }
            text.push_str(WORDS[self.below(WORDS.len())]);
        }
        let mut text: String = match ty.length_max {
            Some(max) => text.chars().take(max as usize).collect(),
            None => text,
        };
        while text.chars().count() < ty.length_min.unwrap_or(0) as usize {
            text.push('x');
        }
        text.trim_end().to_owned()
    }

    fn number(&mut self, digits: Option<u16>, scale: Option<u16>, unsigned: bool) -> String {
        let scale = scale.unwrap_or_else(|| [0, 1, 2, 4][self.below(4)]).min(18);
        let whole = digits.map_or(9, |digits| digits.saturating_sub(scale)).clamp(1, 18);
        let length = 1 + self.below(usize::from(whole));
        let sign = if !unsigned && self.chance(20) { "-" } else { "" };
        let first = if length > 1 { 1 + self.below(9) } else { self.below(10) };
        let mut text = format!("{sign}{first}");
        text.extend((1..length).map(|_| digit(self)));
        if scale > 0 {
            text.push('.');
            text.extend((0..scale).map(|_| digit(self)));
        }
        text
    }

    fn date(&mut self) -> civil::Date {
        let (year, month, day) = (1950 + self.below(120), 1 + self.below(12), 1 + self.below(28));
        civil::date(narrow(year), narrow(month), narrow(day))
    }

    fn time(&mut self) -> civil::Time {
        civil::time(narrow(self.below(24)), narrow(self.below(60)), narrow(self.below(60)), 0)
    }
}

fn digit(random: &mut Random) -> char {
    char::from(b'0' + u8::try_from(random.below(10)).unwrap_or(0))
}

fn narrow<T: TryFrom<usize> + Default>(n: usize) -> T {
    T::try_from(n).unwrap_or_default()
}
