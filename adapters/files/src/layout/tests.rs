//! What layouts make of records, and records of layouts.

mod cobrix;
mod json;
mod kit;
mod random;
mod telling;
mod writing;
