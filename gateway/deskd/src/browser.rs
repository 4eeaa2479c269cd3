//! The officers behind the console: their keys in the officers' folder, their roles in the party's directory.
//!
//! A passphrase passes through this process in the one act for which it was typed: it opens the key, the key signs what was checked, and
//! both are cleared.

use std::sync::Arc;

use console::{Act, Inside, Officer, Officers, Proof, Scope, Setup, Signature, Unproven};
use identity::{Domain, Passphrase, SigningKey, TrustStore, sign_step, sign_validation};
use model::{AuthorityId, CaseId, Denial, Exit, Fault, HeaderDigest, Refusal, RefusalCode, Role};
use proto::desk as wire;
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::{
    access::{Statement, Word},
    clock,
    config::{Config, Folder},
    failure::Failure,
    office::{Office, rework},
    signing::{Anew, Name, OfficersFolder, check_anew, check_asked, check_validation},
    trust::Trust,
};

/// Keys that are opened at the same time: each takes 16 MiB and much work, on purpose.
const OPENINGS_MAX: usize = 2;

/// A console that listens.
pub(crate) struct Listening(console::Bound);

/// Takes the console's address, where one is wanted.
pub(crate) async fn bind(config: &Config) -> Result<Option<Listening>, Failure> {
    let bound = config.console.bind().await;
    let bound = bound.map_err(|error| {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Failure::new(Exit::Usage, format!("{error}{cause}"))
            .remedy("Correct [console] in desk.toml; `listen = \"\"` runs the desk without a console.")
    })?;
    Ok(bound.map(Listening))
}

impl Listening {
    /// What browsers call it.
    pub(crate) fn address(&self) -> String {
        self.0.origin().as_str().to_owned()
    }

    /// Serves the pages of a desk until `stop`.
    pub(crate) async fn serve(
        self,
        office: Arc<Office>,
        folder: Folder,
        config: Config,
        stop: tokio_util::sync::CancellationToken,
    ) {
        let officers = OfficersHere {
            folder: OfficersFolder::of(&folder, &config),
            own: config.authority.clone(),
            training: office.trains(),
            trust: office.trust.clone(),
            openings: Semaphore::new(OPENINGS_MAX),
        };
        let setup = Setup {
            desk: config.authority,
            socket: folder.socket(),
            training: office.trains(),
            zone: office.zone(),
            officers: Arc::new(officers),
            clock: clock::now,
        };
        if let Err(denial) = self.0.serve(setup, stop).await {
            let fault = if let Denial::Failed { fault, .. } = denial { fault } else { Fault::Internal };
            telemetry::say!(Error, "the console cannot be served", fault = fault);
        }
    }
}

struct OfficersHere {
    folder: Option<OfficersFolder>,
    own: AuthorityId,
    training: bool,
    trust: Arc<Trust>,
    openings: Semaphore,
}

impl OfficersHere {
    /// Opens a key for one act.
    async fn key(&self, name: &Name, proof: Proof) -> Result<SigningKey, Unproven> {
        let Proof::Passphrase(text) = proof;
        let folder = self.folder.clone().ok_or_else(no_folder)?;
        // One that is too short to be a passphrase is one that does not open.
        let passphrase = Passphrase::new(text.as_bytes()).map_err(|_| Unproven::Wrong)?;
        let _place = self.openings.acquire().await.map_err(|_| busy())?;
        let name = name.clone();
        let opened = spawn_blocking(move || folder.unlock(&name, &passphrase)).await;
        opened.map_err(|_| busy())?.ok_or(Unproven::Wrong)
    }

    /// `officer-1` is one of the desk's own authority.
    fn named(&self, name: &str) -> Result<Name, Unproven> {
        let name = if name.contains('/') { name.to_owned() } else { format!("{}/{name}", self.own.name()) };
        name.parse().map_err(|_| Unproven::Wrong)
    }

    /// Who works here: the officers of the desk's own authority, and judges and prosecutors of the party, who validate its requests.
    fn listed(&self, trust: &TrustStore, name: String, key: &model::KeyId) -> Option<Officer> {
        let (authority, officer) = trust.officer(self.own.party(), key)?;
        let validates = officer.roles.iter().any(|role| matches!(role, Role::Judge | Role::Prosecutor));
        (authority.id == self.own || validates).then(|| Officer {
            name,
            called: officer.pseudonym.clone(),
            authority: authority.id.clone(),
            key: *key,
            roles: officer.roles.clone(),
        })
    }

    /// The key, where it is the one that the session is of.
    async fn key_of(&self, officer: &Officer, proof: Proof) -> Result<SigningKey, Unproven> {
        let key = self.key(&self.named(&officer.name)?, proof).await?;
        if key.key_id() == officer.key { Ok(key) } else { Err(Unproven::Wrong) }
    }
}

#[tonic::async_trait]
impl Officers for OfficersHere {
    async fn prove(&self, name: &str, proof: Proof) -> Result<Officer, Unproven> {
        let name = self.named(name)?;
        let key = self.key(&name, proof).await?;
        let trust = self.trust.store()?;
        self.listed(&trust, name.to_string(), &key.key_id()).ok_or_else(|| {
            let reason = format!("the directory lists the key for no officer of {}", self.own);
            let remedy = "Let the party's root list the officer in the next directory.";
            let mut refusal = Refusal::new(RefusalCode::R95, "identity", reason, remedy);
            refusal.owner = Some(self.own.party());
            Denial::from(refusal).into()
        })
    }

    fn now(&self, officer: &Officer) -> Result<Option<Officer>, Denial> {
        Ok(self.listed(&*self.trust.store()?, officer.name.clone(), &officer.key))
    }

    fn colleagues(&self) -> Result<Vec<Officer>, Denial> {
        let trust = self.trust.store()?;
        let own = trust.authority(&self.own).into_iter().flat_map(|authority| &authority.officers);
        Ok(own.filter_map(|one| self.listed(&trust, one.pseudonym.clone(), &one.key.key_id())).collect())
    }

    fn check(
        &self,
        asked: &wire::PrepareStepRequest,
        prepared: &wire::PrepareStepResponse,
        lost: &[wire::DocumentRef],
    ) -> Result<Vec<Inside>, Denial> {
        let checked = if asked.again_entry_id.is_empty() {
            check_asked(asked, prepared, &self.own, self.training, clock::now())
        } else {
            let case = asked.case_id.parse::<CaseId>();
            let case = case.map_err(|error| Denial::failed(Fault::Malformed, error.to_string()))?;
            let anew = Anew { case, step: &asked.step, own: &self.own, documents: lost.iter().collect() };
            check_anew(prepared, &anew, clock::now())
        };
        let (_, body) = checked.map_err(Failure::into_denial)?;
        let inside = |one: desk::Document| Inside { record_type: one.record_type.to_string(), bytes: one.bytes.into() };
        Ok(body.documents.into_iter().map(inside).collect())
    }

    fn check_validation(&self, case: CaseId, prepared: &wire::PrepareValidationResponse) -> Result<Scope, Denial> {
        let (pin, body, _) = check_validation(prepared, case).map_err(Failure::into_denial)?;
        let request = body.documents.into_iter().next().map(|one| one.bytes).unwrap_or_default();
        Ok(Scope { pin: pin.to_string(), request: request.into() })
    }

    async fn sign(&self, officer: &Officer, proof: Proof, act: Act<'_>) -> Result<Signature, Unproven> {
        match &act {
            Act::Step { asked, prepared, lost, .. } => drop(self.check(asked, prepared, lost)?),
            Act::Validation { case, prepared } => drop(self.check_validation(*case, prepared)?),
            Act::Opening(_) | Act::Rework { .. } => {}
        }
        let key = self.key_of(officer, proof).await?;
        Ok(match act {
            Act::Step { prepared, role, .. } => {
                let word = sign_step(&key, role, HeaderDigest::of(&prepared.header));
                Signature {
                    key_id: word.signature.key.0.as_bytes().to_vec().into(),
                    signature: word.signature.bytes.into(),
                    at_ms: 0,
                }
            }
            Act::Opening(opening) => {
                let statement = Statement {
                    desk: &self.own,
                    case: opening.case,
                    document: Some(opening.document),
                    purpose: &opening.purpose,
                    proceeding: &opening.proceeding,
                    reader: &opening.reader,
                    at: clock::now(),
                };
                let Word { key_id, signature, at_ms } = Word::on(&statement, &key);
                Signature { key_id, signature, at_ms }
            }
            Act::Rework { case, sha256, reasons } => {
                let at = clock::now();
                let said = rework::statement(case, sha256, at, reasons);
                Signature {
                    key_id: key.key_id().0.as_bytes().to_vec().into(),
                    signature: key.sign(Domain::Rework, &said).into(),
                    at_ms: at.0,
                }
            }
            Act::Validation { prepared, .. } => Signature {
                key_id: key.key_id().0.as_bytes().to_vec().into(),
                signature: sign_validation(&key, &prepared.statement).into(),
                at_ms: 0,
            },
        })
    }
}

fn no_folder() -> Denial {
    let reason = "desk.toml names no folder of officers, so that nobody can sign in here";
    Refusal::new(RefusalCode::R95, "identity", reason, "Let the operator set `officers` in desk.toml.").into()
}

fn busy() -> Denial {
    Denial::failed(Fault::Storage, "the key cannot be opened now")
}

#[cfg(test)]
mod tests {
    use console::locale::Locale;
    use workflow::State;

    #[test]
    fn whatever_the_procedure_names_has_a_text_on_the_pages() {
        let name = |of: &str, name: &str| format!("{of}-{}", name.to_ascii_lowercase().replace('_', "-"));
        let states = State::ALL.into_iter().map(|state| name("state", state.as_str()));
        let clocks = treaty::TimerKind::ALL.iter().map(|kind| name("clock-kind", kind.as_str()));
        let matters = workflow::MatterKind::ALL.into_iter().map(|kind| name("matter", kind.as_str()));
        for id in states.chain(clocks).chain(matters) {
            assert_ne!(Locale::En.text(&id), id);
        }
    }
}
