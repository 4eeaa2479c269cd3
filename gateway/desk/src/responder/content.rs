//! What a record says: of what was asked and of what the register gave, and of nothing else.

use serde_json::{Map, Value, json};

use super::{Asked, Leave, LinkAttribute, Policy, Question, Row, binding, later};
use crate::{Selector, Subject};

/// Attributes that are true or false; all others are text.
const YES_OR_NO: [&str; 3] = ["over_18", "over_20", "residence_status_valid"];

pub(super) fn attestation(
    asked: Asked<'_>,
    policy: &Policy,
    question: &Question,
    subject: &Subject,
    row: &Row,
) -> Result<Value, Leave> {
    let Selector::Holder { value: holder, .. } = &subject.selector else {
        return Err(Leave::Incomplete(LinkAttribute::Holder));
    };
    let consent = asked.header.declared.consent.ok_or(Leave::ConsentMissing)?;
    let receipt = consent.receipt.to_string();
    // The register knows the consent under which it answers, and it still stands.
    if text(row, "consent_receipt") != Some(receipt.as_str())
        || row.fields.get("consent_withdrawn") != Some(&Value::Bool(false))
    {
        return Err(Leave::ConsentWithdrawn);
    }
    if text(row, "credential_status") != Some("valid") {
        return Err(Leave::NotValid);
    }
    let mut attributes = Map::new();
    for attribute in &question.attributes {
        let name = attribute.as_str();
        let value =
            row.fields.get(name).filter(|value| value.is_boolean() == YES_OR_NO.contains(&name) && !value.is_null());
        attributes.insert(name.to_owned(), value.cloned().ok_or(Leave::BadRow)?);
    }
    let mut content = json!({
        "issuer": { "party": asked.own.party(), "authority": asked.own, "key": policy.issuer_key.ok_or(Leave::NotConfigured)?.to_string() },
        "holder": holder,
        "attributes": attributes,
        "assurance_level": text(row, "assurance_level").ok_or(Leave::BadRow)?,
        "credential": { "status": "valid", "checked_at": asked.now.to_string() },
        // The request names no nonce of its own; its binding is of this case, this measure and this holder alone.
        "nonce": binding(asked, subject)?.to_string(),
        "verifier": asked.header.sender,
        "purpose": asked.body.purpose.code,
        "consent": { "receipt_hash": receipt, "given_at": consent.given.to_string() },
        "issued_at": asked.now.to_string(),
        "expires_at": later(asked.now, policy.valid_s)?,
    });
    if let Some(class) = text(row, "holder_class") {
        content["holder_class"] = class.into();
    }
    if let Some(hash) = text(row, "presentation_hash") {
        content["credential"]["presentation_hash"] = hash.into();
    }
    Ok(content)
}

/// An extract of what stands in `row`, or that nothing does.
pub(super) fn extract(
    asked: Asked<'_>,
    policy: &Policy,
    question: &Question,
    subject: &Subject,
    row: Option<&Row>,
) -> Result<Value, Leave> {
    let convictions = match row.map(|row| row.fields.get("convictions")) {
        None => Vec::new(),
        Some(Some(Value::Array(convictions))) => convictions.clone(),
        Some(_) => return Err(Leave::BadRow),
    };
    let flag = |name: &str| match row.and_then(|row| row.fields.get(name)) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err(Leave::BadRow),
    };
    let purpose = match asked.body.purpose.code.as_str() {
        known @ ("criminal_proceedings" | "own_request") => known,
        _ => "other",
    };
    let now = asked.now.to_string();
    Ok(json!({
        "answer": if convictions.is_empty() { "no_record" } else { "record" },
        "register": policy.register,
        "as_of": row.and_then(|row| text(row, "as_of")).unwrap_or(&now),
        "subject": {
            "role": subject.role,
            "identity": identity(policy, row.map_or(&question.links, |row| &row.links), question)?,
            "match_evidence": policy.link_only_on.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        },
        "purpose": purpose,
        "no_retransmission": flag("no_retransmission")?,
        "fingerprints_flag": flag("fingerprints_flag")?,
        "convictions": convictions,
    }))
}

/// Who was found, in the attributes that were compared and in no other.
fn identity(
    policy: &Policy,
    found: &std::collections::BTreeMap<LinkAttribute, String>,
    question: &Question,
) -> Result<Value, Leave> {
    let of = |attribute| found.get(&attribute).filter(|_| question.links.contains_key(&attribute));
    let name = of(LinkAttribute::Name).ok_or(Leave::Incomplete(LinkAttribute::Name))?;
    let mut names = vec![json!({ "script": policy.script, "name": name })];
    if let Some(kana) = of(LinkAttribute::Kana) {
        names.push(json!({ "script": "Kana", "name": kana }));
    }
    if let Some(latin) = of(LinkAttribute::Transliteration) {
        names.push(json!({ "script": "Latn", "name": latin }));
    }
    let mut identity = json!({ "names": names });
    for (attribute, field) in [
        (LinkAttribute::BirthDate, "birth_date"),
        (LinkAttribute::BirthPlace, "birth_place"),
        (LinkAttribute::Sex, "sex"),
    ] {
        if let Some(text) = of(attribute) {
            let lower = matches!(attribute, LinkAttribute::Sex | LinkAttribute::BirthDate);
            let text = if lower { attribute.normal(text).ok_or(Leave::Unreadable)? } else { text.clone() };
            identity[field] = text.into();
        }
    }
    if let Some(address) = of(LinkAttribute::Address) {
        identity["addresses"] = json!([address]);
    }
    if let Some(state) = of(LinkAttribute::Nationality) {
        identity["nationalities"] = json!([state]);
    }
    Ok(identity)
}

fn text<'a>(row: &'a Row, field: &str) -> Option<&'a str> {
    row.fields.get(field).and_then(Value::as_str)
}
