//! Finds the type that a declaration means: by name, written in place, built in, or anything.
//!
//! **Invariant.** One declaration is one type, however many elements are of it.

use super::compile::{Compiler, Pending, TypeKey};
use super::index::{Decl, Key};
use super::{XSD, builtin};
use kernel::{Group, Occurs, Particle, Type, TypeId, TypeKind};

impl<'a> Compiler<'a> {
    /// The type of an element: named, written inside it, that of the head of its substitution group, or anything.
    pub(crate) fn element_type(&mut self, decl: Decl<'a>, followed: usize) -> TypeId {
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
    pub(crate) fn box_scalars(&mut self) {
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
}
