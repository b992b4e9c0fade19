//! Keys of `policy:` and `policies:`.
//!
//! **Invariant.** Data only.

use super::{Block, Form, Key, Scalar};

/// `policy:`, wherever it stands.
pub(crate) static POLICY: Block = Block {
    name: "policy",
    doc: "On a connection it protects the system, on an operation it serves the client, on an event block it bounds rejects.",
    open: false,
    keys: &[
        Key::new(
            "use",
            Form::One(Scalar::Text),
            "The shared policy of the section `policies` that this one starts from.",
        ),
        Key::with("timeout", Form::One(Scalar::Duration), "10s", "Limit of one try (connection)."),
        Key::with(
            "deadline",
            Form::One(Scalar::Duration),
            "30s",
            "Limit of all tries together (connection, operation).",
        ),
        Key::with(
            "retry",
            Form::Short(Scalar::Integer, &RETRY),
            "0",
            "Tries after the first one, where the class of the error permits it (connection).",
        ),
        Key::new("breaker", Form::Map(&BREAKER), "Stops calling a system that fails (connection)."),
        Key::with("concurrency", Form::One(Scalar::Count), "64", "Calls in flight at most (connection)."),
        Key::with(
            "queue",
            Form::One(Scalar::Integer),
            "4 times `concurrency`",
            "Calls that wait for a place at most (connection).",
        ),
        Key::new("rate", Form::One(Scalar::Rate), "Calls per time at most (connection)."),
        Key::with(
            "maxBytes",
            Form::One(Scalar::Size),
            "`limits.message`",
            "Longest reply that is accepted, after decompression; it never widens `limits.message` (connection).",
        ),
        Key::new("cache", Form::One(Scalar::Duration), "How long an answer is fresh (`get` and `list`)."),
        Key::new(
            "stale",
            Form::One(Scalar::Duration),
            "How long an old answer may serve when the class of the error allows it (`get` and `list`).",
        ),
        Key::new(
            "idempotency",
            Form::One(Scalar::Idempotency),
            "How long a key of a `create` is remembered; `off` if the system recognises duplicates itself (operation).",
        ),
        Key::with(
            "repeatable",
            Form::One(Scalar::Flag),
            "true for get and list, else false",
            "Whether a second execution has no further effect (operation).",
        ),
        Key::new(
            "dedupe",
            Form::Words(&["unchanged"]),
            "Does not send what was accepted last time (operation).",
        ),
        Key::new("scope", Form::One(Scalar::Text), "The scope that a caller needs (operation, event block)."),
        Key::new(
            "rejectLimit",
            Form::One(Scalar::Count),
            "Rejected records after which a file or stream stops (event block).",
        ),
    ],
};

/// The long form of `retry:`.
static RETRY: Block = Block {
    name: "retry",
    doc: "Tries after the first one.",
    open: false,
    keys: &[
        Key::required("max", Form::One(Scalar::Integer), "How many."),
        Key::with(
            "budget",
            Form::One(Scalar::Percent),
            "20%",
            "Retries in percent of calls, over all callers.",
        ),
        Key::with(
            "backoff",
            Form::One(Scalar::Backoff),
            "100ms..2s",
            "Least and greatest pause, drawn with full jitter.",
        ),
    ],
};

/// `breaker:`.
static BREAKER: Block = Block {
    name: "breaker",
    doc: "Stops calling a system that fails, and tries again later.",
    open: false,
    keys: &[
        Key::required(
            "failures",
            Form::One(Scalar::Failures),
            "Share or number of failures that opens it; a bare number counts failures in a row.",
        ),
        Key::new("of", Form::One(Scalar::Count), "The last calls that are looked at."),
        Key::new("window", Form::One(Scalar::Duration), "The time that is looked at, instead of `of`."),
        Key::with("open", Form::One(Scalar::Duration), "30s", "How long it stays open."),
        Key::with(
            "minCalls",
            Form::One(Scalar::Count),
            "`of`, or 10 with `window`",
            "Calls below which a share is not judged.",
        ),
        Key::new("slow", Form::Map(&SLOW), "Slow calls open it, too."),
        Key::with(
            "trials",
            Form::One(Scalar::Count),
            "3",
            "Calls that are let through when it is half open.",
        ),
    ],
};

/// `slow:`.
static SLOW: Block = Block {
    name: "slow",
    doc: "When slow calls open a breaker.",
    open: false,
    keys: &[
        Key::required("over", Form::One(Scalar::Duration), "A call that takes longer is slow."),
        Key::required("rate", Form::One(Scalar::Percent), "Share of slow calls that opens the breaker."),
    ],
};
