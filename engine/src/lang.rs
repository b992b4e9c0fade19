//! The mapping language: from files to a project in which everything is parsed and nothing is resolved.
//!
//! **Invariant.** No schema is looked at here; what a file says is kept with its span or reported.

pub mod ast;

pub use ast::{
    Assign, Auth, AuthKind, Breaker, Case, CaseWhen, CodeSource, Codes, CompareOp, Conditions, Connection,
    Dedupe, ErrorRule, Events, Expr, Failures, Field, FieldKind, FieldName, Filter, Idempotency, LegacyRef,
    Model, OnDrift, Operand, Operation, PageRule, Path, Payload, Pick, PickWhere, Policy, Project,
    QueryParam, Rate, Reconcile, ReplyField, Retry, Segment, Slow, Spanned, Step, StepCall, StepKind, Test,
    TestCall, TestMessage, TestRequest, TestResponse, Topic, ValueLine, Verb, Version, VersionField,
    VersionKind, VersionModel, Watch,
};
