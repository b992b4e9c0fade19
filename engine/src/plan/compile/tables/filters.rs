//! What selects rows: parameters of the path that are fields of the model, and `filter:`.
//!
//! **Invariant.** A filter is made only if the codecs of its field can be turned around for what it asks.

use super::column_plans;
use crate::codec::{Ask, Chain, Unfit};
use crate::lang::{self, CompareOp};
use crate::plan::compile::Compiler;
use crate::plan::compile::operations::parameters::find_field;
use crate::plan::compile::operations::span_of;
use crate::plan::model::{Field, FieldKind, Model};
use crate::program::{FilterPlan, Param, Place, Verb};
use kernel::{Diagnostic, Span};

impl Compiler<'_> {
    pub(super) fn filters(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        model: &Model,
        params: &[Param],
    ) -> Vec<FilterPlan> {
        let mut filters = Vec::new();
        let on_path = verb != Verb::Create && operation.statement.is_none();
        for (index, param) in params.iter().enumerate() {
            match (param.place, param.field) {
                (Place::Path, Some(field)) if on_path => {
                    let field = &model.body.fields[field];
                    let span = span_of(operation, &param.name);
                    filters.extend(self.filter_plan(
                        model,
                        (&param.name, field),
                        index,
                        CompareOp::Equal,
                        span,
                    ));
                }
                _ => {}
            }
        }
        for filter in &operation.filter {
            // A field that is not there was reported with the parameter.
            let Some(field) = find_field(model, &filter.field.value) else { continue };
            let index = params.iter().position(|param| *param.name == *filter.name.value);
            let Some(index) = index else { continue };
            let op = filter.op.value;
            let span = if op.is_range() { filter.op.span } else { filter.field.span };
            filters.extend(self.filter_plan(model, (&filter.field.value, field), index, op, span));
        }
        filters
    }

    fn filter_plan(
        &mut self,
        model: &Model,
        (name, field): (&str, &Field),
        param: usize,
        op: CompareOp,
        span: Span,
    ) -> Option<FilterPlan> {
        let FieldKind::Value { sources, chain, many: false, .. } = &field.kind else {
            if !self.broken.contains_key(&*model.name) {
                let message = format!("`{name}` cannot be asked for: it is not made of columns");
                let hint = "filter by a field that is read from a column";
                self.found.push(Diagnostic::new("E039", span, message).hint(hint));
            }
            return None;
        };
        if let Err(unfit) = chain.takes(ask(op)) {
            self.unfit(name, op, span, &unfit, field);
            return None;
        }
        Some(FilterPlan {
            param,
            field: name.into(),
            op,
            chain: Chain::clone(chain),
            columns: column_plans(&model.shape, sources),
        })
    }

    fn unfit(&mut self, name: &str, op: CompareOp, span: Span, unfit: &Unfit, field: &Field) {
        let sign = CompareOp::ALL.iter().find(|(_, known)| *known == op).map_or("", |(sign, _)| *sign);
        let found = match unfit {
            Unfit::Order => {
                let message =
                    format!("`{name}` cannot be compared by {sign}: its codec does not keep the order");
                Diagnostic::new("E034", span, message)
            }
            Unfit::Inverse(why) => {
                let message = format!("`{name}` cannot be asked for by {sign}: {why}");
                Diagnostic::new("E039", span, message)
                    .hint("filter by another field or comparison, or write `sql:`")
            }
        };
        self.found.push(found.also(Some(field.span), "the field"));
    }
}

fn ask(op: CompareOp) -> Ask {
    match op {
        CompareOp::Equal | CompareOp::In => Ask::Same,
        CompareOp::NotEqual => Ask::Other,
        CompareOp::Starts => Ask::Starts,
        CompareOp::Contains => Ask::Contains,
        _ => Ask::Range,
    }
}
