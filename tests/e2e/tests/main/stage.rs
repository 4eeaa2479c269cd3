//! Two states with gateways and desks, and a link between them that can be cut: where a case is played.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    crooked::Crooked,
    pair::{Pair, two_states},
    programs::{Answer, program, run_at},
    proxy::Proxy,
    running::Running,
    state::State,
    until,
};

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Jp,
    Fr,
}

/// What fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Victim {
    JpGateway,
    FrGateway,
    JpDesk,
    FrDesk,
    Link,
}

impl Victim {
    pub(crate) const ALL: [Self; 5] = [Self::JpGateway, Self::FrGateway, Self::JpDesk, Self::FrDesk, Self::Link];
}

/// Everything that runs, each a process of its own.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) pair: Pair,
    jp_desk: Running,
    /// How far the clock of JP's desk and its officers is ahead, and the library that makes it so.
    jp_clock: Option<(PathBuf, i64)>,
    fr_desk: Running,
    /// The way to JP's gateway, and to FR's.
    links: [Proxy; 2],
}

impl Stage {
    /// Starts all, and opens the channel.
    pub(crate) async fn open() -> Self {
        Self::open_with(None).await
    }

    /// The same, and each process tells a collector of itself.
    pub(crate) async fn open_observed(collector: SocketAddr) -> Self {
        Self::open_with(Some(collector)).await
    }

    /// The same after `prepare` has had the folders of both states.
    pub(crate) async fn open_prepared(prepare: impl AsyncFnOnce(&Path, [&State; 2])) -> Self {
        let (folder, jp, fr) = two_states().await;
        prepare(folder.path(), [&jp, &fr]).await;
        Self::open_on(folder, jp, fr).await
    }

    /// The same with states for training.
    pub(crate) async fn open_training(prepare: impl FnOnce(&Path, [&State; 2])) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let jp = State::make_training("JP", folder.path()).await;
        let fr = State::make_training("FR", folder.path()).await;
        prepare(folder.path(), [&jp, &fr]);
        Self::open_on(folder, jp, fr).await
    }

    /// The same, where JP calls FR at another address than FR's own.
    pub(crate) async fn open_behind(folder: TempDir, jp: State, fr: State, to_fr: SocketAddr) -> Self {
        let links = [Proxy::to(jp.peer_listen).await, Proxy::to(to_fr).await];
        Self::open_through(folder, jp, fr, links).await
    }

    /// The same, and FR's gateway calls JP's through a front with JP's keys.
    pub(crate) async fn open_fronted(prepare: impl FnOnce([&State; 2])) -> (Self, Crooked) {
        let (folder, jp, fr) = two_states().await;
        prepare([&jp, &fr]);
        let front = Crooked::before(&jp, &fr).await;
        let links = [Proxy::to(front.address()).await, Proxy::to(fr.peer_listen).await];
        (Self::open_through(folder, jp, fr, links).await, front)
    }

    async fn open_with(collector: Option<SocketAddr>) -> Self {
        let (folder, mut jp, mut fr) = two_states().await;
        (jp.collector, fr.collector) = (collector, collector);
        Self::open_on(folder, jp, fr).await
    }

    async fn open_on(folder: TempDir, jp: State, fr: State) -> Self {
        let links = [Proxy::to(jp.peer_listen).await, Proxy::to(fr.peer_listen).await];
        Self::open_through(folder, jp, fr, links).await
    }

    async fn open_through(folder: TempDir, jp: State, fr: State, links: [Proxy; 2]) -> Self {
        let [to_jp, to_fr] = [links[0].address(), links[1].address()];
        let pair = Pair::open(folder, jp, fr, to_jp, to_fr).await;
        let (jp_desk, fr_desk) = (pair.jp.serve_desk("central"), pair.fr.serve_desk("central"));
        let (jp_desk, fr_desk) = (jp_desk.ready().await, fr_desk.ready().await);
        let stage = Self { pair, jp_desk, jp_clock: None, fr_desk, links };
        // FR can be asked when invitations of its desk lie at its gateway and JP's desk knows its directory.
        for (side, other) in [(Side::Jp, "FR"), (Side::Fr, "JP")] {
            until("the desks know each other", 20, async || {
                let status = stage.desk(side, &["status"]).await.done();
                let knows = status["parties"].as_array().unwrap().iter().any(|party| party == other);
                (knows && status["key_packages_available"] != 0).then_some(())
            })
            .await;
        }
        stage
    }

    /// Runs a command at the central authority's desk of a side.
    pub(crate) async fn desk(&self, side: Side, arguments: &[&str]) -> Answer {
        let dir = self.state(side).desk_dir("central");
        let line = [&["--dir", dir.to_str().unwrap(), "--output", "json"], arguments].concat();
        match (side, &self.jp_clock) {
            (Side::Jp, Some(clock)) => run_at(&program("desk"), &line, clock).await,
            _ => self.state(side).run("desk", &line).await,
        }
    }

    /// A case as a desk shows it; `None` where it does not, or the desk is away.
    pub(crate) async fn show(&self, side: Side, case: &str) -> Option<Value> {
        let answer = self.desk(side, &["case", "show", case]).await;
        (answer.code == 0).then(|| answer.done())
    }

    pub(crate) fn state(&self, side: Side) -> &State {
        match side {
            Side::Jp => &self.pair.jp,
            Side::Fr => &self.pair.fr,
        }
    }

    /// Kills a program as a power cut does, or cuts the link.
    pub(crate) fn strike(&mut self, victim: Victim) {
        match victim {
            Victim::JpGateway => self.pair.jp_gateway.kill(),
            Victim::FrGateway => self.pair.fr_gateway.kill(),
            Victim::JpDesk => self.jp_desk.kill(),
            Victim::FrDesk => self.fr_desk.kill(),
            Victim::Link => self.links.iter().for_each(Proxy::cut),
        }
    }

    /// Brings it back.
    pub(crate) async fn mend(&mut self, victim: Victim) {
        let (jp, fr) = (self.pair.jp.clone(), self.pair.fr.clone());
        match victim {
            Victim::JpGateway => self.pair.jp_gateway = jp.serve().ready().await,
            Victim::FrGateway => self.pair.fr_gateway = fr.serve().ready().await,
            Victim::JpDesk => self.jp_desk = jp.serve_desk("central").ready().await,
            Victim::FrDesk => self.fr_desk = fr.serve_desk("central").ready().await,
            Victim::Link => {
                // Long enough that somebody notices.
                tokio::time::sleep(Duration::from_millis(300)).await;
                self.links.iter().for_each(Proxy::mend);
            }
        }
    }

    /// Lets JP's desk run on a machine whose clock is ahead, from now on.
    pub(crate) async fn jp_desk_ahead(&mut self, clock: &Path, seconds: i64) {
        assert!(self.jp_desk.stop().await.success(), "{}", self.jp_desk.log());
        let mut command = std::process::Command::new(program("desk"));
        command.args(["serve", "--output", "json", "--dir"]).arg(self.pair.jp.desk_dir("central"));
        command.env("LD_PRELOAD", clock).env("CLOCK_AHEAD_S", seconds.to_string());
        self.jp_desk = Running::start(command, "desk-central", &self.pair.jp.logs()).ready().await;
        self.jp_clock = Some((clock.to_owned(), seconds));
    }

    /// Sets the clocks of a side's machines so far ahead. Whatever runs there goes on by the clock that it was started with.
    pub(crate) fn set_clocks(&mut self, side: Side, clock: &Path, seconds: i64) {
        let state = match side {
            Side::Jp => &mut self.pair.jp,
            Side::Fr => &mut self.pair.fr,
        };
        state.ahead = Some((clock.to_owned(), seconds));
    }

    /// Asks both desks to end, and waits until they have.
    pub(crate) async fn stop_desks(&mut self) {
        for desk in [&mut self.jp_desk, &mut self.fr_desk] {
            assert!(desk.stop().await.success(), "{}", desk.log());
        }
    }

    /// Asks both gateways to end, and waits until they have.
    pub(crate) async fn stop_gateways(&mut self) {
        for gateway in [&mut self.pair.jp_gateway, &mut self.pair.fr_gateway] {
            assert!(gateway.stop().await.success(), "{}", gateway.log());
        }
    }

    /// How many connections the link has let through.
    pub(crate) fn connections(&self) -> usize {
        self.links.iter().map(Proxy::passed).sum()
    }
}
