//! Sends dead letters again: each record is read with the mapping as it is now, and published as it would have been.
//!
//! **Invariant.** A letter that still cannot be read stays where it is and is remembered as open; what is known to be done
//! is kept only once its event is durable.

use super::Trouble;
use super::letter;
use super::map::{Mapped, Outcome, Shared};
use super::publish::{Group, Halt, Pass};
use super::round::Stream;
use crate::registry::field_json;
use crate::store::{Hash, UnitProgress, hash};
use adapters_ports::{Identity, KeptEvent, RawRecord, SeenField, TopicAsk, Topics};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// Letters that are read at once.
const PAGE_MAX: usize = 500;
/// Bytes that are read at once.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Open letters that are remembered by name; with more, all are tried again each time.
const OPEN_MAX: usize = 100_000;

/// A letter that is sent again.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Where it stands in its topic; nothing where it comes from a file that does not say so.
    pub cursor: Option<String>,
    /// The model that it was read for; empty where nobody knew its type.
    pub model: String,
    /// The record.
    pub record: RawRecord,
    /// What its unit is known by.
    pub identity: Identity,
    /// Why it was rejected, in words.
    pub reason: String,
    /// The name of its type.
    pub record_type: String,
    /// The field that could not be read, and its bytes in hex.
    pub field: Option<(String, String)>,
}

/// What came of letters.
#[derive(Debug, Clone, Default)]
pub struct Redriven {
    /// Letters that were looked at.
    pub letters: u64,
    /// Events that were published.
    pub events: u64,
    /// Records that say nothing new by now.
    pub passed_over: u64,
    /// What in the topic is no letter of a record.
    pub others: u64,
    /// Letters that still cannot be read, and why.
    pub open: Vec<(Letter, String)>,
}

/// How far a topic was sent again.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Cursor {
    /// The last letter that was looked at.
    after: Option<String>,
    /// Letters before it that are open.
    open: BTreeSet<String>,
}

/// Letters of one topic, and the streams that they came from.
pub struct Redrive<'a> {
    /// The streams.
    pub streams: &'a [Stream],
    /// The topics in which the letters are kept.
    pub topics: &'a dyn Topics,
    /// The topic.
    pub topic: &'a str,
    /// Under what it is remembered how far: facade, connection, topic.
    pub name: Hash,
    /// Ends it.
    pub stop: watch::Receiver<bool>,
}

impl Redrive<'_> {
    /// Sends everything again that was not, or only says what would be open. `each` is told of every page.
    ///
    /// # Errors
    /// In words: the topic cannot be read, a sink takes nothing, the store keeps nothing. What was sent is remembered.
    pub async fn all(&mut self, send: bool, each: &mut dyn FnMut(&Redriven)) -> Result<Redriven, String> {
        let mut cursor = self.cursor().await?;
        let mut done = Redriven::default();
        // Behind what was looked at everything is new; before it only what is open is looked at again.
        let known = cursor.after.clone();
        let mut at = if cursor.open.is_empty() { known.clone() } else { None };
        let mut new = known.is_none() || at.is_some();
        loop {
            let page = match self.read(at.as_deref()).await {
                // What was looked at is not kept any more, so whatever is kept is new.
                Err(Gone) => {
                    (at, new) = (None, true);
                    cursor = Cursor::default();
                    continue;
                }
                Ok(page) => page?,
            };
            let Some(next) = page.1 else { break };
            let mut letters = Vec::new();
            for kept in page.0 {
                if new || cursor.open.contains(&kept.cursor) {
                    match Letter::of(&kept) {
                        Some(letter) => letters.push(letter),
                        None => done.others += 1,
                    }
                }
                new |= known.as_ref() == Some(&kept.cursor);
                if new {
                    cursor.after = Some(kept.cursor);
                }
            }
            self.letters(letters, send, &mut cursor, &mut done).await?;
            each(&done);
            at = Some(next);
        }
        if !new {
            // The place that was reached is not there any more, so nothing is known of what is.
            self.keep(&Cursor::default()).await?;
            return Err(
                "what is kept in the topic is not what was there; run it again, and all is looked at".into(),
            );
        }
        Ok(done)
    }

    /// Sends letters that come from a file.
    ///
    /// # Errors
    /// As for `all`.
    pub async fn these(&mut self, letters: Vec<Letter>) -> Result<Redriven, String> {
        let mut cursor = self.cursor().await?;
        let mut done = Redriven::default();
        self.letters(letters, true, &mut cursor, &mut done).await?;
        Ok(done)
    }

    /// Returns the fields of a letter's record, as the streams see them now; none where none can tell its type.
    pub fn fields(&self, letter: &Letter) -> Vec<SeenField> {
        let mine = |stream: &&Stream| {
            letter.model.is_empty() || stream.blocks.iter().any(|block| *block.model == *letter.model)
        };
        let seen = self.streams.iter().filter(mine).map(|stream| stream.source.fields(&letter.record));
        seen.into_iter().find(|fields| !fields.is_empty()).unwrap_or_default()
    }

    async fn letters(
        &self,
        letters: Vec<Letter>,
        send: bool,
        cursor: &mut Cursor,
        done: &mut Redriven,
    ) -> Result<(), String> {
        for letter in letters {
            if *self.stop.borrow() {
                return Err("it was told to end; what was sent is remembered".into());
            }
            done.letters += 1;
            let result = self.letter(&letter, send, done).await.map_err(|trouble| trouble.to_string())?;
            let Err(why) = result else {
                if let Some(own) = &letter.cursor {
                    cursor.open.remove(own);
                }
                continue;
            };
            cursor.open.extend(letter.cursor.clone());
            done.open.push((letter, why));
        }
        if !send {
            return Ok(());
        }
        if cursor.open.len() > OPEN_MAX {
            return Err(format!("more than {OPEN_MAX} letters are open; export them by --export first"));
        }
        self.keep(cursor).await
    }

    /// Reads one record again and publishes what it says; or says why it still cannot be.
    async fn letter(
        &self,
        letter: &Letter,
        send: bool,
        done: &mut Redriven,
    ) -> Result<Result<(), String>, Trouble> {
        let mut why = "no event block is about it".to_owned();
        for stream in self.streams {
            let mapped = match stream.map_letter(letter) {
                Ok(mapped) => mapped,
                Err(reason) => {
                    why = reason;
                    continue;
                }
            };
            if mapped.entries.is_empty() {
                continue;
            }
            let unread = mapped.entries.iter().find_map(|entry| match &entry.outcome {
                Outcome::Letter(event, _) => {
                    let reason = event.extensions.iter().find(|(name, _)| &**name == "reason");
                    Some(reason.map_or_else(String::new, |(_, reason)| reason.to_string()))
                }
                Outcome::Nowhere(reason) => Some(reason.clone()),
                Outcome::Event(..) => None,
            });
            if let Some(reason) = unread {
                return Ok(Err(reason));
            }
            if send {
                return self.publish(stream, letter, mapped, done).await;
            }
            return Ok(Ok(()));
        }
        Ok(Err(why))
    }

    async fn publish(
        &self,
        stream: &Stream,
        letter: &Letter,
        mapped: Mapped,
        done: &mut Redriven,
    ) -> Result<Result<(), String>, Trouble> {
        let name: Arc<str> = format!("letters of {}", self.topic).into();
        let progress = UnitProgress { name, ..UnitProgress::default() };
        let identity = hash(&[b"letters", &self.name]);
        let mut pass = Pass::new(stream, identity, progress, self.stop.clone());
        let mut group = Group::default();
        let result = async {
            pass.take(&mut group, mapped).await?;
            pass.publish(group).await?;
            pass.keep(false).await
        };
        match result.await {
            Ok(()) => {
                let counted = &pass.progress.counted;
                done.events += counted.events.values().sum::<u64>();
                done.passed_over += counted.passed_over;
                Ok(Ok(()))
            }
            Err(Halt::Again(refused)) => {
                let why = refused.into_iter().next().map_or_else(String::new, |(_, why)| why);
                Ok(Err(why))
            }
            Err(Halt::Source(error)) => Err(Trouble::Source(error)),
            Err(Halt::Refused(why)) => Ok(Err(why)),
            Err(halt) => Err(halt.trouble().unwrap_or_else(|_| {
                Trouble::Sink(format!("record {} of {}", letter.record.number, letter.record.unit))
            })),
        }
    }

    async fn read(&self, after: Option<&str>) -> Result<Result<Page, String>, Gone> {
        let ask = TopicAsk { topic: self.topic, after, events_max: PAGE_MAX, bytes_max: PAGE_BYTES_MAX };
        match self.topics.read(ask).await {
            Ok(page) if page.events.is_empty() => Ok(Ok((Vec::new(), None))),
            Ok(page) => {
                let next = page.events.last().map(|kept| kept.cursor.clone());
                Ok(Ok((page.events, next)))
            }
            Err(adapters_ports::TopicError::Expired { .. }) if after.is_some() => Err(Gone),
            Err(error) => Ok(Err(format!("topic {}: {error}", self.topic))),
        }
    }

    async fn cursor(&self) -> Result<Cursor, String> {
        let Some(stream) = self.streams.first() else { return Err("there is no stream".into()) };
        let kept = stream.store.letters(self.name).await.map_err(|error| error.to_string())?;
        let parsed = kept.map(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        Ok(parsed.transpose()?.unwrap_or_default())
    }

    async fn keep(&self, cursor: &Cursor) -> Result<(), String> {
        let Some(stream) = self.streams.first() else { return Ok(()) };
        let text = serde_json::to_string(cursor).map_err(|error| error.to_string())?;
        stream.store.letters_done(self.name, text).await.map_err(|error| error.to_string())
    }
}

/// Letters, and behind which one it goes on; nothing at the end.
type Page = (Vec<KeptEvent>, Option<String>);

/// The cursor is of no use any more.
struct Gone;

impl Stream {
    /// Maps the record of a letter, for the model that it was read for.
    fn map_letter(&self, letter: &Letter) -> Result<Mapped, String> {
        let mine = |model: &str| self.blocks.iter().any(|block| *block.model == *model);
        if !letter.model.is_empty() && !mine(&letter.model) {
            return Ok(Mapped::default());
        }
        let records = self.source.letter(&letter.record)?;
        let time: Arc<str> = Timestamp::now().to_string().into();
        let (blocks, types) = (Arc::clone(&self.blocks), Arc::clone(&self.types));
        let version = Arc::clone(&self.version);
        let shared = Shared::new(blocks, types, &letter.identity, Default::default(), (version, time));
        let mut mapped = shared.map(records);
        for entry in &mut mapped.entries {
            // Alone it is the first record; in its unit it was another one.
            entry.number = letter.record.number;
        }
        mapped.entries.retain(|entry| {
            let model = entry.block.map(|block| &*self.blocks[block].model);
            letter.model.is_empty() || model.is_none_or(|model| model == letter.model)
        });
        Ok(mapped)
    }
}

impl Letter {
    fn of(kept: &KeptEvent) -> Option<Self> {
        let (record, identity) = letter::raw(&kept.event)?;
        let extension = |name: &str| {
            let found = kept.event.extensions.iter().find(|(own, _)| **own == *name);
            found.map(|(_, value)| value.to_string())
        };
        Some(Self {
            cursor: Some(kept.cursor.clone()),
            model: extension("model").unwrap_or_default(),
            record,
            identity,
            reason: extension("reason").unwrap_or_default(),
            record_type: extension("recordtype").unwrap_or_default(),
            field: extension("field").zip(extension("hex")),
        })
    }

    /// Returns the letter as a line of an export. `data` is what counts when it is read again; `fields` says what is in it.
    pub fn line(&self, why: &str, fields: &[SeenField]) -> Value {
        let Self { cursor, model, record, identity, reason, record_type, field } = self;
        let beside = record.beside.iter();
        let beside = beside.map(|(name, bytes)| (name.to_string(), STANDARD.encode(bytes).into()));
        let (field, field_hex) = field.clone().unzip();
        json!({
            "unit": &*record.unit,
            "record": record.number,
            "offset": record.offset,
            "recordType": record_type,
            "model": model,
            "reason": why,
            "rejectedFor": reason,
            "field": field,
            "fieldHex": field_hex,
            "fields": fields.iter().map(field_json).collect::<Vec<_>>(),
            "data": STANDARD.encode(&record.bytes),
            "hex": record.bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>(),
            "beside": Value::Object(beside.collect()),
            "unitId": letter::hex(identity),
            "cursor": cursor,
        })
    }

    /// Reads a line of an export.
    ///
    /// # Errors
    /// In words: a member that is missing or of another form.
    pub fn parse(line: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |name: &str| value[name].as_str().ok_or_else(|| format!("`{name}` is no text"));
        let number = |name: &str| value[name].as_u64().ok_or_else(|| format!("`{name}` is no number"));
        let bytes = STANDARD.decode(text("data")?).map_err(|error| format!("`data`: {error}"))?;
        let beside = match &value["beside"] {
            Value::Null => Vec::new(),
            Value::Object(members) => letter::beside(members).ok_or("`beside` is no base64 by names")?,
            _ => return Err("`beside` is no object".into()),
        };
        let record = RawRecord {
            bytes: bytes.into(),
            beside,
            unit: text("unit")?.into(),
            number: number("record")?,
            offset: number("offset")?,
        };
        let identity = letter::identity(text("unitId")?).ok_or("`unitId` is not 64 hexadecimal digits")?;
        let optional = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            cursor: value["cursor"].as_str().map(str::to_owned),
            model: optional("model"),
            record,
            identity,
            reason: optional("rejectedFor"),
            record_type: optional("recordType"),
            field: None,
        })
    }
}
