use std::fmt;

use model::{AuthorityId, Malformed, PartyId};

/// The DNS zone that every name of the federation lies in. It is not served by any public DNS [ICANN `.internal`].
pub const ZONE: &str = "rogatory.internal";

/// The label of a gateway. No authority may bear it, or its desk could pass for the gateway.
const GATEWAY_LABEL: &str = "gw";

/// The label of a treaty key. No authority may bear it, or its desk could sign treaty files.
const TREATY_LABEL: &str = "treaty";

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
        if label == TREATY_LABEL {
            return Err(malformed());
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

/// The name of a party's treaty key, `treaty.jp.rogatory.internal`.
pub fn treaty_name(party: PartyId) -> String {
    format!("{TREATY_LABEL}.{}", party_zone(party))
}

/// The party whose treaty key bears this name; the inverse of [`treaty_name`].
pub(crate) fn party_of_treaty_name(name: &str) -> Option<PartyId> {
    let code = name.split('.').nth(1)?;
    let party = code.to_ascii_uppercase().parse().ok()?;
    (treaty_name(party) == name).then_some(party)
}

/// Whether the authority's name is one that only the gateway or the treaty key may bear.
pub(crate) fn is_reserved(authority: &AuthorityId) -> bool {
    [GATEWAY_LABEL, TREATY_LABEL].contains(&authority.name())
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
            "treaty.jp.rogatory.internal",
            "-x.jp.rogatory.internal",
        ] {
            assert!(Subject::from_dns(name).is_err(), "{name}");
        }
    }

    #[test]
    fn the_name_of_a_treaty_key_has_one_spelling_and_tells_its_party() {
        let party: PartyId = "JP".parse().unwrap();
        assert_eq!(treaty_name(party), "treaty.jp.rogatory.internal");
        assert_eq!(party_of_treaty_name(&treaty_name(party)), Some(party));
        for name in
            ["", "treaty", "treaty.JP.rogatory.internal", "treaty.jp.rogatory.internal.", "gw.jp.rogatory.internal"]
        {
            assert_eq!(party_of_treaty_name(name), None, "{name}");
        }
    }
}
