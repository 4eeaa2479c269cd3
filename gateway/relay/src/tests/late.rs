//! Two gateways and the time at which each had an entry.

use model::{Fault, Refusal, RefusalCode, Role, Step, Timestamp};
use workflow::State;

use super::world::{Draft, Fate, Gateway, HOUR_MS, NOW, both_after, entry_id, key, party, relay};
use crate::Answer;

const DAY_MS: i64 = 24 * HOUR_MS;
const REVIEW: &[Step] = &[Step::OpenGroup, Step::SealSend, Step::Acknowledge, Step::OpenReview];

fn day(number: i64) -> Timestamp {
    NOW.plus_ms(number * DAY_MS)
}

/// The step, stated on one day and living as long as an entry may.
fn stated(number: u32, step: Step, at: Timestamp, gateway: &Gateway) -> Draft {
    let mut draft = Draft::proper(number, step, &[1, 2], gateway.head());
    (draft.header.created, draft.header.expires) = (at, at.plus_ms(30 * DAY_MS));
    draft
}

/// The decider of the requested party says alone that the consultation was held.
fn held_alone(number: u32, at: Timestamp, gateway: &Gateway) -> Draft {
    let mut draft = stated(number, Step::ConsultDone, at, gateway).by_peer();
    draft.signers = vec![(key(4), Role::Decider)];
    draft
}

fn refusal(answer: Option<Result<Timestamp, model::Denial>>) -> Refusal {
    match answer.unwrap().unwrap_err() {
        model::Denial::Refused(refusal) => *refusal,
        failed @ model::Denial::Failed { .. } => unreachable!("{failed}"),
    }
}

#[test]
fn a_silence_that_was_made_by_back_dating_is_refused_by_the_gateway_of_who_was_not_heard() {
    let (mut home, mut peer) = both_after(REVIEW);
    // The peer's whole house lies: its officers date back, and its gateway lets it pass.
    let consult = stated(10, Step::Consult, day(1), &peer);
    peer.submit(&consult, day(1)).unwrap();
    let today = day(20);
    relay(&mut peer, &mut home, Fate::Arrives, today);
    assert_eq!(home.file.as_ref().unwrap().admitted.as_ref().unwrap().state(), State::Consult);
    let claim = held_alone(11, today, &home);
    let refused = refusal(home.receive(&claim, party("FR"), today));
    assert_eq!((refused.code, refused.field.as_deref()), (RefusalCode::R94, Some("concerns")));
    // What an honest gateway of the peer says, too: it knows when the other one took the consultation.
    assert!(peer.submit(&held_alone(12, today, &peer), today).is_err());
    let claim = held_alone(13, day(30), &peer);
    peer.submit(&claim, day(30)).unwrap();
    relay(&mut peer, &mut home, Fate::Arrives, day(30));
    let [home, peer] = [home, peer].map(|gateway| gateway.file.unwrap().admitted.unwrap());
    assert_eq!((home.state(), &home), (State::Review, &peer));
}

#[test]
fn an_entry_dated_back_behind_the_case_is_refused_by_both_gateways() {
    let (mut home, mut peer) = both_after(REVIEW);
    let status = stated(10, Step::TellStatus, day(9), &peer);
    peer.submit(&status, day(9)).unwrap();
    relay(&mut peer, &mut home, Fate::Arrives, day(9));
    let back = stated(11, Step::Consult, day(1), &home);
    let refused = refusal(home.receive(&back, party("FR"), day(9)));
    assert_eq!((refused.code, refused.field.as_deref()), (RefusalCode::R94, Some("created")));
}

#[test]
fn an_honest_entry_that_was_on_its_way_for_29_days_is_admitted_and_both_hold_the_same_case() {
    let (mut home, mut peer) = both_after(REVIEW);
    let consult = stated(10, Step::Consult, NOW, &peer);
    peer.submit(&consult, NOW).unwrap();
    relay(&mut peer, &mut home, Fate::AnswerLost, day(29));
    // The answer is asked for again, and says when it was first taken.
    relay(&mut peer, &mut home, Fate::Arrives, day(31));
    let withdraw = stated(11, Step::Withdraw, day(31), &home);
    home.submit(&withdraw, day(31)).unwrap();
    relay(&mut home, &mut peer, Fate::Arrives, day(32));
    let [home, peer] = [home, peer].map(|gateway| gateway.file.unwrap().admitted.unwrap());
    assert_eq!(home, peer);
    assert_eq!((home.state(), home.stated, home.moved), (State::Withdrawn, day(31), day(32)));
}

#[test]
fn an_answer_from_the_day_after_tomorrow_is_no_answer() {
    let mut home = Gateway::of("JP");
    home.submit(&Draft::proper(0, Step::OpenGroup, &[], home.head()), NOW).unwrap();
    let ahead = |hours: i64| Answer::Accepted(NOW.plus_ms(hours * HOUR_MS));
    let denial = home.conclude(entry_id(0), &ahead(25), NOW).unwrap_err();
    assert!(matches!(denial, model::Denial::Failed { fault: Fault::PeerUnreachable, .. }));
    assert!(home.conclude(entry_id(0), &ahead(2), NOW).unwrap().is_some(), "clocks differ");
}

#[test]
fn a_gateway_that_claims_a_wrong_clock_ends_no_silence_sooner() {
    for ahead in [-6, -3, 0, 3, 6] {
        let claims = |day_now: Timestamp| day_now.plus_ms(ahead * HOUR_MS);
        let (mut home, mut peer) = both_after(REVIEW);
        let consult = stated(10, Step::Consult, claims(day(1)), &peer);
        peer.submit(&consult, claims(day(1))).unwrap();
        // Until the home's clock has come to what the peer says: nothing is taken from the future.
        let taken = day(1).plus_ms(ahead.max(0) * HOUR_MS);
        relay(&mut peer, &mut home, Fate::Arrives, taken);
        let over = taken.plus_ms(10 * DAY_MS);
        // Whatever its house states and admits: the home looks at its own clock, and at when it took the consultation itself.
        for (number, early_ms, back_ms) in
            [(11, 2 * HOUR_MS, 6 * HOUR_MS), (12, 2 * HOUR_MS, 0), (13, 1, 6 * HOUR_MS), (14, 1, 0)]
        {
            let now = over.plus_ms(-early_ms);
            let claim = held_alone(number, now.plus_ms(-back_ms), &home);
            let refused = refusal(home.receive(&claim, party("FR"), now));
            assert_eq!(refused.field.as_deref(), Some("concerns"), "{ahead} h ahead");
        }
        let held = held_alone(15, over, &home);
        assert!(home.receive(&held, party("FR"), over).unwrap().is_ok(), "{ahead} h ahead: no later, either");
    }
}
