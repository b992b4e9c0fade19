//! Reading a topic from a cursor on.
//!
//! **Invariant.** Events are told in the order of their numbers, without a gap that is not told as one.

use crate::record;
use crate::segment::{Damage, Segment, Trouble};
use crate::topic::{Shared, describe};
use adapters_ports::{KeptEvent, TopicAsk, TopicError, TopicPage};
use std::io;

/// How often reading begins again because old files were removed in between.
const RETRIES_MAX: usize = 3;

/// Returns the events behind a cursor.
///
/// # Errors
/// The cursor is of no use, or a file cannot be read.
pub(crate) fn page(shared: &Shared, ask: TopicAsk<'_>) -> Result<TopicPage, TopicError> {
    for _ in 0..RETRIES_MAX {
        match attempt(shared, ask) {
            Err(Stop::Removed) => {}
            Err(Stop::Told(error)) => return Err(error),
            Ok(page) => return Ok(page),
        }
    }
    Err(TopicError::Broken("files of the event log vanish while they are read".into()))
}

/// Returns the number in a cursor.
pub(crate) fn seq(cursor: &str) -> Option<u64> {
    parse(cursor).map(|(_, seq)| seq)
}

enum Stop {
    /// A file was removed by retention.
    Removed,
    Told(TopicError),
}

fn attempt(shared: &Shared, ask: TopicAsk<'_>) -> Result<TopicPage, Stop> {
    let Some((segments, mut next, epoch)) = begin(shared, ask.after).map_err(Stop::Told)? else {
        return Ok(TopicPage::default());
    };
    let last = segments.last().map_or(0, |segment| segment.last);
    let mut page = TopicPage::default();
    let mut bytes = 0;
    'files: for segment in &segments {
        if segment.last < next {
            continue;
        }
        next = next.max(segment.base);
        let mut walk = segment.walk(segment.near(next)).map_err(|error| stop(segment, Trouble::Io(error)))?;
        while let Some((offset, payload)) = walk.next().map_err(|trouble| stop(segment, trouble))? {
            let damaged = |why| stop(segment, Trouble::Damage(Damage { offset, why }));
            let stamp = record::stamp(payload).map_err(|error| damaged(error.0))?;
            if stamp.seq < next {
                continue;
            }
            if stamp.seq > next {
                return Err(damaged("the numbers of records do not follow each other"));
            }
            bytes += payload.len();
            if page.events.len() == ask.events_max || bytes > ask.bytes_max && !page.events.is_empty() {
                break 'files;
            }
            let (_, event) = record::decode(payload).map_err(|error| damaged(error.0))?;
            page.events.push(KeptEvent { cursor: cursor(epoch, next), event });
            next += 1;
        }
    }
    page.more = next <= last;
    page.next = Some(cursor(epoch, next - 1));
    Ok(page)
}

/// Returns the files that matter, the number to begin with, and the life of the topic.
fn begin(shared: &Shared, after: Option<&str>) -> Result<Option<(Vec<Segment>, u64, u32)>, TopicError> {
    let view = shared.view();
    let unknown = |why: &str| TopicError::Unknown(why.to_owned());
    let (Some(first), Some(last)) = (view.segments.first(), view.segments.last()) else {
        return match after {
            None => Ok(None),
            Some(_) => Err(unknown("nothing was ever published to this topic")),
        };
    };
    let epoch = first.epoch;
    let next = match after {
        None => first.base,
        Some(after) => {
            let (life, seq) =
                parse(after).ok_or_else(|| unknown("it is not one that this program gave out"))?;
            if life != epoch {
                return Err(unknown("the topic was begun anew since"));
            }
            if seq > last.last {
                return Err(unknown("it is behind the newest event"));
            }
            if seq + 1 < first.base {
                return Err(TopicError::Expired { resume: cursor(epoch, first.base - 1) });
            }
            seq + 1
        }
    };
    // Files before are not needed, and copying what is known of the others is cheap beside reading one.
    let from = view.segments.partition_point(|segment| segment.last < next);
    Ok(Some((view.segments[from.min(view.segments.len() - 1)..].to_vec(), next, epoch)))
}

fn stop(segment: &Segment, trouble: Trouble) -> Stop {
    match trouble {
        Trouble::Io(error) if error.kind() == io::ErrorKind::NotFound => Stop::Removed,
        other => Stop::Told(TopicError::Broken(describe(&segment.path, &other))),
    }
}

fn cursor(epoch: u32, seq: u64) -> String {
    format!("{epoch:08x}.{seq}")
}

fn parse(cursor: &str) -> Option<(u32, u64)> {
    let (epoch, seq) = cursor.split_once('.')?;
    let plain = epoch.len() == 8 && seq.bytes().all(|byte| byte.is_ascii_digit()) && seq.len() <= 19;
    Some((u32::from_str_radix(epoch, 16).ok()?, seq.parse().ok()?)).filter(|_| plain)
}
