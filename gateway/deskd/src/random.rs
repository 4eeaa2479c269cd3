//! What this program draws at random: ids and salts.

use model::{BodySalt, CaseId, Challenge, Denial, EntryId, Fault, Timestamp};
use uuid::Builder;
use zeroize::Zeroizing;

/// A new case (UUID version 4): it tells nothing.
pub(crate) fn case_id() -> Result<CaseId, Denial> {
    Ok(CaseId::new(Builder::from_random_bytes(draw()?).into_uuid().into_bytes()))
}

/// A new entry (UUID version 7): in the order of time.
pub(crate) fn entry_id(now: Timestamp) -> Result<EntryId, Denial> {
    let millis = u64::try_from(now.0).unwrap_or(0);
    Ok(EntryId::new(Builder::from_unix_timestamp_millis(millis, &draw()?).into_uuid().into_bytes()))
}

/// A new record's id, as text.
pub(crate) fn record_id() -> Result<String, Denial> {
    Ok(Builder::from_random_bytes(draw()?).into_uuid().hyphenated().to_string())
}

/// The salt of a body's commitment.
pub(crate) fn salt() -> Result<BodySalt, Denial> {
    draw().map(BodySalt)
}

/// The key of a webhook's signatures, or of one body.
pub(crate) fn secret() -> Result<Zeroizing<[u8; 32]>, Denial> {
    draw().map(Zeroizing::new)
}

/// What is read out in a call-back.
pub(crate) fn challenge() -> Result<Challenge, Denial> {
    draw().map(Challenge::new)
}

/// A new webhook.
pub(crate) fn webhook_id() -> Result<u64, Denial> {
    draw().map(u64::from_be_bytes)
}

/// A seed for pauses, which need not be secret.
pub(crate) fn seed() -> u64 {
    draw().map(u64::from_be_bytes).unwrap_or(1)
}

fn draw<const N: usize>() -> Result<[u8; N], Denial> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
    Ok(bytes)
}
