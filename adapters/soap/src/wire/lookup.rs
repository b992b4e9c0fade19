//! Which part a tag or an attribute is, found by the bytes of its name.
//!
//! **Invariant.** What is remembered is only ever the answer of the slow way for the same type, context and bytes.
//!
//! Messages repeat themselves: after the first record each name is found by one comparison, since the names of a type
//! are tried in the order in which they came first.

use super::names::{ContextId, Contexts, XML, XSI};
use super::scan;
use super::warm::Pool;
use super::written::Written;
use kernel::{DecodeError, Name, PartId, PartKind, Shape, TypeId, TypeKind};
use std::collections::HashMap;
use std::sync::Arc;

/// A shape, and which parts may stand for which. Made once per connection.
#[derive(Debug, Clone)]
pub struct Index {
    shape: Arc<Shape>,
    members: Arc<HashMap<Name, Vec<PartId>>>,
    /// A name that is unknown may mean a part of the same local name.
    tolerant: bool,
    /// What messages left for the next one.
    pub(crate) pool: Arc<Pool>,
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// A part.
    Part(Known),
    /// Not in the shape.
    Unknown,
    /// Not in the shape, and no matter: it belongs to the envelope or to XML, or anything may stand here.
    Passed,
}

/// A part that was found, with what the decoder asks about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// The part.
    pub(crate) part: PartId,
    /// Its declared type.
    pub(crate) ty: TypeId,
    /// What its declared type is.
    pub(crate) kind: Kind,
    /// The table of its declared type in the same context, once it is known.
    pub(crate) table: TableId,
}

/// What the declared type of a part is to the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A leaf.
    Leaf,
    /// A group, always the same.
    Group,
    /// A group in whose place a message may name another one by `xsi:type`.
    Several,
}

/// Number of a table.
pub(crate) type TableId = u32;
/// There is no table: everything is found the slow way.
pub(crate) const NO_TABLE: TableId = u32::MAX;

/// A shape and what was learnt of its names.
#[derive(Debug)]
pub(crate) struct Lookup {
    /// The shape.
    pub(crate) index: Index,
    learnt: Learnt,
}

/// What was learnt in a message, and in those before it.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    tables: Vec<Table>,
    numbers: HashMap<(TypeId, ContextId), TableId>,
    /// How many bytes the names of the tables have.
    bytes: usize,
    /// How many of the names mean nothing.
    strangers: usize,
}

/// The names that were met in elements of one type, in one context.
#[derive(Debug)]
pub(crate) struct Table {
    /// What becomes of the own text of the group.
    pub(super) own: Own,
    /// Names of elements.
    pub(super) elements: Vec<Written>,
    /// Names of attributes.
    pub(super) attributes: Vec<Written>,
}

/// What becomes of the own text of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// There should be none but white space.
    None,
    /// It is the value of this part, and there are no elements.
    Value(PartId),
    /// It stands between elements, and is this part.
    Between(PartId),
}

/// Most names that a table remembers.
const NAMES_MAX: usize = 256;

impl Index {
    /// Prepares a shape.
    pub fn new(shape: Arc<Shape>) -> Self {
        let mut members: HashMap<Name, Vec<PartId>> = HashMap::new();
        for (id, part) in shape.parts() {
            let mut head = part.substitutes;
            let mut seen = 0;
            while let Some(at) = head {
                let of = members.entry(shape.part(at).name.clone()).or_default();
                // A circle of substitutes ends where the member is known already.
                if of.contains(&id) || seen > 1024 {
                    break;
                }
                of.push(id);
                seen += 1;
                head = shape.part(at).substitutes;
            }
        }
        Self { shape, members: Arc::new(members), tolerant: false, pool: Arc::default() }
    }

    /// Lets an unknown name mean the one part, type or root of the same local name, whatever its namespace.
    pub fn tolerant(self, tolerant: bool) -> Self {
        Self { tolerant, pool: Arc::default(), ..self }
    }

    /// Returns whether a root of this name may stand for the expected one.
    pub(crate) fn is_root(&self, expected: &Name, space: Option<&str>, local: &str) -> bool {
        *local == *expected.local && (self.tolerant || space == expected.space.as_deref())
    }

    /// The shape.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// Finds an element of a group, also one that may take the place of another.
    pub(crate) fn element(&self, ty: TypeId, space: Option<&str>, local: &str) -> Option<PartId> {
        let parts = &self.shape.group(ty)?.parts;
        let is = |id: &PartId| self.is(*id, PartKind::Element, space, local);
        parts.iter().copied().find(is).or_else(|| {
            let heads = parts.iter().filter_map(|&id| self.members.get(&self.shape.part(id).name));
            heads.flatten().copied().find(is)
        })
    }

    /// Finds an attribute of a group.
    pub(crate) fn attribute(&self, ty: TypeId, space: Option<&str>, local: &str) -> Option<PartId> {
        let parts = &self.shape.group(ty)?.parts;
        parts.iter().copied().find(|&id| self.is(id, PartKind::Attribute, space, local))
    }

    /// Finds the one part of a local name where the whole name is not known, if that is permitted.
    fn near(&self, ty: TypeId, kind: PartKind, local: &str) -> Option<PartId> {
        let parts = &self.shape.group(ty).filter(|_| self.tolerant)?.parts;
        let members = parts.iter().filter_map(|&id| self.members.get(&self.shape.part(id).name)).flatten();
        let mut near = parts.iter().chain(members).copied().filter(|&id| {
            let part = self.shape.part(id);
            part.kind == kind && &*part.name.local == local
        });
        let first = near.next()?;
        let name = &self.shape.part(first).name;
        near.all(|id| self.shape.part(id).name == *name).then_some(first)
    }

    /// Finds the root of a name among several.
    pub(crate) fn root(&self, roots: &[PartId], space: Option<&str>, local: &str) -> Option<PartId> {
        let exact = |id: &&PartId| self.is(**id, PartKind::Element, space, local);
        roots.iter().find(exact).copied().or_else(|| {
            let mut near = roots.iter().filter(|&&id| self.is_root(&self.shape.part(id).name, space, local));
            near.next().copied().filter(|_| near.next().is_none())
        })
    }

    fn near_or_unknown(&self, ty: TypeId, kind: PartKind, local: &str) -> Found {
        self.near(ty, kind, local).map_or(Found::Unknown, |part| Found::Part(self.known(part)))
    }

    /// Finds the type that a message may name where `declared` stands.
    pub(crate) fn derived(&self, declared: TypeId, space: Option<&str>, local: &str) -> Option<TypeId> {
        let name = |id: TypeId| self.shape.ty(id).name.as_ref();
        let derived = self.shape.group(declared).map_or(&[][..], |group| &group.derived);
        let types = || std::iter::once(declared).chain(derived.iter().copied());
        let exact = |id: &TypeId| {
            name(*id).is_some_and(|name| &*name.local == local && name.space.as_deref() == space)
        };
        types().find(exact).or_else(|| {
            let mut near =
                types().filter(|&id| self.tolerant && name(id).is_some_and(|n| &*n.local == local));
            let first = near.next()?;
            near.all(|id| name(id) == name(first)).then_some(first)
        })
    }

    /// Returns whether a group may have any content, as `xs:anyType` has.
    pub(crate) fn is_anything(&self, ty: TypeId) -> bool {
        self.shape.group(ty).is_some_and(|group| {
            let named = group.parts.iter().any(|&part| self.shape.part(part).kind != PartKind::Text);
            group.open_elements && group.open_attributes && !named
        })
    }

    /// Returns whether the shape has a type of this name.
    pub(crate) fn has_type(&self, space: Option<&str>, local: &str) -> bool {
        self.shape.types().any(|(_, ty)| {
            ty.name.as_ref().is_some_and(|name| {
                &*name.local == local && (self.tolerant || name.space.as_deref() == space)
            })
        })
    }

    fn own(&self, ty: TypeId) -> Own {
        match (self.shape.text_part(ty), self.shape.group(ty)) {
            (Some(text), Some(group)) if group.content.is_none() && !group.mixed => Own::Value(text),
            (Some(text), _) => Own::Between(text),
            (None, _) => Own::None,
        }
    }

    fn is(&self, id: PartId, kind: PartKind, space: Option<&str>, local: &str) -> bool {
        let part = self.shape.part(id);
        part.kind == kind && &*part.name.local == local && part.name.space.as_deref() == space
    }

    fn known(&self, part: PartId) -> Known {
        let ty = self.shape.part(part).ty;
        let kind = match &self.shape.ty(ty).kind {
            TypeKind::Scalar(_) => Kind::Leaf,
            TypeKind::Group(group) if group.abstract_ || !group.derived.is_empty() => Kind::Several,
            TypeKind::Group(_) if self.is_anything(ty) => Kind::Several,
            TypeKind::Group(_) => Kind::Group,
        };
        Known { part, ty, kind, table: NO_TABLE }
    }
}

impl Learnt {
    /// Returns whether the next message may profit: not if there is much of it, or many names that mean nothing.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        const BYTES_MAX: usize = 256 * 1024;
        const STRANGERS_MAX: usize = 128;
        const TABLES_MAX: usize = 4096;
        self.bytes <= BYTES_MAX && self.strangers <= STRANGERS_MAX && self.tables.len() <= TABLES_MAX
    }

    fn remember(
        &mut self,
        table: TableId,
        names: impl Fn(&mut Table) -> &mut Vec<Written>,
        written: &str,
        found: Found,
        hint: &mut u32,
    ) {
        let Some(table) = self.tables.get_mut(table as usize) else { return };
        let names = names(table);
        if names.len() < NAMES_MAX {
            names.push(Written::new(written, found));
            *hint = names.len() as u32 - 1;
            self.bytes += written.len();
            self.strangers += usize::from(!matches!(found, Found::Part(_)));
        }
    }
}

impl Lookup {
    /// Starts with what was learnt of the same shape.
    pub(crate) fn new(index: Index, learnt: Learnt) -> Self {
        Self { index, learnt }
    }

    /// Gives away what was learnt.
    pub(crate) fn take(&mut self) -> Learnt {
        std::mem::take(&mut self.learnt)
    }

    /// Returns the table of a type in a context.
    pub(crate) fn table(&mut self, ty: TypeId, context: ContextId) -> TableId {
        if !Contexts::is_kept(context) {
            return NO_TABLE;
        }
        let (tables, index) = (&mut self.learnt.tables, &self.index);
        *self.learnt.numbers.entry((ty, context)).or_insert_with(|| {
            tables.push(Table { own: index.own(ty), elements: Vec::new(), attributes: Vec::new() });
            u32::try_from(tables.len() - 1).unwrap_or(NO_TABLE)
        })
    }

    /// Returns what becomes of the own text of a group, given its table.
    pub(crate) fn own(&self, table: TableId, ty: TypeId) -> Own {
        self.learnt.tables.get(table as usize).map_or_else(|| self.index.own(ty), |table| table.own)
    }

    /// Returns the table of the type of an element that was found at `position`, if it stands in the same context.
    pub(crate) fn inner_table(
        &mut self,
        table: TableId,
        position: u32,
        context: ContextId,
        ty: TypeId,
    ) -> TableId {
        let entry =
            self.learnt.tables.get(table as usize).and_then(|table| table.elements.get(position as usize));
        match entry.map(|name| name.found) {
            Some(Found::Part(known)) if known.ty == ty && known.table != NO_TABLE => known.table,
            Some(Found::Part(known)) if known.ty == ty => {
                let inner = self.table(ty, context);
                let entry = &mut self.learnt.tables[table as usize].elements[position as usize];
                entry.found = Found::Part(Known { table: inner, ..known });
                inner
            }
            _ => self.table(ty, context),
        }
    }

    /// Returns what was learnt of a group.
    #[inline]
    pub(crate) fn get(&self, table: TableId) -> Option<&Table> {
        self.learnt.tables.get(table as usize)
    }

    /// Finds an attribute that was met before by its written name.
    #[inline]
    pub(crate) fn met(&self, table: TableId, written: &[u8], hint: &mut u32) -> Option<Found> {
        find(&self.learnt.tables.get(table as usize)?.attributes, written, hint)
    }

    /// Finds an element by its written name. `hint` is where the last one was found, and is moved on.
    pub(crate) fn element(
        &mut self,
        at: Place<'_>,
        written: &str,
        hint: &mut u32,
    ) -> Result<Found, DecodeError> {
        if let Some(table) = self.learnt.tables.get(at.table as usize)
            && let Some(found) = find(&table.elements, written.as_bytes(), hint)
        {
            return Ok(found);
        }
        let (space, local) = at.contexts.name(at.context, written, true, at.offset)?;
        let space = space.map(|uri| &**uri);
        let group = self.index.shape.group(at.ty);
        let found = match self.index.element(at.ty, space, local) {
            Some(part) => Found::Part(self.index.known(part)),
            None if group.is_some_and(|group| group.open_elements) => Found::Passed,
            None => self.index.near_or_unknown(at.ty, PartKind::Element, local),
        };
        self.learnt.remember(at.table, |table| &mut table.elements, written, found, hint);
        Ok(found)
    }

    /// Finds an attribute by its written name, which was not met before. `hint` is moved to where it is remembered.
    pub(crate) fn attribute(
        &mut self,
        at: Place<'_>,
        written: &str,
        hint: &mut u32,
    ) -> Result<Found, DecodeError> {
        let (space, local) = at.contexts.name(at.context, written, false, at.offset)?;
        let space = space.map(|uri| &**uri);
        let group = self.index.shape.group(at.ty);
        let found = match self.index.attribute(at.ty, space, local) {
            Some(part) => Found::Part(self.index.known(part)),
            None if is_foreign(space) || group.is_some_and(|group| group.open_attributes) => Found::Passed,
            None => self.index.near_or_unknown(at.ty, PartKind::Attribute, local),
        };
        self.learnt.remember(at.table, |table| &mut table.attributes, written, found, hint);
        Ok(found)
    }
}

/// Where a name stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The table to look it up in.
    pub(crate) table: TableId,
    /// The type of the group that it belongs to.
    pub(crate) ty: TypeId,
    /// All namespace contexts.
    pub(crate) contexts: &'a Contexts,
    /// The one that holds here.
    pub(crate) context: ContextId,
    /// Place in the message.
    pub(crate) offset: u64,
}

#[inline]
fn find(names: &[Written], written: &[u8], hint: &mut u32) -> Option<Found> {
    let is = |name: &Written| scan::same(name.name().as_bytes(), written);
    let near = [hint.wrapping_add(1), *hint];
    let near = near.into_iter().find(|&near| names.get(near as usize).is_some_and(is));
    let at = match near {
        Some(near) => near as usize,
        None => names.iter().position(is)?,
    };
    *hint = at as u32;
    Some(names[at].found)
}

/// Attributes of these namespaces speak to the reader of the envelope and of XML, not to the mapping.
fn is_foreign(space: Option<&str>) -> bool {
    matches!(
        space,
        Some(
            XSI | XML
                | super::envelope::SOAP_11
                | super::envelope::SOAP_12
                | "http://schemas.xmlsoap.org/soap/encoding/"
                | "http://www.w3.org/2003/05/soap-encoding"
                | super::security::UTILITY
        )
    )
}
