use std::{error::Error, fmt::Write as _, io, path::PathBuf};

use identity::Subject;
use model::{Blame, Fault};
use rustls::AlertDescription;

use crate::PeerFault;

/// Why there is no connection. `Display` never repeats its source: [`explain`] says all of it.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The address has no meaning.
    #[error("{0:?} is not an address, as in 127.0.0.1:7001 or gw.example:7001")]
    Endpoint(String),
    /// Nobody answers: refused, no route, no such name.
    #[error("{endpoint} cannot be reached")]
    Unreachable {
        /// The address.
        endpoint: String,
        /// What the system says.
        source: io::Error,
    },
    /// No answer in time.
    #[error("{endpoint} did not answer within {seconds} s")]
    Timeout {
        /// The address.
        endpoint: String,
        /// How long we waited.
        seconds: u64,
    },
    /// The other end is not who it should be.
    #[error("the certificate of {endpoint} {fault}")]
    Certificate {
        /// The address.
        endpoint: String,
        /// What is wrong.
        fault: PeerFault,
    },
    /// The other end does not want us.
    #[error("{endpoint} refused our certificate: {}", of_alert(*.alert))]
    RefusedByPeer {
        /// The address.
        endpoint: String,
        /// Its alert [RFC 8446 §6.2].
        alert: AlertDescription,
    },
    /// The handshake failed for another reason: no TLS there, no common version or group.
    #[error("TLS with {endpoint} failed")]
    Tls {
        /// The address.
        endpoint: String,
        /// Why.
        source: io::Error,
    },
    /// The other end does not speak HTTP/2.
    #[error("{endpoint} does not speak HTTP/2 over TLS")]
    NotHttp2 {
        /// The address.
        endpoint: String,
    },
    /// Our own configuration: who is expected is not allowed, or not pinned.
    #[error("no connection to {0}: its channel is not open here")]
    NotOpen(Subject),
    /// Our own certificate or key cannot be used.
    #[error("our own certificate cannot be used: {0}")]
    Credentials(&'static str),
    /// rustls does not take our configuration.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
    /// The socket of a program on this machine.
    #[error("no program listens on {}", .path.display())]
    NoProgram {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The socket cannot be made.
    #[error("the socket {} cannot be made: {why}", .path.display())]
    Socket {
        /// The socket.
        path: PathBuf,
        /// In a few words.
        why: &'static str,
        /// What the system says, where it says something.
        source: Option<io::Error>,
    },
    /// The server ended by itself.
    #[error("the server failed")]
    Serve(#[source] tonic::transport::Error),
}

impl LinkError {
    /// The fault on the wire and in exit codes.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unreachable { .. }
            | Self::Timeout { .. }
            | Self::Certificate { .. }
            | Self::RefusedByPeer { .. }
            | Self::Tls { .. }
            | Self::NotHttp2 { .. }
            | Self::NoProgram { .. } => Fault::PeerUnreachable,
            Self::NotOpen(_) => Fault::ChannelNotOpen,
            Self::Endpoint(_) => Fault::Malformed,
            Self::Socket { .. } => Fault::Storage,
            Self::Credentials(_) | Self::Setup(_) | Self::Serve(_) => Fault::Internal,
        }
    }

    /// Who is to blame.
    pub fn blame(&self) -> Blame {
        match self {
            // Our certificate has expired: the other end is right.
            Self::RefusedByPeer { alert: AlertDescription::CertificateExpired, .. } => Blame::Us,
            _ => self.fault().blame(),
        }
    }
}

/// What an alert about our certificate means.
fn of_alert(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::UnknownCA => "our root is not pinned there, or another one is",
        AlertDescription::AccessDenied => "the channel is not open there, or frozen",
        AlertDescription::CertificateExpired => "it has expired, or its clock is not ours",
        AlertDescription::CertificateRevoked => "it is revoked",
        AlertDescription::BadCertificate => "our root may not speak for the name in it",
        AlertDescription::UnsupportedCertificate => "it is not for a client",
        AlertDescription::CertificateRequired => "it was not shown",
        _ => "it is not accepted there",
    }
}

/// The reason in our own words, where a call failed for the sake of the connection: tonic hides it behind "transport error".
pub fn cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a LinkError> {
    chain(error).find_map(|error| error.downcast_ref::<LinkError>())
}

/// The whole story in one line: from the reason in our own words on if there is one, else all sources.
pub fn explain(error: &(dyn Error + 'static)) -> String {
    let first = cause(error).map_or(error, |cause| cause as &(dyn Error + 'static));
    let mut text = String::new();
    for error in chain(first) {
        let said = error.to_string();
        if !text.contains(&said) {
            let separator = if text.is_empty() { "" } else { ": " };
            // Writing to a String does not fail.
            let _ = write!(text, "{separator}{said}");
        }
    }
    text
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // An io::Error that wraps another error names that one's source as its own, and skips it.
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        wrapped.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}
