use jiff::civil::Date;
use model::{Denial, Fault, Malformed, PartyId, Refusal, Timestamp};
use rustls_pki_types::CertificateDer;

use super::note::NoteKey;
use crate::{
    RootCertificate, TREATY_LIFETIME_MAX,
    authority_ca::BACKDATE_S,
    certificate::{self, Claims, Usage, certificates_from_pem, verify_chain},
    refuse::{owned, unproven},
};

/// A certificate and three issuers in PEM have less.
const PEM_CHARACTERS_MAX: usize = 64 * 1024;

/// A party's treaty key, proven by the party's root. It stays good for what was signed while its certificate was valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatyVerifier {
    key: NoteKey,
    days: Days,
}

impl TreatyVerifier {
    /// Takes the certificate of `party`'s treaty key (then its issuers without the root) if it holds under the party's pinned
    /// root, both in PEM. See [`TreatyVerifier::under_root`].
    pub fn new(
        party: PartyId,
        root_certificate_pem: &str,
        treaty_certificate_pem: &str,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        let malformed = |error: Malformed| Denial::failed(Fault::Malformed, error.to_string());
        let roots = read_chain(root_certificate_pem).map_err(malformed)?;
        let [root] = roots.as_slice() else {
            return Err(Denial::failed(Fault::Malformed, "The file of a root holds more than one certificate."));
        };
        let root = RootCertificate::parse(root).map_err(malformed)?;
        if root.party() != party {
            let reason = format!("The root is one of {}, not of {party}.", root.party());
            return Err(owned(unproven(reason, "Use the root that is pinned for the party."), party).into());
        }
        Self::under_root(&root, treaty_certificate_pem, now)
    }

    /// Takes the certificate of the treaty key of `root`'s party (then its issuers without the root), in PEM: the chain holds
    /// under the root and within its state's names, it is made for treaty keys, bears the name `treaty.jp.rogatory.internal` and
    /// no other, is for an Ed25519 key, and lives at most five years.
    ///
    /// A certificate that is not valid yet at `now` is refused. One that has expired is taken, for what was signed in its time:
    /// its chain is held against its last moment.
    ///
    /// # Errors
    /// `Malformed` for what is no PEM of certificates, R95 for what is not proven.
    pub fn under_root(root: &RootCertificate, treaty_certificate_pem: &str, now: Timestamp) -> Result<Self, Denial> {
        let chain =
            read_chain(treaty_certificate_pem).map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
        let ders: Vec<&[u8]> = chain.iter().map(|der| der.as_ref()).collect();
        Ok(Self::prove(root, &ders, now).map_err(|refusal| owned(refusal, root.party()))?)
    }

    /// Whose key it is.
    pub fn party(&self) -> PartyId {
        self.key.party
    }

    /// The first and the last day (UTC) of signatures that hold: those of certificate, issuers and root together.
    pub fn days(&self) -> [Date; 2] {
        [self.days.from, self.days.until]
    }

    /// The verifier key that foreign tools take, `jp.rogatory.internal/treaty+hash+base64` [C2SP signed-note].
    pub fn verifier_key(&self) -> String {
        self.key.verifier_key()
    }

    pub(super) fn key(&self) -> &NoteKey {
        &self.key
    }

    pub(super) fn covers(&self, day: Date) -> bool {
        self.days.covers(day)
    }

    fn prove(root: &RootCertificate, chain: &[&[u8]], now: Timestamp) -> Result<Self, Refusal> {
        let claims = Claims::of_treaty_key(chain)?;
        if claims.subject != root.party() {
            let reason = format!("The certificate is one of the treaty key of {}.", claims.subject);
            return Err(unproven(reason, "A root speaks for its own state only."));
        }
        let window = window(chain, Some(root))?;
        let last = now.0.div_euclid(1000).min(window.1);
        verify_chain(chain, root.anchor(), Usage::Treaty, Timestamp(last.saturating_mul(1000)))?;
        if last < window.0 {
            return Err(unproven("The root is not valid yet.", "Check the clocks of both sides."));
        }
        if claims.lifetime_s > TREATY_LIFETIME_MAX.as_secs() + BACKDATE_S.unsigned_abs() {
            return Err(unproven(
                "The certificate is valid for more than five years.",
                "Its party's root issues one for a shorter time.",
            ));
        }
        let key = claims.ed25519_key().ok_or_else(|| {
            unproven("The certificate is not for an Ed25519 key.", "A treaty key is an Ed25519 key of its own.")
        })?;
        Ok(Self { key: NoteKey::new(claims.subject, key), days: Days::of(chain, Some(root))? })
    }
}

/// Days in UTC, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Days {
    pub(super) from: Date,
    pub(super) until: Date,
}

impl Days {
    /// The days on which all of the chain, and the root, are valid at some moment.
    pub(super) fn of(chain: &[&[u8]], root: Option<&RootCertificate>) -> Result<Self, Refusal> {
        let (from, until) = window(chain, root)?;
        let day = |second: i64| {
            let moment = Timestamp(second.saturating_mul(1000));
            moment.date().ok_or_else(|| unproven("The certificate's moments are no days.", Usage::Treaty.remedy()))
        };
        Ok(Self { from: day(from)?, until: day(until)? })
    }

    pub(super) fn covers(self, day: Date) -> bool {
        self.from <= day && day <= self.until
    }
}

/// The seconds since 1970, both included, in which all of the chain and the root are valid.
fn window(chain: &[&[u8]], root: Option<&RootCertificate>) -> Result<(i64, i64), Refusal> {
    let (mut from, mut until) = root.map_or((i64::MIN, i64::MAX), RootCertificate::validity);
    for der in chain {
        let parsed = certificate::parse(der)
            .ok_or_else(|| unproven("The certificate cannot be read.", Usage::Treaty.remedy()))?;
        let validity = certificate::validity(&parsed);
        from = from.max(validity.0);
        until = until.min(validity.1);
    }
    if from > until {
        return Err(unproven(
            "The certificate and its issuers are never valid together.",
            "Its party's root issues one within its own validity.",
        ));
    }
    Ok((from, until))
}

/// The certificates of a PEM file of bounded size.
pub(super) fn read_chain(pem: &str) -> Result<Vec<CertificateDer<'static>>, Malformed> {
    if pem.len() > PEM_CHARACTERS_MAX {
        return Err(Malformed::new("certificates in PEM", "more than 64 KiB"));
    }
    certificates_from_pem(pem)
}
