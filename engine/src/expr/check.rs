//! Checks an expression against the names that it may use, and makes it ready for evaluation.
//!
//! **Invariant.** All mistakes are reported, each at its node; an expression with a mistake is never evaluated.
//!
//! Whether a result may be absent follows from its inputs: `has(x)`, `x != null` and `x == null` are always there,
//! and what they prove holds in the branch and behind the `&&` or `||` that it decides.

mod calls;
mod presence;

use super::ast::{Ast, AstKind, Binary, Unary};
use super::ir::{Ir, IrKind};
use super::suggest::closest;
use super::types::{arithmetic, comparable, ordered, remedy, unify};
use crate::ty::{Kind, Record, Type};
use crate::value::Value;
pub(super) use calls::MACROS;
use kernel::{Diagnostic, Span};
use presence::{Path, learned, path};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

/// A checked expression.
pub(super) struct Checked {
    pub(super) ir: Ir,
    pub(super) ty: Type,
    /// It is the literal `null`, which goes together with every type.
    null: bool,
}

/// Walks over an expression.
pub(super) struct Checker<'a> {
    scope: &'a Record,
    /// Returns the place of a range of the expression's text.
    place: &'a dyn Fn(Range<usize>) -> Span,
    /// The variables of enclosing macros, outermost first.
    locals: Vec<(Arc<str>, Type)>,
    /// What is known to be present here.
    present: Vec<Path>,
    /// What was found to be wrong.
    pub(super) found: Vec<Diagnostic>,
    /// Indexes of the names that were used.
    pub(super) inputs: BTreeSet<usize>,
}

impl<'a> Checker<'a> {
    /// Returns a checker for expressions over these names.
    pub(super) fn new(scope: &'a Record, place: &'a dyn Fn(Range<usize>) -> Span) -> Self {
        Self {
            scope,
            place,
            locals: Vec::new(),
            present: Vec::new(),
            found: Vec::new(),
            inputs: BTreeSet::new(),
        }
    }

    /// Checks a node and everything below it.
    pub(super) fn check(&mut self, ast: &Ast) -> Checked {
        let constant = |kind, value| (IrKind::Constant(value), Type::required(kind));
        let (kind, ty) = match &ast.kind {
            AstKind::Null => {
                let mut null = self.known(ast, (IrKind::Constant(Value::Null), Type::optional(Kind::Any)));
                null.null = true;
                return null;
            }
            AstKind::Bool(value) => constant(Kind::Bool, Value::Bool(*value)),
            AstKind::Number(value) => {
                constant(Kind::Number { integer: value.scale() == 0 }, Value::Number(*value))
            }
            AstKind::Text(value) => constant(Kind::Text, Value::Text(value.clone())),
            AstKind::Bytes(value) => constant(Kind::Bytes, Value::Bytes(value.clone())),
            AstKind::Name(name) => return self.name(ast, name),
            AstKind::Select { of, name, name_range } => return self.select(ast, of, name, name_range),
            AstKind::Index { of, at } => return self.index(ast, of, at),
            AstKind::Call { .. } => return self.call(ast),
            AstKind::Unary(op, of) => return self.unary(ast, *op, of),
            AstKind::Binary(op, sides) => return self.binary(ast, *op, &sides[0], &sides[1]),
            AstKind::Choice(parts) => return self.choice(ast, parts),
            AstKind::List(items) => return self.list(ast, items),
            AstKind::Object(entries) => return self.object(ast, entries),
            AstKind::Broken => return self.broken(ast),
        };
        self.known(ast, (kind, ty))
    }

    /// Checks a node with something more known to be present.
    fn knowing(&mut self, facts: Vec<Path>, ast: &Ast) -> Checked {
        let before = self.present.len();
        self.present.extend(facts);
        let checked = self.check(ast);
        self.present.truncate(before);
        checked
    }

    /// Returns a checked node; a path that is known to be present is not optional.
    fn known(&self, ast: &Ast, (kind, mut ty): (IrKind, Type)) -> Checked {
        let ir = Ir { span: (self.place)(ast.range.clone()), kind };
        if ty.optional && path(&ir).is_some_and(|path| self.present.contains(&path)) {
            ty.optional = false;
        }
        Checked { ir, ty, null: false }
    }

    /// Stands in for a node with a mistake, so that it causes no further ones.
    fn broken(&self, ast: &Ast) -> Checked {
        self.known(ast, (IrKind::Constant(Value::Absent), Type::required(Kind::Any)))
    }

    fn report(&mut self, code: &'static str, range: &Range<usize>, message: String, hint: Option<String>) {
        let mut diagnostic = Diagnostic::new(code, (self.place)(range.clone()), message);
        diagnostic.hint = hint;
        self.found.push(diagnostic);
    }

    fn wrong(&mut self, ast: &Ast, message: String, hint: Option<&str>) -> Checked {
        self.report("E042", &ast.range, message, hint.map(str::to_owned));
        self.broken(ast)
    }

    fn name(&mut self, ast: &Ast, name: &str) -> Checked {
        if let Some(n) = self.locals.iter().rposition(|(local, _)| &**local == name) {
            let ty = self.locals[n].1.clone();
            return self.known(ast, (IrKind::Local(n), ty));
        }
        if let Some((n, ty)) = self.scope.find(name) {
            self.inputs.insert(n);
            return self.known(ast, (IrKind::Input(n), ty.clone()));
        }
        let names = self.scope.fields.iter().chain(&self.locals).map(|(name, _)| &**name);
        let hint = closest(name, names);
        self.report("E030", &ast.range, format!("there is no `{name}` here"), hint);
        self.broken(ast)
    }

    fn select(&mut self, ast: &Ast, of: &Ast, name: &Arc<str>, name_range: &Range<usize>) -> Checked {
        let of_checked = self.check(of);
        let (kind, optional) = (of_checked.ty.kind.clone(), of_checked.ty.optional);
        match kind {
            Kind::Any if !of_checked.null => {
                let ir = IrKind::Member(Box::new(of_checked.ir), name.clone());
                self.known(ast, (ir, Type::optional(Kind::Any)))
            }
            Kind::Object(record) => match record.find(name) {
                Some((_, ty)) => {
                    let ty = Type { kind: ty.kind.clone(), optional: ty.optional || optional };
                    self.known(ast, (IrKind::Member(Box::new(of_checked.ir), name.clone()), ty))
                }
                None => {
                    let hint = closest(name, record.fields.iter().map(|(name, _)| &**name));
                    self.report("E030", name_range, format!("the object has no `{name}`"), hint);
                    self.broken(ast)
                }
            },
            Kind::List(_) => {
                let hint = format!("take one, such as [0].{name}, or all by map(each, each.{name})");
                self.wrong(ast, format!("a list has no `{name}`"), Some(&hint))
            }
            kind => {
                let message = format!("a value of type {} has no `{name}`", kind.describe());
                self.wrong(ast, message, None)
            }
        }
    }

    fn index(&mut self, ast: &Ast, of: &Ast, at: &Ast) -> Checked {
        let (list, place) = (self.check(of), self.check(at));
        let optional = list.ty.optional || place.ty.optional;
        let kind = match (&list.ty.kind, &place.ty.kind) {
            _ if list.null || place.null => None,
            (Kind::Any, _) => Some(Kind::Any),
            (Kind::List(of), Kind::Number { integer: true } | Kind::Any) => Some(of.kind.clone()),
            (Kind::Object(record), Kind::Text) => match &at.kind {
                AstKind::Text(name) => return self.member(ast, at, list.ir, optional, &record.clone(), name),
                _ => Some(any_member(record)),
            },
            (Kind::Object(record), Kind::Any) => Some(any_member(record)),
            _ => None,
        };
        match kind {
            // Behind the end of a list there is nothing, so the result may always be absent.
            Some(kind) => {
                let ir = IrKind::Index(Box::new(list.ir), Box::new(place.ir));
                self.known(ast, (ir, Type::optional(kind)))
            }
            None => {
                let (of, at) = (list.ty.kind.describe(), place.ty.kind.describe());
                let hint = "a list is indexed by an integer from 0, an object by a text";
                self.wrong(ast, format!("{of} cannot be indexed by {at}"), Some(hint))
            }
        }
    }

    fn member(
        &mut self,
        ast: &Ast,
        at: &Ast,
        of: Ir,
        optional: bool,
        record: &Record,
        name: &Arc<str>,
    ) -> Checked {
        let Some((_, ty)) = record.find(name) else {
            let hint = closest(name, record.fields.iter().map(|(name, _)| &**name));
            self.report("E030", &at.range, format!("the object has no `{name}`"), hint);
            return self.broken(ast);
        };
        let ty = Type { kind: ty.kind.clone(), optional: ty.optional || optional };
        self.known(ast, (IrKind::Member(Box::new(of), name.clone()), ty))
    }

    fn unary(&mut self, ast: &Ast, op: Unary, of: &Ast) -> Checked {
        let of = self.check(of);
        let optional = of.ty.optional;
        let kind = match (op, &of.ty.kind) {
            (Unary::Not, Kind::Bool | Kind::Any) => Some(Kind::Bool),
            (Unary::Negate, Kind::Number { integer }) => Some(Kind::Number { integer: *integer }),
            (Unary::Negate, Kind::Float) => Some(Kind::Number { integer: false }),
            (Unary::Negate, kind @ (Kind::Duration | Kind::Any)) => Some(kind.clone()),
            _ => None,
        };
        let Some(kind) = kind else {
            let symbol = if op == Unary::Not { "!" } else { "-" };
            return self.wrong(ast, format!("`{symbol}` does not go with {}", of.ty.kind.describe()), None);
        };
        let inner = Box::new(of.ir);
        let ir = if op == Unary::Not { IrKind::Not(inner) } else { IrKind::Negate(inner) };
        self.known(ast, (ir, Type { kind, optional }))
    }

    fn binary(&mut self, ast: &Ast, op: Binary, left: &Ast, right: &Ast) -> Checked {
        match op {
            Binary::And | Binary::Or => return self.logic(ast, op, left, right),
            Binary::Equal | Binary::Unequal => {
                let null = |ast: &Ast| matches!(ast.kind, AstKind::Null);
                let tested = if null(right) { Some(left) } else { null(left).then_some(right) };
                if let Some(tested) = tested {
                    let tested = self.check(tested);
                    let ir = IrKind::Present(Box::new(tested.ir), op == Binary::Unequal);
                    return self.known(ast, (ir, Type::required(Kind::Bool)));
                }
            }
            _ => {}
        }
        let (left, right) = (self.check(left), self.check(right));
        let (a, b) = (&left.ty.kind, &right.ty.kind);
        let kind = match op {
            Binary::Equal | Binary::Unequal => comparable(a, b).then_some(Kind::Bool),
            Binary::In => contains(b, a).then_some(Kind::Bool),
            Binary::Less | Binary::LessOrEqual | Binary::Greater | Binary::GreaterOrEqual => {
                (comparable(a, b) && ordered(a) && ordered(b)).then_some(Kind::Bool)
            }
            _ => arithmetic(op, a, b),
        };
        let Some(kind) = kind else {
            let message = format!("`{}` does not go with {} and {}", op.symbol(), a.describe(), b.describe());
            let hint = remedy(a, b);
            return self.wrong(ast, message, hint);
        };
        let optional = left.ty.optional || right.ty.optional;
        let ir = IrKind::Binary(op, Box::new([left.ir, right.ir]));
        self.known(ast, (ir, Type { kind, optional }))
    }

    fn logic(&mut self, ast: &Ast, op: Binary, left: &Ast, right: &Ast) -> Checked {
        let first = self.check(left);
        // The right side matters only if the left one does not decide.
        let second = self.knowing(learned(&first.ir, op == Binary::And), right);
        for (side, checked) in [(left, &first), (right, &second)] {
            self.boolean(side, checked, op.symbol());
        }
        let optional = first.ty.optional || second.ty.optional;
        let ir = IrKind::Binary(op, Box::new([first.ir, second.ir]));
        self.known(ast, (ir, Type { kind: Kind::Bool, optional }))
    }

    fn boolean(&mut self, ast: &Ast, checked: &Checked, what: &str) {
        if !matches!(checked.ty.kind, Kind::Bool | Kind::Any) {
            let message = format!("`{what}` needs true or false, not {}", checked.ty.kind.describe());
            self.report("E042", &ast.range, message, None);
        }
    }

    fn choice(&mut self, ast: &Ast, parts: &[Ast; 3]) -> Checked {
        let [test, yes, no] = parts;
        let tested = self.check(test);
        self.boolean(test, &tested, "? :");
        let chosen = self.knowing(learned(&tested.ir, true), yes);
        let other = self.knowing(learned(&tested.ir, false), no);
        let kind = match (chosen.null, other.null) {
            (true, _) => Some(other.ty.kind.clone()),
            (_, true) => Some(chosen.ty.kind.clone()),
            _ => unify(&chosen.ty.kind, &other.ty.kind),
        };
        let Some(kind) = kind else {
            let (a, b) = (chosen.ty.kind.describe(), other.ty.kind.describe());
            return self.wrong(ast, format!("the two results have unlike types: {a} and {b}"), None);
        };
        let optional = tested.ty.optional || chosen.ty.optional || other.ty.optional;
        let ir = IrKind::Choice(Box::new([tested.ir, chosen.ir, other.ir]));
        self.known(ast, (ir, Type { kind, optional }))
    }

    fn list(&mut self, ast: &Ast, items: &[Ast]) -> Checked {
        let items: Vec<Checked> = items.iter().map(|item| self.check(item)).collect();
        let mut kinds = items.iter().filter(|item| !item.null).map(|item| &item.ty.kind);
        let first = kinds.next().cloned().unwrap_or(Kind::Any);
        let kind = kinds.try_fold(first, |all, kind| unify(&all, kind)).unwrap_or(Kind::Any);
        let optional = items.iter().any(|item| item.ty.optional);
        let ty = Type::required(Kind::List(Arc::new(Type { kind, optional })));
        self.known(ast, (IrKind::List(items.into_iter().map(|item| item.ir).collect()), ty))
    }

    fn object(&mut self, ast: &Ast, entries: &[(Ast, Ast)]) -> Checked {
        let (mut members, mut record) = (Vec::new(), Record::default());
        for (key, value) in entries {
            let value = self.check(value);
            let AstKind::Text(name) = &key.kind else {
                let hint = "put it in quotes";
                self.report(
                    "E042",
                    &key.range,
                    "the name of a member is written as a text".into(),
                    Some(hint.into()),
                );
                continue;
            };
            if record.find(name).is_some() {
                self.report("E042", &key.range, format!("the object has two members `{name}`"), None);
                continue;
            }
            record.fields.push((name.clone(), value.ty));
            members.push((name.clone(), value.ir));
        }
        self.known(ast, (IrKind::Object(members), Type::required(Kind::Object(Arc::new(record)))))
    }
}

/// Returns whether `in` has a meaning: an element in a list, or the name of a member in an object.
fn contains(container: &Kind, element: &Kind) -> bool {
    match container {
        Kind::Any => true,
        Kind::List(of) => comparable(&of.kind, element),
        Kind::Object(_) => matches!(element, Kind::Text | Kind::Any),
        _ => false,
    }
}

/// Returns the type that all members share.
fn any_member(record: &Record) -> Kind {
    let mut kinds = record.fields.iter().map(|(_, ty)| &ty.kind);
    let first = kinds.next().cloned().unwrap_or(Kind::Any);
    kinds.try_fold(first, |all, kind| unify(&all, kind)).unwrap_or(Kind::Any)
}
