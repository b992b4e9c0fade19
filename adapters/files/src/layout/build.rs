//! Gives every item its place, and its part in the shape.
//!
//! **Invariant.** Sizes are counted in 64 bits and bounded, so nothing overflows.

mod group;
mod item;
mod plan;
mod table;

use super::leaf;
use super::{Kind, Layout, Members, Node, Record};
use crate::copybook::{Copybook, Item};
use crate::format::{Building, RecordType};
use group::Names;
use kernel::{Diagnostic, Name, Occurs, PartId, Type, TypeId, TypeKind};
use plan::Plan;
use std::sync::Arc;

/// What compilers and machines do differently.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// `COMP-1` and `COMP-2` are hexadecimal floating point; unless said, where texts are EBCDIC.
    pub ibm_floats: Option<bool>,
    /// `COMP-5` and IEEE floats have their low byte first; unless said, where texts are not EBCDIC.
    pub little: Option<bool>,
    /// `COMP` holds all that its bytes can, as with `TRUNC(BIN)`.
    pub full_binary: bool,
    /// Groups that are told as one text, too.
    pub texts: Vec<String>,
}

impl Layout {
    /// Adds the records of a copybook to a shape, and lays them out.
    ///
    /// # Errors
    /// All that is refused, with places in the copybook.
    pub(crate) fn build(
        copybook: &Copybook,
        dialect: &Dialect,
        building: &mut Building<'_>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let plan = Plan::new(copybook);
        let mut wrong = Vec::new();
        let mut layout = Self {
            setting: building.setting,
            types: Vec::new(),
            records: Vec::new(),
            parts: Vec::new(),
            first_part: 0,
        };
        let mut names = Names::default();
        for &record in &copybook.records {
            let mut builder = Builder {
                copybook,
                plan: &plan,
                dialect,
                building: &mut *building,
                record: Record::default(),
                counters: Vec::new(),
                wrong: Vec::new(),
                is_too_large: false,
            };
            let ty = builder.whole(record, &mut names);
            layout.records.push(builder.record);
            layout.types.push(ty);
            wrong.append(&mut builder.wrong);
        }
        if !wrong.is_empty() {
            wrong.sort_by_key(|it| it.span);
            return Err(wrong);
        }
        layout.number_parts();
        Ok(layout)
    }

    fn number_parts(&mut self) {
        let all = |records: &[Record]| {
            let told = |(record, it): (usize, &Record)| {
                let nodes = it.nodes.iter().enumerate().filter_map(move |(node, it)| Some((it.part?, node)));
                let own = it.leaves.iter().map(|leaf| (leaf.part, leaf.node as usize));
                nodes.chain(own).map(move |(part, node)| (part, record, node)).collect::<Vec<_>>()
            };
            records.iter().enumerate().flat_map(told).collect::<Vec<_>>()
        };
        let all = all(&self.records);
        let parts = || all.iter().map(|(part, ..)| part.0).filter(|&part| part != PartId::TYPE.0);
        let (Some(first), Some(last)) = (parts().min(), parts().max()) else { return };
        self.first_part = first;
        self.parts = vec![(u32::MAX, u32::MAX); (last - first) as usize + 1];
        for (part, record, node) in all {
            let slot = part.0.checked_sub(first).and_then(|n| self.parts.get_mut(n as usize));
            if let Some(slot) = slot {
                *slot = (small(record), small(node));
            }
        }
    }
}

/// Counts of things that have a limit far below.
fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How far the placing of items got.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    /// Bytes from the base: those that are described, and those that have to be there.
    at: u64,
    need: u64,
    /// Fewest and most bytes before the base.
    before_min: u64,
    before_max: u64,
    /// Where the base is in the record, if that is always one place. Slack bytes need it.
    base: Option<u64>,
    /// The base is the beginning of the record.
    is_fixed: bool,
    /// Nothing can follow.
    is_closed: bool,
}

struct Builder<'a, 'b> {
    copybook: &'a Copybook,
    plan: &'a Plan,
    dialect: &'a Dialect,
    building: &'a mut Building<'b>,
    record: Record,
    /// The items that count, by their slots.
    counters: Vec<usize>,
    wrong: Vec<Diagnostic>,
    is_too_large: bool,
}

impl<'a> Builder<'a, '_> {
    fn item(&self, item: usize) -> Option<&'a Item> {
        self.copybook.items.get(item)
    }

    fn refuse(&mut self, item: usize, message: String, hint: &str) {
        let span = self.item(item).map(|it| it.span);
        let finding = Diagnostic::new("E092", span, message);
        self.wrong.push(if hint.is_empty() { finding } else { finding.hint(hint) });
    }

    fn whole(&mut self, item: usize, names: &mut Names) -> RecordType {
        let span = self.item(item).map(|it| it.span);
        let name: Arc<str> = names.unused(self.copybook.called(item)).into();
        let mut cursor = Cursor { base: Some(0), is_fixed: true, ..Cursor::default() };
        let mut members = Vec::new();
        let is_leaf = self.item(item).is_some_and(|it| it.children.is_empty());
        if is_leaf {
            self.place(item, None, &mut cursor, false, &mut (&mut members, &mut Names::default()));
        } else {
            let root = self.node(item, None);
            self.group(item, root, &mut cursor, false, &mut (&mut members, &mut Names::default()));
            self.close(root, &cursor, Cursor::default());
        }
        let record = &mut self.record;
        record.counters = u8::try_from(self.counters.len()).unwrap_or(u8::MAX);
        (record.need, record.size) = (bytes(cursor.need), bytes(cursor.at));
        (record.least, record.most) =
            (bytes(cursor.before_min + cursor.need), bytes(cursor.before_max + cursor.at));
        record.is_open = cursor.is_closed;
        let (bytes_min, bytes_max) = (record.least, Some(record.most));
        // FILLER at the end may be missing in lines and behind a length, but not where nothing else says where a record ends.
        let length = (record.counters == 0).then_some(record.most);
        let plain = self.building.shape.reserve();
        self.define(plain, Some(&name), &members, span);
        RecordType { name, parts: members, plain, bytes_min, bytes_max, length, span }
    }

    fn define(
        &mut self,
        ty: TypeId,
        name: Option<&Arc<str>>,
        members: &[PartId],
        span: Option<kernel::Span>,
    ) {
        let shape = &mut *self.building.shape;
        let particle = |&part: &PartId| kernel::Particle::Part(part, shape.part(part).occurs);
        let content = kernel::Particle::Sequence(members.iter().map(particle).collect(), Occurs::ONCE);
        let group =
            kernel::Group { parts: members.to_vec(), content: Some(content), ..kernel::Group::default() };
        let name = name.map(|name| Name::local(Arc::clone(name)));
        shape.define(ty, Type { name, kind: TypeKind::Group(group), span });
    }

    /// Adds an item to the record, for now without a place.
    fn node(&mut self, item: usize, parent: Option<u32>) -> u32 {
        let name = self.item(item).and_then(|it| it.name.as_deref()).map(Arc::from);
        self.record.nodes.push(Node {
            item,
            name,
            parent,
            part: None,
            kind: Kind::Group(Members::default()),
            table: None,
            at: 0,
            size: 0,
            need: 0,
            is_variable: self.plan.is_variable(item),
        });
        small(self.record.nodes.len() - 1)
    }

    /// Writes down how long an item became, from the cursor before it or from its last base.
    fn close(&mut self, node: u32, cursor: &Cursor, before: Cursor) {
        if let Some(node) = self.record.nodes.get_mut(node as usize) {
            let start = if node.is_variable { 0 } else { before.at };
            node.size = bytes(cursor.at.saturating_sub(start));
            node.need = bytes(cursor.need.saturating_sub(start));
        }
    }

    /// Places an item and all in it; returns its node.
    fn place(
        &mut self,
        item: usize,
        parent: Option<u32>,
        cursor: &mut Cursor,
        optional: bool,
        into: &mut (&mut Vec<PartId>, &mut Names),
    ) -> Option<u32> {
        let it = self.item(item)?;
        if cursor.is_closed {
            let hint = "tables that depend on a counter stand at the end, where they are redefined";
            let called = self.copybook.called(item);
            self.refuse(item, format!("`{called}` stands behind a redefined area of variable length"), hint);
            return None;
        }
        self.align(item, cursor);
        let node = self.node(item, parent);
        self.name(item, node, into.1);
        self.set(node, |node| node.at = bytes(cursor.at));
        match it.occurs {
            None => self.once(item, node, cursor, optional, into),
            Some(_) => self.table(item, node, cursor, optional, into),
        }
        self.bound(item, cursor);
        Some(node)
    }

    fn set(&mut self, node: u32, change: impl FnOnce(&mut Node)) {
        if let Some(node) = self.record.nodes.get_mut(node as usize) {
            change(node);
        }
    }

    /// Gives an item that is told its name in its group.
    fn name(&mut self, item: usize, node: u32, names: &mut Names) {
        let Some(it) = self.item(item) else { return };
        let is_nameless_group = it.name.is_none() && it.occurs.is_none();
        if self.plan.is_told(item) && !is_nameless_group {
            let name = names.unused(self.copybook.called(item));
            self.set(node, |node| node.name = Some(name.into()));
        } else {
            self.set(node, |node| node.name = None);
        }
    }

    /// Slack bytes stand before an item that is aligned, and before the groups that it begins.
    fn align(&mut self, item: usize, cursor: &mut Cursor) {
        let to = u64::from(self.alignment(item, true));
        if to <= 1 {
            return;
        }
        match cursor.base {
            Some(base) => cursor.at += (base + cursor.at).next_multiple_of(to) - (base + cursor.at),
            None => {
                let hint =
                    "the place of such an item would depend on a counter; no file is known to have one";
                let called = self.copybook.called(item);
                self.refuse(
                    item,
                    format!("`{called}` is SYNCHRONIZED behind a table of variable length"),
                    hint,
                );
            }
        }
    }

    /// The alignment of the first elementary item, or the greatest of all.
    fn alignment(&self, item: usize, first: bool) -> u32 {
        let Some(it) = self.item(item) else { return 1 };
        if !self.plan.is_synchronized(item) {
            return 1;
        }
        if it.children.is_empty() {
            return leaf::field(it, self.dialect, &self.building.setting).map_or(1, |(_, align)| align);
        }
        let all = it.children.iter().take(if first { 1 } else { usize::MAX });
        all.map(|&child| self.alignment(child, first)).max().unwrap_or(1)
    }

    /// Refuses a record that is too long, once, and goes on with one that is not.
    fn bound(&mut self, item: usize, cursor: &mut Cursor) {
        let most = u64::from(Layout::RECORD_BYTES_MAX);
        if cursor.before_max + cursor.at <= most {
            return;
        }
        if !self.is_too_large {
            self.is_too_large = true;
            let called = self.copybook.called(item);
            self.refuse(item, format!("with `{called}` the record has more than {most} bytes"), "");
        }
        (cursor.at, cursor.need, cursor.before_max, cursor.before_min) = (0, 0, 0, 0);
    }
}

/// A number of bytes that was bounded before.
fn bytes(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
