//! Which requests an authority may answer without a human: both states must have said so, and every layer can only take it away.

use model::{MeasureScope, PartyId, Role, SelectorKind};
use proptest::prelude::*;
use treaty::{Catalog, Claim, Earlier, Offer, Permit, Query, prove_rules};

use crate::support::{NOON, TODAY, builtin, folder, measure, party, query};

const AGREEMENT: &str = "instruments/fictitious-records/instrument.toml";
const ARRANGEMENT: &str = "overlays/FR-JP/fictitious-records.toml";
const BOND: &str = "\n[[treaty]]\ninstrument = \"fictitious-records\"\nsigned = 2025-01-01\nratified = 2025-06-01\n\
                    in_force = 2026-01-01\nverified = false\n";
const DECLARATION: &str =
    "\n[[declaration]]\narticle = \"fictitious-records:3\"\nrule = \"automatic\"\nverified = false\n";

/// The files of the catalogue with the example of criminal records, where France and Japan say `france` and `japan` besides.
fn files(france: &str, japan: &str, changed: &[(&str, String)]) -> Vec<(String, String)> {
    let examples = folder(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/examples"));
    let examples = examples.into_iter().filter(|(path, _)| path == AGREEMENT || path == ARRANGEMENT);
    let all = Catalog::builtin_files().chain(examples).map(|(path, text)| match path.as_str() {
        "parties/FR.toml" => (path, format!("{text}{BOND}{france}")),
        "parties/JP.toml" => (path, format!("{text}{BOND}{japan}")),
        _ => (path, text),
    });
    let kept = all.filter(|(path, _)| changed.iter().all(|(name, _)| name != path));
    kept.chain(changed.iter().map(|(path, text)| ((*path).to_owned(), text.clone()))).collect()
}

fn load(files: Vec<(String, String)>) -> Catalog {
    Catalog::load(files).unwrap_or_else(|wrong| {
        let shown: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        unreachable!("{}", shown.join("\n\n"))
    })
}

fn extract() -> MeasureScope {
    MeasureScope {
        window: None,
        selectors: vec![SelectorKind::Person],
        ..measure("fictitious-records:3", "record_extract", "criminal_record_extract")
    }
}

/// What is allowed to somebody who asks `to` for an extract, by the rule as `to` applies it.
fn permit(catalog: &Catalog, from: &str, to: &str) -> Permit {
    let measures = [extract()];
    let rule = catalog.local_rule(party(to), party(from), party(to), TODAY);
    let mut decision = rule.decide(&Query { purpose: Some("criminal_proceedings"), ..query(from, to, &measures) });
    assert!(decision.allowed(), "{:?}", decision.refusals);
    decision.permits.remove(0)
}

fn offer(catalog: &Catalog, to: PartyId) -> Offer {
    let rule = catalog.rule(party("FR"), party("JP"), TODAY);
    rule.offers().find(|offer| offer.request_type.as_str() == "record_extract" && offer.requested == to).unwrap()
}

#[test]
fn an_attestation_is_automatic_between_two_states_that_both_accept_it() {
    for (from, to) in [("JP", "SG"), ("SG", "JP")] {
        let measures = [MeasureScope {
            window: None,
            selectors: vec![SelectorKind::Holder],
            attributes: vec!["over_20".parse().unwrap()],
            tags: vec![model::SubjectTag::new([7; 16])],
            ..measure("jp-sg-didc-2022:2", "attest", "identity_attestation")
        }];
        let consent = Some(model::Consent { given: NOON, receipt: model::Digest::of(&[b"receipt"]) });
        let tag_key = Some(model::Digest::of(&[b"key"]));
        let rule = builtin().rule(party(from), party(to), TODAY);
        let decision =
            rule.decide(&Query { purpose: Some("age_proof"), consent, tag_key, ..query(from, to, &measures) });
        assert!(decision.allowed(), "{:?}", decision.refusals);
        assert!(decision.permits[0].automatic);
        let facts = decision.permits[0].explain(model::Language::English);
        assert!(facts.iter().any(|fact| fact.label == treaty::Label::Automatic));
    }
}

#[test]
fn it_needs_the_word_of_both_and_says_whose_is_missing() {
    for (france, japan, missing) in [("", DECLARATION, "FR"), (DECLARATION, "", "JP"), ("", "", "FR")] {
        let catalog = load(files(france, japan, &[]));
        for (from, to) in [("FR", "JP"), ("JP", "FR")] {
            assert!(!permit(&catalog, from, to).automatic);
        }
        let limit = offer(&catalog, party("JP")).automatic;
        assert_eq!((limit.value, limit.owner), (false, Some(party(missing))));
        assert_eq!(&*limit.file, format!("parties/{missing}.toml"));
    }
    let withdrawn = format!("{DECLARATION}withdrawn = 2026-03-01\n");
    assert!(!permit(&load(files(DECLARATION, &withdrawn, &[])), "FR", "JP").automatic);
}

#[test]
fn an_arrangement_keeps_a_human_in_one_direction_and_says_so() {
    let catalog = load(files(DECLARATION, DECLARATION, &[]));
    assert!(permit(&catalog, "FR", "JP").automatic);
    assert!(!permit(&catalog, "JP", "FR").automatic);
    let (of_japan, of_france) = (offer(&catalog, party("JP")), offer(&catalog, party("FR")));
    assert!(of_japan.automatic.value && &*of_japan.automatic.file == AGREEMENT);
    assert!(!of_france.automatic.value && &*of_france.automatic.file == ARRANGEMENT);
}

#[test]
fn a_rule_that_is_not_automatic_keeps_its_pin_and_one_that_is_has_another() {
    let pin = |france, japan| load(files(france, japan, &[])).rule(party("FR"), party("JP"), TODAY).pin();
    assert_eq!(pin("", ""), pin(DECLARATION, ""));
    assert_ne!(pin("", ""), pin(DECLARATION, DECLARATION));
}

/// The first thing that is wrong with the agreement when `to` stands in the place of `from`.
fn wrong(from: &str, to: &str) -> String {
    let text = files("", "", &[]).into_iter().find(|(path, _)| path == AGREEMENT).unwrap().1;
    assert!(text.contains(from), "{from}");
    let found = Catalog::load(files("", "", &[(AGREEMENT, text.replace(from, to))])).unwrap_err();
    found[0].message.clone()
}

#[test]
fn what_only_a_human_can_answer_is_never_automatic() {
    let mandatory = "mandatory = []                          # what must be weighed cannot be automatic";
    let records = "records = [\"criminal_record_extract\"]";
    for (from, to, reason) in [
        (
            "criminal_record_extract = []",
            "criminal_record_extract = [\"judge\"]",
            "`criminal_record_extract` must be validated",
        ),
        ("max_subjects = 1 ", "max_subjects = 2 ", "it may name 2 subjects"),
        ("default = \"never\"", "default = \"always\"", "it needs dual criminality"),
        (mandatory, "mandatory = [\"R12\"]", "it must be refused for R12"),
        (
            "automatic = true\n",
            "automatic = true\njudgements = [{ name = \"gravity\" }]\n",
            "`gravity` is judged by humans",
        ),
        ("automatic = true\n", "automatic = true\nemergency = { callback = true }\n", "it is for emergencies"),
        (records, "records = [\"content_data\"]\nvalidators = []", "`content_data` is always looked at"),
    ] {
        assert_eq!(wrong(from, to), format!("it cannot be answered automatically: {reason}"));
    }
}

#[test]
fn a_declaration_and_a_restriction_must_find_something_automatic() {
    let stray = DECLARATION.replace("fictitious-records:3", "ets-185:31");
    let found = Catalog::load(files(&stray, "", &[])).unwrap_err();
    assert_eq!(found[0].message, "no request on ets-185:31 may be answered automatically");
    let national = "format = \"national/1\"\nparty = \"JP\"\n[[restrict]]\nrequests = [\"stored_data\"]\nhuman_answers = true\nbecause = \"x\"\n";
    let found = Catalog::load(files("", "", &[("national/JP.toml", national.to_owned())])).unwrap_err();
    assert_eq!(found[0].message, "no request that this touches may be answered automatically");
}

fn overlay(limit: &str) -> String {
    let head = "format = \"overlay/1\"\nid = \"fictitious-records\"\ntitle = \"t\"\nparties = [\"FR\", \"JP\"]\nkind = \"arrangement\"\n\
                arranges = [\"record_extract\"]\nverified = false\n";
    format!("{head}\n[[restrict]]\nrequests = [\"record_extract\"]\n{limit}\nbecause = \"x\"\n")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_layer_makes_a_request_automatic(
        instrument in any::<bool>(),
        declared in any::<[bool; 2]>(),
        takes in prop::sample::select(vec!["max_subjects = 1", "human_answers = true", "dual_criminality = true", "consult = \"required\"",
            "validators = { criminal_record_extract = [\"judge\"] }", "max_bytes = 5", "senders = [\"central\"]"]),
        judge in any::<bool>(),
        national in any::<bool>(),
    ) {
        let agreement = files("", "", &[]).into_iter().find(|(path, _)| path == AGREEMENT).unwrap().1;
        let agreement = if instrument { agreement } else { agreement.replace("automatic = true", "automatic = false") };
        let mut says = declared.map(|yes| if yes && instrument { DECLARATION.to_owned() } else { String::new() });
        if judge {
            says[1] += &DECLARATION.replace("\"automatic\"", "\"dual_criminality\"");
        }
        let takes_it_away = takes.contains("human") || takes.contains("dual") || takes.contains("validators");
        let plain = overlay("max_subjects = 1");
        // What touches nothing automatic is refused as such; it is no layer then.
        prop_assume!(instrument || takes != "human_answers = true");
        let layers = if national {
            let body = format!("format = \"national/1\"\nparty = \"JP\"\n[[restrict]]\nrequests = [\"record_extract\"]\n{takes}\nbecause = \"x\"\n");
            vec![(AGREEMENT, agreement), (ARRANGEMENT, plain), ("national/JP.toml", body)]
        } else {
            vec![(AGREEMENT, agreement), (ARRANGEMENT, overlay(takes))]
        };
        let catalog = load(files(&says[0], &says[1], &layers));
        let shared = catalog.rule(party("FR"), party("JP"), TODAY);
        let rule = catalog.local_rule(party("JP"), party("FR"), party("JP"), TODAY);
        let measures = [extract()];
        let asked = Query { purpose: Some("criminal_proceedings"), validator: Some(Role::Judge), ..query("FR", "JP", &measures) };
        let decision = rule.decide(&asked);
        prop_assert!(decision.allowed(), "{:?}", decision.refusals);
        let both = instrument && declared == [true, true];
        prop_assert_eq!(decision.permits[0].automatic, both && !takes_it_away && !judge);
        // And the proof over all bounds agrees that the national layer only narrows.
        let claim = Claim::NeverWider { than: Earlier::Rules(vec![shared]) };
        let proof = prove_rules(std::slice::from_ref(&rule), &claim);
        prop_assert!(proof.holds, "{:?}", proof.counterexample);
    }
}
