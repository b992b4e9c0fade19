//! The trie while it grows.
//!
//! **Invariant.** An edge is known by its parts and a branch by its pick, so equal steps meet in one branch.

use crate::plan::model::{Condition, Pick, Step};
use crate::plan::read::layout::{Branch, Guard, Take};
use crate::plan::read::way::{Count, NOWHERE, Node, Way};
use kernel::{PartId, PartKind, Shape};

/// Nodes are numbered as their branches; branch 0 is the root.
pub(super) struct Trie {
    branches: Vec<Grown>,
    edges: Vec<(Vec<PartId>, Vec<u32>)>,
}

/// A branch, and what leads on from it.
pub(super) struct Grown {
    pub(super) branch: Branch,
    pub(super) edges: Vec<u32>,
    picked: Vec<Condition>,
}

impl Trie {
    pub(super) fn new() -> Self {
        let root = Branch { pick: Take::Every, ..Branch::default() };
        Self {
            branches: vec![Grown { branch: root, edges: Vec::new(), picked: Vec::new() }],
            edges: Vec::new(),
        }
    }

    pub(super) fn branch(&mut self, number: u32) -> &mut Branch {
        &mut self.branches[number as usize].branch
    }

    pub(super) fn get(&self, number: u32) -> &Branch {
        &self.branches[number as usize].branch
    }

    /// Returns the branches directly below one.
    pub(super) fn below(&self, number: u32) -> Vec<u32> {
        let edges = &self.branches[number as usize].edges;
        edges.iter().flat_map(|&edge| self.edges[edge as usize].1.iter().copied()).collect()
    }

    pub(super) fn find_edge(&self, from: u32, parts: &[PartId]) -> Option<u32> {
        let edges = &self.branches[from as usize].edges;
        edges.iter().copied().find(|&edge| self.edges[edge as usize].0 == parts)
    }

    /// Returns the branch of a step, and whether it is new. One that is to open a level is not shared with another.
    ///
    /// `guard` says which cases ask for it, if not all do. What is below something with a guard needs none of its own.
    pub(super) fn grow(
        &mut self,
        from: u32,
        step: &Step,
        (pick, opens): (Take, bool),
        guard: Option<&Guard>,
    ) -> (u32, bool) {
        let edge = self.find_edge(from, &step.parts).unwrap_or_else(|| {
            self.edges.push((step.parts.clone(), Vec::new()));
            let edge = number(self.edges.len() - 1);
            self.branches[from as usize].edges.push(edge);
            edge
        });
        let picked = match &step.pick {
            Pick::Where(conditions) => conditions.as_slice(),
            _ => &[],
        };
        let same = |&branch: &u32| {
            let known = &self.branches[branch as usize];
            let free = !opens || known.branch.level.is_none();
            free && known.branch.pick == pick && same_conditions(&known.picked, picked)
        };
        if let Some(known) = self.edges[edge as usize].1.iter().copied().find(same) {
            let own = &mut self.branches[known as usize].branch.guard;
            *own = Guard::either(own.take(), guard);
            return (known, false);
        }
        let guard = guard.filter(|_| self.get(from).guard.is_none()).cloned();
        let branch = Branch { pick, guard, ..Branch::default() };
        self.branches.push(Grown { branch, edges: Vec::new(), picked: picked.to_vec() });
        let new = number(self.branches.len() - 1);
        self.edges[edge as usize].1.push(new);
        (new, true)
    }

    /// Returns the nodes, the branches, and how many counters there are.
    ///
    /// `pause` is the edge at which the reading pauses.
    pub(super) fn freeze(self, shape: &Shape, pause: Option<u32>) -> (Vec<Node>, Vec<Branch>, usize) {
        let mut numbers = 0..;
        let leads = |grown: &Grown| !grown.edges.is_empty() || grown.branch.waits.is_some();
        let places: Vec<Option<u32>> =
            self.branches.iter().map(|grown| leads(grown).then(|| numbers.next()).flatten()).collect();
        let mut counters = 0;
        let mut nodes = Vec::new();
        for grown in self.branches.iter().filter(|grown| leads(grown)) {
            nodes.push(self.node(grown, shape, &places, &mut counters));
        }
        let waits = self.branches.iter().any(|grown| grown.branch.waits.is_some());
        let busy: Vec<bool> = nodes.iter().map(Node::is_busy).collect();
        for node in &mut nodes {
            node.shorten(&busy, pause, waits);
        }
        let branches = self.branches.into_iter().zip(places);
        let branches = branches
            .map(|(grown, node)| Branch { node, begins: grown.branch.touches(), ..grown.branch })
            .collect();
        (nodes, branches, counters as usize)
    }

    fn node(&self, grown: &Grown, shape: &Shape, places: &[Option<u32>], counters: &mut u32) -> Node {
        let (mut lookup, mut counted, mut firsts) = (Vec::new(), Vec::new(), Vec::new());
        let mut free = Some(1);
        for &edge in &grown.edges {
            let (parts, branches) = &self.edges[edge as usize];
            let late = branches.iter().any(|&at| self.get(at).pass.late);
            for &at in branches {
                let branch = self.get(at);
                let mut mark = 0;
                let count = match branch.pick {
                    Take::Only | Take::Nth(1) if free.is_some() => {
                        mark = free.unwrap_or_default();
                        free = u32::checked_mul(mark, 2);
                        Count::First
                    }
                    Take::Only => Count::Nth { n: 1, counter: new(counters, &mut counted) },
                    Take::Nth(n) => Count::Nth { n, counter: new(counters, &mut counted) },
                    Take::Last | Take::Every | Take::FirstWhere | Take::EveryWhere => Count::Never,
                };
                if branch.pick == Take::FirstWhere {
                    firsts.push(at);
                }
                let node = places[at as usize].unwrap_or(NOWHERE);
                let element = is_element(shape, parts);
                let way = Way { edge, node, count, mark, late, element, ..branch.way(at) };
                lookup.extend(parts.iter().map(|&part| (part, way.clone())));
            }
        }
        let conditions = grown.branch.early_conditions.clone();
        let mut node = Node::new(lookup);
        (node.counters, node.firsts, node.conditions) = (counted, firsts, conditions);
        node
    }
}

/// Returns a new counter, which is one of these.
fn new(counters: &mut u32, counted: &mut Vec<u32>) -> u32 {
    counted.push(*counters);
    *counters += 1;
    *counters - 1
}

fn is_element(shape: &Shape, parts: &[PartId]) -> bool {
    parts.iter().any(|&part| !matches!(shape.part(part).kind, PartKind::Attribute | PartKind::TypeName))
}

fn same_conditions(one: &[Condition], other: &[Condition]) -> bool {
    let same_path =
        |a: &[Step], b: &[Step]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.parts == b.parts);
    one.len() == other.len()
        && one.iter().zip(other).all(|(a, b)| a.value == b.value && same_path(&a.path, &b.path))
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
