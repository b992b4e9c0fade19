//! Keys of `models:`, fields and cases.
//!
//! **Invariant.** Data only.

use super::{Block, Form, Key, Scalar};

/// An entry of `models:`.
pub(crate) static MODEL: Block = Block {
    name: "model",
    doc: "A modern structure and how it is made of a legacy one. One that only describes a body has `schema` alone.",
    open: false,
    keys: &[
        Key::new(
            "legacy",
            Form::One(Scalar::Legacy),
            "The legacy structure: connection/structure, or the connection itself.",
        ),
        Key::with(
            "schema",
            Form::One(Scalar::File),
            "inferred from the fields",
            "File with a JSON Schema of the modern structure.",
        ),
        Key::new("key", Form::OneOrMany(Scalar::Text), "The field or fields that identify a record."),
        Key::new(
            "keep",
            Form::One(Scalar::Duration),
            "How long the latest record of a key is remembered (streams).",
        ),
        Key::new(
            "fields",
            Form::Entries("modern name", &Form::Short(Scalar::Line, &FIELD)),
            "The fields: modern name to legacy path, expression or one of the further forms.",
        ),
        Key::new(
            "write",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "Legacy values that the modern side does not know; set by every write.",
        ),
        Key::new("ignore", Form::Many(Scalar::Path), "Legacy paths that are deliberately not mapped."),
        Key::new("doc", Form::One(Scalar::Text), "A sentence for the documentation of the API."),
    ],
};

/// The long form of a field.
static FIELD: Block = Block {
    name: "field",
    doc: "A field is a legacy path with codecs, an expression, or a map with one of `from`, `each`, `at`, `oneOf`, `cases`.",
    open: false,
    keys: &[
        Key::new("from", Form::One(Scalar::Line), "A value: legacy path with codecs, or an expression."),
        Key::new("write", Form::One(Scalar::Expr), "What a write sets instead of the client's value."),
        Key::new("each", Form::One(Scalar::Path), "An array of objects: the legacy path that repeats."),
        Key::new("at", Form::One(Scalar::Path), "Common prefix of the legacy paths below."),
        Key::new(
            "key",
            Form::OneOrMany(Scalar::Text),
            "The fields by which old and new elements of an array are matched.",
        ),
        Key::new(
            "fields",
            Form::Entries("modern name", &Form::Short(Scalar::Line, &FIELD)),
            "The fields of the object or of each element.",
        ),
        Key::new(
            "oneOf",
            Form::One(Scalar::Path),
            "Alternatives: the legacy path that says which case applies.",
        ),
        Key::new(
            "cases",
            Form::Entries("name", &Form::Map(&CASE)),
            "The alternatives by name; without `oneOf` the element that is there decides.",
        ),
        Key::with("as", Form::One(Scalar::Text), "type", "Name of the property that says which case it is."),
        Key::with(
            "sensitive",
            Form::One(Scalar::Flag),
            "false",
            "The value is masked in logs, traces and test output.",
        ),
        Key::new("doc", Form::One(Scalar::Text), "A sentence for the documentation of the API."),
    ],
};

/// An entry of `cases:`.
static CASE: Block = Block {
    name: "case",
    doc: "One alternative.",
    open: false,
    keys: &[
        Key::new(
            "when",
            Form::ValuesOrConditions,
            "Values of the path of `oneOf`, of which the first is written; or conditions.",
        ),
        Key::new(
            "at",
            Form::One(Scalar::Path),
            "Common prefix of the legacy paths below, and what must be there where nothing is compared.",
        ),
        Key::new(
            "fields",
            Form::Entries("modern name", &Form::Short(Scalar::Line, &FIELD)),
            "The fields of this alternative.",
        ),
    ],
};
