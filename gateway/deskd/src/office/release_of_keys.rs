//! Whether the key of a record may be released: what the case says of it, before the treaty is asked.

use bytes::Bytes;
use model::{AuthorityKind, ConditionCode, Denial, EntryId, KeyId, MeasureId, Refusal, RefusalCode, Step, Timestamp};
use treaty::UseGrant;
use workflow::{Case, Matter, MatterKind, State};

use super::{Office, view::CaseView};
use crate::clock;

/// An officer of this desk whose signature stands under an opening.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) key: KeyId,
    /// As the directory calls them.
    pub(super) name: String,
}

/// Who wants to open a record, and what for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    /// The entry that brought the record.
    pub(super) entry: EntryId,
    /// For which measure.
    pub(super) measure: MeasureId,
    /// Who reads it, by name.
    pub(super) officer: &'a str,
    /// The officer who stands for it.
    pub(super) signer: &'a Signer,
    pub(super) purpose: &'a str,
    pub(super) proceeding: &'a str,
    /// Whether that is the proceeding of the request.
    pub(super) same_proceeding: bool,
}

/// What is opened of a document, for one measure.
#[derive(Debug, Clone)]
pub(super) struct Opened {
    pub(super) measure: MeasureId,
    /// Under which conditions it was given, beside those of its measure.
    pub(super) conditions: Vec<ConditionCode>,
    /// The text of the minutes of a hearing, which no certificate names: it is read as long as its measure goes on.
    pub(super) minutes: bool,
}

impl Office {
    /// Holds the opening of a record against the case: recalled, due to be destroyed, past the day that its giver named, given in an
    /// emergency that was not validated in time.
    ///
    /// # Errors
    /// R18 with what is to be done; R93 where only a judge may read it.
    pub(super) fn released_now(
        &self,
        view: &CaseView,
        case: &Case,
        entry: EntryId,
        record: &Opened,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let Some(measure) = case.measures.get(&record.measure) else { return Ok(()) };
        self.taken_under_conditions(view, case, entry, measure)?;
        let giver = case.party(if measure.keeper() == workflow::Side::Home {
            workflow::Side::Peer
        } else {
            workflow::Side::Home
        });
        let keeper = case.party(measure.keeper());
        let (reason, remedy, owner) = if case.is_recalled(entry, record.measure) {
            (
                "the record was recalled".to_owned(),
                "Two custodians certify that its key is destroyed: desk correct certify, or desk breach certify.",
                giver,
            )
        } else if matches!(measure.state, State::DisposalDue | State::Disposed) {
            (
                format!("{} is {}", record.measure, measure.state),
                "Two custodians certify its destruction or return; what is still needed is asked for anew.",
                keeper,
            )
        } else if record.minutes && (measure.state == State::Closed || measure.state.ended_early()) {
            (
                format!("{} is {}, and the minutes of its hearing are shut", record.measure, measure.state),
                "What is still needed is asked for anew, in a case of its own.",
                keeper,
            )
        } else if measure.kept_until.is_some_and(|until| until <= now) {
            (
                "the time for which its giver let it be kept is over".to_owned(),
                "Say that it is due (disposal_due), or ask for more time before the end the next time.",
                giver,
            )
        } else if measure.regularise_by().is_some_and(|end| end < now) {
            (
                "it was given in an emergency that was not validated after the fact in time".to_owned(),
                "Destroy it (disposal_due), and ask for it in the ordinary way.",
                giver,
            )
        } else {
            return self.judge_only(&measure.conditions, &record.conditions);
        };
        let mut refusal = Refusal::new(RefusalCode::R18, "workflow", reason, remedy).at("record");
        refusal.article = Some(measure.scope.article.clone());
        refusal.owner = Some(owner);
        Err(refusal.into())
    }

    /// Holds who opens a record against those who took it into use: the officers who signed that, the officers whom the newest note of
    /// custody of its measure names, each by a signature of their own, and whom else it names, for whom one of these officers signs.
    /// Before it is taken into use an officer opens it for nobody else. To whom it may be handed on by consent, it may be opened for that.
    ///
    /// # Errors
    /// R93 for anybody else.
    pub(super) async fn is_reader(&self, view: &CaseView, wish: &Wish<'_>, now: Timestamp) -> Result<(), Denial> {
        let (measure, signer) = (wish.measure, wish.signer);
        let own = wish.officer == signer.name;
        let refused = |reason: &str, remedy: &str| {
            let mut refusal = Refusal::new(RefusalCode::R93, "desk", reason, remedy).at("officer");
            refusal.owner = Some(self.own.party());
            Err(refusal.into())
        };
        if !self.onward_grants(view, wish, now).await?.is_empty() {
            return Ok(());
        }
        let rows = self.store.entries_of(view.id).await?;
        for row in rows.iter().rev().filter(|row| row.step.0 == Step::TakeOver && row.seq.is_some()) {
            let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
            if !header.concerns.contains(&measure) {
                continue;
            }
            let body = self.body(row.id.0).await?;
            let note = body.and_then(|body| records::read(&body.documents.first()?.bytes).ok()).unwrap_or_default();
            let readers = note["readers"].as_array().into_iter().flatten();
            let readers: Vec<&str> = readers.filter_map(|reader| reader["name"].as_str()).collect();
            let took = view.takers.get(&row.id.0).is_some_and(|keys| keys.contains(&signer.key));
            if !took && !readers.contains(&signer.name.as_str()) {
                let reason = "the officer who signs did not take the record into use, and is named as no reader of it";
                return refused(reason, "Let an officer sign who took it into use, or whom the note of custody names.");
            }
            if !own && !readers.contains(&wish.officer) {
                let reason = "who opens the record is none of the readers for whom it was taken into use";
                return refused(
                    reason,
                    "Have it opened for one of them (--officer), as the note of custody names them.",
                );
            }
            return Ok(());
        }
        if own {
            return Ok(());
        }
        let reason = "the record is not taken into use yet, and nobody is named who may read it";
        refused(reason, "Open it as the officer who signs, or name the readers first: desk take-over.")
    }

    /// What was given for a judge's eyes is opened at a judicial authority only.
    fn judge_only(&self, measure: &[ConditionCode], record: &[ConditionCode]) -> Result<(), Denial> {
        let bound = measure.iter().chain(record).any(|code| *code == ConditionCode::C08);
        if !bound || self.kind_of(&self.own) == AuthorityKind::Judicial {
            return Ok(());
        }
        let reason = format!("the record was given under {}: {}", ConditionCode::C08, ConditionCode::C08.text());
        let remedy = "A judicial authority of the case opens it, or the party that gave it agrees: desk use request.";
        Err(Refusal::new(RefusalCode::R93, "desk", reason, remedy).at("reader").into())
    }

    /// The consents that hold now for a record and for this reader, as the treaty takes them. A consent names its purpose, its
    /// proceeding (the request's where it names none) and its reader in the document that asked for it.
    pub(super) async fn grants(
        &self,
        view: &CaseView,
        wish: &Wish<'_>,
        now: Timestamp,
    ) -> Result<Vec<UseGrant>, Denial> {
        let Some(case) = &view.admitted else { return Ok(Vec::new()) };
        let mut all = self.onward_grants(view, wish, now).await?;
        for (id, matter) in &case.matters {
            if !covers(matter, now) || !matter.is_about(wish.entry, wish.measure) {
                continue;
            }
            let judge = matter.conditions.contains(&ConditionCode::C08);
            if judge && self.kind_of(&self.own) != AuthorityKind::Judicial {
                continue;
            }
            let (_, asked) = self.opening_of(view, *id).await?;
            let own = self.own.to_string();
            let proceeding = asked["proceeding"].as_str();
            let is_for = proceeding.map_or(wish.same_proceeding, |one| one == wish.proceeding);
            if is_for && asked["recipient"]["authority"].as_str() == Some(own.as_str()) {
                all.push(granted(matter, proceeding.is_some())?);
            }
        }
        Ok(all)
    }

    /// The consents that hold now for handing a record on to who opens it: it is opened in the name of the third state or body that the
    /// consent names, for its purpose, and for its proceeding, or the request's where it names none.
    async fn onward_grants(&self, view: &CaseView, wish: &Wish<'_>, now: Timestamp) -> Result<Vec<UseGrant>, Denial> {
        let Some(case) = &view.admitted else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for (id, matter) in &case.matters {
            let holds = matter.kind == MatterKind::Onward && matter.grants(now);
            let fits = matter.is_about(wish.entry, wish.measure) && matter.purpose.as_deref() == Some(wish.purpose);
            if !holds || !fits {
                continue;
            }
            let (_, asked) = self.opening_of(view, *id).await?;
            let recipient = &asked["recipient"];
            let court = matches!(recipient["body"].as_str(), Some("court" | "international_court"));
            let named = !wish.officer.is_empty() && recipient["name"].as_str() == Some(wish.officer);
            let proceeding = asked["proceeding"].as_str();
            if named
                && (court || !matter.conditions.contains(&ConditionCode::C08))
                && proceeding.map_or(wish.same_proceeding, |one| one == wish.proceeding)
            {
                all.push(granted(matter, proceeding.is_some())?);
            }
        }
        Ok(all)
    }
}

fn granted(matter: &Matter, other_proceeding: bool) -> Result<UseGrant, Denial> {
    Ok(UseGrant {
        purpose: matter.purpose.clone().unwrap_or_default(),
        other_proceeding,
        from: clock::day(matter.granted.unwrap_or(matter.opened))?,
        // A header names the first moment after the last day.
        until: matter.until.map(|until| clock::day(Timestamp(until.0 - 1))).transpose()?,
    })
}

/// Whether a matter lets records be used so: a consent that holds. The notice that they serve an accused [UNTOC 18(19)] frees nothing
/// here: for the proceeding of the request they are open already, and one officer of the keeper gives no consent for the other party.
fn covers(matter: &Matter, now: Timestamp) -> bool {
    matter.kind == MatterKind::Use && matter.grants(now)
}
