//! Records that hold their own length.
//!
//! **Invariant.** A length that is no number, or shorter than what was read to know it, is an error.

use super::{Frame, FrameError, Step};
use std::ops::Range;

/// The field of a record that says how long the record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LengthField {
    /// Its bytes in the record.
    pub bytes: Range<usize>,
    /// How it is written.
    pub form: LengthForm,
    /// It counts what comes behind it, else the whole record.
    pub rest: bool,
    /// Added to the number that is read.
    pub adjust: i32,
}

/// How a length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LengthForm {
    /// Binary, high byte first.
    Big,
    /// Binary, low byte first.
    Little,
    /// Digits, ASCII or EBCDIC; blanks in front are passed over.
    Digits,
}

impl LengthField {
    pub(super) fn next(&self, window: &[u8], last: bool, record_max: usize) -> Result<Step, FrameError> {
        let Some(raw) = window.get(self.bytes.clone()) else {
            return match window.len() {
                0 if last => Ok(Step::End(0)),
                found if last => {
                    let message =
                        format!("the last record has {found} bytes, which ends before its length does");
                    Err(FrameError::new(0, message))
                }
                _ => Ok(Step::More),
            };
        };
        let wrong = |message: String| FrameError::new(self.bytes.start, message);
        let counted =
            self.number(raw).ok_or_else(|| wrong(format!("the length {} is no number", hex(raw))))?;
        let own = if self.rest { self.bytes.end } else { 0 };
        let length = i128::from(counted) + i128::from(self.adjust) + i128::try_from(own).unwrap_or(0);
        let length = usize::try_from(length).unwrap_or(if length < 0 { 0 } else { usize::MAX });
        if length < self.bytes.end {
            return Err(wrong(format!("the length {counted} is less than the bytes that hold it")));
        }
        if length > record_max {
            return Err(wrong(format!(
                "the record has {length} bytes, and `limits.record` allows {record_max}"
            )));
        }
        match window.len() {
            found if found >= length => Ok(Step::Frame(Frame { start: 0, length, next: length })),
            found if last => Err(FrameError::new(
                0,
                format!("the last record has {found} bytes, and its length is {length}"),
            )),
            _ => Ok(Step::More),
        }
    }

    fn number(&self, raw: &[u8]) -> Option<u64> {
        let push = |sum: u64, byte: &u8| sum.checked_mul(256)?.checked_add(u64::from(*byte));
        match self.form {
            LengthForm::Big => raw.iter().try_fold(0, push),
            LengthForm::Little => raw.iter().rev().try_fold(0, push),
            LengthForm::Digits => {
                let digits = raw.iter().skip_while(|byte| matches!(byte, 0x20 | 0x40));
                let (mut number, mut any) = (0_u64, false);
                for byte in digits {
                    let digit = match byte {
                        b'0'..=b'9' => byte - b'0',
                        0xF0..=0xF9 => byte - 0xF0,
                        _ => return None,
                    };
                    number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
                    any = true;
                }
                any.then_some(number)
            }
        }
    }
}

fn hex(raw: &[u8]) -> String {
    raw.iter().map(|byte| format!("{byte:02X}")).collect()
}
