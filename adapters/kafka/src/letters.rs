//! Reads topics back by cursor: dead letters that are to be sent again.
//!
//! **Invariant.** No group is joined and nothing is stored: where a reader stands is in its cursor alone.

use crate::complaint::Complaints;
use crate::config::Config;
use crate::parse;
use adapters_ports::{KeptEvent, TopicAsk, TopicError, TopicPage};
use rdkafka::Offset;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// How long reading a page may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long one question may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long one wait for a message may take.
const POLL_TIMEOUT: Duration = Duration::from_millis(200);
/// Partitions of a topic at most.
const PARTITIONS_MAX: usize = 10_000;

/// A reader, and what it complains of.
type Reader = BaseConsumer<Complaints>;
/// The next offset of each partition.
type Offsets = BTreeMap<i32, i64>;
/// The first offset of each partition that is kept, and the one behind the last.
type Kept = BTreeMap<i32, (i64, i64)>;

/// Reads a page of events.
///
/// # Errors
/// The cursor is of no use, events behind it are gone, or the topic cannot be read.
pub(crate) fn read(name: &str, config: &Config, ask: TopicAsk<'_>) -> Result<TopicPage, TopicError> {
    let reader: Reader = config
        .reader(name)
        .create_with_context(Complaints::default())
        .map_err(|error| broken(config, ask.topic, &error))?;
    let given = ask.after.map(offsets).transpose()?;
    let Some(kept) = kept(&reader, config, ask.topic)? else {
        // A topic that nobody has published to is empty.
        return Ok(TopicPage { next: ask.after.map(str::to_owned), ..TopicPage::default() });
    };
    let mut place = begin(&kept, given.as_ref())?;
    let mut list = TopicPartitionList::new();
    for (&partition, &offset) in &place {
        list.add_partition_offset(ask.topic, partition, Offset::Offset(offset))
            .map_err(|error| broken(config, ask.topic, &error))?;
    }
    reader.assign(&list).map_err(|error| broken(config, ask.topic, &error))?;
    let mut page = TopicPage { next: ask.after.map(str::to_owned), ..TopicPage::default() };
    page.more = fill(&reader, config, ask, &mut place, &mut page.events)?;
    if let Some(last) = page.events.last() {
        page.next = Some(last.cursor.clone());
    }
    Ok(page)
}

/// Reads messages until there are enough or no more; whether there may be more.
fn fill(
    reader: &Reader,
    config: &Config,
    ask: TopicAsk<'_>,
    place: &mut Offsets,
    events: &mut Vec<KeptEvent>,
) -> Result<bool, TopicError> {
    let end = Instant::now() + PAGE_TIMEOUT;
    let mut open: BTreeSet<i32> = place.keys().copied().collect();
    let mut bytes = 0;
    while !open.is_empty() {
        if events.len() >= ask.events_max {
            return Ok(true);
        }
        match reader.poll(POLL_TIMEOUT) {
            Some(Ok(message)) => {
                let size = message.payload_len() + message.key_len();
                if !events.is_empty() && bytes + size > ask.bytes_max {
                    return Ok(true);
                }
                bytes += size;
                place.insert(message.partition(), message.offset() + 1);
                let event = event(&message).map_err(TopicError::Broken)?;
                events.push(KeptEvent { cursor: cursor(place), event });
            }
            Some(Err(KafkaError::PartitionEOF(partition))) => drop(open.remove(&partition)),
            Some(Err(error)) if is_passing(&error) => {}
            Some(Err(error)) => return Err(explained(reader, config, ask.topic, &error)),
            None => {}
        }
        if Instant::now() > end {
            let why = "no answer in time";
            return if events.is_empty() {
                Err(explained(reader, config, ask.topic, &why))
            } else {
                Ok(true)
            };
        }
    }
    Ok(false)
}

/// Errors that the library gets over on its own; the limit of time judges them.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(Code::BrokerTransportFailure | Code::AllBrokersDown | Code::OperationTimedOut | Code::Resolve)
    ) || matches!(error.rdkafka_error_code(), Some(Code::GroupAuthorizationFailed))
}

fn event(message: &BorrowedMessage<'_>) -> Result<adapters_ports::Event, String> {
    let headers = message.headers().into_iter().flat_map(Headers::iter);
    let headers = headers.map(|header| (header.key, header.value.unwrap_or_default()));
    parse::event(headers, message.key(), message.payload().unwrap_or_default()).map_err(|why| {
        let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
        format!("the message at offset {offset} of partition {partition} of topic {topic} is no event: {why}")
    })
}

/// Returns the first offset that is kept and the one behind the last, per partition; nothing where there is no topic.
fn kept(reader: &Reader, config: &Config, topic: &str) -> Result<Option<Kept>, TopicError> {
    let fail = |error: &dyn std::fmt::Display| explained(reader, config, topic, error);
    let found = reader.fetch_metadata(Some(topic), ASK_TIMEOUT).map_err(|error| fail(&error))?;
    let Some(found) = found.topics().first() else { return Ok(None) };
    match found.error().map(Code::from) {
        None => {}
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => return Ok(None),
        Some(code) => return Err(fail(&code)),
    }
    if found.partitions().len() > PARTITIONS_MAX {
        return Err(fail(&"it has more than 10000 partitions"));
    }
    let mut kept = Kept::new();
    for partition in found.partitions() {
        let marks =
            reader.fetch_watermarks(topic, partition.id(), ASK_TIMEOUT).map_err(|error| fail(&error))?;
        kept.insert(partition.id(), marks);
    }
    Ok(Some(kept))
}

/// Returns where reading begins.
fn begin(kept: &Kept, given: Option<&Offsets>) -> Result<Offsets, TopicError> {
    let mut place = Offsets::new();
    let mut expired = false;
    for (&partition, &(first, end)) in kept {
        // A partition that came after the cursor is read from its beginning.
        let offset = given.map_or(first, |given| given.get(&partition).copied().unwrap_or(0));
        if offset > end {
            let why = format!("partition {partition} has no offset {offset}; it ends at {end}");
            return Err(TopicError::Unknown(why));
        }
        expired |= offset < first && given.is_some_and(|given| given.contains_key(&partition));
        place.insert(partition, offset.max(first));
    }
    if let Some(partition) = given.into_iter().flat_map(Offsets::keys).find(|key| !kept.contains_key(key)) {
        return Err(TopicError::Unknown(format!("the topic has no partition {partition}")));
    }
    if expired { Err(TopicError::Expired { resume: cursor(&place) }) } else { Ok(place) }
}

/// Writes the next offset of each partition: `0:17,1:5`.
fn cursor(place: &Offsets) -> String {
    let mut text = String::new();
    for (partition, offset) in place {
        let comma = if text.is_empty() { "" } else { "," };
        let _ = write!(text, "{comma}{partition}:{offset}");
    }
    text
}

fn offsets(cursor: &str) -> Result<Offsets, TopicError> {
    let unknown =
        || TopicError::Unknown(format!("`{cursor}` is no list of partitions and offsets, as `0:17,1:5`"));
    let number = |text: &str| text.parse::<i64>().ok().filter(|&number| number >= 0);
    let mut place = Offsets::new();
    for item in cursor.split(',') {
        let (partition, offset) = item.split_once(':').ok_or_else(unknown)?;
        let partition =
            number(partition).and_then(|partition| i32::try_from(partition).ok()).ok_or_else(unknown)?;
        if place.insert(partition, number(offset).ok_or_else(unknown)?).is_some() {
            return Err(unknown());
        }
    }
    Ok(place)
}

/// Returns why a topic cannot be read: what the reader complains of says more than `why`, if there is something.
fn explained(reader: &Reader, config: &Config, topic: &str, why: &dyn std::fmt::Display) -> TopicError {
    // It hands its complaints over while it is asked for messages.
    while let Some(Err(_)) = reader.poll(POLL_TIMEOUT) {
        if reader.context().last().is_some_and(|complaint| complaint.refusal().is_some()) {
            break;
        }
    }
    match reader.context().last() {
        Some(complaint) => broken(config, topic, &complaint.reason),
        None => broken(config, topic, why),
    }
}

fn broken(config: &Config, topic: &str, why: &dyn std::fmt::Display) -> TopicError {
    TopicError::Broken(format!("topic {topic} of kafka at {} cannot be read: {why}", config.brokers))
}

#[cfg(test)]
mod tests;
