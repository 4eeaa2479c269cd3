//! What happens in an exploration, drawn from a seed.

use model::Step;
use simulator::chance::{Chance, Lot};

/// Cases that run side by side.
pub(super) const CASES: u8 = 4;

/// How a call between gateways goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    RequestLost,
    AnswerLost,
}

/// What is wrong with an entry that somebody makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    None,
    OldHead,
    OneSigner,
    Future,
    OtherSide,
    /// The desk's signature is over another payload.
    Forged,
    /// It asks for more subjects than the treaty gives.
    Bulk,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// A case goes on as the procedure lets it, by this side; `which` of the steps that lead on.
    Onward { case: u8, by_peer: bool, which: u8 },
    /// Somebody does any step.
    Any { case: u8, step: Step, by_peer: bool, flaw: Flaw },
    /// A gateway relays what is pending of all cases.
    Relay { from_home: bool, fate: Fate },
    /// An old entry comes once more.
    Again { from_home: bool, which: u8 },
    /// A gateway dies, and starts from what it stored.
    Crash { home: bool },
    /// Time passes.
    Wait { hours: u16 },
    /// A gateway gives up what expired.
    GiveUp { home: bool },
}

/// The operations of a seed.
pub(super) fn drawn(seed: u64, length: u32) -> Vec<Op> {
    let lot = Lot::of(seed, "explore");
    (0..u64::from(length)).map(|place| one(&mut lot.at(place))).collect()
}

fn one(chance: &mut Chance) -> Op {
    let case = chance.below(u64::from(CASES)) as u8;
    let coin = chance.happens(0.5);
    match chance.below(100) {
        0..38 => Op::Onward { case, by_peer: coin, which: chance.below(250) as u8 },
        38..50 => {
            let step = Step::ALL[chance.below(Step::ALL.len() as u64) as usize];
            Op::Any { case, step, by_peer: coin, flaw: flaw(chance) }
        }
        50..82 => {
            let fate = match chance.below(6) {
                0 => Fate::RequestLost,
                1 | 2 => Fate::AnswerLost,
                _ => Fate::Arrives,
            };
            Op::Relay { from_home: coin, fate }
        }
        82..87 => Op::Again { from_home: coin, which: chance.below(250) as u8 },
        87..91 => Op::Crash { home: coin },
        91..98 => Op::Wait { hours: [1, 5, 30, 200, 800][chance.below(5) as usize] },
        _ => Op::GiveUp { home: coin },
    }
}

fn flaw(chance: &mut Chance) -> Flaw {
    let all = [Flaw::OldHead, Flaw::OneSigner, Flaw::Future, Flaw::OtherSide, Flaw::Forged, Flaw::Bulk];
    if chance.happens(0.4) { Flaw::None } else { all[chance.below(all.len() as u64) as usize] }
}
