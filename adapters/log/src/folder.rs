//! The folder of a log: its lock, its topics, its writer.
//!
//! **Invariant.** One process at a time has the folder; whoever comes second is told so and touches nothing.

use crate::read;
use crate::topic::{Shared, Topic};
use crate::writer::{Answers, Job, Writer};
use adapters_ports::{EventBatch, TopicAsk, TopicError, TopicPage};
use std::collections::HashMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Bytes that may wait for the writer.
const WAITING_BYTES_MAX: usize = 64 << 20;
/// Longest name of a topic's folder.
const NAME_BYTES_MAX: usize = 200;

/// The name of the file whose lock says who has the folder.
const LOCK: &str = "lock";

/// How a log keeps events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long events are kept at least.
    pub age: Option<Duration>,
    /// Bytes of a topic beyond which its oldest files go.
    pub size: Option<u64>,
    /// Bytes after which a new file begins.
    pub segment: u64,
    /// Whether publishing waits for the disk.
    pub fsync: bool,
}

/// An open log.
pub struct Folder {
    topics: Topics,
    jobs: Option<mpsc::Sender<Job>>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
    /// Held as long as the log is open; the system lets go of it when the process ends, however it ends.
    lock: File,
}

/// The topics that are known, by name.
pub(crate) type Topics = Arc<Mutex<HashMap<String, Arc<Shared>>>>;

impl Folder {
    /// Opens a log, or makes it.
    ///
    /// # Errors
    /// In words: another process has it, or a file of it cannot be used.
    pub fn open(path: &Path, rules: Rules) -> Result<Self, String> {
        let lock = lock(path)?;
        let topics = Topics::default();
        let mut open = HashMap::new();
        let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
        for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
            let Some(name) = entry.file_name().to_str().and_then(decode) else { continue };
            let shared = shared(&topics, &name);
            open.insert(name, Topic::open(&entry.path(), rules, shared)?);
        }
        let (jobs, inbox) = mpsc::channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Writer::new(path.into(), rules, Arc::clone(&topics), open, Arc::clone(&waiting));
        let thread = std::thread::Builder::new()
            .name("event-log".into())
            .spawn(move || writer.run(&inbox))
            .map_err(|error| error.to_string())?;
        Ok(Self { topics, jobs: Some(jobs), waiting, thread: Some(thread), lock })
    }

    /// Publishes a batch. The answer comes when it is durable.
    ///
    /// # Errors
    /// In words: too much waits already, or the writer has ended. Nothing of the batch is kept then.
    pub(crate) fn publish(&self, batch: EventBatch) -> Result<oneshot::Receiver<Answers>, String> {
        let bytes = crate::writer::weight(&batch);
        if self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes > WAITING_BYTES_MAX.max(bytes) {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
            return Err(format!("more than {WAITING_BYTES_MAX} bytes wait for it"));
        }
        let (reply, answers) = oneshot::channel();
        let jobs = self.jobs.as_ref().ok_or("it is closed")?;
        jobs.send(Job { batch, bytes, reply }).map_err(|_| "its writer has ended".to_owned())?;
        Ok(answers)
    }

    /// Reads a topic. Blocks for the disk.
    ///
    /// # Errors
    /// As [`adapters_ports::Topics::read`] says.
    pub fn read(&self, ask: TopicAsk<'_>) -> Result<TopicPage, TopicError> {
        read::page(&shared(&self.topics, ask.topic), ask)
    }

    /// Waits until there may be an event behind a cursor.
    pub async fn wait(&self, topic: &str, after: Option<&str>) {
        let shared = shared(&self.topics, topic);
        let mut last = shared.last.subscribe();
        let seen = after.and_then(read::seq).unwrap_or(0);
        // Whoever sends is held by `shared`, so waiting cannot fail.
        let _ = last.wait_for(|last| *last > seen).await;
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // The writer answers what it has; a panic in it was reported already.
            let _ = thread.join();
        }
        let _ = self.lock.unlock();
    }
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Folder").field("waiting", &self.waiting).finish_non_exhaustive()
    }
}

/// Returns what is shared of a topic, which may have nothing yet.
pub(crate) fn shared(topics: &Topics, name: &str) -> Arc<Shared> {
    let mut topics = topics.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(topics.entry(name.to_owned()).or_default())
}

/// Returns the folder of a topic; `None` if its name is too long.
pub(crate) fn place(path: &Path, topic: &str) -> Option<PathBuf> {
    let name = encode(topic);
    (!topic.is_empty() && name.len() <= NAME_BYTES_MAX).then(|| path.join(name))
}

fn lock(path: &Path) -> Result<File, String> {
    let describe = |error: std::io::Error| format!("the event log {}: {error}", path.display());
    fs::create_dir_all(path).map_err(describe)?;
    let file = path.join(LOCK);
    let mut lock =
        File::options().read(true).write(true).create(true).truncate(false).open(file).map_err(describe)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = lock.read_to_string(&mut holder);
            return Err(format!(
                "the event log {} is used by another process ({}); end that one, or give this one another `path`",
                path.display(),
                holder.trim()
            ));
        }
        Err(TryLockError::Error(error)) => return Err(describe(error)),
    }
    // Who holds it is good to know, and no more than that.
    let _ = lock
        .set_len(0)
        .and_then(|()| lock.rewind())
        .and_then(|()| writeln!(lock, "pid {}", std::process::id()));
    Ok(lock)
}

/// Writes a topic's name so that it can name a folder: other bytes than letters, digits, `-`, `_` and inner dots become
/// `%xx`.
fn encode(topic: &str) -> String {
    use std::fmt::Write as _;
    let mut name = String::new();
    for (n, byte) in topic.bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || byte == b'.' && n > 0;
        // The lock lies beside the topics.
        if plain && (n > 0 || topic != LOCK) {
            name.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    name
}

fn decode(name: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = name.as_bytes();
    while let Some((&byte, more)) = rest.split_first() {
        rest = more;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, more) = rest.split_first_chunk::<2>()?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = more;
    }
    let topic = String::from_utf8(bytes).ok()?;
    // A folder with a name that nobody here writes is none of ours.
    (encode(&topic) == name).then_some(topic)
}

#[cfg(test)]
mod tests;
