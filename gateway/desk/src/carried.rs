use model::{Denial, EntryId, Fault, RecordType, Step};

use crate::{Body, Document, SealedBody};

/// The name of the documents that carry earlier entries' bodies. No schema has it: it is never a record.
const CARRIED: &str = "carried_entry";

/// The body of an earlier entry with the salt of its commitment, for a desk that had no seat when it was sealed. It proves itself by
/// the header that committed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The earlier entry.
    pub entry: EntryId,
    /// Its body.
    pub sealed: SealedBody,
}

impl Carried {
    /// As a document of a [`Step::Forward`]: the entry's id (16 bytes) ‖ the encoded [`SealedBody`].
    ///
    /// # Errors
    /// As [`SealedBody::encode`].
    pub fn document(&self) -> Result<Document, Denial> {
        let bytes = [self.entry.as_bytes().as_slice(), &self.sealed.encode()?].concat();
        let named = CARRIED.parse();
        let record_type: RecordType = named.map_err(|_| malformed())?;
        Ok(Document { record_type, bytes })
    }

    fn read(document: &Document) -> Result<Self, Denial> {
        let (entry, sealed) = document.bytes.split_at_checked(16).ok_or_else(malformed)?;
        let entry = EntryId::try_from(entry).map_err(|_| malformed())?;
        Ok(Self { entry, sealed: SealedBody::decode(sealed)? })
    }
}

impl Body {
    /// Takes what it carries of earlier entries out of the body of a [`Step::Forward`]; other bodies carry nothing.
    ///
    /// # Errors
    /// [`Fault::Malformed`] for what cannot be read.
    pub fn take_carried(&mut self) -> Result<Vec<Carried>, Denial> {
        if self.step != Step::Forward {
            return Ok(Vec::new());
        }
        let documents = std::mem::take(&mut self.documents);
        let (carried, own): (Vec<_>, Vec<_>) =
            documents.into_iter().partition(|one| one.record_type.as_str() == CARRIED);
        self.documents = own;
        carried.iter().map(Carried::read).collect()
    }
}

fn malformed() -> Denial {
    Denial::failed(Fault::Malformed, "what is carried of an earlier entry cannot be read")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use model::BodySalt;

    use super::*;

    fn notice() -> Document {
        Document { record_type: "notice".parse().unwrap(), bytes: b"{}".to_vec() }
    }

    fn carried() -> Carried {
        let sealed = SealedBody { salt: BodySalt([3; 32]), bytes: b"the request".to_vec(), signatures: Vec::new() };
        Carried { entry: EntryId::new([1; 16]), sealed }
    }

    #[test]
    fn what_a_transfer_carries_is_taken_out_as_it_was_put_in() {
        let documents = vec![notice(), carried().document().unwrap()];
        let encoded = Body { step: Step::Forward, documents }.encode().unwrap();
        let mut body = Body::decode(&encoded).unwrap();
        assert_eq!(body.take_carried().unwrap(), [carried()]);
        assert_eq!(body.documents, [notice()]);
    }

    #[test]
    fn no_other_step_carries_anything() {
        let documents = vec![notice(), carried().document().unwrap()];
        let mut body = Body { step: Step::Acknowledge, documents };
        assert_eq!(body.take_carried().unwrap(), []);
        assert_eq!(body.documents.len(), 2, "it stays, and the form of the step refuses it");
    }

    #[test]
    fn what_is_cut_is_refused() {
        let mut cut = carried().document().unwrap();
        cut.bytes.truncate(40);
        let mut body = Body { step: Step::Forward, documents: vec![notice(), cut] };
        assert!(body.take_carried().is_err());
    }
}
