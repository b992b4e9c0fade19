//! Lists and maps while they grow.
//!
//! **Invariant.** A map knows which key waits for its value.

use kernel::{Entry, Node, Span};
use std::collections::HashMap;

/// A list or map that is not yet complete.
pub(super) struct Frame {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) flow: bool,
    /// It stands where a key belongs and is thrown away.
    pub(super) as_key: bool,
    /// A cut line was already reported for it.
    pub(super) cut: bool,
    pub(super) content: Content,
}

/// What a frame collects.
pub(super) enum Content {
    /// The elements of a list.
    List(Vec<Node>),
    /// The entries of a map.
    Map { entries: Vec<Entry>, seen: HashMap<String, Span>, key: Key },
}

/// The key whose value comes next.
pub(super) enum Key {
    /// A key is expected.
    None,
    /// This one.
    Text(String, Span),
    /// One that cannot be used; its value is thrown away.
    Unusable,
}
