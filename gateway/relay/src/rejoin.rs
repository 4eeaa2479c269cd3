//! Desks that lost their keys: how often they may ask to be taken in anew, and by what they are.

use model::{AuthorityId, Denial, Digest, Header, Refusal, RefusalCode, Step, Timestamp, limits};
use serde::{Deserialize, Serialize};

use crate::file::CaseFile;

const DAY_MS: i64 = 24 * 3600 * 1000;
const RULE: &str = "roster";

/// The KeyPackage with which a desk asked to be taken in anew. It is for this case and this desk, and for nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Who asked.
    pub desk: AuthorityId,
    /// When, as the entry states: the same for both gateways.
    pub at: Timestamp,
    /// How a Welcome names the KeyPackage [RFC 9420 §5.2].
    pub package: Digest,
}

/// A desk asks at most [`limits::REJOINS_PER_DAY_MAX`] times within 24 hours in one case: each time costs the others a commit. R91.
pub(crate) fn seldom(file: &CaseFile, header: &Header) -> Result<(), Denial> {
    if header.step != Step::AskRejoin {
        return Ok(());
    }
    let since = header.created.plus_ms(-DAY_MS);
    let asked = file.offers.iter().filter(|one| one.desk == header.sender && one.at > since).count();
    if asked < limits::REJOINS_PER_DAY_MAX {
        return Ok(());
    }
    let reason = format!("{} has asked {asked} times within 24 hours to be taken in anew", header.sender);
    let remedy = "Find out why nobody takes the desk in, or why it loses its keys; it asks again after a day.";
    Err(Refusal::new(RefusalCode::R91, RULE, reason, remedy).at("sender").into())
}

/// Who asked is taken in by the KeyPackage of its newest asking: by no older one, and by none that somebody else chose. R94.
pub(crate) fn as_offered(
    file: &CaseFile,
    added: &[AuthorityId],
    removed: &[AuthorityId],
    packages: &[Digest],
) -> Result<(), Denial> {
    let anew = added.iter().filter(|desk| removed.contains(desk) && file.asking.contains(desk));
    for desk in anew {
        let newest = file.offers.iter().rfind(|one| one.desk == *desk);
        if newest.is_none_or(|one| !packages.contains(&one.package)) {
            let reason = format!("{desk} is taken in by another KeyPackage than it asked with last");
            let remedy = "Take the desk in by the KeyPackage of its newest ask_rejoin in this case.";
            return Err(Refusal::new(RefusalCode::R94, RULE, reason, remedy).at("welcome").into());
        }
    }
    Ok(())
}

impl CaseFile {
    /// Keeps what a desk offered: of one day, and of each that still asks.
    pub(crate) fn offer(&mut self, offer: Offer) {
        let since = offer.at.plus_ms(-DAY_MS);
        let asking = &self.asking;
        self.offers.retain(|one| one.at > since || (one.desk != offer.desk && asking.contains(&one.desk)));
        self.offers.push(offer);
    }
}
