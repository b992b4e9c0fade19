//! Keys of `events:`, `reconcile:` and `versions:`.
//!
//! **Invariant.** Data only.

use super::{Block, Form, Key, POLICY, Scalar};

/// An entry of `events:`.
pub(crate) static EVENTS: Block = Block {
    name: "events",
    doc: "Publishes events of a model: `type` for each record, or `created`, `updated`, `deleted` for changes of state.",
    open: false,
    keys: &[
        Key::required(
            "topic",
            Form::One(Scalar::Topic),
            "Where events go: connection/topic, or a topic of the embedded log.",
        ),
        Key::new("type", Form::One(Scalar::Text), "Type of the event of each record."),
        Key::new("created", Form::One(Scalar::Text), "Type of the event of a new record."),
        Key::new("updated", Form::One(Scalar::Text), "Type of the event of a changed record."),
        Key::new("deleted", Form::One(Scalar::Text), "Type of the event of a deleted record."),
        Key::new(
            "deletedWhen",
            Form::One(Scalar::Expr),
            "When a record counts as deleted although it is there.",
        ),
        Key::with("key", Form::One(Scalar::Expr), "the model's key", "Partition key, which keeps the order."),
        Key::with(
            "id",
            Form::One(Scalar::Expr),
            "hash of key and content, or source position",
            "Identity of the event.",
        ),
        Key::with("time", Form::One(Scalar::Expr), "the `since` field", "Time of the event."),
        Key::new("subject", Form::One(Scalar::Expr), "Subject of the event."),
        Key::new(
            "newest",
            Form::One(Scalar::Text),
            "The field by which records older than the last one of their key are dropped.",
        ),
        Key::new("onlyChanges", Form::Many(Scalar::Text), "Published only if one of these fields changed."),
        Key::new("reject", Form::One(Scalar::Topic), "Where records go that cannot be read."),
        Key::new(
            "verify",
            Form::Entries("legacy path", &Form::One(Scalar::Expr)),
            "Totals of a batch that must hold before the first event.",
        ),
        Key::new("watch", Form::Map(&WATCH), "How changes are noticed."),
        Key::new("policy", Form::Map(&POLICY), "Bounds rejects and says who may read."),
    ],
};

/// `watch:`.
static WATCH: Block = Block {
    name: "watch",
    doc: "How changes of a table or service are noticed.",
    open: false,
    keys: &[
        Key::required("every", Form::One(Scalar::Duration), "How often is asked."),
        Key::new(
            "since",
            Form::One(Scalar::Text),
            "The modern field that grows with each change; without it all records are compared.",
        ),
        Key::new(
            "overlap",
            Form::One(Scalar::Duration),
            "How far each question reaches back into the last one.",
        ),
        Key::new(
            "sweep",
            Form::One(Scalar::Duration),
            "How often all keys are compared, which finds deletes.",
        ),
        Key::new("call", Form::One(Scalar::Call), "The legacy operation that is asked."),
        Key::new(
            "send",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "What the request is made of; `since` is an input.",
        ),
        Key::new("receive", Form::One(Scalar::Path), "Where the records are in the reply."),
    ],
};

/// An entry of `reconcile:`.
pub(crate) static RECONCILE: Block = Block {
    name: "reconcile",
    doc: "Compares the legacy state, by the model's key, with what was last written.",
    open: false,
    keys: &[
        Key::required("every", Form::One(Scalar::Duration), "How often."),
        Key::required("call", Form::One(Scalar::Call), "The legacy operation that reads the state."),
        Key::new(
            "forEach",
            Form::OneOrMany(Scalar::Text),
            "The fields for each value of which one call is made.",
        ),
        Key::new(
            "send",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "What the request is made of.",
        ),
        Key::new("receive", Form::One(Scalar::Path), "Where the records are in the reply."),
        Key::with("compare", Form::Many(Scalar::Text), "all fields", "The fields that are compared."),
        Key::with(
            "onDrift",
            Form::Words(&["resend", "adopt", "report"]),
            "report",
            "Write again, take the legacy state, or only tell.",
        ),
        Key::new("event", Form::One(Scalar::Text), "Type of the event about a difference."),
    ],
};

/// An entry of `versions:`.
pub(crate) static VERSION: Block = Block {
    name: "version",
    doc: "A version of the API, as a mapping onto the next newer one.",
    open: false,
    keys: &[
        Key::new("deprecated", Form::One(Scalar::Date), "Since when it is deprecated."),
        Key::new("sunset", Form::One(Scalar::Date), "When it ends."),
        Key::new("link", Form::One(Scalar::Text), "Where the change is explained."),
        Key::with("gone", Form::One(Scalar::Flag), "false", "Answers 410 after the sunset."),
        Key::new(
            "models",
            Form::Entries("model", &Form::Entries("name in this version", &Form::OneOrNothing(Scalar::Line))),
            "What differs: name in this version to name in the next one, an expression, or ~ for what is not there.",
        ),
    ],
};
