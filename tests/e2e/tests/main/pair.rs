//! Two states with their gateways and an open channel. Tests that only knock share one pair; who changes it makes another.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

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

    /// Everything that the gateways wrote: databases, directories, logs.
    pub(crate) fn written_by_gateways(&self) -> Vec<PathBuf> {
        let folders = [&self.jp, &self.fr].map(|state| [state.gateway_dir(), state.logs()]).concat();
        let files = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
        files.map(|file| file.unwrap().path()).filter(|path| path.is_file()).collect()
    }
}

/// Two states in one temporary folder, nothing started.
pub(crate) async fn two_states() -> (TempDir, State, State) {
    let folder = tempfile::tempdir().unwrap();
    let jp = State::make("JP", folder.path()).await;
    let fr = State::make("FR", folder.path()).await;
    (folder, jp, fr)
}
