//! Finding parts by name in a type, what derives from it, and what may take a part's place.
//!
//! **Invariant.** The declared part comes first; what derives or substitutes follows it.

use crate::lang;
use kernel::{PartId, PartKind, Shape, TypeId};

/// What a name means in a type.
pub(super) enum Found {
    /// These parts, all of which are the same step.
    Parts(Vec<PartId>),
    /// Two different things.
    Many(PartId, PartId),
    /// Nothing.
    None,
}

/// Returns the parts that a step means in a type.
pub(super) fn parts(shape: &Shape, ty: TypeId, step: &lang::Step) -> Found {
    if step.kind == lang::StepKind::Type {
        return if shape.group(ty).is_some() { Found::Parts(vec![PartId::TYPE]) } else { Found::None };
    }
    let wanted = |part: PartId| {
        let part = shape.part(part);
        let attribute = part.kind == PartKind::Attribute;
        *part.name.local == *step.name
            && part.kind != PartKind::Text
            && (attribute || step.kind != lang::StepKind::Attribute)
    };
    let mut parts: Vec<PartId> = members(shape, ty).into_iter().filter(|&part| wanted(part)).collect();
    if parts.is_empty() {
        parts = stand_ins(shape, ty).into_iter().filter(|&part| wanted(part)).collect();
    }
    let Some(&first) = parts.first() else { return Found::None };
    let other = parts.iter().copied().find(|&part| {
        shape.part(part).name != shape.part(first).name || attribute(shape, part) != attribute(shape, first)
    });
    if let Some(other) = other {
        return Found::Many(first, other);
    }
    for at in 0..parts.len() {
        for stand_in in substitutes(shape, parts[at]) {
            if !parts.contains(&stand_in) {
                parts.push(stand_in);
            }
        }
    }
    Found::Parts(parts)
}

/// Returns the names that can stand behind a type in a path.
pub(super) fn names(shape: &Shape, ty: TypeId) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for part in members(shape, ty).into_iter().chain(stand_ins(shape, ty)) {
        let part = shape.part(part);
        let name = part.name.local.to_string();
        if part.kind != PartKind::Text && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The parts of a type, then those that only derived types have.
fn members(shape: &Shape, ty: TypeId) -> Vec<PartId> {
    let Some(group) = shape.group(ty) else { return Vec::new() };
    let own = |part: &PartId| shape.part(*part).kind != PartKind::Beside;
    let mut parts: Vec<PartId> = group.parts.iter().copied().filter(own).collect();
    for derived in group.derived.iter().filter_map(|&derived| shape.group(derived)) {
        for &part in &derived.parts {
            if !parts.contains(&part) {
                parts.push(part);
            }
        }
    }
    parts
}

/// What may take the place of the parts of a type.
fn stand_ins(shape: &Shape, ty: TypeId) -> Vec<PartId> {
    members(shape, ty).into_iter().flat_map(|part| substitutes(shape, part)).collect()
}

/// What may take the place of a part, also indirectly.
fn substitutes(shape: &Shape, part: PartId) -> Vec<PartId> {
    let mut all: Vec<PartId> = Vec::new();
    let mut heads = vec![part];
    while let Some(head) = heads.pop() {
        for (id, other) in shape.parts() {
            if other.substitutes == Some(head) && id != part && !all.contains(&id) {
                all.push(id);
                heads.push(id);
            }
        }
    }
    all
}

fn attribute(shape: &Shape, part: PartId) -> bool {
    shape.part(part).kind == PartKind::Attribute
}
