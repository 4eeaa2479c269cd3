//! Passing a request to the competent authority of the own party: what its desk could not read yet goes with the transfer, opened with
//! the salts of its commitments.

use desk::{BODY_BYTES_MAX, Carried, Document, SealedBody};
use model::{Denial, Fault, Header, Refusal, Step};
use store::desk::DeskBatch;

use super::{Office, reading::contradiction, terms::follows, view::CaseView};

/// What the notice itself, and its framing, may take of a body.
const NOTICE_BYTES_MAX: usize = 64 * 1024;

impl Office {
    /// The earlier bodies of the case that this desk can read, the request first; what does not fit stays behind, but never the
    /// request.
    pub(super) async fn carried(&self, view: &CaseView) -> Result<Vec<Document>, Denial> {
        let mut rows = self.store.entries_of(view.id).await?;
        rows.retain(|row| row.seq.is_some() && !view.findings.contains_key(&row.id.0));
        rows.sort_by_key(|row| (Some(row.id.0) != view.request, row.seq));
        let mut room = BODY_BYTES_MAX - NOTICE_BYTES_MAX;
        let mut documents = Vec::new();
        for row in rows {
            let Some(plain) = self.kept_body(&row).await? else { continue };
            if plain.is_empty() || documents.len() == desk::DOCUMENTS_MAX - 1 {
                continue;
            }
            let document = Carried { entry: row.id.0, sealed: SealedBody::decode(&plain)? }.document()?;
            // A length and a name stand before each.
            match room.checked_sub(document.bytes.len() + 64) {
                Some(rest) => room = rest,
                None if Some(row.id.0) == view.request => {
                    let detail = "the request is too large to go with its transfer";
                    return Err(Denial::failed(Fault::TooLarge, detail));
                }
                None => continue,
            }
            documents.push(document);
        }
        Ok(documents)
    }

    /// Takes what a transfer carries of entries that this desk could not read. Each proves itself by the header that committed to it,
    /// and by the signature of the desk that sent it; what does not is a contradiction of the transfer.
    pub(super) async fn take_carried(
        &self,
        batch: &mut DeskBatch,
        view: &mut CaseView,
        carried: Vec<Carried>,
    ) -> Result<Option<Refusal>, Denial> {
        for one in carried {
            if !view.unreadable.contains(&one.entry) {
                continue;
            }
            let Some(row) = self.store.entry(one.entry).await?.filter(|row| row.case_id.0 == view.id) else {
                return Ok(Some(contradiction("documents", "the transfer carries an entry that is not of the case")));
            };
            let header = proto::decode_header(&row.header.0.clone().into())?;
            let plain = zeroize::Zeroizing::new(one.sealed.encode()?);
            let (sealed, body) = match SealedBody::open(&plain, &header) {
                Ok(opened) => opened,
                Err(Denial::Refused(refusal)) => return Ok(Some(*refusal)),
                Err(_) => return Ok(Some(contradiction("documents", "a carried body is not laid out as bodies are"))),
            };
            let at = view.let_in(one.entry).unwrap_or(header.created);
            if !self.stands_for(&header, &sealed, at).await? {
                return Ok(Some(contradiction("documents", "a carried body is not signed by the desk that sent it")));
            }
            if header.step == Step::SealSend
                && let Some(finding) = self.take_request(view, &header, &body)?
            {
                return Ok(Some(finding));
            }
            let body = self.keep_body(batch, &header, &plain)?;
            batch.bodies.push((one.entry, body));
            view.unreadable.remove(&one.entry);
        }
        Ok(None)
    }

    fn take_request(&self, view: &mut CaseView, header: &Header, body: &desk::Body) -> Result<Option<Refusal>, Denial> {
        let request = match self.sent_in(header, body) {
            Ok(request) => request,
            Err(Denial::Refused(refusal)) => return Ok(Some(*refusal)),
            Err(denial) => return Err(denial),
        };
        view.request = Some(header.entry);
        view.follows = follows(&request);
        view.reference = request.reference;
        Ok(None)
    }
}
