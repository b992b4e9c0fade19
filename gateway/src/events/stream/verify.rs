//! The first pass over a unit: its totals are added up, and nothing is published.
//!
//! **Invariant.** A total that cannot be made is a difference; the unit is refused then, never passed.

use super::block::{Block, Total};
use super::counts::StreamCounts;
use super::letter;
use super::publish::mistake;
use adapters_ports::{Batch, Framed, Records, Unit};
use engine::plan::stream::Compared;
use kernel::{Error, PartId};
use std::sync::{Arc, mpsc};
use std::thread;

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

/// Why a unit was not read to its end; with the unit, unless that was a mistake of our own.
pub(super) type Failed = (Option<Box<dyn Unit>>, Box<Error>);

/// Reads a unit to its end, and compares its totals.
pub(super) async fn verify(
    mut unit: Box<dyn Unit>,
    blocks: Arc<[Block]>,
    counts: Arc<StreamCounts>,
) -> Result<(Box<dyn Unit>, Verified), Failed> {
    let reading = tokio::task::spawn_blocking(move || match add_up(&mut *unit, &blocks, &counts) {
        Ok(verified) => Ok((unit, verified)),
        Err(error) => Err((Some(unit), Box::new(error))),
    });
    reading.await.unwrap_or_else(|error| Err((None, Box::new(mistake().because(error)))))
}

fn add_up(unit: &mut dyn Unit, blocks: &[Block], counts: &StreamCounts) -> Result<Verified, Error> {
    let open = blocks.iter().filter_map(|block| {
        let (model, record) = (Arc::clone(&block.model), block.record);
        block.mapping.tally().map(|total| Open { model, record, total })
    });
    let mut open: Vec<Open> = open.collect();
    let wrong = thread::scope(|scope| {
        // A batch is added up while the next one is read.
        let (batches, read) = mpsc::sync_channel::<Batch>(1);
        let adding = scope.spawn(|| read.into_iter().try_for_each(|batch| add(batch, &mut open)).err());
        while let Some(batch) = unit.batch()? {
            StreamCounts::set(&counts.unit_bytes_read, unit.bytes_read());
            // Once something is wrong, the rest is only read, so that the unit is known by its content.
            let _ = batches.send(batch);
        }
        drop(batches);
        adding.join().map_err(|_| mistake())
    })?;
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

/// Adds up a batch.
///
/// # Errors
/// In words: that cannot be done.
fn add(batch: Batch, open: &mut [Open]) -> Result<(), String> {
    let mut records = batch.records;
    while let Some(framed) = records.next() {
        add_record(&framed, &mut *records, open)?;
    }
    Ok(())
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
