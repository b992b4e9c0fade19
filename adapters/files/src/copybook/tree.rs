//! Puts entries into groups, and finds what they redefine and what counts their elements.
//!
//! **Invariant.** What an item refers to stands before it, in the same record.

mod counter;

use super::clause::{Entry, RawOccurs};
use super::picture::PictureKind;
use super::{Copybook, Findings, Item, Usage};
use kernel::{Diagnostic, Span};
use std::collections::HashMap;

/// Builds the tree. It is used only if nothing was wrong.
pub(super) fn build(entries: Vec<Entry>, name: &str, found: &mut Findings) -> Copybook {
    let mut tree = Tree {
        book: Copybook {
            items: Vec::with_capacity(entries.len()),
            records: Vec::new(),
            warnings: Vec::new(),
        },
        open: Vec::new(),
        raw: Vec::new(),
        by_name: HashMap::new(),
    };
    for entry in entries {
        tree.add(entry, name, found);
    }
    tree.inherit();
    let mut before = Before::default();
    for item in 0..tree.book.items.len() {
        tree.check(item, found);
        tree.redefine(item, &mut before, found);
    }
    tree.by_name = tree.names();
    for item in 0..tree.book.items.len() {
        tree.count(item, found);
    }
    if tree.book.records.is_empty() && !found.failed() {
        let span = found.span(0, 0);
        found.unreadable(span, "the copybook declares nothing", "");
    }
    tree.book
}

/// What of an entry is resolved later.
struct Raw {
    redefines: Option<(Box<str>, Span)>,
    occurs: Option<RawOccurs>,
}

struct Tree {
    book: Copybook,
    /// The items that are open, from the record to the innermost.
    open: Vec<usize>,
    raw: Vec<Raw>,
    /// All items of a name, in capitals.
    by_name: HashMap<String, Vec<usize>>,
}

/// What stands before an item in its group.
#[derive(Default)]
struct Before {
    /// The latest item of a name, in capitals.
    named: HashMap<(Option<usize>, String), usize>,
    /// The latest item that has a place of its own.
    last: HashMap<Option<usize>, usize>,
}

impl Tree {
    fn add(&mut self, entry: Entry, name: &str, found: &mut Findings) {
        if let Some(condition) = entry.condition {
            match self.open.last().and_then(|&last| self.book.items.get_mut(last)) {
                Some(item) => item.conditions.push(condition),
                None => found.unreadable(entry.span, "an 88 level belongs to the item before it", ""),
            }
            return;
        }
        if entry.level == 88 {
            return;
        }
        // A record of level 77 is one item, and holds nothing.
        let level = if entry.level == 77 { 1 } else { entry.level };
        while self.level_open().is_some_and(|open| open >= level) {
            self.open.pop();
        }
        if self.open.is_empty() && level > 1 {
            self.push(Item { name: Some(name.into()), ..blank(0, entry.span) }, None, None);
        }
        let item = Item {
            name: entry.name,
            picture: entry.picture.map(|(picture, _)| picture),
            usage: entry.usage,
            sign: entry.sign,
            synchronized: entry.synchronized,
            justified: entry.justified,
            blank_when_zero: entry.blank_when_zero,
            ..blank(entry.level, entry.span)
        };
        self.push(item, entry.redefines, entry.occurs);
    }

    fn level_open(&self) -> Option<u8> {
        let level = self.book.items.get(*self.open.last()?)?.level;
        Some(if level == 77 { 1 } else { level })
    }

    fn push(&mut self, item: Item, redefines: Option<(Box<str>, Span)>, occurs: Option<RawOccurs>) {
        let number = self.book.items.len();
        let parent = self.open.last().copied();
        match parent.and_then(|parent| self.book.items.get_mut(parent)) {
            Some(parent) => parent.children.push(number),
            None => self.book.records.push(number),
        }
        self.book.items.push(Item { parent, ..item });
        self.raw.push(Raw { redefines, occurs });
        self.open.push(number);
    }

    /// Usage, sign and alignment of a group hold for all in it that say nothing else.
    fn inherit(&mut self) {
        for n in 0..self.book.items.len() {
            let Some(parent) = self.book.items.get(n).and_then(|item| item.parent) else { continue };
            let Some(parent) = self.book.items.get(parent) else { continue };
            let (usage, sign, synchronized) = (parent.usage, parent.sign, parent.synchronized);
            if let Some(item) = self.book.items.get_mut(n) {
                item.usage = item.usage.or(usage);
                // What a group says of signs concerns only items that have one.
                let has_sign = item
                    .picture
                    .as_ref()
                    .is_none_or(|picture| matches!(picture.kind, PictureKind::Number { signed: true, .. }));
                item.sign = item.sign.or(sign.filter(|_| has_sign));
                item.synchronized |= synchronized;
            }
        }
    }

    fn check(&self, n: usize, found: &mut Findings) {
        let Some(item) = self.book.items.get(n) else { return };
        let called = self.book.called(n);
        let needs_none =
            matches!(item.usage, Some(Usage::Float | Usage::Double | Usage::Opaque(_) | Usage::Sized { .. }));
        match (item.children.is_empty(), &item.picture) {
            (false, Some(_)) => {
                let hint = "an item with a picture holds no others; look at the level numbers";
                found.unreadable(item.span, format!("`{called}` has a picture and items of its own"), hint);
            }
            (true, None) if !needs_none => {
                let hint = "give it a picture, or items of a higher level number behind it";
                found.unreadable(item.span, format!("`{called}` has no picture and no items"), hint);
            }
            (true, Some(_)) if needs_none => {
                found.unreadable(item.span, format!("`{called}` has a picture, which its usage forbids"), "");
            }
            _ => {}
        }
        if item.level == 77 && !item.children.is_empty() {
            found.unreadable(item.span, "a level 77 holds no others", "make it a level 01");
        }
        if item.parent.is_none() && self.raw.get(n).is_some_and(|raw| raw.occurs.is_some()) {
            found.refused(item.span, "a record is no table", "OCCURS stands at levels 02 to 49");
        }
    }

    /// "The object of REDEFINES has the same level, and no item that defines storage stands between."
    fn redefine(&mut self, n: usize, before: &mut Before, found: &mut Findings) {
        let Some(item) = self.book.items.get(n) else { return };
        let parent = item.parent;
        let own = item.name.as_deref().map(str::to_ascii_uppercase);
        let target = self.redefined(n, parent, before, found);
        match (target, self.book.items.get_mut(n)) {
            (Some(target), Some(item)) => item.redefines = Some(target),
            _ => drop(before.last.insert(parent, n)),
        }
        if let Some(name) = own {
            before.named.insert((parent, name), n);
        }
    }

    /// Finds the item whose place another one takes.
    fn redefined(
        &self,
        n: usize,
        parent: Option<usize>,
        before: &Before,
        found: &mut Findings,
    ) -> Option<usize> {
        let (name, span) = self.raw.get(n)?.redefines.as_ref()?;
        let Some(&target) = before.named.get(&(parent, name.to_ascii_uppercase())) else {
            let hint = "it stands before, in the same group";
            found.unreadable(*span, format!("there is no `{name}` that could be redefined"), hint);
            return None;
        };
        let target = self.area(target);
        let between = before.last.get(&parent).copied().filter(|&last| last != target && parent.is_some());
        if let Some(between) = between {
            let message =
                format!("`{}` stands between `{name}` and what redefines it", self.book.called(between));
            let between = self.book.items.get(between).map(|it| it.span);
            let finding = Diagnostic::new("E092", *span, message).also(between, "declared here");
            found.push(finding, "move the redefinition behind the item that it redefines");
        }
        Some(target)
    }

    fn names(&self) -> HashMap<String, Vec<usize>> {
        let mut names: HashMap<String, Vec<usize>> = HashMap::new();
        for (n, item) in self.book.items.iter().enumerate() {
            if let Some(name) = &item.name {
                names.entry(name.to_ascii_uppercase()).or_default().push(n);
            }
        }
        names
    }

    /// The item whose place this one has; itself, unless it redefines.
    fn area(&self, n: usize) -> usize {
        self.book.items.get(n).and_then(|item| item.redefines).unwrap_or(n)
    }
}

fn blank(level: u8, span: Span) -> Item {
    Item {
        level,
        name: None,
        span,
        parent: None,
        children: Vec::new(),
        redefines: None,
        occurs: None,
        picture: None,
        usage: None,
        sign: None,
        synchronized: false,
        justified: false,
        blank_when_zero: false,
        conditions: Vec::new(),
    }
}
