//! Writes the structure of a shape in one line, for comparison.
//!
//! **Invariant.** Everything that a loader sets is visible: bounds, order, alternatives, types, flags.

use kernel::{Group, Name, Occurs, Part, PartId, PartKind, Particle, ScalarType, Shape, TypeId, TypeKind};

/// Writes what a global part holds; a type is written out once, then only named.
#[allow(dead_code, reason = "not every suite that shares this file asks for globals")]
pub(crate) fn structure(shape: &Shape, global: &str) -> String {
    let found = shape.globals().iter().find(|id| &*shape.part(**id).name.local == global);
    let part = shape.part(*found.unwrap_or_else(|| panic!("no global `{global}`")));
    let mut told = Vec::new();
    let mut out = flags(shape, part);
    out.push_str(&ty(shape, part.ty, &mut told));
    out
}

/// Writes a type.
pub(crate) fn ty(shape: &Shape, id: TypeId, told: &mut Vec<TypeId>) -> String {
    match &shape.ty(id).kind {
        TypeKind::Scalar(found) => scalar(found),
        TypeKind::Group(_) if told.contains(&id) => {
            format!("^{}", shape.ty(id).name.as_ref().map_or("", |name| &*name.local))
        }
        TypeKind::Group(found) => {
            told.push(id);
            group(shape, found, told)
        }
    }
}

fn group(shape: &Shape, group: &Group, told: &mut Vec<TypeId>) -> String {
    let mut parts = Vec::new();
    for &id in &group.parts {
        let part = shape.part(id);
        let mark = match part.kind {
            PartKind::Attribute => "@",
            _ => "",
        };
        let occurs = if part.occurs == Occurs::ONCE { String::new() } else { part.occurs.to_string() };
        let inner = ty(shape, part.ty, told);
        parts.push(format!("{mark}{}{occurs}: {}{inner}", qualified(&part.name), flags(shape, part)));
    }
    let mut out = String::new();
    for (flag, word) in [
        (group.abstract_, "abstract "),
        (group.mixed, "mixed "),
        (group.open_attributes, "open@ "),
        (group.open_elements, "open "),
    ] {
        out.push_str(if flag { word } else { "" });
    }
    out.push_str(&format!("{{{}}}", parts.join("; ")));
    if let Some(content) = &group.content {
        out.push_str(&format!(" = {}", particle(shape, content)));
    }
    out
}

fn flags(shape: &Shape, part: &Part) -> String {
    let mut out = String::new();
    out.push_str(if part.nillable { "nil " } else { "" });
    out.push_str(if part.abstract_ { "abstract " } else { "" });
    if let Some(value) = &part.default {
        out.push_str(&format!("default={value} "));
    }
    if let Some(value) = &part.fixed {
        out.push_str(&format!("fixed={value} "));
    }
    if let Some(head) = part.substitutes {
        out.push_str(&format!("for {} ", local(shape, head)));
    }
    out
}

fn particle(shape: &Shape, found: &Particle) -> String {
    let (inner, sign, occurs) = match found {
        Particle::Part(id, occurs) => return format!("{}{}", local(shape, *id), bounds(*occurs)),
        Particle::Any(occurs) => return format!("any{}", bounds(*occurs)),
        Particle::Sequence(inner, occurs) => (inner, ", ", occurs),
        Particle::Choice(inner, occurs) => (inner, " | ", occurs),
        Particle::All(inner, occurs) => (inner, " & ", occurs),
    };
    let inner: Vec<String> = inner.iter().map(|found| particle(shape, found)).collect();
    format!("({}){}", inner.join(sign), bounds(*occurs))
}

fn bounds(occurs: Occurs) -> String {
    match occurs {
        Occurs::ONCE => String::new(),
        Occurs::OPTIONAL => "?".into(),
        Occurs::ANY => "*".into(),
        other => other.to_string(),
    }
}

fn local(shape: &Shape, id: PartId) -> String {
    shape.part(id).name.local.to_string()
}

/// Elements of the namespace `urn:t` are the normal case; `.a` has none, `{u}a` another one.
fn qualified(name: &Name) -> String {
    match name.space.as_deref() {
        Some("urn:t") => name.local.to_string(),
        Some(space) => format!("{{{space}}}{}", name.local),
        None if &*name.local == "#text" => name.local.to_string(),
        None => format!(".{}", name.local),
    }
}

/// Writes a scalar type.
pub(crate) fn scalar(ty: &ScalarType) -> String {
    match ty {
        ScalarType::Text(text) => {
            let mut out = String::from(if text.list {
                "list"
            } else if text.collapse {
                "token"
            } else {
                "text"
            });
            if text.length_min.is_some() || text.length_max.is_some() {
                let bound = |bound: Option<u32>| bound.map_or(String::new(), |n| n.to_string());
                out.push_str(&format!("({}..{})", bound(text.length_min), bound(text.length_max)));
            }
            if !text.codes.is_empty() {
                out.push_str(&format!("[{}]", text.codes.join("|")));
            }
            out
        }
        ScalarType::Decimal { digits, scale, unsigned } => {
            let bound = |bound: &Option<u16>| bound.map_or("*".into(), |n| n.to_string());
            format!("{}dec({},{})", if *unsigned { "+" } else { "" }, bound(digits), bound(scale))
        }
        ScalarType::Float { bits } => format!("float{bits}"),
        other => format!("{other:?}").to_lowercase(),
    }
}
