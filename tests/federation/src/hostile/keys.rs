//! The keys of a state, as `gateway init` laid them out. That the demo holds them all makes its enemies as strong as can be.

use std::{fs, path::Path};

use identity::{
    Passphrase, Root, RootOpening, SignedDirectory, SigningKey, TlsIdentity, VerifyingKey, certificates_from_pem,
    open_pkcs8,
};
use link::Credentials;
use model::AuthorityId;
use seal::LeafIdentity;

use crate::{failure::Failure, states::State};

/// What an authority's desk and its people hold.
pub(crate) struct DeskKeys {
    pub(crate) authority: AuthorityId,
    pub(crate) tls: Credentials,
    pub(crate) desk: SigningKey,
    pub(crate) leaf: LeafIdentity,
    pub(crate) officers: [SigningKey; 2],
    /// The judge of the state who validates whatever is laid before them.
    pub(crate) judge: SigningKey,
}

/// What a gateway holds.
pub(crate) struct GatewayKeys {
    pub(crate) tls: Credentials,
    pub(crate) ledger: SigningKey,
    pub(crate) directory: SignedDirectory,
}

impl DeskKeys {
    /// Of the authority called `name` in `state`.
    pub(crate) fn open(state: &State, name: &str) -> Result<Self, Failure> {
        let folder = state.desk_dir(name);
        let officer = |authority: &str, number: u8| {
            key(&state.dir.join("officers").join(authority).join(format!("officer-{number}")), "key.pem")
        };
        Ok(Self {
            authority: AuthorityId::new(state.party, name)?,
            tls: credentials(&folder)?,
            desk: key(&folder, "desk.key.pem")?,
            leaf: leaf(state, name)?,
            officers: [officer(name, 1)?, officer(name, 2)?],
            judge: officer("judicial", 1)?,
        })
    }
}

impl GatewayKeys {
    pub(crate) fn open(state: &State) -> Result<Self, Failure> {
        let folder = state.gateway_dir();
        let path = folder.join("directory.sig");
        let signature = fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
        Ok(Self {
            tls: credentials(&folder)?,
            ledger: key(&folder, "ledger.key.pem")?,
            directory: SignedDirectory {
                toml: text(&folder.join("directory.toml"))?,
                signature,
                openings: openings(&folder.join("trusted"))?,
            },
        })
    }
}

/// The leaf of a desk in cases' groups.
pub(crate) fn leaf(state: &State, name: &str) -> Result<LeafIdentity, Failure> {
    let folder = state.desk_dir(name);
    let pkcs8 = opened(&folder, "leaf.key.pem")?;
    let chain = certificates_from_pem(&text(&folder.join("leaf.cert.pem"))?)?;
    LeafIdentity::from_pkcs8(&chain, &pkcs8).map_err(unusable)
}

/// The certificates of such a leaf, DER.
pub(crate) fn leaf_chain(state: &State, name: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let chain = certificates_from_pem(&text(&state.desk_dir(name).join("leaf.cert.pem"))?)?;
    Ok(chain.iter().map(|der| der.to_vec()).collect())
}

/// The root of a state with its private key.
pub(crate) fn root(state: &State) -> Result<Root, Failure> {
    let folder = state.dir.join("root");
    Root::open(&root_der(state)?, &text(&folder.join("root.key.pem"))?, &passphrase(&folder)?).map_err(unusable)
}

/// The root certificate of a state, DER.
pub(crate) fn root_der(state: &State) -> Result<Vec<u8>, Failure> {
    let path = state.dir.join("root").join("root.cert.pem");
    let chain = certificates_from_pem(&text(&path)?)?;
    chain.first().map(|der| der.to_vec()).ok_or_else(|| Failure::unexpected("a root file without a certificate"))
}

/// A leaf under the state's own root for an authority that its directory does not list.
pub(crate) fn unlisted_leaf(state: &State, name: &str) -> Result<LeafIdentity, Failure> {
    let key = SigningKey::generate().map_err(unusable)?;
    let authority = AuthorityId::new(state.party, name)?;
    let now = crate::clock::now();
    let public: &VerifyingKey = &key.verifying_key();
    let certificate =
        root(state)?.issue_leaf(&authority, public.as_bytes(), now, identity::LEAF_LIFETIME_MAX).map_err(unusable)?;
    LeafIdentity::from_pkcs8(&[certificate], &key.to_pkcs8().map_err(unusable)?).map_err(unusable)
}

/// What opens the commitments of a directory.
fn openings(folder: &Path) -> Result<Vec<RootOpening>, Failure> {
    let mut openings = Vec::new();
    for file in fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))? {
        let path = file.map_err(|error| Failure::file(folder, &error))?.path();
        openings.push(RootOpening::from_bytes(&fs::read(&path).map_err(|error| Failure::file(&path, &error))?)?);
    }
    Ok(openings)
}

fn credentials(folder: &Path) -> Result<Credentials, Failure> {
    let key_pkcs8 = opened(folder, "tls.key.pem")?;
    let chain = certificates_from_pem(&text(&folder.join("tls.cert.pem"))?)?;
    Ok(Credentials::new(&TlsIdentity { chain, key_pkcs8 })?)
}

fn key(folder: &Path, file: &str) -> Result<SigningKey, Failure> {
    SigningKey::open(&text(&folder.join(file))?, &passphrase(folder)?).map_err(unusable)
}

fn opened(folder: &Path, file: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, Failure> {
    open_pkcs8(&text(&folder.join(file))?, &passphrase(folder)?).map_err(unusable)
}

fn passphrase(folder: &Path) -> Result<Passphrase, Failure> {
    let path = folder.join("passphrase");
    let bytes = fs::read(&path).map_err(|error| Failure::file(&path, &error))?;
    Passphrase::new(&bytes).map_err(unusable)
}

fn text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file(path, &error))
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::unexpected(format!("a key of the demo cannot be used: {error}"))
}
