use std::{io, path::PathBuf};

use model::Exit;
use treaty::Diagnostic;

/// Why a catalogue cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Of the file system.
    #[error("cannot {what} {path}")]
    Io {
        /// "read", "write" …
        what: &'static str,
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no such folder, or it has none of the folders of a catalogue.
    #[error("{0} is no catalogue: it has none of the folders instruments, parties, overlays, national")]
    NoCatalogue(PathBuf),
    /// A link that leads out of the folder, or no regular file.
    #[error("{0} is no regular file within the catalogue")]
    Outside(PathBuf),
    /// A name that cannot be written in a statement.
    #[error("{0} has a name that is not made of letters, digits, `.`, `_` and `-`")]
    Name(PathBuf),
    /// Not text.
    #[error("{path} is not UTF-8: line {line} holds a byte that is no letter of it")]
    NotText {
        /// Which file.
        path: String,
        /// From 1.
        line: usize,
    },
    /// Beyond a limit.
    #[error("{path} {what}: this is no treaty catalogue")]
    TooLarge {
        /// Which file or folder.
        path: PathBuf,
        /// As in "has more than 1048576 bytes".
        what: String,
    },
    /// The folder was replaced again and again while it was read.
    #[error("{0} changes while it is read; try again")]
    Moving(PathBuf),
    /// The files contradict the language, or each other.
    #[error("the treaty catalogue has errors:\n{}", lines(.0))]
    Catalogue(Vec<Diagnostic>),
    /// Somebody else is changing the catalogue.
    #[error("another process is changing {0}")]
    Locked(PathBuf),
    /// The file system cannot exchange two folders in one step.
    #[error("the file system of {0} cannot exchange two folders in one step, so a change could be left half-done")]
    NoExchange(PathBuf),
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl ShelfError {
    pub(crate) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }

    /// How a program ends that meets it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => Exit::NotFound,
            Self::Io { .. } | Self::NoExchange(_) => Exit::Failure,
            Self::NoCatalogue(_) => Exit::NotFound,
            Self::Moving(_) => Exit::Conflict,
            Self::Locked(_) => Exit::Locked,
            Self::Outside(_) | Self::Name(_) | Self::NotText { .. } | Self::TooLarge { .. } | Self::Catalogue(_) => {
                Exit::Usage
            }
        }
    }

    /// What happened with its cause, in one text.
    pub fn told(&self) -> String {
        match self {
            Self::Io { source, .. } => format!("{self}: {source}"),
            _ => self.to_string(),
        }
    }
}
