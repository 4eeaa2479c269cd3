//! An entry that an own desk hands over: the answer it had before, or a decision, and a refusal that is stated as firmly as an acceptance.

use model::{Denial, Fault, PartyId, Receipt, ReceiptKind, Refuser};
use relay::Origin;

use super::{Claimed, Committer, Refused, Reply, Submit, admission::Decided, stated::Stated, turn::Turn};
use crate::receipts;

impl Committer {
    pub(super) fn submit(&self, turn: &mut Turn, work: Submit) -> Reply {
        let header = &work.entry.header;
        let peer = header.counterpart(self.gateway.own());
        let repeated = turn
            .seen
            .get(&header.entry)
            .filter(|seen| seen.envelope == work.entry.envelope_digest() && seen.sender == work.desk);
        if let Some(seen) = repeated {
            let (answer, stated) = (work.answer, seen.answer.clone());
            let refused = |denial: &Denial| Refused::from(denial.clone());
            return Box::new(move |durable| drop(answer.send(durable.map_err(refused).map(|()| stated))));
        }
        let refused = turn.rejected.get(&work.entry.envelope_digest()).cloned();
        let outcome = match refused.filter(|one| one.receipt().kind == ReceiptKind::SubmissionRejection) {
            Some(before) => {
                let denial = receipts::denial_of(before.receipt().refusal.as_ref());
                Err(Refused { denial, rejection: Some(before) })
            }
            None => self.decide_submission(turn, peer, &work),
        };
        let answer = work.answer;
        Box::new(move |durable| {
            let outcome = durable.map_err(|denial| Refused::from(denial.clone())).and(outcome);
            drop(answer.send(outcome));
        })
    }

    fn decide_submission(&self, turn: &mut Turn, peer: PartyId, work: &Submit) -> Result<Stated, Refused> {
        let decided = self
            .ready_for(turn, peer, work.entry.header.case)
            .and_then(|()| self.admit(turn, &work.entry, Origin::OwnDesk(&work.desk), &work.trace));
        let denial = match decided {
            Ok(Decided::Receipt(stated)) => return Ok(stated),
            Ok(Decided::Later) => Denial::failed(Fault::StaleCase, "an earlier entry of the case is on its way"),
            Err(denial) => denial,
        };
        let claimed = Claimed::of(&work.entry);
        self.note_refusal(turn, &claimed, peer, Some(&work.entry), &denial, Refuser::OwnGateway);
        if is_trouble(&denial) {
            return Err(denial.into());
        }
        let refusal = Some(receipts::refusal_of(&denial));
        let kind = ReceiptKind::SubmissionRejection;
        let stated = turn.sheaf.state(peer, Receipt { refusal, ..self.receipt(turn, kind, &claimed) });
        self.keep_rejection(turn, peer, &work.entry, &denial, &stated)?;
        turn.rejected.insert(claimed.envelope, stated.clone());
        Err(Refused { denial, rejection: Some(stated) })
    }
}

/// Whether an own desk's entry was not decided on at all: nothing is certified, and it hands it over again.
fn is_trouble(denial: &Denial) -> bool {
    let Denial::Failed { fault, .. } = denial else { return false };
    matches!(fault, Fault::Storage | Fault::Internal | Fault::ChannelNotOpen | Fault::PeerUnreachable)
}
