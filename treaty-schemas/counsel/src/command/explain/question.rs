//! The facts of a request, as the command line gives them, made into the question that a gateway asks.

use clap::Args;
use jiff::{Span, civil::Date};
use model::{
    ArticleRef, Attribute, AuthorityId, AuthorityKind, Classification, Consent, Digest, Exit, Malformed, MeasureId,
    MeasureScope, Offence, RecordType, Role, SelectorKind, SubjectTag, Timestamp, Window,
};
use records::RecordTypes;
use treaty::{Offer, Query, Rule};

use super::Verdict;
use crate::{
    failure::Failure,
    terms::{any, list},
    words::suggestion,
};

/// Tags that are made up to stand for subjects.
const TAGS_MAX: u32 = 256;

/// Facts of a request. Without any, the whole provision is explained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Facts of a request")]
pub(crate) struct Facts {
    /// Record types asked for, as in subscriber_info,content_data.
    #[arg(long, value_delimiter = ',', value_parser = record)]
    records: Vec<RecordType>,
    /// How the subjects are named, as in account,device.
    #[arg(long, value_delimiter = ',', value_parser = selector)]
    selectors: Vec<SelectorKind>,
    /// How many subjects.
    #[arg(long)]
    subjects: Option<u32>,
    /// How many days are asked about, both ends included.
    #[arg(long)]
    days: Option<u32>,
    /// The purpose, as in criminal_investigation.
    #[arg(long)]
    purpose: Option<String>,
    /// Who validated it: judge or prosecutor; none for nobody.
    #[arg(long, value_parser = validator)]
    validator: Option<Validator>,
    /// The kind of authority that sends: central, judicial, executing, 24x7.
    #[arg(long, value_parser = authority)]
    sender: Option<AuthorityKind>,
    /// The kind of authority that is addressed.
    #[arg(long, value_parser = authority)]
    recipient: Option<AuthorityKind>,
    /// The maximum penalty of the offence, in months.
    #[arg(long)]
    penalty_months: Option<u32>,
    /// Whether dual criminality is declared.
    #[arg(long)]
    dual_criminality: Option<bool>,
    /// The offence is one of the treaty's list.
    #[arg(long)]
    listed: bool,
    /// How the request is marked: official, restricted, confidential, secret.
    #[arg(long)]
    classification: Option<Classification>,
    /// Attributes to be disclosed, as in over_18.
    #[arg(long, value_delimiter = ',')]
    attributes: Vec<Attribute>,
    /// How old the holder's consent is.
    #[arg(long, value_name = "SECONDS")]
    consent_age: Option<u32>,
    /// Languages in which the request is written, as in fr,en.
    #[arg(long, value_delimiter = ',')]
    languages: Vec<String>,
    /// It is declared an emergency.
    #[arg(long)]
    emergency: bool,
}

/// Who validated, or that nobody did.
#[derive(Debug, Clone, Copy)]
struct Validator(Option<Role>);

fn validator(text: &str) -> Result<Validator, String> {
    match text {
        "none" => Ok(Validator(None)),
        "judge" => Ok(Validator(Some(Role::Judge))),
        "prosecutor" => Ok(Validator(Some(Role::Prosecutor))),
        _ => Err("not one of: judge, prosecutor, none".to_owned()),
    }
}

fn record(text: &str) -> Result<RecordType, String> {
    if RecordTypes::schema(text).is_some() {
        return text.parse().map_err(|error: Malformed| error.to_string());
    }
    let all = RecordTypes::builtin().map_err(|error| error.to_string())?;
    Err(suggestion(text, &all.names().map(RecordType::as_str).collect::<Vec<_>>()))
}

fn selector(text: &str) -> Result<SelectorKind, String> {
    let found = SelectorKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| format!("not one of: {}", list(SelectorKind::ALL.map(SelectorKind::as_str))))
}

fn authority(text: &str) -> Result<AuthorityKind, String> {
    let all = [AuthorityKind::Central, AuthorityKind::Judicial, AuthorityKind::Executing, AuthorityKind::DutyPoint];
    all.into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or_else(|| format!("not one of: {}", list(all.map(AuthorityKind::as_str))))
}

/// Everything a query borrows from.
struct Question {
    measures: Vec<MeasureScope>,
    sender: AuthorityKind,
    recipient: AuthorityKind,
    between: Option<[AuthorityId; 2]>,
    purpose: Option<String>,
    offence: Option<Offence>,
    validator: Option<Role>,
    classification: Option<Classification>,
    emergency: bool,
    consent: Option<Consent>,
    at: Timestamp,
    assumed: Vec<String>,
}

impl Facts {
    /// Whether anything was said of a request.
    pub(super) fn any(&self) -> bool {
        let lists = self.records.is_empty()
            && self.selectors.is_empty()
            && self.attributes.is_empty()
            && self.languages.is_empty();
        let numbers = self.subjects.is_none()
            && self.days.is_none()
            && self.penalty_months.is_none()
            && self.consent_age.is_none();
        let words =
            self.purpose.is_none() && self.validator.is_none() && self.sender.is_none() && self.recipient.is_none();
        let flags = self.dual_criminality.is_none() && self.classification.is_none() && !self.listed && !self.emergency;
        !(lists && numbers && words && flags)
    }

    /// Decides on the request, filled up with what `offer` wants.
    pub(super) fn decide(&self, rule: &Rule, offer: &Offer) -> Result<Verdict, Failure> {
        let question = self.question(rule.on(), offer)?;
        let languages: Vec<_> = self.languages.iter().map(String::as_str).collect();
        let decision = rule.decide(&Query {
            requesting: offer.requesting,
            requested: offer.requested,
            sender: question.sender,
            recipient: question.recipient,
            between: question.between.as_ref().map(|two| two.each_ref()),
            measures: &question.measures,
            purpose: question.purpose.as_deref(),
            offence: question.offence,
            validator: question.validator,
            tag_key: Some(Digest::of(&[b"an assumed key"])),
            classification: question.classification,
            emergency: question.emergency,
            consent: question.consent,
            at: question.at,
            languages: (!languages.is_empty()).then_some(languages.as_slice()),
            used: None,
        });
        Ok(Verdict { decision, assumed: question.assumed })
    }

    fn question(&self, on: Date, offer: &Offer) -> Result<Question, Failure> {
        let mut assumed = Vec::new();
        let scope = self.scope(on, offer, &mut assumed)?;
        let mut assume = |what: String| assumed.push(what);
        let first = |kinds: &[AuthorityKind]| kinds.iter().copied().min().unwrap_or(AuthorityKind::Central);
        let sender = self.sender.unwrap_or_else(|| first(&offer.senders.value));
        let recipient = self.recipient.unwrap_or_else(|| first(&offer.recipients.value));
        let between = members(offer);
        if let Some([sender, recipient]) = &between {
            assume(format!("between members of the team, from {sender} to {recipient}"));
        }
        let purpose = self.purpose.clone().or_else(|| offer.purposes.value.first().cloned());
        if self.sender.is_none() || self.recipient.is_none() {
            assume(format!("sent by a {} authority to a {} one", sender.as_str(), recipient.as_str()));
        }
        if let (None, Some(purpose)) = (&self.purpose, &purpose) {
            assume(format!("for {purpose}"));
        }
        let validator = match self.validator {
            Some(Validator(role)) => role,
            None => {
                let role = common(offer, &scope.records);
                assume(
                    role.map_or("validated by nobody".to_owned(), |role| format!("validated by a {}", role.as_str())),
                );
                role
            }
        };
        let at = midday(on);
        Ok(Question {
            measures: vec![scope],
            sender,
            recipient,
            between,
            purpose,
            offence: self.offence(offer, &mut assumed),
            validator,
            classification: self.classification.or(offer.classification_max.as_ref().map(|mark| mark.value)),
            emergency: self.emergency,
            consent: self.consent(offer, at),
            at,
            assumed,
        })
    }

    fn scope(&self, on: Date, offer: &Offer, assumed: &mut Vec<String>) -> Result<MeasureScope, Failure> {
        let subjects = self.subjects.unwrap_or(1);
        let days = self.days.or(offer.max_window_days.as_ref().map(|_| 1));
        let mut records = self.records.clone();
        if records.is_empty() {
            records = offer.records.keys().cloned().collect();
            assumed.push(format!("for {}", list(&records)));
        }
        let mut selectors = self.selectors.clone();
        if selectors.is_empty() {
            selectors.extend(offer.selectors.value.first());
            assumed.push(format!("naming each subject by {}", any(selectors.iter().map(|kind| kind.as_str()))));
        }
        if self.subjects.is_none() {
            assumed.push("1 subject".to_owned());
        }
        if self.days.is_none() && days.is_some() {
            assumed.push("1 day".to_owned());
        }
        let window = match days {
            Some(0) => return Err(Failure::new(Exit::Usage, "a window of 0 days is none").remedy("Leave --days out.")),
            Some(days) => Some(window(on, days)?),
            None => None,
        };
        let of_offer = || offer.attributes.as_ref().map(|all| all.value.clone()).unwrap_or_default();
        let counts = offer.quotas.iter().any(|quota| quota.value.subjects.is_some());
        let tags = if counts { (0..subjects.min(TAGS_MAX)).map(tag).collect() } else { Vec::new() };
        Ok(MeasureScope {
            id: MeasureId(1),
            article: ArticleRef::clone(&offer.article),
            request_type: offer.request_type.clone(),
            records,
            subjects,
            selectors,
            window,
            attributes: if self.attributes.is_empty() { of_offer() } else { self.attributes.clone() },
            tags,
        })
    }

    fn offence(&self, offer: &Offer, assumed: &mut Vec<String>) -> Option<Offence> {
        let said = self.penalty_months.is_some() || self.dual_criminality.is_some() || self.listed;
        if !said && !offer.offence_declared.value && offer.dual_criminality.is_none() {
            return None;
        }
        let max_penalty_months = self.penalty_months.unwrap_or_else(|| {
            let months = offer.min_max_penalty_months.value.max(12);
            assumed.push(format!("an offence with a maximum penalty of {months} months"));
            months
        });
        let dual_criminality = self.dual_criminality.unwrap_or_else(|| {
            if offer.dual_criminality.is_some() {
                assumed.push("dual criminality is declared".to_owned());
            }
            offer.dual_criminality.is_some()
        });
        Some(Offence { max_penalty_months, dual_criminality, listed: self.listed })
    }

    fn consent(&self, offer: &Offer, at: Timestamp) -> Option<Consent> {
        let age = self.consent_age.or(offer.consent_max_age_s.as_ref().map(|_| 0))?;
        Some(Consent { given: at.plus_ms(-1000 * i64::from(age)), receipt: Digest::of(&[b"consent"]) })
    }
}

/// Two members of the first joint team that opens it, who asks and who is asked.
fn members(offer: &Offer) -> Option<[AuthorityId; 2]> {
    let team = &offer.teams.first()?.value;
    let of = |party| team.iter().find(|member| member.party() == party).cloned();
    Some([of(offer.requesting)?, of(offer.requested)?])
}

/// A role that may validate all of `records`; the most demanding first.
fn common(offer: &Offer, records: &[RecordType]) -> Option<Role> {
    let lists: Vec<_> =
        records.iter().filter_map(|record| offer.records.get(record)).map(|roles| &roles.value).collect();
    let needed: Vec<_> = lists.into_iter().filter(|roles| !roles.is_empty()).collect();
    let may = |role: &Role| !needed.is_empty() && needed.iter().all(|roles| roles.contains(role));
    [Role::Judge, Role::Prosecutor].into_iter().find(may)
}

/// The `days` that end on the day `on`.
fn window(on: Date, days: u32) -> Result<Window, Failure> {
    let back = Span::new().try_days(i64::from(days) - 1);
    let from = back.and_then(|back| on.checked_sub(back));
    let from = from.map_err(|_| Failure::new(Exit::Usage, format!("{days} days are more than the calendar has")))?;
    Ok(Window { from, to: on })
}

fn midday(on: Date) -> Timestamp {
    let noon = on.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    Timestamp(noon.map(|noon| noon.timestamp().as_millisecond()).unwrap_or_default())
}

/// A pseudonym that stands for the subject with this number.
fn tag(number: u32) -> SubjectTag {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    SubjectTag::new(bytes)
}
