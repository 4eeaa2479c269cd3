use model::{Denial, Fault, Malformed, PartyId, Refusal, Timestamp};

use crate::{
    BadSignature, Directory, Domain, Fingerprint, RootOpening, SignedDirectory, SigningKey, TrustStore, Verified,
    VerifyingKey,
    refuse::{owned, unproven},
};

const BYTES: usize = 2 + 2 + 32 + 32 + 8;

/// One gateway's yes to a channel: its operator compared the fingerprint of the other root over another way than this
/// network. A channel opens when both have said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelConsent {
    /// Who says yes.
    pub from: PartyId,
    /// To a channel with whom.
    pub to: PartyId,
    /// The root of `from`.
    pub own_root: Fingerprint,
    /// The root of `to`, as compared.
    pub their_root: Fingerprint,
    /// When.
    pub at: Timestamp,
}

impl ChannelConsent {
    /// The bytes that are signed, 76 of them: from (2) ‖ to (2) ‖ own root (32) ‖ their root (32) ‖ milliseconds (8, big endian).
    pub fn to_bytes(&self) -> Vec<u8> {
        [
            self.from.as_str().as_bytes(),
            self.to.as_str().as_bytes(),
            self.own_root.as_bytes(),
            self.their_root.as_bytes(),
            &self.at.0.to_be_bytes(),
        ]
        .concat()
    }

    /// Reads what [`ChannelConsent::to_bytes`] wrote; nothing else has the same bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a channel consent (76 bytes)", &format!("{} bytes", bytes.len()));
        if bytes.len() != BYTES {
            return Err(malformed());
        }
        let party = |bytes: &[u8]| str::from_utf8(bytes).map_err(|_| malformed())?.parse::<PartyId>();
        let root = |bytes: &[u8]| bytes.try_into().map(Fingerprint::new).map_err(|_| malformed());
        let at = bytes[68..].try_into().map(i64::from_be_bytes).map_err(|_| malformed())?;
        Ok(Self {
            from: party(&bytes[..2])?,
            to: party(&bytes[2..4])?,
            own_root: root(&bytes[4..36])?,
            their_root: root(&bytes[36..68])?,
            at: Timestamp(at),
        })
    }

    /// Signs with the ledger key of `from`.
    pub fn sign(self, key: &SigningKey) -> SignedConsent {
        SignedConsent { consent: self, signature: key.sign(Domain::Consent, &self.to_bytes()) }
    }
}

/// A consent with the signature of the gateway's ledger key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedConsent {
    /// What is said.
    pub consent: ChannelConsent,
    /// Ed25519, 64 bytes.
    pub signature: Vec<u8>,
}

impl SignedConsent {
    /// Checks the signature alone.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), BadSignature> {
        key.verify(Domain::Consent, &self.consent.to_bytes(), &self.signature)
    }
}

impl TrustStore {
    /// The opening by which another party's directory shows that it trusts the own root: without one its consent means nothing.
    ///
    /// # Errors
    /// R95 where it shows none, or one that its directory does not commit to.
    pub fn verify_trust(&self, theirs: &SignedDirectory) -> Result<RootOpening, Denial> {
        let directory =
            Directory::from_toml(&theirs.toml).map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        let ours = self.root(self.own_party());
        let found = theirs.openings.iter().find(|one| Some(one.root()) == ours && directory.trusted.contains(one));
        found.cloned().ok_or_else(|| {
            let refusal = unproven(
                format!("The directory of {} does not show that it trusts the root of {}.", directory.party, self.own_party()),
                "Its operator compares the fingerprint and runs `gateway peer add`; its gateway then shows that with the directory.",
            );
            owned(refusal, directory.party).into()
        })
    }

    /// Verifies a consent between the own party and another: signed by the ledger key of `from`, and naming the very roots
    /// that are pinned here for both.
    ///
    /// # Errors
    /// R95: whatever differs, the channel stays closed.
    pub fn verify_consent(&self, signed: &SignedConsent, now: Timestamp) -> Result<Verified<ChannelConsent>, Denial> {
        let consent = signed.consent;
        let refuse = |reason: String, remedy: &str| -> Result<_, Denial> {
            let refusal: Refusal = owned(unproven(reason, remedy), consent.from);
            Err(refusal.into())
        };
        let ours = consent.from != consent.to && [consent.from, consent.to].contains(&self.own_party());
        if !ours {
            return refuse(
                "The consent is for a channel of others.".to_owned(),
                "Send it to the gateway that it names.",
            );
        }
        let key = self.directory_at(consent.from, now)?.ledger_key;
        if signed.verify(&key).is_err() {
            return refuse(
                format!("The gateway of {} did not sign the consent.", consent.from),
                "It signs with the ledger key in its directory.",
            );
        }
        let same_roots = self.fingerprint(consent.from) == Some(consent.own_root)
            && self.fingerprint(consent.to) == Some(consent.their_root);
        if !same_roots {
            return refuse(
                "The two sides do not mean the same roots.".to_owned(),
                "Both operators compare both fingerprints again over another way, then run `gateway peer add`.",
            );
        }
        Ok(Verified::prove(consent))
    }
}
