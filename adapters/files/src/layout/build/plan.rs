//! What is known of each item before any has a place.
//!
//! **Invariant.** One pass from the last item to the first, since members stand behind their groups.

use crate::copybook::Copybook;

/// Marks of all items.
#[derive(Debug)]
pub(super) struct Plan {
    marks: Vec<Marks>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    /// It is told, or something in it is.
    told: bool,
    /// How long one of it is depends on a counter.
    variable_within: bool,
    /// It occurs as often as a counter says.
    depends: bool,
    /// It is a counter.
    counts: bool,
    /// A counter is in it.
    counter_within: bool,
    /// Something in it is aligned.
    synchronized: bool,
}

impl Plan {
    pub(super) fn new(copybook: &Copybook) -> Self {
        let mut marks = vec![Marks::default(); copybook.items.len()];
        for counter in copybook.items.iter().filter_map(|item| item.occurs?.counter) {
            if let Some(mark) = marks.get_mut(counter) {
                mark.counts = true;
            }
        }
        for (n, item) in copybook.items.iter().enumerate().rev() {
            let mut mark = marks.get(n).copied().unwrap_or_default();
            mark.told |= item.children.is_empty() && item.name.is_some();
            mark.depends = item.occurs.is_some_and(|occurs| occurs.counter.is_some());
            mark.synchronized |= item.synchronized;
            if let Some(slot) = marks.get_mut(n) {
                *slot = mark;
            }
            let Some(parent) = item.parent.and_then(|parent| marks.get_mut(parent)) else { continue };
            parent.told |= mark.told;
            parent.variable_within |= mark.depends || mark.variable_within;
            parent.counter_within |= mark.counts || mark.counter_within;
            parent.synchronized |= mark.synchronized;
        }
        Self { marks }
    }

    fn mark(&self, item: usize) -> Marks {
        self.marks.get(item).copied().unwrap_or_default()
    }

    /// It has a part, or something in it has one.
    pub(super) fn is_told(&self, item: usize) -> bool {
        self.mark(item).told
    }

    /// How much room it takes in all depends on a counter.
    pub(super) fn is_variable(&self, item: usize) -> bool {
        self.mark(item).depends || self.mark(item).variable_within
    }

    /// How long one of it is depends on a counter.
    pub(super) fn is_variable_within(&self, item: usize) -> bool {
        self.mark(item).variable_within
    }

    /// Its value is a number of elements.
    pub(super) fn counts(&self, item: usize) -> bool {
        self.mark(item).counts
    }

    /// It has to be walked through though nobody wants it.
    pub(super) fn is_walked(&self, item: usize) -> bool {
        self.mark(item).variable_within || self.mark(item).counter_within
    }

    /// It, or something in it, is aligned.
    pub(super) fn is_synchronized(&self, item: usize) -> bool {
        self.mark(item).synchronized
    }
}
