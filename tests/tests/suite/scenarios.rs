//! The shared resilience scenarios over real sockets: a scripted legacy system counts what reaches it.
//!
//! **Invariant.** Hit counts are exact where the scenario says so; time has wide margins.

use crate::estate::booking;
use adapters_testkit::{Behaviour, Reply, Server};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tests::process::{FacadeOptions, scratch};
use tests::{Answer, Client, Facade, KeySet, shared};

#[test]
fn every_shared_scenario_holds_with_exact_hits() {
    let Some(path) = shared::shared("fixtures/resilience/scenarios.json") else { return };
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let scenarios = file["scenarios"].as_array().unwrap();
    assert_eq!(scenarios.len(), 6);
    let runs = if std::env::var_os("SEAWALL_LONG").is_some() { 20 } else { 1 };
    for scenario in scenarios {
        for _ in 0..runs {
            Play::new(scenario).run(&scenario["steps"]);
        }
    }
}

/// One scenario under way.
struct Play {
    id: String,
    post: bool,
    backend: Server,
    script: Arc<Mutex<String>>,
    facade: Facade,
    token: String,
    sent: usize,
    _runtime: tokio::runtime::Runtime,
}

impl Play {
    fn new(scenario: &Value) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let script = Arc::new(Mutex::new(String::new()));
        let answer = {
            let script = Arc::clone(&script);
            move |_: &_| reply(&script.lock().unwrap())
        };
        let backend = runtime.block_on(Server::start(0, Arc::new(answer))).unwrap();
        let keys = KeySet::new("https://idp.example", "hotel-apps");
        let facade = facade(&policy(&scenario["cfg"]), &backend, &keys);
        let token = keys.token("x", "reservations:read reservations:write", 600);
        let post = scenario["cfg"]["method"].as_str().is_some_and(|method| method.starts_with("POST"));
        let id = scenario["id"].as_str().unwrap().to_owned();
        Self { id, post, backend, script, facade, token, sent: 0, _runtime: runtime }
    }

    fn run(&mut self, steps: &Value) {
        for step in steps.as_array().unwrap() {
            if let Some(pause) = step["wait_ms"].as_u64() {
                std::thread::sleep(Duration::from_millis(pause));
                continue;
            }
            let before = self.backend.hits();
            let answers = self.send(step);
            let hits = self.backend.hits() - before;
            self.judge(step, hits, &answers);
        }
    }

    fn send(&mut self, step: &Value) -> Vec<(Answer, Duration)> {
        *self.script.lock().unwrap() = step["backend"].as_str().unwrap().to_owned();
        let count = step["send"].as_u64().unwrap();
        let pause = step["rate_per_s"].as_u64().map(|rate| Duration::from_micros(1_000_000 / rate));
        let mut client = self.facade.client().bearer(&self.token);
        let start = Instant::now();
        (0..count)
            .map(|n| {
                if let Some(pause) = pause {
                    std::thread::sleep((pause * u32::try_from(n).unwrap()).saturating_sub(start.elapsed()));
                }
                let sent = Instant::now();
                (self.one(&mut client), sent.elapsed())
            })
            .collect()
    }

    fn one(&mut self, client: &mut Client) -> Answer {
        self.sent += 1;
        if self.post {
            let key = format!("scenario-{}", self.sent);
            client.post("/reservations", &[("Idempotency-Key", &key)], &booking()).unwrap()
        } else {
            client.get("/reservations/R-1001").unwrap()
        }
    }

    fn judge(&self, step: &Value, hits: u64, answers: &[(Answer, Duration)]) {
        let id = &self.id;
        if let Some(wanted) = step["hits"].as_u64() {
            assert_eq!(hits, wanted, "{id}: {step}");
        }
        if let Some(range) = step["hits_range"].as_array() {
            let (from, to) = (range[0].as_u64().unwrap(), range[1].as_u64().unwrap());
            assert!((from..=to).contains(&hits), "{id}: {hits} hits, wanted {from} to {to}");
        }
        if let Some(state) = step["state"].as_str() {
            let health = self.facade.client().get("/health/ready").unwrap().text();
            assert!(health.contains(state), "{id}: wanted {state}: {health}");
        }
        if let Some(status) = step["status"].as_u64() {
            assert!(answers.iter().all(|(answer, _)| u64::from(answer.status) == status), "{id}");
        }
        if step["retry_after"] == "present" {
            assert!(answers.iter().all(|(answer, _)| answer.header("retry-after").is_some()), "{id}");
        }
        if let Some(limit) = step["p99_ms"].as_u64() {
            let mut times: Vec<Duration> = answers.iter().map(|(_, time)| *time).collect();
            times.sort();
            // Twenty times the figure: a machine that does other things must not make a scenario fail.
            assert!(times[times.len() * 99 / 100] < Duration::from_millis(limit * 20), "{id}: {times:?}");
        }
    }
}

/// The policy of a scenario in the mapping language.
fn policy(cfg: &Value) -> String {
    let number = |key: &str| cfg[key].as_u64();
    let mut keys = vec!["timeout: 5s".to_owned(), "deadline: 20s".to_owned()];
    match (number("retries").unwrap_or(0), cfg["budget"].as_f64()) {
        (retries, Some(budget)) => {
            keys.push(format!(
                "retry: {{ max: {retries}, budget: {}%, backoff: 1ms..2ms }}",
                (budget * 100.0).round()
            ));
        }
        (retries, None) => keys.push(format!("retry: {retries}")),
    }
    if let (Some(rate), Some(window)) = (number("failure_rate"), cfg["window"].as_str()) {
        let of = window.strip_prefix("count ").unwrap();
        let mut breaker = vec![format!("failures: {rate}%, of: {of}")];
        breaker.extend(number("min_calls").map(|n| format!("minCalls: {n}")));
        breaker.extend(number("open_for_ms").map(|ms| format!("open: {ms}ms")));
        breaker.extend(number("half_open_calls").map(|n| format!("trials: {n}")));
        if let (Some(over), Some(rate)) = (number("slow_call_ms"), number("slow_rate")) {
            breaker.push(format!("slow: {{ over: {over}ms, rate: {rate}% }}"));
        }
        keys.push(format!("breaker: {{ {} }}", breaker.join(", ")));
    }
    format!("policy: {{ {} }}", keys.join(", "))
}

fn facade(policy: &str, backend: &Server, keys: &KeySet) -> Facade {
    let project = scratch("scenario").unwrap();
    tests::bench::copy(&shared::repository().join("mappings/reservations"), &project).unwrap();
    let file = project.join("facade.yaml");
    let mapping = std::fs::read_to_string(&file).unwrap();
    let old =
        "policy: { timeout: 5s, retry: 2, concurrency: 8, breaker: { failures: 50%, of: 20, open: 30s } }";
    assert!(mapping.contains(old), "the example's policy is another one now");
    let mapping = mapping
        .replace(old, policy)
        .replace("scope: reservations:read, cache: 30s", "scope: reservations:read");
    std::fs::write(&file, mapping).unwrap();
    let env = vec![("PMS_URL".into(), format!("{}/pms", backend.url()))];
    let args = vec!["--without".into(), "events".into()];
    Facade::start(&FacadeOptions { project: &project, env, args, keys, store: None }).unwrap()
}

/// What the scripted system answers.
fn reply(script: &str) -> Reply {
    let good = || {
        Reply::new(
            200,
            "text/xml; charset=utf-8",
            tests::bench::message::reply(tests::bench::message::Size::Small),
        )
    };
    match script {
        "200" => good(),
        "200 after 300 ms" => good().sent(Behaviour::After(Duration::from_millis(300))),
        "500" => Reply::new(500, "text/plain", "broken"),
        "503 always" => Reply::new(503, "text/plain", "closed"),
        "connection reset after request bytes were read" => good().sent(Behaviour::Reset),
        other => panic!("the scenario scripts {other:?}, which this test does not know"),
    }
}
