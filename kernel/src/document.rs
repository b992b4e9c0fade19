//! Documents tell their parts to visitors; nothing builds a tree on the hot path.
//!
//! **Invariant.** A document tells each part once, in document order, and can be left and resumed.
//!
//! The same two traits serve reading and writing: a decoder tells a read plan, a write plan tells an encoder.

use crate::{PartId, Scalar, TakeRows, TypeId};
use std::fmt;

/// What a visitor wants of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Nothing: the part and all in it is passed over without being decoded.
    Skip,
    /// Its inner parts; `leave` follows.
    Descend,
    /// Its value; `leaf` follows.
    Leaf,
    /// Not now: the document stops and tells this part again, by `enter`, when it is resumed.
    Pause,
}

/// The visitor wants no more; it keeps the reason itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop;

/// A leaf with its value, as [`Visitor::leaves`] takes several.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Leaf<'a> {
    /// The part.
    pub part: PartId,
    /// Its type in this document.
    pub ty: TypeId,
    /// Its value.
    pub scalar: Scalar<'a>,
}

/// How far a document got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// More input is needed.
    NeedInput,
    /// The visitor answered [`Interest::Pause`].
    Paused,
    /// The visitor answered [`Stop`].
    Stopped,
    /// All was told.
    End,
}

/// Receives a document part by part, in document order.
///
/// The root itself is not told: the first `enter` is for a part *of* the root.
/// Attributes, the text of an element with attributes, columns and fields are parts like any other.
pub trait Visitor {
    /// A part begins. `ty` is the type that it has in this document, after substitution (`xsi:type`).
    ///
    /// A part of a scalar type is answered by `Leaf` or `Skip`, one of a group type by `Descend` or `Skip`.
    fn enter(&mut self, part: PartId, ty: TypeId) -> Interest;

    /// The value of a part.
    ///
    /// A group that is explicitly nothing (`xsi:nil`) is told as `enter`, its attributes, `leaf(part, Nil)`, `leave`.
    ///
    /// # Errors
    /// `Stop` ends the telling.
    fn leaf(&mut self, part: PartId, scalar: Scalar<'_>) -> Result<(), Stop>;

    /// A leaf that was answered by `Leaf`, and whose bytes are not what its type says; it is told instead of `leaf`.
    ///
    /// An area that has several meanings holds what only one of them can read, so a visitor that does not want the value
    /// in the end goes on.
    ///
    /// # Errors
    /// `Stop` makes the document end with `error`, which is right for everybody who does not know better.
    fn unreadable(&mut self, part: PartId, error: &DecodeError) -> Result<(), Stop> {
        let _ = (part, error);
        Err(Stop)
    }

    /// Something arrived that the shape does not know, and was passed over.
    fn unknown(&mut self, name: &str);

    /// Leaves of the open part, one behind the other: the same as `enter` and `leaf` for each of them, in one call.
    ///
    /// Returns how many were told; fewer than there are if the visitor answered [`Interest::Pause`] to the next one.
    ///
    /// # Errors
    /// `Stop` ends the telling.
    fn leaves(&mut self, leaves: &[Leaf<'_>]) -> Result<usize, Stop> {
        for (told, leaf) in leaves.iter().enumerate() {
            match self.enter(leaf.part, leaf.ty) {
                Interest::Leaf => self.leaf(leaf.part, leaf.scalar)?,
                Interest::Pause => return Ok(told),
                Interest::Skip | Interest::Descend => {}
            }
        }
        Ok(leaves.len())
    }

    /// Parts like this one come next, as many as `rows` gives but no more than `most`: the same as `enter`, `leaves` and `leave`
    /// for each of them that is taken from there.
    ///
    /// Returns how many were taken; the one behind them has to be told, and so may those behind that.
    fn rows(&mut self, part: PartId, rows: &mut dyn TakeRows, most: usize) -> usize {
        let _ = (part, rows, most);
        0
    }

    /// A part that was answered by `Descend` is over.
    ///
    /// # Errors
    /// `Stop` ends the telling.
    fn leave(&mut self, part: PartId) -> Result<(), Stop>;
}

/// Something that can tell its parts once, in order: an XML body, a row set, a record, a message.
pub trait Document {
    /// Tells as much as there is: until more input is needed, the visitor asks to pause, or the end.
    ///
    /// # Errors
    /// What arrived is not what it should be; the error says where.
    fn advance(&mut self, to: &mut dyn Visitor) -> Result<Progress, DecodeError>;
}

/// What arrived cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// What is wrong: lower case, no payload.
    pub message: String,
    /// Byte offset in the input, after decompression and conversion to UTF-8.
    pub offset: u64,
    /// The limit that was exceeded, if it was one: its mapping key and its value.
    pub limit: Option<(&'static str, u64)>,
    /// The field that cannot be read, if it is one.
    pub field: Option<Box<BadField>>,
}

/// A field whose bytes are not what its type says. For dead letters and for people who look at a file; never for clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    /// Its path in the record: `TRX-SPLIT[2]/SPL-AMOUNT`.
    pub path: String,
    /// Its bytes.
    pub bytes: Box<[u8]>,
}

impl DecodeError {
    /// Returns an error at a byte offset.
    pub fn new(message: impl Into<String>, offset: u64) -> Self {
        Self { message: message.into(), offset, limit: None, field: None }
    }

    /// Returns an error for a limit that was exceeded.
    pub fn limit(key: &'static str, value: u64, offset: u64) -> Self {
        Self {
            message: format!("limit {key} of {value} is exceeded"),
            offset,
            limit: Some((key, value)),
            field: None,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for DecodeError {}
