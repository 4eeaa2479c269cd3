use accord::{distinct, unspecific};
use jiff::civil::Date;
use model::{AuthorityId, AuthorityKind, PartyId, Refusal, RefusalCode, Timestamp};
use treaty::{Decision, Permit, Query, Rule};

use crate::{
    Finding, Measure, RequestBody, Severity, UrgencyLevel, declare, form::placeholders, translated::translated,
};

/// What preflight found.
#[derive(Debug, Clone)]
pub struct Preflighted {
    /// Refusals first.
    pub findings: Vec<Finding>,
    /// What the rule said; `None` where the body declares nothing that it could be asked about.
    pub decision: Option<Decision>,
}

/// What preflight is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Preflight<'a> {
    /// The request.
    pub body: &'a RequestBody,
    /// What the schema found, each made with [`Finding::form`].
    pub form: &'a [Finding],
    /// The effective rule of the pair on `today`; `None` where there is none, of which the caller tells why. What no rule has to say is
    /// told all the same: an officer mends everything in one round.
    pub rule: Option<&'a Rule>,
    /// What kind of authority sends.
    pub sender: AuthorityKind,
    /// What kind of authority the addressee is.
    pub recipient: AuthorityKind,
    /// Who sends, and who is addressed: a joint team goes by names.
    pub between: [&'a AuthorityId; 2],
    /// The day, in UTC.
    pub today: Date,
    /// The moment.
    pub now: Timestamp,
}

/// Tells, before anything is signed or sealed, what the gates would refuse, what the requested authority would miss and what
/// its people would ask. Refusals first. The request may be sealed when no finding [`blocks`](Severity::blocks).
///
/// The gates' part is [`Rule::decide`] on the declared scope: the very decision that both gateways make.
pub fn preflight(asked: &Preflight<'_>) -> Preflighted {
    let mut findings = asked.form.to_vec();
    findings.extend(unspecific(asked.body).into_iter().map(Finding::from));
    findings.extend(distinct(asked.body).err().map(Finding::from));
    parties(asked, &mut findings);
    let decision = asked.rule.map(|rule| decide(asked, rule));
    match &decision {
        Some(Ok(decision)) => {
            findings.extend(decision.refusals.iter().cloned().map(refused));
            for permit in &decision.permits {
                permitted(asked, permit, &mut findings);
            }
        }
        Some(Err(refusal)) => findings.push(refusal.clone().into()),
        None => {}
    }
    unfilled(asked.body, &mut findings);
    days(asked, &mut findings);
    substance(asked.body, &mut findings);
    findings.extend(translated(asked.body));
    once(asked.form, &mut findings);
    findings.sort_by_key(|finding| finding.severity);
    Preflighted { findings, decision: decision.and_then(Result::ok) }
}

/// What the form has told of a field is told once.
fn once(form: &[Finding], findings: &mut Vec<Finding>) {
    let mut behind = findings.split_off(form.len());
    let told = |one: &Finding| {
        form.iter().any(|told| told.field == one.field && (told.code == one.code || told.message == one.message))
    };
    behind.retain(|finding| !told(finding));
    findings.append(&mut behind);
}

/// What only the sealed body tells, no gate can see: there the request is incomplete, and the requested authority would return it.
fn refused(refusal: Refusal) -> Finding {
    let sealed = refusal.field.as_deref() == Some("languages");
    let finding = Finding::from(refusal);
    if sealed {
        return Finding { severity: Severity::Missing, field: "language.translation".to_owned(), ..finding };
    }
    finding
}

fn decide(asked: &Preflight<'_>, rule: &Rule) -> Result<Decision, Refusal> {
    let declared = declare(asked.body)?;
    let (requesting, requested) = pair(asked.body, rule);
    let language = &asked.body.language;
    let written = std::iter::once(&language.original).chain(language.translation.as_ref().map(|one| &one.language));
    let languages: Vec<&str> = written.map(String::as_str).collect();
    Ok(rule.decide(&Query {
        requesting,
        requested,
        sender: asked.sender,
        recipient: asked.recipient,
        between: Some(asked.between),
        measures: &declared.measures,
        purpose: Some(&declared.purpose),
        offence: declared.offence,
        validator: Some(asked.body.validation.role),
        tag_key: declared.declared.tag_key,
        classification: declared.declared.classification,
        emergency: declared.declared.emergency,
        consent: declared.declared.consent,
        at: asked.now,
        languages: Some(&languages),
        used: None,
    }))
}

/// Between whom the rule is asked. Where the request names another pair, which is told as such, the addressee tells who is asked: what the
/// rule says beyond the names must not wait until they are mended.
fn pair(body: &RequestBody, rule: &Rule) -> (PartyId, PartyId) {
    let [a, b] = rule.parties();
    let of = |party: PartyId| a == party || b == party;
    let asked = body.addressee.party();
    if body.requesting == body.requested || (of(body.requesting) && of(body.requested)) || !of(asked) {
        return (body.requesting, body.requested);
    }
    (if asked == a { b } else { a }, asked)
}

fn missing(field: &str, message: &str, remedy: &str) -> Finding {
    Finding::new(Severity::Missing, field, message, remedy)
}

fn advice(field: &str, message: &str, remedy: &str) -> Finding {
    Finding::new(Severity::Advice, field, message, remedy)
}

fn parties(asked: &Preflight<'_>, findings: &mut Vec<Finding>) {
    let body = asked.body;
    let mut wrong = |holds: bool, field: &str, message: &str| {
        if !holds {
            let finding =
                Finding::new(Severity::Refusal, field, message, "Name the authority that the directory names.");
            findings.push(finding.coded(RefusalCode::R93));
        }
    };
    let of = |party: PartyId| asked.rule.is_none_or(|rule| rule.parties().contains(&party));
    wrong(body.requesting != body.requested, "requested", "a state does not ask itself");
    wrong(of(body.requesting) && of(body.requested), "requested", "the rule is that of another pair");
    wrong(body.authority.id.party() == body.requesting, "authority.id", "is not an authority of the requesting party");
    wrong(
        body.validation.authority.party() == body.requesting,
        "validation.authority",
        "is not of the requesting party",
    );
    wrong(body.addressee.party() == body.requested, "addressee", "is not an authority of the requested party");
}

/// What a permit asks of the form beyond the header.
fn permitted(asked: &Preflight<'_>, permit: &Permit, findings: &mut Vec<Finding>) {
    let body = asked.body;
    let Some(index) = body.measures.iter().position(|measure| measure.id == permit.measure) else { return };
    // Who gives binds nobody but who receives it.
    if permit.specialty && !permit.spontaneous && !body.undertakings.use_limitation {
        let remedy = "Undertake that the records are used for the named proceeding only.";
        let finding =
            missing("undertakings.use_limitation", "the treaty binds the use, the undertaking is missing", remedy);
        findings.push(finding.coded(RefusalCode::R16).under(&permit.article));
    }
    languages(body, permit, findings);
    preservation(&body.measures[index], index, body, permit, findings);
    if !permit.verified {
        let message = "the treaty file marks this rule as not read in the text of the treaty";
        let finding = advice(
            &format!("measures[{index}].article"),
            message,
            "Hold the article against its text before relying on it.",
        );
        findings.push(finding.under(&permit.article));
    }
}

/// A translation that the addressee needs should be certified. Whether there is one at all, the rule says.
fn languages(body: &RequestBody, permit: &Permit, findings: &mut Vec<Finding>) {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    let accepts =
        |tag: &str| permit.languages.is_empty() || permit.languages.iter().any(|l| primary(l) == primary(tag));
    let field = "language.translation.certified";
    let uncertified = body.language.translation.as_ref().is_some_and(|translation| !translation.certified);
    if uncertified && !accepts(&body.language.original) && !findings.iter().any(|finding| finding.field == field) {
        let message = "the translation is not certified; some authorities return such requests unread";
        findings.push(advice(field, message, "Have the translator certify it."));
    }
}

/// [Budapest 29(2)(d), (f)]: the custodian, and the intention to ask for disclosure.
fn preservation(measure: &Measure, index: usize, body: &RequestBody, permit: &Permit, findings: &mut Vec<Finding>) {
    let preserves = measure.request_type.as_str() == "preservation";
    // What a person says lies with nobody.
    let heard = measure.records.iter().all(|one| matches!(one.as_str(), "hearing_record" | "testimony_record"));
    if measure.custodian.is_none() && !permit.spontaneous && !heard {
        let field = format!("measures[{index}].custodian");
        let message = "nobody is named who holds the data";
        let finding = if preserves { missing } else { advice };
        findings.push(finding(&field, message, "Name the provider or custodian.").under(&permit.article));
    }
    if preserves && body.intends_mla != Some(true) {
        let message = "a preservation needs the intention to ask for disclosure";
        let remedy = "Set intends_mla to true, if it is so.";
        findings.push(missing("intends_mla", message, remedy).under(&permit.article));
    }
}

/// A field that still holds what the skeleton put there.
fn unfilled(body: &RequestBody, findings: &mut Vec<Finding>) {
    if let Ok(value) = serde_json::to_value(body) {
        placeholders(&value, "", findings);
    }
}

fn days(asked: &Preflight<'_>, findings: &mut Vec<Finding>) {
    let (body, today) = (asked.body, asked.today);
    for (index, measure) in body.measures.iter().enumerate() {
        let Some(window) = measure.window else { continue };
        let field = format!("measures[{index}].window");
        if window.from > window.to {
            findings.push(missing(&field, "the window ends before it begins", "Put the earlier day first."));
        } else if window.to > today {
            let message = "the window reaches into the future; nothing is kept of days that have not been";
            findings.push(missing(&field, message, "End it today at the latest."));
        }
    }
    if body.validation.decided_on > today {
        let message = "the validating decision is dated in the future";
        findings.push(missing("validation.decided_on", message, "Give the day of the decision."));
    }
    if body.urgency.deadline.is_some_and(|deadline| deadline < today) {
        findings.push(missing("urgency.deadline", "the deadline has passed", "Give a day that can be met, or none."));
    }
    if body.facts.period.is_some_and(|period| period.from > period.to || period.from > today) {
        findings.push(missing("facts.period", "the period of the facts cannot be", "Check its days."));
    }
}

/// What people of the other side ask for most.
fn substance(body: &RequestBody, findings: &mut Vec<Finding>) {
    const SHORT: usize = 80;
    for (field, text) in [("facts.summary", &body.facts.summary), ("facts.relevance", &body.facts.relevance)] {
        if text.chars().count() < SHORT && !text.trim().is_empty() {
            let message = "is short; incomplete facts are why most requests are returned";
            findings.push(advice(field, message, "Say who did what, when and where, and how the data bears on it."));
        }
    }
    let undertakings = &body.undertakings;
    let promises = [
        (undertakings.return_or_destruction, "return_or_destruction", "return or destruction afterwards"),
        (undertakings.reciprocity, "reciprocity", "reciprocity"),
    ];
    for (given, name, what) in promises {
        if !given {
            let message =
                format!("there is no undertaking of {what}; where national law asks for it, it is a ground to refuse");
            let finding = advice(&format!("undertakings.{name}"), &message, "Give it, if the proceeding allows.");
            findings.push(finding.coded(RefusalCode::R16));
        }
    }
    let capital = body.offences.iter().position(|offence| offence.death_or_life == Some(true));
    if let Some(index) = capital.filter(|_| undertakings.no_death_penalty != Some(true)) {
        let message = "death or life imprisonment is possible and no assurance is given";
        let finding =
            advice(&format!("offences[{index}].death_or_life"), message, "Give the assurance, if it can be given.");
        findings.push(finding.coded(RefusalCode::R12));
    }
    match (body.urgency.level, &body.urgency.reason) {
        (UrgencyLevel::Routine, _) => {}
        (_, None) => findings.push(missing(
            "urgency.reason",
            "no reason is given for the urgency",
            "Say what is lost by waiting.",
        )),
        (UrgencyLevel::Emergency, Some(_)) => {
            let message = "emergency requests are forged often; the other side will call back before it acts";
            findings.push(advice("urgency.level", message, "Tell the duty point by telephone that it comes."));
        }
        (UrgencyLevel::Urgent, Some(_)) => {}
    }
}

#[cfg(test)]
mod tests;
