use model::{MatterId, MeasureId, Timestamp};
use proptest::prelude::*;
use treaty::TimerKind;

use super::{DAY, at, case_id, clock};
use crate::{
    MatterState, Side, Slot,
    clock::{Agenda, AgendaHearing, Caveat, Clock, Course, Ending, Nature, Pause},
};

const NOW: &str = "2026-11-22T09:00:00Z";

fn now() -> Timestamp {
    at(NOW)
}

/// Begun ten days ago, ends in so many days.
fn ends_in(days: i64, kind: TimerKind, clause: Option<&str>) -> Clock {
    let course = Course::begun(now().plus_ms(-10 * DAY), now().plus_ms(days * DAY), kind == TimerKind::Preservation);
    let nature = clause.map_or(Nature::Policy, |clause| Nature::Legal(clause.parse().unwrap()));
    Clock { nature, sides: &[Side::Peer], ..clock(kind, course) }
}

fn words(agenda: &Agenda) -> Vec<String> {
    agenda.items.iter().map(ToString::to_string).collect()
}

#[test]
fn the_soonest_comes_first_and_at_the_same_moment_law_before_policy() {
    let clocks = [
        ends_in(9, TimerKind::Execution, Some("eio:12(4)")),
        ends_in(5, TimerKind::Ack, None),
        ends_in(5, TimerKind::Decision, Some("eio:12(3)")),
        ends_in(-1, TimerKind::Status, None),
    ];
    let agenda = Agenda::of(clocks.iter().zip(1..).map(|(clock, number)| (case_id(number << 32), clock)), now());
    let expected = [
        "status of M1, case 00000004 (policy), expired",
        "decision of M1, case 00000003 (law, eio:12(3))",
        "ack of M1, case 00000002 (policy)",
        "execution of M1, case 00000001 (law, eio:12(4))",
    ];
    assert_eq!(words(&agenda), expected);
    assert_eq!((agenda.acting(Side::Peer).count(), agenda.acting(Side::Home).count()), (4, 0));
}

#[test]
fn what_is_done_or_long_lapsed_is_left_out_and_what_is_paused_says_so() {
    let mut done = ends_in(5, TimerKind::Ack, None);
    done.course.end = Some(Ending::Met { at: now().plus_ms(-DAY) });
    let mut paused = ends_in(5, TimerKind::Decision, None);
    paused.course.paused = vec![Pause { from: now().plus_ms(-3 * DAY), until: None }];
    let clocks = [done, paused, ends_in(-3, TimerKind::Preservation, None), ends_in(-8, TimerKind::Preservation, None)];
    let agenda = Agenda::of(clocks.iter().map(|clock| (case_id(7), clock)), now());
    assert_eq!(
        words(&agenda),
        ["preservation of M1, case 00000000 (policy), lapsed", "decision of M1, case 00000000 (policy), paused"]
    );
    assert_eq!(agenda.items[1].due, now().plus_ms(8 * DAY));
}

/// The lines as they were before they were folded [RFC 5545 §3.1].
fn unfolded(text: &str) -> Vec<String> {
    assert!(text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']));
    assert!(text.split("\r\n").all(|line| line.len() <= 75));
    text.replace("\r\n ", "").split_terminator("\r\n").map(str::to_owned).collect()
}

#[test]
fn a_calendar_program_gets_one_event_for_each_clock_with_its_warnings() {
    let mut decision = ends_in(15, TimerKind::Decision, Some("eio:12(3)"));
    decision.course.due = at("2026-12-07T23:00:00Z");
    decision.caveats = vec![Caveat::Unverified("IT".parse().unwrap(), 2026)];
    let agenda = Agenda::of([(case_id(0xabcd_ef01_0000_0000), &decision)], now());
    let lines = unfolded(&agenda.to_icalendar(at("2026-11-22T09:00:01Z")));
    let uid = lines.iter().find(|line| line.starts_with("UID:")).unwrap().clone();
    let alarm = |at: &str, left: &str| {
        let name = "decision of M1\\, case abcdef01 (law\\, eio:12(3))";
        [
            "BEGIN:VALARM".to_owned(),
            "ACTION:DISPLAY".to_owned(),
            format!("TRIGGER;VALUE=DATE-TIME:{at}"),
            format!("DESCRIPTION:{left}: {name}"),
            "END:VALARM".to_owned(),
        ]
    };
    let head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rogatory//Agenda 1//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        &uid,
        "DTSTAMP:20261122T090001Z",
        "DTSTART:20261207T225959Z",
        "SUMMARY:decision of M1\\, case abcdef01 (law\\, eio:12(3))",
        "CATEGORIES:LAW",
        "DESCRIPTION:the holidays of IT in 2026 are not verified",
        "TRANSP:TRANSPARENT",
    ];
    let mut expected: Vec<String> = head.iter().map(|line| (*line).to_owned()).collect();
    // Twenty days before the end have passed.
    expected.extend(alarm("20261130T230000Z", "seven_days_left"));
    expected.extend(alarm("20261206T230000Z", "one_day_left"));
    expected.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    assert_eq!(lines, expected);
}

#[test]
fn a_clock_keeps_its_uid_and_shares_it_with_no_other() {
    let uid = |case: u64, change: &dyn Fn(&mut Clock)| {
        let mut clock = ends_in(5, TimerKind::Decision, None);
        change(&mut clock);
        let text = Agenda::of([(case_id(case), &clock)], now()).to_icalendar(now());
        unfolded(&text).into_iter().find(|line| line.starts_with("UID:")).unwrap()
    };
    let first = uid(1, &|_| {});
    assert_eq!(uid(1, &|clock| clock.course.due = now().plus_ms(99 * DAY)), first);
    let others = [
        uid(2, &|_| {}),
        uid(1, &|clock| clock.id.round = 1),
        uid(1, &|clock| clock.id.measure = MeasureId(2)),
        uid(1, &|clock| clock.id.kind = TimerKind::Execution),
        uid(1, &|clock| clock.id.record = Some("traffic_data".parse().unwrap())),
    ];
    assert!(others.iter().all(|other| *other != first));
    assert!(!first.contains(&case_id(1).to_string()[..8]));
}

#[test]
fn what_never_ends_is_no_event() {
    let mut never = ends_in(5, TimerKind::Decision, None);
    never.course.due = Timestamp(i64::MAX);
    let text = Agenda::of([(case_id(1), &never)], now()).to_icalendar(now());
    assert_eq!(unfolded(&text).len(), 6, "{text}");
}

proptest! {
    #[test]
    fn lines_are_folded_between_characters_and_unfold_to_what_they_were(name in "[a-zé漢𝄞,;\\\\]{0,300}") {
        let mut text = super::super::ical::Text(String::new());
        text.line(&name);
        prop_assert_eq!(unfolded(&text.0), vec![name]);
    }
}

#[test]
fn a_hearing_is_an_event_in_utc_that_blocks_its_time_and_names_nobody() {
    let held = |state| AgendaHearing {
        case: case_id(1),
        matter: MatterId(2),
        slot: Slot { starts: at("2026-12-01T09:00:00Z"), minutes: 90 },
        state,
    };
    let ical = |state| Agenda::of([], now()).with_hearings(vec![held(state)]).to_icalendar(now());
    let lines = unfolded(&ical(MatterState::SlotAgreed));
    let short: String = case_id(1).to_string().chars().take(8).collect();
    for line in [
        "DTSTART:20261201T090000Z".to_owned(),
        "DTEND:20261201T103000Z".to_owned(),
        format!("SUMMARY:hearing X2 of case {short} (SLOT_AGREED)"),
        "STATUS:CONFIRMED".to_owned(),
        "TRANSP:OPAQUE".to_owned(),
    ] {
        assert!(lines.contains(&line), "{line} in {lines:?}");
    }
    let uid = |lines: &[String]| lines.iter().find(|line| line.starts_with("UID:")).cloned();
    let cancelled = unfolded(&ical(MatterState::Cancelled));
    assert!(cancelled.contains(&"STATUS:CANCELLED".to_owned()));
    assert_eq!(uid(&lines), uid(&cancelled), "so that calendars replace it");
}
