//! What Kafka says, as errors that say what may have happened.
//!
//! **Invariant.** An event that may have reached a broker is never told as one that certainly has not.

use kernel::{Cause, Class, Error};
use rdkafka::error::RDKafkaErrorCode as Code;

/// What errors name, so that people know where to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The brokers as configured.
    pub brokers: &'a str,
    /// The topic.
    pub topic: &'a str,
}

impl Place<'_> {
    /// Returns what it means for an event that it ended with this code.
    pub(crate) fn error(&self, code: Code) -> Error {
        let (class, cause, message) = meaning(code);
        self.name(Error::new(class, cause, message)).with("code", name(code))
    }

    /// Returns the error of an event that is not sent, since one of its key before it was not kept.
    pub(crate) fn behind(&self) -> Error {
        let message = "an event of the same key before it was not kept";
        self.name(Error::new(Class::Transient, Cause::Unavailable, message))
    }

    /// Returns the error of an event that is kept, though one of its key before it is not, so that both come again.
    pub(crate) fn kept_behind(&self) -> Error {
        let message = "an event of the same key before it may be missing in kafka";
        self.name(Error::new(Class::Ambiguous, Cause::Broken, message))
    }

    /// Returns the error of an event that was not sent, because publishing ended before it.
    pub(crate) fn unsent(&self) -> Error {
        self.name(Error::new(Class::Transient, Cause::Unavailable, "the event was not sent to kafka"))
    }

    /// Returns the error of an event that was given to the library and is not confirmed in time.
    pub(crate) fn late(&self) -> Error {
        self.name(Error::new(Class::Ambiguous, Cause::TimedOut, "kafka has not confirmed the event in time"))
    }

    /// Returns the error of events that had to wait for those of an earlier batch, until it was too late.
    pub(crate) fn queued(&self) -> Error {
        let message = "earlier events of the topic still wait to be confirmed by kafka";
        self.name(Error::new(Class::Transient, Cause::TimedOut, message))
    }

    /// Returns the error of events for which no broker could be reached. None was sent.
    pub(crate) fn unreachable(&self) -> Error {
        self.name(Error::new(Class::Transient, Cause::Unavailable, "no kafka broker can be reached"))
    }

    /// Returns the error of a producer that another one with the same id has shut out.
    pub(crate) fn fenced(&self, id: &str) -> Error {
        let message = "another process publishes with the same transactional id, so this one is shut out by kafka; give \
                       each process its own `transactions` id, and start this one again";
        self.name(Error::new(Class::Defect, Cause::Legacy, message)).with("transactions", id)
    }

    fn name(&self, error: Error) -> Error {
        error.with("brokers", self.brokers).with("topic", self.topic)
    }
}

/// Returns the name of a code as the library prints it.
pub(crate) fn name(code: Code) -> String {
    // `Debug` is the only form that has no sentence in it.
    format!("{code:?}")
}

/// Returns whether a code says that we may not, whatever the event.
fn is_refusal(code: Code) -> bool {
    use Code::*;
    matches!(
        code,
        TopicAuthorizationFailed
            | ClusterAuthorizationFailed
            | TransactionalIdAuthorizationFailed
            | SaslAuthenticationFailed
            | Authentication
            | UnsupportedSASLMechanism
            | IllegalSASLState
    )
}

fn meaning(code: Code) -> (Class, Cause, &'static str) {
    use Code::*;
    let defect = |message| (Class::Defect, Cause::Legacy, message);
    match code {
        MessageSizeTooLarge | MessageBatchTooLarge => (
            Class::Poison,
            Cause::Unwritable,
            "the event is larger than `event.size` of the connection or `max.message.bytes` of the topic",
        ),
        InvalidRecord | InvalidTimestamp => {
            (Class::Poison, Cause::Unwritable, "kafka does not take this event in this topic")
        }
        UnknownTopic | UnknownTopicOrPartition | UnknownPartition => {
            defect("kafka has no such topic, and does not make it on its own; create the topic")
        }
        InvalidTopic => defect("kafka cannot have a topic of this name"),
        _ if is_refusal(code) => {
            defect("kafka does not permit us to publish; see `auth` and the access rights")
        }
        SSL => defect(
            "kafka and we do not agree on TLS; see `tls`: its certificate must be of an authority that `tls.ca`, or the \
             system, trusts and name the host as `brokers` does; ours, where it asks for one, must be one that it trusts",
        ),
        PolicyViolation | UnsupportedVersion | UnsupportedForMessageFormat | UnsupportedFeature => {
            defect("kafka is configured so that it does not take events as we send them")
        }
        // What was still in the library's queue has not left.
        PurgeQueue | QueueFull => (Class::Transient, Cause::Unavailable, "the event was not sent to kafka"),
        _ => (Class::Ambiguous, Cause::Broken, "kafka may or may not have the event"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_what_may_have_happened() {
        for (code, class) in [
            (Code::MessageSizeTooLarge, Class::Poison),
            (Code::UnknownTopicOrPartition, Class::Defect),
            (Code::TopicAuthorizationFailed, Class::Defect),
            (Code::PurgeQueue, Class::Transient),
            (Code::PurgeInflight, Class::Ambiguous),
            (Code::Fatal, Class::Ambiguous),
            (Code::RequestTimedOut, Class::Ambiguous),
        ] {
            let error = Place { brokers: "b:1", topic: "t" }.error(code);
            assert_eq!(error.class, class, "{code:?}");
            assert!(error.to_string().contains("brokers=b:1, topic=t"), "{error}");
        }
    }
}
