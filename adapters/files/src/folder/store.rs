//! Where files are kept: one interface for a folder of this machine and for those of others.
//!
//! **Invariant.** A store touches the file that it is asked for if that is the one that was found, and writes over none.

use super::Place;
use crate::content::{Origin, Stamp};
use kernel::Error;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// A place where files are kept. Names are paths below the folder that it was made for.
///
/// Its methods may take a while, so they are called by threads that may wait.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Lists the files that a place means.
    ///
    /// # Errors
    /// The folder cannot be read, or has too many files.
    fn list(&self, place: &Place) -> Result<Found, Error>;

    /// Opens a file.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    fn open(&self, name: &str) -> Result<(Stamp, Origin), Error>;

    /// Returns the stamp of a file; nothing if there is none of this name.
    ///
    /// # Errors
    /// In words: it cannot be known.
    fn stamp(&self, name: &str) -> Result<Option<Stamp>, String>;

    /// Reads a small file.
    ///
    /// # Errors
    /// In words: it cannot be read, or is larger than that.
    fn small(&self, name: &str, bytes_max: u64) -> Result<Vec<u8>, String>;

    /// Deletes a file.
    ///
    /// # Errors
    /// In words: it could not be done.
    fn delete(&self, name: &str, stamp: Stamp) -> Result<(), String>;

    /// Moves a file to a path where nothing is; false if something is there.
    ///
    /// # Errors
    /// In words: it could not be done.
    fn put(&self, name: &str, stamp: Stamp, target: &Path) -> Result<bool, String>;

    /// Whether it is a folder of this machine.
    fn is_here(&self) -> bool;

    /// Whether a file that was not written to for a while is complete, by the clock of this machine.
    fn tells_age(&self) -> bool;
}

/// What a listing found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files that are meant.
    pub files: Vec<FoundFile>,
    /// Names of those that cannot be read, and why.
    pub waiting: Vec<(Arc<str>, String)>,
    /// All files that say something of others, if the place asks for them.
    pub signs: HashMap<String, Stamp>,
}

/// A file that was found.
#[derive(Debug)]
pub(crate) struct FoundFile {
    pub name: String,
    pub stamp: Stamp,
}
