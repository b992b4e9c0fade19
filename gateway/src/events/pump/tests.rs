//! The pump between a table, a store and a sink that end the process at every moment, or hold back what was committed.

mod world;

use super::*;
use crate::events::feed::Types;
use crate::events::inbox::Ended;
use crate::events::mark::MarkKind;
use crate::store::hash;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use world::{Change, Random, World};

fn rules(since: Option<MarkKind>) -> Rules {
    let ty = |text: &str| Some(Arc::from(text));
    Rules {
        name: "Thing".into(),
        id: hash(&[b"test"]),
        source: "/facade/test".into(),
        topic: "t".into(),
        types: Types::State { created: ty("created"), updated: ty("updated"), deleted: ty("deleted") },
        key: vec!["id".into()],
        rejects: true,
        rejects_max: None,
        every: Some(Duration::from_secs(10)),
        overlap: Duration::ZERO,
        sweep: Some(Duration::from_secs(60)),
        since,
        zone: TimeZone::UTC,
        dataschema: None,
        version: "v".into(),
    }
}

/// What a consumer knows that drops events whose id it has seen: the content of each key.
fn consumed(world: &World) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for (id, event) in world.events().iter().enumerate() {
        let seen = &world.events()[..id];
        if seen.iter().any(|earlier| earlier.id == event.id) {
            continue;
        }
        let text = String::from_utf8(event.data.to_vec()).unwrap();
        match &*event.ty {
            "deleted" => drop(known.remove(&*event.key)),
            _ => drop(known.insert(event.key.to_string(), text)),
        }
    }
    known
}

/// One name never stands for two events.
fn check_ids(world: &World) {
    let mut by_id: BTreeMap<Arc<str>, Event> = BTreeMap::new();
    for event in world.events() {
        let first = by_id.entry(Arc::clone(&event.id)).or_insert_with(|| event.clone());
        assert_eq!((&first.ty, &first.key, &first.data), (&event.ty, &event.key, &event.data));
    }
}

/// The changes of a test, each with what a poll finds after it.
fn script() -> Vec<Vec<Change>> {
    vec![
        vec![Change::Put(1, "a"), Change::Put(2, "b"), Change::Put(3, "c"), Change::Put(4, "d")],
        vec![Change::Put(1, "a2"), Change::Remove(2), Change::Put(5, "e")],
        vec![Change::Own(6, "own"), Change::Own(1, "a3"), Change::OwnRemove(3)],
        vec![Change::Put(4, "deleted"), Change::Put(1, "a2"), Change::Put(7, "poison")],
        vec![Change::Put(7, "mended"), Change::Put(4, "d"), Change::Own(8, "poison")],
        vec![Change::Remove(5), Change::Remove(7), Change::OwnRemove(6), Change::Put(2, "b")],
        // What was there before comes and goes again.
        vec![Change::Remove(2)],
    ]
}

/// Runs the script with the process ending at the n-th moment, and returns whether there was such a moment.
async fn scenario(since: Option<MarkKind>, every: bool, crash_at: Option<u64>) -> (World, bool) {
    let world = World::new(since);
    let mut rules = rules(since);
    if !every {
        (rules.every, rules.since) = (None, None);
    }
    world.crash_at(crash_at);
    let mut pump = world.open(&rules).await;
    for changes in script() {
        for change in changes {
            if every || matches!(change, Change::Own(..) | Change::OwnRemove(_)) {
                // A client whose write fails because the process ended asks again.
                while !world.change(pump.inbox(), change).await {
                    pump = world.open(&rules).await;
                }
            }
        }
        // Long enough for a sweep.
        for _ in 0..7 {
            while !world.run(&mut pump).await {
                pump = world.open(&rules).await;
            }
            world.pass(Duration::from_secs(10));
        }
    }
    let crashed = world.has_crashed();
    (world, crashed)
}

async fn every_moment(since: Option<MarkKind>, every: bool) {
    let (reference, _) = scenario(since, every, None).await;
    check_ids(&reference);
    let expected = consumed(&reference);
    if every {
        assert_eq!(expected, reference.live());
    }
    assert_eq!(
        reference.unique().len(),
        reference.events().len(),
        "an undisturbed run publishes nothing twice"
    );
    let mut moment = 0;
    loop {
        let (world, crashed) = scenario(since, every, Some(moment)).await;
        check_ids(&world);
        assert_eq!(consumed(&world), expected, "crash at moment {moment}");
        assert_eq!(world.unique(), reference.unique(), "crash at moment {moment}");
        if !crashed {
            break;
        }
        moment += 1;
    }
    assert!(moment > 50, "only {moment} moments");
}

#[tokio::test(start_paused = true)]
async fn a_watch_by_time_loses_nothing_whenever_the_process_ends() {
    every_moment(Some(MarkKind::Instant), true).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_by_number_loses_nothing_whenever_the_process_ends() {
    every_moment(Some(MarkKind::Sequence), true).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_compares_everything_loses_nothing_whenever_the_process_ends() {
    every_moment(None, true).await;
}

#[tokio::test(start_paused = true)]
async fn own_writes_without_a_watch_are_events_whenever_the_process_ends() {
    every_moment(None, false).await;
}

/// Writers whose transactions overlap and commit in any order, while the pump reads.
async fn late(since: MarkKind, horizon: bool, seed: u64) {
    let mut random = Random(seed);
    let world = World::new(Some(since));
    world.tell_horizon(horizon);
    let mut rules = rules(Some(since));
    // Nothing but the mark may find them.
    rules.sweep = None;
    // Without a horizon the overlap has to be as long as the longest transaction.
    rules.overlap = if horizon { Duration::ZERO } else { Duration::from_secs(30) };
    let mut pump = world.open(&rules).await;
    let mut open: Vec<(u64, Vec<(i64, String)>)> = Vec::new();
    for n in 0..600_u64 {
        world.pass(Duration::from_millis(500));
        for transaction in open.extract_if(.., |(until, _)| *until <= n).collect::<Vec<_>>() {
            world.commit(&transaction.1);
        }
        if random.next(3) == 0 {
            let keys: Vec<i64> =
                (0..=random.next(2)).map(|_| i64::try_from(random.next(20)).unwrap()).collect();
            let free = |key: &i64| !open.iter().any(|(_, rows)| rows.iter().any(|(own, _)| own == key));
            let mut rows: Vec<(i64, String)> = Vec::new();
            for key in keys.into_iter().filter(free) {
                if !rows.iter().any(|(own, _)| *own == key) {
                    rows.push((key, format!("v{n}")));
                }
            }
            world.begin(&rows);
            open.push((n + random.next(40), rows));
        }
        for _ in 0..random.next(3) {
            let _ = pump.step().await;
        }
    }
    for (_, rows) in open {
        world.commit(&rows);
    }
    for _ in 0..20 {
        world.pass(Duration::from_secs(10));
        assert!(world.run(&mut pump).await);
    }
    check_ids(&world);
    assert_eq!(consumed(&world), world.live(), "{since:?} {horizon} {seed}");
    assert_eq!(world.unique().len(), world.events().len(), "an event was published twice");
    assert!(world.events().len() > 100);
}

#[tokio::test(start_paused = true)]
async fn rows_that_commit_late_are_not_missed_and_come_once() {
    for seed in 1..=25 {
        for since in [MarkKind::Instant, MarkKind::Sequence] {
            for horizon in [true, false] {
                late(since, horizon, seed).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn several_writes_of_a_record_are_looked_at_once_and_what_comes_again_is_news() {
    let world = World::new(None);
    let mut pump = world.open(&rules(None)).await;
    world.put(1, "a");
    assert!(world.run(&mut pump).await);
    for _ in 0..2 {
        for change in [Change::Own(1, "b"), Change::OwnRemove(1)] {
            assert!(world.change(pump.inbox(), change).await);
        }
        assert!(world.run(&mut pump).await);
        assert!(world.change(pump.inbox(), Change::Own(1, "a")).await);
        assert!(world.run(&mut pump).await);
    }
    let types: Vec<Arc<str>> = world.events().into_iter().map(|event| event.ty).collect();
    assert_eq!(types, ["created", "deleted", "created", "deleted", "created"].map(Arc::from));
    assert_eq!(world.unique().len(), 5, "two events have one name");
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_down_holds_back_and_nothing_is_lost() {
    let world = World::new(Some(MarkKind::Instant));
    let mut pump = world.open(&rules(Some(MarkKind::Instant))).await;
    world.put(1, "a");
    world.sink_down(true);
    let mut troubles = 0;
    for _ in 0..20 {
        troubles += usize::from(matches!(pump.step().await, Err(Trouble::Sink(_))));
    }
    assert!(troubles > 10 && world.events().is_empty());
    let reads = world.reads();
    world.put(2, "b");
    let _ = pump.step().await;
    assert_eq!(world.reads(), reads, "it reads although events wait");
    world.sink_down(false);
    assert!(world.run(&mut pump).await);
    world.pass(Duration::from_secs(10));
    assert!(world.run(&mut pump).await);
    assert_eq!(consumed(&world), world.live());
}

#[tokio::test(start_paused = true)]
async fn a_record_that_cannot_be_read_is_held_where_nothing_takes_it_and_the_others_go_on() {
    let world = World::new(Some(MarkKind::Instant));
    let mut rules = rules(Some(MarkKind::Instant));
    rules.rejects = false;
    let mut pump = world.open(&rules).await;
    world.put(1, "a");
    world.put(2, "poison");
    world.put(3, "c");
    let mut held = 0;
    for _ in 0..10 {
        held += usize::from(matches!(pump.step().await, Err(Trouble::Held { records: 1, .. })));
    }
    assert_eq!(held, 1);
    assert_eq!(consumed(&world).into_keys().collect::<Vec<_>>(), ["1", "3"]);
    world.put(2, "mended");
    world.pass(Duration::from_secs(10));
    assert!(world.run(&mut pump).await);
    assert_eq!(consumed(&world), world.live());
}

#[tokio::test(start_paused = true)]
async fn more_rejects_than_the_limit_stop_the_watch_before_any_of_them_is_published() {
    let world = World::new(Some(MarkKind::Instant));
    let mut rules = rules(Some(MarkKind::Instant));
    rules.rejects_max = Some(1);
    let mut pump = world.open(&rules).await;
    world.put(1, "poison");
    world.put(2, "poison");
    let mut stopped = false;
    for _ in 0..5 {
        stopped |= matches!(pump.step().await, Err(Trouble::TooManyRejects(2)));
    }
    assert!(stopped && world.events().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reading_that_is_torn_deletes_nothing() {
    let world = World::new(None);
    let mut pump = world.open(&rules(None)).await;
    (1..=20).for_each(|key| world.put(key, "x"));
    assert!(world.run(&mut pump).await);
    // Rows that a reading skips are there at the second look.
    world.skip_rows(true);
    world.pass(Duration::from_secs(10));
    assert!(world.run(&mut pump).await);
    assert!(world.events().iter().all(|event| &*event.ty == "created"), "something was taken for gone");
    world.skip_rows(false);
    world.feed_down(true);
    world.pass(Duration::from_secs(10));
    assert!(matches!(pump.step().await, Ok(Step::Again)));
    assert!(matches!(pump.step().await, Err(Trouble::Feed(_))));
    world.feed_down(false);
    assert!(world.run(&mut pump).await);
    assert_eq!(world.events().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_write_and_the_poll_that_sees_it_are_one_event_and_an_unknown_outcome_is_looked_at_twice() {
    let world = World::new(Some(MarkKind::Instant));
    let mut pump = world.open(&rules(Some(MarkKind::Instant))).await;
    assert!(world.run(&mut pump).await);
    assert!(world.change(pump.inbox(), Change::Own(1, "a")).await);
    assert!(world.run(&mut pump).await);
    world.pass(Duration::from_secs(10));
    assert!(world.run(&mut pump).await);
    assert_eq!(world.events().len(), 1);
    // The outcome of this write comes about long after its caller has given up, and no poll is due.
    let mut rules = rules(None);
    rules.every = None;
    rules.id = hash(&[b"other"]);
    let mut pump = world.open(&rules).await;
    let noted = pump.inbox().note("[2]".into(), false).await.unwrap();
    noted.ended(Ended::Unknown);
    assert!(world.run(&mut pump).await);
    assert_eq!(world.events().len(), 1);
    world.put(2, "late");
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(world.run(&mut pump).await);
    assert_eq!(world.events().len(), 2);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(world.run(&mut pump).await);
    assert!(matches!(pump.step().await, Ok(Step::Wait(None))), "the note is still there");
}

#[tokio::test]
async fn a_pump_runs_by_itself_until_it_is_stopped() {
    let world = World::new(Some(MarkKind::Instant));
    let pump = world.open(&rules(Some(MarkKind::Instant))).await;
    let inbox = Arc::clone(pump.inbox());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(pump.run(stopped));
    assert!(world.change(&inbox, Change::Own(1, "a")).await);
    world.sink_down(true);
    assert!(world.change(&inbox, Change::Own(2, "b")).await);
    tokio::time::sleep(Duration::from_millis(150)).await;
    world.sink_down(false);
    let begun = std::time::Instant::now();
    while consumed(&world) != world.live() && begun.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(consumed(&world), world.live());
    stop.send(true).unwrap();
    running.await.unwrap();
}
