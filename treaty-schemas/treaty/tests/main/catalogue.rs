use jiff::civil::{Date, date};
use treaty::Catalog;

use crate::support::{TODAY, builtin, file, party, query, rule, stored_data, with};

#[test]
fn the_builtin_catalogue_holds_both_treaties_and_seven_parties() {
    let catalog = builtin();
    let instruments: Vec<_> = catalog.instruments().map(|(id, _)| id).collect();
    assert_eq!(instruments, ["ets-185", "cets-224", "eu-jp-mla"]);
    let parties: Vec<_> = catalog.parties().map(|(id, _)| id.to_string()).collect();
    assert_eq!(parties, ["DE", "FR", "HU", "IT", "JP", "RS", "SG"]);
}

/// A change of this value is a new treaty version between Japan and France: the parties must agree on it again.
#[test]
fn pin_stability() {
    let rule = rule("JP", "FR");
    assert_eq!(rule.pin().to_string(), "6c3406410e14ac325a8a475bafc84f705ffd79205bc4f974e5178bf62971d03d");
}

#[test]
fn the_canonical_form_says_what_is_in_force_and_nothing_else() {
    let text = rule("JP", "FR").canonical();
    let begin = "rogatory rule v1\npair FR JP\nlanguages FR central en fr\nlanguages FR 24x7 en fr\n\
                 languages JP central en ja\nlanguages JP 24x7 en ja\narticle ets-185:29 preservation\n";
    let found = text.find("article ets-185:29").unwrap();
    assert!(text.starts_with(&begin[..20]) && text[found..].starts_with("article ets-185:29 preservation\n"));
    assert!(text.contains(
        "article ets-185:31 stored_data\nrecord content_data judge\nrecord subscriber_info prosecutor judge\n\
         record traffic_data prosecutor judge\nselectors person account device ip_at_time domain\nsubjects 20\n\
         window 365\npurposes criminal_investigation criminal_proceedings\noffence 1 0\nsenders to FR central\n\
         dual_criminality to FR 0\nsenders to JP central\ndual_criminality to JP 1\nrecipients central\n"
    ));
    assert!(text.contains("timer preservation * 60 ets-185:29(7)\n"));
    assert!(!text.contains("cets-224"));
}

#[test]
fn the_pin_is_the_same_from_both_sides_and_differs_between_pairs() {
    assert_eq!(rule("JP", "FR").pin(), rule("FR", "JP").pin());
    assert_ne!(rule("JP", "FR").pin(), rule("JP", "IT").pin());
    assert_ne!(rule("JP", "SG").pin(), rule("FR", "SG").pin());
}

#[test]
fn the_pin_does_not_hold_the_date_but_what_follows_from_it() {
    let catalog = builtin();
    let pin = |on: Date| catalog.rule(party("JP"), party("FR"), on).pin();
    assert_eq!(pin(date(2013, 1, 1)), pin(TODAY));
    assert_ne!(pin(date(2012, 10, 31)), pin(date(2012, 11, 1)));
}

#[test]
fn a_comment_does_not_change_the_pin_and_a_cap_does() {
    let path = "instruments/budapest/instrument.toml";
    let commented = with(&[(path, format!("# a comment\n{}", file(path)))]);
    let pin = |catalog: &Catalog| catalog.rule(party("JP"), party("FR"), TODAY).pin();
    assert_eq!(pin(&commented), pin(&builtin()));
    let wider = with(&[(path, file(path).replacen("max_subjects = 20", "max_subjects = 21", 1))]);
    assert_ne!(pin(&wider), pin(&builtin()));
}

#[test]
fn a_pair_without_a_treaty_has_an_empty_rule_with_a_pin() {
    let rule = rule("SG", "JP");
    assert!(rule.is_empty());
    assert_eq!(rule.measures().count(), 0);
    assert_eq!(rule.canonical().lines().next(), Some("rogatory rule v1"));
}

#[test]
fn a_state_has_no_treaty_with_itself() {
    let measures = [stored_data()];
    let decision = rule("JP", "JP").decide(&query("JP", "JP", &measures));
    assert!(!decision.allowed());
}

#[test]
fn dates_of_entry_follow_from_ratifications_where_the_file_does_not_say_them() {
    for (state, entry) in
        [("JP", date(2012, 11, 1)), ("FR", date(2006, 5, 1)), ("IT", date(2008, 10, 1)), ("DE", date(2009, 7, 1))]
    {
        let path = format!("parties/{state}.toml");
        let recorded = file(&path);
        let line = format!("in_force = {entry}\n");
        assert!(recorded.contains(&line), "{state}");
        let catalog = with(&[(&path, recorded.replace(&line, ""))]);
        let open = |on: Date| {
            let rule = catalog.rule(party(state), party("HU"), on);
            rule.measures().any(|(article, _)| article.to_string() == "ets-185:31")
        };
        assert!(open(entry), "{state}");
        assert!(!open(entry.yesterday().unwrap()), "{state}");
    }
}

#[test]
fn the_bilateral_treaty_binds_japan_with_members_and_not_two_members() {
    let has = |a: &str, b: &str, on: Date| {
        let rule = builtin().rule(party(a), party(b), on);
        rule.measures().any(|(article, _)| article.instrument() == "eu-jp-mla")
    };
    assert!(has("JP", "IT", TODAY) && has("DE", "JP", TODAY));
    assert!(!has("FR", "IT", TODAY));
    assert!(!has("JP", "SG", TODAY));
    assert!(has("JP", "IT", date(2011, 1, 2)) && !has("JP", "IT", date(2011, 1, 1)));
}

#[test]
fn a_member_of_the_group_without_a_party_file_is_not_bound() {
    assert!(rule("JP", "AT").is_empty());
    let croatia = "format = \"party/1\"\nid = \"HR\"\nname = \"Croatia\"\n".to_owned();
    let catalog = with(&[("parties/HR.toml", croatia)]);
    assert!(!catalog.rule(party("JP"), party("HR"), TODAY).is_empty());
    assert!(catalog.rule(party("JP"), party("HR"), date(2013, 6, 30)).is_empty());
}
