//! Manners as scripts of a peer.
//!
//! **Invariant.** It knows no protocol: what an answer is, it is told.

use adapters_testkit::peer::{Peer, Step, Whole};
use contracts::adapter::{Fake, Manner};
use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of one piece.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Where it is answered in pieces, each a millisecond behind the other.
    pub(crate) pieces: usize,
    /// Where the answer crawls, each 50 milliseconds behind the other.
    pub(crate) crawl: usize,
}

/// Returns what a peer does on each connection.
pub(crate) fn of(manner: Manner, answer: &[u8], garbage: &[u8], pace: Pace) -> Vec<Step> {
    let whole = answer.to_vec();
    let behind = match manner {
        Manner::HangUp => return vec![Step::Close],
        Manner::Answer => vec![Step::Send(whole)],
        Manner::Pieces => vec![Step::Trickle(whole, pace.pieces, Duration::from_millis(1))],
        Manner::Crawl => vec![Step::Trickle(whole, pace.crawl, Duration::from_millis(50))],
        Manner::Drop => vec![Step::Close],
        Manner::Half => vec![Step::Send(whole[..whole.len() / 2].to_vec()), Step::Close],
        Manner::Leave => vec![Step::Send(whole), Step::Close],
        Manner::Garbage => vec![Step::Send(garbage.to_vec()), Step::Close],
        Manner::Silence => Vec::new(),
        Manner::Says(bytes) => vec![Step::Send(bytes), Step::Close],
    };
    std::iter::once(Step::Read).chain(behind).collect()
}

/// A peer as a fake.
#[derive(Debug)]
pub(crate) struct Peered(Peer, String);

impl Peered {
    /// Starts a peer; `address` says where it is as settings want it.
    pub(crate) async fn start(
        whole: Whole,
        script: Vec<Step>,
        address: impl FnOnce(SocketAddr) -> String,
    ) -> Box<dyn Fake> {
        let peer = Peer::start(whole, script).await.unwrap();
        let address = address(peer.address());
        Box::new(Self(peer, address))
    }
}

impl Fake for Peered {
    fn address(&self) -> String {
        self.1.clone()
    }

    fn accepted(&self) -> u64 {
        self.0.accepted()
    }

    fn open(&self) -> u64 {
        self.0.open()
    }

    fn bytes(&self) -> u64 {
        self.0.bytes()
    }

    fn received(&self) -> Vec<u8> {
        self.0.received()
    }
}
