//! How the demo fails: what, what next, and the exit code.

use std::{fmt, io, path::Path};

use model::{Denial, Exit, Malformed, Refusal};
use serde_json::{Value, json};

/// A demo that did not go as it should.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) what: String,
    pub(crate) remedy: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), remedy: None }
    }

    /// Something did not go as the demo says it goes.
    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self::new(Exit::Failure, what)
    }

    /// Says what to do next.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says during what it happened.
    pub(crate) fn during(mut self, what: &str) -> Self {
        self.what = format!("{what}: {}", self.what);
        self
    }

    /// A file or folder that cannot be used.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self::new(Exit::Failure, format!("{}: {error}", path.display()))
    }

    /// As an object for `--output json`.
    pub(crate) fn to_json(&self) -> Value {
        json!({ "what": self.what, "remedy": self.remedy, "exit": self.exit as u8 })
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

impl From<ghosts::Unmade> for Failure {
    fn from(error: ghosts::Unmade) -> Self {
        Self::unexpected(error.to_string())
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::new(Exit::from(&denial), denial.to_string()).remedy(denial.remedy())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Denial::from(refusal).into()
    }
}

impl From<Malformed> for Failure {
    fn from(error: Malformed) -> Self {
        Self::unexpected(error.to_string())
    }
}

impl From<tonic::Status> for Failure {
    fn from(status: tonic::Status) -> Self {
        let failure = Self::from(proto::status::to_denial(&status));
        if let Some(cause) = link::cause(&status) {
            return Self { what: link::explain(cause), ..failure };
        }
        // A status that is not one of ours says all it has to say in its message.
        let ours = failure.what.contains(' ') && !failure.what.ends_with(status.message());
        if ours { failure } else { Self { what: status.message().to_owned(), ..failure } }
    }
}

impl From<link::LinkError> for Failure {
    fn from(error: link::LinkError) -> Self {
        Self::new(Exit::Unreachable, link::explain(&error))
    }
}
