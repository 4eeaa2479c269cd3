//! Two gateways without network, storage or MLS: only what `admit` and `conclude` decide is real.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use bytes::Bytes;
use model::{
    AuthorityId, AuthorityKind, BodyCommitment, BodySalt, CaseId, ConditionCode, Declared, Denial, Digest, Entry,
    EntryId, EnvelopeDigest, Handshake, Header, HeaderDigest, KeyId, MeasureId, MeasureScope, Offence,
    OfficerSignature, PartyId, Payload, Pin, PostponementCode, RefusalCode, Role, Sealed, SelectorKind, Signature,
    Step, Timestamp, Validation, ValidationStatement,
};
use treaty::{Catalog, Rule};

use crate::admit::{Plan, admit_facts};
use crate::{Admission, Answer, CaseFile, Conclusion, Context, Origin, RosterFacts, SeenEntry, conclude};

pub(super) const NOW: Timestamp = Timestamp(1_790_000_000_000);
pub(super) const HOUR_MS: i64 = 3_600_000;
pub(super) const CASE: CaseId = CaseId::new([7; 16]);
pub(super) const INSTRUMENT: &str = r#"
format = "treaty/1"
id = "convention"
title = "A convention"
kind = "convention"
purposes = ["criminal_investigation"]

[[instrument]]
id = "ets-185"
title = "Convention on Cybercrime"
in_force = 2004-07-01
entry = { ratifications = 5, then_months = 3 }
verified = false

[offence]
declared = true

[dual_criminality]
default = "never"

[validators]
subscriber_info = ["judge", "prosecutor"]
traffic_data = ["judge", "prosecutor"]

[refusal]
grounds = ["R07"]
consult_before = "no"

[safeguards]
specialty = true

[request.stored_data]
articles = ["ets-185:31"]
records = ["subscriber_info", "traffic_data"]
selectors = ["account"]
max_subjects = MAX_SUBJECTS
verified = false
"#;

pub(super) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

pub(super) fn desk(id: &str) -> AuthorityId {
    id.parse().unwrap()
}

fn compile(max_subjects: u32, in_force: bool) -> Rule {
    compile_text(&INSTRUMENT.replace("MAX_SUBJECTS", &max_subjects.to_string()), in_force, "", None)
}

/// Under what the requested party has declared of its law.
pub(super) fn under_law(declares: &str) -> &'static Rule {
    Box::leak(Box::new(compile_text(&INSTRUMENT.replace("MAX_SUBJECTS", "20"), true, declares, None)))
}

pub(super) fn compile_text(instrument: &str, in_force: bool, declares: &str, more: Option<(String, String)>) -> Rule {
    let state = |id: &str| {
        let declares = if id == "FR" { declares } else { "" };
        let treaty = "[[treaty]]\ninstrument = \"ets-185\"\nsigned = 2001-11-23\nratified = 2006-01-10\n\
                      in_force = 2006-05-01\nverified = false\n";
        let authority = "[[authority]]\nkind = \"central\"\nname = \"Ministry\"\nlanguages = [\"en\"]\n";
        let treaty = if in_force { treaty } else { "" };
        (
            format!("parties/{id}.toml"),
            format!("format = \"party/1\"\nid = \"{id}\"\nname = \"{id}\"\n{treaty}\n{declares}\n{authority}"),
        )
    };
    let files =
        [("instruments/convention/instrument.toml".to_owned(), instrument.to_owned()), state("JP"), state("FR")];
    let catalog = Catalog::load(files.into_iter().chain(more)).unwrap();
    catalog.rule(party("JP"), party("FR"), jiff::civil::date(2026, 9, 21))
}

/// The rule of both.
pub(super) fn rule() -> &'static Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    RULE.get_or_init(|| compile(20, true))
}

/// A rule of the same pair by another version of the catalogue.
pub(super) fn other_rule() -> &'static Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    RULE.get_or_init(|| compile(5, true))
}

/// What follows when no treaty is in force.
pub(super) fn empty_rule() -> &'static Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    RULE.get_or_init(|| compile(20, false))
}

/// A rule that demands a consultation before a refusal, a call-back in emergencies, marks, and few bytes.
pub(super) fn strict_rule() -> &'static Rule {
    static RULE: OnceLock<Rule> = OnceLock::new();
    RULE.get_or_init(|| {
        let text = INSTRUMENT
            .replace("MAX_SUBJECTS", "20")
            .replace("consult_before = \"no\"", "consult_before = \"required\"")
            .replace("[safeguards]", "[answer]\npostponements = [\"P01\"]\n\n[safeguards]");
        compile_text(&(text + STRICT), true, "", None)
    })
}

const STRICT: &str = r#"max_bytes = 6
classification_max = "restricted"

[request.emergency_data]
articles = ["ets-185:32"]
records = ["subscriber_info", "traffic_data"]
selectors = ["account"]
max_subjects = 20
emergency = { callback = true, expost_hours = 48 }
verified = false
"#;

pub(super) fn key(officer: u8) -> KeyId {
    KeyId::of(&[officer])
}

pub(super) fn scope(id: u32) -> MeasureScope {
    MeasureScope {
        id: MeasureId(id),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["traffic_data".parse().unwrap()],
        subjects: 1,
        selectors: vec![SelectorKind::Account],
        window: None,
        attributes: vec![],
        tags: vec![],
    }
}

/// An entry that is still being written.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) header: Header,
    pub(super) signers: Vec<(KeyId, Role)>,
    pub(super) payload: Payload,
    /// Who is in the group after a handshake, by the desks' names.
    pub(super) members: Vec<AuthorityId>,
}

/// An entry id that is unique among the first 2^32.
pub(super) fn entry_id(number: u32) -> EntryId {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    EntryId::new(bytes)
}

impl Draft {
    /// The step as it should be, at `NOW`, on these measures.
    pub(super) fn proper(number: u32, step: Step, concerns: &[u32], previous: HeaderDigest) -> Self {
        let central = |officer| (key(officer), Role::Central);
        let (by_home, signers) = match step {
            Step::OpenGroup | Step::ChangeGroup | Step::AskRejoin => (true, vec![]),
            Step::SealSend => (true, vec![central(1), central(2)]),
            Step::Acknowledge
            | Step::Assign
            | Step::Collected
            | Step::AskInfo
            | Step::PartCollected
            | Step::MoreToCome
            | Step::ReturnRequest => (false, vec![central(3)]),
            Step::OpenReview
            | Step::Recognise
            | Step::Consult
            | Step::OfferConditions
            | Step::Postpone
            | Step::Resume => (false, vec![(key(4), Role::Decider)]),
            Step::Refuse => (false, vec![(key(4), Role::Decider), (key(5), Role::Decider)]),
            Step::Release => (false, vec![central(3), central(6)]),
            Step::Confirm => (true, vec![(key(7), Role::Custodian)]),
            Step::Reject => (true, vec![(key(7), Role::Custodian), (key(8), Role::Custodian)]),
            Step::GiveInfo
            | Step::AcceptConditions
            | Step::DeclineConditions
            | Step::ConsultDone
            | Step::Close
            | Step::Withdraw => (true, vec![central(1)]),
            Step::Violation | Step::Answer | Step::TellStatus => (false, vec![]),
            Step::FinalReport => (false, vec![central(3)]),
            Step::DisposalDue => (true, vec![]),
            Step::CertifyDisposal => (true, vec![(key(7), Role::Custodian), (key(8), Role::Custodian)]),
            // What nothing here sends: the workflow proves these rows itself.
            _ => (true, vec![central(1)]),
        };
        let (home, peer) = (desk("JP:central"), desk("FR:central"));
        let moves = !step.is_handshake() && step != Step::SealSend;
        let body = BodyCommitment::of(&BodySalt([1; 32]), b"body");
        let mut header = Header {
            entry: entry_id(number),
            case: CASE,
            home: home.party(),
            peer: peer.party(),
            sender: if by_home { home.clone() } else { peer.clone() },
            recipient: if by_home { peer.clone() } else { home.clone() },
            pin: rule().pin(),
            step,
            measures: vec![],
            concerns: if moves { concerns.iter().copied().map(MeasureId).collect() } else { vec![] },
            purpose: None,
            offence: None,
            validation: None,
            records: vec![],
            ground: None,
            conditions: vec![],
            body: (!step.is_handshake()).then_some(body),
            previous,
            created: NOW,
            expires: NOW.plus_ms(24 * HOUR_MS),
            declared: Declared::default(),
        };
        says(&mut header, concerns, body);
        Self { header, signers, payload: payload(step), members: vec![home, peer] }
    }

    /// The same by the other side, where both may do it.
    pub(super) fn by_peer(mut self) -> Self {
        let (home, peer) = (desk("JP:central"), desk("FR:central"));
        (self.header.sender, self.header.recipient) = (peer, home);
        self
    }

    pub(super) fn entry(&self) -> Entry {
        let zero = Signature { key: key(0), bytes: vec![0; 64] };
        let signed = |(key, role): &(KeyId, Role)| OfficerSignature {
            role: *role,
            signature: Signature { key: *key, bytes: vec![0; 64] },
        };
        Entry {
            header: self.header.clone(),
            header_bytes: serde_json::to_vec(&self.header).unwrap().into(),
            payload: self.payload.clone(),
            officers: self.signers.iter().map(signed).collect(),
            desk: zero,
        }
    }
}

/// What the header of a step has to say.
fn says(header: &mut Header, concerns: &[u32], body: BodyCommitment) {
    match header.step {
        Step::SealSend => request(header, concerns, body),
        Step::Release => header.records = vec!["traffic_data".parse().unwrap()],
        Step::Refuse => header.ground = Some(RefusalCode::R07),
        Step::Violation => header.ground = Some(RefusalCode::R90),
        Step::ReturnRequest => header.ground = Some(RefusalCode::R93),
        Step::OfferConditions | Step::AcceptConditions => header.conditions = vec![ConditionCode::C01],
        Step::Postpone => header.declared.postponement = Some(PostponementCode::P01),
        Step::Reject => header.declared.flaw = Some(model::Flaw::WrongValue),
        _ => {}
    }
}

fn request(header: &mut Header, concerns: &[u32], body: BodyCommitment) {
    header.measures = concerns.iter().map(|id| scope(*id)).collect();
    header.purpose = Some("criminal_investigation".to_owned());
    header.offence = Some(Offence { max_penalty_months: 60, dual_criminality: true, listed: false });
    let measures = header.measures.clone();
    let statement = ValidationStatement { case: CASE, pin: header.pin, measures, body, validated: NOW };
    header.validation = Some(Validation {
        statement_bytes: serde_json::to_vec(&statement).unwrap(),
        statement,
        authority: desk("JP:judicial"),
        role: Role::Judge,
        key: key(9),
        signature: vec![0; 64],
    });
}

pub(super) fn payload(step: Step) -> Payload {
    if step == Step::AskRejoin {
        let package = Bytes::from_static(b"package");
        Payload::Handshake(Handshake { key_package: package, ..Handshake::default() })
    } else if step.is_handshake() {
        let part = Bytes::from_static(b"commit");
        Payload::Handshake(Handshake { commit: part.clone(), group_info: part, ..Handshake::default() })
    } else {
        Payload::Sealed(Sealed::from_wire(Bytes::from_static(b"sealed")))
    }
}

/// The KeyPackage in an asking: one of its own for each.
pub(super) fn package(header: &Header) -> Digest {
    Digest::of(&[header.entry.as_bytes()])
}

/// What a gateway answered, and will answer again: when it took the entry, or why not.
pub(super) type Verdict = Result<Timestamp, Denial>;

/// A gateway with one case.
#[derive(Debug, Clone)]
pub(super) struct Gateway {
    pub(super) own: PartyId,
    pub(super) file: Option<CaseFile>,
    pub(super) seen: BTreeMap<EntryId, (EnvelopeDigest, Verdict)>,
    /// Every entry that was stored, for relaying.
    pub(super) entries: BTreeMap<EntryId, Draft>,
    /// The entries of the case, in their order.
    pub(super) settled: Vec<HeaderDigest>,
    pub(super) rule: &'static Rule,
}

impl Gateway {
    pub(super) fn of(own: &str) -> Self {
        Self {
            own: party(own),
            file: None,
            seen: BTreeMap::new(),
            entries: BTreeMap::new(),
            settled: Vec::new(),
            rule: rule(),
        }
    }

    /// What `admit` says, without executing it. `change` spoils what the shell looked up.
    pub(super) fn ask(
        &self,
        draft: &Draft,
        origin: Origin<'_>,
        now: Timestamp,
        change: impl FnOnce(&mut Context<'_>),
    ) -> Result<Plan, Denial> {
        let entry = draft.entry();
        let digest = entry.header_digest();
        let basis = self.file.as_ref().map(|file| file.basis(origin));
        let before = basis.as_ref().map_or(&[][..], |basis| &basis.members);
        let epoch = basis.as_ref().map_or(0, |basis| basis.epoch);
        let set = |desks: &[AuthorityId]| desks.iter().cloned().collect::<BTreeSet<_>>();
        let added: Vec<_> = set(&draft.members).difference(&set(before)).cloned().collect();
        let removed: Vec<_> = set(before).difference(&set(&draft.members)).cloned().collect();
        let facts = if draft.header.step == Step::AskRejoin {
            RosterFacts::Asked { by: &draft.header.sender, members: before, package: package(&draft.header) }
        } else if draft.header.step.is_handshake() {
            RosterFacts::Handshake {
                committer: &draft.header.sender,
                members: &draft.members,
                added: &added,
                removed: &removed,
                epoch: epoch + 1,
                packages: &[],
            }
        } else {
            RosterFacts::Sealed { members: before, bound_to: digest.as_bytes() }
        };
        let mut cx = Context {
            training: false,
            own: self.own,
            now,
            origin,
            seen: self.seen.get(&draft.header.entry).map(|(envelope, _)| SeenEntry { envelope: *envelope }),
            rule: self.rule,
            used: &[],
            sender_kind: AuthorityKind::Central,
            recipient_kind: AuthorityKind::Central,
            earlier: None,
            attached: crate::AttachedFacts::default(),
            roster: Ok(facts),
        };
        change(&mut cx);
        admit_facts(self.file.as_ref(), &entry, &cx)
    }

    /// A desk of our own submits.
    pub(super) fn submit(&mut self, draft: &Draft, now: Timestamp) -> Result<Option<Admission>, Denial> {
        let sender = draft.header.sender.clone();
        match self.ask(draft, Origin::OwnDesk(&sender), now, |_| {})? {
            Plan::Execute(admission) => {
                self.keep(draft, Ok(now));
                self.file = Some(admission.file.clone());
                Ok(Some(*admission))
            }
            Plan::Repeat => Ok(None),
            Plan::Later { .. } => Err(Denial::failed(model::Fault::Internal, "a desk never waits")),
        }
    }

    /// The other gateway relays. `None`: ask again.
    pub(super) fn receive(&mut self, draft: &Draft, from: PartyId, now: Timestamp) -> Option<Verdict> {
        match self.ask(draft, Origin::PeerGateway(from), now, |_| {}) {
            Ok(Plan::Repeat) => self.seen.get(&draft.header.entry).map(|(_, verdict)| verdict.clone()),
            Ok(Plan::Later { .. }) => None,
            Ok(Plan::Execute(admission)) => {
                self.keep(draft, Ok(now));
                self.settled.push(admission.file.head);
                self.file = Some(admission.file);
                Some(Ok(now))
            }
            Err(denial) => {
                self.keep(draft, Err(denial.clone()));
                Some(Err(denial))
            }
        }
    }

    fn keep(&mut self, draft: &Draft, verdict: Verdict) {
        let entry = draft.entry();
        self.seen.entry(draft.header.entry).or_insert((entry.envelope_digest(), verdict));
        self.entries.entry(draft.header.entry).or_insert_with(|| draft.clone());
    }

    /// Takes the other gateway's answer.
    pub(super) fn conclude(
        &mut self,
        entry: EntryId,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Option<Conclusion>, Denial> {
        let Some(file) = &self.file else { return Ok(None) };
        let conclusion = conclude(file, entry, answer, now)?;
        if let Some(conclusion) = &conclusion {
            if conclusion.seq.is_some() {
                self.settled.push(conclusion.file.head);
            }
            self.file = Some(conclusion.file.clone());
        }
        Ok(conclusion)
    }

    pub(super) fn pending(&self) -> Vec<EntryId> {
        self.file.iter().flat_map(|file| &file.pending).map(|one| one.entry).collect()
    }

    /// The newest header that our own desks know.
    pub(super) fn head(&self) -> HeaderDigest {
        let desk = desk("JP:central");
        self.file.as_ref().map_or(HeaderDigest::GENESIS, |file| file.basis(Origin::OwnDesk(&desk)).head)
    }
}

/// How a call between gateways goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    RequestLost,
    AnswerLost,
}

/// Relays all pending entries of `from` in one call.
pub(super) fn relay(from: &mut Gateway, to: &mut Gateway, fate: Fate, now: Timestamp) {
    if fate == Fate::RequestLost {
        return;
    }
    let mut answers = Vec::new();
    for id in from.pending() {
        let draft = from.entries[&id].clone();
        match to.receive(&draft, from.own, now) {
            Some(verdict) => answers.push((id, verdict)),
            None => break,
        }
    }
    if fate == Fate::AnswerLost {
        return;
    }
    for (id, verdict) in answers {
        let answer = verdict.map_or_else(Answer::Rejected, Answer::Accepted);
        from.conclude(id, &answer, now).unwrap();
    }
}

/// Both gateways, with a case as far as these steps, all final on both sides.
pub(super) fn both_after(steps: &[Step]) -> (Gateway, Gateway) {
    let (mut home, mut peer) = (Gateway::of("JP"), Gateway::of("FR"));
    for (number, step) in (0_u32..).zip(steps) {
        let draft = Draft::proper(number, *step, &[1, 2], home.head());
        let home_acts = draft.header.sender.party() == home.own;
        let (from, to) = if home_acts { (&mut home, &mut peer) } else { (&mut peer, &mut home) };
        from.submit(&draft, NOW).unwrap().unwrap();
        relay(from, to, Fate::Arrives, NOW);
        assert!(from.pending().is_empty(), "{step} is answered");
    }
    assert_eq!(home.settled.len(), steps.len());
    (home, peer)
}

pub(super) fn other_pin() -> Pin {
    Pin(Digest::of(&[b"another rule"]))
}
