use std::{fs, os::unix::fs::symlink};

use model::Exit;
use shelf::{Files, ShelfError};

use crate::world::{Place, put};

#[test]
fn a_folder_is_read_with_its_four_layers_and_its_signatures_and_nothing_else() {
    let place = Place::new();
    for (path, text) in
        [("README.md", "x"), ("parties/.JP.toml.swp", "x"), ("other/x.toml", "x"), ("keys/note.txt", "x")]
    {
        put(&place.next, path, text);
    }
    put(&place.next, "national/JP.toml", "format = \"national/1\"\n");
    put(&place.next, "signatures/parties/JP.toml.note", "x");
    let files = Files::read(&place.next).unwrap();
    let paths: Vec<&str> = files.treaty().map(|(path, _)| path).collect();
    assert!(
        paths.contains(&"national/JP.toml") && paths.contains(&"instruments/budapest/instrument.toml"),
        "{paths:?}"
    );
    assert!(!paths.iter().any(|path| path.contains("swp") || path.contains("other")), "{paths:?}");
    let evidence: Vec<&str> = files.evidence().map(|(path, _)| path).collect();
    assert_eq!(evidence, ["signatures/parties/JP.toml.note"]);
}

#[test]
fn a_link_out_of_the_folder_is_refused_and_one_within_is_read() {
    let place = Place::new();
    let outside = place.next.parent().unwrap().join("outside.toml");
    fs::write(&outside, "x").unwrap();
    symlink(&outside, place.next.join("parties/SG.toml")).unwrap();
    let error = Files::read(&place.next).unwrap_err();
    assert!(matches!(&error, ShelfError::Outside(path) if path.ends_with("parties/SG.toml")), "{error}");
    fs::remove_file(place.next.join("parties/SG.toml")).unwrap();
    fs::rename(place.next.join("parties/JP.toml"), place.next.join("parties/.data")).unwrap();
    symlink(".data", place.next.join("parties/JP.toml")).unwrap();
    assert!(Files::read(&place.next).unwrap().text("parties/JP.toml").unwrap().contains("Japan"));
    let elsewhere = place.next.parent().unwrap().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, place.next.join("overlays")).unwrap();
    assert!(matches!(Files::read(&place.next).unwrap_err(), ShelfError::Outside(_)));
}

#[test]
fn what_is_no_text_too_large_or_oddly_named_is_said_with_its_place() {
    let place = Place::new();
    let path = place.next.join("parties/SG.toml");
    fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
    let error = Files::read(&place.next).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.exit()),
        ("parties/SG.toml is not UTF-8: line 2 holds a byte that is no letter of it", Exit::Usage)
    );
    fs::write(&path, vec![b'#'; 1024 * 1024 + 1]).unwrap();
    assert!(Files::read(&place.next).unwrap_err().to_string().contains("more than 1048576 bytes"));
    fs::remove_file(&path).unwrap();
    fs::write(place.next.join("parties/S G.toml"), "").unwrap();
    assert!(matches!(Files::read(&place.next).unwrap_err(), ShelfError::Name(_)));
}

#[test]
fn a_folder_that_is_none_or_holds_no_catalogue_is_not_found() {
    let place = Place::new();
    assert_eq!(Files::read(&place.catalogue).unwrap_err().exit(), Exit::NotFound);
    fs::create_dir(&place.catalogue).unwrap();
    assert!(matches!(Files::read(&place.catalogue).unwrap_err(), ShelfError::NoCatalogue(_)));
}

#[test]
fn any_change_of_any_file_changes_the_digest() {
    let place = Place::new();
    let before = Files::read(&place.next).unwrap().digest();
    put(&place.next, "README.md", "no part of it");
    assert_eq!(Files::read(&place.next).unwrap().digest(), before);
    fs::rename(place.next.join("parties/JP.toml"), place.next.join("parties/SG.toml")).unwrap();
    assert_ne!(Files::read(&place.next).unwrap().digest(), before);
}
