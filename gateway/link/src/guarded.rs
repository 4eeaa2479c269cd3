use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use identity::Subject;
use model::Digest;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, transport::server::Connected};

/// Length of the HTTP/2 preface [RFC 9113 §3.4].
const PREFACE_BYTES: usize = 24;

/// Who is at the other end of a connection. In the extensions of every request that [`serve`](crate::serve) hands to a handler.
#[derive(Debug, Clone)]
pub struct PeerInfo {
    /// Whom its certificate names, verified.
    pub subject: Arc<Subject>,
    /// SHA-256 of its certificate.
    pub certificate: Digest,
    /// Where it calls from.
    pub address: SocketAddr,
}

/// Who sent `request`: the gateway of a party or the desk of an authority, as its certificate proved.
///
/// # Errors
/// `UNAUTHENTICATED` where the request did not come over TLS.
pub fn subject_of<T>(request: &Request<T>) -> Result<Subject, Status> {
    request
        .extensions()
        .get::<PeerInfo>()
        .map(|peer| Subject::clone(&peer.subject))
        .ok_or_else(|| Status::unauthenticated("this service is reached over mutual TLS only"))
}

/// A connection that ends when it says nothing at first, when its time is over, or when the server is cut. It keeps its places in
/// the caps until it is dropped.
pub(crate) struct Guarded<S, I, P> {
    inner: S,
    info: I,
    preface: Option<Preface>,
    /// `None`: its time is over.
    end: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// Released on drop.
    _places: P,
}

struct Preface {
    missing: usize,
    deadline: Pin<Box<Sleep>>,
}

/// When a connection ends in any case.
pub(crate) struct Life {
    pub(crate) preface: Duration,
    pub(crate) age: Duration,
    pub(crate) cut: CancellationToken,
}

impl<S, I, P> Guarded<S, I, P> {
    pub(crate) fn new(inner: S, info: I, places: P, life: Life) -> Self {
        let deadline = Box::pin(sleep_until(Instant::now() + life.preface));
        let end: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            tokio::select! {
                () = life.cut.cancelled() => {}
                () = sleep(life.age) => {}
            }
        });
        let preface = Some(Preface { missing: PREFACE_BYTES, deadline });
        Self { inner, info, preface, end: Some(end), _places: places }
    }

    /// An error once the time is over. Asked on reading and on writing: a peer that does not read stops a task that writes.
    fn check_time(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready()) {
            self.end = None;
        }
        if self.end.is_some() { Ok(()) } else { Err(io::ErrorKind::ConnectionAborted.into()) }
    }
}

impl<S: AsyncRead + Unpin, I: Unpin, P: Unpin> AsyncRead for Guarded<S, I, P> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_time(cx)?;
        let before = buf.filled().len();
        let read = Pin::new(&mut this.inner).poll_read(cx, buf);
        if let Some(preface) = &mut this.preface {
            preface.missing = preface.missing.saturating_sub(buf.filled().len().saturating_sub(before));
            if preface.missing == 0 {
                this.preface = None;
            } else if preface.deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin, I: Unpin, P: Unpin> AsyncWrite for Guarded<S, I, P> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_time(cx)?;
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_time(cx)?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_time(cx)?;
        Pin::new(&mut this.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

impl<S, I: Clone + Send + Sync + 'static, P> Connected for Guarded<S, I, P> {
    type ConnectInfo = I;

    fn connect_info(&self) -> I {
        self.info.clone()
    }
}
