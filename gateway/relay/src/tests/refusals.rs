//! Every no that a gateway can say has a test that provokes it.

use bytes::Bytes;
use model::{Denial, RefusalCode, Sealed, Step, Timestamp, limits};

use super::world::{
    Draft, Gateway, HOUR_MS, NOW, both_after, desk, empty_rule, key, other_pin, other_rule, party, payload,
};
use crate::{Context, Origin, RosterFacts};

/// What the sender's own gateway says to a draft of its desk, spoiled in one point.
fn says(gateway: &Gateway, draft: &Draft, change: impl FnOnce(&mut Context<'_>)) -> Denial {
    let sender = draft.header.sender.clone();
    gateway.ask(draft, Origin::OwnDesk(&sender), NOW, change).unwrap_err()
}

fn code(denial: &Denial) -> &'static str {
    denial.reason()
}

fn field(denial: &Denial) -> &str {
    match denial {
        Denial::Refused(refusal) => refusal.field.as_deref().unwrap_or(""),
        Denial::Failed { .. } => "",
    }
}

fn send(home: &Gateway) -> Draft {
    Draft::proper(50, Step::SealSend, &[1], home.head())
}

#[test]
fn a_desk_speaks_for_itself_only_r95() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let other = desk("JP:judicial");
    let denial = home.ask(&send(&home), Origin::OwnDesk(&other), NOW, |_| {}).unwrap_err();
    assert_eq!((code(&denial), field(&denial)), ("R95", "sender"));
    assert_eq!(denial.to_string(), "R95 JP:judicial hands over an entry of JP:central");
}

#[test]
fn a_gateway_speaks_for_its_own_party_only_r95() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    for (gateway, from) in [(&peer, "IT"), (&home, "JP")] {
        let denial = gateway.ask(&send(&home), Origin::PeerGateway(party(from)), NOW, |_| {}).unwrap_err();
        assert_eq!((code(&denial), field(&denial)), ("R95", "sender"));
    }
    let foreign = desk("JP:central");
    let denial = peer.ask(&send(&home), Origin::OwnDesk(&foreign), NOW, |_| {}).unwrap_err();
    assert_eq!(code(&denial), "R95");
}

#[test]
fn an_entry_id_stands_for_one_entry() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut draft = send(&home);
    draft.header.entry = super::world::entry_id(0);
    assert_eq!(code(&says(&home, &draft, |_| {})), "ENTRY_ID_REUSED");
}

#[test]
fn a_bulk_request_is_refused_by_the_treaty_r90() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut draft = send(&home);
    draft.header.measures[0].subjects = 21;
    let denial = says(&home, &draft, |_| {});
    assert_eq!((code(&denial), field(&denial)), ("R90", "measures[0].subjects"));
}

#[test]
fn an_article_that_the_treaty_does_not_have_is_refused_r92() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut draft = send(&home);
    draft.header.measures[0].article = "ets-185:99".parse().unwrap();
    assert_eq!(code(&says(&home, &draft, |_| {})), "R92");
}

#[test]
fn another_pin_than_ours_is_refused_when_a_case_opens_and_when_it_is_sent_r92() {
    let nobody = Gateway::of("FR");
    let open = Draft::proper(0, Step::OpenGroup, &[], model::HeaderDigest::GENESIS);
    let origin = Origin::PeerGateway(party("JP"));
    let denial = nobody.ask(&open, origin, NOW, |cx| cx.rule = other_rule()).unwrap_err();
    assert_eq!((code(&denial), field(&denial)), ("R92", "pin"));
    let Denial::Refused(refusal) = &denial else { unreachable!() };
    let ours = other_rule().pin().short();
    assert_eq!(refusal.reason, format!("unknown treaty pin {}: ours is {ours}", open.header.pin.short()));
    let (home, peer) = both_after(&[Step::OpenGroup]);
    let denial = peer.ask(&send(&home), origin, NOW, |cx| cx.rule = other_rule()).unwrap_err();
    assert_eq!((code(&denial), field(&denial)), ("R92", "pin"));
}

#[test]
fn a_case_keeps_its_pin_r92() {
    let (home, peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    let mut draft = Draft::proper(50, Step::Acknowledge, &[1, 2], home.head());
    draft.header.pin = other_pin();
    assert_eq!(code(&says(&peer, &draft, |_| {})), "R92");
    let fine = Draft::proper(51, Step::Acknowledge, &[1, 2], home.head());
    let sender = fine.header.sender.clone();
    let denounced = peer.ask(&fine, Origin::OwnDesk(&sender), NOW, |cx| cx.rule = empty_rule());
    assert!(denounced.is_ok(), "a case that runs may finish under the rule it was opened with");
}

#[test]
fn no_case_opens_where_no_treaty_is_in_force_r92() {
    let mut open = Draft::proper(0, Step::OpenGroup, &[], model::HeaderDigest::GENESIS);
    open.header.pin = empty_rule().pin();
    let denial = says(&Gateway::of("JP"), &open, |cx| cx.rule = empty_rule());
    assert_eq!((code(&denial), field(&denial)), ("R92", "pin"));
}

#[test]
fn the_procedure_is_held_r93_r94() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    let mut alone = send(&home);
    alone.signers.pop();
    assert_eq!(code(&says(&home, &alone, |_| {})), "R94");
    let early = Draft::proper(50, Step::Acknowledge, &[], home.head());
    assert_eq!(code(&says(&peer, &early, |_| {})), "R94");
    let foreign = send(&home).by_peer();
    assert_eq!(code(&says(&peer, &foreign, |_| {})), "R93");
}

#[test]
fn an_entry_goes_from_one_party_of_the_case_to_the_other_r93() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let spoil = |change: fn(&mut Draft)| {
        let mut draft = send(&home);
        change(&mut draft);
        let denial = says(&home, &draft, |_| {});
        (code(&denial), field(&denial).to_owned())
    };
    assert_eq!(spoil(|d| d.header.recipient = desk("IT:central")), ("R93", "recipient".to_owned()));
    assert_eq!(spoil(|d| d.header.recipient = desk("JP:judicial")), ("R93", "recipient".to_owned()));
    assert_eq!(spoil(|d| d.header.peer = party("JP")), ("R93", "peer".to_owned()));
    assert_eq!(spoil(|d| d.header.home = party("IT")), ("R93", "peer".to_owned()));
}

#[test]
fn the_payload_fits_the_step_and_the_body_is_committed_to_r94() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut draft = send(&home);
    draft.header.body = None;
    assert_eq!(field(&says(&home, &draft, |_| {})), "body");
    let mut draft = send(&home);
    draft.payload = payload(Step::OpenGroup);
    assert_eq!(field(&says(&home, &draft, |_| {})), "payload");
    let mut draft = Draft::proper(50, Step::ChangeGroup, &[], home.head());
    draft.payload = payload(Step::SealSend);
    let denial = says(&home, &draft, |_| {});
    assert_eq!((code(&denial), field(&denial)), ("R94", "payload"));
    let mut draft = send(&home);
    draft.payload = model::Payload::Sealed(Sealed::from_wire(Bytes::new()));
    assert_eq!(field(&says(&home, &draft, |_| {})), "payload");
}

#[test]
fn nothing_is_larger_than_agreed() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut draft = send(&home);
    draft.payload = model::Payload::Sealed(Sealed::from_wire(vec![0; limits::SEALED_BYTES_MAX + 1].into()));
    assert_eq!(code(&says(&home, &draft, |_| {})), "TOO_LARGE");
    let mut draft = send(&home);
    draft.signers = (0..5).map(|officer| (key(officer), model::Role::Central)).collect();
    assert_eq!(code(&says(&home, &draft, |_| {})), "TOO_LARGE");
    let mut draft = send(&home);
    draft.header.purpose = Some("x".repeat(limits::HEADER_BYTES_MAX));
    assert_eq!(code(&says(&home, &draft, |_| {})), "TOO_LARGE");
}

#[test]
fn an_entry_has_its_time() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let at = |created: i64, expires: i64| {
        let mut draft = send(&home);
        (draft.header.created, draft.header.expires) = (NOW.plus_ms(created), NOW.plus_ms(expires));
        let sender = draft.header.sender.clone();
        home.ask(&draft, Origin::OwnDesk(&sender), NOW, |_| {}).map(|_| ()).map_err(|denial| denial.reason())
    };
    let month = limits::ENTRY_LIFETIME_MS_MAX;
    assert_eq!(at(limits::CLOCK_AHEAD_MS_MAX, HOUR_MS), Ok(()));
    assert_eq!(at(limits::CLOCK_AHEAD_MS_MAX + 1, HOUR_MS), Err("EXPIRED"));
    assert_eq!(at(-HOUR_MS, 0), Ok(()));
    assert_eq!(at(-HOUR_MS, -1), Err("EXPIRED"));
    assert_eq!(at(HOUR_MS / 60, 0), Err("EXPIRED"));
    assert_eq!(at(0, month), Ok(()));
    assert_eq!(at(-1, month), Err("EXPIRED"));
    let end_of_time = Timestamp(i64::MAX);
    assert_eq!(NOW.plus_ms(i64::MAX), end_of_time);
}

#[test]
fn a_case_begins_with_its_group_and_belongs_to_its_parties() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    assert_eq!(code(&says(&Gateway::of("JP"), &send(&home), |_| {})), "UNKNOWN");
    // Another state claims the same case at the peer.
    let mut draft = send(&home);
    draft.header.home = party("IT");
    draft.header.sender = desk("IT:central");
    let denial = peer.ask(&draft, Origin::PeerGateway(party("IT")), NOW, |_| {}).unwrap_err();
    assert_eq!(code(&denial), "UNKNOWN");
}

#[test]
fn an_entry_that_names_another_predecessor_is_stale() {
    let (home, peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    for previous in [home.settled[0], model::HeaderDigest::GENESIS] {
        let draft = Draft::proper(50, Step::Acknowledge, &[1, 2], previous);
        assert_eq!(code(&says(&peer, &draft, |_| {})), "STALE_CASE");
        let origin = Origin::PeerGateway(party("FR"));
        assert_eq!(code(&home.ask(&draft, origin, NOW, |_| {}).unwrap_err()), "STALE_CASE");
    }
}

#[test]
fn a_ghost_member_is_refused_r93() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let mut ghost = Draft::proper(50, Step::ChangeGroup, &[], home.head());
    ghost.members.push(desk("US:agency"));
    let denial = says(&home, &ghost, |_| {});
    assert_eq!((code(&denial), field(&denial)), ("R93", "members"));
    let mut open = Draft::proper(0, Step::OpenGroup, &[], model::HeaderDigest::GENESIS);
    open.members.push(desk("FR:police"));
    assert_eq!(field(&says(&Gateway::of("JP"), &open, |_| {})), "members");
}

#[test]
fn a_party_seats_its_own_desks_only_and_the_two_of_the_case_stay_r93() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    let mut draft = Draft::proper(50, Step::ChangeGroup, &[], home.head());
    draft.members.push(desk("FR:police"));
    assert_eq!(field(&says(&home, &draft, |_| {})), "members");
    draft.members = vec![desk("JP:central")];
    assert_eq!(code(&says(&home, &draft, |_| {})), "R93");
    let mut draft = Draft::proper(51, Step::ChangeGroup, &[], home.head()).by_peer();
    draft.header.sender = desk("FR:police");
    draft.members = vec![desk("FR:police"), desk("JP:central")];
    assert_eq!(code(&says(&peer, &draft, |_| {})), "R93");
}

#[test]
fn who_is_not_in_the_group_neither_sends_nor_is_addressed_r93() {
    let (home, peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    let mut draft = Draft::proper(50, Step::Acknowledge, &[1, 2], home.head());
    draft.header.sender = desk("FR:police");
    let denial = says(&peer, &draft, |_| {});
    assert_eq!((code(&denial), field(&denial)), ("R93", "sender"));
    let mut draft = Draft::proper(51, Step::Acknowledge, &[1, 2], home.head());
    draft.header.recipient = desk("JP:judicial");
    assert_eq!(field(&says(&peer, &draft, |_| {})), "recipient");
}

#[test]
fn a_body_that_is_bound_to_another_header_is_refused_r94() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let denial = says(&home, &send(&home), |cx| {
        if let Ok(RosterFacts::Sealed { bound_to, .. }) = &mut cx.roster {
            *bound_to = &[0; 32];
        }
    });
    assert_eq!((code(&denial), field(&denial)), ("R94", "payload"));
}

#[test]
fn a_commit_for_another_epoch_is_stale_and_one_by_another_desk_is_refused() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let draft = Draft::proper(50, Step::ChangeGroup, &[], home.head());
    let denial = says(&home, &draft, |cx| {
        if let Ok(RosterFacts::Handshake { epoch, .. }) = &mut cx.roster {
            *epoch += 1;
        }
    });
    assert_eq!(code(&denial), "STALE_EPOCH");
    let members = draft.members.clone();
    let denial = says(&home, &draft, |cx| {
        let committer: &'static _ = Box::leak(Box::new(desk("FR:central")));
        let members: &'static [_] = Box::leak(members.into_boxed_slice());
        cx.roster =
            Ok(RosterFacts::Handshake { committer, members, added: &[], removed: &[], epoch: 2, packages: &[] });
    });
    assert_eq!((code(&denial), field(&denial)), ("R93", "sender"));
}

#[test]
fn what_the_roster_denied_takes_its_turn() {
    let (home, _) = both_after(&[Step::OpenGroup]);
    let no = || Denial::failed(model::Fault::StaleEpoch, "the body is sealed in another epoch");
    assert_eq!(code(&says(&home, &send(&home), |cx| cx.roster = Err(no()))), "STALE_EPOCH");
    let mut alone = send(&home);
    alone.signers.pop();
    assert_eq!(code(&says(&home, &alone, |cx| cx.roster = Err(no()))), "R94", "the procedure is asked first");
}

/// R91 is the quota's, and that of desks that ask too often to be taken in anew: see `group`.
#[test]
fn every_gateway_code_but_the_quotas_can_be_provoked() {
    let (home, peer) = both_after(&[Step::OpenGroup]);
    let spoilt = |change: fn(&mut Draft)| {
        let mut draft = send(&home);
        change(&mut draft);
        says(&home, &draft, |_| {})
    };
    let denials = [
        spoilt(|draft| draft.header.measures[0].subjects = 21),
        spoilt(|draft| draft.header.pin = other_pin()),
        says(&peer, &send(&home).by_peer(), |_| {}),
        spoilt(|draft| draft.signers.clear()),
        peer.ask(&send(&home), Origin::PeerGateway(party("IT")), NOW, |_| {}).unwrap_err(),
    ];
    let provoked: Vec<_> = denials.iter().map(Denial::reason).collect();
    let codes = RefusalCode::ALL.iter().filter(|code| !code.is_human() && **code != RefusalCode::R91);
    let expected: Vec<_> = codes.map(|code| code.as_str()).collect();
    assert_eq!(provoked, expected);
}
