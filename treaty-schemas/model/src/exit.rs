use std::io;

use crate::{Blame, Denial, Fault, RefusalCode};

/// How a program of ours ends. An unknown code is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Failed.
    Failure = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// Done, and there is something to look at: findings, changes.
    Findings = 3,
    /// No such case, party or file.
    NotFound = 4,
    /// A treaty or a gate refuses it.
    Refused = 5,
    /// Somebody else was faster, or the plan is stale.
    Conflict = 6,
    /// Not authorised: key, role or identity.
    NotAuthorised = 7,
    /// The gateway, the desk or the storage cannot be reached; trying again may help.
    Unreachable = 8,
    /// A signature, digest or log does not hold.
    Integrity = 9,
    /// The state folder is not initialised.
    NotInitialised = 10,
    /// Another process holds the state.
    Locked = 11,
}

/// What came of printing. A reader that has seen enough, as `head` has, is no failure: the program ends as it would have.
///
/// # Errors
/// Any other failure to write.
pub fn printed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

impl From<&Denial> for Exit {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::Refused(refusal) if refusal.code == RefusalCode::R95 => Self::NotAuthorised,
            Denial::Refused(_) => Self::Refused,
            Denial::Failed { fault: Fault::Unknown, .. } => Self::NotFound,
            Denial::Failed { fault: Fault::Storage, .. } => Self::Unreachable,
            Denial::Failed { fault, .. } => match fault.blame() {
                Blame::Caller => Self::Usage,
                Blame::Race => Self::Conflict,
                Blame::Peer => Self::Unreachable,
                Blame::Us => Self::Failure,
            },
        }
    }
}
