use std::fs;

use jiff::civil::date;
use model::{PartyId, RefusalCode};
use shelf::{Need, Rules, Signatures, Standing, Subject, apply};
use treaty::TeamLife;

use crate::world::{NOW, Place, State, TODAY, fr, jp, pair, party, put, rewrite, roots, signed};

fn standing(place: &Place) -> Standing {
    let [a, b] = pair();
    place.shelf().standing((a, b), TODAY, Some(b), &roots(), NOW)
}

/// Path, or `pin`, and who.
fn unmet(standing: &Standing) -> Vec<(String, PartyId)> {
    let name = |need: &Need| match &need.what {
        Subject::File(path) | Subject::Removal(path) => path.clone(),
        Subject::Pin(..) => "pin".to_owned(),
    };
    standing.unmet().map(|need| (name(need), need.by)).collect()
}

#[test]
fn a_rule_holds_once_both_have_signed_their_files_the_instruments_and_the_pin() {
    let place = Place::signed();
    let standing = standing(&place);
    assert!(standing.holds(), "{:?}", standing.unmet().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(standing.signed_by(), pair());
    let needed: Vec<String> = standing.needs.iter().map(|need| format!("{} {}", need.by, need.what)).collect();
    for wanted in ["FR instruments/budapest/instrument.toml", "JP parties/JP.toml", "FR parties/FR.toml"] {
        assert!(needed.iter().any(|need| need == wanted), "{needed:?}");
    }
    let rules = Rules::open(party("JP"), Some((&place.catalogue, Signatures::Required))).unwrap();
    let rule = rules.rule(party("FR"), party("JP"), TODAY, &roots(), NOW).unwrap();
    assert_eq!(rule.pin(), standing.pin);
    assert!(rules.alarms(&roots(), NOW).is_empty());
}

#[test]
fn without_a_signature_the_pair_is_refused_r92_and_told_who_signs_what() {
    let place = Place::new();
    let mut plan = place.plan();
    plan.sign(&fr().signer, &fr().certificate).unwrap();
    apply(&plan, &place.catalogue, &roots(), NOW, true).unwrap();
    let standing = standing(&place);
    assert!(unmet(&standing).iter().all(|(_, by)| *by == party("JP")), "{:?}", unmet(&standing));
    assert_eq!(standing.signed_by(), [party("FR")]);
    let rules = Rules::open(party("FR"), Some((&place.catalogue, Signatures::Required))).unwrap();
    let refusal = rules.rule(party("FR"), party("JP"), TODAY, &roots(), NOW).unwrap_err();
    assert_eq!((refusal.code, refusal.owner), (RefusalCode::R92, Some(party("JP"))));
    assert!(refusal.reason.contains("is not signed by JP") && refusal.remedy.contains("treaty sign"), "{refusal:?}");
    assert!(rules.alarms(&roots(), NOW).is_empty(), "what is missing is no alarm");
}

#[test]
fn a_byte_changed_after_signing_closes_every_pair_of_the_file_and_names_it() {
    let place = Place::signed();
    // A comment: the rule stays the same, the file does not.
    rewrite(&place.catalogue, "parties/JP.toml", |text| text + "# x\n");
    let rules = Rules::open(party("FR"), Some((&place.catalogue, Signatures::Required))).unwrap();
    let refusal = rules.rule(party("FR"), party("JP"), TODAY, &roots(), NOW).unwrap_err();
    assert_eq!((refusal.code, refusal.rule.as_str()), (RefusalCode::R92, "parties/JP.toml"));
    assert!(refusal.reason.contains("altered after it was signed"), "{}", refusal.reason);
    let alarms = rules.alarms(&roots(), NOW);
    assert!(alarms.len() == 1 && alarms[0].contains("parties/JP.toml"), "{alarms:?}");
}

#[test]
fn a_signed_file_that_was_taken_away_closes_the_pair() {
    let place = Place::signed();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.enact();
    fs::remove_file(place.catalogue.join("parties/JP.2.toml")).unwrap();
    let standing = standing(&place);
    let bad: Vec<String> = standing.bad().map(ToString::to_string).collect();
    assert!(bad.len() == 1 && bad[0].contains("parties/JP.2.toml"), "{bad:?}");
    // Without the note the pin tells it: both accepted another rule.
    fs::remove_file(place.catalogue.join("signatures/parties/JP.2.toml.note")).unwrap();
    let standing = self::standing(&place);
    assert_eq!(unmet(&standing), [("pin".to_owned(), party("FR")), ("pin".to_owned(), party("JP"))]);
}

#[test]
fn an_older_acceptance_does_not_bring_back_the_older_rule() {
    let place = Place::signed();
    let old = fs::read_to_string(place.catalogue.join("acceptances/FR-JP.note")).unwrap();
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.enact();
    assert_eq!(fs::read_to_string(place.catalogue.join("acceptances/FR-JP.1.note")).unwrap(), old);
    assert!(standing(&place).holds());
    for path in ["parties/JP.2.toml", "signatures/parties/JP.2.toml.note"] {
        fs::remove_file(place.catalogue.join(path)).unwrap();
    }
    let reasons: Vec<String> = standing(&place).unmet().map(ToString::to_string).collect();
    assert!(reasons.iter().all(|reason| reason.contains("both accepted pin")), "{reasons:?}");
}

#[test]
fn a_signature_under_a_root_that_is_not_pinned_proves_nothing() {
    let place = Place::signed();
    let [a, b] = pair();
    let mut pinned = roots();
    pinned.remove(&a);
    let standing = place.shelf().standing((a, b), TODAY, None, &pinned, NOW);
    assert!(!standing.holds() && standing.unmet().all(|need| need.by == a));
    let why = standing.unmet().next().unwrap().to_string();
    assert!(why.contains("no root of FR is pinned here"), "{why}");
    // Another root of the same name, whose key is in the folder: its owner wrote all of this.
    let other = State::new("FR");
    put(&place.catalogue, "keys/FR.2.cert.pem", &other.certificate);
    let path = "parties/FR.toml";
    rewrite(&place.catalogue, path, |text| text + "# mine\n");
    let sha256 = model::Digest::of(&[fs::read(place.catalogue.join(path)).unwrap().as_slice()]);
    let statement = identity::treaty::FileStatement { path: path.to_owned(), version: 1, sha256, signed: TODAY };
    let note = other.signer.sign(&statement.to_text().unwrap()).unwrap();
    put(&place.catalogue, "signatures/parties/FR.toml.note", &note);
    let standing = place.shelf().standing((a, b), TODAY, None, &roots(), NOW);
    assert!(standing.bad().any(|need| need.what == Subject::File(path.to_owned())), "{standing:?}");
}

#[test]
fn one_pairs_unsigned_treaty_does_not_stop_another() {
    let place = Place::signed();
    let text = fs::read_to_string(place.next.join("parties/FR.toml")).unwrap();
    let text = text.replace("id = \"FR\"", "id = \"IT\"").replace("France", "Italy");
    let text = text.replace("format = \"party/1\"", "format = \"party/1\"\nrecorded = 2026-11-22");
    put(&place.next, "parties/IT.toml", &text);
    let plan = place.plan();
    let pairs: Vec<_> = plan.pairs.iter().map(|planned| planned.pair).collect();
    assert!(pairs.iter().all(|pair| pair.contains(&party("IT"))) && pairs.len() == 2, "{pairs:?}");
    apply(&signed(plan), &place.catalogue, &roots(), NOW, true).unwrap();
    let rules = Rules::open(party("JP"), Some((&place.catalogue, Signatures::Required))).unwrap();
    assert!(rules.rule(party("JP"), party("FR"), TODAY, &roots(), NOW).is_ok());
    let refusal = rules.rule(party("JP"), party("IT"), TODAY, &roots(), NOW).unwrap_err();
    assert_eq!(refusal.owner, Some(party("IT")));
}

#[test]
fn a_national_file_restricts_the_own_decisions_needs_the_own_signature_and_leaves_the_pin() {
    let place = Place::signed();
    let before = standing(&place).pin;
    put(&place.catalogue, "national/JP.toml", NATIONAL);
    let rules = |own| Rules::open(party(own), Some((&place.catalogue, Signatures::Required))).unwrap();
    let refusal = rules("JP").rule(party("JP"), party("FR"), TODAY, &roots(), NOW).unwrap_err();
    assert_eq!(refusal.rule, "national/JP.toml");
    let files = shelf::Files::read(&place.catalogue).unwrap();
    fs::remove_file(place.catalogue.join("national/JP.toml")).unwrap();
    let base = shelf::Files::read(&place.catalogue).unwrap();
    let mut plan = shelf::Plan::of_national(&base, &files, TODAY, party("JP")).unwrap();
    assert!(!plan.to_json().unwrap().contains("parties/"), "a national plan tells of nothing else");
    plan.sign(&jp().signer, &jp().certificate).unwrap();
    apply(&plan, &place.catalogue, &roots(), NOW, false).unwrap();
    let rule = rules("JP").rule(party("JP"), party("FR"), TODAY, &roots(), NOW).unwrap();
    assert_eq!(rule.pin(), before);
    assert!(
        rule.measures().count()
            < rules("FR").rule(party("JP"), party("FR"), TODAY, &roots(), NOW).unwrap().measures().count()
    );
}

#[test]
fn a_case_finds_the_rule_of_its_pin_after_the_law_of_its_day_has_changed() {
    let place = Place::signed();
    let [a, b] = pair();
    let before = standing(&place).pin;
    put(&place.next, "parties/JP.2.toml", &denunciation());
    place.enact();
    let rules = Rules::open(b, Some((&place.catalogue, Signatures::Required))).unwrap();
    let now = rules.rule(a, b, TODAY, &roots(), NOW).unwrap();
    assert_ne!(now.pin(), before);
    assert_eq!(rules.pinned(a, b, TODAY, now.pin()).unwrap().pin(), now.pin());
    let then = rules.pinned(a, b, TODAY, before).unwrap();
    assert!(then.pin() == before && then.measures().count() > now.measures().count());
    assert!(rules.pinned(a, b, TODAY, model::Pin(model::Digest::new([7; 32]))).is_none());
}

#[test]
fn an_older_pin_is_found_with_the_own_layer_as_it_was_known_then() {
    let place = Place::new();
    let [a, b] = pair();
    let rules = || Rules::open(b, Some((&place.next, Signatures::None))).unwrap();
    let shared = rules().unproven(a, b, TODAY);
    put(&place.next, "national/JP.toml", &NATIONAL.replace("2026-11-22", "2026-11-01"));
    put(&place.next, "parties/JP.2.toml", &denunciation());
    assert_ne!(rules().unproven(a, b, TODAY).pin(), shared.pin());
    let then = rules().pinned(a, b, TODAY, shared.pin()).unwrap();
    assert_eq!(then.pin(), shared.pin());
    assert!(then.measures().count() < shared.measures().count(), "the own layer is left out");
}

#[test]
fn a_joint_team_is_proposed_and_opens_nothing_until_both_have_signed_it() {
    let place = Place::signed();
    put(&place.next, "overlays/FR-JP/team.toml", TEAM);
    let mut plan = place.plan();
    plan.sign(&fr().signer, &fr().certificate).unwrap();
    apply(&plan, &place.catalogue, &roots(), NOW, true).unwrap();
    let (fr, jp) = (party("FR"), party("JP"));
    let team = |on| place.shelf().teams(jp, on, &roots(), NOW).remove(0);
    let proposed = team(TODAY);
    assert_eq!((proposed.standing.life, proposed.signed_by), (TeamLife::Proposed, Some(vec![fr])));
    assert_eq!(proposed.missing, ["overlays/FR-JP/team.toml is not signed by JP"]);
    let rules = || Rules::open(jp, Some((&place.catalogue, Signatures::Required))).unwrap();
    let refusal = rules().rule(fr, jp, TODAY, &roots(), NOW).unwrap_err();
    assert_eq!((refusal.code, refusal.rule.as_str()), (RefusalCode::R92, "overlays/FR-JP/team.toml"));
    // Who asks for no signatures hears of none.
    let lax = Rules::open(jp, Some((&place.catalogue, Signatures::None))).unwrap().teams(fr, TODAY, &roots(), NOW);
    assert_eq!((lax[0].standing.life, &lax[0].signed_by), (TeamLife::Active, &None));

    place.enact();
    assert!(team(TODAY).missing.is_empty());
    let days = [date(2026, 11, 21), TODAY, date(2027, 12, 1)];
    assert_eq!(days.map(|on| team(on).standing.life), [TeamLife::Agreed, TeamLife::Active, TeamLife::Ended]);
    let rule = rules().rule(fr, jp, TODAY, &roots(), NOW).unwrap();
    let opened: Vec<_> = rule.offers().filter(|offer| !offer.teams.is_empty()).collect();
    assert!(!opened.is_empty() && opened.iter().all(|offer| offer.request_type.as_str() == "jit"), "{opened:?}");
    assert!(rules().teams(party("DE"), TODAY, &roots(), NOW).is_empty());
    // A file that was altered after it was signed is no agreement.
    rewrite(&place.catalogue, "overlays/FR-JP/team.toml", |text| text.replace("FR:central", "FR:police"));
    let altered = team(TODAY);
    assert_eq!((altered.standing.life, altered.signed_by), (TeamLife::Proposed, Some(vec![])));
    assert!(altered.missing.iter().all(|why| why.contains("altered after it was signed")), "{:?}", altered.missing);
}

const TEAM: &str = "format = \"overlay/1\"\nid = \"team\"\ntitle = \"Team\"\nparties = [\"FR\", \"JP\"]\nkind = \"jit\"\n\
                    purpose = \"Forged bills\"\nmembers = [\"FR:central\", \"JP:central\"]\nrecorded = 2026-11-22\n\
                    valid_from = 2026-11-22\nvalid_to = 2027-11-30\narranges = [\"jit\"]\nverified = false\n";

pub(crate) const NATIONAL: &str = "format = \"national/1\"\nrecorded = 2026-11-22\nparty = \"JP\"\n\n[[restrict]]\nrequests = [\"stored_data\"]\n\
                                   forbid = true\nbecause = \"Act of a test\"\n";

pub(crate) fn denunciation() -> String {
    let (_, text) = treaty::Catalog::builtin_files().find(|(path, _)| path == "parties/JP.toml").unwrap();
    let denounced = "instrument = \"ets-185\"\ndenounced = 2026-08-01\nends = 2026-11-20";
    let text = text.replace("format = \"party/1\"", "format = \"party/1\"\nversion = 2\nrecorded = 2026-11-22");
    text.replace("instrument = \"ets-185\"", denounced)
}
