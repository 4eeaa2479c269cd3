//! What the law of one state wants of a step, and how nobody waits for ever. Each refusal has a test that provokes it.

use model::{ConditionCode, Flaw, MatterId, MeasureId, RefusalCode, Role, Step, Timestamp};

use treaty::{Timer, TimerKind, Unit};

use super::{
    ENTRY, NOW, Order, absent, case_in, take,
    terms::{free, r94, refused, review},
};
use crate::{ANSWER_SILENCE_DAYS, Case, Event, MatterState, Side, State, Terms, apply};

const M1: MeasureId = MeasureId(1);
const DAY_MS: i64 = 24 * 3600 * 1000;

fn signs(step: Step, signers: &[(u8, Role)]) -> Order {
    Order::proper(step, &[1]).signed(signers)
}

/// The order of a court, or the notice to a ministry, so many days from now.
fn resting(step: Step, days: i64) -> Order {
    let mut order = Order::proper(step, &[1]);
    order.declared.order = NOW.plus_ms(days * DAY_MS).date();
    order
}

fn on(case: Case, order: &Order) -> Case {
    let event = order.decide(Some(&case)).unwrap();
    apply(Some(case), &event)
}

#[test]
fn where_a_ministry_must_be_told_nobody_reviews_before_it_was_r94() {
    let mut acked = review(free());
    let measure = acked.measures.get_mut(&M1).unwrap();
    (measure.state, measure.terms) = (State::Acked, Some(Terms { ministry_notice: true, ..free() }));
    let silent = Order::proper(Step::OpenReview, &[1]);
    assert_eq!(refused(&acked, &silent), r94("declared.order"));
    let refusal = silent.decide(Some(&acked)).unwrap_err();
    assert_eq!(refusal.reason, "FR reviews M1 only after the notice to its ministry, and none is named");
    assert_eq!(refused(&acked, &resting(Step::OpenReview, 2)), r94("declared.order"), "of a day that has not come");
    assert_eq!(on(acked, &resting(Step::OpenReview, 0)).state(), State::Review);
}

#[test]
fn where_a_court_must_order_it_nothing_is_granted_nor_offered_without_its_order_r94() {
    let case = || review(Terms { court_order: true, ..free() });
    for step in [Step::Recognise, Step::OfferConditions] {
        assert_eq!(refused(&case(), &Order::proper(step, &[1])), r94("declared.order"), "{step}");
        assert!(resting(step, -3).decide(Some(&case())).is_ok(), "{step}");
    }
    // A refusal needs no court, and carries no order.
    assert!(Order::proper(Step::Refuse, &[1]).decide(Some(&case())).is_ok());
    assert_eq!(resting(Step::Refuse, 0).decide(Some(&case())).unwrap_err().field.unwrap(), "declared.order");
    // What an annulled decision rested on, the next one rests on anew.
    let granted = [Step::Assign, Step::LodgeRemedy, Step::AnnulDecision]
        .iter()
        .fold(on(case(), &resting(Step::Recognise, 0)), |case, step| take(Some(case), *step, &[1]));
    assert_eq!(refused(&granted, &Order::proper(Step::Recognise, &[1])), r94("declared.order"));
}

#[test]
fn an_answer_that_asks_for_more_is_signed_by_who_may_validate_it_too_r93() {
    let judge = Terms { validators: vec![Role::Judge], ..free() };
    let asked = take(Some(review(judge)), Step::AskInfo, &[1]);
    let answer = |widens: bool, signers: &[(u8, Role)]| {
        let mut order = signs(Step::GiveInfo, signers);
        order.declared.widens = widens;
        order
    };
    assert!(answer(false, &[(1, Role::Central)]).decide(Some(&asked)).is_ok());
    let missing = refused(&asked, &answer(true, &[(1, Role::Central)]));
    assert_eq!(missing, (RefusalCode::R93, "officers".to_owned()));
    let wrong = [
        [(1, Role::Central), (2, Role::Prosecutor)],
        [(1, Role::Central), (1, Role::Judge)],
        [(1, Role::Central), (2, Role::Central)],
    ];
    for signers in wrong {
        assert_eq!(refused(&asked, &answer(true, &signers)).0, RefusalCode::R93, "{signers:?}");
    }
    // The validator does not answer in the place of the central authority.
    let alone = answer(true, &[(2, Role::Judge), (3, Role::Judge)]).decide(Some(&asked)).unwrap_err();
    assert_eq!((alone.code, alone.field.as_deref()), (RefusalCode::R94, Some("officers")));
    // Where nothing more is asked nobody else signs.
    let beside = answer(false, &[(1, Role::Central), (2, Role::Judge)]).decide(Some(&asked)).unwrap_err();
    assert_eq!(beside.code, RefusalCode::R93);
    assert_eq!(on(asked, &answer(true, &[(1, Role::Central), (2, Role::Judge)])).state(), State::Review);
    // What nobody needs to validate, nobody validates when it grows.
    let open = take(Some(review(free())), Step::AskInfo, &[1]);
    assert!(answer(true, &[(1, Role::Central)]).decide(Some(&open)).is_ok());
    let mut elsewhere = Order::proper(Step::AskInfo, &[1]);
    elsewhere.declared.widens = true;
    assert_eq!(elsewhere.decide(Some(&review(free()))).unwrap_err().field.unwrap(), "declared.widens");
}

fn produced() -> Case {
    case_in(State::Produced, &[1, 2])
}

#[test]
fn records_that_are_not_taken_open_their_correction_with_what_is_wrong_for_both_sides() {
    let case = produced();
    let mut reject = Order::proper(Step::Reject, &[1]);
    reject.declared.flaw = None;
    let silent = reject.decide(Some(&case)).unwrap_err();
    assert_eq!((silent.code, silent.field.as_deref()), (RefusalCode::R94, Some("declared.flaw")));
    reject.declared.flaw = Some(Flaw::WrongValue);
    let case = on(case, &reject);
    assert_eq!((case.measures[&M1].state, case.measures[&MeasureId(2)].state), (State::Ready, State::Produced));
    let matter = &case.matters[&MatterId(1)];
    assert_eq!((matter.state, matter.opener, matter.flaw), (MatterState::Reported, Side::Home, Some(Flaw::WrongValue)));
    assert_eq!((matter.by, matter.about, matter.concerns.as_slice()), (Some(ENTRY), Some(ENTRY), &[M1][..]));
    assert!(matter.is_about(ENTRY, M1) && !matter.is_about(ENTRY, MeasureId(2)));
    // The next matter has the next number.
    let report = Order::proper(Step::ReportError, &[2]);
    assert_eq!(report.decide(Some(&case)).unwrap_err().field.unwrap(), "declared.matter");
    let mut report = report.clone();
    report.declared.matter = Some(MatterId(2));
    assert!(report.decide(Some(&case)).is_ok());
}

#[test]
fn what_was_not_taken_is_released_anew_and_neither_recalled_nor_closed_by_its_giver_alone() {
    let case = on(produced(), &Order::proper(Step::Reject, &[1]));
    let close = |sender: &str| Order::proper(Step::CloseMatter, &[1]).by(sender).signed(&[(1, Role::Central)]);
    // It was reported as somebody else's: its giver cannot end that by a word.
    assert!(close("FR:central").decide(Some(&case)).is_err());
    let triaged = on(case, &Order::proper(Step::Triage, &[1]));
    for step in [Step::Recall, Step::CloseMatter] {
        let order = Order::proper(step, &[1]).by("FR:central").signed(&[(3, Role::Central), (7, Role::Central)]);
        assert!(order.decide(Some(&triaged)).is_err(), "{step}");
    }
    let again = [Step::Release, Step::Confirm].iter().fold(triaged, |case, step| take(Some(case), *step, &[1]));
    let closed = on(again, &close("JP:central"));
    assert_eq!(closed.matters[&MatterId(1)].state, MatterState::Closed);
    assert_eq!(closed.measures[&M1].state, State::Received);
}

#[test]
fn what_was_taken_and_is_somebody_elses_is_still_closed_only_after_its_recall() {
    let case = on(case_in(State::Received, &[1]), &Order::proper(Step::ReportError, &[1]));
    let triaged = on(case, &Order::proper(Step::Triage, &[1]));
    let close = Order::proper(Step::CloseMatter, &[1]).by("JP:central").signed(&[(1, Role::Central)]);
    assert!(close.decide(Some(&triaged)).is_err());
    assert!(Order::proper(Step::Recall, &[1]).decide(Some(&triaged)).is_ok());
}

#[test]
fn the_conditions_of_an_annulled_decision_are_not_those_of_the_next_release_r94() {
    let conditions = |step: Step, code: ConditionCode| {
        let mut order = Order::proper(step, &[1]);
        order.conditions = vec![code];
        order
    };
    let granted = on(review(free()), &conditions(Step::Recognise, ConditionCode::C01));
    let steps = [Step::Assign, Step::LodgeRemedy, Step::AnnulDecision];
    let annulled = steps.iter().fold(granted, |case, step| take(Some(case), *step, &[1]));
    assert!(annulled.measures[&M1].conditions.is_empty() && annulled.measures[&M1].granted.is_empty());
    let anew = on(annulled, &conditions(Step::Recognise, ConditionCode::C04));
    let ready = [Step::Assign, Step::Collected].iter().fold(anew, |case, step| take(Some(case), *step, &[1]));
    assert_eq!(refused(&ready, &conditions(Step::Release, ConditionCode::C01)), r94("conditions"));
    assert!(conditions(Step::Release, ConditionCode::C04).decide(Some(&ready)).is_ok());
}

#[test]
fn what_was_given_under_a_decision_stays_under_its_conditions_though_the_decision_is_annulled() {
    let mut recognise = Order::proper(Step::Recognise, &[1]);
    recognise.conditions = vec![ConditionCode::C06];
    let steps = [
        Step::Assign,
        Step::PartCollected,
        Step::Release,
        Step::Confirm,
        Step::MoreToCome,
        Step::LodgeRemedy,
        Step::AnnulDecision,
    ];
    let annulled = steps.iter().fold(on(review(free()), &recognise), |case, step| take(Some(case), *step, &[1]));
    let measure = &annulled.measures[&M1];
    assert_eq!((measure.conditions.as_slice(), measure.granted.as_slice()), (&[ConditionCode::C06][..], &[][..]));
    assert!(measure.keeps(), "what was received under C06 is still destroyed after final judgment");
}

#[test]
fn what_takes_the_place_of_an_automatic_answer_goes_under_the_conditions_of_that() {
    let under = |step: Step| {
        let mut order = Order::proper(step, &[1]);
        order.conditions = vec![ConditionCode::C01];
        order
    };
    let open = case_in(State::Validated, &[]);
    let mut send = Order::proper(Step::SealSend, &[1]);
    send.terms = vec![(M1, Terms { automatic: true, conditions: vec![ConditionCode::C01], ..free() })];
    let sent = on(open, &send);
    let delivered = Event::delivered(&sent, NOW);
    let answered = on(apply(Some(sent), &delivered), &under(Step::Answer));
    let rejected = take(Some(answered.clone()), Step::Reject, &[1]);
    assert!(under(Step::Release).decide(Some(&rejected)).is_ok());
    let reported = [Step::Confirm, Step::ReportError].iter().fold(answered, |case, step| take(Some(case), *step, &[1]));
    let mut triage = Order::proper(Step::Triage, &[1]);
    triage.declared.flaw = Some(Flaw::WrongValue);
    let triaged = on(reported, &triage);
    assert!(under(Step::Reissue).decide(Some(&triaged)).is_ok(), "{:?}", under(Step::Reissue).decide(Some(&triaged)));
}

fn later(case: &Case, days: i64) -> Timestamp {
    case.measures[&M1].since.plus_ms(days * DAY_MS)
}

#[test]
fn an_offer_that_nobody_answers_is_reviewed_anew_after_thirty_days_and_not_before() {
    let offered = take(Some(review(free())), Step::OfferConditions, &[1]);
    assert_eq!(offered.whose_move(), Some(Side::Home), "until then it is the other side's move");
    let resume = Order::proper(Step::Resume, &[1]);
    let early = resume.decide_at(Some(&offered), later(&offered, ANSWER_SILENCE_DAYS).plus_ms(-1)).unwrap_err();
    assert_eq!((early.code, early.field.as_deref()), (RefusalCode::R94, Some("concerns")));
    assert!(early.reason.contains("neither taken nor declined the offer"), "{early}");
    let event = resume.decide_at(Some(&offered), later(&offered, ANSWER_SILENCE_DAYS)).unwrap();
    let review = apply(Some(offered), &event);
    assert_eq!((review.state(), review.measures[&M1].offered.as_slice()), (State::Review, &[][..]));
    // Who was silent takes no more what is not offered any more.
    assert!(Order::proper(Step::AcceptConditions, &[1]).decide(Some(&review)).is_err());
}

#[test]
fn a_treaty_that_leaves_more_time_for_an_answer_is_waited_for_and_one_that_leaves_less_changes_nothing() {
    let resume = Order::proper(Step::Resume, &[1]);
    let timed = |kind, length, unit| {
        let timer = Timer { kind, record: None, emergency: false, length, unit, clause: None };
        take(Some(review(Terms { timers: vec![timer], ..free() })), Step::OfferConditions, &[1])
    };
    for (length, unit, days) in [
        (45, Unit::Days, 46),
        (20, Unit::WorkingDays, 41),
        (20, Unit::DaysToWorkingDay, 35),
        (10, Unit::Days, ANSWER_SILENCE_DAYS),
        (48, Unit::Hours, ANSWER_SILENCE_DAYS),
    ] {
        let offered = timed(TimerKind::Offer, length, unit);
        let end = later(&offered, days);
        assert!(resume.decide_at(Some(&offered), end.plus_ms(-1)).is_err(), "{length} {unit:?}");
        assert!(resume.decide_at(Some(&offered), end).is_ok(), "{length} {unit:?}");
    }
    // How long records may wait says nothing of an offer.
    let offered = timed(TimerKind::Receipt, 90, Unit::Days);
    assert!(resume.decide_at(Some(&offered), later(&offered, ANSWER_SILENCE_DAYS)).is_ok());
}

#[test]
fn records_that_nobody_confirms_let_their_giver_report_or_go_on_after_thirty_days_and_not_before() {
    let at = |case: &Case| later(case, ANSWER_SILENCE_DAYS);
    let all = case_in(State::Produced, &[1]);
    assert_eq!(all.whose_move(), Some(Side::Home));
    let report = Order::proper(Step::FinalReport, &[1]);
    let early = report.decide_at(Some(&all), at(&all).plus_ms(-1)).unwrap_err();
    assert!(early.reason.contains("neither confirmed nor rejected"), "{early}");
    let mut silent = report.clone();
    silent.declared.left_out.clear();
    let untold = silent.decide_at(Some(&all), at(&all)).unwrap_err();
    assert_eq!(untold.field.as_deref(), Some("declared.left_out"), "a report names what it leaves out here too");
    assert!(Order::proper(Step::MoreToCome, &[1]).decide_at(Some(&all), at(&all)).is_err(), "nothing is outstanding");
    let event = report.decide_at(Some(&all), at(&all)).unwrap();
    let reported = apply(Some(all), &event);
    let measure = &reported.measures[&M1];
    assert_eq!((measure.state, measure.reported, measure.taken.records.len()), (State::Executed, true, 1));
    assert_eq!(measure.left_out, [absent(1)]);
    let part = [Step::PartCollected, Step::Release]
        .iter()
        .fold(case_in(State::Executing, &[1]), |case, step| take(Some(case), *step, &[1]));
    assert!(report.decide_at(Some(&part), at(&part)).is_err(), "a part is outstanding");
    let event = Order::proper(Step::MoreToCome, &[1]).decide_at(Some(&part), at(&part)).unwrap();
    let on = apply(Some(part), &event);
    assert_eq!((on.state(), on.measures[&M1].taken.records.len()), (State::Executing, 1));
}

#[test]
fn a_part_whose_rest_does_not_follow_is_taken_over_after_thirty_days_and_not_before_and_the_rest_counts_as_not_produced()
 {
    let part = [Step::PartCollected, Step::Release, Step::Confirm]
        .iter()
        .fold(case_in(State::Executing, &[1]), |case, step| take(Some(case), *step, &[1]));
    let end = later(&part, ANSWER_SILENCE_DAYS);
    let over = Order::proper(Step::TakeOver, &[1]);
    let early = over.decide_at(Some(&part), end.plus_ms(-1)).unwrap_err();
    assert!(early.reason.starts_with("FR has not gone on with what is outstanding of M1"), "{early}");
    let possible = part.possible(Side::Home);
    let row = possible.iter().find(|one| one.row.trigger == crate::Trigger::Step(Step::TakeOver)).unwrap();
    assert!(!row.is_due(&part, end.plus_ms(-1)) && row.is_due(&part, end));
    // Who goes on in time is waited for.
    let on = take(Some(part.clone()), Step::MoreToCome, &[1]);
    assert!(over.decide_at(Some(&on), end).is_err());
    let used = apply(Some(part.clone()), &over.decide_at(Some(&part), end).unwrap());
    assert_eq!(
        (used.state(), used.measures[&M1].outstanding),
        (State::InUse, true),
        "both sides see that it is not all"
    );
    let late = Order::proper(Step::FinalReport, &[1]).decide_at(Some(&used), end).unwrap_err();
    assert!(late.reason.contains("without the rest, which counts as not produced"), "{late}");
    let closed = [Step::DisposalDue, Step::CertifyDisposal, Step::Close].iter().fold(used, |case, step| {
        let event = Order::proper(*step, &[1]).by("JP:central").decide_at(Some(&case), end).unwrap();
        apply(Some(case), &event)
    });
    assert_eq!(closed.state(), State::Closed);
}

#[test]
fn what_was_given_in_an_emergency_that_no_court_validates_is_destroyed_before_the_case_is_closed() {
    let urgent = review(Terms { expost_hours: Some(48), ..free() });
    let steps = [Step::Recognise, Step::Assign, Step::Collected, Step::Release, Step::Confirm, Step::FinalReport];
    let executed = steps.iter().fold(urgent, |case, step| take(Some(case), *step, &[1]));
    let end = executed.measures[&M1].regularise_by().unwrap();
    let after = |step: Step| Order::proper(step, &[1]).decide_at(Some(&executed), end.plus_ms(1));
    assert_eq!(after(Step::Regularise).unwrap_err().field.as_deref(), Some("concerns"), "it comes too late");
    for side in ["JP:central", "FR:central"] {
        let close = Order::proper(Step::Close, &[1]).by(side).decide_at(Some(&executed), end.plus_ms(1)).unwrap_err();
        assert!(close.reason.contains("destroyed or returned before the case is closed"), "{close}");
    }
    let due = apply(Some(executed.clone()), &after(Step::DisposalDue).unwrap());
    let closed = [Step::CertifyDisposal, Step::Close].iter().fold(due, |case, step| {
        let event = Order::proper(*step, &[1]).decide_at(Some(&case), end.plus_ms(2)).unwrap();
        apply(Some(case), &event)
    });
    assert_eq!(closed.state(), State::Closed);
    // What a court validated in time is used, and closed, as any other.
    let validated = take(Some(executed), Step::Regularise, &[1]);
    assert!(Order::proper(Step::Close, &[1]).decide(Some(&validated)).is_ok());
}

#[test]
fn an_emergency_is_validated_from_its_arrival_on_and_needs_it_no_second_time() {
    let urgent = review(Terms { expost_hours: Some(48), ..free() });
    let validated = take(Some(urgent), Step::Regularise, &[1]);
    assert_eq!((validated.state(), validated.measures[&M1].regularise_by()), (State::Review, None));
    let steps = [Step::Recognise, Step::Assign, Step::Collected, Step::Release, Step::Confirm, Step::FinalReport];
    let executed = steps.iter().fold(validated, |case, step| take(Some(case), *step, &[1]));
    assert!(Order::proper(Step::Regularise, &[1]).decide(Some(&executed)).is_err());
    assert!(Order::proper(Step::Close, &[1]).decide(Some(&executed)).is_ok());
}

#[test]
fn what_rests_on_silence_is_offered_when_the_silence_is_over() {
    let offered = take(Some(review(free())), Step::OfferConditions, &[1]);
    let resumes = |now: Timestamp| {
        let all = offered.possible(Side::Peer);
        let resume = all.iter().find(|one| one.row.trigger == crate::Trigger::Step(Step::Resume)).unwrap();
        resume.is_due(&offered, now)
    };
    assert!(
        !resumes(later(&offered, ANSWER_SILENCE_DAYS).plus_ms(-1)) && resumes(later(&offered, ANSWER_SILENCE_DAYS))
    );
    // The same of a consultation, of questions and of a refusal: of each only what rests on the time.
    let due = |case: &Case, step: Step, days: i64| {
        let all = case.possible(Side::Peer);
        let row = all.iter().find(|one| one.row.trigger == crate::Trigger::Step(step)).unwrap();
        [-1, 0].map(|ms| row.is_due(case, later(case, days).plus_ms(ms)))
    };
    let moved = |step: Step| take(Some(review(free())), step, &[1]);
    assert_eq!(due(&moved(Step::Consult), Step::ConsultDone, crate::CONSULT_SILENCE_DAYS), [false, true]);
    let asked = (0..crate::INFO_REMINDERS).fold(moved(Step::AskInfo), |case, _| take(Some(case), Step::AskInfo, &[1]));
    assert_eq!(due(&asked, Step::ReturnRequest, crate::INFO_SILENCE_DAYS), [false, true]);
    assert_eq!(
        due(&moved(Step::AskInfo), Step::ReturnRequest, crate::INFO_SILENCE_DAYS),
        [false, false],
        "not reminded"
    );
    assert_eq!(due(&moved(Step::Refuse), Step::Close, crate::REMEDY_DAYS), [false, true]);
    assert_eq!(due(&case_in(State::Delivered, &[1]), Step::ReturnRequest, 0), [true, true], "for another authority");
    // What rests on no silence is possible at once.
    let withdraw = &offered.possible(Side::Home)[0];
    assert!(withdraw.is_due(&offered, NOW));
}
