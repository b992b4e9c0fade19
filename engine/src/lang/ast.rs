//! What a project says, parsed: one struct per construct, each with its span.
//!
//! **Invariant.** Plain data; a value that could not be read is left out, and then there is an error about it.

mod field;
mod operation;
mod policy;
mod project;
mod stream;
mod test;
mod text;
mod version;

pub use field::{Case, CaseWhen, Conditions, Field, FieldKind, FieldName, LegacyRef, Model, ValueLine};
pub use operation::{
    CompareOp, Filter, Operation, PageRule, QueryParam, ReplyField, Segment, StepCall, Verb,
};
pub use policy::{Breaker, Dedupe, Failures, Idempotency, Policy, Rate, Retry, Slow};
pub use project::{Auth, AuthKind, CodeSource, Codes, Connection, ErrorRule, Project};
pub use stream::{Events, OnDrift, Reconcile, Topic, Watch};
pub use test::{Payload, Test, TestCall, TestMessage, TestRequest, TestResponse};
pub use text::{Assign, Expr, Operand, Path, Pick, PickWhere, Spanned, Step, StepKind};
pub use version::{Version, VersionField, VersionKind, VersionModel};
