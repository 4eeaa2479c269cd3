//! The desk at work. [`Office`] holds its state; whoever changes it holds the one lock ([`Office::members`]), and each change is
//! one transaction: MLS rows, entry, case, proposal, outbox and cursor together, before anything is sent.
//!
//! Reading order: `view` (what is kept), `draft`, `prepare` and `sign` (what officers do), `group` and `dispatch` (how an entry
//! leaves), `outbox` (how it is sent), `watching`, `arrival`, `outcome` and `binding` (what comes back), `upkeep`, `clocks` (what is
//! told when) and `agenda`, `once`, `webhooks` and `statistics` (what other programs need).

mod acknowledging;
mod after;
mod again;
mod agenda;
mod arrival;
mod attaching;
mod behind;
mod binding;
mod checking;
mod clearing;
mod clocks;
mod cloning;
mod contest;
mod custody;
mod dispatch;
mod disposal;
mod documents;
mod draft;
mod drafting;
mod due;
mod errand;
mod exhibit;
mod export;
mod files;
mod forms;
mod giving;
mod group;
mod hearing;
mod history;
mod incident;
mod joining;
mod judging;
mod leaves;
mod listing;
mod matter_forms;
mod matters;
mod matters_shown;
mod naming;
mod once;
mod outbox;
mod outcome;
mod parking;
mod prepare;
mod reading;
mod refold;
mod regain;
mod rejected;
mod release_of_keys;
mod removal;
mod renewing;
mod responders;
mod responding;
mod restore;
pub(crate) mod rework;
mod seats;
mod sharing;
mod shown;
mod sign;
mod signers;
mod statistics;
mod terms;
mod then;
mod trace;
mod transfer;
mod upkeep;
mod usage;
mod validate;
pub(crate) mod view;
mod watching;
mod webhooks;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicI64},
    },
    time::Duration,
};

use identity::{ProvenBatches, SigningKey};
use model::{AuthorityId, CaseId, Denial, EntryId, Exit, Fault, Refusal, RefusalCode, Timestamp};
use records::RecordTypes;
use seal::Member;
use shelf::Rules;
use store::{
    Settings,
    desk::{DeskBatch, DeskCaseRow, DeskStore, MlsChange, NewEvent},
};
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};
use workflow::Calendars;

use crate::{
    calendars,
    config::{Config, Folder},
    failure::Failure,
    keys::Keys,
    safe::{Place, Safe, mls_id},
    trust::Trust,
    uplink::Uplink,
};
use naming::{by_prefix, range_of};
use view::{CaseView, DraftView, state_number};

pub(crate) use agenda::AgendaPage;
pub(crate) use attaching::{NewFile, Reading};
pub(crate) use draft::{Checked, Written, would_pass};
pub(crate) use errand::Wish;
pub(crate) use export::Wanted;
pub(crate) use listing::Page;
pub(crate) use matters::Beside;
pub(crate) use once::{Call, Known, Running};
pub(crate) use prepare::{Ask, Prepared};
pub(crate) use removal::{RemovalWord, Removing};
pub(crate) use responders::ResponderWord;
pub(crate) use sign::OfficerWord;
pub(crate) use usage::{EXPORT, Opens, SignedOpening};
pub(crate) use validate::ValidatorWord;

/// How long a call of an officer waits for the gateways before it says that they are away.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(20);
/// Groups kept in memory; beyond that all are read anew when they are needed.
const MEMBERS_MAX: usize = 512;
/// The stream of the own gateway.
const GATEWAY: &str = "gateway";

/// What those who watch are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i16)]
pub(crate) enum Told {
    DraftSaved = 1,
    Validated = 2,
    Prepared = 3,
    Sealed = 4,
    Admitted = 5,
    Rejected = 6,
    Arrived = 7,
    Contradiction = 8,
    Fork = 9,
    Lapsed = 10,
    Receipt = 11,
    Diverged = 12,
    Opened = 13,
    ClockWarning = 14,
    ClockDue = 15,
    ClockEscalation = 16,
}

impl Told {
    /// The name on the wire of an event's number.
    pub(crate) fn name(number: i16) -> &'static str {
        const NAMES: [&str; 16] = [
            "draft_saved",
            "validated",
            "prepared",
            "sealed",
            "admitted",
            "rejected",
            "arrived",
            "contradiction",
            "fork",
            "lapsed",
            "receipt",
            "diverged",
            "opened",
            "clock_warning",
            "clock_due",
            "clock_escalation",
        ];
        usize::try_from(number).ok().and_then(|at| NAMES.get(at.wrapping_sub(1))).copied().unwrap_or("unknown")
    }
}

/// A running desk.
pub(crate) struct Office {
    pub(crate) own: AuthorityId,
    pub(crate) uplink: Uplink,
    pub(crate) trust: Arc<Trust>,
    store: DeskStore,
    safe: Safe,
    desk_key: SigningKey,
    tags_key: SigningKey,
    leaves: leaves::Leaves,
    records: RecordTypes,
    rules: Rules,
    calendars: Calendars,
    /// Which they are, in words.
    calendars_told: String,
    responders: crate::responder::Folder,
    /// The one lock of who changes something, and the groups in memory.
    members: tokio::sync::Mutex<Members>,
    /// Who fetches directories: an older answer must not overtake a newer one.
    fetching: tokio::sync::Mutex<()>,
    /// Counts changes, for those who wait for one.
    changed: watch::Sender<u64>,
    outbox_bell: Notify,
    upkeep_bell: Notify,
    errand_bell: Notify,
    /// Whether the own gateway has said that this desk is as new as it knows it.
    standing: AtomicBool,
    /// How many entries were sealed.
    sealed: AtomicI64,
    /// Rings when a clock is over.
    due_bell: Notify,
    /// Whether the desk tells by itself how a request stands, when the clock for it is over.
    tells_status: bool,
    /// Why the own gateway refused an entry, for the call that waits for it.
    answers: Mutex<BTreeMap<EntryId, Denial>>,
    /// Why the own gateway did not take an entry yet, for those who look.
    resting: Mutex<BTreeMap<EntryId, String>>,
    /// Why a change of a case's group was refused, for the call that waits for it.
    errand_ends: Mutex<BTreeMap<CaseId, Denial>>,
    /// Since when items of the gateway's stream are tried, and those that were passed by.
    standstill: Mutex<watching::Standstill>,
    parked: Mutex<parking::Parked>,
    /// The case whose parked items were tried last.
    tried: Mutex<Option<CaseId>>,
    /// What was verified of the receipts of gateways.
    proven: Mutex<ProvenBatches>,
    /// Where the console is, when there is one.
    console: OnceLock<String>,
}

impl Office {
    pub(crate) async fn open(folder: &Folder, config: &Config, now: Timestamp) -> Result<Self, Failure> {
        // What is installed from here on is seen.
        let marks = leaves::marks(folder);
        let keys = Keys::open(folder, config)?;
        let trust = Arc::new(Trust::new(&keys.root, &folder.0, now)?);
        if trust.party() != config.authority.party() {
            let what = format!("the root is of {}, the desk is of {}", trust.party(), config.authority);
            return Err(Failure::new(Exit::NotAuthorised, what).remedy("Put the own party's root there."));
        }
        let url = folder.database_url(config).parse();
        let url = url.map_err(|error: model::Malformed| Failure::new(Exit::Usage, error.to_string()))?;
        let store = DeskStore::open(&url, &Settings::default()).await.map_err(Denial::from)?;
        let sealed = store.cursor(restore::SEALED_COUNT).await.map_err(Denial::from)?;
        // It may have died between the destruction of a key and this.
        store.forget().await.map_err(Denial::from)?;
        let calendars = calendars::open(folder, config)?;
        let records = RecordTypes::builtin().map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
        let office = Self {
            own: config.authority.clone(),
            uplink: Uplink::new(config, &keys, &trust)?,
            trust,
            store,
            safe: Safe::new(&keys.storage)?,
            desk_key: keys.desk,
            tags_key: keys.tags,
            leaves: leaves::Leaves::open(folder, config, marks)?,
            records,
            rules: files::open(folder, config)?,
            calendars,
            calendars_told: calendars::told(folder, config),
            responders: crate::responder::Folder::of(&folder.0, &config.passphrase_file),
            members: tokio::sync::Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
            changed: watch::Sender::new(0),
            outbox_bell: Notify::new(),
            upkeep_bell: Notify::new(),
            errand_bell: Notify::new(),
            standing: AtomicBool::new(false),
            sealed: AtomicI64::new(sealed),
            due_bell: Notify::new(),
            tells_status: config.tells_status,
            answers: Mutex::default(),
            resting: Mutex::default(),
            errand_ends: Mutex::default(),
            standstill: Mutex::default(),
            parked: Mutex::default(),
            tried: Mutex::default(),
            proven: Mutex::default(),
            console: OnceLock::new(),
        };
        office.note_listed().await?;
        office.note_parked().await?;
        Ok(office)
    }

    /// Whether the storage can be written to now.
    pub(crate) async fn can_keep(&self) -> Result<(), Denial> {
        self.store.check().await.map_err(Denial::from)
    }

    /// Closes the storage.
    pub(crate) async fn close(&self) {
        // Everything was durable before: a failure here loses nothing.
        let _ = self.store.clone().close().await;
    }

    /// The case that `text` names: its id, or a beginning of it that no other case has.
    pub(crate) async fn case_of(&self, text: &str) -> Result<CaseId, Denial> {
        let (first, last) = range_of(text)?;
        // Two are enough to know that more than one begins like that.
        by_prefix(&self.store.case_ids(first, last, 2).await?, text)
    }

    async fn view(&self, id: CaseId) -> Result<Option<(CaseView, i64)>, Denial> {
        self.store.case(id).await?.map(|row| Ok((self.view_of(&row)?, row.version))).transpose()
    }

    fn view_of(&self, row: &DeskCaseRow) -> Result<CaseView, Denial> {
        let plain = self.safe.open(Place::Case, row.id.as_bytes(), &row.body)?;
        serde_json::from_slice(&plain).map_err(|_| Denial::failed(Fault::Storage, "a case cannot be read"))
    }

    async fn draft(&self, id: CaseId) -> Result<Option<(DraftView, store::desk::DraftRow)>, Denial> {
        let Some(row) = self.store.draft(id).await? else { return Ok(None) };
        Ok(Some((self.draft_of(&row)?, row)))
    }

    fn draft_of(&self, row: &store::desk::DraftRow) -> Result<DraftView, Denial> {
        let plain = self.safe.open(Place::Draft, row.id.as_bytes(), &row.body)?;
        serde_json::from_slice(&plain).map_err(|_| Denial::failed(Fault::Storage, "a draft cannot be read"))
    }

    /// Writes a case, its clocks, and what hangs on it, as the batch makes it. The one lock is held.
    async fn put_case(
        &self,
        batch: &mut DeskBatch,
        view: &CaseView,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.put_view(batch, view, version, now).await?;
        self.hang_on(batch, view, now).await
    }

    async fn put_view(
        &self,
        batch: &mut DeskBatch,
        view: &CaseView,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let (clocks, case) = (self.clocks(view), view.shown());
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(view).map_err(internal)?);
        let row = DeskCaseRow {
            id: view.id.into(),
            role: i16::from(view.side() == workflow::Side::Peer),
            state: state_number(view.state()),
            whose: listing::Whose::of(view, case.as_ref()) as i16,
            calls_at: listing::calls_at(view, &clocks),
            counterpart: view.other.clone().into(),
            title: None,
            body: self.safe.seal(Place::Case, view.id.as_bytes(), &plain)?,
            head: view.head.into(),
            created: listing::began(view, case.as_ref(), now),
            owes: due::owes(view).into(),
            updated: now.0,
            version: version.map_or(1, |version| version + 1),
            fold: i16::try_from(view.fold).unwrap_or(-1),
        };
        batch.put_case(row, version);
        if view.state() == workflow::State::Closed {
            batch.leaves_done.push(view.id);
        }
        batch.links.extend(listing::links(view));
        self.put_clocks(batch, view, &clocks).await
    }

    /// The changes of a member's state since they were asked for last, encrypted.
    fn mls_changes(&self, case: CaseId, member: &mut Member) -> Result<Vec<MlsChange>, Denial> {
        let rows = member.changes()?.into_iter().map(|row| {
            let id = mls_id(case, &row.key);
            let value = row.value.map(|value| self.safe.seal(Place::Mls, &id, &value)).transpose()?;
            Ok(MlsChange { case, key: row.key.into(), value })
        });
        rows.collect()
    }

    /// Waits until `ready` says something, at most [`WAIT_MAX`]. It is asked again after each change.
    async fn until<T, F>(&self, ready: impl Fn() -> F) -> Result<Option<T>, Denial>
    where
        F: Future<Output = Result<Option<T>, Denial>>,
    {
        let mut changes = self.changed.subscribe();
        let waiting = async {
            loop {
                changes.mark_unchanged();
                if let Some(found) = ready().await? {
                    return Ok(Some(found));
                }
                if changes.changed().await.is_err() {
                    return Ok(None);
                }
            }
        };
        timeout(WAIT_MAX, waiting).await.unwrap_or(Ok(None))
    }

    fn answered(&self, entry: EntryId, denial: Denial) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() > 1000 {
            answers.clear();
        }
        answers.insert(entry, denial);
    }

    fn answer(&self, entry: EntryId) -> Option<Denial> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).get(&entry).cloned()
    }
}

/// The groups in memory.
#[derive(Default)]
struct Members(BTreeMap<CaseId, Member>);

impl Members {
    /// Takes the member of a case out, reading it if need be. It is put back with [`Members::keep`] when what it did is durable;
    /// else it is dropped, and read anew as it was.
    async fn take(&mut self, office: &Office, case: CaseId) -> Result<Member, Denial> {
        office.require_standing()?;
        if let Some(member) = self.0.remove(&case) {
            return Ok(member);
        }
        let mut rows = Vec::new();
        for (key, value) in office.store.mls_state(case).await? {
            let plain = office.safe.open(Place::Mls, &mls_id(case, &key), &value)?;
            rows.push((key.0, plain));
        }
        if rows.is_empty() {
            let remedy = "Wait until another desk of the case has taken this one in again: desk group show.";
            let none = Refusal::new(RefusalCode::R94, "desk", "this desk has no keys of the case's group", remedy);
            return Err(none.into());
        }
        Member::restore(&office.leaves.all(), case, rows)
    }

    fn keep(&mut self, case: CaseId, member: Member) {
        if self.0.len() >= MEMBERS_MAX {
            self.0.clear();
        }
        self.0.insert(case, member);
    }
}

fn event(case: CaseId, kind: Told, entry: Option<EntryId>, now: Timestamp) -> NewEvent {
    NewEvent { case_id: case.into(), kind: kind as i16, at: now.0, entry_id: entry.map(Into::into) }
}

fn internal(error: impl std::fmt::Display) -> Denial {
    Denial::failed(Fault::Internal, error.to_string())
}

fn unknown(detail: &str) -> Denial {
    Denial::failed(Fault::Unknown, detail)
}
