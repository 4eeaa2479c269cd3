//! `desk serve`: opens the folder, serves officers on a local socket, and keeps in touch with the own gateway.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use model::Exit;
use proto::desk::{
    attachment_service_server::AttachmentServiceServer, case_file_service_server::CaseFileServiceServer,
    case_service_server::CaseServiceServer, drafting_service_server::DraftingServiceServer,
    responder_service_server::ResponderServiceServer, statistics_service_server::StatisticsServiceServer,
    webhook_service_server::WebhookServiceServer,
};
use serde_json::json;
use telemetry::{Level, LogFormat, Options, say, supervisor};
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use crate::{
    browser, clock,
    config::Folder,
    failure::Failure,
    office::Office,
    once::Once,
    service::{Attachments, CaseFiles, Cases, Counts, Drafting, Responders, Webhooks},
    vitals,
};

/// What an officer's program may send at once: a release of the largest size.
const MESSAGE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// How long tasks may go on after the end was asked for.
const DRAIN: Duration = Duration::from_secs(10);

/// Runs the desk in `dir` until SIGTERM or SIGINT.
pub(crate) async fn run(
    dir: &Path,
    otlp_endpoint: Option<String>,
    ops_listen: Option<SocketAddr>,
    json_output: bool,
) -> Result<(), Failure> {
    let folder = Folder::find(dir)?;
    let mut config = folder.config()?;
    config.ops_listen = ops_listen.or(config.ops_listen);
    let _lock = keyring::lock(&folder.file("desk.lock"))?;
    let telemetry = telemetry::init(Options {
        service: "desk",
        party: Some(config.authority.party()),
        authority: Some(config.authority.clone()),
        otlp_endpoint: otlp_endpoint.or_else(|| config.otlp_endpoint.clone()),
        scraped: config.ops_listen.is_some(),
        log: if json_output { LogFormat::Json } else { LogFormat::Text },
        level: Level::Info,
    });
    let telemetry = telemetry.map_err(|error| Failure::new(Exit::Usage, error.to_string()))?;
    let ops = vitals::asked(&config, telemetry.scrape()).await?;
    let ops_address = ops.as_ref().and_then(|(listener, _)| listener.local_addr().ok());
    let office = Arc::new(Office::open(&folder, &config, clock::now()).await?);
    let stop = CancellationToken::new();
    on_signal(stop.clone())?;
    let mut tasks = JoinSet::new();
    tasks.spawn(office.clone().run_watch(stop.clone()));
    tasks.spawn(office.clone().run_outbox(stop.clone()));
    tasks.spawn(office.clone().run_upkeep(stop.clone()));
    tasks.spawn(office.clone().run_renewal(stop.clone()));
    tasks.spawn(office.clone().run_clocks(stop.clone()));
    tasks.spawn(office.clone().run_errands(stop.clone()));
    tasks.spawn(office.clone().run_responders(stop.clone()));
    tasks.spawn(office.clone().run_answers(stop.clone()));
    tasks.spawn(office.clone().run_webhooks(stop.clone()));
    tasks.spawn(office.clone().run_dues(stop.clone()));
    tasks.spawn(vitals::tell(office.clone(), stop.clone()));
    let (vitals, health) = vitals::start(&office, ops).await;
    let living = tokio::spawn(live(office.clone()));
    let socket = folder.socket();
    let listening = browser::bind(&config).await?;
    let address = listening.as_ref().map(browser::Listening::address);
    if let Some(listening) = listening {
        office.note_console(address.clone().unwrap_or_default());
        tasks.spawn(listening.serve(office.clone(), folder.clone(), config.clone(), stop.clone()));
    }
    tasks.spawn(ready(Ready {
        socket: socket.clone(),
        authority: config.authority.to_string(),
        console: address,
        ops_listen: ops_address,
        json_output,
    }));
    let stopping = async {
        stop.cancelled().await;
        vitals.stop();
    };
    let served = link::serve_local(&socket, routes(&office).add_service(health), stopping).await;
    supervisor::stopping();
    living.abort();
    stop.cancel();
    let drained = async { while tasks.join_next().await.is_some() {} };
    // What is cut off here was not acknowledged, and is taken up at the next start.
    let _ = timeout(DRAIN, drained).await;
    tasks.abort_all();
    office.close().await;
    say!(Info, "desk ended", authority = config.authority);
    served.map_err(|error| Failure::new(Exit::Failure, link::explain(&error)))
}

/// Tells the service manager that the program lives, and whether it can keep anything.
async fn live(office: Arc<Office>) {
    let works = || {
        let office = office.clone();
        async move { office.can_keep().await }
    };
    supervisor::live(works, "nothing can be kept: look at the disk and the database").await;
}

/// The services of the desk; a call that changes something may bear an idempotency key.
fn routes(office: &Arc<Office>) -> Routes {
    let cases = CaseServiceServer::new(Cases(office.clone()))
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let webhooks = WebhookServiceServer::new(Webhooks(office.clone()));
    let counts = StatisticsServiceServer::new(Counts(office.clone()));
    // A message goes with 5 bytes of frame [gRPC over HTTP2, Length-Prefixed-Message].
    let once = MESSAGE_BYTES_MAX + 5;
    Routes::new(Once::new(cases, office.clone(), once))
        .add_service(Once::new(webhooks, office.clone(), once))
        .add_service(ResponderServiceServer::new(Responders(office.clone())))
        .add_service(CaseFileServiceServer::new(CaseFiles(office.clone())))
        .add_service(AttachmentServiceServer::new(Attachments(office.clone())))
        .add_service(DraftingServiceServer::new(Drafting(office.clone())).max_decoding_message_size(MESSAGE_BYTES_MAX))
        .add_service(counts)
}

/// What is said once the socket is there.
struct Ready {
    socket: PathBuf,
    authority: String,
    console: Option<String>,
    ops_listen: Option<SocketAddr>,
    json_output: bool,
}

async fn ready(Ready { socket, authority, console, ops_listen, json_output }: Ready) {
    while tokio::net::UnixStream::connect(&socket).await.is_err() {
        sleep(Duration::from_millis(10)).await;
    }
    let line = if json_output {
        let ready = json!({
            "schema_version": 1, "event": "ready", "authority": authority, "socket": socket, "console": console,
            "ops_listen": ops_listen.map(|address| address.to_string()),
        });
        ready.to_string()
    } else {
        let console = console.map(|console| format!(", its console at {console}")).unwrap_or_default();
        format!("The desk of {authority} is ready at {}{console}", socket.display())
    };
    let mut out = std::io::stdout().lock();
    // Who started us may have closed the other end; that is no reason to stop.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
    supervisor::serving();
}

fn on_signal(stop: CancellationToken) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(Exit::Failure, format!("signals cannot be taken: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    });
    Ok(())
}
