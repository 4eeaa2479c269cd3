//! Drafting: the request as it is written, and what the gates would say of it.

use desk::{DraftFor, Finding, Preflight, RequestBody, Severity};
use model::{
    ArticleRef, AuthorityId, AuthorityKind, CaseId, Denial, Digest, Fault, MeasureId, MeasureScope, PartyId,
    RecordType, Refusal, RefusalCode, RequestType, Role, SelectorKind, Timestamp,
};
use serde_json::Value;
use store::desk::{DeskBatch, DraftRow};
use treaty::{Decision, Query, Rule};
use workflow::{DraftCommand, DraftStep, State, decide_draft};

use super::{Office, Told, event, giving::enclosed, internal, once, unknown, view::DraftView};
use crate::{clock, random, safe::Place};

/// A draft, in bytes.
const DRAFT_BYTES_MAX: usize = 1024 * 1024;

/// What preflight says of a draft.
pub(crate) struct Checked {
    pub(crate) case: CaseId,
    pub(crate) findings: Vec<Finding>,
    pub(crate) rule: Option<Rule>,
    pub(crate) decision: Option<Decision>,
    /// Of the draft as it is kept.
    pub(crate) sha256: Digest,
}

/// A draft as it comes from an officer: nothing of it is lost, be it a request yet or not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written<'a> {
    pub(crate) body: &'a [u8],
    /// Whom it is for; empty: whom it names, or whom it was for.
    pub(crate) recipient: &'a str,
    /// The SHA-256 of the draft that was changed; empty: of any.
    pub(crate) follows: &'a str,
    /// What goes with it, where it gives; empty: what went with it.
    pub(crate) records: &'a [desk::Document],
    /// Under which conditions.
    pub(crate) conditions: &'a [model::ConditionCode],
}

impl Office {
    /// A complete example of a request, for `recipient`.
    pub(crate) fn new_skeleton(&self, recipient: &AuthorityId, kind: &RequestType) -> Result<String, Denial> {
        self.skeleton(recipient, kind, CaseId::new([0; 16]))
    }

    /// Saves a draft, new or again, and says what is still wrong with it. What is no request yet, nor even JSON, is kept as it was
    /// written.
    pub(crate) async fn save_draft(&self, case: Option<CaseId>, written: &Written<'_>) -> Result<Checked, Denial> {
        let now = clock::now();
        let _members = self.members.lock().await;
        if let Some(saved) = once::earlier_case() {
            let (draft, _) = self.draft(saved).await?.ok_or_else(|| unknown("the draft was sent meanwhile"))?;
            return self.check(saved, &draft, now);
        }
        let old = match case {
            Some(id) => Some(self.draft(id).await?.ok_or_else(|| unknown("there is no such draft"))?),
            None => None,
        };
        if let Some((draft, _)) = &old {
            editable(draft.state)?;
            unchanged(draft, written.follows)?;
        }
        let id = case.map_or_else(random::case_id, Ok)?;
        let draft = self.read_draft(id, written, old.as_ref().map(|(draft, _)| draft), now)?;
        let mut batch = DeskBatch::default();
        self.put_draft(&mut batch, id, &draft, old.as_ref().map(|(_, row)| row), now)?;
        for proposal in self.store.proposals_of(id).await? {
            // What officers signed was the draft as it stood.
            batch.proposals_done.push(proposal.id.0);
        }
        batch.events.push(event(id, Told::DraftSaved, None, now));
        self.commit(&batch).await?;
        self.check(id, &draft, now)
    }

    /// The draft that a text makes.
    pub(super) fn read_draft(
        &self,
        id: CaseId,
        written: &Written<'_>,
        old: Option<&DraftView>,
        now: Timestamp,
    ) -> Result<DraftView, Denial> {
        if written.body.len() > DRAFT_BYTES_MAX {
            return Err(Denial::failed(Fault::TooLarge, "a draft has more than 1 MiB"));
        }
        let (mut text, document) = with_case(written.body, id)?;
        let recipient = addressee(document.as_ref(), written.recipient, old)?;
        if let Some(document) = &document {
            text = self.with_tag_key(text, document, recipient.party(), now)?;
        }
        let reference = document.as_ref().and_then(|document| document.get("reference")?.as_str());
        let before = old.map(|old| old.reference.as_str()).filter(|_| document.is_none());
        Ok(DraftView {
            state: State::Draft,
            body: text,
            salt: random::salt()?.0,
            reference: reference.or(before).unwrap_or_default().chars().take(200).collect(),
            recipient,
            offered: None,
            validation: None,
            blocked: None,
            lapsed: false,
            enclosed: enclosed(written, old, now)?,
            sent_back: old.map(|old| old.sent_back.clone()).unwrap_or_default(),
        })
    }

    /// The request with this year's key of its subjects' pseudonyms, where the treaty counts subjects; without any, where it does not.
    fn with_tag_key(
        &self,
        text: Vec<u8>,
        document: &Value,
        requested: PartyId,
        now: Timestamp,
    ) -> Result<Vec<u8>, Denial> {
        let (own, today) = (self.own.party(), clock::day(now)?);
        let measures: Vec<_> = asked_for(document).collect();
        let measures = || measures.iter().map(|(article, kind)| (article, kind));
        let counts = |rule: Rule| rule.counts_subjects(requested, measures());
        let counted = own != requested && self.rule_with(requested, now).is_ok_and(counts);
        let key =
            if counted { Some(self.tags_key.tag_key(own, requested, today.year()).map_err(internal)?) } else { None };
        let key = key.map(|key| Value::from(key.to_hex()));
        let mut document = document.clone();
        let Some(fields) = document.as_object_mut().filter(|fields| fields.get("tag_key") != key.as_ref()) else {
            return Ok(text);
        };
        match key {
            Some(key) => fields.insert("tag_key".to_owned(), key),
            None => fields.remove("tag_key"),
        };
        serde_json::to_vec_pretty(&document).map_err(internal)
    }

    /// Holds a draft against form, treaty and workflow, as the gates will.
    pub(crate) async fn preflight(&self, id: CaseId) -> Result<Checked, Denial> {
        match self.draft(id).await? {
            Some((draft, _)) => self.check(id, &draft, clock::now()),
            None => self.preflight_shared(id).await,
        }
    }

    /// Holds a text that is not saved against the same.
    pub(crate) fn preflight_text(&self, written: &Written<'_>) -> Result<Checked, Denial> {
        let (now, id) = (clock::now(), CaseId::new([0; 16]));
        self.check(id, &self.read_draft(id, written, None, now)?, now)
    }

    pub(super) fn check(&self, id: CaseId, draft: &DraftView, now: Timestamp) -> Result<Checked, Denial> {
        self.check_of(id, draft, &self.own, now)
    }

    /// Holds the draft of `sender` against form, treaty and workflow: this desk's own, or one that the other side has shared.
    pub(super) fn check_of(
        &self,
        id: CaseId,
        draft: &DraftView,
        sender: &AuthorityId,
        now: Timestamp,
    ) -> Result<Checked, Denial> {
        let other = if *sender == self.own { &draft.recipient } else { sender };
        let today = clock::day(now)?;
        let kind: RecordType = "request".parse().map_err(internal)?;
        let sha256 = Digest::of(&[&draft.body]);
        let mut checked = Checked { case: id, findings: Vec::new(), rule: None, decision: None, sha256 };
        match self.rule_with(other.party(), now) {
            Ok(rule) => checked.rule = Some(rule),
            Err(Denial::Refused(refusal)) => checked.findings.push((*refusal).into()),
            Err(denial) => return Err(denial),
        }
        // What the schema minds does not hide the rest: an officer is told everything at once, as far as it can be read.
        let (document, form) = match self.records.accept(&kind, &draft.body) {
            Ok(document) => (Some(document), Vec::new()),
            Err(findings) => {
                let read = records::read(&draft.body).ok();
                let found = findings.iter().map(|one| (&*one.field, &*one.rule, &*one.message));
                let form = desk::form_findings(read.as_ref(), found);
                (read, form)
            }
        };
        if let Some(document) = document.as_ref().filter(|_| *sender == self.own) {
            checked.findings.extend(self.own_findings(document, &draft.recipient));
        }
        match document.map(RequestBody::from_document) {
            Some(Ok(body)) => {
                let (kind, recipient) = (self.kind_of(sender), self.kind_of(&draft.recipient));
                let rule = checked.rule.as_ref();
                let asked = Preflight {
                    body: &body,
                    form: &form,
                    rule,
                    sender: kind,
                    recipient,
                    between: [sender, &draft.recipient],
                    today,
                    now,
                };
                let found = desk::preflight(&asked);
                checked.findings.extend(found.findings);
                checked.findings.extend(self.given_findings(&body, draft, sender, found.decision.as_ref()));
                checked.decision = found.decision;
            }
            Some(Err(refusal)) if form.is_empty() => checked.findings.push(refusal.into()),
            _ => checked.findings.extend(form),
        }
        checked.findings.sort_by_key(|finding| finding.severity);
        Ok(checked)
    }

    /// What only this desk can see: that it speaks for itself, and to whom it can speak.
    fn own_findings(&self, document: &Value, recipient: &AuthorityId) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut wrong = |field: &str, reason: String, remedy: &str| {
            findings.push(Refusal::new(RefusalCode::R93, "desk", reason, remedy).at(field).into());
        };
        // What is no name at all, the form tells.
        let authority = |at: &str| document.pointer(at)?.as_str()?.parse::<AuthorityId>().ok();
        let party = |at: &str| document.pointer(at)?.as_str()?.parse::<PartyId>().ok();
        if party("/requesting").is_some_and(|requesting| requesting != self.own.party()) {
            let reason = format!("the desk of {} asks for its own party only", self.own);
            wrong("requesting", reason, "Name the own party, or let the desk of that party send it.");
        }
        let addressee = authority("/addressee");
        if let Some(addressee) = addressee.as_ref().filter(|addressee| *addressee != recipient) {
            let reason = format!("the request is addressed to {addressee}, and was to go to {recipient}");
            wrong("addressee", reason, "Name the same authority in both.");
        }
        let Ok(trust) = self.trust.store() else { return findings };
        let foreign = party("/requested").filter(|requested| trust.directory(*requested).is_some());
        let unknown = |authority: &AuthorityId| trust.authority(authority).is_none();
        if let (Some(requested), Some(addressee)) = (foreign, addressee.filter(unknown)) {
            let reason = format!("{addressee} is not in the directory of {requested}");
            wrong("addressee", reason, "Address an authority of that directory, as desk status lists the parties.");
        }
        if let Some(validator) = authority("/validation/authority").filter(unknown) {
            let reason = format!("{validator} is not in the own directory");
            wrong("validation.authority", reason, "Name the judicial authority as the directory does.");
        }
        findings
    }

    pub(super) fn kind_of(&self, authority: &AuthorityId) -> AuthorityKind {
        let known = self.trust.store().ok().and_then(|trust| trust.authority(authority).map(|one| one.kind));
        known.unwrap_or(AuthorityKind::Central)
    }

    pub(super) fn put_draft(
        &self,
        batch: &mut DeskBatch,
        id: CaseId,
        draft: &DraftView,
        old: Option<&DraftRow>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(draft).map_err(internal)?);
        let row = DraftRow {
            id: id.into(),
            body: self.safe.seal(Place::Draft, id.as_bytes(), &plain)?,
            peer: draft.recipient.party().into(),
            created: old.map_or(now.0, |row| row.created),
            updated: now.0,
            version: old.map_or(1, |row| row.version + 1),
        };
        batch.put_draft(row, old.map(|row| row.version));
        Ok(())
    }

    fn skeleton(&self, recipient: &AuthorityId, kind: &RequestType, case: CaseId) -> Result<String, Denial> {
        let rule = self.rule_with(recipient.party(), clock::now())?;
        let Some((article, _)) = rule.measures().find(|(_, asked)| *asked == kind) else {
            let possible: Vec<_> = rule.measures().map(|(_, kind)| kind.as_str()).collect();
            let possible = if possible.is_empty() { "nothing".to_owned() } else { possible.join(", ") };
            let reason = format!("{kind} cannot be asked of {}; possible now: {possible}", recipient.party());
            let remedy = "Ask for what a treaty in force permits.";
            return Err(Refusal::new(RefusalCode::R92, "treaty", reason, remedy).at("request_type").into());
        };
        let probe = Probe { office: self, rule: &rule, recipient, article, kind };
        let records = probe.records()?;
        let selector = SelectorKind::ALL.into_iter().find(|selector| probe.admits(&records, *selector, ".selectors"));
        Ok(desk::skeleton(&DraftFor {
            case,
            authority: &self.own,
            addressee: recipient,
            article,
            request_type: kind,
            records: &records,
            selector: selector.unwrap_or(SelectorKind::Account),
        }))
    }
}

/// Asks the rule what it would admit, so that a skeleton does not begin with what would be refused.
struct Probe<'a> {
    office: &'a Office,
    rule: &'a Rule,
    recipient: &'a AuthorityId,
    article: &'a ArticleRef,
    kind: &'a RequestType,
}

impl Probe<'_> {
    fn records(&self) -> Result<Vec<RecordType>, Denial> {
        const NO_RECORDS: [&str; 9] = [
            "request",
            "ack",
            "decision",
            "violation",
            "receipt_confirmation",
            "status",
            "notice",
            "shared_draft",
            "draft_comment",
        ];
        let records = self.office.records.names().filter(|name| !NO_RECORDS.contains(&name.as_str()));
        let fits = |record: &&RecordType| {
            SelectorKind::ALL.into_iter().any(|s| self.admits(std::slice::from_ref(*record), s, ".records"))
        };
        let found: Vec<_> = records.filter(fits).cloned().collect();
        // Content needs more than the milder record types: whoever wants it adds it.
        let mild: Vec<_> = found.iter().filter(|record| record.as_str() != "content_data").cloned().collect();
        Ok(if mild.is_empty() { found } else { mild })
    }

    /// Whether no refusal is about the field that ends in `about`.
    fn admits(&self, records: &[RecordType], selector: SelectorKind, about: &str) -> bool {
        let scope = MeasureScope {
            id: MeasureId(1),
            article: self.article.clone(),
            request_type: self.kind.clone(),
            records: records.to_vec(),
            subjects: 1,
            selectors: vec![selector],
            window: None,
            attributes: vec![],
            tags: vec![],
        };
        let decision = self.rule.decide(&Query {
            requesting: self.office.own.party(),
            requested: self.recipient.party(),
            sender: self.office.kind_of(&self.office.own),
            recipient: self.office.kind_of(self.recipient),
            between: Some([&self.office.own, self.recipient]),
            measures: &[scope],
            purpose: None,
            offence: None,
            validator: Some(Role::Judge),
            tag_key: None,
            classification: None,
            emergency: false,
            consent: None,
            at: Timestamp(0),
            languages: None,
            used: None,
        });
        !decision.refusals.iter().any(|refusal| refusal.field.as_deref().is_some_and(|field| field.contains(about)))
    }
}

/// Whether the procedure lets an officer write on.
fn editable(state: State) -> Result<(), Denial> {
    match state {
        State::Draft => Ok(()),
        State::Validating => {
            decide_draft(&DraftCommand { step: DraftStep::Rework, state, role: Role::Judge })?;
            Ok(())
        }
        _ => {
            decide_draft(&DraftCommand { step: DraftStep::Rework, state, role: Role::Officer })?;
            Ok(())
        }
    }
}

/// The body with `case` as its case: a form that was filled in for another one, or not at all, becomes this one's. What is no JSON
/// object yet is kept as it is.
fn with_case(body: &[u8], case: CaseId) -> Result<(Vec<u8>, Option<Value>), Denial> {
    let Ok(mut document) = records::read(body) else { return Ok((body.to_vec(), None)) };
    let id = case.to_string();
    let Some(fields) = document.as_object_mut() else { return Ok((body.to_vec(), None)) };
    if fields.get("case").and_then(Value::as_str) == Some(&id) {
        return Ok((body.to_vec(), Some(document)));
    }
    let old = fields.insert("case".to_owned(), id.clone().into());
    // Where it can be done, the officer's own layout stays.
    if let (Some(Value::String(old)), Ok(text)) = (old, std::str::from_utf8(body)) {
        let replaced = text.replacen(&format!("\"{old}\""), &format!("\"{id}\""), 1);
        if records::read(replaced.as_bytes()).is_ok_and(|again| again == document) {
            return Ok((replaced.into_bytes(), Some(document)));
        }
    }
    Ok((serde_json::to_vec_pretty(&document).map_err(internal)?, Some(document)))
}

/// Whom a draft is for: whom the officer names, else whom the text names, else whom it was for.
fn addressee(document: Option<&Value>, wanted: &str, old: Option<&DraftView>) -> Result<AuthorityId, Denial> {
    if !wanted.is_empty() {
        return wanted.parse().map_err(|error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string()));
    }
    let named = document.and_then(|document| document.get("addressee")?.as_str()?.parse().ok());
    named.or_else(|| old.map(|old| old.recipient.clone())).ok_or_else(|| {
        let what = match document {
            Some(_) => "the request does not name its addressee, as in FR:central; name it beside the text",
            None => "the request is not a JSON document that can be read, so it names no addressee",
        };
        Denial::failed(Fault::Malformed, what)
    })
}

/// What is changed is the draft that was read: nobody has saved another one since.
fn unchanged(draft: &DraftView, follows: &str) -> Result<(), Denial> {
    if follows.is_empty() || Digest::of(&[&draft.body]).to_string() == follows {
        return Ok(());
    }
    Err(Denial::failed(Fault::StaleCase, "somebody has saved the draft since it was read; nothing was overwritten"))
}

/// Whether the gates would let it pass, once validated and signed.
pub(crate) fn would_pass(findings: &[Finding]) -> bool {
    !findings.iter().any(|finding| finding.severity == Severity::Refusal)
}

/// The clause and the request type of each measure of a draft, as far as it names them.
fn asked_for(document: &Value) -> impl Iterator<Item = (ArticleRef, RequestType)> {
    let measures = document.get("measures").and_then(Value::as_array);
    measures.into_iter().flatten().filter_map(|measure| {
        let article = measure.get("article")?.as_str()?.parse().ok()?;
        Some((article, measure.get("request_type")?.as_str()?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_form_of_another_case_becomes_this_one_s_and_keeps_its_layout() {
        let id = CaseId::new([7; 16]);
        let text = b"{\n  \"case\": \"6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10\",\n  \"z\": 1, \"a\": 2\n}";
        let (bytes, document) = with_case(text, id).unwrap();
        assert_eq!(document.unwrap()["case"], id.to_string());
        assert!(String::from_utf8(bytes).unwrap().contains("\"z\": 1, \"a\": 2"));
    }

    #[test]
    fn what_is_no_json_yet_is_kept_as_it_was_written() {
        for text in ["", "{ \"case\": ", "[1]", "notes for tomorrow"] {
            assert_eq!(with_case(text.as_bytes(), CaseId::new([7; 16])).unwrap(), (text.as_bytes().to_vec(), None));
        }
    }

    #[test]
    fn a_draft_is_for_whom_the_officer_names_else_for_whom_the_text_names() {
        let document = serde_json::json!({ "addressee": "FR:central" });
        assert_eq!(addressee(Some(&document), "", None).unwrap().to_string(), "FR:central");
        assert_eq!(addressee(Some(&document), "IT:central", None).unwrap().to_string(), "IT:central");
        assert_eq!(addressee(None, "", None).unwrap_err().reason(), "MALFORMED");
    }
}
