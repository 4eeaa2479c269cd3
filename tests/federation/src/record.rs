//! What the gateways themselves have on record at the end.

use std::time::Duration;

use proto::operator::{GetStatusRequest, GetStatusResponse, operator_service_client::OperatorServiceClient};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::{
    failure::Failure,
    states::{State, World},
    timeline::Timeline,
};

/// How long the last leaves may take to be cosigned.
const COSIGNED_MAX: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(50);

/// Tells the refusals and ledgers of each gateway. On open channels the peer must have cosigned every leaf.
pub(crate) async fn tell(world: &World, timeline: &Timeline) -> Result<(), Failure> {
    for state in world.states() {
        let status = settled(state).await?;
        let mut codes: Vec<_> = status.refusals_by_code.iter().collect();
        codes.sort();
        let refusals: Vec<_> = codes.iter().map(|(code, count)| format!("{code} ×{count}")).collect();
        let written = status.channels.iter().filter(|one| one.ledger_size > 0);
        let ledgers: Vec<_> = written
            .map(|one| format!("{} leaves to {}, {} cosigned", one.ledger_size, one.party, one.ledger_cosigned))
            .collect();
        let ledgers = if ledgers.is_empty() { "nothing written".to_owned() } else { ledgers.join("; ") };
        let what = format!("has on record: refused {}; ledger: {ledgers}", refusals.join(", "));
        let facts = json!({
            "refusals": status.refusals_by_code,
            "channels": status.channels.iter().map(|one| json!({
                "party": one.party, "state": one.state, "leaves": one.ledger_size, "cosigned": one.ledger_cosigned
            })).collect::<Vec<_>>(),
        });
        timeline.event(&format!("{} gateway", state.party), &what, facts);
    }
    Ok(())
}

/// The status of a gateway once the peers of its open channels have cosigned what it wrote.
async fn settled(state: &State) -> Result<GetStatusResponse, Failure> {
    let deadline = Instant::now() + COSIGNED_MAX;
    let mut client = OperatorServiceClient::new(link::connect_local(&state.operator_socket()));
    loop {
        let status = client.get_status(GetStatusRequest {}).await?.into_inner();
        let behind = status.channels.iter().find(|one| one.state == "OPEN" && one.ledger_cosigned < one.ledger_size);
        match behind {
            None => return Ok(status),
            Some(one) if Instant::now() > deadline => {
                let (held, size) = (one.ledger_cosigned, one.ledger_size);
                let what = format!("{} has cosigned {held} of {size} leaves of {}", one.party, state.party);
                return Err(Failure::unexpected(what));
            }
            Some(_) => sleep(POLL).await,
        }
    }
}
