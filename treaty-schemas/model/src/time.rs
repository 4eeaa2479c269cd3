use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since 1970-01-01 UTC. There is no `now` here: shells read the clock, cores are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// `ms` later, or the end of time.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// The calendar day in UTC, on which a treaty is evaluated. `None` beyond the years −9999 to 9999.
    pub fn date(self) -> Option<Date> {
        let moment = jiff::Timestamp::from_millisecond(self.0).ok()?;
        Some(moment.to_zoned(jiff::tz::TimeZone::UTC).date())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(f, "{moment:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}
