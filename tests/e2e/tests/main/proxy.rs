//! A link that can be cut: everything passes through a relay of the test, as long as it is whole.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinHandle,
};

/// A relay of TCP connections to one address.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    whole: watch::Sender<bool>,
    passed: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// A whole link to `target`.
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (whole, state) = watch::channel(true);
        let passed = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(relay(listener, target, state, passed.clone()));
        Self { address, whole, passed, task }
    }

    /// Where to call.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts all connections, and every new one, until it is mended.
    pub(crate) fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// Lets connections through again.
    pub(crate) fn mend(&self) {
        self.whole.send_replace(true);
    }

    /// How many connections were let through so far.
    pub(crate) fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(listener: TcpListener, target: SocketAddr, state: watch::Receiver<bool>, passed: Arc<AtomicUsize>) {
    loop {
        let Ok((mut near, _)) = listener.accept().await else { return };
        let mut state = state.clone();
        // Dropped at once, the connection is cut.
        if !*state.borrow_and_update() {
            continue;
        }
        passed.fetch_add(1, Ordering::Relaxed);
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(target).await else { return };
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = state.wait_for(|whole| !whole) => {}
            }
        });
    }
}
