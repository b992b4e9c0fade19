//! The customers on five databases: one model, one API, one transcript.
//!
//! **Invariant.** What the databases differ in is hidden by Seawall; where a server or driver is missing, a test says
//! `SKIPPED`.

#[path = "customers/changes.rs"]
mod changes;
#[path = "customers/exact.rs"]
mod exact;
#[path = "customers/hostile.rs"]
mod hostile;
#[path = "customers/procedures.rs"]
mod procedures;
#[path = "customers/rows.rs"]
mod rows;
#[path = "customers/seed.rs"]
mod seed;
#[path = "customers/transcript.rs"]
mod transcript;
#[path = "customers/world.rs"]
mod world;

use std::fs;
use std::process::Command;
use tests::databases::{Product, Sqlite};
use tests::process::seawall;
use tests::shared::{repository, shared};
use world::{Database, Engine, World};

#[test]
fn customers_in_sqlite_by_odbc() {
    let database = Database::Sqlite(Sqlite::new().unwrap());
    everything(Engine::SqliteOdbc, &database);
}

#[test]
fn customers_in_postgresql_by_odbc_and_by_jdbc() {
    let Some(database) = Database::server(Product::Postgres) else { return };
    everything(Engine::PostgresOdbc, &database);
    everything(Engine::PostgresJdbc, &database);
}

#[test]
fn customers_in_mariadb_by_odbc() {
    let Some(database) = Database::server(Product::Mariadb) else { return };
    everything(Engine::MariadbOdbc, &database);
}

#[test]
fn customers_in_h2_by_jdbc() {
    let Some(database) = Database::server(Product::H2) else { return };
    everything(Engine::H2Jdbc, &database);
}

#[test]
fn the_mapping_and_the_example_pass_their_own_tests() {
    let own = repository().join("mappings/customers");
    for project in std::iter::once(own).chain(shared("examples/customers")) {
        let ran = Command::new(seawall()).arg("test").arg(&project).env_clear().output().unwrap();
        let text = said(&ran);
        assert!(
            ran.status.success() && text.contains(" 0 failed, 0 not run"),
            "{}: {text}",
            project.display()
        );
    }
}

fn everything(engine: Engine, database: &Database) {
    let Some(world) = World::open(engine, database) else { return };
    snapshot_is_the_committed_one(&world);
    let facade = world.serve();
    let mut client = world.client(&facade);
    transcript::holds(&world, &mut client);
    hostile::stay_values(&world, &mut client);
    exact::values_survive(&world, &mut client);
    procedures::answer(&world, &facade, &mut client);
    rows::stay_untouched(&world, &mut client);
    rows::race(&world, &facade);
    drop(facade);
    changes::begin_by_import(&world);
    changes::are_named(&world);
}

/// `seawall snapshot` writes what is committed, and `check` finds nothing wrong with it.
fn snapshot_is_the_committed_one(world: &World<'_>) {
    let file = world.project.join("erp.catalog.json");
    let tables = ["KDLIB.%"];
    let taken = world.seawall(&["snapshot", "erp"], &["--write", "--tables", tables[0]]);
    assert!(taken.status.success(), "{:?}: {}", world.engine, said(&taken));
    let found = fs::read_to_string(&file).unwrap();
    let committed =
        repository().join("tests/projects/customers").join(world.engine.folder()).join("erp.catalog.json");
    if std::env::var_os("SEAWALL_UPDATE").is_some() {
        fs::write(&committed, &found).unwrap();
    }
    let committed = fs::read_to_string(&committed).unwrap_or_default();
    // Another version of a product is no other catalog.
    assert_eq!(without_version(&found), without_version(&committed), "{:?}", world.engine);
    fs::write(&file, committed).unwrap();
    let checked = world.seawall(&["check"], &[]);
    assert!(checked.status.success(), "{:?}: {}", world.engine, said(&checked));
}

fn without_version(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("\"version\"")).collect::<Vec<_>>().join("\n")
}

fn said(output: &std::process::Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
