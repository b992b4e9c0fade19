//! What structures look like: a graph of numbered types whose parts have names, types and cardinality.
//!
//! **Invariant.** Plain data; whoever reads a shape never learns what it was loaded from.

use crate::{ScalarType, Span, Table};
use std::fmt;
use std::sync::Arc;

/// Number of a type in its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// Number of a part in its shape.
///
/// A part that a derived type inherits keeps its number; one that it declares anew has another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PartId(pub u32);

/// Number of an operation in its catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u32);

/// A name with the namespace it belongs to, if any.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    /// The namespace: a URI, a schema of a database; `None` where there is none.
    pub space: Option<Arc<str>>,
    /// The name as a mapping writes it.
    pub local: Arc<str>,
}

/// How often something may occur: `min..=max`; `None` is no upper bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Occurs {
    /// Fewest.
    pub min: u32,
    /// Most; `None` is unbounded.
    pub max: Option<u32>,
}

/// What a part is in the legacy message, which is all that an encoder needs to know of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// A child element, a group, a nested structure.
    Element,
    /// An attribute.
    Attribute,
    /// The own text of an element that also has attributes.
    Text,
    /// A column of a table or a field of a record.
    Field,
    /// Something that stands beside a record and is told before its own parts: the latest header, the name of the file.
    ///
    /// Mappings write `$` before its name. It is no part of the record's bytes, so it is never written.
    Beside,
    /// The name of the type that a group has in this message (`xsi:type`). Only [`PartId::TYPE`].
    TypeName,
}

/// A member of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: PartKind,
    /// Its declared type.
    pub ty: TypeId,
    /// How often it occurs in its parent, enclosing model groups and choices included:
    /// a part of a choice has `min: 0`, a part of a repeated group has the product.
    pub occurs: Occurs,
    /// It may be explicitly nothing.
    pub nillable: bool,
    /// The value of an absent part.
    pub default: Option<Box<str>>,
    /// The only value it may have.
    pub fixed: Option<Box<str>>,
    /// The part whose place it may take, as by a substitution group.
    pub substitutes: Option<PartId>,
    /// An element that cannot occur itself, only its substitutes.
    pub abstract_: bool,
    /// Its value follows from other things: the counter of a table, the field that says which type a record has, an area
    /// that others give a meaning. Coverage counts it as used, and a write need not fill it.
    pub implied: bool,
    /// Where it is declared.
    pub span: Option<Span>,
    /// What its declaration says about it, shortened.
    pub doc: Option<Box<str>>,
}

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Its name, unless it is anonymous.
    pub name: Option<Name>,
    /// What it is.
    pub kind: TypeKind,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A leaf or a group.
#[derive(Debug, Clone, PartialEq)]
pub enum TypeKind {
    /// A value.
    Scalar(ScalarType),
    /// A structure.
    Group(Group),
}

/// A structure: its parts, and the order in which they come.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// All parts, inherited ones first: attributes, then the text, then elements in the order of the schema.
    pub parts: Vec<PartId>,
    /// The order and the alternatives of its elements; `None` where there are none.
    pub content: Option<Particle>,
    /// The type that it extends or restricts.
    pub base: Option<TypeId>,
    /// The types that extend or restrict it, also indirectly. Filled in by [`ShapeBuilder::finish`].
    pub derived: Vec<TypeId>,
    /// No message has this very type.
    pub abstract_: bool,
    /// Text may stand between its elements.
    pub mixed: bool,
    /// Elements that nobody declared may occur.
    pub open_elements: bool,
    /// Attributes that nobody declared may occur.
    pub open_attributes: bool,
}

/// Order and alternatives.
#[derive(Debug, Clone, PartialEq)]
pub enum Particle {
    /// One part.
    Part(PartId, Occurs),
    /// All of these, in this order.
    Sequence(Vec<Particle>, Occurs),
    /// One of these.
    Choice(Vec<Particle>, Occurs),
    /// All of these, in any order.
    All(Vec<Particle>, Occurs),
    /// Anything.
    Any(Occurs),
}

/// The whole graph. Made by a [`ShapeBuilder`], then immutable.
#[derive(Debug, Clone, Default)]
pub struct Shape {
    types: Vec<Type>,
    parts: Vec<Part>,
    globals: Vec<PartId>,
}

/// What a connection offers: operations and the shape that they speak.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    /// The shape.
    pub shape: Arc<Shape>,
    /// What can be called.
    pub operations: Vec<Operation>,
    /// What can be asked by [`crate::Query`].
    pub tables: Vec<Table>,
    /// What [`crate::Query::Horizon`] answers, where the system can tell: one row with two columns of type instant,
    /// `now` (its clock) and `oldest` (the beginning of the oldest transaction that is open and may have written, else
    /// its clock).
    pub horizon: Option<Table>,
    /// The types of records that come by themselves, where the connection is a source.
    pub records: Vec<PartId>,
    /// Events can be published to it.
    pub takes_events: bool,
}

/// Something that can be called.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name, as a mapping writes it behind the connection.
    pub name: Arc<str>,
    /// What is sent. A root: its type's parts are what `send:` addresses.
    pub request: PartId,
    /// What is received; `None` for one-way operations.
    pub reply: Option<PartId>,
    /// Faults that it declares.
    pub faults: Vec<Fault>,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// A declared fault.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Its name.
    pub name: Arc<str>,
    /// What its detail holds.
    pub detail: Option<PartId>,
    /// Where it is declared.
    pub span: Option<Span>,
}

/// Builds a shape; types may be used before they are defined, so recursion needs no trick.
#[derive(Debug)]
pub struct ShapeBuilder {
    types: Vec<Option<Type>>,
    parts: Vec<Part>,
    globals: Vec<PartId>,
}

impl PartId {
    /// The name of the type that a group has in this message, which every group of a shape has.
    ///
    /// In mappings it is written `xsi:type`.
    pub const TYPE: Self = Self(0);
}

impl OperationId {
    /// The operation of a request that was made of a [`crate::Query`] and not of an operation of the catalogue.
    pub const QUERY: Self = Self(u32::MAX);
}

impl Catalogue {
    /// Returns the table with a row part.
    pub fn table(&self, part: PartId) -> Option<&Table> {
        self.tables.iter().find(|table| table.part == part)
    }
}

impl Occurs {
    /// Exactly once.
    pub const ONCE: Self = Self { min: 1, max: Some(1) };
    /// Once or not at all.
    pub const OPTIONAL: Self = Self { min: 0, max: Some(1) };
    /// Any number of times.
    pub const ANY: Self = Self { min: 0, max: None };

    /// Returns whether it may occur more than once.
    pub fn repeats(self) -> bool {
        self.max.is_none_or(|max| max > 1)
    }

    /// Returns how often something occurs that occurs `self` times in something that occurs `outer` times.
    #[must_use]
    pub fn times(self, outer: Self) -> Self {
        let max = match (self.max, outer.max) {
            (Some(0), _) | (_, Some(0)) => Some(0),
            (Some(a), Some(b)) => Some(a.saturating_mul(b)),
            _ => None,
        };
        Self { min: self.min.saturating_mul(outer.min), max }
    }
}

impl fmt::Display for Occurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.max {
            Some(max) => write!(f, "[{}..{max}]", self.min),
            None => write!(f, "[{}..*]", self.min),
        }
    }
}

impl Name {
    /// Returns a name without a namespace.
    pub fn local(local: impl Into<Arc<str>>) -> Self {
        Self { space: None, local: local.into() }
    }

    /// Returns a name in a namespace.
    pub fn new(space: Option<Arc<str>>, local: impl Into<Arc<str>>) -> Self {
        Self { space, local: local.into() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.local)
    }
}

impl Part {
    /// Returns a part that occurs exactly once and has no further property.
    pub fn new(name: Name, kind: PartKind, ty: TypeId) -> Self {
        Self {
            name,
            kind,
            ty,
            occurs: Occurs::ONCE,
            nillable: false,
            default: None,
            fixed: None,
            substitutes: None,
            abstract_: false,
            implied: false,
            span: None,
            doc: None,
        }
    }
}

impl Shape {
    /// Returns a type.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// Returns a part.
    pub fn part(&self, id: PartId) -> &Part {
        &self.parts[id.0 as usize]
    }

    /// Returns the structure of a type, unless it is a leaf.
    pub fn group(&self, id: TypeId) -> Option<&Group> {
        match &self.ty(id).kind {
            TypeKind::Group(group) => Some(group),
            TypeKind::Scalar(_) => None,
        }
    }

    /// Returns the scalar type of a type that is a leaf.
    pub fn scalar(&self, id: TypeId) -> Option<&ScalarType> {
        match &self.ty(id).kind {
            TypeKind::Scalar(scalar) => Some(scalar),
            TypeKind::Group(_) => None,
        }
    }

    /// Returns the part that holds the own text of a group.
    pub fn text_part(&self, id: TypeId) -> Option<PartId> {
        self.group(id)?.parts.iter().copied().find(|&part| self.part(part).kind == PartKind::Text)
    }

    /// Returns the type of the group, or one derived from it, that has this local name.
    pub fn derived(&self, base: TypeId, local: &str) -> Option<TypeId> {
        let is = |id: &TypeId| self.ty(*id).name.as_ref().is_some_and(|name| &*name.local == local);
        std::iter::once(base).chain(self.group(base)?.derived.iter().copied()).find(|id| is(id))
    }

    /// Returns all types with their numbers.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types.iter().enumerate().map(|(n, ty)| (TypeId(number(n)), ty))
    }

    /// Returns all parts with their numbers, [`PartId::TYPE`] first.
    pub fn parts(&self) -> impl Iterator<Item = (PartId, &Part)> {
        self.parts.iter().enumerate().map(|(n, part)| (PartId(number(n)), part))
    }

    /// Returns the parts that can stand alone: global elements, tables, record types.
    pub fn globals(&self) -> &[PartId] {
        &self.globals
    }
}

impl Default for ShapeBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl ShapeBuilder {
    /// Starts a shape, which has [`PartId::TYPE`] already.
    pub fn new() -> Self {
        let text = Type { name: None, kind: TypeKind::Scalar(ScalarType::text()), span: None };
        let name = Part {
            occurs: Occurs::OPTIONAL,
            ..Part::new(Name::local("xsi:type"), PartKind::TypeName, TypeId(0))
        };
        Self { types: vec![Some(text)], parts: vec![name], globals: Vec::new() }
    }

    /// Reserves a number for a type that is defined later.
    pub fn reserve(&mut self) -> TypeId {
        self.types.push(None);
        TypeId(number(self.types.len() - 1))
    }

    /// Defines a reserved type.
    pub fn define(&mut self, id: TypeId, ty: Type) {
        self.types[id.0 as usize] = Some(ty);
    }

    /// Adds a type.
    pub fn add_type(&mut self, ty: Type) -> TypeId {
        let id = self.reserve();
        self.define(id, ty);
        id
    }

    /// Adds an anonymous scalar type.
    pub fn add_scalar(&mut self, scalar: ScalarType) -> TypeId {
        self.add_type(Type { name: None, kind: TypeKind::Scalar(scalar), span: None })
    }

    /// Adds a part; it belongs to a group once that lists it.
    pub fn add_part(&mut self, part: Part) -> PartId {
        self.parts.push(part);
        PartId(number(self.parts.len() - 1))
    }

    /// Returns a part, to change it.
    pub fn part_mut(&mut self, id: PartId) -> &mut Part {
        &mut self.parts[id.0 as usize]
    }

    /// Returns a part.
    pub fn part(&self, id: PartId) -> &Part {
        &self.parts[id.0 as usize]
    }

    /// Returns a type, if it is defined already.
    pub fn ty(&self, id: TypeId) -> Option<&Type> {
        self.types.get(id.0 as usize)?.as_ref()
    }

    /// Returns a type to change it, if it is defined already.
    pub fn ty_mut(&mut self, id: TypeId) -> Option<&mut Type> {
        self.types.get_mut(id.0 as usize)?.as_mut()
    }

    /// Names a part that can stand alone.
    pub fn add_global(&mut self, part: PartId) {
        self.globals.push(part);
    }

    /// Closes the shape: a type that was never defined becomes an empty open group, and `derived` is filled in.
    pub fn finish(self) -> Shape {
        let open = || Type {
            name: None,
            kind: TypeKind::Group(Group { open_elements: true, open_attributes: true, ..Group::default() }),
            span: None,
        };
        let mut types: Vec<Type> = self.types.into_iter().map(|ty| ty.unwrap_or_else(open)).collect();
        let bases: Vec<Option<TypeId>> = types
            .iter()
            .map(|ty| match &ty.kind {
                TypeKind::Group(group) => group.base,
                TypeKind::Scalar(_) => None,
            })
            .collect();
        for start in 0..types.len() {
            let mut seen = 0;
            let mut base = bases[start];
            while let Some(id) = base {
                if let TypeKind::Group(group) = &mut types[id.0 as usize].kind {
                    group.derived.push(TypeId(number(start)));
                }
                base = bases[id.0 as usize];
                // A circle of bases is refused by whoever loads a schema; here it only must not hang.
                seen += 1;
                if seen > types.len() {
                    break;
                }
            }
        }
        Shape { types, parts: self.parts, globals: self.globals }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).expect("a shape has fewer than four billion parts, since its source is limited in size")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cardinality_is_the_product_along_a_path() {
        let check = |a: Occurs, b: Occurs, text: &str| assert_eq!(a.times(b).to_string(), text);
        check(Occurs::ONCE, Occurs::ANY, "[0..*]");
        check(Occurs { min: 2, max: Some(3) }, Occurs { min: 1, max: Some(4) }, "[2..12]");
        check(Occurs::OPTIONAL, Occurs::ONCE, "[0..1]");
    }

    #[test]
    fn a_type_may_be_used_before_it_is_defined_and_knows_what_derives_from_it() {
        let mut build = ShapeBuilder::new();
        let node = build.reserve();
        let child = build.add_part(Part::new(Name::local("child"), PartKind::Element, node));
        build.define(node, group("Node", vec![child], None));
        let leaf = build.add_type(group("Leaf", vec![child], Some(node)));
        let shape = build.finish();
        assert_eq!(shape.part(child).ty, node);
        assert_eq!(shape.derived(node, "Leaf"), Some(leaf));
        assert_eq!(shape.derived(leaf, "Node"), None);
    }

    fn group(name: &str, parts: Vec<PartId>, base: Option<TypeId>) -> Type {
        let kind = TypeKind::Group(Group { parts, base, ..Group::default() });
        Type { name: Some(Name::local(name)), kind, span: None }
    }
}
