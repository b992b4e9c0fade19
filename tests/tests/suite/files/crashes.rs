//! The process is killed at random moments while a large file streams to Kafka.

use super::entries::{self, LARGE, totals, unique};
use super::rounds;
use super::world::World;
use std::time::{Duration, Instant};
use tests::kafka::Broker;

#[test]
fn a_large_file_whose_reader_is_killed_again_and_again_is_published_whole_and_once() {
    let Some(bytes) = entries::large() else { return };
    let Some(broker) = Broker::start().unwrap() else { return };
    let start = Instant::now();
    let world = world(&broker, 0, &bytes);
    assert_eq!(world.run_once().code, 0);
    let whole = u64::try_from(start.elapsed().as_millis()).unwrap();
    let (kills, mut done, mut resumed, mut round) = (rounds(10, 200), 0, 0, 0);
    let mut random: u64 = 0x2545_F491_4F6C_DD1D;
    while done < kills {
        round += 1;
        let world = self::world(&broker, round, &bytes);
        let ended = loop {
            let mut run = world.start("run-once", &["--json"]);
            // xorshift64, for reproducible moments.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if done == kills {
                break run.end();
            }
            let moment = Instant::now() + Duration::from_millis(random % (whole / 3).max(1));
            if run.until(|_| Instant::now() >= moment) && run.kill() {
                done += 1;
            } else {
                break run.end();
            }
        };
        assert_eq!(ended.code, 0, "{}", ended.said);
        resumed += usize::from(ended.unit("large.ach")["fromRecord"].as_u64() > Some(0));
        let messages = broker.consumer().all(&topic(round)).unwrap();
        let seen = unique(&messages);
        assert_eq!(totals(&seen), LARGE, "round {round}");
        assert_eq!(world.names("done"), ["large.ach"]);
        eprintln!("{done} kills, {} of {} messages came again", messages.len() - seen.len(), messages.len());
    }
    assert!(resumed > 0, "no kill hit a stream");
}

fn topic(round: usize) -> String {
    format!("ach.entries.{round}")
}

/// Without totals, so that all of its time it streams; the consumer adds up.
fn world(broker: &Broker, round: usize, bytes: &[u8]) -> World {
    let change = |mapping: String| {
        let mapping = mapping.replace("bus/ach.entries.v1", &format!("bus/{}", topic(round)));
        // Small batches, so that there are many moments.
        without_verify(&mapping).replace("poll: 100ms", "poll: 100ms\n    limits: { batch: 32KiB }")
    };
    let world = World::of(&entries::project(), change).kafka(&broker.address());
    world.drop_file("large.ach", bytes);
    world
}

/// The mapping with `verify` taken out.
pub(super) fn without_verify(mapping: &str) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        inside = if line.starts_with("    verify:") { true } else { inside && line.starts_with("      ") };
        !inside
    };
    mapping.lines().filter(keep).fold(String::new(), |text, line| text + line + "\n")
}
