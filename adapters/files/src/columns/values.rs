//! The values of a record that is to be written.
//!
//! **Invariant.** Parts that are none of its columns are passed over: what stands beside a record is no part of it.

use kernel::{Cause, Class, Document, Error, Interest, PartId, Progress, Scalar, Stop, TypeId, Visitor};

/// Texts by column.
#[derive(Debug)]
pub(crate) struct Values {
    parts: Vec<PartId>,
    texts: Vec<Option<String>>,
    /// A value that is no text.
    wrong: Option<PartId>,
}

impl Values {
    /// Starts without values.
    pub(crate) fn new(parts: Vec<PartId>) -> Self {
        Self { texts: vec![None; parts.len()], parts, wrong: None }
    }

    /// Takes the values that a document tells.
    ///
    /// # Errors
    /// One is no text, or the document does not end.
    pub(crate) fn gather(&mut self, content: &mut dyn Document) -> Result<(), Error> {
        let told = content.advance(self);
        if let Some(part) = self.wrong {
            let message = "bytes cannot be written into a column of text";
            return Err(
                Error::new(Class::Client, Cause::Unwritable, message).with("part", format!("{part:?}"))
            );
        }
        match told {
            Ok(Progress::End) => Ok(()),
            Ok(_) => Err(Error::new(Class::Defect, Cause::Internal, "the record is not told to its end")),
            Err(error) => {
                Err(Error::new(Class::Defect, Cause::Internal, "the record cannot be told").because(error))
            }
        }
    }

    /// Returns the text of a column; nothing where none was told.
    pub(crate) fn get(&self, column: usize) -> Option<&str> {
        self.texts.get(column)?.as_deref()
    }
}

impl Visitor for Values {
    fn enter(&mut self, part: PartId, _: TypeId) -> Interest {
        if self.parts.contains(&part) { Interest::Leaf } else { Interest::Skip }
    }

    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop> {
        let text = match scalar {
            Scalar::Nil => String::new(),
            Scalar::Text(text) => text.to_owned(),
            Scalar::Bool(value) => value.to_string(),
            Scalar::Int(value) => value.to_string(),
            Scalar::Decimal(value) => value.to_string(),
            Scalar::Float(value) => value.to_string(),
            Scalar::Date(value) => value.to_string(),
            Scalar::Time(value) => value.to_string(),
            Scalar::DateTime(value) => value.to_string(),
            Scalar::Instant(value) => value.to_string(),
            Scalar::Bytes(_) => {
                self.wrong = Some(part);
                return Err(Stop);
            }
        };
        let column = self.parts.iter().position(|other| *other == part);
        if let Some(slot) = column.and_then(|column| self.texts.get_mut(column)) {
            *slot = Some(text);
        }
        Ok(())
    }

    fn unknown(&mut self, _: &str) {}

    fn leave(&mut self, _: PartId) -> Result<(), Stop> {
        Ok(())
    }
}
