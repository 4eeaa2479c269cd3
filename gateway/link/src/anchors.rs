use std::fmt;

use identity::Subject;
use model::Timestamp;
use rustls_pki_types::TrustAnchor;

/// The roots that are pinned *now*, and who may talk to us. Asked at every handshake and, by [`serve`](crate::serve), at every call:
/// a channel that is frozen is frozen at once, without a restart. Both are answered from memory, for a handshake waits for them.
pub trait Anchors: fmt::Debug + Send + Sync + 'static {
    /// Whether connections with `subject` are wanted: its channel is open, or it is a desk of our own.
    fn allows(&self, subject: &Subject) -> bool;

    /// The root pinned for the state of `subject`, valid at `now`, with that state's names imposed on it
    /// ([`identity::RootCertificate::anchor`] and [`identity::RootCertificate::check_at`]). `None`: there is none.
    fn anchor(&self, subject: &Subject, now: Timestamp) -> Option<TrustAnchor<'static>>;
}
