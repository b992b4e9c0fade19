//! Records that were changed through this facade: each is looked at by its key.
//!
//! **Invariant.** A note is done only with what was seen of its record, in one transaction.

use super::{Feed, Pump, Trouble};
use crate::events::feed::Row;
use crate::events::inbox::Look;
use crate::store::Settled;
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;

/// Own writes that are looked at in one step.
pub(super) const OWN_MAX: usize = 32;

impl<F: Feed> Pump<F> {
    /// Looks at records that were changed through this facade.
    pub(super) async fn own(&mut self, mut looks: Vec<Look>) -> Result<(), Trouble> {
        let now = (self.now)();
        let mut settled = Settled::default();
        // Several writes of a record that have ended are one look, which takes it as it is now.
        let mut keys = HashSet::new();
        let deleted: HashSet<Arc<str>> = looks
            .iter()
            .filter(|look| look.deletes && !look.nothing)
            .map(|look| Arc::clone(&look.key))
            .collect();
        for look in looks.iter_mut().filter(|look| !look.nothing) {
            if look.key.is_empty() {
                self.unknown_key();
                continue;
            }
            if !keys.insert(Arc::clone(&look.key)) {
                continue;
            }
            let row = self.feed.one(&look.key).await.map_err(Trouble::Feed)?;
            match row {
                Some(row) => {
                    if matches!(row, Row::Poison(_)) && !self.rules.rejects {
                        look.put_off();
                    }
                    self.judge(vec![row], now, &mut settled).await?;
                }
                None => self.own_gone(&look.key, deleted.contains(&look.key), now, &mut settled).await?,
            }
        }
        settled.clean = looks.iter().filter(|look| look.again.is_none()).map(|look| look.row).collect();
        self.settle(settled).await?;
        self.inbox.done(&looks);
        Ok(())
    }

    /// A record was to be made, and nobody knows its key: the process ended before the answer came.
    fn unknown_key(&mut self) {
        self.due = None;
        if self.rules.every.is_none() {
            let model = &*self.rules.name;
            tracing::error!(
                model,
                "a record may have been made whose key is not known, and nothing watches the table"
            );
        }
    }

    async fn own_gone(
        &self,
        key: &Arc<str>,
        deleted: bool,
        now: Timestamp,
        settled: &mut Settled,
    ) -> Result<(), Trouble> {
        let known = self.known(vec![Arc::clone(key)]).await?.pop().flatten();
        if known.is_none() && !deleted {
            return Ok(());
        }
        self.gone(key, known.as_ref(), now, settled);
        Ok(())
    }
}
