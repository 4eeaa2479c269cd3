//! A case and a draft as this desk holds them. They follow from entries and receipts; no handler edits a state.

use std::collections::{BTreeMap, BTreeSet};

use super::seats::{Away, Seat, Seating};
use model::{
    AuthorityId, BodySalt, CaseId, Digest, EntryId, EnvelopeDigest, Follows, Header, HeaderDigest, KeyId, MeasureId,
    PartyId, Pin, ReceiptKind, Refusal, RefusalCode, Role, Step, Timestamp, Verdict,
};
use serde::{Deserialize, Serialize};
use workflow::{Act, Case, Event, FOLD, Moment, Side, Signal, State, apply, moments_of};

/// A case as this desk sees it. Stored as one row, encrypted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CaseView {
    pub(crate) id: CaseId,
    pub(crate) home: PartyId,
    pub(crate) peer: PartyId,
    pub(crate) pin: Pin,
    /// This desk's authority.
    pub(crate) own: AuthorityId,
    /// The desk on the other side.
    pub(crate) other: AuthorityId,
    /// The file number of who asks, once known.
    pub(crate) reference: String,
    /// The fold of the entries that both gateways admitted.
    pub(crate) admitted: Option<Case>,
    /// The header of the newest of them.
    pub(crate) head: HeaderDigest,
    /// How many they are.
    pub(crate) next_seq: i64,
    /// An entry of this desk that the other gateway has not answered.
    pub(crate) pending: Option<Pending>,
    /// What will become of the request that is on its way: it was withdrawn, and the withdrawal waits for it.
    #[serde(default)]
    pub(crate) withdrawing: Option<Event>,
    /// Entries of this desk that did not become part of the case, oldest first.
    pub(crate) refused: Vec<Refused>,
    /// The request, once it is part of the case.
    pub(crate) request: Option<EntryId>,
    /// Receipts, by entry, in the order of their arrival.
    pub(crate) receipts: BTreeMap<EntryId, Vec<ReceiptNote>>,
    /// This desk's acknowledgement of the epoch after each handshake.
    pub(crate) epochs: BTreeMap<EntryId, Digest>,
    /// Entries whose body contradicts their header.
    pub(crate) findings: BTreeMap<EntryId, Refusal>,
    /// Who can read the case.
    pub(crate) readers: Vec<AuthorityId>,
    /// Why no further step is taken: the group was forked, or the gateways' case is not the desk's.
    pub(crate) trouble: Option<String>,
    /// The cases whose preserved data the request follows.
    #[serde(default)]
    pub(crate) follows: Vec<CaseId>,
    /// The earlier case that the request follows, and how: as its header says.
    #[serde(default)]
    pub(crate) earlier: Option<Follows>,
    /// Whether it is an exercise, as its request declared.
    #[serde(default)]
    pub(crate) training: bool,
    /// Who opened which record that was received, what for.
    #[serde(default)]
    pub(crate) openings: Vec<Opening>,
    /// The records that were destroyed.
    #[serde(default)]
    pub(crate) destroyed: Vec<super::custody::Destroyed>,
    /// What moves its clocks, from the events that are folded in `admitted`.
    #[serde(default)]
    pub(crate) moments: Vec<Moment>,
    /// The cases whose requests follow on what was preserved here, and wait for their decision.
    #[serde(default)]
    pub(crate) hanging: BTreeSet<CaseId>,
    /// What confirmations of preserved data warn of, for each measure.
    #[serde(default)]
    pub(crate) warned: BTreeMap<MeasureId, super::terms::Warned>,
    /// Whether a draft was shared or commented last, as long as no request was sent.
    #[serde(default)]
    pub(crate) drafted: Option<Step>,
    /// When the first of them came and the last of them was decided.
    #[serde(default)]
    pub(crate) acts: Vec<Moment>,
    /// Who could read what, and when.
    #[serde(default)]
    pub(crate) seats: Vec<Seat>,
    /// Entries of which this desk holds no body, because it had no seat when they were sealed, or lost its keys.
    #[serde(default)]
    pub(crate) unreadable: BTreeSet<EntryId>,
    /// Why this desk has no seat now.
    #[serde(default)]
    pub(crate) away: Option<Away>,
    /// Which fold made `admitted` and `moments`: [`FOLD`], or an older program's.
    #[serde(default)]
    pub(crate) fold: u16,
    /// When the draft was begun that became this case.
    #[serde(default)]
    pub(crate) began: Option<Timestamp>,
    /// The keys of the officers who signed that it was taken into use, by the entry.
    #[serde(default)]
    pub(crate) takers: BTreeMap<EntryId, BTreeSet<KeyId>>,
    /// Who lost its keys, asked to be taken in anew and was not yet, and by which KeyPackage; nothing for this desk's own.
    #[serde(default)]
    pub(crate) asking: BTreeMap<AuthorityId, Vec<u8>>,
}

/// That somebody opened a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Opening {
    pub(crate) entry: EntryId,
    pub(crate) index: u32,
    pub(crate) at: Timestamp,
    pub(crate) purpose: String,
    pub(crate) proceeding: String,
    /// Who reads it: the officer who signed, or somebody whom the note of custody names.
    pub(crate) officer: String,
    #[serde(default)]
    pub(crate) reason: String,
    /// The officer's word; `None` in what an older program noted.
    #[serde(default)]
    pub(crate) word: Option<OpeningWord>,
}

/// The word of the officer who stands for an opening.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OpeningWord {
    /// As the directory called them then.
    pub(crate) by: String,
    pub(crate) key: KeyId,
    pub(crate) statement: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    /// The line's link in the log.
    pub(crate) link: String,
}

/// An entry of this desk on its way.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) entry: EntryId,
    pub(crate) digest: HeaderDigest,
    pub(crate) envelope: EnvelopeDigest,
    pub(crate) header: Vec<u8>,
    pub(crate) step: Step,
    pub(crate) event: Event,
    pub(crate) created: Timestamp,
    /// Whether the own gateway has it.
    pub(crate) submitted: bool,
    /// Whom it brings in and takes out, on a handshake.
    #[serde(default)]
    pub(crate) seating: Option<Seating>,
}

/// An entry of this desk that did not become part of the case.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) entry: EntryId,
    pub(crate) step: Step,
    pub(crate) at: Timestamp,
    pub(crate) verdict: Verdict,
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) reason: String,
    /// What it would have done.
    pub(crate) event: Event,
}

/// What a receipt says, for the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReceiptNote {
    pub(crate) kind: ReceiptKind,
    pub(crate) by: PartyId,
    pub(crate) at: Timestamp,
    pub(crate) leaf: Option<u64>,
    pub(crate) reason: String,
}

/// A request that is being written, and its validation.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DraftView {
    pub(crate) state: State,
    /// JSON of `records/request/1`, as the officer wrote it.
    pub(crate) body: Vec<u8>,
    pub(crate) salt: [u8; 32],
    pub(crate) recipient: AuthorityId,
    pub(crate) reference: String,
    /// When the statement that lies with the validator was made.
    pub(crate) offered: Option<Timestamp>,
    pub(crate) validation: Option<DraftValidation>,
    /// Why a gateway refused it, when it was sent.
    pub(crate) blocked: Option<Refusal>,
    /// Whether it did not get out in time when it was sent, and nobody wrote on it since.
    #[serde(default)]
    pub(crate) lapsed: bool,
    /// What goes with it, where it gives.
    #[serde(default)]
    pub(crate) enclosed: Vec<super::giving::Enclosed>,
    /// Who sent it back, and why, the newest last.
    #[serde(default)]
    pub(crate) sent_back: Vec<super::rework::SentBack>,
}

/// A validator's certificate over the draft.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct DraftValidation {
    pub(crate) statement: Vec<u8>,
    pub(crate) validated: Timestamp,
    pub(crate) pin: Pin,
    pub(crate) authority: AuthorityId,
    pub(crate) role: Role,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

impl DraftView {
    pub(crate) fn salt(&self) -> BodySalt {
        BodySalt(self.salt)
    }
}

impl CaseView {
    /// When the own gateway let an entry in, as far as this desk has that receipt.
    pub(crate) fn let_in(&self, entry: EntryId) -> Option<Timestamp> {
        let notes = self.receipts.get(&entry).into_iter().flatten();
        let taken = [ReceiptKind::SubmissionAcceptance, ReceiptKind::RelayAcceptance];
        notes.filter(|note| taken.contains(&note.kind)).map(|note| note.at).min()
    }

    /// The case that `header` opens, as the desk of `own` sees it.
    pub(crate) fn opening(own: &AuthorityId, header: &Header) -> Self {
        let ours = header.sender.party() == own.party();
        let other = if ours { &header.recipient } else { &header.sender };
        Self::new(header.case, header.home, header.peer, header.pin, own, other)
    }

    /// A case of which nothing happened yet.
    pub(crate) fn new(
        id: CaseId,
        home: PartyId,
        peer: PartyId,
        pin: Pin,
        own: &AuthorityId,
        other: &AuthorityId,
    ) -> Self {
        Self {
            id,
            home,
            peer,
            pin,
            own: own.clone(),
            other: other.clone(),
            reference: String::new(),
            admitted: None,
            head: HeaderDigest::GENESIS,
            next_seq: 0,
            pending: None,
            withdrawing: None,
            refused: Vec::new(),
            request: None,
            receipts: BTreeMap::new(),
            epochs: BTreeMap::new(),
            findings: BTreeMap::new(),
            readers: Vec::new(),
            trouble: None,
            follows: Vec::new(),
            earlier: None,
            training: false,
            openings: Vec::new(),
            destroyed: Vec::new(),
            moments: Vec::new(),
            hanging: BTreeSet::new(),
            warned: BTreeMap::new(),
            drafted: None,
            acts: Vec::new(),
            seats: Vec::new(),
            unreadable: BTreeSet::new(),
            away: None,
            fold: FOLD,
            began: None,
            takers: BTreeMap::new(),
            asking: BTreeMap::new(),
        }
    }

    /// This desk's side.
    pub(crate) fn side(&self) -> Side {
        if self.own.party() == self.home { Side::Home } else { Side::Peer }
    }

    /// The case for officers: with what is on its way, and with a request that was refused on it.
    pub(crate) fn shown(&self) -> Option<Case> {
        self.beyond().iter().fold(self.admitted.clone(), |case, event| Some(apply(case, event)))
    }

    /// What officers see beyond the case that both gateways hold: what is on its way, or a request that was refused on it, and how that ended.
    pub(crate) fn beyond(&self) -> Vec<Event> {
        if let Some(pending) = &self.pending {
            let overdue = self.receipts.get(&pending.entry).is_some_and(|notes| {
                pending.step == Step::SealSend && notes.iter().any(|note| note.kind == ReceiptKind::RelayFailure)
            });
            let lapsed = overdue.then(|| {
                let case = apply(self.admitted.clone(), &pending.event);
                Event::no_route(&case, case.moved)
            });
            let withdrawn = self.withdrawing.clone().filter(|_| !overdue);
            return std::iter::once(pending.event.clone()).chain(lapsed).chain(withdrawn).collect();
        }
        let unsent = self.refused.iter().rev().find(|one| one.step == Step::SealSend);
        match (unsent, &self.admitted) {
            (Some(unsent), Some(case)) if case.measures.is_empty() && !case.abandoned => {
                let sent = apply(Some(case.clone()), &unsent.event);
                let end = match unsent.verdict {
                    Verdict::Lapsed => Event::no_route(&sent, unsent.at),
                    _ => Event::denied(&sent, unsent.ground, unsent.at),
                };
                vec![unsent.event.clone(), end]
            }
            _ => Vec::new(),
        }
    }

    /// Where the case stands. A case whose group is not open yet is validated.
    pub(crate) fn state(&self) -> State {
        let state = self.shown().map_or(State::Validated, |case| case.state());
        // What was shared before anything was sent is no validated request of the other side.
        if state == State::Validated && self.drafted.is_some() { State::Draft } else { state }
    }

    /// Makes an entry that both gateways admitted part of the case. Returns its place.
    pub(crate) fn settle(&mut self, step: Step, digest: HeaderDigest, event: &Event) -> i64 {
        match step {
            Step::ShareDraft | Step::CommentDraft => self.drafted = Some(step),
            Step::SealSend => self.drafted = None,
            _ => {}
        }
        self.moments.extend(moments_of(self.admitted.as_ref(), event));
        let case = apply(self.admitted.take(), event);
        // An entry that both gateways admit has arrived: a request goes through SENT to DELIVERED in one.
        self.admitted = Some(if step == Step::SealSend {
            let delivered = Event::delivered(&case, event.at);
            self.moments.extend(moments_of(Some(&case), &delivered));
            apply(Some(case), &delivered)
        } else {
            case
        });
        self.head = digest;
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// Notes whose signature stands under the taking into use of what was received.
    pub(crate) fn note_takers(&mut self, header: &Header, signers: &[(KeyId, Role)]) {
        if header.step == Step::TakeOver {
            self.takers.entry(header.entry).or_default().extend(signers.iter().map(|(key, _)| *key));
        }
    }

    /// Notes whether the request of `other`, which follows on what was preserved here, waits for its decision: as long as one does, the
    /// preservation does not lapse [Reg. 2023/1543 art. 11]. Says whether that is new.
    pub(crate) fn hang(&mut self, other: &Self) -> bool {
        let Some(theirs) = &other.admitted else { return false };
        let before = self.hanging.is_empty();
        let waits = !theirs.measures.is_empty() && theirs.state().is_live();
        let new = if waits { self.hanging.insert(other.id) } else { self.hanging.remove(&other.id) };
        if before != self.hanging.is_empty() {
            let signal = Signal::Act(if before { Act::Link } else { Act::Unlink });
            let measures = self.admitted.iter().flat_map(|case| &case.measures);
            let of = |(id, measure): (&MeasureId, &workflow::Measure)| Moment {
                measure: *id,
                signal,
                state: measure.state,
                at: theirs.moved,
                until: None,
                from: None,
            };
            self.acts.extend(measures.map(of));
        }
        new
    }

    /// Notes a receipt once, behind those of its stage: submission, relay, delivery, retrieval.
    pub(crate) fn note(&mut self, entry: EntryId, note: ReceiptNote) {
        let notes = self.receipts.entry(entry).or_default();
        if !notes.contains(&note) {
            let at = notes.partition_point(|one| one.kind.stage() <= note.kind.stage());
            notes.insert(at, note);
        }
    }

    /// Whether an entry of ours is on its way whose submission the own gateway has not answered, as far as this desk knows.
    pub(crate) fn is_unsubmitted(&self, entry: EntryId) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.entry == entry && !pending.submitted)
    }
}

impl ReceiptNote {
    /// For programs and people.
    pub(crate) fn shown(&self) -> proto::desk::ReceiptView {
        proto::desk::ReceiptView {
            kind: self.kind.as_str().to_owned(),
            by_party: self.by.to_string(),
            at_ms: self.at.0,
            leaf: self.leaf,
            reason: self.reason.clone(),
        }
    }

    pub(crate) fn of(receipt: &model::Receipt) -> Self {
        let reason = receipt.refusal.as_ref().map(|refusal| format!("{refusal} {}", refusal.remedy));
        Self {
            kind: receipt.kind,
            by: receipt.by,
            at: receipt.at,
            leaf: receipt.leaf,
            reason: reason.unwrap_or_default(),
        }
    }
}

/// The number of a state in the database.
pub(crate) fn state_number(state: State) -> i16 {
    State::ALL.iter().position(|one| *one == state).and_then(|at| i16::try_from(at).ok()).unwrap_or(-1)
}
