//! Receipts: what this gateway states, and how a fault stands in one.

use model::{Denial, Fault, PartyId, Refusal, RefusalCode, SignedReceipt, Timestamp, UNOPENED};
use proto::types as wire;

/// Before the name of a fault in the `rule` of a refusal.
const FAULT: &str = "protocol/";

/// Where the files of a party's private layer are.
const NATIONAL: &str = "national/";

/// A denial as the other party gets it. Of a private layer it learns that there is one, not what it says.
pub(crate) fn refusal_for_peer(denial: &Denial, own: PartyId) -> Refusal {
    let refusal = refusal_of(denial);
    if !refusal.rule.starts_with(NATIONAL) {
        return refusal;
    }
    let remedy = format!("Ask the central authority of {own}; only {own} can change its own law.");
    let told = Refusal::new(refusal.code, "national", format!("the law of {own} itself does not allow it"), remedy);
    Refusal { article: refusal.article, field: refusal.field, owner: Some(own), ..told }
}

/// A denial as a receipt holds it. A fault becomes R94 by the rule of that name, so that the other side can tell it.
pub(crate) fn refusal_of(denial: &Denial) -> Refusal {
    match denial {
        Denial::Refused(refusal) => (**refusal).clone(),
        Denial::Failed { fault, detail } => {
            Refusal::new(RefusalCode::R94, &format!("{FAULT}{fault}"), detail.clone(), fault.remedy())
        }
    }
}

/// Why an entry is not retrieved whose time was over, at this moment, before its desk had opened it.
pub(crate) fn unopened(expires: Timestamp) -> Refusal {
    let reason = format!("its desk had not opened it when its time was over, {expires}");
    let remedy = "Reach the authority over another channel. The entry still lies ready for its desk.";
    Refusal::new(RefusalCode::R94, UNOPENED, reason, remedy)
}

/// The denial that a receipt tells.
pub(crate) fn denial_of(refusal: Option<&Refusal>) -> Denial {
    let Some(refusal) = refusal else {
        return Denial::failed(Fault::PeerUnreachable, "the other gateway refused without a reason");
    };
    let fault =
        refusal.rule.strip_prefix(FAULT).and_then(|name| Fault::ALL.into_iter().find(|one| one.as_str() == name));
    match fault {
        Some(fault) => Denial::failed(fault, refusal.reason.clone()),
        None => Denial::from(refusal.clone()),
    }
}

/// A signed receipt as one string of bytes, for the database.
pub(crate) fn to_bytes(signed: &SignedReceipt) -> Vec<u8> {
    prost::Message::encode_to_vec(&wire::SignedReceipt::from(signed))
}

/// The wire message in such a string.
pub(crate) fn from_bytes(bytes: &[u8]) -> Result<wire::SignedReceipt, Denial> {
    prost::Message::decode(bytes).map_err(|error| Denial::failed(Fault::Storage, format!("a kept receipt: {error}")))
}

/// The header of a kept entry.
pub(crate) fn header_of(row: &store::gateway::EntryRow) -> Result<model::Header, Denial> {
    let entry = proto::convert::entry_from_bytes(row.wire.0.clone())?;
    proto::decode_header(&entry.header)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_peer_learns_that_a_private_layer_refused_and_not_what_it_says() {
        let own: PartyId = "FR".parse().unwrap();
        let of = |rule: &str| Refusal {
            article: Some("ets-185:31".parse().unwrap()),
            owner: Some(own),
            ..Refusal::new(
                RefusalCode::R90,
                rule,
                "3 subjects, at most 2, because of the Act of Secrets",
                "name 1 to 2",
            )
        };
        let told = refusal_for_peer(&of("national/FR.toml").into(), own);
        assert_eq!((told.code, told.rule.as_str(), told.owner), (RefusalCode::R90, "national", Some(own)));
        assert!(!format!("{told:?}").contains("Secrets") && !format!("{told:?}").contains("name 1 to 2"), "{told:?}");
        let shared = of("overlays/FR-JP/mou.toml");
        assert_eq!(refusal_for_peer(&shared.clone().into(), own), shared);
    }
}
