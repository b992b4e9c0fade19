//! Files that somebody writes to while they stream, and files in which too much is wrong.

use super::crashes::without_verify;
use super::entries::{self, unique};
use super::world::World;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use tests::kafka::Broker;

/// Entries of the files here: more than are in flight at once.
const ENTRIES: usize = 100_000;

/// What somebody does to a file.
type Change<'a> = &'a dyn Fn(&Path);

#[test]
fn a_file_that_changes_while_it_streams_ends_with_an_error_and_nothing_wrong_is_published() {
    let Some(broker) = Broker::start().unwrap() else { return };
    let (bytes, _) = entries::file(ENTRIES, |_, _| {});
    let append = |file: &Path| {
        let line = [b'6'; 94];
        fs::OpenOptions::new().append(true).open(file).unwrap().write_all(&line).unwrap();
    };
    let truncate =
        |file: &Path| fs::OpenOptions::new().write(true).open(file).unwrap().set_len(9_000_000).unwrap();
    let replace = |file: &Path| {
        let (others, _) = entries::file(ENTRIES, |_, line| *line = line.replace("Wade", "Jade"));
        let part = file.with_extension("part");
        fs::write(&part, others).unwrap();
        fs::rename(part, file).unwrap();
    };
    let overwrite = |file: &Path| {
        let (others, _) = entries::file(ENTRIES, |_, line| *line = line.replace("Wade", "Jade"));
        fs::OpenOptions::new().write(true).open(file).unwrap().write_all(&others).unwrap();
    };
    let rows: [(&str, Change<'_>, &str); 4] = [
        ("append", &append, "grew to"),
        ("truncate", &truncate, "has 9000000 now"),
        ("replace", &replace, "another file took its place"),
        ("overwrite", &overwrite, "it was written to"),
    ];
    for (name, change, part) in rows {
        let world = World::of(&entries::project(), |mapping| {
            mapping.replace("ach.entries.v1", name).replace("ach.batches.v1", &format!("{name}.batches"))
        });
        let world = world.kafka(&broker.address());
        // The topics are there before the broker falls silent.
        world.drop_file("a.ach", &entries::file(1, |_, _| {}).0);
        assert_eq!(world.run_once().code, 0);
        let file = world.drop_file("b.ach", &bytes);
        // A silent broker takes nothing, so most of the file waits to be read for the second time.
        broker.freeze();
        let mut run = world.start("run-once", &["--json"]);
        let (size, mut before, mut quiet) = (bytes.len() as u64, 0, 0);
        assert!(
            run.until(|run| {
                let now = run.io("rchar");
                quiet = if now == before { quiet + 1 } else { 0 };
                before = now;
                now > size + (1 << 20) && quiet > 40
            }),
            "{name}: it does not stream: {}",
            run.said()
        );
        change(&file);
        broker.thaw();
        let ended = run.end();
        assert_eq!(ended.code, 1, "{name}: {}", ended.said);
        assert!(
            ended.said.contains("the file changed while it was read") && ended.said.contains(part),
            "{name}: {}",
            ended.said
        );
        for entry in unique(&broker.consumer().all(name).unwrap()) {
            assert!(entry.data.contains("\"Wade Arnold\""), "{name}: {entry:?}");
        }
    }
}

#[test]
fn too_many_records_that_cannot_be_read_stop_a_file_with_a_clear_message() {
    let Some(broker) = Broker::start().unwrap() else { return };
    let limit = |mapping: String| {
        let reject = "reject: bus/ach.entries.rejected.v1\n";
        without_verify(&mapping).replace(reject, &format!("{reject}    policy: {{ rejectLimit: 5 }}\n"))
    };
    let world = World::of(&entries::project(), limit).kafka(&broker.address());
    let spoiled = |count: usize| {
        entries::file(2_000, |n, line| {
            if n >= 1_000 && n < 1_000 + count {
                line.replace_range(29..39, "0000O00000");
            }
        })
    };
    world.drop_file("few.ach", &spoiled(5).0);
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "five letters are no success: {}", ended.said);
    let unit = ended.unit("few.ach");
    assert_eq!((&unit["outcome"], &unit["rejected"]["Entry"]), (&"settled".into(), &5.into()), "{unit}");
    world.drop_file("many.ach", &spoiled(6).0);
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let unit = ended.unit("many.ach");
    let reason = unit["reason"].as_str().unwrap();
    assert_eq!(unit["outcome"], "refused", "{unit}");
    assert!(reason.contains("more than 5 records cannot be read, which is the rejectLimit"), "{reason}");
    assert_eq!(world.names(""), ["many.ach"]);
    let published = unique(&broker.consumer().all("ach.entries.v1").unwrap());
    let many = published.iter().filter(|entry| entry.data.contains("\"many.ach\"")).count();
    assert!(many <= 1_000, "it is stopped, and {many} entries were published");
    let again = world.run_once();
    assert_eq!(again.code, 1, "{}", again.said);
    assert_eq!(again.summary["held"][0]["name"], "many.ach", "{}", again.said);
}
