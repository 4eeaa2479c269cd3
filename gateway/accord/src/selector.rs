use std::fmt;

use model::{AuthorityId, CaseId, Digest, MeasureId, Refusal, SelectorKind};
use serde::{Deserialize, Serialize};

use crate::canonical;

/// What names one subject. Its `Debug` tells the kind only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Selector {
    /// A natural or legal person: name and one of the others.
    Person {
        /// Full name, family name first.
        value: String,
        /// Day, month or year.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        birth_date: Option<String>,
        /// Identity document.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        document: Option<String>,
        /// Register entry of a legal person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        registration: Option<String>,
    },
    /// One account at one provider.
    Account {
        /// Handle, address or number.
        value: String,
        /// The provider.
        provider: String,
    },
    /// One device.
    Device {
        /// Its number.
        value: String,
        /// `imei`, `imsi`, `iccid`, `mac` or `serial`.
        numbering: String,
    },
    /// One IP address at one moment.
    IpAtTime {
        /// The address.
        value: String,
        /// The moment, RFC 3339.
        at: String,
        /// The source port, where addresses are shared.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
    },
    /// One domain name.
    Domain {
        /// The name.
        value: String,
    },
    /// One bank account.
    BankAccount {
        /// IBAN or number.
        value: String,
        /// The institution.
        institution: String,
    },
    /// One holder of a credential, towards one verifier.
    Holder {
        /// The identifier that only this verifier knows.
        value: String,
        /// The verifier.
        verifier: AuthorityId,
    },
}

impl Selector {
    /// Its kind: all that a header tells of it.
    pub fn kind(&self) -> SelectorKind {
        match self {
            Self::Person { .. } => SelectorKind::Person,
            Self::Account { .. } => SelectorKind::Account,
            Self::Device { .. } => SelectorKind::Device,
            Self::IpAtTime { .. } => SelectorKind::IpAtTime,
            Self::Domain { .. } => SelectorKind::Domain,
            Self::BankAccount { .. } => SelectorKind::BankAccount,
            Self::Holder { .. } => SelectorKind::Holder,
        }
    }

    /// The canonical JSON of the selector as it was written. Two spellings are two selectors: a count can only be too
    /// high by that, never too low.
    pub fn canonical(&self) -> Result<Vec<u8>, Refusal> {
        let value = serde_json::to_value(self).map_err(|_| {
            Refusal::new(model::RefusalCode::R94, "desk", "a selector has no JSON form", "Report it: this is a defect.")
        })?;
        canonical(&value)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({}, …)", self.kind().as_str())
    }
}

/// Ties a record to whom it was asked for: SHA-256 of `rogatory subject v1\0` ‖ case (16 bytes) ‖ measure (4 bytes, big
/// endian) ‖ canonical selector (last, so it needs no frame).
pub fn subject_binding(case: CaseId, measure: MeasureId, selector: &Selector) -> Result<Digest, Refusal> {
    let selector = selector.canonical()?;
    Ok(Digest::of(&[b"rogatory subject v1\0", case.as_bytes(), &measure.0.to_be_bytes(), &selector]))
}
