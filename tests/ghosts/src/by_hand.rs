//! Handshake messages of MLS made by hand [RFC 9420 §6, §12]: well-formed and well-signed, of kinds that no library makes for a case's group.

use bytes::Bytes;
use openmls_traits::signatures::Signer;
use seal::LeafIdentity;

use crate::{
    Unmade,
    mls::{Public, Reader, opaque},
};

/// A proposal that does not belong into a case's group.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    PreSharedKey,
    ReInit,
    ContextExtensions,
    ExternalInit,
    Custom,
    /// No proposal: the name of one that somebody sent before.
    Reference,
    /// None at all: the commit as it was.
    Nothing,
}

/// Signature, confirmation tag and membership tag, each behind its length: what stands last in a member's commit.
const AUTH_BYTES: usize = 66 + 33 + 33;
const ADD: u16 = 1;

/// `commit`, a member's in the epoch of `group_info`, with one proposal put in and signed anew.
pub(crate) fn with_proposal(
    commit: &[u8],
    group_info: &[u8],
    kind: Kind,
    signer: &LeafIdentity,
) -> Result<Bytes, Unmade> {
    let public = Public::read(group_info).ok_or_else(unreadable)?;
    let (content, auth) = commit.split_at_checked(commit.len().saturating_sub(AUTH_BYTES)).ok_or_else(unreadable)?;
    let mut reader = Reader(content);
    let mut head = || {
        reader.take(4)?;
        reader.opaque()?;
        reader.take(8 + 1 + 4)?;
        reader.opaque()?;
        reader.take(1)?;
        let before = content.len() - reader.0.len();
        reader.opaque()?;
        Some((before, reader.0))
    };
    let (before, path) = head().ok_or_else(unreadable)?;
    let head = content.get(..before).ok_or_else(unreadable)?;
    let changed = [head, &opaque(&kind.encode(&public)), path].concat();
    let signature = signed(signer, &[&changed, public.context])?;
    let tags = auth.get(66..).ok_or_else(unreadable)?;
    Ok([&changed, &opaque(&signature), tags].concat().into())
}

/// A proposal to add `key_package`, by its owner or by an external sender that the group does not have.
pub(crate) fn proposal_from_outside(
    group_info: &[u8],
    key_package: &[u8],
    external: bool,
    signer: &LeafIdentity,
) -> Result<Bytes, Unmade> {
    let public = Public::read(group_info).ok_or_else(unreadable)?;
    // Without the version and format of the MLSMessage around it.
    let package = key_package.get(4..).ok_or_else(unreadable)?;
    let sender: &[u8] = if external { &[2, 0, 0, 0, 0] } else { &[3] };
    let content = [
        &[0, 1, 0, 1][..],
        &opaque(public.group),
        &public.epoch.to_be_bytes(),
        sender,
        &opaque(&[]),
        &[2],
        &ADD.to_be_bytes(),
        package,
    ]
    .concat();
    let signature = signed(signer, &[&content])?;
    Ok([content, opaque(&signature)].concat().into())
}

impl Kind {
    /// As a ProposalOrRef [§12.4].
    fn encode(self, public: &Public<'_>) -> Vec<u8> {
        let by_value = |number: u16, body: Vec<u8>| [&[1][..], &number.to_be_bytes(), &body].concat();
        match self {
            Self::PreSharedKey => by_value(4, [&[1][..], &opaque(b"shared with a ghost"), &opaque(&[7; 32])].concat()),
            Self::ReInit => by_value(5, [&opaque(b"another group")[..], &[0, 1, 0, 1], &opaque(&[])].concat()),
            Self::ExternalInit => by_value(6, opaque(&[9; 32])),
            Self::ContextExtensions => {
                // external_senders [§12.1.8.1]: a list with one, by a key and a basic credential.
                let sender = [opaque(&[9; 32]), [&[0, 1][..], &opaque(b"a ghost")].concat()].concat();
                let group = [&[0, 5][..], &opaque(&opaque(&sender))].concat();
                by_value(7, opaque(&[&[0xF0, 0xC1][..], &opaque(public.group), &group].concat()))
            }
            Self::Custom => by_value(0xF0C9, opaque(b"let me in")),
            Self::Reference => [&[2][..], &opaque(&[3; 32])].concat(),
            Self::Nothing => Vec::new(),
        }
    }
}

/// SignWithLabel over a FramedContentTBS [§5.1.2, §6.1].
fn signed(signer: &LeafIdentity, parts: &[&[u8]]) -> Result<Vec<u8>, Unmade> {
    let content = [opaque(b"MLS 1.0 FramedContentTBS"), opaque(&parts.concat())].concat();
    signer.sign(&content).map_err(|_| Unmade("a handshake cannot be signed".to_owned()))
}

fn unreadable() -> Unmade {
    Unmade("a handshake of our own cannot be taken apart".to_owned())
}
