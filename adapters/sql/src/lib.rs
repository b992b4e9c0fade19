//! Relational databases by ODBC and JDBC: tables, statements and procedures, and the catalog that says what is in them.
//!
//! **Invariant.** A value is never part of a statement's text, and a name is only if it stands in the catalog; drivers
//! run in processes of their own.

mod backend;
mod bridge;
mod call;
mod catalog;
mod config;
mod connection;
mod dialect;
mod fault;
mod generate;
mod json;
mod pool;
mod rows;
mod schema;
mod snapshot;
mod statement;
mod testdata;
mod types;
mod values;
mod worker;

pub use catalog::{
    Change, ChangeKind, ColumnDef, IndexDef, ParameterDef, ParameterDirection, ProcedureDef, QName, Snapshot,
    TableDef,
};
pub use connection::{Jdbc, Odbc};
pub use dialect::{Case, Dialect};
pub use snapshot::{Taken, snapshot_of};
pub use types::{Form, SqlType, Text, Timestamp, TimestampName};
