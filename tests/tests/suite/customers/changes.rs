//! A table that changes, and one that is new to the project.
//!
//! **Invariant.** Nothing here writes to the committed projects.

use super::said;
use super::world::World;
use std::fs;
use tests::process::scratch;

/// What a change of the table touches is named: fields, operations, events.
pub(crate) fn are_named(world: &World<'_>) {
    let events = "connections:\n  bus: { type: log, path: var/events }\nevents:\n  Customer:\n    topic: bus/crm.customers\n    created: com.example.created\n    updated: com.example.updated\n    deleted: com.example.deleted\n";
    fs::write(world.project.join("events.yaml"), events).unwrap();
    let same = world.seawall(&["snapshot", "erp"], &["--diff"]);
    assert_eq!(same.status.code(), Some(0), "{:?}: {}", world.engine, said(&same));
    let (table, name) = (world.engine.table("KDSTAMM"), |name| world.engine.name(name));
    world.database.run(&format!("ALTER TABLE {table} ADD COLUMN {} VARCHAR(10);", name("KDNEU")));
    world.database.run(&format!("ALTER TABLE {table} DROP COLUMN {};", name("KDMAIL")));
    let diff = world.seawall(&["snapshot", "erp"], &["--diff"]);
    assert_eq!(diff.status.code(), Some(1), "{:?}: {}", world.engine, said(&diff));
    let text = said(&diff);
    for part in ["KDNEU", "KDMAIL", "email", "Customer", "crm.customers"] {
        assert!(text.contains(part), "{:?}: no {part} in\n{text}", world.engine);
    }
    fs::remove_file(world.project.join("events.yaml")).unwrap();
}

/// The first mapping of a table is one that `check` accepts and that serves.
pub(crate) fn begin_by_import(world: &World<'_>) {
    let project = scratch("imported").unwrap();
    for entry in fs::read_dir(&world.project).unwrap().flatten() {
        let name = entry.file_name();
        if name == "facade.yaml" || name == "erp.catalog.json" {
            fs::copy(entry.path(), project.join(name)).unwrap();
        } else if name == "drivers" {
            tests::bench::copy(&entry.path(), &project.join(name)).unwrap();
        }
    }
    for table in ["KDSTAMM", "KDBUCH"] {
        let printed = world.at(&project, &["import", "table", "erp", &format!("KDLIB.{table}")], &[]);
        assert!(printed.status.success(), "{:?}: {}", world.engine, said(&printed));
        fs::write(project.join(format!("{table}.yaml")), printed.stdout).unwrap();
    }
    let checked = world.at(&project, &["check"], &[]);
    assert!(checked.status.success(), "{:?}: {}", world.engine, said(&checked));
    let facade = world.serve_at(&project, Vec::new());
    let mut client = world.client(&facade);
    let one = client.get("/kdstamm/100234").unwrap();
    assert_eq!(one.status, 200, "{:?}: {}", world.engine, one.text());
    assert_eq!(one.json()["kdort"], "Linz", "{}", one.text());
    let list = client.get("/kdbuch?size=3").unwrap();
    assert_eq!(super::rows::items(&list).len(), 3, "{:?}: {}", world.engine, list.text());
    drop(facade);
    fs::remove_dir_all(project).unwrap();
}
