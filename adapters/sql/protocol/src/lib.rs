//! The frames between Seawall and its database workers.
//!
//! **Invariant.** To be told by what stands here.
