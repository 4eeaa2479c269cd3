//! Records that contradict their header are nobody's to use. Who gives notice keeps them for the notice alone, and an outsider holds it
//! against both roots.

use std::fs;

use desk::{Document, Record, RequestBody, canonical, declare, declare_given};
use model::{Digest, Header, ReceiptKind};
use serde_json::{Value, json};

use crate::{
    bounded, now, papers,
    programs::gateway,
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

#[tokio::test]
async fn records_that_contradict_their_header_are_for_no_use_and_an_outsider_proves_the_notice_of_them() {
    bounded(async {
        let mut stage = Stage::open().await;
        let [case, entry] = lied(&mut stage).await;
        until("France gives notice", 25, async || {
            let shown = stage.show(Side::Fr, &case).await?;
            let timeline = shown["timeline"].as_array()?;
            timeline.iter().any(|one| one["step"] == "violation" && one["verdict"] == "admitted").then_some(())
        })
        .await;
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

        let root = |side: Side| {
            let state = stage.state(side);
            format!("{}={}", state.party, state.dir.join("root/root.cert.pem").display())
        };
        let (jp, fr) = (root(Side::Jp), root(Side::Fr));
        let told = gateway(&["audit", "violation", file, "--root", &jp, "--root", &fr]).await.done();
        let text = told["report"].to_string();
        assert!(told["report"]["holds"] == true && text.contains("records[0].subject_binding"), "{text}");
        assert!(!text.contains(SECRET) && !text.contains("harbour"), "the report repeats what the body says: {text}");

        let log = stage.desk(Side::Fr, &["case", "show", &case, "--access"]).await.done();
        let opening = log["openings"].as_array().unwrap().last().unwrap().clone();
        assert_eq!((&opening["reason"], &opening["signed_by"]), (&json!("violation"), &json!("officer-1")), "{log}");
        assert!(opening["statement"].as_str().unwrap().contains(&entry), "it is for this entry alone: {log}");
    })
    .await;
}
