//! What evidence costs, beside all that an entry costs. No gateway can be told to keep none, so its work is done again: with the same
//! code, over the rows that the closed loop has just left in the databases of both gateways.
//!
//! Counted as evidence is all that would not be there without it, in the turns in which the committers wrote it ([`held`]):
//! - *database*: leaves, tree hashes, heads, receipts, awaited rows, the receipts within entries and deliveries; the news of delivery and
//!   retrieval for the sending desk, and the outbox's row that takes a retrieval across. A turn that wrote nothing else is counted whole.
//! - *ledger*: leaves and their salts, the tree, a signed head for each turn; the leaves on their way; the other gateway's copy, its cosignature, the check of that.
//! - *receipts*: encoded, hashed into a tree, signed once for each turn and channel, encoded once for the database and copied into each row
//!   that holds them; at the other gateway decoded and verified, where a batch is verified once.
//! - *wire*: the bytes of receipts, leaves and heads, at what a byte more costs an echo, and a whole echo for each call that brings nothing
//!   but evidence.
//! - *desks*: the receipts that desks verify, each batch once, and the signatures on their reports, on which retrievals rest, made and verified:
//!   one for each acknowledgement.
//!
//! That is rather too much than too little: a state without evidence would tell its desks of deliveries too. Not counted are the wakes and
//! the waiting of more and longer turns, the deletion of outbox rows, and the log of heads, which grows with time and not with entries.
//! The signatures of desks and officers on entries are what is exchanged, and no evidence of it.

mod database;
mod held;
mod signed;

use std::time::Duration;

use model::{EntryId, PartyId};

use crate::{
    desks::Desks,
    failure::Failure,
    floors::Floors,
    states::{PARTIES, States},
};
use held::Held;

/// What was promised: the share of the exchange rate that evidence may cost.
pub(crate) const SHARE_MAX: f64 = 0.15;
/// After the last entry was opened, the word on it goes back within this time.
const SETTLED: Duration = Duration::from_secs(3);

/// What evidence costs, in microseconds of processor time per entry, of both gateways together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Evidence {
    pub(crate) written: f64,
    pub(crate) ledger: f64,
    pub(crate) stated: f64,
    pub(crate) verified: f64,
    /// Of the rows, the part of the threads that SQLite runs on.
    pub(crate) database: f64,
    /// Of both desks: receipts that they verify.
    pub(crate) desks: f64,
    /// How many of those.
    pub(crate) desk_receipts: f64,
    /// How many acknowledgements both make, each signed once, whatever it reports.
    pub(crate) acknowledgements: f64,
    /// Bytes of evidence on all three hops.
    pub(crate) bytes: f64,
    /// Calls between gateways that bring nothing else.
    pub(crate) calls: f64,
    /// Rows, in both databases.
    pub(crate) receipts: f64,
    pub(crate) leaves: f64,
    pub(crate) tree_hashes: f64,
    pub(crate) heads: f64,
    /// Turns of both committers that wrote something of entries, and those of them that wrote nothing but evidence.
    pub(crate) turns: f64,
    pub(crate) turns_alone: f64,
}

impl Evidence {
    /// What takes it over the wire.
    pub(crate) fn wire(&self, floors: &Floors) -> f64 {
        self.bytes * floors.echo_byte + self.calls * floors.echo
    }

    /// The desks' part, with the reports of the one that opens.
    pub(crate) fn at_desks(&self, floors: &Floors) -> f64 {
        self.desks + self.acknowledgements * (floors.sign + floors.verify)
    }

    pub(crate) fn all(&self, floors: &Floors) -> f64 {
        let gateways = self.written + self.ledger + self.stated + self.verified;
        gateways + self.wire(floors) + self.at_desks(floors)
    }
}

/// Does the evidence of `entries` again, which the gateways have just exchanged.
pub(crate) async fn measure(states: &States, desks: &Desks, entries: &[EntryId]) -> Result<Evidence, Failure> {
    tokio::time::sleep(SETTLED).await;
    let [home, peer]: [PartyId; 2] = [PARTIES[0].parse()?, PARTIES[1].parse()?];
    let read =
        async |side: usize| Held::read(&states.states[side].dir, &desks.both[side].id, [home, peer], entries).await;
    let both = [read(0).await?, read(1).await?];
    let mut evidence = Evidence { ledger: signed::ledger(&both[0].log, &both[1].log)?, ..Evidence::default() };
    for (held, desk) in both.iter().zip(&desks.both) {
        database::measure(held, states.folder(), &mut evidence).await?;
        evidence.stated += signed::stated(held)?;
        evidence.verified += signed::verified(held, &desk.trust)?;
        let (spent, receipts) = signed::verified_by_desk(held, desk)?;
        evidence.desks += spent;
        evidence.desk_receipts += receipts as f64;
        evidence.bytes += held.bytes();
        evidence.calls += held.calls_alone()? as f64;
    }
    Ok(per_entry(evidence, entries.len()))
}

fn per_entry(sum: Evidence, entries: usize) -> Evidence {
    let each = |sum: f64| sum / entries.max(1) as f64;
    Evidence {
        written: each(sum.written),
        database: each(sum.database),
        ledger: each(sum.ledger),
        stated: each(sum.stated),
        verified: each(sum.verified),
        desks: each(sum.desks),
        desk_receipts: each(sum.desk_receipts),
        acknowledgements: each(sum.acknowledgements),
        bytes: each(sum.bytes),
        calls: each(sum.calls),
        receipts: each(sum.receipts),
        leaves: each(sum.leaves),
        tree_hashes: each(sum.tree_hashes),
        heads: each(sum.heads),
        turns: each(sum.turns),
        turns_alone: each(sum.turns_alone),
    }
}
