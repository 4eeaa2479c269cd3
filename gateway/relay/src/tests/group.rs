//! Who is in a case's group, and who may be taken in anew.

use model::{Denial, Digest, RefusalCode, Step, limits};
use treaty::Rule;

use super::terms::Pair;
use super::world::{Draft, Fate, Gateway, INSTRUMENT, NOW, both_after, compile_text, desk, payload, relay};
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

/// A rule by which a joint team opens what is asked.
fn of_a_team(members: &str) -> &'static Rule {
    let instrument = INSTRUMENT.replace("MAX_SUBJECTS", "20") + "requires_arrangement = true\n";
    let team = format!(
        "format = \"overlay/1\"\nid = \"team\"\ntitle = \"Team\"\nparties = [\"FR\", \"JP\"]\nkind = \"jit\"\n\
         purpose = \"Forged bills\"\nmembers = [{members}]\nvalid_to = 2027-12-31\narranges = [\"stored_data\"]\nverified = false\n"
    );
    Box::leak(Box::new(compile_text(&instrument, true, "", Some(("overlays/FR-JP/team.toml".to_owned(), team)))))
}

#[test]
fn into_a_case_of_a_joint_team_both_gateways_let_its_members_alone() {
    let rule = of_a_team("\"FR:central\", \"JP:central\", \"JP:judicial\"");
    let mut pair = Pair::acknowledged(rule, false);
    let mut change = pair.draft(Step::ChangeGroup, false);
    change.members.push(desk("JP:police"));
    let refusal = pair.both_say(&change);
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R93, Some("members")));
    assert!(refusal.reason.starts_with("JP:police is not a member of the joint"), "{refusal}");
    *change.members.last_mut().unwrap() = desk("JP:judicial");
    pair.takes(&change).unwrap();
    // Nor is anybody else seated before the request goes.
    let of = |own| Gateway { rule, ..Gateway::of(own) };
    let mut early = Pair { home: of("JP"), peer: of("FR"), number: 0 };
    early.takes(&early.draft(Step::OpenGroup, false)).unwrap();
    let mut change = early.draft(Step::ChangeGroup, false);
    change.members.push(desk("JP:police"));
    early.takes(&change).unwrap();
    let refusal = early.both_say(&early.draft(Step::SealSend, false));
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R93, Some("members")));
}

#[test]
fn a_request_of_who_is_no_member_of_the_joint_team_is_refused_r93_under_its_overlay() {
    let rule = of_a_team("\"FR:central\", \"JP:judicial\"");
    let of = |own| Gateway { rule, ..Gateway::of(own) };
    let mut pair = Pair { home: of("JP"), peer: of("FR"), number: 0 };
    pair.takes(&pair.draft(Step::OpenGroup, false)).unwrap();
    let refusal = pair.both_say(&pair.draft(Step::SealSend, false));
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R93, Some("sender")));
    assert_eq!(
        (refusal.rule.as_str(), refusal.article.unwrap().to_string().as_str()),
        ("overlays/FR-JP/team.toml", "ets-185:31")
    );
}
