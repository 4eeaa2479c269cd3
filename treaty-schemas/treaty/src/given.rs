//! What an instrument gives by itself, and what the declarations of a party make of it: built once, and shared by all pairs.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use model::{ArticleRef, AuthorityKind, RequestType, Role};

use crate::{
    Consult, Onward,
    instrument::{self, InstrumentFile, Request},
    party::{Declaration, Demand, PartyFile},
    phrase::AnyOf,
    provision::{Basis, Bounds, DualCriminality, Provision, UsageRule},
    rule::Obstacle,
    source::Spot,
};

/// An article with a request type that may rest on it, as the instrument alone gives it.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) article: ArticleRef,
    pub(crate) kind: RequestType,
    pub(crate) provision: Provision,
    declared: Mutex<BTreeMap<Declared, Provision>>,
}

/// What declarations do to a provision: those of the party that is asked, by its file and their places in it, and whether either
/// party makes consultation a duty.
type Declared = (Option<Arc<str>>, Vec<usize>, bool);

impl Given {
    pub(crate) fn all(file: &InstrumentFile) -> Vec<Self> {
        let articles = |(kind, request): (&RequestType, &Request)| {
            let one = |article: &Spot<ArticleRef>| Self {
                article: article.value.clone(),
                kind: kind.clone(),
                provision: plain(file, kind, request, &article.value),
                declared: Mutex::default(),
            };
            request.articles.iter().map(one).collect::<Vec<_>>()
        };
        file.requests.iter().flat_map(articles).collect()
    }

    /// `ets-185:31 stored_data`.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.article, self.kind)
    }

    /// Under these declarations of `requested`, by their places in its file, and where consultation is required.
    pub(crate) fn declared(
        &self,
        file: &InstrumentFile,
        requested: Option<&PartyFile>,
        own: Vec<usize>,
        consult: bool,
    ) -> Provision {
        if own.is_empty() && !consult {
            return self.provision.clone();
        }
        let path = requested.filter(|_| !own.is_empty()).map(|party| party.head.path.clone());
        let key = (path, own, consult);
        // Nothing panics while it is held; a poisoned map would be whole all the same.
        let mut known = self.declared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(provision) = known.get(&key) {
            return provision.clone();
        }
        let mut provision = self.provision.clone();
        let (_, places, _) = &key;
        let declarations = requested.into_iter().flat_map(|party| {
            let named = places.iter().filter_map(|place| party.declarations.get(*place));
            named.map(move |declaration| (party, declaration))
        });
        for (party, declaration) in declarations {
            let article = declaration.article.clone();
            let by = Basis { file: party.head.path.clone(), article, owner: Some(party.id) };
            declared(&self.kind, &mut provision, file, declaration.demand, &by);
        }
        if consult {
            provision.consult = Consult::Required;
        }
        known.insert(key, provision.clone());
        provision
    }
}

impl Given {
    /// Why a declaration of `party` leaves nobody who may ask for this, or for a record of it.
    pub(crate) fn deserted(&self, file: &InstrumentFile, party: &PartyFile, declaration: &Declaration) -> Vec<String> {
        let mut provision = self.provision.clone();
        let article = declaration.article.clone();
        let by = Basis { file: party.head.path.clone(), article, owner: Some(party.id) };
        declared(&self.kind, &mut provision, file, declaration.demand, &by);
        let withheld = provision.withheld.into_iter().map(|(_, obstacle)| obstacle);
        let mut reasons: Vec<_> = withheld.chain(provision.closed).map(|obstacle| obstacle.reason).collect();
        reasons.dedup();
        reasons
    }
}

fn plain(file: &InstrumentFile, kind: &RequestType, request: &Request, article: &ArticleRef) -> Provision {
    let by = Basis { file: file.head.path.clone(), article: article.clone(), owner: None };
    let dual = DualCriminality { except_listed_months: file.common.except_listed_months };
    let counts = |kinds: &[Spot<RequestType>]| kinds.is_empty() || kinds.iter().any(|one| one.value == *kind);
    let common_quotas =
        file.common.quotas.iter().filter(|(kinds, ..)| counts(kinds)).map(|(kinds, together, quota)| {
            match (together, &kinds[..]) {
                (false, _) => quota.clone(),
                (true, []) => quota.counting(file.requests.keys().cloned()),
                (true, kinds) => quota.counting(kinds.iter().map(|kind| kind.value.clone())),
            }
        });
    let verified = request.verified && file.text(article.instrument()).is_some_and(|text| text.verified);
    let bounds = Bounds {
        records: request.records.iter().map(|(record, roles)| (record.clone(), by.sets(roles.clone()))).collect(),
        compulsory: request.compulsory,
        selectors: by.sets(request.selectors.clone()),
        max_subjects: by.sets(request.max_subjects),
        max_window_days: request.max_window_days.map(|days| by.sets(days)),
        max_bytes: request.max_bytes.map(|bytes| by.sets(bytes)),
        quotas: common_quotas.chain(request.quota.clone()).map(|quota| by.sets(quota)).collect(),
        purposes: by.sets(request.purposes.iter().map(|purpose| purpose.0.clone()).collect()),
        offence: by.sets(request.offence),
        dual_criminality: (request.dual_criminality == instrument::DualCriminality::Always).then(|| by.sets(dual)),
        senders: by.sets(request.senders.clone()),
        recipients: by.sets(request.recipients.clone()),
        teams: Vec::new(),
        classification_max: request.classification_max.map(|mark| by.sets(mark)),
        attributes: request.attributes.as_ref().map(|list| by.sets(list.clone())),
        never: request.never.clone(),
        consent: request.consent.map(|consent| by.sets(consent)),
        emergency: request.emergency.map(|emergency| by.sets(emergency)),
        automatic: by.sets(request.automatic),
        spontaneous: request.spontaneous,
        timers: request.timers.clone(),
        grounds: request.grounds.clone(),
        judgements: request.judgements.clone(),
        postponements: request.postponements.clone(),
        conditions: request.conditions.clone(),
        consult: request.consult,
        // The law of the state that is asked says so, and no instrument.
        court_order: false,
        ministry_notice: false,
        usage: UsageRule {
            specialty: file.common.safeguards.specialty,
            onward: by.sets(request.onward),
            readers: by.sets(request.readers.clone()),
            retention_days: request.retention_days.map(|days| by.sets(days)),
        },
        by,
    };
    Provision::new(bounds, verified)
}

/// What a declaration of the state that is asked changes. It takes away and never gives: of what the instrument allows only that
/// is left which the declaration allows as well, and where that is nothing, nobody may ask.
fn declared(kind: &RequestType, provision: &mut Provision, file: &InstrumentFile, demand: Demand, by: &Basis) {
    // What a judge, a ministry or a comparison of two laws must come before is weighed by a human.
    let weighed = matches!(
        demand,
        Demand::DualCriminality | Demand::JudgeValidates | Demand::CourtOrder | Demand::MinistryNotice
    );
    if weighed && provision.automatic.value {
        provision.automatic = by.sets(false);
    }
    match demand {
        Demand::CentralAuthorityOnly => central_only(kind, provision, by),
        Demand::DualCriminality if provision.dual_criminality.is_none() => {
            let except_listed_months = file.common.except_listed_months;
            provision.dual_criminality = Some(by.sets(DualCriminality { except_listed_months }));
        }
        Demand::JudgeValidates => judge_only(provision, by),
        Demand::CourtOrder => provision.court_order = true,
        Demand::MinistryNotice => provision.ministry_notice = true,
        Demand::NoOnward if provision.usage.onward.value != Onward::Never => {
            provision.usage.onward = by.sets(Onward::Never);
        }
        _ => {}
    }
}

fn central_only(kind: &RequestType, provision: &mut Provision, by: &Basis) {
    let senders = &provision.senders.value;
    if !senders.is_empty() && !senders.contains(&AuthorityKind::Central) {
        let may = AnyOf(senders.iter().map(|sender| sender.as_str())).to_string();
        let gives = format!("{kind} is sent by {may} alone");
        let obstacle = nobody(provision, &gives, by, "takes requests from a central authority alone");
        provision.closed.push(obstacle);
    } else if provision.senders.value.len() > 1 {
        provision.senders = by.sets(vec![AuthorityKind::Central]);
    }
}

fn judge_only(provision: &mut Provision, by: &Basis) {
    let without_judge = |roles: &[Role]| !roles.is_empty() && !roles.contains(&Role::Judge);
    let lost: Vec<_> =
        provision.records.iter().filter(|(_, roles)| without_judge(&roles.value)).map(|(r, _)| r.clone()).collect();
    for record in lost {
        let roles = provision.records.remove(&record).map(|roles| roles.value).unwrap_or_default();
        let may = AnyOf(roles.iter().map(|role| role.as_str())).to_string();
        let gives = format!("{record} is validated by a {may} alone");
        let obstacle = nobody(provision, &gives, by, "takes requests that a judge has validated alone");
        provision.withheld.push((record, obstacle));
    }
    if provision.records.is_empty() {
        let none: Vec<_> = provision.withheld.iter().map(|(_, obstacle)| obstacle.clone()).collect();
        provision.closed.extend(none);
    }
    if provision.records.values().any(|roles| roles.value != [Role::Judge]) {
        for roles in provision.records.values_mut().filter(|roles| roles.value != [Role::Judge]) {
            *roles = by.sets(vec![Role::Judge]);
        }
    }
}

/// That an instrument and a declaration have nobody in common. It names both.
fn nobody(provision: &Provision, gives: &str, by: &Basis, takes: &str) -> Obstacle {
    let Basis { file, article, owner } = &provision.by;
    let who = by.owner.or(*owner).map_or_else(|| "the party".to_owned(), |party| party.to_string());
    let reason = format!(
        "under {article} {gives} ({file}), and {who} has declared on {} that it {takes}: nobody is left who may ask",
        by.article
    );
    let remedy = format!("ask under another article; only {who} can withdraw its declaration");
    Obstacle { file: by.file.clone(), owner: by.owner, reason, remedy }
}
