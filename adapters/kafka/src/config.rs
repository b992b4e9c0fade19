//! The keys of a `kafka` connection: from what is written to what it means, and to what librdkafka is told.
//!
//! **Invariant.** What durability and order rest on (`acks`, idempotence, one request in flight) is no key.

use adapters_ports::{Files, Forms, KeyDoc, Settings};
use kernel::{Node, Secret};
use rdkafka::ClientConfig;
use std::time::Duration;

/// All keys beside the common ones, for the editor and the reference.
pub(crate) const KEYS: &[KeyDoc] = &[
    KeyDoc::new(
        "brokers",
        "text",
        "",
        "Brokers to begin with, as `host:port`: a list, or separated by commas.",
    ),
    KeyDoc::new("format", "text", "json", "The form of the data of events: `json`."),
    KeyDoc::new(
        "mode",
        "binary|structured",
        "binary",
        "The content mode of CloudEvents: attributes in headers and the data alone as value, or all of it as one JSON \
         text.",
    ),
    KeyDoc::new("auth", "map", "", "How the brokers know us (SASL)."),
    KeyDoc::new("auth.type", "plain|scram-sha-256|scram-sha-512", "scram-sha-512", "The mechanism."),
    KeyDoc::new("auth.user", "text", "", "The user."),
    KeyDoc::new("auth.password", "text", "", "The password; a `${secret:…}`."),
    KeyDoc::new("tls", "true|false|map", "false", "Whether brokers are spoken to by TLS; a map says so too."),
    KeyDoc::new(
        "tls.ca",
        "text",
        "the system's",
        "The authorities to trust instead of the system's: a PEM file of the project, or the PEM text.",
    ),
    KeyDoc::new(
        "tls.certificate",
        "text",
        "",
        "A client certificate: a PEM file of the project, or the PEM text.",
    ),
    KeyDoc::new("tls.key", "text", "", "The private key of that certificate."),
    KeyDoc::new("compression", "none|gzip|snappy|lz4|zstd", "none", "How batches are compressed."),
    KeyDoc::new(
        "linger",
        "duration|off",
        "5ms",
        "How long an event waits for others that share its request; `off` sends at once.",
    ),
    KeyDoc::new("event", "map", "", "Limits of one event."),
    KeyDoc::new(
        "event.size",
        "size",
        "1000000B",
        "Bytes of an event with its headers; a larger one is refused before it is sent. Not above the broker's \
         `message.max.bytes`.",
    ),
    KeyDoc::new("queue", "map", "", "Limits of what waits to be confirmed; who publishes more has to wait."),
    KeyDoc::new("queue.events", "number", "100000", "Events at most."),
    KeyDoc::new("queue.size", "size", "64MiB", "Bytes at most."),
    KeyDoc::new(
        "transactions",
        "text|off",
        "off",
        "The transactional id. With it a batch is one transaction: those who read committed events only see all of it \
         or nothing. Each process needs its own id; a second one with the same id shuts the first one out.",
    ),
];

/// Most bytes of an event that can be configured; librdkafka has the same limit.
const EVENT_BYTES_MAX: u64 = 1_000_000_000;
/// Least bytes of an event; librdkafka has the same limit.
const EVENT_BYTES_MIN: u64 = 1000;
/// Longest wait for others, so that a batch stays far below its deadline.
const LINGER_MAX: Duration = Duration::from_secs(5);
/// Within which time a transaction ends, or the broker ends it.
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(60);

/// A connection's configuration, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Config {
    /// Brokers to begin with, separated by commas.
    pub brokers: String,
    /// The content mode.
    pub mode: Mode,
    /// How the brokers know us.
    pub auth: Option<Auth>,
    /// Whether and whom to trust.
    pub tls: Option<Tls>,
    /// The name of the compression.
    pub compression: String,
    /// How long an event waits for others.
    pub linger: Duration,
    /// Bytes of an event at most.
    pub event_bytes_max: u64,
    /// Events that wait at most.
    pub queue_events_max: u32,
    /// Bytes that wait at most.
    pub queue_bytes_max: u64,
    /// The transactional id.
    pub transactions: Option<String>,
}

/// The content mode of CloudEvents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Attributes in headers, the data as value.
    Binary,
    /// All as JSON in the value.
    Structured,
}

/// How the brokers know us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Auth {
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`.
    pub mechanism: &'static str,
    /// The user.
    pub user: Secret<String>,
    /// The password.
    pub password: Secret<String>,
}

/// Whom to trust and who we are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tls {
    /// Authorities instead of the system's.
    pub authorities: Option<String>,
    /// Our certificate chain and its key.
    pub identity: Option<(String, Secret<String>)>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            mode: Mode::Binary,
            auth: None,
            tls: None,
            compression: "none".into(),
            linger: Duration::from_millis(5),
            event_bytes_max: 1_000_000,
            queue_events_max: 100_000,
            queue_bytes_max: 64 << 20,
            transactions: None,
        }
    }
}

/// Reads the configuration.
///
/// # Errors
/// Everything that is wrong.
pub(crate) fn read(settings: &Settings<'_>, files: &dyn Files) -> Result<Config, Vec<kernel::Diagnostic>> {
    let mut forms = Forms::new(settings.offline);
    let config = parse(&mut forms, settings.node, files);
    forms.finish(config)
}

fn parse(forms: &mut Forms, node: &Node, files: &dyn Files) -> Config {
    let mut config = Config { brokers: brokers(forms, node), ..Config::default() };
    word(forms, node, "format", &["json"]);
    if word(forms, node, "mode", &["binary", "structured"]) == Some("structured") {
        config.mode = Mode::Structured;
    }
    if let Some(name) = word(forms, node, "compression", &["none", "gzip", "snappy", "lz4", "zstd"]) {
        config.compression = name.to_owned();
    }
    config.auth = node.at("auth").and_then(|auth| credentials(forms, auth));
    config.tls = tls(forms, files, node);
    limits(forms, node, &mut config);
    if !forms.is_off(node, "transactions") {
        config.transactions = forms.owned(node, "transactions");
    }
    config
}

fn brokers(forms: &mut Forms, node: &Node) -> String {
    if node.at("brokers").is_none() {
        forms.missing(node, "brokers", "name at least one broker: `brokers: kafka.example.com:9092`");
    }
    let written = forms.texts(node, "brokers");
    let span = node.at("brokers").map_or(node.span, |brokers| brokers.span);
    let all: Vec<&str> = written.iter().flat_map(|text| text.split(',')).map(str::trim).collect();
    for broker in &all {
        let port = broker.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if forms.is_known(broker) && (port.is_none() || broker.contains(['/', ' '])) {
            forms.wrong(span, format!("a broker is written as `host:port`, not as `{broker}`"));
        }
    }
    all.join(",")
}

/// One of some words.
fn word<'n>(forms: &mut Forms, node: &'n Node, key: &str, words: &[&str]) -> Option<&'n str> {
    let (text, span) = forms.text(node, key)?;
    if words.contains(&text) {
        return Some(text);
    }
    if forms.is_known(text) {
        forms.wrong(span, format!("`{key}` is one of {}, not `{text}`", words.join(", ")));
    }
    None
}

fn credentials(forms: &mut Forms, auth: &Node) -> Option<Auth> {
    forms.keys(auth, "auth", &["type", "user", "password"]);
    let mechanism = match word(forms, auth, "type", &["plain", "scram-sha-256", "scram-sha-512"]) {
        Some("plain") => "PLAIN",
        Some("scram-sha-256") => "SCRAM-SHA-256",
        _ => "SCRAM-SHA-512",
    };
    for key in ["user", "password"].into_iter().filter(|key| auth.at(key).is_none()) {
        forms.missing(auth, key, "SASL needs a user and a password");
    }
    let (user, password) = (forms.owned(auth, "user"), forms.owned(auth, "password"));
    Some(Auth { mechanism, user: Secret::new(user?), password: Secret::new(password?) })
}

fn tls(forms: &mut Forms, files: &dyn Files, node: &Node) -> Option<Tls> {
    let tls = node.at("tls")?;
    if tls.map().is_none() {
        return forms.truth(node, "tls")?.then(Tls::default);
    }
    forms.keys(tls, "tls", &["ca", "certificate", "key"]);
    if tls.at("certificate").is_some() != tls.at("key").is_some() {
        forms.missing(tls, "certificate` and `key", "a client certificate needs both");
    }
    let authorities = pem(forms, files, tls, "ca");
    let identity = pem(forms, files, tls, "certificate").zip(pem(forms, files, tls, "key"));
    Some(Tls { authorities, identity: identity.map(|(chain, key)| (chain, Secret::new(key))) })
}

/// PEM as a text, or as a file of the project.
fn pem(forms: &mut Forms, files: &dyn Files, node: &Node, key: &str) -> Option<String> {
    let (text, span) = forms.text(node, key)?;
    if !forms.is_known(text) || text.contains("-----BEGIN") {
        return Some(text.to_owned());
    }
    let content =
        files.read(text).and_then(|bytes| String::from_utf8(bytes).map_err(|_| "it is no text".into()));
    match content {
        Ok(content) if content.contains("-----BEGIN") => return Some(content),
        Ok(_) => forms.wrong(span, format!("`{key}`: `{text}` is no PEM file")),
        Err(why) => forms.wrong(span, format!("`{key}`: `{text}` cannot be read: {why}")),
    }
    None
}

fn limits(forms: &mut Forms, node: &Node, config: &mut Config) {
    match forms.is_off(node, "linger") {
        true => config.linger = Duration::ZERO,
        false => config.linger = forms.duration(node, "linger").unwrap_or(config.linger),
    }
    let span = |key: &str| node.at(key).map_or(node.span, |value| value.span);
    if config.linger > LINGER_MAX {
        forms.wrong(span("linger"), "`linger` is at most 5s");
    }
    if let Some(event) = forms.map(node, "event", &["size"]) {
        config.event_bytes_max = forms.size(event, "size", EVENT_BYTES_MAX).unwrap_or(config.event_bytes_max);
        if config.event_bytes_max < EVENT_BYTES_MIN {
            forms.wrong(span("event"), "`event.size` is at least 1000B");
        }
    }
    if let Some(queue) = forms.map(node, "queue", &["events", "size"]) {
        config.queue_events_max = forms.number(queue, "events").unwrap_or(config.queue_events_max);
        config.queue_bytes_max = forms.size(queue, "size", 2 << 30).unwrap_or(config.queue_bytes_max);
    }
    if config.queue_bytes_max < config.event_bytes_max {
        forms.wrong(span("queue"), "`queue.size` is below `event.size`: such an event could never be sent");
    }
}

impl Config {
    /// Returns what both a producer and a reader are told. `name` is that of the connection.
    fn client(&self, name: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        let mut set = |key: &str, value: &str| _ = client.set(key, value);
        set("bootstrap.servers", &self.brokers);
        set("client.id", &format!("seawall-{name}"));
        set("socket.keepalive.enable", "true");
        // After an outage events go on within two seconds.
        set("reconnect.backoff.max.ms", "2000");
        set("log.connection.close", "false");
        let protocol = match (&self.auth, &self.tls) {
            (None, None) => "plaintext",
            (None, Some(_)) => "ssl",
            (Some(_), None) => "sasl_plaintext",
            (Some(_), Some(_)) => "sasl_ssl",
        };
        set("security.protocol", protocol);
        if let Some(auth) = &self.auth {
            set("sasl.mechanisms", auth.mechanism);
            set("sasl.username", auth.user.expose());
            set("sasl.password", auth.password.expose());
        }
        if let Some(tls) = &self.tls {
            if let Some(authorities) = &tls.authorities {
                set("ssl.ca.pem", authorities);
            }
            if let Some((chain, key)) = &tls.identity {
                set("ssl.certificate.pem", chain);
                set("ssl.key.pem", key.expose());
            }
        }
        client
    }

    /// Returns what a producer is told. `alone`: each event goes in a batch of its own.
    pub(crate) fn producer(&self, name: &str, alone: bool) -> ClientConfig {
        let mut client = self.client(name);
        let mut set = |key: &str, value: &str| _ = client.set(key, value);
        set("acks", "all");
        set("enable.idempotence", "true");
        // One request under way per broker, so that nothing follows a batch that the broker refuses: a broker that does
        // not know a producer yet would take its second batch without the first.
        set("max.in.flight.requests.per.connection", "1");
        // As Java clients do it: one key, one partition, whoever writes it.
        set("partitioner", "murmur2_random");
        set("compression.codec", &self.compression);
        set("linger.ms", &self.linger.as_millis().to_string());
        set("message.max.bytes", &self.event_bytes_max.to_string());
        set("queue.buffering.max.messages", &self.queue_events_max.to_string());
        set("queue.buffering.max.kbytes", &(self.queue_bytes_max >> 10).max(1).to_string());
        if alone {
            set("batch.num.messages", "1");
        }
        match &self.transactions {
            // An event that is given up after a while would be overtaken by those behind it, so none is.
            None => {
                set("message.timeout.ms", "0");
                set("enable.gapless.guarantee", "true");
            }
            // There the whole transaction fails, and nothing is overtaken.
            Some(id) => {
                let timeout = TRANSACTION_TIMEOUT.as_millis().to_string();
                set("transactional.id", id);
                set("transaction.timeout.ms", &timeout);
                set("message.timeout.ms", &timeout);
            }
        }
        client
    }

    /// Returns what a reader is told.
    pub(crate) fn reader(&self, name: &str) -> ClientConfig {
        let mut client = self.client(name);
        let mut set = |key: &str, value: &str| _ = client.set(key, value);
        // The library asks for the name of a group; none is ever joined, and nothing is stored under it.
        set("group.id", &format!("seawall-{name}-letters"));
        set("enable.auto.commit", "false");
        set("enable.auto.offset.store", "false");
        set("auto.offset.reset", "error");
        set("enable.partition.eof", "true");
        set("isolation.level", "read_committed");
        set("allow.auto.create.topics", "false");
        set("queued.max.messages.kbytes", "16384");
        client
    }
}

#[cfg(test)]
mod tests;
