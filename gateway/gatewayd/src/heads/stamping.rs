//! How the time-stamping goes, for the operator: what the last one was is in the database, what is wrong since then is here.

use std::sync::{Mutex, PoisonError};

use model::{Denial, Timestamp};
use proto::operator::TimeStamping;

use crate::{config::Tsa, gateway::Gateway};

/// What is wrong with the time-stamping, where something is. A restart forgets it, and finds it again with the first attempt.
#[derive(Default)]
pub(crate) struct Stamping(Mutex<Option<Trouble>>);

#[derive(Clone)]
struct Trouble {
    since: Timestamp,
    what: String,
}

impl Stamping {
    /// An attempt failed.
    pub(super) fn failed(&self, now: Timestamp, denial: &Denial) {
        let what = match denial {
            Denial::Refused(refusal) => refusal.reason.clone(),
            Denial::Failed { detail, .. } => detail.clone(),
        };
        let mut trouble = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = trouble.as_ref().map_or(now, |before| before.since);
        *trouble = Some(Trouble { since, what });
    }

    /// An attempt succeeded, or none is due.
    pub(super) fn went_well(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn trouble(&self) -> Option<Trouble> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What `gateway status` shows; `None` where no authority is configured.
pub(crate) async fn stamping(gateway: &Gateway, tsa: Option<&Tsa>) -> Result<Option<TimeStamping>, Denial> {
    let Some(tsa) = tsa else { return Ok(None) };
    let newest = gateway.store.newest_stamps(1).await?.into_iter().next();
    let trouble = gateway.stamping.trouble();
    Ok(Some(TimeStamping {
        authority: tsa.url.clone(),
        size: newest.as_ref().map_or(0, |stamp| stamp.size.unsigned_abs()),
        at_ms: newest.map_or(0, |stamp| stamp.at),
        trouble_since_ms: trouble.as_ref().map_or(0, |trouble| trouble.since.0),
        trouble: trouble.map(|trouble| trouble.what).unwrap_or_default(),
    }))
}
