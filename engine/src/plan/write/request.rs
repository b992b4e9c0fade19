//! The request of an operation: its `send:` assignments, and the body translated into the place that they give it.
//!
//! **Invariant.** Later assignments see what earlier ones made; each is written in the schema's order.

use super::names::Scoped;
use super::prepared::Built;
use super::verify::missing;
use super::{Outcome, Write, WriteError, put};
use crate::codec::{Chain, Written};
use crate::plan::model::{Formula, ModelId};
use crate::plan::tree::{Leaf, NodeId, Tree};
use crate::program::{Assignment, CallPlan, Inputs, OperationPlan, Program, SendValue, Verb};
use crate::value::Value;

/// Builds the request of an operation.
///
/// # Errors
/// Every value that the legacy structure cannot hold, and every part that it requires and nothing fills.
pub fn request(
    program: &Program,
    operation: &OperationPlan,
    inputs: &Inputs,
) -> Result<Built, Vec<WriteError>> {
    let Some(send) = operation.call.as_ref().and_then(CallPlan::send) else {
        return Err(vec![whole("no operation is called")]);
    };
    if let Some(filled) = send.prepared.as_ref().and_then(|prepared| prepared.fill(send, inputs)) {
        return Ok(filled);
    }
    let mut build = Build {
        tree: Tree::new(send.shape.clone(), send.ty),
        program,
        operation,
        inputs,
        outcome: Outcome::default(),
        errors: Vec::new(),
    };
    for assignment in &send.assignments {
        build.assign(assignment);
    }
    if build.errors.is_empty() {
        build.errors = missing(&build.tree);
    }
    if build.errors.is_empty() { Ok(Built::anew(build.tree, build.outcome)) } else { Err(build.errors) }
}

struct Build<'a> {
    tree: Tree,
    program: &'a Program,
    operation: &'a OperationPlan,
    inputs: &'a Inputs,
    outcome: Outcome,
    errors: Vec<WriteError>,
}

impl Build<'_> {
    fn assign(&mut self, assignment: &Assignment) {
        match &assignment.value {
            SendValue::Text(text) => self.store(assignment, Written::Text(text.to_string())),
            SendValue::Expr(formula, chain) => self.expression(assignment, formula, chain),
            SendValue::Body(model) => self.body(assignment, *model),
        }
    }

    fn expression(&mut self, assignment: &Assignment, formula: &Formula, chain: &Chain) {
        match written(formula, chain, self.inputs) {
            Ok(written) => {
                for value in written {
                    self.store(assignment, value);
                }
            }
            Err(message) => self.errors.push(WriteError { pointer: String::new(), message }),
        }
    }

    fn store(&mut self, assignment: &Assignment, value: Written) {
        let leaf = match value {
            Written::Absent => return,
            Written::Nil => Leaf::Nil,
            Written::Text(text) => Leaf::Text(text.into()),
            Written::Bytes(bytes) => Leaf::Bytes(bytes.into()),
        };
        let node = self.place(assignment);
        self.tree.set(node, leaf);
    }

    fn place(&mut self, assignment: &Assignment) -> NodeId {
        let root = self.tree.root();
        self.tree.ensure(root, &assignment.path.steps, assignment.fresh)
    }

    fn body(&mut self, assignment: &Assignment, model: ModelId) {
        let model = self.program.model(model);
        let node = self.place(assignment);
        let write = if self.operation.verb == Verb::Create { Write::Create } else { Write::Put };
        if let Some(old) = &self.inputs.old {
            self.tree.take_content(node, old, old.root());
        }
        let body = with_params(self.operation, self.inputs);
        match put(model, &body, &mut self.tree, node, write, &self.inputs.ambient) {
            Ok(outcome) => self.outcome = outcome,
            Err(errors) => self.errors.extend(errors),
        }
    }
}

/// Returns the value of an expression over what a request brings.
///
/// # Errors
/// In words: it has no value.
pub(crate) fn evaluate(formula: &Formula, inputs: &Inputs) -> Result<Value, String> {
    let names = Scoped {
        frames: &[],
        formula,
        ambient: &inputs.ambient,
        params: &inputs.params,
        body: &inputs.body,
        page: Some(&inputs.page),
        depth: 0,
    };
    formula.typed.eval(&names).map_err(|error| error.to_string())
}

/// Returns the body together with the path parameters that are fields of the model.
pub(crate) fn with_params(operation: &OperationPlan, inputs: &Inputs) -> Value {
    let mut body = inputs.body.clone();
    let Value::Object(members) = &mut body else { return body };
    for (param, value) in operation.params.iter().zip(&inputs.params) {
        let known =
            |members: &[(std::sync::Arc<str>, Value)]| members.iter().any(|(name, _)| *name == param.name);
        if param.field.is_some() && !known(members) {
            members.push((param.name.clone(), value.clone()));
        }
    }
    body
}

/// Evaluates an expression and writes its value as the legacy type wants it.
pub(super) fn written(formula: &Formula, chain: &Chain, inputs: &Inputs) -> Result<Vec<Written>, String> {
    let value = evaluate(formula, inputs)?;
    chain.write_generated(&value).map_err(|error| error.message)
}

fn whole(message: &str) -> WriteError {
    WriteError { pointer: String::new(), message: message.to_owned() }
}
