//! An emergency, as far as one side can bring it alone.

use std::collections::BTreeSet;

use model::{CaseId, Declared, EntryId, RefusalCode, Step};

use super::{
    CASE, CHALLENGE, ENTRY, NOW, Order,
    alone::{SILENCE_MS, order, said, settled, shape, together},
    take,
    terms::{declaring, free, r94, review},
};
use crate::{CLOCKS, Case, Signal, State, Terms, apply, moves_matter};

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

/// Only who calls knows whether he did: a clock that stood still for it would stand still by the word of who is late.
#[test]
fn no_clock_of_the_requested_party_stands_still_for_a_call_that_it_says_it_made() {
    let stands = |from: &Signal| *from == Signal::Step(Step::OpenCallback);
    for row in CLOCKS {
        assert!(!row.pauses.iter().any(|(from, _)| stands(from)), "{row}");
        assert!(![row.stops, row.restarts].iter().any(|signals| signals.iter().any(stands)), "{row}");
    }
}

#[test]
fn a_call_before_its_challenge_was_drawn_or_after_it_was_given_back_is_none_r94() {
    let case = review(Terms { callback: true, ..free() });
    let minute = 60_000;
    let moved = |case: &Case, step: Step, at: i64, taken: i64| {
        let order = Order::proper(step, &[1]);
        let event = order.decide_taken(Some(case), NOW.plus_ms(at * minute), Some(NOW.plus_ms(taken * minute)));
        apply(Some(case.clone()), &event.unwrap())
    };
    // The entry of the challenge is on its way for an hour; who calls does not wait for it.
    let opened = moved(&case, Step::OpenCallback, 20, 80);
    let answered = moved(&opened, Step::AnswerCallback, 90, 91);
    for (step, order) in [Step::Recognise, Step::OfferConditions].map(|step| (step, Order::proper(step, &[1]))) {
        let says = |at: i64| {
            let callback = Some(NOW.plus_ms(at * minute));
            let grant = Order { declared: Declared { callback, ..Declared::default() }, ..order.clone() };
            grant
                .decide_at(Some(&answered), NOW.plus_ms(200 * minute))
                .map_err(|refusal| (refusal.code, refusal.field.unwrap()))
        };
        for within in [15, 20, 60, 91, 96] {
            assert!(says(within).is_ok(), "{step} {within}");
        }
        for outside in [1, 14, 97, 199] {
            assert_eq!(says(outside).unwrap_err(), r94("declared.callback"), "{step} {outside}");
        }
    }
}

#[test]
fn a_challenge_that_was_drawn_for_another_case_or_request_proves_no_call_r95() {
    let case = review(Terms { callback: true, ..free() });
    let answer = Order::proper(Step::AnswerCallback, &[1]);
    let (other_case, other_entry) = (CaseId::new([9; 16]), EntryId::new([9; 16]));
    for (of, request, fits) in [(CASE, ENTRY, true), (other_case, ENTRY, false), (CASE, other_entry, false)] {
        let challenge = Some(CHALLENGE.commitment(of, request));
        let open = declaring(Step::OpenCallback, Declared { challenge, ..Declared::default() });
        let opened = apply(Some(case.clone()), &open.decide(Some(&case)).unwrap());
        let said = answer.decide(Some(&opened)).map_err(|refusal| refusal.code);
        assert_eq!(said.is_ok(), fits);
        assert!(fits || said == Err(RefusalCode::R95));
    }
}
