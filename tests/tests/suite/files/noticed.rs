//! Files are noticed when they come.
//!
//! **Invariant.** What is measured ends with the file in its folder for files that were read, published by then.

use super::entries;
use super::world::World;
use std::time::{Duration, Instant};
use tests::{Facade, FacadeOptions, KeySet};

/// How long a file may take from being ready to being put away, on a machine that does other things, too. Where the folder
/// is only listed every so often it takes a minute.
const NOTICED: Duration = Duration::from_secs(5);

/// Serves a folder that is listed every minute, drops files into it, and returns how long the quickest took.
fn noticed(ready: &str, held: Duration) -> Duration {
    let world = World::of(&entries::project(), |mapping| {
        let mapping = mapping.replace("poll: 100ms", "poll: 60s");
        mapping.replace("ready: { rename: \"*.part\" }", ready)
    });
    let options = FacadeOptions {
        project: &world.project(),
        env: world.variables(),
        args: vec!["--env".into(), "log".into()],
        keys: &KeySet::new("https://idp.example", "nobody"),
        store: Some(world.folder.join("store")),
    };
    let facade = Facade::start(&options).unwrap();
    let mut quickest = NOTICED;
    for n in 0..3 {
        // Each is another one by its content.
        let name = format!("own{n}.ach");
        let (bytes, _) = entries::file(10 + n, |_, _| {});
        world.drop_file(&name, &bytes);
        let ready = Instant::now() + held;
        while !world.names("done").contains(&name) {
            let late = ready + NOTICED;
            assert!(Instant::now() < late, "{name} was not noticed:\n{}", facade.log());
            std::thread::sleep(Duration::from_millis(2));
        }
        quickest = quickest.min(Instant::now().saturating_duration_since(ready));
    }
    quickest
}

#[test]
fn a_file_is_read_as_soon_as_it_is_ready_however_seldom_the_folder_is_listed() {
    for (ready, held) in [("ready: { rename: \"*.part\" }", 0), ("ready: { stable: 700ms }", 700)] {
        let quickest = noticed(ready, Duration::from_millis(held));
        eprintln!("{ready}: {quickest:?} behind being ready");
        assert!(quickest < Duration::from_secs(1), "{ready}: {quickest:?}");
    }
}
