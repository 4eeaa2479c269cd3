//! Which program runs: what it calls itself, and the bytes that it is. Who builds the same commit gets the same bytes (deploy/release), so
//! that either side of a channel can say which source the other one runs.

use std::{fs::File, io::Read};

use aws_lc_rs::digest;
use ledger::Release;
use model::{Denial, Digest, Exit, Fault};

use crate::failure::Failure;

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
