use jiff::civil::date;
use model::Exit;
use shelf::{Change, Files, Plan, PlanError};

use crate::{
    standing::{NATIONAL, denunciation},
    world::{Place, State, TODAY, fr, jp, pair, party, put, roots, signed},
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
    altered(&|plan| plan.files[0].path = "../../etc/x.toml".to_owned());
}

#[test]
fn a_plan_of_another_format_is_refused_and_unknown_keys_are_not() {
    let text = Place::new().plan().to_json().unwrap();
    let newer = text.replacen("\"format_version\": 1", "\"format_version\": 2", 1);
    assert!(Plan::from_json(&newer).unwrap_err().to_string().contains("format_version is 2"));
    let known = text.replacen("\"format_version\": 1", "\"format_version\": 1, \"colour\": \"blue\"", 1);
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
