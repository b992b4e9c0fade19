//! Events and reconciliation.
//!
//! **Invariant.** Everything of these sections is parsed, also where a build does not run it.

use super::{Assign, Expr, Path, Policy, Spanned};
use kernel::Span;
use std::time::Duration;

/// One entry of `events:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Events {
    /// The model.
    pub model: Spanned<String>,
    /// `topic:`.
    pub topic: Option<Topic>,
    /// `type:`, one event per record.
    pub ty: Option<Spanned<String>>,
    /// `created:`.
    pub created: Option<Spanned<String>>,
    /// `updated:`.
    pub updated: Option<Spanned<String>>,
    /// `deleted:`.
    pub deleted: Option<Spanned<String>>,
    /// `deletedWhen:`.
    pub deleted_when: Option<Expr>,
    /// `key:`.
    pub key: Option<Expr>,
    /// `id:`.
    pub id: Option<Expr>,
    /// `time:`.
    pub time: Option<Expr>,
    /// `subject:`.
    pub subject: Option<Expr>,
    /// `newest:`, the field by which late records are dropped.
    pub newest: Option<Spanned<String>>,
    /// `onlyChanges:`, the fields of which one must have changed.
    pub only_changes: Vec<Spanned<String>>,
    /// `reject:`, where unreadable records go.
    pub reject: Option<Topic>,
    /// `verify:`, totals that must hold before anything is published.
    pub verify: Vec<Assign>,
    /// `watch:`.
    pub watch: Option<Watch>,
    /// `policy:`.
    pub policy: Policy,
    /// The whole block.
    pub span: Span,
}

/// `connection/topic`, or a topic of the embedded log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The connection; `None` is the embedded log.
    pub connection: Option<Spanned<String>>,
    /// The topic.
    pub topic: Spanned<String>,
}

/// How changes are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// `every:`.
    pub every: Option<Spanned<Duration>>,
    /// `since:`, a modern field.
    pub since: Option<Spanned<String>>,
    /// `overlap:`.
    pub overlap: Option<Spanned<Duration>>,
    /// `sweep:`.
    pub sweep: Option<Spanned<Duration>>,
    /// `call:`.
    pub call: Option<Spanned<String>>,
    /// `send:`.
    pub send: Vec<Assign>,
    /// `receive:`.
    pub receive: Option<Path>,
    /// The whole map.
    pub span: Span,
}

/// One entry of `reconcile:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconcile {
    /// The model.
    pub model: Spanned<String>,
    /// `every:`.
    pub every: Option<Spanned<Duration>>,
    /// `call:`.
    pub call: Option<Spanned<String>>,
    /// `forEach:`, the fields for each value of which one call is made.
    pub for_each: Vec<Spanned<String>>,
    /// `send:`.
    pub send: Vec<Assign>,
    /// `receive:`.
    pub receive: Option<Path>,
    /// `compare:`, the fields that are compared; empty is all.
    pub compare: Vec<Spanned<String>>,
    /// `onDrift:`.
    pub on_drift: Option<Spanned<OnDrift>>,
    /// `event:`.
    pub event: Option<Spanned<String>>,
    /// The whole block.
    pub span: Span,
}

/// What happens when the legacy state is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnDrift {
    /// What was written last is written again.
    Resend,
    /// The legacy state is taken and published.
    Adopt,
    /// It is only published and counted.
    Report,
}
