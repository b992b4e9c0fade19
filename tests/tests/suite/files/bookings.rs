//! The `bookings` example as it is written, from a file of a mainframe to a consumer that is not ours.

use super::world::World;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use tests::kafka::{Broker, Message};
use tests::shared::shared;

/// The topics of the example.
const BOOKINGS: &str = "bank.bookings.v1";

/// The example, of which only the places of its files are others.
fn world(example: &Path, broker: &Broker) -> World {
    let world = World::of(example, |mapping| mapping).kafka(&broker.address()).overlay("here");
    let inbox = world.inbox();
    let overlay = format!(
        "connections.corebank.path: {0}/TRX*.DAT\nconnections.corebank.done: {0}/done\n",
        inbox.display()
    );
    fs::write(world.project().join("env/here.yaml"), overlay).unwrap();
    world
}

fn example() -> Option<(PathBuf, Broker)> {
    let example = shared("examples/bookings")?;
    let broker = Broker::start().unwrap()?;
    Some((example, broker))
}

#[test]
fn a_nightly_file_becomes_events_once_and_one_that_does_not_add_up_becomes_none() {
    let Some((example, broker)) = example() else { return };
    let world = world(&example, &broker);
    let file = |name: &str| fs::read(example.join("tests").join(name)).unwrap();

    world.drop_file("TRX20260331.DAT", &file("TRX20260331.DAT"));
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
    let unit = ended.unit("TRX20260331.DAT");
    assert_eq!((&unit["outcome"], &unit["totalsHold"]), (&"settled".into(), &true.into()), "{unit}");
    assert_eq!(unit["events"][BOOKINGS], 2, "{unit}");
    assert_eq!((world.names(""), world.names("done")), (vec![], vec!["TRX20260331.DAT".to_owned()]));
    let seen = broker.consumer().all(BOOKINGS).unwrap();
    both_bookings(&seen);

    world.drop_file("TRX20260401.DAT", &file("TRX20260331.DAT"));
    let ended = world.run_once();
    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(ended.unit("TRX20260401.DAT")["outcome"], "duplicate", "{}", ended.said);

    world.drop_file("TRX-BADTOTAL.DAT", &file("TRX-BADTOTAL.DAT"));
    let ended = world.run_once();
    assert_eq!(ended.code, 1, "{}", ended.said);
    let unit = ended.unit("TRX-BADTOTAL.DAT");
    let reason = "TRL-TOTAL: the file says 1.00, the bookings add up to 1254.55";
    assert_eq!((&unit["outcome"], &unit["reason"]), (&"refused".into(), &reason.into()), "{unit}");
    assert_eq!(world.names(""), ["TRX-BADTOTAL.DAT"], "it stays for whoever looks at it");
    assert_eq!(broker.consumer().all(BOOKINGS).unwrap(), seen, "nothing new is published");
}

/// Checks keys, headers and data of both. Source: `facade.yaml` of the example and the bytes of its file.
fn both_bookings(seen: &[Message]) {
    assert_eq!(seen.len(), 2, "{seen:#?}");
    let expected = [
        (
            "4711-17",
            "AT-0000123",
            r#"{"id":"4711-17","bookedOn":"2026-03-31","account":"AT-0000123","direction":"debit","amount":{"value":1234.56,"currency":"EUR"},"detail":{"type":"transfer","iban":"AT611904300234573201","reference":"INVOICE 88"},"splits":[{"costCenter":"K100","amount":1000.00},{"costCenter":"K200","amount":234.56}]}"#,
        ),
        (
            "4711-18",
            "AT-0000999",
            r#"{"id":"4711-18","bookedOn":"2026-03-31","account":"AT-0000999","direction":"debit","amount":{"value":19.99,"currency":"EUR"},"detail":{"type":"card","lastDigits":"4242","merchant":"BÄCKEREI HUBER"},"splits":[]}"#,
        ),
    ];
    for (id, key, data) in expected {
        let message = seen.iter().find(|message| message.header("ce_id") == Some(id));
        let message = message.unwrap_or_else(|| panic!("there is no {id}: {seen:#?}"));
        assert_eq!((&*message.key, &*message.value), (key, data));
        let headers = [
            ("ce_specversion", "1.0"),
            ("ce_source", "/facade/bookings"),
            ("ce_type", "com.example.bank.booking.posted"),
            ("ce_time", "2026-03-31T00:00:00Z"),
            ("ce_partitionkey", key),
            ("content-type", "application/json"),
        ];
        for (name, value) in headers {
            assert_eq!(message.header(name), Some(value), "{name}: {message:#?}");
        }
    }
    let ids: HashSet<_> = seen.iter().filter_map(|message| message.header("ce_id")).collect();
    assert_eq!(ids.len(), 2);
}
