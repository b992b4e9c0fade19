//! Promises of `keys` and `open`.
//!
//! **Invariant.** No call is made here: opening reads files.

use super::{Ask, Manner, SECRET, Suite};
use std::collections::BTreeSet;

/// Keys that the engine reads itself, as the ports list them.
const COMMON: [&str; 7] = ["type", "errors", "policy", "send", "timezone", "nulls", "strict"];

impl Suite<'_> {
    pub(super) fn keys_are_documented(self) {
        let keys = self.0.adapter().keys();
        let names: BTreeSet<&str> = keys.iter().map(|doc| doc.key).collect();
        assert_eq!(names.len(), keys.len(), "a key is documented twice");
        for doc in keys {
            let root = doc.key.split('.').next().unwrap_or_default();
            assert!(!COMMON.contains(&root), "`{}` is a common key", doc.key);
            assert!(!doc.form.is_empty() && doc.doc.ends_with('.'), "`{}` is not documented", doc.key);
            if let Some((parent, _)) = doc.key.rsplit_once('.') {
                let parent = keys.iter().find(|other| other.key == parent);
                assert!(
                    parent.is_some_and(|it| it.form.split('|').any(|form| form == "map")),
                    "`{}` is below no map",
                    doc.key
                );
            }
        }
        for (key, _) in self.0.settings("address") {
            let below_a_map = |doc: &str| key.starts_with(&format!("{doc}."));
            assert!(
                names.contains(key) || names.iter().any(|doc| below_a_map(doc)),
                "the setting `{key}` of the subject is not documented"
            );
        }
    }

    pub(super) async fn opening_reads_files_and_nothing_else(self) {
        let unknown: Vec<(&str, String)> = self
            .0
            .settings("${env:ADDRESS}")
            .into_iter()
            .map(|(key, value)| (key, if value == SECRET { "${secret:password}".into() } else { value }))
            .collect();
        let documented = self.0.adapter().keys().iter().any(|doc| doc.doc.contains("${secret:"));
        let shown = unknown.iter().any(|(_, value)| value.contains("${secret:"));
        assert_eq!(shown, documented, "a secret is documented and not shown, or shown and not documented");
        if let Err(wrong) = self.try_open(&unknown, true) {
            panic!("offline it wants what is not known: {wrong:?}");
        }
        if let Some(callee) = self.0.callee() {
            let fake = callee.start(Manner::Answer, Ask::Operation).await;
            let opened = self.open(&fake.address(), &[]);
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            assert_eq!(fake.accepted(), 0, "opening made a connection");
            assert!(!format!("{opened:?}").contains(SECRET), "a secret is shown");
        }
        if let Some(keeper) = self.0.keeper() {
            let place = keeper.place();
            let before = keeper.around(&place);
            let opened = self.open(&place, &[]);
            assert!(!keeper.is_there(&place), "opening made the place");
            assert_eq!(keeper.around(&place), before, "opening made something");
            assert!(!format!("{opened:?}").contains(SECRET), "a secret is shown");
        }
    }

    /// A port that is there and not tried proves nothing, and neither does one that is tried and not there.
    pub(super) fn the_ports_are_those_of_the_subject(self) {
        let opened = self.open(&self.0.nowhere(), &[]);
        let (connection, catalogue) = (&opened.connection, &opened.catalogue);
        let (called, keeps) = (self.0.callee().is_some(), self.0.keeper().is_some());
        let (publishes, streams) = (self.0.publishes(), self.0.streams());
        assert!(called || publishes || streams, "it has no port");
        assert_eq!(connection.backend().is_some(), called, "whether it can be called");
        assert_eq!(!catalogue.operations.is_empty(), called, "whether it has operations");
        assert_eq!(!catalogue.tables.is_empty(), self.tables().is_some(), "whether it has tables");
        assert_eq!(connection.sink().is_some(), publishes, "whether it takes events");
        assert_eq!(catalogue.takes_events, publishes, "whether it says so");
        assert_eq!(connection.source().is_some(), streams, "whether its records come by themselves");
        assert_eq!(!catalogue.records.is_empty(), streams, "whether it has types of such records");
        assert_eq!(connection.topics().is_some(), keeps, "whether its topics can be read");
    }

    pub(super) fn every_mistake_is_told_with_its_place(self) {
        let good = self.0.settings(&self.0.nowhere());
        let with = |mistakes: &[(&'static str, &str)]| {
            let kept = good.iter().filter(|(key, _)| mistakes.iter().all(|(wrong, _)| wrong != key)).cloned();
            let wrong = mistakes.iter().map(|(key, value)| (*key, (*value).to_owned()));
            let settings: Vec<(&str, String)> = kept.chain(wrong).collect();
            self.try_open(&settings, true).err().unwrap_or_else(|| panic!("{mistakes:?} is no mistake"))
        };
        let mistakes = self.0.mistakes();
        assert!(mistakes.len() > 2, "few mistakes prove little");
        for mistake in &mistakes {
            with(&[*mistake]);
        }
        let told = with(&mistakes);
        assert_eq!(
            told.len(),
            mistakes.len(),
            "it stops at the first mistake: of {mistakes:?} it told {told:?}"
        );
        let places: BTreeSet<_> = told.iter().map(|one| one.span.map(|span| span.start)).collect();
        assert!(!places.contains(&None), "a mistake has no place: {told:?}");
        assert_eq!(places.len(), mistakes.len(), "mistakes share a place: {told:?}");
        assert!(told.iter().all(|one| !one.to_string().contains(SECRET)), "a secret is shown: {told:?}");
    }

    /// Top-level keys are judged by the language with the documented keys; below them the adapter reads by itself.
    pub(super) fn unknown_keys_are_refused(self) {
        let keys = self.0.adapter().keys();
        let good = self.0.settings(&self.0.nowhere());
        let maps = keys.iter().filter(|doc| doc.form == "map");
        let closed = maps.filter(|map| keys.iter().any(|doc| doc.key.starts_with(&format!("{}.", map.key))));
        for map in closed {
            let mut settings: Vec<(&str, String)> = good.clone();
            let surprise = format!("{}.surprise", map.key);
            settings.push((&surprise, "1".into()));
            let wrong = self.try_open(&settings, true).err();
            let wrong = wrong.unwrap_or_else(|| panic!("`{surprise}` is not refused"));
            assert!(
                wrong.iter().any(|one| one.message.contains("surprise") && one.span.is_some()),
                "{wrong:?}"
            );
        }
    }
}
