//! The one clock of this program.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::civil::Date;
use model::{Denial, Fault, Timestamp};

/// The present moment, by the system's clock.
#[expect(clippy::disallowed_methods, reason = "the one place where this program reads the clock")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The day in UTC on which `now` lies.
pub(crate) fn day(now: Timestamp) -> Result<Date, Denial> {
    now.date().ok_or_else(|| Denial::failed(Fault::Internal, "the system's clock is beyond the calendar"))
}
