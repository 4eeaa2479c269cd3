//! An emergency, as far as one side can bring it alone.

use std::collections::BTreeSet;

use model::Step;

use super::{
    NOW, Order,
    alone::{SILENCE_MS, order, said, settled, shape, together},
    take,
    terms::{free, review},
};
use crate::{Case, State, Terms, apply, moves_matter};

/// Where all officers of the requested party together bring a case, each command after whatever silence of the other side.
fn reached(terms: &Terms, from: Case) -> BTreeSet<State> {
    let (mut next, mut states) = (vec![settled(from)], BTreeSet::new());
    let mut seen = BTreeSet::from([shape(&next[0])]);
    while let Some(case) = next.pop() {
        states.insert(case.state());
        for step in Step::ALL.into_iter().filter(|step| !moves_matter(*step)) {
            let plain = order(step, "FR:central", Some(&case), terms);
            for (order, signers) in
                said(&plain).into_iter().flat_map(|one| together(step).into_iter().map(move |by| (one.clone(), by)))
            {
                let mut order = Order { signers, ..order };
                // Who grants says that he called.
                order.declared.callback = matches!(step, Step::Recognise | Step::OfferConditions).then_some(NOW);
                let Ok(event) = order.decide_at(Some(&case), NOW.plus_ms(SILENCE_MS)) else { continue };
                let after = settled(apply(Some(case.clone()), &event));
                if seen.insert(shape(&after)) {
                    next.push(after);
                }
            }
        }
    }
    states
}

#[test]
fn all_officers_of_the_requested_party_together_grant_no_emergency_before_the_other_has_given_the_challenge_back() {
    let terms = Terms { callback: true, ..free() };
    let granted = BTreeSet::from([State::Accepted, State::CondOffer, State::Executing, State::Ready, State::Produced]);
    let review = review(terms.clone());
    let called = take(Some(review.clone()), Step::OpenCallback, &[1]);
    for case in [review, called.clone()] {
        let alone = reached(&terms, case);
        assert!(alone.is_disjoint(&granted), "{alone:?}");
        assert!(alone.is_superset(&BTreeSet::from([State::Refused, State::Consult, State::InfoWait])), "{alone:?}");
    }
    let answered = reached(&terms, take(Some(called), Step::AnswerCallback, &[1]));
    assert!(answered.is_superset(&granted), "{answered:?}");
}
