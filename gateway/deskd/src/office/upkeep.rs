//! KeyPackages: others can add this desk to a case while it is away. And what is kept for a time only.

use model::{Denial, limits};
use seal::prepare_key_packages;
use store::desk::{DeskBatch, PrivateKeyPackageRow};

use super::{Office, leaves::PUBLISHED, restore::WITHDRAW};
use crate::{clock, safe::Place};

/// So many lie ready at the gateway.
const READY: u32 = 16;
/// What ends sooner is replaced.
const REST_MS: i64 = 2 * 24 * 3600 * 1000;
/// For so long those who watch can take events up again.
const EVENTS_KEPT_MS: i64 = 400 * 24 * 3600 * 1000;

impl Office {
    /// Fills up what lies ready at the gateway. The private halves are durable before the public ones leave.
    pub(super) async fn replenish(&self) -> Result<(), Denial> {
        let status = |status: tonic::Status| proto::status::to_denial(&status);
        let leaf = self.leaves.mark()?;
        // Those of a leaf before the one in use are good as long as its certificate only.
        let withdraw = self.store.cursor(WITHDRAW).await? == 1 || self.store.cursor(PUBLISHED).await? != leaf;
        let available = self.uplink.publish(Vec::new(), withdraw).await.map_err(status)?;
        if withdraw {
            let cursors = [(WITHDRAW.to_owned(), 0), (PUBLISHED.to_owned(), leaf)].into();
            self.commit(&DeskBatch { cursors, ..DeskBatch::default() }).await?;
        }
        let now = clock::now();
        let fresh = self.store.key_package_count(now.plus_ms(REST_MS).0).await?;
        let missing = u64::from(READY).saturating_sub(u64::from(available).min(fresh));
        let missing = usize::try_from(missing).unwrap_or(0).min(limits::KEY_PACKAGES_MAX);
        if missing == 0 {
            return Ok(());
        }
        let prepared = prepare_key_packages(&self.leaves.current()?, missing, false, now)?;
        let mut batch = DeskBatch::default();
        for one in &prepared {
            batch.key_packages.push(PrivateKeyPackageRow {
                hash: one.reference.into(),
                private: self.safe.seal(Place::KeyPackage, one.reference.as_bytes(), &one.private)?,
                added: now.0,
                expires: one.expires.0,
                used_at: None,
                case_id: None,
            });
        }
        self.commit(&batch).await?;
        self.uplink.publish(prepared.into_iter().map(|one| one.public).collect(), false).await.map_err(status)?;
        self.store.forget_key_packages(now.plus_ms(-REST_MS).0).await?;
        Ok(())
    }

    /// Forgets keys of calls, and events, whose time is over.
    pub(super) async fn forget(&self) -> Result<(), Denial> {
        self.forget_keys().await?;
        self.forget_exhibits().await?;
        self.forget_attachments().await?;
        self.store.forget_events(clock::now().plus_ms(-EVENTS_KEPT_MS).0).await?;
        Ok(())
    }

    /// How many KeyPackages are fresh.
    pub(crate) async fn fresh_key_packages(&self) -> Result<u64, Denial> {
        Ok(self.store.key_package_count(clock::now().0).await?)
    }
}
