//! Who stands behind the console: who proves who an officer is, holds what is signed against what was asked for, and signs.
//!
//! To sign in and to sign are two acts, each with a proof of its own. No proof and no key outlives its act.

use std::{collections::BTreeSet, fmt};

use bytes::Bytes;
use model::{AuthorityId, CaseId, Denial, EntryId, KeyId, Role};
use proto::desk as wire;
use zeroize::Zeroizing;

/// An officer, as the party's directory lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// By which name the officer signs in, as in `central/officer-1`.
    pub name: String,
    /// How the directory calls the officer.
    pub called: String,
    /// For whom the officer signs.
    pub authority: AuthorityId,
    /// Of which key.
    pub key: KeyId,
    /// What the officer may do.
    pub roles: BTreeSet<Role>,
}

/// What an officer shows.
pub enum Proof {
    /// The passphrase of the own key.
    Passphrase(Zeroizing<String>),
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passphrase(_) => f.write_str("Passphrase"),
        }
    }
}

/// What an officer puts the name under.
#[derive(Debug)]
pub enum Act<'a> {
    /// A step of a case, as the desk prepared it.
    Step {
        /// What the officer asked for.
        asked: &'a wire::PrepareStepRequest,
        /// What the desk made of it.
        prepared: &'a wire::PrepareStepResponse,
        /// Of a step that is taken anew: the documents of the entry that lost its place.
        lost: &'a [wire::DocumentRef],
        /// In which role.
        role: Role,
    },
    /// The opening of a record that was received.
    Opening(&'a Opening),
    /// The scope of a request, which a judge or prosecutor validates.
    Validation {
        /// Of which draft.
        case: CaseId,
        /// What the desk made of it.
        prepared: &'a wire::PrepareValidationResponse,
    },
    /// The reasons for which a draft goes back to who wrote it.
    Rework {
        /// Which draft.
        case: CaseId,
        /// Its SHA-256, as it was read.
        sha256: &'a str,
        /// What is to be written anew.
        reasons: &'a str,
    },
}

/// What a validation is of.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The rule under which it is sent.
    pub pin: String,
    /// The request, JSON: what the officer must have seen.
    pub request: Bytes,
}

/// For what a record is opened.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Of which case.
    pub case: CaseId,
    /// The entry that brought it, and its place in it.
    pub document: (EntryId, u32),
    /// What for, by its name in the treaty; empty for the request's own purpose.
    pub purpose: String,
    /// For which proceeding; empty for the one that the request named.
    pub proceeding: String,
    /// Who reads it, where that is not the officer who signs.
    pub reader: String,
}

/// An officer's word.
#[derive(Debug, Clone)]
pub struct Signature {
    /// By which key.
    pub key_id: Bytes,
    /// Ed25519.
    pub signature: Bytes,
    /// When, where the act states it; else 0.
    pub at_ms: i64,
}

/// A document inside a body that is signed.
#[derive(Debug, Clone)]
pub struct Inside {
    /// As in `subscriber_info`.
    pub record_type: String,
    /// JSON.
    pub bytes: Bytes,
}

/// Why an officer did not get in, or nothing was signed.
#[derive(Debug)]
pub enum Unproven {
    /// The name is nobody's, or the proof does not hold: which of both is not told.
    Wrong,
    /// Another reason.
    Denied(Denial),
}

impl From<Denial> for Unproven {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

/// Who knows the officers of a desk. Made by the program that serves the console.
#[tonic::async_trait]
pub trait Officers: Send + Sync + 'static {
    /// Who it is that shows this proof.
    ///
    /// # Errors
    /// [`Unproven`].
    async fn prove(&self, name: &str, proof: Proof) -> Result<Officer, Unproven>;

    /// The officer as the directory lists them now; `None` where it does not any more.
    ///
    /// # Errors
    /// A [`Denial`] where no directory is believed now.
    fn now(&self, officer: &Officer) -> Result<Option<Officer>, Denial>;

    /// Who signs for this desk's authority, as the directory calls them.
    ///
    /// # Errors
    /// A [`Denial`] where no directory is believed now.
    fn colleagues(&self) -> Result<Vec<Officer>, Denial>;

    /// Holds what the desk prepared against what was asked for, and shows what is inside. A step that is taken anew is held against the
    /// documents of the entry that was lost.
    ///
    /// # Errors
    /// A [`Denial`] that says what differs. Nothing of it may be signed then.
    fn check(
        &self,
        asked: &wire::PrepareStepRequest,
        prepared: &wire::PrepareStepResponse,
        lost: &[wire::DocumentRef],
    ) -> Result<Vec<Inside>, Denial>;

    /// Holds the statement that a validator would sign against the very body that it commits to.
    ///
    /// # Errors
    /// A [`Denial`] that says what differs. Nothing of it may be signed then.
    fn check_validation(&self, case: CaseId, prepared: &wire::PrepareValidationResponse) -> Result<Scope, Denial>;

    /// Checks once more, and signs.
    ///
    /// # Errors
    /// [`Unproven`].
    async fn sign(&self, officer: &Officer, proof: Proof, act: Act<'_>) -> Result<Signature, Unproven>;
}
