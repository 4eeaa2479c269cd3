//! The one clock of this program.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use model::Timestamp;

/// The present moment, by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A day on the command line.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write the year first, as in 2026-01-31".to_owned())
}

/// The calendar day of a moment, in UTC.
pub(crate) fn day(now: Timestamp) -> Date {
    now.date().unwrap_or(Date::MAX)
}
