//! Random values and random bytes in fields of every form and width.
//!
//! **Invariant.** The seed is fixed: what fails once fails again.

use super::*;

/// Xorshift, by G. Marsaglia.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

pub(super) fn forms() -> Vec<(Form, usize)> {
    let mut forms = Vec::new();
    for digits in 1..=31u8 {
        let wide = usize::from(digits);
        for scale in [0, 2, i16::from(digits), i16::from(digits) + 3, -3] {
            for signed in [false, true] {
                forms.push((packed(digits, scale, signed), wide / 2 + 1));
                let bytes = match digits {
                    1..=4 => 2,
                    5..=9 => 4,
                    10..=18 => 8,
                    _ => 16,
                };
                forms.push((comp(digits, scale, signed), bytes));
            }
            forms.push((Form::PackedUnsigned { digits, scale }, wide.div_ceil(2)));
            for sign in [Sign::None, Sign::Trailing, Sign::Leading] {
                forms.push((zoned(digits, scale, sign), wide));
            }
            for sign in [Sign::TrailingSeparate, Sign::LeadingSeparate] {
                forms.push((zoned(digits, scale, sign), wide + 1));
            }
        }
    }
    for width in 1..=15 {
        for (signed, little) in [(false, false), (true, false), (false, true), (true, true)] {
            forms.push((comp5(9, signed, little), width));
        }
        forms.push((Form::Text, width));
        forms.push((Form::TextRight, width));
    }
    for (bits, ibm, little) in [(32, false, false), (32, true, false), (64, false, true), (64, true, false)] {
        forms.push((Form::Float { bits, ibm, little }, usize::from(bits / 8)));
    }
    forms
}

/// A number of so many digits in its lexical form, made without the code under test.
fn number(random: &mut Random, field: &Field) -> String {
    let ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned } = field.scalar_type()
    else {
        panic!("{field:?}")
    };
    let (stored, exponent) = match field.form {
        Form::Zoned { digits, scale, .. }
        | Form::Packed { digits, scale, .. }
        | Form::PackedUnsigned { digits, scale }
        | Form::Binary { digits, scale, native: false, .. } => (u64::from(digits), scale),
        // One digit less is always in range.
        _ => (u64::from(digits) - 1, 0),
    };
    let count = random.below(stored) + 1;
    let mut mantissa = 0i128;
    for _ in 0..count {
        mantissa = mantissa * 10 + i128::from(random.below(10));
    }
    if !unsigned && random.below(2) == 1 {
        mantissa = -mantissa;
    }
    let factor = if exponent < 0 { 10i128.pow(u32::from(exponent.unsigned_abs())) } else { 1 };
    kernel::Decimal::new(mantissa * factor, scale).unwrap().to_string()
}

pub(super) fn value(random: &mut Random, field: &Field) -> String {
    match &field.form {
        Form::Text | Form::TextRight => {
            let letters = ['A', 'z', '7', 'ß', 'Ö', '-', '.'];
            (0..field.width).map(|_| letters[random.below(7) as usize]).collect()
        }
        Form::Float { .. } => {
            // 20 bits and a power of two are exact in all of them.
            let sign = if random.below(2) == 1 { -1.0 } else { 1.0 };
            (sign * random.below(1 << 20) as f64 * 2f64.powi(random.below(60) as i32 - 30)).to_string()
        }
        _ => number(random, field),
    }
}

#[test]
fn what_is_written_is_read_and_written_again_as_the_same_bytes() {
    let mut random = Random(0x5EA_3A11);
    let mut count = 0;
    for page in ["cp273", "latin1"] {
        let setting = setting(page);
        for (form, width) in forms() {
            for _ in 0..4 {
                let field = field(form.clone(), width);
                let value = value(&mut random, &field);
                let first = write(&form, &setting, width, &value);
                let bytes =
                    bytes(first.as_deref().unwrap_or_else(|error| panic!("{form:?} {value}: {error}")));
                assert_eq!(read(&form, &setting, &bytes).as_deref(), Ok(&*value), "{form:?}");
                assert_eq!(write(&form, &setting, width, &value), first);
                count += 1;
            }
        }
    }
    assert!(count > 10_000, "{count}");
}

#[test]
fn whatever_bytes_are_read_are_written_back() {
    let mut random = Random(0x0BAD_5EED);
    let (mut good, mut bad) = (0, 0);
    for page in ["cp273", "latin1"] {
        let fillers = Fillers { blank: Filler::Absent, low: Filler::Zero, high: Filler::Absent };
        let setting = Setting { page: page_of(page), fillers };
        for (form, width) in forms() {
            for round in 0..12 {
                let raw: Vec<u8> = match round {
                    0 => vec![0x00; width],
                    1 => vec![0xFF; width],
                    2 => vec![setting.page.blank(); width],
                    3..=5 => (0..width).map(|_| random.next() as u8).collect(),
                    // Mostly digits, so that the sign and one bad byte decide.
                    _ => {
                        let mut raw: Vec<u8> =
                            (0..width).map(|_| setting.page.zero() | random.below(10) as u8).collect();
                        if let Form::Packed { .. } | Form::PackedUnsigned { .. } = form {
                            raw = (0..width)
                                .map(|_| (random.below(10) << 4 | random.below(10)) as u8)
                                .collect();
                        }
                        let at = if round % 2 == 0 { width - 1 } else { random.below(width as u64) as usize };
                        raw[at] = random.next() as u8;
                        raw
                    }
                };
                let field = field(form.clone(), width);
                let mut text = String::new();
                let mut out = raw.clone();
                match field.read(&raw, &setting, &mut text) {
                    Ok(value) => {
                        good += 1;
                        field.write(value, &setting, &mut out).unwrap_or_else(|e| panic!("{form:?} {e}"));
                        assert_eq!(hex(&out), hex(&raw), "{form:?} {value:?}");
                    }
                    Err(error) => {
                        bad += 1;
                        assert!(!error.is_empty());
                    }
                }
            }
        }
    }
    assert!(good > 5_000 && bad > 5_000, "{good} {bad}");
}

fn page_of(name: &str) -> CodePage {
    super::page(name)
}
