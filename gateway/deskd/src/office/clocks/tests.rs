#![expect(clippy::unwrap_used, reason = "tests")]

use model::{Digest, EntryId, EnvelopeDigest, HeaderDigest, MeasureScope, PartyId, Pin, RefusalCode, Step, Verdict};
use store::{DatabaseUrl, Settings};
use treaty::{Timer, Unit};
use workflow::{Change, ClockState, Event, Move, State, Terms};

use super::*;
use crate::office::view::{Pending, Refused};

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
/// Monday 2026-02-02, 09:00 in Paris.
const START: Timestamp = Timestamp(1_770_019_200_000);

fn party(code: &str) -> PartyId {
    code.parse().unwrap()
}

fn case_id(number: u64) -> CaseId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    CaseId::new(bytes)
}

fn timer(kind: TimerKind, length: u32, unit: Unit, clause: Option<&str>) -> Timer {
    let clause = clause.map(|clause| clause.parse().unwrap());
    Timer { kind, record: None, emergency: false, length, unit, clause }
}

fn calendars() -> Calendars {
    Calendars::builtin().unwrap()
}

fn request(terms: Terms) -> Change {
    let scope = MeasureScope {
        id: MeasureId(1),
        article: "ets-185:31".parse().unwrap(),
        request_type: "stored_data".parse().unwrap(),
        records: vec!["traffic_data".parse().unwrap()],
        subjects: 1,
        selectors: vec![],
        window: None,
        attributes: vec![],
        tags: vec![],
    };
    Change::Sent { measures: vec![scope], terms: vec![(MeasureId(1), terms)], conditions: vec![], bytes: 0 }
}

/// A case at the desk of FR that is moved by hand.
struct Moved {
    view: CaseView,
    state: State,
}

impl Moved {
    fn sent(id: CaseId, timers: Vec<Timer>, at: Timestamp) -> Self {
        Self::under(id, Terms { timers, ..Terms::default() }, at)
    }

    fn under(id: CaseId, terms: Terms, at: Timestamp) -> Self {
        let (own, other) = ("FR:central".parse().unwrap(), "JP:central".parse().unwrap());
        let view = CaseView::new(id, party("JP"), party("FR"), Pin(Digest::of(&[b"rule"])), &own, &other);
        let mut told = Self { view, state: State::Delivered };
        told.settle(Step::OpenGroup, Change::Opened, at);
        told.settle(Step::SealSend, request(terms), at);
        told
    }

    /// The same case at the desk of JP, before its request is sent.
    fn at_home(id: CaseId, at: Timestamp) -> Self {
        let (own, other) = ("JP:central".parse().unwrap(), "FR:central".parse().unwrap());
        let view = CaseView::new(id, party("JP"), party("FR"), Pin(Digest::of(&[b"rule"])), &own, &other);
        let mut told = Self { view, state: State::Validated };
        told.settle(Step::OpenGroup, Change::Opened, at);
        told
    }

    /// Its request is on its way.
    fn pend(&mut self, request: Change, at: Timestamp) {
        self.view.pending = Some(Pending {
            entry: EntryId::new([7; 16]),
            digest: HeaderDigest::GENESIS,
            envelope: EnvelopeDigest(Digest::of(&[b"envelope"])),
            header: Vec::new(),
            step: Step::SealSend,
            event: self.event(request, at),
            created: at,
            submitted: true,
            seating: None,
        });
    }

    fn step(&mut self, step: Step, to: State, at: Timestamp) {
        let moves = vec![Move { measure: MeasureId(1), from: self.state, to, records: vec![] }];
        let (conditions, ground, callback, postponement) = (vec![], None, None, None);
        let change = Change::Moved {
            step,
            moves,
            ground,
            conditions,
            callback,
            challenge: None,
            bytes: 0,
            postponement,
            until: None,
            decided_by: vec![],
            opens: None,
            left_out: vec![],
        };
        self.settle(step, change, at);
        self.state = to;
    }

    fn settle(&mut self, step: Step, change: Change, at: Timestamp) {
        let event = self.event(change, at);
        self.view.settle(step, HeaderDigest::GENESIS, &event);
    }

    fn event(&self, change: Change, at: Timestamp) -> Event {
        Event { home: party("JP"), peer: party("FR"), pin: self.view.pin, at, taken: None, entry: None, change }
    }

    fn clock(&self, kind: TimerKind) -> Clock {
        clocks_of(&self.view, &calendars()).into_iter().find(|clock| clock.id.kind == kind).unwrap()
    }
}

#[test]
fn a_decision_is_owed_from_the_acknowledgement_on_in_the_days_of_the_requested_authority() {
    let timers =
        vec![timer(TimerKind::Ack, 7, Unit::Days, None), timer(TimerKind::Decision, 30, Unit::Days, Some("eio:12(3)"))];
    let mut told = Moved::sent(case_id(1), timers, START);
    assert_eq!(told.clock(TimerKind::Ack).course.state(START), ClockState::Running);
    assert_eq!(clocks_of(&told.view, &calendars()).len(), 1);
    told.step(Step::Acknowledge, State::Acked, START.plus_ms(HOUR));
    let decision = told.clock(TimerKind::Decision);
    // The thirtieth day after 2 February is 4 March; the first moment that is too late is midnight after it, in Paris.
    assert_eq!(decision.course.due.to_string(), "2026-03-04T23:00:00.000Z");
    assert_eq!((decision.nature.to_string(), decision.sides), ("law, eio:12(3)".to_owned(), &[Side::Peer][..]));
    // What is stored of the view tells the same.
    let stored: CaseView = serde_json::from_slice(&serde_json::to_vec(&told.view).unwrap()).unwrap();
    assert_eq!(clocks_of(&stored, &calendars()), clocks_of(&told.view, &calendars()));
}

#[test]
fn what_is_preserved_does_not_lapse_while_a_request_that_follows_on_it_waits() {
    let timers = vec![timer(TimerKind::Preservation, 60, Unit::Days, Some("ets-185:29(7)"))];
    let mut kept = Moved::sent(case_id(1), timers, START);
    kept.state = State::Delivered;
    kept.step(Step::Release, State::Produced, START.plus_ms(DAY));
    let mut following = Moved::sent(case_id(2), vec![], START.plus_ms(40 * DAY));
    assert!(kept.view.hang(&following.view), "it hangs on it from now on");
    assert!(!kept.view.hang(&following.view), "once");
    let at = START.plus_ms(300 * DAY);
    let since = following.view.admitted.as_ref().unwrap().moved;
    assert_eq!(kept.clock(TimerKind::Preservation).course.state(at), ClockState::Paused { since });
    let another = Moved::sent(case_id(3), vec![], START.plus_ms(41 * DAY));
    assert!(kept.view.hang(&another.view));
    following.step(Step::Withdraw, State::Withdrawn, START.plus_ms(50 * DAY));
    assert!(kept.view.hang(&following.view));
    assert_eq!(kept.clock(TimerKind::Preservation).course.state(at), ClockState::Paused { since }, "the other waits");
    let mut another = another;
    another.step(Step::Withdraw, State::Withdrawn, START.plus_ms(50 * DAY));
    assert!(kept.view.hang(&another.view));
    assert_eq!(kept.clock(TimerKind::Preservation).course.state(at), ClockState::Expired);
}

/// A desk's database in a folder, as a program that starts finds it.
async fn opened(folder: &tempfile::TempDir) -> DeskStore {
    DeskStore::open(&DatabaseUrl::file(folder.path().join("desk.db")), &Settings::default()).await.unwrap()
}

/// What is told at `now`, as the task tells it.
async fn tell(store: &DeskStore, now: Timestamp) -> Vec<String> {
    let first = store.newest_event().await.unwrap();
    while store.next_clock().await.unwrap().is_some_and(|next| next <= now.0) {
        store.commit(&told_at(store, now).await.unwrap()).await.unwrap();
    }
    let events = store.events_after(first, 10_000).await.unwrap();
    events.iter().map(|event| Told::name(event.kind).to_owned()).collect()
}

/// Writes the clocks of a case as a change of it does.
async fn put(store: &DeskStore, told: &Moved) {
    let stored = store.clocks_of(told.view.id).await.unwrap();
    let clocks = changed(told.view.id, told.view.side(), &clocks_of(&told.view, &calendars()), &stored).unwrap();
    store.commit(&DeskBatch { clocks, ..DeskBatch::default() }).await.unwrap();
}

fn asked(number: u64) -> Moved {
    Moved::sent(case_id(number), vec![timer(TimerKind::Ack, 10, Unit::Days, None)], START)
}

#[test]
fn how_long_records_may_be_kept_and_when_an_emergency_must_be_validated_are_clocks_without_a_timer_of_the_treaty() {
    let terms = || Terms { retention_days: Some(100), expost_hours: Some(48), ..Terms::default() };
    let mut asked = Moved::under(case_id(1), terms(), START);
    let validated = asked.clock(TimerKind::ExPost);
    assert_eq!((validated.course.due, validated.sides), (START.plus_ms(48 * HOUR), &[Side::Home][..]));
    for (step, to) in [(Step::Acknowledge, State::Acked), (Step::Release, State::Produced)] {
        asked.step(step, to, START.plus_ms(HOUR));
    }
    let kept = asked.clock(TimerKind::Retention);
    assert_eq!((kept.course.due, kept.nature), (Timestamp(START.0 + 101 * DAY - 10 * HOUR), workflow::Nature::Policy));
    assert_eq!(kept.sides, &[Side::Home]);
    // Of data that is preserved only its confirmation was given.
    let keeping = workflow::Keeping { days: 60, clause: None, prolongation_days: None };
    let preserved = Moved::under(case_id(2), Terms { preservation: Some(keeping), ..terms() }, START);
    assert!(clocks_of(&preserved.view, &calendars()).iter().all(|clock| clock.id.kind != TimerKind::Retention));
}

#[tokio::test]
async fn a_request_that_has_not_arrived_calls_who_sent_it_after_a_day_until_it_arrives_or_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    let mut sent = Moved::at_home(case_id(1), START);
    put(&store, &sent).await;
    assert_eq!(clocks_of(&sent.view, &calendars()), [], "nothing was sent");
    let timers = vec![timer(TimerKind::Ack, 10, Unit::Days, None)];
    let request = request(Terms { timers, ..Terms::default() });
    sent.pend(request.clone(), START.plus_ms(HOUR));
    put(&store, &sent).await;
    let delivery = sent.clock(TimerKind::Delivery);
    assert_eq!((delivery.course.due, delivery.sides), (START.plus_ms(25 * HOUR), &[Side::Home][..]));
    assert_eq!(tell(&store, START.plus_ms(24 * HOUR)).await, ["clock_warning", "clock_warning"]);
    assert_eq!(tell(&store, START.plus_ms(26 * HOUR)).await, ["clock_due"]);
    // A gateway refuses it; the officer mends it and sends it again: a new time, of which people are told anew.
    let refused = sent.view.pending.take().unwrap();
    let at = START.plus_ms(30 * HOUR);
    let (entry, step, event) = (refused.entry, refused.step, refused.event);
    let (verdict, ground, reason) = (Verdict::Rejected, Some(RefusalCode::R94), String::new());
    sent.view.refused.push(Refused { entry, step, at, verdict, ground, reason, event });
    put(&store, &sent).await;
    assert_eq!(sent.clock(TimerKind::Delivery).course.state(at), ClockState::Dropped { at });
    assert_eq!(store.next_clock().await.unwrap(), None);
    sent.pend(request, at.plus_ms(HOUR));
    put(&store, &sent).await;
    assert_eq!(tell(&store, at.plus_ms(14 * HOUR)).await, ["clock_warning"]);
    // It arrives: now the other side has to acknowledge it, and nothing of its way is left.
    let arrived = sent.view.pending.take().unwrap().event;
    sent.view.settle(Step::SealSend, HeaderDigest::GENESIS, &arrived);
    put(&store, &sent).await;
    let kinds: Vec<_> = clocks_of(&sent.view, &calendars()).into_iter().map(|clock| clock.id.kind).collect();
    assert_eq!(kinds, [TimerKind::Ack]);
    let rows = store.clocks_of(case_id(1)).await.unwrap();
    let open: Vec<_> = rows.iter().filter(|row| row.open == 1).map(|row| row.kind.as_str()).collect();
    assert_eq!(open, ["ack"]);
}

#[tokio::test]
async fn each_alarm_is_told_once_across_restarts_and_clocks_that_are_set() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    let told = asked(1);
    put(&store, &told).await;
    let due = told.clock(TimerKind::Ack).course.due;
    assert!(tell(&store, START).await.is_empty());
    assert_eq!(tell(&store, due.plus_ms(-7 * DAY)).await, ["clock_warning"]);
    assert!(tell(&store, due.plus_ms(-7 * DAY + HOUR)).await.is_empty());
    store.close().await.unwrap();

    let store = opened(&folder).await;
    assert!(tell(&store, due.plus_ms(-7 * DAY + HOUR)).await.is_empty(), "a restart tells nothing again");
    put(&store, &told).await;
    assert!(tell(&store, due.plus_ms(-6 * DAY)).await.is_empty(), "a change of the case does not either");
    assert_eq!(tell(&store, due).await, ["clock_warning", "clock_due"], "what fell into a sleep is told after it");
    assert!(tell(&store, START).await.is_empty(), "the clock was set back");
    assert!(tell(&store, due.plus_ms(HOUR)).await.is_empty());
    let late = tell(&store, due.plus_ms(400 * DAY)).await;
    assert_eq!(late, ["clock_escalation", "clock_escalation", "clock_escalation"]);
    assert_eq!(store.next_clock().await.unwrap(), None, "then it is silent");
}

#[tokio::test]
async fn what_is_done_in_time_is_told_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    let mut told = asked(1);
    put(&store, &told).await;
    let due = told.clock(TimerKind::Ack).course.due;
    told.step(Step::Acknowledge, State::Acked, due.plus_ms(-8 * DAY));
    put(&store, &told).await;
    assert_eq!(store.next_clock().await.unwrap(), None);
    assert!(tell(&store, due.plus_ms(DAY)).await.is_empty());
}

#[tokio::test]
async fn a_row_that_cannot_be_read_does_not_silence_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    put(&store, &asked(1)).await;
    let mut broken = store.clocks_of(case_id(1)).await.unwrap();
    broken[0].course = "no course".to_owned();
    broken[0].next_at = Some(0);
    store.commit(&DeskBatch { clocks: broken, ..DeskBatch::default() }).await.unwrap();
    put(&store, &asked(2)).await;
    let due = asked(2).clock(TimerKind::Ack).course.due;
    assert_eq!(tell(&store, due.plus_ms(-7 * DAY)).await, ["clock_warning"]);
    put(&store, &asked(1)).await;
    assert_eq!(tell(&store, due.plus_ms(-7 * DAY)).await, ["clock_warning"], "the next change of its case mends it");
}

#[test]
fn a_sleep_is_no_longer_than_a_clock_that_is_set_allows() {
    assert_eq!(pause_until(None, START), LONGEST_SLEEP);
    assert_eq!(pause_until(Some(START.plus_ms(DAY)), START), LONGEST_SLEEP);
    assert_eq!(pause_until(Some(START.plus_ms(5)), START), Duration::from_millis(5));
    assert_eq!(pause_until(Some(START.plus_ms(-DAY)), START), Duration::ZERO);
}

/// `cargo test --release -p rogatory-deskd -- --ignored --nocapture a_quarter_of_a_million`.
#[tokio::test]
#[ignore = "it writes for a minute; it measures, and asserts only that nothing is lost"]
async fn a_quarter_of_a_million_clocks_are_taken_up_again() {
    const CASES: u64 = 250_000;
    const DUE: usize = 1_000;
    let folder = tempfile::tempdir().unwrap();
    let store = opened(&folder).await;
    let clock = asked(0).clock(TimerKind::Ack);
    for first in (0..CASES).step_by(5_000) {
        let rows = (first..first + 5_000).map(|number| {
            let mut course = clock.course.clone();
            // Every 250th is about to warn, the others are spread over a year.
            let later = if number % 250 == 0 { 0 } else { DAY + i64::try_from(number % 365).unwrap() * DAY };
            course.started = course.started.plus_ms(later);
            course.due = course.due.plus_ms(later);
            row_of(case_id(number), &clock.id, (&course, 0), None).unwrap()
        });
        let clocks = rows.collect();
        store.commit(&DeskBatch { clocks, ..DeskBatch::default() }).await.unwrap();
    }
    store.close().await.unwrap();

    let now = clock.course.due.plus_ms(-7 * DAY);
    #[expect(clippy::disallowed_methods, reason = "it measures a duration")]
    let begun = std::time::Instant::now();
    let store = opened(&folder).await;
    let next = store.next_clock().await.unwrap();
    let knows = begun.elapsed();
    let told = tell(&store, now).await;
    let all = begun.elapsed();
    assert_eq!((next, told.len()), (Some(now.0), DUE));
    println!("{CASES} clocks: opened, and the next alarm known, after {knows:?}; {DUE} due alarms told after {all:?}");
}
