//! Keys of the root, of `auth:`, `connections:`, `errors:`, `codes:`.
//!
//! **Invariant.** Data only.

use super::{Block, EVENTS, Form, Key, MODEL, OPERATION, POLICY, RECONCILE, Scalar, TEST, VERSION};

/// The sections of a project.
pub(crate) static ROOT: Block = Block {
    name: "project",
    doc: "A project is the union of its YAML files; any file may hold any section.",
    open: false,
    keys: &[
        Key::required(
            "facade",
            Form::One(Scalar::Text),
            "Name of the facade: event source and metric label; stands in the root file.",
        ),
        Key::required(
            "format",
            Form::One(Scalar::Count),
            "Version of this file format: 1; stands in the root file.",
        ),
        Key::new("title", Form::One(Scalar::Text), "Title for people; stands in the root file."),
        Key::new("auth", Form::Map(&AUTH), "Who may call; stands in the root file."),
        Key::new(
            "connections",
            Form::Entries("name", &Form::Map(&CONNECTION)),
            "The systems that are spoken to, legacy and modern.",
        ),
        Key::new("codes", Form::Entries("name", &Form::Codes), "Code tables, modern name to legacy codes."),
        Key::new(
            "models",
            Form::Entries("name", &Form::Map(&MODEL)),
            "Modern structures, and how each is made of a legacy one.",
        ),
        Key::new(
            "rest",
            Form::Entries("METHOD /path", &Form::Map(&OPERATION)),
            "Operations of the REST API.",
        ),
        Key::new(
            "events",
            Form::Entries("model", &Form::Map(&EVENTS)),
            "Events that are published about models.",
        ),
        Key::new(
            "reconcile",
            Form::Entries("model", &Form::Map(&RECONCILE)),
            "Comparison of the legacy state with what was written.",
        ),
        Key::new(
            "versions",
            Form::Entries("version", &Form::Map(&VERSION)),
            "Versions of the API, as mappings onto the next newer one.",
        ),
        Key::new(
            "policies",
            Form::Entries("name", &Form::Map(&POLICY)),
            "Shared policies, which others start from by `use:`.",
        ),
        Key::new("tests", Form::Items(&TEST), "Examples that are run by `seawall test`."),
    ],
};

/// `auth:`.
static AUTH: Block = Block {
    name: "auth",
    doc: "Says who may call.",
    open: false,
    keys: &[
        Key::required(
            "type",
            Form::Words(&["oidc", "apiKey", "mtls", "none"]),
            "How callers prove who they are.",
        ),
        Key::new("issuer", Form::One(Scalar::Text), "Issuer of the tokens (`oidc`, required)."),
        Key::new(
            "audience",
            Form::OneOrMany(Scalar::Text),
            "For whom tokens must be made (`oidc`, required), else tokens meant for other APIs would pass.",
        ),
        Key::with(
            "jwks",
            Form::One(Scalar::Text),
            "the issuer's discovery document",
            "URL or file of the key set (`oidc`).",
        ),
        Key::with(
            "algorithms",
            Form::Many(Scalar::Text),
            "the asymmetric ones",
            "Signature algorithms that are accepted (`oidc`).",
        ),
        Key::with(
            "leeway",
            Form::One(Scalar::Duration),
            "60s",
            "Difference between clocks that is forgiven (`oidc`).",
        ),
        Key::with(
            "header",
            Form::One(Scalar::Text),
            "X-API-Key",
            "The header that carries the key (`apiKey`).",
        ),
        Key::new(
            "keys",
            Form::One(Scalar::Text),
            "File with hashes of the keys and their scopes (`apiKey`, required).",
        ),
        Key::new(
            "authorities",
            Form::One(Scalar::Text),
            "File with the certificate authorities that are trusted (`mtls`, required).",
        ),
    ],
};

/// An entry of `connections:`.
static CONNECTION: Block = Block {
    name: "connection",
    doc: "One system. Keys beyond these belong to its type.",
    open: true,
    keys: &[
        Key::required(
            "type",
            Form::One(Scalar::Text),
            "The kind of system, which decides on the further keys.",
        ),
        Key::new("url", Form::One(Scalar::Text), "Address of the system."),
        Key::new("brokers", Form::OneOrMany(Scalar::Text), "Addresses of the brokers."),
        Key::new("path", Form::One(Scalar::Text), "Files or folder."),
        Key::new("topics", Form::OneOrMany(Scalar::Text), "Topics that are read."),
        Key::new("auth", Form::Map(&CONNECTION_AUTH), "How to log on to the system."),
        Key::new("tls", Form::Foreign, "Authorities and client certificate of the connection."),
        Key::new(
            "timezone",
            Form::One(Scalar::Text),
            "IANA time zone of timestamps without a zone and of `today`, such as Europe/Vienna.",
        ),
        Key::new("nulls", Form::Many(Scalar::Data), "Legacy texts that mean nothing, such as 0001-01-01."),
        Key::new(
            "send",
            Form::Entries("legacy path", &Form::One(Scalar::Operand)),
            "Goes into every request that has the field.",
        ),
        Key::new(
            "errors",
            Form::Items(&ERROR),
            "Turns answers of the system into problems; the first match wins.",
        ),
        Key::new("policy", Form::Map(&POLICY), "Protects the system: time-outs, retries, breaker, limits."),
        Key::with(
            "strict",
            Form::One(Scalar::Flag),
            "false",
            "What the legacy schema does not know is an error.",
        ),
    ],
};

/// `auth:` of a connection.
static CONNECTION_AUTH: Block = Block {
    name: "connectionAuth",
    doc: "How to log on to a system. Keys beyond these belong to the type of the connection.",
    open: true,
    keys: &[
        Key::new("type", Form::One(Scalar::Text), "The way, as far as the type of connection has it."),
        Key::new("user", Form::One(Scalar::Text), "Name of the user."),
        Key::new("password", Form::One(Scalar::Text), "Password, always a variable."),
        Key::new("token", Form::One(Scalar::Text), "Token, always a variable."),
        Key::new("certificate", Form::One(Scalar::Text), "File with the client's certificate and key."),
    ],
};

/// An entry of `errors:`.
static ERROR: Block = Block {
    name: "error",
    doc: "Turns a condition on an answer into a problem.",
    open: false,
    keys: &[
        Key::required("when", Form::Conditions, "The condition: legacy paths and their values."),
        Key::required("problem", Form::One(Scalar::Text), "Slug of the problem: lower case with dashes."),
        Key::required("status", Form::One(Scalar::Status), "HTTP status of the answer."),
        Key::new("title", Form::One(Scalar::Text), "Title of the problem."),
        Key::new("detail", Form::One(Scalar::Path), "Legacy path of a text that clients may see."),
        Key::with(
            "retry",
            Form::One(Scalar::Flag),
            "false",
            "The call was not executed, and the same one may succeed later.",
        ),
        Key::with(
            "class",
            Form::Words(&crate::lang::build::CLASS_NAMES),
            "by the status",
            "What retries, breaker, stale answers and dead letters look at.",
        ),
        Key::with("counts", Form::One(Scalar::Flag), "by the class", "Whether the breaker counts it."),
    ],
};

/// A code table in a file.
pub(crate) static CSV_CODES: Block = Block {
    name: "csvCodes",
    doc: "A code table in a file with a header line.",
    open: false,
    keys: &[
        Key::required("csv", Form::One(Scalar::File), "The file."),
        Key::required("modern", Form::One(Scalar::Text), "Column with the modern names."),
        Key::required("legacy", Form::One(Scalar::Text), "Column with the legacy codes."),
    ],
};
