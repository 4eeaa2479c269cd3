use serde::{Deserialize, Serialize};

use crate::{CaseId, Digest, EntryId, EnvelopeDigest, HeaderDigest, PartyId, Refusal, Timestamp};

/// The nine events of registered delivery that a receipt can prove [ETSI EN 319 532-1, names in use there].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// The sender's gateway took the entry.
    SubmissionAcceptance,
    /// The sender's gateway refused it.
    SubmissionRejection,
    /// The other gateway took it.
    RelayAcceptance,
    /// The other gateway refused it.
    RelayRejection,
    /// The other gateway could not be reached before the entry expired.
    RelayFailure,
    /// It lies ready for the receiving desk.
    Delivery,
    /// It could not be laid ready.
    NonDelivery,
    /// The receiving desk opened it.
    Retrieval,
    /// The receiving desk could not open it, found it contradicting its header, or had not opened it when its time was over.
    NonRetrieval,
}

/// The rule by which a [`ReceiptKind::NonRetrieval`] says that the time of an entry was over before its desk had opened it.
pub const UNOPENED: &str = "protocol/EXPIRED";

impl ReceiptKind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::SubmissionAcceptance,
        Self::SubmissionRejection,
        Self::RelayAcceptance,
        Self::RelayRejection,
        Self::RelayFailure,
        Self::Delivery,
        Self::NonDelivery,
        Self::Retrieval,
        Self::NonRetrieval,
    ];

    /// Where it stands in the life of an entry: 0 submission, 1 relay, 2 delivery, 3 retrieval. One of a later stage is never given
    /// before one of an earlier.
    pub fn stage(self) -> u8 {
        match self {
            Self::SubmissionAcceptance | Self::SubmissionRejection => 0,
            Self::RelayAcceptance | Self::RelayRejection | Self::RelayFailure => 1,
            Self::Delivery | Self::NonDelivery => 2,
            Self::Retrieval | Self::NonRetrieval => 3,
        }
    }

    /// The name in files and on screens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SubmissionAcceptance => "SubmissionAcceptance",
            Self::SubmissionRejection => "SubmissionRejection",
            Self::RelayAcceptance => "RelayAcceptance",
            Self::RelayRejection => "RelayRejection",
            Self::RelayFailure => "RelayFailure",
            Self::Delivery => "Delivery",
            Self::NonDelivery => "NonDelivery",
            Self::Retrieval => "Retrieval",
            Self::NonRetrieval => "NonRetrieval",
        }
    }
}

/// What happened to an entry, as one gateway states it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which event.
    pub kind: ReceiptKind,
    /// Whose gateway states it.
    pub by: PartyId,
    /// The entry.
    pub entry: EntryId,
    /// Its case.
    pub case: CaseId,
    /// Its header.
    pub header: HeaderDigest,
    /// Header and payload.
    pub envelope: EnvelopeDigest,
    /// When.
    pub at: Timestamp,
    /// The leaf of the channel's ledger that holds the entry, where the home gateway states it.
    pub leaf: Option<u64>,
    /// Why not, for the kinds that say no.
    pub refusal: Option<Refusal>,
    /// The epoch that a handshake led to, as the stating gateway verified it.
    pub epoch: Option<EpochCertificate>,
    /// On [`ReceiptKind::Retrieval`] of a handshake, the receiving desk's hash of the epoch authenticator: only a member of the
    /// same group can make the same value, so that desks see a fork which gateways cannot.
    pub authenticator: Option<Digest>,
}

impl Receipt {
    /// Whether it says that the receiving desk had not opened the entry when its time was over. Any other NonRetrieval is the desk's own word
    /// that it could not open it, or that it contradicts its header.
    pub fn went_unopened(&self) -> bool {
        self.kind == ReceiptKind::NonRetrieval && self.refusal.as_ref().is_some_and(|refusal| refusal.rule == UNOPENED)
    }
}

/// A receipt with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedReceipt {
    /// The receipt, decoded from `bytes`.
    pub receipt: Receipt,
    /// What the proof is for.
    pub bytes: Vec<u8>,
    /// A COSE receipt [RFC 9942]: the ledger key in the directory of the stating party signed a tree whose leaf is
    /// `rogatory receipt v1`, a zero byte and `bytes`. `ledger` documents its form.
    pub proof: Vec<u8>,
}

/// A gateway's word on an epoch that it followed from outside. Two equal certificates and equal acknowledgements by the
/// desks mean that nobody was shown another group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochCertificate {
    /// The MLS group id.
    pub group: Vec<u8>,
    /// The epoch after the commit.
    pub epoch: u64,
    /// SHA-256 of the commit message.
    pub commit: Digest,
    /// The tree hash of the epoch.
    pub tree_hash: Vec<u8>,
    /// The confirmed transcript hash of the epoch.
    pub transcript_hash: Vec<u8>,
    /// SHA-256 of the confirmation tag.
    pub confirmation: Digest,
}

/// How an entry ended at a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Admitted here, not yet answered by the other gateway.
    Pending,
    /// Admitted by both: part of the case.
    Admitted,
    /// Refused by the other gateway: in the record, not in the case.
    Rejected,
    /// Expired on its way.
    Lapsed,
}
