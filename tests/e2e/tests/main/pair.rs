//! Two states with their gateways and an open channel. Tests that only knock share one pair; who changes it makes another.

use std::{fs, net::SocketAddr, sync::Arc};

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{running::Running, state::State, until, warden};

/// Gateways of JP and FR with an open channel.
#[derive(Debug)]
pub(crate) struct Pair {
    pub(crate) jp: State,
    pub(crate) fr: State,
    pub(crate) jp_gateway: Running,
    pub(crate) fr_gateway: Running,
    folder: Option<TempDir>,
}

impl Pair {
    /// A pair of one's own.
    pub(crate) async fn own() -> Self {
        let (folder, jp, fr) = two_states().await;
        let (jp_endpoint, fr_endpoint) = (jp.peer_listen, fr.peer_listen);
        Self::open(folder, jp, fr, jp_endpoint, fr_endpoint).await
    }

    /// The pair that all may use who change nothing for others.
    pub(crate) async fn shared() -> Arc<Self> {
        static SHARED: OnceCell<Arc<Pair>> = OnceCell::const_new();
        let make = async || {
            let mut pair = Self::own().await;
            // A static is never dropped: the warden removes its folder.
            warden::made(&pair.folder.take().unwrap().keep());
            Arc::new(pair)
        };
        SHARED.get_or_init(make).await.clone()
    }

    /// Starts both and opens the channel; each is called by the other at the endpoint given.
    pub(crate) async fn open(
        folder: TempDir,
        jp: State,
        fr: State,
        jp_endpoint: SocketAddr,
        fr_endpoint: SocketAddr,
    ) -> Self {
        let (jp_gateway, fr_gateway) = (jp.serve(), fr.serve());
        let (jp_gateway, fr_gateway) = (jp_gateway.ready().await, fr_gateway.ready().await);
        jp.add_peer(&fr, fr_endpoint).await;
        fr.add_peer(&jp, jp_endpoint).await;
        let pair = Self { jp, fr, jp_gateway, fr_gateway, folder: Some(folder) };
        pair.opened().await;
        pair
    }

    /// Waits until the channel is open on both sides.
    pub(crate) async fn opened(&self) {
        for (state, other) in [(&self.jp, "FR"), (&self.fr, "JP")] {
            let what = format!("the channel of {} to {other} is open", state.party);
            until(&what, 20, async || (state.channel(other).await["state"] == "OPEN").then_some(())).await;
        }
    }

    /// No file of a gateway holds these bytes: database, directory, and the logs of all programs.
    pub(crate) fn assert_not_written(&self, bytes: &[u8]) {
        let folders = [&self.jp, &self.fr].map(|state| [state.gateway_dir(), state.logs()]).concat();
        let files = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
        let files: Vec<_> = files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect();
        assert!(files.len() >= 8, "these are not the gateways' files: {files:?}");
        for file in files {
            let holds = fs::read(&file).unwrap().windows(bytes.len()).any(|window| window == bytes);
            assert!(!holds, "{} holds what it must not", file.display());
        }
    }
}

/// Two states in one temporary folder, nothing started.
pub(crate) async fn two_states() -> (TempDir, State, State) {
    let folder = tempfile::tempdir().unwrap();
    let jp = State::make("JP", folder.path()).await;
    let fr = State::make("FR", folder.path()).await;
    (folder, jp, fr)
}
