//! Functions of dates, times, timestamps and durations.
//!
//! **Invariant.** No clock is read here; time zones come from the bundled table.

use super::{Form, Function, Outcome, Param, Ready, count_at, integer, text};
use crate::value::{Instant, Value};
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

const GETTER: Function = Function {
    name: "",
    form: Form::Method,
    params: &[Param::Instant, Param::Zone],
    optional: 1,
    rest: false,
    result: Outcome::Integer,
    doc: "",
    example: ("", ""),
    run: |_, _| Ok(Value::Absent),
};

const OF_DATE: Function = Function { params: &[Param::Date], optional: 0, ..GETTER };
const OF_TIME: Function = Function { params: &[Param::Time], optional: 0, ..GETTER };
const OF_DURATION: Function = Function { params: &[Param::Duration], optional: 0, ..GETTER };
const FUNCTION: Function =
    Function { form: Form::Function, params: &[Param::Text], optional: 0, result: Outcome::Date, ..GETTER };

/// A row for timestamps and one for dates.
macro_rules! calendar {
    ($name:literal, $doc:literal, $example:literal, $of:expr) => {
        [
            Function {
                name: $name,
                doc: concat!($doc, " In UTC, unless a zone is given."),
                example: (
                    concat!("timestamp('2026-03-31T23:30:15.250Z').", $name, "('Europe/Berlin')"),
                    $example,
                ),
                run: |args, ready| Ok(whole_i64($of(local(args, ready)?.date()))),
                ..GETTER
            },
            Function {
                name: $name,
                doc: $doc,
                example: (concat!("date('2026-04-01').", $name, "()"), $example),
                run: |args, _| Ok(whole_i64($of(date(args)?))),
                ..OF_DATE
            },
        ]
    };
}

/// A row for timestamps, one for times and one for durations.
macro_rules! clock {
    ($name:literal, $doc:literal, $example:literal, $total:literal, $of_time:expr, $of_duration:expr) => {
        [
            Function {
                name: $name,
                doc: concat!($doc, " In UTC, unless a zone is given."),
                example: (concat!("timestamp('2026-03-31T23:30:15.250Z').", $name, "('+02:00')"), $example),
                run: |args, ready| Ok(whole_i64($of_time(local(args, ready)?.time()))),
                ..GETTER
            },
            Function {
                name: $name,
                doc: $doc,
                example: (concat!("time('01:30:15.250').", $name, "()"), $example),
                run: |args, _| match args.first() {
                    Some(Value::Time(time)) => Ok(whole_i64($of_time(*time))),
                    _ => Err(super::WRONG.into()),
                },
                ..OF_TIME
            },
            Function {
                name: $name,
                doc: "Returns the whole duration in this unit, cut.",
                example: (concat!("duration('1h30m15.250s').", $name, "()"), $total),
                run: |args, _| match args.first() {
                    Some(Value::Duration(duration)) => Ok(whole_i64($of_duration(*duration))),
                    _ => Err(super::WRONG.into()),
                },
                ..OF_DURATION
            },
        ]
    };
}

const YEAR: [Function; 2] =
    calendar!("getFullYear", "Returns the year.", "2026", |date: civil::Date| i64::from(date.year()));
const MONTH: [Function; 2] =
    calendar!("getMonth", "Returns the month, January being 0.", "3", |date: civil::Date| i64::from(
        date.month()
    ) - 1);
const DAY: [Function; 2] =
    calendar!("getDate", "Returns the day of the month, the first being 1.", "1", |date: civil::Date| {
        i64::from(date.day())
    });
const MONTH_DAY: [Function; 2] = calendar!(
    "getDayOfMonth",
    "Returns the day of the month, the first being 0.",
    "0",
    |date: civil::Date| { i64::from(date.day()) - 1 }
);
const WEEK_DAY: [Function; 2] =
    calendar!("getDayOfWeek", "Returns the day of the week, Sunday being 0.", "3", |date: civil::Date| {
        i64::from(date.weekday().to_sunday_zero_offset())
    });
const YEAR_DAY: [Function; 2] = calendar!(
    "getDayOfYear",
    "Returns the day of the year, the first being 0.",
    "90",
    |date: civil::Date| { i64::from(date.day_of_year()) - 1 }
);
const HOURS: [Function; 3] = clock!(
    "getHours",
    "Returns the hour, 0 to 23.",
    "1",
    "1",
    |time: civil::Time| i64::from(time.hour()),
    |duration: jiff::SignedDuration| duration.as_hours()
);
const MINUTES: [Function; 3] = clock!(
    "getMinutes",
    "Returns the minute.",
    "30",
    "90",
    |time: civil::Time| i64::from(time.minute()),
    |duration: jiff::SignedDuration| duration.as_mins()
);
const SECONDS: [Function; 3] = clock!(
    "getSeconds",
    "Returns the second.",
    "15",
    "5415",
    |time: civil::Time| i64::from(time.second()),
    |duration: jiff::SignedDuration| duration.as_secs()
);
const MILLISECONDS: [Function; 3] = clock!(
    "getMilliseconds",
    "Returns the thousandths of the second.",
    "250",
    "5415250",
    |time: civil::Time| i64::from(time.millisecond()),
    |duration: jiff::SignedDuration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
);

pub(super) const ROWS: &[Function] = &{
    let [year_a, year_b] = YEAR;
    let [month_a, month_b] = MONTH;
    let [day_a, day_b] = DAY;
    let [month_day_a, month_day_b] = MONTH_DAY;
    let [week_day_a, week_day_b] = WEEK_DAY;
    let [year_day_a, year_day_b] = YEAR_DAY;
    let [hours_a, hours_b, hours_c] = HOURS;
    let [minutes_a, minutes_b, minutes_c] = MINUTES;
    let [seconds_a, seconds_b, seconds_c] = SECONDS;
    let [millis_a, millis_b, millis_c] = MILLISECONDS;
    [
        Function {
            name: "date",
            doc: "Reads a date in ISO 8601.",
            example: ("date('2026-06-01') + 30", r#""2026-07-01""#),
            run: |args, _| read(args, "the text is no date such as 2026-06-01", Value::Date),
            ..FUNCTION
        },
        Function {
            name: "date",
            params: &[Param::Instant, Param::Zone],
            optional: 1,
            doc: "Returns the day of a timestamp: as its own offset shows it, or in a zone.",
            example: ("date(timestamp('2026-06-01T00:30:00+02:00'))", r#""2026-06-01""#),
            run: |args, ready| match args {
                [Value::Instant(instant)] => Ok(Value::Date(instant.local().date())),
                _ => Ok(Value::Date(local(args, ready)?.date())),
            },
            ..FUNCTION
        },
        Function {
            name: "date",
            params: &[Param::Integer, Param::Integer, Param::Integer],
            doc: "Returns the date of year, month (from 1) and day.",
            example: ("date(2024, 2, 29)", r#""2024-02-29""#),
            run: |args, _| {
                let part = |n| i8::try_from(count_at(args, n)?).map_err(|_| NO_DATE.to_owned());
                let year = i16::try_from(count_at(args, 0)?).map_err(|_| NO_DATE.to_owned())?;
                civil::Date::new(year, part(1)?, part(2)?).map(Value::Date).map_err(|_| NO_DATE.into())
            },
            ..FUNCTION
        },
        Function {
            name: "time",
            result: Outcome::Time,
            doc: "Reads a time of day in ISO 8601.",
            example: ("time('09:30') < time('10:00')", "true"),
            run: |args, _| read(args, "the text is no time such as 09:30:00", Value::Time),
            ..FUNCTION
        },
        Function {
            name: "timestamp",
            result: Outcome::Instant,
            doc: "Reads a point in time in RFC 3339; its offset is kept.",
            example: ("timestamp('2026-06-01T12:00:00+02:00')", r#""2026-06-01T12:00:00+02:00""#),
            run: |args, _| timestamp(text(args, 0)?).map(Value::Instant),
            ..FUNCTION
        },
        Function {
            name: "timestamp",
            params: &[Param::Integer],
            result: Outcome::Instant,
            doc: "Returns the point in time so many seconds after 1970 began.",
            example: ("timestamp(1780308000)", r#""2026-06-01T10:00:00Z""#),
            run: |args, _| {
                let seconds = integer(args.first().unwrap_or(&Value::Absent))?;
                let at =
                    jiff::Timestamp::from_second(seconds).map_err(|_| "the point in time is out of range")?;
                Ok(Value::Instant(Instant { at, offset_s: 0 }))
            },
            ..FUNCTION
        },
        Function {
            name: "duration",
            result: Outcome::Duration,
            doc: "Reads a span of time in the units h, m, s, ms, us, ns.",
            example: ("timestamp('2026-06-01T10:00:00Z') + duration('1h30m')", r#""2026-06-01T11:30:00Z""#),
            run: |args, _| duration(text(args, 0)?).map(Value::Duration),
            ..FUNCTION
        },
        year_a,
        year_b,
        month_a,
        month_b,
        day_a,
        day_b,
        month_day_a,
        month_day_b,
        week_day_a,
        week_day_b,
        year_day_a,
        year_day_b,
        hours_a,
        hours_b,
        hours_c,
        minutes_a,
        minutes_b,
        minutes_c,
        seconds_a,
        seconds_b,
        seconds_c,
        millis_a,
        millis_b,
        millis_c,
    ]
};

const NO_DATE: &str = "there is no such date";
const NO_DURATION: &str = "the text is no duration such as 1h30m";

fn whole_i64(n: i64) -> Value {
    Value::Number(n.into())
}

fn date(args: &[Value]) -> Result<civil::Date, String> {
    match args.first() {
        Some(Value::Date(date)) => Ok(*date),
        _ => Err(super::WRONG.into()),
    }
}

/// Returns date and time of the first argument in the zone of the second, else in UTC.
fn local(args: &[Value], ready: &Ready) -> Result<civil::DateTime, String> {
    let Some(Value::Instant(instant)) = args.first() else { return Err(super::WRONG.into()) };
    let zone = match (ready, args.get(1)) {
        (Ready::Zone(zone), _) => zone.clone(),
        (_, Some(_)) => zone(text(args, 1)?).ok_or("there is no such time zone")?,
        (_, None) => TimeZone::UTC,
    };
    Ok(zone.to_datetime(instant.at))
}

/// Returns a zone by its name or its offset.
pub(in crate::expr) fn zone(name: &str) -> Option<TimeZone> {
    if name == "UTC" {
        return Some(TimeZone::UTC);
    }
    offset(name).map(TimeZone::fixed).or_else(|| TimeZone::get(name).ok())
}

/// Reads `+02:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').filter(|(h, m)| h.len() == 2 && m.len() == 2)?;
    let digits =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i32>().ok()).flatten();
    let (hours, minutes) = (digits(hours)?, digits(minutes).filter(|m| *m < 60)?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

fn read<T: std::str::FromStr>(args: &[Value], error: &str, make: fn(T) -> Value) -> Result<Value, String> {
    let text = text(args, 0)?;
    // jiff reads the date out of a longer text as well; that would lose the rest silently.
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b':' | b'.'));
    if !plain {
        return Err(error.into());
    }
    text.parse().map(make).map_err(|_| error.into())
}

/// Reads RFC 3339 and keeps the offset.
fn timestamp(text: &str) -> Result<Instant, String> {
    const ERROR: &str = "the text is no timestamp such as 2026-06-01T10:00:00Z";
    let offset_s = match text.strip_suffix(['Z', 'z']) {
        Some(_) => 0,
        None => {
            let at = text.len().checked_sub(6).ok_or(ERROR)?;
            text.get(at..).and_then(offset).ok_or(ERROR)?.seconds()
        }
    };
    let at = text.parse().map_err(|_| ERROR)?;
    Ok(Instant { at, offset_s })
}

/// Reads the durations of CEL: decimal numbers with a unit, such as `1h1.5s`.
fn duration(text: &str) -> Result<jiff::SignedDuration, String> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return Err(NO_DURATION.into());
    }
    let mut nanos: i128 = 0;
    while !rest.is_empty() && rest != "0" {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or(NO_DURATION)?;
        let (number, tail) = rest.split_at(end);
        let (unit, tail) = unit(tail).ok_or(NO_DURATION)?;
        let part = kernel::Decimal::parse(number)
            .and_then(|n| n.checked_mul(unit.into()))
            .map_err(|_| NO_DURATION)?;
        let part = super::number::truncated(part).mantissa();
        nanos = nanos.checked_add(part).ok_or(NO_DURATION)?;
        rest = tail;
    }
    let nanos = nanos * sign;
    let seconds = i64::try_from(nanos / 1_000_000_000).map_err(|_| "the duration is too long")?;
    // A remainder of a division by 10^9 fits.
    Ok(jiff::SignedDuration::new(seconds, i32::try_from(nanos % 1_000_000_000).unwrap_or(0)))
}

fn unit(text: &str) -> Option<(i64, &str)> {
    const UNITS: [(&str, i64); 7] = [
        ("ms", 1_000_000),
        ("us", 1_000),
        ("µs", 1_000),
        ("ns", 1),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
    ];
    UNITS.iter().find_map(|(name, nanos)| text.strip_prefix(name).map(|rest| (*nanos, rest)))
}
