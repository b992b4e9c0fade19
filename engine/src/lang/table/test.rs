//! Keys of `tests:`.
//!
//! **Invariant.** Data only.

use super::{Block, Form, Key, Scalar};

/// An entry of `tests:`.
pub(crate) static TEST: Block = Block {
    name: "test",
    doc: "An example. Its keys say what it proves: a model, an operation, a statement, a file, messages, or a reconciliation.",
    open: false,
    keys: &[
        Key::required("name", Form::One(Scalar::Text), "Its name, a sentence."),
        Key::new("after", Form::One(Scalar::Text), "The test whose state it keeps."),
        Key::new("model", Form::One(Scalar::Text), "The model that is tested in both directions."),
        Key::new("legacy", Form::Payload, "The legacy side of the model."),
        Key::new("modern", Form::Payload, "The modern side of the model."),
        Key::with("oneWay", Form::One(Scalar::Flag), "false", "Only the reading direction is tested."),
        Key::new("request", Form::One(Scalar::Request), "The request: method, path and query."),
        Key::new("headers", Form::Entries("header", &Form::One(Scalar::Data)), "Headers of the request."),
        Key::new("body", Form::Payload, "Body of the request."),
        Key::new(
            "calls",
            Form::Entries("connection.Operation", &Form::Map(&CALL)),
            "The legacy calls that must be made, and no others.",
        ),
        Key::new("response", Form::Map(&RESPONSE), "The answer."),
        Key::new("sql", Form::One(Scalar::Text), "The statement that must be made, blanks aside."),
        Key::new("reply", Form::Payload, "What the database answers."),
        Key::new("file", Form::One(Scalar::File), "A file that is read as a batch."),
        Key::new("messages", Form::Items(&MESSAGE), "Messages that arrive one after the other."),
        Key::new("reconcile", Form::One(Scalar::Text), "The model whose reconciliation runs."),
        Key::new(
            "events",
            Form::DataList,
            "The events that must be published, each by the keys that it lists.",
        ),
        Key::new("rejected", Form::One(Scalar::Data), "Why a file is refused."),
    ],
};

/// An entry of `calls:`.
static CALL: Block = Block {
    name: "call",
    doc: "A legacy call.",
    open: false,
    keys: &[
        Key::new("request", Form::Payload, "What must be sent."),
        Key::new("reply", Form::Payload, "What the legacy system answers."),
        Key::with(
            "status",
            Form::One(Scalar::Status),
            "that of a good answer",
            "With which status of the transport it answers.",
        ),
    ],
};

/// `response:`.
static RESPONSE: Block = Block {
    name: "response",
    doc: "An answer.",
    open: false,
    keys: &[
        Key::new("status", Form::One(Scalar::Status), "Its HTTP status."),
        Key::new("problem", Form::One(Scalar::Text), "The slug of its problem."),
        Key::new("detail", Form::One(Scalar::Data), "The detail of its problem."),
        Key::new("headers", Form::Entries("header", &Form::One(Scalar::Data)), "Headers that it must have."),
        Key::new("body", Form::Payload, "Its body."),
    ],
};

/// An entry of `messages:`.
static MESSAGE: Block = Block {
    name: "message",
    doc: "A message that arrives.",
    open: false,
    keys: &[
        Key::required("topic", Form::One(Scalar::Text), "Its topic."),
        Key::required("payload", Form::One(Scalar::Data), "Its payload, as text."),
    ],
};
