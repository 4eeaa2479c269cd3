//! The states of the demo: their folders, their programs, their channels.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use model::{AuthorityId, PartyId};
use proto::operator::{ListChannelsRequest, operator_service_client::OperatorServiceClient};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    cli::{self, Answer},
    failure::Failure,
    process::Processes,
    programs::Programs,
    timeline::Timeline,
};

/// How long a channel may take to open after both sides said yes.
const OPEN_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// A state, as `gateway init` made it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) party: PartyId,
    pub(crate) dir: PathBuf,
    /// The root's, in groups of four.
    pub(crate) fingerprint: String,
    root_certificate: String,
    pub(crate) peer_listen: String,
    pub(crate) desk_listen: String,
}

/// All that the demo made.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) programs: Programs,
    pub(crate) base: PathBuf,
    otlp: Option<String>,
    cast: Cast,
    states: BTreeMap<PartyId, State>,
}

/// An authority's desk, used by its officers.
#[derive(Debug, Clone)]
pub(crate) struct Seat {
    pub(crate) authority: AuthorityId,
    pub(crate) dir: PathBuf,
    program: PathBuf,
}

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cast {
    /// The states, and the desks that run in them.
    states: &'static [(&'static str, &'static [&'static str])],
    /// Who talks to whom.
    channels: &'static [(&'static str, &'static str)],
    /// Whether all of them are simulated.
    training: bool,
}

impl Cast {
    /// The three states of the demo.
    pub(crate) fn demo() -> Self {
        Self {
            states: &[("JP", &["central"]), ("FR", &["central", "executing"]), ("SG", &["central"])],
            channels: &[("JP", "FR"), ("JP", "SG"), ("FR", "SG")],
            training: false,
        }
    }

    /// Three states with several desks and cases, for an audit. The desk `FR:24x7` is started by whoever needs it.
    pub(crate) fn audit() -> Self {
        Self {
            states: &[("JP", &["central", "24x7"]), ("FR", &["central"]), ("IT", &["central"])],
            channels: &[("JP", "FR"), ("IT", "FR")],
            training: false,
        }
    }

    /// A learner's state, and one that answers by itself: both for training, or there were no channel between them.
    pub(crate) fn training() -> Self {
        Self { states: &[("JP", &["central"]), ("FR", &["central"])], channels: &[("JP", "FR")], training: true }
    }
}

impl World {
    /// Makes the states in `base`, one after the other: a free port is free until somebody takes it.
    pub(crate) async fn make(
        programs: Programs,
        base: &Path,
        otlp: Option<&str>,
        cast: Cast,
        timeline: &Timeline,
    ) -> Result<Self, Failure> {
        let mut world =
            Self { programs, base: base.to_owned(), otlp: otlp.map(str::to_owned), cast, states: BTreeMap::new() };
        for (party, _) in cast.states {
            let state = world.init(party, &base.join(party)).await?;
            let what = format!("a state with its root, gateway, authorities and officers; root {}", state.fingerprint);
            let facts = json!({ "dir": state.dir, "fingerprint": state.fingerprint });
            timeline.event(party, &what, facts);
            world.states.insert(state.party, state);
        }
        Ok(world)
    }

    /// A further state, whose programs are never started: its keys fall into hostile hands.
    pub(crate) async fn rogue(&self, party: &str) -> Result<State, Failure> {
        self.init(party, &self.base.join(format!("rogue-{party}"))).await
    }

    async fn init(&self, party: &str, dir: &Path) -> Result<State, Failure> {
        let mut arguments = words(&["init", "--party", party, "--dir"]);
        arguments.push(dir.display().to_string());
        arguments.extend(words(&["--output", "json"]));
        if let Some(endpoint) = &self.otlp {
            arguments.extend(words(&["--otlp-endpoint", endpoint]));
        }
        if self.cast.training {
            arguments.extend(words(&["--training"]));
        }
        let made = cli::run(&self.programs.gateway, &arguments).await?.done()?;
        Ok(State {
            party: party.parse()?,
            dir: dir.to_owned(),
            fingerprint: made.text("fingerprint")?,
            root_certificate: made.text("root_certificate")?,
            peer_listen: made.text("peer_listen")?,
            desk_listen: made.text("desk_listen")?,
        })
    }

    /// The operator of `own` compares the fingerprint that `other` gave over another way, and pins its root.
    pub(crate) async fn pin(&self, own: &State, other: &State) -> Result<(), Failure> {
        let mut arguments = words(&["peer", "add", "--dir"]);
        arguments.push(own.dir.display().to_string());
        arguments.extend(words(&[other.party.as_str(), "--endpoint", &other.peer_listen]));
        arguments.extend(words(&["--root", &other.root_certificate, "--fingerprint", &other.fingerprint]));
        arguments.extend(words(&["--output", "json"]));
        cli::run(&self.programs.gateway, &arguments).await?.done()?;
        Ok(())
    }

    /// Starts the gateways, and waits until each is ready.
    pub(crate) async fn start_gateways(&self, processes: &mut Processes, timeline: &Timeline) -> Result<(), Failure> {
        let logs = self.logs();
        std::fs::create_dir_all(&logs).map_err(|error| Failure::file(&logs, &error))?;
        for state in self.states.values() {
            let name = format!("{}-gateway", state.party);
            processes.spawn(&name, &self.programs.gateway, &serve(&state.dir), &logs)?;
        }
        processes.ready(|name, pid, line| ready(timeline, name, pid, line)).await
    }

    /// Starts the desks, and waits until each is ready.
    pub(crate) async fn start_desks(&self, processes: &mut Processes, timeline: &Timeline) -> Result<(), Failure> {
        let mut desks = Processes::default();
        for (party, names) in self.cast.states {
            for name in *names {
                let seat = self.seat(&format!("{party}:{name}"))?;
                desks.spawn(&format!("{party}-{name}"), &self.programs.desk, &serve(&seat.dir), &self.logs())?;
            }
        }
        let started = desks.ready(|name, pid, line| ready(timeline, name, pid, line)).await;
        processes.absorb(desks);
        started
    }

    /// Starts one more desk, and waits until it is ready.
    pub(crate) async fn start_desk(&self, authority: &str, timeline: &Timeline) -> Result<Processes, Failure> {
        let seat = self.seat(authority)?;
        let mut started = Processes::default();
        let name = authority.replace(':', "-");
        started.spawn(&name, &self.programs.desk, &serve(&seat.dir), &self.logs())?;
        started.ready(|name, pid, line| ready(timeline, name, pid, line)).await?;
        Ok(started)
    }

    /// Opens the channels: each operator compares the fingerprint that the other side gave over another way.
    pub(crate) async fn connect(&self, timeline: &Timeline) -> Result<(), Failure> {
        for (a, b) in self.cast.channels {
            let (a, b) = (self.state(a)?, self.state(b)?);
            for (own, other) in [(a, b), (b, a)] {
                self.pin(own, other).await?;
                let what =
                    format!("compared the fingerprint of {} and pinned its root: {}", other.party, other.fingerprint);
                timeline.event(
                    own.party.as_str(),
                    &what,
                    json!({ "peer": other.party, "fingerprint": other.fingerprint }),
                );
            }
        }
        for (a, b) in self.cast.channels {
            self.opened(a, b).await?;
            self.opened(b, a).await?;
            timeline.event(&format!("{a}–{b}"), "the channel is OPEN on both sides", json!({ "parties": [a, b] }));
        }
        Ok(())
    }

    /// The operator of `own` stops the channel to `party`.
    pub(crate) async fn freeze(&self, own: &State, party: PartyId) -> Result<(), Failure> {
        let mut arguments = words(&["peer", "freeze", "--dir"]);
        arguments.push(own.dir.display().to_string());
        arguments.extend(words(&[party.as_str(), "--output", "json"]));
        cli::run(&self.programs.gateway, &arguments).await?.done()?;
        Ok(())
    }

    /// A state by its code.
    pub(crate) fn state(&self, party: &str) -> Result<&State, Failure> {
        let party: PartyId = party.parse()?;
        self.states.get(&party).ok_or_else(|| Failure::unexpected(format!("{party} is not in this demo")))
    }

    /// All states.
    pub(crate) fn states(&self) -> impl Iterator<Item = &State> {
        self.states.values()
    }

    /// The desk of an authority.
    pub(crate) fn seat(&self, authority: &str) -> Result<Seat, Failure> {
        let authority: AuthorityId = authority.parse()?;
        let dir = self.state(authority.party().as_str())?.desk_dir(authority.name());
        Ok(Seat { authority, dir, program: self.programs.desk.clone() })
    }

    /// Where the programs' logs are.
    pub(crate) fn logs(&self) -> PathBuf {
        self.base.join("logs")
    }

    async fn opened(&self, own: &str, other: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + OPEN_MAX;
        let mut client = OperatorServiceClient::new(link::connect_local(&self.state(own)?.operator_socket()));
        loop {
            let listed = client.list_channels(ListChannelsRequest {}).await?.into_inner();
            let found = listed.channels.into_iter().find(|channel| channel.party == other);
            let (state, error) = found.map(|channel| (channel.state, channel.last_error)).unwrap_or_default();
            if state == "OPEN" {
                return Ok(());
            }
            if Instant::now() > deadline {
                let what =
                    format!("the channel of {own} to {other} is {state} after {} s: {error}", OPEN_MAX.as_secs());
                return Err(Failure::unexpected(what));
            }
            sleep(POLL).await;
        }
    }
}

impl State {
    /// The gateway's folder.
    pub(crate) fn gateway_dir(&self) -> PathBuf {
        self.dir.join("gateway")
    }

    /// The socket on which the gateway serves its operators.
    pub(crate) fn operator_socket(&self) -> PathBuf {
        self.gateway_dir().join("operator.sock")
    }

    /// A desk's folder.
    pub(crate) fn desk_dir(&self, name: &str) -> PathBuf {
        self.dir.join("desks").join(name)
    }
}

impl Seat {
    /// Runs `desk` at this desk.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Answer, Failure> {
        let mut all = vec!["--dir".to_owned(), self.dir.display().to_string()];
        all.extend(words(&["--output", "json"]));
        all.extend(words(arguments));
        cli::run(&self.program, &all).await
    }

    /// The socket on which the desk serves officers' programs.
    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.join("desk.sock")
    }
}

fn ready(timeline: &Timeline, name: &str, pid: u32, line: &Value) {
    timeline.event(name, &format!("is ready, process {pid}"), line.clone());
}

fn serve(dir: &Path) -> Vec<String> {
    let mut arguments = words(&["serve", "--dir"]);
    arguments.push(dir.display().to_string());
    arguments.extend(words(&["--output", "json"]));
    arguments
}

fn words(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
