use std::fmt;

use model::{
    AuthorityId, AuthorityKind, Classification, Consent, Digest, MeasureId, MeasureScope, Offence, PartyId, Role,
    SubjectTag, Timestamp, limits::TAGS_MAX,
};

use super::{Place, claim::days};
use crate::{
    Decision, Query, Rule, Used,
    change::{attributes, exempt_from, teamed},
    phrase::{List, Plural},
    provision::Provision,
};

/// A request with one measure that a proof asks about.
#[derive(Debug, Clone)]
pub(super) struct Witness {
    pub(super) requesting: PartyId,
    pub(super) requested: PartyId,
    pub(super) sender: AuthorityKind,
    pub(super) recipient: AuthorityKind,
    pub(super) between: Option<[AuthorityId; 2]>,
    pub(super) scope: MeasureScope,
    pub(super) purpose: String,
    pub(super) offence: Option<Offence>,
    pub(super) validator: Option<Role>,
    pub(super) classification: Option<Classification>,
    pub(super) emergency: bool,
    pub(super) consent_age_s: Option<i64>,
    pub(super) languages: Option<Vec<String>>,
    pub(super) used: Option<Vec<Used>>,
    counts: bool,
}

/// When a witness asks. Which moment it is does not matter; that it is one does.
const AT: Timestamp = Timestamp(1_800_000_000_000);

/// Whether some request keeps every bound: none does where one of them admits nothing, as where no authority is addressed because
/// orders go to providers themselves.
pub(super) fn reachable(p: &Provision) -> bool {
    let lists = [p.senders.value.is_empty(), p.recipients.value.is_empty(), p.selectors.value.is_empty()];
    let nothing = p.records.is_empty() || p.purposes.value.is_empty() || lists.contains(&true);
    let zero = p.max_subjects.value == 0 || p.max_window_days.as_ref().is_some_and(|days| days.value == 0);
    let deserted = !p.teams.is_empty() && teamed(p).is_empty();
    !nothing && !zero && !deserted && attributes(p).is_none_or(|list| !list.is_empty())
}

impl Witness {
    /// The smallest request that keeps every bound of `place`. `None` exactly where it is not [`reachable`].
    pub(super) fn of(place: Place<'_>) -> Option<Self> {
        let p = place.provision;
        let [requesting, requested] = place.direction;
        let (record, roles) = p.records.first_key_value()?;
        let window = match p.max_window_days.as_ref().map(|days| days.value) {
            Some(0) => return None,
            Some(_) => Some(days(place.rule.on(), 1)?),
            None => None,
        };
        if p.max_subjects.value == 0 {
            return None;
        }
        let attributes = match attributes(p) {
            Some(list) => vec![list.first()?.clone()],
            None => Vec::new(),
        };
        let between = match (p.teams.is_empty(), teamed(p).pop_first()) {
            (true, _) => None,
            (false, two) => Some(directed(two?, requested)),
        };
        let months = p.offence.value.min_max_penalty_months.max(exempt_from(p).unwrap_or(0)).max(1);
        let counts = p.quotas.iter().any(|quota| quota.value.subjects.is_some());
        let scope = MeasureScope {
            id: MeasureId(1),
            article: place.article.clone(),
            request_type: place.kind.clone(),
            records: vec![record.clone()],
            subjects: 0,
            selectors: vec![*p.selectors.value.first()?],
            window,
            attributes,
            tags: Vec::new(),
        };
        let witness = Self {
            requesting,
            requested,
            sender: *p.senders.value.first()?,
            recipient: *p.recipients.value.first()?,
            between,
            scope,
            purpose: p.purposes.value.first()?.clone(),
            offence: Some(Offence { max_penalty_months: months, dual_criminality: true, listed: false }),
            validator: roles.value.first().copied(),
            classification: p.classification_max.as_ref().map(|_| Classification::Official),
            emergency: p.emergency.is_some(),
            consent_age_s: p.consent.as_ref().map(|_| 0),
            languages: None,
            used: None,
            counts,
        };
        Some(witness.about(1))
    }

    /// The same about so many subjects, with a tag for each as far as a header may carry them.
    pub(super) fn about(mut self, subjects: u32) -> Self {
        let most = u32::try_from(TAGS_MAX).unwrap_or(u32::MAX);
        let tags = if self.counts { subjects.min(most) } else { 0 };
        self.scope.subjects = subjects;
        self.scope.tags = (0..tags).map(|i| tag(u128::from(i))).collect();
        self
    }

    /// The same after counters that show this.
    pub(super) fn after(self, used: Vec<Used>) -> Self {
        Self { used: Some(used), ..self }
    }

    pub(super) fn decide(&self, rule: &Rule) -> Decision {
        let languages: Option<Vec<&str>> =
            self.languages.as_ref().map(|languages| languages.iter().map(String::as_str).collect());
        let given = |age_s: i64| Consent { given: AT.plus_ms(-1000 * age_s), receipt: Digest::of(&[b"receipt"]) };
        rule.decide(&Query {
            requesting: self.requesting,
            requested: self.requested,
            sender: self.sender,
            recipient: self.recipient,
            between: self.between.as_ref().map(|two| two.each_ref()),
            measures: std::slice::from_ref(&self.scope),
            purpose: Some(&self.purpose),
            offence: self.offence,
            validator: self.validator,
            tag_key: self.counts.then(|| Digest::of(&[b"key"])),
            classification: self.classification,
            emergency: self.emergency,
            consent: self.consent_age_s.map(given),
            at: AT,
            languages: languages.as_deref(),
            used: self.used.as_deref(),
        })
    }
}

/// Two members of a team: who asks, and then who is asked.
pub(super) fn directed([a, b]: [&AuthorityId; 2], requested: PartyId) -> [AuthorityId; 2] {
    if a.party() == requested { [b.clone(), a.clone()] } else { [a.clone(), b.clone()] }
}

fn tag(number: u128) -> SubjectTag {
    SubjectTag::new(number.to_be_bytes())
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scope = &self.scope;
        write!(
            f,
            "{} {} asks {} {} for ",
            self.requesting,
            self.sender.as_str(),
            self.requested,
            self.recipient.as_str()
        )?;
        if let Some([sender, recipient]) = &self.between {
            write!(f, "(from {sender} to {recipient}) ")?;
        }
        write!(f, "{} of {} under {}", List(&scope.records), Plural(scope.subjects, "subject"), scope.article)?;
        write!(f, ", named by {}", List(scope.selectors.iter().map(|kind| kind.as_str())))?;
        if let Some(window) = scope.window {
            write!(f, ", {} to {}", window.from, window.to)?;
        }
        if !scope.attributes.is_empty() {
            write!(f, ", attributes {}", List(&scope.attributes))?;
        }
        write!(f, ", for {}, validated by {}", self.purpose, self.validator.map_or("nobody", Role::as_str))?;
        match self.offence {
            None => f.write_str(", no offence declared")?,
            Some(offence) => {
                let dual = if offence.dual_criminality { "with" } else { "without" };
                let listed = if offence.listed { ", listed" } else { "" };
                let months = Plural(offence.max_penalty_months, "month");
                write!(f, ", offence of at most {months}{listed} {dual} dual criminality")?;
            }
        }
        if let Some(mark) = self.classification {
            write!(f, ", marked {}", mark.as_str())?;
        }
        if self.emergency {
            f.write_str(", as an emergency")?;
        }
        if let Some(age) = self.consent_age_s {
            write!(f, ", consent {age} s old")?;
        }
        if let Some(languages) = &self.languages {
            write!(f, ", in {}", List(languages))?;
        }
        for used in self.used.iter().flatten().filter(|used| used.requests > 1 || used.subjects > 1) {
            let (requests, subjects) = (Plural(used.requests, "request"), Plural(used.subjects, "subject"));
            write!(f, ", as {requests} and {subjects} of the {}", used.per.as_str())?;
            if used.counted.len() > 1 {
                write!(f, " among {}", List(&used.counted))?;
            }
        }
        Ok(())
    }
}
