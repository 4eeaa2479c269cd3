use model::{AuthorityId, PartyId, Refusal, Timestamp, limits::LEAF_LIFETIME_S_MAX};

use super::TrustStore;
use crate::{
    RootCertificate, Subject, TLS_LIFETIME_MAX,
    authority_ca::BACKDATE_S,
    certificate::{Claims, Usage, verify_chain},
    refuse::{owned, unaccredited, unproven},
};

impl TrustStore {
    /// Whose leaf it is: the certificate holds at `now` under the root that is pinned for the state in its name, is made for
    /// leaves, is for this raw Ed25519 key, lives at most 28 days, and its authority is accredited.
    ///
    /// `chain` is the leaf's certificate in DER, then its issuers without the root; an issuer must be made for leaves too.
    ///
    /// # Errors
    /// R95 for what is not proven, R93 for an authority that its party's directory does not list.
    pub fn verify_leaf(&self, chain: &[&[u8]], leaf_public_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal> {
        let claims = Claims::of(chain)?;
        let party = claims.subject.party();
        self.check_chain(chain, &claims, Usage::Leaf, LEAF_LIFETIME_S_MAX, now)?;
        if !claims.is_for_ed25519(leaf_public_key) {
            let refusal = unproven(
                "The certificate is for another key than the leaf's.",
                "The desk makes its KeyPackage with the key that its root certified.",
            );
            return Err(owned(refusal, party));
        }
        match claims.subject {
            Subject::Desk(authority) => {
                self.check_accredited(&authority, now)?;
                Ok(authority)
            }
            Subject::Gateway(_) => {
                let refusal = unaccredited(
                    "A gateway is no member of a case's group.",
                    "Only desks of accredited authorities are added.",
                );
                Err(owned(refusal, party))
            }
        }
    }

    /// Whose connection it is: the certificate holds at `now` under the root that is pinned for the state in its name, is made
    /// for both ends of TLS, lives at most 90 days, and a desk's authority is accredited.
    ///
    /// `chain` is the end entity's certificate in DER, then its issuers without the root.
    ///
    /// # Errors
    /// R95 for what is not proven, R93 for an authority that its party's directory does not list.
    pub fn verify_peer_certificate(&self, chain: &[&[u8]], now: Timestamp) -> Result<Subject, Refusal> {
        let claims = Claims::of(chain)?;
        let lifetime_s_max = TLS_LIFETIME_MAX.as_secs() + BACKDATE_S.unsigned_abs();
        self.check_chain(chain, &claims, Usage::Tls, lifetime_s_max, now)?;
        if let Subject::Desk(authority) = &claims.subject {
            self.check_accredited(authority, now)?;
        }
        Ok(claims.subject)
    }

    fn check_chain(
        &self,
        chain: &[&[u8]],
        claims: &Claims,
        usage: Usage,
        lifetime_s_max: u64,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let party = claims.subject.party();
        let root = self.root_at(party, now)?;
        verify_chain(chain, root.anchor(), usage, now).map_err(|refusal| owned(refusal, party))?;
        if claims.lifetime_s > lifetime_s_max {
            let refusal = unproven(
                format!("The certificate is valid for more than {} days.", lifetime_s_max / 86400),
                "Its party's root issues one for a shorter time.",
            );
            return Err(owned(refusal, party));
        }
        Ok(())
    }

    fn root_at(&self, party: PartyId, now: Timestamp) -> Result<&RootCertificate, Refusal> {
        let root = self.root(party).ok_or_else(|| unknown(party))?;
        root.check_at(now)?;
        Ok(root)
    }

    fn check_accredited(&self, authority: &AuthorityId, now: Timestamp) -> Result<(), Refusal> {
        let party = authority.party();
        if self.directory_at(party, now)?.authority(authority).is_none() {
            let refusal = unaccredited(
                format!("{authority} is not in the directory of {party}."),
                "Its party accredits it in its directory, or sends through another authority.",
            );
            return Err(owned(refusal, party));
        }
        Ok(())
    }
}

pub(super) fn unknown(party: PartyId) -> Refusal {
    let refusal = unproven(
        format!("No directory of {party} is known here."),
        "Both operators compare fingerprints and run `gateway peer add`.",
    );
    owned(refusal, party)
}
