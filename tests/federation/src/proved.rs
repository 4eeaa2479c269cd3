//! What the case of the demo proves to a stranger: its file, kept beside the run, and the program that checks it anywhere.

use std::path::{Path, PathBuf};

use model::CaseId;
use serde_json::{Value, json};

use crate::{cli, failure::Failure, states::World, timeline::Timeline};

/// A case file that was exported and checked.
#[derive(Debug)]
pub(crate) struct Proved {
    /// The file. It outlives the run.
    file: PathBuf,
    /// Its size, in bytes.
    bytes: u64,
    /// The command that checks it, to be pasted as it is.
    pub(crate) command: String,
    proved: Vec<String>,
    not_proved: Vec<String>,
}

/// Has Japan export the case, and checks the file with nothing but the two roots. Fails where anything in it does not hold.
pub(crate) async fn prove(world: &World, case: CaseId, timeline: &Timeline) -> Result<Proved, Failure> {
    timeline.chapter("What a stranger can prove of the case");
    let folder = tempfile::Builder::new().prefix("rogatory-case-").tempdir();
    let folder = folder.map_err(|error| Failure::file(&std::env::temp_dir(), &error))?.keep();
    let file = folder.join("case.zip");
    let path = file.display().to_string();
    world.seat("JP:central")?.run(&["case", "export", &case.to_string(), "-o", &path]).await?.done()?;
    let bytes = std::fs::metadata(&file).map_err(|error| Failure::file(&file, &error))?.len();
    let roots = ["JP", "FR"].map(|party| world.state(party).map(|state| format!("{party}={}", state.fingerprint)));
    let [jp, fr] = roots;
    let (jp, fr) = (jp?, fr?);
    let line = ["--output", "json", "audit", "verify", &path, "--root", &jp, "--root", &fr];
    let answer = cli::run(&world.programs.gateway, &line).await?.done()?;
    let report = &answer.value["report"];
    let proved = Proved {
        bytes,
        command: format!("{} audit verify {path} --root \"{jp}\" --root \"{fr}\"", world.programs.gateway.display()),
        proved: texts(&report["proved"], "title"),
        not_proved: texts(&report["not_proved"], ""),
        file,
    };
    if report["holds"] != true || proved.proved.is_empty() {
        return Err(Failure::unexpected(format!("the exported case does not hold: {report}")));
    }
    let what = format!("exports the case, {} KiB; with the two roots alone all of it holds", bytes / 1024);
    timeline.event("JP:central", &what, proved.to_json());
    Ok(proved)
}

/// The texts of a list, or of a field of its objects.
fn texts(list: &Value, field: &str) -> Vec<String> {
    let of = |one: &Value| if field.is_empty() { one.as_str() } else { one[field].as_str() }.map(ToOwned::to_owned);
    list.as_array().into_iter().flatten().filter_map(of).collect()
}

impl Proved {
    /// For machines.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "file": self.file,
            "bytes": self.bytes,
            "command": self.command,
            "proved": self.proved,
            "not_proved": self.not_proved,
        })
    }

    /// For people: what holds, what nobody can prove, and how to see for oneself.
    pub(crate) fn tell(&self, timeline: &Timeline) {
        timeline.summary("\nProved of the case, to anybody who has the roots of both states");
        self.proved.iter().for_each(|one| timeline.summary(&format!("  {one}")));
        timeline.summary("Not proved");
        self.not_proved.iter().for_each(|one| timeline.summary(&format!("  {one}")));
        timeline.summary(&format!(
            "See for yourself; the file stays, in {}:\n  {}",
            self.folder().display(),
            self.command
        ));
    }

    fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(&self.file)
    }
}
