//! `desk health`: whether the running desk is ready, for the health check of a container without a shell.

use std::{path::Path, time::Duration};

use model::Exit;
use serde_json::json;
use tokio::time::timeout;

use super::Answer;
use crate::{config::Folder, failure::Failure};

/// How long a running desk may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn run(dir: &Path) -> Result<Answer, Failure> {
    let socket = Folder::find(dir)?.socket();
    let asked = timeout(PATIENCE, link::is_ready(&socket)).await;
    if asked.map_err(|_| Failure::new(Exit::Unreachable, "the desk does not answer"))?? {
        return Ok(Answer::new(json!({ "ready": true }), "ready"));
    }
    Err(Failure::new(Exit::Unreachable, "the desk runs and is not ready")
        .remedy("`desk status` tells its problems; /readyz at ops_listen names the check that fails."))
}
