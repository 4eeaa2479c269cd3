use std::{fmt, sync::Arc};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use model::Refusal;
use openmls::prelude::{Credential, CredentialWithKey, SignatureScheme};
use openmls_traits::signatures::{Signer, SignerError};
use roster::x509_credential;

/// Who a desk is in its groups: the certificate chain of its leaf, and the key that the leaf's certificate is for. The
/// private key stays in the memory of aws-lc, which wipes it; it is never copied out.
#[derive(Clone)]
pub struct LeafIdentity {
    credential: Credential,
    key: Arc<Ed25519KeyPair>,
}

/// Not an Ed25519 private key in PKCS#8, or not a chain of certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLeafKey {
    /// The key.
    #[error("the leaf's key is not an Ed25519 private key in PKCS#8")]
    Key,
    /// The chain.
    #[error("the leaf's chain cannot be carried")]
    Chain(#[source] Box<Refusal>),
}

impl LeafIdentity {
    /// From `chain` (DER, leaf first, without the root) and the PKCS#8 DER of its Ed25519 private key, in clear. Whether the
    /// chain is for this key is proven where it is used: by the policy, on both sides.
    pub fn from_pkcs8<C: AsRef<[u8]>>(chain: &[C], pkcs8: &[u8]) -> Result<Self, BadLeafKey> {
        let key = Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8).map_err(|_| BadLeafKey::Key)?;
        let credential = x509_credential(chain).map_err(|refusal| BadLeafKey::Chain(Box::new(refusal)))?;
        Ok(Self { credential, key: Arc::new(key) })
    }

    /// The leaf's public key, 32 bytes.
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    pub(crate) fn credential_with_key(&self) -> CredentialWithKey {
        CredentialWithKey { credential: self.credential.clone(), signature_key: self.public_key().into() }
    }
}

impl Signer for LeafIdentity {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(payload).as_ref().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

impl fmt::Debug for LeafIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeafIdentity(…)")
    }
}
