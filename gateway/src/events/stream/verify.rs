//! The first pass over a unit: its totals are added up, and nothing is published.
//!
//! **Invariant.** A total that cannot be made is a difference; the unit is refused then, never passed.

use super::block::{Block, Total};
use super::counts::StreamCounts;
use super::letter;
use adapters_ports::{Batch, Framed, Records, Unit};
use kernel::{Cause, Class, Error, PartId};
use std::sync::Arc;

/// A total that is being made, and whose.
struct Open {
    model: Arc<str>,
    record: PartId,
    total: Box<dyn Total>,
}

/// Reads a unit to its end, and returns every reason why its totals do not hold.
pub(super) async fn verify(
    unit: &mut dyn Unit,
    blocks: &[Block],
    counts: &StreamCounts,
) -> Result<Vec<String>, Error> {
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
    if let Some(reason) = wrong {
        return Ok(vec![reason]);
    }
    Ok(open.iter().flat_map(|open| close(unit, open)).collect())
}

fn close(unit: &mut dyn Unit, open: &Open) -> Vec<String> {
    match open.total.close(&mut |to| unit.beside(open.record, to)) {
        Ok(differences) => differences,
        Err(unread) => {
            vec![format!("{}: the totals cannot be compared: {}", open.model, letter::said(&unread))]
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
