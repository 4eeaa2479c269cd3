use std::collections::BTreeMap;

use jiff::{ToSpan, civil::Date};
use model::{MeasureScope, PartyId, RequestType, Timestamp};
use serde::Serialize;

use crate::{Period, Rule};

/// A counter that a decision needs: see [`Rule::quotas`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct QuotaNeeded {
    /// Of which request types, all in one counter; sorted.
    pub counted: Vec<RequestType>,
    /// In which period.
    pub per: Period,
    /// The strictest cap on requests.
    pub requests_max: Option<u32>,
    /// The strictest cap on distinct subjects.
    pub subjects_max: Option<u32>,
}

impl Rule {
    /// Which counters a decision on `measures` to `requested` reads, sorted, each once. A gateway looks these up and hands
    /// them in as [`Query::used`](crate::Query::used). Empty for a party that is not of this rule.
    pub fn quotas(&self, requested: PartyId, measures: &[MeasureScope]) -> Vec<QuotaNeeded> {
        let Some(direction) = self.table.place(requested) else { return Vec::new() };
        let mut needed: BTreeMap<(&[RequestType], Period), [Option<u32>; 2]> = BTreeMap::new();
        for scope in measures {
            let provisions = self.table.clauses.get(&scope.article).and_then(|c| c.provisions.get(&scope.request_type));
            let Some(provision) = provisions.and_then(|towards| towards.get(direction)) else { continue };
            for quota in provision.quotas.iter().map(|quota| &quota.value) {
                let caps = needed.entry((quota.counted(&scope.request_type), quota.per)).or_default();
                *caps = [stricter(caps[0], quota.requests), stricter(caps[1], quota.subjects)];
            }
        }
        let of = |((counted, per), [requests_max, subjects_max]): ((&[RequestType], Period), [Option<u32>; 2])| {
            QuotaNeeded { counted: counted.to_vec(), per, requests_max, subjects_max }
        };
        needed.into_iter().map(of).collect()
    }
}

fn stricter(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    a.into_iter().chain(b).min()
}

impl Period {
    /// The first day of the period that `at` falls into, in UTC. `None` beyond the years −9999 to 9999.
    pub fn begins(self, at: Timestamp) -> Option<Date> {
        let day = at.date()?;
        Some(match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
            Self::Year => day.first_of_year(),
        })
    }

    /// The first day of the next period: when the counters begin anew.
    pub fn ends(self, at: Timestamp) -> Option<Date> {
        let span = match self {
            Self::Day => 1.day(),
            Self::Month => 1.month(),
            Self::Year => 1.year(),
        };
        self.begins(at)?.checked_add(span).ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use jiff::civil::date;

    use super::*;

    fn at(day: Date) -> Timestamp {
        Timestamp(day.at(23, 59, 59, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp().as_millisecond())
    }

    #[test]
    fn periods_are_those_of_the_calendar() {
        let last = at(date(2028, 2, 29));
        let begins = [Period::Day, Period::Month, Period::Year].map(|per| per.begins(last).unwrap());
        assert_eq!(begins, [date(2028, 2, 29), date(2028, 2, 1), date(2028, 1, 1)]);
        let ends = [Period::Day, Period::Month, Period::Year].map(|per| per.ends(last).unwrap());
        assert_eq!(ends, [date(2028, 3, 1), date(2028, 3, 1), date(2029, 1, 1)]);
    }

    #[test]
    fn the_last_period_of_the_calendar_has_a_begin_and_no_end() {
        assert_eq!(Period::Year.begins(at(date(9999, 1, 1))), Some(date(9999, 1, 1)));
        assert_eq!(Period::Year.ends(at(date(9999, 1, 1))), None);
        assert_eq!(Period::Day.begins(Timestamp(i64::MAX)), None);
    }
}
