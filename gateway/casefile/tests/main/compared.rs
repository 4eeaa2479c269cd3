//! Two desks that agree on a lie, or one that keeps silent about it: who reads the case file sees it without their help.

use casefile::{Report, Signer};
use model::{Digest, Role, Step};
use serde_json::json;

use crate::{
    honest::checked,
    violations::release,
    world::{Story, party},
};

/// The rest of the case, after the request.
fn answered(story: &mut Story) {
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    story.answer(Step::OpenReview, &[(false, 2, Role::Decider)]);
    story.answer(Step::Recognise, &[(false, 2, Role::Decider)]);
}

fn collected() -> Story {
    let mut story = Story::small();
    story.answer(Step::Assign, &[(false, 0, Role::Central)]);
    story.answer(Step::Collected, &[(false, 0, Role::Central)]);
    story
}

/// The one lie of the file.
fn lies(report: &Report, by: &str, code: &str, field: &str) {
    let text = report.to_text();
    assert!(report.holds, "what the gateways did stands: {text}");
    let [lie] = report.misstated.as_slice() else { panic!("{text}") };
    assert_eq!((lie.signer, lie.by.as_slice()), (Signer::Desk, &[party(by)][..]), "{text}");
    assert!(lie.what.contains(code) && lie.what.contains(field), "{text}");
    for secret in ["harbour", "mail.example", "H. Trader", "192.0.2.17"] {
        assert!(!text.contains(secret), "the report repeats what the body says: {secret}");
    }
}

#[test]
fn a_request_that_asks_about_more_people_than_its_header_says_is_held_against_the_desk_that_signed_it() {
    let mut story = Story::new();
    story.open();
    let write = |request: &mut serde_json::Value| {
        let measure = &mut request["measures"][0];
        measure["records"] = json!(["subscriber_info"]);
        let mut second = measure["subjects"][0].clone();
        second["subject_ref"] = "S2".into();
        second["selector"]["value"] = "second.trader@mail.example".into();
        measure["subjects"].as_array_mut().unwrap().push(second);
    };
    story.asks(write, |header| header.measures[0].subjects = 1);
    answered(&mut story);
    let report = checked(&story, &story.export(&story.material()));
    lies(&report, "JP", "R90", "measures[0].subjects");
}

#[test]
fn records_of_somebody_else_are_held_against_the_desk_that_gave_them_though_nobody_gave_notice() {
    let mut story = collected();
    release(&mut story, &[], |record| {
        record["subject_binding"] = Digest::of(&[b"another subject"]).to_string().into();
    });
    let report = checked(&story, &story.export(&story.material()));
    lies(&report, "FR", "R94", "records[0].subject_binding");
}

#[test]
fn a_request_and_records_that_are_what_their_headers_declare_are_compared_and_nobody_is_held_to_anything() {
    let mut story = collected();
    release(&mut story, &[], |_| {});
    let report = checked(&story, &story.export(&story.material()));
    assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
    assert!(
        report.to_text().contains("2 requests and releases of records among them are held"),
        "{}",
        report.to_text()
    );
}

#[test]
fn records_whose_request_is_not_opened_are_not_compared_and_it_says_so() {
    let mut story = collected();
    release(&mut story, &[], |record| record["subject_ref"] = "S9".into());
    let mut material = story.material();
    material.entries[1].body = None;
    let report = checked(&story, &story.export(&material));
    assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
    assert!(report.to_text().contains("That the records of 1 entries, from entry 7 on"), "{}", report.to_text());
}
