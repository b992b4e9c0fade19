//! Relational databases by ODBC and JDBC: tables, statements and procedures, and the catalog that says what is in them.
//!
//! **Invariant.** A value is never part of a statement's text, and a name is only if it stands in the catalog; drivers
//! run in processes of their own.

mod bridge;
mod call;
mod catalog;
mod config;
mod connection;
mod dialect;
mod json;
mod schema;
mod types;

pub use catalog::{
    Change, ChangeKind, ColumnDef, IndexDef, ParameterDef, ParameterDirection, ProcedureDef, QName, Snapshot,
    TableDef,
};
pub use connection::{Jdbc, Odbc};
pub use dialect::{Case, Dialect};
pub use types::{Form, SqlType, Text, Timestamp, TimestampName};
