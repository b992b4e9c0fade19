//! Streams end to end: files in a folder, the real binary, Apache Kafka, and a consumer of its own makers.
//!
//! **Invariant.** What counts is what the foreign consumer sees, compared with what an independent script or this program,
//! that made the file, knows of it: every entry, to the cent, and nothing else.

#[path = "files/ach.rs"]
mod ach;
#[path = "files/bookings.rs"]
mod bookings;
#[path = "files/changing.rs"]
mod changing;
#[path = "files/crashes.rs"]
mod crashes;
#[path = "files/entries.rs"]
mod entries;
#[path = "files/letters.rs"]
mod letters;
#[path = "files/noticed.rs"]
mod noticed;
#[path = "files/outages.rs"]
mod outages;
#[path = "files/secured.rs"]
mod secured;
#[path = "files/totals.rs"]
mod totals;
#[path = "files/world.rs"]
mod world;

/// Rounds here and in the long form.
fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("SEAWALL_LONG").is_some() { long } else { short }
}
