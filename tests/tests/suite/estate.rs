//! A fake PMS with the facade in front of it.
//!
//! **Invariant.** One estate per test; nothing is shared between tests.

use adapters_testkit::Pms;
use serde_json::{Value, json};
use std::path::PathBuf;
use tests::process::{FacadeOptions, scratch};
use tests::{Client, Facade, KeySet, shared};
use tokio::runtime::Runtime;

pub(crate) struct Estate {
    pub(crate) facade: Facade,
    pub(crate) pms: Pms,
    pub(crate) keys: KeySet,
    pub(crate) project: PathBuf,
    /// Runs the fakes; dropped last.
    _runtime: Runtime,
}

impl Estate {
    /// The `reservations` example as it stands, in front of a PMS with 50 reservations.
    pub(crate) fn start() -> Self {
        Self::with(|mapping| mapping)
    }

    /// The same with its mapping changed.
    pub(crate) fn with(change: impl FnOnce(String) -> String) -> Self {
        Self::made(change, None)
    }

    /// The example as it stands, with its store in this folder.
    pub(crate) fn with_store(store: PathBuf) -> Self {
        Self::made(|mapping| mapping, Some(store))
    }

    fn made(change: impl FnOnce(String) -> String, store: Option<PathBuf>) -> Self {
        let project = scratch("project").unwrap();
        tests::bench::copy(&shared::repository().join("mappings/reservations"), &project).unwrap();
        let file = project.join("facade.yaml");
        let mapping = change(std::fs::read_to_string(&file).unwrap());
        std::fs::write(&file, mapping).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let pms = runtime.block_on(Pms::start(0, 50, "seawall", "secret")).unwrap();
        let keys = KeySet::new("https://idp.example", "hotel-apps");
        let facade = start(&project, &pms, &keys, store);
        Self { facade, pms, keys, project, _runtime: runtime }
    }

    /// Starts the facade again on the store of the one before, which is gone or goes now.
    pub(crate) fn restart(&mut self) {
        let store = self.facade.store.clone();
        let kept = scratch("kept").unwrap().join("store");
        self.facade.kill().unwrap();
        if store.exists() {
            tests::bench::copy_any(&store, &kept).unwrap();
        }
        self.facade = start(&self.project, &self.pms, &self.keys, Some(kept));
    }

    pub(crate) fn token(&self) -> String {
        self.keys.token("tester", "reservations:read reservations:write", 3600)
    }

    /// A client that may do everything.
    pub(crate) fn client(&self) -> Client {
        self.facade.client().bearer(&self.token())
    }

    /// Tells the PMS how to behave: `busy=2`, `slow=300`, `down=1`, `mute=1`, `ok`.
    pub(crate) fn control(&self, mood: &str) {
        let answer = Client::new(self.pms.server().address()).get(&format!("/control?{mood}")).unwrap();
        assert_eq!(answer.status, 200);
    }
}

fn start(project: &std::path::Path, pms: &Pms, keys: &KeySet, store: Option<PathBuf>) -> Facade {
    let options = FacadeOptions {
        project,
        env: vec![("PMS_URL".into(), pms.url())],
        args: vec!["--without".into(), "events".into()],
        keys,
        store,
    };
    Facade::start(&options).unwrap()
}

/// A booking that every test may send.
pub(crate) fn booking() -> Value {
    json!({
        "hotelId": "VIE01", "checkIn": "2026-07-10", "checkOut": "2026-07-12",
        "rooms": [{ "type": "SGL", "ratePlan": "BAR", "adults": 1, "children": 0 }],
        "guests": [{ "firstName": "Alan", "lastName": "Turing" }]
    })
}
