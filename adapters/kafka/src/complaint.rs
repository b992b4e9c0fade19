//! What the library complains of, between the answers that it gives.
//!
//! **Invariant.** Why a broker is gone is not forgotten for the news that none is left.

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that went wrong with a broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    code: Code,
    /// What is wrong, in the library's words.
    pub(crate) reason: String,
}

/// The last complaint of a producer or a reader.
#[derive(Debug, Default)]
pub(crate) struct Complaints(Mutex<Option<Complaint>>);

/// The library's advice for a certificate that is not valid: it names keys that are not ours, and is wrong where the
/// certificate is for another host.
const ADVICE: (&str, &str) = (": broker certificate could not be verified", " package)");

/// What OpenSSL says of certificates that are refused, by us and by the other side.
const REFUSALS: &[&str] = &["certificate verify failed", "SSL alert number"];

impl Complaint {
    fn new(code: Code, reason: &str) -> Self {
        let cut = reason.find(ADVICE.0).and_then(|from| {
            let (before, advice) = reason.split_at(from);
            let (_, after) = advice.split_once(ADVICE.1)?;
            Some(format!("{before}{after}"))
        });
        Self { code, reason: cut.unwrap_or_else(|| reason.to_owned()) }
    }

    /// Returns what the broker and we do not agree on, where that is why it is gone.
    pub(crate) fn refusal(&self) -> Option<Code> {
        match self.code {
            Code::Authentication | Code::SSL => Some(self.code),
            // The library tells of these as of a broken line: where a handshake fails at its first step, and where a broker
            // wants another certificate of ours, which it says in TLS 1.3 when we have long gone on.
            _ if REFUSALS.iter().any(|words| self.reason.contains(words)) => Some(Code::SSL),
            _ => None,
        }
    }
}

impl Complaints {
    /// Returns the last complaint, if it still holds.
    pub(crate) fn last(&self) -> Option<Complaint> {
        self.lock().clone()
    }

    /// Forgets it: the brokers answer.
    pub(crate) fn forget(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Complaint>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Complaints {
    /// The library tells the same trouble once in a while, so its errors are worth a warning; the events tell the rest.
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Emerg
            | RDKafkaLogLevel::Alert
            | RDKafkaLogLevel::Critical
            | RDKafkaLogLevel::Error => tracing::warn!(facility, "kafka: {message}"),
            _ => tracing::debug!(facility, "kafka: {message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
        tracing::debug!(%error, reason, "kafka complains");
        let mut last = self.lock();
        if last.is_none() || code != Code::AllBrokersDown {
            *last = Some(Complaint::new(code, reason));
        }
    }
}

impl ConsumerContext for Complaints {}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(complaints: &[(Code, &str)]) -> Option<Complaint> {
        let all = Complaints::default();
        complaints.iter().for_each(|&(code, reason)| all.error(KafkaError::Global(code), reason));
        all.last()
    }

    #[test]
    fn why_a_broker_is_gone_outlives_the_news_that_none_is_left() {
        let check = |complaints: &[(Code, &str)], expected: &str| {
            assert_eq!(told(complaints).unwrap().reason, expected);
        };
        let (none, gone) = ((Code::AllBrokersDown, "1/1 brokers are down"), Code::BrokerTransportFailure);
        check(&[none], none.1);
        check(&[(Code::SSL, "unknown authority"), none], "unknown authority");
        check(&[(Code::SSL, "unknown authority"), none, (gone, "refused"), none], "refused");
    }

    #[test]
    fn a_refusal_is_told_from_an_outage() {
        let check = |code, reason, expected| assert_eq!(Complaint::new(code, reason).refusal(), expected);
        check(Code::Authentication, "wrong password", Some(Code::Authentication));
        check(Code::SSL, "handshake failed", Some(Code::SSL));
        let late = "Receive failed: error:0A00045C:SSL routines::tlsv13 alert certificate required: SSL alert number 116";
        check(Code::BrokerTransportFailure, late, Some(Code::SSL));
        let early =
            "error:0A000086:SSL routines::certificate verify failed (after 2ms in state SSL_HANDSHAKE)";
        check(Code::BrokerTransportFailure, early, Some(Code::SSL));
        check(Code::BrokerTransportFailure, "Connect to ipv4#127.0.0.1:1 failed: Connection refused", None);
    }

    #[test]
    fn advice_that_names_keys_of_others_is_left_out() {
        let said = "SSL handshake failed: certificate verify failed: broker certificate could not be verified, verify that \
                    ssl.ca.location is correctly configured or root CA certificates are installed (install \
                    ca-certificates package) (after 4ms in state SSL_HANDSHAKE)";
        let left = "SSL handshake failed: certificate verify failed (after 4ms in state SSL_HANDSHAKE)";
        assert_eq!(Complaint::new(Code::SSL, said).reason, left);
        assert_eq!(Complaint::new(Code::SSL, left).reason, left);
    }
}
