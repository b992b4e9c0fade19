//! What a request brings, and what stands beside it.
//!
//! **Invariant.** `now`, `today` and `requestId` are fixed for a request; a retry sees the same ones.

use crate::plan::tree::Tree;
use crate::value::{Instant, Value};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use std::sync::Arc;

/// The inputs that every expression may use.
#[derive(Debug, Clone)]
pub struct Ambient {
    /// `now`.
    pub now: Instant,
    /// `today`, in the time zone of the connection or UTC.
    pub today: civil::Date,
    /// `requestId`.
    pub request_id: Arc<str>,
}

/// Everything from which a request to a legacy system is made.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// Path and query parameters in the order of [`crate::program::OperationPlan::params`]; `Absent` where not given.
    pub params: Vec<Value>,
    /// The body; `Absent` where there is none.
    pub body: Value,
    /// `now`, `today`, `requestId`.
    pub ambient: Ambient,
    /// The page that a list asks for.
    pub page: Page,
    /// The old record, for an update that keeps what the mapping does not know.
    pub old: Option<Tree>,
}

/// The page that a list asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// How many items at most.
    pub size: u32,
    /// The legacy cursor of the last page.
    pub cursor: Option<Arc<str>>,
    /// Items before this page.
    pub offset: u64,
    /// Number of the page, from 1.
    pub number: u64,
}

impl Ambient {
    /// Returns the values of an instant: `now` in UTC, and the date that it has in a zone.
    ///
    /// `now` has whole microseconds, because timestamps of databases have no more.
    pub fn at(at: Timestamp, zone: &TimeZone, request_id: Arc<str>) -> Self {
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let today = zone.to_offset(at).to_datetime(at).date();
        Self { now: Instant { at, offset_s: 0 }, today, request_id }
    }

    /// Returns the values with which tests run: `2026-01-01T00:00:00Z` and `test-request`.
    pub fn for_tests() -> Self {
        let now = Instant { at: jiff::Timestamp::constant(1_767_225_600, 0), offset_s: 0 };
        Self { now, today: civil::date(2026, 1, 1), request_id: "test-request".into() }
    }
}

impl Inputs {
    /// Returns inputs with neither parameters nor body.
    pub fn new(ambient: Ambient) -> Self {
        Self { params: Vec::new(), body: Value::Absent, ambient, page: Page::default(), old: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn today_is_the_date_where_the_legacy_system_lives() {
        let check = |at: &str, zone: &str, expected: &str| {
            let zone = TimeZone::get(zone).unwrap();
            let ambient = Ambient::at(at.parse().unwrap(), &zone, "r".into());
            assert_eq!(ambient.today.to_string(), expected, "{at} {zone:?}");
            assert_eq!((ambient.now.at.to_string(), ambient.now.offset_s), (at.to_owned(), 0));
        };
        check("2026-06-01T22:30:00Z", "UTC", "2026-06-01");
        check("2026-06-01T22:30:00Z", "Europe/Vienna", "2026-06-02");
        check("2026-12-01T22:30:00Z", "Europe/Vienna", "2026-12-01");
        check("2026-06-02T03:30:00Z", "America/New_York", "2026-06-01");
    }

    #[test]
    fn now_has_no_more_decimals_than_a_timestamp_of_a_database() {
        let ambient =
            Ambient::at("2026-06-01T22:30:00.123456789Z".parse().unwrap(), &TimeZone::UTC, "r".into());
        assert_eq!(ambient.now.at.to_string(), "2026-06-01T22:30:00.123456Z");
    }
}
