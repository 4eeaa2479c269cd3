//! What must not be, tried by those who hold real keys and keep to no rule: a desk that skips its own preflight, and a gateway
//! that skips its own checks. They speak the wire contract as it is, so that only the *other* side's guards stand in the way.
//!
//! Begin with [`trials::against_own_gateway`]; an [`adversary::Adversary`] is a desk with a [`line::Line`] to the gateway that
//! shall refuse.

mod adversary;
mod forge;
mod keys;
mod lies;
mod line;
mod readers;
mod rogue;
mod trials;

use jiff::civil::Date;

use crate::{attempt::Attempt, failure::Failure, states::World, timeline::Timeline};

/// What came of it all.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) attempts: Vec<Attempt>,
    /// Texts of the bodies that were sealed, which no gateway may know.
    pub(crate) secrets: Vec<String>,
}

/// Tries everything, one after the other.
pub(crate) async fn attempts(world: &World, today: Date, timeline: &Timeline) -> Result<Outcome, Failure> {
    let mut outcome = Outcome::default();
    timeline
        .chapter("What the system is for, 2: a hostile desk with real keys skips preflight; its own gateway refuses");
    outcome.attempts.extend(trials::against_own_gateway(world, today, timeline).await?);
    timeline.chapter(
        "What the system is for, 3: a hostile gateway with real keys skips its checks; the peer gateway refuses",
    );
    outcome.attempts.extend(trials::against_peer_gateway(world, today, timeline).await?);
    timeline.chapter("What the system is for, 4: the lie is in the sealed body, which no gateway can read; the receiving desk refuses");
    lies::told(world, today, timeline, &mut outcome).await?;
    Ok(outcome)
}
