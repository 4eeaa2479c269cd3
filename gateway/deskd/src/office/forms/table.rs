//! Each row of the procedure has a form that a desk makes of what an officer can say at the command line and in the console, and that the
//! other side's desk takes.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use desk::{Record, compare_answers, document_of};
use model::{
    CaseId, Challenge, ConditionCode, Declared, Digest, HeaderDigest, PartyId, Pin, RefusalCode, Role, Timestamp,
};
use workflow::{Guard, Row, Side, TRANSITIONS, Trigger};

use super::*;
use crate::office::{after::declare, documents::plain, matters::Affair};

mod bodies;
mod matters;

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const CHALLENGE: Challenge = Challenge::new([7; 10]);
const TITLE: &str = "Ministry of Justice";

/// Steps whose body is no form of a row: the request, a draft that is shown, records and the certificate that names them (`bodies.rs`); and
/// what a desk says by itself.
const ELSEWHERE: &[Step] = &[
    Step::SealSend,
    Step::ShareDraft,
    Step::Release,
    Step::Answer,
    Step::Violation,
    Step::CertifyDisposal,
    Step::OpenGroup,
    Step::ChangeGroup,
    Step::AskRejoin,
];

/// On which ground, and with which fields for it, in each way that a guard knows.
fn ways(guard: Guard) -> Vec<(Option<RefusalCode>, Value)> {
    use Guard::*;
    match guard {
        HumanGround => vec![(Some(RefusalCode::R02), json!({}))],
        WrongAddressee => {
            vec![(Some(RefusalCode::R93), json!({ "addressee": "FR:executing" })), (Some(RefusalCode::R01), json!({}))]
        }
        GivenBack => {
            let back = json!({ "addressee": "JP:central" });
            vec![(Some(RefusalCode::R93), back.clone()), (Some(RefusalCode::R16), back)]
        }
        Postponed => {
            let one =
                json!({ "code": "P01", "reasons": "A trial is on.", "preserved": true, "review_on": "2026-10-01" });
            vec![(Option::None, json!({ "measures": [one] }))]
        }
        Calls => {
            let commitment = CHALLENGE.commitment(CaseId::new([7; 16]), EntryId::new([1; 16]));
            vec![(Option::None, json!({ "challenge_hash": commitment.to_string() }))]
        }
        Answers => vec![(Option::None, json!({ "challenge": CHALLENGE.to_string() }))],
        Notified | CalledBack | Offered => {
            let order = json!({ "authority": "A court", "number": "1/2026", "made_on": "2026-09-01" });
            vec![(Option::None, json!({})), (Option::None, json!({ "order": order }))]
        }
        Giver | Prolonged => vec![(Option::None, json!({ "until": "2027-01-01T00:00:00Z" }))],
        Emergency => vec![(Option::None, json!({ "emergency": "A life.", "necessity": "No other way." }))],
        None | Scope | BodyGround | RecordsAsked | AsOffered | TakenUp | AskedIn(_) | Outstanding | LodgedIn(_)
        | Others | Keeper | Given | Complete | Unreported | NothingKept | RemedyOver | Kept | Shredded | Automatic
        | Preserved | Unanswered | Untaken | NotTaken | UnconfirmedAll | UnconfirmedPart | Unfollowed => {
            vec![(Option::None, json!({}))]
        }
    }
}

/// What a step says in any case, or may say besides.
fn also(step: Step) -> Vec<Value> {
    match step {
        Step::Assign => {
            vec![json!({}), json!({ "domestic_reference": "2026/204", "other_measure": "An order to produce" })]
        }
        Step::AskInfo => vec![json!({}), json!({ "tip_off_risk": true })],
        Step::Close => vec![json!({}), json!({ "alternative_channel": "By courier" })],
        Step::TakeOver => {
            vec![
                json!({ "readers": [{ "name": "Aoki" }], "purpose": "criminal_investigation", "proceeding": "1/2026" }),
            ]
        }
        Step::LodgeRemedy | Step::AnnulDecision | Step::UpholdDecision => {
            vec![json!({ "court": "Paris" }), json!({ "court": "Paris", "reference": "26/1204" })]
        }
        _ => vec![json!({})],
    }
}

fn header(step: Step, side: Side, ground: Option<RefusalCode>, conditions: &[ConditionCode]) -> Header {
    let [home, peer]: [AuthorityId; 2] = ["JP:central", "FR:central"].map(|text| text.parse().unwrap());
    let (sender, recipient) = match side {
        Side::Home => (home, peer),
        Side::Peer => (peer, home),
    };
    let party = |code: &str| code.parse::<PartyId>().unwrap();
    Header {
        entry: EntryId::new([9; 16]),
        case: CaseId::new([7; 16]),
        home: party("JP"),
        peer: party("FR"),
        sender,
        recipient,
        pin: Pin(Digest::of(&[b"rule"])),
        step,
        measures: Vec::new(),
        concerns: vec![MeasureId(1)],
        purpose: None,
        offence: None,
        validation: None,
        records: Vec::new(),
        ground,
        conditions: conditions.to_vec(),
        body: None,
        previous: HeaderDigest::GENESIS,
        declared: Declared::default(),
        created: NOW,
        expires: NOW.plus_ms(1000),
    }
}

/// The document of a step, as a desk makes it of what its officer gives.
fn made(header: &Header, given: Value, affair: Option<&Affair>) -> (RecordType, Value) {
    let step = header.step;
    let view = CaseView::new(header.case, header.home, header.peer, header.pin, &header.sender, &header.recipient);
    let role = if step == Step::Regularise { Role::Judge } else { Role::Central };
    let said = Said {
        step,
        concerns: &header.concerns,
        ground: header.ground,
        conditions: &header.conditions,
        text: "So it is.",
        role: Some(role),
        callback: None,
        answers: Some(EntryId::new([8; 16])),
        reminder: 0,
        affair,
        now: header.created,
    };
    let name = if step == Step::ConsultDone { "notice" } else { document_of(step).unwrap() };
    let name = affair.and_then(|affair| affair.form(step)).unwrap_or(name);
    let record_type: RecordType = name.parse().unwrap();
    let Value::Object(given) = given else { unreachable!("an object") };
    let value = if is_form(step, name) {
        fields(&record_type, &view, &said, &header.sender, TITLE, given).unwrap()
    } else {
        assert!(given.is_empty(), "{step}: nobody can say {given:?}");
        let record =
            include_bytes!("../../../../../treaty-schemas/catalog/records/subscriber_info/examples/valid-mailbox.json");
        let received = [Record::from_document(serde_json::from_slice(record).unwrap()).unwrap()];
        plain(name, &view, &said, &received, (&header.sender, TITLE)).unwrap()
    };
    (record_type, value)
}

/// Whether the receiving desk takes it: by its schema, and held against the header that the sending desk makes of it.
fn taken(mut header: Header, (record_type, value): (RecordType, Value)) -> Result<(), String> {
    static REGISTRY: LazyLock<records::RecordTypes> = LazyLock::new(|| records::RecordTypes::builtin().unwrap());
    let bytes = value.to_string().into_bytes();
    let told = |found: Vec<records::Finding>| format!("{found:?}");
    let read = REGISTRY.accept(&record_type, &bytes).map_err(told)?;
    let documents = [Document { record_type: record_type.clone(), bytes }];
    header.declared.postponement = reason(&header, &documents);
    declare(&mut header, &documents);
    compare_answers(&header, &[(record_type, read)])
        .map_err(|refusal| format!("{} {refusal}", refusal.field.as_deref().unwrap_or_default()))
}

fn steps() -> impl Iterator<Item = (&'static Row, Step)> {
    TRANSITIONS.iter().filter_map(|row| match row.trigger {
        Trigger::Step(step) => Some((row, step)),
        Trigger::Draft(_) | Trigger::Gateway(_) => None,
    })
}

#[test]
fn each_row_has_a_form_that_an_officer_can_fill_in_and_the_other_desk_takes() {
    let mut seen = 0;
    for (row, step) in steps().filter(|(_, step)| !ELSEWHERE.contains(step)) {
        let imposes = matches!(step, Step::Recognise | Step::OfferConditions | Step::AcceptConditions);
        let conditions: &[_] = if imposes { &[ConditionCode::C01] } else { &[] };
        for side in row.sides {
            for (ground, wanted) in ways(row.guard) {
                for mut given in also(step) {
                    let fields = wanted.as_object().unwrap().clone();
                    given.as_object_mut().unwrap().extend(fields);
                    let header = header(step, *side, ground, conditions);
                    let document = made(&header, given, None);
                    let answer = taken(header, document.clone());
                    assert_eq!(answer, Ok(()), "{row} on {ground:?}: {}", document.1);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 60, "{seen} ways");
    assert!(ELSEWHERE.iter().all(|one| steps().any(|(_, step)| step == *one)));
}

#[test]
fn what_a_guard_does_not_know_is_taken_by_no_desk() {
    let refused = |step: Step, side: Side, ground: Option<RefusalCode>, given: Value| {
        let header = header(step, side, ground, &[]);
        let document = made(&header, given, None);
        taken(header, document).unwrap_err()
    };
    let back = |ground, given| refused(Step::ReturnRequest, Side::Peer, Some(ground), given);
    assert!(back(RefusalCode::R93, json!({})).contains("addressee"));
    assert!(back(RefusalCode::R01, json!({ "addressee": "FR:executing" })).contains("addressee"));
    assert!(back(RefusalCode::R02, json!({ "addressee": "FR:executing" })).contains("R93 or R01"));
    let late = json!({ "code": "P01", "reasons": "A trial is on.", "preserved": true, "review_on": "2027-10-01" });
    assert!(refused(Step::Postpone, Side::Peer, None, json!({ "measures": [late] })).contains("90 days"));
    assert!(refused(Step::Extend, Side::Peer, None, json!({})).contains("until"));
}
