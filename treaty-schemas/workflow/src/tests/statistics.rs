//! What is counted of cases.

use model::{Absence, Digest, LeftOut, MeasureId, Pin, RefusalCode, Step, Timestamp};
use proptest::prelude::*;

use super::{NOW, party, record, scope};
use crate::{
    Account, Case, Census, Change, Event, Move, Row, STATISTICS_CSV_HEADER, Side, State, Statistics, Tally, Trigger,
    apply, moments, rows_from,
};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn event(at: Timestamp, change: Change) -> Event {
    Event {
        home: party("home"),
        peer: party("peer"),
        pin: Pin(Digest::of(&[b"rule"])),
        at,
        taken: None,
        entry: None,
        change,
    }
}

fn sent(at: Timestamp, measures: &[(u32, &[&str])]) -> Event {
    let measures = measures.iter().map(|(id, records)| scope(*id, records)).collect();
    event(at, Change::Sent { measures, terms: vec![], conditions: vec![], bytes: 0 })
}

fn moved(at: Timestamp, step: Step, id: u32, from: State, to: State, records: &[&str]) -> Event {
    let records = records.iter().map(|name| record(name)).collect();
    event(
        at,
        Change::Moved {
            step,
            moves: vec![Move { measure: MeasureId(id), from, to, records }],
            ground: (step == Step::Refuse).then_some(RefusalCode::R07),
            conditions: vec![],
            callback: None,
            challenge: None,
            bytes: 0,
            postponement: None,
            until: None,
            decided_by: vec![],
            opens: None,
            left_out: vec![],
        },
    )
}

fn folded(events: &[Event]) -> Case {
    events.iter().fold(None, |case, event| Some(apply(case, event))).unwrap()
}

/// What is counted of these cases, each with whether it was an emergency.
fn counted(cases: &[(&[Event], bool)]) -> Statistics {
    let mut census = Census::new(NOW, NOW.plus_ms(365 * DAY_MS));
    let counterpart = "FR:central".parse().unwrap();
    for (events, emergency) in cases {
        let (case, moments) = (folded(events), moments(*events));
        let side = Side::Home;
        census.count(&Account {
            side,
            counterpart: &counterpart,
            emergency: *emergency,
            case: &case,
            moments: &moments,
            root_causes: &[],
        });
    }
    census.statistics(NOW)
}

fn tally<'a>(statistics: &'a Statistics, by: &str, value: &str) -> &'a Tally {
    statistics.tallies.iter().find(|one| one.by == by && one.value == value).unwrap()
}

/// A release of `records`, so many days after the request.
fn produced(days: i64, records: &[&str]) -> Vec<Event> {
    let at = NOW.plus_ms(days * DAY_MS);
    vec![
        sent(NOW, &[(1, &["subscriber_info", "traffic_data"])]),
        moved(NOW, Step::Acknowledge, 1, State::Sent, State::Ready, &[]),
        moved(at, Step::Release, 1, State::Ready, State::Produced, records),
    ]
}

/// The same, confirmed and reported, with what the report leaves out.
fn reported(left_out: LeftOut) -> Vec<Event> {
    let mut events = produced(5, &["traffic_data"]);
    events.push(moved(NOW.plus_ms(6 * DAY_MS), Step::Confirm, 1, State::Produced, State::Received, &[]));
    let mut report = moved(NOW.plus_ms(7 * DAY_MS), Step::FinalReport, 1, State::Received, State::Executed, &[]);
    if let Change::Moved { left_out: out, .. } = &mut report.change {
        out.push(left_out);
    }
    events.push(report);
    events
}

#[test]
fn what_a_report_leaves_out_is_counted_by_why_and_for_its_own_record_type_alone() {
    let absent = |why| LeftOut { measure: MeasureId(1), record: record("subscriber_info"), why };
    let (none, lost) = (reported(absent(Absence::NotExisting)), reported(absent(Absence::NotObtained)));
    let statistics = counted(&[(&none, false), (&lost, false), (&produced(5, &BOTH), false)]);
    let of = |by: &str, value: &str| {
        let tally = tally(&statistics, by, value);
        (tally.not_existing, tally.not_obtained)
    };
    assert_eq!((of("all", ""), of("request_type", "stored_data")), ((1, 1), (1, 1)));
    assert_eq!((of("record_type", "subscriber_info"), of("record_type", "traffic_data")), ((1, 1), (0, 0)));
    let csv = statistics.to_csv();
    assert!(csv.lines().nth(1).is_some_and(|line| line.ends_with(",1,1")), "{csv}");
}

const BOTH: [&str; 2] = ["subscriber_info", "traffic_data"];

#[test]
fn what_was_asked_is_told_by_what_became_of_it_and_how_long_it_took() {
    let whole = produced(10, &BOTH);
    let part = produced(21, &["traffic_data"]);
    let slow = produced(40, &BOTH);
    let refused = [
        sent(NOW, &[(1, &["traffic_data"])]),
        moved(NOW.plus_ms(DAY_MS / 2), Step::Refuse, 1, State::Sent, State::Refused, &[]),
    ];
    let statistics = counted(&[(&whole, false), (&part, true), (&slow, false), (&refused, false)]);
    let all = tally(&statistics, "all", "");
    assert_eq!((all.cases, all.issued, all.fulfilled, all.fulfilled_in_part, all.refused), (4, 4, 2, 1, 1));
    assert_eq!((all.production_days_average, all.production_days_median), (Some(23.67), Some(21.0)));
    assert_eq!((all.refusal_days_average, all.refusal_days_median), (Some(0.5), Some(0.5)));
    assert_eq!(tally(&statistics, "ground", "R07").refused, 1);
    assert_eq!(tally(&statistics, "emergency", "yes").fulfilled_in_part, 1);
    assert_eq!(tally(&statistics, "record_type", "subscriber_info").issued, 3);
    assert_eq!(tally(&statistics, "record_type", "traffic_data").issued, 4);
    assert_eq!(tally(&statistics, "counterpart", "FR").issued, 4);
    assert_eq!(tally(&statistics, "authority", "FR:central").cases, 4);
    assert_eq!(tally(&statistics, "request_type", "stored_data").issued, 4);
    assert_eq!(all.side, "requesting");
}

#[test]
fn a_release_that_was_sent_back_is_none_and_one_before_it_stays() {
    let mut events = produced(10, &BOTH);
    events.push(moved(NOW.plus_ms(11 * DAY_MS), Step::Reject, 1, State::Produced, State::Ready, &[]));
    assert_eq!(tally(&counted(&[(&events, false)]), "all", "").pending, 1);

    let mut events = produced(10, &["traffic_data"]);
    let next = |days: i64, step, from, to| moved(NOW.plus_ms(days * DAY_MS), step, 1, from, to, &["subscriber_info"]);
    events.push(next(11, Step::Confirm, State::Produced, State::Received));
    events.push(next(12, Step::MoreToCome, State::Received, State::Executing));
    events.push(next(13, Step::Collected, State::Executing, State::Ready));
    events.push(next(14, Step::Release, State::Ready, State::Produced));
    let statistics = counted(&[(&events, false)]);
    assert_eq!(tally(&statistics, "all", "").production_days_average, Some(14.0));
    assert_eq!(tally(&statistics, "all", "").fulfilled, 1);
    events.push(next(15, Step::Reject, State::Produced, State::Ready));
    let statistics = counted(&[(&events, false)]);
    assert_eq!(tally(&statistics, "all", "").production_days_average, Some(10.0));
    assert_eq!(tally(&statistics, "all", "").fulfilled_in_part, 1);
    // The rest is refused: what was given was given.
    events.push(next(16, Step::Refuse, State::Ready, State::Refused));
    assert_eq!(tally(&counted(&[(&events, false)]), "all", "").fulfilled_in_part, 1);
}

#[test]
fn closing_changes_no_count_and_what_was_sent_in_another_year_is_not_counted() {
    let mut events = produced(10, &BOTH);
    let before = counted(&[(&events, false)]);
    let at = NOW.plus_ms(12 * DAY_MS);
    events.push(moved(at, Step::Confirm, 1, State::Produced, State::Received, &[]));
    events.push(moved(at, Step::Close, 1, State::Received, State::Closed, &[]));
    assert_eq!(counted(&[(&events, false)]), before);
    let mut census = Census::new(NOW.plus_ms(1), NOW.plus_ms(DAY_MS));
    let (case, moments) = (folded(&events), moments(&events));
    let counterpart = "FR:central".parse().unwrap();
    census.count(&Account {
        side: Side::Peer,
        counterpart: &counterpart,
        emergency: false,
        case: &case,
        moments: &moments,
        root_causes: &[],
    });
    assert_eq!(census.statistics(NOW).tallies, []);
}

#[test]
fn what_was_recalled_is_counted_under_each_of_its_root_causes_once() {
    let events = produced(10, &BOTH);
    let (case, moments) = (folded(&events), moments(&events));
    let counterpart = "FR:central".parse().unwrap();
    let mut census = Census::new(NOW, NOW.plus_ms(DAY_MS));
    let cause = |measure, word: &str| (MeasureId(measure), word.to_owned());
    let causes = [cause(1, "partial_match"), cause(1, "partial_match"), cause(1, "race"), cause(7, "other")];
    census.count(&Account {
        side: Side::Peer,
        counterpart: &counterpart,
        emergency: false,
        case: &case,
        moments: &moments,
        root_causes: &causes,
    });
    let statistics = census.statistics(NOW);
    let found: Vec<_> = statistics.tallies.iter().filter(|one| one.by == "root_cause").collect();
    let told: Vec<_> = found.iter().map(|one| (one.value.as_str(), one.issued, one.fulfilled)).collect();
    assert_eq!(told, [("partial_match", 1, 1), ("race", 1, 1)]);
}

#[test]
fn the_csv_has_as_many_cells_as_its_header_says_in_each_line() {
    let csv = counted(&[(&produced(10, &BOTH), false)]).to_csv();
    let columns = STATISTICS_CSV_HEADER.split(',').count();
    assert!(csv.starts_with(STATISTICS_CSV_HEADER) && csv.ends_with("\r\n"));
    assert!(csv.lines().all(|line| line.split(',').count() == columns), "{csv}");
    assert!(csv.contains("requesting,all,,1,1,1,0,0,0,0,0,0,0,0,10.00,10.00,,"), "{csv}");
}

#[test]
fn the_header_of_the_csv_is_as_it_was_published_stability() {
    let published = "side,by,value,cases,issued,fulfilled,fulfilled_in_part,refused,withdrawn,returned,blocked,lapsed,postponed,\
                     pending,production_days_average,production_days_median,refusal_days_average,refusal_days_median";
    assert!(STATISTICS_CSV_HEADER.starts_with(published));
}

/// Walks a case of `count` measures through whatever rows of the procedure `choices` picks.
fn walk(count: u32, choices: &[(u32, usize)]) -> Vec<Event> {
    let ids: Vec<u32> = (1..=count).collect();
    let asked: Vec<(u32, &[&str])> = ids.iter().map(|id| (*id, BOTH.as_slice())).collect();
    let mut events = vec![sent(NOW, &asked)];
    let mut case = folded(&events);
    for (index, (measure, choice)) in choices.iter().enumerate() {
        let at = NOW.plus_ms(i64::try_from(index).unwrap() * DAY_MS);
        let id = measure % count + 1;
        let measure = &case.measures[&MeasureId(id)];
        let state = measure.state;
        let fits = |row: &&Row| row.to.is_some() && row.sides.iter().any(|side| row.applies(measure, *side));
        let rows: Vec<_> = rows_from(state).filter(fits).collect();
        let Some(row) = rows.get(choice % rows.len().max(1)) else { continue };
        let next = match (row.trigger, row.to) {
            (Trigger::Step(step), Some(to)) => moved(at, step, id, state, to, &["traffic_data"]),
            (Trigger::Gateway(gateway), _) => event(at, Change::Gateway { event: gateway, ground: None }),
            _ => continue,
        };
        case = apply(Some(case), &next);
        events.push(next);
    }
    events
}

fn outcomes(one: &Tally) -> u64 {
    let given = one.fulfilled + one.fulfilled_in_part;
    let ended = one.refused + one.withdrawn + one.returned + one.blocked + one.lapsed;
    given + ended + one.postponed + one.pending
}

proptest! {
    #[test]
    fn whatever_happened_each_measure_is_counted_once_and_the_sums_match(
        walks in proptest::collection::vec((1..4_u32, proptest::collection::vec((0..4_u32, 0..40_usize), 0..40), any::<bool>()), 0..6)
    ) {
        let cases: Vec<_> = walks.iter().map(|(count, choices, emergency)| (walk(*count, choices), *emergency)).collect();
        let borrowed: Vec<_> = cases.iter().map(|(events, emergency)| (events.as_slice(), *emergency)).collect();
        let statistics = counted(&borrowed);
        let measures: u64 = walks.iter().map(|(count, ..)| u64::from(*count)).sum();
        for one in &statistics.tallies {
            prop_assert_eq!(one.issued, outcomes(one), "{:?}", one);
            prop_assert!(one.cases <= one.issued && one.issued <= measures);
        }
        let sum = |by: &str, of: fn(&Tally) -> u64| -> u64 { statistics.tallies.iter().filter(|one| one.by == by).map(of).sum() };
        for by in ["all", "counterpart", "authority", "article", "request_type", "emergency"] {
            prop_assert_eq!(sum(by, |one| one.issued), measures, "{}", by);
            prop_assert_eq!(sum(by, |one| one.cases), walks.len() as u64, "{}", by);
        }
        prop_assert_eq!(sum("ground", |one| one.refused), sum("all", |one| one.refused));
        prop_assert_eq!(statistics.to_csv().lines().count(), statistics.tallies.len() + 1);
    }
}
