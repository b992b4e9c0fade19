//! The suite that every adapter passes.
//!
//! An adapter brings a [`Subject`]: its configuration and, for each port that it has, sample data in wire form and a fake
//! that speaks its protocol, or a place where events are kept. [`Suite::run`] then holds it to what the ports promise.
//!
//! **Invariant.** Written against the ports alone; what a protocol looks like stands in the subject.

#![expect(clippy::panic, reason = "a suite of tests tells by panics")]

mod calls;
mod fixtures;
mod opening;
mod sinks;
mod statements;
mod subject;
mod told;

pub use subject::{Ask, Asked, Callee, Fake, Keeper, Limit, Manner, Subject, Tables};
pub use told::{Event, Owned, Playing, Recorder};

use adapters_ports::{Connection, Opened, Settings};
use kernel::{Diagnostic, Entry, FileId, Node, NodeKind, OperationId, PartId, Sources, Span, Style, Text};
use std::fmt::Debug;

/// Stands in all texts of the legacy system that must not be seen anywhere.
pub const POISON: &str = "P0IS0N";
/// The secret in the settings of a subject; it must not be seen anywhere.
pub const SECRET: &str = "s3cr3t-0f-the-c0nnecti0n";

/// The suite, applied to one adapter.
#[derive(Clone, Copy)]
pub struct Suite<'a>(pub &'a dyn Subject);

impl Suite<'_> {
    /// Holds the adapter to all promises of the ports that it has, and sees that it has no other.
    ///
    /// # Panics
    /// A promise is broken; the message says which.
    pub async fn run(self) {
        self.keys_are_documented();
        self.opening_reads_files_and_nothing_else().await;
        self.every_mistake_is_told_with_its_place();
        self.unknown_keys_are_refused();
        self.the_ports_are_those_of_the_subject();
        if self.0.callee().is_some() {
            self.what_is_read_is_written_again();
            self.a_difference_is_found();
            self.test_data_that_is_not_whole_is_refused();
            self.a_document_can_be_paused_at_every_part();
            self.calls_keep_their_promises(Ask::Operation).await;
            self.a_reply_that_is_too_large_names_the_limit().await;
        }
        if self.tables().is_some() {
            self.calls_keep_their_promises(Ask::Reading).await;
            self.a_value_is_never_text_of_a_statement().await;
            self.a_value_that_does_not_fit_is_refused_and_not_shown();
        }
        if self.0.keeper().is_some() {
            self.what_was_published_is_there_after_opening_again().await;
            self.a_refused_event_is_never_told().await;
            self.a_topic_stays_in_its_place_whatever_its_name().await;
            self.readers_go_on_where_they_were().await;
            self.a_place_that_cannot_be_used_is_a_clear_error().await;
        }
    }

    fn callee(&self) -> &dyn Callee {
        self.0.callee().unwrap_or_else(|| panic!("{self:?} cannot be called"))
    }

    fn keeper(&self) -> &dyn Keeper {
        self.0.keeper().unwrap_or_else(|| panic!("{self:?} keeps no events"))
    }

    fn tables(&self) -> Option<&dyn Tables> {
        self.0.callee()?.tables()
    }

    /// Opens a connection with these settings.
    fn try_open(self, settings: &[(&str, String)], offline: bool) -> Result<Opened, Vec<Diagnostic>> {
        let node = node(settings);
        let settings = Settings { name: "subject", node: &node, offline };
        let (mut sources, mut findings) = (Sources::default(), Vec::new());
        sources.add("suite.yaml", " ".repeat(settings_bytes(&node)));
        let opened = self.0.adapter().open(&settings, self.0.files(), &mut sources, &mut findings);
        opened.map_err(|error| error.0)
    }

    fn open(self, address: &str, more: &[(&'static str, &str)]) -> Opened {
        let mut settings = self.0.settings(address);
        settings.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
        self.try_open(&settings, false)
            .unwrap_or_else(|wrong| panic!("a good connection is refused: {wrong:?}"))
    }

    /// Opens a connection for work on test data.
    fn offline(self) -> Opened {
        let settings = self.0.settings(&self.0.nowhere());
        self.try_open(&settings, true).unwrap_or_else(|wrong| panic!("it needs more than files: {wrong:?}"))
    }

    fn operation(self, opened: &Opened) -> (OperationId, PartId, Vec<u8>) {
        let (name, wire) = self.callee().request();
        let operations = &opened.catalogue.operations;
        let number = operations.iter().position(|operation| &*operation.name == name);
        let number = number.unwrap_or_else(|| panic!("there is no operation {name}"));
        (OperationId(u32::try_from(number).expect("few operations")), operations[number].request, wire)
    }

    fn sample(self, opened: &Opened) -> (PartId, Vec<u8>) {
        let (name, wire) = self.callee().part();
        let shape = &opened.catalogue.shape;
        let found = shape.globals().iter().copied().find(|&part| &*shape.part(part).name.local == name);
        (found.unwrap_or_else(|| panic!("there is no part {name}")), wire)
    }
}

impl Debug for Suite<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Suite({})", self.0.adapter().kind())
    }
}

/// Returns all that test data tells.
fn read(
    connection: &dyn Connection,
    part: PartId,
    wire: &[u8],
    shape: &std::sync::Arc<kernel::Shape>,
) -> Vec<Event> {
    let mut document = connection.decode_part(part, wire).unwrap_or_else(|why| panic!("{why}"));
    let mut recorder = Recorder::new(shape);
    match document.advance(&mut recorder) {
        Ok(kernel::Progress::End) => recorder.events,
        other => panic!("whole test data ends with {other:?}"),
    }
}

/// A configuration of dotted keys. Every key and value has a span of its own.
fn node(settings: &[(&str, String)]) -> Node {
    let mut next = 0;
    let mut span = || {
        next += 2;
        Span::new(FileId(0), next - 1, next)
    };
    let mut root = Node { span: span(), kind: NodeKind::Map(Vec::new()) };
    for (path, value) in settings {
        let mut at = &mut root;
        for key in path.split('.') {
            if at.map().is_none() {
                at.kind = NodeKind::Map(Vec::new());
            }
            let NodeKind::Map(entries) = &mut at.kind else { unreachable!("it was just made a map") };
            let known = entries.iter().position(|entry| entry.key == key);
            let number = known.unwrap_or_else(|| {
                let value = Node { span: span(), kind: NodeKind::Null };
                entries.push(Entry { key: key.to_owned(), key_span: span(), value });
                entries.len() - 1
            });
            at = &mut entries[number].value;
        }
        at.kind = NodeKind::Text(Text { value: value.clone(), style: Style::Plain });
    }
    root
}

/// Bytes of a file that has all spans of a configuration.
fn settings_bytes(node: &Node) -> usize {
    let below = node.map().unwrap_or_default().iter();
    let below = below.map(|entry| settings_bytes(&entry.value).max(entry.key_span.end as usize)).max();
    below.unwrap_or(0).max(node.span.end as usize)
}
