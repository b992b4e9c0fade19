//! Alternatives: what decides between cases, and whether it can.
//!
//! **Invariant.** No two cases can apply to the same record.

use super::Fields;
use crate::lang::{self, CaseWhen};
use crate::plan::errors::Pattern;
use crate::plan::model::{Case, Field, FieldKind, LegacyPath};
use crate::plan::resolve::{Scope, suggestions, written};
use crate::plan::schema::Schema;
use kernel::PartId;
use std::sync::Arc;

impl<'m> Fields<'_, '_, 'm> {
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one construct of the language, each used once"
    )]
    pub(super) fn cases(
        &mut self,
        made: &mut Field,
        selector: Option<&lang::Path>,
        tag: Option<&lang::Spanned<String>>,
        cases: &'m [lang::Case],
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) {
        let resolved = match selector {
            Some(path) => match self.resolver().value(scope, path) {
                Some(resolved) => Some(resolved),
                None => return,
            },
            None => None,
        };
        let mut done = Vec::with_capacity(cases.len());
        for (index, case) in cases.iter().enumerate() {
            self.at.push(index);
            done.extend(self.case(case, resolved.as_ref(), scope, schema, pointer));
            self.at.pop();
        }
        self.overlaps(cases, selector.is_some(), &done);
        let tag: Arc<str> = tag.map_or("type", |tag| tag.value.as_str()).into();
        made.kind = FieldKind::Cases { selector: resolved, tag, cases: done };
    }

    fn case(
        &mut self,
        case: &'m lang::Case,
        selector: Option<&LegacyPath>,
        scope: &Scope,
        schema: Option<Schema<'_>>,
        pointer: &str,
    ) -> Option<Case> {
        let when = self.when(case, selector)?;
        let mut at = match &case.at {
            Some(path) => Some(self.resolver().prefix(scope, path)?),
            None => None,
        };
        if let (Some(selector), Some(at)) = (selector, &mut at) {
            self.narrow(case, selector, at);
        }
        if selector.is_none() && at.is_none() {
            let message = format!("nothing decides whether case {} applies", case.name.value);
            let diagnostic = self.compiler.report("E012", case.name.span, message);
            *diagnostic = diagnostic.clone().hint("give it `at:`, or decide by `oneOf:` and `when:`");
            return None;
        }
        if let (None, Some(path)) = (selector, at.as_ref().filter(|path| path.beside.is_some())) {
            let message =
                format!("`{}` stands beside every record, so it decides nothing", written(self.shape, path));
            let diagnostic = self.compiler.report("E013", path.span, message);
            *diagnostic = diagnostic.clone().hint("decide by `oneOf:` and `when:`");
            return None;
        }
        let inner = at.as_ref().map_or_else(|| scope.clone(), |at| scope.below(at));
        let fields = self.map(
            &case.fields,
            &inner,
            schema.filter(|schema| !schema.properties().is_empty()),
            &format!("{pointer}."),
        );
        Some(Case { name: case.name.value.as_str().into(), when, at, fields })
    }

    fn when(&mut self, case: &lang::Case, selector: Option<&LegacyPath>) -> Option<Vec<Arc<str>>> {
        match (&case.when, selector) {
            (CaseWhen::Present, None) => Some(Vec::new()),
            (CaseWhen::Values(values), Some(selector)) => {
                for value in values {
                    if matches!(Pattern::parse(&value.value), Pattern::Text(_)) && !is_type(selector) {
                        self.resolver().possible(selector.ty, value);
                    }
                }
                Some(values.iter().map(|value| value.value.as_str().into()).collect())
            }
            (CaseWhen::Present, Some(_)) => {
                let message = format!("case {} does not say when it applies", case.name.value);
                let diagnostic = self.compiler.report("E012", case.name.span, message);
                *diagnostic = diagnostic.clone().hint("add `when:` with the values of the path of `oneOf:`");
                None
            }
            (CaseWhen::Values(_), None) => {
                let message = format!("`when` of case {} compares nothing", case.name.value);
                let diagnostic = self.compiler.report("E012", case.name.span, message);
                *diagnostic = diagnostic.clone().hint("name the legacy field by `oneOf:`");
                None
            }
            (CaseWhen::Conditions(_), _) => {
                let message = format!(
                    "case {} is decided by conditions of its own, which this build does not run",
                    case.name.value
                );
                let diagnostic = self.compiler.report("E012", case.name.span, message);
                *diagnostic = diagnostic
                    .clone()
                    .hint("decide by one legacy field: `oneOf:` and `when:` with its values");
                None
            }
        }
    }

    /// A case that is chosen by the type in the message sees the parts of that type.
    fn narrow(&mut self, case: &lang::Case, selector: &LegacyPath, at: &mut LegacyPath) {
        let CaseWhen::Values(values) = &case.when else { return };
        if !is_type(selector) || !same_way(&selector.steps[..selector.steps.len() - 1], &at.steps) {
            return;
        }
        for value in values {
            match self.shape.derived(at.ty, &value.value) {
                Some(ty) if values.len() == 1 => {
                    at.ty = ty;
                    if let Some(last) = at.steps.last_mut() {
                        last.ty = ty;
                    }
                }
                Some(_) => {}
                None => self.no_such_type(at, value),
            }
        }
    }

    fn no_such_type(&mut self, at: &LegacyPath, value: &lang::Spanned<String>) {
        let derived = self.shape.group(at.ty).map(|group| group.derived.clone()).unwrap_or_default();
        let names: Vec<String> = derived
            .iter()
            .filter_map(|&ty| Some(self.shape.ty(ty).name.as_ref()?.local.to_string()))
            .collect();
        let near = suggestions(&value.value, names.iter().map(String::as_str));
        let message =
            format!("no type `{}` is derived from that of `{}`", value.value, written(self.shape, at));
        let diagnostic = self.compiler.report("E014", value.span, message);
        if !near.is_empty() {
            *diagnostic = diagnostic.clone().hint(format!("there is: {}", near.join(", ")));
        }
    }

    /// E050.
    fn overlaps(&mut self, cases: &[lang::Case], selected: bool, done: &[Case]) {
        for (n, case) in cases.iter().enumerate() {
            for other in &cases[..n] {
                if selected {
                    self.overlap(case, other);
                }
            }
        }
        if selected {
            return;
        }
        for (n, case) in done.iter().enumerate() {
            let (Some(at), Some(span)) =
                (&case.at, cases.iter().find(|it| *it.name.value == *case.name).map(|it| it.name.span))
            else {
                continue;
            };
            let same = done[..n]
                .iter()
                .find(|other| other.at.as_ref().is_some_and(|other| same_way(&other.steps, &at.steps)));
            if let Some(other) = same {
                let message =
                    format!("`{}` selects both {} and {}", written(self.shape, at), other.name, case.name);
                self.compiler.report("E050", span, message);
            }
        }
    }

    fn overlap(&mut self, case: &lang::Case, other: &lang::Case) {
        let (CaseWhen::Values(values), CaseWhen::Values(others)) = (&case.when, &other.when) else { return };
        for value in values {
            let both = others.iter().find(|other| meet(&value.value, &other.value));
            if let Some(both) = both {
                let text = if matches!(Pattern::parse(&value.value), Pattern::Text(_)) {
                    &value.value
                } else {
                    &both.value
                };
                let message = format!("`{text}` selects both {} and {}", other.name.value, case.name.value);
                let diagnostic = self.compiler.report("E050", value.span, message);
                *diagnostic = diagnostic.clone().also(Some(both.span), "and here");
            }
        }
    }
}

/// Returns whether some text matches both values. Two patterns with stars are taken to meet if one matches the other.
fn meet(one: &str, other: &str) -> bool {
    Pattern::parse(one).matches(other) || Pattern::parse(other).matches(one)
}

fn is_type(path: &LegacyPath) -> bool {
    path.steps.last().is_some_and(|step| step.parts == [PartId::TYPE])
}

fn same_way(one: &[crate::plan::model::Step], other: &[crate::plan::model::Step]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.parts == b.parts)
}
