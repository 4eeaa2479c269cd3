//! A hearing by video link: what each of its documents must be beside its schema, by itself and after those before it.

use accord::{contradiction, equal, moment};
use jiff::tz::TimeZone;
use model::{AuthorityId, Digest, Header, Refusal, RefusalCode, Step, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use workflow::{Slot, zone_named};

/// The record type of the steps of a hearing.
pub const HEARING_NOTICE: &str = "hearing_notice";

/// How long before its slot a hearing may begin: rooms are ready, and everybody is there.
const EARLY_MS_MAX: i64 = 3_600_000;

/// Where a document names minutes.
const MINUTES: [&str; 3] = ["minutes", "signature", "handover"];

/// Each step of a hearing with the word of its document.
const ACTS: [(Step, &str); 10] = [
    (Step::ProposeHearing, "propose"),
    (Step::ProposeSlots, "propose"),
    (Step::AgreeSlot, "agree"),
    (Step::RecordConsent, "consent"),
    (Step::TestLink, "test"),
    (Step::OpenHearing, "open"),
    (Step::DraftMinutes, "minutes"),
    (Step::SignMinutes, "sign"),
    (Step::TransmitMinutes, "transmit"),
    (Step::CancelHearing, "cancel"),
];

/// The word of a step in its document; `None` for a step of no hearing.
pub fn hearing_act(step: Step) -> Option<&'static str> {
    ACTS.iter().find(|(one, _)| *one == step).map(|(_, act)| *act)
}

/// The documents of one hearing that came before, as far as they can be read here.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heard<'d> {
    /// The newest proposal.
    pub proposal: Option<&'d Value>,
    /// The agreement on a slot.
    pub agreement: Option<&'d Value>,
    /// The consent of the person.
    pub consent: Option<&'d Value>,
    /// The newest minutes.
    pub minutes: Option<&'d Value>,
}

/// Fills in of a proposal what its slots can only be: their numbers, the moment in UTC, and the local time of each side.
///
/// What is no slot, and zones that nobody knows, are left as they are: the schema and [`compare`] say so.
pub fn fill_slots(proposal: &mut Map<String, Value>) {
    let zones = proposal.get("time_zones").and_then(Zones::of);
    let Some(slots) = proposal.get_mut("slots").and_then(Value::as_array_mut) else { return };
    for (index, slot) in slots.iter_mut().enumerate() {
        let Value::Object(slot) = slot else { continue };
        slot.entry("number").or_insert_with(|| (index + 1).into());
        let Some(starts) = slot.get("starts_at").and_then(Value::as_str).and_then(moment) else { continue };
        slot.insert("starts_at".to_owned(), starts.to_string().into());
        let Some(zones) = &zones else { continue };
        let at = Slot { starts, minutes: 0 };
        for (side, zone) in [("requesting", &zones.requesting), ("requested", &zones.requested)] {
            if let Some(local) = at.local(zone) {
                slot.entry(side).or_insert_with(|| local.into());
            }
        }
    }
}

/// The slots of a proposal, by their numbers in its order.
pub fn slots_of(proposal: &Value) -> Vec<(u64, Slot)> {
    let all = proposal["proposal"]["slots"].as_array().into_iter().flatten();
    all.filter_map(|one| Some((one["number"].as_u64()?, slot(one)?))).collect()
}

/// The slot that an agreement takes.
pub fn slot_agreed(agreement: &Value) -> Option<Slot> {
    slot(&agreement["agreement"])
}

/// The hash of the minutes that a document shows, signs or hands over.
pub fn minutes_hash(document: &Value) -> Option<Digest> {
    MINUTES.into_iter().find_map(|place| document[place]["hash"].as_str()?.parse().ok())
}

/// The same document without the text of the minutes, of which it says that it is withheld; `None` where none goes along.
pub fn without_minutes(document: &Value) -> Option<Value> {
    let mut shown = document.clone();
    let mut found = false;
    for place in MINUTES {
        let Some(Value::Object(file)) = shown.get_mut(place).and_then(|one| one.get_mut("file")) else { continue };
        if file.remove("inline").is_some() {
            file.insert("withheld".to_owned(), true.into());
            found = true;
        }
    }
    found.then_some(shown)
}

/// Holds such a document against its header, and what it says of times against the time zones.
///
/// # Errors
/// R94 with the field, without values.
pub(crate) fn compare(header: &Header, document: &Value) -> Result<(), Refusal> {
    let spoken = Spoken::deserialize(document)
        .map_err(|_| contradiction("", "the document has not the form of its record type"))?;
    equal(hearing_act(header.step) == Some(spoken.act), "act", "the step and the document say different things")?;
    let own = spoken.officer.authority.party() == header.sender.party();
    equal(own, "officer.authority", "the document speaks for another party than the one that sends it")?;
    let past = |place: &str, field: &str| match document[place][field].as_str() {
        None => Ok(()),
        Some(at) => equal(
            moment(at).is_some_and(|at| at <= header.created),
            &format!("{place}.{field}"),
            "what is told to have happened lies after the step that tells it",
        ),
    };
    past("consent", "verified_at")?;
    past("test", "tested_at")?;
    past("opening", "started_at")?;
    past("minutes", "ended_at")?;
    if header.step == Step::DraftMinutes {
        let [started, ended] = ["started_at", "ended_at"].map(|field| document["minutes"][field].as_str());
        let ordered = started.and_then(moment).zip(ended.and_then(moment)).is_some_and(|(from, to)| from < to);
        equal(ordered, "minutes.ended_at", "the hearing ended before it began")?;
    }
    // One officer signs minutes, and two hand their text over.
    let inside = header.step.carries_minutes() || without_minutes(document).is_none();
    equal(
        inside,
        "signature.file.inline",
        "the text of the minutes goes along where they are drawn up, or handed over",
    )?;
    let opens = header.step == Step::ProposeHearing;
    let reason = "a hearing is proposed in answer to nothing, and everything else of it in answer to its proposal";
    equal(document["in_answer_to"].is_null() == opens, "in_answer_to", reason)?;
    if matches!(header.step, Step::DraftMinutes | Step::SignMinutes | Step::TransmitMinutes) {
        let same = header.declared.minutes.is_some() && header.declared.minutes == minutes_hash(document);
        equal(same, "declared.minutes", "the header names other minutes than the document")?;
    }
    if opens || header.step == Step::ProposeSlots { proposed(document, header.created) } else { Ok(()) }
}

/// Each slot lies ahead, and both clocks show what the document says they do: an officer of either side reads the own one.
fn proposed(document: &Value, at: Timestamp) -> Result<(), Refusal> {
    let proposal = &document["proposal"];
    let zones = Zones::of(&proposal["time_zones"]);
    let zones = zones.ok_or_else(|| contradiction("proposal.time_zones", "this is no time zone, as in Asia/Tokyo"))?;
    let slots = proposal["slots"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, one) in slots.iter().enumerate() {
        let field = |name: &str| format!("proposal.slots[{index}].{name}");
        equal(one["number"].as_u64() == u64::try_from(index + 1).ok(), &field("number"), "slots are numbered 1, 2, 3")?;
        let slot = slot(one).ok_or_else(|| contradiction(field("starts_at"), "this is no moment"))?;
        equal(at < slot.starts, &field("starts_at"), "the slot is over")?;
        for (side, zone) in [("requesting", &zones.requesting), ("requested", &zones.requested)] {
            let same = slot.local(zone).is_some_and(|local| one[side].as_str() == Some(&local));
            equal(same, &field(side), "the clock there shows another time at that moment")?;
        }
    }
    Ok(())
}

/// Holds a document of a hearing against those before it, for a desk that can read them.
///
/// # Errors
/// R94 with the field, without values.
pub fn compare_hearing(header: &Header, document: &Value, before: &Heard<'_>) -> Result<(), Refusal> {
    let asked = before.proposal.map(|one| &one["proposal"]);
    match header.step {
        Step::AgreeSlot => {
            let Some(proposal) = before.proposal else { return Ok(()) };
            let (number, agreed) = (document["agreement"]["slot"].as_u64(), slot_agreed(document));
            let taken = slots_of(proposal).into_iter().find(|(one, _)| Some(*one) == number).map(|(_, slot)| slot);
            equal(taken.is_some(), "agreement.slot", "no slot of this number was proposed")?;
            equal(taken == agreed, "agreement.starts_at", "the slot was proposed for another time")?;
            let ahead = taken.is_some_and(|slot| header.created < slot.starts);
            equal(ahead, "agreement.slot", "the slot is over")
        }
        Step::TestLink => {
            let Some(asked) = asked else { return Ok(()) };
            let tested = |name: &str| document["test"][name] == true;
            let interpreted = asked.get("interpreter").is_none() || tested("interpretation");
            equal(interpreted, "test.interpretation", "an interpreter was agreed on, and the channel was not tested")?;
            let defended = matches!(asked["person"]["capacity"].as_str(), Some("suspect" | "accused"));
            let reason = "a suspect or accused speaks with counsel in confidence, and that channel was not tested";
            equal(!defended || tested("confidential_channel"), "test.confidential_channel", reason)
        }
        Step::OpenHearing => {
            let verified = before.consent.and_then(|one| moment(one["consent"]["verified_at"].as_str()?));
            let started = document["opening"]["started_at"].as_str().and_then(moment);
            let ordered = verified.is_none_or(|verified| started.is_some_and(|started| verified <= started));
            equal(ordered, "opening.started_at", "the consent was verified after the start")?;
            let within =
                |slot: Slot| started.is_some_and(|at| slot.starts.plus_ms(-EARLY_MS_MAX) <= at && at < slot.ends());
            if before.agreement.and_then(slot_agreed).is_none_or(within) {
                return Ok(());
            }
            let reason = "the hearing begins within the slot that was agreed, or in the hour before";
            let remedy = "Open it then, or agree on other times first: desk hearing move.";
            Err(Refusal::new(RefusalCode::R94, "desk", reason, remedy).at("opening.started_at"))
        }
        Step::SignMinutes | Step::TransmitMinutes => {
            let Some(drafted) = before.minutes.and_then(minutes_hash) else { return Ok(()) };
            let field = if header.step == Step::SignMinutes { "signature.hash" } else { "handover.hash" };
            equal(minutes_hash(document) == Some(drafted), field, "these are not the minutes that were drawn up last")
        }
        _ => Ok(()),
    }
}

/// What an agreement repeats of the slot that it takes.
pub fn agreement_to(proposal: &Value, number: u64) -> Option<Value> {
    let (_, slot) = slots_of(proposal).into_iter().find(|(one, _)| *one == number)?;
    Some(json!({ "slot": number, "starts_at": slot.starts.to_string(), "minutes": slot.minutes }))
}

fn slot(value: &Value) -> Option<Slot> {
    let starts = moment(value["starts_at"].as_str()?)?;
    Some(Slot { starts, minutes: u16::try_from(value["minutes"].as_u64()?).ok()? })
}

struct Zones {
    requesting: TimeZone,
    requested: TimeZone,
}

impl Zones {
    fn of(value: &Value) -> Option<Self> {
        let zone = |side: &str| zone_named(value.get(side)?.as_str()?);
        Some(Self { requesting: zone("requesting")?, requested: zone("requested")? })
    }
}

#[derive(Deserialize)]
struct Spoken<'d> {
    act: &'d str,
    officer: Speaker,
}

#[derive(Deserialize)]
struct Speaker {
    authority: AuthorityId,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::EntryId;

    use super::*;
    use crate::{compare_answer, sample};

    fn header(step: Step) -> Header {
        let created = moment("2026-12-01T00:00:00Z").unwrap();
        Header { step, created, records: Vec::new(), conditions: Vec::new(), ..sample::release_header() }
    }

    fn document(header: &Header, content: Value) -> Value {
        let mut document = content;
        document["record_type"] = HEARING_NOTICE.into();
        document["case"] = header.case.to_string().into();
        document["act"] = hearing_act(header.step).unwrap().into();
        if header.step != Step::ProposeHearing {
            document["in_answer_to"] = EntryId::new([8; 16]).to_string().into();
        }
        document["officer"] = json!({ "authority": header.sender.to_string() });
        document
    }

    fn verdict(header: &Header, content: Value) -> Option<String> {
        let document = document(header, content);
        compare_answer(header, &HEARING_NOTICE.parse().unwrap(), &document).err()?.field
    }

    fn after(header: &Header, content: Value, before: &Heard<'_>) -> Option<String> {
        compare_hearing(header, &document(header, content), before).err()?.field
    }

    fn proposal() -> Value {
        let mut proposal = json!({
            "time_zones": { "requesting": "Asia/Tokyo", "requested": "Europe/Paris" },
            "person": { "subject_ref": "S1", "capacity": "accused" },
            "interpreter": { "languages": ["fr", "ja"], "by": "requesting" },
            "slots": [
                { "starts_at": "2026-12-10T17:00:00+09:00", "minutes": 90 },
                { "starts_at": "2026-12-11T08:00:00Z", "minutes": 60 },
            ],
        });
        fill_slots(proposal.as_object_mut().unwrap());
        json!({ "proposal": proposal })
    }

    #[test]
    fn the_slots_of_a_proposal_are_shown_by_both_clocks_and_in_utc() {
        let filled = proposal();
        let first = &filled["proposal"]["slots"][0];
        assert_eq!(first["starts_at"], "2026-12-10T08:00:00.000Z");
        assert_eq!(first["requesting"], "2026-12-10T17:00:00+09:00");
        assert_eq!(first["requested"], "2026-12-10T09:00:00+01:00");
        assert_eq!(verdict(&header(Step::ProposeHearing), filled), None);
    }

    #[test]
    fn a_proposal_whose_clocks_contradict_each_other_or_that_is_over_is_none() {
        let propose = header(Step::ProposeHearing);
        let with = |pointer: &str, value: Value| {
            let mut wrong = proposal();
            *wrong.pointer_mut(pointer).unwrap() = value;
            verdict(&propose, wrong).unwrap()
        };
        let summer = json!("2026-12-10T10:00:00+02:00");
        assert_eq!(with("/proposal/slots/0/requested", summer), "proposal.slots[0].requested");
        assert_eq!(with("/proposal/time_zones/requested", json!("Europe/Lutetia")), "proposal.time_zones");
        assert_eq!(with("/proposal/slots/1/number", json!(3)), "proposal.slots[1].number");
        let late = Header { created: moment("2026-12-11T00:00:00Z").unwrap(), ..header(Step::ProposeHearing) };
        assert_eq!(verdict(&late, proposal()).unwrap(), "proposal.slots[0].starts_at");
    }

    #[test]
    fn a_document_says_what_its_step_says_and_for_its_own_party() {
        let consent = header(Step::RecordConsent);
        let said = |at: &str| json!({ "consent": { "verified_at": at } });
        assert_eq!(verdict(&consent, said("2026-11-30T00:00:00Z")), None);
        assert_eq!(verdict(&consent, said("2026-12-02T00:00:00Z")).unwrap(), "consent.verified_at");
        let mut other = document(&consent, said("2026-11-30T00:00:00Z"));
        other["act"] = "test".into();
        assert_eq!(compare(&consent, &other).unwrap_err().field.unwrap(), "act");
        let mut foreign = document(&consent, said("2026-11-30T00:00:00Z"));
        foreign["officer"]["authority"] = "IT:central".into();
        assert_eq!(compare(&consent, &foreign).unwrap_err().field.unwrap(), "officer.authority");
        let mut minutes = header(Step::DraftMinutes);
        minutes.declared.minutes = Some(Digest::of(&[b"minutes"]));
        let hash = Digest::of(&[b"minutes"]).to_string();
        let held = |from: &str, to: &str| json!({ "minutes": { "started_at": from, "ended_at": to, "hash": hash } });
        assert_eq!(verdict(&minutes, held("2026-11-30T08:00:00Z", "2026-11-30T09:00:00Z")), None);
        let reversed = verdict(&minutes, held("2026-11-30T09:00:00Z", "2026-11-30T08:00:00Z"));
        assert_eq!(reversed.unwrap(), "minutes.ended_at");
    }

    #[test]
    fn an_agreement_takes_a_slot_that_was_proposed_as_it_was_proposed() {
        let (agree, proposal) = (header(Step::AgreeSlot), proposal());
        let before = Heard { proposal: Some(&proposal), ..Heard::default() };
        let takes = |agreement: Value| after(&agree, json!({ "agreement": agreement }), &before);
        assert_eq!(takes(agreement_to(&proposal, 2).unwrap()), None);
        assert_eq!(agreement_to(&proposal, 3), None);
        let mut longer = agreement_to(&proposal, 2).unwrap();
        longer["minutes"] = 90.into();
        assert_eq!(takes(longer).unwrap(), "agreement.starts_at");
        let third = json!({ "slot": 3, "starts_at": "2026-12-12T08:00:00Z", "minutes": 60 });
        assert_eq!(takes(third).unwrap(), "agreement.slot");
        let late = Header { created: moment("2026-12-11T08:00:00Z").unwrap(), ..agree.clone() };
        let over = json!({ "agreement": agreement_to(&proposal, 2).unwrap() });
        assert_eq!(after(&late, over, &before).unwrap(), "agreement.slot");
    }

    #[test]
    fn a_test_is_of_every_channel_that_the_hearing_needs() {
        let (test, proposal) = (header(Step::TestLink), proposal());
        let before = Heard { proposal: Some(&proposal), ..Heard::default() };
        let of = |test: Value| json!({ "test": test });
        let whole = of(json!({ "interpretation": true, "confidential_channel": true }));
        assert_eq!(after(&test, whole, &before), None);
        let mute = of(json!({ "confidential_channel": true }));
        assert_eq!(after(&test, mute, &before).unwrap(), "test.interpretation");
        let overheard = of(json!({ "interpretation": true }));
        assert_eq!(after(&test, overheard, &before).unwrap(), "test.confidential_channel");
    }

    #[test]
    fn both_sides_sign_and_hand_over_the_newest_minutes_and_no_others() {
        let hash = |text: &str| Digest::of(&[text.as_bytes()]).to_string();
        let drawn = json!({ "minutes": { "hash": hash("second") } });
        let before = Heard { minutes: Some(&drawn), ..Heard::default() };
        for (step, place) in [(Step::SignMinutes, "signature"), (Step::TransmitMinutes, "handover")] {
            let header = header(step);
            assert_eq!(after(&header, json!({ place: { "hash": hash("second") } }), &before), None);
            let old = after(&header, json!({ place: { "hash": hash("first") } }), &before);
            assert_eq!(old.unwrap(), format!("{place}.hash"));
        }
    }

    #[test]
    fn nobody_is_heard_before_the_consent_was_verified() {
        let open = header(Step::OpenHearing);
        let consent = json!({ "consent": { "verified_at": "2026-11-30T09:00:00+01:00" } });
        let before = Heard { consent: Some(&consent), ..Heard::default() };
        let opened = |at: &str| after(&open, json!({ "opening": { "started_at": at } }), &before);
        assert_eq!(opened("2026-11-30T08:00:00Z"), None);
        assert_eq!(opened("2026-11-30T07:59:59Z").unwrap(), "opening.started_at");
    }

    #[test]
    fn a_hearing_begins_within_the_slot_that_was_agreed_or_in_the_hour_before() {
        let open = header(Step::OpenHearing);
        let agreement = json!({ "agreement": agreement_to(&proposal(), 1).unwrap() });
        let before = Heard { agreement: Some(&agreement), ..Heard::default() };
        let opened = |at: &str| after(&open, json!({ "opening": { "started_at": at } }), &before);
        assert_eq!([opened("2026-12-10T07:00:00Z"), opened("2026-12-10T09:29:59Z")], [None, None]);
        for at in ["2026-12-10T06:59:59Z", "2026-12-10T09:30:00Z", "2026-12-09T08:00:00Z"] {
            assert_eq!(opened(at).unwrap(), "opening.started_at");
        }
    }

    #[test]
    fn the_header_names_the_minutes_of_the_document() {
        let [ours, others] = ["ours", "others"].map(|text| Digest::of(&[text.as_bytes()]));
        for (step, place) in [(Step::SignMinutes, "signature"), (Step::TransmitMinutes, "handover")] {
            let mut header = header(step);
            header.declared.minutes = Some(ours);
            assert_eq!(verdict(&header, json!({ place: { "hash": ours.to_string() } })), None);
            let other = verdict(&header, json!({ place: { "hash": others.to_string() } }));
            assert_eq!(other.unwrap(), "declared.minutes");
            header.declared.minutes = None;
            assert!(verdict(&header, json!({ place: { "hash": ours.to_string() } })).is_some());
        }
    }

    #[test]
    fn other_times_are_proposed_in_answer_to_the_proposal() {
        assert_eq!(verdict(&header(Step::ProposeSlots), proposal()), None);
        let mut loose = document(&header(Step::ProposeSlots), proposal());
        loose["in_answer_to"] = Value::Null;
        assert_eq!(compare(&header(Step::ProposeSlots), &loose).unwrap_err().field.unwrap(), "in_answer_to");
    }

    #[test]
    fn the_text_of_minutes_is_withheld_wherever_it_stands_and_goes_along_with_no_signature() {
        let hash = Digest::of(&[b"minutes"]);
        let file = json!({ "title": "m.txt", "bytes": 7, "inline": "bWludXRlcw==" });
        for (step, place) in
            [(Step::DraftMinutes, "minutes"), (Step::SignMinutes, "signature"), (Step::TransmitMinutes, "handover")]
        {
            let mut header = header(step);
            header.declared.minutes = Some(hash);
            let times = ("2026-11-30T08:00:00Z", "2026-11-30T09:00:00Z");
            let mut content =
                json!({ place: { "hash": hash.to_string(), "started_at": times.0, "ended_at": times.1 } });
            assert!(without_minutes(&content).is_none(), "{place}");
            assert_eq!(verdict(&header, content.clone()), None, "{place}");
            content[place]["file"] = file.clone();
            let shown = without_minutes(&content).unwrap();
            assert_eq!(shown[place]["file"], json!({ "title": "m.txt", "bytes": 7, "withheld": true }));
            assert_eq!(shown[place]["hash"], hash.to_string(), "what is signed is named still");
            let refused = (step == Step::SignMinutes).then(|| "signature.file.inline".to_owned());
            assert_eq!(verdict(&header, content), refused, "{place}");
        }
    }
}
