use std::path::Path;

use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::connect_local;

/// Whether the program that listens at `path` says that it is ready [gRPC health checking protocol].
///
/// # Errors
/// Whatever the call says; [`cause`](crate::cause) tells a program that is not there.
pub async fn is_ready(path: &Path) -> Result<bool, Status> {
    match HealthClient::new(connect_local(path)).check(HealthCheckRequest::default()).await {
        Ok(answer) => Ok(answer.into_inner().status() == ServingStatus::Serving),
        // A program that stops has taken the service away.
        Err(status) if status.code() == Code::NotFound => Ok(false),
        Err(status) => Err(status),
    }
}
