//! Follows the own gateway's stream from the durable cursor on, and comes back when it broke.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use link::Backoff;
use model::{Denial, Fault, RefusalCode};
use proto::desk::{WatchResponse, watch_response::Item};
use telemetry::{Instrument, say};
use tokio::time::{Instant, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{GATEWAY, Office};
use crate::{clock, random};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// The longest pause before an item that could not be taken is tried again.
const LONGEST_STANDSTILL_PAUSE: Duration = Duration::from_secs(30);
/// How long an item is tried that does not verify or follow yet: directories and clocks are mended within a day.
pub(super) const PROOF_WAIT: Duration = Duration::from_secs(24 * 3600);
/// How long a group's change is tried whose members are not accredited now. Shorter, because the other desk alone can cause it
/// and the other cases wait.
const GROUP_WAIT: Duration = Duration::from_secs(3600);
/// How often directories and KeyPackages are looked after.
const UPKEEP_EVERY: Duration = Duration::from_secs(60);

/// How often the desk looks whether something is due that it could not say before.
const DUES_EVERY: Duration = Duration::from_secs(15);

impl Office {
    /// Follows the stream until `stop`.
    pub(crate) async fn run_watch(self: Arc<Self>, stop: CancellationToken) {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, random::seed());
        let mut patience = Backoff::new(FIRST_PAUSE, LONGEST_STANDSTILL_PAUSE, random::seed());
        loop {
            let still = tokio::select! {
                () = stop.cancelled() => return,
                still = self.follow(&mut backoff, &mut patience) => still,
            };
            let pause = if still { patience.pause() } else { backoff.pause() };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
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
            if self.forget().await.is_err() {
                say!(Warn, "what is over could not be forgotten");
            }
            // Invitations of a desk that was restored from a backup are taken back before new ones are laid ready.
            if !self.refreshed().await || self.require_standing().is_err() {
                continue;
            }
            if self.refold().await.is_err() {
                say!(Warn, "cases of an earlier program could not be looked for");
            }
            if self.replenish().await.is_err() {
                say!(Warn, "KeyPackages could not be published");
            }
            if self.renew_leaves().await.is_err() {
                say!(Warn, "the renewed leaf could not be put in place everywhere");
            }
        }
    }

    /// Says by itself what is due, until `stop`: when a clock is over, and again as long as one stays open.
    pub(crate) async fn run_dues(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = interval(DUES_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = ticks.tick() => {}
                () = self.due_bell.notified() => {}
            }
            if self.say_what_is_due(clock::now()).await.is_err() {
                say!(Warn, "what is due could not be said");
            }
        }
    }

    /// Follows the stream until it ends, and tries what is parked meanwhile; says whether the stream stands still at an item.
    async fn follow(&self, backoff: &mut Backoff, patience: &mut Backoff) -> bool {
        if self.trust.store().is_err() && !self.refreshed().await {
            return false;
        }
        if !self.stands().await {
            return false;
        }
        let Ok(after) = self.store.cursor(GATEWAY).await else { return false };
        let Ok(mut stream) = self.uplink.watch(u64::try_from(after).unwrap_or(0)).await else { return false };
        // What waited for the gateway goes now.
        self.outbox_bell.notify_one();
        self.upkeep_bell.notify_one();
        let mut again = Instant::now() + FIRST_PAUSE;
        loop {
            let next = tokio::select! {
                next = stream.message() => next,
                () = sleep_until(again), if self.anything_parked() => {
                    if self.try_parked().await {
                        patience.reset();
                    }
                    again = Instant::now() + patience.pause();
                    continue;
                }
            };
            match next {
                Ok(Some(response)) => {
                    let (cursor, before) = (response.cursor, self.anything_parked());
                    if let Err(denial) = self.take_or_park(response).await {
                        let (code, fault) = parts(&denial);
                        say!(
                            Warn,
                            "an item of the gateway's stream is not taken yet",
                            cursor = cursor,
                            code = code,
                            fault = fault
                        );
                        self.uplink.hold(Some(format!("the gateway's stream stands still at an item: {denial}")));
                        return fault != Some(Fault::Storage);
                    }
                    self.uplink.hold(None);
                    backoff.reset();
                    if !before && self.anything_parked() {
                        patience.reset();
                        again = Instant::now() + patience.pause();
                    }
                }
                Ok(None) => {
                    self.uplink.lost("the gateway ended the stream");
                    return false;
                }
                Err(status) => {
                    self.uplink.lost(status.message());
                    return false;
                }
            }
        }
    }

    /// Whether the item at `cursor` is to be tried again: for `longest` from when it was seen first since this program runs.
    pub(super) fn waits(&self, cursor: u64, longest: Duration) -> bool {
        let mut standstill = self.standstill.lock().unwrap_or_else(PoisonError::into_inner);
        standstill.waits(cursor, longest, Instant::now())
    }

    pub(super) async fn take(&self, response: WatchResponse) -> Result<(), Denial> {
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
        let Ok(directories) = self.uplink.directories(None).await else { return false };
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

/// The items that could not be taken, and since when.
#[derive(Debug, Default)]
pub(super) struct Standstill(BTreeMap<u64, Instant>);

impl Standstill {
    fn waits(&mut self, cursor: u64, longest: Duration, now: Instant) -> bool {
        let since = *self.0.entry(cursor).or_insert(now);
        now.duration_since(since) < longest
    }

    /// Nothing more is to be waited for.
    pub(super) fn forget(&mut self, cursor: u64) {
        self.0.remove(&cursor);
    }
}

/// How long an item is tried again that verified and could not be taken: not at all where trying again changes nothing.
pub(super) fn patience_for(denial: &Denial) -> Duration {
    match denial {
        Denial::Refused(refusal) if matches!(refusal.code, RefusalCode::R93 | RefusalCode::R95) => GROUP_WAIT,
        Denial::Failed { fault: Fault::StaleCase | Fault::PeerUnreachable | Fault::ChannelNotOpen, .. } => PROOF_WAIT,
        Denial::Failed { fault: Fault::StaleEpoch | Fault::Expired | Fault::Internal, .. } => GROUP_WAIT,
        _ => Duration::ZERO,
    }
}

fn parts(denial: &Denial) -> (Option<RefusalCode>, Option<Fault>) {
    match denial {
        Denial::Refused(refusal) => (Some(refusal.code), None),
        Denial::Failed { fault, .. } => (None, Some(*fault)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_tried_for_its_time_from_when_it_was_seen_first() {
        let mut standstill = Standstill::default();
        let start = Instant::now();
        let hour = Duration::from_secs(3600);
        assert!(standstill.waits(7, PROOF_WAIT, start));
        assert!(standstill.waits(7, PROOF_WAIT, start + 23 * hour));
        assert!(standstill.waits(8, PROOF_WAIT, start + 24 * hour), "another item has its own time");
        assert!(!standstill.waits(7, PROOF_WAIT, start + 24 * hour), "and takes none from the first");
        standstill.forget(7);
        assert!(standstill.waits(7, PROOF_WAIT, start + 24 * hour));
        assert!(!standstill.waits(9, Duration::ZERO, start), "what cannot pass is final at once");
    }

    #[test]
    fn what_may_pass_is_tried_again_and_a_lie_is_not() {
        let stale = Denial::failed(Fault::StaleCase, "out of order");
        let unknown = Denial::failed(Fault::Unknown, "no KeyPackage");
        let lie = Denial::from(super::super::reading::contradiction("case", "another case"));
        assert_eq!(patience_for(&stale), PROOF_WAIT);
        assert_eq!(patience_for(&unknown), Duration::ZERO);
        assert_eq!(patience_for(&lie), Duration::ZERO);
    }
}
