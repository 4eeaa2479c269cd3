use std::fmt;

use identity::Subject;
use model::{PartyId, Timestamp};
use rustls::CertificateError;
use telemetry::{Word, word};

/// What is wrong with the certificate of the other end. Its text completes "the certificate of …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerFault {
    /// It cannot be read, or the chain is too large.
    Unreadable,
    /// It does not bear exactly one name, a dNSName of the federation. A constraint on DNS names does not bind other kinds of
    /// name, so they are not accepted beside one [RFC 5280 §4.2.1.10].
    Name,
    /// It names another than the one expected.
    Subject {
        /// Who was expected.
        expected: Subject,
        /// Who is named.
        found: Subject,
    },
    /// No valid root is pinned for the state that it names.
    NotPinned(PartyId),
    /// Connections with it are not wanted: the channel is not open, or frozen.
    NotAllowed(Subject),
    /// The root pinned for the state did not issue it.
    Root(PartyId),
    /// The root that issued it may not speak for its name.
    Zone(PartyId),
    /// It has expired.
    Expired(Timestamp),
    /// It is not valid yet.
    NotYet(Timestamp),
    /// It is valid for longer than [`identity::TLS_LIFETIME_MAX`].
    Lifetime,
    /// It is not for this end of a TLS connection.
    Usage,
    /// The chain does not hold for another reason.
    Chain,
}

impl PeerFault {
    /// The state that the certificate claims, as far as it was understood.
    pub fn party(&self) -> Option<PartyId> {
        match self {
            Self::NotPinned(party) | Self::Root(party) | Self::Zone(party) => Some(*party),
            Self::Subject { found: subject, .. } | Self::NotAllowed(subject) => Some(subject.party()),
            _ => None,
        }
    }

    /// The reason in one word, for logs and metrics.
    pub fn word(&self) -> Word {
        match self {
            Self::Unreadable => word!("unreadable"),
            Self::Name => word!("name"),
            Self::Subject { .. } => word!("subject"),
            Self::NotPinned(_) => word!("not_pinned"),
            Self::NotAllowed(_) => word!("not_allowed"),
            Self::Root(_) => word!("root"),
            Self::Zone(_) => word!("zone"),
            Self::Expired(_) => word!("expired"),
            Self::NotYet(_) => word!("not_yet_valid"),
            Self::Lifetime => word!("lifetime"),
            Self::Usage => word!("usage"),
            Self::Chain => word!("chain"),
        }
    }

    /// What rustls is told, so that the other end gets the fitting alert [RFC 8446 §6.2].
    pub(crate) fn certificate_error(&self) -> CertificateError {
        match self {
            Self::Unreadable => CertificateError::BadEncoding,
            Self::Name | Self::Subject { .. } | Self::Zone(_) => CertificateError::NotValidForName,
            Self::NotPinned(_) | Self::Root(_) | Self::Chain => CertificateError::UnknownIssuer,
            Self::NotAllowed(_) => CertificateError::ApplicationVerificationFailure,
            Self::Expired(_) => CertificateError::Expired,
            Self::Lifetime => CertificateError::InvalidPurpose,
            Self::NotYet(_) => CertificateError::NotValidYet,
            Self::Usage => CertificateError::InvalidPurpose,
        }
    }
}

impl fmt::Display for PeerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("cannot be read"),
            Self::Name => f.write_str("does not bear exactly one name, a DNS name of a gateway or desk"),
            Self::Subject { expected, found } => write!(f, "names {found}, where {expected} was expected"),
            Self::NotPinned(party) => write!(f, "cannot be checked: no valid root is pinned for {party}"),
            Self::NotAllowed(subject) => write!(f, "is that of {subject}, whose channel is not open"),
            Self::Root(party) => write!(f, "does not chain to the root pinned for {party}"),
            Self::Zone(party) => write!(f, "names {party}, for which the root that issued it may not speak"),
            Self::Expired(when) => write!(f, "expired on {when}"),
            Self::NotYet(when) => write!(f, "is not valid before {when}; check the clocks"),
            Self::Lifetime => f.write_str("is valid for longer than a TLS certificate may be"),
            Self::Usage => f.write_str("is not for this end of a TLS connection"),
            Self::Chain => f.write_str("does not hold"),
        }
    }
}

impl std::error::Error for PeerFault {}
