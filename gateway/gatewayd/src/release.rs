//! Which program runs: what it calls itself, and the bytes that it is. Who builds the same commit gets the same bytes (deploy/release), so
//! that either side of a channel can say which source the other one runs.

use std::{fs::File, io::Read};

use aws_lc_rs::digest;
use ledger::Release;
use model::{Denial, Digest, Exit, Fault, PartyId};
use store::{
    StoreError,
    gateway::{GatewayStore, ReleaseRow},
};

use crate::{clock, failure::Failure, gateway::Gateway};

/// The running program; not the file at its path, which an upgrade may have replaced.
const RUNNING: &str = "/proc/self/exe";

/// This program.
pub(crate) fn own() -> Result<Release, Failure> {
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::Failure, format!("the running program cannot be read: {error}"))
            .remedy("Mount /proc, and let the gateway read its own program.")
    };
    let mut file = File::open(RUNNING).map_err(unreadable)?;
    let mut context = digest::Context::new(&digest::SHA256);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => break,
            read => context.update(buffer.get(..read).unwrap_or_default()),
        }
    }
    let sha256 = Digest::try_from(context.finish().as_ref())
        .map_err(|_| Failure::new(Exit::Failure, "SHA-256 of the running program is not 32 bytes"))?;
    Release::new(crate::SOFTWARE, sha256).map_err(|denial| Failure::new(Exit::Failure, denial.to_string()))
}

/// Keeps what a gateway runs, where it is another program than before. A failure is told and stops nothing: it is kept with the next greeting.
pub(crate) async fn keep(gateway: &Gateway, party: PartyId, release: &Release) {
    let (software, sha256) = (release.software().to_owned(), release.sha256().into());
    let row = ReleaseRow { party: party.into(), since: clock::now().0, software, sha256 };
    if gateway.store.keep_release(&row).await.is_err() {
        telemetry::say!(Error, "which program a gateway runs was not kept", party = party);
    }
}

/// Notes what another gateway said that it runs.
pub(crate) async fn note(gateway: &Gateway, party: PartyId, release: Option<Release>) {
    if let Some(release) = release.as_ref().filter(|release| gateway.trust.release(party).as_ref() != Some(release)) {
        keep(gateway, party, release).await;
    }
    gateway.trust.note_release(party, release);
}

/// Since when a gateway runs what it runs now, in milliseconds, and what it ran before: 0 and nothing where that is not known.
pub(crate) async fn changed(
    store: &GatewayStore,
    party: PartyId,
    now: Option<&Release>,
) -> Result<(i64, String), StoreError> {
    let kept = store.releases_of(party, 2).await?;
    let same =
        |row: &&ReleaseRow| now.is_some_and(|now| (now.software(), now.sha256()) == (&row.software, *row.sha256));
    let Some(newest) = kept.first().filter(same) else { return Ok((0, String::new())) };
    let before = kept.get(1).map(|row| format!("{}, SHA-256 {}", row.software, *row.sha256));
    Ok((newest.since, before.unwrap_or_default()))
}

/// What another gateway says in its greeting that it runs. It is its own word: only who compares it with a build of the source learns more.
/// `None` from a gateway that does not say it.
pub(crate) fn greeted(software: &str, sha256: &[u8]) -> Result<Option<Release>, Denial> {
    if sha256.is_empty() {
        return Ok(None);
    }
    let malformed = || Denial::failed(Fault::Malformed, "a greeting whose release is no SHA-256");
    let sha256 = Digest::try_from(sha256).map_err(|_| malformed())?;
    Release::new(software, sha256).map(Some)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_running_program_is_known_by_its_bytes() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let release = own().unwrap();
        assert_eq!((release.software(), release.sha256()), (crate::SOFTWARE, Digest::of(&[&bytes])));
    }

    #[test]
    fn a_greeting_may_keep_silent_on_its_release_and_not_make_one_up() {
        assert_eq!(greeted("older/0.0.9", b"").unwrap(), None);
        assert_eq!(greeted("a/1", &[7; 32]).unwrap().unwrap().sha256(), Digest::new([7; 32]));
        assert!(greeted("a/1", &[7; 31]).is_err() && greeted("two\nlines", &[7; 32]).is_err());
    }
}
