use accord::{distinct, unspecific};
use jiff::civil::Date;
use model::{AuthorityKind, PartyId, Refusal, RefusalCode, Timestamp};
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
    /// The effective rule of the pair on `today`.
    pub rule: &'a Rule,
    /// What kind of authority sends.
    pub sender: AuthorityKind,
    /// What kind of authority the addressee is.
    pub recipient: AuthorityKind,
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
    let decision = decide(asked);
    match &decision {
        Ok(decision) => {
            findings.extend(decision.refusals.iter().cloned().map(refused));
            for permit in &decision.permits {
                permitted(asked, permit, &mut findings);
            }
        }
        Err(refusal) => findings.push(refusal.clone().into()),
    }
    unfilled(asked.body, &mut findings);
    days(asked, &mut findings);
    substance(asked.body, &mut findings);
    findings.extend(translated(asked.body));
    findings.sort_by_key(|finding| finding.severity);
    Preflighted { findings, decision: decision.ok() }
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

fn decide(asked: &Preflight<'_>) -> Result<Decision, Refusal> {
    let declared = declare(asked.body)?;
    let language = &asked.body.language;
    let written = std::iter::once(&language.original).chain(language.translation.as_ref().map(|one| &one.language));
    let languages: Vec<&str> = written.map(String::as_str).collect();
    Ok(asked.rule.decide(&Query {
        requesting: asked.body.requesting,
        requested: asked.body.requested,
        sender: asked.sender,
        recipient: asked.recipient,
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
    let of = |party: PartyId| asked.rule.parties().contains(&party);
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
    if measure.custodian.is_none() && !permit.spontaneous {
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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::Window;

    use super::*;
    use crate::{Selector, sample};

    const TODAY: Date = jiff::civil::date(2026, 8, 5);

    fn of(body: &RequestBody) -> Vec<Finding> {
        let catalog = treaty::Catalog::builtin().unwrap();
        let rule = catalog.rule(body.requesting, body.requested, TODAY);
        let (sender, recipient) = (AuthorityKind::Central, AuthorityKind::Central);
        let findings =
            preflight(&Preflight { body, form: &[], rule: &rule, sender, recipient, today: TODAY, now: Timestamp(0) })
                .findings;
        for finding in &findings {
            assert!(!finding.message.is_empty() && !finding.remedy.is_empty() && !finding.rule.is_empty());
            assert!(!finding.to_string().contains("mail.example"), "{finding}");
        }
        findings
    }

    fn blocking(body: &RequestBody) -> Vec<(Severity, Option<RefusalCode>, String)> {
        let blocking = of(body).into_iter().filter(|finding| finding.severity.blocks());
        blocking.map(|finding| (finding.severity, finding.code, finding.field)).collect()
    }

    /// Changes the sample, and expects exactly one blocking finding.
    fn only(change: impl Fn(&mut RequestBody)) -> (Severity, Option<RefusalCode>, String) {
        let mut body = sample::request();
        change(&mut body);
        let found = blocking(&body);
        assert_eq!(found.len(), 1, "{found:?}");
        found.into_iter().next().unwrap()
    }

    #[test]
    fn the_catalogues_example_may_be_sealed() {
        assert_eq!(blocking(&sample::request()), []);
        let text = include_str!("../../../treaty-schemas/catalog/records/request/examples/valid-preservation.json");
        let preservation = RequestBody::from_document(serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(blocking(&preservation), []);
    }

    #[test]
    fn a_request_to_a_state_without_a_treaty_is_refused_r92_as_the_gates_would() {
        let mut body = sample::request();
        body.requested = "SG".parse().unwrap();
        body.addressee = "SG:central".parse().unwrap();
        assert!(blocking(&body).iter().all(|(_, code, _)| *code == Some(RefusalCode::R92)));
        assert!(!blocking(&body).is_empty());
    }

    #[test]
    fn what_preflight_refuses_is_what_the_rule_refuses() {
        let mut body = sample::request();
        body.measures[0].records.push("content_data".parse().unwrap());
        body.validation.role = model::Role::Prosecutor;
        body.offences[0].dual_criminality = false;
        body.purpose.code = "profiling".to_owned();
        let catalog = treaty::Catalog::builtin().unwrap();
        let rule = catalog.rule(body.requesting, body.requested, TODAY);
        let (sender, recipient) = (AuthorityKind::Central, AuthorityKind::Central);
        let asked =
            Preflight { body: &body, form: &[], rule: &rule, sender, recipient, today: TODAY, now: Timestamp(0) };
        let decision = decide(&asked).unwrap();
        assert!(decision.refusals.len() >= 2 && !decision.allowed());
        let found: Vec<_> =
            preflight(&asked).findings.into_iter().filter(|f| f.severity == Severity::Refusal).collect();
        let wanted: Vec<_> = decision.refusals.into_iter().map(Finding::from).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_21st_subject_is_refused_r90() {
        let (severity, code, _) = only(|body| {
            let first = body.measures[0].subjects[0].clone();
            body.measures[0].subjects = (0..21)
                .map(|i| crate::Subject {
                    subject_ref: format!("S{i}"),
                    selector: Selector::Account { value: format!("s{i}@mail.example"), provider: "Mail".to_owned() },
                    ..first.clone()
                })
                .collect();
        });
        assert_eq!((severity, code), (Severity::Refusal, Some(RefusalCode::R90)));
    }

    #[test]
    fn a_366_day_window_is_refused_r90() {
        let window = Window { from: jiff::civil::date(2025, 8, 5), to: TODAY };
        assert_eq!(only(|body| body.measures[0].window = Some(window)).1, Some(RefusalCode::R90));
    }

    #[test]
    fn a_wildcard_is_refused_r90_at_its_field() {
        let (severity, code, field) = only(|body| {
            let value = "*@mail.example".to_owned();
            body.measures[0].subjects[0].selector = Selector::Account { value, provider: "Mail".to_owned() };
        });
        assert_eq!((severity, code), (Severity::Refusal, Some(RefusalCode::R90)));
        assert_eq!(field, "measures[0].subjects[0].selector.value");
    }

    #[test]
    fn authorities_of_other_states_are_refused_r93() {
        assert_eq!(only(|body| body.addressee = "IT:central".parse().unwrap()).1, Some(RefusalCode::R93));
        assert_eq!(only(|body| body.validation.authority = "FR:court".parse().unwrap()).1, Some(RefusalCode::R93));
        assert_eq!(only(|body| body.authority.id = "FR:central".parse().unwrap()).1, Some(RefusalCode::R93));
    }

    #[test]
    fn a_window_in_the_future_or_upside_down_is_missing_its_sense() {
        let day = jiff::civil::date;
        let window = |from, to| Some(Window { from, to });
        let field = "measures[0].window".to_owned();
        let future = only(|body| body.measures[0].window = window(day(2026, 8, 1), day(2026, 8, 6)));
        assert_eq!(future, (Severity::Missing, None, field.clone()));
        let mut body = sample::request();
        body.measures[0].window = window(day(2026, 4, 1), day(2026, 3, 1));
        assert!(blocking(&body).iter().any(|(_, _, found)| *found == field));
    }

    #[test]
    fn the_use_limitation_must_be_undertaken_where_the_treaty_binds_the_use() {
        let (severity, code, field) = only(|body| body.undertakings.use_limitation = false);
        assert_eq!((severity, code), (Severity::Missing, Some(RefusalCode::R16)));
        assert_eq!(field, "undertakings.use_limitation");
    }

    #[test]
    fn a_language_that_the_addressee_does_not_read_needs_a_translation() {
        assert_eq!(only(|body| body.language.translation = None).2, "language.translation");
        let mut body = sample::request();
        body.language.original = "fr-CA".to_owned();
        body.language.translation = None;
        assert_eq!(blocking(&body), []);
    }

    #[test]
    fn what_is_empty_or_still_holds_the_words_of_the_form_is_missing() {
        assert_eq!(only(|body| body.facts.summary = " ".to_owned()).2, "facts.summary");
        assert_eq!(only(|body| body.authority.name = "<name of the authority>".to_owned()).2, "authority.name");
        assert_eq!(only(|body| body.measures[0].procedure = "<formalities>".to_owned()).2, "measures[0].procedure");
    }

    #[test]
    fn a_preservation_needs_a_custodian_and_the_intention_to_ask_for_disclosure() {
        let preserve = |body: &mut RequestBody| {
            body.measures[0].article = "ets-185:29".parse().unwrap();
            body.measures[0].request_type = "preservation".parse().unwrap();
            body.measures[0].records = vec!["preservation_confirmation".parse().unwrap()];
        };
        assert_eq!(only(preserve).2, "intends_mla");
        let custodian = only(|body| {
            preserve(body);
            body.intends_mla = Some(true);
            body.measures[0].custodian = None;
        });
        assert_eq!(custodian.2, "measures[0].custodian");
    }

    #[test]
    fn dates_that_cannot_be_are_missing_their_sense() {
        let tomorrow = TODAY.tomorrow().unwrap();
        assert_eq!(only(|body| body.validation.decided_on = tomorrow).2, "validation.decided_on");
        assert_eq!(only(|body| body.urgency.deadline = TODAY.yesterday().ok()).2, "urgency.deadline");
    }

    #[test]
    fn advice_does_not_block_and_stands_last() {
        let mut body = sample::request();
        body.undertakings.reciprocity = false;
        body.offences[0].death_or_life = Some(true);
        body.facts.summary = "Fraud.".to_owned();
        body.language.translation.as_mut().unwrap().certified = false;
        body.addressee = "IT:central".parse().unwrap();
        let findings = of(&body);
        assert!(findings.is_sorted_by_key(|finding| finding.severity));
        let advised: Vec<_> = findings.iter().filter(|f| !f.severity.blocks()).map(|f| f.field.as_str()).collect();
        for field in
            ["undertakings.reciprocity", "offences[0].death_or_life", "facts.summary", "language.translation.certified"]
        {
            assert!(advised.contains(&field), "{field}: {advised:?}");
        }
    }
}
