use std::fs;

use jiff::civil::date;
use model::Exit;
use shelf::{Files, Pause, Plan, PlanError, apply, rehearse};

use crate::{
    planning::wider,
    standing::{NATIONAL, denunciation},
    world::{NOW, Place, TODAY, fr, pair, party, put, rewrite, roots, signed},
};

#[test]
fn a_plan_is_applied_whole_and_what_is_no_part_of_it_stays() {
    let place = Place::signed();
    put(&place.catalogue, "README.md", "ours");
    put(&place.catalogue, ".git/HEAD", "ref");
    put(&place.catalogue, "instruments/budapest/README.md", "sources");
    let before = Files::read(&place.catalogue).unwrap();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let plan = signed(place.plan());
    let told = rehearse(&plan, &place.catalogue, &roots(), NOW, false).unwrap();
    assert_eq!(Files::read(&place.catalogue).unwrap(), before, "a rehearsal writes nothing");
    assert_eq!(apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap(), told);
    assert!(told.written.contains(&"parties/JP.2.toml".to_owned()) && told.removed.is_empty(), "{told:?}");
    for path in ["README.md", ".git/HEAD", "instruments/budapest/README.md", "acceptances/FR-JP.1.note"] {
        assert!(place.catalogue.join(path).is_file(), "{path} is gone");
    }
    let beside: Vec<_> =
        fs::read_dir(place.catalogue.parent().unwrap()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!beside.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{beside:?}");
}

#[test]
fn a_stale_plan_is_refused_and_changes_nothing() {
    let place = Place::signed();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let plan = signed(place.plan());
    rewrite(&place.catalogue, "parties/FR.toml", |text| text + "# x\n");
    let before = Files::read(&place.catalogue).unwrap();
    let refused = apply(&plan, &place.catalogue, &roots(), NOW, true).unwrap_err();
    assert_eq!(refused.exit(), Exit::Conflict);
    assert_eq!(Files::read(&place.catalogue).unwrap(), before);
}

#[test]
fn a_plan_that_was_applied_in_part_is_completed_when_the_other_has_signed_too() {
    let place = Place::new();
    let mut plan = place.plan();
    plan.sign(&fr().signer, &fr().certificate).unwrap();
    let first = apply(&plan, &place.catalogue, &roots(), NOW, true).unwrap();
    assert!(!first.missing.is_empty());
    let early = plan.clone();
    let plan = signed(plan);
    let second = apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap();
    assert!(second.missing.is_empty() && second.written.contains(&"keys/JP.cert.pem".to_owned()), "{second:?}");
    // The note with fewer signatures takes none away, and the same plan again changes nothing.
    for again in [&early, &plan] {
        assert!(apply(again, &place.catalogue, &roots(), NOW, false).unwrap().written.is_empty());
    }
    assert!(!place.catalogue.join("acceptances/FR-JP.1.note").exists());
    // After another change it is stale.
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.enact();
    assert!(matches!(apply(&plan, &place.catalogue, &roots(), NOW, false), Err(PlanError::Stale { .. })));
}

#[test]
fn a_plan_with_a_missing_signature_is_refused_and_lists_it() {
    let place = Place::new();
    let mut plan = place.plan();
    plan.sign(&fr().signer, &fr().certificate).unwrap();
    let refused = apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap_err();
    assert_eq!(refused.exit(), Exit::NotAuthorised);
    let text = refused.to_string();
    assert!(text.contains("parties/JP.toml is not signed by JP") && text.contains("not accepted by JP"), "{text}");
    assert!(!text.contains("by FR"), "{text}");
    assert!(!place.catalogue.exists());
}

#[test]
fn a_plan_with_a_forged_signature_is_refused_even_in_part() {
    let place = Place::new();
    let mut plan = signed(place.plan());
    let note = plan.notes.iter_mut().find(|note| note.path.contains("JP.toml")).unwrap();
    // A letter of the signature, in base64.
    let text = note.note.clone().unwrap();
    let at = text.trim_end().len() - 10;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    note.note = Some(format!("{}{other}{}", &text[..at], &text[at + 1..]));
    for partly in [false, true] {
        let refused = apply(&plan, &place.catalogue, &roots(), NOW, partly).unwrap_err();
        assert_eq!(refused.exit(), Exit::Integrity, "{refused}");
        assert!(refused.to_string().contains("parties/JP.toml"), "{refused}");
    }
    assert!(!place.catalogue.exists());
}

#[test]
fn what_a_killed_change_left_beside_the_folder_is_cleared_away() {
    let place = Place::signed();
    put(place.catalogue.parent().unwrap(), ".catalogue.new/parties/JP.toml", "half");
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.enact();
    assert!(!place.catalogue.parent().unwrap().join(".catalogue.new").exists());
    assert!(place.shelf().files().text("parties/JP.2.toml").is_some());
}

#[test]
fn a_removed_file_goes_with_its_signatures_and_with_the_word_of_those_who_answered_for_it() {
    let place = Place::signed();
    fs::remove_dir_all(place.next.join("instruments/eu-jp-mla")).unwrap();
    let mut plan = place.plan();
    let removal = "signatures/instruments/eu-jp-mla/instrument.toml.removed.note";
    let note = plan.notes.iter().find(|note| note.path == removal).unwrap();
    assert_eq!(note.signers, pair());
    plan.sign(&fr().signer, &fr().certificate).unwrap();
    for partly in [false, true] {
        let refused = apply(&plan, &place.catalogue, &roots(), NOW, partly).unwrap_err();
        assert_eq!(refused.exit(), Exit::NotAuthorised);
        let said = "the removal of instruments/eu-jp-mla/instrument.toml is not signed by JP";
        assert!(refused.to_string().contains(said), "{refused}");
    }
    apply(&signed(plan), &place.catalogue, &roots(), NOW, false).unwrap();
    let files = Files::read(&place.catalogue).unwrap();
    let left: Vec<&str> = files.evidence().map(|(path, _)| path).filter(|path| path.contains("eu-jp-mla")).collect();
    assert_eq!(left, [removal]);
    assert!(!place.catalogue.join("instruments/eu-jp-mla").exists());
    let [a, b] = pair();
    let standing = place.shelf().standing((a, b), TODAY, None, &roots(), NOW);
    let told: Vec<String> = standing.needs.iter().map(ToString::to_string).collect();
    assert!(standing.holds(), "{told:?}");
    let said = "the removal of instruments/eu-jp-mla/instrument.toml is signed by JP (2026-11-22)";
    assert!(told.iter().any(|one| one == said), "{told:?}");
}

/// A signed catalogue with JP's own layer, which JP has signed.
fn with_national() -> Place {
    let place = Place::signed();
    put(&place.next, "national/JP.toml", NATIONAL);
    apply(&signed(national(&place)), &place.catalogue, &roots(), NOW, false).unwrap();
    assert!(place.catalogue.join("signatures/national/JP.toml.note").is_file());
    place
}

fn national(place: &Place) -> Plan {
    let read = |folder| Files::read(folder).unwrap();
    Plan::of_national(&read(&place.catalogue), &read(&place.next), TODAY, party("JP")).unwrap()
}

#[test]
fn a_national_layer_goes_only_with_the_signature_of_its_state() {
    let place = with_national();
    fs::remove_file(place.next.join("national/JP.toml")).unwrap();
    let plan = national(&place);
    assert_eq!(plan.signers().into_iter().collect::<Vec<_>>(), [party("JP")]);
    for partly in [false, true] {
        let refused = apply(&plan, &place.catalogue, &roots(), NOW, partly).unwrap_err();
        assert_eq!(refused.exit(), Exit::NotAuthorised);
    }
    // Without the statement it is no plan.
    let mut bare = plan.clone();
    bare.notes.clear();
    let refused = apply(&bare, &place.catalogue, &roots(), NOW, true).unwrap_err();
    assert_eq!(refused.exit(), Exit::Integrity, "{refused}");
    assert!(place.catalogue.join("national/JP.toml").is_file());

    let plan = signed(plan);
    let note = fs::read_to_string(place.catalogue.join("signatures/national/JP.toml.note")).unwrap();
    apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap();
    apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap();
    assert!(!place.catalogue.join("national/JP.toml").exists());
    let [a, b] = pair();
    let standing = || place.shelf().standing((a, b), TODAY, Some(b), &roots(), NOW);
    assert!(standing().holds());
    assert!(
        standing().needs.iter().any(|need| need.to_string().starts_with("the removal of national/JP.toml is signed"))
    );
    // The older signature, put back, does not say that the file is missing.
    put(&place.catalogue, "signatures/national/JP.toml.note", &note);
    assert!(standing().holds());
    // Without the removal it does.
    fs::remove_file(place.catalogue.join("signatures/national/JP.toml.removed.note")).unwrap();
    assert_eq!(standing().bad().count(), 1);
}

#[test]
fn changes_that_somebody_edited_are_not_applied_although_both_have_signed() {
    let place = Place::signed();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let mut plan = signed(place.plan());
    plan.pairs[0].changes[0].sentences = vec!["narrows: at most 5".to_owned()];
    let refused = apply(&plan, &place.catalogue, &roots(), NOW, true).unwrap_err();
    assert_eq!(refused.exit(), Exit::Integrity);
    assert!(refused.to_string().contains("between FR and JP does not follow from its files"), "{refused}");
    assert!(!place.catalogue.join("parties/JP.2.toml").exists());
}

#[test]
fn a_pair_that_nothing_accepted_holds_for_until_the_plan_begins_is_named_before() {
    let place = Place::signed();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let base = Files::read(&place.catalogue).unwrap();
    let plan = Plan::of(&base, &Files::read(&place.next).unwrap(), TODAY, date(2027, 1, 1), None).unwrap();
    let pauses = plan.pauses(&base, TODAY).unwrap();
    assert_eq!(pauses, [Pause { pair: pair(), until: Some(date(2027, 1, 1)) }]);
    assert_eq!(plan.pauses(&base, date(2027, 1, 1)).unwrap(), []);
    assert_eq!(apply(&signed(plan), &place.catalogue, &roots(), NOW, false).unwrap().pauses, pauses);
    let [a, b] = pair();
    assert!(!place.shelf().standing((a, b), TODAY, None, &roots(), NOW).holds());
    assert!(place.shelf().standing((a, b), date(2027, 1, 1), None, &roots(), NOW).holds());
}

#[test]
fn a_pair_that_a_change_leaves_without_an_accepted_rule_is_named_although_the_plan_is_for_others() {
    let place = Place::new();
    let third = fs::read_to_string(place.next.join("parties/FR.toml")).unwrap();
    put(&place.next, "parties/IT.toml", &third.replace("id = \"FR\"", "id = \"IT\"").replace("France", "Italy"));
    apply(&signed(place.plan()), &place.catalogue, &roots(), NOW, true).unwrap();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let base = Files::read(&place.catalogue).unwrap();
    let next = Files::read(&place.next).unwrap();
    let plan = Plan::of(&base, &next, TODAY, TODAY, Some(&[[party("IT"), party("JP")]])).unwrap();
    assert_eq!(plan.pauses(&base, TODAY).unwrap(), [Pause { pair: pair(), until: None }]);
}

#[test]
fn a_change_that_begins_later_leaves_the_rule_of_today_in_force() {
    let place = Place::signed();
    put(&place.next, "instruments/budapest/instrument.2.toml", &wider());
    let base = Files::read(&place.catalogue).unwrap();
    let plan = Plan::of(&base, &Files::read(&place.next).unwrap(), TODAY, date(2026, 12, 1), None).unwrap();
    assert_eq!(apply(&signed(plan), &place.catalogue, &roots(), NOW, false).unwrap().pauses, []);
    let [a, b] = pair();
    for on in [TODAY, date(2026, 12, 1), date(2027, 4, 1)] {
        assert!(place.shelf().standing((a, b), on, None, &roots(), NOW).holds(), "{on}");
    }
}
