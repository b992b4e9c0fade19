//! Expressions after checking: names are indexes, functions are chosen, patterns are compiled.
//!
//! **Invariant.** Whatever stands here was checked against the types of its operands, as far as those are known.

use super::ast::Binary;
use super::functions::{Function, Ready};
use crate::value::Value;
use kernel::Span;
use std::sync::Arc;

/// A node and its place in the mapping.
#[derive(Debug, Clone)]
pub(super) struct Ir {
    pub(super) span: Span,
    pub(super) kind: IrKind,
}

/// What a node does.
#[derive(Debug, Clone)]
pub(super) enum IrKind {
    Constant(Value),
    /// A name of the scope, by its index.
    Input(usize),
    /// The variable of an enclosing macro, counted from the outermost.
    Local(usize),
    Member(Box<Ir>, Arc<str>),
    Index(Box<Ir>, Box<Ir>),
    /// Whether there is a value, or with `false` whether there is none.
    Present(Box<Ir>, bool),
    Not(Box<Ir>),
    Negate(Box<Ir>),
    Binary(Binary, Box<[Ir; 2]>),
    Choice(Box<[Ir; 3]>),
    List(Vec<Ir>),
    Object(Vec<(Arc<str>, Ir)>),
    /// The functions that fit, of which the values choose where a type is not known before.
    Call(Vec<&'static Function>, Vec<Ir>, Ready),
    Macro(Macro, Box<Walk>),
}

/// The macros that walk over a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

/// What a macro walks over, and what it does with each element.
#[derive(Debug, Clone)]
pub(super) struct Walk {
    pub(super) range: Ir,
    /// Which elements `map` with three arguments takes.
    pub(super) only: Option<Ir>,
    pub(super) body: Ir,
}
