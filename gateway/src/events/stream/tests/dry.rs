//! Dry runs show what a real run then publishes, and leave everything as it was.

use super::world::{Rules, World};
use super::*;
use std::io;
use std::sync::Mutex;

#[derive(Debug, Default)]
struct Kept {
    lines: Mutex<Vec<u8>>,
    letters: Mutex<String>,
    full: bool,
}

impl Show for Kept {
    fn events(&self, lines: &[u8]) -> io::Result<()> {
        if self.full {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.lines.lock().unwrap().extend_from_slice(lines);
        Ok(())
    }

    fn letters(&self, lines: &str) {
        self.letters.lock().unwrap().push_str(lines);
    }
}

fn world() -> World {
    let world = World::new();
    world.put("a.dat", &content(10, true));
    world.put("b.dat", &content(7, false).replace(" k", " q"));
    world
}

async fn check(rules: Rules) {
    let (dry, real, kept) = (world(), world(), Arc::new(Kept::default()));
    let stream = dry.open(&rules).await.dry(Arc::clone(&kept) as Arc<dyn Show>);
    let shown = dry.round(&stream).await.unwrap();
    let published = real.round(&real.open(&rules).await).await.unwrap();

    let lines = String::from_utf8(kept.lines.lock().unwrap().clone()).unwrap();
    let events = real.topic("t").into_iter().map(|event| String::from_utf8(event.data.to_vec()).unwrap());
    assert_eq!(lines.lines().collect::<Vec<_>>(), events.collect::<Vec<_>>(), "{rules:?}");
    let letters = kept.letters.lock().unwrap();
    assert_eq!(letters.lines().count(), real.topic("t.rejected").len());
    let counted =
        |round: &Looked| round.reports.iter().map(|report| report.counted.clone()).collect::<Vec<_>>();
    assert_eq!(counted(&shown), counted(&published));
    assert_eq!(outcomes(&shown), outcomes(&published));

    assert_eq!(dry.published(), 0);
    assert_eq!(dry.ended(), [("a.dat".to_owned(), UnitEnd::Left), ("b.dat".to_owned(), UnitEnd::Left)]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_shows_what_a_run_publishes_and_moves_nothing() {
    check(Rules::default()).await;
    check(Rules { own_id: true, ..Rules::default() }).await;
    check(Rules { types: states(), newest: true, ..Rules::default() }).await;
    check(Rules { only_changes: true, ..Rules::default() }).await;
    check(Rules { rejects: false, ..Rules::default() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_compares_totals_before_it_shows_anything() {
    let (world, kept) = (World::new(), Arc::new(Kept::default()));
    world.put("short.dat", &content(10, false).replace("T 10", "T 11"));
    let rules = Rules { verifies: true, ..Rules::default() };
    let stream = world.open(&rules).await.dry(Arc::clone(&kept) as Arc<dyn Show>);
    let round = world.round(&stream).await.unwrap();
    assert!(matches!(round.reports[0].outcome, UnitOutcome::Refused(_)), "{round:?}");
    assert!(kept.lines.lock().unwrap().is_empty());
    assert_eq!(world.ended(), [("short.dat".to_owned(), UnitEnd::Left)]);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_whose_lines_nobody_takes_ends() {
    let world = world();
    let stream = world.open(&Rules::default()).await.dry(Arc::new(Kept { full: true, ..Kept::default() }));
    let (_stop, stopped) = watch::channel(false);
    let trouble = stream.round(&stopped, &mut |_| {}).await.unwrap_err();
    assert!(trouble.to_string().contains("the lines cannot be written"), "{trouble}");
}
