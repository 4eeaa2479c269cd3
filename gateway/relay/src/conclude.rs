use model::{AuthorityId, Denial, EntryId, Fault, ReceiptKind, Step, Timestamp, Verdict, limits};
use workflow::{Event, Side, State};

use crate::file::{CaseFile, PendingEntry, Seating, Unsent};

/// What the other gateway says of an entry that we relayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It admitted it too. Its receipt was verified, and says when.
    Accepted(Timestamp),
    /// It did not, and never will.
    Rejected(Denial),
    /// It has not answered, and the entry's time is over.
    Lapsed,
}

/// What follows from an answer. To be executed in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conclusion {
    /// The case's file after it.
    pub file: CaseFile,
    /// How the entry ended.
    pub verdict: Verdict,
    /// Its number in the case, where it became part of it.
    pub seq: Option<u64>,
    /// The entries that were chained behind it and are out with it, in their order.
    pub fallen: Vec<EntryId>,
    /// Which event the answer stands for.
    pub receipt: ReceiptKind,
    /// Whether we append the receipt to the ledger: the home does.
    pub leaf: bool,
    /// To which of our own desks the entry goes now. Its sender is told the verdict.
    pub deliver_to: Vec<AuthorityId>,
    /// Whether the other gateway has to be asked on: it alone knows whether it took the entry before its time was over.
    pub keep_asking: bool,
}

/// Takes the other gateway's answer on our pending entry `answered`. `None` when it was concluded before: nothing changes.
///
/// Fails where the other gateway contradicts itself, or says that it took the entry more than a day from now
/// ([`Fault::PeerUnreachable`]: it does not answer as it should), and with
/// [`Fault::Internal`] for a lapse before the entry's time is over.
pub fn conclude(
    file: &CaseFile,
    answered: EntryId,
    answer: &Answer,
    now: Timestamp,
) -> Result<Option<Conclusion>, Denial> {
    let Some(index) = file.pending.iter().position(|one| one.entry == answered) else {
        return Ok(None);
    };
    match answer {
        Answer::Accepted(at) if *at > now.plus_ms(limits::CLOCK_BEHIND_MS_MAX) => {
            let detail = "the other gateway says that it took the entry more than a day from now, by our clock";
            Err(Denial::failed(Fault::PeerUnreachable, detail))
        }
        Answer::Accepted(at) => accepted(file, index, *at),
        Answer::Rejected(denial) => Ok(rejected(file, index, denial)),
        Answer::Lapsed => lapsed(file, index, now),
    }
}

fn accepted(file: &CaseFile, index: usize, taken: Timestamp) -> Result<Option<Conclusion>, Denial> {
    let mut next = file.clone();
    let one = next.pending.remove(index);
    if index != 0 || one.previous != file.head {
        let detail = "the other gateway admits an entry whose predecessor is not part of the case";
        return Err(Denial::failed(Fault::PeerUnreachable, detail));
    }
    let deliver_to = next.audience(&one.sender, one.group.as_ref());
    let event = Event { taken: Some(taken), ..one.event };
    let seating = Seating { group: one.group, package: one.package };
    let seq = next.settle((one.step, &one.sender), one.digest, &event, seating);
    Ok(Some(Conclusion {
        verdict: Verdict::Admitted,
        seq: Some(seq),
        fallen: Vec::new(),
        receipt: ReceiptKind::RelayAcceptance,
        leaf: next.side() == Side::Home,
        deliver_to,
        keep_asking: false,
        file: next,
    }))
}

/// The entry is out, and so is what was chained behind it.
fn rejected(file: &CaseFile, index: usize, denial: &Denial) -> Option<Conclusion> {
    let mut next = file.clone();
    let out = next.pending.split_off(index);
    let expired = matches!(denial, Denial::Failed { fault: Fault::Expired, .. });
    let ground = match denial {
        Denial::Refused(refusal) => Some(refusal.code),
        Denial::Failed { .. } => None,
    };
    if let Some(request) = out.iter().find(|one| one.step == Step::SealSend) {
        let state = if expired { State::Lapsed } else { State::Blocked };
        next.unsent = Some(Unsent { entry: request.entry, event: request.event.clone(), state, ground });
    }
    Some(Conclusion {
        verdict: if expired { Verdict::Lapsed } else { Verdict::Rejected },
        seq: None,
        fallen: out.iter().skip(1).map(|one| one.entry).collect(),
        receipt: if expired { ReceiptKind::RelayFailure } else { ReceiptKind::RelayRejection },
        leaf: next.side() == Side::Home,
        deliver_to: Vec::new(),
        keep_asking: false,
        file: next,
    })
}

/// Silence is not a no: the other gateway may have admitted the entry and its answer be lost. So the entry stays, the case
/// shows LAPSED and takes nothing new from our desks, and the other gateway's word decides when it comes.
fn lapsed(file: &CaseFile, index: usize, now: Timestamp) -> Result<Option<Conclusion>, Denial> {
    let mut next = file.clone();
    let leaf = next.side() == Side::Home;
    let Some(one): Option<&mut PendingEntry> = next.pending.get_mut(index) else { return Ok(None) };
    if now <= one.expires {
        return Err(Denial::failed(Fault::Internal, "an entry was given up before its time was over"));
    }
    if one.overdue {
        return Ok(None);
    }
    one.overdue = true;
    Ok(Some(Conclusion {
        verdict: Verdict::Lapsed,
        seq: None,
        fallen: Vec::new(),
        receipt: ReceiptKind::RelayFailure,
        leaf,
        deliver_to: Vec::new(),
        keep_asking: true,
        file: next,
    }))
}
