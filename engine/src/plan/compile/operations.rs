//! Operations: the entries of `rest:` become plans.
//!
//! **Invariant.** What this build cannot run is kept as unsupported; it never becomes a plan that does less.

pub(super) mod parameters;
mod receive;

use super::Compiler;
use super::send::Sending;
use crate::lang;
use crate::plan::model::{Model, ModelId, Scope as Names};
use crate::plan::read::ReadPlan;
use crate::plan::schema;
use crate::program::{
    CallPlan, Method, OperationPlan, Paging, Param, Segment, SendPlan, SendValue, Target, Verb,
};
use kernel::{Catalogue, OperationId, Span};
use std::sync::Arc;

/// What an operation asks.
enum Asked {
    /// An operation of a connection.
    Operation(usize, OperationId, Arc<Catalogue>),
    /// The rows of the model's table, or those of a statement in its place.
    Rows(Arc<kernel::Table>),
    /// A statement on a connection that gives no rows of a model.
    Statement(usize),
}

/// What the verb of an operation speaks of.
pub(in crate::plan::compile) enum Subject {
    /// A model with a legacy side.
    Mapped(ModelId, Arc<Model>),
    /// A model that only describes a body.
    Described(Arc<serde_json::Value>),
    /// Nothing.
    None,
}

impl<'a> Compiler<'a> {
    pub(super) fn operations(&mut self) {
        self.connection_sends();
        for operation in &self.project.rest {
            self.operation(operation);
        }
    }

    fn operation(&mut self, operation: &'a lang::Operation) -> Option<()> {
        let verb = verb_of(operation);
        self.operation_policy(operation, verb);
        if !operation.steps.is_empty() {
            self.steps(operation);
            let why = "operations of several steps are not run by this build";
            self.unsupported("rest", &operation.key.value, why, operation.key.span);
            return Some(());
        }
        let subject = self.subject(operation)?;
        let asked = self.asked(operation, &subject)?;
        let params = self.parameters(operation, &subject, &asked);
        let body = self.body_of(operation, verb, &subject);
        let names =
            self.names_of(operation, verb, &params, body.as_ref().map(|(schema, _)| &**schema), &subject);
        let known = (&names, &params[..]);
        let call = match &asked {
            Asked::Operation(connection, id, catalogue) => {
                self.call(operation, verb, &subject, (*connection, *id, catalogue), known)?
            }
            Asked::Rows(table) => self.rows(operation, verb, &subject, table, known)?,
            Asked::Statement(connection) => self.own_call(operation, verb, *connection, known)?,
        };
        let read_by = match asked {
            Asked::Operation(..) => self.read_by(operation, verb, &subject),
            // A table is asked for the old row by the plan itself.
            _ => None,
        };
        let (model, model_name) = match &subject {
            Subject::Mapped(id, model) => (Some(*id), Some(model.name.clone())),
            _ => (None, operation.body.as_ref().map(|body| body.value.as_str().into())),
        };
        let receives = match &call.target {
            Target::Send(_) => call.read.yields_something(),
            // What a write of a table reads is the old row, or the key of the new one.
            _ => matches!(verb, Verb::Get | Verb::List),
        };
        let reply_schema = match &subject {
            Subject::Mapped(_, model) if receives => Some(Arc::new(schema::for_reply(&model.schema))),
            _ => None,
        };
        self.operations.push(Arc::new(OperationPlan {
            key: operation.key.value.as_str().into(),
            method: Method::find(&operation.method.value)?,
            template: operation.template.value.as_str().into(),
            path: segments(operation, &params),
            verb,
            model,
            model_name,
            params,
            success: operation.status.as_ref().map_or_else(|| success(verb, receives), |status| status.value),
            call: Some(call),
            policy: operation.policy.clone(),
            page: operation.page.as_ref().map(|page| Paging { size: page.size.value, max: page.max.value }),
            body_schema: body.map(|(schema, _)| schema),
            reply_schema,
            summary: operation.doc.as_ref().map(|doc| doc.value.as_str().into()),
            read_by,
            span: operation.key.span,
        }));
        Some(())
    }

    /// Finds the model of an operation; E004.
    fn subject(&mut self, operation: &'a lang::Operation) -> Option<Subject> {
        let name = match (&operation.verb, &operation.body) {
            (Some((_, name)), _) => name,
            (None, Some(body)) => body,
            (None, None) => return Some(Subject::None),
        };
        if self.foreign.contains(&name.value.as_str()) {
            let why = "its model is on a connection that no adapter of this build serves";
            self.unsupported("rest", &operation.key.value, why, operation.key.span);
            return None;
        }
        if let Some((id, model)) = self.find_model(&name.value) {
            return Some(Subject::Mapped(id, Arc::clone(model)));
        }
        if self.broken.contains_key(name.value.as_str()) {
            return None;
        }
        let schema = self.schema_of(&name.value).cloned();
        match (schema, &operation.verb) {
            (Some(schema), None) => Some(Subject::Described(schema)),
            (Some(_), Some(_)) => {
                let message =
                    format!("model {} has no `legacy:`, so it can only describe a body", name.value);
                self.report("E004", name.span, message);
                None
            }
            (None, _) => {
                self.no_model(name);
                None
            }
        }
    }

    pub(super) fn no_model(&mut self, name: &lang::Spanned<String>) {
        let names: Vec<String> = self.project.models.iter().map(|model| model.name.value.clone()).collect();
        self.unknown("E004", name.span, "model", &name.value, &names);
    }

    /// Finds what is asked: an operation of the catalogue, the rows of a table, or what a statement says.
    fn asked(&mut self, operation: &lang::Operation, subject: &Subject) -> Option<Asked> {
        let table = match subject {
            Subject::Mapped(_, model) => self.table(model),
            _ => None,
        };
        let reads = matches!(verb_of(operation), Verb::Get | Verb::List);
        match (&operation.statement, &operation.call, table) {
            (Some(_), _, Some(table)) if reads => Some(Asked::Rows(table)),
            (Some(statement), ..) => self.connection_of(statement, subject).map(Asked::Statement),
            (None, None, Some(table)) if verb_of(operation) != Verb::Call => Some(Asked::Rows(table)),
            _ => self
                .called(operation)
                .map(|(connection, id, catalogue)| Asked::Operation(connection, id, catalogue)),
        }
    }

    fn called(&mut self, operation: &lang::Operation) -> Option<(usize, OperationId, Arc<Catalogue>)> {
        let Some(call) = &operation.call else {
            let diagnostic =
                self.report("E005", operation.key.span, format!("{} calls nothing", operation.key.value));
            *diagnostic = diagnostic.clone().hint("add `call: connection.operation`");
            return None;
        };
        match self.callee(call)? {
            Some(callee) => Some(callee),
            None if call.value.split_once('.').is_some_and(|(name, _)| self.failed.contains(name)) => None,
            None => {
                let why = "its connection is of a type that no adapter of this build serves";
                self.unsupported("rest", &operation.key.value, why, operation.key.span);
                None
            }
        }
    }

    /// Finds what is called: E002, E005. The inner nothing is a connection without an adapter.
    #[expect(clippy::option_option, reason = "wrong and not served are different things to the caller")]
    pub(super) fn callee(
        &mut self,
        call: &lang::Spanned<String>,
    ) -> Option<Option<(usize, OperationId, Arc<Catalogue>)>> {
        let Some((connection, name)) = call.value.split_once('.') else {
            let diagnostic = self.report("E005", call.span, format!("`{}` names no operation", call.value));
            *diagnostic = diagnostic.clone().hint("write `connection.operation`");
            return None;
        };
        let index = self.connection(connection, call.span.within(0, connection.len()))?;
        let Some(catalogue) = self.connections[index].catalogue.clone() else { return Some(None) };
        let position = catalogue.operations.iter().position(|operation| *operation.name == *name);
        let Some(position) = position else {
            let names: Vec<String> =
                catalogue.operations.iter().map(|operation| operation.name.to_string()).collect();
            let span = call.span.within(connection.len() + 1, call.value.len());
            self.unknown("E005", span, &format!("operation in {connection}"), name, &names);
            return None;
        };
        Some(Some((index, OperationId(u32::try_from(position).ok()?), catalogue)))
    }

    fn call(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        subject: &Subject,
        (connection, id, catalogue): (usize, OperationId, &Arc<Catalogue>),
        (names, params): (&Arc<Names>, &[Param]),
    ) -> Option<CallPlan> {
        let called = &catalogue.operations[id.0 as usize];
        let body = match subject {
            Subject::Mapped(id, model) if takes_body(verb) || operation.body.is_some() => {
                Some((*id, Arc::clone(model)))
            }
            _ => None,
        };
        let sending = Sending { connection, catalogue, operation: called, names: Arc::clone(names), body };
        let before = self.found.len();
        let send = self.send(&operation.send, &sending);
        if self.found.len() == before {
            self.required(&send, operation.key.span);
            self.unused(operation, params, &send);
        }
        self.declared_faults(connection, called, operation.key.span);
        let repeatable = matches!(verb, Verb::Get | Verb::List)
            || operation.policy.repeatable.as_ref().is_some_and(|it| it.value);
        let read = self.reading(operation, verb, subject, (connection, catalogue, called), repeatable)?;
        let name = operation.call.as_ref().map_or("", |call| call.value.as_str()).into();
        Some(CallPlan {
            connection,
            operation: id,
            name,
            repeatable,
            target: Target::Send(send),
            read: Arc::new(read),
        })
    }

    /// Returns the schema of the body, and whether there is one at all.
    fn body_of(
        &self,
        operation: &lang::Operation,
        verb: Verb,
        subject: &Subject,
    ) -> Option<(Arc<serde_json::Value>, ())> {
        let given: Vec<&str> = operation
            .segments
            .iter()
            .filter_map(|segment| match &segment.value {
                lang::Segment::Param(name) => Some(name.as_str()),
                lang::Segment::Literal(_) => None,
            })
            .collect();
        let schema = match (verb, subject) {
            (Verb::Create | Verb::Replace, Subject::Mapped(_, model)) => {
                schema::for_body(&model.schema, &given)
            }
            (Verb::Update, Subject::Mapped(_, model)) => schema::for_patch(&model.schema, &given),
            (Verb::Call, Subject::Mapped(_, model)) if operation.body.is_some() => {
                schema::for_body(&model.schema, &given)
            }
            (_, Subject::Described(schema)) => schema::for_body(schema, &given),
            _ => return None,
        };
        Some((Arc::new(schema), ()))
    }

    /// The operation that reads the old record, where a write needs it; E075.
    fn read_by(&mut self, operation: &lang::Operation, verb: Verb, subject: &Subject) -> Option<Arc<str>> {
        let Subject::Mapped(_, model) = subject else { return None };
        let needed = match verb {
            Verb::Update => true,
            Verb::Replace => operation.read.is_some() || super::models::keeps_less(&model.body),
            _ => false,
        };
        if !needed {
            return None;
        }
        let reads = |other: &&lang::Operation| matches!(&other.verb, Some((lang::Verb::Get, name)) if *name.value == *model.name);
        let found = match &operation.read {
            Some(read) => self.project.rest.iter().find(|other| {
                other.key.value == read.value
                    || (reads(other) && other.call.as_ref().is_some_and(|call| call.value == read.value))
            }),
            None => self.project.rest.iter().filter(reads).find(|other| same_place(other, operation)),
        };
        match found {
            Some(found) => Some(found.key.value.as_str().into()),
            None => {
                let span = operation.read.as_ref().map_or(operation.key.span, |read| read.span);
                let message =
                    format!("{} needs the old record, and no operation reads it", operation.key.value);
                let diagnostic = self.report("E075", span, message);
                *diagnostic = diagnostic.clone().hint(format!(
                    "add `GET {}` with `get: {}`, or name one by `read:`",
                    operation.template.value, model.name
                ));
                None
            }
        }
    }

    /// E038: a parameter of the path that nothing uses is a mistake.
    fn unused(&mut self, operation: &lang::Operation, params: &[Param], send: &SendPlan) {
        let assignments = &send.assignments;
        let writes_body = assignments.iter().any(|assignment| matches!(assignment.value, SendValue::Body(_)));
        for (index, param) in params.iter().enumerate() {
            let used = assignments.iter().any(|assignment| match &assignment.value {
                SendValue::Expr(formula, _) => formula.typed.inputs().iter().any(|&input| {
                    formula.scope.origins.get(input) == Some(&crate::plan::model::Origin::Param(index))
                }),
                _ => false,
            });
            if used || (writes_body && param.field.is_some()) {
                continue;
            }
            let span = span_of(operation, &param.name);
            let diagnostic = self.report("E038", span, format!("parameter `{}` is not used", param.name));
            *diagnostic =
                diagnostic.clone().hint(format!("write it to the request by `send:`, as `= {}`", param.name));
        }
    }

    fn steps(&mut self, operation: &lang::Operation) {
        for step in &operation.steps {
            if let Some(call) = &step.call {
                self.callee(call);
            }
            if let Some(model) = &step.model
                && self.project.model(&model.value).is_none()
            {
                self.no_model(model);
            }
        }
    }
}

impl ReadPlan {
    /// Returns whether it gives more than a judgement.
    pub fn yields_something(&self) -> bool {
        self.gives() != crate::plan::read::Yield::Nothing
    }
}

fn verb_of(operation: &lang::Operation) -> Verb {
    match operation.verb.as_ref().map(|(verb, _)| *verb) {
        Some(lang::Verb::Get) => Verb::Get,
        Some(lang::Verb::List) => Verb::List,
        Some(lang::Verb::Create) => Verb::Create,
        Some(lang::Verb::Replace) => Verb::Replace,
        Some(lang::Verb::Update) => Verb::Update,
        Some(lang::Verb::Delete) => Verb::Delete,
        None => Verb::Call,
    }
}

pub(super) fn takes_body(verb: Verb) -> bool {
    matches!(verb, Verb::Create | Verb::Replace | Verb::Update)
}

fn success(verb: Verb, receives: bool) -> u16 {
    match (verb, receives) {
        (Verb::Create, _) => 201,
        (Verb::Get | Verb::List, _) | (_, true) => 200,
        (_, false) => 204,
    }
}

fn segments(operation: &lang::Operation, params: &[Param]) -> Vec<Segment> {
    let segment = |segment: &lang::Spanned<lang::Segment>| match &segment.value {
        lang::Segment::Literal(text) => Segment::Literal(text.as_str().into()),
        lang::Segment::Param(name) => {
            Segment::Param(params.iter().position(|param| *param.name == **name).unwrap_or_default())
        }
    };
    operation.segments.iter().map(segment).collect()
}

/// Two operations on the same path, whatever their parameters are called.
fn same_place(one: &lang::Operation, other: &lang::Operation) -> bool {
    one.segments.len() == other.segments.len()
        && one.segments.iter().zip(&other.segments).all(|(a, b)| match (&a.value, &b.value) {
            (lang::Segment::Literal(a), lang::Segment::Literal(b)) => a == b,
            (lang::Segment::Param(_), lang::Segment::Param(_)) => true,
            _ => false,
        })
}

pub(super) fn span_of(operation: &lang::Operation, name: &str) -> Span {
    let is = |segment: &&lang::Spanned<lang::Segment>| matches!(&segment.value, lang::Segment::Param(known) if known == name);
    let query = || {
        operation
            .query
            .iter()
            .map(|param| &param.name)
            .chain(operation.filter.iter().map(|filter| &filter.name))
    };
    operation
        .segments
        .iter()
        .find(is)
        .map(|segment| segment.span)
        .or_else(|| query().find(|known| known.value == name).map(|known| known.span))
        .unwrap_or(operation.key.span)
}
