//! Evaluates checked expressions.
//!
//! **Invariant.** Total: every input gives a value or an error, in bounded time and memory.
//! An absent operand makes a result absent; only `has`, `== null`, `!= null`, `&&`, `||` and `? :` look at it.

mod operators;

use super::ast::Binary;
use super::functions::{Function, Ready};
use super::ir::{Ir, IrKind, Macro, Walk};
use super::limits::{LIST_MAX, STEPS_MAX, TEXT_BYTES_MAX};
use super::{EvalError, Names};
use crate::value::Value;
use std::sync::Arc;

pub(super) use operators::compare;

type Outcome = Result<Value, EvalError>;

/// One evaluation.
pub(super) struct Evaluator<'a> {
    names: &'a dyn Names,
    /// The elements that enclosing macros stand at.
    locals: Vec<Value>,
    steps_left: usize,
}

impl<'a> Evaluator<'a> {
    /// Returns an evaluation over these names.
    pub(super) fn new(names: &'a dyn Names) -> Self {
        Self { names, locals: Vec::new(), steps_left: STEPS_MAX }
    }

    /// Evaluates a node.
    pub(super) fn eval(&mut self, ir: &Ir) -> Outcome {
        self.spend(ir, 1)?;
        match &ir.kind {
            IrKind::Constant(value) => Ok(value.clone()),
            IrKind::Input(n) => {
                let value = self.names.value(*n);
                if !self.locals.is_empty() {
                    self.spend_on(ir, &value)?;
                }
                Ok(value)
            }
            IrKind::Local(_) | IrKind::Member(..) => self.place(ir),
            IrKind::Index(of, at) => self.index(ir, of, at),
            IrKind::Present(of, wanted) => Ok(Value::Bool(self.eval(of)?.is_absent() != *wanted)),
            IrKind::Not(of) => match self.truth(of)? {
                Some(value) => Ok(Value::Bool(!value)),
                None => Ok(Value::Absent),
            },
            IrKind::Negate(of) => operators::negate(self.eval(of)?).map_err(|message| fail(ir, message)),
            IrKind::Binary(Binary::And, sides) => self.logic(sides, false),
            IrKind::Binary(Binary::Or, sides) => self.logic(sides, true),
            IrKind::Binary(op, sides) => self.binary(ir, *op, sides),
            IrKind::Choice(parts) => match self.truth(&parts[0])? {
                Some(true) => self.eval(&parts[1]),
                Some(false) => self.eval(&parts[2]),
                None => Ok(Value::Absent),
            },
            IrKind::List(items) => self.list(items),
            IrKind::Object(members) => self.object(members),
            IrKind::Call(rows, args, ready) => self.call(ir, rows, args, ready),
            IrKind::Macro(which, walk) => self.walk(*which, walk),
        }
    }

    fn spend(&mut self, ir: &Ir, steps: usize) -> Result<(), EvalError> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => {
                self.steps_left = 0;
                Err(fail(ir, format!("the expression takes more than {STEPS_MAX} steps")))
            }
        }
    }

    /// Pays for a copy of a value, or for looking at all of it.
    fn spend_on(&mut self, ir: &Ir, value: &Value) -> Result<(), EvalError> {
        match value {
            Value::List(items) => {
                self.spend(ir, items.len())?;
                items.iter().try_for_each(|item| self.spend_on(ir, item))
            }
            Value::Object(members) => {
                self.spend(ir, members.len())?;
                members.iter().try_for_each(|(_, value)| self.spend_on(ir, value))
            }
            Value::Text(text) => self.spend(ir, text.len() / 64),
            Value::Bytes(bytes) => self.spend(ir, bytes.len() / 64),
            _ => Ok(()),
        }
    }

    /// Evaluates a variable or a member, and copies no more than that.
    fn place(&mut self, ir: &Ir) -> Outcome {
        if let Some(found) = lookup(&self.locals, ir) {
            let value = found.map_err(|message| fail(ir, message))?.clone();
            self.spend_on(ir, &value)?;
            return Ok(value);
        }
        let IrKind::Member(of, name) = &ir.kind else { return Ok(Value::Absent) };
        match self.eval(of)? {
            Value::Absent | Value::Null => Ok(Value::Absent),
            Value::Object(members) => {
                Ok(members.into_iter().find(|(key, _)| key == name).map_or(Value::Absent, |(_, value)| value))
            }
            _ => Err(fail(ir, NO_OBJECT)),
        }
    }

    fn index(&mut self, ir: &Ir, of: &Ir, at: &Ir) -> Outcome {
        let (of, at) = (self.eval(of)?, self.eval(at)?);
        match (of, at) {
            (Value::Absent | Value::Null, _) | (_, Value::Absent | Value::Null) => Ok(Value::Absent),
            (Value::List(items), Value::Number(n)) => {
                let n = n.to_i64().ok_or_else(|| fail(ir, "the index is no integer"))?;
                // Behind the end there is nothing, as in a record without this element.
                let n = usize::try_from(n).map_err(|_| fail(ir, "the index is negative"))?;
                Ok(items.into_iter().nth(n).unwrap_or_default())
            }
            (Value::Object(members), Value::Text(name)) => Ok(members
                .into_iter()
                .find(|(key, _)| *key == name)
                .map_or(Value::Absent, |(_, value)| value)),
            _ => Err(fail(ir, "a list is indexed by an integer, an object by a text")),
        }
    }

    /// Evaluates to true, false or absent.
    fn truth(&mut self, ir: &Ir) -> Result<Option<bool>, EvalError> {
        match self.eval(ir)? {
            Value::Bool(value) => Ok(Some(value)),
            Value::Absent | Value::Null => Ok(None),
            _ => Err(fail(ir, "this is neither true nor false")),
        }
    }

    /// Evaluates `&&` (decided by false) and `||` (decided by true).
    ///
    /// The side that decides wins over an error and over absence on the other one, as in CEL; an error wins over absence.
    fn logic(&mut self, sides: &[Ir; 2], decisive: bool) -> Outcome {
        let left = self.truth(&sides[0]);
        if left == Ok(Some(decisive)) {
            return Ok(Value::Bool(decisive));
        }
        let right = self.truth(&sides[1]);
        if right == Ok(Some(decisive)) {
            return Ok(Value::Bool(decisive));
        }
        Ok(match (left?, right?) {
            (Some(_), Some(_)) => Value::Bool(!decisive),
            _ => Value::Absent,
        })
    }

    fn binary(&mut self, ir: &Ir, op: Binary, sides: &[Ir; 2]) -> Outcome {
        let (left, right) = (self.eval(&sides[0])?, self.eval(&sides[1])?);
        if left.is_absent() || right.is_absent() {
            return Ok(Value::Absent);
        }
        self.spend_on(ir, &left)?;
        self.spend_on(ir, &right)?;
        let value = operators::binary(op, left, right).map_err(|message| fail(ir, message))?;
        bounded(ir, value)
    }

    fn list(&mut self, items: &[Ir]) -> Outcome {
        let mut list = Vec::with_capacity(items.len());
        for item in items {
            list.push(element(self.eval(item)?));
        }
        Ok(Value::List(list))
    }

    fn object(&mut self, members: &[(Arc<str>, Ir)]) -> Outcome {
        let mut object = Vec::with_capacity(members.len());
        for (name, member) in members {
            match self.eval(member)? {
                // A member that is absent is not there; one that is null is.
                Value::Absent => {}
                value => object.push((name.clone(), value)),
            }
        }
        Ok(Value::Object(object))
    }

    fn call(&mut self, ir: &Ir, rows: &[&'static Function], args: &[Ir], ready: &Ready) -> Outcome {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let value = self.eval(arg)?;
            self.spend_on(ir, &value)?;
            values.push(value);
        }
        if values.iter().any(Value::is_absent) {
            return Ok(Value::Absent);
        }
        let fits = |row: &Function| values.iter().enumerate().all(|(n, value)| row.param(n).takes(value));
        let Some(row) = rows.iter().find(|row| fits(row)) else {
            let name = rows.first().map_or("function", |row| row.name);
            return Err(fail(ir, format!("`{name}` does not take values of these types")));
        };
        let value = (row.run)(&values, ready).map_err(|message| fail(ir, message))?;
        self.spend_on(ir, &value)?;
        bounded(ir, value)
    }

    fn walk(&mut self, which: Macro, walk: &Walk) -> Outcome {
        let items = match self.eval(&walk.range)? {
            Value::Absent | Value::Null => return Ok(Value::Absent),
            Value::List(items) => items,
            Value::Object(members) => members.into_iter().map(|(name, _)| Value::Text(name)).collect(),
            _ => return Err(fail(&walk.range, "only lists and objects can be walked over")),
        };
        if items.len() > LIST_MAX {
            return Err(fail(&walk.range, format!("a list of more than {LIST_MAX} elements")));
        }
        let depth = self.locals.len();
        let outcome = match which {
            Macro::All => self.decide(items, &walk.body, false),
            Macro::Exists => self.decide(items, &walk.body, true),
            Macro::ExistsOne => self.exactly_one(items, &walk.body),
            Macro::Map => self.map(items, walk),
            Macro::Filter => self.filter(items, &walk.body),
        };
        self.locals.truncate(depth);
        outcome
    }

    /// Evaluates a node for one element; the element comes back with the outcome.
    fn with<T>(
        &mut self,
        item: Value,
        run: impl FnOnce(&mut Self) -> Result<T, EvalError>,
    ) -> (Value, Result<T, EvalError>) {
        self.locals.push(item);
        let outcome = run(self);
        (self.locals.pop().unwrap_or_default(), outcome)
    }

    fn decide(&mut self, items: Vec<Value>, body: &Ir, decisive: bool) -> Outcome {
        let (mut error, mut unknown) = (None, false);
        for item in items {
            match self.with(item, |this| this.truth(body)).1 {
                Ok(Some(value)) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(Some(_)) => {}
                Ok(None) => unknown = true,
                // Without steps left the other elements cannot be asked.
                Err(failed) if self.steps_left == 0 => return Err(failed),
                Err(failed) => error = error.or(Some(failed)),
            }
        }
        match (error, unknown) {
            (Some(error), _) => Err(error),
            (None, true) => Ok(Value::Absent),
            (None, false) => Ok(Value::Bool(!decisive)),
        }
    }

    fn exactly_one(&mut self, items: Vec<Value>, body: &Ir) -> Outcome {
        let (mut found, mut unknown) = (0usize, false);
        for item in items {
            match self.with(item, |this| this.truth(body)).1? {
                Some(value) => found += usize::from(value),
                None => unknown = true,
            }
        }
        Ok(if unknown { Value::Absent } else { Value::Bool(found == 1) })
    }

    fn map(&mut self, items: Vec<Value>, walk: &Walk) -> Outcome {
        let mut list = Vec::new();
        for item in items {
            let made = self.with(item, |this| {
                match walk.only.as_ref().map(|only| this.truth(only)).transpose()? {
                    Some(Some(false)) => Ok(Some(None)),
                    Some(None) => Ok(None),
                    None | Some(Some(true)) => this.eval(&walk.body).map(|value| Some(Some(value))),
                }
            });
            match made.1? {
                Some(Some(value)) => list.push(element(value)),
                Some(None) => {}
                None => return Ok(Value::Absent),
            }
        }
        Ok(Value::List(list))
    }

    fn filter(&mut self, items: Vec<Value>, body: &Ir) -> Outcome {
        let mut list = Vec::new();
        for item in items {
            let (item, taken) = self.with(item, |this| this.truth(body));
            match taken? {
                Some(true) => list.push(item),
                Some(false) => {}
                None => return Ok(Value::Absent),
            }
        }
        Ok(Value::List(list))
    }
}

const NO_OBJECT: &str = "only an object has members";

/// Finds a variable, or a member of one, without copying it. `None` where the node does not begin with a variable.
fn lookup<'v>(locals: &'v [Value], ir: &Ir) -> Option<Result<&'v Value, &'static str>> {
    const NOTHING: &Value = &Value::Absent;
    match &ir.kind {
        IrKind::Local(n) => Some(Ok(locals.get(*n).unwrap_or(NOTHING))),
        IrKind::Member(of, name) => Some(match lookup(locals, of)? {
            Ok(Value::Absent | Value::Null) => Ok(NOTHING),
            Ok(value @ Value::Object(_)) => Ok(value.member(name).unwrap_or(NOTHING)),
            Ok(_) => Err(NO_OBJECT),
            Err(message) => Err(message),
        }),
        _ => None,
    }
}

/// Returns what stands in a list: nothing is `null` there.
fn element(value: Value) -> Value {
    if value.is_absent() { Value::Null } else { value }
}

fn bounded(ir: &Ir, value: Value) -> Outcome {
    match &value {
        Value::Text(text) if text.len() > TEXT_BYTES_MAX => {
            Err(fail(ir, format!("a text of more than {TEXT_BYTES_MAX} bytes")))
        }
        Value::Bytes(bytes) if bytes.len() > TEXT_BYTES_MAX => {
            Err(fail(ir, format!("more than {TEXT_BYTES_MAX} bytes")))
        }
        Value::List(items) if items.len() > LIST_MAX => {
            Err(fail(ir, format!("a list of more than {LIST_MAX} elements")))
        }
        _ => Ok(value),
    }
}

fn fail(ir: &Ir, message: impl Into<String>) -> EvalError {
    EvalError { message: message.into(), span: ir.span }
}
