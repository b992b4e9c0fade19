//! Publishing in transactions: a batch is kept as a whole or not at all.
//!
//! **Invariant.** A transaction is ended, one way or the other, before the next one begins; a caller that goes away does
//! not leave one open.

use crate::flight::Turn;
use crate::live::Live;
use crate::sink::{Fate, Publisher, landed};
use adapters_ports::{CallContext, EventBatch};
use kernel::Error;
use rdkafka::error::{KafkaError, RDKafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::Producer;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::time::timeout_at;

/// How long one step of a transaction may block a thread; it is repeated until it is done.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// How a step failed.
enum Failed {
    /// It is not done yet and can be asked for again.
    Later,
    /// The transaction can only be aborted.
    Abort,
    /// It cannot be done.
    Fatal(Code),
}

impl Publisher {
    /// Publishes in a transaction. It goes on on its own when the caller does not wait any longer.
    pub(crate) async fn transact(
        self: &Arc<Self>,
        cx: &CallContext,
        live: &Arc<Live>,
        batch: &EventBatch,
        left: &[usize],
        turn: &Turn,
    ) -> Result<Vec<Fate>, Error> {
        self.register(live, &batch.topic, cx.deadline).await?;
        let (this, live, turn) = (Arc::clone(self), Arc::clone(live), Arc::clone(turn));
        let (batch, tried, end) = (batch.clone(), left.to_vec(), cx.deadline);
        let run = tokio::spawn(async move { this.run(&live, &batch, &tried, turn, end).await });
        match timeout_at(cx.deadline.into(), run).await {
            Ok(Ok(fates)) => Ok(fates),
            // Late, or its task was ended with the program.
            Ok(Err(_)) | Err(_) => Ok(vec![Fate::Late; left.len()]),
        }
    }

    /// Registers the transactional id, which ends what an earlier process left open.
    async fn register(&self, live: &Arc<Live>, topic: &str, end: Instant) -> Result<(), Error> {
        let place = self.place(topic);
        while !live.registered.load(Ordering::Acquire) {
            let timeout = end.saturating_duration_since(Instant::now()).min(STEP_TIMEOUT);
            match step(live, move |live| live.producer().init_transactions(timeout)).await {
                Ok(()) => live.registered.store(true, Ordering::Release),
                Err(Failed::Later) if Instant::now() < end => {}
                Err(Failed::Later | Failed::Abort) => {
                    return Err(live.unreachable(place, "no answer in time"));
                }
                Err(Failed::Fatal(code)) => return Err(self.refusal(topic, code)),
            }
        }
        Ok(())
    }

    async fn run(
        &self,
        live: &Arc<Live>,
        batch: &EventBatch,
        left: &[usize],
        turn: Turn,
        end: Instant,
    ) -> Vec<Fate> {
        if step(live, |live| live.producer().begin_transaction()).await.is_err() {
            return vec![Fate::Unsent; left.len()];
        }
        let boarding = live.flights.begin(batch.events.len(), turn);
        let mut fates = Vec::new();
        self.board(live, &boarding, batch, left, end, &mut fates).await;
        let flight = Arc::clone(&boarding.flight);
        let complete = fates.iter().all(|fate| *fate == Fate::Late);
        let end = match complete {
            true => repeat(live, |live| live.producer().commit_transaction(STEP_TIMEOUT)).await,
            false => Err(Failed::Abort),
        };
        drop(boarding);
        let aborted = match end {
            Ok(()) => return vec![Fate::Kept; left.len()],
            Err(Failed::Fatal(code)) => return vec![Fate::Refused(code); left.len()],
            Err(_) => repeat(live, |live| live.producer().abort_transaction(STEP_TIMEOUT)).await,
        };
        // What has ended is answered for. A transaction whose abort failed is ended by the brokers.
        flight.wait().await;
        landed(&flight, left, &mut fates);
        // Whatever was confirmed of it is gone with it.
        for fate in fates.iter_mut().filter(|fate| matches!(fate, Fate::Kept | Fate::Late)) {
            *fate = if aborted.is_ok() { Fate::Unsent } else { Fate::Refused(Code::Fail) };
        }
        fates
    }
}

/// Does a step of a transaction on a thread that may block, again and again until it is done one way or the other.
async fn repeat(
    live: &Arc<Live>,
    act: impl Fn(&Live) -> Result<(), KafkaError> + Clone + Send + 'static,
) -> Result<(), Failed> {
    loop {
        match step(live, act.clone()).await {
            Err(Failed::Later) => {}
            done => return done,
        }
    }
}

async fn step(
    live: &Arc<Live>,
    act: impl FnOnce(&Live) -> Result<(), KafkaError> + Send + 'static,
) -> Result<(), Failed> {
    let live = Arc::clone(live);
    let done = tokio::task::spawn_blocking(move || act(&live)).await;
    match done {
        Ok(Ok(())) => Ok(()),
        Ok(Err(KafkaError::Transaction(error))) => Err(failed(&error)),
        Ok(Err(error)) => Err(Failed::Fatal(error.rdkafka_error_code().unwrap_or(Code::Fail))),
        Err(_) => Err(Failed::Fatal(Code::Application)),
    }
}

fn failed(error: &RDKafkaError) -> Failed {
    if error.is_fatal() {
        Failed::Fatal(error.code())
    } else if error.txn_requires_abort() {
        Failed::Abort
    } else if error.is_retriable() {
        Failed::Later
    } else {
        Failed::Fatal(error.code())
    }
}
