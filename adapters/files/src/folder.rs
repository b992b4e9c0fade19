//! A folder of files: what is there, what is ready, what happens to a file that was read.
//!
//! **Invariant.** Only regular files below the folder are read; no file is ever written over.

mod finish;
mod glob;
mod local;
mod ready;
#[cfg(any(feature = "sftp", feature = "s3"))]
mod remote;
#[cfg(feature = "s3")]
pub(crate) mod s3;
#[cfg(feature = "sftp")]
pub(crate) mod sftp;
mod store;

pub(crate) use finish::{After, Finish};
pub(crate) use glob::Glob;
pub(crate) use local::Local;
pub(crate) use ready::Ready;
pub(crate) use store::Store;

use crate::content::{Blocks, Stamp};
use adapters_ports::{Listing, UnitRef};
use kernel::{Cause, Class, Error};
use ready::{Seen, Signs, Verdict};
use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use store::FoundFile;

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

/// A folder of files, wherever it is.
#[derive(Debug)]
pub(crate) struct Folder {
    place: Arc<Place>,
    store: Arc<dyn Store>,
    noted: Mutex<Noted>,
}

/// What is kept from one listing to the next.
#[derive(Debug, Default)]
struct Noted {
    /// What was seen of files that are not ready yet.
    seen: HashMap<String, Seen>,
    /// What files said of others.
    signs: Signs,
}

impl Order {
    /// The words of mappings.
    pub(crate) const WORDS: [(&'static str, Self); 4] =
        [("name", Self::Name), ("time", Self::Time), ("size", Self::Size), ("largest", Self::Largest)];
}

impl Folder {
    /// Starts; nothing is read before it is listed.
    pub(crate) fn new(place: Place, store: Arc<dyn Store>) -> Self {
        Self { place: Arc::new(place), store, noted: Mutex::default() }
    }

    /// Returns what may be watched: the place, if it is on this machine.
    pub(crate) fn watchable(&self) -> Option<&Place> {
        self.store.is_here().then_some(&*self.place)
    }

    /// Lists the files.
    ///
    /// # Errors
    /// The folder cannot be read, or has too many files.
    pub(crate) fn list(&self) -> Result<Listing, Error> {
        let mut found = self.store.list(&self.place)?;
        let mut listing = Listing { waiting: found.waiting, ..Listing::default() };
        self.sort(&mut found.files);
        let tells_age = self.store.tells_age();
        let mut noted = self.noted.lock().unwrap_or_else(PoisonError::into_inner);
        let Noted { mut seen, signs } = std::mem::take(&mut *noted);
        let signs = self.place.ready.signs(found.signs, signs, &*self.store);
        let mut still = HashMap::new();
        for file in found.files {
            let before = (seen.remove(&file.name), tells_age);
            let (verdict, now) = self.place.ready.judge(&file.name, file.stamp, before, &signs);
            still.extend(now.map(|now| (file.name.clone(), now)));
            match verdict {
                Verdict::Ready => {
                    listing.ready.push(UnitRef { name: file.name.into(), stamp: shown(file.stamp).into() });
                }
                Verdict::Waiting(why) => listing.waiting.push((file.name.into(), why)),
                Verdict::NoData => {}
            }
        }
        *noted = Noted { seen: still, signs };
        Ok(listing)
    }

    /// Returns how long it is until the next file is ready of those that only have to stay as they are.
    pub(crate) fn due(&self) -> Option<Duration> {
        let Ready::Stable(time) = self.place.ready else { return None };
        let seen = &self.noted.lock().unwrap_or_else(PoisonError::into_inner).seen;
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
        let refuse = |why: String| unreadable(&unit.name, why);
        if unit.name.split('/').any(|step| matches!(step, "" | "." | "..")) {
            return Err(refuse("its name leads out of the folder".into()));
        }
        let (stamp, origin) = self.store.open(&unit.name)?;
        if shown(stamp) != *unit.stamp {
            return Err(refuse("it changed since it was listed".into()));
        }
        let (place, store) = (Arc::clone(&self.place), Arc::clone(&self.store));
        let finish = Finish::new(place, store, unit.name.to_string(), stamp);
        Ok((Blocks::new(origin), finish))
    }
}

fn shown(stamp: Stamp) -> String {
    let Stamp { size, written: (seconds, nanoseconds), file: (_, number) } = stamp;
    format!("{size}-{seconds}.{nanoseconds:09}-{number}")
}

/// The error for a file that cannot be read for the moment.
fn unreadable(name: &str, why: impl std::fmt::Display) -> Error {
    Error::new(Class::Transient, Cause::Unavailable, "the file cannot be read")
        .with("file", name)
        .with("reason", why)
}

/// The error for a folder that cannot be read.
fn no_listing(folder: impl std::fmt::Display, why: impl std::fmt::Display) -> Error {
    Error::new(Class::Transient, Cause::Unavailable, "the folder cannot be read")
        .with("folder", folder)
        .with("reason", why)
}

impl Place {
    /// Whether a folder holds what was read already.
    fn is_put_away(&self, path: &Path) -> bool {
        let is = |folder: &Path| path.starts_with(folder);
        matches!(&self.done, After::Move(folder) if is(folder)) || self.failed.as_deref().is_some_and(is)
    }
}

#[cfg(test)]
mod tests;
