use std::{io, path::PathBuf};

use identity::{KeyError, Purpose};
use model::{Denial, Exit, Refusal, Timestamp};

/// Why a key or certificate cannot be read, written or used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// A file that cannot be read.
    #[error("cannot read {}: {source}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that cannot be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process holds the folder.
    #[error("another process holds {}", .0.display())]
    Locked(PathBuf),
    /// Not what should stand there.
    #[error("{}: {what}", .path.display())]
    Unusable {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A file that does not hold a passphrase alone.
    #[error("{}: {source}", .path.display())]
    Passphrase {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        source: KeyError,
    },
    /// Certificates none of which is for a key that waits here.
    #[error("none of the certificates is for a key that waits here")]
    NothingWaits,
    /// A certificate that would end before the one that it takes the place of.
    #[error("the certificate for {purpose} ends at {until}, before the one in use, which ends at {in_use}")]
    EndsSooner {
        /// For what.
        purpose: Purpose,
        /// When it ends.
        until: Timestamp,
        /// When the one in use does.
        in_use: Timestamp,
    },
    /// A certificate that our root has not issued to us, or not for this.
    #[error("{}", .0.reason)]
    Refused(Box<Refusal>),
}

impl KeyringError {
    /// How a program ends with it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::NotFound,
            Self::Read { .. } | Self::Write { .. } => Exit::Failure,
            Self::Locked(_) => Exit::Locked,
            Self::Unusable { .. } => Exit::NotAuthorised,
            Self::Passphrase { .. } => Exit::Usage,
            Self::NothingWaits => Exit::NotFound,
            Self::EndsSooner { .. } => Exit::Conflict,
            Self::Refused(refusal) => Exit::from(&Denial::from(Refusal::clone(refusal))),
        }
    }

    /// What to do next, where it is known.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Read { .. } | Self::Write { .. } => None,
            Self::Locked(_) => Some("One program runs on a folder. Stop the other one first.".to_owned()),
            Self::Unusable { .. } => {
                Some("Check the file and the passphrase; use what the party's root made for this folder.".to_owned())
            }
            Self::Passphrase { .. } => Some("Put the passphrase alone into the file.".to_owned()),
            Self::NothingWaits => Some(
                "Ask for certificates in this folder (certificate request), let the root answer, and install that answer."
                    .to_owned(),
            ),
            Self::EndsSooner { .. } => Some(
                "Is it the newest answer? Where an earlier end is meant, as after a theft, say so: --ends-sooner.".to_owned(),
            ),
            Self::Refused(refusal) => Some(refusal.remedy.clone()),
        }
    }
}
