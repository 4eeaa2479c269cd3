//! How a command fails: what, what next, and the exit code.

use std::{fmt, io, path::Path};

use keyring::KeyringError;
use model::{Denial, Exit};
use serde_json::{Value, json};

/// A failed command, as the person at the terminal sees it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), remedy: None }
    }

    /// Says what to do next.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A file that cannot be read.
    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failure };
        Self::new(exit, format!("cannot read {}: {error}", path.display()))
    }

    /// A file that cannot be written.
    pub(crate) fn writing(path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::Failure, format!("cannot write {}: {error}", path.display()))
    }

    /// The same for machines.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "schema_version": 1, "error": self.what, "remedy": self.remedy, "exit": self.exit as u8 })
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.remedy {
            Some(remedy) => write!(f, "\n  next: {remedy}"),
            None => Ok(()),
        }
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::new(Exit::from(&denial), denial.to_string()).remedy(denial.remedy())
    }
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        let failure = Self::new(error.exit(), error.to_string());
        match error.remedy() {
            Some(remedy) => failure.remedy(remedy),
            None => failure,
        }
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        proto::status::to_denial(&status).into()
    }
}
