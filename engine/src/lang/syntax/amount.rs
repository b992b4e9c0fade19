//! Reads amounts with units: durations, sizes, percents, rates, ranges, dates.
//!
//! **Invariant.** An amount without a unit is refused where one is needed; nothing overflows.

use crate::lang::ast::Rate;
use jiff::civil::Date;
use std::time::Duration;

/// Reads `100ms`, `5s`, `1m`, `24h`, `30d`.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = parts(text)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).filter(|ms| *ms <= u64::from(u32::MAX) * 1_000).map(Duration::from_millis)
}

/// Reads `100ms..2s`.
pub(crate) fn backoff(text: &str) -> Option<(Duration, Duration)> {
    let (least, most) = text.split_once("..")?;
    let (least, most) = (duration(least.trim())?, duration(most.trim())?);
    (least <= most && !most.is_zero()).then_some((least, most))
}

/// Reads `512B`, `64KiB`, `10MiB`, `1GiB`, and their decimal kin `kB`, `MB`, `GB`.
pub(crate) fn size(text: &str) -> Option<u64> {
    let (number, unit) = parts(text)?;
    let bytes = match unit {
        "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(bytes)
}

/// Reads `50%`, from 1 to 100.
pub(crate) fn percent(text: &str) -> Option<u32> {
    let number = integer(text.strip_suffix('%')?)?;
    (1..=100).contains(&number).then_some(number)
}

/// Reads `50/s`, `100/m`, `1000/h`.
pub(crate) fn rate(text: &str) -> Option<Rate> {
    let (count, unit) = text.split_once('/')?;
    let per = match unit.trim() {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    let count = integer(count.trim())?;
    (count > 0).then_some(Rate { count, per: Duration::from_secs(per) })
}

/// Reads a whole number without sign.
pub(crate) fn integer(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

/// Reads `2026-09-01`.
pub(crate) fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

fn parts(text: &str) -> Option<(u64, &str)> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    Some((text[..unit].parse().ok()?, &text[unit..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_with_its_unit_or_refused() {
        let ms = |text| duration(text).map(|d| d.as_millis());
        assert_eq!(ms("100ms"), Some(100));
        assert_eq!(ms("5s"), Some(5_000));
        assert_eq!(ms("1m"), Some(60_000));
        assert_eq!(ms("24h"), Some(86_400_000));
        assert_eq!(ms("30d"), Some(2_592_000_000));
        for wrong in
            ["", "5", "s", "5 s", "-5s", "1.5s", "5S", "5sec", "99999999999999999999s", "999999999999d"]
        {
            assert_eq!(ms(wrong), None, "{wrong}");
        }
        assert_eq!(size("64KiB"), Some(65_536));
        assert_eq!(size("10MB"), Some(10_000_000));
        assert_eq!(size("0B"), Some(0));
        for wrong in ["64", "KiB", "64 KiB", "64kib", "99999999999999999999GiB", "18446744073709551615KiB"] {
            assert_eq!(size(wrong), None, "{wrong}");
        }
        assert_eq!(percent("50%"), Some(50));
        for wrong in ["0%", "101%", "50", "%", "5.5%", "+5%"] {
            assert_eq!(percent(wrong), None, "{wrong}");
        }
        assert_eq!(rate("50/s"), Some(Rate { count: 50, per: Duration::from_secs(1) }));
        assert_eq!(rate("10/m"), Some(Rate { count: 10, per: Duration::from_secs(60) }));
        for wrong in ["0/s", "50", "50/d", "/s", "-1/s"] {
            assert_eq!(rate(wrong), None, "{wrong}");
        }
        assert_eq!(backoff("100ms..2s"), Some((Duration::from_millis(100), Duration::from_secs(2))));
        for wrong in ["2s..1s", "2s", "..", "0s..0s"] {
            assert_eq!(backoff(wrong), None, "{wrong}");
        }
        assert!(date("2026-09-01").is_some());
        for wrong in ["2026-9-1", "2026-02-30", "20260901", "2026-09-01T00:00"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
    }
}
