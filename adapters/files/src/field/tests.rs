//! Fields against the shared fixtures, against tables, and against themselves.
//!
//! **Invariant.** Expected values are written down, or computed by other means than those under test.

mod floats;
mod random;
mod taking;

use super::*;

fn page(name: &str) -> CodePage {
    CodePage::named(name).unwrap()
}

fn setting(name: &str) -> Setting {
    Setting { page: page(name), fillers: Fillers::default() }
}

fn bytes(hex: &str) -> Vec<u8> {
    let hex: Vec<u8> = hex.bytes().filter(|byte| *byte != b' ').collect();
    hex.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn field(form: Form, width: usize) -> Field {
    Field { form, width: u32::try_from(width).unwrap() }
}

fn zoned(digits: u8, scale: i16, sign: Sign) -> Form {
    Form::Zoned { digits, scale, sign }
}

fn packed(digits: u8, scale: i16, signed: bool) -> Form {
    Form::Packed { digits, scale, signed }
}

fn comp(digits: u8, scale: i16, signed: bool) -> Form {
    Form::Binary { digits, scale, signed, native: false, little: false }
}

fn comp5(digits: u8, signed: bool, little: bool) -> Form {
    Form::Binary { digits, scale: 0, signed, native: true, little }
}

/// What a field reads, as text; `absent` for nothing.
fn read(form: &Form, setting: &Setting, raw: &[u8]) -> Result<String, String> {
    let mut text = String::from("left over");
    match field(form.clone(), raw.len()).read(raw, setting, &mut text)? {
        Scalar::Text(text) => Ok(text.to_owned()),
        Scalar::Nil => Ok("absent".into()),
        Scalar::Float(float) => Ok(float.to_string()),
        Scalar::Bytes(bytes) => Ok(hex(bytes)),
        other => panic!("{other:?}"),
    }
}

/// What a value becomes, over bytes that were cleared.
fn write(form: &Form, setting: &Setting, width: usize, value: &str) -> Result<String, String> {
    let field = field(form.clone(), width);
    let mut out = vec![0; width];
    field.clear(setting, &mut out);
    field.write(Scalar::Text(value), setting, &mut out)?;
    Ok(hex(&out))
}

/// Reads a row, writes it over itself, and over nothing if it is in the preferred form.
fn check(form: &Form, setting: &Setting, raw: &str, expected: &str) {
    let raw = bytes(raw);
    assert_eq!(read(form, setting, &raw).as_deref(), Ok(expected), "{form:?} {}", hex(&raw));
    let mut out = raw.clone();
    field(form.clone(), raw.len()).write(Scalar::Text(expected), setting, &mut out).unwrap();
    assert_eq!(hex(&out), hex(&raw), "{form:?} {expected} over itself");
}

fn preferred(form: &Form, setting: &Setting, raw: &str, expected: &str) {
    check(form, setting, raw, expected);
    let raw = bytes(raw);
    assert_eq!(write(form, setting, raw.len(), expected), Ok(hex(&raw)), "{form:?} {expected}");
}

fn refuse(form: &Form, setting: &Setting, raw: &str, why: &str) {
    assert_eq!(read(form, setting, &bytes(raw)), Err(why.into()), "{form:?} {raw}");
}

#[test]
fn the_primitives_of_the_shared_fixtures_are_read_and_written() {
    let path = std::env::var("SEAWALL_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{path}/fixtures/ebcdic/primitives/numeric-basic.json"))
    else {
        eprintln!("SKIPPED: the shared fixtures are not there; set SEAWALL_SHARED");
        return;
    };
    let fixtures: serde_json::Value = serde_json::from_str(&text).unwrap();
    let cases = fixtures["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 400);
    for case in cases {
        let of = |key: &str| case[key].as_str().unwrap();
        let (digits, scale, signed) = picture(of("pic"));
        let form = match of("usage") {
            "DISPLAY" if signed => zoned(digits, scale, Sign::Trailing),
            "DISPLAY" => zoned(digits, scale, Sign::None),
            "COMP-3" => packed(digits, scale, signed),
            "COMP" => comp(digits, scale, signed),
            other => panic!("{other}"),
        };
        preferred(&form, &setting("cp037"), of("hex"), of("value"));
    }
}

/// Reads `S9(5)V9(2)`.
fn picture(text: &str) -> (u8, i16, bool) {
    let (signed, rest) = text.strip_prefix('S').map_or((false, text), |rest| (true, rest));
    let count = |part: &str| -> u8 {
        match part.strip_prefix("9(") {
            Some(number) => number.strip_suffix(')').unwrap().parse().unwrap(),
            None => u8::try_from(part.len()).unwrap(),
        }
    };
    let (whole, decimals) = rest.split_once('V').unwrap_or((rest, ""));
    (count(whole) + count(decimals), i16::from(count(decimals)), signed)
}

#[test]
fn zoned_numbers_of_ebcdic_have_their_signs_in_the_zone_or_beside_it() {
    let ebcdic = setting("cp273");
    let trailing = zoned(3, 0, Sign::Trailing);
    for zone in ["A", "C", "E", "F"] {
        check(&trailing, &ebcdic, &format!("F1F2{zone}3"), "123");
    }
    for zone in ["B", "D"] {
        check(&trailing, &ebcdic, &format!("F1F2{zone}3"), "-123");
    }
    preferred(&trailing, &ebcdic, "F0F0C0", "0");
    check(&trailing, &ebcdic, "F0F0D0", "0");
    preferred(&zoned(3, 2, Sign::Leading), &ebcdic, "D1F2F3", "-1.23");
    preferred(&zoned(3, 2, Sign::Leading), &ebcdic, "C0F0F5", "0.05");
    preferred(&zoned(3, 3, Sign::LeadingSeparate), &ebcdic, "60F0F0F7", "-0.007");
    preferred(&zoned(3, 0, Sign::LeadingSeparate), &ebcdic, "4EF0F0F7", "7");
    preferred(&zoned(3, 1, Sign::TrailingSeparate), &ebcdic, "F0F0F760", "-0.7");
    preferred(&zoned(3, 0, Sign::None), &ebcdic, "F0F0F7", "7");

    refuse(&trailing, &ebcdic, "F1F273", "byte 3 is no digit with a sign");
    refuse(&trailing, &ebcdic, "F1F2CA", "byte 3 is no digit with a sign");
    refuse(&trailing, &ebcdic, "F1C2C3", "byte 2 is no digit");
    refuse(&trailing, &ebcdic, "FAF2C3", "byte 1 is no digit");
    refuse(&trailing, &ebcdic, "404040", "byte 1 is no digit");
    refuse(&zoned(3, 0, Sign::None), &ebcdic, "F0F0D7", "byte 3 is no digit");
    refuse(&zoned(3, 0, Sign::None), &ebcdic, "F0F0C7", "byte 3 is no digit");
    refuse(&zoned(3, 0, Sign::None), &ebcdic, "40F0F7", "byte 1 is no digit");
    refuse(
        &zoned(1, 0, Sign::LeadingSeparate),
        &ebcdic,
        "40F1",
        "the byte of the sign is neither plus nor minus",
    );
    refuse(&zoned(2, 0, Sign::LeadingSeparate), &ebcdic, "4EF1C1", "byte 2 is no digit");
    refuse(&zoned(4, 0, Sign::None), &ebcdic, "F1F2F3", "3 bytes are not what a number of 4 digits has");
}

#[test]
fn zoned_numbers_of_ascii_have_the_signs_of_two_traditions() {
    let ascii = setting("latin1");
    let check_text = |digits: &str, expected: &str, wanted: bool| {
        let form = zoned(3, 0, Sign::Trailing);
        let raw = hex(digits.as_bytes());
        if wanted { preferred(&form, &ascii, &raw, expected) } else { check(&form, &ascii, &raw, expected) }
    };
    for (n, sign) in "{ABCDEFGHI".chars().enumerate() {
        check_text(&format!("12{sign}"), &format!("12{n}"), true);
    }
    for (n, sign) in "}JKLMNOPQR".chars().enumerate() {
        check_text(&format!("12{sign}"), &format!("-12{n}"), true);
    }
    for (n, sign) in "pqrstuvwxy".chars().enumerate() {
        check_text(&format!("12{sign}"), &format!("-12{n}"), false);
    }
    check_text("123", "123", false);
    check_text("00}", "0", false);
    refuse(&zoned(3, 0, Sign::Trailing), &ascii, "313253", "byte 3 is no digit with a sign");
    refuse(&zoned(3, 0, Sign::None), &ascii, "313241", "byte 3 is no digit");
    preferred(&zoned(3, 0, Sign::LeadingSeparate), &ascii, "2D303037", "-7");

    // A number that changes keeps the tradition of the one before.
    let mut out = *b"12s";
    field(zoned(3, 0, Sign::Trailing), 3).write(Scalar::Int(-45), &ascii, &mut out).unwrap();
    assert_eq!(&out, b"04u");
    field(zoned(3, 0, Sign::Trailing), 3).write(Scalar::Int(45), &ascii, &mut out).unwrap();
    assert_eq!(&out, b"045");
}

#[test]
fn packed_decimals_have_two_digits_a_byte_and_a_sign() {
    let ebcdic = setting("cp037");
    for sign in ["A", "C", "E", "F"] {
        check(&packed(3, 0, true), &ebcdic, &format!("123{sign}"), "123");
        check(&packed(3, 0, false), &ebcdic, &format!("123{sign}"), "123");
    }
    for sign in ["B", "D"] {
        check(&packed(3, 0, true), &ebcdic, &format!("123{sign}"), "-123");
        refuse(
            &packed(3, 0, false),
            &ebcdic,
            &format!("123{sign}"),
            "the number is negative, and the field has no sign",
        );
    }
    preferred(&packed(13, 2, true), &ebcdic, "0000000123456C", "1234.56");
    preferred(&packed(13, 2, true), &ebcdic, "0000000000005D", "-0.05");
    preferred(&packed(4, 0, false), &ebcdic, "01234F", "1234");
    preferred(&packed(1, 0, false), &ebcdic, "7F", "7");
    preferred(
        &packed(31, 2, true),
        &ebcdic,
        "1234567890123456789012345678901D",
        "-12345678901234567890123456789.01",
    );
    check(&packed(3, 0, true), &ebcdic, "000D", "0");
    check(&packed(3, 2, true), &ebcdic, "000D", "0.00");

    for sign in 0..=9 {
        refuse(&packed(3, 0, true), &ebcdic, &format!("123{sign}"), "the last half byte is no sign");
    }
    refuse(&packed(3, 0, true), &ebcdic, "1A3C", "half byte 2 is no digit");
    refuse(&packed(3, 0, true), &ebcdic, "12FC", "half byte 3 is no digit");
    refuse(&packed(3, 0, true), &ebcdic, "FFFF", "half byte 1 is no digit");
    refuse(&packed(3, 0, true), &ebcdic, "4040", "the last half byte is no sign");
    refuse(&packed(4, 0, true), &ebcdic, "11234C", "the number has more than the 4 digits of its picture");
    refuse(&packed(4, 0, true), &ebcdic, "A1234C", "half byte 1 is no digit");
    refuse(&packed(4, 0, true), &ebcdic, "234C", "2 bytes are not what a number of 4 digits has");

    let comp6 = |digits| Form::PackedUnsigned { digits, scale: 0 };
    preferred(&comp6(4), &ebcdic, "1234", "1234");
    preferred(&comp6(3), &ebcdic, "0123", "123");
    preferred(&comp6(3), &ebcdic, "0000", "0");
    refuse(&comp6(3), &ebcdic, "1123", "the number has more than the 3 digits of its picture");
    refuse(&comp6(4), &ebcdic, "123C", "half byte 4 is no digit");
}

#[test]
fn binary_numbers_hold_their_picture_or_their_bytes() {
    let ebcdic = setting("cp037");
    preferred(&comp(4, 0, true), &ebcdic, "FFFF", "-1");
    preferred(&comp(4, 0, true), &ebcdic, "270F", "9999");
    preferred(&comp(4, 2, true), &ebcdic, "D8F1", "-99.99");
    preferred(&comp(9, 0, false), &ebcdic, "00000011", "17");
    preferred(&comp(18, 0, true), &ebcdic, "0DE0B6B3A763FFFF", "999999999999999999");
    preferred(
        &comp(31, 0, true),
        &ebcdic,
        "0000007E37BE2022C0914B267FFFFFFF",
        "9999999999999999999999999999999",
    );
    let more = "the number has more than the 4 digits of its picture; a program that was compiled with TRUNC(BIN) means \
                COMP-5";
    refuse(&comp(4, 0, true), &ebcdic, "2710", more);
    refuse(&comp(4, 0, true), &ebcdic, "8000", more);
    refuse(&comp(4, 0, false), &ebcdic, "FFFF", more);
    preferred(&comp5(4, true, false), &ebcdic, "8000", "-32768");
    preferred(&comp5(4, true, false), &ebcdic, "7FFF", "32767");
    preferred(&comp5(4, false, false), &ebcdic, "FFFF", "65535");
    preferred(&comp5(4, false, true), &ebcdic, "0102", "513");
    preferred(&comp5(9, true, true), &ebcdic, "FEFFFFFF", "-2");
    preferred(&comp5(2, true, false), &ebcdic, "80", "-128");
    preferred(&comp5(18, true, false), &ebcdic, "8000000000000000", "-9223372036854775808");
    preferred(&comp5(18, false, false), &ebcdic, "FFFFFFFFFFFFFFFF", "18446744073709551615");
    preferred(&comp5(7, true, false), &ebcdic, "FF0000", "-65536");
    assert_eq!(
        read(&comp5(38, false, false), &ebcdic, &[0xFF; 16]),
        Err("the number has more than 38 digits".into())
    );

    let refused = |form: &Form, width, value, why: &str| {
        assert_eq!(write(form, &ebcdic, width, value), Err(why.into()), "{form:?} {value}");
    };
    refused(&comp(4, 0, true), 2, "10000", "the number has more than the 4 digits of the field");
    refused(&comp5(4, true, false), 2, "32768", "the number is too large for 2 bytes");
    refused(&comp5(4, true, false), 2, "-32769", "the number is too large for 2 bytes");
    refused(&comp5(4, false, false), 2, "65536", "the number is too large for 2 bytes");
}

#[test]
fn a_scale_reaches_beyond_the_digits_on_both_sides() {
    let ebcdic = setting("cp037");
    preferred(&packed(3, -2, true), &ebcdic, "123C", "12300");
    preferred(&packed(3, -2, true), &ebcdic, "000C", "0");
    preferred(&packed(3, 5, true), &ebcdic, "123D", "-0.00123");
    preferred(&zoned(2, 3, Sign::None), &ebcdic, "F0F1", "0.001");
    preferred(&comp(4, -3, true), &ebcdic, "0001", "1000");
    let ty = |form| field(form, 2).scalar_type();
    let decimal =
        |digits, scale| ScalarType::Decimal { digits: Some(digits), scale: Some(scale), unsigned: false };
    assert_eq!(ty(packed(3, -2, true)), decimal(5, 0));
    assert_eq!(ty(packed(3, 5, true)), decimal(5, 5));
    assert_eq!(ty(packed(3, 2, true)), decimal(3, 2));
    assert_eq!(ty(comp5(4, true, false)), decimal(5, 0));

    let refused = |scale, value: &str, why: &str| {
        assert_eq!(write(&packed(3, scale, true), &ebcdic, 2, value), Err(why.into()), "{value}");
    };
    refused(-2, "12345", "the field holds multiples of 100 only");
    refused(-2, "123400", "the number is too large for the field");
    refused(5, "0.01234", "the number is too large for the field");
    refused(5, "0.000001", "the field holds at most 5 decimals");
}

#[test]
fn what_does_not_fit_is_refused() {
    let ebcdic = setting("cp037");
    let refused = |form: &Form, value: &str, why: &str| {
        assert_eq!(write(form, &ebcdic, 3, value), Err(why.into()), "{form:?} {value}");
    };
    refused(
        &packed(5, 2, true),
        "1000",
        "the number has more than the 3 digits of the field before the point",
    );
    refused(&packed(5, 2, true), "1.005", "the field holds at most 2 decimals");
    refused(&packed(5, 2, false), "-1", "the number is negative, and the field has no sign");
    refused(&packed(5, 2, true), "1e2", "the value is no number");
    refused(&packed(5, 2, true), "", "the value is no number");
    refused(&packed(5, 2, true), "-", "the value is no number");
    assert_eq!(write(&packed(5, 2, true), &ebcdic, 3, "1.500"), Ok("00150C".into()));
    assert_eq!(write(&packed(5, 2, true), &ebcdic, 3, "+000001"), Ok("00100C".into()));
    assert_eq!(write(&packed(5, 2, false), &ebcdic, 3, "-0.00"), Ok("00000F".into()));

    refused(&Form::Text, "ABCD", "the text of 4 characters does not fit the 3 of the field");
    refused(&Form::Text, "A€", "character 2 of the text does not exist in cp037");
    assert_eq!(write(&Form::Text, &ebcdic, 3, "A    "), Ok("C14040".into()));
    assert_eq!(write(&Form::Text, &setting("utf-8"), 3, "€"), Ok("E282AC".into()));
    assert_eq!(
        write(&Form::Text, &setting("utf-8"), 3, "€€"),
        Err("the text of 2 characters does not fit the 3 of the field".into())
    );
}

#[test]
fn a_refused_value_leaves_a_number_as_it_was() {
    let ebcdic = setting("cp037");
    for (form, width) in [(packed(5, 2, true), 3), (zoned(3, 0, Sign::Trailing), 3), (comp(4, 0, true), 2)] {
        let field = field(form, width);
        let mut out = vec![0; width];
        field.write(Scalar::Int(7), &ebcdic, &mut out).unwrap();
        let before = out.clone();
        field.write(Scalar::Text("123456789"), &ebcdic, &mut out).unwrap_err();
        assert_eq!(out, before);
    }
}

#[test]
fn numbers_whose_bytes_are_none_mean_what_the_connection_says() {
    let with = |blank, low, high| Setting { page: page("cp037"), fillers: Fillers { blank, low, high } };
    let (refuse, absent, zero) = (Filler::Refuse, Filler::Absent, Filler::Zero);
    let number = packed(5, 2, true);
    let check = |setting: Setting, raw: &str, expected: Result<&str, &str>| {
        let read = read(&number, &setting, &bytes(raw));
        assert_eq!(read.as_deref().map_err(String::as_str), expected, "{raw}");
    };
    check(with(absent, zero, refuse), "404040", Ok("absent"));
    check(with(absent, zero, refuse), "000000", Ok("0.00"));
    check(with(absent, zero, refuse), "FFFFFF", Err("half byte 1 is no digit"));
    check(with(refuse, refuse, absent), "FFFFFF", Ok("absent"));
    check(with(absent, zero, absent), "404000", Err("the last half byte is no sign"));
    // A binary number of zeros is a number.
    assert_eq!(read(&comp(4, 0, true), &with(refuse, absent, refuse), &[0, 0]).as_deref(), Ok("0"));

    let nothing = |setting: Setting, old: &str| {
        let mut out = bytes(old);
        let done = field(number.clone(), 3).write(Scalar::Nil, &setting, &mut out);
        done.map(|()| hex(&out))
    };
    assert_eq!(nothing(with(absent, absent, refuse), "00123C"), Ok("404040".into()));
    assert_eq!(nothing(with(absent, absent, refuse), "000000"), Ok("000000".into()));
    assert_eq!(nothing(with(refuse, zero, absent), "00123C"), Ok("FFFFFF".into()));
    assert!(nothing(with(zero, zero, refuse), "00123C").is_err());
    // What nobody gave is nothing where there is nothing, else nought.
    let clear = |setting: Setting| {
        let mut out = bytes("123C00");
        field(number.clone(), 3).clear(&setting, &mut out);
        hex(&out)
    };
    assert_eq!(clear(with(absent, zero, refuse)), "404040");
    assert_eq!(clear(with(zero, zero, refuse)), "00000C");
    // A nought leaves bytes that are read as nought.
    let mut out = bytes("000000");
    field(number.clone(), 3).write(Scalar::Int(0), &with(refuse, zero, refuse), &mut out).unwrap();
    assert_eq!(hex(&out), "000000");
}

#[test]
fn texts_come_with_their_padding_and_go_back_into_it() {
    let ebcdic = setting("cp273");
    preferred(&Form::Text, &ebcdic, "4A99878599404040", "Ärger   ");
    assert_eq!(write(&Form::Text, &ebcdic, 8, "Ärger"), Ok("4A99878599404040".into()));
    preferred(&Form::TextRight, &ebcdic, "404040C1C2", "AB");
    preferred(&Form::TextRight, &ebcdic, "4040C1C240", "AB ");
    preferred(&Form::National, &ebcdic, "00C4D83DDE000020", "Ä😀 ");
    assert_eq!(write(&Form::National, &ebcdic, 8, "Ä😀"), Ok("00C4D83DDE000020".into()));
    refuse(&Form::National, &ebcdic, "0041D83D", "character 2 of the text is no UTF-16");
    assert_eq!(
        write(&Form::National, &ebcdic, 4, "Ä😀"),
        Err("the text of 2 characters does not fit the 2 of the field".into())
    );
    assert_eq!(
        read(&Form::Text, &setting("cp875"), &bytes("C1DC")),
        Err("byte 2 of the text is no character of cp875".into())
    );
    // Controls are characters like any other.
    preferred(&Form::Text, &ebcdic, "0015250D", "\0\u{85}\n\r");

    let field = field(Form::Dbcs, 4);
    let mut out = vec![0; 4];
    field.write(Scalar::Bytes(&[0x43, 0x41]), &ebcdic, &mut out).unwrap();
    assert_eq!(hex(&out), "43414040");
    assert_eq!(field.scalar_type(), ScalarType::Bytes { length_max: Some(4) });
}
