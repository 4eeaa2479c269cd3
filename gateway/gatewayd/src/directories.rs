//! Directories that were in force once: kept for good, because a signature is held against the directory of its day.

use identity::{Directory, SignedDirectory};
use model::{Denial, Timestamp};
use store::gateway::DirectoryRow;

use crate::{clock, gateway::Gateway};

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
    for signed in std::iter::once(&snapshot.own_directory).chain(snapshot.directories.values()) {
        keep(gateway, signed).await;
    }
}

/// Versions of one party that are told of one moment.
const OF_A_MOMENT_MAX: usize = 2;

/// The directories that were in force at `at`: of each party whose directory is known the newest versions that were issued by then, the
/// newest first.
///
/// # Errors
/// Whatever the storage says.
pub(crate) async fn of_the_day(gateway: &Gateway, at: Timestamp) -> Result<Vec<SignedDirectory>, Denial> {
    let parties: Vec<_> = gateway.trust.snapshot().store.parties().collect();
    let mut told = Vec::new();
    for party in parties {
        let rows = gateway.store.directories_of(party).await?;
        let kept = rows.into_iter().rev().filter_map(|row| {
            let signed =
                SignedDirectory { toml: String::from_utf8(row.toml.0).ok()?, signature: row.signature.0.to_vec() };
            Directory::from_toml(&signed.toml).is_ok_and(|one| one.check_at(at).is_ok()).then_some(signed)
        });
        told.extend(kept.take(OF_A_MOMENT_MAX));
    }
    Ok(told)
}
