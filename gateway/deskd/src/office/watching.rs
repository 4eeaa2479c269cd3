//! Follows the own gateway's stream from the durable cursor on, and comes back when it broke.

use std::{sync::Arc, time::Duration};

use link::Backoff;
use model::Denial;
use proto::desk::{WatchResponse, watch_response::Item};
use telemetry::{Instrument, say};
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use super::{GATEWAY, Office};
use crate::{clock, random};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// How often directories and KeyPackages are looked after.
const UPKEEP_EVERY: Duration = Duration::from_secs(60);

impl Office {
    /// Follows the stream until `stop`.
    pub(crate) async fn run_watch(self: Arc<Self>, stop: CancellationToken) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, random::seed());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.follow(&mut backoff) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(backoff.pause()) => {}
            }
        }
    }

    /// Looks after directories and KeyPackages until `stop`.
    pub(crate) async fn run_upkeep(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = interval(UPKEEP_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
                () = self.upkeep_bell.notified() => {}
            }
            if !self.refreshed().await {
                continue;
            }
            if self.replenish().await.is_err() {
                say!(Warn, "KeyPackages could not be published");
            }
        }
    }

    async fn follow(&self, backoff: &mut Backoff) {
        if self.trust.store().is_err() && !self.refreshed().await {
            return;
        }
        let Ok(after) = self.store.cursor(GATEWAY).await else { return };
        let Ok(mut stream) = self.uplink.watch(u64::try_from(after).unwrap_or(0)).await else { return };
        // What waited for the gateway goes now.
        self.outbox_bell.notify_one();
        self.upkeep_bell.notify_one();
        loop {
            match stream.message().await {
                Ok(Some(response)) => {
                    if let Err(denial) = self.take(response).await {
                        say!(
                            Error,
                            "an item of the gateway's stream could not be taken",
                            permanent = is_refusal(&denial)
                        );
                        return;
                    }
                    backoff.reset();
                }
                Ok(None) => return self.uplink.lost("the gateway ended the stream"),
                Err(status) => return self.uplink.lost(status.message()),
            }
        }
    }

    async fn take(&self, response: WatchResponse) -> Result<(), Denial> {
        let span = telemetry::span!("take");
        telemetry::follow(&span, &response.traceparent);
        self.take_item(response).instrument(span).await
    }

    async fn take_item(&self, response: WatchResponse) -> Result<(), Denial> {
        match response.item {
            Some(Item::Arrival(arrival)) => self.take_arrival(response.cursor, arrival).await,
            Some(Item::Outcome(receipt)) => self.take_outcome(response.cursor, &receipt).await,
            None => Ok(()),
        }
    }

    /// Fetches the directories; says whether it could.
    pub(super) async fn refreshed(&self) -> bool {
        let _fetching = self.fetching.lock().await;
        let Ok(directories) = self.uplink.directories().await else { return false };
        let Some(own) = directories.own else { return false };
        match self.trust.learn(own, directories.foreign, clock::now()) {
            Ok(()) => true,
            Err(_) => {
                say!(Error, "the own party's directory does not hold", party = self.own.party());
                false
            }
        }
    }
}

fn is_refusal(denial: &Denial) -> bool {
    matches!(denial, Denial::Refused(_))
}
