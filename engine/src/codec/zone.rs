//! Time zones, and dates and times in ISO 8601 and RFC 3339.
//!
//! **Invariant.** No clock is read; a local time that does not exist is refused, one that exists twice reads as the earlier.

use super::CodecError;
use crate::value::Instant;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp, civil};

/// A zone: rules by which local times become instants.
#[derive(Debug, Clone)]
pub(crate) struct Zone {
    rules: TimeZone,
}

impl Zone {
    /// Returns the zone with this IANA name, or `UTC`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name.is_empty() {
            return None;
        }
        TimeZone::get(name).ok().map(|rules| Self { rules })
    }

    /// Returns the rules alone.
    pub(crate) fn into_rules(self) -> TimeZone {
        self.rules
    }

    /// Returns UTC.
    pub(crate) fn utc() -> Self {
        Self { rules: TimeZone::UTC }
    }

    /// Returns the instant of a local time; of two, the earlier.
    pub(crate) fn instant(&self, local: civil::DateTime) -> Result<Instant, CodecError> {
        let offset = match self.rules.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Fold { before, .. } => before,
            AmbiguousOffset::Gap { .. } => {
                return Err(CodecError::new("the local time does not exist: the clocks go forward over it"));
            }
        };
        let at = offset.to_timestamp(local).map_err(|_| beyond())?;
        Ok(Instant { at, offset_s: whole_minutes(offset) })
    }

    /// Returns the instant, shown with the offset that the zone has then.
    pub(crate) fn show(&self, at: Timestamp) -> Instant {
        Instant { at, offset_s: whole_minutes(self.rules.to_offset(at)) }
    }

    /// Returns where a point in time cuts the local times: those before the cut read as earlier points.
    ///
    /// The flag says that the cut itself reads as this very point. It does not in the second pass of the hour that the
    /// clocks repeat, whose local times read as the first pass; then the cut is the end of that hour.
    pub(crate) fn cut(&self, at: Timestamp) -> (civil::DateTime, bool) {
        let local = self.local(at);
        let AmbiguousOffset::Fold { before, .. } = self.rules.to_ambiguous_timestamp(local).offset() else {
            return (local, true);
        };
        if self.rules.to_offset(at) == before {
            return (local, true);
        }
        // The second pass began when the clocks went back: where the first pass ended.
        let began =
            self.rules.preceding(at.checked_add(jiff::SignedDuration::from_nanos(1)).unwrap_or(at)).next();
        let end = began.map_or(local, |change| before.to_datetime(change.timestamp()));
        (end, false)
    }

    /// Returns the beginning of the hour that the clocks repeat, if this point is in one of its two passes.
    pub(crate) fn repeated(&self, at: Timestamp) -> Option<Timestamp> {
        let local = self.local(at);
        let AmbiguousOffset::Fold { before, after } = self.rules.to_ambiguous_timestamp(local).offset()
        else {
            return None;
        };
        let gap = jiff::SignedDuration::from_secs(i64::from(before.seconds() - after.seconds()));
        let first = if self.rules.to_offset(at) == before { at } else { at.checked_sub(gap).ok()? };
        // The clocks went back at the end of the first pass, which is as long as the second.
        let change = self.rules.following(first).next()?.timestamp();
        change.checked_sub(gap).ok()
    }

    /// Returns the local time of an instant.
    pub(crate) fn local(&self, at: Timestamp) -> civil::DateTime {
        self.rules.to_offset(at).to_datetime(at)
    }
}

/// RFC 3339 has no seconds in offsets, which some zones had before they had a railway.
fn whole_minutes(offset: Offset) -> i32 {
    offset.seconds() / 60 * 60
}

fn beyond() -> CodecError {
    CodecError::new("the point in time is beyond the calendar; `nullIf` or `nulls:` can make it absent")
}

/// Reads `yyyy-MM-dd`, with an optional zone behind it that a date does not keep.
pub(crate) fn read_date(text: &str) -> Result<civil::Date, CodecError> {
    let wrong = || CodecError::new("not a date as yyyy-MM-dd");
    let (date, rest) = date_prefix(text.as_bytes()).ok_or_else(wrong)?;
    read_offset(rest).ok_or_else(wrong)?;
    Ok(date)
}

/// Reads `HH:mm:ss` with optional decimals; a zone is refused, since a time without a date cannot keep it.
pub(crate) fn read_time(text: &str) -> Result<civil::Time, CodecError> {
    let wrong = || CodecError::new("not a time as HH:mm:ss");
    let (time, _, rest) = time_prefix(text.as_bytes()).ok_or_else(wrong)?;
    match read_offset(rest).ok_or_else(wrong)? {
        None => Ok(time),
        Some(_) => Err(CodecError::new("the time has a zone, which would be lost; `raw` keeps it as text")),
    }
}

/// Reads `yyyy-MM-ddTHH:mm:ss` with optional decimals and an optional zone; a blank may stand for the `T`.
pub(crate) fn read_datetime(text: &str) -> Result<(civil::DateTime, Option<i32>), CodecError> {
    let wrong = || CodecError::new("not a timestamp as yyyy-MM-ddTHH:mm:ss");
    let (date, rest) = date_prefix(text.as_bytes()).ok_or_else(wrong)?;
    let [b'T' | b' ', rest @ ..] = rest else { return Err(wrong()) };
    let (time, midnight, rest) = time_prefix(rest).ok_or_else(wrong)?;
    let offset = read_offset(rest).ok_or_else(wrong)?;
    let date = if midnight { date.tomorrow().map_err(|_| beyond())? } else { date };
    Ok((date.to_datetime(time), offset))
}

/// Reads a timestamp as an instant; one without a zone needs `zone`.
pub(crate) fn read_instant(text: &str, zone: Option<&Zone>) -> Result<Instant, CodecError> {
    let (local, offset_s) = read_datetime(text)?;
    match (offset_s, zone) {
        (Some(offset_s), _) => {
            let offset = Offset::from_seconds(offset_s).map_err(|_| beyond())?;
            Ok(Instant { at: offset.to_timestamp(local).map_err(|_| beyond())?, offset_s })
        }
        (None, Some(zone)) => zone.instant(local),
        (None, None) => {
            Err(CodecError::new("the timestamp has no zone, and the connection has no `timezone:`"))
        }
    }
}

fn date_prefix(text: &[u8]) -> Option<(civil::Date, &[u8])> {
    let (date, rest) = text.split_at_checked(10)?;
    if date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let year = i16::try_from(number(&date[..4])?).ok()?;
    let date = civil::Date::new(year, small(&date[5..7])?, small(&date[8..])?).ok()?;
    Some((date, rest))
}

/// Returns the time, whether it was `24:00:00`, and the rest.
fn time_prefix(text: &[u8]) -> Option<(civil::Time, bool, &[u8])> {
    let (time, mut rest) = text.split_at_checked(8)?;
    if time[2] != b':' || time[5] != b':' {
        return None;
    }
    let mut nanos = 0;
    if let [b'.', decimals @ ..] = rest {
        let length = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
        nanos = fraction(&decimals[..length])?;
        rest = &decimals[length..];
    }
    let (hour, minute, second) = (small(&time[..2])?, small(&time[3..5])?, small(&time[6..])?);
    if hour == 24 {
        return (minute == 0 && second == 0 && nanos == 0).then_some((civil::Time::midnight(), true, rest));
    }
    Some((civil::Time::new(hour, minute, second, nanos).ok()?, false, rest))
}

/// Reads decimals of a second; digits below a nanosecond must be noughts.
pub(crate) fn fraction(digits: &[u8]) -> Option<i32> {
    let (kept, lost) = digits.split_at(digits.len().min(9));
    if kept.is_empty() || lost.iter().any(|&byte| byte != b'0') {
        return None;
    }
    let places = u32::try_from(9 - kept.len()).ok()?;
    i32::try_from(number(kept)? * 10u32.pow(places)).ok()
}

/// Reads nothing, `Z`, or `+01:00`; the whole text must be used up.
fn read_offset(text: &[u8]) -> Option<Option<i32>> {
    match text {
        [] => Some(None),
        [b'Z'] => Some(Some(0)),
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => {
            let (hours, minutes) = (i32::from(small(hours)?), i32::from(small(&[*m1, *m2])?));
            if minutes > 59 || hours * 60 + minutes > 14 * 60 {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60;
            Some(Some(if *sign == b'-' { -seconds } else { seconds }))
        }
        _ => None,
    }
}

/// Reads ASCII digits, at most nine.
pub(crate) fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |n, &byte| match byte {
        b'0'..=b'9' => n.checked_mul(10)?.checked_add(u32::from(byte - b'0')),
        _ => None,
    })
}

fn small(digits: &[u8]) -> Option<i8> {
    i8::try_from(number(digits)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    #[test]
    fn timestamps_become_instants_with_the_offset_of_their_zone() {
        let check = |text: &str, expected: Result<&str, &str>| {
            let zone = Zone::named("Europe/Vienna").unwrap();
            let read = read_instant(text, Some(&zone))
                .map(|instant| crate::json::text_of(&Value::Instant(instant)).unwrap());
            match (read, expected) {
                (Ok(read), Ok(expected)) => assert_eq!(read, expected, "{text}"),
                (Err(error), Err(part)) => assert!(error.message.contains(part), "{text}: {error}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        };
        check("2026-03-01T09:05:00", Ok("2026-03-01T09:05:00+01:00"));
        check("2026-07-01T09:05:00.500", Ok("2026-07-01T09:05:00.5+02:00"));
        check("2026-03-01T09:05:00Z", Ok("2026-03-01T09:05:00Z"));
        check("2026-03-01T09:05:00-03:30", Ok("2026-03-01T09:05:00-03:30"));
        check("2026-10-25T02:30:00", Ok("2026-10-25T02:30:00+02:00"));
        check("2026-03-29T02:30:00", Err("does not exist"));
        check("2026-02-28T24:00:00Z", Ok("2026-03-01T00:00:00Z"));
        check("9999-12-31T23:59:59", Err("beyond the calendar"));
        check("2026-02-30T00:00:00Z", Err("not a timestamp"));
        check("2026-02-20T00:00:00+15:00", Err("not a timestamp"));
        check("2026-02-20T00:00:00.Z", Err("not a timestamp"));
        check("2026-02-20T00:00:60Z", Err("not a timestamp"));
        check("0001-01-01T00:00:00", Ok("0000-12-31T23:59:39+01:05"));
    }

    #[test]
    fn a_date_drops_its_zone_and_a_time_refuses_one() {
        assert_eq!(read_date("2026-06-01+02:00").unwrap(), civil::date(2026, 6, 1));
        assert!(read_date("2026-06-01+2").is_err());
        assert!(read_date("2026-6-1").is_err());
        assert_eq!(read_time("09:30:00.25").unwrap(), civil::time(9, 30, 0, 250_000_000));
        assert!(read_time("09:30:00Z").unwrap_err().message.contains("raw"));
        assert!(read_time("09:30").is_err());
    }
}
