//! Directories that stand alone, held against the roots that a stranger pinned.

use identity::{Directory, RootCertificate, SignedDirectory};

use crate::{CannotProve, RootPin};

/// The directory, where the pinned root of its party signed it, held at the moment at which it was issued: what it says of later days is asked
/// with each moment.
///
/// # Errors
/// Where it is none, no root of its party is pinned, or another one signed it.
pub fn vouched(signed: &SignedDirectory, pins: &[RootPin]) -> Result<Directory, CannotProve> {
    let claimed = Directory::from_toml(&signed.toml).map_err(|error| CannotProve::Unreadable(error.to_string()))?;
    let party = claimed.party;
    let pin = pins.iter().find(|pin| pin.party() == party).ok_or(CannotProve::RootMissing(party))?;
    let root = RootCertificate::parse(&claimed.root).map_err(|error| CannotProve::Unreadable(error.to_string()))?;
    if !pin.fits(&root) {
        let what = format!("the directory of {party} is of another root than the one that was given");
        return Err(CannotProve::Nothing(what));
    }
    signed.verify(root.der(), claimed.issued).map_err(|denial| CannotProve::Nothing(denial.to_string()))
}
