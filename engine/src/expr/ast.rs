//! Expressions after parsing: what was written, with the place of every node.
//!
//! **Invariant.** A range is a byte range of the expression's own text; nothing here has a type yet.

use kernel::Decimal;
use std::ops::Range;
use std::sync::Arc;

/// A node and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Ast {
    pub(super) range: Range<usize>,
    pub(super) kind: AstKind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum AstKind {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Arc<str>),
    Bytes(Arc<[u8]>),
    Name(Arc<str>),
    Select {
        of: Box<Ast>,
        name: Arc<str>,
        name_range: Range<usize>,
    },
    Index {
        of: Box<Ast>,
        at: Box<Ast>,
    },
    Call {
        target: Option<Box<Ast>>,
        name: Arc<str>,
        name_range: Range<usize>,
        args: Vec<Ast>,
    },
    Unary(Unary, Box<Ast>),
    Binary(Binary, Box<[Ast; 2]>),
    Choice(Box<[Ast; 3]>),
    List(Vec<Ast>),
    Object(Vec<(Ast, Ast)>),
    /// It could not be read; that was reported.
    Broken,
}

/// Operators with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Negate,
}

/// Operators with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Binary {
    /// Returns the operator as it is written.
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Or => "||",
            Self::And => "&&",
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
        }
    }
}
