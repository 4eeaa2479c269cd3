//! A ledger key that was exchanged, or a second one that came in: heads that are kept were signed by the keys of before, and the peers, who have
//! the new directory by now, would refuse them.

use ledger::{Cosignature, Origin, SignBytes, SignedCheckpoint, WitnessName};
use model::{Denial, PartyId};

use crate::{committer::origin, gateway::Gateway, trust::Snapshot};

/// Heads that are read at once.
const PAGE: u64 = 256;

/// Signs anew each own head from the newest that the peer cosigned on, where the keys of today did not sign it. Once, before anything is
/// sent.
pub(crate) async fn sign_waiting(gateway: &Gateway) -> Result<(), Denial> {
    let (store, own) = (&gateway.store, gateway.own());
    let key = gateway.signs_heads().public_key();
    for channel in store.channels().await? {
        let Ok(origin) = Origin::new(own, *channel.party) else { continue };
        let name = origin.to_string();
        let mut after = store.cosigned_checkpoint(&name).await?.map_or(0, |row| row.size.saturating_sub(1));
        loop {
            let mut rows = store.checkpoints_after(&name, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.size;
            rows.retain(|row| SignedCheckpoint::verify(&row.note.0, origin, &key).is_err());
            for row in &mut rows {
                let head = *SignedCheckpoint::kept(&row.note.0, origin)?.checkpoint();
                row.note = head.sign(&gateway.signs_heads())?.note().to_vec().into();
            }
            store.resign_checkpoints(&rows).await?;
        }
    }
    Ok(())
}

/// Whether a key of the channel to `peer` was exchanged, and the two sides have not yet signed a head of each of its logs by the keys of
/// today. Entries go on meanwhile.
pub(crate) async fn rotating(gateway: &Gateway, trust: &Snapshot, peer: PartyId) -> Result<bool, Denial> {
    let own = gateway.own();
    for (home, witness) in [(own, peer), (peer, own)] {
        let origin = origin(home, witness)?;
        let row = gateway.store.cosigned_checkpoint(&origin.to_string()).await?;
        let Some(note) = row.and_then(|row| row.cosigned) else { continue };
        let (Some(signer), Some(cosigner)) = (trust.store.head_key(home), trust.store.head_key(witness)) else {
            continue;
        };
        let signed = SignedCheckpoint::verify(&note.0, origin, &signer);
        let both =
            signed.and_then(|head| Cosignature::find(&note.0, head.checkpoint(), WitnessName(witness), &cosigner));
        if both.is_err() {
            return Ok(true);
        }
    }
    Ok(false)
}
