//! A request that follows an earlier case: it must be one of the same two parties, in the same direction, and in the fitting state. The
//! earlier case itself is never changed by it.

use model::{Denial, FollowUp, Header, Refusal, RefusalCode, Step};

use crate::{CaseFile, Context, Earlier};

const RULE: &str = "relay";

impl CaseFile {
    /// What a request that follows this case is held against.
    pub fn earlier(&self) -> Earlier {
        let measures = || self.admitted.iter().flat_map(|case| case.measures.values());
        let terms = || measures().filter_map(|measure| measure.terms.as_ref().map(|terms| (measure, terms)));
        Earlier {
            home: self.home,
            peer: self.peer,
            pin: self.pin,
            sent: measures().next().is_some(),
            preserves: terms().any(|(measure, terms)| {
                // Refused, blocked or withdrawn before anything was confirmed, nothing is kept. What is kept longer than it had to be
                // may be asked for: whether it is still there, its holder says.
                let kept = measure.produced.is_some() || measure.state.is_live();
                terms.preservation.is_some() && kept && !measure.given_up
            }),
            emergency: terms().any(|(_, terms)| terms.expost_hours.is_some()),
        }
    }
}

/// The earlier case is known here between the same two parties, was sent, and is one that can be followed like that. R94. Of a case of
/// others nothing is told, not even that there is one.
pub(crate) fn follows(header: &Header, cx: &Context<'_>) -> Result<(), Denial> {
    let Some(follows) = header.declared.follows.filter(|_| header.step == Step::SealSend) else { return Ok(()) };
    let parties = (header.home, header.peer);
    let known = cx.earlier.filter(|one| (one.home, one.peer) == parties && follows.case != header.case);
    let refuse = |reason: &str, remedy: &str| {
        let reason = format!("as a {} {reason}", follows.as_what.as_str());
        Err(Refusal::new(RefusalCode::R94, RULE, reason, remedy).at("declared.follows").into())
    };
    let Some(earlier) = known else {
        return refuse(
            "it follows a case that is not known here between these parties, in this direction",
            "Name an earlier case of the same two parties, or send the request by itself.",
        );
    };
    match follows.as_what {
        // What was returned or blocked before it arrived is made anew too.
        FollowUp::Resubmission => Ok(()),
        _ if !earlier.sent => refuse(
            "it follows a case whose request was never sent",
            "Send the earlier request first, or this one by itself.",
        ),
        FollowUp::Supplement if earlier.pin != header.pin => refuse(
            "it runs under another rule than the case that it follows",
            "The rule between the parties has changed since: write a request of its own, which tells the facts anew.",
        ),
        FollowUp::Production if !earlier.preserves => refuse(
            "it follows a case in which nothing is preserved",
            "Name the case that asked for the preservation, or send the request by itself.",
        ),
        FollowUp::Regularisation if !earlier.emergency => refuse(
            "it follows a case that was no emergency",
            "Name the case that was sent in an emergency, or send the request by itself.",
        ),
        _ => Ok(()),
    }
}
