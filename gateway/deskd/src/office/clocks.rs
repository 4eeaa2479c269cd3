//! The clocks of the cases: computed whenever a case changes, kept as rows, and told by a task that needs nothing but the rows. What a
//! clock told last is written in the transaction that tells it, so that each alarm is told once, whatever ends or sets the clock back.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use model::{CaseId, Denial, MeasureId, Timestamp};
use store::desk::{ClockRow, DeskBatch, DeskStore};
use telemetry::say;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use treaty::TimerKind;
use workflow::{
    AlarmKind, Calendars, Clock, ClockId, Course, Reckoning, Schedule, Side, apply, clocks, moments_of, woven,
};

use super::{Office, Told, agenda::acting, due::timers, event, internal, view::CaseView};
use crate::clock;

/// So many clocks are told in one transaction.
const AT_ONCE: u64 = 256;
/// The longest sleep: the system's clock may be set meanwhile.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// How long to wait when the storage is away.
const STORAGE_PAUSE: Duration = Duration::from_secs(3);

impl Office {
    /// The clocks of a case, those that ended among them.
    pub(super) fn clocks(&self, view: &CaseView) -> Vec<Clock> {
        clocks_of(view, &self.calendars)
    }

    /// Writes the clocks of a case that have changed. What they told stays told.
    pub(super) async fn put_clocks(
        &self,
        batch: &mut DeskBatch,
        view: &CaseView,
        clocks: &[Clock],
    ) -> Result<(), Denial> {
        let stored = self.store.clocks_of(view.id).await?;
        batch.clocks.retain(|row| row.case_id.0 != view.id);
        batch.clocks.extend(changed(view.id, view.side(), clocks, &stored)?);
        Ok(())
    }

    /// Lets what was preserved be kept as long as a request that follows on it waits for its decision.
    pub(super) async fn hang_on(&self, batch: &mut DeskBatch, view: &CaseView, now: Timestamp) -> Result<(), Denial> {
        for id in view.follows.iter().filter(|id| **id != view.id) {
            let Some((mut kept, version)) = self.view(*id).await? else { continue };
            if (kept.home, kept.peer) == (view.home, view.peer) && kept.hang(view) {
                self.put_view(batch, &kept, Some(version), now).await?;
            }
        }
        Ok(())
    }

    /// Tells each alarm of each clock, once, until `stop`.
    pub(crate) async fn run_clocks(self: Arc<Self>, stop: CancellationToken) {
        let mut changes = self.changed.subscribe();
        loop {
            changes.mark_unchanged();
            let pause = match self.tell_clocks().await {
                Ok(next) => pause_until(next, clock::now()),
                Err(_) => {
                    say!(Warn, "the clocks of the cases could not be told");
                    STORAGE_PAUSE
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
                _ = changes.changed() => {}
            }
        }
    }

    /// Tells what is to be told now. Says when to look again.
    async fn tell_clocks(&self) -> Result<Option<Timestamp>, Denial> {
        loop {
            let (next, now) = (self.store.next_clock().await?.map(Timestamp), clock::now());
            if next.is_none_or(|next| next > now) {
                return Ok(next);
            }
            // A case that moves writes its clocks too.
            let _members = self.members.lock().await;
            self.commit(&told_at(&self.store, now).await?).await?;
            self.due_bell.notify_one();
        }
    }
}

/// How long to sleep. A change of a case wakes sooner.
fn pause_until(next: Option<Timestamp>, now: Timestamp) -> Duration {
    let rest = next.map(|next| next.0.saturating_sub(now.0).max(0).unsigned_abs());
    rest.map_or(LONGEST_SLEEP, |rest| Duration::from_millis(rest).min(LONGEST_SLEEP))
}

/// The clocks of a case by the timers that it took over when it was sent, counted in the days of the requested authority. Of a request that has not
/// arrived, the one within which it should runs for who sent it; once it has, its arrival is past.
fn clocks_of(view: &CaseView, calendars: &Calendars) -> Vec<Clock> {
    let unsent = view.admitted.as_ref().is_some_and(|case| case.measures.is_empty());
    let (mut case, mut moments) = (view.admitted.clone(), view.moments.clone());
    for event in unsent.then(|| view.beyond()).into_iter().flatten() {
        moments.extend(moments_of(case.as_ref(), &event));
        case = Some(apply(case, &event));
    }
    let Some(case) = &case else { return Vec::new() };
    let timers = timers(case);
    let calendar = calendars.of(view.peer);
    let requested = if view.side() == Side::Peer { &view.own } else { &view.other };
    let by = Reckoning { zone: calendar.zone_of(requested), ..Reckoning::by(&calendar) };
    let mut clocks = clocks(&woven(moments, view.acts.clone()), &timers, &by);
    clocks.retain(|clock| unsent || clock.id.kind != TimerKind::Delivery);
    for clock in clocks.iter_mut().filter(|clock| clock.id.kind == TimerKind::Retention) {
        // Who got it keeps it: the requested party where the request gave it.
        let keeper = case.measures.get(&clock.id.measure).map_or(Side::Home, workflow::Measure::keeper);
        clock.sides = if keeper == Side::Peer { &[Side::Peer] } else { &[Side::Home] };
    }
    clocks
}

/// The rows of the clocks that are not stored like that, and of those that are no clocks of the case any more.
fn changed(case: CaseId, own: Side, clocks: &[Clock], stored: &[ClockRow]) -> Result<Vec<ClockRow>, Denial> {
    let known: BTreeMap<ClockId, &ClockRow> = stored.iter().filter_map(|row| Some((id_of(row)?, row))).collect();
    let gone = |row: &&ClockRow| row.open != 0 && clocks.iter().all(|clock| Some(&clock.id) != id_of(row).as_ref());
    let end = |row: &ClockRow| ClockRow { open: 0, next_at: None, fired: None, ..row.clone() };
    let mut rows: Vec<_> = stored.iter().filter(gone).map(end).collect();
    for clock in clocks {
        let before = known.get(&clock.id).copied();
        let row = row_of(
            case,
            &clock.id,
            (&clock.course, acting(clock.sides, own)),
            before.and_then(|row| told_before(row, &clock.course)),
        )?;
        if before != Some(&row) {
            rows.push(row);
        }
    }
    Ok(rows)
}

/// What the clock of a row told last; nothing where that one ended, and another one began under its name.
fn told_before(row: &ClockRow, course: &Course) -> Option<AlarmKind> {
    let anew = |old: Course| old.end.is_some() && course.end.is_none() && old.started != course.started;
    let began = serde_json::from_str(&row.course).is_ok_and(anew);
    fired_of(row).filter(|_| !began)
}

fn row_of(
    case: CaseId,
    id: &ClockId,
    (course, acting): (&Course, i16),
    fired: Option<AlarmKind>,
) -> Result<ClockRow, Denial> {
    Ok(ClockRow {
        case_id: case.into(),
        measure: id.measure.0.into(),
        kind: id.kind.as_str().to_owned(),
        record: id.record.as_ref().map(ToString::to_string).unwrap_or_default(),
        round: id.round.into(),
        course: serde_json::to_string(course).map_err(internal)?,
        fired: fired.map(|kind| kind.as_str().to_owned()),
        next_at: course.next(fired).map(|alarm| alarm.at.0),
        open: course.end.is_none().into(),
        due: course.due.0,
        acting,
    })
}

/// What of the clocks in the database is to be told at `now`, and that it was told: one transaction. Nothing where nothing is due.
async fn told_at(store: &DeskStore, now: Timestamp) -> Result<DeskBatch, Denial> {
    let mut batch = DeskBatch::default();
    let (mut schedule, mut courses) = (Schedule::default(), Vec::new());
    for row in store.clocks_due(now.0, AT_ONCE).await? {
        let Some((id, course)) = id_of(&row).zip(serde_json::from_str::<Course>(&row.course).ok()) else {
            // It would keep the others from being told. The next change of its case writes it anew.
            say!(Error, "a clock of a case cannot be read, and is not told");
            batch.clocks.push(ClockRow { next_at: None, ..row });
            continue;
        };
        schedule.watch_course(row.case_id.0, &id, &course, fired_of(&row));
        courses.push((row.case_id.0, id, course, row.acting));
    }
    batch.events = schedule.poll(now).iter().map(|alarm| event(alarm.case, told(alarm.kind), None, now)).collect();
    for (case, id, course, acting) in courses {
        batch.clocks.push(row_of(case, &id, (&course, acting), schedule.fired(case, &id))?);
    }
    Ok(batch)
}

/// As what those who watch are told of it.
fn told(kind: AlarmKind) -> Told {
    match kind {
        AlarmKind::Expired | AlarmKind::Lapsed => Told::ClockDue,
        warning if warning.is_warning() => Told::ClockWarning,
        _ => Told::ClockEscalation,
    }
}

/// How pressing what a clock told is.
pub(super) fn level(kind: AlarmKind) -> &'static str {
    match told(kind) {
        Told::ClockWarning => "warning",
        Told::ClockDue => "due",
        _ => "escalation",
    }
}

/// Which clock a row is.
pub(super) fn id_of(row: &ClockRow) -> Option<ClockId> {
    let record = (!row.record.is_empty()).then(|| row.record.parse()).transpose().ok()?;
    Some(ClockId {
        measure: MeasureId(row.measure.try_into().ok()?),
        kind: TimerKind::ALL.iter().copied().find(|kind| kind.as_str() == row.kind)?,
        record,
        round: row.round.try_into().ok()?,
    })
}

/// What a row says that its clock told last.
pub(super) fn fired_of(row: &ClockRow) -> Option<AlarmKind> {
    let fired = row.fired.as_deref()?;
    AlarmKind::ALL.into_iter().find(|kind| kind.as_str() == fired)
}

#[cfg(test)]
mod tests;
