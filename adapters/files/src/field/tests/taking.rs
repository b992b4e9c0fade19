//! Taking a field gives what reading it gives, or nothing: on values of every form and page, and on bytes that are none.
//!
//! **Invariant.** Reading is the measure; it knows nothing of taking.

use super::random::{Random, forms, value};
use super::*;
use kernel::{PartId, Sheet, Slot, Snippet, Taken, Usual};

/// How often a short way was gone, and how often it was not.
#[derive(Debug, Default)]
struct Counts {
    quick: u32,
    slow: u32,
    none: u32,
}

const PAGES: [&str; 5] = ["cp273", "cp1047", "cp037", "latin1", "utf-8"];

/// Bytes for a field: a value, digits of which one may be none, blanks, or anything.
fn raw(random: &mut Random, form: &Form, setting: &Setting, width: usize) -> Vec<u8> {
    let own = field(form.clone(), width);
    match random.below(8) {
        0 => (0..width).map(|_| random.next() as u8).collect(),
        1 => vec![[0x00, 0xFF, setting.page.blank()][random.below(3) as usize]; width],
        2 => {
            let mut raw: Vec<u8> = (0..width).map(|_| setting.page.zero() | random.below(10) as u8).collect();
            raw[random.below(width as u64) as usize] = random.next() as u8;
            raw
        }
        3 => {
            (0..width).map(|_| setting.page.blank() ^ [0, 0, 0, 1, 0x41][random.below(5) as usize]).collect()
        }
        _ => {
            let value = value(random, &own);
            let mut out = vec![0; width];
            own.clear(setting, &mut out);
            // Letters that the page lacks leave blanks behind.
            let _ = own.write(Scalar::Text(&value), setting, &mut out);
            out
        }
    }
}

fn check(form: &Form, setting: &Setting, raw: &[u8], counts: &mut Counts) {
    let own = field(form.clone(), raw.len());
    let expected = read(form, setting, raw);
    let said = || format!("{form:?} {} of {}: {expected:?}", hex(raw), setting.page.name());
    let usual = if matches!(form, Form::Text) { Usual::Text } else { Usual::Number };
    for usual in [usual, Usual::Date] {
        let before = Snippet::new(b",\"a\":");
        let quick = Quick::new(&own, 3, setting, &Slot { part: PartId(0), before, usual, marked: false });
        let record = [b"xyz", raw, b"behind"].concat();
        let mut room = [b'?'; 96];
        match quick.write(&record, &mut room) {
            None => counts.slow += 1,
            Some((start, end)) => {
                counts.quick += 1;
                let text = String::from_utf8(room[..end].to_vec()).unwrap();
                let expected = expected.as_deref().unwrap_or_else(|_| panic!("{}", said()));
                let written = match usual {
                    Usual::Date => format!("{}-{}-{}\"", &expected[..4], &expected[4..6], &expected[6..]),
                    Usual::Text => format!("{}\"", expected.trim_end_matches(' ')),
                    _ => expected.to_owned(),
                };
                assert_eq!((start, &*text), (5, &*format!(",\"a\":{written}")), "{}", said());
                if usual == Usual::Text {
                    let plain = |c: char| c.is_ascii() && !c.is_ascii_control() && c != '"' && c != '\\';
                    assert!(expected.chars().all(plain) && !expected.starts_with(' '), "{}", said());
                }
            }
        }
    }
    let mut sheet = Sheet::with_room(own.sheet_bytes() + 64);
    let slot = Slot { part: PartId(0), before: Snippet::new(b""), usual: Usual::Nothing, marked: false };
    let mut asked = Asked(None);
    let filled =
        slot.fill(0, |pen| own.take(raw, setting, &mut String::new(), pen), &mut asked, (&mut sheet, 0));
    match (filled, asked.0) {
        (None, None) => {
            counts.none += 1;
            assert!(expected.is_err() || !own.is_takeable(), "{}", said());
        }
        (Some(_), Some((taken, text))) => {
            let expected = expected.as_deref().unwrap_or_else(|_| panic!("{}", said()));
            let same = match taken {
                Taken::Nil => expected == "absent" && text.is_empty(),
                Taken::Number => own.is_number() && expected == text,
                // A binary number of a file has its text already.
                Taken::Float { .. } => false,
                Taken::Text { .. } => {
                    !own.is_number() && expected.trim_matches(' ') == text.trim_matches(' ')
                }
            };
            assert!(same, "{} and {taken:?} {text:?}", said());
        }
        other => panic!("{other:?}"),
    }
}

struct Asked(Option<(Taken, String)>);

impl kernel::Taker for Asked {
    fn take(&mut self, _: usize, taken: Taken, start: usize, sheet: &mut Sheet) -> bool {
        self.0 = Some((taken, String::from_utf8(sheet.written()[start..].to_vec()).unwrap()));
        true
    }

    fn mark(&mut self, _: usize, _: std::ops::Range<usize>) {}
}

#[test]
fn what_is_taken_is_what_is_read() {
    let mut random = Random(0x7A1C_E4D5);
    let mut counts = Counts::default();
    let fillers = Fillers { blank: Filler::Absent, low: Filler::Zero, high: Filler::Refuse };
    let texts = [16, 24, 31, 48, 49, 80].map(|width| (Form::Text, width));
    for name in PAGES {
        for fillers in [Fillers::default(), fillers] {
            let setting = Setting { page: page(name), fillers };
            for (form, width) in forms().into_iter().chain(texts.clone()) {
                for _ in 0..12 {
                    let raw = raw(&mut random, &form, &setting, width);
                    check(&form, &setting, &raw, &mut counts);
                }
            }
        }
    }
    assert!(counts.quick > 15_000 && counts.slow > 100_000 && counts.none > 10_000, "{counts:?}");
}

#[test]
fn dates_of_eight_digits_are_taken_if_they_are_some() {
    let setting = setting("cp273");
    let mut random = Random(0xDA7E);
    let (mut dates, mut none) = (0, 0);
    for _ in 0..40_000 {
        let (year, month, day) = (random.below(3_000), random.below(14), random.below(33));
        let days = match month {
            2 => 28 + u64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        let is_date = year >= 1000 && (1..=days).contains(&day);
        let raw: Vec<u8> = format!("{year:04}{month:02}{day:02}").bytes().map(|digit| digit | 0xF0).collect();
        let mut counts = Counts::default();
        check(&zoned(8, 0, Sign::None), &setting, &raw, &mut counts);
        // It is always taken as a number.
        assert_eq!(counts.quick, 1 + u32::from(is_date), "{year}-{month}-{day}");
        *if is_date { &mut dates } else { &mut none } += 1;
    }
    assert!(dates > 10_000 && none > 10_000, "{dates} {none}");
}
