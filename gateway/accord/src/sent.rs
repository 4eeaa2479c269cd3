use model::{Header, RecordType, Refusal, RefusalCode};
use serde_json::Value;

use crate::{Record, RequestBody, compare, compare_given, contradiction};

/// The request in the documents of a body that was sent, held against its header together with what it gives. `accept` reads a document
/// as its type wants it.
///
/// # Errors
/// The first contradiction, without values; what `accept` says.
pub fn request_in<E: From<Refusal>>(
    header: &Header,
    documents: &[(&RecordType, &[u8])],
    accept: impl Fn(&RecordType, &[u8]) -> Result<Value, E>,
) -> Result<RequestBody, E> {
    let Some(((record_type, bytes), given)) = documents.split_first() else {
        return Err(contradiction("documents", "there is no request inside").into());
    };
    if record_type.as_str() != "request" {
        return Err(contradiction("documents", "the document is no request").into());
    }
    let request = RequestBody::from_document(accept(record_type, bytes)?)?;
    if !header.carries_records() {
        if !given.is_empty() {
            return Err(contradiction("documents", "a request that asks is one document").into());
        }
        compare(header, &request)?;
        return Ok(request);
    }
    let mut records = Vec::with_capacity(given.len());
    for (record_type, bytes) in given {
        let record = Record::from_document(accept(record_type, bytes)?)?;
        if record.record_type != **record_type {
            return Err(contradiction("documents", "a record is of another type than its document").into());
        }
        records.push(record);
    }
    compare_given(header, &request, &records)?;
    Ok(request)
}

/// The code for what breaks the schema at `rule`: R90 where a selector's value names more than one thing, else R94.
pub fn form_code(rule: &str) -> RefusalCode {
    let value = rule.contains("$defs/specific/") || (rule.contains("$defs/selector") && rule.contains("/value/"));
    if value { RefusalCode::R90 } else { RefusalCode::R94 }
}
