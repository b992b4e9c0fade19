//! Expressions: CEL over modern names, with exact decimals, dates, and a type checker of our own.
//!
//! **Invariant.** Compiled once, evaluated without a panic on any input; no name is looked up by its text at run time.
//!
//! The crate `cel` parses; types, functions and evaluation are ours, so that `0.1 + 0.1 + 0.1 == 0.3`
//! and an unknown name is an error of the mapping and not of a request.

mod ast;
mod check;
mod eval;
mod functions;
mod ir;
mod limits;
mod parse;
mod reference;
mod suggest;
mod totals;
mod types;

#[cfg(test)]
mod tests;

use crate::ty::{Record, Type};
use crate::value::Value;
use kernel::{Diagnostic, Span};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

pub use reference::reference;
pub use totals::{Aggregate, Total, Totals, totals};

/// A compiled expression. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Typed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: Box<str>,
    ty: Type,
    inputs: Box<[usize]>,
    ir: ir::Ir,
}

/// The values of the names that an expression uses.
pub trait Names {
    /// Returns the value of a name, by its index in the record that the expression was compiled against.
    fn value(&self, index: usize) -> Value;
}

/// Why an expression has no value. The message names no value of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvalError {
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// The part of the expression that failed.
    pub span: Span,
}

/// Compiles an expression, which stands at `span` without the `=` before it.
///
/// # Errors
/// E035 where it cannot be read; else every mistake: E030 unknown names, E036 functions, E042 types.
pub fn compile(text: &str, span: Span, scope: &Record) -> Result<Typed, Vec<Diagnostic>> {
    let place = |range: Range<usize>| place(text, span, range);
    let ast = parsed(text, span)?;
    let mut checker = check::Checker::new(scope, &place);
    let checked = checker.check(&ast);
    if !checker.found.is_empty() {
        return Err(checker.found);
    }
    let inputs = checker.inputs.into_iter().collect();
    Ok(Typed(Arc::new(Inner { text: text.trim().into(), ty: checked.ty, inputs, ir: checked.ir })))
}

fn parsed(text: &str, span: Span) -> Result<ast::Ast, Vec<Diagnostic>> {
    parse::parse(text).map_err(|errors| {
        let report = |error: parse::Unreadable| {
            let mut diagnostic = Diagnostic::new("E035", place(text, span, error.range), error.message);
            diagnostic.hint = error.hint.map(str::to_owned);
            diagnostic
        };
        errors.into_iter().map(report).collect()
    })
}

impl Typed {
    /// Returns the type of the result, and whether it may be absent.
    pub fn ty(&self) -> &Type {
        &self.0.ty
    }

    /// Returns the indexes of the names that it uses, ascending.
    pub fn inputs(&self) -> &[usize] {
        &self.0.inputs
    }

    /// Returns the expression as it was written.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Evaluates the expression.
    ///
    /// # Errors
    /// Overflow, division by zero, a conversion that fails, a limit, or a value that has not the type it was declared with.
    pub fn eval(&self, names: &dyn Names) -> Result<Value, EvalError> {
        eval::Evaluator::new(names).eval(&self.0.ir)
    }
}

/// Returns the place of a range of the expression, in the file.
///
/// Where the file shows the expression otherwise, because of escapes or folded lines, it is the whole place.
fn place(text: &str, span: Span, range: Range<usize>) -> Span {
    let length = usize::try_from(span.end.saturating_sub(span.start)).unwrap_or(usize::MAX);
    if length == text.len() { span.within(range.start, range.end) } else { span }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}
