//! A desk that was restored from a backup: its keys of the cases' groups are old, and sealing with them would use keys twice. It learns
//! so from its own gateway before it seals or opens anything, throws them away, and asks to be taken in anew.

use std::sync::atomic::Ordering;

use model::{AuthorityId, CaseId, Denial, Fault, Handshake, Header, Payload, Step, Timestamp};
use seal::prepare_key_packages;
use store::desk::{DeskBatch, ErrandRow, PrivateKeyPackageRow};
use telemetry::say;
use workflow::State;

use super::{
    GATEWAY, Office,
    dispatch::Outgoing,
    errand::{Errand, Wish},
    seats::Away,
    unknown,
    view::CaseView,
};
use crate::{clock, safe::Place};

/// How many entries this desk has sealed, in the table of cursors.
pub(super) const SEALED_COUNT: &str = "sealed";
/// 1 while KeyPackages that lie ready have to be taken back, in the table of cursors.
pub(super) const WITHDRAW: &str = "withdraw";
/// When it is asked again, where nobody took the desk in; each time twice as late, at most after [`DOUBLED_MAX`] times.
const ASK_AGAIN_MS: i64 = 10 * 60 * 1000;
const DOUBLED_MAX: u32 = 5;
/// How long a desk that was not addressed leaves it to those before it to take the other one in.
const OTHERS_MS: i64 = 10_000;
/// Cases named in the desk's status.
const TOLD_MAX: u64 = 1000;

impl Office {
    /// Asks the own gateway how far it knows this desk to be, once since this program runs, and throws the keys of all groups away
    /// where it knows more than the desk itself. Until then nothing is sealed. Says whether it could.
    pub(super) async fn stands(&self) -> bool {
        if self.standing.load(Ordering::Acquire) {
            return true;
        }
        let Ok(known) = self.uplink.standing().await else { return false };
        let acknowledged = i64::try_from(known.acknowledged_cursor).unwrap_or(i64::MAX);
        let sealed = i64::try_from(known.sealed_count).unwrap_or(i64::MAX);
        match self.compare_standing(acknowledged, sealed).await {
            Ok(()) => {
                self.standing.store(true, Ordering::Release);
                true
            }
            Err(_) => {
                say!(Error, "whether this desk is as new as its gateway knows it could not be told");
                false
            }
        }
    }

    async fn compare_standing(&self, acknowledged: i64, sealed: i64) -> Result<(), Denial> {
        let ours = (self.store.cursor(GATEWAY).await?, self.store.cursor(SEALED_COUNT).await?);
        if ours.0 >= acknowledged && ours.1 >= sealed {
            return Ok(());
        }
        say!(
            Error,
            "this desk was restored from a backup: its keys of all cases are thrown away",
            party = self.own.party()
        );
        let mut members = self.members.lock().await;
        let now = clock::now();
        let mut batch = DeskBatch { key_packages_forgotten: true, ..DeskBatch::default() };
        batch.cursors.insert(SEALED_COUNT.to_owned(), sealed.max(ours.1));
        batch.cursors.insert(WITHDRAW.to_owned(), 1);
        for case in self.store.mls_cases().await? {
            batch.mls_forgotten.push(case);
            if let Some((mut view, version)) = self.view(case).await? {
                self.lose(&mut batch, &mut view, now)?;
                self.put_case(&mut batch, &view, Some(version), now).await?;
            }
        }
        members.0.clear();
        self.commit(&batch).await?;
        self.sealed.store(sealed.max(ours.1), Ordering::Release);
        self.errand_bell.notify_one();
        self.upkeep_bell.notify_one();
        Ok(())
    }

    /// Counts an entry that is about to be sealed or signed, in the transaction that holds it.
    pub(super) fn count_sealed(&self, batch: &mut DeskBatch) {
        let count = self.sealed.fetch_add(1, Ordering::AcqRel).saturating_add(1);
        batch.cursors.insert(SEALED_COUNT.to_owned(), count);
    }

    /// Fails until the own gateway has said that this desk is not one of yesterday.
    pub(super) fn require_standing(&self) -> Result<(), Denial> {
        if self.standing.load(Ordering::Acquire) {
            return Ok(());
        }
        let detail =
            "the own gateway has not said yet that this desk is as new as it knows it; nothing is sealed until then";
        Err(Denial::failed(Fault::PeerUnreachable, detail))
    }

    /// Notes that this desk has no keys of a case's group any more, and asks to be taken in anew where the case goes on.
    pub(super) fn lose(&self, batch: &mut DeskBatch, view: &mut CaseView, now: Timestamp) -> Result<(), Denial> {
        view.away = Some(Away::Lost(now));
        // What a backup brought back may have been answered since.
        batch.exhibits_forgotten.push(view.id);
        if view.state() != State::Closed {
            let errand = Errand::new(Wish::Rejoin);
            batch.errands.push(self.errand_row(view.id, &errand, now.0)?);
        }
        Ok(())
    }

    /// Catches up with the case, and asks to be taken in anew, with a fresh KeyPackage. Asked again while nobody has.
    pub(super) async fn ask_rejoin(&self, case: CaseId, errand: &Errand) -> Result<bool, Denial> {
        let lost = |view: &CaseView| matches!(view.away, Some(Away::Lost(_)));
        let (view, _) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        if !lost(&view) || view.state() == State::Closed || view.is_dead() {
            return Ok(false);
        }
        let past = self.fetch(case, None).await?;
        let _members = self.members.lock().await;
        let (mut view, version) = self.view(case).await?.ok_or_else(|| unknown("there is no such case"))?;
        if !lost(&view) {
            return Ok(false);
        }
        let now = clock::now();
        let mut batch = DeskBatch::default();
        let known = i64::try_from(past.len()).unwrap_or_default();
        if known > 0 && known >= view.next_seq {
            // Catching up mends what was missing. It mends no fork.
            let caught_up = known == view.next_seq;
            let fork = view.trouble.take().filter(|_| caught_up);
            let folded = self.fold(&mut batch, Some(view), &past).await?;
            view = CaseView { trouble: fork, ..folded.view };
            if self.has_left(&mut batch, &mut view, folded.follower.as_ref(), now).await? {
                self.put_case(&mut batch, &view, Some(version), now).await?;
                self.commit(&batch).await?;
                return Ok(false);
            }
        }
        if view.pending.is_none() {
            let mut prepared = prepare_key_packages(&self.leaves.current()?, 1, false, now)?;
            let one = prepared.pop().ok_or_else(|| Denial::failed(Fault::Internal, "no KeyPackage was made"))?;
            batch.key_packages.push(PrivateKeyPackageRow {
                hash: one.reference.into(),
                private: self.safe.seal(Place::KeyPackage, one.reference.as_bytes(), &one.private)?,
                added: now.0,
                expires: one.expires.0,
                used_at: None,
                // Whoever sees it may use it in this case only.
                case_id: Some(case.into()),
            });
            let header = self.next_header(&view, Step::AskRejoin, now)?;
            let payload = Payload::Handshake(Handshake { key_package: one.public.into(), ..Handshake::default() });
            let header_bytes = proto::encode_header(&header);
            let outgoing = Outgoing { header: &header, header_bytes, payload, officers: Vec::new() };
            self.dispatch(&mut batch, &mut view, outgoing, now)?;
        }
        let errand = Errand { tries: errand.tries.saturating_add(1), ..errand.clone() };
        let due = now.plus_ms(ASK_AGAIN_MS << errand.tries.saturating_sub(1).min(DOUBLED_MAX));
        batch.errands.push(self.errand_row(case, &errand, due.0)?);
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        Ok(true)
    }

    /// Another desk lost its keys: the one that it addresses takes it in anew, and where that does not, those who sit there beside it, one
    /// after the other. It may have lost its own.
    pub(super) async fn answer_rejoin(
        &self,
        batch: &mut DeskBatch,
        view: &CaseView,
        header: &Header,
    ) -> Result<(), Denial> {
        // Where another change of ours is on its way, this one follows it.
        let other = self.errand(view.id).await?.is_some_and(|errand| errand.wish != Wish::Renew);
        if view.away.is_some() || other {
            return Ok(());
        }
        let mut others: Vec<_> = view.readers.iter().filter(|one| **one != header.recipient).collect();
        others.sort_unstable();
        let turn = match others.iter().position(|one| **one == self.own) {
            _ if header.recipient == self.own => 0,
            Some(place) => i64::try_from(place).unwrap_or(i64::MAX).saturating_add(1),
            None => return Ok(()),
        };
        let due = clock::now().plus_ms(turn.saturating_mul(OTHERS_MS));
        batch.errands.extend(self.readmission(view, &header.sender, due.0)?);
        Ok(())
    }

    /// The next desk that asked to be taken in anew, where this one has a seat.
    pub(super) fn next_readmission(&self, view: &CaseView) -> Result<Option<ErrandRow>, Denial> {
        let next = view.asking.keys().find(|desk| **desk != self.own && view.readers.contains(desk));
        match next.filter(|_| view.away.is_none()) {
            Some(desk) => self.readmission(view, desk, clock::now().0),
            None => Ok(None),
        }
    }

    fn readmission(&self, view: &CaseView, desk: &AuthorityId, due: i64) -> Result<Option<ErrandRow>, Denial> {
        let Some(key_package) = view.asking.get(desk).filter(|one| !one.is_empty()) else { return Ok(None) };
        let seats = view.seats.iter().filter(|seat| seat.authority == *desk).count();
        let wish = Wish::Readmit { authority: desk.clone(), key_package: key_package.clone(), seats };
        Ok(Some(self.errand_row(view.id, &Errand::new(wish), due)?))
    }

    /// The cases of which this desk has lost its keys and waits to be taken in anew.
    pub(crate) async fn without_keys(&self) -> Result<Vec<String>, Denial> {
        let rows = self.store.errands_due(i64::MAX, TOLD_MAX).await?;
        let mut cases = Vec::new();
        for row in rows {
            if self.read_errand(&row)?.wish == Wish::Rejoin {
                cases.push(row.case_id.0.to_string());
            }
        }
        Ok(cases)
    }
}
