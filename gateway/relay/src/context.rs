use model::{AuthorityId, AuthorityKind, Denial, Digest, EnvelopeDigest, PartyId, Pin, Timestamp};
use treaty::{Rule, Used};

/// What the shell looked up before it asks. Nothing here is taken from the entry.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    /// Whose gateway decides.
    pub own: PartyId,
    /// Whether that party is simulated, for training.
    pub training: bool,
    /// The shell's clock.
    pub now: Timestamp,
    /// Who handed the entry over, as TLS proved it.
    pub origin: Origin<'a>,
    /// What was stored before under the same entry id.
    pub seen: Option<SeenEntry>,
    /// Our own copy of the rule between the two parties, on the day of `now`: the sender could choose any other. It is asked when a
    /// case opens and when the request is sent.
    pub rule: &'a Rule,
    /// What was counted of each quota that the rule names for this request, with it.
    pub used: &'a [Used],
    /// What kind of authority the sender is, by its party's directory.
    pub sender_kind: AuthorityKind,
    /// What kind of authority the recipient is, by its party's directory.
    pub recipient_kind: AuthorityKind,
    /// The earlier case that the request follows, where we hold one of this id.
    pub earlier: Option<Earlier>,
    /// How it stands with the files that the entry names.
    pub attached: AttachedFacts,
    /// What `roster` found when it held the payload against the group of [`CaseFile::basis`](crate::CaseFile::basis). A denial
    /// takes its turn in the order of the checks.
    pub roster: Result<RosterFacts<'a>, Denial>,
}

/// How it stands with the sealed files that an entry names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AttachedFacts {
    /// Whether this gateway has all of them whole, in this case, with the lengths that the header names.
    pub complete: bool,
    /// How many more bytes of files of the other party it takes for the case.
    pub room: u64,
}

/// What a gateway knows of an earlier case that a request follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Earlier {
    /// The requesting party.
    pub home: PartyId,
    /// The requested party.
    pub peer: PartyId,
    /// The rule of the case.
    pub pin: Pin,
    /// Whether its request was sent, and both gateways admitted it.
    pub sent: bool,
    /// Whether data is preserved in it.
    pub preserves: bool,
    /// Whether it was an emergency that has to be validated after the fact.
    pub emergency: bool,
}

/// Who handed an entry over, as its TLS certificate proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// A desk of our own party.
    OwnDesk(&'a AuthorityId),
    /// The gateway of another party.
    PeerGateway(PartyId),
}

/// What is stored of an entry that was answered before. The shell keeps the answer itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenEntry {
    /// Header and payload.
    pub envelope: EnvelopeDigest,
}

/// Who is in the case's group, as `roster` sees it from outside.
#[derive(Debug, Clone, Copy)]
pub enum RosterFacts<'a> {
    /// The handshake is admissible, and leads to this.
    Handshake {
        /// Whose desk made the commit.
        committer: &'a AuthorityId,
        /// Who is in the group after it.
        members: &'a [AuthorityId],
        /// Whose desks come in.
        added: &'a [AuthorityId],
        /// Whose desks go out.
        removed: &'a [AuthorityId],
        /// The epoch after it.
        epoch: u64,
        /// The KeyPackages by which desks come in, as a Welcome names them.
        packages: &'a [Digest],
    },
    /// A desk asks to be taken in anew, with a KeyPackage that may be added.
    Asked {
        /// Whose KeyPackage it is.
        by: &'a AuthorityId,
        /// Who is in the group.
        members: &'a [AuthorityId],
        /// How a Welcome names it.
        package: Digest,
    },
    /// The body is sealed in this group.
    Sealed {
        /// Who is in the group.
        members: &'a [AuthorityId],
        /// The authenticated data of the sealed body.
        bound_to: &'a [u8],
    },
}
