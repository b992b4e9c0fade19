//! The ODBC worker.
//!
//! **Invariant.** To be told by what stands here.

fn main() {}
