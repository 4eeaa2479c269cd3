//! The shell of a gateway around `relay`, with a map for a store.

use std::collections::{BTreeMap, BTreeSet};

use identity::{Received, Verified};
use model::{
    AuthorityKind, CaseId, Denial, Digest, Entry, EntryId, EnvelopeDigest, Fault, HeaderDigest, PartyId, Step,
    Timestamp,
};
use relay::{Answer, CaseFile, Context, Origin, Plan, RosterFacts, SeenEntry, admit, conclude};
use treaty::{QuotaNeeded, Used};

use super::{
    entry::Made,
    keys::{Cast, State},
    op::Fate,
};

/// What a gateway answered, and will answer again: when it took the entry, or why not.
type Verdict = Result<Timestamp, Denial>;

/// An entry that is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) entry: EntryId,
    /// When the gateway of the party that did not send it took it.
    pub(super) taken: Timestamp,
}

/// A gateway with its store.
pub(super) struct Gateway {
    /// 0 for the requesting party, 1 for the requested.
    pub(super) place: usize,
    pub(super) own: PartyId,
    pub(super) files: BTreeMap<CaseId, CaseFile>,
    seen: BTreeMap<EntryId, (EnvelopeDigest, Verdict)>,
    pub(super) entries: BTreeMap<EntryId, Made>,
    pub(super) settled: BTreeMap<CaseId, Vec<Settled>>,
    /// Entries of its own desks that it acknowledged.
    pub(super) acknowledged: BTreeSet<EntryId>,
    /// Those of them that are out.
    pub(super) out: BTreeSet<EntryId>,
    /// Requests that it admitted.
    asked: u32,
}

impl Gateway {
    pub(super) fn of(cast: &Cast, place: usize) -> Self {
        Self {
            place,
            own: cast.both[place].desk_id.party(),
            files: BTreeMap::new(),
            seen: BTreeMap::new(),
            entries: BTreeMap::new(),
            settled: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            out: BTreeSet::new(),
            asked: 0,
        }
    }

    fn ask(
        &self,
        cast: &Cast,
        made: &Made,
        verified: &Verified<Entry>,
        origin: Origin<'_>,
        now: Timestamp,
    ) -> Result<Plan, Denial> {
        let header = &made.entry.header;
        let digest = made.entry.header_digest();
        let file = self.files.get(&header.case);
        let basis = file.map(|file| file.basis(origin));
        let before = basis.as_ref().map_or(&[][..], |basis| &basis.members);
        let added: Vec<_> = made.members.iter().filter(|desk| !before.contains(desk)).cloned().collect();
        let roster = match header.step {
            Step::AskRejoin => RosterFacts::Asked {
                by: &header.sender,
                members: before,
                package: Digest::of(&[header.entry.as_bytes()]),
            },
            step if step.is_handshake() => RosterFacts::Handshake {
                committer: &header.sender,
                members: &made.members,
                added: &added,
                removed: &[],
                epoch: basis.as_ref().map_or(0, |basis| basis.epoch) + 1,
                packages: &[],
            },
            _ => RosterFacts::Sealed { members: before, bound_to: digest.as_bytes() },
        };
        let counted =
            |quota: QuotaNeeded| Used { counted: quota.counted, per: quota.per, requests: self.asked + 1, subjects: 0 };
        let used: Vec<Used> = cast.rule.quotas(header.peer, &header.measures).into_iter().map(counted).collect();
        let cx = Context {
            own: self.own,
            training: false,
            now,
            origin,
            seen: self.seen.get(&header.entry).map(|(envelope, _)| SeenEntry { envelope: *envelope }),
            rule: &cast.rule,
            used: &used,
            sender_kind: AuthorityKind::Central,
            recipient_kind: AuthorityKind::Central,
            earlier: None,
            attached: relay::AttachedFacts::default(),
            roster: Ok(roster),
        };
        admit(file, verified, &cx)
    }

    /// A desk of its own submits. Whether the entry was admitted anew.
    pub(super) fn submit(&mut self, cast: &Cast, made: &Made, now: Timestamp) -> Result<bool, Denial> {
        let state: &State = &cast.both[self.place];
        let verified = state.trust.verify_entry(Received::new(made.entry.clone()), now)?;
        let sender = made.entry.header.sender.clone();
        match self.ask(cast, made, &verified, Origin::OwnDesk(&sender), now)? {
            Plan::Execute(admission) => {
                self.keep(made, Ok(now));
                self.acknowledged.insert(made.entry.header.entry);
                self.files.insert(made.entry.header.case, admission.file);
                Ok(true)
            }
            Plan::Repeat => Ok(false),
            Plan::Later { .. } => Err(Denial::failed(Fault::Internal, "a desk never waits")),
        }
    }

    /// The other gateway relays. `None`: ask again.
    pub(super) fn receive(&mut self, cast: &Cast, made: &Made, from: PartyId, now: Timestamp) -> Option<Verdict> {
        let state: &State = &cast.both[self.place];
        let verified = state.trust.verify_entry(Received::new(made.entry.clone()), now);
        let plan = verified.and_then(|verified| self.ask(cast, made, &verified, Origin::PeerGateway(from), now));
        let id = made.entry.header.entry;
        match plan {
            Ok(Plan::Repeat) => self.seen.get(&id).map(|(_, verdict)| verdict.clone()),
            Ok(Plan::Later { .. }) => None,
            Ok(Plan::Execute(admission)) => {
                self.keep(made, Ok(now));
                self.settle(made.entry.header.case, id, now);
                self.files.insert(made.entry.header.case, admission.file);
                Some(Ok(now))
            }
            Err(denial) => {
                self.keep(made, Err(denial.clone()));
                Some(Err(denial))
            }
        }
    }

    fn keep(&mut self, made: &Made, verdict: Verdict) {
        let id = made.entry.header.entry;
        if !self.seen.contains_key(&id) {
            self.asked += u32::from(verdict.is_ok() && made.entry.header.step == Step::SealSend);
            self.seen.insert(id, (made.entry.envelope_digest(), verdict));
            self.entries.insert(id, made.clone());
        }
    }

    fn settle(&mut self, case: CaseId, entry: EntryId, taken: Timestamp) {
        self.settled.entry(case).or_default().push(Settled { entry, taken });
    }

    /// Takes the other gateway's answer.
    pub(super) fn conclude(
        &mut self,
        case: CaseId,
        entry: EntryId,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let Some(file) = self.files.get(&case) else { return Ok(()) };
        let Some(conclusion) = conclude(file, entry, answer, now)? else { return Ok(()) };
        if let (Some(_), Answer::Accepted(taken)) = (conclusion.seq, answer) {
            self.settle(case, entry, *taken);
        } else if !conclusion.keep_asking {
            self.out.insert(entry);
            self.out.extend(&conclusion.fallen);
        }
        self.files.insert(case, conclusion.file);
        Ok(())
    }

    /// What waits for the other gateway, case by case, each in its order.
    pub(super) fn pending(&self) -> Vec<(CaseId, EntryId)> {
        let of =
            |(case, file): (&CaseId, &CaseFile)| file.pending.iter().map(|one| (*case, one.entry)).collect::<Vec<_>>();
        self.files.iter().flat_map(of).collect()
    }

    /// The newest header that its own desks know.
    pub(super) fn head(&self, cast: &Cast, case: CaseId) -> HeaderDigest {
        let desk = &cast.both[self.place].desk_id;
        self.files.get(&case).map_or(HeaderDigest::GENESIS, |file| file.basis(Origin::OwnDesk(desk)).head)
    }

    /// Dies and starts again: what it knows is what it stored.
    pub(super) fn crash(&mut self) -> Result<(), String> {
        for file in self.files.values_mut() {
            let stored = serde_json::to_string(file).map_err(|error| error.to_string())?;
            let back: CaseFile = serde_json::from_str(&stored).map_err(|error| error.to_string())?;
            if back != *file {
                return Err("a case file is another one after it was stored".to_owned());
            }
            *file = back;
        }
        Ok(())
    }
}

/// Relays all that is pending in one call.
pub(super) fn relay(
    cast: &Cast,
    from: &mut Gateway,
    to: &mut Gateway,
    fate: Fate,
    now: Timestamp,
) -> Result<(), String> {
    if fate == Fate::RequestLost {
        return Ok(());
    }
    let mut answers = Vec::new();
    let mut stopped = BTreeSet::new();
    for (case, id) in from.pending() {
        let Some(made) = from.entries.get(&id).filter(|_| !stopped.contains(&case)) else { continue };
        match to.receive(cast, made, from.own, now) {
            Some(verdict) => answers.push((case, id, verdict)),
            None => drop(stopped.insert(case)),
        }
    }
    if fate == Fate::AnswerLost {
        return Ok(());
    }
    for (case, id, verdict) in answers {
        let answer = verdict.map_or_else(Answer::Rejected, Answer::Accepted);
        from.conclude(case, id, &answer, now).map_err(|denial| format!("an answer is not taken: {denial}"))?;
    }
    Ok(())
}
