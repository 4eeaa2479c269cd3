use model::{PartyId, Refusal, RefusalCode};

/// R95: a key, certificate, directory or signature that does not prove what it should.
pub(crate) fn unproven(reason: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(RefusalCode::R95, "identity", reason, remedy)
}

/// R93: proven, but not accredited for this.
pub(crate) fn unaccredited(reason: impl Into<String>, remedy: &str) -> Refusal {
    Refusal::new(RefusalCode::R93, "directory", reason, remedy)
}

/// Names the party whose directory or root decides.
pub(crate) fn owned(mut refusal: Refusal, party: PartyId) -> Refusal {
    refusal.owner = Some(party);
    refusal
}
