//! What all parts of a running gateway share.

use std::sync::Arc;

use identity::SigningKey;
use ledger::{LedgerKey, SignBytes};
use model::PartyId;
use store::gateway::GatewayStore;
use telemetry::Metrics;
use tokio::sync::{Mutex, mpsc, watch};

use crate::{bells::Bells, committer::Work, rules::Rules, trust::Trust};

/// A running gateway. Handlers and senders hold it; the committer alone writes cases.
pub(crate) struct Gateway {
    pub(crate) store: GatewayStore,
    pub(crate) trust: Arc<Trust>,
    pub(crate) rules: Rules,
    pub(crate) ledger_key: LedgerSigner,
    pub(crate) work: mpsc::Sender<Work>,
    pub(crate) bells: Bells,
    pub(crate) metrics: Metrics,
    /// Becomes true when the program is to end.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Changes of channels follow one another.
    pub(crate) channel_changes: Mutex<()>,
}

impl Gateway {
    pub(crate) fn own(&self) -> PartyId {
        self.trust.own()
    }
}

/// The gateway's key for receipts, checkpoints and consents.
pub(crate) struct LedgerSigner(pub(crate) SigningKey);

impl SignBytes for LedgerSigner {
    fn public_key(&self) -> LedgerKey {
        LedgerKey::new(self.0.public_key())
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        // Notes are text [C2SP signed-note]; what is not is never signed with this key outside of a domain.
        std::str::from_utf8(message).ok().and_then(|text| self.0.sign_text(text).ok()).unwrap_or_default()
    }
}
