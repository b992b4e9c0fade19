//! The driver manager's C interface behind safe types.
//!
//! The declarations are our own: what is needed here and no binding crate offers safely is cancelling from another
//! thread, reading one cell of a fetched block again, and the catalog of indexes and procedures.
//!
//! **Invariant.** Memory that a driver was given lives as long as the statement that it was bound to, and does not
//! move; no value that a driver returns becomes a Rust enum or a length without a check.
#![expect(unsafe_code, reason = "the driver manager is a C library; everything unsafe is in this module")]

mod cells;
mod connection;
mod diagnostic;
mod ffi;
mod slot;
mod statement;

pub(crate) use cells::{Cell, Cells, Form};
pub(crate) use connection::{Connection, Environment};
pub(crate) use diagnostic::Diagnostic;
pub(crate) use ffi::info;
pub(crate) use slot::{Held, Slot};
pub(crate) use statement::{Described, Listing, Statement, cancel};
