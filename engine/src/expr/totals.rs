//! Totals over many records: `count`, `sum(f)`, `min(f)`, `max(f)`, and arithmetic over them.
//!
//! **Invariant.** A field stands only within one of the three functions, because outside of them it has no one value.

use super::ast::{Ast, AstKind};
use super::check::Checker;
use super::{Inner, Typed, parsed, place};
use crate::ty::{Kind, Record, Type};
use kernel::{Diagnostic, Span};
use std::ops::Range;
use std::sync::Arc;

/// An expression over totals. Its input 0 is `count`; input `n + 1` is the n-th of what is asked for.
#[derive(Debug, Clone)]
pub struct Totals {
    /// The expression.
    pub typed: Typed,
    /// What has to be kept of the records.
    pub asked: Vec<Total>,
}

/// One thing that is kept of many records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// How values become one.
    pub what: Aggregate,
    /// The field by its names, outermost first.
    pub names: Vec<Arc<str>>,
}

/// How values become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    /// They are added up.
    Sum,
    /// The least one.
    Min,
    /// The greatest one.
    Max,
}

/// The name of how many records there are.
const COUNT: &str = "count";

/// Compiles an expression over totals of records that have these fields. It stands at `span` without the `=` before it.
///
/// # Errors
/// As for [`super::compile`], and E042 for what is no number.
pub fn totals(text: &str, span: Span, fields: &Record) -> Result<Totals, Vec<Diagnostic>> {
    let place = |range: Range<usize>| place(text, span, range);
    let mut ast = parsed(text, span)?;
    let whole = Type::required(Kind::Number { integer: true });
    let mut taken = Taken {
        fields,
        place: &place,
        scope: Record { fields: vec![(COUNT.into(), whole)] },
        asked: Vec::new(),
        found: Vec::new(),
    };
    taken.node(&mut ast);
    let Taken { scope, asked, mut found, .. } = taken;
    let mut checker = Checker::new(&scope, &place);
    let checked = checker.check(&ast);
    found.append(&mut checker.found);
    if found.is_empty() && !is_number(&checked.ty.kind) {
        let message = format!("this is {}, and a total is a number", checked.ty.kind.describe());
        found.push(Diagnostic::new("E042", span, message));
    }
    if !found.is_empty() {
        return Err(found);
    }
    let inputs = checker.inputs.into_iter().collect();
    let inner = Inner { text: text.trim().into(), ty: checked.ty, inputs, ir: checked.ir };
    Ok(Totals { typed: Typed(Arc::new(inner)), asked })
}

/// Takes the totals out of an expression, and puts a name in the place of each.
struct Taken<'a> {
    fields: &'a Record,
    place: &'a dyn Fn(Range<usize>) -> Span,
    scope: Record,
    asked: Vec<Total>,
    found: Vec<Diagnostic>,
}

impl Taken<'_> {
    fn node(&mut self, ast: &mut Ast) {
        match &mut ast.kind {
            AstKind::Call { target: None, name, args, .. } if aggregate(name).is_some() => {
                let what = aggregate(name).unwrap_or(Aggregate::Sum);
                ast.kind = self.total(what, name.clone(), args, &ast.range);
            }
            AstKind::Name(name) if &**name != COUNT && self.fields.find(name).is_some() => {
                let message = format!("`{name}` has another value in each record");
                let hint = format!("write sum({name}), min({name}) or max({name})");
                let span = (self.place)(ast.range.clone());
                self.found.push(Diagnostic::new("E030", span, message).hint(hint));
                ast.kind = AstKind::Broken;
            }
            AstKind::Select { of, .. } | AstKind::Unary(_, of) => self.node(of),
            AstKind::Index { of, at } => [of, at].into_iter().for_each(|ast| self.node(ast)),
            AstKind::Call { target, args, .. } => {
                target.iter_mut().for_each(|ast| self.node(ast));
                args.iter_mut().for_each(|ast| self.node(ast));
            }
            AstKind::Binary(_, sides) => sides.iter_mut().for_each(|ast| self.node(ast)),
            AstKind::Choice(parts) => parts.iter_mut().for_each(|ast| self.node(ast)),
            AstKind::List(items) => items.iter_mut().for_each(|ast| self.node(ast)),
            _ => {}
        }
    }

    fn total(&mut self, what: Aggregate, name: Arc<str>, args: &[Ast], range: &Range<usize>) -> AstKind {
        let names = match args {
            [of] => path(of),
            _ => None,
        };
        let (Some(names), [of]) = (names, args) else {
            let span = (self.place)(range.clone());
            let message = format!("`{name}` takes one field here");
            self.found.push(Diagnostic::new("E036", span, message).hint(format!("write {name}(field)")));
            return AstKind::Broken;
        };
        let mut checker = Checker::new(self.fields, self.place);
        let checked = checker.check(of);
        let known = checker.found.is_empty();
        self.found.append(&mut checker.found);
        if known && !is_number(&checked.ty.kind) {
            let found = checked.ty.kind.describe();
            let message = format!("`{}` is {found}, and `{name}` takes numbers", names.join("."));
            self.found.push(Diagnostic::new("E042", (self.place)(of.range.clone()), message));
            return AstKind::Broken;
        }
        let label: Arc<str> = format!("{name}({})", names.join(".")).into();
        if self.scope.find(&label).is_none() {
            let kind = Kind::Number { integer: checked.ty.kind == Kind::Number { integer: true } };
            // Of no records at all there is a sum, but no least and no greatest value.
            self.scope.fields.push((label.clone(), Type { kind, optional: what != Aggregate::Sum }));
            self.asked.push(Total { what, names });
        }
        AstKind::Name(label)
    }
}

fn aggregate(name: &str) -> Option<Aggregate> {
    Some(match name {
        "sum" => Aggregate::Sum,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        _ => return None,
    })
}

/// Returns the names of `a.b.c`.
fn path(ast: &Ast) -> Option<Vec<Arc<str>>> {
    match &ast.kind {
        AstKind::Name(name) => Some(vec![name.clone()]),
        AstKind::Select { of, name, .. } => {
            let mut names = path(of)?;
            names.push(name.clone());
            Some(names)
        }
        _ => None,
    }
}

fn is_number(kind: &Kind) -> bool {
    matches!(kind, Kind::Number { .. } | Kind::Float | Kind::Any)
}
