//! Floats of known value.
//!
//! **Invariant.** The values of IBM floats are those of their manuals, or follow from the definition by hand.

use super::*;

fn ibm(bits: u8) -> Form {
    Form::Float { bits, ibm: true, little: false }
}

fn ieee(bits: u8, little: bool) -> Form {
    Form::Float { bits, ibm: false, little }
}

#[test]
fn hexadecimal_floats_are_read_exactly() {
    let ebcdic = setting("cp037");
    // z/Architecture Principles of Operation, "Examples of hexadecimal floating-point numbers".
    preferred(&ibm(32), &ebcdic, "41100000", "1");
    preferred(&ibm(32), &ebcdic, "40800000", "0.5");
    preferred(&ibm(32), &ebcdic, "3F400000", "0.015625");
    preferred(&ibm(32), &ebcdic, "00000000", "0");
    preferred(&ibm(32), &ebcdic, "C1F00000", "-15");
    // The example that most descriptions of the format have.
    preferred(&ibm(32), &ebcdic, "C276A000", "-118.625");
    preferred(&ibm(64), &ebcdic, "C276A00000000000", "-118.625");
    // 0.1 is 1/16 * 1.6, cut and rounded behind 24 bits.
    check(&ibm(32), &ebcdic, "40199999", "0.09999996423721313");
    preferred(&ibm(32), &ebcdic, "4019999A", "0.10000002384185791");
    preferred(&ibm(64), &ebcdic, "401999999999999A", "0.1");
    // 56 bits are more than a binary float has: the value is the nearest, and its bytes stay.
    check(&ibm(64), &ebcdic, "4019999999999999", "0.09999999999999999");
    // A number that is not normalized, and noughts with a sign or a power.
    check(&ibm(32), &ebcdic, "42010000", "1");
    check(&ibm(32), &ebcdic, "80000000", "0");
    check(&ibm(64), &ebcdic, "4500000000000000", "0");
    // The ends: (1 - 16^-6) * 16^63 and 16^-65.
    let largest = 0xFF_FFFFu32;
    check(&ibm(32), &ebcdic, "7FFFFFFF", &(f64::from(largest) * 2f64.powi(4 * 63 - 24)).to_string());
    check(&ibm(32), &ebcdic, "00100000", &2f64.powi(-260).to_string());
}

#[test]
fn binary_floats_are_read_exactly() {
    let ebcdic = setting("cp037");
    preferred(&ieee(32, false), &ebcdic, "C2ED4000", "-118.625");
    preferred(&ieee(32, true), &ebcdic, "0040EDC2", "-118.625");
    preferred(&ieee(64, false), &ebcdic, "3FB999999999999A", "0.1");
    preferred(&ieee(64, true), &ebcdic, "9A9999999999B93F", "0.1");
    check(&ieee(32, false), &ebcdic, "80000000", "0");
    refuse(&ieee(32, false), &ebcdic, "7F800000", "the float is infinite or no number");
    refuse(&ieee(64, false), &ebcdic, "7FF8000000000000", "the float is infinite or no number");
    refuse(&ieee(64, false), &ebcdic, "7FF80000", "4 bytes are no float of 64 bits");
    // What JSON says of a float of 32 bits is its shortest decimal.
    assert_eq!(write(&ieee(32, false), &ebcdic, 4, "0.1"), Ok("3DCCCCCD".into()));
    assert_eq!(write(&ieee(32, false), &ebcdic, 4, "0.10000000149011612"), Ok("3DCCCCCD".into()));
}

#[test]
fn a_float_that_would_become_another_number_is_refused() {
    let ebcdic = setting("cp037");
    let refused = |form: Form, width, value: &str, why: &str| {
        assert_eq!(write(&form, &ebcdic, width, value), Err(why.into()), "{value}");
    };
    refused(ieee(32, false), 4, "0.123456789012", "a float of 32 bits cannot hold this number");
    refused(ieee(32, false), 4, "1e39", "a float of 32 bits cannot hold this number");
    refused(ieee(64, false), 8, "1e999", "the value is no finite number");
    refused(ibm(32), 4, "0.1", "a float of IBM of 32 bits cannot hold this number exactly");
    refused(ibm(64), 8, "1e80", "the number is too large or too small for a float of IBM");
    refused(ibm(64), 8, "1e-90", "the number is too large or too small for a float of IBM");
    refused(ibm(64), 8, "5e-324", "the number is too large or too small for a float of IBM");
    refused(ibm(64), 8, "ten", "the value is no number");
}
