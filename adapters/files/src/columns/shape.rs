//! Types of records whose parts are texts, as CSV and fixed columns have them.
//!
//! **Invariant.** A type is a group of its columns, in their order, and nothing else.

use crate::format::RecordType;
use kernel::{Group, Name, Node, Occurs, Part, PartKind, ShapeBuilder, Span, Type, TypeId, TypeKind};
use std::sync::Arc;

/// The name of the only type of records of a format.
const ONLY: &str = "record";

/// Returns the names of the types under `records`.
pub(crate) fn type_names(format: &Node) -> Vec<&str> {
    let entries = format.at("records").and_then(Node::map).unwrap_or_default();
    entries.iter().map(|entry| entry.key.as_str()).collect()
}

/// Adds a type of records by the names and types of its columns.
pub(crate) fn add_type(
    shape: &mut ShapeBuilder,
    name: Option<&str>,
    span: Span,
    columns: &[(&str, TypeId, Span)],
    optional: bool,
) -> RecordType {
    let occurs = if optional { Occurs::OPTIONAL } else { Occurs::ONCE };
    let mut add = |(name, ty, span): &(&str, TypeId, Span)| {
        let part = Part::new(Name::local(*name), PartKind::Field, *ty);
        shape.add_part(Part { occurs, span: Some(*span), ..part })
    };
    let parts: Vec<_> = columns.iter().map(&mut add).collect();
    let name: Arc<str> = name.unwrap_or(ONLY).into();
    let group = Group { parts: parts.clone(), ..Group::default() };
    let plain = shape.add_type(Type {
        name: Some(Name::local(Arc::clone(&name))),
        kind: TypeKind::Group(group),
        span: Some(span),
    });
    RecordType { name, parts, plain, bytes_min: 0, bytes_max: None, length: None, span: Some(span) }
}
