//! Validation: what a judge or prosecutor signs, and the check that it was they.

use desk::{Body, Document, RequestBody, declare};
use identity::Domain;
use model::{
    AuthorityId, BodyCommitment, BodySalt, CaseId, Denial, Fault, KeyId, Pin, Refusal, RefusalCode, Role, Step,
    Timestamp, ValidationStatement,
};
use store::desk::DeskBatch;
use workflow::{DraftCommand, DraftStep, State, decide_draft};

use super::{
    Office, Told, event, internal, once, unknown,
    view::{DraftValidation, DraftView},
};
use crate::{clock, summary};

/// A validator's signature, as it was handed in.
pub(crate) struct ValidatorWord {
    pub(crate) statement: Vec<u8>,
    pub(crate) authority: AuthorityId,
    pub(crate) role: Role,
    pub(crate) key: KeyId,
    pub(crate) signature: Vec<u8>,
}

/// What a validator must sign, with all that is needed to see what it commits to.
pub(crate) struct Offered {
    pub(crate) statement: Vec<u8>,
    pub(crate) summary: String,
    pub(crate) body: Vec<u8>,
    pub(crate) salt: BodySalt,
}

impl Office {
    /// What a validator must sign for a draft, and its scope in words. It hands the draft to the validator.
    pub(crate) async fn prepare_validation(&self, id: CaseId, role: Role) -> Result<Offered, Denial> {
        let now = clock::now();
        let _members = self.members.lock().await;
        let (mut draft, row) = self.draft(id).await?.ok_or_else(|| unknown("there is no such draft"))?;
        let checked = self.check(id, &draft, now)?;
        if let Some(finding) = checked.findings.iter().find(|finding| finding.severity.blocks()) {
            let code = finding.code.unwrap_or(RefusalCode::R01);
            let mut refusal = Refusal::new(code, &finding.rule, finding.message.clone(), finding.remedy.clone());
            refusal.article.clone_from(&finding.article);
            return Err(refusal.at(finding.field.clone()).into());
        }
        if draft.state == State::Draft {
            draft.state = step(DraftStep::Submit, draft.state, Role::Officer)?;
        }
        step(DraftStep::Validate, draft.state, role)?;
        let pin = checked.rule.map(|rule| rule.pin()).ok_or_else(|| internal("a rule without a pin"))?;
        let now = once::earlier_case().and(draft.offered).unwrap_or(now);
        draft.offered = Some(now);
        let statement = self.statement_of(id, &draft, pin, now)?;
        let mut batch = DeskBatch::default();
        self.put_draft(&mut batch, id, &draft, Some(&row), now)?;
        self.commit(&batch).await?;
        Ok(Offered {
            statement: proto::encode_statement(&statement),
            summary: summary::of_scope(&statement.measures, pin),
            body: self.body_of(&draft)?,
            salt: draft.salt(),
        })
    }

    /// Adds the validator's signature. Says in which state the draft is now.
    pub(crate) async fn validate(&self, id: CaseId, word: ValidatorWord) -> Result<State, Denial> {
        let now = clock::now();
        let _members = self.members.lock().await;
        let (mut draft, row) = self.draft(id).await?.ok_or_else(|| unknown("there is no such draft"))?;
        if once::earlier_case().is_some() && draft.validation.is_some() {
            return Ok(draft.state);
        }
        let state = step(DraftStep::Validate, draft.state, word.role)?;
        let rule = self.rule_with(draft.recipient.party(), now)?;
        let offered = draft.offered.ok_or_else(|| stale("no statement was made for this draft"))?;
        let statement = self.statement_of(id, &draft, rule.pin(), offered)?;
        if proto::encode_statement(&statement) != word.statement {
            return Err(stale("the draft or the rule changed since the statement was made"));
        }
        self.check_validator(&draft, &word)?;
        draft.state = state;
        draft.validation = Some(DraftValidation {
            statement: word.statement,
            validated: offered,
            pin: rule.pin(),
            authority: word.authority,
            role: word.role,
            key: word.key,
            signature: word.signature,
        });
        let mut batch = DeskBatch::default();
        self.put_draft(&mut batch, id, &draft, Some(&row), now)?;
        batch.events.push(event(id, Told::Validated, None, now));
        self.commit(&batch).await?;
        Ok(state)
    }

    /// What the validator signs: the scope of the body as it is to be sent, under the rule `pin`.
    fn statement_of(
        &self,
        case: CaseId,
        draft: &DraftView,
        pin: Pin,
        at: Timestamp,
    ) -> Result<ValidationStatement, Denial> {
        let measures = declare(&request_of(draft)?)?.measures;
        let body = BodyCommitment::of(&draft.salt(), &self.body_of(draft)?);
        Ok(ValidationStatement { case, pin, measures, body, validated: at })
    }

    /// The draft as the body that is sealed: the request, and behind it what it gives.
    pub(super) fn body_of(&self, draft: &DraftView) -> Result<Vec<u8>, Denial> {
        let record_type = "request".parse().map_err(internal)?;
        let mut documents = vec![Document { record_type, bytes: draft.body.clone() }];
        if !draft.enclosed.is_empty() {
            documents.extend(self.given(&request_of(draft)?, draft)?);
        }
        Body { step: Step::SealSend, documents }.encode()
    }

    fn check_validator(&self, draft: &DraftView, word: &ValidatorWord) -> Result<(), Denial> {
        let trust = self.trust.store()?;
        let refuse = |code, reason: String, remedy: &str| -> Result<(), Denial> {
            let mut refusal = Refusal::new(code, "identity", reason, remedy).at("validation");
            refusal.owner = Some(self.own.party());
            Err(refusal.into())
        };
        let Some((authority, officer)) = trust.officer(self.own.party(), &word.key) else {
            let remedy = "An officer of the own directory signs; the party lists the key there.";
            return refuse(RefusalCode::R95, "the key is no officer's of the own directory".to_owned(), remedy);
        };
        if authority.id != word.authority || !officer.roles.contains(&word.role) {
            let reason = format!(
                "the directory does not grant the officer the role {} of {}",
                word.role.as_str(),
                word.authority
            );
            return refuse(RefusalCode::R93, reason, "A judge or prosecutor of that authority validates.");
        }
        if officer.key.verify(Domain::Validation, &word.statement, &word.signature).is_err() {
            let remedy = "Sign the statement that the desk prepared.";
            return refuse(RefusalCode::R95, "the validator's signature does not hold".to_owned(), remedy);
        }
        let body = request_of(draft)?;
        if body.validation.authority != word.authority || body.validation.role != word.role {
            let reason = format!(
                "the request names a {} of {} as its validator; a {} of {} signed",
                body.validation.role.as_str(),
                body.validation.authority,
                word.role.as_str(),
                word.authority
            );
            return refuse(RefusalCode::R94, reason, "Correct `validation` in the request, or let the one named sign.");
        }
        Ok(())
    }
}

/// The draft as a request.
pub(super) fn request_of(draft: &DraftView) -> Result<RequestBody, Denial> {
    let document = records::read(&draft.body);
    let document = document.map_err(|finding| Denial::failed(Fault::Malformed, finding.to_string()))?;
    Ok(RequestBody::from_document(document)?)
}

fn step(step: DraftStep, state: State, role: Role) -> Result<State, Denial> {
    Ok(decide_draft(&DraftCommand { step, state, role })?)
}

fn stale(detail: &str) -> Denial {
    Denial::failed(Fault::StaleCase, format!("{detail}; run the same command again"))
}
