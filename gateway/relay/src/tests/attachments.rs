//! The sealed files that an entry names: held by both gateways, and let go with what custodians certify.

use model::{Attached, Denial, Digest, MeasureId, Step};

use super::{
    terms::{Pair, go},
    world::{Draft, Gateway, NOW, both_after, strict_rule},
};
use crate::{AttachedFacts, Origin, files_go, may_let_files_go};

const RELEASED: [Step; 7] = [
    Step::OpenGroup,
    Step::SealSend,
    Step::Acknowledge,
    Step::OpenReview,
    Step::Recognise,
    Step::Assign,
    Step::Collected,
];

fn file(number: u8, bytes: u64) -> Attached {
    Attached { digest: Digest::of(&[&[number]]), bytes }
}

/// A release with these files.
fn release(peer: &Gateway, attached: &[Attached]) -> Draft {
    let mut draft = Draft::proper(50, Step::Release, &[1], peer.head());
    draft.header.declared.attached = attached.to_vec();
    draft
}

fn told(said: Result<crate::Plan, Denial>) -> Option<(String, Option<String>)> {
    match said {
        Ok(_) => None,
        Err(Denial::Refused(refusal)) => Some((refusal.code.to_string(), refusal.field)),
        Err(Denial::Failed { fault, .. }) => Some((fault.to_string(), None)),
    }
}

/// What the own gateway says, and what the other one says that has room for so many bytes.
fn both(home: &Gateway, peer: &Gateway, draft: &Draft, facts: AttachedFacts) -> [Option<(String, Option<String>)>; 2] {
    let sender = draft.header.sender.clone();
    let own = peer.ask(draft, Origin::OwnDesk(&sender), NOW, |cx| cx.attached = facts);
    let other = home.ask(draft, Origin::PeerGateway(peer.own), NOW, |cx| cx.attached = facts);
    [own, other].map(told)
}

fn at_attached(code: &str) -> Option<(String, Option<String>)> {
    Some((code.to_owned(), Some("declared.attached".to_owned())))
}

#[test]
fn a_file_that_is_not_whole_at_the_own_gateway_is_refused_r94_and_one_without_room_at_the_other_r91() {
    let (home, peer) = both_after(&RELEASED);
    let draft = release(&peer, &[file(1, 5000), file(2, 1000)]);
    let facts = |complete, room| AttachedFacts { complete, room };
    assert_eq!(both(&home, &peer, &draft, facts(true, 6000)), [None, None]);
    assert_eq!(both(&home, &peer, &draft, facts(false, 6000)), [at_attached("R94"), None]);
    assert_eq!(both(&home, &peer, &draft, facts(true, 5999)), [None, at_attached("R91")]);
    assert_eq!(both(&home, &peer, &release(&peer, &[]), facts(false, 0)), [None, None], "who names none needs none");
}

#[test]
fn a_file_that_is_named_twice_or_has_no_length_of_a_file_is_refused_r94_by_both_gateways() {
    let (home, peer) = both_after(&RELEASED);
    let facts = AttachedFacts { complete: true, room: u64::MAX };
    let many: Vec<_> = (0..65).map(|number| file(number, 17)).collect();
    for attached in [&[file(1, 17), file(1, 18)][..], &[file(1, 16)], &[file(1, u64::MAX)], &many] {
        let draft = release(&peer, attached);
        assert_eq!(both(&home, &peer, &draft, facts), [at_attached("R94"), at_attached("R94")]);
    }
}

#[test]
fn a_step_that_carries_no_records_names_no_files() {
    let (home, peer) = both_after(&RELEASED[..2]);
    let mut draft = Draft::proper(50, Step::Acknowledge, &[1], peer.head());
    draft.header.declared.attached = vec![file(1, 5000)];
    let facts = AttachedFacts { complete: true, room: u64::MAX };
    let said = both(&home, &peer, &draft, facts);
    assert!(
        said.iter().all(|one| one.as_ref().is_some_and(|(_, field)| field.as_deref() == Some("declared.attached")))
    );
}

#[test]
fn what_files_weigh_counts_under_the_treatys_cap_at_both_gateways() {
    let mut pair = Pair::acknowledged(strict_rule(), false);
    go(&mut pair, &[Step::OpenReview, Step::Recognise, Step::Assign, Step::Collected]);
    let mut release = pair.draft(Step::Release, false);
    release.header.declared.classification = Some(model::Classification::Official);
    release.header.declared.attached = vec![file(1, 17)];
    assert_eq!(pair.both_refuse(&release), "payload [ets-185:31]");
}

#[test]
fn files_go_with_the_certificate_and_not_before() {
    let steps = [
        Step::Release,
        Step::Confirm,
        Step::FinalReport,
        Step::TakeOver,
        Step::DisposalDue,
        Step::CertifyDisposal,
        Step::Close,
    ];
    let entry = super::world::entry_id(7);
    for count in 1..=steps.len() {
        let (home, peer) = both_after(&[&RELEASED[..], &steps[..count]].concat());
        for gateway in [home, peer] {
            let case = gateway.file.unwrap().admitted.unwrap();
            let certified = count >= 6;
            assert_eq!(files_go(&case, entry, &[MeasureId(1)]), certified, "after {}", steps[count - 1]);
            assert!(!certified || may_let_files_go(steps[count - 1]));
        }
    }
}
