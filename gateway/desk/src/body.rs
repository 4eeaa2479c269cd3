use std::fmt;

use model::{
    BodyCommitment, BodySalt, Denial, Digest, Fault, Header, KeyId, RecordType, Refusal, RefusalCode, Signature, Step,
    limits,
};

/// Documents in one body.
pub const DOCUMENTS_MAX: usize = 64;
/// A sealed body before MLS: what [`limits::SEALED_BYTES_MAX`] leaves after its framing.
pub const BODY_BYTES_MAX: usize = limits::SEALED_BYTES_MAX - 64 * 1024;

const SEALED_MAGIC: &[u8; 8] = b"rgtseal1";
const BODY_MAGIC: &[u8; 8] = b"rgtbody1";
const SIGNATURE_BYTES: usize = 64;

/// What an entry says to the other desk: documents under a step. Encoded it is what the header commits to and what is
/// signed.
///
/// `rgtbody1` ‖ step ‖ number of documents (1 byte) ‖ each: record type ‖ length (4 bytes) ‖ bytes. Step and record type
/// are a length byte and ASCII; numbers are big endian. There is one encoding of a body and nothing may stand behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// The header's step.
    pub step: Step,
    /// The documents.
    pub documents: Vec<Document>,
}

/// A document: JSON of its record type, as bytes. Its `Debug` tells type and length only.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    /// By which schema it is read.
    pub record_type: RecordType,
    /// The bytes, as they were signed.
    pub bytes: Vec<u8>,
}

/// A body with its salt and its signatures: the plaintext of an entry.
///
/// `rgtseal1` ‖ salt (32) ‖ length (4) ‖ body ‖ number of signatures (1) ‖ each: key id (32) ‖ Ed25519 (64) ‖ zeros up to
/// the bucket. Buckets are powers of two from 4 KiB to 64 KiB, then multiples of 64 KiB, so that a length tells little.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBody {
    /// The salt of the header's commitment.
    pub salt: BodySalt,
    /// The encoded [`Body`].
    pub bytes: Vec<u8>,
    /// Who signed the body, over [`signed_message`]. MLS's own signature is no evidence: it is deniable to third parties.
    pub signatures: Vec<Signature>,
}

/// What is signed of a body: `rogatory record v1\0` ‖ SHA-256 of its bytes. It does not depend on the header, so that a
/// record can be shown to a court without the entry that brought it; its documents name the case.
pub fn signed_message(body_bytes: &[u8]) -> Vec<u8> {
    let mut message = b"rogatory record v1\0".to_vec();
    message.extend_from_slice(Digest::of(&[body_bytes]).as_bytes());
    message
}

impl Body {
    /// Encodes.
    ///
    /// # Errors
    /// [`Fault::TooLarge`] over [`DOCUMENTS_MAX`] or [`BODY_BYTES_MAX`].
    pub fn encode(&self) -> Result<Vec<u8>, Denial> {
        if self.documents.len() > DOCUMENTS_MAX {
            return Err(too_large("documents"));
        }
        let mut out = BODY_MAGIC.to_vec();
        put_name(&mut out, self.step.as_str())?;
        out.push(u8::try_from(self.documents.len()).map_err(|_| too_large("documents"))?);
        for document in &self.documents {
            put_name(&mut out, document.record_type.as_str())?;
            put_bytes(&mut out, &document.bytes)?;
        }
        if out.len() > BODY_BYTES_MAX { Err(too_large("bytes")) } else { Ok(out) }
    }

    /// Decodes. Two bodies never share their bytes, and no body has two encodings.
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::TooLarge`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(too_large("bytes"));
        }
        let mut rest = bytes;
        magic(&mut rest, BODY_MAGIC)?;
        let step = name(&mut rest)?.parse().map_err(|_| malformed("its step is none"))?;
        let count = usize::from(take(&mut rest, 1)?[0]);
        if count > DOCUMENTS_MAX {
            return Err(too_large("documents"));
        }
        let mut documents = Vec::with_capacity(count);
        for _ in 0..count {
            let record_type = name(&mut rest)?.parse().map_err(|_| malformed("a record type is none"))?;
            documents.push(Document { record_type, bytes: long(&mut rest)?.to_vec() });
        }
        if rest.is_empty() { Ok(Self { step, documents }) } else { Err(malformed("something stands behind it")) }
    }
}

impl Body {
    /// The records inside, each with its number among the documents. On a request that gives they stand behind the form.
    pub fn records(&self) -> impl Iterator<Item = (u32, &Document)> {
        let form = usize::from(self.step == Step::SealSend);
        let carries = form == 1 || self.step.carries_records();
        (0_u32..).zip(&self.documents).skip(form).filter(move |_| carries)
    }
}

impl SealedBody {
    /// What the header must carry.
    pub fn commitment(&self) -> BodyCommitment {
        BodyCommitment::of(&self.salt, &self.bytes)
    }

    /// Encodes, padded to its bucket: the plaintext to seal.
    ///
    /// # Errors
    /// [`Fault::TooLarge`], or [`Fault::Malformed`] on a signature that is not 64 bytes.
    pub fn encode(&self) -> Result<Vec<u8>, Denial> {
        let count = u8::try_from(self.signatures.len()).unwrap_or(u8::MAX);
        if usize::from(count) > limits::OFFICER_SIGNATURES_MAX {
            return Err(too_large("signatures"));
        }
        let mut out = SEALED_MAGIC.to_vec();
        out.extend_from_slice(&self.salt.0);
        put_bytes(&mut out, &self.bytes)?;
        out.push(count);
        for signature in &self.signatures {
            if signature.bytes.len() != SIGNATURE_BYTES {
                return Err(malformed("a signature is not 64 bytes"));
            }
            out.extend_from_slice(signature.key.0.as_bytes());
            out.extend_from_slice(&signature.bytes);
        }
        out.resize(bucket(out.len()), 0);
        if out.len() > BODY_BYTES_MAX { Err(too_large("bytes")) } else { Ok(out) }
    }

    /// Decodes without checking the commitment. Desks use [`Self::open`].
    ///
    /// # Errors
    /// [`Fault::Malformed`] or [`Fault::TooLarge`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Denial> {
        if bytes.len() > BODY_BYTES_MAX {
            return Err(too_large("bytes"));
        }
        let mut rest = bytes;
        magic(&mut rest, SEALED_MAGIC)?;
        let salt = take(&mut rest, 32)?.try_into().map(BodySalt).map_err(|_| malformed("it is cut"))?;
        let body = long(&mut rest)?.to_vec();
        let count = usize::from(take(&mut rest, 1)?[0]);
        if count > limits::OFFICER_SIGNATURES_MAX {
            return Err(too_large("signatures"));
        }
        let mut signatures = Vec::with_capacity(count);
        for _ in 0..count {
            let key = take(&mut rest, 32)?.try_into().map_err(|_| malformed("it is cut"))?;
            let signature = take(&mut rest, SIGNATURE_BYTES)?.to_vec();
            signatures.push(Signature { key: KeyId(Digest::new(key)), bytes: signature });
        }
        let padded = bytes.len() == bucket(bytes.len() - rest.len()) && rest.iter().all(|byte| *byte == 0);
        if padded { Ok(Self { salt, bytes: body, signatures }) } else { Err(malformed("its padding is not its own")) }
    }

    /// Decodes what was unsealed, and holds it against the commitment and the step of its header.
    ///
    /// # Errors
    /// A fault when it is no body; R94 when it is not the one that the header commits to. The signatures are the caller's
    /// to verify.
    pub fn open(bytes: &[u8], header: &Header) -> Result<(Self, Body), Denial> {
        let sealed = Self::decode(bytes)?;
        if header.body != Some(sealed.commitment()) {
            return Err(mismatch("body", "the body is not the one that the header commits to").into());
        }
        let body = Body::decode(&sealed.bytes)?;
        if body.step != header.step {
            return Err(mismatch("step", "header and body name different steps").into());
        }
        Ok((sealed, body))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({}, {} bytes)", self.record_type, self.bytes.len())
    }
}

impl fmt::Debug for SealedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBody({} bytes, {} signatures)", self.bytes.len(), self.signatures.len())
    }
}

fn bucket(length: usize) -> usize {
    const STEP: usize = 64 * 1024;
    if length <= STEP { length.next_power_of_two().max(4096) } else { length.div_ceil(STEP) * STEP }
}

fn put_name(out: &mut Vec<u8>, name: &str) -> Result<(), Denial> {
    out.push(u8::try_from(name.len()).map_err(|_| too_large("name"))?);
    out.extend_from_slice(name.as_bytes());
    Ok(())
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Denial> {
    let length = u32::try_from(bytes.len()).map_err(|_| too_large("bytes"))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

fn take<'b>(rest: &mut &'b [u8], length: usize) -> Result<&'b [u8], Denial> {
    let (head, tail) = rest.split_at_checked(length).ok_or_else(|| malformed("it is cut"))?;
    *rest = tail;
    Ok(head)
}

fn magic(rest: &mut &[u8], magic: &[u8; 8]) -> Result<(), Denial> {
    if take(rest, magic.len())? == magic { Ok(()) } else { Err(malformed("it does not begin as one of version 1")) }
}

fn name<'b>(rest: &mut &'b [u8]) -> Result<&'b str, Denial> {
    let length = usize::from(take(rest, 1)?[0]);
    std::str::from_utf8(take(rest, length)?).map_err(|_| malformed("a name is not UTF-8"))
}

fn long<'b>(rest: &mut &'b [u8]) -> Result<&'b [u8], Denial> {
    let length = take(rest, 4)?.iter().fold(0usize, |length, byte| length << 8 | usize::from(*byte));
    take(rest, length)
}

fn malformed(what: &str) -> Denial {
    Denial::failed(Fault::Malformed, format!("the sealed body cannot be read: {what}"))
}

fn too_large(what: &str) -> Denial {
    Denial::failed(Fault::TooLarge, format!("the sealed body has too many {what}"))
}

fn mismatch(field: &str, reason: &str) -> Refusal {
    Refusal::new(RefusalCode::R94, "desk", reason, "The sending desk commits to the body it seals and sends anew.")
        .at(field)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::sample;

    fn body() -> Body {
        let record_type = |name: &str| name.parse().unwrap();
        let documents = vec![
            Document { record_type: record_type("subscriber_info"), bytes: b"{}".to_vec() },
            Document { record_type: record_type("traffic_data"), bytes: vec![7; 5000] },
        ];
        Body { step: Step::Release, documents }
    }

    fn sealed() -> SealedBody {
        let signature = Signature { key: KeyId::of(b"key"), bytes: vec![9; 64] };
        SealedBody { salt: BodySalt([5; 32]), bytes: body().encode().unwrap(), signatures: vec![signature] }
    }

    #[test]
    fn what_was_encoded_is_decoded() {
        let bytes = sealed().encode().unwrap();
        assert_eq!(bytes.len(), 8192, "padded to its bucket");
        let decoded = SealedBody::decode(&bytes).unwrap();
        assert!(decoded == sealed());
        assert_eq!(Body::decode(&decoded.bytes).unwrap(), body());
    }

    #[test]
    fn a_body_that_the_header_does_not_commit_to_is_refused_r94() {
        let mut header = sample::release_header();
        header.body = Some(sealed().commitment());
        assert!(SealedBody::open(&sealed().encode().unwrap(), &header).is_ok());
        let salted_anew = SealedBody { salt: BodySalt([6; 32]), ..sealed() };
        let denial = SealedBody::open(&salted_anew.encode().unwrap(), &header).unwrap_err();
        assert_eq!(denial.reason(), "R94");
        header.body = None;
        assert_eq!(SealedBody::open(&sealed().encode().unwrap(), &header).unwrap_err().reason(), "R94");
    }

    #[test]
    fn a_body_under_another_step_is_refused_r94() {
        let mut header = sample::release_header();
        header.body = Some(sealed().commitment());
        header.step = Step::Confirm;
        assert_eq!(SealedBody::open(&sealed().encode().unwrap(), &header).unwrap_err().reason(), "R94");
    }

    #[test]
    fn every_cut_and_every_changed_byte_of_the_frame_is_noticed() {
        let bytes = sealed().encode().unwrap();
        let commitment = sealed().commitment();
        for length in (0..bytes.len()).step_by(7) {
            assert!(SealedBody::decode(&bytes[..length]).is_err(), "cut at {length}");
        }
        for at in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.clone();
            changed[at] ^= 0x40;
            let same = SealedBody::decode(&changed)
                .is_ok_and(|d| d.commitment() == commitment && d.signatures == sealed().signatures);
            assert!(!same, "changed at {at}");
        }
    }

    #[test]
    fn a_length_beyond_the_bytes_and_bytes_behind_the_body_are_malformed() {
        let mut bytes = body().encode().unwrap();
        bytes.push(0);
        assert_eq!(Body::decode(&bytes).unwrap_err().reason(), "MALFORMED");
        let mut greedy = BODY_MAGIC.to_vec();
        greedy.extend_from_slice(b"\x07release\x01\x03ack\xff\xff\xff\xff");
        assert_eq!(Body::decode(&greedy).unwrap_err().reason(), "MALFORMED");
        assert_eq!(Body::decode(b"rgtbody1\x04rest\x00").unwrap_err().reason(), "MALFORMED");
    }

    #[test]
    fn limits_hold_when_encoding_and_when_decoding() {
        let document = Document { record_type: "ack".parse().unwrap(), bytes: Vec::new() };
        let many = Body { step: Step::Release, documents: vec![document; DOCUMENTS_MAX + 1] };
        assert_eq!(many.encode().unwrap_err().reason(), "TOO_LARGE");
        let heavy = Document { record_type: "ack".parse().unwrap(), bytes: vec![0; BODY_BYTES_MAX] };
        assert_eq!(Body { step: Step::Release, documents: vec![heavy] }.encode().unwrap_err().reason(), "TOO_LARGE");
        assert_eq!(SealedBody::decode(&vec![0; BODY_BYTES_MAX + 1]).unwrap_err().reason(), "TOO_LARGE");
        let mut countersigned = sealed();
        countersigned.signatures = vec![sealed().signatures[0].clone(); 5];
        assert_eq!(countersigned.encode().unwrap_err().reason(), "TOO_LARGE");
    }

    #[test]
    fn buckets_tell_little() {
        let lengths = [(1, 4096), (4096, 4096), (4097, 8192), (65536, 65536), (65537, 131_072), (200_000, 262_144)];
        for (length, expected) in lengths {
            assert_eq!(bucket(length), expected);
        }
    }

    #[test]
    fn the_encoding_is_stable() {
        let digest = Digest::of(&[&sealed().encode().unwrap()]);
        let body = body().encode().unwrap();
        assert_eq!(&body[..17], b"rgtbody1\x07release\x02");
        assert_eq!(signed_message(&body).len(), 19 + 32);
        assert_eq!(digest.to_string(), "99c1fc310c37b067427659ca5739f192ebd832ed4e92f34c1f2569a398c7a5ed");
    }
}
