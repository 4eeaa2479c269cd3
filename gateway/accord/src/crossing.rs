//! Ten thousand answers in flight, each about a person of its own. Sending and receiving desk hold each against its request by the same
//! function, so what is found here is found on both sides.
#![expect(clippy::unwrap_used, reason = "tests")]

use model::{CaseId, Header, RefusalCode};

use crate::{Record, RequestBody, Selector, compare_release, sample, subject_binding};

const DELIVERIES: u32 = 10_000;

/// What one case asks and is answered.
struct Delivery {
    asked: RequestBody,
    header: Header,
    answer: Record,
}

/// Of the person with that number. Two in a row share a case and are two of its requests, so that only the binding tells them apart.
fn delivery(number: u32, asked: &RequestBody, header: &Header, answer: &Record) -> Delivery {
    let mut case = [7; 16];
    case[..4].copy_from_slice(&(number / 2).to_be_bytes());
    let case = CaseId::new(case);
    let mut asked = RequestBody { case, ..asked.clone() };
    let value = format!("person-{number}@mail.example");
    asked.measures[0].subjects[0].selector = Selector::Account { value, provider: "Mail".to_owned() };
    let subject = &asked.measures[0].subjects[0];
    let subject_binding = subject_binding(case, asked.measures[0].id, &subject.selector).unwrap();
    let answer = Record { case, subject_binding, subject_ref: subject.subject_ref.clone(), ..answer.clone() };
    Delivery { header: Header { case, ..header.clone() }, asked, answer }
}

#[test]
fn ten_thousand_answers_each_fit_their_own_request_and_a_mix_up_is_caught() {
    let (asked, header, answer) = (sample::request(), sample::release_header(), sample::record());
    let deliveries: Vec<_> = (0..DELIVERIES).map(|number| delivery(number, &asked, &header, &answer)).collect();
    let mut bindings = std::collections::BTreeSet::new();
    for (number, own) in deliveries.iter().enumerate() {
        let answer = std::slice::from_ref(&own.answer);
        assert_eq!(compare_release(&own.header, &own.asked, answer), Ok(()), "{number}");
        assert!(bindings.insert(own.answer.subject_binding), "{number} is bound like another");
        // The neighbour's answer, as it is and with everything but its binding made to fit.
        let other = &deliveries[number ^ 1];
        let mixed = [
            other.answer.clone(),
            Record { subject_binding: other.answer.subject_binding, ..own.answer.clone() },
            Record {
                subject_binding: deliveries[(number + 2) % deliveries.len()].answer.subject_binding,
                ..own.answer.clone()
            },
        ];
        for record in mixed {
            let refusal = compare_release(&own.header, &own.asked, &[record]).unwrap_err();
            assert_eq!((refusal.code, refusal.rule.as_str()), (RefusalCode::R94, "desk"));
            assert_eq!(refusal.field.as_deref(), Some("records[0].subject_binding"));
            assert!(!refusal.to_string().contains("mail.example"), "a refusal names nobody: {refusal}");
        }
        // A right record beside a wrong one does not help the wrong one.
        let both = [own.answer.clone(), Record { record_id: "another".to_owned(), ..other.answer.clone() }];
        let refusal = compare_release(&own.header, &own.asked, &both).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("records[1].subject_binding"));
    }
}
