//! Clients that read and write without a pause, and judge each answer.
//!
//! **Invariant.** An answer is whole and right, or it is an error that says what may have happened; a wrong one ends the
//! test.

use super::world::{ACCOUNTS, DEADLINE, World};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tests::{Answer, Client};

/// Clients at work.
pub(crate) struct Load {
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Report>>,
}

/// How their requests ended.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Requests by kind and end.
    pub(crate) ends: BTreeMap<String, usize>,
    /// The request that took longest of each kind.
    pub(crate) slowest: BTreeMap<&'static str, Duration>,
    /// By account: the value that was written last for certain, and those that may have been written since.
    written: BTreeMap<u64, (u64, Vec<u64>)>,
}

/// How much longer than its deadline a request may take.
pub(crate) const SLACK: Duration = Duration::from_secs(1);

impl Load {
    /// Starts so many clients; each writes an account of its own.
    pub(crate) fn start(world: &World, clients: u64) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let thread = |n: u64| {
            let (client, ended) = (world.client(), Arc::clone(&ended));
            std::thread::spawn(move || {
                Worker { client, account: 100 + n, step: n, report: Report::default() }.run(&ended)
            })
        };
        let threads = (0..clients).map(thread).collect();
        Self { ended, threads }
    }

    /// Ends them and says how it was.
    pub(crate) fn stop(self) -> Report {
        self.ended.store(true, Ordering::Relaxed);
        let mut all = Report::default();
        for thread in self.threads {
            let report = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (end, count) in report.ends {
                *all.ends.entry(end).or_default() += count;
            }
            for (kind, took) in report.slowest {
                let slowest = all.slowest.entry(kind).or_default();
                *slowest = took.max(*slowest);
            }
            all.written.extend(report.written);
        }
        all
    }
}

impl Report {
    /// Returns how many requests ended well.
    pub(crate) fn good(&self) -> usize {
        self.ends.iter().filter(|(end, _)| end.ends_with(" good")).map(|(_, count)| count).sum()
    }

    /// Returns how many did not.
    pub(crate) fn bad(&self) -> usize {
        self.ends.values().sum::<usize>() - self.good()
    }

    /// Holds that each account has the value that was written last, or one whose writing was told to be unknown.
    pub(crate) fn holds(&self, client: &mut Client) {
        for (account, (certain, possible)) in &self.written {
            let answer = client.get(&format!("/accounts/{account}")).unwrap();
            let found = answer.json()["balance"].as_u64();
            let known = found == Some(*certain) || found.is_some_and(|found| possible.contains(&found));
            assert!(known, "account {account} has {found:?} instead of {certain} or one of {possible:?}");
        }
    }
}

struct Worker {
    client: Client,
    account: u64,
    step: u64,
    report: Report,
}

impl Worker {
    fn run(mut self, ended: &AtomicBool) -> Report {
        while !ended.load(Ordering::Relaxed) {
            self.step += 1;
            match self.step % 16 {
                0 => self.list(),
                4 | 9 | 14 => self.write(),
                _ => self.read(),
            }
        }
        self.report
    }

    fn read(&mut self) {
        let id = 1 + self.step * 7919 % ACCOUNTS;
        let (answer, took) = timed(|| self.client.get(&format!("/accounts/{id}")));
        let answer = answer.expect("a short answer is always whole");
        if answer.status == 200 {
            let json = answer.json();
            assert_eq!(json["id"], id, "{}", answer.text());
            assert!(json["name"].as_str().unwrap().starts_with(&format!("account number {id} of")), "{json}");
        }
        self.note("read", &answer, took);
    }

    fn write(&mut self) {
        let (target, value) = (format!("/accounts/{}", self.account), self.step);
        let body = json!({ "balance": value }).to_string();
        let headers = [("Content-Type", "application/merge-patch+json")];
        let (answer, took) = timed(|| self.client.send("PATCH", &target, &headers, Some(body.as_bytes())));
        let answer = answer.expect("a short answer is always whole");
        let (certain, possible) = self.report.written.entry(self.account).or_default();
        match answer.status {
            204 => {
                *certain = value;
                possible.clear();
            }
            _ if answer.problem() == "outcome-unknown" => possible.push(value),
            // Nothing was changed, so it says.
            _ => {}
        }
        self.note("write", &answer, took);
    }

    fn list(&mut self) {
        let (answer, took) = timed(|| self.client.get("/accounts"));
        let Ok(answer) = answer else {
            // It broke off, and nobody can take it for a whole one. Its connection is not used again.
            self.end("list", "torn".to_owned(), took);
            return;
        };
        if answer.status == 200 {
            let json = answer.json();
            let items = json["items"].as_array().expect("a list that ends is JSON");
            let numbers = items.iter().filter_map(|item| item["id"].as_u64());
            assert_eq!(numbers.sum::<u64>(), ACCOUNTS * (ACCOUNTS + 1) / 2, "{} items", items.len());
        }
        self.note("list", &answer, took);
    }

    fn note(&mut self, kind: &'static str, answer: &Answer, took: Duration) {
        let problem = answer.problem();
        let fits = match (answer.status, problem.as_str()) {
            (200 | 204, "") | (503, "unavailable") | (504, "timed-out") => true,
            (504, "outcome-unknown") => kind == "write",
            _ => false,
        };
        assert!(fits, "{kind}: {} {}", answer.status, answer.text());
        let end = if problem.is_empty() { "good".to_owned() } else { problem };
        self.end(kind, end, took);
    }

    fn end(&mut self, kind: &'static str, end: String, took: Duration) {
        // What a list that goes out takes is not the database's alone.
        let limit = if kind == "list" { DEADLINE * 2 } else { DEADLINE } + SLACK;
        assert!(took < limit, "{kind} {end} took {took:?}");
        *self.report.ends.entry(format!("{kind} {end}")).or_default() += 1;
        let slowest = self.report.slowest.entry(kind).or_default();
        *slowest = took.max(*slowest);
    }
}

/// Does something and says how long it took.
pub(crate) fn timed<T>(act: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = act();
    (done, began.elapsed())
}
