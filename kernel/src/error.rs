//! Errors that say what happened and what may have happened.
//!
//! **Invariant.** Policies look at the class and nothing else; context is for people and never decides.

use std::fmt;
use std::time::Duration;

/// What an error means for everybody who has to decide something.
///
/// Source: `docs/reference/errors.md`, the ten classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The request is wrong and stays wrong.
    Client,
    /// Who asks is unknown or may not.
    Auth,
    /// The thing does not exist.
    NotFound,
    /// The thing is in another state than the request assumes.
    Conflict,
    /// Too much; later it may work. Nothing was executed.
    RateLimited,
    /// The legacy system did certainly not act; the same call may succeed later.
    Transient,
    /// The legacy system says that it is closed.
    Maintenance,
    /// Nobody knows whether the legacy system acted.
    Ambiguous,
    /// A reply or record that breaks the contract.
    Poison,
    /// Something is broken, there or here.
    Defect,
}

/// Which kind of failure it was, so that the gateway can choose a problem for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No answer in time.
    TimedOut,
    /// No connection, breaker open, no place in the bulkhead.
    Unavailable,
    /// The connection broke, or what came was no message.
    Broken,
    /// What came breaks the contract of the legacy schema or a limit.
    Contract,
    /// The legacy system answered with an error.
    Legacy,
    /// A value that the legacy system cannot hold.
    Unwritable,
    /// The caller has gone away.
    Cancelled,
    /// Ours.
    Internal,
}

/// A failure of a call, with its class.
#[derive(Debug)]
pub struct Error {
    /// What may have happened.
    pub class: Class,
    /// Which kind it was.
    pub cause: Cause,
    /// What happened: lower case, no full stop, no text of the legacy system.
    pub message: &'static str,
    /// Index of the entry in the mapping's error table that judged it.
    pub entry: Option<u32>,
    /// When it is worth trying again.
    pub retry_after: Option<Duration>,
    /// Whether the breaker counts it; `None` leaves it to the class.
    pub counts: Option<bool>,
    /// Text of the legacy system that the mapping releases to clients by `detail:`.
    pub detail: Option<String>,
    /// Details for people: limits, paths, operations. Never a payload, never a secret.
    pub context: Vec<(&'static str, String)>,
    /// What caused it.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Class {
    /// Returns whether a call that ended so may be sent again.
    ///
    /// `repeatable` says that the call has the same effect when it is executed twice.
    pub fn permits_retry(self, repeatable: bool) -> bool {
        match self {
            Self::Transient | Self::RateLimited => true,
            Self::Ambiguous => repeatable,
            _ => false,
        }
    }

    /// Returns whether the circuit breaker counts it as a failure.
    pub fn counts(self) -> bool {
        matches!(self, Self::Transient | Self::Maintenance | Self::Ambiguous | Self::Defect)
    }

    /// Returns whether an older answer may serve instead.
    pub fn permits_stale(self) -> bool {
        matches!(
            self,
            Self::RateLimited | Self::Transient | Self::Maintenance | Self::Ambiguous | Self::Defect
        )
    }

    /// Returns the name used in mapping files, metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Auth => "auth",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate-limited",
            Self::Transient => "transient",
            Self::Maintenance => "maintenance",
            Self::Ambiguous => "ambiguous",
            Self::Poison => "poison",
            Self::Defect => "defect",
        }
    }

    /// All classes, in the order of the reference.
    pub const ALL: [Self; 10] = [
        Self::Client,
        Self::Auth,
        Self::NotFound,
        Self::Conflict,
        Self::RateLimited,
        Self::Transient,
        Self::Maintenance,
        Self::Ambiguous,
        Self::Poison,
        Self::Defect,
    ];
}

impl Error {
    /// Returns an error of a class and a cause.
    pub fn new(class: Class, cause: Cause, message: &'static str) -> Self {
        Self {
            class,
            cause,
            message,
            entry: None,
            retry_after: None,
            counts: None,
            detail: None,
            context: Vec::new(),
            source: None,
        }
    }

    /// Adds a detail for people.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl fmt::Display) -> Self {
        self.context.push((key, value.to_string()));
        self
    }

    /// Adds the error that caused it.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns whether the circuit breaker counts it as a failure.
    pub fn counts(&self) -> bool {
        self.counts.unwrap_or_else(|| self.class.counts())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class.name(), self.message)?;
        for (key, value) in &self.context {
            write!(f, ", {key}={value}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ambiguous_write_is_retried_only_if_it_is_repeatable() {
        assert!(!Class::Ambiguous.permits_retry(false));
        assert!(Class::Ambiguous.permits_retry(true));
        assert!(Class::Transient.permits_retry(false));
        assert!(!Class::Defect.permits_retry(true));
    }
}
