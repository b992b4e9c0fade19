//! The mapping language: from files to a project in which everything is parsed and nothing is resolved.
//!
//! **Invariant.** No schema is looked at here; what a file says is kept with its span or reported.

pub mod ast;

mod adapter;
mod build;
mod check;
mod codes;
mod load;
mod overlay;
mod reference;
pub(crate) mod suggest;
mod syntax;
mod table;
mod variables;
mod yaml;

pub use adapter::{AdapterKey, unknown_adapter_keys};
pub use ast::{
    Assign, Auth, AuthKind, Breaker, Case, CaseWhen, CodeSource, Codes, CompareOp, Conditions, Connection,
    Dedupe, ErrorRule, Events, Expr, Failures, Field, FieldKind, FieldName, Filter, Idempotency, LegacyRef,
    Model, OnDrift, Operand, Operation, PageRule, Path, Payload, Pick, PickWhere, Policy, Project,
    QueryParam, Rate, Reconcile, ReplyField, Retry, Segment, Slow, Spanned, Step, StepCall, StepKind, Test,
    TestCall, TestMessage, TestRequest, TestResponse, Topic, ValueLine, Verb, Version, VersionField,
    VersionKind, VersionModel, Watch,
};
pub use codes::codes_from_csv;
pub use load::{FORMAT, Options, load, load_with};
pub use overlay::Kind;
pub use reference::{editor_schema, reference};
pub use variables::Variables;

#[cfg(test)]
mod tests;
