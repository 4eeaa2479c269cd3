//! Readers who must not be, tried in a case of the adversary's at gateways that run: each attack of [`ghosts`] as an entry.

use bytes::Bytes;
use ghosts::{Attack, Expected, Ghosts, Insider};
use model::{AuthorityId, Entry, Payload, Step};

use super::{
    adversary::{Adversary, Opened},
    forge, keys,
};
use crate::{clock, failure::Failure, states::State};

/// A way, as the entry with which it is tried.
pub(crate) struct Way {
    pub(crate) what: &'static str,
    pub(crate) expected: Expected,
    pub(crate) entry: Entry,
}

/// All of them, in a case that `adversary` opened. `own` is its state, `foreign` a third one, which the gateway that is attacked knows.
pub(crate) fn ways(
    adversary: &Adversary,
    case: &mut Opened,
    own: &State,
    foreign: &State,
) -> Result<Vec<Way>, Failure> {
    let authority = &adversary.keys.authority;
    let ghosts = Ghosts {
        foreign: keys::leaf(foreign, "executing")?,
        foreign_party: (foreign.party, true),
        unlisted: (keys::unlisted_leaf(own, "shadow")?, AuthorityId::new(own.party, "shadow")?),
        second: keys::unlisted_leaf(own, authority.name())?,
        accredited: keys::leaf(own, "executing")?,
        accredited_chain: keys::leaf_chain(own, "executing")?,
    };
    let public = public(case)?;
    let mut ways = Vec::new();
    for attack in Attack::ALL {
        let mut insider = Insider {
            member: &mut case.member,
            leaf: &adversary.keys.leaf,
            authority,
            trust: &adversary.trust,
            public: &public,
            now: clock::now(),
        };
        let handshake = attack.handshake(&mut insider, &ghosts)?;
        let step = Step::ChangeGroup;
        let header = forge::header(authority, &case.recipient, case.id, case.pin, case.head, step)?;
        let entry = forge::signed(&adversary.keys, header, Payload::Handshake(handshake));
        ways.push(Way { what: attack.told(), expected: attack.expected(authority, &ghosts), entry });
    }
    Ok(ways)
}

/// The GroupInfo of the epoch in which the case was opened, as the gateways have it.
fn public(case: &Opened) -> Result<Bytes, Failure> {
    match &case.opening.0.payload {
        Payload::Handshake(handshake) => Ok(handshake.group_info.clone()),
        Payload::Sealed(_) => Err(Failure::unexpected("a case that was opened without a handshake")),
    }
}
