//! Since when a state says something, and since when the catalogue knows it.

use jiff::civil::{Date, date};
use model::SelectorKind;
use treaty::{Catalog, Severity};

use crate::{
    force::{Ask, STORED, appended, decide, on, refused, replaced},
    support::{TODAY, builtin, party, replaced_text, with, world},
};

const JAPAN: &str = "parties/JP.toml";
const JAPAN_2: &str = "parties/JP.2.toml";

/// The second version of Japan's file, with `more` at its end.
fn second(more: &str) -> (&'static str, String) {
    let text = replaced_text(JAPAN, "name =", "version = 2\nrecorded = 2026-10-01\nname =");
    (JAPAN_2, format!("{text}\n{more}"))
}

fn reservation(days: &str) -> String {
    format!("[[reservation]]\narticle = \"conv:31\"\n{days}verified = true\n")
}

const PLANNED: &str = "from = 2027-01-01\n";

#[test]
fn a_statement_that_is_planned_changes_neither_today_nor_the_past() {
    let declaration =
        format!("[[declaration]]\narticle = \"conv:31\"\nrule = \"judge_validates\"\n{PLANNED}verified = true\n");
    for statement in [reservation(PLANNED), declaration] {
        let catalog = world(&[second(&statement)]);
        let pin = |catalog: &Catalog, day: Date| catalog.rule(party("FR"), party("JP"), day).pin();
        for day in [date(2020, 8, 1), TODAY, date(2026, 12, 31)] {
            assert_eq!(pin(&catalog, day), pin(&world(&[]), day), "{day}");
        }
        let begins = date(2027, 1, 1);
        assert_ne!(pin(&catalog, begins), pin(&world(&[]), begins));
        assert!(catalog.timeline(party("FR"), party("JP")).contains(&begins));
        let changes = catalog.pins(party("FR"), party("JP"), TODAY, date(2027, 12, 31));
        assert_eq!(changes.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [TODAY, begins]);
        assert!(catalog.doubts().iter().all(|one| one.file != JAPAN_2), "it says since when");
    }
    let catalog = world(&[second(&reservation(PLANNED))]);
    refused(&on(&catalog, ("FR", "JP"), STORED, date(2027, 1, 1)), Some("JP"), "JP has reserved conv:31");
    let info = catalog.party(party("JP")).unwrap();
    assert_eq!((info.reservations[0].from, info.reservations[0].withdrawn), (Some(date(2027, 1, 1)), None));
}

#[test]
fn a_reservation_holds_from_its_first_day_until_the_day_before_it_is_withdrawn() {
    let catalog = world(&[appended(JAPAN, &reservation("from = 2026-02-01\nwithdrawn = 2026-03-01\n"))]);
    let days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1)];
    assert_eq!(days.map(|day| on(&catalog, ("FR", "JP"), STORED, day).allowed()), [true, false, false, true]);
}

#[test]
fn an_objection_bars_from_its_first_day_on() {
    let objection =
        "[[objection]]\nto = \"JP\"\narticle = \"conv:29\"\nbars = true\nfrom = 2026-06-01\nverified = true\n";
    let reserved = "[[reservation]]\narticle = \"conv:29\"\nverified = true\n";
    let catalog = world(&[appended(JAPAN, reserved), appended("parties/FR.toml", objection)]);
    assert!(on(&catalog, ("FR", "JP"), STORED, date(2026, 5, 31)).allowed());
    assert!(!on(&catalog, ("FR", "JP"), STORED, date(2026, 6, 1)).allowed());
}

#[test]
fn what_both_must_allow_opens_on_the_day_from_which_the_second_one_does() {
    let text = "[[declaration]]\narticle = \"prot:7\"\nrule = \"allows\"\nfrom = 2026-06-01\nverified = true\n";
    let catalog = world(&[appended(JAPAN, text)]);
    let direct = Ask("prot:7", "provider_direct", "subscriber_info", SelectorKind::Account);
    assert!(!on(&catalog, ("FR", "JP"), direct, date(2026, 5, 31)).allowed());
    assert!(on(&catalog, ("FR", "JP"), direct, date(2026, 6, 1)).allowed());
}

#[test]
fn an_authority_reads_its_languages_on_its_days_only() {
    let authority = "name = \"Ministry of Justice\"\nlanguages = [\"en\"]";
    let text = replaced_text(JAPAN, authority, &format!("{authority}\nwithdrawn = 2027-01-01"));
    let next = "[[authority]]\nkind = \"central\"\nname = \"Agency\"\nlanguages = [\"ja\"]\nfrom = 2027-01-01\n";
    let catalog = world(&[(JAPAN, format!("{text}\n{next}"))]);
    let read = |day| {
        let rule = catalog.rule(party("FR"), party("JP"), day);
        rule.canonical().lines().find(|line| line.starts_with("languages JP central")).unwrap().to_owned()
    };
    assert_eq!(read(TODAY), "languages JP central en");
    assert_eq!(read(date(2027, 1, 1)), "languages JP central ja");
    assert!(catalog.timeline(party("FR"), party("JP")).contains(&date(2027, 1, 1)));
}

#[test]
fn a_newer_party_file_that_adds_a_statement_for_all_days_is_doubted_unless_it_corrects() {
    let statements = [
        reservation(""),
        "[[declaration]]\narticle = \"conv:31\"\nrule = \"consult\"\nverified = true\n".to_owned(),
        "[[authority]]\nkind = \"24x7\"\nname = \"Police\"\nlanguages = [\"en\"]\n".to_owned(),
    ];
    for statement in statements {
        let (path, text) = second(&statement);
        let doubts = world(&[(path, text.clone())]).doubts();
        let of_japan: Vec<_> = doubts.iter().filter(|one| one.file == JAPAN_2).collect();
        assert_eq!(of_japan.len(), 1, "{statement}");
        assert!(of_japan[0].message.starts_with("version 2 adds "), "{}", of_japan[0]);
        assert_eq!(of_japan[0].severity, Severity::Warning);
        let corrects = text.replacen("version = 2", "version = 2\ncorrects = true", 1);
        assert!(world(&[(path, corrects)]).doubts().iter().all(|one| one.file != JAPAN_2));
    }
}

#[test]
fn a_first_version_without_a_day_of_record_is_doubted_where_others_have_one() {
    assert_eq!(world(&[]).doubts(), []);
    let recorded = |path| replaced(path, "name =", "recorded = 2026-01-01\nname =");
    let doubts = world(&[recorded(JAPAN)]).doubts();
    assert!(doubts.iter().all(|one| one.file != JAPAN && one.severity == Severity::Warning));
    assert_eq!(doubts.iter().filter(|one| one.file == "parties/FR.toml").count(), 1);
    // What the program was built with is known from the beginning.
    let text = |id: &str, head: &str| format!("format = \"party/1\"\nid = \"{id}\"\n{head}name = \"Nowhere\"\n");
    let added =
        with(&[("parties/XA.toml", text("XA", "recorded = 2026-01-01\n")), ("parties/XB.toml", text("XB", ""))]);
    let doubts: Vec<_> = added.doubts().into_iter().map(|one| one.file).collect();
    assert_eq!(doubts, ["parties/XB.toml"]);
}

#[test]
fn a_file_that_was_added_later_is_no_part_of_an_earlier_replay() {
    let national = "format = \"national/1\"\nparty = \"JP\"\nrecorded = 2026-10-01\n\n[[restrict]]\narticles = [\"conv:31\"]\n\
                    forbid = true\nbecause = \"x\"\n";
    let catalog = world(&[("national/JP.toml", national.to_owned())]);
    let (fr, jp) = (party("FR"), party("JP"));
    let decided = |known| decide(&catalog.local_rule_as_known(jp, fr, jp, TODAY, known), "FR", "JP", STORED);
    assert!(decided(date(2026, 9, 30)).allowed());
    assert!(!decided(date(2026, 10, 1)).allowed());
    let (now, then) = (catalog.local_rule(jp, fr, jp, TODAY), catalog.local_rule_as_known(jp, fr, jp, TODAY, TODAY));
    assert_eq!(decide(&now, "FR", "JP", STORED), decide(&then, "FR", "JP", STORED));
    // The other side sees nothing of it, whatever was known.
    assert!(decide(&catalog.local_rule_as_known(fr, fr, jp, TODAY, TODAY), "FR", "JP", STORED).allowed());
}

#[test]
fn a_file_that_says_it_was_recorded_in_the_future_is_an_error_until_that_day() {
    let catalog = world(&[second("")]);
    assert_eq!(catalog.from_the_future(date(2026, 10, 1)), []);
    let early = catalog.from_the_future(date(2026, 9, 30));
    assert_eq!((early.len(), early[0].severity, early[0].file.as_str()), (1, Severity::Error, JAPAN_2));
    assert_eq!(early[0].message, "it was recorded on 2026-10-01, says the file, and today is 2026-09-30");
    assert_eq!(builtin().from_the_future(TODAY), []);
}
