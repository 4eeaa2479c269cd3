//! What may be done with records after they arrived.

use std::sync::Arc;

use jiff::{Span, civil::Date};
use model::{ArticleRef, AuthorityKind, PartyId, Refusal, RefusalCode, RequestType};

use crate::{
    Onward, Permit, Rule,
    phrase::{AnyOf, List},
    provision::{Basis, Bound, Bounds, Provision},
};

/// A question about records that were received.
#[derive(Debug, Clone, Copy)]
pub struct UseQuery<'a> {
    /// For which purpose, by its name in the treaty file.
    pub purpose: &'a str,
    /// What kind of authority wants to read.
    pub reader: AuthorityKind,
    /// Whether it is for the proceeding that the request named.
    pub same_proceeding: bool,
    /// The day on which the records arrived.
    pub received: Date,
    /// The day on which they are to be used.
    pub on: Date,
    /// What the party that gave them has agreed to beyond the treaty.
    pub granted: &'a [UseGrant],
}

/// The consent of the party that gave records to a use beyond the treaty. Who checks its signature and to which records it belongs
/// hands it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseGrant {
    /// For this purpose only.
    pub purpose: String,
    /// Whether it covers proceedings other than the one that the request named.
    pub other_proceeding: bool,
    /// From this day on.
    pub from: Date,
    /// The last day; `None` for as long as the records are kept.
    pub until: Option<Date>,
}

impl UseGrant {
    fn covers(&self, query: &UseQuery<'_>) -> bool {
        let in_time = self.from <= query.on && self.until.is_none_or(|last| query.on <= last);
        in_time && self.purpose == query.purpose && (query.same_proceeding || self.other_proceeding)
    }
}

/// What one article of a rule says of the use of what it gives to one request type, towards one party.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a>(&'a Provision);

impl Rule {
    /// What may be done with records that `requested` gave to `request_type` under `article`. `None` where nothing may be asked of
    /// it so.
    pub fn usage(&self, article: &ArticleRef, request_type: &RequestType, requested: PartyId) -> Option<Usage<'_>> {
        let direction = self.table.place(requested)?;
        let mut effective = self.table.effective();
        let (.., towards) = effective.find(|(one, kind, _)| *one == article && *kind == request_type)?;
        towards.get(direction).filter(|provision| provision.closed.is_empty()).map(Usage)
    }
}

impl Usage<'_> {
    /// See [`Permit::may_use`]; here with the file and the party behind each bound.
    pub fn may_use(&self, query: &UseQuery<'_>) -> Result<(), Refusal> {
        let Bounds { by, purposes, usage, .. } = &**self.0;
        let terms = Terms {
            specialty: usage.specialty.then_some(by),
            purposes: (&purposes.value, &purposes.by),
            readers: (&usage.readers.value, &usage.readers.by),
            retention_days: usage.retention_days.as_ref().map(|Bound { value, by }| (*value, by)),
        };
        terms.judge(query)
    }

    /// Whether they may go on to a third state or body.
    pub fn onward(&self) -> Onward {
        self.0.usage.onward.value
    }
}

impl Permit {
    /// Whether records that this permit brought may be used so.
    ///
    /// Refuses, in this order: R93 a reader of another kind; R18 after the retention has ended, or before the records arrived; R16 a
    /// purpose that neither the treaty nor a grant allows; R16 another proceeding under specialty without a grant [UNTOC 18(19)]
    /// [Budapest 28(2)(b)].
    pub fn may_use(&self, query: &UseQuery<'_>) -> Result<(), Refusal> {
        let by = Basis { file: Arc::clone(&self.file), article: self.article.clone(), owner: None };
        let terms = Terms {
            specialty: self.specialty.then_some(&by),
            purposes: (&self.purposes, &by),
            readers: (&self.readers, &by),
            retention_days: self.retention_days.map(|days| (days, &by)),
        };
        terms.judge(query)
    }
}

struct Terms<'a> {
    specialty: Option<&'a Basis>,
    purposes: (&'a [String], &'a Basis),
    readers: (&'a [AuthorityKind], &'a Basis),
    retention_days: Option<(u32, &'a Basis)>,
}

impl Terms<'_> {
    fn judge(&self, query: &UseQuery<'_>) -> Result<(), Refusal> {
        self.reader(query)?;
        self.retention(query)?;
        let granted = query.granted.iter().any(|grant| grant.covers(query));
        let (purposes, by) = self.purposes;
        if !granted && !purposes.iter().any(|purpose| purpose == query.purpose) {
            let reason = "the records were not given for this purpose".to_owned();
            let remedy =
                format!("use them for {}, or ask the party that gave them to agree to this purpose", AnyOf(purposes));
            return Err(refusal(RefusalCode::R16, by, "purpose", reason, remedy));
        }
        match self.specialty {
            Some(by) if !query.same_proceeding && !granted => {
                let reason = "the records were given for the named proceeding only".to_owned();
                let remedy = "ask the party that gave them to agree to the other proceeding before any use".to_owned();
                Err(refusal(RefusalCode::R16, by, "proceeding", reason, remedy))
            }
            _ => Ok(()),
        }
    }

    fn reader(&self, query: &UseQuery<'_>) -> Result<(), Refusal> {
        let (readers, by) = self.readers;
        if readers.contains(&query.reader) {
            return Ok(());
        }
        let reason = format!("an authority of kind {} may not read this", query.reader.as_str());
        let readers = List(readers.iter().map(|kind| kind.as_str()));
        let remedy = format!("have it read by: {readers}; others need a change of {}", by.file);
        Err(refusal(RefusalCode::R93, by, "reader", reason, remedy))
    }

    fn retention(&self, query: &UseQuery<'_>) -> Result<(), Refusal> {
        let arrived = self.retention_days.map_or(self.purposes.1, |(_, by)| by);
        if query.on < query.received {
            let reason = "the day of use is before the day on which the records arrived".to_owned();
            return Err(refusal(RefusalCode::R18, arrived, "on", reason, "check the two dates".to_owned()));
        }
        let Some((days, by)) = self.retention_days else { return Ok(()) };
        // A day that the calendar does not hold is later than any other.
        let span = Span::new().try_days(i64::from(days)).ok();
        match span.and_then(|span| query.received.checked_add(span).ok()) {
            Some(last) if query.on > last => {
                let reason = format!("the records had to be destroyed or returned after {last}");
                let remedy = "certify their destruction, and ask again if they are still needed".to_owned();
                Err(refusal(RefusalCode::R18, by, "on", reason, remedy))
            }
            _ => Ok(()),
        }
    }
}

fn refusal(code: RefusalCode, by: &Basis, field: &str, reason: String, remedy: String) -> Refusal {
    let Basis { file, article, owner } = by;
    Refusal {
        code,
        article: Some(article.clone()),
        rule: file.to_string(),
        field: Some(field.to_owned()),
        reason,
        remedy,
        owner: *owner,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::testing::{article, changed, national, party, query, stored_data};

    fn asked<'a>(granted: &'a [UseGrant]) -> UseQuery<'a> {
        UseQuery {
            purpose: "criminal_investigation",
            reader: AuthorityKind::Central,
            same_proceeding: true,
            received: date(2026, 1, 1),
            on: date(2026, 4, 11),
            granted,
        }
    }

    fn grant(purpose: &str, other_proceeding: bool) -> [UseGrant; 1] {
        let until = Some(date(2026, 4, 11));
        [UseGrant { purpose: purpose.to_owned(), other_proceeding, from: date(2026, 4, 11), until }]
    }

    /// What the permit and the rule say; they must agree.
    fn code(query: UseQuery<'_>) -> Option<RefusalCode> {
        let rule = changed(|p| p.usage.retention_days = Some(national().sets(100)));
        let measures = [stored_data()];
        let decision = rule.decide(&crate::testing::query(&measures));
        let usage = rule.usage(&article(), &measures[0].request_type, party("JP"));
        let (by_rule, by_permit) = (usage.map(|usage| usage.may_use(&query)), decision.permits[0].may_use(&query));
        let code = by_permit.err().map(|refusal| refusal.code);
        assert_eq!(by_rule.map(|answer| answer.err().map(|refusal| refusal.code)), Some(code));
        code
    }

    #[test]
    fn use_in_a_second_proceeding_without_a_grant_is_refused_r16() {
        assert_eq!(code(asked(&[])), None);
        let second = |granted: &[UseGrant]| code(UseQuery { same_proceeding: false, ..asked(granted) });
        assert_eq!(second(&[]), Some(RefusalCode::R16));
        assert_eq!(second(&grant("criminal_investigation", true)), None);
        assert_eq!(second(&grant("criminal_investigation", false)), Some(RefusalCode::R16));
        assert_eq!(second(&grant("tax", true)), Some(RefusalCode::R16));
    }

    #[test]
    fn another_purpose_is_refused_r16_unless_it_was_granted_and_in_time() {
        let tax = |granted: &[UseGrant], on| code(UseQuery { purpose: "tax", on, received: on, ..asked(granted) });
        let day = date(2026, 4, 11);
        assert_eq!(tax(&[], day), Some(RefusalCode::R16));
        assert_eq!(tax(&grant("tax", false), day), None);
        for on in [date(2026, 4, 10), date(2026, 4, 12)] {
            assert_eq!(tax(&grant("tax", false), on), Some(RefusalCode::R16));
        }
    }

    #[test]
    fn a_reader_of_another_kind_is_refused_r93_and_no_grant_helps() {
        let granted = grant("criminal_investigation", true);
        let query = UseQuery { reader: AuthorityKind::DutyPoint, ..asked(&granted) };
        assert_eq!(code(query), Some(RefusalCode::R93));
    }

    #[test]
    fn after_the_retention_and_before_the_arrival_nothing_is_used_r18() {
        let granted = grant("criminal_investigation", true);
        let on = |on| code(UseQuery { on, ..asked(&granted) });
        assert_eq!(on(date(2026, 4, 11)), None);
        assert_eq!(on(date(2026, 4, 12)), Some(RefusalCode::R18));
        assert_eq!(on(date(2025, 12, 31)), Some(RefusalCode::R18));
    }

    #[test]
    fn without_specialty_a_second_proceeding_is_free_and_the_refusal_names_who_set_the_bound() {
        let rule = changed(|p| {
            p.usage.specialty = false;
            p.usage.readers = national().sets(vec![AuthorityKind::Judicial]);
        });
        let usage = rule.usage(&article(), &stored_data().request_type, party("JP"));
        let query = UseQuery { same_proceeding: false, reader: AuthorityKind::Judicial, ..asked(&[]) };
        assert_eq!(usage.map(|usage| usage.may_use(&query)), Some(Ok(())));
        let query = UseQuery { reader: AuthorityKind::Central, ..query };
        let refusal = usage.and_then(|usage| usage.may_use(&query).err());
        assert_eq!(refusal.and_then(|refusal| refusal.owner), Some(party("JP")));
        assert!(rule.usage(&article(), &stored_data().request_type, party("DE")).is_none());
    }

    #[test]
    fn what_may_not_be_asked_has_no_use() {
        let rule = changed(|p| {
            p.closed.push(crate::rule::Obstacle {
                file: "national/JP.toml".into(),
                owner: None,
                reason: String::new(),
                remedy: String::new(),
            });
        });
        assert!(rule.usage(&article(), &stored_data().request_type, party("JP")).is_none());
        assert!(!rule.decide(&query(&[stored_data()])).allowed());
    }
}
