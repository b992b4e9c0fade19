//! What is told of a record, as a tree to look at.
//!
//! **Invariant.** It has what the shape has, by the same names.

use super::{Kind, Layout, Record};
use crate::field::Field;

/// An item that is told.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    /// Its number in the copybook.
    pub item: usize,
    /// Its name in its group.
    pub name: &'a str,
    /// It is a table.
    pub repeats: bool,
    /// It is another meaning of the bytes of an item before it.
    pub redefines: bool,
    /// Its value is a number of elements.
    pub counts: bool,
    /// What it is.
    pub outline: Outline<'a>,
}

/// What an item is.
#[derive(Debug)]
pub(crate) enum Outline<'a> {
    /// A field.
    Leaf(&'a Field),
    /// A group.
    Group(Vec<Shown<'a>>),
}

impl Layout {
    /// Returns what is told of a type of record.
    pub(crate) fn shown(&self, number: usize) -> Vec<Shown<'_>> {
        let mut out = Vec::new();
        let Some(record) = self.records.get(number) else { return out };
        match record.nodes.first().map(|root| &root.kind) {
            Some(Kind::Group(_)) => members(record, 0, false, &mut out),
            _ => one(record, 0, false, &mut out),
        }
        out
    }
}

fn members<'a>(record: &'a Record, node: u32, redefines: bool, out: &mut Vec<Shown<'a>>) {
    let Some(Kind::Group(group)) = record.nodes.get(node as usize).map(|node| &node.kind) else { return };
    for area in &group.areas {
        let first = out.len();
        for &node in area {
            // Only what is told has a meaning that something else could be another one of.
            let is_other = redefines || out.len() > first;
            one(record, node, is_other, out);
        }
    }
}

fn one<'a>(record: &'a Record, node: u32, redefines: bool, out: &mut Vec<Shown<'a>>) {
    let Some(it) = record.nodes.get(node as usize) else { return };
    let Some(name) = it.name.as_deref().filter(|_| it.part.is_some()) else {
        // Members of a group without a name are members of the group around it.
        return members(record, node, redefines, out);
    };
    let (counts, outline) = match &it.kind {
        Kind::Leaf(leaf) => {
            let Some(field) = record.leaves.get(*leaf as usize) else { return };
            (record.slot(*leaf).is_some(), Outline::Leaf(&field.field))
        }
        Kind::Group(_) => {
            let mut inner = Vec::new();
            members(record, node, false, &mut inner);
            (false, Outline::Group(inner))
        }
    };
    out.push(Shown { item: it.item, name, repeats: it.table.is_some(), redefines, counts, outline });
}
