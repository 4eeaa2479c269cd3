//! What the two sides settle between a request and its answer: questions, conditions, delays, parts, and what goes back.

use std::path::{Path, PathBuf};

use clap::Args;
use desk::Document;
use model::{AuthorityId, ConditionCode, Exit, PostponementCode, RefusalCode, Step, Timestamp};
use serde_json::json;

use super::{Ask, Before, Common, Order, Session, Taken, Words, document, moment};
use crate::failure::Failure;

/// `desk ask-info`.
#[derive(Debug, Args)]
pub(crate) struct AskInfo {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The questions (info_request, at least its `questions`); --text asks one. Of what was asked already it reminds: twice at most, and the
    /// time for an answer runs on.
    #[arg(long, value_name = "FILE", conflicts_with = "text", required_unless_present_any = ["text", "tip_off_risk"])]
    questions: Option<PathBuf>,
    /// Of a preservation, before it is accepted: the custodian may not keep it secret, and who asked decides whether it is carried out all
    /// the same (give-info), or withdraws.
    #[arg(long, conflicts_with = "questions")]
    tip_off_risk: bool,
}

/// `desk give-info`.
#[derive(Debug, Args)]
pub(crate) struct GiveInfo {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The answers (info_reply, at least its `answers`); --text answers one. Where they ask for more than was validated they say so
    /// (`scope_grows`, `validation`), and a judge or prosecutor signs them too, by the same command without either.
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    answers: Option<PathBuf>,
}

/// `desk offer-conditions`.
#[derive(Debug, Args)]
pub(crate) struct Offer {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// A condition, as in C01 (repeatable).
    #[arg(long = "condition", value_name = "CODE", required = true)]
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

/// `desk accept-conditions`.
#[derive(Debug, Args)]
pub(crate) struct Undertake {
    #[command(flatten)]
    common: Common,
    /// A measure that it concerns (repeatable); all that it can move when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
    /// The undertaking, where a condition has a day or an amount (undertaking); what it can only say in one way is filled in.
    #[arg(long, value_name = "FILE")]
    undertaking: Option<PathBuf>,
}

/// `desk postpone`.
#[derive(Debug, Args)]
pub(crate) struct Postpone {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// Why, P01 to P05.
    #[arg(long, value_name = "CODE")]
    reason: PostponementCode,
    /// When it is looked at again, as in 2027-01-31: within 90 days. After that day the desk takes it up by itself.
    #[arg(long, value_name = "DAY")]
    review_on: jiff::civil::Date,
    /// The data are preserved meanwhile.
    #[arg(long)]
    preserved: bool,
}

/// `desk return`.
#[derive(Debug, Args)]
pub(crate) struct Return {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// The authority whose request it is, as in FR:executing.
    #[arg(long, value_name = "AUTHORITY", required_unless_present_any = ["cannot_comply", "unanswered"])]
    addressee: Option<AuthorityId>,
    /// What was given without a request goes back unread: its conditions cannot be kept here. What came is destroyed.
    #[arg(long, conflicts_with = "addressee")]
    cannot_comply: bool,
    /// It goes back as it is: for 30 days nobody answered the questions on it.
    #[arg(long, conflicts_with_all = ["addressee", "cannot_comply"])]
    unanswered: bool,
}

impl AskInfo {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        if self.tip_off_risk {
            let officer = self.common.signer.open(session)?;
            let documents = [written("info_request", &json!({ "tip_off_risk": true }))?];
            let ask = Ask { documents: &documents, ..Ask::new(Step::AskInfo, Some(&self.words)) };
            return self.common.take(session, &officer, ask).await;
        }
        form(session, &self.common, Step::AskInfo, &self.words, "info_request", self.questions.as_deref()).await
    }
}

impl GiveInfo {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        form(session, &self.common, Step::GiveInfo, &self.words, "info_reply", self.answers.as_deref()).await
    }
}

impl Offer {
    /// Opens the review, if need be, and offers.
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let review = Before { step: Step::OpenReview, main: Step::OfferConditions, records: &[] };
        self.common.take_before(session, &officer, &review, &self.words).await?;
        let mut documents = document(desk::CALLBACK, self.callback_record.as_deref())?;
        documents.extend(self.order.in_form("decision")?);
        let ask = Ask {
            conditions: &self.conditions,
            callback: self.callback_at,
            documents: &documents,
            ..Ask::new(Step::OfferConditions, Some(&self.words))
        };
        self.common.take(session, &officer, ask).await
    }
}

impl Undertake {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let words = Words { text: String::new(), measures: self.measures.clone() };
        form(session, &self.common, Step::AcceptConditions, &words, "undertaking", self.undertaking.as_deref()).await
    }
}

impl Postpone {
    /// Opens the review, if need be, and postpones.
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        reasoned(&self.words)?;
        let officer = self.common.signer.open(session)?;
        let review = Before { step: Step::OpenReview, main: Step::Postpone, records: &[] };
        self.common.take_before(session, &officer, &review, &self.words).await?;
        let (code, day) = (self.reason.as_str(), self.review_on.to_string());
        let one = json!({ "code": code, "reasons": self.words.text, "preserved": self.preserved, "review_on": day });
        let documents = [written("postponement", &json!({ "measures": [one] }))?];
        let ask = Ask { documents: &documents, ..Ask::new(Step::Postpone, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

impl Return {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        reasoned(&self.words)?;
        let officer = self.common.signer.open(session)?;
        let (notice, ground) = match &self.addressee {
            Some(addressee) => (json!({ "addressee": addressee.to_string() }), RefusalCode::R93),
            None if self.unanswered => (json!({}), RefusalCode::R01),
            // It goes back to who gave it.
            None => {
                let shown = session.show(&self.common.case).await?;
                let giver = shown.summary.map(|one| one.counterpart).unwrap_or_default();
                (json!({ "addressee": giver }), RefusalCode::R16)
            }
        };
        let documents = [written("notice", &notice)?];
        let ask =
            Ask { documents: &documents, ground: Some(ground), ..Ask::new(Step::ReturnRequest, Some(&self.words)) };
        self.common.take(session, &officer, ask).await
    }
}

/// A step with a form, of which the officer may have written a part.
async fn form(
    session: &Session,
    common: &Common,
    step: Step,
    words: &Words,
    record_type: &str,
    path: Option<&Path>,
) -> Result<Taken, Failure> {
    let officer = common.signer.open(session)?;
    let documents = document(record_type, path)?;
    if step == Step::AskInfo {
        let review = Before { step: Step::OpenReview, main: step, records: &[] };
        common.take_before(session, &officer, &review, words).await?;
    }
    common.take(session, &officer, Ask { documents: &documents, ..Ask::new(step, Some(words)) }).await
}

fn reasoned(words: &Words) -> Result<(), Failure> {
    reasoned_text(&words.text)
}

/// Refuses what says nothing.
pub(crate) fn reasoned_text(text: &str) -> Result<(), Failure> {
    if !text.trim().is_empty() {
        return Ok(());
    }
    Err(Failure::new(Exit::Usage, "the other side must be told why").remedy("Say it with --text."))
}

/// A form that is made here.
pub(super) fn written(record_type: &str, value: &serde_json::Value) -> Result<Document, Failure> {
    let record_type =
        record_type.parse().map_err(|error: model::Malformed| Failure::new(Exit::Usage, error.to_string()))?;
    Ok(Document { record_type, bytes: value.to_string().into_bytes() })
}
