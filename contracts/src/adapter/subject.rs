//! What an adapter brings to be tried.
//!
//! **Invariant.** Everything that a protocol looks like stands behind these traits, and nothing of it in the suite.

use adapters_ports::{Adapter, BoxFuture, Files};
use kernel::{Catalogue, Query};
use std::fmt::Debug;
use std::time::Duration;

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
    /// It answers and hangs up.
    Leave,
    /// It sends something that is not of the protocol at all.
    Garbage,
    /// It reads the request and says nothing.
    Silence,
    /// It sends these bytes instead of its answer, and hangs up.
    Says(Vec<u8>),
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// The operation of [`Callee::request`], which may change something.
    Operation,
    /// The query of [`Tables::reading`], which changes nothing.
    Reading,
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
    /// The bytes that it got.
    fn received(&self) -> Vec<u8>;
}

/// What an adapter brings to be tried.
pub trait Subject: Send + Sync {
    /// The adapter.
    fn adapter(&self) -> &dyn Adapter;
    /// Files of a project that uses it.
    fn files(&self) -> &dyn Files;
    /// Settings of a connection to this address, as dotted keys and values. Where the adapter documents a secret,
    /// [`super::SECRET`] is one of the values.
    fn settings(&self, address: &str) -> Vec<(&'static str, String)>;
    /// Settings that are each wrong by themselves and can be wrong all at once.
    fn mistakes(&self) -> Vec<(&'static str, &'static str)>;
    /// Returns an address where nobody listens and nothing is.
    fn nowhere(&self) -> String;
    /// What it brings where it has the backend port; nothing is a claim, too, and is checked.
    fn callee(&self) -> Option<&dyn Callee>;
    /// What it brings where it has the ports of a sink and of topics; nothing is a claim, too, and is checked.
    fn keeper(&self) -> Option<&dyn Keeper>;
    /// Whether it has the port of a sink. Where it has no topics, what it promises is tried in front of the real system.
    fn publishes(&self) -> bool {
        self.keeper().is_some()
    }
    /// Whether it has the port of a source, whose promises are tried where its records are.
    fn streams(&self) -> bool {
        false
    }
}

/// The limit of an answer.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// A setting under which the usual answer is too large, its value, and what the error calls it.
    Set(&'static str, &'static str, &'static str),
    /// There is no such setting, and this is why.
    None(&'static str),
}

/// What an adapter brings that has the backend port.
pub trait Callee: Sync {
    /// The limit of an answer.
    fn limit(&self) -> Limit;
    /// An operation, and its request in the form of test data.
    fn request(&self) -> (&'static str, Vec<u8>);
    /// A part that stands alone, and an example of it in the form of test data, without white space at its ends.
    fn part(&self) -> (&'static str, Vec<u8>);
    /// Whole replies, as bytes of the protocol, that report faults with [`super::POISON`] in each text, or break the
    /// contract in a place whose text is [`super::POISON`].
    fn poisoned(&self, ask: Ask) -> Vec<Vec<u8>>;
    /// Starts the fake.
    fn start(&self, manner: Manner, ask: Ask) -> BoxFuture<'_, Box<dyn Fake>>;
    /// Time in which a call certainly gets to the fake, and is certainly not answered by one that crawls.
    fn patience(&self) -> Duration;
    /// What it brings where it has tables; nothing is a claim, too, and is checked.
    fn tables(&self) -> Option<&dyn Tables>;
}

/// A query, and how it is answered.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The query.
    pub query: Query,
    /// The answer, as bytes of the protocol.
    pub answer: Vec<u8>,
    /// How many rows it says to be changed.
    pub affected: Option<u64>,
}

/// What an adapter brings whose connections have tables.
pub trait Tables: Sync {
    /// A query that only reads; its answer is the usual one.
    fn reading(&self, catalogue: &Catalogue) -> Query;
    /// Queries of each kind, with this value wherever a text can be.
    fn queries(&self, catalogue: &Catalogue, value: &str) -> Vec<Asked>;
    /// Queries with this text where no column can hold it.
    fn misfits(&self, catalogue: &Catalogue, value: &str) -> Vec<Query>;
    /// Returns the text of the statement in the bytes that the fake got, and the values beside it.
    fn statement(&self, received: &[u8]) -> (String, Vec<String>);
}

/// What an adapter brings that keeps events.
pub trait Keeper: Sync {
    /// Returns an address where nothing is kept yet.
    fn place(&self) -> String;
    /// Returns an address where nothing can be kept, and what an error must name of it.
    fn unusable(&self) -> (String, String);
    /// Returns whether there is something at an address.
    fn is_there(&self, address: &str) -> bool;
    /// Returns what lies around an address and does not belong to it.
    fn around(&self, address: &str) -> Vec<String>;
    /// Bytes of data that no event can have.
    fn too_large(&self) -> usize;
    /// Names of topics that are strange, and yet can be had.
    fn strange_topics(&self) -> Vec<String>;
    /// Names of topics that cannot be had.
    fn impossible_topics(&self) -> Vec<String>;
}
