//! Reads complex types: their own content, extension, restriction, simple content.
//!
//! **Invariant.** A base is always defined before what derives from it; a circle of bases is refused.

use super::XSD;
use super::attributes::Attributes;
use super::bounds::{effective, replace, size};
use super::compile::{Compiler, Pending};
use super::index::Decl;
use super::model::Members;
use super::simple::restrict;
use kernel::{Group, Occurs, PartId, PartKind, Particle, ScalarType, Type, TypeId, TypeKind};

/// Longest chain of types that derive from each other.
const CHAIN_MAX: usize = 256;

/// A group that is being made, its parts apart by kind.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) attributes: Attributes,
    text: Option<PartId>,
    members: Members,
    content: Option<Particle>,
    base: Option<TypeId>,
    mixed: bool,
}

impl<'a> Compiler<'a> {
    /// Defines a complex type, its bases first.
    pub(crate) fn complete(&mut self, pending: Pending<'a>) {
        let mut chain = vec![pending];
        while let Some(&top) = chain.last() {
            let Some(base) = self.undefined_base(top) else { break };
            let circle = chain.iter().any(|known| known.id == base.id);
            if circle || chain.len() > CHAIN_MAX {
                let message = if circle {
                    "this type derives from itself".into()
                } else {
                    format!("more than {CHAIN_MAX} types derive from each other")
                };
                self.findings.refuse(top.decl.span(), message, None);
                self.define(top, Draft { mixed: true, ..Draft::default() });
                break;
            }
            chain.push(base);
        }
        while let Some(next) = chain.pop() {
            if self.build.ty(next.id).is_none() {
                let draft = self.complex(next.decl);
                self.define(next, draft);
            }
        }
    }

    /// The base of a type, if it is a complex type without a definition yet.
    fn undefined_base(&mut self, of: Pending<'a>) -> Option<Pending<'a>> {
        if self.build.ty(of.id).is_some() {
            return None;
        }
        let (_, derivation) = derivation(of.decl)?;
        let key = derivation.key(derivation.attribute("base")?).ok()?;
        let decl = *self.index.types.get(&key)?;
        if decl.tag() != "complexType" {
            return None;
        }
        let id = self.reserve_named(key);
        self.build.ty(id).is_none().then_some(Pending { id, decl, name: Some(key) })
    }

    fn complex(&mut self, decl: Decl<'a>) -> Draft {
        let mut draft = match derivation(decl) {
            Some(("simpleContent", derivation)) => self.simple_content(derivation),
            Some((_, derivation)) => self.complex_content(derivation),
            None => {
                let mut draft = Draft::default();
                self.body(decl, &mut draft);
                draft
            }
        };
        let content = decl.child("complexContent");
        draft.mixed |= match content.and_then(|content| content.attribute("mixed")) {
            Some(mixed) => matches!(mixed, "true" | "1"),
            None => decl.flag("mixed"),
        };
        if draft.mixed && draft.text.is_none() {
            draft.text = Some(self.text_part(TypeId(0), Occurs::OPTIONAL));
        }
        draft
    }

    /// Elements and attributes that are written in a type or derivation.
    fn body(&mut self, decl: Decl<'a>, draft: &mut Draft) {
        for child in decl.children() {
            match child.tag() {
                "sequence" | "choice" | "all" | "group" | "any" | "element" => {
                    let own = self.particle(child, &mut draft.members, 0);
                    self.append(draft, own);
                }
                "attribute" | "attributeGroup" | "anyAttribute" => {
                    self.attribute_use(child, &mut draft.attributes);
                }
                "openContent" => draft.members.open = true,
                // Facets and inline types were read with the base; assertions are left to the legacy system.
                "simpleType" | "assert" => {}
                _ if decl.tag() == "restriction" => {}
                _ => self.unexpected(child),
            }
        }
        self.set_bounds(draft);
    }

    /// Puts the own content behind the inherited one.
    fn append(&mut self, draft: &mut Draft, own: Option<Particle>) {
        if !draft.members.replaced.is_empty() {
            if let Some(inherited) = &mut draft.content {
                replace(inherited, &draft.members.replaced);
            }
            draft.members.replaced.clear();
        }
        draft.content = match (draft.content.take(), own) {
            (inherited, None) => inherited,
            (None, own) => own,
            // Chains of extensions stay flat.
            (Some(Particle::Sequence(mut parts, Occurs::ONCE)), Some(own)) => {
                match own {
                    Particle::Sequence(own, Occurs::ONCE) => parts.extend(own),
                    own => parts.push(own),
                }
                Some(Particle::Sequence(parts, Occurs::ONCE))
            }
            (Some(inherited), Some(own)) => Some(Particle::Sequence(vec![inherited, own], Occurs::ONCE)),
        };
    }

    /// Sets the bounds of all parts that belong to this type alone.
    fn set_bounds(&mut self, draft: &mut Draft) {
        let Some(content) = &draft.content else { return };
        let bounds = effective(content);
        let inherited: Vec<PartId> = match draft.base.and_then(|base| self.build.ty(base)) {
            Some(Type { kind: TypeKind::Group(group), .. }) => group.parts.clone(),
            _ => Vec::new(),
        };
        let inherited: std::collections::HashSet<PartId> = inherited.into_iter().collect();
        for &id in draft.members.order.iter().filter(|id| !inherited.contains(id)) {
            let part = self.build.part(id);
            // The head of a substitution group that is abstract stands in no particle.
            let own = bounds.get(&id).copied().unwrap_or(Occurs { min: 0, ..part.occurs });
            self.build.part_mut(id).occurs = own;
        }
    }

    fn complex_content(&mut self, derivation: Decl<'a>) -> Draft {
        let base = self.base_type(derivation);
        let mut draft = self.inherit(base);
        if derivation.tag() == "restriction" {
            // A restriction says its whole content anew; attributes are inherited unless it says otherwise.
            let open = base.is_some_and(|base| self.is_any(base)) && self.is_array(derivation);
            draft.content = open.then_some(Particle::Any(Occurs::ANY));
            draft.members = Members { open, ..Members::default() };
            if base.is_some_and(|base| self.is_any(base)) && !open {
                draft = Draft::default();
            } else {
                draft.mixed = false;
                draft.text = None;
            }
        }
        self.body(derivation, &mut draft);
        draft
    }

    /// A restriction of the array of the SOAP encoding, whose elements have any name.
    fn is_array(&self, derivation: Decl<'a>) -> bool {
        let base = derivation.attribute("base").and_then(|base| derivation.key(base).ok());
        base.is_some_and(|(space, _)| space != Some(XSD))
    }

    fn base_type(&mut self, derivation: Decl<'a>) -> Option<TypeId> {
        let Some(name) = derivation.attribute("base") else {
            self.findings.refuse(derivation.span(), format!("this {} has no base", derivation.tag()), None);
            return None;
        };
        Some(self.type_named(derivation, name))
    }

    /// Starts with everything that a base has.
    fn inherit(&mut self, base: Option<TypeId>) -> Draft {
        let mut draft = Draft::default();
        let Some(id) = base else { return draft };
        let Some(Type { kind: TypeKind::Group(group), .. }) = self.build.ty(id) else { return draft };
        let group = group.clone();
        if !self.spend(group.parts.len() + group.content.as_ref().map_or(0, size)) {
            return draft;
        }
        for id in group.parts {
            let part = self.build.part(id);
            match part.kind {
                PartKind::Attribute => draft.attributes.add(part.name.clone(), id),
                PartKind::Text => draft.text = Some(id),
                _ => {
                    draft.members.by_name.insert(part.name.clone(), id);
                    draft.members.order.push(id);
                }
            }
        }
        draft.members.inherited = draft.members.order.len();
        draft.members.open = group.open_elements;
        draft.attributes.open = group.open_attributes;
        draft.content = group.content;
        draft.mixed = group.mixed;
        draft.base = (!self.is_any(id)).then_some(id);
        draft
    }

    fn simple_content(&mut self, derivation: Decl<'a>) -> Draft {
        let Some(name) = derivation.attribute("base") else {
            self.findings.refuse(derivation.span(), format!("this {} has no base", derivation.tag()), None);
            return Draft::default();
        };
        let base = self.type_named(derivation, name);
        let mut draft = match self.build.ty(base) {
            Some(Type { kind: TypeKind::Group(_), .. }) => self.inherit(Some(base)),
            _ => Draft { text: Some(self.text_part(base, Occurs::ONCE)), ..Draft::default() },
        };
        draft.content = None;
        draft.members = Members::default();
        draft.mixed = false;
        if derivation.tag() == "restriction" {
            self.restrict_text(derivation, &mut draft);
        }
        if draft.text.is_none() {
            self.findings.refuse(
                derivation.span(),
                format!("`{name}` has no text that could be the simple content"),
                None,
            );
        }
        self.body(derivation, &mut draft);
        draft
    }

    /// Narrows the inherited text by an inline type or by facets.
    fn restrict_text(&mut self, derivation: Decl<'a>, draft: &mut Draft) {
        let inherited = draft.text.and_then(|text| self.build.ty(self.build.part(text).ty));
        let inherited = match inherited {
            Some(Type { kind: TypeKind::Scalar(scalar), .. }) => scalar.clone(),
            _ => ScalarType::text(),
        };
        let base = match derivation.child("simpleType") {
            Some(inner) => self.simple(inner),
            None => inherited.clone(),
        };
        let narrowed = restrict(base, derivation);
        if narrowed != inherited || draft.text.is_none() {
            let ty = self.build.add_type(Type {
                name: None,
                kind: TypeKind::Scalar(narrowed),
                span: Some(derivation.span()),
            });
            draft.text = Some(self.text_part(ty, Occurs::ONCE));
        }
    }

    fn define(&mut self, pending: Pending<'a>, draft: Draft) {
        let mut parts = draft.attributes.parts();
        parts.extend(draft.text);
        parts.extend(&draft.members.order);
        let open_attributes = draft.attributes.open;
        let group = Group {
            parts,
            content: draft.content,
            base: draft.base,
            derived: Vec::new(),
            abstract_: pending.decl.flag("abstract"),
            mixed: draft.mixed,
            open_elements: draft.members.open,
            open_attributes,
        };
        let name = pending.name.map(|(space, local)| self.name(space, local));
        let kind = TypeKind::Group(group);
        self.build.define(pending.id, Type { name, kind, span: Some(pending.decl.span()) });
    }
}

/// The kind of content that is derived, and the extension or restriction in it.
fn derivation<'a>(decl: Decl<'a>) -> Option<(&'static str, Decl<'a>)> {
    for (name, content) in
        [("simpleContent", decl.child("simpleContent")), ("complexContent", decl.child("complexContent"))]
    {
        if let Some(content) = content {
            let inner =
                content.children().find(|child| matches!(child.tag(), "extension" | "restriction"))?;
            return Some((name, inner));
        }
    }
    None
}
