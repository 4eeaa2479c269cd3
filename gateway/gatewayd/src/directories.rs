//! Directories that were in force once: kept for good, because a signature is held against the directory of its day.

use identity::{Directory, RootOpening, SignedDirectory};
use model::{Denial, Digest, Fault, PartyId, Refusal, RefusalCode, Timestamp, limits::CLOCK_BEHIND_MS_MAX};
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
        root: Digest::of(&[&directory.root]).into(),
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

/// Of the versions of a directory, the oldest first, those that this gateway may have held something of a case against that began at `begin`.
/// When each was seen is its own clock's word: what a directory says of its day, its party could choose.
pub(crate) fn since(versions: Vec<DirectoryRow>, begin: Timestamp) -> Vec<DirectoryRow> {
    let known = begin.plus_ms(-CLOCK_BEHIND_MS_MAX);
    let first = versions.iter().rposition(|version| version.seen <= known.0).unwrap_or_default();
    versions.into_iter().skip(first).collect()
}

/// New versions of one party's directory within a day, at most. Each is kept for good, and goes into every case file of its day.
const NEW_A_DAY_MAX: usize = 100;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// That a party did not publish too many versions lately to take another one.
///
/// # Errors
/// R91; whatever the storage says.
pub(crate) async fn require_room(gateway: &Gateway, party: PartyId, now: Timestamp) -> Result<(), Denial> {
    if is_crowded(&gateway.store.directories_of(party).await?, now) {
        let reason = format!("{party} has published {NEW_A_DAY_MAX} versions of its directory within a day");
        let remedy = "Publish fewer: its newest one is taken tomorrow.";
        return Err(Refusal::new(RefusalCode::R91, "gateway", reason, remedy).at("directory").into());
    }
    Ok(())
}

fn is_crowded(versions: &[DirectoryRow], now: Timestamp) -> bool {
    let since = now.plus_ms(-DAY_MS).0;
    versions.iter().filter(|version| version.seen > since).count() >= NEW_A_DAY_MAX
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use store::Blob;

    use super::*;

    fn seen(moments: impl IntoIterator<Item = i64>) -> Vec<DirectoryRow> {
        let party: PartyId = "FR".parse().unwrap();
        let row = |(version, seen)| DirectoryRow {
            party: party.into(),
            root: Digest::new([0; 32]).into(),
            version,
            toml: Blob::default(),
            signature: Blob::default(),
            seen,
        };
        (1..).zip(moments).map(row).collect()
    }

    #[test]
    fn a_case_file_has_the_directories_since_the_case_began_and_the_one_before() {
        let versions = |begin: i64| -> Vec<i64> {
            let rows = since(seen([0, 5 * DAY_MS, 6 * DAY_MS, 9 * DAY_MS]), Timestamp(begin));
            rows.into_iter().map(|row| row.version).collect()
        };
        assert_eq!(versions(8 * DAY_MS), [3, 4], "what was believed then, and what came since");
        assert_eq!(versions(6 * DAY_MS + 1), [2, 3, 4], "clocks differ, and a new one is learned of later");
        assert_eq!(versions(0), [1, 2, 3, 4]);
    }

    #[test]
    fn who_publishes_a_hundred_versions_a_day_waits_until_tomorrow() {
        let many = i64::try_from(NEW_A_DAY_MAX).unwrap();
        assert!(is_crowded(&seen(1..=many), Timestamp(many)));
        assert!(!is_crowded(&seen(1..=many), Timestamp(DAY_MS + 1)), "the first of them is a day old");
        assert!(!is_crowded(&seen(2..=many), Timestamp(many)));
    }
}
