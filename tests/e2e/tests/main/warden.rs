//! Nothing outlives the tests: a shell that is told what was started and made, and ends and removes it when the tests are gone,
//! however they ended. What a test ends itself is struck off its list.

use std::{
    io::Write,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

const SCRIPT: &str = r#"
pids=" "
while read -r what which; do
    case $what in
    started) pids="$pids$which " ;;
    ended) pids="${pids%% $which *} ${pids#* $which }" ;;
    made) set -- "$@" "$which" ;;
    esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for dir; do rm -rf "$dir"; done
"#;

/// Tells of a process that was started.
pub(crate) fn started(pid: u32) {
    tell("started", &pid.to_string());
}

/// Tells of a process that has ended and was waited for.
pub(crate) fn ended(pid: u32) {
    tell("ended", &pid.to_string());
}

/// Tells of a folder that is to be removed at the end.
pub(crate) fn made(folder: &Path) {
    tell("made", &folder.display().to_string());
}

fn tell(what: &str, which: &str) {
    static WARDEN: OnceLock<Mutex<Child>> = OnceLock::new();
    let warden = WARDEN.get_or_init(|| {
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Mutex::new(shell)
    });
    let mut shell = warden.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(shell.stdin.as_mut().unwrap(), "{what} {which}").unwrap();
}
