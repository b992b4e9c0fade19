//! The trie while it grows.
//!
//! **Invariant.** An edge is known by its parts and a branch by its pick, so equal steps meet in one branch.

use crate::plan::model::{Condition, Pick, Step};
use crate::plan::read::layout::{Branch, Edge, Node, Take};
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
    pub(super) fn grow(&mut self, from: u32, step: &Step, pick: Take, opens: bool) -> (u32, bool) {
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
            return (known, false);
        }
        let branch = Branch { pick, ..Branch::default() };
        self.branches.push(Grown { branch, edges: Vec::new(), picked: picked.to_vec() });
        let new = number(self.branches.len() - 1);
        self.edges[edge as usize].1.push(new);
        (new, true)
    }

    pub(super) fn freeze(self, shape: &Shape) -> (Vec<Node>, Vec<Edge>, Vec<Branch>) {
        let late: Vec<bool> = self
            .edges
            .iter()
            .map(|(_, branches)| branches.iter().any(|&at| self.get(at).pass.late))
            .collect();
        let edges = self.edges.iter().zip(late).map(|((parts, branches), late)| Edge {
            branches: branches.clone(),
            element: parts
                .iter()
                .any(|&part| !matches!(shape.part(part).kind, PartKind::Attribute | PartKind::TypeName)),
            late,
        });
        let edges: Vec<Edge> = edges.collect();
        let firsts: Vec<bool> =
            self.branches.iter().map(|grown| grown.branch.pick == Take::FirstWhere).collect();
        let (mut nodes, mut branches) = (Vec::new(), Vec::new());
        for mut grown in self.branches {
            if !grown.edges.is_empty() || grown.branch.waits.is_some() {
                let mut lookup: Vec<(PartId, u32)> = Vec::new();
                for &edge in &grown.edges {
                    lookup.extend(self.edges[edge as usize].0.iter().map(|&part| (part, edge)));
                }
                let below = grown.edges.iter().flat_map(|&edge| &self.edges[edge as usize].1);
                let firsts = below.copied().filter(|at| firsts[*at as usize]).collect();
                grown.branch.node = Some(number(nodes.len()));
                nodes.push(Node::new(grown.edges, firsts, lookup));
            }
            grown.branch.plain = grown.branch.leads_on();
            branches.push(grown.branch);
        }
        (nodes, edges, branches)
    }
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
