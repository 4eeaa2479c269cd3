//! What officers' programs are shown. Reading changes nothing.

use std::collections::BTreeSet;

use bytes::Bytes;
use desk::Body;
use identity::RootCertificate;
use jiff::civil::Date;
use model::{AuthorityId, CaseId, Denial, Digest, EntryId, Fault, RecordType, Step, Timestamp, Verdict};
use proto::desk as wire;
use serde_json::Value;
use store::desk::{DeskEntryRow, EventRow};
use workflow::{Case, Measure, Side, State, Trigger};

use super::{
    Office,
    after::proof_of,
    listing::Whose,
    matters_shown,
    outbox::THEIRS,
    terms::preservation,
    trace, unknown,
    usage::{Opens, withheld},
    view::{CaseView, DraftView},
};
use crate::summary;

const EVENTS_MAX: u64 = 256;

/// What is said of an entry without a body.
const UNREAD: &str = "cannot be read here: this desk had no seat in the case's group, or lost its keys";

/// How officers call a side.
pub(super) fn side_name(side: Side) -> &'static str {
    match side {
        Side::Home => "requesting",
        Side::Peer => "requested",
    }
}

impl Office {
    /// The preservation of the case that ends first, where one runs.
    pub(super) fn first_to_end(
        &self,
        view: &CaseView,
        views: &[CaseView],
        now: Timestamp,
    ) -> Result<Option<wire::Preservation>, Denial> {
        let Some(case) = view.shown().filter(Self::preserves) else { return Ok(None) };
        let (links, today) = (self.links(view, views), crate::clock::day(now)?);
        let all =
            case.measures.values().filter_map(|one| preservation(one, view.warned.get(&one.scope.id), &links, today));
        Ok(all.min_by(|a, b| a.until.cmp(&b.until)))
    }

    /// One case or draft with its timeline.
    pub(crate) async fn show(&self, id: CaseId, traced: bool) -> Result<wire::GetCaseResponse, Denial> {
        let draft = self.draft(id).await?.map(|(draft, row)| (draft, row.updated));
        let row = self.store.case(id).await?;
        let mut documents = Vec::new();
        if let Some((draft, _)) = &draft {
            documents.push(reference(id.as_bytes(), 0, "request", &draft.body));
        }
        let Some(row) = row else {
            let (draft, updated) = draft.ok_or_else(|| unknown("there is no such case or draft"))?;
            // A draft can be looked at although nothing is in force.
            let rule = self.rule_with(draft.recipient.party(), crate::clock::now());
            return Ok(wire::GetCaseResponse {
                summary: Some(wire::CaseSummary { training: self.trains(), ..of_draft(id, &draft, updated) }),
                documents,
                treaty_pin: rule.map(|rule| rule.pin().to_string()).unwrap_or_default(),
                sent_back: draft.sent_back.iter().map(super::rework::SentBack::shown).collect(),
                ..wire::GetCaseResponse::default()
            });
        };
        let view = self.view_of(&row)?;
        let mut timeline = Vec::new();
        for entry in self.store.entries_of(id).await? {
            timeline.push(self.shown_entry(&view, &entry, &mut documents).await?);
        }
        self.mark_rejected(&view, &mut documents).await?;
        self.mark_fate(&view, &mut documents).await?;
        trace::on_the_way(&view, &mut timeline);
        self.mark_again(&view, &mut timeline).await?;
        self.waits_here(&view, &mut timeline);
        let untraced = if traced { self.trace(&view, &mut timeline).await.err() } else { None };
        let now = crate::clock::now();
        let awaiting = self.awaiting(&view, &self.store.proposals_of(id).await?, now)?;
        let views = self.related(&view).await?;
        let links = self.links(&view, &views);
        let mut summary = of_case(&view, draft.as_ref().map(|(draft, _)| draft), row.updated, awaiting);
        let told = self.told_clocks_of(id).await?;
        self.complete(&mut summary, &view, &views, &told, now)?;
        let today = crate::clock::day(now)?;
        Ok(wire::GetCaseResponse {
            summary: Some(summary),
            measures: view.shown().map(|case| measures(&view, &case, &links, today)).unwrap_or_default(),
            openings: view.openings.iter().map(opening).collect(),
            clocks: self.shown_clocks(&view, &told, now),
            matters: matters_shown::shown(&view, now),
            matter_openings: matters_shown::openings(&view),
            timeline,
            documents,
            readers: view.readers.iter().map(ToString::to_string).collect(),
            treaty_pin: view.pin.to_string(),
            links: linked(&view, &views),
            counterpart_zone: self.zone_of(&view.other),
            sent_back: draft.iter().flat_map(|(one, _)| &one.sent_back).map(super::rework::SentBack::shown).collect(),
            untraced: untraced.map(|denial| denial.to_string()).unwrap_or_default(),
        })
    }

    /// One document in clear. A draft's is named by its case id. A record that was received is opened for what it was given only.
    pub(crate) async fn document(
        &self,
        entry: &[u8],
        index: usize,
        opens: &Opens,
    ) -> Result<(RecordType, Vec<u8>), Denial> {
        let malformed = |error: model::Malformed| Denial::failed(Fault::Malformed, error.to_string());
        if let Some((draft, _)) = self.draft(CaseId::try_from(entry).map_err(malformed)?).await? {
            return Ok(("request".parse().map_err(malformed)?, draft.body));
        }
        let entry = EntryId::try_from(entry).map_err(malformed)?;
        let row = self.entry_row(entry).await?;
        if self.view(row.case_id.0).await?.is_some_and(|(view, _)| view.findings.contains_key(&entry)) {
            return Err(self.not_for_use(entry).await?);
        }
        let body = self.body(entry).await?;
        let document = body.and_then(|body| body.documents.into_iter().nth(index));
        let gone = self.view(row.case_id.0).await?.and_then(|(view, _)| Self::destroyed(&view, entry, index));
        let document = document.ok_or_else(|| gone.unwrap_or_else(|| unknown("there is no such document")))?;
        // How a hearing stands is told to everybody; the text of its minutes to whom an officer opens it.
        let shown = withheld(&document).filter(|_| row.direction == THEIRS && opens.signed.is_none());
        if let Some(shown) = shown {
            return Ok((document.record_type, shown));
        }
        self.may_open(&row, index, &document, opens).await?;
        Ok((document.record_type, document.bytes))
    }

    /// Events after a cursor, oldest first, and a way to wait for more.
    pub(crate) async fn events(&self, after: u64) -> Result<Vec<EventRow>, Denial> {
        Ok(self.store.events_after(i64::try_from(after).unwrap_or(i64::MAX), EVENTS_MAX).await?)
    }

    /// Whether the stream can be taken up behind `after`: at the beginning of what is kept, or behind an event that is or was told.
    pub(crate) async fn check_cursor(&self, after: u64) -> Result<(), Denial> {
        let forgotten = u64::try_from(self.store.forgotten_events().await?).unwrap_or(0);
        let newest = u64::try_from(self.store.newest_event().await?).unwrap_or(0);
        let detail = if after != 0 && after < forgotten {
            format!(
                "the events behind cursor {after} are not kept any more; the oldest that is kept is behind {forgotten}"
            )
        } else if after > newest {
            format!(
                "no event was told at cursor {after}; the newest is {newest}: another desk's cursor, or an older copy of this desk"
            )
        } else {
            return Ok(());
        };
        Err(Denial::failed(Fault::CursorUnknown, detail))
    }

    pub(crate) fn changes(&self) -> tokio::sync::watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Whether this state was made for training, as its root says.
    pub(crate) fn trains(&self) -> bool {
        let trust = self.trust.store();
        trust.is_ok_and(|trust| trust.root(self.own.party()).is_some_and(RootCertificate::is_training))
    }

    /// Whether a case is an exercise: as its request declared, which stays with it; before that, as this state is.
    pub(super) fn is_exercise(&self, view: &CaseView) -> bool {
        view.training || (view.request.is_none() && self.trains())
    }

    /// Notes where the console is.
    pub(crate) fn note_console(&self, address: String) {
        // There is one console, noted once.
        let _ = self.console.set(address);
    }

    /// Where this desk lies, by its IANA time zone.
    pub(crate) fn zone(&self) -> String {
        self.zone_of(&self.own)
    }

    fn zone_of(&self, authority: &AuthorityId) -> String {
        self.calendars.of(authority.party()).zone_of(authority).iana_name().unwrap_or("UTC").to_owned()
    }

    /// How the desk is.
    pub(crate) async fn status(&self) -> Result<wire::GetDeskStatusResponse, Denial> {
        let health = self.uplink.health();
        let parties = self.trust.store().map(|trust| trust.parties().map(|party| party.to_string()).collect());
        let last = self.store.cursor(super::GATEWAY).await?;
        let credentials = self.credentials(crate::clock::now()).await?;
        let [tls, leaf] = credentials.until;
        Ok(wire::GetDeskStatusResponse {
            authority: self.own.to_string(),
            gateway: self.uplink.endpoint().to_owned(),
            gateway_reachable: health.reachable,
            detail: health.detail,
            key_packages_available: u32::try_from(self.fresh_key_packages().await?).unwrap_or(u32::MAX),
            parties: parties.unwrap_or_default(),
            last_cursor: u64::try_from(last).unwrap_or(0),
            treaty_files: self.rules.told(),
            calendars: self.calendars_told.clone(),
            newest_event: u64::try_from(self.store.newest_event().await?).unwrap_or(0),
            webhooks: u32::try_from(self.store.webhooks().await?.len()).unwrap_or(u32::MAX),
            webhook_troubles: self.webhook_troubles().await?,
            training: self.trains(),
            cases_without_keys: self.without_keys().await?,
            parked: self.parked_cases().into_iter().map(|(case, why)| format!("{case}: {why}")).collect(),
            console: self.console.get().cloned().unwrap_or_default(),
            tls_until_ms: tls.0,
            leaf_until_ms: leaf.0,
            leaf_waits: u32::try_from(credentials.cases).unwrap_or(u32::MAX),
            problems: credentials.problems,
        })
    }

    async fn shown_entry(
        &self,
        view: &CaseView,
        row: &DeskEntryRow,
        documents: &mut Vec<wire::DocumentRef>,
    ) -> Result<wire::TimelineEvent, Denial> {
        let header = proto::decode_header(&Bytes::from(row.header.0.clone()))?;
        let finding = view.findings.get(&row.id.0).map(|finding| format!("contradicts its header: {finding}"));
        let unread = view.unreadable.contains(&row.id.0).then(|| UNREAD.to_owned());
        // What contradicts its header is evidence, and shown to nobody as if it were a document.
        let body = if finding.is_some() { None } else { self.body(row.id.0).await? };
        for (index, document) in body.iter().flat_map(|body| &body.documents).enumerate() {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            documents.push(reference(row.id.as_bytes(), index, document.record_type.as_str(), &document.bytes));
        }
        let verdict = match (row.verdict.0, row.seq) {
            // Our own entry that was admitted before its receipt came.
            (Verdict::Pending, None) if view.pending.as_ref().is_none_or(|one| one.entry != row.id.0) => {
                Verdict::Admitted
            }
            (verdict, _) => verdict,
        };
        Ok(wire::TimelineEvent {
            entry_id: row.id.as_bytes().to_vec().into(),
            step: header.step.as_str().to_owned(),
            sender: header.sender.to_string(),
            at_ms: header.created.0,
            verdict: verdict_name(verdict).to_owned(),
            ground: header.ground.map(|ground| ground.to_string()).unwrap_or_default(),
            text: finding.or(unread).unwrap_or_else(|| body.as_ref().map(words).unwrap_or_default()),
            receipts: receipts(view, row.id.0),
            minutes: body.as_ref().map(|body| proof_of(header.step, body)).unwrap_or_default().to_owned(),
            ..wire::TimelineEvent::default()
        })
    }
}

pub(super) fn of_case(
    view: &CaseView,
    draft: Option<&DraftView>,
    updated: i64,
    awaiting: Option<Step>,
) -> wire::CaseSummary {
    let case = view.shown();
    let open = view.admitted.as_ref().is_none_or(|case| !case.abandoned);
    let draft = draft.filter(|_| open);
    let lapsed = draft.is_some_and(|draft| draft.lapsed && draft.state == State::Validated) && view.pending.is_none();
    let state = match draft {
        Some(_) if lapsed => State::Lapsed,
        // A request that is written on, after its group was opened or its first sending was refused.
        Some(draft) if draft.state != State::Sent => draft.state,
        _ => view.state(),
    };
    let side = view.side();
    let mut possible: Vec<String> = case.as_ref().filter(|_| view.pending.is_none()).map_or_else(Vec::new, |case| {
        let now = crate::clock::now();
        case.possible(side)
            .iter()
            .filter(|one| one.is_due(case, now))
            .map(|one| one.row.trigger.as_str().to_owned())
            .filter(|step| !automatic(step))
            .collect()
    });
    possible.extend(view.arrived().map(|_| Step::Withdraw.as_str().to_owned()));
    // It is still validated: it may be sent as it is, or closed, and go by another channel.
    possible.extend(lapsed.then(|| Step::SealSend.as_str().to_owned()));
    possible.dedup();
    let mut whose = Whose::of(view, case.as_ref());
    let unsent = draft.is_some_and(|draft| draft.state != State::Sent) && view.pending.is_none();
    if unsent || awaiting.is_some() {
        whose = Whose::Ours;
    }
    if view.trouble.is_some() {
        possible.clear();
    }
    wire::CaseSummary {
        case_id: view.id.to_string(),
        side: side_name(side).to_owned(),
        counterpart: view.other.to_string(),
        state: state.to_string(),
        r#move: whose.as_str().to_owned(),
        possible_steps: possible,
        updated_ms: updated,
        reference: view.reference.clone(),
        trouble: view.away_reason().or_else(|| view.trouble.clone()).unwrap_or_default(),
        awaiting_signature: awaiting.map(|step| step.as_str().to_owned()).unwrap_or_default(),
        articles: asked(case.as_ref(), |scope| vec![scope.article.to_string()]),
        asked: asked(case.as_ref(), |scope| {
            let records = scope.records.iter().map(ToString::to_string);
            [scope.request_type.to_string()].into_iter().chain(records).collect()
        }),
        banner: view.drafted.map(|_| DRAFT_BANNER.to_owned()).unwrap_or_default(),
        matters: matters_shown::calling(view, crate::clock::now()),
        emergency: case.as_ref().is_some_and(|case| case.measures.values().any(Measure::is_emergency))
            && whose != Whose::Nobody,
        ..wire::CaseSummary::default()
    }
}

/// What stands over a draft that is shared.
const DRAFT_BANNER: &str = "DRAFT – no legal effect, no clock runs";

pub(super) fn of_draft(id: CaseId, draft: &DraftView, updated: i64) -> wire::CaseSummary {
    let possible = workflow::rows_from(draft.state).filter(|row| !matches!(row.trigger, Trigger::Gateway(_)));
    wire::CaseSummary {
        case_id: id.to_string(),
        side: side_name(Side::Home).to_owned(),
        counterpart: draft.recipient.to_string(),
        state: draft.state.to_string(),
        r#move: "ours".to_owned(),
        possible_steps: possible.map(|row| row.trigger.as_str().to_owned()).filter(|step| !automatic(step)).collect(),
        updated_ms: updated,
        reference: draft.reference.clone(),
        ..wire::CaseSummary::default()
    }
}

/// What of the scopes of a case is named, each once.
fn asked(case: Option<&Case>, named: impl Fn(&model::MeasureScope) -> Vec<String>) -> Vec<String> {
    let all = case.into_iter().flat_map(|case| case.measures.values()).flat_map(|one| named(&one.scope));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The case that this one follows, and those that follow it, between the same two parties.
fn linked(view: &CaseView, views: &[CaseView]) -> Vec<wire::CaseLink> {
    let link = |case: CaseId, how: model::FollowUp, follows: bool, state: Option<State>| wire::CaseLink {
        case_id: case.to_string(),
        how: how.as_str().to_owned(),
        follows,
        state: state.map(|state| state.to_string()).unwrap_or_default(),
    };
    let standing = |id: CaseId| views.iter().find(|one| one.id == id).map(CaseView::state);
    let earlier = view.earlier.iter().map(|one| link(one.case, one.as_what, true, standing(one.case)));
    let later = views.iter().filter_map(|other| {
        let follows = other.earlier.filter(|one| one.case == view.id)?;
        let same = (other.home, other.peer) == (view.home, view.peer);
        same.then(|| link(other.id, follows.as_what, false, Some(other.state())))
    });
    earlier.chain(later).collect()
}

/// Steps that the desk takes by itself.
fn automatic(step: &str) -> bool {
    matches!(step, "open_group" | "change_group" | "violation")
}

fn opening(one: &super::view::Opening) -> wire::OpeningView {
    wire::OpeningView {
        entry_id: one.entry.as_bytes().to_vec().into(),
        index: one.index,
        at_ms: one.at.0,
        purpose: one.purpose.clone(),
        proceeding: one.proceeding.clone(),
        officer: one.officer.clone(),
        reason: one.reason.clone(),
        ..one.word.as_ref().map(worded).unwrap_or_default()
    }
}

fn worded(word: &super::view::OpeningWord) -> wire::OpeningView {
    wire::OpeningView {
        signed_by: word.by.clone(),
        key_id: word.key.0.as_bytes().to_vec().into(),
        statement: word.statement.clone().into(),
        signature: word.signature.clone().into(),
        link: word.link.clone(),
        ..wire::OpeningView::default()
    }
}

fn measures(view: &CaseView, case: &Case, links: &[Date], today: Date) -> Vec<wire::MeasureView> {
    let one = |measure: &Measure| wire::MeasureView {
        id: measure.scope.id.0,
        article: measure.scope.article.to_string(),
        request_type: measure.scope.request_type.to_string(),
        records: measure.scope.records.iter().map(ToString::to_string).collect(),
        subjects: measure.scope.subjects,
        state: measure.state.to_string(),
        window: summary::window(&measure.scope),
        conditions: measure.conditions.iter().map(ToString::to_string).collect(),
        preservation: preservation(measure, view.warned.get(&measure.scope.id), links, today),
        consult_first: measure.terms.as_ref().is_some_and(|terms| terms.consult && !measure.consulted),
        court_order: measure.terms.as_ref().is_some_and(|terms| terms.court_order),
        ministry_notice: measure.terms.as_ref().is_some_and(|terms| terms.ministry_notice),
        grounds: measure.terms.iter().flat_map(|terms| &terms.grounds).map(ToString::to_string).collect(),
    };
    case.measures.values().map(one).collect()
}

pub(super) fn receipts(view: &CaseView, entry: EntryId) -> Vec<wire::ReceiptView> {
    view.receipts.get(&entry).into_iter().flatten().map(super::view::ReceiptNote::shown).collect()
}

fn reference(entry: &[u8], index: u32, record_type: &str, bytes: &[u8]) -> wire::DocumentRef {
    wire::DocumentRef {
        entry_id: entry.to_vec().into(),
        index,
        record_type: record_type.to_owned(),
        bytes_count: bytes.len() as u64,
        sha256: Digest::of(&[bytes]).to_string(),
        rejected: false,
        attachments: attachments(bytes),
        ..wire::DocumentRef::default()
    }
}

/// How many sealed files a record names. Most documents have no word of any, and are not read.
fn attachments(bytes: &[u8]) -> u32 {
    const FIELD: &[u8] = b"\"attachments\"";
    if !bytes.windows(FIELD.len()).any(|window| window == FIELD) {
        return 0;
    }
    let named = records::read(bytes).ok().and_then(|value| value.get("attachments")?.as_array().map(Vec::len));
    named.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
}

/// How a question reads that says so.
const TIP_OFF_RISK: &str =
    "THE CUSTODIAN MAY NOT KEEP IT SECRET: say whether it is to be preserved all the same (give-info), or withdraw.";

/// What the sender wrote, where the form of the step has a place for it.
fn words(body: &Body) -> String {
    let mut words = Vec::new();
    for document in &body.documents {
        let Ok(value) = records::read(&document.bytes) else { continue };
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        words.extend((value["tip_off_risk"] == true).then(|| TIP_OFF_RISK.to_owned()));
        words.extend(["text", "remarks", "reason", "results"].into_iter().find_map(|name| text(&value, name)));
        for outcome in value.get("measures").and_then(Value::as_array).into_iter().flatten() {
            words.extend(text(outcome, "reasons").or_else(|| text(outcome, "remarks")));
        }
    }
    words.dedup();
    words.join("\n")
}

pub(super) fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pending => "pending",
        Verdict::Admitted => "admitted",
        Verdict::Rejected => "rejected",
        Verdict::Lapsed => "lapsed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_desk_itself_are_not_offered_to_officers() {
        assert!(Step::ALL.into_iter().filter(|step| automatic(step.as_str())).count() == 3);
    }
}
