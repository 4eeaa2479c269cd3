use serde_json::Value;

use crate::{
    Finding, RequestBody, Selector, Severity,
    translation::{Difference, Outcome, Stands, compare, language_of},
};

/// Differences that are told of one text; where there are more, the two are not one text.
const DIFFERENCES_MAX: usize = 8;

/// What the subjects of a request are called: for each all names of any script.
pub fn names(body: &RequestBody) -> Vec<Vec<String>> {
    let subjects = body.measures.iter().flat_map(|measure| &measure.subjects);
    let called = subjects.map(|subject| {
        let listed = subject.identity.iter().flat_map(|identity| identity.names.iter().map(|one| one.name.clone()));
        let mut names: Vec<String> = listed.collect();
        if let Selector::Person { value, .. } = &subject.selector {
            names.push(value.clone());
        }
        names
    });
    let mut called: Vec<Vec<String>> = called.filter(|names| !names.is_empty()).collect();
    called.sort();
    called.dedup();
    called
}

/// Holds the figures, dates and names of each translated text against its original. The findings name places, never values.
pub(crate) fn translated(body: &RequestBody) -> Vec<Finding> {
    let Some(translation) = body.language.translation.as_ref().filter(|one| !one.texts.is_empty()) else {
        return Vec::new();
    };
    let (Some(from), Some(to)) = (language_of(&body.language.original), language_of(&translation.language)) else {
        let message = "the figures of the translation are not compared: one of its languages is not known here";
        let remedy = "Let a second reader compare numbers, dates and names.";
        return vec![Finding::new(Severity::Advice, "language.translation.texts", message, remedy)];
    };
    let Ok(whole) = serde_json::to_value(body) else { return Vec::new() };
    let names = names(body);
    let mut findings = Vec::new();
    for (index, one) in translation.texts.iter().enumerate() {
        let field = format!("language.translation.texts[{index}]");
        let Some(original) = whole.pointer(&one.field).and_then(Value::as_str) else {
            let message = "names no text of this request";
            let remedy = "Name the field that holds the original, as in /facts/summary.";
            findings.push(Finding::new(Severity::Missing, &format!("{field}.field"), message, remedy));
            continue;
        };
        let compared = compare((original, from), (&one.text, to), &names);
        if compared.outcome() == Outcome::Differ {
            let sure = compared.differences.iter().filter(|one| !one.doubtful);
            findings.extend(sure.take(DIFFERENCES_MAX).map(|differs| told(&field, &one.field, differs)));
        }
    }
    findings
}

fn told(field: &str, original: &str, one: &Difference) -> Finding {
    let kind = one.kind.as_str();
    let place = format!("line {}, column {}", one.line, one.column);
    let message = match one.stands {
        Stands::InOriginal => format!("the {kind} at {place} of {original} is not in its translation"),
        Stands::InTranslation => format!("the {kind} at {place} of the translation is not in {original}"),
    };
    let remedy = "Correct the text that is wrong, and let the translator certify it again.";
    Finding::new(Severity::Missing, &format!("{field}.text"), message, remedy)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::{TranslatedText, sample};

    fn with(original: &str, field: &str, translation: &str) -> Vec<Finding> {
        let mut body = sample::request();
        body.facts.summary = original.to_owned();
        let text = TranslatedText { field: field.to_owned(), text: translation.to_owned() };
        body.language.translation.as_mut().unwrap().texts = vec![text];
        translated(&body)
    }

    #[test]
    fn a_mangled_figure_is_missing_at_its_place_and_is_not_repeated() {
        let original = "被害額は４０００万円である。";
        assert_eq!(with(original, "/facts/summary", "The loss is 40 million yen."), []);
        let found = with(original, "/facts/summary", "The loss is 4 million yen.");
        let fields: Vec<_> = found.iter().map(|one| (one.severity, one.field.as_str())).collect();
        let field = "language.translation.texts[0].text";
        assert_eq!(fields, [(Severity::Missing, field), (Severity::Missing, field)]);
        assert!(found.iter().all(|one| !one.to_string().contains("4000") && !one.to_string().contains("million")));
        assert!(found[0].message.contains("the amount at line 1, column 5 of /facts/summary"), "{}", found[0].message);
    }

    #[test]
    fn a_translation_of_no_text_of_the_request_is_missing_its_original() {
        assert_eq!(with("被害", "/facts/place_of_it", "x")[0].field, "language.translation.texts[0].field");
        assert_eq!(with("被害", "/facts", "x")[0].field, "language.translation.texts[0].field");
    }

    #[test]
    fn a_language_whose_figures_are_not_known_is_said_so() {
        let mut body = sample::request();
        body.language.original = "de".to_owned();
        assert_eq!(translated(&body), []);
        let text = TranslatedText { field: "/facts/summary".to_owned(), text: "x".to_owned() };
        body.language.translation.as_mut().unwrap().texts = vec![text];
        assert_eq!(translated(&body)[0].severity, Severity::Advice);
    }
}
