//! What a service manager hears of the programs [systemd, sd_notify(3)]: when they serve, that they live, when they stop.

use std::{os::unix::net::UnixDatagram, path::Path, process::Command, time::Duration};

use crate::{bounded, programs::program, running::Running, state::State};

/// The service manager's side.
struct Manager(UnixDatagram);

impl Manager {
    fn at(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        Self(socket)
    }

    /// What it is told next that says `what`.
    fn hears(&self, what: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = self.0.recv(&mut buffer).unwrap_or_else(|error| panic!("{what} is not told: {error}"));
            let told = String::from_utf8(buffer[..length].to_vec()).unwrap();
            if told.lines().any(|line| line == what) {
                return told;
            }
        }
    }
}

/// Starts a program as its unit does.
fn starts(which: &str, dir: &Path, socket: &Path, of: &State) -> Running {
    let mut command = Command::new(program(which));
    command.args(["serve", "--output", "json", "--dir"]).arg(dir);
    command.env("NOTIFY_SOCKET", socket).env("WATCHDOG_USEC", "400000");
    Running::start(command, &format!("supervised-{which}"), &of.logs())
}

#[tokio::test]
async fn a_service_manager_is_told_when_both_programs_serve_that_they_live_and_when_they_stop() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let mut served = Vec::new();
        for (which, dir) in [("gateway", state.dir.clone()), ("desk", state.desk_dir("central"))] {
            let path = folder.path().join(format!("{which}.notify"));
            let manager = Manager::at(&path);
            let program = starts(which, &dir, &path, &state);
            let told = manager.hears("READY=1");
            assert!(told.contains("STATUS=serving"), "{told}");
            served.push((manager, program.ready().await));
        }
        for (manager, program) in &mut served {
            for _ in 0..3 {
                let told = manager.hears("WATCHDOG=1");
                assert!(told.contains("STATUS=serving"), "{told}");
            }
            assert!(program.stop().await.success());
            manager.hears("STOPPING=1");
        }
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_stands_still_is_silent_to_its_service_manager() {
    bounded(async {
        let folder = tempfile::tempdir().unwrap();
        let state = State::make("JP", folder.path()).await;
        let path = folder.path().join("notify");
        let manager = Manager::at(&path);
        let program = starts("gateway", &state.dir, &path, &state).ready().await;
        manager.hears("WATCHDOG=1");
        program.signal(rustix::process::Signal::STOP);
        // What was told before it stood still is read away.
        manager.0.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut buffer = [0; 4096];
        while manager.0.recv(&mut buffer).is_ok() {}
        program.signal(rustix::process::Signal::CONT);
        manager.0.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        manager.hears("WATCHDOG=1");
    })
    .await;
}
