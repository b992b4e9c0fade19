//! The one thread that writes: it takes all that waits, writes it with one `fsync` per topic, then answers.
//!
//! **Invariant.** Nothing is answered as kept before it is durable.

use crate::folder::{Rules, Topics, place, shared};
use crate::topic::{Refused, Topic};
use adapters_ports::{Event, EventBatch};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::oneshot;

/// Bytes that are written at once.
const BATCH_BYTES_MAX: usize = 8 << 20;
/// How often old files are looked for.
const RETAIN_EVERY: Duration = Duration::from_secs(30);
/// What an event costs in memory beside its texts.
const EVENT_BYTES: usize = 256;

/// What became of each event.
pub(crate) type Answers = Vec<Result<(), Refused>>;

/// A batch that waits.
pub(crate) struct Job {
    pub batch: EventBatch,
    pub bytes: usize,
    pub reply: oneshot::Sender<Answers>,
}

/// The writer.
pub(crate) struct Writer {
    path: PathBuf,
    rules: Rules,
    topics: Topics,
    open: HashMap<String, Topic>,
    waiting: Arc<AtomicUsize>,
    retained: Option<Instant>,
}

impl Writer {
    pub(crate) fn new(
        path: PathBuf,
        rules: Rules,
        topics: Topics,
        open: HashMap<String, Topic>,
        waiting: Arc<AtomicUsize>,
    ) -> Self {
        Self { path, rules, topics, open, waiting, retained: None }
    }

    pub(crate) fn run(mut self, inbox: &Receiver<Job>) {
        loop {
            self.retain();
            match inbox.recv_timeout(RETAIN_EVERY) {
                Ok(job) => self.write(gather(job, inbox)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn write(&mut self, jobs: Vec<Job>) {
        let mut topics: Vec<(String, Vec<Job>)> = Vec::new();
        for job in jobs {
            match topics.iter_mut().find(|(topic, _)| **topic == *job.batch.topic) {
                Some((_, jobs)) => jobs.push(job),
                None => topics.push((job.batch.topic.to_string(), vec![job])),
            }
        }
        for (topic, jobs) in topics {
            let events: Vec<&Event> = jobs.iter().flat_map(|job| &job.batch.events).collect();
            let mut outcomes = match self.topic(&topic) {
                Ok(open) => open.append(&events, now_ms()),
                Err(refused) => vec![Err(refused); events.len()],
            }
            .into_iter();
            for job in jobs {
                self.waiting.fetch_sub(job.bytes, Ordering::Relaxed);
                let answers = outcomes.by_ref().take(job.batch.events.len()).collect();
                // Whoever does not wait any more asks again, with the same ids.
                let _ = job.reply.send(answers);
            }
        }
    }

    fn topic(&mut self, name: &str) -> Result<&mut Topic, Refused> {
        use std::collections::hash_map::Entry;
        match self.open.entry(name.to_owned()) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(vacant) => {
                let folder = place(&self.path, name).ok_or(Refused::Name)?;
                let topic = Topic::open(&folder, self.rules, shared(&self.topics, name));
                let topic = topic.map_err(Refused::Disk)?;
                Ok(vacant.insert(topic))
            }
        }
    }

    fn retain(&mut self) {
        if self.retained.is_some_and(|last| last.elapsed() < RETAIN_EVERY) {
            return;
        }
        self.retained = Some(Instant::now());
        for topic in self.open.values_mut() {
            topic.retain(now_ms());
        }
    }
}

/// Returns about how many bytes a batch is.
pub(crate) fn weight(batch: &EventBatch) -> usize {
    let extensions =
        |event: &Event| event.extensions.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    batch.events.iter().map(|event| EVENT_BYTES + event.data.len() + extensions(event)).sum()
}

fn gather(first: Job, inbox: &Receiver<Job>) -> Vec<Job> {
    let mut bytes = first.bytes;
    let mut jobs = vec![first];
    while bytes < BATCH_BYTES_MAX
        && let Ok(job) = inbox.try_recv()
    {
        bytes += job.bytes;
        jobs.push(job);
    }
    jobs
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
