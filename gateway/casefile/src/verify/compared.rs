//! Whether a body is what its header declares: the gateways decided on the header, and only who opens the body sees whether it lies. A
//! receiving desk says so by a notice; who reads a case file need not believe that it looked.

use accord::{Record, RequestBody};
use model::{Denial, Header, RecordType, Refusal};
use records::RecordTypes;
use serde_json::Value;

use super::bodies;
use crate::body::Opened;

/// The first contradiction between a body and its header; `None` where there is none. The body is that of a request, or of records that
/// answer `asked`.
///
/// # Errors
/// Where it cannot be told.
pub(super) fn contradiction(
    header: &Header,
    body: &[u8],
    asked: Option<&RequestBody>,
) -> Result<Option<Refusal>, String> {
    let held = match asked {
        None => request(header, body).map(drop),
        Some(asked) => records(header, body, asked),
    };
    match held {
        Ok(()) => Ok(None),
        Err(Denial::Refused(refusal)) => Ok(Some(*refusal)),
        Err(denial) => Err(denial.to_string()),
    }
}

/// The request in a body, which is what its header declares.
///
/// # Errors
/// The first contradiction, without values.
pub(super) fn request(header: &Header, body: &[u8]) -> Result<RequestBody, Denial> {
    let types = types()?;
    let documents = documents(header, body)?;
    let documents: Vec<_> = documents.iter().map(|(record_type, bytes)| (record_type, *bytes)).collect();
    accord::request_in(header, &documents, |record_type, bytes| accepted(types, record_type, bytes))
}

fn records(header: &Header, body: &[u8], asked: &RequestBody) -> Result<(), Denial> {
    let types = types()?;
    let documents = documents(header, body)?;
    let read = |(record_type, bytes): &(RecordType, &[u8])| -> Result<Record, Denial> {
        Ok(Record::from_document(accepted(types, record_type, bytes)?)?)
    };
    let records = documents.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    if !documents.iter().map(|(named, _)| named).eq(records.iter().map(|one| &one.record_type)) {
        return Err(accord::contradiction("documents", "a record is of another type than its document").into());
    }
    Ok(accord::compare_release(header, asked, &records)?)
}

fn types() -> Result<&'static RecordTypes, Denial> {
    bodies::types().map_err(|defect| Denial::failed(model::Fault::Internal, defect.to_string()))
}

fn documents<'a>(header: &Header, body: &'a [u8]) -> Result<Vec<(RecordType, &'a [u8])>, Denial> {
    let layout = || accord::contradiction("body", "the body is not laid out as bodies are");
    let opened = Opened::read(body).ok_or_else(layout)?;
    if opened.step != header.step.as_str() {
        return Err(accord::contradiction("step", "header and body name different steps").into());
    }
    let typed = |(record_type, bytes): (&str, &'a [u8])| Ok((record_type.parse().map_err(|_| layout())?, bytes));
    opened.documents.into_iter().map(typed).collect()
}

/// A document as its schema wants it.
fn accepted(types: &RecordTypes, record_type: &RecordType, bytes: &[u8]) -> Result<Value, Denial> {
    types.accept(record_type, bytes).map_err(|findings| {
        let first = findings.into_iter().next();
        let (field, rule) = first.map_or_else(Default::default, |one| (one.field, one.rule));
        let reason = format!("the {record_type} is not written as its schema {rule} wants it");
        let refusal = Refusal { code: accord::form_code(&rule), ..accord::contradiction(field, reason) };
        Denial::from(refusal)
    })
}
