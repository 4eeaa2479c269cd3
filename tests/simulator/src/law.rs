//! Rules in force, what an officer asks under them, and the counters of quotas.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

use jiff::civil::Date;
use model::{
    ArticleRef, Attribute, AuthorityKind, Classification, Consent, Digest, MeasureId, MeasureScope, Offence, PartyId,
    RecordType, RequestType, Role, SelectorKind, SubjectTag, Timestamp, Window,
};
use treaty::{Offer, Period, Query, QuotaNeeded, Rule, Used};

use crate::{
    chance::Chance,
    scenario::{Scenario, Stream},
};

/// So many rules are kept at once; others are compiled again when they are needed.
const RULES_MAX: usize = 6000;

/// What an officer asks, and how: the first wish of a stream that the rule offers.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) article: ArticleRef,
    pub(crate) request_type: RequestType,
    records: Vec<RecordType>,
    pub(crate) validator: Option<Role>,
    sender: AuthorityKind,
    recipient: AuthorityKind,
    selectors: Vec<SelectorKind>,
    purpose: Option<String>,
    max_subjects: u32,
    max_window_days: Option<u32>,
    pub(crate) emergency: bool,
    attributes: Vec<Attribute>,
    consent: bool,
    classification: Option<Classification>,
    tagged: bool,
    /// Whether the rule offers it: else the officer asks all the same, and a gateway says no.
    pub(crate) offered: bool,
}

/// A request, as far as a gateway sees it.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) scope: MeasureScope,
    pub(crate) ask: Arc<Ask>,
    penalty_months: u32,
    tag_key: Option<Digest>,
}

impl Question {
    /// What is asked under `ask`; more than the treaty gives, where the officer is careless.
    pub(crate) fn of(ask: &Arc<Ask>, stream: &Stream, today: Date, careless: bool, chance: &mut Chance) -> Self {
        let most = u64::from(ask.max_subjects);
        let beyond = u32::try_from(most + 1 + chance.below(9 * most.max(1))).unwrap_or(u32::MAX);
        let subjects = if careless { beyond } else { stream.subjects };
        let window = ask.max_window_days.and_then(|most| {
            let back = jiff::Span::new().days(i64::from(stream.window_days.min(most)) - 1);
            Some(Window { from: today.checked_sub(back).ok()?, to: today })
        });
        let tag = |_| {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&chance.bits().to_be_bytes());
            bytes[8..].copy_from_slice(&chance.bits().to_be_bytes());
            SubjectTag::new(bytes)
        };
        let tags: Vec<_> = if ask.tagged { (0..subjects.min(256)).map(tag).collect() } else { Vec::new() };
        Self {
            tag_key: ask.tagged.then(|| Digest::of(&[b"the tag key of a simulated pair"])),
            scope: MeasureScope {
                id: MeasureId(1),
                article: ask.article.clone(),
                request_type: ask.request_type.clone(),
                records: ask.records.clone(),
                subjects,
                selectors: ask.selectors.clone(),
                window,
                attributes: ask.attributes.clone(),
                tags,
            },
            ask: ask.clone(),
            penalty_months: stream.penalty_months,
        }
    }

    /// The question of the treaty engine.
    pub(crate) fn query<'a>(&'a self, (home, peer): (PartyId, PartyId), at: Timestamp, used: &'a [Used]) -> Query<'a> {
        let ask = &self.ask;
        Query {
            requesting: home,
            requested: peer,
            sender: ask.sender,
            recipient: ask.recipient,
            between: None,
            measures: std::slice::from_ref(&self.scope),
            purpose: ask.purpose.as_deref(),
            offence: Some(Offence { max_penalty_months: self.penalty_months, dual_criminality: true, listed: false }),
            validator: ask.validator,
            tag_key: self.tag_key,
            classification: ask.classification,
            emergency: ask.emergency,
            consent: ask.consent.then(|| Consent { given: at, receipt: Digest::of(&[b"a simulated consent"]) }),
            at,
            languages: None,
            used: Some(used),
        }
    }
}

struct Kept {
    since: Date,
    until: Option<Date>,
    rule: Rule,
    asks: BTreeMap<(usize, bool), Arc<Ask>>,
}

/// The rules between all pairs, as the days go on.
pub(crate) struct Laws<'s> {
    scenario: &'s Scenario,
    changes: BTreeMap<(usize, usize), Vec<Date>>,
    kept: BTreeMap<(usize, usize), Kept>,
    order: VecDeque<(usize, usize)>,
}

impl<'s> Laws<'s> {
    pub(crate) fn new(scenario: &'s Scenario) -> Self {
        Self { scenario, changes: BTreeMap::new(), kept: BTreeMap::new(), order: VecDeque::new() }
    }

    /// The rule between two parties on a day.
    pub(crate) fn rule(&mut self, home: usize, peer: usize, on: Date) -> Rule {
        self.look(home, peer, on).rule.clone()
    }

    /// What a stream asks under it.
    pub(crate) fn ask(&mut self, stream: usize, (home, peer): (usize, usize), on: Date) -> Option<Arc<Ask>> {
        let scenario = self.scenario;
        let kept = self.look(home, peer, on);
        let key = (stream, home < peer);
        if let Some(ask) = kept.asks.get(&key) {
            return Some(ask.clone());
        }
        let wishes = &scenario.streams[stream];
        let parties = (scenario.parties[home].id, scenario.parties[peer].id);
        let ask = Arc::new(choose(&kept.rule, wishes, parties)?);
        kept.asks.insert(key, ask.clone());
        Some(ask)
    }

    fn look(&mut self, home: usize, peer: usize, on: Date) -> &mut Kept {
        let pair = (home.min(peer), home.max(peer));
        let [a, b] = [pair.0, pair.1].map(|place| self.scenario.parties[place].id);
        let catalog = &self.scenario.catalog;
        let holds = |kept: &Kept| kept.since <= on && kept.until.is_none_or(|until| on < until);
        if !self.kept.get(&pair).is_some_and(holds) {
            let changes = self.changes.entry(pair).or_insert_with(|| catalog.timeline(a, b));
            let since = changes.iter().copied().filter(|day| *day <= on).max().unwrap_or(Date::MIN);
            let until = changes.iter().copied().filter(|day| *day > on).min();
            if self.kept.len() >= RULES_MAX && !self.kept.contains_key(&pair) {
                self.order.pop_front().map(|oldest| self.kept.remove(&oldest));
            }
            if !self.kept.contains_key(&pair) {
                self.order.push_back(pair);
            }
            self.kept.insert(pair, Kept { since, until, rule: catalog.rule(a, b, on), asks: BTreeMap::new() });
        }
        self.kept.entry(pair).or_insert_with(|| Kept {
            since: on,
            until: None,
            rule: catalog.rule(a, b, on),
            asks: BTreeMap::new(),
        })
    }
}

fn choose(rule: &Rule, stream: &Stream, (home, peer): (PartyId, PartyId)) -> Option<Ask> {
    let offers: Vec<Offer> =
        rule.offers().filter(|offer| offer.requesting == home && offer.requested == peer).collect();
    let wished = stream.ask.iter().find_map(|(article, kind)| {
        // What goes to no authority (a provider) is no entry.
        let fits = |offer: &&Offer| {
            offer.article == *article && offer.request_type == *kind && !offer.recipients.value.is_empty()
        };
        offers.iter().find(fits)
    });
    match (wished, stream.ask.first()) {
        (Some(offer), _) => Some(from_offer(rule, offer, stream)),
        (None, first) => first.map(|first| hopeless(stream, first)),
    }
}

fn from_offer(rule: &Rule, offer: &Offer, stream: &Stream) -> Ask {
    let wanted = |record: &&RecordType| stream.records.is_empty() || stream.records.contains(record);
    let records: Vec<RecordType> = offer.records.keys().filter(wanted).cloned().collect();
    let roles: Vec<&Vec<Role>> = records
        .iter()
        .filter_map(|record| offer.records.get(record))
        .map(|limit| &limit.value)
        .filter(|roles| !roles.is_empty())
        .collect();
    let validator = roles
        .first()
        .and_then(|first| first.iter().find(|role| roles.iter().all(|others| others.contains(role))).copied());
    let kind = |kinds: &[AuthorityKind]| {
        if kinds.contains(&AuthorityKind::Central) {
            AuthorityKind::Central
        } else {
            kinds.first().copied().unwrap_or(AuthorityKind::Central)
        }
    };
    Ask {
        article: offer.article.clone(),
        request_type: offer.request_type.clone(),
        records,
        validator,
        sender: kind(&offer.senders.value),
        recipient: kind(&offer.recipients.value),
        selectors: offer.selectors.value.iter().take(1).copied().collect(),
        purpose: offer.purposes.value.first().cloned(),
        max_subjects: offer.max_subjects.value,
        max_window_days: offer.max_window_days.as_ref().map(|limit| limit.value),
        emergency: offer.emergency_callback.is_some(),
        attributes: offer.attributes.as_ref().map(|limit| limit.value.clone()).unwrap_or_default(),
        consent: offer.consent_max_age_s.is_some(),
        classification: offer.classification_max.as_ref().map(|_| Classification::Official),
        tagged: rule.counts_subjects(offer.requested, [(&offer.article, &offer.request_type)]),
        offered: true,
    }
}

/// What is asked where no treaty offers any of it: the first wish, so that the gateway's no names its reason.
fn hopeless(stream: &Stream, (article, request_type): &(ArticleRef, RequestType)) -> Ask {
    Ask {
        article: article.clone(),
        request_type: request_type.clone(),
        records: stream.records.clone(),
        validator: Some(Role::Judge),
        sender: AuthorityKind::Central,
        recipient: AuthorityKind::Central,
        selectors: vec![SelectorKind::Account],
        purpose: Some("criminal_investigation".to_owned()),
        max_subjects: 1,
        max_window_days: None,
        emergency: false,
        attributes: Vec::new(),
        consent: false,
        classification: None,
        tagged: false,
        offered: false,
    }
}

/// What one gateway has counted, for each direction of each pair.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<Counter, Count>);

type Counter = (usize, usize, Vec<RequestType>, Period);

#[derive(Debug, Clone)]
struct Count {
    begins: Option<Date>,
    requests: u32,
    subjects: BTreeSet<SubjectTag>,
}

impl Counters {
    /// The counters that a decision reads, this request included.
    pub(crate) fn with(
        &self,
        (home, peer): (usize, usize),
        needed: &[QuotaNeeded],
        scope: &MeasureScope,
        at: Timestamp,
    ) -> Vec<Used> {
        let of = |quota: &QuotaNeeded| {
            let key = (home, peer, quota.counted.clone(), quota.per);
            let count = self.0.get(&key).filter(|count| count.begins == quota.per.begins(at));
            let new = |tag: &&SubjectTag| count.is_none_or(|count| !count.subjects.contains(*tag));
            let subjects = count.map_or(0, |count| count.subjects.len()) + scope.tags.iter().filter(new).count();
            Used {
                counted: quota.counted.clone(),
                per: quota.per,
                requests: count.map_or(0, |count| count.requests) + 1,
                subjects: u32::try_from(subjects).unwrap_or(u32::MAX),
            }
        };
        needed.iter().map(of).collect()
    }

    /// A request was admitted.
    pub(crate) fn note(
        &mut self,
        (home, peer): (usize, usize),
        needed: &[QuotaNeeded],
        scope: &MeasureScope,
        at: Timestamp,
    ) {
        for quota in needed {
            let begins = quota.per.begins(at);
            let fresh = || Count { begins, requests: 0, subjects: BTreeSet::new() };
            let count = self.0.entry((home, peer, quota.counted.clone(), quota.per)).or_insert_with(fresh);
            if count.begins != begins {
                *count = fresh();
            }
            count.requests += 1;
            count.subjects.extend(&scope.tags);
        }
    }
}
