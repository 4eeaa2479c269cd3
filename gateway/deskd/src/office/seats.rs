//! Who could read what of a case, and when: its seats, as the handshakes that both gateways admitted gave and took them.

use std::collections::BTreeMap;

use model::{AuthorityId, CaseId, Denial, EntryId, Header, Payload, Step, Timestamp};
use proto::desk as wire;
use serde::{Deserialize, Serialize};

use super::{Office, unknown, view::CaseView};

/// A seat in a case's group. Its desk can read what was sealed from its first epoch to its last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seat {
    pub(crate) authority: AuthorityId,
    /// `None`: it sat there before the handshakes that this desk could prove.
    pub(crate) joined: Option<Turn>,
    /// `None` while it sits.
    pub(crate) left: Option<Turn>,
}

/// The handshake with which a seat was taken or left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Turn {
    pub(crate) entry: EntryId,
    /// When, as the entry states.
    pub(crate) at: Timestamp,
    /// The epoch that it led to.
    pub(crate) epoch: u64,
}

/// Who comes in and who goes out with a handshake.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seating {
    pub(crate) added: Vec<AuthorityId>,
    pub(crate) removed: Vec<AuthorityId>,
}

/// What is said of a case that has ended because nobody holds its keys.
const DEAD: &str = "every desk of the case has lost its keys (all were restored from backups): nothing can be sealed in it any more. What it \
                    holds stays as evidence; go on in a new case that follows it: desk request new --follows CASE";

/// Why this desk has no seat in a case's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Away {
    /// It was removed.
    Left(Timestamp),
    /// It was restored from a backup, or a Welcome or a change of the group came that it has no key for; it asks to be taken in anew.
    Lost(Timestamp),
}

impl Away {
    /// In words.
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Left(at) => format!("this desk has left the case's group ({at})"),
            Self::Lost(at) => format!(
                "this desk has lost its keys of the case's group ({at}: it was restored from a backup, or a change of the group was \
                 not made for it), and asks to be taken in anew"
            ),
        }
    }
}

impl CaseView {
    /// Notes who came in and who went out. Who comes in anew gets another seat: what was sealed between cannot be read in it.
    pub(super) fn seat(&mut self, seating: &Seating, turn: Turn) {
        for gone in &seating.removed {
            let sits = |seat: &&mut Seat| seat.authority == *gone && seat.left.is_none();
            if let Some(seat) = self.seats.iter_mut().find(sits) {
                seat.left = Some(turn);
            }
        }
        self.asking.retain(|desk, _| !seating.added.contains(desk));
        let come = |authority: &AuthorityId| Seat { authority: authority.clone(), joined: Some(turn), left: None };
        self.seats.extend(seating.added.iter().map(come));
    }

    /// Notes that who sends asks to be taken in anew.
    pub(super) fn asks(&mut self, header: &Header, payload: &Payload) {
        if let (Step::AskRejoin, Payload::Handshake(handshake)) = (header.step, payload) {
            let ours = header.sender == self.own;
            let key_package = if ours { Vec::new() } else { handshake.key_package.to_vec() };
            self.asking.insert(header.sender.clone(), key_package);
        }
    }

    /// Whether every desk of the case has lost its keys: nobody is left who could take anybody in, and nothing can be sealed any more.
    pub(super) fn is_dead(&self) -> bool {
        !self.readers.is_empty() && self.readers.iter().all(|reader| self.asking.contains_key(reader))
    }

    /// Why this desk has no seat now, in words.
    pub(super) fn away_reason(&self) -> Option<String> {
        let reason = self.away.map(Away::reason)?;
        Some(if self.is_dead() { DEAD.to_owned() } else { reason })
    }

    /// Whether a desk took the seat that it has now behind an entry of the case, by the order of its entries: it was not shown that one.
    pub(super) fn is_seated_after(&self, desk: &AuthorityId, entry: EntryId, order: &BTreeMap<EntryId, i64>) -> bool {
        let seat = self.seats.iter().rfind(|seat| seat.authority == *desk && seat.left.is_none());
        let joined = seat.and_then(|seat| order.get(&seat.joined?.entry));
        joined.zip(order.get(&entry)).is_some_and(|(joined, entry)| entry < joined)
    }

    /// Adds seats for those readers that have none: they sat there before anything that could be proved here.
    pub(super) fn seat_readers(&mut self) {
        for reader in &self.readers {
            if !self.seats.iter().any(|seat| seat.authority == *reader && seat.left.is_none()) {
                self.seats.push(Seat { authority: reader.clone(), joined: None, left: None });
            }
        }
    }
}

impl Office {
    /// Who could read what of a case, and when.
    pub(crate) async fn group(&self, case: CaseId) -> Result<wire::GetGroupResponse, Denial> {
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("the case's group is not open yet"))?;
        let on_its_way = self.errand(case).await?.map(|errand| errand.to_string()).unwrap_or_default();
        let seats = view.seats.iter().map(shown).collect();
        Ok(wire::GetGroupResponse { case_id: case.to_string(), seats, on_its_way })
    }
}

fn shown(seat: &Seat) -> wire::SeatView {
    let (joined, left) = (seat.joined.as_ref(), seat.left.as_ref());
    let by = |turn: Option<&Turn>| turn.map(|turn| turn.entry.as_bytes().to_vec()).unwrap_or_default();
    wire::SeatView {
        authority: seat.authority.to_string(),
        first_epoch: joined.map(|turn| turn.epoch).unwrap_or_default(),
        joined_ms: joined.map(|turn| turn.at.0).unwrap_or_default(),
        joined_by: by(joined).into(),
        // The handshake that takes a seat leads to the first epoch that cannot be read in it.
        last_epoch: left.map(|turn| turn.epoch.saturating_sub(1)).unwrap_or_default(),
        left_ms: left.map(|turn| turn.at.0).unwrap_or_default(),
        left_by: by(left).into(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{Digest, Pin};

    use super::*;

    fn desk(id: &str) -> AuthorityId {
        id.parse().unwrap()
    }

    fn turn(number: u8, epoch: u64) -> Turn {
        Turn { entry: EntryId::new([number; 16]), at: Timestamp(i64::from(number)), epoch }
    }

    #[test]
    fn who_comes_in_anew_has_two_seats_and_reads_nothing_between_them() {
        let (home, peer) = (desk("JP:central"), desk("FR:central"));
        let pin = Pin(Digest::of(&[b"rule"]));
        let mut view = CaseView::new(CaseId::new([1; 16]), home.party(), peer.party(), pin, &home, &peer);
        let third = desk("FR:executing");
        view.seat(&Seating { added: vec![home, peer], removed: vec![] }, turn(1, 1));
        view.seat(&Seating { added: vec![third.clone()], removed: vec![] }, turn(2, 2));
        view.seat(&Seating { added: vec![], removed: vec![third.clone()] }, turn(3, 3));
        view.seat(&Seating { added: vec![third.clone()], removed: vec![] }, turn(4, 7));
        let seats: Vec<_> = view.seats.iter().filter(|seat| seat.authority == third).map(shown).collect();
        let epochs: Vec<_> = seats.iter().map(|seat| (seat.first_epoch, seat.last_epoch)).collect();
        assert_eq!(epochs, [(2, 2), (7, 0)]);
        let order: BTreeMap<_, _> = (1..=6).map(|number| (EntryId::new([number; 16]), i64::from(number))).collect();
        let after = |number: u8| view.is_seated_after(&third, EntryId::new([number; 16]), &order);
        assert_eq!([2, 3, 4, 5].map(after), [true, true, false, false], "by the seat that it has now");
        assert!(!view.is_seated_after(&desk("JP:central"), EntryId::new([5; 16]), &order));
        view.readers = vec![third, desk("JP:judicial")];
        view.seat_readers();
        assert_eq!(view.seats.len(), 5);
        assert_eq!(view.seats[4].joined, None);
    }
}
