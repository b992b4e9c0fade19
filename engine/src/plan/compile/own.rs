//! Statements of the mapping's author: what their parameters are, and whether they fit what the operation means.
//!
//! **Invariant.** A statement is never put together: its text stays as written, and every value is bound.

use super::Compiler;
use super::operations::Subject;
use crate::codec::{Chain, Setting, Source};
use crate::lang::{self, Spanned};
use crate::plan::model::{Formula, Model, Origin, Scope};
use crate::plan::read::{ReadPlan, ReadSpec};
use crate::program::{CallPlan, OwnPlan, OwnValue, Param, Target, Verb};
use crate::ty::Kind;
use kernel::{Diagnostic, OperationId, PartId, ScalarType, Span, Statement};
use std::sync::Arc;

impl Compiler<'_> {
    /// Finds the connection on which a statement runs: that of the model, else the only one with tables.
    pub(super) fn connection_of(&mut self, statement: &Spanned<String>, subject: &Subject) -> Option<usize> {
        if let Subject::Mapped(_, model) = subject
            && self.table(model).is_some()
        {
            return Some(model.connection);
        }
        let takes = |connection: &crate::program::ConnectionPlan| {
            connection.catalogue.as_ref().is_some_and(|catalogue| !catalogue.tables.is_empty())
        };
        let found: Vec<usize> =
            (0..self.connections.len()).filter(|&n| takes(&self.connections[n])).collect();
        match found.as_slice() {
            [one] => Some(*one),
            [] if !self.failed.is_empty() => None,
            several => {
                let message = match several.len() {
                    0 => "no connection takes statements",
                    _ => "several connections take statements, and nothing says which one is meant",
                };
                let hint = "name a model on a table of the connection, by the verb or by `body:`";
                self.found.push(Diagnostic::new("E002", statement.span, message).hint(hint));
                None
            }
        }
    }

    /// Compiles a statement that gives rows of a model, and returns the columns that it gives.
    pub(super) fn reading_statement(
        &mut self,
        statement: &Spanned<String>,
        model: &Model,
        names: &Arc<Scope>,
    ) -> Option<(OwnPlan, Vec<Arc<str>>)> {
        let (own, facts) = self.statement(statement, model.connection, names)?;
        match facts.columns {
            Some(columns) if !facts.writes => Some((own, columns)),
            _ => {
                let message = "the operation reads, and the statement gives no rows or changes something";
                self.found.push(
                    Diagnostic::new("E078", statement.span, message)
                        .hint("write a SELECT without side effects"),
                );
                None
            }
        }
    }

    /// E078: the model needs columns that the statement does not give.
    pub(super) fn given(
        &mut self,
        operation: &lang::Operation,
        given: &[Arc<str>],
        model: &Model,
        needed: &[PartId],
    ) {
        let span = operation.statement.as_ref().map_or(operation.key.span, |statement| statement.span);
        let name = |part: PartId| &*model.shape.part(part).name.local;
        let missing: Vec<&str> = needed
            .iter()
            .map(|&part| name(part))
            .filter(|name| !given.iter().any(|given| given.eq_ignore_ascii_case(name) || &**given == "*"))
            .collect();
        if !missing.is_empty() {
            let message = format!(
                "{} needs columns that the statement does not give: {}",
                model.name,
                missing.join(", ")
            );
            self.found.push(
                Diagnostic::new("E078", span, message)
                    .also(Some(model.span), "the model")
                    .hint("select them, or use a model that reads less"),
            );
        }
    }

    /// Compiles an operation that is a statement without rows.
    pub(super) fn own_call(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        connection: usize,
        (names, params): (&Arc<Scope>, &[Param]),
    ) -> Option<CallPlan> {
        let statement = operation.statement.as_ref()?;
        let (own, facts) = self.statement(statement, connection, names)?;
        if matches!(verb, Verb::Get | Verb::List) {
            let message = "the model is on no table, so nothing says how rows of a statement are read";
            let hint = "the model's `legacy:` names the table whose columns the statement gives";
            self.found.push(Diagnostic::new("E078", statement.span, message).hint(hint));
            return None;
        }
        if facts.columns.is_some() || !facts.writes {
            let message = format!("{} changes something, and the statement only reads", operation.key.value);
            self.found.push(
                Diagnostic::new("E078", statement.span, message).hint("write `get:` or `list:` and a model"),
            );
        }
        for (index, param) in params.iter().enumerate() {
            if !own.values.iter().any(|value| uses(&value.formula, index)) {
                let span = super::operations::span_of(operation, &param.name);
                self.report("E038", span, format!("parameter `{}` is not used", param.name)).hint =
                    Some(format!("write `:{}` into the statement", param.name));
            }
        }
        let plan = &self.connections[connection];
        let shape = Arc::clone(&plan.catalogue.as_ref()?.shape);
        let root = plan.catalogue.as_ref()?.tables.first()?.rows;
        let (tests, details) = self.judged_on(connection, &shape, root);
        let repeatable = operation.policy.repeatable.as_ref().is_some_and(|it| it.value);
        let read = ReadPlan::new(&ReadSpec {
            shape,
            root,
            table: Arc::clone(&plan.table),
            tests,
            details,
            record: None,
            cursor: None,
            strict: plan.strict,
            repeatable,
        });
        Some(CallPlan {
            connection,
            operation: OperationId::QUERY,
            name: format!("{} by an own statement", plan.name).into(),
            repeatable,
            target: Target::Own(own),
            read: Arc::new(read),
        })
    }

    /// Reads a statement and types its parameters; E078, E030.
    fn statement(
        &mut self,
        statement: &Spanned<String>,
        connection: usize,
        names: &Arc<Scope>,
    ) -> Option<(OwnPlan, Statement)> {
        let name = self.connections[connection].name.to_string();
        let facts = match (self.statements)(&name, &statement.value) {
            Ok(facts) => facts,
            Err(errors) => {
                for error in errors {
                    let span = self.place(statement, error.range.start, error.range.end);
                    self.report("E078", span, error.message).hint = error.hint;
                }
                return None;
            }
        };
        let mut values = Vec::new();
        for (name, ty) in &facts.parameters {
            // What a query compares with may be longer than its column; then it is equal to nothing.
            let compared = matches!(ty, Some(ScalarType::Text(_))) && !facts.writes;
            let ty = if compared { Some(ScalarType::text()) } else { ty.clone() };
            values.extend(self.parameter(statement, name, ty.as_ref(), names, connection));
        }
        let text = statement.value.as_str().into();
        (values.len() == facts.parameters.len()).then(|| (OwnPlan { text, values }, facts))
    }

    /// Returns where bytes of a statement stand in the file, if it is written there as it is read.
    fn place(&self, statement: &Spanned<String>, start: usize, end: usize) -> Span {
        let span = statement.span;
        let written = self.sources.file(span.file).and_then(|file| {
            let text = file.text.get(span.start as usize..span.end as usize)?;
            text.find(&statement.value)
        });
        written.map_or(span, |at| span.within(at + start, at + end))
    }

    fn parameter(
        &mut self,
        statement: &Spanned<String>,
        name: &Arc<str>,
        ty: Option<&ScalarType>,
        names: &Arc<Scope>,
        connection: usize,
    ) -> Option<OwnValue> {
        let at = statement.value.find(&format!(":{name}"));
        let span = at.map_or(statement.span, |at| self.place(statement, at, at + name.len() + 1));
        let text = self.meant(name, names).or_else(|| {
            let known: Vec<String> = names.record.fields.iter().map(|(name, _)| name.to_string()).collect();
            self.unknown("E030", span, "parameter", name, &known);
            None
        })?;
        let expr = match crate::expr::compile(&text, span, &names.record) {
            Ok(typed) => Formula { typed, scope: Arc::clone(names) },
            Err(found) => {
                self.found.extend(found);
                return None;
            }
        };
        let chain = match ty {
            Some(ty) => Some(self.bound(ty, span, connection)?),
            None => None,
        };
        let (found, wanted) =
            (expr.typed.ty().kind.clone(), chain.as_ref().map(|chain| chain.ty().kind.clone()));
        if wanted.is_some_and(|wanted| !super::models::can_write(&found, &wanted)) || is_structure(&found) {
            let takes = ty.map_or_else(|| "a single value".to_owned(), ScalarType::describe);
            self.report(
                "E042",
                span,
                format!("this is {}, and the statement takes {takes}", found.describe()),
            );
            return None;
        }
        Some(OwnValue { name: Arc::clone(name), formula: expr, chain })
    }

    /// Returns how the value of a parameter of an operation's statement is written; nothing where that is not known.
    pub(super) fn chain_in_statement(
        &mut self,
        operation: &lang::Operation,
        connection: usize,
        name: &str,
    ) -> Option<Chain> {
        let statement = operation.statement.as_ref()?;
        let facts = (self.statements)(&self.connections[connection].name, &statement.value).ok()?;
        let (_, ty) = facts.parameters.iter().find(|(known, _)| **known == *name)?;
        self.bound(ty.as_ref()?, statement.span, connection)
    }

    /// Returns the expression that a parameter's name stands for: an input, or else a member of the body.
    fn meant(&self, name: &str, names: &Scope) -> Option<String> {
        let first = name.split('.').next().unwrap_or_default();
        if names.record.find(first).is_some() {
            return Some(name.to_owned());
        }
        let (_, body) = names.record.find("body")?;
        match &body.kind {
            Kind::Object(members) if members.find(first).is_some() => Some(format!("body.{name}")),
            _ => None,
        }
    }

    /// The chain by which a value of a type is written.
    fn bound(&mut self, ty: &ScalarType, span: Span, connection: usize) -> Option<Chain> {
        let written = &self.project.connections[connection];
        let nulls: Vec<String> = written.nulls.iter().map(|text| text.value.clone()).collect();
        let setting = Setting {
            timezone: written.timezone.as_ref().map(|zone| zone.value.as_str()),
            nulls: &nulls,
            codes: &self.codes,
            span,
            sources_span: span,
        };
        match crate::codec::compile(&[Source { ty, nillable: true, span: None }], &[], &setting) {
            Ok(chain) => Some(chain),
            Err(found) => {
                self.found.extend(found);
                None
            }
        }
    }
}

fn is_structure(kind: &Kind) -> bool {
    matches!(kind, Kind::Object(_) | Kind::List(_))
}

/// Returns whether an expression uses a parameter.
pub(super) fn uses(formula: &Formula, param: usize) -> bool {
    let inputs = formula.typed.inputs().iter();
    inputs.filter_map(|&input| formula.scope.origins.get(input)).any(|origin| *origin == Origin::Param(param))
}
