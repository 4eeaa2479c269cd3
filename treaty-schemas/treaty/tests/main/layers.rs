//! The later layers: overlays of a pair, national files, and both times of a version.

use jiff::civil::{Date, date};
use model::{AuthorityKind, Classification, RefusalCode, Role, SelectorKind};
use treaty::{Catalog, Consult, Layer, Onward, Permit, Query, Signers};

use crate::{
    force::{Ask, STORED, TEAM, amended, appended, decide, on, refused, replaced, subjects},
    support::{TODAY, folder, measure, party, query, world, world_file, world_files},
};

const OVERLAY: &str = "overlays/FR-JP/mou.toml";
const OVERLAY_2: &str = "overlays/FR-JP/mou.2.toml";
const NATIONAL: &str = "national/JP.toml";

fn overlay(head: &str, restrict: &str) -> (&'static str, String) {
    let text = format!(
        "format = \"overlay/1\"\nid = \"mou\"\ntitle = \"Arrangement\"\nparties = [\"FR\", \"JP\"]\nkind = \"arrangement\"\n\
         verified = true\n{head}\n{restrict}"
    );
    (OVERLAY, text)
}

/// A [[restrict]] of stored data under the convention.
fn restrict(limits: &str) -> String {
    format!("[[restrict]]\narticles = [\"conv:31\"]\n{limits}\nbecause = \"note verbale 7/2024\"\n")
}

fn national(restrict: &str) -> (&'static str, String) {
    (NATIONAL, format!("format = \"national/1\"\nparty = \"JP\"\n\n{restrict}"))
}

fn permit(catalog: &Catalog, pair: (&str, &str)) -> Permit {
    let decision = on(catalog, pair, STORED, TODAY);
    assert!(decision.allowed(), "{:?}", decision.refusals);
    decision.permits.into_iter().next().unwrap()
}

#[test]
fn a_quota_counts_the_request_types_of_its_layer_by_themselves_or_together() {
    let quota = |together: &str, scope: &str| {
        let quota = format!("quota = {{ per = \"year\", max_requests = 3{together} }}\nbecause = \"x\"\n");
        let (_, text) = overlay("", &format!("[[restrict]]\n{scope}\n{quota}"));
        permit(&world(&[(OVERLAY, text)]), ("JP", "FR")).quotas.pop().unwrap()
    };
    let names = |quota: &treaty::Quota| quota.together.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&quota("", "all = true")), [""; 0]);
    let both = quota(", together = true", "requests = [\"stored_data\", \"preservation\"]");
    assert_eq!(names(&both), ["preservation", "stored_data"]);
    assert_eq!(both.to_string(), "3 requests in a year, of preservation, stored_data together");
    assert_eq!(names(&quota(", together = true", "articles = [\"conv:29\", \"conv:31\"]")), names(&both));
    assert_eq!(names(&quota(", together = true", "articles = [\"conv:31\"]")), [""; 0], "one alone is by itself");
    assert!(quota(", together = true", "all = true").together.len() > 2);
    let whole = "[[quota]]\ntogether = true\nper = \"year\"\nmax_requests = 9\n\n[[quota]]\n";
    let path = "instruments/evidence/instrument.toml";
    let common = world(&[(path, world_file(path).replacen("[[quota]]\n", whole, 1))]);
    let quotas = permit(&common, ("JP", "FR")).quotas;
    assert!(quotas[0].together.len() > 2 && quotas[1].together.is_empty(), "{quotas:?}");
}

#[test]
fn an_overlay_tightens_each_bound_that_it_names_for_its_pair_alone() {
    let limits = "max_subjects = 5\nmax_window_days = 90\nmax_bytes = 1000\nclassification_max = \"official\"\n\
                  retention_days = 30\nonward = \"never\"\nconsult = \"required\"\ndual_criminality = true\n\
                  readers = [\"central\"]\npurposes = [\"investigation\"]\nvalidators = { subscriber_info = [\"judge\"] }\n\
                  quota = { per = \"month\", max_requests = 3 }\nmin_max_penalty_months = 12\n\
                  records = [\"subscriber_info\"]\nselectors = [\"account\"]\nsenders = [\"central\"]";
    let catalog = world(&[overlay("", &restrict(limits))]);
    let tight = permit(&catalog, ("JP", "FR"));
    assert_eq!((tight.max_subjects, tight.max_window_days, tight.max_bytes), (5, Some(90), Some(1000)));
    assert_eq!(tight.classification_max, Some(Classification::Official));
    assert_eq!((tight.retention_days, tight.onward, tight.consult), (Some(30), Onward::Never, Consult::Required));
    assert!(tight.dual_criminality);
    assert_eq!(tight.readers, [AuthorityKind::Central]);
    assert_eq!((tight.validators, tight.quotas.len()), (vec![Role::Judge], 2));
    assert_eq!(tight.purposes, ["investigation"]);
    let other = permit(&catalog, ("JP", "DE"));
    assert_eq!((other.max_subjects, other.consult, other.dual_criminality), (20, Consult::WhereAppropriate, false));
    let pin = |catalog: &Catalog| catalog.rule(party("FR"), party("JP"), TODAY).pin();
    assert_ne!(pin(&catalog), pin(&world(&[])));
}

#[test]
fn an_overlay_may_restrict_one_direction_only() {
    let catalog = world(&[overlay("", &restrict("forbid = true\nto = \"FR\""))]);
    assert!(on(&catalog, ("FR", "JP"), STORED, TODAY).allowed());
    let reason = "JP and FR have excluded stored_data under conv:31: note verbale 7/2024";
    refused(&on(&catalog, ("JP", "FR"), STORED, TODAY), None, reason);
}

#[test]
fn an_overlay_holds_on_its_days_only() {
    let dated = "valid_from = 2026-02-01\nvalid_to = 2026-02-28";
    let catalog = world(&[overlay(dated, &restrict("max_subjects = 5"))]);
    let days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)];
    assert_eq!(days.map(|day| subjects(&catalog, ("JP", "FR"), day)), [20, 5, 5, 20]);
}

#[test]
fn a_joint_team_needs_an_arrangement_of_the_pair_until_its_last_day() {
    let reason = "prot:12 leaves joint_team to an arrangement between FR and JP";
    refused(&on(&world(&[]), ("FR", "JP"), TEAM, TODAY), None, &format!("{reason}: there is none"));
    let dated = "arranges = [\"joint_team\"]\nvalid_from = 2026-02-01\nvalid_to = 2026-11-22";
    let catalog = world(&[team(dated, "\"FR:central\", \"JP:central\"")]);
    assert!(on(&catalog, ("FR", "JP"), TEAM, TODAY).allowed());
    let early = on(&catalog, ("FR", "JP"), TEAM, date(2026, 1, 31));
    refused(&early, None, &format!("{reason}: {OVERLAY} is not valid yet"));
    let late = on(&catalog, ("FR", "JP"), TEAM, date(2026, 11, 23));
    refused(&late, None, &format!("{reason}: {OVERLAY} was valid until 2026-11-22"));
    assert!(!on(&catalog, ("DE", "JP"), TEAM, TODAY).allowed());
}

/// The same overlay as a joint investigation team.
fn team(head: &str, members: &str) -> (&'static str, String) {
    let (path, text) = overlay(head, "");
    let jit = format!("\"jit\"\npurpose = \"Forged bills\"\nmembers = [{members}]");
    (path, text.replacen("\"arrangement\"", &jit, 1))
}

#[test]
fn what_a_team_opens_is_between_its_members_and_what_an_arrangement_opens_is_for_all() {
    let head = "arranges = [\"joint_team\"]\nvalid_to = 2027-12-31";
    let members = "\"JP:central\", \"FR:judicial\", \"JP:judicial\"";
    let of_team = world(&[team(head, members)]);
    // Both are central authorities, and only that of Japan is a member.
    let refusal = crate::support::only(&on(&of_team, ("FR", "JP"), TEAM, TODAY)).clone();
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::R93, Some("sender")));
    assert_eq!(refusal.reason, "FR:central is not a member of the joint investigation team that opens this");
    assert_eq!((refusal.rule.as_str(), refusal.article.unwrap().to_string().as_str()), (OVERLAY, "prot:12"));
    assert_eq!(refusal.remedy, format!("send it through FR:judicial; beyond that both parties must change {OVERLAY}"));
    let back = crate::support::only(&on(&of_team, ("JP", "FR"), TEAM, TODAY)).clone();
    assert_eq!((back.code, back.field.as_deref()), (RefusalCode::R93, Some("recipient")));
    // What needs no arrangement is for all.
    assert!(on(&of_team, ("FR", "JP"), STORED, TODAY).allowed());
    let wide = world(&[team(head, &format!("\"FR:central\", {members}"))]);
    let permit = &on(&wide, ("FR", "JP"), TEAM, TODAY).permits[0];
    assert_eq!(permit.team.len(), 4);
    let pin = |catalog: &Catalog| catalog.rule(party("FR"), party("JP"), TODAY).pin();
    assert_ne!(pin(&of_team), pin(&wide));
    let (_, arrangement) = overlay("arranges = [\"joint_team\"]", "");
    let arrangement = arrangement.replacen("\"mou\"", "\"notes\"", 1);
    let open = world(&[team(head, members), ("overlays/FR-JP/notes.toml", arrangement)]);
    assert!(on(&open, ("FR", "JP"), TEAM, TODAY).allowed());
}

#[test]
fn a_national_layer_restricts_its_own_side_and_is_not_in_the_pin() {
    let catalog = world(&[national(&restrict("forbid = true\ndirection = \"incoming\""))]);
    let (jp, fr) = (party("JP"), party("FR"));
    let shared = catalog.rule(jp, fr, TODAY);
    let local = catalog.local_rule(jp, fr, jp, TODAY);
    assert_eq!((shared.pin(), shared.canonical()), (local.pin(), local.canonical()));
    assert_eq!(shared.pin(), world(&[]).rule(jp, fr, TODAY).pin());
    assert!(decide(&shared, "FR", "JP", STORED).allowed());
    let reason = "JP forbids stored_data under conv:31: note verbale 7/2024";
    refused(&decide(&local, "FR", "JP", STORED), Some("JP"), reason);
    assert!(decide(&local, "JP", "FR", STORED).allowed());
    // The other side, and a third one, know nothing of it.
    assert!(decide(&catalog.local_rule(fr, fr, jp, TODAY), "FR", "JP", STORED).allowed());
    assert!(decide(&catalog.local_rule(party("DE"), fr, jp, TODAY), "FR", "JP", STORED).allowed());
}

#[test]
fn a_national_layer_may_name_the_other_party() {
    let catalog = world(&[national(&restrict("max_subjects = 2\nwith = [\"FR\"]"))]);
    let jp = party("JP");
    let most = |other: &str| {
        let decision = decide(&catalog.local_rule(jp, jp, party(other), TODAY), "JP", other, STORED);
        decision.permits[0].max_subjects
    };
    assert_eq!((most("FR"), most("DE")), (2, 20));
}

#[test]
fn two_layers_that_leave_nothing_in_common_close_the_request() {
    let catalog = world(&[
        overlay("", &restrict("records = [\"subscriber_info\"]")),
        national(&restrict("records = [\"traffic_data\"]")),
    ]);
    let jp = party("JP");
    let decision = decide(&catalog.local_rule(jp, jp, party("FR"), TODAY), "FR", "JP", STORED);
    let reason = "what the layers leave to conv:31 has no record type in common: note verbale 7/2024";
    assert!(decision.refusals.iter().any(|refusal| refusal.reason == reason), "{:?}", decision.refusals);
    assert!(decision.permits.is_empty());
}

#[test]
fn declarations_bind_who_asks_the_state_that_made_them() {
    let declared = |rule: &str| {
        let text = format!("[[declaration]]\narticle = \"conv:31\"\nrule = \"{rule}\"\nverified = true\n");
        world(&[appended("parties/FR.toml", &text)])
    };
    assert_eq!(permit(&declared("judge_validates"), ("JP", "FR")).validators, [Role::Judge]);
    assert_eq!(permit(&declared("judge_validates"), ("FR", "JP")).validators, [Role::Prosecutor, Role::Judge]);
    assert_eq!(permit(&declared("no_onward"), ("JP", "FR")).onward, Onward::Never);
    assert_eq!(permit(&declared("no_onward"), ("FR", "JP")).onward, Onward::PriorAuthorisation);
    assert_eq!(permit(&declared("consult"), ("FR", "JP")).consult, Consult::Required);
    assert!(permit(&declared("dual_criminality"), ("JP", "FR")).dual_criminality);
    let law = |rule: &str, pair| {
        let permit = permit(&declared(rule), pair);
        (permit.court_order, permit.ministry_notice)
    };
    assert_eq!((law("court_order", ("JP", "FR")), law("court_order", ("FR", "JP"))), ((true, false), (false, false)));
    assert_eq!(law("ministry_notice", ("JP", "FR")), (false, true));
    assert_eq!(law("ministry_notice", ("FR", "JP")), (false, false));
}

#[test]
fn a_decision_of_last_year_replays_after_a_newer_version_was_recorded() {
    let day = date(2025, 6, 1);
    let before = world(&[]);
    let then = before.rule(party("DE"), party("JP"), day);
    let newer = world(&[amended("version = 2\nrecorded = 2026-01-15\nvalid_from = 2026-03-01")]);
    for known in [day, TODAY] {
        let replayed = newer.rule_as_known(party("DE"), party("JP"), day, known);
        assert_eq!(replayed.canonical(), then.canonical());
        assert_eq!(decide(&replayed, "DE", "JP", STORED), decide(&then, "DE", "JP", STORED));
    }
}

#[test]
fn a_retroactive_correction_changes_the_past_as_we_know_it_now_and_not_as_it_was_known_then() {
    let day = date(2025, 6, 1);
    let head = "version = 2\nrecorded = 2026-01-15\nvalid_from = 2010-01-01\ncorrects = true";
    let corrected = world(&[amended(head)]);
    let rule = |known: Date| corrected.rule_as_known(party("DE"), party("JP"), day, known);
    let then = world(&[]).rule(party("DE"), party("JP"), day);
    assert_eq!(rule(date(2026, 1, 14)).pin(), then.pin());
    assert_eq!(decide(&rule(day), "DE", "JP", STORED), decide(&then, "DE", "JP", STORED));
    assert_ne!(rule(date(2026, 1, 15)).pin(), then.pin());
    assert_eq!(subjects(&corrected, ("DE", "JP"), day), 5);
    assert_eq!(subjects(&corrected, ("DE", "FR"), date(2009, 12, 31)), 20);
}

#[test]
fn a_newer_party_file_replaces_the_older_one_wholly_as_it_was_recorded() {
    let text = world_file("parties/JP.toml").replacen("name =", "version = 2\nrecorded = 2026-05-01\nname =", 1);
    let reserved = format!("{text}\n[[reservation]]\narticle = \"conv:31\"\nverified = true\n");
    let catalog = world(&[("parties/JP.2.toml", reserved)]);
    let (jp, fr) = (party("JP"), party("FR"));
    let decided = |known| decide(&catalog.rule_as_known(jp, fr, TODAY, known), "FR", "JP", STORED);
    assert!(decided(date(2026, 4, 30)).allowed());
    refused(&decided(date(2026, 5, 1)), Some("JP"), "JP has reserved conv:31");
    assert_eq!(decided(TODAY).refusals[0].rule, "parties/JP.2.toml");
    assert!(!on(&catalog, ("FR", "JP"), STORED, TODAY).allowed());
}

#[test]
fn ratifications_count_as_they_were_known() {
    let text = world_file("parties/JP.toml").replacen("name =", "version = 2\nrecorded = 2026-05-01\nname =", 1);
    let without = replaced("parties/JP.toml", "ratified = 2020-03-20", "signed = 2020-03-20");
    let catalog = world(&[without, ("parties/JP.2.toml", text)]);
    let (de, fr) = (party("DE"), party("FR"));
    let order = Ask("prot:8", "order_production", "subscriber_info", SelectorKind::Account);
    let decided = |known| decide(&catalog.rule_as_known(de, fr, TODAY, known), "DE", "FR", order);
    let reason = "prot is ratified by DE and FR, not in force: 2 of 3 ratifications";
    refused(&decided(date(2026, 4, 30)), None, reason);
    assert!(decided(date(2026, 5, 1)).allowed());
}

#[test]
fn the_timeline_names_the_days_and_the_pins_those_that_changed_something() {
    let catalog = world(&[
        amended("version = 2\nrecorded = 2026-01-15\nvalid_from = 2026-03-01"),
        overlay("valid_from = 2026-02-01\nvalid_to = 2026-02-28", &restrict("max_subjects = 4")),
    ]);
    let (fr, jp) = (party("FR"), party("JP"));
    let timeline = catalog.timeline(jp, fr);
    assert!(timeline.is_sorted() && timeline == catalog.timeline(fr, jp));
    for day in [date(2026, 2, 1), date(2026, 3, 1), date(2012, 11, 1), date(2020, 7, 1)] {
        assert!(timeline.contains(&day), "{day}");
    }
    let pins = catalog.pins(fr, jp, date(2026, 1, 1), date(2026, 12, 31));
    let days: Vec<_> = pins.iter().map(|(day, _)| *day).collect();
    assert_eq!(days, [date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)]);
    // No day between two of the timeline has another pin.
    let mut day = date(2026, 1, 1);
    while day <= date(2026, 12, 31) {
        let current = pins.iter().rev().find(|(begin, _)| *begin <= day).unwrap().1;
        assert_eq!(catalog.rule(fr, jp, day).pin(), current, "{day}");
        day = day.tomorrow().unwrap();
    }
}

#[test]
fn the_order_in_which_files_are_given_does_not_matter() {
    let mut files = world_files();
    files.extend(
        [
            overlay("", &restrict("max_subjects = 5")),
            amended("version = 2\nrecorded = 2026-01-15\nvalid_from = 2026-03-01"),
        ]
        .map(|(path, text)| (path.to_owned(), text)),
    );
    let pins = |files: Vec<(String, String)>| {
        let catalog = Catalog::load(files).unwrap();
        [("FR", "JP"), ("DE", "GB"), ("JP", "SG")].map(|(a, b)| catalog.rule(party(a), party(b), TODAY).pin())
    };
    let forward = pins(files.clone());
    files.reverse();
    assert_eq!(pins(files.clone()), forward);
    let middle = files.len() / 2;
    files.rotate_left(middle);
    assert_eq!(pins(files), forward);
}

#[test]
fn files_tell_their_layer_owners_and_signers() {
    let catalog = world(&[overlay("", &restrict("max_subjects = 5")), national(&restrict("max_subjects = 5"))]);
    let files: Vec<_> = catalog.files().collect();
    assert!(files.is_sorted_by(|a, b| a.path < b.path));
    let found = |path: &str| files.iter().find(|file| file.path == path).unwrap().clone();
    assert_eq!(found(OVERLAY).layer, Layer::Overlay);
    assert_eq!(found(NATIONAL).layer, Layer::National);
    let text = world_file("parties/JP.toml");
    assert_eq!(found("parties/JP.toml").sha256, model::Digest::of(&[text.as_bytes()]));
    let (fr, jp, sg) = (party("FR"), party("JP"), party("SG"));
    for (path, signers) in [
        ("parties/JP.toml", Signers::Parties(vec![jp])),
        (OVERLAY, Signers::Parties(vec![fr, jp])),
        (NATIONAL, Signers::Parties(vec![jp])),
        ("instruments/memo/instrument.toml", Signers::Parties(vec![jp, sg])),
        ("instruments/evidence/instrument.toml", Signers::Users),
        ("instruments/union/instrument.toml", Signers::Users),
    ] {
        assert_eq!(catalog.signers(path), Some(signers), "{path}");
    }
    assert_eq!(catalog.signers("parties/XX.toml"), None);
}

#[test]
fn what_was_not_read_in_its_text_is_noted_with_its_place() {
    assert!(world(&[]).unverified().is_empty());
    let catalog = world(&[replaced("parties/SG.toml", "verified = true", "verified = false")]);
    let notes = catalog.unverified();
    assert_eq!(notes.len(), 1);
    let shown = notes[0].to_string();
    assert!(
        shown.starts_with("note: what SG did about wide was not read in its text\n --> parties/SG.toml:6:14"),
        "{shown}"
    );
    assert_eq!(catalog.overdue(date(2026, 12, 31)).len(), 0);
    assert!(catalog.overdue(date(2027, 1, 1))[0].to_string().starts_with("warning: this file was to be reviewed"));
}

#[test]
fn a_restriction_that_ends_is_told_before_and_after_its_last_day_and_the_day_is_in_the_timeline() {
    let dated = "valid_from = 2026-02-01\nvalid_to = 2026-11-30";
    let (path, text) = national(&restrict("max_subjects = 3"));
    let text = text.replacen("party =", "valid_to = 2026-11-15\nparty =", 1);
    let catalog = world(&[overlay(dated, &restrict("max_subjects = 5")), (path, text)]);
    let said = |day| catalog.overdue(day).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(said(date(2026, 10, 15)).is_empty());
    assert_eq!(said(date(2026, 10, 16)).len(), 1);
    let both = said(TODAY);
    assert!(
        both[0].starts_with("warning: its last day was 2026-11-15: since 2026-11-16 what it restricts is free again")
    );
    assert!(both[0].contains("--> national/JP.toml") && both.len() == 2, "{both:?}");
    assert!(
        both[1].starts_with("warning: its last day is 2026-11-30: from 2026-12-01 on what it restricts is free again")
    );
    assert!(said(date(2026, 12, 31))[1].starts_with("warning: its last day was 2026-11-30"));
    let (fr, jp) = (party("FR"), party("JP"));
    assert!(catalog.timeline(fr, jp).contains(&date(2026, 12, 1)));
    let [last, next] = [date(2026, 11, 30), date(2026, 12, 1)].map(|day| catalog.rule(fr, jp, day));
    let change = "conv:31 stored_data, requests to FR: subjects: at most 20, before: at most 5";
    assert!(treaty::diff(&last, &next).iter().any(|one| one.to_string() == change && one.effect.gives_more()));
}

#[test]
fn a_file_that_a_version_follows_does_not_lapse_and_one_that_only_arranged_ends_quietly() {
    let dated = "arranges = [\"joint_team\"]\nvalid_from = 2026-02-01\nvalid_to = 2026-11-30";
    let (path, first) = overlay(dated, "");
    let second = first.replacen("arranges", "version = 2\nrecorded = 2026-11-01\narranges", 1);
    let second = second.replacen("valid_from = 2026-02-01\nvalid_to = 2026-11-30", "valid_from = 2026-12-01", 1);
    let followed = world(&[(path, first.clone()), (OVERLAY_2, second)]);
    assert!(followed.overdue(TODAY).is_empty() && followed.overdue(date(2026, 12, 15)).is_empty());
    let alone = world(&[(path, first)]);
    assert_eq!(alone.overdue(TODAY)[0].severity, treaty::Severity::Warning);
    let over = &alone.overdue(date(2026, 12, 15))[0];
    assert_eq!(over.severity, treaty::Severity::Note);
    assert!(over.message.ends_with("since 2026-12-01 what it arranges is closed"), "{over}");
}

#[test]
fn a_fact_sheet_finds_what_it_needs() {
    let catalog = world(&[]);
    let japan = catalog.party(party("JP")).unwrap();
    let conv = japan.bonds.iter().find(|bond| bond.instrument == "conv").unwrap();
    assert_eq!((japan.name.as_str(), conv.in_force), ("Japan", Some(date(2012, 11, 1))));
    let prot = catalog.text("prot").unwrap();
    assert_eq!((prot.ratifications, prot.in_force, prot.parent.as_deref()), (3, Some(date(2020, 7, 1)), Some("conv")));
    let infos = catalog.instrument_infos();
    let memo = infos.iter().find(|info| info.id == "memo").unwrap();
    assert!(memo.hypothetical && !memo.requests[0].compulsory);
    assert_eq!(memo.texts[0].sides, ["JP", "SG"]);
}

#[test]
fn a_bad_overlay_keeps_the_whole_catalogue_back() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/main/broken/overlay_widens_subjects");
    assert!(Catalog::load(world_files().into_iter().chain(folder(&root))).is_err());
}

#[test]
fn a_subject_beyond_the_overlay_is_refused_by_its_file() {
    let catalog = world(&[overlay("", &restrict("max_subjects = 5"))]);
    let mut scope = measure("conv:31", "stored_data", "subscriber_info");
    scope.subjects = 6;
    let measures = [scope];
    let asked = Query {
        purpose: Some("investigation"),
        classification: Some(Classification::Official),
        ..query("JP", "FR", &measures)
    };
    let decision = catalog.rule(party("FR"), party("JP"), TODAY).decide(&asked);
    let refusal = crate::support::only(&decision);
    assert_eq!((refusal.code, refusal.rule.as_str()), (RefusalCode::R90, OVERLAY));
}
