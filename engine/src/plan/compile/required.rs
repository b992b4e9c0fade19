//! What legacy requires and no write fills: E043.
//!
//! **Invariant.** An optional group is looked into only if something in it is written.

use super::Compiler;
use super::usage::{Usage, Which};
use crate::plan::model::{LegacyPath, Model};
use crate::program::{SendPlan, SendValue};
use kernel::{PartId, PartKind, Shape, Span, TypeId};

impl Compiler<'_> {
    /// Reports what a request requires and nothing fills.
    pub(super) fn required(&mut self, send: &SendPlan, span: Span) {
        let mut usage = Usage::default();
        let mut bodies: Vec<(LegacyPath, std::sync::Arc<Model>)> = Vec::new();
        for assignment in &send.assignments {
            match &assignment.value {
                SendValue::Body(model) => {
                    usage.touch(&assignment.path.steps, &|node| node.body = true);
                    if let Some(model) = self.models.get(model.0 as usize) {
                        if self.broken.contains_key(&*model.name) {
                            // What its wrong lines would have filled is not known.
                            return;
                        }
                        bodies.push((assignment.path.clone(), std::sync::Arc::clone(model)));
                    }
                }
                _ => usage.touch(&assignment.path.steps, &|_| {}),
            }
        }
        for (path, model) in &bodies {
            usage.touch_fields(&model.body, &path.steps, Which::Written);
            for constant in &model.constants {
                usage.touch_from(&path.steps, &constant.path);
            }
        }
        let mut missing = Vec::new();
        look(&send.shape, send.ty, &usage, "", 0, &mut missing);
        for (path, declared) in missing {
            let message = format!("legacy requires `{path}`, and nothing fills it");
            let hint = if bodies.is_empty() {
                "add a line to `send:`"
            } else {
                "map it, set it by `write:` of the model, or add a line to `send:`"
            };
            let diagnostic = self.report("E043", span, message);
            *diagnostic = diagnostic.clone().also(declared, "declared here").hint(hint);
        }
    }
}

/// Structures are written as deep as paths lead; this only bounds recursive ones.
const DEPTH_MAX: usize = 64;

fn look(
    shape: &Shape,
    ty: TypeId,
    usage: &Usage,
    prefix: &str,
    depth: usize,
    missing: &mut Vec<(String, Option<Span>)>,
) {
    let Some(group) = shape.group(ty) else { return };
    for &id in &group.parts {
        let part = shape.part(id);
        let path = match part.kind {
            PartKind::Text => prefix.trim_end_matches('/').to_owned(),
            _ => format!("{prefix}{}", part.name.local),
        };
        let child = usage.below.get(&id).or_else(|| stand_in(shape, id, usage));
        match child {
            Some(child) if depth < DEPTH_MAX => {
                look(shape, part.ty, child, &format!("{path}/"), depth + 1, missing)
            }
            Some(_) => {}
            None if part.occurs.min == 0
                || part.implied
                || part.nillable
                || part.default.is_some()
                || part.fixed.is_some() => {}
            None => missing.push((path, part.span)),
        }
    }
}

/// What is written in the place of a part.
fn stand_in<'u>(shape: &Shape, part: PartId, usage: &'u Usage) -> Option<&'u Usage> {
    usage
        .below
        .iter()
        .find(|(other, _)| shape.part(**other).substitutes == Some(part))
        .map(|(_, usage)| usage)
}
