//! Folders of the disk and texts as the files of a project, and where the shared fixtures are.
//!
//! **Invariant.** No path of one machine: fixtures are found by `SEAWALL_SHARED` or beside the workspace.

use adapters_ports::Files;
use std::collections::HashMap;
use std::path::PathBuf;

/// The files below a folder.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Returns the files below `root`.
    #[allow(dead_code, reason = "not every suite that shares this file reads fixtures")]
    pub(crate) fn new(root: PathBuf) -> Self {
        Self(root)
    }
}

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|error| error.to_string())
    }
}

/// Files that exist in the test only.
#[derive(Debug, Default)]
pub(crate) struct Texts(HashMap<String, String>);

impl Texts {
    /// Returns files by path and text.
    #[allow(dead_code, reason = "not every suite that shares this file has texts of its own")]
    pub(crate) fn new<const N: usize>(files: [(&str, String); N]) -> Self {
        Self(files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect())
    }
}

impl Files for Texts {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0
            .get(path)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| "there is no such file".to_owned())
    }
}

/// Returns a folder of the shared fixtures, or says aloud that it is missing.
#[allow(dead_code, reason = "not every suite that shares this file reads fixtures")]
pub(crate) fn shared(folder: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("SEAWALL_SHARED") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    let found = root.join(folder);
    if found.is_dir() {
        return Some(found);
    }
    eprintln!("SKIPPED: {} is missing; set SEAWALL_SHARED to the folder of shared fixtures", found.display());
    None
}
