use model::{AuthorityId, Refusal, RefusalCode, Timestamp};
use openmls::prelude::{Credential, CredentialType, tls_codec::VLBytes};
use tls_codec::{Deserialize, Serialize};

use crate::RULE;

/// Certificates in a chain: leaf, and up to three above it.
const CHAIN_CERTIFICATES_MAX: usize = 4;
/// Bytes of a chain.
const CHAIN_BYTES_MAX: usize = 12 * 1024;

/// Who knows which certificates speak for which authority.
pub trait Accreditation {
    /// The authority that `chain` (DER certificates, leaf first) is accredited for at `now`, when its leaf certifies `leaf_key`
    /// (a raw Ed25519 key, 32 bytes). Refuses with R95 what does not verify, and with R93 who is not accredited.
    fn authority_of(&self, chain: &[&[u8]], leaf_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal>;
}

impl Accreditation for identity::TrustStore {
    fn authority_of(&self, chain: &[&[u8]], leaf_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal> {
        self.verify_leaf(chain, leaf_key, now)
    }
}

/// The MLS credential of a chain of DER certificates, leaf first [RFC 9420 §5.3].
pub fn x509_credential<C: AsRef<[u8]>>(chain: &[C]) -> Result<Credential, Refusal> {
    Ok(Credential::new(CredentialType::X509, encode_chain(chain)?))
}

/// The content of an X.509 credential: each certificate as `opaque<V>`, leaf first.
pub fn encode_chain<C: AsRef<[u8]>>(chain: &[C]) -> Result<Vec<u8>, Refusal> {
    let mut content = Vec::new();
    for certificate in chain {
        let framed = VLBytes::new(certificate.as_ref().to_vec());
        framed.tls_serialize(&mut content).map_err(|_| malformed())?;
    }
    // What is written must be readable by the other side.
    decode_chain(&content)?;
    Ok(content)
}

/// The DER certificates in an X.509 credential, leaf first. One to four, 12 KiB together, each at least one byte.
pub fn decode_chain(content: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    if content.len() > CHAIN_BYTES_MAX {
        return Err(malformed());
    }
    let mut chain = Vec::new();
    let mut rest = content;
    while !rest.is_empty() {
        let certificate = VLBytes::tls_deserialize(&mut rest).map_err(|_| malformed())?;
        if certificate.as_slice().is_empty() || chain.len() == CHAIN_CERTIFICATES_MAX {
            return Err(malformed());
        }
        chain.push(certificate.into());
    }
    if chain.is_empty() { Err(malformed()) } else { Ok(chain) }
}

fn malformed() -> Refusal {
    Refusal::new(
        RefusalCode::R95,
        RULE,
        "the credential is not a chain of one to four certificates within 12 KiB",
        "Send the leaf's certificate first, then those above it.",
    )
}
