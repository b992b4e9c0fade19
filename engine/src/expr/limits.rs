//! Bounds on expressions and on what one evaluation may do.
//!
//! **Invariant.** With these, no expression takes unbounded time, memory or stack.

/// Longest text of an expression, in bytes.
pub(super) const EXPRESSION_BYTES_MAX: usize = 4096;
/// Deepest nesting of an expression's nodes.
pub(super) const DEPTH_MAX: usize = 100;
/// Deepest nesting of `all`, `exists`, `exists_one`, `map` and `filter`.
pub(super) const NESTING_MAX: usize = 2;
/// Most elements of a list that an expression makes or walks over.
pub(super) const LIST_MAX: usize = 100_000;
/// Longest text that an expression makes, in bytes.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;
/// Most steps of one evaluation: one per node, and one per 64 bytes that are copied or looked at.
pub(super) const STEPS_MAX: usize = 1_000_000;
/// Largest compiled form of a pattern, in bytes.
pub(super) const PATTERN_BYTES_MAX: usize = 1 << 18;
