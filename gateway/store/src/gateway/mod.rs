//! The database of a gateway: cases and entries as it knows them (headers and ciphertext), what waits for whom, and the
//! channels' ledgers.

mod asked;
mod attachment;
mod awaited;
mod batch;
mod case_file;
mod channel;
mod checkpoint;
mod delivery;
mod desk_mark;
mod directory;
mod entry;
mod heads;
mod key_package;
mod leaf;
mod leaf_named;
mod migration;
mod misconduct;
mod opening;
mod outbox;
mod receipt;
mod refusal;
mod rejected;
mod release;
mod stamp;
mod stretch;
mod tree_hash;
mod witnessed;

pub use asked::{Counted, Model as AskedRow};
pub use attachment::{Model as AttachmentRow, state as attachment_state};
pub use awaited::{GivenAgain, Model as AwaitedRow};
pub use batch::{Batch, Committed};
pub use case_file::Model as CaseFileRow;
pub use channel::Model as ChannelRow;
pub use checkpoint::Model as CheckpointRow;
pub use delivery::{Acknowledgement, Model as DeliveryRow, NewDelivery};
pub use directory::Model as DirectoryRow;
pub use entry::{EntryVerdict, Model as EntryRow, Unretrieved};
pub use heads::Model as MusterRow;
pub use leaf::Leaf as LeafRow;
pub use misconduct::Model as MisconductRow;
pub use opening::Model as OpeningRow;
pub use outbox::{Model as OutboxRow, NewOutbox, Outline};
pub use receipt::{Model as ReceiptRow, NewReceipt};
pub use refusal::{Model as RefusalRow, NewRefusal};
pub use rejected::Model as RejectedRow;
pub use release::Model as ReleaseRow;
pub use stamp::Model as StampRow;
pub use tree_hash::Model as TreeHashRow;
pub use witnessed::Model as WitnessedRow;

use crate::{DatabaseUrl, Engine, Settings, StoreError};

/// What a gateway keeps. Clones share the connections.
#[derive(Debug, Clone)]
pub struct GatewayStore {
    engine: Engine,
}

impl GatewayStore {
    /// Opens the gateway's database at `url`, makes it when it is not there, and brings its schema up to date.
    pub async fn open(url: &DatabaseUrl, settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::open::<migration::Migrator>(url, settings, false).await? })
    }

    /// Whether it can be written to now: for a readiness probe.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.engine.check().await
    }

    /// Closes all connections, of clones too.
    pub async fn close(self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}
