//! Preparing a step: its body, its header, and whether the procedure would let it pass, before anybody signs.

use bytes::Bytes;
use desk::{Body, Document, Record, SealedBody, compare_release, declare_attached};
use identity::Domain;
use model::{
    BodyCommitment, BodySalt, CaseId, ConditionCode, Declared, Denial, Digest, EntryId, Fault, Header, HeaderDigest,
    KeyId, MeasureId, Refusal, RefusalCode, Role, Step, Timestamp, Validation,
};
use store::desk::{DeskBatch, ProposalRow};
use workflow::{Command, State, decide, moves_matter};

use super::{
    Office, Told,
    after::declare,
    contest::{UNSIGNED_MAX, is_fresh, waits},
    documents::Said,
    event,
    forms::reason,
    internal,
    matters::Beside,
    once,
    reading::to_be_corrected,
    signers::{signers, standing},
    terms::hold_promises,
    unknown,
    validate::request_of,
    view::CaseView,
};
use crate::{clock, random, safe::Place, summary};

/// How long an entry may be on its way: 7 days.
pub(super) const ENTRY_LIFETIME_MS: i64 = 7 * 24 * 3600 * 1000;

/// After this a proposal is dropped: the own gateway takes an entry for 24 hours only, and it must still get there.
const PROPOSAL_AGE_MS_MAX: i64 = model::limits::SUBMISSION_AGE_MS_MAX - 4 * 3600 * 1000;

/// What a proposal waits for. The numbers are in the database.
pub(super) const WAITING: i16 = 0;
/// It is sealed and on its way.
pub(super) const SEALED: i16 = 1;
/// It must be sealed again, in a newer epoch.
pub(super) const RESEAL: i16 = 2;
/// It withdraws a request that is on its way, and is sealed when that has arrived.
pub(super) const BEHIND: i16 = 3;

/// What an officer asks to be prepared.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) case: CaseId,
    pub(crate) step: Step,
    pub(crate) concerns: Vec<MeasureId>,
    pub(crate) ground: Option<RefusalCode>,
    pub(crate) conditions: Vec<ConditionCode>,
    pub(crate) text: String,
    pub(crate) documents: Vec<Document>,
    pub(crate) role: Option<Role>,
    /// Whether what waits for its second signature is dropped.
    pub(crate) replace: bool,
    /// When the other side was called back.
    pub(crate) callback: Option<Timestamp>,
    /// Of which matter, and what is declared of it.
    pub(crate) beside: Beside,
    /// The entry whose step is prepared again as it was.
    pub(crate) again: Option<EntryId>,
}

/// A header that waits for signatures.
pub(crate) struct Prepared {
    pub(crate) entry: EntryId,
    pub(crate) header: Bytes,
    pub(crate) case: CaseId,
    pub(crate) needed: usize,
    pub(crate) given: usize,
    pub(crate) roles: &'static [Role],
    pub(crate) summary: String,
    pub(crate) body: SealedBody,
}

impl Office {
    /// Makes the header of the next entry, or returns the one that waits for signatures.
    pub(crate) async fn prepare(&self, ask: Ask) -> Result<Prepared, Denial> {
        if ask.step.is_handshake() || ask.step == Step::Violation {
            return Err(Denial::failed(Fault::Malformed, format!("{} is the desk's own act", ask.step)));
        }
        if !ask.text.trim().is_empty() && is_wordless(ask.step) {
            return Err(Denial::failed(Fault::Malformed, format!("{} has no place for a text", ask.step)));
        }
        if matches!(ask.step, Step::SealSend | Step::ShareDraft) && self.draft(ask.case).await?.is_some() {
            self.ensure_group(ask.case, ask.step).await?;
        }
        self.settled(ask.case, ask.step).await?;
        let _members = self.members.lock().await;
        let (view, _) = self.view(ask.case).await?.ok_or_else(|| self.no_case(&ask))?;
        view.sound()?;
        let view = view.arrived().filter(|_| ask.step == Step::Withdraw).unwrap_or(view);
        if view.pending.is_some() {
            return Err(on_its_way());
        }
        let (needed, roles) = signers(ask.step, &view, &ask.concerns)?;
        if let Some(entry) = once::earlier_entry().filter(|id| id.as_bytes() != ask.case.as_bytes()) {
            return self.prepared_before(entry, needed, roles).await;
        }
        let mut batch = DeskBatch::default();
        let now = clock::now();
        if let Some((row, header, body)) = self.signed_before(&ask, &view, &mut batch, now).await? {
            let given = self.signatures(&row)?.len();
            let (needed, roles) = standing(&header, (needed, roles));
            return Ok(prepared(&header, row.header.0.into(), needed, given, roles, body));
        }
        let (header, body) = match ask.again {
            Some(entry) => self.header_again(&view, entry, now).await?,
            None if ask.step == Step::SealSend => self.request_header(&view, now).await?,
            None => self.step_header(&view, &ask, now).await?,
        };
        if let Some(case) = &view.admitted {
            desk::unwritten(&header, case, &Body::decode(&body.bytes)?)
                .map_err(Denial::from)
                .map_err(to_be_corrected)?;
        }
        let (needed, roles) = standing(&header, (needed, roles));
        self.dry_run(&view, &header, needed, ask.role.or(roles.first().copied()))?;
        let header_bytes = proto::encode_header(&header);
        batch.proposals.push(self.proposal(&header, &header_bytes, &body, WAITING, now)?);
        batch.events.push(event(ask.case, Told::Prepared, Some(header.entry), now));
        self.commit(&batch).await?;
        Ok(prepared(&header, header_bytes, needed, 0, roles, body))
    }

    /// The proposal that bears a signature and is what is asked for. What nobody has signed is never taken over: it is made anew,
    /// from what this officer says. What somebody has signed goes only on `replace`, when its time is over, or when the case has
    /// moved; it is taken over only where nothing that is asked for differs from it, in header, text or documents. What the
    /// officer leaves open does not differ: it is shown before it is signed.
    async fn signed_before(
        &self,
        ask: &Ask,
        view: &CaseView,
        batch: &mut DeskBatch,
        now: Timestamp,
    ) -> Result<Option<(ProposalRow, Header, SealedBody)>, Denial> {
        let mut others = 0;
        for row in self.store.proposals_of(ask.case).await?.into_iter().filter(|row| row.state == WAITING) {
            let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            let signed = !self.signatures(&row)?.is_empty();
            let old = too_old(&header, now);
            if !signed && header.previous == view.head && is_fresh(&header, now) && others < UNSIGNED_MAX {
                // Another officer may be about to sign it: whose is signed first is the case's next step.
                others += 1;
                continue;
            }
            if signed && !ask.replace && header.previous == view.head {
                if old && header.step == ask.step {
                    self.drop_proposal(row.id.0).await?;
                    return Err(prepared_long_ago());
                }
                if !old {
                    let body = SealedBody::decode(&self.proposed_body(&row)?)?;
                    let mut inside = Body::decode(&body.bytes)?;
                    inside.take_carried()?;
                    return match differing(ask, &header, &inside) {
                        None => Ok(Some((row, header, body))),
                        Some(what) => Err(waits(header.step, &what)),
                    };
                }
            }
            batch.proposals_done.push(row.id.0);
        }
        Ok(None)
    }

    /// What an earlier attempt of the same call prepared, as it waits for signatures now.
    async fn prepared_before(&self, entry: EntryId, needed: usize, roles: &'static [Role]) -> Result<Prepared, Denial> {
        let row = self.store.proposal(entry).await?.filter(|row| row.state == WAITING);
        let gone = "what this call prepared was signed by all, or dropped: look at the case";
        let row = row.ok_or_else(|| Denial::failed(Fault::StaleCase, gone))?;
        let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
        let (body, given) = (SealedBody::decode(&self.proposed_body(&row)?)?, self.signatures(&row)?.len());
        let (needed, roles) = standing(&header, (needed, roles));
        Ok(prepared(&header, row.header.0.into(), needed, given, roles, body))
    }

    /// The step of a case that waits for its second signature.
    pub(super) fn awaiting(
        &self,
        view: &CaseView,
        rows: &[ProposalRow],
        now: Timestamp,
    ) -> Result<Option<Step>, Denial> {
        for row in rows.iter().filter(|row| row.state == WAITING && row.case_id.0 == view.id) {
            let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            if header.previous == view.head && !too_old(&header, now) && !self.signatures(row)?.is_empty() {
                return Ok(Some(header.step));
            }
        }
        Ok(None)
    }

    pub(super) fn proposal(
        &self,
        header: &Header,
        header_bytes: &Bytes,
        body: &SealedBody,
        state: i16,
        now: Timestamp,
    ) -> Result<ProposalRow, Denial> {
        let plain = zeroize::Zeroizing::new(body.encode()?);
        Ok(ProposalRow {
            id: header.entry.into(),
            case_id: header.case.into(),
            header: header_bytes.to_vec().into(),
            body: self.safe.seal(Place::Proposal, header.entry.as_bytes(), &plain)?,
            signatures: b"[]".to_vec().into(),
            state,
            created: now.0,
        })
    }

    /// A header of the case's next entry, without what its step adds.
    pub(super) fn next_header(&self, view: &CaseView, step: Step, now: Timestamp) -> Result<Header, Denial> {
        Ok(Header {
            entry: random::entry_id(now)?,
            case: view.id,
            home: view.home,
            peer: view.peer,
            sender: self.own.clone(),
            recipient: view.other.clone(),
            pin: view.pin,
            step,
            measures: Vec::new(),
            concerns: Vec::new(),
            purpose: None,
            offence: None,
            validation: None,
            records: Vec::new(),
            ground: None,
            conditions: Vec::new(),
            body: None,
            previous: view.head,
            created: now,
            expires: now.plus_ms(ENTRY_LIFETIME_MS),
            declared: Declared::default(),
        })
    }

    /// A body with the desk's own signature, which outlives MLS.
    pub(super) fn stand_for(&self, salt: BodySalt, bytes: Vec<u8>) -> SealedBody {
        let signature = self.desk_key.signature(Domain::Record, Digest::of(&[&bytes]).as_bytes());
        SealedBody { salt, bytes, signatures: vec![signature] }
    }

    async fn request_header(&self, view: &CaseView, now: Timestamp) -> Result<(Header, SealedBody), Denial> {
        let (draft, _) = self.draft(view.id).await?.ok_or_else(|| unknown("the request was sent already"))?;
        let validation = draft.validation.clone().filter(|_| draft.state == State::Validated);
        let validation = validation.ok_or_else(|| not_validated(draft.state))?;
        let rule = self.rule_with(view.peer, now)?;
        if validation.pin != rule.pin() || view.pin != rule.pin() {
            let reason = format!("the rule between {} and {} has changed since the validation", view.home, view.peer);
            let remedy = "Look at the request under the new rule, in a new case, and let it be validated again.";
            return Err(Refusal::new(RefusalCode::R92, "treaty", reason, remedy).into());
        }
        let checked = self.check(view.id, &draft, now)?;
        if let Some(finding) = checked.findings.iter().find(|finding| finding.severity == desk::Severity::Refusal) {
            let code = finding.code.unwrap_or(RefusalCode::R94);
            let refusal = Refusal::new(code, &finding.rule, finding.message.clone(), finding.remedy.clone());
            return Err(refusal.at(finding.field.clone()).into());
        }
        let request = request_of(&draft)?;
        let declared = desk::declare(&request)?;
        let body = self.stand_for(draft.salt(), self.body_of(&draft)?);
        let mut header = self.next_header(view, Step::SealSend, now)?;
        header.measures.clone_from(&declared.measures);
        header.purpose = Some(declared.purpose);
        header.offence = declared.offence;
        header.declared = Declared { training: self.trains(), ..declared.declared };
        header.body = Some(body.commitment());
        header.validation = Some(Validation {
            statement: model::ValidationStatement {
                case: view.id,
                pin: validation.pin,
                measures: declared.measures,
                body: body.commitment(),
                validated: validation.validated,
            },
            statement_bytes: validation.statement,
            authority: validation.authority,
            role: validation.role,
            key: validation.key,
            signature: validation.signature,
        });
        self.compare_sent(&mut header, &request, &draft)?;
        Ok((header, body))
    }

    pub(super) async fn step_header(
        &self,
        view: &CaseView,
        ask: &Ask,
        now: Timestamp,
    ) -> Result<(Header, SealedBody), Denial> {
        let case = view.admitted.as_ref().ok_or_else(|| unknown("the case is not open yet"))?;
        let mut header = self.next_header(view, ask.step, now)?;
        header.ground = ask.ground;
        header.conditions.clone_from(&ask.conditions);
        header.concerns.clone_from(&ask.concerns);
        header.declared.callback = ask.callback;
        self.put_matter(view, case, ask, &mut header).await?;
        if header.concerns.is_empty() && !moves_matter(ask.step) {
            self.concern(view, case, &mut header)?;
        }
        if ask.step == Step::AcceptConditions && ask.conditions.is_empty() {
            let first = header.concerns.first().and_then(|id| case.measures.get(id));
            header.conditions = first.map(|measure| measure.offered.clone()).unwrap_or_default();
        }
        if moves_matter(ask.step) {
            let (needed, roles) = signers(ask.step, view, &header.concerns)?;
            if !ask.step.carries_records() {
                self.dry_run(view, &header, needed, roles.first().copied())?;
            }
        }
        let affair = self.affair(view, case, &header).await?;
        let conditions = header.conditions.clone();
        let said = Said {
            step: ask.step,
            concerns: &header.concerns.clone(),
            ground: ask.ground,
            conditions: &conditions,
            text: &ask.text,
            role: ask.role,
            callback: ask.callback,
            answers: self.asked_by(view, ask.step).await?,
            reminder: self.reminder(view, ask.step, &header.concerns).await?,
            affair: affair.as_ref(),
            now,
        };
        let documents = if ask.step.carries_records() {
            let asked = self.request(view).await?;
            let documents = self.release_documents(&asked, case, &said, &ask.documents)?;
            let records = self.records_in(&documents)?;
            describe_release(&mut header, &records);
            compare_release(&header, &asked, &records).map_err(|refusal| to_be_corrected(refusal.into()))?;
            hold_promises(view.admitted.as_ref(), &records)?;
            documents
        } else if ask.step == Step::ShareDraft {
            vec![self.shared_draft(view, &said).await?]
        } else {
            let mut documents = self.form_documents(view, &said, &ask.documents).await?;
            header.declared.postponement = reason(&header, &documents);
            declare(&mut header, &documents);
            self.compare_form(&header, &documents).map_err(to_be_corrected)?;
            self.hold_after(view, &header, &documents).await.map_err(to_be_corrected)?;
            if ask.step == Step::Forward {
                documents.extend(self.carried(view).await?);
            }
            documents
        };
        self.hold_affair(view, &header, &documents).await.map_err(to_be_corrected)?;
        self.undivided(view, &header).await?;
        let bytes = Body { step: ask.step, documents }.encode()?;
        let body = self.stand_for(random::salt()?, bytes);
        header.body = Some(BodyCommitment::of(&body.salt, &body.bytes));
        Ok((header, body))
    }

    pub(super) fn records_in(&self, documents: &[Document]) -> Result<Vec<Record>, Denial> {
        let read =
            |document: &Document| Ok(Record::from_document(self.accept(&document.record_type, &document.bytes)?)?);
        documents.iter().map(read).collect()
    }

    /// Holds the header against the procedure as if `needed` officers had signed in `role`.
    pub(super) fn dry_run(
        &self,
        view: &CaseView,
        header: &Header,
        needed: usize,
        role: Option<Role>,
    ) -> Result<(), Denial> {
        let role = role.ok_or_else(|| internal("a step without roles"))?;
        let mut signers: Vec<_> = (0..needed).map(|i| (KeyId::of(&i.to_be_bytes()), role)).collect();
        if header.declared.widens {
            let beside = [Role::Central, Role::Judge, Role::Prosecutor];
            signers = beside.map(|role| (KeyId::of(role.as_str().as_bytes()), role)).to_vec();
        }
        let terms = self.terms(header)?;
        decide(view.admitted.as_ref(), &Command::of(header, &signers).under(&terms), header.created)?;
        Ok(())
    }

    /// Waits until no entry of this desk is on its way in the case. A request that is on its way can be withdrawn.
    async fn settled(&self, case: CaseId, step: Step) -> Result<(), Denial> {
        let free = |view: &CaseView| view.pending.is_none() || step == Step::Withdraw && view.arrived().is_some();
        let free = || async move { Ok(self.view(case).await?.is_none_or(|(view, _)| free(&view)).then_some(())) };
        self.until(free).await?.ok_or_else(on_its_way)
    }
}

impl CaseView {
    /// Refuses every step in a case whose group was forked, or which is not the case that the gateways hold.
    pub(super) fn sound(&self) -> Result<(), Denial> {
        if let Some(away) = self.away_reason() {
            let remedy = "Look at who has a seat in the case: desk group show.";
            return Err(Refusal::new(RefusalCode::R94, "desk", away, remedy).into());
        }
        let Some(trouble) = &self.trouble else { return Ok(()) };
        let remedy = "Tell both operators, who compare the ledger and the epoch certificates; go on in a new case.";
        Err(Refusal::new(RefusalCode::R95, "desk", trouble.clone(), remedy).into())
    }
}

/// Whether the body of the step has no place for words.
fn is_wordless(step: Step) -> bool {
    use Step::{AcceptConditions, CertifyDisposal, Confirm, Regularise, SealSend, TakeOver};
    step.carries_records()
        || matches!(step, SealSend | Confirm | AcceptConditions | TakeOver | CertifyDisposal | Regularise)
}

/// In what a signed proposal is not what is asked for. What is left open is not compared.
fn differing(ask: &Ask, header: &Header, inside: &Body) -> Option<String> {
    let fields = [
        ("another step was asked for", header.step == ask.step),
        ("its measures differ", ask.concerns.is_empty() || header.concerns == ask.concerns),
        ("its ground differs", ask.ground.is_none() || header.ground == ask.ground),
        ("its call-back differs", ask.callback.is_none() || header.declared.callback == ask.callback),
        ("its conditions differ", ask.conditions.is_empty() || header.conditions == ask.conditions),
    ];
    let field = fields.into_iter().find(|(_, same)| !same).map(|(what, _)| what.to_owned());
    let field = field.or_else(|| ask.beside.differs(header).map(|field| format!("its {field} differs")));
    field.or_else(|| summary::difference(inside, &ask.text, &ask.documents))
}

/// Whether the own gateway might not take the entry any more.
pub(super) fn too_old(header: &Header, now: Timestamp) -> bool {
    header.created.plus_ms(PROPOSAL_AGE_MS_MAX) < now
}

pub(super) fn prepared_long_ago() -> Denial {
    Denial::failed(Fault::StaleCase, "prepared more than 20 hours ago: prepare it again")
}

pub(super) fn describe_release(header: &mut Header, records: &[Record]) {
    use std::collections::BTreeSet;
    header.records = records.iter().map(|one| one.record_type.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    header.concerns = records.iter().map(|one| one.measure).collect::<BTreeSet<_>>().into_iter().collect();
    let conditions: BTreeSet<_> = records.iter().flat_map(|one| one.conditions.iter().copied()).collect();
    header.conditions = conditions.into_iter().collect();
    header.declared.classification = Record::mark_of(records);
    header.declared.attached = declare_attached(records);
}

fn prepared(
    header: &Header,
    bytes: Bytes,
    needed: usize,
    given: usize,
    roles: &'static [Role],
    body: SealedBody,
) -> Prepared {
    Prepared {
        entry: header.entry,
        header: bytes,
        case: header.case,
        needed,
        given,
        roles,
        summary: summary::of_header(header),
        body,
    }
}

pub(super) fn not_validated(state: State) -> Denial {
    let reason = format!("the request is {state}; only a validated one is sent");
    let remedy = "Let a judge or prosecutor validate it: desk request validate.";
    Refusal::new(RefusalCode::R94, "workflow", reason, remedy).into()
}

fn on_its_way() -> Denial {
    let detail = "the last entry of the case is on its way; run the same command again when the other gateway answered";
    Denial::failed(Fault::PeerUnreachable, detail)
}

/// The digest of a header in bytes.
pub(super) fn digest_of(header: &[u8]) -> HeaderDigest {
    HeaderDigest::of(header)
}
