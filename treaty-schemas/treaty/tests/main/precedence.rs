//! What a treaty that stands in for others gives way to.

use jiff::civil::date;
use model::{RefusalCode, SelectorKind};

use crate::{
    force::{FALLBACK, SERVICE, on, refused, replaced},
    support::{TODAY, builtin, measure, party, query, world},
};

#[test]
fn a_fallback_that_gives_way_to_any_treaty_of_assistance_closes_altogether_while_one_is_in_force() {
    let wide =
        replaced("instruments/wide/instrument.toml", "fallback = true", "fallback = true\ngives_way_to = \"any_mla\"");
    let unmarked = world(std::slice::from_ref(&wide));
    assert!(on(&unmarked, ("FR", "JP"), SERVICE, TODAY).allowed(), "no text says that it is such a treaty");
    let conv = replaced("instruments/evidence/instrument.toml", "depositary = \"Council\"", "mla = true");
    let catalog = world(&[wide, conv.clone()]);
    let reason =
        "wide:18(4) serves only where no treaty of mutual legal assistance is in force, and between FR and JP conv is";
    refused(&on(&catalog, ("FR", "JP"), SERVICE, TODAY), None, reason);
    assert!(on(&catalog, ("FR", "JP"), SERVICE, date(2012, 10, 31)).allowed(), "conv does not bind Japan yet");
    assert!(
        on(&catalog, ("FR", "CN"), SERVICE, TODAY).allowed() && on(&catalog, ("FR", "CN"), FALLBACK, TODAY).allowed()
    );
    // By default it gives way to the same request only.
    assert!(on(&world(&[conv]), ("FR", "JP"), SERVICE, TODAY).allowed());
}

#[test]
fn what_the_two_have_arranged_does_not_give_way_to_a_treaty_of_assistance() {
    let wide =
        replaced("instruments/wide/instrument.toml", "fallback = true", "fallback = true\ngives_way_to = \"any_mla\"");
    let service = "articles = [\"wide:18(4)\"]";
    let wide = (wide.0, wide.1.replacen(service, &format!("{service}\nrequires_arrangement = true"), 1));
    let conv = replaced("instruments/evidence/instrument.toml", "depositary = \"Council\"", "mla = true");
    let overlay = "format = \"overlay/1\"\nid = \"mou\"\ntitle = \"t\"\nparties = [\"FR\", \"JP\"]\nkind = \"arrangement\"\n\
                   arranges = [\"service\"]\nverified = true\n";
    let catalog = world(&[wide, conv, ("overlays/FR-JP/mou.toml", overlay.to_owned())]);
    assert!(on(&catalog, ("FR", "JP"), SERVICE, TODAY).allowed());
}

#[test]
fn palermo_gives_nothing_between_japan_and_the_united_states_but_their_own_treaty_does() {
    let ask = |a: &str, b: &str, article: &str, kind: &str, record: &str| {
        let mut scope = measure(article, kind, record);
        scope.selectors = vec![SelectorKind::Person];
        scope.window = scope.window.filter(|_| matches!(kind, "bank_records" | "stored_data"));
        let measures = [scope];
        builtin().rule(party(a), party(b), TODAY).decide(&query(a, b, &measures))
    };
    let bank = ask("JP", "US", "untoc:18(3)(f)", "bank_records", "bank_records");
    let refusal = crate::support::only(&bank);
    assert_eq!(refusal.code, RefusalCode::R92);
    assert!(refusal.reason.ends_with("and between JP and US jp-us-mlat is"), "{}", refusal.reason);
    assert!(ask("JP", "US", "jp-us-mlat:1(2)", "testimony", "testimony_record").allowed());
    assert!(ask("FR", "CN", "untoc:18(3)(f)", "bank_records", "bank_records").allowed());
    let budapest = crate::support::decide(crate::support::stored_data());
    assert!(budapest.allowed(), "{:?}", budapest.refusals);
}
