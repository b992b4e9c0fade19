//! Separated values: splitting, fields, headers, writing, and the cases of csv-spectrum.
//!
//! **Invariant.** Expected values are written by hand or come from the fixtures.

pub(crate) mod kit;
mod reading;
mod splitting;
mod writing;
