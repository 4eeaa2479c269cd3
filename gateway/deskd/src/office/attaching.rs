//! Files that travel beside a record: sealed piece by piece while they come, and opened piece by piece for who may open the record.
//!
//! The key of a file is drawn when it comes first and kept with its hash, so that the same file again, after a cut or a kill, is the same sealed
//! file and goes on where it stopped. The record that names it holds the manifest with the key, and custody destroys it with the record; what is
//! kept here goes after a week.

use std::sync::Arc;

use blobs::{FileKey, Opening, Outline, Place, Sealing, Shape};
use desk::{Attachment, Record};
use model::{Attached, CaseId, Denial, Digest, EntryId, Fault, FileId};
use store::desk::AttachmentRow;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::{Office, Opens, internal, unknown};
use crate::{clock, random, safe::Place as Kept};

/// Pieces that are on their way to the own gateway at the same time.
const PIECES_AT_ONCE: usize = 4;
/// What no record came to name is forgotten after a week, as at the gateway.
const KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
/// The name of a file, in bytes.
const TITLE_BYTES_MAX: usize = 200;
/// Why a record is opened for one of its files.
const OF_RECORD: &str = "attachment";

/// A file as who brings it describes it.
#[derive(Debug)]
pub(crate) struct NewFile {
    pub(crate) case: CaseId,
    pub(crate) title: String,
    pub(crate) media_type: String,
    pub(crate) bytes: u64,
    pub(crate) hash: Digest,
}

/// A file on its way to the own gateway.
pub(crate) struct Attaching {
    office: Arc<Office>,
    case: CaseId,
    manifest: Attachment,
    sealing: Sealing,
    /// So many pieces the gateway has.
    held: u32,
    sending: JoinSet<Result<(), Denial>>,
    /// Whether the gateway has all of it and this desk knows its digest: nothing is to be done.
    whole: bool,
}

/// A file that a record names, ready to be opened.
pub(crate) struct Reading {
    office: Arc<Office>,
    case: CaseId,
    named: Attached,
    opening: Opening,
    outline: Outline,
}

impl Office {
    /// Begins to take a file, or goes on with it.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where it is not described as a file; what the own gateway says, R91 where it has no room for it.
    pub(crate) async fn begin_attachment(self: &Arc<Self>, new: NewFile) -> Result<Attaching, Denial> {
        described(&new)?;
        let (view, _) = self.view(new.case).await?.ok_or_else(|| unknown("there is no such case"))?;
        view.sound()?;
        let shape = Shape::of_clear(new.bytes)?;
        let id = [new.case.as_bytes().as_slice(), new.hash.as_bytes()].concat();
        let row = match self.store.attachment(new.case, new.hash).await? {
            Some(row) => row,
            None => {
                let sealed = Attached { digest: Digest::new([0; 32]), bytes: shape.sealed_bytes() };
                let manifest = Attachment {
                    file: FileId::new(*random::case_id()?.as_bytes()),
                    title: new.title,
                    media_type: new.media_type,
                    bytes: new.bytes,
                    hash: new.hash,
                    key: Digest::new(*random::secret()?),
                    sealed,
                };
                let row = AttachmentRow {
                    case_id: new.case.into(),
                    hash: new.hash.into(),
                    file_id: manifest.file.into(),
                    manifest: self.safe.seal(Kept::Attachment, &id, &encoded(&manifest)?)?,
                    complete: 0,
                    at: clock::now().0,
                };
                self.store.begin_attachment(&row).await?;
                // Two that bring it at once bring the same file: whoever was first has drawn its key.
                self.store.attachment(new.case, new.hash).await?.unwrap_or(row)
            }
        };
        let plain = self.safe.open(Kept::Attachment, &id, &row.manifest)?;
        let manifest: Attachment = serde_json::from_slice(&plain).map_err(|_| unreadable())?;
        if manifest.bytes != new.bytes {
            return Err(Denial::failed(Fault::Malformed, "a file of this hash was brought with another length"));
        }
        let place = Place { case: new.case, file: manifest.file };
        let sealing = Sealing::new(&FileKey::new(*manifest.key.as_bytes()), place, manifest.bytes)?;
        let (held, complete) = self.uplink.announce(place, shape.sealed_bytes()).await.map_err(status)?;
        let whole = complete && row.complete == 1;
        let office = self.clone();
        Ok(Attaching { office, case: new.case, manifest, sealing, held, sending: JoinSet::new(), whole })
    }

    /// Opens a file that a record names, for what the record may be opened for. It is put on record.
    ///
    /// # Errors
    /// What stands against opening the record; [`Fault::Unknown`] where it has no such file; [`Fault::PeerUnreachable`] while the own gateway
    /// has not fetched it.
    pub(crate) async fn open_attachment(
        self: &Arc<Self>,
        entry: EntryId,
        (index, number): (usize, usize),
        opens: Opens,
    ) -> Result<Reading, Denial> {
        let case = self.entry_row(entry).await?.case_id.0;
        let opens = Opens { reason: OF_RECORD, ..opens };
        let (record_type, bytes) = self.document(entry.as_bytes(), index, &opens).await?;
        let record = Record::from_document(self.accept(&record_type, &bytes)?)?;
        let none = || unknown("the record has no such attachment");
        let manifest = record.attachments.get(number).ok_or_else(none)?;
        let place = Place { case, file: manifest.file };
        let opening = Opening::new(&FileKey::new(*manifest.key.as_bytes()), place, manifest.bytes)?;
        if opening.shape().sealed_bytes() != manifest.sealed.bytes {
            let detail = "the manifest of the file tells a length that does not go with its sealed length";
            return Err(Denial::failed(Fault::Malformed, detail));
        }
        let named = manifest.sealed;
        let outline = self.uplink.fetch_outline(case, named.digest).await.map_err(status)?;
        Ok(Reading { office: self.clone(), case, named, opening, outline: Outline::read(outline, &named)? })
    }

    /// Destroys the keys of files that no record came to name, and of those whose records hold them.
    pub(super) async fn forget_attachments(&self) -> Result<(), Denial> {
        Ok(self.store.forget_attachments(clock::now().plus_ms(-KEPT_MS).0).await?)
    }
}

impl Attaching {
    /// Takes the next bytes.
    pub(crate) async fn take(&mut self, bytes: &[u8]) -> Result<(), Denial> {
        if self.whole {
            return Ok(());
        }
        for piece in self.sealing.take(bytes)? {
            self.send(piece).await?;
        }
        Ok(())
    }

    /// Seals what is left, and has the gateway hold all of it against the outline. Gives the manifest.
    pub(crate) async fn finish(mut self) -> Result<Vec<u8>, Denial> {
        if self.whole {
            return Ok(encoded(&self.manifest)?.to_vec());
        }
        while let Some(piece) = self.sealing.fill()? {
            self.send(piece).await?;
        }
        while let Some(sent) = self.sending.join_next().await {
            sent.map_err(internal)??;
        }
        let whole = self.sealing.finish()?;
        let (office, case, hash) = (&self.office, self.case, self.manifest.hash);
        if whole.hash != hash {
            // Its key goes: it must not seal anything else.
            office.store.forget_attachment(case, hash).await?;
            let detail = "the file is another one than was announced: did it change while it was read?";
            return Err(Denial::failed(Fault::Malformed, detail));
        }
        let place = Place { case, file: self.manifest.file };
        office.uplink.complete(place, whole.outline.into()).await.map_err(status)?;
        let manifest = Attachment { sealed: whole.named, ..self.manifest };
        let id = [case.as_bytes().as_slice(), hash.as_bytes()].concat();
        let plain = encoded(&manifest)?;
        let kept = office.safe.seal(Kept::Attachment, &id, &plain)?;
        office.store.complete_attachment(case, hash, &kept).await?;
        Ok(plain.to_vec())
    }

    async fn send(&mut self, piece: blobs::Piece) -> Result<(), Denial> {
        if piece.index < self.held {
            return Ok(());
        }
        if self.sending.len() >= PIECES_AT_ONCE
            && let Some(sent) = self.sending.join_next().await
        {
            sent.map_err(internal)??;
        }
        let (office, place) = (self.office.clone(), Place { case: self.case, file: self.manifest.file });
        self.sending.spawn(async move {
            let sent = office.uplink.put_piece(place, piece.index, piece.sealed.into()).await;
            sent.map_err(status)
        });
        Ok(())
    }
}

impl Reading {
    /// How many pieces the file has.
    pub(crate) fn pieces(&self) -> u32 {
        self.opening.pieces()
    }

    /// One piece in clear.
    ///
    /// # Errors
    /// [`Fault::Malformed`] where the gateway gives other bytes than officers signed for; [`Fault::PeerUnreachable`] while they are not there.
    pub(crate) async fn piece(&self, index: u32) -> Result<Zeroizing<Vec<u8>>, Denial> {
        let digest = self.outline.piece(index).ok_or_else(|| unknown("the file has no such piece"))?;
        let sealed = self.office.uplink.fetch_piece((self.case, self.named.digest), (index, digest)).await;
        let sealed = sealed.map_err(status)?;
        self.outline.check(index, &sealed)?;
        self.opening.open(index, &sealed)
    }
}

/// What is said of a file stands in one short line each.
fn described(new: &NewFile) -> Result<(), Denial> {
    let line = |text: &str| {
        let short = !text.trim().is_empty() && text.len() <= TITLE_BYTES_MAX;
        short && !text.chars().any(char::is_control)
    };
    let named = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b".+-".contains(&b));
    let media = new.media_type.split_once('/');
    let media = media.is_some_and(|(kind, name)| kind.bytes().all(|b| b.is_ascii_lowercase()) && named(name));
    if !line(&new.title) {
        return Err(Denial::failed(Fault::Malformed, "a file has a title of one line, 200 bytes at most"));
    }
    if !media || new.media_type.len() > 100 {
        return Err(Denial::failed(Fault::Malformed, "a file has a media type, as in application/pdf"));
    }
    Ok(())
}

fn encoded(manifest: &Attachment) -> Result<Zeroizing<Vec<u8>>, Denial> {
    serde_json::to_vec(manifest).map(Zeroizing::new).map_err(internal)
}

fn unreadable() -> Denial {
    Denial::failed(Fault::Storage, "the manifest of a file cannot be read")
}

fn status(status: tonic::Status) -> Denial {
    proto::status::to_denial(&status)
}
