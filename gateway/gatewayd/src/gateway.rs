//! What all parts of a running gateway share.

use std::sync::{Arc, MutexGuard, PoisonError};

use identity::{HeadSigner, ProvenBatches, SecondSigningKey, SigningKey};
use ledger::Release;
use model::PartyId;
use store::gateway::GatewayStore;
use telemetry::Metrics;
use tokio::sync::{Mutex, mpsc, watch};

use crate::{bells::Bells, committer::Work, files::Files, fresh::Fresh, heads::Stamping, rules::Rules, trust::Trust};

/// A running gateway. Handlers and senders hold it; the committer alone writes cases.
pub(crate) struct Gateway {
    pub(crate) store: GatewayStore,
    pub(crate) trust: Arc<Trust>,
    pub(crate) rules: Rules,
    /// For receipts, checkpoints and consents.
    pub(crate) ledger_key: SigningKey,
    /// For the second signature on heads, where the own directory promises it.
    pub(crate) second_key: Option<SecondSigningKey>,
    /// The program that runs.
    pub(crate) release: Release,
    /// What was verified of the receipts of others.
    pub(crate) proven: Proven,
    /// What the committer wrote last, for the senders.
    pub(crate) fresh: Fresh,
    pub(crate) work: mpsc::Sender<Work>,
    pub(crate) bells: Bells,
    /// The sealed files of cases.
    pub(crate) files: Files,
    pub(crate) metrics: Metrics,
    /// How the time-stamping goes.
    pub(crate) stamping: Stamping,
    /// Becomes true when the program is to end.
    pub(crate) stopping: watch::Receiver<bool>,
    /// How long the home of a case may take to put a receipt of ours into its log.
    pub(crate) receipt_leaf_ms: i64,
    /// Changes of channels follow one another.
    pub(crate) channel_changes: Mutex<()>,
}

impl Gateway {
    /// Whether this is a state for training.
    pub(crate) fn trains(&self) -> bool {
        self.trust.snapshot().root(self.own()).is_some_and(identity::RootCertificate::is_training)
    }

    /// What signs and cosigns heads of logs.
    pub(crate) fn signs_heads(&self) -> HeadSigner<'_> {
        HeadSigner { first: &self.ledger_key, second: self.second_key.as_ref() }
    }

    pub(crate) fn own(&self) -> PartyId {
        self.trust.own()
    }
}

/// Verified batches of receipts, for all who verify some.
#[derive(Default)]
pub(crate) struct Proven(std::sync::Mutex<ProvenBatches>);

impl Proven {
    /// Held for one verification only. What a thread left behind that panicked is as good as before: it holds no half of anything.
    pub(crate) fn lock(&self) -> MutexGuard<'_, ProvenBatches> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
