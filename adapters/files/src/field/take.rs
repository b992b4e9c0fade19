//! Fields that are written as they are wanted in JSON, without a value in between: the short way of [`Field::read`].
//!
//! **Invariant.** It writes what reading gives, but for blanks that pad a text; tests compare both on random bytes.
//!
//! Most fields are taken by [`super::Quick`], which knows all that can be known of a field and its slot before any record is there.

use super::number::DIGITS_MAX;
use super::quick::ROOM;
use super::{Field, Form, Setting, text};
use kernel::{Pen, Scalar, Taken};

impl Field {
    /// Returns whether it can be taken: bytes and floats have to be told.
    pub(crate) fn is_takeable(&self) -> bool {
        !matches!(self.form, Form::Dbcs | Form::Bytes | Form::Float { .. })
    }

    /// Returns how many bytes of a sheet it needs at most.
    pub(crate) fn sheet_bytes(&self) -> usize {
        // A byte of a code page is up to three of UTF-8.
        ROOM.max(self.width as usize * 3 + DIGITS_MAX)
    }

    /// Writes its text; nothing where it cannot be read, and then what was written is of no use.
    pub(crate) fn take(
        &self,
        raw: &[u8],
        setting: &Setting,
        text: &mut String,
        pen: &mut Pen<'_>,
    ) -> Option<Taken> {
        if self.form == Form::Text {
            let kept = text::without_padding(raw, setting.page.blank());
            return setting.page.take(raw.get(..kept)?, text, pen).map(|plain| Taken::Text { plain });
        }
        match self.read(raw, setting, text).ok()? {
            Scalar::Text(text) => {
                pen.put_all(text.as_bytes())?;
                Some(if self.is_number() { Taken::Number } else { Taken::Text { plain: false } })
            }
            Scalar::Nil => Some(Taken::Nil),
            _ => None,
        }
    }
}
