//! The challenge of a call-back goes over another channel alone.

use accord::contradiction;
use model::{Challenge, Digest, Header, Refusal};
use serde_json::Value;
use workflow::{Case, Side};

use crate::Body;

/// Holds a body of the side that calls back against the challenges that it drew and that were not given back: what is written to the other side proves no
/// call. `case` is as it stands before the entry of `header`.
///
/// # Errors
/// R94 with the field, without values.
pub fn unwritten(header: &Header, case: &Case, body: &Body) -> Result<(), Refusal> {
    let Some(request) = case.request.filter(|_| case.side_of(&header.sender) == Some(Side::Peer)) else {
        return Ok(());
    };
    let calls = case.measures.values().filter(|measure| measure.awaits_challenge()).filter_map(|measure| measure.call);
    let drawn: Vec<Digest> = calls.map(|call| call.challenge).chain(header.declared.challenge).collect();
    if drawn.is_empty() {
        return Ok(());
    }
    let is_it = |one: Challenge| drawn.contains(&one.commitment(header.case, request));
    // What no schema reads, others refuse.
    let read = body.documents.iter().filter_map(|one| serde_json::from_slice(&one.bytes).ok());
    match read.filter_map(|document| written(&document, "", &is_it)).next() {
        None => Ok(()),
        Some(field) => {
            let reason =
                "a challenge that waits for its answer is written in it; it is only read out, over another channel";
            Err(contradiction(field, reason))
        }
    }
}

/// Where a value says it.
fn written(value: &Value, field: &str, is_it: &dyn Fn(Challenge) -> bool) -> Option<String> {
    let inner = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
    match value {
        Value::String(text) => Challenge::is_in(text, is_it).then(|| field.to_owned()),
        Value::Array(all) => all.iter().find_map(|one| written(one, field, is_it)),
        Value::Object(all) => all.iter().find_map(|(name, one)| written(one, &inner(name), is_it)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::{Declared, EntryId, MeasureId, Step, Timestamp};
    use serde_json::json;
    use workflow::{CallBack, Change, Event, apply};

    use super::*;
    use crate::{Document, sample};

    const REQUEST: EntryId = EntryId::new([3; 16]);

    /// A case whose request arrived, and whose requested side calls back with this challenge.
    fn called(header: &Header, call: Option<CallBack>) -> Case {
        let event = |change| Event {
            home: header.home,
            peer: header.peer,
            pin: header.pin,
            at: Timestamp(0),
            taken: None,
            entry: Some(REQUEST),
            change,
        };
        let measures = sample::header(&sample::request()).measures;
        let sent = Change::Sent { measures, terms: vec![], conditions: vec![], bytes: 0 };
        let mut case = apply(Some(apply(None, &event(Change::Opened))), &event(sent));
        case.measures.get_mut(&MeasureId(1)).unwrap().call = call;
        case
    }

    fn header(sender: &str, step: Step) -> Header {
        let declared = Declared::default();
        Header { sender: sender.parse().unwrap(), step, declared, ..sample::header(&sample::request()) }
    }

    fn body(step: Step, document: &Value) -> Body {
        let record_type = "notice".parse().unwrap();
        Body { step, documents: vec![Document { record_type, bytes: document.to_string().into_bytes() }] }
    }

    #[test]
    fn the_side_that_calls_writes_the_challenge_nowhere_before_it_was_given_back() {
        let challenge: Challenge = "7Q2F-0M9X-R4TB-W8CN".parse().unwrap();
        let open = header("FR:central", Step::OpenCallback);
        let call =
            CallBack { challenge: challenge.commitment(open.case, REQUEST), opened: Timestamp(0), answered: None };
        let held = |header: &Header, call: Option<CallBack>, document: &Value| {
            unwritten(header, &called(header, call), &body(header.step, document)).err().map(|one| one.field.unwrap())
        };
        let text = |said: &str| json!({ "text": said });
        let given_back = Some(CallBack { answered: Some(Timestamp(1)), ..call });
        let deep = json!({ "questions": [{ "text": "Who?" }, { "text": "Is it 7q2f 0m9x r4tb w8cn?" }] });
        for step in [Step::AskInfo, Step::TellStatus, Step::Consult, Step::Postpone, Step::ReportError] {
            let says = header("FR:central", step);
            assert_eq!(held(&says, Some(call), &text("Enter 7Q2F-0M9X-R4TB-W8CN.")).unwrap(), "text", "{step}");
            assert_eq!(held(&says, Some(call), &deep).unwrap(), "questions.text");
            assert_eq!(held(&says, Some(call), &text("Enter what you hear.")), None);
            assert_eq!(held(&says, given_back, &deep), None, "who was called has said it");
            assert_eq!(held(&says, None, &deep), None);
        }
        // Nor in the entry that says that it was drawn.
        let opening =
            Header { declared: Declared { challenge: Some(call.challenge), ..Declared::default() }, ..open.clone() };
        assert_eq!(held(&opening, None, &text("x7Q2FoM9XR4TBW8CNx")).unwrap(), "text");
        assert_eq!(held(&opening, None, &text("We call.")), None);
        // Who was called says it.
        let answer = header("JP:central", Step::AnswerCallback);
        assert_eq!(held(&answer, Some(call), &json!({ "challenge": challenge.to_string() })), None);
    }
}
