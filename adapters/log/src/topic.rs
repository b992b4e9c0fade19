//! One topic: its files, what readers may see of them, and appending.
//!
//! **Invariant.** Readers see bytes only after they were made durable; bytes that could not be are cut off again before
//! anything else is written.

use crate::folder::Rules;
use crate::record::{self, Stamp};
use crate::segment::{self, Damage, Segment, Trouble};
use adapters_ports::Event;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What readers and the writer share.
#[derive(Debug)]
pub(crate) struct Shared {
    view: Mutex<View>,
    /// The number of the last record; whoever waits for more watches it.
    pub last: watch::Sender<u64>,
}

/// What readers may see.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The files, oldest first. None where nothing was published yet.
    pub segments: Vec<Segment>,
}

/// A topic as its writer sees it.
#[derive(Debug)]
pub(crate) struct Topic {
    folder: PathBuf,
    file: File,
    rules: Rules,
    shared: Arc<Shared>,
    /// Bytes may stand behind what is durable.
    torn: bool,
}

/// Why an event was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is larger than a record can be.
    TooLarge,
    /// Its topic has a name that cannot name a folder.
    Name,
    /// An event of the same key before it was not kept.
    Behind,
    /// The disk says no, in its words.
    Disk(String),
}

impl Default for Shared {
    fn default() -> Self {
        Self { view: Mutex::default(), last: watch::Sender::new(0) }
    }
}

impl Shared {
    /// Returns what readers may see now.
    pub(crate) fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topic {
    /// Opens the topic in a folder, or makes it.
    ///
    /// # Errors
    /// In words: which file, where in it, what to do.
    pub(crate) fn open(folder: &Path, rules: Rules, shared: Arc<Shared>) -> Result<Self, String> {
        let mut segments = Vec::new();
        let files = files(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let newest = files.len().saturating_sub(1);
        for (n, path) in files.iter().enumerate() {
            segments.push(load(path, n == newest)?);
        }
        let describe = |error: io::Error| format!("{}: {error}", folder.display());
        let file = match segments.last() {
            Some(last) => File::options().read(true).write(true).open(&last.path).map_err(describe)?,
            None => {
                fs::create_dir_all(folder).map_err(describe)?;
                folder.parent().map_or(Ok(()), segment::sync_folder).map_err(describe)?;
                let (file, first) = Segment::create(folder, 1, segment::random()).map_err(describe)?;
                segments.push(first);
                file
            }
        };
        for pair in segments.windows(2) {
            if pair[0].epoch != pair[1].epoch || pair[0].last >= pair[1].base {
                let files = (pair[0].path.display(), pair[1].path.display());
                return Err(format!("{} and {} do not belong together", files.0, files.1));
            }
        }
        let last = segments.last().map_or(0, |segment| segment.last);
        shared.view().segments = segments;
        shared.last.send_replace(last);
        let mut topic = Self { folder: folder.into(), file, rules, shared, torn: true };
        topic.cut().map_err(describe)?;
        Ok(topic)
    }

    /// Appends events and makes them durable.
    pub(crate) fn append(&mut self, events: &[&Event], now_ms: i64) -> Vec<Result<(), Refused>> {
        let prepared = self.cut().and_then(|()| self.roll_if_full());
        let refused = |error: &io::Error| vec![Err(Refused::Disk(error.to_string())); events.len()];
        if let Err(error) = prepared {
            return refused(&error);
        }
        let mut batch = Batch::new(self.shared.view().segments.last(), now_ms);
        let outcomes: Vec<_> = events.iter().map(|event| batch.add(event)).collect();
        if batch.stamps.is_empty() {
            return outcomes;
        }
        match self.write(&batch) {
            Ok(()) => outcomes,
            Err(error) => refused(&error),
        }
    }

    /// Removes whole files that are too old or too many. The newest one stays, but for one that has nothing young.
    pub(crate) fn retain(&mut self, now_ms: i64) {
        let oldest_ms = self.rules.age.map(|age| now_ms.saturating_sub_unsigned(millis(age)));
        let aged = |segment: &Segment| oldest_ms.is_some_and(|oldest| segment.last_ms < oldest);
        let stale =
            self.shared.view().segments.last().is_some_and(|last| last.last >= last.base && aged(last));
        if stale && let Err(error) = self.cut().and_then(|()| self.roll()) {
            tracing::warn!(folder = %self.folder.display(), %error, "a file of the event log cannot be finished");
        }
        let mut removed = Vec::new();
        {
            let mut view = self.shared.view();
            let mut bytes: u64 = view.segments.iter().map(|segment| segment.bytes).sum();
            while view.segments.len() > 1
                && (aged(&view.segments[0]) || self.rules.size.is_some_and(|max| bytes > max))
            {
                let segment = view.segments.remove(0);
                bytes -= segment.bytes;
                removed.push(segment);
            }
        }
        for segment in removed {
            // An index that stays without its file is never read.
            let _ = fs::remove_file(segment.index_path());
            if let Err(error) = fs::remove_file(&segment.path) {
                tracing::warn!(file = %segment.path.display(), %error, "an old file of the event log stays");
            }
        }
    }

    /// Cuts off what is not durable.
    fn cut(&mut self) -> io::Result<()> {
        if self.torn {
            let bytes = self.durable();
            if self.file.metadata()?.len() != bytes {
                self.file.set_len(bytes)?;
                if self.rules.fsync {
                    self.file.sync_all()?;
                }
            }
            self.torn = false;
        }
        Ok(())
    }

    fn write(&mut self, batch: &Batch) -> io::Result<()> {
        self.torn = true;
        let begin = self.durable();
        segment::write(&self.file, &batch.bytes, begin)?;
        if self.rules.fsync {
            self.file.sync_data()?;
        }
        self.torn = false;
        let mut view = self.shared.view();
        let Some(last) = view.segments.last_mut() else { return Ok(()) };
        for (stamp, offset) in &batch.stamps {
            last.note(*stamp, begin + offset);
        }
        last.bytes = begin + u64::try_from(batch.bytes.len()).expect("memory is smaller than a disk");
        let newest = last.last;
        drop(view);
        self.shared.last.send_replace(newest);
        Ok(())
    }

    fn roll_if_full(&mut self) -> io::Result<()> {
        if self.durable() >= self.rules.segment { self.roll() } else { Ok(()) }
    }

    /// Finishes the newest file and begins another one.
    fn roll(&mut self) -> io::Result<()> {
        let finished = self.shared.view().segments.last().cloned();
        let Some(finished) = finished.filter(|segment| segment.last >= segment.base) else { return Ok(()) };
        self.file.sync_all()?;
        let (file, next) = Segment::create(&self.folder, finished.last + 1, finished.epoch)?;
        if let Err(error) = finished.save_index() {
            tracing::debug!(file = %finished.path.display(), %error, "an index is not kept");
        }
        self.file = file;
        self.shared.view().segments.push(next);
        Ok(())
    }

    fn durable(&self) -> u64 {
        self.shared.view().segments.last().map_or(0, |last| last.bytes)
    }
}

/// Records on their way to the disk.
struct Batch {
    bytes: Vec<u8>,
    /// What stands before each, and where it begins in `bytes`.
    stamps: Vec<(Stamp, u64)>,
    next: u64,
    salt: u32,
    now_ms: i64,
    failed: HashSet<std::sync::Arc<str>>,
}

impl Batch {
    fn new(segment: Option<&Segment>, now_ms: i64) -> Self {
        let (next, salt) = segment.map_or((1, 0), |segment| (segment.last + 1, segment.salt));
        Self { bytes: Vec::new(), stamps: Vec::new(), next, salt, now_ms, failed: HashSet::new() }
    }

    fn add(&mut self, event: &Event) -> Result<(), Refused> {
        if self.failed.contains(&event.key) {
            return Err(Refused::Behind);
        }
        let stamp = Stamp { seq: self.next, at_ms: self.now_ms, first: self.stamps.is_empty() };
        let offset = u64::try_from(self.bytes.len()).expect("memory is smaller than a disk");
        if !record::encode(stamp, event, self.salt, &mut self.bytes) {
            self.failed.insert(Arc::clone(&event.key));
            return Err(Refused::TooLarge);
        }
        self.stamps.push((stamp, offset));
        self.next += 1;
        Ok(())
    }
}

/// Returns the files of a topic, oldest first.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "seg") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn load(path: &Path, newest: bool) -> Result<Segment, String> {
    let loaded = Segment::open(path).and_then(|mut segment| {
        let torn = segment.load(newest)?;
        Ok((segment, torn))
    });
    match loaded {
        Ok((segment, None)) => Ok(segment),
        Ok((segment, Some(Damage { offset, why }))) => {
            tracing::warn!(file = %path.display(), offset, why, "the end of a file was not durable and is cut off");
            Ok(segment)
        }
        Err(trouble) => Err(describe(path, &trouble)),
    }
}

/// Says what is wrong with a file, and what to do.
pub(crate) fn describe(path: &Path, trouble: &Trouble) -> String {
    let file = path.display();
    match trouble {
        Trouble::Io(error) => format!("{file}: {error}"),
        Trouble::Damage(Damage { offset, why }) => {
            let folder = path.parent().unwrap_or(path).display();
            format!(
                "{file} is damaged at byte {offset}: {why}. Restore the file from a backup, or move the folder {folder} \
                 away to begin the topic anew"
            )
        }
    }
}

fn millis(age: std::time::Duration) -> u64 {
    u64::try_from(age.as_millis()).unwrap_or(u64::MAX)
}
