//! End to end: the real binary against real servers, and the house rules.
//!
//! **Invariant.** Everything listens on the loopback address, is started here, and is gone when the test ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "all of it is tests")]

#[path = "suite/estate.rs"]
mod estate;

#[path = "suite/auth.rs"]
mod auth;
#[path = "suite/customers.rs"]
mod customers;
#[path = "suite/cxf.rs"]
mod cxf;
#[path = "suite/database_outages.rs"]
mod database_outages;
#[path = "suite/databases.rs"]
mod databases;
#[path = "suite/examples.rs"]
mod examples;
#[path = "suite/files.rs"]
mod files;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/kafka.rs"]
mod kafka;
#[path = "suite/laws.rs"]
mod laws;
#[path = "suite/mutations.rs"]
mod mutations;
#[path = "suite/once.rs"]
mod once;
#[path = "suite/outages.rs"]
mod outages;
#[path = "suite/reference.rs"]
mod reference;
#[path = "suite/remote.rs"]
mod remote;
#[path = "suite/reservations.rs"]
mod reservations;
#[path = "suite/review.rs"]
mod review;
#[path = "suite/scenarios.rs"]
mod scenarios;
#[path = "suite/tidy.rs"]
mod tidy;
#[path = "suite/watch.rs"]
mod watch;
