//! Framing by rows: bytes, and the records or the reason.

use super::*;

const HOST: Rdw = Rdw { little: false, whole: true, adjust: 0 };
const SMALL: Rdw = Rdw { little: true, whole: false, adjust: 0 };

/// Frames all of `bytes`, handing them over in pieces of `step`.
fn frames(framing: &Framing, skip: Skip, bytes: &[u8], step: usize) -> Result<Vec<Vec<u8>>, (usize, String)> {
    let mut framer = Framer::new(framing.clone(), skip, 100);
    let (mut records, mut at, mut seen) = (Vec::new(), 0, 0);
    loop {
        let last = seen >= bytes.len();
        let window = &bytes[at..seen.min(bytes.len())];
        match framer.next(window, last) {
            Ok(Step::Frame(frame)) => {
                records.push(window[frame.start..frame.start + frame.length].to_vec());
                at += frame.next;
            }
            Ok(Step::More) => {
                assert!(!last, "{framing:?} asks for more than there is");
                seen += step;
            }
            Ok(Step::End(_)) => return Ok(records),
            Err(error) => return Err((at + error.at, error.message)),
        }
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn check(framing: &Framing, bytes: &[u8], expected: Result<&[&str], (usize, &str)>) {
    for step in [1, 2, 3, 7, 1000] {
        let found = frames(framing, Skip::default(), bytes, step);
        match (&found, expected) {
            (Ok(found), Ok(expected)) => {
                let expected: Vec<Vec<u8>> =
                    expected.iter().map(|record| record.as_bytes().to_vec()).collect();
                assert_eq!(*found, expected, "{framing:?} {bytes:02X?} in pieces of {step}");
            }
            (Err((at, message)), Err((place, part))) => {
                assert!(
                    *at == place && message.contains(part),
                    "{framing:?} {bytes:02X?}: {message} at {at}"
                );
            }
            _ => panic!("{framing:?} {bytes:02X?} in pieces of {step}: {found:?}"),
        }
    }
}

#[test]
fn lines_end_as_their_framing_says_and_the_last_one_may_have_no_end() {
    let lines = |ending| Framing::Lines(ending);
    check(&lines(Ending::Auto), b"", Ok(&[]));
    check(&lines(Ending::Auto), b"a\r\nb\n\nc", Ok(&["a", "b", "", "c"]));
    check(&lines(Ending::Auto), b"a\n\r\n\n\r\n", Ok(&["a"]));
    check(&lines(Ending::Auto), b"a\n\n\r", Ok(&["a", "", "\r"]));
    check(&lines(Ending::Auto), b"a\n\n\r\r\n", Ok(&["a", "", "\r"]));
    check(&lines(Ending::Auto), b"\n\n", Ok(&[]));
    check(&lines(Ending::Auto), &[b'\n'; 102], Ok(&["", ""]));
    check(&lines(Ending::Crlf), b"a\r\n\r\n\r\n", Ok(&["a"]));
    check(&lines(Ending::Cr), b"a\r\r\rb\r\r", Ok(&["a", "", "", "b"]));
    check(&lines(Ending::EbcdicAuto), b"a\x15\x15\x25", Ok(&["a"]));
    check(&lines(Ending::Auto), b"a\rb\n", Ok(&["a\rb"]));
    check(&lines(Ending::Lf), b"a\r\nb\n", Ok(&["a\r", "b"]));
    check(&lines(Ending::Crlf), b"a\nb\r\nc", Ok(&["a\nb", "c"]));
    check(&lines(Ending::Cr), b"a\rb\r", Ok(&["a", "b"]));
    check(&lines(Ending::EbcdicAuto), b"a\x15b\x25c\x0D\x25d", Ok(&["a", "b", "c", "d"]));
    check(&lines(Ending::Nel), b"a\x25b\x15", Ok(&["a\x25b"]));
    check(&lines(Ending::EbcdicLf), b"a\x15b\x25", Ok(&["a\x15b"]));
    let long = [b'x'; 101];
    check(&lines(Ending::Auto), &long, Err((0, "longer than `limits.record` of 100 bytes")));
}

#[test]
fn records_of_the_same_length_fill_their_file() {
    check(&Framing::Fixed(3), b"", Ok(&[]));
    check(&Framing::Fixed(3), b"abcdef", Ok(&["abc", "def"]));
    check(&Framing::Fixed(3), b"abcde", Err((3, "the last record has 2 bytes, and a record has 3")));
}

#[test]
fn descriptor_words_say_how_long_records_are() {
    let rdw = |rdw| Framing::Rdw(rdw);
    check(&rdw(HOST), &unhex("0006 0000 6162 0005 0000 63"), Ok(&["ab", "c"]));
    check(&rdw(HOST), &unhex("0004 0000"), Ok(&[""]));
    check(&rdw(Rdw { whole: false, ..HOST }), &unhex("0002 0000 6162"), Ok(&["ab"]));
    check(&rdw(SMALL), &unhex("0000 0200 6162 0000 0100 63"), Ok(&["ab", "c"]));
    check(&rdw(Rdw { adjust: -4, ..SMALL }), &unhex("0000 0600 6162"), Ok(&["ab"]));
    check(
        &rdw(HOST),
        &unhex("0006 0000 6162 0005 00"),
        Err((6, "within a record descriptor word, after 3 of 4")),
    );
    check(&rdw(HOST), &unhex("0006 0000 61"), Err((4, "the last record has 1 bytes, and its length is 2")));
    check(&rdw(HOST), &unhex("0006 0001 6162"), Err((0, "00060001 is none")));
    check(&rdw(HOST), &unhex("0006 0100 6162"), Err((0, "spanned record")));
    check(&rdw(HOST), &unhex("0003 0000"), Err((0, "a length of -1 bytes")));
    check(&rdw(HOST), &unhex("00FF 0000"), Err((0, "has 251 bytes, and `limits.record` allows 100")));
}

#[test]
fn blocks_are_exactly_their_records() {
    let bdw = Framing::Bdw(HOST);
    check(&bdw, &unhex("000F0000 00060000 6162 00050000 63 00090000 00050000 64"), Ok(&["ab", "c", "d"]));
    check(&bdw, &unhex("8000000A 00060000 6162"), Ok(&["ab"]));
    check(&bdw, &unhex("000A0000 00060000 61"), Err((8, "the last record has 1 bytes")));
    check(&bdw, &unhex("00090000 00060000 6162"), Err((8, "the last record has 1 bytes")));
    check(&bdw, &unhex("000C0000 00060000 6162 0005"), Err((10, "within a record descriptor word")));
    check(&bdw, &unhex("00040000"), Err((0, "a block without records")));
    check(&bdw, &unhex("000A0001 00060000 6162"), Err((0, "000A0001 is none")));
    check(&bdw, &unhex("000A0000"), Err((4, "within a block, of which 6 bytes are missing")));
    check(&bdw, &unhex("000A"), Err((0, "within a block descriptor word, after 2 of 4")));
}

#[test]
fn records_may_hold_their_own_length() {
    let field = |bytes, form, rest, adjust| Framing::Length(LengthField { bytes, form, rest, adjust });
    check(&field(0..2, LengthForm::Big, false, 0), b"\x00\x03a\x00\x04bc", Ok(&["\0\x03a", "\0\x04bc"]));
    check(&field(1..3, LengthForm::Little, true, 0), b"A\x01\x00xB\x00\x00", Ok(&["A\x01\0x", "B\0\0"]));
    check(&field(0..3, LengthForm::Digits, false, 0), b"005ab  4c", Ok(&["005ab", "  4c"]));
    check(&field(0..1, LengthForm::Digits, false, 1), b"2xy1z", Ok(&["2xy", "1z"]));
    check(&field(0..2, LengthForm::Digits, false, 0), b"x1", Err((0, "the length 7831 is no number")));
    check(&field(0..2, LengthForm::Digits, false, 0), b"01", Err((0, "less than the bytes that hold it")));
    check(&field(0..2, LengthForm::Digits, false, 0), b"05ab", Err((0, "has 4 bytes, and its length is 5")));
    check(&field(0..2, LengthForm::Digits, false, 0), b"0", Err((0, "ends before its length does")));
}

#[test]
fn bytes_around_records_are_no_part_of_them() {
    let skip = Skip { before: 1, after: 2, ..Skip::default() };
    let found = frames(&Framing::Fixed(5), skip, b".ab::.cd::", 3);
    assert_eq!(found, Ok(vec![b"ab".to_vec(), b"cd".to_vec()]));
    let (at, message) = frames(&Framing::Lines(Ending::Auto), skip, b"ab\n", 3).unwrap_err();
    assert!(at == 0 && message.contains("`skip` takes 1 before and 2 after"), "{message}");
}

#[test]
fn what_is_written_is_read_again() {
    let field = |form, rest| Framing::Length(LengthField { bytes: 0..1, form, rest, adjust: 0 });
    let records: [&[u8]; 3] = [b"\x03ab", b"\x03cd", b"\x03  "];
    for framing in [
        Framing::Lines(Ending::Auto),
        Framing::Lines(Ending::Crlf),
        Framing::Lines(Ending::Nel),
        Framing::Fixed(3),
        Framing::Rdw(HOST),
        Framing::Rdw(SMALL),
        Framing::Rdw(Rdw { adjust: -4, ..SMALL }),
        Framing::Bdw(HOST),
        field(LengthForm::Big, false),
    ] {
        let mut writer = Writer::new(&framing, Skip::default());
        records.iter().for_each(|record| writer.push(record).unwrap());
        let bytes = writer.finish();
        assert_eq!(frames(&framing, Skip::default(), &bytes, 2).unwrap(), records, "{framing:?}");
    }
    let mut writer = Writer::new(&Framing::Fixed(3), Skip::default());
    assert!(writer.push(b"ab").unwrap_err().contains("the record has 2 bytes, and a record has 3"));
}
