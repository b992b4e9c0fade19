//! One poll: pages of records to their end, then the records that were not among them.
//!
//! **Invariant.** The mark moves only after the last page, and nothing is missed of a reading that broke off.

use super::{Feed, Pump, Trouble};
use crate::events::feed::{Ask, DatabaseClock, Page};
use crate::events::mark::{self, Mark};
use crate::store::{Settled, WatchState};
use jiff::Timestamp;

/// Known records that are looked through in one step.
const SCAN_MAX: usize = 512;

/// A poll that is under way.
#[derive(Debug)]
pub(super) struct Poll<P> {
    ask: Ask,
    /// Where the last page ended.
    position: Option<P>,
    /// All pages were read; known records up to this number were looked through.
    scanned: Option<i64>,
    clock: DatabaseClock,
    begun: Timestamp,
    /// The numbers of all records that were among the pages, one bit each.
    found: Vec<u64>,
    /// The largest `since` of all records.
    pub newest: Option<Mark>,
    /// Records that were given to the dead letters.
    pub rejected: u64,
    held: u64,
    reason: String,
}

impl<P> Poll<P> {
    /// Notes that a record is held.
    pub(super) fn hold(&mut self, reason: &str) {
        if self.held == 0 {
            self.reason = reason.to_owned();
        }
        self.held += 1;
    }

    /// Notes records as found.
    pub(super) fn note(&mut self, rows: &[i64]) {
        // Only a comparison of everything asks for it.
        if self.ask != Ask::All {
            return;
        }
        for row in rows.iter().filter_map(|row| usize::try_from(*row).ok()) {
            if self.found.len() <= row / 64 {
                self.found.resize(row / 64 + 1, 0);
            }
            self.found[row / 64] |= 1 << (row % 64);
        }
    }

    fn has(&self, row: i64) -> bool {
        let row = usize::try_from(row).unwrap_or(0);
        self.found.get(row / 64).is_some_and(|bits| bits & 1 << (row % 64) != 0)
    }
}

impl<F: Feed> Pump<F> {
    pub(super) async fn begin_poll(&mut self, now: Timestamp) -> Result<(), Trouble> {
        let clock = match self.rules.since {
            Some(_) => self.feed.clock().await.map_err(Trouble::Feed)?,
            None => None,
        };
        let clock = clock.unwrap_or(DatabaseClock { now, oldest: now });
        mark::begun(&mut self.state, clock.now);
        if let Some(kind) = self.rules.since {
            mark::set_back(&mut self.state, kind, clock.now, self.rules.overlap);
        }
        let (position, scanned, newest, found) = (None, None, None, Vec::new());
        let (rejected, held, reason) = (0, 0, String::new());
        let (ask, begun) = (self.ask(now), now);
        self.poll =
            Some(Poll { ask, position, scanned, clock, begun, found, newest, rejected, held, reason });
        Ok(())
    }

    /// Everything is asked for without a `since` field, at first, and when a sweep is due.
    fn ask(&self, now: Timestamp) -> Ask {
        let swept = self.state.swept_s;
        let sweep_due = match (self.rules.sweep, swept) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(sweep), Some(swept)) => {
                let next = swept.saturating_add(i64::try_from(sweep.as_secs()).unwrap_or(i64::MAX));
                now.as_second() >= next
            }
        };
        let mark = self.rules.since.and_then(|kind| Mark::parse(kind, self.state.mark.as_deref()?));
        match mark {
            Some(mark) if !sweep_due => Ask::Since(mark::widened(mark, &self.rules.zone)),
            _ => Ask::All,
        }
    }

    /// Goes on with the poll; one that fails is begun again.
    pub(super) async fn poll_on(&mut self) -> Result<(), Trouble> {
        let result = self.poll_step().await;
        if let Err(trouble) = &result {
            // After a trouble with the store or the sink nothing is known to be wrong with the reading, but a page may
            // have been judged in part; beginning again costs reading and is always right.
            self.poll = None;
            if matches!(trouble, Trouble::TooManyRejects(_) | Trouble::Held { .. }) {
                self.due = self.next_due((self.now)());
            }
        }
        result
    }

    async fn poll_step(&mut self) -> Result<(), Trouble> {
        let Some(poll) = &self.poll else { return Ok(()) };
        match poll.scanned {
            Some(after) => self.scan_missing(after).await,
            None => self.read_page().await,
        }
    }

    async fn read_page(&mut self) -> Result<(), Trouble> {
        let Some(poll) = &self.poll else { return Ok(()) };
        let Page { rows, next } =
            self.feed.page(&poll.ask, poll.position.as_ref()).await.map_err(Trouble::Feed)?;
        let now = (self.now)();
        let mut settled = Settled::default();
        let same = self.judge(rows, now, &mut settled).await?;
        let last = next.is_none();
        let Some(poll) = &mut self.poll else { return Ok(()) };
        poll.note(&same);
        poll.position = next;
        let everything = poll.ask == Ask::All;
        if last && everything {
            poll.scanned = Some(0);
        }
        if last && !everything {
            settled.state = Some(self.moved());
        }
        self.settle(settled).await?;
        if last && !everything { self.end_poll() } else { Ok(()) }
    }

    async fn scan_missing(&mut self, after: i64) -> Result<(), Trouble> {
        let known = self.store.scan(self.watch, after, SCAN_MAX).await.map_err(Trouble::Store)?;
        let last = known.last().map(|(_, known)| known.row);
        let Some(poll) = &self.poll else { return Ok(()) };
        let missing: Vec<_> = known.into_iter().filter(|(_, known)| !poll.has(known.row)).collect();
        if !missing.is_empty() {
            self.missing(&missing, (self.now)()).await?;
        }
        match last {
            Some(row) => {
                if let Some(poll) = &mut self.poll {
                    poll.scanned = Some(row);
                }
                Ok(())
            }
            None => {
                let settled = Settled { state: Some(self.moved()), ..Settled::default() };
                self.settle(settled).await?;
                self.end_poll()
            }
        }
    }

    /// Returns the state as it is once the poll has come to its end.
    fn moved(&self) -> WatchState {
        let mut state = self.state.clone();
        let Some(poll) = self.poll.as_ref().filter(|poll| poll.held == 0) else { return state };
        if let Some(kind) = self.rules.since {
            let before = state.newest.as_deref().and_then(|text| Mark::parse(kind, text));
            // Nothing is the least.
            state.newest = before.max(poll.newest).map(|mark| mark.to_string());
            mark::advance(&mut state, kind, poll.clock.oldest, self.rules.overlap, &self.rules.zone);
        }
        if poll.ask == Ask::All {
            state.swept_s = Some(poll.begun.as_second());
        }
        state
    }

    fn end_poll(&mut self) -> Result<(), Trouble> {
        let now = (self.now)();
        self.due = self.next_due(now);
        let Some(poll) = self.poll.take() else { return Ok(()) };
        self.counts.polled(poll.begun, now);
        if poll.held > 0 {
            self.held(poll.held, &poll.reason);
            return Err(Trouble::Held { records: poll.held, reason: poll.reason });
        }
        self.counts.held(0);
        Ok(())
    }

    fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        now.checked_add(self.rules.every?).ok()
    }
}
