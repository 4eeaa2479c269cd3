use std::fs;

use model::Exit;
use shelf::{Files, PlanError, apply, rehearse};

use crate::{
    standing::denunciation,
    world::{NOW, Place, fr, put, rewrite, roots, signed},
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
    // A bit of the signature, in base64.
    let text = note.note.clone().unwrap();
    let at = text.rfind('A').or_else(|| text.rfind('a')).unwrap();
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "b" };
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
fn a_removed_file_goes_with_its_signatures() {
    let place = Place::signed();
    fs::remove_dir_all(place.next.join("instruments/eu-jp-mla")).unwrap();
    rewrite(&place.next, "parties/FR.toml", |text| text + "# y\n");
    place.enact();
    let files = Files::read(&place.catalogue).unwrap();
    assert!(files.evidence().all(|(path, _)| !path.contains("eu-jp-mla")));
    assert!(!place.catalogue.join("instruments/eu-jp-mla").exists());
    let [a, b] = crate::world::pair();
    assert!(place.shelf().standing((a, b), crate::world::TODAY, None, &roots(), NOW).holds());
}
