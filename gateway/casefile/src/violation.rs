//! A desk's notice that a body contradicts its header, as a file of its own: the entry that is complained of, its body with the salt that
//! opens the header's commitment, the notice, and the directories. It shows one body and nothing else of the case; where records are
//! complained of, also the request that they answer, with the word of the other gateway that it took it.

use std::collections::BTreeMap;

use bytes::Bytes;
use model::{Denial, EntryId, Header, ReceiptKind, Step};
use proto::convert;
use serde::Deserialize;

use crate::{
    Unreadable,
    body::Opened,
    container::{self, Files},
    names,
};

/// The text that stands first.
pub(crate) const README: &str = "\
A VIOLATION NOTICE OF ROGATORY

A desk says that a body which was sealed for it contradicts the header that both gateways decided on. This archive lets anybody hold the two
against each other: the entry that is complained of, as it was received; its body, with the salt that opens the commitment in its header; the
notice; where it is about records, the request that they answer; and the directories of both states. The roots in roots/ are here for information only.

    desk audit violation notice.zip --root XX=fingerprint-or-file --root YY=fingerprint-or-file
    gateway audit violation notice.zip --root XX=... --root YY=...

It opens what is complained of, which may hold names and facts: give it to nobody who may not read that.
";

/// What a notice says, as its record type has it.
#[derive(Deserialize)]
pub(crate) struct Notice {
    pub(crate) case: String,
    pub(crate) entry: String,
    pub(crate) header_digest: String,
    pub(crate) commitment: String,
    pub(crate) code: String,
    pub(crate) field: Option<String>,
}

impl Notice {
    /// Of the body of a notice.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let opened = Opened::read(body)?;
        let [(_, document)] = opened.documents.as_slice() else { return None };
        serde_json::from_slice(document).ok()
    }
}

/// Takes the notice about `lied` out of a case file, with what proves it. Whether it does is for
/// [`verify_violation`](crate::verify_violation) to say.
///
/// # Errors
/// Where the case file is none, or has no such notice, or not the body that it is about.
pub fn violation_in(case_file: &[u8], lied: EntryId) -> Result<Vec<u8>, Unreadable> {
    let files = container::read(case_file)?;
    let mut taken: BTreeMap<&str, &[u8]> = BTreeMap::from([(names::README, README.as_bytes())]);
    let (complained, header) = entry_in(&files, |header, _| header.entry == lied)
        .ok_or_else(|| Unreadable::new("", format!("the case has no entry {lied}")))?;
    if header.step != Step::SealSend && !header.carries_records() {
        return Err(Unreadable::new(
            "",
            format!("there are notices about requests and records, and none about {}", header.step),
        ));
    }
    let about = |header: &Header, number: usize| {
        let body = files.get(names::body(number, "body").as_str());
        let named = body.and_then(|body| Notice::read(body)).is_some_and(|notice| notice.entry == lied.to_string());
        header.step == Step::Violation && named
    };
    let (notice, _) = entry_in(&files, about).ok_or_else(|| {
        Unreadable::new("", format!("the case file shows no notice that entry {lied} contradicts itself"))
    })?;
    let asked = match header.step {
        Step::SealSend => None,
        _ => Some(request_in(&files, &header, &mut taken)?),
    };
    for number in asked.into_iter().chain([complained, notice]) {
        let entry = format!("entries/{number:06}-");
        taken.extend(files.iter().filter(|(name, _)| name.starts_with(&entry)).map(|(name, bytes)| (*name, *bytes)));
        for part in ["body", "salt"] {
            let name = names::body(number, part);
            let (name, bytes) =
                files.get_key_value(name.as_str()).ok_or_else(|| Unreadable::new(&name, absent(&header)))?;
            taken.insert(name, bytes);
        }
    }
    let known = ["directories/", "roots/"];
    let shared = files.iter().filter(|(name, _)| known.iter().any(|folder| name.starts_with(folder)));
    taken.extend(shared.map(|(name, bytes)| (*name, *bytes)));
    container::write(&taken)
}

/// Why a body that is needed is not in the case file of a desk.
fn absent(complained: &Header) -> &'static str {
    if complained.carries_records() {
        "not in the case file: who gave notice of records keeps them for the notice alone and for a time; the desk that sent them can show \
         them"
    } else {
        "not in the case file: the exporting desk may not open it"
    }
}

/// The request that records answer, and the word of the gateway of who gave them that it took it.
fn request_in<'a>(
    files: &'a Files<'_>,
    records: &Header,
    taken: &mut BTreeMap<&'a str, &'a [u8]>,
) -> Result<usize, Unreadable> {
    let sent = |header: &Header, _| header.step == Step::SealSend && header.case == records.case;
    let (number, _) = entry_in(files, sent)
        .ok_or_else(|| Unreadable::new("", "the case file has no request that the records answer"))?;
    let word = format!("-{}-{}.receipt", ReceiptKind::RelayAcceptance.as_str(), records.sender.party());
    let of_request = format!("receipts/{number:06}-");
    let word = files.iter().find(|(name, _)| name.starts_with(&of_request) && name.ends_with(&word));
    let (name, bytes) = word
        .ok_or_else(|| Unreadable::new(&of_request, "the gateway of who gave the records did not take the request"))?;
    taken.insert(name, bytes);
    Ok(number)
}

/// The number and the header of the first entry that fits. Nothing is believed of it.
fn entry_in(files: &Files<'_>, fits: impl Fn(&Header, usize) -> bool) -> Option<(usize, Header)> {
    let entries = files.iter().filter(|(name, _)| name.starts_with("entries/"));
    let mut claimed =
        entries.filter_map(|(name, bytes)| Some((names::number_of(name, "entries/")?, header_of(bytes).ok()?)));
    claimed.find(|(number, header)| fits(header, *number))
}

pub(crate) fn header_of(bytes: &[u8]) -> Result<Header, Denial> {
    let received = convert::receive_entry(convert::entry_from_bytes(Bytes::copy_from_slice(bytes))?)?;
    Ok(received.claimed().clone())
}
