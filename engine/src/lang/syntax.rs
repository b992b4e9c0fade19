//! What stands inside a scalar: paths, field lines, expressions, conditions, amounts.
//!
//! **Invariant.** Each function reads one text, reports what it cannot read with the exact place, and gives `None`.

pub(crate) mod amount;
pub(crate) mod line;
pub(crate) mod path;
pub(crate) mod value;

pub(crate) use line::Line;
