use model::{ArticleRef, AuthorityId, CaseId, RecordType, RequestType, SelectorKind};

/// For what a skeleton is made.
#[derive(Debug, Clone)]
pub struct DraftFor<'a> {
    /// The case, drawn by the caller.
    pub case: CaseId,
    /// The authority in charge.
    pub authority: &'a AuthorityId,
    /// The authority that is asked.
    pub addressee: &'a AuthorityId,
    /// The clause.
    pub article: &'a ArticleRef,
    /// What is asked.
    pub request_type: &'a RequestType,
    /// Which record types may answer it.
    pub records: &'a [RecordType],
    /// How the subject is named.
    pub selector: SelectorKind,
}

/// A request with everything that is known filled in and everything else told in angle brackets, as JSON in the order of the
/// form. It does not validate until each bracket is replaced: the schema refuses brackets in selectors and dates,
/// [`preflight`](crate::preflight) in texts.
pub fn skeleton(draft: &DraftFor<'_>) -> String {
    // The names come from closed alphabets without quotes or backslashes, so they stand in JSON as they are.
    let records: Vec<String> = draft.records.iter().map(|record| format!("\"{record}\"")).collect();
    let preserves = draft.request_type.as_str() == "preservation";
    FORM.replace("{case}", &draft.case.to_string())
        .replace("{requesting}", draft.authority.party().as_str())
        .replace("{requested}", draft.addressee.party().as_str())
        .replace("{authority}", &draft.authority.to_string())
        .replace("{addressee}", &draft.addressee.to_string())
        .replace("{article}", &draft.article.to_string())
        .replace("{request_type}", draft.request_type.as_str())
        .replace("{records}", &records.join(", "))
        .replace("{selector}", selector(draft.selector))
        .replace("{intends_mla}", if preserves { "true" } else { "false" })
}

/// The form of a selector, as JSON.
pub(crate) fn selector(kind: SelectorKind) -> &'static str {
    match kind {
        SelectorKind::Person => {
            r#"{ "kind": "person", "value": "<full name, family name first, in Latin script>", "birth_date": "<YYYY-MM-DD, or document or registration instead>" }"#
        }
        SelectorKind::Account => {
            r#"{ "kind": "account", "value": "<handle, address, or number as +country code and digits>", "provider": "<the one provider>" }"#
        }
        SelectorKind::Device => {
            r#"{ "kind": "device", "value": "<the number, without separators>", "numbering": "<imei, imsi, iccid, mac or serial>" }"#
        }
        SelectorKind::IpAtTime => {
            r#"{ "kind": "ip_at_time", "value": "<one address>", "at": "<the moment with offset, as in 2026-03-01T10:15:00+09:00>" }"#
        }
        SelectorKind::Domain => r#"{ "kind": "domain", "value": "<one registered name>" }"#,
        SelectorKind::BankAccount => {
            r#"{ "kind": "bank_account", "value": "<IBAN or number, without separators>", "institution": "<the bank>" }"#
        }
        SelectorKind::Holder => {
            r#"{ "kind": "holder", "value": "<the identifier that only this verifier knows>", "verifier": "<the verifier>" }"#
        }
    }
}

const FORM: &str = r#"{
  "record_type": "request",
  "case": "{case}",
  "requesting": "{requesting}",
  "requested": "{requested}",
  "addressee": "{addressee}",
  "reference": "<your file number>",
  "authority": {
    "id": "{authority}",
    "name": "<name of the authority in charge>",
    "in_charge": { "name": "<who handles the case>", "title": "<function>" },
    "contacts": [{ "kind": "phone", "value": "<number with country code>", "hours": "<as in 09:00-17:30>" }],
    "time_zone": "<IANA name, as in Asia/Tokyo>",
    "languages": ["<language code, as in en>"]
  },
  "validation": {
    "authority": "<the judicial authority, as in {requesting}:court>",
    "role": "<judge or prosecutor>",
    "decision_reference": "<file number of the decision>",
    "decided_on": "<YYYY-MM-DD>",
    "legal_basis": "<statute and section>"
  },
  "proceeding": {
    "reference": "<file number of the proceeding>",
    "nature": "<investigation, prosecution, trial or confiscation>",
    "subject": "<what it is about, in one line>"
  },
  "facts": {
    "summary": "<who did what, when and where>",
    "relevance": "<how what is asked bears on the facts>",
    "place": "<where>",
    "period": { "from": "<YYYY-MM-DD>", "to": "<YYYY-MM-DD>" }
  },
  "offences": [
    {
      "title": "<name of the offence>",
      "provision": "<statute and section>",
      "text": "<the wording of the provision>",
      "max_penalty_months": "<a number: the maximum penalty in months>",
      "dual_criminality": "<true or false: is it declared to be an offence in both states>"
    }
  ],
  "measures": [
    {
      "id": 1,
      "article": "{article}",
      "request_type": "{request_type}",
      "records": [{records}],
      "subjects": [
        {
          "subject_ref": "S1",
          "role": "<suspect, accused, victim, witness, third_party or unknown>",
          "selector": {selector},
          "basis_of_suspicion": "<why this subject>"
        }
      ],
      "window": { "from": "<YYYY-MM-DD>", "to": "<YYYY-MM-DD>" },
      "custodian": { "name": "<who holds the data>" },
      "procedure": "<formalities that evidence needs at home>",
      "data_sought": "<what of the records is sought>"
    }
  ],
  "purpose": { "code": "<as the treaty names it, as in criminal_investigation>", "description": "<what for>" },
  "necessity": "<why it is needed and why nothing milder serves>",
  "proportionality": "<why it stands in proportion to the offence>",
  "urgency": { "level": "routine" },
  "confidentiality": { "requested": true, "reason": "<why>" },
  "undertakings": { "use_limitation": true, "return_or_destruction": true, "reciprocity": true },
  "language": {
    "original": "<language code>",
    "translation": { "language": "<language code>", "translator": "<who>", "certified": false }
  },
  "earlier_requests": [],
  "intends_mla": {intends_mla}
}
"#;

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::Value;

    use super::*;
    use crate::sample;

    fn made(selector: SelectorKind) -> Value {
        let (authority, addressee) = ("JP:central".parse().unwrap(), "SG:central".parse().unwrap());
        let draft = DraftFor {
            case: sample::request().case,
            authority: &authority,
            addressee: &addressee,
            article: &"ets-185:31".parse().unwrap(),
            request_type: &"stored_data".parse().unwrap(),
            records: &["subscriber_info".parse().unwrap(), "traffic_data".parse().unwrap()],
            selector,
        };
        serde_json::from_str(&skeleton(&draft)).unwrap()
    }

    /// The names of all fields, with lists as one.
    fn fields(value: &Value, at: &str, out: &mut Vec<String>) {
        match value {
            Value::Object(object) => object.iter().for_each(|(name, item)| {
                out.push(format!("{at}/{name}"));
                fields(item, &format!("{at}/{name}"), out);
            }),
            Value::Array(items) => items.iter().for_each(|item| fields(item, at, out)),
            _ => {}
        }
    }

    /// A request without anything optional.
    fn minimal() -> crate::RequestBody {
        let mut request = sample::request();
        request.authority.in_charge.title = None;
        request.validation.validator = None;
        request.facts.place = None;
        request.facts.period = None;
        request.offences[0].death_or_life = None;
        request.measures[0].custodian = None;
        request.measures[0].data_sought = None;
        request.measures[0].subjects[0].basis_of_suspicion = None;
        request.confidentiality.not_to_be_told.clear();
        request.undertakings.onward_with_consent_only = None;
        request.language.translation = None;
        request
    }

    #[test]
    fn a_skeleton_holds_every_field_that_a_request_must_have_and_none_that_it_cannot() {
        let mut wanted = Vec::new();
        fields(&serde_json::to_value(minimal()).unwrap(), "", &mut wanted);
        let mut found = Vec::new();
        fields(&made(SelectorKind::Account), "", &mut found);
        for field in wanted {
            assert!(found.contains(&field), "{field} is not in the skeleton");
        }
        let mut known = Vec::new();
        let full = crate::RequestBody { intends_mla: Some(true), ..sample::request() };
        fields(&serde_json::to_value(full).unwrap(), "", &mut known);
        for field in found {
            assert!(known.contains(&field), "{field} is in the skeleton and in no request");
        }
    }

    #[test]
    fn a_skeleton_is_json_for_every_kind_of_selector_and_is_no_request_yet() {
        for kind in SelectorKind::ALL {
            let made = made(kind);
            assert_eq!(made["measures"][0]["subjects"][0]["selector"]["kind"], kind.as_str());
            assert_eq!(made["requested"], "SG");
            assert!(crate::RequestBody::from_document(made).is_err());
        }
    }
}
