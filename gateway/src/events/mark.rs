//! How far a watch got: values of the `since` field, and from where on the next poll asks.
//!
//! **Invariant.** A change that may still be hidden in an open transaction, or in the hour that the clocks repeat, lies
//! behind no mark.

use crate::store::WatchState;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};
use kernel::Decimal;
use std::fmt;
use std::time::Duration;

/// How much the clock of whoever writes may be behind that of the database; beyond that `overlap` has to cover it.
const LAG_MAX: SignedDuration = SignedDuration::from_hours(1);
/// A transaction may take its time a moment before the database shows it as open.
const SHOWN_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// Beginnings of polls that are remembered.
const HISTORY_MAX: usize = 256;
/// Most that clocks are set back, with room.
const SHIFT_MAX: SignedDuration = SignedDuration::from_hours(24);

/// A value of the `since` field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// A point in time.
    Instant(Timestamp),
    /// A date.
    Date(civil::Date),
    /// A number that grows.
    Sequence(Decimal),
}

/// What a `since` field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkKind {
    /// A point in time.
    Instant,
    /// A date.
    Date,
    /// A number that grows.
    Sequence,
}

impl Mark {
    /// Reads a mark as it is stored.
    pub fn parse(kind: MarkKind, text: &str) -> Option<Self> {
        match kind {
            MarkKind::Instant => text.parse().ok().map(Self::Instant),
            MarkKind::Date => text.parse().ok().map(Self::Date),
            MarkKind::Sequence => Decimal::parse(text).ok().map(Self::Sequence),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant(at) => write!(f, "{at}"),
            Self::Date(date) => write!(f, "{date}"),
            Self::Sequence(number) => write!(f, "{number}"),
        }
    }
}

/// Notes at the beginning of a poll what was the largest number seen before it: whatever is numbered later is larger.
pub(super) fn begun(state: &mut WatchState, now: Timestamp) {
    let Some(newest) = state.newest.clone() else { return };
    if state.history.last().is_none_or(|(_, last)| *last != newest) {
        state.history.push((now.as_millisecond(), newest));
    }
    if state.history.len() > HISTORY_MAX {
        // Every second one goes; a mark is then a little older than it could be.
        let mut keep = false;
        state.history.retain(|_| {
            keep = !keep;
            keep
        });
    }
}

/// Takes the mark back where the clock was set back behind it: what is written now has times before it. Records that are
/// asked for again are known, so that costs only reading.
pub(super) fn set_back(state: &mut WatchState, kind: MarkKind, now: Timestamp, overlap: Duration) {
    let mark = state.mark.as_deref().and_then(|text| Mark::parse(kind, text));
    let Some(Mark::Instant(at)) = mark.filter(|mark| *mark > Mark::Instant(now)) else { return };
    let from = now.checked_sub(LAG_MAX).and_then(|at| at.checked_sub(overlap)).unwrap_or(Timestamp::MIN);
    tracing::warn!(mark = %at, %now, "the clock was set back; changes are asked for from an hour before");
    state.mark = Some(Mark::Instant(from).to_string());
}

/// Moves the mark after a poll that came to its end.
///
/// `oldest` is the time before which no transaction is open any more, as it was when the poll began.
pub(super) fn advance(
    state: &mut WatchState,
    kind: MarkKind,
    oldest: Timestamp,
    overlap: Duration,
    zone: &TimeZone,
) {
    let oldest = oldest.checked_sub(SHOWN_AFTER).unwrap_or(Timestamp::MIN);
    let floor = oldest.checked_sub(overlap).unwrap_or(Timestamp::MIN);
    let newest = state.newest.as_deref().and_then(|text| Mark::parse(kind, text));
    let next = match (kind, newest) {
        (MarkKind::Instant, newest) => Some(Mark::Instant(instant(newest, oldest, floor, overlap))),
        (MarkKind::Date, newest) => {
            let date = zone.to_datetime(floor).date();
            let newest = newest.and_then(|mark| if let Mark::Date(date) = mark { Some(date) } else { None });
            Some(Mark::Date(newest.map_or(date, |newest| newest.min(date))))
        }
        (MarkKind::Sequence, _) => {
            let settled = floor.as_millisecond();
            let at = state.history.iter().rposition(|(begun, _)| *begun <= settled);
            let mark = at.and_then(|at| Mark::parse(kind, &state.history[at].1));
            state.history.drain(..at.unwrap_or(0));
            mark
        }
    };
    let before = state.mark.as_deref().and_then(|text| Mark::parse(kind, text));
    state.mark = next.max(before).map(|mark| mark.to_string());
}

fn instant(newest: Option<Mark>, oldest: Timestamp, floor: Timestamp, overlap: Duration) -> Timestamp {
    // Whoever writes may have a clock that is behind, so time alone moves the mark only with some distance.
    let lagging = floor.checked_sub(LAG_MAX).unwrap_or(Timestamp::MIN);
    match newest {
        Some(Mark::Instant(newest)) => {
            newest.min(oldest).checked_sub(overlap).unwrap_or(Timestamp::MIN).max(lagging)
        }
        _ => lagging,
    }
}

/// Returns from where on is asked: before the hour that the clocks repeat, if the mark lies in it.
///
/// Within that hour local times go back, so a later change may have an earlier local time.
pub(super) fn widened(mark: Mark, zone: &TimeZone) -> Mark {
    let Mark::Instant(at) = mark else { return mark };
    let Ok(until) = at.checked_add(SHIFT_MAX) else { return mark };
    let mut found = at;
    for transition in zone.preceding(until) {
        let moment = transition.timestamp();
        if at.checked_sub(SHIFT_MAX).is_ok_and(|from| moment < from) {
            break;
        }
        let before = zone.to_offset(moment.checked_sub(SignedDuration::from_secs(1)).unwrap_or(moment));
        let shift = SignedDuration::from_secs(i64::from(before.seconds() - transition.offset().seconds()));
        if !shift.is_positive() {
            continue;
        }
        let (Ok(first), Ok(last)) = (moment.checked_sub(shift), moment.checked_add(shift)) else { continue };
        if first <= found && found < last {
            found = first.checked_sub(SignedDuration::from_secs(1)).unwrap_or(first);
        }
    }
    Mark::Instant(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_mark_stops_at_the_oldest_open_transaction_and_reaches_back_by_the_overlap() {
        let check = |newest: Option<&str>, oldest: &str, overlap_s: u64, expected: &str| {
            let mut state = WatchState { newest: newest.map(str::to_owned), ..WatchState::default() };
            advance(
                &mut state,
                MarkKind::Instant,
                at(oldest),
                Duration::from_secs(overlap_s),
                &TimeZone::UTC,
            );
            assert_eq!(state.mark.as_deref(), Some(expected), "{newest:?} {oldest}");
        };
        check(Some("2026-06-01T12:00:00Z"), "2026-06-01T12:00:10Z", 0, "2026-06-01T12:00:00Z");
        check(Some("2026-06-01T12:00:00Z"), "2026-06-01T11:59:00Z", 0, "2026-06-01T11:58:58Z");
        check(Some("2026-06-01T12:00:00Z"), "2026-06-01T12:00:10Z", 120, "2026-06-01T11:58:00Z");
        // A clock that is ahead does not carry the mark with it.
        check(Some("2027-01-01T00:00:00Z"), "2026-06-01T12:00:10Z", 0, "2026-06-01T12:00:08Z");
        // After a quiet hour the mark moves by itself.
        check(Some("2026-06-01T08:00:00Z"), "2026-06-01T12:00:00Z", 0, "2026-06-01T10:59:58Z");
        check(None, "2026-06-01T12:00:00Z", 0, "2026-06-01T10:59:58Z");
    }

    #[test]
    fn a_mark_follows_a_clock_that_was_set_back() {
        let check = |mark: &str, now: &str, expected: &str| {
            let mut state = WatchState {
                mark: Some(mark.into()),
                newest: Some("2026-06-01T12:00:00Z".into()),
                ..WatchState::default()
            };
            let overlap = Duration::from_secs(60);
            set_back(&mut state, MarkKind::Instant, at(now), overlap);
            assert_eq!(state.mark.as_deref(), Some(expected), "{mark} {now}");
            // And it stays behind that clock from then on.
            advance(&mut state, MarkKind::Instant, at(now), overlap, &TimeZone::UTC);
            let moved: Timestamp = state.mark.unwrap().parse().unwrap();
            assert!(moved < at(now), "{moved}");
        };
        check("2026-06-01T11:59:00Z", "2026-06-01T12:00:05Z", "2026-06-01T11:59:00Z");
        check("2026-06-01T11:59:00Z", "2026-06-01T11:50:00Z", "2026-06-01T10:49:00Z");
        let mut state = WatchState { mark: Some("17".into()), ..WatchState::default() };
        set_back(&mut state, MarkKind::Sequence, at("2026-06-01T12:00:00Z"), Duration::ZERO);
        assert_eq!(state.mark.as_deref(), Some("17"), "numbers have no clock");
    }

    #[test]
    fn a_mark_never_goes_back() {
        let mark = Some("2026-06-01T12:00:00Z".to_owned());
        let mut state = WatchState { mark: mark.clone(), newest: mark.clone(), ..WatchState::default() };
        advance(&mut state, MarkKind::Instant, at("2026-06-01T11:00:00Z"), Duration::ZERO, &TimeZone::UTC);
        assert_eq!(state.mark, mark);
    }

    #[test]
    fn a_date_is_asked_for_again_as_long_as_it_lasts() {
        let zone = TimeZone::get("Europe/Vienna").unwrap();
        let check = |newest: &str, oldest: &str, expected: &str| {
            let mut state = WatchState { newest: Some(newest.into()), ..WatchState::default() };
            advance(&mut state, MarkKind::Date, at(oldest), Duration::from_secs(120), &zone);
            assert_eq!(state.mark.as_deref(), Some(expected));
        };
        check("2026-06-01", "2026-06-01T12:00:00Z", "2026-06-01");
        check("2026-06-02", "2026-06-01T22:01:00Z", "2026-06-01");
        check("2026-06-02", "2026-06-01T22:03:00Z", "2026-06-02");
    }

    #[test]
    fn a_number_counts_only_once_everything_older_is_settled() {
        let mut state = WatchState::default();
        let mut poll = |begin: &str, oldest: &str, newest: &str| {
            begun(&mut state, at(begin));
            state.newest = Some(newest.into());
            advance(&mut state, MarkKind::Sequence, at(oldest), Duration::ZERO, &TimeZone::UTC);
            state.mark.clone()
        };
        assert_eq!(poll("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z", "10"), None);
        assert_eq!(poll("2026-06-01T12:01:00Z", "2026-06-01T12:01:00Z", "20"), None);
        assert_eq!(poll("2026-06-01T12:02:00Z", "2026-06-01T12:02:00Z", "30").as_deref(), Some("10"));
        // A transaction from 12:01:30 is open: it may have taken any number above 10.
        assert_eq!(poll("2026-06-01T12:03:00Z", "2026-06-01T12:01:30Z", "40").as_deref(), Some("10"));
        assert_eq!(poll("2026-06-01T12:04:00Z", "2026-06-01T12:03:30Z", "40").as_deref(), Some("30"));
        assert_eq!(poll("2026-06-01T12:05:00Z", "2026-06-01T12:05:00Z", "40").as_deref(), Some("40"));
    }

    #[test]
    fn marks_in_the_hour_that_the_clocks_repeat_are_asked_for_from_before_it() {
        let zone = TimeZone::get("Europe/Vienna").unwrap();
        let check = |mark: &str, expected: &str| {
            assert_eq!(widened(Mark::Instant(at(mark)), &zone), Mark::Instant(at(expected)), "{mark}");
        };
        // On 2026-10-25 at 01:00 UTC the clocks go from 03:00 back to 02:00.
        check("2026-10-24T23:59:59Z", "2026-10-24T23:59:59Z");
        check("2026-10-25T00:00:00Z", "2026-10-24T23:59:59Z");
        check("2026-10-25T00:30:00Z", "2026-10-24T23:59:59Z");
        check("2026-10-25T01:00:00Z", "2026-10-24T23:59:59Z");
        check("2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z");
        check("2026-10-25T02:00:00Z", "2026-10-25T02:00:00Z");
        check("2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z");
        check("2026-06-01T00:00:00Z", "2026-06-01T00:00:00Z");
        assert_eq!(
            widened(Mark::Instant(at("2026-10-25T00:30:00Z")), &TimeZone::UTC),
            Mark::Instant(at("2026-10-25T00:30:00Z"))
        );
    }
}
