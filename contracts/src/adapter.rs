//! The suite that every adapter passes.
//!
//! An adapter brings a [`Subject`]: its configuration, sample data in wire form, and a fake that speaks its protocol.
//! [`Suite::run`] then holds it to what the ports promise.
//!
//! **Invariant.** Written against the ports alone; what a protocol looks like stands in the subject.

#![expect(clippy::panic, reason = "a suite of tests tells by panics")]

mod calls;
mod fixtures;
mod opening;
mod told;

pub use told::{Event, Owned, Playing, Recorder};

use adapters_ports::{Adapter, BoxFuture, Connection, Files, Opened, Settings};
use kernel::{Diagnostic, Entry, FileId, Node, NodeKind, OperationId, PartId, Sources, Span, Style, Text};
use std::fmt::Debug;

/// Stands in all texts of the legacy system that must not be seen anywhere.
pub const POISON: &str = "P0IS0N";
/// The secret in the settings of a subject; it must not be seen anywhere.
pub const SECRET: &str = "s3cr3t-0f-the-c0nnecti0n";

/// How the fake behaves towards a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// It answers.
    Answer,
    /// It answers in many pieces, all of them within a second.
    Pieces,
    /// It begins to answer, and goes on so slowly that nobody waits for the end.
    Crawl,
    /// It hangs up before it has read anything.
    HangUp,
    /// It reads the request and hangs up.
    Drop,
    /// It sends half of the answer and hangs up.
    Half,
    /// It sends something that is not of the protocol at all.
    Garbage,
    /// It reads the request and says nothing.
    Silence,
    /// It sends these bytes instead of its answer.
    Says(Vec<u8>),
}

/// A running fake.
pub trait Fake: Debug + Send + Sync {
    /// Where it is, in the form in which [`Subject::settings`] wants it.
    fn address(&self) -> String;
    /// How many connections it accepted so far.
    fn accepted(&self) -> u64;
    /// How many connections neither side has closed.
    fn open(&self) -> u64;
    /// How many bytes it got in all.
    fn bytes(&self) -> u64;
}

/// What an adapter brings to be tried.
pub trait Subject: Sync {
    /// The adapter.
    fn adapter(&self) -> &dyn Adapter;
    /// Files of a project that uses it.
    fn files(&self) -> &dyn Files;
    /// Settings of a connection to this address, as dotted keys and values; [`SECRET`] is one of the values.
    fn settings(&self, address: &str) -> Vec<(&'static str, String)>;
    /// Settings that are each wrong by themselves and can be wrong all at once.
    fn mistakes(&self) -> Vec<(&'static str, &'static str)>;
    /// A setting under which the usual answer is too large, and what the error calls the limit.
    fn limit(&self) -> (&'static str, &'static str, &'static str);
    /// An operation, and its request in the form of test data.
    fn request(&self) -> (&'static str, Vec<u8>);
    /// A part that stands alone, and an example of it in the form of test data, without white space at its ends.
    fn part(&self) -> (&'static str, Vec<u8>);
    /// Whole replies, as bytes of the protocol, that report faults with [`POISON`] in each text, or break the contract
    /// in a place whose text is [`POISON`].
    fn poisoned(&self) -> Vec<Vec<u8>>;
    /// Starts the fake.
    fn start(&self, manner: Manner) -> BoxFuture<'_, Box<dyn Fake>>;
    /// Returns an address where nobody listens.
    fn nowhere(&self) -> String;
}

/// The suite, applied to one adapter.
#[derive(Clone, Copy)]
pub struct Suite<'a>(pub &'a dyn Subject);

impl Suite<'_> {
    /// Holds the adapter to all promises.
    ///
    /// # Panics
    /// A promise is broken; the message says which.
    pub async fn run(self) {
        self.keys_are_documented();
        self.opening_reads_files_and_nothing_else().await;
        self.every_mistake_is_told_with_its_place();
        self.unknown_keys_are_refused();
        self.what_is_read_is_written_again();
        self.a_difference_is_found();
        self.test_data_that_is_not_whole_is_refused();
        self.a_document_can_be_paused_at_every_part();
        self.an_answer_is_told_whole_in_whatever_pieces_it_comes().await;
        self.where_nobody_listens_nothing_is_sent().await;
        self.a_broken_call_says_what_may_have_happened().await;
        self.a_deadline_holds().await;
        self.a_reply_that_is_too_large_names_the_limit().await;
        self.a_call_that_is_dropped_leaves_nothing_behind().await;
        self.texts_of_the_legacy_system_are_not_shown().await;
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
        let (name, wire) = self.0.request();
        let operations = &opened.catalogue.operations;
        let number = operations.iter().position(|operation| &*operation.name == name);
        let number = number.unwrap_or_else(|| panic!("there is no operation {name}"));
        (OperationId(u32::try_from(number).expect("few operations")), operations[number].request, wire)
    }

    fn sample(self, opened: &Opened) -> (PartId, Vec<u8>) {
        let (name, wire) = self.0.part();
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
