//! Which entries were refused for good, as far as that is in the database: few among all, and each new entry is held against them.

use std::collections::BTreeSet;

use model::{EntryId, ReceiptKind};
use store::{
    StoreError,
    gateway::{Batch, GatewayStore},
};

/// More than so many are not remembered: then the database is asked.
const KNOWN_MAX: usize = 16_384;
/// What refuses an entry for good.
const REJECTIONS: [ReceiptKind; 2] = [ReceiptKind::SubmissionRejection, ReceiptKind::RelayRejection];

/// All of them, or that there are too many.
#[derive(Debug)]
pub(super) enum RefusedBefore {
    /// No other entry is.
    All(BTreeSet<EntryId>),
    Many,
}

impl RefusedBefore {
    /// Reads them.
    pub(super) async fn load(store: &GatewayStore) -> Result<Self, StoreError> {
        let known = store.rejected_entries(KNOWN_MAX as u64 + 1).await?;
        Ok(if known.len() > KNOWN_MAX { Self::Many } else { Self::All(known.into_iter().collect()) })
    }

    /// Those of `entries` that may be among them.
    pub(super) fn among(&self, entries: &[EntryId]) -> Vec<EntryId> {
        match self {
            Self::All(known) => entries.iter().copied().filter(|entry| known.contains(entry)).collect(),
            Self::Many => entries.to_vec(),
        }
    }

    /// Takes in what a turn wrote.
    pub(super) fn keep(&mut self, written: &Batch) {
        let Self::All(known) = self else { return };
        let new = written.receipts.iter().filter(|receipt| REJECTIONS.contains(&receipt.kind));
        known.extend(new.map(|receipt| receipt.entry));
        if known.len() > KNOWN_MAX {
            *self = Self::Many;
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use store::{DatabaseUrl, Settings, gateway::NewReceipt};

    use super::*;

    fn id(n: u32) -> EntryId {
        EntryId::new([n.to_be_bytes(); 4].concat().try_into().unwrap())
    }

    fn told(kind: ReceiptKind, entries: std::ops::Range<u32>) -> Batch {
        let receipt = |n: u32| {
            let bytes = format!("{n} {kind:?}").into_bytes().into();
            NewReceipt { entry: id(n), kind, bytes, at: 1, leaf: None }
        };
        Batch { receipts: entries.map(receipt).collect(), ..Batch::default() }
    }

    #[tokio::test]
    async fn what_was_refused_is_known_after_the_turn_and_after_a_start_and_nothing_else_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::file(folder.path().join("gateway.db"));
        let store = GatewayStore::open(&url, &Settings::default()).await.unwrap();
        let mut refused = RefusedBefore::load(&store).await.unwrap();
        let all: Vec<_> = (0..40).map(id).collect();
        assert!(refused.among(&all).is_empty());
        let turns = [(REJECTIONS[0], 0..3), (ReceiptKind::RelayAcceptance, 10..20), (REJECTIONS[1], 30..31)];
        for (kind, entries) in turns {
            let batch = told(kind, entries);
            store.commit(&batch).await.unwrap();
            refused.keep(&batch);
        }
        let expected = [0, 1, 2, 30].map(id);
        assert_eq!(refused.among(&all), expected);
        assert_eq!(RefusedBefore::load(&store).await.unwrap().among(&all), expected);
    }

    #[tokio::test]
    async fn where_too_many_were_refused_the_database_is_asked_for_each_entry() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::file(folder.path().join("gateway.db"));
        let store = GatewayStore::open(&url, &Settings::default()).await.unwrap();
        let mut refused = RefusedBefore::load(&store).await.unwrap();
        let many = told(ReceiptKind::RelayRejection, 0..u32::try_from(KNOWN_MAX).unwrap() + 1);
        store.commit(&many).await.unwrap();
        refused.keep(&many);
        let asked = [id(1), id(u32::MAX)];
        assert_eq!(refused.among(&asked), asked);
        assert_eq!(RefusedBefore::load(&store).await.unwrap().among(&asked), asked);
    }
}
