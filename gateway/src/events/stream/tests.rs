//! Streams between units, sinks and a store that end the process at every moment, refuse, tear, or are down.

mod dry;
mod world;

use super::*;
use crate::events::feed::Types;
use adapters_ports::{Event, UnitEnd};
use kernel::Class;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use world::{Looked, Rules, World};

fn states() -> Types {
    let ty = |text: &str| Some(Arc::from(text));
    Types::State { created: ty("created"), updated: ty("updated"), deleted: ty("deleted") }
}

/// Bookings of a few keys, with a record that cannot be read and one of no type, and their trailer.
fn content(records: usize, bad: bool) -> String {
    let mut text = String::new();
    let mut sum = 0;
    for n in 0..records {
        let amount = (n * 7) % 5;
        sum += amount;
        text.push_str(&format!("B k{} {amount} {n}\n", n % 4));
    }
    if bad {
        text.push_str("B k1 bad 3\n?what\nB k2 9 1\n");
    }
    text + &format!("T {records} {sum}\n")
}

fn outcomes(round: &Looked) -> Vec<(&str, &UnitOutcome)> {
    round.reports.iter().map(|report| (&*report.name, &report.outcome)).collect()
}

fn extension<'e>(event: &'e Event, name: &str) -> &'e str {
    event.extensions.iter().find(|(own, _)| **own == *name).map_or("", |(_, value)| value)
}

/// Runs two units, one of them twice, with the process ending at the n-th moment; returns whether there was one.
async fn scenario(rules: &Rules, bad: bool, crash_at: Option<u64>) -> (World, bool) {
    let world = World::new();
    world.put("a.dat", &content(10, bad));
    world.put("b.dat", &content(7, false).replace(" k", " q"));
    world.crash_at(crash_at);
    let mut stream = world.open(rules).await;
    let mut again = true;
    for _ in 0..50 {
        match world.round(&stream).await {
            Some(round) if round.reports.is_empty() && again => {
                world.put("a again.dat", &content(10, bad));
                again = false;
            }
            Some(round) if round.reports.is_empty() => return (world.clone(), world.has_crashed()),
            Some(_) => {}
            None => stream = world.open(rules).await,
        }
    }
    panic!("it never comes to rest");
}

async fn every_moment(mut rules: Rules, bad: bool) {
    // A process that has ended waits for nobody.
    rules.patience = Some(Duration::from_millis(1));
    let (reference, _) = scenario(&rules, bad, None).await;
    let topics = ["t", "t.rejected"];
    for topic in topics {
        assert_eq!(
            reference.ids(topic).len(),
            reference.topic(topic).len(),
            "undisturbed, nothing comes twice"
        );
    }
    assert!(reference.topic("t").len() > 10);
    let mut moment = 0;
    loop {
        let (world, crashed) = scenario(&rules, bad, Some(moment)).await;
        for topic in topics {
            assert_eq!(world.consumed(topic), reference.consumed(topic), "crash at moment {moment}");
            assert_eq!(world.ids(topic), reference.ids(topic), "crash at moment {moment}");
        }
        if !crashed {
            break;
        }
        moment += 1;
    }
    assert!(moment > 50, "only {moment} moments");
}

#[tokio::test(start_paused = true)]
async fn an_event_per_record_is_lost_and_doubled_at_no_moment_at_which_the_process_ends() {
    every_moment(Rules::default(), true).await;
}

#[tokio::test(start_paused = true)]
async fn changes_of_state_are_lost_and_doubled_at_no_moment_at_which_the_process_ends() {
    every_moment(Rules { types: states(), newest: true, ..Rules::default() }, true).await;
}

#[tokio::test(start_paused = true)]
async fn verified_units_are_lost_and_doubled_at_no_moment_at_which_the_process_ends() {
    every_moment(Rules { verifies: true, own_id: true, only_changes: true, ..Rules::default() }, false).await;
}

#[tokio::test(start_paused = true)]
async fn the_same_content_under_another_name_is_a_duplicate_and_makes_nothing() {
    let world = World::new();
    let stream = world.open(&Rules::default()).await;
    world.put("a.dat", &content(10, true));
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    let counted = &round.reports[0].counted;
    assert_eq!(
        counted.records,
        [("booking", 12), ("trailer", 1), ("unknown", 1)].map(|(k, n)| (k.to_owned(), n)).into()
    );
    assert_eq!((counted.events["t"], counted.rejected["Booking"], counted.rejected[""]), (11, 1, 1));
    world.put("b.dat", &content(10, true));
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("b.dat", &UnitOutcome::Duplicate)]);
    assert_eq!(world.topic("t").len(), 11);
    assert_eq!(
        world.ended(),
        [("a.dat".to_owned(), UnitEnd::Settled), ("b.dat".to_owned(), UnitEnd::Duplicate)]
    );
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_stays_where_it_is_is_read_once_and_again_only_when_it_changes() {
    let world = World::new();
    let stream = world.open(&Rules::default()).await;
    world.put("stays.dat", &content(5, false));
    assert_eq!(world.round(&stream).await.unwrap().reports.len(), 1);
    let opened = world.opened();
    let stream = world.open(&Rules::default()).await;
    assert!(world.round(&stream).await.unwrap().reports.is_empty());
    assert_eq!(world.opened(), opened, "it was opened again");
    world.put("stays.dat", &content(6, false));
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("stays.dat", &UnitOutcome::Settled)]);
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_does_not_add_up_is_refused_as_a_whole_until_it_or_the_mapping_changes() {
    let world = World::new();
    let rules = Rules { verifies: true, ..Rules::default() };
    let stream = world.open(&rules).await;
    world.put("a.dat", "B k1 5\nB k2 6\nT 2 12\n");
    world.put("b.dat", "B k1 bad\nT 1 0\n");
    world.put("c.dat", "B k1 1\n");
    world.put("d.dat", "B k1 1\nT 1 1\n");
    let refused = |text: &str| UnitOutcome::Refused(text.into());
    let first = [
        ("a.dat", &refused("SUM: the file says 12, the bookings add up to 11")),
        ("b.dat", &refused("record 1 at byte 0 cannot be added up: no digits, path AMOUNT")),
        ("c.dat", &refused("Booking: the totals cannot be compared: there is no trailer, path $trailer")),
        ("d.dat", &UnitOutcome::Settled),
    ];
    assert_eq!(outcomes(&world.round(&stream).await.unwrap()), first);
    assert_eq!(world.topic("t").len(), 1, "something of a refused unit was published");
    // Neither at once nor after a start.
    assert!(world.round(&stream).await.unwrap().reports.is_empty());
    let stream = world.open(&rules).await;
    let round = world.round(&stream).await.unwrap();
    assert!(round.reports.is_empty());
    assert_eq!(round.held.len(), 3);
    assert_eq!(round.held[0].1, "SUM: the file says 12, the bookings add up to 11");
    world.put("a.dat", "B k1 5\nB k2 6\nT 2 11\n");
    assert_eq!(outcomes(&world.round(&stream).await.unwrap()), [("a.dat", &UnitOutcome::Settled)]);
    let stream = world.open(&Rules { version: "v2", ..Rules::default() }).await;
    assert_eq!(world.round(&stream).await.unwrap().reports.len(), 2, "another mapping tries again");
}

#[tokio::test(start_paused = true)]
async fn a_letter_has_all_that_is_needed_to_repair_the_record() {
    let world = World::new();
    let stream = world.open(&Rules::default()).await;
    world.put("a.dat", "B k1 5\nB k2 bad\n?\n");
    world.round(&stream).await.unwrap();
    let letters = world.topic("t.rejected");
    let said = |letter: &Event, names: &[&str]| {
        names.iter().map(|name| extension(letter, name).to_owned()).collect::<Vec<_>>()
    };
    let names =
        ["unit", "record", "offset", "recordtype", "field", "hex", "reason", "model", "mappingversion"];
    assert_eq!(
        said(&letters[0], &names),
        ["a.dat", "2", "7", "booking", "AMOUNT", "400c", "no digits, path AMOUNT", "Booking", "v1"]
    );
    assert_eq!(
        said(&letters[1], &names),
        ["a.dat", "3", "16", "", "", "", "no record type fits at byte 16", "", "v1"]
    );
    assert_eq!(&*letters[0].data, b"B k2 bad");
    assert_eq!(
        (&*letters[0].ty, &*letters[0].content_type),
        ("seawall.rejected", "application/octet-stream")
    );
    let (raw, identity) = letter::raw(&letters[0]).unwrap();
    assert_eq!(identity, crate::store::hash(&[b"B k1 5\nB k2 bad\n?\n"]));
    assert_eq!((&*raw.bytes, raw.number, raw.offset), (&b"B k2 bad"[..], 2, 7));
    assert_eq!(raw.beside, [("header".into(), bytes::Bytes::from_static(b"H"))]);
    let names_are_right = |letter: &Event| {
        let right = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        letter.extensions.iter().all(|(name, _)| right(name))
    };
    assert!(letters.iter().all(names_are_right), "CloudEvents 1.0: lower-case letters and digits");
}

#[tokio::test(start_paused = true)]
async fn more_letters_than_the_limit_stop_the_unit_before_they_are_published() {
    let world = World::new();
    let rules = Rules { rejects_max: Some(2), ..Rules::default() };
    let stream = world.open(&rules).await;
    // Batches of three: the fourth bad one is in the third batch.
    world.put("a.dat", "B a 1\nB a bad\nB a 2\nB a bad\nB a 3\nB a 4\nB a 5\nB a bad\nB a 6\nB a 7\n");
    let round = world.round(&stream).await.unwrap();
    let UnitOutcome::Refused(reason) = &round.reports[0].outcome else { panic!("{round:?}") };
    assert!(reason.contains("more than 2 records cannot be read"), "{reason}");
    assert_eq!((world.topic("t").len(), world.topic("t.rejected").len()), (4, 2));
    assert_eq!(round.reports[0].counted.rejected["Booking"], 2);
    // A higher limit is another mapping, and goes on from where it stopped.
    let stream = world.open(&Rules { rejects_max: Some(3), version: "v2", ..Rules::default() }).await;
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    assert_eq!(round.reports[0].from_record, 6);
    assert_eq!((world.topic("t").len(), world.topic("t.rejected").len()), (7, 3));
    assert_eq!(world.ids("t").len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_nothing_takes_stops_its_unit_and_the_others_go_on() {
    let world = World::new();
    let stream = world.open(&Rules { rejects: false, ..Rules::default() }).await;
    world.put("a.dat", "B a 1\nB a 2\nB a 3\nB a bad\n");
    world.put("b.dat", "B b 1\n");
    let round = world.round(&stream).await.unwrap();
    let why = "record 4 at byte 18 cannot be read: no digits, path AMOUNT; a `reject:` topic would take it";
    let refused = UnitOutcome::Refused(why.into());
    assert_eq!(outcomes(&round), [("a.dat", &refused), ("b.dat", &UnitOutcome::Settled)]);
    assert_eq!(world.consumed("t"), ["posted B a 1", "posted B a 2", "posted B a 3", "posted B b 1"]);
}

/// The events of each key as they came.
fn by_key(events: &[Event]) -> BTreeMap<String, Vec<String>> {
    let mut keys: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in events {
        keys.entry(event.key.to_string()).or_default().push(String::from_utf8(event.data.to_vec()).unwrap());
    }
    keys
}

#[tokio::test(start_paused = true)]
async fn only_what_failed_is_sent_again_and_each_key_keeps_its_order() {
    let world = World::new();
    let mut calls = 0_usize;
    let classes = [Class::Transient, Class::Ambiguous, Class::RateLimited, Class::Defect, Class::Auth];
    world.sink(move |_, _| {
        calls += 1;
        calls.is_multiple_of(3).then_some(classes[calls % classes.len()])
    });
    world.batches_of(8);
    let stream = world.open(&Rules::default()).await;
    let text: String = (0..200).map(|n| format!("B k{} {n}\n", n % 7)).collect();
    world.put("a.dat", &text);
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    assert_eq!(world.published(), 200, "something was sent again that was kept");
    for (key, events) in by_key(&world.topic("t")) {
        let expected: Vec<&str> = text.lines().filter(|line| line.split(' ').nth(1) == Some(&key)).collect();
        assert_eq!(events, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_the_sink_refuses_for_good_becomes_a_letter_and_holds_nothing() {
    let world = World::new();
    world.sink(|topic, event| (topic == "t" && event.data.ends_with(b" 13")).then_some(Class::Poison));
    let stream = world.open(&Rules::default()).await;
    let text: String = (0..20).map(|n| format!("B k{} {n}\n", n % 2)).collect();
    world.put("a.dat", &text);
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    assert_eq!(round.reports[0].counted.events["t"], 19);
    let (events, letters) = (world.consumed("t"), world.topic("t.rejected"));
    assert_eq!((events.len(), letters.len()), (19, 1));
    assert_eq!(&*letters[0].data, b"B k1 13");
    assert!(extension(&letters[0], "reason").starts_with("the sink refuses it: poison"), "{letters:?}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_for_good_and_that_nothing_takes_holds_the_stream() {
    let world = World::new();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    world.sink(move |_, event| {
        let refused = event.data.ends_with(b" 2") && counted.fetch_add(1, Ordering::Relaxed) < 20;
        refused.then_some(Class::Poison)
    });
    let stream = world.open(&Rules { rejects: false, ..Rules::default() }).await;
    world.put("a.dat", "B a 1\nB a 2\nB a 3\nB b 4\n");
    world.round(&stream).await.unwrap();
    assert_eq!(by_key(&world.topic("t"))["a"], ["B a 1", "B a 2", "B a 3"]);
    assert_eq!(tries.load(Ordering::Relaxed), 21);
    assert_eq!(world.published(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_is_down_is_waited_for_and_what_is_in_flight_is_bounded() {
    let world = World::new();
    let open_at = tokio::time::Instant::now() + Duration::from_secs(3600);
    world.sink(move |_, _| (tokio::time::Instant::now() < open_at).then_some(Class::Transient));
    world.batches_of(1_000);
    let line = |n: usize| format!("B k{n} {n} {}\n", "x".repeat(1_000));
    let text: String = (0..20_000).map(|n| line(n).replacen('x', "1 ", 1)).collect();
    world.put("a.dat", &text);
    let stream = world.open(&Rules::default()).await;
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    assert_eq!(world.published(), 20_000);
    let most = world.in_flight_bytes_max();
    assert!(most <= 8 << 20, "{most} bytes were in flight");
    assert!(stream.counts.troubles.load(Ordering::Relaxed) > 100);
}

#[tokio::test(start_paused = true)]
async fn who_has_no_patience_ends_with_the_reason_and_goes_on_later() {
    let world = World::new();
    let rules = Rules { patience: Some(Duration::from_secs(60)), ..Rules::default() };
    world.sink(|_, event| event.data.ends_with(b"B a 5").then_some(Class::Transient));
    world.put("a.dat", "B a 1\nB a 2\nB a 3\nB a 4\nB a 5\nB a 6\n");
    let stream = world.open(&rules).await;
    let (_stop, stopped) = watch::channel(false);
    let trouble = stream.round(&stopped, &mut |_| {}).await.unwrap_err();
    assert!(trouble.to_string().contains("topic t: transient: not kept"), "{trouble}");
    assert_eq!(world.ended(), [("a.dat".to_owned(), UnitEnd::Left)]);
    world.sink(|_, _| None);
    let stream = world.open(&rules).await;
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
    assert_eq!((world.consumed("t").len(), world.ids("t").len()), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn a_unit_that_tears_is_told_and_nothing_of_the_others_is_held() {
    let check = async |class: Class, left: bool| {
        let world = World::new();
        world.put("a.dat", &content(9, false));
        world.tear(Some((2, class)));
        let stream = world.open(&Rules::default()).await;
        let (_stop, stopped) = watch::channel(false);
        let mut reports = Vec::new();
        match stream.round(&stopped, &mut |report| reports.push(report)).await {
            Err(Trouble::Source(error)) => assert!(left && error.class == class),
            Ok(_) => assert!(!left && matches!(reports[0].outcome, UnitOutcome::Refused(_))),
            Err(trouble) => panic!("{trouble}"),
        }
        assert_eq!(world.topic("t").len(), 6, "what came before is published");
        world.tear(None);
        world.put("a.dat", &content(9, false));
        let round = world.round(&stream).await.unwrap();
        assert_eq!(outcomes(&round), [("a.dat", &UnitOutcome::Settled)]);
        assert_eq!(round.reports[0].from_record, 6, "it goes on where it was");
        assert_eq!((world.published(), world.ids("t").len()), (9, 9));
    };
    check(Class::Transient, true).await;
    check(Class::Ambiguous, true).await;
    check(Class::Poison, false).await;
    check(Class::Conflict, false).await;
}

#[tokio::test(start_paused = true)]
async fn older_records_and_those_that_say_nothing_new_make_no_event() {
    let check = async |rules: Rules, text: &str, expected: &[&str], passed_over: u64| {
        let world = World::new();
        world.put("a.dat", text);
        let stream = world.open(&rules).await;
        let round = world.round(&stream).await.unwrap();
        assert_eq!(world.consumed("t"), expected);
        assert_eq!(round.reports[0].counted.passed_over, passed_over);
        assert_eq!(world.ids("t").len(), world.topic("t").len());
    };
    let newest = Rules { newest: true, ..Rules::default() };
    let text = "B a 1 5\nB a 2 4\nB a 3 5\nB b 4 1\nB a 5\nB a 6 4.5\n";
    let expected = ["posted B a 1 5", "posted B a 3 5", "posted B b 4 1", "posted B a 5"];
    check(newest, text, &expected, 2).await;
    let changes = Rules { only_changes: true, ..Rules::default() };
    let text = "B a 1\nB a 1\nB b 1\nB a 2\nB a 1\nB a 1\n";
    check(changes, text, &["posted B a 1", "posted B b 1", "posted B a 2", "posted B a 1"], 2).await;
    let state = Rules { types: states(), ..Rules::default() };
    let text = "B a 1\nB a 1\nB a 2\nB a 0\nB a 0\nB a 2\nB b 0\n";
    let expected = ["created B a 1", "updated B a 2", "deleted B a 0", "created B a 2", "deleted B b 0"];
    check(state, text, &expected, 2).await;
}

#[tokio::test]
async fn a_stream_runs_by_itself_until_it_is_stopped_in_the_middle_of_a_unit() {
    let world = World::new();
    let stream = world.open(&Rules::default()).await;
    let (stop, stopped) = watch::channel(false);
    let running = tokio::spawn(stream.run(stopped));
    world.put("a.dat", &content(10, false));
    let wait = async |count: usize| {
        for _ in 0..2_000 {
            if world.topic("t").len() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("{} events", world.topic("t").len());
    };
    wait(10).await;
    // The last events are not taken, and then it is stopped.
    world.sink(|_, event| event.data.ends_with(b" 19").then_some(Class::Transient));
    world.put("b.dat", &content(20, false));
    wait(20).await;
    stop.send(true).unwrap();
    running.await.unwrap();
    assert_eq!(world.ended().last(), Some(&("b.dat".to_owned(), UnitEnd::Left)));
    world.sink(|_, _| None);
    let stream = world.open(&Rules::default()).await;
    let round = world.round(&stream).await.unwrap();
    assert_eq!(outcomes(&round), [("b.dat", &UnitOutcome::Settled)]);
    assert_eq!((world.consumed("t").len(), world.ids("t").len()), (30, 30));
}

async fn redriven(world: &World, streams: &[Stream], send: bool) -> Redriven {
    let (_stop, stop) = watch::channel(false);
    let name = crate::store::hash(&[b"letters"]);
    let mut redrive = Redrive { streams, topics: world, topic: "t.rejected", name, stop };
    redrive.all(send, &mut |_| {}).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn letters_are_sent_again_as_they_would_have_been_and_what_fails_stays_open() {
    let text = "B a 1\nB a bad\n?\nB b 2\nB b bad\nB c bad\nB d bad\n";
    let reference = World::new();
    reference.put("a.dat", text);
    let mended = Rules { mended: true, version: "v2", ..Rules::default() };
    reference.round(&reference.open(&mended).await).await.unwrap();
    let world = World::new();
    world.put("a.dat", text);
    let streams = [world.open(&Rules::default()).await];
    world.round(&streams[0]).await.unwrap();
    assert_eq!((world.topic("t").len(), world.topic("t.rejected").len()), (2, 5));
    // The mapping is as it was.
    let done = redriven(&world, &streams, true).await;
    assert_eq!((done.letters, done.events, done.open.len()), (5, 0, 5));
    // Only looking sends nothing.
    let streams = [world.open(&mended).await];
    let done = redriven(&world, &streams, false).await;
    assert_eq!((done.letters, done.events, done.open.len(), world.topic("t").len()), (5, 0, 1, 2));
    let done = redriven(&world, &streams, true).await;
    assert_eq!((done.letters, done.events, done.open.len()), (5, 4, 1));
    assert_eq!(done.open[0].1, "no record type fits at byte 14");
    assert_eq!(world.ids("t"), reference.ids("t"), "they have other ids than they would have had");
    // What was delivered is not sent again; what is open is looked at again.
    let done = redriven(&world, &streams, true).await;
    assert_eq!((done.letters, done.events, done.open.len()), (1, 0, 1));
    // A person repairs it.
    let (letter, why) = &done.open[0];
    let mut line = letter.line(why, &[]);
    line["data"] = serde_json::json!("QiBlIDU=");
    let repaired = Letter::parse(&line.to_string()).unwrap();
    let (_stop, stop) = watch::channel(false);
    let name = crate::store::hash(&[b"letters"]);
    let mut redrive = Redrive { streams: &streams, topics: &world, topic: "t.rejected", name, stop };
    assert_eq!(redrive.these(vec![repaired]).await.unwrap().events, 1);
    assert_eq!(world.consumed("t").last().map(String::as_str), Some("posted B e 5"));
    assert_eq!(redriven(&world, &streams, true).await.letters, 0);
}

#[test]
fn a_line_of_an_export_that_is_broken_is_refused_with_what_is_wrong() {
    let check = |line: &str, expected: &str| {
        let why = Letter::parse(line).unwrap_err();
        assert!(why.contains(expected), "{line}: {why}");
    };
    check("{", "EOF");
    check("{}", "`data` is no text");
    check(r#"{"data":"*"}"#, "`data`: ");
    check(r#"{"data":"","unit":"a","record":"1"}"#, "`record` is no number");
    check(r#"{"data":"","unit":"a","record":1,"offset":0,"unitId":"ab"}"#, "64 hexadecimal digits");
}
