//! Bodies that the exporting desk opened: each must be what its header committed to, and requests and records what it declares.

use std::sync::OnceLock;

use accord::RequestBody;
use model::{BodyCommitment, BodySalt, Denial, Digest, RecordType, Step};
use records::{Defect, RecordTypes};

use super::{Check, Findings, compared, items::Item, sheaf::Sheaf};
use crate::{
    assemble::{CARRIED, readable},
    body::Opened,
    names,
};

/// The types of all documents, compiled once.
static TYPES: OnceLock<Result<RecordTypes, Defect>> = OnceLock::new();

pub(super) fn types() -> Result<&'static RecordTypes, &'static Defect> {
    TYPES.get_or_init(RecordTypes::builtin).as_ref()
}

/// What was opened.
#[derive(Default)]
pub(crate) struct Bodies {
    /// The numbers of the entries, with the types of the documents in each.
    pub(crate) opened: Vec<(usize, Vec<String>)>,
    /// How many of them bear the sending desk's own signature, which proves them to whoever has no entry.
    pub(crate) signed: usize,
    /// How many entries have a body at all.
    pub(crate) sealed: usize,
    /// How many requests and releases of records were held against the headers that the gateways decided on.
    pub(crate) compared: usize,
    /// The numbers of the entries whose records could not be: the request that they answer is not opened in the file.
    pub(crate) unasked: Vec<usize>,
}

pub(super) fn read(sheaf: &mut Sheaf<'_>, items: &[Item], findings: &mut Findings) -> Bodies {
    let mut bodies = Bodies::default();
    let types = match types() {
        Ok(types) => types,
        Err(defect) => {
            findings.unproved(format!("That documents are of their types: {defect}."));
            return bodies;
        }
    };
    let mut asked = None;
    for item in items {
        let Some(commitment) = item.entry.header.body else { continue };
        bodies.sealed += 1;
        let name = names::body(item.number, "body");
        let Some(bytes) = sheaf.take(&name) else { continue };
        let salt = sheaf.take(&names::body(item.number, "salt")).and_then(|salt| salt.try_into().ok());
        let opens = salt.is_some_and(|salt| BodyCommitment::of(&BodySalt(salt), bytes) == commitment);
        if !opens {
            findings.contradict(&name, Check::Body, "not the body that the header of its entry committed to");
            continue;
        }
        match documents(sheaf, item, bytes, types) {
            Ok(names) => bodies.opened.push((item.number, names)),
            Err(what) => findings.contradict(&name, Check::Body, what),
        }
        compare(item, &name, bytes, &mut asked, &mut bodies, findings);
        if let Some(signature) = sheaf.take(&names::body(item.number, "signature")) {
            bodies.signed += 1;
            let digest = Digest::of(&[bytes]);
            let holds = item.desk_key.verify(identity::Domain::Record, digest.as_bytes(), signature).is_ok();
            if !holds {
                findings.contradict(&name, Check::Signature, "the sending desk did not sign this body");
            }
        }
    }
    bodies
}

/// Holds a request, and records, against the header of their entry. What lies is held against the desk that signed it: the gateways saw
/// the header alone. `asked` is the newest request that the other gateway took.
fn compare(
    item: &Item,
    name: &str,
    body: &[u8],
    asked: &mut Option<RequestBody>,
    bodies: &mut Bodies,
    findings: &mut Findings,
) {
    let header = &item.entry.header;
    let found = if header.step == Step::SealSend {
        match compared::request(header, body) {
            Ok(request) => {
                // One that was not taken is answered by nothing.
                *asked = item.accepted().map(|_| request).or(asked.take());
                Ok(None)
            }
            Err(Denial::Refused(refusal)) => Ok(Some(*refusal)),
            Err(denial) => Err(denial.to_string()),
        }
    } else if header.step.carries_records() {
        let Some(asked) = asked else { return bodies.unasked.push(item.number) };
        compared::contradiction(header, body, Some(asked))
    } else {
        return;
    };
    bodies.compared += 1;
    match found {
        Ok(None) => {}
        Ok(Some(refusal)) => {
            let at = refusal.field.as_deref().map_or_else(String::new, |field| format!(" at {field}"));
            let what = format!(
                "the body is not what the header of its entry declares, on which the gateways decided: {}{at}: {}",
                refusal.code, refusal.reason
            );
            findings.belied(header.sender.party(), name, what);
        }
        Err(what) => findings.contradict(name, Check::Body, what),
    }
}

/// The documents in a body: under the step of its header, each of its type, and beside it as they are for reading.
fn documents(sheaf: &mut Sheaf<'_>, item: &Item, bytes: &[u8], types: &RecordTypes) -> Result<Vec<String>, String> {
    let opened = Opened::read(bytes).ok_or("not laid out as bodies are")?;
    if opened.step != item.entry.header.step.as_str() {
        return Err("made for another step than its header's".to_owned());
    }
    for (index, record_type, document) in readable(bytes) {
        if sheaf.take(&names::document(item.number, index, record_type)) != Some(document) {
            return Err(format!("its document {index} for reading is missing, or another one"));
        }
    }
    let mut found = Vec::new();
    for (record_type, document) in opened.documents.into_iter().filter(|(record_type, _)| *record_type != CARRIED) {
        let known: RecordType = record_type.parse().map_err(|_| "a record type is none".to_owned())?;
        // A lie is in the record too: what contradicts its type is told by the receiving desk's notice, and shown here as it is.
        let valid = types.accept(&known, document).is_ok();
        found.push(if valid { record_type.to_owned() } else { format!("{record_type} (not of its type)") });
    }
    Ok(found)
}
