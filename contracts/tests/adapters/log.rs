//! The embedded event log as a subject of the suite: a folder of its own for each connection.

use crate::NoFiles;
use adapters_ports::{Adapter, Files};
use contracts::adapter::{Callee, Keeper, Subject};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The subject.
#[derive(Debug)]
pub(crate) struct Log {
    adapter: &'static dyn Adapter,
    /// All places are below it; it goes with the subject.
    folder: PathBuf,
    next: AtomicU64,
}

impl Log {
    pub(crate) fn new(adapter: &'static dyn Adapter) -> Self {
        static SUBJECTS: AtomicU64 = AtomicU64::new(0);
        let name = format!("log-{}-{}", std::process::id(), SUBJECTS.fetch_add(1, Ordering::Relaxed));
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self { adapter, folder, next: AtomicU64::new(0) }
    }

    fn fresh(&self) -> PathBuf {
        self.folder.join(self.next.fetch_add(1, Ordering::Relaxed).to_string())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Subject for Log {
    fn adapter(&self) -> &dyn Adapter {
        self.adapter
    }

    fn files(&self) -> &dyn Files {
        &NoFiles
    }

    fn settings(&self, address: &str) -> Vec<(&'static str, String)> {
        vec![("path", address.to_owned()), ("segment.size", "4KiB".to_owned())]
    }

    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("path", "../events"),
            ("format", "avro"),
            ("retention.age", "soon"),
            ("retention.size", "much"),
            ("segment.size", "1KiB"),
            ("fsync", "perhaps"),
        ]
    }

    fn nowhere(&self) -> String {
        self.fresh().display().to_string()
    }

    fn callee(&self) -> Option<&dyn Callee> {
        None
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        Some(self)
    }
}

impl Keeper for Log {
    fn place(&self) -> String {
        let around = self.fresh();
        // A name that leads out of the place stays two levels below what is looked at.
        std::fs::create_dir_all(around.join("inner")).unwrap();
        around.join("inner/events").display().to_string()
    }

    fn unusable(&self) -> (String, String) {
        // Permissions do not hold a superuser back; that a file is no folder does.
        let file = self.fresh();
        std::fs::write(&file, "no folder").unwrap();
        let place = file.join("events").display().to_string();
        (place.clone(), place)
    }

    fn is_there(&self, address: &str) -> bool {
        Path::new(address).exists()
    }

    fn around(&self, address: &str) -> Vec<String> {
        let place = Path::new(address);
        let mut found = Vec::new();
        let mut open = vec![place.ancestors().nth(2).unwrap().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry != place {
                    found.push(entry.display().to_string());
                    open.extend(entry.is_dir().then_some(entry));
                }
            }
        }
        found.sort();
        found
    }

    fn too_large(&self) -> usize {
        16 << 20
    }

    fn strange_topics(&self) -> Vec<String> {
        let names = [
            "../x", "../../x", "..", ".", "/x", "a/b", "a\\b", "a%2fb", "%", "ä b", "a\0b", "lock", ".lock",
            "x.seg", "X.seg", "-", " ", "con", "a\nb",
        ];
        names.into_iter().map(str::to_owned).collect()
    }

    fn impossible_topics(&self) -> Vec<String> {
        vec![String::new(), "x".repeat(201), "ä".repeat(90)]
    }
}
