//! Reads attributes and attribute groups.
//!
//! **Invariant.** An attribute that a type declares anew takes the place of the inherited one; a prohibited one is gone.

use super::builtin;
use super::compile::{Compiler, documentation};
use super::index::{Decl, Key};
use kernel::{Name, Occurs, Part, PartId, PartKind, TypeId};
use std::collections::HashMap;

/// Deepest nesting of attribute groups.
const NESTING_MAX: usize = 64;

/// The attributes of a type that is being made.
#[derive(Default)]
pub(crate) struct Attributes {
    /// A prohibited attribute leaves its place empty.
    order: Vec<Option<PartId>>,
    by_name: HashMap<Name, usize>,
    /// Any other attribute may occur.
    pub(crate) open: bool,
}

impl Attributes {
    /// Adds an attribute, or puts it into the place of the one that has its name.
    pub(crate) fn add(&mut self, name: Name, id: PartId) {
        match self.by_name.get(&name) {
            Some(&at) => self.order[at] = Some(id),
            None => {
                self.by_name.insert(name, self.order.len());
                self.order.push(Some(id));
            }
        }
    }

    fn remove(&mut self, name: &Name) {
        if let Some(&at) = self.by_name.get(name) {
            self.order[at] = None;
        }
    }

    /// Returns all attributes in order.
    pub(crate) fn parts(&self) -> Vec<PartId> {
        self.order.iter().flatten().copied().collect()
    }
}

impl<'a> Compiler<'a> {
    /// Reads an `attribute`, `attributeGroup` or `anyAttribute` of a type.
    pub(crate) fn attribute_use(&mut self, decl: Decl<'a>, into: &mut Attributes) {
        if !self.spend(1) {
            return;
        }
        match decl.tag() {
            "attribute" => self.attribute(decl, into),
            "anyAttribute" => into.open = true,
            "attributeGroup" => self.attribute_group(decl, into),
            _ => self.unexpected(decl),
        }
    }

    fn attribute_group(&mut self, decl: Decl<'a>, into: &mut Attributes) {
        if let Some(Ok((Some(builtin::XML), "specialAttrs"))) =
            decl.attribute("ref").map(|name| decl.key(name))
        {
            for local in builtin::SPECIAL_ATTRIBUTES {
                self.builtin_attribute(decl, (Some(builtin::XML), local), Occurs::OPTIONAL, into);
            }
            return;
        }
        let Some((key, group)) = self.reference(decl, "attribute group") else { return };
        if self.open_groups.contains(&key) || self.open_groups.len() > NESTING_MAX {
            self.findings.refuse(
                decl.span(),
                format!("the attribute group `{}` contains itself", key.1),
                None,
            );
            return;
        }
        self.open_groups.push(key);
        for child in group.children() {
            self.attribute_use(child, into);
        }
        self.open_groups.pop();
    }

    fn attribute(&mut self, decl: Decl<'a>, into: &mut Attributes) {
        let occurs = if decl.attribute("use") == Some("required") { Occurs::ONCE } else { Occurs::OPTIONAL };
        let Some((key, declaration)) = self.attribute_declaration(decl, occurs, into) else { return };
        let name = self.name(key.0, key.1);
        if decl.attribute("use") == Some("prohibited") {
            into.remove(&name);
            return;
        }
        let ty = match self.declared_type(declaration) {
            Some(ty) => self.value_type(declaration, ty),
            None => TypeId(0),
        };
        let own = |attribute: &str| {
            decl.node.attribute(attribute).or_else(|| declaration.node.attribute(attribute))
        };
        let part = Part {
            occurs,
            default: own("default").map(Into::into),
            fixed: own("fixed").map(Into::into),
            span: Some(decl.span()),
            doc: documentation(decl).or_else(|| documentation(declaration)),
            ..Part::new(name.clone(), PartKind::Attribute, ty)
        };
        let id = self.add_part(part);
        into.add(name, id);
    }

    /// The name of an attribute, and where its type is declared: here, or at the global one that it refers to.
    fn attribute_declaration(
        &mut self,
        decl: Decl<'a>,
        occurs: Occurs,
        into: &mut Attributes,
    ) -> Option<(Key<'a>, Decl<'a>)> {
        if let Some(name) = decl.attribute("name") {
            let qualified = match decl.attribute("form") {
                Some(form) => form == "qualified",
                None => decl.context.attributes_qualified,
            };
            return Some(((decl.context.space.filter(|_| qualified), name), decl));
        }
        if let Some(Ok(key)) = decl.attribute("ref").map(|name| decl.key(name))
            && !self.index.attributes.contains_key(&key)
            && self.builtin_attribute(decl, key, occurs, into)
        {
            return None;
        }
        self.reference(decl, "attribute")
    }

    /// Adds an attribute that needs no declaration; returns whether it is one.
    fn builtin_attribute(
        &mut self,
        decl: Decl<'a>,
        key: Key<'a>,
        occurs: Occurs,
        into: &mut Attributes,
    ) -> bool {
        let Some(scalar) = builtin::attribute(key.0, key.1) else { return false };
        let name = self.name(key.0, key.1);
        if decl.attribute("use") == Some("prohibited") {
            into.remove(&name);
            return true;
        }
        let ty = self.build.add_scalar(scalar);
        let part = Part {
            occurs,
            default: decl.node.attribute("default").map(Into::into),
            fixed: decl.node.attribute("fixed").map(Into::into),
            span: Some(decl.span()),
            doc: documentation(decl),
            ..Part::new(name.clone(), PartKind::Attribute, ty)
        };
        let id = self.add_part(part);
        into.add(name, id);
        true
    }

    /// An attribute is a value; a type with elements is a mistake of the schema.
    fn value_type(&mut self, decl: Decl<'a>, ty: TypeId) -> TypeId {
        use kernel::TypeKind;
        match self.build.ty(ty).map(|ty| &ty.kind) {
            Some(TypeKind::Scalar(_)) => ty,
            _ if self.is_any(ty) => TypeId(0),
            _ => {
                self.findings.refuse(decl.span(), "an attribute must be of a simple type", None);
                TypeId(0)
            }
        }
    }
}
