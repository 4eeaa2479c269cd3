//! What who writes a request is told beforehand: whom this desk may ask, and what of whom, today; and how a translation stands to its original.

use desk::translation::{Comparison, TEXT_BYTES_MAX, compare, language_of};
use identity::Authority;
use model::{AuthorityId, AuthorityKind, CaseId, Denial, Fault, Role, Timestamp};
use proto::desk as wire;
use treaty::{Offer, Rule};

use super::{Office, unknown};
use crate::clock;

/// Pairs of texts that are compared at once.
const PAIRS_MAX: usize = 64;

impl Office {
    /// Whom this desk may ask today, and what of `recipient`.
    pub(crate) fn offers(&self, recipient: Option<&AuthorityId>) -> Result<wire::ListOffersResponse, Denial> {
        let (now, trust) = (clock::now(), self.trust.store()?);
        let own = trust.authority(&self.own).map(shown);
        let mut answer = wire::ListOffersResponse { own, ..wire::ListOffersResponse::default() };
        for party in trust.parties() {
            let authorities = trust.directory(party).into_iter().flat_map(|directory| &directory.authorities);
            if party == self.own.party() {
                answer.validators = authorities.filter(|one| validates(one)).map(shown).collect();
                continue;
            }
            // Where no rule holds today nobody can be asked, and nobody is named.
            let Ok(rule) = self.rule_with(party, now) else { continue };
            let asked = authorities.filter(|one| self.may_ask(&rule, &one.id, one.kind).next().is_some());
            answer.counterparts.extend(asked.map(shown));
        }
        if let Some(recipient) = recipient {
            let rule = self.rule_with(recipient.party(), now)?;
            answer.treaty_pin = rule.pin().to_string();
            let titles = self.treaty_titles();
            let offers = self.may_ask(&rule, recipient, self.kind_of(recipient));
            answer.offers = offers.map(|offer| offered(&offer, &titles)).collect();
        }
        Ok(answer)
    }

    /// What this desk may ask of an authority, which is of `kind`.
    fn may_ask<'a>(
        &'a self,
        rule: &'a Rule,
        asked: &'a AuthorityId,
        kind: AuthorityKind,
    ) -> impl Iterator<Item = Offer> + 'a {
        let (own, sender) = (&self.own, self.kind_of(&self.own));
        rule.offers().filter(move |offer| {
            let between = offer.requesting == own.party() && offer.requested == asked.party();
            between
                && offer.is_for(own, asked)
                && offer.senders.value.contains(&sender)
                && offer.recipients.value.contains(&kind)
        })
    }

    fn treaty_titles(&self) -> Vec<(String, String)> {
        let catalog = self.rules.shelf().catalog();
        catalog.instruments().map(|(id, title)| (id.to_owned(), title.to_owned())).collect()
    }

    /// Holds texts and their translations against each other, and looks for the subjects' names of `case`.
    pub(crate) async fn compare_texts(
        &self,
        case: Option<CaseId>,
        request: &wire::CompareTextsRequest,
    ) -> Result<Vec<wire::TextsCompared>, Denial> {
        if request.pairs.len() > PAIRS_MAX {
            return Err(Denial::failed(Fault::TooLarge, format!("at most {PAIRS_MAX} texts are compared at once")));
        }
        let language = |tag: &str| {
            let unread = "figures are read in en, fr, it, ja and zh-Hans";
            language_of(tag).ok_or_else(|| Denial::failed(Fault::Malformed, unread))
        };
        let (from, to) = (language(&request.from)?, language(&request.to)?);
        let names = match case {
            Some(case) => self.names_in(case).await?,
            None => Vec::new(),
        };
        let long = |text: &str| text.len() > TEXT_BYTES_MAX;
        if request.pairs.iter().any(|pair| long(&pair.original) || long(&pair.translation)) {
            return Err(Denial::failed(Fault::TooLarge, format!("a text has more than {TEXT_BYTES_MAX} bytes")));
        }
        let compared =
            |pair: &wire::TextPair| compared(&compare((&pair.original, from), (&pair.translation, to), &names));
        Ok(request.pairs.iter().map(compared).collect())
    }

    /// What the subjects of a draft or request are called. A draft that is no request yet names nobody.
    async fn names_in(&self, case: CaseId) -> Result<Vec<Vec<String>>, Denial> {
        let text = match self.draft(case).await? {
            Some((draft, _)) => draft.body,
            None => self.received_request(case).await?,
        };
        let document = records::read(&text).ok();
        let body = document.and_then(|document| desk::RequestBody::from_document(document).ok());
        Ok(body.map(|body| desk::names(&body)).unwrap_or_default())
    }

    /// The request of a case as its document says it.
    pub(super) async fn received_request(&self, case: CaseId) -> Result<Vec<u8>, Denial> {
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case or draft"))?;
        let entry = view.request.ok_or_else(|| unknown("the case has no request yet"))?;
        let body = self.body(entry).await?.and_then(|body| body.documents.into_iter().next());
        Ok(body.ok_or_else(|| unknown("the request is not kept here"))?.bytes)
    }

    /// What this desk finds in the request of another party, by its own rule and national file: what a human here would miss.
    pub(super) async fn preflight_received(&self, case: CaseId, now: Timestamp) -> Result<super::Checked, Denial> {
        let body = self.received_request(case).await?;
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        let recipient = self.own.to_string();
        let written = super::Written { body: &body, recipient: &recipient, ..super::Written::default() };
        self.check_of(case, &self.read_draft(case, &written, None, now)?, &view.other, now)
    }
}

fn validates(authority: &Authority) -> bool {
    let roles = authority.officers.iter().flat_map(|officer| &officer.roles);
    roles.into_iter().any(|role| matches!(role, Role::Judge | Role::Prosecutor))
}

fn shown(authority: &Authority) -> wire::AuthorityView {
    wire::AuthorityView {
        id: authority.id.to_string(),
        title: authority.title.clone(),
        kind: authority.kind.as_str().to_owned(),
    }
}

fn offered(offer: &Offer, titles: &[(String, String)]) -> wire::OfferView {
    let instrument = offer.article.instrument().to_string();
    let title = titles.iter().find(|(id, _)| *id == instrument).map(|(_, title)| title.clone());
    let record = |(record, roles): (&model::RecordType, &treaty::Limit<Vec<Role>>)| wire::OfferedRecord {
        record_type: record.to_string(),
        validators: roles.value.iter().map(|role| role.as_str().to_owned()).collect(),
    };
    wire::OfferView {
        article: offer.article.to_string(),
        treaty: title.unwrap_or(instrument),
        request_type: offer.request_type.to_string(),
        verified: offer.verified,
        records: offer.records.iter().map(record).collect(),
        selectors: offer.selectors.value.iter().map(|one| one.as_str().to_owned()).collect(),
        max_subjects: offer.max_subjects.value,
        max_window_days: offer.max_window_days.as_ref().map_or(0, |limit| limit.value),
        purposes: offer.purposes.value.clone(),
        offence_declared: offer.offence_declared.value,
        min_penalty_months: offer.min_max_penalty_months.value,
        dual_criminality: offer.dual_criminality.as_ref().is_some_and(|limit| limit.value),
        has_list: offer.except_listed_months.is_some(),
        spontaneous: offer.spontaneous,
        attributes: offer.attributes.iter().flat_map(|limit| &limit.value).map(ToString::to_string).collect(),
        consent: offer.consent_max_age_s.is_some(),
        emergency: offer.emergency_callback.is_some(),
        languages: offer.languages.clone(),
        classification_max: offer
            .classification_max
            .as_ref()
            .map(|one| one.value.as_str())
            .unwrap_or_default()
            .to_owned(),
        specialty: offer.specialty,
    }
}

fn compared(one: &Comparison) -> wire::TextsCompared {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let difference = |one: &desk::translation::Difference| wire::TextDifference {
        stands_in: one.stands.as_str().to_owned(),
        kind: one.kind.as_str().to_owned(),
        value: one.value.clone(),
        line: count(one.line),
        column: count(one.column),
        doubtful: one.doubtful,
    };
    wire::TextsCompared {
        outcome: one.outcome().as_str().to_owned(),
        original: count(one.original),
        translation: count(one.translation),
        agreed: count(one.agreed),
        differences: one.differences.iter().map(difference).collect(),
    }
}
