//! The adapter: a connection that keeps events and can be read again.
//!
//! **Invariant.** Nothing is opened, made or locked before the log is used.

use crate::config::{self, Config};
use crate::folder::Folder;
use crate::topic::Refused;
use adapters_ports::{
    Adapter, AdapterError, BoxFuture, CallContext, Connection, EventBatch, Files, KeyDoc, Opened, Outcomes,
    Settings, Sink, TopicAsk, TopicError, TopicPage, Topics,
};
use kernel::{Catalogue, Cause, Class, Diagnostic, Error, Sources};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The kind `log`: the embedded durable event log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Log;

/// A `log` connection.
#[derive(Debug)]
struct LogConnection {
    path: PathBuf,
    config: Config,
    folder: Mutex<Option<Arc<Folder>>>,
}

impl Log {
    /// Returns the log that events go to where no connection is named: `events` in a folder, with the default keys.
    pub fn at(path: PathBuf) -> Arc<dyn Connection> {
        Arc::new(LogConnection { path, config: Config::default(), folder: Mutex::default() })
    }
}

impl Adapter for Log {
    fn kind(&self) -> &'static str {
        "log"
    }

    fn keys(&self) -> &'static [KeyDoc] {
        config::KEYS
    }

    fn open(
        &self,
        settings: &Settings<'_>,
        files: &dyn Files,
        _sources: &mut Sources,
        _findings: &mut Vec<Diagnostic>,
    ) -> Result<Opened, AdapterError> {
        let config = config::read(settings).map_err(AdapterError)?;
        let path = files.root().map_or_else(PathBuf::new, PathBuf::from).join(&config.path);
        let connection = LogConnection { path, config, folder: Mutex::default() };
        let catalogue = Catalogue { takes_events: true, ..Catalogue::default() };
        Ok(Opened { catalogue: Arc::new(catalogue), connection: Arc::new(connection) })
    }
}

impl LogConnection {
    fn folder(&self) -> Result<Arc<Folder>, String> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*folder {
            return Ok(Arc::clone(open));
        }
        let open = Arc::new(Folder::open(&self.path, self.config.rules)?);
        *folder = Some(Arc::clone(&open));
        Ok(open)
    }

    async fn publish_all(&self, batch: &EventBatch) -> Result<Outcomes, String> {
        let folder = self.folder()?;
        let answers = folder.publish(batch.clone())?.await.map_err(|_| "its writer has ended".to_owned())?;
        Ok(answers.into_iter().map(|answer| answer.map_err(|refused| error(&refused))).collect())
    }
}

impl Sink for LogConnection {
    fn publish<'a>(&'a self, _cx: &'a CallContext, batch: &'a EventBatch) -> BoxFuture<'a, Outcomes> {
        Box::pin(async move {
            self.publish_all(batch)
                .await
                .unwrap_or_else(|why| batch.events.iter().map(|_| Err(unusable(&why))).collect())
        })
    }
}

impl Topics for LogConnection {
    fn open(&self) -> Result<(), String> {
        self.folder().map(drop)
    }

    fn read<'a>(&'a self, ask: TopicAsk<'a>) -> BoxFuture<'a, Result<TopicPage, TopicError>> {
        Box::pin(async move {
            let folder = self.folder().map_err(TopicError::Broken)?;
            let (topic, after) = (ask.topic.to_owned(), ask.after.map(str::to_owned));
            let (events_max, bytes_max) = (ask.events_max, ask.bytes_max);
            let read = move || {
                folder.read(TopicAsk { topic: &topic, after: after.as_deref(), events_max, bytes_max })
            };
            let read = tokio::task::spawn_blocking(read).await;
            read.unwrap_or_else(|_| Err(TopicError::Broken("reading the event log failed".into())))
        })
    }

    fn wait<'a>(&'a self, topic: &'a str, after: Option<&'a str>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Ok(folder) = self.folder() {
                folder.wait(topic, after).await;
            }
        })
    }
}

impl Connection for LogConnection {
    fn sink(&self) -> Option<&dyn Sink> {
        Some(self)
    }

    fn topics(&self) -> Option<&dyn Topics> {
        Some(self)
    }
}

fn unusable(why: &str) -> Error {
    Error::new(Class::Transient, Cause::Unavailable, "the event log cannot keep events").with("reason", why)
}

fn error(refused: &Refused) -> Error {
    match refused {
        Refused::Disk(why) => unusable(why),
        Refused::Behind => Error::new(
            Class::Transient,
            Cause::Unavailable,
            "an event of the same key before it was not kept",
        ),
        Refused::Name => Error::new(
            Class::Defect,
            Cause::Unwritable,
            "the event log cannot have a topic of this name: it is empty, or longer than 200 letters and digits",
        ),
        Refused::TooLarge => Error::new(
            Class::Poison,
            Cause::Unwritable,
            "the event is larger than a record of the event log can be",
        )
        .with("bytesMax", crate::record::RECORD_BYTES_MAX),
    }
}
