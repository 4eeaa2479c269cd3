use bytes::Bytes;
use model::{AuthorityId, Handshake, PartyId, Refusal, RefusalCode, Timestamp};
use roster::Accreditation;
use seal::{LeafIdentity, Member, prepare_key_packages};

use crate::{
    Unmade,
    by_hand::{self, Kind},
    outside,
};

/// One way to a reader who must not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// An Add by commit: a desk of a third state.
    ThirdState,
    /// An Add by commit: an authority that its root certifies and its directory does not list.
    Unlisted,
    /// An Add by commit: the insider's own authority, which has a seat.
    SecondLeaf,
    /// An Add of a desk that may be added, whose Welcome does not go along.
    WelcomeAside,
    /// The same with a Welcome for another KeyPackage.
    WelcomeSwapped,
    /// A Welcome beside a commit that adds nobody.
    WelcomeStray,
    /// A pre-shared key that somebody outside has too.
    PreSharedKey,
    /// The end of the group in favour of another one.
    ReInit,
    /// An external sender in the group's context.
    ExternalSender,
    /// A secret that somebody outside chose, by a member's commit.
    ExternalInit,
    /// A proposal of a kind of its own.
    Custom,
    /// An Add that stands behind a reference only.
    Reference,
    /// Somebody outside who has the GroupInfo commits itself in.
    ExternalCommit,
    /// Somebody outside proposes itself.
    NewMemberProposal,
    /// An external sender, whom the group does not have, proposes a desk.
    ExternalProposal,
}

/// Who tries: a member with real keys.
pub struct Insider<'a> {
    /// Its place in the group, with nothing pending.
    pub member: &'a mut Member,
    /// Its leaf.
    pub leaf: &'a LeafIdentity,
    /// Whose leaf that is.
    pub authority: &'a AuthorityId,
    /// Whom it would believe if it kept to the rules.
    pub trust: &'a dyn Accreditation,
    /// The GroupInfo of the member's epoch, as the gateways have it.
    pub public: &'a [u8],
    /// When it tries.
    pub now: Timestamp,
}

/// Whose leaves the insider has.
#[derive(Debug)]
pub struct Ghosts {
    /// A desk of a third state.
    pub foreign: LeafIdentity,
    /// That state, and whether the gateway that is attacked knows it.
    pub foreign_party: (PartyId, bool),
    /// An authority of the own party, by certificate, that its directory does not list.
    pub unlisted: (LeafIdentity, AuthorityId),
    /// Another leaf of the insider's authority.
    pub second: LeafIdentity,
    /// Another desk of the own party, which might come in by the book.
    pub accredited: LeafIdentity,
    /// The certificates of that leaf, DER.
    pub accredited_chain: Vec<Vec<u8>>,
}

/// What a gateway must say of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// By which code.
    pub code: RefusalCode,
    /// At which place in the handshake.
    pub field: &'static str,
    /// In these words.
    pub reason: String,
}

/// Takes a ghost's certificate for that of an authority of its own: what a desk does that skips the roster's rules.
struct Credulous<'a> {
    honest: &'a dyn Accreditation,
    ghost: &'a [u8],
    pretended: AuthorityId,
}

impl Accreditation for Credulous<'_> {
    fn authority_of(&self, chain: &[&[u8]], leaf_key: &[u8], now: Timestamp) -> Result<AuthorityId, Refusal> {
        if leaf_key == self.ghost {
            return Ok(self.pretended.clone());
        }
        self.honest.authority_of(chain, leaf_key, now)
    }
}

impl Attack {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ThirdState,
        Self::Unlisted,
        Self::SecondLeaf,
        Self::WelcomeAside,
        Self::WelcomeSwapped,
        Self::WelcomeStray,
        Self::PreSharedKey,
        Self::ReInit,
        Self::ExternalSender,
        Self::ExternalInit,
        Self::Custom,
        Self::Reference,
        Self::ExternalCommit,
        Self::NewMemberProposal,
        Self::ExternalProposal,
    ];

    /// What somebody does who tries it.
    pub fn told(self) -> &'static str {
        match self {
            Self::ThirdState => "adds a desk of a third state to the case's group",
            Self::Unlisted => "adds an authority that its own root certifies and its directory does not list",
            Self::SecondLeaf => "adds a second leaf of its own desk, newly certified by its own root",
            Self::WelcomeAside => "adds a desk and keeps its Welcome aside, to hand it over unseen",
            Self::WelcomeSwapped => "adds a desk with the Welcome of another KeyPackage",
            Self::WelcomeStray => "sends a Welcome beside a commit that adds nobody",
            Self::PreSharedKey => "injects a key that it shares with somebody outside (PSK)",
            Self::ReInit => "closes the group in favour of another one (ReInit)",
            Self::ExternalSender => "names an external sender in the group's context",
            Self::ExternalInit => "lets somebody outside choose the next secret (ExternalInit)",
            Self::Custom => "commits a proposal of a kind of its own",
            Self::Reference => "commits an Add that stands behind a reference only",
            Self::ExternalCommit => "lets somebody outside commit itself in (external commit)",
            Self::NewMemberProposal => "lets somebody outside propose itself (new member)",
            Self::ExternalProposal => "lets an external sender propose a desk",
        }
    }

    /// What a gateway must say, where `insider` tries it with `ghosts`.
    pub fn expected(self, insider: &AuthorityId, ghosts: &Ghosts) -> Expected {
        let (first, commit, welcome) = ("commit.proposals[0]", "commit", "welcome");
        let form = |field, reason: &str| (RefusalCode::R94, field, reason.to_owned());
        let unverified = || form(commit, "the commit does not verify against the group");
        let kind = || form(first, "this kind of proposal is not allowed in a case's group");
        let (code, field, reason) = match self {
            Self::ThirdState => match ghosts.foreign_party {
                (_, true) => {
                    (RefusalCode::R93, first, "the leaf is of a state that is not a party to the case".to_owned())
                }
                (party, false) => (RefusalCode::R95, first, format!("No directory of {party} is known here.")),
            },
            Self::Unlisted => {
                let authority = &ghosts.unlisted.1;
                let reason = format!("{authority} is not in the directory of {}.", authority.party());
                (RefusalCode::R93, first, reason)
            }
            Self::SecondLeaf => {
                (RefusalCode::R93, "commit.proposals", format!("{insider} has a seat in the case's group already"))
            }
            Self::WelcomeAside => form(welcome, "the Welcome for the added desks is withheld"),
            Self::WelcomeSwapped => form(welcome, "the Welcome is for others than are added"),
            Self::WelcomeStray => form(welcome, "there is a Welcome, but nobody is added"),
            Self::PreSharedKey | Self::ReInit => kind(),
            // MLS itself takes none of these, before a rule of ours is asked.
            Self::ExternalSender | Self::ExternalInit | Self::Custom | Self::Reference | Self::ExternalProposal => {
                unverified()
            }
            Self::ExternalCommit => form("commit.sender", "only a member may commit"),
            Self::NewMemberProposal => form(commit, "the handshake is not a commit"),
        };
        Expected { code, field, reason }
    }

    /// The handshake with which it is tried. The insider's group stays as it was.
    ///
    /// # Errors
    /// What cannot be made with these keys.
    pub fn handshake(self, insider: &mut Insider<'_>, ghosts: &Ghosts) -> Result<Handshake, Unmade> {
        match self {
            Self::ThirdState => insider.add(&ghosts.foreign),
            Self::Unlisted => insider.add(&ghosts.unlisted.0),
            Self::SecondLeaf => insider.add(&ghosts.second),
            Self::WelcomeAside => Ok(Handshake { welcome: Bytes::new(), ..insider.add(&ghosts.accredited)? }),
            Self::WelcomeSwapped => {
                let welcome = insider.add(&ghosts.accredited)?.welcome;
                Ok(Handshake { welcome, ..insider.add(&ghosts.accredited)? })
            }
            Self::WelcomeStray => {
                let welcome = insider.add(&ghosts.accredited)?.welcome;
                Ok(Handshake { welcome, ..insider.renewal()? })
            }
            Self::PreSharedKey => insider.commit_with(Kind::PreSharedKey),
            Self::ReInit => insider.commit_with(Kind::ReInit),
            Self::ExternalSender => insider.commit_with(Kind::ContextExtensions),
            Self::ExternalInit => insider.commit_with(Kind::ExternalInit),
            Self::Custom => insider.commit_with(Kind::Custom),
            Self::Reference => insider.commit_with(Kind::Reference),
            Self::ExternalCommit => outside::commit(insider.public, &ghosts.accredited, &ghosts.accredited_chain),
            Self::NewMemberProposal => insider.proposal(&ghosts.accredited, false),
            Self::ExternalProposal => insider.proposal(&ghosts.accredited, true),
        }
    }
}

impl Insider<'_> {
    /// A commit that renews its own leaf, which is always allowed.
    fn renewal(&mut self) -> Result<Handshake, Unmade> {
        let handshake = self.member.rotate(None, self.trust, self.now)?;
        self.member.discard()?;
        Ok(handshake)
    }

    /// A commit that adds `leaf`, whoever it is.
    fn add(&mut self, leaf: &LeafIdentity) -> Result<Handshake, Unmade> {
        let pretended = AuthorityId::new(self.authority.party(), "judicial");
        let pretended = pretended.map_err(|error| Unmade(error.to_string()))?;
        let credulous = Credulous { honest: self.trust, ghost: leaf.public_key(), pretended };
        let handshake = self.member.add(&[self.key_package(leaf)?], &credulous, self.now)?;
        // It is not going to be certified; the next attempt needs the group as it was.
        self.member.discard()?;
        Ok(handshake)
    }

    fn commit_with(&mut self, kind: Kind) -> Result<Handshake, Unmade> {
        let renewal = self.renewal()?;
        let by_hand = |kind| by_hand::with_proposal(&renewal.commit, self.public, kind, self.leaf);
        // With nothing put in it is the commit as it was: the others are refused for what is put in, and for no slip of the pen.
        if by_hand(Kind::Nothing)? != renewal.commit {
            return Err(Unmade("a commit that was signed by hand is not the one that it was made of".to_owned()));
        }
        let commit = by_hand(kind)?;
        Ok(Handshake { commit, ..renewal })
    }

    fn proposal(&mut self, outsider: &LeafIdentity, external: bool) -> Result<Handshake, Unmade> {
        let package = self.key_package(outsider)?;
        let commit = by_hand::proposal_from_outside(self.public, &package, external, outsider)?;
        Ok(Handshake { commit, ..self.renewal()? })
    }

    fn key_package(&self, leaf: &LeafIdentity) -> Result<Vec<u8>, Unmade> {
        let prepared = prepare_key_packages(leaf, 1, false, self.now)?;
        let first = prepared.into_iter().next().ok_or_else(|| Unmade("no KeyPackage was made".to_owned()))?;
        Ok(first.public)
    }
}
