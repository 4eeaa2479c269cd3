//! Handshakes that come: this desk joins, follows, is removed, or, where it has no seat, keeps them unread.

use model::{AuthorityId, CaseId, Denial, Digest, Entry, EpochCertificate, Fault, Handshake, Step, Timestamp};
use roster::{CaseBinding, Follower};
use seal::{FollowError, Member};
use store::desk::{DeskBatch, PrivateKeyPackageRow};
use telemetry::say;

use super::{
    Members, Office,
    arrival::{Taken, Taking, early},
    history::{Folded, Past, turn_of},
    leaves::note_leaf,
    reading::contradiction,
    seats::Seating,
    unknown,
    view::CaseView,
};
use crate::safe::Place;

impl Office {
    /// The past of a case into which `entry` brings this desk, whose group it changes while this desk has no seat, or of which it has
    /// lost a stretch, or everything with a backup. Never with the lock held: it asks the own gateway.
    pub(super) async fn past_of(&self, entry: &Entry) -> Result<Option<Vec<Past>>, Denial> {
        let header = &entry.header;
        if header.step == Step::OpenGroup || self.store.entry(header.entry).await?.is_some() {
            return Ok(None);
        }
        let wanted = match self.view(header.case).await? {
            None => true,
            Some((view, _)) if view.away.is_some() => header.step == Step::ChangeGroup || view.head != header.previous,
            // An entry that is only late finds the keys here.
            Some((view, _)) => view.head != header.previous && self.store.mls_state(view.id).await?.is_empty(),
        };
        if wanted { self.fetch(header.case, Some(header.entry)).await.map(Some) } else { Ok(None) }
    }

    pub(super) async fn take_handshake(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        handshake: &Handshake,
        past: Option<Vec<Past>>,
    ) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        let found = self.view(header.case).await?;
        let version = found.as_ref().map(|(_, version)| *version);
        let caught_up = past.is_some();
        let folded = match (found, past) {
            (found, Some(past)) => self.fold(batch, found.map(|(view, _)| view), &past).await?,
            (Some((view, _)), None) => Folded { view, follower: None },
            (None, None) if header.step == Step::OpenGroup => {
                Folded { view: CaseView::opening(&self.own, header), follower: None }
            }
            (None, None) => return Err(early()),
        };
        let new = version.is_none();
        let opens = header.step == Step::OpenGroup;
        if new != opens && (opens || folded.view.head != header.previous) {
            return Err(unknown("a handshake does not fit the case"));
        }
        if new || caught_up || folded.view.away.is_some() {
            return self.come_in(batch, taking, handshake, folded, version).await;
        }
        if header.step == Step::AskRejoin {
            let mut view = folded.view;
            let (seq, opened) = (Some(self.settle(&mut view, taking)?), Some(true));
            self.answer_rejoin(batch, &view, header).await?;
            return Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened, seq });
        }
        self.follow_change(members, batch, taking, handshake, folded.view, version).await
    }

    /// The certificate of the own gateway, or of the other one.
    fn certificate<'t>(&self, taking: &'t Taking<'_>) -> Result<&'t EpochCertificate, Denial> {
        let none = || contradiction("receipt", "the gateway certifies no epoch");
        Ok(taking.receipt.epoch.as_ref().ok_or_else(none)?)
    }

    /// Another desk changed the group in which this one sits.
    async fn follow_change(
        &self,
        members: &mut Members,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        handshake: &Handshake,
        mut view: CaseView,
        version: Option<i64>,
    ) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        let certificate = self.certificate(taking)?;
        let at = taking.judging.at(Some(&view), taking.now);
        let mut member = members.take(self, header.case).await?;
        let change = match member.follow(handshake, certificate, taking.judging, at) {
            Ok(change) => change,
            Err(error @ (FollowError::Unverifiable | FollowError::Outlived)) => {
                return self.fall_out(batch, taking, view, version, error == FollowError::Unverifiable);
            }
            Err(FollowError::Denied(denial)) => return Err(denial),
        };
        let turn = turn_of(header, certificate.epoch);
        view.seat(&Seating { added: change.added, removed: change.removed.clone() }, turn);
        let seq = Some(self.settle(&mut view, taking)?);
        if !member.is_active() {
            view.readers.retain(|reader| !change.removed.contains(reader));
            self.leave_case(batch, &mut view, turn, taking.now).await?;
            let opened = Some(true);
            return Ok(Taken { view, version, member: None, plain: None, authenticator: None, opened, seq });
        }
        batch.mls = self.mls_changes(header.case, &mut member)?;
        let authenticator = member.acknowledgement(certificate)?;
        view.epochs.insert(header.entry, authenticator);
        view.readers = member.members()?;
        Ok(joined(view, version, member, authenticator, seq))
    }

    /// This desk has no seat: it comes in, if the Welcome is for a KeyPackage of it that is here.
    async fn come_in(
        &self,
        batch: &mut DeskBatch,
        taking: &Taking<'_>,
        handshake: &Handshake,
        folded: Folded,
        version: Option<i64>,
    ) -> Result<Taken, Denial> {
        let header = &taking.entry.header;
        let Some((reference, row)) = self.invitation(header.case, handshake).await? else {
            return self.stay_out(batch, taking, handshake, folded, version).await;
        };
        let certificate = self.certificate(taking)?;
        let at = taking.judging.at(Some(&folded.view), taking.now);
        let private = self.safe.open(Place::KeyPackage, reference.as_bytes(), &row.private)?;
        let binding = CaseBinding::new(header.case, header.pin, header.home, header.peer);
        let welcome = &handshake.welcome;
        let identities = self.leaves.all();
        let joining = Member::join(&identities, &private, welcome, &binding, certificate, taking.judging, at);
        let mut member = match joining {
            // The key of a former leaf is lost, by which this desk was invited: it asks for another invitation.
            Err(Denial::Failed { fault: Fault::Unknown, .. }) => {
                say!(Error, "this desk was invited by a leaf whose key is not here", entry = header.entry);
                return self.stay_out(batch, taking, handshake, folded, version).await;
            }
            joining => joining?,
        };
        let Folded { mut view, follower } = folded;
        batch.key_packages_used.push((reference, taking.now.0));
        batch.mls_forgotten.push(header.case);
        batch.mls = self.mls_changes(header.case, &mut member)?;
        note_leaf(batch, &view, &member);
        let authenticator = member.acknowledgement(certificate)?;
        view.epochs.insert(header.entry, authenticator);
        view.away = None;
        batch.errands_done.push(header.case);
        view.readers = member.members()?;
        if let Some(seating) = seating(follower.as_ref(), taking, at, handshake, &view.readers) {
            view.seat(&seating, turn_of(header, certificate.epoch));
        }
        view.seat_readers();
        let seq = Some(self.settle(&mut view, taking)?);
        Ok(joined(view, version, member, authenticator, seq))
    }

    /// Our KeyPackage for which there is a Welcome, if its private half is here.
    /// One that was offered in a case is for no other.
    async fn invitation(
        &self,
        case: CaseId,
        handshake: &Handshake,
    ) -> Result<Option<(Digest, PrivateKeyPackageRow)>, Denial> {
        if handshake.welcome.is_empty() {
            return Ok(None);
        }
        for reference in roster::welcomed(&handshake.welcome)? {
            let ours =
                |row: &PrivateKeyPackageRow| row.used_at.is_none() && row.case_id.is_none_or(|bound| bound.0 == case);
            if let Some(row) = self.store.key_package(reference).await?.filter(ours) {
                return Ok(Some((reference, row)));
            }
        }
        Ok(None)
    }
}

/// Who comes in and goes out with the handshake that brought this desk in.
fn seating(
    follower: Option<&Follower>,
    taking: &Taking<'_>,
    at: Timestamp,
    handshake: &Handshake,
    readers: &[AuthorityId],
) -> Option<Seating> {
    if taking.entry.header.step == Step::OpenGroup {
        return Some(Seating { added: readers.to_vec(), removed: Vec::new() });
    }
    let approved = follower?.check(handshake, taking.judging, at).ok()?;
    Some(Seating { added: approved.added, removed: approved.removed })
}

fn joined(view: CaseView, version: Option<i64>, member: Member, authenticator: Digest, seq: Option<i64>) -> Taken {
    Taken {
        view,
        version,
        member: Some(member),
        plain: None,
        authenticator: Some(authenticator),
        opened: Some(true),
        seq,
    }
}
