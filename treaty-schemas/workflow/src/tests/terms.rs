//! What a treaty says of the answer, and what follows from it. Each refusal has a test that provokes it.

use model::{
    Challenge, Classification, ConditionCode, Declared, MeasureId, PostponementCode, Refusal, RefusalCode, Role, Step,
    Timestamp,
};

use super::{CASE, CHALLENGE, ENTRY, NOW, Order, case_in, take};
use crate::{Case, Event, Keeping, Preservation, Side, Standing, State, Terms, apply};

pub(super) fn free() -> Terms {
    Terms { grounds: RefusalCode::ALL.iter().copied().filter(|code| code.is_human()).collect(), ..Terms::default() }
}

/// A case of one measure under these terms, in REVIEW.
pub(super) fn review(terms: Terms) -> Case {
    let open = case_in(State::Validated, &[]);
    let mut send = Order::proper(Step::SealSend, &[1]);
    send.terms = vec![(MeasureId(1), terms)];
    let sent = apply(Some(open.clone()), &send.decide(Some(&open)).unwrap());
    let mut case = apply(Some(sent.clone()), &Event::delivered(&sent, NOW));
    // What is decided below happens at `NOW`; the request came an hour before.
    for measure in case.measures.values_mut() {
        measure.arrived = NOW.plus_ms(-3_600_000);
    }
    [Step::Acknowledge, Step::OpenReview].iter().fold(case, |case, step| take(Some(case), *step, &[1]))
}

pub(super) fn refused(case: &Case, order: &Order) -> (RefusalCode, String) {
    let refusal: Refusal = order.decide(Some(case)).unwrap_err();
    assert!(refusal.article.is_some(), "{refusal}");
    assert!(!refusal.remedy.is_empty());
    (refusal.code, refusal.field.unwrap())
}

pub(super) fn r94(field: &str) -> (RefusalCode, String) {
    (RefusalCode::R94, field.to_owned())
}

#[test]
fn a_refusal_without_a_consultation_is_refused_where_the_treaty_demands_one_r94() {
    let case = review(Terms { consult: true, ..free() });
    let refuse = Order::proper(Step::Refuse, &[1]);
    assert_eq!(refused(&case, &refuse), r94("concerns"));
    let refusal = refuse.decide(Some(&case)).unwrap_err();
    assert_eq!(
        refusal.remedy,
        "Let a decider of FR open it (consult), and JP say that it was held (consult_done); then refuse."
    );
    let consulting = take(Some(case), Step::Consult, &[1]);
    assert_eq!((consulting.state(), consulting.whose_move()), (State::Consult, Some(Side::Home)));
    assert_eq!(refuse.decide(Some(&consulting)).unwrap_err().code, RefusalCode::R94);
    let held = take(Some(consulting), Step::ConsultDone, &[1]);
    assert_eq!(held.state(), State::Review);
    assert_eq!(take(Some(held), Step::Refuse, &[1]).state(), State::Refused);
}

#[test]
fn who_wants_to_refuse_cannot_say_alone_that_it_consulted_before_ten_days_of_silence() {
    let case = take(Some(review(Terms { consult: true, ..free() })), Step::Consult, &[1]);
    let opened = case.measures[&MeasureId(1)].since;
    let by_peer = Order::proper(Step::ConsultDone, &[1]).by("FR:central").signed(&[(4, Role::Decider)]);
    let day = 24 * 3600 * 1000;
    let after = |days: i64| by_peer.decide_at(Some(&case), opened.plus_ms(days * day));
    for days in [0, 9] {
        let refusal = after(days).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some("concerns")));
        assert!(
            refusal.remedy.contains("JP say it") || refusal.remedy.contains("authority of JP say it"),
            "{refusal:?}"
        );
    }
    assert_eq!(apply(Some(case.clone()), &after(10).unwrap()).state(), State::Review);
    let by_home = Order::proper(Step::Consult, &[1]).by("JP:central");
    assert_eq!(by_home.decide(Some(&case)).unwrap_err().code, RefusalCode::R93);
}

#[test]
fn what_is_being_carried_out_goes_through_a_consultation_too_before_it_is_refused() {
    let case = review(Terms { consult: true, ..free() });
    let executing = [Step::Recognise, Step::Assign].iter().fold(case, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(refused(&executing, &Order::proper(Step::Refuse, &[1])), r94("concerns"));
    let steps = [Step::Consult, Step::ConsultDone, Step::Refuse];
    let end = steps.iter().fold(executing, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(end.state(), State::Refused);
}

#[test]
fn a_ground_or_condition_that_the_treaty_does_not_know_is_refused_r94() {
    let case = review(Terms { grounds: vec![RefusalCode::R02], conditions: vec![ConditionCode::C01], ..free() });
    assert_eq!(refused(&case, &Order::proper(Step::Refuse, &[1])), r94("ground"));
    let mut recognise = Order::proper(Step::Recognise, &[1]);
    recognise.conditions = vec![ConditionCode::C04];
    assert_eq!(refused(&case, &recognise), r94("conditions"));
    recognise.conditions = vec![ConditionCode::C01];
    let accepted = apply(Some(case.clone()), &recognise.decide(Some(&case)).unwrap());
    let ready = [Step::Assign, Step::Collected].iter().fold(accepted, |case, step| take(Some(case), *step, &[1]));
    let mut release = Order::proper(Step::Release, &[1]);
    release.conditions = vec![ConditionCode::C04];
    assert_eq!(refused(&ready, &release), r94("conditions"));
}

pub(super) fn declaring(step: Step, declared: Declared) -> Order {
    Order { declared, ..Order::proper(step, &[1]) }
}

/// Both sides have told the call.
fn called(case: Case) -> Case {
    [Step::OpenCallback, Step::AnswerCallback].iter().fold(case, |case, step| take(Some(case), *step, &[1]))
}

#[test]
fn an_emergency_without_a_call_back_is_not_accepted_r94() {
    let case = called(review(Terms { callback: true, ..free() }));
    let at = |callback: Option<Timestamp>| declaring(Step::Recognise, Declared { callback, ..Declared::default() });
    let hour = 3_600_000;
    for wrong in [None, Some(NOW.plus_ms(-hour)), Some(NOW.plus_ms(-2 * hour)), Some(NOW.plus_ms(1))] {
        assert_eq!(refused(&case, &at(wrong)), r94("declared.callback"), "{wrong:?}");
    }
    let called = NOW.plus_ms(-60_000);
    let accepted = apply(Some(case.clone()), &at(Some(called)).decide(Some(&case)).unwrap());
    assert_eq!(accepted.state(), State::Accepted);
    assert_eq!(accepted.measures[&MeasureId(1)].callback, Some(called));
}

#[test]
fn an_officer_who_only_says_that_he_called_grants_nothing_r95() {
    let case = review(Terms { callback: true, ..free() });
    let callback = Some(NOW);
    let grants = [Step::Recognise, Step::OfferConditions].map(|step| {
        let proper = Order::proper(step, &[1]);
        Order { declared: Declared { callback, ..Declared::default() }, ..proper }
    });
    let r95 = |field: &str| (RefusalCode::R95, field.to_owned());
    let nothing =
        |case: &Case| grants.iter().for_each(|grant| assert_eq!(refused(case, grant), r95("declared.callback")));
    nothing(&case);
    let answer = |response| declaring(Step::AnswerCallback, Declared { response, ..Declared::default() });
    assert_eq!(refused(&case, &answer(Some(CHALLENGE))), r94("concerns"), "nobody called");
    let open = declaring(Step::OpenCallback, Declared::default());
    assert_eq!(refused(&case, &open), r94("declared.challenge"));
    // He calls; only the other side can say what was read out.
    let opened = take(Some(case), Step::OpenCallback, &[1]);
    nothing(&opened);
    assert!(opened.awaits(Side::Home), "who was called has to enter it");
    let own = answer(Some(CHALLENGE)).by("FR:24x7").signed(&[(4, Role::Central)]);
    assert_eq!(own.decide(Some(&opened)).unwrap_err().code, RefusalCode::R93);
    assert_eq!(refused(&opened, &answer(None)), r94("declared.response"));
    let another = answer(Some(Challenge::new([8; 10])));
    assert_eq!(refused(&opened, &another), r95("declared.response"));
    let answered = take(Some(opened), Step::AnswerCallback, &[1]);
    assert!(!answered.awaits(Side::Home));
    // A second call takes the place of the first: what was answered before proves nothing of it.
    let again = take(Some(answered.clone()), Step::OpenCallback, &[1]);
    nothing(&again);
    for grant in grants {
        assert!(grant.decide(Some(&answered)).is_ok());
    }
}

#[test]
fn nobody_calls_back_where_the_treaty_wants_no_call_r94() {
    let case = review(free());
    for step in [Step::OpenCallback, Step::AnswerCallback] {
        assert_eq!(refused(&case, &Order::proper(step, &[1])), r94("concerns"));
    }
    let possible = [Side::Home, Side::Peer].into_iter().flat_map(|side| case.possible(side));
    let calls = |one: &crate::Possibility| {
        matches!(one.row.trigger, crate::Trigger::Step(Step::OpenCallback | Step::AnswerCallback))
    };
    assert_eq!(possible.filter(calls).count(), 0);
}

#[test]
fn nothing_of_an_emergency_is_released_that_was_granted_without_a_call_back_r94() {
    let case = called(review(Terms { callback: true, ..free() }));
    let mut accept = Order::proper(Step::Recognise, &[1]);
    accept.declared.callback = Some(NOW);
    let accepted = apply(Some(case.clone()), &accept.decide(Some(&case)).unwrap());
    let mut ready = [Step::Assign, Step::Collected].iter().fold(accepted, |case, s| take(Some(case), *s, &[1]));
    assert!(Order::proper(Step::Release, &[1]).decide(Some(&ready)).is_ok());
    ready.measures.get_mut(&MeasureId(1)).unwrap().callback = None;
    assert_eq!(refused(&ready, &Order::proper(Step::Release, &[1])), r94("declared.callback"));
}

fn ready(terms: Terms) -> Case {
    let steps = [Step::Recognise, Step::Assign, Step::Collected];
    steps.iter().fold(review(terms), |case, step| take(Some(case), *step, &[1]))
}

#[test]
fn more_sealed_bytes_than_the_treaty_allows_are_refused_r94() {
    let case = ready(Terms { max_bytes: Some(1000), ..free() });
    let mut release = Order::proper(Step::Release, &[1]);
    release.bytes = 1001;
    assert_eq!(refused(&case, &release), r94("payload"));
    release.bytes = 1000;
    let produced = apply(Some(case.clone()), &release.decide(Some(&case)).unwrap());
    assert_eq!(produced.measures[&MeasureId(1)].bytes, 1000);
}

#[test]
fn a_release_marked_higher_than_the_treaty_allows_or_not_at_all_is_refused_r94() {
    let case = ready(Terms { classification_max: Some(Classification::Restricted), ..free() });
    let mut release = Order::proper(Step::Release, &[1]);
    for mark in [None, Some(Classification::Confidential)] {
        release.declared.classification = mark;
        assert_eq!(refused(&case, &release), r94("declared.classification"));
    }
    release.declared.classification = Some(Classification::Official);
    assert!(release.decide(Some(&case)).is_ok());
}

#[test]
fn terms_for_other_measures_than_are_asked_are_refused_r94() {
    let open = case_in(State::Validated, &[]);
    let mut send = Order::proper(Step::SealSend, &[1, 2]);
    send.terms = vec![(MeasureId(1), free())];
    assert_eq!(send.decide(Some(&open)).unwrap_err().field.as_deref(), Some("measures"));
}

#[test]
fn what_only_some_steps_declare_is_refused_on_others_r94() {
    let case = review(free());
    let spoiled = [
        ("declared.emergency", Declared { emergency: true, ..Declared::default() }),
        ("declared.training", Declared { training: true, ..Declared::default() }),
        ("declared.classification", Declared { classification: Some(Classification::Secret), ..Declared::default() }),
        ("declared.callback", Declared { callback: Some(NOW), ..Declared::default() }),
        ("declared.challenge", Declared { challenge: Some(CHALLENGE.commitment(CASE, ENTRY)), ..Declared::default() }),
        ("declared.response", Declared { response: Some(CHALLENGE), ..Declared::default() }),
    ];
    for (field, declared) in spoiled {
        let order = Order { declared, ..Order::proper(Step::Refuse, &[1]) };
        let refusal = order.decide(Some(&case)).unwrap_err();
        assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R94, Some(field)));
    }
}

#[test]
fn the_clock_of_a_preservation_runs_from_its_confirmation() {
    let keeping = Keeping { days: 60, clause: None, prolongation_days: None };
    let case = ready(Terms { preservation: Some(keeping), ..free() });
    assert_eq!(Preservation::of(&case.measures[&MeasureId(1)]), None);
    let produced = take(Some(case), Step::Release, &[1]);
    let clock = Preservation::of(&produced.measures[&MeasureId(1)]).unwrap();
    assert_eq!((Some(clock.since), clock.on(clock.since)), (NOW.date(), Standing::InForce(60)));
}

#[test]
fn a_case_keeps_its_timers_through_its_storage_and_one_that_was_stored_without_them_has_none() {
    let decision: treaty::Timer = serde_json::from_str(
        r#"{"kind":"decision","record":null,"emergency":false,"length":30,"unit":"days","clause":"eio:12(3)"}"#,
    )
    .unwrap();
    let terms = Terms { timers: vec![decision], ..free() };
    let mut stored = serde_json::to_value(&terms).unwrap();
    assert_eq!(serde_json::from_value::<Terms>(stored.clone()).unwrap(), terms);
    stored.as_object_mut().unwrap().remove("timers");
    assert_eq!(serde_json::from_value::<Terms>(stored).unwrap().timers, vec![]);
}

#[test]
fn a_postponement_rests_on_a_reason_and_a_consultation_as_the_treaty_wants_it_r94() {
    let postpone = Order::proper(Step::Postpone, &[1]);
    let none = review(free());
    assert_eq!(refused(&none, &postpone), r94("declared.postponement"));
    let terms = Terms { postponements: vec![PostponementCode::P01], consult: true, ..free() };
    let case = review(terms);
    assert_eq!(refused(&case, &postpone), r94("concerns"));
    let steps = [Step::Consult, Step::ConsultDone, Step::Postpone];
    let end = steps.iter().fold(case, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(end.state(), State::Postponed);
}

#[test]
fn what_is_offered_and_taken_stays_within_the_treatys_conditions_and_call_back_r94() {
    let case = review(Terms { conditions: vec![ConditionCode::C04], ..free() });
    assert_eq!(refused(&case, &Order::proper(Step::OfferConditions, &[1])), r94("conditions"));
    let case = called(review(Terms { callback: true, ..free() }));
    let mut offer = Order::proper(Step::OfferConditions, &[1]);
    assert_eq!(refused(&case, &offer), r94("declared.callback"));
    offer.declared.callback = Some(NOW);
    let offered = apply(Some(case.clone()), &offer.decide(Some(&case)).unwrap());
    let steps = [Step::AcceptConditions, Step::Assign, Step::Collected];
    let ready = steps.iter().fold(offered, |case, step| take(Some(case), *step, &[1]));
    assert!(Order::proper(Step::Release, &[1]).decide(Some(&ready)).is_ok(), "who offered had called back");
}

#[test]
fn the_bytes_of_all_parts_count_r94() {
    let case = review(Terms { max_bytes: Some(1000), ..free() });
    let part = [Step::Recognise, Step::Assign, Step::PartCollected];
    let partial = part.iter().fold(case, |case, step| take(Some(case), *step, &[1]));
    let mut release = Order::proper(Step::Release, &[1]);
    release.bytes = 600;
    let first = apply(Some(partial.clone()), &release.decide(Some(&partial)).unwrap());
    let more = [Step::Confirm, Step::MoreToCome, Step::Collected];
    let rest = more.iter().fold(first, |case, step| take(Some(case), *step, &[1]));
    release.bytes = 401;
    assert_eq!(refused(&rest, &release), r94("payload"));
    release.bytes = 400;
    assert!(release.decide(Some(&rest)).is_ok());
}

#[test]
fn a_consultation_stands_for_what_is_decided_after_it_and_for_no_later_decision() {
    let case = review(Terms { consult: true, ..free() });
    let steps = [Step::Consult, Step::ConsultDone, Step::Recognise, Step::Assign];
    let executing = steps.iter().fold(case, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(refused(&executing, &Order::proper(Step::Refuse, &[1])), r94("concerns"));
    let steps = [Step::Consult, Step::ConsultDone, Step::Refuse, Step::LodgeRemedy, Step::AnnulDecision];
    let annulled = steps.iter().fold(executing, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(annulled.state(), State::Review);
    assert_eq!(refused(&annulled, &Order::proper(Step::Refuse, &[1])), r94("concerns"));
}

#[test]
fn records_come_under_conditions_that_their_grant_named_and_under_no_others_r94() {
    let case = review(free());
    let mut recognise = Order::proper(Step::Recognise, &[1]);
    recognise.conditions = vec![ConditionCode::C01];
    let accepted = apply(Some(case.clone()), &recognise.decide(Some(&case)).unwrap());
    let ready = [Step::Assign, Step::Collected].iter().fold(accepted, |case, step| take(Some(case), *step, &[1]));
    let mut release = Order::proper(Step::Release, &[1]);
    release.conditions = vec![ConditionCode::C01, ConditionCode::C03];
    assert_eq!(refused(&ready, &release), r94("conditions"));
    let told = release.decide(Some(&ready)).unwrap_err();
    assert_eq!(told.reason, "M1 was not granted under C03, and JP could not decline it");
    assert!(told.remedy.contains("let a decider of FR offer it (offer_conditions)"), "{}", told.remedy);
    // It is offered while the records lie ready, taken, and then binds.
    let mut offer = Order::proper(Step::OfferConditions, &[1]);
    offer.conditions = vec![ConditionCode::C03];
    let offered = apply(Some(ready.clone()), &offer.decide(Some(&ready)).unwrap());
    assert_eq!(offered.state(), State::CondOffer);
    assert!(release.decide(Some(&offered)).is_err());
    assert_eq!(take(Some(offered.clone()), Step::DeclineConditions, &[1]).state(), State::Review, "decided anew");
    let mut accept = Order::proper(Step::AcceptConditions, &[1]);
    accept.conditions = vec![ConditionCode::C03];
    let taken = apply(Some(offered.clone()), &accept.decide(Some(&offered)).unwrap());
    let again = [Step::Assign, Step::Collected].iter().fold(taken, |case, step| take(Some(case), *step, &[1]));
    assert!(release.decide(Some(&again)).is_ok());
    release.conditions = vec![ConditionCode::C01];
    assert!(release.decide(Some(&ready)).is_ok());
}

#[test]
fn measures_that_were_granted_under_different_conditions_are_released_each_under_its_own_r94() {
    let mut case = case_in(State::Ready, &[1, 2]);
    case.measures.get_mut(&MeasureId(1)).unwrap().granted = vec![ConditionCode::C01];
    let mut release = Order::proper(Step::Release, &[1, 2]);
    release.conditions = vec![ConditionCode::C01];
    let told = release.decide(Some(&case)).unwrap_err();
    assert_eq!((told.code, told.field.as_deref()), (RefusalCode::R94, Some("conditions")));
    assert!(told.reason.starts_with("M2"), "{}", told.reason);
    release.concerns = vec![MeasureId(1)];
    assert!(release.decide(Some(&case)).is_ok());
}

#[test]
fn an_automatic_answer_comes_under_conditions_that_the_treaty_names_and_under_no_others_r94() {
    let delivered = |conditions: Vec<ConditionCode>| {
        let open = case_in(State::Validated, &[]);
        let mut send = Order::proper(Step::SealSend, &[1]);
        send.terms = vec![(MeasureId(1), Terms { automatic: true, conditions, ..free() })];
        let sent = apply(Some(open.clone()), &send.decide(Some(&open)).unwrap());
        apply(Some(sent.clone()), &Event::delivered(&sent, NOW))
    };
    let mut answer = Order::proper(Step::Answer, &[1]);
    answer.conditions = vec![ConditionCode::C01];
    assert_eq!(refused(&delivered(vec![]), &answer), r94("conditions"));
    assert!(answer.decide(Some(&delivered(vec![ConditionCode::C01]))).is_ok());
}

#[test]
fn a_report_says_what_became_of_everything_that_was_granted_and_of_nothing_else_r94() {
    let steps = [Step::Recognise, Step::Assign, Step::Collected, Step::Release, Step::Confirm];
    let received = steps.iter().fold(review(free()), |case, step| take(Some(case), *step, &[1]));
    let mut report = Order::proper(Step::FinalReport, &[1]);
    assert_eq!(report.declared.left_out, [super::absent(1)]);
    assert!(report.decide(Some(&received)).is_ok());
    let wrong = [
        vec![],
        vec![super::absent(1), super::absent(1)],
        vec![super::absent(1), super::absent(2)],
        vec![super::absent(1), model::LeftOut { record: super::record("traffic_data"), ..super::absent(1) }],
        vec![super::absent(1), model::LeftOut { record: super::record("content_data"), ..super::absent(1) }],
        vec![super::absent(2)],
    ];
    for left_out in wrong {
        report.declared.left_out = left_out;
        assert_eq!(refused(&received, &report), r94("declared.left_out"), "{:?}", report.declared.left_out);
    }
    report.declared.left_out.clear();
    let told = report.decide(Some(&received)).unwrap_err();
    assert_eq!(told.reason, "M1 asks for subscriber_info too, and the report does not say what became of it");
    assert!(told.remedy.contains("two of its deciders refuse it"), "{}", told.remedy);
    let mut status = Order::proper(Step::Acknowledge, &[1]);
    status.declared.left_out = vec![super::absent(1)];
    let delivered = case_in(State::Delivered, &[1]);
    assert_eq!(status.decide(Some(&delivered)).unwrap_err().field.as_deref(), Some("declared.left_out"));
}

#[test]
fn who_decided_does_not_decide_on_the_remedy_against_it_r93() {
    let steps = [Step::Refuse, Step::LodgeRemedy];
    let appeal = steps.iter().fold(review(free()), |case, step| take(Some(case), *step, &[1]));
    // Officers 4 and 5 refused.
    for step in [Step::AnnulDecision, Step::UpholdDecision] {
        for (one, other) in [(4, 12), (12, 5), (4, 5)] {
            let order = Order::proper(step, &[1]).signed(&[(one, Role::Judge), (other, Role::Decider)]);
            assert_eq!(
                refused(&appeal, &order),
                (RefusalCode::R93, "officers".to_owned()),
                "{step} by {one} and {other}"
            );
        }
        assert!(Order::proper(step, &[1]).decide(Some(&appeal)).is_ok());
    }
    let told =
        Order::proper(Step::AnnulDecision, &[1]).signed(&[(4, Role::Decider)]).decide(Some(&appeal)).unwrap_err();
    assert!(told.remedy.starts_with("Let a judge or decider of FR decide"), "{}", told.remedy);
    // A decision that is made anew is another one; so is its remedy.
    let again = take(Some(appeal), Step::AnnulDecision, &[1]);
    let by_others = Order::proper(Step::Refuse, &[1]).signed(&[(14, Role::Decider), (15, Role::Decider)]);
    let anew = apply(Some(again.clone()), &by_others.decide(Some(&again)).unwrap());
    let appeal = take(Some(anew), Step::LodgeRemedy, &[1]);
    assert!(Order::proper(Step::AnnulDecision, &[1]).signed(&[(4, Role::Decider)]).decide(Some(&appeal)).is_ok());
    assert!(Order::proper(Step::AnnulDecision, &[1]).signed(&[(14, Role::Decider)]).decide(Some(&appeal)).is_err());
    // An acceptance is a decision too.
    let steps = [Step::Recognise, Step::Assign, Step::LodgeRemedy];
    let granted = steps.iter().fold(review(free()), |case, step| take(Some(case), *step, &[1]));
    let by_the_same = Order::proper(Step::UpholdDecision, &[1]).signed(&[(4, Role::Decider)]);
    assert_eq!(refused(&granted, &by_the_same), (RefusalCode::R93, "officers".to_owned()));
}

#[test]
fn who_got_all_of_it_waits_for_no_report_to_use_or_destroy_it_and_the_report_still_comes() {
    let got = || {
        let steps = [Step::Recognise, Step::Assign, Step::Collected, Step::Release, Step::Confirm];
        let case = review(Terms { retention_days: Some(30), ..free() });
        steps.iter().fold(case, |case, step| take(Some(case), *step, &[1]))
    };
    assert_eq!(take(Some(got()), Step::DisposalDue, &[1]).state(), State::DisposalDue);
    let used = take(Some(got()), Step::TakeOver, &[1]);
    let reported = take(Some(used), Step::FinalReport, &[1]);
    assert_eq!(reported.state(), State::InUse);
    assert_eq!(refused(&reported, &Order::proper(Step::FinalReport, &[1])), r94("concerns"));
}
