use std::{fmt, str::FromStr};

use model::{Malformed, PartyId};

/// Under which all names of logs and witnesses stand.
const ZONE: &str = "rogatory.internal";

/// The last part of the name of a party's log of heads.
const HEADS: &str = "heads";

/// The name of a log: one per directed channel, `rogatory.internal/jp/fr` for home JP and peer FR, and one per party for its
/// [heads](crate::Muster), `jp.rogatory.internal/heads`. It is the first line of each checkpoint and the key name of the home's signature
/// [C2SP tlog-checkpoint].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    home: PartyId,
    peer: PartyId,
}

impl Origin {
    /// The log that `home` writes and `peer` replicates. Two different parties, else `Malformed`.
    pub fn new(home: PartyId, peer: PartyId) -> Result<Self, Malformed> {
        if home == peer {
            return Err(Malformed::new("a channel between two different parties", &format!("{home} and {peer}")));
        }
        Ok(Self { home, peer })
    }

    /// The log in which `home` notes the heads of all its channels. Its peer is its home.
    pub fn heads(home: PartyId) -> Self {
        Self { home, peer: home }
    }

    /// Whether it is a party's log of heads.
    pub fn is_heads(&self) -> bool {
        self.home == self.peer
    }

    /// The party that orders the channel's cases and signs the log.
    pub fn home(&self) -> PartyId {
        self.home
    }

    /// The party that replicates and cosigns.
    pub fn peer(&self) -> PartyId {
        self.peer
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [home, peer] = [self.home, self.peer].map(PartyId::to_dns_label);
        if self.is_heads() { write!(f, "{home}.{ZONE}/{HEADS}") } else { write!(f, "{ZONE}/{home}/{peer}") }
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Origin {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("the name of a log (as in rogatory.internal/jp/fr)", text);
        let party = |label: &str| label.to_ascii_uppercase().parse::<PartyId>().map_err(|_| malformed());
        let (place, name) = text.split_once('/').ok_or_else(malformed)?;
        let origin = match name.split_once('/') {
            Some((home, peer)) => Self::new(party(home)?, party(peer)?)?,
            None => Self::heads(party(place.split_once('.').ok_or_else(malformed)?.0)?),
        };
        // Upper-case letters would name the same log twice.
        if origin.to_string() == text { Ok(origin) } else { Err(malformed()) }
    }
}

/// The key name of a party's cosignatures: `rogatory.internal/fr` [C2SP tlog-cosignature].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WitnessName(pub PartyId);

impl fmt::Display for WitnessName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ZONE}/{}", self.0.to_dns_label())
    }
}

impl FromStr for WitnessName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("the name of a gateway (as in rogatory.internal/jp)", text);
        let label = text.strip_prefix(ZONE).and_then(|rest| rest.strip_prefix('/')).ok_or_else(malformed)?;
        let name = Self(label.to_ascii_uppercase().parse().map_err(|_| malformed())?);
        if name.to_string() == text { Ok(name) } else { Err(malformed()) }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_name_is_read_back_and_no_other_spelling_is_taken() {
        let origin = Origin::new("JP".parse().unwrap(), "FR".parse().unwrap()).unwrap();
        assert_eq!(origin.to_string(), "rogatory.internal/jp/fr");
        assert_eq!("rogatory.internal/jp/fr".parse::<Origin>(), Ok(origin));
        assert_eq!("jp.rogatory.internal/heads".parse::<Origin>(), Ok(Origin::heads("JP".parse().unwrap())));
        for text in [
            "rogatory.internal/JP/fr",
            "rogatory.internal/jp",
            "rogatory.internal/jp/jp",
            "jp/fr",
            "rogatory.internal/jp/fr/",
            "JP.rogatory.internal/heads",
            "jp.rogatory.internal/tails",
            "jp.another.internal/heads",
            "rogatory.internal/heads",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
