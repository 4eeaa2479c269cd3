//! What the committer is asked, and what it answers.

use casefile::Evidence;
use identity::{Received, Verified};
use ledger::{LeafHash, LeafSalt, SignedCheckpoint, Statement};
use model::{AuthorityId, CaseId, Denial, Digest, Entry, EntryId, PartyId, SignedReceipt, Timestamp};
use tokio::sync::oneshot;

use super::Stated;

/// What the committer is asked.
pub(crate) enum Work {
    /// An own desk hands an entry over.
    Submit(Box<Submit>),
    /// Another gateway calls.
    Relay(Relay),
    /// Another gateway has answered, or time is over.
    Conclude(Conclude),
    /// An own desk has made deliveries durable.
    Acknowledge(Acknowledge),
    /// No desk has opened these entries in time.
    Unopened(Unopened),
    /// Nobody has said anything.
    Watch(Watch),
}

pub(crate) struct Submit {
    pub(crate) entry: Verified<Entry>,
    pub(crate) desk: AuthorityId,
    pub(crate) trace: String,
    /// How many entries the desk says it has sealed.
    pub(crate) sealed: i64,
    pub(crate) answer: oneshot::Sender<Result<Stated, Refused>>,
}

/// Why an entry of an own desk was not taken, and the SubmissionRejection that says so, where the answer is final.
pub(crate) struct Refused {
    pub(crate) denial: Denial,
    pub(crate) rejection: Option<Stated>,
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self { denial, rejection: None }
    }
}

pub(crate) struct Relay {
    pub(crate) from: PartyId,
    pub(crate) items: Vec<RelayItem>,
    pub(crate) growth: Option<Growth>,
    /// Verified receipts of the other gateway for entries of ours.
    pub(crate) receipts: Vec<SignedReceipt>,
    pub(crate) answer: oneshot::Sender<Result<RelayAnswer, Denial>>,
}

pub(crate) struct RelayItem {
    pub(crate) claimed: Claimed,
    /// The verified entry, or why it is not.
    pub(crate) entry: Result<Verified<Entry>, Denial>,
    /// What the other gateway stated of it before, verified: its SubmissionAcceptance, and its RelayFailure if there is one. Or why
    /// that is not proven.
    pub(crate) said: Result<Vec<SignedReceipt>, Denial>,
    pub(crate) trace: String,
}

/// What a rejection needs to name an entry that may not be believed.
#[derive(Clone, Copy)]
pub(crate) struct Claimed {
    pub(crate) entry: EntryId,
    pub(crate) case: CaseId,
    pub(crate) home: PartyId,
    pub(crate) header: model::HeaderDigest,
    pub(crate) envelope: model::EnvelopeDigest,
}

impl Claimed {
    /// Of what is not yet believed.
    pub(crate) fn of_received(received: &Received<Entry>) -> Self {
        let (header, envelope) = received.digests();
        let claimed = received.claimed();
        Self { entry: claimed.entry, case: claimed.case, home: claimed.home, header, envelope }
    }

    pub(crate) fn of(entry: &Entry) -> Self {
        Self {
            entry: entry.header.entry,
            case: entry.header.case,
            home: entry.header.home,
            header: entry.header_digest(),
            envelope: entry.envelope_digest(),
        }
    }
}

/// New leaves of the caller's log and the head over them.
pub(crate) struct Growth {
    pub(crate) first: u64,
    pub(crate) leaves: Vec<GrownLeaf>,
    pub(crate) head: SignedCheckpoint,
}

pub(crate) struct GrownLeaf {
    pub(crate) hash: LeafHash,
    pub(crate) salt: LeafSalt,
    pub(crate) statement: Statement,
}

pub(crate) struct RelayAnswer {
    /// For each item a final receipt, or a fault that passes.
    pub(crate) verdicts: Vec<(EntryId, Result<Told, Denial>)>,
    /// Entries whose receipts are to be sent again, because what they follow on is not here.
    pub(crate) later: Vec<EntryId>,
    /// Our cosignature over the head in the growth.
    pub(crate) cosignature: Option<Vec<u8>>,
    /// Why there is none.
    pub(crate) withheld: Option<String>,
    pub(crate) leaves_held: u64,
}

/// The final word on an entry of another gateway.
pub(crate) struct Told {
    pub(crate) verdict: Stated,
    /// With an acceptance: whether it lies ready for the addressed desk.
    pub(crate) delivery: Option<Stated>,
}

pub(crate) struct Conclude {
    pub(crate) channel: PartyId,
    pub(crate) answers: Vec<Answered>,
    /// Outbox rows that need no further attempt.
    pub(crate) done: Vec<i64>,
    /// The head of our log with the other gateway's cosignature: size and note.
    pub(crate) cosigned: Option<(u64, Vec<u8>, Vec<u8>)>,
    /// What the other gateway contradicted.
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) answer: oneshot::Sender<Result<(), Denial>>,
}

pub(crate) struct Answered {
    pub(crate) outbox: i64,
    pub(crate) entry: EntryId,
    pub(crate) case: CaseId,
    pub(crate) outcome: Outcome,
    /// The trace of the entry, which goes on to the desks that learn of the answer.
    pub(crate) trace: String,
}

pub(crate) enum Outcome {
    /// The other gateway's verified verdict and, with an acceptance, what it says of the delivery.
    Answer { verdict: Box<SignedReceipt>, delivery: Option<Box<SignedReceipt>> },
    /// The entry's time is over without an answer.
    Lapsed,
}

pub(crate) struct Acknowledge {
    pub(crate) desk: AuthorityId,
    pub(crate) cursor: u64,
    pub(crate) reports: Vec<Opened>,
    /// The acknowledgement as received, for the record.
    pub(crate) bytes: Vec<u8>,
    pub(crate) answer: oneshot::Sender<Result<(), Denial>>,
}

/// A desk's verified word on one entry.
pub(crate) struct Opened {
    pub(crate) entry: EntryId,
    pub(crate) opened: bool,
    pub(crate) authenticator: Option<Digest>,
}

/// Entries of the other side of whose retrieval nothing was stated when their time was over.
pub(crate) struct Unopened {
    pub(crate) entries: Vec<EntryId>,
    pub(crate) answer: oneshot::Sender<Result<(), Denial>>,
}

/// Asks since when a home keeps out of its log what is to be there, for longer than it may.
pub(crate) struct Watch {
    pub(crate) home: PartyId,
    pub(crate) answer: oneshot::Sender<Result<Option<Timestamp>, Denial>>,
}

/// Answers that nothing was done.
pub(super) fn refuse(work: Work, denial: &Denial) {
    // Whoever asked may be gone; the answer is then lost, and asking again gives it.
    match work {
        Work::Submit(submit) => drop(submit.answer.send(Err(Refused::from(denial.clone())))),
        Work::Relay(relay) => drop(relay.answer.send(Err(denial.clone()))),
        Work::Conclude(conclude) => drop(conclude.answer.send(Err(denial.clone()))),
        Work::Acknowledge(acknowledge) => drop(acknowledge.answer.send(Err(denial.clone()))),
        Work::Unopened(unopened) => drop(unopened.answer.send(Err(denial.clone()))),
        Work::Watch(watch) => drop(watch.answer.send(Err(denial.clone()))),
    }
}
