//! Makes a shape of the declarations: numbers types and parts, resolves names, works off what is still undefined.
//!
//! **Invariant.** Types are compiled from a queue, never inside one another, so that recursion and nesting of a schema cost no stack.

use super::XSD;
use super::findings::Findings;
use super::index::{Decl, Index, Key};
use kernel::{Name, Occurs, Part, PartId, PartKind, Shape, ShapeBuilder, TypeId};
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
    pub(crate) types: HashMap<TypeKey<'a>, TypeId>,
    pub(crate) queue: VecDeque<Pending<'a>>,
    globals: HashMap<Key<'a>, PartId>,
    names: HashMap<&'a str, Arc<str>>,
    pub(crate) any_type: Option<TypeId>,
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
pub(crate) enum TypeKey<'a> {
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

    pub(crate) fn intern(&mut self, text: &'a str) -> Arc<str> {
        self.names.entry(text).or_insert_with(|| text.into()).clone()
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
