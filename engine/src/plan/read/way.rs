//! The ways of the trie: which branches take a part, and what is asked of each.
//!
//! **Invariant.** All that is asked each time that a part begins is in one place, and the usual part asks for little.

use super::layout::Pass;
use kernel::PartId;

/// A place in the trie: what is interesting below a part.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// The ways on, those of one part together, in the order of the parts.
    ways: Vec<Way>,
    /// The first part of `places`.
    first: u32,
    /// The first way of each part, or [`NOWHERE`], by the distance from the first part.
    places: Vec<u32>,
    /// The same, sorted, where the numbers of the parts are far apart.
    sparse: Vec<(PartId, u32)>,
    /// The counters of its ways, which start anew with it.
    pub(super) counters: Vec<u32>,
    /// Branches below it that take the first for which conditions hold, and so remember that they took it.
    pub(super) firsts: Vec<u32>,
    /// Conditions that are known when its first element begins: without them no element is looked at, and nothing
    /// more once one of them failed.
    pub(super) conditions: Vec<u32>,
}

/// A way from a node on: a part, and a branch that may take it.
///
/// It has in one place what is asked of the branch each time that the part begins.
#[derive(Debug, Clone, Default)]
pub(super) struct Way {
    /// The edge that the part is.
    pub(super) edge: u32,
    pub(super) branch: u32,
    /// Where the branch leads, or [`NOWHERE`].
    pub(super) node: u32,
    pub(super) count: Count,
    /// The mark of the open part which says that the part came, if the count needs it; else nought.
    pub(super) mark: u32,
    /// How many ways its part has from this one on.
    pub(super) rest: u32,
    /// The branch takes the first for which its conditions hold.
    pub(super) once: bool,
    /// More of them than are counted are residue.
    pub(super) only: bool,
    /// In which passes the branch is taken.
    pub(super) pass: Pass,
    /// The part is no attribute, so all attributes of what encloses it are known when it begins.
    pub(super) element: bool,
    /// Some way of the edge has to wait for the end of what encloses it.
    pub(super) late: bool,
    /// The beginning of the branch alone fills something.
    pub(super) marks: bool,
    /// Something is done with the value.
    pub(super) acts: bool,
    /// Only some cases ask for it.
    pub(super) cased: bool,
    /// The branch only leads on: its beginning and its end fill, empty and write nothing.
    pub(super) plain: bool,
    /// Nothing is to be looked at before the way is gone but whether the part came before; see `State::enter`.
    pub(super) short: bool,
    /// That is so, but for whether a condition of the node failed.
    pub(super) guarded: bool,
    /// The branch leads to a node, and nothing is to be done there but to go on.
    pub(super) leads: bool,
}

/// How the occurrences of a part are counted for a branch, as far as its pick asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Count {
    /// Not at all.
    #[default]
    Never,
    /// Only the first is taken.
    First,
    /// Only the n-th is taken.
    Nth {
        /// Which.
        n: u32,
        /// The number of the counter.
        counter: u32,
    },
}

/// No node has this number.
pub(super) const NOWHERE: u32 = u32::MAX;

/// So many places of a node may be for each part that it has.
const PLACES_PER_PART: usize = 8;

/// What is known of a part without searching for it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Near<'a> {
    /// Its first way.
    Way(&'a Way),
    /// It has none.
    Nothing,
    /// It has to be searched for.
    Far,
}

impl Node {
    /// Makes a node of parts, each with a way that it leads to.
    pub(super) fn new(mut ways: Vec<(PartId, Way)>) -> Self {
        ways.sort_by_key(|(part, _)| *part);
        let mut known: Vec<(PartId, u32)> = Vec::new();
        for at in 0..ways.len() {
            let part = ways[at].0;
            ways[at].1.rest = number(ways[at..].iter().take_while(|(other, _)| *other == part).count());
            if known.last().is_none_or(|(last, _)| *last != part) {
                known.push((part, number(at)));
            }
        }
        let ways = ways.into_iter().map(|(_, way)| way).collect();
        let (Some(&(PartId(first), _)), Some(&(PartId(last), _))) = (known.first(), known.last()) else {
            return Self::default();
        };
        let length = (last - first) as usize + 1;
        if length > known.len() * PLACES_PER_PART {
            return Self { ways, sparse: known, ..Self::default() };
        }
        let mut places = vec![NOWHERE; length];
        for (part, place) in known {
            places[(part.0 - first) as usize] = place;
        }
        Self { ways, first, places, ..Self::default() }
    }

    /// Returns the ways of a part.
    pub(super) fn find(&self, part: PartId) -> &[Way] {
        let place = self.place(part);
        let count = self.ways.get(place).map_or(0, |way| way.rest as usize);
        self.ways.get(place..place + count).unwrap_or_default()
    }

    /// Returns the first way of each part that it has.
    pub(super) fn known(&self) -> impl Iterator<Item = (PartId, &Way)> {
        let dense = (self.first..).zip(&self.places).map(|(part, place)| (PartId(part), *place));
        let all = dense.chain(self.sparse.iter().copied());
        all.filter_map(|(part, place)| Some((part, self.ways.get(place as usize)?)))
    }

    /// Returns the first way of a part.
    #[inline]
    pub(super) fn first(&self, part: PartId) -> Option<&Way> {
        self.ways.get(self.place(part))
    }

    /// Returns the first way of a part, if that is to be had without a search.
    #[inline]
    pub(super) fn near(&self, part: PartId) -> Near<'_> {
        match self.places.get(part.0.wrapping_sub(self.first) as usize) {
            Some(place) => self.ways.get(*place as usize).map_or(Near::Nothing, Near::Way),
            None if self.sparse.is_empty() => Near::Nothing,
            None => Near::Far,
        }
    }

    #[inline]
    fn place(&self, part: PartId) -> usize {
        let place = match self.places.get(part.0.wrapping_sub(self.first) as usize) {
            Some(place) => *place,
            None if self.sparse.is_empty() => NOWHERE,
            None => self.search(part),
        };
        place as usize
    }

    /// Returns whether something starts anew with it.
    pub(super) fn is_busy(&self) -> bool {
        !(self.counters.is_empty() && self.firsts.is_empty())
    }

    /// Marks the short ways. `busy` says of which nodes something starts anew; `waits` that parts are recorded.
    pub(super) fn shorten(&mut self, busy: &[bool], pause: Option<u32>, waits: bool) {
        let mut alone = true;
        for way in &mut self.ways {
            let open = !way.element || self.conditions.is_empty();
            way.guarded = !self.conditions.is_empty();
            let plain = way.pass == Pass::default() && !way.once && !way.marks && !way.cased;
            let counted = matches!(way.count, Count::Nth { .. });
            way.short =
                !waits && alone && way.rest == 1 && open && plain && !counted && pause != Some(way.edge);
            way.leads = way.plain && busy.get(way.node as usize) == Some(&false);
            alone = way.rest == 1;
        }
    }

    fn search(&self, part: PartId) -> u32 {
        let found = self.sparse.binary_search_by_key(&part, |&(known, _)| known);
        found.map_or(NOWHERE, |at| self.sparse[at].1)
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NOWHERE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_found_whether_the_numbers_of_a_node_are_near_or_far_apart() {
        let way = |edge| Way { edge, ..Way::default() };
        let check = |parts: &[(u32, u32)], dense: bool| {
            let node = Node::new(parts.iter().map(|&(part, edge)| (PartId(part), way(edge))).collect());
            assert_eq!(node.sparse.is_empty(), dense);
            for part in (0..40).chain([999, 1000, 1001, u32::MAX]) {
                let expected: Vec<u32> =
                    parts.iter().filter(|(known, _)| *known == part).map(|&(_, edge)| edge).collect();
                let found: Vec<u32> = node.find(PartId(part)).iter().map(|way| way.edge).collect();
                assert_eq!(found, expected, "part {part} of {parts:?}");
            }
        };
        check(&[], true);
        check(&[(7, 1)], true);
        check(&[(9, 4), (3, 2), (9, 1), (4, 0)], true);
        check(&[(1000, 3), (0, 5), (1000, 2)], false);
    }
}
