//! The catalogue that the program is built with, and what a pin does and does not hold.

use jiff::civil::{Date, date};
use treaty::{Catalog, Timer, TimerKind, Unit};

use crate::{
    force::{STORED, decide, on},
    support::{TODAY, builtin, party, replaced_text, world, world_file},
};

#[test]
fn the_builtin_catalogue_is_whole_and_has_no_national_layer() {
    let catalog = builtin();
    let instruments: Vec<_> = catalog.instruments().map(|(id, _)| id).collect();
    for id in ["ets-185", "cets-224", "eu-jp-mla"] {
        assert!(instruments.contains(&id), "{id}");
    }
    let parties: Vec<_> = catalog.parties().map(|(id, _)| id).collect();
    for id in ["DE", "FR", "HU", "IT", "JP", "RS", "SG"] {
        assert!(parties.contains(&party(id)), "{id}");
    }
    assert!(Catalog::builtin_files().all(|(path, _)| !path.starts_with("national/")));
}

#[test]
fn every_rule_of_the_builtin_catalogue_is_the_same_from_both_sides_and_in_any_order_of_files() {
    let catalog = builtin();
    let mut files: Vec<_> = Catalog::builtin_files().collect();
    files.reverse();
    let reversed = Catalog::load(files).unwrap();
    let parties: Vec<_> = catalog.parties().map(|(id, _)| id).collect();
    for (i, a) in parties.iter().enumerate() {
        for b in &parties[i + 1..] {
            let pin = catalog.rule(*a, *b, TODAY).pin();
            assert_eq!(pin, reversed.rule(*b, *a, TODAY).pin(), "{a}–{b}");
        }
    }
}

#[test]
fn the_pin_is_the_same_from_both_sides_and_differs_between_pairs() {
    let catalog = world(&[]);
    let pin = |a, b| catalog.rule(party(a), party(b), TODAY).pin();
    assert_eq!(pin("JP", "FR"), pin("FR", "JP"));
    assert_ne!(pin("JP", "FR"), pin("JP", "DE"));
    assert_ne!(pin("CN", "DK"), pin("CN", "GB"));
}

#[test]
fn the_pin_does_not_hold_the_date_but_what_follows_from_it() {
    let catalog = world(&[]);
    let pin = |on: Date| catalog.rule(party("JP"), party("DK"), on).pin();
    assert_eq!(pin(date(2013, 1, 1)), pin(TODAY));
    assert_ne!(pin(date(2012, 10, 31)), pin(date(2012, 11, 1)));
}

#[test]
fn the_clocks_of_union_law_end_with_a_working_day_and_how_long_data_is_kept_never_moves() {
    let rule = builtin().rule(party("FR"), party("DE"), TODAY).canonical();
    let clocks = |kind: &str| -> Vec<&str> {
        let of_law = rule.lines().filter(|line| line.contains("timer") && line.contains("reg-2023-1543"));
        let found: Vec<_> = of_law.filter(|line| line.split(' ').any(|word| word == kind)).collect();
        assert!(!found.is_empty(), "{kind}");
        found
    };
    let in_days = clocks("decision").into_iter().chain(clocks("provider")).filter(|line| !line.contains(" hours "));
    assert!(in_days.clone().count() > 0 && in_days.into_iter().all(|line| line.contains(" 10 days_to_working_day ")));
    assert!(clocks("enforcement").iter().all(|line| line.contains(" 5 working_days ")));
    assert!(clocks("preservation").iter().all(|line| line.contains(" 60 days ")));
    // No other law that is built in says so.
    let rest = rule.lines().filter(|line| line.contains("timer") && !line.contains("reg-2023-1543"));
    let moved = rest.filter(|line| line.contains("days_to_working_day"));
    assert!(moved.into_iter().all(|line| line.contains(" ack ")), "but for the policy of that file");
    let timer = Timer {
        kind: TimerKind::Decision,
        record: None,
        emergency: false,
        length: 10,
        unit: Unit::DaysToWorkingDay,
        clause: None,
    };
    assert_eq!(timer.to_string(), "decision 10 days, the last a working day");
}

#[test]
fn a_comment_does_not_change_the_pin_and_a_cap_does() {
    let path = "instruments/evidence/instrument.toml";
    let commented = world(&[(path, format!("# a comment\n{}", world_file(path)))]);
    let pin = |catalog: &Catalog| catalog.rule(party("JP"), party("FR"), TODAY).pin();
    assert_eq!(pin(&commented), pin(&world(&[])));
    let wider = world(&[(path, replaced_text(path, "max_subjects = 20", "max_subjects = 21"))]);
    assert_ne!(pin(&wider), pin(&world(&[])));
}

#[test]
fn a_pair_without_a_treaty_has_an_empty_rule_with_a_pin() {
    let rule = world(&[]).rule(party("CN"), party("DK"), TODAY);
    assert!(rule.is_empty());
    assert_eq!(rule.measures().count(), 0);
    assert_eq!(rule.canonical().lines().next(), Some("rogatory rule v2"));
}

#[test]
fn a_state_without_a_file_has_no_treaty() {
    let catalog = world(&[]);
    assert!(catalog.rule(party("JP"), party("US"), TODAY).is_empty());
    assert!(!decide(&catalog.rule(party("JP"), party("US"), TODAY), "JP", "US", STORED).allowed());
    let path = "parties/SG.toml";
    let without: Vec<_> = crate::support::world_files().into_iter().filter(|(name, _)| name != path).collect();
    let rule = Catalog::load(without).unwrap().rule(party("JP"), party("SG"), date(2026, 6, 1));
    assert!(rule.is_empty(), "a memorandum binds no state of which nobody knows what it has reserved");
}

#[test]
fn a_date_of_entry_that_is_written_goes_before_the_one_that_follows() {
    let path = "parties/DK.toml";
    let text = replaced_text(path, "ratified = 2003-01-10", "ratified = 2003-01-10\nin_force = 2025-01-01");
    let catalog = world(&[(path, text)]);
    assert!(!on(&catalog, ("DK", "JP"), STORED, date(2024, 12, 31)).allowed());
    assert!(on(&catalog, ("DK", "JP"), STORED, date(2025, 1, 1)).allowed());
    // A territory that joins by a later notice, as it follows: the first of the month after three months.
    assert!(!on(&world(&[]), ("FR", "DE"), STORED, date(2006, 4, 30)).allowed());
    assert!(on(&world(&[]), ("FR", "DE"), STORED, date(2006, 5, 1)).allowed());
}

/// What is kept of one pair and one day is used for others: it must make no difference.
#[test]
fn a_rule_is_the_same_whatever_was_compiled_before_it() {
    let mut files = crate::support::layers();
    for (index, (_, text)) in files.iter_mut().filter(|(path, _)| path.starts_with("parties/")).enumerate() {
        let declares = |rule, more| format!("\n[[declaration]]\narticle = \"conv:31\"\nrule = \"{rule}\"\n{more}\n");
        *text += &declares("judge_validates", "withdrawn = 2020-01-01\nverified = true");
        *text += &declares(if index % 2 == 0 { "no_onward" } else { "consult" }, "verified = false");
    }
    let used = Catalog::load(files.clone()).unwrap();
    let parties: Vec<_> = used.parties().map(|(id, _)| id).collect();
    let days = [date(2031, 1, 1), TODAY, date(2013, 1, 1)];
    let pairs = || parties.iter().flat_map(|a| parties.iter().map(move |b| (*a, *b)));
    for day in days {
        for (a, b) in pairs() {
            used.local_rule(a, a, b, day);
        }
        for (a, b) in pairs().filter(|(a, b)| a < b) {
            let fresh = Catalog::load(files.clone()).unwrap().local_rule(a, a, b, day);
            let again = used.local_rule(a, a, b, day);
            assert_eq!(again.shared().canonical(), fresh.shared().canonical(), "{a}–{b} {day}");
            assert!(again.offers().eq(fresh.offers()) && again.barred().eq(fresh.barred()), "{a}–{b} {day}");
        }
    }
}
