use model::{AuthorityId, CaseId, Digest, Malformed, PartyId, Pin, Refusal, RefusalCode};
use openmls::prelude::{
    Capabilities, Ciphersuite, CredentialType, Extension, ExtensionType, Extensions, GroupContext, ProtocolVersion,
    RequiredCapabilitiesExtension, UnknownExtension,
};

use crate::RULE;

/// The MLS extension that carries the binding. In the range for private use [RFC 9420 §17.3].
pub const EXTENSION: u16 = 0xF0C1;

/// X25519, AES-128-GCM, SHA-256, Ed25519: mandatory to implement [RFC 9420 §17.1].
pub const CIPHERSUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

const VERSION: u16 = 1;
const ENCODED_LEN: usize = 2 + 16 + 32 + 2 + 2 + 32;

/// What ties a group to its case. It stands in the group's context, so that it is in every key of the group; every leaf must
/// support it, and nobody may change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseBinding {
    /// The case.
    pub case: CaseId,
    /// The rule under which it runs.
    pub pin: Pin,
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// Which roster policy the members hold each other to: [`policy_digest`].
    pub policy: Digest,
}

impl CaseBinding {
    /// Binds a group to `case` under this crate's policy.
    pub fn new(case: CaseId, pin: Pin, home: PartyId, peer: PartyId) -> Self {
        Self { case, pin, home, peer, policy: policy_digest() }
    }

    /// Whether `authority` is of one of the two parties.
    pub fn concerns(&self, authority: &AuthorityId) -> bool {
        authority.party() == self.home || authority.party() == self.peer
    }

    /// Version (2 bytes, big-endian), case (16), pin (32), home (2 letters), peer (2 letters), policy (32).
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ENCODED_LEN);
        bytes.extend_from_slice(&VERSION.to_be_bytes());
        bytes.extend_from_slice(self.case.as_bytes());
        bytes.extend_from_slice(self.pin.as_bytes());
        bytes.extend_from_slice(self.home.as_str().as_bytes());
        bytes.extend_from_slice(self.peer.as_str().as_bytes());
        bytes.extend_from_slice(self.policy.as_bytes());
        bytes
    }

    /// The binding that `bytes` are the encoding of.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a case binding of version 1 (86 bytes)", &format!("{} bytes", bytes.len()));
        let rest = bytes.strip_prefix(&VERSION.to_be_bytes()).ok_or_else(malformed)?;
        let (case, rest) = rest.split_at_checked(16).ok_or_else(malformed)?;
        let (pin, rest) = rest.split_at_checked(32).ok_or_else(malformed)?;
        let (home, rest) = rest.split_at_checked(2).ok_or_else(malformed)?;
        let (peer, policy) = rest.split_at_checked(2).ok_or_else(malformed)?;
        Ok(Self {
            case: CaseId::try_from(case)?,
            pin: Pin::try_from(pin)?,
            home: std::str::from_utf8(home).map_err(|_| malformed())?.parse()?,
            peer: std::str::from_utf8(peer).map_err(|_| malformed())?.parse()?,
            policy: Digest::try_from(policy)?,
        })
    }

    /// Refuses (R94) a group whose context is not exactly this binding, the required capabilities, and our suite.
    pub fn check_context(&self, context: &GroupContext) -> Result<(), Refusal> {
        let refuse = |reason: &str| {
            let remedy = "Open the case's group anew with this program; the binding of a group never changes.";
            Err(Refusal::new(RefusalCode::R94, RULE, reason, remedy).at("group_context"))
        };
        if context.protocol_version() != ProtocolVersion::Mls10 || context.ciphersuite() != CIPHERSUITE {
            return refuse("the group is not of MLS 1.0 with the agreed suite");
        }
        let extensions = context.extensions();
        if extensions.unknown(EXTENSION).is_none_or(|found| found.0 != self.encode()) {
            return refuse("the group is not bound to this case, or the binding was altered");
        }
        if extensions.required_capabilities() != Some(&required_capabilities()) || extensions.iter().count() != 2 {
            return refuse("the group's context holds other than the binding and the required capabilities");
        }
        Ok(())
    }
}

/// The digest of the policy that this version of the crate enforces. It changes when a rule does.
pub fn policy_digest() -> Digest {
    Digest::of(&[
        b"rogatory roster policy v1\0",
        b"x509 leaves of home or peer; accredited; 28 days; inline add, update, remove; path required; assisted commits",
    ])
}

/// The context of a new group: the binding, and that every leaf must support it.
pub fn context_extensions(binding: &CaseBinding) -> Result<Extensions<GroupContext>, Refusal> {
    Extensions::from_vec(vec![
        Extension::Unknown(EXTENSION, UnknownExtension(binding.encode())),
        Extension::RequiredCapabilities(required_capabilities()),
    ])
    .map_err(|_| Refusal::new(RefusalCode::R94, RULE, "the binding does not fit into a group", "Report it: a defect."))
}

/// What a leaf of ours can do, and says.
pub fn capabilities() -> Capabilities {
    Capabilities::new(
        Some(&[ProtocolVersion::Mls10]),
        Some(&[CIPHERSUITE]),
        Some(&[ExtensionType::Unknown(EXTENSION), ExtensionType::LastResort]),
        Some(&[]),
        Some(&[CredentialType::X509]),
    )
}

fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(&[ExtensionType::Unknown(EXTENSION)], &[], &[CredentialType::X509])
}
