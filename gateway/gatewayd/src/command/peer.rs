//! `gateway peer`: the channels to other states.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use identity::{Fingerprint, RootCertificate};
use model::{EntryId, Exit, PartyId, Timestamp};
use proto::operator::{
    AddChannelRequest, Channel, CloseChannelRequest, FreezeChannelRequest, ListChannelsRequest, QueuedEntry,
};
use serde_json::{Value, json};

use super::{Where, ask, operator, own_directory::OwnDirectory};
use crate::{config::Folder, failure::Failure, keys};

/// Open, list, freeze and close the channels to other states.
#[derive(Debug, Subcommand)]
pub(crate) enum Peer {
    /// Pin another state's root after you compared its fingerprint with the diplomatic note.
    Add(Add),
    /// List the channels.
    List(List),
    /// Stop a channel at once. Cases wait.
    Freeze(Freeze),
    /// Let a frozen channel go on.
    Unfreeze(Freeze),
    /// End a channel. It opens again only when both sides have compared the fingerprints anew: `peer add` on both.
    Close(Freeze),
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    #[command(flatten)]
    at: Where,
    /// The other party, as in FR.
    party: PartyId,
    /// Where its gateway listens, as in gw.example:7001.
    #[arg(long)]
    endpoint: String,
    /// Its root certificate, PEM.
    #[arg(long)]
    root: PathBuf,
    /// The fingerprint of that root as the other side told it over another way (a diplomatic note).
    #[arg(long)]
    fingerprint: String,
    /// The folder of our own root, which signs that we trust theirs. By default `root` beside the gateway's folder.
    #[arg(long)]
    own_root: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    at: Where,
}

#[derive(Debug, Args)]
pub(crate) struct Freeze {
    #[command(flatten)]
    at: Where,
    /// The other party.
    party: PartyId,
}

impl Peer {
    pub(crate) async fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        match self {
            Self::Add(add) => add.run(now).await,
            Self::List(list) => list.run().await,
            Self::Freeze(freeze) => freeze.run(true).await,
            Self::Unfreeze(freeze) => freeze.run(false).await,
            Self::Close(close) => close.close().await,
        }
    }
}

impl Add {
    async fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        let (folder, mut client) = operator(&self.at)?;
        let their_root = self.compare()?;
        let signed = self.sign_directory(&folder, &their_root, now)?;
        let request = AddChannelRequest {
            party: self.party.to_string(),
            endpoint: self.endpoint.clone(),
            root: their_root.der().to_vec().into(),
            directory: Some(proto::convert::send_directory(&signed)),
        };
        let added = ask(&self.at, client.add_channel(request)).await?.channel.unwrap_or_default();
        let next = match added.their_consent {
            true => "Both sides have said yes.".to_owned(),
            false => format!("The channel opens when {} has done the same.", self.party),
        };
        let text = format!("{}\n{next}", line(&added));
        Ok((channel_to_json(&added), text))
    }

    /// The root in the file, if it is the one whose fingerprint a human compared.
    fn compare(&self) -> Result<RootCertificate, Failure> {
        let told: Fingerprint = self.fingerprint.parse().map_err(|error: model::Malformed| {
            Failure::new(Exit::Usage, error.to_string()).remedy("Copy all 16 groups from the diplomatic note.")
        })?;
        let der = keys::certificate(&self.root)?;
        let root = RootCertificate::parse(&der)
            .map_err(|error| Failure::new(Exit::Usage, format!("{}: {error}", self.root.display())))?;
        if root.party() != self.party {
            let what = format!("{} is the root of {}, not of {}", self.root.display(), root.party(), self.party);
            return Err(Failure::new(Exit::Usage, what));
        }
        if root.fingerprint() != told {
            let what =
                format!("the fingerprints differ\n  the file has   {}\n  you were told  {told}", root.fingerprint());
            return Err(Failure::new(Exit::Integrity, what)
                .remedy("Do not go on. Ask the other side for its root again, over another way."));
        }
        Ok(root)
    }

    /// A state for training talks to such states only. R93.
    fn same_world(&self, own: &RootCertificate, their: &RootCertificate) -> Result<(), Failure> {
        if own.is_training() == their.is_training() {
            return Ok(());
        }
        let (real, simulated) = if own.is_training() { (their, own) } else { (own, their) };
        let (real, simulated) = (real.party(), simulated.party());
        let what = format!(
            "R93: {simulated} is simulated, for training, and {real} is real: there is no channel between the two"
        );
        let remedy = "To train, make a state of one's own for it: gateway init --training. For real cases, ask the other side for its real root.";
        Err(Failure::new(Exit::Refused, what).remedy(remedy))
    }

    /// Our own directory with one more trusted root, signed by our own root.
    fn sign_directory(
        &self,
        folder: &Folder,
        their_root: &RootCertificate,
        now: Timestamp,
    ) -> Result<identity::SignedDirectory, Failure> {
        let mut own = OwnDirectory::open(folder, self.own_root.as_deref(), now)?;
        self.same_world(own.root(), their_root)?;
        own.trust(their_root)?;
        own.sign(now)
    }
}

impl List {
    async fn run(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let channels = ask(&self.at, client.list_channels(ListChannelsRequest {})).await?.channels;
        let text = match channels.as_slice() {
            [] => "no channels yet: gateway peer add".to_owned(),
            channels => channels.iter().map(line).collect::<Vec<_>>().join("\n"),
        };
        Ok((json!({ "channels": channels.iter().map(channel_to_json).collect::<Vec<_>>() }), text))
    }
}

impl Freeze {
    async fn run(&self, frozen: bool) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let request = FreezeChannelRequest { party: self.party.to_string(), frozen };
        let channel = ask(&self.at, client.freeze_channel(request)).await?.channel.unwrap_or_default();
        Ok((channel_to_json(&channel), line(&channel)))
    }
}

impl Freeze {
    async fn close(&self) -> Result<(Value, String), Failure> {
        let (_, mut client) = operator(&self.at)?;
        let request = CloseChannelRequest { party: self.party.to_string() };
        let channel = ask(&self.at, client.close_channel(request)).await?.channel.unwrap_or_default();
        Ok((channel_to_json(&channel), line(&channel)))
    }
}

fn line(channel: &Channel) -> String {
    let yes = |yes: bool| if yes { "yes" } else { "not yet" };
    let mut line = format!(
        "{}  {:13}  {}\n    fingerprint {}\n    we said {}, they said {}; {} queued",
        channel.party,
        channel.state,
        channel.endpoint,
        channel.fingerprint,
        yes(channel.our_consent),
        yes(channel.their_consent),
        channel.queued
    );
    line.extend(frozen(channel).map(|why| format!("\n    {why}")));
    let party = &channel.party;
    let next = match channel.state.as_str() {
        "PROPOSED" => Some("to open it: compare the fingerprints, then gateway peer add".to_owned()),
        "KEYS_VERIFIED" => {
            Some(format!("it opens when the operator of {party} has compared them, too: gateway peer add"))
        }
        "ROTATING" => {
            Some(format!("entries go on; it is OPEN again when {party} and we have signed a head by the new keys"))
        }
        "FROZEN" => Some("to go on: gateway peer unfreeze".to_owned()),
        "CLOSED" => Some(format!("to open it again: gateway peer add here and in {party}, after both compared anew")),
        _ => None,
    };
    if let Some(next) = next {
        line.push_str(&format!("\n    {next}"));
    }
    if !channel.peer_release.is_empty() {
        line.push_str(&format!("\n    runs {}", channel.peer_release));
    }
    if !channel.last_error.is_empty() {
        line.push_str(&format!("\n    last call failed: {}", channel.last_error));
    }
    channel.waiting.iter().for_each(|one| line.push_str(&format!("\n    {}", queued(one))));
    line
}

/// An entry in a queue: what it is, since when it waits, and why.
pub(crate) fn queued(one: &QueuedEntry) -> String {
    let entry = EntryId::try_from(&*one.entry_id).map(|id| id.to_string()).unwrap_or_default();
    let why = if one.why.is_empty() { "it was not answered yet" } else { &one.why };
    format!("{} {entry} waits since {}, asked {}×: {why}", one.step, Timestamp(one.since_ms), one.attempts)
}

/// Why a channel is frozen, where it is known.
pub(crate) fn frozen(channel: &Channel) -> Option<String> {
    let by_ledger = (channel.frozen_by == "ledger").then_some("; gateway ledger misconduct list");
    let why =
        format!("frozen by the {}: {}{}", channel.frozen_by, channel.frozen_reason, by_ledger.unwrap_or_default());
    Some(why).filter(|_| !channel.frozen_reason.is_empty())
}

pub(crate) fn channel_to_json(channel: &Channel) -> Value {
    json!({
        "party": channel.party,
        "endpoint": channel.endpoint,
        "fingerprint": channel.fingerprint,
        "state": channel.state,
        "our_consent": channel.our_consent,
        "their_consent": channel.their_consent,
        "queued": channel.queued,
        "release": channel.peer_release,
        "release_since_ms": channel.peer_release_since_ms,
        "release_before": channel.peer_release_before,
        "last_error": channel.last_error,
        "ledger_size": channel.ledger_size,
        "ledger_cosigned": channel.ledger_cosigned,
        "treaty_pin": channel.treaty_pin,
        "treaty_signed_by": channel.treaty_signed_by,
        "treaty_missing": channel.treaty_missing,
        "teams": channel.teams.iter().map(|team| json!({
            "id": team.id,
            "title": team.title,
            "purpose": team.purpose,
            "members": team.members,
            "standing": team.standing,
            "from": team.from,
            "until": team.until,
            "signed_by": team.signed_by,
            "missing": team.missing,
        })).collect::<Vec<_>>(),
        "waiting": channel.waiting.iter().map(|one| json!({
            "entry": EntryId::try_from(&*one.entry_id).map(|id| id.to_string()).unwrap_or_default(),
            "step": one.step,
            "since_ms": one.since_ms,
            "attempts": one.attempts,
            "next_attempt_ms": one.next_attempt_ms,
            "why": one.why,
        })).collect::<Vec<_>>(),
        "frozen_by": channel.frozen_by,
        "frozen_reason": channel.frozen_reason,
    })
}
