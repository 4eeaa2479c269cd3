use std::fmt;

use model::{AuthorityId, Malformed, PartyId};

/// The DNS zone that every name of the federation lies in. It is not served by any public DNS [ICANN `.internal`].
pub const ZONE: &str = "rogatory.internal";

/// The label of a gateway. No authority may bear it, or its desk could pass for the gateway.
const GATEWAY_LABEL: &str = "gw";

/// Whom a certificate names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// The gateway of a party.
    Gateway(PartyId),
    /// The desk of an authority.
    Desk(AuthorityId),
}

impl Subject {
    /// Reads a dNSName, `gw.jp.rogatory.internal` or `central.jp.rogatory.internal`. Letters are lower case, there is no
    /// wildcard and no final dot: one subject has exactly one spelling.
    pub fn from_dns(name: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a name of a gateway or desk (as in gw.jp.rogatory.internal)", name);
        let within = name.strip_suffix(ZONE).and_then(|rest| rest.strip_suffix('.')).ok_or_else(malformed)?;
        let (label, party) = within.split_once('.').ok_or_else(malformed)?;
        if party.bytes().any(|b| !b.is_ascii_lowercase()) {
            return Err(malformed());
        }
        let party: PartyId = party.to_ascii_uppercase().parse().map_err(|_| malformed())?;
        if label == GATEWAY_LABEL {
            return Ok(Self::Gateway(party));
        }
        AuthorityId::new(party, label).map(Self::Desk).map_err(|_| malformed())
    }

    /// The dNSName; the inverse of [`Subject::from_dns`].
    pub fn dns_name(&self) -> String {
        match self {
            Self::Gateway(party) => gateway_name(*party),
            Self::Desk(authority) => desk_name(authority),
        }
    }

    /// The state it belongs to.
    pub fn party(&self) -> PartyId {
        match self {
            Self::Gateway(party) => *party,
            Self::Desk(authority) => authority.party(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dns_name())
    }
}

/// The zone of a party, `jp.rogatory.internal`: all that its root may speak for.
pub fn party_zone(party: PartyId) -> String {
    format!("{}.{ZONE}", party.to_dns_label())
}

/// The name of a party's gateway, `gw.jp.rogatory.internal`.
pub fn gateway_name(party: PartyId) -> String {
    format!("{GATEWAY_LABEL}.{}", party_zone(party))
}

/// The name of an authority's desk, `central.jp.rogatory.internal`.
pub fn desk_name(authority: &AuthorityId) -> String {
    format!("{}.{}", authority.name(), party_zone(authority.party()))
}

/// Whether the authority's name is one that only the gateway may bear.
pub(crate) fn is_reserved(authority: &AuthorityId) -> bool {
    authority.name() == GATEWAY_LABEL
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn names_and_subjects_are_inverse() {
        let party: PartyId = "JP".parse().unwrap();
        let authority: AuthorityId = "JP:central".parse().unwrap();
        assert_eq!(gateway_name(party), "gw.jp.rogatory.internal");
        assert_eq!(desk_name(&authority), "central.jp.rogatory.internal");
        for subject in [Subject::Gateway(party), Subject::Desk(authority)] {
            assert_eq!(Subject::from_dns(&subject.dns_name()).unwrap(), subject);
        }
    }

    #[test]
    fn a_name_has_one_spelling_only() {
        for name in [
            "",
            "rogatory.internal",
            ".rogatory.internal",
            "jp.rogatory.internal",
            "gw.JP.rogatory.internal",
            "GW.jp.rogatory.internal",
            "gw.jp.rogatory.internal.",
            "*.jp.rogatory.internal",
            "a.gw.jp.rogatory.internal",
            "gw.jpn.rogatory.internal",
            "gw.jp.rogatory.internal.example",
            "gw.jpxrogatory.internal",
            "-x.jp.rogatory.internal",
        ] {
            assert!(Subject::from_dns(name).is_err(), "{name}");
        }
    }
}
