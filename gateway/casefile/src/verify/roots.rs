use std::{collections::BTreeMap, str};

use identity::{Fingerprint, RootCertificate, certificates_from_pem};
use model::{Malformed, PartyId};

use super::{CannotVerify, Check, Findings, sheaf::Sheaf};
use crate::names;

/// A root that whoever checks trusts: they have it from its state, not from the case file.
#[derive(Debug, Clone)]
pub enum RootPin {
    /// The certificate.
    Certificate(Box<RootCertificate>),
    /// The fingerprint that the state published; the certificate is then taken from the file, where it fits.
    Fingerprint(PartyId, Fingerprint),
}

impl RootPin {
    /// Reads what stands behind `PARTY=`: a certificate in PEM, or a fingerprint as operators tell it.
    pub fn parse(party: &str, root: &str) -> Result<Self, Malformed> {
        let party: PartyId = party.parse()?;
        if !root.contains("-----BEGIN") {
            return Ok(Self::Fingerprint(party, root.parse()?));
        }
        let chain = certificates_from_pem(root)?;
        let [der] = chain.as_slice() else {
            return Err(Malformed::new("one root certificate", &format!("{} certificates", chain.len())));
        };
        let root = RootCertificate::parse(der)?;
        if root.party() != party {
            return Err(Malformed::new("a root of the party that stands before it", root.party().as_str()));
        }
        Ok(Self::Certificate(Box::new(root)))
    }

    /// Whose.
    pub fn party(&self) -> PartyId {
        match self {
            Self::Certificate(root) => root.party(),
            Self::Fingerprint(party, _) => *party,
        }
    }

    /// Whether `shown` is the root that was pinned.
    pub fn fits(&self, shown: &RootCertificate) -> bool {
        let same = match self {
            Self::Certificate(root) => root.der() == shown.der(),
            Self::Fingerprint(_, fingerprint) => shown.fingerprint() == *fingerprint,
        };
        same && shown.party() == self.party()
    }

    fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Certificate(root) => root.fingerprint(),
            Self::Fingerprint(_, fingerprint) => *fingerprint,
        }
    }
}

/// The roots of the two parties as they are pinned. Those in the file must be the same.
pub(super) fn settle(
    sheaf: &mut Sheaf<'_>,
    pair: [PartyId; 2],
    pins: &[RootPin],
    findings: &mut Findings,
) -> Result<BTreeMap<PartyId, RootCertificate>, CannotVerify> {
    let mut settled = BTreeMap::new();
    let mut missing = Vec::new();
    for party in pair {
        let name = names::root(party);
        let Some(pin) = pins.iter().find(|pin| pin.party() == party) else {
            missing.push(party);
            continue;
        };
        let shown = sheaf.take(&name).and_then(certificate);
        let fits = shown.as_ref().is_some_and(|root| root.party() == party && root.fingerprint() == pin.fingerprint());
        if !fits {
            let what = format!("the root of {party} in the file is not the one that was given, {}", pin.fingerprint());
            findings.contradict(&name, Check::Signature, what);
        }
        let root = match pin {
            RootPin::Certificate(root) => Some((**root).clone()),
            RootPin::Fingerprint(..) => shown.filter(|_| fits),
        };
        settled.extend(root.map(|root| (party, root)));
    }
    if missing.is_empty() { Ok(settled) } else { Err(CannotVerify::RootsMissing(missing)) }
}

/// One certificate in PEM, written as we write it.
fn certificate(pem: &[u8]) -> Option<RootCertificate> {
    let text = str::from_utf8(pem).ok()?;
    let chain = certificates_from_pem(text).ok()?;
    let [der] = chain.as_slice() else { return None };
    let again = identity::certificate_to_pem(der).ok()?;
    RootCertificate::parse(der).ok().filter(|_| again == text)
}
