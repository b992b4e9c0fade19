//! Makes a shape of the declarations: numbers types and parts, resolves names, works off what is still undefined.
//!
//! **Invariant.** Types are compiled from a queue, never inside one another, so that recursion and nesting of a schema cost no stack.

use super::findings::Findings;
use super::index::{Decl, Index, Key};
use super::{XSD, builtin};
use kernel::{
    Group, Name, Occurs, Part, PartId, PartKind, Particle, Shape, ShapeBuilder, Type, TypeId, TypeKind,
};
use roxmltree::NodeId;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

/// Most parts and particles of one shape: a schema that doubles itself by references must come to an end.
const BUDGET: usize = 1_000_000;
/// Most characters of a documentation that are kept.
const DOC_MAX: usize = 200;

/// Compiles an index into a shape.
pub(crate) struct Compiler<'a> {
    pub(crate) index: &'a Index<'a>,
    pub(crate) findings: &'a mut Findings,
    pub(crate) build: ShapeBuilder,
    types: HashMap<TypeKey<'a>, TypeId>,
    queue: VecDeque<Pending<'a>>,
    globals: HashMap<Key<'a>, PartId>,
    names: HashMap<&'a str, Arc<str>>,
    any_type: Option<TypeId>,
    budget: usize,
    pub(crate) simple_depth: usize,
    /// Named simple types that are being compiled.
    pub(crate) open_simple: HashSet<Key<'a>>,
    /// Groups and attribute groups that are being expanded.
    pub(crate) open_groups: Vec<Key<'a>>,
    /// Parts that can stand alone beside the global elements.
    pub(crate) extra_globals: Vec<PartId>,
}

/// What makes two uses of a type the same type.
#[derive(PartialEq, Eq, Hash, Clone, Copy)]
enum TypeKey<'a> {
    Builtin(&'static str),
    Named(Key<'a>),
    Anonymous(usize, NodeId, Option<&'a str>),
}

/// A complex type that has a number and no definition yet.
#[derive(Clone, Copy)]
pub(crate) struct Pending<'a> {
    pub(crate) id: TypeId,
    pub(crate) decl: Decl<'a>,
    pub(crate) name: Option<Key<'a>>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(index: &'a Index<'a>, findings: &'a mut Findings) -> Self {
        Self {
            index,
            findings,
            build: ShapeBuilder::new(),
            types: HashMap::new(),
            queue: VecDeque::new(),
            globals: HashMap::new(),
            names: HashMap::new(),
            any_type: None,
            budget: BUDGET,
            simple_depth: 0,
            open_simple: HashSet::new(),
            open_groups: Vec::new(),
            extra_globals: Vec::new(),
        }
    }

    /// Compiles all global elements and named types that nobody asked for yet.
    pub(crate) fn compile_all(&mut self) {
        let index = self.index;
        for &key in &index.element_order {
            self.global(key);
        }
        for &key in &index.type_order {
            self.type_by_key(key);
        }
        self.drain();
    }

    /// Defines all types that were asked for.
    pub(crate) fn drain(&mut self) {
        while let Some(pending) = self.queue.pop_front() {
            self.complete(pending);
        }
    }

    /// Closes the shape.
    pub(crate) fn finish(mut self) -> Shape {
        self.drain();
        for &key in &self.index.element_order {
            if let Some(&part) = self.globals.get(&key) {
                self.build.add_global(part);
            }
        }
        let taken: HashSet<&str> = self.index.element_order.iter().map(|key| key.1).collect();
        for part in std::mem::take(&mut self.extra_globals) {
            if !taken.contains(&*self.build.part(part).name.local) {
                self.build.add_global(part);
            }
        }
        self.box_scalars();
        self.build.finish()
    }

    /// Returns the part of a global element.
    pub(crate) fn global(&mut self, key: Key<'a>) -> Option<PartId> {
        if let Some(&part) = self.globals.get(&key) {
            return Some(part);
        }
        let decl = *self.index.elements.get(&key)?;
        let part = self.element_part(decl, key, Occurs::ONCE);
        let id = self.add_part(part);
        self.globals.insert(key, id);
        Some(id)
    }

    /// Returns what a global element declares, as a part with other bounds.
    pub(crate) fn element_part(&mut self, decl: Decl<'a>, key: Key<'a>, occurs: Occurs) -> Part {
        let ty = self.element_type(decl, 0);
        Part {
            occurs,
            nillable: decl.flag("nillable"),
            default: decl.node.attribute("default").map(Into::into),
            fixed: decl.node.attribute("fixed").map(Into::into),
            abstract_: decl.flag("abstract"),
            span: Some(decl.span()),
            doc: documentation(decl),
            ..Part::new(self.name(key.0, key.1), PartKind::Element, ty)
        }
    }

    /// The type of an element: named, written inside it, that of the head of its substitution group, or anything.
    fn element_type(&mut self, decl: Decl<'a>, followed: usize) -> TypeId {
        if let Some(ty) = self.declared_type(decl) {
            return ty;
        }
        let head =
            decl.attribute("substitutionGroup").and_then(|heads| heads.split_ascii_whitespace().next());
        let head =
            head.and_then(|head| decl.key(head).ok()).and_then(|key| self.index.elements.get(&key).copied());
        match head {
            Some(head) if followed < 32 => self.element_type(head, followed + 1),
            _ => self.any_type(),
        }
    }

    /// The type that an element or attribute names or holds.
    pub(crate) fn declared_type(&mut self, decl: Decl<'a>) -> Option<TypeId> {
        if let Some(name) = decl.attribute("type") {
            return Some(self.type_named(decl, name));
        }
        let inner = decl.children().find(|child| matches!(child.tag(), "simpleType" | "complexType"))?;
        let key = TypeKey::Anonymous(inner.context.doc, inner.node.id(), inner.context.space);
        if let Some(&id) = self.types.get(&key) {
            return Some(id);
        }
        let id = self.build.reserve();
        self.types.insert(key, id);
        if inner.tag() == "simpleType" {
            let kind = TypeKind::Scalar(self.simple(inner));
            self.build.define(id, Type { name: None, kind, span: Some(inner.span()) });
        } else {
            self.queue.push_back(Pending { id, decl: inner, name: None });
        }
        Some(id)
    }

    /// The type behind a prefixed name.
    pub(crate) fn type_named(&mut self, at: Decl<'a>, name: &'a str) -> TypeId {
        let key = match at.key(name) {
            Ok(key) => key,
            Err(prefix) => {
                self.undeclared(at, prefix);
                return self.any_type();
            }
        };
        if let Some(id) = self.type_by_key(key) {
            return id;
        }
        self.unresolved(at, "type", key);
        self.any_type()
    }

    /// The type with this name, if there is one.
    pub(crate) fn type_by_key(&mut self, key: Key<'a>) -> Option<TypeId> {
        if key == (Some(XSD), "anyType") || (builtin::encoding(key.0) && matches!(key.1, "Array" | "Struct"))
        {
            return Some(self.any_type());
        }
        if let Some(&decl) = self.index.types.get(&key) {
            let known = self.types.contains_key(&TypeKey::Named(key));
            let id = self.reserve_named(key);
            if !known && decl.tag() == "simpleType" {
                self.named_simple(key, decl);
            } else if !known {
                self.queue.push_back(Pending { id, decl, name: Some(key) });
            }
            return Some(id);
        }
        let builtin = key.0 == Some(XSD) || builtin::encoding(key.0);
        let (name, scalar) = builtin.then(|| builtin::scalar(key.1)).flatten()?;
        if let Some(&id) = self.types.get(&TypeKey::Builtin(name)) {
            return Some(id);
        }
        let kind = TypeKind::Scalar(scalar);
        let full = Some(self.name(Some(XSD), name));
        let id = self.build.add_type(Type { name: full, kind, span: None });
        self.types.insert(TypeKey::Builtin(name), id);
        Some(id)
    }

    /// Returns the number of a named type of the schema, which may have no definition yet.
    pub(crate) fn reserve_named(&mut self, key: Key<'a>) -> TypeId {
        let build = &mut self.build;
        *self.types.entry(TypeKey::Named(key)).or_insert_with(|| build.reserve())
    }

    /// `xs:anyType`: anything, and its text.
    pub(crate) fn any_type(&mut self) -> TypeId {
        if let Some(id) = self.any_type {
            return id;
        }
        let id = self.build.reserve();
        let text = self.text_part(TypeId(0), Occurs::OPTIONAL);
        let group = Group {
            parts: vec![text],
            content: Some(Particle::Any(Occurs::ANY)),
            mixed: true,
            open_elements: true,
            open_attributes: true,
            ..Group::default()
        };
        self.any_type = Some(id);
        let name = Some(self.name(Some(XSD), "anyType"));
        self.build.define(id, Type { name, kind: TypeKind::Group(group), span: None });
        id
    }

    /// Whether a type is `xs:anyType` itself.
    pub(crate) fn is_any(&self, id: TypeId) -> bool {
        self.any_type == Some(id)
    }

    /// Where an element may be of any type, each message says which by `xsi:type`: every type derives from `anyType`.
    ///
    /// Simple types are boxed in a group that has nothing but a text, since only a group has derived types.
    fn box_scalars(&mut self) {
        let Some(any) = self.any_type else { return };
        for local in builtin::names() {
            self.type_by_key((Some(XSD), local));
        }
        let mut ids: Vec<TypeId> = self.types.values().copied().collect();
        ids.sort();
        for id in ids {
            match self.build.ty_mut(id) {
                Some(Type { kind: TypeKind::Group(group), .. }) if group.base.is_none() && id != any => {
                    group.base = Some(any);
                }
                Some(Type { kind: TypeKind::Scalar(_), name: Some(name), span }) => {
                    let (name, span) = (name.clone(), *span);
                    let text = self.text_part(id, Occurs::ONCE);
                    let group = Group { parts: vec![text], base: Some(any), ..Group::default() };
                    self.build.add_type(Type { name: Some(name), kind: TypeKind::Group(group), span });
                }
                _ => {}
            }
        }
    }

    /// Adds the part that holds the own text of an element.
    pub(crate) fn text_part(&mut self, ty: TypeId, occurs: Occurs) -> PartId {
        let name = Name::local(self.intern("#text"));
        self.add_part(Part { occurs, ..Part::new(name, PartKind::Text, ty) })
    }

    /// Adds a part.
    pub(crate) fn add_part(&mut self, part: Part) -> PartId {
        self.spend(1);
        self.build.add_part(part)
    }

    /// Takes from the budget; returns whether there was enough.
    pub(crate) fn spend(&mut self, amount: usize) -> bool {
        if self.budget > 0 && self.budget <= amount {
            let message = format!("the schema has more than {BUDGET} parts");
            self.findings.push(kernel::Diagnostic::new("E092", None, message));
        }
        self.budget = self.budget.saturating_sub(amount);
        self.budget > 0
    }

    /// Returns a name whose texts are shared.
    pub(crate) fn name(&mut self, space: Option<&'a str>, local: &'a str) -> Name {
        Name::new(space.map(|space| self.intern(space)), self.intern(local))
    }

    fn intern(&mut self, text: &'a str) -> Arc<str> {
        self.names.entry(text).or_insert_with(|| text.into()).clone()
    }

    /// Reports a prefix that nobody declared.
    pub(crate) fn undeclared(&mut self, at: Decl<'a>, prefix: &str) {
        self.findings.refuse(
            at.span(),
            format!("the prefix `{prefix}` is not declared"),
            Some(format!("declare it by xmlns:{prefix}=\"…\"")),
        );
    }

    /// Reports a name that is declared nowhere.
    pub(crate) fn unresolved(&mut self, at: Decl<'a>, what: &str, key: Key<'a>) {
        let (space, local) = key;
        let message = match space {
            Some(space) => format!("no {what} `{local}` is declared in `{space}`"),
            None => format!("no {what} `{local}` is declared without a namespace"),
        };
        let hint = match self.index.unread.get(&space) {
            Some((url, _)) => Some(format!(
                "`{url}` declares it and was not read: save it and import it by a relative path"
            )),
            None if self.findings.full() => None,
            None => self.elsewhere(what, local),
        };
        self.findings.refuse(at.span(), message, hint);
    }

    fn elsewhere(&self, what: &str, local: &str) -> Option<String> {
        if what == "type" && builtin::scalar(local).is_some() {
            return Some(format!(
                "if the built-in type is meant, write it with the prefix of XML Schema: xs:{local}"
            ));
        }
        let table = match what {
            "type" => &self.index.types,
            "element" => &self.index.elements,
            "group" => &self.index.groups,
            "attribute" => &self.index.attributes,
            _ => &self.index.attribute_groups,
        };
        let mut spaces: Vec<_> =
            table.keys().filter(|key| key.1 == local).map(|key| key.0.unwrap_or("no namespace")).collect();
        spaces.sort_unstable();
        spaces.first().map(|space| format!("one of that name is declared in `{space}`"))
    }

    /// Notes a child that does not belong here.
    pub(crate) fn unexpected(&mut self, child: Decl<'a>) {
        self.findings
            .pass_over(child.span(), format!("`{}` is not understood here and is passed over", child.tag()));
    }
}

/// What a declaration says about itself, shortened.
pub(crate) fn documentation(decl: Decl<'_>) -> Option<Box<str>> {
    let schema = |node: &super::index::Xml<'_>, name: &str| {
        node.tag_name().namespace() == Some(XSD) && node.tag_name().name() == name
    };
    let annotation = decl.node.children().find(|node| schema(node, "annotation"))?;
    let documentation = annotation.children().find(|node| schema(node, "documentation"))?;
    let mut text = String::new();
    for word in documentation
        .descendants()
        .filter(|node| node.is_text())
        .filter_map(|node| node.text())
        .flat_map(str::split_whitespace)
    {
        if text.chars().count() + word.chars().count() + 1 > DOC_MAX {
            text.push_str(" …");
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    (!text.is_empty()).then(|| text.into())
}
