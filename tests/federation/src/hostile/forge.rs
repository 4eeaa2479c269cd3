//! Headers, bodies and signatures, as they are wanted.

use aws_lc_rs::rand;
use desk::{Body, Document, RequestBody, SealedBody};
use identity::{Domain, SigningKey, sign_envelope, sign_step, sign_validation};
use model::{
    AuthorityId, BodyCommitment, BodySalt, CaseId, Declared, Digest, Entry, EntryId, EnvelopeDigest, Header,
    HeaderDigest, Payload, Pin, Role, Signature, Step, Validation, ValidationStatement,
};

use super::keys::DeskKeys;
use crate::{clock, documents, failure::Failure};

/// How long an entry may be on its way.
const LIFETIME_MS: i64 = 24 * 3600 * 1000;

/// A body before it is sealed.
pub(crate) struct Sealing(SealedBody);

impl Sealing {
    /// The request, signed by the desk as any body is.
    pub(crate) fn of(keys: &DeskKeys, request: &RequestBody) -> Result<Self, Failure> {
        let text = serde_json::to_vec(request).map_err(|error| Failure::unexpected(error.to_string()))?;
        let document = Document { record_type: "request".parse()?, bytes: text };
        let bytes = Body { step: Step::SealSend, documents: vec![document] }.encode()?;
        let mut salt = BodySalt([0; 32]);
        rand::fill(&mut salt.0).map_err(|_| Failure::unexpected("the system gives no randomness"))?;
        let signature = keys.desk.signature(Domain::Record, Digest::of(&[&bytes]).as_bytes());
        Ok(Self(SealedBody { salt, bytes, signatures: vec![signature] }))
    }

    pub(crate) fn commitment(&self) -> BodyCommitment {
        self.0.commitment()
    }

    pub(crate) fn plaintext(&self) -> Result<Vec<u8>, Failure> {
        Ok(self.0.encode()?)
    }
}

/// A header without anything that only some steps have.
pub(crate) fn header(
    sender: &AuthorityId,
    recipient: &AuthorityId,
    case: CaseId,
    pin: Pin,
    previous: HeaderDigest,
    step: Step,
) -> Result<Header, Failure> {
    let now = clock::now();
    Ok(Header {
        entry: EntryId::new(documents::new_entry_id(now)?),
        case,
        home: sender.party(),
        peer: recipient.party(),
        sender: sender.clone(),
        recipient: recipient.clone(),
        pin,
        step,
        measures: Vec::new(),
        concerns: Vec::new(),
        purpose: None,
        offence: None,
        validation: None,
        records: Vec::new(),
        ground: None,
        conditions: Vec::new(),
        body: None,
        previous,
        created: now,
        expires: now.plus_ms(LIFETIME_MS),
        declared: Declared::default(),
    })
}

/// Has the judge sign what the header says.
pub(crate) fn validate(keys: &DeskKeys, header: &mut Header) -> Result<(), Failure> {
    let Some(body) = header.body else { return Ok(()) };
    let statement = ValidationStatement {
        case: header.case,
        pin: header.pin,
        measures: header.measures.clone(),
        body,
        validated: header.created,
    };
    let statement_bytes = proto::encode_statement(&statement);
    header.validation = Some(Validation {
        signature: sign_validation(&keys.judge, &statement_bytes),
        statement,
        statement_bytes,
        authority: AuthorityId::new(keys.authority.party(), "judicial")?,
        role: Role::Judge,
        key: keys.judge.key_id(),
    });
    Ok(())
}

/// An entry with all signatures that its step needs.
pub(crate) fn signed(keys: &DeskKeys, header: Header, payload: Payload) -> Entry {
    let header_bytes = proto::encode_header(&header);
    let digest = HeaderDigest::of(&header_bytes);
    let officers = if header.step.is_handshake() {
        Vec::new()
    } else {
        keys.officers.iter().map(|officer| sign_step(officer, Role::Central, digest)).collect()
    };
    let desk = sign_envelope(&keys.desk, EnvelopeDigest::of(digest, &payload));
    Entry { header, header_bytes, payload, officers, desk }
}

/// The second officer did not sign: somebody else's signature stands under their name.
pub(crate) fn forge_officer(entry: &mut Entry) -> Result<(), Failure> {
    let digest = entry.header_digest();
    let stranger = stranger()?;
    let officer = entry.officers.get_mut(1).ok_or_else(|| Failure::unexpected("an entry without a second officer"))?;
    let forged = sign_step(&stranger, officer.role, digest);
    officer.signature = Signature { key: officer.signature.key, bytes: forged.signature.bytes };
    Ok(())
}

/// The desk did not sign: somebody else's signature stands under its name.
pub(crate) fn forge_desk(entry: &mut Entry) -> Result<(), Failure> {
    let forged = sign_envelope(&stranger()?, entry.envelope_digest());
    entry.desk = Signature { key: entry.desk.key, bytes: forged.bytes };
    Ok(())
}

/// The sealed body of `entry` under a new header, which officers and desk sign anew: another entry with the same body.
pub(crate) fn rewrap(keys: &DeskKeys, entry: &Entry) -> Result<Entry, Failure> {
    let mut header = entry.header.clone();
    header.entry = EntryId::new(documents::new_entry_id(clock::now())?);
    Ok(signed(keys, header, entry.payload.clone()))
}

fn stranger() -> Result<SigningKey, Failure> {
    SigningKey::generate().map_err(|error| Failure::unexpected(error.to_string()))
}
