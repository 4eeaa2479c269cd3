//! What both gateways hold of what happened to an entry: all of it, in its order, in the home's ledger, and provable by strangers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use ledger::{Statement, StatementKind};
use model::{Digest, Receipt, ReceiptKind, SignedReceipt};
use serde_json::Value;
use tonic::Code;

use crate::{
    bounded,
    form::{reason, with_case},
    misconduct::cosigned,
    now,
    pair::Pair,
    programs::run,
    scribe::Scribe,
    state::State,
    until,
};

/// The leaves of channels' logs in a gateway's database, each taken out of its stretch (`store`'s `stretch.rs`).
pub(crate) const LEAVES: &str = "
def leaves(db):
    columns = 'channel, idx, hash, salt, statement, following, more'
    rows = db.execute(f'SELECT {columns} FROM leaf WHERE channel NOT LIKE ? ORDER BY channel, idx', ('%/heads',))
    for channel, idx, hash, salt, statement, following, more in rows:
        yield channel, idx, hash, salt, statement
        for number in range(idx + 1, idx + 1 + following):
            hash, has, more = more[:32], more[32], more[33:]
            salt, more = (more[:32], more[32:]) if has & 1 else (b'', more)
            more = more[16:] if has & 2 else more
            end = 4 + int.from_bytes(more[:4], 'big')
            statement, more = more[4:end], more[end:]
            yield channel, number, hash, salt, statement
";

/// How long an entry may be taken that nobody is to open in time.
const SHORT_MS: i64 = 4_000;

/// All receipts that a gateway keeps in the order in which it kept them, and all leaves that it holds.
const RECORD: &str = "
import json, sqlite3, sys
db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
receipts = [hex for (hex,) in db.execute('SELECT hex(bytes) FROM receipt ORDER BY id')]
held = [(channel, idx, statement.hex()) for channel, idx, _, _, statement in leaves(db)]
print(json.dumps({'receipts': receipts, 'leaves': held}))
";

/// What a gateway's database holds.
pub(crate) struct Record {
    receipts: Vec<SignedReceipt>,
    leaves: Vec<(String, i64, Statement)>,
}

impl Record {
    pub(crate) async fn of(state: &State) -> Self {
        let database = state.gateway_dir().join("gateway.db");
        let told =
            run(Path::new("python3"), &["-c", &[LEAVES, RECORD].concat(), database.to_str().unwrap()]).await.done();
        let receipts = told["receipts"].as_array().unwrap().iter();
        let leaves = told["leaves"].as_array().unwrap().iter();
        let receipt = |kept: &Value| {
            let wire: proto::types::SignedReceipt = prost::Message::decode(&*bytes(kept)).unwrap();
            proto::decode_receipt(&wire).unwrap()
        };
        let leaf = |leaf: &Value| {
            let channel = leaf[0].as_str().unwrap().to_owned();
            (channel, leaf[1].as_i64().unwrap(), Statement::decode(&bytes(&leaf[2])).unwrap())
        };
        Self { receipts: receipts.map(receipt).collect(), leaves: leaves.map(leaf).collect() }
    }

    /// The kinds that were kept of an entry, in the order in which they were.
    pub(crate) fn kinds(&self, entry: &str) -> Vec<ReceiptKind> {
        let of = self.receipts.iter().map(|signed| &signed.receipt).filter(|one| one.entry.to_string() == entry);
        of.map(|one| one.kind).collect()
    }

    /// The receipt of a kind on an entry.
    pub(crate) fn receipt(&self, entry: &str, kind: ReceiptKind) -> &Receipt {
        let of = |one: &&Receipt| one.entry.to_string() == entry && one.kind == kind;
        self.receipts.iter().map(|signed| &signed.receipt).find(of).unwrap()
    }

    /// How many leaves in a log stand for receipts on an entry.
    pub(crate) fn leaves_on(&self, entry: &str, log: &str) -> usize {
        let on_it = |statement: &Statement| {
            matches!(statement.kind, StatementKind::Receipt(_)) && statement.entry.to_string() == entry
        };
        self.leaves.iter().filter(|(channel, _, statement)| channel == log && on_it(statement)).count()
    }

    /// Whether a leaf stands for the receipt: its own, or that of the entry which it names.
    fn stands_for(&self, signed: &SignedReceipt, log: &str) -> bool {
        let Receipt { entry, header, envelope, leaf, .. } = signed.receipt;
        let own = Digest::of(&[&signed.bytes]);
        self.leaves.iter().filter(|(channel, ..)| channel == log).any(|(_, index, statement)| match statement.kind {
            StatementKind::Receipt(digest) => digest == own && statement.entry == entry,
            StatementKind::Entry => {
                leaf == u64::try_from(*index).ok()
                    && (statement.entry, statement.header, statement.envelope) == (entry, header, envelope)
            }
        })
    }
}

/// That both gateways hold the same receipts of these entries of Japan's cases, one of each stage, no later one before an earlier,
/// and each in Japan's ledger, which France holds too.
pub(crate) async fn assert_complete(pair: &Pair, entries: &BTreeSet<&String>) {
    let (jp, fr) = (Record::of(&pair.jp).await, Record::of(&pair.fr).await);
    let whole = [
        ReceiptKind::SubmissionAcceptance,
        ReceiptKind::RelayAcceptance,
        ReceiptKind::Delivery,
        ReceiptKind::Retrieval,
    ];
    for entry in entries {
        assert_eq!(jp.kinds(entry), whole, "JP holds other receipts of {entry}");
        assert_eq!(fr.kinds(entry), whole, "FR holds other receipts of {entry}");
    }
    let by_bytes = |record: &Record| -> BTreeMap<Vec<u8>, Vec<u8>> {
        record.receipts.iter().map(|signed| (signed.bytes.clone(), signed.proof.clone())).collect()
    };
    assert_eq!(by_bytes(&jp), by_bytes(&fr), "the gateways hold different receipts");
    for (name, record) in [("JP", &jp), ("FR", &fr)] {
        for signed in &record.receipts {
            assert!(record.stands_for(signed, "rogatory.internal/jp/fr"), "no leaf at {name} for {:?}", signed.receipt);
        }
    }
}

fn bytes(hex: &Value) -> Vec<u8> {
    let hex = hex.as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The ledger key in a state's directory.
fn ledger_key(state: &State) -> String {
    let directory = fs::read_to_string(state.gateway_dir().join("directory.toml")).unwrap();
    let directory: toml::Table = directory.parse().unwrap();
    directory["ledger_key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_foreign_library_proves_a_receipt_and_believes_no_flipped_byte() {
    bounded(async {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = here.join("../../target/python/bin/python");
        let pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
        let told = desk.verdict(entry.header.entry).await;
        let script = here.join("python/verify_receipt.py");
        let (bytes, proof, key) = (hex(&told.bytes), hex(&told.proof), ledger_key(&pair.fr));
        let verdict = run(&python, &[script.to_str().unwrap(), &bytes, &proof, &key]).await.done();
        assert_eq!((&verdict["holds"], &verdict["spoilt_and_believed"]), (&true.into(), &0.into()), "{verdict}");
        assert_eq!(verdict["spoilt"], told.bytes.len() + told.proof.len());
        assert_eq!(verdict["issuer"], "rogatory.internal/fr");
        assert_eq!(verdict["subject"], "rogatory.internal/jp");
        let strange = run(&python, &[script.to_str().unwrap(), &bytes, &proof, &ledger_key(&pair.jp)]).await.done();
        assert_eq!(strange["holds"], false, "another state's key");
    })
    .await;
}

#[tokio::test]
async fn a_refused_submission_is_stated_by_a_signed_receipt_that_stays_the_same() {
    bounded(async {
        let pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let spoilt = desk.request_with(&mut case, b"body", |header| header.pin = model::Pin(Digest::of(&[b"none"])));
        let denied = desk.submit(&spoilt).await.unwrap_err();
        assert_eq!(reason(&denied, Code::FailedPrecondition), "R92");
        let wire = proto::status::receipt_of(&denied).unwrap();
        let receipt = proto::decode_receipt(&wire).unwrap().receipt;
        assert_eq!((receipt.kind, receipt.by.to_string()), (ReceiptKind::SubmissionRejection, "JP".to_owned()));
        assert_eq!((receipt.entry, receipt.envelope), (spoilt.header.entry, spoilt.envelope_digest()));
        let refusal = receipt.refusal.unwrap();
        assert_eq!(refusal.code.to_string(), "R92");
        assert!(!refusal.rule.is_empty() && !refusal.remedy.is_empty(), "{refusal:?}");

        let again = desk.submit(&spoilt).await.unwrap_err();
        assert_eq!(reason(&again, Code::FailedPrecondition), "R92");
        assert_eq!(proto::status::receipt_of(&again).unwrap(), wire, "the first word stays");
        // It is durable at the own gateway, and nobody else's business.
        let entry = spoilt.header.entry.to_string();
        assert_eq!(Record::of(&pair.jp).await.kinds(&entry), [ReceiptKind::SubmissionRejection]);
        assert!(Record::of(&pair.fr).await.kinds(&entry).is_empty());
    })
    .await;
}

#[tokio::test]
async fn nothing_is_stated_of_a_retrieval_before_the_desk_has_opened_the_entry() {
    bounded(async {
        let pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        let jp = Record::of(&pair.jp).await;
        let kinds = jp.kinds(&entry.header.entry.to_string());
        assert_eq!(
            kinds,
            [ReceiptKind::SubmissionAcceptance, ReceiptKind::RelayAcceptance, ReceiptKind::Delivery],
            "nobody has opened it"
        );
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_its_desk_cannot_open_is_not_retrieved_on_both_records_and_that_word_stays() {
    bounded(async {
        let pair = Pair::own().await;
        let (mut desk, mut case) = with_case(&pair).await;
        let entry = desk.request(&mut case, b"body");
        desk.submit(&entry).await.unwrap();
        desk.verdict(entry.header.entry).await;
        let mut other = Scribe::at(&pair.fr).await;
        other.report(entry.header.entry, false).await;
        // It opens it after all, and says so: two words beside each other would convict its gateway.
        other.report(entry.header.entry, true).await;
        let id = entry.header.entry.to_string();
        until("JP is told", 20, async || (Record::of(&pair.jp).await.kinds(&id) == UNRETRIEVED).then_some(())).await;
        assert_eq!(Record::of(&pair.fr).await.kinds(&id), UNRETRIEVED);
        assert!(
            !Record::of(&pair.jp).await.receipt(&id, ReceiptKind::NonRetrieval).went_unopened(),
            "its desk said so"
        );
        cosigned(&pair).await;
        for state in [&pair.jp, &pair.fr] {
            let record = Record::of(state).await;
            let log = "rogatory.internal/jp/fr";
            assert!(record.receipts.iter().all(|signed| record.stands_for(signed, log)), "at {}", state.party);
        }
    })
    .await;
}

/// What stands where an entry lay ready and was not retrieved.
const UNRETRIEVED: [ReceiptKind; 4] =
    [ReceiptKind::SubmissionAcceptance, ReceiptKind::RelayAcceptance, ReceiptKind::Delivery, ReceiptKind::NonRetrieval];

#[tokio::test]
async fn what_no_desk_opened_in_its_time_is_said_not_to_be_retrieved_once_and_still_lies_ready() {
    bounded(async {
        let mut pair = Pair::own().await;
        Scribe::at(&pair.fr).await.invite(2).await;
        let mut desk = Scribe::at(&pair.jp).await;
        let central = pair.fr.authority("central");
        let [mut one, mut other] = [desk.open_case(&central).await, desk.open_case(&central).await];
        let soon = |header: &mut model::Header| header.expires = now().plus_ms(SHORT_MS);
        let whole = async |pair: &Pair, id: &str| {
            until("both hold every word", 30, async || {
                let [jp, fr] = [Record::of(&pair.jp).await, Record::of(&pair.fr).await];
                (jp.kinds(id) == UNRETRIEVED && fr.kinds(id) == UNRETRIEVED).then_some(())
            })
            .await;
        };
        let first = desk.request_with(&mut one, b"body", soon);
        desk.submit(&first).await.unwrap();
        desk.verdict(first.header.entry).await;
        // Nobody knows of it but the database.
        pair.fr_gateway.kill();
        pair.fr_gateway = pair.fr.serve().ready().await;
        let id = first.header.entry.to_string();
        whole(&pair, &id).await;
        let told = Record::of(&pair.jp).await.receipt(&id, ReceiptKind::NonRetrieval).clone();
        assert!(told.went_unopened() && told.by == pair.fr.party && told.at > first.header.expires, "{told:?}");
        let mut desk = Scribe::at(&pair.jp).await;
        let reason = told.refusal.unwrap().reason;
        assert!(reason.contains("had not opened it when its time was over"), "{reason}");
        let trace = desk.trace(first.header.entry).await;
        let last = proto::decode_receipt(trace.receipts.last().unwrap()).unwrap().receipt;
        assert_eq!(last.refusal.map(|refusal| refusal.reason), Some(reason), "its desk is told as well");

        // The desk comes after all: the entry lies ready, for without it the desk cannot follow the case. The first word stays.
        let mut late = Scribe::at(&pair.fr).await;
        assert!(late.arrivals(3).await.contains(&first.header.entry));
        late.report(first.header.entry, true).await;
        pair.fr_gateway.kill();
        pair.fr_gateway = pair.fr.serve().ready().await;
        let second = desk.request_with(&mut other, b"body", soon);
        desk.submit(&second).await.unwrap();
        whole(&pair, &second.header.entry.to_string()).await;
        whole(&pair, &id).await;
        cosigned(&pair).await;
        for state in [&pair.jp, &pair.fr] {
            let record = Record::of(state).await;
            let log = "rogatory.internal/jp/fr";
            assert!(record.receipts.iter().all(|signed| record.stands_for(signed, log)), "at {}", state.party);
            assert_eq!(state.channel(if state.party == pair.jp.party { "FR" } else { "JP" }).await["state"], "OPEN");
        }
    })
    .await;
}
