//! In which order rows come: `page.order`, `page.sort`, and the key that completes each.
//!
//! **Invariant.** An order with pages is total, so that a page begins exactly behind the last row of the one before.

use super::column;
use crate::lang;
use crate::plan::compile::Compiler;
use crate::plan::compile::operations::parameters::find_field;
use crate::plan::model::{FieldKind, Model};
use crate::program::{SortPlan, TablePlan, Verb};
use kernel::{Diagnostic, Order};

impl Compiler<'_> {
    pub(super) fn orders(
        &mut self,
        operation: &lang::Operation,
        verb: Verb,
        model: &Model,
        plan: &mut TablePlan,
    ) {
        if verb != Verb::List {
            return;
        }
        let Some(page) = &operation.page else {
            let message = format!("{} answers all rows at once", operation.key.value);
            self.report("N003", operation.key.span, message).hint = Some("add `page: { size: 50 }`".into());
            return;
        };
        if plan.key.is_empty() {
            let message = format!("{} has no key, so pages cannot go on behind a row", model.name);
            self.report("E077", page.span, message).hint =
                Some(format!("add `key:` to the model {}", model.name));
        }
        if let Some(next) = &page.next {
            self.found.push(
                Diagnostic::new("E007", next.span, "`next` has no effect on a table")
                    .hint("its pages go on behind the last row by themselves; take it away"),
            );
        }
        plan.order = page.order.iter().filter_map(|name| self.order(name, model, true)).collect();
        plan.sorts = page.sort.iter().filter_map(|name| self.order(name, model, false)).collect();
    }

    fn order(&mut self, name: &lang::Spanned<String>, model: &Model, signed: bool) -> Option<SortPlan> {
        let written = name.value.as_str();
        let (descending, dotted) = match written.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, written),
        };
        if descending && !signed {
            self.found.push(
                Diagnostic::new("E007", name.span, format!("`{written}` is no field"))
                    .hint("a client turns the order around itself: name the field without `-`"),
            );
            return None;
        }
        let Some(field) = find_field(model, dotted) else {
            let names: Vec<String> = model.body.fields.iter().map(|field| field.name.to_string()).collect();
            self.unknown("E033", name.span, &format!("field of {}", model.name), dotted, &names);
            return None;
        };
        let sources = match &field.kind {
            FieldKind::Value { sources, chain, many: false, .. } if chain.sorts() => sources,
            _ => {
                let message =
                    format!("rows cannot be ordered by `{dotted}`: its codec does not keep the order");
                self.found
                    .push(Diagnostic::new("E034", name.span, message).also(Some(field.span), "the field"));
                return None;
            }
        };
        let columns = sources.iter().filter_map(column).map(|column| Order { column, descending }).collect();
        Some(SortPlan { field: dotted.into(), columns, descending })
    }
}
