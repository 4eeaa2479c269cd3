//! `gateway serve`: runs the gateway until it is told to stop.

use std::{io::Write, net::SocketAddr, path::PathBuf, sync::Arc};

use blobs::Depot;
use clap::Args;
use link::{Credentials, EdgeLimits, ServerTls};
use model::{Exit, Timestamp, limits};
use proto::{
    desk::{
        evidence_service_server::EvidenceServiceServer, sealed_file_service_server::SealedFileServiceServer,
        submission_service_server::SubmissionServiceServer,
    },
    operator::operator_service_server::OperatorServiceServer,
    peer::peer_service_server::PeerServiceServer,
};
use serde_json::json;
use store::{DatabaseUrl, Settings, gateway::GatewayStore};
use telemetry::{HealthServer, HealthService, LogFormat, Metrics, Scrape, Vitals, supervisor};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::{Mutex, mpsc, watch},
};
use tonic::service::Routes;

use super::Where;
use crate::{
    bells::Bells,
    channels::Channels,
    committer::Committer,
    config::{Config, Folder},
    directories,
    failure::Failure,
    files,
    fresh::Fresh,
    gateway::{Gateway, Proven},
    heads,
    keys::{self, Keys},
    outbox, refold, release, renewal,
    rules::Rules,
    service::{evidence::Evidence, files::SealedFiles, operator::Operator, peer::Peers, structured, submission::Desks},
    trust::Trust,
    vitals,
};

/// Works that wait for the committer; more wait at their senders.
const QUEUE: usize = 4096;

/// Run the gateway.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    at: Where,
    /// An OTLP collector, as in http://127.0.0.1:4317, in place of the configured one.
    #[arg(long)]
    otlp_endpoint: Option<String>,
    /// Where to answer those who look after the gateway (/livez, /readyz, /metrics), as in 127.0.0.1:7003, in place of the configured one.
    #[arg(long)]
    ops_listen: Option<SocketAddr>,
    /// How loud: debug, info, warn or error.
    #[arg(long, default_value = "info")]
    log_level: telemetry::Level,
}

impl Serve {
    pub(crate) async fn run(&self, json_output: bool, now: Timestamp) -> Result<(), Failure> {
        let folder = Folder::find(&self.at.dir)?;
        let mut config = folder.config()?;
        config.ops_listen = self.ops_listen.or(config.ops_listen);
        let telemetry = telemetry::init(telemetry::Options {
            service: "gateway",
            party: Some(config.party),
            authority: None,
            otlp_endpoint: self.otlp_endpoint.clone().or_else(|| config.otlp_endpoint.clone()),
            scraped: config.ops_listen.is_some(),
            log: if json_output { LogFormat::Json } else { LogFormat::Text },
            level: self.log_level,
        })
        .map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
        let ran = run(folder, config, telemetry.scrape(), json_output, now).await;
        telemetry.shutdown();
        ran
    }
}

async fn run(
    folder: Folder,
    mut config: Config,
    scrape: Option<Scrape>,
    json_output: bool,
    now: Timestamp,
) -> Result<(), Failure> {
    let _lock = keyring::lock(&folder.lock())?;
    let ops = asked(&mut config, scrape).await?;
    let keys = Keys::open(&folder, &config)?;
    let trust = Arc::new(believe(&folder, &config, &keys, now)?);
    let store = opened(&folder, &config).await?;
    let rules = rules(&folder, &config, &trust)?;
    tell_of_treaties(&rules, &trust, now, json_output);
    let own = Credentials::new(&keys.tls).map_err(|error| Failure::new(Exit::Failure, error.to_string()))?;
    let (work, works) = mpsc::channel(QUEUE);
    let (stop, stopping) = watch::channel(false);
    let gateway = Arc::new(Gateway {
        store: store.clone(),
        trust: trust.clone(),
        rules,
        ledger_key: keys.ledger,
        second_key: keys.second,
        release: release::own()?,
        proven: Proven::default(),
        fresh: Fresh::default(),
        work,
        bells: Bells::default(),
        files: files::Files::new(Depot::open(&folder.resolve(&config.attachments.folder))?, config.attachments.clone()),
        metrics: Metrics::new(),
        stamping: heads::Stamping::default(),
        stopping,
        receipt_leaf_ms: config.ledger.receipt_leaf_ms(),
        channel_changes: Mutex::new(()),
    });
    let peers = bind(config.peer_listen).await?;
    let desks = bind(config.desk_listen).await?;
    heads::sign_waiting(&gateway).await?;
    let committing = tokio::spawn(Committer::new(gateway.clone(), works).run());
    let channels = Arc::new(Channels::new(gateway.clone(), own.clone()));
    channels.start().await?;
    directories::keep_all(&gateway).await;
    release::keep(&gateway, gateway.own(), &gateway.release).await;
    let fetching = tokio::spawn(files::run_fetching(gateway.clone()));
    let sweeping = tokio::spawn(files::run_sweeping(gateway.clone()));
    let expiring = tokio::spawn(outbox::watch_expiry(gateway.clone()));
    let renewing = tokio::spawn(renewal::watch(folder.clone(), config.clone(), own.clone()));
    let mut keeping = heads::start(&gateway, &folder, &config.ledger)?;
    let operator = Operator {
        gateway: gateway.clone(),
        channels: channels.clone(),
        folder: folder.clone(),
        config: config.clone(),
        certificate: own.clone(),
    };
    let living = tokio::spawn(live(store.clone()));
    let (vitals, health) = vitals::start(&gateway, &own, ops).await;
    let edge = Edge { peers, desks, tls: ServerTls::new(own, trust), socket: folder.operator_socket(), vitals, health };
    let served = tokio::select! {
        served = edge.serve(gateway, operator, stop, || announce(&config, &folder, json_output)) => served,
        // It ends by a defect only: without the one writer nothing can be taken.
        _ = committing => Err(Failure::new(Exit::Failure, "the committer ended: this is a defect of the program")),
    };
    [expiring, renewing, living, fetching, sweeping].iter().for_each(tokio::task::JoinHandle::abort);
    keeping.shutdown().await;
    channels.stop().await;
    // Folds the write-ahead log into the file, so that the file alone is the database. A failure loses nothing.
    let _ = store.close().await;
    served
}

/// The port for those who look after the gateway, where one is wanted, and what is read there. The configuration learns which one it is.
async fn asked(config: &mut Config, scrape: Option<Scrape>) -> Result<Option<(TcpListener, Scrape)>, Failure> {
    let (Some(address), Some(scrape)) = (config.ops_listen, scrape) else { return Ok(None) };
    let listener = bind(address).await?;
    config.ops_listen = listener.local_addr().ok();
    Ok(Some((listener, scrape)))
}

/// The gateway's store, with what an older program folded folded again.
async fn opened(folder: &Folder, config: &Config) -> Result<GatewayStore, Failure> {
    let url: DatabaseUrl =
        folder.database_url(config).parse().map_err(|error| Failure::new(Exit::Usage, format!("database: {error}")))?;
    let store = GatewayStore::open(&url, &Settings::default())
        .await
        .map_err(|error| Failure::from(model::Denial::from(error)))?;
    refold::all(&store).await.map_err(Failure::from)?;
    Ok(store)
}

fn rules(folder: &Folder, config: &Config, trust: &Trust) -> Result<Rules, Failure> {
    let catalogue = config.catalog.as_ref().map(|path| folder.resolve(path));
    Rules::open(trust.own(), catalogue.as_deref().map(|path| (path, config.treaty_signatures)))
}

/// Tells the service manager that the program lives, and whether it can keep what comes.
async fn live(store: GatewayStore) {
    let works = || {
        let store = store.clone();
        async move { store.check().await }
    };
    supervisor::live(works, "entries cannot be kept: gateway status tells why").await;
}

/// Says which treaty files are used, and cries where one was altered after it was signed. A path of a treaty file is no case data,
/// and the log takes no text: it goes to standard error beside it.
fn tell_of_treaties(rules: &Rules, trust: &Trust, now: Timestamp, json_output: bool) {
    let alarms = rules.alarms(&trust.snapshot(), now);
    let told = std::iter::once(("INFO", rules.told())).chain(alarms.into_iter().map(|alarm| ("ERROR", alarm)));
    let mut err = std::io::stderr().lock();
    for (level, treaties) in told {
        // Nobody may be listening; `gateway status` tells it too.
        let _ = match json_output {
            true => writeln!(err, "{}", json!({ "level": level, "message": "treaty files", "treaty_files": treaties })),
            false => writeln!(err, "{level} treaty files: {treaties}"),
        };
    }
}

/// Where others call.
struct Edge {
    peers: TcpListener,
    desks: TcpListener,
    tls: ServerTls,
    socket: PathBuf,
    vitals: Vitals,
    health: HealthServer<HealthService>,
}

impl Edge {
    /// Serves until the program is told to stop; calls `ready` once everybody can call.
    async fn serve(
        self,
        gateway: Arc<Gateway>,
        operator: Operator,
        stop: watch::Sender<bool>,
        ready: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let batch = 2 * limits::RELAY_BATCH_BYTES_MAX;
        let entry = limits::SEALED_BYTES_MAX + limits::HANDSHAKE_BYTES_MAX;
        let peer_service = PeerServiceServer::new(Peers(gateway.clone()));
        let peer_service = peer_service.max_decoding_message_size(batch).max_encoding_message_size(batch);
        let desk_service = SubmissionServiceServer::new(Desks(gateway.clone()));
        let desk_service = desk_service.max_decoding_message_size(entry).max_encoding_message_size(entry);
        let evidence = EvidenceServiceServer::new(Evidence(gateway.clone())).max_encoding_message_size(batch);
        let sealed_files = SealedFileServiceServer::new(SealedFiles(gateway.clone()))
            .max_decoding_message_size(files::OUTLINE_MESSAGE_BYTES_MAX)
            .max_encoding_message_size(files::OUTLINE_MESSAGE_BYTES_MAX);
        let operator_routes = Routes::new(OperatorServiceServer::new(operator)).add_service(self.health);
        let until = |mut stopping: watch::Receiver<bool>| async move {
            // An error says that nobody can stop us any more: stop.
            let _ = stopping.wait_for(|stop| *stop).await;
        };
        let stopping = || until(gateway.stopping.clone());
        // A socket that a killed program left would look ready.
        let _ = std::fs::remove_file(&self.socket);
        let all = async {
            tokio::try_join!(
                link::serve(
                    self.peers,
                    self.tls.clone(),
                    peer_limits(),
                    structured(Routes::new(peer_service)),
                    stopping()
                ),
                link::serve(
                    self.desks,
                    self.tls.clone(),
                    EdgeLimits::default(),
                    structured(Routes::new(desk_service).add_service(evidence).add_service(sealed_files)),
                    stopping()
                ),
                link::serve_local(&self.socket, operator_routes, stopping()),
            )
        };
        tokio::pin!(all);
        let mut ready = Some(ready);
        loop {
            tokio::select! {
                served = &mut all => break served.map(|_| ()),
                () = told_to_stop() => {
                    telemetry::say!(Info, "stopping: running calls end first");
                    supervisor::stopping();
                    self.vitals.stop();
                    let _ = stop.send(true);
                    break all.await.map(|_| ());
                }
                () = exists(&self.socket), if ready.is_some() => {
                    if let Some(ready) = ready.take() {
                        ready()?;
                        supervisor::serving();
                    }
                }
            }
        }
        .map_err(|error| Failure::new(Exit::Failure, link::explain(&error)))
    }
}

/// A relay call may decode to 16 MiB: what one peer can make us hold at once is bounded by calls and connections.
fn peer_limits() -> EdgeLimits {
    EdgeLimits { streams: 8, connections_per_subject: 4, ..EdgeLimits::default() }
}

/// Waits until a socket is there.
async fn exists(socket: &std::path::Path) {
    while !socket.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn told_to_stop() {
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let exit = if error.kind() == std::io::ErrorKind::AddrInUse { Exit::Locked } else { Exit::Failure };
        Failure::new(exit, format!("cannot listen on {address}: {error}"))
            .remedy("End the program that listens there, or set another address in gateway.toml.")
    })
}

fn announce(config: &Config, folder: &Folder, json_output: bool) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let written = if json_output {
        let ready = json!({
            "schema_version": 1,
            "event": "ready",
            "party": config.party.to_string(),
            "peer_listen": config.peer_listen.to_string(),
            "desk_listen": config.desk_listen.to_string(),
            "ops_listen": config.ops_listen.map(|address| address.to_string()),
            "operator_socket": folder.operator_socket(),
        });
        writeln!(out, "{ready}")
    } else {
        writeln!(
            out,
            "gateway of {} is ready: peers at {}, desks at {}",
            config.party, config.peer_listen, config.desk_listen
        )
    };
    model::printed(written.and_then(|()| out.flush())).map_err(|error| Failure::new(Exit::Failure, error.to_string()))
}

/// Begins with the own directory; with the one before it, where a kill left the newest half-written.
fn believe(folder: &Folder, config: &Config, keys: &Keys, now: Timestamp) -> Result<Trust, Failure> {
    let newest = Trust::new(&keys.root, keys.directory.clone(), now);
    let trust = match (newest, keys::read_previous_directory(folder)) {
        (Ok(trust), _) => trust,
        (Err(denial), None) => return Err(denial.into()),
        (Err(denial), Some(previous)) => {
            telemetry::say!(Warn, "the newest own directory does not hold; the one before it is used");
            Trust::new(&keys.root, previous, now).map_err(|_| denial)?
        }
    };
    if trust.own() != config.party {
        let what = format!("the root certificate is of {}, the configuration of {}", trust.own(), config.party);
        return Err(Failure::new(Exit::Usage, what));
    }
    Ok(trust)
}
