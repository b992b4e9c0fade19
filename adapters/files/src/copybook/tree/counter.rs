//! What counts the elements of tables.
//!
//! **Invariant.** A counter stands before its table, in the same record, and there is one of it for each table.

use super::Tree;
use crate::copybook::picture::PictureKind;
use crate::copybook::{Findings, Occurs, Usage};
use kernel::Span;

/// Items of one name that are looked at to find a counter.
const NAMESAKES_MAX: usize = 256;

impl Tree {
    pub(super) fn count(&mut self, n: usize, found: &mut Findings) {
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
        let namesakes = self.by_name.get(&name.to_ascii_uppercase()).map_or(&[][..], Vec::as_slice);
        if namesakes.len() > NAMESAKES_MAX {
            return Err((
                format!("there are {} items `{name}`", namesakes.len()),
                "give the counter a name of its own",
            ));
        }
        let found: Vec<usize> = namesakes
            .iter()
            .copied()
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
            return Err((
                format!("the counter `{called}` stands behind its table"),
                "records are read in order",
            ));
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
