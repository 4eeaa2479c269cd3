//! Two gateways, a channel that loses and repeats, random entries good and bad: in the end both hold the same case.

use model::{Digest, HeaderDigest, Role, Step, Timestamp};
use proptest::prelude::*;

use super::world::{Draft, Fate, Gateway, HOUR_MS, NOW, desk, key, other_pin, relay};
use crate::{Answer, Origin};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    OldHead,
    StrangeHead,
    OtherPin,
    OneSigner,
    Future,
    WrongSide,
}

#[derive(Debug, Clone)]
enum Op {
    Submit {
        step: Step,
        by_peer: bool,
        concerns: Vec<u32>,
        flaw: Flaw,
        hours: i64,
    },
    /// Continues the case as it should go on.
    Onward {
        by_peer: bool,
        hours: i64,
    },
    Relay {
        from_home: bool,
        fate: Fate,
    },
    /// An old entry comes once more, from whom it came first.
    Again {
        from_home: bool,
        which: usize,
    },
    Wait {
        hours: i64,
    },
    GiveUp {
        home: bool,
    },
}

/// Steps that do not lead on.
const ASIDE: [Step; 5] = [Step::Withdraw, Step::Violation, Step::Forward, Step::LodgeRemedy, Step::Extend];

struct World {
    home: Gateway,
    peer: Gateway,
    now: Timestamp,
    number: u32,
}

impl World {
    fn side(&mut self, home: bool) -> (&mut Gateway, &mut Gateway) {
        if home { (&mut self.home, &mut self.peer) } else { (&mut self.peer, &mut self.home) }
    }

    fn run(&mut self, op: &Op) {
        match op {
            Op::Submit { step, by_peer, concerns, flaw, hours } => {
                self.submit(*step, *by_peer, concerns, *flaw, *hours)
            }
            Op::Onward { by_peer, hours } => self.onward(*by_peer, *hours),
            Op::Relay { from_home, fate } => {
                let now = self.now;
                let (from, to) = self.side(*from_home);
                relay(from, to, *fate, now);
            }
            Op::Again { from_home, which } => self.again(*from_home, *which),
            Op::Wait { hours } => self.now = self.now.plus_ms(hours * HOUR_MS),
            Op::GiveUp { home } => {
                let now = self.now;
                let (gateway, _) = self.side(*home);
                for id in gateway.pending() {
                    let over = gateway.entries[&id].header.expires < now;
                    assert_eq!(gateway.conclude(id, &Answer::Lapsed, now).is_ok(), over);
                }
            }
        }
        self.check_prefix();
    }

    fn submit(&mut self, step: Step, by_peer: bool, concerns: &[u32], flaw: Flaw, hours: i64) {
        self.number += 1;
        let (number, now) = (self.number, self.now);
        let mut draft = Draft::proper(number, step, concerns, HeaderDigest::GENESIS);
        if step == Step::ChangeGroup {
            draft.members.push(desk(if number.is_multiple_of(2) { "JP:judicial" } else { "FR:police" }));
        }
        if by_peer && matches!(step, Step::Close | Step::ChangeGroup) || flaw == Flaw::WrongSide {
            draft = draft.by_peer();
        }
        let home = draft.header.sender.party() == self.home.own;
        let (gateway, _) = self.side(home);
        draft.header.previous = match flaw {
            Flaw::OldHead => gateway.settled.iter().rev().nth(1).copied().unwrap_or(HeaderDigest::GENESIS),
            Flaw::StrangeHead => HeaderDigest(Digest::of(&[b"nowhere"])),
            _ => gateway.head(),
        };
        (draft.header.created, draft.header.expires) = (now, now.plus_ms(hours * HOUR_MS));
        match flaw {
            Flaw::OtherPin => draft.header.pin = other_pin(),
            Flaw::OneSigner => draft.signers = vec![(key(1), Role::Central)],
            Flaw::Future => draft.header.created = now.plus_ms(HOUR_MS),
            _ => {}
        }
        // What the own gateway refuses leaves no trace.
        let before = gateway.file.clone();
        if gateway.submit(&draft, now).is_err() {
            assert_eq!(gateway.file, before);
        }
    }

    fn onward(&mut self, by_peer: bool, hours: i64) {
        let asker = if by_peer { &self.peer } else { &self.home };
        let me = desk(if by_peer { "FR:central" } else { "JP:central" });
        let case = asker.file.as_ref().and_then(|file| file.basis(Origin::OwnDesk(&me)).case);
        let Some(case) = case else {
            return self.submit(Step::OpenGroup, false, &[], Flaw::None, hours);
        };
        let side = if by_peer { workflow::Side::Peer } else { workflow::Side::Home };
        let possible = case.possible(side);
        let next = possible.iter().find_map(|p| match p.row.trigger {
            workflow::Trigger::Step(step) if p.row.to.is_some() && !ASIDE.contains(&step) => Some((step, &p.measures)),
            _ => None,
        });
        if let Some((step, measures)) = next {
            let concerns: Vec<u32> =
                if step == Step::SealSend { vec![1, 2] } else { measures.iter().map(|id| id.0).collect() };
            self.submit(step, by_peer, &concerns, Flaw::None, hours);
        }
    }

    fn again(&mut self, from_home: bool, which: usize) {
        let now = self.now;
        let (from, to) = self.side(from_home);
        let ours: Vec<_> = from.entries.values().filter(|d| d.header.sender.party() == from.own).cloned().collect();
        if ours.is_empty() {
            return;
        }
        let draft = &ours[which % ours.len()];
        let before = from.file.clone();
        from.submit(draft, now).unwrap();
        assert_eq!(from.file, before, "a desk's repetition changes nothing");
        if to.seen.contains_key(&draft.header.entry) {
            let (before, answer) = (to.file.clone(), to.seen[&draft.header.entry].1.clone());
            assert_eq!(to.receive(draft, from.own, now), Some(answer), "the first answer is the answer");
            assert_eq!(to.file, before, "a gateway's repetition changes nothing");
        }
    }

    /// At any moment the shorter list of final entries is the beginning of the longer one.
    fn check_prefix(&self) {
        let (a, b) = (&self.home.settled, &self.peer.settled);
        let common = a.len().min(b.len());
        assert_eq!(a[..common], b[..common]);
        assert!(self.peer.pending().len() <= 1);
    }

    fn drain(&mut self) {
        for _ in 0..8 {
            for from_home in [true, false] {
                let now = self.now;
                let (from, to) = self.side(from_home);
                relay(from, to, Fate::Arrives, now);
            }
            self.check_prefix();
        }
        assert!(self.home.pending().is_empty() && self.peer.pending().is_empty(), "every entry is answered");
    }

    fn check_equal(&self) {
        assert_eq!(self.home.settled, self.peer.settled);
        match (&self.home.file, &self.peer.file) {
            (Some(home), Some(peer)) => {
                assert_eq!(home.admitted, peer.admitted);
                assert_eq!((home.head, home.next_seq), (peer.head, peer.next_seq));
                assert_eq!((&home.members, home.epoch), (&peer.members, peer.epoch));
                assert_eq!(home.next_seq, u64::try_from(self.home.settled.len()).unwrap());
                let stored = serde_json::to_string(home).unwrap();
                assert_eq!(&serde_json::from_str::<crate::CaseFile>(&stored).unwrap(), home);
            }
            (Some(home), None) => assert_eq!(home.admitted, None),
            (None, Some(_)) => unreachable!("a case begins at its home"),
            (None, None) => {}
        }
    }
}

fn ops() -> impl Strategy<Value = Op> {
    let fates = prop_oneof![3 => Just(Fate::Arrives), 1 => Just(Fate::RequestLost), 2 => Just(Fate::AnswerLost)];
    let flaws = prop_oneof![
        6 => Just(Flaw::None),
        1 => proptest::sample::select(vec![
            Flaw::OldHead, Flaw::StrangeHead, Flaw::OtherPin, Flaw::OneSigner, Flaw::Future, Flaw::WrongSide,
        ]),
    ];
    let hours = || prop_oneof![5 => Just(48_i64), 1 => Just(2)];
    let submit = (
        proptest::sample::select(Step::ALL.to_vec()),
        any::<bool>(),
        proptest::sample::subsequence(vec![1_u32, 2], 1..=2),
        flaws,
        hours(),
    )
        .prop_map(|(step, by_peer, concerns, flaw, hours)| Op::Submit { step, by_peer, concerns, flaw, hours });
    prop_oneof![
        3 => submit,
        6 => (any::<bool>(), hours()).prop_map(|(by_peer, hours)| Op::Onward { by_peer, hours }),
        6 => (any::<bool>(), fates).prop_map(|(from_home, fate)| Op::Relay { from_home, fate }),
        1 => (any::<bool>(), any::<usize>()).prop_map(|(from_home, which)| Op::Again { from_home, which }),
        1 => (1_i64..5).prop_map(|hours| Op::Wait { hours }),
        1 => any::<bool>().prop_map(|home| Op::GiveUp { home }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_draining_both_gateways_hold_the_same_case(ops in proptest::collection::vec(ops(), 1..120)) {
        let mut world = World { home: Gateway::of("JP"), peer: Gateway::of("FR"), now: NOW, number: 0 };
        for op in &ops {
            world.run(op);
        }
        world.drain();
        world.check_equal();
    }
}

/// The simulation above is worth nothing if its cases never get anywhere.
#[test]
fn the_simulation_reaches_the_end_of_a_case() {
    let mut world = World { home: Gateway::of("JP"), peer: Gateway::of("FR"), now: NOW, number: 0 };
    for round in 0..40 {
        let fate = if round % 3 == 0 { Fate::AnswerLost } else { Fate::Arrives };
        for from_home in [true, false] {
            world.run(&Op::Onward { by_peer: !from_home, hours: 48 });
            world.run(&Op::Relay { from_home, fate });
        }
    }
    world.drain();
    world.check_equal();
    let state = world.home.file.unwrap().admitted.unwrap().state();
    assert_eq!(state, workflow::State::Closed);
}
