//! The rest of an answer that goes out while it is read.
//!
//! **Invariant.** A client gets the end of a list only after its last item; whatever goes wrong before breaks the
//! connection, so that nobody takes a torn list for a whole one.

use super::list::Reading;
use super::wanted::Wanted;
use super::{Endpoint, Service, page};
use adapters_layers::Place;
use adapters_ports::CallContext;
use bytes::Bytes;
use engine::program::Inputs;
use futures_util::Stream;
use kernel::{Cause, Class, Error};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Bytes of JSON that go out at once.
const PIECE_BYTES: usize = 64 << 10;
/// How long a client may take nothing before it counts as gone.
const STALL_MAX: Duration = Duration::from_secs(60);

/// The rest of an answer, in pieces. Dropping it ends the reading.
#[derive(Debug)]
pub struct Rest {
    pieces: Receiver<Piece>,
    has_ended: bool,
}

/// A piece of an answer. Only the last one makes it whole, so one that just stops is torn.
#[derive(Debug)]
enum Piece {
    Part(Bytes),
    Last(Bytes),
}

/// The answer cannot be brought to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn;

/// A list on its way to a client.
pub(super) struct Outgoing {
    pub service: Arc<Service>,
    pub endpoint: Arc<Endpoint>,
    pub inputs: Inputs,
    pub wanted: Wanted,
    pub cx: CallContext,
    pub reading: Reading,
    /// Its place among the calls in flight, which it keeps as long as it reads.
    pub _place: Place,
    /// How long the system may take for one piece.
    pub pause_max: Duration,
}

impl Outgoing {
    /// Starts to hand out the list.
    pub(super) fn start(self) -> Rest {
        // One piece waits while the next one is read: enough to keep both sides busy, and all that is held.
        let (sender, pieces) = channel(1);
        tokio::spawn(self.run(sender));
        Rest { pieces, has_ended: false }
    }

    async fn run(mut self, sender: Sender<Piece>) {
        let ended = self.hand_out(&sender).await;
        let operation = &self.endpoint.plan.key;
        match ended {
            Ok(()) => {}
            Err(End::Gone) => {
                self.service.metrics.torn();
                tracing::debug!(%operation, "the client went away before the list ended");
            }
            Err(End::Failed(error)) => {
                self.service.metrics.torn();
                tracing::error!(%operation, %error, "a list broke off after it had begun");
            }
        }
    }

    async fn hand_out(&mut self, sender: &Sender<Piece>) -> Result<(), End> {
        while self.reading.end().is_none() {
            give(sender, Piece::Part(self.reading.take().into())).await?;
            tokio::select! {
                biased;
                () = sender.closed() => return Err(End::Gone),
                read = Self::piece(&mut self.reading, &self.cx, self.pause_max) => read.map_err(End::Failed)?,
            }
        }
        let cursor = self.reading.end().flatten().map(str::to_owned);
        let next = self.service.next_page(&self.endpoint, &self.inputs, &self.wanted, cursor.as_deref());
        give(sender, Piece::Last(self.reading.close(next.as_deref()).into())).await
    }

    async fn piece(reading: &mut Reading, cx: &CallContext, pause_max: Duration) -> Result<(), Error> {
        // The time that a client takes is not the system's, so each piece has a deadline of its own.
        let cx = CallContext { deadline: Instant::now() + pause_max, ..cx.clone() };
        let late = || {
            Error::new(Class::Transient, Cause::TimedOut, "the next piece of the list did not come in time")
        };
        tokio::time::timeout(pause_max, reading.read(&cx, PIECE_BYTES)).await.unwrap_or_else(|_| Err(late()))
    }
}

/// Gives pieces of an answer that is made as it goes out.
#[derive(Debug)]
pub(super) struct Pieces(Sender<Piece>);

/// Returns an answer that goes out as it is made.
pub(super) fn made() -> (Pieces, Rest) {
    let (sender, pieces) = channel(1);
    (Pieces(sender), Rest { pieces, has_ended: false })
}

impl Pieces {
    /// Gives a piece; `false` if nobody takes it any more.
    pub(super) async fn give(&self, bytes: Bytes) -> bool {
        give(&self.0, Piece::Part(bytes)).await.is_ok()
    }

    /// Gives the last piece.
    pub(super) async fn last(self, bytes: Bytes) {
        // Whoever has gone does not miss it.
        let _ = give(&self.0, Piece::Last(bytes)).await;
    }

    /// Waits until nobody takes anything any more.
    pub(super) async fn gone(&self) {
        self.0.closed().await;
    }
}

/// Why a list is not handed out to its end.
enum End {
    /// Nobody takes it any more.
    Gone,
    /// No more of it can be read.
    Failed(Error),
}

async fn give(sender: &Sender<Piece>, piece: Piece) -> Result<(), End> {
    match tokio::time::timeout(STALL_MAX, sender.send(piece)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Gone),
    }
}

impl Service {
    /// Returns the cursor of the page behind this one, if there is one.
    pub(super) fn next_page(
        &self,
        endpoint: &Endpoint,
        inputs: &Inputs,
        wanted: &Wanted,
        cursor: Option<&str>,
    ) -> Option<String> {
        endpoint.plan.page.as_ref()?;
        page::next(&self.signer, &wanted.scope, &inputs.page, cursor)
    }
}

impl Stream for Rest {
    type Item = Result<Bytes, Torn>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.pieces.poll_recv(cx).map(|piece| match piece {
            Some(Piece::Part(bytes)) => Some(Ok(bytes)),
            Some(Piece::Last(bytes)) => {
                this.has_ended = true;
                Some(Ok(bytes))
            }
            // Said once; behind it there is nothing any more.
            None => (!std::mem::replace(&mut this.has_ended, true)).then_some(Err(Torn)),
        })
    }
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer broke off")
    }
}

impl std::error::Error for Torn {}
