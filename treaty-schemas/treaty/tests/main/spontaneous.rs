//! Requests that give instead of ask: what the catalogue has of them, and what such a request type cannot be.

use model::{Language, MeasureScope, SelectorKind};
use treaty::{Catalog, Query};

use crate::support::{TODAY, builtin, measure, party, query};

const UNTOC: &str = "instruments/untoc/instrument.toml";

fn given() -> MeasureScope {
    MeasureScope {
        window: None,
        selectors: vec![SelectorKind::Account],
        ..measure("ets-185:26", "spontaneous", "spontaneous_information")
    }
}

#[test]
fn two_parties_to_the_convention_give_each_other_what_nobody_asked_for() {
    for (from, to) in [("JP", "FR"), ("FR", "JP")] {
        let (catalog, measures) = (builtin(), [given()]);
        let rule = catalog.rule(party(from), party(to), TODAY);
        let purpose = Some("criminal_investigation");
        let decision = rule.decide(&Query { purpose, offence: None, ..query(from, to, &measures) });
        assert!(decision.allowed(), "{:?}", decision.refusals);
        let permit = &decision.permits[0];
        assert!(permit.spontaneous && !permit.compulsory && !permit.automatic && !permit.verified);
        assert_eq!(permit.grounds, []);
        let facts = permit.explain(Language::English);
        assert!(facts.iter().any(|fact| fact.label.text(Language::English) == "given without a request"), "{facts:?}");
        let offer = rule.offers().find(|one| one.request_type.as_str() == "spontaneous");
        assert!(offer.is_some_and(|offer| offer.spontaneous));
        let asking = rule.offers().filter(|one| one.request_type.as_str() != "spontaneous");
        assert!(asking.into_iter().all(|offer| !offer.spontaneous));
    }
}

/// What is wrong with UNTOC when `to` stands in the place of `from`.
fn wrong(from: &str, to: &str) -> Vec<String> {
    let changed = |(path, text): (String, String)| match path.as_str() {
        UNTOC => {
            assert!(text.contains(from), "{from}");
            let text = text.replacen(from, to, 1);
            (path, text)
        }
        _ => (path, text),
    };
    let found = Catalog::load(Catalog::builtin_files().map(changed)).unwrap_err();
    found.into_iter().map(|one| one.message).collect()
}

#[test]
fn what_only_makes_sense_where_somebody_is_asked_gives_nothing() {
    let gives = "spontaneous = true ";
    let with = |line: &str| format!("{line}\nspontaneous = true ");
    for (from, to, reason) in [
        (gives.to_owned(), with("automatic = true"), "it is `automatic`, and nobody answers it"),
        (
            "compulsory = false                                                   # the sender gives".to_owned(),
            String::new(),
            "it compels somebody",
        ),
        (gives.to_owned(), with("emergency = { callback = true }"), "it is for emergencies, which somebody grants"),
        (
            "dual_criminality = \"never\"                                           # policy: nobody is asked for anything"
                .to_owned(),
            "dual_criminality = \"always\"".to_owned(),
            "it needs dual criminality",
        ),
        (gives.to_owned(), with("timers = [{ timer = \"preservation\", days = 60 }]"), "it preserves data"),
        (gives.to_owned(), with("consent = { max_age_seconds = 300 }"), "a holder discloses it by consent"),
    ] {
        let found = wrong(&from, &to);
        assert!(found.contains(&format!("it cannot give without being asked: {reason}")), "{found:?}");
    }
}
