//! Random
