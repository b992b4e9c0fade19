//! Folders of files as a subject of the suite. What its source promises is tried in its own tests, file by file.

use crate::NoFiles;
use adapters_ports::{Adapter, Files};
use contracts::adapter::{Callee, Keeper, SECRET, Subject};

/// The subject.
#[derive(Debug)]
pub(crate) struct Folder(pub &'static dyn Adapter);

impl Subject for Folder {
    fn adapter(&self) -> &dyn Adapter {
        self.0
    }

    fn files(&self) -> &dyn Files {
        &NoFiles
    }

    fn settings(&self, address: &str) -> Vec<(&'static str, String)> {
        let setting = |key, value: &str| (key, value.to_owned());
        let mut settings = vec![
            setting("path", address),
            setting("format.type", "fixed"),
            setting("format.encoding", "latin1"),
            setting("format.columns.NAME", "1-10"),
            setting("format.columns.AMOUNT", "11-20"),
        ];
        // Only a path that leads to another machine, or may, is one where somebody has to be known.
        if address.starts_with("${") {
            settings.extend([setting("auth.user", "bank"), setting("auth.password", SECRET)]);
        }
        settings
    }

    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("limits.record", "much"),
            ("order", "random"),
            ("compression", "rar"),
            ("format.framing", "loose"),
        ]
    }

    fn nowhere(&self) -> String {
        "/nowhere/*.txt".into()
    }

    fn callee(&self) -> Option<&dyn Callee> {
        None
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        None
    }

    fn streams(&self) -> bool {
        true
    }
}
