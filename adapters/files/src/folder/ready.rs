//! When a file is ready: nobody writes to it any more.
//!
//! **Invariant.** A file is ready by the rule that the mapping chose, never by luck; the reason why not is told.

use crate::content::Stamp;
use crate::folder::{Glob, Store};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Most bytes of a manifest.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;

/// When a file is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ready {
    /// Nobody has written to it for so long.
    Stable(Duration),
    /// Another file is there, whose name is made of its own: `{name}` is the whole name, `{stem}` that without ending.
    Marker(String),
    /// It does not have the name that files have while they are written.
    Renamed(Glob),
    /// A file that lists it is there.
    Manifest(Glob),
    /// As soon as it is there.
    Now,
}

/// What was seen of a file before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    stamp: Stamp,
    since: Instant,
}

impl Seen {
    /// Returns how long it has yet to stay as it is.
    pub(crate) fn left(&self, time: Duration) -> Duration {
        time.saturating_sub(self.since.elapsed())
    }
}

/// Whether a file is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Ready,
    Waiting(String),
    /// It only says something of other files.
    NoData,
}

/// What files say of others: the names of markers; what manifests list.
#[derive(Debug, Default)]
pub(crate) struct Signs {
    names: HashSet<String>,
    read: BTreeMap<String, Read>,
    listed: HashMap<Arc<str>, Option<u64>>,
}

/// The lines of a manifest: names, with sizes where it says them.
type Lines = Vec<(Arc<str>, Option<u64>)>;

/// A manifest that was read.
#[derive(Debug)]
struct Read {
    stamp: Stamp,
    lines: Result<Lines, String>,
}

impl Ready {
    /// Whether a file says something of others: a marker, or a manifest of the folder.
    pub(crate) fn is_sign(&self, name: &str) -> bool {
        match self {
            Self::Marker(_) => self.is_marker(last(name)),
            Self::Manifest(glob) => !name.contains('/') && glob.matches(name),
            Self::Stable(_) | Self::Renamed(_) | Self::Now => false,
        }
    }

    /// Reads what files say of others. What was read before and is the same now is not read again.
    pub(crate) fn signs(&self, found: HashMap<String, Stamp>, before: Signs, store: &dyn Store) -> Signs {
        let mut signs = Signs::default();
        if let Self::Manifest(_) = self {
            let mut read = before.read;
            for (name, stamp) in &found {
                let known = read.remove(name).filter(|known| known.stamp == *stamp && known.lines.is_ok());
                let known = known.unwrap_or_else(|| Read {
                    stamp: *stamp,
                    lines: store.small(name, MANIFEST_BYTES_MAX).and_then(manifest),
                });
                signs.listed.extend(known.lines.iter().flatten().cloned());
                signs.read.insert(name.clone(), known);
            }
        }
        Signs { names: found.into_keys().collect(), ..signs }
    }

    /// Returns the name of the file that says that a file is ready.
    pub(crate) fn marker(&self, name: &str) -> Option<String> {
        let Self::Marker(pattern) = self else { return None };
        let path = Path::new(name);
        let stem = path.file_stem()?.to_str()?;
        let marker = pattern.replace("{name}", path.file_name()?.to_str()?).replace("{stem}", stem);
        Some(path.with_file_name(marker).to_str()?.to_owned())
    }

    /// Judges a file. What is returned beside the verdict is to be given at the next time; beside it, whether the clock
    /// of this machine tells how old files are.
    pub(crate) fn judge(
        &self,
        name: &str,
        stamp: Stamp,
        before: (Option<Seen>, bool),
        signs: &Signs,
    ) -> (Verdict, Option<Seen>) {
        let verdict = match self {
            Self::Stable(time) => return stable(*time, stamp, before),
            Self::Now => Verdict::Ready,
            Self::Marker(_) if self.is_marker(last(name)) => Verdict::NoData,
            Self::Marker(_) => match self.marker(name) {
                Some(marker) if signs.names.contains(&marker) => Verdict::Ready,
                Some(marker) => Verdict::Waiting(format!("{} is not there", last(&marker))),
                None => Verdict::Waiting("it has no name to make that of its marker".into()),
            },
            Self::Renamed(glob) if glob.matches(name) || glob.matches(last(name)) => {
                Verdict::Waiting("it is still written: it is not renamed yet".into())
            }
            Self::Renamed(_) => Verdict::Ready,
            Self::Manifest(glob) if glob.matches(name) => Verdict::NoData,
            Self::Manifest(_) => signs.judge(name, stamp.size),
        };
        (verdict, None)
    }

    /// Whether a file is the marker of another one that is there.
    fn is_marker(&self, name: &str) -> bool {
        let Self::Marker(pattern) = self else { return false };
        let Some((front, behind)) = pattern.split_once("{name}").or_else(|| pattern.split_once("{stem}"))
        else {
            return name == pattern;
        };
        let middle = name.strip_prefix(front).and_then(|name| name.strip_suffix(behind));
        middle.is_some_and(|middle| !middle.is_empty())
    }
}

impl Signs {
    fn judge(&self, name: &str, size: u64) -> Verdict {
        let listed = self.listed.get(name).or_else(|| self.listed.get(last(name)));
        let wrong = self.read.iter().find_map(|(name, read)| Some((name, read.lines.as_ref().err()?)));
        match (listed, wrong) {
            (Some(Some(wanted)), _) if *wanted != size => {
                Verdict::Waiting(format!("it has {size} bytes, and its manifest says {wanted}"))
            }
            (Some(_), _) => Verdict::Ready,
            (None, Some((manifest, why))) => {
                Verdict::Waiting(format!("no manifest lists it; {manifest}: {why}"))
            }
            (None, None) => Verdict::Waiting("no manifest lists it".into()),
        }
    }
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Judges by time: since it was seen so first, or since it was written to by the clock of this machine, where that
/// tells the age of files.
fn stable(
    time: Duration,
    stamp: Stamp,
    (before, tells_age): (Option<Seen>, bool),
) -> (Verdict, Option<Seen>) {
    let now = Instant::now();
    let since = match before {
        Some(seen) if seen.stamp == stamp => seen.since,
        _ => now,
    };
    let seconds = u64::try_from(stamp.written.0).unwrap_or(0);
    let written = UNIX_EPOCH.checked_add(Duration::from_secs(seconds.saturating_add(1)));
    let quiet =
        written.filter(|_| tells_age).and_then(|written| SystemTime::now().duration_since(written).ok());
    if now.duration_since(since) >= time || quiet.is_some_and(|quiet| quiet >= time) {
        return (Verdict::Ready, Some(Seen { stamp, since }));
    }
    let why = match before {
        Some(seen) if seen.stamp != stamp => "its size or time still changes".to_owned(),
        _ => format!("it has to stay as it is for {} s", time.as_secs_f32()),
    };
    (Verdict::Waiting(why), Some(Seen { stamp, since }))
}

/// Reads a manifest: a name a line; its size may stand in front or behind, after blanks, a comma or a semicolon.
fn manifest(bytes: Vec<u8>) -> Result<Lines, String> {
    let text = String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())?;
    let mut listed = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty()).collect();
        let number = |word: &str| word.parse::<u64>().ok();
        listed.push(match words.as_slice() {
            [name] => (Arc::from(*name), None),
            [name, size] if number(size).is_some() => (Arc::from(*name), number(size)),
            [size, name] if number(size).is_some() => (Arc::from(*name), number(size)),
            _ => return Err(format!("line {} is no name with a size", n + 1)),
        });
    }
    Ok(listed)
}
