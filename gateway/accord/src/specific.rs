use std::net::IpAddr;

use model::{Refusal, RefusalCode};

use crate::{RequestBody, Selector};

/// What stands for many in any of the query languages an executing system may speak, narrow and full-width.
const WILDCARDS: &[char] = &['*', '%', '?', '＊', '％', '？', '⁎', '∗'];
const CLASSES: &[char] = &['[', ']', '{', '}', '<', '>', '|', '\\', '^', '$', ';', '…'];
const DASHES: &[char] = &['-', '‐', '‑', '‒', '–', '—', '~', '〜', '～'];
const EVERYBODY: &[&str] =
    &["all", "any", "anybody", "anyone", "each", "every", "everybody", "everyone", "unknown", "none"];

/// Every selector of the request must name one thing [CLOUD Act, 18 USC 2523(b)(4)(D)(ii)]. Returns one R90 per selector
/// that does not, naming the field and never the value.
pub fn unspecific(body: &RequestBody) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for (m, measure) in body.measures.iter().enumerate() {
        for (s, subject) in measure.subjects.iter().enumerate() {
            if let Err((field, reason)) = specific(&subject.selector) {
                let remedy = "Name one person, account, device or address; ask for others in subjects of their own.";
                let field = format!("measures[{m}].subjects[{s}].selector.{field}");
                refusals.push(Refusal::new(RefusalCode::R90, "desk", reason, remedy).at(field));
            }
        }
    }
    refusals
}

type Unspecific = (&'static str, &'static str);

/// Whether the selector names one thing; else which of its fields does not, and why.
fn specific(selector: &Selector) -> Result<(), Unspecific> {
    match selector {
        Selector::Person { value, birth_date, document, registration } => {
            plain(value, "value")?;
            for (text, field) in [(birth_date, "birth_date"), (document, "document"), (registration, "registration")] {
                text.as_deref().map_or(Ok(()), |text| plain(text, field))?;
            }
            let named = birth_date.is_some() || document.is_some() || registration.is_some();
            require(named, "value", "a name alone does not name one person")
        }
        Selector::Account { value, provider } => {
            plain(provider, "provider")?;
            single(value)?;
            require(!value.starts_with('@') && !value.ends_with('@'), "value", "a whole provider is not one account")
        }
        Selector::Device { value, numbering } => {
            plain(numbering, "numbering")?;
            single(value)?;
            let digits = value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':');
            require(digits, "value", "the number of a device has letters and digits only")
        }
        Selector::IpAtTime { value, at, .. } => {
            single(value)?;
            let moment = at.len() <= 40 && at.contains('T') && !at.contains('/') && at.is_ascii();
            require(moment, "at", "an address is named at one moment, not over a span of time")?;
            address(value)
        }
        Selector::Domain { value } => {
            single(value)?;
            let labels: Vec<&str> = value.split('.').collect();
            let named = labels.len() >= 2 && labels.iter().all(|label| !label.is_empty());
            require(named, "value", "a zone alone names many domains")
        }
        Selector::BankAccount { value, institution } => {
            plain(institution, "institution")?;
            single(value)?;
            let digits = value.bytes().all(|b| b.is_ascii_alphanumeric());
            require(digits, "value", "the number of an account has letters and digits only")
        }
        Selector::Holder { value, .. } => {
            let pairwise = (22..=86).contains(&value.len())
                && value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
            require(
                pairwise,
                "value",
                "the identifier that only this verifier knows has 22 to 86 letters, digits, _ and -",
            )
        }
    }
}

fn require(holds: bool, field: &'static str, reason: &'static str) -> Result<(), Unspecific> {
    if holds { Ok(()) } else { Err((field, reason)) }
}

/// A text without wildcards, classes or words for everybody.
fn plain(text: &str, field: &'static str) -> Result<(), Unspecific> {
    require(!text.is_empty() && text.trim() == text, field, "is empty, or has blanks around it")?;
    require(!text.contains(WILDCARDS), field, "holds a wildcard")?;
    require(
        !text.contains(CLASSES) && !text.contains(char::is_control),
        field,
        "holds a character of a pattern or list",
    )?;
    require(!text.contains(".."), field, "holds a range")?;
    require(!EVERYBODY.contains(&text.to_lowercase().as_str()), field, "names everybody")
}

/// A value that is neither a list nor a range nor a network.
fn single(value: &str) -> Result<(), Unspecific> {
    plain(value, "value")?;
    let list = value.contains(|c: char| c == ',' || c.is_whitespace());
    require(!list, "value", "holds a list; each subject stands on its own")?;
    let network = value.rsplit_once('/').is_some_and(|(_, bits)| bits.bytes().all(|b| b.is_ascii_digit()));
    require(!network, "value", "names a network, not one address")?;
    let ranged = value.char_indices().filter(|(_, c)| DASHES.contains(c));
    let range = ranged.clone().any(|(i, c)| is_range(&value[..i], &value[i + c.len_utf8()..]));
    require(!range, "value", "holds a range")
}

/// Whether `left`–`right` counts from one to the other: `100-200`, `192.0.2.1-9`, `user001-user099`; but not `jean-9` nor
/// `agent-7-9`.
fn is_range(left: &str, right: &str) -> bool {
    let prefix = left.trim_end_matches(|c: char| c.is_ascii_digit());
    if prefix.len() == left.len() {
        return false;
    }
    let number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let numeric = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b"+.:".contains(&b));
    if numeric(prefix) {
        return right.bytes().any(|b| b.is_ascii_digit()) && numeric(right);
    }
    right.strip_prefix(prefix).is_some_and(number)
}

fn address(value: &str) -> Result<(), Unspecific> {
    let address: IpAddr = value.parse().map_err(|_| ("value", "is not one IP address"))?;
    let everywhere = match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_unspecified() || v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unspecified() || v6.is_multicast(),
    };
    require(!everywhere, "value", "is an address of many")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn account(value: &str) -> Selector {
        Selector::Account { value: value.to_owned(), provider: "Example, Inc.".to_owned() }
    }

    fn ip(value: &str, at: &str) -> Selector {
        Selector::IpAtTime { value: value.to_owned(), at: at.to_owned(), port: None }
    }

    #[test]
    fn no_wildcard_class_list_or_range_passes_as_an_account() {
        for value in [
            "*",
            "*@mail.example",
            "trader%",
            "trader?",
            "＊@mail.example",
            "％",
            "[a-z]+",
            "a|b",
            "a;b",
            "a,b",
            "a b",
            "+6580000000-6580000999",
            "+6580-+6599",
            "100–200",
            "user001-user099",
            "a..b",
            "192.0.2.0/24",
            "@mail.example",
            "all",
            "ANY",
            "",
            " trader",
            "trader\n",
            "10.0.0.1-9",
            "1~9",
        ] {
            assert!(specific(&account(value)).is_err(), "{value:?} names many");
        }
    }

    #[test]
    fn ordinary_accounts_with_hyphens_digits_and_dots_pass() {
        for value in ["jean-paul_9-1@mail.example", "agent-7-9", "+6580000000", "x.y+tag@mail.example", "allan", "a-b"]
        {
            assert_eq!(specific(&account(value)), Ok(()), "{value:?}");
        }
    }

    #[test]
    fn an_address_is_one_address_at_one_moment() {
        let at = "2026-03-01T10:15:00Z";
        assert_eq!(specific(&ip("192.0.2.17", at)), Ok(()));
        assert_eq!(specific(&ip("2001:db8::17", at)), Ok(()));
        for value in
            ["192.0.2.0/24", "192.0.2.1-192.0.2.9", "192.0.2.*", "0.0.0.0", "224.0.0.1", "::", "ff02::1", "192.0.2"]
        {
            assert!(specific(&ip(value, at)).is_err(), "{value}");
        }
        assert!(specific(&ip("192.0.2.17", "2026-03-01T10:15:00Z/2026-04-01T10:15:00Z")).is_err());
        assert!(specific(&ip("192.0.2.17", "2026-03")).is_err());
    }

    #[test]
    fn a_name_alone_names_no_one() {
        let person = |birth_date: Option<&str>| Selector::Person {
            value: "Smith-Jones Mary".to_owned(),
            birth_date: birth_date.map(ToOwned::to_owned),
            document: None,
            registration: None,
        };
        assert!(specific(&person(None)).is_err());
        assert_eq!(specific(&person(Some("1981-05"))), Ok(()));
        assert!(specific(&person(Some("19??"))).is_err());
    }

    #[test]
    fn a_holder_is_named_by_a_pairwise_identifier_only() {
        let holder =
            |value: &str| Selector::Holder { value: value.to_owned(), verifier: "SG:central".parse().unwrap() };
        assert_eq!(specific(&holder("c2lnbmVkLXBhaXJ3aXNlLWlk")), Ok(()));
        for value in ["", "S1234567D", "c2lnbmVkLXBhaXJ3aXNlLWl*", "c2lnbmVkLXBhaXJ3 aXNlLWlk"] {
            assert!(specific(&holder(value)).is_err(), "{value:?}");
        }
    }

    #[test]
    fn zones_and_spans_of_numbers_are_many() {
        assert!(specific(&Selector::Domain { value: "example".to_owned() }).is_err());
        assert!(specific(&Selector::Domain { value: ".example".to_owned() }).is_err());
        let device = |value: &str| Selector::Device { value: value.to_owned(), numbering: "imei".to_owned() };
        assert!(specific(&device("352099001761481-99")).is_err());
        assert_eq!(specific(&device("352099001761481")), Ok(()));
        let bank =
            |value: &str| Selector::BankAccount { value: value.to_owned(), institution: "Example Bank".to_owned() };
        assert!(specific(&bank("SG00-SG99")).is_err());
        assert_eq!(specific(&bank("SG000000000001")), Ok(()));
    }
}
