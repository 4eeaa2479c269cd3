//! Two development states and their gateways, each gateway a process of its own. Dropped, they are gone.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{failure::Failure, treaties};

/// The requesting and the requested state.
pub(crate) const PARTIES: [&str; 2] = ["JP", "FR"];
const READY_MAX: Duration = Duration::from_secs(30);
const OPEN_MAX: Duration = Duration::from_secs(30);
const END_MAX: Duration = Duration::from_secs(15);

/// Both states. The folder goes with them.
pub(crate) struct States {
    pub(crate) states: [State; 2],
    folder: TempDir,
}

pub(crate) struct State {
    pub(crate) dir: PathBuf,
    /// Where its gateway takes desks.
    pub(crate) desks: String,
    pub(crate) pid: u32,
    peers: String,
    fingerprint: String,
    gateway: Child,
}

impl States {
    /// Makes both, runs their gateways and opens the channel between them.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let program = beside("gateway")?;
        let folder = TempDir::with_prefix("rogatory-bench-")?;
        let [home, peer] = PARTIES;
        let home = State::start(&program, home, folder.path()).await?;
        let peer = State::start(&program, peer, folder.path()).await?;
        let states = Self { states: [home, peer], folder };
        let [home, peer] = &states.states;
        home.add(&program, PARTIES[1], peer).await?;
        peer.add(&program, PARTIES[0], home).await?;
        timeout(OPEN_MAX, states.channel_open(&program))
            .await
            .map_err(|_| Failure::new("the channel between the two states did not open"))??;
        Ok(states)
    }

    /// A place for files that go with the states.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    async fn channel_open(&self, program: &Path) -> Result<(), Failure> {
        for state in &self.states {
            loop {
                let status = call(program, &["status", "--dir", &text(&state.dir)]).await?;
                if status.get("channels").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_open)) {
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
        }
        Ok(())
    }

    /// Ends both gateways in order. The folder stays.
    pub(crate) async fn halt(&mut self) {
        for state in &mut self.states {
            end(&state.gateway);
        }
        for state in &mut self.states {
            if timeout(END_MAX, state.gateway.wait()).await.is_err() {
                let _ = state.gateway.kill().await;
            }
        }
    }

    /// Starts both gateways again; says how long each took until it could be called.
    pub(crate) async fn resume(&mut self) -> Result<[Duration; 2], Failure> {
        let program = beside("gateway")?;
        let mut took = [Duration::ZERO; 2];
        for (state, took) in self.states.iter_mut().zip(&mut took) {
            let log = state.dir.with_extension("log");
            let served = Served::start(&program, &state.dir, &log).await?;
            *took = served.took;
            (state.pid, state.gateway) = (served.pid, served.child);
        }
        timeout(OPEN_MAX, self.channel_open(&program))
            .await
            .map_err(|_| Failure::new("the channel between the two states did not open again"))??;
        Ok(took)
    }

    /// Ends both gateways and removes the folder.
    pub(crate) async fn stop(mut self) {
        self.halt().await;
    }
}

/// The central authority's desk of a state as it really runs, a process of its own. Dropped, it is gone.
pub(crate) struct RealDesk {
    pub(crate) pid: u32,
    /// How long it took until it could be called.
    pub(crate) ready: Duration,
    /// Where officers' programs call it.
    pub(crate) socket: PathBuf,
    child: Child,
}

impl RealDesk {
    /// Of the requesting (0) or the requested (1) state.
    pub(crate) async fn start(states: &States, side: usize) -> Result<Self, Failure> {
        let dir = states.states[side].dir.join("desks/central");
        treaties::lay_out(&states.folder().join("treaties"), &dir.join("desk.toml"))?;
        let served = Served::start(&beside("desk")?, &dir, &dir.with_extension("log")).await?;
        Ok(Self { pid: served.pid, ready: served.took, socket: dir.join("desk.sock"), child: served.child })
    }

    /// Ends it in order.
    pub(crate) async fn stop(mut self) {
        end(&self.child);
        if timeout(END_MAX, self.child.wait()).await.is_err() {
            let _ = self.child.kill().await;
        }
    }
}

/// A program that said that it is ready.
struct Served {
    child: Child,
    pid: u32,
    ready: Value,
    took: Duration,
}

impl Served {
    async fn start(program: &Path, dir: &Path, log: &Path) -> Result<Self, Failure> {
        let name = text(program);
        let started = Instant::now();
        let mut child = Command::new(program)
            .args(["serve", "--output", "json", "--dir"])
            .arg(dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            .kill_on_drop(true)
            .spawn()?;
        let out = child.stdout.take().ok_or_else(|| Failure::new("a program without an output"))?;
        let mut line = String::new();
        timeout(READY_MAX, BufReader::new(out).read_line(&mut line))
            .await
            .map_err(|_| Failure::new(format!("{name} was not ready in time")))??;
        let took = started.elapsed();
        let ready = serde_json::from_str(&line).map_err(|_| Failure::new(format!("{name} ended at once")))?;
        let pid = child.id().ok_or_else(|| Failure::new(format!("{name} ended at once")))?;
        Ok(Self { child, pid, ready, took })
    }
}

fn end(child: &Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        let pid = rustix::process::Pid::from_raw(pid);
        let _ = pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
    }
}

impl State {
    async fn start(program: &Path, party: &str, folder: &Path) -> Result<Self, Failure> {
        let dir = folder.join(party);
        let made = call(program, &["init", "--party", party, "--dir", &text(&dir)]).await?;
        treaties::lay_out(&folder.join("treaties"), &dir.join("gateway/gateway.toml"))?;
        let Served { child, pid, ready, .. } = Served::start(program, &dir, &dir.with_extension("log")).await?;
        Ok(Self {
            dir,
            desks: field(&ready, "desk_listen")?,
            pid,
            peers: field(&ready, "peer_listen")?,
            fingerprint: field(&made, "fingerprint")?,
            gateway: child,
        })
    }

    async fn add(&self, program: &Path, party: &str, other: &Self) -> Result<(), Failure> {
        let root = text(&other.dir.join("root/root.cert.pem"));
        let dir = text(&self.dir);
        let at = ["--endpoint", &other.peers, "--root", &root, "--fingerprint", &other.fingerprint];
        call(program, &[&["peer", "add", "--dir", &dir, party], &at[..]].concat()).await.map(|_| ())
    }
}

async fn call(program: &Path, arguments: &[&str]) -> Result<Value, Failure> {
    let output = Command::new(program).args(arguments).args(["--output", "json"]).output().await?;
    if !output.status.success() {
        return Err(Failure::new(format!("gateway {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr))));
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn is_open(channel: &Value) -> bool {
    channel.get("state").and_then(Value::as_str).is_some_and(|state| state.eq_ignore_ascii_case("open"))
}

fn field(value: &Value, name: &str) -> Result<String, Failure> {
    let text = value.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or_else(|| Failure::new(format!("the gateway did not say its {name}")))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn beside(name: &str) -> Result<PathBuf, Failure> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::new(format!(
        "there is no program `{name}` beside this one; build both: cargo build --release -p rogatory-bench -p rogatory-gatewayd"
    )))
}
