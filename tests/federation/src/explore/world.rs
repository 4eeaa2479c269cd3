//! Two gateways, their desks, and what happens to them.

use model::{CaseId, HeaderDigest, Step, Timestamp};
use relay::{Answer, Origin};
use workflow::{Side, Trigger};

use super::{
    entry::{Draft, Made},
    gateway::{Gateway, relay},
    keys::{Cast, NOW},
    op::{Fate, Flaw, Op},
    reference::{Told, agrees, holds},
};

const HOUR_MS: i64 = 3_600_000;
/// Calls of both gateways in which all that is pending must come to its end.
const ROUNDS: usize = 8;

/// Steps that do not lead on.
const ASIDE: [Step; 5] = [Step::Withdraw, Step::Violation, Step::Forward, Step::LodgeRemedy, Step::Extend];

/// A world that is played.
pub(super) struct World<'c> {
    cast: &'c Cast,
    pub(super) home: Gateway,
    pub(super) peer: Gateway,
    told: [Told; 2],
    now: Timestamp,
    number: u32,
}

/// Plays operations from the beginning, and drains both gateways.
///
/// # Errors
/// What does not hold, in one sentence.
pub(super) fn played(cast: &Cast, ops: &[Op]) -> Result<(), String> {
    let mut world = World::new(cast);
    ops.iter().try_for_each(|op| world.happen(*op))?;
    world.drain()
}

impl<'c> World<'c> {
    pub(super) fn new(cast: &'c Cast) -> Self {
        let told = [Told::default(), Told::default()];
        Self { cast, home: Gateway::of(cast, 0), peer: Gateway::of(cast, 1), told, now: NOW, number: 0 }
    }

    pub(super) fn happen(&mut self, op: Op) -> Result<(), String> {
        match op {
            Op::Onward { case, by_peer, which } => self.onward(id(case), by_peer, which)?,
            Op::Any { case, step, by_peer, flaw } => {
                let concerns = [model::MeasureId(1)];
                self.submit(id(case), step, by_peer, &concerns, flaw)?;
            }
            Op::Relay { from_home, fate } => self.relay(from_home, fate)?,
            Op::Again { from_home, which } => self.again(from_home, usize::from(which))?,
            Op::Crash { home } => {
                self.side(home).0.crash()?;
                self.told[usize::from(!home)].crash();
            }
            Op::Wait { hours } => self.now = self.now.plus_ms(i64::from(hours) * HOUR_MS),
            Op::GiveUp { home } => self.give_up(home)?,
        }
        holds(&self.home, &self.peer)?;
        let [at_home, at_peer] = &mut self.told;
        at_home.poll(self.cast, &self.home, self.now)?;
        at_peer.poll(self.cast, &self.peer, self.now)
    }

    fn side(&mut self, home: bool) -> (&mut Gateway, &mut Gateway) {
        if home { (&mut self.home, &mut self.peer) } else { (&mut self.peer, &mut self.home) }
    }

    fn relay(&mut self, from_home: bool, fate: Fate) -> Result<(), String> {
        let (cast, now) = (self.cast, self.now);
        let (from, to) = self.side(from_home);
        relay(cast, from, to, fate, now)
    }

    fn submit(
        &mut self,
        case: CaseId,
        step: Step,
        by_peer: bool,
        concerns: &[model::MeasureId],
        flaw: Flaw,
    ) -> Result<(), String> {
        self.number += 1;
        let (cast, now, number) = (self.cast, self.now, self.number);
        let gateway = self.side(!by_peer).0;
        let side = if by_peer == (flaw == Flaw::OtherSide) { Side::Home } else { Side::Peer };
        let previous = match flaw {
            Flaw::OldHead => {
                let settled = gateway.settled.get(&case).and_then(|all| all.iter().rev().nth(1));
                let made = settled.and_then(|one| gateway.entries.get(&one.entry));
                made.map_or(HeaderDigest::GENESIS, |made| made.entry.header_digest())
            }
            _ => gateway.head(cast, case),
        };
        let draft = Draft { case, number, step, side, concerns: concerns.to_vec(), previous, now, flaw };
        let made = draft.made(cast).map_err(|failure| failure.to_string())?;
        let before = gateway.files.get(&case).cloned();
        match gateway.submit(cast, &made, now) {
            Ok(_) if flaw == Flaw::Forged => Err("an entry that its desk did not sign was admitted".to_owned()),
            Ok(_) if flaw == Flaw::Bulk && step == Step::SealSend => {
                Err("more was asked than the treaty gives, and admitted".to_owned())
            }
            Ok(_) => Ok(()),
            Err(_) if gateway.files.get(&case) != before.as_ref() => Err("what was refused left a trace".to_owned()),
            Err(_) => Ok(()),
        }
    }

    /// A case goes on by a step that the procedure lets this side take now.
    fn onward(&mut self, case: CaseId, by_peer: bool, which: u8) -> Result<(), String> {
        let desk = self.cast.both[usize::from(by_peer)].desk_id.clone();
        let gateway = self.side(!by_peer).0;
        let Some(held) = gateway.files.get(&case).and_then(|file| file.basis(Origin::OwnDesk(&desk)).case) else {
            return if by_peer { Ok(()) } else { self.submit(case, Step::OpenGroup, false, &[], Flaw::None) };
        };
        let side = if by_peer { Side::Peer } else { Side::Home };
        let possible = held.possible(side);
        let mut leading = Vec::new();
        for one in &possible {
            if let (Trigger::Step(step), Some(_)) = (one.row.trigger, one.row.to)
                && !ASIDE.contains(&step)
            {
                leading.push((step, one.measures.clone()));
            }
        }
        // The first step that leads on is the ordinary one; one in five takes another.
        let place = if which.is_multiple_of(5) { usize::from(which / 5) % leading.len().max(1) } else { 0 };
        match leading.get(place) {
            Some((step, concerns)) => self.submit(case, *step, by_peer, concerns, Flaw::None),
            None => Ok(()),
        }
    }

    fn again(&mut self, from_home: bool, which: usize) -> Result<(), String> {
        let (cast, now) = (self.cast, self.now);
        let (from, to) = self.side(from_home);
        let ours: Vec<Made> =
            from.entries.values().filter(|made| made.entry.header.sender.party() == from.own).cloned().collect();
        let Some(made) = ours.get(which % ours.len().max(1)) else { return Ok(()) };
        let before = from.files.clone();
        // A directory may have ended since, which is no matter of this world.
        let repeated = from.submit(cast, made, now);
        if from.files != before || repeated.is_ok_and(|anew| anew) {
            return Err("a desk's repetition changed something".to_owned());
        }
        let header = &made.entry.header;
        if to.entries.contains_key(&header.entry) {
            let before = to.files.clone();
            let own = from.own;
            to.receive(cast, made, own, now);
            if to.files != before {
                return Err("a gateway's repetition changed something".to_owned());
            }
        }
        Ok(())
    }

    fn give_up(&mut self, home: bool) -> Result<(), String> {
        let now = self.now;
        let gateway = self.side(home).0;
        for (case, id) in gateway.pending() {
            let over = gateway.entries.get(&id).is_some_and(|made| made.entry.header.expires < now);
            if gateway.conclude(case, id, &Answer::Lapsed, now).is_ok() != over {
                return Err("an entry was given up before its time was over, or not after it".to_owned());
            }
        }
        Ok(())
    }

    /// Every call arrives: in the end everything is answered, and both hold the same.
    pub(super) fn drain(&mut self) -> Result<(), String> {
        for _ in 0..ROUNDS {
            self.relay(true, Fate::Arrives)?;
            self.relay(false, Fate::Arrives)?;
            holds(&self.home, &self.peer)?;
        }
        if !self.home.pending().is_empty() || !self.peer.pending().is_empty() {
            return Err("an entry is not answered though every call arrives".to_owned());
        }
        agrees(self.cast, &self.home, &self.peer)
    }
}

fn id(case: u8) -> CaseId {
    CaseId::new([case + 1; 16])
}
