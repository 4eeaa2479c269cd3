use std::fs;

use jiff::civil::date;
use model::Exit;
use shelf::{Change, Files, Plan, PlanError};

use crate::{
    standing::{NATIONAL, denunciation},
    world::{Place, State, TODAY, fr, jp, pair, party, put, rewrite, roots, signed},
};

#[test]
fn a_plan_says_what_changes_from_when_and_who_signs_what() {
    let place = Place::signed();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let plan = place.plan();
    let changed: Vec<_> = plan.files.iter().filter(|file| file.change != Change::Kept).collect();
    assert_eq!(changed.len(), 1);
    assert_eq!(
        (changed[0].path.as_str(), changed[0].change, changed[0].version),
        ("parties/JP.2.toml", Change::New, 2)
    );
    let notes: Vec<_> = plan.notes.iter().map(|note| (note.path.as_str(), note.signers.clone())).collect();
    assert_eq!(
        notes,
        [("signatures/parties/JP.2.toml.note", vec![party("JP")]), ("acceptances/FR-JP.note", pair().to_vec())]
    );
    assert!(!plan.pairs[0].changes.is_empty());
    assert_eq!(Plan::from_json(&plan.to_json().unwrap()).unwrap(), plan);
}

#[test]
fn a_plan_that_changes_nothing_is_none() {
    assert!(matches!(Place::signed().try_plan(), Err(PlanError::Nothing)));
}

#[test]
fn a_national_file_never_travels_in_a_plan() {
    let place = Place::new();
    put(&place.next, "national/JP.toml", NATIONAL);
    let text = place.plan().to_json().unwrap();
    assert!(!text.contains("national/") && !text.contains("Act of a test"));
}

#[test]
fn signing_twice_changes_nothing_and_another_key_of_the_same_state_is_refused() {
    let mut plan = signed(Place::new().plan());
    let before = plan.clone();
    let again = plan.sign(&jp().signer, &jp().certificate).unwrap();
    assert!(!again.is_empty() && again.iter().all(|note| !note.is_new));
    assert_eq!(plan, before);
    let other = State::new("JP");
    assert_eq!(plan.sign(&other.signer, &other.certificate).unwrap_err().exit(), Exit::NotAuthorised);
    assert_eq!(plan, before);
}

#[test]
fn an_altered_plan_is_not_signed() {
    let plan = Place::new().plan();
    let at = |path: &str| plan.notes.iter().position(|note| note.path.contains(path)).unwrap();
    let altered = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        let before = plan.clone();
        let refused = plan.sign(&fr().signer, &fr().certificate).unwrap_err();
        assert!(matches!(refused.exit(), Exit::Integrity | Exit::Usage), "{refused}");
        assert_eq!(plan, before, "something was signed");
    };
    altered(&|plan| {
        let file = plan.files.iter_mut().find(|file| file.path == "parties/JP.toml").unwrap();
        file.text.as_mut().unwrap().push_str("# x\n");
    });
    altered(&|plan| plan.effective = date(2027, 1, 1));
    altered(&|plan| plan.created = date(2026, 11, 21));
    altered(&|plan| plan.pairs[0].pins[0].1 = model::Pin(model::Digest::new([7; 32])));
    altered(&|plan| plan.notes[at("JP.toml")].signers = vec![party("FR")]);
    altered(&|plan| plan.notes[at("JP.toml")].path = "signatures/parties/FR.toml.2.note".to_owned());
    altered(&|plan| plan.notes[at("acceptances")].text = plan.notes[at("acceptances")].text.replace("FR JP", "FR SG"));
    altered(&|plan| plan.notes[at("JP.toml")].note = Some("rogatory treaty file v1\n\n— x y\n".to_owned()));
    altered(&|plan| {
        let note = plan.notes[0].clone();
        plan.notes.push(note);
    });
    altered(&|plan| plan.pairs[0].changes[0].sentences = vec!["narrows: at most 5".to_owned()]);
    altered(&|plan| plan.pairs[0].changes.clear());
    altered(&|plan| plan.files[0].change = Change::Kept);
    altered(&|plan| plan.base = model::Digest::new([7; 32]));
    altered(&|plan| plan.files[0].path = "../../etc/x.toml".to_owned());
}

#[test]
fn a_plan_of_another_format_is_refused_and_unknown_keys_are_not() {
    let text = Place::new().plan().to_json().unwrap();
    let newer = text.replacen("\"format_version\": 2", "\"format_version\": 3", 1);
    assert!(Plan::from_json(&newer).unwrap_err().to_string().contains("format_version is 3, this program reads 2"));
    let known = text.replacen("\"format_version\": 2", "\"format_version\": 2, \"colour\": \"blue\"", 1);
    assert_eq!(Plan::from_json(&known).unwrap(), Plan::from_json(&text).unwrap());
    assert!(Plan::from_json("{}").is_err() && Plan::from_json("x").is_err());
}

#[test]
fn pairs_can_be_named_and_unknown_ones_are_refused() {
    let place = Place::new();
    let new = Files::read(&place.next).unwrap();
    let unknown = Plan::of(&Files::default(), &new, TODAY, TODAY, Some(&[[party("FR"), party("SG")]]));
    assert_eq!(unknown.unwrap_err().exit(), Exit::NotFound);
    let turned = Plan::of(&Files::default(), &new, TODAY, TODAY, Some(&[[party("JP"), party("FR")]])).unwrap();
    assert_eq!(turned.pairs[0].pair, pair());
    assert_eq!(roots().len(), 2);
}

/// The Budapest Convention from 1 April 2027 on: 500 subjects, and a prosecutor validates content.
pub(crate) fn wider() -> String {
    let path = "instruments/budapest/instrument.toml";
    let (_, text) = treaty::Catalog::builtin_files().find(|(found, _)| found == path).unwrap();
    let head = "format = \"treaty/1\"\nversion = 2\nrecorded = 2026-11-22\nvalid_from = 2027-04-01";
    let text = text.replace("format = \"treaty/1\"", head);
    let wider = text.replace("max_subjects = 20", "max_subjects = 500");
    let lighter = wider.replace("content_data = [\"judge\"]", "content_data = [\"judge\", \"prosecutor\"]");
    assert!(wider != text && lighter != wider);
    lighter
}

#[test]
fn a_bound_that_changes_only_later_is_told_with_the_day_from_which_it_does() {
    let place = Place::signed();
    put(&place.next, "instruments/budapest/instrument.2.toml", &wider());
    let base = Files::read(&place.catalogue).unwrap();
    let plan = Plan::of(&base, &Files::read(&place.next).unwrap(), TODAY, date(2026, 12, 1), None).unwrap();
    let days: Vec<_> = plan.pairs[0].changes.iter().map(|day| day.from).collect();
    assert_eq!(days, [date(2027, 4, 1)]);
    let told = &plan.pairs[0].changes[0].sentences;
    assert!(
        told.iter().any(|one| one.starts_with("widens: ") && one.contains("subjects: at most 500, before: at most 20")),
        "{told:?}"
    );
    // And each pin but the first has its words.
    let pins: Vec<_> = plan.pairs[0].pins.iter().map(|(from, _)| *from).collect();
    assert_eq!(pins, [date(2026, 12, 1), date(2027, 4, 1)]);
}

#[test]
fn a_later_change_that_is_taken_back_is_told_although_the_rule_never_changes() {
    let place = Place::new();
    let text = wider().replace("max_subjects = 500", "max_subjects = 2");
    put(&place.next, "instruments/budapest/instrument.2.toml", &text);
    place.enact();
    fs::remove_file(place.next.join("instruments/budapest/instrument.2.toml")).unwrap();
    let plan = place.plan();
    let planned = &plan.pairs[0];
    assert_eq!((planned.pins.len(), planned.changes.len(), planned.changes[0].from), (1, 1, date(2027, 4, 1)));
    let told = &planned.changes[0].sentences;
    assert!(
        told.iter().any(|one| one.starts_with("widens: ") && one.contains("subjects: at most 20, before: at most 2")),
        "{told:?}"
    );
}

#[test]
fn a_plan_that_starts_from_other_files_than_the_own_is_stale_even_where_it_agrees_with_itself() {
    let place = Place::signed();
    let base = Files::read(&place.catalogue).unwrap();
    put(&place.next, "instruments/budapest/instrument.2.toml", &wider());
    // Who makes the plan pretends that the 500 subjects were there before.
    let fake = shelf_of(&place.next);
    put(&place.next, "parties/JP.2.toml", &denunciation());
    let plan = Plan::of(&fake, &shelf_of(&place.next), TODAY, TODAY, None).unwrap();
    plan.check().unwrap();
    assert_eq!(plan.check_against(&base).unwrap_err().exit(), Exit::Conflict);
}

fn shelf_of(folder: &std::path::Path) -> Files {
    Files::read(folder).unwrap()
}

#[test]
fn a_signed_file_is_not_changed_in_place_and_the_next_version_is_named() {
    let place = Place::new();
    let change = |text: String| text + "# x\n";
    rewrite(&place.next, "parties/FR.toml", change);
    place.plan();
    place.enact();
    rewrite(&place.next, "parties/FR.toml", change);
    rewrite(&place.next, "instruments/budapest/instrument.toml", change);
    let refused = place.try_plan().unwrap_err();
    assert_eq!(refused.exit(), Exit::Usage);
    let said = refused.to_string();
    for name in
        ["version 2, parties/FR.2.toml", "version 2, instruments/budapest/instrument.2.toml", "recorded = 2026-11-22"]
    {
        assert!(said.contains(name), "{said}");
    }
    // What the maker of the plan lets pass, who applies it does not.
    let base = Files::read(&place.catalogue).unwrap();
    let unsigned = Files::of(base.treaty().map(|(path, text)| (path.to_owned(), text.to_owned())));
    let plan = Plan::of(&unsigned, &Files::read(&place.next).unwrap(), TODAY, TODAY, None).unwrap();
    assert!(matches!(plan.check_against(&base), Err(PlanError::Unfit(_))));
}

#[test]
fn while_nobody_has_signed_a_file_may_be_rewritten() {
    let place = Place::new();
    let base = Files::read(&place.next).unwrap();
    rewrite(&place.next, "parties/FR.toml", |text| text + "# x\n");
    let plan = Plan::of(&base, &Files::read(&place.next).unwrap(), TODAY, TODAY, None).unwrap();
    assert!(plan.files.iter().any(|file| file.path == "parties/FR.toml" && file.change == Change::Changed));
    plan.check_against(&base).unwrap();
}

#[test]
fn a_new_file_says_the_day_of_its_plan_and_never_a_day_to_come() {
    let place = Place::signed();
    for (day, said) in [
        ("2026-11-21", "write in it `recorded = 2026-11-22`"),
        ("2026-11-23", "`recorded = 2026-11-23`, which is after the day of the plan, 2026-11-22"),
    ] {
        put(
            &place.next,
            "parties/JP.2.toml",
            &denunciation().replace("recorded = 2026-11-22", &format!("recorded = {day}")),
        );
        let refused = place.try_plan().unwrap_err();
        assert_eq!(refused.exit(), Exit::Usage);
        assert!(refused.to_string().contains(said), "{refused}");
    }
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.plan();
    let first = Place::new();
    rewrite(&first.next, "parties/FR.toml", |text| {
        text.replace("format = \"party/1\"", "format = \"party/1\"\nrecorded = 2027-01-01")
    });
    assert!(matches!(first.try_plan(), Err(PlanError::Unfit(_))), "nor in a first catalogue");
}
