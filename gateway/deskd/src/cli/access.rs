//! Opening what was received: an officer signs for each opening, and the desk's log tells of all of them.

use clap::Args;
use model::{CaseId, EntryId, Exit, KeyId, Timestamp};
use proto::desk as wire;
use serde_json::{Value, json};

use super::{
    Answer,
    officer::{Officer, Signer},
    session::{Session, case_id},
};
use crate::{
    access::{Line, Statement, Word},
    clock,
    failure::Failure,
    summary::line as plain,
};

/// For what records that were received are opened. The desk holds it against the treaty, and puts each opening on record.
#[derive(Debug, Default, Args)]
pub(super) struct Opens {
    /// What the records are opened for, as the treaty names it; the request's own purpose when absent.
    #[arg(long, value_name = "PURPOSE", requires = "documents")]
    for_purpose: Option<String>,
    /// For which proceeding, by its file number; the one that the request named when absent.
    #[arg(long, value_name = "REF", requires = "documents")]
    for_proceeding: Option<String>,
    /// The officer who signs for each opening of what was received, as in central/officer-1. What was not received is free.
    #[arg(long = "as", value_name = "AUTHORITY/OFFICER", requires = "documents")]
    signer: Option<String>,
    /// Who reads them, where that is somebody whom the note of custody names; the officer who signs when absent.
    #[arg(long, value_name = "NAME", requires = "documents")]
    officer: Option<String>,
}

/// Those openings with the officer's key in hand.
pub(super) struct Opener<'a> {
    session: &'a Session,
    case: CaseId,
    purpose: &'a str,
    proceeding: &'a str,
    reader: &'a str,
    officer: Option<Officer>,
}

impl Opens {
    pub(super) fn opener<'a>(
        &'a self,
        session: &'a Session,
        shown: &wire::GetCaseResponse,
    ) -> Result<Opener<'a>, Failure> {
        let [purpose, proceeding, reader] =
            [&self.for_purpose, &self.for_proceeding, &self.officer].map(|one| one.as_deref().unwrap_or_default());
        Opener::of(session, case_id(shown.summary.as_ref())?, [purpose, proceeding, reader], self.signer.as_deref())
    }
}

impl<'a> Opener<'a> {
    pub(super) fn of(
        session: &'a Session,
        case: CaseId,
        [purpose, proceeding, reader]: [&'a str; 3],
        signer: Option<&str>,
    ) -> Result<Self, Failure> {
        let officer = signer.map(|signer| Signer::of(signer).open(session)).transpose()?;
        Ok(Self { session, case, purpose, proceeding, reader, officer })
    }

    /// The call that opens one document.
    pub(super) fn request(&self, one: &wire::DocumentRef) -> Result<wire::GetDocumentRequest, Failure> {
        let entry = EntryId::try_from(&*one.entry_id);
        let entry = entry.map_err(|error| Failure::new(Exit::Integrity, error.to_string()))?;
        let Word { key_id, signature, at_ms } = self.word(Some((entry, one.index)));
        Ok(wire::GetDocumentRequest {
            entry_id: one.entry_id.clone(),
            index: one.index,
            purpose: self.purpose.to_owned(),
            proceeding: self.proceeding.to_owned(),
            officer: self.reader.to_owned(),
            key_id,
            signature,
            at_ms,
        })
    }

    /// The officer's word on the opening of a document, or of whatever a case file is to have; empty where nobody signs.
    pub(super) fn word(&self, document: Option<(EntryId, u32)>) -> Word {
        let Some(officer) = &self.officer else { return Word::default() };
        let Self { case, purpose, proceeding, reader, .. } = *self;
        let (desk, at) = (&self.session.config.authority, clock::now());
        Word::on(&Statement { desk, case, document, purpose, proceeding, reader, at }, &officer.key)
    }
}

/// `desk case show --access`: the log of openings, each line held against the one before it.
pub(super) fn log(shown: &wire::GetCaseResponse) -> Result<Answer, Failure> {
    let mut before: Option<&str> = None;
    for one in &shown.openings {
        if !one.link.is_empty() && link(one, before).as_deref() != Some(one.link.as_str()) {
            let what = format!("the opening of {} does not follow from the one before it", Timestamp(one.at_ms));
            return Err(Failure::new(Exit::Integrity, what)
                .remedy("The desk's log was altered: tell the supervisor, and keep the desk's database as it is."));
        }
        before = Some(one.link.as_str()).filter(|link| !link.is_empty());
    }
    let mut lines: Vec<_> = shown.openings.iter().map(line).collect();
    if lines.is_empty() {
        lines.push("nothing that was received was opened".to_owned());
    }
    let case = shown.summary.as_ref().map(|summary| summary.case_id.clone());
    let openings: Vec<_> = shown.openings.iter().map(value).collect();
    Ok(Answer::new(json!({ "case": case, "openings": openings, "newest_link": before }), lines.join("\n")))
}

fn link(one: &wire::OpeningView, before: Option<&str>) -> Option<String> {
    let entry = EntryId::try_from(&*one.entry_id).ok()?;
    let key = KeyId(model::Digest::try_from(&*one.key_id).ok()?);
    let line = Line { entry, index: one.index, statement: &one.statement, key, signature: &one.signature };
    Some(line.link(before))
}

/// An opening in one line: when, who reads, who stands for it, and what for.
pub(super) fn line(one: &wire::OpeningView) -> String {
    let (purpose, proceeding, officer) = (plain(&one.purpose), plain(&one.proceeding), plain(&one.officer));
    let by = match plain(&one.signed_by) {
        by if by.is_empty() => " (unsigned)".to_owned(),
        by if by == officer => " (signed)".to_owned(),
        by => format!(" (named by {by}, who signed)"),
    };
    let reason = if one.reason.is_empty() { String::new() } else { format!(", {}", plain(&one.reason)) };
    format!("{} by {officer}{by} for {purpose}, {proceeding}{reason}", Timestamp(one.at_ms))
}

/// An opening for programs.
pub(super) fn value(one: &wire::OpeningView) -> Value {
    json!({
        "entry": EntryId::try_from(&*one.entry_id).map(|id| id.to_string()).unwrap_or_default(),
        "index": one.index,
        "at_ms": one.at_ms,
        "purpose": one.purpose,
        "proceeding": one.proceeding,
        "officer": one.officer,
        "reason": one.reason,
        "signed_by": one.signed_by,
        "named_by": if one.signed_by == one.officer { "" } else { one.signed_by.as_str() },
        "key": model::Digest::try_from(&*one.key_id).map(|key| key.to_string()).unwrap_or_default(),
        "statement": String::from_utf8_lossy(&one.statement),
        "link": one.link,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn opening(number: u8, before: Option<&str>) -> wire::OpeningView {
        let mut one = wire::OpeningView {
            entry_id: vec![number; 16].into(),
            officer: "Aoki".to_owned(),
            signed_by: "officer-1".to_owned(),
            key_id: vec![7; 32].into(),
            statement: vec![number].into(),
            signature: vec![number].into(),
            ..wire::OpeningView::default()
        };
        one.link = link(&one, before).unwrap();
        one
    }

    #[test]
    fn a_log_of_which_a_line_was_altered_or_taken_out_is_told() {
        let first = opening(1, None);
        let second = opening(2, Some(&first.link));
        let third = opening(3, Some(&second.link));
        let logged = |openings: Vec<wire::OpeningView>| {
            log(&wire::GetCaseResponse { openings, ..wire::GetCaseResponse::default() }).map(|answer| answer.text)
        };
        let text = logged(vec![first.clone(), second.clone(), third.clone()]).unwrap();
        assert!(text.contains("by Aoki (named by officer-1, who signed)"), "{text}");
        assert!(logged(vec![first.clone(), third.clone()]).is_err());
        let altered = wire::OpeningView { statement: vec![9].into(), ..second };
        assert!(logged(vec![first, altered, third]).is_err());
    }
}
