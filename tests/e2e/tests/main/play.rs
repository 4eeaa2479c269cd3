//! A case as a list of acts, each a command of an officer. An act that failed because something was away is tried again, as an
//! officer would; whatever happens between and during the acts, the case must end in one way.

use std::{collections::BTreeSet, fs, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use crate::{
    papers,
    stage::{Side, Stage, Victim},
    stated,
};

/// How long an act, or the arrival of what it did, may take in the end.
const ACT_MAX: Duration = Duration::from_secs(40);
/// The ways in which a command may fail when something is away: conflict, unreachable.
const AGAIN: [i32; 2] = [6, 8];

/// The states of a case in their order.
const STATES: [&str; 15] = [
    "DRAFT",
    "VALIDATED",
    "SENT",
    "DELIVERED",
    "ACKED",
    "REVIEW",
    "ACCEPTED",
    "EXECUTING",
    "READY",
    "PRODUCED",
    "RECEIVED",
    "EXECUTED",
    "IN_USE",
    "DISPOSAL_DUE",
    "DISPOSED",
];

/// One command.
#[derive(Debug)]
pub(crate) struct Act {
    side: Side,
    words: &'static str,
    /// Where the case is then at the own desk, unless another signature is missing.
    own: Option<&'static str>,
    /// Where it is then at the other desk.
    other: Option<&'static str>,
}

const fn act(side: Side, words: &'static str, own: Option<&'static str>, other: Option<&'static str>) -> Act {
    Act { side, words, own, other }
}

/// The case, from its validation to its end. `CASE` and `RECORDS` are filled in.
pub(crate) const ACTS: [Act; 14] = [
    act(Side::Jp, "request validate CASE --as judicial/officer-1 --role judge", Some("VALIDATED"), None),
    act(Side::Jp, "request send CASE --as central/officer-1", None, None),
    act(Side::Jp, "request send CASE --as central/officer-2", Some("SENT"), Some("DELIVERED")),
    act(Side::Fr, "acknowledge CASE --as central/officer-1 --text noted", Some("ACKED"), Some("ACKED")),
    act(
        Side::Fr,
        "accept CASE --as central/officer-1 --text granted --condition C01 --condition C06",
        Some("ACCEPTED"),
        Some("ACCEPTED"),
    ),
    act(Side::Fr, "produce CASE --as central/officer-1 RECORDS", None, None),
    act(Side::Fr, "produce CASE --as central/officer-2 RECORDS", Some("PRODUCED"), Some("PRODUCED")),
    act(Side::Jp, "confirm CASE --as central/officer-1", Some("RECEIVED"), Some("RECEIVED")),
    act(Side::Fr, "report CASE --as central/officer-1 --text done", Some("EXECUTED"), Some("EXECUTED")),
    act(Side::Jp, "take-over CASE --as central/officer-1 --reader Aoki", Some("IN_USE"), Some("IN_USE")),
    act(Side::Jp, "dispose due CASE --as central/officer-1", Some("DISPOSAL_DUE"), Some("DISPOSAL_DUE")),
    act(Side::Jp, "dispose certify CASE --as central/officer-1 --officer officer-1 --officer officer-2", None, None),
    act(Side::Jp, "dispose certify CASE --as central/officer-2", Some("DISPOSED"), Some("DISPOSED")),
    act(Side::Jp, "close CASE --as central/officer-1", Some("CLOSED"), Some("CLOSED")),
];

/// A hearing that is granted: what it makes comes under none but these conditions.
const HEARD: Act = act(
    Side::Fr,
    "accept CASE --as central/officer-1 --text granted --condition C01",
    Some("ACCEPTED"),
    Some("ACCEPTED"),
);

/// A case that is being played.
pub(crate) struct Play {
    pub(crate) stage: Stage,
    pub(crate) case: String,
    answers: Vec<(&'static str, Value)>,
}

impl Play {
    /// Drafts the request at the desk of JP.
    pub(crate) async fn draft(stage: Stage) -> Self {
        Self::drafted(stage, "stored_data", papers::request).await
    }

    /// Asks for a hearing by video link, as far as FR accepts.
    pub(crate) async fn heard(stage: Stage) -> Self {
        let play = Self::drafted(stage, "video_hearing", papers::hearing).await;
        for act in ACTS[..4].iter().chain([&HEARD]) {
            play.act(act).await;
        }
        play
    }

    async fn drafted(stage: Stage, request_type: &str, request: fn(&str) -> Value) -> Self {
        let folder = stage.pair.jp.dir.clone();
        let file = folder.join("request.json");
        fs::write(&file, request(&papers::any_case()).to_string()).unwrap();
        let from = file.to_str().unwrap();
        let new = ["request", "new", "--to", "FR:central", "--type", request_type, "--from", from];
        let drafted = stage.desk(Side::Jp, &new).await.done();
        let case = drafted["case"].as_str().unwrap().to_owned();
        fs::write(&file, request(&case).to_string()).unwrap();
        stage.desk(Side::Jp, &["request", "edit", &case, "--from", from]).await.done();
        let answers = papers::answers(&case);
        for (record_type, record) in &answers {
            fs::write(folder.join(format!("{record_type}.json")), record.to_string()).unwrap();
        }
        Self { stage, case, answers }
    }

    /// Plays an act to its end.
    pub(crate) async fn act(&self, act: &Act) {
        let words = self.words(act);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let deadline = Instant::now() + ACT_MAX;
        loop {
            let answer = self.stage.desk(act.side, &words).await;
            if (answer.code == 0 && act.own.is_none()) || self.stands(act.side, act.own).await {
                break;
            }
            let patience = answer.code == 0 || AGAIN.contains(&answer.code);
            assert!(patience && Instant::now() < deadline, "{}\n{}{}", answer.line, answer.out, answer.err);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let other = if act.side == Side::Jp { Side::Fr } else { Side::Jp };
        while act.other.is_some() && !self.stands(other, act.other).await {
            let shown = self.stage.show(other, &self.case).await.map(|shown| shown["summary"].to_string());
            assert!(Instant::now() < deadline, "after {words:?} {other:?} shows {shown:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Plays an act, while something is struck some time after its beginning and brought back.
    pub(crate) async fn act_struck(&mut self, act: &Act, victim: Victim, after: Duration) {
        let words = self.words(act);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let dir = self.stage.state(act.side).desk_dir("central");
        let line = [&["--dir", dir.to_str().unwrap(), "--output", "json"], words.as_slice()].concat();
        let program = crate::programs::program("desk");
        let first = crate::programs::run(&program, &line);
        let strike = async {
            tokio::time::sleep(after).await;
            self.stage.strike(victim);
            self.stage.mend(victim).await;
        };
        let (answer, ()) = tokio::join!(first, strike);
        let known = answer.code == 0 || AGAIN.contains(&answer.code);
        println!("{victim:?} struck after {after:?}: exit {} of {}", answer.code, act.words);
        assert!(known, "{victim:?} struck after {after:?}: {}\n{}{}", answer.line, answer.out, answer.err);
        self.act(act).await;
    }

    /// At the end both sides tell the same case, each entry once, all closed, the records as they were put in.
    pub(crate) async fn assert_whole(&self) {
        let (jp, fr) = (self.settled(Side::Jp).await, self.settled(Side::Fr).await);
        let account = |case: &Value| -> Vec<[String; 3]> {
            let entries = case["timeline"].as_array().unwrap().iter();
            entries
                .map(|entry| ["entry", "step", "verdict"].map(|key| entry[key].as_str().unwrap().to_owned()))
                .collect()
        };
        assert_eq!(account(&jp), account(&fr), "the desks tell the case differently");
        let entries = account(&jp);
        let ids: BTreeSet<_> = entries.iter().map(|[id, ..]| id).collect();
        assert_eq!(ids.len(), entries.len(), "an entry stands there twice: {entries:?}");
        assert!(entries.iter().all(|[.., verdict]| verdict == "admitted"), "{entries:?}");
        let steps: Vec<&str> = entries.iter().map(|[_, step, _]| step.as_str()).collect();
        let expected = [
            "open_group",
            "seal_send",
            "acknowledge",
            "open_review",
            "recognise",
            "assign",
            "collected",
            "release",
            "confirm",
            "final_report",
            "take_over",
            "disposal_due",
            "certify_disposal",
            "close",
        ];
        assert_eq!(steps, expected);
        self.assert_receipts(&jp);
        self.assert_receipts(&fr);
        stated::assert_complete(&self.stage.pair, &ids).await;
        self.assert_documents(&jp, &fr).await;
        for (state, other) in [(&self.stage.pair.jp, "FR"), (&self.stage.pair.fr, "JP")] {
            let status = state.status().await;
            assert_eq!(status["cases_by_state"], serde_json::json!({ "CLOSED": 1 }), "{status}");
            let channel = state.channel(other).await;
            assert_eq!(channel["queued"], 0, "{channel}");
            assert_eq!(channel["ledger_size"], channel["ledger_cosigned"], "{channel}");
        }
    }

    /// Each desk holds what was stated of each entry at each stage, in the order of the stages.
    fn assert_receipts(&self, case: &Value) {
        for entry in case["timeline"].as_array().unwrap() {
            let stated = entry["receipts"].as_array().unwrap().iter();
            let kinds: Vec<_> = stated.map(|one| one["kind"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["SubmissionAcceptance", "RelayAcceptance", "Delivery", "Retrieval"], "{entry}");
        }
    }

    async fn assert_documents(&self, jp: &Value, fr: &Value) {
        let digests = |case: &Value| -> Vec<String> {
            let documents = case["documents"].as_array().unwrap().iter();
            let mut all: Vec<_> = documents.map(|one| format!("{} {}", one["record_type"], one["sha256"])).collect();
            all.sort();
            all
        };
        assert_eq!(digests(jp), digests(fr), "the desks hold different documents");
        let opened = self.opened(Side::Fr).await;
        let kept = self.opened(Side::Jp).await;
        for (record_type, record) in &self.answers {
            let count = |among: &[Value]| among.iter().filter(|document| *document == record).count();
            assert_eq!(count(&opened), 1, "{record_type} was put in otherwise than it is shown");
            assert_eq!(count(&kept), 0, "{record_type} was destroyed, and is opened");
            let destroyed = |one: &&Value| one["record_type"] == *record_type && one["destroyed"] == true;
            let gone = jp["documents"].as_array().unwrap().iter().filter(destroyed).count();
            assert_eq!(gone, 1, "{record_type} is shown as destroyed {gone} times");
        }
    }

    /// All documents that a desk still opens.
    async fn opened(&self, side: Side) -> Vec<Value> {
        let folder = self.stage.state(side).dir.join("opened");
        let into = folder.to_str().unwrap();
        self.stage.desk(side, &["case", "show", &self.case, "--documents", into]).await.done();
        let files = fs::read_dir(&folder).unwrap();
        files.map(|file| serde_json::from_slice(&fs::read(file.unwrap().path()).unwrap()).unwrap()).collect()
    }

    /// The case at a desk once nothing is on its way any more.
    async fn settled(&self, side: Side) -> Value {
        let own = self.stage.state(side);
        let other = if side == Side::Jp { "FR" } else { "JP" };
        crate::until("everything has arrived", 40, async || {
            let shown = self.stage.show(side, &self.case).await?;
            let channel = own.channel(other).await;
            let still = channel["queued"] == 0 && channel["ledger_size"] == channel["ledger_cosigned"];
            (shown["summary"]["state"] == "CLOSED" && still && is_told(&shown, own.party.as_str())).then_some(shown)
        })
        .await
    }

    /// Whether the case is there, or further, at a desk.
    async fn stands(&self, side: Side, where_to: Option<&str>) -> bool {
        let Some(wanted) = where_to else { return true };
        let shown = self.stage.show(side, &self.case).await;
        let state = shown.map(|shown| shown["summary"]["state"].as_str().unwrap_or_default().to_owned());
        let rank = |state: &str| STATES.iter().position(|one| *one == state);
        match state {
            Some(state) if state == "CLOSED" => true,
            Some(state) => rank(&state).is_some() && rank(&state) >= Some(rank(wanted).unwrap_or(STATES.len())),
            None => false,
        }
    }

    fn words(&self, act: &Act) -> Vec<String> {
        let folder = self.stage.pair.jp.dir.display();
        let records = self
            .answers
            .iter()
            .flat_map(|(record_type, _)| ["--record".to_owned(), format!("{record_type}={folder}/{record_type}.json")]);
        let records: Vec<String> = records.collect();
        let words = act.words.split(' ').map(|word| match word {
            "CASE" => vec![self.case.clone()],
            "RECORDS" => records.clone(),
            _ => vec![word.to_owned()],
        });
        words.flatten().collect()
    }
}

/// Whether the desk of `party` has heard of the retrieval of everything that it sent: those words travel last.
fn is_told(case: &Value, party: &str) -> bool {
    let ours = |entry: &&Value| entry["sender"].as_str().unwrap().starts_with(party);
    let told = |entry: &Value| entry["receipts"].as_array().unwrap().iter().any(|one| one["kind"] == "Retrieval");
    case["timeline"].as_array().unwrap().iter().filter(ours).all(told)
}
