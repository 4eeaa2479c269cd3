//! Takes a renewed TLS certificate while the gateway runs: every handshake from then on shows it, on both ends of connections.

use std::time::Duration;

use identity::{Purpose, RootCertificate, Subject, TlsIdentity};
use keyring::Slot;
use link::Credentials;
use model::{Exit, Timestamp};
use telemetry::say;
use tokio::time::sleep;

use crate::{
    clock,
    command::init::{key_failure, read_passphrase},
    config::{Config, Folder},
    failure::Failure,
    keys,
};

/// How often it is looked whether the pair was exchanged.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// From when on the end of a certificate is a problem to be told.
const SOON_MS: i64 = 14 * 24 * 3600 * 1000;

/// What an operator has to know of a certificate that ends.
pub(crate) fn ends_soon(expires: Timestamp, now: Timestamp) -> Option<String> {
    (expires.plus_ms(-SOON_MS) <= now).then(|| {
        let ends = if expires <= now { "ended" } else { "ends" };
        format!(
            "the TLS certificate {ends} at {expires}: renew it with `gateway certificate` (deploy/runbooks/renewal.md)"
        )
    })
}

/// Looks for a renewed certificate as long as the gateway runs.
pub(crate) async fn watch(folder: Folder, config: Config, own: Credentials) {
    let slot = Slot::tls(&folder.0);
    let (mut taken, mut told) = (slot.mark(), slot.mark());
    loop {
        sleep(LOOK_EVERY).await;
        let mark = slot.mark();
        if mark == taken {
            continue;
        }
        let (folder, config) = (folder.clone(), config.clone());
        // Opening a key costs a tenth of a second of computing.
        let opened = tokio::task::spawn_blocking(move || open(&folder, &config)).await;
        match opened.map_err(key_failure).and_then(|opened| opened).and_then(|pair| {
            own.replace(&pair).map_err(|error| Failure::new(Exit::NotAuthorised, link::explain(&error)))
        }) {
            Ok(()) => {
                taken = mark;
                say!(Info, "the renewed TLS certificate is in use");
            }
            Err(_) if told == mark => {}
            Err(_) => {
                told = mark;
                say!(Error, "the renewed TLS certificate cannot be used; the one before it stays in use");
            }
        }
    }
}

/// The pair in the folder, if it holds now under our own root.
fn open(folder: &Folder, config: &Config) -> Result<TlsIdentity, Failure> {
    let passphrase = read_passphrase(&folder.resolve(&config.passphrase_file))?;
    let pair = keys::open_tls(folder, &passphrase)?;
    let root = RootCertificate::parse(&keys::certificate(&folder.root_certificate())?).map_err(key_failure)?;
    let subject = Subject::Gateway(config.party);
    Purpose::Tls
        .check(&root, &pair.chain, &subject, &pair.key_pkcs8, clock::now())
        .map_err(|refusal| Failure::from(model::Denial::from(refusal)))?;
    Ok(pair)
}
