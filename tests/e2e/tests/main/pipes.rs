//! A reader that leaves before all is told, as `head` does.

use std::{io::pipe, path::Path, process::Command};

use crate::{programs::program, state::State};

/// How a program ends, and what it says on standard error, when nobody reads its standard output.
fn unread(name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let ended = Command::new(program(name)).args(arguments).stdout(writer).output().unwrap();
    (ended.status.code(), String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[tokio::test]
async fn whose_reader_has_left_ends_quietly_with_the_usual_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::make("JP", folder.path()).await;
    let dir = |path: &Path| path.to_str().unwrap().to_owned();
    let (gateway, desk) = (dir(&state.dir), dir(&state.dir.join("desks/central")));
    let quiet = (Some(0), String::new());
    for output in ["text", "json"] {
        assert_eq!(unread("gateway", &["key", "list", "--dir", &gateway, "--output", output]), quiet);
        assert_eq!(unread("desk", &["--dir", &desk, "--output", output, "certificate", "list"]), quiet);
        assert_eq!(unread("treaty", &["explain", "JP", "FR", "stored_data", "--output", output]), quiet);
    }
    assert_eq!(unread("federation", &["scenarios"]), quiet);
    assert_eq!(unread("federation", &["schema"]), quiet);
    // What fails, fails as ever: it is told on standard error.
    let (code, told) = unread("gateway", &["key", "list", "--dir", &dir(folder.path())]);
    assert!(code == Some(10) && told.contains("gateway init"), "{code:?} {told}");
}
