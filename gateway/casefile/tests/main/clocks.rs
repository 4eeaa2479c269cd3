//! A gateway whose clock was wrong, and one that says so. The file tells which it is, as far as anybody can.

use casefile::Report;
use model::{Receipt, ReceiptKind, Role, Step};

use crate::{
    honest::checked,
    world::{Story, party},
};

const HOUR_MS: i64 = 3_600_000;

fn reported(story: &Story) -> Report {
    checked(story, &story.export(&story.material()))
}

fn status(story: &mut Story) {
    story.answer(Step::TellStatus, &[(false, 0, Role::Central)]);
}

/// The case, with the clocks of JP and FR ahead while FR acknowledges and says how it stands, and right before and after.
fn wrong_for_a_while(ahead: [i64; 2]) -> Report {
    let mut story = Story::new();
    story.open();
    story.request();
    story.ahead = ahead;
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    status(&mut story);
    status(&mut story);
    story.ahead = [0, 0];
    status(&mut story);
    status(&mut story);
    reported(&story)
}

/// What it says of the case itself, which no clock moves.
fn stands(report: &Report) -> Option<String> {
    let mut lines = report.proved.iter().flat_map(|section| &section.lines);
    lines.find(|line| line.starts_with("The case stands at")).cloned()
}

#[test]
fn a_clock_that_was_hours_ahead_is_told_as_one_and_pins_nothing() {
    let right = wrong_for_a_while([0, 0]);
    assert!(right.clocks.is_empty() && right.misstated.is_empty(), "{}", right.to_text());
    for hours in [1, 3, 6] {
        let report = wrong_for_a_while([0, hours * HOUR_MS]);
        let text = report.to_text();
        assert!(report.holds && report.misstated.is_empty(), "{text}");
        let told = format!("the clock of FR was about {hours} h ahead of that of JP");
        assert!(report.clocks.iter().any(|one| one.of == party("FR") && one.what.contains(&told)), "{text}");
        assert!(text.contains("BY A WRONG CLOCK: nobody is held to it"), "{text}");
        assert_eq!(stands(&report), stands(&right), "what rests on elapsed time does not move");
    }
}

#[test]
fn a_home_whose_clock_was_put_right_is_told_so_and_its_leaves_pin_nothing() {
    let report = wrong_for_a_while([3 * HOUR_MS, 0]);
    let text = report.to_text();
    assert!(report.holds && report.misstated.is_empty(), "{text}");
    let of_jp = report.clocks.iter().all(|one| one.of == party("JP"));
    assert!(of_jp && text.contains("the clock of JP was put back by about 3 h between ledger/leaf-"), "{text}");
}

#[test]
fn a_clock_that_is_still_ahead_when_the_file_is_exported_is_told_too() {
    for ahead in [[0, 2 * HOUR_MS], [2 * HOUR_MS, 0]] {
        let mut story = Story::new();
        story.ahead = ahead;
        story.play();
        let report = reported(&story);
        assert!(report.holds && report.misstated.is_empty(), "{}", report.to_text());
        assert!(!report.clocks.is_empty(), "{}", report.to_text());
    }
}

#[test]
fn a_gateway_that_is_out_of_its_own_neighbours_misstates_and_no_clock_excuses_it() {
    let mut story = Story::new();
    story.open();
    story.request();
    status_after_acknowledgement(&mut story);
    story.misstates = |receipt: &mut Receipt| {
        if receipt.kind == ReceiptKind::SubmissionAcceptance {
            receipt.at = receipt.at.plus_ms(3 * HOUR_MS);
        }
    };
    status(&mut story);
    story.misstates = |_| {};
    status(&mut story);
    let report = reported(&story);
    let text = report.to_text();
    assert!(report.holds && report.clocks.is_empty(), "{text}");
    assert!(report.misstated.iter().any(|one| one.by.contains(&party("FR"))), "{text}");
    assert!(text.contains("those beside it were stated by right clocks"), "{text}");
}

fn status_after_acknowledgement(story: &mut Story) {
    story.answer(Step::Acknowledge, &[(false, 0, Role::Central)]);
    status(story);
}

#[test]
fn more_than_six_hours_are_no_clock() {
    let report = wrong_for_a_while([0, 7 * HOUR_MS]);
    assert!(report.holds && report.clocks.is_empty(), "{}", report.to_text());
    assert!(report.misstated.iter().any(|one| one.by.contains(&party("FR"))), "{}", report.to_text());
}

#[test]
fn what_contradicts_its_own_entry_is_no_clock() {
    // A gateway whose clock is behind does not take what comes from its future.
    let report = wrong_for_a_while([0, -2 * HOUR_MS]);
    let text = report.to_text();
    assert!(report.holds && report.clocks.is_empty(), "{text}");
    assert!(text.contains("before the entry was made"), "{text}");
}

#[test]
fn a_head_that_is_cosigned_on_a_day_that_has_not_come_is_pinned_and_some_hours_are_a_clock() {
    let cosigned = |ahead: i64| {
        let mut story = Story::small();
        story.cosigned_ahead = ahead;
        reported(&story)
    };
    let report = cosigned(80 * 365 * 24 * HOUR_MS);
    let text = report.to_text();
    let pinned =
        |one: &casefile::Misstatement| one.by == [party("FR"), party("JP")] && one.what.contains("exported before");
    assert!(report.holds && report.misstated.iter().any(pinned), "{text}");
    let report = cosigned(2 * HOUR_MS);
    let text = report.to_text();
    assert!(report.holds && report.misstated.is_empty(), "{text}");
    assert!(text.contains("the clock of FR was about 2 h ahead, or that of JP behind"), "{text}");
    assert!(cosigned(0).clocks.is_empty());
}
