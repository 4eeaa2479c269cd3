//! Cases that were altered after they were exported, by whoever has which keys: deploy/AUDITOR.md finds each, in the step that is to find it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use identity::{Directory, Domain, SigningKey, sign_receipts, sign_step};
use model::{AuthorityKind, Digest, PartyId, Receipt, ReceiptKind, Refusal, RefusalCode, Role, UNOPENED};
use prost::Message;
use proto::{convert, types};
use serde_json::Value;

use crate::{
    auditor::{self, follow, said},
    evidence::received,
    stage::Side,
    state::State,
    within,
};

/// A case file that was unpacked, for somebody to alter.
pub(crate) struct Forged<'s> {
    folder: PathBuf,
    /// Whose desk exported it.
    exporter: &'s State,
}

/// Whose keys whoever alters a file has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum By {
    Nobody,
    /// The exporting desk.
    Desk,
    /// That desk, and its gateway, which counts anew.
    Gateway,
}

/// Who alters a case how, in which step that is found, and what is said of it.
type Altered = (By, fn(&Forged<'_>), u8, &'static str);

const ALTERED: [Altered; 27] = [
    (By::Nobody, |case| case.flip(BODY), 1, "bodies/000001.body: FAILED"),
    (By::Nobody, |case| case.write("entries/000099.entry", b""), 1, "a file that the manifest does not name"),
    (By::Desk, |case| case.replace(&case.named("directories", ".toml"), "Court", "court"), 2, "case/directories/JP-"),
    (By::Desk, |case| case.flip(&case.named("directories", ".signature")), 2, "case/directories/JP-"),
    (By::Desk, |case| case.flip(&case.named("openings", ".opening")), 2, "opens no commitment"),
    (By::Desk, |case| case.write("roots/FR.pem", &case.read("roots/JP.pem")), 2, "another root of FR"),
    (
        By::Nobody,
        |case| {
            case.flip(BODY);
            case.sum()
        },
        3,
        "case/manifest.signature",
    ),
    (By::Desk, |case| case.remove(&case.named("entries", ".entry")), 3, "< entries"),
    (By::Desk, |case| case.remove(&case.named("receipts", RETRIEVAL)), 3, "< receipts"),
    (By::Desk, |case| case.swap_receipts(), 3, "< receipts"),
    (By::Desk, |case| case.remove(&case.named("ledger", PROOF)), 3, "< leaves"),
    (
        By::Desk,
        |case| {
            case.remove(&case.named("receipts", RETRIEVAL));
            case.count()
        },
        3,
        "case/ledger/extent.signature",
    ),
    (By::Desk, |case| case.flip(BODY), 4, "another body was committed to"),
    (By::Gateway, |case| case.remove_an_entry(), 4, "does not follow the entry before it"),
    (
        By::Gateway,
        |case| case.header("000001", |header| header.expires_ms += 1),
        4,
        "does not follow the entry before it",
    ),
    (
        By::Gateway,
        |case| case.entry("000001", |entry| flip(&mut entry.desk.as_mut().unwrap().signature)),
        4,
        "000001-2.signature",
    ),
    (
        By::Gateway,
        |case| case.entry("000001", |entry| flip(&mut entry.officers[0].signature.as_mut().unwrap().signature)),
        4,
        "000001-0.signature",
    ),
    (By::Gateway, |case| case.take_roles(), 4, "is of no central officer of JP:central"),
    (
        By::Gateway,
        |case| {
            case.judge();
            case.close_court()
        },
        4,
        "nor of a court of its state",
    ),
    (
        By::Gateway,
        |case| case.receipt(RETRIEVAL, |signed| flip(&mut signed.proof)),
        5,
        "was not signed by the gateway of FR",
    ),
    (By::Gateway, |case| case.receipt(RETRIEVAL, |signed| flip(&mut signed.receipt)), 5, "DOES NOT HOLD"),
    (By::Gateway, |case| case.swap_receipts(), 5, "is on another entry"),
    (
        By::Gateway,
        |case| case.remove(&case.named("receipts", RETRIEVAL)),
        6,
        "opens to a receipt that is not in the file",
    ),
    (By::Gateway, |case| case.remove(&case.named("ledger", PROOF)), 6, "which is under the head and not in the file"),
    (By::Gateway, |case| case.salt(), 6, "ledger/leaf-000000000000000.tlog-proof: "),
    (By::Gateway, |case| case.behead(), 6, "invalid signature for key rogatory.internal/jp/fr"),
    (By::Gateway, |case| case.certify(), 8, "another tree was certified"),
];
/// The body of the request.
const BODY: &str = "bodies/000001.body";
const RETRIEVAL: &str = "-Retrieval-FR.receipt";
const PROOF: &str = ".tlog-proof";

impl<'s> Forged<'s> {
    pub(crate) fn unpack(case: &Path, folder: &Path, exporter: &'s State) -> Self {
        fs::create_dir(folder).unwrap();
        let forged = Self { folder: folder.to_owned(), exporter };
        let case = case.to_str().unwrap();
        forged.run("unzip", &["-q", case, "-d", "case"]);
        forged
    }

    /// The file of it. Nothing is signed by that.
    pub(crate) fn pack(&self) -> PathBuf {
        let file = self.folder.join("case.zip");
        self.run("sh", &["-c", "cd case && python3 -m zipfile -c ../case.zip ."]);
        file
    }

    /// The exporting desk signs what is there now.
    pub(crate) fn sign(&self) {
        self.sum();
        let desk = self.exporter.key("desks/central", "desk.key.pem");
        self.write("manifest.signature", &desk.sign(Domain::CaseFile, &self.read("manifest.json")));
    }

    /// The manifest names what is there now.
    fn sum(&self) {
        let mut manifest: Value = serde_json::from_slice(&self.read("manifest.json")).unwrap();
        let named: Vec<String> = manifest["files"].as_object().unwrap().keys().cloned().collect();
        let there = named.into_iter().filter(|name| self.path(name).exists());
        let sum = |name: String| {
            let digest = Digest::of(&[&self.read(&name)]).to_string();
            (name, Value::from(digest))
        };
        manifest["files"] = Value::Object(there.map(sum).collect());
        self.write("manifest.json", format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap()).as_bytes());
    }

    /// How much there is now, in the form in which a gateway signs it.
    fn count(&self) {
        fs::write(self.folder.join("extent.py"), auditor::file("extent.py")).unwrap();
        let counted = self.run("python3", &["extent.py"]);
        let mut lines: Vec<&str> = counted.lines().collect();
        let signed = String::from_utf8(self.read("ledger/extent.txt")).unwrap();
        lines.insert(2, signed.lines().find(|line| line.starts_with("at_ms ")).unwrap());
        self.write("ledger/extent.txt", format!("{}\n", lines.join("\n")).as_bytes());
    }

    /// The gateway of the exporter signs how much there is now.
    fn state_extent(&self) {
        self.count();
        let key = self.ledger_key();
        self.write("ledger/extent.signature", &key.sign(Domain::CaseExtent, &self.read("ledger/extent.txt")));
    }

    fn ledger_key(&self) -> SigningKey {
        self.exporter.key("gateway", "ledger.key.pem")
    }

    /// The first file of a folder whose name ends so.
    pub(crate) fn named(&self, folder: &str, end: &str) -> String {
        self.all_named(folder, end).remove(0)
    }

    fn all_named(&self, folder: &str, end: &str) -> Vec<String> {
        let files =
            fs::read_dir(self.path(folder)).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> =
            files.filter(|name| name.ends_with(end)).map(|name| format!("{folder}/{name}")).collect();
        // The home's before the other party's.
        names.sort_by_key(|name| (!name.contains("/JP-"), name.clone()));
        names
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join("case").join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = String::from_utf8(self.read(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        self.write(name, text.replace(from, to).as_bytes());
    }

    /// Changes one bit in the middle of a file.
    pub(crate) fn flip(&self, name: &str) {
        let mut bytes = self.read(name);
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        self.write(name, &bytes);
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let done = Command::new(program).args(arguments).current_dir(&self.folder).output().unwrap();
        assert!(done.status.success(), "{}", said(&done));
        String::from_utf8(done.stdout).unwrap()
    }

    /// An entry in the middle goes, with its receipts.
    fn remove_an_entry(&self) {
        let of_it = |name: &&String| name.contains("/000003-");
        let all = [self.all_named("entries", ""), self.all_named("receipts", "")].concat();
        all.iter().filter(of_it).for_each(|name| self.remove(name));
    }

    /// What the other desk did with two entries changes places.
    fn swap_receipts(&self) {
        let names = self.all_named("receipts", RETRIEVAL);
        let [one, other] = [&names[0], &names[1]].map(|name| (name, self.read(name)));
        self.write(one.0, &other.1);
        self.write(other.0, &one.1);
    }

    fn entry(&self, number: &str, change: impl FnOnce(&mut types::Entry)) {
        let names = self.all_named("entries", ".entry");
        let name = names.iter().find(|name| name.contains(&format!("/{number}-"))).unwrap();
        let mut entry = convert::entry_from_bytes(self.read(name)).unwrap();
        change(&mut entry);
        self.write(name, &entry.encode_to_vec());
    }

    fn header(&self, number: &str, change: impl FnOnce(&mut types::Header)) {
        self.entry(number, |entry| {
            let mut header = types::Header::decode(entry.header.clone()).unwrap();
            change(&mut header);
            entry.header = header.encode_to_vec().into();
        });
    }

    fn receipt(&self, end: &str, change: impl FnOnce(&mut types::SignedReceipt)) {
        let name = self.named("receipts", end);
        let mut signed = types::SignedReceipt::decode(&self.read(&name)[..]).unwrap();
        change(&mut signed);
        self.write(&name, &signed.encode_to_vec());
    }

    /// A judge signs the request in the place of its first officer, as those steps want it that are a court's.
    fn judge(&self) {
        let judge = self.exporter.key("officers/judicial/officer-1", "key.pem");
        self.entry("000001", |entry| {
            let (header, _) = convert::receive_entry(entry.clone()).unwrap().digests();
            let signed = sign_step(&judge, Role::Judge, header).signature;
            let signature =
                types::Signature { key_id: signed.key.0.as_bytes().to_vec().into(), signature: signed.bytes.into() };
            entry.officers[0] = types::OfficerSignature { role: "judge".to_owned(), signature: Some(signature) };
        });
    }

    /// The root of the exporter signs other directories.
    fn directories(&self, change: impl Fn(&mut Directory)) {
        for name in self.all_named("directories", ".toml").iter().filter(|name| name.contains("/JP-")) {
            let mut directory = Directory::from_toml(&String::from_utf8(self.read(name)).unwrap()).unwrap();
            change(&mut directory);
            let signed = self.exporter.root().sign_directory(&directory, &[]).unwrap();
            self.write(name, signed.toml.as_bytes());
            self.write(&name.replace(".toml", ".signature"), &signed.signature);
        }
    }

    /// Nobody signs for the central authority.
    fn take_roles(&self) {
        self.directories(|directory| {
            let officers = directory.authorities.iter_mut().flat_map(|authority| &mut authority.officers);
            officers.for_each(|officer| officer.roles.retain(|role| *role != Role::Central));
        });
    }

    /// Who has judges is no court.
    fn close_court(&self) {
        self.directories(|directory| {
            let courts = directory.authorities.iter_mut().filter(|one| one.kind == AuthorityKind::Judicial);
            courts.for_each(|court| court.kind = AuthorityKind::Executing);
        });
    }

    /// Another salt in the first leaf.
    fn salt(&self) {
        let name = self.named("ledger", PROOF);
        let text = String::from_utf8(self.read(&name)).unwrap();
        let (before, salt) = text.split_once("\nextra ").unwrap();
        let other = if salt.starts_with('A') { "B" } else { "A" };
        self.write(&name, format!("{before}\nextra {other}{}", &salt[1..]).as_bytes());
    }

    /// Another root of the log, wherever the head stands.
    fn behead(&self) {
        let head = String::from_utf8(self.read("ledger/head.note")).unwrap();
        let root = head.lines().nth(2).unwrap();
        let other = if root.starts_with('A') { "B" } else { "A" };
        let other = head.replace(root, &format!("{other}{}", &root[1..]));
        self.all_named("ledger", PROOF).iter().for_each(|name| self.replace(name, &head, &other));
        self.write("ledger/head.note", other.as_bytes());
    }

    /// The other gateway says before its time that no desk had opened an entry.
    fn unopened_early(&self, peer: &State) {
        let retrieved = self.named("receipts", RETRIEVAL);
        let signed = types::SignedReceipt::decode(&self.read(&retrieved)[..]).unwrap();
        let opened = proto::decode_receipt(&signed).unwrap().receipt;
        let refusal = Refusal::new(RefusalCode::R94, UNOPENED, "its desk had not opened it", "Ask it.");
        let receipt =
            Receipt { kind: ReceiptKind::NonRetrieval, refusal: Some(refusal), authenticator: None, ..opened };
        let bytes = proto::encode_receipt(&receipt);
        let key = peer.key("gateway", "ledger.key.pem");
        let stated = sign_receipts(&key, peer.party, self.exporter.party, vec![(receipt, bytes)]).unwrap();
        let name = retrieved.replace("-Retrieval-", "-NonRetrieval-");
        self.write(&name, &types::SignedReceipt::from(&stated[0]).encode_to_vec());
        self.remove(&retrieved);
        self.replace("manifest.json", &retrieved, &name);
    }

    /// The exporter's gateway certifies another tree than the handshake leads to.
    fn certify(&self) {
        let key = self.ledger_key();
        let [jp, fr]: [PartyId; 2] = ["JP", "FR"].map(|party| party.parse().unwrap());
        self.receipt("000000-00-SubmissionAcceptance-JP.receipt", |signed| {
            let mut receipt = proto::decode_receipt(signed).unwrap().receipt;
            receipt.epoch.as_mut().unwrap().tree_hash[0] ^= 1;
            let bytes = proto::encode_receipt(&receipt);
            *signed = (&sign_receipts(&key, jp, fr, vec![(receipt, bytes)]).unwrap()[0]).into();
        });
    }
}

fn flip(bytes: &mut bytes::Bytes) {
    let mut changed = bytes.to_vec();
    *changed.last_mut().unwrap() ^= 1;
    *bytes = changed.into();
}

/// Signs with the keys that whoever altered it has.
fn signed(forged: &Forged<'_>, by: By) -> PathBuf {
    if by == By::Gateway {
        forged.state_extent();
    }
    if by > By::Nobody {
        forged.sign();
    }
    forged.pack()
}

#[tokio::test]
async fn the_auditors_page_finds_each_altered_file_in_the_step_that_is_to_find_it() {
    within(600, async {
        let play = received().await;
        let case = play.export(Side::Jp, "jp.zip", &["--as", "central/officer-1"]).await;
        let (jp, fr) = (&play.stage.pair.jp, &play.stage.pair.fr);
        let [jp_root, fr_root] = [jp, fr].map(|state| state.dir.join("root/root.cert.pem"));
        let audited = |number: usize, by: By, change: &dyn Fn(&Forged<'_>)| {
            let folder = jp.dir.join(format!("altered-{number}"));
            let forged = Forged::unpack(&case, &folder, jp);
            change(&forged);
            let file = signed(&forged, by);
            follow(&folder.join("audit"), &file, [&jp_root, &fr_root], None)
        };
        // Whoever has all keys of one state signs what is so, and a judge may sign: the page has nothing to find.
        let whole = audited(ALTERED.len(), By::Gateway, &|case: &Forged<'_>| case.judge());
        assert!(whole.status.success(), "{}", said(&whole));
        assert!(said(&whole).contains("officer JP:judicial officer-1 as judge"), "{}", said(&whole));
        let early = audited(ALTERED.len() + 1, By::Gateway, &|case: &Forged<'_>| case.unopened_early(fr));
        let named = "5: THE GATEWAY OF FR SIGNED WHAT IS NOT SO: case/receipts/";
        assert!(said(&early).contains(named) && said(&early).contains("was over, and it was not"), "{}", said(&early));
        let find = |(number, (by, change, step, says)): (usize, &Altered)| {
            let done = audited(number, *by, change);
            let text = said(&done);
            assert!(!done.status.success(), "nobody finds {number}, of which is to be said: {says}\n{text}");
            let named = text.contains(&format!("{step}: DOES NOT HOLD: the check stops in step {step}"));
            assert!(named && text.contains(says), "{number} is to be found in step {step}: {says}\n{text}");
        };
        thread::scope(|scope| {
            let (find, halves) = (&find, [0, 1]);
            let mut workers = Vec::new();
            for half in halves {
                workers.push(scope.spawn(move || ALTERED.iter().enumerate().skip(half).step_by(2).for_each(find)));
            }
            workers.into_iter().for_each(|worker| worker.join().unwrap());
        });
    })
    .await;
}
