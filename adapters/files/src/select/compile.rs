//! Conditions as written become checks on fields; what they name must be there, and no two types may overlap.
//!
//! **Invariant.** Every mistake is told, with the place of the condition and of the record.

use super::{Check, Pattern, Rule};
use crate::format::{Format, LeafRef, RecordType};
use crate::near::distance;
use kernel::{Diagnostic, Span};
use std::sync::Arc;

/// Names of a hint.
const LISTED_MAX: usize = 12;

/// A type under `records:` as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    /// Its name.
    pub name: Arc<str>,
    /// Where the name stands.
    pub span: Span,
    /// Maps that are alternatives.
    pub any: Vec<Vec<Asked>>,
}

/// A path and the values of which it has one.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The path.
    pub path: String,
    /// Where it stands.
    pub span: Span,
    /// The values.
    pub values: Vec<Pattern>,
}

/// Returns the rules of all types; those that are wrong are left out and told.
pub(crate) fn compile(named: &[Named], format: &dyn Format, found: &mut Vec<Diagnostic>) -> Vec<Rule> {
    if named.is_empty() {
        return match format.types() {
            [only] => vec![Rule { name: Arc::clone(&only.name), number: 0, any: Vec::new() }],
            _ => Vec::new(),
        };
    }
    let rules: Vec<Option<Rule>> = named.iter().map(|one| rule(one, format, found)).collect();
    for (n, (one, rule)) in named.iter().zip(&rules).enumerate() {
        for (before, earlier) in named.iter().zip(&rules).take(n) {
            if let (Some(rule), Some(earlier)) = (rule, earlier)
                && let Some(why) = overlap(format, earlier, rule)
            {
                let message = format!("{why} selects both {} and {}", earlier.name, rule.name);
                found.push(
                    Diagnostic::new("E050", one.span, message).also(Some(before.span), "the other one"),
                );
            }
        }
    }
    rules.into_iter().flatten().collect()
}

fn rule(named: &Named, format: &dyn Format, found: &mut Vec<Diagnostic>) -> Option<Rule> {
    let number = number(named, format, found)?;
    let ty = format.types().get(number)?;
    let mut whole = true;
    let mut any = Vec::new();
    for all in &named.any {
        let mut checks = Vec::new();
        for asked in all {
            match leaf(format, number, ty, &asked.path) {
                Some(leaf) => checks.push(Check {
                    path: asked.path.as_str().into(),
                    leaf,
                    values: asked.values.clone(),
                }),
                None => {
                    found.push(unknown(asked, format, number));
                    whole = false;
                }
            }
        }
        any.push(checks);
    }
    whole.then(|| Rule { name: Arc::clone(&named.name), number, any })
}

/// Returns the type of the format: the only one, the one of this name, or the only one that has all the fields.
fn number(named: &Named, format: &dyn Format, found: &mut Vec<Diagnostic>) -> Option<usize> {
    let types = format.types();
    if types.len() == 1 {
        return Some(0);
    }
    if let Some(number) = types.iter().position(|ty| ty.name == named.name) {
        return Some(number);
    }
    let has = |number: usize, ty: &RecordType| {
        named.any.iter().flatten().all(|asked| leaf(format, number, ty, &asked.path).is_some())
    };
    let able: Vec<usize> =
        types.iter().enumerate().filter(|(number, ty)| has(*number, ty)).map(|(number, _)| number).collect();
    match able.as_slice() {
        [number] => return Some(*number),
        [] => {
            let lost: Vec<&Asked> = named
                .any
                .iter()
                .flatten()
                .filter(|asked| {
                    types.iter().enumerate().all(|(n, ty)| leaf(format, n, ty, &asked.path).is_none())
                })
                .collect();
            for asked in &lost {
                let names = (0..types.len()).flat_map(|n| format.names(n)).collect();
                found.push(no_field(asked, names, types.first()));
            }
            if lost.is_empty() {
                let message = format!("no record has all the fields by which `{}` is known", named.name);
                found.push(Diagnostic::new("E015", named.span, message));
            }
        }
        several => {
            let names: Vec<&str> = several.iter().filter_map(|&n| types.get(n)).map(|ty| &*ty.name).collect();
            let message = format!("`{}` can be {}", named.name, names.join(" or "));
            let hint = "write the record in front of the field: RECORD/FIELD";
            let mut diagnostic = Diagnostic::new("E014", named.span, message).hint(hint);
            for ty in several.iter().filter_map(|&n| types.get(n)) {
                diagnostic = diagnostic.also(ty.span, "declared here");
            }
            found.push(diagnostic);
        }
    }
    None
}

/// Finds a field by its path, in front of which the record may stand.
fn leaf(format: &dyn Format, number: usize, ty: &RecordType, path: &str) -> Option<LeafRef> {
    let inside = path.strip_prefix(&*ty.name).and_then(|rest| rest.strip_prefix('/'));
    format.leaf(number, path).or_else(|| format.leaf(number, inside?))
}

fn unknown(asked: &Asked, format: &dyn Format, number: usize) -> Diagnostic {
    no_field(asked, format.names(number), format.types().get(number))
}

fn no_field(asked: &Asked, names: Vec<String>, ty: Option<&RecordType>) -> Diagnostic {
    let message = format!("the condition compares `{}`, which no record has at one place", asked.path);
    let near = names.iter().min_by_key(|name| distance(&asked.path, name));
    let hint = match near {
        Some(near) if distance(&asked.path, near) <= (asked.path.len() / 3).clamp(1, 3) => {
            format!("did you mean `{near}`?")
        }
        _ => {
            let listed: Vec<&str> = names.iter().take(LISTED_MAX).map(String::as_str).collect();
            format!("it has: {}", listed.join(", "))
        }
    };
    Diagnostic::new("E015", asked.span, message)
        .also(ty.and_then(|ty| ty.span), "the record is declared here")
        .hint(hint)
}

/// Returns the values that certainly select both. Conditions on different fields are judged record by record.
fn overlap(format: &dyn Format, a: &Rule, b: &Rule) -> Option<String> {
    let pair = |left: &[Check], right: &[Check]| {
        let (few, many) = if left.len() <= right.len() { (left, right) } else { (right, left) };
        let mut shown = Vec::new();
        for check in few {
            let other = many.iter().find(|other| same_place(check, other))?;
            // Where only one of them is a number, values that differ as texts may still be the same bytes.
            let number = format.is_number(&check.leaf) && format.is_number(&other.leaf);
            let overlaps = |value: &&Pattern| other.values.iter().any(|o| o.overlaps(value, number));
            let both = check.values.iter().find(overlaps)?;
            shown.push(format!("`{both}`"));
        }
        Some(if shown.is_empty() { "every record".to_owned() } else { shown.join(" and ") })
    };
    if a.any.is_empty() || b.any.is_empty() {
        return Some("every record".to_owned());
    }
    a.any.iter().find_map(|left| b.any.iter().find_map(|right| pair(left, right)))
}

fn same_place(a: &Check, b: &Check) -> bool {
    match (&a.leaf.bytes, &b.leaf.bytes) {
        (Some(a), Some(b)) => a == b,
        _ => a.leaf == b.leaf,
    }
}
