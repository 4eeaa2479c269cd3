//! What an operator can ask for.

pub(crate) mod audit;
pub(crate) mod certificate;
pub(crate) mod health;
pub(crate) mod init;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod own_directory;
pub(crate) mod peer;
pub(crate) mod refusals;
pub(crate) mod second;
pub(crate) mod serve;
pub(crate) mod status;

use std::{path::PathBuf, time::Duration};

use link::connect_local;
use model::Exit;
use proto::operator::operator_service_client::OperatorServiceClient;

use crate::{config::Folder, failure::Failure};

/// How long a running gateway may take to answer its operator.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which gateway.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Where {
    /// The state's folder, or the gateway's folder in it.
    #[arg(long, env = "ROGATORY_DIR")]
    pub(crate) dir: PathBuf,
}

/// A client of the running gateway in that folder.
pub(crate) fn operator(at: &Where) -> Result<(Folder, OperatorServiceClient<link::Channel>), Failure> {
    let folder = Folder::find(&at.dir)?;
    Ok((folder.clone(), OperatorServiceClient::new(connect_local(&folder.operator_socket()))))
}

/// Asks the running gateway; says clearly when there is none.
pub(crate) async fn ask<T>(
    at: &Where,
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(answer)) => Ok(answer.into_inner()),
        Ok(Err(status)) => match link::cause(&status) {
            Some(error) => Err(Failure::new(Exit::Unreachable, error.to_string())
                .remedy(format!("Start it: gateway serve --dir {}", at.dir.display()))),
            None => Err(status.into()),
        },
        Err(_) => Err(Failure::new(Exit::Unreachable, "the gateway does not answer")),
    }
}
