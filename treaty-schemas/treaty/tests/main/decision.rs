use jiff::civil::date;
use model::{
    AuthorityKind, Digest, MeasureId, MeasureScope, Offence, RefusalCode, Role, SelectorKind, SubjectTag, Window,
};
use treaty::{Consult, Outcome, Query, TimerKind};

use crate::support::{TODAY, builtin, codes, decide, file, measure, only, party, query, rule, stored_data, with};

#[test]
fn stored_data_between_japan_and_france_is_allowed_with_its_article() {
    for (from, to) in [("JP", "FR"), ("FR", "JP")] {
        let measures = [stored_data()];
        let decision = rule("JP", "FR").decide(&query(from, to, &measures));
        assert!(decision.allowed(), "{:?}", decision.refusals);
        let permit = &decision.permits[0];
        assert_eq!(permit.article.to_string(), "ets-185:31");
        assert_eq!((permit.max_subjects, permit.max_window_days), (20, Some(365)));
        assert_eq!(permit.validators, [Role::Prosecutor, Role::Judge]);
        assert!(permit.consult == Consult::WhereAppropriate && permit.specialty && !permit.verified);
        assert!(decision.trace.iter().all(|step| step.outcome != Outcome::Fail));
        assert_eq!(permit.dual_criminality, to == "JP");
    }
}

#[test]
fn the_checks_are_made_in_a_fixed_order() {
    let checks: Vec<_> = decide(stored_data()).trace.iter().map(|step| step.check).collect();
    let order = "pair measures article reserved in_force request_type closed records selectors subjects window validator \
                 sender recipient purpose offence gravity dual_criminality classification emergency";
    let machine = checks.iter().take_while(|check| !matches!(**check, "judgement" | "ground")).copied();
    assert_eq!(machine.collect::<Vec<_>>().join(" "), order);
}

#[test]
fn the_second_protocol_is_refused_today_and_allowed_after_two_more_ratifications() {
    let measures = [measure("cets-224:8", "order_production", "traffic_data")];
    let asked = query("HU", "JP", &measures);
    let today = rule("JP", "HU").decide(&asked);
    let refusal = only(&today);
    assert_eq!(refusal.code, RefusalCode::R92);
    assert_eq!(refusal.reason, "cets-224 is ratified by HU and JP, not in force: 3 of 5 ratifications");
    assert_eq!(refusal.rule, "instruments/budapest/instrument.toml");

    let ratify = |path: &'static str| {
        let bond = "\n[[treaty]]\ninstrument = \"cets-224\"\nratified = 2026-07-10\nverified = false\n";
        (path, format!("{}{bond}", file(path)))
    };
    let catalog = with(&[ratify("parties/FR.toml"), ratify("parties/DE.toml")]);
    let on = |day| catalog.rule(party("JP"), party("HU"), day);
    assert!(on(TODAY).decide(&asked).allowed());
    assert_eq!(
        only(&on(date(2026, 10, 31)).decide(&asked)).reason,
        "cets-224 is ratified by HU and JP, not in force: it begins on 2026-11-01"
    );

    let mut direct = measure("cets-224:7", "provider_direct", "subscriber_info");
    direct.window = None;
    let denied = on(TODAY).decide(&query("HU", "JP", &[direct]));
    assert_eq!(denied.refusals[0].code, RefusalCode::R92);
    assert_eq!(denied.refusals[0].reason, "JP has reserved cets-224:7");
    assert!(denied.permits.is_empty());
}

#[test]
fn a_reservation_is_told_before_the_missing_entry_into_force() {
    let mut direct = measure("cets-224:7", "provider_direct", "subscriber_info");
    direct.window = None;
    for (from, to) in [("FR", "JP"), ("JP", "FR")] {
        let measures = [direct.clone()];
        let decision = rule("JP", "FR").decide(&query(from, to, &measures));
        let [reserved, entry, france, ..] = &decision.refusals[..] else { unreachable!("{:?}", decision.refusals) };
        assert_eq!((reserved.code, reserved.rule.as_str()), (RefusalCode::R92, "parties/JP.toml"));
        assert_eq!((reserved.owner, reserved.field.as_deref()), (Some(party("JP")), Some("measures[0].article")));
        assert_eq!(entry.reason, "cets-224 is signed and ratified by JP, not in force: 3 of 5 ratifications");
        assert_eq!(france.reason, "FR is not a party to cets-224");
        assert_eq!((france.owner, france.code), (Some(party("FR")), RefusalCode::R92));
    }
}

#[test]
fn a_state_that_only_signed_is_told_so() {
    let measures = [measure("cets-224:8", "order_production", "traffic_data")];
    let decision = rule("IT", "HU").decide(&query("HU", "IT", &measures));
    assert_eq!(decision.refusals[1].reason, "IT has signed cets-224, but not ratified it");
}

#[test]
fn a_state_outside_the_convention_is_refused_r92() {
    let measures = [stored_data()];
    let decision = rule("JP", "SG").decide(&query("JP", "SG", &measures));
    let refusal = only(&decision);
    assert_eq!((refusal.code, refusal.owner), (RefusalCode::R92, Some(party("SG"))));
    assert_eq!(refusal.reason, "SG is not a party to ets-185");
}

#[test]
fn an_unknown_instrument_or_article_is_refused_r92() {
    for (article, reason) in [
        ("ets-999:31", "no instrument `ets-999` is in the catalogue"),
        ("ets-185:34", "no request may rest on ets-185:34"),
        ("ets-185:3", "no request may rest on ets-185:3"),
    ] {
        let decision = decide(measure(article, "stored_data", "traffic_data"));
        assert_eq!((only(&decision).code, only(&decision).reason.as_str()), (RefusalCode::R92, reason));
    }
}

#[test]
fn an_article_that_is_no_ground_for_the_request_type_is_refused_r94() {
    let decision = decide(measure("ets-185:29", "stored_data", "traffic_data"));
    assert_eq!(only(&decision).code, RefusalCode::R94);
    assert_eq!(only(&decision).remedy, "ets-185:29 allows: preservation");
}

#[test]
fn a_record_type_beyond_the_rule_is_refused_r94() {
    let mut asked = stored_data();
    asked.records.push("bank_records".parse().unwrap());
    let decision = decide(asked.clone());
    assert_eq!(only(&decision).reason, "stored_data does not give bank_records");
    asked.records.clear();
    assert_eq!(only(&decide(asked)).code, RefusalCode::R94);
}

#[test]
fn the_twenty_first_subject_is_refused_r90() {
    let mut asked = stored_data();
    asked.subjects = 21;
    let decision = decide(asked.clone());
    let refusal = only(&decision);
    assert_eq!((refusal.code, refusal.reason.as_str()), (RefusalCode::R90, "21 subjects, at most 20"));
    assert_eq!(refusal.field.as_deref(), Some("measures[0].subjects"));
    assert_eq!(refusal.article.as_ref().unwrap().to_string(), "ets-185:31");
    asked.subjects = 0;
    assert_eq!(only(&decide(asked)).reason, "0 subjects, at most 20");
}

#[test]
fn no_selector_and_a_selector_that_the_rule_does_not_know_are_refused_r90() {
    let mut asked = stored_data();
    asked.selectors = vec![];
    assert_eq!(only(&decide(asked.clone())).code, RefusalCode::R90);
    asked.selectors = vec![SelectorKind::Account, SelectorKind::BankAccount];
    assert_eq!(only(&decide(asked)).reason, "stored_data cannot be asked by bank_account");
}

#[test]
fn a_window_of_366_days_is_refused_r90() {
    let window = |from, to| {
        let mut asked = stored_data();
        asked.window = Some(Window { from, to });
        decide(asked)
    };
    assert!(window(date(2025, 11, 22), date(2026, 11, 21)).allowed());
    let wide = window(date(2025, 11, 21), date(2026, 11, 21));
    assert_eq!((only(&wide).code, only(&wide).reason.as_str()), (RefusalCode::R90, "366 days, at most 365"));
    let turned = window(date(2026, 1, 2), date(2026, 1, 1));
    assert_eq!(only(&turned).reason, "its window ends before it begins");
    assert_eq!(codes(&window(date(-9999, 1, 1), date(9999, 12, 31))), [RefusalCode::R90]);
    let mut without = stored_data();
    without.window = None;
    assert_eq!(only(&decide(without)).code, RefusalCode::R90);
}

#[test]
fn a_window_where_the_request_type_has_none_is_refused_r90() {
    let mut asked = measure("eu-jp-mla:22", "service", "service_certificate");
    asked.selectors = vec![SelectorKind::Person];
    asked.tags = vec![SubjectTag::new([1; 16])];
    let decide = |asked: &MeasureScope| {
        let measures = std::slice::from_ref(asked);
        rule("FR", "JP").decide(&Query { tag_key: Some(Digest::of(&[b"key"])), ..query("JP", "FR", measures) })
    };
    assert_eq!(only(&decide(&asked)).reason, "service has no window of time");
    asked.window = None;
    assert!(decide(&asked).allowed());
}

#[test]
fn content_data_is_validated_by_a_judge_only() {
    let mut asked = stored_data();
    asked.records.push("content_data".parse().unwrap());
    let measures = [asked];
    let by = |validator| rule("JP", "FR").decide(&Query { validator, ..query("JP", "FR", &measures) });
    assert_eq!(by(Some(Role::Judge)).permits[0].validators, [Role::Judge]);
    let prosecutor = by(Some(Role::Prosecutor));
    assert_eq!(only(&prosecutor).code, RefusalCode::R93);
    assert_eq!(only(&prosecutor).reason, "content_data needs a judge to validate");
    assert_eq!(only(&by(None)).field.as_deref(), Some("validation"));
}

#[test]
fn traffic_data_needs_a_judge_or_a_prosecutor() {
    let measures = [measure("ets-185:31", "stored_data", "traffic_data")];
    let by = |validator| rule("JP", "FR").decide(&Query { validator, ..query("JP", "FR", &measures) });
    assert!(by(Some(Role::Prosecutor)).allowed());
    assert_eq!(only(&by(Some(Role::Central))).reason, "traffic_data needs a prosecutor or judge to validate");
}

#[test]
fn preservation_goes_between_duty_points_without_a_validator_and_stored_data_does_not() {
    let preserve = [measure("ets-185:29", "preservation", "preservation_confirmation")];
    let duty = Query {
        sender: AuthorityKind::DutyPoint,
        recipient: AuthorityKind::DutyPoint,
        validator: None,
        ..query("FR", "JP", &preserve)
    };
    let decision = rule("JP", "FR").decide(&duty);
    assert!(decision.allowed(), "{:?}", decision.refusals);
    let permit = &decision.permits[0];
    let timer = permit.timers.iter().find(|timer| timer.kind == TimerKind::Preservation).unwrap();
    assert_eq!((timer.length, timer.is_legal()), (60, true));
    assert_eq!(permit.languages, ["en", "ja"]);
    assert!(permit.timers.iter().any(|timer| timer.kind == TimerKind::Ack && !timer.is_legal()));

    let stored = [stored_data()];
    let duty = Query { validator: Some(Role::Judge), measures: &stored, ..duty };
    let decision = rule("JP", "FR").decide(&duty);
    assert_eq!(codes(&decision), [RefusalCode::R93, RefusalCode::R93]);
}

#[test]
fn a_declaration_that_only_central_authorities_may_ask_is_refused_r93_by_its_party() {
    let bond = "\n[[treaty]]\ninstrument = \"cets-224\"\nratified = 2026-01-10\nverified = false\n";
    let both = ["parties/FR.toml", "parties/DE.toml"].map(|path| (path, format!("{}{bond}", file(path))));
    let catalog = with(&both);
    let measures = [measure("cets-224:8", "order_production", "traffic_data")];
    let court = |from, to| {
        let rule = catalog.rule(party(from), party(to), TODAY);
        rule.decide(&Query { sender: AuthorityKind::Judicial, ..query(from, to, &measures) })
    };
    assert!(court("JP", "HU").allowed());
    let decision = court("HU", "JP");
    let refusal = only(&decision);
    assert_eq!((refusal.code, refusal.owner), (RefusalCode::R93, Some(party("JP"))));
    assert_eq!(refusal.article.as_ref().unwrap().to_string(), "cets-224:8(11)");
}

#[test]
fn a_purpose_that_is_missing_or_foreign_is_refused_and_stays_out_of_the_trace() {
    let measures = [stored_data()];
    let secret = "zzqx";
    let decision = rule("JP", "FR").decide(&Query { purpose: Some(secret), ..query("JP", "FR", &measures) });
    assert_eq!(only(&decision).code, RefusalCode::R92);
    assert!(!format!("{decision:?}").contains(secret));
    let decision = rule("JP", "FR").decide(&Query { purpose: None, ..query("JP", "FR", &measures) });
    assert_eq!(only(&decision).code, RefusalCode::R94);
}

#[test]
fn an_offence_that_is_not_declared_is_refused_r94() {
    let measures = [stored_data()];
    let decision = rule("JP", "FR").decide(&Query { offence: None, ..query("JP", "FR", &measures) });
    assert_eq!(only(&decision).field.as_deref(), Some("offence"));
    let undeclared = Some(Offence { max_penalty_months: 60, dual_criminality: false, listed: false });
    let decision = rule("JP", "FR").decide(&Query { offence: undeclared, ..query("FR", "JP", &measures) });
    assert_eq!((only(&decision).code, only(&decision).owner), (RefusalCode::R94, Some(party("JP"))));
    assert!(rule("JP", "FR").decide(&Query { offence: undeclared, ..query("JP", "FR", &measures) }).allowed());
}

#[test]
fn an_offence_below_the_threshold_is_refused_r92() {
    let path = "instruments/budapest/instrument.toml";
    let graver = file(path).replacen("declared = true", "declared = true\nmin_max_penalty_months = 61", 1);
    let catalog = with(&[(path, graver)]);
    let measures = [stored_data()];
    let decision = catalog.rule(party("JP"), party("FR"), TODAY).decide(&query("JP", "FR", &measures));
    assert_eq!(only(&decision).reason, "a maximum penalty of 60 months, at least 61");
}

#[test]
fn a_request_without_measures_or_with_too_many_or_repeated_ones_is_refused_r94() {
    let numbered =
        |ids: &[u32]| -> Vec<_> { ids.iter().map(|id| MeasureScope { id: MeasureId(*id), ..stored_data() }).collect() };
    let many: Vec<u32> = (1..=33).collect();
    for ids in [&[][..], &[1, 1][..], &many[..]] {
        let measures = numbered(ids);
        let decision = rule("JP", "FR").decide(&query("JP", "FR", &measures));
        assert_eq!(only(&decision).code, RefusalCode::R94);
    }
    let measures = numbered(&many[..32]);
    assert!(rule("JP", "FR").decide(&query("JP", "FR", &measures)).allowed());
}

#[test]
fn one_bad_measure_keeps_the_request_back_and_the_good_one_keeps_its_permit() {
    let mut bad = stored_data();
    bad.id = MeasureId(2);
    bad.subjects = 21;
    bad.selectors.clear();
    let measures = [stored_data(), bad];
    let decision = rule("JP", "FR").decide(&query("JP", "FR", &measures));
    assert!(!decision.allowed());
    assert_eq!(decision.permits.len(), 1);
    assert_eq!(codes(&decision), [RefusalCode::R90, RefusalCode::R90]);
    assert_eq!(decision.refusals[1].field.as_deref(), Some("measures[1].subjects"));
}

#[test]
fn a_rule_does_not_answer_for_another_pair() {
    let measures = [stored_data()];
    for (from, to) in [("JP", "IT"), ("FR", "FR"), ("JP", "JP")] {
        assert_eq!(only(&rule("JP", "FR").decide(&query(from, to, &measures))).code, RefusalCode::R92);
    }
}

#[test]
fn a_rule_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    shared(&builtin());
    shared(&rule("JP", "FR"));
}
