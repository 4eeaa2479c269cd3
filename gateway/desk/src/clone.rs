use serde_json::{Value, json};
use treaty::Rule;

use model::{AuthorityId, CaseId, SelectorKind};

use crate::draft::selector;

/// For what a request is made again.
#[derive(Debug, Clone, Copy)]
pub struct CloneFor<'a> {
    /// The new case, drawn by the caller.
    pub case: CaseId,
    /// Who is asked now.
    pub addressee: &'a AuthorityId,
    /// The rule with them today.
    pub rule: &'a Rule,
    /// Whether the subjects stay.
    pub keep_subjects: bool,
}

/// A field that was not taken over as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// The field, as in `measures[0].window`.
    pub field: String,
    /// Why, in one sentence. It tells no value.
    pub reason: String,
}

/// A request of earlier days as the beginning of a new one: authority, proceeding, facts, offences, what is asked and all texts stay;
/// whom it concerns, when, by whose decision and under which number must be thought of anew, and stands in angle brackets as in
/// [`skeleton`](crate::skeleton). `earlier` is a document of `request/1`, complete or not. The second value tells what was left out.
pub fn clone_request(earlier: &Value, target: &CloneFor<'_>) -> (Value, Vec<LeftOut>) {
    let mut cloning = Cloning { document: earlier.clone(), left_out: Vec::new() };
    cloning.addressed(target);
    for (field, form, reason) in ANEW {
        cloning.anew(field, form, reason);
    }
    for (field, reason) in DROPPED {
        cloning.dropped(field, reason);
    }
    if cloning.document.pointer("/language/translation/certified") == Some(&Value::Bool(true)) {
        cloning.put(
            "/language/translation/certified",
            json!(false),
            "the translation is certified for each request anew",
        );
    }
    if cloning.document.pointer("/earlier_requests").and_then(Value::as_array).is_some_and(|all| !all.is_empty()) {
        cloning.put("/earlier_requests", json!([]), "name the requests on which this one follows");
    }
    let measures = cloning.document.pointer("/measures").and_then(Value::as_array).map_or(0, Vec::len);
    for index in 0..measures {
        cloning.measure(index, target);
    }
    (cloning.document, cloning.left_out)
}

/// What is written anew: the field, the words of the form, and why.
const ANEW: &[(&str, &str, &str)] = &[
    ("/reference", "<your file number>", "each request has its own number"),
    (
        "/validation/decision_reference",
        "<file number of the decision>",
        "a judge or prosecutor decides on each request anew",
    ),
    ("/validation/decided_on", "<YYYY-MM-DD>", "a judge or prosecutor decides on each request anew"),
];

/// What is not taken over.
const DROPPED: &[(&str, &str)] = &[
    ("/validation/validator", "a judge or prosecutor decides on each request anew"),
    ("/consent", "a holder consents to one request"),
    ("/tag_key", "the desk fills it in for the year"),
    ("/urgency/deadline", "the day has to be thought of anew"),
    ("/language/translation/certified_on", "the translation is certified for each request anew"),
];

struct Cloning {
    document: Value,
    left_out: Vec<LeftOut>,
}

impl Cloning {
    fn addressed(&mut self, target: &CloneFor<'_>) {
        let Some(fields) = self.document.as_object_mut() else { return };
        fields.insert("case".to_owned(), target.case.to_string().into());
        fields.insert("requested".to_owned(), target.addressee.party().as_str().into());
        fields.insert("addressee".to_owned(), target.addressee.to_string().into());
    }

    /// Replaces what is there; what is not there stays away.
    fn put(&mut self, pointer: &str, value: Value, reason: &str) {
        let Some(there) = self.document.pointer_mut(pointer) else { return };
        if *there == value {
            return;
        }
        *there = value;
        self.left_out.push(LeftOut { field: crate::finding::dotted(pointer), reason: reason.to_owned() });
    }

    fn anew(&mut self, pointer: &str, form: &str, reason: &str) {
        self.put(pointer, form.into(), reason);
    }

    fn dropped(&mut self, pointer: &str, reason: &str) {
        let Some((parent, name)) = pointer.rsplit_once('/') else { return };
        let fields = self.document.pointer_mut(parent).and_then(Value::as_object_mut);
        if fields.is_some_and(|fields| fields.remove(name).is_some()) {
            self.left_out.push(LeftOut { field: crate::finding::dotted(pointer), reason: reason.to_owned() });
        }
    }

    fn measure(&mut self, index: usize, target: &CloneFor<'_>) {
        let at = format!("/measures/{index}");
        if self.document.pointer(&format!("{at}/window")).is_some() {
            let window = json!({ "from": "<YYYY-MM-DD>", "to": "<YYYY-MM-DD>" });
            self.put(&format!("{at}/window"), window, "the time has to be thought of anew");
        }
        self.article(&at, target.rule);
        if target.keep_subjects {
            return;
        }
        let kind = self.document.pointer(&format!("{at}/subjects/0/selector/kind")).and_then(Value::as_str);
        let kind =
            SelectorKind::ALL.into_iter().find(|one| Some(one.as_str()) == kind).unwrap_or(SelectorKind::Account);
        let form: Value = serde_json::from_str(selector(kind)).unwrap_or(Value::Null);
        let subjects = json!([{
            "subject_ref": "S1",
            "role": "<suspect, accused, victim, witness, third_party or unknown>",
            "selector": form,
            "basis_of_suspicion": "<why this subject>",
        }]);
        self.put(
            &format!("{at}/subjects"),
            subjects,
            "whom it concerns has to be thought of anew; --keep-subjects keeps them",
        );
    }

    /// The clause of the rule of today for what is asked, where the old one is not in it.
    fn article(&mut self, at: &str, rule: &Rule) {
        let text = |name: &str| self.document.pointer(&format!("{at}/{name}")).and_then(Value::as_str);
        let (Some(article), Some(kind)) = (text("article"), text("request_type")) else { return };
        let possible: Vec<_> = rule.measures().filter(|(_, asked)| asked.as_str() == kind).collect();
        if possible.iter().any(|(clause, _)| clause.to_string() == article) {
            return;
        }
        if let Some((clause, _)) = possible.first() {
            let reason =
                "the clause is not in the rule of today with the addressee; this one is, for the same request type";
            self.put(&format!("{at}/article"), clause.to_string().into(), reason);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::sample;

    const TODAY: jiff::civil::Date = jiff::civil::date(2026, 8, 5);

    fn cloned(earlier: &Value, to: &str, keep_subjects: bool) -> (Value, Vec<LeftOut>) {
        let addressee: AuthorityId = to.parse().unwrap();
        let rule = treaty::Catalog::builtin().unwrap().rule("JP".parse().unwrap(), addressee.party(), TODAY);
        let case = CaseId::new([9; 16]);
        clone_request(earlier, &CloneFor { case, addressee: &addressee, rule: &rule, keep_subjects })
    }

    #[test]
    fn what_is_thought_of_anew_is_left_out_and_said_and_the_rest_stays() {
        let earlier = serde_json::to_value(sample::request()).unwrap();
        let (new, left_out) = cloned(&earlier, "FR:central", false);
        for field in [
            "/authority",
            "/offences",
            "/facts",
            "/purpose",
            "/necessity",
            "/measures/0/procedure",
            "/measures/0/records",
        ] {
            assert_eq!(new.pointer(field), earlier.pointer(field), "{field}");
        }
        let told: Vec<_> = left_out.iter().map(|one| one.field.as_str()).collect();
        for field in [
            "reference",
            "validation.decision_reference",
            "validation.decided_on",
            "measures[0].window",
            "measures[0].subjects",
        ] {
            assert!(told.contains(&field), "{field}: {told:?}");
        }
        let text = new.to_string();
        assert!(!text.contains("harbour.trader"), "the subject is gone");
        assert_eq!(new["language"]["translation"]["certified"], false);
        // Nothing that was left out is told by its value.
        assert!(left_out.iter().all(|one| !one.reason.contains("harbour")));
    }

    #[test]
    fn every_field_that_differs_is_told() {
        let earlier = serde_json::to_value(sample::request()).unwrap();
        let (new, left_out) = cloned(&earlier, "FR:central", true);
        assert_eq!(new.pointer("/measures/0/subjects"), earlier.pointer("/measures/0/subjects"));
        for (name, value) in earlier.as_object().unwrap() {
            let told = left_out.iter().any(|one| one.field.split(['.', '[']).next() == Some(name));
            assert!(new.get(name) == Some(value) || told || name == "case", "{name} differs and is not told");
        }
    }

    #[test]
    fn another_addressee_brings_the_clause_of_its_own_treaty() {
        let mut earlier = serde_json::to_value(sample::request()).unwrap();
        earlier["measures"][0]["article"] = "untoc:18".into();
        let (new, left_out) = cloned(&earlier, "IT:central", false);
        assert_eq!((new["requested"].as_str(), new["addressee"].as_str()), (Some("IT"), Some("IT:central")));
        assert_eq!(new["measures"][0]["article"], "ets-185:31");
        assert!(left_out.iter().any(|one| one.field == "measures[0].article"));
    }

    #[test]
    fn an_unfinished_request_can_be_taken_again_too() {
        let (new, left_out) = cloned(&json!({ "facts": { "summary": "x" }, "measures": [{}] }), "FR:central", false);
        assert_eq!((new["facts"]["summary"].as_str(), left_out.len()), (Some("x"), 0));
    }
}
