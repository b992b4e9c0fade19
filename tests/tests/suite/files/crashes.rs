//! The process is killed at random moments while a large file streams to Kafka.

use super::entries::{self, LARGE, totals, unique};
use super::rounds;
use super::world::World;
use std::time::Duration;
use tests::kafka::Broker;

/// The latest moment of a kill, in milliseconds.
const MOMENT_MAX: u64 = 600;

#[test]
fn a_large_file_whose_reader_is_killed_again_and_again_is_published_whole_and_once() {
    let Some(bytes) = entries::large() else { return };
    let Some(broker) = Broker::start().unwrap() else { return };
    let (kills, mut done, mut resumed, mut round) = (rounds(10, 200), 0, 0, 0);
    let mut random: u64 = 0x2545_F491_4F6C_DD1D;
    while done < kills {
        round += 1;
        let topic = format!("ach.entries.{round}");
        // Without totals, so that all of its time it streams; the consumer adds up.
        let world = World::of(&entries::project(), |mapping| {
            without_verify(&mapping).replace("bus/ach.entries.v1", &format!("bus/{topic}"))
        });
        let world = world.kafka(&broker.address());
        world.drop_file("large.ach", &bytes);
        loop {
            let mut run = world.start("run-once", &["--json"]);
            // xorshift64, for reproducible moments.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if done < kills {
                // Two of three while it streams, the others before, or whenever that is.
                if done % 3 != 0 {
                    // Once all is read, it is read again, and published.
                    run.until(|run| run.io("rchar") > bytes.len() as u64 + (1 << 20));
                }
                std::thread::sleep(Duration::from_millis(random % MOMENT_MAX));
                if run.kill() {
                    done += 1;
                    continue;
                }
            }
            let ended = run.end();
            assert_eq!(ended.code, 0, "{}", ended.said);
            resumed += usize::from(ended.unit("large.ach")["fromRecord"].as_u64() > Some(0));
            break;
        }
        let messages = broker.consumer().all(&topic).unwrap();
        let seen = unique(&messages);
        assert_eq!(totals(&seen), LARGE, "round {round}");
        eprintln!("{done} kills, {} of {} messages came again", messages.len() - seen.len(), messages.len());
    }
    assert!(resumed > 0, "no kill hit a stream");
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
