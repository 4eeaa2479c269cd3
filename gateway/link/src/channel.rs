use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use telemetry::Propagate;
use tonic::{body::Body, transport};
use tower::Service;

/// Connections to one peer, made when they are needed and again when they broke; calls go round. Cheap to clone: give a clone to
/// each generated client. The trace context goes along with each call.
pub struct Channel {
    all: Arc<[Propagate<transport::Channel>]>,
    turn: Arc<AtomicUsize>,
    /// The connection whose turn it is.
    current: Propagate<transport::Channel>,
    /// Whether `current` is being asked, or has said, that it is ready.
    asked: bool,
}

impl Channel {
    /// Over `first` and the `others`.
    pub(crate) fn over(first: transport::Channel, others: impl IntoIterator<Item = transport::Channel>) -> Self {
        let current = Propagate::new(first.clone());
        let all = std::iter::once(first).chain(others).map(Propagate::new).collect();
        Self { all, turn: Arc::default(), current, asked: false }
    }
}

impl Clone for Channel {
    fn clone(&self) -> Self {
        // Readiness belongs to one clone only.
        Self { all: self.all.clone(), turn: self.turn.clone(), current: self.current.clone(), asked: false }
    }
}

impl Service<http::Request<Body>> for Channel {
    type Response = http::Response<Body>;
    type Error = transport::Error;
    type Future = <Propagate<transport::Channel> as Service<http::Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), transport::Error>> {
        if !self.asked {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            if let Some(next) = turn.checked_rem(self.all.len()).and_then(|index| self.all.get(index)) {
                self.current = next.clone();
            }
            self.asked = true;
        }
        self.current.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        self.asked = false;
        self.current.call(request)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel({} connections)", self.all.len())
    }
}
