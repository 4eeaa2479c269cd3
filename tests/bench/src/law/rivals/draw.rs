//! Questions by the thousand, the same in every run: each begins as one that is allowed, then some of them are spoilt.

use jiff::civil::{Date, date};
use model::{AuthorityKind, MeasureId, MeasureScope, Offence, RecordType, Role, SelectorKind, Window};

use super::clauses::Clause;
use crate::{failure::Failure, law::question::Question};

const KINDS: [AuthorityKind; 4] =
    [AuthorityKind::Central, AuthorityKind::Judicial, AuthorityKind::Executing, AuthorityKind::DutyPoint];
/// The last day that is asked about.
const UNTIL: Date = date(2026, 11, 21);

/// A sequence of numbers that looks like chance (SplitMix64).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> Result<&'a T, Failure> {
        of.get(self.below(of.len())).ok_or_else(|| Failure::new("there is nothing to pick from"))
    }

    /// At least one of them, where there is one.
    fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        let chance = self.next();
        let mut chosen: Vec<_> =
            of.iter().enumerate().filter(|(at, _)| chance >> (at % 64) & 1 == 1).map(|(_, one)| one.clone()).collect();
        if chosen.is_empty() {
            chosen.extend(of.first().cloned());
        }
        chosen
    }

    /// A question about one measure under one of these clauses, or nearly.
    pub(crate) fn question(&mut self, clauses: &[Clause]) -> Result<Question, Failure> {
        let clause = self.pick(clauses)?;
        let mut question = self.allowed(clause)?;
        // None in a third of all cases, else up to three things at once.
        let faults = [0, 0, 0, 1, 1, 1, 1, 2, 3];
        for _ in 0..*self.pick(&faults)? {
            let other = self.pick(clauses)?;
            self.spoil(&mut question, clause, other)?;
        }
        Ok(question)
    }

    fn allowed(&mut self, clause: &Clause) -> Result<Question, Failure> {
        let records: Vec<_> = clause.records.keys().cloned().collect();
        let records = self.some(&records);
        let validates = |role: &Role| {
            let needed =
                records.iter().filter_map(|record| clause.records.get(record)).filter(|roles| !roles.is_empty());
            needed.into_iter().all(|roles| roles.iter().any(|one| one == role.as_str()))
        };
        let roles: Vec<_> = Role::ALL.into_iter().filter(validates).collect();
        let selectors: Vec<_> =
            SelectorKind::ALL.into_iter().filter(|kind| names(&clause.selectors, kind.as_str())).collect();
        let window = match clause.max_window_days {
            Some(most) => Some(window(1 + self.below(most as usize) as i32)?),
            None => None,
        };
        let scope = MeasureScope {
            id: MeasureId(1),
            article: clause.article.parse()?,
            request_type: clause.request_type.parse()?,
            records: records.iter().map(|record| record.parse()).collect::<Result<_, _>>()?,
            subjects: 1 + u32::try_from(self.below(clause.max_subjects as usize))?,
            selectors: self.some(&selectors),
            window,
            attributes: vec![],
            tags: vec![],
        };
        let kind = |kinds: &[String]| {
            KINDS.into_iter().find(|kind| names(kinds, kind.as_str())).unwrap_or(AuthorityKind::Central)
        };
        let months = clause.min_max_penalty_months + u32::try_from(self.below(120))?;
        Ok(Question {
            requesting: clause.requesting,
            requested: clause.requested,
            sender: kind(&clause.senders),
            recipient: kind(&clause.recipients),
            measures: vec![scope],
            purpose: Some(self.pick(&clause.purposes)?.clone()),
            offence: Some(Offence { max_penalty_months: months, dual_criminality: true, listed: false }),
            validator: self.pick(&roles).ok().copied(),
            emergency: clause.emergency,
        })
    }

    fn spoil(&mut self, question: &mut Question, clause: &Clause, other: &Clause) -> Result<(), Failure> {
        let Some(scope) = question.measures.first_mut() else { return Ok(()) };
        match self.below(24) {
            0 => scope.records.clear(),
            1 => scope.records.push("a_record_of_no_treaty".parse()?),
            2 => {
                let foreign = other.records.keys().map(|record| record.parse::<RecordType>());
                scope.records.extend(foreign.collect::<Result<Vec<_>, _>>()?);
                scope.records.truncate(16);
            }
            3 => scope.selectors.clear(),
            4 => scope.selectors = self.some(&SelectorKind::ALL),
            5 => scope.subjects = 0,
            6 => scope.subjects = clause.max_subjects,
            7 => scope.subjects = clause.max_subjects.saturating_add(1 + u32::try_from(self.below(2) * 5000)?),
            8 => scope.window = None,
            9 => scope.window = Some(Window { from: UNTIL, to: date(2025, 1, 1) }),
            10 => scope.window = Some(window(i32::try_from(clause.max_window_days.unwrap_or(30))?)?),
            11 => scope.window = Some(window(i32::try_from(clause.max_window_days.unwrap_or(30))? + 1)?),
            12 => question.purpose = None,
            13 => question.purpose = Some("fishing".to_owned()),
            14 => question.offence = None,
            15 => question.offence = question.offence.map(|o| Offence { dual_criminality: false, ..o }),
            16 => question.offence = question.offence.map(|o| Offence { max_penalty_months: 1, ..o }),
            17 => question.sender = *self.pick(&KINDS)?,
            18 => question.recipient = *self.pick(&KINDS)?,
            19 => question.validator = [None].into_iter().chain(Role::ALL.map(Some)).nth(self.below(9)).flatten(),
            20 => question.emergency ^= true,
            21 => question.offence = question.offence.map(|o| Offence { dual_criminality: false, listed: true, ..o }),
            22 => scope.article = if self.below(2) == 0 { "ets-185:99".parse()? } else { other.article.parse()? },
            _ => {
                scope.request_type = other.request_type.parse()?;
                if self.below(4) == 0 {
                    question.requested = question.requesting;
                }
            }
        }
        Ok(())
    }
}

fn names(words: &[String], word: &str) -> bool {
    words.iter().any(|one| one == word)
}

fn window(days: i32) -> Result<Window, Failure> {
    let back = jiff::Span::new().try_days(i64::from(days) - 1)?;
    Ok(Window { from: UNTIL.checked_sub(back)?, to: UNTIL })
}
