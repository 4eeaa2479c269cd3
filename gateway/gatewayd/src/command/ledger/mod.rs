//! `gateway ledger`: the logs, for people and for foreign tools.

mod check;
mod export;
mod heads;
mod misconduct;

pub(crate) use misconduct::proved_text;

use std::str::FromStr;

use clap::Subcommand;
use ledger::Origin;
use model::{Exit, Malformed, PartyId, Timestamp};
use serde_json::Value;

use crate::{command::second::MakeSecond, failure::Failure};

/// Publish the logs of the channels, and prove when their heads were there.
#[derive(Debug, Subcommand)]
pub(crate) enum Ledger {
    /// Write a log as the files of C2SP tlog-tiles: checkpoint, tiles, entries. Again, it adds what is new.
    Export(export::Export),
    /// Show the newest leaves of the log of heads, and which third states witnessed them.
    Heads(heads::Heads),
    /// Write a head that was time-stamped, and the token, as `openssl ts -verify` takes them.
    Stamp(heads::Stamped),
    /// Write the proof that a head of a channel's log was there when a third state cosigned. It shows nothing of other channels.
    Prove(heads::Prove),
    /// Write the proof that this gateway was the running program, by its SHA-256, when a third state cosigned.
    ProveRelease(heads::ProveRelease),
    /// Verify such a proof with nothing but the directories of two states, and their roots. Exit codes: 0 proved, 9 it proves nothing, 1 no
    /// such file, 2 a root or a directory is missing.
    Check(check::Check),
    /// What other gateways signed and contradicted: as files that convict them before strangers.
    #[command(subcommand)]
    Misconduct(misconduct::Misconduct),
    /// Sign each head a second time, by ML-DSA-44, from the next start on: makes the key, and the directory that promises it.
    SecondKey(MakeSecond),
}

impl Ledger {
    pub(crate) async fn run(&self, now: Timestamp) -> Result<(Value, String), Failure> {
        match self {
            Self::Export(export) => export.run().await,
            Self::Heads(heads) => heads.run().await,
            Self::Stamp(stamp) => stamp.run().await,
            Self::Prove(prove) => prove.run().await,
            Self::ProveRelease(prove) => prove.run().await,
            Self::Check(check) => check.run(),
            Self::Misconduct(misconduct) => misconduct.run().await,
            Self::SecondKey(second) => second.run(now),
        }
    }
}

/// A log as an operator names it.
#[derive(Debug, Clone, Copy)]
enum Named {
    /// The one that we write for a party.
    For(PartyId),
    Whole(Origin),
}

impl Named {
    fn of(self, own: PartyId) -> Result<Origin, Failure> {
        match self {
            Self::For(peer) => Origin::new(own, peer).map_err(|error| Failure::new(Exit::Usage, error.to_string())),
            Self::Whole(log) => Ok(log),
        }
    }
}

impl FromStr for Named {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text.parse() {
            Ok(party) => Ok(Self::For(party)),
            Err(_) => text.parse().map(Self::Whole),
        }
    }
}
