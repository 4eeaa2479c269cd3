//! Records that contradicted their header are nobody's to use. What proves it is kept under a key of its own for the notice alone, in a table
//! that no opening of records reaches, and shown as a violation notice only. It goes with a certificate or the end of the case that the own
//! party says, and in any case with its time [Dir. 2016/680 art. 16(3)(b)]. Nothing that the other side says destroys it: whoever lied could
//! take the proof away.

use bytes::Bytes;
use casefile::Body;
use desk::SealedBody;
use identity::Domain;
use model::{CaseId, Denial, EntryId, Header, Refusal, RefusalCode, Step, Timestamp};
use store::desk::{DeskBatch, ExhibitRow};
use workflow::State;

use super::{
    Office, Opens, Told, Wanted, event, internal,
    matters::shreds,
    outbox::THEIRS,
    unknown,
    view::{CaseView, Opening, OpeningWord},
};
use crate::{access::Line, clock, random, safe::Place};

/// How long it is kept at the most: as long as an entry may be on its way, so that an answer to the notice can come.
const KEPT_MS: i64 = model::limits::ENTRY_LIFETIME_MS_MAX;
/// What is looked for at once when the time of some is over.
const OVER_AT_ONCE: u64 = 256;

impl Office {
    /// Keeps what proves that a body contradicts its header. What does not open the header's commitment proves nothing.
    pub(super) fn keep_exhibit(
        &self,
        batch: &mut DeskBatch,
        header: &Header,
        plain: &[u8],
        now: Timestamp,
    ) -> Result<(), Denial> {
        if SealedBody::open(plain, header).is_err() {
            return Ok(());
        }
        let key = random::secret()?;
        let (body, wrapped) = self.safe.seal_alone(Place::Exhibit, header.entry, &key, plain)?;
        let (entry_id, case_id) = (header.entry.into(), header.case.into());
        batch.exhibits.push(ExhibitRow { entry_id, case_id, body, wrapped, until: now.plus_ms(KEPT_MS).0 });
        Ok(())
    }

    /// Destroys what an entry of the own party makes needless: it certifies that records of the measure are gone, or ends the case.
    pub(super) async fn let_exhibits_go(
        &self,
        batch: &mut DeskBatch,
        view: &CaseView,
        header: &Header,
    ) -> Result<(), Denial> {
        if header.sender.party() != self.own.party() {
            return Ok(());
        }
        if view.admitted.as_ref().is_some_and(|case| !case.measures.is_empty() && case.state() == State::Closed) {
            batch.exhibits_forgotten.push(view.id);
        } else if shreds(header.step) {
            for entry in self.store.exhibits_of(view.id).await? {
                let complained = proto::decode_header(&Bytes::from(self.entry_row(entry).await?.header.0))?;
                if complained.about().iter().any(|id| header.concerns.contains(id)) {
                    batch.exhibits_done.push(entry);
                }
            }
        }
        Ok(())
    }

    /// Destroys what was kept long enough.
    pub(super) async fn forget_exhibits(&self) -> Result<(), Denial> {
        let exhibits_done = self.store.exhibits_over(clock::now().0, OVER_AT_ONCE).await?;
        if exhibits_done.is_empty() {
            return Ok(());
        }
        self.commit(&DeskBatch { exhibits_done, ..DeskBatch::default() }).await
    }

    /// Why nobody opens an entry that contradicted its header.
    pub(super) async fn not_for_use(&self, entry: EntryId) -> Result<Denial, Denial> {
        let Some(kept) = self.store.exhibit(entry).await? else {
            return Ok(unknown("the body of the entry contradicts its header, and is not shown"));
        };
        let until = Timestamp(kept.until);
        let reason = format!(
            "the records contradicted their header and are nobody's to use; they are kept for the notice until {until}"
        );
        let remedy =
            "Show the notice to who sent them, or to a court: desk case violation. Wait for what replaces them.";
        Ok(self.not_opened(reason, remedy).into())
    }

    fn not_opened(&self, reason: String, remedy: &str) -> Refusal {
        let mut refusal = Refusal::new(RefusalCode::R18, "desk", reason, remedy).at("record");
        refusal.owner = Some(self.own.party());
        refusal
    }

    /// The notice about an entry as a file that proves it. Where it is about records that came, an officer of this desk signs for it, and it
    /// is put on record as an opening; who sent them has them.
    ///
    /// # Errors
    /// R95 where nobody signs for records, R18 where what proves it is not kept any more, and whatever an export says.
    pub(crate) async fn violation(&self, case: CaseId, entry: EntryId, opens: Opens) -> Result<Vec<u8>, Denial> {
        let row = self.entry_row(entry).await?;
        let header = proto::decode_header(&Bytes::from(row.header.0))?;
        let came = header.carries_records() && row.direction == THEIRS;
        // The officer's word is for this notice and for nothing else: it says so itself.
        let opens =
            Opens { purpose: format!("{} {entry}", Step::Violation.as_str()), proceeding: String::new(), ..opens };
        let exhibit =
            if came && header.case == case { Some(self.opened_exhibit(&header, &opens).await?) } else { None };
        let opens = Opens { signed: None, ..opens };
        let mut material = self.material(case, &Wanted { without_bodies: false, opens }).await?;
        let complained = material.entries.iter_mut().find(|one| one.id == entry);
        if let (Some(complained), Some(body)) = (complained, exhibit) {
            complained.body = Some(body);
        }
        let whole = casefile::assemble(&material, |manifest| self.desk_key.sign(Domain::CaseFile, manifest));
        casefile::violation_in(&whole.map_err(internal)?, entry).map_err(|error| unknown(&error.to_string()))
    }

    /// Opens what is kept, and puts it on record.
    async fn opened_exhibit(&self, header: &Header, opens: &Opens) -> Result<Body, Denial> {
        self.require_standing()?;
        let _members = self.members.lock().await;
        let (mut view, version) = self.view(header.case).await?.ok_or_else(|| unknown("there is no such case"))?;
        self.is_seated(&view)?;
        let now = clock::now();
        let (signer, statement, signature) = self.stands_for_it(&view, (header.entry, 0), opens, now)?;
        let kept = self.store.exhibit(header.entry).await?.filter(|kept| kept.until > now.0);
        let kept = kept.ok_or_else(|| {
            let reason =
                "what would prove the notice is not here: it was destroyed, or this desk gave no notice of the entry"
                    .to_owned();
            self.not_opened(reason, "The desk that sent the records can open them: its own gateway may ask it to.")
        })?;
        let plain = self.safe.open_alone(Place::Exhibit, header.entry, &kept.wrapped, &kept.body)?;
        let (sealed, _) = SealedBody::open(&plain, header)?;
        let line =
            Line { entry: header.entry, index: 0, statement: &statement, key: signer.key, signature: &signature };
        let before = view.openings.last().and_then(|one| one.word.as_ref()).map(|word| word.link.as_str());
        let link = line.link(before);
        view.openings.push(Opening {
            entry: header.entry,
            index: 0,
            at: now,
            purpose: opens.purpose.clone(),
            proceeding: String::new(),
            officer: if opens.officer.is_empty() { signer.name.clone() } else { opens.officer.clone() },
            reason: Step::Violation.as_str().to_owned(),
            word: Some(OpeningWord { by: signer.name, key: signer.key, statement, signature, link }),
        });
        let mut batch = DeskBatch::default();
        batch.events.push(event(view.id, Told::Opened, Some(header.entry), now));
        self.put_case(&mut batch, &view, Some(version), now).await?;
        self.commit(&batch).await?;
        Ok(Body { bytes: sealed.bytes, salt: sealed.salt.0, signature: None })
    }
}
