//! Writers that commit in another order than they write: transactions that stay open, rows that tell an early time and
//! appear late, updates of the same row, deletes, rollbacks.
//!
//! **Invariant.** The version of an order grows with each of its states, so an order of events can be judged.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tests::databases::{Product, Server, Session};

/// Numbers that look random and are the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A schedule.
pub(crate) struct Schedule {
    /// Keys that are written.
    pub(crate) keys: u64,
    /// How long a transaction stays open at most.
    pub(crate) open: Duration,
    pub(crate) seed: u64,
}

impl Schedule {
    /// Writes until it is told to stop; counts what was committed.
    pub(crate) fn write(&self, server: &Server, writer: u64, stop: &AtomicBool, committed: &AtomicU64) {
        let mut random = Random(self.seed.wrapping_mul(1_000).wrapping_add(writer));
        let mut session = None;
        while !stop.load(Ordering::Relaxed) {
            let Some(open) = session.as_mut() else {
                session = begin_session(server);
                continue;
            };
            match self.transaction(server.product, open, &mut random) {
                Ok(true) => drop(committed.fetch_add(1, Ordering::Relaxed)),
                Ok(false) => {}
                // A deadlock or a server that is down: the transaction is rolled back, and the session begun anew.
                Err(_) => session = None,
            }
        }
    }

    fn transaction(
        &self,
        product: Product,
        session: &mut Session,
        random: &mut Random,
    ) -> std::io::Result<bool> {
        let clock = clock(product);
        // Rows tell the time at which the transaction began, or that of the statement.
        let began = session.run(&format!("BEGIN; SELECT {clock};"))?;
        let mut keys: Vec<u64> = (0..1 + random.below(3)).map(|_| 1 + random.below(self.keys)).collect();
        keys.sort_unstable();
        for key in keys {
            let at = match random.below(2) {
                0 => clock.to_owned(),
                _ => format!("'{}'", began.trim()),
            };
            session.run(&statement(product, key, &at, random))?;
            std::thread::sleep(Duration::from_millis(random.below(30)));
        }
        self.stay_open(random);
        let commits = random.below(10) > 0;
        session.run(if commits { "COMMIT;" } else { "ROLLBACK;" })?;
        Ok(commits)
    }

    /// Most transactions are short, and some are as long as they may be.
    fn stay_open(&self, random: &mut Random) {
        let most = u64::try_from(self.open.as_millis()).unwrap_or(u64::MAX);
        if random.below(4) == 0 {
            std::thread::sleep(Duration::from_millis(random.below(most)));
        }
    }
}

fn begin_session(server: &Server) -> Option<Session> {
    let mut session = server.session().ok()?;
    let settings = match server.product {
        Product::Mariadb => "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;",
        _ => "SET client_min_messages = warning;",
    };
    let begun = session.run(settings).is_ok();
    if !begun {
        std::thread::sleep(Duration::from_millis(100));
    }
    begun.then_some(session)
}

fn clock(product: Product) -> &'static str {
    match product {
        Product::Mariadb => "UTC_TIMESTAMP(6)",
        _ => "CAST(clock_timestamp() AT TIME ZONE 'UTC' AS TIMESTAMP(6))",
    }
}

fn statement(product: Product, key: u64, at: &str, random: &mut Random) -> String {
    let note = random.below(1_000);
    match random.below(20) {
        0..=2 => format!("DELETE FROM shop.orders WHERE id = {key};"),
        3..=8 => {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let version = since.as_micros() * 100;
            let (ignore, nothing) = match product {
                Product::Mariadb => ("IGNORE ", ""),
                _ => ("", " ON CONFLICT DO NOTHING"),
            };
            format!(
                "INSERT {ignore}INTO shop.orders VALUES ({key}, {version}, 'n{note}', 'O', {at}){nothing};"
            )
        }
        _ => {
            let state = ["O", "D", "C"][usize::try_from(random.below(3)).unwrap()];
            format!(
                "UPDATE shop.orders SET ver = ver + 1, note = 'n{note}', state = '{state}', changed = {at} WHERE id = {key};"
            )
        }
    }
}
