//! What comes after an answer: the report, custody and disposal, remedies, what lasts longer, and a word on how it goes.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use desk::{COST_NOTE, Document, RETURN_CERTIFICATE};
use model::{Absence, ConditionCode, Digest, Malformed, RecordType, Role, Step, Timestamp};
use serde_json::{Map, Value, json};

use super::{Ask, Common, Plain, Session, Taken, Words, between::written, document, moment};
use crate::{
    cli::{Answer, agenda::Disposals},
    failure::Failure,
};

/// `desk report`.
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// A record type that was asked for and is not handed over, as in traffic_data=not_existing, traffic_data=not_obtained, or, where several
    /// measures miss it, 2:traffic_data=not_existing (repeatable).
    #[arg(long = "left-out", value_name = "TYPE=WHY", value_parser = left_out)]
    left_out: Vec<LeftOut>,
    /// The note of what it cost (cost_note); who issues it and when is filled in.
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
}

/// `desk take-over`.
#[derive(Debug, Args)]
pub(crate) struct TakeOver {
    #[command(flatten)]
    common: Common,
    /// A measure that it concerns (repeatable); all that it can move when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
    /// What for, by its name in the treaty; the purpose of the request when absent.
    #[arg(long)]
    purpose: Option<String>,
    /// The file number of the proceeding; that of the request when absent.
    #[arg(long)]
    proceeding: Option<String>,
    /// Who may read it beside the officer who signs this, by name (repeatable): another officer as the directory calls them, who signs for
    /// each opening, or somebody without a key, for whom one of these officers signs.
    #[arg(long = "reader", value_name = "NAME", required = true)]
    readers: Vec<String>,
    /// Where it is kept.
    #[arg(long)]
    place: Option<String>,
}

/// `desk dispose`.
#[derive(Debug, Subcommand)]
pub(crate) enum Dispose {
    /// Say that what was received has to be destroyed or returned now. The desk says it by itself when its time is over.
    Due(Plain),
    /// Certify that it was destroyed or returned (two custodians); each record is named by its hash.
    Certify(Certify),
    /// Let it be kept for longer: who gave it says until when (two officers).
    Extend(Lasting),
    /// The disposal calendar: what has to be destroyed or returned when.
    List(Disposals),
}

/// `desk dispose certify`.
#[derive(Debug, Args)]
pub(crate) struct Certify {
    #[command(flatten)]
    common: Common,
    /// A measure that it concerns (repeatable); all that it can move when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
    /// Who certifies it and signs, as the directory calls them, as in officer-1 (twice); both custodians where the authority has two.
    #[arg(long = "officer", visible_alias = "custodian", value_name = "NAME")]
    officers: Vec<String>,
    /// Why: retention_ended, condition, recall, withdrawal, not_regularised, late_objection or not_relevant.
    #[arg(long)]
    cause: Option<String>,
    /// The condition that wants it, as in C06.
    #[arg(long)]
    condition: Option<ConditionCode>,
    /// How: overwritten, key_destroyed, medium_destroyed or shredded.
    #[arg(long)]
    method: Option<String>,
    /// The SHA-256 of the log line that shows the destruction of the key.
    #[arg(long, value_name = "SHA256")]
    key_log: Option<Digest>,
    /// How many copies of each record were destroyed, backups included.
    #[arg(long)]
    copies: Option<u32>,
    /// What could not be destroyed, and why.
    #[arg(long)]
    remaining: Option<String>,
    /// A certificate of destruction that is written already (destruction_certificate), in place of the options.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["officers", "cause", "condition", "method", "key_log", "copies", "remaining"])]
    destroyed: Option<PathBuf>,
    /// The certificate of what went back (return_certificate); the rest was destroyed.
    #[arg(long, value_name = "FILE")]
    returned: Option<PathBuf>,
}

/// A step that says until when something lasts.
#[derive(Debug, Args)]
pub(crate) struct Lasting {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// Until when, as in 2027-11-22T00:00:00Z.
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    until: Timestamp,
}

/// `desk remedy`.
#[derive(Debug, Subcommand)]
pub(crate) enum Remedy {
    /// A remedy was lodged: what was decided rests.
    Lodge(Challenge),
    /// The court annulled what was decided: it is reviewed anew.
    Annul(Challenge),
    /// The court upheld what was decided: it goes on from where it stood. A refusal is upheld by two officers.
    Uphold(Challenge),
}

/// A remedy and what became of it.
#[derive(Debug, Args)]
pub(crate) struct Challenge {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    words: Words,
    /// Before or by which court.
    #[arg(long)]
    court: String,
    /// Its file number.
    #[arg(long)]
    reference: Option<String>,
    /// The day on which it was lodged or decided, as in 2026-11-22; today when absent.
    #[arg(long, value_name = "DAY")]
    on: Option<jiff::civil::Date>,
}

/// `desk preservation`.
#[derive(Debug, Subcommand)]
pub(crate) enum Preservation {
    /// Keep what is preserved for longer.
    Prolong(Lasting),
    /// Say that what is preserved is needed no more.
    GiveUp(Plain),
}

/// `desk regularise`.
#[derive(Debug, Args)]
pub(crate) struct Regularise {
    #[command(flatten)]
    common: Common,
    /// A measure that it concerns (repeatable); all that it can move when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
    /// What the emergency was.
    #[arg(long)]
    emergency: String,
    /// Why it could not wait, and why it was proportionate.
    #[arg(long)]
    necessity: String,
    /// The file number of the order.
    #[arg(long)]
    order: Option<String>,
}

/// What an officer leaves out, of the only measure that misses it where none is named.
#[derive(Debug, Clone)]
struct LeftOut {
    measure: Option<u32>,
    record: RecordType,
    why: Absence,
}

/// `TYPE=WHY` or `N:TYPE=WHY`.
fn left_out(text: &str) -> Result<LeftOut, String> {
    let (named, why) = text.split_once('=').ok_or("as in traffic_data=not_existing")?;
    let (measure, record) = named.split_once(':').map_or((None, named), |(measure, record)| (Some(measure), record));
    let measure = measure.map(|number| number.trim_start_matches('M').parse().map_err(|_| "a measure is a number"));
    let record = record.parse().map_err(|error: Malformed| error.to_string())?;
    Ok(LeftOut {
        measure: measure.transpose()?,
        record,
        why: why.parse().map_err(|error: Malformed| error.to_string())?,
    })
}

impl Report {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut documents = document(COST_NOTE, self.costs.as_deref())?;
        if !self.left_out.is_empty() {
            let one = |one: &LeftOut| {
                let mut said = json!({ "record": one.record.as_str(), "why": one.why.as_str() });
                if let Some(measure) = one.measure {
                    said["measure"] = measure.into();
                }
                said
            };
            let all: Vec<Value> = self.left_out.iter().map(one).collect();
            documents.push(written("execution_report", &json!({ "left_out": all }))?);
        }
        take(session, &self.common, Step::FinalReport, &self.words, &documents).await
    }
}

impl TakeOver {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let readers: Vec<_> = self.readers.iter().map(|name| json!({ "name": name })).collect();
        let mut note = json!({ "readers": readers });
        put(&mut note, "purpose", self.purpose.clone());
        put(&mut note, "proceeding", self.proceeding.clone());
        put(&mut note, "place", self.place.clone());
        let documents = [written("custody_note", &note)?];
        take(session, &self.common, Step::TakeOver, &silent(&self.measures), &documents).await
    }
}

impl Dispose {
    pub(crate) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        match self {
            Self::Due(plain) => plain.run(session, Step::DisposalDue).await.map(Taken::answer),
            Self::Certify(certify) => certify.run(session).await.map(Taken::answer),
            Self::Extend(lasting) => lasting.run(session, Step::Extend).await.map(Taken::answer),
            Self::List(list) => list.run(session).await,
        }
    }
}

impl Certify {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut documents = document("destruction_certificate", self.destroyed.as_deref())?;
        let certificate = self.certificate();
        if !certificate.is_empty() {
            documents.push(written("destruction_certificate", &Value::Object(certificate))?);
        }
        documents.extend(document(RETURN_CERTIFICATE, self.returned.as_deref())?);
        take(session, &self.common, Step::CertifyDisposal, &silent(&self.measures), &documents).await
    }

    /// What the options say of the certificate of destruction.
    fn certificate(&self) -> Map<String, Value> {
        let mut certificate = json!({});
        put(&mut certificate, "cause", self.cause.clone());
        put(&mut certificate, "condition", self.condition.map(|code| code.to_string()));
        put(&mut certificate, "method", self.method.clone());
        put(&mut certificate, "key_log_hash", self.key_log.map(|hash| hash.to_string()));
        put(&mut certificate, "remaining", self.remaining.clone());
        if let Some(copies) = self.copies {
            certificate["records"] = json!([{ "copies": copies }]);
        }
        if !self.officers.is_empty() {
            certificate["certified_by"] = self.officers.iter().map(|name| json!({ "name": name })).collect();
        }
        match certificate {
            Value::Object(fields) => fields,
            _ => Map::new(),
        }
    }
}

impl Lasting {
    async fn run(&self, session: &Session, step: Step) -> Result<Taken, Failure> {
        let documents = [written("notice", &json!({ "until": self.until.to_string() }))?];
        take(session, &self.common, step, &self.words, &documents).await
    }
}

impl Remedy {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let (step, challenge) = match self {
            Self::Lodge(challenge) => (Step::LodgeRemedy, challenge),
            Self::Annul(challenge) => (Step::AnnulDecision, challenge),
            Self::Uphold(challenge) => (Step::UpholdDecision, challenge),
        };
        let mut remedy = json!({ "court": challenge.court });
        put(&mut remedy, "reference", challenge.reference.clone());
        put(&mut remedy, "on", challenge.on.map(|day| day.to_string()));
        let documents = [written("remedy", &remedy)?];
        take(session, &challenge.common, step, &challenge.words, &documents).await
    }
}

impl Preservation {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        match self {
            Self::Prolong(lasting) => lasting.run(session, Step::Prolong).await,
            Self::GiveUp(plain) => plain.run(session, Step::GiveUp).await,
        }
    }
}

impl Regularise {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut order = json!({ "emergency": self.emergency, "necessity": self.necessity });
        put(&mut order, "domestic_reference", self.order.clone());
        let documents = [written("expost_validation", &order)?];
        let words = silent(&self.measures);
        let [judge, prosecutor] =
            [Role::Judge, Role::Prosecutor].map(|role| Common { role: Some(role), ..self.common.clone() });
        let of = async |common: &Common| take(session, common, Step::Regularise, &words, &documents).await;
        // The document says in which role; the desk learns by the signature who signs it.
        match of(if self.common.is_of_any_role() { &judge } else { &self.common }).await {
            Err(failure) if self.common.is_of_any_role() && failure.is_of_another_role() => of(&prosecutor).await,
            taken => taken,
        }
    }
}

async fn take(
    session: &Session,
    common: &Common,
    step: Step,
    words: &Words,
    documents: &[Document],
) -> Result<Taken, Failure> {
    let officer = common.signer.open(session)?;
    common.take(session, &officer, Ask { documents, ..Ask::new(step, Some(words)) }).await
}

fn silent(measures: &[u32]) -> Words {
    Words { text: String::new(), measures: measures.to_vec() }
}

fn put(form: &mut Value, name: &str, value: Option<String>) {
    if let Some(value) = value {
        form[name] = value.into();
    }
}
