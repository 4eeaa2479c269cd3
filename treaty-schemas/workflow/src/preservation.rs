//! The clock of preserved data [Budapest 29(7)] [Reg. 2023/1543 art. 11]. It moves no state: it tells people what ends, and when.

use jiff::{Span, civil::Date};
use model::{ArticleRef, Timestamp};

use crate::{Keeping, Measure};

/// How many days before the end somebody must be told, the last first.
const WARNINGS: [u32; 3] = [1, 7, 20];

/// For how long data that was preserved is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preservation {
    /// The day on which the requested party said that it is preserved.
    pub since: Date,
    /// The first day on which it need not be kept any more.
    pub until: Date,
    /// The clause that sets the time; `None` for a policy of the treaty file.
    pub clause: Option<ArticleRef>,
    /// Whether a request for disclosure hangs on it: then it is kept until that is decided.
    pub linked: bool,
}

/// How it stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is kept for so many days more, and nobody need be told yet.
    InForce(u32),
    /// It ends in so many days: 20, 7 or fewer, or 1.
    Warning(u32),
    /// It need not be kept any more.
    Lapsed,
    /// It is kept until the request for disclosure is decided.
    Linked,
}

impl Preservation {
    /// The clock of a measure that asked for preservation, once it was confirmed, and until it is given up. `None` for any other measure,
    /// and where the rule is not known.
    pub fn of(measure: &Measure) -> Option<Self> {
        let keeping = measure.terms.as_ref()?.preservation.as_ref()?;
        let begun = Self::begun(measure.produced?.date()?, keeping).filter(|_| !measure.given_up)?;
        let longer = measure.preserved_until.and_then(Timestamp::date).filter(|day| begun.until < *day);
        Some(Self { until: longer.unwrap_or(begun.until), ..begun })
    }

    /// A clock that begins on `since`. `None` where the calendar ends before it does.
    pub fn begun(since: Date, keeping: &Keeping) -> Option<Self> {
        let until = after(since, keeping.days)?;
        Some(Self { since, until, clause: keeping.clause.clone(), linked: false })
    }

    /// The same, kept for `days` longer. `None` where the calendar ends before it does.
    pub fn prolonged(self, days: u32) -> Option<Self> {
        Some(Self { until: after(self.until, days)?, ..self })
    }

    /// The same with a request for disclosure that hangs on it. One that was made after the end keeps nothing.
    #[must_use]
    pub fn linked_on(self, day: Date) -> Self {
        let linked = self.linked || day < self.until;
        Self { linked, ..self }
    }

    /// How it stands on `day`.
    pub fn on(&self, day: Date) -> Standing {
        if self.linked {
            return Standing::Linked;
        }
        let hours = self.until.duration_since(day).as_hours();
        match u32::try_from(hours / 24) {
            Ok(0) | Err(_) => Standing::Lapsed,
            Ok(left) if WARNINGS.iter().any(|days| left <= *days) => Standing::Warning(left),
            Ok(left) => Standing::InForce(left),
        }
    }

    /// The days on which somebody must be told, in their order; none where it is linked.
    pub fn warnings(&self) -> Vec<Date> {
        if self.linked {
            return Vec::new();
        }
        let days = WARNINGS.iter().rev().filter_map(|days| before(self.until, *days));
        days.filter(|day| *day >= self.since).collect()
    }
}

fn after(day: Date, days: u32) -> Option<Date> {
    day.checked_add(Span::new().try_days(i64::from(days)).ok()?).ok()
}

fn before(day: Date, days: u32) -> Option<Date> {
    day.checked_sub(Span::new().try_days(i64::from(days)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jiff::civil::date;

    use super::*;

    fn clock() -> Preservation {
        let keeping = Keeping { days: 60, clause: Some("ets-185:29(7)".parse().unwrap()), prolongation_days: Some(30) };
        Preservation::begun(date(2026, 1, 1), &keeping).unwrap()
    }

    /// The day `number` days after the first.
    fn day(number: u32) -> Date {
        after(date(2026, 1, 1), number).unwrap()
    }

    #[test]
    fn on_day_59_there_is_an_alarm_and_on_day_60_it_lapses() {
        let clock = clock();
        assert_eq!(clock.on(day(59)), Standing::Warning(1));
        assert_eq!(clock.on(day(60)), Standing::Lapsed);
        assert_eq!(clock.on(day(200)), Standing::Lapsed);
    }

    #[test]
    fn people_are_told_20_7_and_1_days_before_the_end() {
        let clock = clock();
        assert_eq!(clock.warnings(), vec![day(40), day(53), day(59)]);
        assert_eq!((clock.on(day(0)), clock.on(day(39))), (Standing::InForce(60), Standing::InForce(21)));
        assert_eq!((clock.on(day(40)), clock.on(day(53))), (Standing::Warning(20), Standing::Warning(7)));
    }

    #[test]
    fn a_request_for_disclosure_keeps_it_but_not_one_that_came_too_late() {
        let linked = clock().linked_on(day(59));
        assert_eq!((linked.on(day(60)), linked.warnings()), (Standing::Linked, vec![]));
        assert_eq!(clock().linked_on(day(60)).on(day(60)), Standing::Lapsed);
    }

    #[test]
    fn a_prolongation_moves_the_end_and_its_warnings() {
        let longer = clock().prolonged(30).unwrap();
        assert_eq!(
            (longer.on(day(60)), longer.on(day(89)), longer.on(day(90))),
            (Standing::InForce(30), Standing::Warning(1), Standing::Lapsed)
        );
        assert_eq!(clock().prolonged(u32::MAX), None);
    }
}
