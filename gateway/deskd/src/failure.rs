//! How a command fails: what, which rule, whose, what next, and the exit code.

use std::{fmt, io, path::Path};

use keyring::KeyringError;
use model::{Denial, Exit, Fault, RefusalCode};
use serde_json::{Value, json};

use crate::summary;

/// A failed command, as the person or program at the terminal sees it.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    what: String,
    remedy: Option<String>,
    denial: Option<Denial>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), remedy: None, denial: None }
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

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The denial of the desk or of a gateway, where it is one.
    pub(crate) fn denial(&self) -> Option<&Denial> {
        self.denial.as_ref()
    }

    /// Whether the officer may hold another of a step's roles, or be one of another authority, such as a court.
    pub(crate) fn is_of_another_role(&self) -> bool {
        let another = [RefusalCode::R93, RefusalCode::R95].map(RefusalCode::as_str);
        self.denial.as_ref().is_some_and(|denial| another.contains(&denial.reason()))
    }

    /// The denial to give on where no terminal is: of another failure what it says.
    pub(crate) fn into_denial(self) -> Denial {
        let fault = match self.exit {
            Exit::Conflict => Fault::StaleCase,
            _ => Fault::Malformed,
        };
        self.denial.unwrap_or_else(|| Denial::failed(fault, self.what))
    }

    /// The failure for programs.
    pub(crate) fn to_json(&self) -> Value {
        let mut error = json!({ "what": self.what, "remedy": self.remedy, "exit": self.exit as u8 });
        if let Some(denial) = &self.denial {
            error["reason"] = denial.reason().into();
            if let Denial::Refused(refusal) = denial {
                error["article"] = refusal.article.as_ref().map(ToString::to_string).into();
                error["rule"] = refusal.rule.as_str().into();
                error["field"] = refusal.field.as_deref().into();
                error["owner"] = refusal.owner.map(|party| party.to_string()).into();
            }
        }
        json!({ "schema_version": 1, "error": error })
    }
}

impl fmt::Display for Failure {
    /// For a terminal: what comes from elsewhere moves no cursor and begins no line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let foreign = self.denial.is_some();
        f.write_str(&if foreign { summary::line(&self.what) } else { summary::clean(&self.what) })?;
        if let Some(Denial::Refused(refusal)) = &self.denial {
            if let Some(field) = &refusal.field {
                write!(f, "\n  where: {}", summary::line(field))?;
            }
            write!(f, "\n  rule: {}", summary::line(&refusal.rule.to_string()))?;
            if let Some(owner) = refusal.owner {
                write!(f, " (of {owner})")?;
            }
        }
        match &self.remedy {
            Some(remedy) => write!(f, "\n  next: {}", summary::line(remedy)),
            None => Ok(()),
        }
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self {
            exit: Exit::from(&denial),
            what: denial.to_string(),
            remedy: Some(denial.remedy().to_owned()),
            denial: Some(denial),
        }
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
        if let Some(cause) = link::cause(&status) {
            return Self::new(Exit::Unreachable, link::explain(cause)).remedy("Start the desk: desk serve --dir DIR");
        }
        proto::status::to_denial(&status).into()
    }
}
