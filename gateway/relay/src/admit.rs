use identity::Verified;
use model::{AuthorityId, Denial, Entry, EntryId, PartyId, ReceiptKind, Step, Verdict};
use workflow::{Event, Side};

use crate::checks;
use crate::file::{CaseFile, PendingEntry, Seating};
use crate::follows::follows;
use crate::rejoin::seldom;
use crate::{Context, Origin};

/// What a gateway does with an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Execute this in one transaction, then answer.
    Execute(Box<Admission>),
    /// It was answered before: give the same answer.
    Repeat,
    /// Its turn comes when our own entry `awaits` is answered. Nothing is decided: say so, and let the other gateway ask again.
    Later {
        /// The entry of ours that it is chained behind, or that came before it.
        awaits: EntryId,
    },
}

/// An entry that is admitted here, and what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The case's file after it.
    pub file: CaseFile,
    /// [`Verdict::Pending`] for an own desk's, [`Verdict::Admitted`] for the other gateway's.
    pub verdict: Verdict,
    /// Its number in the case, once it is final.
    pub seq: Option<u64>,
    /// Whether we append it to the ledger: the home does.
    pub leaf: bool,
    /// What we certify.
    pub receipt: ReceiptKind,
    /// Whether it lies ready for the addressed desk with that, which we certify too. An entry that comes from the other gateway always
    /// does: one whose recipient has no seat is refused, so that this gateway never states a NonDelivery.
    pub delivered: bool,
    /// To whose gateway it goes on.
    pub relay_to: Option<PartyId>,
    /// To which of our own desks it goes.
    pub deliver_to: Vec<AuthorityId>,
}

/// Decides whether a verified entry becomes part of its case. `file` is what we know of the case `entry.header.case`.
///
/// The checks, in this order, the first failure is the answer: who handed it over (R95); whether it was answered before
/// (`ENTRY_ID_REUSED`); form and size (R94, `TOO_LARGE`); its times (`EXPIRED`); the parties of the case (R93); whether training stays training (R93); whether the
/// case is known (`UNKNOWN`); whether its turn has come (`PEER_UNREACHABLE`, `STALE_CASE`); the rule's pin (R92); the
/// predecessor (`STALE_CASE`); the treaty (R90, R92 and what else it says); the earlier case that it follows (R94); the procedure and the treaty's terms (R93, R94); the files
/// that it names (R91, R94); how often
/// a desk asked to be taken in anew (R91); the roster (R93, R94, R95).
pub fn admit(file: Option<&CaseFile>, entry: &Verified<Entry>, cx: &Context<'_>) -> Result<Plan, Denial> {
    admit_facts(file, entry, cx)
}

pub(crate) fn admit_facts(file: Option<&CaseFile>, entry: &Entry, cx: &Context<'_>) -> Result<Plan, Denial> {
    let header = &entry.header;
    checks::origin(header, cx)?;
    if checks::repeats(entry, cx)? {
        return Ok(Plan::Repeat);
    }
    checks::form(entry)?;
    checks::times(header, cx)?;
    checks::parties(header, cx.own)?;
    checks::world(header, cx)?;
    let fresh;
    let file = match checks::known(file, header)? {
        Some(file) => file,
        None => {
            fresh = CaseFile::opening(cx.own, header);
            &fresh
        }
    };
    checks::turn(file, cx)?;
    checks::pin(file, header, cx)?;
    let basis = file.basis(cx.origin);
    if let Some(awaits) = checks::chain(file, &basis, header, cx)? {
        return Ok(Plan::Later { awaits });
    }
    let terms = checks::treaty(header, cx)?;
    follows(header, cx)?;
    let event = checks::procedure(&basis, entry, &terms, cx.now)?;
    checks::attached(header, cx)?;
    seldom(file, header)?;
    let seating = checks::roster(file, &basis, entry, cx)?;
    checks::team(&basis, &terms, cx)?;
    Ok(Plan::Execute(Box::new(match cx.origin {
        Origin::OwnDesk(_) => pending(file, entry, event, seating),
        Origin::PeerGateway(_) => settled(file, entry, &event, seating),
    })))
}

/// From our own desk: admitted here, final when the other gateway has answered.
fn pending(file: &CaseFile, entry: &Entry, event: Event, seating: Seating) -> Admission {
    let mut next = file.clone();
    let header = &entry.header;
    if header.step == Step::SealSend {
        next.unsent = None;
    }
    next.pending.push(PendingEntry {
        entry: header.entry,
        digest: entry.header_digest(),
        previous: header.previous,
        sender: header.sender.clone(),
        step: header.step,
        expires: header.expires,
        // The other gateway says when it took it.
        event: Event { taken: None, ..event },
        group: seating.group,
        package: seating.package,
        overdue: false,
    });
    Admission {
        verdict: Verdict::Pending,
        seq: None,
        leaf: next.side() == Side::Home,
        receipt: ReceiptKind::SubmissionAcceptance,
        delivered: false,
        relay_to: Some(next.counterpart()),
        deliver_to: Vec::new(),
        file: next,
    }
}

/// From the other gateway, which admitted it already: final.
fn settled(file: &CaseFile, entry: &Entry, event: &Event, seating: Seating) -> Admission {
    let mut next = file.clone();
    let header = &entry.header;
    let deliver_to = next.audience(&header.sender, seating.group.as_ref());
    let seq = next.settle((header.step, &header.sender), entry.header_digest(), event, seating);
    Admission {
        verdict: Verdict::Admitted,
        seq: Some(seq),
        leaf: next.side() == Side::Home,
        receipt: ReceiptKind::RelayAcceptance,
        delivered: true,
        relay_to: None,
        deliver_to,
        file: next,
    }
}
