//! The shared vocabulary of Seawall: what structures look like, how they tell their parts, what went wrong.
//!
//! **Invariant.** No I/O, no clock, no protocol; it knows no other room.

mod decimal;
mod diagnostic;
mod document;
mod error;
mod excerpt;
mod limits;
mod node;
mod query;
mod scalar;
mod secret;
mod shape;
mod source;

pub use decimal::{Decimal, DecimalError};
pub use diagnostic::{Code, Diagnostic, Label, Severity};
pub use document::{BadField, DecodeError, Document, Interest, Leaf, Progress, Stop, Visitor};
pub use error::{Cause, Class, Error};
pub use excerpt::{
    INT_BYTES_MAX, Lexical, Pen, ROOM_BEHIND, Sheet, Slot, Snippet, TakeRows, Taken, Taker, Usual,
    date_of_digits, digits_of, has_to_escape, must_escape, short_word, without_end,
};
pub use limits::Limits;
pub use node::{Entry, Node, NodeKind, Style, Text};
pub use query::{
    Comparison, Datum, Delete, From, Insert, Order, Own, Predicate, Query, Select, Statement, StatementError,
    Table, Update,
};
pub use scalar::{Scalar, ScalarType, TextType};
pub use secret::Secret;
pub use shape::{
    Catalogue, Fault, Group, Name, Occurs, Operation, OperationId, Part, PartId, PartKind, Particle, Shape,
    ShapeBuilder, Type, TypeId, TypeKind,
};
pub use source::{FileId, Position, SourceFile, Sources, Span};
