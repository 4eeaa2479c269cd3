//! A desk's work without a desk: real keys, real groups, entries that a gateway admits, made at the tests' will.

use std::time::Duration;

use aws_lc_rs::rand;
use desk::{Body, Document, SealedBody};
use ghosts::Insider;
use identity::{Domain, SignedDirectory, SigningKey, TrustStore, sign_envelope, sign_step, sign_validation};
use link::Channel;
use model::{
    AuthorityId, BodyCommitment, BodySalt, CaseId, Declared, Digest, Entry, EntryId, EpochCertificate, Handshake,
    Header, HeaderDigest, MeasureId, MeasureScope, Offence, Payload, Pin, ReceiptKind, Role, SelectorKind,
    SignedReceipt, Step, Validation, ValidationStatement, Window,
};
use proto::{
    convert::Opening,
    desk::{
        AcknowledgeRequest, ClaimKeyPackageRequest, EntryTrace, ListDirectoriesRequest, PublishKeyPackagesRequest,
        SubmitRequest, TraceEntriesRequest, WatchRequest, submission_service_client::SubmissionServiceClient,
        watch_response,
    },
    types,
};
use roster::{CaseBinding, Follower};
use seal::{LeafIdentity, Member, prepare_key_packages};
use tonic::Status;
use treaty::Catalog;

use crate::{now, state::State, wire};

/// How long an entry is on its way at most.
const DAY_MS: i64 = 24 * 3600 * 1000;
/// How long the other gateway may take.
const VERDICT_MAX: Duration = Duration::from_secs(30);

/// Whoever has all keys of an authority, its officers' and a judge's.
pub(crate) struct Scribe {
    pub(crate) authority: AuthorityId,
    pub(crate) client: SubmissionServiceClient<Channel>,
    desk: SigningKey,
    leaf: LeafIdentity,
    officers: [SigningKey; 2],
    judge: SigningKey,
    trust: TrustStore,
}

/// A case that a scribe has opened.
pub(crate) struct Case {
    pub(crate) id: CaseId,
    pub(crate) group: Member,
    recipient: AuthorityId,
    pub(crate) pin: Pin,
    /// The entry that the next one names as its predecessor.
    pub(crate) head: HeaderDigest,
}

impl Scribe {
    /// At the central authority of a state whose gateway runs.
    pub(crate) async fn at(state: &State) -> Self {
        let mut client = wire::as_desk(state, &state.tls(&state.desk_dir("central")));
        let listed = client.list_directories(ListDirectoriesRequest::default()).await.unwrap().into_inner();
        let foreign: Vec<_> = listed.foreign.into_iter().map(signed).collect();
        let trust = TrustStore::new(&state.root_der(), &signed(listed.own.unwrap()), &foreign, now()).unwrap();
        Self {
            authority: state.authority("central"),
            client,
            desk: state.key("desks/central", "desk.key.pem"),
            leaf: state.leaf("central"),
            officers: [1, 2].map(|n| state.key(&format!("officers/central/officer-{n}"), "key.pem")),
            judge: state.key("officers/judicial/officer-1", "key.pem"),
            trust,
        }
    }

    /// Lays KeyPackages ready for others.
    pub(crate) async fn invite(&mut self, count: usize) {
        let packages = prepare_key_packages(&self.leaf, count, false, now()).unwrap();
        let key_packages = packages.into_iter().map(|package| package.public.into()).collect();
        self.client.publish_key_packages(PublishKeyPackagesRequest { key_packages, withdraw: false }).await.unwrap();
    }

    /// Opens a case with `recipient`, and waits for the other gateway's yes.
    pub(crate) async fn open_case(&mut self, recipient: &AuthorityId) -> Case {
        let (mut case, entry) = self.opening(recipient).await;
        self.admitted(&mut case, &entry).await;
        case
    }

    /// The entry that opens a new case, and the case as it will be when the other gateway has said yes.
    pub(crate) async fn opening(&mut self, recipient: &AuthorityId) -> (Case, Entry) {
        let pin =
            Catalog::builtin().unwrap().rule(self.authority.party(), recipient.party(), now().date().unwrap()).pin();
        self.opening_under(pin, recipient).await
    }

    /// The epoch to which an entry leads that opens a case's group.
    pub(crate) fn epoch(&self, entry: &Entry) -> EpochCertificate {
        let Payload::Handshake(handshake) = &entry.payload else { panic!("a handshake opens a group") };
        let header = &entry.header;
        let binding = CaseBinding::new(header.case, header.pin, header.home, header.peer);
        Follower::open_with(handshake, &binding, &self.trust, now()).unwrap().epoch
    }

    /// The same under any pin: header and group name it alike.
    pub(crate) async fn opening_under(&mut self, pin: Pin, recipient: &AuthorityId) -> (Case, Entry) {
        let request = ClaimKeyPackageRequest { authority: recipient.to_string() };
        let package = self.client.claim_key_package(request).await.unwrap().into_inner().key_package;
        let (home, peer) = (self.authority.party(), recipient.party());
        let id = CaseId::new(random_id(4));
        let binding = CaseBinding::new(id, pin, home, peer);
        let mut group = Member::create(&self.leaf, &binding, &self.trust, now()).unwrap();
        let handshake = group.add(&[package], &self.trust, now()).unwrap();
        let mut case = Case { id, group, recipient: recipient.clone(), pin, head: HeaderDigest::GENESIS };
        let header = self.header(&case, Step::OpenGroup);
        let entry = self.sign(header, &[], |_| Payload::Handshake(handshake));
        case.head = entry.header_digest();
        (case, entry)
    }

    /// A request on that case with `body` sealed in it, as the treaty between JP and FR permits it.
    pub(crate) fn request(&self, case: &mut Case, body: &[u8]) -> Entry {
        self.request_with(case, body, |_| {})
    }

    /// The same with a header that `change` has spoilt before it was signed.
    pub(crate) fn request_with(&self, case: &mut Case, body: &[u8], change: impl FnOnce(&mut Header)) -> Entry {
        let mut salt = BodySalt([0; 32]);
        rand::fill(&mut salt.0).unwrap();
        let mut header = self.header(case, Step::SealSend);
        let today = now().date().unwrap();
        header.measures = vec![MeasureScope {
            id: MeasureId(1),
            article: "ets-185:31".parse().unwrap(),
            request_type: "stored_data".parse().unwrap(),
            records: vec!["subscriber_info".parse().unwrap()],
            subjects: 1,
            selectors: vec![SelectorKind::Account],
            window: Some(Window { from: today, to: today }),
            attributes: vec![],
            tags: vec![],
        }];
        header.purpose = Some("criminal_investigation".to_owned());
        header.offence = Some(Offence { max_penalty_months: 120, dual_criminality: true, listed: false });
        header.body = Some(BodyCommitment::of(&salt, body));
        change(&mut header);
        header.validation = Some(self.validation(&header));
        let entry = self.sign(header, &self.officers, |digest| Payload::Sealed(case.group.seal(body, digest).unwrap()));
        case.head = entry.header_digest();
        entry
    }

    /// A draft that is shown before the request is sent: as many as one likes.
    pub(crate) fn draft(&self, case: &mut Case, body: &[u8]) -> Entry {
        self.draft_with(case, body, |_| {})
    }

    /// The same with a header that `change` has altered before it was signed.
    pub(crate) fn draft_with(&self, case: &mut Case, body: &[u8], change: impl FnOnce(&mut Header)) -> Entry {
        let mut salt = BodySalt([0; 32]);
        rand::fill(&mut salt.0).unwrap();
        let mut header = self.header(case, Step::ShareDraft);
        header.body = Some(BodyCommitment::of(&salt, body));
        change(&mut header);
        let signed = |digest| Payload::Sealed(case.group.seal(body, digest).unwrap());
        let entry = self.sign(header, &self.officers[..1], signed);
        case.head = entry.header_digest();
        entry
    }

    /// A request with such documents, signed by this desk as any body is, under a header that `change` makes of a bare one.
    pub(crate) fn send(&self, case: &mut Case, documents: Vec<Document>, change: impl FnOnce(&mut Header)) -> Entry {
        let mut salt = BodySalt([0; 32]);
        rand::fill(&mut salt.0).unwrap();
        let bytes = Body { step: Step::SealSend, documents }.encode().unwrap();
        let signatures = vec![self.desk.signature(Domain::Record, Digest::of(&[&bytes]).as_bytes())];
        let body = SealedBody { salt, bytes, signatures };
        let mut header = self.header(case, Step::SealSend);
        header.body = Some(body.commitment());
        change(&mut header);
        header.validation = Some(self.validation(&header));
        let plain = body.encode().unwrap();
        let entry =
            self.sign(header, &self.officers, |digest| Payload::Sealed(case.group.seal(&plain, digest).unwrap()));
        case.head = entry.header_digest();
        entry
    }

    /// From now on one officer signs wherever two have to.
    pub(crate) fn sign_as_two(&mut self, state: &State) {
        self.officers = [1, 1].map(|n| state.key(&format!("officers/central/officer-{n}"), "key.pem"));
    }

    /// The same payload under a header that `change` has spoilt after it was sealed, signed again by everybody.
    pub(crate) fn signed_anew(&self, entry: &Entry, change: impl FnOnce(&mut Header)) -> Entry {
        let mut header = entry.header.clone();
        change(&mut header);
        header.validation = Some(self.validation(&header));
        self.sign(header, &self.officers, |_| entry.payload.clone())
    }

    /// This desk as somebody who wants a ghost in its case. `public` is the GroupInfo of the case's epoch.
    pub(crate) fn insider<'a>(&'a self, case: &'a mut Case, public: &'a [u8]) -> Insider<'a> {
        let (leaf, authority, trust) = (&self.leaf, &self.authority, &self.trust);
        Insider { member: &mut case.group, leaf, authority, trust, public, now: now() }
    }

    /// A renewal of this desk's own leaf. It waits in the group until it is merged or discarded.
    pub(crate) fn rotation(&self, case: &mut Case) -> Handshake {
        case.group.rotate(None, &self.trust, now()).unwrap()
    }

    /// The entry that carries a change of the case's group, behind the newest one.
    pub(crate) fn change_group(&self, case: &Case, handshake: &Handshake) -> Entry {
        self.sign(self.header(case, Step::ChangeGroup), &[], |_| Payload::Handshake(handshake.clone()))
    }

    /// Hands a change of the group over that must be admitted by both gateways, and takes it into effect.
    pub(crate) async fn admitted(&mut self, case: &mut Case, change: &Entry) {
        self.submit(change).await.unwrap();
        let verdict = self.verdict(change.header.entry).await;
        assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance);
        case.group.merge(verdict.receipt.epoch.as_ref().unwrap()).unwrap();
        case.head = change.header_digest();
    }

    /// Hands an entry over.
    pub(crate) async fn submit(&mut self, entry: &Entry) -> Result<SignedReceipt, Status> {
        self.submit_wire(proto::convert::send_entry(entry)).await
    }

    /// Hands an entry over that is taken; the receipt as it was sent.
    pub(crate) async fn submit_raw(&mut self, entry: &Entry) -> types::SignedReceipt {
        let entry = Some(proto::convert::send_entry(entry));
        self.client.submit(SubmitRequest { entry, sealed_count: 0 }).await.unwrap().into_inner().receipt.unwrap()
    }

    /// Hands over whatever this is.
    pub(crate) async fn submit_wire(&mut self, entry: types::Entry) -> Result<SignedReceipt, Status> {
        let answer = self.client.submit(SubmitRequest { entry: Some(entry), sealed_count: 0 }).await?.into_inner();
        Ok(proto::decode_receipt(&answer.receipt.unwrap()).unwrap())
    }

    /// What the own gateway holds of what happened to an entry.
    pub(crate) async fn trace(&mut self, entry: EntryId) -> EntryTrace {
        let entry_ids = vec![entry.as_bytes().to_vec().into()];
        let traces = self.client.trace_entries(TraceEntriesRequest { entry_ids }).await.unwrap().into_inner().traces;
        traces.into_iter().next().unwrap()
    }

    /// Says of an entry that lies ready for this desk whether it could be opened.
    pub(crate) async fn report(&mut self, entry: EntryId, opened: bool) {
        let said = [(entry, opened, None)];
        let message = proto::convert::opening_reports_message(&said);
        let signature = proto::convert::signature_to_wire(&self.desk.signature(Domain::Acknowledgement, &message));
        let request = |said: &[Opening]| {
            let reports = proto::convert::send_openings(said);
            AcknowledgeRequest { cursor: 0, reports, signature: Some(signature.clone()) }
        };
        // What is not signed as it stands is not taken: the contrary, and more than was signed.
        for forged in [vec![(entry, !opened, None)], [said, said].concat()] {
            self.client.acknowledge(request(&forged)).await.unwrap_err();
        }
        self.client.acknowledge(request(&said)).await.unwrap();
    }

    /// The other gateway's word on an entry.
    pub(crate) async fn verdict(&mut self, entry: EntryId) -> SignedReceipt {
        let kinds = [ReceiptKind::RelayAcceptance, ReceiptKind::RelayRejection];
        let wait = self.outcome(entry, &kinds);
        tokio::time::timeout(VERDICT_MAX, wait).await.expect("the other gateway gives no verdict")
    }

    /// The other gateway's word that an entry does not lie ready for the desk to which it is addressed.
    pub(crate) async fn undelivered(&mut self, entry: EntryId) -> SignedReceipt {
        let wait = self.outcome(entry, &[ReceiptKind::NonDelivery]);
        tokio::time::timeout(VERDICT_MAX, wait).await.expect("nothing is said of a delivery")
    }

    /// The own gateway's word that it gave an entry up.
    pub(crate) async fn lapse(&mut self, entry: EntryId) -> SignedReceipt {
        self.outcome(entry, &[ReceiptKind::RelayFailure]).await
    }

    async fn outcome(&mut self, entry: EntryId, kinds: &[ReceiptKind]) -> SignedReceipt {
        let mut watch = self.client.watch(WatchRequest { after: 0 }).await.unwrap().into_inner();
        loop {
            let next = watch.message().await.unwrap().expect("the gateway ended the stream");
            if let Some(watch_response::Item::Outcome(outcome)) = next.item {
                let outcome = proto::decode_receipt(&outcome).unwrap();
                if outcome.receipt.entry == entry && kinds.contains(&outcome.receipt.kind) {
                    return outcome;
                }
            }
        }
    }

    /// The ids of all that waits for this desk, in order.
    pub(crate) async fn arrivals(&mut self, count: usize) -> Vec<EntryId> {
        self.arrivals_with_cases(count).await.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The same with the case that each says it is of.
    pub(crate) async fn arrivals_with_cases(&mut self, count: usize) -> Vec<(CaseId, EntryId)> {
        let mut watch = self.client.watch(WatchRequest { after: 0 }).await.unwrap().into_inner();
        let mut arrived = Vec::new();
        let quiet = Duration::from_secs(if count == 0 { 1 } else { 15 });
        while arrived.len() < count.max(1) {
            let Ok(next) = tokio::time::timeout(quiet, watch.message()).await else { break };
            if let Some(watch_response::Item::Arrival(arrival)) = next.unwrap().unwrap().item {
                let received = proto::convert::receive_entry(arrival.entry.unwrap()).unwrap();
                arrived.push((received.claimed().case, received.claimed().entry));
            }
        }
        arrived
    }

    fn header(&self, case: &Case, step: Step) -> Header {
        Header {
            entry: EntryId::new(random_id(7)),
            case: case.id,
            home: self.authority.party(),
            peer: case.recipient.party(),
            sender: self.authority.clone(),
            recipient: case.recipient.clone(),
            pin: case.pin,
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
            previous: case.head,
            created: now(),
            expires: now().plus_ms(DAY_MS),
            declared: Declared::default(),
        }
    }

    fn validation(&self, header: &Header) -> Validation {
        let statement = ValidationStatement {
            case: header.case,
            pin: header.pin,
            measures: header.measures.clone(),
            body: header.body.unwrap(),
            validated: now(),
        };
        let statement_bytes = proto::encode_statement(&statement);
        Validation {
            authority: AuthorityId::new(self.authority.party(), "judicial").unwrap(),
            role: Role::Judge,
            key: self.judge.key_id(),
            signature: sign_validation(&self.judge, &statement_bytes),
            statement,
            statement_bytes: statement_bytes.to_vec(),
        }
    }

    /// Signs a header with what goes with it.
    pub(crate) fn sign(
        &self,
        header: Header,
        officers: &[SigningKey],
        payload: impl FnOnce(HeaderDigest) -> Payload,
    ) -> Entry {
        let header_bytes = proto::encode_header(&header);
        let digest = HeaderDigest::of(&header_bytes);
        let officers = officers.iter().map(|key| sign_step(key, Role::Central, digest)).collect();
        let payload = payload(digest);
        let envelope = model::EnvelopeDigest::of(digest, &payload);
        let desk = sign_envelope(&self.desk, envelope);
        Entry { header, header_bytes, payload, officers, desk }
    }
}

fn signed(wire: types::SignedDirectory) -> SignedDirectory {
    proto::convert::receive_directory(wire).unwrap()
}

/// Sixteen random bytes with the marks of a UUID of that version.
pub(crate) fn random_id(version: u8) -> [u8; 16] {
    let mut id = [0; 16];
    rand::fill(&mut id).unwrap();
    id[6] = (id[6] & 0x0f) | (version << 4);
    id[8] = (id[8] & 0x3f) | 0x80;
    id
}
