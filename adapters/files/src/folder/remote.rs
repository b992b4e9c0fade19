//! What all folders of other machines have in common: tries within bounds, bytes read ahead, faults in words.
//!
//! **Invariant.** Only what was never answered is tried again, and never without end.

use super::{no_listing, unreadable};
use crate::content::{Remote, Stamp, Trouble};
use bytes::Bytes;
use kernel::{Cause, Class, Error};
use std::fmt;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Pauses between tries.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(100),
    Duration::from_millis(300),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(3),
    Duration::from_secs(4),
];
/// After which time no further try begins, where a file would have to be begun again.
pub(super) const LONG: Duration = Duration::from_secs(15);
/// The same where nothing is lost, since whoever asks comes again by itself.
pub(super) const BRIEF: Duration = Duration::from_secs(2);

/// Why something could not be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// There was no answer, or the server asks to come again: worth another try.
    Lost(String),
    /// The server does not accept who we are, or is not the one that it should be.
    Denied(String),
    /// There is no such file.
    Gone,
    /// The file is another one now: how, in words.
    Changed(String),
    /// The server says no, in its words.
    Said(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(why) | Self::Denied(why) | Self::Changed(why) | Self::Said(why) => f.write_str(why),
            Self::Gone => f.write_str("it is not there"),
        }
    }
}

impl Fault {
    /// Returns the error of a listing.
    pub(super) fn of_folder(self, folder: impl fmt::Display) -> Error {
        match self {
            Self::Denied(why) => denied(why).with("folder", folder),
            other => no_listing(folder, other),
        }
    }

    /// Returns the error of an opening.
    pub(super) fn of_file(self, name: &str) -> Error {
        match self {
            Self::Denied(why) => denied(why).with("file", name),
            other => unreadable(name, other),
        }
    }

    fn trouble(self) -> Trouble {
        match self {
            Self::Gone => Trouble::Changed("it was removed or renamed".into()),
            Self::Changed(why) => Trouble::Changed(why),
            other => Trouble::Io(other.to_string()),
        }
    }
}

fn denied(why: String) -> Error {
    Error::new(Class::Auth, Cause::Unavailable, "the server of the files and we do not know one another")
        .with("reason", why)
}

/// Tries until there is an answer, within bounds; none begins later than `tried_max` from now.
pub(super) fn patiently<T>(
    tried_max: Duration,
    mut work: impl FnMut() -> Result<T, Fault>,
) -> Result<T, Fault> {
    let begun = Instant::now();
    for pause in PAUSES {
        match work() {
            Err(Fault::Lost(why)) if begun.elapsed() + pause < tried_max => {
                tracing::debug!(why, "the server of the files is asked again");
                std::thread::sleep(pause);
            }
            other => return other,
        }
    }
    work()
}

/// Waits for an answer, in a thread that may.
pub(super) fn wait<T>(limit: Duration, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    let runtime = Handle::try_current().map_err(|error| Fault::Said(error.to_string()))?;
    let late = || Fault::Lost(format!("no answer in {} s", limit.as_secs_f32()));
    runtime.block_on(async { tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(late())) })
}

/// Gives ranges of a file that was found.
pub(super) trait Ranges: fmt::Debug + Send + Sync {
    /// Returns what it was when it was found.
    fn stamp(&self) -> Stamp;

    /// Returns bytes of the very file that was found, as many as are asked for.
    fn range(&mut self, at: u64, length: usize) -> Result<Bytes, Fault>;

    /// Makes sure that it is the file that was found.
    fn still(&mut self) -> Result<(), Fault>;
}

/// A file whose bytes are read a little ahead.
#[derive(Debug)]
pub(super) struct Ahead<R> {
    file: R,
    step_bytes: usize,
    at: u64,
    bytes: Bytes,
}

impl<R: Ranges> Ahead<R> {
    /// Starts; `step_bytes` are read at once.
    pub(super) fn new(file: R, step_bytes: usize) -> Self {
        Self { file, step_bytes, at: 0, bytes: Bytes::new() }
    }

    fn known(&self, at: u64, wanted: usize) -> Option<&[u8]> {
        let from = usize::try_from(at.checked_sub(self.at)?).ok()?;
        self.bytes.get(from..from.checked_add(wanted)?)
    }
}

impl<R: Ranges> Remote for Ahead<R> {
    fn stamp(&self) -> Stamp {
        self.file.stamp()
    }

    fn read(&mut self, at: u64, wanted: usize, into: &mut Vec<u8>) -> Result<(), Trouble> {
        if self.known(at, wanted).is_none() {
            let left = self.file.stamp().size.saturating_sub(at);
            let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.step_bytes).max(wanted);
            // Only one step is held at once.
            self.bytes = Bytes::new();
            self.bytes = self.file.range(at, length).map_err(Fault::trouble)?;
            self.at = at;
        }
        match self.known(at, wanted) {
            Some(bytes) => {
                into.extend_from_slice(bytes);
                Ok(())
            }
            None => {
                let (size, end) = (self.file.stamp().size, at.saturating_add(wide(self.bytes.len())));
                Err(Trouble::Changed(format!("it had {size} bytes, and ends after {end} now")))
            }
        }
    }

    fn still(&mut self) -> Result<(), Trouble> {
        self.file.still().map_err(Fault::trouble)
    }
}

/// Says how a file differs from what it was.
pub(super) fn same(was: Stamp, now: Stamp) -> Result<(), Fault> {
    let (old, new) = (was.size, now.size);
    let changed = |message: String| Err(Fault::Changed(message));
    match new.cmp(&old) {
        std::cmp::Ordering::Less => changed(format!("it had {old} bytes, and has {new} now")),
        std::cmp::Ordering::Greater => changed(format!("it had {old} bytes, and grew to {new}")),
        std::cmp::Ordering::Equal if was != now => {
            changed("it was written to, or another file took its place".into())
        }
        std::cmp::Ordering::Equal => Ok(()),
    }
}

pub(super) fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
