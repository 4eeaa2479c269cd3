//! Runs that were worth keeping: what exploring found, and that exploring finds.
#![expect(clippy::unwrap_used, reason = "tests")]

use model::Step;
use workflow::State;

use super::{
    keys::Cast,
    op::{self, Fate, Flaw, Op},
    world::{World, played},
};

#[test]
fn a_few_seeds_of_the_explorer_hold() {
    let cast = Cast::draw().unwrap();
    for seed in 1..=15 {
        assert_eq!(played(&cast, &op::drawn(seed, 60)), Ok(()), "seed {seed}");
    }
}

#[test]
fn a_seed_draws_the_same_operations_always() {
    assert_eq!(op::drawn(7, 50), op::drawn(7, 50));
    assert_eq!(op::drawn(7, 50)[..20], op::drawn(7, 20)[..]);
}

/// An exploration is worth nothing if its cases never get anywhere.
#[test]
fn an_exploration_reaches_the_end_of_a_case_over_a_line_that_loses_answers() {
    let cast = Cast::draw().unwrap();
    let mut world = World::new(&cast);
    for round in 0..40 {
        let fate = if round % 3 == 0 { Fate::AnswerLost } else { Fate::Arrives };
        for by_peer in [false, true] {
            world.happen(Op::Onward { case: 0, by_peer, which: 1 }).unwrap();
            world.happen(Op::Relay { from_home: !by_peer, fate }).unwrap();
        }
    }
    world.drain().unwrap();
    let file = world.home.files.values().next().unwrap();
    assert_eq!(file.admitted.as_ref().unwrap().state(), State::Closed);
}

#[test]
fn an_entry_that_its_desk_did_not_sign_gets_nowhere() {
    let cast = Cast::draw().unwrap();
    let ops = [
        Op::Any { case: 0, step: Step::OpenGroup, by_peer: false, flaw: Flaw::Forged },
        Op::Relay { from_home: true, fate: Fate::Arrives },
    ];
    let mut world = World::new(&cast);
    ops.into_iter().for_each(|op| world.happen(op).unwrap());
    assert!(world.home.files.is_empty() && world.peer.files.is_empty());
}
