//! What happens to a file that was read: it is moved, deleted, or left.
//!
//! **Invariant.** A file is in one of the two places whenever the machine stops; one that is in the way is never written
//! over, and one that is not the file that was read is never touched.

use super::{Place, Store};
use crate::content::Stamp;
use adapters_ports::UnitEnd;
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
    store: Arc<dyn Store>,
    name: String,
    stamp: Stamp,
}

impl Finish {
    pub(super) fn new(place: Arc<Place>, store: Arc<dyn Store>, name: String, stamp: Stamp) -> Self {
        Self { place, store, name, stamp }
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
        match self.store.stamp(&self.name)? {
            Some(found) if found == self.stamp => {}
            Some(_) => return Err("it is another file now, and is left".into()),
            None => return Err("it is gone".into()),
        }
        match after {
            After::Leave => return Ok(()),
            After::Delete => self.store.delete(&self.name, self.stamp)?,
            After::Move(folder) => self
                .put(&self.name, self.stamp, &folder.join(&self.name))
                .map_err(|why| format!("it cannot be moved to {}: {why}", folder.display()))?,
        }
        self.end_marker(after);
        Ok(())
    }

    /// A marker goes with its file; where that fails it only lies there.
    fn end_marker(&self, after: &After) {
        let Some(marker) = self.place.ready.marker(&self.name) else { return };
        let ended = match (self.store.stamp(&marker), after) {
            (Ok(None), _) => return,
            (Ok(Some(stamp)), After::Move(folder)) => self.put(&marker, stamp, &folder.join(&marker)),
            (Ok(Some(stamp)), _) => self.store.delete(&marker, stamp),
            (Err(error), _) => Err(error),
        };
        if let Err(error) = ended {
            tracing::warn!(marker, error, "the marker of a file could not be put away");
        }
    }

    /// Moves a file, beside one of the same name if there is one.
    fn put(&self, name: &str, stamp: Stamp, first: &Path) -> Result<(), String> {
        for n in 0..SAME_NAME_MAX {
            let mut target = first.as_os_str().to_owned();
            if n > 0 {
                target.push(format!(".{n}"));
            }
            if self.store.put(name, stamp, Path::new(&target))? {
                return Ok(());
            }
        }
        Err("too many files have this name".into())
    }
}
