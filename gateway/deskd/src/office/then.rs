//! Whom this desk would have believed once. Keys and directories change; what was signed under them is held against those of its day. The
//! own gateway keeps every version that it believed, each signed by the root of its party.

use identity::{Directory, SignedDirectory, TrustStore};
use model::{Denial, PartyId, Timestamp};

use super::Office;

/// What follows from directories that were in force at one moment, the newest first.
#[derive(Default)]
pub(super) struct Then {
    stores: Vec<TrustStore>,
}

impl Then {
    /// By which of them `check` holds, if by any; they are asked for at the own gateway where none that is known does.
    ///
    /// # Errors
    /// `now`, which is why the directories of today do not do.
    pub(super) async fn find<T>(
        &mut self,
        office: &Office,
        at: Timestamp,
        parties: [PartyId; 2],
        now: Denial,
        check: impl Fn(&TrustStore) -> Result<T, Denial>,
    ) -> Result<(T, TrustStore), Denial> {
        let held = |stores: &[TrustStore]| stores.iter().find_map(|one| Some((check(one).ok()?, one.clone())));
        if let Some(found) = held(&self.stores) {
            return Ok(found);
        }
        self.stores = office.believed_at(at, parties).await?;
        held(&self.stores).ok_or(now)
    }
}

/// Whether the directories of these parties that follow from `trust` were in force at `at`.
pub(super) fn in_force<const N: usize>(trust: &TrustStore, parties: [PartyId; N], at: Timestamp) -> bool {
    let directories = parties.map(|party| trust.directory(party));
    directories.iter().all(|one| one.is_some_and(|one| one.issued <= at && one.check_at(at).is_ok()))
}

impl Office {
    /// What follows from the directories of the two parties that were in force at `at`. The own party's root is the pinned one, and the
    /// own directory of then vouches for the foreign root.
    pub(super) async fn believed_at(&self, at: Timestamp, parties: [PartyId; 2]) -> Result<Vec<TrustStore>, Denial> {
        let told = self.uplink.directories(Some(at)).await.map_err(|status| proto::status::to_denial(&status))?.past;
        let mut own = Vec::new();
        let mut foreign = Vec::new();
        for one in told {
            let signed = proto::convert::receive_directory(one)?;
            match Directory::from_toml(&signed.toml).map(|directory| directory.party) {
                Ok(party) if party == self.own.party() => own.push(signed),
                Ok(party) if parties.contains(&party) => foreign.push(signed),
                _ => {}
            }
        }
        let root = self.trust.own_root().der();
        let pairs = own.iter().flat_map(|own| foreign.iter().map(move |foreign| (own, foreign)));
        let store = |(own, foreign): (&SignedDirectory, &SignedDirectory)| {
            TrustStore::new(root, own, std::slice::from_ref(foreign), at).ok()
        };
        Ok(pairs.filter_map(store).collect())
    }
}
