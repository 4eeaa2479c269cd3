//! Terms of a treaty in one line: the same words wherever a permit, an offer or a change is shown.

use std::fmt::{self, Display};

use crate::{
    Judgement, Quota, Timer, Unit,
    phrase::{List, Plural},
};

/// A number of bytes as people say it and without rounding: `100 GB`, `1500 MB`, `65536 B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1_000_000_000_000, "TB"), (1_000_000_000, "GB"), (1_000_000, "MB"), (1000, "kB")];
        let whole = units.into_iter().find(|(size, _)| self.0 >= *size && self.0.is_multiple_of(*size));
        let (size, unit) = whole.unwrap_or((1, "B"));
        write!(f, "{} {unit}", self.0 / size)
    }
}

/// `serve 5 working days for traffic_data in an emergency [ets-185:31]`, `decision 10 days, the last a working day`; without its clause where it is policy.
impl Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, moved) = match self.unit {
            Unit::Hours => ("hour", ""),
            Unit::Days => ("day", ""),
            Unit::WorkingDays => ("working day", ""),
            Unit::DaysToWorkingDay => ("day", ", the last a working day"),
        };
        write!(f, "{} {} {unit}{}{moved}", self.kind.as_str(), self.length, if self.length == 1 { "" } else { "s" })?;
        if let Some(record) = &self.record {
            write!(f, " for {record}")?;
        }
        if self.emergency {
            f.write_str(" in an emergency")?;
        }
        self.clause.iter().try_for_each(|clause| write!(f, " [{clause}]"))
    }
}

/// `200 requests and 50 distinct subjects in a month`, and `, of preservation, stored_data together`.
impl Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(requests) = self.requests {
            Plural(requests, "request").fmt(f)?;
        }
        if self.requests.is_some() && self.subjects.is_some() {
            f.write_str(" and ")?;
        }
        if let Some(subjects) = self.subjects {
            Plural(subjects, "distinct subject").fmt(f)?;
        }
        write!(f, " in a {}", self.per.as_str())?;
        if self.together.is_empty() {
            return Ok(());
        }
        write!(f, ", of {} together", List(&self.together))
    }
}

/// `ordre_public [ets-185:27(4)(b)]`.
impl Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.clause.iter().try_for_each(|clause| write!(f, " [{clause}]"))
    }
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    #[test]
    fn a_number_of_bytes_is_short_where_it_is_round_and_exact_where_it_is_not() {
        let said = [0, 1, 999, 1000, 65_536, 1_500_000_000, 100_000_000_000, 2_000_000_000_000, u64::MAX];
        let said: Vec<_> = said.into_iter().map(|bytes| Bytes(bytes).to_string()).collect();
        let words = ["0 B", "1 B", "999 B", "1 kB", "65536 B", "1500 MB", "100 GB", "2 TB", "18446744073709551615 B"];
        assert_eq!(said, words);
    }
}
