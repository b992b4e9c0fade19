//! A folder of this machine.
//!
//! **Invariant.** A file is in one of the two places whenever the machine stops while it is moved.

use super::store::{Found, FoundFile, Store};
use super::{DEPTH_MAX, FILES_MAX, Place, no_listing, unreadable};
use crate::content::{Origin, Stamp};
use kernel::Error;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A folder of this machine.
#[derive(Debug)]
pub(crate) struct Local {
    root: PathBuf,
}

impl Local {
    /// Starts; nothing is read yet.
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }
}

impl Store for Local {
    fn list(&self, place: &Place) -> Result<Found, Error> {
        let mut found = Found::default();
        let mut walk = Walk { place, root: &self.root, found: &mut found };
        walk.folder(&self.root, "", 0).map_err(|why| no_listing(self.root.display(), why))?;
        Ok(found)
    }

    fn open(&self, name: &str) -> Result<(Stamp, Origin), Error> {
        let path = self.root.join(name);
        let file = File::open(&path).map_err(|error| unreadable(name, error))?;
        let found = file.metadata().map_err(|error| unreadable(name, error))?;
        if !found.is_file() {
            return Err(unreadable(name, "it is no regular file"));
        }
        leads_out(&self.root, &path).map_or(Ok(()), |why| Err(unreadable(name, why)))?;
        let stamp = Stamp::of(&found);
        Ok((stamp, Origin::File { file, path, stamp }))
    }

    fn stamp(&self, name: &str) -> Result<Option<Stamp>, String> {
        match fs::metadata(self.root.join(name)) {
            Ok(found) => Ok(Some(Stamp::of(&found))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    fn small(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, String> {
        let path = self.root.join(name);
        let size = fs::metadata(&path).map_err(|error| error.to_string())?.len();
        if size > bytes_max {
            return Err(format!("it has {size} bytes, and at most {bytes_max} are read"));
        }
        fs::read(&path).map_err(|error| error.to_string())
    }

    fn delete(&self, name: &str, _: Stamp) -> Result<(), String> {
        let path = self.root.join(name);
        fs::remove_file(&path).map_err(|error| error.to_string())?;
        sync(path.parent());
        Ok(())
    }

    fn put(&self, name: &str, _: Stamp, target: &Path) -> Result<bool, String> {
        let from = self.root.join(name);
        let words = |error: io::Error| error.to_string();
        let is_link = fs::symlink_metadata(&from).map_err(words)?.is_symlink();
        target.parent().map_or(Ok(()), fs::create_dir_all).map_err(words)?;
        match move_to(&from, target, is_link) {
            Ok(()) => {
                sync(target.parent());
                sync(from.parent());
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(words(error)),
        }
    }

    fn is_here(&self) -> bool {
        true
    }

    fn tells_age(&self) -> bool {
        true
    }
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
    root: &'a Path,
    found: &'a mut Found,
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
                self.found.waiting.push((name.into(), "its name is no UTF-8".into()));
                continue;
            };
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| error.to_string())?;
            if kind.is_dir() {
                if self.place.glob.leads_to(&name) && !self.place.is_put_away(&path) {
                    self.folder(&path, &format!("{name}/"), depth + 1)?;
                }
                continue;
            }
            if self.place.ready.is_sign(&name)
                && let Some(sign) = fs::metadata(&path).ok().filter(fs::Metadata::is_file)
            {
                self.found.signs.insert(name.clone(), Stamp::of(&sign));
            }
            if self.place.glob.matches(&name) {
                self.file(name, &path, kind.is_symlink());
            }
            if self.found.files.len() > FILES_MAX || self.found.signs.len() > FILES_MAX {
                return Err(format!("it has more than {FILES_MAX} files"));
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, path: &Path, is_link: bool) {
        let out = if is_link { leads_out(self.root, path) } else { None };
        match (fs::metadata(path), out) {
            (_, Some(why)) => self.found.waiting.push((name.into(), why)),
            // It was put away or renamed while the folder was listed.
            (Err(error), _) if error.kind() == std::io::ErrorKind::NotFound => {}
            (Err(error), _) => self.found.waiting.push((name.into(), error.to_string())),
            (Ok(found), _) if !found.is_file() => {
                self.found.waiting.push((name.into(), "it is no regular file".into()));
            }
            (Ok(found), _) => match File::open(path) {
                Ok(_) => self.found.files.push(FoundFile { name, stamp: Stamp::of(&found) }),
                Err(error) => self.found.waiting.push((name.into(), error.to_string())),
            },
        }
    }
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
