use std::sync::Arc;

use tokio::{net::TcpListener, task::JoinSet};
use tonic_health::{pb::health_server::HealthServer, server::HealthService};

use crate::{Metrics, Ops, Readiness, Scrape, readiness::grpc_health};

/// A program that tells whether it is ready: as a metric, over gRPC, and, where somebody wants it, on a port. Dropped, it falls silent.
#[derive(Debug)]
pub struct Vitals {
    readiness: Arc<Readiness>,
    telling: JoinSet<()>,
}

impl Vitals {
    /// Begins to tell. The service is for the program's own socket.
    pub async fn start(
        readiness: Readiness,
        ops: Option<(TcpListener, Scrape)>,
    ) -> (Self, HealthServer<HealthService>) {
        let readiness = Arc::new(readiness);
        let mut telling = JoinSet::new();
        if let Some((listener, scrape)) = ops {
            telling.spawn(Ops { readiness: readiness.clone(), scrape }.serve(listener));
        }
        let (mut reporter, service) = grpc_health().await;
        let told = readiness.clone();
        telling.spawn(async move { told.tell(&Metrics::new(), &mut reporter).await });
        (Self { readiness, telling }, service)
    }

    /// Runs what tells more, for as long as this lives.
    pub fn also(&mut self, telling: impl Future<Output = ()> + Send + 'static) {
        self.telling.spawn(telling);
    }

    /// The program stops: it is not ready any more, and says so for as long as it still lives.
    pub fn stop(&self) {
        self.readiness.stop();
    }
}
