//! The database of a desk: drafts, cases, MLS secrets, what waits for signatures and for its gateway.
//!
//! The store knows no key. Where a column is said to be *encrypted*, the caller encrypts before it hands the value over
//! (with the row's key as associated data, so that no value can be moved to another row) and decrypts after; the store keeps
//! the bytes as they are. On SQLite what is deleted or replaced is overwritten (`secure_delete`); the write-ahead log and
//! PostgreSQL keep old ciphertext for a while, which is why secrets have to be encrypted in the first place.

mod attachment;
mod attempt;
mod batch;
mod case;
mod clock;
mod draft;
mod entry;
mod errand;
mod event;
mod exhibit;
mod key_package;
mod leaf;
mod link;
mod listed;
mod migration;
mod mls;
mod once;
mod outbox;
mod parked;
mod pledge;
mod progress;
mod proposal;
mod record_key;
mod responder;
mod webhook;

pub use attachment::Model as AttachmentRow;
pub use attempt::Model as AttemptRow;
pub use batch::{DeskBatch, DeskCommitted};
pub use case::{Folded, Model as DeskCaseRow};
pub use clock::{ClockEnd, ClockPage, Model as ClockRow};
pub use draft::Model as DraftRow;
pub use entry::{DeskEntryVerdict, Model as DeskEntryRow};
pub use errand::Model as ErrandRow;
pub use event::{Model as EventRow, NewEvent};
pub use exhibit::Model as ExhibitRow;
pub use key_package::Model as PrivateKeyPackageRow;
pub use leaf::Model as LeafRow;
pub use link::Model as LinkRow;
pub use listed::{Around, Listed, Place};
pub use mls::MlsChange;
pub use once::Model as OnceRow;
pub use outbox::{Model as DeskOutboxRow, NewDeskOutbox};
pub use parked::Model as ParkedRow;
pub use pledge::Model as PledgeRow;
pub use proposal::Model as ProposalRow;
pub use record_key::{Model as RecordKeyRow, Shred};
pub use responder::Model as ResponderRow;
pub use webhook::Model as WebhookRow;

use crate::{DatabaseUrl, Engine, Settings, StoreError};

/// What a desk keeps. Clones share the connections.
#[derive(Debug, Clone)]
pub struct DeskStore {
    engine: Engine,
}

impl DeskStore {
    /// Opens the desk's database at `url`, makes it when it is not there, and brings its schema up to date.
    pub async fn open(url: &DatabaseUrl, settings: &Settings) -> Result<Self, StoreError> {
        Ok(Self { engine: Engine::open::<migration::Migrator>(url, settings, true).await? })
    }

    /// Whether it can be written to now: for a readiness probe.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.engine.check().await
    }

    /// Lets the database forget what was overwritten in it: empties SQLite's write-ahead log, cleans PostgreSQL's tables of keys and
    /// bodies. After each batch that shreds, and when the desk starts, because it may have died between the two.
    ///
    /// # Errors
    /// Whatever the database says. What was committed is durable all the same.
    pub async fn forget(&self) -> Result<(), StoreError> {
        self.engine.forget().await
    }

    /// Closes all connections, of clones too.
    pub async fn close(self) -> Result<(), StoreError> {
        self.engine.close().await
    }
}
