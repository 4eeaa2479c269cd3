//! What the law of a state, or of the case, wants of a step is held by both gateways, whoever sends it.

use model::{Absence, Classification, ConditionCode, Flaw, LeftOut, MatterId, MeasureId, RefusalCode, Role, Step};
use workflow::{ANSWER_SILENCE_DAYS, MatterState, State};

use super::{
    terms::{Pair, go},
    world::{key, under_law},
};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn declares(rule: &str) -> String {
    format!("[[declaration]]\narticle = \"ets-185:31\"\nrule = \"{rule}\"\nverified = false\n")
}

#[test]
fn a_review_before_the_ministry_was_told_is_rejected_by_both_gateways() {
    let mut pair = Pair::acknowledged(under_law(&declares("ministry_notice")), false);
    let mut review = pair.draft(Step::OpenReview, false);
    assert_eq!(pair.both_refuse(&review), "declared.order [ets-185:31]");
    review.header.declared.order = review.header.created.plus_ms(3 * DAY_MS).date();
    assert_eq!(pair.both_refuse(&review), "declared.order [ets-185:31]", "a day that has not come");
    review.header.declared.order = review.header.created.date();
    pair.takes(&review).unwrap();
    assert_eq!(pair.state(), State::Review);
    // It binds a review, and nothing after it.
    go(&mut pair, &[Step::Recognise]);
}

#[test]
fn a_grant_or_an_offer_without_the_order_of_a_court_is_rejected_by_both_gateways() {
    let mut pair = Pair::acknowledged(under_law(&declares("court_order")), false);
    go(&mut pair, &[Step::OpenReview]);
    for step in [Step::Recognise, Step::OfferConditions] {
        assert_eq!(pair.both_refuse(&pair.draft(step, false)), "declared.order [ets-185:31]", "{step}");
    }
    let mut offer = pair.draft(Step::OfferConditions, false);
    offer.header.declared.order = offer.header.created.date();
    pair.takes(&offer).unwrap();
    // Who takes the offer needs no court of the other state.
    go(&mut pair, &[Step::AcceptConditions]);
    assert_eq!(pair.state(), State::Accepted);
}

#[test]
fn an_answer_that_asks_for_more_without_a_validators_signature_is_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::AskInfo]);
    let mut answer = pair.draft(Step::GiveInfo, false);
    answer.header.declared.widens = true;
    let said = pair.both_say(&answer);
    assert_eq!((said.code, said.field.as_deref()), (RefusalCode::R93, Some("officers")));
    answer.signers.push((key(1), Role::Judge));
    assert_eq!(pair.both_say(&answer).code, RefusalCode::R93, "who answers does not validate");
    answer.signers.pop();
    answer.signers.push((key(9), Role::Judge));
    pair.takes(&answer).unwrap();
    assert_eq!(pair.state(), State::Review);
}

#[test]
fn records_that_are_not_taken_open_the_same_correction_at_both_gateways() {
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::Recognise, Step::Assign, Step::Collected]);
    let mut release = pair.draft(Step::Release, false);
    release.header.declared.classification = Some(Classification::Restricted);
    pair.takes(&release).unwrap();
    let mut reject = pair.draft(Step::Reject, false);
    reject.header.declared.flaw = None;
    assert_eq!(pair.both_say(&reject).field.unwrap(), "declared.flaw");
    reject.header.declared.flaw = Some(Flaw::WrongSubject);
    // `takes` holds that both gateways fold the same case.
    pair.takes(&reject).unwrap();
    let case = pair.case();
    let matter = &case.matters[&MatterId(1)];
    assert_eq!((matter.state, matter.flaw), (MatterState::Reported, Some(Flaw::WrongSubject)));
    assert_eq!((matter.about, pair.state()), (Some(release.header.entry), State::Ready));
}

#[test]
fn a_release_under_conditions_that_were_not_granted_or_were_annulled_is_rejected_by_both_gateways() {
    let mut pair = Pair::in_review(false);
    let mut recognise = pair.draft(Step::Recognise, false);
    recognise.header.conditions = vec![ConditionCode::C01];
    pair.takes(&recognise).unwrap();
    go(&mut pair, &[Step::Assign, Step::Collected]);
    let release = |pair: &Pair, code: ConditionCode| {
        let mut release = pair.draft(Step::Release, false);
        release.header.conditions = vec![code];
        release.header.declared.classification = Some(Classification::Restricted);
        release
    };
    assert_eq!(pair.both_refuse(&release(&pair, ConditionCode::C04)), "conditions [ets-185:31]");
    let lodge = pair.draft(Step::LodgeRemedy, false);
    pair.takes(&lodge).unwrap();
    let decided = |pair: &Pair, step: Step, officer: u8| {
        let mut remedy = pair.draft(step, false).by_peer();
        remedy.signers = vec![(key(officer), Role::Decider)];
        remedy
    };
    // Officer 4 granted it: neither gateway lets officer 4 decide on the remedy.
    for step in [Step::AnnulDecision, Step::UpholdDecision] {
        let said = pair.both_say(&decided(&pair, step, 4));
        assert_eq!((said.code, said.field.as_deref()), (RefusalCode::R93, Some("officers")), "{step}");
    }
    pair.takes(&decided(&pair, Step::AnnulDecision, 12)).unwrap();
    go(&mut pair, &[Step::Recognise, Step::Assign, Step::Collected]);
    assert_eq!(pair.both_refuse(&release(&pair, ConditionCode::C01)), "conditions [ets-185:31]");
}

/// All that was asked for is released, and not confirmed yet.
fn produced() -> Pair {
    let mut pair = Pair::acknowledged(under_law(""), false);
    go(&mut pair, &[Step::OpenReview, Step::Recognise, Step::Assign, Step::Collected, Step::Release]);
    pair
}

#[test]
fn a_report_that_leaves_out_what_was_released_is_rejected_by_both_gateways() {
    let mut pair = produced();
    go(&mut pair, &[Step::Confirm]);
    let mut report = pair.draft(Step::FinalReport, false);
    let record = "traffic_data".parse().unwrap();
    report.header.declared.left_out = vec![LeftOut { measure: MeasureId(1), record, why: Absence::NotExisting }];
    assert_eq!(pair.both_refuse(&report), "declared.left_out [ets-185:31]");
    go(&mut pair, &[Step::FinalReport]);
    assert_eq!(pair.state(), State::Executed);
}

#[test]
fn silence_on_records_and_on_an_offer_ends_by_the_clocks_of_both_gateways() {
    let mut pair = produced();
    let mut report = pair.draft(Step::FinalReport, false);
    assert_eq!(pair.both_refuse(&report), "concerns [ets-185:31]");
    report.header.created = report.header.created.plus_ms(ANSWER_SILENCE_DAYS * DAY_MS);
    report.header.expires = report.header.created.plus_ms(DAY_MS);
    pair.takes(&report).unwrap();
    assert_eq!(pair.state(), State::Executed);
    let mut pair = Pair::in_review(false);
    go(&mut pair, &[Step::OfferConditions]);
    let mut resume = pair.draft(Step::Resume, false);
    assert_eq!(pair.both_refuse(&resume), "concerns [ets-185:31]");
    resume.header.created = resume.header.created.plus_ms(ANSWER_SILENCE_DAYS * DAY_MS);
    resume.header.expires = resume.header.created.plus_ms(DAY_MS);
    pair.takes(&resume).unwrap();
    assert_eq!(pair.state(), State::Review);
}
