//! Answering without a human: takes what was delivered, may be answered automatically, and has a responder that stands; asks the register;
//! seals, or leaves it where it is, for officers. An attempt is written before anything is looked up and concluded in the transaction
//! that holds the answer, so that nothing is answered twice, whenever it is ended. What is sealed leaves by `clearing.rs`.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use desk::{
    Body, Document, Record, RequestBody, compare_release,
    responder::{Answer, Asked, Leave, answer, question},
};
use model::{BodyCommitment, CaseId, Denial, Digest, EntryId, Fault, Header, MeasureId, Payload, Step};
use serde_json::{Value, json};
use store::desk::{AttemptRow, DeskBatch};
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use treaty::{Decision, Query};
use workflow::{Side, State};

use super::{
    Office,
    dispatch::Outgoing,
    internal,
    prepare::{SEALED, describe_release},
    responders::day_begins,
    terms::hold_promises,
    unknown,
    view::{CaseView, state_number},
};
use crate::{
    clock, random,
    responder::{Loaded, Trouble},
};

/// How long to wait until what could not be answered is tried again, or a file is looked at anew.
const PAUSE: Duration = Duration::from_secs(5);
/// So often a register is asked in vain for one measure; then a human answers.
const TRIES_MAX: u32 = 3;
/// Cases read at once, and at most in one round; the next one goes on behind them.
const PAGE: u64 = 128;
const CASES_MAX: u64 = 8192;
/// The outcome of an attempt whose answer is sealed and was not sent yet, and of one whose answer was.
pub(super) const SEALED_ONLY: &str = "sealed";
pub(super) const ANSWERED: &str = "answered";

/// What the task remembers between two rounds. It may forget all of it.
#[derive(Default)]
struct Memory {
    /// The responders that stand, by name.
    standing: BTreeMap<String, Arc<Loaded>>,
    /// Cases in which nothing is to be done, as they were looked at.
    seen: BTreeMap<CaseId, i64>,
    /// The last case of the round before, where it did not come to the end.
    reached: Option<CaseId>,
    /// How often a register was asked in vain.
    tries: BTreeMap<(CaseId, MeasureId), u32>,
}

/// A measure that a responder takes up.
struct Task<'a> {
    loaded: &'a Loaded,
    request: &'a RequestBody,
    header: &'a Header,
    id: MeasureId,
    attempt: AttemptRow,
}

/// Why there is no answer.
pub(super) enum Unanswered {
    Left(Leave),
    Trouble(Trouble),
    Denied(Denial),
}

impl From<Denial> for Unanswered {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Leave> for Unanswered {
    fn from(leave: Leave) -> Self {
        Self::Left(leave)
    }
}

impl Office {
    /// Answers until `stop`.
    pub(crate) async fn run_responders(self: Arc<Self>, stop: CancellationToken) {
        let mut changes = self.changed.subscribe();
        let mut memory = Memory::default();
        loop {
            changes.mark_unchanged();
            if self.answer_all(&mut memory).await.is_err() {
                say!(Warn, "what may be answered automatically could not be looked at", authority = self.own);
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(PAUSE) => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// One round over what was delivered, by id: what moves meanwhile moves no other out of its place.
    async fn answer_all(&self, memory: &mut Memory) -> Result<(), Denial> {
        self.refresh(memory).await?;
        if memory.standing.is_empty() || !self.uplink.health().reachable {
            return Ok(());
        }
        let delivered = [state_number(State::Delivered)];
        let mut read = 0;
        while read < CASES_MAX {
            let rows = self.store.case_page(&delivered, memory.reached, PAGE).await?;
            for row in &rows {
                if memory.seen.get(&row.id.0) == Some(&row.version) {
                    continue;
                }
                // What cannot be read keeps no other from being answered.
                let Ok(view) = self.view_of(row) else { continue };
                if self.answer_case(memory, &view).await? {
                    memory.seen.insert(view.id, row.version);
                }
            }
            let count = u64::try_from(rows.len()).unwrap_or(PAGE);
            memory.reached = rows.last().map(|row| row.id.0).filter(|_| count == PAGE);
            if memory.reached.is_none() {
                break;
            }
            read += count;
        }
        Ok(())
    }

    /// Reads the files anew. One that has changed, or that nobody stands for, answers nothing from now on.
    async fn refresh(&self, memory: &mut Memory) -> Result<(), Denial> {
        let before: BTreeSet<_> = memory.standing.values().map(|one| one.digest).collect();
        let mut standing = BTreeMap::new();
        for name in self.responders.names() {
            let Ok(loaded) = self.responders.load(&name) else { continue };
            if self.is_authorised(&loaded, &self.standing(&name).await?)? {
                let kept = memory.standing.remove(&name).filter(|kept| kept.digest == loaded.digest);
                standing.insert(name, kept.unwrap_or_else(|| Arc::new(loaded)));
            }
        }
        memory.standing = standing;
        let now: BTreeSet<_> = memory.standing.values().map(|one| one.digest).collect();
        if now != before {
            memory.seen.clear();
        }
        if memory.seen.len() > 100_000 {
            memory.seen.clear();
        }
        Ok(())
    }

    /// Answers what of a case can be answered. Whether nothing is left to do as the case stands.
    async fn answer_case(&self, memory: &mut Memory, view: &CaseView) -> Result<bool, Denial> {
        let (Some(case), Some(entry)) = (&view.admitted, view.request) else { return Ok(true) };
        let contradicts = view.findings.contains_key(&entry);
        if view.side() != Side::Peer || contradicts || view.trouble.is_some() {
            return Ok(true);
        }
        if view.pending.is_some() {
            return Ok(false);
        }
        let automatic = case.measures.iter().filter(|(_, measure)| {
            measure.state == State::Delivered && measure.terms.as_ref().is_some_and(|terms| terms.automatic)
        });
        for (id, _) in automatic {
            if !self.answer_measure(memory, view, entry, *id).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether nothing is left to do for the measure.
    async fn answer_measure(
        &self,
        memory: &mut Memory,
        view: &CaseView,
        entry: EntryId,
        id: MeasureId,
    ) -> Result<bool, Denial> {
        let known = self.store.attempt(view.id, id.0.into()).await?;
        if known.as_ref().is_some_and(|attempt| !attempt.outcome.is_empty()) {
            return Ok(true);
        }
        let request = self.request(view).await?;
        let Some(measure) = request.measures.iter().find(|measure| measure.id == id) else { return Ok(true) };
        let standing = memory.standing.values().find(|loaded| {
            loaded.articles.contains(&measure.article)
                && measure.records.iter().any(|one| one.as_str() == loaded.policy.gives.as_str())
        });
        let Some(loaded) = standing.cloned() else { return Ok(true) };
        let row = self.store.entry(entry).await?.ok_or_else(|| unknown("the request of the case is not here"))?;
        let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
        // Of several desks of a party the one that is addressed answers.
        if header.recipient != self.own {
            return Ok(true);
        }
        let now = clock::now();
        let attempt = AttemptRow {
            case_id: view.id.into(),
            measure: id.0.into(),
            looked_up: known.as_ref().and_then(|attempt| attempt.looked_up),
            entry_id: known.map_or_else(|| random::entry_id(now), |attempt| Ok(attempt.entry_id.0))?.into(),
            responder: loaded.name.clone(),
            counterpart: view.other.clone().into(),
            at: now.0,
            outcome: String::new(),
        };
        let mut task = Task { loaded: &loaded, request: &request, header: &header, id, attempt };
        match self.attempt(&mut task).await {
            Ok(()) => Ok(false),
            Err(Unanswered::Left(leave)) => self.leave(&task, &leave.to_string()).await.map(|()| true),
            Err(Unanswered::Trouble(trouble)) => {
                let tries = memory.tries.entry((view.id, id)).or_default();
                *tries += 1;
                let over = *tries >= TRIES_MAX;
                self.note_trouble(&task, &trouble.to_string(), over).await.map(|()| over)
            }
            // Somebody was faster, or the case has moved.
            Err(Unanswered::Denied(Denial::Failed { fault: Fault::StaleCase | Fault::Storage, .. })) => Ok(false),
            Err(Unanswered::Denied(denial)) => self.note_trouble(&task, denial.reason(), true).await.map(|()| true),
        }
    }

    /// Asks the register, and seals what it says.
    async fn attempt(&self, task: &mut Task<'_>) -> Result<(), Unanswered> {
        let measure = task.request.measures.iter().find(|measure| measure.id == task.id);
        let measure = measure.ok_or(Leave::NotAllowedNow)?;
        let policy = &task.loaded.policy;
        let decision = self.decision_now(task.header)?;
        let at =
            |decision, now| Asked { header: task.header, body: task.request, measure, decision, own: &self.own, now };
        let wanted = question(at(&decision, clock::now()), policy)?;
        self.within_quota(task.loaded, &task.attempt).await?;
        // Before anything is looked up: it counts whatever comes of it, and who goes on after a crash uses the same entry.
        task.attempt.looked_up.get_or_insert(clock::now().0);
        self.store
            .commit(&DeskBatch { attempts: vec![task.attempt.clone()], ..DeskBatch::default() })
            .await
            .map_err(Denial::from)?;
        let found = task.loaded.adapter.ask(&wanted, policy).await.map_err(Unanswered::Trouble)?;
        let mut members = self.members.lock().await;
        // From here on nothing of the case moves; what has moved meanwhile is found here, the age of a consent with it.
        let standing = self.standing(&task.loaded.name).await?;
        let unchanged = self.responders.load(&task.loaded.name).is_ok_and(|now| now.digest == task.loaded.digest);
        if !unchanged || !self.is_authorised(task.loaded, &standing)? {
            return Err(stale().into());
        }
        let decision = self.decision_now(task.header)?;
        let now = clock::now();
        let (content, subject_ref, binding) =
            match answer(at(&decision, now), policy, &wanted, &found.rows, found.truncated) {
                Answer::Record { content, subject_ref, binding } => (content, subject_ref, binding),
                Answer::Human(leave) => return Err(leave.into()),
            };
        let (mut view, version) = self.view(task.header.case).await?.ok_or_else(stale)?;
        let measure_now = view.admitted.as_ref().and_then(|case| case.measures.get(&task.id));
        let still = measure_now.is_some_and(|measure| measure.state == State::Delivered);
        if !still || view.pending.is_some() || view.trouble.is_some() {
            return Err(stale().into());
        }
        let record = self.automatic_record(task, &content, &subject_ref, binding, now.to_string())?;
        let mut header = Header { entry: task.attempt.entry_id.0, ..self.next_header(&view, Step::Answer, now)? };
        let (record_type, bytes) = (policy.gives.as_str().parse().map_err(internal)?, record);
        let document = Document { record_type, bytes };
        let records =
            [Record::from_document(self.accept(&document.record_type, &document.bytes)?).map_err(Denial::from)?];
        describe_release(&mut header, &records);
        compare_release(&header, task.request, &records).map_err(Denial::from)?;
        hold_promises(view.admitted.as_ref(), &records)?;
        let body = Body { step: Step::Answer, documents: vec![document] }.encode()?;
        let body = self.stand_for(random::salt()?, body);
        header.body = Some(BodyCommitment::of(&body.salt, &body.bytes));
        let mut member = members.take(self, view.id).await?;
        let (header_bytes, payload): (Bytes, Payload) = self.seal_own(&mut member, &header, &body)?;
        let mut batch = DeskBatch { mls: self.mls_changes(view.id, &mut member)?, ..DeskBatch::default() };
        batch.proposals.push(self.proposal(&header, &header_bytes, &body, SEALED, now)?);
        batch.attempts.push(AttemptRow { outcome: SEALED_ONLY.to_owned(), at: now.0, ..task.attempt.clone() });
        let outgoing = Outgoing { header: &header, header_bytes, payload, officers: Vec::new() };
        self.dispatch(&mut batch, &mut view, outgoing, now)?;
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        members.keep(view.id, member);
        Ok(())
    }

    /// What the own rule, national layer included, says of the request at this moment.
    pub(super) fn decision_now(&self, header: &Header) -> Result<Decision, Unanswered> {
        let now = clock::now();
        let rule = match self.rule_with(header.home, now) {
            Ok(rule) => rule,
            Err(Denial::Refused(_)) => return Err(Leave::NotAllowedNow.into()),
            Err(denial) => return Err(denial.into()),
        };
        let (sender, recipient) = (self.kind_of(&header.sender), self.kind_of(&header.recipient));
        Ok(rule.decide(&Query { at: now, ..Query::of(header, sender, recipient) }))
    }

    /// A quota counts whom a register was asked about, and not what it answered: else somebody could ask for name after name until one is
    /// there. Who asks in vain for the same one again asks for nobody new.
    pub(super) async fn within_quota(&self, loaded: &Loaded, attempt: &AttemptRow) -> Result<(), Unanswered> {
        let (name, since) = (loaded.name.as_str(), day_begins(clock::now()));
        if attempt.looked_up.is_some_and(|at| at >= since) {
            return Ok(());
        }
        let counted = |who| self.store.looked_up_since(name, who, since);
        let all = counted(None).await.map_err(Denial::from)?;
        let theirs = counted(Some(&attempt.counterpart.0)).await.map_err(Denial::from)?;
        let quota = loaded.quota;
        if all >= u64::from(quota.per_day) || theirs >= u64::from(quota.per_counterpart) {
            return Err(Leave::Quota.into());
        }
        Ok(())
    }

    fn automatic_record(
        &self,
        task: &Task<'_>,
        content: &Value,
        subject_ref: &str,
        binding: Digest,
        now: String,
    ) -> Result<Vec<u8>, Denial> {
        let hash = Digest::of(&[&desk::canonical(content)?]);
        let record = json!({
            "record_type": task.loaded.policy.gives.as_str(),
            "record_id": random::record_id()?,
            "case": task.request.case.to_string(),
            "measure": task.id,
            "subject_ref": subject_ref,
            "subject_binding": binding.to_string(),
            "source_system": task.loaded.policy.register,
            "collected_at": now,
            "collector": { "authority": self.own.to_string() },
            "hash": hash.to_string(),
            "classification": task.loaded.classification,
            "conditions": task.loaded.conditions,
            "legal_basis": task.loaded.legal_basis,
            "content": content,
        });
        serde_json::to_vec_pretty(&record).map_err(internal)
    }

    /// Leaves it to officers.
    async fn leave(&self, task: &Task<'_>, outcome: &str) -> Result<(), Denial> {
        say!(Info, "left to officers", authority = self.own);
        let attempt = AttemptRow { outcome: outcome.to_owned(), at: clock::now().0, ..task.attempt.clone() };
        self.commit(&DeskBatch { attempts: vec![attempt], ..DeskBatch::default() }).await
    }

    /// Notes a failure for officers, and leaves it to them when it is `over`.
    async fn note_trouble(&self, task: &Task<'_>, class: &str, over: bool) -> Result<(), Denial> {
        say!(Warn, "a responder failed", authority = self.own);
        let _members = self.members.lock().await;
        let mut standing = self.standing(&task.loaded.name).await?;
        class.clone_into(&mut standing.last_error);
        standing.last_error_at = clock::now().0;
        let mut batch = DeskBatch::default();
        Self::put_standing(&mut batch, &task.loaded.name, &standing)?;
        if over {
            let outcome = format!("failed:{class}");
            batch.attempts.push(AttemptRow { outcome, at: clock::now().0, ..task.attempt.clone() });
        }
        // Whoever waits for a change need not hear of it; else this task would wake itself at once.
        Ok(self.store.commit(&batch).await.map(|_| ())?)
    }
}

pub(super) fn stale() -> Denial {
    Denial::failed(Fault::StaleCase, "the case has moved while it was answered")
}
