//! Weighs records against what is known of them.
//!
//! **Invariant.** A record that cannot be read is given to the dead letters or held; it is never passed over.

use super::{Feed, Pump, Trouble};
use crate::events::feed::{Poison, Row, Seen};
use crate::events::judge::{self, Verdict};
use crate::store::{Known, KnownKind, Settled};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

impl<F: Feed> Pump<F> {
    /// Judges records, and returns the numbers of those that are as they were.
    pub(super) async fn judge(
        &mut self,
        rows: Vec<Row>,
        now: Timestamp,
        settled: &mut Settled,
    ) -> Result<Vec<i64>, Trouble> {
        let keys: Vec<Arc<str>> = rows.iter().map(key).collect();
        let known = self.known(keys.clone()).await?;
        // The same record may come twice, and then the later one is compared with the earlier one.
        let mut newer: HashMap<Arc<str>, Known> = HashMap::new();
        newer.extend(settled.seen.iter().cloned());
        let mut same = Vec::new();
        for ((row, key), stored) in rows.iter().zip(keys).zip(known) {
            let before = newer.get(&key).cloned().or(stored);
            let verdict = match row {
                Row::Seen(seen) => self.judge_seen(seen, before.as_ref(), now),
                Row::Poison(poison) => self.judge_poison(poison, before.as_ref(), now)?,
            };
            let Some(Verdict { key, known, event }) = verdict else {
                same.extend(before.map(|known| known.row));
                continue;
            };
            settled.events.extend(event);
            newer.insert(Arc::clone(&key), known.clone());
            settled.seen.push((key, known));
        }
        Ok(same)
    }

    fn judge_seen(&mut self, seen: &Seen, before: Option<&Known>, now: Timestamp) -> Option<Verdict> {
        if let (Some(poll), Some(mark)) = (&mut self.poll, seen.mark) {
            poll.newest = poll.newest.max(Some(mark));
        }
        judge::seen(&self.rules, before, self.state.base, seen, now)
    }

    fn judge_poison(
        &mut self,
        poison: &Poison,
        before: Option<&Known>,
        now: Timestamp,
    ) -> Result<Option<Verdict>, Trouble> {
        if !self.rules.rejects {
            match &mut self.poll {
                Some(poll) => poll.hold(&poison.reason),
                None => self.held(1, &poison.reason),
            }
            return Ok(None);
        }
        let verdict = judge::rejected(&self.rules, before, poison, now);
        if verdict.is_some()
            && let Some(poll) = &mut self.poll
        {
            poll.rejected += 1;
            if self.rules.rejects_max.is_some_and(|max| poll.rejected > max) {
                return Err(Trouble::TooManyRejects(poll.rejected));
            }
        }
        Ok(verdict)
    }

    pub(super) fn held(&self, records: u64, reason: &str) {
        let model = &*self.rules.name;
        self.counts.held(records);
        tracing::error!(
            model,
            records,
            reason,
            "records cannot be read and are held; a `reject:` topic would take them"
        );
    }

    /// Takes records for gone that a second look does not find either.
    pub(super) async fn missing(
        &mut self,
        known: &[(Arc<str>, Known)],
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let mut settled = Settled::default();
        for (key, known) in known {
            if known.kind == KnownKind::Rejected && key.starts_with('!') {
                // A record without a key that is not there any more: mended, or gone.
                settled.gone.push(Arc::clone(key));
                continue;
            }
            match self.feed.one(key).await.map_err(Trouble::Feed)? {
                Some(row) => drop(self.judge(vec![row], now, &mut settled).await?),
                None => self.gone(key, Some(known), now, &mut settled),
            }
        }
        self.settle(settled).await.map(drop)
    }

    /// Takes a record for gone.
    pub(super) fn gone(&self, key: &Arc<str>, known: Option<&Known>, now: Timestamp, settled: &mut Settled) {
        let base = self.state.base;
        settled.events.extend(judge::gone(&self.rules, known, base, key, now));
        settled.gone.push(Arc::clone(key));
        let state = settled.state.get_or_insert_with(|| self.state.clone());
        state.base = state.base.max(judge::next_number(known, base));
    }
}

fn key(row: &Row) -> Arc<str> {
    match row {
        Row::Seen(seen) => Arc::clone(&seen.key),
        Row::Poison(poison) => judge::poison_key(poison),
    }
}
