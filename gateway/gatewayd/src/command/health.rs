//! `gateway health`: whether the running gateway is ready, for the health check of a container without a shell.

use clap::Args;
use model::Exit;
use serde_json::{Value, json};

use super::{Where, ask};
use crate::{config::Folder, failure::Failure};

/// Ask the running gateway whether it is ready: 0 it is, 8 it is not or does not answer.
#[derive(Debug, Args)]
pub(crate) struct Health {
    #[command(flatten)]
    at: Where,
}

impl Health {
    pub(crate) async fn run(&self) -> Result<(Value, String), Failure> {
        let socket = Folder::find(&self.at.dir)?.operator_socket();
        if ask(&self.at, async { link::is_ready(&socket).await.map(tonic::Response::new) }).await? {
            return Ok((json!({ "ready": true }), "ready".to_owned()));
        }
        Err(Failure::new(Exit::Unreachable, "the gateway runs and is not ready")
            .remedy("`gateway status` tells its problems; /readyz at ops_listen names the check that fails."))
    }
}
