//! What the gateway tells of its own life: whether it is ready, when its certificates end, how its channels stand.

use std::{sync::Arc, time::Duration};

use identity::certificate_expiry;
use link::Credentials;
use model::Timestamp;
use telemetry::{HealthServer, HealthService, Readiness, Scrape, Vitals, Word, word};
use tokio::{net::TcpListener, time::sleep};

use crate::{clock, gateway::Gateway, trust::ChannelState};

/// How often ends and channels are told.
const TELL_EVERY: Duration = Duration::from_secs(15);

/// Begins to tell, on the port where there is one; the service is for the operator's socket.
pub(crate) async fn start(
    gateway: &Arc<Gateway>,
    own: &Credentials,
    ops: Option<(TcpListener, Scrape)>,
) -> (Vitals, HealthServer<HealthService>) {
    let (mut vitals, health) = Vitals::start(readiness(gateway, own), ops).await;
    vitals.also(tell(gateway.clone(), own.clone()));
    (vitals, health)
}

/// What has to hold for the gateway to be of use. A peer that is away is not among it: entries wait for it.
fn readiness(gateway: &Arc<Gateway>, own: &Credentials) -> Readiness {
    let (store, own) = (gateway.store.clone(), own.clone());
    let (of_directory, of_root) = (gateway.clone(), gateway.clone());
    Readiness::new()
        .with(word!("database"), move || {
            let store = store.clone();
            async move { store.check().await.map_err(|_| word!("nothing can be kept: look at the disk and the database")) }
        })
        .with(word!("tls_certificate"), move || {
            let ended = own.expires() <= clock::now();
            async move { unless(ended, word!("it has ended: renew it with `gateway certificate`")) }
        })
        .with(word!("directory"), move || {
            let ended = directory_ends(&of_directory).is_none_or(|end| end <= clock::now());
            async move { unless(ended, word!("it has ended: `gateway peer add` and `gateway key rotate` renew it")) }
        })
        .with(word!("root"), move || {
            let root = of_root.trust.snapshot().root(of_root.own()).map(|root| root.check_at(clock::now()).is_ok());
            async move { unless(root != Some(true), word!("the certificate of the own root does not hold now")) }
        })
}

fn unless(wrong: bool, why: Word) -> Result<(), Word> {
    if wrong { Err(why) } else { Ok(()) }
}

fn directory_ends(gateway: &Gateway) -> Option<Timestamp> {
    gateway.trust.snapshot().store.directory(gateway.own()).map(|directory| directory.expires)
}

/// Tells ends and channels as metrics, for as long as the gateway runs.
async fn tell(gateway: Arc<Gateway>, own: Credentials) {
    loop {
        let snapshot = gateway.trust.snapshot();
        let metrics = &gateway.metrics;
        metrics.certificate_expires(word!("tls"), own.expires());
        if let Some(end) = directory_ends(&gateway) {
            metrics.certificate_expires(word!("directory"), end);
        }
        if let Some(Ok(end)) = snapshot.root(gateway.own()).map(|root| certificate_expiry(root.der())) {
            metrics.certificate_expires(word!("root"), end);
        }
        for (party, state) in &snapshot.channels {
            metrics.channel(*party, *state == ChannelState::Open, *state == ChannelState::Frozen);
        }
        sleep(TELL_EVERY).await;
    }
}
