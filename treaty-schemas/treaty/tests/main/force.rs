//! Whether a treaty is in force between two states on a day: one test for each rule of the law of treaties.

use jiff::civil::{Date, date};
use model::{Classification, PartyId, RefusalCode, SelectorKind};
use treaty::{Catalog, Decision, Query, Rule};

use crate::support::{TODAY, builtin, file, measure, only, party, query, replaced_text, with, world, world_file};

/// What is asked in the made-up world, in the least that its treaties want.
#[derive(Clone, Copy)]
pub(crate) struct Ask(
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) &'static str,
    pub(crate) SelectorKind,
);

pub(crate) const STORED: Ask = Ask("conv:31", "stored_data", "subscriber_info", SelectorKind::Account);
const ORDER: Ask = Ask("prot:8", "order_production", "subscriber_info", SelectorKind::Account);
const DIRECT: Ask = Ask("prot:7", "provider_direct", "subscriber_info", SelectorKind::Account);
pub(crate) const TEAM: Ask = Ask("prot:12", "joint_team", "content_data", SelectorKind::Account);
pub(crate) const FALLBACK: Ask = Ask("wide:18(3)", "stored_data", "subscriber_info", SelectorKind::Person);
pub(crate) const SERVICE: Ask = Ask("wide:18(4)", "service", "service_certificate", SelectorKind::Person);
const UNION: Ask = Ask("dir:1", "order", "testimony_record", SelectorKind::Person);

/// Decides on one measure with one subject and, where the request type has one, a window of a month.
pub(crate) fn decide(rule: &Rule, from: &str, to: &str, ask: Ask) -> Decision {
    let Ask(article, kind, record, selector) = ask;
    let mut scope = measure(article, kind, record);
    scope.selectors = vec![selector];
    scope.window = (kind == "stored_data").then_some(model::Window { from: date(2026, 1, 1), to: date(2026, 1, 30) });
    let measures = [scope];
    let between = [from, to].map(|party| format!("{party}:central").parse().unwrap());
    let asked = Query {
        purpose: Some("investigation"),
        classification: Some(Classification::Official),
        between: Some(between.each_ref()),
        ..query(from, to, &measures)
    };
    rule.decide(&asked)
}

pub(crate) fn on(catalog: &Catalog, pair: (&str, &str), ask: Ask, day: Date) -> Decision {
    decide(&catalog.rule(party(pair.0), party(pair.1), day), pair.0, pair.1, ask)
}

/// That it is allowed the day before `day` in both directions, and from then on refused with R92 and `reason` by `owner`.
fn ends(catalog: &Catalog, pair: (&str, &str), ask: Ask, day: Date, owner: Option<&str>, reason: &str) {
    for pair in [pair, (pair.1, pair.0)] {
        let before = on(catalog, pair, ask, day.yesterday().unwrap());
        assert!(before.allowed(), "{:?}", before.refusals);
        refused(&on(catalog, pair, ask, day), owner, reason);
    }
}

#[track_caller]
pub(crate) fn refused(decision: &Decision, owner: Option<&str>, reason: &str) {
    let refusal = only(decision);
    assert_eq!((refusal.code, refusal.reason.as_str()), (RefusalCode::R92, reason));
    assert_eq!(refusal.owner, owner.map(party));
    assert!(!refusal.remedy.is_empty() && refusal.rule.ends_with(".toml"));
}

pub(crate) fn appended(path: &'static str, text: &str) -> (&'static str, String) {
    (path, format!("{}\n{text}", world_file(path)))
}

pub(crate) fn replaced(path: &'static str, from: &str, to: &str) -> (&'static str, String) {
    (path, replaced_text(path, from, to))
}

const EVIDENCE: &str = "instruments/evidence/instrument.toml";

#[test]
fn a_protocol_that_too_few_have_ratified_is_refused_and_two_more_ratifications_open_it_but_not_what_is_reserved() {
    let jp_hu = |catalog: &Catalog, ask: (&str, &str, &str)| {
        let mut scope = measure(ask.0, ask.1, ask.2);
        scope.window = scope.window.filter(|_| ask.1 != "provider_direct");
        let measures = [scope];
        catalog.rule(party("JP"), party("HU"), TODAY).decide(&query("HU", "JP", &measures))
    };
    let order = ("cets-224:8", "order_production", "traffic_data");
    let today = jp_hu(&builtin(), order);
    assert_eq!(only(&today).code, RefusalCode::R92);
    assert!(only(&today).reason.ends_with("not in force: 3 of 5 ratifications"), "{}", only(&today).reason);
    let ratify = |path: &'static str| {
        let text = file(path);
        assert!(!text.contains("cets-224"));
        (path, format!("{text}\n[[treaty]]\ninstrument = \"cets-224\"\nratified = 2026-07-10\nverified = false\n"))
    };
    let catalog = with(&[ratify("parties/SG.toml"), ratify("parties/DE.toml")]);
    assert!(jp_hu(&catalog, order).allowed(), "{:?}", jp_hu(&catalog, order).refusals);
    let direct = jp_hu(&catalog, ("cets-224:7", "provider_direct", "subscriber_info"));
    assert!(direct.permits.is_empty());
    assert!(
        direct.refusals.iter().any(|refusal| refusal.reason == "JP has reserved cets-224:7"),
        "{:?}",
        direct.refusals
    );
}

#[test]
fn a_convention_binds_from_the_month_that_its_entry_clause_says() {
    // 2020-03-20 is the third ratification; three months later, the first day of the next month.
    let catalog = world(&[]);
    assert!(on(&catalog, ("FR", "JP"), ORDER, date(2020, 7, 1)).allowed());
    let before = on(&catalog, ("FR", "JP"), ORDER, date(2020, 6, 30));
    refused(&before, None, "prot is ratified by FR and JP, not in force: it begins on 2020-07-01");
    // Ninety days after 2007-08-28, for a convention that begins long before.
    let late = on(&catalog, ("SG", "CN"), SERVICE, date(2007, 11, 25));
    refused(&late, Some("SG"), "wide is not in force for SG before 2007-11-26");
    assert!(on(&catalog, ("SG", "CN"), SERVICE, date(2007, 11, 26)).allowed());
}

#[test]
fn a_state_that_has_only_signed_is_not_bound() {
    let decision = on(&world(&[]), ("GB", "JP"), ORDER, TODAY);
    refused(&decision, Some("GB"), "GB has signed prot, but not ratified it");
}

#[test]
fn provisional_application_holds_between_those_who_agreed_to_it_and_ends_on_its_day() {
    let catalog = world(&[]);
    let day = |day| {
        let rule = catalog.rule(party("JP"), party("SG"), day);
        rule.measures().any(|(article, _)| article.instrument() == "memo")
    };
    assert!(day(date(2026, 1, 1)) && day(date(2026, 12, 31)));
    assert!(!day(date(2025, 12, 31)) && !day(date(2027, 1, 1)));
    let alone = world(&[replaced("parties/SG.toml", "provisional = true", "signed = 2025-01-01")]);
    assert!(!alone.rule(party("JP"), party("SG"), TODAY).measures().any(|(article, _)| article.instrument() == "memo"));
    let over = decide(
        &catalog.rule(party("JP"), party("SG"), date(2027, 1, 1)),
        "JP",
        "SG",
        Ask("memo:3", "attest", "identity_attestation", SelectorKind::Holder),
    );
    let reasons: Vec<_> = over.refusals.iter().map(|refusal| refusal.reason.as_str()).collect();
    assert!(reasons.contains(&"memo was applied provisionally until 2026-12-31, and is not in force"), "{reasons:?}");
}

#[test]
fn a_reservation_binds_both_until_the_day_on_which_it_is_withdrawn() {
    let reservation = "[[reservation]]\narticle = \"conv:31\"\nwithdrawn = 2026-06-01\nverified = true\n";
    let catalog = world(&[appended("parties/JP.toml", reservation)]);
    for pair in [("FR", "JP"), ("JP", "FR")] {
        refused(&on(&catalog, pair, STORED, date(2026, 5, 31)), Some("JP"), "JP has reserved conv:31");
        assert!(on(&catalog, pair, STORED, date(2026, 6, 1)).allowed());
    }
}

#[test]
fn a_reservation_towards_one_state_does_not_touch_another() {
    let reservation = "[[reservation]]\narticle = \"conv:31\"\ntowards = [\"FR\"]\nverified = true\n";
    let catalog = world(&[appended("parties/JP.toml", reservation)]);
    assert!(!on(&catalog, ("FR", "JP"), STORED, TODAY).allowed());
    assert!(on(&catalog, ("DE", "JP"), STORED, TODAY).allowed());
}

#[test]
fn an_objection_that_bars_keeps_the_whole_treaty_out_and_one_that_does_not_leaves_only_the_reservation() {
    let reservation = "[[reservation]]\narticle = \"conv:29\"\nverified = true\n";
    let objection =
        |bars: bool| format!("[[objection]]\nto = \"JP\"\narticle = \"conv:29\"\nbars = {bars}\nverified = true\n");
    let objected = |text: &str| world(&[appended("parties/JP.toml", reservation), appended("parties/FR.toml", text)]);
    let reason = "FR has objected to the reservation of JP to conv:29, and conv is not in force between them";
    for pair in [("FR", "JP"), ("JP", "FR")] {
        refused(&on(&objected(&objection(true)), pair, STORED, TODAY), Some("FR"), reason);
        assert!(on(&objected(&objection(false)), pair, STORED, TODAY).allowed());
    }
    assert!(on(&objected(&objection(true)), ("DE", "JP"), STORED, TODAY).allowed());
    let withdrawn = format!("{}withdrawn = 2026-01-01\n", objection(true));
    assert!(on(&objected(&withdrawn), ("FR", "JP"), STORED, TODAY).allowed());
    // A protocol falls with its convention.
    let below = on(&objected(&objection(true)), ("FR", "JP"), ORDER, TODAY);
    refused(&below, Some("FR"), reason);
}

#[test]
fn a_suspension_holds_for_its_days_towards_all_or_towards_one() {
    let suspended = |text: &str| {
        let line = format!("instrument = \"conv\"\nsuspended = [{{ {text} }}]");
        world(&[replaced("parties/DE.toml", "instrument = \"conv\"", &line)])
    };
    let general = suspended("from = 2026-01-01, until = 2026-03-31");
    let reason = "DE has suspended conv from 2026-01-01 on until 2026-03-31";
    ends(&general, ("DE", "JP"), STORED, date(2026, 1, 1), Some("DE"), reason);
    refused(&on(&general, ("DE", "JP"), STORED, date(2026, 3, 31)), Some("DE"), reason);
    assert!(on(&general, ("DE", "JP"), STORED, date(2026, 4, 1)).allowed());
    let one = suspended("from = 2026-01-01, towards = [\"JP\"]");
    refused(&on(&one, ("DE", "JP"), STORED, TODAY), Some("DE"), "DE has suspended conv towards JP from 2026-01-01 on");
    assert!(on(&one, ("DE", "FR"), STORED, TODAY).allowed());
}

#[test]
fn a_denunciation_ends_the_treaty_on_the_day_that_follows_from_its_notice() {
    let catalog = world(&[replaced("parties/GB.toml", "2003-01-10", "2003-01-10\ndenounced = 2026-02-15")]);
    let reason = "GB denounced conv on 2026-02-15, and is not bound by it since 2026-05-15";
    ends(&catalog, ("GB", "JP"), STORED, date(2026, 5, 15), Some("GB"), reason);
    let dated = "2003-01-10\ndenounced = 2026-02-15\nends = 2026-06-01";
    let catalog = world(&[replaced("parties/GB.toml", "2003-01-10", dated)]);
    let reason = "GB denounced conv on 2026-02-15, and is not bound by it since 2026-06-01";
    ends(&catalog, ("GB", "JP"), STORED, date(2026, 6, 1), Some("GB"), reason);
    assert!(on(&catalog, ("DE", "JP"), STORED, TODAY).allowed());
}

#[test]
fn a_terminated_treaty_binds_nobody() {
    let catalog = world(&[replaced(EVIDENCE, "depositary = \"Council\"", "terminated = 2026-03-01")]);
    ends(&catalog, ("DE", "JP"), STORED, date(2026, 3, 1), None, "conv was terminated on 2026-03-01");
}

#[test]
fn union_law_binds_members_only_from_their_accession_to_their_leaving_and_not_who_is_excepted() {
    let catalog = world(&[]);
    ends(
        &catalog,
        ("FR", "GB"),
        UNION,
        date(2020, 2, 1),
        None,
        "GB left EU on 2020-02-01, and dir has not bound it since",
    );
    refused(&on(&catalog, ("FR", "DK"), UNION, TODAY), None, "dir does not bind DK, which is excepted from it");
    refused(&on(&catalog, ("FR", "JP"), UNION, TODAY), None, "dir binds the members of EU, and JP is none");
    refused(&on(&catalog, ("FR", "DE"), UNION, date(2017, 12, 31)), None, "dir does not bind DE before 2018-01-01");
    assert!(on(&catalog, ("FR", "DE"), UNION, date(2018, 1, 1)).allowed());
}

#[test]
fn a_fallback_serves_only_where_no_other_treaty_does_and_names_the_other() {
    let catalog = world(&[]);
    let decision = on(&catalog, ("FR", "JP"), FALLBACK, TODAY);
    let reason = "wide:18(3) serves stored_data only where no other treaty does, and between FR and JP conv:31 does";
    assert_eq!(only(&decision).code, RefusalCode::R92);
    assert_eq!((only(&decision).reason.as_str(), only(&decision).remedy.as_str()), (reason, "ask under conv:31"));
    assert!(on(&catalog, ("FR", "JP"), SERVICE, TODAY).allowed());
    assert!(on(&catalog, ("FR", "CN"), FALLBACK, TODAY).allowed());
    // Before the other binds the two, and after it has ended, it serves.
    assert!(on(&catalog, ("FR", "JP"), FALLBACK, date(2012, 10, 31)).allowed());
    assert!(!on(&catalog, ("FR", "JP"), FALLBACK, date(2012, 11, 1)).allowed());
    let ended = world(&[replaced(EVIDENCE, "depositary = \"Council\"", "terminated = 2026-03-01")]);
    assert!(on(&ended, ("FR", "JP"), FALLBACK, TODAY).allowed());
}

#[test]
fn what_both_must_allow_needs_the_declaration_of_both() {
    let catalog = world(&[]);
    let reason = "provider_direct needs that both parties allow prot:7, and JP has not declared that it does";
    refused(&on(&catalog, ("FR", "JP"), DIRECT, TODAY), Some("JP"), reason);
    let allows = |extra: &str| {
        let text = format!("[[declaration]]\narticle = \"prot:7\"\nrule = \"allows\"\n{extra}verified = true\n");
        world(&[appended("parties/JP.toml", &text)])
    };
    assert!(on(&allows(""), ("FR", "JP"), DIRECT, TODAY).allowed());
    refused(&on(&allows("withdrawn = 2026-01-01\n"), ("FR", "JP"), DIRECT, TODAY), Some("JP"), reason);
}

/// The second version of the convention, with `head` in its head and a cap of 5 subjects for stored data.
pub(crate) fn amended(head: &str) -> (&'static str, String) {
    let text = world_file(EVIDENCE).replacen("hypothetical = true", &format!("hypothetical = true\n{head}"), 1);
    let cap = "max_subjects = 20\nmax_window_days";
    assert!(text.contains(cap));
    ("instruments/evidence/instrument.2.toml", text.replacen(cap, "max_subjects = 5\nmax_window_days", 1))
}

pub(crate) fn subjects(catalog: &Catalog, pair: (&str, &str), day: Date) -> u32 {
    let decision = on(catalog, pair, STORED, day);
    decision.permits.first().map_or(0, |permit| permit.max_subjects)
}

const AMENDMENT: &str = "version = 2\nrecorded = 2026-01-15\nvalid_from = 2026-03-01";

#[test]
fn an_amendment_that_binds_all_holds_from_its_day() {
    let catalog = world(&[amended(AMENDMENT)]);
    assert_eq!(subjects(&catalog, ("DE", "JP"), date(2026, 2, 28)), 20);
    assert_eq!(subjects(&catalog, ("DE", "JP"), date(2026, 3, 1)), 5);
}

#[test]
fn an_amendment_that_waits_for_acceptance_binds_only_two_who_accepted() {
    let accept = |path, day: &str| {
        let line = format!("instrument = \"conv\"\namendments = [{{ version = 2, accepted = {day} }}]");
        replaced(path, "instrument = \"conv\"", &line)
    };
    let catalog = world(&[
        amended(&format!("{AMENDMENT}\nbinds = \"accepting\"")),
        accept("parties/DE.toml", "2026-02-01"),
        accept("parties/JP.toml", "2026-05-01"),
    ]);
    assert_eq!(subjects(&catalog, ("DE", "JP"), date(2026, 4, 30)), 20);
    assert_eq!(subjects(&catalog, ("DE", "JP"), date(2026, 5, 1)), 5);
    assert_eq!(subjects(&catalog, ("DE", "FR"), TODAY), 20);
}

#[test]
fn a_version_whose_last_day_is_over_is_not_in_force_and_no_older_one_returns() {
    let catalog = world(&[amended(&format!("{AMENDMENT}\nvalid_to = 2026-06-30"))]);
    let reason = "instruments/evidence/instrument.2.toml was valid until 2026-06-30, and no newer version follows it";
    ends(&catalog, ("DE", "JP"), STORED, date(2026, 7, 1), None, reason);
}

#[test]
fn a_first_version_that_has_not_begun_is_not_in_force() {
    let catalog = world(&[replaced(EVIDENCE, "hypothetical", "valid_from = 2026-02-01\nhypothetical")]);
    let decision = on(&catalog, ("DE", "JP"), STORED, date(2026, 1, 31));
    refused(&decision, None, "instruments/evidence/instrument.toml is not valid before 2026-02-01");
    assert!(on(&catalog, ("DE", "JP"), STORED, date(2026, 2, 1)).allowed());
}

#[test]
fn a_state_has_no_treaty_in_force_with_itself() {
    let catalog = world(&[]);
    let japan: PartyId = party("JP");
    assert!(!decide(&catalog.rule(japan, japan, TODAY), "JP", "JP", STORED).allowed());
}
