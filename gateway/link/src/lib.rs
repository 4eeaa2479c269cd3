//! TLS under tonic: who is at the other end of a connection, and how much it may ask for.
//!
//! A certificate becomes a [`Subject`](identity::Subject): the gateway of a party or the desk of an authority. Each handshake asks
//! [`Anchors`] for the root that is pinned *now* for the state in the certificate's only DNS name, and imposes that state's names on
//! it; TLS is 1.3 only, both ends show a certificate, and keys are agreed on with X25519MLKEM768 first. It must never decide on an
//! entry, know a message of the wire, or record who is behind a case.
//!
//! Begin with [`serve`] and [`Remote`]; a handler learns its caller by [`subject_of`]. Programs on the same machine talk over a
//! Unix socket: [`serve_local`] and [`connect_local`]. Programs of others are told things by [`WebTarget::post`], and asked by [`WebTarget::ask`].
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use link::{Anchors, CallLimits, Credentials, EdgeLimits, LinkError, Remote, ServerTls};
//! # async fn both(
//! #     own: identity::TlsIdentity, anchors: Arc<dyn Anchors>, routes: tonic::service::Routes, fr: model::PartyId,
//! #     listener: tokio::net::TcpListener, shutdown: tokio_util::sync::CancellationToken,
//! # ) -> Result<(), LinkError> {
//! let own = Credentials::new(&own)?;
//! let tls = ServerTls::new(own.clone(), anchors.clone());
//! let serving = link::serve(listener, tls, EdgeLimits::default(), routes, shutdown.cancelled());
//!
//! let remote = Remote {
//!     endpoint: "127.0.0.1:7001".to_owned(),
//!     expected: identity::Subject::Gateway(fr),
//!     own,
//!     anchors,
//!     limits: CallLimits { connections: 2, ..CallLimits::default() },
//! };
//! let channel = remote.connect()?; // for PeerClient::new(channel.clone())
//! # let _ = channel;
//! serving.await
//! # }
//! ```

mod anchors;
mod backoff;
mod caps;
mod channel;
mod client;
mod credentials;
mod edge;
mod error;
mod fault;
mod guarded;
mod health;
mod limits;
mod local;
mod server;
mod throttle;
mod verify;
mod web;

pub use anchors::Anchors;
pub use backoff::{Backoff, is_transient};
pub use channel::Channel;
pub use client::{Dial, Remote, TcpDial};
pub use credentials::Credentials;
pub use edge::{Listener, serve};
pub use error::{LinkError, cause, explain};
pub use fault::PeerFault;
pub use guarded::{PeerInfo, subject_of};
pub use health::is_ready;
pub use limits::{CallLimits, EdgeLimits};
pub use local::{connect_local, local_uid_in, local_uid_of, serve_local};
pub use server::ServerTls;
pub use web::{BadTarget, WebAnswer, WebError, WebRoots, WebTarget};
