//! Some fields of a model instead of all: what is read then, and which columns that needs.
//!
//! **Invariant.** A field that is asked for is as it would be among all; what it is computed from is read too.

use crate::plan::compile::tables::column;
use crate::plan::model::{Facts, Field, FieldKind, LegacyPath, Model, ObjectMap, Origin, Pick, Step};
use crate::plan::read::{ReadPlan, ReadSpec, RecordSpec};
use crate::program::{CallPlan, OperationPlan, Program};
use crate::ty::{Kind, Type};
use kernel::{Occurs, PartId};
use std::collections::HashSet;
use std::sync::Arc;

/// Some fields of a model.
#[derive(Debug, Clone)]
pub struct Projection {
    /// Reads them; instead of the plan of the call.
    pub read: Arc<ReadPlan>,
    /// The columns that they need.
    pub columns: Vec<PartId>,
    /// The fields, sorted and each once: what tells one projection from another.
    pub fields: Vec<Arc<str>>,
}

/// Most fields that one request may name.
const FIELDS_MAX: usize = 200;

/// Returns the plan for the fields that a client names, as `id,address.city`.
///
/// # Errors
/// In words: a field that the model does not have, or more than there can be.
pub fn project(program: &Program, operation: &OperationPlan, text: &str) -> Result<Projection, String> {
    let call = operation.call.as_ref();
    let plan = call.and_then(CallPlan::table).ok_or("the operation is on no table")?;
    let model = program.model(plan.model);
    let mut names: Vec<&str> = text.split(',').map(str::trim).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() > FIELDS_MAX {
        return Err(format!("expected at most {FIELDS_MAX} fields"));
    }
    let paths: Result<Vec<Vec<usize>>, String> = names
        .iter()
        .map(|name| find(&model.body, name).ok_or_else(|| format!("expected fields of {}", model.name)))
        .collect();
    let narrow = only(model, &paths?);
    let connection = &program.connections[model.connection];
    let step = Step { parts: vec![plan.table.part], ty: model.ty, pick: Pick::Only };
    let receive = LegacyPath {
        beside: None,
        up: 0,
        steps: vec![step],
        ty: model.ty,
        occurs: Occurs::ANY,
        span: model.span,
    };
    let yields = call.map_or(crate::plan::read::Yield::One, |call| call.read.gives());
    let read = ReadPlan::new(&ReadSpec {
        shape: Arc::clone(&model.shape),
        root: plan.table.rows,
        table: Arc::clone(&connection.table),
        tests: Vec::new(),
        details: vec![None; connection.errors.len()],
        record: Some(RecordSpec::new(&narrow, receive, yields)),
        cursor: None,
        strict: connection.strict,
        repeatable: true,
    });
    let columns = columns(&narrow);
    let columns = plan.columns.iter().copied().filter(|part| columns.contains(part)).collect();
    Ok(Projection { read: Arc::new(read), columns, fields: names.into_iter().map(Arc::from).collect() })
}

/// Returns a model with only these fields, by the indexes that lead to each, and with what they are computed from.
pub(crate) fn only(model: &Model, shown: &[Vec<usize>]) -> Model {
    let mut needed = HashSet::new();
    for path in shown {
        need(&model.body, path, &mut needed);
    }
    let needed: Vec<Vec<usize>> = needed.into_iter().collect();
    let mut narrow = model.clone();
    cut(&mut narrow.body, &mut Vec::new(), shown, &needed);
    narrow
}

fn find(map: &ObjectMap, name: &str) -> Option<Vec<usize>> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let at = map
        .fields
        .iter()
        .position(|field| *field.name == *first && !field.hidden && !field.facts.write_only)?;
    let Some(rest) = rest else { return Some(vec![at]) };
    let FieldKind::Object(inner) = &map.fields[at].kind else { return None };
    let mut path = find(inner, rest)?;
    path.insert(0, at);
    Some(path)
}

/// Collects what the field at a path is computed from.
fn need(body: &ObjectMap, path: &[usize], needed: &mut HashSet<Vec<usize>>) {
    // The `fields:` maps around, outermost first, by the indexes that lead to them.
    let mut maps: Vec<Vec<usize>> = vec![Vec::new()];
    let mut map = body;
    for (depth, &index) in path.iter().enumerate() {
        let Some(field) = map.fields.get(index) else { return };
        if depth + 1 == path.len() {
            return need_field(body, field, path, &maps, needed);
        }
        let FieldKind::Object(inner) = &field.kind else { return };
        if !inner.implicit {
            maps.push(path[..=depth].to_vec());
        }
        map = inner;
    }
}

fn need_field(
    body: &ObjectMap,
    field: &Field,
    path: &[usize],
    maps: &[Vec<usize>],
    needed: &mut HashSet<Vec<usize>>,
) {
    match &field.kind {
        FieldKind::Computed(formula) => {
            for &input in formula.typed.inputs() {
                let Some(Origin::Field { out, index }) = formula.scope.origins.get(input) else { continue };
                let Some(base) = maps.len().checked_sub(out + 1).map(|at| &maps[at]) else { continue };
                let other: Vec<usize> = base.iter().copied().chain([*index]).collect();
                if needed.insert(other.clone()) {
                    need(body, &other, needed);
                }
            }
        }
        FieldKind::Object(inner) => {
            let mut maps = maps.to_vec();
            if !inner.implicit {
                maps.push(path.to_vec());
            }
            for (index, field) in inner.fields.iter().enumerate() {
                let path: Vec<usize> = path.iter().copied().chain([index]).collect();
                need_field(body, field, &path, &maps, needed);
            }
        }
        FieldKind::Cases { cases, .. } => {
            // What is computed in a case may use anything around.
            let computed = cases.iter().any(|case| {
                case.fields.fields.iter().any(|field| matches!(field.kind, FieldKind::Computed(_)))
            });
            if computed {
                needed.extend((0..body.fields.len()).map(|index| vec![index]));
            }
        }
        // What is computed in an element may use anything around.
        FieldKind::Each { element, .. } if computes(element) => {
            needed.extend((0..body.fields.len()).map(|index| vec![index]));
        }
        _ => {}
    }
}

/// Returns whether anything in a map is computed.
fn computes(map: &ObjectMap) -> bool {
    map.fields.iter().any(|field| match &field.kind {
        FieldKind::Computed(_) => true,
        FieldKind::Each { element, .. } => computes(element),
        FieldKind::Object(inner) => computes(inner),
        FieldKind::Cases { cases, .. } => cases.iter().any(|case| computes(&case.fields)),
        FieldKind::Value { .. } => false,
    })
}

fn cut(map: &mut ObjectMap, path: &mut Vec<usize>, shown: &[Vec<usize>], needed: &[Vec<usize>]) {
    for (index, field) in map.fields.iter_mut().enumerate() {
        path.push(index);
        let covers = |paths: &[Vec<usize>]| paths.iter().any(|one| path.starts_with(one));
        let within = |paths: &[Vec<usize>]| paths.iter().any(|one| one.starts_with(path));
        if covers(shown) {
            // As it is.
        } else if within(shown) && matches!(field.kind, FieldKind::Object(_)) {
            if let FieldKind::Object(inner) = &mut field.kind {
                cut(inner, path, shown, needed);
            }
        } else if covers(needed) || within(needed) {
            field.hidden = true;
            field.facts = Facts::default();
        } else {
            field.hidden = true;
            field.facts = Facts::default();
            field.ty = Type::optional(Kind::Any);
            field.kind = FieldKind::Object(ObjectMap::default());
        }
        path.pop();
    }
}

/// The columns that reading a model needs.
fn columns(model: &Model) -> HashSet<PartId> {
    let mut found = HashSet::new();
    collect(&model.body, &mut found);
    found
}

fn collect(map: &ObjectMap, found: &mut HashSet<PartId>) {
    for field in &map.fields {
        match &field.kind {
            FieldKind::Value { sources, .. } => found.extend(sources.iter().filter_map(column)),
            FieldKind::Object(inner) => collect(inner, found),
            FieldKind::Cases { selector, cases, .. } => {
                found.extend(selector.iter().filter_map(column));
                for case in cases {
                    found.extend(case.at.iter().filter_map(column));
                    collect(&case.fields, found);
                }
            }
            _ => {}
        }
    }
}
