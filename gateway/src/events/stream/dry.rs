//! A dry run: units are read, verified and mapped as they would be for good, and what would be published is shown.
//!
//! **Invariant.** Nothing is published, and every unit stays where it is; what is shown stands in the order of the records.

use super::map::{Entry, Mapped, Outcome, Shared};
use super::publish::{Group, Halt, Pass, count};
use super::round::Stream;
use super::workers::{Job, Workers};
use crate::store::{Hash, hash};
use adapters_ports::{Event, UnitRef};
use kernel::Sheet;
use std::fmt::{Debug, Write as _};
use std::io;
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::block_in_place;

/// What a dry run shows its events to.
pub trait Show: Send + Sync + Debug + 'static {
    /// Shows the data of events, a line of JSON for each.
    ///
    /// # Errors
    /// It cannot be shown; the run ends.
    fn events(&self, lines: &[u8]) -> io::Result<()>;

    /// Shows dead letters: for each a line that says where its record stands, and why it cannot be read.
    fn letters(&self, lines: &str);
}

impl Stream {
    /// Makes it a stream that publishes nothing. Its store must be one that is forgotten.
    pub fn dry(mut self, show: Arc<dyn Show>) -> Self {
        self.dry = Some(show);
        self
    }
}

/// Returns what a unit is known by in a dry run that does not read it twice: what stands for it now.
pub(super) fn stand_in(unit: &UnitRef) -> Hash {
    hash(&[b"dry run", unit.name.as_bytes(), unit.stamp.as_bytes()])
}

/// Shows lines from the thread that maps nothing; whoever reads them may take its time.
fn written(show: &dyn Show, lines: &Sheet) -> Result<(), Halt> {
    let write = || show.events(lines.written());
    let written = match Handle::current().runtime_flavor() {
        // Another thread would have to be woken for each batch.
        RuntimeFlavor::MultiThread => block_in_place(write),
        _ => write(),
    };
    written.map_err(|error| Halt::Sink(format!("the lines cannot be written: {error}")))
}

impl Pass<'_> {
    /// Shows batches as they come, instead of publishing them.
    pub(super) async fn show(
        &mut self,
        workers: &mut Workers,
        show: &dyn Show,
        shared: &Shared,
    ) -> Result<(), Halt> {
        while let Some(job) = self.next(workers).await? {
            let Job { mapped, token, bytes, permit } = job;
            self.admit(&Group::default(), &mapped)?;
            self.learn(&mapped).await?;
            let mut shown = Shown::default();
            self.shown(mapped, &mut shown);
            let Shown { lines, letters, counted } = shown;
            if !letters.is_empty() {
                show.letters(&letters);
            }
            written(show, &lines)?;
            shared.give_back(lines);
            self.settled(vec![token], bytes, &counted);
            drop(permit);
            if self.kept_at.elapsed() >= self.stream.keep_every {
                self.keep(false).await?;
            }
        }
        self.keep(false).await
    }

    fn shown(&mut self, mapped: Mapped, shown: &mut Shown) {
        let Mapped { entries, records, lines, read } = mapped;
        shown.lines = lines;
        shown.counted.records.extend(records);
        for (block, count) in read.into_iter().filter(|(_, count)| *count > 0) {
            shown.add_events(&self.stream.outlets[self.stream.blocks[block].outlet].topic, count);
        }
        for Entry { block, outcome, .. } in entries {
            match outcome {
                Outcome::Letter(letter, _) => {
                    let model = block.map_or("", |block| &*self.stream.blocks[block].model);
                    count(&mut shown.counted.rejected, model);
                    shown.letter(&letter);
                }
                Outcome::Event(event, pending) => {
                    let Some(block) = block else { continue };
                    let event = match pending {
                        Some(pending) => self.judged(block, event, &pending),
                        None => Some(event),
                    };
                    let Some(event) = event else {
                        shown.counted.passed_over += 1;
                        continue;
                    };
                    shown.lines.put(&event.data);
                    shown.lines.put(b"\n");
                    shown.add_events(&self.stream.outlets[self.stream.blocks[block].outlet].topic, 1);
                }
                // It was not admitted.
                Outcome::Nowhere(_) => {}
            }
        }
    }
}

/// What is shown of a batch.
#[derive(Default)]
struct Shown {
    lines: Sheet,
    letters: String,
    counted: crate::store::Counted,
}

impl Shown {
    fn add_events(&mut self, topic: &str, events: u64) {
        match self.counted.events.get_mut(topic) {
            Some(count) => *count += events,
            None => drop(self.counted.events.insert(topic.to_owned(), events)),
        }
    }

    fn letter(&mut self, letter: &Event) {
        let said =
            |name: &str| letter.extensions.iter().find(|(own, _)| **own == *name).map_or("", |(_, it)| it);
        // Writing to a string cannot fail.
        let _ = writeln!(self.letters, "{}: {}", said("position"), said("reason"));
    }
}
