//! Entries, from the wire into `Received<Entry>` and back.

use bytes::Bytes;
use identity::{Received, RootOpening, SignedDirectory};
use model::{
    Denial, Digest, Entry, EntryId, Fault, Handshake, KeyId, Malformed, OfficerSignature, Payload, Sealed, Signature,
    Step, limits,
};
use prost::Message;

use crate::{
    desk::OpeningReport,
    header::{copy, decode_header},
    types as wire,
};

impl crate::desk::GetCaseResponse {
    /// The entry that sent the request; `None` as long as it is not part of the case.
    pub fn request_entry(&self) -> Option<EntryId> {
        let sends =
            |one: &&crate::desk::TimelineEvent| one.step == Step::SealSend.as_str() && one.verdict == "admitted";
        let sent = self.timeline.iter().rfind(sends)?;
        EntryId::try_from(sent.entry_id.as_ref()).ok()
    }
}

/// Takes an entry from the wire. The result is not yet believed: `identity` verifies it.
///
/// # Errors
/// [`Fault::TooLarge`] over a limit, [`Fault::Malformed`] where something is missing or not what it should be.
pub fn receive_entry(entry: wire::Entry) -> Result<Received<Entry>, Denial> {
    whole_entry(entry).map(Received::new)
}

/// An entry that was verified before it was stored, from its string of bytes.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn stored_entry(bytes: impl Into<Bytes>) -> Result<Entry, Denial> {
    whole_entry(entry_from_bytes(bytes)?)
}

fn whole_entry(entry: wire::Entry) -> Result<Entry, Denial> {
    let header = decode_header(&entry.header)?;
    let payload = payload_from_wire(entry.payload, header.step)?;
    if entry.officers.len() > limits::OFFICER_SIGNATURES_MAX {
        return Err(Denial::failed(Fault::TooLarge, "more than 4 officers' signatures"));
    }
    let malformed = |error: Malformed| Denial::failed(Fault::Malformed, error.to_string());
    let officers = entry.officers.into_iter().map(officer_from_wire).collect::<Result<_, _>>().map_err(malformed)?;
    let desk = signature_from_wire(entry.desk).map_err(malformed)?;
    Ok(Entry { header, header_bytes: entry.header, payload, officers, desk })
}

/// Puts an entry on the wire, with the bytes it was received or made with.
pub fn send_entry(entry: &Entry) -> wire::Entry {
    wire::Entry {
        header: entry.header_bytes.clone(),
        payload: Some(payload_to_wire(&entry.payload)),
        officers: entry
            .officers
            .iter()
            .map(|officer| wire::OfficerSignature {
                role: officer.role.as_str().to_owned(),
                signature: Some(signature_to_wire(&officer.signature)),
            })
            .collect(),
        desk: Some(signature_to_wire(&entry.desk)),
    }
}

/// An entry as one string of bytes, for a database.
pub fn entry_to_bytes(entry: &Entry) -> Vec<u8> {
    send_entry(entry).encode_to_vec()
}

/// The wire message in such a string.
///
/// # Errors
/// [`Fault::Malformed`].
pub fn entry_from_bytes(bytes: impl Into<Bytes>) -> Result<wire::Entry, Denial> {
    wire::Entry::decode(bytes.into()).map_err(|error| Denial::failed(Fault::Malformed, format!("the entry: {error}")))
}

/// A desk's word on one entry: which, whether it was opened, and the hash of the epoch authenticator, where there is one.
pub type Opening = (EntryId, bool, Option<Digest>);

/// What a desk signs of its reports on some entries, under the domain of acknowledgements; of each in turn: entry id (16) ‖ opened, 1 or 0 ‖
/// whether a hash follows, 1 or 0 ‖ the hash of the epoch authenticator (32, absent where there is none).
pub fn opening_reports_message(reports: &[Opening]) -> Vec<u8> {
    let mut message = Vec::with_capacity(reports.len() * 18);
    for (entry, opened, authenticator) in reports {
        message.extend(entry.as_bytes());
        message.extend([u8::from(*opened), u8::from(authenticator.is_some())]);
        message.extend(authenticator.iter().flat_map(|hash| hash.as_bytes()));
    }
    message
}

/// Reports as they travel. They are signed together.
pub fn send_openings(reports: &[Opening]) -> Vec<OpeningReport> {
    let report = |(entry, opened, authenticator): &Opening| OpeningReport {
        entry_id: entry.as_bytes().to_vec().into(),
        opened: *opened,
        epoch_authenticator_hash: authenticator.map(|hash| hash.as_bytes().to_vec()).unwrap_or_default().into(),
    };
    reports.iter().map(report).collect()
}

/// Reports as they came. Nothing of them is proven.
///
/// # Errors
/// `Malformed` for an id or a hash that is none.
pub fn receive_openings(reports: &[OpeningReport]) -> Result<Vec<Opening>, Malformed> {
    let opening = |report: &OpeningReport| {
        let hash = &report.epoch_authenticator_hash;
        let authenticator = if hash.is_empty() { None } else { Some(Digest::try_from(&**hash)?) };
        Ok((EntryId::try_from(&*report.entry_id)?, report.opened, authenticator))
    };
    reports.iter().map(opening).collect()
}

/// A directory as it came, with what came beside it. Nothing of it is proven.
///
/// # Errors
/// `TooLarge` for more openings than a directory can have commitments, `Malformed` for one that cannot be read.
pub fn receive_directory(wire: wire::SignedDirectory) -> Result<SignedDirectory, Denial> {
    if wire.openings.len() > identity::limits::TRUSTED_MAX {
        return Err(Denial::failed(Fault::TooLarge, "more openings than a directory has commitments"));
    }
    let openings: Result<Vec<_>, Malformed> = wire.openings.iter().map(|one| RootOpening::from_bytes(one)).collect();
    let openings = openings.map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
    Ok(SignedDirectory { toml: wire.toml, signature: wire.signature.to_vec(), openings })
}

/// A directory on the wire, with the openings that lie beside it: see [`SignedDirectory::opened_to`].
pub fn send_directory(signed: &SignedDirectory) -> wire::SignedDirectory {
    wire::SignedDirectory {
        toml: signed.toml.clone(),
        signature: signed.signature.clone().into(),
        openings: signed.openings.iter().map(|one| one.to_bytes().into()).collect(),
    }
}

/// A signature, on the wire.
pub fn signature_to_wire(signature: &Signature) -> wire::Signature {
    wire::Signature { key_id: copy(signature.key.0.as_bytes()), signature: copy(&signature.bytes) }
}

/// A signature, from the wire.
///
/// # Errors
/// Where it is absent or not 64 bytes.
pub fn signature_from_wire(signature: Option<wire::Signature>) -> Result<Signature, Malformed> {
    let signature = signature.ok_or_else(|| Malformed::new("a signature", "none"))?;
    if signature.signature.len() != 64 {
        let found = format!("{} bytes", signature.signature.len());
        return Err(Malformed::new("an Ed25519 signature (64 bytes)", &found));
    }
    Ok(Signature { key: KeyId(Digest::try_from(&*signature.key_id)?), bytes: signature.signature.to_vec() })
}

fn officer_from_wire(officer: wire::OfficerSignature) -> Result<OfficerSignature, Malformed> {
    Ok(OfficerSignature { role: officer.role.parse()?, signature: signature_from_wire(officer.signature)? })
}

fn payload_to_wire(payload: &Payload) -> wire::entry::Payload {
    match payload {
        Payload::Sealed(sealed) => wire::entry::Payload::Sealed(sealed.wire().clone()),
        Payload::Handshake(handshake) => wire::entry::Payload::Handshake(wire::Handshake {
            opening: handshake.opening.clone(),
            commit: handshake.commit.clone(),
            group_info: handshake.group_info.clone(),
            welcome: handshake.welcome.clone(),
            key_package: handshake.key_package.clone(),
        }),
    }
}

fn payload_from_wire(payload: Option<wire::entry::Payload>, step: Step) -> Result<Payload, Denial> {
    let too_large = |size: usize, max: usize| {
        Denial::failed(Fault::TooLarge, format!("the payload has {size} bytes, at most {max} are allowed"))
    };
    match payload {
        Some(wire::entry::Payload::Sealed(bytes)) if !step.is_handshake() => {
            if bytes.len() > limits::SEALED_BYTES_MAX {
                return Err(too_large(bytes.len(), limits::SEALED_BYTES_MAX));
            }
            Ok(Payload::Sealed(Sealed::from_wire(bytes)))
        }
        Some(wire::entry::Payload::Handshake(handshake)) if step.is_handshake() => {
            let handshake = Handshake {
                opening: handshake.opening,
                commit: handshake.commit,
                group_info: handshake.group_info,
                welcome: handshake.welcome,
                key_package: handshake.key_package,
            };
            if handshake.size() > limits::HANDSHAKE_BYTES_MAX {
                return Err(too_large(handshake.size(), limits::HANDSHAKE_BYTES_MAX));
            }
            Ok(Payload::Handshake(handshake))
        }
        Some(_) => Err(Denial::failed(Fault::Malformed, format!("the payload does not belong to the step {step}"))),
        None => Err(Denial::failed(Fault::Malformed, "the entry has no payload")),
    }
}
