//! Directories that were in force once: kept for good, because a signature is held against the directory of its day.

use identity::{Directory, SignedDirectory};
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
