//! Records that contradict their header are nobody's to use. Who gives notice keeps them for the notice alone, and an outsider holds it
//! against both roots.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use desk::{Document, Record, RequestBody, canonical, declare, declare_given};
use identity::sign_envelope;
use model::{BodyCommitment, BodySalt, Digest, Header, ReceiptKind};
use prost::Message;
use proto::{convert, types};
use serde_json::{Value, json};

use crate::{
    bounded, now, papers,
    programs::{self, Answer},
    scribe::{Case, Scribe},
    stage::{Side, Stage, Victim},
    until,
};

const SECRET: &str = "two firms in Osaka";

/// What Japan gives: a form, and a record that is bound to somebody else than the one whom the form names.
fn documents(case: &Case) -> [Value; 2] {
    let mut form = papers::request(&case.id.to_string());
    form["measures"].as_array_mut().unwrap().truncate(1);
    let measure = &mut form["measures"][0];
    measure["article"] = "ets-185:26".into();
    measure["request_type"] = "spontaneous".into();
    measure["records"] = json!(["spontaneous_information"]);
    measure.as_object_mut().unwrap().remove("window");
    let content = json!({
        "selector": measure["subjects"][0]["selector"],
        "role": "suspect",
        "summary": format!("The account also wrote to {SECRET}."),
        "relevance": "They may have paid.",
        "obtained": "From the mailbox, under an order of the court.",
        "confidential": true,
        "request_expected": true,
    });
    let record = json!({
        "record_type": "spontaneous_information",
        "record_id": papers::any_case(),
        "case": case.id.to_string(),
        "measure": 1,
        "subject_ref": "S1",
        "subject_binding": Digest::of(&[b"another subject"]).to_string(),
        "source_system": "Register of the example authority",
        "collected_at": now().to_string(),
        "collector": { "authority": "JP:central", "officer": "Aoki Haruka" },
        "hash": Digest::of(&[&canonical(&content).unwrap()]).to_string(),
        "classification": "restricted",
        "conditions": ["C01"],
        "legal_basis": "Code of Criminal Procedure, art. 218",
        "content": content,
    });
    [form, record]
}

/// The header that fits form and record, but for whom the record is about.
fn declared(header: &mut Header, form: &Value, record: &Value) {
    let form = RequestBody::from_document(form.clone()).unwrap();
    let declaration = declare(&form).unwrap();
    header.measures = declaration.measures;
    header.purpose = Some(declaration.purpose);
    header.offence = declaration.offence;
    header.declared = declaration.declared;
    declare_given(header, &[Record::from_document(record.clone()).unwrap()]);
}

/// What an auditor gets who has the file, roots, and neither desk nor gateway.
async fn audited(program: &str, file: &str, roots: &[&str]) -> Answer {
    let line = [&["--output", "json", "audit", "violation", file], roots].concat();
    programs::run(&programs::program(program), &line).await
}

/// Japan's desk lies to that of France; case and entry.
async fn lied(stage: &mut Stage) -> [String; 2] {
    stage.strike(Victim::JpDesk);
    let mut liar = Scribe::at(&stage.pair.jp).await;
    let mut case = liar.open_case(&stage.pair.fr.authority("central")).await;
    let [form, record] = documents(&case);
    let document = |record_type: &str, value: &Value| Document {
        record_type: record_type.parse().unwrap(),
        bytes: value.to_string().into_bytes(),
    };
    let both = vec![document("request", &form), document("spontaneous_information", &record)];
    let entry = liar.send(&mut case, both, |header| declared(header, &form, &record));
    liar.submit(&entry).await.unwrap();
    let verdict = liar.verdict(entry.header.entry).await;
    assert_eq!(verdict.receipt.kind, ReceiptKind::RelayAcceptance, "{:?}", verdict.receipt.refusal);
    [case.id.to_string(), entry.header.entry.to_string()]
}

/// The same, when France has given notice of it.
async fn noticed(stage: &mut Stage) -> [String; 2] {
    let [case, entry] = lied(stage).await;
    until("France gives notice", 25, async || {
        let shown = stage.show(Side::Fr, &case).await?;
        let timeline = shown["timeline"].as_array()?;
        timeline.iter().any(|one| one["step"] == "violation" && one["verdict"] == "admitted").then_some(())
    })
    .await;
    [case, entry]
}

/// The root of a side, as an auditor names it.
fn root(stage: &Stage, side: Side) -> String {
    let state = stage.state(side);
    format!("{}={}", state.party, state.dir.join("root/root.cert.pem").display())
}

#[tokio::test]
async fn records_that_contradict_their_header_are_for_no_use_and_an_outsider_proves_the_notice_of_them() {
    bounded(async {
        let mut stage = Stage::open().await;
        let [case, entry] = noticed(&mut stage).await;
        // What is kept outlives the desk's end.
        stage.strike(Victim::FrDesk);
        stage.mend(Victim::FrDesk).await;

        let folder = stage.pair.jp.dir.join("shown");
        let documents = folder.to_str().unwrap();
        let show = ["case", "show", &case, "--documents", documents, "--as", "central/officer-1"];
        stage.desk(Side::Fr, &show).await;
        let written: String = fs::read_dir(&folder)
            .map(|files| files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect())
            .unwrap_or_default();
        assert!(!written.contains(SECRET), "{written}");

        let file = stage.pair.jp.dir.join("notice.zip");
        let file = file.to_str().unwrap();
        let notice = ["case", "violation", &case, &entry, "-o", file];
        let unsigned = stage.desk(Side::Fr, &notice).await;
        assert!(unsigned.code == 7 && unsigned.err.contains("R95"), "{}{}", unsigned.out, unsigned.err);
        let signed = [&notice[..], &["--as", "central/officer-1", "--reader", "Dubois"]].concat();
        stage.desk(Side::Fr, &signed).await.done();

        let (jp, fr) = (root(&stage, Side::Jp), root(&stage, Side::Fr));
        let roots = ["--root", &*jp, "--root", &*fr];
        for program in ["gateway", "desk"] {
            let told = audited(program, file, &roots).await.done();
            let text = told["report"].to_string();
            assert!(told["report"]["holds"] == true && text.contains("records[0].subject_binding"), "{text}");
            assert!(
                !text.contains(SECRET) && !text.contains("harbour"),
                "the report repeats what the body says: {text}"
            );
        }

        let log = stage.desk(Side::Fr, &["case", "show", &case, "--access"]).await.done();
        let opening = log["openings"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&opening["reason"], &opening["signed_by"]), (&json!("violation"), &json!("officer-1")), "{log}");
        assert!(opening["statement"].as_str().unwrap().contains(&entry), "it is for this entry alone: {log}");
    })
    .await;
}

/// A notice whose own desk made it say more than is so, and signed it anew.
fn exaggerated(stage: &Stage, file: &Path) -> PathBuf {
    let folder = file.with_extension("folder");
    shell(&format!("unzip -q {} -d {}", file.display(), folder.display()));
    let entry = names_in(&folder.join("entries")).pop().unwrap();
    let (name, number) = (folder.join("entries").join(&entry), &entry[..6]);
    let [body, salt] = ["body", "salt"].map(|part| folder.join(format!("bodies/{number}.{part}")));
    let said = fs::read(&body).unwrap();
    let at = said.windows(15).position(|part| part == b"subject_binding").unwrap();
    let said = [&said[..at], b"selected_person", &said[at + 15..]].concat();
    fs::write(&body, &said).unwrap();
    let salt = BodySalt(fs::read(salt).unwrap().try_into().unwrap());

    let mut entry = convert::entry_from_bytes(fs::read(&name).unwrap()).unwrap();
    let mut header = types::Header::decode(entry.header.clone()).unwrap();
    header.body_commitment = BodyCommitment::of(&salt, &said).as_bytes().to_vec().into();
    entry.header = header.encode_to_vec().into();
    let (_, envelope) = convert::receive_entry(entry.clone()).unwrap().digests();
    let signed = sign_envelope(&stage.pair.fr.key("desks/central", "desk.key.pem"), envelope);
    let key_id = signed.key.0.as_bytes().to_vec().into();
    entry.desk = Some(types::Signature { key_id, signature: signed.bytes.into() });
    fs::write(&name, entry.encode_to_vec()).unwrap();

    let out = file.with_extension("exaggerated.zip");
    shell(&format!("cd {} && python3 -c '{PACK}' {}", folder.display(), out.display()));
    out
}

/// Packs a folder as such files are packed: stored, the text first, all at one moment.
const PACK: &str = r#"
import os, sys, zipfile
names = sorted(os.path.relpath(os.path.join(at, name)) for at, _, found in os.walk(".") for name in found)
names.sort(key=lambda name: name != "README.txt")
with zipfile.ZipFile(sys.argv[1], "w") as out:
    for name in names:
        about = zipfile.ZipInfo(name)
        about.create_system, about.external_attr = 3, 0o100644 << 16
        out.writestr(about, open(name, "rb").read())
"#;

fn shell(line: &str) {
    let done = Command::new("sh").args(["-ec", line]).output().unwrap();
    assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_auditor_is_told_what_is_no_notice_what_was_altered_and_that_a_notice_exaggerates() {
    bounded(async {
        let mut stage = Stage::open().await;
        let [case, entry] = noticed(&mut stage).await;
        let (jp, fr) = (root(&stage, Side::Jp), root(&stage, Side::Fr));
        let roots = ["--root", &*jp, "--root", &*fr];
        let at = |name: &str| stage.pair.jp.dir.join(name);
        let (notice, whole) = (at("notice.zip"), at("whole.zip"));
        let [file, whole] = [&notice, &whole].map(|path| path.to_str().unwrap());
        let signed = ["--as", "central/officer-1", "--reader", "Dubois"];
        let made = ["case", "violation", &case, &entry, "-o", file];
        stage.desk(Side::Fr, &[&made[..], &signed].concat()).await.done();

        // Of what keeps to its header there is no notice: the desk makes no file of it, and a whole case is none either.
        let shown = stage.show(Side::Fr, &case).await.unwrap();
        let timeline = shown["timeline"].as_array().unwrap();
        let honest = timeline.iter().find(|one| one["step"] == "violation").unwrap()["entry"].as_str().unwrap();
        let none = at("none.zip");
        let asked = ["case", "violation", &case, honest, "-o", none.to_str().unwrap()];
        let denied = stage.desk(Side::Fr, &[&asked[..], &signed].concat()).await;
        assert!(denied.code != 0 && denied.err.contains("none about violation"), "{}{}", denied.out, denied.err);
        assert!(!none.exists(), "nothing is written where there is nothing to show");
        let export = ["case", "export", &case, "-o", whole];
        stage.desk(Side::Fr, &[&export[..], &signed].concat()).await.done();
        let told = audited("desk", whole, &roots).await.failed(1);
        assert!(told.contains("a violation notice has what is complained of"), "{told}");

        // By other roots, by one alone, after a change by somebody without a key.
        let told = audited("desk", file, &["--root", &*jp]).await.failed(2);
        assert!(told.contains("no root of FR was given"), "{told}");
        let swapped = [format!("JP={}", &fr[3..]), format!("FR={}", &jp[3..])];
        let told = audited("desk", file, &["--root", &swapped[0], "--root", &swapped[1]]).await;
        assert!(told.code != 0 && !told.out.contains("\"holds\":true"), "{}{}", told.out, told.err);
        let mut bytes = fs::read(file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(at("flipped.zip"), bytes).unwrap();
        let told = audited("desk", at("flipped.zip").to_str().unwrap(), &roots).await;
        assert!([1, 9].contains(&told.code), "{}{}", told.out, told.err);

        // The desk that complains signs a complaint that is not so.
        let exaggerated = exaggerated(&stage, &notice);
        for program in ["desk", "gateway"] {
            let told = audited(program, exaggerated.to_str().unwrap(), &roots).await;
            assert_eq!(told.code, 9, "{}{}", told.out, told.err);
            let report = serde_json::from_str::<Value>(&told.out).unwrap()["report"].clone();
            let [one] = &report["contradicted"].as_array().unwrap()[..] else { panic!("{report}") };
            assert!(one["rule"] == "notice" && one["what"].to_string().contains("what is found is"), "{report}");
            assert!(report["holds"] == false && report["proved"] == json!([]), "{report}");
        }
    })
    .await;
}
