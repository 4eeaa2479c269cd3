//! A request that follows an earlier case is held against what the gateway itself knows of that case.

use model::{CaseId, FollowUp, Follows, RefusalCode, Step, Timestamp};
use workflow::{Keeping, State, Terms};

use super::world::{Draft, Fate, Gateway, NOW, desk, other_rule, party, relay, rule};
use crate::{Earlier, Origin};

const BEFORE: CaseId = CaseId::new([6; 16]);

fn earlier() -> Earlier {
    Earlier { home: party("JP"), peer: party("FR"), pin: rule().pin(), sent: true, preserves: true, emergency: true }
}

/// What the home gateway says to a request that follows [`BEFORE`].
fn asked(as_what: FollowUp, case: CaseId, known: Option<Earlier>) -> Result<(), (RefusalCode, String)> {
    let (mut home, mut peer) = (Gateway::of("JP"), Gateway::of("FR"));
    let opening = Draft::proper(0, Step::OpenGroup, &[1], model::HeaderDigest::GENESIS);
    home.submit(&opening, NOW).unwrap();
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    let mut draft = Draft::proper(1, Step::SealSend, &[1], home.head());
    draft.header.declared.follows = Some(Follows { case, as_what });
    let sender = desk("JP:central");
    let said =
        |gateway: &Gateway, origin: Origin<'_>| gateway.ask(&draft, origin, NOW, |cx| cx.earlier = known).map(drop);
    let own = said(&home, Origin::OwnDesk(&sender));
    let theirs = said(&peer, Origin::PeerGateway(party("JP")));
    assert_eq!(own, theirs, "both gateways say the same");
    own.map_err(|denial| match denial {
        model::Denial::Refused(refusal) => {
            assert!(!refusal.remedy.is_empty());
            (refusal.code, refusal.field.unwrap_or_default())
        }
        other => unreachable!("{other}"),
    })
}

#[test]
fn a_request_follows_an_earlier_case_of_the_same_two_parties() {
    for as_what in FollowUp::ALL {
        assert_eq!(asked(as_what, BEFORE, Some(earlier())), Ok(()), "{}", as_what.as_str());
    }
}

#[test]
fn an_unknown_a_foreign_and_the_own_case_are_followed_by_nothing_r94_and_told_apart_by_nobody() {
    let refused = Err((RefusalCode::R94, "declared.follows".to_owned()));
    let turned = Earlier { home: party("FR"), peer: party("JP"), ..earlier() };
    let foreign = Earlier { peer: party("SG"), ..earlier() };
    for as_what in FollowUp::ALL {
        assert_eq!(asked(as_what, BEFORE, None), refused);
        assert_eq!(asked(as_what, BEFORE, Some(turned)), refused);
        assert_eq!(asked(as_what, BEFORE, Some(foreign)), refused);
        assert_eq!(asked(as_what, super::world::CASE, Some(earlier())), refused);
    }
}

#[test]
fn each_way_to_follow_wants_its_own_of_the_earlier_case_r94() {
    let refused = Err((RefusalCode::R94, "declared.follows".to_owned()));
    let unsent = Earlier { sent: false, ..earlier() };
    for as_what in FollowUp::ALL {
        let wanted = if as_what == FollowUp::Resubmission { Ok(()) } else { refused.clone() };
        assert_eq!(asked(as_what, BEFORE, Some(unsent)), wanted);
    }
    let other_pin = Earlier { pin: other_rule().pin(), ..earlier() };
    assert_eq!(asked(FollowUp::Supplement, BEFORE, Some(other_pin)), refused);
    assert_eq!(asked(FollowUp::Production, BEFORE, Some(other_pin)), Ok(()));
    assert_eq!(asked(FollowUp::Production, BEFORE, Some(Earlier { preserves: false, ..earlier() })), refused);
    assert_eq!(asked(FollowUp::Regularisation, BEFORE, Some(Earlier { emergency: false, ..earlier() })), refused);
}

/// Whether a production may follow a case in which a measure that asked for preservation stands like this.
fn preserves(state: State, produced: Option<Timestamp>, given_up: bool) -> bool {
    let (mut home, mut peer) = (Gateway::of("JP"), Gateway::of("FR"));
    let opening = Draft::proper(0, Step::OpenGroup, &[1], model::HeaderDigest::GENESIS);
    home.submit(&opening, NOW).unwrap();
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    home.submit(&Draft::proper(1, Step::SealSend, &[1], home.head()), NOW).unwrap();
    relay(&mut home, &mut peer, Fate::Arrives, NOW);
    let mut file = home.file.unwrap();
    let measure = file.admitted.as_mut().and_then(|case| case.measures.values_mut().next()).unwrap();
    let keeping = Keeping { days: 60, clause: None, prolongation_days: None };
    measure.terms = Some(Terms { preservation: Some(keeping), ..Terms::default() });
    (measure.state, measure.produced, measure.given_up) = (state, produced, given_up);
    file.earlier().preserves
}

#[test]
fn a_production_follows_what_is_or_will_be_preserved_and_nothing_that_ended_before() {
    for state in State::ALL.into_iter().filter(|state| state.is_live()) {
        assert!(preserves(state, None, false), "{state}");
    }
    for state in [State::Refused, State::Withdrawn, State::Blocked, State::Closed] {
        assert!(!preserves(state, None, false), "{state}");
    }
    assert!(preserves(State::Closed, Some(NOW), false), "it was confirmed, and the case was closed since");
    assert!(!preserves(State::Received, Some(NOW), true), "it was given up");
}
