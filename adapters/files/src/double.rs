//! A format for tests: columns of ASCII text.
//!
//! **Invariant.** It is as strict as a real one: a short record is an error with its place.
