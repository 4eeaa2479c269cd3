use std::fmt;

use crate::{Fault, Refusal};

/// A no: by the law (a refusal with its code and article), or by the protocol (a fault).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// A rule forbids it.
    Refused(Box<Refusal>),
    /// It cannot be done as it was asked.
    Failed {
        /// What kind of failure.
        fault: Fault,
        /// What exactly, in one sentence without case data.
        detail: String,
    },
}

impl Denial {
    /// A fault with its detail.
    pub fn failed(fault: Fault, detail: impl Into<String>) -> Self {
        Self::Failed { fault, detail: detail.into() }
    }

    /// The code on the wire: `R92`, `STALE_EPOCH`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code.as_str(),
            Self::Failed { fault, .. } => fault.as_str(),
        }
    }

    /// What to do next.
    pub fn remedy(&self) -> &str {
        match self {
            Self::Refused(refusal) => &refusal.remedy,
            Self::Failed { fault, .. } => fault.remedy(),
        }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => fmt::Display::fmt(refusal, f),
            Self::Failed { fault, detail } => write!(f, "{fault} {detail}"),
        }
    }
}

impl std::error::Error for Denial {}
