//! Steps of a case, each signed here and taken by the desk; where a command takes several, each waits for the other side.

mod after;
mod again;
mod before;
mod between;
mod callback;
mod carry;
mod consultation;
mod forward;
pub(super) mod hearing;
pub(super) mod matter;
mod minutes;
mod order;
mod produce;
mod taken;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use desk::{Body, Document};
use identity::sign_step;
use model::{
    ConditionCode, Denial, Exit, Header, HeaderDigest, MeasureId, RecordType, Refusal, RefusalCode, Role, Step,
    Timestamp,
};
use proto::desk as wire;
use tokio::time::sleep;

use super::{
    Answer,
    officer::{Officer, Signer},
    session::{Session, case_id},
};
use crate::{clock, failure::Failure, office::Beside, signing::check_asked, summary};

pub(super) use after::{Dispose, Preservation, Regularise, Remedy, Report, TakeOver};
pub(super) use again::Again;
use before::Before;
pub(super) use between::reasoned_text;
use between::written;
pub(super) use between::{AskInfo, GiveInfo, Offer, Postpone, Return, Undertake};
pub(super) use callback::CallBack;
pub(super) use carry::{Assign, Close};
pub(super) use consultation::{Consulted, SignConsultation};
pub(super) use forward::Forward;
pub(super) use order::{Order, Reject, Review};
pub(super) use produce::Produce;
pub(super) use taken::Taken;

const POLL: Duration = Duration::from_millis(150);

/// What every step takes.
#[derive(Debug, Clone, Args)]
pub(super) struct Common {
    /// The case, or a unique beginning of its id.
    pub(super) case: String,
    #[command(flatten)]
    pub(super) signer: Signer,
    /// In which role the officer signs; found out when absent.
    #[arg(long)]
    role: Option<Role>,
    /// How many seconds to wait for the other gateway.
    #[arg(long, default_value_t = 20)]
    wait: u64,
    /// Drop what waits for its second signature in the case.
    #[arg(long)]
    replace: bool,
}

/// A step without more than words.
#[derive(Debug, Args)]
pub(super) struct Plain {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
}

#[derive(Debug, Args)]
pub(super) struct Words {
    /// What to write to the other side.
    #[arg(long, default_value = "")]
    text: String,
    /// A measure that it concerns (repeatable); all that it can move when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        Self { text: text.to_owned(), measures: Vec::new() }
    }

    /// Whether anything is written.
    pub(super) fn says_something(&self) -> bool {
        !self.text.trim().is_empty()
    }
}

/// `desk accept`.
#[derive(Debug, Args)]
pub(super) struct Accept {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// A condition, as in C01 (repeatable).
    #[arg(long = "condition", value_name = "CODE")]
    conditions: Vec<ConditionCode>,
    /// When the other side was called back over another channel, as in 2026-11-22T03:10:00Z; an emergency may need it.
    #[arg(long, value_name = "MOMENT", value_parser = moment, requires = "callback_record")]
    callback_at: Option<Timestamp>,
    /// The record of that call (emergency_callback); case, moment and request are filled in.
    #[arg(long, value_name = "FILE", requires = "callback_at")]
    callback_record: Option<PathBuf>,
    #[command(flatten)]
    order: Order,
}

/// `desk refuse`.
#[derive(Debug, Args)]
pub(super) struct Refuse {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The ground, R01 to R20.
    #[arg(long, value_name = "CODE")]
    ground: RefusalCode,
}

/// What is asked of the desk.
pub(super) struct Ask<'a> {
    pub(super) step: Step,
    pub(super) words: Option<&'a Words>,
    pub(super) ground: Option<RefusalCode>,
    pub(super) conditions: &'a [ConditionCode],
    pub(super) documents: &'a [Document],
    pub(super) callback: Option<Timestamp>,
    pub(super) beside: Beside,
}

impl<'a> Ask<'a> {
    pub(super) fn new(step: Step, words: Option<&'a Words>) -> Self {
        Self { step, words, ground: None, conditions: &[], documents: &[], callback: None, beside: Beside::default() }
    }
}

impl Plain {
    pub(super) async fn run(&self, session: &Session, step: Step) -> Result<Taken, Failure> {
        self.common.take(session, &self.common.signer.open(session)?, Ask::new(step, Some(&self.words))).await
    }
}

impl Accept {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let review = Before { step: Step::OpenReview, main: Step::Recognise, records: &[] };
        self.common.take_before(session, &officer, &review, &self.words).await?;
        let mut documents = document(desk::CALLBACK, self.callback_record.as_deref())?;
        documents.extend(self.order.in_form("decision")?);
        let ask = Ask {
            conditions: &self.conditions,
            callback: self.callback_at,
            documents: &documents,
            ..Ask::new(Step::Recognise, Some(&self.words))
        };
        self.common.take(session, &officer, ask).await
    }
}

impl Plain {
    /// Opens the review, if need be, and the consultation.
    pub(super) async fn consult(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let review = Before { step: Step::OpenReview, main: Step::Consult, records: &[] };
        self.common.take_before(session, &officer, &review, &self.words).await?;
        self.common.take(session, &officer, Ask::new(Step::Consult, Some(&self.words))).await
    }

    /// Begins to carry out, if need be, and says that a part is collected.
    pub(super) async fn part_collected(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let begun = Before { step: Step::Assign, main: Step::PartCollected, records: &[] };
        self.common.take_before(session, &officer, &begun, &self.words).await?;
        self.common.take(session, &officer, Ask::new(Step::PartCollected, Some(&self.words))).await
    }
}

impl Refuse {
    pub(super) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        human(self.ground)?;
        self.grounded(&session.show(&self.common.case).await?)?;
        let officer = self.common.signer.open(session)?;
        let review = Before { step: Step::OpenReview, main: Step::Refuse, records: &[] };
        self.common.take_before(session, &officer, &review, &self.words).await?;
        let ask = Ask { ground: Some(self.ground), ..Ask::new(Step::Refuse, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }

    /// Holds the refusal against what the treaty lets refuse, before anything is sent: the review is not opened for nothing.
    fn grounded(&self, shown: &wire::GetCaseResponse) -> Result<(), Failure> {
        let named = |one: &&wire::MeasureView| self.words.measures.is_empty() || self.words.measures.contains(&one.id);
        for one in shown.measures.iter().filter(named) {
            let (id, article) = (MeasureId(one.id), &one.article);
            if one.consult_first {
                let reason = format!("[{article}] {id} may be refused only after a consultation, and none was held");
                let remedy = "Open it first: desk consult. The requesting party says that it was held: desk consulted.";
                return Err(refused("concerns", reason, remedy));
            }
            if !one.grounds.is_empty() && !one.grounds.iter().any(|code| code == self.ground.as_str()) {
                let told = |code: &String| match code.parse::<RefusalCode>() {
                    Ok(known) => format!("{known} ({})", known.text()),
                    Err(_) => code.clone(),
                };
                let (ground, text) = (self.ground, self.ground.text());
                let reason =
                    format!("[{article}] {ground} ({text}) is no ground on which the treaty lets {id} be refused");
                let known: Vec<_> = one.grounds.iter().map(told).collect();
                return Err(refused("ground", reason, format!("Name one of its grounds: {}.", known.join("; "))));
            }
        }
        Ok(())
    }
}

impl Common {
    pub(super) fn of(case: &str, signer: Signer) -> Self {
        Self { case: case.to_owned(), signer, role: None, wait: 20, replace: false }
    }

    /// Takes a step that has to come first, for the measures that still need it; waits until the other side has admitted it.
    /// Where the main step waits for its second signature there is nothing to come first.
    async fn take_before(
        &self,
        session: &Session,
        officer: &Officer,
        before: &Before<'_>,
        words: &Words,
    ) -> Result<(), Failure> {
        let step = before.step;
        let shown = session.show(&self.case).await?;
        let signed = shown.summary.as_ref().is_some_and(|one| one.awaiting_signature == before.main.as_str());
        let measures = before.measures(&shown, &words.measures);
        if measures.is_empty() || (signed && !self.replace) {
            return Ok(());
        }
        let wants = |one: &wire::MeasureView| one.ministry_notice && measures.contains(&one.id);
        if step == Step::OpenReview && shown.measures.iter().any(wants) {
            let what = "the own law wants the ministry to be told before anybody reviews, and the review is not open";
            return Err(Failure::new(Exit::Usage, what).remedy(format!(
                "First: desk review {} --order-authority … --order-number … --order-day …, with the notice. Then this.",
                self.case
            )));
        }
        let only = Words { text: String::new(), measures };
        let taken = self.take(session, officer, Ask::new(step, Some(&only))).await?;
        if taken.progress == "admitted" {
            return Ok(());
        }
        Err(Failure::new(Exit::Unreachable, format!("{step} is on its way; the other gateway has not answered"))
            .remedy("Nothing is lost. Run the same command again later; it goes on from there."))
    }

    /// Prepares, checks, signs, hands in, and waits for the other gateway.
    pub(super) async fn take(&self, session: &Session, officer: &Officer, ask: Ask<'_>) -> Result<Taken, Failure> {
        let request = self.request(session, &ask).await?;
        let prepared = session.desk().prepare_step(request.clone()).await?.into_inner();
        let (own, training) = (&session.config.authority, session.is_training());
        let (header, body) = check_asked(&request, &prepared, own, training, clock::now())?;
        let inside = summary::of_body(&body, ask.documents.is_empty())?;
        session.tell(&format!("Signing:\n{}\n{inside}\n", summary::of_header(&header)));
        self.give(session, officer, &prepared, (&header, body)).await
    }

    async fn request(&self, session: &Session, ask: &Ask<'_>) -> Result<wire::PrepareStepRequest, Failure> {
        let case = case_id(session.show(&self.case).await?.summary.as_ref())?;
        let concerns: Vec<u32> = ask.words.map(|words| words.measures.clone()).unwrap_or_default();
        let text = ask.words.map(|words| words.text.as_str()).unwrap_or_default();
        let document = |one: &Document| wire::Document {
            record_type: one.record_type.to_string(),
            body: one.bytes.clone().into(),
        };
        let mut request = wire::PrepareStepRequest {
            case_id: case.to_string(),
            step: ask.step.as_str().to_owned(),
            concerns,
            ground: ask.ground.map(|ground| ground.to_string()).unwrap_or_default(),
            conditions: ask.conditions.iter().map(ToString::to_string).collect(),
            text: text.to_owned(),
            documents: ask.documents.iter().map(document).collect(),
            role: self.role.map(|role| role.as_str().to_owned()).unwrap_or_default(),
            replace: self.replace,
            callback_ms: ask.callback.map(|at| at.0).unwrap_or_default(),
            ..wire::PrepareStepRequest::default()
        };
        ask.beside.put(&mut request);
        Ok(request)
    }

    /// Signs what was checked and shown, hands it in, and waits for the other gateway.
    async fn give(
        &self,
        session: &Session,
        officer: &Officer,
        prepared: &wire::PrepareStepResponse,
        (header, body): (&Header, Body),
    ) -> Result<Taken, Failure> {
        let signed = self.hand_in(session, officer, prepared).await?;
        let mut taken = Taken {
            case: header.case.to_string(),
            entry: header.entry.to_string(),
            step: header.step,
            needed: prepared.signatures_needed,
            missing: signed.signatures_missing,
            progress: signed.progress,
            body,
        };
        if taken.missing == 0 && taken.progress != "admitted" {
            taken.progress = self.wait(session, &taken, header.entry.as_bytes()).await?;
        }
        Ok(taken)
    }

    /// Whether the officer names no role.
    fn is_of_any_role(&self) -> bool {
        self.role.is_none()
    }

    /// Hands the signature in. Which of the step's roles the officer holds, the desk knows by its directory.
    async fn hand_in(
        &self,
        session: &Session,
        officer: &Officer,
        prepared: &wire::PrepareStepResponse,
    ) -> Result<wire::SignStepResponse, Failure> {
        let digest = HeaderDigest::of(&prepared.header);
        let possible = prepared.roles.iter().filter_map(|role| role.parse::<Role>().ok());
        let roles: Vec<Role> = self.role.map_or_else(|| possible.collect(), |role| vec![role]);
        let mut first = None;
        for role in roles {
            let word = sign_step(&officer.key, role, digest);
            let request = wire::SignStepRequest {
                entry_id: prepared.entry_id.clone(),
                role: role.as_str().to_owned(),
                key_id: word.signature.key.0.as_bytes().to_vec().into(),
                signature: word.signature.bytes.into(),
            };
            let failure: Failure = match session.desk().sign_step(request).await {
                Ok(signed) => return Ok(signed.into_inner()),
                Err(status) => status.into(),
            };
            if !failure.is_of_another_role() {
                return Err(failure);
            }
            first.get_or_insert(failure);
        }
        Err(first.unwrap_or_else(|| Failure::new(Exit::Integrity, "the desk names no role for the step")))
    }

    /// Waits until the other gateway has said yes or no.
    async fn wait(&self, session: &Session, taken: &Taken, entry: &[u8]) -> Result<String, Failure> {
        let mut left = Duration::from_secs(self.wait);
        loop {
            let timeline = session.show(&taken.case).await?.timeline;
            let found = timeline.into_iter().find(|one| one.entry_id == entry);
            match found.as_ref().map(|one| one.verdict.as_str()) {
                Some("admitted") => return Ok("admitted".to_owned()),
                Some("rejected") => {
                    let reason = found.map(|one| one.text).unwrap_or_default();
                    return Err(Failure::new(Exit::Refused, format!("{} was refused: {reason}", taken.step))
                        .remedy(format!(
                            "Look at the case: desk case show {0}. Where the step still fits: desk again {0} --as OFFICER",
                            taken.case
                        )));
                }
                Some("lapsed") => {
                    return Err(Failure::new(Exit::Unreachable, format!("{} lapsed on its way", taken.step))
                        .remedy("Use another channel, or send it again."));
                }
                _ if left.is_zero() => return Ok(taken.progress.clone()),
                _ => {}
            }
            let pause = POLL.min(left);
            left -= pause;
            sleep(pause).await;
        }
    }
}

/// A ground that no human gives stops before anything is opened.
fn human(ground: RefusalCode) -> Result<(), Failure> {
    if ground.is_human() {
        return Ok(());
    }
    let reason = format!("{ground} is a gateway's own code; a human refuses on R01 to R20");
    let remedy = "Name one of R01 to R20; what a gateway must refuse, it refuses before anybody sees it.";
    Err(refused("ground", reason, remedy))
}

fn refused(field: &str, reason: String, remedy: impl Into<String>) -> Failure {
    Denial::from(Refusal::new(RefusalCode::R94, "workflow", reason, remedy).at(field)).into()
}

/// The records in files.
pub(super) fn documents(files: &[(RecordType, PathBuf)]) -> Result<Vec<Document>, Failure> {
    let one = |(record_type, path): &(RecordType, PathBuf)| {
        let bytes = std::fs::read(path).map_err(|error| Failure::reading(path, &error))?;
        Ok(Document { record_type: record_type.clone(), bytes })
    };
    files.iter().map(one).collect()
}

/// The one document in a file, where one is given.
fn document(record_type: &str, path: Option<&Path>) -> Result<Vec<Document>, Failure> {
    let Some(path) = path else { return Ok(Vec::new()) };
    let bytes = std::fs::read(path).map_err(|error| Failure::reading(path, &error))?;
    let record_type =
        record_type.parse().map_err(|error: model::Malformed| Failure::new(Exit::Usage, error.to_string()))?;
    Ok(vec![Document { record_type, bytes }])
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let moment = text.parse::<jiff::Timestamp>();
    moment.map(|moment| Timestamp(moment.as_millisecond())).map_err(|_| "write it as 2026-11-22T03:10:00Z".to_owned())
}

pub(super) fn record(text: &str) -> Result<(RecordType, PathBuf), String> {
    let (record_type, path) = text.split_once('=').ok_or("write it as TYPE=FILE")?;
    Ok((record_type.parse().map_err(|error: model::Malformed| error.to_string())?, PathBuf::from(path)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_ground_that_no_human_gives_stops_before_anything_is_opened() {
        let failure = human(RefusalCode::R92).unwrap_err();
        assert_eq!(failure.denial().map(Denial::reason), Some("R94"));
        assert_eq!(failure.exit(), Exit::Refused);
        assert!(human(RefusalCode::R20).is_ok());
    }

    #[test]
    fn the_moment_of_a_call_is_one_of_rfc_3339() {
        assert_eq!(moment("2026-11-22T03:10:00Z").unwrap().to_string(), "2026-11-22T03:10:00.000Z");
        assert_eq!(moment("2026-11-22T04:10:00+01:00"), moment("2026-11-22T03:10:00Z"));
        assert!(moment("ten past three").is_err());
    }
}
