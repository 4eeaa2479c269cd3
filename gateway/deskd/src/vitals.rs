//! What the desk tells of its own life: whether it is ready, and when its certificates end.

use std::{io::ErrorKind, sync::Arc, time::Duration};

use identity::certificate_expiry;
use model::{Exit, Timestamp};
use telemetry::{HealthServer, HealthService, Metrics, Readiness, Scrape, Vitals, Word, word};
use tokio::{net::TcpListener, time::sleep};
use tokio_util::sync::CancellationToken;

use crate::{clock, config::Config, failure::Failure, office::Office};

/// How often ends are told.
const TELL_EVERY: Duration = Duration::from_secs(15);

/// The port for those who look after the desk, where one is wanted, and what is read there.
pub(crate) async fn asked(config: &Config, scrape: Option<Scrape>) -> Result<Option<(TcpListener, Scrape)>, Failure> {
    let (Some(address), Some(scrape)) = (config.ops_listen, scrape) else { return Ok(None) };
    let listener = TcpListener::bind(address).await.map_err(|error| {
        let exit = if error.kind() == ErrorKind::AddrInUse { Exit::Locked } else { Exit::Failure };
        Failure::new(exit, format!("cannot listen on {address}: {error}"))
            .remedy("End the program that listens there, or set another ops_listen in desk.toml.")
    })?;
    Ok(Some((listener, scrape)))
}

/// Begins to tell, on the port where there is one; the service is for the desk's socket.
pub(crate) async fn start(
    office: &Arc<Office>,
    ops: Option<(TcpListener, Scrape)>,
) -> (Vitals, HealthServer<HealthService>) {
    Vitals::start(readiness(office), ops).await
}

/// What has to hold for the desk to be of use. Its gateway is not among it: what is to be sent waits for it.
fn readiness(office: &Arc<Office>) -> Readiness {
    let [kept, tls, leaf, directory] = [(); 4].map(|()| office.clone());
    Readiness::new()
        .with(word!("database"), move || {
            let office = kept.clone();
            async move {
                office.can_keep().await.map_err(|_| word!("nothing can be kept: look at the disk and the database"))
            }
        })
        .with(word!("tls_certificate"), move || {
            let [until, _] = tls.certificates_until();
            async move { in_time(until) }
        })
        .with(word!("leaf_certificate"), move || {
            let [_, until] = leaf.certificates_until();
            async move { in_time(until) }
        })
        .with(word!("directory"), move || {
            let until = directory_until(&directory);
            async move {
                match until {
                    None => Err(word!("the own party's directory was not fetched yet: is the gateway away?")),
                    Some(until) if until <= clock::now() => {
                        Err(word!("the own party's directory has ended, and the gateway has no newer one"))
                    }
                    Some(_) => Ok(()),
                }
            }
        })
}

fn in_time(until: Timestamp) -> Result<(), Word> {
    if until > clock::now() { Ok(()) } else { Err(word!("it has ended: renew it with `desk certificate`")) }
}

fn directory_until(office: &Office) -> Option<Timestamp> {
    office.trust.store().ok()?.directory(office.trust.party()).map(|directory| directory.expires)
}

/// Tells ends as metrics until `stop`.
pub(crate) async fn tell(office: Arc<Office>, stop: CancellationToken) {
    let metrics = Metrics::new();
    let telling = async {
        loop {
            let [tls, leaf] = office.certificates_until();
            metrics.certificate_expires(word!("tls"), tls);
            metrics.certificate_expires(word!("leaf"), leaf);
            if let Some(until) = directory_until(&office) {
                metrics.certificate_expires(word!("directory"), until);
            }
            if let Ok(until) = certificate_expiry(office.trust.own_root().der()) {
                metrics.certificate_expires(word!("root"), until);
            }
            sleep(TELL_EVERY).await;
        }
    };
    tokio::select! {
        () = telling => {}
        () = stop.cancelled() => {}
    }
}
