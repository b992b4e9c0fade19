//! Where shared fixtures lie, and a loud word where they do not.
//!
//! **Invariant.** A test that finds no fixtures says `SKIPPED`; it never passes in silence.

use std::path::{Path, PathBuf};

/// Returns the root of this repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests stand one below the root").to_path_buf()
}

/// Returns a path in the shared folder: `SEAWALL_SHARED`, else `../shared` from the root.
///
/// Prints a loud line and returns nothing where it is missing.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root =
        std::env::var_os("SEAWALL_SHARED").map_or_else(|| repository().join("../shared"), PathBuf::from);
    let full = root.join(path);
    if full.exists() {
        return Some(full);
    }
    eprintln!("SKIPPED: {path} is missing; set SEAWALL_SHARED to the folder of shared fixtures");
    None
}
