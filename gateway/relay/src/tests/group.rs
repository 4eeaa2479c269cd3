//! Who is in a case's group, and who may be taken in anew.

use model::{Denial, Digest, RefusalCode, Step, limits};

use super::world::{Draft, Fate, Gateway, NOW, both_after, desk, payload, relay};
use crate::{Answer, Origin, RosterFacts};

fn refused(denial: &Denial) -> (RefusalCode, &str) {
    match denial {
        Denial::Refused(refusal) => (refusal.code, refusal.field.as_deref().unwrap_or_default()),
        Denial::Failed { .. } => unreachable!("{denial}"),
    }
}

/// The home desk takes the peer's desk in anew: out and in with one commit, by the KeyPackage that came with the asking of that number.
fn readmit(home: &Gateway, number: u32, asked: u32) -> Result<crate::Plan, Denial> {
    let draft = Draft::proper(number, Step::ChangeGroup, &[], home.head());
    let by = desk("JP:central");
    let again: &'static [_] = Box::leak(Box::new([desk("FR:central")]));
    home.ask(&draft, Origin::OwnDesk(&by), NOW, |cx| {
        if let Ok(RosterFacts::Handshake { added, removed, packages, .. }) = &mut cx.roster {
            (*added, *removed) = (again, again);
            let package = Digest::of(&[super::world::entry_id(asked).as_bytes()]);
            *packages = Box::leak(Box::new([package]));
        }
    })
}

#[test]
fn a_desk_of_the_other_party_is_taken_in_anew_only_where_it_asked() {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    assert_eq!(refused(&readmit(&home, 2, 2).unwrap_err()), (RefusalCode::R93, "members"));
    let ask = Draft::proper(3, Step::AskRejoin, &[], peer.head()).by_peer();
    peer.submit(&ask, NOW).unwrap();
    relay(&mut peer, &mut home, Fate::Arrives, NOW);
    for gateway in [&home, &peer] {
        let file = gateway.file.as_ref().unwrap();
        assert_eq!((file.asking.as_slice(), file.epoch), ([desk("FR:central")].as_slice(), 1));
    }
    let crate::Plan::Execute(admission) = readmit(&home, 4, 3).unwrap() else { unreachable!("it is new") };
    let file =
        crate::conclude(&admission.file, super::world::entry_id(4), &Answer::Accepted(NOW), NOW).unwrap().unwrap().file;
    assert_eq!((file.asking.as_slice(), file.epoch), ([].as_slice(), 2), "once");
}

#[test]
fn who_asks_brings_a_key_package_of_its_own_and_nothing_else() {
    let (_, peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    let ask = Draft::proper(2, Step::AskRejoin, &[], peer.head()).by_peer();
    let by = desk("FR:central");
    let other: &'static _ = Box::leak(Box::new(desk("FR:police")));
    let of_another = peer.ask(&ask, Origin::OwnDesk(&by), NOW, |cx| {
        if let Ok(RosterFacts::Asked { by, .. }) = &mut cx.roster {
            *by = other;
        }
    });
    assert_eq!(refused(&of_another.unwrap_err()), (RefusalCode::R93, "sender"));
    let mut with_a_commit = ask;
    with_a_commit.payload = payload(Step::ChangeGroup);
    let wrong = peer.ask(&with_a_commit, Origin::OwnDesk(&by), NOW, |_| {});
    assert_eq!(refused(&wrong.unwrap_err()), (RefusalCode::R94, "payload"));
}

/// The peer's desk asks `times` times, at once after one another.
fn asked(times: u32) -> (Gateway, Gateway) {
    let (mut home, mut peer) = both_after(&[Step::OpenGroup, Step::SealSend]);
    for number in 0..times {
        let ask = Draft::proper(10 + number, Step::AskRejoin, &[], peer.head()).by_peer();
        peer.submit(&ask, NOW).unwrap();
        relay(&mut peer, &mut home, Fate::Arrives, NOW);
    }
    (home, peer)
}

#[test]
fn who_asked_is_taken_in_by_its_newest_key_package_and_by_no_other() {
    let (home, _) = asked(2);
    // That of the first asking is over with the second, and any other was never offered here.
    for other in [10, 99] {
        assert_eq!(refused(&readmit(&home, 40, other).unwrap_err()), (RefusalCode::R94, "welcome"));
    }
    assert!(matches!(readmit(&home, 40, 11), Ok(crate::Plan::Execute(_))));
}

#[test]
fn a_desk_that_asks_too_often_to_be_taken_in_anew_is_refused_r91_until_a_day_has_passed() {
    let most = u32::try_from(limits::REJOINS_PER_DAY_MAX).unwrap();
    let (home, mut peer) = asked(most);
    for gateway in [&home, &peer] {
        assert_eq!(gateway.file.as_ref().unwrap().offers.len(), limits::REJOINS_PER_DAY_MAX);
    }
    let more = Draft::proper(60, Step::AskRejoin, &[], peer.head()).by_peer();
    assert_eq!(refused(&peer.submit(&more, NOW).unwrap_err()), (RefusalCode::R91, "sender"));
    let day_ms = 24 * 3600 * 1000;
    let mut later = Draft::proper(61, Step::AskRejoin, &[], peer.head()).by_peer();
    later.header.created = later.header.created.plus_ms(day_ms + 1);
    later.header.expires = later.header.expires.plus_ms(day_ms + 1);
    peer.submit(&later, NOW.plus_ms(day_ms + 1)).unwrap();
}
