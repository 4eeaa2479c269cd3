//! What must hold, said simply.

use std::collections::{BTreeMap, BTreeSet};

use model::{CaseId, KeyId, MeasureId, Role, Step, Timestamp};
use workflow::{
    AlarmKind, Calendar, Case, ClockId, Command, Event, Moment, Reckoning, Schedule, Terms, apply, clocks, decide,
    moments_of,
};

use super::{
    gateway::{Gateway, Settled},
    keys::{Cast, QUOTA_MAX},
};

/// What the reference knows of the clocks that a gateway's desk was told of.
#[derive(Default)]
pub(super) struct Told {
    schedule: Schedule,
    told: BTreeMap<(CaseId, ClockId), AlarmKind>,
}

impl Told {
    /// The scheduler starts again from what the store says that each clock told last.
    pub(super) fn crash(&mut self) {
        self.schedule = Schedule::default();
    }

    /// All that is due is told; what was told before must not come again.
    pub(super) fn poll(&mut self, cast: &Cast, gateway: &Gateway, now: Timestamp) -> Result<(), String> {
        let calendar = Calendar::weekends_only(cast.both[1].desk_id.party());
        for (case, settled) in &gateway.settled {
            let folded = folded(cast, gateway, *case, settled)?;
            for clock in clocks(&folded.moments, &folded.timers, &Reckoning::by(&calendar)) {
                let fired = self.told.get(&(*case, clock.id.clone())).copied();
                self.schedule.watch(*case, &clock, fired);
            }
        }
        for alarm in self.schedule.poll(now) {
            let before = self.told.insert((alarm.case, alarm.clock.clone()), alarm.kind);
            if before.is_some_and(|before| before >= alarm.kind) {
                return Err(format!("a clock told {:?} after {before:?}", alarm.kind));
            }
        }
        Ok(())
    }
}

/// A case as its final entries make it, by the procedure alone.
pub(super) struct Folded {
    pub(super) case: Option<Case>,
    moments: Vec<Moment>,
    timers: BTreeMap<MeasureId, Vec<treaty::Timer>>,
}

/// Folds the final entries of a case anew. It knows nothing of gateways: an entry after the other.
pub(super) fn folded(cast: &Cast, gateway: &Gateway, case: CaseId, settled: &[Settled]) -> Result<Folded, String> {
    let mut fold = Folded { case: None, moments: Vec::new(), timers: BTreeMap::new() };
    for one in settled {
        let Some(made) = gateway.entries.get(&one.entry) else {
            return Err(format!("a final entry of case {case} is not stored"));
        };
        let header = &made.entry.header;
        let signers: Vec<(KeyId, Role)> = made.entry.officers.iter().map(|one| (one.signature.key, one.role)).collect();
        let query = treaty::Query::of(header, model::AuthorityKind::Central, model::AuthorityKind::Central);
        let terms = if header.step == Step::SealSend { Terms::of(&cast.rule, &query) } else { Vec::new() };
        let command = Command::of(header, &signers).under(&terms).carrying(made.entry.payload.size()).taken(one.taken);
        let event = decide(fold.case.as_ref(), &command, header.created)
            .map_err(|refusal| format!("a final entry is none: {refusal}"))?;
        fold.take(&event);
        if header.step == Step::SealSend {
            fold.timers = terms.iter().map(|(id, terms)| (*id, terms.timers.clone())).collect();
            let delivered = fold.case.as_ref().map(|case| Event::delivered(case, event.at));
            delivered.iter().for_each(|event| fold.take(event));
        }
    }
    Ok(fold)
}

impl Folded {
    fn take(&mut self, event: &Event) {
        self.moments.extend(moments_of(self.case.as_ref(), event));
        self.case = Some(apply(self.case.take(), event));
    }
}

/// At any moment: the shorter list of final entries is the beginning of the longer one, none twice, and no more requests than the treaty lets
/// be asked.
pub(super) fn holds(home: &Gateway, peer: &Gateway) -> Result<(), String> {
    for (case, a) in &home.settled {
        let b = peer.settled.get(case).map_or(&[][..], Vec::as_slice);
        let common = a.len().min(b.len());
        if a[..common].iter().zip(&b[..common]).any(|(a, b)| a.entry != b.entry) {
            return Err(format!("the gateways hold other entries of case {case}"));
        }
    }
    for gateway in [home, peer] {
        let mut seen = BTreeSet::new();
        for one in gateway.settled.values().flatten() {
            if !seen.insert(one.entry) {
                return Err(format!("{} admitted an entry twice", gateway.own));
            }
        }
        let is_request = |one: &&Settled| {
            gateway.entries.get(&one.entry).is_some_and(|made| made.entry.header.step == Step::SealSend)
        };
        let asked = gateway.settled.values().flatten().filter(is_request).count();
        if asked > QUOTA_MAX as usize {
            return Err(format!("{} admitted {asked} requests, and the treaty lets {QUOTA_MAX} be asked", gateway.own));
        }
    }
    Ok(())
}

/// When all answers have arrived: both hold the same, what was acknowledged is there or was refused, no record without an acceptance.
pub(super) fn agrees(cast: &Cast, home: &Gateway, peer: &Gateway) -> Result<(), String> {
    for (case, file) in &home.files {
        let settled = [home, peer].map(|gateway| gateway.settled.get(case).map_or(&[][..], Vec::as_slice));
        if settled[0] != settled[1] {
            return Err(format!(
                "case {case} has {} final entries at home and {} at the other gateway",
                settled[0].len(),
                settled[1].len()
            ));
        }
        let other = peer.files.get(case).and_then(|file| file.admitted.as_ref());
        if file.admitted.as_ref() != other {
            return Err(format!("the gateways hold another state of case {case}"));
        }
        let folded = folded(cast, home, *case, settled[0])?;
        if folded.case != file.admitted {
            return Err(format!("case {case} is not what its entries make of it"));
        }
        accepted(home, *case, settled[0])?;
    }
    for gateway in [home, peer] {
        let settled: BTreeSet<_> = gateway.settled.values().flatten().map(|one| one.entry).collect();
        for id in &gateway.acknowledged {
            match (settled.contains(id), gateway.out.contains(id)) {
                (true, false) | (false, true) => {}
                (true, true) => return Err(format!("an entry of {} is out and part of its case", gateway.own)),
                (false, false) => return Err(format!("{} acknowledged an entry, and it is lost", gateway.own)),
            }
        }
    }
    Ok(())
}

/// Records go out for a measure only after it was accepted, and not while it is refused, withdrawn or decided anew.
fn accepted(gateway: &Gateway, case: CaseId, settled: &[Settled]) -> Result<(), String> {
    let mut accepted: BTreeSet<MeasureId> = BTreeSet::new();
    for one in settled {
        let Some(made) = gateway.entries.get(&one.entry) else { continue };
        let header = &made.entry.header;
        match header.step {
            Step::Recognise | Step::AcceptConditions => accepted.extend(&header.concerns),
            Step::Refuse | Step::Withdraw | Step::AnnulDecision => {
                accepted.retain(|id| !header.concerns.contains(id));
            }
            Step::Release if header.concerns.iter().any(|id| !accepted.contains(id)) => {
                return Err(format!("records went out in case {case} for what nobody accepted"));
            }
            _ => {}
        }
    }
    Ok(())
}
