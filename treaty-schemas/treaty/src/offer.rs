//! A rule for readers: each provision in the open, every bound with who set it, and what stands against the others.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityId, AuthorityKind, Classification, ConditionCode, PartyId, PostponementCode,
    RecordType, Refusal, RefusalCode, RequestType, Role, SelectorKind,
};
use serde::{Serialize, Serializer};

use crate::{
    Consult, Ground, Judgement, Onward, Quota, Rule, Timer,
    provision::{Bound, Provision},
    rule::{Clause, Obstacle, Standing, Table},
};

/// A bound, and who set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit<T> {
    /// The bound.
    pub value: T,
    /// The file that sets it, as in `national/JP.toml`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Whose rule it is, where one party's; else both parties'.
    pub owner: Option<PartyId>,
}

/// What one party may ask of the other under one article by one request type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Who may ask.
    pub requesting: PartyId,
    /// Who may be asked.
    pub requested: PartyId,
    /// The clause it rests on.
    pub article: ArticleRef,
    /// What may be asked.
    pub request_type: RequestType,
    /// The instrument's file.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Whether everything that it rests on was read in the text of the treaty.
    pub verified: bool,
    /// The last day of a provisional application [VCLT 25]; `None` where the instrument is in force.
    pub provisional_until: Option<Date>,
    /// Whether it compels somebody; a memorandum cannot.
    pub compulsory: bool,
    /// What may be answered, with the roles that may validate it; an empty list where nobody needs to.
    pub records: BTreeMap<RecordType, Limit<Vec<Role>>>,
    /// How a subject may be named.
    pub selectors: Limit<Vec<SelectorKind>>,
    /// At most so many subjects in one request.
    pub max_subjects: Limit<u32>,
    /// At most so many days, both ends included. `None` where the request type has no window.
    pub max_window_days: Option<Limit<u32>>,
    /// At most so many bytes of sealed bodies in answer, together.
    pub max_bytes: Option<Limit<u64>>,
    /// How much may be asked in a period.
    pub quotas: Vec<Limit<Quota>>,
    /// For which purposes.
    pub purposes: Limit<Vec<String>>,
    /// Whether the offence must be declared.
    pub offence_declared: Limit<bool>,
    /// The least maximum penalty of the offence; 0 where there is no threshold.
    pub min_max_penalty_months: Limit<u32>,
    /// Whether dual criminality must be declared.
    pub dual_criminality: Option<Limit<bool>>,
    /// The maximum penalty from which listed offences need no dual criminality.
    pub except_listed_months: Option<u32>,
    /// Which authorities may send.
    pub senders: Limit<Vec<AuthorityKind>>,
    /// Which authorities may be addressed; empty where it goes to no authority.
    pub recipients: Limit<Vec<AuthorityKind>>,
    /// The members of each joint investigation team that opens it: it goes between two of one team. Empty where it is open to all.
    pub teams: Vec<Limit<Vec<AuthorityId>>>,
    /// The highest mark of what is asked and answered.
    pub classification_max: Option<Limit<Classification>>,
    /// Which attributes may be disclosed at most, where the request type discloses selectively.
    pub attributes: Option<Limit<Vec<Attribute>>>,
    /// Attributes that may never be named.
    pub never: Vec<Attribute>,
    /// The holder's consent may be so many seconds old. `None` where no consent is needed.
    pub consent_max_age_s: Option<Limit<u32>>,
    /// Whether it is for emergencies only, and whether the requested authority must call back then.
    pub emergency_callback: Option<Limit<bool>>,
    /// Within so many hours after an emergency was granted the ordinary request must follow.
    pub expost_hours: Option<u32>,
    /// Whether the requested authority may answer without a human; where not, who says so.
    pub automatic: Limit<bool>,
    /// Whether it gives instead of asks.
    pub spontaneous: bool,
    /// The clocks that run.
    pub timers: Vec<Timer>,
    /// Grounds on which a human of the requested party may, or must, refuse.
    pub grounds: Vec<Ground>,
    /// What only a human may judge.
    pub judgements: Vec<Judgement>,
    /// For which reasons it may be postponed.
    pub postponements: Vec<PostponementCode>,
    /// Under which conditions it may be given.
    pub conditions: Vec<ConditionCode>,
    /// Whether the requested party must consult before it refuses or postpones.
    pub consult: Consult,
    /// Whether the requested party grants it only by the order of a court of its own.
    pub court_order: bool,
    /// Whether the requested party reviews it only after its ministry was told.
    pub ministry_notice: bool,
    /// Whether records may be used for the named proceedings only.
    pub specialty: bool,
    /// Whether they may go on to a third state or body.
    pub onward: Limit<Onward>,
    /// Which authorities of the requesting party may read them.
    pub readers: Limit<Vec<AuthorityKind>>,
    /// Destroyed or returned so many days after they arrived.
    pub retention_days: Option<Limit<u32>>,
    /// The languages that the addressed authorities accept (ISO 639); empty where none were declared.
    pub languages: Vec<String>,
}

impl Offer {
    /// Whether no joint team keeps it from going between these two.
    pub fn is_for(&self, sender: &AuthorityId, recipient: &AuthorityId) -> bool {
        let has = |team: &Limit<Vec<AuthorityId>>| team.value.contains(sender) && team.value.contains(recipient);
        self.teams.is_empty() || self.teams.iter().any(has)
    }
}

/// What one party may not ask of the other, though a file of the catalogue speaks of it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Barred {
    /// Who would ask.
    pub requesting: PartyId,
    /// Who would be asked.
    pub requested: PartyId,
    /// The clause.
    pub article: ArticleRef,
    /// What would be asked.
    pub request_type: RequestType,
    /// Every reason, with its file and who can change it. Never empty.
    pub reasons: Vec<Refusal>,
}

impl Rule {
    /// What may be asked, in both directions: sorted by article, request type and who is asked.
    pub fn offers(&self) -> impl Iterator<Item = Offer> {
        self.provisions().filter_map(|place| place.offer())
    }

    /// What may not be asked, though a file speaks of it; sorted likewise.
    pub fn barred(&self) -> impl Iterator<Item = Barred> {
        self.provisions().filter_map(|place| place.barred())
    }

    fn provisions(&self) -> impl Iterator<Item = Place<'_>> {
        let table: &Table = &self.table;
        table.clauses.iter().flat_map(move |(article, clause)| {
            let standing = table.instruments.get(article.instrument());
            clause.provisions.iter().flat_map(move |(kind, towards)| {
                towards.iter().enumerate().map(move |(asked, provision)| Place {
                    table,
                    standing,
                    clause,
                    article,
                    kind,
                    asked,
                    provision,
                })
            })
        })
    }
}

/// One provision in its table.
struct Place<'a> {
    table: &'a Table,
    standing: Option<&'a Standing>,
    clause: &'a Clause,
    article: &'a ArticleRef,
    kind: &'a RequestType,
    asked: usize,
    provision: &'a Provision,
}

impl Place<'_> {
    /// Who asks, and who is asked.
    fn direction(&self) -> (PartyId, PartyId) {
        let [a, b] = self.table.pair;
        if self.asked == 0 { (b, a) } else { (a, b) }
    }

    fn obstacles(&self) -> impl Iterator<Item = &Obstacle> {
        let standing = self.standing.iter().flat_map(|standing| &standing.obstacles);
        standing.chain(&self.clause.reservations).chain(&self.provision.closed)
    }

    fn barred(&self) -> Option<Barred> {
        let mut reasons: Vec<_> = self.obstacles().map(|obstacle| self.refusal(obstacle)).collect();
        if reasons.is_empty() && self.standing.is_none() {
            let reason = format!("no instrument `{}` is in the catalogue", self.article.instrument());
            reasons.push(Refusal::new(RefusalCode::R92, "treaty", reason, "name an article that a treaty file lists"));
        }
        let (requesting, requested) = self.direction();
        let (article, request_type) = (self.article.clone(), self.kind.clone());
        (!reasons.is_empty()).then_some(Barred { requesting, requested, article, request_type, reasons })
    }

    fn refusal(&self, obstacle: &Obstacle) -> Refusal {
        let mut refusal =
            Refusal::new(RefusalCode::R92, &obstacle.file, obstacle.reason.as_str(), obstacle.remedy.as_str());
        refusal.article = Some(self.article.clone());
        refusal.owner = obstacle.owner;
        refusal
    }

    fn offer(&self) -> Option<Offer> {
        let standing = self.standing?;
        if self.obstacles().next().is_some() {
            return None;
        }
        let p = self.provision;
        let (requesting, requested) = self.direction();
        Some(Offer {
            requesting,
            requested,
            article: self.article.clone(),
            request_type: self.kind.clone(),
            file: p.by.file.clone(),
            verified: p.verified,
            provisional_until: standing.provisional_until,
            compulsory: p.compulsory,
            records: p.records.iter().map(|(record, roles)| (record.clone(), limit(roles))).collect(),
            selectors: limit(&p.selectors),
            max_subjects: limit(&p.max_subjects),
            max_window_days: p.max_window_days.as_ref().map(limit),
            max_bytes: p.max_bytes.as_ref().map(limit),
            quotas: p.quotas.iter().map(limit).collect(),
            purposes: limit(&p.purposes),
            offence_declared: mapped(&p.offence, |offence| offence.declared),
            min_max_penalty_months: mapped(&p.offence, |offence| offence.min_max_penalty_months),
            dual_criminality: p.dual_criminality.as_ref().map(|dual| mapped(dual, |_| true)),
            except_listed_months: p.dual_criminality.as_ref().and_then(|dual| dual.value.except_listed_months),
            senders: limit(&p.senders),
            recipients: limit(&p.recipients),
            teams: p.teams.iter().map(limit).collect(),
            classification_max: p.classification_max.as_ref().map(limit),
            attributes: p.attributes.as_ref().map(limit),
            never: p.never.clone(),
            consent_max_age_s: p.consent.as_ref().map(|consent| mapped(consent, |consent| consent.max_age_s)),
            emergency_callback: p.emergency.as_ref().map(|rule| mapped(rule, |rule| rule.callback)),
            expost_hours: p.emergency.as_ref().and_then(|rule| rule.value.expost_hours),
            automatic: limit(&p.automatic),
            spontaneous: p.spontaneous,
            timers: p.timers.clone(),
            grounds: p.grounds.clone(),
            judgements: p.judgements.clone(),
            postponements: p.postponements.clone(),
            conditions: p.conditions.clone(),
            consult: p.consult,
            court_order: p.court_order,
            ministry_notice: p.ministry_notice,
            specialty: p.usage.specialty,
            onward: limit(&p.usage.onward),
            readers: limit(&p.usage.readers),
            retention_days: p.usage.retention_days.as_ref().map(limit),
            languages: self.languages(),
        })
    }

    /// What every authority of the requested party that may be addressed accepts.
    fn languages(&self) -> Vec<String> {
        let Some(declared) = self.table.languages.get(self.asked) else { return Vec::new() };
        let of_recipients = self.provision.recipients.value.iter().filter_map(|kind| declared.get(kind));
        let mut languages: Vec<String> = of_recipients.flatten().cloned().collect();
        languages.sort();
        languages.dedup();
        languages
    }
}

fn limit<T: Clone>(bound: &Bound<T>) -> Limit<T> {
    mapped(bound, T::clone)
}

fn mapped<T, U>(bound: &Bound<T>, value: impl FnOnce(&T) -> U) -> Limit<U> {
    Limit { value: value(&bound.value), file: bound.by.file.clone(), owner: bound.by.owner }
}

fn as_text<S: Serializer>(file: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(file)
}
