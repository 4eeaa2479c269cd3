//! A second key that came in: heads that wait for the peer were signed by the first one alone, and the peer, who has the new directory by now,
//! would refuse them.

use ledger::{Origin, SignedCheckpoint};
use model::Denial;

use crate::gateway::Gateway;

/// Heads that are read at once.
const PAGE: u64 = 256;

/// Signs anew each own head that no peer has cosigned yet, where a second signature is promised. Once, before anything is sent.
pub(crate) async fn sign_waiting(gateway: &Gateway) -> Result<(), Denial> {
    let (store, own) = (&gateway.store, gateway.own());
    if gateway.second_key.is_none() {
        return Ok(());
    }
    for channel in store.channels().await? {
        let Ok(origin) = Origin::new(own, *channel.party) else { continue };
        let name = origin.to_string();
        let mut after = store.cosigned_checkpoint(&name).await?.map_or(0, |row| row.size);
        loop {
            let mut rows = store.checkpoints_after(&name, after, PAGE).await?;
            let Some(last) = rows.last() else { break };
            after = last.size;
            for row in &mut rows {
                let head = *SignedCheckpoint::kept(&row.note.0, origin)?.checkpoint();
                row.note = head.sign(&gateway.signs_heads())?.note().to_vec().into();
            }
            store.resign_checkpoints(&rows).await?;
        }
    }
    Ok(())
}
