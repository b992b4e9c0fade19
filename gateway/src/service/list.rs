//! Lists: read as far as a bound, and from there on handed out piece by piece.
//!
//! **Invariant.** Of a list no more is in memory than its bound and one piece of its input, and nothing of it is handed
//! out before the error table was asked.

use super::endpoint::Endpoint;
use super::exchange::{Limited, judge};
use adapters_layers::Exchange;
use adapters_ports::{Backend, CallContext, Reply, Request};
use engine::json;
use engine::plan::query::{Paged, Projection};
use engine::program::{Ambient, Reader};
use kernel::{Cause, Class, Error, Progress};
use std::sync::Arc;

/// What every list begins with.
const HEAD: &[u8] = b"{\"items\":[";

/// A call that answers a list.
pub(super) struct ListCall<'a> {
    pub backend: &'a dyn Backend,
    pub request: Request,
    pub endpoint: &'a Arc<Endpoint>,
    pub ambient: &'a Ambient,
    /// Some fields instead of all.
    pub fields: Option<&'a Projection>,
    /// Counts the rows of a table.
    pub paged: Option<Paged>,
    /// How many bytes of its JSON may be held; a try ends with so many, or with the whole list.
    pub held_max: usize,
}

/// A list that is being read.
pub(super) struct Reading {
    body: Limited,
    /// `None` once it was given back.
    reader: Option<Reader>,
    paged: Option<Paged>,
    endpoint: Arc<Endpoint>,
    /// The reader is one of the operation, to be used again.
    is_common: bool,
    /// JSON that nobody has taken yet.
    out: Vec<u8>,
    is_first: bool,
    /// The legacy cursor behind the list, once it has ended.
    end: Option<Option<String>>,
}

impl Exchange for ListCall<'_> {
    type Answer = Reading;

    async fn attempt(&self, cx: &CallContext, _attempt: u32) -> Result<Reading, Error> {
        let reply = self.backend.call(cx, &self.request).await?;
        let reader = self.endpoint.reader(self.fields, self.ambient).ok_or_else(calls_nothing)?;
        match reply {
            Reply::Answer(body) => {
                let body = Limited { body, bytes_max: self.endpoint.reply_bytes_max };
                let mut reading = Reading {
                    body,
                    reader: Some(reader),
                    paged: self.paged.clone(),
                    endpoint: Arc::clone(self.endpoint),
                    is_common: self.fields.is_none(),
                    out: HEAD.to_vec(),
                    is_first: true,
                    end: None,
                };
                reading.read(cx, self.held_max).await?;
                Ok(reading)
            }
            Reply::Fault(fault) => Err(judge(&fault, &reader)),
        }
    }

    fn repeatable(&self) -> bool {
        self.request.repeatable
    }
}

impl Reading {
    /// Reads on, until there are so many bytes to be taken or the list has ended.
    ///
    /// # Errors
    /// What stands in its reply is an error by the table or breaks the contract, or no more of it arrives.
    ///
    /// # Cancel safety
    /// As for [`adapters_ports::ReplyBody::more`]; what was read is not lost.
    pub(super) async fn read(&mut self, cx: &CallContext, bytes: usize) -> Result<(), Error> {
        while self.end.is_none() && self.out.len() < bytes {
            let reader = self.reader.as_mut().ok_or_else(calls_nothing)?;
            let progress = match &mut self.paged {
                Some(paged) => self.body.advance(&mut paged.to(reader)),
                None => self.body.advance(reader),
            };
            match progress {
                Ok(Progress::NeedInput) => {
                    self.is_first &= reader.take_items(self.is_first, &mut self.out) == 0;
                    if self.out.len() < bytes {
                        self.body.more(cx).await?;
                    }
                }
                Ok(Progress::Paused) => {
                    if let Some(error) = reader.judged() {
                        return Err(error);
                    }
                }
                Ok(Progress::Stopped | Progress::End) => self.finish()?,
                Err(error) => return Err(reader.broken(&error)),
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        let reader = self.reader.as_mut().ok_or_else(calls_nothing)?;
        let answer = reader.finish()?;
        let items = answer.json.strip_prefix(b"[").and_then(|json| json.strip_suffix(b"]"));
        if let Some(items) = items.filter(|items| !items.is_empty()) {
            if !self.is_first {
                self.out.push(b',');
            }
            self.out.extend_from_slice(items);
        }
        self.end = Some(match &self.paged {
            Some(paged) => paged.cursor(),
            None => answer.cursor,
        });
        Ok(())
    }

    /// Returns the legacy cursor behind the list, once it has ended.
    pub(super) fn end(&self) -> Option<Option<&str>> {
        self.end.as_ref().map(Option::as_deref)
    }

    /// Takes what was read and not taken yet.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.out)
    }

    /// Takes the rest of a list that has ended, and closes it; `next` leads to the next page.
    pub(super) fn close(&mut self, next: Option<&str>) -> Vec<u8> {
        let mut out = self.take();
        out.push(b']');
        if let Some(next) = next {
            out.extend_from_slice(b",\"next\":");
            json::write_text(next, &mut out);
        }
        out.push(b'}');
        out
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.endpoint.note_residue(reader.residue());
            if self.is_common {
                self.endpoint.give_back(reader);
            }
        }
    }
}

fn calls_nothing() -> Error {
    Error::new(Class::Defect, Cause::Internal, "the operation calls nothing")
}
