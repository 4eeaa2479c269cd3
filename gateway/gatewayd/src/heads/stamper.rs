//! Once a day the newest head of the log of heads is time-stamped by an authority that both sides of every channel may believe
//! [RFC 3161]. Nothing waits for it: an outage is tried again, and ends by itself.

use std::{fs, sync::Arc, time::Duration};

use aws_lc_rs::rand;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use identity::{STAMP_BYTES_MAX, StampRequest, StampRoots};
use ledger::Origin;
use link::{Backoff, WebRoots, WebTarget};
use model::{Denial, Digest, Exit, Fault};
use store::gateway::StampRow;
use tokio::sync::Notify;

use crate::{
    channels::seed,
    clock,
    committer::fault_of,
    config::{Folder, Tsa},
    failure::Failure,
    gateway::Gateway,
};

const DAY_MS: i64 = 24 * 3600 * 1000;
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(900);

/// Has a head of each day time-stamped.
pub(super) struct Stamper {
    gateway: Arc<Gateway>,
    target: WebTarget,
    web: Option<WebRoots>,
    roots: StampRoots,
    /// How long the authority may take.
    patience: Duration,
    /// Rings with each new head.
    bell: Arc<Notify>,
    backoff: Backoff,
}

impl Stamper {
    pub(super) fn open(gateway: Arc<Gateway>, folder: &Folder, tsa: &Tsa, bell: Arc<Notify>) -> Result<Self, Failure> {
        let usage = |what: String| Failure::new(Exit::Usage, format!("ledger.tsa: {what}"));
        let target: WebTarget = tsa.url.parse().map_err(|error: link::BadTarget| usage(error.to_string()))?;
        let path = folder.resolve(&tsa.roots);
        let pem = fs::read_to_string(&path).map_err(|error| Failure::reading(&path, &error))?;
        let web = match target.needs_roots() {
            true => Some(WebRoots::of_system().map_err(|error| usage(error.to_string()))?),
            false => None,
        };
        Ok(Self {
            gateway,
            target,
            web,
            roots: StampRoots::of_pem(&pem)
                .map_err(|refusal| usage(format!("{}: {}", path.display(), refusal.reason)))?,
            patience: Duration::from_secs(tsa.timeout_s.into()),
            bell,
            backoff: Backoff::new(FIRST_PAUSE, LONGEST_PAUSE, seed()?),
        })
    }

    /// Runs until it is aborted.
    pub(super) async fn run(mut self) {
        loop {
            match self.stamp().await {
                Ok(()) => {
                    self.gateway.stamping.went_well();
                    self.backoff.reset();
                    self.bell.notified().await;
                }
                Err(denial) => {
                    self.gateway.stamping.failed(clock::now(), &denial);
                    let pause = self.backoff.pause();
                    telemetry::say!(Warn, "no time-stamp of the day", fault = fault_of(&denial), pause = pause);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    /// Has the newest head stamped, unless one was today.
    async fn stamp(&self) -> Result<(), Denial> {
        let (store, now) = (&self.gateway.store, clock::now());
        let today = now.0 - now.0.rem_euclid(DAY_MS);
        // One of a day that has not come, from a clock that was ahead, is none of today.
        let is_today = |stamp: &StampRow| (today..today + DAY_MS).contains(&stamp.asked);
        if store.newest_stamps(1).await?.first().is_some_and(is_today) {
            return Ok(());
        }
        let log = Origin::heads(self.gateway.own()).to_string();
        let Some(head) = store.checkpoint(&log).await? else { return Ok(()) };
        let mut request = StampRequest { digest: Digest::of(&[&head.note.0]), nonce: [0; 16] };
        rand::fill(&mut request.nonce)
            .map_err(|_| Denial::failed(Fault::Internal, "the system gives no randomness"))?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/timestamp-query"));
        let body = Bytes::from(request.to_der());
        let answer = self.target.ask(self.web.as_ref(), headers, body, self.patience, STAMP_BYTES_MAX).await;
        let answer = answer
            .map_err(|error| Denial::failed(Fault::PeerUnreachable, format!("the time-stamping authority: {error}")))?;
        if !answer.status.is_success() {
            let what = format!("the time-stamping authority answers {}", answer.status.as_u16());
            return Err(Denial::failed(Fault::PeerUnreachable, what));
        }
        let token = self.roots.verify_answer(&answer.body, &request, clock::now())?;
        let (at, token) = (token.at().0, token.der().to_vec().into());
        let row = StampRow { size: head.size, note: head.note, token, at, asked: now.0 };
        store.put_stamp(&row).await?;
        telemetry::say!(Info, "the head of the day is time-stamped");
        Ok(())
    }
}
