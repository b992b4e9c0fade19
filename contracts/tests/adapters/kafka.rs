//! Kafka as a subject of the suite. What its sink promises is tried in front of a real broker, in `tests`.

use crate::NoFiles;
use adapters_ports::{Adapter, Files};
use contracts::adapter::{Callee, Keeper, SECRET, Subject};

/// The subject.
#[derive(Debug)]
pub(crate) struct Broker(pub &'static dyn Adapter);

impl Subject for Broker {
    fn adapter(&self) -> &dyn Adapter {
        self.0
    }

    fn files(&self) -> &dyn Files {
        &NoFiles
    }

    fn settings(&self, address: &str) -> Vec<(&'static str, String)> {
        let setting = |key, value: &str| (key, value.to_owned());
        vec![
            setting("brokers", address),
            setting("auth.type", "scram-sha-256"),
            setting("auth.user", "seawall"),
            setting("auth.password", SECRET),
        ]
    }

    fn mistakes(&self) -> Vec<(&'static str, &'static str)> {
        vec![("mode", "both"), ("compression", "rar"), ("linger", "soon"), ("queue.events", "many")]
    }

    fn nowhere(&self) -> String {
        "127.0.0.1:1".into()
    }

    fn callee(&self) -> Option<&dyn Callee> {
        None
    }

    fn keeper(&self) -> Option<&dyn Keeper> {
        None
    }

    fn publishes(&self) -> bool {
        true
    }
}
