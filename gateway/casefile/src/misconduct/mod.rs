//! What a gateway keeps when another one contradicts its own signatures, and how a stranger checks it with the accused's root alone.
//!
//! A file of misconduct is text, one line for each part: the title, what is accused of what, the accused's root, its directories with
//! the root's signatures (they name the keys), and the signed parts in base64. Each has one spelling. Who accuses signs nothing, for
//! nothing in it is their word.

mod check;
mod opposed;
mod text;

pub use check::{CannotProve, Proved, check, shown};
pub(crate) use opposed::happens_once;
pub use opposed::{Opposed, opposed_in};

use ledger::{Fork, Origin, Retreat};
use model::{
    Digest, EnvelopeDigest, Header, HeaderDigest, PartyId, Receipt, ReceiptKind, SignedReceipt, Step, Timestamp,
    limits::CLOCK_APART_MS_MAX,
};

use crate::verify::SKEW_MS;

/// A file of misconduct, at most: notes, proofs, a header, and directories of up to 1 MiB each.
pub const MISCONDUCT_BYTES_MAX: usize = 32 << 20;
/// The title, and the first line.
const TITLE: &str = "rogatory misconduct v1";

/// The signatures of a gateway that contradict each other, or that nobody can reconcile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A home signed two heads of one log with different pasts.
    Fork(Origin, Fork),
    /// A peer cosigned a smaller head after a larger one, or two heads of one size.
    Retreat(Origin, Retreat),
    /// A gateway stated something of an entry that the entry itself contradicts.
    Receipt(Box<Contradicted>),
    /// A gateway gave two words on one entry that cannot both be true.
    Verdicts(Box<Opposed>),
    /// A home signed two heads and does not show how one follows from the other.
    Unreconciled(Origin, Unshown),
    /// A home signed a head with leaves that are dated long before a head which it had signed without them. When that was is the word of
    /// the other gateway.
    Backdated(Origin, Unshown),
}

/// A receipt, and the entry that it is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradicted {
    /// The receipt.
    pub signed: SignedReceipt,
    /// The entry's header, as it was signed by its desk.
    pub header: Vec<u8>,
    /// The digest of the entry's payload, which with the header makes the envelope that the receipt names.
    pub payload: Digest,
}

/// Two heads, as notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unshown {
    /// What was held.
    pub held: Vec<u8>,
    /// What was shown then.
    pub shown: Vec<u8>,
}

impl Evidence {
    /// In one word, as in files and on screens.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Fork(..) => "fork",
            Self::Retreat(..) => "retreat",
            Self::Receipt(_) => "receipt",
            Self::Verdicts(_) => "verdicts",
            Self::Unreconciled(..) => "unreconciled",
            Self::Backdated(..) => "backdated",
        }
    }

    /// Whose signatures they are.
    pub fn accused(&self) -> PartyId {
        match self {
            Self::Fork(log, _) | Self::Unreconciled(log, _) | Self::Backdated(log, _) => log.home(),
            Self::Retreat(log, _) => log.peer(),
            Self::Receipt(one) => one.signed.receipt.by,
            Self::Verdicts(two) => two.first.receipt.by,
        }
    }

    /// The log that they are on; `None` for receipts.
    pub fn log(&self) -> Option<Origin> {
        match self {
            Self::Fork(log, _) | Self::Retreat(log, _) => Some(*log),
            Self::Unreconciled(log, _) | Self::Backdated(log, _) => Some(*log),
            Self::Receipt(_) | Self::Verdicts(_) => None,
        }
    }

    /// Whether it convicts before strangers. Else it is a reason to ask, and to keep what was signed.
    pub fn convicts(&self) -> bool {
        match self {
            Self::Fork(..) | Self::Retreat(..) => true,
            Self::Receipt(one) => one.contradiction().is_some(),
            Self::Verdicts(two) => two.contradiction().is_some(),
            Self::Unreconciled(..) | Self::Backdated(..) => false,
        }
    }

    /// Whether the channel cannot go on before people have looked at it. What only disagrees in time is kept, and asked for again.
    pub fn stops(&self) -> bool {
        match self {
            Self::Unreconciled(..) | Self::Backdated(..) => true,
            Self::Fork(..) | Self::Retreat(..) | Self::Receipt(_) | Self::Verdicts(_) => self.convicts(),
        }
    }

    /// What happened, in a sentence without case data.
    pub fn told(&self) -> String {
        let accused = self.accused();
        match self {
            Self::Fork(log, _) => format!("{accused} signed two heads of {log} that cannot both be true"),
            Self::Retreat(log, _) => {
                format!("{accused} cosigned less of {log} than it had cosigned before: was its database restored?")
            }
            Self::Receipt(one) => {
                let what =
                    one.contradiction().unwrap_or("states a time, or an epoch of the group, that does not fit ours");
                format!("{accused}: a {} {what}", one.signed.receipt.kind.as_str())
            }
            Self::Verdicts(two) => {
                let what = two.contradiction().unwrap_or("they agree");
                format!("{accused} signed two words on one entry that cannot both be true: {what}")
            }
            Self::Unreconciled(log, _) => {
                format!("{accused} does not show how its heads of {log} follow from each other")
            }
            Self::Backdated(log, _) => {
                format!("{accused} dates leaves of {log} before heads that it signed without them")
            }
        }
    }
}

impl Contradicted {
    /// What of the receipt cannot be true of the entry, whoever looks at it. `None` where the two agree, or where the receipt is not on
    /// this entry at all.
    pub fn contradiction(&self) -> Option<&'static str> {
        let receipt = &self.signed.receipt;
        let digest = HeaderDigest::of(&self.header);
        let header = proto::decode_header(&self.header.clone().into()).ok()?;
        if EnvelopeDigest::of_digests(digest, self.payload) != receipt.envelope {
            return None;
        }
        if receipt.header != digest {
            Some("names another header than that of its entry")
        } else if receipt.entry != header.entry {
            Some("names another entry than its own")
        } else if receipt.case != header.case {
            Some("names another case than that of its entry")
        } else if before_its_entry(receipt, &header) {
            Some("is dated before its entry was made")
        } else if takes(receipt.kind) && receipt.at > header.expires.plus_ms(SKEW_MS) {
            Some("takes an entry whose time was over")
        } else if receipt.went_unopened() && receipt.at <= header.expires {
            Some("says that the time of its entry was over, before it was")
        } else if receipt.epoch.is_some() && !leads_to_an_epoch(header.step) {
            Some("certifies an epoch, to which its entry does not lead")
        } else {
            None
        }
    }

    /// The moment that it states.
    pub fn at(&self) -> Timestamp {
        self.signed.receipt.at
    }
}

/// Whether a receipt that takes an entry over is dated before that was made, whatever its gateway's clock: a gateway takes no entry that is
/// from the future by its own. What its desk opened may be some hours off, because the clock was put right since. What it does not take, or
/// gives up, may say of itself whatever its sender likes: that is no word of who refuses it.
pub(crate) fn before_its_entry(receipt: &Receipt, header: &Header) -> bool {
    use ReceiptKind::{NonRetrieval, Retrieval};
    let off = match receipt.kind {
        kind if takes(kind) => SKEW_MS,
        Retrieval | NonRetrieval => CLOCK_APART_MS_MAX,
        _ => return false,
    };
    receipt.at.plus_ms(off) < header.created
}

/// Whether an entry changes who is in the case's group.
fn leads_to_an_epoch(step: Step) -> bool {
    matches!(step, Step::OpenGroup | Step::ChangeGroup)
}

/// What a gateway states of an entry only before its time is over.
fn takes(kind: ReceiptKind) -> bool {
    matches!(
        kind,
        ReceiptKind::SubmissionAcceptance
            | ReceiptKind::RelayAcceptance
            | ReceiptKind::Delivery
            | ReceiptKind::NonDelivery
    )
}
