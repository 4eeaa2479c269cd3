//! What follows from the other gateway's answer.

use model::{Denial, Fault, Refusal, RefusalCode, Step, Verdict};
use workflow::State;

use super::world::{Draft, Fate, Gateway, HOUR_MS, NOW, both_after, entry_id, relay};
use crate::Answer;

fn refused(code: RefusalCode) -> Answer {
    Answer::Rejected(Refusal::new(code, "test", "no", "none").into())
}

fn shown(gateway: &Gateway) -> State {
    gateway.file.as_ref().unwrap().shown().unwrap().state()
}

#[test]
fn a_request_is_shown_sent_until_it_is_delivered() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    let send = Draft::proper(1, Step::SealSend, &[1], home.head());
    home.submit(&send, NOW).unwrap();
    assert_eq!(shown(&home), State::Sent);
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    assert_eq!((shown(&home), shown(&peer)), (State::Delivered, State::Delivered));
}

#[test]
fn a_request_that_the_peer_rejects_is_shown_blocked_and_can_be_sent_anew() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    let send = Draft::proper(1, Step::SealSend, &[1], home.head());
    home.submit(&send, NOW).unwrap();
    let conclusion = home.conclude(entry_id(1), &refused(RefusalCode::R90), NOW).unwrap().unwrap();
    assert_eq!((conclusion.verdict, conclusion.seq), (Verdict::Rejected, None));
    let case = home.file.as_ref().unwrap().shown().unwrap();
    assert_eq!((case.state(), case.measures[&model::MeasureId(1)].ground), (State::Blocked, Some(RefusalCode::R90)));
    let again = Draft::proper(2, Step::SealSend, &[1], home.head());
    home.submit(&again, NOW).unwrap();
    assert_eq!(shown(&home), State::Sent);
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    assert_eq!(shown(&home), State::Delivered);
}

#[test]
fn what_is_chained_behind_a_rejected_entry_is_out_with_it() {
    let mut home = Gateway::of("JP");
    for (number, step) in [(0, Step::OpenGroup), (1, Step::SealSend), (2, Step::Withdraw)] {
        let draft = Draft::proper(number, step, &[1], home.head());
        home.submit(&draft, NOW).unwrap();
    }
    let conclusion = home.conclude(entry_id(0), &refused(RefusalCode::R92), NOW).unwrap().unwrap();
    assert_eq!(conclusion.fallen, vec![entry_id(1), entry_id(2)]);
    let file = home.file.as_ref().unwrap();
    assert!(file.pending.is_empty() && file.admitted.is_none());
    let open = Draft::proper(3, Step::OpenGroup, &[], home.head());
    assert!(home.submit(&open, NOW).unwrap().is_some(), "the case can be opened anew");
}

#[test]
fn silence_lapses_but_the_peers_word_decides() {
    let later = NOW.plus_ms(25 * HOUR_MS);
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    let send = Draft::proper(1, Step::SealSend, &[1], home.head());
    home.submit(&send, NOW).unwrap();
    relay(&mut home, &mut peer, Fate::AnswerLost, NOW);
    let early = home.conclude(entry_id(1), &Answer::Lapsed, NOW).unwrap_err();
    assert_eq!(early.reason(), "INTERNAL");
    let conclusion = home.conclude(entry_id(1), &Answer::Lapsed, later).unwrap().unwrap();
    assert!(conclusion.keep_asking);
    assert_eq!((conclusion.verdict, shown(&home)), (Verdict::Lapsed, State::Lapsed));
    let mut withdraw = Draft::proper(2, Step::Withdraw, &[1], home.head());
    (withdraw.header.created, withdraw.header.expires) = (later, later.plus_ms(HOUR_MS));
    assert_eq!(home.submit(&withdraw, later).unwrap_err().reason(), "PEER_UNREACHABLE");
    relay(&mut home, &mut peer, Fate::Arrives, later);
    assert_eq!((shown(&home), shown(&peer)), (State::Delivered, State::Delivered));
}

#[test]
fn a_request_that_came_too_late_lapses_for_good() {
    let later = NOW.plus_ms(25 * HOUR_MS);
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    let send = Draft::proper(1, Step::SealSend, &[1], home.head());
    home.submit(&send, NOW).unwrap();
    relay(&mut home, &mut peer, Fate::RequestLost, NOW);
    relay(&mut home, &mut peer, Fate::Arrives, later);
    assert!(home.pending().is_empty());
    assert_eq!(shown(&home), State::Lapsed);
    let mut close = Draft::proper(2, Step::Close, &[], home.head());
    (close.header.created, close.header.expires) = (later, later.plus_ms(HOUR_MS));
    home.submit(&close, later).unwrap();
    relay(&mut home, &mut peer, Fate::Arrives, later);
    assert_eq!((shown(&home), shown(&peer)), (State::Closed, State::Closed));
}

#[test]
fn an_answer_that_came_before_changes_nothing() {
    let (mut home, _) = both_after(&[Step::OpenGroup]);
    assert_eq!(home.conclude(entry_id(0), &refused(RefusalCode::R92), NOW).unwrap(), None);
    assert_eq!(home.conclude(entry_id(9), &Answer::Accepted(NOW), NOW).unwrap(), None);
}

#[test]
fn a_gateway_that_admits_what_hangs_in_the_air_contradicts_itself() {
    let mut home = Gateway::of("JP");
    for (number, step) in [(0, Step::OpenGroup), (1, Step::SealSend)] {
        let draft = Draft::proper(number, step, &[1], home.head());
        home.submit(&draft, NOW).unwrap();
    }
    let denial = home.conclude(entry_id(1), &Answer::Accepted(NOW), NOW).unwrap_err();
    assert!(matches!(denial, Denial::Failed { fault: Fault::PeerUnreachable, .. }));
}
