//! A consumer that is not ours: the one on Kafka's own command line.
//!
//! **Invariant.** It reads from the beginning until nothing comes any more; nothing is interpreted but the separators that
//! it was told to print.

use super::{Broker, java};
use std::io;

/// How long nothing comes before a topic is at its end.
const IDLE_MS: &str = "8000";
/// Between the parts of a message, between headers, and behind each message: characters that no test uses.
const PART: char = '\u{1f}';
const HEADER: char = '\u{1d}';
const END: char = '\u{1e}';

/// A message as it lies in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its partition.
    pub partition: u32,
    /// Its offset there.
    pub offset: u64,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Kafka's console consumer.
#[derive(Debug)]
pub struct Consumer<'a> {
    broker: &'a Broker,
    isolation: &'static str,
}

impl Message {
    /// Returns the value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

impl<'a> Consumer<'a> {
    pub(super) fn new(broker: &'a Broker) -> Self {
        Self { broker, isolation: "read_uncommitted" }
    }

    /// Sees only what was committed.
    #[must_use]
    pub fn committed(self) -> Self {
        Self { isolation: "read_committed", ..self }
    }

    /// Reads a topic from its beginning until it is idle; in order within each partition.
    ///
    /// # Errors
    /// The consumer fails, or prints what cannot be told apart.
    pub fn all(&self, topic: &str) -> io::Result<Vec<Message>> {
        let mut command = java(&self.broker.jars, "192m");
        command.args(["org.apache.kafka.tools.consumer.ConsoleConsumer", "--from-beginning"]);
        command.args(["--bootstrap-server", &self.broker.address(), "--topic", topic]);
        command.args(["--timeout-ms", IDLE_MS, "--isolation-level", self.isolation]);
        let separators = [
            format!("key.separator={PART}"),
            format!("headers.separator={HEADER}"),
            format!("line.separator={END}"),
        ];
        let shown = ["print.partition", "print.offset", "print.headers", "print.key"]
            .map(|part| format!("{part}=true"));
        for property in shown.iter().chain(&separators) {
            command.args(["--property", property]);
        }
        let printed = self.broker.tool(&mut command, "consumer")?;
        let printed = String::from_utf8(printed).map_err(|_| io::Error::other("a message is no UTF-8"))?;
        let messages = printed.split_terminator(END);
        messages
            .map(|text| message(text).ok_or_else(|| io::Error::other(format!("no message: {text:?}"))))
            .collect()
    }
}

fn message(text: &str) -> Option<Message> {
    let mut parts = text.splitn(5, PART);
    let partition = parts.next()?.strip_prefix("Partition:")?.parse().ok()?;
    let offset = parts.next()?.strip_prefix("Offset:")?.parse().ok()?;
    let headers = parts.next()?;
    let pairs = headers.split(HEADER).filter(|_| headers != "NO_HEADERS");
    let pair = |pair: &str| pair.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let headers = pairs.map(pair).collect::<Option<_>>()?;
    Some(Message {
        partition,
        offset,
        headers,
        key: parts.next()?.to_owned(),
        value: parts.next()?.to_owned(),
    })
}
