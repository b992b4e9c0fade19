//! SQL databases.
//!
//! **Invariant.** To be told by what stands here.
