//! `GET /events/{topic}`: what was published, by cursor; page by page, or as it comes.
//!
//! **Invariant.** A topic is told only to who has its scope, and a stream never skips an event silently.

use super::flow::{Failure, Good};
use super::stream::{self, Pieces};
use super::{Incoming, Service};
use crate::events::{Events, Readable, cloud};
use crate::http::answer::Answer;
use crate::http::query;
use crate::problem::{Kind, Problem, Status};
use adapters_ports::{TopicAsk, TopicError, TopicPage};
use bytes::Bytes;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

/// Events of a page where the client does not say, and at most.
const PAGE_EVENTS: (usize, usize) = (1_000, 10_000);
/// Bytes of a page at most.
const PAGE_BYTES_MAX: usize = 4 << 20;
/// Events and bytes of a stream that are read at once.
const STREAM_READ: (usize, usize) = (200, 256 << 10);
/// How often a quiet stream shows that it lives.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long a stream stays open; its client comes again, and its token is judged again.
const STREAM_MAX: Duration = Duration::from_secs(3_600);
/// What a client waits before it comes again, as it is told at the beginning.
const RETRY: &[u8] = b"retry: 3000\n\n";

impl Service {
    /// Answers who asks for a topic.
    pub(super) async fn topic(
        self: &Arc<Self>,
        captures: &[Cow<'_, str>],
        incoming: &Incoming<'_>,
    ) -> Result<Good, Failure> {
        let caller = self.caller(incoming).await?;
        let name = captures.first().map_or("", |name| &**name);
        let found = self.events.get().and_then(|events| Some((events, events.topic(name)?)));
        let Some((events, topic)) = found else {
            return Err(Problem::new(Kind::NotFound).detail("there is no such topic").into());
        };
        self.auth.permit(&caller, Some(&topic.scope)).inspect_err(|_| self.metrics.refused())?;
        let form = form(incoming.headers.find("accept"))?;
        let asked = asked(incoming)?;
        match form {
            Form::Page => page(topic, asked).await.map(Good::from),
            Form::Stream => stream(Arc::clone(events), Arc::clone(topic), asked.after).await,
        }
    }
}

/// How a topic is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// NDJSON, to the last event.
    Page,
    /// Server-sent events, for as long as the client listens.
    Stream,
}

struct Asked {
    after: Option<String>,
    limit: usize,
}

fn form(accept: Option<&[u8]>) -> Result<Form, Problem> {
    let accept =
        accept.and_then(|value| std::str::from_utf8(value).ok()).unwrap_or("*/*").to_ascii_lowercase();
    let mut ranges = accept.split(',').map(|range| range.split(';').next().unwrap_or_default().trim());
    let found = ranges.find_map(|range| match range {
        "text/event-stream" => Some(Form::Stream),
        "" | "*/*" | "application/*" | "application/x-ndjson" | "application/ndjson" => Some(Form::Page),
        _ => None,
    });
    let refused =
        || Problem::new(Kind::NotAcceptable).detail("events are application/x-ndjson or text/event-stream");
    found.ok_or_else(refused)
}

fn asked(incoming: &Incoming<'_>) -> Result<Asked, Problem> {
    let mut asked = Asked { after: None, limit: PAGE_EVENTS.0 };
    for (name, value) in query::parse(incoming.query)? {
        match &*name {
            "after" => asked.after = Some(value.into_owned()),
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=PAGE_EVENTS.1).contains(limit));
                let why = || query::refused("limit", format!("a number from 1 to {}", PAGE_EVENTS.1));
                asked.limit = limit.ok_or_else(why)?;
            }
            other => return Err(query::refused(other, "there is: after, limit")),
        }
    }
    // A stream that was interrupted is asked for by its first address again, and goes on where the header says.
    if let Some(last) = incoming.text("last-event-id").filter(|last| !last.is_empty()) {
        asked.after = Some(last.to_owned());
    }
    Ok(asked)
}

async fn page(topic: &Readable, asked: Asked) -> Result<Answer, Failure> {
    let (after, events_max) = (asked.after.as_deref(), asked.limit);
    let page =
        read(topic, TopicAsk { topic: &topic.name, after, events_max, bytes_max: PAGE_BYTES_MAX }).await?;
    let mut body = Vec::new();
    for kept in &page.events {
        cloud::json(kept, &mut body);
        body.push(b'\n');
    }
    Ok(headed("application/x-ndjson").body(body))
}

async fn stream(events: Arc<Events>, topic: Arc<Readable>, after: Option<String>) -> Result<Good, Failure> {
    let Some(place) = events.enter_stream() else {
        let problem = Problem::new(Kind::Unavailable).detail("too many streams are open");
        return Err(problem.retry_after(Duration::from_secs(5)).into());
    };
    // What is wrong with the cursor is a problem, and not the end of a stream.
    let first = read(&topic, ask(&topic, after.as_deref())).await?;
    let (pieces, rest) = stream::made();
    tokio::spawn(async move {
        let _place = place;
        let ended = tokio::time::timeout(STREAM_MAX, tell(&events, &topic, first, after, &pieces)).await;
        if let Ok(Err(why)) = ended {
            tracing::error!(topic = %topic.name, why, "a stream of events broke off");
            return;
        }
        pieces.last(Bytes::new()).await;
    });
    Ok(Good::streamed(headed("text/event-stream").header("x-accel-buffering", "no"), rest))
}

/// Tells events as they come, until the client goes or the process ends.
async fn tell(
    events: &Events,
    topic: &Readable,
    first: TopicPage,
    mut after: Option<String>,
    pieces: &Pieces,
) -> Result<(), String> {
    let mut page = first;
    let mut body = RETRY.to_vec();
    loop {
        for kept in &page.events {
            cloud::sse(kept, &mut body);
        }
        after = page.next.take().or(after);
        if !body.is_empty() && !pieces.give(std::mem::take(&mut body).into()).await {
            return Ok(());
        }
        if !page.more {
            tokio::select! {
                () = topic.wait(after.as_deref()) => {}
                () = tokio::time::sleep(KEEP_ALIVE) => body.extend_from_slice(b":\n\n"),
                () = pieces.gone() => return Ok(()),
                () = events.draining() => return Ok(()),
            }
        }
        if events.is_draining() {
            return Ok(());
        }
        page = topic.topics().read(ask(topic, after.as_deref())).await.map_err(|error| error.to_string())?;
    }
}

fn ask<'a>(topic: &'a Readable, after: Option<&'a str>) -> TopicAsk<'a> {
    TopicAsk { topic: &topic.name, after, events_max: STREAM_READ.0, bytes_max: STREAM_READ.1 }
}

async fn read(topic: &Readable, ask: TopicAsk<'_>) -> Result<TopicPage, Problem> {
    topic.topics().read(ask).await.map_err(|error| match error {
        TopicError::Unknown(why) => query::refused("after", why),
        TopicError::Expired { resume } => Problem::new(Kind::CursorExpired)
            .detail("events behind the cursor are not kept any more")
            .with("resume", resume),
        TopicError::Broken(why) => {
            tracing::error!(topic = %topic.name, why, "a topic cannot be read");
            Problem::new(Kind::Internal)
        }
    })
}

fn headed(content_type: &'static str) -> Answer {
    Answer::new(Status::Ok.code()).header("content-type", content_type).header("cache-control", "no-store")
}

#[cfg(test)]
mod tests;
