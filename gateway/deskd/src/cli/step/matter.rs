//! The matters of a case: consents to another use or reader, incidents, errors in what was given.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use desk::{Document, end_of};
use model::{AuthorityId, ConditionCode, EntryId, Exit, Flaw, MatterId, PartyId, RecordType, Step, Timestamp};
use proto::desk as wire;
use serde_json::{Map, Value, json};
use workflow::MatterKind;

use super::{Answer, Ask, Common, Session, Taken, Words, record, written};
use crate::{failure::Failure, office::Beside};

/// What every step on a matter takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Matter {
    #[command(flatten)]
    common: Common,
    /// Which matter of the case, as in X1; found out where only one fits.
    #[arg(long, value_name = "X1", value_parser = matter)]
    matter: Option<MatterId>,
    /// What to write to the other side.
    #[arg(long, default_value = "")]
    text: String,
    /// Of which kind it has to be: by the command.
    #[arg(skip)]
    kind: Option<MatterKind>,
}

/// What opens a matter takes besides.
#[derive(Debug, Args)]
pub(crate) struct Opening {
    #[command(flatten)]
    common: Common,
    /// What to write to the other side.
    #[arg(long)]
    text: String,
    /// A measure that it concerns (repeatable); all that it can concern when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
    /// The entry whose records it is about, as `case show` names it; all that was released for the measures when absent.
    #[arg(long, value_name = "ENTRY", value_parser = entry)]
    about: Option<EntryId>,
}

/// `desk use`: another purpose or proceeding than the treaty allows.
#[derive(Debug, Subcommand)]
pub(crate) enum Use {
    /// Ask who gave the records to agree to another purpose or proceeding. Until they do, no key is released for it.
    Request(Wish),
    /// Agree, until a day (two officers).
    Grant(Grant),
    /// Do not agree, and say why.
    Deny(Matter),
    /// Tell who gave them that they are used for the defence of an accused: no consent is needed.
    NotifyExculpatory(Wish),
    /// Close it: a consent ends with it.
    Close(Matter),
}

/// `desk onward`: a third state, or another body.
#[derive(Debug, Subcommand)]
pub(crate) enum Onward {
    /// Ask who gave the records to agree that they are handed on.
    Request(HandOn),
    /// Agree, until a day (two officers).
    Grant(Grant),
    /// Do not agree, and say why.
    Deny(Matter),
    /// Close it: a consent ends with it.
    Close(Matter),
}

/// `desk breach`: an incident with what was given.
#[derive(Debug, Subcommand)]
pub(crate) enum Breach {
    /// Note at this desk when an incident was found: the time to tell the other side runs from there.
    Found(Found),
    /// Tell the other side of an incident.
    Notify(Incident),
    /// Say that it is confirmed, or what more is known.
    Confirm(Matter),
    /// Recall what was given (two officers): no key for it is released any more.
    Recall(Matter),
    /// Certify that the keys are destroyed (two custodians). They are destroyed when the certificate is part of the case.
    Certify(Certify),
    /// Say that the person concerned was told.
    TellSubject(Matter),
    /// Say why the person concerned is not told yet.
    DeferSubject(Matter),
    /// Close it.
    Close(Matter),
}

/// `desk correct`: an error in what was given.
#[derive(Debug, Subcommand)]
pub(crate) enum Correct {
    /// Say which records are wrong, and why you think so.
    Report(Opening),
    /// Say what is wrong: wrong_subject, wrong_value or stale.
    Triage(Triage),
    /// Recall records of somebody else from everybody who has them (two officers): no key for them is released any more.
    Recall(Recall),
    /// Certify that the keys are destroyed (two custodians). They are destroyed when the certificate is part of the case.
    Certify(Certify),
    /// Give the right records in place of the wrong ones (two officers).
    Reissue(Reissue),
    /// Close it: with everybody who had the records and was told, or because nothing was wrong.
    Close(Close),
}

/// Asking for another use.
#[derive(Debug, Args)]
pub(crate) struct Wish {
    #[command(flatten)]
    opening: Opening,
    /// What for, as the treaty names purposes.
    #[arg(long, value_name = "PURPOSE")]
    purpose: String,
    /// For which proceeding, by its file number; the one of the request when absent.
    #[arg(long, value_name = "REF")]
    proceeding: Option<String>,
    /// Who is to read them; the own authority when absent.
    #[arg(long, value_name = "AUTHORITY")]
    reader: Option<AuthorityId>,
    /// On which clause.
    #[arg(long, value_name = "TEXT")]
    basis: String,
}

/// Asking to hand on.
#[derive(Debug, Args)]
pub(crate) struct HandOn {
    #[command(flatten)]
    opening: Opening,
    /// What for, as the treaty names purposes.
    #[arg(long, value_name = "PURPOSE")]
    purpose: String,
    /// The state of who is to have them; the own one for another body.
    #[arg(long, value_name = "PARTY")]
    to_party: PartyId,
    /// What kind of body.
    #[arg(long, value_name = "BODY", value_parser = ["court", "prosecution", "police", "central_authority", "supervisory_authority", "international_court"])]
    to_body: String,
    /// What it is called.
    #[arg(long, value_name = "NAME")]
    to_name: String,
    /// For which proceeding.
    #[arg(long, value_name = "REF")]
    proceeding: Option<String>,
    /// On which clause.
    #[arg(long, value_name = "TEXT")]
    basis: String,
}

/// Agreeing.
#[derive(Debug, Args)]
pub(crate) struct Grant {
    #[command(flatten)]
    matter: Matter,
    /// The last day on which the consent holds, as in 2027-03-31 (UTC).
    #[arg(long, value_name = "DAY", value_parser = last_day)]
    until: Timestamp,
    /// A condition, as in C04 (repeatable).
    #[arg(long = "condition", value_name = "CODE")]
    conditions: Vec<ConditionCode>,
}

/// A first notice of an incident.
#[derive(Debug, Args)]
pub(crate) struct Incident {
    #[command(flatten)]
    opening: Opening,
    /// What kind of incident.
    #[arg(long, value_parser = ["unauthorised_access", "disclosure", "loss", "alteration", "canary_opened", "log_fork", "key_loss"])]
    kind: String,
    /// How bad it may be for the persons affected.
    #[arg(long, default_value = "unknown", value_parser = ["low", "medium", "high", "unknown"])]
    risk: String,
    /// How many persons are affected, as far as is known.
    #[arg(long, value_name = "N")]
    persons: Option<u32>,
    /// What was done against it (repeatable).
    #[arg(long = "done", value_name = "WHAT", value_parser = ["keys_revoked", "access_closed", "channel_frozen", "records_recalled", "recipients_told", "authority_told", "none_yet", "other"])]
    done: Vec<String>,
}

/// When an incident was found.
#[derive(Debug, Args)]
pub(crate) struct Found {
    /// The case, or a unique beginning of its id.
    case: String,
    /// When, as in 2026-11-22T03:10:00Z; now when absent.
    #[arg(long, value_name = "MOMENT", value_parser = super::moment)]
    at: Option<Timestamp>,
    /// A measure whose records it is about (repeatable); all that something was released for when absent.
    #[arg(long = "measure", value_name = "N")]
    measures: Vec<u32>,
}

/// What is wrong.
#[derive(Debug, Args)]
pub(crate) struct Triage {
    #[command(flatten)]
    matter: Matter,
    /// wrong_subject, wrong_value or stale.
    #[arg(long)]
    flaw: Flaw,
}

/// Recalling records of somebody else.
#[derive(Debug, Args)]
pub(crate) struct Recall {
    #[command(flatten)]
    matter: Matter,
    /// An attribute that had agreed when the wrong person was linked, as in name or birth_date (two at least).
    #[arg(long = "compared", value_name = "ATTRIBUTE", required = true)]
    compared: Vec<String>,
    /// How it came about.
    #[arg(long, value_parser = ["partial_match", "shared_session", "race", "transcription", "source_error", "translation", "other"])]
    root_cause: String,
}

/// Certifying that keys are gone.
#[derive(Debug, Args)]
pub(crate) struct Certify {
    #[command(flatten)]
    matter: Matter,
    /// A custodian who certifies and signs, as the directory calls them, as in officer-1 (both; the second officer gives the same).
    #[arg(long = "custodian", visible_alias = "officer", value_name = "NAME", required = true)]
    custodians: Vec<String>,
}

/// Giving the right records.
#[derive(Debug, Args)]
pub(crate) struct Reissue {
    #[command(flatten)]
    matter: Matter,
    /// A record and its file, as in subscriber_info=FILE (repeatable). The file holds a whole record, or its content alone; which
    /// record it replaces is filled in where only one can be meant, else it says so in `supersedes`.
    #[arg(long = "record", value_name = "TYPE=FILE", value_parser = record, required = true)]
    records: Vec<(RecordType, PathBuf)>,
    /// A condition, as in C01 (repeatable); those of the acceptance when absent.
    #[arg(long = "condition", value_name = "CODE")]
    conditions: Vec<ConditionCode>,
}

/// Closing an error.
#[derive(Debug, Args)]
pub(crate) struct Close {
    #[command(flatten)]
    matter: Matter,
    /// Somebody who had the records and was told (repeatable); everybody known to the desk when absent. Nobody to whom they were
    /// handed on may be missing.
    #[arg(long = "told", value_name = "NAME")]
    told: Vec<String>,
}

impl Use {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        match self {
            Self::Request(wish) => wish.run(session, Step::RequestUse).await,
            Self::Grant(grant) => grant.run(session, MatterKind::Use).await,
            Self::Deny(matter) => matter.of(MatterKind::Use).reasoned(session, Step::DenyConsent).await,
            Self::NotifyExculpatory(wish) => wish.run(session, Step::NotifyExculpatory).await,
            Self::Close(matter) => matter.of(MatterKind::Use).run(session, Step::CloseMatter).await,
        }
    }
}

impl Onward {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        match self {
            Self::Request(hand_on) => hand_on.run(session).await,
            Self::Grant(grant) => grant.run(session, MatterKind::Onward).await,
            Self::Deny(matter) => matter.of(MatterKind::Onward).reasoned(session, Step::DenyConsent).await,
            Self::Close(matter) => matter.of(MatterKind::Onward).run(session, Step::CloseMatter).await,
        }
    }
}

impl Breach {
    pub(crate) async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let taken = match self {
            Self::Found(found) => return found.run(session).await,
            Self::Notify(incident) => incident.run(session).await,
            Self::Confirm(matter) => matter.of(MatterKind::Breach).run(session, Step::ConfirmBreach).await,
            Self::Recall(matter) => matter.of(MatterKind::Breach).reasoned(session, Step::Recall).await,
            Self::Certify(certify) => certify.run(session, MatterKind::Breach).await,
            Self::TellSubject(matter) => matter.of(MatterKind::Breach).run(session, Step::NotifySubject).await,
            Self::DeferSubject(matter) => matter.of(MatterKind::Breach).reasoned(session, Step::DeferSubject).await,
            Self::Close(matter) => matter.of(MatterKind::Breach).run(session, Step::CloseMatter).await,
        };
        taken.map(Taken::answer)
    }
}

impl Found {
    async fn run(&self, session: &Session) -> Result<Answer, Failure> {
        let request = wire::NoteIncidentRequest {
            case_id: self.case.clone(),
            found_ms: self.at.map(|at| at.0).unwrap_or_default(),
            concerns: self.measures.clone(),
        };
        let clocks = session.desk().note_incident(request).await?.into_inner().measures_noted;
        let text = format!("noted for {clocks} measure(s): tell the other side in time (desk breach notify)");
        Ok(Answer::new(json!({ "measures_noted": clocks }), text))
    }
}

impl Correct {
    pub(crate) async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        match self {
            Self::Report(opening) => opening.take(session, Step::ReportError, None, &[]).await,
            Self::Triage(triage) => {
                super::reasoned_text(&triage.matter.text)?;
                let beside = Beside { flaw: Some(triage.flaw), ..Beside::default() };
                triage
                    .matter
                    .of(MatterKind::Correction)
                    .take(session, Ask { beside, ..Ask::new(Step::Triage, None) })
                    .await
            }
            Self::Recall(recall) => {
                let form = json!({ "compared": recall.compared, "root_cause": recall.root_cause });
                let documents = [written("wrong_subject_recall", &form)?];
                recall
                    .matter
                    .of(MatterKind::Correction)
                    .take(session, Ask { documents: &documents, ..Ask::new(Step::Recall, None) })
                    .await
            }
            Self::Certify(certify) => certify.run(session, MatterKind::Correction).await,
            Self::Reissue(reissue) => {
                let documents = super::documents(&reissue.records)?;
                let conditions = &reissue.conditions;
                let ask = Ask { documents: &documents, conditions, ..Ask::new(Step::Reissue, None) };
                reissue.matter.of(MatterKind::Correction).take(session, ask).await
            }
            Self::Close(close) => {
                let form = json!({ "told": close.told });
                let documents = if close.told.is_empty() { Vec::new() } else { vec![written("notice", &form)?] };
                close
                    .matter
                    .of(MatterKind::Correction)
                    .take(session, Ask { documents: &documents, ..Ask::new(Step::CloseMatter, None) })
                    .await
            }
        }
    }
}

impl Matter {
    /// The same, of a kind.
    pub(super) fn of(&self, kind: MatterKind) -> Self {
        Self { kind: Some(kind), ..self.clone() }
    }

    pub(super) fn case(&self) -> &str {
        &self.common.case
    }

    pub(super) fn id(&self) -> Option<MatterId> {
        self.matter
    }

    pub(super) async fn run(&self, session: &Session, step: Step) -> Result<Taken, Failure> {
        self.take(session, Ask::new(step, None)).await
    }

    pub(super) async fn reasoned(&self, session: &Session, step: Step) -> Result<Taken, Failure> {
        super::reasoned_text(&self.text)?;
        self.run(session, step).await
    }

    pub(super) async fn take(&self, session: &Session, ask: Ask<'_>) -> Result<Taken, Failure> {
        let officer = self.common.signer.open(session)?;
        let words = Words { text: self.text.clone(), measures: Vec::new() };
        let mut beside = ask.beside.clone();
        (beside.matter, beside.kind) = (beside.matter.or(self.matter), self.kind);
        self.common.take(session, &officer, Ask { words: Some(&words), beside, ..ask }).await
    }
}

impl Opening {
    async fn take(
        &self,
        session: &Session,
        step: Step,
        purpose: Option<&str>,
        documents: &[Document],
    ) -> Result<Taken, Failure> {
        super::reasoned_text(&self.text)?;
        let officer = self.common.signer.open(session)?;
        let words = Words { text: self.text.clone(), measures: self.measures.clone() };
        let beside = Beside { about: self.about, purpose: purpose.map(str::to_owned), ..Beside::default() };
        self.common.take(session, &officer, Ask { documents, beside, ..Ask::new(step, Some(&words)) }).await
    }
}

impl Wish {
    async fn run(&self, session: &Session, step: Step) -> Result<Taken, Failure> {
        let mut form = Map::from_iter([("legal_basis".to_owned(), self.basis.as_str().into())]);
        form.extend(self.proceeding.iter().map(|proceeding| ("proceeding".to_owned(), proceeding.as_str().into())));
        let reader =
            self.reader.iter().map(|reader| ("recipient".to_owned(), json!({ "authority": reader.to_string() })));
        form.extend(reader);
        let documents = [written("use_consent", &Value::Object(form))?];
        self.opening.take(session, step, Some(&self.purpose), &documents).await
    }
}

impl HandOn {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let recipient = json!({ "party": self.to_party.to_string(), "body": self.to_body, "name": self.to_name });
        let mut form = json!({ "legal_basis": self.basis, "recipient": recipient });
        if let Some(proceeding) = &self.proceeding {
            form["proceeding"] = proceeding.as_str().into();
        }
        let documents = [written("onward_consent", &form)?];
        self.opening.take(session, Step::RequestOnward, Some(&self.purpose), &documents).await
    }
}

impl Grant {
    async fn run(&self, session: &Session, kind: MatterKind) -> Result<Taken, Failure> {
        let beside = Beside { until: Some(self.until), ..Beside::default() };
        let ask = Ask { conditions: &self.conditions, beside, ..Ask::new(Step::GrantConsent, None) };
        self.matter.of(kind).take(session, ask).await
    }
}

impl Incident {
    async fn run(&self, session: &Session) -> Result<Taken, Failure> {
        let mut form = json!({ "kind": self.kind, "risk": self.risk });
        if let Some(persons) = self.persons {
            form["persons_affected"] = persons.into();
        }
        if !self.done.is_empty() {
            form["measures_taken"] = self.done.clone().into();
        }
        let documents = [written("breach_notice", &form)?];
        self.opening.take(session, Step::NotifyBreach, None, &documents).await
    }
}

impl Certify {
    async fn run(&self, session: &Session, kind: MatterKind) -> Result<Taken, Failure> {
        if self.custodians.len() < 2 {
            return Err(Failure::new(Exit::Usage, "two custodians certify that keys are destroyed")
                .remedy("Name both: --custodian NAME --custodian NAME."));
        }
        let names: Vec<_> = self.custodians.iter().map(|name| json!({ "name": name })).collect();
        let documents = [written("destruction_certificate", &json!({ "certified_by": names }))?];
        let ask = Ask { documents: &documents, ..Ask::new(Step::CertifyShredding, None) };
        self.matter.of(kind).take(session, ask).await
    }
}

pub(super) fn matter(text: &str) -> Result<MatterId, String> {
    let number = text.strip_prefix(['X', 'x']).unwrap_or(text).parse().ok().filter(|number| *number > 0);
    number.map(MatterId).ok_or_else(|| "write it as X1".to_owned())
}

fn entry(text: &str) -> Result<EntryId, String> {
    text.parse().map_err(|error: model::Malformed| error.to_string())
}

fn last_day(text: &str) -> Result<Timestamp, String> {
    end_of(text).ok_or_else(|| "write it as 2027-03-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matter_is_named_by_its_number_and_a_day_by_its_end() {
        assert_eq!(matter("X2"), Ok(MatterId(2)));
        assert_eq!(matter("2"), Ok(MatterId(2)));
        for wrong in ["X0", "X", "one", "X-1"] {
            assert!(matter(wrong).is_err(), "{wrong}");
        }
        assert_eq!(last_day("2027-03-31").map(|at| at.to_string()), Ok("2027-04-01T00:00:00.000Z".to_owned()));
    }
}
