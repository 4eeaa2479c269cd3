//! The matters of a case: each row can be walked, and nobody alone grants, replaces or destroys.

use std::collections::BTreeSet;

use model::{EntryId, Flaw, MatterId, MeasureId, RefusalCode, Role, Step};

use super::{ENTRY, NOW, Order, case_in, hearable, key, take};
use crate::{
    Actor, By, Case, Change, MATTERS, MatterGuard, MatterKind, MatterRow, MatterState, Side, State, apply, matter_rows,
    opens_matter,
};

/// The step on the first matter, by who may do it in the row.
fn order(row: &MatterRow, side: Side) -> Order {
    let sender = if side == Side::Home { "JP:central" } else { "FR:central" };
    let mut order = Order::proper(row.step, &[1]).by(sender);
    if let Actor::Officers(count, roles) = row.actor {
        order.signers = (0..count).map(|officer| (key(officer), roles[0])).collect();
    }
    order
}

pub(super) fn start(kind: MatterKind) -> Case {
    if kind == MatterKind::Hearing { hearable(case_in(State::Executing, &[1])) } else { case_in(State::InUse, &[1]) }
}

/// A case for every standing that a kind of matter can come to.
fn explored(kind: MatterKind, flaw: Flaw) -> Vec<Case> {
    let mut seen: BTreeSet<(MatterState, bool, Side)> = BTreeSet::new();
    let mut found = Vec::new();
    let mut next = vec![start(kind)];
    while let Some(case) = next.pop() {
        let matter = case.matters.get(&MatterId(1));
        let here = |row: &&MatterRow| matter.map_or(row.from.is_empty(), |matter| row.from.contains(&matter.state));
        for row in matter_rows(kind).filter(here) {
            for side in [Side::Home, Side::Peer] {
                let mut order = order(row, side);
                order.declared.flaw = (row.step == Step::Triage).then_some(flaw);
                let Ok(event) = order.decide(Some(&case)) else { continue };
                let after = apply(Some(case.clone()), &event);
                let matter = &after.matters[&MatterId(1)];
                if seen.insert((matter.state, matter.signed.is_empty(), matter.opener)) {
                    found.push(after.clone());
                    next.push(after);
                }
            }
        }
    }
    found
}

fn standing(case: &Case) -> MatterState {
    case.matters[&MatterId(1)].state
}

#[test]
fn every_standing_of_every_kind_is_reached() {
    for kind in MatterKind::ALL {
        let reached: BTreeSet<_> =
            Flaw::ALL.into_iter().flat_map(|flaw| explored(kind, flaw)).map(|case| standing(&case)).collect();
        let named: BTreeSet<_> = matter_rows(kind).map(|row| row.to).collect();
        assert_eq!(reached, named, "{kind}");
    }
}

/// Whether a matter comes to that by four eyes. Minutes that were drawn up by two are signed by each side for itself.
fn needs_two(step: Step, to: MatterState) -> bool {
    use MatterState::{Granted, MinutesDraft, Recalled, Reissued, Shredded, Transmitted};
    step != Step::SignMinutes && matches!(to, Granted | Recalled | Reissued | Shredded | MinutesDraft | Transmitted)
}

#[test]
fn consents_recalls_replacements_certificates_and_minutes_have_two_signers() {
    for row in MATTERS {
        assert_eq!(needs_two(row.step, row.to), matches!(row.actor, Actor::Officers(2, _)), "{row}");
    }
}

#[test]
fn no_officer_alone_grants_recalls_replaces_or_certifies_whatever_the_roles() {
    let mut decided = 0;
    for kind in MatterKind::ALL {
        let cases = explored(kind, Flaw::WrongSubject).into_iter().chain(explored(kind, Flaw::Stale));
        for case in cases {
            for row in matter_rows(kind).filter(|row| !opens_matter(row.step)) {
                for (side, a, b) in alone() {
                    let mut order = order(row, side);
                    order.signers = vec![(key(9), a), (key(9), b)];
                    let Ok(event) = order.decide(Some(&case)) else { continue };
                    decided += 1;
                    let to = standing(&apply(Some(case.clone()), &event));
                    assert!(!needs_two(row.step, to), "{} to {to}", row.step);
                }
            }
        }
    }
    assert!(decided > 0, "the officer can do what needs one signature");
}

/// One officer of either side, in any two roles.
fn alone() -> impl Iterator<Item = (Side, Role, Role)> {
    let roles = Role::ALL.into_iter().flat_map(|a| Role::ALL.into_iter().map(move |b| (a, b)));
    roles.flat_map(|(a, b)| [(Side::Home, a, b), (Side::Peer, a, b)])
}

#[test]
fn a_matter_moves_no_measure() {
    for kind in MatterKind::ALL {
        let before = start(kind);
        for case in explored(kind, Flaw::WrongSubject) {
            assert_eq!(case.state(), before.state());
            assert_eq!(case.measures[&MeasureId(1)].released, before.measures[&MeasureId(1)].released);
        }
    }
}

#[test]
fn a_consent_is_the_givers_to_give_and_holds_until_its_end() {
    let case = start(MatterKind::Use);
    let ask = Order::proper(Step::RequestUse, &[1]);
    assert_eq!(ask.clone().by("FR:central").decide(Some(&case)).unwrap_err().code, RefusalCode::R93);
    let case = apply(Some(case.clone()), &ask.decide(Some(&case)).unwrap());
    let mut grant = Order::proper(Step::GrantConsent, &[1]).by("FR:central");
    let by_home = grant.clone().by("JP:central").decide(Some(&case)).unwrap_err();
    assert!(by_home.reason.contains("possible now: grant_consent"), "{by_home}");
    grant.declared.until = Some(NOW);
    assert_eq!(grant.decide(Some(&case)).unwrap_err().field.as_deref(), Some("declared.until"));
    grant.declared.until = Some(NOW.plus_ms(1000));
    let case = apply(Some(case.clone()), &grant.decide(Some(&case)).unwrap());
    let matter = &case.matters[&MatterId(1)];
    assert_eq!(matter.purpose.as_deref(), Some("civil_damages"));
    assert!(matter.grants(NOW) && !matter.grants(NOW.plus_ms(1000)));
}

#[test]
fn a_recall_is_for_a_wrong_subject_and_stays_when_the_matter_is_closed() {
    let wrong = |case: &Case, entry| case.is_recalled(EntryId::new([entry; 16]), MeasureId(1));
    assert!(explored(MatterKind::Correction, Flaw::WrongValue).iter().all(|case| !wrong(case, 1)));
    let shredded = explored(MatterKind::Correction, Flaw::WrongSubject);
    let shredded = shredded.into_iter().find(|case| standing(case) == MatterState::Shredded).unwrap();
    let closed = Order::proper(Step::CloseMatter, &[1]).by("JP:central").decide(Some(&shredded)).unwrap();
    let closed = apply(Some(shredded), &closed);
    assert_eq!(standing(&closed), MatterState::Closed);
    assert!(wrong(&closed, 1) && !wrong(&closed, 2), "and no other entry's records");
}

#[test]
fn minutes_are_signed_by_both_sides_and_not_twice_by_one() {
    let drafted = explored(MatterKind::Hearing, Flaw::Stale);
    let once =
        |case: &&Case| standing(case) == MatterState::MinutesDraft && !case.matters[&MatterId(1)].signed.is_empty();
    let once = drafted.iter().find(once).unwrap();
    let signer = *once.matters[&MatterId(1)].signed.first().unwrap();
    let row = MATTERS.iter().find(|row| row.guard == MatterGuard::Second).unwrap();
    let other = if signer == Side::Home { Side::Peer } else { Side::Home };
    let refusal = order(row, signer).decide(Some(once)).unwrap_err();
    let may = once.party(other);
    assert!(refusal.reason.contains(&format!("sign_minutes (central or executing or judge of {may})")), "{refusal}");
    assert_eq!(refusal.reason.matches("sign_minutes (").count(), 1, "{refusal}");
    let signed = order(row, other).decide(Some(once)).unwrap();
    assert!(matches!(signed.change, Change::Matter { matter, .. } if matter.state == MatterState::Signed));
}

#[test]
fn a_hearing_is_held_while_what_was_accepted_is_under_way_though_a_part_has_arrived() {
    for state in [State::Accepted, State::Executing, State::Partial, State::Ready, State::Produced, State::Received] {
        let case = hearable(case_in(state, &[1]));
        assert!(case.matter_openings(Side::Home).iter().any(|row| row.step == Step::ProposeHearing), "{state}");
        Order::proper(Step::ProposeHearing, &[1]).decide(Some(&case)).unwrap();
    }
    for state in [State::Review, State::Executed, State::Refused] {
        let case = hearable(case_in(state, &[1]));
        assert!(case.matter_openings(Side::Home).iter().all(|row| row.step != Step::ProposeHearing), "{state}");
        Order::proper(Step::ProposeHearing, &[1]).decide(Some(&case)).unwrap_err();
    }
}

#[test]
fn matters_are_numbered_in_their_order_and_need_something_to_be_about() {
    let case = start(MatterKind::Use);
    let mut ask = Order::proper(Step::RequestUse, &[1]);
    ask.declared.matter = Some(MatterId(2));
    assert_eq!(ask.decide(Some(&case)).unwrap_err().field.as_deref(), Some("declared.matter"));
    ask.declared.matter = None;
    assert!(ask.decide(Some(&case)).is_err());
    let early = hearable(case_in(State::Review, &[1]));
    let refusal = Order::proper(Step::RequestUse, &[1]).decide(Some(&early)).unwrap_err();
    assert_eq!(refusal.reason, "nothing was released for M1");
    let hearing = Order::proper(Step::ProposeHearing, &[1]).decide(Some(&early)).unwrap_err();
    assert!(hearing.reason.contains("a hearing is held for what was accepted"), "{hearing}");
    let nothing = Order::proper(Step::Triage, &[1]).by("FR:central").decide(Some(&case)).unwrap_err();
    assert_eq!(nothing.reason, "the case has no matter X1");
}

#[test]
fn what_the_other_side_may_do_is_the_other_sides() {
    assert_eq!(By::Giver.sides(Side::Peer, Side::Peer), [Side::Home]);
    assert_eq!(By::Keeper.sides(Side::Peer, Side::Home), [Side::Peer]);
}

#[test]
fn what_is_told_to_be_possible_is_what_is_decided_and_only_who_must_act_is_waited_for() {
    for (kind, flaw) in MatterKind::ALL.into_iter().flat_map(|kind| Flaw::ALL.map(|flaw| (kind, flaw))) {
        for case in explored(kind, flaw) {
            for side in [Side::Home, Side::Peer] {
                let told: BTreeSet<_> =
                    case.matter_steps(side, NOW).into_iter().map(|(_, row)| row.step.as_str()).collect();
                let state = standing(&case);
                let decided = |row: &&MatterRow| {
                    let mut order = order(row, side);
                    order.declared.flaw = (row.step == Step::Triage).then_some(flaw);
                    row.from.contains(&state) && order.decide(Some(&case)).is_ok()
                };
                let decided: BTreeSet<_> = matter_rows(kind).filter(decided).map(|row| row.step.as_str()).collect();
                assert_eq!(told, decided, "{kind} in {state} for {side:?}");
                assert!(case.matters_waiting(side).is_empty() || !told.is_empty(), "{kind} in {state}");
            }
            let over = matches!(standing(&case), MatterState::Closed | MatterState::Granted | MatterState::Notified);
            let waits = [Side::Home, Side::Peer].into_iter().any(|side| !case.matters_waiting(side).is_empty());
            let rests = over || standing(&case) == MatterState::Deferred;
            assert_eq!(waits, !rests, "{kind} in {}", standing(&case));
        }
    }
}

#[test]
fn records_are_in_doubt_where_they_lie_from_the_report_of_an_error_until_it_is_settled() {
    for case in explored(MatterKind::Correction, Flaw::WrongSubject) {
        let unsettled = matches!(standing(&case), MatterState::Reported | MatterState::Triaged);
        let keeper = case.keeper_of(&case.matters[&MatterId(1)]);
        for side in [Side::Home, Side::Peer] {
            let doubted = !case.matters_in_doubt(side).is_empty();
            assert_eq!(doubted, unsettled && side == keeper, "{side:?} in {}", standing(&case));
        }
    }
    for case in explored(MatterKind::Use, Flaw::Stale) {
        assert!([Side::Home, Side::Peer].iter().all(|side| case.matters_in_doubt(*side).is_empty()));
    }
}

#[test]
fn who_is_told_of_an_incident_hears_of_it_until_something_is_done() {
    for case in explored(MatterKind::Breach, Flaw::Stale) {
        let open = matches!(standing(&case), MatterState::PeerNotified | MatterState::Confirmed);
        let opener = case.matters[&MatterId(1)].opener;
        for side in [Side::Home, Side::Peer] {
            let hears = !case.matters_in_doubt(side).is_empty();
            assert_eq!(hears, open && side != opener, "{side:?} in {}", standing(&case));
        }
    }
}

/// Whatever a side can do alone from here, each step at a moment when it has waited for long.
fn ends_alone(case: &Case, side: Side, flaw: Flaw) -> bool {
    let mut seen = BTreeSet::new();
    let mut next = vec![case.clone()];
    let mut at = NOW;
    while let Some(case) = next.pop() {
        at = at.plus_ms(crate::MATTER_SILENCE_DAYS * 24 * 3600 * 1000);
        for (_, row) in case.matter_steps(side, at) {
            let mut order = order(row, side);
            order.declared.flaw = (row.step == Step::Triage).then_some(flaw);
            let after = apply(Some(case.clone()), &order.decide_at(Some(&case), at).unwrap());
            if seen.insert(standing(&after)) {
                next.push(after);
            }
        }
    }
    seen.contains(&MatterState::Closed)
}

#[test]
fn either_side_alone_ends_every_matter_after_long_silence_but_what_was_recalled_and_is_not_destroyed() {
    for (kind, flaw) in MatterKind::ALL.into_iter().flat_map(|kind| Flaw::ALL.map(|flaw| (kind, flaw))) {
        for case in explored(kind, flaw).into_iter().filter(|case| standing(case) != MatterState::Closed) {
            for side in [Side::Home, Side::Peer] {
                let waits =
                    standing(&case) == MatterState::Recalled && case.keeper_of(&case.matters[&MatterId(1)]) != side;
                assert_eq!(ends_alone(&case, side, flaw), !waits, "{kind} in {} for {side:?}", standing(&case));
            }
        }
    }
}

#[test]
fn what_nobody_moves_is_closed_by_the_other_side_after_its_time_and_not_before() {
    let notified = explored(MatterKind::Breach, Flaw::Stale);
    let notified = notified.iter().find(|case| standing(case) == MatterState::PeerNotified).unwrap();
    let other = if notified.matters[&MatterId(1)].opener == Side::Home { "FR:central" } else { "JP:central" };
    let close = Order::proper(Step::CloseMatter, &[1]).by(other).signed(&[(1, Role::Central)]);
    let day = 24 * 3600 * 1000;
    let early = close.decide_at(Some(notified), NOW.plus_ms(crate::MATTER_SILENCE_DAYS * day - 1)).unwrap_err();
    assert!(early.reason.contains("nobody has moved it for 30 days"), "{early}");
    assert!(close.decide_at(Some(notified), NOW.plus_ms(crate::MATTER_SILENCE_DAYS * day)).is_ok());
    assert!(MatterGuard::Silence.to_string().contains(&crate::MATTER_SILENCE_DAYS.to_string()));
}

#[test]
fn minutes_that_were_wrong_are_drafted_again_and_signed_anew() {
    let drafted = explored(MatterKind::Hearing, Flaw::Stale);
    let signed =
        |case: &&Case| standing(case) == MatterState::MinutesDraft && !case.matters[&MatterId(1)].signed.is_empty();
    let once = drafted.iter().find(signed).unwrap();
    let again = Order::proper(Step::DraftMinutes, &[1]).by("FR:central");
    let one = again.clone().signed(&[(1, Role::Executing)]).decide(Some(once)).unwrap_err();
    assert!(one.reason.contains("two different officers"), "{one}");
    let again = again.signed(&[(1, Role::Executing), (2, Role::Judge)]);
    let again = apply(Some(once.clone()), &again.decide(Some(once)).unwrap());
    assert_eq!(standing(&again), MatterState::MinutesDraft);
    assert!(again.matters[&MatterId(1)].signed.is_empty(), "who signed, signed other minutes");
}

#[test]
fn an_error_that_is_none_is_closed_by_who_gave_the_records_but_not_one_about_somebody_else() {
    let close = Order::proper(Step::CloseMatter, &[1]).by("FR:central");
    let found = explored(MatterKind::Correction, Flaw::WrongSubject);
    let found = found.iter().find(|case| standing(case) == MatterState::Triaged).unwrap();
    assert!(close.decide(Some(found)).unwrap_err().reason.contains("nobody has moved it"));
    for state in [MatterState::Reported, MatterState::Triaged] {
        let all = explored(MatterKind::Correction, Flaw::Stale);
        let case = all.iter().find(|case| standing(case) == state).unwrap();
        let close = Order::proper(Step::CloseMatter, &[1]).by("FR:central");
        let closed = apply(Some(case.clone()), &close.decide(Some(case)).unwrap());
        assert_eq!(standing(&closed), MatterState::Closed);
        assert!(!closed.is_recalled(ENTRY, MeasureId(1)));
    }
}

#[test]
fn neither_side_uses_up_the_matters_of_the_other() {
    let mut case = start(MatterKind::Breach);
    let open = |case: &Case, sender: &str| {
        let mut order = Order::proper(Step::NotifyBreach, &[1]).by(sender);
        order.declared.matter = u32::try_from(case.matters.len() + 1).ok().map(MatterId);
        order.decide(Some(case))
    };
    for _ in 0..model::limits::MATTERS_OF_SIDE_MAX {
        case = apply(Some(case.clone()), &open(&case, "FR:central").unwrap());
    }
    assert!(open(&case, "FR:central").unwrap_err().reason.contains("FR has them"));
    assert!(open(&case, "JP:central").is_ok());
}

#[test]
fn a_matter_is_about_an_entry_that_brought_records_for_its_measures() {
    let case = start(MatterKind::Use);
    for (kind, step) in [
        (MatterKind::Use, Step::RequestUse),
        (MatterKind::Onward, Step::RequestOnward),
        (MatterKind::Breach, Step::NotifyBreach),
        (MatterKind::Correction, Step::ReportError),
    ] {
        let mut order = Order::proper(step, &[1]);
        order.declared.about = Some(ENTRY);
        assert!(order.decide(Some(&case)).is_ok(), "{kind}");
        order.declared.about = Some(EntryId::new([2; 16]));
        assert_eq!(order.decide(Some(&case)).unwrap_err().field.as_deref(), Some("declared.about"), "{kind}");
    }
    let mut hearing = Order::proper(Step::ProposeHearing, &[1]);
    hearing.declared.about = Some(ENTRY);
    let refusal = hearing.decide(Some(&start(MatterKind::Hearing))).unwrap_err();
    assert_eq!(refusal.field.as_deref(), Some("declared.about"));
}

/// The case with one more release, by another entry.
fn released_again(case: Case, entry: EntryId) -> Case {
    let partial = take(Some(case), Step::MoreToCome, &[1]);
    let ready = take(Some(partial), Step::Collected, &[1]);
    let mut event = Order::proper(Step::Release, &[1]).decide(Some(&ready)).unwrap();
    event.entry = Some(entry);
    apply(Some(ready), &event)
}

#[test]
fn a_recall_takes_back_what_was_released_before_it_and_nothing_later() {
    let (second, third) = (EntryId::new([2; 16]), EntryId::new([3; 16]));
    let case = take(Some(case_in(State::Executing, &[1])), Step::PartCollected, &[1]);
    let case = take(Some(take(Some(case), Step::Release, &[1])), Step::Confirm, &[1]);
    let notify = Order::proper(Step::NotifyBreach, &[1]).by("FR:central").decide(Some(&case)).unwrap();
    let case = apply(Some(case), &notify);
    let case = take(Some(take(Some(case), Step::MoreToCome, &[1])), Step::PartCollected, &[1]);
    let mut event = Order::proper(Step::Release, &[1]).decide(Some(&case)).unwrap();
    event.entry = Some(second);
    let case = take(Some(apply(Some(case), &event)), Step::Confirm, &[1]);
    let recall = Order::proper(Step::Recall, &[1]).by("FR:central");
    let one = recall.clone().signed(&[(1, Role::Central)]).decide(Some(&case)).unwrap_err();
    assert!(one.reason.contains("two different officers"), "{one}");
    let recall = recall.signed(&[(1, Role::Central), (2, Role::Central)]).decide(Some(&case)).unwrap();
    let case = released_again(apply(Some(case), &recall), third);
    let recalled = |entry| case.is_recalled(entry, MeasureId(1));
    assert!(recalled(ENTRY) && recalled(second), "what there was by then");
    assert!(!recalled(third), "and not what came later");
}

#[test]
fn a_case_of_which_all_was_recalled_and_shredded_is_closed_by_who_kept_it_until_something_is_given_anew() {
    let at = |wanted: MatterState| {
        let all = explored(MatterKind::Correction, Flaw::WrongSubject);
        let mut case = all.into_iter().find(|case| standing(case) == wanted).unwrap();
        case.measures.get_mut(&MeasureId(1)).unwrap().state = State::InUse;
        case
    };
    let close = |case: &Case, party: &str| Order::proper(Step::Close, &[1]).by(party).decide(Some(case));
    let recalled = close(&at(MatterState::Recalled), "JP:central").unwrap_err();
    assert!(recalled.reason.contains("destroyed or returned before the case is closed"), "{recalled}");
    let shredded = at(MatterState::Shredded);
    let giver = close(&shredded, "FR:central").unwrap_err();
    assert!(giver.reason.contains("was with JP, and was destroyed there"), "{giver}");
    let closed = apply(Some(shredded.clone()), &close(&shredded, "JP:central").unwrap());
    assert_eq!(closed.state(), State::Closed);
    let mut anew = shredded;
    anew.measures.get_mut(&MeasureId(1)).unwrap().entries.insert(EntryId::new([9; 16]));
    assert!(close(&anew, "JP:central").is_err(), "what was given in its place is there");
}

#[test]
fn what_a_side_may_open_is_what_is_taken_and_of_what_is_gone_nobody_asks_for_another_use() {
    let opens = |case: &Case, side| case.matter_openings(side).iter().map(|row| row.step).collect::<Vec<_>>();
    for state in [State::InUse, State::Disposed, State::Closed] {
        let mut case = case_in(State::InUse, &[1]);
        case.measures.get_mut(&MeasureId(1)).unwrap().state = state;
        for (side, sender) in [(Side::Home, "JP:central"), (Side::Peer, "FR:central")] {
            for step in opens(&case, side) {
                let order = Order::proper(step, &[1]).by(sender);
                assert!(!case.asks_for_what_is_gone(step, &[MeasureId(1)]), "{step} in {state}");
                let refused =
                    order.decide(Some(&case)).err().filter(|refusal| refusal.field.as_deref() == Some("concerns"));
                assert_eq!(refused, None, "{step} in {state}");
            }
        }
        let uses = opens(&case, Side::Home).contains(&Step::RequestUse);
        assert_eq!(uses, state == State::InUse, "{state}");
        assert!(opens(&case, Side::Home).contains(&Step::NotifyBreach), "a leak is found later, too");
    }
}
