//! A folder of files: what is there, what is ready, what happens to a file that was read.
//!
//! **Invariant.** Only regular files below the folder are read; no file is ever written over.

mod finish;
mod glob;
mod ready;

pub(crate) use finish::{After, Finish};
pub(crate) use glob::Glob;
pub(crate) use ready::Ready;

use crate::content::{Blocks, Origin, Stamp};
use adapters_ports::{Listing, UnitRef};
use kernel::{Cause, Class, Error};
use ready::{Seen, Verdict};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Most files of a listing.
const FILES_MAX: usize = 100_000;
/// Most folders below one another.
const DEPTH_MAX: usize = 32;

/// In which order files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Order {
    /// By name.
    #[default]
    Name,
    /// Those first that were written to first.
    Time,
    /// Small ones first.
    Size,
    /// Large ones first.
    Largest,
}

/// Where files are, and what is done with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder in front of all wildcards.
    pub folder: PathBuf,
    /// The names below it.
    pub glob: Glob,
    /// When a file is ready.
    pub ready: Ready,
    /// Their order.
    pub order: Order,
    /// What happens to a file that was read.
    pub done: After,
    /// Where a file goes that is refused; it stays where it is without.
    pub failed: Option<PathBuf>,
}

/// A folder on a disk.
#[derive(Debug)]
pub(crate) struct Folder {
    place: Arc<Place>,
    /// What was seen of files that are not ready yet.
    seen: Mutex<HashMap<String, Seen>>,
}

/// A file that was found.
#[derive(Debug)]
struct FoundFile {
    name: String,
    path: PathBuf,
    stamp: Stamp,
}

impl Order {
    /// The words of mappings.
    pub(crate) const WORDS: [(&'static str, Self); 4] =
        [("name", Self::Name), ("time", Self::Time), ("size", Self::Size), ("largest", Self::Largest)];
}

impl Folder {
    /// Starts; nothing is read before it is listed.
    pub(crate) fn new(place: Place) -> Self {
        Self { place: Arc::new(place), seen: Mutex::default() }
    }

    /// Lists the files.
    ///
    /// # Errors
    /// The folder cannot be read, or has too many files.
    pub(crate) fn list(&self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        let mut files = Vec::new();
        let mut walk = Walk { place: &self.place, files: &mut files, waiting: &mut listing.waiting };
        let walked = walk.folder(&self.place.folder, "", 0);
        walked.map_err(|why| {
            Error::new(Class::Transient, Cause::Unavailable, "the folder cannot be read")
                .with("folder", self.place.folder.display())
                .with("reason", why)
        })?;
        self.sort(&mut files);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut still = HashMap::new();
        let manifests = self.place.ready.manifests(&self.place.folder);
        for file in files {
            let before = seen.remove(&file.name);
            let (verdict, now) =
                self.place.ready.judge(&file.name, &file.path, file.stamp, before, &manifests);
            still.extend(now.map(|now| (file.name.clone(), now)));
            match verdict {
                Verdict::Ready => {
                    listing.ready.push(UnitRef { name: file.name.into(), stamp: shown(file.stamp).into() });
                }
                Verdict::Waiting(why) => listing.waiting.push((file.name.into(), why)),
                Verdict::NoData => {}
            }
        }
        *seen = still;
        Ok(listing)
    }

    /// Returns how long it is until the next file is ready of those that only have to stay as they are.
    pub(crate) fn due(&self) -> Option<Duration> {
        let Ready::Stable(time) = self.place.ready else { return None };
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What was due before has been listed as ready.
        seen.values().map(|seen| seen.left(time)).filter(|left| !left.is_zero()).min()
    }

    fn sort(&self, files: &mut [FoundFile]) {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        match self.place.order {
            Order::Name => {}
            Order::Time => files.sort_by_key(|file| file.stamp.written),
            Order::Size => files.sort_by_key(|file| file.stamp.size),
            Order::Largest => files.sort_by_key(|file| Reverse(file.stamp.size)),
        }
    }

    /// Opens a file that was listed.
    ///
    /// # Errors
    /// It is gone, cannot be read, or is another one now.
    pub(crate) fn open(&self, unit: &UnitRef) -> Result<(Blocks, Finish), Error> {
        let refuse = |why: String| {
            Error::new(Class::Transient, Cause::Unavailable, "the file cannot be read")
                .with("file", &unit.name)
                .with("reason", why)
        };
        if unit.name.split('/').any(|step| matches!(step, "" | "." | "..")) {
            return Err(refuse("its name leads out of the folder".into()));
        }
        let path = self.place.folder.join(&*unit.name);
        let file = File::open(&path).map_err(|error| refuse(error.to_string()))?;
        let found = file.metadata().map_err(|error| refuse(error.to_string()))?;
        if !found.is_file() {
            return Err(refuse("it is no regular file".into()));
        }
        leads_out(&self.place.folder, &path).map_or(Ok(()), |why| Err(refuse(why)))?;
        let stamp = Stamp::of(&found);
        if shown(stamp) != *unit.stamp {
            return Err(refuse("it changed since it was listed".into()));
        }
        let finish = Finish::new(Arc::clone(&self.place), unit.name.to_string(), path.clone(), stamp);
        Ok((Blocks::new(Origin::File { file, path, stamp }), finish))
    }
}

fn shown(stamp: Stamp) -> String {
    let Stamp { size, written: (seconds, nanoseconds), file: (_, number) } = stamp;
    format!("{size}-{seconds}.{nanoseconds:09}-{number}")
}

/// Returns why a path is not to be followed: a link that leads out of the folder.
fn leads_out(folder: &Path, path: &Path) -> Option<String> {
    match (fs::canonicalize(folder), fs::canonicalize(path)) {
        (Ok(folder), Ok(real)) if real.starts_with(&folder) => None,
        (Ok(_), Ok(_)) => Some("it is a link that leads out of the folder".into()),
        (Err(error), _) | (_, Err(error)) => Some(error.to_string()),
    }
}

/// Looks for files in a folder and below it.
struct Walk<'a> {
    place: &'a Place,
    files: &'a mut Vec<FoundFile>,
    waiting: &'a mut Vec<(Arc<str>, String)>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), String> {
        if depth > DEPTH_MAX {
            return Err(format!("folders are more than {DEPTH_MAX} deep"));
        }
        for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
            let entry = entry.map_err(|error| error.to_string())?;
            let Some(name) = entry.file_name().to_str().map(|name| format!("{below}{name}")) else {
                let name = entry.file_name().to_string_lossy().into_owned();
                self.waiting.push((name.into(), "its name is no UTF-8".into()));
                continue;
            };
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            if kind.is_dir() {
                if self.place.glob.leads_to(&name) && !self.is_put_away(&path) {
                    self.folder(&path, &format!("{name}/"), depth + 1)?;
                }
            } else if self.place.glob.matches(&name) {
                self.file(name, path, kind.is_symlink());
            }
            if self.files.len() > FILES_MAX {
                return Err(format!("it has more than {FILES_MAX} files"));
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, path: PathBuf, is_link: bool) {
        let out = if is_link { leads_out(&self.place.folder, &path) } else { None };
        match (fs::metadata(&path), out) {
            (_, Some(why)) => self.waiting.push((name.into(), why)),
            // It was put away or renamed while the folder was listed.
            (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => {}
            (Err(error), _) => self.waiting.push((name.into(), error.to_string())),
            (Ok(found), _) if !found.is_file() => {
                self.waiting.push((name.into(), "it is no regular file".into()));
            }
            (Ok(found), _) => match File::open(&path) {
                Ok(_) => self.files.push(FoundFile { name, path, stamp: Stamp::of(&found) }),
                Err(error) => self.waiting.push((name.into(), error.to_string())),
            },
        }
    }

    /// Whether a folder holds what was read already.
    fn is_put_away(&self, path: &Path) -> bool {
        let is = |folder: &Path| path.starts_with(folder);
        matches!(&self.place.done, After::Move(folder) if is(folder))
            || self.place.failed.as_deref().is_some_and(is)
    }
}

#[cfg(test)]
mod tests;
