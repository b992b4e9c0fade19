//! A legacy structure in memory: what a write builds, and the old record that it keeps.
//!
//! **Invariant.** Children stand in the order that the schema allows; what nobody changes stays as it was.
//!
//! Only writes use trees. Reading goes from the document straight into the read plan.

mod build;
mod replay;
mod select;
#[cfg(test)]
mod tests;

pub use build::{Capture, capture};
pub use replay::Replay;

use jiff::civil;
use kernel::{Decimal, PartId, Scalar, Shape, TypeId};
use std::sync::Arc;

/// Number of a node in its tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

/// A legacy structure below one root.
#[derive(Debug, Clone)]
pub struct Tree {
    shape: Arc<Shape>,
    nodes: Vec<Node>,
}

#[derive(Debug, Clone)]
struct Node {
    /// `None` only for the root, whose own part is not told.
    part: Option<PartId>,
    ty: TypeId,
    parent: Option<NodeId>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Leaf(Leaf),
    Group { children: Vec<NodeId>, nil: bool },
}

/// A leaf value that a tree owns.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// Explicitly nothing.
    Nil,
    /// Text in the lexical form of its type.
    Text(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An exact number.
    Decimal(Decimal),
    /// A binary float.
    Float(f64),
    /// A date.
    Date(civil::Date),
    /// A time of day.
    Time(civil::Time),
    /// Date and time without a zone.
    DateTime(civil::DateTime),
    /// A point in time.
    Instant(jiff::Timestamp),
}

impl Tree {
    /// Returns a structure of a type, with nothing in it.
    pub fn new(shape: Arc<Shape>, ty: TypeId) -> Self {
        let root = Node { part: None, ty, parent: None, content: Content::empty(&shape, ty) };
        Self { shape, nodes: vec![root] }
    }

    /// The root, which stands for the structure itself.
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The shape that it obeys.
    pub fn shape(&self) -> &Arc<Shape> {
        &self.shape
    }

    /// The type of a node in this structure.
    pub fn ty(&self, node: NodeId) -> TypeId {
        self.node(node).ty
    }

    /// The part that a node is; nothing for the root.
    pub fn part(&self, node: NodeId) -> Option<PartId> {
        self.node(node).part
    }

    /// The node around it.
    pub fn parent(&self, node: NodeId) -> Option<NodeId> {
        self.node(node).parent
    }

    /// Its children, in order; none for a leaf.
    pub fn children(&self, node: NodeId) -> &[NodeId] {
        match &self.node(node).content {
            Content::Group { children, .. } => children,
            Content::Leaf(_) => &[],
        }
    }

    /// The value of a leaf.
    pub fn leaf(&self, node: NodeId) -> Option<&Leaf> {
        match &self.node(node).content {
            Content::Leaf(leaf) => Some(leaf),
            Content::Group { .. } => None,
        }
    }

    /// The value of a node: a leaf's own, the text part's of a group that has one, `Nil` of a group that is nil.
    pub fn value(&self, node: NodeId) -> Option<Scalar<'_>> {
        match &self.node(node).content {
            Content::Leaf(leaf) => Some(leaf.as_scalar()),
            Content::Group { nil: true, .. } => Some(Scalar::Nil),
            Content::Group { .. } => {
                let text = self.shape.text_part(self.ty(node))?;
                let child =
                    self.children(node).iter().copied().find(|&child| self.part(child) == Some(text))?;
                self.leaf(child).map(Leaf::as_scalar)
            }
        }
    }

    /// Returns whether a node stands beside the record, or is within something that does.
    pub fn is_beside(&self, node: NodeId) -> bool {
        let mut around = std::iter::successors(Some(node), |&node| self.parent(node));
        around.any(|node| {
            self.part(node).is_some_and(|part| self.shape.part(part).kind == kernel::PartKind::Beside)
        })
    }

    /// Returns whether two structures hold the same parts with the same values in the same order.
    pub fn same(&self, node: NodeId, other: &Tree, other_node: NodeId) -> bool {
        let (a, b) = (self.node(node), other.node(other_node));
        if a.ty != b.ty {
            return false;
        }
        match (&a.content, &b.content) {
            (Content::Leaf(a), Content::Leaf(b)) => a == b,
            (Content::Group { children: x, nil: n }, Content::Group { children: y, nil: m }) => {
                n == m
                    && x.len() == y.len()
                    && x.iter().zip(y).all(|(&x, &y)| self.part(x) == other.part(y) && self.same(x, other, y))
            }
            _ => false,
        }
    }

    /// Returns a document that tells the parts of a node.
    pub fn replay(&self, node: NodeId) -> Replay<'_> {
        Replay::new(self, node, &[])
    }

    /// Returns a document that tells all parts, with other values in some leaves.
    pub fn replay_with<'a>(&'a self, filled: &'a [(NodeId, Leaf)]) -> Replay<'a> {
        Replay::new(self, self.root(), filled)
    }

    fn node(&self, node: NodeId) -> &Node {
        &self.nodes[node.0 as usize]
    }

    fn node_mut(&mut self, node: NodeId) -> &mut Node {
        &mut self.nodes[node.0 as usize]
    }
}

impl Content {
    fn empty(shape: &Shape, ty: TypeId) -> Self {
        match shape.group(ty) {
            Some(_) => Self::Group { children: Vec::new(), nil: false },
            None => Self::Leaf(Leaf::Text("".into())),
        }
    }
}

impl Leaf {
    /// Copies a scalar.
    pub fn from_scalar(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Nil => Self::Nil,
            Scalar::Text(text) => Self::Text(text.into()),
            Scalar::Bytes(bytes) => Self::Bytes(bytes.into()),
            Scalar::Bool(value) => Self::Bool(value),
            Scalar::Int(value) => Self::Int(value),
            Scalar::Decimal(value) => Self::Decimal(value),
            Scalar::Float(value) => Self::Float(value),
            Scalar::Date(value) => Self::Date(value),
            Scalar::Time(value) => Self::Time(value),
            Scalar::DateTime(value) => Self::DateTime(value),
            Scalar::Instant(value) => Self::Instant(value),
        }
    }

    /// Lends the value as a scalar.
    pub fn as_scalar(&self) -> Scalar<'_> {
        match self {
            Self::Nil => Scalar::Nil,
            Self::Text(text) => Scalar::Text(text),
            Self::Bytes(bytes) => Scalar::Bytes(bytes),
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Int(value) => Scalar::Int(*value),
            Self::Decimal(value) => Scalar::Decimal(*value),
            Self::Float(value) => Scalar::Float(*value),
            Self::Date(value) => Scalar::Date(*value),
            Self::Time(value) => Scalar::Time(*value),
            Self::DateTime(value) => Scalar::DateTime(*value),
            Self::Instant(value) => Scalar::Instant(*value),
        }
    }
}
