use model::{Language, MeasureId, MeasureScope, RefusalCode, Role};
use treaty::{Decision, Label, Query};

use crate::support::{query, rule, stored_data};

/// One good measure and one with 21 subjects.
fn mixed() -> Decision {
    let measures = [stored_data(), MeasureScope { id: MeasureId(2), subjects: 21, ..stored_data() }];
    rule("JP", "FR").decide(&query("JP", "FR", &measures))
}

#[test]
fn each_language_tells_the_same_decision_with_its_own_words() {
    let decision = mixed();
    for language in Language::ALL {
        let text = decision.to_text(*language);
        assert!(text.starts_with(&format!("JP → FR, 2026-11-22: {}\n", Label::Refused.text(*language))));
        assert!(text.contains(&format!("R90 {}", RefusalCode::R90.text_in(*language))));
        assert!(text.contains("21 subjects, at most 20") && text.contains("measures[1].subjects"));
        let allowed = format!(
            "M1: {}\n  {}: ets-185:31 stored_data",
            Label::Allowed.text(*language),
            Label::Basis.text(*language)
        );
        assert!(text.contains(&allowed), "{text}");
        assert!(text.contains(&format!("{}: R02", Label::MayRefuse.text(*language))));
        let html = decision.to_html(*language);
        assert!(
            html.starts_with(&format!("<section lang=\"{}\">\n<h2>", language.tag())) && html.ends_with("</section>\n")
        );
        for (open, close) in
            [("<dl>", "</dl>"), ("<tr>", "</tr>"), ("<dt>", "</dt>"), ("<li>", "</li>"), ("<table>", "</table>")]
        {
            assert_eq!(html.matches(open).count(), html.matches(close).count(), "{open}");
        }
        assert!(!html.contains("style") && !html.contains("<script"));
    }
}

#[test]
fn no_label_is_empty_or_the_same_in_all_languages() {
    for label in Label::ALL {
        let words: Vec<_> = Language::ALL.iter().map(|language| label.text(*language)).collect();
        assert!(words.iter().all(|word| !word.is_empty() && !word.contains(['<', '&', '\n'])), "{label:?}");
        assert!(words.iter().any(|word| word != &words[0]), "{label:?}");
    }
}

#[test]
fn legal_and_policy_clocks_are_told_apart() {
    let preserve = [crate::support::measure("ets-185:29", "preservation", "preservation_confirmation")];
    let decision = rule("JP", "FR").decide(&query("JP", "FR", &preserve));
    let facts = decision.permits[0].explain(Language::English);
    let said = |label| {
        facts.iter().filter(|fact| fact.label == label).map(|fact| fact.value.as_str()).collect::<Vec<_>>().join("; ")
    };
    assert!(said(Label::LegalClocks).contains("preservation 60 days [ets-185:29(7)]"));
    assert!(said(Label::PolicyClocks).contains("ack 10 days") && !said(Label::PolicyClocks).contains("ets-185"));
    assert!(said(Label::MustRefuse).is_empty() && said(Label::MayRefuse).contains("R02 sovereignty"));
}

#[test]
fn a_document_has_its_version_and_the_whole_decision() {
    let decision = mixed();
    let json = serde_json::to_value(decision.document()).unwrap();
    assert_eq!((&json["schema_version"], &json["allowed"]), (&1.into(), &false.into()));
    assert_eq!(json["refusals"][0]["code"], "R90");
    assert_eq!(json["permits"][0]["article"], "ets-185:31");
    let inputs: Vec<_> = json["trace"].as_array().unwrap().iter().map(|step| step["input"].as_str().unwrap()).collect();
    let written: Vec<_> = decision.trace.iter().map(|step| step.input.to_string()).collect();
    assert_eq!(inputs, written);
    assert_eq!(inputs[0], "JP asks FR");
}

#[test]
fn what_the_sender_wrote_is_in_no_rendering() {
    let secret = "<script>alert('&')</script>";
    let measures = [stored_data()];
    let languages = [secret];
    let asked = Query {
        purpose: Some(secret),
        languages: Some(&languages),
        validator: Some(Role::Judge),
        ..query("JP", "FR", &measures)
    };
    let decision = rule("JP", "FR").decide(&asked);
    assert!(!decision.allowed());
    let json = serde_json::to_string(&decision.document()).unwrap();
    for text in [json, decision.to_html(Language::French), decision.to_text(Language::English)] {
        assert!(!text.contains("script") && !text.contains("alert"), "{text}");
    }
}

#[test]
fn what_a_treaty_file_holds_cannot_become_markup() {
    let mut decision = mixed();
    let hostile = "\"><img src=x onerror='x'>&\u{1b}";
    hostile.clone_into(&mut decision.refusals[0].reason);
    decision.refusals[0].field = Some(hostile.to_owned());
    hostile.clone_into(&mut decision.refusals[0].rule);
    decision.permits[0].purposes = vec![hostile.to_owned()];
    decision.permits[0].file = hostile.into();
    decision.trace[0].file = hostile.into();
    decision.trace[0].input = treaty::Input::Name(hostile.to_owned());
    let html = decision.to_html(Language::Italian);
    assert!(!html.contains("<img") && !html.contains("'x'") && !html.contains('\u{1b}'));
    assert_eq!(html.matches("&quot;&gt;&lt;img src=x onerror=&#39;x&#39;&gt;&amp;\u{fffd}").count(), 7);
}
