//! Directories that were in force once: kept for good, because a signature is held against the directory of its day.

use identity::{Directory, RootOpening, SignedDirectory};
use model::{Denial, Fault, PartyId, Timestamp};
use store::{
    StoreError,
    gateway::{DirectoryRow, OpeningRow},
};

use crate::{clock, gateway::Gateway, trust::Snapshot};

/// Keeps a directory that is believed now. A failure is told and stops nothing: it is kept with the next start or greeting.
pub(crate) async fn keep(gateway: &Gateway, signed: &SignedDirectory) {
    let Ok(directory) = Directory::from_toml(&signed.toml) else { return };
    let Ok(version) = i64::try_from(directory.version) else { return };
    let row = DirectoryRow {
        party: directory.party.into(),
        version,
        toml: signed.toml.clone().into_bytes().into(),
        signature: signed.signature.clone().into(),
        seen: clock::now().0,
    };
    if gateway.store.keep_directory(&row).await.is_err() {
        telemetry::say!(Error, "a directory was not kept: the storage does not take it", party = directory.party);
    }
}

/// Keeps all that are believed now.
pub(crate) async fn keep_all(gateway: &Gateway) {
    let snapshot = gateway.trust.snapshot();
    let own = snapshot.own_directory(gateway.own());
    for signed in std::iter::once(&own).chain(snapshot.directories.values()) {
        keep(gateway, signed).await;
    }
}

/// Keeps what another party showed of its directory: that it trusts our root.
pub(crate) async fn keep_opening(gateway: &Gateway, by: PartyId, opening: &RootOpening) -> Result<(), StoreError> {
    let row = OpeningRow {
        party: by.into(),
        digest: opening.commitment().into(),
        opening: opening.to_bytes().into(),
        seen: clock::now().0,
    };
    gateway.store.keep_opening(&row).await
}

/// A kept version of a directory of one of the two parties of a case, with what opens its commitment to the other one's root.
pub(crate) fn of_a_pair(
    trust: &Snapshot,
    row: DirectoryRow,
    other: PartyId,
    shown: &[RootOpening],
) -> Result<SignedDirectory, Denial> {
    let party = *row.party;
    let signed = signed(row).ok_or_else(|| Denial::failed(Fault::Storage, "a kept directory is no text"))?;
    let mut opened = match party == trust.store.own_party() {
        true => trust.as_shown(&signed, other),
        false => signed.opened_to(other, shown),
    };
    opened.openings.retain(|one| Some(one.root()) == trust.root(other));
    Ok(opened)
}

fn signed(row: DirectoryRow) -> Option<SignedDirectory> {
    Some(SignedDirectory {
        toml: String::from_utf8(row.toml.0).ok()?,
        signature: row.signature.0,
        openings: Vec::new(),
    })
}

/// Versions of one party that are told of one moment.
const OF_A_MOMENT_MAX: usize = 2;

/// The directories that were in force at `at`: of each party whose directory is known the newest versions that were issued by then, the
/// newest first.
///
/// # Errors
/// Whatever the storage says.
pub(crate) async fn of_the_day(gateway: &Gateway, at: Timestamp) -> Result<Vec<SignedDirectory>, Denial> {
    let snapshot = gateway.trust.snapshot();
    let parties: Vec<_> = snapshot.store.parties().collect();
    let mut told = Vec::new();
    for party in parties {
        let rows = gateway.store.directories_of(party).await?;
        let kept = rows.into_iter().rev().filter_map(|row| {
            let signed = signed(row)?;
            let valid = Directory::from_toml(&signed.toml).is_ok_and(|one| one.check_at(at).is_ok());
            valid.then(|| snapshot.as_shown(&signed, gateway.own()))
        });
        told.extend(kept.take(OF_A_MOMENT_MAX));
    }
    Ok(told)
}
