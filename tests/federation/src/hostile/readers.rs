//! Every way that MLS has to bring a further reader into a group [RFC 9420 §12], tried by a member with real keys or by somebody outside, at
//! gateways that run.
//!
//! What no library would make is made by hand ([`by_hand`]): a commit is taken apart, another proposal put in, and signed anew with the member's
//! own key. Its tags are then wrong, but no gateway can check them: what stops such a commit has to be a rule.

use bytes::Bytes;
use model::{AuthorityId, Entry, Handshake, Payload, RefusalCode, Step};
use seal::LeafIdentity;

use super::{
    adversary::{Adversary, Opened},
    by_hand::{self, Kind},
    forge,
    ghost::{self, Credulous},
    keys, outside,
};
use crate::{clock, failure::Failure, states::State};

/// A way, as the entry with which it is tried.
pub(crate) struct Way {
    pub(crate) what: String,
    pub(crate) codes: &'static [RefusalCode],
    pub(crate) entry: Entry,
}

const NO_MEMBER: &[RefusalCode] = &[RefusalCode::R93, RefusalCode::R95];
const NO_SUCH_CHANGE: &[RefusalCode] = &[RefusalCode::R94];

/// All of them, in a case that `adversary` opened. `own` is its state, `foreign` a third one.
pub(crate) fn ways(
    adversary: &Adversary,
    case: &mut Opened,
    own: &State,
    foreign: &State,
) -> Result<Vec<Way>, Failure> {
    let mut ways = added(adversary, case, own, foreign)?;
    ways.extend(withheld(adversary, case, own)?);
    ways.extend(proposed(adversary, case)?);
    ways.extend(from_outside(adversary, case, own)?);
    Ok(ways)
}

/// Leaves that have no business in the group, by an Add in a commit that is otherwise in order.
fn added(adversary: &Adversary, case: &mut Opened, own: &State, foreign: &State) -> Result<Vec<Way>, Failure> {
    let own_name = adversary.keys.authority.name();
    let leaves = [
        (
            format!("adds a desk of {}, a third state, to the case's group", foreign.party),
            keys::leaf(foreign, "executing")?,
        ),
        (
            "adds an authority that its own root certifies and its directory does not list".to_owned(),
            keys::unlisted_leaf(own, "shadow")?,
        ),
        (
            "adds a second leaf of its own desk, newly certified by its own root".to_owned(),
            keys::unlisted_leaf(own, own_name)?,
        ),
    ];
    let mut ways = Vec::new();
    for (what, leaf) in leaves {
        let handshake = add(adversary, case, &leaf)?;
        ways.push(way(adversary, case, what, NO_MEMBER, handshake)?);
    }
    Ok(ways)
}

/// An authority that may be added, whose Welcome does not go the way that gateways see.
fn withheld(adversary: &Adversary, case: &mut Opened, own: &State) -> Result<Vec<Way>, Failure> {
    let accredited = keys::leaf(own, "executing")?;
    let aside = add(adversary, case, &accredited)?;
    let other = add(adversary, case, &accredited)?;
    let without = Handshake { welcome: Bytes::new(), ..aside.clone() };
    let swapped = Handshake { welcome: other.welcome, ..aside.clone() };
    // Nobody is added, but a Welcome travels.
    let renewal = renewal(adversary, case)?;
    let stray = Handshake { welcome: aside.welcome, ..renewal };
    Ok(vec![
        way(
            adversary,
            case,
            "adds a desk and keeps its Welcome aside, to hand it over unseen".to_owned(),
            NO_SUCH_CHANGE,
            without,
        )?,
        way(adversary, case, "adds a desk with the Welcome of another KeyPackage".to_owned(), NO_SUCH_CHANGE, swapped)?,
        way(adversary, case, "sends a Welcome beside a commit that adds nobody".to_owned(), NO_SUCH_CHANGE, stray)?,
    ])
}

/// Proposals that no case needs, in a commit by a member.
fn proposed(adversary: &Adversary, case: &mut Opened) -> Result<Vec<Way>, Failure> {
    let kinds = [
        (Kind::PreSharedKey, "injects a key that it shares with somebody outside (PSK)"),
        (Kind::ReInit, "closes the group in favour of another one (ReInit)"),
        (Kind::ContextExtensions, "names an external sender in the group's context"),
        (Kind::ExternalInit, "lets somebody outside choose the next secret (ExternalInit)"),
        (Kind::Custom, "commits a proposal of a kind of its own"),
        (Kind::Reference, "commits an Add that stands behind a reference only"),
    ];
    let mut ways = Vec::new();
    for (kind, what) in kinds {
        let renewal = renewal(adversary, case)?;
        let commit = by_hand::with_proposal(&renewal.commit, &public(case)?, kind, &adversary.keys.leaf)?;
        let handshake = Handshake { commit, ..renewal };
        ways.push(way(adversary, case, what.to_owned(), NO_SUCH_CHANGE, handshake)?);
    }
    Ok(ways)
}

/// What somebody outside can make who was given the GroupInfo, and an insider who carries it to the gateway.
fn from_outside(adversary: &Adversary, case: &mut Opened, own: &State) -> Result<Vec<Way>, Failure> {
    let outsider = keys::leaf(own, "executing")?;
    let chain = keys::leaf_chain(own, "executing")?;
    let mut ways = Vec::new();
    let handshake = outside::commit(&public(case)?, &outsider, &chain)?;
    let what = "lets somebody outside commit itself in (external commit)".to_owned();
    ways.push(way(adversary, case, what, NO_SUCH_CHANGE, handshake)?);
    let package = ghost::key_package(&outsider)?;
    for (external, what) in
        [(false, "lets somebody outside propose itself (new member)"), (true, "lets an external sender propose a desk")]
    {
        let renewal = renewal(adversary, case)?;
        let proposal = by_hand::proposal_from_outside(&public(case)?, &package, external, &outsider)?;
        let handshake = Handshake { commit: proposal, ..renewal };
        ways.push(way(adversary, case, what.to_owned(), NO_SUCH_CHANGE, handshake)?);
    }
    Ok(ways)
}

/// A commit that adds `leaf`, whoever it is.
fn add(adversary: &Adversary, case: &mut Opened, leaf: &LeafIdentity) -> Result<Handshake, Failure> {
    let pretended = AuthorityId::new(adversary.party(), "judicial")?;
    let credulous = Credulous { honest: &adversary.trust, ghost: leaf.public_key(), pretended };
    let handshake = case.member.add(&[ghost::key_package(leaf)?], &credulous, clock::now())?;
    // It is not going to be certified; the next attempt needs the group as it was.
    case.member.discard()?;
    Ok(handshake)
}

/// A commit that renews the adversary's own leaf, which is always allowed.
fn renewal(adversary: &Adversary, case: &mut Opened) -> Result<Handshake, Failure> {
    let handshake = case.member.rotate(None, &adversary.trust, clock::now())?;
    case.member.discard()?;
    Ok(handshake)
}

/// The GroupInfo of the epoch in which the case was opened, as the gateways have it.
fn public(case: &Opened) -> Result<Bytes, Failure> {
    match &case.opening.0.payload {
        Payload::Handshake(handshake) => Ok(handshake.group_info.clone()),
        Payload::Sealed(_) => Err(Failure::unexpected("a case that was opened without a handshake")),
    }
}

fn way(
    adversary: &Adversary,
    case: &Opened,
    what: String,
    codes: &'static [RefusalCode],
    handshake: Handshake,
) -> Result<Way, Failure> {
    let keys = &adversary.keys;
    let header = forge::header(&keys.authority, &case.recipient, case.id, case.pin, case.head, Step::ChangeGroup)?;
    Ok(Way { what, codes, entry: forge::signed(keys, header, Payload::Handshake(handshake)) })
}
