//! `treaty lint`, over good and bad files.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::support::{Ran, copy, edit, golden, here, plain};

fn lint(folder: &std::path::Path, words: &[&str]) -> Ran {
    plain(&[&["lint", folder.to_str().unwrap()], words].concat())
}

#[test]
fn the_built_in_catalogue_has_no_errors() {
    let ran = plain(&["lint"]);
    assert!(ran.out.contains(": 0 errors, "), "{}", ran.out);
}

#[test]
fn a_good_catalogue_ends_with_0_and_unverified_lists_what_nobody_has_read() {
    let ran = lint(&here("world"), &[]);
    assert_eq!((ran.exit, ran.out.as_str()), (0, "7 files: 0 errors, 0 warnings\n"));
    let noted = lint(&here("world"), &["--unverified"]);
    assert_eq!(noted.exit, 0);
    golden("unverified", &noted.out);
}

#[test]
fn a_mistake_is_shown_with_its_line_and_what_to_write() {
    let folder = copy();
    edit(folder.path(), "instruments/alpha/instrument.toml", "max_window_days", "max_windw_days");
    edit(folder.path(), "national/XA.toml", "max_window_days = 90", "max_window_days = 900");
    let ran = lint(folder.path(), &[]);
    assert_eq!(ran.exit, 3);
    golden("mistake", &ran.out);
}

#[test]
fn one_file_is_judged_in_its_catalogue_and_errors_elsewhere_are_counted() {
    let folder = copy();
    edit(folder.path(), "parties/XB.toml", "name =", "nane =");
    let one = folder.path().join("parties/XA.toml");
    let ran = plain(&["lint", one.to_str().unwrap()]);
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (3, "1 file: 0 errors, 0 warnings; 4 errors in other files of the catalogue\n")
    );
    let stray = folder.path().join("draft.toml");
    fs::write(&stray, "").unwrap();
    let ran = plain(&["lint", stray.to_str().unwrap()]);
    assert!(ran.exit == 2 && ran.err.contains("lies in no catalogue"), "{}", ran.err);
}

#[test]
fn a_review_that_is_overdue_is_a_warning() {
    let folder = copy();
    edit(folder.path(), "instruments/alpha/instrument.toml", "2030-01-01", "2020-01-01");
    let ran = lint(folder.path(), &[]);
    assert!(ran.exit == 3 && ran.out.contains("0 errors, 1 warning"), "{}", ran.out);
}

#[test]
fn what_is_no_folder_or_no_catalogue_is_said_plainly() {
    let empty = tempfile::tempdir().unwrap();
    let ran = lint(empty.path(), &[]);
    assert!(ran.exit == 4 && ran.err.contains("treaty new catalogue DIR"), "{} {}", ran.exit, ran.err);
    let ran = plain(&["lint", "--catalogue", "there/is/none"]);
    assert!(ran.exit == 4 && ran.err.contains("cannot read there/is/none"), "{} {}", ran.exit, ran.err);
    let ran = plain(&["lint", "there/is/none.toml"]);
    assert_eq!(ran.exit, 4, "{}", ran.err);
}

#[test]
fn a_folder_that_may_not_be_read_is_a_failure_and_not_an_empty_catalogue() {
    let folder = copy();
    let parties = folder.path().join("parties");
    fs::set_permissions(&parties, fs::Permissions::from_mode(0o000)).unwrap();
    let locked = fs::read_dir(&parties).is_err();
    let ran = lint(folder.path(), &[]);
    fs::set_permissions(&parties, fs::Permissions::from_mode(0o755)).unwrap();
    // Root reads everything; for anybody else the run must fail.
    if locked {
        assert!(ran.exit == 1 && ran.err.contains("cannot read"), "{} {}", ran.exit, ran.err);
    }
}

#[test]
fn a_huge_file_and_one_that_is_not_utf_8_are_findings() {
    let folder = copy();
    fs::write(folder.path().join("parties/XD.toml"), vec![b'#'; 10 * 1024 * 1024]).unwrap();
    fs::write(folder.path().join("parties/XE.toml"), b"format = \"party/1\"\nname = \"\xff\"\n").unwrap();
    let ran = lint(folder.path(), &[]);
    assert_eq!(ran.exit, 3);
    assert!(ran.out.contains("the file has 10485760 bytes"), "{}", ran.out);
    assert!(ran.out.contains("the file is not UTF-8: line 2"), "{}", ran.out);
    let used = plain(&["--catalogue", folder.path().to_str().unwrap(), "effective", "XA", "XB"]);
    assert_eq!(used.exit, 2, "an unreadable file must not be taken for an absent one");
}

#[test]
fn deep_nesting_and_steering_characters_do_no_harm() {
    let folder = copy();
    let deep = format!("format = \"party/1\"\nid = \"XD\"\nname = {}1{}\n", "[".repeat(400), "]".repeat(400));
    fs::write(folder.path().join("parties/XD.toml"), deep).unwrap();
    fs::write(
        folder.path().join("parties/XE.toml"),
        "format = \"party/1\"\nid = \"XE\"\nname = \"\\u001b[2J\u{202e}x\"\nzz = 1\n",
    )
    .unwrap();
    let ran = lint(folder.path(), &[]);
    assert_eq!(ran.exit, 3);
    assert!(!ran.out.contains('\u{1b}') && !ran.out.contains('\u{202e}'), "{}", ran.out);
}

#[test]
fn what_a_newer_version_leaves_out_is_named() {
    let folder = copy();
    let denounced = "format = \"party/1\"\nid = \"XB\"\nname = \"Bensalem\"\nversion = 2\nrecorded = 2026-11-22\n";
    fs::write(folder.path().join("parties/XB.2.toml"), denounced).unwrap();
    let ran = plain(&["lint", folder.path().join("parties/XB.2.toml").to_str().unwrap()]);
    assert!(ran.exit == 3 && ran.out.contains("0 errors, 3 warnings"), "{}", ran.out);
    golden("left_out", &ran.out);
}

#[test]
fn a_newer_version_that_moves_a_request_or_binds_others_is_told() {
    let folder = copy();
    let made = plain(&[
        "new",
        "version",
        folder.path().join("instruments/beta/instrument.toml").to_str().unwrap(),
        "--valid-from",
        "2027-01-01",
    ]);
    assert_eq!(made.exit, 0, "{}", made.err);
    let newer = "instruments/beta/instrument.2.toml";
    edit(folder.path(), newer, "\"XA\", \"XC\"", "\"XA\", \"XB\"");
    edit(folder.path(), newer, "articles = [\"beta:", "articles = [\"beta:9");
    let ran = plain(&["lint", folder.path().join(newer).to_str().unwrap()]);
    golden("moved", &ran.out);
}

#[test]
fn a_day_of_another_century_is_asked_about() {
    let folder = copy();
    edit(folder.path(), "parties/XB.toml", "ratified = 2020-01-15", "ratified = 2020-01-15\nin_force = 2062-04-15");
    let ran = lint(folder.path(), &[]);
    assert!(ran.exit == 3 && ran.out.contains("`in_force` is more than 5 years ahead"), "{}", ran.out);
}
