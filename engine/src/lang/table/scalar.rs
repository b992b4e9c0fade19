//! The forms of single texts.
//!
//! **Invariant.** What `fits` accepts, the builder can read; the pattern is never narrower than that.

use crate::lang::syntax::amount;

/// The form of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// Any text that is not empty.
    Text,
    /// A file below the project's root.
    File,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Integer,
    /// A whole number from 1.
    Count,
    /// An HTTP status.
    Status,
    /// `5s`.
    Duration,
    /// `100ms..2s`.
    Backoff,
    /// `64KiB`.
    Size,
    /// `50%`.
    Percent,
    /// `50%` or `5`.
    Failures,
    /// `50/s`.
    Rate,
    /// `24h` or `off`.
    Idempotency,
    /// `2026-09-01`.
    Date,
    /// A legacy path.
    Path,
    /// A legacy path with codecs, or an expression.
    Line,
    /// `= expression`.
    Expr,
    /// A text or `= expression`.
    Operand,
    /// `connection.operation`.
    Call,
    /// `connection/structure`.
    Legacy,
    /// `connection/topic`.
    Topic,
    /// `GET /path`.
    Request,
    /// `field >=`.
    Filter,
    /// Any text, also an empty one.
    Data,
}

impl Scalar {
    /// Returns what is expected, in words.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Text | Self::Data => "a text",
            Self::File => "a file below the project's root",
            Self::Flag => "true or false",
            Self::Integer => "a whole number",
            Self::Count => "a whole number from 1",
            Self::Status => "an HTTP status such as 404",
            Self::Duration => "a duration such as 5s",
            Self::Backoff => "a range of durations such as 100ms..2s",
            Self::Size => "a size such as 64KiB",
            Self::Percent => "a percentage such as 50%",
            Self::Failures => "a percentage such as 50%, or a number such as 5",
            Self::Rate => "a rate such as 50/s",
            Self::Idempotency => "a duration such as 24h, or off",
            Self::Date => "a date such as 2026-09-01",
            Self::Path => "a legacy path",
            Self::Line => "a legacy path with codecs, or an expression",
            Self::Expr => "an expression such as `= now`",
            Self::Operand => "a text, or an expression such as `= now`",
            Self::Call => "an operation such as connection.Operation",
            Self::Legacy => "a structure such as connection/Structure",
            Self::Topic => "a topic such as connection/topic",
            Self::Request => "a request such as GET /path",
            Self::Filter => "a field, and how it is compared, such as `updatedAt >=`",
        }
    }

    /// Returns whether a text has this form. What has a grammar of its own is judged where it is read.
    pub(crate) fn fits(self, text: &str) -> bool {
        match self {
            Self::Data => true,
            Self::Flag => matches!(text, "true" | "false"),
            Self::Integer => amount::integer(text).is_some(),
            Self::Count => amount::integer(text).is_some_and(|n| n > 0),
            Self::Status => amount::integer(text).is_some_and(|n| (100..=599).contains(&n)),
            Self::Duration => amount::duration(text).is_some(),
            Self::Backoff => amount::backoff(text).is_some(),
            Self::Size => amount::size(text).is_some(),
            Self::Percent => amount::percent(text).is_some(),
            Self::Failures => amount::percent(text).is_some() || amount::integer(text).is_some_and(|n| n > 0),
            Self::Rate => amount::rate(text).is_some(),
            Self::Idempotency => text == "off" || amount::duration(text).is_some(),
            Self::Date => amount::date(text).is_some(),
            Self::File => {
                !text.is_empty()
                    && !text.starts_with(['/', '\\'])
                    && !text.split(['/', '\\']).any(|part| part == "..")
            }
            // An assignment may set an empty text.
            Self::Operand => true,
            _ => !text.trim().is_empty(),
        }
    }

    /// Returns a regular expression for editors, where one helps.
    pub(crate) fn pattern(self) -> Option<&'static str> {
        match self {
            Self::Duration => Some(r"^([0-9]+(ms|s|m|h|d)|.*\$\{.*)$"),
            Self::Backoff => Some(r"^([0-9]+(ms|s|m|h|d) *\.\. *[0-9]+(ms|s|m|h|d)|.*\$\{.*)$"),
            Self::Size => Some(r"^([0-9]+(B|kB|KB|MB|GB|KiB|MiB|GiB)|.*\$\{.*)$"),
            Self::Percent => Some(r"^([0-9]{1,3}%|.*\$\{.*)$"),
            Self::Failures => Some(r"^([0-9]+%?|.*\$\{.*)$"),
            Self::Rate => Some(r"^([0-9]+ */ *(s|m|h)|.*\$\{.*)$"),
            Self::Idempotency => Some(r"^([0-9]+(ms|s|m|h|d)|off|.*\$\{.*)$"),
            Self::Date => Some(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
            Self::Expr => Some(r"^=(\s|$)"),
            Self::Request => Some(r"^(GET|POST|PUT|PATCH|DELETE) /"),
            Self::Line | Self::Path => Some(r"\S"),
            _ => None,
        }
    }

    /// Returns the JSON types that editors see, since they read plain YAML scalars as such.
    pub(crate) fn types(self) -> &'static [&'static str] {
        match self {
            Self::Flag => &["boolean"],
            Self::Integer | Self::Count | Self::Status => &["integer", "string"],
            Self::Failures => &["string", "integer"],
            Self::Idempotency => &["string", "boolean"],
            Self::Text | Self::Data | Self::Operand | Self::Path | Self::Line => {
                &["string", "number", "boolean"]
            }
            _ => &["string"],
        }
    }
}
