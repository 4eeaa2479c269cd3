//! The minutes of a consultation: what both sides sign, and what they must say beside their schema.

use std::collections::BTreeSet;

use accord::{canonical, contradiction, equal, moment};
use model::{AuthorityId, Digest, Header, KeyId, PartyId, Refusal, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use workflow::Side;

/// The record type of such minutes.
pub const CONSULTATION_MINUTES: &str = "consultation_minutes";

/// The hash of such minutes: of all that they say, but for the hash and the signatures themselves.
///
/// # Errors
/// R94 where the minutes have no canonical form.
pub fn consultation_hash(minutes: &Value) -> Result<Digest, Refusal> {
    let mut said = minutes.clone();
    if let Value::Object(fields) = &mut said {
        fields.remove("text_hash");
        fields.remove("signatures");
    }
    Ok(Digest::of(&[&canonical(&said)?]))
}

/// What one side signs: the minutes, and all that its signature says of who signs, for whom and when, but for its own value.
///
/// # Errors
/// R94 where one of them has no canonical form.
pub fn consultation_statement(minutes: &Value, signature: &Value) -> Result<Digest, Refusal> {
    let mut signer = signature.clone();
    if let Value::Object(fields) = &mut signer {
        fields.remove("value");
    }
    let text_hash = consultation_hash(minutes)?.to_string();
    Ok(Digest::of(&[&canonical(&json!({ "text_hash": text_hash, "signature": signer }))?]))
}

/// What stands behind such minutes, so that it is told wherever a consultation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MinutesProof {
    /// An officer of each side signed by a key.
    Both,
    /// One did; the other side signed by hand.
    OneSide,
    /// Both signed by hand: a scan is named that nobody sees here.
    NoKey,
}

impl MinutesProof {
    /// What stands behind these minutes, once their keys were held against the directories.
    ///
    /// # Errors
    /// R94 where the minutes have not the form of their record type.
    pub fn of(minutes: &Value) -> Result<Self, Refusal> {
        Ok(match consultation_signatures(minutes)?.len() {
            0 => Self::NoKey,
            1 => Self::OneSide,
            _ => Self::Both,
        })
    }

    /// The name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::OneSide => "one_side",
            Self::NoKey => "no_key",
        }
    }
}

/// A signature by a key on such minutes, as it is claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationSignature {
    /// Whose.
    pub side: Side,
    /// Where it stands.
    pub field: String,
    /// For which authority.
    pub authority: AuthorityId,
    /// When.
    pub signed_at: Timestamp,
    /// By which officer's key.
    pub key: KeyId,
    /// The signature, in base64.
    pub value: String,
    /// What it is on.
    pub statement: Digest,
}

/// The signatures by keys. What was signed by hand proves itself to nobody here: people look at the page whose scan it names.
///
/// # Errors
/// R94 where the minutes have not the form of their record type.
pub fn consultation_signatures(minutes: &Value) -> Result<Vec<ConsultationSignature>, Refusal> {
    let Signatures { requesting, requested } = read(minutes)?.signatures;
    let mut all = Vec::new();
    for (side, name, signature) in [(Side::Home, "requesting", requesting), (Side::Peer, "requested", requested)] {
        let Some((key, value)) = signature.key.zip(signature.value) else { continue };
        let field = format!("signatures.{name}");
        let no_moment = || contradiction(format!("{field}.signed_at"), "this is no moment");
        let signed_at = moment(&signature.signed_at).ok_or_else(no_moment)?;
        let statement = consultation_statement(minutes, &minutes["signatures"][name])?;
        let authority = signature.authority;
        all.push(ConsultationSignature { side, field, authority, signed_at, key, value, statement });
    }
    Ok(all)
}

/// Holds such minutes against the header that says that the consultation was held, but for the keys that signed them.
///
/// # Errors
/// R94 with the field, without values.
pub(crate) fn compare(header: &Header, document: &Value) -> Result<(), Refusal> {
    let minutes = read(document)?;
    let past = |at: &str| moment(at).is_some_and(|at| at <= header.created);
    equal(past(&minutes.held_at), "held_at", "the consultation lies after the step that says that it was held")?;
    let parties: BTreeSet<PartyId> = minutes.participants.iter().map(|one| one.authority.party()).collect();
    let own = minutes.participants.iter().all(|one| one.authority.party() == one.party);
    equal(own, "participants.authority", "a participant speaks for an authority of another party")?;
    let both = parties.contains(&header.home) && parties.contains(&header.peer);
    equal(both, "participants", "nobody of one of the two parties took part")?;
    let same = consultation_hash(document)? == minutes.text_hash;
    equal(same, "text_hash", "the hash is not that of these minutes")?;
    let sides = [
        ("requesting", header.home, &minutes.signatures.requesting),
        ("requested", header.peer, &minutes.signatures.requested),
    ];
    for (side, party, signature) in sides {
        let field = |name: &str| format!("signatures.{side}.{name}");
        let own = signature.party == party && signature.authority.party() == party;
        equal(own, &field("authority"), "another party signs in place of this side")?;
        equal(past(&signature.signed_at), &field("signed_at"), "it was signed after the step that brings it")?;
        let after = moment(&minutes.held_at) <= moment(&signature.signed_at);
        equal(after, &field("signed_at"), "it was signed before the consultation was held")?;
    }
    Ok(())
}

fn read(document: &Value) -> Result<Minutes, Refusal> {
    Minutes::deserialize(document).map_err(|_| contradiction("", "the document has not the form of its record type"))
}

#[derive(Deserialize)]
struct Minutes {
    held_at: String,
    participants: Vec<Participant>,
    text_hash: Digest,
    signatures: Signatures,
}

#[derive(Deserialize)]
struct Participant {
    party: PartyId,
    authority: AuthorityId,
}

#[derive(Deserialize)]
struct Signatures {
    requesting: Signature,
    requested: Signature,
}

#[derive(Deserialize)]
struct Signature {
    party: PartyId,
    authority: AuthorityId,
    signed_at: String,
    key: Option<KeyId>,
    value: Option<String>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::Step;

    use super::*;
    use crate::{compare_answer, sample};

    fn header() -> Header {
        let release = sample::release_header();
        let (sender, recipient) = (release.recipient.clone(), release.sender.clone());
        let created = moment("2026-09-20T00:00:00Z").unwrap();
        let records = Vec::new();
        Header { step: Step::ConsultDone, sender, recipient, records, conditions: Vec::new(), created, ..release }
    }

    fn minutes() -> Value {
        let example =
            include_str!("../../../treaty-schemas/catalog/records/consultation_minutes/examples/valid-narrowed.json");
        let mut minutes: Value = serde_json::from_str(example).unwrap();
        minutes["case"] = header().case.to_string().into();
        hashed(minutes)
    }

    fn hashed(mut minutes: Value) -> Value {
        minutes["text_hash"] = consultation_hash(&minutes).unwrap().to_string().into();
        minutes
    }

    fn verdict(minutes: &Value) -> Option<String> {
        let refusal = compare_answer(&header(), &CONSULTATION_MINUTES.parse().unwrap(), minutes).err()?;
        assert_eq!(refusal.code.as_str(), "R94");
        refusal.field
    }

    #[test]
    fn minutes_are_of_their_case_measures_parties_and_day() {
        assert_eq!(verdict(&minutes()), None);
        let with = |pointer: &str, value: Value| {
            let mut other = minutes();
            *other.pointer_mut(pointer).unwrap() = value;
            verdict(&hashed(other)).unwrap()
        };
        assert_eq!(with("/case", json!("6b9d1c6e-2f1d-4c6a-9d36-000000000000")), "case");
        assert_eq!(with("/measures", json!([2])), "measures");
        assert_eq!(with("/held_at", json!("2026-09-20T00:00:00.001Z")), "held_at");
        assert_eq!(with("/participants/1/authority", json!("FR:central")), "participants.authority");
        let french = minutes()["participants"][0].clone();
        assert_eq!(with("/participants/1", french), "participants");
    }

    #[test]
    fn the_hash_is_of_all_that_was_said_so_that_no_word_changes_under_a_signature() {
        let signed = minutes();
        for (pointer, value) in [
            ("/topics/0/agreed", json!("Ninety-six days.")),
            ("/held_at", json!("2026-09-02T09:00:00+02:00")),
            ("/channel", json!("telephone")),
            ("/participants/0/officer/name", json!("Somebody Else")),
        ] {
            let mut changed = signed.clone();
            *changed.pointer_mut(pointer).unwrap() = value;
            assert_eq!(verdict(&changed).unwrap(), "text_hash", "{pointer}");
        }
    }

    #[test]
    fn each_side_signs_for_itself_before_the_minutes_are_sent() {
        let with = |pointer: &str, value: Value| {
            let mut other = minutes();
            *other.pointer_mut(pointer).unwrap() = value;
            verdict(&other).unwrap()
        };
        let reason = "signatures.requested.authority";
        assert_eq!(with("/signatures/requested/authority", json!("JP:central")), reason);
        assert_eq!(with("/signatures/requested/party", json!("JP")), reason);
        for at in ["2026-09-21T00:00:00Z", "2026-09-03T06:59:59Z"] {
            let reason = "signatures.requesting.signed_at";
            assert_eq!(
                with("/signatures/requesting/signed_at", json!(at)),
                reason,
                "after the step, before it was held"
            );
        }
        let mut alone = minutes();
        alone["signatures"].as_object_mut().unwrap().remove("requested");
        assert_eq!(verdict(&alone).as_deref(), Some(""), "one signature is none");
    }

    #[test]
    fn what_was_signed_by_a_key_is_told_from_what_was_signed_by_hand() {
        let mut minutes = minutes();
        let signatures = consultation_signatures(&minutes).unwrap();
        assert_eq!(signatures.len(), 1, "the other one is a scan");
        assert_eq!(
            (signatures[0].side, signatures[0].field.as_str(), signatures[0].authority.to_string().as_str()),
            (Side::Home, "signatures.requesting", "JP:central")
        );
        assert_eq!(MinutesProof::of(&minutes).unwrap(), MinutesProof::OneSide);
        let [by_key, by_hand] = ["requesting", "requested"].map(|side| minutes["signatures"][side].clone());
        minutes["signatures"] = json!({ "requesting": by_hand, "requested": by_hand });
        assert_eq!(MinutesProof::of(&minutes).unwrap(), MinutesProof::NoKey);
        minutes["signatures"] = json!({ "requesting": by_key, "requested": by_key });
        assert_eq!(MinutesProof::of(&minutes).unwrap(), MinutesProof::Both);
    }

    #[test]
    fn a_key_signs_its_name_title_moment_and_authority_with_the_minutes() {
        let minutes = minutes();
        let statement = |minutes: &Value| consultation_signatures(minutes).unwrap()[0].statement;
        let with = |pointer: &str, value: Value| {
            let mut other = minutes.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            statement(&other)
        };
        for (pointer, value) in [
            ("/signatures/requesting/signatory/name", json!("Somebody Else")),
            ("/signatures/requesting/signatory/title", json!("Minister")),
            ("/signatures/requesting/signed_at", json!("2026-09-14T19:05:01+09:00")),
            ("/signatures/requesting/authority", json!("JP:npa")),
            ("/signatures/requesting/key", json!("00".repeat(32))),
            ("/topics/0/agreed", json!("Ninety-six days.")),
        ] {
            assert_ne!(with(pointer, value), statement(&minutes), "{pointer}");
        }
        for pointer in ["/signatures/requesting/value", "/signatures/requested/signatory/name"] {
            assert_eq!(with(pointer, json!("AA")), statement(&minutes), "{pointer} is not its word");
        }
    }
}
