//! A safe-conduct that the record of a person's consent to come promises: how long it must last, and may [UNTOC 18(27)].

use accord::contradiction;
use jiff::{
    ToSpan,
    civil::{Date, DateTime},
    fmt::temporal::Pieces,
    tz::Offset,
};
use model::{ArticleRef, Refusal, Timestamp};
use serde_json::Value;
use treaty::{Timer, Unit};

/// The record type of such a consent.
const APPEARANCE_CONSENT: &str = "appearance_consent";

/// No safe-conduct lasts longer than so many days after the last one of the appearance: who promises more forgets its own courts. A policy.
pub const SAFE_CONDUCT_DAYS_MAX: i64 = 365;

/// What a record promises, by the clocks of the place whose offset it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SafeConduct {
    /// The end of the last day on which the person is to appear: nobody can leave before.
    pub left: Timestamp,
    /// Until when the person is safe.
    pub until: Timestamp,
    last: Date,
    to: Date,
    days: i64,
}

impl SafeConduct {
    /// The promise in such a record, where there is one: who does not agree to come is promised nothing.
    pub fn of(record_type: &str, content: &Value) -> Option<Self> {
        let promised = content.get("safe_conduct").filter(|_| record_type == APPEARANCE_CONSENT)?;
        let to: Date = content["appearance"]["to"].as_str()?.parse().ok()?;
        let (until, offset, last) = local(promised["until"].as_str()?)?;
        let left = offset.to_timestamp(to.tomorrow().ok()?.to_datetime(jiff::civil::Time::midnight())).ok()?;
        let days = promised["days_after_release"].as_i64()?;
        Some(Self { left: Timestamp(left.as_millisecond()), until, last, to, days })
    }

    /// Holds the promise against the least that the treaty wants, `least`, and the longest that it may last.
    ///
    /// # Errors
    /// R94 with the article and the field.
    pub fn hold(&self, least: Option<&Timer>, article: &ArticleRef) -> Result<(), Refusal> {
        let wanted = least.filter(|timer| timer.unit == Unit::Days).map_or(1, |timer| i64::from(timer.length));
        let clause = least.and_then(|timer| timer.clause.clone()).unwrap_or_else(|| article.clone());
        let after = |days: i64| self.to.checked_add(days.days()).unwrap_or(Date::MAX);
        let (field, reason) = if self.days < wanted {
            ("days_after_release", format!("a safe-conduct lasts {wanted} days after the person may leave, at least"))
        } else if self.days > SAFE_CONDUCT_DAYS_MAX || self.last > after(SAFE_CONDUCT_DAYS_MAX) {
            ("until", format!("a safe-conduct lasts {SAFE_CONDUCT_DAYS_MAX} days after the appearance, at most"))
        } else if self.last < after(self.days) {
            ("until", format!("it ends before {} days after the last day of the appearance", self.days))
        } else {
            return Ok(());
        };
        let remedy = "Write the record anew, with the end of its safe-conduct within these bounds.";
        let refusal = contradiction(format!("content.safe_conduct.{field}"), reason).under(clause);
        Err(Refusal { remedy: remedy.to_owned(), ..refusal })
    }
}

/// A moment as it is written: when, with which offset, and on which day there.
fn local(text: &str) -> Option<(Timestamp, Offset, Date)> {
    let at: jiff::Timestamp = text.parse().ok()?;
    let offset = Pieces::parse(text).ok()?.to_numeric_offset()?;
    let there: DateTime = offset.to_datetime(at);
    Some((Timestamp(at.as_millisecond()), offset, there.date()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;
    use treaty::TimerKind;

    use super::*;

    fn timer() -> Timer {
        let clause = Some("untoc:18(27)".parse().unwrap());
        Timer { kind: TimerKind::SafeConduct, record: None, emergency: false, length: 15, unit: Unit::Days, clause }
    }

    fn promise(until: &str, days: u32) -> SafeConduct {
        let content = json!({
            "appearance": { "to": "2026-11-06" },
            "safe_conduct": { "until": until, "days_after_release": days },
        });
        SafeConduct::of(APPEARANCE_CONSENT, &content).unwrap()
    }

    /// Field and article of what is found in such a promise.
    fn found(until: &str, days: u32) -> Option<(String, String)> {
        let article = "untoc:18(3)(h)".parse().unwrap();
        let refusal = promise(until, days).hold(Some(&timer()), &article).err()?;
        assert_eq!(refusal.code.as_str(), "R94");
        Some((refusal.field.unwrap(), refusal.article.unwrap().to_string()))
    }

    #[test]
    fn a_safe_conduct_lasts_fifteen_days_after_the_appearance_at_least_and_a_year_at_most() {
        let (days, until) = ("content.safe_conduct.days_after_release", "content.safe_conduct.until");
        let at = |field: &str| Some((field.to_owned(), "untoc:18(27)".to_owned()));
        assert_eq!(found("2026-11-21T23:59:59+09:00", 15), None);
        assert_eq!(found("2026-11-20T23:59:59+09:00", 15), at(until));
        assert_eq!(found("2026-11-20T23:59:59+09:00", 14), at(days), "fewer than the treaty wants");
        assert_eq!(found("2026-11-21T23:59:59+09:00", 30), at(until), "the record contradicts itself");
        assert_eq!(found("2027-11-06T23:59:59+09:00", 30), None);
        assert_eq!(found("2027-11-07T00:00:00+09:00", 30), at(until));
    }

    #[test]
    fn days_are_those_of_the_place_whose_clock_the_record_shows() {
        // In Tokyo it is the 22nd already when this moment is the 21st in New York.
        assert_eq!(found("2026-11-21T12:00:00-05:00", 15), None);
        assert_eq!(promise("2026-11-21T12:00:00-05:00", 15).left.to_string(), "2026-11-07T05:00:00.000Z");
        assert_eq!(promise("2026-11-21T23:59:59+09:00", 15).left.to_string(), "2026-11-06T15:00:00.000Z");
    }

    #[test]
    fn where_the_treaty_sets_no_days_the_longest_time_still_holds() {
        let article = "eu-jp-mla:24".parse().unwrap();
        assert_eq!(promise("2026-11-07T12:00:00+09:00", 1).hold(None, &article), Ok(()));
        let refusal = promise("2028-01-01T00:00:00+09:00", 1).hold(None, &article).unwrap_err();
        assert_eq!(refusal.article, Some(article));
    }

    #[test]
    fn who_does_not_agree_to_come_is_promised_nothing() {
        assert_eq!(SafeConduct::of(APPEARANCE_CONSENT, &json!({ "consent": { "given": false } })), None);
        assert_eq!(SafeConduct::of("traffic_data", &json!({ "safe_conduct": { "until": "x" } })), None);
    }
}
