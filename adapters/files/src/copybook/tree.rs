//! Puts entries into groups, and finds what they redefine and what counts their elements.
//!
//! **Invariant.** What an item refers to stands before it, in the same record.

use super::clause::{Entry, RawOccurs};
use super::picture::PictureKind;
use super::{Copybook, Findings, Item, Occurs, Usage};
use kernel::{Diagnostic, Span};

/// Builds the tree. It is used only if nothing was wrong.
pub(super) fn build(entries: Vec<Entry>, name: &str, found: &mut Findings) -> Copybook {
    let mut tree = Tree {
        book: Copybook { items: Vec::with_capacity(entries.len()), records: Vec::new(), warnings: Vec::new() },
        open: Vec::new(),
        raw: Vec::new(),
    };
    for entry in entries {
        tree.add(entry, name, found);
    }
    tree.inherit();
    for item in 0..tree.book.items.len() {
        tree.check(item, found);
        tree.redefine(item, found);
    }
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
                let has_sign = item.picture.as_ref().is_none_or(|picture| {
                    matches!(picture.kind, PictureKind::Number { signed: true, .. })
                });
                item.sign = item.sign.or(sign.filter(|_| has_sign));
                item.synchronized |= synchronized;
            }
        }
    }

    fn check(&self, n: usize, found: &mut Findings) {
        let Some(item) = self.book.items.get(n) else { return };
        let called = self.book.called(n);
        let needs_none = matches!(
            item.usage,
            Some(Usage::Float | Usage::Double | Usage::Opaque(_) | Usage::Sized { .. })
        );
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
    fn redefine(&mut self, n: usize, found: &mut Findings) {
        let Some((name, span)) = self.raw.get(n).and_then(|raw| raw.redefines.clone()) else { return };
        let Some(item) = self.book.items.get(n) else { return };
        let siblings = match item.parent.and_then(|parent| self.book.items.get(parent)) {
            Some(parent) => &parent.children,
            None => &self.book.records,
        };
        let before: Vec<usize> = siblings.iter().copied().take_while(|&it| it < n).collect();
        let is_named = |it: &usize| self.book.items.get(*it).is_some_and(|item| same(item.name.as_deref(), &name));
        let Some(target) = before.iter().copied().rfind(is_named) else {
            let hint = "it stands before, in the same group";
            found.unreadable(span, format!("there is no `{name}` that could be redefined"), hint);
            return;
        };
        let target = self.area(target);
        let between = before.iter().copied().find(|&it| it > target && self.area(it) != target);
        if let Some(between) = between.filter(|_| item.parent.is_some()) {
            let message = format!("`{}` stands between `{name}` and what redefines it", self.book.called(between));
            let between = self.book.items.get(between).map(|it| it.span);
            let finding = Diagnostic::new("E092", span, message).also(between, "declared here");
            found.push(finding, "move the redefinition behind the item that it redefines");
        }
        if let Some(item) = self.book.items.get_mut(n) {
            item.redefines = Some(target);
        }
    }

    /// The item whose place this one has; itself, unless it redefines.
    fn area(&self, n: usize) -> usize {
        self.book.items.get(n).and_then(|item| item.redefines).unwrap_or(n)
    }

    fn count(&mut self, n: usize, found: &mut Findings) {
        let Some(raw) = self.raw.get(n).and_then(|raw| raw.occurs.clone()) else { return };
        let counter = match &raw.counter {
            None => None,
            Some(names) => match self.counter(n, names) {
                Ok(counter) => Some(counter),
                Err((message, hint)) => {
                    let span = names.first().map_or_else(|| found.span(0, 0), |(_, span)| *span);
                    found.refused(span, message, hint);
                    return;
                }
            },
        };
        if let Some(item) = self.book.items.get_mut(n) {
            item.occurs = Some(Occurs { min: raw.min, max: raw.max, counter });
        }
    }

    /// Finds a counter by its name and the groups around it. Where several have the name, the nearest one is meant.
    fn counter(&self, table: usize, names: &[(Box<str>, Span)]) -> Result<usize, (String, &'static str)> {
        let Some(((name, _), groups)) = names.split_first() else { return Err((String::new(), "")) };
        let record = self.book.around(table).last();
        let is_within = |it: usize| {
            let mut around = self.book.around(it).skip(1);
            groups.iter().all(|(group, _)| {
                around.any(|it| same(self.book.items.get(it).and_then(|item| item.name.as_deref()), group))
            })
        };
        let found: Vec<usize> = (0..self.book.items.len())
            .filter(|&it| same(self.book.items.get(it).and_then(|item| item.name.as_deref()), name))
            .filter(|&it| self.book.around(it).last() == record && is_within(it))
            .collect();
        let near = |it: usize| {
            let group = self.book.items.get(it).and_then(|item| item.parent);
            self.book.around(table).position(|around| Some(around) == group).unwrap_or(usize::MAX)
        };
        let nearest = found.iter().map(|&it| near(it)).min();
        let nearest: Vec<usize> = found.into_iter().filter(|&it| Some(near(it)) == nearest).collect();
        match nearest.as_slice() {
            [] => Err((
                format!("the counter `{name}` is not in this record"),
                "a counter stands in the record itself, before the table",
            )),
            [one] => self.fit(table, *one).map(|()| *one),
            _ => Err((
                format!("there are several items `{name}`"),
                "say which one counts: DEPENDING ON name OF group",
            )),
        }
    }

    /// A counter is a whole number before the table; tables around it are around the table too.
    fn fit(&self, table: usize, counter: usize) -> Result<(), (String, &'static str)> {
        let called = self.book.called(counter);
        let Some(item) = self.book.items.get(counter) else { return Ok(()) };
        let is_number = match &item.picture {
            Some(picture) => matches!(picture.kind, PictureKind::Number { scale: ..=0, .. }),
            None => matches!(item.usage, Some(Usage::Sized { .. })),
        };
        if !is_number || !item.children.is_empty() {
            return Err((format!("`{called}` is no whole number and cannot count"), ""));
        }
        if counter > table {
            return Err((format!("the counter `{called}` stands behind its table"), "records are read in order"));
        }
        let is_table = |it: &usize| self.raw.get(*it).is_some_and(|raw| raw.occurs.is_some());
        let around: Vec<usize> = self.book.around(table).skip(1).collect();
        if self.book.around(counter).filter(is_table).any(|it| !around.contains(&it)) {
            return Err((format!("the counter `{called}` is in a table that does not hold this one"), ""));
        }
        Ok(())
    }
}

/// Names are the same in any case of letters.
fn same(name: Option<&str>, other: &str) -> bool {
    name.is_some_and(|name| name.eq_ignore_ascii_case(other))
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
