//! What follows from an entry that is admitted, and when its turn comes.

use model::{ReceiptKind, Step, Verdict};
use workflow::State;

use super::world::{Draft, Fate, Gateway, NOW, both_after, desk, entry_id, party, relay};
use crate::{Origin, Plan};

#[test]
fn an_own_entry_is_pending_and_goes_on_and_the_peer_delivers_it() {
    let (mut home, mut peer) = (Gateway::of("JP"), Gateway::of("FR"));
    let open = Draft::proper(0, Step::OpenGroup, &[], home.head());
    let admission = home.submit(&open, NOW).unwrap().unwrap();
    assert_eq!((admission.verdict, admission.receipt), (Verdict::Pending, ReceiptKind::SubmissionAcceptance));
    assert_eq!((admission.seq, admission.leaf, admission.relay_to), (None, true, Some(party("FR"))));
    assert!(admission.deliver_to.is_empty());
    let Ok(Plan::Execute(taken)) = peer.ask(&open, Origin::PeerGateway(party("JP")), NOW, |_| {}) else {
        unreachable!("the peer takes it")
    };
    assert_eq!((taken.verdict, taken.receipt), (Verdict::Admitted, ReceiptKind::RelayAcceptance));
    assert_eq!((taken.seq, taken.leaf, taken.relay_to), (Some(0), false, None));
    assert_eq!((admission.delivered, taken.delivered), (false, true));
    assert_eq!(taken.deliver_to, vec![desk("FR:central")]);
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    assert_eq!(home.file.unwrap().members, vec![desk("FR:central"), desk("JP:central")]);
}

#[test]
fn a_case_goes_from_open_group_to_closed_over_two_gateways() {
    let steps = [
        Step::OpenGroup,
        Step::SealSend,
        Step::Acknowledge,
        Step::OpenReview,
        Step::Recognise,
        Step::Assign,
        Step::Collected,
        Step::Release,
        Step::Confirm,
        Step::FinalReport,
        Step::TakeOver,
        Step::DisposalDue,
        Step::CertifyDisposal,
        Step::Close,
    ];
    let (home, peer) = both_after(&steps);
    let (home, peer) = (home.file.unwrap(), peer.file.unwrap());
    assert_eq!((&home.admitted, home.head, home.next_seq), (&peer.admitted, peer.head, 14));
    assert_eq!(home.admitted.unwrap().state(), State::Closed);
}

#[test]
fn the_same_entry_again_is_a_repetition() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    let open = home.entries[&entry_id(0)].clone();
    assert_eq!(home.ask(&open, Origin::OwnDesk(&desk("JP:central")), NOW, |_| {}), Ok(Plan::Repeat));
    assert_eq!(peer.ask(&open, Origin::PeerGateway(party("JP")), NOW, |_| {}), Ok(Plan::Repeat));
}

#[test]
fn a_repetition_is_answered_even_when_its_time_is_over() {
    let (_, peer) = both_after(&[Step::OpenGroup]);
    let open = peer.entries[&entry_id(0)].clone();
    let later = open.header.expires.plus_ms(1);
    assert_eq!(peer.ask(&open, Origin::PeerGateway(party("JP")), later, |_| {}), Ok(Plan::Repeat));
}

#[test]
fn the_peer_has_one_pending_entry_at_a_time() {
    let (_, mut peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    let acknowledge = Draft::proper(2, Step::Acknowledge, &[1, 2], peer.head());
    assert!(peer.submit(&acknowledge, NOW).unwrap().is_some());
    let review = Draft::proper(3, Step::OpenReview, &[1, 2], peer.head());
    assert_eq!(peer.submit(&review, NOW).unwrap_err().reason(), "STALE_CASE");
}

#[test]
fn what_the_home_sent_first_comes_first_and_the_peers_entry_is_stale() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    let withdraw = Draft::proper(2, Step::Withdraw, &[1, 2], home.head());
    let acknowledge = Draft::proper(3, Step::Acknowledge, &[1, 2], peer.head());
    home.submit(&withdraw, NOW).unwrap();
    peer.submit(&acknowledge, NOW).unwrap();
    assert_eq!(home.receive(&acknowledge, party("FR"), NOW).unwrap().unwrap_err().reason(), "STALE_CASE");
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    relay(&mut peer, &mut home, Fate::Arrives, NOW);
    let (home, peer) = (home.file.unwrap(), peer.file.unwrap());
    assert_eq!(home.admitted, peer.admitted);
    assert_eq!(home.admitted.unwrap().state(), State::Withdrawn);
}

#[test]
fn an_entry_behind_one_whose_answer_was_lost_has_to_wait_for_it() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    let send = Draft::proper(1, Step::SealSend, &[1], home.head());
    home.submit(&send, NOW).unwrap();
    relay(&mut home, &mut peer, Fate::AnswerLost, NOW);
    let acknowledge = Draft::proper(2, Step::Acknowledge, &[1], peer.head());
    peer.submit(&acknowledge, NOW).unwrap();
    let waits = Ok(Plan::Later { awaits: entry_id(1) });
    assert_eq!(home.ask(&acknowledge, Origin::PeerGateway(party("FR")), NOW, |_| {}), waits);
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    relay(&mut peer, &mut home, Fate::Arrives, NOW);
    assert_eq!(home.file.unwrap().admitted.unwrap().state(), State::Acked);
}

#[test]
fn who_is_taken_out_of_the_group_still_gets_the_entry_that_does_it() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup]);
    for (number, extra) in [(1, true), (2, false)] {
        let mut change = Draft::proper(number, Step::ChangeGroup, &[], peer.head()).by_peer();
        if extra {
            change.members.push(desk("FR:police"));
        }
        peer.submit(&change, NOW).unwrap();
        assert!(home.receive(&change, party("FR"), NOW).unwrap().is_ok());
        let conclusion = peer.conclude(entry_id(number), &crate::Answer::Accepted(NOW), NOW).unwrap().unwrap();
        assert_eq!(conclusion.deliver_to, vec![desk("FR:police")]);
    }
    assert_eq!(peer.file.unwrap().epoch, 3);
}
