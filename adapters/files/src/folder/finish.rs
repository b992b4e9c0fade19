//! What happens to a file that was read: it is moved, deleted, or left.
//!
//! **Invariant.** A file is in one of the two places whenever the machine stops; one that is in the way is never written
//! over, and one that is not the file that was read is never touched.

use super::Place;
use crate::content::Stamp;
use adapters_ports::UnitEnd;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Most files of one name.
const SAME_NAME_MAX: u32 = 100_000;

/// What happens to a file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum After {
    /// It stays where it is, and is known by its content.
    #[default]
    Leave,
    /// It is deleted.
    Delete,
    /// It is moved into this folder.
    Move(PathBuf),
}

/// Ends the reading of one file.
#[derive(Debug)]
pub(crate) struct Finish {
    place: Arc<Place>,
    name: String,
    path: PathBuf,
    stamp: Stamp,
}

impl Finish {
    pub(super) fn new(place: Arc<Place>, name: String, path: PathBuf, stamp: Stamp) -> Self {
        Self { place, name, path, stamp }
    }

    /// Does what the mapping says.
    ///
    /// # Errors
    /// In words: it could not be done.
    pub(crate) fn end(self, how: UnitEnd) -> Result<(), String> {
        let after = match how {
            UnitEnd::Left => return Ok(()),
            UnitEnd::Settled | UnitEnd::Duplicate => &self.place.done,
            UnitEnd::Refused => match &self.place.failed {
                Some(folder) => &After::Move(folder.clone()),
                None => return Ok(()),
            },
        };
        if *after == After::Leave {
            return Ok(());
        }
        let found = fs::symlink_metadata(&self.path).map_err(|error| error.to_string())?;
        let real = fs::metadata(&self.path).map_err(|error| error.to_string())?;
        if Stamp::of(&real) != self.stamp {
            return Err("it is another file now, and is left".into());
        }
        match after {
            After::Leave => return Ok(()),
            After::Delete => fs::remove_file(&self.path).map_err(|error| error.to_string())?,
            After::Move(folder) => {
                put(&self.path, folder, &self.name, found.is_symlink())
                    .map_err(|error| format!("it cannot be moved to {}: {error}", folder.display()))?;
            }
        }
        sync(self.path.parent());
        self.end_marker(after);
        Ok(())
    }

    /// A marker goes with its file; where that fails it only lies there.
    fn end_marker(&self, after: &After) {
        let Some(marker) = self.place.ready.marker(&self.path).filter(|marker| marker.is_file()) else {
            return;
        };
        let ended = match (after, marker.file_name().and_then(|name| name.to_str())) {
            (After::Move(folder), Some(name)) => {
                let below =
                    self.name.rsplit_once('/').map_or(String::new(), |(below, _)| format!("{below}/"));
                put(&marker, folder, &format!("{below}{name}"), false)
            }
            _ => fs::remove_file(&marker),
        };
        if let Err(error) = ended {
            tracing::warn!(marker = %marker.display(), %error, "the marker of a file could not be put away");
        }
    }
}

/// Moves a file into a folder, beside one of the same name if there is one.
fn put(from: &Path, folder: &Path, name: &str, is_link: bool) -> io::Result<()> {
    let first = folder.join(name);
    let parent = first.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    for n in 0..SAME_NAME_MAX {
        let mut target = first.clone().into_os_string();
        if n > 0 {
            target.push(format!(".{n}"));
        }
        let target = PathBuf::from(target);
        match move_to(from, &target, is_link) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            moved => {
                sync(Some(parent));
                return moved;
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files have this name"))
}

/// Moves a file to a path where nothing is.
fn move_to(from: &Path, target: &Path, is_link: bool) -> io::Result<()> {
    if !is_link {
        // A second name is made first, which fails where something has it; a plain renaming would write over that.
        match fs::hard_link(from, target) {
            Ok(()) => {
                sync(target.parent());
                return fs::remove_file(from);
            }
            // The machine stopped after the second name was made.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_same(from, target) => {
                return fs::remove_file(from);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error),
            // Another disk, or one that knows no second names.
            Err(_) => {}
        }
    }
    copy_to(from, target)?;
    sync(target.parent());
    fs::remove_file(from)
}

fn is_same(a: &Path, b: &Path) -> bool {
    match (fs::metadata(a), fs::metadata(b)) {
        (Ok(a), Ok(b)) => Stamp::of(&a) == Stamp::of(&b),
        _ => false,
    }
}

fn copy_to(from: &Path, target: &Path) -> io::Result<()> {
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // The name is taken first, so that nobody else takes it meanwhile.
    OpenOptions::new().write(true).create_new(true).open(target)?;
    let copied = File::open(from).and_then(|mut source| {
        let mut copy = File::create(&part)?;
        io::copy(&mut source, &mut copy)?;
        copy.sync_all()?;
        fs::rename(&part, target)
    });
    if copied.is_err() {
        let _ = fs::remove_file(&part);
        let _ = fs::remove_file(target);
    }
    copied
}

/// Makes names durable; where a file system cannot, nothing is lost but the move.
fn sync(folder: Option<&Path>) {
    if let Some(folder) = folder
        && let Err(error) = File::open(folder).and_then(|folder| folder.sync_all())
    {
        tracing::debug!(folder = %folder.display(), %error, "a folder could not be synchronised");
    }
}
