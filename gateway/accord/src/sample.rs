//! What the tests share: the catalogue's own examples, and headers that fit them.
#![expect(clippy::unwrap_used, reason = "tests")]

use model::{BodyCommitment, Digest, Header, HeaderDigest, Pin, Step, Timestamp};

use crate::{Record, RequestBody, declare};

pub(crate) fn request() -> RequestBody {
    let text = include_str!("../../../treaty-schemas/catalog/records/request/examples/valid-stored-data.json");
    RequestBody::from_document(serde_json::from_str(text).unwrap()).unwrap()
}

pub(crate) fn record() -> Record {
    let text = include_str!("../../../treaty-schemas/catalog/records/traffic_data/examples/valid-log.json");
    Record::from_document(serde_json::from_str(text).unwrap()).unwrap()
}

/// The header that a sending desk derives from `body`.
pub(crate) fn header(body: &RequestBody) -> Header {
    let declared = declare(body).unwrap();
    Header {
        entry: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
        case: body.case,
        home: body.requesting,
        peer: body.requested,
        sender: body.authority.id.clone(),
        recipient: body.addressee.clone(),
        pin: Pin(Digest::of(&[b"rule"])),
        step: Step::SealSend,
        measures: declared.measures,
        concerns: Vec::new(),
        purpose: Some(declared.purpose),
        offence: declared.offence,
        validation: None,
        records: Vec::new(),
        ground: None,
        conditions: Vec::new(),
        body: Some(BodyCommitment(Digest::of(&[b"body"]))),
        previous: HeaderDigest::GENESIS,
        created: Timestamp(1_785_888_000_000),
        expires: Timestamp(1_785_974_400_000),
        declared: declared.declared,
    }
}

/// The header of a release of [`record`] in answer to [`request`].
pub(crate) fn release_header() -> Header {
    let asked = request();
    Header {
        step: Step::Release,
        sender: asked.addressee.clone(),
        recipient: asked.authority.id.clone(),
        measures: Vec::new(),
        concerns: vec![record().measure],
        purpose: None,
        offence: None,
        records: vec![record().record_type],
        conditions: record().conditions,
        ..header(&asked)
    }
}
