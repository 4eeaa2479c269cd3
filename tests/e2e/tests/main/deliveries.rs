//! Many cases at once through two real gateways and two real desks, each about another person: whatever is delivered in a case, opened at
//! the desk that got it, speaks of that person and of no other.

use std::{fs, path::Path, sync::Arc, time::Duration};

use identity::{SigningKey, sign_step, sign_validation};
use link::Channel;
use model::{HeaderDigest, Role, Step};
use proto::desk::{
    Document, GetCaseRequest, GetCaseResponse, PrepareStepRequest, PrepareValidationRequest, SaveDraftRequest,
    SignStepRequest, ValidateRequest, case_service_client::CaseServiceClient,
};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    TEST_MAX_S, papers,
    stage::{Side, Stage},
    within,
};

/// How many deliveries are played, where nobody says otherwise.
const DELIVERIES: usize = 300;
/// What the name of the environment is under which somebody does.
const WANTED: &str = "E2E_DELIVERIES";
/// Deliveries of one case: its opening, the request, the way to the answer, the answer, and between them a word on how it goes, again and
/// again.
const EACH: usize = 20;
/// Those that are no such word: open_group, seal_send, acknowledge, open_review, recognise, assign, collected, release.
const OTHERS: usize = 8;
/// Cases on their way at the same moment.
const AT_ONCE: usize = 12;
/// How long an entry may take from its last signature to both gateways' yes, on a machine that does much else.
const STEP_MAX: Duration = Duration::from_secs(120);
const LOOK: Duration = Duration::from_millis(100);

/// The officers of a central authority, with a program of their own.
struct Desk {
    officers: [SigningKey; 2],
    calls: CaseServiceClient<Channel>,
}

impl Desk {
    fn of(stage: &Stage, side: Side) -> Self {
        let state = stage.state(side);
        let officers = [1, 2].map(|number| state.key(&format!("officers/central/officer-{number}"), "key.pem"));
        let socket = state.desk_dir("central").join("desk.sock");
        Self { officers, calls: CaseServiceClient::new(link::connect_local(&socket)) }
    }

    /// Prepares a step, signs it with as many officers as it needs, and waits until both gateways have admitted it.
    async fn take(&self, case: &str, step: Step, role: Role, text: &str, documents: Vec<Document>) {
        let (case_id, text) = (case.to_owned(), text.to_owned());
        let asked =
            PrepareStepRequest { case_id, step: step.as_str().to_owned(), text, documents, ..Default::default() };
        let prepared = self.calls.clone().prepare_step(asked).await.unwrap().into_inner();
        let digest = HeaderDigest::of(&prepared.header);
        for key in self.officers.iter().take(prepared.signatures_needed.max(1) as usize) {
            let word = sign_step(key, role, digest);
            let signed = SignStepRequest {
                entry_id: prepared.entry_id.clone(),
                role: role.as_str().to_owned(),
                key_id: word.signature.key.0.as_bytes().to_vec().into(),
                signature: word.signature.bytes.into(),
            };
            self.calls.clone().sign_step(signed).await.unwrap();
        }
        self.sees(case, &format!("{step} is admitted"), |shown| {
            let entry = shown.timeline.iter().find(|entry| entry.entry_id == prepared.entry_id);
            assert!(entry.is_none_or(|entry| entry.verdict != "rejected"), "{step}: {entry:?}");
            entry.is_some_and(|entry| entry.verdict == "admitted")
        })
        .await;
    }

    /// Waits until the case looks so.
    async fn sees(&self, case: &str, what: &str, so: impl Fn(&GetCaseResponse) -> bool) {
        let deadline = Instant::now() + STEP_MAX;
        loop {
            let asked = GetCaseRequest { case_id: case.to_owned(), traced: false };
            if self.calls.clone().get_case(asked).await.is_ok_and(|shown| so(shown.get_ref())) {
                return;
            }
            assert!(Instant::now() < deadline, "{what}: not within {STEP_MAX:?}");
            sleep(LOOK).await;
        }
    }
}

fn stands_in(shown: &GetCaseResponse, state: &str) -> bool {
    shown.summary.as_ref().is_some_and(|one| one.state == state)
}

/// Everybody who takes part.
struct Cast {
    jp: Desk,
    fr: Desk,
    judge: SigningKey,
}

impl Cast {
    fn of(stage: &Stage) -> Self {
        let judge = stage.pair.jp.key("officers/judicial/officer-1", "key.pem");
        Self { jp: Desk::of(stage, Side::Jp), fr: Desk::of(stage, Side::Fr), judge }
    }

    /// A request about `subject`, sent.
    async fn asks(&self, subject: &str) -> String {
        let mut request = papers::request(&papers::any_case());
        request["measures"][0]["subjects"][0]["selector"]["value"] = json!(subject);
        let mut calls = self.jp.calls.clone();
        let draft = SaveDraftRequest { body: request.to_string().into_bytes().into(), ..Default::default() };
        let case = calls.save_draft(draft).await.unwrap().into_inner().case_id;
        let asked = PrepareValidationRequest { case_id: case.clone(), role: Role::Judge.as_str().to_owned() };
        let offered = calls.prepare_validation(asked).await.unwrap().into_inner();
        let validated = ValidateRequest {
            case_id: case.clone(),
            authority: "JP:judicial".to_owned(),
            role: Role::Judge.as_str().to_owned(),
            key_id: self.judge.key_id().0.as_bytes().to_vec().into(),
            signature: sign_validation(&self.judge, &offered.statement).into(),
            statement: offered.statement,
        };
        calls.validate(validated).await.unwrap();
        self.jp.take(&case, Step::SealSend, Role::Central, "", vec![]).await;
        self.fr.sees(&case, "the request is there", |shown| stands_in(shown, "DELIVERED")).await;
        case
    }

    /// The way to the answer, with that many words between, each about `subject`.
    async fn answers(&self, case: &str, subject: &str, words: usize) {
        let about = |what: &str| format!("{what}: about {subject}");
        for (step, role) in [
            (Step::Acknowledge, Role::Central),
            (Step::OpenReview, Role::Decider),
            (Step::Recognise, Role::Decider),
            (Step::Assign, Role::Central),
        ] {
            self.fr.take(case, step, role, &about(step.as_str()), vec![]).await;
        }
        for word in 0..words {
            self.fr.take(case, Step::TellStatus, Role::Central, &about(&format!("word {word}")), vec![]).await;
        }
        self.fr.take(case, Step::Collected, Role::Central, &about("collected"), vec![]).await;
        let records = papers::answers(case).into_iter().map(|(record_type, record)| {
            let mut content = record["content"].clone();
            let named = if record_type == "traffic_data" { "identifier" } else { "account_id" };
            content[named] = json!(subject);
            let body = json!({ "measure": 1, "subject_ref": "S1", "source_system": record["source_system"],
                "legal_basis": record["legal_basis"], "content": content });
            Document { record_type: record_type.to_owned(), body: body.to_string().into_bytes().into() }
        });
        self.fr.take(case, Step::Release, Role::Central, "", records.collect()).await;
    }
}

fn subject(number: usize) -> String {
    format!("person-{number:05}@mail.example")
}

/// The persons that a text names.
fn persons(text: &str) -> Vec<&str> {
    let begins = text.match_indices("person-").map(|(at, _)| at);
    begins.filter_map(|at| text.get(at..at + subject(0).len())).collect()
}

/// Opens all that a desk has of a case, and holds each body against the person of the case. Gives how many came from the other side.
async fn opened(stage: &Stage, side: Side, case: &str, subject: &str) -> usize {
    let folder = stage.state(side).dir.join(format!("delivered-{case}"));
    let into = folder.to_str().unwrap();
    let mut line = vec!["case", "show", case, "--documents", into];
    // What was received opens by an officer's signature.
    line.extend(["--as", "central/officer-1"].iter().filter(|_| side == Side::Jp));
    let shown = stage.desk(side, &line).await.done();
    let documents = shown["documents"].as_array().unwrap();
    let files = read(&folder);
    assert_eq!(files.len(), documents.len(), "every body is opened: {shown}");
    for (name, text) in &files {
        let named = persons(text);
        assert!(!named.is_empty() && named.iter().all(|one| *one == subject), "{name} of {subject}: {named:?}");
    }
    fs::remove_dir_all(&folder).unwrap();
    let own = stage.state(side).authority("central").to_string();
    let entries = shown["timeline"].as_array().unwrap().iter();
    entries.filter(|entry| entry["sender"] != Value::String(own.clone()) && entry["verdict"] == "admitted").count()
}

fn read(folder: &Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect()
}

/// Ten thousand, by hand: `E2E_DELIVERIES=10000 cargo test --workspace --test main -- --nocapture concurrent_deliveries`, of programs that
/// were built by `cargo build --workspace --bins`.
#[tokio::test]
async fn concurrent_deliveries_through_two_gateways_and_two_desks_never_cross_subjects() {
    let wanted = std::env::var(WANTED).ok().map_or(DELIVERIES, |wanted| wanted.parse().expect("a number"));
    within(TEST_MAX_S.max(wanted as u64), async {
        let stage = Stage::open().await;
        let cast = Arc::new(Cast::of(&stage));
        let at_once = Arc::new(Semaphore::new(AT_ONCE));
        let mut cases = JoinSet::new();
        for number in 0..wanted.div_ceil(EACH) {
            let (cast, at_once) = (Arc::clone(&cast), Arc::clone(&at_once));
            cases.spawn(async move {
                let _turn = at_once.acquire().await.unwrap();
                let subject = subject(number);
                let case = cast.asks(&subject).await;
                cast.answers(&case, &subject, EACH - OTHERS).await;
                (case, subject)
            });
        }
        let mut played = Vec::new();
        while let Some(case) = cases.join_next().await {
            played.push(case.unwrap());
        }
        let mut delivered = 0;
        for (case, subject) in &played {
            cast.jp.sees(case, "the answer is there", |shown| stands_in(shown, "PRODUCED")).await;
            for side in [Side::Jp, Side::Fr] {
                delivered += opened(&stage, side, case, subject).await;
            }
        }
        assert!(delivered >= wanted, "{delivered} of {wanted} deliveries");
        println!("{delivered} deliveries in {} cases, each opened: none crossed", played.len());
    })
    .await;
}
