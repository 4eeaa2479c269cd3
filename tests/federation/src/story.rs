//! What goes right: Japan asks France about one account, under the Convention on Cybercrime.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use model::{CaseId, Step};
use proto::desk::GetCaseResponse;
use serde_json::{Value, json};

use crate::{
    api::{Api, state_of},
    counterpart, documents,
    failure::Failure,
    states::{Seat, World},
    timeline::{ReceiptLine, Timeline},
};

/// What the story leaves for later checks.
#[derive(Debug)]
pub(crate) struct Told {
    /// Texts that no gateway may know.
    pub(crate) secrets: Vec<String>,
    /// The receipts that came to light, on both sides.
    pub(crate) receipts: BTreeSet<ReceiptLine>,
    /// Where Japan put the opened documents.
    pub(crate) opened: PathBuf,
    pub(crate) case: CaseId,
    /// The entries of the case.
    pub(crate) entries: usize,
    /// From its draft to its end, in milliseconds.
    pub(crate) took_ms: u64,
}

/// One desk's part in the case.
struct Part {
    seat: Seat,
    api: Api,
    case: CaseId,
    told: BTreeSet<ReceiptLine>,
}

const ACKNOWLEDGEMENT: &str = "Received; Claire Dubois handles it, direct line +33 1 00 00 00 00.";
const READER: &str = "Aoki Haruka, evidence room";
const ACCEPTANCE: &str = "Recognised; the order to the provider goes out today.";

/// Acknowledging, deciding and producing are three.
const ANSWER_ACTS_MAX: usize = 6;
const REPORT: &str = "The provider gave what it keeps of the account; nothing is left to be done.";

/// Plays the case from its draft to its end.
pub(crate) async fn play(world: &World, today: Date, timeline: &Timeline) -> Result<Told, Failure> {
    timeline
        .chapter("Japan asks France who opened one account, and from where it was used (Budapest Convention, art. 31)");
    let begun_ms = timeline.elapsed_ms();
    let folder = world.base.join("story");
    fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    let asked = documents::request(CaseId::new(documents::new_uuid()?), today)?;
    let seat = world.seat("JP:central")?;
    let case = draft(&seat, &asked, &folder, timeline).await?;
    let asked = with_case(asked, case);
    let mut jp = Part { api: Api::of(&seat), seat, case, told: BTreeSet::new() };
    let seat = world.seat("FR:central")?;
    let mut fr = Part { api: Api::of(&seat), seat, case, told: BTreeSet::new() };
    send(&mut jp, timeline).await?;
    let answers = documents::answers(&asked, today)?;
    answer(&mut fr, &answers, &folder, timeline).await?;
    let opened = folder.join("opened");
    confirm(&mut jp, &answers, &opened, timeline).await?;
    let entries = finish(&mut jp, &mut fr, timeline).await?;
    let mut secrets = [ACKNOWLEDGEMENT, ACCEPTANCE, REPORT, READER].map(ToOwned::to_owned).to_vec();
    documents::telling(&asked, &mut secrets);
    answers.iter().for_each(|(_, record)| documents::telling(record, &mut secrets));
    let receipts = jp.told.union(&fr.told).cloned().collect();
    let took_ms = timeline.elapsed_ms().saturating_sub(begun_ms);
    Ok(Told { secrets, receipts, opened, case, entries, took_ms })
}

/// Saves a request at a desk and gives the id of its case.
pub(crate) async fn save(seat: &Seat, asked: &Value, file: &Path) -> Result<CaseId, Failure> {
    write(file, asked)?;
    let to = asked["addressee"].as_str().unwrap_or_default();
    let request_type = asked["measures"][0]["request_type"].as_str().unwrap_or_default();
    let file = file.display().to_string();
    let arguments = ["request", "new", "--to", to, "--type", request_type, "--from", &file];
    let answer = seat.run(&arguments).await?.done()?;
    let id = answer.text("case_id").or_else(|_| answer.text("case"))?;
    Ok(id.parse()?)
}

/// The request with the id that the desk gave its case.
pub(crate) fn with_case(mut asked: Value, case: CaseId) -> Value {
    asked["case"] = json!(case.to_string());
    asked
}

async fn draft(seat: &Seat, asked: &Value, folder: &Path, timeline: &Timeline) -> Result<CaseId, Failure> {
    let case = save(seat, asked, &folder.join("request.json")).await?;
    let who = seat.authority.to_string();
    timeline.event(&who, &format!("drafts a request to FR:central, case {}", short(case)), json!({ "case": case }));
    let id = case.to_string();
    seat.run(&["request", "preflight", &id]).await?.done()?;
    let found = Api::of(seat).preflight(case).await?;
    let blocking: Vec<_> = found.findings.iter().filter(|finding| finding.severity != "advice").collect();
    if let (Some(first), false) = (blocking.first(), found.would_pass) {
        return Err(Failure::unexpected(format!(
            "preflight stops the request of the story: {} {}",
            first.field, first.message
        )));
    }
    let pin = found.treaty_pin.get(..8).unwrap_or(&found.treaty_pin);
    let what =
        format!("preflight: would pass, {} checks, rule {pin}, {} hints", found.trace.len(), found.findings.len());
    timeline.event(&who, &what, json!({ "treaty_pin": found.treaty_pin, "checks": found.trace.len() }));
    seat.run(&["request", "validate", &id, "--as", "judicial/officer-1", "--role", "judge"]).await?.done()?;
    timeline.event("JP:judicial", "a judge validates the request", json!({ "case": case, "role": "judge" }));
    Ok(case)
}

async fn send(jp: &mut Part, timeline: &Timeline) -> Result<(), Failure> {
    jp.act("request send", "central/officer-1", &[], "signs for sending, 1 of 2", timeline).await?;
    jp.act("request send", "central/officer-2", &[], "signs for sending, 2 of 2: sealed and sent", timeline).await
}

/// France answers until nothing is left for it to do. What it does next its counterpart's mind decides, before what the desk shows then.
async fn answer(
    fr: &mut Part,
    answers: &[(&'static str, Value)],
    folder: &Path,
    timeline: &Timeline,
) -> Result<(), Failure> {
    let found = fr.api.reaches(fr.case, "DELIVERED").await?;
    let readers = found.readers.join(", ");
    fr.event(&format!("has the request, opened and held against its header; readers: {readers}"), &found, timeline);
    let persona = counterpart::persona();
    for _ in 0..ANSWER_ACTS_MAX {
        let found = fr.shown().await?;
        let Some(decided) = counterpart::next(&persona, &fr.seat.authority, &found) else { return Ok(()) };
        match decided.step {
            Step::Acknowledge => {
                fr.act("acknowledge", "central/officer-1", &["--text", ACKNOWLEDGEMENT], "acknowledges", timeline)
                    .await?;
            }
            // One command opens the review and recognises, and another assigns, collects and releases: an officer types no more.
            Step::OpenReview | Step::Recognise => {
                let words = ["--condition", "C01", "--condition", "C06", "--text", ACCEPTANCE];
                fr.act("accept", "central/officer-1", &words, "reviews and recognises", timeline).await?;
            }
            Step::Assign | Step::Collected | Step::Release => produce(fr, answers, folder, timeline).await?,
            other => return Err(Failure::unexpected(format!("FR:central wants to {other}: no part of the story"))),
        }
    }
    Err(Failure::unexpected("FR:central does not come to the end of its answer"))
}

async fn produce(
    fr: &mut Part,
    answers: &[(&'static str, Value)],
    folder: &Path,
    timeline: &Timeline,
) -> Result<(), Failure> {
    let mut arguments = Vec::new();
    for (record_type, record) in answers {
        let file = folder.join(format!("{record_type}.json"));
        write(&file, record)?;
        arguments.extend(["--record".to_owned(), format!("{record_type}={}", file.display())]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    fr.act(
        "produce",
        "central/officer-1",
        &arguments,
        "collects two records and signs for their release, 1 of 2",
        timeline,
    )
    .await?;
    fr.act("produce", "central/officer-2", &arguments, "signs for the release, 2 of 2: sealed and released", timeline)
        .await
}

async fn confirm(
    jp: &mut Part,
    answers: &[(&'static str, Value)],
    opened: &Path,
    timeline: &Timeline,
) -> Result<(), Failure> {
    let found = jp.api.reaches(jp.case, "PRODUCED").await?;
    let into = opened.display().to_string();
    jp.seat
        .run(&["case", "show", &jp.case.to_string(), "--documents", &into, "--as", "central/officer-1"])
        .await?
        .done()?;
    let documents = read_folder(opened)?;
    for (record_type, record) in answers {
        if !documents.contains(record) {
            return Err(Failure::unexpected(format!("{record_type} was not opened as France put it in")));
        }
    }
    jp.event(&format!("opens {} records: equal to what France put in", answers.len()), &found, timeline);
    jp.act("confirm", "central/officer-1", &[], "confirms that they arrived whole", timeline).await
}

/// What was received is used, and destroyed when its time is over; two custodians certify it.
async fn use_and_destroy(jp: &mut Part, fr: &mut Part, timeline: &Timeline) -> Result<(), Failure> {
    fr.api.reaches(fr.case, "RECEIVED").await?;
    // A counterpart ends with what it produced: that nothing is left to be done, an officer says.
    fr.act("report", "central/officer-1", &["--text", REPORT], "reports that all is carried out", timeline).await?;
    jp.api.reaches(jp.case, "EXECUTED").await?;
    let readers = ["--reader", READER, "--place", "Evidence room 2"];
    jp.act("take-over", "central/officer-1", &readers, "takes the records into use, for one named reader", timeline)
        .await?;
    let over = ["--text", "The proceeding is over; the records are needed no more."];
    jp.act("dispose due", "central/officer-1", &over, "says that they have to be destroyed", timeline).await?;
    let certify = ["--officer", "officer-1", "--officer", "officer-2", "--cause", "not_relevant"];
    jp.act("dispose certify", "central/officer-1", &certify, "certifies their destruction, 1 of 2", timeline).await?;
    jp.act("dispose certify", "central/officer-2", &[], "certifies their destruction, 2 of 2", timeline).await
}

/// Closes the case, and holds both desks' accounts of it against each other. Gives the number of its entries.
async fn finish(jp: &mut Part, fr: &mut Part, timeline: &Timeline) -> Result<usize, Failure> {
    use_and_destroy(jp, fr, timeline).await?;
    jp.act("close", "central/officer-1", &[], "closes the case", timeline).await?;
    fr.api.reaches(fr.case, "CLOSED").await?;
    // The last receipts travel behind the entries.
    let complete = |found: &GetCaseResponse| {
        found.timeline.iter().all(|entry| entry.receipts.iter().any(|receipt| receipt.kind == "RelayAcceptance"))
    };
    let ours = jp.api.until(jp.case, complete).await?;
    let ours = ours.map_err(|_| Failure::unexpected("an entry of the case has no RelayAcceptance at JP:central"))?;
    let theirs = fr.api.reaches(fr.case, "CLOSED").await?;
    let account = |case: &GetCaseResponse| -> Vec<_> {
        case.timeline.iter().map(|entry| (entry.entry_id.clone(), entry.step.clone(), entry.verdict.clone())).collect()
    };
    if account(&ours) != account(&theirs) {
        return Err(Failure::unexpected("the two desks tell the case differently"));
    }
    jp.news(&ours, timeline);
    fr.news(&theirs, timeline);
    let entries = ours.timeline.len();
    let what = format!("both desks hold the same {entries} entries in the same order; the case is {}", state_of(&ours));
    timeline.event("JP–FR", &what, json!({ "entries": entries }));
    Ok(entries)
}

impl Part {
    /// Runs a command on the case as an officer, and tells it with the receipts that came.
    async fn act(
        &mut self,
        command: &str,
        officer: &str,
        more: &[&str],
        what: &str,
        timeline: &Timeline,
    ) -> Result<(), Failure> {
        let case = self.case.to_string();
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push(&case);
        arguments.extend(["--as", officer]);
        arguments.extend(more);
        self.seat.run(&arguments).await?.done()?;
        let found = self.shown().await?;
        self.event(&format!("{officer} {what}; the case is {}", state_of(&found)), &found, timeline);
        Ok(())
    }

    /// The case as its desk shows it now.
    async fn shown(&mut self) -> Result<GetCaseResponse, Failure> {
        let found = self.api.case(self.case).await?;
        found.ok_or_else(|| Failure::unexpected(format!("{} lost its case", self.seat.authority)))
    }

    fn event(&mut self, what: &str, found: &GetCaseResponse, timeline: &Timeline) {
        let facts = json!({ "case": self.case, "state": state_of(found) });
        timeline.event(&self.seat.authority.to_string(), what, facts);
        self.news(found, timeline);
    }

    /// Tells the receipts that were not told yet.
    fn news(&mut self, found: &GetCaseResponse, timeline: &Timeline) {
        for entry in &found.timeline {
            for receipt in &entry.receipts {
                let line = ReceiptLine {
                    kind: receipt.kind.clone(),
                    by: receipt.by_party.clone(),
                    entry: format!("{} {}", entry.step, short_id(&entry.entry_id)),
                    leaf: receipt.leaf,
                };
                if self.told.insert(line.clone()) {
                    timeline.receipt(&line);
                }
            }
        }
    }
}

/// The first letters of a case's id.
pub(crate) fn short(case: CaseId) -> String {
    case.to_string().get(..8).unwrap_or_default().to_owned()
}

/// The last four bytes of an entry's id: the first are the time.
pub(crate) fn short_id(entry: &[u8]) -> String {
    let tail = entry.get(entry.len().saturating_sub(4)..).unwrap_or_default();
    tail.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(path: &Path, document: &Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(document).map_err(|error| Failure::unexpected(error.to_string()))?;
    fs::write(path, text).map_err(|error| Failure::file(path, &error))
}

/// Every JSON document in a folder.
fn read_folder(folder: &Path) -> Result<Vec<Value>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    Ok(texts.filter_map(|text| serde_json::from_str(&text).ok()).collect())
}
