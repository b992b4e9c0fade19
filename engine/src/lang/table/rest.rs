//! Keys of `rest:`.
//!
//! **Invariant.** Data only.

use super::{Block, Form, Key, POLICY, Scalar};

/// An entry of `rest:`.
pub(crate) static OPERATION: Block = Block {
    name: "operation",
    doc: "An operation of the API. One of `get`, `list`, `create`, `replace`, `update`, `delete` says what it means.",
    open: false,
    keys: &[
        Key::new("get", Form::One(Scalar::Text), "Answers one record of this model."),
        Key::new("list", Form::One(Scalar::Text), "Answers many records of this model."),
        Key::new("create", Form::One(Scalar::Text), "Makes a record of this model."),
        Key::new("replace", Form::One(Scalar::Text), "Puts a record of this model in the place of another."),
        Key::new("update", Form::One(Scalar::Text), "Changes a record of this model."),
        Key::new("delete", Form::One(Scalar::Text), "Takes a record of this model away."),
        Key::new(
            "body",
            Form::One(Scalar::Text),
            "The model that describes the body, where there is no verb.",
        ),
        Key::new("call", Form::One(Scalar::Call), "The legacy operation."),
        Key::new(
            "send",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "What the request is made of; `= body` translates the body.",
        ),
        Key::new("receive", Form::One(Scalar::Path), "Where the model is in the reply."),
        Key::with(
            "read",
            Form::One(Scalar::Text),
            "the `get` of the same path",
            "The operation that reads the old record before a write.",
        ),
        Key::new("sql", Form::One(Scalar::Text), "An own statement with :name parameters."),
        Key::with("status", Form::One(Scalar::Status), "by the verb", "HTTP status of a good answer."),
        Key::new(
            "query",
            Form::Entries("name", &Form::Short(Scalar::Text, &QUERY)),
            "Query parameters: name to type.",
        ),
        Key::new(
            "filter",
            Form::Entries("name", &Form::One(Scalar::Filter)),
            "Query parameters that select: name to field and comparison.",
        ),
        Key::new("page", Form::Map(&PAGE), "Paging of a list."),
        Key::new(
            "steps",
            Form::Entries("name", &Form::Map(&STEP)),
            "Calls to several systems, whose answers `reply` puts together.",
        ),
        Key::new("reply", Form::Entries("modern name", &Form::One(Scalar::Expr)), "The answer of `steps`."),
        Key::new("policy", Form::Map(&POLICY), "The client side: scope, cache, idempotency."),
        Key::new("doc", Form::One(Scalar::Text), "A sentence for the documentation of the API."),
        Key::new("since", Form::One(Scalar::Text), "The first version that has this operation."),
        Key::new("until", Form::One(Scalar::Text), "The last version that has this operation."),
    ],
};

/// The long form of a query parameter.
static QUERY: Block = Block {
    name: "query",
    doc: "A query parameter: its type, or a map. Types are text, integer, number, boolean, date, time, datetime.",
    open: false,
    keys: &[
        Key::required("type", Form::Words(&crate::lang::build::PARAM_TYPES), "Its type."),
        Key::with("required", Form::One(Scalar::Flag), "false", "It must be given."),
        Key::new("enum", Form::Many(Scalar::Text), "The values that are allowed."),
        Key::new("default", Form::One(Scalar::Data), "What is assumed where it is missing."),
        Key::new("doc", Form::One(Scalar::Text), "A sentence for the documentation of the API."),
    ],
};

/// `page:`.
static PAGE: Block = Block {
    name: "page",
    doc: "Paging of a list.",
    open: false,
    keys: &[
        Key::with("size", Form::One(Scalar::Count), "50", "Items where the client does not say."),
        Key::with("max", Form::One(Scalar::Count), "500, or `size` if that is more", "Items at most."),
        Key::new("next", Form::One(Scalar::Path), "Where the legacy cursor stands in the reply."),
        Key::with(
            "order",
            Form::OneOrMany(Scalar::Text),
            "the key",
            "The fields by which a list of a table is ordered; `-` in front turns the order around.",
        ),
        Key::new(
            "sort",
            Form::OneOrMany(Scalar::Text),
            "The fields of a table by which a client may sort, by `sort=name,-since`.",
        ),
    ],
};

/// An entry of `steps:`.
static STEP: Block = Block {
    name: "step",
    doc: "One call of an operation that asks several systems.",
    open: false,
    keys: &[
        Key::required("call", Form::One(Scalar::Call), "The legacy operation."),
        Key::new(
            "send",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "What the request is made of.",
        ),
        Key::new("receive", Form::One(Scalar::Path), "Where the model is in the reply."),
        Key::new("as", Form::One(Scalar::Text), "The model."),
        Key::new("each", Form::One(Scalar::Text), "The list for each element of which this step runs."),
        Key::new("parallel", Form::One(Scalar::Count), "How many of those run at once."),
        Key::with(
            "optional",
            Form::One(Scalar::Flag),
            "false",
            "The answer is given without it if it fails.",
        ),
    ],
};
