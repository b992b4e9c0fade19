//! Records that come by themselves: what an event of a record says, and totals that must hold before any is published.
//!
//! **Invariant.** A record that cannot be read is handed over as such, with its reason; it never counts as nothing.

mod brief;
mod reading;
mod tally;
pub use reading::EventReader;
pub(crate) use reading::{Facts, Reading};
pub(crate) use tally::{Check, TallyPlan};
pub use tally::{Compared, Tally};

use crate::value::Value;
use kernel::{BadField, Cause, Class, DecodeError, Error, Progress, Sheet, Taker, Visitor};
use std::sync::Arc;

/// Has a document tell its parts to a visitor.
pub type Tell<'a> = dyn FnMut(&mut dyn Visitor) -> Result<Progress, DecodeError> + 'a;

/// Has the leaves of a record taken, as they were asked for; see [`Taker`].
pub type Take<'a> = dyn FnMut(&mut dyn Taker, &mut Sheet) -> bool + 'a;

/// What a record says.
#[derive(Debug, Clone)]
pub struct Said {
    /// By what the record is known: the values of the model's key, joined by `/`, so that others never make the same text;
    /// empty where the model has none. In several values `~` and `/` are written `~0` and `~1`, and an absent one `~`.
    pub key: Arc<str>,
    /// The partition key: by `key:` of the block, else the values of the model's, joined by `/` as they are.
    pub partition: Arc<str>,
    /// `id`, where the mapping makes one.
    pub id: Option<Arc<str>>,
    /// `time` as RFC 3339, where the mapping makes one.
    pub time: Option<Arc<str>>,
    /// `subject`.
    pub subject: Option<Arc<str>>,
    /// `deletedWhen` holds.
    pub deleted: bool,
    /// The value of the `newest` field; absent where there is none.
    pub newest: Value,
    /// Fingerprint of what has to change for an event: the fields of `onlyChanges`, else all.
    pub content: u128,
}

/// A record that cannot be read.
#[derive(Debug)]
pub struct Unread {
    /// Why, with its place; its text holds no values.
    pub error: Error,
    /// The field, if it is one.
    pub field: Option<Box<BadField>>,
}

impl Unread {
    fn contract(reason: &str) -> Self {
        Self { error: broken().with("reason", reason), field: None }
    }

    fn undecodable(error: DecodeError) -> Self {
        let told = Error::new(Class::Poison, Cause::Contract, "the record cannot be decoded")
            .with("reason", &error.message)
            .with("offset", error.offset);
        let told = match error.limit {
            Some((key, value)) => told.with("limit", format_args!("{key} {value}")),
            None => told,
        };
        Self { error: told, field: error.field }
    }
}

fn broken() -> Error {
    Error::new(Class::Poison, Cause::Contract, "the record breaks the contract")
}

/// Says of an error that it is about a record.
fn renamed(error: Error) -> Error {
    Error { message: broken().message, ..error }
}

/// Has a record told from its beginning to its end, or until nothing more is wanted of it.
fn told(tell: &mut Tell<'_>, to: &mut dyn Visitor) -> Result<(), Unread> {
    match tell(to) {
        Ok(Progress::End | Progress::Stopped) => Ok(()),
        Ok(Progress::NeedInput | Progress::Paused) => Err(Unread::contract("it ends early")),
        Err(error) => Err(Unread::undecodable(error)),
    }
}
