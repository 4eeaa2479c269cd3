//! One entry: look up what the core needs, ask it, and write down what follows.

use std::{collections::BTreeSet, sync::Arc};

use identity::Verified;
use ledger::{Log, Statement};
use model::{
    AuthorityKind, CaseId, Denial, Entry, EntryId, Fault, PartyId, Payload, Receipt, ReceiptKind, Refuser,
    SignedReceipt, Step, Verdict,
};
use relay::{Admission, Context, Origin, Plan, SeenEntry};
use roster::{Approved, CaseBinding, Follower, Frame, Grace};
use store::{
    Blob,
    gateway::{EntryRow, NewOutbox, NewRefusal, RejectedRow},
};

use super::{
    Claimed, Committer, Relay, RelayAnswer, RelayItem, Reply, Told, growth,
    held::Held,
    quota,
    said::require_leaf,
    stated::Stated,
    turn::{Seen, Turn},
};
use crate::{hot::Hot, receipts};

/// Kinds of deliveries to desks.
pub(crate) const ARRIVAL: i16 = 1;
pub(crate) const OUTCOME: i16 = 2;
/// Kinds of rows in the outbox.
pub(crate) const ENTRY: i16 = 1;
pub(crate) const RECEIPT: i16 = 2;

/// What an entry weighs at most that is kept though it is refused: whoever sends such entries chooses how large they are.
const REJECTED_BYTES_MAX: usize = 64 << 10;

/// What became of an entry.
pub(super) enum Decided {
    /// A receipt, new or repeated.
    Receipt(Stated),
    /// Its turn has not come.
    Later,
}

impl Committer {
    pub(super) fn relay(&self, turn: &mut Turn, work: Relay) -> Reply {
        let outcome = self.relay_all(turn, work.from, work.items, work.growth.as_ref(), &work.receipts);
        let answer = work.answer;
        Box::new(move |durable| {
            let outcome = durable.map_err(Clone::clone).and(outcome);
            drop(answer.send(outcome));
        })
    }

    fn relay_all(
        &self,
        turn: &mut Turn,
        from: PartyId,
        items: Vec<RelayItem>,
        growth: Option<&super::Growth>,
        received: &[SignedReceipt],
    ) -> Result<RelayAnswer, Denial> {
        self.gateway.trust.snapshot().require_open(from)?;
        if turn.accused.contains_key(&from) {
            return Err(Denial::failed(Fault::ChannelNotOpen, "the channel is frozen"));
        }
        turn.unreadable.get(&from).cloned().map_or(Ok(()), Err)?;
        let grown = match growth {
            Some(growth) => self.grow(turn, from, growth)?,
            None => growth::Grown::default(),
        };
        turn.leafed.extend(grown.entries);
        let mut halted = BTreeSet::new();
        let mut verdicts = Vec::with_capacity(items.len());
        for item in items {
            let id = item.claimed.entry;
            let verdict = self.relay_one(turn, from, item, &mut halted);
            verdicts.push((id, verdict));
        }
        let mut later = Vec::new();
        for signed in received {
            if !self.take_receipt(turn, from, signed)? {
                later.push(signed.receipt.entry);
            }
        }
        let leaves_held = self.leaves_held(turn, from);
        Ok(RelayAnswer { verdicts, later, cosignature: grown.cosignature, withheld: grown.withheld, leaves_held })
    }

    /// The verdict on one entry of another gateway: a final receipt, or a fault that passes.
    fn relay_one(
        &self,
        turn: &mut Turn,
        from: PartyId,
        item: RelayItem,
        halted: &mut BTreeSet<CaseId>,
    ) -> Result<Told, Denial> {
        let claimed = item.claimed;
        let said: Vec<Stated> = item.said.iter().flatten().cloned().map(Stated::from).collect();
        if let Some(told) = told_before(turn, from, &claimed) {
            for failure in said.iter().filter(|one| one.receipt().kind == ReceiptKind::RelayFailure) {
                if !turn.kept.contains(&(claimed.entry, ReceiptKind::RelayFailure)) {
                    self.keep_receipt(turn, claimed.home, from, failure)?;
                }
            }
            for one in [Some(&told.verdict), told.delivery.as_ref()].into_iter().flatten() {
                self.tell_again(turn, claimed.home, one)?;
            }
            return Ok(told);
        }
        if halted.contains(&claimed.case) {
            return Err(Denial::failed(Fault::PeerUnreachable, "an earlier entry of the case comes first"));
        }
        if let Some(since) = turn.is_overdue(from) {
            let log = growth::origin(from, self.gateway.own())?;
            return Err(Denial::failed(Fault::PeerUnreachable, growth::overdue(since, log)));
        }
        turn.said.insert(claimed.entry, said);
        // What a reader of a case file would find as we did: it may be kept there, also where we refuse it.
        let shown = match (&item.said, &item.entry) {
            (Err(unsaid), _) => Err(unsaid.clone()),
            (Ok(said), Ok(entry)) => require_leaf(turn, entry, from, said)
                .and_then(|()| self.require_moments(turn, entry, said))
                .and_then(|()| self.cases.require_sound(claimed.case))
                .map(|()| entry),
            (Ok(_), Err(denial)) => Err(denial.clone()),
        };
        let decided = match &shown {
            Ok(entry) => self.admit(turn, entry, Origin::PeerGateway(from), &item.trace),
            Err(denial) => Err(denial.clone()),
        };
        match decided {
            Ok(Decided::Receipt(verdict)) => {
                let delivery = turn.seen.get(&claimed.entry).and_then(|seen| seen.delivery.clone());
                Ok(Told { verdict, delivery })
            }
            Ok(Decided::Later) => {
                halted.insert(claimed.case);
                Err(Denial::failed(Fault::PeerUnreachable, "an earlier entry of the case comes first"))
            }
            Err(denial) if passes(&denial) => {
                halted.insert(claimed.case);
                Err(denial)
            }
            Err(denial) => {
                if let Err(full) = turn.rejections.count(from, turn.now) {
                    halted.insert(claimed.case);
                    return Err(full);
                }
                if let Ok(entry) = &shown {
                    self.keep_rejected(turn, entry);
                }
                let verdict = self.reject(turn, &claimed, from, item.entry.as_deref().ok(), &denial)?;
                Ok(Told { verdict, delivery: None })
            }
        }
    }

    /// Keeps an entry that is refused: with what its gateway stated of it, it shows in our case files what was tried, also to whoever is told
    /// that it never was.
    fn keep_rejected(&self, turn: &mut Turn, entry: &Entry) {
        let header = &entry.header;
        let wire = proto::convert::entry_to_bytes(entry);
        let of_this_pair = self
            .case(turn, header.case)
            .is_some_and(|hot| (hot.file.home, hot.file.peer) == (header.home, header.peer));
        if of_this_pair && wire.len() <= REJECTED_BYTES_MAX {
            turn.batch.rejected.push(RejectedRow {
                envelope: entry.envelope_digest().into(),
                entry_id: header.entry.into(),
                case_id: header.case.into(),
                wire: wire.into(),
                at: turn.now.0,
            });
        }
    }

    /// A final no, which is kept so that it stays the same.
    fn reject(
        &self,
        turn: &mut Turn,
        claimed: &Claimed,
        from: PartyId,
        entry: Option<&Entry>,
        denial: &Denial,
    ) -> Result<Stated, Denial> {
        self.note_refusal(turn, claimed, from, entry, denial, Refuser::PeerGateway);
        self.keep_said(turn, claimed, from)?;
        let refusal = Some(receipts::refusal_for_peer(denial, self.gateway.own()));
        let kind = ReceiptKind::RelayRejection;
        let stated = turn.sheaf.state(from, Receipt { refusal, ..self.receipt(turn, kind, claimed) });
        self.keep_receipt(turn, claimed.home, from, &stated)?;
        turn.rejected.insert(claimed.envelope, stated.clone());
        Ok(stated)
    }

    /// Asks the core, and writes down what follows.
    pub(super) fn admit(
        &self,
        turn: &mut Turn,
        entry: &Verified<Entry>,
        origin: Origin<'_>,
        trace: &str,
    ) -> Result<Decided, Denial> {
        let started = tokio::time::Instant::now();
        let span = telemetry::span!("admit", step = entry.header.step);
        telemetry::follow(&span, trace);
        let _inside = span.enter();
        let header = &entry.header;
        let hot = self.case(turn, header.case).cloned();
        // Of our own day: who sends could choose any other, and with it a law that is over.
        let date = turn.now.date().ok_or_else(|| Denial::failed(Fault::Internal, "the clock tells no year we know"))?;
        let seen = turn.seen.contains_key(&header.entry);
        let rule = self.gateway.rules.for_entry(header, date, seen, &self.gateway.trust.snapshot(), turn.now)?;
        let held = self.hold_against_group(hot.as_ref(), entry, origin, turn);
        let used = turn.counters.with(&self.gateway, header, turn.now);
        let cx = Context {
            training: self.gateway.trains(),
            own: self.gateway.own(),
            now: turn.now,
            origin,
            seen: turn.seen.get(&header.entry).map(|seen| SeenEntry { envelope: seen.envelope }),
            rule: &rule,
            used: &used,
            sender_kind: self.kind_of(&header.sender)?,
            recipient_kind: self.kind_of(&header.recipient)?,
            earlier: header.declared.follows.and_then(|one| Some(self.case(turn, one.case)?.file.earlier())),
            attached: turn.files.facts(&self.gateway, header),
            roster: match &held {
                Ok(held) => Ok(held.facts()),
                Err(denial) => Err(denial.clone()),
            },
        };
        let plan = relay::admit(hot.as_ref().map(|hot| &hot.file), entry, &cx)?;
        self.gateway.metrics.admit_took(started.elapsed());
        match plan {
            Plan::Repeat => match turn.seen.get(&header.entry) {
                Some(seen) => Ok(Decided::Receipt(seen.answer.clone())),
                None => Err(Denial::failed(Fault::Internal, "an entry is repeated that was never seen")),
            },
            Plan::Later { .. } => Ok(Decided::Later),
            Plan::Execute(admission) => {
                let approved = held.ok().and_then(Held::into_approved);
                self.require_epoch(turn, entry, approved.as_ref())?;
                self.execute(turn, entry, hot, *admission, approved, &telemetry::traceparent(&span))
                    .map(Decided::Receipt)
            }
        }
    }

    /// Whether an own desk's entry to `peer` can be decided at all.
    pub(super) fn ready_for(&self, turn: &Turn, peer: PartyId, case: CaseId) -> Result<(), Denial> {
        self.gateway.trust.snapshot().require_open(peer)?;
        turn.unreadable.get(&peer).cloned().map_or(Ok(()), Err)?;
        self.cases.require_sound(case)
    }

    fn kind_of(&self, authority: &model::AuthorityId) -> Result<AuthorityKind, Denial> {
        let snapshot = self.gateway.trust.snapshot();
        snapshot.store.authority(authority).map(|known| known.kind).ok_or_else(|| {
            model::Refusal::new(
                model::RefusalCode::R93,
                "directory",
                format!("{authority} is not accredited in the directory of {}", authority.party()),
                "Address an authority of the party's directory.",
            )
            .into()
        })
    }

    /// Holds the payload against the case's group as it stands for this origin.
    fn hold_against_group(
        &self,
        hot: Option<&Hot>,
        entry: &Entry,
        origin: Origin<'_>,
        turn: &Turn,
    ) -> Result<Held, Denial> {
        let follower = hot.and_then(|hot| match (&hot.next, origin) {
            (Some((_, next)), Origin::OwnDesk(_)) => Some(next),
            _ => hot.follower.as_ref(),
        });
        let snapshot = self.gateway.trust.snapshot();
        match (&entry.payload, follower) {
            (Payload::Handshake(handshake), Some(follower)) if entry.header.step == Step::AskRejoin => {
                let admitted = roster::check_key_package(&handshake.key_package, &snapshot.store, turn.now)?;
                let (by, package) = (admitted.authority, admitted.reference);
                Ok(Held::Asked { by, members: follower.members(), package })
            }
            (Payload::Handshake(_), Some(_))
                if matches!(origin, Origin::OwnDesk(_)) && hot.is_some_and(|hot| hot.next.is_some()) =>
            {
                Err(Denial::failed(Fault::StaleEpoch, "another change of the group is on its way"))
            }
            (Payload::Handshake(handshake), Some(follower)) => {
                Ok(Held::Handshake(Box::new(follower.check(handshake, &snapshot.store, turn.now)?)))
            }
            (Payload::Handshake(handshake), None) => {
                let header = &entry.header;
                let binding = CaseBinding::new(header.case, header.pin, header.home, header.peer);
                Ok(Held::Handshake(Box::new(Follower::open_with(handshake, &binding, &snapshot.store, turn.now)?)))
            }
            (Payload::Sealed(sealed), Some(follower)) => {
                follower.check_sealed(sealed, entry.header_digest(), Grace::PreviousEpoch)?;
                let bound_to = Frame::read(sealed)?.authenticated_data.to_vec();
                Ok(Held::Sealed { members: follower.members(), bound_to })
            }
            (Payload::Sealed(_), None) => Err(Denial::failed(Fault::Unknown, "the case has no group yet")),
        }
    }

    fn execute(
        &self,
        turn: &mut Turn,
        entry: &Verified<Entry>,
        hot: Option<Hot>,
        admission: Admission,
        approved: Option<Approved>,
        trace: &str,
    ) -> Result<Stated, Denial> {
        let claimed = Claimed::of(entry);
        let header = &entry.header;
        let peer = header.counterpart(self.gateway.own());
        let epoch = approved.as_ref().map(|approved| approved.epoch.clone());
        self.keep_said(turn, &claimed, peer)?;
        let statement = Statement::of_entry(claimed.entry, claimed.header, claimed.envelope, turn.now);
        let leaf = if admission.leaf { Some(self.leaf(turn, peer, &statement)?) } else { None };
        let receipt = Receipt { leaf, epoch, ..self.receipt(turn, admission.receipt, &claimed) };
        let stated = turn.sheaf.state(peer, receipt);
        // The leaf of the entry, which it names, stands for it.
        turn.sheaf.keep(&stated, leaf);
        self.await_leaf(turn, header.home, &stated)?;
        turn.sheaf.keep_entry(entry_row(turn, entry, &admission)?, &stated);
        if let Some(channel) = admission.relay_to {
            turn.batch.outbox.push(NewOutbox {
                channel: channel.into(),
                kind: ENTRY,
                entry_id: claimed.entry.into(),
                expires: header.expires.0,
                attempts: 0,
                next_attempt: 0,
                trace: trace.to_owned(),
            });
            turn.ring.insert(channel);
        }
        for desk in &admission.deliver_to {
            turn.lay_ready(desk, ARRIVAL, claimed.entry, &stated, trace);
        }
        let delivery = match admission.delivered {
            true => Some(self.state_delivery(turn, header, &claimed)?),
            false => None,
        };
        quota::count(&self.gateway, turn, header)?;
        turn.files.admitted(&mut turn.batch, self.gateway.own(), header, turn.now.0)?;
        if admission.verdict == Verdict::Admitted {
            turn.look_at_files(header.step, header.case);
        }
        let seen = Seen {
            envelope: claimed.envelope,
            sender: header.sender.clone(),
            recipient: header.recipient.clone(),
            home: header.home,
            expires: header.expires,
            answer: stated.clone(),
            delivery,
        };
        turn.seen.insert(claimed.entry, seen);
        self.put_case(turn, hot, admission, approved, claimed.entry)?;
        self.gateway.metrics.admitted(peer, header.step);
        telemetry::say!(Info, "entry admitted", party = peer, step = header.step, entry = header.entry);
        Ok(stated)
    }

    /// States that an entry of the other side lies ready for the desk to which it is addressed.
    fn state_delivery(&self, turn: &mut Turn, header: &model::Header, claimed: &Claimed) -> Result<Stated, Denial> {
        let peer = header.counterpart(self.gateway.own());
        let stated = turn.sheaf.state(peer, self.receipt(turn, ReceiptKind::Delivery, claimed));
        self.keep_receipt(turn, header.home, peer, &stated)?;
        Ok(stated)
    }

    fn put_case(
        &self,
        turn: &mut Turn,
        hot: Option<Hot>,
        admission: Admission,
        approved: Option<Approved>,
        entry: EntryId,
    ) -> Result<(), Denial> {
        let mut next = match hot {
            Some(hot) => Hot { file: admission.file, ..hot },
            None => Hot { file: admission.file, version: None, follower: None, next: None },
        };
        if let Some(approved) = approved {
            let follower = Arc::new(approved.next);
            match admission.verdict {
                Verdict::Pending => next.next = Some((entry, follower)),
                _ => next.follower = Some(follower),
            }
        }
        turn.put_case(next)
    }

    /// Appends to the log that we write for `peer`.
    pub(super) fn leaf(&self, turn: &mut Turn, peer: PartyId, statement: &Statement) -> Result<u64, Denial> {
        let origin = growth::origin(self.gateway.own(), peer)?.to_string();
        let empty = Log::default();
        turn.append_leaf(&origin, peer, self.logs.get(&peer).unwrap_or(&empty), statement)
    }

    /// A case as this turn sees it.
    pub(super) fn case<'a>(&'a self, turn: &'a Turn, id: CaseId) -> Option<&'a Hot> {
        turn.cases.get(&id).or_else(|| self.cases.find(id))
    }

    pub(super) fn note_refusal(
        &self,
        turn: &mut Turn,
        claimed: &Claimed,
        peer: PartyId,
        entry: Option<&Entry>,
        denial: &Denial,
        by: Refuser,
    ) {
        let step = entry.map(|entry| entry.header.step);
        turn.batch.refusals.push(NewRefusal {
            at: turn.now.0,
            channel: peer.to_string(),
            code: denial.reason().to_owned(),
            entry_id: Some(claimed.entry.into()),
            step: step.map(Into::into),
            by: by.into(),
        });
        match denial {
            Denial::Refused(refusal) => {
                self.gateway.metrics.refused(peer, refusal.code);
                telemetry::say!(Warn, "entry refused", party = peer, code = refusal.code, entry = claimed.entry);
            }
            Denial::Failed { fault, .. } => {
                telemetry::say!(Warn, "entry not taken", party = peer, fault = *fault, entry = claimed.entry);
            }
        }
    }
}

/// The row of an entry; its receipt comes into it when the turn is signed.
fn entry_row(turn: &Turn, entry: &Entry, admission: &Admission) -> Result<EntryRow, Denial> {
    let header = &entry.header;
    Ok(EntryRow {
        id: header.entry.into(),
        case_id: header.case.into(),
        seq: admission.seq.map(super::turn::number).transpose()?,
        verdict: admission.verdict.into(),
        step: header.step.into(),
        sender: header.sender.clone().into(),
        wire: proto::convert::entry_to_bytes(entry).into(),
        envelope: entry.envelope_digest().into(),
        receipt: Blob::default(),
        created: header.created.0,
        expires: header.expires.0,
        admitted_at: turn.now.0,
    })
}

/// The word that another gateway had on an entry before.
fn told_before(turn: &Turn, from: PartyId, claimed: &Claimed) -> Option<Told> {
    let rejected = turn.rejected.get(&claimed.envelope);
    if let Some(verdict) = rejected.filter(|one| one.receipt().kind == ReceiptKind::RelayRejection) {
        return Some(Told { verdict: verdict.clone(), delivery: None });
    }
    // What was admitted stays admitted, whatever became of keys and directories since.
    let seen = turn.seen.get(&claimed.entry);
    let seen = seen.filter(|seen| seen.envelope == claimed.envelope && seen.sender.party() == from)?;
    Some(Told { verdict: seen.answer.clone(), delivery: seen.delivery.clone() })
}

/// Whether asking again unchanged may help: then nothing is decided.
fn passes(denial: &Denial) -> bool {
    matches!(
        denial,
        Denial::Failed {
            fault: Fault::Storage | Fault::Internal | Fault::ChannelNotOpen | Fault::PeerUnreachable | Fault::Unknown,
            ..
        }
    )
}
