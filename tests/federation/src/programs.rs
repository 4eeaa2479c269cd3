//! Where the programs of a gateway and of a desk are: beside this one, built by cargo if it started us.

use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
    process::Stdio,
};

use model::Exit;
use tokio::process::Command;

use crate::failure::Failure;

/// The two programs that a state runs.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    pub(crate) gateway: PathBuf,
    pub(crate) desk: PathBuf,
}

impl Programs {
    /// Finds them beside this executable. Under `cargo run` they are built first, in the same profile: cargo builds the
    /// demo alone, and it links neither.
    pub(crate) async fn find() -> Result<Self, Failure> {
        let own = env::current_exe()
            .map_err(|error| Failure::new(Exit::Failure, format!("this program cannot find itself: {error}")))?;
        let folder = own.parent().unwrap_or(Path::new("."));
        if let Some(cargo) = env::var_os("CARGO") {
            build(&cargo, folder).await?;
        }
        let beside = |name: &str| {
            let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            if path.is_file() {
                return Ok(path);
            }
            let what = format!("there is no program `{name}` in {}", folder.display());
            let remedy =
                "Build both: cargo build --release -p rogatory-gatewayd -p rogatory-deskd; or start with cargo run.";
            Err(Failure::new(Exit::NotInitialised, what).remedy(remedy))
        };
        Ok(Self { gateway: beside("gateway")?, desk: beside("desk")? })
    }
}

async fn build(cargo: &OsString, folder: &Path) -> Result<(), Failure> {
    let mut command = Command::new(cargo);
    // The same three that `cargo run` resolves: with fewer their dependencies would have other features, and be compiled again.
    command.args(["build", "--bins", "-p", "rogatory-federation", "-p", "rogatory-gatewayd", "-p", "rogatory-deskd"]);
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => {}
        Some("release") => {
            command.arg("--release");
        }
        Some(profile) => {
            command.args(["--profile", profile]);
        }
    }
    if let Some(target) = folder.parent() {
        command.arg("--target-dir").arg(target);
    }
    if let Some(manifest) = env::var_os("CARGO_MANIFEST_DIR") {
        command.arg("--manifest-path").arg(Path::new(&manifest).join("Cargo.toml"));
    }
    eprintln!(
        "Building the programs `gateway` and `desk` (the first time takes some minutes; later nothing is left to do)."
    );
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .await
        .map_err(|error| Failure::new(Exit::Failure, format!("cargo cannot be started: {error}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(Exit::Failure, "`gateway` and `desk` could not be built").remedy("See what cargo said above."))
}
