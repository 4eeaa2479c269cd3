use std::collections::BTreeSet;

use model::{EntryId, Flaw, MatterId, MeasureId, Refusal, RefusalCode, Step, Timestamp, limits};

use super::{MATTER_SILENCE_DAYS, MATTERS, Matter, MatterGuard, MatterKind, MatterRow, MatterState, opens_matter};
use crate::{
    Case, Change, Command, Measure, Side, State, answer,
    case::HEARD,
    decide::{only_asked, records, sequence, stands, until},
    event::{counted, waited},
};

/// Holds a step of a matter against its table.
///
/// Refuses with R93 who may not act, with R94 what the matter's standing, the number of officers or the form does not allow.
pub(crate) fn decide(case: &Case, command: &Command<'_>, side: Side, now: Timestamp) -> Result<Change, Refusal> {
    let step = command.step;
    let heard = counted(Some(case), now, command.taken);
    let id = command.declared.matter.ok_or_else(|| {
        sequence(format!("{step} names no matter"), "Name the matter of the case.").at("declared.matter")
    })?;
    let measures = concerned(case, command)?;
    let keeper = measures.first().map_or(Side::Home, |measure| measure.keeper());
    let (row, before) = if opens_matter(step) {
        (opening(case, command, id, side, keeper)?, None)
    } else {
        let matter = standing(case, command, id)?;
        (next(case, matter, command, (side, keeper), heard)?, Some(matter))
    };
    stands(row.actor, command)?;
    if row.guard == MatterGuard::Silence {
        // What was silent, was so until the other side had this step.
        silence(before, waited(now, command.taken))?;
    }
    minutes(row.guard, command, before)?;
    measures.iter().try_for_each(|measure| guard(row.guard, case, command, now, measure, before))?;
    about(row.guard, command, &measures)?;
    only_asked(case, command)?;
    let begun = || Matter {
        about: command.declared.about,
        covers: covered(command.declared.about, &measures),
        purpose: command.purpose.map(str::to_owned),
        ..fresh(row.kinds[0], row.to, command, side, now)
    };
    let mut matter = before.cloned().unwrap_or_else(begun);
    matter.state = row.to;
    matter.flaw = command.declared.flaw.or(matter.flaw);
    matter.until = command.declared.until.or(matter.until);
    matter.conditions.extend(command.conditions);
    if step == Step::Recall {
        matter.recalled = true;
        matter.covers = covered(matter.about, &measures);
    }
    if step == Step::DraftMinutes {
        // Who signed, signed other minutes.
        matter.signed.clear();
        matter.minutes = command.declared.minutes;
    }
    if matches!(step, Step::ProposeHearing | Step::ProposeSlots) {
        matter.proposer = Some(side);
    }
    if step == Step::SignMinutes {
        matter.signed.insert(side);
    }
    let bytes = if step.carries_records() { command.bytes } else { 0 };
    Ok(Change::Matter { id, matter, step, bytes })
}

/// A matter of which nothing is known yet but who opened it.
fn fresh(kind: MatterKind, state: MatterState, command: &Command<'_>, side: Side, now: Timestamp) -> Matter {
    Matter {
        kind,
        state,
        opener: side,
        by: Some(command.entry),
        opened: now,
        since: now,
        concerns: command.concerns.to_vec(),
        about: None,
        covers: BTreeSet::new(),
        purpose: None,
        flaw: command.declared.flaw,
        granted: None,
        until: None,
        conditions: Vec::new(),
        recalled: false,
        signed: BTreeSet::new(),
        minutes: None,
        proposer: None,
        given_back: false,
    }
}

/// The correction that records open which are not taken: of those that were released last for the measures. Nobody names it: both sides see
/// it by the same entry. A side that has no room for another matter opens none: what is wrong can always be given back.
pub(crate) fn rejected(
    case: &Case,
    command: &Command<'_>,
    side: Side,
    now: Timestamp,
) -> Result<Option<(MatterId, Box<Matter>)>, Refusal> {
    if room(case, side).is_err() {
        return Ok(None);
    }
    let measures = concerned(case, command)?;
    let covers: BTreeSet<EntryId> = measures.iter().filter_map(|measure| measure.newest).collect();
    let about = covers.first().copied().filter(|_| covers.len() == 1);
    let matter = fresh(MatterKind::Correction, MatterState::Reported, command, side, now);
    Ok(Some((next_id(case), Box::new(Matter { about, covers, given_back: true, ..matter }))))
}

fn next_id(case: &Case) -> MatterId {
    MatterId(u32::try_from(case.matters.len()).unwrap_or(u32::MAX).saturating_add(1))
}

/// The entries that a matter is about as its measures stand now.
fn covered(about: Option<EntryId>, measures: &[&Measure]) -> BTreeSet<EntryId> {
    match about {
        Some(entry) => BTreeSet::from([entry]),
        None => measures.iter().flat_map(|measure| measure.entries.iter().copied()).collect(),
    }
}

/// The entry that an opening names brought records for every measure that it names. A hearing is about no entry.
fn about(guard: MatterGuard, command: &Command<'_>, measures: &[&Measure]) -> Result<(), Refusal> {
    let Some(entry) = command.declared.about else { return Ok(()) };
    let field = |reason: String, remedy: &str| Err(sequence(reason, remedy).at("declared.about"));
    if guard == MatterGuard::Accepted {
        return field(format!("{} is about no entry", command.step), "Leave the field empty for this step.");
    }
    match measures.iter().find(|measure| !measure.entries.contains(&entry)) {
        None => Ok(()),
        Some(measure) => field(
            format!("the entry that {} names brought no records for {}", command.step, measure.scope.id),
            "Name an entry of this case that released records, and the measures that it released them for.",
        ),
    }
}

/// The measures that the step names, each once. A step on a matter that there is names those of the matter.
fn concerned<'c>(case: &'c Case, command: &Command<'_>) -> Result<Vec<&'c Measure>, Refusal> {
    let field =
        |reason: String| sequence(reason, "Name the measures of the case that the matter concerns.").at("concerns");
    let named: BTreeSet<MeasureId> = command.concerns.iter().copied().collect();
    if named.is_empty() || named.len() != command.concerns.len() {
        return Err(field(format!("{} names no measure, or one twice", command.step)));
    }
    let found: Option<Vec<_>> = named.iter().map(|id| case.measures.get(id)).collect();
    let found = found.ok_or_else(|| field("the case has no such measure".to_owned()))?;
    if found.iter().any(|measure| measure.keeper() != found[0].keeper()) {
        return Err(field("one matter cannot be about records that both parties keep".to_owned()));
    }
    Ok(found)
}

fn opening(
    case: &Case,
    command: &Command<'_>,
    id: MatterId,
    side: Side,
    keeper: Side,
) -> Result<&'static MatterRow, Refusal> {
    room(case, side)?;
    let next = next_id(case);
    if id != next {
        let reason = format!("the next matter of the case is {next}");
        return Err(sequence(reason, "Open it under that number.").at("declared.matter"));
    }
    let rows = || MATTERS.iter().filter(|row| row.from.is_empty() && row.step == command.step);
    rows().find(|row| row.by.sides(keeper, side).contains(&side)).ok_or_else(|| wrong_side(case, command.step, side))
}

/// Each side has its own room, so that neither can use up what is the other's. What is over leaves it.
fn room(case: &Case, side: Side) -> Result<(), Refusal> {
    let own = || case.matters.values().filter(|matter| matter.opener == side);
    let party = case.party(side);
    let (reason, remedy) = if own().count() >= limits::MATTERS_OF_SIDE_EVER_MAX {
        let max = limits::MATTERS_OF_SIDE_EVER_MAX;
        let reason = format!("each side opens at most {max} matters of a case, and {party} has opened them");
        (reason, "Close the case, and go on in a new one that follows it.")
    } else if own().filter(|matter| !matter.is_over()).count() >= limits::MATTERS_OF_SIDE_MAX {
        let max = limits::MATTERS_OF_SIDE_MAX;
        let reason = format!("each side has at most {max} matters of a case open at once, and {party} has them");
        (reason, "Bring one of them to its end, or close it; then open this one.")
    } else {
        return Ok(());
    };
    Err(sequence(reason, remedy).at("declared.matter"))
}

fn standing<'c>(case: &'c Case, command: &Command<'_>, id: MatterId) -> Result<&'c Matter, Refusal> {
    let matter = case.matters.get(&id).ok_or_else(|| {
        sequence(format!("the case has no matter {id}"), "Name a matter of the case.").at("declared.matter")
    })?;
    let named: BTreeSet<_> = command.concerns.iter().collect();
    if named != matter.concerns.iter().collect() {
        let reason = format!("{id} concerns other measures than the step names");
        return Err(sequence(reason, "Name the measures of the matter.").at("concerns"));
    }
    Ok(matter)
}

fn next(
    case: &Case,
    matter: &Matter,
    command: &Command<'_>,
    (side, keeper): (Side, Side),
    now: Timestamp,
) -> Result<&'static MatterRow, Refusal> {
    let here = || super::matter_rows(matter.kind).filter(|row| row.from.contains(&matter.state));
    let sides = |row: &MatterRow| row.by.sides(keeper, matter.opener);
    let fits =
        |row: &&MatterRow| row.step == command.step && sides(row).contains(&side) && counts(row.guard, matter, side);
    if let Some(row) = here().find(fits) {
        return Ok(row);
    }
    let due = |row: &&MatterRow| row.guard != MatterGuard::Silence || matter.is_silent(now);
    let who = |row: &MatterRow| {
        let may = sides(row).iter().filter(|side| counts(row.guard, matter, **side));
        let parties: Vec<_> = may.map(|side| case.party(*side).to_string()).collect();
        (!parties.is_empty()).then(|| format!("{} ({} of {})", row.step, row.actor, parties.join(" or ")))
    };
    let possible: Vec<_> = here().filter(due).filter_map(who).collect();
    let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
    let (step, by, kind) = (command.step, case.party(side), matter.kind);
    let reason =
        format!("{step} by {by} is not possible while the {kind} is {}; possible now: {possible}", matter.state);
    Err(sequence(reason, "Take one of the steps that are possible now.").at("declared.matter"))
}

/// Whether the row is the one for this side, by who proposed the times, who has signed and what was found.
pub(super) fn counts(guard: MatterGuard, matter: &Matter, side: Side) -> bool {
    match guard {
        MatterGuard::RightSubject => matter.flaw != Some(Flaw::WrongSubject),
        MatterGuard::WrongSubject => !matter.given_back,
        MatterGuard::GivenBack => matter.given_back,
        MatterGuard::Asked => matter.proposer.unwrap_or(matter.opener) != side,
        MatterGuard::First => matter.signed.is_empty(),
        MatterGuard::Second => !matter.signed.is_empty() && !matter.signed.contains(&side),
        _ => true,
    }
}

fn guard(
    guard: MatterGuard,
    case: &Case,
    command: &Command<'_>,
    now: Timestamp,
    measure: &Measure,
    matter: Option<&Matter>,
) -> Result<(), Refusal> {
    let id = measure.scope.id;
    let flaw = matter.and_then(|matter| matter.flaw);
    let (field, reason) = match guard {
        MatterGuard::Released | MatterGuard::Purpose | MatterGuard::About if measure.entries.is_empty() => {
            ("concerns", format!("nothing was released for {id}"))
        }
        MatterGuard::Purpose if command.purpose.is_none() => ("purpose", format!("{} names no purpose", command.step)),
        MatterGuard::About if command.declared.about.is_none() => {
            ("declared.about", format!("{} names no entry whose records are wrong", command.step))
        }
        MatterGuard::Flaw if command.declared.flaw.is_none() => {
            ("declared.flaw", format!("{} does not say what is wrong", command.step))
        }
        MatterGuard::WrongSubject if flaw != Some(Flaw::WrongSubject) => {
            ("declared.matter", "the records are about the right person: they are replaced, not recalled".to_owned())
        }
        MatterGuard::Replaced if flaw == Some(Flaw::WrongSubject) && !shredded(matter) => (
            "declared.matter",
            "what is about somebody else is recalled and destroyed before it is replaced".to_owned(),
        ),
        MatterGuard::Replaced if !replaceable(measure.state) => {
            ("concerns", format!("{id} is in {}: there is nothing to replace in it", measure.state))
        }
        MatterGuard::Replaced if unreleased(command, measure) => (
            "records",
            format!("what replaces records is of their types; others of {id} are released, not issued again"),
        ),
        MatterGuard::Replaced => {
            records(command, measure)?;
            return answer::releasable(case, command, measure);
        }
        MatterGuard::Until if command.declared.until.is_some() => return until(command, now),
        MatterGuard::Accepted if !measure.asks_to_hear() => return Err(unheard(measure)),
        MatterGuard::Accepted if !measure.state.is_under_way() => (
            "concerns",
            format!("{id} is in {}; a hearing is held for what was accepted and is under way", measure.state),
        ),
        _ => return Ok(()),
    };
    Err(sequence(reason, "Look at the case, and name what the step needs.").at(field))
}

/// What a hearing brings out is evidence: it is asked for under a treaty that gives it, with all that this rule says of senders, validation and
/// use. Beside another request it would be a way around each of them.
fn unheard(measure: &Measure) -> Refusal {
    let (id, article, request_type) = (measure.scope.id, &measure.scope.article, &measure.scope.request_type);
    let made = HEARD.join(" or ");
    let reason = format!("{id} asks under {article} for {request_type}, and for no {made}: no hearing is held for it");
    let remedy = "Ask for the hearing in a request of its own, of a type that a treaty gives for it (as video_hearing or testimony), and \
                  propose it there once that is accepted.";
    let mut refusal = sequence(reason, remedy).at("concerns");
    refusal.article = Some(article.clone());
    refusal
}

/// Both sides sign, and get, the minutes that were drawn up last: the header names them, so that no gateway takes a signature on others.
fn minutes(guard: MatterGuard, command: &Command<'_>, matter: Option<&Matter>) -> Result<(), Refusal> {
    let named = command.declared.minutes;
    let (reason, remedy) = match guard {
        MatterGuard::Drawn | MatterGuard::First | MatterGuard::Second | MatterGuard::Both if named.is_none() => {
            (format!("{} does not name the minutes by their digest", command.step), "Name the minutes that are meant.")
        }
        MatterGuard::First | MatterGuard::Second | MatterGuard::Both
            if matter.is_none_or(|matter| matter.minutes != named) =>
        {
            (
                format!("{} names other minutes than were drawn up last", command.step),
                "Read the newest minutes, and sign those; let them be drawn up again where they are wrong.",
            )
        }
        _ => return Ok(()),
    };
    Err(sequence(reason, remedy).at("declared.minutes"))
}

fn silence(matter: Option<&Matter>, heard: Timestamp) -> Result<(), Refusal> {
    if matter.is_none_or(|matter| matter.is_silent(heard)) {
        return Ok(());
    }
    let reason = format!("either side may close it only when nobody has moved it for {MATTER_SILENCE_DAYS} days");
    Err(sequence(reason, "Look at the case, and name what the step needs.").at("declared.matter"))
}

/// Whether records of a type are inside that the measure asked for and did not get.
fn unreleased(command: &Command<'_>, measure: &Measure) -> bool {
    let mut asked = command.records.iter().filter(|record| measure.scope.records.contains(record));
    asked.any(|record| !measure.released.contains(record))
}

/// Where records are with who keeps them.
fn replaceable(state: State) -> bool {
    use State::{DisposalDue, Executed, Executing, InUse, Partial, Produced, Ready, Received};
    matches!(state, Executing | Partial | Ready | Produced | Received | Executed | InUse | DisposalDue)
}

fn shredded(matter: Option<&Matter>) -> bool {
    matter.is_some_and(|matter| matter.state == MatterState::Shredded)
}

fn wrong_side(case: &Case, step: Step, side: Side) -> Refusal {
    let other = if side == Side::Home { Side::Peer } else { Side::Home };
    let reason = format!("{step} is not for {}; it is for {}", case.party(side), case.party(other));
    Refusal::new(RefusalCode::R93, "workflow", reason, "Leave the step to the other party.").at("sender")
}
