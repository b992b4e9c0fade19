//! The first pass over a unit: its totals are added up, and nothing is published.
//!
//! **Invariant.** A total that cannot be made is a difference; the unit is refused then, never passed.

use super::block::{Block, Total};
use super::counts::StreamCounts;
use super::letter;
use adapters_ports::{Batch, Framed, Records, Unit};
use engine::plan::stream::Compared;
use kernel::{Cause, Class, Error, PartId};
use std::sync::Arc;

/// A total that is being made, and whose.
struct Open {
    model: Arc<str>,
    record: PartId,
    total: Box<dyn Total>,
}

/// A total of the records of a model, beside what the unit says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitTotal {
    /// The model.
    pub model: Arc<str>,
    /// Both numbers.
    pub compared: Compared,
}

/// What the totals of a unit came to.
#[derive(Debug, Default)]
pub(super) struct Verified {
    /// What was compared.
    pub totals: Vec<UnitTotal>,
    /// Every reason why it does not hold.
    pub differences: Vec<String>,
}

/// Reads a unit to its end, and compares its totals.
pub(super) async fn verify(
    unit: &mut dyn Unit,
    blocks: &[Block],
    counts: &StreamCounts,
) -> Result<Verified, Error> {
    let open = blocks.iter().filter_map(|block| {
        let (model, record) = (Arc::clone(&block.model), block.record);
        block.mapping.tally().map(|total| Open { model, record, total })
    });
    let mut open: Vec<Open> = open.collect();
    let mut adding = None;
    let mut wrong = None;
    loop {
        let batch = unit.batch().await;
        StreamCounts::set(&counts.unit_bytes_read, unit.bytes_read());
        // The batch before was added up meanwhile.
        if let Some(added) = adding.take() {
            (open, wrong) = ended(added).await?;
        }
        match batch? {
            Some(batch) if wrong.is_none() => {
                let open = std::mem::take(&mut open);
                adding = Some(tokio::task::spawn_blocking(move || add(batch, open)));
            }
            // The rest is only read, so that the unit is known by its content.
            Some(_) => {}
            None => break,
        }
    }
    let mut verified = Verified::default();
    match wrong {
        Some(reason) => verified.differences.push(reason),
        None => open.iter().for_each(|open| close(unit, open, &mut verified)),
    }
    Ok(verified)
}

fn close(unit: &mut dyn Unit, open: &Open, to: &mut Verified) {
    match open.total.close(&mut |to| unit.beside(open.record, to)) {
        Ok(totals) => {
            to.differences.extend(totals.iter().filter_map(|total| total.difference.clone()));
            let model = &open.model;
            let named = |compared| UnitTotal { model: Arc::clone(model), compared };
            to.totals.extend(totals.into_iter().map(named));
        }
        Err(unread) => {
            let reason = letter::said(&unread);
            to.differences.push(format!("{}: the totals cannot be compared: {reason}", open.model));
        }
    }
}

type Added = (Vec<Open>, Option<String>);

async fn ended(added: tokio::task::JoinHandle<Added>) -> Result<Added, Error> {
    let broken = || Error::new(Class::Defect, Cause::Internal, "adding up ended by a mistake of its own");
    added.await.map_err(|error| broken().because(error))
}

/// Adds up a batch; says why, where that cannot be done.
fn add(batch: Batch, mut open: Vec<Open>) -> Added {
    let mut records = batch.records;
    while let Some(framed) = records.next() {
        if let Err(reason) = add_record(&framed, &mut *records, &mut open) {
            return (open, Some(reason));
        }
    }
    (open, None)
}

fn add_record(framed: &Framed, records: &mut dyn Records, open: &mut [Open]) -> Result<(), String> {
    for one in open {
        match framed.part {
            Ok(part) if part == one.record => {
                one.total.add(&mut |to| records.tell(to)).map_err(|unread| {
                    let Framed { number, offset, .. } = framed;
                    let reason = letter::said(&unread);
                    format!("record {number} at byte {offset} cannot be added up: {reason}")
                })?;
            }
            Ok(_) => {}
            Err(_) => one.total.add_unknown(),
        }
    }
    Ok(())
}
