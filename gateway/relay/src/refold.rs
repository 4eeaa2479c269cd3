//! A case that an earlier program folded, folded anew from its entries.

use model::{Denial, Fault, Header, HeaderDigest, KeyId, MeasureId, Role, Step, Timestamp};
use workflow::{Command, FOLD, Terms, decide};

use crate::file::{CaseFile, take};

/// An entry that both gateways admitted, as far as the fold needs it.
#[derive(Debug, Clone)]
pub struct PastEntry {
    /// What it says.
    pub header: Header,
    /// Its header's digest, over the bytes that were received.
    pub digest: HeaderDigest,
    /// Who signed, and in which role.
    pub signers: Vec<(KeyId, Role)>,
    /// The payload's bytes.
    pub bytes: usize,
    /// When the gateway of the party that did not send it took it.
    pub taken: Timestamp,
}

impl CaseFile {
    /// Whether it was folded by another program than this one.
    pub fn is_folded_otherwise(&self) -> bool {
        self.fold != FOLD
    }

    /// The same file with its case folded anew from `past`, all entries of the case in their order. What the rule said of the answers when
    /// the request was sent stays as it was taken over then. What is pending is untouched.
    ///
    /// # Errors
    /// [`Fault::Storage`] where `past` is not the whole chain of the case, and the refusal of the procedure where it would not admit an
    /// entry that was admitted.
    pub fn refolded(&self, past: &[PastEntry]) -> Result<Self, Denial> {
        let broken =
            || Denial::failed(Fault::Storage, "the entries of a case are not the whole chain that it was folded from");
        let (mut case, mut head) = (None, HeaderDigest::GENESIS);
        for entry in past {
            let header = &entry.header;
            if header.previous != head || header.case != self.id {
                return Err(broken());
            }
            let terms = self.terms(header);
            let command = Command::of(header, &entry.signers).under(&terms).carrying(entry.bytes).taken(entry.taken);
            let event = decide(case.as_ref(), &command, header.created)?;
            case = Some(take(case, header.step, &event));
            head = entry.digest;
        }
        if head != self.head || u64::try_from(past.len()) != Ok(self.next_seq) {
            return Err(broken());
        }
        Ok(Self { admitted: case, fold: FOLD, ..self.clone() })
    }

    /// What was taken over of the rule when the request was sent; nothing for any other entry.
    fn terms(&self, header: &Header) -> Vec<(MeasureId, Terms)> {
        let Some(case) = self.admitted.as_ref().filter(|_| header.step == Step::SealSend) else { return Vec::new() };
        let of = |id: MeasureId| Some((id, case.measures.get(&id)?.terms.clone()?));
        header.measures.iter().map(|scope| of(scope.id)).collect::<Option<_>>().unwrap_or_default()
    }
}
