//! Hearings by video link at a desk: their forms, what came before each of their steps, and when they are held.

use std::collections::BTreeMap;

use bytes::Bytes;
use desk::{Document, Heard, agreement_to, compare_hearing, fill_slots, hearing_act, minutes_hash, slot_agreed};
use model::{Denial, Digest, Header, MatterId, Step, Timestamp};
use proto::desk as wire;
use serde_json::{Map, Value};
use workflow::{AgendaHearing, MatterKind, MatterState, Slot};

use super::{Office, documents::Said, matter_forms::Writer, matters::Affair, reading::contradiction, view::CaseView};

/// Cases with hearings in one agenda.
const CASES_MAX: u64 = 10_000;
/// How long before it is held a slot can have been agreed on, for the agenda: 400 days.
const AGREED_BEFORE_MS_MAX: i64 = 400 * 24 * 3_600_000;

/// Fills in of the document of such a step what it can only say in one way.
pub(super) fn fill(
    said: &Said<'_>,
    affair: &Affair,
    writer: &Writer<'_>,
    mut form: Map<String, Value>,
) -> Map<String, Value> {
    let matter = affair.matter.as_ref();
    let opened_by = matter.filter(|_| said.step != Step::ProposeHearing).map(|one| one.by.to_string());
    let measures: Vec<u32> = said.concerns.iter().map(|id| id.0).collect();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            form.entry(name).or_insert(value);
        }
    };
    put("act", hearing_act(said.step).map(Value::from));
    put("at", Some(said.now.to_string().into()));
    put("officer", Some(writer.speaker.clone()));
    put("measures", Some(measures.into()));
    put("in_answer_to", opened_by.map(Value::from));
    put("text", writer.text.map(Value::from));
    if let Some(Value::Object(proposal)) = form.get_mut("proposal") {
        fill_slots(proposal);
    }
    if let Some(Value::Object(minutes)) = form.get_mut("minutes") {
        minutes.entry("ended_at").or_insert_with(|| said.now.to_string().into());
    }
    if let (Some(Value::Object(agreement)), Some(matter)) = (form.get_mut("agreement"), matter) {
        let number = agreement.get("slot").and_then(Value::as_u64);
        if let Some(Value::Object(taken)) = number.and_then(|number| agreement_to(&matter.first, number)) {
            for (name, value) in taken {
                agreement.entry(name).or_insert(value);
            }
        }
    }
    form
}

impl Office {
    /// Holds the document of a hearing against those before it, and its proposal against the request. A desk that was seated later
    /// cannot read what came before, and holds nothing of it against anybody.
    ///
    /// # Errors
    /// R94 with the field, without values.
    pub(super) async fn hold_hearing(
        &self,
        view: &CaseView,
        header: &Header,
        affair: &Affair,
        document: &Value,
    ) -> Result<(), Denial> {
        if header.step == Step::ProposeHearing {
            return self.hold_person(view, header, document).await;
        }
        if header.step == Step::ProposeSlots {
            self.hold_person(view, header, document).await?;
        }
        let (Some(matter), Some(id)) = (&affair.matter, header.declared.matter) else { return Ok(()) };
        if document["in_answer_to"].as_str() != Some(&matter.by.to_string()) {
            return Err(contradiction("in_answer_to", "the document is of another hearing").into());
        }
        let heard = self.heard(view, id).await?;
        let before = Heard {
            proposal: Some(&matter.first).filter(|first| first.is_object()),
            agreement: heard.get(&Step::AgreeSlot),
            consent: heard.get(&Step::RecordConsent),
            minutes: heard.get(&Step::DraftMinutes),
        };
        Ok(compare_hearing(header, document, &before)?)
    }

    /// The document that proposed the times of a hearing last, where that is another one than `first`, which opened it.
    pub(super) async fn newest_proposal(&self, view: &CaseView, id: MatterId, first: Value) -> Result<Value, Denial> {
        Ok(self.heard(view, id).await?.remove(&Step::ProposeSlots).unwrap_or(first))
    }

    /// Who is to be heard is one of the persons of the request, by the name that it has there.
    async fn hold_person(&self, view: &CaseView, header: &Header, document: &Value) -> Result<(), Denial> {
        if view.request.is_none() {
            return Ok(());
        }
        let asked = self.request(view).await?;
        let person = document["proposal"]["person"]["subject_ref"].as_str();
        let concerned = asked.measures.iter().filter(|measure| header.concerns.contains(&measure.id));
        let mut subjects = concerned.flat_map(|measure| &measure.subjects);
        if subjects.any(|subject| Some(subject.subject_ref.as_str()) == person) {
            return Ok(());
        }
        let reason = "the request names no such subject for these measures";
        Err(contradiction("proposal.person.subject_ref", reason).into())
    }

    /// The newest document of each step of a hearing, where it can be read here.
    async fn heard(&self, view: &CaseView, id: MatterId) -> Result<BTreeMap<Step, Value>, Denial> {
        let mut heard = BTreeMap::new();
        for row in self.store.entries_of(view.id).await? {
            let (step, entry) = (row.step.0, row.id.0);
            if hearing_act(step).is_none() || row.seq.is_none() || view.findings.contains_key(&entry) {
                continue;
            }
            let header = proto::decode_header(&Bytes::from(row.header.0))?;
            if header.declared.matter != Some(id) {
                continue;
            }
            let body = self.body(entry).await?;
            heard.extend(body.and_then(|body| Some((step, records::read(&body.documents.first()?.bytes).ok()?))));
        }
        Ok(heard)
    }

    /// The slot that was agreed for a hearing, where it can be read here. Of all entries of the hearing only that one is opened.
    async fn slot(&self, view: &CaseView, id: MatterId) -> Result<Option<Slot>, Denial> {
        for row in self.store.entries_of(view.id).await?.into_iter().rev() {
            let counts = row.seq.is_some() && !view.findings.contains_key(&row.id.0);
            if row.step.0 != Step::AgreeSlot || !counts {
                continue;
            }
            if proto::decode_header(&Bytes::from(row.header.0.clone()))?.declared.matter == Some(id) {
                let body = self.body(row.id.0).await?;
                let document = body.and_then(|body| records::read(&body.documents.first()?.bytes).ok());
                return Ok(document.as_ref().and_then(slot_agreed));
            }
        }
        Ok(None)
    }

    /// The hearings whose agreed time is not over and begins by `until`, and those that go on.
    pub(super) async fn hearings(&self, until: Timestamp, now: Timestamp) -> Result<Vec<AgendaHearing>, Denial> {
        let since = now.plus_ms(-AGREED_BEFORE_MS_MAX);
        let mut all = Vec::new();
        for case in self.store.cases_taking(Step::AgreeSlot, since.0, CASES_MAX).await? {
            let Some((view, _)) = self.view(case).await? else { continue };
            let matters = view.admitted.iter().flat_map(|case| &case.matters);
            for (id, matter) in matters.filter(|(_, matter)| matter.kind == MatterKind::Hearing) {
                if !stands(matter.state) {
                    continue;
                }
                let Some(slot) = self.slot(&view, *id).await? else { continue };
                if slot.starts <= until && (now < slot.ends() || matter.state == MatterState::Live) {
                    all.push(AgendaHearing { case, matter: *id, slot, state: matter.state });
                }
            }
        }
        Ok(all)
    }

    /// A hearing for the agenda.
    pub(super) fn shown_hearing(&self, hearing: &AgendaHearing) -> wire::HearingView {
        wire::HearingView {
            case_id: hearing.case.to_string(),
            matter: hearing.matter.0,
            state: hearing.state.to_string(),
            starts_ms: hearing.slot.starts.0,
            minutes: hearing.slot.minutes.into(),
            starts_local: self.local(hearing.slot.starts),
        }
    }
}

/// The minutes that the document of a step names.
pub(super) fn minutes_said(step: Step, documents: &[Document]) -> Option<Digest> {
    let tells = matches!(step, Step::DraftMinutes | Step::SignMinutes | Step::TransmitMinutes);
    let said = documents.first().filter(|_| tells)?;
    minutes_hash(&records::read(&said.bytes).ok()?)
}

/// Whether a hearing has its place in a calendar: its time is agreed, or was before it was cancelled.
fn stands(state: MatterState) -> bool {
    use MatterState::{Cancelled, ConsentRecorded, Live, SlotAgreed, TechTested};
    matches!(state, SlotAgreed | ConsentRecorded | TechTested | Live | Cancelled)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{EntryId, MeasureId};
    use serde_json::json;
    use workflow::Side;

    use super::{super::matters::Standing, *};

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn filled(step: Step, first: Value, given: Value) -> Value {
        let matter = Standing {
            kind: MatterKind::Hearing,
            by: EntryId::new([8; 16]),
            opener: Side::Home,
            opened: NOW,
            state: None,
            first,
        };
        let affair = Affair {
            records: vec![],
            matter: Some(matter),
            until: None,
            purpose: None,
            recipients: vec![],
            untold: std::collections::BTreeSet::new(),
            key_log: None,
        };
        let speaker = json!({"party": "JP", "authority": "JP:central", "officer": {"name": "Ministry"}});
        let writer =
            Writer { speaker: &speaker, officer: &speaker["officer"], own: "JP:central".to_owned(), text: None };
        let said = Said {
            step,
            concerns: &[MeasureId(1)],
            ground: None,
            conditions: &[],
            text: "",
            role: None,
            callback: None,
            answers: None,
            reminder: 0,
            affair: Some(&affair),
            now: NOW,
        };
        let case = "6b9d1c6e-2f1d-4c6a-9d36-0b8a5b8f7a10";
        let mut form = json!({"record_type": "hearing_notice", "case": case});
        form.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
        Value::Object(fill(&said, &affair, &writer, form.as_object().unwrap().clone()))
    }

    fn findings(form: &Value) -> Vec<String> {
        let registry = records::RecordTypes::builtin().unwrap();
        let found = registry.accept(&"hearing_notice".parse().unwrap(), form.to_string().as_bytes());
        found.err().unwrap_or_default().into_iter().map(|one| format!("{} {}", one.field, one.rule)).collect()
    }

    #[test]
    fn what_an_officer_says_of_a_hearing_makes_whole_forms() {
        let proposal = json!({"proposal": {
            "person": {"subject_ref": "S1", "capacity": "witness"},
            "time_zones": {"requesting": "Asia/Tokyo", "requested": "Europe/Paris"},
            "slots": [{"starts_at": "2026-12-10T17:00:00+09:00", "minutes": 90}],
            "language": "fr", "link": "the courts' own", "oath_by": "requested", "law_of": "requested",
            "recorded": false,
        }});
        let proposed = filled(Step::ProposeHearing, Value::Null, proposal);
        assert_eq!(findings(&proposed), Vec::<String>::new());
        let agreed = filled(Step::AgreeSlot, proposed.clone(), json!({"agreement": {"slot": 1}}));
        assert_eq!(findings(&agreed), Vec::<String>::new());
        assert_eq!(agreed["agreement"]["starts_at"], "2026-12-10T08:00:00.000Z");
        let none = filled(Step::AgreeSlot, proposed, json!({"agreement": {"slot": 2}}));
        assert!(!findings(&none).is_empty(), "a slot that was not proposed has no time");
        let cancelled = filled(Step::CancelHearing, Value::Null, json!({"text": "The witness is ill."}));
        assert_eq!(findings(&cancelled), Vec::<String>::new());
    }
}
