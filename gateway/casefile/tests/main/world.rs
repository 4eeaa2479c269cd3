//! JP asks FR. Roots, directories, MLS, treaty files, receipts and ledger are the real ones; only the two gateways are a few lines.

mod packed;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use accord::RequestBody;
use bytes::Bytes;
use casefile::{Body, Entry};
use desk::{Document, SealedBody};
use identity::{
    Authority, Commitments, Directory, Domain, Officer, Received, Root, SignedDirectory, SigningKey, TrustStore,
    sign_envelope, sign_receipts, sign_step, sign_validation,
};
use ledger::{LeafSalt, LedgerKey, Log, SignBytes, Statement, StoredHashes};
use model::{
    AuthorityId, AuthorityKind, BodySalt, CaseId, Declared, EntryId, Handshake, Header, HeaderDigest, MeasureId,
    PartyId, Payload, Pin, Receipt, ReceiptKind, Role, SignedReceipt, Step, Timestamp, Validation, ValidationStatement,
};
use roster::{CaseBinding, Follower};
use seal::{LeafIdentity, Member, prepare_key_packages};
use serde_json::{Value, json};
use treaty::Catalog;

pub(crate) const REQUEST: &str =
    include_str!("../../../../treaty-schemas/catalog/records/request/examples/valid-stored-data.json");

const MONTH: Duration = Duration::from_secs(28 * 24 * 3600);

const INSTRUMENT: &str = r#"
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

[refusal]
grounds = ["R07"]
consult_before = "no"

[safeguards]
specialty = true

[request.stored_data]
articles = ["ets-185:31"]
records = ["subscriber_info"]
selectors = ["account"]
max_subjects = 2
max_window_days = 365
verified = false
"#;

/// A state: its root, and the keys of everybody in it.
pub(crate) struct State {
    pub(crate) root: Root,
    pub(crate) ledger: Signer,
    pub(crate) desk: SigningKey,
    central: [SigningKey; 2],
    decider: SigningKey,
    pub(crate) judge: SigningKey,
    pub(crate) directory: SignedDirectory,
    leaf: LeafIdentity,
}

/// A case as it is being written.
pub(crate) struct Story {
    pub(crate) start: Timestamp,
    pub(crate) case: CaseId,
    pub(crate) jp: State,
    pub(crate) fr: State,
    trust: TrustStore,
    pin: Pin,
    binding: CaseBinding,
    members: Option<[Member; 2]>,
    previous: HeaderDigest,
    pub(crate) log: Log,
    pub(crate) rows: StoredHashes,
    leaves: Vec<(Statement, LeafSalt)>,
    pub(crate) entries: Vec<Entry>,
    /// What FR's gateway makes of its own receipts before it signs them.
    pub(crate) misstates: fn(&mut Receipt),
    /// What JP's gateway makes of its own.
    pub(crate) home_misstates: fn(&mut Receipt),
    /// What JP's gateway has not logged yet, where it holds entries back from its log.
    pub(crate) unlogged: Option<Vec<Statement>>,
    /// How far the clocks of the two gateways are ahead, JP's and FR's, in milliseconds.
    pub(crate) ahead: [i64; 2],
    /// How far FR's gateway dates its cosignature ahead besides, in milliseconds.
    pub(crate) cosigned_ahead: i64,
}

pub(crate) struct Signer(pub(crate) SigningKey);

impl SignBytes for Signer {
    fn public_key(&self) -> LedgerKey {
        LedgerKey::new(self.0.public_key())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign_text(std::str::from_utf8(message).unwrap()).unwrap()
    }
}

pub(crate) fn party(id: &str) -> PartyId {
    id.parse().unwrap()
}

pub(crate) fn desk(id: &str) -> AuthorityId {
    id.parse().unwrap()
}

/// The clock of who reads.
pub(crate) fn now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "openmls holds lifetimes against this clock, so the tests must too")]
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since_1970.as_millis()).unwrap())
}

pub(crate) fn treaties() -> Vec<(String, String)> {
    let state = |id: &str| {
        let text = format!(
            "format = \"party/1\"\nid = \"{id}\"\nname = \"{id}\"\n[[treaty]]\ninstrument = \"ets-185\"\nsigned = 2001-11-23\n\
             ratified = 2006-01-10\nin_force = 2006-05-01\nverified = false\n\n[[authority]]\nkind = \"central\"\n\
             name = \"Ministry\"\nlanguages = [\"en\"]\n"
        );
        (format!("parties/{id}.toml"), text)
    };
    vec![("instruments/convention/instrument.toml".to_owned(), INSTRUMENT.to_owned()), state("JP"), state("FR")]
}

impl State {
    fn new(id: &str, start: Timestamp) -> Self {
        let own = party(id);
        // The state was there half a day before its case.
        let before = start.plus_ms(-12 * 3_600_000);
        let root = Root::generate(own, before).unwrap();
        let key = || SigningKey::generate().unwrap();
        let [ledger, desk, one, two, decider, judge, leaf] = std::array::from_fn(|_| key());
        let officer = |name: &str, key: &SigningKey, role| Officer {
            pseudonym: name.to_owned(),
            key: key.verifying_key(),
            roles: BTreeSet::from([role]),
        };
        let authority = |name: &str, kind, desk: &SigningKey, officers| Authority {
            id: AuthorityId::new(own, name).unwrap(),
            kind,
            title: name.to_owned(),
            desk_key: desk.verifying_key(),
            officers,
        };
        let officers = vec![
            officer("officer-1", &one, Role::Central),
            officer("officer-2", &two, Role::Central),
            officer("officer-3", &decider, Role::Decider),
        ];
        let judges = vec![officer("judge-1", &judge, Role::Judge)];
        let directory = Directory {
            party: own,
            version: 1,
            issued: before,
            expires: start.plus_ms(30 * 24 * 3600 * 1000),
            ledger_key: ledger.verifying_key(),
            ledger_key_ml_dsa_44: None,
            ledger_keys_before: Vec::new(),
            root: root.certificate().der().to_vec(),
            authorities: vec![
                authority("central", AuthorityKind::Central, &desk, officers),
                authority("judicial", AuthorityKind::Judicial, &key(), judges),
            ],
            trusted: Commitments::to(&[]).unwrap(),
        };
        let directory = root.sign_directory(&directory, &[]).unwrap();
        let certificate = root.issue_leaf(&AuthorityId::new(own, "central").unwrap(), &leaf.public_key(), start, MONTH);
        let leaf = LeafIdentity::from_pkcs8(&[certificate.unwrap().to_vec()], &leaf.to_pkcs8().unwrap()).unwrap();
        Self { root, ledger: Signer(ledger), desk, central: [one, two], decider, judge, directory, leaf }
    }
}

impl Story {
    /// Two states, and nothing between them yet.
    pub(crate) fn new() -> Self {
        Self::begun(now().plus_ms(-10 * 60_000))
    }

    /// The same, with everything certified at another moment.
    pub(crate) fn begun(start: Timestamp) -> Self {
        let (jp, fr) = crate::pinned::introduced(State::new("JP", start), State::new("FR", start));
        let roots = [&jp, &fr].map(|state| (state.root.party(), state.root.certificate().clone()));
        let trust = TrustStore::witnessed(&BTreeMap::from(roots), &[&jp.directory, &fr.directory]).unwrap();
        let rule = Catalog::load(treaties()).unwrap().rule(party("JP"), party("FR"), start.date().unwrap());
        let case = CaseId::new(*b"\x01\x02\x03\x04\x05\x06\x47\x08\x89\x0a\x0b\x0c\x0d\x0e\x0f\x10");
        let binding = CaseBinding::new(case, rule.pin(), party("JP"), party("FR"));
        Self {
            start,
            case,
            jp,
            fr,
            trust,
            pin: rule.pin(),
            binding,
            members: None,
            previous: HeaderDigest::GENESIS,
            log: Log::default(),
            rows: StoredHashes::default(),
            leaves: Vec::new(),
            entries: Vec::new(),
            misstates: |_| {},
            home_misstates: |_| {},
            unlogged: None,
            ahead: [0, 0],
            cosigned_ahead: 0,
        }
    }

    /// A whole small case: opened, asked, acknowledged, reviewed, accepted.
    pub(crate) fn small() -> Self {
        let mut story = Self::new();
        story.play();
        story
    }

    pub(crate) fn play(&mut self) {
        self.open();
        self.request();
        self.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
        self.answer(Step::OpenReview, &[(false, 2, Role::Decider)]);
        self.answer(Step::Recognise, &[(false, 2, Role::Decider)]);
    }

    /// When the next entry is made.
    fn moment(&self) -> Timestamp {
        self.start.plus_ms(20 * self.entries.len() as i64 + 1000)
    }

    pub(crate) fn header(&self, step: Step) -> Header {
        let by_home = matches!(step, Step::OpenGroup | Step::SealSend);
        let (home, peer) = (desk("JP:central"), desk("FR:central"));
        let (sender, recipient) = if by_home { (home, peer) } else { (peer, home) };
        let mut id = [7; 16];
        id[..4].copy_from_slice(&(self.entries.len() as u32).to_be_bytes());
        (id[6], id[8]) = (0x77, 0x87);
        Header {
            entry: EntryId::new(id),
            case: self.case,
            home: party("JP"),
            peer: party("FR"),
            sender,
            recipient,
            pin: self.pin,
            step,
            measures: vec![],
            concerns: if by_home { vec![] } else { vec![MeasureId(1)] },
            purpose: None,
            offence: None,
            validation: None,
            records: vec![],
            ground: None,
            conditions: vec![],
            body: None,
            previous: self.previous,
            declared: Declared::default(),
            created: self.moment(),
            expires: self.moment().plus_ms(24 * 3_600_000),
        }
    }

    /// JP's desk opens the group with FR's in it.
    pub(crate) fn open(&mut self) {
        let header = self.header(Step::OpenGroup);
        let at = header.created;
        let mut home = Member::create(&self.jp.leaf, &self.binding, &self.trust, at).unwrap();
        let package = prepare_key_packages(&self.fr.leaf, 1, false, at).unwrap().remove(0);
        let handshake: Handshake = home.add(&[&package.public], &self.trust, at).unwrap();
        let approved = Follower::open_with(&handshake, &self.binding, &self.trust, at).unwrap();
        home.merge(&approved.epoch).unwrap();
        let (fr, binding) = (&self.fr.leaf, &self.binding);
        let peer = Member::join(
            std::slice::from_ref(fr),
            &package.private,
            &handshake.welcome,
            binding,
            &approved.epoch,
            &self.trust,
            at,
        )
        .unwrap();
        self.members = Some([home, peer]);
        self.send(&header, Payload::Handshake(handshake), &[], None, Some(approved.epoch));
    }

    /// JP's desk sends the request: validated by a judge, signed by two officers.
    pub(crate) fn request(&mut self) {
        self.asks(|request| request["measures"][0]["records"] = json!(["subscriber_info"]), |_| {});
    }

    /// The same, by a document that `write` changes, and a header that `lie` makes of the one that fits it.
    pub(crate) fn asks(&mut self, write: impl FnOnce(&mut Value), lie: impl FnOnce(&mut Header)) {
        let mut document: Value = serde_json::from_str(REQUEST).unwrap();
        document["case"] = self.case.to_string().into();
        write(&mut document);
        let declared = accord::declare(&RequestBody::from_document(document.clone()).unwrap()).unwrap();
        let mut header = self.header(Step::SealSend);
        let body = self.sealed(&header, "request", &document);
        header.body = Some(body.commitment());
        header.measures = declared.measures;
        header.purpose = Some(declared.purpose);
        header.offence = declared.offence;
        header.declared = declared.declared;
        lie(&mut header);
        let statement = ValidationStatement {
            case: self.case,
            pin: self.pin,
            measures: header.measures.clone(),
            body: body.commitment(),
            validated: header.created,
        };
        let statement_bytes = proto::encode_statement(&statement);
        header.validation = Some(Validation {
            signature: sign_validation(&self.jp.judge, &statement_bytes),
            statement,
            statement_bytes,
            authority: desk("JP:judicial"),
            role: Role::Judge,
            key: self.jp.judge.key_id(),
        });
        self.seal(&header, &body, &[(true, 0, Role::Central), (true, 1, Role::Central)]);
    }

    /// FR's desk answers with a step on the one measure. Signers: whether of JP, which officer, the role.
    pub(crate) fn answer(&mut self, step: Step, signers: &[(bool, usize, Role)]) {
        let mut header = self.header(step);
        let body = self.body(&header);
        header.body = Some(body.commitment());
        self.seal(&header, &body, signers);
    }

    fn body(&self, header: &Header) -> SealedBody {
        self.sealed(header, "notice", &json!({ "record_type": "notice", "entry": header.entry.to_string() }))
    }

    /// A body of one document, which the sender's desk signed.
    pub(crate) fn sealed(&self, header: &Header, record_type: &str, document: &Value) -> SealedBody {
        let bytes = serde_json::to_vec_pretty(document).unwrap();
        let document = Document { record_type: record_type.parse().unwrap(), bytes };
        let bytes = desk::Body { step: header.step, documents: vec![document] }.encode().unwrap();
        let key = if header.sender.party() == party("JP") { &self.jp.desk } else { &self.fr.desk };
        let signature = key.signature(Domain::Record, model::Digest::of(&[&bytes]).as_bytes());
        SealedBody { salt: BodySalt([self.entries.len() as u8; 32]), bytes, signatures: vec![signature] }
    }

    pub(crate) fn seal(&mut self, header: &Header, body: &SealedBody, signers: &[(bool, usize, Role)]) {
        let header_bytes = proto::encode_header(header);
        let [home, peer] = self.members.as_mut().unwrap();
        let member = if header.sender.party() == party("JP") { home } else { peer };
        let sealed = member.seal(&body.encode().unwrap(), HeaderDigest::of(&header_bytes)).unwrap();
        let opened = Body {
            bytes: body.bytes.clone(),
            salt: body.salt.0,
            signature: body.signatures.first().map(|one| one.bytes.clone()),
        };
        self.send(header, Payload::Sealed(sealed), signers, Some(opened), None);
    }

    /// Both gateways take an entry: receipts of both, leaves of the home.
    fn send(
        &mut self,
        header: &Header,
        payload: Payload,
        signers: &[(bool, usize, Role)],
        body: Option<Body>,
        epoch: Option<model::EpochCertificate>,
    ) {
        let header_bytes = proto::encode_header(header);
        let digest = HeaderDigest::of(&header_bytes);
        let envelope = model::EnvelopeDigest::of(digest, &payload);
        let by_home = header.sender.party() == party("JP");
        let desk_key = if by_home { &self.jp.desk } else { &self.fr.desk };
        let officer = |(home, which, role): &(bool, usize, Role)| {
            let state = if *home { &self.jp } else { &self.fr };
            let key = state.central.get(*which).unwrap_or(&state.decider);
            sign_step(key, *role, digest)
        };
        let entry = model::Entry {
            header: header.clone(),
            header_bytes,
            payload,
            officers: signers.iter().map(officer).collect(),
            desk: sign_envelope(desk_key, envelope),
        };
        let wire = proto::convert::entry_to_bytes(&entry);
        let received =
            proto::convert::receive_entry(proto::convert::entry_from_bytes(Bytes::from(wire.clone())).unwrap());
        self.trust.verify_entry(Received::clone(&received.unwrap()), header.created).unwrap();
        self.previous = digest;
        let [own, other] = if by_home { self.ahead } else { [self.ahead[1], self.ahead[0]] };
        let (first, second) = (header.created.plus_ms(1 + own), header.created.plus_ms(3 + other));
        let leaf = self.leaves.len() as u64;
        let at_home = if by_home { first } else { second };
        let logged = Statement::of_entry(header.entry, digest, envelope, at_home);
        match &mut self.unlogged {
            Some(unlogged) => unlogged.push(logged),
            None => self.append(logged),
        }
        let receipt = |kind, at, by: &str| Receipt {
            kind,
            by: party(by),
            entry: header.entry,
            case: self.case,
            header: digest,
            envelope,
            at,
            leaf: (by == "JP").then_some(leaf),
            refusal: None,
            epoch: epoch.clone(),
            authenticator: None,
        };
        let (from, to) = if by_home { ("JP", "FR") } else { ("FR", "JP") };
        let submission = self.signed(receipt(ReceiptKind::SubmissionAcceptance, first, from));
        let acceptance = self.signed(receipt(ReceiptKind::RelayAcceptance, second, to));
        if by_home {
            self.append(Statement::of_receipt(&acceptance.receipt, &acceptance.bytes));
        }
        let kept = |signed: &SignedReceipt| {
            let bytes = prost::Message::encode_to_vec(&proto::types::SignedReceipt::from(signed));
            (signed.receipt.kind, signed.receipt.by, bytes)
        };
        self.entries.push(Entry { id: header.entry, wire, receipts: vec![kept(&submission), kept(&acceptance)], body });
    }

    fn signed(&self, mut receipt: Receipt) -> SignedReceipt {
        let misstates = if receipt.by == party("FR") { self.misstates } else { self.home_misstates };
        misstates(&mut receipt);
        let (key, other) =
            if receipt.by == party("JP") { (&self.jp.ledger.0, "FR") } else { (&self.fr.ledger.0, "JP") };
        let (by, bytes) = (receipt.by, proto::encode_receipt(&receipt));
        sign_receipts(key, by, party(other), vec![(receipt, bytes)]).unwrap().remove(0)
    }

    /// Adds a receipt to an entry: its last one, changed.
    pub(crate) fn states(&mut self, entry: usize, change: impl FnOnce(&mut Receipt)) {
        let last = self.entries[entry].receipts.last().unwrap();
        let wire = <proto::types::SignedReceipt as prost::Message>::decode(&last.2[..]).unwrap();
        let mut receipt = proto::decode_receipt(&wire).unwrap().receipt;
        change(&mut receipt);
        let signed = self.signed(receipt);
        let bytes = prost::Message::encode_to_vec(&proto::types::SignedReceipt::from(&signed));
        self.entries[entry].receipts.push((signed.receipt.kind, signed.receipt.by, bytes));
    }

    /// What JP's gateway logged of an entry.
    pub(crate) fn logged(&self, entry: usize) -> Statement {
        let of = |one: &&(Statement, LeafSalt)| one.0.entry == self.entries[entry].id;
        self.leaves.iter().find(of).unwrap().0
    }

    pub(crate) fn append(&mut self, statement: Statement) {
        let salt = LeafSalt([self.leaves.len() as u8; 32]);
        let (log, rows) = self.log.append(&[statement.leaf(&salt)]).unwrap();
        self.log = log;
        self.rows.extend(rows);
        self.leaves.push((statement, salt));
    }
}
