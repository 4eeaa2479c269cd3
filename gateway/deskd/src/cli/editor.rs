//! `desk request edit CASE`: the draft in the officer's own editor, saved at the desk with each save in the editor.
//!
//! The editor needs a file, and a file in clear is a risk: it lies in a folder that only its owner can enter, in memory where the
//! system has such a place (`XDG_RUNTIME_DIR`), and is overwritten and removed afterwards with all that the editor left beside it. On
//! a disk that keeps old blocks (SSD, journal, snapshot) overwriting is no guarantee; and an editor may keep copies elsewhere (swap
//! files, undo history, plug-ins). Who cannot bear that uses `--from -`.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::{Child, Command},
    time::Duration,
};

use model::Exit;
use proto::desk as wire;

use super::{
    Answer,
    request::{draft_of, save_over, saved_answer},
    session::Session,
};
use crate::{failure::Failure, random};

/// How often the file is looked at while the editor runs.
const LOOK: Duration = Duration::from_millis(300);
/// Longer than the longest draft: what the editor makes of it is read up to here.
const FILE_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// Opens the draft in `$VISUAL` or `$EDITOR`, and saves it each time the editor does.
pub(super) async fn edit(session: &Session, case: &str) -> Result<Answer, Failure> {
    let (id, body) = draft_of(session, case).await?;
    let private = Private::with(&body)?;
    let mut editor = start(&private.file)?;
    let mut last = Last { case: id.to_string(), body, saved: None };
    let ended = loop {
        tokio::time::sleep(LOOK).await;
        let ended = editor.try_wait().map_err(|error| Failure::new(Exit::Failure, format!("the editor: {error}")))?;
        // What is half written is saved again when it is whole; a draft need not be a request.
        if let Err(failure) = last.save(session, &private).await
            && ended.is_some()
        {
            return Err(private.kept(failure));
        }
        if let Some(status) = ended {
            break status;
        }
    };
    private.shred()?;
    if !ended.success() {
        session.tell("The editor ended with an error; what it had saved is saved at the desk.");
    }
    match last.saved {
        Some(saved) => Ok(saved_answer(&saved, None)),
        None => Ok(Answer::new(
            serde_json::json!({ "case": last.case, "changed": false }),
            format!("case {}\nNothing was changed.", last.case),
        )),
    }
}

/// What the desk has of the draft.
struct Last {
    case: String,
    body: Vec<u8>,
    saved: Option<wire::SaveDraftResponse>,
}

impl Last {
    async fn save(&mut self, session: &Session, private: &Private) -> Result<(), Failure> {
        let body = private.read()?;
        if body == self.body {
            return Ok(());
        }
        // The first save follows on what was read, each other one on the save before it.
        let follows = match &self.saved {
            Some(saved) => saved.sha256.clone(),
            None => model::Digest::of(&[&self.body]).to_string(),
        };
        self.saved = Some(save_over(session, &self.case, body.clone(), &follows).await?);
        self.body = body;
        Ok(())
    }
}

/// Runs the editor as git does: through the shell, so that it may have arguments, with the file as an argument and not as text.
fn start(file: &Path) -> Result<Child, Failure> {
    let editor =
        ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let editor = editor.ok_or_else(|| {
        Failure::new(Exit::Usage, "neither VISUAL nor EDITOR names an editor")
            .remedy("Set one, as in EDITOR=nano, or give the text: --from FILE.")
    })?;
    let run = Command::new("sh").arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(file).spawn();
    run.map_err(|error| Failure::new(Exit::Failure, format!("cannot run the editor: {error}")))
}

/// A file in a folder of its own that only its owner can enter.
struct Private {
    folder: PathBuf,
    file: PathBuf,
}

impl Private {
    fn with(body: &[u8]) -> Result<Self, Failure> {
        let memory = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_dir());
        Self::within(&memory.unwrap_or_else(std::env::temp_dir), body)
    }

    fn within(base: &Path, body: &[u8]) -> Result<Self, Failure> {
        let folder = base.join(format!("desk-{}", random::record_id()?));
        DirBuilder::new().mode(0o700).create(&folder).map_err(|error| Failure::writing(&folder, &error))?;
        let file = folder.join("request.json");
        let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        let written = open.and_then(|mut open| open.write_all(body).and_then(|()| open.sync_all()));
        written.map_err(|error| Failure::writing(&file, &error))?;
        Ok(Self { folder, file })
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        let length = fs::metadata(&self.file).map_err(|error| Failure::reading(&self.file, &error))?.len();
        if length > FILE_BYTES_MAX {
            return Err(Failure::new(Exit::Usage, "a draft has more than 1 MiB"));
        }
        fs::read(&self.file).map_err(|error| Failure::reading(&self.file, &error))
    }

    /// What could not be saved is not thrown away.
    fn kept(&self, failure: Failure) -> Failure {
        let what = format!("{failure}\nWhat you wrote is kept, in clear, in {}", self.file.display());
        Failure::new(failure.exit(), what)
            .remedy("Save it with: desk request edit CASE --from FILE, then remove that folder.")
    }

    /// Overwrites every file in the folder, and removes it.
    fn shred(self) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::writing(&self.folder, &error);
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_file() {
                let length = entry.metadata().map_err(failed)?.len().min(FILE_BYTES_MAX);
                let zeros = vec![0; usize::try_from(length).unwrap_or_default()];
                let open = OpenOptions::new().write(true).open(entry.path());
                open.and_then(|mut file| file.write_all(&zeros).and_then(|()| file.sync_all())).map_err(failed)?;
            }
        }
        fs::remove_dir_all(&self.folder).map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_copy_is_its_owner_s_alone_and_nothing_is_left_of_it() {
        let base = tempfile::tempdir().unwrap();
        let private = Private::within(base.path(), b"{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&private.folder), mode(&private.file)), (0o700, 0o600));
        assert_eq!(private.read().unwrap(), b"{}");
        // What the editor left beside it goes, too; and a second name of the file shows that it was overwritten.
        fs::write(private.folder.join(".request.json.swp"), b"facts").unwrap();
        let other_name = base.path().join("other");
        fs::hard_link(&private.file, &other_name).unwrap();
        private.shred().unwrap();
        assert_eq!(fs::read(&other_name).unwrap(), [0, 0]);
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 1);
    }
}
