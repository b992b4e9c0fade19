//! `seawall import`: first mappings.
//!
//! **Invariant.** It prints and changes nothing; it needs no secret and no network.

use super::{Ended, ImportCopybookArgs, ImportTableArgs, complain, say};
use crate::import::{dotted, mapping};
use crate::project::{Mode, Project};
use crate::registry;
use engine::diagnostics;
use engine::plan::resolve::suggestions;
use kernel::Sources;

/// Runs `import copybook`.
pub(super) fn copybook(args: &ImportCopybookArgs) -> Ended {
    let place = args.file.to_string_lossy().into_owned();
    let text = match std::fs::read(&args.file) {
        // Copybooks are ASCII but for comments, which nobody reads here.
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return complain(&format!("{place}: {error}")),
    };
    let mut sources = Sources::default();
    let file = sources.add(place.as_str(), text.as_str());
    match registry::import_copybook(&text, file, &place, &args.connection) {
        Some(Ok(mapping)) => {
            say(&mapping);
            Ended::Done
        }
        Some(Err(found)) => {
            complain(&diagnostics::render(&found, &sources));
            Ended::Findings
        }
        None => complain("this program was built without the adapter that reads a copybook"),
    }
}

/// Runs `import table`.
pub(super) fn table(args: &ImportTableArgs) -> Ended {
    let opened = match Project::open_one(&args.place.clone().into(), &args.connection, Mode::Offline) {
        Ok(opened) => opened,
        Err(findings) => return findings.print_as_errors(),
    };
    let (catalogue, shape) = (&opened.catalogue, &opened.catalogue.shape);
    let named = |table: &&kernel::Table| dotted(shape, table.part) == args.table;
    if let Some(table) = catalogue.tables.iter().find(named) {
        say(&mapping(&args.connection, catalogue, table, args.model.as_deref()));
        return Ended::Done;
    }
    let names: Vec<String> = catalogue.tables.iter().map(|table| dotted(shape, table.part)).collect();
    let near = suggestions(&args.table, names.iter().map(String::as_str));
    let hint = match (names.is_empty(), near.is_empty()) {
        (true, _) => "it has no tables".to_owned(),
        (false, true) => format!("it has: {}", names.join(", ")),
        (false, false) => format!("is it {}?", near.join(" or ")),
    };
    complain(&format!("connection {} has no table `{}`: {hint}", args.connection, args.table))
}
