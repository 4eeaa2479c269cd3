use std::collections::BTreeSet;

use model::{
    AuthorityId, AuthorityKind, Denial, Entry, Fault, Header, KeyId, OfficerSignature, PartyId, Payload, Refusal, Role,
    Timestamp, Validation, limits,
};

use super::{Received, Verified};
use crate::{
    Domain, TrustStore, VerifyingKey,
    refuse::{owned, unaccredited, unproven},
};

impl TrustStore {
    /// Verifies an entry: limits; parties that fit together; the desk's signature over header and payload; each officer's
    /// signature over the header, by different keys that the sending authority lists with the claimed role, or a court of its party where it validates after the fact; the validator's
    /// signature and that the statement equals the header. How many officers a step needs, and when a validation, is for the
    /// workflow and the rule.
    ///
    /// # Errors
    /// R95 where a key or signature does not prove it, R93 where the directory does not grant it, faults MALFORMED and TOO_LARGE.
    pub fn verify_entry(&self, received: Received<Entry>, now: Timestamp) -> Result<Verified<Entry>, Denial> {
        let entry = received.0;
        check_limits(&entry)?;
        check_shape(&entry)?;
        let header = &entry.header;
        self.check_authority(&header.sender, "sender", now)?;
        self.check_authority(&header.recipient, "recipient", now)?;
        self.check_desk(&entry)?;
        self.check_officers(&entry, now)?;
        if let Some(validation) = &header.validation {
            self.check_validation(header, validation, now)?;
        }
        Ok(Verified::prove(entry))
    }

    fn check_authority(&self, id: &AuthorityId, field: &str, now: Timestamp) -> Result<(), Refusal> {
        let party = id.party();
        if self.directory_at(party, now).map_err(|refusal| refusal.at(field))?.authority(id).is_none() {
            let refusal = unaccredited(
                format!("{id} is not in the directory of {party}."),
                "Address an authority of the party's directory, or let the party accredit it.",
            );
            return Err(owned(refusal.at(field), party));
        }
        Ok(())
    }

    fn check_desk(&self, entry: &Entry) -> Result<(), Refusal> {
        let sender = &entry.header.sender;
        let proven = self.desk_key(sender).filter(|key| key.key_id() == entry.desk.key).is_some_and(|key| {
            key.verify(Domain::Envelope, entry.envelope_digest().as_bytes(), &entry.desk.bytes).is_ok()
        });
        if proven {
            return Ok(());
        }
        let refusal = unproven(
            format!("The desk of {sender} did not sign this header with this payload."),
            "The desk signs with the key in its party's directory, and sends the entry unaltered.",
        );
        Err(owned(refusal.at("desk"), sender.party()))
    }

    fn check_officers(&self, entry: &Entry, now: Timestamp) -> Result<(), Refusal> {
        let digest = entry.header_digest();
        let sender = &entry.header.sender;
        let mut seen = BTreeSet::new();
        for (i, officer) in entry.officers.iter().enumerate() {
            let field = format!("officers[{i}]");
            if !seen.insert(officer.signature.key) {
                let refusal = unproven("One officer signed twice.", "A second officer signs with a key of their own.");
                return Err(owned(refusal.at(field), sender.party()));
            }
            let court = self.court(entry, officer);
            court.map_or(Ok(()), |court| self.check_authority(court, &field, now))?;
            let authority = court.unwrap_or(sender);
            let signer = Signer { authority, key: &officer.signature.key, role: officer.role, field: &field };
            self.check_signer(&signer, Domain::Step, digest.as_bytes(), &officer.signature.bytes)?;
        }
        Ok(())
    }

    /// The authority of who validates after the fact, or decides on a remedy: a judge or prosecutor of a body that the sender's party accredits
    /// as judicial. Every other officer is one of the authority that sends.
    fn court(&self, entry: &Entry, officer: &OfficerSignature) -> Option<&AuthorityId> {
        let validates = matches!(officer.role, Role::Judge | Role::Prosecutor);
        let after = entry.header.step.is_of_a_court() && validates;
        let known = after.then(|| self.officer(entry.header.sender.party(), &officer.signature.key)).flatten();
        known.filter(|(authority, _)| authority.kind == AuthorityKind::Judicial).map(|(authority, _)| &authority.id)
    }

    fn check_validation(&self, header: &Header, validation: &Validation, now: Timestamp) -> Result<(), Refusal> {
        let field = "validation";
        let authority = &validation.authority;
        let validates = matches!(validation.role, Role::Judge | Role::Prosecutor);
        if authority.party() != header.home || !validates {
            let refusal = unaccredited(
                format!(
                    "A {} of {authority} does not validate a request of {}.",
                    validation.role.as_str(),
                    header.home
                ),
                "A judge or prosecutor of the requesting party validates.",
            );
            return Err(owned(refusal.at(field), header.home));
        }
        self.check_authority(authority, field, now)?;
        let signer = Signer { authority, key: &validation.key, role: validation.role, field };
        self.check_signer(&signer, Domain::Validation, &validation.statement_bytes, &validation.signature)?;
        let statement = &validation.statement;
        let equal = statement.case == header.case
            && statement.pin == header.pin
            && statement.measures == header.measures
            && Some(statement.body) == header.body;
        if !equal {
            let refusal = unproven(
                "What was validated is not what is sent: case, rule, measures or body differ.",
                "Let the request be validated anew as it is to be sent.",
            );
            return Err(owned(refusal.at(field), header.home));
        }
        Ok(())
    }

    /// Whether the authority lists the key (else R95), grants it the role (else R93), and the key signed (else R95).
    fn check_signer(&self, signer: &Signer<'_>, domain: Domain, message: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
        let Signer { authority, key, role, field } = signer;
        let party = authority.party();
        let named = |refusal: Refusal| owned(refusal.at(*field), party);
        let officer = self
            .officer(party, key)
            .filter(|(listed, _)| listed.id == **authority)
            .map(|(_, officer)| officer)
            .ok_or_else(|| {
                named(unproven(
                    format!("The key is not an officer's of {authority}."),
                    "An officer of that authority signs, or its party lists the key in its directory.",
                ))
            })?;
        verify(officer.key, domain, message, bytes).map_err(named)?;
        if !officer.roles.contains(role) {
            return Err(named(unaccredited(
                format!("The directory of {party} does not grant the officer the role {}.", role.as_str()),
                "An officer with that role signs, or the party grants it in its directory.",
            )));
        }
        Ok(())
    }
}

/// Who claims to have signed.
struct Signer<'a> {
    authority: &'a AuthorityId,
    key: &'a KeyId,
    role: Role,
    field: &'a str,
}

fn verify(key: VerifyingKey, domain: Domain, message: &[u8], bytes: &[u8]) -> Result<(), Refusal> {
    key.verify(domain, message, bytes).map_err(|_| {
        unproven("The officer's signature does not hold.", "The officer signs what is sent, and it is sent unaltered.")
    })
}

fn check_limits(entry: &Entry) -> Result<(), Denial> {
    let header = &entry.header;
    let payload_max = match entry.payload {
        Payload::Sealed(_) => limits::SEALED_BYTES_MAX,
        Payload::Handshake(_) => limits::HANDSHAKE_BYTES_MAX,
    };
    let statement = header.validation.as_ref().map_or(0, |validation| validation.statement_bytes.len());
    let sizes = [
        ("bytes of the header", entry.header_bytes.len(), limits::HEADER_BYTES_MAX),
        ("bytes of the validation", statement, limits::HEADER_BYTES_MAX),
        ("bytes of the payload", entry.payload.size(), payload_max),
        ("officers' signatures", entry.officers.len(), limits::OFFICER_SIGNATURES_MAX),
        ("measures", header.measures.len().max(header.concerns.len()), limits::MEASURES_MAX),
    ];
    match sizes.into_iter().find(|(_, size, max)| size > max) {
        Some((what, size, max)) => {
            Err(Denial::failed(Fault::TooLarge, format!("There are {size} {what}; at most {max} are taken.")))
        }
        None => Ok(()),
    }
}

fn check_shape(entry: &Entry) -> Result<(), Denial> {
    let header = &entry.header;
    let malformed = |detail: &str| Err(Denial::failed(Fault::Malformed, detail));
    let parties: [PartyId; 2] = [header.sender.party(), header.recipient.party()];
    if header.home == header.peer {
        return malformed("A case has two different parties.");
    }
    if parties != [header.home, header.peer] && parties != [header.peer, header.home] {
        return malformed("Sender and recipient are not of the two parties of the case.");
    }
    if matches!(entry.payload, Payload::Handshake(_)) != header.step.is_handshake() {
        return malformed("The payload is not of the kind that the step carries.");
    }
    if header.body.is_some() == header.step.is_handshake() {
        return malformed("A sealed body has its commitment in the header, a handshake has none.");
    }
    Ok(())
}
