use std::collections::BTreeSet;

use model::{KeyId, MeasureId, PartyId, RecordType, Refusal, RefusalCode, Role, Step, Timestamp, limits};

use crate::{
    Actor, Case, Change, Command, DraftCommand, Event, Guard, Measure, Move, Row, Side, State, TRANSITIONS, Trigger,
    after, answer, callback, case::side_of, event::waited, form::form, given, matter,
};

const RULE: &str = "workflow";

/// The version of the procedure that this program knows. A case is pinned to one by the entry that opens it.
///
/// It is raised by the first change after a release that lets the same entries come to another case, or be refused: to the tables, their guards and
/// what these hold a header against. Until then nobody holds a case of it, and it stays. A test holds a digest of the tables beside it, and tells of a change to the tables.
pub const PROCEDURE: u32 = 1;

/// SHA-256 of the tables of that version, as their pages show them.
#[cfg(test)]
pub(crate) const TABLES: &str = "81c4b2d57d307dd11d475fc859bd6eabc6fb93941dd28ed624f0410d64bde087";

/// Holds a command against the procedure. `now` is the moment that the entry states; it is what the event will say.
///
/// What rests on elapsed time (a silence, the hours after an emergency) is judged by when the other party's gateway took the entry
/// ([`Command::taken`]) where that is later, and an entry that says that it was made long before the case's newest is refused.
///
/// Refuses with R93 who may not act, with R94 what the state, the number of officers or the form does not allow, with R95 an emergency in which
/// nobody has proved who was called. The checks run
/// in this order: the party's place, the form, the stated moment, who may ever do this step, the state of each measure, the signatures, the guard.
pub fn decide(case: Option<&Case>, command: &Command<'_>, now: Timestamp) -> Result<Event, Refusal> {
    let (home, peer, pin) = case.map_or((command.home, command.peer, command.pin), |c| (c.home, c.peer, c.pin));
    let side = place(home, peer, command)?;
    form(command)?;
    let event = |change| Event { home, peer, pin, at: now, taken: command.taken, entry: Some(command.entry), change };
    let Some(case) = case else {
        if command.step != Step::OpenGroup {
            let reason = format!("{} is not possible before the case's group is opened", command.step);
            return Err(sequence(reason, "Open the group of the case first."));
        }
        known_procedure(command)?;
        let row = row_for(command.step, State::Validated, side, None);
        signed(row.ok_or_else(|| wrong_side(command.step, side, home, peer))?, command)?;
        return Ok(event(Change::Opened));
    };
    after_the_last(case, now)?;
    if command.step == Step::OpenGroup {
        return Err(sequence("the case's group is open already".to_owned(), "Use the group that there is."));
    }
    let known = |row: &Row| row.trigger == Trigger::Step(command.step) && row.sides.contains(&side);
    if !matter::moves_matter(command.step) && !TRANSITIONS.iter().any(known) {
        return Err(wrong_side(command.step, side, home, peer));
    }
    if matter::moves_matter(command.step) {
        return matter::decide(case, command, side, now).map(event);
    }
    let mut moves = Vec::new();
    for (measure, state) in standings(case, command)? {
        let standing = measure.and_then(|id| case.measures.get(&id));
        let row = row_for(command.step, state, side, standing)
            .ok_or_else(|| not_now(case, command.step, side, measure, state))?;
        signed(row, command)?;
        let records = guard(row.guard, case, command, now, standing)?;
        if let Some(measure) = measure {
            moves.push(Move { measure, from: state, to: row.to.unwrap_or(state), records });
        }
    }
    only_asked(case, command)?;
    Ok(event(match command.step {
        Step::ChangeGroup | Step::AskRejoin => Change::GroupChanged,
        Step::ShareDraft | Step::CommentDraft => Change::Drafted,
        Step::SealSend => given::sent(command),
        Step::Close if case.measures.is_empty() => Change::Abandoned,
        step => Change::Moved {
            step,
            moves,
            ground: command.ground,
            conditions: command.conditions.to_vec(),
            callback: command.declared.callback,
            challenge: command.declared.challenge,
            bytes: if step.carries_records() { command.bytes } else { 0 },
            postponement: command.declared.postponement,
            until: command.declared.until,
            decided_by: match step {
                Step::Recognise | Step::OfferConditions | Step::Refuse => {
                    command.signers.iter().map(|(key, _)| *key).collect()
                }
                _ => Vec::new(),
            },
            left_out: command.declared.left_out.clone(),
            opens: if step == Step::Reject { matter::rejected(case, command, side, now)? } else { None },
        },
    }))
}

/// Holds a step of drafting against the procedure: the state that follows, or R93 for a wrong role, R94 for a wrong moment.
pub fn decide_draft(command: &DraftCommand) -> Result<State, Refusal> {
    let step = Trigger::Draft(command.step);
    let rows = || TRANSITIONS.iter().filter(|row| row.trigger == step && row.from.contains(&command.state));
    let admits = |row: &&Row| matches!(row.actor, Actor::Officers(_, roles) if roles.contains(&command.role));
    if let Some(to) = rows().find(admits).and_then(|row| row.to) {
        return Ok(to);
    }
    match rows().next() {
        Some(row) => Err(Refusal::new(
            RefusalCode::R93,
            RULE,
            format!("{} needs the role {}; {} acted", step.as_str(), row.actor, command.role.as_str()),
            "Let an officer act who holds that role.",
        )),
        None => {
            let drafting = |row: &&Row| matches!(row.trigger, Trigger::Draft(_));
            let next: Vec<_> = crate::rows_from(command.state)
                .filter(drafting)
                .map(|row| format!("{} ({})", row.trigger.as_str(), row.actor))
                .collect();
            let next = if next.is_empty() { "nothing".to_owned() } else { next.join(", ") };
            let reason = format!("{} is not possible in {}; possible now: {next}", step.as_str(), command.state);
            Err(sequence(reason, "Take one of the steps that are possible now."))
        }
    }
}

fn place(home: PartyId, peer: PartyId, command: &Command<'_>) -> Result<Side, Refusal> {
    if home == peer {
        return Err(sequence("a case has two parties, and both are the same here".to_owned(), "Name the other party."));
    }
    side_of(home, peer, command.sender.party()).ok_or_else(|| {
        Refusal::new(
            RefusalCode::R93,
            RULE,
            format!("{} is no authority of {home} or {peer}, whose case this is", command.sender),
            "Only authorities of the two parties of a case act on it.",
        )
        .at("sender")
    })
}

/// What was opened under a procedure that nobody here knows is neither admitted nor replayed as if it were another one.
fn known_procedure(command: &Command<'_>) -> Result<(), Refusal> {
    let version = command.declared.procedure.unwrap_or(PROCEDURE);
    if version == PROCEDURE {
        return Ok(());
    }
    let reason =
        format!("the case runs under version {version} of the procedure; this program knows version {PROCEDURE}");
    let remedy = "Use a program that knows this version: the operators of both parties compare theirs.";
    Err(sequence(reason, remedy).at("declared.procedure"))
}

/// An entry names the one before it, so that it was made later, but for what clocks differ and for as long as officers take to sign.
fn after_the_last(case: &Case, stated: Timestamp) -> Result<(), Refusal> {
    if case.stated <= stated.plus_ms(limits::CLOCK_BEHIND_MS_MAX) {
        return Ok(());
    }
    let reason = format!(
        "the entry says that it was made at {stated}, more than a day before the newest entry of its case ({})",
        case.stated
    );
    Err(sequence(reason, "Set the clock of the desk, and let officers sign the step anew.").at("created"))
}

/// What the step moves, and where each stands. A step that moves no measure stands where the case stands.
fn standings(case: &Case, command: &Command<'_>) -> Result<Vec<(Option<MeasureId>, State)>, Refusal> {
    let field = |reason: String| sequence(reason, "Name the measures of the case that the step moves.").at("concerns");
    if let (true, Some(id)) = (case.measures.is_empty(), command.concerns.first()) {
        return Err(field(format!("the case has no measure {id}")));
    }
    if TRANSITIONS.iter().any(|row| row.trigger == Trigger::Step(command.step) && row.is_of_the_case())
        || case.measures.is_empty()
    {
        return Ok(vec![(None, case.state())]);
    }
    if command.concerns.is_empty() {
        return Err(field(format!("{} names no measure that it concerns", command.step)));
    }
    let mut seen = BTreeSet::new();
    let standing = command.concerns.iter().map(|id| match case.measures.get(id) {
        Some(_) if !seen.insert(*id) => Err(field(format!("{id} is named twice"))),
        Some(measure) => Ok((Some(*id), measure.state)),
        None => Err(field(format!("the case has no measure {id}"))),
    });
    standing.collect()
}

fn row_for(step: Step, state: State, side: Side, measure: Option<&Measure>) -> Option<&'static Row> {
    let fits = |row: &&Row| {
        row.trigger == Trigger::Step(step)
            && row.from.contains(&state)
            && row.sides.contains(&side)
            && measure.is_none_or(|measure| row.returns(measure, side))
    };
    TRANSITIONS.iter().find(fits)
}

/// Two officers are two distinct keys. A signature in a role that the step does not know is refused even where enough others
/// signed: whoever signs, stands for the step.
fn signed(row: &Row, command: &Command<'_>) -> Result<(), Refusal> {
    if !command.declared.widens {
        return stands(row.actor, command);
    }
    // The validator stands beside who answers: see `answer::validated`.
    let answering = command.signers.iter().filter(|(_, role)| !answer::validates(*role));
    stands(row.actor, &Command { signers: &answering.copied().collect::<Vec<_>>(), ..*command })
}

/// The same for any actor.
pub(crate) fn stands(actor: Actor, command: &Command<'_>) -> Result<(), Refusal> {
    let (needed, roles): (u8, &[Role]) = match actor {
        Actor::Officers(needed, roles) => (needed, roles),
        Actor::DeskOr(roles) => (0, roles),
        Actor::Desk | Actor::Gateway => (0, &[]),
    };
    if let Some((_, role)) = command.signers.iter().find(|(_, role)| !roles.contains(role)) {
        let reason = match actor {
            Actor::Officers(..) | Actor::DeskOr(_) => {
                format!("{} needs {actor}; {} signed", command.step, role.as_str())
            }
            Actor::Desk | Actor::Gateway => {
                format!("{} is the {actor}'s own act; {} signed", command.step, role.as_str())
            }
        };
        let remedy = "Let officers sign who hold the role that the step needs.";
        return Err(Refusal::new(RefusalCode::R93, RULE, reason, remedy).at("officers"));
    }
    let distinct: BTreeSet<KeyId> = command.signers.iter().map(|(key, _)| *key).collect();
    if distinct.len() >= usize::from(needed) {
        return Ok(());
    }
    let names: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    let (count, noun) = if needed == 1 { ("one", "officer") } else { ("two different", "officers") };
    let found = if distinct.is_empty() { "none" } else { "one" };
    let reason = format!("{} needs {count} {noun} with role {}; {found} signed", command.step, names.join(" or "));
    Err(sequence(reason, "Let another officer with that role sign the same header.").at("officers"))
}

/// The guard of a row; for a release also the records that this measure gets.
fn guard(
    guard: Guard,
    case: &Case,
    command: &Command<'_>,
    now: Timestamp,
    measure: Option<&Measure>,
) -> Result<Vec<RecordType>, Refusal> {
    match guard {
        Guard::None | Guard::Keeper | Guard::Given => {}
        Guard::AskedIn(_) => measure.map_or(Ok(()), |measure| answer::validated(command, measure))?,
        Guard::Notified => measure.map_or(Ok(()), |measure| answer::notified(case, command, now, measure))?,
        Guard::NotTaken => not_taken(command)?,
        Guard::Giver => until(command, now)?,
        Guard::Complete
        | Guard::Unreported
        | Guard::NothingKept
        | Guard::RemedyOver
        | Guard::Kept
        | Guard::Shredded
        | Guard::Emergency
        | Guard::Prolonged
        | Guard::Preserved
        | Guard::LodgedIn(_)
        | Guard::Others => {
            measure.map_or(Ok(()), |measure| after::held(guard, case, command, now, measure))?;
        }
        Guard::Scope => scope(command).and_then(|()| given::within(command))?,
        Guard::HumanGround => {
            ground(command, RefusalCode::is_human, "one of R01–R20")?;
            measure.map_or(Ok(()), |measure| answer::refusable(case, command, measure))?;
        }
        Guard::BodyGround => contradicted(command)?,
        Guard::Unanswered => {
            let heard = waited(now, command.taken);
            measure.map_or(Ok(()), |measure| answer::unanswered(case, measure, heard))?;
        }
        Guard::Untaken | Guard::UnconfirmedAll | Guard::UnconfirmedPart | Guard::Unfollowed => {
            let heard = waited(now, command.taken);
            measure.map_or(Ok(()), |measure| answer::ignored(guard, case, command, measure, heard))?;
        }
        Guard::GivenBack => {
            ground(command, |code| matches!(code, RefusalCode::R93 | RefusalCode::R16), "R93 or R16")?;
        }
        Guard::WrongAddressee => misdirected(case, command, now, measure)?,
        Guard::Offered => {
            offered(command)?;
            measure.map_or(Ok(()), |measure| answer::grantable(case, command, now, measure))?;
        }
        Guard::AsOffered => measure.map_or(Ok(()), |measure| taken(command, measure))?,
        Guard::Postponed => measure.map_or(Ok(()), |measure| answer::postponable(case, command, now, measure))?,
        Guard::TakenUp => measure.map_or(Ok(()), |measure| answer::taken_up(command, now, measure))?,
        Guard::Outstanding => measure.map_or(Ok(()), |measure| outstanding(case, measure))?,
        Guard::Calls => measure.map_or(Ok(()), |measure| callback::opened(command, measure))?,
        Guard::Answers => measure.map_or(Ok(()), |measure| callback::answered(case, command, measure))?,
        Guard::CalledBack => measure.map_or(Ok(()), |measure| answer::grantable(case, command, now, measure))?,
        Guard::RecordsAsked | Guard::Automatic => {
            if let Some(measure) = measure {
                if guard == Guard::Automatic {
                    after::automatic(measure)?;
                }
                let given = records(command, measure)?;
                answer::releasable(case, command, measure)?;
                return Ok(given);
            }
        }
    }
    Ok(Vec::new())
}

/// The header says until when, and that is in the future.
pub(crate) fn until(command: &Command<'_>, now: Timestamp) -> Result<(), Refusal> {
    if command.declared.until.is_some_and(|until| now < until) {
        return Ok(());
    }
    let reason = format!("{} says until when, and that must be later than the step itself", command.step);
    Err(sequence(reason, "Name the day.").at("declared.until"))
}

fn scope(command: &Command<'_>) -> Result<(), Refusal> {
    let field = |reason: String| sequence(reason, "List each measure of the request once.").at("measures");
    let ids: BTreeSet<_> = command.measures.iter().map(|scope| scope.id).collect();
    if command.measures.is_empty() {
        Err(field("the request asks for nothing".to_owned()))
    } else if command.measures.len() > limits::MEASURES_MAX {
        Err(field(format!("the request lists more than {} measures", limits::MEASURES_MAX)))
    } else if ids.len() != command.measures.len() {
        Err(field("a measure is listed twice".to_owned()))
    } else if !command.terms.is_empty()
        && !command.terms.iter().map(|(id, _)| *id).eq(command.measures.iter().map(|one| one.id))
    {
        Err(field("the rule does not give terms for exactly these measures".to_owned()))
    } else {
        Ok(())
    }
}

fn ground(command: &Command<'_>, fits: impl Fn(RefusalCode) -> bool, expected: &str) -> Result<(), Refusal> {
    match command.ground {
        Some(code) if fits(code) => Ok(()),
        found => {
            let found = found.map_or("none", RefusalCode::as_str);
            let reason = format!("{} needs a ground, {expected}; it names {found}", command.step);
            Err(sequence(reason, "Name the ground.").at("ground"))
        }
    }
}

/// What the opened body showed.
fn contradicted(command: &Command<'_>) -> Result<(), Refusal> {
    use RefusalCode::{R90, R94, R95};
    ground(command, |code| matches!(code, R90 | R94 | R95), "R90, R94 or R95")
}

/// A request is returned because another authority is the right one, or because nobody answered the questions on it.
fn misdirected(case: &Case, command: &Command<'_>, now: Timestamp, measure: Option<&Measure>) -> Result<(), Refusal> {
    let unanswered = command.ground == Some(RefusalCode::R01);
    match measure.filter(|measure| unanswered && measure.state == State::InfoWait) {
        Some(measure) => answer::left_open(case, measure, waited(now, command.taken)),
        None => ground(command, |code| code == RefusalCode::R93, "R93, or R01 for questions without an answer"),
    }
}

/// What is not taken, is not taken for a reason.
fn not_taken(command: &Command<'_>) -> Result<(), Refusal> {
    if command.declared.flaw.is_some() {
        return Ok(());
    }
    let reason = format!("{} does not say what is wrong with the records", command.step);
    let remedy =
        "Say whether the subject or a value is wrong, or the records are stale: their correction begins with it.";
    Err(sequence(reason, remedy).at("declared.flaw"))
}

/// An offer names what it wants.
fn offered(command: &Command<'_>) -> Result<(), Refusal> {
    if !command.conditions.is_empty() {
        return Ok(());
    }
    let reason = format!("{} names no condition", command.step);
    Err(sequence(reason, "Name at least one condition, or accept without any.").at("conditions"))
}

/// Who takes an offer takes it whole, and nothing beside it.
fn taken(command: &Command<'_>, measure: &Measure) -> Result<(), Refusal> {
    let named: BTreeSet<_> = command.conditions.iter().collect();
    if named == measure.offered.iter().collect() {
        return Ok(());
    }
    let offered: Vec<_> = measure.offered.iter().map(|code| code.as_str()).collect();
    let reason = format!("{} was offered under {}; other conditions are named", measure.scope.id, offered.join(", "));
    Err(sequence(reason, "Take the conditions as they are offered, or decline them.").at("conditions"))
}

/// What was said to be all has nothing behind it.
pub(crate) fn outstanding(case: &Case, measure: &Measure) -> Result<(), Refusal> {
    if measure.outstanding {
        return Ok(());
    }
    let by = case.party(Side::Peer);
    let reason = format!("{by} said that all of {} was collected; nothing is outstanding", measure.scope.id);
    let remedy = "Close the case; what is found later is asked for, or offered, in a new one.";
    Err(sequence(reason, remedy).at("concerns"))
}

pub(crate) fn records(command: &Command<'_>, measure: &Measure) -> Result<Vec<RecordType>, Refusal> {
    let asked = |record: &&RecordType| measure.scope.records.contains(record);
    let given: Vec<_> = command.records.iter().filter(asked).cloned().collect();
    if given.is_empty() {
        let reason = format!("nothing that {} asks for is released for it", measure.scope.id);
        return Err(sequence(reason, "Concern only the measures whose records are inside.").at("records"));
    }
    Ok(given)
}

/// A release carries nothing that no concerned measure asked for.
pub(crate) fn only_asked(case: &Case, command: &Command<'_>) -> Result<(), Refusal> {
    if command.step == Step::SealSend {
        return Ok(());
    }
    let asked = |record: &RecordType| {
        let mut concerned = command.concerns.iter().filter_map(|id| case.measures.get(id));
        concerned.any(|measure| measure.scope.records.contains(record))
    };
    match command.records.iter().position(|record| !asked(record)) {
        None => Ok(()),
        Some(index) => {
            let reason = format!("{} was not asked for by the measures concerned", command.records[index]);
            Err(sequence(reason, "Release only records that an accepted measure asks for.")
                .at(format!("records[{index}]")))
        }
    }
}

fn not_now(case: &Case, step: Step, side: Side, measure: Option<MeasureId>, state: State) -> Refusal {
    let who = |row: &Row| {
        let sides: Vec<_> = row.sides.iter().map(|side| case.party(*side).to_string()).collect();
        format!("{} ({} of {})", row.trigger.as_str(), row.actor, sides.join(" or "))
    };
    let entry = |row: &&Row| matches!(row.trigger, Trigger::Step(s) if !s.is_handshake());
    let standing = measure.and_then(|id| case.measures.get(&id));
    let applies = |row: &&Row| standing.is_none_or(|measure| row.sides.iter().any(|side| row.applies(measure, *side)));
    let next: Vec<_> = crate::rows_from(state).filter(entry).filter(applies).map(who).collect();
    let next = if next.is_empty() { "nothing".to_owned() } else { next.join(", ") };
    let subject = measure.map_or_else(|| "the case".to_owned(), |id| id.to_string());
    let by = case.party(side);
    let reason = format!("{step} by {by} is not possible while {subject} is in {state}; possible now: {next}");
    let refusal = sequence(reason, "Take one of the steps that are possible now.");
    if measure.is_some() { refusal.at("concerns") } else { refusal }
}

fn wrong_side(step: Step, side: Side, home: PartyId, peer: PartyId) -> Refusal {
    let (here, there) = match side {
        Side::Home => (home, peer),
        Side::Peer => (peer, home),
    };
    let place = match side {
        Side::Home => "requesting",
        Side::Peer => "requested",
    };
    let reason = format!("{step} is not for {here}, the {place} party; it is for {there}");
    Refusal::new(RefusalCode::R93, RULE, reason, "Leave the step to the other party.").at("sender")
}

pub(crate) fn sequence(reason: String, remedy: &str) -> Refusal {
    Refusal::new(RefusalCode::R94, RULE, reason, remedy)
}
