//! Who certifies that records are gone: the two who sign, as the directory calls them, and nobody by words alone.

use std::collections::BTreeSet;

use desk::{Body, Document, SealedBody, compare_custodians, custodians_in};
use identity::{Authority, TrustStore};
use model::{AuthorityId, Denial, Entry, Header, KeyId, Refusal, RefusalCode, Role, Step};
use serde_json::{Map, Value, json};
use store::desk::ProposalRow;

use crate::office::{Office, internal};

/// Whether a step is a certificate that two custodians sign.
fn is_certificate(step: Step) -> bool {
    matches!(step, Step::CertifyDisposal | Step::CertifyShredding)
}

fn custodians(authority: &Authority) -> impl Iterator<Item = &str> {
    let keeps = |roles: &BTreeSet<Role>| roles.contains(&Role::Custodian);
    authority.officers.iter().filter(move |one| keeps(&one.roles)).map(|one| one.pseudonym.as_str())
}

fn other(reason: String, remedy: String) -> Denial {
    Refusal::new(RefusalCode::R93, "desk", reason, &remedy).at("certified_by").into()
}

fn read(documents: &[Document]) -> Result<Vec<Value>, Denial> {
    documents.iter().map(|one| records::read(&one.bytes).map_err(|error| internal(error.to_string()))).collect()
}

impl Office {
    /// Names both custodians where the authority has two and the officer named none.
    pub(in crate::office) fn name_custodians(&self, certificate: &mut Map<String, Value>) -> Result<(), Denial> {
        if certificate.contains_key("certified_by") {
            return Ok(());
        }
        let trust = self.trust.store()?;
        let all: Vec<_> = trust.authority(&self.own).map(|own| custodians(own).collect()).unwrap_or_default();
        if let [one, two] = all.as_slice() {
            certificate.insert("certified_by".to_owned(), json!([{ "name": one }, { "name": two }]));
        }
        Ok(())
    }

    /// Each certificate that is about to be signed names two custodians of this authority, as its directory calls them. R93.
    pub(in crate::office) fn hold_custodians(&self, header: &Header, documents: &[Document]) -> Result<(), Denial> {
        if !is_certificate(header.step) || header.sender != self.own {
            return Ok(());
        }
        let trust = self.trust.store()?;
        let known: BTreeSet<&str> = trust.authority(&self.own).map(|own| custodians(own).collect()).unwrap_or_default();
        let read = read(documents)?;
        for names in custodians_in(&read) {
            if names.len() != 2 || !names.is_subset(&known) {
                let reason = format!("a certificate names two custodians of {}, as its directory calls them", self.own);
                let list = if known.is_empty() {
                    "none".to_owned()
                } else {
                    known.iter().copied().collect::<Vec<_>>().join(", ")
                };
                return Err(other(reason, format!("Name the two who will sign. The directory lists {list}.")));
            }
        }
        Ok(())
    }

    /// Who adds a signature to a certificate is one of the two whom it names. R93.
    pub(in crate::office) fn hold_signer(&self, header: &Header, row: &ProposalRow, key: &KeyId) -> Result<(), Denial> {
        if !is_certificate(header.step) {
            return Ok(());
        }
        let trust = self.trust.store()?;
        let name = name_of(&trust, &self.own, key);
        let body = Body::decode(&SealedBody::decode(&self.proposed_body(row)?)?.bytes)?;
        let read = read(&body.documents)?;
        let named = custodians_in(&read);
        if named.iter().all(|names| name.is_some_and(|name| names.contains(name))) {
            return Ok(());
        }
        let two =
            named.first().map(|names| names.iter().copied().collect::<Vec<_>>().join(" and ")).unwrap_or_default();
        let reason = format!("the certificate names {two} as its custodians, and another officer signs it");
        let remedy = "Let the two sign whom it names; or prepare it anew, and name who signs.".to_owned();
        Err(other(reason, remedy))
    }

    /// What arrived names exactly the two who signed it. Whoever left the directory meanwhile is not called there any more. R94.
    pub(in crate::office) fn compare_signers(&self, entry: &Entry, documents: &[Document]) -> Result<(), Denial> {
        if !is_certificate(entry.header.step) {
            return Ok(());
        }
        let trust = self.trust.store()?;
        let signers = entry.officers.iter().map(|one| name_of(&trust, &entry.header.sender, &one.signature.key));
        let Some(signers) = signers.collect::<Option<BTreeSet<&str>>>() else { return Ok(()) };
        Ok(compare_custodians(&read(documents)?, &signers)?)
    }
}

/// How an officer of an authority is called in its party's directory.
fn name_of<'t>(trust: &'t TrustStore, authority: &AuthorityId, key: &KeyId) -> Option<&'t str> {
    trust.authority(authority)?.officer(key).map(|officer| officer.pseudonym.as_str())
}
