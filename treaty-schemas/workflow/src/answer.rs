//! What the treaty says of an answer, held against it. Each refusal cites the article of the measure.

use std::collections::BTreeSet;

use model::{KeyId, MeasureScope, Refusal, RefusalCode, Role, Step, Timestamp};
use treaty::{TimerKind, Unit};

use crate::{Case, Command, Guard, Measure, Side, State, Terms, after, callback, decide::outstanding, event::waited};

const RULE: &str = "workflow";

/// A refusal rests on a ground that the treaty knows, and on a consultation where the treaty wants one. R94.
pub(crate) fn refusable(case: &Case, command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let Some(terms) = &measure.terms else { return Ok(()) };
    let id = measure.scope.id;
    if let Some(code) = command.ground.filter(|code| !terms.grounds.contains(code)) {
        let known: Vec<_> = terms.grounds.iter().map(|code| code.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let reason = format!("{code} is no ground on which the treaty lets {id} be refused; it knows {known}");
        let remedy = "Name one of its grounds; the parties to the treaty alone can add others.";
        return Err(cited(&measure.scope, "ground", reason, remedy.to_owned()));
    }
    consulted(case, measure, terms, "refused", "refuse")
}

/// A postponement rests on a reason that the treaty knows, and on a consultation where the treaty wants one. R94.
pub(crate) fn postponable(
    case: &Case,
    command: &Command<'_>,
    now: Timestamp,
    measure: &Measure,
) -> Result<(), Refusal> {
    let id = measure.scope.id;
    let Some(code) = command.declared.postponement else {
        let reason = format!("{} of {id} names no reason", command.step);
        return Err(cited(&measure.scope, "declared.postponement", reason, "Name one of P01 to P05.".to_owned()));
    };
    let Some(terms) = &measure.terms else { return Ok(()) };
    reviewed(measure, terms, command.declared.until, now)?;
    if !terms.postponements.contains(&code) {
        let known: Vec<_> = terms.postponements.iter().map(|code| code.as_str()).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let reason = format!("{code} is no reason for which the treaty lets {id} be postponed; it knows {known}");
        let remedy = "Name one of its reasons; the parties to the treaty alone can add others.";
        return Err(cited(&measure.scope, "declared.postponement", reason, remedy.to_owned()));
    }
    consulted(case, measure, terms, "postponed", "postpone")
}

/// So long a postponement may last before it is looked at again. A policy, where the treaty does not say how long.
pub const REVIEW_DAYS: i64 = 90;

/// What is postponed is looked at again in time: the header says until when, and the day on which that is begins nowhere later than the
/// last that there is for it. What was postponed before headers said it says nothing. R94.
fn reviewed(measure: &Measure, terms: &Terms, until: Option<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let days = |timer: &treaty::Timer| match (timer.kind, timer.unit) {
        (TimerKind::Review, Unit::Days) => Some(i64::from(timer.length)),
        _ => None,
    };
    let days = terms.timers.iter().find_map(days).unwrap_or(REVIEW_DAYS);
    // The day itself counts to its end, and whoever postpones may be a day ahead of the day in UTC.
    let last = now.plus_ms((days + 2) * DAY_MS);
    if until.is_none_or(|until| now < until && until <= last) {
        return Ok(());
    }
    let reason = format!("{} is looked at again after today and within {days} days", measure.scope.id);
    Err(cited(&measure.scope, "declared.until", reason, "Name a day in that time.".to_owned()))
}

/// The desk takes up by itself only what was put off until a day that is over. R94.
pub(crate) fn taken_up(command: &Command<'_>, now: Timestamp, measure: &Measure) -> Result<(), Refusal> {
    let heard = waited(now, command.taken);
    if !command.signers.is_empty() || measure.review_at.is_some_and(|review| review <= heard) {
        return Ok(());
    }
    let reason = format!("{} is postponed, and its day of review is not over", measure.scope.id);
    let remedy = format!("Let an officer sign {}; the desk alone takes it up after that day.", command.step);
    Err(cited(&measure.scope, "concerns", reason, remedy))
}

/// So long the requesting party may be silent, before the other may go on without its word that a consultation was held. A policy:
/// no text says how long.
pub const CONSULT_SILENCE_DAYS: i64 = 10;

/// So long questions may stay without an answer, before the request may be returned as it is. A policy: no text says how long.
pub const INFO_SILENCE_DAYS: i64 = 30;

/// So often the requesting party is reminded of questions at least, before the request may be returned as it is. A policy.
pub const INFO_REMINDERS: u32 = 2;

/// So long who refused leaves the requesting party for a remedy, before it may close. A policy: no text says how long.
pub const REMEDY_DAYS: i64 = 30;

/// So long at least an offer may stay without an answer, and records without a confirmation, before the requested party goes on without one; and
/// so long the rest may fail to follow a part, before the requesting party goes on without it. A policy, where the treaty does not leave more time.
pub const ANSWER_SILENCE_DAYS: i64 = 30;

const HOUR_MS: i64 = 3600 * 1000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// Questions were left without an answer for long, and the requesting party was reminded of them. R94.
pub(crate) fn left_open(case: &Case, measure: &Measure, heard: Timestamp) -> Result<(), Refusal> {
    let end = silent_until(measure);
    if end <= heard {
        return reminded(case, measure);
    }
    let reason = format!("the questions on {} have not been open for {INFO_SILENCE_DAYS} days", measure.scope.id);
    let home = case.party(Side::Home);
    let remedy = format!("Wait for {home} until {end}, or remind it ({}).", Step::AskInfo);
    Err(cited(&measure.scope, "concerns", reason, remedy))
}

/// Whether no reminder of questions is wanted before the request goes back.
pub(crate) fn is_reminded(measure: &Measure) -> bool {
    measure.state != State::InfoWait || measure.reminded >= INFO_REMINDERS
}

fn reminded(case: &Case, measure: &Measure) -> Result<(), Refusal> {
    if is_reminded(measure) {
        return Ok(());
    }
    let (id, home) = (measure.scope.id, case.party(Side::Home));
    let reason = format!(
        "{home} was reminded {} times of the questions on {id}, and {INFO_REMINDERS} are wanted",
        measure.reminded
    );
    Err(cited(&measure.scope, "concerns", reason, format!("Remind it ({}).", Step::AskInfo)))
}

/// Nobody lodged a remedy against a refusal while there was time. R94.
pub(crate) fn remedy_over(case: &Case, measure: &Measure, heard: Timestamp) -> Result<(), Refusal> {
    let end = silent_until(measure);
    if end <= heard {
        return Ok(());
    }
    let home = case.party(Side::Home);
    let reason = format!("{} was refused, and {home} has until {end} for a remedy", measure.scope.id);
    Err(cited(&measure.scope, "concerns", reason, format!("Wait; {home} may close it before.")))
}

/// Nobody decides on a remedy against a decision that bears the own name [ECHR art. 6(1), Dir. 2014/41 art. 14]. R93.
pub fn by_others(case: &Case, measure: &Measure, step: Step, signers: &[KeyId]) -> Result<(), Refusal> {
    let decides = matches!(step, Step::AnnulDecision | Step::UpholdDecision);
    if !decides || signers.iter().all(|key| !measure.decided_by.contains(key)) {
        return Ok(());
    }
    let reason = format!("who signs {step} had decided on {}, against which the remedy is", measure.scope.id);
    let remedy = format!(
        "Let a judge or decider of {} decide on the remedy who signed neither the acceptance, the offer nor the refusal.",
        case.party(Side::Peer)
    );
    let refusal = Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("officers");
    Err(refusal.under(measure.scope.article.clone()))
}

/// That a consultation was held says who was consulted; after a long silence, who asked for it. R94.
pub(crate) fn unanswered(case: &Case, measure: &Measure, heard: Timestamp) -> Result<(), Refusal> {
    if silent_until(measure) <= heard {
        return Ok(());
    }
    let home = case.party(Side::Home);
    let reason = format!("{home} has not said that the consultation on {} was held", measure.scope.id);
    let remedy = format!(
        "Let the central authority of {home} say it ({}); after {CONSULT_SILENCE_DAYS} days of silence a decider of {} may.",
        Step::ConsultDone,
        case.party(Side::Peer)
    );
    Err(cited(&measure.scope, "concerns", reason, remedy))
}

fn consulted(case: &Case, measure: &Measure, terms: &Terms, done: &str, verb: &str) -> Result<(), Refusal> {
    if !terms.consult || measure.consulted {
        return Ok(());
    }
    let reason = format!("{} may be {done} only after a consultation, and none was held", measure.scope.id);
    let remedy = format!(
        "Let a decider of {} open it ({}), and {} say that it was held ({}); then {verb}.",
        case.party(Side::Peer),
        Step::Consult,
        case.party(Side::Home),
        Step::ConsultDone
    );
    Err(cited(&measure.scope, "concerns", reason, remedy))
}

/// What is granted was confirmed by a call-back where the treaty wants one, under conditions that the treaty knows. R94, R95.
pub(crate) fn grantable(case: &Case, command: &Command<'_>, now: Timestamp, measure: &Measure) -> Result<(), Refusal> {
    let Some(terms) = &measure.terms else { return Ok(()) };
    conditions(command, &measure.scope, terms)?;
    ordered(case, command, now, measure, terms.court_order)?;
    callback::confirmed(case, command, now, measure, terms)
}

/// What is released comes under the conditions of its grant, stays within the treaty's mark and bytes, and nothing goes out before a
/// call-back. R94.
pub(crate) fn releasable(case: &Case, command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    known_before(case, command, measure)?;
    let Some(terms) = &measure.terms else { return Ok(()) };
    let id = measure.scope.id;
    if terms.callback && measure.callback.is_none() {
        let reason = format!("{id} was granted without the call-back that an emergency needs");
        let remedy =
            format!("Withdraw it and send it anew; {} calls back before it grants it.", case.party(Side::Peer));
        return Err(cited(&measure.scope, "declared.callback", reason, remedy));
    }
    bounded(command, &measure.scope, terms, measure.bytes)
}

/// A condition is known before anything is given under it, so that who asked can decline it [ETS 185 art. 28(2)-(3), CETS 224 art. 14]: the
/// grant of the measure named it, or the treaty where the answer is automatic. R94.
fn known_before(case: &Case, command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let id = measure.scope.id;
    let automatic = command.step == Step::Answer;
    let known = match (&measure.terms, automatic) {
        (Some(terms), true) => &terms.conditions,
        (None, true) => return Ok(()),
        // What takes the place of something goes under what that was given under, whatever became of the grant.
        _ if command.step == Step::Reissue => &measure.conditions,
        (_, false) => &measure.granted,
    };
    let Some(code) = command.conditions.iter().find(|code| !known.contains(code)) else { return Ok(()) };
    let (home, peer) = (case.party(Side::Home), case.party(Side::Peer));
    let (reason, remedy) = if automatic {
        (
            format!("an automatic answer to {id} brings the condition {code}, which the treaty does not name for it"),
            format!(
                "Take it out of what the responder of {peer} answers under; the parties to the treaty alone can add it."
            ),
        )
    } else {
        (
            format!("{id} was not granted under {code}, and {home} could not decline it"),
            format!(
                "Leave it out; or let a decider of {peer} offer it ({}), which the central authority of {home} takes or declines. \
                 What was granted under different conditions goes in entries of its own.",
                Step::OfferConditions
            ),
        )
    };
    Err(cited(&measure.scope, "conditions", reason, remedy))
}

/// What is released or given for a measure stays within the treaty's conditions, mark and bytes; `before` are the bytes of what was
/// released for it earlier. R94.
pub(crate) fn bounded(command: &Command<'_>, scope: &MeasureScope, terms: &Terms, before: u64) -> Result<(), Refusal> {
    conditions(command, scope, terms)?;
    let id = scope.id;
    if let Some(max) = terms.classification_max
        && command.declared.classification.is_none_or(|mark| mark > max)
    {
        let found = command.declared.classification.map_or("not marked", |mark| mark.as_str());
        let reason = format!("what answers {id} may be marked {} at most; it is {found}", max.as_str());
        let remedy = "Mark it, or leave out what is marked higher; the parties to the treaty alone can raise the mark.";
        return Err(cited(scope, "declared.classification", reason, remedy.to_owned()));
    }
    let bytes = before.saturating_add(command.bytes);
    match terms.max_bytes {
        Some(max) if bytes > max => {
            let reason = format!("{id} may be answered with {max} sealed bytes at most; these make it {bytes}");
            let remedy = "Release less, or agree on another medium; the parties to the treaty alone can raise the cap.";
            Err(cited(scope, "payload", reason, remedy.to_owned()))
        }
        _ => Ok(()),
    }
}

fn conditions(command: &Command<'_>, scope: &MeasureScope, terms: &Terms) -> Result<(), Refusal> {
    let unknown =
        command.conditions.iter().find(|code| !terms.conditions.is_empty() && !terms.conditions.contains(code));
    match unknown {
        None => Ok(()),
        Some(code) => {
            let known: Vec<_> = terms.conditions.iter().map(|code| code.as_str()).collect();
            let reason = format!("{code} is no condition that the treaty knows for {}", scope.id);
            let remedy = format!("Impose one of {}; the parties to the treaty alone can add others.", known.join(", "));
            Err(cited(scope, "conditions", reason, remedy))
        }
    }
}

/// Whether who signs in this role may validate what is asked.
pub(crate) fn validates(role: Role) -> bool {
    matches!(role, Role::Judge | Role::Prosecutor)
}

/// What is asked beyond what was validated is validated like the request: who may validate it signs the answer, whose header commits to what is
/// asked, and is not the one who answers [Dir. 2014/41 art. 2(c), Reg. 2023/1543 art. 4]. R93.
pub(crate) fn validated(command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let any = [Role::Judge, Role::Prosecutor];
    let may = measure.terms.as_ref().map_or(&any[..], |terms| &terms.validators);
    if !command.declared.widens || may.is_empty() {
        return Ok(());
    }
    let answering: BTreeSet<KeyId> =
        command.signers.iter().filter(|(_, role)| !validates(*role)).map(|(key, _)| *key).collect();
    if command.signers.iter().any(|(key, role)| may.contains(role) && !answering.contains(key)) {
        return Ok(());
    }
    let names: Vec<_> = may.iter().map(|role| role.as_str()).collect();
    let (id, names) = (measure.scope.id, names.join(" or "));
    let reason = format!("the answer asks for more of {id} than was validated, and no {names} signed it");
    let remedy = format!(
        "Let a {names} who is not the one who answers sign the same header; or ask for it in a case that follows this one."
    );
    let refusal = Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("officers");
    Err(refusal.under(measure.scope.article.clone()))
}

/// The ministry of the requested party was told before anybody reviews, where its law wants that. R94.
pub(crate) fn notified(case: &Case, command: &Command<'_>, now: Timestamp, measure: &Measure) -> Result<(), Refusal> {
    ordered(case, command, now, measure, measure.terms.as_ref().is_some_and(|terms| terms.ministry_notice))
}

/// The order, or the notice, on which a step rests is named where the law of the requested party wants it, and is not of a day that has not
/// come anywhere.
fn ordered(case: &Case, command: &Command<'_>, now: Timestamp, measure: &Measure, wanted: bool) -> Result<(), Refusal> {
    let (id, peer) = (measure.scope.id, case.party(Side::Peer));
    let (what, verb) = if command.step == Step::OpenReview {
        ("notice to its ministry", "reviews")
    } else {
        ("order of a court", "grants")
    };
    let reason = match command.declared.order {
        None if wanted => format!("{peer} {verb} {id} only after the {what}, and none is named"),
        Some(day) if now.plus_ms(DAY_MS).date().is_none_or(|last| last < day) => {
            format!("the {what} for {id} is of {day}, which has not come")
        }
        _ => return Ok(()),
    };
    let remedy = format!("Name its authority, number and day; {peer} alone can change what its law wants.");
    Err(cited(&measure.scope, "declared.order", reason, remedy))
}

/// The times after which a silence decides, with the days that our policy leaves at least. Each runs as a clock where the treaty names none.
pub(crate) const SILENCES: [(TimerKind, i64); 6] = [
    (TimerKind::Clarification, INFO_SILENCE_DAYS),
    (TimerKind::Consultation, CONSULT_SILENCE_DAYS),
    (TimerKind::Offer, ANSWER_SILENCE_DAYS),
    (TimerKind::Receipt, ANSWER_SILENCE_DAYS),
    (TimerKind::Remainder, ANSWER_SILENCE_DAYS),
    (TimerKind::Remedy, REMEDY_DAYS),
];

/// From when on what is awaited where a measure stands counts as left alone: after the days of [`SILENCES`], or the time that the treaty leaves
/// for it where that is longer. Both gateways have to find the same, and neither has the other's calendar: a working day counts as two, and
/// the last one to its end, wherever that is.
pub(crate) fn silent_until(measure: &Measure) -> Timestamp {
    let kind = match measure.state {
        State::InfoWait => TimerKind::Clarification,
        State::Consult => TimerKind::Consultation,
        State::CondOffer => TimerKind::Offer,
        State::Received => TimerKind::Remainder,
        State::Refused => TimerKind::Remedy,
        _ => TimerKind::Receipt,
    };
    let ours = SILENCES.iter().find(|(one, _)| *one == kind).map_or(ANSWER_SILENCE_DAYS, |(_, days)| *days) * DAY_MS;
    let timers = measure.terms.iter().flat_map(|terms| &terms.timers).filter(|timer| timer.kind == kind);
    let lengths = timers.map(|timer| match timer.unit {
        Unit::Hours => i64::from(timer.length) * HOUR_MS,
        Unit::Days => i64::from(timer.length) * DAY_MS,
        Unit::WorkingDays => i64::from(timer.length) * 2 * DAY_MS,
        // Nowhere does nobody work for two weeks.
        Unit::DaysToWorkingDay => (i64::from(timer.length) + 14) * DAY_MS,
    });
    let theirs = lengths.max().filter(|length| *length > ours).map(|length| length + DAY_MS);
    measure.since.plus_ms(theirs.unwrap_or(ours))
}

/// The other side left an offer, records, or what is outstanding, without a word for long. R94.
pub(crate) fn ignored(
    guard: Guard,
    case: &Case,
    command: &Command<'_>,
    measure: &Measure,
    heard: Timestamp,
) -> Result<(), Refusal> {
    let end = silent_until(measure);
    if heard < end {
        let (side, what) = match guard {
            Guard::Untaken => (Side::Home, "neither taken nor declined the offer on"),
            Guard::Unfollowed => (Side::Peer, "not gone on with what is outstanding of"),
            _ => (Side::Home, "neither confirmed nor rejected the records for"),
        };
        let (id, silent) = (measure.scope.id, case.party(side));
        let reason = format!("{silent} has {what} {id}, and may do so until {end}");
        return Err(cited(&measure.scope, "concerns", reason, format!("Wait for {silent}, or remind it.")));
    }
    match guard {
        Guard::UnconfirmedAll => after::held(Guard::Unreported, case, command, heard, measure),
        Guard::UnconfirmedPart => outstanding(case, measure),
        _ => Ok(()),
    }
}

pub(crate) fn cited(scope: &MeasureScope, field: &str, reason: String, remedy: String) -> Refusal {
    Refusal::new(RefusalCode::R94, RULE, reason, remedy).at(field).under(scope.article.clone())
}
