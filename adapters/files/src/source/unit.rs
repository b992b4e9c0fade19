//! A unit: one file, or bytes at hand.
//!
//! **Invariant.** What a unit does at its end is done to the very file that was read, or not at all.

use super::records::{Chunk, FileRecords, HEADER, Kept, NO_KIND, Placed};
use super::{Plan, Reader};
use crate::content::Origin;
use crate::folder::Finish;
use crate::format::Format;
use crate::select::{Found, Select};
use adapters_ports::{Batch, BoxFuture, Identity, Position, RawRecord, Token, Unit, UnitEnd};
use bytes::{Bytes, BytesMut};
use kernel::{Cause, Class, DecodeError, Error, PartId, Progress, Visitor};
use std::collections::HashMap;
use std::sync::Arc;

/// One unit.
#[derive(Debug)]
pub(crate) struct FileUnit {
    name: Arc<str>,
    plan: Arc<Plan>,
    /// What is read; nothing while it is being read, and after a reading that was given up.
    reader: Option<Box<Reader>>,
    /// What happens at the end; nothing for bytes at hand.
    finish: Option<Finish>,
    text: String,
}

impl FileUnit {
    /// Starts at the beginning.
    pub(crate) fn new(name: Arc<str>, plan: Arc<Plan>, reader: Reader, finish: Option<Finish>) -> Self {
        Self { name, plan, reader: Some(Box::new(reader)), finish, text: String::new() }
    }

    fn reader(&self) -> Result<&Reader, Error> {
        self.reader.as_deref().ok_or_else(|| given_up(&self.name))
    }

    /// Whether reading it may take a while.
    fn blocks(&self) -> bool {
        let blocks = self.reader.as_deref().and_then(|reader| reader.content().blocks());
        blocks.is_some_and(|blocks| !matches!(blocks.origin(), Origin::Memory(_)))
    }

    /// Lets another thread read.
    async fn read<T: Send + 'static>(
        &mut self,
        read: impl FnOnce(&mut Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let blocking = self.blocks();
        let mut reader = self.reader.take().ok_or_else(|| given_up(&self.name))?;
        if !blocking {
            let found = read(&mut reader);
            self.reader = Some(reader);
            return found;
        }
        let reading = tokio::task::spawn_blocking(move || {
            let found = read(&mut reader);
            (reader, found)
        });
        let (reader, found) = reading.await.map_err(|_| given_up(&self.name))?;
        self.reader = Some(reader);
        found
    }
}

fn given_up(unit: &str) -> Error {
    Error::new(Class::Transient, Cause::Internal, "reading the file was given up").with("file", unit)
}

impl Unit for FileUnit {
    fn name(&self) -> &Arc<str> {
        &self.name
    }

    fn examine(&mut self) -> BoxFuture<'_, Result<Identity, Error>> {
        Box::pin(async move {
            let examined = self.read(|reader| {
                reader.examine()?;
                reader.rewind(Position::START)
            });
            examined.await?;
            self.identity().ok_or_else(|| given_up(&self.name))
        })
    }

    fn once(&mut self) {
        if let Some(reader) = &mut self.reader {
            // What was given up says so at the next reading.
            let _ = reader.once();
        }
    }

    fn identity(&self) -> Option<Identity> {
        self.reader.as_deref()?.content().blocks()?.identity()
    }

    fn batch(&mut self) -> Result<Option<Batch>, Error> {
        let reader = self.reader.as_deref_mut().ok_or_else(|| given_up(&self.name))?;
        let Some(chunk) = reader.batch()? else { return Ok(None) };
        let token = Token::new(reader.position());
        let records = FileRecords::new(Arc::clone(&self.plan.layout), chunk, Some(Arc::clone(&self.name)));
        Ok(Some(Batch { records: Box::new(records), token }))
    }

    fn rewind(&mut self, to: Position) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.read(move |reader| reader.rewind(to)))
    }

    fn beside(&mut self, part: PartId, to: &mut dyn Visitor) -> Result<Progress, DecodeError> {
        let mut text = std::mem::take(&mut self.text);
        let layout = &self.plan.layout;
        let none = |message: &str| DecodeError::new(message, 0);
        let index = layout.index(part).ok_or_else(|| none("it is no record type of this connection"))?;
        let reader = self.reader().map_err(|error| none(error.message))?;
        let latest = |kind: usize| {
            let kept: &Kept = reader.beside().get(kind)?.as_ref()?;
            Some((&*kept.bytes, kept.at))
        };
        let progress = layout.tell_beside(reader.format(), index, &latest, Some(&self.name), &mut text, to);
        self.text = text;
        progress
    }

    fn bytes(&self) -> Option<u64> {
        self.reader.as_deref()?.content().blocks().map(|blocks| blocks.size())
    }

    fn bytes_read(&self) -> u64 {
        self.reader.as_deref().map_or(0, |reader| reader.content().position())
    }

    fn end(self: Box<Self>, how: UnitEnd) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move {
            let Some(finish) = self.finish else { return Ok(()) };
            let ending = tokio::task::spawn_blocking(move || finish.end(how));
            ending.await.unwrap_or_else(|_| Err("it was given up".into())).map_err(|why| {
                Error::new(Class::Transient, Cause::Unavailable, "the file could not be put away")
                    .with("file", &self.name)
                    .with("reason", why)
            })
        })
    }
}

/// Returns what reads the record of a dead letter, and the header of its file, where it has one.
///
/// # Errors
/// In words: the header cannot be used.
pub(crate) fn headed(plan: &Plan, raw: &RawRecord) -> Result<(Arc<dyn Format>, Option<Bytes>), String> {
    let format = &plan.layout.format;
    match raw.beside.iter().find(|(name, _)| **name == *HEADER) {
        Some((_, header)) => {
            let headed = format.headed(header).map_err(|error| error.to_string())?;
            Ok((headed, Some(header.clone())))
        }
        None => Ok((Arc::clone(format), None)),
    }
}

/// Returns the record of a dead letter.
///
/// # Errors
/// In words: it names types that are not there.
pub(crate) fn letter(plan: &Plan, raw: &RawRecord) -> Result<FileRecords, String> {
    let layout = &plan.layout;
    let mut before: Vec<Option<Kept>> = vec![None; layout.kinds.len()];
    let mut data = BytesMut::new();
    let mut placed = Vec::new();
    let mut push = |bytes: &[u8], kind: u16| {
        let small = |n: usize| u32::try_from(n).map_err(|_| "the record is too large".to_owned());
        placed.push(Placed { at: small(data.len())?, length: small(bytes.len())?, kind });
        data.extend_from_slice(bytes);
        Ok::<(), String>(())
    };
    let (format, header) = headed(plan, raw)?;
    let mut select = Select::new(Arc::clone(&plan.rules));
    let found = select.find(&*format, &raw.bytes);
    let mut reasons = HashMap::new();
    let kind = match found {
        Found::One(kind) => kind,
        Found::None | Found::Two(..) => {
            reasons.insert(0, select.reason(found));
            NO_KIND
        }
    };
    push(&raw.bytes, kind)?;
    for (name, bytes) in raw.beside.iter().filter(|(name, _)| **name != *HEADER) {
        let index = layout.named(name).ok_or_else(|| format!("there is no record type `{name}`"))?;
        match layout.kinds.get(index) {
            Some(kind) if kind.parent.is_some() => push(bytes, u16::try_from(index).unwrap_or(NO_KIND))?,
            _ => {
                if let Some(slot) = before.get_mut(index) {
                    *slot = Some(Kept { bytes: Bytes::clone(bytes), at: raw.offset });
                }
            }
        }
    }
    let chunk = Chunk {
        data: data.freeze(),
        at: raw.offset,
        number: raw.number.saturating_sub(1),
        placed,
        reasons,
        before: before.into(),
        format,
        header,
    };
    let file = (!raw.unit.is_empty()).then(|| Arc::clone(&raw.unit));
    Ok(FileRecords::new(Arc::clone(layout), chunk, file))
}
