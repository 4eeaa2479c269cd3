#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::sample;

fn standing(state: &str, consult_first: bool) -> Vec<Standing> {
    let grounds = vec![RefusalCode::R02, RefusalCode::R03];
    vec![Standing {
        id: MeasureId(1),
        state: state.to_owned(),
        consult_first,
        grounds,
        ministry_notice: false,
        court_order: false,
    }]
}

fn example(record_type: &RecordType) -> Option<Value> {
    let record = serde_json::to_value(sample::record()).ok()?;
    (record_type.as_str() == "traffic_data").then_some(record)
}

fn act(persona: &Persona, possible: &[Step], taken: &[Step], state: &str, consult_first: bool) -> Option<Act> {
    let (request, measures) = (sample::request(), standing(state, consult_first));
    let case = Situation { ours: true, possible, taken, measures: &measures };
    next(persona, &case, &Asked { request: &request, language: Language::French }, 0, &example)
}

fn step(persona: &Persona, possible: &[Step], taken: &[Step], state: &str, consult_first: bool) -> Option<Step> {
    act(persona, possible, taken, state, consult_first).map(|act| act.step)
}

const REVIEW: &[Step] = &[Step::AskInfo, Step::Consult, Step::Recognise, Step::Refuse, Step::OfferConditions];

#[test]
fn it_acknowledges_asks_and_then_recognises() {
    let persona = Persona::default();
    assert_eq!(step(&persona, &[Step::Acknowledge], &[], "DELIVERED", true), Some(Step::Acknowledge));
    assert_eq!(step(&persona, REVIEW, &[Step::Acknowledge], "REVIEW", true), Some(Step::AskInfo));
    assert_eq!(step(&persona, REVIEW, &[Step::AskInfo], "REVIEW", true), Some(Step::Recognise));
    assert_eq!(step(&persona, &[Step::Assign], &[Step::AskInfo], "ACCEPTED", true), Some(Step::Assign));
    assert_eq!(step(&persona, &[Step::Collected, Step::PartCollected], &[], "EXECUTING", true), Some(Step::Collected));
    assert_eq!(step(&persona, &[Step::Close], &[Step::Release], "PRODUCED", true), None);
}

#[test]
fn it_consults_before_it_refuses_where_the_treaty_wants_it_and_names_a_ground_that_the_treaty_knows() {
    let persona = Persona { asks_first: false, decides: Decides::Refuse, ..Persona::default() };
    assert_eq!(step(&persona, REVIEW, &[], "REVIEW", true), Some(Step::Consult));
    assert_eq!(step(&persona, REVIEW, &[Step::Consult], "REVIEW", true), None, "the other side says that it was held");
    let refused = act(&persona, REVIEW, &[Step::Consult], "REVIEW", false).unwrap();
    assert_eq!((refused.step, refused.ground), (Step::Refuse, Some(RefusalCode::R02)));
    assert_eq!(step(&persona, REVIEW, &[], "REVIEW", false), Some(Step::Refuse));
}

#[test]
fn it_names_the_notice_and_the_order_that_its_law_wants_and_none_that_it_does_not() {
    let persona = Persona { asks_first: false, ..Persona::default() };
    let order = |possible: &[Step], [ministry_notice, court_order]: [bool; 2]| {
        let measures = [Standing { ministry_notice, court_order, ..standing("REVIEW", false).remove(0) }];
        let case = Situation { ours: true, possible, taken: &[], measures: &measures };
        next(&persona, &case, &Asked { request: &sample::request(), language: Language::French }, 0, &example)
            .unwrap()
            .order
    };
    assert_eq!(order(&[Step::OpenReview], [true, false]), Some("notice"));
    assert_eq!(order(&[Step::OpenReview], [false, true]), None);
    assert_eq!(order(&[Step::Recognise], [false, true]), Some("decision"));
    assert_eq!(order(&[Step::Recognise], [true, false]), None);
    assert_eq!(order(&[Step::Assign], [true, true]), None);
}

#[test]
fn it_offers_its_conditions_once() {
    let persona = Persona { asks_first: false, decides: Decides::Conditions, ..Persona::default() };
    let offered = act(&persona, REVIEW, &[], "REVIEW", false).unwrap();
    assert_eq!((offered.step, offered.conditions), (Step::OfferConditions, vec![ConditionCode::C01]));
    assert_eq!(step(&persona, REVIEW, &[Step::OfferConditions], "REVIEW", false), Some(Step::Recognise));
}

#[test]
fn it_does_nothing_when_the_other_side_has_to_move() {
    let measures = standing("REVIEW", false);
    let case = Situation { ours: false, possible: REVIEW, taken: &[], measures: &measures };
    assert!(decide(&Persona::default(), &case, 0).is_none());
}

#[test]
fn what_it_says_in_training_is_what_it_decided() {
    let persona = Persona { asks_first: false, decides: Decides::Refuse, ..Persona::default() };
    let (request, measures) = (sample::request(), standing("REVIEW", false));
    let case = Situation { ours: true, possible: REVIEW, taken: &[], measures: &measures };
    let asked = Asked { request: &request, language: Language::English };
    let (decided, act) = (decide(&persona, &case, 3).unwrap(), next(&persona, &case, &asked, 3, &example).unwrap());
    let said = Decision { step: act.step, ground: act.ground, conditions: act.conditions };
    assert_eq!((decided, act.records), (said, vec![]));
}

#[test]
fn the_same_number_decides_the_same() {
    let persona = Persona { asks_first: false, decides: Decides::Varied, ..Persona::default() };
    let measures = standing("REVIEW", false);
    let case = Situation { ours: true, possible: REVIEW, taken: &[], measures: &measures };
    let of = |choice| decide(&persona, &case, choice).unwrap().step;
    assert_eq!([of(0), of(1), of(2), of(3)], [Step::Recognise, Step::OfferConditions, Step::Refuse, Step::Recognise]);
}

#[test]
fn a_record_is_about_the_subject_of_the_request_and_says_that_it_is_synthetic() {
    let released = act(&Persona::default(), &[Step::Release], &[], "READY", false).unwrap();
    let [(record_type, record)] = released.records.as_slice() else { unreachable!("one record") };
    assert_eq!((record_type.as_str(), released.text.as_str()), ("traffic_data", ""));
    assert_eq!(record["source_system"], training_banner(Language::French));
    let selector = serde_json::to_value(&sample::request().measures[0].subjects[0].selector).unwrap();
    assert!(record["content"].get("selector").is_none_or(|named| *named == selector));
}

#[test]
fn everything_that_it_writes_begins_with_the_banner_in_the_language_of_the_case() {
    for language in Language::ALL {
        for step in Step::ALL {
            let text = texts::of(step, *language, None, 7);
            assert!(text.starts_with(training_banner(*language)) && text.lines().count() == 2, "{text}");
        }
    }
}

#[test]
fn a_persona_is_held_to_its_ranges() {
    assert_eq!(Persona::default().check(), Ok(()));
    for wrong in [
        Persona { parts: 0, ..Persona::default() },
        Persona { delay_s: 3601, ..Persona::default() },
        Persona { ground: RefusalCode::R92, ..Persona::default() },
        Persona { conditions: vec![], decides: Decides::Conditions, ..Persona::default() },
    ] {
        assert!(wrong.check().is_err());
    }
}
