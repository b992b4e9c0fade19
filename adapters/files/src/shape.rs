//! The records of a connection as the language sees them: a group per type, with what stands beside it in front.
//!
//! **Invariant.** What stands beside a record is its plain type, so nothing is beside what is beside.

use crate::format::Format;
use crate::select::Rule;
use kernel::{
    DecodeError, Diagnostic, Group, Interest, Name, Occurs, Part, PartId, PartKind, Progress, ScalarType,
    ShapeBuilder, Span, Type, TypeId, TypeKind, Visitor,
};
use std::sync::Arc;

/// The part that says which file a record is of.
pub(crate) const FILE: &str = "file";

/// All types of records of a connection.
#[derive(Debug)]
pub(crate) struct Layout {
    /// What reads and writes them.
    pub format: Arc<dyn Format>,
    /// The types, in the order of `records:`.
    pub kinds: Vec<Kind>,
    /// The part that holds the name of the file, and its type.
    pub file: (PartId, TypeId),
    /// Some types come with the record that they belong to.
    pub grouped: bool,
}

/// A type of records.
#[derive(Debug)]
pub(crate) struct Kind {
    /// Its name.
    pub name: Arc<str>,
    /// Its number in the format.
    pub number: usize,
    /// The part that it is on its own, or in its parent.
    pub part: PartId,
    /// The type of that part.
    pub ty: TypeId,
    /// The part that it is beside others, and its type.
    pub beside: (PartId, TypeId),
    /// The type whose records it belongs to.
    pub parent: Option<usize>,
}

/// A record type that belongs to another one, as written.
#[derive(Debug, Clone)]
pub(crate) struct Belongs {
    /// The type.
    pub child: String,
    /// Where it stands.
    pub child_span: Span,
    /// The type that it belongs to.
    pub parent: String,
    /// Where that stands.
    pub parent_span: Span,
}

/// Adds all types to the shape.
pub(crate) fn build(
    rules: &[Rule],
    belongs: &[Belongs],
    format: Arc<dyn Format>,
    shape: &mut ShapeBuilder,
    found: &mut Vec<Diagnostic>,
) -> Layout {
    let parents = parents(rules, belongs, found);
    let text = shape.add_scalar(ScalarType::text());
    let beside = |shape: &mut ShapeBuilder, name: &str, ty| {
        let part = Part::new(Name::local(name), PartKind::Beside, ty);
        shape.add_part(Part { occurs: Occurs::OPTIONAL, ..part })
    };
    let file = (beside(shape, FILE, text), text);
    let mut kinds = Vec::new();
    for (rule, parent) in rules.iter().zip(&parents) {
        let Some(record) = format.types().get(rule.number) else { continue };
        let (plain, span) = (record.plain, record.span);
        let ty = shape.reserve();
        let mut part = Part::new(Name::local(Arc::clone(&rule.name)), PartKind::Element, ty);
        part.span = span;
        if parent.is_some() {
            part.occurs = Occurs::ANY;
        }
        let part = shape.add_part(part);
        let beside = (beside(shape, &rule.name, plain), plain);
        kinds.push(Kind {
            name: Arc::clone(&rule.name),
            number: rule.number,
            part,
            ty,
            beside,
            parent: *parent,
        });
    }
    // By these a record is known, so nobody has to map them.
    for check in rules.iter().flat_map(|rule| rule.any.iter().flatten()) {
        shape.part_mut(check.leaf.part).implied = true;
    }
    let grouped = kinds.iter().any(|kind| kind.parent.is_some());
    let layout = Layout { format, kinds, file, grouped };
    for index in 0..layout.kinds.len() {
        layout.define(index, shape);
    }
    layout
}

fn parents(rules: &[Rule], belongs: &[Belongs], found: &mut Vec<Diagnostic>) -> Vec<Option<usize>> {
    let mut parents = vec![None; rules.len()];
    let index = |name: &str| rules.iter().position(|rule| *rule.name == *name);
    let names: Vec<&str> = rules.iter().map(|rule| &*rule.name).collect();
    let mut find = |name: &str, span: Span| {
        let known = index(name);
        if known.is_none() {
            let message = format!("there is no record type `{name}`");
            found.push(Diagnostic::new("E014", span, message).hint(format!("it has: {}", names.join(", "))));
        }
        known
    };
    let mut pairs = Vec::new();
    for one in belongs {
        if let (Some(child), Some(parent)) =
            (find(&one.child, one.child_span), find(&one.parent, one.parent_span))
        {
            pairs.push((child, parent, one));
        }
    }
    for (child, parent, one) in pairs {
        if let Some(slot) = parents.get_mut(child) {
            *slot = Some(parent);
        }
        // Following the way up must end, so a circle is cut where it closes.
        let mut at = Some(parent);
        for _ in 0..=rules.len() {
            at = match at {
                Some(step) if step == child => break,
                Some(step) => parents.get(step).copied().flatten(),
                None => break,
            };
        }
        if at.is_some() {
            let message = format!("`{}` would belong to itself", one.child);
            found.push(Diagnostic::new("E007", one.child_span, message));
            if let Some(slot) = parents.get_mut(child) {
                *slot = None;
            }
        }
    }
    parents
}

impl Layout {
    /// Defines the group of a type: what stands beside it, its own parts, the records that belong to it.
    fn define(&self, index: usize, shape: &mut ShapeBuilder) {
        let Some(kind) = self.kinds.get(index) else { return };
        let Some(record) = self.format.types().get(kind.number) else { return };
        let mut parts = Vec::new();
        if kind.parent.is_none() {
            let others = self.tops().filter(|(other, _)| *other != index);
            parts.extend(others.map(|(_, other)| other.beside.0));
            parts.push(self.file.0);
        }
        parts.extend(record.parts.iter().copied());
        parts.extend(self.kinds.iter().filter(|other| other.parent == Some(index)).map(|other| other.part));
        let name = Some(Name::local(Arc::clone(&kind.name)));
        let kind_ = TypeKind::Group(Group { parts, ..Group::default() });
        shape.define(kind.ty, Type { name, kind: kind_, span: record.span });
        if kind.parent.is_none() {
            shape.add_global(kind.part);
        }
    }

    /// Returns the types that come by themselves.
    pub(crate) fn tops(&self) -> impl Iterator<Item = (usize, &Kind)> {
        self.kinds.iter().enumerate().filter(|(_, kind)| kind.parent.is_none())
    }

    /// Returns the type of a part.
    pub(crate) fn index(&self, part: PartId) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.part == part)
    }

    /// Returns the type of a name.
    pub(crate) fn named(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| *kind.name == *name)
    }

    /// Tells what stands beside a record of a type, as the format of its file reads it. `latest` gives the latest record of another type.
    ///
    /// # Errors
    /// As for [`Format::tell`].
    pub(crate) fn tell_beside<'b>(
        &self,
        format: &dyn Format,
        index: usize,
        latest: &dyn Fn(usize) -> Option<(&'b [u8], u64)>,
        file: Option<&str>,
        text: &mut String,
        to: &mut dyn Visitor,
    ) -> Result<Progress, DecodeError> {
        for (other, kind) in self.tops().filter(|(other, _)| *other != index) {
            let Some((bytes, at)) = latest(other) else { continue };
            match to.enter(kind.beside.0, kind.beside.1) {
                Interest::Pause => return Ok(Progress::Paused),
                Interest::Skip | Interest::Leaf => continue,
                Interest::Descend => {}
            }
            let progress = format.tell(kind.number, bytes, at, text, to)?;
            if progress != Progress::End {
                return Ok(progress);
            }
            if to.leave(kind.beside.0).is_err() {
                return Ok(Progress::Stopped);
            }
        }
        let Some(file) = file else { return Ok(Progress::End) };
        match to.enter(self.file.0, self.file.1) {
            Interest::Pause => Ok(Progress::Paused),
            Interest::Leaf if to.leaf(self.file.0, kernel::Scalar::Text(file)).is_err() => {
                Ok(Progress::Stopped)
            }
            _ => Ok(Progress::End),
        }
    }
}
